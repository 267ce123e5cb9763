"""A table of cohorts of the company's own, as CSV: a row for each month of issue and month of event.

    cohort,month,issued,sales,redeemed,expired,reversed,ultimate
    2025-01,2025-01,10000,100000.00,4500,0,0,9500
    2025-01,2025-02,0,0,4000,0,0,9700

Required: ``cohort, month, issued, redeemed``; points are whole, and what happened in the month (not to date). Optional: ``given`` (of
``issued``, those without a sale), ``expired``, ``reversed``; ``sales`` (what the sales that issued the points came to, in major units)
or ``deferred`` (what was deferred for them, where that is in the books already); ``ultimate`` (expected ultimate redemption of the cohort
at the end of the month: it goes before any estimator); ``currency`` (the same in every row). Between the first and the last month each
has a row. What comes from such a file is an ESTIMATE.
"""

import csv
import io
import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

from workbench.errors import BadInput, Problem, nearest
from workbench.files import reading, regular_file
from workbench.finance.accounting.movements import SubLedger, blank, check, month_name, month_number
from workbench.units import CENTS, MAX_MONEY, MAX_POINTS

__all__ = ["read_cohorts"]

LARGEST = 2**26
MOST_PROBLEMS = 20
MOST_MONTHS = 1200
REQUIRED = ("cohort", "month", "issued", "redeemed")
POINTS = ("issued", "given", "redeemed", "expired", "reversed")
KNOWN = (*REQUIRED, "given", "expired", "reversed", "sales", "deferred", "ultimate", "currency")
_WHOLE = re.compile(r"-?[0-9]{1,15}")


def read_cohorts(path: str | Path) -> SubLedger:
    """The sub-ledger of a file of cohorts. Raises BadInput with every problem found: cells that are no numbers, two currencies, gaps in
    months, what a sub-ledger cannot hold (``movements.check``)."""
    file = regular_file(path, "a table of cohorts", LARGEST)
    with reading(file):
        data = file.read_bytes()
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    except UnicodeDecodeError as error:
        raise BadInput(Problem(f"byte {error.start}", "expected UTF-8 text"), str(path)) from None
    except csv.Error as error:
        raise BadInput(Problem("", f"expected CSV: {error}"), str(path)) from None
    return _Reader([(line, row) for line, row in enumerate(rows, 1) if any(map(str.strip, row))], str(path)).read()


class _Reader:
    """Gathers every problem of a table while it reads it."""

    def __init__(self, rows: list[tuple[int, list[str]]], source: str) -> None:
        self.source = source
        self.problems: list[Problem] = []
        header = [cell.strip() for cell in rows[0][1]] if rows else []
        for name in REQUIRED:
            if name not in header:
                self._say("header", f"missing column: {name}", None, nearest(name, header))
        for place, name in enumerate(header):
            if name not in KNOWN:
                self._say("header", "expected one of: " + ", ".join(KNOWN), name, nearest(name, KNOWN))
            elif name in header[:place]:
                self._say("header", "expected each column once", name)
        if "sales" in header and "deferred" in header:
            self._say(
                "header", "expected sales or deferred, not both: one would contradict the other", "sales, deferred"
            )
        self._stop()
        self.header = header
        for line, row in rows[1:]:
            if len(row) != len(header):
                self._say(f"line {line}", f"expected {len(header)} cells like the header", len(row))
        if len(rows) < 2:
            self._say("", "expected rows below the header")
        self._stop()
        self.rows = [(line, dict(zip(header, map(str.strip, row), strict=True))) for line, row in rows[1:]]

    def read(self) -> SubLedger:
        """The sub-ledger."""
        months = [(self._month(line, row, "cohort"), self._month(line, row, "month")) for line, row in self.rows]
        self._stop()
        first, last = min(map(min, months)), max(event for _, event in months)
        if last - first >= MOST_MONTHS:
            self._say("month", f"expected at most {MOST_MONTHS} months", f"{month_name(first)} to {month_name(last)}")
        self._stop()
        present = {event for _, event in months}
        for month in range(min(present), last + 1):
            if month not in present:
                self._say(
                    "month",
                    "expected a row for every month from the first to the last (zeros where nothing happened)",
                    month_name(month),
                )
        seen: dict[tuple[int, int], int] = {}
        tables = blank(last - first + 1)
        deferred = blank(last - first + 1)["spend"] if "deferred" in self.header else None
        ultimates: dict[tuple[int, int], Fraction] = {}
        for (line, row), (issue, event) in zip(self.rows, months, strict=True):
            at = issue - first, event - first
            if at in seen:
                self._say(
                    f"line {line}",
                    f"expected each cohort and month once; they stand on line {seen[at]}",
                    f"{row['cohort']}, {row['month']}",
                )
            seen[at] = line
            points = {name: self._points(line, row, name) for name in POINTS}
            if points["given"] > points["issued"]:
                self._say(f"line {line}, column given", "expected at most the points issued", points["given"])
            tables["sold"][at] = points["issued"] - points["given"]
            for name in POINTS[1:]:
                tables[name][at] = points[name]
            tables["spend"][at] = self._money(line, row, "sales")
            if deferred is not None:
                deferred[at] = self._money(line, row, "deferred")
            if row.get("ultimate"):
                ultimates[at] = self._ultimate(line, row)
        currency = self._currency()
        self._stop()
        books = SubLedger(first, **tables, deferred=deferred, ultimates=ultimates, basis="ESTIMATE", currency=currency)
        return check(books, self.source)

    def _month(self, line: int, row: dict[str, str], name: str) -> int:
        try:
            return month_number(row[name][:7])
        except ValueError:
            self._say(f"line {line}, column {name}", "expected a month, YYYY-MM", row[name])
            return 0

    def _points(self, line: int, row: dict[str, str], name: str) -> int:
        text = row.get(name) or "0"
        value = int(text) if _WHOLE.fullmatch(text) else None
        if value is None or abs(value) > MAX_POINTS or (value < 0 and name != "redeemed"):
            self._say(f"line {line}, column {name}", f"expected whole points from 0 to {MAX_POINTS:,}", text)
            return 0
        return value

    def _money(self, line: int, row: dict[str, str], name: str) -> int:
        value = self._decimal(row.get(name) or "0")
        if (
            value is None
            or not 0 <= value <= Decimal(MAX_MONEY)
            or value * CENTS != (value * CENTS).to_integral_value()
        ):
            self._say(
                f"line {line}, column {name}", "expected an amount from 0 with at most two decimals", row.get(name)
            )
            return 0
        return int(value * CENTS)

    def _ultimate(self, line: int, row: dict[str, str]) -> Fraction:
        value = self._decimal(row["ultimate"])
        if value is None or not 0 <= value <= MAX_POINTS:
            self._say(f"line {line}, column ultimate", "expected a number of points from 0", row["ultimate"])
            return Fraction(0)
        return Fraction(value)

    def _decimal(self, text: str) -> Decimal | None:
        try:
            value = Decimal(text) if len(text) <= 30 else None
        except InvalidOperation:
            return None
        return value if value is not None and value.is_finite() else None

    def _currency(self) -> str:
        names = sorted({row["currency"] for _, row in self.rows if row.get("currency")})
        if len(names) > 1:
            self._say("column currency", "expected one currency: amounts of several are not added", ", ".join(names))
        return names[0] if names else ""

    def _say(self, place: str, message: str, value: object = None, suggestion: str | None = None) -> None:
        self.problems.append(Problem(place, message, value, suggestion))

    def _stop(self) -> None:
        if self.problems:
            raise BadInput(self.problems[:MOST_PROBLEMS], self.source, max(0, len(self.problems) - MOST_PROBLEMS))
