"""The sub-ledger: points by month of issue and month of event, in whole points, whatever they came from: a panel, a run's tables, a
ledger's entries, or a file of cohorts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from workbench.errors import BadInput, Problem
from workbench.finance.accounting.cohort import Movement
from workbench.finance.cells import Ints

__all__ = ["COLUMNS", "SubLedger", "blank", "check", "month_name", "month_number"]

COLUMNS = ("sold", "given", "reversed", "redeemed", "repaid", "expired", "spend")
"""What is kept for each month of issue and month of event: points issued with a sale and without one, reversed by refunds, redeemed (net of
points given back; vouchers included), taken off a lot for a debt, expired (decay included); and what the sales that issued points came to, in
minor units."""
MOST_PROBLEMS = 20
JANUARY_1970 = 1970


def month_name(month: int) -> str:
    """``2025-01`` of a month since January 1970."""
    return f"{JANUARY_1970 + month // 12:04d}-{month % 12 + 1:02d}"


def month_number(text: str) -> int:
    """The month since January 1970 of ``2025-01``; raises ValueError."""
    year, dash, month = text.partition("-")
    if len(year) != 4 or dash != "-" or len(month) != 2 or not (year + month).isascii() or not (year + month).isdigit():
        raise ValueError(text)
    if not 1 <= int(month) <= 12:
        raise ValueError(text)
    return 12 * (int(year) - JANUARY_1970) + int(month) - 1


@dataclass(frozen=True)
class SubLedger:
    """A program's points, by month of issue and of event. Arrays are int64[months, months], the month of issue first."""

    first_month: int
    """Months since January 1970."""
    sold: Ints
    given: Ints
    reversed: Ints
    redeemed: Ints
    repaid: Ints
    expired: Ints
    spend: Ints
    """Minor units, as charged (tax included where prices include it)."""
    owed: Ints
    """int64[months]: points that members came to owe, net of what they repaid, in each month."""
    deferred: Ints | None = None
    """int64[months, months]: what was deferred, minor units, where the books say so already; ``spend`` is then left aside."""
    rewards: dict[str, Ints] = field(default_factory=dict)
    """int64[months]: points redeemed by reward (the ledger's ``rule``), where that is known."""
    reward_money: dict[str, Ints] = field(default_factory=dict)
    """int64[months]: face value of what they bought, minor units."""
    ultimates: dict[tuple[int, int], Fraction] = field(default_factory=dict)
    """Expected ultimate redemption by (place of the month of issue, place of the month of the estimate), where it is given with the
    data; it goes before any estimator."""
    last_age: Ints | None = None
    """int64[months]: the last age (in months) at which points of a month of issue may be used, where it is known."""
    basis: Literal["ESTIMATE", "PROJECTION"] = "PROJECTION"
    """ESTIMATE: redemptions of the company's own members, as recorded. PROJECTION: of synthetic members."""
    currency: str = ""
    """ISO 4217 code; empty where it is not known."""
    converted: int = 0
    """Points of ``redeemed`` that became vouchers."""
    outstanding: int | None = None
    """Points outstanding, net of what members owe, as the sum of all entries of the ledger it came from; None where there is none."""
    undated: int = 0
    """Points in lots whose month of issue the records do not cover."""

    @property
    def months(self) -> int:
        """Number of months covered."""
        return len(self.owed)

    def month(self, place: int) -> str:
        """The name of a month by its place."""
        return month_name(self.first_month + place)

    def movement(self, cohort: int, month: int) -> Movement:
        """What happens to the points of a month of issue in a month."""
        at = cohort, month
        return Movement(
            sold=int(self.sold[at]),
            given=int(self.given[at]),
            reversed=int(self.reversed[at] + self.repaid[at]),
            redeemed=int(self.redeemed[at]),
            expired=int(self.expired[at]),
        )

    def through(self, months: int) -> "SubLedger":
        """The same as it stood after so many months: nothing later is known."""
        cut = {name: getattr(self, name)[:months, :months] for name in COLUMNS}
        return SubLedger(
            self.first_month,
            **cut,
            owed=self.owed[:months],
            deferred=None if self.deferred is None else self.deferred[:months, :months],
            rewards={name: points[:months] for name, points in self.rewards.items()},
            reward_money={name: money[:months] for name, money in self.reward_money.items()},
            ultimates={at: each for at, each in self.ultimates.items() if max(at) < months},
            last_age=None if self.last_age is None else self.last_age[:months],
            basis=self.basis,
            currency=self.currency,
            converted=self.converted,
            undated=self.undated,
        )

    def portfolios(self, months: int) -> npt.NDArray[np.int64]:
        """int64[months]: the first month (its place) of the portfolio that a month of issue belongs to; portfolios of 1, 3 or 12 months
        follow the calendar."""
        absolute = np.arange(self.months) + self.first_month
        return np.maximum(absolute // months * months - self.first_month, 0)


def blank(months: int) -> dict[str, Any]:
    """Empty int64 arrays for so many months: ``COLUMNS`` and ``owed``."""
    return {name: np.zeros((months, months), dtype=np.int64) for name in COLUMNS} | {
        "owed": np.zeros(months, dtype=np.int64)
    }


def check(books: SubLedger, source: str = "") -> SubLedger:
    """The sub-ledger, if it can be one: nothing negative but what is given back, nothing before it was issued, never more gone than there
    was. Raises BadInput naming month of issue and month of event."""
    problems = list(_problems(books))
    if problems:
        raise BadInput(problems[:MOST_PROBLEMS], source, max(len(problems) - MOST_PROBLEMS, 0))
    return books


def _problems(books: SubLedger) -> Iterator[Problem]:
    if books.undated:
        message = (
            "expected records that begin with the first point: these are of lots issued before them, or of no month"
        )
        yield Problem("points", message, books.undated)
    early = np.tril(np.ones((books.months, books.months), dtype=bool), -1)
    for name in COLUMNS:
        table = getattr(books, name)
        for cohort, month in zip(*np.nonzero((table != 0) & early), strict=True):
            yield Problem(
                _place(books, int(cohort), int(month)),
                f"expected nothing before the month of issue: {name}",
                int(table[cohort, month]),
            )
        if name == "redeemed":
            continue
        for cohort, month in zip(*np.nonzero(table < 0), strict=True):
            yield Problem(
                _place(books, int(cohort), int(month)), f"expected {name} of at least 0", int(table[cohort, month])
            )
    gross, taken = (books.sold + books.given).cumsum(axis=1), (books.reversed + books.repaid).cumsum(axis=1)
    used = books.redeemed.cumsum(axis=1)
    gone = used + books.expired.cumsum(axis=1)
    for what, wrong, value in (
        ("no more points reversed than issued", taken > gross, taken),
        ("no more points redeemed and expired than were ever issued", gone > gross, gone),
        ("no more points given back than redeemed", used < 0, used),
    ):
        for cohort in np.flatnonzero(wrong.any(axis=1)):
            month = int(np.argmax(wrong[cohort]))
            found = f"{int(value[cohort, month])} of {int(gross[cohort, month])}"
            yield Problem(_place(books, int(cohort), int(month)), f"expected {what}", found)
    for (cohort, month), ultimate in books.ultimates.items():
        yield from _wrong_ultimate(books, cohort, month, ultimate, used, gross - taken - books.expired.cumsum(axis=1))


def _wrong_ultimate(
    books: SubLedger, cohort: int, month: int, ultimate: Fraction, used: Ints, most: Ints
) -> Iterator[Problem]:
    low, high = int(used[cohort, month]), int(most[cohort, month])
    if high > low and not low <= ultimate <= high:
        message = f"expected an ultimate from what is redeemed ({low}) to what is not expired ({high})"
        yield Problem(_place(books, int(cohort), int(month)), message, float(ultimate))


def _place(books: SubLedger, cohort: int, month: int) -> str:
    return f"cohort {books.month(int(cohort))}, month {books.month(int(month))}"
