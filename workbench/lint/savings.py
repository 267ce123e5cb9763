"""What a coupon or a member price takes off an order, in closed form: the figures that the families of offers share. Money in minor units."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from workbench.lint.subject import Subject
from workbench.rules.coupon_spec import (
    AmountOff,
    Coupon,
    FreeDelivery,
    FreeItem,
    PercentOff,
    SecondHalfPrice,
)
from workbench.rules.price_spec import MemberPrice
from workbench.rules.trigger_spec import OnBirthday
from workbench.units import to_day, to_minor

__all__ = ["Saving", "best_price", "coupon_days", "least_order", "saving_of", "stacks"]

SMALL = 0.1
"""Where nothing bounds an order from below, one order in ten is smaller than the one looked at."""
MOST_AT_ONCE = 3
"""Coupons of one order that are looked at together."""


class Saving(NamedTuple):
    """What is given on an order of ``order``: worth to the member and cost to the brand."""

    order: int
    worth: Fraction
    cost: Fraction


def least_order(subject: Subject, coupon: Coupon) -> int:
    """The smallest order the coupon can be used on, or, where there is no minimum, a small one of the population."""
    people = subject.people
    least = to_minor(coupon.minimum_basket)
    item = getattr(coupon.gives, "item_price", None)
    if item is not None:
        least = max(least, 2 * to_minor(item))
    return least or people.priced(people.order(SMALL))


def saving_of(coupon: Coupon, order: int, left: Fraction | None = None) -> Saving:
    """What the coupon gives on an order of which ``left`` is still to pay (all of it, where left out)."""
    base = Fraction(order) if left is None else left
    gives = coupon.gives
    cost: Fraction | None = None
    if isinstance(gives, AmountOff):
        worth = min(Fraction(to_minor(gives.amount)), base)
    elif isinstance(gives, PercentOff):
        step = to_minor(gives.round_to)
        worth = Fraction(base * Fraction(gives.off) // step * step)
        worth = worth if gives.cap is None else min(worth, Fraction(to_minor(gives.cap)))
    elif isinstance(gives, FreeItem):
        worth, cost = Fraction(to_minor(gives.value)), Fraction(to_minor(gives.unit_cost))
    elif isinstance(gives, FreeDelivery):
        worth = Fraction(0)
    else:
        price = order // 2 if gives.item_price is None else to_minor(gives.item_price)
        worth = Fraction(price // 2 if isinstance(gives, SecondHalfPrice) else price)
    borne = (worth if cost is None else cost) * (1 - Fraction(coupon.partner_share))
    return Saving(order, worth, borne + to_minor(coupon.handling_cost))


def best_price(subject: Subject, order: int) -> tuple[int, MemberPrice] | None:
    """The largest member price that some order of so much can have, with its place in the file; of those whose dates are not all past."""
    found = [
        (k, each)
        for k, each in enumerate(subject.program.prices)
        if order >= to_minor(each.minimum_basket)
        and (not each.dates or any(to_day(span.last) >= subject.first for span in each.dates))
    ]
    return max(found, key=lambda pair: pair[1].off, default=None)


def stacks(subject: Subject) -> Iterator[tuple[tuple[int, ...], Saving]]:
    """Coupons that can be used together on one order, up to three, with the best member price beside them where all allow it: what they give
    on the least order that all of them can be used on."""
    coupons = subject.program.coupons
    for size in range(1, MOST_AT_ONCE + 1):
        for places in combinations(range(len(coupons)), size):
            chosen = [coupons[k] for k in places]
            if size > 1 and not all("coupons" in each.combines_with for each in chosen):
                continue
            yield places, _together(subject, chosen)


def _together(subject: Subject, chosen: list[Coupon]) -> Saving:
    order = max(least_order(subject, each) for each in chosen)
    worth, cost, left = Fraction(0), Fraction(0), Fraction(order)
    price = best_price(subject, order) if all("member_price" in each.combines_with for each in chosen) else None
    if price is not None:
        off = min(left, order * Fraction(price[1].off))
        worth, cost, left = worth + off, cost + off, left - off
    for each in chosen:
        given = saving_of(each, order, left)
        worth, cost = worth + given.worth, cost + given.cost
        if not isinstance(each.gives, FreeItem):
            left = max(Fraction(0), left - given.worth)
    return Saving(order, worth, cost)


def coupon_days(coupon: Coupon) -> int | None:
    """Days on which a coupon can be used, on average over the days it may begin on; None where it never lapses or ends on a date."""
    validity, trigger = coupon.validity, coupon.trigger
    if (
        isinstance(trigger, OnBirthday)
        and trigger.when == "month_start"
        and validity.round_up == "month"
        and validity.days == 0
    ):
        return 30
    rounded = {None: 0, "month": 15, "quarter": 45, "half": 91, "year": 182}[validity.round_up]
    if validity.days is not None:
        return validity.days - validity.delay_days + 1 + rounded
    return None if validity.months is None else 30 * validity.months - validity.delay_days + 1 + rounded
