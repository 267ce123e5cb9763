"""Limits on the points that purchases earn, and the meters that count against them."""

from workbench.ledger import outstanding
from workbench.rules.earn_terms import PER_BALANCE, PER_CAMPAIGN, PER_DAY, PER_MONTH, PER_ORDER, PER_YEAR
from workbench.units import civil, muldiv, rule

__all__ = ["apply_caps", "capped", "period_key"]


@rule
def period_key(per, day):
    """The calendar period of a limit that holds a day: day, month, year, or one for all."""
    year, month, _ = civil(day)
    if per == PER_DAY:
        return day
    if per == PER_MONTH:
        return year * 12 + month
    if per == PER_YEAR:
        return year
    return 1


@rule
def room_under(terms, account, cap, day):
    """Points a limit still allows today; -1 where it does not apply."""
    earn = terms.earn
    per = earn.cap_per[cap]
    limit = earn.cap_points[cap]
    if per == PER_CAMPAIGN and not (earn.cap_first[cap] <= day <= earn.cap_last[cap]):
        return -1
    if per == PER_ORDER:
        return limit
    if per == PER_BALANCE:
        return max(0, limit - outstanding(account.own))
    meter = account.meters[terms.cap_meter[cap]]
    used = meter.used if meter.period == period_key(per, day) else 0
    return max(0, limit - used)


@rule
def apply_caps(terms, account, order, points, plain, day):
    """Points that the limits leave, each in turn; the rooms are kept with the order for its refunds."""
    earn = terms.earn
    own = order.own
    own.base_room = -1
    own.room = -1
    for cap in range(earn.caps):
        room = room_under(terms, account, cap, day)
        if room < 0:
            continue
        value = plain if earn.cap_before[cap] else points
        if value <= room:
            continue
        if earn.cap_reject[cap]:
            points, plain = 0, 0
        elif earn.cap_before[cap]:
            points = limited_before(terms, order, points, plain, room)
            plain = room
            own.base_room = room if own.base_room < 0 else min(own.base_room, room)
        else:
            points = room
            own.room = room if own.room < 0 else min(own.room, room)
    own.plain = plain
    count_use(terms, account, points, plain, day)
    return points


@rule
def count_use(terms, account, points, plain, day):
    """Count points against the limits of today's periods (negative: give room back)."""
    earn = terms.earn
    for cap in range(earn.caps):
        per = earn.cap_per[cap]
        if per == PER_ORDER or per == PER_BALANCE or room_under(terms, account, cap, day) < 0:
            continue
        meter = account.meters[terms.cap_meter[cap]]
        key = period_key(per, day)
        if meter.period != key:
            meter.period = key
            meter.used = 0
        meter.used = max(0, meter.used + (plain if earn.cap_before[cap] else points))


@rule
def capped(terms, order, points, plain):
    """What a recomputed order may keep under the room it had when it was posted."""
    own = order.own
    if own.base_room >= 0:
        points = limited_before(terms, order, points, plain, own.base_room)
    if own.room >= 0:
        points = min(points, own.room)
    return points


@rule
def limited_before(terms, order, points, plain, room):
    """Points of an order whose plain points are limited to ``room``."""
    if plain <= room:
        return points
    weighted, spend = weighted_spend(order)
    if spend == 0:
        return points
    return min(points, muldiv(room, weighted, spend * terms.earn.one))


@rule
def weighted_spend(order):
    """Eligible spend times factor, and eligible spend, of an order's pieces."""
    weighted = 0
    plain = 0
    for i in range(order.own.pieces):
        weighted += order.pieces[i].eligible * order.pieces[i].factor
        plain += order.pieces[i].eligible
    return weighted, plain
