"""Earning: points for purchases.

Order of a purchase: eligible amount -> rate and factor of each part -> rounding -> caps. See ``docs/semantics.md``.

    earn_spec.py    what a program file may say
    earn_terms.py   its lowering to integers
    earn_parts.py   which part of an order earns, at which rate and factor
    earn.py         points of the parts, rounded; the order's own points and their lot
    caps.py         limits
    bonuses.py      points for events
"""

from workbench.ledger import EARN, post
from workbench.rules.caps import apply_caps
from workbench.rules.earn_parts import bracket_of, cut, portion, rate_before, write_part
from workbench.rules.earn_terms import ON_ORDER
from workbench.rules.expiry import lapse_if_past, lot_expiry
from workbench.rules.lots import open_lot, repay
from workbench.units import round_units, rule

__all__ = [
    "add_points", "base_points", "earn_nothing", "earn_purchase", "first_of_group", "metric_day", "points_of", "same_group",
    "units_to_points", "unlinked_value",
]  # fmt: skip


# --- points of an order's pieces -------------------------------------------------------------------------------------
@rule
def same_group(earn, a, b, plain):
    """Whether two pieces of one rate are rounded together."""
    return (not earn.by_line or a.line == b.line) and (not earn.after or plain or a.factor == b.factor)


@rule
def first_of_group(earn, pieces, i, plain):
    """Whether no earlier piece belongs to the same group."""
    for j in range(i):
        if same_group(earn, pieces[j], pieces[i], plain):
            return False
    return True


@rule
def units_to_points(earn, k, units, factor, plain):
    """Points of so many units at rate k; multiplied here where the program multiplies after rounding."""
    points = units * earn.rate_points[k]
    if earn.after and not plain:
        points = round_units(points * factor, earn.one, earn.mode)
    return points


@rule
def points_of(terms, own, order, plain):
    """Points of an order's pieces, before limits. ``plain``: without multipliers. Where a remainder stays with the member
    (``keeps``) it is read from and written back to ``own.carry``."""
    earn = terms.earn
    weighted = not (plain or earn.after)
    scale = earn.one if weighted else 1
    pieces, count = order.pieces, order.own.pieces
    total = 0
    for i in range(count):
        total += pieces[i].eligible
    points = 0
    for k in range(earn.rates):
        for i in range(count):
            if not first_of_group(earn, pieces, i, plain):
                continue
            spend = 0
            before = 0
            for j in range(count):
                if j >= i and same_group(earn, pieces[j], pieces[i], plain):
                    share = portion(earn, pieces[j], k, before, total)
                    spend += share * (pieces[j].factor if weighted else 1)
                before += pieces[j].eligible
            if spend == 0:
                continue
            quantity = spend * earn.rate_num[k]
            denominator = earn.rate_den[k] * scale
            if earn.keeps:
                own.carry += quantity
                units = own.carry // denominator
                own.carry -= units * denominator
            else:
                units = round_units(quantity, denominator, earn.mode)
            points += units_to_points(earn, k, units, pieces[i].factor, plain)
    return points


# --- posting ---------------------------------------------------------------------------------------------------------
@rule
def earn_purchase(terms, account, order, eligible, day, business):
    """Base points of an order whose parts are cut: rounding, limits, lot, and the order's own record of them."""
    earn = terms.earn
    own = order.own
    own.points = 0
    own.plain = 0
    own.cut_off = 0
    own.base_room = -1
    own.room = -1
    if eligible < earn.minimum_order:
        earn_nothing(order)
        return
    cut(terms, account.own, order, False)
    points = points_of(terms, account.own, order, False)
    plain = points_of(terms, account.own, order, True) if earn.any_before else points
    uncapped = points
    if earn.caps > 0:
        points = apply_caps(terms, account, order, points, plain, day)
    own.points = points
    own.cut_off = uncapped - points
    if points > 0:
        waits = earn.pending_days > 0
        add_points(terms, account, day, business, -1, points, waits, EARN, eligible, own.number, 0, terms.why_earn)


@rule
def earn_nothing(order):
    """An order earns no base points, now and when it is refunded; it is not cut."""
    order.own.split = 0
    for i in range(order.own.parts):
        order.parts[i].rate = -1


@rule
def add_points(terms, account, day, earned_on, lot_rule, points, waits, kind, money, order, part, why):
    """Open a lot of new points with its entry; usable points repay debt first."""
    earn = terms.earn
    active_on = earned_on + earn.pending_days if waits else earned_on
    clock = active_on if earn.clock_at_activation else earned_on
    if lot_rule < 0:
        lot_rule = terms.expiry.of_tier[max(account.own.tier, 0)]
    expires_on = lot_expiry(terms, lot_rule, clock, account.own.joined)
    index = open_lot(account, day, earned_on, expires_on, active_on, points, order, part, 0)
    post(account, day, kind, points, money, earned_on, expires_on, order, why)
    paid = repay(account, day, index, terms.why_debt) if active_on <= day else 0
    if points > paid:
        lapse_if_past(terms, account, index, points - paid, day)


@rule
def metric_day(business, waits, days):
    """The day a qualifying metric is dated: business day, or the day it becomes active."""
    return business + days if waits else business


@rule
def unlinked_value(terms, account, order, line, day):
    """Points of an amount at the base rate of today: no multipliers, minimum, bonuses or limits. Leaves the amount as the order's single line."""
    earn = terms.earn
    own = account.own
    order.own.parts = 0
    rate = bracket_of(earn, line.eligible) if earn.bracket_on == ON_ORDER else rate_before(terms, own)
    write_part(order, line, rate, earn.one)
    return 0 if earn.keeps else points_at(earn, rate, line.eligible)


@rule
def base_points(terms, own, amount):
    """Points of an amount that is no order's, at the base rate of today; where a remainder is kept, it is neither read nor written."""
    earn = terms.earn
    return points_at(earn, bracket_of(earn, amount) if earn.bracket_on == ON_ORDER else rate_before(terms, own), amount)


@rule
def points_at(earn, rate, amount):
    """Points of an amount at one rate (-1: none)."""
    if rate < 0:
        return 0
    units = round_units(amount * earn.rate_num[rate], earn.rate_den[rate], earn.mode)
    return units_to_points(earn, rate, units, earn.one, False)
