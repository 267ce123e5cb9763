"""Referrals: when one qualifies, and what it brings both sides. What a file may say stands in ``referral_spec.py``.

The rules see one account at a time. What is due to the referrer is left with the order (``order.own.referrer``), and the clock that knows
whose account that is calls ``reward_referrer`` of ``posting.py`` next.
"""

from typing import NamedTuple

from workbench.ledger import BONUS
from workbench.rules.caps import period_key
from workbench.rules.earn import add_points
from workbench.rules.earn_terms import LARGEST, ONCE
from workbench.rules.redemption import BOUGHT_BEFORE, OK, REFERRED_BEFORE
from workbench.rules.referral_spec import Referral, Reward
from workbench.spec import SpecError
from workbench.units import MAX_MONEY, rule, to_minor

__all__ = [
    "PENDING",
    "QUALIFIED",
    "UNREWARDED",
    "ReferralTerms",
    "RewardTerms",
    "cap_allows",
    "give",
    "lower_referral",
    "qualify",
    "refusal",
]


# --- lowering ------------------------------------------------------------------------------------------------------
class RewardTerms(NamedTuple):
    """What one side gets: fixed points, or so many for each ``per`` of the referee's eligible spend (0: no rate)."""

    points: int
    rate: int
    per: int
    """Minor units."""
    whole: int
    """1 where only full amounts count."""
    days: int
    """Days from joining on which further orders bring points too; -1: none do."""


class ReferralTerms(NamedTuple):
    """Referrals lowered to integers, money in minor units."""

    on: int
    """1 where the program has them."""
    at_purchase: int
    """1 where a purchase qualifies them; 0: the row itself."""
    minimum_spend: int
    within_days: int
    """-1: without end."""
    referee: RewardTerms
    referrer: RewardTerms
    cap: int
    """Referrals of one member that are rewarded in a period; 0: all."""
    cap_per: int
    cap_meter: int
    clawback: int
    expiry: int
    """Lot rule of its own; -1: the program's."""


def lower_referral(referral: Referral | None, meter: int, expiry: int) -> ReferralTerms:
    """Terms of referrals; ``meter``: that of the cap; ``expiry``: the lot rule of their points. Raises SpecError where points could leave
    63 bits."""
    if referral is None:
        nothing = _reward(None, "")
        return ReferralTerms(0, 0, 0, -1, nothing, nothing, 0, 0, 0, 0, -1)
    return ReferralTerms(
        on=1,
        at_purchase=int(referral.qualifies == "first_purchase"),
        minimum_spend=to_minor(referral.minimum_spend),
        within_days=-1 if referral.within_days is None else referral.within_days,
        referee=_reward(referral.referee, "referee"),
        referrer=_reward(referral.referrer, "referrer"),
        cap=0 if referral.cap is None else referral.cap.count,
        cap_per=0 if referral.cap is None else ONCE.index(referral.cap.per),
        cap_meter=meter,
        clawback=int(referral.clawback),
        expiry=expiry,
    )


def _reward(reward: Reward | None, side: str) -> RewardTerms:
    if reward is None or reward.rate is None:
        return RewardTerms(0 if reward is None else reward.points or 0, 0, 1, 0, -1)
    rate = reward.rate
    if MAX_MONEY * rate.points > LARGEST:
        message = f"so many points leave 63-bit integers on an order of {MAX_MONEY // 100}"
        raise SpecError(("referral", side, "rate", "points"), message, rate.points)
    days = -1 if reward.for_days is None else reward.for_days
    return RewardTerms(0, rate.points, to_minor(rate.per), int(rate.whole_blocks), days)


# --- rules ---------------------------------------------------------------------------------------------------------
PENDING, QUALIFIED, UNREWARDED = 1, 2, 3
"""Where a member's own referral stands (``own.referred``): not qualified yet, qualified, qualified beyond the referrer's cap."""


@rule
def refusal(terms, own):
    """Why a referral of a member is refused; 0 where it is not."""
    if own.referred != 0:
        return REFERRED_BEFORE
    if terms.referral.at_purchase and own.purchases > 0:
        return BOUGHT_BEFORE
    return OK


@rule
def qualify(terms, account, order, day, bought):
    """After a purchase (``bought``), or after the row itself: whether the member's referral qualifies now, what it brings them, and what is due
    to the referrer (left with the order)."""
    referral = terms.referral
    own = account.own
    if own.referred == 0 or (own.referred == PENDING and not qualifies(terms, own, order, day, bought)):
        return
    first = own.referred == PENDING
    if first:
        own.referred = QUALIFIED
        order.own.qualifies = 1
    spend = order.own.eligible if bought else 0
    age = day - own.joined
    if own.referred != UNREWARDED:
        order.own.referrer = due(referral.referrer, spend, first, age)
    order.own.referee = due(referral.referee, spend, first, age)
    if order.own.referee > 0:
        give(terms, account, day, order.own.day, order.own.referee, order.own.number, terms.why_referral + 1)


@rule
def qualifies(terms, own, order, day, bought):
    """Whether a referral that waits is met."""
    referral = terms.referral
    if not referral.at_purchase:
        return True
    in_time = referral.within_days < 0 or day - own.joined <= referral.within_days
    return bought and in_time and order.own.eligible >= referral.minimum_spend


@rule
def due(reward, spend, first, age):
    """Points of one side for an order of so much eligible spend; ``first``: it qualifies the referral; ``age``: days since joining."""
    if reward.rate == 0:
        return reward.points if first else 0
    if not first and age > reward.days:
        return 0
    if reward.whole:
        return spend // reward.per * reward.rate
    return spend * reward.rate // reward.per


@rule
def give(terms, account, day, earned_on, points, number, why):
    """A lot of a referral's points: a bonus whose entry names the order, while the lot is no order's own."""
    place = account.book.cursor.entries
    waits = terms.earn.bonuses_wait and terms.earn.pending_days > 0
    add_points(terms, account, day, earned_on, terms.referral.expiry, points, waits, BONUS, 0, 0, 0, why)
    account.book.rows[place].order = number


@rule
def cap_allows(terms, account, day):
    """Whether one more referral of the referrer that qualifies today is rewarded; counts it."""
    referral = terms.referral
    if referral.cap == 0:
        return True
    meter = account.meters[referral.cap_meter]
    key = period_key(referral.cap_per, day)
    if meter.period != key:
        meter.period = key
        meter.used = 0
    if meter.used >= referral.cap:
        return False
    meter.used += 1
    return True
