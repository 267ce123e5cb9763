"""Where a log of transactions comes from: CSV (plain or gzip) or Parquet, told by the first bytes, read in pieces of bounded size.

A source gives the known columns as text; what the text means is the business of ``simulators.transactions``.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from workbench.errors import BadInput, Problem, nearest
from workbench.files import reading, regular_file

__all__ = ["COLUMNS", "CsvSource", "MOST_PROBLEMS", "ParquetSource", "REQUIRED", "open_source"]

REQUIRED = ("member_id", "date", "event")
DATES = ("date", "posted", "birthday")
NUMBERS = ("amount", "points", "discount", "tax", "delivery")
TEXTS = ("member_id", "event", "order_id", "refund_of", "category", "channel", "action")
COLUMNS = (
    "member_id", "date", "posted", "event", "amount", "points", "order_id", "refund_of", "category", "channel", "action",
    "birthday", "discount", "tax", "delivery",
)  # fmt: skip

MOST_PROBLEMS = 20
"""Problems named of one file; the others are counted."""
_BLOCK = 2**22
"""Bytes of CSV parsed at once; a row may not be longer."""
_HEADER = 2**16
"""Bytes of CSV in which the header has to end."""
_ROWS = 2**16
"""Rows of Parquet read at once."""

Columns = dict[str, pa.Array]


def open_source(path: str | Path) -> "CsvSource | ParquetSource":
    """The source of a file. Raises BadInput: no such ordinary file, empty, not a table, a required column missing."""
    file = regular_file(path, "a file of transactions")
    with reading(path), file.open("rb") as stream:
        start = stream.read(8)
    if not start:
        raise BadInput(Problem("line 1", "expected a header, the file is empty"), str(path))
    if start.startswith(b"PAR1"):
        return ParquetSource(file)
    if start.startswith(b"PK\x03\x04"):
        raise BadInput(
            Problem("", "expected CSV or Parquet, found a ZIP archive or a spreadsheet: save it as CSV"), str(path)
        )
    return CsvSource(file)


def _check_header(names: list[str], source: str, place: str) -> None:
    """Raise BadInput where a required column is missing or a known one stands twice."""
    unknown = [name for name in names if name not in COLUMNS]
    problems = [
        Problem(f"{place}, column {name}", "missing: this column is required", None, nearest(name, unknown))
        for name in REQUIRED
        if name not in names
    ]
    problems += [
        Problem(f"{place}, column {name}", f"expected the column once, found it {names.count(name)} times")
        for name in COLUMNS
        if names.count(name) > 1
    ]
    if problems:
        raise BadInput(problems, source)


class CsvSource:
    """A CSV file with a header line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header = self._header()
        _check_header(self.header, str(path), "header")

    def place(self, rows: Iterable[int]) -> dict[int, str]:
        """``row 17 (line 18)`` for each row number. Reads the file again: lines differ from rows where values hold line breaks."""
        wanted = set(rows)
        lines = {}
        for row, line, _ in self._rows() if wanted else ():
            if row in wanted:
                lines[row] = line
            if row >= max(wanted):
                break
        return {row: f"row {row} (line {lines[row]})" if row in lines else f"row {row}" for row in wanted}

    def batches(self) -> Iterator[Columns]:
        """The known columns, as text arrays without nulls, piece by piece. Raises BadInput where the file cannot be parsed."""
        known = [name for name in COLUMNS if name in self.header]
        with _Bytes(self.path) as stream:
            try:
                reader = pyarrow.csv.open_csv(
                    stream,
                    read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK),
                    parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
                    convert_options=pyarrow.csv.ConvertOptions(
                        include_columns=known, column_types=dict.fromkeys(known, pa.string()), strings_can_be_null=False
                    ),
                )
                for batch in reader:
                    yield dict(zip(known, batch.columns, strict=True))
            except pa.ArrowInvalid as error:
                if "Empty CSV file" not in str(error):  # a header alone is a log without transactions
                    raise self._unparsable(error) from None

    def _header(self) -> list[str]:
        with _Bytes(self.path) as stream:
            start = stream.read(_HEADER)
        text = start.decode("utf-8-sig", errors="ignore")  # checked by the stream; the cut may fall inside a character
        if len(start) == _HEADER and "\n" not in text and "\r" not in text:
            raise BadInput(Problem("line 1", f"expected a header of at most {_HEADER:,} bytes"), str(self.path))
        try:
            names = next((row for row in csv.reader(io.StringIO(text, newline="")) if row), [])
        except csv.Error as error:
            raise BadInput(Problem("line 1", f"expected a header: {error}"), str(self.path)) from None
        if not names:
            raise BadInput(Problem("line 1", "expected a header: " + ", ".join(REQUIRED) + " ..."), str(self.path))
        for mark, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if len(names) == 1 and set(REQUIRED) <= set(names[0].split(mark)):
                message = f"expected columns separated by commas, found {called}"
                raise BadInput(Problem("line 1", message, names[0]), str(self.path))
        return names

    def _rows(self) -> Iterator[tuple[int, int, list[str]]]:
        """Row number, line and cells of every row, read slowly with the standard library; ends where that cannot read on."""
        with _Bytes(self.path) as stream:
            text = io.TextIOWrapper(io.BufferedReader(stream), "utf-8-sig", newline="")
            reader = csv.reader(text)
            row, line = -1, 1
            try:
                for cells in reader:
                    if cells:  # blank lines are no rows
                        row += 1
                        if row:
                            yield row, line, cells
                    line = reader.line_num + 1
            except (csv.Error, BadInput):
                return

    def _unparsable(self, error: pa.ArrowInvalid) -> BadInput:
        source, said = str(self.path), str(error)
        if "straddling" in said:
            message = f"expected rows of at most {_BLOCK:,} bytes: is a quotation mark left open?"
            return BadInput(Problem("", message), source)
        width = len(self.header)
        problems = []
        for row, line, cells in self._rows():
            if len(cells) != width:
                message = f"expected {width} cells like the header, found {len(cells)}"
                problems.append(Problem(f"row {row} (line {line})", message, ",".join(cells)))
                if len(problems) == MOST_PROBLEMS:
                    break
        return BadInput(problems or Problem("", "expected CSV: " + said.splitlines()[0]), source)


class _Bytes(io.RawIOBase):
    """The bytes of a CSV file, unpacked if they are gzip, and refused where they are not UTF-8 text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._opened: list[Any] = []
        self._source = str(path)
        self._count = 0  # bytes given so far
        self._rest = b""  # the beginning of a character at the end of the last piece
        with reading(path):
            self._opened += _unpacked(path)
        self._stream = self._opened[-1]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        try:
            with reading(self._source):
                data: bytes = self._stream.read(size)
        except (EOFError, zlib.error) as error:
            raise BadInput(Problem("", f"expected a whole gzip file: {error}"), self._source) from None
        if not self._count and data.startswith((b"\xff\xfe", b"\xfe\xff")):
            message = "expected UTF-8 text, found UTF-16; save the file as CSV in UTF-8"
            raise BadInput(Problem("line 1", message), self._source)
        self._check(data)
        self._count += len(data)
        return data

    def _check(self, data: bytes) -> None:
        zero = data.find(b"\0")
        if zero >= 0:
            self._refuse(data, zero, "expected text, found a zero byte")
        if not self._rest and data.isascii():
            return
        text = self._rest + data
        try:
            _, used = codecs.utf_8_decode(text, "strict", not data)
        except UnicodeDecodeError as error:
            self._refuse(data, error.start - len(self._rest), "expected UTF-8 text; save the file as CSV in UTF-8")
        self._rest = text[used:]

    def _refuse(self, data: bytes, at: int, message: str) -> None:
        offset = self._count + at
        before = data[:at].count(b"\n") + _line_breaks(self._source, self._count)
        place = f"line {before + 1}, byte {offset}"
        byte = (self._rest + data)[len(self._rest) + at]
        raise BadInput(Problem(place, message, f"byte 0x{byte:02x}"), self._source)

    def close(self) -> None:
        if not self.closed:
            for each in reversed(self._opened):
                each.close()
        super().close()


def _unpacked(path: str | Path) -> list[Any]:
    """The open file, and around it the unpacking stream if it is gzip: the last one is to be read, all are to be closed."""
    file = open(path, "rb")  # noqa: SIM115 - the caller closes it
    return [file, gzip.GzipFile(fileobj=file)] if file.peek(2).startswith(b"\x1f\x8b") else [file]


def _line_breaks(path: str, end: int) -> int:
    """Line breaks among the first ``end`` (unpacked) bytes of a file that was read so far before."""
    found = 0
    with ExitStack() as stack:
        stream = [stack.enter_context(each) for each in _unpacked(path)][-1]
        while end > 0 and (data := stream.read(min(end, _BLOCK))):
            found += data.count(b"\n")
            end -= len(data)
    return found


class ParquetSource:
    """A Parquet file; numbers, dates and texts in any of its types that hold them exactly."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _guarded(path), path.open("rb") as stream:
            schema = pyarrow.parquet.ParquetFile(stream).schema_arrow
        _check_header(schema.names, str(path), "schema")
        self.types = {name: schema.field(name).type for name in COLUMNS if name in schema.names}
        problems = [
            Problem(f"schema, column {name}", f"expected {expected}", str(kind))
            for name, kind in self.types.items()
            if (expected := _expected_kind(name, kind)) is not None
        ]
        if problems:
            raise BadInput(problems, str(path))

    def place(self, rows: Iterable[int]) -> dict[int, str]:
        """``row 17`` for each row number."""
        return {row: f"row {row}" for row in rows}

    def batches(self) -> Iterator[Columns]:
        """The known columns, as text arrays without nulls, piece by piece. Raises BadInput where the file is damaged."""
        names = list(self.types)
        with _guarded(self.path), self.path.open("rb") as stream:
            file = pyarrow.parquet.ParquetFile(stream)
            for batch in file.iter_batches(_ROWS, columns=names):
                yield {name: self._as_text(name, batch.column(name)) for name in names}

    def _as_text(self, name: str, column: pa.Array) -> pa.Array:
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if name in DATES and not _is_text(column.type):
            try:
                column = column.cast(pa.date32())
            except pa.ArrowInvalid:
                message = "expected dates, found a time of day as well"
                raise BadInput(Problem(f"column {name}", message, str(column.type)), str(self.path)) from None
        text = pc.fill_null(column.cast(pa.string()), "")
        text.validate(full=True)  # a Parquet file may say of any bytes that they are UTF-8
        return text


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Turns pyarrow's complaints about a damaged file into BadInput."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        said = (str(error).splitlines() or [""])[0]
        raise BadInput(Problem("", f"expected a whole Parquet file: {said}"), str(path)) from error


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view()


def _expected_kind(name: str, kind: pa.DataType) -> str | None:
    """What a column should hold, where its Parquet type cannot give that exactly; None where it can."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if _is_text(kind) or pa.types.is_null(kind):
        return None
    if name in DATES:
        return None if pa.types.is_date(kind) or pa.types.is_timestamp(kind) else "dates or text"
    if name in NUMBERS:
        fits = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        return None if fits else "numbers or text"
    return None if pa.types.is_integer(kind) and name != "event" else "text"
