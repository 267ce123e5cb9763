"""The toy as one would write it in SimPy: a process for each customer, one for the calendar, rules in plain Python."""

from collections.abc import Generator
from math import log
from random import Random

import simpy

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
Process = Generator[simpy.Event, None, None]


class Customer:
    """A customer and their account."""

    __slots__ = ("rate", "life", "old", "new", "year_spend", "gold")

    def __init__(self, rate: float, life: float) -> None:
        self.rate, self.life = rate, life
        self.old = 0  # points earned last year
        self.new = 0  # points earned this year
        self.year_spend = 0
        self.gold = False


class Program:
    """The rules, and what has happened so far."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.purchases = self.spent = self.earned = self.redeemed = self.lapsed = 0
        self.months: list[tuple[int, int]] = []

    def purchase(self, customer: Customer) -> None:
        """Redeem, then earn."""
        amount = max(1, round(self.random.lognormvariate(MEDIAN_LOG, BASKET_SD)))
        if customer.old + customer.new >= REWARD and self.random.random() < CHANCE:
            from_old = min(customer.old, REWARD)
            customer.old -= from_old
            customer.new -= REWARD - from_old
            self.redeemed += REWARD
        points = amount // DOLLARS
        customer.new += points
        customer.year_spend += amount
        self.purchases += 1
        self.spent += amount
        self.earned += points

    def close_month(self, everybody: list[Customer]) -> None:
        """Take the snapshot."""
        points = sum(each.old + each.new for each in everybody)
        self.months.append((points, sum(each.gold for each in everybody)))

    def begin_year(self, everybody: list[Customer]) -> None:
        """Let the points of the year before last lapse; review tiers."""
        for customer in everybody:
            self.lapsed += customer.old
            customer.old, customer.new = customer.new, 0
            customer.gold = customer.year_spend >= GOLD
            customer.year_spend = 0


def shop(env: simpy.Environment, program: Program, customer: Customer) -> Process:
    """Buy until lost."""
    program.purchase(customer)
    while True:
        yield env.timeout(program.random.expovariate(customer.rate))
        if env.now >= customer.life:
            return
        program.purchase(customer)


def calendar(env: simpy.Environment, program: Program, everybody: list[Customer]) -> Process:
    """The ends of months and years."""
    for day in MONTH_ENDS:
        yield env.timeout(day - env.now)
        program.close_month(everybody)
        if day % YEAR == 0 and day < HORIZON:
            program.begin_year(everybody)


def simulate(count: int, seed: int = 1) -> Result:
    """Live ``count`` customers for three years."""
    env, program = simpy.Environment(), Program(seed)
    who = customers(count, seed)
    everybody = [Customer(rate, life) for rate, life in zip(who.rate.tolist(), who.life.tolist(), strict=True)]
    for customer in everybody:
        env.process(shop(env, program, customer))
    env.process(calendar(env, program, everybody))
    env.run(until=HORIZON + 1)
    return Result(
        purchases=program.purchases,
        spent=program.spent,
        earned=program.earned,
        redeemed=program.redeemed,
        lapsed=program.lapsed,
        outstanding=sum(each.old + each.new for each in everybody),
        months=program.months,
    )
