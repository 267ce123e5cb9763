"""What a method would have expected of each past month, against what happened: a method that errs in one direction shows it here."""

from dataclasses import dataclass

import numpy as np

from workbench.finance.redemption_rates.methods import expected_redemptions
from workbench.finance.redemption_rates.tail import TailMethod
from workbench.finance.triangle import Floats, Triangle
from workbench.ledger_table import Ints

__all__ = ["ActualExpected", "actual_against_expected"]


@dataclass(frozen=True)
class ActualExpected:
    """One diagonal: a period's redemptions of the points issued before it."""

    month: int
    """Its last month, months since January 1970."""
    cohorts: Ints
    """int64[n]: the cohorts compared: those issued before it whose next age an older one had shown by then. (Of an age that nobody had reached
    nothing could be expected, but by a tail.)"""
    actual: Ints
    """int64[n]: points redeemed in it."""
    expected: Floats
    """float64[n]: what the method expected at the end of the period before."""

    @property
    def error_pct(self) -> float | None:
        """100 * (expected / actual - 1) over all cohorts; None where nothing was redeemed, or the method fails."""
        actual, expected = int(self.actual.sum()), float(self.expected.sum())
        return 100 * (expected / actual - 1) if actual > 0 and np.isfinite(expected) else None


def actual_against_expected(
    triangle: Triangle,
    method: str = "hazard",
    diagonals: int = 12,
    *,
    a_priori: float | None = None,
    tail: TailMethod | None = None,
) -> list[ActualExpected]:
    """The last diagonals, each by what was known just before it, from the oldest to the newest. A diagonal needs at least two periods
    before it. Errors as of ``ultimate``."""
    step = triangle.months
    first = max(triangle.valuation - diagonals * step, triangle.first_month + 2 * step - 1)
    found = []
    for month in range(first + (triangle.valuation - first) % step, triangle.valuation, step):
        before, after = triangle.at(month), triangle.at(month + step)
        expected = expected_redemptions(before, method, step, a_priori=a_priori, tail=tail)
        actual = after.redeemed_to_date[: before.cohorts] - before.redeemed_to_date
        (shown,) = np.nonzero(before.latest + 1 <= before.latest.max())
        found.append(ActualExpected(month + step, shown, actual[shown], expected[shown]))
    return found
