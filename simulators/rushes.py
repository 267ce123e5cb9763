"""When members redeem more readily: in a shock that every world feels, and before a change that makes the points they hold worth less."""

from fractions import Fraction
from itertools import pairwise

from workbench.population.behaviour import Rush
from workbench.program.spec import Program
from workbench.program.versions import in_versions
from workbench.program.worth import face_value_per_point
from workbench.scenario import Scenario
from workbench.units import to_day

__all__ = ["rushes"]


def rushes(scenario: Scenario, program: Program) -> list[Rush]:
    """The times in which members of a program redeem more readily: the population's shocks, and the days before each version under which a point
    that is held buys less than before, where the assumptions say that members mind."""
    found = [
        Rush(to_day(each.first), to_day(each.last), each.odds, each.never)
        for each in scenario.population.shocks.redemption
    ]
    assumed = scenario.assumptions.redemption
    if assumed.rush == 1:
        return found
    for (before, after), version in zip(pairwise(in_versions(program)), program.versions, strict=True):
        if _worth(after) * Fraction(version.transition.points_ratio) < _worth(before):
            day = to_day(version.effective)
            found.append(Rush(day - assumed.rush_days, day - 1, assumed.rush, 0.0))
    return found


def _worth(program: Program) -> Fraction:
    """What a point buys, minor units; 0 where it buys nothing."""
    return face_value_per_point(program) or Fraction(0)
