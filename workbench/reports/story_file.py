"""Floor 5: story files: results chosen and put in order for somebody who was not there: title, slides with headings and notes, figures.

A story names runs and comparisons as files beside it, and shows exhibits of them by name. It holds no numbers of its own: they are read anew from
what it names, so a story cannot disagree with its runs.
"""

import datetime
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from workbench.errors import nearest
from workbench.reports.exhibits.catalogue import RUN_EXHIBITS
from workbench.reports.exhibits.comparisons import COMPARISON_EXHIBITS
from workbench.reports.exhibits.figures import FIGURES
from workbench.spec import Name, Spec, SpecError
from workbench.spec_file import read_spec

__all__ = ["TEXT", "Slide", "Source", "Story", "is_story", "read_story"]

TEXT = "text"
"""A slide of words alone."""
Words = Annotated[str, Field(max_length=2_000)]
Line = Annotated[str, Field(max_length=300)]


class Source(Spec):
    """Where numbers come from: exactly one of them."""

    run: str | None = None
    """A run's folder, as `loyalty run --out` wrote it; a path from the story's file."""
    comparison: str | None = None
    """What `loyalty compare --json` printed, as a file; a path from the story's file."""

    @model_validator(mode="after")
    def _one(self) -> "Source":
        if (self.run is None) == (self.comparison is None):
            raise SpecError((), "expected exactly one of run and comparison")
        return self


class Slide(Spec):
    """One slide."""

    show: str
    """An exhibit by its name, or `text` for words alone."""
    of: str = ""
    """The source it is of; left out: the first that has such an exhibit."""
    heading: Line = ""
    """Says the finding, in the place of the one that is computed. It does not follow when the numbers change."""
    heading_zh: Line = ""
    """The same in Traditional Chinese."""
    text: Words = ""
    """A line under the heading; of a slide of words, what it says."""
    text_zh: Words = ""
    """The same in Traditional Chinese."""
    notes: Words = ""
    """For whoever speaks: shown beside the slide, and as the notes of a deck."""
    notes_zh: Words = ""
    """The same in Traditional Chinese."""
    only: Literal["all", "charts", "tables"] = "all"
    """What of the exhibit is shown."""
    figures: tuple[str, ...] = ()
    """Of `key_figures`: which ones, in this order; left out: the usual ones."""

    @model_validator(mode="after")
    def _belongs(self) -> "Slide":
        if self.show == TEXT and not self.heading and not self.heading_zh:
            raise SpecError(("heading",), "expected a heading: a slide of words has no finding of its own")
        if self.figures and self.show != "key_figures":
            raise SpecError(("figures",), "belongs to key_figures", list(self.figures))
        wrong = [
            SpecError(("figures", k), "expected one of: " + ", ".join(FIGURES), name, nearest(name, FIGURES))
            for k, name in enumerate(self.figures)
            if name not in FIGURES
        ]
        known = (TEXT, *RUN_EXHIBITS, *COMPARISON_EXHIBITS)
        if self.show not in known:
            wrong.append(
                SpecError(("show",), "expected one of: " + ", ".join(known), self.show, nearest(self.show, known))
            )
        if wrong:
            raise _together(wrong)
        return self


class Story(Spec):
    """A story."""

    schema_version: Literal[1] = Field(alias="schema")
    """Version of this file format: 1."""
    title: Annotated[str, Field(min_length=1, max_length=200)]
    """On the front."""
    title_zh: Line = ""
    """The same in Traditional Chinese."""
    subtitle: Line = ""
    """Under the title."""
    subtitle_zh: Line = ""
    """The same in Traditional Chinese."""
    client: Line = ""
    """Whom it is for."""
    date: datetime.date | None = None
    """The day on the front; left out: none, and files carry the last day of the first source."""
    languages: Annotated[tuple[Literal["en", "zh-Hant"], ...], Field(min_length=1, max_length=2)] = ("en",)
    """In which it is told; the first unless another is asked for."""
    sources: Annotated[dict[Name, Source], Field(min_length=1, max_length=20)]
    """What the slides show, by names of your own."""
    slides: Annotated[tuple[Slide, ...], Field(min_length=1, max_length=100)]
    """In their order."""

    @model_validator(mode="after")
    def _known(self) -> "Story":
        wrong = [error for k, slide in enumerate(self.slides) for error in self._wrong(k, slide)]
        if wrong:
            raise _together(wrong)
        return self

    def _wrong(self, k: int, slide: Slide) -> list[SpecError]:
        if slide.of and slide.of not in self.sources:
            names = list(self.sources)
            return [
                SpecError(
                    ("slides", k, "of"), "expected one of: " + ", ".join(names), slide.of, nearest(slide.of, names)
                )
            ]
        kinds = [self.sources[slide.of]] if slide.of else list(self.sources.values())
        names = [TEXT, *(name for kind in kinds for name in exhibits_of(kind))]
        if slide.show in names:
            return []
        names = list(dict.fromkeys(names))
        return [
            SpecError(
                ("slides", k, "show"), "expected one of: " + ", ".join(names), slide.show, nearest(slide.show, names)
            )
        ]

    def source_of(self, slide: Slide) -> str:
        """The name of a slide's source."""
        return slide.of or next(
            name for name, source in self.sources.items() if slide.show in (TEXT, *exhibits_of(source))
        )


def exhibits_of(source: Source) -> tuple[str, ...]:
    """What a source can show."""
    return tuple(RUN_EXHIBITS if source.run is not None else COMPARISON_EXHIBITS)


def _together(wrong: list[SpecError]) -> SpecError:
    first, *others = wrong
    return SpecError(first.path, first.message, first.value, first.suggestion, tuple(others))


def read_story(path: Path) -> Story:
    """The story of a file (YAML, which JSON is too). Raises BadInput with every problem found."""
    return read_spec(Story, path)


def is_story(path: Path) -> bool:
    """Whether a file is to be read as a story: by the ending of its name, or as JSON with slides."""
    if path.suffix.lower() in (".yaml", ".yml"):
        return True
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and "slides" in found
