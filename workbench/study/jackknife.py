"""Intervals of a design's outcomes, of differences between designs, and of where a line crosses, for the chance of having drawn these members.

Members are independent, and so are groups of them. Every figure is computed again without each group in turn: the delete-a-group jackknife (Kott,
The Delete-a-Group Jackknife, Journal of Official Statistics 17, 2001; Wolter, Introduction to Variance Estimation, 2007, ch. 4), with Student's t
for one degree of freedom less than there are groups. The groups are the same members in every design, so a difference between two designs is that
of the same customers: what they do alike drops out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from workbench.study.outcomes import PER, SUMS, VALUED_GROUPS, Outcome, Whole
from workbench.units import CENTS

__all__ = [
    "GROUPS",
    "BreakEven",
    "Estimate",
    "Replicates",
    "as_json",
    "crossings",
    "estimate",
    "group_bounds",
    "replicates",
]

Floats = npt.NDArray[np.float64]
GROUPS = 40
"""Groups of members: enough that the t-quantile (2.02) is near its limit (1.96) and an interval's own width is known to about a tenth."""


def group_bounds(members: int, groups: int = GROUPS) -> list[tuple[int, int]]:
    """The members of each group: first, and one past the last; about equal, and none empty."""
    count = min(groups, members)
    bounds = [members * k // count for k in range(count + 1)]
    return list(pairwise(bounds))


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval; None where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def ci95(self) -> list[float] | None:
        """The interval, as documents have it."""
        return None if self.low is None or self.high is None else [self.low, self.high]


@dataclass(frozen=True)
class Replicates:
    """An outcome of all members, and without each group in turn."""

    whole: float
    without: Floats
    """float64[groups]"""

    def less(self, other: "Replicates") -> "Replicates":
        """The difference from another design, lived by the same groups."""
        return Replicates(self.whole - other.whole, self.without - other.without)


def replicates(outcome: Outcome, sums: npt.NDArray[np.int64], whole: Whole) -> Replicates:
    """An outcome of sums int64[groups, SUMS]; not a number where there is none."""
    total = sums.sum(axis=0)
    if outcome.formula is None:
        return _valued(sums[:, SUMS.index("customers")], whole)
    return Replicates(float(outcome.of(total, whole)), outcome.of(total - sums, whole))


def _valued(customers: npt.NDArray[np.int64], whole: Whole) -> Replicates:
    """The liability per 1,000 customers, by the valuations that were made."""
    if whole.contract is None:
        return Replicates(math.nan, np.full(VALUED_GROUPS, math.nan))
    parts = len(whole.contract_without)
    left = customers.sum() - np.array([customers[k::parts].sum() for k in range(parts)])
    return Replicates(
        PER * whole.contract / CENTS / int(customers.sum()),
        PER * np.array(whole.contract_without) / CENTS / np.maximum(left, 1),
    )


def estimate(found: Replicates) -> Estimate:
    """The value and its interval."""
    if math.isnan(found.whole):
        return Estimate(None)
    n = len(found.without)
    if n < 2 or np.isnan(found.without).any():
        return Estimate(found.whole)
    half = float(stdtrit(n - 1, 0.975)) * _error(found.without)
    return Estimate(found.whole, found.whole - half, found.whole + half)


def _error(without: Floats) -> float:
    n = len(without)
    return math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))


@dataclass(frozen=True)
class BreakEven:
    """Where a line of designs crosses a level."""

    at: Estimate
    """The lever's value; without an interval where the two designs around it are not told apart."""
    between: tuple[float, float]
    """The two values that were tried, around it."""
    rising: bool
    """Whether the outcome rises through the level as the lever rises."""


def crossings(levels: Sequence[float], line: Sequence[Replicates]) -> list[BreakEven]:
    """Where a line crosses 0, straight from one design to the next. ``levels``: the lever's values, ascending; ``line``: what is asked about at
    each (an outcome, or its difference from another). A value that is 0 itself counts once; one that is 0 for every member (a design that is what
    it is compared with) is no crossing."""
    found = []
    for (x, a), (y, b) in pairwise(zip(levels, line, strict=True)):
        if math.isnan(a.whole) or math.isnan(b.whole) or a.whole == b.whole or _is_nought(a) or _is_nought(b):
            continue
        if a.whole * b.whole < 0 or b.whole == 0 or (a.whole == 0 and x == levels[0]):
            found.append(_crossing(x, y, a, b))
    return found


def _is_nought(found: Replicates) -> bool:
    return found.whole == 0 and not found.without.any()


def _crossing(x: float, y: float, a: Replicates, b: Replicates) -> BreakEven:
    at = x - a.whole * (y - x) / (b.whole - a.whole)
    rise = estimate(b.less(a))
    told_apart = rise.low is not None and rise.high is not None and (rise.low > 0 or rise.high < 0)
    found = Estimate(at)
    if told_apart:
        with np.errstate(divide="ignore", invalid="ignore"):
            without = x - a.without * (y - x) / (b.without - a.without)
        found = estimate(Replicates(at, np.where(np.isfinite(without), without, np.nan)))
    return BreakEven(found, (x, y), b.whole > a.whole)


def as_json(found: Estimate) -> dict[str, Any]:
    """As documents have it."""
    return {"value": found.value, "ci95": found.ci95}
