"""The close: a sub-ledger taken month by month through the engine, portfolio by portfolio.

Printed amounts. Each portfolio's deferral, liability and current part is rounded half up to the minor unit; flows are the differences
of what is printed, shared among their causes by the largest remainder; totals add up what is printed. So everything foots to the minor
unit, and a printed total differs from the exact one by less than half a minor unit for each portfolio.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple, Protocol

import numpy as np

from workbench.errors import BadInput, Problem
from workbench.finance.accounting.cohort import Cohort, Flow, Movement, NoRedemptionExpected, allocate, step
from workbench.finance.accounting.movements import SubLedger, check
from workbench.finance.accounting.policy import Policy
from workbench.finance.accounting.rounding import apportion, half_up
from workbench.finance.cells import Ints
from workbench.units import CENTS

__all__ = [
    "MONEY",
    "POINTS",
    "Close",
    "Estimates",
    "Rates",
    "Standing",
    "Worth",
    "check_books",
    "close_books",
    "net_of_tax",
]

MONEY = ("opening", "deferred", "reversed", "repaid", "remitted", "redeemed", "expiry", "reestimate", "closing")
"""Columns of the roll-forward in money: closing = opening + deferred - all others. repaid: deferral of points taken off a lot for a debt."""
OPENING, DEFERRED, REVERSED, REPAID, REMITTED, REDEEMED, EXPIRY, REESTIMATE, CLOSING = range(len(MONEY))
POINTS = ("opening", "sold", "given", "reversed", "repaid", "redeemed", "expired", "closing")
"""Columns of the roll-forward in points: closing = opening + sold + given - all others."""
MONTHS = {"month": 1, "quarter": 3, "year": 12}
NOUGHT = Fraction(0)


class Worth(NamedTuple):
    """What a point is worth, minor units."""

    face: Fraction
    """To a member, at the end."""
    cost: Fraction
    """To the company, when it is redeemed."""
    faces: tuple[Fraction, ...] = ()
    """To a member, by month of the sub-ledger, where rules change on a date: a point is sold for what it buys then. Empty: always ``face``."""

    def face_in(self, month: int) -> Fraction:
        """To a member in a month, by its place."""
        return self.faces[month] if month < len(self.faces) else self.face


class Estimates(NamedTuple):
    """What is expected of each month of issue, at the end of a month."""

    ultimate: list[Fraction]
    """U, from Q to N - X."""
    soon: list[Fraction] | None
    """Redemptions expected within the policy's ``current_months``; None where nothing is known of when: all is current then."""
    at_issue: list[Fraction]
    """Share of points issued in the month that is expected to be redeemed, by month of issue."""
    source: str
    """The method, ``given`` or ``assumption``."""


class Rates(Protocol):
    """Whatever says what is expected."""

    def __call__(self, books: SubLedger, month: int) -> Estimates:
        """At the end of a month, by its place, from nothing later than it."""
        ...


@dataclass(frozen=True)
class Standing:
    """A portfolio at the valuation."""

    first: int
    """Place of its first month of issue."""
    cohort: Cohort
    soon: Fraction
    """Expected to be redeemed within the policy's ``current_months``."""
    allocations: tuple[tuple[Fraction, Fraction], ...] | None
    """Transaction price (minor units, without tax) and stand-alone price of the points it was allocated to, of what was sold month by
    month; both lowered in proportion by what was reversed or remitted. None where the deferral was given."""

    @property
    def current(self) -> Fraction:
        """The part of the liability expected to be settled soon: D / U of each redemption."""
        return self.cohort.per_unit * self.soon

    def deferred_at(self, factor: Fraction) -> Fraction:
        """D as it would be, had the stand-alone price of points been ``factor`` times what it was. A deferral that was given is taken to be
        in proportion to it."""
        if self.allocations is None:
            return self.cohort.deferred * factor
        return sum((allocate(price, price, right * factor) for price, right in self.allocations), NOUGHT)


@dataclass(frozen=True)
class Close:
    """Every month's close up to the valuation. Arrays are int64[months, portfolios, columns], printed minor units and points."""

    books: SubLedger
    policy: Policy
    worth: Worth
    firsts: tuple[int, ...]
    """Place of the first month of issue of each portfolio."""
    money: Ints
    """``MONEY``."""
    points: Ints
    """``POINTS``."""
    provision: Ints
    """int64[months, portfolios]: points given without a sale, at cost."""
    current: Ints
    """int64[months, portfolios]: the liability's current part."""
    exact: tuple[Fraction, ...]
    """The liability at the end of each month, not rounded."""
    sources: tuple[str, ...]
    """Where each month's estimates came from."""
    standing: tuple[Standing, ...]
    """The portfolios at the valuation."""

    @property
    def months(self) -> int:
        """Months closed."""
        return len(self.exact)

    @property
    def liability(self) -> int:
        """Contract liability at the valuation, printed."""
        return int(self.money[-1, :, CLOSING].sum())

    @property
    def owed(self) -> Ints:
        """int64[months]: points that members owe at the end of each month."""
        return np.cumsum(self.books.owed)

    @property
    def stand_alone(self) -> Fraction:
        """Stand-alone price of one point that members owe: what one issued in the last month is sold for."""
        price = self.policy.points.stand_alone_price
        return (
            self.worth.face * Fraction(self.policy.points.initial_rate.value)
            if price is None
            else Fraction(price) * CENTS
        )


def net_of_tax(amount: int, policy: Policy) -> Fraction:
    """Minor units without the tax that is included in them."""
    return amount / (1 + Fraction(policy.points.sales_tax))


def close_books(books: SubLedger, worth: Worth, policy: Policy, rates: Rates, source: str = "") -> Close:
    """Close every month of a sub-ledger. Raises BadInput where it cannot be one, or where a portfolio's points are outstanding and none
    is expected to be redeemed."""
    check_books(books, source)
    groups = books.portfolios(MONTHS[policy.points.portfolio])
    firsts = tuple(int(each) for each in np.unique(groups))
    run = _Run(books, worth, policy, firsts, source)
    for month in range(books.months):
        run.close(month, rates(books, month), groups)
    return run.done(_points(books, firsts))


def check_books(books: SubLedger, source: str = "") -> None:
    """Raise BadInput where a sub-ledger cannot be one (``movements.check``), or nothing says what its points were sold with."""
    check(books, source)
    if books.deferred is None and books.sold.any() and not books.spend.any():
        message = (
            "missing: what the sales that issued the points came to (sales), or what was deferred for them (deferred)"
        )
        raise BadInput(Problem("sales", message), source)


def _points(books: SubLedger, firsts: tuple[int, ...]) -> Ints:
    """The roll-forward in points."""
    table = np.zeros((books.months, len(firsts), len(POINTS)), dtype=np.int64)
    for column, name in enumerate(POINTS[1:-1], start=1):
        table[:, :, column] = np.add.reduceat(getattr(books, name), firsts, axis=0).T
    signs = np.array([0, 1, 1, -1, -1, -1, -1, 0])
    table[:, :, -1] = (table * signs).sum(axis=2).cumsum(axis=0)
    table[1:, :, 0] = table[:-1, :, -1]
    return table


class _Run:
    """A close under way."""

    def __init__(self, books: SubLedger, worth: Worth, policy: Policy, firsts: tuple[int, ...], source: str) -> None:
        self.books, self.worth, self.policy, self.firsts, self.source = books, worth, policy, firsts, source
        shape = books.months, len(firsts)
        self.money = np.zeros((*shape, len(MONEY)), dtype=np.int64)
        self.provision, self.current = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        self.standing = [Standing(first, Cohort(), NOUGHT, ()) for first in firsts]
        self.printed = [(0, 0)] * len(firsts)
        """Deferral and liability as last printed."""
        self.exact: list[Fraction] = []
        self.sources: list[str] = []

    def close(self, month: int, found: Estimates, groups: Ints) -> None:
        """Close a month."""
        liability = NOUGHT
        for place, first in enumerate(self.firsts):
            if first > month:
                break
            members = [cohort for cohort in range(first, month + 1) if int(groups[cohort]) == first]
            movement = _sum([self.books.movement(cohort, month) for cohort in members])
            if any(movement) or self.standing[place].cohort.outstanding:
                self._one(place, month, members, movement, found)
            else:
                self.money[month, place, [OPENING, CLOSING]] = self.printed[place][1]
            liability += self.standing[place].cohort.liability
        self.exact.append(liability)
        self.sources.append(found.source)

    def _one(self, place: int, month: int, members: list[int], movement: Movement, found: Estimates) -> None:
        """Close a month of one portfolio."""
        before = self.standing[place]
        given, fresh = self.books.deferred, None
        if given is None:
            fresh = list(self._allocations(members, month, found))
            deferred = sum((allocate(price, price, right) for price, right in fresh), NOUGHT)
        else:
            deferred = Fraction(sum(int(given[cohort, month]) for cohort in members))
        issued = ((cohort, int(self.books.sold[cohort, month] + self.books.given[cohort, month])) for cohort in members)
        expected = sum((found.at_issue[cohort] * points for cohort, points in issued), NOUGHT)
        ultimate = sum((found.ultimate[cohort] for cohort in members), NOUGHT)
        try:
            after, flow = step(
                before.cohort, movement, deferred, expected, ultimate, self.policy.points.breakage == "remit"
            )
            if after.outstanding and not after.ultimate:
                raise NoRedemptionExpected(f"expected redemption is 0 with {after.outstanding:,} points outstanding")
        except NoRedemptionExpected as error:
            message = f"{error}: no revenue can be allocated; expected another estimator, more history_months, or another initial_rate"
            where = f"cohort {self.books.month(self.firsts[place])}, month {self.books.month(month)}"
            raise BadInput(Problem(where, message), self.source) from error
        grown = before.cohort.deferred + deferred
        kept = after.deferred / grown if grown else Fraction(1)
        soon = after.ultimate - after.redeemed
        if found.soon is not None:
            soon = min(sum((found.soon[cohort] for cohort in members), NOUGHT), soon)
        self.standing[place] = replace(
            before,
            cohort=after,
            soon=soon if after.outstanding else NOUGHT,
            allocations=None
            if fresh is None
            else tuple((price * kept, right * kept) for price, right in (*(before.allocations or ()), *fresh)),
        )
        self._print(place, month, flow, movement, members)

    def _allocations(self, members: list[int], month: int, found: Estimates) -> Iterator[tuple[Fraction, Fraction]]:
        """Transaction price and stand-alone price of the points of what was sold in a month."""
        own = self.policy.points.stand_alone_price
        for cohort in members:
            sold = int(self.books.sold[cohort, month])
            if sold:
                each = self.worth.face_in(month) * found.at_issue[cohort] if own is None else Fraction(own) * CENTS
                yield net_of_tax(int(self.books.spend[cohort, month]), self.policy), sold * each

    def _print(self, place: int, month: int, flow: Flow, movement: Movement, members: list[int]) -> None:
        """The printed amounts of a month."""
        now = self.standing[place]
        held, owed = self.printed[place]
        deferral, liability = half_up(now.cohort.deferred), half_up(now.cohort.liability)
        added = half_up(flow.deferred)
        reversed_, remitted = _shared([flow.reversed, flow.remitted], held + added - deferral)
        points = [
            int(sum(getattr(self.books, name)[cohort, month] for cohort in members)) for name in ("reversed", "repaid")
        ]
        taken_back, repaid = _shared([Fraction(each) for each in points], reversed_, weights=True)
        revenue = owed + added - reversed_ - remitted - liability
        causes = _shared([flow.redeemed, flow.expiry, flow.reestimate], revenue)
        self.money[month, place] = [owed, added, taken_back, repaid, remitted, *causes, liability]
        self.printed[place] = deferral, liability
        self.current[month, place] = min(half_up(now.current), liability)
        self.provision[month, place] = half_up(now.cohort.expected_given * self.worth.cost)

    def done(self, points: Ints) -> Close:
        """What came of it."""
        return Close(
            self.books, self.policy, self.worth, self.firsts, self.money, points, self.provision, self.current,
            tuple(self.exact), tuple(self.sources), tuple(self.standing),
        )  # fmt: skip


def _sum(movements: list[Movement]) -> Movement:
    return Movement(*(sum(column) for column in zip(*movements, strict=True)))


def _shared(parts: list[Fraction], total: int, weights: bool = False) -> list[int]:
    """A printed total shared among its causes: those that are nil stay nil, unless all are. ``weights``: the parts are weights."""
    moved = [place for place, part in enumerate(parts) if part] or [0]
    chosen = [parts[place] for place in moved]
    whole = sum(chosen)
    if weights and whole:
        chosen = [part * total / whole for part in chosen]
    found = [0] * len(parts)
    for place, amount in zip(moved, apportion(chosen, total), strict=True):
        found[place] = amount
    return found
