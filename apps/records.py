"""A company's own records as they come in from a browser: looked at before they are read, bounded, and kept in a folder of the session's own.

Nothing here trusts a name or a size that somebody else wrote down: the kind of a file is told by its first bytes and its header, what is packed is
unpacked to a limit, and a name is only ever shown.
"""

import csv
import gzip
import hashlib
import io
import shutil
import tempfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from simulators.replay import replay_log
from simulators.transactions import Transactions
from workbench.errors import BadInput, Problem
from workbench.files import reading
from workbench.finance.accounting.cohort_file import read_cohorts
from workbench.finance.triangle import month_of
from workbench.finance.triangle_file import read_ledger, read_triangle
from workbench.program.spec import Program
from workbench.units import to_day

__all__ = ["LARGEST", "LARGEST_PLAIN", "Kind", "Kept", "Records", "Shelf", "month_end"]

LARGEST = 32 * 2**20
"""Bytes of a file that a browser sends."""
LARGEST_PLAIN = 256 * 2**20
"""Bytes that it may come to when it is unpacked."""
_STEP = 2**20
Kind = Literal["ledger", "cohorts", "triangle"]
_HEADER = 2**16


@dataclass(frozen=True)
class Records:
    """One file that was taken in."""

    name: str
    """As the sender calls it; shown, and never opened."""
    path: Path
    kind: Kind
    first_month: int
    last_month: int
    """The months (since January 1970) that it tells of."""
    sha256: str
    """Of the bytes that came in."""
    last_day: date | None = None
    """The day of the last entry, of a ledger."""
    replayed: str = ""
    """Title of the program through whose rules a log of transactions became this ledger."""
    refused: int = 0
    """Redemptions that the rules refused in that replay."""


@dataclass(frozen=True)
class Kept:
    """A file that was taken in as it is: bounded and unpacked, and not read."""

    name: str
    path: Path
    sha256: str
    """Of the bytes that came in."""


def month_end(month: int) -> date:
    """The last day of a month (since January 1970)."""
    following = np.datetime64(month + 1, "M").astype("datetime64[D]")
    found: date = (following - 1).astype(date)
    return found


class Shelf:
    """The files of one session, in a folder that goes with it."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._count = 0

    def take(self, name: str, data: bytes, program: Program) -> Records:
        """Take a file in: a ledger, a table of cohorts, a triangle; or a log of transactions, which is replayed through the program's rules first.

        Raises BadInput with what is wrong; nothing is kept then."""
        if len(data) > LARGEST:
            raise BadInput(
                Problem("", f"expected at most {LARGEST // 2**20} MB; the command line takes larger files"), name
            )
        try:
            return _read(self._place(data), name, hashlib.sha256(data).hexdigest(), program)
        except BadInput as error:
            self._forget()
            raise BadInput(error.problems, name, error.more) from error

    def keep(self, name: str, data: bytes) -> Kept:
        """Take a file in for a reader that checks it itself. Raises BadInput where it is too large, also when unpacked; nothing is kept then."""
        if len(data) > LARGEST:
            raise BadInput(
                Problem("", f"expected at most {LARGEST // 2**20} MB; the command line takes larger files"), name
            )
        try:
            path = self._place(data)
            _bounded(path)
        except BadInput as error:
            self._forget()
            raise BadInput(error.problems, name, error.more) from error
        except (pa.ArrowException, OSError) as error:
            self._forget()
            first = (str(error).splitlines() or [""])[0]
            raise BadInput(Problem("", f"expected a whole Parquet file: {first}"), name) from error
        return Kept(name, path, hashlib.sha256(data).hexdigest())

    @property
    def folder(self) -> Path:
        """The folder, for what is made of the files; it goes with them."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="loyalty-"))
        return self._folder

    def _forget(self) -> None:
        """Remove the files of the last one taken in."""
        if self._folder is not None:
            for each in self._folder.glob(f"{self._count:04d}*"):
                each.unlink()

    def _place(self, data: bytes) -> Path:
        self._count += 1
        parquet = data[:4] == b"PAR1"
        path = self.folder / f"{self._count:04d}{'.parquet' if parquet else '.csv'}"
        path.write_bytes(data if parquet else _plain(data))
        return path

    def close(self) -> None:
        """Remove them all."""
        if self._folder is not None:
            with suppress(OSError):
                shutil.rmtree(self._folder)
            self._folder = None


def _plain(data: bytes) -> bytes:
    """What a gzip file holds, or the file itself; never more than is allowed."""
    if data[:4] == b"PK\x03\x04":
        message = "expected CSV, gzip or Parquet, found a ZIP archive or a spreadsheet: save the sheet as CSV"
        raise BadInput(Problem("", message))
    if data[:2] != b"\x1f\x8b":
        return data
    found = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            while piece := stream.read(_STEP):
                found += piece
                if len(found) > LARGEST_PLAIN:
                    raise BadInput(Problem("", f"expected at most {LARGEST_PLAIN // 2**20} MB when unpacked"))
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(Problem("", f"expected a whole gzip file: {error}")) from error
    return bytes(found)


def _read(path: Path, name: str, digest: str, program: Program) -> Records:
    """Every reader checks its whole file and says all that is wrong with it."""
    columns = _columns(path)
    if "issue_month" in columns:
        triangle = read_triangle(path)
        return Records(name, path, "triangle", triangle.first_month, triangle.valuation, digest)
    if "cohort" in columns:
        books = read_cohorts(path)
        return Records(name, path, "cohorts", books.first_month, books.first_month + books.months - 1, digest)
    if "lot_earned_on" in columns:
        return _ledger(path, name, digest)
    if {"member_id", "event"} <= columns:
        return _replayed(path, name, digest, program)
    message = (
        "expected the columns of a ledger (lot_earned_on), a table of cohorts (cohort, month), a triangle (issue_month) or a log of transactions "
        "(member_id, date, event)"
    )
    raise BadInput(Problem("header", message, ", ".join(sorted(columns)[:8]) or None))


def _columns(path: Path) -> set[str]:
    with reading(path), path.open("rb") as stream:
        start = stream.read(_HEADER)
    if start[:4] == b"PAR1":
        try:
            return set(pyarrow.parquet.read_schema(path).names)
        except (pa.ArrowException, OSError) as error:
            first = (str(error).splitlines() or [""])[0]
            raise BadInput(Problem("", f"expected a whole Parquet file: {first}")) from error
    if not start.strip():
        raise BadInput(Problem("line 1", "expected a header, the file is empty"))
    try:
        line = start.decode("utf-8-sig", "replace").splitlines()[0]
        return {cell.strip() for cell in next(csv.reader([line]))}
    except (csv.Error, StopIteration) as error:
        raise BadInput(Problem("line 1", f"expected a header of CSV: {error}")) from error


def _ledger(path: Path, name: str, digest: str) -> Records:
    _bounded(path)
    events = read_ledger(path)
    if not len(events.day):
        raise BadInput(Problem("", "expected entries below the header"))
    months = month_of(np.array([int(events.day.min()), int(events.day.max())]))
    last = np.datetime64(int(events.day.max()), "D").astype(date)
    return Records(name, path, "ledger", int(months[0]), int(months[1]), digest, last)


def _bounded(path: Path) -> None:
    """A Parquet file says how large its columns are when unpacked; whoever packed it says so, so the rows are counted as well."""
    with path.open("rb") as stream:
        if stream.read(4) != b"PAR1":
            return
    with pa.OSFile(str(path)) as opened:
        found = pyarrow.parquet.ParquetFile(opened).metadata
        size = sum(found.row_group(k).total_byte_size for k in range(found.num_row_groups))
        if size > LARGEST_PLAIN or found.num_rows > 20_000_000:
            raise BadInput(Problem("", f"expected at most {LARGEST_PLAIN // 2**20} MB when unpacked"))


def _replayed(path: Path, name: str, digest: str, program: Program) -> Records:
    """A log through the program's rules, to the end of its last month."""
    _bounded(path)
    last = max((int(batch.posted.max()) for batch in Transactions(path)), default=None)
    if last is None:
        raise BadInput(Problem("", "expected transactions below the header"))
    until = month_end(int(month_of(np.array([last]))[0]))
    ledger = path.with_name(f"{path.name.partition('.')[0]}_ledger.parquet")
    found = replay_log(program, path, as_of=until, ledger=ledger, name=program.title)
    events = read_ledger(ledger)
    if not len(events.day):
        raise BadInput(Problem("", "expected transactions by which points are earned"))
    first = int(month_of(np.array([int(events.day.min())]))[0])
    end = int(month_of(np.array([to_day(until)]))[0])
    return Records(name, ledger, "ledger", first, end, digest, until, program.title, found.refused)
