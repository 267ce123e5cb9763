"""A desk whose rules are compiled by Numba: the same functions on arrays and records instead of lists and objects.

It proves that the rulebook stays within what compiles, and that compiled integers agree with Python's.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from numba import njit

from simulators.desk import Basket, Desk, Redeeming
from tests.packing import account_of_arrays, book_of_arrays, order_of_arrays, packed
from workbench.ledger import Account, Order
from workbench.rules import posting, redemption, refunds

__all__ = ["CompiledDesk"]

ROOM = 512
"""Rows of every list: more than any drawn log needs."""

_next_due = njit(lambda terms, account: posting.next_due(terms, account))
_open_day = njit(lambda terms, account, order, day: posting.open_day(terms, account, order, day))
_join = njit(
    lambda terms, account, order, day, business, month, dom: posting.join(
        terms, account, order, day, business, month, dom
    )
)
_start = njit(lambda order, number, business, day, era: posting.start_order(order, number, business, day, era))
_begin = njit(
    lambda terms, account, order, count, day: posting.begin_checkout(terms, account, order, order.lines, count, day)
)
_checkout = njit(
    lambda terms, account, order, count, day, business: posting.checkout(
        terms, account, order, order.lines, count, day, business
    )
)
_redeem = njit(
    lambda terms, account, order, day, item, points, basket: redemption.redeem(
        terms, account, order, day, item, points, basket
    )
)
_alone = njit(
    lambda terms, account, order, day, item, points: posting.redeem_alone(terms, account, order, day, item, points)
)
_act = njit(
    lambda terms, account, order, day, business, action, points: posting.act(
        terms, account, order, day, business, action, points
    )
)
_linked = njit(
    lambda terms, account, order, day, amount, code, named: refunds.refund_linked(
        terms, terms, account, order, day, amount, code, named
    )
)
_unlinked = njit(lambda terms, account, order, day: refunds.refund_unlinked(terms, account, order, order.lines, day))


class CompiledDesk(Desk):
    """A desk on arrays; it takes no more than ``ROOM`` of anything."""

    def __init__(self, program: Any, first_day: int, last_day: int) -> None:
        super().__init__(program, first_day, last_day)
        self.book = book_of_arrays(4 * ROOM)
        self._arrays = packed(self.terms)
        self._space = order_of_arrays(ROOM)

    def widen(self, first_day: int, last_day: int) -> None:
        before = self.lowered
        super().widen(first_day, last_day)
        if self.lowered is not before:
            self._arrays = packed(self.terms)

    def open_account(self) -> Account:
        return account_of_arrays(self.book, ROOM, self.terms.meters)

    def drain(self) -> Iterator[Any]:
        count, self.book.cursor.entries = int(self.book.cursor.entries), 0
        return iter([_Plain(*(int(value) for value in row.item())) for row in self.book.rows[:count]])

    def next_due(self, account: Account) -> int:
        return int(_next_due(self._arrays, account))

    def advance(self, account: Account, day: int) -> None:
        while (due := self.next_due(account)) <= day:
            _open_day(self._arrays, account, self._space, due)
        account.own.opened = max(account.own.opened, day)

    def join(self, account: Account, day: int, business: int, birth_month: int = 0, birth_dom: int = 0) -> None:
        _join(self._arrays, account, self._space, day, business, birth_month, birth_dom)

    def checkout(
        self,
        account: Account,
        order: Order,
        number: int,
        day: int,
        business: int,
        baskets: list[Basket],
        redemptions: list[Redeeming],
    ) -> list[int]:
        _start(order, number, business, day, account.own.era)
        count = self._write_lines(order, baskets)
        _begin(self._arrays, account, order, count, day)
        refusals = [
            int(_redeem(self._arrays, account, order, day, self._item(each), each.points, order.own.amount))
            for each in redemptions
        ]
        _checkout(self._arrays, account, order, count, day, business)
        return refusals

    def redeem(self, account: Account, order: Order, number: int, day: int, asked: Redeeming) -> int:
        _start(order, number, day, day, account.own.era)
        return int(_alone(self._arrays, account, order, day, self._item(asked), asked.points))

    def act(self, account: Account, day: int, business: int, action: str, points: int = -1) -> None:
        _act(self._arrays, account, self._space, day, business, self.lowered.codes.actions.get(action, -1), points)

    def refund(self, account: Account, order: Order, day: int, amount: int, category: str = "") -> None:
        _linked(self._arrays, account, order, day, amount, self.lowered.codes.category(category), bool(category))

    def refund_unlinked(self, account: Account, number: int, day: int, basket: Basket) -> None:
        _start(self._space, number, day, day, account.own.era)
        self._write_lines(self._space, [basket])
        _unlinked(self._arrays, account, self._space, day)

    def new_order(self) -> Order:
        return order_of_arrays(ROOM)

    def shrink(self, order: Order) -> None:
        """Arrays keep their length."""


class _Plain(NamedTuple):
    """An entry as plain integers, in the fields of ``Entry``."""

    day: int
    kind: int
    points: int
    money: int
    lot_earned_on: int
    expires_on: int
    order: int
    rule: int
