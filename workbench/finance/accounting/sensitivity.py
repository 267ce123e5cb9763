"""What the liability would be, were an estimate another one: by method, by small changes, under stress. The deferral D of what was
sold stays as it is locked, but where its price is what is varied.

Stresses act on the expected ultimate U of each portfolio, with O = N - Q - X outstanding and O - (U - Q) of it expected never to be
redeemed (breakage to come):

    rush                 U' = U + rush * (O - (U - Q)), redeemed within ``rush_months``: all of what is added is current
    devaluation          U' as in a rush by the devalued share, since who can redeem does so before; what is redeemed afterwards costs so
                         much less
    expiry extended      U' = U + (O - (U - Q)) * (1 - (1 - h)**k): what would lapse lives k months longer, at the rate h at which
                         old points are redeemed in a month (``last_hazard``)
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise

import numpy as np

from workbench.errors import BadInput
from workbench.finance.accounting.close import Close, Estimates, Standing
from workbench.finance.accounting.cohort import Cohort, NoRedemptionExpected
from workbench.finance.accounting.rates import PolicyRates, triangle_of
from workbench.finance.accounting.rounding import half_up
from workbench.finance.accounting.standing import rate_of as rate_of_standing
from workbench.finance.redemption_rates import ESTIMATORS

__all__ = ["ByMethod", "Change", "by_method", "last_hazard", "sensitivity", "stresses"]


@dataclass(frozen=True)
class Change:
    """One line: what is changed, and what the liability comes to."""

    name: str
    text: str
    liability: int
    """Printed, minor units."""
    delta: int
    """Against what is reported."""
    rate: float | None = None
    """Expected ultimate redemption over points issued."""
    current: int | None = None
    """Current part, where it is another one."""
    cost: int | None = None
    """What the points to be redeemed will cost, minor units, where it is another one."""


@dataclass(frozen=True)
class ByMethod:
    """What a method comes to."""

    method: str
    rate: float | None
    """Expected ultimate redemption over points issued; None where the method has nothing to say."""
    outstanding_rate: float | None
    """w, of the points outstanding."""
    liability: int | None
    """Printed, minor units."""
    note: str = ""
    warnings: tuple[str, ...] = ()


def remeasured(close: Close, ultimate: Callable[[Cohort], Fraction]) -> tuple[int, float | None]:
    """Printed liability and redemption rate, were the expected ultimates others (cut to what can be)."""
    liability, used, issued = 0, Fraction(0), 0
    for each in close.standing:
        cohort = each.cohort
        if cohort.outstanding:
            cohort = cohort.expecting(_cut(cohort, ultimate(cohort)))
        liability += half_up(cohort.liability)
        used += cohort.ultimate
        issued += cohort.issued
    return liability, float(used / issued) if issued else None


def _cut(cohort: Cohort, ultimate: Fraction) -> Fraction:
    return max(min(ultimate, Fraction(cohort.redeemed + cohort.outstanding)), Fraction(cohort.redeemed))


def sensitivity(close: Close) -> list[Change]:
    """The rate by so many points of the points issued, breakage and the points' stand-alone price by so much relative, up and down."""
    sizes = close.policy.sensitivity
    points, breakage, price = (Fraction(each) for each in (sizes.rate_points, sizes.breakage, sizes.price))
    found = []
    for sign, word in ((1, "+"), (-1, "-")):
        by_points = _estimate(close, partial(_by_points, sign * points))
        name = f"{word}{float(100 * points):g}"
        found.append(Change(f"rate {word}", f"Ultimate redemption rate {name} percentage points", *by_points))
        by_breakage = _estimate(close, partial(_by_breakage, 1 + sign * breakage))
        found.append(Change(f"breakage {word}", f"Breakage {word}{float(100 * breakage):g} %", *by_breakage))
        liability = sum(half_up(_priced(each, 1 + sign * price)) for each in close.standing)
        text = f"Stand-alone price of points {word}{float(100 * price):g} %, as if at issue"
        found.append(Change(f"price {word}", text, liability, liability - close.liability, rate_of(close)))
    return found


def _by_points(change: Fraction, cohort: Cohort) -> Fraction:
    return cohort.ultimate + change * cohort.issued


def _by_breakage(factor: Fraction, cohort: Cohort) -> Fraction:
    return cohort.issued - factor * (cohort.issued - cohort.ultimate)


def rate_of(close: Close) -> float | None:
    """Expected ultimate redemption over points issued, as reported."""
    return rate_of_standing(close.standing)


def _estimate(close: Close, ultimate: Callable[[Cohort], Fraction]) -> tuple[int, int, float | None]:
    try:
        liability, rate = remeasured(close, ultimate)
    except NoRedemptionExpected:  # so low that nothing is left to redeem: what is deferred has no home, all of it stays
        liability, rate = int(close.money[-1, :, -1].sum()), 0.0
    return liability, liability - close.liability, rate


def _priced(each: Standing, factor: Fraction) -> Fraction:
    deferred = each.cohort.deferred
    return each.cohort.liability * each.deferred_at(factor) / deferred if deferred else deferred


def by_method(close: Close) -> list[ByMethod]:
    """What each estimator would come to at the valuation; the chosen one is among them."""
    return [_method(close, name) for name in ESTIMATORS]


def _method(close: Close, name: str) -> ByMethod:
    rates = PolicyRates(close.books, close.policy, name)
    try:
        found, warnings = rates.by_estimator(close.months - 1)
    except BadInput as error:
        return ByMethod(name, None, None, None, str(error))
    return _by_estimates(close, name, found, warnings)


def _by_estimates(close: Close, name: str, found: Estimates, warnings: tuple[str, ...]) -> ByMethod:
    ultimates = _by_portfolio(close, found.ultimate)
    cohorts = [
        each.cohort.expecting(_cut(each.cohort, ultimate)) if each.cohort.outstanding else each.cohort
        for each, ultimate in zip(close.standing, ultimates, strict=True)
    ]
    issued = sum(each.issued for each in cohorts)
    held = sum(each.outstanding for each in cohorts)
    rate = float(sum(each.ultimate for each in cohorts) / issued) if issued else None
    ahead = sum((each.ultimate - each.redeemed for each in cohorts if each.outstanding), Fraction(0))
    try:
        liability = sum(half_up(each.liability) for each in cohorts)
    except NoRedemptionExpected as error:
        return ByMethod(name, rate, None, None, str(error), warnings)
    return ByMethod(name, rate, float(ahead / held) if held else None, liability, "", warnings)


def _by_portfolio(close: Close, by_month: list[Fraction]) -> list[Fraction]:
    """Sums over the months of each portfolio."""
    edges = [*close.firsts, close.months]
    return [sum(by_month[low:high], Fraction(0)) for low, high in pairwise(edges)]


def last_hazard(close: Close) -> Fraction:
    """Share of the points held (neither redeemed nor lapsed) that are redeemed in a month, over the older half of the ages at which any
    are held: how fast old points go."""
    triangle = triangle_of(close.books, close.months)
    if triangle.ages < 2:
        return Fraction(0)
    gone = triangle.cumulative + np.cumsum(triangle.expired, axis=1)
    held = np.where(triangle.observed[:, 1:], np.maximum(triangle.issued[:, None] - gone[:, :-1], 0), 0).sum(axis=0)
    redeemed = np.where(triangle.observed, triangle.redeemed, 0)[:, 1:].sum(axis=0)
    ages = np.flatnonzero(held)
    older = ages[len(ages) // 2 :]
    exposed = int(held[older].sum())
    return max(Fraction(int(redeemed[older].sum()), exposed), Fraction(0)) if exposed else Fraction(0)


def stresses(close: Close) -> list[Change]:
    """A rush, a devaluation announced, expiry extended (see the head of this file)."""
    sizes = close.policy.stress
    rush, cheaper = Fraction(sizes.rush), Fraction(sizes.devaluation)
    months = sizes.extension_months
    longer = 1 - (1 - last_hazard(close)) ** months
    found = []
    for name, text, share, worth in (
        ("rush", f"Rush: {float(100 * rush):g} % of the breakage to come is redeemed within {sizes.rush_months} months", rush, Fraction(1)),
        ("devaluation", f"Devaluation by {float(100 * cheaper):g} % announced: {float(100 * cheaper):g} % of the breakage to come is "
         "redeemed before it", cheaper, 1 - cheaper),
        ("extension", f"Expiry extended by {months} months: {float(100 * longer):.1f} % of what would lapse is redeemed", longer, Fraction(1)),
    ):  # fmt: skip
        found.append(_stress(close, name, text, share, worth, sooner=name != "extension"))
    return found


def _stress(close: Close, name: str, text: str, share: Fraction, worth: Fraction, sooner: bool) -> Change:
    """One stress: a share of the breakage to come is redeemed after all; what was expected anyway costs ``worth`` of what it did."""

    def more(cohort: Cohort) -> Fraction:
        return share * (cohort.outstanding - (cohort.ultimate - cohort.redeemed))

    liability, rate = remeasured(close, lambda cohort: cohort.ultimate + more(cohort))
    current, cost = 0, Fraction(0)
    for each in close.standing:
        cohort = each.cohort
        if cohort.outstanding:
            added = more(cohort)
            stressed = cohort.expecting(cohort.ultimate + added)
            current += half_up(stressed.per_unit * (each.soon + (added if sooner else 0)))
            cost += ((cohort.ultimate - cohort.redeemed) * worth + added) * close.worth.cost
    return Change(name, text, liability, liability - close.liability, rate, current, half_up(cost))
