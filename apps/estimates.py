"""Figures with their 95 % intervals, and what a change did to them, paired. No Panel here.

A figure and its interval are the run document's own, so that the page, the report and the command line say the same; the interval of liability
and breakage comes from leaving groups of members out in turn. What a change did is paired: the same members under both programs. Lift: from a
run with the baseline in the place of no program. Liability and breakage: groups left out of both. The others: batch means over equal blocks of
members, Student's t with one degree of freedom less than there are blocks; for a ratio of two sums that of the linearised ratio (Cochran,
Sampling Techniques, 1977, 6.4).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from apps.store import Outcome

__all__ = ["FIGURES", "PER", "Comparison", "Estimate", "Figure", "figures", "jackknifed", "paired_difference"]

Floats = npt.NDArray[np.float64]
PER = 1000
"""Liability and points outstanding are given for so many members simulated, so that runs of different sizes can be compared."""


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval; None where there is none."""

    value: float | None
    ci95: tuple[float, float] | None = None


@dataclass(frozen=True)
class Figure:
    """One figure of a program, of the program as shipped, and what the changes did to it."""

    name: str
    """One of ``FIGURES``."""
    now: Estimate
    shipped: Estimate
    change: Estimate | None
    """None while it is not known, and where nothing was changed."""


@dataclass(frozen=True)
class Comparison:
    """A program's outcome, that of the program as shipped with the same members, and the two head to head."""

    now: Outcome
    shipped: Outcome
    head: Outcome | None
    """The run with the shipped program in the place of the baseline; None while it is not there, and where nothing was changed."""


FIGURES = ("liability", "breakage", "upgrade_rate", "repurchase", "cost", "return")
"""In the order of the strip."""


def figures(found: Comparison) -> tuple[Figure, ...]:
    """All of them, in the order of ``FIGURES``."""
    return (
        _liability(found),
        _breakage(found),
        _upgrade_rate(found),
        _lift(found, "repurchase", "repurchase_rate"),
        _cost(found),
        _return(found),
    )


# --- the six -------------------------------------------------------------------------------------------------------
def _liability(found: Comparison) -> Figure:
    """Contract liability at the end for ``PER`` members, major units. Its interval: leaving groups out (the estimated redemption rate moves too);
    before the full run from the spread of points held, at the rate as estimated."""
    now, shipped = _owed(found.now), _owed(found.shipped)
    return Figure("liability", now, shipped, _left_out_change(found, now, shipped, "liability"))


def _owed(outcome: Outcome) -> Estimate:
    liability = outcome.document["liability"]
    owed = liability["contract"]
    if owed is None:
        return Estimate(None)
    value, left_out = PER * owed / outcome.members, outcome.panel.left_out
    if left_out is not None:
        return jackknifed(value, left_out.liability)
    points, interval = liability["outstanding_points"], liability["outstanding_ci95"]
    if not points or interval is None:
        return Estimate(value)
    return Estimate(value, (value * interval[0] / points, value * interval[1] / points))


def _breakage(found: Comparison) -> Figure:
    """Share of the points outstanding at the end that is never expected to be redeemed, per cent."""
    now, shipped = _broken(found.now), _broken(found.shipped)
    return Figure("breakage", now, shipped, _left_out_change(found, now, shipped, "breakage"))


def _broken(outcome: Outcome) -> Estimate:
    rate = outcome.document["liability"]["urr"]
    if rate is None:
        return Estimate(None)
    value, left_out = 100 * (1 - rate), outcome.panel.left_out
    return Estimate(value) if left_out is None else jackknifed(value, left_out.breakage)


def _left_out_change(found: Comparison, now: Estimate, shipped: Estimate, name: str) -> Estimate | None:
    """The difference of two figures whose groups are the same members."""
    if found.now is found.shipped:
        return None
    if now.value is None or shipped.value is None:
        return Estimate(None)
    value, mine, theirs = now.value - shipped.value, found.now.panel.left_out, found.shipped.panel.left_out
    if mine is None or theirs is None:
        return Estimate(value)
    return jackknifed(value, getattr(mine, name) - getattr(theirs, name))


def _upgrade_rate(found: Comparison) -> Figure:
    def estimate(outcome: Outcome) -> Estimate:
        tiers = outcome.document["tiers"]
        return _scaled(_estimate(tiers["upgrade_rate"], tiers["upgrade_rate_ci95"]), 100)

    now, shipped = estimate(found.now), estimate(found.shipped)
    return Figure("upgrade_rate", now, shipped, _difference(found, now, shipped, ("upgraded", "joined"), 100))


def _lift(found: Comparison, name: str, key: str) -> Figure:
    def estimate(outcome: Outcome) -> Estimate:
        ratio = outcome.document["lift"][key]
        return _estimate(ratio["delta_pct"], ratio["ci95"])

    change = None if found.head is None else estimate(found.head)
    return Figure(name, estimate(found.now), estimate(found.shipped), change)


def _cost(found: Comparison) -> Figure:
    def estimate(outcome: Outcome) -> Estimate:
        economics = outcome.document["economics"]
        return _estimate(economics["cost_pct_of_sales"], economics["cost_pct_ci95"])

    now, shipped = estimate(found.now), estimate(found.shipped)
    return Figure("cost", now, shipped, _difference(found, now, shipped, ("cost", "sales"), 100))


def _return(found: Comparison) -> Figure:
    """What a unit of money spent on the program brings beyond itself."""

    def estimate(outcome: Outcome) -> Estimate:
        economics = outcome.document["economics"]
        return _estimate(economics["return_on_spend"], economics["return_on_spend_ci95"])

    now, shipped = estimate(found.now), estimate(found.shipped)
    return Figure("return", now, shipped, _difference(found, now, shipped, ("gain", "cost"), 1))


def _estimate(value: float | None, interval: Any) -> Estimate:
    return Estimate(value, None if interval is None else (float(interval[0]), float(interval[1])))


def _difference(
    found: Comparison, now: Estimate, shipped: Estimate, ratio: tuple[str, str], scale: float
) -> Estimate | None:
    """The paired difference; None where nothing was changed; without an interval where there are no blocks to pair."""
    if found.now is found.shipped:
        return None
    if now.value is None or shipped.value is None:
        return Estimate(None)
    mine, theirs = found.now.panel.blocks, found.shipped.panel.blocks
    if mine is None or theirs is None:
        return Estimate(now.value - shipped.value)
    sums = [getattr(blocks, name) for blocks in (mine, theirs) for name in ratio]
    if any(each is None for each in sums):
        return Estimate(now.value - shipped.value)
    return _scaled(paired_difference(*sums), scale)


def _scaled(estimate: Estimate, scale: float) -> Estimate:
    if estimate.value is None:
        return estimate
    return Estimate(
        scale * estimate.value, None if estimate.ci95 is None else (scale * estimate.ci95[0], scale * estimate.ci95[1])
    )


# --- statistics ----------------------------------------------------------------------------------------------------
def paired_difference(top: Floats, bottom: Floats, top_0: Floats, bottom_0: Floats) -> Estimate:
    """Difference of two ratios of sums over the same blocks of members (first less second), and its interval."""
    if bottom.sum() == 0 or bottom_0.sum() == 0:
        return Estimate(None)
    value = float(top.sum() / bottom.sum() - top_0.sum() / bottom_0.sum())
    return _with_interval(value, _residuals(top, bottom) - _residuals(top_0, bottom_0))


def _residuals(top: Floats, bottom: Floats) -> Floats:
    """What each block adds to the ratio's deviation, to first order."""
    residuals: Floats = (top - top.sum() / bottom.sum() * bottom) / bottom.mean()
    return residuals


def _with_interval(value: float, residuals: Floats) -> Estimate:
    n = len(residuals)
    if n < 2:
        return Estimate(value)
    half = float(stdtrit(n - 1, 0.975) * residuals.std(ddof=1) / math.sqrt(n))
    return Estimate(value, (value - half, value + half))


def jackknifed(value: float, left_out: Floats) -> Estimate:
    """A figure with the interval that leaving each of n equal groups out in turn gives: Student's t, n - 1 degrees of freedom, on
    (n - 1) / n times the sum of squared deviations (Efron & Tibshirani 1993, 11.5)."""
    n = len(left_out)
    if n < 2:
        return Estimate(value)
    half = float(stdtrit(n - 1, 0.975) * math.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()))
    return Estimate(value, (value - half, value + half))
