"""What an estimator gives: the expected course of every cohort to its end."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workbench.finance.redemption_rates.tail import Tail
from workbench.finance.triangle import Floats, Triangle

__all__ = ["Ultimates", "ultimates_of_run_off"]


@dataclass(frozen=True)
class Ultimates:
    """Points that will ever be redeemed of each cohort, by one method."""

    triangle: Triangle
    method: str
    course: Floats
    """float64[cohorts, ages and tail]: points redeemed up to each age: as observed, then as expected; as the method gives it."""
    tail: Tail
    a_priori: float | None = None
    """The redemption rate assumed of what is not yet developed, where the method uses one."""
    errors: Floats | None = None
    """float64[cohorts]: standard errors by cohort, where the method has them."""
    total_error: float | None = None
    """Standard error of the sum over cohorts."""
    notes: tuple[str, ...] = ()
    """How it was made."""
    warnings: tuple[str, ...] = ()
    """What should make the reader doubt it."""

    @property
    def raw(self) -> Floats:
        """float64[cohorts]: the ultimates as the method gives them: nan where it cannot, possibly beyond what was issued."""
        return self.course[:, -1]

    @cached_property
    def points(self) -> Floats:
        """float64[cohorts]: U, within what can be: Q <= U <= Q + O (``raw`` cut there; ``warnings`` say where)."""
        return self._within(self.raw)

    @property
    def rate(self) -> float | None:
        """The ultimate redemption rate, sum of U over sum of N; None where nothing was issued, or the method fails."""
        issued = float(self.triangle.issued.sum())
        total = float(self.points.sum())
        return total / issued if issued > 0 and np.isfinite(total) else None

    @property
    def future(self) -> Floats:
        """float64[cohorts]: points still to be redeemed, U - Q."""
        return self.points - self.triangle.redeemed_to_date

    @property
    def outstanding_rate(self) -> float | None:
        """The redemption rate of outstanding points, w = (U - Q) / O, over all cohorts; None where nothing is outstanding."""
        held = float(self.triangle.outstanding.sum())
        total = float(self.future.sum())
        return total / held if held > 0 and np.isfinite(total) else None

    def within(self, months: int) -> Floats:
        """float64[cohorts]: points expected to be redeemed in the next months. Raises ValueError where they are no whole periods."""
        periods, rest = divmod(months, self.triangle.months)
        if rest or months < 0:
            raise ValueError(f"expected a multiple of {self.triangle.months} months, found {months}")
        age = np.minimum(self.triangle.latest + periods, self.course.shape[1] - 1)
        reached = self._within(np.take_along_axis(self.course, age[:, None], axis=1)[:, 0])
        return reached - self.triangle.redeemed_to_date

    def _within(self, points: Floats) -> Floats:
        redeemed = self.triangle.redeemed_to_date
        return np.clip(points, redeemed, redeemed + np.maximum(self.triangle.outstanding, 0))


def ultimates_of_run_off(triangle: Triangle, expected: Floats, notes: tuple[str, ...] = ()) -> Ultimates:
    """The ultimates that a run-off expects. ``expected``: float64[cohorts, periods]: points redeemed in each period after the valuation, to
    the last."""
    periods = expected.shape[1]
    ages = triangle.ages + periods
    course = np.zeros((triangle.cohorts, ages))
    course[:, : triangle.ages] = triangle.redeemed
    cohort, ahead = np.indices(expected.shape)
    np.add.at(course, (cohort, triangle.latest[cohort] + 1 + ahead), expected)
    return Ultimates(triangle, "run_off", np.cumsum(course, axis=1), Tail("none", ages, ages - 1), notes=notes)
