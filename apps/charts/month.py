"""The chart that follows the levers: one Bokeh figure over one ColumnDataSource, changed in place."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, Range1d
from bokeh.plotting import figure
from panel.io.document import unlocked

from workbench.reports.language import Language
from workbench.reports.plots import FONT
from workbench.reports.scales import linear, month_ticks

__all__ = ["LINE", "MonthChart"]

LINE = {False: "#12677a", True: "#5cc3d6"}
"""Colour of the program's line, by whether the shell is dark."""
_INK = {False: ("#1c2733", "#566573", "#e3e8ed"), True: ("#f2f5f7", "#b4bec7", "#3a444d")}
"""Ghost, labels and grid."""


class MonthChart:
    """A figure by month of a program (solid) and of its baseline (dashed, drawn on top so that it never hides)."""

    def __init__(self) -> None:
        self.source = ColumnDataSource(
            {name: [] for name in ("x", "head", "now", "shipped", "world", "now_text", "shipped_text", "world_text")}
        )
        self.figure: Any = figure(
            height=320, sizing_mode="stretch_width", toolbar_location=None, tools="",
            x_range=Range1d(start=-0.5, end=0.5), y_range=Range1d(start=0, end=1),
            background_fill_color=None, border_fill_color=None, outline_line_color=None,
            min_border_left=12, min_border_right=14, min_border_top=8, min_border_bottom=4,
        )  # fmt: skip
        self.now = self.figure.line(x="x", y="now", source=self.source, line_width=3, line_join="round")
        self.shipped = self.figure.line(x="x", y="shipped", source=self.source, line_width=2, line_dash=[7, 4])
        self.world = self.figure.line(x="x", y="world", source=self.source, line_width=2, line_dash=[2, 4])
        self._hover = HoverTool(renderers=[self.now], mode="vline", attachment="horizontal", visible=False)
        self.figure.add_tools(self._hover)
        self.figure.xgrid.grid_line_color = None
        self.figure.ygrid[0].ticker = FixedTicker(ticks=[])
        for axis in (*self.figure.xaxis, *self.figure.yaxis):
            axis.update(
                ticker=FixedTicker(ticks=[], minor_ticks=[]), axis_line_color=None, major_tick_line_color=None, minor_tick_line_color=None,
                major_label_text_font=FONT, major_label_text_font_size="13px",
            )  # fmt: skip
        self.paint(dark=False)

    def paint(self, dark: bool) -> None:
        """Colours for a dark or a light shell."""
        with unlocked():  # Panel's own way to the browser, so that this arrives in the order of what Panel changes
            self._paint(dark)

    def _paint(self, dark: bool) -> None:
        ghost, label, grid = _INK[dark]
        self.now.glyph.line_color = LINE[dark]
        self.shipped.glyph.line_color = self.world.glyph.line_color = ghost
        self.figure.ygrid.grid_line_color = grid
        for axis in (*self.figure.xaxis, *self.figure.yaxis):
            axis.major_label_text_color = label
        self.figure.xaxis[0].axis_line_color = label

    def show(
        self,
        months: Sequence[date],
        now: Sequence[float],
        shipped: Sequence[float],
        say: Language,
        world: Sequence[float] | None = None,
    ) -> None:
        """Draw new values; the upright axis begins at 0 and holds both lines. Below 0 only where a line goes there (debts).
        ``world``: the baseline in the world that is shipped for it, dotted, where this one is another."""
        with unlocked():
            self._show(months, now, shipped, say, world)

    def _show(
        self,
        months: Sequence[date],
        now: Sequence[float],
        shipped: Sequence[float],
        say: Language,
        world: Sequence[float] | None,
    ) -> None:
        _ = say._
        heads = [say.month(month) for month in months]
        scale = linear([*now, *shipped, *(world or ())])
        other = [float("nan")] * len(months) if world is None else list(world)
        self.source.data = {
            "x": list(range(len(months))), "head": heads, "now": list(now), "shipped": list(shipped), "world": other,
            "now_text": [say.number(each) for each in now], "shipped_text": [say.number(each) for each in shipped],
            "world_text": ["" if world is None else say.number(each) for each in other],
        }  # fmt: skip
        self.figure.x_range.update(start=-0.5, end=len(months) - 0.5)
        self.figure.y_range.update(start=scale.start, end=scale.end)
        _ticks(self.figure.xaxis[0], month_ticks(list(months), say))
        _ticks(self.figure.yaxis[0], {tick: say.compact(tick) for tick in scale.ticks})
        self.figure.ygrid[0].ticker.ticks = list(scale.ticks)
        self._hover.tooltips = [("", "@head"), (_("This program"), "@now_text"), (_("Baseline"), "@shipped_text")]
        if world is not None:
            self._hover.tooltips = [*self._hover.tooltips, (_("Baseline, shipped assumptions"), "@world_text")]


def _ticks(axis: Any, labels: dict[Any, str]) -> None:
    """Labels at these places of an axis, and nowhere else. Its ticker stays: another one in its place would have Bokeh count the page's models anew."""
    axis.ticker.ticks = list(labels)
    axis.major_label_overrides = {float(tick): text for tick, text in labels.items()}
