"""Lift: the same customers in two worlds. Differences are paired, and so are their standard errors.

A member-against-non-member comparison is not lift: heavy buyers join. It is computed too (``naive``), to be shown as what it is.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from workbench.finance.cells import Ints, wide
from workbench.finance.paired import (
    Z95,
    Moments,
    PairedRatio,
    fieller,
    paired,
    paired_mean,
    paired_total,
    product_sum,
    quadratic,
)
from workbench.finance.pairs import (
    ACTIVE_LATE,
    AGAIN,
    BASELINE,
    BASELINE_ONLY,
    BOTH,
    CAME,
    CUSTOMERS,
    LATER,
    PROGRAM,
    PROGRAM_ONLY,
    PURCHASES,
    SEGMENTS,
    PairPanel,
    tier_row,
)

__all__ = [
    "ADDED", "SEGMENT_NAMES", "Cost", "GroupLift", "Lift", "Naive",
    "by_segment", "by_tier", "cost_per_added", "cost_share", "lift", "margin", "naive", "purchases_by_world", "repurchase_curve",
]  # fmt: skip

SEGMENT_NAMES = ("lightest", "light", "middle", "heavy", "heaviest")
"""The fifths of the customers by their own purchase rate."""
NO_PURCHASES = (Fraction(0), Fraction(0))
"""Weights of the purchases, where they have none."""
ALL = range(SEGMENTS)
"""The groups that together hold every customer once."""


@dataclass(frozen=True)
class Lift:
    """What the program did, over all customers."""

    purchases: PairedRatio
    """Number."""
    sales: PairedRatio
    """Minor units, gross of discounts."""
    repurchase_rate: PairedRatio
    """Share of those who bought (in either world) with a further purchase within 365 days of their first in the window."""
    repurchase_30: PairedRatio
    repurchase_90: PairedRatio
    active_members: PairedRatio
    """Customers who bought in the last 365 days of the run."""
    interval_days: PairedRatio
    """Mean number of days between two purchases of the same customer."""


@dataclass(frozen=True)
class GroupLift:
    """The same for a group of customers."""

    customers: int
    purchases: PairedRatio
    sales: PairedRatio
    repurchase_rate: PairedRatio


@dataclass(frozen=True)
class Cost:
    """What a world's program cost, minor units."""

    points: Fraction
    """Of the points redeemed, net of those given back."""
    vouchers: Fraction
    """Of the vouchers that points were converted into."""
    offers: Fraction = Fraction(0)
    """Of prices, coupons, bonus value, rebates, messages, and of serving plans and referrals."""
    fees: Fraction = Fraction(0)
    """Fees of plans, less those paid back: what comes in."""

    @property
    def spend(self) -> Fraction:
        """What the program cost, fees apart."""
        return self.points + self.vouchers + self.offers


@dataclass(frozen=True)
class Naive:
    """Members against non-members in the program's world: not lift."""

    members: int
    non_members: int
    purchases: tuple[float, float] | None
    """Mean purchases of a member and of a non-member; None where there are none of either."""
    sales: tuple[float, float] | None
    """The same, in minor units."""

    @property
    def purchases_delta_pct(self) -> float | None:
        """How many more purchases (in per cent) a member makes than a non-member."""
        return (
            None
            if self.purchases is None or not self.purchases[1]
            else 100 * (self.purchases[0] / self.purchases[1] - 1)
        )


def lift(pair: PairPanel) -> Lift:
    """Lift of a program over a baseline lived by the same customers."""
    return Lift(
        purchases=paired_total(_figure(pair, PURCHASES, ALL)),
        sales=paired_total(_sales(pair, ALL)),
        repurchase_rate=paired_mean(_figure(pair, AGAIN, ALL)),
        repurchase_30=paired_mean(_again_within(pair, 30)),
        repurchase_90=paired_mean(_again_within(pair, 90)),
        active_members=paired_total(_figure(pair, ACTIVE_LATE, ALL)),
        interval_days=_interval(pair),
    )


def by_segment(pair: PairPanel) -> list[GroupLift]:
    """Lift of each fifth of the customers by their own purchase rate, the lightest buyers first (``SEGMENT_NAMES``)."""
    return [_group(pair, row) for row in ALL]


def by_tier(pair: PairPanel) -> list[GroupLift]:
    """Lift of those who held no tier, and then by the highest tier held in the program's world. A tier is reached by buying, so that
    purchases the program added lift customers into the tiers: this says where they are, not what a tier does."""
    return [_group(pair, row) for row in range(tier_row(-1), pair.frame.rows)]


def _group(pair: PairPanel, row: int) -> GroupLift:
    rows = range(row, row + 1)
    return GroupLift(
        customers=int(pair.groups[row, CUSTOMERS]),
        purchases=paired_total(_figure(pair, PURCHASES, rows)),
        sales=paired_total(_sales(pair, rows)),
        repurchase_rate=paired_mean(_figure(pair, AGAIN, rows)),
    )


def _figure(pair: PairPanel, figure: int, rows: range) -> Moments:
    """The sums of a figure over groups. Who bought in neither world is not asked whether they bought again."""
    n = pair.groups[rows, CAME if figure == AGAIN else CUSTOMERS].sum()
    return Moments(int(n), *(int(each) for each in pair.figures[rows, figure].sum(axis=0)))


def _sales(pair: PairPanel, rows: range) -> Moments:
    low, high = (int(each) for each in pair.sales[rows].sum(axis=0))
    products = [sum(wide(pair.sales_products[row, place]) for row in rows) for place in range(3)]
    return Moments(int(pair.groups[rows, CUSTOMERS].sum()), low, high, *products)


def _again_within(pair: PairPanel, days: int) -> Moments:
    """Those who bought again within so many days: ones and zeros, so the squares are the sums."""
    low, high, both = (int(pair.waits[world, : days + 1].sum()) for world in (BASELINE, PROGRAM, LATER))
    return Moments(int(pair.waits[BASELINE].sum()), low, high, low, both, high)


def _interval(pair: PairPanel) -> PairedRatio:
    """Mean days between purchases: the ratio of two ratios, linearised in all four sums."""
    days_0, gaps_0, days_1, gaps_1 = (int(each) for each in pair.gaps)
    if not gaps_0 or not gaps_1:
        return PairedRatio(days_0 / gaps_0 if gaps_0 else None, days_1 / gaps_1 if gaps_1 else None, None, None)
    low, high = Fraction(days_0, gaps_0), Fraction(days_1, gaps_1)
    products = [int(each) for each in pair.gap_products]
    return paired(
        int(pair.groups[ALL, CUSTOMERS].sum()),
        low,
        high,
        lambda ratio: quadratic((-ratio / gaps_0, ratio * low / gaps_0, Fraction(1, gaps_1), -high / gaps_1), products),
    )


def cost_share(pair: PairPanel, cost: Cost) -> tuple[float, tuple[float, float] | None] | None:
    """Cost of the program in its world over sales there, and its 95 % interval for the chance of having drawn just these customers
    (a ratio of two sums, as in ``margin``); None without sales."""
    n, sales, points = int(pair.groups[ALL, CUSTOMERS].sum()), int(pair.given[1]), int(pair.given[3])
    if not sales:
        return None
    share, each = cost.spend / sales, cost.points / points if points else Fraction(0)
    if n < 2:
        return float(share), None
    nought = Fraction(0)
    weights = (nought, -share, nought, each, nought, Fraction(1), *[nought] * 4)
    squares = quadratic(weights, [wide(limbs) for limbs in pair.given_products])
    error = Z95 * math.sqrt(squares * n / (n - 1) / sales**2)
    return float(share), (float(share) - error, float(share) + error)


def margin(pair: PairPanel, gross_margin: Fraction, cost_0: Cost, cost_1: Cost) -> PairedRatio:
    """Gross margin of sales, less the cost of the program, and with its fees, in the baseline and in the program's world, minor units.

    A customer's part in the cost of points is that of the points they redeemed, at the mean cost of a point in their world.
    """
    sales_0, sales_1, points_0, points_1 = (int(each) for each in pair.given[:4])
    each_0, each_1 = (
        cost_0.points / points_0 if points_0 else Fraction(0),
        cost_1.points / points_1 if points_1 else Fraction(0),
    )
    products = [wide(limbs) for limbs in pair.given_products]
    return paired(
        int(pair.groups[ALL, CUSTOMERS].sum()),
        gross_margin * sales_0 - cost_0.spend + cost_0.fees,
        gross_margin * sales_1 - cost_1.spend + cost_1.fees,
        lambda ratio: quadratic(
            (
                -ratio * gross_margin,
                gross_margin,
                ratio * each_0,
                -each_1,
                ratio,
                Fraction(-1),
                -ratio,
                Fraction(1),
                *NO_PURCHASES,
            ),
            products,
        ),
    )


def return_on_spend(
    pair: PairPanel, gross_margin: Fraction, cost_0: Cost, cost_1: Cost
) -> tuple[float, tuple[float, float] | None] | None:
    """What a unit of money spent on the program brings beyond itself: (gross margin of the additional sales + additional fees - additional
    spend) / additional spend, against the baseline, with its 95 % interval over customers (a ratio of two paired sums, linearised); None
    where the program costs nothing more than the baseline does."""
    sales_0, sales_1, points_0, points_1 = (int(each) for each in pair.given[:4])
    spend = cost_1.spend - cost_0.spend
    if spend <= 0:
        return None
    gained = gross_margin * (sales_1 - sales_0) + cost_1.fees - cost_0.fees
    ratio = gained / spend
    n = int(pair.groups[ALL, CUSTOMERS].sum())
    if n < 2:
        return float(ratio - 1), None
    each_0 = cost_0.points / points_0 if points_0 else Fraction(0)
    each_1 = cost_1.points / points_1 if points_1 else Fraction(0)
    weights = (
        *(-gross_margin, gross_margin, ratio * each_0, -ratio * each_1),
        *(ratio, -ratio, Fraction(-1), Fraction(1), *NO_PURCHASES),
    )
    squares = quadratic(weights, [wide(limbs) for limbs in pair.given_products])
    error = Z95 * math.sqrt(squares * n / (n - 1) / spend**2)
    return float(ratio - 1), (float(ratio - 1) - error, float(ratio - 1) + error)


ADDED = {"purchase": 8, "sales": 0}
"""What a program adds, and the place of the baseline's figure among those of ``given``: a purchase, a unit of money of sales."""


def cost_per_added(pair: PairPanel, what: str, cost_0: Cost, cost_1: Cost) -> tuple[float, tuple[float, float]] | None:
    """What one more purchase (``purchase``, minor units) or one more unit of sales (``sales``, a share) cost: the additional spend of the program,
    less additional fees, over what was added, against the baseline; and its 95 % interval over customers (Fieller, from paired sums). None where
    as many may have been lost as were added: the 95 % interval of what was added holds 0."""
    place = ADDED[what]
    nought, one = Fraction(0), Fraction(1)
    given = [int(each) for each in pair.given]
    each_0 = cost_0.points / given[2] if given[2] else nought
    each_1 = cost_1.points / given[3] if given[3] else nought
    spent = (nought, nought, -each_0, each_1, -one, one, one, -one, nought, nought)
    added = tuple(-one if k == place else one if k == place + 1 else nought for k in range(10))
    products = [wide(limbs) for limbs in pair.given_products]
    over = cost_1.spend - cost_0.spend - (cost_1.fees - cost_0.fees)
    squares = quadratic(spent, products), product_sum(spent, added, products), quadratic(added, products)
    return fieller(int(pair.groups[ALL, CUSTOMERS].sum()), over, Fraction(given[place + 1] - given[place]), squares)


def purchases_by_world(pair: PairPanel) -> dict[str, int]:
    """Purchases made in the baseline only, in both worlds, in the program's world only."""
    names = {"baseline_only": BASELINE_ONLY, "both": BOTH, "program_only": PROGRAM_ONLY}
    return {name: int(pair.counts[place]) for name, place in names.items()}


def naive(pair: PairPanel) -> Naive:
    """What a comparison of members with non-members would say."""
    (others, bought_0, spent_0), (members, bought_1, spent_1) = (tuple(int(each) for each in row) for row in pair.naive)
    if not others or not members:
        return Naive(members, others, None, None)
    return Naive(members, others, (bought_1 / members, bought_0 / others), (spent_1 / members, spent_0 / others))


def repurchase_curve(pair: PairPanel, days: Ints) -> dict[str, npt.NDArray[np.float64]]:
    """Share of customers who bought again within so many days (365 at the most) of their first purchase: program, baseline, their
    difference and its 95 % interval (difference, low, high), one value for each entry of ``days``."""
    without, with_it, both = (np.cumsum(row)[days].astype(float) for row in pair.waits)
    came = int(pair.waits[BASELINE].sum())
    n = max(came, 1)
    mean = (with_it - without) / n
    error = np.full(len(days), np.nan)
    if came > 1:
        spread = np.maximum(with_it + without - 2 * both - n * mean**2, 0) / (n - 1)
        error = Z95 * np.sqrt(spread / n)
    return {
        "program": with_it / n,
        "baseline": without / n,
        "difference": mean,
        "low": mean - error,
        "high": mean + error,
    }
