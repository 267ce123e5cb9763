"""Customers as the models see them: how many repeat purchases, when the last one, watched for how long."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.population.spec import DAYS_PER_UNIT

__all__ = ["Floats", "Ints", "Summaries", "iso", "summaries"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def iso(day: int) -> str:
    """A day number as an ISO date."""
    return str(np.datetime64(int(day), "D"))


class Summaries(NamedTuple):
    """Customers with the same history are one row; arrays of one length. Time is counted from each customer's first purchase."""

    x: Floats
    """Repeat purchases, that is: days with a purchase after the first."""
    tx: Floats
    """Time of the last purchase; 0 where x is 0."""
    T: Floats
    """Time watched, not before tx."""
    customers: Floats
    """How many customers the row stands for."""

    @property
    def size(self) -> int:
        """Number of customers."""
        return int(self.customers.sum())

    @property
    def repeaters(self) -> int:
        """Number of customers who came back."""
        return int(self.customers[self.x > 0].sum())


def summaries(
    customer: Ints, day: Ints, until: int, unit: str, clock: Callable[[Ints], Floats] | None = None
) -> Summaries:
    """Summaries of purchase days up to and including ``until``. ``clock``: the time at the start of a day, in days of its own; else the
    calendar's.

    ``customer`` and ``day``: int64[n], one entry a purchase day, each pair once. A model of continuous time knows no second purchase in the
    same moment, so purchases of one day are one (as in the published CDNOW data).
    """
    within = day <= until
    _, place, counts = np.unique(customer[within], return_inverse=True, return_counts=True)
    first = np.full(len(counts), np.iinfo(np.int64).max)
    last = np.full(len(counts), np.iinfo(np.int64).min)
    np.minimum.at(first, place, day[within])
    np.maximum.at(last, place, day[within])
    begins, ends, now = (each if clock is None else clock(each) for each in (first, last, np.full_like(first, until)))
    rows = np.round(np.stack([counts - 1, ends - begins, now - begins], axis=1), 9)
    distinct, customers = np.unique(rows, axis=0, return_counts=True)
    days = DAYS_PER_UNIT[unit]
    return Summaries(
        x=distinct[:, 0].astype(np.float64),
        tx=distinct[:, 1] / days,
        T=distinct[:, 2] / days,
        customers=customers.astype(np.float64),
    )
