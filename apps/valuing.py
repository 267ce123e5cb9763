"""What finance asks of a program: its books, valued; off the session's thread, quick figures first. No Panel here.

Measured on two cores, of 20,000 members over three years: living them takes 0.4 to 1 s, a close 0.3 s, levels of confidence 1 s, bounds 0.5 s for each
month that was estimated, a back-test 12 s. So it is asked for in steps, and each step is shown when it is there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path as File
from tempfile import TemporaryDirectory
from typing import Any

from apps.liability_command import back_test_rows
from apps.records import Records, month_end
from apps.runs import Cancelled, Service, Ticket
from simulators.back_test import back_test, back_test_document
from simulators.versions import versions
from simulators.weights import member_weights
from workbench.finance.accounting.policy import Policy
from workbench.finance.accounting.rates import triangle_of
from workbench.finance.accounting.valuation import Valuation
from workbench.finance.lapsing import Lapsing, lapsing
from workbench.finance.triangle import Triangle
from workbench.finance.triangle_file import read_triangle, valuation_month
from workbench.liability_document import liability_document
from workbench.liability_path import Bounds, Path, Weights, assumed_bounds, drawn_bounds, path_of
from workbench.program.spec import Program
from workbench.redemption_document import redemption_document
from workbench.reports.liability_workbook import write_liability
from workbench.run_books import Books, books_of_file, value_books
from workbench.scenario import Scenario

__all__ = [
    "DRAWS",
    "Ask",
    "answer",
    "BACK_TEST",
    "MOST_MEMBERS",
    "Read",
    "Valued",
    "back_tested",
    "bounds_of",
    "last_month",
    "read",
    "valued",
    "workbook",
]

MOST_MEMBERS = 50_000
"""Simulated members whose entries are held for drawing them again, as on the command line."""
DRAWS = 400
"""Of members, for the levels of confidence and the bounds: as on the command line."""
BACK_TEST = {"members": 1000, "replications": 20, "draws": 100}
"""Populations of a back-test from the page: a few, so that it answers within a minute."""


@dataclass(frozen=True)
class Read:
    """A triangle alone: what comes back, and no money, since it does not say what was sold with the points."""

    triangle: Triangle
    document: dict[str, Any]
    """As ``loyalty redemption --json`` prints it."""
    name: str


@dataclass(frozen=True)
class Valued:
    """Books, valued, and what the page shows of them."""

    books: Books
    valuation: Valuation
    day: date
    policy: str
    """The policy's name, as a command line would give it."""
    path: Path
    bounds: dict[int, Bounds]
    """By place of the month: those of the assumption at once, those of estimates when they have been drawn."""
    lapsing: Lapsing | None
    """None where the records do not tell of single lots."""
    redemption: dict[str, Any]
    """The triangle, by every estimator: the document of ``loyalty redemption``."""
    members: int | None
    """Simulated members; None of a company's own records."""
    ghost: Path | None = None
    """The baseline program's, lived by the same members."""
    ghost_title: str = ""
    drawn: bool = False
    """Whether members were drawn again, so that there are levels of confidence (where the policy's redemption is an estimate)."""

    @property
    def provenance(self) -> dict[str, Any]:
        """As the command line writes it."""
        return {
            "versions": versions(),
            **self.books.provenance,
            "policy": self.policy,
            "valuation": self.day.isoformat(),
        }

    @property
    def document(self) -> dict[str, Any]:
        """As ``loyalty liability --json`` prints it."""
        return liability_document(self.valuation, self.books.name, self.provenance)

    @property
    def triangle(self) -> Triangle:
        """What the estimators read."""
        return triangle_of(self.valuation.close.books)


@dataclass(frozen=True)
class Ask:
    """What is valued, and how."""

    program: Program
    """Of the draft: says what a point is worth, also of a company's own records."""
    policy: Policy
    policy_name: str
    scenario: Scenario
    """The draft's, lived where there are no records."""
    ghost: Scenario | None = None
    """The baseline's, where it is another program."""
    records: Records | None = None
    day: date | None = None
    """A month's end; None: the last one that is known."""

    @property
    def worth(self) -> Program | None:
        """The program that says what a point is worth; None where the policy is in another currency and has to say it itself."""
        apart = self.policy.currency is not None and self.policy.currency != self.program.currency
        return None if apart else self.program

    def of(self, members: int) -> "Ask":
        """The same for so many simulated members."""
        ghost = None if self.ghost is None else replace(self.ghost, members=members)
        return replace(self, scenario=replace(self.scenario, members=members), ghost=ghost)


def answer(ask: Ask, service: Service, draw: bool, ticket: Ticket) -> Valued | Read:
    """What comes of it; ``draw``: with levels of confidence. Raises BadInput, Cancelled."""
    if ask.records is not None:
        return read(ask.records, ask.policy, ask.policy_name, ask.worth, ask.day, draw)
    members, live = ask.scenario.members, service.store.live
    total = members * (1 if ask.ghost is None else 2)
    books = service.desk.books(ask.scenario, live, ticket.part(0, total))
    ghost = None
    if ask.ghost is not None:
        ghost = service.desk.books(ask.ghost, live, ticket.part(members, total), entries=False)
    _told(ticket)(total, total)
    return valued(books, ask.policy, ask.policy_name, ask.day, ask.scenario.seed, draw, members, ghost)


def last_month(books: Books) -> int:
    """The last month (since January 1970) that can be valued: the last one that is known to its end."""
    last = books.ledger.first_month + books.ledger.months - 1
    return last if books.end is None or month_end(last) <= books.end else last - 1


def valued(
    books: Books,
    policy: Policy,
    policy_name: str,
    day: date | None = None,
    seed: int = 1,
    draw: bool = False,
    members: int | None = None,
    ghost: Books | None = None,
) -> Valued:
    """Books at a month's end (the last one known, unless given). ``draw``: with levels of confidence, the same as on the command line. ``ghost``: the
    baseline's books. Raises BadInput as ``value_books`` does."""
    chosen = day or month_end(last_month(books))
    found = value_books(books, policy, chosen, _weights(seed) if draw else None)
    triangle = triangle_of(found.close.books)
    rate = float(policy.points.initial_rate.value)
    bounds = dict(assumed_bounds(found.close))
    if draw and books.events is not None:
        bounds |= drawn_bounds(found.close, books.events, _weights(seed), places=(found.close.months - 1,))
    return Valued(
        books,
        found,
        chosen,
        policy_name,
        path_of(found.close),
        bounds,
        None if books.events is None else lapsing(books.events, valuation_month(chosen)),
        redemption_document(triangle, books.name, rate),
        members,
        None if ghost is None else path_of(value_books(ghost, policy, chosen).close),
        "" if ghost is None else ghost.name,
        draw and books.events is not None,
    )


def bounds_of(found: Valued, seed: int, ticket: Ticket) -> Valued:
    """The same with bounds for every month whose redemption was estimated. Raises Cancelled."""
    if found.books.events is None:
        return found
    close = found.valuation.close
    drawn = drawn_bounds(close, found.books.events, _weights(seed), places=range(close.months - 1), told=_told(ticket))
    return replace(found, bounds=found.bounds | dict(drawn))


def _weights(seed: int) -> Weights:
    return partial(member_weights, seed, DRAWS)


def _told(ticket: Ticket) -> Callable[[int, int], None]:
    """Steps that are done, of how many; ends the work where nobody waits for it."""

    def tell(done: int, total: int) -> None:
        ticket.done, ticket.total = done, total
        if ticket.cancelled:
            raise Cancelled

    return tell


# --- a company's own records ---------------------------------------------------------------------------------------------
def read(
    records: Records,
    policy: Policy,
    policy_name: str,
    program: Program | None,
    day: date | None = None,
    draw: bool = False,
) -> Valued | Read:
    """A file that was taken in, at a month's end (its last one, unless given). ``program``: says what a point is worth and which bonuses come without
    a sale. Raises BadInput."""
    chosen = day or month_end(records.last_month)
    if records.kind == "triangle":
        triangle = read_triangle(records.path)
        month = valuation_month(chosen)
        known = triangle if month == triangle.valuation else triangle.at(month)
        return Read(
            known, redemption_document(known, records.name, float(policy.points.initial_rate.value)), records.name
        )
    books = books_of_file(records.path, chosen, program, policy)
    provenance = {"file": records.name, "sha256": records.sha256}
    if records.replayed:
        provenance["replayed_through"] = records.replayed
    books = replace(books, name=records.name, provenance=provenance)
    return valued(books, policy, policy_name, chosen, draw=draw)


# --- what takes long -----------------------------------------------------------------------------------------------------
def back_tested(scenario: Scenario, members: int, ticket: Ticket) -> dict[str, Any]:
    """The document of a back-test of a few small populations of a scenario, at its last whole month. Raises BadInput, Cancelled."""
    first = scenario.start.replace(day=1)
    small = replace(scenario, members=members, start=first)
    last = 12 * (first.year - 1970 + scenario.years) + first.month - 2
    total = members * BACK_TEST["replications"]
    trials = back_test(
        small, last, BACK_TEST["replications"], BACK_TEST["draws"], progress=lambda done, _: _told(ticket)(done, total)
    )
    return {"program": scenario.names.get("program", scenario.program.title), "members": small.members,
            "start": first.isoformat()} | back_test_document(trials)  # fmt: skip


def workbook(found: Valued, tested: Mapping[str, Any] | None = None) -> bytes:
    """The workbook of a valuation: the bytes that ``loyalty liability --out`` writes of the same; ``tested``: with the document of a back-test."""
    rows = None if tested is None else back_test_rows(tested)
    with TemporaryDirectory() as folder:
        path = File(folder) / "liability.xlsx"
        write_liability(found.valuation, path, found.books.name, found.provenance, rows)
        return path.read_bytes()
