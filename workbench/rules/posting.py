"""The order of the day, written once. Every clock (agents, replay, kernel) calls these functions, ``redeem`` of ``redemption.py`` within a
checkout, and the refunds of ``refunds.py``; nothing beneath them.

    start of a day   open_day     1 lapse   2 activate   3 plan's term, review and upgrade   4 decay, convert, score, birthday, campaigns,
                                  automatic redemption
    its transactions join; start_order, begin_checkout (member price), use, close_uses, redeem, pay, checkout (earn, bonuses, campaigns,
                     tier check); redeem_alone; issue_alone, claim_alone, use_alone; act; add_value; pay_out; take_fee; cancel_plan; refer, reward_referrer;
                     refunds, claw_back
    between days     next_due     the next day whose start changes anything

A day's start may be opened on every day, or only on the days ``next_due`` names and those with transactions: the ledger is the same.
The caller opens days in rising order and keeps room in the account's lists (``room_needed``).
"""

from workbench.ledger import ACTIVATE, PURCHASE, REFERRAL, post
from workbench.rules.bonuses import give_bonuses
from workbench.rules.coupons import by_row_only, claim, issue_by_hand, lapse_coupons, post_uses, unclaimed, use_gift
from workbench.rules.earn import earn_nothing, earn_purchase, metric_day
from workbench.rules.earn_parts import is_birthday, set_eligible, write_parts
from workbench.rules.earn_terms import ON_ACTION, ON_BIRTHDAY, ON_FIRST, ON_JOIN, ON_PURCHASE
from workbench.rules.expiry import BY_ACTION, BY_PURCHASE, convert, decay, lapse, next_balance_event, note_activity
from workbench.rules.lots import repay
from workbench.rules.plans import begin_required, cancel, end_of_term, may_earn, note_spend, pay_fee
from workbench.rules.prices import close_prices, price_lines
from workbench.rules.redemption import NO_BASKET, NO_COUPON, NONE_UNCLAIMED, redeem, redeem_automatically
from workbench.rules.referrals import PENDING, UNREWARDED, cap_allows, give, qualify
from workbench.rules.refunds import reverse
from workbench.rules.savings import clear_lines
from workbench.rules.segments import first_score, note_month, score
from workbench.rules.stored_value import cash_out, expire_value, top_up, top_up_refusal
from workbench.rules.tiers import add_metrics, check_after_event, invite, judge
from workbench.rules.trigger_terms import (
    AT_ACTION,
    AT_FIRST,
    AT_JOIN,
    AT_PURCHASE,
    AT_REFERRAL,
    AT_TOP_UP,
    EVERY_DAY,
    REFEREE,
    REFERRER,
)
from workbench.rules.triggers import allowed, fire, fire_at_balance, fire_tier_events, next_campaign, note_once
from workbench.units import NEVER, civil, rule, yearly_on_or_after

__all__ = [
    "act",
    "add_value",
    "begin_checkout",
    "cancel_plan",
    "claim_alone",
    "claim_held",
    "checkout",
    "claw_back",
    "close_uses",
    "issue_alone",
    "join",
    "learn_birthday",
    "next_due",
    "open_day",
    "pay_out",
    "redeem_alone",
    "refer",
    "reward_referrer",
    "room_needed",
    "start_order",
    "take_fee",
    "use_alone",
]

VISIT, NIGHT = 0, 1
"""Action codes that tier metrics count; a program's own actions follow."""


# --- the start of a day ---------------------------------------------------------------------------------------------
@rule
def open_day(terms, account, order, day):
    """Everything that happens to a member at the start of a day, in order. ``order`` is scratch space."""
    own = account.own
    start_order(order, 0, day, day, own.era)
    lapse(terms, account, day)
    clear_remainder(terms, own, day)
    if own.coupons > 0:
        lapse_coupons(terms, account, day)
    if own.values > 0:
        expire_value(terms, account, day)
    activate(terms, account, day)
    if terms.plans.count > 0:
        end_of_term(terms, account, order, day)
    judge(terms, account, day)
    decay(terms, account, day)
    convert(terms, account, day)
    segment = 0
    if terms.segments.on and score(terms, account, day):
        segment = own.segment
    birthday(terms, account, order, day)
    if terms.triggers.campaigns > 0:
        fire(terms, account, order, 0, day, EVERY_DAY, segment, 0)
    redeem_automatically(terms, account, order, day)
    fire_at_balance(terms, account, day)
    own.rose = 0
    own.renewed = 0
    own.opened = day
    own.next_lapse = first_lot_event(account, False)


@rule
def clear_remainder(terms, own, day):
    """On the first day of a year a kept remainder is cleared, where the program says so."""
    _, month, dom = civil(day)
    if terms.earn.carry_resets and month == 1 and dom == 1:
        own.carry = 0


@rule
def activate(terms, account, day):
    """Pending lots whose day has come become usable, first posted first; each repays debt first."""
    own = account.own
    if own.pending == 0:
        return
    while True:
        found = -1
        for i in range(own.lots):
            lot = account.lots[i]
            if lot.pending and lot.active_on <= day and (found < 0 or lot.serial < account.lots[found].serial):
                found = i
        if found < 0:
            return
        lot = account.lots[found]
        lot.pending = 0
        own.pending -= lot.points
        own.balance += lot.points
        post(account, day, ACTIVATE, 0, 0, lot.earned_on, lot.expires_on, 0, terms.why_pending)
        repay(account, day, found, terms.why_debt)


@rule
def birthday(terms, account, order, day):
    """Birthday bonuses."""
    own = account.own
    if day >= own.birthday_on:
        own.birthday_on = next_birthday(terms, own, day)
    if terms.any_birthday and day > own.joined and is_birthday(own, day, False):
        before = own.earned
        give_bonuses(terms, account, order, order.lines, 0, day, ON_BIRTHDAY, -1, 0)
        if own.earned > before:
            settle(terms, account, order, day)


@rule
def next_birthday(terms, own, day):
    """The first birthday after a day, where some bonus is given on birthdays; NEVER if not."""
    if not terms.any_birthday or own.birth_month == 0:
        return NEVER
    return yearly_on_or_after(day + 1, own.birth_month, own.birth_dom)


@rule
def learn_birthday(terms, own, day, month, dom):
    """A member's birthday becomes known: the first that counts is after the day."""
    own.birth_month = month
    own.birth_dom = dom
    own.birthday_on = next_birthday(terms, own, day)


@rule
def settle(terms, account, order, day):
    """What may follow any gain: automatic redemption, coupons at a balance, then the immediate tier check."""
    redeem_automatically(terms, account, order, day)
    fire_at_balance(terms, account, day)
    check_after_event(terms, account, day)


@rule
def after_event(terms, account, order, day, is_purchase):
    """The end of a transaction: what may follow any gain, then the campaigns of the tier it has brought."""
    settle(terms, account, order, day)
    fire_tier_events(terms, account, order, day, is_purchase)


@rule
def first_lot_event(account, protected):
    """First day on which a lot lapses (``protected``: none does) or becomes usable."""
    found = NEVER
    for i in range(account.own.lots):
        lot = account.lots[i]
        if not protected:
            found = min(found, lot.expires_on + 1)
        if lot.pending:
            found = min(found, lot.active_on)
    return found


@rule
def next_due(terms, account):
    """The next day after the last one opened whose start may change the account; NEVER if none."""
    own = account.own
    due = NEVER
    if own.lots > 0 and own.next_lapse < NEVER:
        due = max(own.next_lapse, own.opened + 1)
        if own.tier >= 0 and terms.expiry.protected[own.tier]:
            due = max(first_lot_event(account, True), own.opened + 1)
    if own.tier > 0:
        due = min(due, own.tier_until + 1)
    due = min(due, max(min(own.check_on, own.metrics_on), own.opened + 1))
    due = min(due, next_balance_event(terms, own))
    due = min(due, min(own.birthday_on, own.score_on))
    if own.plan > 0:
        due = min(due, own.plan_until + 1)
    if own.values > 0:
        due = min(due, max(own.value_on, own.opened + 1))
    if own.coupons > 0:
        due = min(due, max(own.coupon_on, own.opened + 1))
    if terms.triggers.scheduled > 0:
        due = min(due, next_campaign(terms, account))
    if terms.earn.carry_resets and own.carry != 0:
        due = min(due, yearly_on_or_after(own.opened + 1, 1, 1))
    return min(due, terms.until + 1, NEVER)


# --- transactions ---------------------------------------------------------------------------------------------------
@rule
def start_order(order, number, business, posting, era):
    """Blank an order's record."""
    own = order.own
    own.number = number
    own.day = business
    own.posted = posting
    own.era = era
    own.amount = 0
    own.refunded = 0
    own.eligible = 0
    own.points = 0
    own.plain = 0
    own.cut_off = 0
    own.base_room = -1
    own.room = -1
    own.spend_day = business
    own.points_day = business
    own.due = 0
    own.paid_points = 0
    own.used = 0
    own.returned = 0
    own.bonuses = 0
    own.tier = 0
    own.fallen = 0
    own.spend_before = 0
    own.split = 0
    own.parts = 0
    own.pieces = 0
    own.uses = 0
    own.discount = 0
    own.coupon_off = 0
    own.principal = 0
    own.bonus_value = 0
    own.principal_back = 0
    own.bonus_back = 0
    own.exclusive = 0
    own.coupons = 0
    own.values = 0
    own.qualifies = 0
    own.referee = 0
    own.referrer = 0
    own.version = 0


@rule
def join(terms, account, order, day, business, birth_month, birth_dom, plan):
    """A member joins: the account begins on the posting day, a required plan is taken (``plan``, or -1), joining bonuses are given."""
    own = account.own
    own.joined = day
    learn_birthday(terms, own, day, birth_month, birth_dom)
    own.opened = day
    own.last_activity = day
    own.next_lapse = NEVER
    own.coupon_on = NEVER
    own.value_on = NEVER
    own.score_on = first_score(terms, day)
    own.last_purchase = day
    own.check_on = NEVER
    own.metrics_on = NEVER
    own.tier = 0 if terms.tiers.count > 0 else -1
    own.tier_since = day
    own.tier_until = NEVER
    start_order(order, 0, business, day, 0)
    begin_required(terms, account, order, day, plan)
    give_bonuses(terms, account, order, order.lines, 0, day, ON_JOIN, -1, 0)
    if terms.triggers.campaigns > 0:
        fire(terms, account, order, 0, day, AT_JOIN, 0, 0)
    after_event(terms, account, order, day, False)


@rule
def checkout(terms, account, order, lines, count, day, business):
    """A purchase of ``count`` lines, after ``start_order``, ``begin_checkout``, its coupons (``close_uses``) and redemptions: earn, bonuses, metrics,
    campaigns, tier."""
    own = account.own
    placed = order.own
    first = own.purchases == 0
    own.purchases += 1
    own.last_purchase = day
    placed.eligible = set_eligible(terms, lines, count, placed.paid_points, placed.principal + placed.bonus_value)
    post(account, day, PURCHASE, 0, placed.amount, NEVER, NEVER, placed.number, terms.why_transaction)
    if terms.segments.noted:
        note_month(terms, account, day, 1, placed.amount)
    write_parts(terms, account, order, lines, count, day)
    eligible = placed.eligible
    tier_era = own.era
    earns = may_earn(terms, own)
    if earns:
        earn_purchase(terms, account, order, eligible, day, business)
    else:
        earn_nothing(order)
    if terms.plans.count > 0:
        note_spend(terms, own, lines, count)
    earn = terms.earn
    placed.spend_day = metric_day(business, earn.spend_waits, earn.pending_days)
    placed.points_day = metric_day(business, earn.points_wait and earn.pending_days > 0, earn.pending_days)
    placed.era = tier_era
    add_metrics(terms, account, day, placed.spend_day, eligible, 0, 1, 1, 0)
    add_metrics(terms, account, day, placed.points_day, 0, placed.points, 0, 0, 0)
    if earns:
        give_bonuses(terms, account, order, lines, count, day, ON_FIRST if first else ON_PURCHASE, -1, 0)
    if own.referred:
        qualify(terms, account, order, day, True)
    if terms.triggers.campaigns > 0:
        fire(terms, account, order, count, day, AT_FIRST if first else AT_PURCHASE, 0, 0)
    after_event(terms, account, order, day, True)


@rule
def begin_checkout(terms, account, order, lines, count, day):
    """The start of a purchase: its amount, the member prices (unless coupons come first), and the activity it is."""
    placed = order.own
    placed.version = account.own.version
    for i in range(count):
        placed.amount += lines[i].amount
        placed.due += lines[i].amount - lines[i].discount
    clear_lines(lines, count)
    if not terms.coupons.before_price:
        price_lines(terms, account, order, count)
    note_activity(terms, account, day, BY_PURCHASE)


@rule
def close_uses(terms, account, order, count, day):
    """After a purchase's coupons: the member prices where coupons come first, the entries of both, and what is left to pay."""
    placed = order.own
    if terms.prices.rules + terms.coupons.kinds == 0:
        return
    if terms.coupons.before_price:
        price_lines(terms, account, order, count)
    close_prices(terms, account, order, count, day)
    post_uses(terms, account, order, day)
    placed.due -= placed.discount + placed.coupon_off


@rule
def redeem_alone(terms, account, order, day, item, points):
    """A redemption without a purchase. Returns why it is refused, 0 if it is done."""
    refusal = redeem(terms, account, order, day, item, points, NO_BASKET)
    if refusal == 0:
        after_event(terms, account, order, day, False)
    return refusal


@rule
def issue_alone(terms, account, order, day, kind):
    """An ``issue`` row: a coupon bought with points, or handed out. Returns why it is refused, 0 if it is done."""
    start_order(order, 0, day, day, account.own.era)
    may_buy = kind >= 0 and allowed(terms, account, day, kind)
    refusal = issue_by_hand(terms, account, day, kind, may_buy)
    if refusal == 0:
        if by_row_only(terms, kind):
            note_once(terms, account, day, kind)
        after_event(terms, account, order, day, False)
    return refusal


@rule
def claim_alone(terms, account, order, day, kind):
    """A ``claim`` row. Returns why it is refused, 0 if it is done."""
    index = unclaimed(account, kind)
    if kind < 0 or index < 0:
        return NO_COUPON if kind < 0 else NONE_UNCLAIMED
    claim_held(terms, account, order, day, index)
    return 0


@rule
def claim_held(terms, account, order, day, index):
    """A member claims a coupon they hold."""
    start_order(order, 0, day, day, account.own.era)
    claim(terms, account, day, index)
    after_event(terms, account, order, day, False)


@rule
def use_alone(terms, account, order, day, kind):
    """A coupon used without a purchase: a gift with no least basket. Returns why it is refused, 0 if it is done."""
    refusal = use_gift(terms, account, order, day, kind)
    if refusal == 0:
        after_event(terms, account, order, day, False)
    return refusal


@rule
def act(terms, account, order, day, business, action, points):
    """An action row: activity, invitation, metrics, bonuses. ``points`` -1 where the row brings none; ``action`` -1
    where the program knows no such action (still an activity)."""
    start_order(order, 0, business, day, account.own.era)
    note_activity(terms, account, day, BY_ACTION)
    if action < 0:
        return
    invite(terms, account, day, action)
    if action == VISIT:
        add_metrics(terms, account, day, day, 0, 0, 0, 1, 0)
    elif action == NIGHT:
        add_metrics(terms, account, day, day, 0, 0, 0, 0, points if points >= 0 else 1)
    give_bonuses(terms, account, order, order.lines, 0, day, ON_ACTION, action, points)
    if terms.triggers.campaigns > 0:
        fire(terms, account, order, 0, day, AT_ACTION, action, 0)
    after_event(terms, account, order, day, False)


@rule
def add_value(terms, account, order, day, business, amount):
    """A top-up of stored value: activity, what is paid in and given, what follows. Returns why it is refused, 0 if it is done."""
    refusal = top_up_refusal(terms, account.own, amount)
    if refusal == 0:
        start_order(order, 0, business, day, account.own.era)
        note_activity(terms, account, day, BY_ACTION)
        top_up(terms, account, day, business, amount, may_earn(terms, account.own))
        if terms.triggers.campaigns > 0:
            fire(terms, account, order, 0, day, AT_TOP_UP, 0, amount)
        after_event(terms, account, order, day, False)
    return refusal


@rule
def take_fee(terms, account, order, day, plan, amount):
    """A plan's fee is paid, and its first term begun where the member does not hold it. Returns why it is refused, 0 if it is done."""
    start_order(order, 0, day, day, account.own.era)
    refusal = pay_fee(terms, account, order, day, plan, amount)
    if refusal == 0:
        after_event(terms, account, order, day, False)
    return refusal


@rule
def cancel_plan(terms, account, order, day, plan):
    """A plan is cancelled. Returns why it is refused, 0 if it is done."""
    start_order(order, 0, day, day, account.own.era)
    refusal = cancel(terms, account, day, plan)
    if refusal == 0:
        after_event(terms, account, order, day, False)
    return refusal


@rule
def pay_out(terms, account, order, day, amount):
    """Stored value is cashed out. Returns why it is refused, 0 if it is done."""
    start_order(order, 0, day, day, account.own.era)
    refusal = cash_out(terms, account, day, amount)
    if refusal == 0:
        after_event(terms, account, order, day, False)
    return refusal


@rule
def refer(terms, account, order, day, business):
    """A referral row of a member, which nothing refuses (``refusal``); ``own.referrer`` is set."""
    own = account.own
    start_order(order, 0, business, day, own.era)
    post(account, day, REFERRAL, 0, 0, NEVER, NEVER, 0, terms.why_referral)
    own.referred = PENDING
    qualify(terms, account, order, day, False)
    if terms.triggers.campaigns > 0 and order.own.qualifies:
        fire(terms, account, order, 0, day, AT_REFERRAL, REFEREE, 0)
    after_event(terms, account, order, day, False)


@rule
def reward_referrer(terms, account, referee, placed, order, day):
    """What a referral (or an order of the member who was brought) brings the one who brought them, on their own account, which has been brought
    to the day. ``referee``: the new member's scalars; ``placed``: those of the order, or of the row; ``order``: scratch space."""
    start_order(order, 0, day, day, account.own.era)
    if placed.qualifies and not cap_allows(terms, account, day):
        referee.referred = UNREWARDED
        placed.referrer = 0
        return
    if placed.referrer > 0:
        give(terms, account, day, day, placed.referrer, 0, terms.why_referral + 2)
    if terms.triggers.campaigns > 0 and placed.qualifies:
        fire(terms, account, order, 0, day, AT_REFERRAL, REFERRER, 0)
    after_event(terms, account, order, day, False)


@rule
def claw_back(terms, account, points, day):
    """Points that a refunded order gave the one who brought its buyer are taken back from their account."""
    reverse(terms, account, day, points, 0, False)


@rule
def room_needed(terms, own, uses, values):
    """Entries one call may write at the most: (every lot lapses, activates, repays twice, is redeemed) and every bonus and tier change,
    (every row of bonus value lapses, is used or given back and lapses), every coupon lapses or is issued, every message is sent.
    ``uses``: lots and coupons used at the order at hand, ``values``: its rows of bonus value."""
    campaigns = own.coupons + terms.coupons.most + terms.watches + terms.prices.rules
    return 40 + 6 * (own.lots + terms.meters + uses) + 2 * (own.values + values + campaigns)
