"""What the Explore page asks, and how it is answered off the session's thread. No Panel here."""

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ruamel.yaml import YAML

from apps.draft import Draft
from apps.levers import Lever, earn_lever, expiry_lever, tier_levers
from apps.runs import Ticket
from simulators.optimise import optimise
from simulators.sensitivity import tornado
from simulators.sweep import SweepProgress, made_by, sweep
from simulators.trial import effect_after, live_trial, spread_after
from workbench.errors import dotted
from workbench.experiment.power import members_needed, power_of
from workbench.scenario import NO_PROGRAM, Scenario
from workbench.study.outcomes import OUTCOMES
from workbench.study.read import Question, question_of
from workbench.study.spec import Study

__all__ = [
    "LOOKED_AT",
    "Movable",
    "Moved",
    "Search",
    "answer_search",
    "answer_sweep",
    "answer_test",
    "answer_tornado",
    "first_moved",
    "movables",
    "study_of",
    "study_yaml",
]

LOOKED_AT = (
    "incremental_margin", "liability", "reward_rate", "lift_sales", "lift_repurchase", "top_tier_share", "worse_off", "return_on_spend",
)  # fmt: skip
"""Outcomes that the page has, all of every design: another one is shown without another run."""
STEPS = {1: 9, 2: 5}
"""Values of each lever, by how many levers there are."""
SKIPPED = ("schema", "provenance", "versions", "accepted", "population", "currency", "messages")


@dataclass(frozen=True)
class Movable:
    """A number of the draft's program that can be varied."""

    key: str
    """The field, as a study names it."""
    path: tuple[str | int, ...]
    value: float
    whole: bool
    """Whether it is a whole number, and stays one."""
    low: float
    high: float
    tier: str = ""
    """The tier it belongs to, if it is a threshold of one."""


@dataclass(frozen=True)
class Moved:
    """A lever, and how far it is moved."""

    key: str
    low: float
    high: float


@dataclass(frozen=True)
class Search:
    """What is looked for."""

    levers: tuple[Moved, ...]
    against: str
    """The outcome that is to be low, where the incremental margin is to be high."""
    limits: tuple[tuple[str, float], ...] = ()
    """Outcomes that may be so high at most."""
    trials: int = 48
    confirm: int = 3


# --- what can be moved -------------------------------------------------------------------------------------------------
def movables(draft: Draft) -> list[Movable]:
    """The numbers of a draft's program, those that the Design page has first, with the stretch that their sliders have."""
    known: list[Lever] = []
    tiers = tier_levers(draft.program, draft.baseline) if _same_tiers(draft) else []
    known += tiers if isinstance(tiers, list) else []
    for lever in (earn_lever(draft.program, draft.program), expiry_lever(draft.program, draft.program)):
        known += [lever] if isinstance(lever, Lever) else []
    found = {lever.path: _of_lever(lever) for lever in known if lever.low < lever.high}
    for path, value in _numbers(draft.mapping, ()):
        if path not in found and value > 0:
            whole = isinstance(value, int)
            low, high = (max(1, value // 2), max(value * 2, value + 2)) if whole else (value / 2, value * 2)
            found[path] = Movable(f"program.{dotted(path)}", path, value, whole, low, high)
    return list(found.values())


def _same_tiers(draft: Draft) -> bool:
    """Whether the baseline has the same ladder, so that its thresholds can be read beside the draft's."""
    ladders = [
        None if each.tiers is None else [level.name for level in each.tiers.levels]
        for each in (draft.program, draft.baseline)
    ]
    return ladders[0] == ladders[1]


def _of_lever(lever: Lever) -> Movable:
    whole = float(lever.value).is_integer() and float(lever.step).is_integer()
    return Movable(
        f"program.{lever.key}", lever.path, float(lever.value), whole, float(lever.low), float(lever.high), lever.name
    )


def _numbers(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            if path or key not in SKIPPED:
                yield from _numbers(each, (*path, key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _numbers(each, (*path, place))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def first_moved(draft: Draft) -> tuple[Moved, ...]:
    """The lever that a page begins with: the spend that earns points, where the program has it, or what else there is."""
    levers = movables(draft)
    order = sorted(levers, key=lambda each: each.path != ("earn", "rate", "per"))
    return tuple(Moved(each.key, each.low, each.high) for each in order[:1])


# --- as a study --------------------------------------------------------------------------------------------------------
def study_of(draft: Draft, levers: Sequence[Moved], members: int, search: Search | None = None) -> Question:
    """The question: the draft's program with levers moved, beside its baseline among the same members. Raises BadInput."""
    asked = draft.question(members)
    known = {each.key: each for each in movables(draft)}
    vary: list[dict[str, Any]] = []
    for place, moved in enumerate(levers):
        lever = known.get(moved.key)
        whole = lever is not None and lever.whole and moved.low == int(moved.low) and moved.high == int(moved.high)
        spread = [int(each) if whole else each for each in (moved.low, moved.high)]
        decimals = -max(0, math.floor(math.log10(max(moved.high - moved.low, 1))) - 2) if whole else 2
        entry = {
            "field": moved.key,
            "name": f"lever_{place + 1}",
            "low": spread[0],
            "high": spread[1],
            "decimals": decimals,
        }
        vary.append(entry if search is not None else entry | {"steps": STEPS[len(levers)]})
    more: dict[str, Any] = {"plan": {"kind": "grid"}}
    if search is not None:
        limits = [{"outcome": name, "at_most": most} for name, most in search.limits]
        goals = [{"outcome": "incremental_margin"}, {"outcome": search.against, "direction": "minimise"}]
        more = {"search": {"goals": goals, "limits": limits, "trials": search.trials, "confirm": search.confirm}}
    data = {
        "schema": 1, "title": draft.program.title, "question": "Which is best?", "program": draft.file_name, "vary": vary,
        "outcomes": list(LOOKED_AT), "population": draft.population, "population_changes": dict(draft.population_changes),
        "assumptions": draft.assumptions, "assumptions_changes": dict(draft.assumptions_changes), "members": members,
        "years": draft.years, "start": draft.start, "seed": draft.seed,
    }  # fmt: skip
    study = Study.model_validate(data | more)
    scenario = replace(asked.scenario(), program=draft.baseline, baseline=NO_PROGRAM)
    return question_of(study, scenario, draft.mapping)


def study_yaml(question: Question) -> str:
    """The study's file, so that the command line answers the same question."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.width = 100_000
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = io.StringIO()
    data = question.study.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    yaml.dump({"schema": 1, **{key: value for key, value in data.items() if value not in ({}, "", ())}}, stream)
    return stream.getvalue()


# --- answers -----------------------------------------------------------------------------------------------------------
def _told(ticket: Ticket) -> SweepProgress:
    """Progress in hundredths of a design; ends the work where nobody waits."""

    def tell(done: float, total: int) -> None:
        ticket.part(0, 100 * total)(int(100 * done), 0)

    return tell


def answer_sweep(question: Question, ticket: Ticket) -> dict[str, Any]:
    """The document of a sweep."""
    document, _ = sweep(question, None, _told(ticket))
    return document


def answer_tornado(scenario: Scenario, outcomes: Sequence[str], ticket: Ticket) -> dict[str, Any]:
    """The document of a tornado."""
    return tornado(scenario, outcomes, made_by(), progress=_told(ticket))


def answer_search(question: Question, ticket: Ticket) -> dict[str, Any]:
    """The document of a search."""
    return optimise(question, made_by(), None, _told(ticket))


assert set(LOOKED_AT) <= set(OUTCOMES)


def answer_test(
    draft: Draft, members: int, outcome: Literal["sales", "purchases", "buyers"], weeks: int, ticket: Ticket
) -> dict[str, Any]:
    """The size and power of a test of the draft's baseline against the draft's program (of no program against it, where they are the same), from the
    effect that the same members show under both: projections. Raises BadInput where there is nobody to test on."""
    newcomers = not draft.is_changed
    scenario = replace(draft.question(members).scenario(), baseline=NO_PROGRAM if newcomers else draft.baseline)
    lives = live_trial(scenario, 24, weeks, weeks, newcomers, ticket.part(0, members))
    effect = effect_after(lives, outcome, weeks)
    arms, rho = spread_after(lives, outcome, weeks, 0.5)
    adjusted = None if rho is None else arms.adjusted(rho)
    needed = [None if each is None else members_needed(effect.effect, each) for each in (arms, adjusted)]
    known = [each for each in needed if each is not None]
    most = 1.6 * max(known) if known else 0.0
    sizes = [most * (k + 1) / 24 for k in range(24)] if known else []
    return {
        "outcome": outcome, "weeks": weeks, "newcomers": newcomers, "effect": effect.effect, "ci95": list(effect.ci95), "of_a": effect.of_a,
        "relative_pct": None if effect.relative is None else 100 * effect.relative, "rho": rho, "needed": needed[0], "needed_adjusted": needed[1],
        "sizes": sizes, "currency": scenario.program.currency, "taking_part": len(lives.number),
        "power": [100 * power_of(effect.effect, arms, each) for each in sizes],
        "power_adjusted": None if adjusted is None else [100 * power_of(effect.effect, adjusted, each) for each in sizes],
    }  # fmt: skip
