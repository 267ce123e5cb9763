"""Worlds as compiled code sees them: programs, rewards and behaviour packed into records."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulators.choices import RewardTerms, in_play, reward_terms
from simulators.layout import TERMS, blank, layout, packed
from workbench.population.behaviour import BehaviourTerms, behaviour_terms, largest_modifier, strips_needed
from workbench.population.terms import PopulationTerms, population_terms
from workbench.program.lower import lower
from workbench.program.spec import Program
from workbench.rules.bounds import TIERS
from workbench.scenario import NO_PROGRAM, Scenario

__all__ = ["Worlds", "longest_days", "packed_worlds"]

NAMES = 50
"""Categories or channels of a population."""
BEHAVIOUR = layout(BehaviourTerms, {"status_steps": TIERS})
WORLD = np.dtype(
    [
        ("is_program", np.int64),
        ("last_day", np.int64),
        ("categories", np.int64, (NAMES,)),
        ("channels", np.int64, (NAMES,)),
        ("rewards", layout(RewardTerms)),
        ("terms", TERMS),
        ("guests", TERMS),
    ],
    align=True,
)


@dataclass(frozen=True)
class Worlds:
    """Several programs over the same population and days, ready to be lived."""

    records: Any
    """record[worlds]"""
    behaviour: Any
    """record[worlds]: the same assumptions, without what a program can never set off."""
    population: PopulationTerms
    rules: list[tuple[str, ...]]
    """Names of the ledger's rules, by world."""
    why_tier: list[int]
    strips: int
    largest: float
    death_factor: float


def longest_days(program: Program, scenario: Scenario) -> int:
    """Days that the tables of a program's terms have to cover."""
    pending = 0 if program.earn.pending is None else program.earn.pending.days
    return scenario.last_day + 2 + pending - scenario.start_day


def packed_worlds(scenario: Scenario, programs: list[Program]) -> Worlds:
    """Pack programs for a scenario's days. Raises TooLarge (a program, or a run, beyond the room of compiled code) and SpecError."""
    start, end = scenario.start_day, scenario.last_day + 1
    assumed = behaviour_terms(scenario.assumptions)
    records, behaviour = blank(WORLD, len(programs)), blank(BEHAVIOUR, len(programs))
    acts = [in_play(assumed, program) for program in programs]
    rules, why_tier = [], []
    for world, room, act, program in zip(records, behaviour, acts, programs, strict=True):
        last = start + longest_days(program, scenario) - 1
        lowered = lower(program, start, last)
        packed(lowered.terms, world["terms"])
        packed(lower(NO_PROGRAM, start, last).terms, world["guests"])
        packed(reward_terms(program), world["rewards"])
        packed(act, room)
        world["is_program"] = program is not NO_PROGRAM
        world["last_day"] = scenario.last_day
        for field, names, code in (
            ("categories", scenario.population.category_names, lowered.codes.category),
            ("channels", scenario.population.channels, lowered.codes.channel),
        ):
            world[field][: len(names)] = [code(name) for name in names]
        rules.append(lowered.codes.rules)
        why_tier.append(lowered.terms.why_tier)
    return Worlds(
        records=records,
        behaviour=behaviour,
        population=population_terms(scenario.population, start, end),
        rules=rules,
        why_tier=why_tier,
        strips=max(strips_needed(act) for act in acts),
        largest=max(largest_modifier(act) for act in acts),
        death_factor=assumed.death_factor,
    )
