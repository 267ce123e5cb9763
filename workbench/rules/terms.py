"""What a program lowers to: the only thing a rule sees of it."""

from typing import Annotated, NamedTuple

from workbench.rules.bounds import COUPONS, PRICES, VERSIONS, Bonuses, Caps, Items, PerTier
from workbench.rules.coupon_terms import CouponTerms
from workbench.rules.earn_terms import EarnTerms
from workbench.rules.expiry import ExpiryTerms
from workbench.rules.messages import MessageTerms, PerMessage
from workbench.rules.plans import PlanTerms
from workbench.rules.prices import PriceTerms
from workbench.rules.redemption import RedemptionTerms
from workbench.rules.referrals import ReferralTerms
from workbench.rules.refunds import RefundTerms
from workbench.rules.segments import SegmentTerms
from workbench.rules.stored_value import ValueTerms
from workbench.rules.tiers import TierTerms
from workbench.rules.trigger_terms import TriggerTerms
from workbench.rules.versions import ChangeTerms

__all__ = ["Terms"]


class Terms(NamedTuple):
    """A program as integers and integer lists, over a span of days; ``why_...`` are codes of the ledger's ``rule`` column."""

    first_day: int
    last_day: int
    earn: EarnTerms
    tiers: TierTerms
    expiry: ExpiryTerms
    redemption: RedemptionTerms
    refunds: RefundTerms
    segments: SegmentTerms
    value: ValueTerms
    plans: PlanTerms
    referral: ReferralTerms
    triggers: TriggerTerms
    coupons: CouponTerms
    prices: PriceTerms
    messages: MessageTerms
    meters: int
    """Meters an account needs."""
    cap_meter: Caps
    """Place of each limit's meter in an account; of each bonus's, of each reward's daily limit, of each bonus's run of days."""
    bonus_meter: Bonuses
    item_meter: Items
    streak_meter: Bonuses
    bonus_part: Bonuses
    """Number of each bonus, from 1, as lots keep it."""
    watches: int
    """Watches an account needs: one for each coupon, then one for each message, then one for each day that the limit on messages
    looks back on."""
    any_birthday: int
    """1 where some bonus is given on birthdays."""
    why_transaction: int
    why_earn: int
    why_pending: int
    why_expiry: int
    why_money_off: int
    why_catalogue: int
    why_automatic: int
    why_refund: int
    why_points_back: int
    why_debt: int
    why_bonus: Bonuses
    """By bonus; by tier; by reward of the catalogue."""
    why_tier: PerTier
    why_item: Items
    why_segment: int
    """Code of the first RFM segment; the others follow."""
    why_referral: int
    """Code of a referral; those of the referee's and of the referrer's points follow."""
    why_coupon: Annotated[list[int], COUPONS]
    """By coupon; by member price; by message."""
    why_price: Annotated[list[int], PRICES]
    why_message: PerMessage
    tier_rank: PerTier
    """Place of each tier among those of all versions of the program."""
    change: ChangeTerms
    """What becomes of what members hold when these terms take effect after others."""
    since_num: Annotated[list[int], VERSIONS]
    since_den: Annotated[list[int], VERSIONS]
    """By version, what a point of its day is by now, as a fraction: the product of the changes' ratios since."""
    carry_unit: int
    """Code of the unit of a kept remainder; -1 where none is kept."""
    why_version: int
    until: int
    """Last day on which these terms are in force; NEVER where no others follow."""
