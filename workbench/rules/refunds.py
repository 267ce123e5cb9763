"""Refunds: what comes back, and from where.

A refund that names its order (linked) recomputes it; one that does not takes points at today's base rate.
"""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from workbench.ledger import REFUND, RETURN, REVERSE, post
from workbench.rules.caps import capped, period_key
from workbench.rules.coupons import restore_and_revoke
from workbench.rules.earn import first_of_group, metric_day, points_of, same_group, units_to_points, unlinked_value
from workbench.rules.earn_parts import cut, portion, set_eligible
from workbench.rules.earn_terms import ON_ORDER, PER_CAMPAIGN
from workbench.rules.expiry import lapse_if_past
from workbench.rules.lots import give_back, repay, take, take_points
from workbench.rules.plans import note_refunded_spend
from workbench.rules.redemption import redeem_automatically
from workbench.rules.savings import clear_lines
from workbench.rules.segments import note_month
from workbench.rules.stored_value import give_value_back
from workbench.rules.tiers import add_metrics, judge_after_refund
from workbench.rules.triggers import fire_at_balance
from workbench.spec import Spec, SpecError
from workbench.units import NEVER, muldiv, rule

__all__ = ["RefundTerms", "Refunds", "by_now", "lower_refunds", "refund_linked", "refund_unlinked"]


# --- specs ---------------------------------------------------------------------------------------------------------
class Refunds(Spec):
    """How refunds act on points, tiers and redeemed points."""

    method: Literal["by_value", "by_item"] = "by_value"
    """``by_value``: the order's points are computed again on what remains (original tier, multipliers, rounding, room under its
    caps), and the difference is reversed. ``by_item``: the points of the refunded lines computed on their own are reversed, never more
    than the order has left, and all that is left when the whole order is refunded. In both, the refund's amount is taken from the lines in
    the order they are listed, those of the refund's category first where it names one, and what a line's eligible amount keeps is
    floor(eligible x amount left / amount)."""
    shortfall: Literal["debt", "forgiven"] = "debt"
    """Points to reverse that are already spent: a debt that later earnings repay first, or dropped."""
    points_back: Literal["old_expiry", "minimum_life", "never"] = "old_expiry"
    """Points redeemed at the refunded order's checkout: they come back to their lots with the old expiry (and lapse at once if that
    is past), with at least ``minimum_life_days`` to live, or not at all. A partial refund gives back floor(points used x amount refunded
    so far / order amount) less those already given back, in the order they were taken."""
    minimum_life_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """For ``minimum_life``: the last usable day is at least the refund's day plus so many days."""
    cap_room_back: bool = False
    """Whether reversed points free room under day, month, year and campaign caps of the current period."""
    within_days: Annotated[int, Field(ge=0, le=36500)] | None = None
    """A linked refund later than so many days after its order's business date is refused (reported, counted); left out: never.
    Orders older than that are forgotten, which keeps memory small on long logs."""

    @model_validator(mode="after")
    def _minimum_life(self) -> "Refunds":
        if (self.points_back == "minimum_life") != (self.minimum_life_days is not None):
            raise SpecError(
                ("minimum_life_days",), "belongs to points_back: minimum_life, and only to it", self.minimum_life_days
            )
        return self


# --- lowering ------------------------------------------------------------------------------------------------------
class RefundTerms(NamedTuple):
    """Refund rules lowered to integers."""

    by_item: int
    forgiven: int
    points_back: int
    minimum_life: int
    cap_room_back: int
    within_days: int
    """-1 where orders are never too old."""


OLD_EXPIRY, MINIMUM_LIFE, NEVER_BACK = range(3)


def lower_refunds(refunds: Refunds) -> RefundTerms:
    """Terms of refunds."""
    return RefundTerms(
        by_item=int(refunds.method == "by_item"),
        forgiven=int(refunds.shortfall == "forgiven"),
        points_back=("old_expiry", "minimum_life", "never").index(refunds.points_back),
        minimum_life=refunds.minimum_life_days or 0,
        cap_room_back=int(refunds.cap_room_back),
        within_days=-1 if refunds.within_days is None else refunds.within_days,
    )


# --- rules ---------------------------------------------------------------------------------------------------------
@rule
def refund_parts(order, amount, category, named):
    """Take a refund's amount from the order's parts as listed (those of the category named first, then the others).

    Writes what each part gives up of its eligible amount in ``refunded`` (this refund only) and lowers the part.
    """
    parts = order.parts
    for i in range(order.own.parts):
        parts[i].refunded = 0
    for turn in range(2):
        for i in range(order.own.parts):
            part = parts[i]
            if named and (part.category == category) != (turn == 0):
                continue
            taken = min(amount, part.amount_left)
            if taken <= 0:
                continue
            part.amount_left -= taken
            kept = muldiv(part.eligible, part.amount_left, part.amount)
            part.refunded += part.eligible_left - kept
            part.eligible_left = kept
            amount -= taken


@rule
def eligible_left(order):
    """Eligible spend of what remains of an order."""
    total = 0
    for i in range(order.own.parts):
        total += order.parts[i].eligible_left
    return total


@rule
def base_points_to_reverse(terms, then, account, order):
    """Base points a linked refund takes back; lowers the order's own record of them."""
    own = order.own
    earn = then.earn
    if own.points == 0:
        return 0
    if own.refunded == own.amount:
        left, plain = 0, 0
    elif terms.refunds.by_item:
        cut(then, account.own, order, True)
        left = own.points - min(own.points, points_of(then, account.own, order, False))
        plain_taken = points_of(then, account.own, order, True) if earn.any_before else 0
        plain = max(0, own.plain - plain_taken)
    else:
        left = 0
        plain = 0
        if eligible_left(order) >= earn.minimum_order:
            cut(then, account.own, order, False)
            left = points_of(then, account.own, order, False)
            plain = points_of(then, account.own, order, True) if earn.any_before else 0
            left = min(own.points, capped(then, order, left, plain))
            plain = min(own.plain, plain if own.base_room < 0 else min(plain, own.base_room))
    reversed_points = own.points - left
    give_cap_room(terms, account, own.posted, reversed_points, own.plain - plain)
    own.points = left
    own.plain = plain
    return reversed_points


@rule
def give_cap_room(terms, account, posted, points, plain):
    """Free the room reversed points took under the limits of the period of a posting day, if it still runs."""
    if not terms.refunds.cap_room_back:
        return
    earn = terms.earn
    for cap in range(earn.caps):
        meter = account.meters[terms.cap_meter[cap]]
        inside = earn.cap_per[cap] != PER_CAMPAIGN or earn.cap_first[cap] <= posted <= earn.cap_last[cap]
        if inside and meter.period == period_key(earn.cap_per[cap], posted) and meter.used > 0:
            meter.used = max(0, meter.used - (plain if earn.cap_before[cap] else points))


@rule
def without_remainder(terms, account, order, whole):
    """What a refund takes back of an order whose remainder was kept in another unit, and is gone: the points of what is refunded, rounded
    down; all that the order has left where all of it is refunded."""
    own = order.own
    kept = account.own.carry
    account.own.carry = 0
    cut(terms, account.own, order, True)
    points = own.points if whole else min(own.points, points_of(terms, account.own, order, False))
    account.own.carry = kept
    own.points -= points
    return points


@rule
def by_now(terms, placed, points):
    """What points of an order are by now: multiplied by the ratios of the program's changes since, rounded down."""
    num, den = terms.since_num[placed.version], terms.since_den[placed.version]
    return points if num == den else muldiv(points, num, den)


@rule
def lower_remainder(terms, account, order, linked):
    """With a kept remainder a refund is negative spend: the remainder falls, and each time it falls below zero a block's points go."""
    earn = terms.earn
    own = account.own
    if earn.bracket_on == ON_ORDER and linked:
        return lower_bracketed(terms, account, order)
    cut(terms, own, order, True)
    pieces, count = order.pieces, order.own.pieces
    points = 0
    for i in range(count):
        rate, factor = pieces[i].rate, pieces[i].factor
        if rate < 0 or not first_of_group(earn, pieces, i, False):
            continue
        spend = 0
        for j in range(i, count):
            if same_group(earn, pieces[j], pieces[i], False):
                spend += pieces[j].eligible * (1 if earn.after else pieces[j].factor)
        own.carry -= spend * earn.rate_num[rate]
        if own.carry < 0:
            block = earn.rate_den[rate] * (1 if earn.after else earn.one)
            units = -(own.carry // block)
            own.carry += units * block
            points += units_to_points(earn, rate, units, factor, False)
    return points


@rule
def lower_bracketed(terms, account, order):
    """A kept fraction under brackets on the order: what the remaining amount is worth less, at the step the order had reached."""
    earn = terms.earn
    own = account.own
    count = order.own.parts
    if count == 0 or order.parts[0].rate < 0:
        return 0
    reached = 0
    for i in range(count):
        reached += order.parts[i].eligible
    cut(terms, own, order, False)
    after = quantity(earn, order, reached)
    for i in range(count):
        order.pieces[i].eligible += order.parts[i].refunded
    own.carry -= quantity(earn, order, reached) - after
    points = 0
    if own.carry < 0:
        block = earn.rate_den[0] * earn.one
        points = -(own.carry // block)
        own.carry += points * block
    return points


@rule
def quantity(earn, order, reached):
    """Spend times factor times rate of an order's pieces, over its brackets."""
    total = 0
    for k in range(earn.rates):
        before = 0
        for i in range(order.own.pieces):
            piece = order.pieces[i]
            total += portion(earn, piece, k, before, reached) * piece.factor * earn.rate_num[k]
            before += piece.eligible
    return total


@rule
def bonus_points_to_reverse(terms, then, account, order, day):
    """Points of the order's bonuses that go with it when all of it is refunded."""
    own = order.own
    points = 0
    earn = then.earn
    for k in range(earn.bonuses):
        if own.bonuses & (1 << k) and earn.bonus_reversed[k]:
            points += earn.bonus_points[k]
            if earn.bonus_qualifies[k] and own.era == account.own.era:
                waits = earn.bonuses_wait and earn.points_wait
                active_on = metric_day(own.day, True, earn.pending_days)
                counted = max(own.posted, active_on) if waits else own.posted
                add_metrics(terms, account, day, counted, 0, -earn.bonus_points[k], 0, 0, 0)
    own.bonuses = 0
    return points


@rule
def own_lot(account, number):
    """Index of the order's own lot to take from first (base, then bonuses in file order); -1 if none is left."""
    found = -1
    for i in range(account.own.lots):
        lot = account.lots[i]
        if lot.order == number and (found < 0 or lot.part < account.lots[found].part):
            found = i
    return found


@rule
def reverse(terms, account, day, points, number, linked):
    """Take points back: the order's own lots, then the soonest expiring, then as a debt (or forgiven)."""
    own = account.own
    while points > 0 and linked and number > 0:
        index = own_lot(account, number)
        if index < 0:
            break
        lot = account.lots[index]
        part = min(points, lot.points)
        earned_on, expires_on = lot.earned_on, lot.expires_on
        take(account, index, part)
        post(account, day, REVERSE, -part, 0, earned_on, expires_on, number, terms.why_refund)
        points -= part
    points = take_points(account, day, points, False, False, REVERSE, 0, number, terms.why_refund)
    if points > 0 and not terms.refunds.forgiven:
        own.debt += points
        post(account, day, REVERSE, -points, 0, NEVER, NEVER, number, terms.why_refund)


@rule
def return_points(terms, account, order, day):
    """Points used at the refunded order's checkout come back to their lots, in the order they were taken."""
    own = order.own
    policy = terms.refunds.points_back
    if policy == NEVER_BACK or own.used == 0:
        return
    due = own.used if own.refunded == own.amount else muldiv(own.used, own.refunded, own.amount)
    due -= own.returned
    own.returned += due
    for i in range(own.uses):
        use = order.uses[i]
        part = min(due, use.points - use.returned)
        if part <= 0:
            continue
        use.returned += part
        due -= part
        part = by_now(terms, own, part)
        if part == 0:
            continue
        least = day + terms.refunds.minimum_life if policy == MINIMUM_LIFE else 0
        index = give_back(account, day, use, least, part)
        expires_on = account.lots[index].expires_on
        post(account, day, RETURN, part, 0, use.earned_on, expires_on, own.number, terms.why_points_back)
        paid = repay(account, day, index, terms.why_debt)
        if part > paid:  # what stood in the lot before lapses in its turn
            lapse_if_past(terms, account, index, part - paid, day)


@rule
def refund_linked(terms, then, account, order, day, amount, category, named):
    """A refund of (part of) an order: points, debt, points given back, metrics, tier. ``then``: the terms it was posted under (the same,
    unless the program has changed since): they say what it earned."""
    own = order.own
    post(account, day, REFUND, 0, -amount, NEVER, NEVER, own.number, terms.why_transaction)
    if terms.segments.noted:
        note_month(terms, account, day, 0, -amount)
    own.refunded += amount
    whole = own.refunded == own.amount and amount > 0
    if terms.value.on:
        give_value_back(terms, account, order, day)
    refund_parts(order, amount, category, named)
    if terms.plans.count > 0:
        note_refunded_spend(terms, account.own, order)
    spend = 0
    for i in range(own.parts):
        spend += order.parts[i].refunded
    own.eligible -= spend
    if then.earn.keeps and then.carry_unit != terms.carry_unit:
        points = without_remainder(then, account, order, whole)
        give_cap_room(terms, account, own.posted, points, points)
    elif then.earn.keeps:
        points = lower_remainder(then, account, order, True)
        own.points = max(0, own.points - points)
        never_given = min(own.cut_off, points)
        own.cut_off -= never_given
        points -= never_given
        give_cap_room(terms, account, own.posted, points, points)
    else:
        points = base_points_to_reverse(terms, then, account, order)
    if own.era == account.own.era:
        gone = 1 if whole else 0
        add_metrics(terms, account, day, own.spend_day, -spend, 0, -gone, -gone, 0)
        add_metrics(terms, account, day, own.points_day, 0, -points, 0, 0, 0)
    if whole:
        points += bonus_points_to_reverse(terms, then, account, order, day)
    reverse(terms, account, day, by_now(terms, own, points), own.number, True)
    return_points(terms, account, order, day)
    if whole and terms.coupons.kinds > 0:
        restore_and_revoke(terms, account, order, day)
    if whole and own.referee > 0 and terms.referral.clawback:
        reverse(terms, account, day, by_now(terms, own, own.referee), own.number, False)
        own.referee = 0
    redeem_automatically(terms, account, order, day)
    fire_at_balance(terms, account, day)
    judge_after_refund(terms, account, day)


@rule
def refund_unlinked(terms, account, order, lines, day):
    """A refund that names no order: today's base rate, soonest-expiring lots first. ``lines`` holds the refund as one line."""
    line = lines[0]
    post(account, day, REFUND, 0, -line.amount, NEVER, NEVER, order.own.number, terms.why_transaction)
    if terms.segments.noted:
        note_month(terms, account, day, 0, -line.amount)
    clear_lines(lines, 1)
    set_eligible(terms, lines, 1, 0, 0)
    points = unlinked_value(terms, account, order, line, day)
    order.parts[0].refunded = line.eligible
    if terms.earn.keeps:
        points = lower_remainder(terms, account, order, False)
    give_cap_room(terms, account, day, points, points)
    add_metrics(terms, account, day, day, -line.eligible, -points, 0, 0, 0)
    reverse(terms, account, day, points, order.own.number, False)
    judge_after_refund(terms, account, day)
