"""What a program file may say about coupons. The code stands in ``coupons.py``."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.rules.price_spec import Share
from workbench.rules.trigger_spec import CouponTrigger
from workbench.spec import DateSpan, Money, Name, PositiveMoney, Spec, SpecError

__all__ = [
    "AmountOff",
    "Coupon",
    "CouponValidity",
    "FreeDelivery",
    "FreeItem",
    "PercentOff",
    "SecondHalfPrice",
    "TwoForOne",
]


# --- what it gives --------------------------------------------------------------------------------------------------
class AmountOff(Spec):
    """An amount off the order, never more than its lines that meet ``categories`` still cost."""

    kind: Literal["amount_off"]
    """An amount off."""
    amount: PositiveMoney
    """So much off."""


class PercentOff(Spec):
    """A share off the order's lines that meet ``categories``, rounded down to a multiple of ``round_to`` on their sum."""

    kind: Literal["percent_off"]
    """A share off."""
    off: Share
    """0.1 is 10 per cent off."""
    cap: PositiveMoney | None = None
    """At most so much."""
    round_to: PositiveMoney = Decimal("0.01")
    """The discount is a multiple of this."""


class FreeItem(Spec):
    """Something given in addition to the order; it lowers nothing that is paid."""

    kind: Literal["free_item"]
    """A gift."""
    value: Money
    """What it is worth to the member (the money of the entry ``use``)."""
    unit_cost: Money
    """What it costs the brand."""


class SecondHalfPrice(Spec):
    """The second item at half price: half (rounded down to the minor unit) of the cheaper of the two dearest items."""

    kind: Literal["second_half_price"]
    """Second at half price."""
    item_price: PositiveMoney | None = None
    """Price of one item: the order's lines that meet ``categories`` count as floor(sum / price) items of it. Left out: each line
    is one item, at its price."""


class TwoForOne(Spec):
    """Two for the price of one: the cheaper of the two dearest items is free."""

    kind: Literal["two_for_one"]
    """Two for one."""
    item_price: PositiveMoney | None = None
    """As for the second at half price."""


class FreeDelivery(Spec):
    """The order's delivery is free: the sum of the ``delivery`` column of its lines."""

    kind: Literal["free_delivery"]
    """Free delivery."""


Gives = Annotated[
    AmountOff | PercentOff | FreeItem | SecondHalfPrice | TwoForOne | FreeDelivery, Field(discriminator="kind")
]


class CouponValidity(Spec):
    """The days on which a coupon can be used."""

    starts: Literal["issue", "claim"] = "issue"
    """Whether its life begins when it is issued, or when the member claims it (a ``claim`` row, or with the use itself)."""
    claim_within_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    """For ``claim``: unclaimed, it lapses after the issuing day plus so many days."""
    delay_days: Annotated[int, Field(ge=0, le=365)] = 0
    """Usable only from so many days after its life begins (1: from the next day)."""
    days: Annotated[int, Field(ge=0, le=3650)] | None = None
    """Last usable day: the day its life begins plus so many days (0: that day only). Give days, months or until, or none: it never lapses."""
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    """Last usable day: the same day so many calendar months on (clamped)."""
    round_up: Literal["month", "quarter", "half", "year"] | None = None
    """Then to the end of that calendar period."""
    until: date | None = None
    """Last usable day, a date; not issued after it."""

    @model_validator(mode="after")
    def _one_length(self) -> "CouponValidity":
        if sum(each is not None for each in (self.days, self.months, self.until)) > 1:
            raise SpecError((), "give one of days, months and until")
        if (self.claim_within_days is not None) and self.starts != "claim":
            raise SpecError(("claim_within_days",), "belongs to starts: claim, and only to it", self.claim_within_days)
        if self.until is not None and self.round_up is not None:
            raise SpecError(("round_up",), "a fixed last day is not rounded", self.round_up)
        return self


class Coupon(Spec):
    """A coupon: what issues it, what it gives, how long, how often, with what, and at whose cost."""

    name: Name
    """Named in ``issue``, ``claim`` and ``use`` rows and in the ledger: ``coupons.NAME``."""
    title: str = ""
    """Shown to people; left out: the name."""
    trigger: CouponTrigger
    """What issues it."""
    count: Annotated[int, Field(ge=1, le=100)] = 1
    """How many are issued at once."""
    gives: Gives
    """What it gives when used."""
    minimum_basket: Money = Decimal(0)
    """Least sum of the order's lines that meet ``categories`` (after the member price, unless ``checkout.coupons`` says otherwise)."""
    categories: tuple[Name, ...] = ()
    """Only lines of these categories count."""
    channels: tuple[Name, ...] = ()
    """Only lines of these channels count."""
    validity: CouponValidity = CouponValidity()
    """When it can be used."""
    tiers: tuple[Name, ...] = ()
    """Issued only to members of these tiers (at ``tier_entry``: entering one of them)."""
    dates: tuple[DateSpan, ...] = ()
    """Issued only within one of these spans (posting day)."""
    once: Literal["event", "day", "month", "year", "lifetime"] = "event"
    """Issued at most once in this calendar period of the posting day, per member."""
    limit_per_member: Annotated[int, Field(ge=1, le=10000)] | None = None
    """At most so many are ever issued to a member; what is beyond is not issued."""
    total_limit: Annotated[int, Field(ge=1, le=10**9)] | None = None
    """At most so many are issued in all, first come, first served: it couples members."""
    total_uses: Annotated[int, Field(ge=1, le=10**9)] | None = None
    """At most so many can be used in all, first come, first served; a use that a refund returns gives its place back."""
    combines_with: tuple[Literal["member_price", "coupons", "points", "stored_value"], ...] = (
        "member_price", "points", "stored_value",
    )  # fmt: skip
    """What may be used on the same order. Without ``member_price``: the order's member price is waived. Without ``coupons``: it is refused beside
    another coupon (and the other beside it). Without ``points`` or ``stored_value``: a redemption, or a payment, at the same checkout is refused."""
    after_full_refund: Literal["returned", "used_up"] = "returned"
    """When the order it was used on is refunded in full: it comes back with its old last day (if that is past, it lapses at once), or stays used."""
    revoked_with_order: bool = True
    """When the order that issued it is refunded in full, an unused one is taken back."""
    partner_share: Annotated[Decimal, Field(ge=0, le=1, max_digits=5, decimal_places=4)] = Decimal(0)
    """Share of its value that a partner pays for."""
    issue_cost: Money = Decimal(0)
    """What issuing one costs the brand (print, message)."""
    handling_cost: Money = Decimal(0)
    """What redeeming one costs the brand beyond its value."""
