"""A valuation: the close of a sub-ledger with everything that follows from it."""

from dataclasses import dataclass, field
from typing import Any

from workbench.errors import BadInput, Problem
from workbench.finance.accounting.checks import Check, checks, right_checks, warnings_of
from workbench.finance.accounting.close import Close, Worth, close_books
from workbench.finance.accounting.disclosure import Disclosure, disclose
from workbench.finance.accounting.journal import JournalEntry, journal
from workbench.finance.accounting.movements import SubLedger
from workbench.finance.accounting.policy import Policy
from workbench.finance.accounting.rates import PolicyRates
from workbench.finance.accounting.right_flows import RightFlows
from workbench.finance.accounting.rights import RightClose
from workbench.finance.accounting.sensitivity import ByMethod, Change, by_method, rate_of, sensitivity, stresses

__all__ = ["Valuation", "value"]


@dataclass(frozen=True)
class Valuation:
    """A close and what follows from it."""

    close: Close
    entries: list[JournalEntry]
    methods: list[ByMethod]
    sensitivity: list[Change]
    stresses: list[Change]
    disclosure: Disclosure
    checks: list[Check]
    warnings: list[str]
    rights: list[RightClose] = field(default_factory=list)
    """Stored value and membership, where the records know of them."""
    memo: list[dict[str, Any]] = field(default_factory=list)
    """Coupons held: exposure that is not booked, minor units."""
    levels: dict[str, int] = field(default_factory=dict)
    """Printed liability at each confidence level (``p50``), where members could be drawn again."""

    @property
    def rate(self) -> float | None:
        """Expected ultimate redemption over points issued."""
        return rate_of(self.close)

    @property
    def sound(self) -> bool:
        """Whether every check holds."""
        return all(each.holds for each in self.checks)


def value(
    books: SubLedger,
    worth: Worth,
    policy: Policy,
    outstanding: int | None = None,
    source: str = "",
    flows: RightFlows | None = None,
) -> Valuation:
    """Value a sub-ledger at its last month's end. outstanding: what the point ledger itself says, to tie to; flows: of other rights.
    Raises BadInput."""
    if policy.currency and books.currency and policy.currency != books.currency:
        message = f"expected a policy in {books.currency}: amounts of two currencies are not added"
        raise BadInput(Problem("currency", message, policy.currency), source)
    close = close_books(books, worth, policy, PolicyRates(books, policy), source)
    rights = [] if flows is None else flows.closes(policy)
    others = [entry for each in rights for entry in each.entries]
    entries = sorted([*journal(close), *others], key=lambda entry: entry.month)
    return Valuation(
        close,
        entries,
        by_method(close),
        sensitivity(close),
        stresses(close),
        disclose(close),
        [*checks(close, entries, outstanding), *right_checks(rights, entries)],
        [*warnings_of(close), *([] if flows is None else flows.warnings())],
        rights,
        [] if flows is None else flows.memo(policy),
    )
