"""The back-test: what it computes from populations lived on, and what it finds of the methods."""

from dataclasses import replace
from datetime import date
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulators.agents import run_agents
from simulators.back_test import RECENT_RATIO, Interval, Trial, back_test, back_test_document, recommended
from simulators.run_off import Future, RunOff, future_of
from tests.test_kernel import scenario
from tests.triangles import triangle_of
from workbench.errors import BadInput
from workbench.finance.redemption_rates import ESTIMATORS, METHODS, ultimate
from workbench.finance.triangle import from_ledger, month_of
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import load_program
from workbench.program.spec import Program
from workbench.scenario import Scenario

CHANGED = Path(__file__).parents[1] / "examples" / "threshold_halved.yaml"
"""Points live 24 months; after 30 months every reward costs half as many."""
FIRST = int(month_of(np.array([0]))[0]) + 12 * 55
"""January 2025."""


# --- lived ---------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def lived() -> tuple[Scenario, list[Trial]]:
    small = scenario(load_program("mos_burger"), 80, years=2)
    return small, back_test(small, FIRST + 23, 3, draws=50, engine="agents")


def test_every_population_is_valued_on_the_day_and_lived_on(lived: tuple[Scenario, list[Trial]]) -> None:
    """The truth is that of a longer run of the same seed; the estimates are those of its ledger up to the day."""
    small, trials = lived
    assert [trial.future.seed for trial in trials] == [1, 2, 3]
    run = run_agents(replace(small, seed=2, years=5))
    assert run.ledgers is not None
    triangle = from_ledger(run.ledgers[0], FIRST + 23, FIRST)
    assert trials[1].actual == future_of(run, FIRST + 23).redeemed.sum() > 0
    for method in ESTIMATORS:
        found = ultimate(triangle, method)
        assert trials[1].expected[method] == pytest.approx(found.future.sum(), nan_ok=True)
        assert trials[1].expected_12[method] == pytest.approx(found.within(12).sum(), nan_ok=True)


def test_run_off_expects_what_the_others_did(lived: tuple[Scenario, list[Trial]]) -> None:
    _, trials = lived
    others = RunOff(trials[0].triangle, [trials[1].future, trials[2].future])
    assert trials[0].expected["run_off"] == pytest.approx(others.expected().sum())
    one, two = others.replications().sum(axis=1)
    # Student's t with one degree of freedom: 12.706; the sd of two values is their distance over the root of 2
    half = 12.7062 * abs(one - two) / sqrt(2) * sqrt(1.5)
    interval = trials[0].intervals["run_off"]
    assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=1e-5)


def test_the_document_of_a_back_test(lived: tuple[Scenario, list[Trial]]) -> None:
    document = back_test_document(lived[1])
    assert document["valuation"] == "2026-12"
    assert document["populations"] == 3
    assert list(document["methods"]) == [*METHODS, RECENT_RATIO]
    assert document["recommended"] in METHODS
    assert document["still_outstanding_pct"] == 0
    assert document["methods"]["hazard"]["interval"]["made_by"] == "bootstrap of members"


# --- by hand -------------------------------------------------------------------------------------------------------------
def trial(expected: float, actual: int, interval: Interval | None = None) -> Trial:
    """One cohort of 1000 points, of which so many came, in the first month."""
    triangle = triangle_of([1000], [(0,)])
    nothing = np.zeros((1, 2), dtype=np.int64)
    future = Future(1, triangle, np.array([[actual, 0]]), nothing, nothing)
    methods = dict.fromkeys((*METHODS, RECENT_RATIO), expected)
    return Trial(future, triangle, methods, methods, {} if interval is None else {"hazard": interval})


def test_errors_and_coverage_by_hand() -> None:
    """110 for 100, 180 for 200, 60 for 50: +10, -10 and +20 %: mean 6.67, sd 15.28; two of three intervals hold."""
    trials = [trial(110, 100, Interval(90, 120)), trial(180, 200, Interval(170, 190)), trial(60, 50, Interval(40, 80))]
    found = back_test_document(trials)["methods"]["hazard"]
    mean, sd = 20 / 3, sqrt(((10 - 20 / 3) ** 2 + (-10 - 20 / 3) ** 2 + (20 - 20 / 3) ** 2) / 2)
    assert found["future"] == pytest.approx(
        {"mean_pct": mean, "sd_pct": sd, "se_pct": sd / sqrt(3), "rms_pct": sqrt(200)}
    )
    interval = found["interval"]
    assert interval["covered"] == pytest.approx(2 / 3)
    assert interval["se"] == pytest.approx(sqrt(2 / 3 / 3 / 3))
    assert interval["half_width_pct"] == pytest.approx((15 + 5 + 40) / 3)


def test_no_error_where_nothing_came_or_nothing_can_be_said() -> None:
    for trials in ([trial(10, 0), trial(10, 10)], [trial(float("nan"), 10), trial(10, 10)]):
        document = back_test_document(trials)
        assert document["methods"]["hazard"]["future"]["mean_pct"] is None
        assert document["recommended"] is None


def errors(**rms_mean_se: tuple[float, float, float]) -> dict[str, dict[str, float | None]]:
    names = ("rms_pct", "mean_pct", "se_pct")
    return {method: dict(zip(names, each, strict=True)) for method, each in rms_mean_se.items()}


def test_what_is_recommended() -> None:
    near = errors(hazard=(4.8, 2.5, 1.0), additive=(8, 6, 1), run_off=(4.0, 0.1, 1.0))
    assert recommended(near)[0] == "hazard"
    off = errors(hazard=(10.0, 8.6, 1.2), additive=(21, 20, 1), run_off=(5.8, 0.2, 1.3))
    method, reason = recommended(off)
    assert method == "run_off"
    assert "if the assumptions on behaviour hold" in reason
    vague = errors(hazard=(20.0, 8.6, 6.0), run_off=(15.0, 0.2, 3.0))
    assert recommended(vague)[0] == "hazard"
    far = errors(hazard=(65.0, -43.2, 21.9), run_off=(20.0, 2.8, 9.0))
    assert recommended(far)[0] == "run_off"
    assert "more than twice as far" in recommended(far)[1]
    worse = errors(hazard=(10.0, 8.6, 1.2), run_off=(12.0, -9.0, 1.3))
    assert recommended(worse) == ("hazard", recommended(worse)[1])
    assert "no method here avoids" in recommended(worse)[1]


def test_the_recent_ratio_by_hand() -> None:
    """14 months of 100 issued; the months' redemptions are 10 at age 0 and 20 at age 1. Of the last 12 months: 12 * 30 over 1,200, a rate of
    0.3: nothing is to come but of the last cohort, which is 20 short of it."""
    from simulators.back_test import _by_recent_ratio

    rows = [(10, 20) + (0,) * (12 - k) if k < 13 else (10,) for k in range(14)]
    assert _by_recent_ratio(triangle_of([100] * 14, rows)) == pytest.approx(20)


def test_mistakes_are_named() -> None:
    small = scenario(load_program("mos_burger"), 10, years=2)
    with pytest.raises(BadInput, match="--replications: expected at least 2 populations, found 1"):
        back_test(small, FIRST + 23, 1)
    with pytest.raises(BadInput, match="--members: expected at most 200,000"):
        back_test(replace(small, members=200_001), FIRST + 23)
    with pytest.raises(BadInput, match="--valuation: expected a month of the scenario"):
        back_test(small, FIRST + 24)


# --- what it finds -------------------------------------------------------------------------------------------------------
def populations(program: Program) -> dict[str, Any]:
    """20 populations of 3,000 after three years, central assumptions: what a back-test finds of the methods."""
    lived = Scenario(program, load_population("quick_service_twd"), load_assumptions("central"), members=3000)
    found: dict[str, Any] = back_test_document(back_test(lived, FIRST + 35))
    return found


@pytest.mark.slow
def test_a_stable_program() -> None:
    """24 months of life. The hazard errs less than the chain ladder, in mean and in all; the bootstrap's interval holds at least 80 % (a coverage
    of 95 % gives fewer once in four hundred times), Mack's does not."""
    stable = load_program(CHANGED).model_copy(update={"versions": ()})
    document = populations(stable)
    found = document["methods"]
    hazard, ladder = (found[method]["future"] for method in ("hazard", "chain_ladder"))
    assert abs(hazard["mean_pct"]) < abs(ladder["mean_pct"])
    assert hazard["rms_pct"] < ladder["rms_pct"] / 2
    assert found["hazard"]["interval"]["covered"] >= 0.8
    assert found["chain_ladder"]["interval"]["covered"] < 0.8
    assert document["recommended"] == "hazard"


@pytest.mark.slow
def test_a_program_whose_threshold_is_halved_at_month_30() -> None:
    """What was saved up for the old thresholds is redeemed at once, and whoever only reads the past takes that for how it will go on: all are
    far too high, the chain ladder most, and no interval knows. Populations that live through the change are not."""
    document = populations(load_program(CHANGED))
    found = document["methods"]
    mean, se = ({name: each["future"][key] for name, each in found.items()} for key in ("mean_pct", "se_pct"))
    assert mean["hazard"] > 20
    assert mean["hazard"] < mean["additive"] < mean["chain_ladder"]
    assert all(mean[method] > 10 * se[method] for method in ESTIMATORS)
    assert found["hazard"]["interval"]["covered"] < 0.2
    assert found["run_off"]["future"]["rms_pct"] < 10
    assert document["recommended"] == "run_off"


def test_a_scenario_that_begins_on_another_day() -> None:
    """Points of the month of the start are a cohort like any other."""
    late = replace(scenario(load_program("mos_burger"), 40, years=1), start=date(2025, 3, 1))
    document = back_test_document(back_test(late, FIRST + 13, 2, draws=20, engine="agents"))
    assert document["valuation"] == "2026-02"
