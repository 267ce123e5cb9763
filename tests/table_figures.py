"""Figures straight from a full ledger, with NumPy: a second way to every figure that the panels give, and their witness.

It reads a ``LedgerTable`` (every entry of every member), which only the agents can hand over.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.ledger import BONUS, CONVERT, DECAY, EARN, EXPIRE, PURCHASE, REDEEM, REFUND, RETURN, REVERSE, TIER
from workbench.ledger_table import LOT_COLUMNS, Ints, LedgerTable
from workbench.units import NEVER

__all__ = [
    "Lift", "PairedRatio", "TierMoves",
    "expiry_schedule", "lift", "members_by_tier", "paired_ratio", "points_by_month", "repurchase_curve", "tier_moves", "tiers_by_month",
    "totals",
]  # fmt: skip

REPURCHASE_DAYS = 365
Z95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""

Floats = npt.NDArray[np.float64]


# --- points ----------------------------------------------------------------------------------------------------------
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


# --- tiers -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class TierMoves:
    """Every change of tier, in the order of the ledger; arrays of one length."""

    member: Ints
    day: Ints
    before: Ints
    after: Ints

    @property
    def upgrades(self) -> int:
        """Changes to a higher tier."""
        return int((self.after > self.before).sum())

    @property
    def downgrades(self) -> int:
        """Changes to a lower tier."""
        return int((self.after < self.before).sum())

    @property
    def upgraded_members(self) -> int:
        """Members who rose at least once."""
        return len(np.unique(self.member[self.after > self.before]))


def tier_moves(ledger: LedgerTable) -> TierMoves:
    """The changes of tier in a ledger; members begin in the lowest tier."""
    chosen = ledger.column("kind") == TIER
    codes = np.full(len(ledger.rules), -1, dtype=np.int64)
    for place, name in enumerate(ledger.tier_names):
        codes[ledger.rules.index(f"tiers.{name}")] = place
    member, day = ledger.column("member")[chosen], ledger.column("day")[chosen]
    after = codes[ledger.column("rule")[chosen]]
    first = np.append(True, member[1:] != member[:-1])[: len(member)]
    before = np.where(first, 0, np.append(0, after[:-1])[: len(member)])
    return TierMoves(member, day, before, after)


def members_by_tier(ledger: LedgerTable) -> dict[str, int]:
    """Members in each tier at the end."""
    return {name: int((ledger.tier == place).sum()) for place, name in enumerate(ledger.tier_names)}


def tiers_by_month(ledger: LedgerTable, first_day: int, last_day: int) -> dict[str, Ints]:
    """Columns over the months: month, and members in each tier (``tier_0``, ...) at its end."""
    months = months_between(first_day, last_day)
    count = len(ledger.tier_names)
    change = np.zeros((len(months), max(count, 1)), dtype=np.int64)
    joined = ledger.joined[ledger.joined < NEVER]
    np.add.at(change, (month_of(joined) - months[0], np.zeros_like(joined)), 1)
    if count:
        moves = tier_moves(ledger)
        place = month_of(moves.day) - months[0]
        np.add.at(change, (place, moves.before), -1)
        np.add.at(change, (place, moves.after), 1)
    standing = np.cumsum(change, axis=0)
    return {"month": months} | {f"tier_{place}": standing[:, place] for place in range(max(count, 1))}


# --- lift ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class PairedRatio:
    """A figure in both worlds and their relative difference."""

    baseline: float
    program: float
    delta_pct: float | None
    """100 * (program / baseline - 1); None where the baseline is 0."""
    ci95: tuple[float, float] | None
    """95 % interval of delta_pct, from the paired standard error; None where there is no such figure, or only one member."""


@dataclass(frozen=True)
class Lift:
    """What the program did to purchases (number), sales (minor units, gross of discounts) and the repurchase rate (a share)."""

    purchases: PairedRatio
    sales: PairedRatio
    repurchase_rate: PairedRatio


def lift(program: LedgerTable, baseline: LedgerTable) -> Lift:
    """Lift of a program over a baseline lived by the same members."""
    worlds = [_by_member(each) for each in (program, baseline)]
    (bought, spent, again), (bought_0, spent_0, again_0) = worlds
    came = (bought > 0) | (bought_0 > 0)
    return Lift(
        purchases=paired_ratio(bought, bought_0, as_total=True),
        sales=paired_ratio(spent, spent_0, as_total=True),
        repurchase_rate=paired_ratio(again[came], again_0[came], as_total=False),
    )


def paired_ratio(program: Floats, baseline: Floats, as_total: bool) -> PairedRatio:
    """Ratio of two sums over the same members. ``as_total``: report sums, otherwise means.

    The standard error is that of the linearised ratio: sd((p - R b) / mean(b)) / sqrt(n) (Cochran, Sampling Techniques, 1977, 6.4).
    """
    n = len(program)
    scale = 1.0 if as_total else 1.0 / max(n, 1)
    low, high = float(baseline.sum()), float(program.sum())
    if low == 0:
        return PairedRatio(low * scale, high * scale, None, None)
    ratio = high / low
    delta = 100 * (ratio - 1)
    if n < 2:
        return PairedRatio(low * scale, high * scale, delta, None)
    error = float(np.std(program - ratio * baseline, ddof=1)) / (low / n) / np.sqrt(n)
    return PairedRatio(low * scale, high * scale, delta, (delta - 100 * Z95 * error, delta + 100 * Z95 * error))


def repurchase_curve(program: LedgerTable, baseline: LedgerTable, days: Ints) -> dict[str, npt.NDArray[np.float64]]:
    """Share of members who bought again within so many days of their first purchase: program, baseline, their difference and its
    95 % interval (difference, low, high), one value for each entry of ``days``."""
    waits = [_wait(each) for each in (program, baseline)]
    came = (waits[0] >= 0) | (waits[1] >= 0)
    with_it, without = (((wait[came][:, None] >= 0) & (wait[came][:, None] <= days)).astype(float) for wait in waits)
    n = max(int(came.sum()), 1)
    difference = with_it - without
    mean = difference.mean(axis=0) if came.any() else np.zeros(len(days))
    error = Z95 * difference.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(len(days), np.nan)
    return {
        "program": with_it.mean(axis=0) if came.any() else np.zeros(len(days)),
        "baseline": without.mean(axis=0) if came.any() else np.zeros(len(days)),
        "difference": mean,
        "low": mean - error,
        "high": mean + error,
    }


def _by_member(ledger: LedgerTable) -> tuple[Floats, Floats, Floats]:
    """Purchases, sales and whether the member bought again in time, each float64[members]."""
    bought = ledger.column("kind") == PURCHASE
    member = ledger.column("member")[bought]
    purchases: Floats = np.bincount(member, minlength=ledger.customers).astype(float)
    sales: Floats = np.bincount(member, weights=ledger.column("money")[bought], minlength=ledger.customers).astype(
        float
    )
    wait = _wait(ledger)
    return purchases, sales, ((wait >= 0) & (wait <= REPURCHASE_DAYS)).astype(float)


def _wait(ledger: LedgerTable) -> Ints:
    """Days from each member's first purchase to the second: NEVER where there is no second, -1 where there is no first."""
    bought = ledger.column("kind") == PURCHASE
    member, day = ledger.column("member")[bought], ledger.column("day")[bought]
    first = np.flatnonzero(np.append(True, member[1:] != member[:-1])[: len(member)])
    second = np.minimum(first + 1, max(len(member) - 1, 0))
    found = np.full(ledger.customers, -1, dtype=np.int64)
    if len(member):
        has_second = (member[second] == member[first]) & (second > first)
        found[member[first]] = np.where(has_second, day[second] - day[first], NEVER)
    return found
