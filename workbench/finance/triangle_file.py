"""Triangles from files: a ledger as ``loyalty replay --ledger`` writes it, or a triangle of the company's own.

A triangle of one's own is CSV, one row for each month (or quarter) of issue without gaps, amounts as whole points:

    issue_month,issued,0,1,2,3          or 2024-Q1 for quarters; 0, 1, 2 ... are ages in periods
    2024-01,1000,200,150,100,50         redeemed at each age (not cumulative), 0 where nothing was
    2024-02,1000,220,160,90,            empty where the age is not reached yet

Further columns, each optional: ``expired`` and ``reversed`` (points to date), ``usable_until`` (the last month in which points of the row may be
used, ``never`` where they do not lapse), ``currency``, ``unit`` (the same in every row). What comes from such a file is an ESTIMATE.
"""

import csv
import io
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from workbench.errors import BadInput, Problem, nearest
from workbench.files import reading, regular_file
from workbench.finance.ledger_file import days, kind_codes, ledger_columns
from workbench.finance.triangle import Events, Triangle, month_name
from workbench.ledger_table import Ints
from workbench.units import MAX_POINTS, NEVER

__all__ = ["is_ledger", "read_ledger", "read_triangle", "valuation_month"]

LARGEST = 2**24
"""Bytes of a triangle's file."""
MOST_PROBLEMS = 20
LEDGER = {
    "member_id": pa.string(), "date": pa.date32(), "kind": pa.string(), "points": pa.int64(), "lot_earned_on": pa.date32(),
    "expires_on": pa.date32(),
}  # fmt: skip
"""The columns of a ledger that a triangle needs."""


def valuation_month(day: date, option: str = "--valuation") -> int:
    """The month that ends on a day, months since January 1970. Raises BadInput for any other day: the flows of a part of a month are not
    those of a month."""
    end = (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if day != end:
        before = day.replace(day=1) - timedelta(days=1)
        near = end if end - day <= day - before else before
        raise BadInput(Problem(option, "expected the last day of a month", day.isoformat(), near.isoformat()))
    return 12 * (day.year - 1970) + day.month - 1


# --- ledgers -----------------------------------------------------------------------------------------------------------
def is_ledger(path: str | Path) -> bool:
    """Whether a file looks like a ledger rather than a triangle, by its first bytes. Raises BadInput where it cannot be read."""
    file = regular_file(path, "a ledger or a triangle")
    with reading(file), file.open("rb") as stream:
        start = stream.read(4096)
    return start[:4] == b"PAR1" or start[:2] == b"\x1f\x8b" or b"lot_earned_on" in start.split(b"\n", 1)[0]


def read_ledger(path: str | Path) -> Events:
    """The entries of a ledger's file (CSV, plain or gzip, or Parquet), members numbered in the order they come.

    Raises BadInput: no such file, a column missing, cells that are none, an unknown kind."""
    table = ledger_columns(path, LEDGER, ("member_id", "date", "kind", "points"))
    return Events(
        member=np.asarray(table["member_id"].combine_chunks().dictionary_encode().indices, dtype=np.int64),
        kind=kind_codes(table["kind"], str(path)),
        points=np.asarray(table["points"], dtype=np.int64),
        day=days(table["date"]),
        earned_on=days(table["lot_earned_on"]),
        expires_on=days(table["expires_on"]),
    )


# --- a triangle of one's own -------------------------------------------------------------------------------------------
_MONTH = re.compile(r"(\d{4})-(\d{2})(?:-\d{2})?")
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.IGNORECASE)
_EXTRA = ("expired", "reversed", "usable_until", "currency", "unit")
_Cell = tuple[str, str]
"""Where, and what."""


def read_triangle(path: str | Path) -> Triangle:
    """A triangle of one's own. Raises BadInput with every problem: gaps in months, cells that are no whole points, cells missing or beyond the
    valuation, more redeemed than issued, two currencies or units."""
    file = regular_file(path, "a triangle", LARGEST)
    with reading(file):
        data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            Problem(f"byte {error.start}", "expected UTF-8 text; save the file as CSV in UTF-8"), str(path)
        ) from None
    try:
        rows = [(k, row) for k, row in enumerate(csv.reader(io.StringIO(text)), 1) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise BadInput(Problem("", f"expected CSV: {error}"), str(path)) from None
    return _TriangleReader(rows, str(path)).read()


class _TriangleReader:
    """Gathers every problem of a triangle's rows while it reads them."""

    def __init__(self, rows: list[tuple[int, list[str]]], source: str) -> None:
        self.source = source
        self.problems: list[Problem] = []
        header = [cell.strip() for cell in rows[0][1]] if rows else []
        self.ages = [name for name in header if name.isdecimal()]
        self._check_header(header)
        self.rows = [(line, dict(zip(header, map(str.strip, row), strict=False))) for line, row in rows[1:]]
        for line, row in rows[1:]:
            if len(row) != len(header):
                self._say(f"line {line}", f"expected {len(header)} cells like the header, found {len(row)}")
        if not self.rows:
            self._say("", "expected a row for each month of issue, found none")
        self._stop()

    def _check_header(self, header: list[str]) -> None:
        known = ("issue_month", "issued", *_EXTRA)
        for name in ("issue_month", "issued"):
            if name not in header:
                self._say(f"header, column {name}", "missing: this column is required", None, nearest(name, header))
        for name in dict.fromkeys(header):
            if header.count(name) > 1:
                self._say(f"header, column {name}", f"expected the column once, found it {header.count(name)} times")
            elif name not in known and not name.isdecimal():
                self._say(
                    f"header, column {name}",
                    "expected an age (0, 1, 2, ...) or one of: " + ", ".join(known),
                    name,
                    nearest(name, known),
                )
        if [int(age) for age in self.ages] != list(range(len(self.ages))) or not self.ages:
            self._say("header", "expected the ages 0, 1, 2, ... in order, without gaps", ",".join(self.ages) or None)
        self._stop()

    def read(self) -> Triangle:
        """The triangle. Raises BadInput with every problem found."""
        first, months = self._periods()
        count, ages = len(self.rows), len(self.ages)
        redeemed, filled = self._cells(count, ages)
        periods = _periods_known(filled)
        latest = np.minimum(periods - 1 - np.arange(count), ages - 1)
        self._check_shape(filled, latest)
        totals = {name: self._column(name, required=name == "issued") for name in ("issued", "expired", "reversed")}
        self._same("currency")
        self._same("unit")
        last_age = self._last_ages(first, months)
        self._stop()
        flows = {name: np.zeros((count, ages), dtype=np.int64) for name in totals}
        flows["issued"][:, 0] = totals["issued"]
        for name in ("expired", "reversed"):
            flows[name][np.arange(count), latest] = totals[name]
        valuation = first + months * periods - 1
        found = Triangle(
            first, valuation, flows["issued"], redeemed, flows["expired"], flows["reversed"], last_age, months,
            basis="ESTIMATE", currency=next((row.get("currency", "") for _, row in self.rows), ""),
        )  # fmt: skip
        self._check_sums(found)
        self._stop()
        return found

    def _periods(self) -> tuple[int, int]:
        """The first month, and the months of a period."""
        parsed = [_period(row["issue_month"]) for _, row in self.rows]
        for (line, row), found in zip(self.rows, parsed, strict=True):
            if found is None:
                self._say(
                    f"line {line}, column issue_month",
                    "expected a month as 2024-03 or a quarter as 2024-Q1",
                    row["issue_month"],
                )
        self._stop()
        starts = [found for found in parsed if found is not None]
        months = starts[0][1]
        for (line, row), before, this in zip(self.rows[1:], starts, starts[1:], strict=False):
            if this[1] != months:
                self._say(
                    f"line {line}, column issue_month", "expected months or quarters throughout", row["issue_month"]
                )
            elif this[0] != before[0] + months:
                self._say(
                    f"line {line}, column issue_month",
                    f"expected {_written(before[0] + months, months)}: no month may be left out",
                    row["issue_month"],
                )
        self._stop()
        return starts[0]

    def _cells(self, count: int, ages: int) -> tuple[Ints, Any]:
        redeemed = np.zeros((count, ages), dtype=np.int64)
        filled = np.zeros((count, ages), dtype=np.bool_)
        for k, (line, row) in enumerate(self.rows):
            for age in range(ages):
                text = row.get(str(age), "")
                filled[k, age] = bool(text)
                redeemed[k, age] = self._points((f"line {line}, column {age}", text), least=-MAX_POINTS) if text else 0
        return redeemed, filled

    def _check_shape(self, filled: Any, latest: Ints) -> None:
        for k, (line, _) in enumerate(self.rows):
            for age in range(filled.shape[1]):
                if age <= latest[k] and not filled[k, age]:
                    self._say(
                        f"line {line}, column {age}",
                        "expected points redeemed, 0 where nothing was: the age is reached, the cell is empty",
                    )
                if age > latest[k] and filled[k, age]:
                    self._say(
                        f"line {line}, column {age}",
                        "expected an empty cell: by the other rows this age is not reached yet",
                    )

    def _column(self, name: str, required: bool) -> Ints:
        values = [
            self._points((f"line {line}, column {name}", text)) if (text := row.get(name, "")) or required else 0
            for line, row in self.rows
        ]
        return np.array(values, dtype=np.int64)

    def _points(self, cell: _Cell, least: int = 0) -> int:
        place, text = cell
        plain = re.fullmatch(r"[+-]?\d{1,15}(\.0*)?", text)
        value = int(text.split(".")[0]) if plain else None
        if value is None or not least <= value <= MAX_POINTS:
            what = "whole points from 0" if least == 0 else "whole points"
            self._say(place, f"expected {what}, at most {MAX_POINTS:,}, without separators", text)
            return 0
        return value

    def _same(self, name: str) -> None:
        values = list(dict.fromkeys(row.get(name, "") for _, row in self.rows))
        if len(values) > 1:
            self._say(
                f"column {name}", f"expected one {name} in every row, found {len(values)}", ", ".join(map(repr, values))
            )

    def _last_ages(self, first: int, months: int) -> Ints | None:
        if not any(row.get("usable_until") for _, row in self.rows):
            return None
        found = []
        for k, (line, row) in enumerate(self.rows):
            text, issue = row.get("usable_until", ""), first + months * k
            end = None if text == "never" else _period(text)
            if text == "never":
                found.append(NEVER)
            elif end is None or end[0] < issue:
                message = f"expected a month from {month_name(issue)} on, or never"
                self._say(f"line {line}, column usable_until", message, text)
            else:
                found.append((end[0] + end[1] - 1 - issue) // months)
        return np.array(found, dtype=np.int64)

    def _check_sums(self, found: Triangle) -> None:
        balance, cumulative = found.outstanding, found.cumulative
        for k, (line, _) in enumerate(self.rows):
            if balance[k] < 0:
                gone = int(found.redeemed_to_date[k] + found.expired_to_date[k])
                self._say(
                    f"line {line}",
                    f"expected at most {int(found.issued[k]):,} points redeemed and expired (issued less reversed)",
                    gone,
                )
            if cumulative[k].min() < 0:
                age = int(np.argmax(cumulative[k] < 0))
                self._say(
                    f"line {line}, column {age}",
                    "expected no more points given back than were redeemed before",
                    int(found.redeemed[k, age]),
                )

    def _say(self, place: str, message: str, value: object = None, suggestion: str | None = None) -> None:
        self.problems.append(Problem(place, message, value, suggestion))

    def _stop(self) -> None:
        if self.problems:
            raise BadInput(self.problems[:MOST_PROBLEMS], self.source, max(0, len(self.problems) - MOST_PROBLEMS))


def _periods_known(filled: Any) -> int:
    """How many periods most rows say are known, by the cells they fill (a row filled to its end only says: at least so many)."""
    told = np.arange(len(filled)) + filled.sum(axis=1)
    open_ended = filled.all(axis=1)
    if open_ended.all():
        return int(told.max())
    values, counts = np.unique(told[~open_ended], return_counts=True)
    return int(values[::-1][np.argmax(counts[::-1])])


def _period(text: str) -> tuple[int, int] | None:
    """First month and number of months of ``2024-03`` or ``2024-Q1``; None for anything else."""
    if found := _MONTH.fullmatch(text):
        year, month = int(found[1]), int(found[2])
        return (12 * (year - 1970) + month - 1, 1) if 1 <= month <= 12 and year >= 1900 else None
    if found := _QUARTER.fullmatch(text):
        return 12 * (int(found[1]) - 1970) + 3 * int(found[2]) - 3, 3
    return None


def _written(month: int, months: int) -> str:
    return month_name(month) if months == 1 else f"{1970 + month // 12:04d}-Q{month % 12 // 3 + 1}"
