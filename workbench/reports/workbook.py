"""Spreadsheets: cells of known kinds, written so that no name becomes a formula, and the same content is the same bytes.

A formula goes in with its value beside it, as a spreadsheet would have computed it; a reader that recalculates comes to the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from workbench.files import atomic_path

__all__ = ["Book", "Cell", "Formula", "Sheet", "column", "workbook"]

FORMATS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "note": {"italic": True, "font_color": "#555555"},
    "head": {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#EEEEEE"},
    "unit": {"italic": True, "font_color": "#555555", "bg_color": "#EEEEEE"},
    "text": {},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "points": {"num_format": "#,##0"},
    "money": {"num_format": "#,##0.00;[Red]-#,##0.00"},
    "exact": {"num_format": "#,##0.0000000000"},
    "units": {"num_format": "#,##0.0000"},
    "share": {"num_format": "0.00%"},
    "truth": {"bold": True, "align": "center"},
    "bold": {"bold": True},
    "bold_money": {"bold": True, "num_format": "#,##0.00;[Red]-#,##0.00", "top": 1},
    "bold_points": {"bold": True, "num_format": "#,##0", "top": 1},
}


@dataclass(frozen=True)
class Formula:
    """A live formula and its value."""

    text: str
    value: float | bool
    style: str = "money"


@dataclass(frozen=True)
class Cell:
    """A value in a style of ``FORMATS``."""

    value: str | float | bool | date | None
    style: str = "text"


def column(place: int) -> str:
    """The letters of a column, counted from 0."""
    return str(xl_col_to_name(place))


@contextmanager
def workbook(path: Path, created: date, title: str, comments: str) -> "Iterator[Book]":
    """A workbook that appears as a whole when the block ends, or not at all. ``created`` stands in the file as its day."""
    with atomic_path(path) as temporary:
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        inner = xlsxwriter.Workbook(str(temporary), options)
        inner.set_properties(
            {"title": title, "comments": comments, "created": datetime(created.year, created.month, created.day)}
        )
        yield Book(inner)
        inner.close()


class Book:
    """A workbook under way."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.styles = {name: inner.add_format(style) for name, style in FORMATS.items()}

    def sheet(self, name: str, title: str, note: str, widths: Sequence[int]) -> "Sheet":
        """A new sheet with its title and a line that says what it is; column widths in characters."""
        inner = self.inner.add_worksheet(name)
        for place, width in enumerate(widths):
            inner.set_column(place, place, width)
        found = Sheet(self, name, inner, widths)
        found.row([Cell(title, "title")])
        found.row([Cell(note, "note")])
        found.row([])
        return found


class Sheet:
    """A sheet, written row by row."""

    def __init__(self, book: Book, name: str, inner: Any, widths: Sequence[int]) -> None:
        self.book, self.name, self.inner, self.widths = book, name, inner, widths
        self.next = 0
        """The row that comes next, counted from 0."""

    @property
    def line(self) -> int:
        """The number of the row that comes next, as formulas call it."""
        return self.next + 1

    def row(self, cells: Sequence[Cell | Formula | str | int | float | bool | date | None], style: str = "text") -> int:
        """Write a row; plain values take ``style``. Returns its number, as formulas call it."""
        for place, cell in enumerate(cells):
            self._write(place, cell if isinstance(cell, Cell | Formula) else Cell(cell, style))
        self.next += 1
        return self.next

    def head(self, names: Sequence[str], freeze: bool = True) -> int:
        """A row of headings."""
        found = self.row([Cell(name, "head") for name in names])
        if freeze:
            self.inner.freeze_panes(self.next, 1)
        return found

    def _write(self, place: int, cell: Cell | Formula) -> None:
        style = self.book.styles[cell.style]
        value = cell.value
        if isinstance(cell, Formula):
            self.inner.write_formula(self.next, place, cell.text, style, value)
        elif value is None:
            self.inner.write_blank(self.next, place, None, style)
        elif isinstance(value, bool):
            self.inner.write_boolean(self.next, place, value, style)
        elif isinstance(value, date):
            self.inner.write_datetime(self.next, place, datetime(value.year, value.month, value.day), style)
        elif isinstance(value, str):
            self.inner.write_string(self.next, place, value[:32_767], style)
        else:
            self.inner.write_number(self.next, place, value, style)
