"""Run-off by simulation: the history stays as it was, old lots are followed to their end, shares are applied to what is held."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from simulators.agents import run_agents
from simulators.run_off import LONGEST_MONTHS, Future, RunOff, future_of, months_to_live, run_off
from tests.test_kernel import scenario
from tests.triangles import FIRST, small_triangle, triangle_of
from workbench.errors import BadInput
from workbench.finance.redemption_rates import ultimate
from workbench.finance.triangle import from_ledger, from_panel, month_of
from workbench.ledger import CONVERT, REDEEM, RETURN
from workbench.program.load import load_program
from workbench.scenario import Run, Scenario
from workbench.units import NEVER

PROGRAMS = ("mos_burger", "mitsui_outlet", "global_mall", "tea_egg")


def case(slug: str, members: int = 60, years: int = 2, **more: object) -> Scenario:
    return scenario(load_program(slug), members, years=years, **more)


@pytest.mark.parametrize("slug", PROGRAMS)
def test_a_longer_horizon_has_the_same_history(slug: str) -> None:
    """Every entry up to the end of two years is the same, whether the members live two years or five."""
    short, long = (run_agents(case(slug, years=years)) for years in (2, 5))
    assert short.ledgers is not None and long.ledgers is not None
    for one, other in zip(short.ledgers, long.ledgers, strict=True):
        before = other.rows[other.column("day") <= short.scenario.last_day]
        np.testing.assert_array_equal(one.rows, before)
    assert len(long.ledgers[0].rows) > len(short.ledgers[0].rows)


@pytest.mark.parametrize("slug", PROGRAMS)
def test_old_lots_are_followed_and_new_ones_are_not(slug: str) -> None:
    """What the ledger says of redemptions after the valuation, of lots earned up to it; and every point has an end."""
    run = run_agents(case(slug, years=5))
    assert run.ledgers is not None
    ledger, first = run.ledgers[0], run.program.frame.first_month
    valuation = first + 23
    found = future_of(run, valuation)
    month, issue = month_of(ledger.column("day")), month_of(np.minimum(ledger.column("lot_earned_on"), NEVER - 1))
    chosen = np.isin(ledger.column("kind"), (REDEEM, RETURN, CONVERT)) & (month > valuation) & (issue <= valuation)
    by_month = np.zeros(found.redeemed.shape[1], dtype=np.int64)
    np.add.at(by_month, month[chosen] - valuation - 1, -ledger.column("points")[chosen])
    np.testing.assert_array_equal(found.redeemed.sum(axis=0), by_month)
    at_end = from_ledger(ledger, first + 59, first)
    np.testing.assert_array_equal(found.left, at_end.outstanding[:24])
    np.testing.assert_array_equal(found.triangle.outstanding, from_ledger(ledger, valuation, first).outstanding)
    assert by_month.sum() > 0


def test_months_to_live() -> None:
    """MOS Burger's points of the last December lapse two Decembers on, booked in January; Tea Egg's never."""
    two = case("mos_burger", 200)
    first = month_of(np.array([two.start_day]))[0]
    assert months_to_live(two, first + 23) == 25
    assert months_to_live(two, first + 18) == 30
    assert months_to_live(case("tea_egg"), first + 23) == LONGEST_MONTHS


# --- shares, by hand ---------------------------------------------------------------------------------------------------
def future(held: list[int], redeemed: list[list[int]], seed: int = 1) -> Future:
    """Two cohorts, of which nothing was redeemed yet."""
    nothing = np.zeros((2, 2), dtype=np.int64)
    return Future(seed, triangle_of(held, [(0, 0), (0,)]), np.array(redeemed), np.array([[1, 0], [0, 2]]), nothing)


def test_shares_of_all_populations_are_applied_to_what_is_held() -> None:
    """Cohort 1: 10 and 30 of 100 and 100 in month 1. Cohort 2: 0 and 40 of 0 and 80 in month 2; the population that had none of it takes
    the share of both cohorts, 10/100 in month 1 and 20/100 in month 2."""
    valued = triangle_of([1000, 500], [(0, 0), (0,)])
    found = RunOff(valued, [future([100, 0], [[10, 20], [0, 0]]), future([100, 80], [[30, 0], [0, 40]])])
    assert found.expected().tolist() == [[1000 * 40 / 200, 1000 * 20 / 200], [0, 500 * 40 / 80]]
    assert found.expected("expired").tolist() == [[1000 * 2 / 200, 0], [0, 500 * 4 / 80]]
    assert found.replications() == pytest.approx(np.array([[300, 150], [300, 250]]))
    assert found.quantiles(0.0, 0.5, 1.0) == pytest.approx([450, 500, 550])
    ultimates = found.ultimates()
    assert ultimates.method == "run_off"
    assert ultimates.points == pytest.approx([300, 250])
    assert ultimates.within(1) == pytest.approx([200, 0])


def test_what_never_ends_is_said() -> None:
    """Of 100 and 100 points held, 30 and 100 are gone: 35 % are left."""
    valued = triangle_of([1000, 500], [(0, 0), (0,)])
    found = RunOff(valued, [future([100, 100], [[30, 0], [50, 47]])])
    assert found.left_share == pytest.approx(70 / 200)
    assert found.ultimates().warnings == (
        "35.0 % of the points are still outstanding then: their redemption is left out",
    )


# --- lived -------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def lived() -> tuple[Run, RunOff]:
    valued = case("mos_burger", 150)
    run = run_agents(valued)
    triangle = from_panel(run.program)
    return run, run_off(valued, triangle.valuation, triangle, 4, engine="agents")


def test_every_outstanding_point_comes_to_an_end(lived: tuple[Run, RunOff]) -> None:
    _, found = lived
    assert found.months >= 24
    assert found.left_share == 0
    gone = sum(found.expected(flow).sum(axis=1) for flow in ("redeemed", "expired", "reversed"))
    assert gone == pytest.approx(found.triangle.outstanding.astype(float))
    assert [each.seed for each in found.futures] == [2, 3, 4, 5]
    assert found.ultimates().notes == ("run-off of 4 populations over 36 months",)
    low, high = found.quantiles(0.05, 0.95)
    assert low < found.expected().sum() < high


def test_a_population_is_lived_by_its_seed(lived: tuple[Run, RunOff]) -> None:
    run, found = lived
    other = run_agents(replace(run.scenario, seed=3, years=5))
    np.testing.assert_array_equal(found.futures[1].redeemed, future_of(other, found.triangle.valuation).redeemed)


def test_run_off_as_a_method(lived: tuple[Run, RunOff]) -> None:
    _, found = lived
    by_name = ultimate(found.triangle, "run_off", run_off=found.expected())
    assert by_name.points == pytest.approx(found.ultimates().points)
    assert (by_name.points >= found.triangle.redeemed_to_date).all()


def test_a_ledger_that_begins_later_is_matched_by_month() -> None:
    """The valued triangle begins in March 2025, the scenario in January."""
    valued = case("mos_burger", 80)
    first = int(month_of(np.array([valued.start_day]))[0])
    triangle = replace(
        triangle_of([100] * 22, [(0,) * (22 - k) for k in range(22)]), first_month=first + 2, valuation=first + 23
    )
    found = run_off(valued, first + 23, triangle, 2, engine="agents")
    assert found.triangle.outstanding.tolist() == [0, 0] + [100] * 22
    gone = sum(found.expected(flow).sum() for flow in ("redeemed", "expired", "reversed"))
    assert gone == pytest.approx(2200)


def test_mistakes_are_named() -> None:
    two = case("mos_burger")
    first = int(month_of(np.array([two.start_day]))[0])
    with pytest.raises(
        BadInput, match=r"--valuation: expected a month of the scenario, 2025-01 to 2026-12, found '2024-04'"
    ):
        run_off(two, FIRST + 3, small_triangle())
    early = replace(small_triangle(), valuation=first + 3, first_month=first - 1)
    early = replace(early, valuation=first + 2)
    with pytest.raises(BadInput, match="before the scenario's start, 2025-01, found '2024-12'"):
        run_off(replace(two, start=date(2025, 1, 1)), first + 2, early)
