"""The best program under limits: a search over a study's levers (Optuna), by the same members for every design, and the winners lived again by
members that the search has not seen.

The best of many designs is a little lucky: the search picks what suited its members. So its own figure stands beside what the same design comes to
with fresh populations, whose seeds follow the search's; a limit that was kept by luck shows there, too.
"""

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scipy.special import stdtrit

from simulators.designs import Lived
from simulators.sweep import Evaluated, Live, SweepProgress, evaluate
from simulators.sweep_document import levers_document, outcomes_document, provenance_of
from workbench.errors import BadInput, Problem
from workbench.study.jackknife import as_json, estimate, replicates
from workbench.study.outcomes import OUTCOMES
from workbench.study.plan import Choice, Design, Spread
from workbench.study.read import Question, label_of
from workbench.study.spec import Goal, Limit, Search

__all__ = ["FORMAT", "Trial", "optimise", "pareto_front"]

FORMAT = "loyalty-workbench search 1"
ASKED = 8
"""Designs that are asked of the sampler, and lived, at a time; the same wherever it runs, so that a search has one result."""
FINALISTS = 3
"""Designs of a search for one goal that are lived again: the best, and those next to it."""
FRONT = 12
"""The same of a Pareto front, spread over it."""
FAR = 1e12
"""A violation that is larger than any other: the outcome is missing."""


@dataclass(frozen=True)
class Trial:
    """A design that was tried."""

    design: Design
    lived: Lived
    values: dict[str, float]
    """Outcomes that goals and limits are about; not a number where there is none."""
    violations: tuple[float, ...]
    """By limit: by how much it is broken, as a share of it (of 1 where it is 0); 0 or less where it is kept."""

    @property
    def feasible(self) -> bool:
        """Whether all limits are kept."""
        return all(each <= 0 for each in self.violations)


def optimise(
    question: Question, made_by: Mapping[str, str], live: Live | None = None, progress: SweepProgress | None = None
) -> dict[str, Any]:
    """Search, then live the winners again. Raises BadInput where no design that was tried keeps the limits (which, and how near one came), where a goal
    cannot be reached by any, and where Optuna is missing."""
    search = question.study.search
    total = min(search.trials, _count(question.spreads) or search.trials)
    made = _Search(question, live, progress, total)
    made.run()
    trials = list(made.trials.values())
    _check(question, trials, made.refused)
    feasible = [trial for trial in trials if trial.feasible]
    front = pareto_front(search.goals, feasible)
    if len(search.goals) == 1:
        finalists = sorted(feasible, key=lambda trial: _better(search.goals[0], trial))[:FINALISTS]
    else:
        finalists = _spread_over(front, FRONT)
    fresh = _confirmed(question, finalists, made)
    return {
        "format": FORMAT,
        "study": {name: getattr(question.study, name) for name in ("title", "title_zh", "question", "question_zh")},
        "provenance": provenance_of(question, made_by),
        "levers": levers_document(question),
        "outcomes": outcomes_document(question, question.study.looked_at),
        "search": search.model_dump(mode="json"),
        "exhaustive": made.exhaustive,
        "tried": len(trials),
        "refused": made.refused,
        "feasible": len(feasible),
        "today": _figures(question, made.base),
        "today_keeps_limits": [each <= 0 for each in _violations(search, _values(search, made.base))],
        "trials": [_trial(question, number, trial) for number, trial in enumerate(trials, 1)],
        "front": [trials.index(trial) + 1 for trial in front],
        "finalists": [
            _finalist(question, trials.index(trial) + 1, trial, again, made.base)
            for trial, again in zip(finalists, fresh, strict=True)
        ],
        "confirmed": _best_confirmed(question, trials, finalists, fresh),
    }


# --- the search --------------------------------------------------------------------------------------------------------
@dataclass
class _Search:
    """A search under way."""

    question: Question
    live: Live | None
    progress: SweepProgress | None
    total: int
    trials: dict[str, Trial] = field(default_factory=dict)
    """By design."""
    refused: int = 0
    """Designs that the file format refused."""
    done: float = 0

    def __post_init__(self) -> None:
        self.base: Lived
        count = _count(self.question.spreads)
        self.exhaustive = count is not None and count <= self.question.study.search.trials
        """Whether every design there is was tried."""

    def tell(self, done: float, _: int) -> None:
        """Progress of what is under way."""
        if self.progress is not None:
            again = self.question.study.search.confirm
            self.progress(self.done + done, self.total + again)

    def lived(self, designs: Sequence[Design]) -> None:
        """Live designs that were not tried yet; those that the file format refuses are counted."""
        new = {repr(design): design for design in designs if repr(design) not in self.trials}
        allowed = [
            design for number, design in enumerate(new.values(), 1) if not self.question.problems(design, number)
        ]
        self.refused += len(new) - len(allowed)
        found: Evaluated = evaluate(self.question, allowed, self.live, self.tell, base=getattr(self, "base", None))
        self.base = found.base
        search = self.question.study.search
        for design, lived in zip(allowed, found.lived, strict=True):
            values = _values(search, lived)
            self.trials[repr(design)] = Trial(design, lived, values, _violations(search, values))

    def run(self) -> None:
        """Try every design, where there are few enough; otherwise those that the sampler asks for."""
        if self.exhaustive:
            every: list[Design] = list(
                itertools.product(*(_all_values(spread) or () for spread in self.question.spreads))
            )
            for first in range(0, len(every), 2 * ASKED):
                self.lived(every[first : first + 2 * ASKED])
                self.done = first + len(every[first : first + 2 * ASKED])
            return
        self._sampled()

    def _sampled(self) -> None:
        optuna = _optuna()
        search = self.question.study.search
        sampler = optuna.samplers.TPESampler(
            seed=search.seed, multivariate=True, n_startup_trials=min(20, max(2, search.trials // 4))
        )
        directions = ["maximize" if goal.direction == "maximise" else "minimize" for goal in search.goals]
        study = optuna.create_study(sampler=sampler, directions=directions)
        asked = 0
        while asked < search.trials:
            batch = [study.ask() for _ in range(min(ASKED, search.trials - asked))]
            designs = [tuple(_suggested(each, name, spread) for name, spread in self._levers()) for each in batch]
            self.lived(designs)
            for each, design in zip(batch, designs, strict=True):
                trial = self.trials.get(repr(design))
                values = [] if trial is None else [trial.values[goal.outcome] for goal in search.goals]
                if trial is None or any(math.isnan(value) for value in values):
                    study.tell(each, state=optuna.trial.TrialState.FAIL)
                    continue
                for k, violation in enumerate(trial.violations):
                    each.set_constraint(str(k), violation)
                study.tell(each, values)
            asked += len(batch)
            self.done = asked

    def _levers(self) -> list[tuple[str, Spread]]:
        return list(zip(self.question.names, self.question.spreads, strict=True))


def _optuna() -> Any:
    from importlib import import_module
    from importlib.util import find_spec

    if find_spec("optuna") is None:
        raise BadInput(Problem("search", "expected Optuna to be installed: pip install 'loyalty-workbench[explore]'"))
    optuna = import_module("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _suggested(trial: Any, name: str, spread: Spread) -> Any:
    """A value that the sampler asks for. Values in a list are asked for by their places where they are numbers, which have an order."""
    if isinstance(spread, Choice):
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in spread.values):
            return sorted(spread.values)[trial.suggest_int(name, 0, len(spread.values) - 1)]
        return spread.values[trial.suggest_categorical(name, list(range(len(spread.values))))]
    if spread.steps is not None:
        return spread.values[trial.suggest_int(name, 0, len(spread.values) - 1)]
    if spread.whole is not None:
        return trial.suggest_int(name, spread.whole[0], spread.whole[-1], step=spread.whole.step)
    return spread.rounded(trial.suggest_float(name, spread.low, spread.high))


def _all_values(spread: Spread) -> Sequence[Any] | None:
    """The values of a lever that takes so many; None without end."""
    return spread.values if isinstance(spread, Choice) or spread.steps is not None else spread.whole


def _count(spreads: Sequence[Spread]) -> int | None:
    """How many designs there are; None without end."""
    count = 1
    for spread in spreads:
        values = _all_values(spread)
        if values is None:
            return None
        count *= len(values)
    return count


# --- goals and limits --------------------------------------------------------------------------------------------------
def _values(search: Search, lived: Lived) -> dict[str, float]:
    names = [goal.outcome for goal in search.goals] + [limit.outcome for limit in search.limits]
    return {name: replicates(OUTCOMES[name], lived.sums, lived.whole).whole for name in names}


def _violations(search: Search, values: Mapping[str, float]) -> tuple[float, ...]:
    return tuple(_violation(limit, values[limit.outcome]) for limit in search.limits)


def _violation(limit: Limit, value: float) -> float:
    if math.isnan(value):
        return FAR
    found = []
    for bound, over in ((limit.at_most, 1), (limit.at_least, -1)):
        if bound is not None:
            found.append(over * (value - bound) / (abs(bound) or 1.0))
    return max(found)


def _better(goal: Goal, trial: Trial) -> float:
    """Ascending: the best first; what has no value last."""
    value = trial.values[goal.outcome]
    return math.inf if math.isnan(value) else -value if goal.direction == "maximise" else value


def pareto_front(goals: Sequence[Goal], trials: Sequence[Trial]) -> list[Trial]:
    """The trials that no other one beats in one goal without being worse in another, along the first goal, the best first."""
    known = [trial for trial in trials if all(math.isfinite(_better(goal, trial)) for goal in goals)]
    marks = [(tuple(_better(goal, trial) for goal in goals), trial) for trial in known]
    front = [
        (mark, trial)
        for mark, trial in marks
        if not any(other != mark and all(a <= b for a, b in zip(other, mark, strict=True)) for other, _ in marks)
    ]
    return [trial for _, trial in sorted(front, key=lambda each: each[0])]


def _spread_over(front: Sequence[Trial], most: int) -> list[Trial]:
    """Some of a front, evenly along it, with both ends."""
    if len(front) <= most:
        return list(front)
    places = sorted({round(k * (len(front) - 1) / (most - 1)) for k in range(most)})
    return [front[place] for place in places]


def _check(question: Question, trials: Sequence[Trial], refused: int) -> None:
    """Raise BadInput where there is no answer: which limits no design keeps, or not together, and how near one came."""
    search = question.study.search
    if not trials:
        raise BadInput(
            Problem("vary", f"expected designs that the file format allows: it refused all {refused} that were tried")
        )
    problems = []
    for k, limit in enumerate(search.limits):
        if any(trial.violations[k] <= 0 for trial in trials):
            continue
        nearest = min(trials, key=lambda trial: trial.violations[k])
        value = nearest.values[limit.outcome]
        near = (
            "it has no value here"
            if math.isnan(value)
            else f"the nearest is {value:,.6g} ({label_of(question.names, nearest.design)})"
        )
        problems.append(
            Problem(f"search.limits[{k}]", f"no design of {len(trials)} tried keeps {_limit(limit)}: {near}")
        )
    if not problems and search.limits and not any(trial.feasible for trial in trials):
        nearest = min(trials, key=lambda trial: sum(max(each, 0.0) for each in trial.violations))
        broken = [_limit(limit) for limit, each in zip(search.limits, nearest.violations, strict=True) if each > 0]
        message = (
            f"no design of {len(trials)} tried keeps all limits together, though each is kept by some: the nearest "
            f"({label_of(question.names, nearest.design)}) breaks {' and '.join(broken)}"
        )
        problems.append(Problem("search.limits", message))
    for k, goal in enumerate(search.goals):
        if all(math.isnan(trial.values[goal.outcome]) for trial in trials):
            problems.append(
                Problem(
                    f"search.goals[{k}]", "expected an outcome that the program has: no design has it", goal.outcome
                )
            )
    if problems:
        raise BadInput(problems)


def _limit(limit: Limit) -> str:
    bounds = [f"at least {limit.at_least:g}"] if limit.at_least is not None else []
    bounds += [f"at most {limit.at_most:g}"] if limit.at_most is not None else []
    return f"{limit.outcome} {' and '.join(bounds)}"


# --- fresh members -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Again:
    """A finalist lived by fresh populations."""

    seeds: tuple[int, ...]
    lived: tuple[Lived, ...]
    today: tuple[Lived, ...]
    """What it is compared with, by the same members."""


def _confirmed(question: Question, finalists: Sequence[Trial], made: _Search) -> list[Again]:
    seeds = [question.scenario.seed + k for k in range(1, question.study.search.confirm + 1)]
    designs = [trial.design for trial in finalists]
    found: list[list[tuple[Lived, Lived]]] = [[] for _ in designs]
    for place, seed in enumerate(seeds):
        again = replace(question, scenario=replace(question.scenario, seed=seed))
        made.done = made.total + place

        def tell(done: float, total: int) -> None:
            made.tell(done / max(total, 1), 1)

        lived = evaluate(again, designs, made.live, tell)
        for k, each in enumerate(lived.lived):
            found[k].append((each, each.today or lived.base))
    return [Again(tuple(seeds), tuple(mine for mine, _ in each), tuple(today for _, today in each)) for each in found]


def _best_confirmed(
    question: Question, trials: Sequence[Trial], finalists: Sequence[Trial], fresh: Sequence[Again]
) -> int | None:
    """The finalist that is best by its mean over fresh members, of one goal."""
    goals = question.study.search.goals
    if len(goals) > 1:
        return None
    outcome = OUTCOMES[goals[0].outcome]
    sign = -1 if goals[0].direction == "maximise" else 1
    means = [
        sign * statistics.fmean(replicates(outcome, each.sums, each.whole).whole for each in again.lived)
        for again in fresh
    ]
    return trials.index(finalists[means.index(min(means))]) + 1


# --- documents ---------------------------------------------------------------------------------------------------------
def _figures(question: Question, lived: Lived) -> dict[str, Any]:
    return {
        name: as_json(estimate(replicates(OUTCOMES[name], lived.sums, lived.whole)))
        for name in question.study.looked_at
    }


def _trial(question: Question, number: int, trial: Trial) -> dict[str, Any]:
    return {
        "design": number,
        "values": dict(zip(question.names, trial.design, strict=True)),
        "digest": trial.lived.digest,
        "feasible": trial.feasible,
        "outcomes": _figures(question, trial.lived),
    }


def _finalist(question: Question, number: int, trial: Trial, again: Again, base: Lived) -> dict[str, Any]:
    """What the search saw, and what fresh members say."""
    search = question.study.search
    names = question.study.looked_at
    fresh = {}
    for name in names:
        ours, theirs = ([_whole(name, each) for each in worlds] for worlds in (again.lived, again.today))
        less = [None if a is None or b is None else a - b for a, b in zip(ours, theirs, strict=True)]
        fresh[name] = _mean(ours) | {"difference": _mean(less)}
    figures = _figures(question, trial.lived)
    against = trial.lived.today or base
    for name in names:
        mine, today = (replicates(OUTCOMES[name], each.sums, each.whole) for each in (trial.lived, against))
        figures[name]["difference"] = as_json(estimate(mine.less(today)))
    kept = [
        sum(each <= 0 for each in (_violation(limit, _number(_whole(limit.outcome, lived))) for lived in again.lived))
        for limit in search.limits
    ]
    return {
        "design": number,
        "values": dict(zip(question.names, trial.design, strict=True)),
        "search": figures,
        "seeds": list(again.seeds),
        "fresh": fresh,
        "limits_kept": [
            {"limit": _limit(limit), "in": count, "of": len(again.seeds)}
            for limit, count in zip(search.limits, kept, strict=True)
        ],
    }


def _whole(name: str, lived: Lived) -> float | None:
    value = replicates(OUTCOMES[name], lived.sums, lived.whole).whole
    return None if math.isnan(value) else value


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _mean(values: Sequence[float | None]) -> dict[str, Any]:
    """Mean over populations and the 95 % t-interval of it; by seed too."""
    known = [value for value in values if value is not None]
    if len(known) < len(values) or len(known) < 2:
        return {"value": None, "ci95": None, "by_seed": list(values)}
    mean = statistics.fmean(known)
    half = float(stdtrit(len(known) - 1, 0.975)) * statistics.stdev(known) / math.sqrt(len(known))
    return {"value": mean, "ci95": [mean - half, mean + half], "by_seed": known}
