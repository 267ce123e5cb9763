"""Floor 5: the exhibits of a run by name."""

from collections.abc import Callable

from workbench.reports.exhibits.effects import cost, drivers, groups, lift, spend, worth
from workbench.reports.exhibits.figures import key_figures
from workbench.reports.exhibits.kinds import Exhibit
from workbench.reports.exhibits.members import moves, repurchase, tiers
from workbench.reports.exhibits.points import flows, liability, outstanding
from workbench.reports.exhibits.sources import assumptions, population, provenance
from workbench.reports.language import Language
from workbench.run_folder import RunFolder

__all__ = ["RUN_EXHIBITS", "exhibit_titles", "run_exhibits"]

RUN_EXHIBITS: dict[str, Callable[[RunFolder, Language], Exhibit]] = {
    "key_figures": key_figures, "liability": liability, "outstanding": outstanding, "flows": flows, "tiers": tiers, "moves": moves,
    "lift": lift, "drivers": drivers, "repurchase": repurchase, "groups": groups, "cost": cost, "spend": spend, "worth": worth,
    "assumptions": assumptions, "population": population, "provenance": provenance,
}  # fmt: skip
"""All of them, in the order of a report."""


def exhibit_titles(say: Language) -> dict[str, str]:
    """A short title of each exhibit, as on a spreadsheet's tab."""
    _ = say._
    return {
        "key_figures": _("Key figures"), "liability": _("Liability"), "outstanding": _("Points outstanding"), "flows": _("Points by month"),
        "tiers": _("Tiers"), "moves": _("Moves between tiers"), "lift": _("Lift"), "drivers": _("What the lift rests on"),
        "repurchase": _("Repurchase"), "groups": _("Lift by group"), "cost": _("Cost"), "spend": _("Program spend"),
        "worth": _("Winners and losers"), "assumptions": _("Assumptions"), "population": _("Population"), "provenance": _("Provenance"),
    }  # fmt: skip


def run_exhibits(run: RunFolder, say: Language) -> tuple[Exhibit, ...]:
    """Every exhibit of a run."""
    return tuple(make(run, say) for make in RUN_EXHIBITS.values())
