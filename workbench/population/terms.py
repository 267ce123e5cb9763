"""What a population lowers to: tables of days, basket shapes and shares, the only thing a candidate's arithmetic sees."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import gammainccinv, gammaincinv, ndtr

from workbench.population.random import normal
from workbench.population.spec import DAYS_PER_YEAR, GammaGamma, Lognormal, Population, Seasonality, Shocks
from workbench.units import MAX_MONEY, NEVER, rule, to_day, to_minor

__all__ = [
    "AT_THRESHOLD",
    "BY_CHOICE",
    "NEVER_REDEEMS",
    "PopulationTerms",
    "basket",
    "calendar_time",
    "calendar_times",
    "joins",
    "mean_on",
    "pick",
    "population_terms",
    "return_day",
    "season_weights",
]

NEVER_REDEEMS, AT_THRESHOLD, BY_CHOICE = range(3)
"""How a member redeems."""

Z_LIMIT, NODES_PER_SD = 8.5, 128
"""Baskets are tabulated over +-8.5 standard normal deviations (no uniform of 52 bits lies further out), 128 nodes to each:
linear interpolation is then within 1e-4 of the exact quantile where any basket is likely."""


class PopulationTerms(NamedTuple):
    """A population between two days, in numbers; Numba takes it as it is."""

    start_day: int
    """First day."""
    end_day: int
    """First day after the last."""
    season_total: np.ndarray
    """float64[days + 1]: season time passed at the start of each day since ``start_day`` (the sum of the days' weights)."""
    season_guide: np.ndarray
    """int64[whole season days + 1]: the day (from 0) on which so much season time has passed."""
    price_level: np.ndarray
    """float64[days]: baskets over those of the first day."""
    basket_shape: np.ndarray
    """float64[nodes]: basket over the member's mean, at equal steps of the normal deviate from -8.5 to 8.5."""
    price_step: int
    """Baskets are multiples of so many minor units."""
    category_total: np.ndarray
    """float64[categories]: cumulative shares, the last exactly 1."""
    channel_total: np.ndarray
    """float64[channels]: cumulative shares, the last exactly 1."""
    join_share: float
    """Chance of joining at a purchase."""
    return_share: float
    """Share of purchases refunded."""
    return_days: int
    """Days from purchase to refund."""


def population_terms(population: Population, start_day: int, end_day: int) -> PopulationTerms:
    """Lower a population to the days from ``start_day`` up to, not including, ``end_day``.

    A longer horizon repeats the tables of a shorter one and goes on, so no draw changes.
    """
    if end_day <= start_day:
        raise ValueError(f"the horizon ends ({end_day}) before it begins ({start_day})")
    weights = season_weights(population.seasonality, start_day, end_day) * _shock(population.shocks, start_day, end_day)
    total = np.concatenate(([0.0], np.cumsum(weights)))
    guide = np.searchsorted(total, np.arange(math.floor(total[-1]) + 1), side="right") - 1
    return PopulationTerms(
        start_day=start_day,
        end_day=end_day,
        season_total=total,
        season_guide=guide.astype(np.int64),
        price_level=(1 + population.shocks.basket_inflation) ** (np.arange(end_day - start_day) / DAYS_PER_YEAR),
        basket_shape=_basket_shape(population.basket),
        price_step=to_minor(population.price_step),
        category_total=_cumulative(population.categories),
        channel_total=_cumulative(population.channels),
        join_share=population.joining.share,
        return_share=population.returns.share,
        return_days=population.returns.days,
    )


def _shock(shocks: Shocks, start_day: int, end_day: int) -> np.ndarray:
    """Factor on the purchase rate of each day, float64[days]."""
    found = np.ones(end_day - start_day)
    for shock in shocks.sales:
        first, after = to_day(shock.first) - start_day, to_day(shock.last) + 1 - start_day
        found[max(first, 0) : max(after, 0)] *= shock.factor
    return found


def season_weights(seasonality: Seasonality, start_day: int, end_day: int) -> np.ndarray:
    """Weight of each day, float64[days]: weekday times month, mean 1 over the calendar's cycle of 400 years."""
    cycle = _raw_weights(seasonality, 0, 146097)
    return _raw_weights(seasonality, start_day, end_day) / cycle.mean()


def _raw_weights(seasonality: Seasonality, start_day: int, end_day: int) -> np.ndarray:
    days = np.arange(start_day, end_day)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    return np.array(seasonality.weekday)[weekday] * np.array(seasonality.month)[month]


def _basket_shape(spec: GammaGamma | Lognormal) -> np.ndarray:
    """Quantiles of a member's own baskets over their mean, at equal steps of the normal deviate."""
    z = np.linspace(-Z_LIMIT, Z_LIMIT, int(2 * Z_LIMIT * NODES_PER_SD) + 1)
    if isinstance(spec, Lognormal):
        return np.exp(spec.sd_within * z - spec.sd_within**2 / 2)
    # The upper half by the survival function: the CDF itself rounds to 1 far out.
    return (
        np.where(z < 0, gammaincinv(spec.p, ndtr(np.minimum(z, 0))), gammainccinv(spec.p, ndtr(-np.maximum(z, 0))))
        / spec.p
    )


def _cumulative(shares: Mapping[str, float]) -> np.ndarray:
    total = np.cumsum(list(shares.values()))
    return total / total[-1]


# --- rules ---------------------------------------------------------------------------------------------------------
@rule
def calendar_time(terms: PopulationTerms, season: float) -> float:
    """When so much season time has passed since ``start_day``, in days since 1970 with a fraction; inf past the horizon."""
    total = terms.season_total
    if not season < total[len(total) - 1]:
        return math.inf
    day = terms.season_guide[int(season)]
    while total[day + 1] <= season:
        day += 1
    # Kept off midnight, or rounding could move a time into the next day.
    return terms.start_day + day + min((season - total[day]) / (total[day + 1] - total[day]), 0.9999999999)


def calendar_times(terms: PopulationTerms, season: np.ndarray) -> np.ndarray:
    """``calendar_time`` for an array, operation for operation."""
    total = terms.season_total
    inside = season < total[-1]
    clipped = np.where(inside, season, 0.0)
    day = np.searchsorted(total, clipped, side="right") - 1
    fraction = np.minimum((clipped - total[day]) / (total[day + 1] - total[day]), 0.9999999999)
    return np.where(inside, terms.start_day + day + fraction, np.inf)


@rule
def basket(terms: PopulationTerms, mean: float, u: float) -> int:
    """Basket in minor units, a multiple of the price step: the member's mean (minor units) times the shape at a uniform."""
    place = (normal(u) + Z_LIMIT) * NODES_PER_SD
    node = int(place)
    shape = terms.basket_shape
    amount = mean * (shape[node] + (place - node) * (shape[node + 1] - shape[node]))
    steps = int(min(amount, float(MAX_MONEY - terms.price_step)) / terms.price_step + 0.5)
    return max(steps, 1) * terms.price_step


@rule
def mean_on(terms: PopulationTerms, mean: float, day: int) -> float:
    """A member's mean basket on a day, from that of the first day."""
    return mean * terms.price_level[day - terms.start_day]


@rule
def pick(cumulative: np.ndarray, u: float) -> int:
    """Code of the share that a uniform falls into."""
    code = 0
    while cumulative[code] <= u:
        code += 1
    return code


@rule
def joins(terms: PopulationTerms, u: float) -> bool:
    """Whether a customer who is not yet a member joins at a purchase."""
    return u < terms.join_share


@rule
def return_day(terms: PopulationTerms, day: int, u: float) -> int:
    """The day a purchase is refunded; ``NEVER`` where it is kept."""
    return day + terms.return_days if u < terms.return_share else NEVER
