"""NBD (Ehrenberg 1959): purchases at a rate lambda ~ Gamma(r, alpha); nobody leaves."""

import numpy as np
from scipy.special import digamma, gammaln

from workbench.population.calibration.model import Model
from workbench.population.calibration.summary import Floats

__all__ = ["NBD", "rate_part"]


def rate_part(r: float, alpha: float, x: Floats) -> tuple[Floats, Floats, Floats]:
    """log(Gamma(r + x) / Gamma(r) * alpha ** r), and its derivatives by r and alpha: every model begins with it."""
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    return value, digamma(r + x) - digamma(r) + np.log(alpha), np.full_like(x, r / alpha)


def _log_likelihood(theta: Floats, x: Floats, tx: Floats, T: Floats) -> tuple[Floats, Floats]:
    r, alpha = map(float, theta)
    value, by_r, by_alpha = rate_part(r, alpha, x)
    past = np.log(alpha + T)
    return value - (r + x) * past, np.stack([by_r - past, by_alpha - (r + x) / (alpha + T)])


def _alive(theta: Floats, x: Floats, tx: Floats, T: Floats) -> Floats:
    return np.ones_like(x)


def _expected(theta: Floats, t: Floats) -> Floats:
    return theta[0] / theta[1] * t


def _conditional(theta: Floats, x: Floats, tx: Floats, T: Floats, t: Floats) -> Floats:
    return t[:, None] * (theta[0] + x) / (theta[1] + T)


NBD = Model("nbd", ("r", "alpha"), _log_likelihood, _alive, _expected, _conditional)
"""Negative binomial."""
