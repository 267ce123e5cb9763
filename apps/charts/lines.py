"""Lines over months or over any number, each with its band where it has one, the baseline as a dashed ghost on top."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import holoviews as hv
import numpy as np

from apps.charts.style import BASELINE_DASH, Axis, Look, Unit, font_of, framed, hatched, month_axis, number_axis

__all__ = ["Band", "Line", "Mark", "curves", "lines_by_month"]


@dataclass(frozen=True)
class Line:
    """One line: a value at each place on the axis, NaN where there is none."""

    name: str
    values: Sequence[float]
    low: Sequence[float] | None = None
    """The lower end of its interval, at each place."""
    high: Sequence[float] | None = None
    baseline: bool = False
    """Dashed, thin, in the colour of ink, and drawn last so that nothing hides it."""


@dataclass(frozen=True)
class Band:
    """A range without a line of its own (of an assumption, say): hatched, so that it is not read as an interval. NaN: no range there."""

    name: str
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Mark:
    """A thin line across: a target, a limit, a date of change."""

    at: float
    text: str
    upright: bool = False
    """At a place of the lying axis rather than of the upright one."""


def lines_by_month(
    months: Sequence[date],
    lines: Sequence[Line],
    unit: Unit,
    look: Look,
    marks: Sequence[Mark] = (),
    bands: Sequence[Band] = (),
) -> Any:
    """Lines over months (any day of each; one value a month). An upright mark stands at the number of a month, from 0.

    Returns an ``hv.Overlay``. The axis begins at 0 and holds every line, band and mark.
    """
    heads = [look.say.month(month) for month in months]
    return _drawn(list(range(len(months))), heads, month_axis(months, look), lines, unit, look, marks, bands)


def curves(
    x: Sequence[float],
    lines: Sequence[Line],
    x_unit: Unit,
    unit: Unit,
    look: Look,
    marks: Sequence[Mark] = (),
    from_zero: bool = False,
) -> Any:
    """Lines over numbers, ascending: a lever of a sweep, members of a test, days. ``from_zero``: the lying axis begins at 0.

    Returns an ``hv.Overlay`` with a marker at each place where there are at most 24.
    """
    say = look.say
    ends = [float(x[0]), float(x[-1])]
    span = (ends[1] - ends[0]) or 1.0
    whole = number_axis(ends, x_unit, look, most=6)
    low = min(0.0, ends[0]) if from_zero else ends[0] - 0.02 * span
    ticks = tuple(tick for tick in whole.ticks if low <= tick[0] <= ends[1] + 0.02 * span)
    if len(ticks) < 3:
        ticks = tuple((float(each), x_unit.tick(float(each), say)) for each in _some(x, 6))
    axis = Axis(low, ends[1] + 0.02 * span, ticks, x_unit.label)
    return _drawn(
        [float(each) for each in x], [x_unit.text(float(each), say) for each in x], axis, lines, unit, look, marks
    )


def _some(x: Sequence[float], most: int) -> list[float]:
    """At most so many of the places, evenly chosen."""
    return [float(x[k]) for k in sorted({round(k) for k in np.linspace(0, len(x) - 1, min(most, len(x)))})]


def _drawn(
    x: list[Any],
    heads: list[str],
    axis: Axis,
    lines: Sequence[Line],
    unit: Unit,
    look: Look,
    marks: Sequence[Mark],
    ranges: Sequence[Band] = (),
) -> Any:
    ends = [each for line in lines for row in (line.values, line.low, line.high) for each in _floats(row)]
    ends += [each for band in ranges for row in (band.low, band.high) for each in row]
    y = number_axis([*ends, *(mark.at for mark in marks if not mark.upright)], unit, look)
    colored = [line for line in lines if not line.baseline]
    bands: list[Any] = [
        part.opts(color=look.muted, fill_alpha=0.35, hooks=[hatched("/", look)])
        for band in ranges
        for part in _areas(x, band.low, band.high, band.name)
    ]
    drawn = []
    for place, line in enumerate(colored):
        style = look.series(place)
        if line.low is not None and line.high is not None:
            bands += [part.opts(color=style.color, fill_alpha=0.2) for part in _areas(x, line.low, line.high)]
        drawn.append(_curve(x, line).opts(color=style.color, line_width=3, line_dash=style.dash))
        if len(x) <= 24 and (len(colored) > 1 or len(x) == 1):
            drawn.append(hv.Points((x, _floats(line.values))).opts(color=style.color, marker=style.marker, size=7))
    drawn += [
        _curve(x, each).opts(color=look.ink, line_width=2, line_dash=BASELINE_DASH) for each in lines if each.baseline
    ]
    across = [part for mark in marks for part in _mark(mark, axis, y, look)]
    parts = [*bands, *across, *drawn, _hover(x, heads, lines, unit, look)]
    return framed(parts, look, axis, y, legend=len(lines) + len(ranges) > 1)


def _curve(x: list[Any], line: Line) -> Any:
    return hv.Curve((x, _floats(line.values)), "x", "y", label=line.name)


def _floats(row: Sequence[float] | None) -> list[float]:
    return [] if row is None else [float(each) for each in row]


def _areas(x: list[Any], low: Sequence[float], high: Sequence[float], name: str = "") -> list[Any]:
    """What lies between two rows, piece by piece where there are gaps; a single place is as wide as half a step. Only the first piece is
    named, for the legend."""
    ends = [(place, bottom, top) for place, bottom, top in zip(x, _floats(low), _floats(high), strict=True)]
    pieces = [
        list(group) for known, group in groupby(ends, key=lambda end: end[1] == end[1] and end[2] == end[2]) if known
    ]
    half = (x[1] - x[0]) / 4 if len(x) > 1 else 0.25
    found = []
    for number, piece in enumerate(pieces):
        if len(piece) == 1:
            place, bottom, top = piece[0]
            piece = [(place - half, bottom, top), (place + half, bottom, top)]
        named = hv.Area(piece, "x", ["low", "high"], label=name if number == 0 else "")
        found.append(named.opts(line_alpha=0, show_legend=bool(name) and number == 0))
    return found


def _hover(x: list[Any], heads: list[str], lines: Sequence[Line], unit: Unit, look: Look) -> Any:
    """One invisible curve that tells all values of a place."""
    columns: dict[str, list[Any]] = {"x": x, "y": _floats(lines[0].values) if lines else [0.0] * len(x), "head": heads}
    rows = [("", "@head")]
    for place, line in enumerate(lines):
        columns[f"t{place}"] = [_told(line, k, unit, look) for k in range(len(x))]
        rows.append((line.name, f"@t{place}"))
    return hv.Curve(columns, "x", [name for name in columns if name != "x"]).opts(
        line_alpha=0, tools=["hover"], hover_tooltips=rows, hover_mode="vline", show_legend=False
    )


def _told(line: Line, place: int, unit: Unit, look: Look) -> str:
    text = unit.text(line.values[place], look.say)
    if line.low is None or line.high is None:
        return text
    return f"{text} ({unit.between(line.low[place], line.high[place], look.say)})"


def _mark(mark: Mark, x: Axis, y: Axis, look: Look) -> list[Any]:
    color = look.meaning("limit")
    if mark.upright:
        line, at, align, base = [(mark.at, y.start), (mark.at, y.end)], (mark.at, y.end), "left", "top"
    else:
        line, at, align, base = [(x.start, mark.at), (x.end, mark.at)], (x.start, mark.at), "left", "bottom"
    words = hv.Labels([(*at, " " + mark.text)], ["x", "y"], "text").opts(
        text_align=align, text_baseline=base, **font_of(look, 12, color)
    )
    return [hv.Curve(line, "x", "y").opts(color=color, line_width=1.5, line_dash="1 3", show_legend=False), words]
