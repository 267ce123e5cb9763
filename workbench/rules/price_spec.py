"""Member prices and the order of a checkout. The code stands in ``prices.py``."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from workbench.rules.trigger_spec import WEEKDAY
from workbench.spec import DateSpan, Money, Name, PositiveMoney, Spec

__all__ = ["Checkout", "MemberPrice"]

Share = Annotated[Decimal, Field(gt=0, le=1, max_digits=6, decimal_places=5)]
"""A share of at most five decimals: 0.05 is 5 per cent."""


class MemberPrice(Spec):
    """A price for members: a share off the lines that meet every condition. Of several that apply to a line, the largest share counts
    (ties: the first in the file)."""

    name: Name
    """Named in the ledger: ``prices.NAME``."""
    off: Share
    """Share off the line's amount less its ``discount`` column, delivery apart."""
    round_to: PositiveMoney = Decimal("0.01")
    """The discount of a line is rounded down to a multiple of this (1 where prices have no small change)."""
    tiers: tuple[Name, ...] = ()
    """Only members of one of these tiers."""
    plans: tuple[Name, ...] = ()
    """Only members holding one of these paid plans."""
    weekdays: tuple[WEEKDAY, ...] = ()
    """Only on these weekdays (business date)."""
    days_of_month: tuple[Annotated[int, Field(ge=1, le=31)], ...] = ()
    """Only on these days of the month (member days)."""
    dates: tuple[DateSpan, ...] = ()
    """Only within one of these spans."""
    birthday: Literal["day", "month"] | None = None
    """Only on the member's birthday, or in its month."""
    categories: tuple[Name, ...] = ()
    """Only lines of these categories."""
    channels: tuple[Name, ...] = ()
    """Only lines of these channels."""
    free_delivery: bool = False
    """The line's ``delivery`` is taken off as well."""
    minimum_basket: Money = Decimal(0)
    """Least amount of the order."""


class Checkout(Spec):
    """The order of a checkout. Default: member price, coupons, points, stored value, and the rest is paid."""

    coupons: Literal["after_member_price", "before_member_price"] = "after_member_price"
    """Whether a coupon's minimum and percentage look at what the member price has left, or at the amount before it."""
    pay_first: Literal["points", "stored_value"] = "points"
    """Whether stored value pays what points have left, or points what stored value has left."""
