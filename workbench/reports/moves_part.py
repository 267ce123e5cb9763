"""Floor 5: who moved between tiers, how soon and for how long, and which customers the program moved."""

from typing import Any

from workbench.reports.language import Language
from workbench.reports.parts import Section, Table
from workbench.run_folder import RunFolder

__all__ = ["fifths", "moves", "moves_findings"]

NOTHING = "–"
STAY = 12
"""Months after which the table says who still holds a tier."""


def moves(run: RunFolder, say: Language) -> Section:
    """Reviews of tiers as a matrix, the way to each tier, and lift by group of customers; in tables, no charts."""
    _, tiers, lift = say._, run.document["tiers"], run.document["lift"]
    notes = []
    if lift["by_tier"]:
        notes.append(
            _(
                "A tier is reached by buying: the lift of a tier says where the added purchases are, not what the tier does."
            )
        )
    if lift["naive"]["purchases_delta_pct"] is not None:
        notes.append(_(
            "Purchases of a member against those of a non-member: {difference}. That is not the program's doing: frequent buyers join. Lift "
            "compares each customer with themselves.", difference=say.percent(lift["naive"]["purchases_delta_pct"], 1, signed=True),
        ))  # fmt: skip
    if tiers["migration"] is None:
        sentence = _(
            "The program has no tiers; the table shows what each fifth of the customers did, from those who buy least."
        )
        return Section(
            "moves", _("Whom did the program move?"), sentence, (), (), tuple(notes), (_by_group(lift, say),)
        )
    shown = (_reviews(tiers["migration"], say), _ways(tiers, say), _by_group(lift, say))
    return Section(
        "moves", _("Who moved between tiers?"), say.joined(*moves_findings(tiers, say)), (), (), tuple(notes), shown
    )


def moves_findings(tiers: dict[str, Any], say: Language) -> tuple[str, ...]:
    """The answer, sentence by sentence."""
    _, matrix = say._, tiers["migration"]["matrix"]
    reviews = sum(sum(row) for row in matrix)
    fallen = sum(sum(row[:place]) for place, row in enumerate(matrix))
    first = _("No tier came up for review in this run.")
    if reviews:
        first = _(
            "Of {reviews} reviews of a tier, {share} let the member keep it or rise; {members} members fell at least once.",
            reviews=say.number(reviews),
            share=say.share(reviews - fallen, reviews),
            members=say.number(tiers["downgraded_members"]),
        )
    lowest = next(iter(tiers["time_to_tier"].items()), None)
    if lowest is None or not lowest[1]["members"]:
        return (first,)
    way = _(
        'Half of those who reached "{tier}" in this run had done so within {months} months of joining.',
        tier=lowest[0], months=say.number(lowest[1]["months"]["median"]),
    )  # fmt: skip
    return first, way


def _reviews(migration: dict[str, Any], say: Language) -> Table:
    """A row for each tier that can be reviewed: the tiers after, each with its share of the row."""
    _ = say._
    rows = []
    for place, name in list(enumerate(migration["tiers"]))[1:]:
        counts = migration["matrix"][place]
        cells = (
            f"{say.number(each)} ({say.share(each, sum(counts), 0)})" if sum(counts) else NOTHING for each in counts
        )
        rows.append((name, *cells, say.number(sum(counts))))
    header = (_("Tier before"), *migration["tiers"], _("Reviews"))
    return Table(_("When a tier's validity ended: the tier held from that day on"), header, tuple(rows))


def _ways(tiers: dict[str, Any], say: Language) -> Table:
    """A row for each tier above the lowest: who reached it, how soon, and who still holds it a year later."""
    _ = say._
    rows = []
    for name, found in tiers["time_to_tier"].items():
        median = found["months"]["median"]
        share = NOTHING if found["share"] is None else say.percent(100 * found["share"])
        within = NOTHING if median is None else _("{months} months", months=say.number(median))
        rows.append((name, say.number(found["members"]), share, within, _stay(tiers["survival"][name], say)))
    header = (
        _("Tier"),
        _("Members who reached it"),
        _("Of all members"),
        _("Half of them within"),
        _("Stays that last 12 months"),
    )
    return Table(
        _("How soon a tier is reached, and how long a stay in it lasts (a rise ends it too)"), header, tuple(rows)
    )


def _stay(survival: list[dict[str, Any]], say: Language) -> str:
    found = next((each for each in survival if each["months"] == STAY), None)
    if found is None:
        return NOTHING
    low, high = (say.percent(100 * each) for each in found["ci95"])
    if low == high:
        return say.percent(100 * found["share"])
    return f"{say.percent(100 * found['share'])} ({say._('{low} to {high}', low=low, high=high)})"


def fifths(say: Language) -> dict[str, str]:
    """What fifths of the customers are called, by their own purchase rate."""
    _ = say._
    return {
        "lightest": _("Fifth that buys least often"),
        "light": _("Second fifth"),
        "middle": _("Middle fifth"),
        "heavy": _("Fourth fifth"),
        "heaviest": _("Fifth that buys most often"),
    }


def _by_group(lift: dict[str, Any], say: Language) -> Table:
    """A row for each group: by the highest tier held, then by fifths of the customers."""
    _ = say._
    groups = [(_("Never joined") if each["name"] is None else each["name"], each) for each in lift["by_tier"]]
    groups += [(fifths(say)[each["name"]], each) for each in lift["by_segment"]]
    rows = tuple(
        (name, say.number(each["members"]), *_ratio(each["purchases"], say), *_ratio(each["sales"], say))
        for name, each in groups
    )
    header = (_("Group"), _("Number"), _("Purchase lift"), _("95% interval"), _("Sales lift"), _("95% interval"))
    caption = (
        _("Lift by the highest tier held, and by how often customers would buy anyway")
        if lift["by_tier"]
        else _("Lift by how often customers would buy anyway")
    )
    return Table(caption, header, rows)


def _ratio(ratio: dict[str, Any], say: Language) -> tuple[str, str]:
    if ratio["delta_pct"] is None:
        return NOTHING, NOTHING
    shown = say.percent(ratio["delta_pct"], 2, signed=True)
    if ratio["ci95"] is None:
        return shown, NOTHING
    low, high = (say.percent(each, 2, signed=True) for each in ratio["ci95"])
    return shown, say._("{low} to {high}", low=low, high=high)
