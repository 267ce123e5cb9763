"""Bars: by month, stacked over time, lying with intervals, diverging, and as a waterfall that foots."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import holoviews as hv
import numpy as np

from apps.charts.style import (
    BAR_HIGH,
    BAR_LOW,
    BASELINE_DASH,
    Axis,
    Look,
    Unit,
    framed,
    hatched,
    in_rows,
    line_through,
    month_axis,
    number_axis,
    row_places,
)

__all__ = ["Group", "Interval", "Series", "Step", "bars_by_month", "expiry_schedule", "intervals", "lying_bars", "segments", "tier_sizes",
           "waterfall", "winners_and_losers"]  # fmt: skip


@dataclass(frozen=True)
class Series:
    """A named row of values, one a place."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True)
class Interval:
    """A figure with its interval: one row of ``intervals``."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Group:
    """Members of a group by what a change does to them; the three are everyone."""

    name: str
    winners: int
    losers: int
    unchanged: int

    @property
    def members(self) -> int:
        """All of the group."""
        return self.winners + self.losers + self.unchanged


@dataclass(frozen=True)
class Step:
    """One step of a waterfall: a movement, or (``total``) where the movements have led."""

    name: str
    amount: float
    total: bool = False


# --- upright ---------------------------------------------------------------------------------------------------------
def bars_by_month(
    months: Sequence[date], series: Sequence[Series], unit: Unit, look: Look, colors: Sequence[str] = ()
) -> Any:
    """Bars a month, series stacked on each other; what is below zero is stacked downwards. Values: one a month.

    ``colors``: one for each series, or else those of tiers (grey first, then away from the ground). The second of two is hatched.
    """
    count = len(months)
    values = np.array([[float(each) for each in row.values] for row in series]).reshape(len(series), count)
    above, below = np.maximum(values, 0).cumsum(axis=0), np.minimum(values, 0).cumsum(axis=0)
    chosen = list(colors) or look.tiers(len(series) + 1)[1:]
    heads = [look.say.month(month) for month in months]
    rows = [("", "@head"), *((row.name, f"@t{k}") for k, row in enumerate(series))]
    texts = {f"t{k}": [unit.text(value, look.say) for value in values[k]] for k in range(len(series))}
    parts = []
    for k, row in enumerate(series):
        ends = np.where(values[k] >= 0, above[k], below[k])
        parts.append(
            _boxes(np.arange(count) - 0.43, ends - values[k], np.arange(count) + 0.43, ends, {}, row.name).opts(
                color=chosen[k], line_color=None, hooks=[hatched("/", look)] if len(series) == 2 and k == 1 else []
            )
        )
    y = number_axis([*above[-1:].ravel(), *below[-1:].ravel()], unit, look)
    parts.append(_veil(count, y, {"head": heads} | texts, rows))
    return framed(parts, look, month_axis(months, look), y, legend=len(series) > 1)


def expiry_schedule(months: Sequence[date], points: Sequence[float], never: float, unit: Unit, look: Look) -> Any:
    """What lapses in each month if nothing of it is used before, and beside it what never lapses (left out where it is 0).

    ``months``: those in which something lapses, ascending, gaps allowed; ``points``: of each; in the unit that is given.
    """
    _ = look.say._
    first = [month.year * 12 + month.month - 1 for month in months]
    names = [look.say.month(month) for month in months]
    values = [float(each) for each in points]
    colors = [look.meaning("up")] * len(values)
    places = [float(each - first[0]) for each in first]
    ticks = [(float(k), text) for k, text in _month_ticks(months, places, look)]
    end = (places[-1] if places else 0.0) + 0.5
    if never:
        places.append(end + 1.5)
        names.append(_("Never lapses"))
        values.append(float(never))
        colors.append(look.meaning("same"))
        ticks.append((end + 1.5, "∞"))
        end += 2.2
    x = np.array(places)
    columns = {"color": colors, "head": names, "text": [unit.text(each, look.say) for each in values]}
    boxes = _boxes(x - 0.43, np.zeros(len(x)), x + 0.43, np.array(values), columns).opts(
        color="color", line_color=None, tools=["hover"], hover_tooltips=[("", "@head"), (unit.label, "@text")]
    )
    return framed([boxes], look, Axis(-0.6, max(end, 0.6), tuple(ticks)), number_axis(values, unit, look))


def _month_ticks(months: Sequence[date], places: Sequence[float], look: Look) -> list[tuple[float, str]]:
    """Ticks of a calendar with gaps: those of all its months."""
    if not months:
        return []
    start = months[0].year * 12 + months[0].month - 1
    every = [date((start + k) // 12, (start + k) % 12 + 1, 1) for k in range(int(places[-1]) + 1)]
    return list(month_axis(every, look).ticks)


def tier_sizes(months: Sequence[date], tiers: Sequence[str], members: Any, look: Look) -> Any:
    """Members by tier at the end of each month, stacked with the lowest tier below.

    ``tiers``: names, lowest first; ``members``: number[months, tiers].
    """
    _ = look.say._
    counts = np.asarray(members, dtype=float).reshape(len(months), len(tiers))
    series = [Series(name, counts[:, k].tolist()) for k, name in enumerate(tiers)]
    return bars_by_month(months, series, Unit(_("Members")), look, look.tiers(len(tiers)))


# --- lying -----------------------------------------------------------------------------------------------------------
def lying_bars(names: Sequence[str], series: Sequence[Series], unit: Unit, look: Look) -> Any:
    """Lying bars by name, the first on top; the series beneath each other in each row, the second hatched."""
    place, width = row_places(len(names)), (BAR_HIGH - BAR_LOW) / max(len(series), 1)
    parts = []
    for k, row in enumerate(series):
        top = place + BAR_HIGH - k * width
        values = np.array([float(each) for each in row.values])
        columns = {"head": list(names), "text": [unit.text(each, look.say) for each in values]}
        parts.append(
            _boxes(np.zeros(len(names)), top - 0.94 * width, values, top, columns, row.name).opts(
                color=look.series(k).color, line_color=None, tools=["hover"], hover_tooltips=[("", "@head"), (row.name, "@text")],
                hooks=[hatched("/", look)] if k == 1 else [],
            )
        )  # fmt: skip
    x = number_axis([each for row in series for each in row.values], unit, look, most=4)
    return in_rows(parts, names, look, x, legend=len(series) > 1)


def segments(names: Sequence[str], customers: Sequence[float], sales: Sequence[float], look: Look) -> Any:
    """RFM segments: each one's share of customers above its share of sales, per cent."""
    _ = look.say._
    rows = [Series(_("Share of customers"), customers), Series(_("Share of sales"), sales)]
    return lying_bars(names, rows, Unit("", "percent"), look)


def waterfall(steps: Sequence[Step], unit: Unit, look: Look) -> Any:
    """From where something stood to where it stands, downwards: a roll-forward, or the parts of a difference. Totals begin at 0.

    A step's amount is signed; of a total it is the sum so far, and ValueError is raised where it does not foot (to 1/1000 of the
    largest amount, for amounts that were rounded).
    """
    level, rows = 0.0, []
    largest = max((abs(step.amount) for step in steps), default=0.0)
    for number, step in enumerate(steps):
        before = level
        level = step.amount if step.total else level + step.amount
        if step.total and number and abs(level - before) > largest / 1000:
            raise ValueError(f"the steps lead to {before:,.2f}, and {step.name} says {step.amount:,.2f}")
        name = "total" if step.total else "up" if step.amount >= 0 else "down"
        rows.append((0.0 if step.total else before, level, look.meaning(name), name == "down"))
    place = row_places(len(steps))
    starts, ends = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    texts = [(unit if step.total else replace(unit, signed=True)).text(step.amount, look.say) for step in steps]
    parts = [
        hv.Segments((ends[:-1], place[:-1] + BAR_LOW, ends[:-1], place[1:] + BAR_HIGH)).opts(
            color=look.grid, line_width=2
        )
    ]
    for down in (False, True):
        k = [number for number, row in enumerate(rows) if row[3] is down]
        columns = {"color": [rows[n][2] for n in k], "head": [steps[n].name for n in k], "text": [texts[n] for n in k]}
        parts.append(
            _boxes(starts[k], place[k] + BAR_LOW, ends[k], place[k] + BAR_HIGH, columns).opts(
                color="color", line_color=None, tools=["hover"], hover_tooltips=[("", "@head"), (unit.label or " ", "@text")],
                hooks=[hatched("/", look)] if down else [],
            )
        )  # fmt: skip
    x = number_axis([*starts, *ends], unit, look, most=4)
    names = [f"{step.name}  {text}" for step, text in zip(steps, texts, strict=True)]
    return in_rows(parts, names, look, x)


def intervals(rows: Sequence[Interval], unit: Unit, look: Look) -> Any:
    """Differences with their intervals, one a row, and the dashed line of no difference: whether an interval crosses it is what one reads.

    A row without a value keeps its name and stays empty.
    """
    say = look.say
    middle = row_places(len(rows)) + (BAR_LOW + BAR_HIGH) / 2
    known = [(float(place), row) for place, row in zip(middle, rows, strict=True) if row.value is not None]
    spans = [(row.low, place, row.high, place) for place, row in known if row.low is not None and row.high is not None]
    ends = [(end, place - 0.12, end, place + 0.12) for low, place, high, _ in spans for end in (low, high)]
    found = number_axis([0.0, *(row.value or 0.0 for _, row in known), *(end for end, *_ in ends)], unit, look, most=4)
    room = 0.05 * (found.end - found.start)
    x = Axis(found.start - room, found.end + room, found.ticks, found.label)
    columns = {
        "x": [row.value for _, row in known], "y": [place for place, _ in known], "head": [row.name for _, row in known],
        "text": [unit.text(row.value, say) for _, row in known], "band": [unit.between(row.low, row.high, say) for _, row in known],
    }  # fmt: skip
    parts = [
        line_through(0.0, len(rows), look, line_dash=BASELINE_DASH),
        hv.Segments(spans + ends).opts(color=look.muted, line_width=2.5),
        hv.Points(columns, ["x", "y"], ["head", "text", "band"]).opts(
            color=look.meaning("up"), size=11, marker="diamond", line_color=look.ink, tools=["hover"],
            hover_tooltips=[("", "@head"), (unit.label or " ", "@text"), ("95%", "@band")],
        ),
    ]  # fmt: skip
    return in_rows(parts, [_stated(row, unit, look) for row in rows], look, x)


def _stated(row: Interval, unit: Unit, look: Look) -> str:
    """A row's name with its figure and interval."""
    text = f"{row.name}  {unit.text(row.value, look.say)}"
    return text if row.low is None else f"{text} ({unit.between(row.low, row.high, look.say)})"


def winners_and_losers(groups: Sequence[Group], look: Look) -> Any:
    """Shares of each group's members who lose (left of zero), who gain (right of it), and, beyond the gains, who see no difference.

    Groups without members keep an empty row.
    """
    _, say = look.say._, look.say
    place = row_places(len(groups))
    whole = np.array([max(group.members, 1) for group in groups], dtype=float)
    lost, won, same = (
        100 * np.array([getattr(group, name) for group in groups], dtype=float) / whole
        for name in ("losers", "winners", "unchanged")
    )
    drawn = (
        ("losers", _("Lose"), -lost, 0 * lost, lost, "down"),
        ("winners", _("Gain"), 0 * won, won, won, "up"),
        ("unchanged", _("No difference"), won, won + same, same, "same"),
    )
    columns: dict[str, list[Any]] = {"head": [group.name for group in groups]}
    for name, _words, _left, _right, shares, _color in drawn:
        counts = (getattr(group, name) for group in groups)
        columns[name] = [f"{say.number(n)} ({say.percent(share, 1)})" for n, share in zip(counts, shares, strict=True)]
    told = [("", "@head"), *((words, f"@{name}") for name, words, *_rest in drawn)]
    parts = [
        _boxes(left, place + BAR_LOW, right, place + BAR_HIGH, columns, words).opts(
            color=look.meaning(color), line_color=None, tools=["hover"], hover_tooltips=told,
            hooks=[hatched("/", look)] if name == "losers" else [],
        )
        for name, words, left, right, _shares, color in drawn
    ]  # fmt: skip
    parts.append(line_through(0.0, len(groups), look))
    low = -25.0 * np.ceil(float(lost.max(initial=0.0)) / 25)
    ticks = tuple((float(k), say.percent(abs(k), 0)) for k in (-100, -50, 0, 50, 100) if k >= low)
    x = Axis(low - 2, 102, ticks, _("Share of the group's members"))
    names = [f"{group.name}  {say.number(group.members)}" for group in groups]
    return in_rows(parts, names, look, x, legend=True)


# --- boxes -----------------------------------------------------------------------------------------------------------
def _boxes(left: Any, bottom: Any, right: Any, top: Any, columns: dict[str, list[Any]], name: str = "") -> Any:
    """Rectangles with columns of texts; a column ``color`` may hold colours."""
    return hv.Rectangles((left, bottom, right, top, *columns.values()), vdims=list(columns), label=name)


def _veil(count: int, y: Axis, columns: dict[str, list[Any]], rows: list[tuple[str, str]]) -> Any:
    """Invisible boxes over whole places, that tell all values of one."""
    x = np.arange(count)
    boxes = _boxes(x - 0.5, np.full(count, y.start), x + 0.5, np.full(count, y.end), columns)
    return boxes.opts(fill_alpha=0, line_alpha=0, tools=["hover"], hover_tooltips=rows, show_legend=False)
