"""Versions of a program: how a member's account is carried from one version's terms to the next.

``cross`` is called at the start of the day on which the next version takes effect, before anything else of the day; the day is then opened
under the new terms. What a file may say of it stands in ``workbench/program/version_spec.py``.
"""

from typing import Annotated, NamedTuple

from workbench.ledger import BONUS, EXPIRE, FORFEIT, REVOKE, TIER, VERSION, post
from workbench.rules.bounds import BONUSES, COUPONS, PLANS, VERSIONS, PerTier
from workbench.rules.coupons import comes_before as coupon_before
from workbench.rules.coupons import take_from_wallet
from workbench.rules.expiry import DECAYING, EXTENSION, lot_expiry, next_decay
from workbench.rules.lots import comes_before, take
from workbench.rules.segments import first_score
from workbench.rules.stored_value import next_value, take_value
from workbench.rules.tiers import (
    ENTER,
    NEXT_PERIOD,
    SINCE_CHANGE,
    enter_tier,
    forget_days,
    is_met,
    last_valid_day,
    note_event,
    window_start,
)
from workbench.units import NEVER, add_months, rule

__all__ = ["ChangeTerms", "cross", "lowest_tier", "rank_of", "unchanged"]

PARTS = VERSIONS * BONUSES + 1
KEEP_EXPIRY, NEW_EXPIRY, EARLIER, LATER = range(4)


class ChangeTerms(NamedTuple):
    """What becomes of what members hold when a version takes effect; yes and no are 1 and 0."""

    lots: int
    ratio_num: int
    ratio_den: int
    lot_rule: Annotated[list[int], PARTS]
    """Lot rule of the new version by a lot's part; -1 for that of the tier."""
    rejudged: int
    tier_to: PerTier
    """The new version's tier by the old one's."""
    tier_told: PerTier
    """1 where that has another name, so that an entry tells of it."""
    tier_same: PerTier
    """1 where it is the same tier, if under a new name."""
    tiers_changed: int
    reset: int
    coupons_cancelled: int
    coupon_gone: Annotated[list[int], COUPONS]
    plan_gone: Annotated[list[int], PLANS]
    bonus_forfeited: int
    carry_cleared: int


def unchanged() -> ChangeTerms:
    """Of a first version, into which nothing is carried."""
    return ChangeTerms(KEEP_EXPIRY, 1, 1, [], 0, [], [], [], 0, 0, 0, [], [], 0, 0)


# --- tiers over all versions -------------------------------------------------------------------------------------------
@rule
def rank_of(terms, tier):
    """Place of a tier among those of all versions of the program; -1 for none."""
    return terms.tier_rank[tier] if tier >= 0 else -1


@rule
def lowest_tier(terms):
    """Place of the tier that members begin in; -1 where there are no tiers."""
    return terms.tier_rank[0] if terms.tiers.count > 0 else -1


# --- the change --------------------------------------------------------------------------------------------------------
@rule
def cross(old, new, account, day):
    """The version in force changes: ``old`` and ``new`` are the terms before the day and from it on."""
    own = account.own
    change = new.change
    own.version += 1
    post(account, day, VERSION, 0, 0, NEVER, NEVER, 0, new.why_version)
    if change.ratio_num != change.ratio_den:
        revalue(new, account, day)
    if change.lots != KEEP_EXPIRY:
        set_last_days(new, account, day)
    if new.tiers.count > 0:
        carry_tier(new, account, day)
    if change.reset:
        reset_counters(new, account)
    if own.coupons > 0:
        revoke_coupons(new, account, day)
    if change.bonus_forfeited:
        forfeit_bonus(new, account, day)
    if change.carry_cleared:
        own.carry = 0
    if own.plan > 0 and change.plan_gone[own.plan - 1]:
        own.plan_renewals = 0
    look_anew(old, new, account, day)


# --- points ------------------------------------------------------------------------------------------------------------
@rule
def next_lot(account, after, expires_on, earned_on, serial):
    """Index of the lot that follows (expires_on, earned_on, serial) in the order soonest expiring, earliest earned, first posted (``after`` 0:
    the first of all); -1 if there is none."""
    found = -1
    for i in range(account.own.lots):
        lot = account.lots[i]
        if after:
            if lot.expires_on != expires_on:
                follows = lot.expires_on > expires_on
            elif lot.earned_on != earned_on:
                follows = lot.earned_on > earned_on
            else:
                follows = lot.serial > serial
            if not follows:
                continue
        if found < 0 or comes_before(lot, account.lots[found], False):
            found = i
    return found


@rule
def revalue(terms, account, day):
    """Every lot is multiplied and rounded down, in the order soonest expiring; the debt is, and rounded up."""
    own = account.own
    num, den = terms.change.ratio_num, terms.change.ratio_den
    after, expires_on, earned_on, serial = 0, 0, 0, 0
    while True:
        index = next_lot(account, after, expires_on, earned_on, serial)
        if index < 0:
            break
        lot = account.lots[index]
        after, expires_on, earned_on, serial = 1, lot.expires_on, lot.earned_on, lot.serial
        points = lot.points
        now = points // den * num + points % den * num // den
        if now < points:
            take(account, index, points - now)
            post(account, day, EXPIRE, now - points, 0, earned_on, expires_on, 0, terms.why_version)
        elif now > points:
            lot.points = now
            if lot.pending:
                own.pending += now - points
            else:
                own.balance += now - points
            post(account, day, BONUS, now - points, 0, earned_on, expires_on, 0, terms.why_version)
    owed = own.debt
    own.debt = owed // den * num - (-(owed % den) * num) // den
    if own.debt > owed:
        post(account, day, EXPIRE, owed - own.debt, 0, NEVER, NEVER, 0, terms.why_version)
    elif own.debt < owed:
        post(account, day, BONUS, owed - own.debt, 0, NEVER, NEVER, 0, terms.why_version)


@rule
def set_last_days(terms, account, day):
    """Lots that are not past get the last usable day of the new rules, or the earlier or later of the two."""
    own = account.own
    change, earn = terms.change, terms.earn
    tier = change.tier_to[own.tier] if own.tier >= 0 else 0
    for i in range(own.lots):
        lot = account.lots[i]
        if lot.expires_on < day:
            continue
        lot_rule = change.lot_rule[lot.part]
        if lot_rule < 0:
            lot_rule = terms.expiry.of_tier[tier]
        clock = lot.earned_on
        if earn.clock_at_activation and (lot.part == 0 or earn.bonuses_wait):
            clock += earn.pending_days
        last = lot_expiry(terms, lot_rule, clock, own.joined)
        if terms.expiry.mode == EXTENSION and own.last_activity > lot.earned_on:
            last = max(last, add_months(own.last_activity, terms.expiry.months))
        last = max(last, day)
        if change.lots == EARLIER:
            last = min(last, lot.expires_on)
        elif change.lots == LATER:
            last = max(last, lot.expires_on)
        lot.expires_on = last


# --- tiers and counters ------------------------------------------------------------------------------------------------
@rule
def carry_tier(terms, account, day):
    """The member's tier as one of the new version's; judged anew where the change says so. One entry where its name is another."""
    own = account.own
    change, tiers = terms.change, terms.tiers
    told = True
    if own.tier < 0:  # the program has tiers from today on
        own.tier = 0
        own.tier_since = day
        own.tier_until = NEVER
        own.fallen = 0
    else:
        before = own.tier
        told = change.tier_told[before] == 1
        own.fallen = fallen_in(change, own.fallen, tiers.count)
        own.tier = change.tier_to[before]
        if not change.tier_same[before]:
            own.tier_since = day
        if own.tier == 0:
            own.tier_until = NEVER
            own.in_grace = 0
            own.invited = 0
        elif before == 0:
            own.tier_until = last_valid_day(terms, own, day)
    if change.rejudged:
        level = highest_entered(terms, account, day - 1)
        if level != own.tier:
            enter_tier(terms, account, day, level, day, day - 1, ENTER + level, True)
            return
        own.tier_until = last_valid_day(terms, own, day)
        own.in_grace = 0
    if told:
        post(account, day, TIER, 0, 0, NEVER, NEVER, 0, terms.why_tier[own.tier])


@rule
def fallen_in(change, fallen, count):
    """The tiers a member once fell below, as bits of the new version's tiers."""
    found = 0
    old = 0
    while fallen >> old > 0:
        if fallen & (1 << old) and change.tier_same[old] and change.tier_to[old] < count:
            found |= 1 << change.tier_to[old]
        old += 1
    return found


@rule
def highest_entered(terms, account, through):
    """The highest tier whose requirement to enter the metrics through a day meet; the lowest if none."""
    start = window_start(terms, account.own, through)
    for k in range(terms.tiers.count - 1):
        level = terms.tiers.count - 1 - k
        if is_met(terms, account, ENTER + level, start, through):
            return level
    return 0


@rule
def reset_counters(terms, account):
    """Qualifying metrics, limits, once-limits, runs of days and sums of spend begin at zero; how many coupons a member ever got does not."""
    own = account.own
    own.days = 0
    own.era += 1
    own.metrics_on = NEVER
    for k in range(terms.meters):
        account.meters[k].period = 0
        account.meters[k].used = 0
    for k in range(terms.watches):
        watch = account.watches[k]
        watch.period = 0
        watch.sum_period = 0
        watch.sum = 0


# --- coupons and stored value ------------------------------------------------------------------------------------------
@rule
def revoke_coupons(terms, account, day):
    """Coupons that the new version does not have (or all) are revoked, soonest expiring first."""
    change = terms.change
    while True:
        found = -1
        for i in range(account.own.coupons):
            coupon = account.coupons[i]
            if not change.coupons_cancelled and not change.coupon_gone[coupon.kind]:
                continue
            if coupon.expires_on >= day and (found < 0 or coupon_before(coupon, account.coupons[found])):
                found = i
        if found < 0:
            return
        coupon = account.coupons[found]
        issued_on, expires_on = coupon.issued_on, coupon.expires_on
        take_from_wallet(account, found)
        account.own.coupons_revoked += 1
        post(account, day, REVOKE, 0, 0, issued_on, expires_on, 0, terms.why_version)


@rule
def forfeit_bonus(terms, account, day):
    """All bonus stored value is lost, soonest expiring first."""
    while account.own.values > 0:
        index = next_value(account)
        row = account.values[index]
        given_on, expires_on, money = row.given_on, row.expires_on, row.money
        take_value(account, index, money)
        post(account, day, FORFEIT, 0, -money, given_on, expires_on, 0, terms.why_version)


# --- what is due under the new terms -------------------------------------------------------------------------------------
@rule
def look_anew(old, new, account, day):
    """Note when something is due under the new terms; today's start is opened in any case (``birthday_on``, which it sets anew)."""
    own = account.own
    own.birthday_on = day
    own.coupon_on = day
    own.value_on = day
    if old.tiers.count == 0 and new.tiers.count > 0:
        own.metrics_on = day
    if new.tiers.count > 0 and new.change.tiers_changed:
        if new.tiers.upgrade == NEXT_PERIOD:
            note_event(new, own, day)
        if new.tiers.window == SINCE_CHANGE and old.tiers.window != SINCE_CHANGE:
            forget_days(new, account, own.tier_since)
    if new.expiry.mode == DECAYING:  # losses of before the change are not made up for
        own.decays = 0
        while next_decay(new, own) < day:
            own.decays += 1
    if not new.segments.on:
        own.score_on = NEVER
        own.segment = 0
    elif not old.segments.on:
        own.score_on = first_score(new, day - 1)
