"""What a fitted model says of each customer by themselves: still alive, and how many purchases are to come."""

from typing import NamedTuple

import numpy as np

from workbench.population.calibration.fit import Fit
from workbench.population.calibration.summary import Floats, Ints
from workbench.population.spec import DAYS_PER_UNIT

__all__ = ["Outlook", "outlook"]


class Outlook(NamedTuple):
    """Customers with at least one purchase; arrays of one length."""

    customer: Ints
    repeats: Ints
    """Purchase days after the first."""
    last_day: Ints
    """Day of the last purchase."""
    alive: Floats
    """Chance of still being a customer at the end of ``until``."""
    expected: Floats
    """Purchases expected in the days that follow."""
    silent: Floats
    """Chance of no purchase in the days that follow, whether a customer by then or not."""

    def where(self, rows: np.ndarray) -> "Outlook":
        """The customers of a mask."""
        integers = self.customer[rows], self.repeats[rows], self.last_day[rows]
        return Outlook(*integers, self.alive[rows], self.expected[rows], self.silent[rows])


def outlook(found: Fit, unit: str, customer: Ints, day: Ints, until: int, days: float) -> Outlook:
    """The outlook at the end of ``until`` for the next ``days`` days, of purchase days with each pair of customer and day once.

    A projection of what was: it knows no seasons, no program, and no reason why anybody stays or leaves. A customer who buys nothing in the
    days that follow has, at their end, the history of today, watched for longer: so the chance of that is the ratio of the likelihoods of
    these two histories, whatever the model.
    """
    within = day <= until
    customers, place, number = np.unique(customer[within], return_inverse=True, return_counts=True)
    first, last = np.full(len(customers), until), np.full(len(customers), np.iinfo(np.int64).min)
    np.minimum.at(first, place, day[within])
    np.maximum.at(last, place, day[within])
    span = DAYS_PER_UNIT[unit]
    history = ((number - 1).astype(np.float64), (last - first) / span, (until - first) / span)
    alive = found.model.alive(found.theta, *history)
    expected = found.model.conditional(found.theta, *history, np.array([days / span]))[0]
    x, tx, watched = history
    now, _ = found.model.log_likelihood(found.theta, x, tx, watched)
    later, _ = found.model.log_likelihood(found.theta, x, tx, watched + days / span)
    return Outlook(customers, number - 1, last, alive, expected, np.exp(np.minimum(later - now, 0.0)))
