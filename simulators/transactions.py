"""Reading a log of transactions: every row checked, every number exact, piece by piece.

A file is read in batches of bounded size, as columns: day numbers, minor units and points as int64 arrays, names as codes into the
batch's distinct names. The first batch with problems stops the reading; all its problems (up to 20, the rest counted) are raised
together, each with its row, line, column, what was expected, and the nearest valid name.

Names are the user's data and are kept exactly as they are, also where a spreadsheet would take them for a formula; what is
written for spreadsheets is made harmless where it is written (``simulators.ledger_file``).
"""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulators.texts import letters, spans
from simulators.transaction_source import (
    COLUMNS,
    MOST_PROBLEMS,
    REQUIRED,
    Columns,
    CsvSource,
    ParquetSource,
    open_source,
)
from workbench.errors import BadInput, Problem, nearest
from workbench.units import CENTS, MAX_MONEY, MAX_POINTS, to_day

__all__ = [
    "ACTION", "BASIC_EVENTS", "COLUMNS", "EVENTS", "JOIN", "NONE", "PURCHASE", "REDEEM", "REFUND", "REQUIRED",
    "Batch", "Fault", "Names", "Transactions",
]  # fmt: skip

EVENTS = (
    "join", "purchase", "refund", "redeem", "action",
    "topup", "cash_out", "pay", "issue", "claim", "use", "fee", "cancel", "referral",
)  # fmt: skip
JOIN, PURCHASE, REFUND, REDEEM, ACTION, TOPUP, CASH_OUT, PAY, ISSUE, CLAIM, USE, FEE, CANCEL, REFERRAL = range(
    len(EVENTS)
)
BASIC_EVENTS = 5
"""The first of them: those of points alone."""
NONE = -1
"""An amount or a number of points that is not given."""
LONGEST = 200
"""Characters of a name."""
FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Years in which transactions may fall; 1 to 9999 for birthdays, some of which are made up."""

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Names:
    """A column of names: ``values[codes[k]]`` is that of row k, "" where none is given. The values are distinct, in no order, and looked
    for when they are asked for."""

    column: pa.Array
    """Text, without nulls."""

    def __len__(self) -> int:
        return len(self.column)

    def __getitem__(self, k: int) -> str:
        return self.values[self.codes[k]]

    @cached_property
    def _coded(self) -> pa.DictionaryArray:
        return pc.dictionary_encode(self.column)

    @property
    def codes(self) -> npt.NDArray[np.int32]:
        """The place of each row's name among the values."""
        found: npt.NDArray[np.int32] = self._coded.indices.to_numpy()
        return found

    @cached_property
    def values(self) -> list[str]:
        """The distinct names."""
        found: list[str] = self._coded.dictionary.to_pylist()
        return found

    def tolist(self) -> list[str]:
        """The names row by row."""
        found: list[str] = np.array(self.values, dtype=object)[self.codes].tolist()
        return found


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive rows of a file, checked; every column has one entry a row."""

    first_row: int
    """Number of the first of these rows; the first row of the file, after its header, is 1."""
    date: Ints
    """Business date, as day numbers."""
    posted: Ints
    """Posting date, as day numbers; the business date where none is given. Never falls."""
    event: Ints
    """Index into ``EVENTS``."""
    amount: Ints
    """Minor units, or ``NONE``."""
    points: Ints
    """Points, or ``NONE``."""
    discount: Ints
    """Minor units, 0 where not given; so are tax and delivery."""
    tax: Ints
    delivery: Ints
    birth_month: Ints
    """Month of the birthday, 1 to 12; 0 where not given."""
    birth_dom: Ints
    """Day of the month of the birthday, 1 to 31; 0 where not given."""
    member_id: Names
    order_id: Names
    refund_of: Names
    category: Names
    channel: Names
    action: Names
    referrer: Names
    also: Names | None = None
    """A further column that was asked for."""

    def __len__(self) -> int:
        return len(self.date)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Row by row, as plain Python values: row, member_id, date, posted, event (its name), amount, points, order_id, refund_of,
        category, channel, action, birth_month, birth_dom, discount, tax, delivery, referrer."""
        columns: list[list[Any]] = [
            self.member_id.tolist(),
            self.date.tolist(),
            self.posted.tolist(),
            [EVENTS[code] for code in self.event.tolist()],
            self.amount.tolist(),
            self.points.tolist(),
            *(each.tolist() for each in (self.order_id, self.refund_of, self.category, self.channel, self.action)),
            *(each.tolist() for each in (self.birth_month, self.birth_dom, self.discount, self.tax, self.delivery)),
            self.referrer.tolist(),
        ]
        return zip(range(self.first_row, self.first_row + len(self)), *columns, strict=True)


class Transactions:
    """The transactions of a CSV (plain or gzip) or Parquet file. Iterate over it for batches, as often as needed.

    Raises BadInput when made (no such file, not a table, a column missing) and while iterating (the first batch with problems).
    """

    def __init__(self, path: str | Path, also: str | None = None, anonymous: bool = False) -> None:
        """``also``: a further column to read, as text. ``anonymous``: rows may name no member."""
        self.path = Path(path)
        self._also, self._anonymous = also, anonymous
        self._source: CsvSource | ParquetSource = open_source(path, () if also is None else (also,))

    @property
    def about(self) -> int:
        """About how many rows there are."""
        return self._source.about

    def __iter__(self) -> Iterator[Batch]:
        first_row, posted = 1, None
        for columns in _ahead(self._source.batches()):
            rows = len(columns["date"])
            if rows == 0:
                continue
            faults = _Faults(first_row)
            batch = _batch(columns, rows, posted, faults, self._also, self._anonymous)
            if batch is None:
                raise self.bad_rows(faults.first(), faults.count - MOST_PROBLEMS)
            yield batch
            first_row += rows
            posted = int(batch.posted[-1])

    def bad_rows(self, faults: "list[Fault]", more: int = 0) -> BadInput:
        """BadInput naming rows (and lines) of this file, for what only shows when the transactions are lived through."""
        places = self._source.place(fault.row for fault in faults)
        problems = [
            Problem(f"{places[fault.row]}, column {fault.column}", fault.message, fault.value, fault.suggestion)
            for fault in faults
        ]
        return BadInput(problems, str(self.path), max(more, 0))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a cell."""

    row: int
    column: str
    message: str
    value: object = None
    suggestion: str | None = None


class _Faults:
    """The faults of a batch: all counted, the first 20 of each check described."""

    def __init__(self, first_row: int) -> None:
        self.first_row = first_row
        self.count = 0
        self._found: list[Fault] = []

    def add(self, wrong: Mask, column: str, tell: Callable[[int], tuple[str, object, str | None]]) -> None:
        """Every row of the mask has a fault; ``tell(k)`` gives message, value and suggestion of the batch's k-th."""
        rows = np.flatnonzero(wrong)
        self.count += len(rows)
        self._found += [Fault(self.first_row + k, column, *tell(k)) for k in rows[:MOST_PROBLEMS].tolist()]

    def first(self) -> list[Fault]:
        """The first 20, by row and column."""
        place = {name: k for k, name in enumerate(COLUMNS)}
        return sorted(self._found, key=lambda fault: (fault.row, place.get(fault.column, len(place))))[:MOST_PROBLEMS]


def _ahead(columns: Iterator[Columns]) -> Iterator[Columns]:
    """The same, each read in a thread of its own while the one before is in use."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, columns, None)
        while (found := coming.result()) is not None:
            coming = pool.submit(next, columns, None)
            yield found


# --- a batch ---------------------------------------------------------------------------------------------------------
def _batch(
    columns: dict[str, pa.Array], rows: int, before: int | None, faults: _Faults, also: str | None, anonymous: bool
) -> Batch | None:
    """The batch of the columns as text, or None if there are faults; ``before`` is the posting day of the row before."""

    def names(column: str) -> Names:
        found = _names(columns.get(column), rows)
        _check_names(found, column, faults)
        return found

    def numbers(column: str, decimals: int, largest: int, empty: int) -> Ints:
        return _numbers(columns.get(column), rows, column, decimals, largest, empty, faults)

    def days(column: str, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> tuple[Ints, Mask]:
        return _days(_names(columns.get(column), rows), column, first_year, last_year, faults)

    member_id = names("member_id")
    if not anonymous:
        _check_given(member_id, faults)
    event = _events(names("event"), faults)
    when, when_given = days("date")
    faults.add(~when_given & _empty(columns["date"]), "date", lambda k: ("expected a date like 2025-01-31", None, None))
    posted, posted_given = days("posted")
    birthday, birthday_given = days("birthday", 1, 9999)
    months = np.where(birthday_given, birthday, 0).astype("datetime64[D]").astype("datetime64[M]")
    batch = Batch(
        first_row=faults.first_row,
        date=when,
        posted=np.where(posted_given, posted, when),
        event=event,
        amount=numbers("amount", 2, MAX_MONEY, NONE),
        points=numbers("points", 0, MAX_POINTS, NONE),
        discount=numbers("discount", 2, MAX_MONEY, 0),
        tax=numbers("tax", 2, MAX_MONEY, 0),
        delivery=numbers("delivery", 2, MAX_MONEY, 0),
        birth_month=np.where(birthday_given, months.astype(np.int64) % 12 + 1, 0),
        birth_dom=np.where(birthday_given, birthday - months.astype("datetime64[D]").astype(np.int64) + 1, 0),
        member_id=member_id,
        order_id=names("order_id"),
        refund_of=names("refund_of"),
        category=names("category"),
        channel=names("channel"),
        action=names("action"),
        referrer=names("referrer"),
        also=None if also is None else names(also),
    )
    _check_needs(batch, faults)
    if faults.count == 0:  # a wrong date would make every row after it look unsorted
        _check_order(batch, posted_given, before, faults)
    return batch if faults.count == 0 else None


def _check_needs(batch: Batch, faults: _Faults) -> None:
    """What each event needs beside its date."""
    actions = np.array([value != "" for value in batch.action.values])[batch.action.codes]
    referrers = np.array([value != "" for value in batch.referrer.values])[batch.referrer.codes]
    pays = (batch.event == PURCHASE) | (batch.event == REFUND) | (batch.event == TOPUP)
    faults.add(
        pays & (batch.amount == NONE), "amount", lambda k: (f"a {EVENTS[batch.event[k]]} needs an amount", None, None)
    )
    nothing = (batch.event == REDEEM) & (batch.points == NONE) & ~actions
    faults.add(nothing, "points", lambda k: ("a redeem needs points, or an item in the column action", None, None))
    faults.add((batch.event == ACTION) & ~actions, "action", lambda k: ("an action needs its name", None, None))
    coupons = (batch.event == ISSUE) | (batch.event == CLAIM) | (batch.event == USE)
    faults.add(
        coupons & ~actions,
        "action",
        lambda k: (f"a row of event {EVENTS[batch.event[k]]} needs the coupon's name in the column action", None, None),
    )
    alone = (batch.event == REFERRAL) & ~referrers
    faults.add(alone, "referrer", lambda k: ("a referral needs the referring member's id", None, None))


def _check_order(batch: Batch, posted_given: Mask, before: int | None, faults: _Faults) -> None:
    early = batch.posted < batch.date
    faults.add(
        early, "posted", lambda k: (f"expected {_iso(batch.date[k])} (its date) or later", _iso(batch.posted[k]), None)
    )
    previous = np.concatenate(([batch.posted[0] if before is None else before], batch.posted[:-1]))

    def tell(k: int) -> tuple[str, object, str | None]:
        message = (
            f"expected rows sorted by posted, or by date where it is empty: the row before is of {_iso(previous[k])}"
        )
        return message, _iso(batch.posted[k]), None

    late = batch.posted < previous
    faults.add(late & ~posted_given & ~early, "date", tell)
    faults.add(late & posted_given & ~early, "posted", tell)


def _iso(day: np.int64) -> str:
    return str(np.datetime64(int(day), "D"))


# --- names -----------------------------------------------------------------------------------------------------------
def _names(column: pa.Array | None, rows: int) -> Names:
    return Names(pa.repeat("", rows) if column is None else column)


def _check_names(names: Names, column: str, faults: _Faults) -> None:
    if np.diff(spans(names.column)).max(initial=0) > LONGEST:  # in bytes: there may be fewer characters
        too_long = np.array([len(value) > LONGEST for value in names.values])
        faults.add(too_long[names.codes], column, lambda k: (f"expected at most {LONGEST} characters", names[k], None))
    if not letters(names.column).all():
        zero = np.array(["\0" in value for value in names.values])
        faults.add(zero[names.codes], column, lambda k: ("expected text, found a zero byte", names[k], None))


_VISIBLE = np.zeros(256, dtype=np.bool_)
_VISIBLE[0x21:] = True
_VISIBLE[[0x7F, 0xC2, 0xE1, 0xE2, 0xE3]] = False
"""First bytes of characters that are surely no blanks."""


def _check_given(member_id: Names, faults: _Faults) -> None:
    bounds = spans(member_id.column)
    if (bounds[1:] > bounds[:-1]).all() and _VISIBLE[letters(member_id.column)[bounds[:-1]]].all():
        return
    blank = np.array([not value.strip() for value in member_id.values])
    faults.add(blank[member_id.codes], "member_id", lambda k: ("expected a member's id", None, None))


def _events(names: Names, faults: _Faults) -> Ints:
    by_value = np.array([EVENTS.index(value) if value in EVENTS else -1 for value in names.values], dtype=np.int64)
    found = by_value[names.codes]

    def tell(k: int) -> tuple[str, object, str | None]:
        known = ", ".join(EVENTS)
        return f"expected one of: {known}", names[k], nearest(names[k], EVENTS)

    faults.add(found < 0, "event", tell)
    return found


def _empty(column: pa.Array) -> Mask:
    found: Mask = pc.equal(column, "").to_numpy(zero_copy_only=False)
    return found


# --- dates -----------------------------------------------------------------------------------------------------------
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _days(names: Names, column: str, first_year: int, last_year: int, faults: _Faults) -> tuple[Ints, Mask]:
    """Day numbers, and where they are given; dates repeat, so each distinct one is read once."""
    read = [_day(value, first_year, last_year) for value in names.values]
    wrong = np.array([isinstance(each, str) for each in read])
    if wrong.any():
        faults.add(wrong[names.codes], column, lambda k: (str(read[names.codes[k]]), names[k], _iso_start(names[k])))
    by_value = np.array([each if isinstance(each, int) else 0 for each in read], dtype=np.int64)
    given = np.array([isinstance(each, int) for each in read])
    return by_value[names.codes], given[names.codes]


def _day(text: str, first_year: int, last_year: int) -> int | str | None:
    """A day number; None for an empty cell; what was expected where the text is no date."""
    if text == "":
        return None
    if not _ISO.fullmatch(text):
        return "expected a date like 2025-01-31"
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return "expected a day that the calendar has"
    if not first_year <= found.year <= last_year:
        return f"expected a year from {first_year} to {last_year}"
    return to_day(found)


def _iso_start(text: str) -> str | None:
    """The date of a date with a time."""
    return text[:10] if _ISO.match(text) and text[10:11] in ("T", " ") else None


# --- numbers ---------------------------------------------------------------------------------------------------------
_DIGITS = np.zeros(256, dtype=np.bool_)
_DIGITS[list(b"0123456789.")] = True
_PLAIN = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]*)(\.(?P<part>[0-9]*))?")


def _numbers(
    column: pa.Array | None, rows: int, name: str, decimals: int, largest: int, empty: int, faults: _Faults
) -> Ints:
    """Whole numbers of 1/10**decimals; ``empty`` where nothing is given.

    Plain digits go through decimal arithmetic a column at a time. A batch with anything else in it is read text by text, which
    also finds what to say.
    """
    if column is None:
        return np.full(rows, empty, dtype=np.int64)
    fast = _fast_numbers(column, decimals, largest, empty)
    if fast is not None:
        return fast
    names = _names(column, rows)
    read = [empty if value == "" else _number(value, decimals, largest) for value in names.values]
    wrong = np.array([isinstance(each, tuple) for each in read])

    def tell(k: int) -> tuple[str, object, str | None]:
        message, suggestion = read[names.codes[k]]
        return message, names[k], suggestion

    faults.add(wrong[names.codes], name, tell)
    return np.array([0 if isinstance(each, tuple) else each for each in read], dtype=np.int64)[names.codes]


def _fast_numbers(column: pa.Array, decimals: int, largest: int, empty: int) -> Ints | None:
    """The numbers of a column of digits and points; None if there is anything else, or too large, or too fine."""
    bounds = spans(column)
    if bounds[-1] == 0:
        return np.full(len(column), empty, dtype=np.int64)
    if not _DIGITS[letters(column)].all():
        return None
    missing = bounds[1:] == bounds[:-1]
    given = pc.if_else(pa.array(missing), None, column) if missing.any() else column
    try:
        values = given.cast(pa.decimal128(38, decimals))
    except pa.ArrowInvalid:
        return None
    halves = np.frombuffer(values.buffers()[1], dtype="<i8")[2 * values.offset :][: 2 * len(values)].reshape(-1, 2)
    low, high = np.where(missing, 0, halves[:, 0]), np.where(missing, 0, halves[:, 1])
    if high.any() or (low < 0).any() or (low > largest).any():
        return None
    return np.where(missing, empty, low)


def _number(text: str, decimals: int, largest: int) -> int | tuple[str, str | None]:
    """The number in 1/10**decimals; or what was expected, and a suggestion."""
    expected = "expected an amount such as 1234.50" if decimals else "expected a whole number of points"
    found = _PLAIN.fullmatch(text) if len(text) <= LONGEST else None
    if found is None or not (found["whole"] or found["part"]):
        bare = text.replace(",", "")
        grouped = len(text) <= 40 and re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?", text)
        return (expected + ", without separators", bare) if grouped else (expected, None)
    whole, part = found["whole"], (found["part"] or "").rstrip("0")
    if found["sign"] == "-" and (whole.strip("0") or part):
        return expected + ", not below 0", None
    if len(part) > decimals:
        return (expected + " with at most two decimals" if decimals else expected), None
    value = int((whole + part.ljust(decimals, "0")) or "0")
    if value > largest:
        most = Decimal(largest) / (CENTS if decimals else 1)
        return f"expected at most {most:,f}", None
    return value
