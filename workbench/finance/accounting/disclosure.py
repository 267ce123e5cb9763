"""What the notes to the accounts say of contract liabilities (IFRS 15.116-120, ASC 606-10-50-8 to 15), for the year to the valuation."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from workbench.errors import BadInput
from workbench.finance.accounting.close import MONEY, Close
from workbench.finance.accounting.rates import triangle_of
from workbench.finance.accounting.rounding import apportion, half_up
from workbench.finance.redemption_rates import ultimate

__all__ = ["Disclosure", "disclose"]

YEAR = 12
_DEFERRED, _EXPIRY, _REESTIMATE = MONEY.index("deferred"), MONEY.index("expiry"), MONEY.index("reestimate")
_REDEEMED, _CLOSING, _OPENING = MONEY.index("redeemed"), MONEY.index("closing"), MONEY.index("opening")


@dataclass(frozen=True)
class Disclosure:
    """Printed minor units; from the first month of the year to the valuation."""

    months: int
    """Months covered: 12, or fewer where the records begin later."""
    movements: dict[str, int]
    """IFRS 15.118: the roll-forward of the contract liability, columns of ``MONEY``."""
    from_opening: int
    """IFRS 15.116(b): revenue of the year that was in the liability at its beginning."""
    from_estimates: int
    """IFRS 15.116(c): revenue of the year for redemptions of earlier periods: changes of estimate and true-ups for expiry."""
    expected: dict[str, int]
    """IFRS 15.120: the liability by when it is expected to become revenue. Empty where nothing is known of when."""


def disclose(close: Close) -> Disclosure:
    """The notes' figures."""
    start = max(close.months - YEAR, 0)
    year = close.money[start:].sum(axis=1)
    movements = {name: int(year[:, place].sum()) for place, name in enumerate(MONEY)}
    movements |= {"opening": int(year[0, _OPENING]), "closing": int(year[-1, _CLOSING])}
    old = np.array([first < start for first in close.firsts])
    revenue = close.money[start:, :, [_REDEEMED, _EXPIRY, _REESTIMATE]].sum(axis=(0, 2))
    return Disclosure(
        close.months - start,
        movements,
        int(revenue[old].sum()),
        movements["expiry"] + movements["reestimate"],
        _bands(close),
    )


def _bands(close: Close) -> dict[str, int]:
    """The liability by year of expected revenue: D / U of each redemption expected in it."""
    if close.sources[-1] in ("assumption", "given") or close.sources[-1].startswith("breakage"):
        return {}
    triangle = triangle_of(close.books, close.months)
    rate = float(close.policy.points.initial_rate.value) if close.sources[-1] == "bornhuetter_ferguson" else None
    try:
        found = ultimate(triangle, close.sources[-1], a_priori=rate)
    except BadInput:
        return {}
    names = ("within 1 year", "1 to 2 years", "2 to 3 years", "later")
    reached = [np.zeros(close.months), *(found.within(YEAR * years) for years in (1, 2, 3)), found.future]
    exact = [Fraction(0)] * len(names)
    edges = [*close.firsts, close.months]
    for each, (low, high) in zip(close.standing, pairwise(edges), strict=True):
        whole = float(reached[-1][low:high].sum())
        if not each.cohort.outstanding or not whole > 0:
            continue
        for place in range(len(names)):
            part = float((reached[place + 1] - reached[place])[low:high].sum()) / whole
            exact[place] += each.cohort.liability * Fraction(part)
    total = half_up(sum(exact, Fraction(0)))
    if abs(total - close.liability) > len(close.firsts):
        return {}
    return dict(zip(names, apportion(exact, close.liability), strict=True))
