"""Member prices: which share is taken off each line of an order. ``price_spec.py`` holds what a program file may say."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, NamedTuple

from workbench.ledger import DISCOUNT, post
from workbench.rules.bounds import CATEGORIES, CHANNELS, DAYS, PLANS, PRICES, TIERS, Prices
from workbench.rules.coupon_terms import NO_MEMBER_PRICE
from workbench.rules.earn_parts import is_birthday, known
from workbench.rules.price_spec import MemberPrice
from workbench.rules.trigger_spec import WEEKDAYS
from workbench.units import EPOCH, NEVER, muldiv, rule, to_minor

__all__ = ["PriceTerms", "close_prices", "lower_prices", "price_lines"]


# --- lowering ---------------------------------------------------------------------------------------------------------
class PriceTerms(NamedTuple):
    """Member prices, each list with an entry for each; money in minor units; yes and no are 1 and 0."""

    rules: int
    off: Prices
    """Share off, in 1/100,000."""
    round_to: Prices
    tiers: Annotated[list[list[int]], (PRICES, TIERS + 1)]
    plans: Annotated[list[list[int]], (PRICES, PLANS + 1)]
    """By 1 + the plan held; the first entry is for who holds none."""
    days: Annotated[list[list[int]], (PRICES, DAYS)]
    birthday: Prices
    """0: no condition, 1: the birthday, 2: its month."""
    categories: Annotated[list[list[int]], (PRICES, CATEGORIES + 1)]
    channels: Annotated[list[list[int]], (PRICES, CHANNELS + 1)]
    free_delivery: Prices
    minimum: Prices


def lower_prices(
    prices: Sequence[MemberPrice],
    tiers: Sequence[str],
    plans: Sequence[str],
    categories: Sequence[str],
    channels: Sequence[str],
    first_day: int,
    last_day: int,
) -> PriceTerms:
    """Terms of member prices over a span of days."""
    days = [EPOCH + timedelta(days=day) for day in range(first_day, last_day + 1)] if prices else []
    return PriceTerms(
        rules=len(prices),
        off=[int(Fraction(each.off) * 100_000) for each in prices],
        round_to=[to_minor(each.round_to) for each in prices],
        tiers=[_mask(tiers, each.tiers) for each in prices],
        plans=[[int(not each.plans), *_mask(plans, each.plans)[:-1]] for each in prices],
        days=[[int(_holds(each, day)) for day in days] for each in prices],
        birthday=[{None: 0, "day": 1, "month": 2}[each.birthday] for each in prices],
        categories=[_mask(categories, each.categories) for each in prices],
        channels=[_mask(channels, each.channels) for each in prices],
        free_delivery=[int(each.free_delivery) for each in prices],
        minimum=[to_minor(each.minimum_basket) for each in prices],
    )


def _mask(names: Sequence[str], chosen: Sequence[str]) -> list[int]:
    """1 for the names chosen, or for all where none is; the last entry is for every other name."""
    return [int(not chosen or name in chosen) for name in names] + [int(not chosen)]


def _holds(price: MemberPrice, day: date) -> bool:
    """Whether a price is given on a day of the calendar."""
    return (
        (not price.weekdays or WEEKDAYS[day.weekday()] in price.weekdays)
        and (not price.days_of_month or day.day in price.days_of_month)
        and (not price.dates or any(span.first <= day <= span.last for span in price.dates))
    )


# --- rules ------------------------------------------------------------------------------------------------------------
@rule
def price_lines(terms, account, order, count):
    """Give each line of an order the largest member price that applies to it. Where coupons come first, what they took is taken off its base."""
    placed = order.own
    if terms.prices.rules == 0 or placed.exclusive & NO_MEMBER_PRICE:
        return
    for i in range(count):
        line = order.lines[i]
        found = best_price(terms, account.own, placed, line)
        if found < 0:
            continue
        base = max(line.amount - line.discount - line.delivery - line.coupon_off, 0)
        round_to = terms.prices.round_to[found]
        line.price_rule = found + 1
        line.price_off = muldiv(base, terms.prices.off[found], 100_000) // round_to * round_to
        if terms.prices.free_delivery[found]:
            line.price_delivery = line.delivery - line.coupon_delivery
        placed.discount += line.price_off + line.price_delivery


@rule
def best_price(terms, own, placed, line):
    """The largest share that applies to a line (the first of equals); -1 if none does."""
    prices = terms.prices
    found = -1
    for k in range(prices.rules):
        applies = (
            prices.days[k][placed.day - terms.first_day]
            and prices.tiers[k][max(own.tier, 0)]
            and prices.plans[k][own.plan]
            and prices.categories[k][known(line.category, terms.earn.categories)]
            and prices.channels[k][known(line.channel, terms.earn.channels)]
            and placed.amount >= prices.minimum[k]
        )
        if applies and prices.birthday[k] > 0:
            applies = is_birthday(own, placed.day, prices.birthday[k] == 2)
        if applies and (found < 0 or prices.off[k] > prices.off[found]):
            found = k
    return found


@rule
def close_prices(terms, account, order, count, day):
    """The entries of an order's member prices, in file order."""
    if order.own.discount == 0:
        return
    for k in range(terms.prices.rules):
        money = 0
        for i in range(count):
            line = order.lines[i]
            if line.price_rule == k + 1:
                money += line.price_off + line.price_delivery
        if money > 0:
            post(account, day, DISCOUNT, 0, money, NEVER, NEVER, order.own.number, terms.why_price[k])
