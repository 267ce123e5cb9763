"""Floor 5: who climbs (or joins), and who comes back."""

import math
from typing import Any

from workbench.reports.language import Language
from workbench.reports.parts import Chart, Section, Swatch, Table, columns
from workbench.reports.plots import COLORS, Series, area, bars, blank, curves, difference_band, stack_ends, tier_colors
from workbench.reports.scales import linear, month_ticks
from workbench.run_folder import RunFolder

__all__ = ["baseline_title", "by_tier", "repurchase", "repurchase_findings", "tiers", "tiers_findings"]

SWAMPED = 0.75
"""Where the base tier holds a larger share of the members than this, the tiers above it get a chart of their own."""
DAYS_IN_TABLE = (30, 60, 90, 180, 270, 365)


def baseline_title(run: RunFolder, say: Language) -> str:
    """What the world without the program is called."""
    spec = run.scenario["baseline"]
    return str((say.chinese and spec.get("title_zh")) or spec["title"])


# --- tiers ---------------------------------------------------------------------------------------------------------
def by_tier(table: dict[str, list[Any]]) -> tuple[list[Any], dict[str, list[Any]]]:
    """The months, and each tier's members month by month."""
    members: dict[str, list[Any]] = {}
    for tier, count in zip(table["tier"], table["members"], strict=True):
        members.setdefault(tier, []).append(count)
    return list(dict.fromkeys(table["month"])), members


def tiers(run: RunFolder, say: Language) -> Section:
    """Members by tier; where there are no tiers, members."""
    _ = say._
    months, data = by_tier(columns(run, "tiers_by_month"))
    heads = [say.month(each) for each in months]
    ticks = month_ticks(months, say)
    if not run.document["tiers"]["members"]:
        return _joined(run, data["members"], heads, ticks, say)
    colors = tier_colors(len(data))
    series = [
        Series(f"tier{place}", name, values, color)
        for place, ((name, values), color) in enumerate(zip(data.items(), colors, strict=True))
    ]
    everyone = sum(each.values[-1] for each in series)
    swamped = (
        len(series) > 1
        and series[0].values[-1] > SWAMPED * everyone > 0
        and any(any(each.values) for each in series[1:])
    )
    charts = [
        _tier_chart("tiers", _("Members by tier at the end of each month"), series, heads, ticks, say, wide=not swamped)
    ]
    if swamped:
        title = _('The tiers above "{tier}" alone (other scale)', tier=series[0].label)
        charts.append(_tier_chart("tiers_above", title, series[1:], heads, ticks, say, wide=False))
    table = Table(
        _("Members by tier"),
        (_("Month"), *data),
        tuple((head, *(say.number(values[place]) for values in data.values())) for place, head in enumerate(heads)),
    )
    return Section("tiers", _("Who climbs?"), say.joined(*tiers_findings(run, say)), tuple(charts), (table,))


def _tier_chart(
    name: str, title: str, series: list[Series], heads: list[str], ticks: dict[int, str], say: Language, wide: bool
) -> Chart:
    plot = blank((-0.7, len(heads) - 0.3), linear(stack_ends(series), whole=True), say)
    bars(plot, [series], heads, ticks, say, say._("Month"))
    return Chart(name, title, tuple(Swatch("bar", each.color, each.label) for each in series), plot, wide)


def tiers_findings(run: RunFolder, say: Language) -> tuple[str, ...]:
    """The answer, sentence by sentence; some may be empty."""
    _, tiers = say._, run.document["tiers"]
    names = list(tiers["members"])
    everyone = sum(tiers["members"].values())
    if not everyone:
        return (_("Nobody joined in this run."),)
    above = everyone - tiers["members"][names[0]]
    if not tiers["upgrades"]:
        return (
            _(
                'Nobody has risen above "{tier}"; members in all: {members}.',
                members=say.number(everyone),
                tier=names[0],
            ),
        )
    first = _(
        '{share} of members rose above "{tier}" at least once; at the end {above} of {members} stand above it.',
        share=say.percent(100 * (tiers["upgrade_rate"] or 0)),
        tier=names[0],
        above=say.number(above),
        members=say.number(everyone),
    )
    held = [_("{tier} {members}", tier=name, members=say.number(tiers["members"][name])) for name in names[1:]]
    return first, _("By tier: {tiers}.", tiers=say.listed(held)) if len(held) > 1 else ""


def _joined(run: RunFolder, members: list[int], heads: list[str], ticks: dict[int, str], say: Language) -> Section:
    _ = say._
    plot = blank((-0.7, len(heads) - 0.3), linear(members, whole=True), say)
    series = Series("members", _("Members"), members, COLORS["program"])
    area(plot, series, heads, ticks, say, _("Month"))
    chart = Chart(
        "members",
        _("Members at the end of each month"),
        (Swatch("line", series.color, _("Members who have joined")),),
        plot,
    )
    table = Table(
        _("Members by month"),
        (_("Month"), _("Members")),
        tuple((a, say.number(b)) for a, b in zip(heads, members, strict=True)),
    )
    sentence = _(
        "By the end {joined} of {customers} customers have joined; the program has no tiers.",
        joined=say.number(members[-1]), customers=say.number(run.document["members"]),
    )  # fmt: skip
    return Section("members", _("Who joins?"), sentence, (chart,), (table,))


# --- repurchase ----------------------------------------------------------------------------------------------------
def repurchase(run: RunFolder, say: Language) -> Section:
    """Who bought again within so many days, in both worlds, and the paired difference."""
    _ = say._
    data = columns(run, "repurchase_curve")
    shares = {
        name: [100 * _number(value) for value in data[name]]
        for name in ("program", "baseline", "difference", "low", "high")
    }
    days = [float(each) for each in data["days"]]
    ticks = {day: say.number(day) for day in range(0, int(days[-1]) + 1, 90)}
    other = baseline_title(run, say)
    series = [
        Series("program", _("With the program"), shares["program"], COLORS["program"]),
        Series("baseline", _("Baseline: {title}", title=other), shares["baseline"], COLORS["baseline"]),
    ]
    width = (days[0], days[-1] + 5)
    both = blank(width, linear([*shares["program"], *shares["baseline"]]), say)
    curves(both, days, series, ticks, say, _("Days"))
    both.yaxis[0].major_label_overrides = {
        tick: say.plain(tick) + "%" for tick in linear([*shares["program"], *shares["baseline"]]).ticks
    }
    gap_scale = linear([*shares["difference"], *shares["low"], *shares["high"]])
    gap = blank(width, gap_scale, say)
    middle = Series("difference", _("Difference"), shares["difference"], COLORS["program"])
    difference_band(gap, days, middle, shares["low"], shares["high"], ticks, say, _("Days"), _("95% interval"))
    gap.yaxis[0].major_label_overrides = {tick: ("+" if tick > 0 else "") + say.plain(tick) for tick in gap_scale.ticks}
    charts = (
        Chart("repurchase", _("Share of buyers who bought again, by days since their first purchase"), (
            Swatch("line", COLORS["program"], series[0].label), Swatch("dash", COLORS["baseline"], series[1].label),
        ), both, wide=False),
        Chart("difference", _("Difference of the two, in percentage points"), (
            Swatch("line", COLORS["program"], _("Program less baseline")),
            Swatch("band", COLORS["program"], _("95% interval")),
            Swatch("dash", COLORS["baseline"], _("Baseline")),
        ), gap, wide=False),
    )  # fmt: skip
    sentence = say.joined(*repurchase_findings(run, {name: values[-1] for name, values in shares.items()}, say))
    return Section(
        "repurchase", _("Do they come back because of it?"), sentence, charts, (_curve_table(days, shares, say),)
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _interval(low: float, high: float, say: Language) -> str:
    return (
        "–"
        if math.isnan(low)
        else say._("{low} to {high}", low=say.number(low, 2, True), high=say.number(high, 2, True))
    )


def _curve_table(days: list[float], shares: dict[str, list[float]], say: Language) -> Table:
    _ = say._
    rows = tuple(
        (
            say.number(day),
            say.percent(shares["program"][place]),
            say.percent(shares["baseline"][place]),
            say.number(shares["difference"][place], 2, True),
            _interval(shares["low"][place], shares["high"][place], say),
        )
        for place, day in enumerate(days)
        if int(day) in DAYS_IN_TABLE
    )
    header = (_("Days"), _("With the program"), _("Baseline"), _("Difference (percentage points)"), _("95% interval"))
    return Table(_("Share of buyers who bought again"), header, rows)


def repurchase_findings(run: RunFolder, last: dict[str, float], say: Language) -> tuple[str, ...]:
    """The answer, sentence by sentence. ``last``: the curve's last values, in per cent."""
    _ = say._
    if not run.document["lift"]["purchases"]["program"] and not run.document["lift"]["purchases"]["baseline"]:
        return (_("Nobody bought in this run."),)
    first = _(
        "{program} of buyers bought again within 365 days with the program, {baseline} in the baseline: "
        "{difference} percentage points.",
        program=say.percent(last["program"]),
        baseline=say.percent(last["baseline"]),
        difference=say.number(last["difference"], 2, True),
    )
    if math.isnan(last["low"]):
        return first, _("There are too few members for an interval.")
    interval = _interval(last["low"], last["high"], say)
    if last["low"] == last["high"] == 0:
        return first, _("Nobody bought again in one world only.")
    if last["low"] <= 0 <= last["high"]:
        return first, _(
            "The 95% interval ({interval}) includes zero: with so few members it could be chance.", interval=interval
        )
    return first, _("95% interval: {interval}.", interval=interval)
