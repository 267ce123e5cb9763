"""Floor 5: exhibits of where a run's numbers come from: every assumption with its range and source, and how to get them again."""

from workbench.reports.exhibits.kinds import Column, Exhibit, Grid
from workbench.reports.language import Language
from workbench.reports.members_part import baseline_title
from workbench.reports.origin import Assumed, origin
from workbench.run_folder import RunFolder

__all__ = ["assumptions", "population", "provenance"]


def assumptions(run: RunFolder, say: Language) -> Exhibit:
    """How members are assumed to behave."""
    _, found = say._, origin(run, say).behaviour
    finding = _(
        "{count} assumptions about behaviour stand behind these figures, each with its plausible range and its source.",
        count=say.number(len(found)),
    )
    outside = sum(each.outside for each in found)
    more = (
        _("{count} of them lie outside their range.", count=say.number(outside))
        if outside
        else _("All lie within their range.")
    )
    grid = _grid(_("Behaviour: guesses with sources, apart from the program's rules"), found, say)
    return Exhibit("assumptions", _("How are members assumed to behave?"), finding, more, grids=(grid,))


def population(run: RunFolder, say: Language) -> Exhibit:
    """The customers as they would be without any program."""
    _, found, provenance = say._, origin(run, say), run.document["provenance"]
    finding = _(
        "Customers are drawn from this population: {population}; they buy {rate} times a year, {basket} each time.",
        population=provenance["population_title"], rate=found.purchases_per_year, basket=found.mean_basket,
    )  # fmt: skip
    grid = _grid(_("Population: the customers as they would be with no program"), found.population, say)
    notes = (provenance["population_source"], *found.population_notes)
    return Exhibit("population", _("Who are the customers?"), finding, "", grids=(grid,), notes=notes)


def _grid(caption: str, rows: tuple[Assumed, ...], say: Language) -> Grid:
    _ = say._
    heading = (Column(_("Assumption")), Column(_("Value")), Column(_("Plausible range")), Column(_("Source")))
    outside = _("outside the range")
    cells = (
        (
            each.meaning,
            f"{each.value} ({outside})" if each.outside else each.value,
            each.range,
            _("{basis}: {source}", basis=each.basis, source=each.source),
        )
        for each in rows
    )
    return Grid(caption, heading, tuple(cells))


def provenance(run: RunFolder, say: Language) -> Exhibit:
    """Sources, digests, versions, and the command that repeats the run."""
    _, found, document = say._, origin(run, say), run.document
    told = document["provenance"]
    rows = [
        (_("Program"), told["title"]),
        (_("Source"), told["source"]),
        (_("As of"), say.day(told["as_of"])),
        (_("Confidence"), found.confidence),
        (_("Population"), f"{told['population_title']} ({told['population']})"),
        (_("Assumptions"), told["assumptions"]),
        (_("Compared with"), baseline_title(run, say)),
        (_("Period"), _("{start} to {end}", start=say.day(document["start"]), end=say.day(document["end"]))),
        (_("Members simulated"), say.number(document["members"])),
        (_("Seed"), str(document["seed"])),
        (_("Engine"), document["engine"]),
        *found.digests,
        (_("Versions"), say.listed([f"{name} {version}" for name, version in found.versions])),
        (_("How to get them again"), found.command.replace(" \\\n ", "")),
    ]
    grid = Grid(_("Where do these numbers come from?"), (Column(_("What")), Column(_("Which"))), tuple(rows))
    finding = _("The same inputs, versions and seed give the same result, which its digest tells.")
    notes = (*(told["interpretation"] or ()), *(told["assumptions_of_program"] or ()))
    return Exhibit("provenance", _("Where do these numbers come from?"), finding, "", grids=(grid,), notes=notes)
