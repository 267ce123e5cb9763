"""Which distribution of baskets a population gets, and on what level."""

from typing import NamedTuple

import numpy as np

from workbench.population.calibration.orders import Occasions
from workbench.population.calibration.spend import (
    GammaGammaFit,
    LognormalFit,
    fit_gamma_gamma,
    fit_lognormal,
    repeat_baskets,
)

__all__ = ["GAMMA_GAMMA", "LOGNORMAL", "Spend", "spend"]

GAMMA_GAMMA, LOGNORMAL = "gamma-gamma", "lognormal"
LEAST_REPEATERS = 50
"""Customers with repeat baskets; with fewer, first baskets are used too."""


class Spend(NamedTuple):
    """Baskets; amounts in major units."""

    gamma_gamma: GammaGammaFit
    lognormal: LognormalFit
    chosen: str
    mean: float
    """Mean basket of all purchase days: what sales are made of."""
    mean_error: float
    """Its standard error, with customers as the sample."""
    median: float
    scale: float
    """The chosen distribution's level is multiplied by so much, to give the mean."""
    whole: bool
    """All amounts are whole numbers of major units."""
    empty: int
    """Purchase days with nothing paid: they count as purchases and not as baskets."""
    warnings: list[str]


def spend(days: Occasions, basket: str | None) -> Spend:
    """The baskets of purchase days. Raises ValueError where no purchase has an amount above 0."""
    paid = days.basket > 0
    if not paid.any():
        raise ValueError("expected amounts above 0: no purchase has one")
    baskets = repeat_baskets(days.customer, days.basket)
    few = len(baskets.number) < LEAST_REPEATERS
    if few:
        baskets = repeat_baskets(days.customer, days.basket, first=True)
    gamma_gamma, lognormal = fit_gamma_gamma(baskets), fit_lognormal(baskets)
    likelier = GAMMA_GAMMA if gamma_gamma.of_baskets > lognormal.of_baskets else LOGNORMAL
    usable = gamma_gamma.q > 1.001 and gamma_gamma.p > 0.051
    chosen = (basket or likelier) if usable else LOGNORMAL
    amount = days.basket[paid] / 100
    mean, error = _mean(days.customer[paid], amount)
    model_mean = gamma_gamma.p * gamma_gamma.gamma / (gamma_gamma.q - 1) if chosen == GAMMA_GAMMA else lognormal.mean
    told = Spend(
        gamma_gamma, lognormal, chosen, mean, error, float(np.median(amount)), mean / model_mean,
        bool((days.basket % 100 == 0).all()), int((~paid).sum()), [],
    )  # fmt: skip
    return told._replace(warnings=_warnings(told, days, basket, usable, few))


def _mean(customer: np.ndarray, amount: np.ndarray) -> tuple[float, float]:
    """Mean of all amounts; its error is that of a ratio of two sums over customers."""
    _, place = np.unique(customer, return_inverse=True)
    number, total = np.bincount(place), np.bincount(place, weights=amount)
    mean = float(total.sum() / number.sum())
    n = len(number)
    spread = float(((total - mean * number) ** 2).sum()) * n / max(n - 1, 1)
    return mean, float(np.sqrt(spread)) / float(number.sum())


def _warnings(found: Spend, days: Occasions, asked: str | None, usable: bool, few: bool) -> list[str]:
    told = []
    if not usable:
        told.append(
            f"gamma-gamma has no mean basket here (q {found.gamma_gamma.q:.3g}, p {found.gamma_gamma.p:.3g}): the population is lognormal"
        )
    gap = found.lognormal.of_baskets - found.gamma_gamma.of_baskets
    if asked == GAMMA_GAMMA and usable and gap > 2:
        told.append(
            f"lognormal baskets are likelier than gamma-gamma ones, which were asked for (log-likelihood +{gap:,.1f})"
        )
    if few:
        told.append("few customers with repeat baskets: first baskets are used too")
    if abs(found.scale - 1) > 0.05:
        told.append(
            f"the mean basket is {found.mean:,.2f} over purchases and {found.mean / found.scale:,.2f} over customers as {found.chosen} has them "
            f"(who buys more often spends {'more' if found.scale > 1 else 'less'} at a time, or a few purchases are very large); the "
            f"population's level is multiplied by {found.scale:.3f}, so that sales come out right"
        )
    if found.empty:
        told.append(f"{found.empty:,} purchase days with nothing paid: counted as purchases, not as baskets")
    top = float(np.sort(days.basket)[::-1][: max(1, len(days.basket) // 1000)].sum() / days.basket.sum())
    if top > 0.1 and len(days.basket) >= 1000:
        told.append(f"the largest 0.1 % of purchases make {100 * top:.0f} % of sales: the mean basket rests on them")
    return told
