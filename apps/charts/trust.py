"""Charts of how sure one is: the power of a test by its size, and whether chances that were said came true."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv

from apps.charts.lines import Line, Mark, curves
from apps.charts.style import BASELINE_DASH, Axis, Look, Unit, framed

__all__ = ["Bin", "power_curve", "reliability"]


@dataclass(frozen=True)
class Bin:
    """Members who were given about the same chance, and how many of them it came true for. Shares from 0 to 1."""

    predicted: float
    observed: float
    low: float
    """The lower end of the interval of what was observed."""
    high: float
    members: int


def power_curve(members: Sequence[float], lines: Sequence[Line], look: Look, target: float = 80.0) -> Any:
    """The chance of seeing an effect by the members of each arm, per cent: a line an effect or a method, and the target across."""
    _ = look.say._
    goal = Mark(target, _("Wanted: {share}", share=look.say.percent(target, 0)))
    return curves(
        members,
        lines,
        Unit(_("Members in each arm")),
        Unit(_("Power of the test"), "percent"),
        look,
        [goal],
        from_zero=True,
    )


def reliability(bins: Sequence[Bin], look: Look) -> Any:
    """What was said against what came: one point a bin with its interval; on the dashed line they agree. The points' sizes tell members."""
    _ = look.say._
    say = look.say
    most = max((each.members for each in bins), default=1) or 1
    ticks = tuple((float(k), say.percent(k, 0)) for k in range(0, 101, 20))
    rows = {
        "x": [100 * each.predicted for each in bins], "y": [100 * each.observed for each in bins],
        "size": [6 + 8 * (each.members / most) ** 0.5 for each in bins], "said": [say.percent(100 * each.predicted, 1) for each in bins],
        "came": [f"{say.percent(100 * each.observed, 1)} ({say.percent(100 * each.low, 1)} – {say.percent(100 * each.high, 1)})" for each in bins],
        "members": [say.number(each.members) for each in bins],
    }  # fmt: skip
    spans = [(100 * each.predicted, 100 * each.low, 100 * each.predicted, 100 * each.high) for each in bins]
    parts = [
        hv.Curve([(0, 0), (100, 100)]).opts(color=look.ink, line_width=1.5, line_dash=BASELINE_DASH),
        hv.Segments(spans).opts(color=look.muted, line_width=2),
        hv.Points(rows, ["x", "y"], ["size", "said", "came", "members"]).opts(
            size="size", color=look.series(0).color, line_color=look.ground, tools=["hover"],
            hover_tooltips=[(_("Chance said"), "@said"), (_("Came true"), "@came"), (_("Members"), "@members")],
        ),
    ]  # fmt: skip
    return framed(parts, look, Axis(-2, 102, ticks, _("Chance said")), Axis(-2, 104, ticks, _("Came true")), grid="xy")
