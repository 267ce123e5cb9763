"""Which assumption matters: shares of variance (Sobol indices, by SALib), and one at a time over the assumptions' own ranges (tornado)."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simulators.designs import Job, Lived, live_all
from workbench.errors import BadInput
from workbench.finance.accounting.policy import load_policy
from workbench.population.behaviour_spec import Assumptions
from workbench.population.load import read_assumptions
from workbench.run_document import PROJECTION
from workbench.scenario import Scenario
from workbench.study.jackknife import as_json, estimate, replicates
from workbench.study.outcomes import OUTCOMES, unit_of
from workbench.study.plan import problem_of, salib
from workbench.study.spec import Sobol

__all__ = ["Bar", "bars_of", "sobol_indices", "tornado"]

RESAMPLES = 1000
"""Bootstrap resamples of the indices' intervals."""
Progress = Callable[[float, int], None]


# --- shares of variance ------------------------------------------------------------------------------------------------
def sobol_indices(plan: Sobol, names: Sequence[str], values: Sequence[float]) -> dict[str, Any] | None:
    """First-order and total indices of each lever, with 95 % bootstrap intervals (SALib; Saltelli et al. 2010, Jansen 1999): ``values`` of an
    outcome at the plan's designs, in its order. None where an outcome is missing, or does not vary at all.

    The intervals are for the sequence being finite. Raises BadInput where SALib is missing.
    """
    y = np.asarray(values, dtype=np.float64)
    if np.isnan(y).any() or y.std() <= 1e-12 * max(abs(float(y.mean())), 1.0):
        return None
    analyze = salib("analyze.sobol").analyze
    found = analyze(problem_of(len(names)), y, calc_second_order=False, num_resamples=RESAMPLES, seed=plan.seed)
    return {
        name: {
            "first": _index(found["S1"][k], found["S1_conf"][k]),
            "total": _index(found["ST"][k], found["ST_conf"][k]),
        }
        for k, name in enumerate(names)
    }


def _index(value: float, half: float) -> dict[str, Any]:
    ends = None if math.isnan(half) else [float(value - half), float(value + half)]
    return {"value": float(value), "ci95": ends}


# --- one at a time -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Bar:
    """One assumption, at both ends of its range."""

    key: str
    """Its place in the assumptions file."""
    now: Any
    """What it is."""
    ends: tuple[Any, Any]
    """What it is at the low and at the high end."""
    range: tuple[float, float]
    basis: str
    source: str
    assumptions: tuple[Assumptions | None, Assumptions | None]
    """The assumptions at both ends; None where the file format refuses that end beside the others."""
    refused: tuple[str, str]
    """Why."""


def bars_of(assumptions: Assumptions) -> Iterator[Bar]:
    """Every number of the assumptions that has a range. One that is several numbers (steps by tier, rates by name) is moved as one: steps by
    one factor, so that the largest is at the end of the range; named ones all to the end."""
    data = assumptions.model_dump(mode="json", by_alias=True)
    for group in type(assumptions).model_fields:
        spec = getattr(assumptions, group)
        for name, info in getattr(type(spec), "model_fields", {}).items():
            said = info.json_schema_extra
            if not isinstance(said, dict) or "range" not in said:
                continue
            now = data[group][name]
            if isinstance(now, list | dict) and not now:
                continue
            low, high = said["range"]
            ends = (_moved(now, low), _moved(now, high))
            made = [_read(data, group, name, end) for end in ends]
            yield Bar(
                f"{group}.{name}", now, ends, (low, high), str(said["basis"]), str(said["source"]),
                (made[0][0], made[1][0]), (made[0][1], made[1][1]),
            )  # fmt: skip


def _moved(now: Any, end: float) -> Any:
    if isinstance(now, dict):
        return dict.fromkeys(now, end)
    if isinstance(now, list):
        largest = max(abs(each) for each in now)
        return [end * each / largest if largest else end for each in now]
    return end


def _read(data: dict[str, Any], group: str, name: str, end: Any) -> tuple[Assumptions | None, str]:
    try:
        return read_assumptions({**data, group: {**data[group], name: end}}), ""
    except BadInput as error:
        return None, "; ".join(f"{each.path}: {each.message}" for each in error.problems)


def tornado(
    scenario: Scenario,
    outcomes: Sequence[str],
    made_by: Mapping[str, str],
    only: Sequence[str] = (),
    threads: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Every assumption at both ends of its range, the others as they are: the outcomes there, by the same members. Bars are in the order of the
    first outcome's width; those that move nothing come last. ``only``: groups or keys to look at, all unless given. Raises BadInput where the
    kernel cannot live the program."""
    bars = [
        bar for bar in bars_of(scenario.assumptions) if not only or bar.key in only or bar.key.split(".")[0] in only
    ]
    jobs = [Job("today's program", scenario)]
    place: dict[tuple[int, int], int] = {}
    for k, bar in enumerate(bars):
        for end, assumptions in enumerate(bar.assumptions):
            if assumptions is not None and assumptions != scenario.assumptions:
                place[k, end] = len(jobs)
                jobs.append(Job(f"{bar.key} {bar.ends[end]}", replace(scenario, assumptions=assumptions)))
    lived = _live(jobs, "liability" in outcomes, threads, progress)
    found = [
        {
            "key": bar.key,
            "now": bar.now,
            "range": list(bar.range),
            "basis": bar.basis,
            "source": bar.source,
            "low": _end(bar, 0, lived[place.get((k, 0), 0)], lived[0], outcomes),
            "high": _end(bar, 1, lived[place.get((k, 1), 0)], lived[0], outcomes),
        }
        for k, bar in enumerate(bars)
    ]
    found.sort(key=lambda bar: -_width(bar, outcomes[0]))
    currency = scenario.program.currency
    return {
        "kind": PROJECTION,
        "program": scenario.names.get("program", scenario.program.title),
        "title": scenario.program.title,
        "title_zh": scenario.program.title_zh,
        "population": scenario.names.get("population", ""),
        "assumptions": scenario.names.get("assumptions", ""),
        "currency": currency,
        "members": scenario.members,
        "years": scenario.years,
        "start": scenario.start.isoformat(),
        "seed": scenario.seed,
        "made_by": dict(made_by),
        "outcomes": [
            {
                "name": name,
                "title": OUTCOMES[name].title,
                "title_zh": OUTCOMES[name].title_zh,
                "unit": unit_of(OUTCOMES[name], currency),
            }
            for name in outcomes
        ],
        "now": {
            name: as_json(estimate(replicates(OUTCOMES[name], lived[0].sums, lived[0].whole))) for name in outcomes
        },
        "bars": found,
    }


def _live(jobs: list[Job], valued: bool, threads: int | None, progress: Progress | None) -> list[Lived]:
    policy = load_policy("default") if valued else None
    found = dict(live_all(jobs, policy, threads, progress))
    return [found[k] for k in range(len(jobs))]


def _end(bar: Bar, end: int, lived: Lived, base: Lived, outcomes: Sequence[str]) -> dict[str, Any]:
    """One end of a bar: each outcome there, and its difference from what it is now; none where the end is refused."""
    if bar.assumptions[end] is None:
        return {"value": bar.ends[end], "refused": bar.refused[end], "outcomes": None}
    found = {}
    for name in outcomes:
        mine, now = (replicates(OUTCOMES[name], each.sums, each.whole) for each in (lived, base))
        found[name] = as_json(estimate(mine)) | {"difference": as_json(estimate(mine.less(now)))}
    return {"value": bar.ends[end], "refused": "", "outcomes": found}


def _width(bar: dict[str, Any], outcome: str) -> float:
    """How far apart an outcome is between the ends, and where it is now."""
    moved = [
        bar[end]["outcomes"][outcome]["difference"]["value"]
        for end in ("low", "high")
        if bar[end]["outcomes"] is not None
    ]
    known = [0.0, *(value for value in moved if value is not None)]
    return max(known) - min(known)
