"""Floor 5: tables of a deck: native ones, cut into pages where they are long."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches

from workbench.reports.deck.office import Frame, clean, most_lines, paragraph, set_margins, text_box
from workbench.reports.exhibits.kinds import Grid, shown
from workbench.reports.language import Language

__all__ = ["CAPTION", "add_table", "height_of", "pages"]

INK, MUTED, SOFT = RGBColor(0x1C, 0x27, 0x33), RGBColor(0x56, 0x65, 0x73), RGBColor(0xEE, 0xF3, 0xF5)
NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
CAPTION = 0.34
"""Height of a caption in inches."""
PAD = 0.06
DITTO = "〃"
LINE = 1.22
"""Height of a line of text over its size."""
MOST_PAGES = 12
"""Beyond so many pages a table is cut; the workbook has it whole."""


def _texts(grid: Grid, say: Language, currency: str) -> list[list[str]]:
    return [
        [shown(cell, grid.unit(number, place), say, currency) for place, cell in enumerate(row)]
        for number, row in enumerate(grid.rows)
    ]


def _widths(grid: Grid, texts: list[list[str]], width: float, size: float) -> list[float]:
    """Widths of the columns in inches: short ones get what they need, so that no number is broken; the others share the rest."""
    needs, most = [], width / 4
    for place, column in enumerate(grid.columns):
        cells = max((_natural(row[place], size) for row in texts), default=0.0)
        words = max((_natural(word, size) for word in column.title.split()), default=0.0)
        if any(each >= "\u2e80" for each in column.title):
            words = min(_natural(column.title, size), 4 * size / 72)
        needs.append(max(cells, words, 0.3) + 2 * PAD + 0.05)
    rigid = [min(each, most) if place else 0.0 for place, each in enumerate(needs)]
    rigid = [each if need <= most else 0.0 for each, need in zip(rigid, needs, strict=True)]
    rest, soft = (
        width - sum(rigid),
        [0.0 if fixed else min(need, 5.5) for fixed, need in zip(rigid, needs, strict=True)],
    )
    if rest <= 0.12 * width:
        return [width * need / sum(needs) for need in needs]
    if sum(soft) < rest:
        return [width * each / (sum(rigid) + sum(soft)) for each in map(sum, zip(rigid, soft, strict=True))]
    return [fixed or rest * each / sum(soft) for fixed, each in zip(rigid, soft, strict=True)]


def _natural(text: str, size: float) -> float:
    """Width of a text on one line, in inches."""
    return sum(1.0 if ord(each) >= 0x2E80 else 0.54 for each in text) * size / 72


def _heights(grid: Grid, texts: list[list[str]], width: float, size: float) -> tuple[float, list[float]]:
    """Heights of the heading and of each row, in inches."""
    widths = [each - 2 * PAD - 0.02 for each in _widths(grid, texts, width, size)]

    def high(cells: Sequence[str]) -> float:
        return most_lines(cells, widths, size) * size * LINE / 72 + 2 * 0.03

    return high([column.title for column in grid.columns]), [high(row) for row in texts]


def height_of(grid: Grid, width: float, size: float, say: Language, currency: str) -> float:
    """Height of a whole table with its caption, in inches."""
    head, rows = _heights(grid, _texts(grid, say, currency), width, size)
    return CAPTION + head + sum(rows)


def pages(grid: Grid, width: float, height: float, size: float, say: Language, currency: str) -> Iterator[Grid]:
    """The table cut so that each part fits; beyond ``MOST_PAGES`` it ends. A long text that stands in the row above too becomes a ditto."""
    texts = _texts(grid, say, currency)
    head, rows = _heights(grid, texts, width, size)
    short = _heights(_ditto(grid), _texts(_ditto(grid), say, currency), width, size)[1]
    start, used, count = 0, CAPTION + head, 0
    for place in range(len(rows)):
        if place > start and used + short[place] > height:
            yield _ditto(_part(grid, start, place))
            start, used, count = place, CAPTION + head, count + 1
            if count == MOST_PAGES:
                return
        used += rows[place] if place == start else short[place]
    if start < len(rows):
        yield _ditto(_part(grid, start, len(rows)))


def _ditto(grid: Grid) -> Grid:
    rows = [grid.rows[0]] if grid.rows else []
    for above, row in pairwise(grid.rows):
        rows.append(
            tuple(
                DITTO if cell == up and isinstance(cell, str) and len(cell) > 30 else cell
                for cell, up in zip(row, above, strict=True)
            )
        )
    return replace(grid, rows=tuple(rows))


def _part(grid: Grid, start: int, end: int) -> Grid:
    whole = end == len(grid.rows)
    return replace(grid, rows=grid.rows[start:end], units=grid.units[start:end], total=grid.total and whole)


def add_table(slide: Any, grid: Grid, place: Frame, size: float, say: Language, currency: str) -> None:
    """Put a table with its caption on a slide."""
    left, top, width, _height = place
    caption = text_box(slide, (left, top, width, CAPTION))
    paragraph(caption, grid.caption, say.tag, 13, INK, bold=True, first=True)
    texts = _texts(grid, say, currency)
    head, rows = _heights(grid, texts, width, size)
    at = (Inches(each) for each in (left, top + CAPTION, width, head + sum(rows)))
    shape = slide.shapes.add_table(len(texts) + 1, len(grid.columns), *at)
    shape.name = clean(grid.caption)
    table = shape.table
    table._tbl.tblPr.find(qn("a:tableStyleId")).text = NO_STYLE
    table.horz_banding = False
    for column, wide in zip(table.columns, _widths(grid, texts, width, size), strict=True):
        column.width = Emu(int(Inches(wide)))
    for row, high in zip(table.rows, [head, *rows], strict=True):
        row.height = Inches(high)
    numbers = [_is_number(grid, place_of) for place_of in range(len(grid.columns))]
    for place_of, column_of in enumerate(grid.columns):
        _cell(table.cell(0, place_of), column_of.title, say, size, MUTED, True, numbers[place_of], SOFT)
    for number, row in enumerate(texts):
        last = grid.total and number == len(texts) - 1
        for place_of, text in enumerate(row):
            _cell(table.cell(number + 1, place_of), text, say, size, INK, last, numbers[place_of], None)


def _is_number(grid: Grid, place: int) -> bool:
    if place == 0:
        return False
    return any(isinstance(row[place], int | float) for row in grid.rows)


def _cell(cell: Any, text: str, say: Language, size: float, color: Any, bold: bool, right: bool, fill: Any) -> None:
    frame = cell.text_frame
    set_margins(frame, 0)
    cell.margin_left = cell.margin_right = Inches(PAD)
    cell.margin_top = cell.margin_bottom = Inches(0.03)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    paragraph(frame, text, say.tag, size, color, bold, first=True, align=PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT)
    properties = cell._tc.get_or_add_tcPr()
    line = parse_xml(
        '<a:lnB xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" w="6350"><a:solidFill><a:srgbClr val="DDE3E8"/></a:solidFill></a:lnB>'
    )
    properties.append(line)
    if fill is not None:
        cell.fill.solid()
        cell.fill.fore_color.rgb = fill
