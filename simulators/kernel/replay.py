"""Recorded transactions in compiled code: ``simulators.recorded`` again, member by member instead of day by day.

Members share nothing, so each is lived from the first row to the last; in which order the entries of all of them stand in the ledger is
settled afterwards (``replay_order.py``). Everything that happens to a member is called, not written here: the rulebook
(``workbench.rules.posting``). What is here is which rows make up a checkout, and which order a refund means.
"""

import numpy as np

from simulators.kernel.cache import compiled
from simulators.kernel.life import clear
from simulators.kernel.replay_records import (
    ACTION,
    FORGOTTEN,
    FULL,
    JOIN,
    LINES,
    METRICS,
    NOTHING,
    PURCHASE,
    REDEEM,
    REFUND,
    TOO_LARGE,
)
from simulators.layout import ENTRIES, LOTS, QUALIFYING_DAYS
from workbench.ledger import outstanding
from workbench.rules import posting
from workbench.rules.redemption import redeem
from workbench.rules.refunds import refund_linked, refund_unlinked
from workbench.rules.tiers import metric_total, window_start
from workbench.units import MAX_MONEY, rule

__all__ = ["live_members"]


# --- members ----------------------------------------------------------------------------------------------------------
@compiled
def live_members(log, terms, first, last, space, out):
    """Live the members from ``first`` to ``last - 1``. Returns the first one not done: ``last``, or less where ``out`` has to be taken away
    (or is too small for that member); TOO_LARGE where a member outgrows the room there is."""
    for i in range(first, last):
        entries, groups, lots, refusals = out.counts[0], out.counts[1], out.counts[2], out.counts[3]
        status = live(log, terms, i, space, out)
        if status == TOO_LARGE:
            return TOO_LARGE
        if status == FULL:
            out.counts[0] = entries
            out.counts[1] = groups
            out.counts[2] = lots
            out.counts[3] = refusals
            return i
    return last


@rule
def live(log, terms, i, space, out):
    """One member, to the end of the log's last day; 0 if all went well."""
    account = space.account[0]
    own = account.own
    clear(account, terms.meters, terms.watches)
    first = log.start[i]
    last, most = link(log, terms, i, space)
    if last < log.start[i + 1]:
        out.counts[4] = min(out.counts[4], log.places[last])
    if most >= len(space.orders):
        out.counts[5] = most + 1
        return FULL
    space.free[0] = most
    for slot in range(1, most + 1):
        space.free[slot] = slot
    k = first
    while k < last:
        row = log.rows[log.places[k]]
        day = np.int64(row.posted)
        if k == first:
            business = np.int64(row.date) if row.event == JOIN else day
            posting.join(
                terms, account, space.orders[0], day, business, np.int64(row.birth_month), np.int64(row.birth_dom), -1
            )
        else:
            status = advance(terms, account, space.orders[0], day, i, out)
            if status != 0:
                return status
            if row.birth_month > 0:
                posting.learn_birthday(terms, own, day, np.int64(row.birth_month), np.int64(row.birth_dom))
        own.opened = max(own.opened, day)
        after = k + 1
        while after < last and continues(log, after):
            after += 1
        status = transact(log, terms, account, space, out, k, after)
        if status != 0:
            return status
        order = row.refund_of if row.event == REFUND and row.refund_of >= 0 else row.order
        if not drain(account, out, day, log.places[k], order):
            return FULL
        if max(own.earned, own.reversed) > log.most_points:
            return TOO_LARGE
        k = after
    status = advance(terms, account, space.orders[0], log.last_day, i, out)
    if status != 0:
        return status
    tell(log, terms, account, out, i)
    return 0 if not out.keep_lots or tell_lots(account, out, i) else FULL


@rule
def continues(log, k):
    """Whether a row belongs to the checkout of the row before it: adjacent in the file, of one order, date and posting date."""
    row, before = log.rows[log.places[k]], log.rows[log.places[k - 1]]
    return (
        log.places[k] == log.places[k - 1] + 1
        and row.order >= 0
        and row.order == before.order
        and (row.event == PURCHASE or row.event == REDEEM)
        and (before.event == PURCHASE or before.event == REDEEM)
        and row.date == before.date
        and row.posted == before.posted
    )


@rule
def link(log, terms, i, space):
    """Find the orders that refunds mean. Returns (the place of the member's first row that cannot be lived through, or their end, and the
    most orders that wait for refunds at once)."""
    rows, places, latest = log.rows, log.places, space.latest
    within = terms.refunds.within_days
    first, last = log.start[i], log.start[i + 1]
    head = places[first]
    end = last
    for k in range(first, last):
        r = places[k]
        row = rows[r]
        row.left = 0
        row.waiting = 0
        row.source = NOTHING
        if k == first or not continues(log, k):
            head = r
        if row.event == PURCHASE and row.order >= 0:
            known = latest[row.order]
            if known >= 0 and known != head and not too_old(rows[known], row, within):
                end = k
                break
            latest[row.order] = head
            rows[head].left += row.amount
        elif row.event == REFUND and row.refund_of >= 0:
            known = latest[row.refund_of]
            if known < 0 or too_old(rows[known], row, within):
                if within < 0:
                    end = k
                    break
                row.source = FORGOTTEN
                continue
            if row.amount > rows[known].left:
                end = k
                break
            rows[known].left -= row.amount
            rows[known].waiting += 1
            row.source = known
    waiting = 0
    most = 0
    for k in range(first, end):
        row = rows[places[k]]
        row.slot = 0
        if row.order >= 0:
            latest[row.order] = NOTHING
        if row.waiting > 0:
            waiting += 1
            most = max(most, waiting)
        if row.source >= 0:
            rows[row.source].slot += 1
            if rows[row.source].slot == rows[row.source].waiting:
                waiting -= 1
    return end, most


@rule
def too_old(order, row, within):
    """Whether an order is forgotten by the day of a row."""
    return 0 <= within < row.posted - order.date


@rule
def advance(terms, account, scratch, day, i, out):
    """Open every due day up to and including ``day``; 0 if all went well."""
    own = account.own
    while True:
        due = posting.next_due(terms, account)
        if due > day:
            return 0
        if due <= own.opened or not has_room(terms, account, scratch):
            return TOO_LARGE
        posting.open_day(terms, account, scratch, due)
        if not drain(account, out, due, -1 - i, NOTHING):
            return FULL


# --- transactions -----------------------------------------------------------------------------------------------------
@rule
def transact(log, terms, account, space, out, first, last):
    """Post the rows of a checkout, or one other row, of a member who has arrived; 0 if all went well."""
    row = log.rows[log.places[first]]
    scratch = space.orders[0]
    day = np.int64(row.posted)
    if not has_room(terms, account, scratch):
        return TOO_LARGE
    if row.event == PURCHASE or row.event == REDEEM:
        return check_out(log, terms, account, space, out, first, last)
    if row.event == ACTION:
        posting.act(terms, account, scratch, day, np.int64(row.date), np.int64(row.what), row.points)
    elif row.event == REFUND and row.source == FORGOTTEN:
        if not refuse(out, log.places[first], FORGOTTEN, log.places[first]):
            return FULL
    elif row.event == REFUND and row.source >= 0:
        return refund(log, terms, account, space, row, day)
    elif row.event == REFUND:
        posting.start_order(scratch, first + 1 if row.order >= 0 else 0, day, day, account.own.era)
        write_line(log, scratch.lines[0], log.places[first])
        refund_unlinked(terms, account, scratch, scratch.lines, day)
    return 0


@rule
def check_out(log, terms, account, space, out, first, last):
    """A checkout: its redemptions, then its lines as one purchase (if there are any)."""
    head = log.rows[log.places[first]]
    day, business = np.int64(head.posted), np.int64(head.date)
    number = first + 1 if head.order >= 0 else 0
    noted = log.places[last - 1] + 1 if head.order >= 0 else log.places[first]
    slot = 0
    if head.waiting > 0:
        slot = space.free[space.free[0]]
        space.free[0] -= 1
        head.slot = slot
    order = space.orders[slot]
    lines = 0
    for k in range(first, last):
        row = log.rows[log.places[k]]
        if row.event == PURCHASE:
            if lines == LINES:
                return TOO_LARGE
            write_line(log, order.lines[lines], log.places[k])
            lines += 1
    if lines > 0:
        posting.start_order(order, number, business, day, account.own.era)
        posting.begin_checkout(terms, account, order, order.lines, lines, day)
        if order.own.amount > MAX_MONEY:
            return TOO_LARGE
    for k in range(first, last):
        row = log.rows[log.places[k]]
        if row.event != REDEEM:
            continue
        if not has_room(terms, account, order):
            return TOO_LARGE
        if lines > 0:
            refusal = redeem(terms, account, order, day, np.int64(row.what), row.points, order.own.amount)
        else:
            posting.start_order(order, number, day, day, account.own.era)
            refusal = posting.redeem_alone(terms, account, order, day, np.int64(row.what), row.points)
        if refusal != 0 and not refuse(out, log.places[k], refusal, noted):
            return FULL
    if not has_room(terms, account, order):
        return TOO_LARGE
    if lines > 0:
        posting.checkout(terms, account, order, order.lines, lines, day, business)
    return 0


@rule
def refund(log, terms, account, space, row, day):
    """A refund of an order that is kept; with its last one the order's place is free again."""
    head = log.rows[row.source]
    order = space.orders[head.slot]
    if not has_room(terms, account, order):
        return TOO_LARGE
    refund_linked(terms, terms, account, order, day, row.amount, np.int64(row.category), row.named > 0)
    head.waiting -= 1
    if head.waiting == 0:
        space.free[0] += 1
        space.free[space.free[0]] = head.slot
    return 0


@rule
def write_line(log, line, r):
    """A line of a purchase, or an unlinked refund."""
    row = log.rows[r]
    line.amount = row.amount
    line.discount = 0
    line.tax = 0
    line.delivery = 0
    if len(log.parts) > 0:
        line.discount = log.parts[r, 0]
        line.tax = log.parts[r, 1]
        line.delivery = log.parts[r, 2]
    line.category = np.int64(row.category)
    line.channel = np.int64(row.channel)


@rule
def has_room(terms, account, order):
    """Whether lots, uses, days and entries suffice for whatever one call may write."""
    own, uses = account.own, order.own.uses
    return (
        own.lots + terms.earn.bonuses + 2 * uses + 4 <= LOTS
        and own.days + 2 * terms.earn.bonuses + 8 <= QUALIFYING_DAYS
        and account.book.cursor.entries + posting.room_needed(terms, own, uses, 0) <= ENTRIES
    )


# --- what is left behind ----------------------------------------------------------------------------------------------
@rule
def drain(account, out, day, key, order):
    """Take the entries out of the member's book, as one group; False where there is no room for them."""
    count = account.book.cursor.entries
    account.book.cursor.entries = 0
    if count == 0 or not out.keep_entries:
        return True
    at = out.counts[0]
    if at + count > len(out.entries) or out.counts[1] == len(out.groups):
        return False
    for k in range(count):
        entry = account.book.rows[k]
        into = out.entries[at + k]
        into.points = entry.points
        into.money = entry.money
        into.day = entry.day
        into.earned_on = entry.lot_earned_on
        into.expires_on = entry.expires_on
        into.order = order if entry.order > 0 else NOTHING
        into.rule = entry.rule
        into.kind = entry.kind
    group = out.groups[out.counts[1]]
    group.day = day
    group.key = key
    group.count = count
    out.counts[0] += count
    out.counts[1] += 1
    return True


@rule
def refuse(out, row, reason, noted):
    """Note what is refused; False where there is no room for it."""
    if out.counts[3] == len(out.refusals):
        return False
    into = out.refusals[out.counts[3]]
    into.row = row
    into.reason = reason
    into.noted = noted
    out.counts[3] += 1
    return True


@rule
def tell(log, terms, account, out, i):
    """A member's numbers at the end."""
    own = account.own
    into = out.members[i]
    into.balance = own.balance - own.debt
    into.pending = own.pending
    into.tier = own.tier
    into.tier_until = own.tier_until
    into.carry = own.carry
    into.earned = own.earned
    into.redeemed = own.redeemed
    into.expired = own.expired
    into.reversed = own.reversed
    into.outstanding = outstanding(own)
    if terms.tiers.count > 0:
        start = window_start(terms, own, log.last_day)
        for metric in range(METRICS):
            into.metrics[metric] = metric_total(account, metric, start, log.last_day)


@rule
def tell_lots(account, out, i):
    """A member's lots, merged by earning day and expiry, in that order; False where there is no room for them."""
    own = account.own
    at = out.counts[2]
    if at + own.lots > len(out.lots):
        return False
    count = 0
    for k in range(own.lots):
        lot = account.lots[k]
        j = at + count
        while j > at and comes_after(out.lots[j - 1], lot):
            j -= 1
        if j > at and out.lots[j - 1].earned_on == lot.earned_on and out.lots[j - 1].expires_on == lot.expires_on:
            out.lots[j - 1].points += lot.points
            continue
        for m in range(at + count, j, -1):
            out.lots[m].points = out.lots[m - 1].points
            out.lots[m].earned_on = out.lots[m - 1].earned_on
            out.lots[m].expires_on = out.lots[m - 1].expires_on
        into = out.lots[j]
        into.points = lot.points
        into.earned_on = lot.earned_on
        into.expires_on = lot.expires_on
        count += 1
    out.counts[2] += count
    out.members[i].lots = count
    return True


@rule
def comes_after(told, lot):
    """Whether a lot told already belongs behind another."""
    if told.earned_on != lot.earned_on:
        return told.earned_on > lot.earned_on
    return told.expires_on > lot.expires_on
