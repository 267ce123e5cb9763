"""Intervals of what will be redeemed: members are drawn again, whole, since all points of a member stand or fall together.

Mack's error takes the cohorts' points for independent; they are not: the same members hold several cohorts, redeem them at one
checkout, and some never redeem. So each draw gives every *member* a weight, the hazards are worked out anew from the weighted members, and
applied to the points that are outstanding in fact.

That alone is the error of estimating the hazards. What the members will do by chance comes on top, and the two are not independent: who
redeemed more than others did tends to go on so. Both are therefore taken from the one place where they can be seen together: the same
forecast made some months ago, by what was known then, against what each member did since. Its error is drawn again by members, and brought to
the size of today's forecast (an error of a sum over members grows with the root of the sum).

Nothing is drawn here: the weights are given. Bayesian bootstrap (Rubin 1981): standard exponentials, over their mean; any others of mean 1
and variance 1 will do. Of clusters: Davison and Hinkley, Bootstrap Methods and their Application (1997), 3.8.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from workbench.finance.redemption_rates.estimate import Ultimates
from workbench.finance.redemption_rates.hazard import at_risk, hazard, hazards, still_unredeemed
from workbench.finance.redemption_rates.tail import TailMethod, extend
from workbench.finance.triangle import Basis, Events, Floats, Triangle, from_events, lot_events
from workbench.finance.world import CONVERTED, EARNED, REDEEMED, REPAID, REVERSED

__all__ = ["Draws", "MemberTriangles", "bootstrap", "member_triangles"]


@dataclass(frozen=True)
class MemberTriangles:
    """Every member's own triangle, as a sparse table."""

    triangle: Triangle
    """That of all members together."""
    table: Any
    """csr_array[members, cohorts + cohorts * ages]: points issued (net of what was reversed) by cohort, then points redeemed by cohort and
    age."""

    @property
    def members(self) -> int:
        """Members who ever held points."""
        return int(self.table.shape[0])


def member_triangles(
    events: Events, valuation: int, first_month: int | None = None, basis: Basis = "PROJECTION"
) -> MemberTriangles:
    """Members' triangles from a ledger's entries at the end of a month. Raises BadInput as ``lot_events`` does."""
    found = lot_events(events, valuation, first_month)
    _, member = np.unique(events.member[found.rows], return_inverse=True)
    issued = np.isin(found.group, (EARNED, REVERSED, REPAID))
    redeemed = np.isin(found.group, (REDEEMED, CONVERTED))
    place = np.where(issued, found.cohort, found.size + found.cohort * found.size + found.age)
    amount = np.where(found.group == EARNED, found.points, np.where(issued, -found.points, found.points)).astype(
        np.float64
    )
    kept = issued | redeemed
    shape = int(member.max()) + 1, found.size + found.size**2
    table = csr_array((amount[kept], (member[kept], place[kept])), shape=shape)
    table.sum_duplicates()
    return MemberTriangles(from_events(events, valuation, first_month, basis), table)


@dataclass(frozen=True)
class Draws:
    """Ultimates by cohort in every draw."""

    ultimates: Ultimates
    """Those of the members as they are."""
    points: Floats
    """float64[draws, cohorts]: U of the points outstanding in fact, each within what can be."""

    @property
    def future(self) -> Floats:
        """float64[draws]: points still to be redeemed, over all cohorts."""
        return self.points.sum(axis=1) - float(self.ultimates.triangle.redeemed_to_date.sum())

    def liability(self, deferred: Floats) -> Floats:
        """float64[draws]: the contract liability, the sum of D * (U - Q) / U over cohorts. ``deferred``: float64[cohorts], D in any unit of
        money. A cohort of which nothing will be redeemed carries none."""
        redeemed = self.ultimates.triangle.redeemed_to_date
        ahead = np.divide(self.points - redeemed, self.points, out=np.zeros_like(self.points), where=self.points > 0)
        found: Floats = ahead @ deferred
        return found

    def quantiles(self, *shares: float) -> list[float]:
        """Quantiles of the points still to be redeemed."""
        return [float(each) for each in np.quantile(self.future, shares)]


def bootstrap(members: MemberTriangles, weights: Floats, tail: TailMethod | None = None) -> Draws:
    """Draw the hazard's ultimates again with weighted members. ``weights``: float64[draws, members], from 0, of mean 1 and variance 1.

    Raises ValueError for weights of another shape, or negative ones.
    """
    if weights.ndim != 2 or weights.shape[1] != members.members or (weights < 0).any():
        raise ValueError(
            f"expected weights from 0 for {members.members} members in each draw, found shape {weights.shape}"
        )
    triangle = members.triangle
    central = hazard(triangle, tail)
    issued, redeemed = _weighted(members, weights)
    share = still_unredeemed(_hazards(triangle, issued, redeemed, central), triangle.latest, triangle.last_age)[..., -1]
    known = triangle.redeemed_to_date.astype(np.float64)
    ahead = (triangle.issued - known) * (1.0 - share)
    back = _months_back(triangle)
    total = float(central.future.sum())
    if back and total > 0:
        errors, forecast = _hindsight(members, weights, issued, redeemed, back)
        drawn = (
            np.maximum(total - errors * np.sqrt(total / forecast), 0.0)
            if forecast > 0
            else np.full(len(weights), total)
        )
        sums = ahead.sum(axis=1)
        ahead *= np.divide(drawn, sums, out=np.ones_like(sums), where=sums > 0)[:, None]
    return Draws(central, known + np.clip(ahead, 0.0, np.maximum(triangle.outstanding, 0)))


def _weighted(members: MemberTriangles, weights: Floats) -> tuple[Floats, Floats]:
    """Points issued [draws, cohorts], and redeemed [draws, cohorts, ages], by the weighted members."""
    cohorts = members.triangle.cohorts
    sums = np.ascontiguousarray((members.table.T @ weights.T).T)
    return sums[:, :cohorts], sums[:, cohorts:].reshape(len(weights), cohorts, members.triangle.ages)


def _hazards(triangle: Triangle, issued: Floats, redeemed: Floats, central: Ultimates) -> Floats:
    """float64[draws, ages and tail]"""
    h, paid = hazards(issued, redeemed, at_risk(triangle))
    shape = central.tail
    return extend(h, paid, shape.method, shape.last_age, endless=False, length=shape.last_age + 1 - shape.first_age)[0]


def _months_back(triangle: Triangle) -> int:
    """How long ago the forecast was made that is looked at: a year, or a third of what is known; 0 where that is too little."""
    return min(12 // triangle.months, (int(triangle.latest.max(initial=0)) + 1) // 3)


def _hindsight(
    members: MemberTriangles, weights: Floats, issued: Floats, redeemed: Floats, back: int
) -> tuple[Floats, float]:
    """The error of the forecast made ``back`` periods ago for the time since, float64[draws], forecast less fact; and that forecast."""
    triangle = members.triangle
    then = triangle.at(triangle.valuation - back * triangle.months)
    cohorts, ages = then.cohorts, then.ages
    left = (triangle.issued[:cohorts] - then.redeemed_to_date).astype(np.float64)
    drawn = _shares(then, hazards(issued[:, :cohorts], redeemed[:, :cohorts, :ages], at_risk(then))[0], back)
    share = _shares(then, hazards(triangle.issued[:cohorts], then.redeemed, at_risk(then))[0], back)
    # what each member redeemed since, less what was expected of their points
    of_issued, of_redeemed = np.zeros(triangle.cohorts), np.zeros((triangle.cohorts, triangle.ages))
    of_issued[:cohorts] = -share
    age = np.arange(triangle.ages)
    since = (age > then.latest[:, None]) & (age <= then.latest[:, None] + back)
    of_redeemed[:cohorts] = np.where(since, 1.0, np.where(age <= then.latest[:, None], share[:, None], 0.0))
    strays = members.table @ np.concatenate((of_issued, of_redeemed.ravel()))
    return (drawn - share) @ left - (weights - 1.0) @ strays, float(share @ left)


def _shares(then: Triangle, h: Floats, back: int) -> Floats:
    """float64[..., cohorts]: share of the unredeemed points redeemed in so many periods."""
    more = np.concatenate((h, np.zeros((*h.shape[:-1], back))), axis=-1)
    left = still_unredeemed(more, then.latest, then.last_age)
    age = np.broadcast_to((then.latest + back)[:, None], (*left.shape[:-1], 1))
    found: Floats = 1.0 - np.take_along_axis(left, age, axis=-1)[..., 0]
    return found
