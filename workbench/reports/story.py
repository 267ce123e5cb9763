"""Floor 5: stories told: the exhibits that a story names, read from its sources, in one language; and as a page, a deck or a workbook."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from workbench.errors import BadInput, Problem
from workbench.files import reading, regular_file
from workbench.reports.deck.write import Cover
from workbench.reports.exhibits.catalogue import RUN_EXHIBITS
from workbench.reports.exhibits.comparisons import COMPARISON_EXHIBITS, program_titles
from workbench.reports.exhibits.figures import FRONT, key_figures
from workbench.reports.exhibits.kinds import Exhibit
from workbench.reports.language import Language
from workbench.reports.run_report import cover_of
from workbench.reports.story_file import TEXT, Slide, Source, Story
from workbench.run_folder import RunFolder

__all__ = ["Content", "Told", "ToldSlide", "loaded", "read_comparison", "tell", "whole_comparison"]

Content = RunFolder | Mapping[str, Any]
"""A run, or a comparison's document."""


@dataclass(frozen=True)
class ToldSlide:
    """An exhibit with what is said to it, and where it comes from."""

    exhibit: Exhibit
    notes: str
    foot: str
    own: str = ""
    """The finding that the exhibit has by itself."""


@dataclass(frozen=True)
class Told:
    """A story in one language, ready to be drawn."""

    cover: Cover
    slides: tuple[ToldSlide, ...]
    day: date
    """Stands in files as their day."""


def loaded(story: Story, place: Path) -> dict[str, Content]:
    """The sources of a story, whose file stands at ``place``. Raises BadInput with every source that cannot be read."""
    found: dict[str, Content] = {}
    problems = []
    for name, source in story.sources.items():
        try:
            found[name] = _content(source, place.parent)
        except BadInput as error:
            problems += [_at(name, each, error.source) for each in error.problems]
    if problems:
        raise BadInput(problems, str(place))
    return found


def _at(name: str, problem: Problem, source: str) -> Problem:
    """A problem of a source as one of the story's."""
    message = f"{problem.path}: {problem.message}" if problem.path else problem.message
    return Problem(f"sources.{name}", message, source or problem.value)


def _content(source: Source, folder: Path) -> Content:
    if source.run is not None:
        return RunFolder(folder / source.run)
    assert source.comparison is not None
    return read_comparison(folder / source.comparison)


def read_comparison(path: Path) -> dict[str, Any]:
    """The document that ``loyalty compare --json`` printed. Raises BadInput."""
    file = regular_file(path, "what `loyalty compare --json` printed", 2**26)
    message = "expected what `loyalty compare --json` printed"
    try:
        with reading(file):
            found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(Problem("", f"{message}: {error}"), str(path)) from error
    keys = ("programs", "differences")
    if not isinstance(found, dict) or not all(found.get(key) for key in keys):
        raise BadInput(Problem("", message), str(path))
    return found


def tell(story: Story, contents: Mapping[str, Content], say: Language) -> Told:
    """A story in a language. ``contents``: by the name of the source."""
    covers = {name: _cover(content, say) for name, content in contents.items()}
    first = next(iter(contents))
    kept: dict[tuple[str, str], Exhibit] = {}
    slides = []
    for slide in story.slides:
        name = story.source_of(slide)
        slides.append(_slide(slide, name, contents[name], covers[name], kept, say))
    front = covers[first]
    facts = ((say._("Date"), say.day(story.date.isoformat())), *front.facts) if story.date else front.facts
    cover = replace(
        front, title=_said(story.title, story.title_zh, say), subtitle=_said(story.subtitle, story.subtitle_zh, say), client=story.client,
        facts=facts,
    )  # fmt: skip
    return Told(cover, tuple(slides), story.date or _last_day(contents[first]))


def _slide(
    slide: Slide, name: str, content: Content, cover: Cover, kept: dict[tuple[str, str], Exhibit], say: Language
) -> ToldSlide:
    heading, text = _said(slide.heading, slide.heading_zh, say), _said(slide.text, slide.text_zh, say)
    own = ""
    if slide.show == TEXT:
        found = Exhibit(TEXT, "", heading or slide.heading_zh, text or slide.text_zh)
    else:
        key = (name, slide.show)
        if key not in kept:
            kept[key] = _exhibit(slide.show, content, say)
        found = kept[key]
        if slide.figures and isinstance(content, RunFolder):
            found = key_figures(content, say, slide.figures or FRONT)
        own = found.finding
        found = replace(found, finding=heading or found.finding, more=text or ("" if heading else found.more))
        found = replace(
            found,
            graphs=() if slide.only == "tables" else found.graphs,
            grids=() if slide.only == "charts" else found.grids,
        )
    return ToldSlide(found, _said(slide.notes, slide.notes_zh, say), cover.foot, own)


def _exhibit(name: str, content: Content, say: Language) -> Exhibit:
    if isinstance(content, RunFolder):
        return RUN_EXHIBITS[name](content, say)
    return COMPARISON_EXHIBITS[name](content, say)


def _said(english: str, chinese: str, say: Language) -> str:
    return (say.chinese and chinese) or english


def _last_day(content: Content) -> date:
    document = content.document if isinstance(content, RunFolder) else next(iter(content["programs"].values()))
    return date.fromisoformat(document["end"])


def _cover(content: Content, say: Language) -> Cover:
    if isinstance(content, RunFolder):
        return cover_of(content, say)
    _, titles = say._, program_titles(content, say)
    first = next(iter(content["programs"].values()))
    word, _sep, sentence = str(first["provenance"]["kind"]).partition(": ")
    facts = (
        (_("Period"), _("{start} to {end}", start=say.day(first["start"]), end=say.day(first["end"]))),
        (_("Members simulated"), say.number(first["members"])),
        (_("Programs"), say.number(len(titles))),
        (_("Currency"), say.currency_name(first["currency"])),
    )
    named = " / ".join(titles.values())
    foot = "  ·  ".join((say.text(word), named, f"{first['start']} – {first['end']}"))
    return Cover(
        named,
        "",
        _("Loyalty program report"),
        facts,
        say.text(word),
        say.text(sentence[:1].upper() + sentence[1:] + "."),
        foot,
    )


def whole_comparison(languages: Sequence[str] = ("en",)) -> Story:
    """A story that shows everything of a comparison (source ``comparison``)."""
    slides = [{"show": name} for name in COMPARISON_EXHIBITS]
    sources = {"comparison": {"comparison": "comparison.json"}}
    return Story.model_validate(
        {"schema": 1, "title": "-", "languages": tuple(languages), "sources": sources, "slides": slides}
    )
