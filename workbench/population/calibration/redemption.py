"""How members redeem, where the log says so: the share who never will, and the chance of the others at each purchase.

A split-population model (Schmidt & Witte 1989): a share never redeems; everyone else redeems for the first time at their k-th purchase after the
first with chance (1 - pi)**(k - 1) * pi. Who has not redeemed in n such purchases has either not come to it or never will. Members with one
purchase tell nothing. What it depends on (the balance held, an expiry near) cannot be told without the program's rules.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from workbench.population.calibration.log import REDEEM, Log
from workbench.population.calibration.orders import Occasions
from workbench.population.calibration.summary import Floats

__all__ = ["Redemption", "fit_redemption"]


class Redemption(NamedTuple):
    """How members redeem; standard errors by the delta method, None where the share is at an end of its range."""

    members: int
    """Members with at least two purchase days."""
    redeemed: int
    """Members among them who redeemed."""
    rows: int
    never: float
    """Share who never redeem."""
    never_error: float | None
    per_purchase: float
    """Chance of the others at a purchase, up to their first redemption."""
    per_purchase_error: float | None

    @property
    def hassle(self) -> float:
        """What the assumptions' ``redemption.hassle`` has to be, with weights of 0 on balance and expiry, for members who weigh it up to redeem with
        this chance at every purchase at which they have the points."""
        return -float(logit(min(max(self.per_purchase, 1e-4), 1 - 1e-4)))


def fit_redemption(log: Log, days: Occasions) -> Redemption | None:
    """None where no member with two purchase days redeems."""
    rows = np.flatnonzero(log.event == REDEEM)
    last = np.iinfo(np.int64).max
    first_redeemed = np.full(log.customers, last)
    np.minimum.at(first_redeemed, log.customer[rows], log.day[rows])
    chances = np.bincount(days.customer, minlength=log.customers) - 1
    by_then = np.bincount(days.customer, weights=days.day <= first_redeemed[days.customer], minlength=log.customers) - 1
    told = chances > 0
    redeemed = told & (first_redeemed < last)
    if not redeemed.any():
        return None
    took = np.maximum(by_then[redeemed], 1.0)
    waits = chances[told & ~redeemed].astype(np.float64)
    at, errors = _maximum(took, waits)
    return Redemption(
        int(told.sum()), int(redeemed.sum()), len(rows), float(expit(at[0])), errors[0], float(expit(at[1])), errors[1]
    )


def _maximum(took: Floats, waits: Floats) -> tuple[Floats, list[float | None]]:
    """Logits of the share and the chance, and standard errors of the two themselves."""

    def loss(at: Floats) -> float:
        log_stays, log_redeems = -np.logaddexp(0, at[1]), -np.logaddexp(0, -at[1])
        log_never, log_ever = -np.logaddexp(0, -at[0]), -np.logaddexp(0, at[0])
        first = len(took) * (log_ever + log_redeems) + (took - 1).sum() * log_stays
        return -float(first + np.logaddexp(log_never, log_ever + waits * log_stays).sum())

    best = minimize(loss, np.array([-1.0, -1.0]), method="L-BFGS-B", bounds=[(-12, 12), (-12, 12)])
    step = 1e-3
    hessian = np.empty((2, 2))
    for i in range(2):
        for k in range(2):
            a, b = np.eye(2)[i] * step, np.eye(2)[k] * step
            hessian[i, k] = loss(best.x + a + b) - loss(best.x + a - b) - loss(best.x - a + b) + loss(best.x - a - b)
    hessian /= 4 * step**2
    if np.abs(best.x).max() > 11.9 or np.linalg.eigvalsh(hessian)[0] <= 1e-9:
        return best.x, [None, None]
    share = expit(best.x)
    return best.x, [float(each) for each in np.sqrt(np.diag(np.linalg.inv(hessian))) * share * (1 - share)]
