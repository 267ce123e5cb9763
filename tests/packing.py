"""Terms and accounts as arrays: the form in which compiled rules see what Python sees as lists and objects."""

from typing import Any

import numpy as np

from simulators.layout import POOLS
from workbench.ledger import (
    Account,
    BonusValue,
    Book,
    Coupon,
    Cursor,
    Entry,
    Line,
    Lot,
    Meter,
    Month,
    Order,
    Own,
    Part,
    Piece,
    Placed,
    Pool,
    QualifyingDay,
    Record,
    Use,
    UsedCoupon,
    ValueUse,
    Watch,
    numpy_dtype,
)
from workbench.rules.bounds import CAMPAIGNS, CAP_DAYS

__all__ = ["account_of_arrays", "book_of_arrays", "order_of_arrays", "packed", "records"]


def packed(terms: Any) -> Any:
    """Terms with every list as an int64 array, of one or two dimensions by its declared type, so that all programs share one signature."""
    values = []
    for name, kind in type(terms).__annotations__.items():
        value = getattr(terms, name)
        if isinstance(value, tuple):
            values.append(packed(value))
        elif "list[list" in str(kind):
            values.append(_table(value))
        elif "list" in str(kind):
            values.append(np.array(value, dtype=np.int64))
        else:
            values.append(int(value))
    return type(terms)(*values)


def _table(rows: list[list[int]]) -> Any:
    found = np.zeros((len(rows), max((len(row) for row in rows), default=1)), dtype=np.int64)
    for k, row in enumerate(rows):
        found[k, : len(row)] = row
    return found


def records(record: type[Record], shape: int | tuple[int, ...]) -> Any:
    """A zeroed structured array of a record's fields, read by attribute in Python and in compiled code."""
    return np.zeros(shape, dtype=numpy_dtype(record)).view(np.recarray)


def account_of_arrays(book: Book, room: int, meters: int) -> Account:
    """An account with room for so many lots and days."""
    return Account(
        records(Own, 1)[0],
        records(Lot, room),
        records(QualifyingDay, room),
        records(Meter, max(meters, 1)),
        book,
        records(Watch, CAMPAIGNS + CAP_DAYS),
        records(Coupon, room),
        records(BonusValue, room),
        records(Month, 40),
        records(Pool, POOLS),
    )


def book_of_arrays(room: int) -> Book:
    """A book with room for so many entries."""
    return Book(records(Cursor, 1)[0], records(Entry, room))


def order_of_arrays(room: int, lines: int = 16) -> Order:
    """An order with room for so many uses of lots."""
    return Order(
        records(Placed, 1)[0],
        records(Part, lines),
        records(Piece, 2 * lines + 20),
        records(Use, room),
        records(Line, lines),
        records(UsedCoupon, 8),
        records(ValueUse, room),
    )
