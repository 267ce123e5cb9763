"""Floor 5: exhibits of what the program changes: lift, what it rests on, what it costs, who gains and who loses."""

from typing import Any

from workbench.reports.cost_part import cost_findings, cost_lines, in_all
from workbench.reports.exhibits.kinds import Column, Exhibit, Graph, Grid, Line, Unit, every
from workbench.reports.language import Language
from workbench.reports.moves_part import fifths
from workbench.reports.parts import columns
from workbench.reports.plots import COLORS
from workbench.run_folder import RunFolder

__all__ = ["HATCHED", "LOSE", "cost", "drivers", "groups", "lift", "lift_names", "spend", "worth", "worth_graph"]

CLOSE = 1e-4
"""A mean factor closer to 1 than this is none."""
LOSE = COLORS["reversed"]
HATCHED = "losers"
SPEND_COLORS = (
    "#12677a",
    "#d97b16",
    "#7a5aa6",
    "#2f5d9b",
    "#a3214b",
    "#6d7a88",
    "#2491a8",
    "#8a4b08",
    "#cfd8df",
    "#0c4a63",
    "#566573",
)


def lift_names(say: Language) -> dict[str, tuple[str, Unit]]:
    """The figures of a lift, by their key in a run's document: name and unit."""
    _ = say._
    return {
        "purchases": (_("Purchases"), "purchases"), "sales": (_("Sales before discounts"), "money"),
        "margin": (_("Margin after program cost"), "money"), "active_members": (_("Customers active at the end"), "members"),
        "repurchase_30": (_("Bought again within 30 days"), "share"), "repurchase_90": (_("Bought again within 90 days"), "share"),
        "repurchase_rate": (_("Bought again within 365 days"), "share"), "interval_days": (_("Days between purchases"), "decimal"),
    }  # fmt: skip


def lift(run: RunFolder, say: Language) -> Exhibit:
    """Every figure in both worlds, with its difference and interval."""
    _, found, names = say._, run.document["lift"], lift_names(say)
    told = {key: found[key] for key in names if found[key]["delta_pct"] is not None}
    changes = tuple(told[key]["delta_pct"] / 100 for key in told)
    low, high = (
        tuple(None if each["ci95"] is None else each["ci95"][k] / 100 for each in told.values()) for k in (0, 1)
    )
    line = Line(_("Difference against the baseline"), changes, COLORS["program"], low=low, high=high)
    title = _("Difference against the baseline in %, with its 95% interval")
    graph = Graph("lift", "dots", title, tuple(names[key][0] for key in told), (line,), "change")
    ratio, currency = found["sales"], run.document["currency"]
    finding = _("There is nothing in the baseline to compare with.")
    if ratio["delta_pct"] is not None:
        finding = _(
            "The same members spend {change} against the baseline.",
            change=say.percent(ratio["delta_pct"], 2, signed=True),
        )
    counts = found["counts"]
    more = _(
        "{both} purchases are made in both worlds, {program} with the program only, {baseline} without it only.",
        both=say.number(counts["both"]), program=say.number(counts["program_only"]), baseline=say.number(counts["baseline_only"]),
    )  # fmt: skip
    notes = (_("Lift compares each customer with themselves, never members with non-members."),)
    graphs = (graph,) if told else ()
    return Exhibit(
        "lift", _("What does it change?"), finding, more, (), graphs, (_lift_grid(found, names, say),), notes, currency
    )


def _lift_grid(found: dict[str, Any], names: dict[str, tuple[str, Unit]], say: Language) -> Grid:
    """Rows of different units: each row says its own."""
    _ = say._
    rows: list[tuple[Any, ...]] = []
    for key, (name, _unit) in names.items():
        ratio = found[key]
        low, high = (None, None) if ratio["ci95"] is None else (each / 100 for each in ratio["ci95"])
        change = None if ratio["delta_pct"] is None else ratio["delta_pct"] / 100
        rows.append((name, ratio["baseline"], ratio["program"], change, low, high))
    heading = (
        Column(_("Figure")), Column(_("Baseline")), Column(_("With the program")), Column(_("Difference"), "change"),
        Column(_("its 95% interval, low"), "change"), Column(_("its 95% interval, high"), "change"),
    )  # fmt: skip
    return Grid(_("Figures in both worlds"), heading, tuple(rows), units=tuple(unit for _name, unit in names.values()))


def groups(run: RunFolder, say: Language) -> Exhibit:
    """Lift by tier held and by how often customers would buy anyway."""
    _, found = say._, run.document["lift"]
    names = fifths(say)
    kinds = [(each["name"] or _("Never joined"), each) for each in found["by_tier"]]
    kinds += [(names[each["name"]], each) for each in found["by_segment"]]
    rows = tuple((name, each["members"], *_change(each["purchases"]), *_change(each["sales"])) for name, each in kinds)
    three = tuple(
        Column(title, "change") for what in (_("Purchase lift"), _("Sales lift"))
        for title in (what, _("its 95% interval, low"), _("its 95% interval, high"))
    )  # fmt: skip
    heading = (Column(_("Group")), Column(_("Number"), "members"), *three)
    grid = Grid(_("Lift by the highest tier held, and by how often customers would buy anyway"), heading, rows)
    told = [each for each in found["by_segment"] if each["sales"]["delta_pct"] is not None]
    line = Line(
        _("Sales lift"), tuple(each["sales"]["delta_pct"] / 100 for each in told), COLORS["program"],
        low=tuple(_change(each["sales"])[1] for each in told), high=tuple(_change(each["sales"])[2] for each in told),
    )  # fmt: skip
    title = _("Sales lift by fifth of the customers, in %, with its 95% interval")
    graph = Graph("groups", "dots", title, tuple(names[each["name"]] for each in told), (line,), "change")
    finding = _("There is nothing in the baseline to compare with.")
    if told:
        most = max(told, key=lambda each: each["sales"]["delta_pct"])
        finding = _(
            "The largest lift of sales is in this group: {group} ({change}).", group=names[most["name"]],
            change=say.percent(most["sales"]["delta_pct"], 2, signed=True),
        )  # fmt: skip
    notes = (
        _(
            "A tier is reached by buying: the lift of a tier says where the added purchases are, not what the tier does."
        ),
    )
    return Exhibit("groups", _("Whom did the program move?"), finding, "", (), (graph,) if told else (), (grid,), notes)


def _change(ratio: dict[str, Any]) -> tuple[float | None, float | None, float | None]:
    if ratio["delta_pct"] is None:
        return None, None, None
    low, high = (None, None) if ratio["ci95"] is None else (each / 100 for each in ratio["ci95"])
    return ratio["delta_pct"] / 100, low, high


# --- what it rests on --------------------------------------------------------------------------------------------------
def effect_names(say: Language) -> dict[str, str]:
    """What the effects of behaviour are called."""
    _ = say._
    return {
        "rewarded": _("After a reward"), "novelty": _("Novelty of joining"), "status": _("Status of a tier"),
        "tier_pressure": _("A tier within reach"), "reward_pressure": _("A reward within reach"), "expiry": _("Points about to lapse"),
        "demotion": _("After losing a tier"), "coupon": _("A coupon in hand"), "message": _("After a message"), "plan": _("A paid plan"),
    }  # fmt: skip


def drivers(run: RunFolder, say: Language) -> Exhibit:
    """The assumed effects behind the lift, the strongest first, with what was assumed, how far it may vary, and who says so."""
    _, behaviour, names = say._, run.document["behaviour"], effect_names(say)
    acting = [each for each in behaviour["effects"] if abs(each["mean_factor"] - 1) > CLOSE]
    rows = [
        (names.get(each["name"], each["name"]), each["mean_factor"] - 1, *_assumed(assumed, say))
        for each in acting
        for assumed in each["assumed"][:1]
    ]
    rows += [
        (_("Members stay longer"), None, *_assumed(each, say))
        for each in behaviour["leaving"]
        if each["key"] == "membership.death_factor"
    ]
    heading = (
        Column(_("Assumed effect")), Column(_("Purchase rate, mean"), "change"), Column(_("Assumed")), Column(_("Plausible range")),
        Column(_("Source")),
    )  # fmt: skip
    grid = Grid(_("What the lift rests on"), heading, tuple(rows))
    line = Line(_("Mean effect"), tuple(each["mean_factor"] - 1 for each in acting), COLORS["program"])
    title = _("Mean effect on the purchase rate, in %")
    graph = Graph(
        "drivers", "bars", title, tuple(names.get(each["name"], each["name"]) for each in acting), (line,), "change"
    )
    finding = _("All lift in this run is assumed, and no effect of behaviour acts on the purchase rate.")
    if acting:
        finding = _(
            "The lift rests on assumptions; the strongest is: {effect} ({change} on the purchase rate).",
            effect=names.get(acting[0]["name"], acting[0]["name"]), change=say.percent(100 * (acting[0]["mean_factor"] - 1), 2, signed=True),
        )  # fmt: skip
    notes = (
        _(
            "A mean over every occasion on which a member looked at a purchase. Vary them: a run with other assumptions is one command."
        ),
    )
    return Exhibit(
        "drivers", _("What does the lift rest on?"), finding, "", (), (graph,) if acting else (), (grid,), notes
    )


def _assumed(found: dict[str, Any], say: Language) -> tuple[str, str, str]:
    bases = {
        "seen": say._("seen in a public source"),
        "abstract": say._("from an abstract"),
        "judgement": say._("judgement"),
    }
    value = found["value"] if isinstance(found["value"], list) else [found["value"]]
    low, high = found["range"]
    source = say._(
        "{basis}: {source}", basis=bases.get(found["basis"], found["basis"]), source=say.text(found["source"])
    )
    return " / ".join(say.plain(float(each)) for each in value), f"{say.plain(low)} – {say.plain(high)}", source


# --- money -------------------------------------------------------------------------------------------------------------
def cost(run: RunFolder, say: Language) -> Exhibit:
    """Amounts over the whole run, the sales added with their interval."""
    _, document = say._, run.document
    economics, sales, currency = document["economics"], document["lift"]["sales"], document["currency"]
    low, high = (None, None) if sales["ci95"] is None else (sales["baseline"] * each / 100 for each in sales["ci95"])
    amounts: list[tuple[str, Any, Any, Any]] = [
        (_("Sales added"), economics["incremental_sales"], low, high),
        (
            _("Margin added, after program cost"),
            economics["incremental_margin"],
            *_margin_interval(document["lift"]["margin"]),
        ),
        (_("Worth of redemptions to members"), economics["redeemed_value"], None, None),
        (_("Cost of redemptions"), economics["redemption_cost"], None, None),
        (_("Program spend"), economics["program_spend"], None, None),
        (_("Face value still outstanding"), document["liability"]["face_value"], None, None),
    ]
    told: list[tuple[Any, ...]] = [each for each in amounts if each[1] is not None]
    values, lows, highs = (tuple(each[k] for each in told) for k in (1, 2, 3))
    line = Line(_("Amount"), values, COLORS["money"], low=lows, high=highs)
    title = _("Amounts over the whole run, in {currency}", currency=say.currency_name(currency))
    graph = Graph("cost", "dots", title, tuple(each[0] for each in told), (line,), "money")
    heading = (
        Column(""),
        Column(_("Amount"), "money"),
        Column(_("its 95% interval, low"), "money"),
        Column(_("its 95% interval, high"), "money"),
    )
    rows = (
        (_("Sales with the program, before discounts"), sales["program"], None, None),
        (_("Sales in the baseline"), sales["baseline"], None, None),
        *amounts,
        (_("Contract liability (IFRS 15)"), document["liability"]["contract"], None, None),
    )
    finding, *more = cost_findings(run, say)
    notes = (_("Sales are not margin, and points still outstanding have yet to cost anything: compare with care."),)
    grid = Grid(_("Amounts over the whole run"), heading, rows)
    told_more = say.joined(*more, in_all(run, say))
    return Exhibit("cost", _("What does it cost?"), finding, told_more, (), (graph,), (grid,), notes, currency)


def _margin_interval(ratio: dict[str, Any]) -> tuple[float | None, float | None]:
    if ratio["ci95"] is None or ratio["baseline"] is None:
        return None, None
    low, high = (ratio["baseline"] * each / 100 for each in ratio["ci95"])
    return low, high


def spend(run: RunFolder, say: Language) -> Exhibit:
    """What the program gave up and paid, by line and month."""
    _, economics, currency = say._, run.document["economics"], run.document["currency"]
    names = {key: name for key, name in cost_lines(say).items() if economics["lines"][key]}
    months = columns(run, "points_by_month")["month"]
    table = columns(run, "cost_statement")
    by = {
        (month, line): amount for month, line, amount in zip(table["month"], table["line"], table["money"], strict=True)
    }
    lines = tuple(
        Line(name, tuple(by.get((month, key), 0.0) for month in months), color, hatch=place % 2 == 1)
        for place, ((key, name), color) in enumerate(zip(names.items(), SPEND_COLORS, strict=False))
    )
    heads = tuple(months)
    title = _("Program spend by month and line, in {currency}", currency=say.currency_name(currency))
    graph = Graph("spend", "stack", title, heads, lines, "money", _("Month"), every(len(heads), 6))
    whole = economics["program_spend"]
    rows: list[tuple[Any, ...]] = [
        (name, economics["lines"][key], economics["lines"][key] / whole if whole else None)
        for key, name in names.items()
    ]
    rows.append((_("Program spend"), whole, 1.0 if whole else None))
    heading = (Column(_("Line")), Column(_("Amount"), "money"), Column(_("Share"), "share"))
    finding = _("The program spent nothing in this run.")
    if names:
        finding = _("The program spent {spend} in all.", spend=say.money(whole, currency))
        if economics["cost_pct_of_sales"] is not None:
            finding = _(
                "The program spent {spend} in all, {share} of sales.", spend=say.money(whole, currency),
                share=say.percent(economics["cost_pct_of_sales"], 2),
            )  # fmt: skip
    grid = Grid(_("What the program spent, by line"), heading, tuple(rows), total=True)
    more = _back(economics, say)
    return Exhibit(
        "spend", _("Where does the money go?"), finding, more, (), (graph,) if names else (), (grid,), (), currency
    )


def _back(economics: dict[str, Any], say: Language) -> str:
    back, interval = economics["return_on_spend"], economics["return_on_spend_ci95"]
    if back is None:
        return ""
    shown = say.percent(100 * back, 0, signed=True)
    if interval is None:
        return say._("Return on program spend: {share}.", share=shown)
    low, high = (say.percent(100 * each, 0, signed=True) for each in interval)
    return say._("Return on program spend: {share} (95% interval {low} to {high}).", share=shown, low=low, high=high)


def worth(run: RunFolder, say: Language) -> Exhibit:
    """Who gets more than in the baseline and who less, by tier and by fifth of the customers."""
    _, found, currency = say._, run.document["lift"]["worth"], run.document["currency"]
    named = [(each["name"] or _("no tier"), each) for each in found["by_tier"]]
    names = fifths(say)
    by_fifth = [(names[each["name"]], each) for each in found["by_segment"]]
    counts = {key: say.number(found[key]) for key in ("winners", "losers", "unchanged")}
    finding = _("{winners} customers get more than in the baseline, {losers} get less, {unchanged} the same.", **counts)
    more = _("Gained in all: {gained}; lost in all: {lost}.", gained=say.money(found["gained"], currency), lost=say.money(found["lost"], currency))  # fmt: skip
    heading = (
        Column(_("Customers")), Column(_("Get more"), "members"), Column(_("Get less"), "members"), Column(_("The same"), "members"),
        Column(_("Gained"), "money"), Column(_("Lost"), "money"),
    )  # fmt: skip
    rows = [
        (name, *(each[key] for key in ("winners", "losers", "unchanged", "gained", "lost")))
        for name, each in (*named, *by_fifth, (_("All"), found))
    ]
    grid = Grid(_("Winners and losers against the baseline"), heading, tuple(rows), total=True)
    graph = worth_graph(
        by_fifth, _("Customers who get more, less and the same, by how often they would buy anyway"), say
    )
    notes = (
        _(
            "What a customer gets: worth of what they redeem, of vouchers, savings, rebates and points still held, less fees."
        ),
    )
    return Exhibit("worth", _("Who wins, and who loses?"), finding, more, (), (graph,), (grid,), notes, currency)


def worth_graph(groups: list[tuple[str, dict[str, Any]]], title: str, say: Language) -> Graph:
    """Members who get more, less and the same, in groups."""
    _ = say._
    kinds = (
        ("winners", _("Get more"), COLORS["earned"]),
        ("unchanged", _("The same"), "#cfd8df"),
        ("losers", _("Get less"), LOSE),
    )
    lines = tuple(
        Line(name, tuple(each[key] for _group, each in groups), color, hatch=key == HATCHED)
        for key, name, color in kinds
    )
    return Graph("worth", "stack", title, tuple(name for name, _each in groups), lines, "members")
