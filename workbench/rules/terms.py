"""What a program lowers to: the only thing a rule sees of it."""

from typing import NamedTuple

from workbench.rules.coupon_terms import CouponTerms
from workbench.rules.earn_terms import EarnTerms
from workbench.rules.expiry import ExpiryTerms
from workbench.rules.plans import PlanTerms
from workbench.rules.prices import PriceTerms
from workbench.rules.redemption import RedemptionTerms
from workbench.rules.referrals import ReferralTerms
from workbench.rules.refunds import RefundTerms
from workbench.rules.segments import SegmentTerms
from workbench.rules.stored_value import ValueTerms
from workbench.rules.tiers import TierTerms
from workbench.rules.trigger_terms import TriggerTerms

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
    meters: int
    """Meters an account needs: caps, then bonuses, then the catalogue's daily limits; where there are streaks, a run of days for each
    bonus; where referrals are capped, those of a member."""
    watches: int
    """Watches an account needs: one for each coupon, then one for each message."""
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
    why_bonus: int
    """Code of the first bonus; the others follow."""
    why_tier: int
    """Code of the lowest tier."""
    why_item: int
    """Code of the catalogue's first item."""
    why_segment: int
    """Code of the first RFM segment."""
    why_referral: int
    """Code of a referral; those of the referee's and of the referrer's points follow."""
    why_coupon: int
    """Code of the first coupon."""
    why_price: int
    """Code of the first member price."""
