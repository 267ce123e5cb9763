"""Floor 5: exhibits of points: in and out, what is outstanding, what it is in the books."""

from datetime import date
from typing import Any

from workbench.errors import BadInput
from workbench.finance.accounting.policy import load_policy
from workbench.finance.accounting.valuation import Valuation
from workbench.reports.exhibits.kinds import Column, Exhibit, Graph, Grid, Line, every
from workbench.reports.language import Language
from workbench.reports.parts import add_months, columns
from workbench.reports.plots import COLORS
from workbench.reports.points_part import flows_findings, months_or_years, outstanding_findings
from workbench.run_books import books_of_folder, value_books
from workbench.run_folder import RunFolder
from workbench.units import CENTS

__all__ = ["flows", "liability", "outstanding"]

FLOWS = ("earned", "redeemed", "expired", "reversed")
MOST_LABELS = 8


def flows(run: RunFolder, say: Language) -> Exhibit:
    """Points by month: earned upwards, what became of them downwards."""
    _, data = say._, columns(run, "points_by_month")
    names = dict(zip(FLOWS, (_("Earned"), _("Redeemed"), _("Expired"), _("Reversed by refunds")), strict=True))
    drawn = [name for name in FLOWS if name in FLOWS[:2] or any(data[name])]
    heads = tuple(data["month"])
    signs = {name: 1 if name == "earned" else -1 for name in FLOWS}
    lines = tuple(
        Line(names[name], tuple(signs[name] * each for each in data[name]), COLORS[name], hatch=name == "expired")
        for name in drawn
    )
    title = _("Points by month: earned upwards, what was taken downwards")
    graph = Graph("flows", "stack", title, heads, lines, "points", _("Month"), every(len(heads), MOST_LABELS))
    rows = [(month, *(data[name][place] for name in FLOWS)) for place, month in enumerate(data["month"])]
    rows.append((_("Total"), *(sum(data[name]) for name in FLOWS)))
    heading = (Column(_("Month"), "month"), *(Column(names[name], "points") for name in FLOWS))
    finding, *more = flows_findings(run, data, say)
    grid = Grid(_("Points by month"), heading, tuple(rows), total=True)
    return Exhibit(
        "flows", _("How many points come in, and where do they go?"), finding, say.joined(*more), (), (graph,), (grid,)
    )


def outstanding(run: RunFolder, say: Language) -> Exhibit:
    """Points outstanding over time, and when what is left at the end lapses."""
    _, data, schedule = say._, columns(run, "points_by_month"), columns(run, "expiry_schedule")
    dated = {month: points for month, points in zip(schedule["month"], schedule["points"], strict=True) if month}
    never = sum(points for month, points in zip(schedule["month"], schedule["points"], strict=True) if month is None)
    heads = tuple(data["month"])
    line = Line(_("Outstanding at the end of the month"), tuple(data["closing"]), COLORS["program"])
    step = every(len(heads), 5)
    over_time = Graph(
        "outstanding", "area", _("Points outstanding over time"), heads, (line,), "points", _("Month"), step
    )
    graphs = [over_time, _schedule(dated, never, say)] if dated or never else [over_time]
    rows = tuple((month, data["opening"][k], data["closing"][k]) for k, month in enumerate(data["month"]))
    by_month = Grid(
        _("Points outstanding over time"),
        (Column(_("Month"), "month"), Column(_("At its start"), "points"), Column(_("At its end"), "points")),
        rows,
    )
    finding, *more = outstanding_findings(run, data, dated, never, say)
    grids = (by_month, _lapses(dated, never, run.document["points"]["outstanding"], say))
    return Exhibit(
        "outstanding", _("What is outstanding, and when does it lapse?"), finding, say.joined(*more), (), tuple(graphs),
        grids, (_("When they lapse supposes that nobody uses them: the longest they can live, not a forecast."),),
    )  # fmt: skip


def _schedule(dated: dict[date, int], never: int, say: Language) -> Graph:
    _ = say._
    months, values, by_year = months_or_years(dated)
    heads: list[Any] = [say.year(each) if by_year else say.month(each) if never else each for each in months]
    lapsing: list[float | None] = list(values)
    lines = [Line(_("Lapsing by year") if by_year else _("Lapsing in the month"), tuple(lapsing), COLORS["expired"])]
    if never:
        heads.append(_("Never"))
        lines = [Line(lines[0].name, (*lapsing, None), COLORS["expired"])] if months else []
        lines.append(Line(_("Never lapsing"), (*[None] * len(months), never), COLORS["never"], hatch=True))
    title = _("When the points left at the end lapse, if nobody uses them")
    return Graph("schedule", "stack", title, tuple(heads), tuple(lines), "points", _("Lapses"), every(len(heads), 5))


def _lapses(dated: dict[date, int], never: int, outstanding: int, say: Language) -> Grid:
    _ = say._
    rows: list[tuple[Any, ...]] = [(month, dated[month]) for month in sorted(dated)]
    if never:
        rows.append((_("Never"), never))
    debt = outstanding - sum(dated.values()) - never
    if debt:
        rows.append((_("Owed by members (balances below zero)"), debt))
    rows.append((_("Outstanding"), outstanding))
    heading = (Column(_("Lapses"), "month"), Column(_("Points"), "points"))
    return Grid(_("When they lapse"), heading, tuple(rows), total=True)


# --- in the books ----------------------------------------------------------------------------------------------------
def liability(run: RunFolder, say: Language) -> Exhibit:
    """The contract liability month by month, and what it would be by other estimates of redemption."""
    _, currency, question = say._, run.document["currency"], say._("What stands in the books?")
    try:
        books = books_of_folder(run)
        found = value_books(books, load_policy("default"), books.end or date.fromisoformat(run.document["end"]))
    except BadInput:  # points buy nothing, or the run ends within a month
        missing = run.document["liability"]["missing"] or _("The run does not end with a month.")
        return Exhibit(
            "liability", question, _("There is no figure of the liability."), say.text(missing), currency=currency
        )
    owed = [each / CENTS for each in found.close.money[:, :, -1].sum(axis=1).tolist()]
    booked = run.document["liability"]["contract"]
    if booked is not None and abs(booked - owed[-1]) > 0.005:
        return Exhibit("liability", question, *_valued_otherwise(booked, currency, say), currency=currency)
    first = date.fromisoformat(run.document["start"]).replace(day=1)
    months = [add_months(first, place) for place in range(len(owed))]
    heads = tuple(months)
    line = Line(_("Contract liability at the end of the month"), tuple(owed), COLORS["money"])
    title = _("Contract liability over time, in {currency}", currency=say.currency_name(currency))
    graph = Graph("liability", "area", title, heads, (line,), "money", _("Month"), every(len(heads), MOST_LABELS))
    finding = _(
        "{amount} of sales are deferred for points not yet redeemed at the end.", amount=say.money(owed[-1], currency)
    )
    peak = max(range(len(owed)), key=owed.__getitem__)
    more = _(
        "The most was {amount}, in {month}.", amount=say.money(owed[peak], currency), month=say.month(months[peak])
    )
    by_month = Grid(
        _("Contract liability by month"),
        (Column(_("Month"), "month"), Column(_("Contract liability (IFRS 15)"), "money")),
        tuple(zip(months, owed, strict=True)),
    )
    notes = (
        _(
            "By the default valuation policy; expected redemption is estimated anew each month from the redemptions seen so far."
        ),
        _("Interval: none, members were not drawn again; the other estimates show how far it depends on the method."),
    )
    return Exhibit(
        "liability", question, finding, more, (), (graph,), (by_month, _estimates(found, say)), notes, currency
    )


def _valued_otherwise(booked: float, currency: str, say: Language) -> tuple[str, str]:
    """What can be said of a run that was valued by another policy than the default one: the folder does not hold it."""
    _ = say._
    finding = _(
        "{amount} of sales are deferred for points not yet redeemed at the end.", amount=say.money(booked, currency)
    )
    return finding, _(
        "The run was valued by a policy of its own, which its folder does not hold: its months are not shown."
    )


def _estimates(found: Valuation, say: Language) -> Grid:
    """The liability by each estimator, and with more or less redemption."""
    _ = say._
    names = {
        "hazard": _("hazard by age"), "chain_ladder": _("chain ladder"), "bornhuetter_ferguson": _("Bornhuetter-Ferguson"),
        "cape_cod": _("Cape Cod"), "additive": _("additive"),
    }  # fmt: skip
    booked = found.close.liability
    rows: list[tuple[Any, ...]] = [(_("As booked"), booked / CENTS, 0.0, found.rate)]
    rows += [
        (names.get(each.method, each.method), each.liability / CENTS, (each.liability - booked) / CENTS, each.rate)
        for each in found.methods
        if each.liability is not None and each.liability != booked
    ]
    sizes = found.close.policy.sensitivity
    changes = {
        "rate +": _("redemption +{points} percentage points", points=say.plain(float(100 * sizes.rate_points))),
        "rate -": _("redemption −{points} percentage points", points=say.plain(float(100 * sizes.rate_points))),
        "breakage +": _("breakage +{share}", share=say.plain(float(100 * sizes.breakage)) + "%"),
        "breakage -": _("breakage −{share}", share=say.plain(float(100 * sizes.breakage)) + "%"),
    }
    rows += [
        (changes[each.name], each.liability / CENTS, each.delta / CENTS, each.rate)
        for each in found.sensitivity
        if each.name in changes
    ]
    heading = (
        Column(_("Estimate")), Column(_("Contract liability (IFRS 15)"), "money"), Column(_("Difference"), "money"),
        Column(_("Expected share redeemed"), "share"),
    )  # fmt: skip
    return Grid(_("The liability at the end by other estimates"), heading, tuple(rows))
