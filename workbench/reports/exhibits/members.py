"""Floor 5: exhibits of members: tiers, moves between them, and who buys again."""

from typing import Any

from workbench.reports.exhibits.kinds import Column, Exhibit, Graph, Grid, Line, every
from workbench.reports.language import Language
from workbench.reports.members_part import SWAMPED, by_tier, repurchase_findings, tiers_findings
from workbench.reports.moves_part import STAY, moves_findings
from workbench.reports.parts import columns
from workbench.reports.plots import COLORS, tier_colors
from workbench.run_folder import RunFolder

__all__ = ["moves", "repurchase", "tiers"]

MOST_LABELS = 6
DAYS_IN_TABLE = (30, 60, 90, 180, 270, 365)


def tiers(run: RunFolder, say: Language) -> Exhibit:
    """Members by tier month by month; where there are no tiers, members."""
    _ = say._
    months, data = by_tier(columns(run, "tiers_by_month"))
    heads = tuple(months)
    step = every(len(heads), MOST_LABELS)
    if not run.document["tiers"]["members"]:
        return _joined(run, months, data["members"], heads, say)
    colors = tier_colors(len(data))
    lines = tuple(Line(name, tuple(values), color) for (name, values), color in zip(data.items(), colors, strict=True))
    title = _("Members by tier at the end of each month")
    graphs = [Graph("tiers", "stack", title, heads, lines, "members", _("Month"), step)]
    everyone = sum(values[-1] for values in data.values())
    base = lines[0]
    if len(lines) > 1 and (base.values[-1] or 0) > SWAMPED * everyone and any(any(each.values) for each in lines[1:]):
        title = _('The tiers above "{tier}" alone (other scale)', tier=base.name)
        graphs.append(Graph("tiers_above", "stack", title, heads, lines[1:], "members", _("Month"), step))
    heading = (Column(_("Month"), "month"), *(Column(name, "members") for name in data))
    rows = tuple((month, *(values[place] for values in data.values())) for place, month in enumerate(months))
    finding, *more = tiers_findings(run, say)
    grid = Grid(_("Members by tier"), heading, rows)
    return Exhibit("tiers", _("Who climbs?"), finding, say.joined(*more), (), tuple(graphs), (grid,))


def _joined(run: RunFolder, months: list[Any], members: list[int], heads: tuple[Any, ...], say: Language) -> Exhibit:
    _ = say._
    line = Line(_("Members who have joined"), tuple(members), COLORS["program"])
    title = _("Members at the end of each month")
    graph = Graph("members", "area", title, heads, (line,), "members", _("Month"), every(len(heads), MOST_LABELS))
    finding = _(
        "By the end {joined} of {customers} customers have joined; the program has no tiers.",
        joined=say.number(members[-1]), customers=say.number(run.document["members"]),
    )  # fmt: skip
    heading = (Column(_("Month"), "month"), Column(_("Members"), "members"))
    grid = Grid(_("Members by month"), heading, tuple(zip(months, members, strict=True)))
    return Exhibit("tiers", _("Who joins?"), finding, "", (), (graph,), (grid,))


def moves(run: RunFolder, say: Language) -> Exhibit:
    """What reviews of tiers come to, and how soon a tier is reached."""
    _, found = say._, run.document["tiers"]
    if found["migration"] is None:
        return Exhibit("moves", _("Who moved between tiers?"), _("The program has no tiers."))
    finding, *more = moves_findings(found, say)
    names = found["migration"]["tiers"]
    rows = tuple(
        (name, *found["migration"]["matrix"][place], sum(found["migration"]["matrix"][place]))
        for place, name in list(enumerate(names))[1:]
    )
    heading = (Column(_("Tier before")), *(Column(name, "count") for name in names), Column(_("Reviews"), "count"))
    reviews = Grid(_("When a tier's validity ended: the tier held from that day on"), heading, rows)
    ways = tuple(
        (name, each["members"], each["share"], each["months"]["median"], *_stay(found["survival"][name]))
        for name, each in found["time_to_tier"].items()
    )
    heading = (
        Column(_("Tier")), Column(_("Members who reached it"), "members"), Column(_("Of all members"), "share"),
        Column(_("Half of them within, months"), "months"), Column(_("Stays that last 12 months"), "share"),
        Column(_("its 95% interval, low"), "share"), Column(_("its 95% interval, high"), "share"),
    )  # fmt: skip
    caption = _("How soon a tier is reached, and how long a stay in it lasts (a rise ends it too)")
    notes = (
        _(
            "A review that grants grace decides nothing yet and is not counted. Stays: Kaplan-Meier, interval by Greenwood."
        ),
    )
    return Exhibit(
        "moves", _("Who moved between tiers?"), finding, say.joined(*more), (), (), (reviews, Grid(caption, heading, ways)), notes
    )  # fmt: skip


def _stay(survival: list[dict[str, Any]]) -> tuple[float | None, float | None, float | None]:
    found = next((each for each in survival if each["months"] == STAY), None)
    return (None, None, None) if found is None else (found["share"], *found["ci95"])


def repurchase(run: RunFolder, say: Language) -> Exhibit:
    """Who bought again within so many days, in both worlds, and the paired difference with its band."""
    _, data = say._, columns(run, "repurchase_curve")
    days = data["days"]
    heads = tuple(say.number(each) for each in days)
    step = max(1, round(90 / (days[1] - days[0]))) if len(days) > 1 else 1
    both = (
        Line(_("With the program"), tuple(data["program"]), COLORS["program"]),
        Line(_("Baseline"), tuple(data["baseline"]), COLORS["baseline"], dash=True),
    )

    def hundred(name: str) -> tuple[float | None, ...]:
        return tuple(None if each is None else 100 * each for each in data[name])

    gap = Line(
        _("Program less baseline"), hundred("difference"), COLORS["program"], low=hundred("low"), high=hundred("high")
    )
    by_days = _("Days since the first purchase")
    graphs = (
        Graph("repurchase", "lines", _("Share of buyers who bought again"), heads, both, "share", by_days, step),
        Graph("difference", "band", _("Difference of the two, in percentage points, with its 95% interval"), heads, (gap,),
              "points_of_percent", by_days, step),
    )  # fmt: skip
    names = ("program", "baseline", "difference", "low", "high")
    last = {name: float("nan") if data[name][-1] is None else 100 * data[name][-1] for name in names}
    finding, *more = repurchase_findings(run, last, say)
    rows = tuple(
        (day, data["program"][k], data["baseline"][k], gap.values[k], hundred("low")[k], hundred("high")[k])
        for k, day in enumerate(days)
        if int(day) in DAYS_IN_TABLE
    )
    heading = (
        Column(_("Days"), "days"), Column(_("With the program"), "share"), Column(_("Baseline"), "share"),
        Column(_("Difference (percentage points)"), "points_of_percent"), Column(_("its 95% interval, low"), "points_of_percent"),
        Column(_("its 95% interval, high"), "points_of_percent"),
    )  # fmt: skip
    grid = Grid(_("Share of buyers who bought again"), heading, rows)
    notes = (
        _(
            "Both worlds are lived by the same members with the same chance; the interval is for the luck of having drawn just these."
        ),
    )
    return Exhibit(
        "repurchase", _("Do they come back because of it?"), finding, say.joined(*more), (), graphs, (grid,), notes
    )
