"""Floor 5: a run as a workbook: each exhibit a sheet of typed numbers with their units, checks as live formulas, provenance."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from workbench.reports.exhibit_sheets import Block, exhibit_sheet
from workbench.reports.exhibits.catalogue import exhibit_titles
from workbench.reports.exhibits.kinds import Exhibit, Value
from workbench.reports.language import Language
from workbench.reports.run_report import cover_of, shown_exhibits
from workbench.reports.workbook import Book, Cell, Formula, workbook
from workbench.run_folder import RunFolder

__all__ = ["write_run_workbook"]

Side = tuple[str, float]
"""A formula, or a number as text, and its value."""


def write_run_workbook(run_folder: Path, out: Path, language: str) -> Path:
    """Write a run as a workbook (.xlsx); the same run is the same bytes. Raises BadInput."""
    run, say = RunFolder(run_folder), Language(language)
    cover, names = cover_of(run, say), exhibit_titles(say)
    found = shown_exhibits(run, say)
    with workbook(out, date.fromisoformat(run.document["end"]), cover.title, cover.meaning) as book:
        blocks: dict[str, list[Block]] = {}
        for each in found:
            notes = (
                [cover.foot, cover.meaning, *(f"{name}: {value}" for name, value in cover.facts)]
                if each.figures
                else [cover.foot]
            )
            blocks[each.name] = exhibit_sheet(book, names[each.name], each, say, notes)
        tables = {each.name: [_Table(each, blocks[each.name], k) for k in range(len(each.grids))] for each in found}
        _checks(book, run.document, defaultdict(list, tables), say)
    return Path(out)


class _Table:
    """A table of a sheet as formulas name it, and its values."""

    def __init__(self, found: Exhibit, blocks: list[Block], number: int = 0) -> None:
        self.block, self.grid = blocks[number], found.grids[number]

    def cell(self, place: int, row: int = -1) -> Side:
        """A cell; the last row unless said otherwise."""
        return f"={self.block.cell(place, row)}", _number(self.grid.rows[row][place])

    def sum(self, place: int, rows: slice = slice(None, -1)) -> Side:
        """The sum of rows of a column; without the last one unless said otherwise."""
        numbers = range(self.block.first, self.block.last + 1)[rows]
        text = f"=SUM({Block(self.block.sheet, numbers[0], numbers[-1]).cells(place)})" if numbers else "=0"
        return text, sum(_number(row[place]) for row in self.grid.rows[rows])


def _number(value: Value) -> float:
    return value if isinstance(value, int | float) else 0.0


def _checks(book: Book, document: dict[str, Any], tables: dict[str, list[_Table]], say: Language) -> None:
    _ = say._
    sheet = book.sheet(_("Checks"), _("Checks"), _("Live formulas over the sheets of this workbook."), [60, 20, 20, 12])
    sheet.head([_("Check"), _("Found"), _("Expected"), _("Holds")])
    first, sound = sheet.line, True
    for name, left, right in _pairs(document, tables, say):
        line, holds = sheet.line, abs(left[1] - right[1]) < 0.005
        sheet.row([
            Cell(name, "wrapped"), _side(left), _side(right), Formula(f"=ABS(B{line}-C{line})<0.005", holds, "truth"),
        ])  # fmt: skip
        sound &= holds
    last = sheet.next
    sheet.row([])
    sheet.row([Cell(_("All hold"), "bold"), None, None, Formula(f"=AND(D{first}:D{last})", sound, "truth")])


def _side(side: Side) -> Cell | Formula:
    return Formula(side[0], side[1]) if side[0] else Cell(side[1], "money")


def _pairs(
    document: dict[str, Any], tables: dict[str, list[_Table]], say: Language
) -> Iterator[tuple[str, Side, Side]]:
    """What has to be equal: a formula over a sheet, and what the run's document or another sheet says."""
    _, points, economics = say._, document["points"], document["economics"]
    flows, worth, spend = tables["flows"][0], tables["worth"][0], tables["spend"][0]
    signed = [flows.cell(place) for place in range(1, 5)]
    left = "=" + "-".join(text.removeprefix("=") for text, _value in signed)
    value = signed[0][1] - sum(each for _text, each in signed[1:])
    yield (
        _("Earned less redeemed, expired and reversed is what is outstanding"),
        (left, value),
        ("", points["outstanding"]),
    )
    for place, name in enumerate(("earned", "redeemed", "expired", "reversed"), 1):
        title = flows.grid.columns[place].title
        yield _("By month and in all: {what}", what=title), flows.sum(place), ("", points[name])
    months, lapses = tables["outstanding"]
    yield _("Outstanding at the end of the last month"), months.cell(2), ("", points["outstanding"])
    yield _("What lapses adds up to what is outstanding"), lapses.sum(1), lapses.cell(1)
    kinds = [worth.cell(place) for place in (1, 2, 3)]
    whole = "=" + "+".join(text.removeprefix("=") for text, _value in kinds)
    yield (
        _("Winners, losers and the same are everyone"),
        (whole, sum(each for _text, each in kinds)),
        ("", document["members"]),
    )
    for place in (1, 2, 3):
        title = worth.grid.columns[place].title
        yield _("By fifth and in all: {what}", what=title), worth.sum(place, slice(-6, -1)), worth.cell(place)
    yield _("The lines of the program's spend add up"), spend.sum(1), ("", economics["program_spend"])
    if document["liability"]["contract"] is not None and tables["liability"]:
        owed = ("", document["liability"]["contract"])
        yield _("The liability of the last month is that of the run"), tables["liability"][0].cell(1), owed
