"""How wrong the model is about days it has not seen: purchases week by week, of customers it had seen."""

from typing import Any, NamedTuple

import numpy as np

from workbench.population.calibration.fit import Fit
from workbench.population.calibration.summary import Floats, Ints, iso, summaries
from workbench.population.spec import DAYS_PER_UNIT, Seasonality
from workbench.population.terms import season_weights

__all__ = ["Holdout", "holdout"]


class Holdout(NamedTuple):
    """Repeat purchases of the customers seen until ``train_until``, from the day after it on."""

    train_until: int
    last: int
    customers: int
    actual: Floats
    """float64[weeks]: purchases in each week of seven days; the last may be shorter."""
    predicted: Floats
    """float64[weeks]: what the model expects, with the seasons it knows."""
    plain: Floats
    """float64[weeks]: the same without seasons."""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        actual, predicted = float(self.actual.sum()), float(self.predicted.sum())
        rows = zip(self.actual, self.predicted, np.cumsum(self.actual), np.cumsum(self.predicted), strict=True)
        return {
            "actual": int(actual),
            "predicted": predicted,
            "error_pct": _error(actual, predicted),
            "predicted_without_seasons": float(self.plain.sum()),
            "train_until": iso(self.train_until),
            "until": iso(self.last),
            "customers": self.customers,
            "weekly_error_pct": _error(actual, actual + float(np.abs(self.predicted - self.actual).sum())),
            "weeks": [
                {
                    "from": iso(self.train_until + 1 + 7 * k),
                    "actual": int(a),
                    "predicted": float(p),
                    "cumulative_actual": int(sum_a),
                    "cumulative_predicted": float(sum_p),
                    "cumulative_error_pct": _error(float(sum_a), float(sum_p)),
                }
                for k, (a, p, sum_a, sum_p) in enumerate(rows)
            ],
        }


def _error(actual: float, predicted: float) -> float | None:
    return 100 * (predicted / actual - 1) if actual else None


def holdout(
    found: Fit, unit: str, seasonality: Seasonality, customer: Ints, day: Ints, train_until: int, last: int
) -> Holdout:
    """The weeks after ``train_until`` up to ``last``, of purchase days with each pair of customer and day once."""
    rows = summaries(customer, day, train_until, unit)
    known = np.isin(customer, np.unique(customer[day <= train_until]))
    later = day[known & (day > train_until) & (day <= last)] - train_until - 1
    weeks = -(-(last - train_until) // 7)
    ends = np.minimum(7.0 * np.arange(1, weeks + 1), last - train_until)
    theta = found.theta
    sums = found.model.conditional(theta, rows.x, rows.tx, rows.T, ends / DAYS_PER_UNIT[unit]) @ rows.customers
    plain = np.diff(sums, prepend=0.0)
    weights = season_weights(seasonality, train_until + 1, last + 1)
    in_week = np.arange(len(weights)) // 7
    season = np.bincount(in_week, weights=weights, minlength=weeks) / np.bincount(in_week, minlength=weeks)
    return Holdout(
        train_until=train_until,
        last=last,
        customers=rows.size,
        actual=np.bincount(later // 7, minlength=weeks).astype(np.float64),
        predicted=plain * season,
        plain=plain,
    )
