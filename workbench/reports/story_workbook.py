"""Floor 5: a story as a workbook: a front with its slides, then each slide's numbers and charts on a sheet."""

import re
from pathlib import Path

from workbench.reports.exhibit_sheets import exhibit_sheet, note_rows
from workbench.reports.exhibits.catalogue import exhibit_titles
from workbench.reports.exhibits.comparisons import comparison_titles
from workbench.reports.language import Language
from workbench.reports.story import Told
from workbench.reports.workbook import Cell, workbook

__all__ = ["write_story_workbook"]

LONGEST = 31
"""Characters of a sheet's name."""
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")


def write_story_workbook(path: Path, told: Told, say: Language) -> Path:
    """Write a story as a workbook (.xlsx); the same story is the same bytes. Raises BadInput where the file cannot be written."""
    _, cover = say._, told.cover
    titles = {**exhibit_titles(say), **comparison_titles(say), "text": _("Words")}
    names = [_sheet_name(k, titles[each.exhibit.name]) for k, each in enumerate(told.slides, 1)]
    with workbook(path, told.day, cover.title, cover.meaning) as book:
        front = book.sheet(
            _("Front"), cover.title, " · ".join(each for each in (cover.client, cover.subtitle) if each), [8, 80, 60]
        )
        note_rows(front, [cover.foot, cover.meaning, *(f"{name}: {value}" for name, value in cover.facts)])
        front.head(["", _("Slide"), _("Notes")], freeze=False)
        for k, each in enumerate(told.slides, 1):
            front.row([Cell(k, "points"), Cell(each.exhibit.finding, "wrapped"), Cell(each.notes, "wrapped")])
        for name, each in zip(names, told.slides, strict=True):
            exhibit_sheet(book, name, each.exhibit, say, [each.foot, each.notes])
    return path


def _sheet_name(number: int, title: str) -> str:
    return f"{number} {NOT_IN_NAMES.sub(' ', title)}"[:LONGEST].strip().strip("'")
