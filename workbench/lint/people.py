"""The population in closed form: how often, how much at once, and how much in all the members of a trade buy in so many years.

Purchases are counted as the simulation draws them: one on joining, then a Poisson process whose rate is gamma distributed over members,
until a death at a rate that is gamma distributed too (Pareto/NBD). While a member lives the count is negative binomial; the time lived is
integrated over numerically. The sum of n baskets is exact for Gamma-Gamma baskets; for lognormal ones it is taken as lognormal with
the right mean and variance (Fenton 1960), which is exact for n = 1.
"""

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincinv, ndtr, ndtri

from workbench.population.spec import DAYS_PER_UNIT, DAYS_PER_YEAR, GammaGamma, ParetoNbd, Population
from workbench.units import CENTS, to_minor

__all__ = ["Counts", "Orders", "People"]

NODES = 48
"""Gauss-Legendre nodes over the time lived."""
EACH, STEP = 2048, 1.005
"""Counts up to the first are told apart; beyond it they stand in bins, each so many times as wide as the one before."""
NO_TAIL = 1e-13
SPREAD, ORDER_NODES = 6.0, 961
"""Orders are weighed at evenly spaced normal deviates within +-6, 1/80 of a standard deviation apart."""


class Counts(NamedTuple):
    """How many purchases members make in some time."""

    number: np.ndarray
    """float64: purchases; whole up to ``EACH``, then the middle of a bin."""
    share: np.ndarray
    """float64: share of members who make so many; they add up to 1."""


class Orders(NamedTuple):
    """Orders of all sizes."""

    amount: np.ndarray
    """int64: minor units, multiples of the price step."""
    weight: np.ndarray
    """float64: adds up to 1."""


class People:
    """A population's figures. Money in major units, time in years of 365.25 days, unless said otherwise."""

    def __init__(self, population: Population) -> None:
        self.population = population
        self.kept = 1.0 - population.returns.share
        """Share of purchases that are not refunded; the others count for nothing."""
        self.rate = population.purchases.purchases_per_year * self.kept
        """Mean purchases of a living member in a year."""
        self._counts: dict[tuple[float, float], Counts] = {}

    # --- one order -----------------------------------------------------------------------------------------------
    @cached_property
    def mean_order(self) -> float:
        """The mean order, at prices there are."""
        return float(self.orders.amount @ self.orders.weight) / CENTS

    def order(self, share: float) -> float:
        """The order that a share of all orders do not exceed; its half is the typical order."""
        spec = self.population.basket
        if isinstance(spec, GammaGamma):
            odds = float(betaincinv(spec.q, spec.p, 1.0 - share))
            return spec.gamma * (1.0 - odds) / odds
        spread = math.hypot(spec.sd_within, spec.sd_between)
        return spec.mean * math.exp(spread * float(ndtri(share)) - spread**2 / 2)

    def priced(self, value: float) -> int:
        """An amount as an order can have it: minor units, the nearest multiple of the price step, at least one."""
        step = to_minor(self.population.price_step)
        return max(1, round(value * CENTS / step)) * step

    @property
    def typical_order(self) -> int:
        """The median order, minor units."""
        return self.priced(self.order(0.5))

    def orders_from(self, value: float) -> float:
        """Share of orders of at least so much."""
        return float(self.sums_from(np.ones(1), np.array([value]))[0])

    @cached_property
    def orders(self) -> Orders:
        """Orders of all sizes with their weights."""
        z = np.linspace(-SPREAD, SPREAD, ORDER_NODES)
        weight = np.exp(-z * z / 2)
        amounts = [self.priced(self.order(float(share))) for share in ndtr(z)]
        return Orders(np.array(amounts, dtype=np.int64), weight / weight.sum())

    # --- orders in some time ---------------------------------------------------------------------------------------
    def counts(self, years: float, season: float = 1.0) -> Counts:
        """Purchases that members make in the first years from joining, the joining one included; ``season`` times as often as usual."""
        key = (years, season)
        if key not in self._counts:
            self._counts[key] = self._count(years, season)
        return self._counts[key]

    def _count(self, years: float, season: float) -> Counts:
        spec = self.population.purchases
        lived, weight = self._lived(years)
        chance = lived * season * self.kept / (spec.alpha + lived * season * self.kept)
        edges = [0]
        at_least = [1.0]
        while at_least[-1] > NO_TAIL and len(edges) < 10 * EACH:
            block = np.array(_next_edges(edges[-1]))
            tails = weight @ betainc(block[None, :], spec.r, chance[:, None])
            edges += block.tolist()
            at_least += tails.tolist()
        low, tail = np.array(edges), np.array(at_least)
        share = np.append(tail[:-1] - tail[1:], tail[-1])
        middle = np.append((low[:-1] + low[1:] - 1) / 2, low[-1])
        return Counts(1.0 + middle, share / share.sum())

    def _lived(self, years: float) -> tuple[np.ndarray, np.ndarray]:
        """Time lived within the years, in the population's unit, with the share of members who live so long."""
        spec = self.population.purchases
        end = years * DAYS_PER_YEAR / DAYS_PER_UNIT[spec.unit]
        if not isinstance(spec, ParetoNbd):
            return np.array([end]), np.array([1.0])
        dead = -math.expm1(-spec.s * math.log1p(end / spec.beta))
        node, weight = np.polynomial.legendre.leggauss(NODES)
        rank = dead * (node + 1) / 2
        lived = spec.beta * np.expm1(-np.log1p(-rank) / spec.s)
        return np.append(lived, end), np.append(dead * weight / 2, 1.0 - dead)

    def again_within(self, days: float) -> float:
        """Share of living members who buy again within so many days."""
        spec = self.population.purchases
        waited = days / DAYS_PER_UNIT[spec.unit] * self.kept
        return -math.expm1(-spec.r * math.log1p(waited / spec.alpha))

    def busiest(self, months: int) -> float:
        """Purchase rate of the busiest calendar period of so many months (1, 3, 6, 12) over that of the year."""
        weights = np.array(self.population.seasonality.month)
        return float(weights.reshape(-1, months).mean(axis=1).max() / weights.mean())

    # --- money in some time ----------------------------------------------------------------------------------------
    def sums_from(self, number: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Share of members whose so many orders come to at least so much: float64, entry by entry."""
        spec = self.population.basket
        number, value = np.broadcast_arrays(np.asarray(number, float), np.asarray(value, float))
        found = np.zeros(number.shape)
        found[value <= 0] = 1.0
        open_ = (value > 0) & np.isfinite(value) & (number > 0)
        n, x = number[open_], value[open_]
        if isinstance(spec, GammaGamma):
            found[open_] = betainc(spec.q, n * spec.p, spec.gamma / (spec.gamma + x))
            return found
        within = np.log1p(math.expm1(spec.sd_within**2) / n)
        middle = np.log(n * spec.mean) - (spec.sd_between**2 + within) / 2
        spread = np.sqrt(within + spec.sd_between**2)
        with np.errstate(divide="ignore"):
            found[open_] = np.where(
                spread > 0, ndtr((middle - np.log(x)) / np.where(spread > 0, spread, 1)), middle >= np.log(x)
            )
        return found

    def spend_from(self, value: float, years: float, season: float = 1.0) -> float:
        """Share of members who spend at least so much."""
        counts = self.counts(years, season)
        return float(counts.share @ self.sums_from(counts.number, np.full(len(counts.number), value)))

    def largest_spend(self, years: float, season: float = 1.0, share: float = 1e-4) -> float:
        """What only a share of members exceed: the largest plausible member, by bisection to a millionth."""
        low, high = 0.0, self.mean_order
        while self.spend_from(high, years, season) > share:
            low, high = high, 2 * high
        while high - low > 1e-6 * high:
            middle = (low + high) / 2
            if self.spend_from(middle, years, season) > share:
                low = middle
            else:
                high = middle
        return high


def _next_edges(last: int) -> list[int]:
    """The next 256 lower edges of bins."""
    found = []
    for _ in range(256):
        last = last + 1 if last < EACH else max(last + 1, int(last * STEP))
        found.append(last)
    return found
