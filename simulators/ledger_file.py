"""A ledger as a file: CSV (plain or gzip) or Parquet, written in pieces, there as a whole or not at all.

Columns, in this order: seq, member_id, date, kind, points, money, lot_earned_on, expires_on, order_id, rule.

* CSV: UTF-8, ISO dates, nothing where there is none, money in major units always with two decimals (``12.00``). A spreadsheet takes
  a cell that begins with ``= + - @``, a tab or a line break for a formula; in the columns of names such a cell gets an apostrophe
  in front, unless it is a plain whole number (``-5``, ``+886912345678``).
* Parquet: int64 seq and points, date32, decimal128(18, 2) money in major units, null where there is none, names exactly as they are.

The same entries give the same bytes of CSV, however they are cut into pieces.
"""

import gzip
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from workbench.errors import BadInput, Problem, nearest
from workbench.files import atomic_path
from workbench.ledger import KINDS
from workbench.units import NEVER

__all__ = ["LEDGER_COLUMNS", "SCHEMA", "SUFFIXES", "LedgerWriter", "harmless"]

_LABEL = pa.dictionary(pa.int32(), pa.string())
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
_PIECE = 2**18
"""Rows turned into text, or into one row group, at once."""
_MOST_MONEY = 10**18
"""Minor units that 18 digits cannot hold."""

Columns = Mapping[str, Sequence[Any] | npt.NDArray[Any] | pa.Array]


class LedgerWriter:
    """Writes a ledger's entries to a file by its suffix: ``with LedgerWriter(path) as ledger: ledger.write(columns)``.

    The file appears when the block ends, and not at all if it fails. Raises BadInput when made for another suffix than
    ``SUFFIXES``, and when entered where the folder is missing or ``path`` cannot be written.
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
        table = pa.table([_as_arrow(name, columns[name]) for name in LEDGER_COLUMNS], schema=SCHEMA)
        if self._suffix == ".parquet":
            self._sink.write_table(table, row_group_size=_PIECE)
            return
        for batch in table.to_batches(_PIECE):
            self._sink.write(_lines(batch))


def _as_arrow(name: str, values: Sequence[Any] | npt.NDArray[Any] | pa.Array) -> pa.Array:
    kind = SCHEMA.field(name).type
    if name == "money":
        return _money(np.asarray(values, dtype=np.int64))
    if kind == pa.int64():
        return pa.array(np.asarray(values, dtype=np.int64))
    if kind == pa.date32():
        days = np.asarray(values, dtype=np.int64)
        return pa.array(np.where(days >= NEVER, 0, days).astype(np.int32), mask=days >= NEVER).cast(kind)
    if name == "kind" and not isinstance(values, pa.Array) and len(values) and not isinstance(values[0], str):
        return pa.DictionaryArray.from_arrays(pa.array(np.asarray(values, dtype=np.int32)), pa.array(KINDS))
    texts = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    if kind == _LABEL:
        return (texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()).cast(kind)
    texts = texts.cast(pa.string())
    return pc.if_else(pc.equal(texts, ""), None, texts)


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


def _cell(name: str) -> str:
    text = harmless(name)
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


def _lines(batch: pa.RecordBatch) -> memoryview:
    """The CSV lines of some entries: the cells joined row by row, in one buffer."""
    cells = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name in _NAMES:
            coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
            column = pa.array([_cell(each) for each in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)
        cells.append(pc.fill_null(column.cast(pa.string()), ""))
    last = pc.binary_join_element_wise(cells[-1], "\n", "")
    text = pc.binary_join_element_wise(*cells[:-1], last, ",")
    _, offsets, data = text.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int32)
    return memoryview(data)[bounds[text.offset] : bounds[text.offset + len(text)]]
