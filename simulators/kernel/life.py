"""A member's life in compiled code: ``simulators.agents.Life`` again, with a loop for a clock.

Everything that decides anything is called, not written here: the rulebook (``workbench.rules.posting``), the members' candidates
(``workbench.population.strips``) and what members do (``simulators.choices``, ``workbench.population``). What is here is the
order of events in time, which the ledger's digest compares with that of the agents.
"""

from typing import Any, NamedTuple

import numpy as np

from simulators.acting import begin_acts, follows, next_act, soonest_act
from simulators.audience import draw_audience, hear
from simulators.choices import NOTHING, days_to_lapse, factor_at, topped_up
from simulators.layout import BONUS_VALUES, ENTRIES, LOTS, QUALIFYING_DAYS, USED_COUPONS, WALLET
from simulators.purse import load, plan_wanted, renewals
from simulators.wallet import COUPON, claim_coupons, points_that_fit, use_coupons, wish
from workbench.finance.panel import note_review
from workbench.population.behaviour import death_after_fall, takes_place, wants_to_redeem
from workbench.population.death import death_time, death_when_joined
from workbench.population.past import note_joined, note_redemption, note_tier
from workbench.population.strips import (
    ACCEPT,
    BASKET,
    CATEGORY,
    CHANNEL,
    DISPLACE,
    JOIN,
    JOINING,
    REDEEM,
    RETURN,
    TOP_UP,
    accepts,
    mark,
)  # fmt: skip
from workbench.population.terms import basket, joins, mean_on, pick, return_day
from workbench.rules import posting
from workbench.rules.plans import UNNAMED_PLAN
from workbench.rules.redemption import UNNAMED, redeem
from workbench.rules.refunds import refund_linked
from workbench.rules.stored_value import ALL, pay
from workbench.rules.versions import cross, rank_of
from workbench.units import NEVER, rule

__all__ = ["Space", "in_force", "live"]


class Space(NamedTuple):
    """One thread's working memory, for one member at a time."""

    account: Any
    """record[2]: the member's, and that of the customer before joining."""
    past: Any
    """record[2]: what the member remembers, and a blank one."""
    orders: Any
    """record[slots]: orders that may be refunded; the first is scratch space."""
    refund_on: Any
    """int64[slots]: the day each is refunded, 0 where the place is free."""
    refund_guest: Any
    """int64[slots]: 1 where it was bought before joining."""
    act_time: Any
    act_run: Any
    act_day: Any
    """float64, int64, int64 [actions]: when each of the member's actions comes next, in which run, on which day of it."""


# --- one life ---------------------------------------------------------------------------------------------------------
@rule
def live(versions, behaviours, population, members, i, drawn, bought, space, panel, story):
    """One member in one world, of a program in ``versions``. Writes the account's book, what was ``bought`` at each candidate and the reviews in ``panel``.
    Returns (day of joining, entries written before it); the day is -1 where the member outgrew the room there is."""
    space.past[0] = space.past[1]
    account, guest, past = space.account[0], space.account[1], space.past[0]
    world, behaviour = versions[0], behaviours[0]
    terms, rewards = world.terms, world.rewards
    scratch = space.orders[0]
    clear(account, terms.meters, terms.watches)
    clear(guest, 0, 0)
    slots = len(space.refund_on)
    death = death_time(members.arrival[i], members.death_rate[i], members.death_budget[i])
    member, known = False, False
    orders, waiting, heard = 0, 0, 0
    joined, before_joining = NEVER, 0
    last = drawn.start[i + 1]
    acts, act_time = world.acts, space.act_time
    begin_acts(acts, members.key[i], members.arrival[i], act_time, space.act_run, space.act_day)
    for turn in range(drawn.start[i], last + 1):
        more = turn < last
        until = drawn.day[turn] if more else world.last_day
        ends = drawn.time[turn] if more else world.last_day + 1.0
        while True:  # the start of every due day and every refund, up to and including the day, and every action before the candidate
            due = posting.next_due(terms, account) if member else NEVER
            slot = next_refund(space, slots) if waiting > 0 else 0
            refund = space.refund_on[slot] if slot > 0 else NEVER
            place = soonest_act(acts, act_time)
            if place >= 0 and act_time[place] < ends and int(np.floor(act_time[place])) < min(due, refund):
                if member and act_time[place] < death:
                    if not has_room(terms, account):
                        return -1, 0
                    day = int(np.floor(act_time[place]))
                    death = act(behaviour, terms, account, past, scratch, day, acts.codes[place], death)
                    if terms.messages.count > 0:
                        hear(behaviour, terms, account, past, members.key[i], heard)
                        heard = account.book.cursor.entries
                next_act(acts, members.key[i], place, act_time, space.act_run, space.act_day)
                continue
            if min(due, refund) > until:
                break
            if not has_room(terms, account):
                return -1, 0
            tier = rank_of(terms, account.own.tier)
            if due <= refund:
                if due > terms.until:  # a version of the program takes effect today
                    cross(terms, versions[account.own.version + 1].terms, account, due)
                    world, behaviour = versions[account.own.version], behaviours[account.own.version]
                    terms, rewards = world.terms, world.rewards
                    if terms.messages.count > 0:
                        draw_audience(behaviour, terms, account.own, members.key[i])
                held = rank_of(terms, account.own.tier)
                ended = account.own.tier > 0 and account.own.tier_until < due
                if account.own.plan > 0 and due >= death:
                    account.own.plan_renewals = 0
                posting.open_day(terms, account, scratch, due)
                if account.own.plan_owed > 0:
                    posting.take_fee(terms, account, scratch, due, UNNAMED_PLAN, ALL)
                if ended:
                    note_review(panel, story, due, held, rank_of(terms, account.own.tier), account.own.in_grace)
            else:
                give_back(versions, account, guest, space, slot, refund)
                waiting -= 1
            if member and terms.messages.count > 0:
                hear(behaviour, terms, account, past, members.key[i], heard)
                heard = account.book.cursor.entries
            if member and note_tier(past, tier, rank_of(terms, account.own.tier), min(due, refund)):
                death = death_after_fall(behaviour, past, death)
        if not more or drawn.time[turn] >= death:
            if not more:
                break
            continue
        day, key, strip = until, drawn.key[turn], drawn.strip[turn]
        factor = 1.0
        if member:
            factor = factor_at(behaviour, terms, rewards, account, past, day, members.rate[i], members.u_aware[i])
        if strip != JOINING and not accepts(strip, mark(key, ACCEPT), factor):
            continue
        if not has_room(terms, account):
            return -1, 0
        amount = drawn.basket[turn]
        if amount < 0:
            mean = mean_on(population, members.mean_basket[i], day)
            amount = basket(population, mean, mark(key, BASKET))
            drawn.basket[turn] = amount
        if member:
            if not takes_place(behaviour, past, strip, mark(key, DISPLACE)):
                continue
            amount = topped_up(behaviour, rewards, account, past, amount, mark(key, TOP_UP))
        elif world.is_program and joins(population, mark(key, JOIN)):
            version = in_force(versions, day)
            world, behaviour = versions[version], behaviours[version]
            terms, rewards = world.terms, world.rewards
            plan = plan_wanted(behaviour, terms, members.u_plan[i], members.rate[i], members.mean_basket[i])
            if plan >= 0 or terms.plans.required < 0:
                member = True
                joined, before_joining = day, account.book.cursor.entries
                account.own.version = version
                heard = before_joining
                if terms.messages.count > 0:
                    draw_audience(behaviour, terms, account.own, members.key[i])
                posting.join(terms, account, scratch, day, day, members.birth_month[i], members.birth_dom[i], plan)
                if plan >= 0:
                    posting.take_fee(terms, account, scratch, day, plan, ALL)
                    account.own.plan_renewals = renewals(behaviour, members.u_renews[i])
                note_joined(past, day)
                if terms.messages.count > 0:
                    hear(behaviour, terms, account, past, members.key[i], heard)
                    heard = account.book.cursor.entries
                death = death_when_joined(death, drawn.time[turn], behaviour.death_factor)
        bought[turn] = amount
        back = NEVER
        if population.return_share > 0.0:
            back = return_day(population, day, mark(key, RETURN))
        slot = 0
        if back <= world.last_day:
            slot = free_slot(space, slots)
            space.refund_on[slot] = back
            space.refund_guest[slot] = 0 if member else 1
            waiting += 1
        order = space.orders[slot]
        orders += 1
        if member:
            category = world.categories[pick(population.category_total, mark(key, CATEGORY))]
            channel = world.channels[pick(population.channel_total, mark(key, CHANNEL))]
            write_line(order, amount, category, channel)
            account.own.opened = max(account.own.opened, day)
            paid_in = load(
                behaviour, terms, account.own, members.u_loads[i], members.rate[i], members.mean_basket[i], amount
            )
            if paid_in > 0:
                posting.add_value(terms, account, scratch, day, day, paid_in)
            if account.own.coupons > 0:
                claim_coupons(behaviour, terms, account, scratch, day, members.key[i])
            tier = rank_of(terms, account.own.tier)
            item, points = wanted(world, behaviour, members.redeemer[i], account, day, key, amount)
            posting.start_order(order, orders, day, day, account.own.era)
            posting.begin_checkout(terms, account, order, order.lines, 1, day)
            if account.own.coupons > 0:
                use_coupons(behaviour, terms, account, order, 1, day, members.key[i])
            posting.close_uses(terms, account, order, 1, day)
            pays = account.own.principal + account.own.bonus_value > 0
            refused = 1
            if pays and terms.value.pays_first:
                pay(terms, account, order, day, ALL)
            if item > NOTHING:
                if item == UNNAMED:
                    points = points_that_fit(terms, rewards, order, points)
                refused = redeem(terms, account, order, day, item, points, order.own.amount)
            if pays and not terms.value.pays_first:
                pay(terms, account, order, day, ALL)
            posting.checkout(terms, account, order, order.lines, 1, day, day)
            if item <= COUPON:
                refused = posting.issue_alone(terms, account, scratch, day, COUPON - item)
            if note_tier(past, tier, rank_of(terms, account.own.tier), day):
                death = death_after_fall(behaviour, past, death)
            if refused == 0:
                note_redemption(past, day)
            if terms.messages.count > 0:
                hear(behaviour, terms, account, past, members.key[i], heard)
                heard = account.book.cursor.entries
            for place in range(acts.following):
                if follows(acts, key, place):
                    if not has_room(terms, account):
                        return -1, 0
                    death = act(behaviour, terms, account, past, scratch, day, acts.following_codes[place], death)
                    if terms.messages.count > 0:
                        hear(behaviour, terms, account, past, members.key[i], heard)
                        heard = account.book.cursor.entries
        else:
            write_line(order, amount, 0, 0)
            if not known:
                known = True
                posting.join(world.guests, guest, scratch, day, day, 0, 0, -1)
            posting.start_order(order, orders, day, day, guest.own.era)
            posting.begin_checkout(world.guests, guest, order, order.lines, 1, day)
            posting.checkout(world.guests, guest, order, order.lines, 1, day, day)
            copy_entries(guest, account)
    return joined, before_joining


@rule
def in_force(versions, day):
    """The version in force on a day."""
    found = 0
    while day > versions[found].terms.until:
        found += 1
    return found


@rule
def act(behaviour, terms, account, past, scratch, day, code, death):
    """The member does something besides buying. Returns when they are lost, which a fall may change."""
    account.own.opened = max(account.own.opened, day)
    tier = rank_of(terms, account.own.tier)
    posting.act(terms, account, scratch, day, day, code, -1)
    if note_tier(past, tier, rank_of(terms, account.own.tier), day):
        return death_after_fall(behaviour, past, death)
    return death


@rule
def wanted(world, behaviour, redeemer, account, day, key, amount):
    """What the member asks for at a purchase, before it: (item, points), item ``NOTHING`` where they ask for nothing."""
    own, rewards = account.own, world.rewards
    balance = own.balance - own.debt
    if balance <= 0 or balance < rewards.cheapest:
        return NOTHING, 0
    if not wants_to_redeem(
        behaviour, redeemer, mark(key, REDEEM), balance, rewards.cheapest, days_to_lapse(account, day), day
    ):
        return NOTHING, 0
    return wish(world.terms, rewards, account, day, amount)


@rule
def give_back(versions, account, guest, space, slot, day):
    """A purchase is refunded in full."""
    order = space.orders[slot]
    world = versions[account.own.version]
    space.refund_on[slot] = 0
    if space.refund_guest[slot]:
        guest.own.opened = max(guest.own.opened, day)
        refund_linked(world.guests, world.guests, guest, order, day, order.own.amount, 0, False)
        copy_entries(guest, account)
    else:
        account.own.opened = max(account.own.opened, day)
        then = versions[order.own.version].terms
        refund_linked(world.terms, then, account, order, day, order.own.amount, 0, False)


@rule
def free_slot(space, slots):
    """A free place for an order; there are as many as a member has candidates."""
    slot = 1
    while space.refund_on[slot] != 0:
        slot += 1
    return slot


@rule
def next_refund(space, slots):
    """The order refunded next: the earliest day, then the first placed; 0 if none waits."""
    found = 0
    for slot in range(1, slots):
        day = space.refund_on[slot]
        if day == 0:
            continue
        if found == 0 or day < space.refund_on[found]:
            found = slot
        elif day == space.refund_on[found] and space.orders[slot].own.number < space.orders[found].own.number:
            found = slot
    return found


# --- records ----------------------------------------------------------------------------------------------------------
@rule
def write_line(order, amount, category, channel):
    """The one line of a purchase."""
    line = order.lines[0]
    line.amount = amount
    line.discount = 0
    line.tax = 0
    line.delivery = 0
    line.category = category
    line.channel = channel


@rule
def has_room(terms, account):
    """Whether lots, days, coupons and entries suffice for whatever one call may write."""
    own = account.own
    bonuses = terms.earn.bonuses
    uses = own.lots + 2 * bonuses + 16
    return (
        own.lots + uses <= LOTS
        and own.days + 2 * bonuses + 8 <= QUALIFYING_DAYS
        and own.coupons + terms.coupons.most + USED_COUPONS <= WALLET
        and 2 * (own.values + 1) <= BONUS_VALUES
        and account.book.cursor.entries + posting.room_needed(terms, own, uses + USED_COUPONS, 2 * BONUS_VALUES)
        <= ENTRIES
    )


@rule
def copy_entries(guest, account):
    """Put what was written for a customer before joining into the one book of their life."""
    for k in range(guest.book.cursor.entries):
        entry = guest.book.rows[k]
        into = account.book.rows[account.book.cursor.entries]
        account.book.cursor.entries += 1
        into.day = entry.day
        into.kind = entry.kind
        into.points = entry.points
        into.money = entry.money
        into.lot_earned_on = entry.lot_earned_on
        into.expires_on = entry.expires_on
        into.order = entry.order
        into.rule = entry.rule
    guest.book.cursor.entries = 0


@rule
def clear(account, meters, watches):
    """A blank account."""
    own = account.own
    own.joined = 0
    own.birth_month = 0
    own.birth_dom = 0
    own.birthday_on = 0
    own.balance = 0
    own.pending = 0
    own.debt = 0
    own.tier = 0
    own.tier_since = 0
    own.tier_until = 0
    own.fallen = 0
    own.in_grace = 0
    own.check_on = 0
    own.metrics_on = 0
    own.era = 0
    own.last_activity = 0
    own.decays = 0
    own.carry = 0
    own.opened = 0
    own.invited = 0
    own.purchases = 0
    own.lots = 0
    own.serial = 0
    own.next_lapse = 0
    own.days = 0
    own.earned = 0
    own.redeemed = 0
    own.expired = 0
    own.reversed = 0
    own.last_purchase = 0
    own.coupons = 0
    own.coupon_serial = 0
    own.coupons_used = 0
    own.coupons_lapsed = 0
    own.coupons_revoked = 0
    own.coupon_on = 0
    own.rose = 0
    own.renewed = 0
    own.held_out = 0
    own.unreachable = 0
    own.principal = 0
    own.bonus_value = 0
    own.values = 0
    own.value_serial = 0
    own.value_on = 0
    own.plan = 0
    own.plan_since = 0
    own.plan_until = 0
    own.plan_owed = 0
    own.plan_fee = 0
    own.plan_spend = 0
    own.plan_renewals = 0
    own.referred = 0
    own.segment = 0
    own.score_on = 0
    own.months = 0
    own.version = 0
    own.referrer = 0
    for k in range(meters):
        account.meters[k].period = 0
        account.meters[k].used = 0
    for k in range(watches):
        watch = account.watches[k]
        watch.period = 0
        watch.count = 0
        watch.sum_period = 0
        watch.sum = 0
        watch.last = 0
        watch.first = 0
    account.book.cursor.entries = 0
