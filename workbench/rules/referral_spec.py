"""What a program file may say about referrals. The code stands in ``referrals.py``."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.rules.earn_spec import EarnRate
from workbench.rules.expiry import BonusExpiry
from workbench.spec import Money, PointCount, Spec, SpecError

__all__ = ["Referral", "ReferralCap", "Reward"]


class Reward(Spec):
    """Points for one side of a referral: a fixed number, or a share of the new member's eligible spend."""

    points: PointCount | None = None
    """So many, once, when the referral qualifies."""
    rate: EarnRate | None = None
    """Or so many points per amount of the referee's eligible spend on the order that qualifies, rounded down, and, with ``for_days``, on every
    further order within so many days of joining."""
    for_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """For ``rate``."""

    @model_validator(mode="after")
    def _one(self) -> "Reward":
        if (self.points is None) == (self.rate is None):
            raise SpecError((), "give either points or rate")
        if self.for_days is not None and self.rate is None:
            raise SpecError(("for_days",), "belongs to rate", self.for_days)
        return self


class ReferralCap(Spec):
    """How many referrals of one member are rewarded."""

    count: Annotated[int, Field(ge=1, le=100000)]
    """At most so many ..."""
    per: Literal["month", "year", "lifetime"] = "lifetime"
    """... that qualify in this calendar period."""


class Referral(Spec):
    """Members bring new members (a ``referral`` row of the new member, naming the referrer in its column ``referrer``)."""

    qualifies: Literal["join", "first_purchase"] = "join"
    """What makes it count: the row itself, or the referee's first purchase."""
    minimum_spend: Money = Decimal(0)
    """For ``first_purchase``: least eligible spend of that order; a smaller first purchase leaves it to the next one."""
    within_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    """For ``first_purchase``: at most so many days after joining."""
    referrer: Reward | None = None
    """For the one who brought somebody."""
    referee: Reward | None = None
    """For the one who was brought."""
    cap: ReferralCap | None = None
    """Beyond it the referrer gets nothing (the referee does)."""
    clawback: bool = True
    """When the order that qualified is refunded in full, both sides' fixed points are reversed, and those by its spend too (soonest
    expiring first; the shortfall as ``refunds.shortfall`` says)."""
    expiry: BonusExpiry | None = None
    """An expiry of its own for the points; left out: the program's."""
    unit_cost: Money = Decimal(0)
    """What handling one referral costs the brand."""

    @model_validator(mode="after")
    def _consistent(self) -> "Referral":
        if self.qualifies == "join":
            if self.minimum_spend or self.within_days is not None:
                raise SpecError(("qualifies",), "minimum_spend and within_days belong to first_purchase", "join")
            for side in ("referrer", "referee"):
                reward = getattr(self, side)
                if reward is not None and reward.rate is not None and reward.for_days is None:
                    raise SpecError((side, "rate"), "joining has no order: give for_days, or points")
        return self
