"""Which part of an order earns, and at which rate and factor: eligible amounts, multipliers, brackets, split orders.

A new condition of a multiplier belongs to ``factor_of``; how many points the parts give stands in ``earn.py``.
"""

from workbench.rules.earn_terms import ADDITIVE, MULTIPLICATIVE, ON_BALANCE, ON_ORDER
from workbench.rules.tiers import metric_total, need_of, window_start
from workbench.units import NEVER, civil, day_of, rule

__all__ = [
    "bracket_of", "cut", "factor_of", "is_birthday", "known", "portion", "rate_before", "set_eligible", "write_part", "write_parts",
]  # fmt: skip


# --- eligible amount and factor --------------------------------------------------------------------------------------
@rule
def known(code, names):
    """Index of a category or channel code in a mask: codes the program does not mention share the entry after its own names'."""
    return min(code, names)


@rule
def set_eligible(terms, lines, count, points_paid, value_paid):
    """Write each line's eligible amount, without what points and stored value paid where that does not earn; returns their sum."""
    earn = terms.earn
    left = (points_paid if earn.without_points_paid else 0) + (0 if terms.value.spend_earns else value_paid)
    total = 0
    for i in range(count):
        line = lines[i]
        amount = line.amount
        if earn.net_of_discount:
            amount -= line.discount
        if earn.without_tax:
            amount -= line.tax
        if earn.net_of_price:
            amount -= line.price_off
        if earn.net_of_coupons:
            amount -= line.coupon_off
        if earn.without_delivery:
            amount -= line.delivery
        else:
            if earn.net_of_price:
                amount -= line.price_delivery
            if earn.net_of_coupons:
                amount -= line.coupon_delivery
        if earn.excluded[known(line.category, earn.categories)]:
            amount = 0
        amount = max(amount, 0)
        paid = min(left, amount)
        left -= paid
        line.eligible = amount - paid
        total += line.eligible
    return total


@rule
def is_birthday(own, day, month_only):
    """Whether a day is the member's birthday (29 Feb: 28 Feb in common years), or lies in its month."""
    if own.birth_month == 0:
        return False
    year, month, _ = civil(day)
    if month_only:
        return month == own.birth_month
    return day == day_of(year, own.birth_month, own.birth_dom)


@rule
def factor_of(terms, own, tier, business, category, channel):
    """The stacked factor of a line, in units of ``one``."""
    earn = terms.earn
    total = earn.one
    seen = False
    for k in range(earn.factors):
        applies = (
            earn.factor_days[k][business - earn.first_day]
            and earn.factor_tiers[k][max(tier, 0)]
            and earn.factor_categories[k][known(category, earn.categories)]
            and earn.factor_channels[k][known(channel, earn.channels)]
        )
        if applies and earn.factor_birthday[k] > 0:
            applies = is_birthday(own, business, earn.factor_birthday[k] == 2)
        if not applies:
            continue
        if earn.stacking == MULTIPLICATIVE:
            total = total // earn.factor_den[k] * earn.factor[k]
        elif earn.stacking == ADDITIVE:
            total += earn.factor[k] - earn.one
        else:
            total = max(total, earn.factor[k]) if seen else earn.factor[k]
        seen = True
    return max(total, 0)


# --- rate ------------------------------------------------------------------------------------------------------------
@rule
def bracket_of(earn, value):
    """The step that an amount or balance reaches."""
    k = 0
    while k + 1 < earn.brackets and value >= earn.bracket_from[k + 1]:
        k += 1
    return k


@rule
def rate_before(terms, own):
    """The rate of a member's tier or balance. With brackets on the order it is decided later, by its amount."""
    earn = terms.earn
    if earn.bracket_on == ON_BALANCE:
        return bracket_of(earn, max(own.balance - own.debt, 0))
    return 0 if earn.bracket_on == ON_ORDER else earn.rate_of_tier[max(own.tier, 0)]


@rule
def portion(earn, piece, k, before, total):
    """What of a piece's eligible amount earns at rate k; ``before`` is the eligible amount of the pieces listed earlier."""
    if earn.bracket_on != ON_ORDER:
        return piece.eligible if piece.rate == k else 0
    if not earn.marginal:
        return piece.eligible if bracket_of(earn, total) == k else 0
    low = earn.bracket_from[k]
    high = earn.bracket_from[k + 1] if k + 1 < earn.brackets else before + piece.eligible
    return max(0, min(before + piece.eligible, high) - max(before, low))


# --- an order's record: its parts, and the pieces they are cut into ---------------------------------------------------
@rule
def write_part(order, line, rate, factor):
    """Append a line to an order's record."""
    part = order.parts[order.own.parts]
    order.own.parts += 1
    part.category = line.category
    part.channel = line.channel
    part.rate = rate
    part.factor = factor
    part.amount = line.amount
    part.eligible = line.eligible
    part.amount_left = line.amount
    part.eligible_left = line.eligible
    part.refunded = 0


@rule
def write_parts(terms, account, order, lines, count, day):
    """Record an order's lines with their rate and factor, and what decides where a split order is cut."""
    earn = terms.earn
    own = account.own
    placed = order.own
    placed.tier = own.tier
    placed.fallen = own.fallen
    placed.split = 0
    if earn.split and placed.day >= window_start(terms, own, day):
        placed.split = 1
        placed.spend_before = metric_total(account, 0, window_start(terms, own, day), day)
    placed.parts = 0
    rate = rate_before(terms, own)
    for i in range(count):
        line = lines[i]
        write_part(order, line, rate, factor_of(terms, own, own.tier, placed.day, line.category, line.channel))


@rule
def cut(terms, own, order, refunded):
    """Cut an order into pieces of one rate and factor: what its lines have left, or what the refund at hand takes of them."""
    placed = order.own
    placed.pieces = 0
    spend = placed.spend_before
    for i in range(placed.parts):
        part = order.parts[i]
        left = part.refunded if refunded else part.eligible_left
        if not placed.split:
            write_piece(order, i, part.rate, part.factor, left)
            continue
        while left > 0:
            tier, gap = tier_at_spend(terms, placed, spend)
            piece = min(left, gap)
            factor = factor_of(terms, own, tier, placed.day, part.category, part.channel)
            write_piece(order, i, terms.earn.rate_of_tier[tier], factor, piece)
            left -= piece
            spend += piece


@rule
def write_piece(order, line, rate, factor, eligible):
    """Append a piece."""
    piece = order.pieces[order.own.pieces]
    order.own.pieces += 1
    piece.line = line
    piece.rate = rate
    piece.factor = factor
    piece.eligible = eligible


@rule
def tier_at_spend(terms, placed, spend):
    """The tier that spend from an order's start has reached, and how much more reaches the next one."""
    tier = placed.tier
    gap = NEVER * 10**10
    for k in range(placed.tier + 1, terms.tiers.count):
        threshold = terms.tiers.needs[need_of(terms, placed, k)][0]
        if 0 <= threshold <= spend:
            tier = k
        elif threshold > spend:
            gap = min(gap, threshold - spend)
    return tier, gap
