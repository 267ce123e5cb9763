"""Floor 5: stories and comparisons as files."""

from dataclasses import replace
from pathlib import Path

from workbench.files import atomic_path
from workbench.reports.deck.write import write_deck
from workbench.reports.language import Language
from workbench.reports.story import Told, loaded, read_comparison, tell, whole_comparison
from workbench.reports.story_file import is_story, read_story
from workbench.reports.story_page import story_page
from workbench.reports.story_workbook import write_story_workbook

__all__ = ["told_of", "write_told"]


def told_of(path: Path, language: str | None) -> tuple[Told, Language]:
    """The story of a file (a story, or a comparison's document, of which everything is shown), in a language; the story's first unless given.
    Raises BadInput with every problem of the file, then of its sources."""
    if is_story(path):
        story = read_story(path)
        say = Language(language or story.languages[0])
        return tell(story, loaded(story, path), say), say
    say = Language(language or "en")
    told = tell(whole_comparison(), {"comparison": read_comparison(path)}, say)
    title = told.slides[0].exhibit.question
    return replace(told, cover=replace(told.cover, title=title, subtitle=told.cover.foot)), say


def write_told(told: Told, out: Path, say: Language) -> Path:
    """Write a story as its name's ending says: .html, .pptx or .xlsx; the same story is the same bytes. Raises BadInput where it cannot be
    written."""
    suffix = out.suffix.lower()
    if suffix == ".pptx":
        slides = [(each.exhibit, each.notes, each.foot) for each in told.slides]
        return write_deck(out, told.cover, slides, told.day, say)
    if suffix == ".xlsx":
        return write_story_workbook(out, told, say)
    with atomic_path(out) as temporary:
        temporary.write_text(story_page(told, say), encoding="utf-8", newline="\n")
    return out
