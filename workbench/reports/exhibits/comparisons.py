"""Floor 5: exhibits of a comparison: programs lived by the same members, each further one against the first."""

from collections.abc import Callable, Mapping
from typing import Any

from workbench.reports.exhibits.effects import lift_names, worth_graph
from workbench.reports.exhibits.kinds import Column, Exhibit, Graph, Grid, Line, Unit, Value
from workbench.reports.language import Language
from workbench.reports.plots import COLORS, tier_colors

__all__ = ["COMPARISON_EXHIBITS", "Document", "comparison_titles", "program_titles"]

Document = Mapping[str, Any]
"""What ``loyalty compare --json`` prints."""
PAIRED = ("purchases", "sales", "margin", "active_members", "repurchase_rate")
OWED = ("contract", "face_value", "cost_basis")


def program_titles(document: Document, say: Language) -> dict[str, str]:
    """Each program's title by its name; where two have the same, with the name."""
    found = {}
    for name, each in document["programs"].items():
        told = each["provenance"]
        found[name] = (say.chinese and told.get("title_zh")) or told["title"]
    titles = list(found.values())
    return {name: f"{title} ({name})" if titles.count(title) > 1 else title for name, title in found.items()}


def _currency(document: Document) -> str:
    return str(next(iter(document["programs"].values()))["currency"])


def figures(document: Document, say: Language) -> Exhibit:
    """Outcomes of each program, side by side."""
    _, titles, programs = say._, program_titles(document, say), document["programs"]

    def row(name: str, unit: Unit, get: Callable[[Any], Any]) -> tuple[tuple[Value, ...], Unit]:
        return (name, *(get(each) for each in programs.values())), unit

    told = [
        row(_("Sales before discounts"), "money", lambda d: d["economics"]["sales"]),
        row(
            _("Sales lift against no program or the baseline"),
            "change",
            lambda d: _hundredth(d["lift"]["sales"]["delta_pct"]),
        ),
        row(_("Margin added, after program cost"), "money", lambda d: d["economics"]["incremental_margin"]),
        row(_("Program spend"), "money", lambda d: d["economics"]["program_spend"]),
        row(_("Program cost, of sales"), "rate", lambda d: _hundredth(d["economics"]["cost_pct_of_sales"])),
        row(_("Return on program spend"), "whole_share", lambda d: d["economics"]["return_on_spend"]),
        row(_("Contract liability (IFRS 15)"), "money", lambda d: d["liability"]["contract"]),
        row(_("Points outstanding"), "points", lambda d: d["points"]["outstanding"]),
        row(_("Expected share redeemed"), "share", lambda d: d["liability"]["urr"]),
        row(_("Members upgraded"), "share", lambda d: d["tiers"]["upgrade_rate"]),
        row(_("Bought again within 365 days"), "share", lambda d: d["lift"]["repurchase_rate"]["program"]),
    ]
    heading = (Column(_("Figure")), *(Column(titles[name]) for name in programs))
    grid = Grid(
        _("Outcomes side by side"),
        heading,
        tuple(cells for cells, _unit in told),
        units=tuple(unit for _cells, unit in told),
    )
    added = {name: each["economics"]["incremental_margin"] for name, each in programs.items()}
    best = max(added, key=lambda name: added[name])
    finding = _("The largest margin is added by this program: {program} ({amount}).", program=titles[best],
                amount=say.money(round(added[best]), _currency(document), signed=True))  # fmt: skip
    more = _(
        "All programs are lived by the same {members} members.",
        members=say.number(next(iter(programs.values()))["members"]),
    )
    return Exhibit(
        "side_by_side", _("How do the programs compare?"), finding, more, grids=(grid,), currency=_currency(document)
    )


def _hundredth(value: float | None) -> float | None:
    return None if value is None else value / 100


def differences(document: Document, say: Language) -> Exhibit:
    """Paired differences of each further program against the first, with their intervals."""
    _, titles, names = say._, program_titles(document, say), lift_names(say)
    first = titles[next(iter(document["programs"]))]
    rows: list[tuple[Value, ...]] = []
    for each in document["differences"]:
        for key in PAIRED:
            low, high = each[key]["ci95"] or (None, None)
            changes = (_hundredth(value) for value in (each[key]["delta_pct"], low, high))
            rows.append((titles[each["program"]], names[key][0], *changes))
    heading = (
        Column(_("Program")), Column(_("Figure")), Column(_("Difference"), "change"), Column(_("its 95% interval, low"), "change"),
        Column(_("its 95% interval, high"), "change"),
    )  # fmt: skip
    told = [each for each in document["differences"] if each["sales"]["delta_pct"] is not None]
    low, high = (tuple(_hundredth((each["sales"]["ci95"] or (None, None))[k]) for each in told) for k in (0, 1))
    line = Line(
        _("Sales"),
        tuple(_hundredth(each["sales"]["delta_pct"]) for each in told),
        COLORS["program"],
        low=low,
        high=high,
    )
    title = _('Sales against "{program}" in %, with the 95% interval', program=first)
    graph = Graph("differences", "dots", title, tuple(titles[each["program"]] for each in told), (line,), "change")
    parts = [_sales_change(titles[each["program"]], each["sales"], say) for each in told]
    finding = _('The same members\' sales against "{program}": {changes}.', program=first, changes=say.listed(parts))
    notes = (
        _(
            "Each customer is compared with themselves under the other program; what could be chance has an interval that holds zero."
        ),
    )
    grid = Grid(_("Paired differences"), heading, tuple(rows))
    return Exhibit("differences", _("What differs, and is it chance?"), finding, "", (), (graph,), (grid,), notes)


def _sales_change(title: str, ratio: Mapping[str, Any], say: Language) -> str:
    change = say.percent(ratio["delta_pct"], 2, signed=True)
    if ratio["ci95"] is not None:
        low, high = (say.percent(each, 2, signed=True) for each in ratio["ci95"])
        change = say._("{change} (95% interval {low} to {high})", change=change, low=low, high=high)
    return say._("{program} {change}", program=title, change=change)


def owed(document: Document, say: Language) -> Exhibit:
    """Liabilities side by side."""
    _, titles, currency = say._, program_titles(document, say), _currency(document)
    names = {
        "contract": _("Contract liability (IFRS 15)"),
        "face_value": _("Face value"),
        "cost_basis": _("Expected cost of redemptions"),
    }
    colors = {"contract": COLORS["money"], "face_value": COLORS["never"], "cost_basis": COLORS["redeemed"]}
    lines = tuple(
        Line(
            names[key],
            tuple(each["liability"][key] for each in document["programs"].values()),
            colors[key],
            hatch=key == "face_value",
        )
        for key in OWED
    )
    title = _("What is owed at the end, in {currency}", currency=say.currency_name(currency))
    graph = Graph("owed", "columns", title, tuple(titles.values()), lines, "money")
    rows = tuple(
        (
            titles[name],
            each["points"]["outstanding"],
            *(each["liability"][key] for key in OWED),
            each["liability"]["urr"],
        )
        for name, each in document["programs"].items()
    )
    heading = (
        Column(_("Program")), Column(_("Points outstanding"), "points"), *(Column(names[key], "money") for key in OWED),
        Column(_("Expected share redeemed"), "share"),
    )  # fmt: skip
    parts = [
        _("{program} {change}", program=titles[name], change=say.money(each["liability"]["contract"], currency))
        for name, each in document["programs"].items()
        if each["liability"]["contract"] is not None
    ]
    finding = (
        _("Contract liability at the end: {amounts}.", amounts=say.listed(parts))
        if parts
        else _("There is no figure of the liability.")
    )
    return Exhibit(
        "owed", _("What stands in the books?"), finding, "", (), (graph,), (Grid(title, heading, rows),), (), currency
    )


def tiers(document: Document, say: Language) -> Exhibit:
    """Members by tier at the end."""
    _, titles = say._, program_titles(document, say)
    held = {name: each["tiers"]["members"] for name, each in document["programs"].items()}
    names = list(dict.fromkeys(tier for each in held.values() for tier in each))
    question = _("Who climbs?")
    if not names:
        return Exhibit("tiers_side_by_side", question, _("None of the programs has tiers."))
    lines = tuple(
        Line(tier, tuple(each.get(tier, 0) for each in held.values()), color)
        for tier, color in zip(names, tier_colors(len(names)), strict=True)
    )
    title = _("Members by tier at the end")
    graph = Graph("tiers_side_by_side", "stack", title, tuple(titles[name] for name in held), lines, "members")
    rows = tuple(
        (titles[name], *(each.get(tier) for tier in names), document["programs"][name]["tiers"]["upgrade_rate"])
        for name, each in held.items()
    )
    heading = (
        Column(_("Program")),
        *(Column(tier, "members") for tier in names),
        Column(_("Members upgraded"), "share"),
    )
    parts = [
        _("{program} {change}", program=titles[name], change=say.percent(100 * each["tiers"]["upgrade_rate"]))
        for name, each in document["programs"].items()
        if each["tiers"]["upgrade_rate"] is not None
    ]
    finding = (
        _("Members who rose at least once: {shares}.", shares=say.listed(parts))
        if parts
        else _("None of the programs has tiers.")
    )
    return Exhibit("tiers_side_by_side", question, finding, "", (), (graph,), (Grid(title, heading, rows),))


def worth(document: Document, say: Language) -> Exhibit:
    """Who gets more and who less than under the first program."""
    _, titles, currency = say._, program_titles(document, say), _currency(document)
    groups = [(titles[each["program"]], each["worth"]) for each in document["differences"]]
    first = titles[next(iter(document["programs"]))]
    title = _('Customers who get more, less and the same as under "{program}"', program=first)
    rows = tuple(
        (name, *(each[key] for key in ("winners", "losers", "unchanged", "gained", "lost"))) for name, each in groups
    )
    heading = (
        Column(_("Program")), Column(_("Get more"), "members"), Column(_("Get less"), "members"), Column(_("The same"), "members"),
        Column(_("Gained"), "money"), Column(_("Lost"), "money"),
    )  # fmt: skip
    most = max(groups, key=lambda each: each[1]["losers"])
    finding = _(
        "Most customers lose under this program: {program} ({losers} get less, {winners} get more).", program=most[0],
        losers=say.number(most[1]["losers"]), winners=say.number(most[1]["winners"]),
    )  # fmt: skip
    if not most[1]["losers"]:
        finding = _('No customer gets less than under "{program}".', program=first)
    notes = (
        _(
            "What a customer gets: worth of what they redeem, of vouchers, savings, rebates and points still held, less fees."
        ),
    )
    graph = worth_graph(groups, title, say)
    return Exhibit(
        "winners",
        _("Who wins, and who loses?"),
        finding,
        "",
        (),
        (graph,),
        (Grid(title, heading, rows),),
        notes,
        currency,
    )


def parts(document: Document, say: Language) -> Exhibit:
    """Where the difference in sales comes from."""
    _, titles, currency = say._, program_titles(document, say), _currency(document)
    names = {
        "members": _("Customers"),
        "share_buying": _("Share who buy"),
        "purchases": _("Purchases each"),
        "basket": _("Basket"),
    }
    told = [each for each in document["differences"] if each["decomposition"] is not None]
    question = _("Where does the difference come from?")
    if not told:
        return Exhibit("parts", question, _("There is nothing in the baseline to compare with."))
    colors = dict(zip(names, ("#6d7a88", "#7a5aa6", "#12677a", "#d97b16"), strict=True))
    amounts = {
        key: tuple(next(f["sales"] for f in each["decomposition"]["factors"] if f["name"] == key) for each in told)
        for key in names
    }
    lines = tuple(Line(name, amounts[key], colors[key], hatch=key == "share_buying") for key, name in names.items())
    title = _("Difference in sales by where it comes from, in {currency}", currency=say.currency_name(currency))
    graph = Graph("parts", "stack", title, tuple(titles[each["program"]] for each in told), lines, "money")
    rows = tuple(
        (titles[each["program"]], *(amounts[key][k] for key in names), each["decomposition"]["sales"])
        for k, each in enumerate(told)
    )
    heading = (Column(_("Program")), *(Column(name, "money") for name in names.values()), Column(_("In all"), "money"))
    strongest = max(names, key=lambda key: max(abs(each) for each in amounts[key]))
    finding = _("Most of the difference in sales comes from: {factor}.", factor=names[strongest])
    notes = (_("Sales are customers x share who buy x purchases each x basket; the parts add up to the difference."),)
    return Exhibit("parts", question, finding, "", (), (graph,), (Grid(title, heading, rows),), notes, currency)


def provenance(document: Document, say: Language) -> Exhibit:
    """What was compared, and how to tell that it comes out the same."""
    _, titles = say._, program_titles(document, say)
    first = next(iter(document["programs"].values()))
    told = first["provenance"]
    rows: list[tuple[Value, ...]] = []
    for name, each in document["programs"].items():
        rows.append((_("{program}: source", program=titles[name]), each["provenance"]["source"]))
        rows.append((_("{program}: result (both ledgers)", program=titles[name]), each["digest"]))
    rows += [
        (_("Population"), f"{told['population_title']} ({told['population']})"), (_("Assumptions"), told["assumptions"]),
        (_("Period"), _("{start} to {end}", start=say.day(first["start"]), end=say.day(first["end"]))),
        (_("Members simulated"), say.number(first["members"])), (_("Seed"), str(first["seed"])), (_("Engine"), first["engine"]),
        (_("Versions"), say.listed([f"{name} {version}" for name, version in told["versions"].items()])),
    ]  # fmt: skip
    question = _("Where do these numbers come from?")
    grid = Grid(question, (Column(_("What")), Column(_("Which"))), tuple(rows))
    finding = _("The same inputs, versions and seed give the same result, which its digest tells.")
    return Exhibit("comparison_provenance", question, finding, grids=(grid,))


COMPARISON_EXHIBITS: dict[str, Callable[[Document, Language], Exhibit]] = {
    "side_by_side": figures, "differences": differences, "owed": owed, "tiers_side_by_side": tiers, "winners": worth, "parts": parts,
    "comparison_provenance": provenance,
}  # fmt: skip
"""All of them, in the order of a report."""


def comparison_titles(say: Language) -> dict[str, str]:
    """A short title of each."""
    _ = say._
    return {
        "side_by_side": _("Programs side by side"), "differences": _("Paired differences"), "owed": _("Liabilities"),
        "tiers_side_by_side": _("Tiers"), "winners": _("Winners and losers"), "parts": _("Where it comes from"),
        "comparison_provenance": _("Provenance"),
    }  # fmt: skip
