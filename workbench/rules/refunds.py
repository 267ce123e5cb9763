"""Refunds: what comes back, and from where.

A refund that names its order (linked) recomputes it; one that does not takes points at today's base rate.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.spec import Spec, SpecError

__all__ = ["Refunds"]


class Refunds(Spec):
    """How refunds act on points, tiers and redeemed points."""

    method: Literal["by_value", "by_item"] = "by_value"
    """``by_value``: the order's points are computed again on what remains (original tier, multipliers, rounding, room under its
    caps), and the difference is reversed. ``by_item``: the points of the refunded lines computed on their own are reversed, never more
    than the order has left, and all that is left when the whole order is refunded. In both, the refund's amount is taken from the lines in
    the order they are listed, those of the refund's category first where it names one, and what a line's eligible amount keeps is
    floor(eligible x amount left / amount)."""
    shortfall: Literal["debt", "forgiven"] = "debt"
    """Points to reverse that are already spent: a debt that later earnings repay first, or dropped."""
    points_back: Literal["old_expiry", "minimum_life", "never"] = "old_expiry"
    """Points redeemed at the refunded order's checkout: they come back to their lots with the old expiry (and lapse at once if that
    is past), with at least ``minimum_life_days`` to live, or not at all. A partial refund gives back floor(points used x amount refunded
    so far / order amount) less those already given back, in the order they were taken."""
    minimum_life_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """For ``minimum_life``: the last usable day is at least the refund's day plus so many days."""
    cap_room_back: bool = False
    """Whether reversed points free room under day, month, year and campaign caps of the current period."""
    within_days: Annotated[int, Field(ge=0, le=36500)] | None = None
    """A linked refund later than so many days after its order's business date is refused (reported, counted); left out: never.
    Orders older than that are forgotten, which keeps memory small on long logs."""

    @model_validator(mode="after")
    def _minimum_life(self) -> "Refunds":
        if (self.points_back == "minimum_life") != (self.minimum_life_days is not None):
            raise SpecError(("minimum_life_days",), "belongs to points_back: minimum_life, and only to it", self.minimum_life_days)
        return self
