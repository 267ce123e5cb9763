"""How compiled code sees what Python sees as named tuples, lists and objects: one record each, reached through one pointer.

A rule reads ``terms.earn.factor[k]`` or ``account.lots[i].points`` in both worlds. In Python these are named tuples, lists and
objects. Here they are NumPy records with nested arrays of a fixed room, the same for every program, so that one compilation
serves them all; every list stands beside the count of what it holds.
"""

import mmap
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np

from workbench.ledger import (
    BonusValue,
    Coupon,
    Cursor,
    Entry,
    Line,
    Lot,
    Meter,
    Month,
    Own,
    Part,
    Piece,
    Placed,
    Pool,
    QualifyingDay,
    Use,
    UsedCoupon,
    ValueUse,
    Watch,
    numpy_dtype,
)
from workbench.rules.bounds import BONUSES, CAMPAIGNS, CAP_DAYS, CAPS, COUPONS, ITEMS, TIERS
from workbench.rules.terms import Terms

__all__ = [
    "ACCOUNT", "BONUS_VALUES", "ENTRIES", "LOTS", "METERS", "MONTHS", "ORDER", "POOLS", "QUALIFYING_DAYS", "TERMS", "USED_COUPONS", "WALLET",
    "TooLarge", "blank", "layout", "order_layout", "packed",
]  # fmt: skip

LOTS, QUALIFYING_DAYS, ENTRIES = 2**12, 2**12, 2**16
"""Room of one member: live lots, rows of the qualifying ledger, ledger entries between two drains of the book."""
METERS = CAPS + 2 * BONUSES + ITEMS + 1
WALLET, BONUS_VALUES, MONTHS, USED_COUPONS = 2**10, 2**8, 40, 8
"""Room of one member: coupons held, rows of bonus value, months of purchases; and of one order: coupons used."""
LARGE = 2**20
"""Bytes from which on records have pages of their own."""
HELD_OUT_BITS = 62
"""Messages of all versions at the most."""
POOLS = ITEMS + 2 * COUPONS


class TooLarge(ValueError):
    """Something does not fit its room in compiled code; says what."""


def layout(kind: Any, sizes: dict[str, int] | None = None) -> np.dtype[Any]:
    """The record of a named tuple class: ``int`` and ``float`` fields, lists with their room in the annotation
    (``Annotated[list[int], 20]``), arrays with theirs in ``sizes``, and named tuples in their turn."""
    fields: list[Any] = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if hasattr(hint, "_fields"):
            fields.append((name, layout(hint)))
        elif get_origin(hint) is Annotated:
            fields.append((name, np.int64, get_args(hint)[1]))
        elif sizes and name in sizes:
            fields.append((name, np.float64, (sizes[name],)))
        else:
            fields.append((name, {int: np.int64, float: np.float64}[hint]))
    return np.dtype(fields, align=True)


def packed(values: Any, into: Any) -> None:
    """Write a named tuple into its record. Raises TooLarge where a list does not fit its room."""
    for name in values._fields:
        value = getattr(values, name)
        if hasattr(value, "_fields"):
            packed(value, into[name])
        elif isinstance(value, list):
            _fill(into[name], value, name)
        elif isinstance(value, np.ndarray):
            into[name][:] = np.pad(value, (0, len(into[name]) - len(value)), mode="edge")
        else:
            into[name] = value


def _fill(room: Any, value: list[Any], name: str) -> None:
    if len(value) > len(room):
        raise TooLarge(f"{name}: {len(value)} where compiled code has room for {len(room)}")
    if not value:
        return
    if not isinstance(value[0], list):
        room[: len(value)] = value
        return
    for row, each in zip(room, value, strict=False):
        _fill(row, each, name)


BOOK = np.dtype([("cursor", numpy_dtype(Cursor)), ("rows", numpy_dtype(Entry), (ENTRIES,))], align=True)
ACCOUNT = np.dtype(
    [
        ("own", numpy_dtype(Own)),
        ("meters", numpy_dtype(Meter), (METERS,)),
        ("lots", numpy_dtype(Lot), (LOTS,)),
        ("days", numpy_dtype(QualifyingDay), (QUALIFYING_DAYS,)),
        ("book", BOOK),
        ("watches", numpy_dtype(Watch), (CAMPAIGNS + HELD_OUT_BITS + CAP_DAYS,)),
        ("coupons", numpy_dtype(Coupon), (WALLET,)),
        ("values", numpy_dtype(BonusValue), (BONUS_VALUES,)),
        ("months", numpy_dtype(Month), (MONTHS,)),
        ("pools", numpy_dtype(Pool), (POOLS,)),
    ],
    align=True,
)
TERMS = layout(Terms)


def order_layout(lines: int) -> np.dtype[Any]:
    """The record of an order of so many lines."""
    return np.dtype(
        [
            ("own", numpy_dtype(Placed)),
            ("lines", numpy_dtype(Line), (lines,)),
            ("parts", numpy_dtype(Part), (lines,)),
            ("pieces", numpy_dtype(Piece), (lines + TIERS,)),
            ("uses", numpy_dtype(Use), (LOTS,)),
            ("coupons", numpy_dtype(UsedCoupon), (USED_COUPONS,)),
            ("values", numpy_dtype(ValueUse), (BONUS_VALUES,)),
        ],
        align=True,
    )


ORDER = order_layout(1)


def blank(dtype: np.dtype[Any], count: int = 1) -> Any:
    """So many zeroed records, read by attribute. Memory that is never touched is never used: NumPy's own large arrays come in pages of two
    megabytes, each of which is cleared as a whole, and a record of 90 MB of which a hundredth is written would cost 50 ms and 70 MB."""
    size = count * dtype.itemsize
    if size < LARGE or not hasattr(mmap, "MAP_PRIVATE"):
        return np.zeros(count, dtype=dtype).view(np.recarray)
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(pages, dtype=dtype).view(np.recarray)
