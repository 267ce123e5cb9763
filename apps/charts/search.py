"""Charts of a search: which assumption moves a figure (tornado), which designs are worth having (Pareto front)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv
import numpy as np

from apps.charts.style import (
    BAR_HIGH,
    BAR_LOW,
    Axis,
    Look,
    Unit,
    font_of,
    framed,
    hatched,
    in_rows,
    line_through,
    number_axis,
    row_places,
)

__all__ = ["Design", "Swing", "pareto", "tornado"]


@dataclass(frozen=True)
class Swing:
    """What a figure comes to with one lever at its low and at its high end, all else as it is."""

    name: str
    low: float
    high: float
    low_text: str = ""
    """The lever's own value there, as text."""
    high_text: str = ""


@dataclass(frozen=True)
class Design:
    """One design of a search by two outcomes."""

    name: str
    x: float
    y: float
    front: bool = False
    """No other design is better in one outcome and as good in the other."""
    feasible: bool = True
    """Whether every limit is kept."""
    chosen: bool = False
    """The one that is spoken of: named in the chart."""


def tornado(swings: Sequence[Swing], base: float, unit: Unit, look: Look, most: int = 12) -> Any:
    """Bars from the figure as it is (``base``) to what it comes to with each lever at its ends; the widest on top, at most so many.

    The lying axis does not begin at 0 but holds all bars: what is read is the distance from the base. The bar of the low end is hatched.
    """
    _ = look.say._
    rows = sorted(swings, key=lambda each: -(max(each.low, each.high, base) - min(each.low, each.high, base)))[:most]
    ends = [base, *(end for each in rows for end in (each.low, each.high))]
    low, high = min(ends), max(ends)
    room = 0.18 * ((high - low) or abs(base) or 1.0)
    place = row_places(len(rows))
    told = [("", "@head"), (_("Lever"), "@lever"), (unit.label or " ", "@text")]
    parts = []
    for name, label, color in (("low", _("At its low end"), "down"), ("high", _("At its high end"), "up")):
        at = np.array([getattr(each, name) for each in rows], dtype=float)
        levers = [getattr(each, name + "_text") for each in rows]
        columns = [[each.name for each in rows], levers, [unit.text(each, look.say) for each in at]]
        boxes = (np.minimum(at, base), place + BAR_LOW, np.maximum(at, base), place + BAR_HIGH, *columns)
        hooks = [hatched("/", look)] if name == "low" else []
        parts.append(hv.Rectangles(boxes, vdims=["head", "lever", "text"], label=label).opts(
            color=look.meaning(color), line_color=None, tools=["hover"], hover_tooltips=told, hooks=hooks))  # fmt: skip
        parts += _ends(at, base, place + (BAR_LOW + BAR_HIGH) / 2, levers, look)
    parts.append(line_through(base, len(rows), look))
    x = Axis(low - room, high + room, tuple(_ticks(low - room, high + room, unit, look)), unit.label)
    return in_rows(parts, [each.name for each in rows], look, x, legend=True)


def _ends(at: Any, base: float, place: Any, texts: list[str], look: Look) -> list[Any]:
    """What the lever is at a bar's end, beyond it."""
    parts = []
    for align, side in (("right", at < base), ("left", at >= base)):
        rows = [
            (x, y, f" {text} ")
            for x, y, text in zip(at[side], place[side], np.array(texts, dtype=object)[side], strict=True)
            if text
        ]
        if rows:
            style = font_of(look, 12, look.muted)
            parts.append(hv.Labels(rows, ["x", "y"], "text").opts(text_align=align, text_baseline="middle", **style))
    return parts


def _ticks(low: float, high: float, unit: Unit, look: Look) -> list[tuple[float, str]]:
    """Round ticks of an axis that need not hold 0."""
    shifted = number_axis([0.0, high - low], unit, look).ticks
    step = shifted[1][0] if len(shifted) > 1 else 1.0
    first = np.ceil(low / step)
    found = [round(float(first + k) * step, 12) for k in range(int((high - first * step) // step) + 1)]
    return [(tick, unit.tick(tick, look.say)) for tick in found]


def pareto(designs: Sequence[Design], x_unit: Unit, y_unit: Unit, look: Look, x_limit: float | None = None) -> Any:
    """Designs by two outcomes: those on the front large and joined, the others small, those that break a limit as crosses.

    ``x_limit``: a limit on the lying outcome. Both axes hold 0. The chosen ones are named.
    """
    _ = look.say._
    say = look.say
    kinds = (
        (_("Breaks a limit"), [each for each in designs if not each.feasible], "x", 7, look.muted),
        (
            _("Keeps the limits"),
            [each for each in designs if each.feasible and not each.front],
            "circle",
            6,
            look.series(1).color,
        ),
        (
            _("Efficient front"),
            [each for each in designs if each.feasible and each.front],
            "diamond",
            13,
            look.series(0).color,
        ),
    )
    parts = []
    for label, chosen, marker, size, color in kinds:
        if not chosen:
            continue
        if marker == "diamond":
            line = sorted((each.x, each.y) for each in chosen)
            parts.append(hv.Curve(line).opts(color=color, line_width=2, show_legend=False))
        columns = ([each.x for each in chosen], [each.y for each in chosen], [each.name for each in chosen],
                   [x_unit.text(each.x, say) for each in chosen], [y_unit.text(each.y, say) for each in chosen])  # fmt: skip
        parts.append(
            hv.Points(columns, ["x", "y"], ["head", "xt", "yt"], label=label).opts(
                marker=marker, size=size, color=color, line_color=color, tools=["hover"],
                hover_tooltips=[("", "@head"), (x_unit.label, "@xt"), (y_unit.label, "@yt")],
            )
        )  # fmt: skip
    named = [(each.x, each.y, f"  {each.name}") for each in designs if each.chosen]
    if named:
        parts.append(
            hv.Labels(named, ["x", "y"], "text").opts(text_align="left", text_baseline="bottom", **font_of(look, 13))
        )
    x = number_axis([each.x for each in designs] + ([] if x_limit is None else [x_limit]), x_unit, look)
    y = number_axis([each.y for each in designs], y_unit, look)
    if x_limit is not None:
        parts.append(hv.Curve([(x_limit, y.start), (x_limit, y.end)]).opts(
            color=look.meaning("limit"), line_width=2, line_dash="1 3", show_legend=False))  # fmt: skip
    return framed(parts, look, x, y, legend=True, grid="xy")
