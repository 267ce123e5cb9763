"""Lift: the same members in two worlds. Differences are paired, and so are their standard errors.

A member-against-non-member comparison is not lift: heavy buyers join.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.ledger import PURCHASE
from workbench.ledger_table import Ints, LedgerTable
from workbench.units import NEVER

__all__ = ["Lift", "PairedRatio", "REPURCHASE_DAYS", "lift", "paired_ratio", "repurchase_curve"]

REPURCHASE_DAYS = 365
"""Days after a member's first purchase within which a further one counts."""
Z95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""

Floats = npt.NDArray[np.float64]


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
