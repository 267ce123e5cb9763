"""Relative differences between two worlds lived by the same customers, with paired standard errors, from exact sums."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

__all__ = [
    "Z95",
    "Moments",
    "PairedRatio",
    "fieller",
    "paired",
    "paired_mean",
    "paired_total",
    "product_sum",
    "quadratic",
]

Z95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True)
class PairedRatio:
    """A figure in both worlds and their relative difference."""

    baseline: float | None
    """None where there is no such figure."""
    program: float | None
    delta_pct: float | None
    """100 * (program / baseline - 1); None where the baseline is 0."""
    ci95: tuple[float, float] | None
    """95 % interval of delta_pct, from the paired standard error; None where there is no such figure, or only one customer."""


class Moments(NamedTuple):
    """Sums over n customers of a figure in the baseline (a) and in the program's world (b), and of its products."""

    n: int
    a: int
    b: int
    aa: int
    ab: int
    bb: int


def paired_total(sums: Moments) -> PairedRatio:
    """The ratio of two sums over the same customers, shown as sums."""
    return paired(sums.n, Fraction(sums.a), Fraction(sums.b), lambda ratio: _residuals(sums, ratio))


def paired_mean(sums: Moments) -> PairedRatio:
    """The same, shown as means (0 where there is nobody)."""
    return paired(
        sums.n, Fraction(sums.a), Fraction(sums.b), lambda ratio: _residuals(sums, ratio), 1 / Fraction(max(sums.n, 1))
    )


def _residuals(sums: Moments, ratio: Fraction) -> Fraction:
    """Sum of (b - ratio * a) ** 2."""
    return quadratic((-ratio, Fraction(1)), (sums.aa, sums.ab, sums.bb))


def paired(
    n: int,
    baseline: Fraction,
    program: Fraction,
    residuals: Callable[[Fraction], Fraction],
    scale: Fraction = Fraction(1),
) -> PairedRatio:
    """The ratio R of two figures over n customers. ``residuals(R)``: the sum over customers of the square of (the customer's part in the
    program's figure - R * their part in the baseline's). ``scale`` is how the two figures are shown.

    The standard error is that of the linearised ratio: sd(b - R a) / mean(a) / sqrt(n) (Cochran, Sampling Techniques, 1977, 6.4).
    Sums are exact, so nothing is lost where the two worlds are nearly the same.
    """
    shown = float(baseline * scale), float(program * scale)
    if baseline <= 0:
        return PairedRatio(*shown, None, None)
    ratio = program / baseline
    delta = float(100 * (ratio - 1))
    if n < 2:
        return PairedRatio(*shown, delta, None)
    error = 100 * Z95 * math.sqrt(residuals(ratio) * n / (n - 1) / baseline**2)
    return PairedRatio(*shown, delta, (delta - error, delta + error))


def quadratic(weights: Sequence[Fraction], products: Sequence[int]) -> Fraction:
    """Sum over customers of (weights . figures) ** 2, from the sums of the figures' products in pairs: 0*0, 0*1, ..., 1*1, 1*2, ..."""
    total, place = Fraction(0), 0
    for i, first in enumerate(weights):
        for j in range(i, len(weights)):
            total += (1 if i == j else 2) * first * weights[j] * products[place]
            place += 1
    return total


def product_sum(first: Sequence[Fraction], second: Sequence[Fraction], products: Sequence[int]) -> Fraction:
    """Sum over customers of (first . figures) * (second . figures), from the same sums of products as ``quadratic``."""
    both = [a + b for a, b in zip(first, second, strict=True)]
    return (quadratic(both, products) - quadratic(first, products) - quadratic(second, products)) / 2


def fieller(
    n: int, over: Fraction, under: Fraction, squares: tuple[Fraction, Fraction, Fraction]
) -> tuple[float, tuple[float, float]] | None:
    """The ratio of two sums over n customers, and its 95 % interval by Fieller's theorem (Fieller 1954, J. R. Stat. Soc. B 16): the ratios r at
    which the sum of (over - r * under) differs from 0 by less than its standard error allows. ``squares``: sums over customers of over * over,
    over * under, under * under. None where the interval of ``under`` itself holds 0: then no finite interval of the ratio exists."""
    if n < 2:
        return None
    scale = Fraction(n, n - 1) * Fraction(Z95) ** 2
    sums = (over * over, over * under, under * under)
    spread = [
        max(square - both / n, Fraction(0)) if k != 1 else square - both / n
        for k, (square, both) in enumerate(zip(squares, sums, strict=True))
    ]
    a, b, c = (both - scale * each for both, each in zip(reversed(sums), reversed(spread), strict=True))
    if a <= 0:
        return None
    root = math.sqrt(max(b * b - a * c, Fraction(0)))
    return float(over / under), (float((b - Fraction(root)) / a), float((b + Fraction(root)) / a))
