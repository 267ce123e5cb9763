"""Orders and what was given back of them; purchase days, which are what the models count.

A **linked** refund (``refund_of``) is taken off its order. One that names no order of the log is taken off, of the same customer's orders up
to its day, the latest of exactly its amount; else the latest with so much left; else the latest ones together, from the last backwards. What
then remains was bought before the log begins: it is counted and left out.

An order given back whole on its own day never was a purchase: it is dropped (a slip at the till, an order called off). One given back whole
later stays a purchase, and counts among the returns, as a population has them (``returns``). What is given back in part makes the basket
smaller.
"""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from workbench.population.calibration.log import PURCHASE, REFUND, Log
from workbench.population.calibration.summary import Ints

__all__ = ["Occasions", "Refunds", "occasions"]


class Refunds(NamedTuple):
    """What became of the refunds; amounts in minor units."""

    rows: int
    amount: int
    linked: int
    """Rows that name an order of the log."""
    matched: int
    """Rows that name none, and were taken off an order of exactly their amount."""
    netted: int
    """Rows that name none, and were taken off larger orders, or several."""
    before: int
    """Rows of which nothing, or not all, could be taken off: bought before the log begins."""
    before_amount: int
    cancelled: int
    """Orders given back whole on their own day: dropped."""
    cancelled_amount: int


class Occasions(NamedTuple):
    """Purchase days: each pair of customer and day once, in order of both; arrays of one length."""

    customer: Ints
    day: Ints
    basket: Ints
    """Minor units spent on the day, less what was given back in part; of days given back whole, what was spent."""
    orders: Ints
    """Orders of the day."""
    returned_on: Ints
    """The day on which the last of it was given back; -1 where something was kept."""
    refunds: Refunds


class _Orders:
    """Orders while refunds are taken off them."""

    def __init__(self, log: Log) -> None:
        rows = np.flatnonzero(log.event == PURCHASE)
        named = log.order[rows] >= 0
        width = int(log.order.max(initial=-1)) + 1
        key = np.where(named, log.customer[rows] * width + log.order[rows], -1 - rows)
        keys, first, place = np.unique(key, return_index=True, return_inverse=True)
        self.customer, self.day = log.customer[rows][first], log.day[rows][first]
        self.gross = np.bincount(place, weights=log.amount[rows], minlength=len(keys)).astype(np.int64)
        self.left = self.gross.copy()
        self.given_back_on = np.full(len(keys), -1, dtype=np.int64)
        self.keys, self.width = keys, width
        self._of: dict[int, list[int]] = defaultdict(list)

    def named(self, customer: int, order: int) -> int | None:
        """The place of an order by its id."""
        key = customer * self.width + order
        place = int(np.searchsorted(self.keys, key))
        return place if order >= 0 and place < len(self.keys) and self.keys[place] == key else None

    def of(self, customers: Ints) -> None:
        """Keep the orders of these customers at hand, in order of their days."""
        wanted = np.flatnonzero(np.isin(self.customer, customers))
        for place in wanted[np.argsort(self.day[wanted], kind="stable")].tolist():
            self._of[int(self.customer[place])].append(place)

    def earlier(self, customer: int, day: int) -> list[int]:
        """A customer's orders up to a day, of which something is left, the latest first."""
        found = self._of.get(customer, [])
        return [place for place in reversed(found) if self.day[place] <= day and self.left[place] > 0]

    def take(self, place: int, amount: int, day: int) -> int:
        """Take so much off an order; returns what it could not give."""
        taken = min(amount, int(self.left[place]))
        self.left[place] -= taken
        self.given_back_on[place] = max(int(self.given_back_on[place]), day)
        return amount - taken


def occasions(log: Log) -> Occasions:
    """The purchase days of a log, its refunds taken off."""
    orders = _Orders(log)
    counts = _take_off(log, orders)
    whole = (orders.left == 0) & (orders.gross > 0)
    dropped = whole & (orders.given_back_on == orders.day)
    refunds = counts._replace(cancelled=int(dropped.sum()), cancelled_amount=int(orders.gross[dropped].sum()))
    return _days(orders, whole, ~dropped, refunds)


def _take_off(log: Log, orders: _Orders) -> Refunds:
    rows = np.flatnonzero(log.event == REFUND)
    orders.of(np.unique(log.customer[rows]))
    linked = matched = netted = before = before_amount = 0
    for row in rows.tolist():
        customer, day, amount = int(log.customer[row]), int(log.day[row]), int(log.amount[row])
        place = orders.named(customer, int(log.refund_of[row]))
        if place is not None:
            linked += 1
            rest = orders.take(place, amount, day)
        else:
            rest, exact = _unlinked(orders, customer, day, amount)
            matched, netted = matched + exact, netted + (not exact and rest < amount)
        before, before_amount = before + (rest > 0), before_amount + rest
    return Refunds(len(rows), int(log.amount[rows].sum()), linked, matched, netted, before, before_amount, 0, 0)


def _unlinked(orders: _Orders, customer: int, day: int, amount: int) -> tuple[int, bool]:
    """What could not be taken off, and whether it was taken off an order of the same amount."""
    earlier = orders.earlier(customer, day)
    for place in earlier:
        if orders.gross[place] == orders.left[place] == amount:
            return orders.take(place, amount, day), True
    for place in earlier:
        if orders.left[place] >= amount:
            return orders.take(place, amount, day), False
    rest = amount
    for place in earlier:
        if rest:
            rest = orders.take(place, rest, day)
    return rest, False


def _days(orders: _Orders, whole: np.ndarray, kept: np.ndarray, refunds: Refunds) -> Occasions:
    """Orders of one customer and day put together."""
    customer, day = orders.customer[kept], orders.day[kept]
    pairs, place, number = np.unique(np.stack([customer, day], axis=1), axis=0, return_inverse=True, return_counts=True)
    place = place.reshape(-1)
    whole = whole[kept]

    def total(amounts: Ints) -> Ints:
        return np.bincount(place, weights=amounts, minlength=len(pairs)).astype(np.int64)

    returned = total(whole.astype(np.int64)) == number
    back = np.full(len(pairs), -1, dtype=np.int64)
    np.maximum.at(back, place, np.where(whole, orders.given_back_on[kept], -1))
    return Occasions(
        customer=pairs[:, 0],
        day=pairs[:, 1],
        basket=np.where(returned, total(orders.gross[kept]), total(np.where(whole, 0, orders.left[kept]))),
        orders=number,
        returned_on=np.where(returned, back, -1),
        refunds=refunds,
    )
