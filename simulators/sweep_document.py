"""A sweep as the document the command line prints and the app shows: every design's outcomes with intervals and paired differences, where lines
break even, who wins and how surely, and, of a plan for it, Sobol indices."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulators.designs import Lived
from simulators.sensitivity import sobol_indices
from simulators.sweep_folder import FORMAT
from workbench.run_document import PROJECTION
from workbench.study.jackknife import BreakEven, Replicates, as_json, crossings, estimate, replicates
from workbench.study.outcomes import OUTCOMES, unit_of
from workbench.study.plan import Choice, Design
from workbench.study.read import Question
from workbench.study.spec import Goal, Grid, Sobol

if TYPE_CHECKING:
    from simulators.sweep import Evaluated

__all__ = ["break_evens", "outcomes_document", "provenance_of", "sweep_document", "winner_document"]

INTERVALS = (
    "95 % intervals are for the chance of having drawn these members (delete-a-group jackknife); they know nothing of the assumptions. A "
    "difference is between the same customers in both worlds. For a liability the redemption rate is estimated anew without each group"
)


def sweep_document(question: Question, found: "Evaluated", by: Mapping[str, str]) -> dict[str, Any]:
    """The document of a sweep."""
    names = question.study.outcomes
    lines = {name: [replicates(OUTCOMES[name], each.sums, each.whole) for each in found.lived] for name in names}
    against = {name: [_reference(each, found.base, name) for each in found.lived] for name in names}
    today = {name: replicates(OUTCOMES[name], found.base.sums, found.base.whole) for name in names}
    return {
        "format": FORMAT,
        "study": _study(question),
        "provenance": provenance_of(question, by),
        "levers": levers_document(question),
        "outcomes": outcomes_document(question, names),
        "today": {name: as_json(estimate(each)) for name, each in today.items()},
        "designs": [
            {
                "design": place + 1,
                "values": dict(zip(question.names, design, strict=True)),
                "digest": lived.digest,
                "outcomes": {
                    name: as_json(estimate(lines[name][place]))
                    | {"difference": as_json(estimate(lines[name][place].less(against[name][place])))}
                    for name in names
                },
            }
            for place, (design, lived) in enumerate(zip(found.designs, found.lived, strict=True))
        ],
        "break_evens": break_evens(question, found.designs, lines, against),
        "winner": winner_document(question, found),
        "indices": _indices(question, lines) if isinstance(question.study.planned, Sobol) else None,
    }


def _study(question: Question) -> dict[str, Any]:
    study = question.study
    return {
        "title": study.title,
        "title_zh": study.title_zh,
        "question": study.question,
        "question_zh": study.question_zh,
        "notes": list(study.notes),
        "plan": study.planned.model_dump(mode="json"),
    }


def provenance_of(question: Question, by: Mapping[str, str]) -> dict[str, Any]:
    """What a study's figures come from."""
    scenario = question.scenario
    return {
        "kind": PROJECTION,
        "intervals": INTERVALS,
        "compared_with": "today's program, with the same assumptions"
        if question.varies_program
        else "today's program as it is",
        "program": scenario.names.get("program", scenario.program.title),
        "title": scenario.program.title,
        "title_zh": scenario.program.title_zh,
        "population": scenario.names.get("population", scenario.population.title),
        "assumptions": scenario.names.get("assumptions", scenario.assumptions.title),
        "currency": scenario.program.currency,
        "members": scenario.members,
        "years": scenario.years,
        "start": scenario.start.isoformat(),
        "end": scenario.end.isoformat(),
        "seed": scenario.seed,
        "scenario": scenario.digest(),
        "made_by": dict(by),
    }


def levers_document(question: Question) -> list[dict[str, Any]]:
    """What is varied."""
    found = []
    for name, where, spread in zip(question.names, question.fields, question.spreads, strict=True):
        values = (
            {"values": list(spread.values)} if isinstance(spread, Choice) else {"low": spread.low, "high": spread.high}
        )
        found.append({"name": name, "field": str(where), "now": question.now(where)} | values)
    return found


def outcomes_document(question: Question, names: Sequence[str]) -> list[dict[str, Any]]:
    """What is looked at, with its unit."""
    currency = question.scenario.program.currency
    return [
        {
            "name": name,
            "title": OUTCOMES[name].title,
            "title_zh": OUTCOMES[name].title_zh,
            "unit": unit_of(OUTCOMES[name], currency),
        }
        for name in names
    ]


def _reference(lived: Lived, base: Lived, name: str) -> Replicates:
    """What a design is compared with: today's program beside it, or else where the study starts from."""
    other = base if lived.today is None else lived.today
    return replicates(OUTCOMES[name], other.sums, other.whole)


# --- break-even --------------------------------------------------------------------------------------------------------
def break_evens(
    question: Question,
    designs: Sequence[Design],
    lines: Mapping[str, Sequence[Replicates]],
    against: Mapping[str, Sequence[Replicates]],
) -> list[dict[str, Any]]:
    """Where, along a lever of numbers and with the others held, an outcome crosses 0, or what it is compared with. Of a grid only."""
    if not isinstance(question.study.planned, Grid):
        return []
    found = []
    for place, name in enumerate(question.names):
        for others, line in _lines(designs, place):
            held = {
                other: value for k, (other, value) in enumerate(zip(question.names, others, strict=True)) if k != place
            }
            levels = [float(designs[k][place]) for k in line]
            for outcome, all_of in lines.items():
                what = {"outcome": outcome, "lever": name, "held": held}
                own = [all_of[k] for k in line]
                if OUTCOMES[outcome].signed:
                    found += [what | {"against": "zero"} | _crossed(each) for each in crossings(levels, own)]
                less = [all_of[k].less(against[outcome][k]) for k in line]
                found += [what | {"against": "today"} | _crossed(each) for each in crossings(levels, less)]
    return found


def _lines(designs: Sequence[Design], place: int) -> list[tuple[Design, list[int]]]:
    """The designs of a grid that differ in one lever alone, in its order; for those whose values are numbers."""
    if not all(_is_number(design[place]) for design in designs):
        return []
    lines: dict[str, tuple[Design, list[int]]] = {}
    for k, design in enumerate(designs):
        key = repr(design[:place] + design[place + 1 :])
        lines.setdefault(key, (design, []))[1].append(k)
    found = []
    for design, members in lines.values():
        if len(members) > 1:
            found.append((design, sorted(members, key=lambda k: float(designs[k][place]))))
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _crossed(found: BreakEven) -> dict[str, Any]:
    return {"at": found.at.value, "ci95": found.at.ci95, "between": list(found.between), "rising": found.rising}


# --- the winner --------------------------------------------------------------------------------------------------------
def winner_document(question: Question, found: "Evaluated") -> dict[str, Any] | None:
    """The best design by the study's first goal, and how surely: which others are not told apart from it. None where no design has the
    outcome, or it is not among those looked at."""
    goal = question.study.search.goals[0]
    if goal.outcome not in question.study.outcomes:
        return None
    outcome = OUTCOMES[goal.outcome]
    line = [replicates(outcome, each.sums, each.whole) for each in found.lived]
    ranked = sorted(
        (k for k, each in enumerate(line) if not math.isnan(each.whole)), key=lambda k: _rank(goal, line[k])
    )
    if not ranked:
        return None
    best = line[ranked[0]]
    behind = [(k, estimate(best.less(line[k]))) for k in ranked[1:]]
    close = [k + 1 for k, each in behind if each.low is None or each.high is None or each.low <= 0 <= each.high]
    return {
        "outcome": goal.outcome,
        "direction": goal.direction,
        "design": ranked[0] + 1,
        "values": dict(zip(question.names, found.designs[ranked[0]], strict=True)),
        **as_json(estimate(best)),
        "runner_up": None if not behind else {"design": behind[0][0] + 1, "ahead": as_json(behind[0][1])},
        "not_told_apart": close,
    }


def _rank(goal: Goal, found: Replicates) -> float:
    return -found.whole if goal.direction == "maximise" else found.whole


# --- indices -----------------------------------------------------------------------------------------------------------
def _indices(question: Question, lines: Mapping[str, Sequence[Replicates]]) -> dict[str, Any]:
    plan = question.study.planned
    assert isinstance(plan, Sobol)
    return {name: sobol_indices(plan, question.names, [each.whole for each in line]) for name, line in lines.items()}
