"""What a coupon takes off an order: the base of its lines, the saving, and where it is taken.

The base of a line is its amount less its ``discount`` column and its delivery, less the member price (where that is looked at first), less
what earlier coupons took; never below 0.
"""

from workbench.rules.coupon_terms import (
    AMOUNT_OFF,
    FREE_DELIVERY,
    FREE_ITEM,
    NO_MEMBER_PRICE,
    PERCENT_OFF,
    SECOND_HALF,
)  # fmt: skip
from workbench.rules.earn_parts import known
from workbench.units import muldiv, rule

__all__ = ["basket_of", "clear_lines", "clear_member_price", "saving_of", "take_off"]


@rule
def clear_lines(lines, count):
    """Nothing is taken off an order's lines yet."""
    for i in range(count):
        line = lines[i]
        line.price_rule = 0
        line.price_off = 0
        line.price_delivery = 0
        line.coupon_off = 0
        line.coupon_delivery = 0


@rule
def counts(terms, line, kind):
    """Whether a line is of a coupon's categories and channels."""
    coupons = terms.coupons
    category = known(line.category, terms.earn.categories)
    return coupons.categories[kind][category] and coupons.channels[kind][known(line.channel, terms.earn.channels)]


@rule
def base_of(terms, line, kind):
    """What of a line a coupon looks at; 0 where the line does not count."""
    if not counts(terms, line, kind):
        return 0
    base = line.amount - line.discount - line.delivery - line.coupon_off
    if not terms.coupons.forbids[kind] & NO_MEMBER_PRICE:
        base -= line.price_off
    return max(base, 0)


@rule
def delivery_of(terms, line, kind):
    """What a line's delivery still costs; 0 where the line does not count."""
    if not counts(terms, line, kind):
        return 0
    left = line.delivery - line.coupon_delivery
    if not terms.coupons.forbids[kind] & NO_MEMBER_PRICE:
        left -= line.price_delivery
    return max(left, 0)


@rule
def basket_of(terms, order, count, kind):
    """The sum of the bases of an order's lines."""
    total = 0
    for i in range(count):
        total += base_of(terms, order.lines[i], kind)
    return total


@rule
def saving_of(terms, order, count, kind):
    """What a coupon takes off (of a gift: its worth); a kind that needs two items gives nothing for fewer."""
    coupons = terms.coupons
    gives = coupons.gives[kind]
    if gives == FREE_ITEM:
        return coupons.amount[kind]
    if gives == FREE_DELIVERY:
        total = 0
        for i in range(count):
            total += delivery_of(terms, order.lines[i], kind)
        return total
    base = basket_of(terms, order, count, kind)
    if gives == AMOUNT_OFF:
        return min(coupons.amount[kind], base)
    if gives == PERCENT_OFF:
        saving = muldiv(base, coupons.off[kind], 100_000) // coupons.round_to[kind] * coupons.round_to[kind]
        return min(saving, coupons.cap[kind]) if coupons.cap[kind] > 0 else saving
    second = second_item(terms, order, count, kind, base)
    return second // 2 if gives == SECOND_HALF else second


@rule
def second_item(terms, order, count, kind, base):
    """Price of the cheaper of the two dearest items; 0 where there are fewer than two."""
    price = terms.coupons.amount[kind]
    if price > 0:
        return price if base // price >= 2 else 0
    first, second = 0, 0
    for i in range(count):
        item = base_of(terms, order.lines[i], kind)
        if item > first:
            first, second = item, first
        elif item > second:
            second = item
    return second


@rule
def take_off(terms, order, count, kind, saving):
    """Take a saving off the lines that count, in file order, each down to 0."""
    gives = terms.coupons.gives[kind]
    if gives == FREE_ITEM:
        return
    for i in range(count):
        line = order.lines[i]
        if gives == FREE_DELIVERY:
            part = min(saving, delivery_of(terms, line, kind))
            line.coupon_delivery += part
        else:
            part = min(saving, base_of(terms, line, kind))
            line.coupon_off += part
        saving -= part


@rule
def clear_member_price(order, count):
    """Waive the member price of an order."""
    order.own.discount = 0
    for i in range(count):
        line = order.lines[i]
        line.price_rule = 0
        line.price_off = 0
        line.price_delivery = 0
