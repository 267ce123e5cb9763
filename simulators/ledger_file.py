"""A ledger as a file: CSV (plain or gzip) or Parquet, written in pieces, there as a whole or not at all.

Columns, in this order: seq, member_id, date, kind, points, money, lot_earned_on, expires_on, order_id, rule.

* CSV: UTF-8, ISO dates, nothing where there is none, money in major units always with two decimals (``12.00``). A spreadsheet takes
  a cell that begins with ``= + - @``, a tab or a line break for a formula; in the columns of names such a cell gets an apostrophe
  in front, unless it is a plain whole number (``-5``, ``+886912345678``).
* Parquet: int64 seq and points, date32, decimal128(18, 2) money in major units, null where there is none, names exactly as they are.

The same entries give the same bytes of CSV, however they are cut into pieces.
"""

import gzip
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from simulators.texts import letters, spans
from workbench.errors import BadInput, Problem, nearest
from workbench.files import atomic_path
from workbench.ledger import KINDS
from workbench.units import NEVER

__all__ = ["LEDGER_COLUMNS", "SCHEMA", "SUFFIXES", "LedgerWriter", "harmless"]

_LABEL = pa.dictionary(pa.int32(), pa.string())
"""Of columns with few different names."""
SCHEMA = pa.schema(
    [
        ("seq", pa.int64()),
        ("member_id", pa.string()),
        ("date", pa.date32()),
        ("kind", _LABEL),
        ("points", pa.int64()),
        ("money", pa.decimal128(18, 2)),
        ("lot_earned_on", pa.date32()),
        ("expires_on", pa.date32()),
        ("order_id", pa.string()),
        ("rule", _LABEL),
    ]
)
LEDGER_COLUMNS = tuple(SCHEMA.names)
SUFFIXES = (".csv", ".csv.gz", ".parquet")

_NAMES = ("member_id", "order_id", "rule", "kind")
_TEXT = pa.schema([field.with_type(pa.string()) if field.name in _NAMES else field for field in SCHEMA])
"""The same with all names as text, "" where there is none."""
_PIECE = 2**18
"""Rows turned into text, or into one row group, at once."""
_MOST_MONEY = 10**18
"""Minor units that 18 digits cannot hold."""

Columns = Mapping[str, Sequence[Any] | npt.NDArray[Any] | pa.Array]


class LedgerWriter:
    """Writes a ledger's entries to a file by its suffix: ``with LedgerWriter(path) as ledger: ledger.write(columns)``.

    The file appears when the block ends, and not at all if it fails. The same entries give the same bytes, however they are cut into
    pieces. Raises BadInput when made for another suffix than ``SUFFIXES``, and when entered where the folder is missing or ``path``
    cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        name = self.path.name.lower()
        self._suffix = next((suffix for suffix in reversed(SUFFIXES) if name.endswith(suffix)), "")
        if not self._suffix:
            message = "expected a ledger's name to end with one of: " + ", ".join(SUFFIXES)
            raise BadInput(
                Problem("", message, self.path.suffix or None, nearest(self.path.suffix, SUFFIXES)), str(path)
            )
        self._open = ExitStack()
        self._sink: Any = None
        self._waiting = _TEXT.empty_table()

    def __enter__(self) -> "LedgerWriter":
        with ExitStack() as opening:
            temporary = opening.enter_context(atomic_path(self.path))
            if self._suffix == ".parquet":
                self._sink = opening.enter_context(pyarrow.parquet.ParquetWriter(temporary, SCHEMA))
            else:
                self._sink = opening.enter_context(temporary.open("wb"))
                if self._suffix == ".csv.gz":  # without name and time: the same ledger is the same file
                    packed = gzip.GzipFile("", "wb", 5, self._sink, mtime=0)
                    self._sink = opening.enter_context(packed)
                self._sink.write((",".join(LEDGER_COLUMNS) + "\n").encode())
            opening.push(self._put_rest)  # called before the others
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._open.__exit__(kind, error, trace)

    def write(self, columns: Columns) -> None:
        """Append entries, a column each, all of one length; every one of ``LEDGER_COLUMNS`` is given.

        seq, points: whole numbers. money: minor units. date, lot_earned_on, expires_on: day numbers, ``NEVER`` where there is none.
        kind: indices into ``KINDS``, or names. member_id, order_id, rule: text (lists or pyarrow arrays), "" where there is none.
        Raises ValueError for other columns, lengths, or money beyond 18 digits.
        """
        if set(columns) != set(LEDGER_COLUMNS):
            raise ValueError(f"expected the columns {', '.join(LEDGER_COLUMNS)}, got {', '.join(columns)}")
        table = pa.table([_as_arrow(name, columns[name]) for name in LEDGER_COLUMNS], schema=_TEXT)
        table = pa.concat_tables([self._waiting, table])
        whole = len(table) // _PIECE * _PIECE
        self._waiting = table.slice(whole)
        self._put([table.slice(first, _PIECE) for first in range(0, whole, _PIECE)])

    def _put_rest(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what waits, unless the block failed."""
        if kind is None and len(self._waiting):
            self._put([self._waiting])

    def _put(self, pieces: list[pa.Table]) -> None:
        """Write pieces; several of them are turned into text at once, on all cores."""
        if self._suffix == ".parquet":
            for piece in pieces:
                self._sink.write_table(_labelled(piece.combine_chunks()), row_group_size=_PIECE)
            return
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            for lines in pool.map(_lines, pieces):
                self._sink.write(lines)


def _as_arrow(name: str, values: Sequence[Any] | npt.NDArray[Any] | pa.Array) -> pa.Array:
    kind = _TEXT.field(name).type
    if name == "money":
        return _money(np.asarray(values, dtype=np.int64))
    if kind == pa.int64():
        return pa.array(np.asarray(values, dtype=np.int64))
    if kind == pa.date32():
        days = np.asarray(values, dtype=np.int64)
        return pa.array(np.where(days >= NEVER, 0, days).astype(np.int32), mask=days >= NEVER).cast(kind)
    if name == "kind" and not isinstance(values, pa.Array) and len(values) and not isinstance(values[0], str):
        values = pa.DictionaryArray.from_arrays(pa.array(np.asarray(values, dtype=np.int32)), pa.array(KINDS))
    return values.cast(pa.string()) if isinstance(values, pa.Array) else pa.array(values, pa.string())


def _labelled(piece: pa.Table) -> pa.Table:
    """A piece of a ledger as Parquet holds it: few names by code, null where there is none."""
    columns = []
    for field, column in zip(SCHEMA, piece.columns, strict=True):
        if field.type == _LABEL:
            column = column.dictionary_encode()
        elif field.name in _NAMES:
            column = pc.if_else(pc.equal(column, ""), None, column)
        columns.append(column)
    return pa.table(columns, schema=SCHEMA)


def _money(minor: npt.NDArray[np.int64]) -> pa.Array:
    """Minor units as decimals in major units: the same integers, seen as 128 bits with two decimals."""
    if len(minor) and max(int(minor.max()), -int(minor.min())) >= _MOST_MONEY:
        raise ValueError("money of more than 18 digits")
    wide = np.empty((len(minor), 2), dtype="<i8")
    wide[:, 0], wide[:, 1] = minor, minor >> 63
    return pa.Array.from_buffers(SCHEMA.field("money").type, len(minor), [None, pa.py_buffer(wide)])


# --- CSV -------------------------------------------------------------------------------------------------------------
_NUMBER = re.compile(r"[+-]?[0-9]+")
_SPECIAL = re.compile(r'[",\r\n]')


def harmless(name: str) -> str:
    """A name as it goes into CSV that a spreadsheet may open: never a formula. A plain whole number, signed or not, stays as it is."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and not _NUMBER.fullmatch(name) else name


_SUSPECT = np.zeros(256, dtype=np.bool_)
_SUSPECT[list(b'",\r\n')] = True
_FIRST = np.zeros(256, dtype=np.bool_)
_FIRST[list(b"=+-@\t\r\n")] = True


def _cell(name: str) -> str:
    text = harmless(name)
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


def _cells(column: pa.StringArray) -> pa.StringArray:
    """Names as they go into CSV; they are looked at one by one only where one of them may not go in as it is."""
    written, bounds = letters(column), spans(column)
    starts = bounds[:-1][bounds[1:] > bounds[:-1]]
    if not _SUSPECT[written].any() and not _FIRST[written[starts]].any():
        return column
    coded = column.dictionary_encode()
    return pa.array([_cell(each) for each in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def _lines(piece: pa.Table) -> memoryview:
    """The CSV lines of some entries: the cells joined row by row, in one buffer."""
    cells = []
    for name, column in zip(piece.column_names, piece.combine_chunks().columns, strict=True):
        (whole,) = column.chunks
        cells.append(_cells(whole) if name in _NAMES else pc.fill_null(whole.cast(pa.string()), ""))
    last = pc.binary_join_element_wise(cells[-1], "\n", "")
    text = pc.binary_join_element_wise(*cells[:-1], last, ",")
    _, offsets, data = text.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int32)
    return memoryview(data)[bounds[text.offset] : bounds[text.offset + len(text)]]
