"""Floor 5: the slides of a deck: each says what was found, shows it, and says what kind of figure it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Inches

from workbench.reports.deck.graphs import add_graph
from workbench.reports.deck.office import Frame, paragraph, set_margins, slide_number, text_box, text_lines
from workbench.reports.deck.tables import add_table, height_of, pages
from workbench.reports.exhibits.kinds import Exhibit, Figure, Grid, shown
from workbench.reports.language import Language

__all__ = ["Cover", "Slides"]

INK, MUTED, WHITE = RGBColor(0x1C, 0x27, 0x33), RGBColor(0x56, 0x65, 0x73), RGBColor(0xFF, 0xFF, 0xFF)
ACCENT, DEEP, WARN, SOFT = (
    RGBColor(0x12, 0x67, 0x7A),
    RGBColor(0x0C, 0x4A, 0x63),
    RGBColor(0x8A, 0x4B, 0x08),
    RGBColor(0xEE, 0xF3, 0xF5),
)
LEFT, WIDTH = 0.6, 12.13
FOOT = 7.02
TITLE_ONLY = 5
MOST_BESIDE = 14
"""A table of more rows than this is no neighbour of a graph."""
TEXT_TABLE, NUMBER_TABLE = 10, 13


@dataclass(frozen=True)
class Cover:
    """What stands on the first slide and on the foot of every other one."""

    title: str
    subtitle: str
    client: str
    facts: tuple[tuple[str, str], ...]
    kind: str
    """PROJECTION, in a word."""
    meaning: str
    """What that is, in a sentence."""
    foot: str


class Slides:
    """Puts exhibits on the slides of a deck."""

    def __init__(self, deck: Any, say: Language, cover: Cover) -> None:
        self.deck, self.say, self.cover, self.foot = deck, say, cover, cover.foot

    def front(self) -> None:
        """The first slide."""
        slide, say, cover = (
            self._slide(cover_title(self.cover), (0.9, 1.75, 11.5, 1.5), 40, WHITE),
            self.say,
            self.cover,
        )
        _box(slide, (0, 0, 13.333, 4.6), DEEP, behind=True)
        if cover.client:
            paragraph(text_box(slide, (0.9, 1.15, 11.5, 0.45)), cover.client, say.tag, 16, WHITE, first=True)
        if cover.subtitle:
            paragraph(text_box(slide, (0.9, 3.3, 11.5, 0.9)), cover.subtitle, say.tag, 20, WHITE, first=True)
        width = 11.5 / max(len(cover.facts), 1)
        for place, (name, value) in enumerate(cover.facts):
            frame = text_box(slide, (0.9 + place * width, 4.95, width - 0.15, 0.95))
            paragraph(frame, name, say.tag, 12, MUTED, first=True, after=2)
            paragraph(frame, value, say.tag, 14, INK, bold=True)
        self._badge(slide, (0.9, 6.2))
        paragraph(text_box(slide, (3.2, 6.2, 9.2, 0.75)), cover.meaning, say.tag, 13, MUTED, first=True)

    def exhibit(self, found: Exhibit, notes: str, foot: str) -> None:
        """The slides of an exhibit: as many as its tables need."""
        self.foot = foot
        if found.figures:
            slide, top = self._headed(found, notes)
            self._cards(slide, found, top)
            return
        beside, apart = self._arranged(found)
        if found.graphs or not apart:
            slide, top = self._headed(found, notes)
            self._graphs(slide, found, beside, top)
            notes = ""
        self._tables(found, apart, notes)

    # --- parts of a slide ---
    def _slide(self, title: str, place: Frame, size: float, color: Any) -> Any:
        slide = self.deck.slides.add_slide(self.deck.slide_layouts[TITLE_ONLY])
        shape = slide.shapes.title
        shape.left, shape.top, shape.width, shape.height = (Inches(each) for each in place)
        set_margins(shape.text_frame, 0)
        shape.text_frame.vertical_anchor = MSO_ANCHOR.TOP
        paragraph(shape.text_frame, title, self.say.tag, size, color, bold=True, first=True, align=PP_ALIGN.LEFT)
        return slide

    def _headed(self, found: Exhibit, notes: str, part: str = "") -> tuple[Any, float]:
        """A slide with its question, finding, foot and notes; and where its content begins, in inches."""
        say, heading = self.say, found.finding + part
        size, high = self._heading(heading)
        slide = self._slide(heading, (LEFT, 0.72, WIDTH, high), size, INK)
        kicker = text_box(slide, (LEFT, 0.38, 9.6, 0.3))
        paragraph(kicker, found.question, say.tag, 13, ACCENT, bold=True, first=True)
        self._badge(slide, (10.73, 0.34), 2.0)
        top = 0.72 + high + 0.06
        if found.more and not part:
            more = text_lines(found.more, WIDTH, 14) * 14 * 1.25 / 72
            paragraph(text_box(slide, (LEFT, top, WIDTH, more)), found.more, say.tag, 14, MUTED, first=True)
            top += more
        self._foot(slide)
        told = [notes, found.more, *found.notes, self.cover.meaning, self.foot]
        frame = slide.notes_slide.notes_text_frame
        for place, text in enumerate(each for each in told if each):
            paragraph(frame, text, say.tag, 12, INK, first=place == 0)
        return slide, top + 0.14

    def _foot(self, slide: Any) -> None:
        paragraph(text_box(slide, (LEFT, FOOT, 11.2, 0.28)), self.foot, self.say.tag, 10, MUTED, first=True)
        frame = text_box(slide, (12.03, FOOT, 0.7, 0.28))
        slide_number(frame, self.say.tag, 10, MUTED, len(self.deck.slides))
        frame.paragraphs[0].alignment = PP_ALIGN.RIGHT

    def _badge(self, slide: Any, place: tuple[float, float], width: float = 2.1) -> None:
        shape = _box(slide, (*place, width, 0.34), WARN, rounded=True)
        set_margins(shape.text_frame, 0.03)
        shape.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        paragraph(
            shape.text_frame, self.cover.kind, self.say.tag, 12, WHITE, bold=True, first=True, align=PP_ALIGN.CENTER
        )

    def _notes(self, slide: Any, notes: Sequence[str]) -> float:
        """Fine print above the foot; returns where it begins."""
        text = self.say.joined(*notes)
        if not text:
            return FOOT - 0.08
        high = text_lines(text, WIDTH, 11) * 11 * 1.25 / 72
        paragraph(text_box(slide, (LEFT, FOOT - 0.06 - high, WIDTH, high)), text, self.say.tag, 11, MUTED, first=True)
        return FOOT - 0.12 - high

    # --- figures ---
    def _cards(self, slide: Any, found: Exhibit, top: float) -> None:
        bottom = self._notes(slide, found.notes)
        across = 4 if len(found.figures) > 3 else len(found.figures)
        down = -(-len(found.figures) // across)
        gap = 0.16
        width, height = (WIDTH - gap * (across - 1)) / across, min((bottom - top - gap * (down - 1)) / down, 2.45)
        for place, each in enumerate(found.figures):
            at = (LEFT + place % across * (width + gap), top + place // across * (height + gap), width, height)
            self._card(slide, each, found.currency, at)

    def _card(self, slide: Any, figure: Figure, currency: str, place: Frame) -> None:
        say = self.say
        shape = _box(slide, place, SOFT)
        frame = shape.text_frame
        set_margins(frame, 0.16)
        frame.vertical_anchor = MSO_ANCHOR.TOP
        left = PP_ALIGN.LEFT
        paragraph(frame, figure.name, say.tag, 16, MUTED, bold=True, first=True, align=left, after=2)
        if figure.value is None:
            paragraph(frame, figure.missing, say.tag, 18, MUTED, bold=True, align=left, after=2)
        else:
            value = shown(figure.value, figure.unit, say, currency)
            paragraph(frame, value, say.tag, 34 if len(value) < 12 else 26, ACCENT, bold=True, align=left)
            if figure.basis:
                paragraph(frame, figure.basis, say.tag, 14, MUTED, align=left)
        if figure.low is not None and figure.high is not None:
            low, high = (shown(each, figure.unit, say, currency) for each in (figure.low, figure.high))
            text = say._("{interval}: {low} to {high}", interval=figure.interval, low=low, high=high)
            paragraph(frame, text, say.tag, 13, INK, bold=True, align=left)
        if figure.note:
            paragraph(frame, figure.note, say.tag, 12, MUTED, align=left)

    # --- graphs and tables ---
    def _arranged(self, found: Exhibit) -> tuple[list[Grid], list[Grid]]:
        """Tables beside the graph, and those on slides of their own; tables by month are in the graph already."""
        grids = [
            each
            for each in found.grids
            if not found.graphs
            or each.columns[0].unit not in ("month", "days")
            or (len(found.graphs) == 1 and len(each.rows) <= 6)
        ]
        one = len(found.graphs) == 1
        beside = [each for each in grids if one and len(each.rows) <= MOST_BESIDE and len(each.columns) <= 6][:1]
        return beside, [each for each in grids if each not in beside]

    def _graphs(self, slide: Any, found: Exhibit, beside: list[Grid], top: float) -> None:
        bottom = self._notes(slide, found.notes)
        height = bottom - top
        if not found.graphs:
            return
        share = {0: 1.0, 1: 0.0}[len(beside)] or _share_of_graph(beside[0])
        gap = 0.25
        room = WIDTH * share - (gap if share < 1 else 0)
        width = (room - gap * (len(found.graphs) - 1)) / len(found.graphs)
        for place, graph in enumerate(found.graphs):
            at = (LEFT + place * (width + gap), top, width, height)
            add_graph(slide, graph, at, self.say, found.currency)
        for grid in beside:
            left, wide = LEFT + WIDTH * share, WIDTH * (1 - share)
            sizes = (12, 11, 10, 9, 8)
            size = next((each for each in sizes if height_of(grid, wide, each, self.say, found.currency) <= height), 8)
            add_table(slide, grid, (left, top + 0.06, wide, height), size, self.say, found.currency)

    def _tables(self, found: Exhibit, grids: list[Grid], notes: str) -> None:
        """Tables one under another, on as many slides as they need."""
        say, currency = self.say, found.currency
        slide, top, bottom, first = None, 0.0, 0.0, True
        for grid in grids:
            size = TEXT_TABLE if sum(each.unit == "text" for each in grid.columns) > 2 else NUMBER_TABLE
            high = height_of(grid, WIDTH, size, say, currency)
            if slide is not None and bottom - top >= high:
                parts = [grid]
            elif high <= self._room(found):
                slide, parts = None, [grid]
            else:
                slide, parts = None, list(pages(grid, WIDTH, self._room(found, ()), size, say, currency))
            for number, part in enumerate(parts):
                if slide is None or number:
                    told = f" ({number + 1}/{len(parts)})" if len(parts) > 1 else ""
                    slide, top = self._headed(found, notes if first else "", told)
                    bottom, first = self._notes(slide, () if told else found.notes), False
                add_table(slide, part, (LEFT, top, WIDTH, bottom - top), size, say, currency)
                top += height_of(part, WIDTH, size, say, currency) + 0.2

    def _room(self, found: Exhibit, notes: Sequence[str] | None = None) -> float:
        """Height that a table can have, in inches, under a heading and above the notes."""
        _size, high = self._heading(found.finding + " (10/10)")
        more = text_lines(found.more, WIDTH, 14) * 14 * 1.25 / 72 if found.more else 0.0
        text = self.say.joined(*(found.notes if notes is None else notes))
        below = text_lines(text, WIDTH, 11) * 11 * 1.25 / 72 + 0.12 if text else 0.08
        return FOOT - below - (0.72 + high + 0.2 + more)

    def _heading(self, text: str) -> tuple[float, float]:
        """Size in points and height in inches of a heading."""
        size = next((each for each in (24, 20) if text_lines(text, WIDTH, each) <= 2), 18)
        return size, text_lines(text, WIDTH, size) * size * 1.25 / 72


def cover_title(cover: Cover) -> str:
    """Never empty."""
    return cover.title or cover.foot


def _share_of_graph(grid: Grid) -> float:
    if sum(each.unit == "text" for each in grid.columns) > 2:
        return 0.34
    return {2: 0.62, 3: 0.56, 4: 0.5}.get(len(grid.columns), 0.42)


def _box(slide: Any, place: Frame, color: Any, rounded: bool = False, behind: bool = False) -> Any:
    """A filled rectangle without a border."""
    kind = MSO_SHAPE.ROUNDED_RECTANGLE if rounded else MSO_SHAPE.RECTANGLE
    shape = slide.shapes.add_shape(kind, *(Inches(each) for each in place))
    shape.fill.solid()
    shape.fill.fore_color.rgb = color
    shape.line.fill.background()
    shape.shadow.inherit = False
    if behind:
        slide.shapes._spTree.remove(shape._element)
        slide.shapes._spTree.insert(2, shape._element)
    return shape
