"""The tail: redemption beyond the last age that any cohort has reached. It is always named, and shown with its fit."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.finance.triangle import Floats
from workbench.units import NEVER

__all__ = ["TAILS", "Tail", "TailMethod", "extend", "wanted_tail"]

TailMethod = Literal["none", "exponential", "level"]
TAILS: tuple[TailMethod, ...] = ("none", "exponential", "level")
FEWEST = 3
"""Ages that a fit needs."""
LONGEST = 1200
"""Ages that a tail may go on for."""
LOOSE = 0.3
"""Below this R² a fit is worth a warning."""
NEGLIGIBLE = 1e-6
"""Share of points still unredeemed whose redemption is left out at the end of an endless tail."""


@dataclass(frozen=True)
class Tail:
    """How the hazard goes on beyond the last age seen."""

    method: TailMethod
    """none: no redemption after it. exponential: the hazard falls by the same factor each age, as fitted. level: it stays at the mean of
    the ages fitted."""
    first_age: int
    """The first age of the tail."""
    last_age: int
    """The last one; below ``first_age`` where there is none."""
    fitted: tuple[int, int] | None = None
    """First and last age that it was fitted on."""
    factor: float | None = None
    """Factor of the hazard from one age to the next."""
    r_squared: float | None = None
    """Of the weighted fit of log hazards, where there is one."""

    def __str__(self) -> str:
        if self.method == "none":
            return f"no redemption is expected after age {self.first_age - 1}"
        fit = "" if self.fitted is None else f", fitted on ages {self.fitted[0]} to {self.fitted[1]}"
        if self.method == "level":
            return f"ages {self.first_age} to {self.last_age} at a level hazard{fit}"
        quality = "" if self.r_squared is None else f", R² {self.r_squared:.2f}"
        return f"ages {self.first_age} to {self.last_age} with a hazard that falls by the factor {self.factor:.3f} each{fit}{quality}"


def wanted_tail(ages: int, last_age: int | None, tail: TailMethod | None) -> tuple[TailMethod, int]:
    """The method and the last age to extend to. ``last_age``: of all cohorts; None where it is not known. Left to itself, a tail is
    exponential where points are known to live on, and none otherwise."""
    until = LONGEST if last_age is None or last_age >= NEVER else min(last_age, LONGEST)
    chosen: TailMethod = tail or ("none" if last_age is None or until < ages else "exponential")
    return (chosen, until) if chosen != "none" and until >= ages else ("none", ages - 1)


def extend(
    hazards: Floats, redeemed: Floats, method: TailMethod, until: int, endless: bool, length: int | None = None
) -> tuple[Floats, Tail, list[str]]:
    """Hazards float64[..., ages] with those of the tail behind them (the first axes are draws; the tail's own figures are of the first).

    ``redeemed``: float64[..., ages], points behind each hazard, the weights of the fit: a thin age counts little. ``until``: last age;
    ``endless``: points do not expire, so the tail is cut where it no longer matters; ``length``: cut it there instead. Returns the
    hazards, the tail, and warnings.
    """
    ages = hazards.shape[-1]
    if method == "none":
        return hazards, Tail("none", ages, ages - 1), []
    if method == "level":
        more, found, said = _level(hazards, redeemed, until + 1 - ages if length is None else length)
        said += ["a level hazard without expiry redeems every point in the end"] if endless else []
        return np.concatenate((hazards, more), axis=-1), found, said
    start, slope, r_squared, used = _log_line(hazards, redeemed)
    # the figures of the first draw decide for all
    first_start, first_slope, r2, count = (float(np.ravel(each)[0]) for each in (start, slope, r_squared, used))
    if count < FEWEST:
        why = f"fewer than {FEWEST} of the last ages have redemptions to fit a tail on: no redemption is expected beyond them"
        return hazards, Tail("none", ages, ages - 1), [why]
    if first_slope >= 0 and endless:
        why = "the hazard does not fall with age, so nothing says when redemption ends: what comes after the last age is left out"
        return hazards, Tail("none", ages, ages - 1), [why]
    if first_slope >= 0:
        more, found, _ = _level(hazards, redeemed, until + 1 - ages if length is None else length)
        why = "the hazard does not fall with age: beyond the last one it is kept level"
        return np.concatenate((hazards, more), axis=-1), found, [why]
    if length is None:
        length = until + 1 - ages
        length = min(length, _enough(first_start, first_slope, ages)) if endless else length
    beyond = np.arange(ages, ages + length)
    # a draw whose hazard rises is not let out beyond what was seen
    highest = hazards[..., ages // 2 :].max(axis=-1, keepdims=True)
    more = np.minimum(np.exp(np.minimum(start[..., None] + slope[..., None] * beyond, 0.0)), np.maximum(highest, 0.0))
    found = Tail("exponential", ages, ages - 1 + length, (ages // 2, ages - 1), float(np.exp(first_slope)), r2)
    loose = (
        [f"the tail is fitted loosely (R² {r2:.2f}): see how far another tail moves the result"] if r2 < LOOSE else []
    )
    return np.concatenate((hazards, more), axis=-1), found, loose


def _level(hazards: Floats, redeemed: Floats, length: int) -> tuple[Floats, Tail, list[str]]:
    """So many ages at the mean hazard of the older half of the ages, weighted by points redeemed."""
    ages = hazards.shape[-1]
    window, weights = hazards[..., ages // 2 :], redeemed[..., ages // 2 :]
    level = _ratio((window * weights).sum(axis=-1), weights.sum(axis=-1))
    found = Tail("level", ages, ages - 1 + length, (ages // 2, ages - 1), 1.0)
    return np.repeat(level[..., None], length, axis=-1), found, []


def _enough(start: float, slope: float, ages: int) -> int:
    """Ages after which the sum of an exponential tail's hazards is negligible."""
    rest = start + slope * ages - np.log(-np.expm1(slope))  # log of the sum from here on
    return max(1, int(np.ceil((rest - np.log(NEGLIGIBLE)) / -slope)))


def _log_line(hazards: Floats, weights: Floats) -> tuple[Floats, Floats, Floats, np.ndarray]:
    """Weighted least squares of log hazards on age over the older half of the ages: intercept, slope, R², and the number of ages used."""
    first = hazards.shape[-1] // 2
    ages, hazards, weights = np.arange(first, hazards.shape[-1]), hazards[..., first:], weights[..., first:]
    used = (hazards > 0) & (weights > 0)
    w = np.where(used, weights, 0.0)
    y = np.log(np.where(used, hazards, 1.0))
    total = w.sum(axis=-1)
    mean_x, mean_y = _ratio((w * ages).sum(axis=-1), total), _ratio((w * y).sum(axis=-1), total)
    x_off, y_off = ages - mean_x[..., None], np.where(used, y - mean_y[..., None], 0.0)
    slope = _ratio((w * x_off * y_off).sum(axis=-1), (w * x_off**2).sum(axis=-1))
    rest = (w * (y_off - slope[..., None] * x_off) ** 2).sum(axis=-1)
    r_squared = 1.0 - _ratio(rest, (w * y_off**2).sum(axis=-1))
    return mean_y - slope * mean_x, slope, r_squared, used.sum(axis=-1)


def _ratio(upper: Floats, lower: Floats) -> Floats:
    """A quotient, 0 where there is nothing to divide by."""
    return np.divide(upper, lower, out=np.zeros(np.broadcast(upper, lower).shape), where=lower > 0)
