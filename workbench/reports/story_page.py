"""Floor 5: a story as one page: it opens anywhere, offline; presents full screen by keys or buttons; prints a slide a page."""

from dataclasses import dataclass

from workbench.reports.exhibits.kinds import Exhibit, Grid, shown, unit_name
from workbench.reports.language import Language
from workbench.reports.page import filled
from workbench.reports.parts import Chart, KeyFigure, Section, Table
from workbench.reports.story import Told, ToldSlide
from workbench.reports.story_plots import figure_of, legend_of

__all__ = ["story_page"]


@dataclass(frozen=True)
class PageSlide:
    """A slide as the template takes it."""

    part: Section
    figures: tuple[KeyFigure, ...]
    question: str
    more: str
    said: str
    """The speaker's notes."""
    foot: str


def story_page(told: Told, say: Language) -> str:
    """The page of a story."""
    slides = tuple(_slide(each, k, say) for k, each in enumerate(told.slides, 1))
    return filled(
        "story.html.j2", tuple(each.part for each in slides), say, ("report.js", "story.js"), ("report.css", "story.css"),
        told=told, slides=slides,
    )  # fmt: skip


def _slide(slide: ToldSlide, number: int, say: Language) -> PageSlide:
    found = slide.exhibit
    charts = tuple(
        Chart(f"{number}-{each.name}", _titled(each.title, unit_name(each.unit, say, found.currency)), legend_of(each, say),
              figure_of(each, say, found.currency))
        for each in found.graphs
        if each.categories
    )  # fmt: skip
    tables = [_table(each, say, found.currency) for each in found.grids]
    folded = tuple(tables) if charts else ()
    part = Section(
        f"slide-{number}",
        found.finding,
        found.finding,
        charts,
        folded,
        found.notes,
        tuple(each for each in tables if each not in folded),
    )
    return PageSlide(part, _figures(found, say), found.question, found.more, slide.notes, slide.foot)


def _titled(title: str, unit: str) -> str:
    return title if not unit or unit in title else f"{title} ({unit})"


def _table(grid: Grid, say: Language, currency: str) -> Table:
    rows = tuple(
        tuple(shown(cell, grid.unit(number, place), say, currency) for place, cell in enumerate(row))
        for number, row in enumerate(grid.rows)
    )
    return Table(grid.caption, tuple(each.title for each in grid.columns), rows, grid.total)


def _figures(found: Exhibit, say: Language) -> tuple[KeyFigure, ...]:
    made = []
    for each in found.figures:
        interval = ""
        if each.low is not None and each.high is not None:
            low, high = (shown(end, each.unit, say, found.currency) for end in (each.low, each.high))
            interval = say._("{interval}: {low} to {high}", interval=each.interval, low=low, high=high)
        value = each.missing if each.value is None else shown(each.value, each.unit, say, found.currency)
        made.append(
            KeyFigure(each.name, value, each.basis, interval, (each.note,) if each.note else (), each.value is None)
        )
    return tuple(made)
