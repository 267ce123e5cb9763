"""What a finished test says: the difference of the arms' means with its interval, with and without what was known before the test.

Plain: Welch's test, unequal variances. Adjusted (CUPED: Deng, Xu, Kohavi & Walker, "Improving the sensitivity of online controlled experiments by
utilizing pre-experiment data", WSDM 2013): from each outcome is taken theta times the covariates less their mean, theta by least squares within the arms;
the difference keeps its expectation, because members were assigned by chance and covariates are from before, and its variance falls to 1 - rho**2.
Sample-ratio mismatch: whether the arms' sizes can be chance, given the shares that were meant (Fabijan et al., KDD 2019).
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import chisquare, skew, ttest_ind

__all__ = ["Difference", "adjusted_outcomes", "difference", "needs_for_skewness", "ratio_p_value"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Difference(NamedTuple):
    """Arm B's mean less arm A's."""

    mean_a: float
    mean_b: float
    difference: float
    error: float
    """Standard error."""
    ci95: tuple[float, float]
    p_value: float | None
    """Two-sided; None where no outcome varies."""
    relative: float | None
    """Of arm A's mean; None where that is 0."""
    relative_ci95: tuple[float, float] | None
    """By the delta method, for a ratio of independent means."""


def difference(outcome: Floats, in_b: Flags) -> Difference:
    """The arms compared. ``outcome``: float64[n]; ``in_b``: bool[n], at least two members in each arm (ValueError)."""
    a, b = outcome[~in_b], outcome[in_b]
    if min(len(a), len(b)) < 2:
        raise ValueError("expected two members or more in each arm")
    mean_a, mean_b = float(a.mean()), float(b.mean())
    var_a, var_b = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    error, apart = math.sqrt(var_a + var_b), mean_b - mean_a
    if error == 0:
        return Difference(mean_a, mean_b, apart, 0.0, (apart, apart), None, *_relative(mean_a, mean_b, 0.0, 0.0, 0.0))
    test = ttest_ind(b, a, equal_var=False)
    interval = test.confidence_interval(0.95)
    low, high = float(interval.low), float(interval.high)
    times = (high - low) / 2 / error
    return Difference(
        mean_a, mean_b, apart, error, (low, high), float(test.pvalue), *_relative(mean_a, mean_b, var_a, var_b, times)
    )


def _relative(
    mean_a: float, mean_b: float, var_a: float, var_b: float, times: float
) -> tuple[float | None, tuple[float, float] | None]:
    if mean_a == 0:
        return None, None
    ratio = mean_b / mean_a
    half = times * math.sqrt(var_b + ratio * ratio * var_a) / abs(mean_a)
    return ratio - 1, (ratio - 1 - half, ratio - 1 + half)


def adjusted_outcomes(outcome: Floats, in_b: Flags, covariates: Floats) -> tuple[Floats, float]:
    """Outcomes less what the covariates explain within the arms, and rho: the square root of the share of variance within the arms that they explain.
    ``covariates``: float64[n, k], each with more than one value."""
    inside, y = covariates.astype(np.float64), outcome.astype(np.float64)
    for arm in (in_b, ~in_b):
        inside = np.where(arm[:, None], inside - inside[arm].mean(axis=0), inside)
        y = np.where(arm, y - y[arm].mean(), y)
    theta = np.linalg.lstsq(inside, y, rcond=None)[0]
    whole = float(y @ y)
    explained = 1 - float(((y - inside @ theta) ** 2).sum()) / whole if whole > 0 else 0.0
    return outcome - (covariates - covariates.mean(axis=0)) @ theta, math.sqrt(min(max(explained, 0.0), 1.0))


def ratio_p_value(members_a: int, members_b: int, share_b: float) -> float:
    """The chance of arms as uneven as these, or more, if each member was meant for arm B with the share (chi-square)."""
    whole = members_a + members_b
    return float(chisquare([members_a, members_b], [whole * (1 - share_b), whole * share_b]).pvalue)


def needs_for_skewness(outcome: Floats) -> int:
    """Members in each arm from which on the normal interval is to be trusted: 355 times the square of the skewness (Kohavi, Deng, Longbotham & Xu,
    "Seven rules of thumb for web site experimenters", KDD 2014)."""
    if outcome.size < 3 or float(outcome.std()) == 0:
        return 0
    return math.ceil(355 * float(skew(outcome)) ** 2)
