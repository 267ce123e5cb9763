"""The points left at a month's end by the month in which they lapse, from a ledger's entries: what a run's panel knows only of its end.

The points of a lot are the sum of its entries, under the day it was earned and its last day. An activity that moves last days on (``extend``) is one
entry for all lots of the member that would lapse before: what was entered before it counts for the later day.
"""

import numpy as np

from workbench.finance.cells import Ints
from workbench.finance.panel import group_of
from workbench.finance.triangle import Bools, Events, month_of
from workbench.finance.world import NO_GROUP
from workbench.ledger import EXTEND, KINDS
from workbench.units import NEVER

__all__ = ["NO_MONTH", "Lapsing", "lapsing"]

_MOVES_POINTS = np.array([group_of(kind) != NO_GROUP for kind in range(len(KINDS))])
NO_MONTH = -1
"""In the place of the month of points that never lapse."""

Lapsing = tuple[Ints, Ints]
"""int64[n] months since January 1970, ascending, and int64[n] points; those that never lapse come first, under ``NO_MONTH``."""


def lapsing(events: Events, valuation: int) -> Lapsing:
    """What is left in lots at the end of a month (since January 1970), by the month of the lots' last day. What members owe is in no lot: the sum is
    gross of debts. Months in which nothing is left are left out."""
    known = month_of(events.day) <= valuation
    last = _last_days(events, known)
    chosen = known & _MOVES_POINTS[events.kind] & (events.earned_on < NEVER)
    never = last[chosen] >= NEVER
    months = np.where(never, NO_MONTH, month_of(np.where(never, 0, last[chosen])))
    found, place = np.unique(months, return_inverse=True)
    points = np.zeros(len(found), dtype=np.int64)
    np.add.at(points, place, events.points[chosen])
    left = points != 0
    return found[left].astype(np.int64), points[left]


def _last_days(events: Events, known: Bools) -> Ints:
    """int64[entries]: the last day of each entry's lot as it is after all extensions of the member that followed the entry."""
    extended = known & (events.kind == EXTEND)
    if not extended.any():
        return events.expires_on
    order = np.argsort(events.member, kind="stable")[::-1]  # each member's entries together, the last one first
    member = events.member[order]
    group = np.cumsum(np.concatenate(([0], member[1:] != member[:-1])))
    room = NEVER + 1
    until = (
        np.where(extended, events.expires_on, 0)[order] + group * room
    )  # a running maximum that begins anew with each member
    later = np.maximum.accumulate(until) - group * room
    found: Ints = np.empty_like(events.expires_on)
    found[order] = later
    return np.maximum(found, events.expires_on)
