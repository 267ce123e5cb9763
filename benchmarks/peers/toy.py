"""The toy program of the peers: what it promises, who its customers are, and what a run of it returns.

Customers come on the first day with a purchase, and go on to buy for three years of 365 days: rates are gamma distributed with a mean
of 8 purchases a year, and customers are lost at gamma distributed rates (Pareto/NBD). Baskets are lognormal, in whole dollars.
Each purchase:

1. with at least 200 points in hand, a chance of 3 in 10 to redeem 200 of them, the oldest first;
2. one point for each full $50, in a lot of its year that lapses at the end of the next year.

At the end of each month a snapshot is taken. When a year begins, lots lapse, and whoever spent $10,000 in the year before is gold for this
one. ``toy.yaml`` says the same as a program file, which the kernel can live.
"""

from typing import NamedTuple

import numpy as np

__all__ = [
    "BASKET_SD",
    "CHANCE",
    "DEATH_SCALE",
    "DEATH_SHAPE",
    "DOLLARS",
    "GOLD",
    "HORIZON",
    "MEAN_BASKET",
    "MONTH_ENDS",
    "RATE_SCALE",
    "RATE_SHAPE",
    "REWARD",
    "YEAR",
    "YEAR_OF_RATES",
    "Customers",
    "Result",
    "customers",
]

YEAR = 365
HORIZON = 3 * YEAR
YEAR_OF_RATES = 365.25
MONTH_ENDS = tuple(YEAR * month // 12 for month in range(1, 37))
"""Days passed at the end of each month (a twelfth of a year); every twelfth is the end of a year."""
DOLLARS = 50
REWARD, CHANCE = 200, 0.3
GOLD = 10_000
RATE_SHAPE, RATE_SCALE = 0.9, 0.1125
"""Purchases per year ~ Gamma(shape, rate = scale): a mean of 8."""
DEATH_SHAPE, DEATH_SCALE = 1.0, 4.0
"""Losses per year ~ Gamma(shape, rate = scale): a mean of a quarter."""
MEAN_BASKET, BASKET_SD = 1000.0, 0.8


class Customers(NamedTuple):
    """Who buys; arrays of one length."""

    rate: np.ndarray
    """float64: purchases per day while alive."""
    life: np.ndarray
    """float64: days until lost, at most the horizon."""


def customers(count: int, seed: int) -> Customers:
    """The customers of a run: every peer gets the same ones."""
    rng = np.random.default_rng([seed, 0])
    rate = rng.gamma(RATE_SHAPE, 1 / RATE_SCALE, count) / YEAR_OF_RATES
    death_rate = rng.gamma(DEATH_SHAPE, 1 / DEATH_SCALE, count) / YEAR_OF_RATES
    return Customers(rate, np.minimum(rng.exponential(1.0, count) / death_rate, HORIZON))


class Result(NamedTuple):
    """What came of a run."""

    purchases: int
    spent: int
    earned: int
    redeemed: int
    lapsed: int
    outstanding: int
    """Points left in the lots at the end, counted there."""
    months: list[tuple[int, int]]
    """At the end of each month: points outstanding, customers who are gold."""
