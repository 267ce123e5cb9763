"""Each customer's silence beside their own history: days since the last purchase against the days that used to lie between two."""

from typing import NamedTuple

import numpy as np

from workbench.population.calibration.summary import Floats, Ints

__all__ = ["Gaps", "own_gaps"]


class Gaps(NamedTuple):
    """Customers with at least one purchase day, in the order of their numbers; arrays of one length."""

    customer: Ints
    silence: Ints
    """Days since the last purchase."""
    median: Floats
    """Median of the customer's own gaps between purchase days, days; NaN where there is none."""
    shorter: Floats
    """Share of these gaps that are shorter than the silence; NaN where there is none."""

    def where(self, rows: np.ndarray) -> "Gaps":
        """The customers of a mask."""
        return Gaps(self.customer[rows], self.silence[rows], self.median[rows], self.shorter[rows])

    @property
    def overdue(self) -> Floats:
        """Silence over the own median gap: above 1 a purchase is overdue. Who has no gap is measured by the median of all gaps' medians
        (NaN where nobody has one)."""
        usual = float(np.nanmedian(self.median)) if np.isfinite(self.median).any() else np.nan
        return self.silence / np.where(np.isfinite(self.median), self.median, usual)


def own_gaps(customer: Ints, day: Ints, until: int) -> Gaps:
    """Gaps at the end of day ``until``. ``customer`` and ``day``: int64[n], one entry a purchase day, each pair once."""
    within = day <= until
    order = np.lexsort((day[within], customer[within]))
    who, when = customer[within][order], day[within][order]
    customers, first, number = np.unique(who, return_index=True, return_counts=True)
    silence = until - when[first + number - 1]
    same = np.flatnonzero(who[1:] == who[:-1])
    gap, owner = when[same + 1] - when[same], np.repeat(np.arange(len(customers)), number)[same]
    by_size = np.lexsort((gap, owner))
    gap, owner = gap[by_size], owner[by_size]
    count = number - 1
    some = count > 0
    start = np.cumsum(count) - count
    median = np.full(len(customers), np.nan)
    low, high = start + (count - 1) // 2, start + count // 2
    median[some] = (gap[low[some]] + gap[high[some]]) / 2
    shorter = np.full(len(customers), np.nan)
    below = np.bincount(owner[gap < silence[owner]], minlength=len(customers))
    shorter[some] = below[some] / count[some]
    return Gaps(customers, silence, median, shorter)
