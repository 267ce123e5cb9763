"""The hazard of redemption by age: of the points issued and not yet redeemed, the share redeemed at that age.

It is the Kaplan-Meier estimator (1958) with points for patients: ``h_d = sum r / sum (N - c_before)`` over the cohorts that have reached age
d, and ``U = c + (N - c) * (1 - S_end / S_d)`` with S the product of 1 - h. Points that lapse stay among those at risk, unredeemed, so S
is the share never redeemed rather than a probability of some imagined life without expiry. It cannot exceed the points issued.
Where the last usable age of a cohort is known, it is at risk up to that age and no further.
"""

import numpy as np

from workbench.finance.redemption_rates.estimate import Ultimates
from workbench.finance.redemption_rates.tail import Tail, TailMethod, extend, wanted_tail
from workbench.finance.triangle import Bools, Floats, Triangle
from workbench.ledger_table import Ints
from workbench.units import NEVER

__all__ = ["at_risk", "hazard", "hazards", "pooled_survival", "still_unredeemed"]


def hazard(triangle: Triangle, tail: TailMethod | None = None) -> Ultimates:
    """Ultimates by the hazard of redemption at each age."""
    found, shape, warnings = extended_hazards(triangle, tail)
    share = still_unredeemed(found, triangle.latest, triangle.last_age)
    redeemed, issued = triangle.redeemed_to_date[:, None], triangle.issued[:, None]
    ahead = redeemed + (issued - redeemed) * (1.0 - share)
    seen = np.arange(found.shape[-1]) <= triangle.latest[:, None]
    past = np.pad(triangle.cumulative, ((0, 0), (0, found.shape[-1] - triangle.ages)))
    return Ultimates(
        triangle, "hazard", np.where(seen, past, ahead), shape, notes=(f"tail: {shape}",), warnings=tuple(warnings)
    )


def extended_hazards(triangle: Triangle, tail: TailMethod | None) -> tuple[Floats, Tail, list[str]]:
    """Hazards by age, the tail's behind them; the tail, and its warnings."""
    h, redeemed = hazards(triangle.issued, triangle.redeemed, at_risk(triangle))
    oldest = None if triangle.last_age is None else int(triangle.last_age.max(initial=0))
    method, until = wanted_tail(triangle.ages, oldest, tail)
    return extend(h, redeemed, method, until, endless=oldest is None or oldest >= NEVER)


def at_risk(triangle: Triangle) -> Bools:
    """bool[cohorts, ages]: ages reached at which points may still be used."""
    if triangle.last_age is None:
        return triangle.observed
    return triangle.observed & (np.arange(triangle.ages) <= triangle.last_age[:, None])


def hazards(issued: Ints | Floats, redeemed: Ints | Floats, at_risk: Bools) -> tuple[Floats, Floats]:
    """Hazards by age and the points redeemed behind them, float64[..., ages] both.

    ``issued``: [..., cohorts]; ``redeemed``: [..., cohorts, ages], incremental; ``at_risk``: bool[cohorts, ages]. Points given back may
    make an age's hazard negative; none is above 1.
    """
    before = np.cumsum(redeemed, axis=-1) - redeemed
    exposed = np.where(at_risk, np.maximum(issued[..., None] - before, 0), 0).sum(axis=-2).astype(np.float64)
    paid = np.where(at_risk, redeemed, 0).sum(axis=-2).astype(np.float64)
    found = np.divide(paid, exposed, out=np.zeros_like(paid), where=exposed > 0)
    return np.minimum(found, 1.0), np.maximum(paid, 0.0)


def still_unredeemed(h: Floats, latest: Ints, last_age: Ints | None) -> Floats:
    """float64[..., cohorts, ages]: of the points unredeemed at each cohort's latest age, the share still unredeemed at a later one (1 up
    to the latest)."""
    ages = np.arange(h.shape[-1])
    ahead = ages > latest[:, None]
    if last_age is not None:
        ahead &= ages <= last_age[:, None]
    found: Floats = np.cumprod(np.where(ahead, 1.0 - h[..., None, :], 1.0), axis=-1, dtype=np.float64)
    return found


def pooled_survival(h: Floats) -> Floats:
    """S: the share of points issued that is unredeemed after each age."""
    found: Floats = np.cumprod(1.0 - h, axis=-1, dtype=np.float64)
    return found
