"""Floor 5: the questions a report answers, in the order in which a reader asks them."""

from workbench.reports.change_part import change
from workbench.reports.cost_part import cost
from workbench.reports.language import Language
from workbench.reports.members_part import repurchase, tiers
from workbench.reports.moves_part import moves
from workbench.reports.parts import Section
from workbench.reports.points_part import flows, outstanding
from workbench.run_folder import RunFolder

__all__ = ["sections"]


def sections(run: RunFolder, say: Language) -> tuple[Section, ...]:
    """What comes in and goes out, what is left, who climbs, who moved, what comes back, what it costs, and what a change on a date did."""
    told = tuple(part(run, say) for part in (flows, outstanding, tiers, moves, repurchase, cost))
    return (*told, *change(run, say))
