"""Stored value, paid terms and coupons as a ledger's entries tell of them, and their close by a policy."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from workbench.errors import BadInput, Problem
from workbench.finance.accounting.policy import Policy
from workbench.finance.accounting.rights import (
    CouponBooks,
    RightBooks,
    RightClose,
    StoredValueFlows,
    Term,
    added_up,
    close_right,
    coupon_books,
    coupon_memo,
    fee_close,
    stored_value_books,
)
from workbench.finance.accounting.rounding import half_up
from workbench.finance.cells import Ints
from workbench.finance.triangle import month_of
from workbench.ledger import (
    BONUS_BACK,
    CASH_OUT,
    FEE_DUE,
    FEE_REFUND,
    FORFEIT,
    GIFT,
    ISSUE,
    LAPSE,
    PAY,
    PAY_BONUS,
    PURCHASE,
    RESTORE,
    REVOKE,
    TOPUP,
    USE,
    VALUE_BACK,
    VALUE_EXPIRE,
)
from workbench.units import NEVER

__all__ = ["Coupons", "RightFlows", "flows_of_entries", "flows_of_months"]

_STORED = {
    "topup": (TOPUP,), "gift": (GIFT,), "spent": (PAY, PAY_BONUS, VALUE_BACK, BONUS_BACK), "lapsed": (VALUE_EXPIRE,),
    "cash_out": (CASH_OUT,), "forfeit": (FORFEIT,),
}  # fmt: skip
_INWARD = ("topup", "gift")


@dataclass(frozen=True)
class Coupons:
    """Coupons of one name."""

    name: str
    held: int
    """Issued less used, lapsed and revoked."""
    used: int
    saving: int
    """What the used ones took off, minor units."""
    table: CouponBooks
    """By month of issue and month of event, with what the orders that issued them came to."""


@dataclass(frozen=True)
class RightFlows:
    """What a ledger says of other rights, up to a month's end."""

    first_month: int
    stored: StoredValueFlows
    loads: RightBooks | None
    """Stored value by month of load, each member's oldest load spent first; None where only sums over members are at hand."""
    terms: tuple[Term, ...] | None
    """None where the days of paid terms are not at hand."""
    fees_due: int
    """Fees that came due, minor units."""
    coupons: tuple[Coupons, ...]

    def closes(self, policy: Policy) -> list[RightClose]:
        """Stored value and membership, closed month by month; those that the ledger knows nothing of are left out."""
        found = []
        if self.stored.topup.any() or self.stored.gift.any():
            stored = policy.stored_value
            books = self.loads or stored_value_books(self.first_month, self.stored)
            found.append(close_right(books, 1 - Fraction(stored.rate.value), stored.breakage))
        if self.terms:
            found.append(fee_close(self.first_month, len(self.stored.topup), self.terms))
        material = [self._coupon(each, policy) for each in self.coupons if each.used and _named(each, policy)]
        if material:
            found.append(added_up(material))
        return found

    def _coupon(self, each: Coupons, policy: Policy) -> RightClose:
        """Coupons that purchases earn: each name by itself, its discount the mean saving of those used."""
        saving = np.full_like(each.table.saving, each.saving // each.used)
        rate, share = Fraction(policy.coupons.use_rate.value), Fraction(policy.coupons.incremental)
        tax = 1 + Fraction(policy.points.sales_tax)
        price = np.array([half_up(int(paid) / tax) for paid in each.table.price], dtype=np.int64)
        table = each.table._replace(saving=saving, price=price)
        return close_right(coupon_books(self.first_month, table, rate, share), rate)

    def memo(self, policy: Policy) -> list[dict[str, Any]]:
        """Coupons held, with their expected cost at the mean saving of those used (None where none was): a memo, not booked. Minor units."""
        rate = Fraction(policy.coupons.use_rate.value)
        return [
            {
                "coupon": each.name,
                "held": each.held,
                "used": each.used,
                "exposure": coupon_memo(each.held, each.saving // each.used, rate) if each.used else None,
            }
            for each in self.coupons
            if not (each.used and _named(each, policy))
        ]

    def warnings(self) -> list[str]:
        """What is not valued."""
        if self.terms is None and self.fees_due:
            return [
                "membership fees came due, but the days of their terms are not in a run's tables: value the ledger of a replay"
            ]
        return []

    def through(self, months: int) -> "RightFlows":
        """The same after so many months, as far as months are known; terms that begin later are left out."""
        cut = StoredValueFlows(*(each[:months] for each in self.stored))
        end = np.datetime64(self.first_month + months, "M").astype("datetime64[D]").astype(np.int64)
        terms = None if self.terms is None else tuple(term for term in self.terms if term.first < end)
        return replace(self, stored=cut, loads=None if self.loads is None else self.loads.through(months), terms=terms)


def flows_of_months(first_month: int, money: Ints) -> RightFlows:
    """Of a panel: ``money``, int64[months, kinds], as signed in the ledger."""
    stored = {name: money[:, kinds].sum(axis=1) * (1 if name in _INWARD else -1) for name, kinds in _STORED.items()}
    return RightFlows(first_month, StoredValueFlows(**stored), None, None, int(money[:, FEE_DUE].sum()), ())


def flows_of_entries(columns: Mapping[str, Any], first_month: int, months: int) -> RightFlows:
    """Of a ledger's columns: member, date, kind, money, lot_earned_on, expires_on, order (falsy where there is none), rule."""
    kind, money = columns["kind"], columns["money"]
    place = month_of(columns["date"]) - first_month
    stored = {}
    for name, kinds in _STORED.items():
        chosen = np.isin(kind, kinds)
        sums = np.zeros(months, dtype=np.int64)
        np.add.at(sums, place[chosen], money[chosen] * (1 if name in _INWARD else -1))
        stored[name] = sums
    return RightFlows(
        first_month,
        StoredValueFlows(**stored),
        _loads(columns, place, first_month, months),
        tuple(_terms(columns)),
        int(money[kind == FEE_DUE].sum()),
        tuple(_coupons(columns, place, first_month, months)),
    )


def _loads(columns: Mapping[str, Any], place: Ints, first_month: int, months: int) -> RightBooks | None:
    """Stored value by month of load: of each member the oldest load is spent first (principal and bonus alike), and what comes back goes to
    where it was taken from last. Raises BadInput where more leaves than a member holds."""
    kind = columns["kind"]
    (rows,) = np.nonzero(np.isin(kind, [each for kinds in _STORED.values() for each in kinds]))
    if not len(rows):
        return None
    rows = rows[np.argsort(columns["member"][rows], kind="stable")]
    issued, used, lapsed, back = (np.zeros((months, months), dtype=np.int64) for _ in range(4))
    way = {PAY: used, PAY_BONUS: used, VALUE_EXPIRE: lapsed, CASH_OUT: back, FORFEIT: back}
    cash, refunded = [0] * months, np.zeros(months, dtype=np.int64)
    member, held, taken = -1, deque[list[int]](), list[list[int]]()
    for who, what, month, amount in zip(
        *(each[rows].tolist() for each in (columns["member"], kind, place, np.abs(columns["money"]))), strict=True
    ):
        if who != member:
            member, held, taken = who, deque(), []
        if what in (TOPUP, GIFT):
            held.append([month, amount])
            issued[month, month] += amount
            cash[month] += amount if what == TOPUP else 0
        elif what in (VALUE_BACK, BONUS_BACK):
            _move(taken, held, amount, used, month, -1)
        else:
            refunded[month] += amount if what == CASH_OUT else 0
            _move(held, taken if way[what] is used else [], amount, way[what], month, 1)
    deferred = tuple(
        tuple(Fraction(cash[load]) if load == month else Fraction(0) for month in range(months))
        for load in range(months)
    )
    return RightBooks("stored", first_month, issued, back, used, lapsed, deferred, refunded)


def _move(source: Any, target: Any, amount: int, table: Ints, month: int, sign: int) -> None:
    """Take value from where it stands: of loads (sign 1) the oldest first, of what was spent (sign -1) the last first."""
    while amount:
        if not source:
            raise BadInput(
                Problem(
                    "stored value",
                    "expected records that begin with the first load: more leaves than a member holds",
                    amount,
                )
            )
        piece = source[0] if sign > 0 else source[-1]
        part = min(amount, piece[1])
        table[piece[0], month] += sign * part
        (target.append if sign > 0 else target.appendleft)([piece[0], part])
        piece[1] -= part
        amount -= part
        if not piece[1]:
            source.popleft() if sign > 0 else source.pop()


def _terms(columns: Mapping[str, Any]) -> list[Term]:
    """Terms that came due; refunds go to the terms of the same days, as many as there are refunds."""
    kind, money, day = columns["kind"], columns["money"], columns["date"]
    first, last = columns["lot_earned_on"], columns["expires_on"]
    refunds: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for place in np.flatnonzero((kind == FEE_REFUND) & (first < NEVER)):
        refunds.setdefault((int(first[place]), int(last[place])), []).append((int(day[place]), -int(money[place])))
    found = []
    for place in np.flatnonzero((kind == FEE_DUE) & (first < NEVER) & (last < NEVER)):
        span = int(first[place]), int(last[place])
        waiting = refunds.get(span, [])
        ended = next((each for each in waiting if each[1] <= int(money[place])), None)
        if ended is not None:
            waiting.remove(ended)
        found.append(Term(*span, int(money[place]), *(ended or ())))
    return found


def _named(each: Coupons, policy: Policy) -> bool:
    names = policy.coupons.with_purchase
    return each.name in names or each.name.removeprefix("coupons.") in names


def _coupons(columns: Mapping[str, Any], place: Ints, first_month: int, months: int) -> list[Coupons]:
    kind, money, rule = columns["kind"], columns["money"], columns["rule"]
    issue = (
        month_of(np.where(columns["lot_earned_on"] < NEVER, columns["lot_earned_on"], columns["date"])) - first_month
    )
    found = []
    for name in sorted(set(rule[np.isin(kind, (ISSUE, USE))].tolist())):
        own = rule == name

        def table(*kinds: int, own: Any = own) -> Ints:
            sums = np.zeros((months, months), dtype=np.int64)
            chosen = own & np.isin(kind, kinds) & (issue >= 0)
            np.add.at(sums, (issue[chosen], place[chosen]), 1)
            return sums

        issued, used, lapsed = table(ISSUE), table(USE) - table(RESTORE), table(LAPSE, REVOKE)
        uses = int((own & (kind == USE)).sum())
        net = int(used.sum())
        saving = int(money[own & (kind == USE)].sum()) * net // uses if uses else 0
        price = _orders_money(columns, own & (kind == ISSUE), place, months)
        books = CouponBooks(issued, used, lapsed, price, np.zeros(months, dtype=np.int64))
        held = int(issued.sum() - lapsed.sum()) - net
        found.append(Coupons(name, held, net, saving, books))
    return found


def _orders_money(columns: Mapping[str, Any], issues: Any, place: Ints, months: int) -> Ints:
    """int64[months]: what the orders that some entries name came to, each once, minor units."""
    found = np.zeros(months, dtype=np.int64)
    member, order = columns["member"], columns["order"]
    asked = {(int(member[row]), order[row]) for row in np.flatnonzero(issues) if order[row]}
    for row in np.flatnonzero(columns["kind"] == PURCHASE) if asked else ():
        if (int(member[row]), order[row]) in asked:
            found[place[row]] += columns["money"][row]
    return found
