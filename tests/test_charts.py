"""Charts: what is drawn is the data, axes begin at 0 and hold everything, texts are in the reader's language, greyscale tells series apart."""

import dataclasses
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

pytest.importorskip("holoviews", reason="the extra `notebook` is not installed")

from bokeh.models import Text

from apps.charts.bars import (
    Group,
    Interval,
    Series,
    Step,
    bars_by_month,
    expiry_schedule,
    intervals,
    lying_bars,
    segments,
    tier_sizes,
    waterfall,
    winners_and_losers,
)
from apps.charts.grids import grid, migration_flow, migration_matrix, triangle
from apps.charts.lines import Band, Line, Mark, curves, lines_by_month
from apps.charts.search import Design, Swing, pareto, tornado
from apps.charts.style import Look, Unit, figure_of, luminance
from apps.charts.trust import Bin, power_curve, reliability
from apps.language import language

ENGLISH, CHINESE = Look(language("en")), Look(language("zh-Hant"), dark=True)
MONTHS = [date(2025 + k // 12, k % 12 + 1, 1) for k in range(24)]
POINTS, TWD = Unit("Points"), Unit("NT$", "money", currency="TWD")
TIERS = ["Member", "Silver", "金卡"]
MOVES = np.array([[0, 0, 0], [120, 300, 40], [10, 60, 200]])

CHARTS = {
    "lines": lambda look: lines_by_month(
        MONTHS, [Line("方案", range(24), range(24), range(1, 25)), Line("As shipped", [5] * 24, baseline=True)], POINTS, look
    ),
    "curves": lambda look: curves([1, 2, 3], [Line("a", [1, 2, 3]), Line("b", [3, 2, 1])], POINTS, TWD, look, [Mark(2.5, "limit")]),
    "bars": lambda look: bars_by_month(MONTHS, [Series("in", range(24)), Series("out", [-k for k in range(24)])], POINTS, look),
    "expiry": lambda look: expiry_schedule([date(2026, 1, 1), date(2027, 6, 1)], [10, 20], 5, POINTS, look),
    "tiers": lambda look: tier_sizes(MONTHS, TIERS, np.ones((24, 3)), look),
    "waterfall": lambda look: waterfall([Step("a", 10, True), Step("b", -4), Step("c", 6, True)], TWD, look),
    "lying": lambda look: lying_bars(["a", "b"], [Series("s", [1, 2])], POINTS, look),
    "segments": lambda look: segments(["Champions", "Lost"], [40, 60], [90, 10], look),
    "intervals": lambda look: intervals([Interval("Purchases", 1.0, 0.5, 1.5), Interval("Sales", None)], Unit("%", "percent", 1), look),
    "winners": lambda look: winners_and_losers([Group("Member", 3, 5, 2), Group("Gold", 0, 0, 0)], look),
    "matrix": lambda look: migration_matrix(TIERS, MOVES, look),
    "flow": lambda look: migration_flow(TIERS, MOVES, look),
    "triangle": lambda look: triangle(MONTHS[:3], [[1, 2, 3], [1, 2, np.nan], [1, np.nan, np.nan]], POINTS, look),
    "grid": lambda look: grid(["1", "2"], ["a", "b", "c"], [[1, -2], [0, np.nan], [3, 1]], POINTS, look, diverging=True),
    "tornado": lambda look: tornado([Swing("hassle", 8, 14, "0", "4"), Swing("novelty", 9, 10)], 9.5, TWD, look),
    "pareto": lambda look: pareto([Design("a", 1, 2, front=True, chosen=True), Design("b", 2, 1, feasible=False)], TWD, TWD, look, 1.5),
    "power": lambda look: power_curve([100, 200, 400], [Line("+3%", [20, 50, 85])], look),
    "reliability": lambda look: reliability([Bin(0.1, 0.12, 0.08, 0.16, 300), Bin(0.8, 0.7, 0.6, 0.8, 50)], look),
}  # fmt: skip


EMPTY = {
    "waterfall upwards": lambda look: waterfall([Step("a", 1, True), Step("b", 2), Step("c", 3, True)], TWD, look),
    "waterfall without steps": lambda look: waterfall([], TWD, look),
    "intervals": lambda look: intervals([Interval("Sales", None)], Unit("%", "percent", 1), look),
    "no intervals": lambda look: intervals([], Unit("%", "percent", 1), look),
    "no groups": lambda look: winners_and_losers([], look),
    "grid": lambda look: grid(["1"], ["a"], [[np.nan]], POINTS, look),
    "matrix": lambda look: migration_matrix(TIERS, np.zeros((3, 3)), look),
    "triangle": lambda look: triangle(MONTHS[:1], [[np.nan]], POINTS, look),
    "tornado": lambda look: tornado([], 9.5, TWD, look),
    "pareto": lambda look: pareto([], TWD, TWD, look),
    "reliability": lambda look: reliability([], look),
    "expiry": lambda look: expiry_schedule([], [], 0, POINTS, look),
    "lines": lambda look: lines_by_month([], [], POINTS, look),
    "flat": lambda look: lines_by_month(MONTHS[:2], [Line("a", [0, 0])], POINTS, look),
    "tiers": lambda look: tier_sizes(MONTHS[:1], ["only"], [[0]], look),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTY)
def test_where_there_is_nothing_to_draw_the_frame_stays(name: str) -> None:
    assert drawn(EMPTY[name](ENGLISH)).height > 0


def drawn(element: Any) -> Any:
    return figure_of(element)


def glyphs(figure: Any, kind: str) -> list[Any]:
    return [each for each in figure.renderers if type(getattr(each, "glyph", None)).__name__ == kind]


@pytest.mark.parametrize("look", [ENGLISH, CHINESE], ids=["en-light", "zh-dark"])
@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_drawn_within_its_frame(name: str, look: Look) -> None:
    figure = drawn(CHARTS[name](look))
    assert figure.output_backend == "canvas"
    assert figure.toolbar_location is None and figure.background_fill_color is None
    x, y = figure.x_range, figure.y_range
    boxes = glyphs(figure, "Quad")
    assert boxes or figure.renderers
    for each in boxes if name != "flow" else []:
        data = each.data_source.data
        assert np.nanmin(np.minimum(data["left"], data["right"])) >= x.start - 0.51, name
        assert np.nanmax(np.maximum(data["left"], data["right"])) <= x.end + 0.51, name
        assert np.nanmin(data["bottom"]) >= y.start - 1e-9 and np.nanmax(data["top"]) <= y.end + 1e-9, name
    for each in figure.renderers:
        if isinstance(getattr(each, "glyph", None), Text):
            assert "Noto Sans TC" in str(each.glyph.text_font)


def test_the_axis_begins_at_0_and_holds_line_band_and_mark() -> None:
    line = Line("a", [50, 60, 70], [40, 45, 50], [60, 90, 131])
    figure = drawn(lines_by_month(MONTHS[:3], [line], POINTS, ENGLISH, [Mark(160, "limit")]))
    assert figure.y_range.start == 0 and figure.y_range.end >= 160
    [band] = glyphs(figure, "Patch") or glyphs(figure, "VArea") or glyphs(figure, "Patches")
    ends = np.concatenate([np.ravel(np.asarray(values, dtype=float)) for values in band.data_source.data.values()])
    assert 131 in ends and 40 in ends


def test_a_range_has_gaps_and_is_no_interval() -> None:
    nan = float("nan")
    band = Band("Range", [0, 0, nan, 0, nan], [10, 12, nan, 14, nan])
    figure = drawn(lines_by_month(MONTHS[:5], [Line("a", [1, 2, 3, 4, 5])], POINTS, ENGLISH, bands=[band]))
    pieces = [np.asarray(each.data_source.data["x"], dtype=float) for each in glyphs(figure, "Patch")]
    assert [(piece.min(), piece.max()) for piece in pieces] == [(0, 1), (2.75, 3.25)]
    assert [each.glyph.hatch_pattern for each in glyphs(figure, "Patch")] == ["/", "/"]


def test_only_a_baseline_is_dashed_so_and_lies_on_top() -> None:
    figure = drawn(CHARTS["lines"](ENGLISH))
    dashes = [each.glyph.line_dash for each in glyphs(figure, "Line") if each.glyph.line_alpha]
    assert dashes == [[], [7, 4]]


def test_ticks_are_in_the_readers_language() -> None:
    lines = [Line("a", [0, 120_000, 250_000])]
    english, chinese = (drawn(lines_by_month(MONTHS[:3], lines, POINTS, look)) for look in (ENGLISH, CHINESE))
    assert "200K" in english.yaxis[0].major_label_overrides.values()
    assert "20萬" in chinese.yaxis[0].major_label_overrides.values()
    assert chinese.xaxis[0].major_label_overrides[0] == "2025年"


def test_months_without_expiry_are_gaps_and_what_never_lapses_stands_apart() -> None:
    [boxes] = glyphs(drawn(expiry_schedule([date(2026, 1, 1), date(2026, 7, 1)], [10, 20], 5, POINTS, ENGLISH)), "Quad")
    middles = (np.asarray(boxes.data_source.data["left"]) + np.asarray(boxes.data_source.data["right"])) / 2
    assert middles[:2].tolist() == [0, 6] and middles[2] > 7
    assert list(boxes.data_source.data["top"]) == [10, 20, 5]
    assert boxes.data_source.data["head"][2] == "Never lapses"


def test_a_waterfall_that_does_not_foot_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lead to 6\.00, and closing says 7\.00"):
        waterfall([Step("opening", 10, True), Step("out", -4), Step("closing", 7, True)], TWD, ENGLISH)


def test_stacks_of_tiers_come_to_all_members() -> None:
    members = np.array([[5, 3, 0], [4, 3, 2]])
    tops = [
        each.data_source.data["top"] for each in glyphs(drawn(tier_sizes(MONTHS[:2], TIERS, members, ENGLISH)), "Quad")
    ]
    assert np.max(tops[:3], axis=0).tolist() == [8, 9]


def test_shares_of_a_matrix_are_of_its_rows_and_empty_rows_stay_blank() -> None:
    [boxes] = glyphs(drawn(migration_matrix(TIERS, MOVES, ENGLISH)), "Quad")
    data = boxes.data_source.data
    cells = {
        (row, column): (share, told)
        for row, column, share, told in zip(data["row"], data["column"], data["value"], data["told"], strict=True)
    }
    assert len(cells) == 6 and not any(row == "Member" for row, _ in cells)
    assert cells["金卡", "金卡"] == (pytest.approx(100 * 200 / 270), "200")


def test_a_sankey_has_no_empty_links_and_needs_one() -> None:
    element = migration_flow(TIERS, MOVES, ENGLISH)
    assert sorted(element.dimension_values("value")) == [10, 40, 60, 120, 200, 300]
    with pytest.raises(ValueError, match="no link"):
        migration_flow(TIERS, np.zeros((3, 3)), ENGLISH)


def test_losers_lie_left_of_winners_and_the_three_are_everyone() -> None:
    boxes = glyphs(drawn(winners_and_losers([Group("Member", 3, 5, 2)], ENGLISH)), "Quad")
    spans = [(each.data_source.data["left"][0], each.data_source.data["right"][0]) for each in boxes]
    assert spans == [(-50, 0), (0, 30), (30, 50)]


def test_the_widest_bar_of_a_tornado_is_on_top() -> None:
    rows = [Swing("small", 9, 10), Swing("large", 20, 4), Swing("middle", 8, 12)]
    boxes = glyphs(drawn(tornado(rows, 9.5, TWD, ENGLISH)), "Quad")[0].data_source.data
    order = [name for _, name in sorted(zip(boxes["bottom"], boxes["head"], strict=True), reverse=True)]
    assert order == ["large", "middle", "small"]


@pytest.mark.parametrize("dark", [False, True])
def test_what_meets_in_one_chart_differs_in_lightness(dark: bool) -> None:
    """Contrast of 1.25 and more between neighbours, and 3 against the ground for lines (WCAG 1.4.11)."""
    look = dataclasses.replace(ENGLISH, dark=dark)

    def contrast(one: str, other: str) -> float:
        a, b = sorted((luminance(one), luminance(other)), reverse=True)
        return (a + 0.05) / (b + 0.05)

    tiers = look.tiers(5)
    assert min(contrast(a, b) for a, b in pairwise(tiers[1:])) > 1.25
    assert min(contrast(look.series(k).color, look.ground) for k in range(6)) >= 3
    assert len({look.series(k).dash for k in range(6)} | {"7 4"}) == 7
    lightness = [luminance(each) for each in look.ramp(9)]
    assert lightness == sorted(lightness, reverse=not dark)
    assert contrast(look.meaning("up"), look.meaning("down")) > 1.25 or dark


def test_luminance_is_that_of_the_recommendation() -> None:
    assert luminance("#ffffff") == pytest.approx(1) and luminance("#000000") == 0
    assert luminance("#808080") == pytest.approx(0.2159, abs=1e-4)
