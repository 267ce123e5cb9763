"""The triangle: points redeemed by month of issue and age, the one table from which ultimate redemption is estimated.

Where a triangle comes from:

    from_panel      a simulated world (``WorldPanel``), at any month's end of the run
    from_ledger     every entry of a world (``LedgerTable``)
    from_events     a ledger's entries, whatever they were read from (``triangle_file.py``)

What counts: points follow the lot they were earned in, as it was consumed. Points returned lower what was redeemed, conversion into vouchers
counts as redeemed, decay as expired. What is reversed, and what a lot pays towards a member's debt, lowers the points issued; points of no
lot (a debt) stand beside the triangle, never in a cohort.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.errors import BadInput, Problem
from workbench.finance.panel import group_of
from workbench.finance.world import CONVERTED, EARNED, EXPIRED, NO_GROUP, REDEEMED, REPAID, REVERSED, WorldPanel
from workbench.ledger import EXTEND, KINDS
from workbench.ledger_table import Ints, LedgerTable
from workbench.units import NEVER

__all__ = [
    "Basis", "Bools", "Events", "Floats", "LotEvents", "Triangle",
    "events_of", "from_events", "from_ledger", "from_panel", "lot_events", "month_name", "month_of",
]  # fmt: skip

Basis = Literal["ESTIMATE", "PROJECTION"]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_GROUP_OF_KIND = np.array([group_of(kind) for kind in range(len(KINDS))], dtype=np.int64)


@dataclass(frozen=True)
class Triangle:
    """Points by issue cohort and age. Cohort i holds the points issued in period i, a month (or a quarter: ``by_quarter``); age 0 is the
    period of issue. All amounts are points; nothing after the valuation month is in it."""

    first_month: int
    """First month of the first cohort, months since January 1970."""
    valuation: int
    """The last month that is known, months since January 1970; known to its end."""
    earned: Ints
    """int64[cohorts, ages]: points issued; beyond age 0 only what was booked late."""
    redeemed: Ints
    """int64[cohorts, ages]: points redeemed at each age, net of points given back; 0 where the age is not reached."""
    expired: Ints
    """int64[cohorts, ages]: points lapsed."""
    reversed: Ints
    """int64[cohorts, ages]: points taken back, or taken off a lot for a debt."""
    last_age: Ints | None = None
    """int64[cohorts]: the last age at which points of the cohort may be used, by their lots' last days; ``NEVER`` where they do not
    expire. None: not known."""
    months: int = 1
    """Months of a period: 1, or 3."""
    debt: int = 0
    """Points that members owe (reversed after they were used): a receivable, in no cohort."""
    basis: Basis = "PROJECTION"
    """ESTIMATE: redemptions that happened. PROJECTION: of synthetic members."""
    currency: str = ""
    """ISO 4217 code, where it is known."""

    @property
    def cohorts(self) -> int:
        """Number of cohorts."""
        return len(self.redeemed)

    @property
    def ages(self) -> int:
        """Number of ages, 0 included."""
        return self.redeemed.shape[1]

    @cached_property
    def latest(self) -> Ints:
        """int64[cohorts]: the age each cohort has reached (at most the last one of the table)."""
        periods = (self.valuation + 1 - self.first_month) // self.months
        return np.minimum(periods - 1 - np.arange(self.cohorts), self.ages - 1)

    @cached_property
    def observed(self) -> Bools:
        """bool[cohorts, ages]: the ages reached; what is false is still to come."""
        return np.arange(self.ages) <= self.latest[:, None]

    @cached_property
    def issued(self) -> Ints:
        """int64[cohorts]: N, points issued, net of what was reversed."""
        return self.earned.sum(axis=1) - self.reversed.sum(axis=1)

    @cached_property
    def cumulative(self) -> Ints:
        """int64[cohorts, ages]: points redeemed up to each age; beyond the latest age it stays where it is."""
        return np.cumsum(self.redeemed, axis=1)

    @cached_property
    def redeemed_to_date(self) -> Ints:
        """int64[cohorts]: Q."""
        return self.redeemed.sum(axis=1)

    @cached_property
    def expired_to_date(self) -> Ints:
        """int64[cohorts]: X."""
        return self.expired.sum(axis=1)

    @cached_property
    def outstanding(self) -> Ints:
        """int64[cohorts]: O = N - Q - X, points in lots (usable and pending), gross of debts."""
        return self.issued - self.redeemed_to_date - self.expired_to_date

    @cached_property
    def cohort_months(self) -> Ints:
        """int64[cohorts]: the first month of each cohort, months since January 1970."""
        return self.first_month + self.months * np.arange(self.cohorts)

    def at(self, month: int) -> "Triangle":
        """The triangle as it stood at the end of an earlier month; what was owed then is not known to it, and 0. Raises ValueError where
        the month lies outside, or ends no period."""
        if not self.first_month <= month <= self.valuation:
            raise ValueError(
                f"expected a month from {month_name(self.first_month)} to {month_name(self.valuation)}, found {month_name(month)}"
            )
        periods, rest = divmod(month + 1 - self.first_month, self.months)
        if rest:
            raise ValueError(f"expected the last month of a period of {self.months}, found {month_name(month)}")
        rows, columns = min(periods, self.cohorts), min(periods, self.ages)
        seen = np.arange(columns) < periods - np.arange(rows)[:, None]
        cut: dict[str, Any] = {name: np.where(seen, getattr(self, name)[:rows, :columns], 0) for name in _FLOWS}
        last = None if self.last_age is None else self.last_age[:rows]
        return replace(self, valuation=month, last_age=last, debt=self.debt if month == self.valuation else 0, **cut)

    def by_quarter(self) -> "Triangle":
        """Cohorts and ages by calendar quarter. Raises ValueError where the valuation month ends none (its flows would be of a part of a
        quarter), or the triangle is not monthly and square."""
        if self.months != 1 or self.ages < self.cohorts:
            raise ValueError("expected a monthly triangle with every age up to the valuation")
        if self.valuation % 3 != 2:
            raise ValueError(f"expected a valuation at the end of a quarter, found {month_name(self.valuation)}")
        first = self.first_month // 3
        shape = (int(self.cohort_months[-1]) // 3 - first + 1, self.valuation // 3 - first + 1)
        cohort, age = np.nonzero(self.observed)
        quarter = self.cohort_months[cohort] // 3
        place = quarter - first, (self.cohort_months[cohort] + age) // 3 - quarter
        sums: dict[str, Any] = {name: np.zeros(shape, dtype=np.int64) for name in _FLOWS}
        for name, table in sums.items():
            np.add.at(table, place, getattr(self, name)[cohort, age])
        last = None if self.last_age is None else self._last_quarters(first, shape[0], self.last_age)
        return replace(self, first_month=3 * first, months=3, last_age=last, **sums)

    def _last_quarters(self, first: int, quarters: int, last_age: Ints) -> Ints:
        quarter = self.cohort_months // 3
        until = np.where(last_age >= NEVER, NEVER, (self.cohort_months + last_age) // 3 - quarter)
        found = np.zeros(quarters, dtype=np.int64)
        np.maximum.at(found, quarter - first, until)
        return found


_FLOWS = ("earned", "redeemed", "expired", "reversed")


def month_name(month: int) -> str:
    """``2025-03`` for a month number."""
    return f"{1970 + month // 12:04d}-{month % 12 + 1:02d}"


def month_of(days: Ints) -> Ints:
    """Month numbers (months since January 1970) of day numbers."""
    found: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return found


# --- where triangles come from ---------------------------------------------------------------------------------------
def from_panel(panel: WorldPanel, valuation: int | None = None, last_age: Ints | None = None) -> Triangle:
    """The triangle of a simulated world at the end of a month of the run (the last whole one, unless given; months since January 1970).

    ``last_age``: int64[months of the run]: the last usable age of the points of each month, where the caller knows it of the program.
    Raises ValueError where the panel knows points of lots issued outside the run.
    """
    frame, table = panel.frame, panel.triangle
    months = frame.months
    if table[months + 1].any():
        raise ValueError("the panel knows points of lots that were issued before the run: their cohorts are not in it")
    cohort, event = np.nonzero(table[:months].any(axis=2))
    flows = table[cohort, event]
    last = frame.first_month + months - 1
    ages = _checked_ages(cohort, event)
    sums: dict[str, Any] = {name: np.zeros((months, months), dtype=np.int64) for name in _FLOWS}
    for name, groups in _GROUPED.items():
        sums[name][cohort, ages] = sum(flows[:, group] for group in groups)
    whole = Triangle(frame.first_month, last, **sums, last_age=last_age)
    if valuation is None:
        valuation = int(month_of(np.array([frame.last_day + 1]))[0]) - 1
    owed = table[months, : valuation + 1 - frame.first_month].sum(axis=0)
    return replace(whole.at(valuation), debt=int(owed.sum() - 2 * owed[EARNED]))


_GROUPED = {
    "earned": (EARNED,),
    "redeemed": (REDEEMED, CONVERTED),
    "expired": (EXPIRED,),
    "reversed": (REVERSED, REPAID),
}


def from_ledger(ledger: LedgerTable, valuation: int, first_month: int | None = None) -> Triangle:
    """The triangle of a ledger at the end of a month (months since January 1970). ``first_month``: of the first cohort, unless it is the
    first with an issue. Raises BadInput where an entry is dated before its lot was earned."""
    return from_events(events_of(ledger), valuation, first_month)


class Events(NamedTuple):
    """A ledger's entries as columns of one length, whatever they were read from."""

    kind: Ints
    """int64: index into ``KINDS``."""
    points: Ints
    """int64: as signed in the ledger."""
    day: Ints
    earned_on: Ints
    """int64: the day the lot was earned; ``NEVER`` where the entry is of no lot."""
    expires_on: Ints
    """int64: the lot's last day; ``NEVER`` where there is none."""
    member: Ints
    """int64: whose entry it is."""


def events_of(ledger: LedgerTable) -> Events:
    """The entries of a whole world."""
    kind, points, day, earned_on, expires_on, member = map(ledger.column, _COLUMNS)
    return Events(kind, points, day, earned_on, expires_on, member)


_COLUMNS = ("kind", "points", "day", "lot_earned_on", "expires_on", "member")


class LotEvents(NamedTuple):
    """The entries that move points of lots, up to a valuation, each in its place in the triangle; arrays of one length."""

    first: int
    """Month of the first cohort."""
    size: int
    """Cohorts, and ages."""
    cohort: Ints
    age: Ints
    group: Ints
    """Place in ``GROUPS``."""
    points: Ints
    """Positive in the direction of the group."""
    rows: Ints
    """Where each stands among the ledger's entries."""
    last_age: Ints | None
    debt: int


def lot_events(events: Events, valuation: int, first_month: int | None = None) -> LotEvents:
    """Place a ledger's entries; those after the valuation month are left out. Raises BadInput where an entry is dated before its lot was
    earned, or none is left."""
    month, group = month_of(events.day), _GROUP_OF_KIND[events.kind]
    positive = np.where(group == EARNED, events.points, -events.points)
    kept = (group != NO_GROUP) & (month <= valuation)
    of_lot = events.earned_on < NEVER
    debt = -int(events.points[kept & ~of_lot].sum())
    (rows,) = np.nonzero(kept & of_lot)
    issue = month_of(events.earned_on[rows])
    if not len(issue):
        raise BadInput(Problem("", f"expected points issued up to {month_name(valuation)}, found none"))
    first = int(issue.min()) if first_month is None else first_month
    if issue.min() < first:
        raise BadInput(Problem("", f"expected no lot earned before {month_name(first)}", month_name(int(issue.min()))))
    cohort, age, size = issue - first, _checked_ages(issue, month[rows]), valuation + 1 - first
    moved = bool((events.kind == EXTEND).any())
    last_age = None if moved else _last_ages(cohort, issue, events.expires_on[rows], size)
    return LotEvents(first, size, cohort, age, group[rows], positive[rows], rows, last_age, debt)


def from_events(
    events: Events, valuation: int, first_month: int | None = None, basis: Basis = "PROJECTION"
) -> Triangle:
    """The triangle of a ledger's entries at the end of a month. Raises BadInput as ``lot_events`` does."""
    found = lot_events(events, valuation, first_month)
    sums: dict[str, Any] = {name: np.zeros((found.size, found.size), dtype=np.int64) for name in _FLOWS}
    for name, groups in _GROUPED.items():
        chosen = np.isin(found.group, groups)
        np.add.at(sums[name], (found.cohort[chosen], found.age[chosen]), found.points[chosen])
    return Triangle(found.first, valuation, **sums, last_age=found.last_age, debt=found.debt, basis=basis)


def _last_ages(cohort: Ints, issue: Ints, expires_on: Ints, size: int) -> Ints:
    """The latest last day of each cohort's lots, as an age; 0 where nothing was issued."""
    never = expires_on >= NEVER
    last = np.where(never, NEVER, month_of(np.where(never, 0, expires_on)) - issue)
    found = np.zeros(size, dtype=np.int64)
    np.maximum.at(found, cohort, last)
    return found


def _checked_ages(issue: Ints, event: Ints) -> Ints:
    """Ages in months. Raises BadInput where an event comes before the month of issue."""
    ages = event - issue
    if len(ages) and ages.min() < 0:
        place = int(np.argmin(ages))
        message = f"expected no entry before its lot was earned: one is {-int(ages[place])} months too early"
        raise BadInput(Problem("lot_earned_on", message))
    return ages
