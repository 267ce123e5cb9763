"""What a member of a simulation decides, seeing the program's rules: how often to buy, how much, and what to ask for when they redeem.

Engines call ``factor_at`` at every candidate of a member, ``topped_up`` at every purchase of one (but the one they join at), ``ask``
where they redeem, and the ``note_...`` rules (which stand in ``workbench.population.past``) at events. A member's past says all:
nothing here looks ahead.
"""

from typing import Annotated, Any, NamedTuple

from workbench.population.behaviour import (
    BehaviourTerms,
    clipped,
    deadline_weight,
    faded,
    message_pressure,
    millionths,
    pace_weight,
    pressure,
    progress,
    status_step,
)
from workbench.population.past import note_joined, note_message, note_redemption, note_tier
from workbench.program.spec import Program
from workbench.rules.bounds import BONUSES, BRACKETS, Items, PerTier
from workbench.rules.redemption import UNNAMED, is_open
from workbench.rules.tiers import ANNIVERSARY, NEEDED, metric_total, need_of, period_end, window_start
from workbench.rules.trigger_spec import OnBalance, OnPoints
from workbench.units import MAX_MONEY, NEVER, rule, to_minor

__all__ = [
    "NOTHING",
    "RewardTerms",
    "ask",
    "days_to_lapse",
    "factor_at",
    "in_play",
    "note_joined",
    "note_message",
    "note_redemption",
    "note_tier",
    "reward_terms",
    "topped_up",
]

NOTHING = -3
"""No reward can be had."""
ITS_PRICE = -1


class RewardTerms(NamedTuple):
    """A program as members see it: its rewards, and the amounts that are worth reaching."""

    cheapest: int
    """Points of the cheapest reward; 0 where the program has none."""
    stamps: int
    """1 where the program is a stamp card: purchases earn a fixed number of points each, and nothing by amount."""
    head_start: int
    """Points given for joining."""
    thresholds: int
    threshold: Annotated[list[int], BONUSES + BRACKETS + 1]
    """Amounts of an order that matter to everybody, rising, in minor units."""
    block: PerTier
    """By tier (one entry where there are none): the block of money of which only whole ones earn, the rest being lost; 0: none."""
    off_basket: int
    """Least order for money off, in minor units."""
    items: int
    item_points: Items
    """Catalogue prices, rising."""
    item_codes: Items
    """Place of each in the program's catalogue."""
    off_points: int
    off_worth: int
    off_block: int
    off_least: int
    """Points below which money off is not worth asking for."""
    off_share: int
    """Thousandths of the basket that points may pay."""


def reward_terms(program: Program) -> RewardTerms:
    """A program as members see it."""
    thresholds = _thresholds(program)
    redemption = program.redemption
    off = None if redemption is None else redemption.money_off
    automatic = None if redemption is None else redemption.automatic
    items = [] if redemption is None else sorted((item.points, code) for code, item in enumerate(redemption.catalogue))
    least = 0 if off is None else max(off.points, off.block, off.minimum_balance)
    prices = [price for price, _ in items[:1]]
    prices += [least] if off is not None else []
    prices += [automatic.at] if automatic is not None else []
    prices += [each.trigger.points for each in program.coupons if isinstance(each.trigger, OnBalance | OnPoints)]
    return RewardTerms(
        cheapest=min(prices, default=0),
        stamps=int(_is_stamp_card(program)),
        head_start=sum(each.points or 0 for each in program.earn.bonuses if each.event == "join"),
        thresholds=len(thresholds),
        threshold=thresholds,
        block=_blocks(program),
        off_basket=0 if off is None else to_minor(off.minimum_basket),
        items=len(items),
        item_points=[price for price, _ in items],
        item_codes=[code for _, code in items],
        off_points=0 if off is None else off.points,
        off_worth=0 if off is None else to_minor(off.worth),
        off_block=1 if off is None else off.block,
        off_least=least,
        off_share=1000 if off is None or off.maximum_share is None else int(off.maximum_share * 1000),
    )


def _is_stamp_card(program: Program) -> bool:
    """No points by amount (no rate, no brackets), and a bonus with every purchase or every one of some size."""
    earn = program.earn
    by_amount = earn.rate is not None or earn.rate_by_tier or earn.brackets is not None
    return not by_amount and any(each.event == "purchase" for each in earn.bonuses)


def _thresholds(program: Program) -> list[int]:
    """Amounts from which an order brings more at once, rising: the least that earns, the steps at which the whole order's rate changes,
    and the least for a bonus that every purchase can bring at any time. (Marginal steps change nothing at once.)"""
    earn = program.earn
    amounts = [earn.minimum_order]
    if earn.brackets is not None and earn.brackets.on == "order" and not earn.brackets.marginal:
        amounts += [step.from_ for step in earn.brackets.steps]
    amounts += [
        each.minimum_spend
        for each in earn.bonuses
        if each.event == "purchase" and not each.dates and not each.categories
    ]
    return sorted({to_minor(amount) for amount in amounts if amount > 0})


def _blocks(program: Program) -> list[int]:
    """By tier, the block of money of which only whole ones earn, where orders are rounded down and the rest is not kept; 0: none."""
    earn = program.earn
    rates = [earn.rate_by_tier.get(name, earn.rate) for name in program.tier_names or ("",)]
    if earn.rounding.mode != "floor" or earn.rounding.keeps_remainder:
        return [0] * len(rates)
    return [to_minor(rate.per) if rate is not None and rate.whole_blocks else 0 for rate in rates]


def in_play(behaviour: BehaviourTerms, program: Program) -> BehaviourTerms:
    """The same assumptions without the effects that a program can never set off (its factors are 1 there anyway): they need not be
    computed, and ``largest_modifier`` is nearer to what can happen."""
    earn, tiers, redemption = program.earn, program.tiers, program.redemption
    off: dict[str, Any] = {}
    if not program.automations:
        off["message_strength"] = 0.0
    if not program.coupons:
        off["coupon_strength"] = 0.0
    rewards = reward_terms(program)
    if rewards.cheapest <= 1 or not rewards.stamps:
        off["reward_stamps"] = 0.0
    if rewards.cheapest <= 1 or rewards.stamps:
        off["reward_strength"] = 0.0
    if not program.plans:
        off["plan_strength"] = 0.0
    if tiers is None or not tiers.window.has_periods:
        off["tier_strength"] = 0.0
    if tiers is None:
        off |= {"status_on": 0, "demotion_strength": 0.0, "demotion_death": 0.0}
    if program.expiry.model == "none" and all(each.expiry is None for each in earn.bonuses):
        off["expiry_strength"] = 0.0
    if redemption is None or (redemption.money_off is None and not redemption.catalogue):
        off["rewarded_strength"] = 0.0
    return behaviour._replace(**off)


# --- rules: how often ------------------------------------------------------------------------------------------------
@rule
def factor_at(behaviour, terms, rewards, account, past, day, rate, u_aware):
    """Factor on a member's purchase rate at a candidate, and the candidate counted in ``past``. The account is as it stands after the
    start of ``day``; ``rate``: the member's own, repeat purchases a day; ``u_aware``: the member's."""
    own = account.own
    past.looks += 1
    product = 1.0
    share, soonest, last = 0.0, NEVER, NEVER
    strength = behaviour.reward_stamps if rewards.stamps else behaviour.reward_strength
    if strength != 0.0:
        share = way_to_reward(behaviour, rewards, own)
    aware = behaviour.expiry_strength != 0.0 and (u_aware < behaviour.expiry_aware or past.warned > 0)
    if share > 0.0 or aware:
        soonest, last = lapses(account)
    if share > 0.0:
        weight = reward_pace(behaviour, rewards, own, last - day + 1, rate) if last < NEVER else 1.0
        factor = pressure(strength, share, behaviour.reward_exponent, weight)
        past.reward_pressure += millionths(factor)
        product *= factor
    if behaviour.tier_strength != 0.0 and 0 <= own.tier < terms.tiers.count - 1:
        factor = tier_pressure(behaviour, terms, account, day, rate)
        past.tier_pressure += millionths(factor)
        product *= factor
    if aware and soonest < NEVER:
        factor = faded(behaviour.expiry_strength, max(0, soonest - day), behaviour.expiry_decay)
        past.expiry += millionths(factor)
        product *= factor
    if behaviour.rewarded_strength != 0.0 and past.redemptions > 0:
        factor = faded(behaviour.rewarded_strength, day - past.redeemed_on, behaviour.rewarded_decay)
        past.rewarded += millionths(factor)
        product *= factor
    if behaviour.status_on and own.tier > 0:
        factor = status_step(behaviour, own.tier)
        past.status += millionths(factor)
        product *= factor
    if behaviour.demotion_strength != 0.0 and past.falls > 0:
        factor = faded(-behaviour.demotion_strength, day - past.fell_on, behaviour.demotion_decay)
        past.demotion += millionths(factor)
        product *= factor
    if behaviour.coupon_strength != 0.0 and own.coupons > 0:
        factor = 1.0 + behaviour.coupon_strength
        past.coupon += millionths(factor)
        product *= factor
    if behaviour.message_strength != 0.0 and past.messages > 0:
        factor = message_pressure(behaviour, day - past.messaged_on, past.crowd)
        past.message += millionths(factor)
        product *= factor
    if behaviour.novelty_strength != 0.0:
        factor = faded(behaviour.novelty_strength, day - past.joined, behaviour.novelty_decay)
        past.novelty += millionths(factor)
        product *= factor
    if behaviour.plan_strength != 0.0 and own.plan > 0:
        factor = 1.0 + behaviour.plan_strength
        past.plan += millionths(factor)
        product *= factor
    within = clipped(product)
    if within > product:
        past.clip_low += 1
    elif within < product:
        past.clip_high += 1
    return within


@rule
def way_to_reward(behaviour, rewards, own):
    """Progress towards the cheapest reward; none where the member's purchases bring as much on average, for then it is no goal. What
    of the points given for joining is no progress is left out until the first points are redeemed or lapse."""
    if brought(rewards, own) >= rewards.cheapest * own.purchases:
        return 0.0
    untouched = own.redeemed == 0 and own.expired == 0
    left_out = (1.0 - behaviour.head_start) * rewards.head_start if untouched else 0.0
    return progress(own.balance - own.debt, rewards.cheapest, left_out)


@rule
def brought(rewards, own):
    """Points that purchases have brought so far (everything earned, but for what joining gives)."""
    return max(own.earned - rewards.head_start, 0)


@rule
def reward_pace(behaviour, rewards, own, days, rate):
    """Weight of the next reward where the last of the points held lapses in so many days, today included: by the points missing
    over what the member's purchases bring in that time, at what they have brought so far. No reward is too sure to matter."""
    missing = rewards.cheapest - (own.balance - own.debt) % rewards.cheapest
    comes = days * rate * brought(rewards, own) / max(own.purchases, 1)
    return pace_weight(behaviour, max(missing / comes, behaviour.pace_full_from)) if comes > 0.0 else 0.0


@rule
def tier_pressure(behaviour, terms, account, day, rate):
    """Factor of the next tier; 1 where its window has no end of period, or the end is far."""
    window = terms.tiers.window
    if window <= 0 and window != ANNIVERSARY:
        return 1.0
    days = period_end(terms, account.own, day) - day
    near = deadline_weight(behaviour, days)
    if near <= 0.0:
        return 1.0
    share, ratio = way_to_tier(terms, account, day, (days + 1) * rate)
    if not 0.0 < share < 1.0:
        return 1.0
    return pressure(behaviour.tier_strength, share, behaviour.tier_exponent, near * pace_weight(behaviour, ratio))


@rule
def way_to_tier(terms, account, day, coming):
    """Share of the way to the next tier in the window of today, and what is missing over what ``coming`` purchases bring, at what the
    window's have brought. Where so many of several thresholds must be met, the one that comes in last of so many decides."""
    own = account.own
    need = terms.tiers.needs[need_of(terms, own, own.tier + 1)]
    start = window_start(terms, own, day)
    for metric in range(NEEDED):
        if need[metric] < 0:
            continue
        total = metric_total(account, metric, start, day)
        share = reached_share(total, need[metric])
        ahead = 0
        for other in range(NEEDED):
            if need[other] >= 0 and other != metric:
                theirs = reached_share(metric_total(account, other, start, day), need[other])
                if theirs > share or (theirs == share and other < metric):
                    ahead += 1
        if ahead == need[NEEDED] - 1:
            comes = coming * total / max(metric_total(account, 2, start, day), 1)
            return share, (need[metric] - total) / comes if comes > 0.0 else 0.0
    return 0.0, 0.0


@rule
def reached_share(total, threshold):
    """Share of a threshold that a metric has reached, at most 1."""
    return 1.0 if total >= threshold else max(total, 0) / threshold


@rule
def lapses(account):
    """The first and the last day on which usable points lapse; ``NEVER`` where some (or, for both, all) do not."""
    soonest, last = NEVER, -NEVER
    for i in range(account.own.lots):
        lot = account.lots[i]
        if not lot.pending:
            soonest = min(soonest, lot.expires_on)
            last = max(last, lot.expires_on)
    return soonest, last if last > -NEVER else NEVER


@rule
def days_to_lapse(account, day):
    """Days to the next lapse of a usable lot, 0 on its last day; -1 where nothing lapses."""
    soonest, _ = lapses(account)
    return -1 if soonest >= NEVER else max(0, soonest - day)


# --- rules: how much, and what for points ------------------------------------------------------------------------------
@rule
def topped_up(behaviour, rewards, account, past, basket, u):
    """The basket of a member's purchase, which some top up to the nearest amount that matters to them, if it is at most ``within`` above:
    a threshold of the program; the next full block of their tier's rate, unless the basket is whole blocks; or the least order
    for money off, where they have the points. ``u``: the candidate's ``u_top_up``."""
    if u >= behaviour.top_up_chance:
        return basket
    own = account.own
    goal = MAX_MONEY + 1
    for k in range(rewards.thresholds):
        if rewards.threshold[k] > basket:
            goal = min(goal, rewards.threshold[k])
    block = rewards.block[max(own.tier, 0)]
    if block > 0 and basket % block != 0:
        goal = min(goal, (basket // block + 1) * block)
    if rewards.off_points > 0 and own.balance - own.debt >= rewards.off_least and rewards.off_basket > basket:
        goal = min(goal, rewards.off_basket)
    if goal > MAX_MONEY or goal > basket * (1.0 + behaviour.top_up_within):
        return basket
    past.topped_up += 1
    return goal


@rule
def in_stock(terms, account, item):
    """Whether a reward can still be had."""
    pool = terms.redemption.item_pool[item]
    return pool < 0 or account.pools[pool].left > 0


@rule
def ask(terms, rewards, account, day, basket):
    """As much money off as the basket allows, or else the dearest reward the balance pays for: (item, points), item ``NOTHING``
    where nothing can be had."""
    balance = account.own.balance - account.own.debt
    if not is_open(terms, day):
        return NOTHING, 0
    if rewards.off_points > 0 and balance >= rewards.off_least and basket >= terms.redemption.off_minimum_basket:
        payable = basket * rewards.off_share // 1000 * rewards.off_points // rewards.off_worth
        points = min(balance, payable) // rewards.off_block * rewards.off_block
        if points > 0:
            return UNNAMED, points
    found = NOTHING
    for k in range(rewards.items):
        if rewards.item_points[k] <= balance and in_stock(terms, account, rewards.item_codes[k]):
            found = rewards.item_codes[k]
    return found, ITS_PRICE
