"""Lots: opening them, taking points from them in a stated order, and debt.

The live lots of a member stand unordered in ``account.lots[:own.lots]``; order is decided by comparing
(expires_on, earned_on, serial), so that removing one is a single move.
"""

from workbench.ledger import REPAY, post
from workbench.units import NEVER, rule

__all__ = ["give_back", "open_lot", "repay", "soonest", "take", "take_points"]


@rule
def comes_before(a, b, oldest_first):
    """Whether lot ``a`` is consumed before lot ``b``."""
    if oldest_first:
        if a.earned_on != b.earned_on:
            return a.earned_on < b.earned_on
        if a.expires_on != b.expires_on:
            return a.expires_on < b.expires_on
    else:
        if a.expires_on != b.expires_on:
            return a.expires_on < b.expires_on
        if a.earned_on != b.earned_on:
            return a.earned_on < b.earned_on
    return a.serial < b.serial


@rule
def soonest(account, usable_only, oldest_first):
    """Index of the lot consumed next; -1 if there is none."""
    lots = account.lots
    found = -1
    for i in range(account.own.lots):
        if usable_only and lots[i].pending:
            continue
        if found < 0 or comes_before(lots[i], lots[found], oldest_first):
            found = i
    return found


@rule
def open_lot(account, day, earned_on, expires_on, active_on, points, order, part, serial):
    """Add a lot; it is pending if it becomes active after ``day``. ``serial`` 0 takes the next number. Returns its index."""
    own = account.own
    if serial == 0:
        own.serial += 1
        serial = own.serial
    index = own.lots
    own.lots += 1
    lot = account.lots[index]
    lot.earned_on = earned_on
    lot.expires_on = expires_on
    lot.active_on = active_on
    lot.points = points
    lot.order = order
    lot.part = part
    lot.serial = serial
    if active_on > day:
        lot.pending = 1
        own.pending += points
        own.next_lapse = min(own.next_lapse, active_on)
    else:
        lot.pending = 0
        own.balance += points
    own.next_lapse = min(own.next_lapse, expires_on + 1)
    return index


@rule
def take(account, index, points):
    """Take points out of a lot; an empty lot is gone (the last one moves into its place)."""
    own = account.own
    lot = account.lots[index]
    lot.points -= points
    if lot.pending:
        own.pending -= points
    else:
        own.balance -= points
    if lot.points == 0:
        own.lots -= 1
        last = account.lots[own.lots]
        lot.earned_on = last.earned_on
        lot.expires_on = last.expires_on
        lot.active_on = last.active_on
        lot.points = last.points
        lot.pending = last.pending
        lot.order = last.order
        lot.part = last.part
        lot.serial = last.serial


@rule
def take_points(account, day, points, usable_only, oldest_first, kind, money, order, why):
    """Take points from lots in consumption order, an entry for each lot (money on the first). Returns the points not found."""
    while points > 0:
        index = soonest(account, usable_only, oldest_first)
        if index < 0:
            break
        lot = account.lots[index]
        part = min(points, lot.points)
        earned_on, expires_on = lot.earned_on, lot.expires_on
        take(account, index, part)
        post(account, day, kind, -part, money, earned_on, expires_on, order, why)
        money = 0
        points -= part
    return points


@rule
def repay(account, day, index, why):
    """A lot that just became usable pays the member's debt first (a pair of entries: off the lot, off the debt). Returns how much."""
    own = account.own
    lot = account.lots[index]
    paid = min(own.debt, lot.points)
    if paid > 0:
        earned_on, expires_on = lot.earned_on, lot.expires_on
        take(account, index, paid)
        own.debt -= paid
        post(account, day, REPAY, -paid, 0, earned_on, expires_on, 0, why)
        post(account, day, REPAY, paid, 0, NEVER, NEVER, 0, why)
    return paid


@rule
def give_back(account, day, use, least_expiry, points):
    """Put points back into the lot they were taken from, as it stands now; where they must live longer, into a new one, which is
    no order's own.

    Returns the lot's index.
    """
    own = account.own
    found = -1
    expires_on = use.expires_on
    for i in range(own.lots):
        if account.lots[i].serial == use.serial:
            found = i
            expires_on = account.lots[i].expires_on
    if least_expiry > expires_on:
        return open_lot(account, day, use.earned_on, least_expiry, day, points, 0, 0, 0)
    if found < 0:
        return open_lot(account, day, use.earned_on, expires_on, day, points, use.order, use.part, use.serial)
    account.lots[found].points += points
    own.balance += points
    return found
