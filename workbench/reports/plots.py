"""Floor 5: Bokeh figures that keep still: no tools but the hover, nothing computed in the browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, Range1d
from bokeh.plotting import figure

from workbench.reports.language import Language
from workbench.reports.scales import Scale

__all__ = [
    "COLORS",
    "FONT",
    "Series",
    "area",
    "bars",
    "blank",
    "curves",
    "difference_band",
    "lying_bars",
    "stack_ends",
    "tier_colors",
]

FONT = (
    "'Inter','Segoe UI',Roboto,'Helvetica Neue',Arial,"
    "'Noto Sans TC','PingFang TC','Microsoft JhengHei','Noto Sans CJK TC',sans-serif"
)
INK, MUTED, GRID = "#1c2733", "#566573", "#e3e8ed"
COLORS = {
    "earned": "#12677a",
    "redeemed": "#d97b16",
    "expired": "#6d7a88",
    "reversed": "#a3214b",
    "program": "#2491a8",
    "baseline": "#1c2733",
    "money": "#2f5d9b",
    "never": "#7a5aa6",
}
"""By what a series is; each pair that meets in one chart also differs in lightness, dash or hatch."""
BASE_TIER = "#cfd8df"
TIER_RAMP = ("#8fc7cf", "#0c4a63")


@dataclass(frozen=True)
class Series:
    """A named row of values, one for each place on the axis."""

    name: str
    label: str
    values: Sequence[float]
    color: str
    hatch: str | None = None


def blank(x: tuple[float, float], y: Scale, say: Language, height: int = 280) -> Any:
    """A figure without anything in it yet; ``y`` is its upright axis."""
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        toolbar_location=None,
        tools="",
        x_range=Range1d(start=x[0], end=x[1]),
        y_range=Range1d(start=y.start, end=y.end),
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        min_border_left=12,
        min_border_right=14,
        min_border_top=8,
        min_border_bottom=4,
    )
    for axis in (*plot.xaxis, *plot.yaxis):
        axis.axis_line_color = None
        axis.major_tick_line_color = None
        axis.minor_tick_line_color = None
        axis.major_label_text_font = FONT
        axis.major_label_text_font_size = "13px"
        axis.major_label_text_color = MUTED
    plot.xaxis[0].axis_line_color = MUTED
    plot.xgrid.grid_line_color = None
    plot.ygrid.grid_line_color = GRID
    label(plot.yaxis[0], {tick: say.compact(tick) for tick in y.ticks})
    plot.ygrid[0].ticker = FixedTicker(ticks=list(y.ticks))
    return plot


def label(axis: Any, labels: dict[Any, str]) -> None:
    """Put labels on an axis, and nothing else."""
    axis.ticker = FixedTicker(ticks=list(labels), minor_ticks=[])
    axis.major_label_overrides = {float(tick): text for tick, text in labels.items()}


def hover(plot: Any, renderer: Any, rows: Sequence[tuple[str, str]]) -> None:
    """Show named columns of a source (texts, made here) beside the pointer."""
    tips = [(name, f"@{{{column}}}") for name, column in rows]
    plot.add_tools(HoverTool(renderers=[renderer], tooltips=tips, mode="vline", attachment="horizontal", visible=False))


def source(series: Sequence[Series], heads: Sequence[str], say: Language, **more: Sequence[Any]) -> ColumnDataSource:
    """Values as numbers and as texts; column names are ours, so that no name from data can be one."""
    data: dict[str, Any] = {"x": list(range(len(heads))), "head": list(heads)} | {k: list(v) for k, v in more.items()}
    for each in series:
        data[each.name] = [float(number) for number in each.values]
        data[each.name + "_text"] = [say.number(number) for number in each.values]
    return ColumnDataSource(data)


def bars(
    plot: Any,
    groups: Sequence[Sequence[Series]],
    heads: Sequence[str],
    ticks: dict[int, str],
    say: Language,
    when: str = "",
) -> None:
    """Upright bars: groups stand side by side at each place, the series of a group stand on each other.

    What is below zero is stacked downwards. ``when`` names the place in the hover.
    """
    everything = [each for group in groups for each in group]
    width = 0.86 / len(groups)
    ups: dict[str, list[float]] = {}
    for group in groups:
        ups |= _stacked(group)
    data = source(everything, heads, say, **ups)
    for place, group in enumerate(groups):
        offset = (place - (len(groups) - 1) / 2) * width
        data.data[f"at{place}"] = [x + offset for x in range(len(heads))]
        for each in group:
            plot.vbar(
                x=f"at{place}",
                bottom=each.name + "_from",
                top=each.name + "_to",
                width=width * 0.96,
                source=data,
                line_color=None,
                fill_color=each.color,
                hatch_pattern=each.hatch,
                hatch_color="white",
                hatch_alpha=0.8,
                hatch_scale=7,
                hatch_weight=0.8,
            )
    rows = [(when, "head")] + [(each.label, each.name + "_text") for each in everything]
    whole = plot.vbar(
        x="x", bottom=plot.y_range.start, top=plot.y_range.end, width=1, source=data, fill_alpha=0, line_alpha=0
    )
    hover(plot, whole, rows)
    label(plot.xaxis[0], ticks)


def _stacked(group: Sequence[Series]) -> dict[str, list[float]]:
    """Where each bar of a stack begins and ends."""
    found: dict[str, list[float]] = {}
    length = len(group[0].values)
    above, below = [0.0] * length, [0.0] * length
    for each in group:
        start = [a if number >= 0 else b for a, b, number in zip(above, below, each.values, strict=True)]
        end = [base + number for base, number in zip(start, each.values, strict=True)]
        above = [max(a, e) for a, e in zip(above, end, strict=True)]
        below = [min(b, e) for b, e in zip(below, end, strict=True)]
        found |= {each.name + "_from": start, each.name + "_to": end}
    return found


def area(plot: Any, series: Series, heads: Sequence[str], ticks: dict[int, str], say: Language, when: str = "") -> None:
    """A line with the ground under it filled down to zero."""
    data = source([series], heads, say)
    plot.varea(x="x", y1=0, y2=series.name, source=data, fill_color=series.color, fill_alpha=0.16)
    line = plot.line(x="x", y=series.name, source=data, line_color=series.color, line_width=2.5, line_join="round")
    if len(heads) == 1:
        plot.scatter(x="x", y=series.name, source=data, color=series.color, size=8)
    hover(plot, line, [(when, "head"), (series.label, series.name + "_text")])
    label(plot.xaxis[0], ticks)


def curves(
    plot: Any, x: Sequence[float], series: Sequence[Series], ticks: dict[int, str], say: Language, when: str = ""
) -> None:
    """Curves of shares in per cent over days; the baseline (the series of that name) is dashed, and lies on top."""
    data = ColumnDataSource(
        {"x": list(x), "head": [say.number(each) for each in x]}
        | {each.name: list(each.values) for each in series}
        | {each.name + "_text": [say.percent(share, 1) for share in each.values] for each in series}
    )
    drawn = None
    for each in series:
        dash = [7, 4] if each.name == "baseline" else "solid"
        width = 2 if each.name == "baseline" else 5
        drawn = plot.line(x="x", y=each.name, source=data, line_color=each.color, line_width=width, line_dash=dash)
    hover(plot, drawn, [(when, "head")] + [(each.label, each.name + "_text") for each in series])
    label(plot.xaxis[0], ticks)


def difference_band(
    plot: Any,
    x: Sequence[float],
    middle: Series,
    low: Sequence[float],
    high: Sequence[float],
    ticks: dict[int, str],
    say: Language,
    when: str,
    interval: str,
) -> None:
    """A line within its 95 % band, and the line of no difference."""
    band = [
        f"{say.number(a, 2, True)} – {say.number(b, 2, True)}" if a == a else "–"
        for a, b in zip(low, high, strict=True)
    ]
    data = ColumnDataSource({
        "x": list(x), "middle": list(middle.values), "low": list(low), "high": list(high), "band": band,
        "head": [say.number(each) for each in x], "text": [say.number(share, 2, True) for share in middle.values],
    })  # fmt: skip
    plot.varea(x="x", y1="low", y2="high", source=data, fill_color=middle.color, fill_alpha=0.2)
    plot.line(x=[x[0], x[-1]], y=[0, 0], line_color=COLORS["baseline"], line_width=1.5, line_dash=[7, 4])
    line = plot.line(x="x", y="middle", source=data, line_color=middle.color, line_width=3)
    hover(plot, line, [(when, "head"), (middle.label, "text"), (interval, "band")])
    label(plot.xaxis[0], ticks)


def lying_bars(
    scale: Scale,
    rows: Sequence[tuple[str, str, float, str, tuple[float, float] | None]],
    say: Language,
    height_each: int = 58,
) -> Any:
    """Lying bars, each under its name and value: (name, value as text, value, color, interval)."""
    count = len(rows)
    plot = blank((scale.start, scale.end), Scale(0, count, ()), say, height=height_each * count + 34)
    label(plot.yaxis[0], {})
    label(plot.xaxis[0], {tick: say.compact(tick) for tick in scale.ticks})
    plot.ygrid.grid_line_color = None
    plot.xgrid.grid_line_color = GRID
    plot.xgrid[0].ticker = FixedTicker(ticks=list(scale.ticks))
    plot.segment(x0=[0], x1=[0], y0=[0], y1=[count], line_color=MUTED, line_width=1)
    for place, (name, text, amount, color, interval) in enumerate(rows):
        y = count - place - 0.66
        plot.hbar(y=[y], left=[0], right=[amount], height=0.36, fill_color=color, line_color=None)
        plot.text(
            x=[scale.start],
            y=[y + 0.24],
            text=[f"{name}  {text}"],
            text_font=value(FONT),
            text_font_size="13px",
            text_color=INK,
            background_fill_color="white",
            x_offset=5,
        )
        if interval is not None:
            plot.segment(x0=[interval[0]], x1=[interval[1]], y0=[y], y1=[y], line_color=INK, line_width=2)
            for end in interval:
                plot.segment(x0=[end], x1=[end], y0=[y - 0.11], y1=[y + 0.11], line_color=INK, line_width=2)
    return plot


def stack_ends(series: Sequence[Series]) -> list[float]:
    """The sums of what is above and of what is below zero at each place."""
    each_place = list(zip(*(each.values for each in series), strict=True))
    return [sum(v for v in values if v > 0) for values in each_place] + [
        sum(v for v in values if v < 0) for values in each_place
    ]


def tier_colors(count: int) -> list[str]:
    """A color for each tier: grey for the base, then from light to dark."""
    light, dark = (tuple(int(each[k : k + 2], 16) for k in (1, 3, 5)) for each in TIER_RAMP)
    above = max(count - 1, 1)
    shares = [1.0 if above == 1 else place / (above - 1) for place in range(count - 1)]
    ramp = [
        "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(light, dark, strict=True)) for share in shares
    ]
    return [BASE_TIER, *ramp]
