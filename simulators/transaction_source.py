"""Where a log of transactions comes from: CSV (plain or gzip) or Parquet, told by the first bytes, read in pieces of bounded size.

A source gives the known columns as text; what the text means is the business of ``simulators.transactions``.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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
TEXTS = ("member_id", "event", "order_id", "refund_of", "category", "channel", "action", "referrer")
COLUMNS = (
    "member_id", "date", "posted", "event", "amount", "points", "order_id", "refund_of", "category", "channel", "action",
    "birthday", "discount", "tax", "delivery", "referrer",
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


def open_source(path: str | Path, also: tuple[str, ...] = ()) -> "CsvSource | ParquetSource":
    """The source of a file. ``also`` names further columns of text that have to be there. Raises BadInput: no such ordinary file, empty,
    not a table, a required column missing."""
    file = regular_file(path, "a file of transactions")
    with reading(path), file.open("rb") as stream:
        start = stream.read(8)
    if not start:
        raise BadInput(Problem("line 1", "expected a header, the file is empty"), str(path))
    if start.startswith(b"PAR1"):
        return ParquetSource(file, also)
    if start.startswith(b"PK\x03\x04"):
        raise BadInput(
            Problem("", "expected CSV or Parquet, found a ZIP archive or a spreadsheet: save it as CSV"), str(path)
        )
    return CsvSource(file, also)


def _check_header(names: list[str], source: str, place: str, also: tuple[str, ...]) -> None:
    """Raise BadInput where a required column is missing or a known one stands twice."""
    unknown = [name for name in names if name not in COLUMNS]
    problems = [
        Problem(f"{place}, column {name}", "expected this column, which was asked for", None, nearest(name, names))
        for name in also
        if name not in names
    ]
    problems += [
        Problem(f"{place}, column {name}", "missing: this column is required", None, nearest(name, unknown))
        for name in REQUIRED
        if name not in names
    ]
    problems += [
        Problem(f"{place}, column {name}", f"expected the column once, found it {names.count(name)} times")
        for name in _wanted(also)
        if names.count(name) > 1
    ]
    if problems:
        raise BadInput(problems, source)


def _wanted(also: tuple[str, ...]) -> tuple[str, ...]:
    return COLUMNS + tuple(name for name in also if name not in COLUMNS)


class CsvSource:
    """A CSV file with a header line. When made, the whole file is gone through once, to see that it is UTF-8 text to its end."""

    def __init__(self, path: Path, also: tuple[str, ...] = ()) -> None:
        self.path = path
        self.wanted = _wanted(also)
        pieces = _checked(path)
        start, self.lines = next(pieces, (b"", 0))
        self.header = self._header(start[:_HEADER])
        _check_header(self.header, str(path), "header", also)
        for _, self.lines in pieces:
            pass

    @property
    def about(self) -> int:
        """About how many rows there are."""
        return self.lines

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
        known = [name for name in self.wanted if name in self.header]
        # pyarrow reads ahead in threads of its own: they are given a file of its own too, for an error of a Python file that
        # is raised there can end the process
        compression = "gzip" if _is_gzip(self.path) else None
        with reading(self.path), pa.input_stream(str(self.path), compression=compression) as stream:
            try:
                reader = pyarrow.csv.open_csv(
                    stream,
                    read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK),
                    parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
                    convert_options=pyarrow.csv.ConvertOptions(
                        include_columns=known, column_types=dict.fromkeys(known, pa.string()), strings_can_be_null=False
                    ),
                )
                with reader:
                    for batch in reader:
                        yield dict(zip(known, batch.columns, strict=True))
            except pa.ArrowInvalid as error:
                if "Empty CSV file" not in str(error):  # a header alone is a log without transactions
                    raise self._unparsable(error) from None

    def _header(self, start: bytes) -> list[str]:
        text = start.decode("utf-8-sig", errors="ignore")  # it is UTF-8, but the cut may fall inside a character
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
        with _unpacked(self.path) as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
            reader = csv.reader(text)
            row, line = -1, 1
            try:
                for cells in reader:
                    if cells:  # blank lines are no rows
                        row += 1
                        if row:
                            yield row, line, cells
                    line = reader.line_num + 1
            except csv.Error:
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


def _is_gzip(path: Path) -> bool:
    with reading(path), path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _unpacked(path: Path) -> Any:
    """The file opened to read bytes, unpacked if they are gzip."""
    return gzip.open(path) if _is_gzip(path) else path.open("rb")


def _checked(path: Path) -> Iterator[tuple[bytes, int]]:
    """The unpacked bytes of a file in pieces, each seen to be UTF-8 text, with the number of lines that end in it or before. Raises
    BadInput naming line and byte."""
    given = lines = 0
    rest = b""  # the beginning of a character at the end of the last piece
    try:
        with reading(path), _unpacked(path) as stream:
            while True:
                data = stream.read(_BLOCK)
                if not given and data.startswith((b"\xff\xfe", b"\xfe\xff")):
                    message = "expected UTF-8 text, found UTF-16; save the file as CSV in UTF-8"
                    raise BadInput(Problem("line 1", message), str(path))
                piece = rest + data
                try:
                    rest = piece[_decoded(piece, last=not data) :]
                except UnicodeDecodeError as error:
                    place = (
                        f"line {lines + piece.count(10, 0, error.start) + 1}, byte {given - len(rest) + error.start}"
                    )
                    message = (
                        "expected text, found a zero byte"
                        if error.reason == _ZERO
                        else "expected UTF-8 text; save the file as CSV in UTF-8"
                    )
                    raise BadInput(Problem(place, message, f"byte 0x{piece[error.start]:02x}"), str(path)) from None
                if not data:
                    return
                given += len(data)
                lines += data.count(b"\n")
                yield data, lines
    except (EOFError, zlib.error) as error:
        raise BadInput(Problem("", f"expected a whole gzip file: {error}"), str(path)) from None


_ZERO = "zero byte"


def _decoded(piece: bytes, last: bool) -> int:
    """How many bytes of a piece are whole characters. Raises UnicodeDecodeError, also for a zero byte."""
    zero = piece.find(b"\0")
    used = (
        len(piece)
        if piece.isascii()
        else codecs.utf_8_decode(piece[: zero if zero >= 0 else None], "strict", last or zero >= 0)[1]
    )
    if zero >= 0:
        raise UnicodeDecodeError("utf-8", piece, zero, zero + 1, _ZERO)
    return used


class ParquetSource:
    """A Parquet file; numbers, dates and texts in any of its types that hold them exactly."""

    def __init__(self, path: Path, also: tuple[str, ...] = ()) -> None:
        self.path = path
        with _guarded(path), pa.OSFile(str(path)) as stream:
            file = pyarrow.parquet.ParquetFile(stream)
            schema = file.schema_arrow
            self.about = int(file.metadata.num_rows)
            """How many rows there are."""
        _check_header(schema.names, str(path), "schema", also)
        self.types = {name: schema.field(name).type for name in _wanted(also) if name in schema.names}
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
        with _guarded(self.path), pa.OSFile(str(self.path)) as stream:
            file = pyarrow.parquet.ParquetFile(stream)
            for batch in file.iter_batches(_ROWS, columns=names):
                yield {name: self._as_text(name, batch.column(name)) for name in names}

    def _as_text(self, name: str, column: pa.Array) -> pa.Array:
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if name in DATES and not _is_text(column.type) and not pa.types.is_null(column.type):
            days = column.cast(pa.date32())  # drops a time of day without a word
            if not days.cast(column.type).equals(column):
                message = "expected dates, found a time of day as well"
                raise BadInput(Problem(f"column {name}", message, str(column.type)), str(self.path))
            column = days
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
        local = pa.types.is_timestamp(kind) and kind.tz is None  # in another zone it may be another day
        return None if pa.types.is_date(kind) or local else "dates or text"
    if name in NUMBERS:
        fits = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        return None if fits else "numbers or text"
    return None if pa.types.is_integer(kind) and name != "event" else "text"
