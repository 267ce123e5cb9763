"""Floor 5: exhibits. A page, a deck and a workbook draw the same ones, each in its own way; so an exhibit holds numbers, not pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from workbench.reports.language import MINUS, Language

__all__ = [
    "NOTHING", "Column", "Exhibit", "Figure", "Graph", "Grid", "Kind", "Line", "Unit", "Value", "number_format", "shown", "unit_name",
]  # fmt: skip

Unit = Literal[
    "text", "count", "points", "members", "purchases", "days", "months", "money", "share", "rate", "whole_share", "change",
    "points_of_percent", "decimal", "factor", "month", "date",
]  # fmt: skip
"""How a number counts: ``share``, ``rate``, ``whole_share`` and ``change`` are fractions shown as per cent, with one, two, no and two
decimals, ``change`` with its sign; ``points_of_percent`` counts percentage points; ``money`` is in major units of the exhibit's currency."""
Value = str | float | int | date | None
Kind = Literal["columns", "stack", "lines", "area", "band", "bars", "dots"]
"""``columns``: side by side; ``stack``: on each other, what is negative downwards; ``band``: a line with its interval; ``bars``: lying;
``dots``: lying bars with their intervals."""
NOTHING = "–"
HUNDREDTHS = ("share", "rate", "whole_share", "change")
SIGNED = ("change", "points_of_percent")
DECIMALS = {"share": 1, "rate": 2, "whole_share": 0, "change": 2, "points_of_percent": 2, "decimal": 2, "factor": 4}


@dataclass(frozen=True)
class Line:
    """A series of a graph: a value for each category, with its interval where it has one."""

    name: str
    values: tuple[float | None, ...]
    color: str
    """#rrggbb."""
    dash: bool = False
    hatch: bool = False
    low: tuple[float | None, ...] | None = None
    high: tuple[float | None, ...] | None = None


@dataclass(frozen=True)
class Graph:
    """A graph: its title, which names the unit, and what is drawn."""

    name: str
    kind: Kind
    title: str
    categories: tuple[str | date, ...]
    """Dates are first days of months."""
    lines: tuple[Line, ...]
    unit: Unit
    axis: str = ""
    """What the categories are."""
    every: int = 1
    """Of so many categories one is labelled."""


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    title: str
    unit: Unit = "text"


@dataclass(frozen=True)
class Grid:
    """A table as values. The first column names the row; a last row that sums up is set apart."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    total: bool = False
    units: tuple[Unit, ...] = ()
    """Of each row, for the columns that have none."""

    def unit(self, row: int, place: int) -> Unit:
        """How a cell counts."""
        own = self.columns[place].unit
        return self.units[row] if self.units and place and own == "text" else own


@dataclass(frozen=True)
class Figure:
    """A key figure: a number, how it counts, its interval, and what it is compared with or counted in."""

    key: str
    name: str
    value: float | None
    unit: Unit
    basis: str = ""
    low: float | None = None
    high: float | None = None
    interval: str = ""
    """Which interval it is: 95% interval."""
    note: str = ""
    missing: str = ""
    """Instead of a value."""


@dataclass(frozen=True)
class Exhibit:
    """A question, the sentence that answers it, and what shows it."""

    name: str
    question: str
    finding: str
    """The answer, in one sentence."""
    more: str = ""
    """What else is to be said."""
    figures: tuple[Figure, ...] = ()
    graphs: tuple[Graph, ...] = ()
    grids: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()
    """How to read it."""
    currency: str = ""


# --- numbers as texts ------------------------------------------------------------------------------------------------
def shown(value: Value, unit: Unit, say: Language, currency: str = "") -> str:
    """A value as text in a language."""
    if value is None or value != value:
        return NOTHING
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return say.month(value) if unit == "month" else value.isoformat()
    if unit == "money":
        return say.money(value, currency)
    if unit in HUNDREDTHS:
        return say.percent(100 * value, DECIMALS[unit], signed=unit in SIGNED)
    return say.number(value, DECIMALS.get(unit, 0), signed=unit in SIGNED)


def unit_name(unit: Unit, say: Language, currency: str = "") -> str:
    """A unit in words; empty for texts."""
    _ = say._
    names = {
        "points": _("points"), "members": _("members"), "purchases": _("purchases"), "days": _("days"), "months": _("months"),
        "count": _("number"), "money": currency, **dict.fromkeys(HUNDREDTHS, "%"), "points_of_percent": _("percentage points"),
        "factor": _("factor"), "month": _("month"), "date": _("date"),
    }  # fmt: skip
    return names.get(unit, "")


def number_format(unit: Unit, say: Language, currency: str = "") -> str:
    """The format code of a spreadsheet for a unit."""
    if unit == "text":
        return "@"
    if unit in ("month", "date"):
        return "yyyy-mm" if unit == "month" else "yyyy-mm-dd"
    mark = '"' + say.symbol(currency).replace('"', "") + '"' if unit == "money" else ""
    decimals = "." + "0" * DECIMALS[unit] if DECIMALS.get(unit) else ""
    plain = f"{mark}#,##0{decimals}" + ("%" if unit in HUNDREDTHS else "")
    plus = "+" if unit in SIGNED else ""
    return f'{plus}{plain};"{MINUS}"{plain};{plain}'


def every(count: int, most: int) -> int:
    """Of how many categories one is labelled, so that at most so many are; months by quarters, halves and years."""
    steps: Sequence[int] = (1, 2, 3, 6, 12, 24, 60, 120)
    return next((step for step in steps if count <= most * step), steps[-1])
