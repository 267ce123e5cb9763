"""How good chances and rankings of an event were, once it is known whom it befell.

``ranked`` asks of a score whether it puts those first whom it befell: the area under the ROC curve, and of the foremost part of the list its
precision, recall and lift. Members with the same score stand in no order: of a part that ends among them, what it holds is its mean over
all orders. ``compared`` has two scores of the same members, with the error of their difference (DeLong, DeLong & Clarke-Pearson 1988).
``calibration`` asks of chances whether what they call 30 % happens in 30 % of cases. ``recalibration`` fits by how much they are off,
logit(p') = a + b logit(p) (Cox 1958, "Two further applications of a model for binary regression").
"""

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, logit
from scipy.stats import rankdata

from workbench.population.calibration.summary import Floats

__all__ = [
    "Bin", "Compared", "Foremost", "Ranked", "Recalibration", "better_by", "brier", "calibration", "compared", "log_loss", "ranked", "recalibration",
    "wilson",
]  # fmt: skip

Z95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""
CLOSEST = 1e-6
"""Chances nearer to 0 or 1 are taken for this, where a logarithm is."""
Hits = np.ndarray[Any, np.dtype[np.bool_]]


class Foremost(NamedTuple):
    """The foremost part of a list."""

    share: float
    members: int
    hits: float
    """Of these the event befell so many; a mean over orders where the part ends among equals."""
    precision: float
    precision_ci95: tuple[float, float]
    """Wilson's."""
    recall: float
    """Of all whom it befell, the share that is in this part."""
    lift: float
    """Precision over the share of all members whom it befell: 1 is chance."""


class Ranked(NamedTuple):
    """What a score was worth."""

    auc: float
    """Chance that of two members, one whom it befell and one whom it did not, the first has the higher score (equal: one half)."""
    auc_ci95: tuple[float, float]
    foremost: list[Foremost]


class Compared(NamedTuple):
    """One score's area less another's, of the same members."""

    difference: float
    ci95: tuple[float, float]


class Bin(NamedTuple):
    """Members with chances of about the same size."""

    members: int
    lowest: float
    highest: float
    predicted: float
    """Their mean chance."""
    hits: int
    observed: float
    observed_ci95: tuple[float, float]
    """Wilson's."""


class Recalibration(NamedTuple):
    """logit(p') = intercept + slope * logit(p): 0 and 1 change nothing."""

    intercept: float
    slope: float

    def apply(self, chance: Floats) -> Floats:
        """The chances made good."""
        return np.asarray(expit(self.intercept + self.slope * logit(np.clip(chance, CLOSEST, 1 - CLOSEST))))


def wilson(hits: float, number: float) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    share, room = hits / number, Z95**2 / number
    half = Z95 * math.sqrt((share * (1 - share) + room / 4) / number)
    return max(0.0, (share + room / 2 - half) / (1 + room)), min(1.0, (share + room / 2 + half) / (1 + room))


def ranked(score: Floats, hit: Hits, shares: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3)) -> Ranked:
    """How well a score (high: likely) ranks members. ``hit``: bool[n], whom it befell; both kinds have to be there (ValueError)."""
    area, variance = _delong([score], hit)
    half = Z95 * math.sqrt(max(float(variance[0, 0]), 0.0))
    whole = max(0.0, float(area[0]) - half), min(1.0, float(area[0]) + half)
    return Ranked(float(area[0]), whole, [_foremost(score, hit, share) for share in shares])


def compared(score: Floats, other: Floats, hit: Hits) -> Compared:
    """The area of ``score`` less that of ``other``."""
    area, variance = _delong([score, other], hit)
    difference = float(area[0] - area[1])
    half = Z95 * math.sqrt(max(float(variance[0, 0] + variance[1, 1] - 2 * variance[0, 1]), 0.0))
    return Compared(difference, (difference - half, difference + half))


def _delong(scores: list[Floats], hit: Hits) -> tuple[Floats, Floats]:
    """The areas and their covariances, by ranks (Sun & Xu 2014)."""
    yes, no = int(hit.sum()), int((~hit).sum())
    if not yes or not no:
        raise ValueError("expected members whom it befell and members whom it did not")
    areas, placed_yes, placed_no = [], [], []
    for score in scores:
        rank = rankdata(score)
        below = (rank[hit] - rankdata(score[hit])) / no  # for each hit, the share of the others with a lower score
        above = 1 - (rank[~hit] - rankdata(score[~hit])) / yes
        areas.append(below.mean())
        placed_yes.append(below)
        placed_no.append(above)
    covariance = np.zeros((len(scores), len(scores)))
    for parts, number in ((placed_yes, yes), (placed_no, no)):
        if number > 1:
            covariance += np.atleast_2d(np.cov(np.array(parts))) / number
    return np.array(areas), covariance


def _foremost(score: Floats, hit: Hits, share: float) -> Foremost:
    members = max(1, round(share * len(score)))
    edge = np.partition(score, len(score) - members)[len(score) - members]
    above, level = score > edge, score == edge
    hits = float(hit[above].sum() + (members - above.sum()) * hit[level].mean())
    precision = hits / members
    return Foremost(
        share, members, hits, precision, wilson(hits, members), hits / float(hit.sum()), precision / float(hit.mean())
    )


def calibration(chance: Floats, hit: Hits, bins: int = 10) -> list[Bin]:
    """Members by tenths of their chances, the lowest first (of equal chances in one tenth; a tenth may then be missing)."""
    edges = np.quantile(chance, np.arange(1, bins) / bins)
    place = np.searchsorted(edges, chance, side="left")
    found = []
    for each in np.unique(place):
        inside = place == each
        number, hits = int(inside.sum()), int(hit[inside].sum())
        mine = chance[inside]
        found.append(
            Bin(
                number,
                float(mine.min()),
                float(mine.max()),
                float(mine.mean()),
                hits,
                hits / number,
                wilson(hits, number),
            )
        )
    return found


def brier(chance: Floats, hit: Hits) -> float:
    """Mean square of chance less what happened (Brier 1950): 0 is perfect."""
    return float(((chance - hit) ** 2).mean())


def log_loss(chance: Floats, hit: Hits) -> float:
    """Mean of minus the logarithm of the chance given to what happened: 0 is perfect."""
    return float(_losses(chance, hit).mean())


def _losses(chance: Floats, hit: Hits) -> Floats:
    bounded = np.clip(chance, CLOSEST, 1 - CLOSEST)
    return -np.asarray(np.log(np.where(hit, bounded, 1 - bounded)))


def better_by(chance: Floats, other: Floats, hit: Hits) -> tuple[float, float]:
    """By how much the log loss of ``chance`` is lower than that of ``other``: the 95 % interval of the mean difference over members."""
    lower = _losses(other, hit) - _losses(chance, hit)
    half = Z95 * float(lower.std(ddof=1)) / math.sqrt(len(lower)) if len(lower) > 1 else math.inf
    return float(lower.mean()) - half, float(lower.mean()) + half


def recalibration(chance: Floats, hit: Hits) -> Recalibration | None:
    """The likeliest recalibration, by Newton's steps; None where it has no maximum (all chances alike, or perfectly told apart)."""
    at = logit(np.clip(chance, CLOSEST, 1 - CLOSEST))
    design = np.stack([np.ones_like(at), at], axis=1)
    beta = np.array([0.0, 1.0])
    for _ in range(50):
        now = expit(design @ beta)
        information = (design * (now * (1 - now))[:, None]).T @ design
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, design.T @ (hit - now))
        beta = beta + step
        if not np.isfinite(beta).all() or np.abs(beta).max() > 100:
            return None
        if np.abs(step).max() < 1e-10:
            return Recalibration(float(beta[0]), float(beta[1]))
    return None
