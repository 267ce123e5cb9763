"""Figures of customers over a period: who buys, who is new, who comes back, month by month. Plain integer arrays in."""

from typing import NamedTuple

import numpy as np

from workbench.finance.rfm import Ints
from workbench.units import add_months

__all__ = ["Month", "Period", "by_month", "period_of"]


class Period(NamedTuple):
    """Customers in a period; counts, money in minor units."""

    members: int
    """Who joined or bought by its end."""
    new: int
    """Who did so in the period for the first time."""
    buyers: int
    """Who bought in it."""
    regulars: int
    """Who bought in it twice or more."""
    returning: int
    """Who bought in it, and not for the first time in their life."""
    purchases: int
    money: int
    """Of purchases, before refunds."""
    refunds: int


class Month(NamedTuple):
    """A calendar month of the period (the first and the last may be cut by its ends)."""

    first: int
    """Its first day, day number."""
    purchases: int
    money: int
    new: int
    first_buyers: int
    """Who bought for the first time in their life."""
    returning: int
    """Who bought and had bought in an earlier month."""


def period_of(customer: Ints, day: Ints, money: Ints, joined: Ints, start: int, end: int) -> Period:
    """The figures from one day to another, both included. ``customer``, ``day``, ``money``: of purchases, and of refunds (below 0);
    ``joined``: by customer, -1 where they never did."""
    bought, first = (money >= 0) & (day <= end), _first_purchase(customer, day, money, len(joined))
    inside = bought & (day >= start)
    back = (money < 0) & (day >= start) & (day <= end)
    count = np.bincount(customer[inside], minlength=len(joined))
    again = count > (first >= start)  # one of them is not the first
    known = (joined >= 0) & (joined <= end)
    return Period(
        members=int(known.sum()),
        new=int((known & (joined >= start)).sum()),
        buyers=int((count > 0).sum()),
        regulars=int((count > 1).sum()),
        returning=int(((count > 0) & again).sum()),
        purchases=int(inside.sum()),
        money=int(money[inside].sum()),
        refunds=-int(money[back].sum()),
    )


def by_month(customer: Ints, day: Ints, money: Ints, joined: Ints, start: int, end: int) -> list[Month]:
    """The same by calendar month."""
    first = _first_purchase(customer, day, money, len(joined))
    found, day_one = [], _month_start(start)
    while day_one <= end:
        following = add_months(day_one, 1)
        low, high = max(start, day_one), min(end, following - 1)
        inside = (money >= 0) & (day >= low) & (day <= high)
        buyers = np.unique(customer[inside])
        fresh = int((first[buyers] >= day_one).sum())
        found.append(
            Month(
                first=day_one,
                purchases=int(inside.sum()),
                money=int(money[inside].sum()),
                new=int(((joined >= low) & (joined <= high)).sum()),
                first_buyers=fresh,
                returning=len(buyers) - fresh,
            )
        )
        day_one = following
    return found


def _first_purchase(customer: Ints, day: Ints, money: Ints, customers: int) -> Ints:
    found = np.full(customers, np.iinfo(np.int64).max)
    np.minimum.at(found, customer[money >= 0], day[money >= 0])
    return found


def _month_start(day: int) -> int:
    return int(np.datetime64(int(day), "D").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64))
