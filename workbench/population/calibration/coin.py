"""BG/NBD and MBG/NBD: purchases at a rate lambda ~ Gamma(r, alpha); after each, a coin of chance p ~ Beta(a, b) ends them.

BG/NBD (Fader, Hardie & Lee 2005, "Counting your customers" the easy way) tosses it after each repeat purchase, so that who never came back
is alive for certain. MBG/NBD (Batislam, Denizel & Filiztekin 2007) tosses it after the first purchase too. Given alive after ``n`` tosses
the chance is Beta(a, b + n): n = x in the first, x + 1 in the second.

Neither enters the simulator as it is: the coin falls at purchases, so a program under which members buy more would make them leave sooner.
"""

from functools import lru_cache

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import digamma, gammaln

from workbench.population.calibration.model import Model
from workbench.population.calibration.nbd import rate_part
from workbench.population.calibration.summary import Floats

__all__ = ["BG_NBD", "MBG_NBD"]

_NODES = 40


def _log_likelihood(theta: Floats, x: Floats, tx: Floats, T: Floats, first: int) -> tuple[Floats, Floats]:
    """``first``: 1 where the coin is tossed after the first purchase too."""
    r, alpha, a, b = map(float, theta)
    n = x + first
    value, by_r, by_alpha = rate_part(r, alpha, x)
    stays = gammaln(a + b) + gammaln(b + n) - gammaln(b) - gammaln(a + b + n)
    by_a = digamma(a + b) - digamma(a + b + n)
    by_b = by_a + digamma(b + n) - digamma(b)
    odds = _odds_of_death(theta, x, tx, T, n)
    dead = odds / (1 + odds)
    # The likelihood is that of being alive times 1 + odds; log(odds) has the derivatives below.
    slope = np.stack([
        by_r - np.log(alpha + T) + dead * np.log((alpha + T) / (alpha + tx)),
        by_alpha - (r + x) * ((1 - dead) / (alpha + T) + dead / (alpha + tx)),
        by_a + dead / a,
        by_b - dead / np.maximum(b + n - 1, 1e-300),
    ])  # fmt: skip
    return value + stays - (r + x) * np.log(alpha + T) + np.log1p(odds), slope


def _odds_of_death(theta: Floats, x: Floats, tx: Floats, T: Floats, n: Floats) -> Floats:
    """Chance of having left at the last toss over that of being alive at T; 0 where there was no toss."""
    r, alpha, a, b = map(float, theta)
    tossed = n > 0
    with np.errstate(over="ignore"):
        odds = a / np.where(tossed, b + n - 1, 1.0) * np.exp((r + x) * np.log((alpha + T) / (alpha + tx)))
    return np.where(tossed, np.minimum(odds, 1e300), 0.0)


def _alive(theta: Floats, x: Floats, tx: Floats, T: Floats, first: int) -> Floats:
    return 1 / (1 + _odds_of_death(theta, x, tx, T, x + first))


def _expected(theta: Floats, t: Floats, first: int) -> Floats:
    r, alpha, a, b = map(float, theta)
    starts = b / (a + b) if first else 1.0
    zero = np.zeros_like(t)
    return starts * _to_come(r + zero, alpha + zero, a, b + first + zero, t)


def _conditional(theta: Floats, x: Floats, tx: Floats, T: Floats, t: Floats, first: int) -> Floats:
    r, alpha, a, b = map(float, theta)
    to_come = [_to_come(r + x, alpha + T, a, b + first + x, np.full_like(x, each)) for each in t.tolist()]
    return _alive(theta, x, tx, T, first) * np.array(to_come)


def _to_come(r: Floats, alpha: Floats, a: float, b: Floats, t: Floats) -> Floats:
    """Purchases within t of customers alive now: the mean of (1 - exp(-lambda p t)) / p over lambda ~ Gamma(r, alpha), p ~ Beta(a, b).

    The papers give it by a hypergeometric function, singular at a = 1; the mean over p by Gauss-Jacobi quadrature has no such place.
    """
    found = np.empty_like(r)
    for each in np.unique(b):
        rows = b == each
        p, weight = _beta_nodes(a, float(each))
        comes = -np.expm1(-r[rows] * np.log1p(p[:, None] * (t[rows] / alpha[rows]))) / p[:, None]
        found[rows] = weight @ comes
    return found


@lru_cache(maxsize=4096)
def _beta_nodes(a: float, b: float) -> tuple[Floats, Floats]:
    """Nodes and weights of a mean over Beta(a, b), by the recurrence of Jacobi's polynomials (Golub & Welsch 1969)."""
    k = np.arange(1.0, _NODES)
    low, high = a - 1, b - 1  # powers of p and of 1 - p
    both = low + high
    centre = (low - high) / (both + 2)
    middle = (low**2 - high**2) / ((2 * k + both) * (2 * k + both + 2))
    squares = (
        4 * k * (k + low) * (k + high) * (k + both) / ((2 * k + both) ** 2 * (2 * k + both + 1) * (2 * k + both - 1))
    )
    squares[0] = 4 * (1 + low) * (1 + high) / ((2 + both) ** 2 * (3 + both))  # as it stands 0 / 0 where a + b = 1
    nodes, vectors = eigh_tridiagonal(np.concatenate([[centre], middle]), np.sqrt(squares))
    return np.maximum((nodes + 1) / 2, 1e-300), vectors[0] ** 2


def _model(name: str, first: int) -> Model:
    return Model(
        name,
        ("r", "alpha", "a", "b"),
        lambda theta, x, tx, T: _log_likelihood(theta, x, tx, T, first),
        lambda theta, x, tx, T: _alive(theta, x, tx, T, first),
        lambda theta, t: _expected(theta, t, first),
        lambda theta, x, tx, T, t: _conditional(theta, x, tx, T, t, first),
    )


BG_NBD = _model("bg-nbd", 0)
"""A coin after each repeat purchase."""
MBG_NBD = _model("mbg-nbd", 1)
"""A coin after each purchase."""
