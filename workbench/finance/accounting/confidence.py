"""The contract liability at levels of confidence: what is expected to be redeemed, drawn again by members, taken through ``D * (U - Q) / U``."""

from fractions import Fraction

import numpy as np

from workbench.finance.accounting.close import Close
from workbench.finance.accounting.rounding import half_up
from workbench.finance.redemption_rates import ESTIMATORS
from workbench.finance.redemption_rates.bootstrap import Draws
from workbench.finance.triangle import Floats

__all__ = ["drawn_liabilities", "liability_levels"]


def liability_levels(close: Close, draws: Draws) -> dict[str, int]:
    """Printed minor units by level (``p50``, ``p75``, ``p95``: the policy's ``confidence``): the contract liability is at most so much with that
    confidence. Empty where the policy's redemption is no estimate but assumed, given, or all that is outstanding. Raises ValueError for draws
    of another month."""
    if close.sources[-1] not in ESTIMATORS:
        return {}
    liabilities = drawn_liabilities(close, draws)
    return {
        f"p{(100 * level).normalize():f}": half_up(Fraction(float(np.quantile(liabilities, float(level)))))
        for level in close.policy.confidence
    }


def drawn_liabilities(close: Close, draws: Draws) -> Floats:
    """float64[draws]: the contract liability in each draw, minor units. How far a draw strays from the hazard's estimate, in proportion, is
    applied to what the policy's method expects of each portfolio."""
    triangle = draws.ultimates.triangle
    last = close.books.first_month + close.months - 1
    if triangle.valuation != last or triangle.months != 1:
        raise ValueError(f"expected draws of month {last}, found {triangle.valuation}")
    redeemed = triangle.redeemed_to_date
    ahead = np.zeros((len(draws.points), close.months))
    central = np.zeros(close.months)
    place = np.arange(triangle.cohorts) + triangle.first_month - close.books.first_month
    known = (place >= 0) & (place < close.months)
    ahead[:, place[known]] = (draws.points - redeemed)[:, known]
    central[place[known]] = draws.ultimates.future[known]
    total = np.zeros(len(draws.points))
    ends = [*close.firsts[1:], close.months]
    for standing, end in zip(close.standing, ends, strict=True):
        cohort, months = standing.cohort, slice(standing.first, end)
        if not cohort.outstanding or not cohort.ultimate:
            continue
        expected, drawn = central[months].sum(), ahead[:, months].sum(axis=1)
        to_come = float(cohort.ultimate - cohort.redeemed) * (drawn / expected if expected > 0 else np.ones_like(drawn))
        to_come = np.minimum(to_come, cohort.outstanding)
        total += float(cohort.deferred) * np.divide(
            to_come, cohort.redeemed + to_come, out=np.zeros_like(to_come), where=to_come > 0
        )
    return total
