"""Behaviour: how members are assumed to respond to a program. Guesswork with sources, apart from the program's rules.

The intensity of a member's purchases is the baseline times ``modifier``, a product of the effects below, clipped to 0.2-3; the
death rate while a member is the baseline times ``membership.death_factor``. An effect at zero (a factor at one) is off.
"""

import math
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from workbench.population.spec import assumption
from workbench.population.terms import AT_THRESHOLD, BY_CHOICE
from workbench.spec import Spec
from workbench.units import rule

__all__ = [
    "Assumptions",
    "BehaviourTerms",
    "Choice",
    "ExpiryPressure",
    "Membership",
    "RewardPressure",
    "Status",
    "behaviour_terms",
    "expiry_pressure",
    "largest_modifier",
    "modifier",
    "progress",
    "reward_pressure",
    "status",
    "strips_needed",
    "wants_to_redeem",
]

LEAST, MOST = 0.2, 3.0
"""The product of all effects is kept within these."""

_KIVETZ = "Kivetz, Urminsky & Zheng 2006: gaps on a cafe card shrink by 20 % from the first stamp to the last (stamp cards: .25)"
_EXPIRY = "Breugelmans & Liu-Thompkins: the sign only; the size is judgement"
_STATUS = "The sign only, from abstracts; the size is judgement"
_SALON = "Hair-salon study: more than 80 % of the lift is retention; .90 gives +5 % purchases over five years"
_REDEEM = (
    "Signs: judgement. Sizes: chosen with the shares of classes so that breakage is 28-34 % where points lapse at the end of the "
    "next year and the cheapest reward costs at most the points of one mean purchase (department store, quick service); dearer "
    "rewards and rarer purchases break more"
)


# --- specs ---------------------------------------------------------------------------------------------------------
class RewardPressure(Spec):
    """Points pressure: purchases quicken towards the next reward, by 1 + strength * progress ** exponent."""

    strength: float = assumption(0, 0.3, _KIVETZ, "seen", default=0.10, ge=0, le=2)
    """Effect just before the reward (g); 0: off."""
    exponent: float = assumption(
        0.5, 3, "Shape of the goal gradient: straight unless known", "judgement", default=1.0, ge=0.1, le=10
    )
    """How late the effect comes (kappa)."""


class Status(Spec):
    """Status: purchases are more frequent in a tier above the base, by 1 + step, a constant per tier."""

    steps: Annotated[tuple[Annotated[float, Field(ge=-0.5, le=2)], ...], Field(max_length=20)] = assumption(
        0, 0.12, _STATUS, "abstract", default=(0.02, 0.04, 0.06)
    )
    """Effect of the first tier above the base, the second, ...; the last holds for all further ones; none: off."""


class ExpiryPressure(Spec):
    """Expiry: purchases quicken before points lapse, by 1 + strength * exp(-days / decay_days), among the aware."""

    strength: float = assumption(0, 0.2, _EXPIRY, "abstract", default=0.05, ge=0, le=2)
    """Effect on the last day (e); 0: off."""
    decay_days: float = assumption(7, 30, "How early members begin to care", "judgement", default=14.0, ge=1, le=365)
    """Days before expiry at which a third of the effect is felt."""
    aware: float = assumption(0, 1, "1 unless messages are modelled", "judgement", default=1.0, ge=0, le=1)
    """Share of members who know when their points lapse."""


class Membership(Spec):
    """What being a member does to leaving."""

    death_factor: float = assumption(0.62, 1, _SALON, "abstract", default=0.92, ge=0.1, le=2)
    """The death rate of a member over that of the same customer outside the program; 1: off."""


class Choice(Spec):
    """Members who weigh it up redeem at a purchase with logit
    ``balance * log(balance / price) + expiry * exp(-days / expiry_days) - hassle``."""

    balance: float = assumption(0, 2, _REDEEM, "judgement", default=1.0, ge=0, le=10)
    """Weight of the log of the usable balance over the price of the cheapest reward."""
    expiry: float = assumption(0, 3, _REDEEM, "judgement", default=1.5, ge=0, le=10)
    """Weight of expiry at hand."""
    expiry_days: float = assumption(7, 60, "How early an expiry is near", "judgement", default=30.0, ge=1, le=365)
    """Days before expiry at which a third of that weight is felt."""
    hassle: float = assumption(0, 4, _REDEEM, "judgement", default=1.0, ge=-10, le=10)
    """Cost of redeeming at all."""


class Assumptions(Spec):
    """How members respond to a program."""

    schema_version: Literal[1] = Field(alias="schema")
    """Version of this file format: 1."""
    title: str
    """What is assumed."""
    source: str = ""
    """Where the numbers come from as a whole; each has its own source too."""
    notes: tuple[str, ...] = ()
    """Doubts."""
    reward_pressure: RewardPressure = RewardPressure()
    """Towards the next reward."""
    status: Status = Status()
    """In a tier."""
    expiry: ExpiryPressure = ExpiryPressure()
    """Before points lapse."""
    membership: Membership = Membership()
    """On leaving."""
    redemption: Choice = Choice()
    """How those who weigh it up redeem; it moves points, not purchases, and has no zero."""


# --- terms ---------------------------------------------------------------------------------------------------------
class BehaviourTerms(NamedTuple):
    """Assumptions as numbers; Numba takes them as they are."""

    reward_strength: float
    reward_exponent: float
    status_steps: np.ndarray
    """float64[tiers above the base, at least one]."""
    expiry_strength: float
    expiry_decay: float
    expiry_aware: float
    death_factor: float
    choice_balance: float
    choice_expiry: float
    choice_expiry_days: float
    choice_hassle: float


def behaviour_terms(assumptions: Assumptions) -> BehaviourTerms:
    """Lower assumptions to numbers."""
    a = assumptions
    return BehaviourTerms(
        reward_strength=a.reward_pressure.strength,
        reward_exponent=a.reward_pressure.exponent,
        status_steps=np.array(a.status.steps or (0.0,)),
        expiry_strength=a.expiry.strength,
        expiry_decay=a.expiry.decay_days,
        expiry_aware=a.expiry.aware,
        death_factor=a.membership.death_factor,
        choice_balance=a.redemption.balance,
        choice_expiry=a.redemption.expiry,
        choice_expiry_days=a.redemption.expiry_days,
        choice_hassle=a.redemption.hassle,
    )


def largest_modifier(terms: BehaviourTerms) -> float:
    """No member's modifier is ever above this: candidates beyond it need not be looked at."""
    bound = (1 + terms.reward_strength) * (1 + max(0.0, float(terms.status_steps.max()))) * (1 + terms.expiry_strength)
    return min(bound * (1 + 1e-12), MOST)  # rounding must not make the bound the smaller of two equal products


def strips_needed(terms: BehaviourTerms) -> int:
    """How many strips a world under these assumptions can accept from."""
    return max(1, math.ceil(largest_modifier(terms) - 1e-9))


# --- rules ---------------------------------------------------------------------------------------------------------
@rule
def modifier(terms: BehaviourTerms, balance: int, price: int, tier: int, days_to_lapse: int, u_aware: float) -> float:
    """Factor on the purchase rate, from the member's past only.

    ``balance``: usable points before the purchase. ``price``: points of the cheapest reward, 0 where there is none. ``tier``: 0
    is the base (or no tiers). ``days_to_lapse``: days to the next lapse of any usable lot, 0 on its last day; negative where
    there is none. ``u_aware``: the member's.
    """
    product = (
        reward_pressure(terms, balance, price) * status(terms, tier) * expiry_pressure(terms, days_to_lapse, u_aware)
    )
    return min(max(product, LEAST), MOST)


@rule
def progress(balance: int, price: int) -> float:
    """Share of the way to the next reward, in [0, 1); a reward in hand counts as reached and the way begins again."""
    return (balance % price) / price if balance > 0 and price > 0 else 0.0


@rule
def reward_pressure(terms: BehaviourTerms, balance: int, price: int) -> float:
    """Factor of points pressure."""
    return 1.0 + terms.reward_strength * progress(balance, price) ** terms.reward_exponent


@rule
def status(terms: BehaviourTerms, tier: int) -> float:
    """Factor of the tier held."""
    steps = terms.status_steps
    return 1.0 + steps[min(tier, len(steps)) - 1] if tier > 0 else 1.0


@rule
def expiry_pressure(terms: BehaviourTerms, days_to_lapse: int, u_aware: float) -> float:
    """Factor of an expiry at hand."""
    if days_to_lapse < 0 or u_aware >= terms.expiry_aware:
        return 1.0
    return 1.0 + terms.expiry_strength * math.exp(-days_to_lapse / terms.expiry_decay)


@rule
def wants_to_redeem(
    terms: BehaviourTerms, redeemer: int, u: float, balance: int, price: int, days_to_lapse: int
) -> bool:
    """Whether a member redeems at a purchase, if the program lets them: for ``u``, the candidate's ``u_redeem``."""
    if price <= 0 or balance < price:
        return False
    if redeemer != BY_CHOICE:
        return redeemer == AT_THRESHOLD
    near = math.exp(-days_to_lapse / terms.choice_expiry_days) if days_to_lapse >= 0 else 0.0
    logit = terms.choice_balance * math.log(balance / price) + terms.choice_expiry * near - terms.choice_hassle
    return u * (1.0 + math.exp(-logit)) < 1.0
