"""Points and money of a world by month: the roll-forward of the point ledger."""

import numpy as np
import numpy.typing as npt

from workbench.ledger import BONUS, CONVERT, DECAY, EARN, EXPIRE, PURCHASE, REDEEM, REFUND, RETURN, REVERSE
from workbench.ledger_table import LOT_COLUMNS, Ints, LedgerTable
from workbench.units import NEVER

__all__ = ["expiry_schedule", "month_of", "months_between", "points_by_month", "totals"]

_GROUPS = {
    "earned": ((EARN, BONUS), 1),
    "redeemed": ((REDEEM, RETURN, CONVERT), -1),
    "expired": ((EXPIRE, DECAY), -1),
    "reversed": ((REVERSE,), -1),
}


def month_of(days: Ints) -> Ints:
    """Month numbers (months since January 1970) of day numbers."""
    found: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return found


def months_between(first_day: int, last_day: int) -> Ints:
    """The month numbers from a day's to another's, both included."""
    first, last = month_of(np.array([first_day, last_day]))
    return np.arange(first, last + 1)


def totals(ledger: LedgerTable) -> dict[str, int]:
    """Points earned, redeemed (net of points given back), expired, reversed and outstanding (net of debt)."""
    kind, points = ledger.column("kind"), ledger.column("points")
    found = {name: sign * int(points[np.isin(kind, kinds)].sum()) for name, (kinds, sign) in _GROUPS.items()}
    return found | {"outstanding": int(points.sum())}


def points_by_month(ledger: LedgerTable, first_day: int, last_day: int) -> dict[str, npt.NDArray[np.int64]]:
    """Columns over the months: month, opening, earned, redeemed, expired, reversed, closing (points), purchases (number), sales,
    refunds (minor units). opening + earned - redeemed - expired - reversed = closing."""
    months = months_between(first_day, last_day)
    place = month_of(ledger.column("day")) - months[0]
    kind, points, money = ledger.column("kind"), ledger.column("points"), ledger.column("money")

    def by_month(values: Ints, chosen: npt.NDArray[np.bool_]) -> Ints:
        found = np.zeros(len(months), dtype=np.int64)
        np.add.at(found, place[chosen], values[chosen])
        return found

    flows = {name: sign * by_month(points, np.isin(kind, kinds)) for name, (kinds, sign) in _GROUPS.items()}
    closing = np.cumsum(flows["earned"] - flows["redeemed"] - flows["expired"] - flows["reversed"])
    bought = kind == PURCHASE
    return {
        "month": months,
        "opening": np.concatenate(([0], closing[:-1])),
        **flows,
        "closing": closing,
        "purchases": by_month(np.ones_like(money), bought),
        "sales": by_month(money, bought),
        "refunds": -by_month(money, kind == REFUND),
    }


def expiry_schedule(ledger: LedgerTable) -> dict[str, Ints]:
    """The points left at the end by the month in which they lapse: month (-1: never), points."""
    expires_on, points = (ledger.lots[:, LOT_COLUMNS.index(name)] for name in ("expires_on", "points"))
    never = expires_on >= NEVER
    month = np.where(never, -1, month_of(np.where(never, 0, expires_on)))
    months, place = np.unique(month, return_inverse=True)
    return {"month": months, "points": np.bincount(place, weights=points, minlength=len(months)).astype(np.int64)}
