"""What the page of stories shows and edits, as plain data: the outline of a story, what can be put into it, its file. No Panel here."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML

from apps.language import AppLanguage
from workbench.reports.exhibits.catalogue import RUN_EXHIBITS, exhibit_titles
from workbench.reports.exhibits.comparisons import COMPARISON_EXHIBITS, comparison_titles
from workbench.reports.exhibits.figures import FIGURES, FRONT
from workbench.reports.language import Language
from workbench.reports.story_file import TEXT, Story
from workbench.spec_file import spec_from_mapping

__all__ = [
    "MOST_SLIDES", "ONLY", "Entry", "Offer", "Outline", "exhibit_names", "figure_names", "file_stem", "outline_of", "slide_rows", "usual", "yaml_of",
]  # fmt: skip

MOST_SLIDES = 60
ONLY = ("all", "charts", "tables")
USUAL = ("key_figures", "liability", "tiers", "lift", "drivers", "repurchase", "cost", "worth", "provenance")
USUAL_COMPARED = ("side_by_side", "differences", "owed", "winners")
DETAILS = ("title", "subtitle", "client")


@dataclass(frozen=True)
class Offer:
    """A source that slides can be of."""

    name: str
    """As the story's file names it."""
    title: str
    kind: str
    """run or comparison."""
    path: str = ""
    """Of what is kept in the workspace, from the folder of stories; "": it is lived for the draft."""

    @property
    def exhibits(self) -> tuple[str, ...]:
        """What it can show."""
        return tuple(RUN_EXHIBITS if self.kind == "run" else COMPARISON_EXHIBITS)


@dataclass(frozen=True)
class Entry:
    """A slide as it is edited; texts in both languages."""

    show: str
    of: str
    heading: str = ""
    heading_zh: str = ""
    text: str = ""
    text_zh: str = ""
    notes: str = ""
    notes_zh: str = ""
    only: str = "all"
    figures: tuple[str, ...] = ()

    def said(self, what: str, say: Language) -> str:
        """A text in the language of the page."""
        return str(getattr(self, _field(what, say)))

    def saying(self, what: str, value: str, say: Language) -> "Entry":
        """The same with another text in the language of the page."""
        changed: dict[str, Any] = {_field(what, say): value}
        return replace(self, **changed)


def _field(what: str, say: Language) -> str:
    return what + ("_zh" if say.chinese else "")


@dataclass(frozen=True)
class Outline:
    """A story as it is edited. Every change is another outline."""

    title: str
    title_zh: str = ""
    subtitle: str = ""
    subtitle_zh: str = ""
    client: str = ""
    slides: tuple[Entry, ...] = ()

    def detail(self, key: str, say: Language) -> str:
        """A text of the front in the language of the page."""
        return str(getattr(self, key if key == "client" else _field(key, say)))

    def with_detail(self, key: str, value: str, say: Language) -> "Outline":
        """The same with another text on the front."""
        assert key in DETAILS, key
        changed: dict[str, Any] = {key if key == "client" else _field(key, say): value}
        return replace(self, **changed)

    def added(self, entry: Entry) -> "Outline":
        """With a further slide at the end; as it is where there are ``MOST_SLIDES``."""
        return self if len(self.slides) >= MOST_SLIDES else replace(self, slides=(*self.slides, entry))

    def removed(self, place: int) -> "Outline":
        """Without a slide."""
        return replace(self, slides=(*self.slides[:place], *self.slides[place + 1 :]))

    def moved(self, place: int, by: int) -> "Outline":
        """With a slide further on or back; as it is where it stands at an end."""
        other = place + by
        if not 0 <= other < len(self.slides):
            return self
        slides = list(self.slides)
        slides[place], slides[other] = slides[other], slides[place]
        return replace(self, slides=tuple(slides))

    def edited(self, place: int, entry: Entry) -> "Outline":
        """With a slide in the place of another."""
        return replace(self, slides=(*self.slides[:place], entry, *self.slides[place + 1 :]))

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the sources that slides are of, in their order."""
        return tuple(dict.fromkeys(each.of for each in self.slides))

    def mapping(self, paths: Mapping[str, tuple[str, str]], tag: str) -> dict[str, Any]:
        """As a story's file says it. ``paths``: of each source its kind and path; ``tag``: the language that comes first."""
        other = "en" if tag == "zh-Hant" else "zh-Hant"
        front = {key: getattr(self, key) for key in ("title", "title_zh", "subtitle", "subtitle_zh", "client")}
        front["title"] = self.title or self.title_zh
        return {
            "schema": 1,
            **{key: value for key, value in front.items() if value},
            "languages": [tag, other],
            "sources": {name: {paths[name][0]: paths[name][1]} for name in self.sources},
            "slides": [_slide(each) for each in self.slides],
        }

    def story(self, paths: Mapping[str, tuple[str, str]], tag: str) -> Story:
        """As a story. Raises BadInput: no title, no slide, words without a heading."""
        return spec_from_mapping(Story, self.mapping(paths, tag), source="story")


def _slide(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {"show": entry.show, "of": entry.of}
    for key in ("heading", "heading_zh", "text", "text_zh", "notes", "notes_zh"):
        if getattr(entry, key):
            found[key] = getattr(entry, key)
    if entry.only != "all":
        found["only"] = entry.only
    if entry.figures:
        found["figures"] = list(entry.figures)
    return found


def outline_of(story: Story) -> Outline:
    """The outline of a story's file."""
    slides = tuple(
        Entry(
            each.show, story.source_of(each), each.heading, each.heading_zh, each.text, each.text_zh, each.notes, each.notes_zh, each.only,
            each.figures,
        )
        for each in story.slides
    )  # fmt: skip
    return Outline(story.title, story.title_zh, story.subtitle, story.subtitle_zh, story.client, slides)


def usual(title: str, title_zh: str, offers: Sequence[Offer]) -> Outline:
    """What a story begins with: the slides that most are told with, of the draft's run and, where there is one, of the comparison."""
    slides = [Entry(show, "program") for show in USUAL]
    if any(each.name == "comparison" for each in offers):
        slides[-1:-1] = [Entry(show, "comparison") for show in USUAL_COMPARED]
    return Outline(title, title_zh, slides=tuple(slides))


# --- in words ----------------------------------------------------------------------------------------------------------
def exhibit_names(kind: str, say: AppLanguage) -> dict[str, str]:
    """Titles of what a source of a kind can show, and of words, by name."""
    found = exhibit_titles(say) if kind == "run" else comparison_titles(say)
    return {**found, TEXT: say._("Words alone")}


def figure_names(say: AppLanguage) -> dict[str, str]:
    """Titles of the key figures by key."""
    _ = say._
    names = (
        _("Contract liability (IFRS 15)"), _("Points outstanding"), _("Points expired so far"), _("Members upgraded"),
        _("Repurchase lift, 365 days"), _("Sales lift"), _("Program cost"), _("Return on program spend"), _("Purchase lift"),
        _("Margin after program cost"),
    )  # fmt: skip
    return dict(zip(FIGURES, names, strict=True))


def slide_rows(
    outline: Outline, offers: Mapping[str, Offer], findings: Sequence[str], say: AppLanguage
) -> list[dict[str, Any]]:
    """The slides as the list shows them. ``findings``: the sentence that each says by itself, where it was told already."""
    names = figure_names(say)
    rows = []
    for place, entry in enumerate(outline.slides):
        offer = offers.get(entry.of)
        kind = "comparison" if entry.show in COMPARISON_EXHIBITS else "run"
        chosen = entry.figures or FRONT
        rows.append(
            {
                "title": exhibit_names(kind, say)[entry.show],
                "of": "" if entry.show == TEXT else offer.title if offer else entry.of,
                "finding": findings[place] if place < len(findings) else "",
                "heading": entry.said("heading", say),
                "text": entry.said("text", say),
                "notes": entry.said("notes", say),
                "only": "" if entry.show in (TEXT, "key_figures") else entry.only,
                "words": entry.show == TEXT,
                "figures": [[key, names[key], key in chosen] for key in FIGURES] if entry.show == "key_figures" else [],
            }
        )
    return rows


# --- files -------------------------------------------------------------------------------------------------------------
def yaml_of(mapping: Mapping[str, Any]) -> str:
    """A story's file."""
    writer = YAML()
    writer.default_flow_style = False
    writer.allow_unicode = True
    writer.width = 120
    held = io.StringIO()
    writer.dump(dict(mapping), held)
    return held.getvalue()


def file_stem(title: str) -> str:
    """A file's name from a title: letters, digits, - and _ of any language."""
    found = re.sub(r"[^\w-]+", "_", title).strip("_-")[:60]
    return found or "story"
