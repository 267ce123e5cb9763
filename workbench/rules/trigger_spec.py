"""What sets off a coupon or a message: one list of triggers for both. The code that looks for them stands in ``triggers.py``."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.rules.segment_spec import SegmentName
from workbench.spec import Money, MonthDay, Name, PointCount, PositiveMoney, Spec, SpecError

__all__ = [
    "CouponTrigger",
    "MessageTrigger",
    "OnCouponExpiry",
    "OnExpiry",
    "OnNearTier",
    "OnPoints",
    "OnTierEnd",
    "WEEKDAY",
    "WEEKDAYS",
]

WEEKDAY = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


# --- at an event of the member's ------------------------------------------------------------------------------------
class OnJoin(Spec):
    """The member joins."""

    on: Literal["join"]
    """On joining."""


class OnFirstPurchase(Spec):
    """The member's first purchase in the program."""

    on: Literal["first_purchase"]
    """At the first purchase."""
    minimum_spend: Money = Decimal(0)
    """Least eligible spend of that order."""


class OnPurchase(Spec):
    """Every purchase that meets the conditions (threshold spend: "for 1,000 spent at once")."""

    on: Literal["purchase"]
    """At a purchase."""
    minimum_spend: Money = Decimal(0)
    """Least eligible spend of the order's lines that meet ``categories``."""
    categories: tuple[Name, ...] = ()
    """Only lines of these categories."""
    every: PositiveMoney | None = None
    """As many times as this amount is full in that spend; left out: once an order."""


class OnSpend(Spec):
    """Eligible spend added up over a period reaches an amount. Refunds do not lower the sum."""

    on: Literal["spend"]
    """At a sum of spend."""
    amount: PositiveMoney
    """The amount to reach."""
    per: Literal["day", "month", "year", "lifetime"]
    """The calendar period (posting day) it is added up over; ``lifetime``: since joining."""
    repeats: bool = False
    """true: each further multiple of the amount counts too; false: once a period."""


class OnTierEntry(Spec):
    """The member rises to a tier (one of the campaign's ``tiers``, where it names some)."""

    on: Literal["tier_entry"]
    """On rising to a tier."""


class OnTierRenewal(Spec):
    """The member's tier above the lowest is renewed at its review (one of the campaign's ``tiers``, where it names some)."""

    on: Literal["tier_renewal"]
    """On keeping a tier."""


class OnAction(Spec):
    """An action row of a name (survey, review, check-in)."""

    on: Literal["action"]
    """At an action."""
    action: Name
    """The action's name."""


class OnTopUp(Spec):
    """A top-up of stored value."""

    on: Literal["top_up"]
    """At a top-up."""
    minimum: PositiveMoney
    """Least amount paid in."""


class OnPlan(Spec):
    """The member's paid plan begins or is renewed."""

    on: Literal["plan"]
    """With a paid plan."""
    phase: Literal["start", "renewal", "both"] = "both"
    """Its first term, the further ones, or all."""


class OnReferral(Spec):
    """A referral has qualified (see ``referral``)."""

    on: Literal["referral"]
    """With a referral."""
    who: Literal["referrer", "referee"]
    """Who gets it: the member who brought somebody, or the one brought."""


# --- at the start of a day ------------------------------------------------------------------------------------------
class OnBirthday(Spec):
    """The member's birthday, or its month; the first one after the joining day."""

    on: Literal["birthday"]
    """For the birthday."""
    when: Literal["day", "month_start"] = "day"
    """So many days before the birthday (``days_before``), or on the first day of its month."""
    days_before: Annotated[int, Field(ge=0, le=60)] = 0
    """For ``day``."""


class OnDates(Spec):
    """Campaign dates, for every member who joined before; any of the lists."""

    on: Literal["dates"]
    """On dates."""
    dates: Annotated[tuple[date, ...], Field(max_length=366)] = ()
    """These days."""
    yearly: Annotated[tuple[MonthDay, ...], Field(max_length=366)] = ()
    """These days of every year, ``MM-DD``; 29 February is 28 February in common years."""
    days_of_month: tuple[Annotated[int, Field(ge=1, le=31)], ...] = ()
    """These days of every month; 31 never falls in a 30-day month."""
    weekdays: tuple[WEEKDAY, ...] = ()
    """These weekdays."""

    @model_validator(mode="after")
    def _some(self) -> "OnDates":
        if not (self.dates or self.yearly or self.days_of_month or self.weekdays):
            raise SpecError((), "give dates, yearly, days_of_month or weekdays")
        return self


class OnSilence(Spec):
    """So many days after the last purchase (or joining) without another: at the start of that day, once for each silence."""

    on: Literal["silence"]
    """After a silence."""
    days: Annotated[int, Field(ge=1, le=3650)]
    """Days since the last purchase's posting day."""


class OnSegment(Spec):
    """The member enters one of the RFM segments (see ``segments``): on the first day of a month, when the score differs from the last one."""

    on: Literal["segment"]
    """On entering a segment."""
    segments: Annotated[tuple[SegmentName, ...], Field(min_length=1)]
    """Which segments."""


# --- coupons only ---------------------------------------------------------------------------------------------------
class OnBalance(Spec):
    """The usable balance (net of debt) reaches a number of points: they are taken, and the coupon is issued, as often as the balance
    allows; looked at wherever ``redemption.automatic`` is (after it)."""

    on: Literal["balance"]
    """Automatic, at a balance."""
    points: PointCount
    """Points taken for each."""


class OnPoints(Spec):
    """Bought with points by the member (an ``issue`` row naming the coupon)."""

    on: Literal["points"]
    """Bought with points."""
    points: PointCount
    """Price of one."""


class Manual(Spec):
    """Handed out by the brand: only by an ``issue`` row naming it."""

    on: Literal["manual"]
    """By hand."""


# --- messages only --------------------------------------------------------------------------------------------------
class OnExpiry(Spec):
    """So many days before the last usable day of some of the member's points (pending ones too)."""

    on: Literal["expiry"]
    """Before points lapse."""
    days_before: Annotated[int, Field(ge=0, le=366)]
    """Days from the message's day to the last usable day."""


class OnTierEnd(Spec):
    """So many days before the last day of the member's tier (above the lowest)."""

    on: Literal["tier_end"]
    """Before the tier ends."""
    days_before: Annotated[int, Field(ge=0, le=366)]
    """Days from the message's day to the tier's last day."""


class OnNearTier(Spec):
    """After a purchase the member has most of what the next tier asks: every threshold that counts is reached to this share, and the
    tier is not."""

    on: Literal["near_tier"]
    """Near the next tier."""
    share: Annotated[Decimal, Field(gt=0, lt=1, max_digits=4, decimal_places=3)]
    """Share of each threshold (a metric meets it when metric >= threshold x share)."""


class OnCouponExpiry(Spec):
    """So many days before the last usable day of a coupon held."""

    on: Literal["coupon_expiry"]
    """Before a coupon lapses."""
    days_before: Annotated[int, Field(ge=0, le=366)]
    """Days from the message's day to the coupon's last day."""


class OnPlanEnd(Spec):
    """So many days before the last day of the paid plan's term."""

    on: Literal["plan_end"]
    """Before the plan's term ends."""
    days_before: Annotated[int, Field(ge=0, le=366)]
    """Days from the message's day to the term's last day."""


_Both = (
    OnJoin | OnFirstPurchase | OnPurchase | OnSpend | OnTierEntry | OnTierRenewal | OnAction | OnTopUp | OnPlan | OnReferral | OnBirthday
    | OnDates | OnSilence | OnSegment
)  # fmt: skip
CouponTrigger = Annotated[_Both | OnBalance | OnPoints | Manual, Field(discriminator="on")]
"""What issues a coupon."""
MessageTrigger = Annotated[
    _Both | OnExpiry | OnTierEnd | OnNearTier | OnCouponExpiry | OnPlanEnd, Field(discriminator="on")
]
"""What sends a message."""
