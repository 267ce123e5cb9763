"""What customers spend at a time: Gamma-Gamma on their mean repeat baskets, and lognormal on the baskets themselves.

Gamma-Gamma: Fader & Hardie 2013, "The Gamma-Gamma model of monetary value": baskets ~ Gamma(p, nu), nu ~ Gamma(q, gamma) over customers, so
that a customer's mean z of x baskets has the density

    Gamma(p x + q) / (Gamma(p x) Gamma(q)) * gamma**q * z**(p x - 1) * x**(p x) / (gamma + z x)**(p x + q).

Lognormal: log basket = level of the customer + noise, both normal; the likelihood of a one-way layout with unequal numbers.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from workbench.population.calibration.fit import errors_of_logs
from workbench.population.calibration.summary import Floats, Ints

__all__ = ["Baskets", "GammaGammaFit", "LognormalFit", "fit_gamma_gamma", "fit_lognormal", "repeat_baskets"]


class Baskets(NamedTuple):
    """Customers' baskets; arrays of one length, one entry a customer with at least one basket."""

    number: Floats
    """Baskets."""
    total: Floats
    """Their sum, major units."""
    logs: Floats
    """Sum of their logarithms."""
    squares: Floats
    """Sum of the squares of their logarithms about the customer's own mean."""


class GammaGammaFit(NamedTuple):
    """Gamma-Gamma's parameters, standard errors of their logarithms, and two log-likelihoods."""

    p: float
    q: float
    gamma: float
    errors: tuple[float | None, ...]
    log_likelihood: float
    """Of the customers' means, as published."""
    of_baskets: float
    """Of the single baskets, to compare with the lognormal."""
    customers: int


class LognormalFit(NamedTuple):
    """Lognormal's parameters and standard errors (of the mean, as a share of it, and of the logarithms of the deviations)."""

    mean: float
    sd_within: float
    sd_between: float
    errors: tuple[float | None, ...]
    of_baskets: float
    """Log-likelihood of the single baskets."""
    customers: int


def repeat_baskets(customer: Ints, basket: Ints, first: bool = False) -> Baskets:
    """Baskets by customer, of purchase days in order of customer and day; the first one of each is left out unless asked for.

    ``basket``: minor units; those of 0 have no logarithm and are left out.
    """
    opening = np.concatenate([[True], customer[1:] != customer[:-1]]) if len(customer) else np.zeros(0, dtype=bool)
    used = (basket > 0) & (~opening | first)
    _, place = np.unique(customer[used], return_inverse=True)
    amount = basket[used] / 100
    logs = np.log(amount)
    number = np.bincount(place).astype(np.float64)
    sum_of_logs: Floats = np.bincount(place, weights=logs).astype(np.float64)
    total: Floats = np.bincount(place, weights=amount).astype(np.float64)
    squares: Floats = np.bincount(place, weights=(logs - (sum_of_logs / np.maximum(number, 1))[place]) ** 2).astype(
        np.float64
    )
    return Baskets(number, total, sum_of_logs, squares)


def fit_gamma_gamma(baskets: Baskets) -> GammaGammaFit:
    """Maximum likelihood over customers' means. ValueError without customers."""
    n, z = baskets.number, baskets.total / baskets.number
    if len(n) == 0:
        raise ValueError("expected customers with baskets")

    def loss(log_theta: Floats) -> tuple[float, Floats]:
        p, q, gamma = map(float, np.exp(log_theta))
        both, mass = np.log(gamma + z * n), p * n + q
        value = (
            gammaln(mass)
            - gammaln(p * n)
            - gammaln(q)
            + q * np.log(gamma)
            - np.log(z)
            + p * n * np.log(z * n)
            - mass * both
        )
        by_p = n * (digamma(mass) - digamma(p * n) + np.log(z * n) - both)
        by_q = digamma(mass) - digamma(q) + np.log(gamma) - both
        by_gamma = q / gamma - mass / (gamma + z * n)
        return -float(value.sum()), -np.array([p * by_p.sum(), q * by_q.sum(), gamma * by_gamma.sum()])

    start = np.log([2.0, 3.0, max(float(z.mean()), 1e-6)])
    limits = [(np.log(0.06), np.log(1e5)), (np.log(0.05), np.log(1e5)), (np.log(1e-4), np.log(9e8))]
    best = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-5}
    )
    p, q, gamma = map(float, np.exp(best.x))
    free = np.array([low + 1e-3 < at < high - 1e-3 for at, (low, high) in zip(best.x, limits, strict=True)])
    of_baskets = (
        gammaln(p * n + q) - n * gammaln(p) - gammaln(q) + q * np.log(gamma) + (p - 1) * baskets.logs
        - (p * n + q) * np.log(gamma + baskets.total)
    )  # fmt: skip
    errors = errors_of_logs(lambda at: loss(at)[1], best.x, free)
    return GammaGammaFit(p, q, gamma, errors, -float(best.fun), float(of_baskets.sum()), len(n))


def fit_lognormal(baskets: Baskets) -> LognormalFit:
    """Maximum likelihood over single baskets. ValueError without customers."""
    n, mean_log = baskets.number, baskets.logs / baskets.number
    if len(n) == 0:
        raise ValueError("expected customers with baskets")

    def loss(at: Floats) -> tuple[float, Floats]:
        level, within, between = float(at[0]), float(np.exp(2 * at[1])), float(np.exp(2 * at[2]))
        spread = within + n * between
        off = n * (mean_log - level) ** 2
        value = (n - 1) * at[1] * 2 + np.log(spread) + baskets.squares / within + off / spread
        by_spread = 1 / spread - off / spread**2
        by_within = (n - 1) / within - baskets.squares / within**2 + by_spread
        slope = [
            -2 * (n * (mean_log - level) / spread).sum(),
            2 * within * by_within.sum(),
            2 * between * (n * by_spread).sum(),
        ]
        return float(value.sum()) / 2, np.array(slope) / 2

    start = np.array([float(mean_log.mean()), np.log(0.7), np.log(max(float(mean_log.std()), 0.1))])
    limits = [(None, None), (np.log(1e-3), np.log(3.0)), (np.log(1e-3), np.log(3.0))]
    best = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-5}
    )
    within, between = map(float, np.exp(best.x[1:]))
    free = np.array(
        [True, *(low + 1e-3 < at < high - 1e-3 for at, (low, high) in zip(best.x[1:], limits[1:], strict=True))]
    )
    errors = errors_of_logs(lambda at: loss(at)[1], best.x, free)
    mean = float(np.exp(best.x[0] + (within**2 + between**2) / 2))
    constant = float(n.sum()) * np.log(2 * np.pi) / 2 + float(baskets.logs.sum())
    return LognormalFit(mean, within, between, errors, -float(best.fun) - constant, len(n))
