"""Back-test of the estimators against the simulator's own truth.

The simulator knows what nobody knows on the valuation day: the same members live on, and what they redeem of the points then outstanding is
counted. Every method estimates it from what is known on the day; its error is the future redeemed points it expects, over those that came.
Repeated over populations, it shows in which direction a method errs, how far, and whether intervals hold what they say.

``run_off`` expects of one population what the others did (none knows its own future). It lives by the very assumptions by which the truth
was made; of a real company nobody knows them so well, and its errors here are the least it can have.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import stdtrit

from simulators.replications import seeds_of
from simulators.run_off import Future, RunOff, future_of, years_to_live
from simulators.simulate import Engine, Progress, simulate
from simulators.weights import member_weights
from workbench.errors import BadInput, Problem
from workbench.finance.redemption_rates import ESTIMATORS, METHODS, Ultimates, ultimate
from workbench.finance.redemption_rates.bootstrap import bootstrap, member_triangles
from workbench.finance.triangle import Triangle, events_of, from_events, month_name
from workbench.scenario import Run, Scenario

__all__ = ["INTERVALS", "RECENT_RATIO", "Interval", "Trial", "back_test", "back_test_document", "recommended"]

RECENT_RATIO = "recent_ratio"
"""What is often done instead of estimating: points redeemed over points issued in the last 12 months, taken for the ultimate rate."""
INTERVALS = {"hazard": "bootstrap of members", "chain_ladder": "Mack", "run_off": "other populations"}
"""Methods with an interval, and how it is made."""
LEVEL = 0.95
Z = 1.959963984540054
TOLERABLE_PCT = 5.0
"""A mean error within so much is no reason to leave the estimators for a simulation."""
MOST_MEMBERS = 200_000
"""Members whose whole ledgers are held."""


@dataclass(frozen=True)
class Interval:
    """An interval of the points still to be redeemed."""

    low: float
    high: float

    def covers(self, points: float) -> bool:
        """Whether it holds them."""
        return self.low <= points <= self.high


@dataclass(frozen=True)
class Trial:
    """One population: what came, and what each method expected."""

    future: Future
    triangle: Triangle
    """As it stood on the valuation day, with the last ages its lots show."""
    expected: dict[str, float]
    """Points still to be redeemed, by method; nan where it cannot say."""
    expected_12: dict[str, float]
    """Those of the next 12 months."""
    intervals: dict[str, Interval]
    """95 % intervals, by method."""

    @property
    def actual(self) -> int:
        """Points that were redeemed after the valuation, of those outstanding."""
        return int(self.future.redeemed.sum())

    @property
    def actual_12(self) -> int:
        """Those of the first 12 months."""
        return int(self.future.redeemed[:, :12].sum())


def back_test(
    scenario: Scenario,
    valuation: int,
    replications: int = 20,
    draws: int = 200,
    engine: Engine | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> list[Trial]:
    """Live so many populations, the scenario's seed and those that follow, past the end of a month (months since January 1970), and estimate
    each on the day. ``draws``: of the bootstrap. The whole ledgers are held, one population's at a time.

    Raises BadInput: fewer than two populations, too many members, a month outside the scenario.
    """
    if replications < 2:
        raise BadInput(Problem("--replications", "expected at least 2 populations", replications))
    if scenario.members > MOST_MEMBERS:
        raise BadInput(
            Problem("--members", f"expected at most {MOST_MEMBERS:,}: every entry is held", scenario.members)
        )
    longer = replace(scenario, years=years_to_live(scenario, valuation, engine, threads, notify))
    seeds = seeds_of(longer, replications)
    trials = []
    for place, seed in enumerate(seeds):

        def tell(done: int, _: int, before: int = place) -> None:
            if progress is not None:
                progress(before * scenario.members + done, len(seeds) * scenario.members)

        run = simulate(replace(longer, seed=seed), tell, engine, threads, keep=True, notify=notify)
        trials.append(_trial(run, valuation, draws))
    return [_with_run_off(trial, [other.future for other in trials if other is not trial]) for trial in trials]


def _trial(run: Run, valuation: int, draws: int) -> Trial:
    assert run.ledgers is not None
    events, first = events_of(run.ledgers[0]), run.program.frame.first_month
    triangle = from_events(events, valuation, first)
    found = {method: ultimate(triangle, method) for method in ESTIMATORS}
    intervals = {}
    if draws:
        members = member_triangles(events, valuation, first)
        edges = (1 - LEVEL) / 2, (1 + LEVEL) / 2
        drawn = bootstrap(members, member_weights(run.scenario.seed, draws, members.members))
        intervals["hazard"] = Interval(*drawn.quantiles(*edges))
    error = found["chain_ladder"].total_error
    if error is not None:
        middle = float(found["chain_ladder"].future.sum())
        intervals["chain_ladder"] = Interval(middle - Z * error, middle + Z * error)
    expected = {method: float(each.future.sum()) for method, each in found.items()}
    expected[RECENT_RATIO] = _by_recent_ratio(triangle)
    soon = {method: float(each.within(12).sum()) for method, each in found.items()}
    return Trial(future_of(run, valuation), triangle, expected, soon, intervals)


def _by_recent_ratio(triangle: Triangle) -> float:
    """Points still to be redeemed if each cohort's ultimate rate were redeemed over issued in the last 12 months."""
    diagonal = np.arange(triangle.cohorts)[:, None] + np.arange(triangle.ages)
    recent = diagonal > triangle.cohorts - 1 - 12
    issued = int((triangle.earned - triangle.reversed)[recent].sum())
    ratio = int(triangle.redeemed[recent].sum()) / issued if issued > 0 else 0.0
    ahead = ratio * triangle.issued - triangle.redeemed_to_date
    return float(np.clip(ahead, 0, np.maximum(triangle.outstanding, 0)).sum())


def _with_run_off(trial: Trial, others: Sequence[Future]) -> Trial:
    found: Ultimates = RunOff(trial.triangle, others).ultimates()
    totals = RunOff(trial.triangle, others).replications().sum(axis=1)
    middle = float(found.future.sum())
    intervals = dict(trial.intervals)
    if len(others) > 1:
        # a prediction of one more value from a sample: Student's t, with the sample mean's own error
        half = (
            float(stdtrit(len(others) - 1, (1 + LEVEL) / 2))
            * float(totals.std(ddof=1))
            * math.sqrt(1 + 1 / len(others))
        )
        intervals["run_off"] = Interval(middle - half, middle + half)
    return replace(
        trial,
        expected=trial.expected | {"run_off": middle},
        expected_12=trial.expected_12 | {"run_off": float(found.within(12).sum())},
        intervals=intervals,
    )


# --- what it comes to ----------------------------------------------------------------------------------------------------
def back_test_document(trials: Sequence[Trial]) -> dict[str, Any]:
    """Errors by method in per cent of what came (mean, sd, standard error of the mean, root mean square; ``within_12`` those of the next 12
    months alone), coverage of the intervals, and the method recommended with its reason. None where there is no such figure."""
    first = trials[0]
    methods: dict[str, Any] = {
        method: {
            "future": _errors([(trial.expected[method], trial.actual) for trial in trials]),
            "within_12": _errors([(trial.expected_12.get(method, math.nan), trial.actual_12) for trial in trials]),
            "interval": _coverage(trials, method),
        }
        for method in (*METHODS, RECENT_RATIO)
    }
    chosen, reason = recommended({method: each["future"] for method, each in methods.items()})
    held = [int(trial.triangle.outstanding.sum()) for trial in trials]
    came = [trial.actual for trial in trials]
    return {
        "valuation": month_name(first.triangle.valuation),
        "populations": len(trials),
        "seeds": [trial.future.seed for trial in trials],
        "months_lived_after": int(first.future.redeemed.shape[1]),
        "outstanding_points": _mean(held),
        "redeemed_points": _mean(came),
        "redemption_rate_of_outstanding": sum(came) / sum(held) if sum(held) else None,
        "still_outstanding_pct": 100 * sum(int(trial.future.left.sum()) for trial in trials) / sum(held)
        if sum(held)
        else None,
        "methods": methods,
        "recommended": chosen,
        "reason": reason,
    }


def _errors(pairs: Sequence[tuple[float, int]]) -> dict[str, float | None]:
    """Of (expected, actual) pairs; None where something actual is nothing, or something expected is not known."""
    names = ("mean_pct", "sd_pct", "se_pct", "rms_pct")
    if any(actual <= 0 or not math.isfinite(expected) for expected, actual in pairs):
        return dict.fromkeys(names)
    errors = np.array([100 * (expected / actual - 1) for expected, actual in pairs])
    sd = float(errors.std(ddof=1))
    values = float(errors.mean()), sd, sd / math.sqrt(len(errors)), float(np.sqrt((errors**2).mean()))
    return dict(zip(names, values, strict=True))


def _coverage(trials: Sequence[Trial], method: str) -> dict[str, Any] | None:
    """How many of a method's intervals held what came, with the standard error of that share."""
    known = [(trial.intervals[method], trial.actual) for trial in trials if method in trial.intervals]
    if not known:
        return None
    share = sum(interval.covers(actual) for interval, actual in known) / len(known)
    width = [100 * (interval.high - interval.low) / 2 / actual for interval, actual in known if actual > 0]
    return {
        "made_by": INTERVALS[method],
        "level": LEVEL,
        "covered": share,
        "se": math.sqrt(share * (1 - share) / len(known)),
        "half_width_pct": _mean(width) if width else None,
    }


def recommended(errors: dict[str, dict[str, float | None]]) -> tuple[str | None, str]:
    """The method to use for a program like this, and why: the estimator with the least error, unless even that errs in one direction by more
    than is tolerable, or more than twice as far as the simulation; then the simulation."""
    known = {
        method: each["rms_pct"]
        for method, each in errors.items()
        if method in ESTIMATORS and each["rms_pct"] is not None
    }
    if not known:
        return (
            None,
            "no estimator has an error in every population: nothing was redeemed, or nothing could be estimated",
        )
    best = min(known, key=lambda method: known[method] or 0.0)
    rms, mean, se = known[best] or 0.0, errors[best]["mean_pct"] or 0.0, errors[best]["se_pct"] or 0.0
    found = f"{best} errs least of the estimators: root mean square {rms:.1f} %, mean {mean:+.1f} % (standard error {se:.1f})"
    simulated = errors.get("run_off", {}).get("rms_pct")
    leans = abs(mean) > TOLERABLE_PCT and abs(mean) > 2 * se
    far = simulated is not None and rms > 2 * max(simulated, TOLERABLE_PCT)
    if (leans or far) and simulated is not None and simulated < rms:
        why = (
            "and that is an error in one direction"
            if leans
            else "and that is more than twice as far as populations differ"
        )
        return "run_off", f"{found}, {why}; run_off has {simulated:.1f} %, if the assumptions on behaviour hold"
    return best, found + (", an error in one direction that no method here avoids" if leans else "")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
