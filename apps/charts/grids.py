"""Tables drawn as colours: who moved from tier to tier, the triangle of a liability, a sweep over two levers; and the moves as a Sankey."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import holoviews as hv
import numpy as np
from bokeh.core.properties import value as literal
from bokeh.models import FixedTicker

from apps.charts.style import Axis, Look, Unit, font_of, framed, month_axis, name_axis, text_width
from workbench.reports.plots import FONT
from workbench.reports.scales import linear

__all__ = ["grid", "migration_flow", "migration_matrix", "triangle"]

SANKEY_WIDTH = 640
NARROWEST = 350
"""Pixels that a Sankey diagram without a width is sure to have: there has to be room for its labels then."""
FLOW = 1000.0
"""How wide HoloViews lays a Sankey diagram out, in units of its axis."""


def migration_matrix(names: Sequence[str], matrix: Any, look: Look, before: str = "", after: str = "") -> Any:
    """Who went where: rows the tier (or segment) before, the first on top; columns the one after; the share of the row in each cell.

    ``matrix``: count[before, after]. ``before`` and ``after`` name the axes, unless those of a review. Empty rows stay blank.
    """
    _ = look.say._
    counts = np.asarray(matrix, dtype=float)
    whole = counts.sum(axis=1, keepdims=True)
    shares = np.divide(100 * counts, whole, out=np.full(counts.shape, np.nan), where=whole > 0)
    text = [[look.say.percent(share, 0) if share == share else "" for share in row] for row in shares]
    told = [[look.say.number(count) for count in row] for row in counts]
    size = look.sized(max(52 * len(names) + 90, 200))
    x = name_axis(names, after or _("After the review"))
    y = name_axis(names, before or _("Before the review"), downwards=True)
    return _cells(shares, (0.0, 100.0), text, told, _("Count"), names, names, x, y, size)


def triangle(first: Sequence[date], values: Any, unit: Unit, look: Look, title: str = "") -> Any:
    """A triangle: rows are months of issue (the first on top), columns their age in months; NaN where the age is not reached yet.

    ``values``: number[cohorts, ages], in the unit given (per cent of points issued, points, money). ``title`` names what they are.
    """
    _ = look.say._
    table = np.asarray(values, dtype=float)
    rows = [look.say.month(month) for month in first]
    ages = [look.say.number(age) for age in range(table.shape[1])]
    count = len(rows)
    marked = [(float(count - 1 - k), text) for k, text in ((int(p), t) for p, t in month_axis(first, look).ticks)]
    every = max(1, -(-table.shape[1] // 12))
    x = Axis(
        -0.5,
        table.shape[1] - 0.5,
        tuple((float(k), ages[k]) for k in range(0, table.shape[1], every)),
        _("Months since issue"),
    )
    y = Axis(-0.5, count - 0.5, tuple(marked), title or unit.label)
    told = [[unit.text(each, look.say) for each in row] for row in table]
    return _cells(table, _span(table), None, told, unit.label, rows, ages, x, y, look, unit)


def grid(
    x: Sequence[str],
    y: Sequence[str],
    values: Any,
    unit: Unit,
    look: Look,
    x_label: str = "",
    y_label: str = "",
    diverging: bool = False,
) -> Any:
    """A sweep over two levers: a cell for each pair of values, with its figure where there is room for it (up to 12 columns).

    ``x``, ``y``: the levers' values as texts, ``y`` upwards; ``values``: number[y, x], NaN where a design was not run. ``diverging``: colours
    tell what is above 0 from what is below it (of a difference).
    """
    table = np.asarray(values, dtype=float).reshape(len(y), len(x))[::-1]
    text = [[unit.text(each, look.say) if each == each else "" for each in row] for row in table]
    span = _span(table)
    if diverging:
        most = max(abs(span[0]), abs(span[1]))
        span = (-most, most)
    rows = list(reversed(list(y)))
    axes = name_axis(x, x_label), name_axis(rows, y_label, downwards=True)
    small = text if len(x) <= 12 else None
    size = look.sized(max(44 * len(y) + 90, look.height))
    return _cells(table, span, small, text, unit.label, rows, x, *axes, size, unit, diverging)


def _span(table: Any) -> tuple[float, float]:
    """From 0, or from what lies below it, to the largest; never empty."""
    known = table[np.isfinite(table)]
    low, high = float(min(known.min(initial=0.0), 0.0)), float(known.max(initial=0.0))
    return (low, high) if high > low else (low, low + 1.0)


def _cells(
    table: Any, span: tuple[float, float], text: list[list[str]] | None, told: list[list[str]], what: str, rows: Sequence[str],
    columns: Sequence[str], x: Axis, y: Axis, look: Look, unit: Unit | None = None, diverging: bool = False,
) -> Any:  # fmt: skip
    """Coloured cells, row 0 on top; with a colour bar where a unit is given."""
    places = [(i, j) for i in range(len(rows)) for j in range(len(columns)) if np.isfinite(table[i, j])]
    colors = look.diverging() if diverging else look.ramp()
    last, width = len(rows) - 1, span[1] - span[0]
    shade = [colors[min(int((table[i, j] - span[0]) / width * len(colors)), len(colors) - 1)] for i, j in places]
    at = np.array(places, dtype=float).reshape(-1, 2)
    middle_x, middle_y = at[:, 1], last - at[:, 0]
    boxes = hv.Rectangles(
        (middle_x - 0.5, middle_y - 0.5, middle_x + 0.5, middle_y + 0.5, [float(table[i, j]) for i, j in places],
         [rows[i] for i, _ in places], [columns[j] for _, j in places], [told[i][j] for i, j in places]),
        vdims=["value", "row", "column", "told"],
    ).opts(
        color="value", cmap=colors, clim=span, line_color=look.ground, line_width=1, tools=["hover"],
        hover_tooltips=[(y.label or " ", "@row"), (x.label or " ", "@column"), (what, "@told")],
        **({} if unit is None else _bar(span, unit, look)),
    )  # fmt: skip
    parts = [boxes]
    if text is not None:
        words = [text[i][j] for i, j in places]
        shown = hv.Labels((middle_x, middle_y, words, [look.on(each) for each in shade]), ["x", "y"], ["text", "color"])
        parts.append(shown.opts(**font_of(look, 13) | {"text_color": "color"}))
    return framed(parts, look, x, y, grid="")


def _bar(span: tuple[float, float], unit: Unit, look: Look) -> dict[str, Any]:
    """A colour bar with ticks of ours."""
    ticks = [each for each in linear(list(span)).ticks if span[0] <= each <= span[1]]
    return {
        "colorbar": True,
        "clabel": "",
        "colorbar_position": "right",
        "colorbar_opts": {
            "ticker": FixedTicker(ticks=ticks), "major_label_overrides": {tick: unit.tick(tick, look.say) for tick in ticks},
            "major_label_text_font": FONT, "major_label_text_font_size": "12px", "major_label_text_color": look.muted,
            "background_fill_color": None, "bar_line_color": None, "major_tick_line_color": None, "width": 10, "padding": 4,
        },
    }  # fmt: skip


# --- Sankey ----------------------------------------------------------------------------------------------------------
def migration_flow(names: Sequence[str], matrix: Any, look: Look) -> Any:
    """The same counts as a Sankey diagram: from the tiers before on the left to the tiers after on the right. An ``hv.Sankey``.

    ``matrix``: count[before, after]; links of nothing are left out, and at least one has to be there (else ValueError). Without
    a width (``look.width``) it is as wide as its place, with room for its labels on a phone.
    """
    counts = np.asarray(matrix, dtype=float)
    places = [(i, j) for i in range(len(names)) for j in range(len(names)) if counts[i, j] > 0]
    if not places:
        raise ValueError("nobody moved or stayed: there is no link to draw")
    say, size = look.say, len(names)
    colors = look.tiers(size)
    used = sorted({i for i, _ in places} | {size + j for _, j in places})
    sums = np.concatenate([counts.sum(axis=1), counts.sum(axis=0)])
    labels = [f"{names[k % size]} {say.number(sums[k])}" for k in used]
    nodes = hv.Dataset((used, labels, [colors[k % size] for k in used]), "index", ["label", "color"])
    links = [
        (i, size + j, counts[i, j], f"{names[i]} → {names[j]}", say.number(counts[i, j]), colors[i]) for i, j in places
    ]
    return hv.Sankey((links, nodes), ["source", "target"], ["value", "head", "text", "shade"]).opts(
        width=look.width or SANKEY_WIDTH, height=look.height, labels="label", label_position="outer", node_color="color", edge_color="shade",
        node_size=0, node_width=16, node_padding=14, node_line_color=look.muted, edge_line_alpha=0, edge_fill_alpha=0.55,
        toolbar=None, default_tools=[], tools=["hover"], inspection_policy="edges", show_values=False, xaxis=None, yaxis=None,
        hover_tooltips=[("", "@head"), (say._("Count"), "@text")], hooks=[_sankey_hook(look, labels)], framewise=True, backend="bokeh",
    )  # fmt: skip


def _sankey_hook(look: Look, labels: Sequence[str]) -> Callable[[Any, Any], None]:
    """Fonts and colours of the labels, which would be black on a dark shell otherwise, and room for them on both sides."""
    width = (look.width or NARROWEST) - 30
    words = min(max(text_width(label) for label in labels) + 10, 0.3 * width)
    room = FLOW * words / (width - 2 * words)

    def hook(plot: Any, _: Any) -> None:
        drawn = plot.state
        drawn.output_backend = "canvas"
        if look.width is None:
            drawn.update(width=None, sizing_mode="stretch_width")
        drawn.background_fill_color = drawn.border_fill_color = drawn.outline_line_color = None
        drawn.x_range.update(start=-room, end=FLOW + room)
        for name in ("text_1_glyph", "text_2_glyph"):
            glyph = plot.handles.get(name)
            if glyph is not None:
                glyph.update(text_font=literal(FONT), text_font_size="13px", text_color=look.ink)

    return hook
