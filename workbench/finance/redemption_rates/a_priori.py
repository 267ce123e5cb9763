"""Methods that put a rate on what is not yet developed: fit for young cohorts, whose own redemptions say little.

* Bornhuetter-Ferguson (1972): ``U = c + q * N * (1 - G)`` with G the share developed at the cohort's age and q given beforehand.
* Cape Cod (Bühlmann-Straub; Stanard 1985): the same with q from all cohorts, sum of c over sum of N * G.
* Additive (incremental rates): ``U = c + N * (sum of later m_d)`` with ``m_d = sum r / sum N`` over the cohorts that have reached age d.
"""

import numpy as np

from workbench.errors import BadInput, Problem
from workbench.finance.redemption_rates.chain_ladder import development
from workbench.finance.redemption_rates.estimate import Ultimates
from workbench.finance.redemption_rates.hazard import extended_hazards, pooled_survival
from workbench.finance.redemption_rates.tail import TailMethod
from workbench.finance.triangle import Floats, Triangle

__all__ = ["additive", "bornhuetter_ferguson", "cape_cod"]


def bornhuetter_ferguson(
    triangle: Triangle, a_priori: float | None = None, tail: TailMethod | None = None
) -> Ultimates:
    """``a_priori``: the redemption rate of points issued, 0 to 1; without one, that of the hazard method over a whole life is taken, and
    said. Raises BadInput for a rate outside."""
    if a_priori is not None and not 0 <= a_priori <= 1:
        raise BadInput(Problem("a_priori", "expected a rate from 0 to 1", a_priori))
    said = "given"
    if a_priori is None:
        h, _, _ = extended_hazards(triangle, tail)
        a_priori, said = (
            float(np.clip(1.0 - pooled_survival(h)[-1], 0.0, 1.0)),
            "that of the hazard method over a whole life",
        )
    return _with_rate(triangle, "bornhuetter_ferguson", a_priori, said, tail)


def cape_cod(triangle: Triangle, tail: TailMethod | None = None) -> Ultimates:
    """The rate that all cohorts show together, as far as they have developed."""
    developed = float((triangle.issued * development(triangle, tail).share[triangle.latest]).sum())
    redeemed = float(triangle.redeemed_to_date.sum())
    rate = redeemed / developed if developed > 0 else 0.0
    return _with_rate(triangle, "cape_cod", rate, "from all cohorts, as far as they have developed", tail)


def _with_rate(triangle: Triangle, method: str, rate: float, said: str, tail: TailMethod | None) -> Ultimates:
    found = development(triangle, tail)
    later = np.maximum(found.share - found.share[triangle.latest][:, None], 0.0)
    return Ultimates(
        triangle, method, _course(triangle, rate * later), found.tail, a_priori=rate,
        notes=(f"a-priori rate {rate:.4f}: {said}", f"tail: {found.tail}"), warnings=found.warnings,
    )  # fmt: skip


def additive(triangle: Triangle, tail: TailMethod | None = None) -> Ultimates:
    """Points redeemed at each age to a point issued, over the cohorts that have reached it."""
    issued = np.where(triangle.observed, triangle.issued[:, None], 0).sum(axis=0).astype(np.float64)
    paid = np.where(triangle.observed, triangle.redeemed, 0).sum(axis=0).astype(np.float64)
    rates = np.divide(paid, issued, out=np.zeros_like(paid), where=issued > 0)
    h, shape, warnings = extended_hazards(triangle, tail)
    survival = pooled_survival(h)[triangle.ages - 1 :]
    reached = np.cumsum(np.concatenate((rates, -np.diff(survival))))
    later = reached - reached[triangle.latest][:, None]
    return Ultimates(
        triangle, "additive", _course(triangle, later), shape, notes=(f"tail: {shape}",), warnings=tuple(warnings)
    )


def _course(triangle: Triangle, later: Floats) -> Floats:
    """Observed, then so much of the points issued beyond what is redeemed. ``later``: float64[cohorts, ages and tail]."""
    ahead = triangle.redeemed_to_date[:, None] + triangle.issued[:, None] * later
    seen = np.arange(later.shape[1]) <= triangle.latest[:, None]
    return np.where(seen, np.pad(triangle.cumulative, ((0, 0), (0, later.shape[1] - triangle.ages))), ahead)
