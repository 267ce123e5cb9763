"""The toy as a plain Python loop: customer after customer, from purchase to purchase, without a queue of events."""

from math import log
from random import Random

from benchmarks.peers.toy import (
    BASKET_SD,
    CHANCE,
    DOLLARS,
    GOLD,
    HORIZON,
    MEAN_BASKET,
    MONTH_ENDS,
    REWARD,
    YEAR,
    Result,
    customers,
)

__all__ = ["simulate"]

MEDIAN_LOG = log(MEAN_BASKET) - BASKET_SD**2 / 2


def simulate(count: int, seed: int = 1) -> Result:
    """Live ``count`` customers for three years."""
    random = Random(seed)
    wait, basket, chance = random.expovariate, random.lognormvariate, random.random
    purchases = spent = earned = redeemed = lapsed = outstanding = 0
    month_points, month_gold = [0] * len(MONTH_ENDS), [0] * len(MONTH_ENDS)
    who = customers(count, seed)
    for rate, life in zip(who.rate.tolist(), who.life.tolist(), strict=True):
        old = new = year_spend = gold = 0
        time = 0.0
        for month, end in enumerate(MONTH_ENDS):
            until = min(life, end)
            while time < until:
                amount = max(1, round(basket(MEDIAN_LOG, BASKET_SD)))
                if old + new >= REWARD and chance() < CHANCE:
                    from_old = min(old, REWARD)
                    old -= from_old
                    new -= REWARD - from_old
                    redeemed += REWARD
                points = amount // DOLLARS
                new += points
                year_spend += amount
                purchases += 1
                spent += amount
                earned += points
                time += wait(rate)
            month_points[month] += old + new
            month_gold[month] += gold
            if end % YEAR == 0 and end < HORIZON:
                lapsed += old
                old, new = new, 0
                gold = 1 if year_spend >= GOLD else 0
                year_spend = 0
        outstanding += old + new
    months = list(zip(month_points, month_gold, strict=True))
    return Result(purchases, spent, earned, redeemed, lapsed, outstanding, months)
