"""What sets off coupons and messages ("campaigns": coupons in file order, then messages in file order).

``fire`` is called by ``posting.py`` (and by what posts top-ups, plans, referrals) at every event, and with ``EVERY_DAY`` at the start of
a day; ``next_campaign`` says on which day's start something may next be due. A new trigger is a branch of ``times_met`` (an event of
its own), or of ``day_meets`` and ``next_day_of`` (the start of a day). What is issued stands in ``coupons.py``, what is sent in ``messages.py``.
"""

from workbench.rules.caps import period_key
from workbench.rules.coupons import issue, issue_at_balance, room_for
from workbench.rules.earn_parts import is_birthday, known
from workbench.rules.earn_terms import PER_DAY, PER_MONTH, PER_YEAR
from workbench.rules.expiry import INACTIVITY
from workbench.rules.messages import send
from workbench.rules.tiers import NEEDED, is_met, metric_total, need_of, window_start
from workbench.rules.trigger_terms import (
    AT_ACTION,
    AT_BALANCE,
    AT_BIRTHDAY,
    AT_COUPON_EXPIRY,
    AT_DATES,
    AT_EXPIRY,
    AT_FIRST,
    AT_JOIN,
    AT_NEAR_TIER,
    AT_PLAN,
    AT_PLAN_END,
    AT_PURCHASE,
    AT_REFERRAL,
    AT_SEGMENT,
    AT_SILENCE,
    AT_SPEND,
    AT_TIER_END,
    AT_TIER_ENTRY,
    AT_TIER_RENEWAL,
    AT_TOP_UP,
    EVERY_DAY,
    MOST_TIMES,
    REFEREE,
)  # fmt: skip
from workbench.units import NEVER, add_months, civil, day_of, rule, yearly_on_or_after

__all__ = ["allowed", "fire", "fire_at_balance", "fire_tier_events", "next_campaign", "note_once"]


# --- the loop ---------------------------------------------------------------------------------------------------------
@rule
def fire(terms, account, order, count, day, event, detail, amount):
    """Set off every campaign of an event. ``count``: lines of the order; ``detail``: the action's code, the phase of a plan or the side of
    a referral (as bits), the tier entered, 1 + the segment entered today; ``amount``: of a top-up."""
    triggers = terms.triggers
    number = 0 if event == AT_TIER_ENTRY else order.own.number
    for k in range(triggers.campaigns):
        times = times_met(terms, account, order, count, day, k, event, detail, amount)
        if times == 0 or not allowed(terms, account, day, k):
            continue
        if triggers.once[k] > 0:
            times = 1
        if k < triggers.coupons:
            note_once(terms, account, day, k)
            issue(terms, account, day, k, times, number)
        elif send(terms, account, day, k - triggers.coupons):
            note_once(terms, account, day, k)


@rule
def fire_tier_events(terms, account, order, day, purchase):
    """After the tier check of a transaction: campaigns for the tier just entered, then, after a purchase, those near the next one."""
    own = account.own
    if terms.triggers.tier_events > 0:
        if own.rose > 0:
            fire(terms, account, order, 0, day, AT_TIER_ENTRY, own.rose - 1, 0)
        if purchase:
            fire(terms, account, order, 0, day, AT_NEAR_TIER, 0, 0)
    own.rose = 0


@rule
def fire_at_balance(terms, account, day):
    """Coupons issued at a balance, wherever automatic redemption is looked at, after it."""
    if terms.coupons.automatic == 0:
        return
    for k in range(terms.triggers.coupons):
        if terms.triggers.event[k] == AT_BALANCE and allowed(terms, account, day, k):
            if issue_at_balance(terms, account, k, day) > 0:
                note_once(terms, account, day, k)


@rule
def allowed(terms, account, day, k):
    """Whether dates, tiers and ``once`` let a campaign fire today."""
    triggers = terms.triggers
    if not triggers.open_days[k][day - terms.first_day]:
        return False
    if not triggers.any_tier[k] and not triggers.tiers[k][max(account.own.tier, 0)]:
        return False
    once = triggers.once[k]
    return once == 0 or account.watches[watch_of(terms, k)].period != period_key(once, day)


@rule
def watch_of(terms, k):
    """Place of a campaign's watch; a message's is the same in every version of the program."""
    if k < terms.triggers.coupons:
        return k
    return terms.messages.first_watch + terms.messages.rank[k - terms.triggers.coupons]


@rule
def note_once(terms, account, day, k):
    """A campaign has come in its period."""
    once = terms.triggers.once[k]
    if once > 0:
        account.watches[watch_of(terms, k)].period = period_key(once, day)


# --- is it met? -------------------------------------------------------------------------------------------------------
@rule
def times_met(terms, account, order, count, day, k, event, detail, amount):
    """How many times an event meets a campaign's trigger."""
    triggers = terms.triggers
    on = triggers.event[k]
    if event == EVERY_DAY:
        return 1 if day_meets(terms, account, day, k, detail) else 0
    if event == AT_PURCHASE or event == AT_FIRST:
        if on == AT_SPEND:
            return multiples_passed(terms, account, order, day, k)
        if on == AT_PURCHASE or (on == AT_FIRST and event == AT_FIRST):
            return times_spent(terms, order, count, k)
        return 1 if on == AT_REFERRAL and order.own.qualifies and triggers.detail[k] & (1 << REFEREE) else 0
    if on != event:
        return 0
    if on == AT_ACTION:
        return 1 if triggers.detail[k] == detail else 0
    if on == AT_PLAN or on == AT_REFERRAL:
        return 1 if triggers.detail[k] & (1 << detail) else 0
    if on == AT_TOP_UP:
        return 1 if amount >= triggers.least[k] else 0
    if on == AT_NEAR_TIER:
        return 1 if is_near(terms, account, day, triggers.least[k]) else 0
    return 1 if on == AT_JOIN or on == AT_TIER_ENTRY else 0


@rule
def times_spent(terms, order, count, k):
    """How often an order's eligible spend, of the lines of the trigger's categories, sets it off."""
    triggers = terms.triggers
    spend = 0
    found = 0
    for i in range(count):
        if triggers.categories[k][known(order.lines[i].category, terms.earn.categories)]:
            spend += order.lines[i].eligible
            found += 1
    if spend < triggers.least[k] or (found == 0 and not triggers.any_category[k]):
        return 0
    every = triggers.every[k]
    return 1 if every == 0 else min(spend // every, MOST_TIMES)


@rule
def multiples_passed(terms, account, order, day, k):
    """Add an order's eligible spend to the period's sum; how many multiples of the amount it has passed (the first alone, unless it repeats)."""
    triggers = terms.triggers
    watch = account.watches[watch_of(terms, k)]
    period = period_key(triggers.per[k], day)
    if watch.sum_period != period:
        watch.sum_period = period
        watch.sum = 0
    before = watch.sum // triggers.least[k]
    watch.sum += order.own.eligible
    passed = watch.sum // triggers.least[k] - before
    if triggers.repeats[k]:
        return min(passed, MOST_TIMES)
    return 1 if passed > 0 and before == 0 else 0


@rule
def is_near(terms, account, day, share):
    """Whether the next tier's thresholds are met at a share (in thousandths), and the tier is not."""
    own = account.own
    level = own.tier + 1
    if own.tier < 0 or level >= terms.tiers.count:
        return False
    row = need_of(terms, own, level)
    need = terms.tiers.needs[row]
    start = window_start(terms, own, day)
    if need[NEEDED] == 0 or is_met(terms, account, row, start, day):
        return False
    met = 0
    for metric in range(NEEDED):
        if need[metric] >= 0 and metric_total(account, metric, start, day) * 1000 >= need[metric] * share:
            met += 1
    return met >= need[NEEDED]


@rule
def day_meets(terms, account, day, k, segment):
    """Whether the start of today meets a trigger. ``segment``: 1 + the RFM segment entered today, 0 for none."""
    triggers = terms.triggers
    own = account.own
    on = triggers.event[k]
    ahead = day + triggers.days[k]
    if day <= own.joined:
        return False
    if on == AT_DATES:
        return True  # the table of open days has said so
    if on == AT_BIRTHDAY:
        if triggers.month_start[k]:
            return civil(day)[2] == 1 and is_birthday(own, day, True)
        return is_birthday(own, ahead, False)
    if on == AT_SILENCE:
        return own.last_purchase + triggers.days[k] == day
    if on == AT_SEGMENT:
        return segment > 0 and triggers.detail[k] & (1 << (segment - 1)) != 0
    if on == AT_TIER_ENTRY:
        return own.rose > 0
    if on == AT_TIER_RENEWAL:
        return own.renewed > 0
    if on == AT_EXPIRY:
        return next_points_end(terms, account, ahead) == ahead
    if on == AT_TIER_END:
        return own.tier > 0 and own.tier_until == ahead
    if on == AT_COUPON_EXPIRY:
        return next_coupon_end(account, ahead) == ahead
    return on == AT_PLAN_END and own.plan > 0 and own.plan_until == ahead


# --- when is it next? -------------------------------------------------------------------------------------------------
@rule
def next_campaign(terms, account):
    """The first day after the last one opened whose start may set off a campaign; NEVER if none."""
    found = NEVER
    day = account.own.opened + 1
    for k in range(terms.triggers.campaigns):
        found = min(found, next_day_of(terms, account, k, day))
    return max(found, day)


@rule
def next_day_of(terms, account, k, day):
    """The first day from one on that may meet a trigger of the start of a day; NEVER if none."""
    triggers = terms.triggers
    own = account.own
    on = triggers.event[k]
    before = triggers.days[k]
    found = NEVER
    if on == AT_DATES:
        place = day - terms.first_day
        found = triggers.next_date[place] if day <= terms.last_day else day
    elif on == AT_BIRTHDAY and own.birth_month > 0:
        if triggers.month_start[k]:
            found = yearly_on_or_after(day, own.birth_month, 1)
        else:
            found = yearly_on_or_after(day + before, own.birth_month, own.birth_dom) - before
    elif on == AT_SILENCE:
        found = own.last_purchase + before
    elif on == AT_EXPIRY:
        found = next_points_end(terms, account, day + before) - before
    elif on == AT_TIER_END and own.tier > 0 and own.tier_until < NEVER:
        found = own.tier_until - before
    elif on == AT_COUPON_EXPIRY:
        found = next_coupon_end(account, day + before) - before
    elif on == AT_PLAN_END and own.plan > 0:
        found = own.plan_until - before
    elif on == AT_BALANCE:
        found = next_at_balance(terms, account, k, day)
    return found if found >= day else NEVER


@rule
def next_at_balance(terms, account, k, day):
    """The first day from one on that may issue a coupon at a balance which is there already, and waits for its period or its dates."""
    triggers = terms.triggers
    own = account.own
    if own.balance - own.debt < terms.coupons.points[k] or room_for(terms, account, day, k) < terms.coupons.batch[k]:
        return NEVER
    if not triggers.any_tier[k] and not triggers.tiers[k][max(own.tier, 0)]:
        return NEVER
    once = triggers.once[k]
    if once > 0 and account.watches[k].period == period_key(once, day):
        day = next_period(once, day)
    if triggers.dated[k] and day <= terms.last_day:
        day = triggers.next_open[day - terms.first_day]
    return day


@rule
def next_period(once, day):
    """The first day of the period after the one that holds a day; NEVER after a lifetime."""
    year, month, _ = civil(day)
    if once == PER_DAY:
        return day + 1
    if once == PER_MONTH:
        return add_months(day_of(year, month, 1), 1)
    return day_of(year + 1, 1, 1) if once == PER_YEAR else NEVER


@rule
def next_points_end(terms, account, day):
    """The first last usable day of points held that is not before a day; NEVER if none (nor while the tier held protects them)."""
    own = account.own
    found = NEVER
    if own.lots == 0 or (own.tier >= 0 and terms.expiry.protected[own.tier]):
        return found
    for i in range(own.lots):
        if account.lots[i].expires_on >= day:
            found = min(found, account.lots[i].expires_on)
    if terms.expiry.mode == INACTIVITY:
        last = add_months(own.last_activity, terms.expiry.months)
        if last >= day:
            found = min(found, last)
    return found


@rule
def next_coupon_end(account, day):
    """The first last usable day of a coupon held that is not before a day; NEVER if none."""
    found = NEVER
    for i in range(account.own.coupons):
        if account.coupons[i].expires_on >= day:
            found = min(found, account.coupons[i].expires_on)
    return found
