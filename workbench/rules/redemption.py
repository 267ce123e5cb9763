"""Redemption: what points buy, when, and which lots they are taken from."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.spec import Factor, Money, Name, PointCount, Spec, SpecError

__all__ = ["Automatic", "CatalogueItem", "MoneyOff", "OpenWindow", "Redemption"]


class OpenWindow(Spec):
    """When redemption is open; every condition given must hold."""

    months: Annotated[tuple[Annotated[int, Field(ge=1, le=12)], ...], Field(max_length=12)] = ()
    """Only in these months."""
    first_day: Annotated[int, Field(ge=1, le=31)] = 1
    """From this day of the month."""
    last_day: Annotated[int, Field(ge=1, le=31)] = 31
    """To this day of the month (31: to its end)."""

    @model_validator(mode="after")
    def _in_order(self) -> "OpenWindow":
        if self.first_day > self.last_day:
            raise SpecError(("first_day",), "the first day comes after the last day", self.first_day)
        return self


class MoneyOff(Spec):
    """Points as money: ``{points: 30, worth: 1}`` is 30 points = 1."""

    points: PointCount
    """So many points ..."""
    worth: Annotated[Money, Field(gt=0)]
    """... are worth so much, in major units. Other numbers pro rata, rounded down to the minor unit."""
    block: PointCount = 1
    """Redeemed in multiples of so many points."""
    minimum_balance: Annotated[int, Field(ge=0)] = 0
    """Least usable balance (net of debt) before redeeming."""
    minimum_basket: Money = Decimal(0)
    """At a checkout: least amount of the order (sum of ``amount``). Not judged where no order is known."""
    maximum_share: Annotated[Decimal, Field(gt=0, le=1, max_digits=4, decimal_places=3)] | None = None
    """At a checkout: the money off is at most this share of the order's amount. Not judged where no order is known."""
    unit_cost: Money | None = None
    """What ``points`` redeemed cost the brand, in major units; left out: ``worth``."""


class CatalogueItem(Spec):
    """A reward with a price in points."""

    name: Name
    """Named in the ``action`` column of a redeem row."""
    title: str = ""
    """Shown to people; left out: the name."""
    points: PointCount
    """Price of one."""
    face_value: Money
    """What one is worth to the member, in major units."""
    unit_cost: Money
    """What one costs the brand, in major units (a lucky draw: its expected cost)."""
    limit_per_day: Annotated[int, Field(ge=1, le=10000)] | None = None
    """At most so many of it per member and day."""


class Automatic(Spec):
    """Points are redeemed by themselves as soon as the usable balance reaches a threshold (after earning, activation, or a return of points)."""

    at: PointCount
    """The threshold; so many points are taken, again and again while the balance reaches it."""
    worth: Money
    """What each gives, in major units."""
    unit_cost: Money | None = None
    """What each costs the brand, in major units; left out: ``worth``."""


class Redemption(Spec):
    """What points buy. A program without it refuses every redemption."""

    money_off: MoneyOff | None = None
    """Points as money."""
    catalogue: Annotated[tuple[CatalogueItem, ...], Field(max_length=200)] = ()
    """Rewards with a price in points."""
    automatic: Automatic | None = None
    """Redemption without being asked; windows do not bind it."""
    windows: Annotated[tuple[OpenWindow, ...], Field(max_length=24)] = ()
    """When redemption is open (any of them); none: always."""
    consume: Literal["soonest_expiring", "oldest_earned"] = "soonest_expiring"
    """Which lots are used first: soonest expiring (ties: earliest earned, then first posted), or oldest earned (ties: soonest expiring, then first posted)."""

    @model_validator(mode="after")
    def _something(self) -> "Redemption":
        if self.money_off is None and not self.catalogue and self.automatic is None:
            raise SpecError((), "give money_off, catalogue or automatic")
        names = [item.name for item in self.catalogue]
        for k, name in enumerate(names):
            if name in names[:k]:
                raise SpecError(("catalogue", k, "name"), "the name is used twice", name)
        return self
