"""One cohort of rights that customers hold: points issued in a month, coupons, a load of stored value, a membership.

IFRS 15 B40-B46 (ASC 606-10-55-42 to 48). Symbols as in the literature: D deferred, N issued, Q redeemed, X expired, O = N - Q - X
outstanding, U expected ultimate redemption. Revenue to date is D * Q / U, the contract liability D * (U - Q) / U. D is locked: a later
estimate of U moves revenue between periods and never the allocation. Amounts are exact fractions of minor units; units may be points,
coupons, face value, days.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Cohort", "Flow", "Movement", "NoRedemptionExpected", "Overdrawn", "allocate", "step"]

NOUGHT = Fraction(0)


class NoRedemptionExpected(ValueError):
    """Units are outstanding and money is deferred, but none of them is expected ever to be redeemed: revenue cannot be allocated."""


class Overdrawn(ValueError):
    """More units left a cohort than it ever held."""


def allocate(price: Fraction, goods: Fraction, right: Fraction) -> Fraction:
    """The part of a transaction price that falls to a right, by relative stand-alone selling prices (IFRS 15.76): price * right /
    (goods + right). Raises ValueError where a price is negative."""
    if price < 0 or goods < 0 or right < 0:
        raise ValueError(f"prices cannot be negative: price {price}, goods {goods}, right {right}")
    return price * right / (goods + right) if right else NOUGHT


class Movement(NamedTuple):
    """What happens to a cohort in a period, in units, each counted positive in its direction."""

    sold: int = 0
    """Issued with a sale."""
    given: int = 0
    """Issued without one."""
    reversed: int = 0
    """Taken back with a refund. Units issued with a sale go first."""
    redeemed: int = 0
    """Net of units given back; may be negative."""
    expired: int = 0


@dataclass(frozen=True, slots=True)
class Cohort:
    """Where a cohort stands."""

    sold: int = 0
    """Issued with a sale, net of reversals."""
    given: int = 0
    """Issued without a sale, net of reversals."""
    redeemed: int = 0
    """Q, cumulative."""
    expired: int = 0
    """X, cumulative."""
    deferred: Fraction = NOUGHT
    """D, minor units, net of reversals."""
    ultimate: Fraction = NOUGHT
    """U, expected ultimate redemption; Q once nothing is outstanding."""

    @property
    def issued(self) -> int:
        """N, net of reversals."""
        return self.sold + self.given

    @property
    def outstanding(self) -> int:
        """O; never negative."""
        return max(self.issued - self.redeemed - self.expired, 0)

    @property
    def overdrawn(self) -> int:
        """Units redeemed that a refund then took from under the member: a claim on the member, not a negative cohort."""
        return max(self.redeemed + self.expired - self.issued, 0)

    @property
    def recognised(self) -> Fraction:
        """Revenue to date, minor units. Raises NoRedemptionExpected."""
        if not self.outstanding:
            return self.deferred
        if not self.ultimate:
            if not self.deferred:
                return NOUGHT
            raise NoRedemptionExpected(f"expected redemption is 0 with {self.outstanding:,} units outstanding")
        return self.deferred * self.redeemed / self.ultimate

    @property
    def liability(self) -> Fraction:
        """Contract liability, minor units."""
        return self.deferred - self.recognised

    @property
    def rate_outstanding(self) -> Fraction:
        """w = (U - Q) / O, the share of the outstanding units expected to be redeemed; 0 where none is outstanding."""
        return (self.ultimate - self.redeemed) / self.outstanding if self.outstanding else NOUGHT

    @property
    def per_unit(self) -> Fraction:
        """D / U: revenue of each unit redeemed; 0 where none ever is."""
        return self.deferred / self.ultimate if self.ultimate else NOUGHT

    @property
    def expected_given(self) -> Fraction:
        """Units issued without a sale that are expected to be redeemed yet. Units of one cohort are alike: what is consumed is shared out
        pro rata."""
        return (self.ultimate - self.redeemed) * self.given / self.issued if self.outstanding else NOUGHT

    def expecting(self, ultimate: Fraction) -> "Cohort":
        """The same with another expected ultimate. Raises ValueError where it is below what is redeemed already, or above what can be."""
        least, most = self.redeemed, self.redeemed + self.outstanding
        if not least <= ultimate <= most:
            raise ValueError(f"expected ultimate redemption from {least:,} to {most:,}, found {float(ultimate):,.4f}")
        return replace(self, ultimate=ultimate)


class Flow(NamedTuple):
    """A period's change of a cohort's liability, minor units:
    closing = opening + deferred - reversed - remitted - redeemed - expiry - reestimate."""

    opening: Fraction
    deferred: Fraction
    """Allocated to units issued in the period."""
    reversed: Fraction
    """Deferral taken back with refunds."""
    remitted: Fraction
    """Deferral of expired units that is owed to another party."""
    redeemed: Fraction
    """Revenue of the period's redemptions, at the estimate of its end: D * (Q2 - Q1) / U2."""
    expiry: Fraction
    """Revenue trued up because units can no longer be redeemed: U falls to N - X, and to Q once nothing is left."""
    reestimate: Fraction
    """Catch-up on earlier redemptions: D * Q1 * (1 / U2 - 1 / U1)."""
    closing: Fraction

    @property
    def revenue(self) -> Fraction:
        """Revenue of the period."""
        return self.redeemed + self.expiry + self.reestimate


def step(
    before: Cohort, movement: Movement, deferred: Fraction, expected: Fraction, ultimate: Fraction, remit: bool = False
) -> tuple[Cohort, Flow]:
    """A cohort after a period, and what moved.

    deferred: allocated to the units sold in the period. expected: of the units issued in the period, those expected to be redeemed
    (at issue). ultimate: the estimate at the end of the period; left aside where nothing is outstanding then (U = Q). remit: what
    expires is owed to another party and never becomes revenue.

    Raises Overdrawn where more is reversed than was issued, or more given back than redeemed; ValueError where ``ultimate`` is not from
    Q to N - X; NoRedemptionExpected.
    """
    sold, given = before.sold + movement.sold, before.given + movement.given
    if movement.reversed > sold + given:
        raise Overdrawn(f"{movement.reversed:,} reversed of {sold + given:,} issued")
    taken = min(movement.reversed, sold)
    kept = Fraction(sold - taken, sold) if sold else Fraction(1)
    left = Fraction(sold + given - movement.reversed, sold + given) if sold + given else Fraction(1)
    grown, q = before.deferred + deferred, before.redeemed
    at_issue = max((before.ultimate + expected) * left, Fraction(q))
    after = Cohort(
        sold - taken, given - (movement.reversed - taken), q + movement.redeemed, before.expired + movement.expired
    )
    if after.redeemed < 0 or after.expired < 0:
        raise Overdrawn(
            f"more was given back than redeemed: {after.redeemed:,} redeemed, {after.expired:,} expired in all"
        )
    unexpired = after.issued - before.expired
    remitted = grown * kept * movement.expired / unexpired if remit and unexpired else NOUGHT
    after = replace(after, deferred=grown * kept - remitted)
    reachable = max(min(at_issue, Fraction(after.issued - after.expired)), Fraction(q))
    after = after.expecting(ultimate if after.outstanding else Fraction(after.redeemed))
    stages = [before.recognised, _to_date(grown * kept, q, at_issue), _to_date(after.deferred, q, reachable)]
    stages += [_to_date(after.deferred, q, after.ultimate), after.recognised]
    if not after.outstanding and not after.redeemed:  # nothing was ever redeemed: all of it is breakage
        stages[2:4] = [after.recognised] * 2
    backwards, expiry, estimate, redeemed = (late - early for early, late in pairwise(stages))
    flow = Flow(
        before.liability,
        deferred,
        grown - grown * kept,
        remitted,
        redeemed,
        expiry,
        backwards + estimate,
        after.liability,
    )
    return after, flow


def _to_date(deferred: Fraction, redeemed: int, ultimate: Fraction) -> Fraction:
    """Revenue to date; 0 where no redemption is behind it."""
    return deferred * redeemed / ultimate if redeemed and ultimate else NOUGHT
