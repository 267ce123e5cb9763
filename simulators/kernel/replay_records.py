"""What compiled code sees of a recorded log, and what it leaves behind: records of whole numbers, read by attribute."""

from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "ACTION", "ENTRY", "FORGOTTEN", "FULL", "GROUP", "JOIN", "LINES", "LOT", "MEMBER", "METRICS", "NOTHING", "PARTS", "PURCHASE", "REDEEM",
    "REFUND", "REFUSAL", "ROW", "TOO_LARGE", "Ledger", "Log", "Out", "Space",
]  # fmt: skip

LINES = 1024
"""Lines that an order may have in compiled code."""
METRICS = 5
PARTS = ("discount", "tax", "delivery")
JOIN, PURCHASE, REFUND, REDEEM, ACTION = range(5)
"""Codes of events, as in ``simulators.transactions``."""
NOTHING = -1
FORGOTTEN = -2
"""In place of the order a refund means: it is unknown, or too old."""
TOO_LARGE, FULL = -1, -2
"""Why a member is not lived: the room there is for members does not do, or that for what they leave behind."""

ROW = np.dtype(
    [(name, np.int64) for name in ("amount", "points", "left")]
    + [
        (name, np.int32)
        for name in (
            "date", "posted", "order", "refund_of", "category", "channel", "what", "source", "waiting", "slot",
        )
    ]
    + [(name, np.int8) for name in ("event", "named", "birth_month", "birth_dom")],
    align=True,
)  # fmt: skip
"""A row of the log. ``order`` and ``refund_of`` are codes of order ids (NOTHING: none); ``named`` is 1 where the row has a category of
its own; ``what`` is an action's code, or the code of the item redeemed. ``left``, ``source``, ``waiting`` and ``slot`` are written here:
of an order, by its first row, the amount not refunded, the refunds to come, and where its record is kept; of a linked refund the
first row of its order."""
ENTRY = np.dtype(
    [("points", np.int64), ("money", np.int64)]
    + [(name, np.int32) for name in ("day", "earned_on", "expires_on", "order", "rule", "kind")],
    align=True,
)
"""An entry of the ledger; ``order`` is the code of its order id."""
GROUP = np.dtype([("day", np.int32), ("key", np.int32), ("count", np.int32)])
"""Entries that stand together in the ledger: those of the rows of one checkout (``key``: the first of them), or of a member's start of a day
(``key``: minus the member less 1)."""
LOT = np.dtype([("points", np.int64), ("earned_on", np.int32), ("expires_on", np.int32)], align=True)
REFUSAL = np.dtype([("row", np.int32), ("reason", np.int32), ("noted", np.int32)])
"""What the rules refuse: row and reason (FORGOTTEN, or an index into ``REFUSALS``), and the row with which it comes to light."""
MEMBER = np.dtype(
    [
        (name, np.int64)
        for name in (
            "balance", "pending", "tier", "tier_until", "carry", "earned", "redeemed", "expired", "reversed", "outstanding", "lots",
        )
    ]
    + [("metrics", np.int64, (METRICS,))],
    align=True,
)  # fmt: skip
"""A member at the end; ``lots`` is how many they have, merged."""


class Log(NamedTuple):
    """The rows posted, in the order of the file."""

    rows: Any
    """record[rows]"""
    parts: Any
    """int64[rows, 3]: ``PARTS`` of each amount; of no rows where there are none in the whole log."""
    places: Any
    """int32[rows]: row numbers by member; a member's rows in the order of the file."""
    start: Any
    """int64[members + 1]: where each member's rows begin in ``places``."""
    last_day: Any
    most_points: Any
    """A member with more points than this is not lived here: a product could leave 63 bits."""


class Space(NamedTuple):
    """One thread's working memory."""

    account: Any
    """record[1]"""
    orders: Any
    """record[slots]: orders that will be refunded; the first is scratch space."""
    free: Any
    """int32[slots]: free slots; the first says how many."""
    latest: Any
    """int32[order ids]: first row of the member's latest order of that name; NOTHING between members."""


class Out(NamedTuple):
    """What members leave behind. Of the first four ``counts`` are written."""

    entries: Any
    groups: Any
    lots: Any
    refusals: Any
    counts: Any
    """int64[6]: entries, groups, lots, refusals; then the first row that cannot be lived through, and the orders that a member needs
    room for."""
    members: Any
    """record[members]: of all of them."""
    keep_entries: Any
    keep_lots: Any


class Ledger(NamedTuple):
    """The ledger's columns, int32 but for points and money: the member's number, and codes of kind, order id and rule."""

    member: Any
    day: Any
    kind: Any
    points: Any
    money: Any
    earned_on: Any
    expires_on: Any
    order: Any
    rule: Any
