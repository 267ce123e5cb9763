"""Floor 5: exhibits on the sheets of a workbook: typed numbers with their units, and the charts drawn from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from workbench.reports.exhibits.kinds import Exhibit, Figure, Graph, Grid, Line, Unit, Value, number_format, unit_name
from workbench.reports.language import Language
from workbench.reports.workbook import Book, Cell, Sheet, column

__all__ = ["Block", "exhibit_sheet", "figures_block", "note_rows"]

TEXT_WIDTH, NUMBER_WIDTH = 40, 16
ROWS_OF_CHART = 20
"""Rows that a chart covers."""
TYPES: dict[str, dict[str, str]] = {
    "columns": {"type": "column"}, "stack": {"type": "column", "subtype": "stacked"}, "lines": {"type": "line"}, "area": {"type": "area"},
    "band": {"type": "line"}, "bars": {"type": "bar"}, "dots": {"type": "bar"},
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """Where the rows of a table stand."""

    sheet: str
    first: int
    """The number of its first row, as formulas call it."""
    last: int

    def cells(self, place: int) -> str:
        """A column of it (counted from 0) as a formula names it."""
        quoted = self.sheet.replace("'", "''")
        return f"'{quoted}'!{column(place)}{self.first}:{column(place)}{self.last}"

    def cell(self, place: int, row: int = -1) -> str:
        """A cell of it; rows count from 0, or from the end."""
        quoted = self.sheet.replace("'", "''")
        return f"'{quoted}'!{column(place)}{self.last + 1 + row if row < 0 else self.first + row}"


def style(book: Book, unit: Unit, say: Language, currency: str, bold: bool = False) -> str:
    """The name of a style for a unit."""
    if unit == "text":
        return "bold" if bold else "wrapped"
    code = number_format(unit, say, currency)
    name = f"{code} {bold}"
    if name not in book.styles:
        look: dict[str, Any] = {"num_format": code, "valign": "top"}
        look |= {"bold": True, "top": 1} if bold else {}
        look |= {"align": "left"} if unit in ("month", "date") else {}
        book.styles[name] = book.inner.add_format(look)
    return name


def exhibit_sheet(book: Book, name: str, found: Exhibit, say: Language, notes: Sequence[str] = ()) -> list[Block]:
    """A sheet of an exhibit; returns where its tables stand, in their order."""
    widths = [TEXT_WIDTH, *[NUMBER_WIDTH] * 12]
    texts = [place for grid in found.grids for place, each in enumerate(grid.columns) if place and _texts(grid, place)]
    for place in texts:
        widths[place] = max(widths[place], 60 if any(place == len(each.columns) - 1 for each in found.grids) else 24)
    sheet = book.sheet(name, found.question, say.joined(found.finding, found.more), widths)
    sheet.inner.set_landscape()
    sheet.inner.set_paper(9)  # A4
    sheet.inner.fit_to_pages(1, 0)
    note_rows(sheet, notes)
    if found.figures:
        figures_block(sheet, found.figures, say, found.currency)
    blocks = [_grid(sheet, grid, say, found.currency, number == 0) for number, grid in enumerate(found.grids)]
    for graph in found.graphs:
        _graph(sheet, graph, say, found.currency, not blocks)
    note_rows(sheet, found.notes)
    return blocks


def _texts(grid: Grid, place: int) -> bool:
    return any(isinstance(cell, str) and len(cell) > 18 for cell in (row[place] for row in grid.rows))


def note_rows(sheet: Sheet, notes: Iterable[str]) -> None:
    """Lines of notes, and an empty one."""
    told = [each for each in notes if each]
    for each in told:
        sheet.row([Cell(each, "note")])
    if told:
        sheet.row([])


def figures_block(sheet: Sheet, figures: Sequence[Figure], say: Language, currency: str) -> Block:
    """Key figures, a row each."""
    _, book = say._, sheet.book
    sheet.head(
        [_("Figure"), _("Value"), _("Unit"), _("95% interval, low"), _("its 95% interval, high"), _("Meaning")],
        freeze=False,
    )
    first = sheet.line
    for each in figures:
        look = style(book, each.unit, say, currency)
        unit = " ".join((unit_name(each.unit, say, currency), "" if each.unit == "points" else each.basis)).strip()
        value = Cell(each.missing, "text") if each.value is None else Cell(each.value, look)
        sheet.row(
            [
                Cell(each.name),
                value,
                Cell(unit, "wrapped"),
                Cell(each.low, look),
                Cell(each.high, look),
                Cell(each.note, "text"),
            ]
        )
    last = sheet.next
    sheet.row([])
    return Block(sheet.name, first, last)


# --- tables ------------------------------------------------------------------------------------------------------------
def _grid(sheet: Sheet, grid: Grid, say: Language, currency: str, first_one: bool) -> Block:
    book = sheet.book
    sheet.row([Cell(grid.caption, "bold")])
    units = [unit_name(each.unit, say, currency) for each in grid.columns]
    _row(sheet, [Cell(each.title, "head") for each in grid.columns])
    if any(units):
        sheet.row([Cell(each, "unit") for each in units])
    if first_one:
        sheet.inner.freeze_panes(sheet.next, 1)
    first = sheet.line
    for number, row in enumerate(grid.rows):
        bold = grid.total and number == len(grid.rows) - 1
        cells = [_cell(book, value, grid.unit(number, k), say, currency, bold) for k, value in enumerate(row)]
        _row(sheet, cells)
    last = sheet.next
    sheet.row([])
    return Block(sheet.name, first, last)


def _row(sheet: Sheet, cells: Sequence[Cell]) -> None:
    """A row as high as its longest text needs: not every reader sees to that."""
    lines = 1
    for place, cell in enumerate(cells):
        if isinstance(cell.value, str):
            wide = sum(1.9 if ord(each) >= 0x2E80 else 1.0 for each in cell.value)
            lines = max(lines, -int(-wide // (sheet.widths[place] if place < len(sheet.widths) else NUMBER_WIDTH)))
    if lines > 1:
        sheet.inner.set_row(sheet.next, 15 * min(lines, 27))
    sheet.row(cells)


def _cell(book: Book, value: Value, unit: Unit, say: Language, currency: str, bold: bool) -> Cell:
    if isinstance(value, str):
        return Cell(value, "bold" if bold else "wrapped")
    if value is not None and not isinstance(value, date) and value != value:
        value = None
    return Cell(value, style(book, unit, say, currency, bold))


# --- charts ------------------------------------------------------------------------------------------------------------
def _graph(sheet: Sheet, graph: Graph, say: Language, currency: str, first_one: bool) -> None:
    """What a chart is drawn from, and the chart beside it."""
    _, book = say._, sheet.book
    lines, heads = graph.lines, [graph.axis or _("Category")]
    series: list[tuple[str, tuple[float | None, ...]]] = []
    for line in lines:
        series.append((line.name, line.values))
        if line.low is not None and line.high is not None:
            series += [(_("95% interval, low"), line.low), (_("its 95% interval, high"), line.high)]
    sheet.row([Cell(graph.title, "bold")])
    _row(sheet, [Cell(each, "head") for each in [*heads, *(name for name, _values in series)]])
    sheet.row([Cell(each, "unit") for each in ["", *[unit_name(graph.unit, say, currency)] * len(series)]])
    if first_one:
        sheet.inner.freeze_panes(sheet.next, 1)
    first = sheet.next
    look = style(book, graph.unit, say, currency)
    for place in range(len(graph.categories)):
        category = graph.categories[place]
        head = _cell(book, category, "month" if isinstance(category, date) else "text", say, currency, False)
        sheet.row([head, *(Cell(values[place], look) for _name, values in series)])
    if graph.categories:
        _draw(sheet, graph, first, len(series), say, currency)
    sheet.next = max(sheet.next, first + ROWS_OF_CHART)
    sheet.row([])


def _draw(sheet: Sheet, graph: Graph, first: int, columns: int, say: Language, currency: str) -> None:
    chart = sheet.book.inner.add_chart(TYPES[graph.kind])
    last, name = first + len(graph.categories) - 1, sheet.name
    place = 1
    for line in graph.lines:
        options: dict[str, Any] = {
            "name": [name, first - 2, place], "categories": [name, first, 0, last, 0], "values": [name, first, place, last, place],
            **_look(graph, line),
        }  # fmt: skip
        if graph.kind == "dots" and line.low is not None and line.high is not None:
            options["x_error_bars"] = _whiskers(line)
        chart.add_series(options)
        if graph.kind == "band":
            for end in (1, 2):
                thin = {"color": line.color, "width": 1, "dash_type": "dash"}
                chart.add_series({
                    "name": [name, first - 2, place + end], "categories": [name, first, 0, last, 0],
                    "values": [name, first, place + end, last, place + end], "line": thin,
                })  # fmt: skip
        place += 3 if line.low is not None and line.high is not None else 1
    chart.set_title({"name": graph.title, "name_font": {"size": 11}, "overlay": False})
    chart.set_legend({"position": "bottom"} if len(graph.lines) > 1 or graph.kind == "band" else {"none": True})
    axis = {"interval_unit": graph.every, "label_position": "low"}
    if graph.categories and isinstance(graph.categories[0], date):
        axis |= {"date_axis": True, "num_format": "yyyy-mm", "major_unit": graph.every, "major_unit_type": "months"}
        axis.pop("interval_unit")
    unit = unit_name(graph.unit, say, currency)
    grid = {
        "major_gridlines": {"visible": True, "line": {"color": "#E3E8ED"}},
        "name": unit,
        "name_font": {"bold": False},
    }
    if graph.kind in ("bars", "dots"):
        chart.set_y_axis({"reverse": True, "label_position": "low"})
        chart.set_x_axis(grid)
    else:
        chart.set_x_axis(axis)
        chart.set_y_axis(grid)
    chart.set_size({"width": 720, "height": 360})
    sheet.inner.insert_chart(first, columns + 2, chart, {"description": graph.title})


def _look(graph: Graph, line: Line) -> dict[str, Any]:
    if graph.kind in ("lines", "band"):
        return {"line": {"color": line.color, "width": 2.25, **({"dash_type": "dash"} if line.dash else {})}}
    if line.hatch:
        return {
            "pattern": {"pattern": "dark_upward_diagonal", "fg_color": line.color, "bg_color": "#FFFFFF"},
            "gap": 40,
        }
    return {"fill": {"color": line.color}, "gap": 40}


def _whiskers(line: Line) -> dict[str, Any]:
    plus, minus = (
        [0.0 if a is None or b is None else abs(b - a) for a, b in zip(line.values, ends, strict=True)]
        for ends in (line.high or (), line.low or ())
    )
    return {"type": "custom", "plus_values": plus, "minus_values": minus}
