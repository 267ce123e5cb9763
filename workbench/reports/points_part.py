"""Floor 5: points in and out, what is outstanding, and when it lapses."""

import math
from datetime import date
from itertools import pairwise

from workbench.reports.language import Language
from workbench.reports.parts import Chart, Columns, Months, Section, Swatch, Table, add_months, columns
from workbench.reports.plots import COLORS, Series, area, bars, blank, stack_ends
from workbench.reports.scales import linear, month_ticks
from workbench.run_folder import RunFolder

__all__ = ["flows", "flows_findings", "months_or_years", "outstanding", "outstanding_findings"]

FLOWS = ("earned", "redeemed", "expired", "reversed")
MOST_BARS = 36
"""A schedule of more months than this is shown by year."""


# --- in and out ----------------------------------------------------------------------------------------------------
def flows(run: RunFolder, say: Language) -> Section:
    """Points by month, and what became of them."""
    _ = say._
    data = columns(run, "points_by_month")
    names = {
        "earned": _("Earned"),
        "redeemed": _("Redeemed"),
        "expired": _("Expired"),
        "reversed": _("Reversed by refunds"),
    }
    shown = [name for name in FLOWS if name != "reversed" or any(data[name])]
    series = {
        name: Series(name, names[name], data[name], COLORS[name], "/" if name == "expired" else None) for name in shown
    }
    out = [series[name] for name in shown[1:]]
    scale = linear([*data["earned"], *stack_ends(out)], whole=True)
    plot = blank((-0.7, len(data["month"]) - 0.3), scale, say, height=300)
    heads = [say.month(each) for each in data["month"]]
    bars(plot, [[series["earned"]], out], heads, month_ticks(data["month"], say), say, _("Month"))
    legend = tuple(Swatch("hatch" if each.hatch else "bar", each.color, each.label) for each in series.values())
    rows = [(head, *(say.number(data[name][place]) for name in FLOWS)) for place, head in enumerate(heads)]
    rows.append((_("Total"), *(say.number(sum(data[name])) for name in FLOWS)))
    table = Table(_("Points by month"), (_("Month"), *(names[name] for name in FLOWS)), tuple(rows), total=True)
    chart = Chart("flows", _("Points by month: earned, beside what was taken"), legend, plot)
    return Section(
        "points",
        _("How many points come in, and where do they go?"),
        say.joined(*flows_findings(run, data, say)),
        (chart,),
        (table,),
    )


def flows_findings(run: RunFolder, data: Columns, say: Language) -> tuple[str, ...]:
    """The answer, sentence by sentence."""
    _, points = say._, run.document["points"]
    if not points["earned"]:
        return (_("Nobody earned points in this run."),)
    best = max(range(len(data["month"])), key=lambda place: data["earned"][place])
    redeemed = _("none has been redeemed")
    if points["redeemed"]:
        redeemed = _("{share} have been redeemed", share=say.share(points["redeemed"], points["earned"]))
    expired = _("none has expired")
    if points["expired"]:
        expired = _("{share} have expired", share=say.share(points["expired"], points["earned"]))
    first = _(
        "Members earned {points} points; {redeemed} and {expired}.",
        points=say.number(points["earned"]),
        redeemed=redeemed,
        expired=expired,
    )
    peak = _(
        "Most were earned in {month} ({points}).",
        month=say.month(data["month"][best]),
        points=say.number(data["earned"][best]),
    )
    return first, peak


# --- outstanding ---------------------------------------------------------------------------------------------------
def outstanding(run: RunFolder, say: Language) -> Section:
    """What members hold, and until when."""
    _ = say._
    data, schedule = columns(run, "points_by_month"), columns(run, "expiry_schedule")
    scale = linear(data["closing"], whole=True)
    plot = blank((-0.7, len(data["month"]) - 0.3), scale, say)
    series = Series("closing", _("Outstanding"), data["closing"], COLORS["program"])
    heads = [say.month(each) for each in data["month"]]
    area(plot, series, heads, month_ticks(data["month"], say), say, _("Month"))
    legend = (Swatch("line", series.color, _("Outstanding at the end of the month")),)
    charts = [Chart("outstanding", _("Points outstanding over time"), legend, plot, wide=False)]
    dated = {
        month: points for month, points in zip(schedule["month"], schedule["points"], strict=True) if month is not None
    }
    never = sum(points for month, points in zip(schedule["month"], schedule["points"], strict=True) if month is None)
    if dated or never:
        charts.append(_schedule_chart(dated, never, say))
    tables = (
        Table(
            _("Points outstanding over time"),
            (_("Month"), _("At its start"), _("At its end")),
            tuple(
                (head, say.number(a), say.number(b))
                for head, a, b in zip(heads, data["opening"], data["closing"], strict=True)
            ),
        ),
        _schedule_table(dated, never, run.document["points"]["outstanding"], say),
    )
    sentence = say.joined(*outstanding_findings(run, data, dated, never, say))
    return Section("outstanding", _("What is outstanding, and when does it lapse?"), sentence, tuple(charts), tables)


def _schedule_chart(dated: dict[date, int], never: int, say: Language) -> Chart:
    """Bars over months without gaps in time (over years, where there are too many); apart, what never lapses."""
    _ = say._
    months, values, by_year = months_or_years(dated)
    ticks = {place: say.year(month) for place, month in enumerate(months)} if by_year else month_ticks(months, say, 4)
    filled = [place for place, points in enumerate(values) if points]
    if not by_year and all(b - a > len(values) / 5 for a, b in pairwise(filled)):
        ticks = {place: say.month(months[place]) for place in filled}
    if by_year and len(months) > 8:
        ticks = {place: text for place, text in ticks.items() if place % math.ceil(len(months) / 6) == 0}
    heads = [say.year(month) if by_year else say.month(month) for month in months]
    lapsing, series, legend = values, [], []
    if never:
        gap = [""] if months else []
        lapsing, heads = values + [0] * (len(gap) + 1), [*heads, *gap, _("Never")]
    if months:
        series = [Series("lapsing", _("Lapsing"), lapsing, COLORS["expired"])]
        legend = [Swatch("bar", COLORS["expired"], _("Lapsing by year") if by_year else _("Lapsing in the month"))]
    if never:
        rest = [0] * (len(lapsing) - 1) + [never]
        series.append(Series("never", _("Never lapsing"), rest, COLORS["never"], "x"))
        legend.append(Swatch("hatch", COLORS["never"], _("Never lapsing")))
        ticks[len(lapsing) - 1] = _("Never")
    scale = linear([*lapsing, never], whole=True)
    room = max(0.7, 0.5 + (8 - len(lapsing)) / 2)
    plot = blank((-room, len(lapsing) - 1 + room), scale, say)
    plot.min_border_right = 30  # the last label stands under the last bar
    bars(plot, [series], heads, ticks, say, _("Lapses"))
    return Chart(
        "schedule", _("When the points left at the end lapse, if nobody uses them"), tuple(legend), plot, wide=False
    )


def months_or_years(dated: dict[date, int]) -> tuple[Months, list[int], bool]:
    """Every month from the first to the last, or every year; the points of each, and whether it is years."""
    if not dated:
        return [], [], False
    first, last = min(dated), max(dated)
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    if count <= MOST_BARS:
        months = [add_months(first, place) for place in range(count)]
        return months, [dated.get(month, 0) for month in months], False
    years = [date(year, 1, 1) for year in range(first.year, last.year + 1)]
    return years, [sum(points for month, points in dated.items() if month.year == year.year) for year in years], True


def _schedule_table(dated: dict[date, int], never: int, outstanding: int, say: Language) -> Table:
    _ = say._
    rows = [(say.month(month), say.number(dated[month])) for month in sorted(dated)]
    if never:
        rows.append((_("Never"), say.number(never)))
    debt = outstanding - sum(dated.values()) - never
    if debt:
        rows.append((_("Owed by members (balances below zero)"), say.number(debt)))
    rows.append((_("Outstanding"), say.number(outstanding)))
    return Table(_("When they lapse"), (_("Lapses"), _("Points")), tuple(rows), total=True)


def outstanding_findings(
    run: RunFolder, data: Columns, dated: dict[date, int], never: int, say: Language
) -> tuple[str, ...]:
    """The answer, sentence by sentence; some may be empty."""
    _, points = say._, run.document["points"]
    if not dated and not never:
        return (_("No points are outstanding at the end."),)
    first = _("At the end {points} points are outstanding.", points=say.number(points["outstanding"]))
    if points["earned"] > 0 and points["outstanding"] > 0:
        share = say.share(points["outstanding"], points["earned"])
        first = _(
            "At the end {points} points are outstanding, {share} of all that were earned.",
            points=say.number(points["outstanding"]),
            share=share,
        )
    limit = add_months(data["month"][-1], 12)
    soon = sum(value for month, value in dated.items() if month <= limit)
    later = sum(dated.values()) - soon
    parts = []
    if soon:
        parts.append(_("{points} within twelve months", points=say.number(soon)))
    if later:
        parts.append(_("{points} after that", points=say.number(later)))
    lapse = _("Unless they are used first, they lapse: {parts}.", parts=say.listed(parts)) if parts else ""
    if soon and not later and not never:
        lapse = _("Unless they are used first, all of them lapse within twelve months.")
    stay = (
        _("{points} never lapse.", points=say.number(never))
        if never and dated
        else _("None of them ever lapses.")
        if never
        else ""
    )
    largest = ""
    if len(dated) > 1:
        month = max(sorted(dated), key=lambda each: dated[each])
        largest = _(
            "The most in one month: {points} in {month}.", points=say.number(dated[month]), month=say.month(month)
        )
    return first, lapse, largest, stay
