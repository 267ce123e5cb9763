"""A log of transactions as calibration reads it: plain columns, one entry a row."""

from dataclasses import dataclass, field, replace

import numpy as np

from workbench.population.calibration.summary import Ints

__all__ = ["JOIN", "OTHER", "PURCHASE", "REDEEM", "REFUND", "Coded", "Log"]

JOIN, PURCHASE, REFUND, REDEEM, OTHER = range(5)


@dataclass(frozen=True)
class Coded:
    """A column of names: ``names[codes[k]]`` is that of row k."""

    codes: Ints
    names: list[str]
    """"" stands for none given."""


@dataclass(frozen=True)
class Log:
    """Rows in order of their dates' posting; arrays of one length, customers coded from 0."""

    customer: Ints
    day: Ints
    """Business date, day number."""
    event: Ints
    """JOIN, PURCHASE, REFUND, REDEEM or OTHER."""
    amount: Ints
    """Minor units; of purchases and refunds."""
    order: Ints
    """Code of the order's id, -1 where none is given; an id means one order of each customer."""
    refund_of: Ints
    """Code of the id of the order that is refunded, -1 where none is given."""
    customers: int
    """Number of customers, whatever they did."""
    channel: Coded | None = None
    category: Coded | None = None
    birthdays: int | None = None
    """Customers whose birthday is given; None where the log has no such column."""
    segment: Coded | None = None
    """Of the rows: what customers are told apart by."""
    nobody_rows: int = 0
    """Rows left out because they name no customer."""
    nobody_amount: int = 0
    """Minor units of the purchases among them."""
    names: list[str] = field(default_factory=list)
    """The customers' ids by code."""

    def __len__(self) -> int:
        return len(self.day)

    def until(self, day: int) -> "Log":
        """The rows up to and including a day."""
        return self.where(self.day <= day)

    def where(self, rows: np.ndarray) -> "Log":
        """The rows of a mask; customers keep their codes."""

        def part(column: Coded | None) -> Coded | None:
            return None if column is None else Coded(column.codes[rows], column.names)

        return replace(
            self,
            customer=self.customer[rows],
            day=self.day[rows],
            event=self.event[rows],
            amount=self.amount[rows],
            order=self.order[rows],
            refund_of=self.refund_of[rows],
            channel=part(self.channel),
            category=part(self.category),
            segment=part(self.segment),
        )
