"""Recency, frequency and monetary value of customers at a day, their segments, and how customers move between them.

Plain integer arrays in, one entry a purchase or refund; a segment is a code from 0 to 7: 1 for high recency, 2 for high frequency, 4 for high
monetary value (its names stand in ``workbench/rules/segment_spec.py``). Scoring by quintiles is Hughes, Strategic Database Marketing
(1994): nested (frequency within recency, monetary value within both) or independent.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.units import add_months, month_end

__all__ = [
    "ALL_CODES", "BINS", "HIGH", "NOT_YET", "Cuts", "Moves", "Rfm", "Scored", "Scheme", "average_ticket", "by_cuts", "by_quintiles", "migration",
    "monetary_bands", "month_ends", "rfm",
]  # fmt: skip

Ints = npt.NDArray[np.int64]
Scheme = Literal["nested", "independent"]
RECENT, FREQUENT, RICH = 1, 2, 4
ALL_CODES = 8
NOT_YET = -1
"""The code of somebody without a purchase yet."""
BINS = 5
HIGH = 4
"""The score from which quintiles count as high."""


class Cuts(NamedTuple):
    """Fixed cuts: each is high from here on."""

    recency_days: int
    """At most so many days since the last purchase."""
    frequency: int
    """Purchases in the window."""
    monetary: int
    """Minor units in the window."""


@dataclass(frozen=True)
class Rfm:
    """Every customer at a day; one entry each, in the order of their numbers."""

    recency: Ints
    """Days since the last purchase (of any time); -1 for who has none yet."""
    frequency: Ints
    """Purchases in the window."""
    monetary: Ints
    """Purchases less refunds in the window, minor units."""

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Who has bought."""
        return self.recency >= 0


def rfm(customer: Ints, day: Ints, money: Ints, customers: int, on: int, months: int) -> Rfm:
    """R, F and M at the end of a day, over the so many months up to it (the day included).

    ``customer``: 0 to ``customers - 1``; ``day``: of the purchase or refund, days since 1970; ``money``: minor units, of a purchase 0 or more, of a refund
    negative. What is later than the day does not count.
    """
    bought = (money >= 0) & (day <= on)
    last = np.full(customers, np.iinfo(np.int64).min)
    np.maximum.at(last, customer[bought], day[bought])
    ever = np.bincount(customer[bought], minlength=customers) > 0
    inside = (day > add_months(on, -months)) & (day <= on)
    frequency = np.bincount(customer[inside & (money >= 0)], minlength=customers).astype(np.int64)
    monetary = np.zeros(customers, dtype=np.int64)
    np.add.at(monetary, customer[inside], money[inside])
    return Rfm(np.where(ever, on - np.where(ever, last, 0), -1), frequency, monetary)


def average_ticket(day: Ints, money: Ints, on: int, months: int) -> tuple[int, int]:
    """The sum and the number of purchases (without refunds) of the window, minor units: the average ticket as a fraction."""
    inside = (day > add_months(on, -months)) & (day <= on) & (money >= 0)
    return int(money[inside].sum()), int(inside.sum())


def monetary_bands(found: Rfm, ticket: tuple[int, int]) -> Ints:
    """Monetary value in bands of half the average ticket: band k holds k to k + 1 halves; negative values are in band 0."""
    total, orders = ticket
    if total == 0:
        return np.zeros(len(found.monetary), dtype=np.int64)
    return np.array([2 * max(value, 0) * orders // total for value in found.monetary.tolist()], dtype=np.int64)


@dataclass(frozen=True)
class Scored:
    """Customers in segments."""

    code: Ints
    """0 to 7, ``NOT_YET`` for who has not bought."""
    scores: Ints | None = None
    """int64[customers, 3]: R, F, M from 1 to 5; 0 for who has not bought. None with fixed cuts."""
    frequency_fell_back: bool = False
    """Whether quintiles of frequency could not form, and its score is the number of purchases, at most 5."""
    thin: tuple[str, ...] = ()
    """Which of recency and monetary value have an empty quintile, for ties."""


def by_cuts(found: Rfm, cuts: Cuts) -> Scored:
    """Segments by fixed cuts."""
    code = RECENT * (found.recency <= cuts.recency_days) + FREQUENT * (found.frequency >= cuts.frequency)
    code = code + RICH * (found.monetary >= cuts.monetary)
    return Scored(np.where(found.known, code, NOT_YET).astype(np.int64))


def by_quintiles(found: Rfm, scheme: Scheme) -> Scored:
    """Segments by quintiles among those who have bought; ties have one score, so that a quintile may be empty.

    Where one of frequency is (with two thirds of customers buying once, it is), frequency is scored by its number, 1 to 5, instead.
    """
    known = found.known
    recency, frequency, monetary = -found.recency[known], found.frequency[known], found.monetary[known]
    one = np.zeros(len(recency), dtype=np.int64)
    r = _quintile(recency, one)
    f = _quintile(frequency, r if scheme == "nested" else one)
    fell_back = not _formed(f, r if scheme == "nested" else one)
    if fell_back:
        f = np.clip(frequency, 1, BINS)
    m = _quintile(monetary, r * (BINS + 1) + f if scheme == "nested" else one)
    thin = tuple(name for name, each in (("recency", r), ("monetary", m)) if not _formed(each, one))
    scores = np.zeros((len(known), 3), dtype=np.int64)
    scores[known] = np.column_stack([r, f, m])
    code = RECENT * (scores[:, 0] >= HIGH) + FREQUENT * (scores[:, 1] >= HIGH) + RICH * (scores[:, 2] >= HIGH)
    return Scored(np.where(known, code, NOT_YET).astype(np.int64), scores, fell_back, thin)


def _quintile(value: Ints, within: Ints) -> Ints:
    """The quintile, 1 to 5, of each value among those of its cell: by the share of the cell that is below it."""
    found = np.ones(len(value), dtype=np.int64)
    order = np.lexsort((value, within))
    sizes = np.unique(within, return_counts=True)[1]
    start = 0
    for size in sizes.tolist():
        cell = order[start : start + size]
        values = value[cell]
        below = np.searchsorted(values, values, side="left")
        found[cell] = 1 + BINS * below // size
        start += size
    return found


def _formed(score: Ints, within: Ints) -> bool:
    """Whether every cell has all five quintiles."""
    cells = len(np.unique(within))
    return len(np.unique(within * (BINS + 1) + score)) == BINS * cells


# --- over time -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Moves:
    """Who went from which segment to which."""

    table: Ints
    """int64[9, 8]: customers by the code before (the last row: had not bought yet) and after."""

    @property
    def stayed(self) -> int:
        """Customers in the same segment at both days."""
        return int(np.trace(self.table[:ALL_CODES]))


def migration(before: Ints, after: Ints) -> Moves:
    """Moves between two days, from the codes of the same customers."""
    here = after != NOT_YET
    start = np.where(before == NOT_YET, ALL_CODES, before)
    table = np.zeros((ALL_CODES + 1, ALL_CODES), dtype=np.int64)
    np.add.at(table, (start[here], after[here]), 1)
    return Moves(table)


def month_ends(on: int, count: int) -> list[int]:
    """The last days of the ``count`` months before a day's own (fewer where the day ends its month), and the day, rising."""
    ends = [month_end(add_months(on, -back), 1) for back in range(count, 0, -1)]
    return [*ends, on]
