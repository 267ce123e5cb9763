"""Points and money of a world: in all, by month, by month of issue, and what is left at the end."""

import math

import numpy as np
import numpy.typing as npt

from workbench.finance.cells import Ints, wide
from workbench.finance.paired import Z95
from workbench.finance.world import ACTIVE, CALENDAR, CUSTOMERS, GROUPS, MONEY, NUMBER, POINTS, WorldPanel
from workbench.ledger import BONUS, CONVERT, DECAY, EARN, EXPIRE, PURCHASE, REDEEM, REFUND, RETURN, REVERSE

__all__ = [
    "Triangle",
    "expiry_schedule",
    "money_of",
    "months",
    "outstanding_interval",
    "points_by_month",
    "points_of",
    "totals",
    "triangle",
]

_FLOWS = {
    "earned": ((EARN, BONUS), 1),
    "redeemed": ((REDEEM, RETURN, CONVERT), -1),
    "expired": ((EXPIRE, DECAY), -1),
    "reversed": ((REVERSE,), -1),
}
_JANUARY_1970 = 12 * 1969
"""Months from January of the year 1."""

Triangle = dict[str, npt.NDArray[np.int64]]


def months(panel: WorldPanel) -> Ints:
    """The months of the run, as months since January 1970."""
    return np.arange(panel.frame.months) + panel.frame.first_month


def points_of(panel: WorldPanel, *kinds: int) -> int:
    """The points of all entries of some kinds, as signed in the ledger."""
    return int(panel.by_rule[:, kinds, POINTS].sum())


def money_of(panel: WorldPanel, *kinds: int) -> int:
    """The money of all entries of some kinds, as signed in the ledger, minor units."""
    return int(panel.by_rule[:, kinds, MONEY].sum())


def totals(panel: WorldPanel) -> dict[str, int]:
    """Points earned, redeemed (net of points given back), expired, reversed and outstanding (net of debt)."""
    found = {name: sign * points_of(panel, *kinds) for name, (kinds, sign) in _FLOWS.items()}
    return found | {"outstanding": int(panel.by_rule[:, :, POINTS].sum())}


def outstanding_interval(panel: WorldPanel) -> tuple[float, float] | None:
    """95 % interval of the points outstanding, for the chance of having drawn just these customers; None with fewer than two."""
    n, total = int(panel.counts[CUSTOMERS]), totals(panel)["outstanding"]
    if n < 2:
        return None
    error = Z95 * math.sqrt((n * wide(panel.held_squared) - total**2) / (n - 1))
    return total - error, total + error


def points_by_month(panel: WorldPanel) -> dict[str, Ints]:
    """Columns over the months: month, opening, earned, redeemed, expired, reversed, closing (points), purchases (number), sales,
    refunds (minor units), active (customers who bought). opening + earned - redeemed - expired - reversed = closing."""
    table = panel.by_month
    flows = {name: sign * table[:, kinds, POINTS].sum(axis=1) for name, (kinds, sign) in _FLOWS.items()}
    closing = np.cumsum(flows["earned"] - flows["redeemed"] - flows["expired"] - flows["reversed"])
    return {
        "month": months(panel),
        "opening": np.concatenate(([0], closing[:-1])),
        **flows,
        "closing": closing,
        "purchases": table[:, PURCHASE, NUMBER],
        "sales": table[:, PURCHASE, MONEY],
        "refunds": -table[:, REFUND, MONEY],
        "active": panel.people[:, ACTIVE],
    }


def triangle(panel: WorldPanel) -> tuple[Triangle, npt.NDArray[np.bool_]]:
    """Points by month of issue and month of the event, a row for each pair that has any: issue_month, month, and ``GROUPS``. The second
    value marks the rows without a month of issue (of no lot, as debts are; or of a lot issued outside the run)."""
    table = panel.triangle
    issue, month = np.nonzero(table.any(axis=2))
    first = panel.frame.first_month
    missing = issue >= panel.frame.months
    columns = {"issue_month": np.where(missing, 0, issue + first), "month": month + first}
    return columns | {name: table[issue, month, place] for place, name in enumerate(GROUPS)}, missing


def expiry_schedule(panel: WorldPanel) -> tuple[dict[str, Ints], npt.NDArray[np.bool_]]:
    """The points left at the end by the month in which they lapse: month (since January 1970), points. The second value marks the row,
    if there is one, of those that never do; it comes first."""
    (places,) = np.nonzero(panel.schedule)
    places = np.roll(places, 1) if len(places) and places[-1] == CALENDAR else places
    never = places == CALENDAR
    return {"month": np.where(never, 0, places - _JANUARY_1970), "points": panel.schedule[places]}, never
