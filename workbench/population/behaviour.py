"""Behaviour: how members' responses to a program act on what they do. Guesswork with sources, apart from the program's rules.

The intensity of a member's purchases is the baseline times a product of ten effects (``EFFECTS``), each 1 + strength times
something that follows from the member's past, clipped to 0.2-3. ``simulators.choices.factor_at`` puts them together; here is one
rule for each, of plain numbers. Leaving (``death_after_fall``), basket and displacement stand apart. An effect at zero is off.
What may be assumed, with ranges and sources, stands in ``behaviour_spec.py``.
"""

import math
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np

from workbench.population.behaviour_spec import Assumptions
from workbench.population.death import budget_left, death_after
from workbench.population.past import EFFECTS, Past
from workbench.population.terms import AT_THRESHOLD, BY_CHOICE
from workbench.units import rule

__all__ = [
    "EFFECTS",
    "LEAST",
    "MOST",
    "RUSHES",
    "Assumptions",
    "BehaviourTerms",
    "Rush",
    "behaviour_terms",
    "clipped",
    "deadline_weight",
    "death_after_fall",
    "faded",
    "largest_modifier",
    "message_pressure",
    "millionths",
    "pace_weight",
    "pressure",
    "progress",
    "status_step",
    "strips_needed",
    "takes_place",
    "wants_to_redeem",
    "with_rushes",
]

LEAST, MOST = 0.2, 3.0
"""The product of all effects is kept within these."""
RUSHES = 16
"""Most times of a run in which members redeem more readily."""


class Rush(NamedTuple):
    """Days in which members redeem more readily."""

    first: int
    last: int
    odds: float
    """Factor on the odds of who weighs it up."""
    never: float
    """Chance of who never redeems."""


class BehaviourTerms(NamedTuple):
    """Assumptions as numbers; compiled code takes them as they are. A strength of 0 is an effect that is off."""

    reward_strength: float
    reward_stamps: float
    """The strength where the program is a stamp card."""
    reward_exponent: float
    head_start: float
    tier_strength: float
    tier_exponent: float
    tier_days: float
    """Days before the period's end at which tier pressure begins."""
    tier_full_days: float
    pace_none_below: float
    pace_full_from: float
    pace_full_to: float
    pace_none_above: float
    expiry_strength: float
    expiry_decay: float
    expiry_aware: float
    rewarded_strength: float
    rewarded_decay: float
    status_steps: np.ndarray
    """float64[tiers above the base, at least one]; the last holds for all further ones."""
    status_on: int
    """1 where some step is not zero."""
    demotion_strength: float
    demotion_decay: float
    demotion_death: float
    coupon_strength: float
    coupon_given: float
    coupon_earned: float
    coupon_bought: float
    message_strength: float
    message_decay: float
    message_fatigue: float
    message_reach: float
    message_opt_out: float
    novelty_strength: float
    novelty_decay: float
    death_factor: float
    top_up_chance: float
    top_up_within: float
    displaced_share: float
    choice_balance: float
    choice_expiry: float
    choice_expiry_days: float
    choice_hassle: float
    load_share: float
    load_months: float
    load_stretch: float
    plan_take_up: float
    plan_pays: float
    plan_others: float
    plan_required: float
    plan_renewal: float
    plan_strength: float
    rushes: int = 0
    rush_first: Annotated[list[int], RUSHES] = [0]
    rush_last: Annotated[list[int], RUSHES] = [0]
    rush_odds: np.ndarray = np.ones(1)
    rush_never: np.ndarray = np.zeros(1)
    """float64[rushes, at least one]"""


def behaviour_terms(assumptions: Assumptions) -> BehaviourTerms:
    """Lower assumptions to numbers."""
    a = assumptions
    return BehaviourTerms(
        reward_strength=a.reward_pressure.strength,
        reward_stamps=a.reward_pressure.stamps,
        reward_exponent=a.reward_pressure.exponent,
        head_start=a.reward_pressure.head_start,
        tier_strength=a.tier_pressure.strength,
        tier_exponent=a.tier_pressure.exponent,
        tier_days=a.tier_pressure.days,
        tier_full_days=a.tier_pressure.full_days,
        pace_none_below=a.pace.none_below,
        pace_full_from=a.pace.full_from,
        pace_full_to=a.pace.full_to,
        pace_none_above=a.pace.none_above,
        expiry_strength=a.expiry.strength,
        expiry_decay=a.expiry.decay_days,
        expiry_aware=a.expiry.aware,
        rewarded_strength=a.rewarded.strength,
        rewarded_decay=a.rewarded.decay_days,
        status_steps=np.array(a.status.steps or (0.0,)),
        status_on=int(any(a.status.steps)),
        demotion_strength=a.demotion.strength,
        demotion_decay=a.demotion.decay_days,
        demotion_death=a.demotion.death,
        coupon_strength=a.coupon.strength,
        coupon_given=a.coupon.given,
        coupon_earned=a.coupon.earned,
        coupon_bought=a.coupon.bought,
        message_strength=a.message.strength,
        message_decay=a.message.decay_days,
        message_fatigue=a.message.fatigue,
        message_reach=a.message.reach,
        message_opt_out=a.message.opt_out,
        novelty_strength=a.novelty.strength,
        novelty_decay=a.novelty.decay_days,
        death_factor=a.membership.death_factor,
        top_up_chance=a.basket.chance,
        top_up_within=a.basket.within,
        displaced_share=a.displacement.share,
        choice_balance=a.redemption.balance,
        choice_expiry=a.redemption.expiry,
        choice_expiry_days=a.redemption.expiry_days,
        choice_hassle=a.redemption.hassle,
        load_share=a.top_up.share,
        load_months=a.top_up.months,
        load_stretch=a.top_up.stretch,
        plan_take_up=a.plan.take_up,
        plan_pays=a.plan.pays,
        plan_others=a.plan.others,
        plan_required=a.plan.required,
        plan_renewal=a.plan.renewal,
        plan_strength=a.plan.strength,
    )


def with_rushes(terms: BehaviourTerms, found: Sequence[Rush]) -> BehaviourTerms:
    """The same terms with times in which members redeem more readily. Raises ValueError for more than ``RUSHES``."""
    if not found:
        return terms
    if len(found) > RUSHES:
        raise ValueError(f"{len(found)} times of redemption rush; expected at most {RUSHES}")
    first, last, odds, never = (list(each) for each in zip(*found, strict=True))
    return terms._replace(
        rushes=len(found), rush_first=first, rush_last=last, rush_odds=np.array(odds), rush_never=np.array(never)
    )


def largest_modifier(terms: BehaviourTerms) -> float:
    """No member's factor is ever above this: candidates beyond it need not be looked at."""
    strengths = (
        max(terms.reward_strength, terms.reward_stamps), terms.tier_strength, terms.expiry_strength, terms.rewarded_strength,
        terms.status_on * max(0.0, float(terms.status_steps.max())), terms.coupon_strength, terms.message_strength, terms.novelty_strength,
        terms.plan_strength,
    )  # fmt: skip
    bound = math.prod(1.0 + strength for strength in strengths)
    return min(bound * (1 + 1e-12), MOST)  # rounding must not make the bound the smaller of two equal products


def strips_needed(terms: BehaviourTerms) -> int:
    """How many strips a world under these assumptions can accept from."""
    return max(1, math.ceil(largest_modifier(terms) - 1e-9))


# --- rules: weights and shapes ---------------------------------------------------------------------------------------
@rule
def progress(balance: int, price: int, head_start: float) -> float:
    """Share of the way to the next reward, in [0, 1); a reward in hand counts as reached and the way begins again.

    ``head_start``: points given for joining that do not count as progress (the first way begins after them).
    """
    if balance <= 0 or price <= 0:
        return 0.0
    if balance >= price or head_start >= price:
        return (balance % price) / price
    return max(0.0, balance - head_start) / (price - head_start)


@rule
def pressure(strength: float, share: float, exponent: float, weight: float) -> float:
    """Factor of a goal ahead: 1 + strength * share ** exponent * weight."""
    if share <= 0.0 or weight <= 0.0:
        return 1.0
    return 1.0 + strength * (share if exponent == 1.0 else share**exponent) * weight


@rule
def pace_weight(terms: BehaviourTerms, ratio: float) -> float:
    """Weight of a goal by the pace it needs over the member's own: 1 where the two are alike, falling to 0 where the goal is
    certain, and where it is out of reach."""
    if ratio < terms.pace_full_from:
        return max(0.0, (ratio - terms.pace_none_below) / (terms.pace_full_from - terms.pace_none_below))
    if ratio > terms.pace_full_to:
        return max(0.0, (terms.pace_none_above - ratio) / (terms.pace_none_above - terms.pace_full_to))
    return 1.0


@rule
def deadline_weight(terms: BehaviourTerms, days: int) -> float:
    """Weight of a tier by the days to the end of its period (0 on the last day): 0 until it is near, then rising to 1."""
    if days <= terms.tier_full_days:
        return 1.0
    return max(0.0, (terms.tier_days - days) / (terms.tier_days - terms.tier_full_days))


@rule
def faded(strength: float, days: int, decay: float) -> float:
    """Factor of something so many days away, in the past or ahead: 1 + strength * exp(-days / decay)."""
    return 1.0 + strength * math.exp(-days / decay)


@rule
def message_pressure(terms: BehaviourTerms, days: int, crowd: int) -> float:
    """Factor of the last message, so many days ago, after so many others in the seven days up to it."""
    return faded(terms.message_strength * terms.message_fatigue ** float(crowd), days, terms.message_decay)


@rule
def status_step(terms: BehaviourTerms, tier: int) -> float:
    """Factor of the tier held (0: the lowest; -1: none)."""
    steps = terms.status_steps
    return 1.0 + float(steps[min(tier, len(steps)) - 1]) if tier > 0 else 1.0


@rule
def clipped(product: float) -> float:
    """The product of the effects within its bounds."""
    return min(max(product, LEAST), MOST)


@rule
def millionths(factor: float) -> int:
    """A factor's distance from 1 in whole millionths: integers add up to the same in any order."""
    return math.floor((factor - 1.0) * 1e6 + 0.5)


# --- rules: what else a program does to members -----------------------------------------------------------------------
@rule
def death_after_fall(terms: BehaviourTerms, past: Past, death: float) -> float:
    """When a member is lost who was due to die at ``death`` and has just fallen (``note_tier`` has said so)."""
    now = float(past.fell_on)
    if terms.demotion_death == 0.0 or death <= now:
        return death
    before = float(past.fell_before_on) if past.falls > 1 else -math.inf
    left = budget_left(now, death, before, terms.demotion_death, terms.demotion_decay)
    return death_after(now, left, now, terms.demotion_death, terms.demotion_decay)


@rule
def takes_place(terms: BehaviourTerms, past: Past, strip: int, u: float) -> bool:
    """Whether an accepted candidate becomes a purchase. Some extra ones (of a strip above 0) take the place of the member's next
    purchase of strip 0, which then does not happen; ``u`` is the candidate's ``u_displace``."""
    if strip > 0 and u < terms.displaced_share:
        past.displaced += 1
    elif strip == 0 and past.displaced > 0:
        past.displaced -= 1
        past.removed += 1
        return False
    return True


@rule
def rush_on(terms: BehaviourTerms, day: int) -> tuple[float, float]:
    """On a day: the factor on the odds of who weighs it up, and the chance of who never redeems; 1 and 0 without a rush."""
    odds, never = 1.0, 0.0
    for k in range(terms.rushes):
        if terms.rush_first[k] <= day <= terms.rush_last[k]:
            odds *= terms.rush_odds[k]
            never = max(never, terms.rush_never[k])
    return odds, never


@rule
def wants_to_redeem(
    terms: BehaviourTerms, redeemer: int, u: float, balance: int, price: int, days_to_lapse: int, day: int
) -> bool:
    """Whether a member redeems at a purchase of ``day``, if the program lets them: for ``u``, the candidate's ``u_redeem``."""
    if price <= 0 or balance < price:
        return False
    odds, never = rush_on(terms, day)
    if redeemer != BY_CHOICE:
        return redeemer == AT_THRESHOLD or u < never
    near = math.exp(-days_to_lapse / terms.choice_expiry_days) if days_to_lapse >= 0 else 0.0
    logit = terms.choice_balance * math.log(balance / price) + terms.choice_expiry * near - terms.choice_hassle
    return u * (1.0 + math.exp(-logit) / odds) < 1.0
