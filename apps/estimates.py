"""Figures with their 95 % intervals, and what a change did to them, paired. No Panel here.

A figure and its interval are the run document's own, so that the page, the report and the command line say the same. What a change
did is paired: the same members under both programs. Lift: from a run with the shipped program in the place of the baseline. The others:
batch means over equal blocks of members, Student's t with one degree of freedom less than there are blocks; for a ratio of two sums
that of the linearised ratio (Cochran, Sampling Techniques, 1977, 6.4).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from apps.store import Blocks, Outcome

__all__ = ["PER", "Comparison", "Estimate", "Figure", "figures", "paired_difference"]

Floats = npt.NDArray[np.float64]
PER = 1000
"""Points outstanding are given for so many members simulated, so that runs of different sizes can be compared."""


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval; None where there is none."""

    value: float | None
    ci95: tuple[float, float] | None = None


@dataclass(frozen=True)
class Figure:
    """One figure of a program, of the program as shipped, and what the changes did to it."""

    name: str
    """outstanding, upgrade_rate, repurchase, purchases or cost."""
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


def figures(found: Comparison) -> tuple[Figure, ...]:
    """All of them, in the order of the page."""
    return (
        _outstanding(found),
        _upgrade_rate(found),
        _lift(found, "repurchase", "repurchase_rate"),
        _lift(found, "purchases", "purchases"),
        _cost(found),
    )


# --- the five ------------------------------------------------------------------------------------------------------
def _outstanding(found: Comparison) -> Figure:
    def estimate(outcome: Outcome) -> Estimate:
        liability = outcome.document["liability"]
        return _scaled(_estimate(liability["outstanding_points"], liability["outstanding_ci95"]), PER / outcome.members)

    now, shipped = estimate(found.now), estimate(found.shipped)
    return Figure("outstanding", now, shipped, _difference(found, now, shipped, "outstanding", "members", PER))


def _upgrade_rate(found: Comparison) -> Figure:
    def estimate(outcome: Outcome) -> Estimate:
        tiers = outcome.document["tiers"]
        return _scaled(_estimate(tiers["upgrade_rate"], tiers["upgrade_rate_ci95"]), 100)

    now, shipped = estimate(found.now), estimate(found.shipped)
    return Figure("upgrade_rate", now, shipped, _difference(found, now, shipped, "upgraded", "joined", 100))


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
    return Figure("cost", now, shipped, _difference(found, now, shipped, "cost", "sales", 100))


def _estimate(value: float | None, interval: Any) -> Estimate:
    return Estimate(value, None if interval is None else (float(interval[0]), float(interval[1])))


def _pair(blocks: Blocks, top: str, bottom: str) -> tuple[Floats, Floats]:
    return getattr(blocks, top), getattr(blocks, bottom)


def _difference(
    found: Comparison, now: Estimate, shipped: Estimate, top: str, bottom: str, scale: float
) -> Estimate | None:
    """The paired difference; None where nothing was changed; without an interval where there are no blocks to pair."""
    if found.now is found.shipped:
        return None
    if now.value is None or shipped.value is None:
        return Estimate(None)
    mine, theirs = found.now.panel.blocks, found.shipped.panel.blocks
    if mine is None or theirs is None:
        return Estimate(now.value - shipped.value)
    return _scaled(paired_difference(*_pair(mine, top, bottom), *_pair(theirs, top, bottom)), scale)


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
