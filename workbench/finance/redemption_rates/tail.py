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
    nothing = Tail("none", ages, ages - 1)
    if method == "none":
        return hazards, nothing, []
    first = ages // 2
    window, weights = hazards[..., first:], redeemed[..., first:]
    if method == "level":
        level = _ratio((window * weights).sum(axis=-1), weights.sum(axis=-1))
        count = until + 1 - ages if length is None else length
        more = np.repeat(level[..., None], count, axis=-1)
        warnings = ["a level hazard without expiry redeems every point in the end"] if endless else []
        return (
            np.concatenate((hazards, more), axis=-1),
            Tail("level", ages, ages - 1 + count, (first, ages - 1), 1.0),
            warnings,
        )
    start, slope, r_squared, used = _log_line(np.arange(first, ages), window, weights)
    if int(np.ravel(used)[0]) < FEWEST:
        return (
            hazards,
            nothing,
            [
                f"fewer than {FEWEST} of the last ages have redemptions to fit a tail on: no redemption is expected beyond them"
            ],
        )
    if endless and float(np.ravel(slope)[0]) >= 0:
        return (
            hazards,
            nothing,
            [
                "the hazard does not fall with age, so nothing says when redemption ends: what comes after the last age is left out"
            ],
        )
    if length is None:
        length = until + 1 - ages
        if endless:
            length = min(length, _enough(float(np.ravel(start)[0]), float(np.ravel(slope)[0]), ages))
    beyond = np.arange(ages, ages + length)
    more = np.exp(np.minimum(start[..., None] + slope[..., None] * beyond, 0.0))
    found = Tail(
        "exponential", ages, ages - 1 + length, (first, ages - 1), float(np.exp(np.ravel(slope)[0])), float(np.ravel(r_squared)[0])
    )  # fmt: skip
    loose = found.r_squared is not None and found.r_squared < LOOSE
    said = (
        [f"the tail is fitted loosely (R² {found.r_squared:.2f}): see how far another tail moves the result"]
        if loose
        else []
    )
    return np.concatenate((hazards, more), axis=-1), found, said


def _enough(start: float, slope: float, ages: int) -> int:
    """Ages after which the sum of an exponential tail's hazards is negligible."""
    rest = start + slope * ages - np.log(-np.expm1(slope))  # log of the sum from here on
    return max(1, int(np.ceil((rest - np.log(NEGLIGIBLE)) / -slope)))


def _log_line(ages: np.ndarray, hazards: Floats, weights: Floats) -> tuple[Floats, Floats, Floats, np.ndarray]:
    """Weighted least squares of log hazards on age over the last axis: intercept, slope, R², and the number of ages used."""
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
