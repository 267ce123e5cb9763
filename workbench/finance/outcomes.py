"""Who gains and who loses by a program, and where a difference in sales comes from: read from a pair's panel."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from math import factorial, prod

from workbench.finance.pairs import (
    CAME_BASELINE,
    CAME_PROGRAM,
    CUSTOMERS,
    GAINED,
    LOSERS,
    LOST,
    PURCHASES,
    SEGMENTS,
    WINNERS,
    PairPanel,
    tier_row,
)

__all__ = [
    "FACTORS",
    "Decomposition",
    "Worth",
    "decomposition",
    "footed",
    "worth_by_segment",
    "worth_by_tier",
    "worth_in_all",
]

FACTORS = ("members", "share_buying", "purchases", "basket")
"""What sales are the product of: customers, the share of them who bought, purchases of each who did, and the mean of one."""


@dataclass(frozen=True)
class Worth:
    """Members by what they get of one program more than of another: worth of redemptions, savings, rebates and points held, less fees."""

    winners: int
    losers: int
    unchanged: int
    gained: int
    """By all winners, minor units."""
    lost: int
    """By all losers, minor units."""

    @property
    def members(self) -> int:
        """All of them."""
        return self.winners + self.losers + self.unchanged


def worth_by_segment(pair: PairPanel) -> list[Worth]:
    """For each fifth of the customers by their own purchase rate, the lightest buyers first."""
    return [_worth(pair, row) for row in range(SEGMENTS)]


def worth_by_tier(pair: PairPanel) -> list[Worth]:
    """For those who held no tier, and then by the highest tier held in the program's world."""
    return [_worth(pair, row) for row in range(tier_row(-1), pair.frame.rows)]


def worth_in_all(pair: PairPanel) -> Worth:
    """For all customers: winners, losers and unchanged are everyone."""
    groups = worth_by_segment(pair)
    return Worth(*(sum(getattr(each, name) for each in groups) for name in Worth.__annotations__))


def _worth(pair: PairPanel, row: int) -> Worth:
    winners, losers = int(pair.worth[row, WINNERS]), int(pair.worth[row, LOSERS])
    rest = int(pair.groups[row, CUSTOMERS]) - winners - losers
    return Worth(winners, losers, rest, int(pair.worth[row, GAINED]), int(pair.worth[row, LOST]))


@dataclass(frozen=True)
class Decomposition:
    """Sales of both worlds as a product, and what each factor adds to the difference; the parts add up to it exactly."""

    baseline: dict[str, Fraction]
    """The factors in the baseline; basket in minor units."""
    program: dict[str, Fraction]
    difference: Fraction
    """Sales of the program's world less those of the baseline, minor units."""
    parts: dict[str, Fraction]
    """Of that, by factor: the mean over all orders in which the factors may change from one world to the other (Shapley 1953)."""


def decomposition(pair: PairPanel) -> Decomposition | None:
    """The difference in sales by factor; None where nobody bought in one of the worlds."""
    groups, rows = pair.groups[:SEGMENTS].sum(axis=0), range(SEGMENTS)
    customers = int(groups[CUSTOMERS])
    worlds = []
    for world, came in enumerate((CAME_BASELINE, CAME_PROGRAM)):
        buyers = int(groups[came])
        purchases = int(sum(pair.figures[row, PURCHASES, world] for row in rows))
        sales = int(sum(pair.sales[row, world] for row in rows))
        if not purchases:
            return None
        values = (
            Fraction(customers),
            Fraction(buyers, customers),
            Fraction(purchases, buyers),
            Fraction(sales, purchases),
        )
        worlds.append(dict(zip(FACTORS, values, strict=True)))
    low, high = worlds
    parts = dict.fromkeys(FACTORS, Fraction(0))
    for order in permutations(FACTORS):
        now = dict(low)
        for name in order:
            before = prod(now.values(), start=Fraction(1))
            now[name] = high[name]
            parts[name] += prod(now.values(), start=Fraction(1)) - before
    parts = {name: part / factorial(len(FACTORS)) for name, part in parts.items()}
    difference = prod(high.values(), start=Fraction(1)) - prod(low.values(), start=Fraction(1))
    return Decomposition(low, high, difference, parts)


def footed(parts: dict[str, Fraction], total: Fraction) -> dict[str, int]:
    """The parts as whole numbers that add up to the whole total (it must be one): rounded down, and then the largest fractions rounded up."""
    whole = {name: part.numerator // part.denominator for name, part in parts.items()}
    missing = int(total) - sum(whole.values())
    by_fraction = sorted(parts, key=lambda name: parts[name] - whole[name], reverse=True)
    return whole | {name: whole[name] + 1 for name in by_fraction[:missing]}
