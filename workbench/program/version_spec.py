"""Versions of a program: rules that change on a date, and what becomes of what members hold."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.spec import Name, Spec

__all__ = ["Transition", "Version"]

Ratio = Annotated[Decimal, Field(gt=0, le=1000, max_digits=10, decimal_places=6)]


class Transition(Spec):
    """What the change does to what members hold on its day, before anything else of that day."""

    lots: Literal["keep_expiry", "new_expiry", "earlier", "later"] = "keep_expiry"
    """Issued lots keep their last usable day; or get the one the new rules give for their earning day (never before the day the change takes effect); or the
    earlier, or the later, of the two."""
    points_ratio: Ratio = Decimal(1)
    """Every lot, and debt, is multiplied (lots rounded down, debt up): 0.5 halves balances. What is lost is entry ``expire``, what is gained ``bonus``, rule
    ``versions``."""
    tiers: Literal["kept", "rejudged"] = "kept"
    """``kept``: a member holds the tier (of the same name, or ``rename``) to its own end. ``rejudged``: at once the highest tier whose ``enter`` the counters
    meet, with a validity counted from that day."""
    rename: dict[Name, Name] = {}
    """Old tier to new; a tier that is neither named here nor exists any more becomes the highest new tier below it in the old order, or the lowest."""
    counters: Literal["kept", "reset"] = "kept"
    """Qualifying metrics, caps, once-limits and sums of spend go on, or begin at zero."""
    coupons: Literal["kept", "cancelled"] = "kept"
    """``kept``: coupons held keep their last day, and give what the new version says under their name; one whose name is gone is revoked
    in either case."""
    stored_bonus: Literal["kept", "forfeited"] = "kept"
    """Bonus stored value. Principal is always kept."""
    carry: Literal["kept", "cleared"] = "kept"
    """The kept remainder of earning; cleared in any case where its unit changes."""


class Version(Spec):
    """A change of the program from a day on."""

    effective: date
    """First day of the new rules."""
    title: str = ""
    """What changes, in words."""
    changes: dict[str, Any]
    """What differs from the version before, as in a program file: mappings are merged key by key, null takes a key out, everything else
    (lists too) replaces. ``schema``, ``currency``, ``provenance``, ``population``, ``accepted`` and ``versions`` cannot change."""
    transition: Transition = Transition()
    """What becomes of what members hold."""
