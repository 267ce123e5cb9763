"""Worlds as compiled code sees them: programs, rewards and behaviour packed into records."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulators.acting import ACTIONS, ActionTerms, action_terms
from simulators.choices import RewardTerms, in_play, reward_terms
from simulators.layout import TERMS, blank, layout, packed
from simulators.rushes import rushes
from workbench.population.behaviour import (
    RUSHES,
    BehaviourTerms,
    behaviour_terms,
    largest_modifier,
    strips_needed,
    with_rushes,
)
from workbench.population.terms import PopulationTerms, population_terms
from workbench.program.lower import lower
from workbench.program.spec import Program
from workbench.program.versions import longest_pending
from workbench.rules.bounds import TIERS
from workbench.scenario import NO_PROGRAM, Scenario

__all__ = ["Worlds", "longest_days", "packed_worlds"]

NAMES = 50
"""Categories or channels of a population."""
BEHAVIOUR = layout(BehaviourTerms, {"status_steps": TIERS, "rush_odds": RUSHES, "rush_never": RUSHES})
WORLD = np.dtype(
    [
        ("is_program", np.int64),
        ("last_day", np.int64),
        ("categories", np.int64, (NAMES,)),
        ("channels", np.int64, (NAMES,)),
        ("rewards", layout(RewardTerms)),
        ("acts", layout(ActionTerms, {"gaps": ACTIONS, "shares": ACTIONS})),
        ("terms", TERMS),
        ("guests", TERMS),
    ],
    align=True,
)


@dataclass(frozen=True)
class Worlds:
    """Several programs over the same population and days, ready to be lived."""

    records: list[Any]
    """By world, record[versions]: the program's versions, one after the other."""
    behaviour: list[Any]
    """By world, record[versions]: the same assumptions, without what a version can never set off."""
    population: PopulationTerms
    rules: list[tuple[str, ...]]
    """Names of the ledger's rules, by world."""
    tier_names: list[tuple[str, ...]]
    """By world, the tiers of all versions."""
    tier_of: list[dict[int, int]]
    """By world, the tier that the entries of a rule tell of."""
    messages: list[int]
    """By world, the number of automations of all versions."""
    strips: int
    largest: float
    death_factor: float


def longest_days(program: Program, scenario: Scenario) -> int:
    """Days that the tables of a program's terms have to cover."""
    return scenario.last_day + 2 + longest_pending(program) - scenario.start_day


def packed_worlds(scenario: Scenario, programs: list[Program]) -> Worlds:
    """Pack programs for a scenario's days. Raises TooLarge (a program, or a run, beyond the room of compiled code) and SpecError."""
    start, end = scenario.start_day, scenario.last_day + 1
    assumed = behaviour_terms(scenario.assumptions)
    found = [_packed_world(scenario, program, assumed) for program in programs]
    acts = [act for world in found for act in world.acts]
    return Worlds(
        records=[world.records for world in found],
        behaviour=[world.behaviour for world in found],
        population=population_terms(scenario.population, start, end),
        rules=[world.rules for world in found],
        tier_names=[world.tier_names for world in found],
        tier_of=[world.tier_of for world in found],
        messages=[world.messages for world in found],
        strips=max(strips_needed(act) for act in acts),
        largest=max(largest_modifier(act) for act in acts),
        death_factor=assumed.death_factor,
    )


# --- one world ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _World:
    """One program, packed; its records are read, never written."""

    records: Any
    behaviour: Any
    rules: tuple[str, ...]
    tier_names: tuple[str, ...]
    tier_of: dict[int, int]
    messages: int
    acts: list[BehaviourTerms]
    parts: tuple[Any, ...]
    """What it was packed from: kept, so that nothing else can come to have its identity."""


_KEPT: OrderedDict[tuple[int, ...], _World] = OrderedDict()
"""The worlds that were packed last: while a lever is moved, the world without a program and the baseline stay what they were."""
_MOST = 16
_LOCK = threading.Lock()


def _packed_world(scenario: Scenario, program: Program, assumed: BehaviourTerms) -> _World:
    parts = (program, scenario.population, scenario.assumptions)
    key = (*map(id, parts), scenario.start_day, scenario.last_day)
    with _LOCK:
        found = _KEPT.get(key)
        if found is not None:
            _KEPT.move_to_end(key)
            return found
    found = _pack(scenario, program, assumed, parts)
    with _LOCK:
        _KEPT[key] = found
        while len(_KEPT) > _MOST:
            _KEPT.popitem(last=False)
    return found


def _pack(scenario: Scenario, program: Program, assumed: BehaviourTerms, parts: tuple[Any, ...]) -> _World:
    start = scenario.start_day
    acts: list[BehaviourTerms] = []
    lowered = lower(program, start, start + longest_days(program, scenario) - 1)
    guests = lower(NO_PROGRAM, lowered.terms.first_day, lowered.terms.last_day)
    hurried = with_rushes(assumed, rushes(scenario, program))
    worlds, rooms = blank(WORLD, len(lowered.versions)), blank(BEHAVIOUR, len(lowered.versions))
    for world, room, version in zip(worlds, rooms, lowered.versions, strict=True):
        act = in_play(hurried, version.aligned)
        packed(version.terms, world["terms"])
        packed(guests.terms, world["guests"])
        packed(reward_terms(version.aligned), world["rewards"])
        packed(action_terms(program, scenario.assumptions, version.codes.actions), world["acts"])
        packed(act, room)
        world["is_program"] = program is not NO_PROGRAM
        world["last_day"] = scenario.last_day
        for field, names, code in (
            ("categories", scenario.population.category_names, version.codes.category),
            ("channels", scenario.population.channels, version.codes.channel),
        ):
            world[field][: len(names)] = [code(name) for name in names]
        acts.append(act)
    return _World(
        worlds, rooms, lowered.rules, lowered.tier_names, lowered.tier_of, len(lowered.messages), acts, parts
    )  # fmt: skip
