"""Floor 5: what a report is made of, before it is HTML."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from workbench.run_folder import RunFolder

__all__ = ["Chart", "KeyFigure", "Months", "Section", "Swatch", "Table", "add_months", "columns"]

Columns = dict[str, list[Any]]
Months = list[date]


@dataclass(frozen=True)
class KeyFigure:
    """One figure of the strip at the top."""

    name: str
    value: str
    unit: str = ""
    interval: str = ""
    notes: tuple[str, ...] = ()
    missing: bool = False
    """Whether ``value`` only says that there is no figure."""


@dataclass(frozen=True)
class Table:
    """The numbers behind a chart. The first column names the row; a last row that sums up is set apart."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: bool = False


@dataclass(frozen=True)
class Swatch:
    """An entry of a legend: how a series is drawn, and what it is."""

    kind: str
    """bar, hatch, line, dash or band."""
    color: str
    label: str


@dataclass(frozen=True)
class Chart:
    """A chart: its title with the unit, its legend, and the figure to draw."""

    name: str
    title: str
    legend: tuple[Swatch, ...]
    figure: Any
    """A Bokeh figure."""
    wide: bool = True


@dataclass(frozen=True)
class Section:
    """A question, its answer in a sentence, charts and tables."""

    name: str
    title: str
    sentence: str
    charts: tuple[Chart, ...]
    tables: tuple[Table, ...]
    """The numbers behind the charts, folded away."""
    notes: tuple[str, ...] = ()
    shown: tuple[Table, ...] = ()
    """Tables that are the answer themselves."""


def columns(run: RunFolder, table: str) -> Columns:
    """A table of the run by column."""
    found: Columns = run.table(table).to_pydict()
    return found


def add_months(month: date, count: int) -> date:
    """The first day of the month so many months on."""
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)
