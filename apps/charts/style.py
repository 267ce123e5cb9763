"""How every chart looks: fonts that have Chinese, colours for light and dark, ticks in K/M or 萬/億, units beside their axis.

What comes out of the modules beside this one is a HoloViews element for the Bokeh backend, made from plain data. What meets in one chart
differs in lightness and in dash, marker or hatch, so that it can be told apart in greyscale and by those who see colours otherwise.

Axes are given explicitly (``Axis``): a HoloViews axis does not follow its data in a DynamicMap unless told so, and then would not begin at 0.
Texts, those of ticks and hovers too, are made here in Python, so nothing is computed in the browser. HoloViews is not thread-safe: make
elements on the session's own thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import holoviews as hv
import holoviews.plotting.bokeh
import numpy as np
from bokeh.core.properties import value as literal

from workbench.reports.language import Language
from workbench.reports.plots import FONT
from workbench.reports.scales import linear, month_ticks

__all__ = [
    "BASELINE_DASH", "Axis", "Look", "Style", "Unit", "figure_of", "font_of", "framed", "hatched", "in_rows", "line_through",
    "luminance", "month_axis", "name_axis", "number_axis", "row_places", "text_width",
]  # fmt: skip

hv.Store.set_current_backend("bokeh")

BASELINE_DASH = "7 4"
"""Of baselines, and of nothing else (a text: HoloViews takes a list for a column)."""
ROW = 54
"""Height of a lying row, pixels."""
LEGEND = 320
"""Pixels that a legend may take across: what a phone has."""


@dataclass(frozen=True)
class Style:
    """How one of several series is drawn."""

    color: str
    dash: str
    marker: str


_DASHES = ["solid", "2 3", "12 3 2 3", "3 8", "16 3", "6 2 2 2 2 2"]
_MARKERS = ["circle", "square", "triangle", "diamond", "inverted_triangle", "x"]
_SERIES = {
    False: ["#0c4a63", "#d97b16", "#7a2f8f", "#3f9a8f", "#8a6d1f", "#b5476b"],
    True: ["#8fd9e8", "#f0a042", "#b58ae0", "#57b38a", "#e6d27a", "#f08fb0"],
}
_PAPER = {
    # ink, muted, grid, ground
    False: ("#1c2733", "#566573", "#e3e8ed", "#ffffff"),
    True: ("#f2f5f7", "#b4bec7", "#3a444d", "#1b2126"),
}
_MEANING = {
    False: {"up": "#12677a", "down": "#d97b16", "same": "#cfd8df", "total": "#3b4a59", "limit": "#a3214b", "money": "#2f5d9b"},
    True: {"up": "#5cc3d6", "down": "#c86f12", "same": "#56616b", "total": "#cfd8df", "limit": "#ff8fa8", "money": "#9dbdf0"},
}  # fmt: skip
_RAMP = {False: ("#e8f1f3", "#4f9db0", "#07303f"), True: ("#24343b", "#3f93a8", "#dff6fb")}
_TIERS = {False: ("#cfd8df", "#8fc7cf", "#0c4a63"), True: ("#56616b", "#3c8b9b", "#dff6fb")}
_DIVERGING = {False: ("#9c5208", "#f4f4f2", "#0c4a63"), True: ("#f0a042", "#2a3238", "#8fd9e8")}


@dataclass(frozen=True)
class Unit:
    """What a number counts: how it reads at an axis and in a text."""

    label: str
    """Beside the axis, in the language of the chart: ``Points``, ``NT$``, ``Share of members``."""
    kind: Literal["count", "money", "percent"] = "count"
    """``percent``: numbers count per cent already."""
    digits: int = 0
    """Decimals in texts; ticks have as many as they need. Money of 1,000 and more has none."""
    currency: str = ""
    """ISO 4217 code, of money."""
    signed: bool = False
    """Of a difference: with a plus sign."""

    def tick(self, value: float, say: Language) -> str:
        """At an axis: short."""
        sign = "+" if self.signed and value > 0 else ""
        return sign + (say.plain(value) + "%" if self.kind == "percent" else say.compact(value))

    def text(self, value: float | None, say: Language) -> str:
        """In a hover, a table or a sentence; a dash where there is no number."""
        if value is None or value != value:
            return "–"
        if self.kind == "percent":
            return say.percent(value, self.digits or 1, self.signed)
        if self.kind == "money" and self.currency:
            return say.money(value, self.currency, self.signed)
        return say.number(value, self.digits, self.signed)

    def between(self, low: float | None, high: float | None, say: Language) -> str:
        """An interval."""
        return "–" if low is None or high is None else f"{self.text(low, say)} – {self.text(high, say)}"


@dataclass(frozen=True)
class Look:
    """For whom a chart is drawn: language, light or dark, and how large."""

    say: Language
    dark: bool = False
    height: int = 320
    """Pixels."""
    width: int | None = None
    """Pixels; None: as wide as its place."""

    @property
    def ink(self) -> str:
        """Of lines and texts that matter, and of the baseline."""
        return _PAPER[self.dark][0]

    @property
    def muted(self) -> str:
        """Of ticks and labels."""
        return _PAPER[self.dark][1]

    @property
    def grid(self) -> str:
        """Of grid lines."""
        return _PAPER[self.dark][2]

    @property
    def ground(self) -> str:
        """What charts are drawn on; they have no ground of their own."""
        return _PAPER[self.dark][3]

    def meaning(self, name: str) -> str:
        """A colour by what it says: up, down, same, total, limit or money."""
        return _MEANING[self.dark][name]

    def series(self, place: int) -> Style:
        """Of the first, second, ... of several series (six; then they come again)."""
        place %= len(_DASHES)
        return Style(_SERIES[self.dark][place], _DASHES[place], _MARKERS[place])

    def tiers(self, count: int) -> list[str]:
        """A colour for each tier, grey for the lowest, then ever farther from the ground."""
        base, first, last = _TIERS[self.dark]
        return [base, *_between([first, last], max(count - 1, 0))][:count]

    def ramp(self, count: int = 64) -> list[str]:
        """From little to much: away from the ground, evenly in lightness."""
        return _between(list(_RAMP[self.dark]), count)

    def diverging(self, count: int = 65) -> list[str]:
        """From much below, over nothing, to much above. For a scale that is even about 0."""
        return _between(list(_DIVERGING[self.dark]), count)

    def on(self, color: str) -> str:
        """The colour of a text that stands on a colour."""
        return "#14202b" if luminance(color) > 0.33 else "#ffffff"

    def sized(self, height: int) -> "Look":
        """The same with another height."""
        return replace(self, height=height)


def luminance(color: str) -> float:
    """Relative luminance of ``#rrggbb``, 0 to 1 (WCAG 2.2)."""
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear_parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear_parts, strict=True))


def _between(stops: list[str], count: int) -> list[str]:
    """So many colours, evenly from the first stop to the last."""
    if count <= 1:
        return stops[-1:] * count
    rgb = [tuple(int(each[k : k + 2], 16) for k in (1, 3, 5)) for each in stops]
    found = []
    for place in range(count):
        where = place / (count - 1) * (len(rgb) - 1)
        left = min(int(where), len(rgb) - 2)
        mixed = (round(a + (b - a) * (where - left)) for a, b in zip(rgb[left], rgb[left + 1], strict=True))
        found.append("#" + "".join(f"{part:02x}" for part in mixed))
    return found


# --- axes ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Axis:
    """Where an axis begins and ends, its ticks, and what stands beside it."""

    start: float
    end: float
    ticks: tuple[tuple[float, str], ...] = ()
    label: str = ""


def number_axis(values: Sequence[float], unit: Unit, look: Look, most: int = 5) -> Axis:
    """An axis that holds 0 and all values (what is not finite aside), with few and round ticks."""
    found = linear([float(each) for each in values], most=most)
    return Axis(found.start, found.end, tuple((tick, unit.tick(tick, look.say)) for tick in found.ticks), unit.label)


def month_axis(months: Sequence[date], look: Look, label: str = "") -> Axis:
    """Months at 0, 1, 2, ..., those that a phone has room for labelled."""
    ticks = month_ticks(list(months), look.say)
    return Axis(-0.5, max(len(months), 1) - 0.5, tuple((float(k), text) for k, text in ticks.items()), label)


def name_axis(names: Sequence[str], label: str = "", downwards: bool = False) -> Axis:
    """Names at 0, 1, 2, ...; ``downwards``: the first on top of an upright axis."""
    last = len(names) - 1
    ticks = tuple((float(last - k if downwards else k), name) for k, name in enumerate(names))
    return Axis(-0.5, max(last, 0) + 0.5, ticks, label)


# --- rows ------------------------------------------------------------------------------------------------------------
BAR_LOW, BAR_HIGH = -0.38, 0.1
"""Where the bar of a lying row begins and ends, about the row's middle; its name stands above it, so that a phone has room for both."""


def row_places(count: int) -> Any:
    """Middles of lying rows, the first on top: float64[count]."""
    return np.arange(count, dtype=float)[::-1]


def row_names(names: Sequence[str], x: Axis, look: Look) -> Any:
    """The names of lying rows, each above its bar."""
    places = row_places(len(names)) + BAR_HIGH + 0.06
    return hv.Labels(([x.start] * len(names), places, list(names)), ["x", "y"], "text").opts(
        text_align="left", text_baseline="bottom", **font_of(look)
    )


def line_through(at: float, count: int, look: Look, **style: Any) -> Any:
    """A line through the bars of lying rows, left out where their names stand."""
    spans = [(at, place + BAR_LOW - 0.08, at, place + BAR_HIGH + 0.02) for place in row_places(count)]
    return hv.Segments(spans).opts(**{"color": look.ink, "line_width": 2} | style)


def in_rows(parts: Sequence[Any], names: Sequence[str], look: Look, x: Axis, *, legend: bool = False) -> Any:
    """A frame of lying rows, as high as they need."""
    count = max(len(names), 1)
    y = Axis(-0.5, count - 0.4)
    size = look.sized(ROW * count + 44 + 22 * bool(x.label) + 26 * legend)
    return framed([*parts, row_names(names, x, look)], size, x, y, legend=legend, grid="x")


# --- frames ----------------------------------------------------------------------------------------------------------
def framed(
    parts: Sequence[Any],
    look: Look,
    x: Axis,
    y: Axis,
    *,
    legend: bool = False,
    grid: str = "y",
    hooks: Sequence[Any] = (),
) -> Any:
    """Elements laid over each other in one frame: an ``hv.Overlay`` that keeps still (no tools but the hover).

    ``grid``: along which axes lines are drawn, "x", "y", "xy" or "". ``hooks``: HoloViews hooks that follow the frame's own.
    """
    each = {"xlim": (x.start, x.end), "ylim": (y.start, y.end), "framewise": True, "backend": "bokeh"}
    size = {"height": look.height} | ({"responsive": True} if look.width is None else {"width": look.width})
    shown = [part for part in parts if len(part)]  # HoloViews cannot draw what is empty
    if not shown:
        shown = [hv.Points([(x.start, y.start)]).opts(alpha=0, show_legend=False)]
    return hv.Overlay([part.opts(**each) for part in shown]).opts(
        xlim=(x.start, x.end), ylim=(y.start, y.end), xlabel=x.label, ylabel="",
        xticks=list(x.ticks) or [(x.start, "")], yticks=list(y.ticks) or [(y.start, "")],
        framewise=True, toolbar=None, default_tools=[], show_legend=legend, legend_position="top", show_frame=False,
        hooks=[_frame_hook(look, x, y, grid), *hooks], backend="bokeh", **size,
    )  # fmt: skip


def _frame_hook(look: Look, x: Axis, y: Axis, grid: str) -> Callable[[Any, Any], None]:
    """What HoloViews has no option for: fonts, colours, grid lines, the unit above the upright axis."""

    def hook(plot: Any, _: Any) -> None:
        drawn = plot.state
        drawn.output_backend = "canvas"  # WebGL writes warnings on the console, and notches into lines
        drawn.background_fill_color = drawn.border_fill_color = None
        drawn.outline_line_color = None
        drawn.update(min_border_left=12, min_border_right=16, min_border_top=6, min_border_bottom=4)
        drawn.title.update(
            text=y.label, align="left", text_font=FONT, text_font_size="13px", text_font_style="normal", text_color=look.muted
        )  # fmt: skip
        for axis in (*drawn.xaxis, *drawn.yaxis):
            axis.update(
                axis_line_color=None, major_tick_line_color=None, minor_tick_line_color=None, axis_label_text_font_style="normal",
                major_label_text_font=FONT, major_label_text_font_size="13px", major_label_text_color=look.muted,
                axis_label_text_font=FONT, axis_label_text_font_size="13px", axis_label_text_color=look.muted,
            )  # fmt: skip
        drawn.xaxis[0].axis_line_color = look.muted
        for lines, axis, name in ((drawn.xgrid, x, "x"), (drawn.ygrid, y, "y")):
            lines.grid_line_color = look.grid if name in grid else None
            lines.ticker = [tick for tick, _ in axis.ticks]
        for legend in drawn.legend:
            legend.update(
                label_text_font=FONT, label_text_font_size="13px", label_text_color=look.ink, background_fill_color=None,
                border_line_color=None, orientation="horizontal",
                ncols=_columns([str(each.label.value) for each in legend.items]), padding=2, margin=0, spacing=14, glyph_width=28,
                click_policy="none",
            )  # fmt: skip

    return hook


def text_width(text: str) -> float:
    """About so many pixels across at 13 px."""
    return sum(14.0 if ord(letter) > 0x2E7F else 7.5 for letter in text)


def _columns(names: Sequence[str]) -> int:
    """So many entries of a legend side by side as a phone has room for."""
    widths = [text_width(name) + 52 for name in names]
    return max(1, len(names) if sum(widths) <= LEGEND else int(LEGEND // max(widths)))


def hatched(pattern: str, look: Look) -> Callable[[Any, Any], None]:
    """A hook that hatches the areas or bars of one element."""

    def hook(plot: Any, _: Any) -> None:
        plot.handles["glyph"].update(
            hatch_pattern=pattern, hatch_color=look.ground, hatch_alpha=0.75, hatch_scale=8, hatch_weight=1
        )

    return hook


def font_of(look: Look, size: int = 13, color: str | None = None) -> dict[str, Any]:
    """Options of ``hv.Labels``. The font needs a hook: HoloViews takes a list of fonts for the name of a column."""

    def hook(plot: Any, _: Any) -> None:
        plot.handles["glyph"].text_font = literal(FONT)

    return {"text_font_size": f"{size}px", "text_color": color or look.ink, "hooks": [hook]}


def figure_of(element: Any) -> Any:
    """The Bokeh figure of an element, to be put into a page that knows no HoloViews."""
    return hv.render(element, backend="bokeh")
