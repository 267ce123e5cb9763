"""Floor 5: the questions a report answers, one function each: a sentence from the data, charts, and the numbers behind them."""

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

from workbench.reports.language import Language
from workbench.reports.parts import Chart, Columns, KeyFigure, Months, Section, Swatch, Table, add_months, columns
from workbench.reports.plots import COLORS, Series, area, bars, blank, curves, difference_band, lying_bars, tier_colors
from workbench.reports.scales import linear, month_ticks
from workbench.run_folder import RunFolder

__all__ = ["baseline_title", "key_figures", "sections"]

FLOWS = ("earned", "redeemed", "expired", "reversed")
SWAMPED = 0.75
"""Where the base tier holds a larger share of the members than this, the tiers above it get a chart of their own."""
MOST_BARS = 36
"""A schedule of more months than this is shown by year."""
POINTS_A_CURVE_TABLE_SHOWS = (30, 60, 90, 180, 270, 365)


def sections(run: RunFolder, say: Language) -> tuple[Section, ...]:
    """All of them, in the order of the reader's questions."""
    return (_flows(run, say), _outstanding(run, say), _tiers(run, say), _repurchase(run, say), _cost(run, say))


def baseline_title(run: RunFolder, say: Language) -> str:
    """What the world without the program is called."""
    spec = run.scenario["baseline"]
    return str((say.chinese and spec.get("title_zh")) or spec["title"])


# --- key figures ---------------------------------------------------------------------------------------------------
def key_figures(run: RunFolder, say: Language) -> tuple[KeyFigure, ...]:
    """The strip at the top."""
    document, _ = run.document, say._
    points, liability, economics = document["points"], document["liability"], document["economics"]
    face, cost = liability["face_value"], economics["cost_pct_of_sales"]
    currency = document["currency"]
    worth = _("not estimated yet") if face is None else say.money(face, currency)
    used = [
        _("{points} redeemed ({share})", points=say.number(points[name]), share=say.share(points[name], points["earned"]))
        if name == "redeemed"
        else _("{points} expired ({share})", points=say.number(points[name]), share=say.share(points[name], points["earned"]))
        for name in ("redeemed", "expired")
    ]
    cost_note = _("{cost} for {sales} of sales", cost=say.money(economics["redemption_cost"], currency), sales=say.money(economics["sales"], currency))
    return (
        KeyFigure(_("Points outstanding"), say.number(points["outstanding"]), _("points"), notes=(_("Face value: {amount}", amount=worth),)),
        KeyFigure(_("Points earned"), say.number(points["earned"]), _("points"), notes=tuple(used)),
        _upgraded(document["tiers"], say),
        _lift(document["lift"]["repurchase_rate"], _("Repurchase lift, 365 days"), say, lambda x: say.percent(100 * x)),
        _lift(document["lift"]["purchases"], _("Purchase lift"), say, say.number),
        _lift(document["lift"]["sales"], _("Sales lift"), say, lambda x: say.money(round(x), currency)),
        _figure(cost, _("Redemption cost"), say, _("of sales"), cost_note),
        _figure(liability["contract"], _("Contract liability (IFRS 15)"), say, currency, _("Expected share redeemed: {share}", share=(
            _("not estimated yet") if liability["urr"] is None else say.percent(100 * liability["urr"])
        ))),
    )  # fmt: skip


def _figure(value: float | None, name: str, say: Language, unit: str, note: str) -> KeyFigure:
    if value is None:
        return KeyFigure(name, say._("not estimated yet"), notes=(note,), missing=True)
    is_share = unit == say._("of sales")
    return KeyFigure(name, say.percent(value, 2) if is_share else say.money(value, unit), unit if is_share else "", notes=(note,))


def _upgraded(tiers: dict[str, Any], say: Language) -> KeyFigure:
    _ = say._
    if tiers["upgrade_rate"] is None:
        if tiers["members"]:
            return KeyFigure(_("Members upgraded"), _("not estimated yet"), missing=True, notes=(_("Nobody joined in this run."),))
        return KeyFigure(_("Members upgraded"), _("not applicable"), missing=True, notes=(_("The program has no tiers."),))
    notes = (_("{up} upgrades, {down} downgrades", up=say.number(tiers["upgrades"]), down=say.number(tiers["downgrades"])),)
    return KeyFigure(_("Members upgraded"), say.percent(100 * tiers["upgrade_rate"]), _("of members, at least once"), notes=notes)


def _lift(ratio: dict[str, Any], name: str, say: Language, shown: Any) -> KeyFigure:
    _ = say._
    notes = (_("{program} with the program, {baseline} in the baseline", program=shown(ratio["program"]), baseline=shown(ratio["baseline"])),)
    if ratio["delta_pct"] is None:
        return KeyFigure(name, _("not estimated yet"), notes=(_("Nothing in the baseline to compare with."), *notes), missing=True)
    interval = ""
    if ratio["ci95"] is not None:
        low, high = (say.percent(each, 2, signed=True) for each in ratio["ci95"])
        interval = _("95% interval: {low} to {high}", low=low, high=high)
    return KeyFigure(name, say.percent(ratio["delta_pct"], 2, signed=True), _("against the baseline"), interval, notes)


# --- 1 points in and out -------------------------------------------------------------------------------------------
def _flows(run: RunFolder, say: Language) -> Section:
    _ = say._
    data = columns(run, "points_by_month")
    names = {"earned": _("Earned"), "redeemed": _("Redeemed"), "expired": _("Expired"), "reversed": _("Reversed by refunds")}
    shown = [name for name in FLOWS if name != "reversed" or any(data[name])]
    series = {name: Series(name, names[name], data[name], COLORS[name], "/" if name == "expired" else None) for name in shown}
    out = [series[name] for name in shown[1:]]
    scale = linear([*data["earned"], *_stack_ends(out)], whole=True)
    plot = blank((-0.7, len(data["month"]) - 0.3), scale, say, height=300)
    heads = [say.month(each) for each in data["month"]]
    bars(plot, [[series["earned"]], out], heads, month_ticks(data["month"], say), say, _("Month"))
    legend = tuple(Swatch("hatch" if each.hatch else "bar", each.color, each.label) for each in series.values())
    rows = [(head, *(say.number(data[name][place]) for name in FLOWS)) for place, head in enumerate(heads)]
    rows.append((_("Total"), *(say.number(sum(data[name])) for name in FLOWS)))
    table = Table(_("Points by month"), (_("Month"), *(names[name] for name in FLOWS)), tuple(rows), total=True)
    chart = Chart("flows", _("Points by month: earned, beside what was taken"), legend, plot)
    return Section("points", _("How many points come in, and where do they go?"), _flows_sentence(run, data, say), (chart,), (table,))


def _stack_ends(series: Sequence[Series]) -> list[float]:
    """The sums of what is above and of what is below zero at each place."""
    each_place = list(zip(*(each.values for each in series), strict=True))
    return [sum(v for v in values if v > 0) for values in each_place] + [sum(v for v in values if v < 0) for values in each_place]


def _flows_sentence(run: RunFolder, data: Columns, say: Language) -> str:
    _, points = say._, run.document["points"]
    if not points["earned"]:
        return _("Nobody earned points in this run.")
    best = max(range(len(data["month"])), key=lambda place: data["earned"][place])
    redeemed = _("none has been redeemed")
    if points["redeemed"]:
        redeemed = _("{share} have been redeemed", share=say.share(points["redeemed"], points["earned"]))
    expired = _("none has expired")
    if points["expired"]:
        expired = _("{share} have expired", share=say.share(points["expired"], points["earned"]))
    first = _("Members earned {points} points; {redeemed} and {expired}.", points=say.number(points["earned"]), redeemed=redeemed, expired=expired)
    peak = _("Most were earned in {month} ({points}).", month=say.month(data["month"][best]), points=say.number(data["earned"][best]))
    return say.joined(first, peak)


# --- 2 what is outstanding -----------------------------------------------------------------------------------------
def _outstanding(run: RunFolder, say: Language) -> Section:
    _ = say._
    data, schedule = columns(run, "points_by_month"), columns(run, "expiry_schedule")
    scale = linear(data["closing"], whole=True)
    plot = blank((-0.7, len(data["month"]) - 0.3), scale, say)
    series = Series("closing", _("Outstanding"), data["closing"], COLORS["program"])
    heads = [say.month(each) for each in data["month"]]
    area(plot, series, heads, month_ticks(data["month"], say), say, _("Month"))
    legend = (Swatch("line", series.color, _("Outstanding at the end of the month")),)
    charts = [Chart("outstanding", _("Points outstanding over time"), legend, plot, wide=False)]
    dated = {month: points for month, points in zip(schedule["month"], schedule["points"], strict=True) if month is not None}
    never = sum(points for month, points in zip(schedule["month"], schedule["points"], strict=True) if month is None)
    if dated or never:
        charts.append(_schedule_chart(dated, never, say))
    tables = (
        Table(
            _("Points outstanding over time"),
            (_("Month"), _("At its start"), _("At its end")),
            tuple((head, say.number(a), say.number(b)) for head, a, b in zip(heads, data["opening"], data["closing"], strict=True)),
        ),
        _schedule_table(dated, never, run.document["points"]["outstanding"], say),
    )
    sentence = _outstanding_sentence(run, data, dated, never, say)
    return Section("outstanding", _("What is outstanding, and when does it lapse?"), sentence, tuple(charts), tables)


def _schedule_chart(dated: dict[date, int], never: int, say: Language) -> Chart:
    """Bars over months without gaps in time (over years, where there are too many), and a bar apart for what never lapses."""
    _ = say._
    months, values, by_year = _filled(dated)
    ticks = {place: say.year(month) for place, month in enumerate(months)} if by_year else month_ticks(months, say, 4)
    filled = [place for place, points in enumerate(values) if points]
    if not by_year and all(b - a > len(values) / 5 for a, b in zip(filled, filled[1:], strict=False)):
        ticks = {place: say.month(months[place]) for place in filled}
    if by_year and len(months) > 8:
        ticks = {place: text for place, text in ticks.items() if place % math.ceil(len(months) / 6) == 0}
    heads = [say.year(month) if by_year else say.month(month) for month in months]
    lapsing = values + [0, 0] * bool(never)
    heads = heads + ["", _("Never")] * bool(never)
    series = [Series("lapsing", _("Lapsing"), lapsing, COLORS["expired"])]
    legend = [Swatch("bar", COLORS["expired"], _("Lapsing by year") if by_year else _("Lapsing in the month"))]
    if never:
        rest = [0] * (len(lapsing) - 1) + [never]
        series.append(Series("never", _("Never lapsing"), rest, COLORS["never"], "x"))
        legend.append(Swatch("hatch", COLORS["never"], _("Never lapsing")))
        ticks = {place: text for place, text in ticks.items() if place < len(months)} if months else {}
        ticks[len(lapsing) - 1] = _("Never")
    scale = linear([*lapsing, never], whole=True)
    room = max(0.7, 0.5 + (8 - len(lapsing)) / 2)
    plot = blank((-room, len(lapsing) - 1 + room), scale, say)
    plot.min_border_right = 30  # the last label stands under the last bar
    bars(plot, [series], heads, ticks, say, _("Lapses"))
    return Chart("schedule", _("When the points left at the end lapse, if nobody uses them"), tuple(legend), plot, wide=False)


def _filled(dated: dict[date, int]) -> tuple[Months, list[int], bool]:
    """Every month from the first to the last, or every year; the points of each."""
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


def _outstanding_sentence(run: RunFolder, data: Columns, dated: dict[date, int], never: int, say: Language) -> str:
    _, points = say._, run.document["points"]
    if not dated and not never:
        return _("No points are outstanding at the end.")
    first = _("At the end {points} points are outstanding.", points=say.number(points["outstanding"]))
    if points["earned"] > 0 and points["outstanding"] > 0:
        share = say.share(points["outstanding"], points["earned"])
        first = _("At the end {points} points are outstanding, {share} of all that were earned.", points=say.number(points["outstanding"]), share=share)
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
    stay = _("{points} never lapse.", points=say.number(never)) if never and dated else _("None of them ever lapses.") if never else ""
    largest = ""
    if len(dated) > 1:
        month = max(sorted(dated), key=lambda each: dated[each])
        largest = _("The most in one month: {points} in {month}.", points=say.number(dated[month]), month=say.month(month))
    return say.joined(first, lapse, largest, stay)


# --- 3 tiers -------------------------------------------------------------------------------------------------------
def _tiers(run: RunFolder, say: Language) -> Section:
    _ = say._
    data = columns(run, "tiers_by_month")
    months = data.pop("month")
    heads = [say.month(each) for each in months]
    ticks = month_ticks(months, say)
    if not run.document["tiers"]["members"]:
        return _joined(run, data["members"], heads, ticks, say)
    colors = tier_colors(len(data))
    series = [
        Series(f"tier{place}", name, values, color) for place, ((name, values), color) in enumerate(zip(data.items(), colors, strict=True))
    ]
    everyone = sum(each.values[-1] for each in series)
    swamped = len(series) > 1 and series[0].values[-1] > SWAMPED * everyone > 0 and any(any(each.values) for each in series[1:])
    charts = [_tier_chart("tiers", _("Members by tier at the end of each month"), series, heads, ticks, say, wide=not swamped)]
    if swamped:
        title = _('The tiers above "{tier}" alone (other scale)', tier=series[0].label)
        charts.append(_tier_chart("tiers_above", title, series[1:], heads, ticks, say, wide=False))
    table = Table(
        _("Members by tier"),
        (_("Month"), *data),
        tuple((head, *(say.number(values[place]) for values in data.values())) for place, head in enumerate(heads)),
    )
    return Section("tiers", _("Who climbs?"), _tiers_sentence(run, say), tuple(charts), (table,))


def _tier_chart(
    name: str, title: str, series: list[Series], heads: list[str], ticks: dict[int, str], say: Language, wide: bool
) -> Chart:
    plot = blank((-0.7, len(heads) - 0.3), linear(_stack_ends(series), whole=True), say)
    bars(plot, [series], heads, ticks, say, say._("Month"))
    return Chart(name, title, tuple(Swatch("bar", each.color, each.label) for each in series), plot, wide)


def _tiers_sentence(run: RunFolder, say: Language) -> str:
    _, tiers = say._, run.document["tiers"]
    names = list(tiers["members"])
    everyone = sum(tiers["members"].values())
    if not everyone:
        return _("Nobody joined in this run.")
    above = everyone - tiers["members"][names[0]]
    if not tiers["upgrades"]:
        return _('Of {members} members nobody has risen above "{tier}".', members=say.number(everyone), tier=names[0])
    first = _(
        '{share} of members rose above "{tier}" at least once; at the end {above} of {members} stand above it.',
        share=say.percent(100 * (tiers["upgrade_rate"] or 0)), tier=names[0], above=say.number(above), members=say.number(everyone),
    )  # fmt: skip
    held = [_("{tier} {members}", tier=name, members=say.number(tiers["members"][name])) for name in names[1:]]
    return say.joined(first, _("By tier: {tiers}.", tiers=say.listed(held)) if len(held) > 1 else "")


def _joined(run: RunFolder, members: list[int], heads: list[str], ticks: dict[int, str], say: Language) -> Section:
    _ = say._
    plot = blank((-0.7, len(heads) - 0.3), linear(members, whole=True), say)
    series = Series("members", _("Members"), members, COLORS["program"])
    area(plot, series, heads, ticks, say, _("Month"))
    chart = Chart("members", _("Members at the end of each month"), (Swatch("line", series.color, _("Members who have joined")),), plot)
    table = Table(_("Members by month"), (_("Month"), _("Members")), tuple((a, say.number(b)) for a, b in zip(heads, members, strict=True)))
    sentence = _(
        "By the end {joined} of {customers} customers have joined; the program has no tiers.",
        joined=say.number(members[-1]), customers=say.number(run.document["members"]),
    )  # fmt: skip
    return Section("members", _("Who joins?"), sentence, (chart,), (table,))


# --- 4 repurchase --------------------------------------------------------------------------------------------------
def _repurchase(run: RunFolder, say: Language) -> Section:
    _ = say._
    data = columns(run, "repurchase_curve")
    shares = {name: [100 * _number(value) for value in data[name]] for name in ("program", "baseline", "difference", "low", "high")}
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
    both.yaxis[0].major_label_overrides = {tick: say.plain(tick) + "%" for tick in linear([*shares["program"], *shares["baseline"]]).ticks}
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
    sentence = _repurchase_sentence(run, {name: values[-1] for name, values in shares.items()}, say)
    return Section("repurchase", _("Do they come back because of it?"), sentence, charts, (_curve_table(days, shares, say),))


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _interval(low: float, high: float, say: Language) -> str:
    return "–" if math.isnan(low) else say._("{low} to {high}", low=say.number(low, 2, True), high=say.number(high, 2, True))


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
        if int(day) in POINTS_A_CURVE_TABLE_SHOWS
    )
    header = (_("Days"), _("With the program"), _("Baseline"), _("Difference (percentage points)"), _("95% interval"))
    return Table(_("Share of buyers who bought again"), header, rows)


def _repurchase_sentence(run: RunFolder, last: dict[str, float], say: Language) -> str:
    _ = say._
    if not run.document["lift"]["purchases"]["program"] and not run.document["lift"]["purchases"]["baseline"]:
        return _("Nobody bought in this run.")
    first = _(
        "{program} of buyers bought again within 365 days with the program, {baseline} in the baseline: {difference} percentage points.",
        program=say.percent(last["program"]), baseline=say.percent(last["baseline"]), difference=say.number(last["difference"], 2, True),
    )  # fmt: skip
    if math.isnan(last["low"]):
        return say.joined(first, _("There are too few members for an interval."))
    interval = _interval(last["low"], last["high"], say)
    if last["low"] <= 0 <= last["high"]:
        return say.joined(first, _("The 95% interval ({interval}) includes zero: with so few members it could be chance.", interval=interval))
    return say.joined(first, _("95% interval: {interval}.", interval=interval))


# --- 5 cost --------------------------------------------------------------------------------------------------------
def _cost(run: RunFolder, say: Language) -> Section:
    _, document = say._, run.document
    economics, sales, currency = document["economics"], document["lift"]["sales"], document["currency"]
    face, added, cost = document["liability"]["face_value"], economics["incremental_sales"], economics["redemption_cost"]
    interval = None if sales["ci95"] is None else (sales["baseline"] * sales["ci95"][0] / 100, sales["baseline"] * sales["ci95"][1] / 100)
    amounts: list[tuple[str, float | None, str, tuple[float, float] | None]] = [
        (_("Sales added"), added, COLORS["program"], interval),
        (_("Worth of redemptions to members"), economics["redeemed_value"], COLORS["expired"], None),
        (_("Cost of redemptions"), cost, COLORS["redeemed"], None),
        (_("Face value still outstanding"), face, COLORS["never"], None),
    ]
    drawn = [(name, say.money(value, currency), value, color, whisker) for name, value, color, whisker in amounts if value is not None]
    scale = linear([*(each[2] for each in drawn), *(interval or ())])
    legend = (Swatch("whisker", "#1c2733", _("95% interval")),) if interval else ()
    chart = Chart("cost", _("Amounts over the whole run, in {currency}", currency=say.currency_name(currency)), legend, lying_bars(scale, drawn, say))
    rows = [(name, _("not estimated yet") if value is None else say.money(value, currency)) for name, value, *_rest in amounts]
    if interval:
        low, high = (say.money(round(each), currency, signed=True) for each in interval)
        rows.insert(1, (_("Sales added, 95% interval"), _("{low} to {high}", low=low, high=high)))
    rows = [
        (_("Sales with the program, before discounts"), say.money(sales["program"], currency)),
        (_("Sales in the baseline"), say.money(sales["baseline"], currency)),
        *rows,
        (_("Points redeemed"), say.number(economics["redeemed_points"])),
        (_("Cost of redemptions, of sales"), _percent_or_missing(economics["cost_pct_of_sales"], say)),
        (_("Cost of redemptions, of sales added"), _percent_or_missing(100 * cost / added if added > 0 else None, say)),
        (_("Contract liability (IFRS 15)"), _money_or_missing(document["liability"]["contract"], currency, say)),
    ]
    table = Table(_("Amounts over the whole run"), ("", _("Amount")), tuple(rows))
    notes = [_("Sales are not margin, and points still outstanding have yet to cost anything: compare with care.")]
    if run.document["provenance"]["baseline"] not in ("none", "No program"):
        notes.append(_("What the baseline's own program costs is not taken off."))
    return Section("cost", _("What does it cost?"), _cost_sentence(run, say), (chart,), (table,), tuple(notes))


def _percent_or_missing(value: float | None, say: Language) -> str:
    return say._("not estimated yet") if value is None else say.percent(value, 2)


def _money_or_missing(value: float | None, currency: str, say: Language) -> str:
    return say._("not estimated yet") if value is None else say.money(value, currency)


def _cost_sentence(run: RunFolder, say: Language) -> str:
    _, economics, currency = say._, run.document["economics"], run.document["currency"]
    cost, added, share = economics["redemption_cost"], economics["incremental_sales"], economics["cost_pct_of_sales"]
    if share is None:
        return _("There were no sales in this run, so there is no cost to compare with them.")
    if not cost:
        return _("Nothing was redeemed at a cost in this run; sales are {added} against the baseline.", added=say.money(added, currency, signed=True))
    first = _("What members redeemed cost {cost}, {share} of sales.", cost=say.money(cost, currency), share=say.percent(share, 2))
    if added <= 0:
        return say.joined(first, _("The program added no sales to set against it ({added}).", added=say.money(added, currency, signed=True)))
    even = _(
        "It added {added} of sales; their margin has to be above {share} to pay for these redemptions alone.",
        added=say.money(added, currency), share=say.percent(100 * cost / added),
    )  # fmt: skip
    return say.joined(first, even)
