"""Floor 5: graphs as Bokeh figures, for a story's page."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from bokeh.models import ColumnDataSource

from workbench.reports.exhibits.kinds import Graph, Line, shown
from workbench.reports.language import Language
from workbench.reports.parts import Swatch
from workbench.reports.plots import COLORS, blank, hover, label, lying_bars
from workbench.reports.scales import Scale, linear, month_ticks

__all__ = ["figure_of", "legend_of"]

PERCENT = ("share", "rate", "whole_share", "change")
WHOLE = ("points", "members", "purchases", "count", "days", "months")


def figure_of(graph: Graph, say: Language, currency: str, height: int = 330) -> Any:
    """A graph as a figure that keeps still but for its hover."""
    if graph.kind in ("bars", "dots"):
        return _lying(graph, say, currency)
    scale = linear(_extent(graph), whole=graph.unit in WHOLE)
    count = len(graph.categories)
    margin = 0.5 if graph.kind in ("lines", "area", "band") and count > 1 else 0.7
    plot = blank((-margin, count - 1 + margin), scale, say, height=height)
    label(plot.yaxis[0], {tick: _tick(tick, graph, say) for tick in scale.ticks})
    data = _source(graph, say, currency)
    if graph.kind in ("stack", "columns"):
        _bars(plot, graph, data)
    else:
        _curves(plot, graph, data)
    whole = plot.vbar(x="x", bottom=scale.start, top=scale.end, width=1, source=data, fill_alpha=0, line_alpha=0)
    rows = [(graph.axis, "head"), *((line.name, f"text{k}") for k, line in enumerate(graph.lines))]
    if graph.kind == "band":
        rows.append((say._("95% interval"), "interval"))
    hover(plot, whole, rows)
    label(plot.xaxis[0], _places(graph, say))
    return plot


def legend_of(graph: Graph, say: Language) -> tuple[Swatch, ...]:
    """What stands above a figure."""
    _ = say._
    kinds = {
        "stack": "bar",
        "columns": "bar",
        "bars": "bar",
        "dots": "bar",
        "lines": "line",
        "area": "line",
        "band": "line",
    }
    found = [
        Swatch("dash" if line.dash else "hatch" if line.hatch else kinds[graph.kind], line.color, line.name)
        for line in graph.lines
    ]
    if graph.kind == "band":
        found.append(Swatch("band", graph.lines[0].color, _("95% interval")))
    if graph.kind == "dots" and _has_interval(graph.lines[0]):
        found.append(Swatch("whisker", "#1c2733", _("95% interval")))
    return tuple(found)


def _has_interval(line: Line) -> bool:
    return line.low is not None and any(each is not None for each in line.low)


def _extent(graph: Graph) -> list[float]:
    lines = graph.lines
    if graph.kind == "stack":
        rows = list(zip(*(line.values for line in lines), strict=True))
        return [sum(each or 0.0 for each in row if ((each or 0.0) > 0) == up) for row in rows for up in (True, False)]
    ends = [values for line in lines for values in (line.values, line.low or (), line.high or ())]
    return [each for values in ends for each in values if each is not None]


def _tick(value: float, graph: Graph, say: Language) -> str:
    if graph.unit in PERCENT:
        return say.plain(round(100 * value, 6)) + "%"
    return say.compact(value)


def _places(graph: Graph, say: Language) -> dict[int, str]:
    months = [each for each in graph.categories if isinstance(each, date)]
    if months and len(months) == len(graph.categories):
        return month_ticks(months, say)
    return {k: str(each) for k, each in enumerate(graph.categories) if k % graph.every == 0}


def _source(graph: Graph, say: Language, currency: str) -> Any:
    """Values as numbers and as texts; column names are ours."""
    nan = float("nan")
    heads = [say.month(each) if isinstance(each, date) else str(each) for each in graph.categories]
    data: dict[str, Any] = {"x": list(range(len(heads))), "head": heads}
    for k, line in enumerate(graph.lines):
        data[f"y{k}"] = [nan if each is None else float(each) for each in line.values]
        data[f"text{k}"] = [shown(each, graph.unit, say, currency) for each in line.values]
    line = graph.lines[0]
    if graph.kind == "band":
        low, high = line.low or line.values, line.high or line.values
        data["low"], data["high"] = ([nan if each is None else float(each) for each in end] for end in (low, high))
        data["interval"] = [
            f"{shown(a, graph.unit, say, currency)} – {shown(b, graph.unit, say, currency)}"
            for a, b in zip(low, high, strict=True)
        ]
    return ColumnDataSource(data)


def _bars(plot: Any, graph: Graph, data: Any) -> None:
    count = len(graph.categories)
    groups = len(graph.lines) if graph.kind == "columns" else 1
    width = 0.86 / groups
    above, below = [0.0] * count, [0.0] * count
    for k, line in enumerate(graph.lines):
        numbers = [0.0 if each is None else float(each) for each in line.values]
        start = [0.0] * count
        if graph.kind == "stack":
            start = [a if each >= 0 else b for a, b, each in zip(above, below, numbers, strict=True)]
        end = [base + each for base, each in zip(start, numbers, strict=True)]
        above, below = list(map(max, above, end)), list(map(min, below, end))
        place = (k - (groups - 1) / 2) * width if groups > 1 else 0.0
        for name, column in (("from", start), ("to", end), ("at", [x + place for x in range(count)])):
            data.data[f"{name}{k}"] = column
        plot.vbar(
            x=f"at{k}", bottom=f"from{k}", top=f"to{k}", width=width * 0.96, source=data, line_color=None, fill_color=line.color,
            hatch_pattern="/" if line.hatch else None, hatch_color="white", hatch_alpha=0.8, hatch_scale=7, hatch_weight=0.8,
        )  # fmt: skip


def _curves(plot: Any, graph: Graph, data: Any) -> None:
    if graph.kind == "band":
        plot.varea(x="x", y1="low", y2="high", source=data, fill_color=graph.lines[0].color, fill_alpha=0.22)
        ends = [0, len(graph.categories) - 1]
        plot.line(x=ends, y=[0, 0], line_color=COLORS["baseline"], line_width=1.5, line_dash=[7, 4])
    for k, line in enumerate(graph.lines):
        if graph.kind == "area":
            plot.varea(x="x", y1=0, y2=f"y{k}", source=data, fill_color=line.color, fill_alpha=0.18)
        dash: str | Sequence[int] = [7, 4] if line.dash else "solid"
        plot.line(
            x="x", y=f"y{k}", source=data, line_color=line.color, line_width=2 if line.dash else 3.5, line_dash=dash
        )
        if len(graph.categories) == 1:
            plot.scatter(x="x", y=f"y{k}", source=data, color=line.color, size=8)


def _lying(graph: Graph, say: Language, currency: str) -> Any:
    line = graph.lines[0]
    low, high = line.low or [None] * len(line.values), line.high or [None] * len(line.values)
    rows = [
        (
            f"{name} ", shown(value, graph.unit, say, currency), float(value), line.color,
            None if a is None or b is None else (float(a), float(b)),
        )
        for name, value, a, b in zip(graph.categories, line.values, low, high, strict=True)
        if value is not None
    ]  # fmt: skip
    scale: Scale = linear(_extent(graph), whole=graph.unit in WHOLE)
    plot = lying_bars(scale, rows, say, height_each=46)
    label(plot.xaxis[0], {tick: _tick(tick, graph, say) for tick in scale.ticks})
    return plot
