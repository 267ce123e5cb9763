"""The kernel against theory, at a size where small errors show: closed forms, and the identities of the paired counterfactual.

Each expectation is worked out here, and each test fails at four standard errors of its own sample; seeds are fixed. (What these forms
say of smaller samples of agents stands in ``test_agents.py``; both engines write the same ledgers.)
"""

import math
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from scipy.stats import gamma

from simulators.kernel import run_kernel
from tests.test_agents import EVERY_UNIT, NONE, YEAR, agree, counted, people, poisson_people, program
from workbench.ledger import EARN, EXPIRE, PURCHASE, REDEEM
from workbench.ledger_table import LedgerTable
from workbench.population.load import load_assumptions, load_population, read_assumptions
from workbench.population.spec import Joining, Population
from workbench.program.load import load_program
from workbench.program.spec import Program
from workbench.scenario import Run, Scenario
from workbench.units import NEVER, to_day

START = date(2025, 1, 1)


def live(rules: Program, population: Population, members: int, years: int, **more: Any) -> Run:
    """A run with both ledgers kept."""
    values = {"assumptions": NONE, "seed": 23} | more
    return run_kernel(Scenario(rules, population, members=members, years=years, start=START, **values), keep=True)


def both(run: Run) -> tuple[LedgerTable, LedgerTable]:
    """Ledgers of the program's world and of the baseline."""
    assert run.ledgers is not None
    return run.ledgers


def bought(table: LedgerTable) -> list[tuple[int, int]]:
    """Every purchase as (member, day, amount), in order."""
    chosen = table.column("kind") == PURCHASE
    return list(zip(*(table.column(name)[chosen].tolist() for name in ("member", "day", "money")), strict=True))


# --- redemption and breakage ------------------------------------------------------------------------------------------
def test_breakage_where_everything_is_redeemed_at_a_share_of_the_purchases() -> None:
    """Everybody redeems all they have at a purchase with chance .2 (then earns), lots live a year, four purchases a year: a lot lapses if
    none of the redemptions, a Poisson process of rate .8, falls in its life: exp(-.8) = .4493. Outstanding late in the run, over what
    a year earns: (1 - exp(-.8)) / .2 / 4 = .6884 of it (the published 2.7534 is in purchases)."""
    assert math.exp(-4 * 0.2) == pytest.approx(0.4493, abs=5e-5)
    assert (1 - math.exp(-4 * 0.2)) / 0.2 == pytest.approx(2.7534, abs=5e-5)
    rules = program(
        earn={**EVERY_UNIT, "eligible": {"paid_with_points": "included"}},
        expiry={"model": "rolling", "days": 365},
        redemption={"money_off": {"points": 1, "worth": 0.01}},
    )
    data = NONE.model_dump(mode="json", by_alias=True)
    coin = {"balance": 0, "expiry": 0, "hassle": -math.log(0.2 / 0.8)}
    customers = poisson_people(redeemers={"never": 0, "threshold": 0, "choice": 1})
    # a basket of 10 can be paid with 1,000 points: always the whole balance
    run = live(rules, customers, 20_000, 4, assumptions=read_assumptions({**data, "redemption": coin}))
    world = both(run)[0]
    early = world.column("lot_earned_on") < to_day(date(2027, 12, 1))
    late_enough = world.column("lot_earned_on") >= to_day(date(2025, 1, 2))
    kind, points, member = (world.column(name) for name in ("kind", "points", "member"))
    chosen = early & late_enough

    def of(*kinds: int) -> np.ndarray:
        taken = chosen & np.isin(kind, kinds)
        return np.bincount(member[taken], np.abs(points[taken]), world.customers)

    earned, lapsed, redeemed = of(EARN), of(EXPIRE), of(REDEEM)
    np.testing.assert_array_equal(earned, lapsed + redeemed)
    share = math.exp(-4 * 0.2 * 366 / YEAR)  # usable on 366 days: the day it is earned, and 365 more
    error = (lapsed - share * earned).std(ddof=1) / math.sqrt(world.customers) / earned.mean()
    assert error < 0.005
    assert (
        abs(lapsed.sum() / earned.sum() - share) < 4 * error + 0.0008
    )  # redemptions on the very day of earning: 4 * .2 / 365 / 2
    held = np.bincount(member, points, world.customers)
    agree(held, 10 * (1 - math.exp(-4 * 0.2 * 365.5 / YEAR)) / 0.2)


# --- concentration ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape, published", [(0.5, 65.0), (1.0, 52.2), (2.0, 42.4)])
def test_the_top_fifth_of_the_customers_make_the_share_of_purchases_that_a_gamma_says(
    shape: float, published: float
) -> None:
    """Of gamma distributed rates the share above a quantile q is that of Gamma(shape + 1) above it (partial expectation)."""
    cut = gamma.ppf(0.8, shape)
    expected = float(gamma.sf(cut, shape + 1))
    assert 100 * expected == pytest.approx(published, abs=0.05)
    customers = people({"model": "nbd", "unit": "year", "r": shape, "alpha": shape / 50})
    run = live(program(earn=EVERY_UNIT), customers, 30_000, 2)
    repeats = counted(both(run)[1], PURCHASE) - 1.0
    rate = _rates(run)
    top = rate > cut / (shape / 50)
    difference = np.where(top, repeats, 0.0) - expected * repeats
    assert abs(difference.mean()) < 4 * difference.std(ddof=1) / math.sqrt(len(repeats))


def _rates(run: Run) -> np.ndarray:
    """Customers' own rates, a year."""
    from workbench.population.strips import draw_members
    from workbench.population.terms import population_terms

    scenario = run.scenario
    terms = population_terms(scenario.population, scenario.start_day, scenario.last_day + 1)
    return draw_members(scenario.population, terms, scenario.seed, 0, scenario.members).rate * YEAR


# --- the paired counterfactual ----------------------------------------------------------------------------------------
def test_without_effects_the_lift_is_exactly_nothing_and_the_naive_one_is_large() -> None:
    """Heavy buyers join: with a chance of .15 at each purchase members look far better than the others, though the program does nothing."""
    customers = load_population("department_store_twd").model_copy(update={"joining": Joining(share=0.15)})
    run = live(load_program("mitsui_outlet"), customers, 20_000, 3)
    with_program, without = both(run)
    assert bought(with_program) == bought(without)
    number = counted(with_program, PURCHASE)
    member = with_program.joined < NEVER
    assert 0.2 < member.mean() < 0.95
    assert number[member].mean() / number[~member].mean() > 2


def test_no_purchase_is_lost_where_every_effect_is_positive() -> None:
    """Factors of at least 1, membership only lengthening life, no displacement and no topping up: the baseline's purchases are a subset, at
    the same times and of the same amounts; the rest is the lift."""
    data = load_assumptions("central").model_dump(mode="json", by_alias=True)
    for name in ("demotion", "displacement", "basket"):
        data[name] = load_assumptions("none").model_dump(mode="json", by_alias=True)[name]
    run = live(
        load_program("mitsui_outlet"),
        load_population("department_store_twd"),
        20_000,
        3,
        assumptions=read_assumptions(data),
    )
    with_program, without = (bought(each) for each in both(run))
    assert set(without) <= set(with_program)
    assert len(with_program) > 1.01 * len(without)


def test_a_constant_factor_lifts_repeat_purchases_by_itself() -> None:
    """A tenth more, for everybody from the first purchase on, in Pareto/NBD where buying more does not kill."""
    rules = program(
        earn=EVERY_UNIT,
        tiers={
            "levels": [{"name": "base"}, {"name": "all", "enter": {"orders": 1}}],
            "window": {"kind": "lifetime"},
            "validity": {"until": "lifetime"},
        },
    )
    data = NONE.model_dump(mode="json", by_alias=True)
    run = live(
        rules, load_population("cdnow"), 100_000, 2, assumptions=read_assumptions({**data, "status": {"steps": [0.1]}})
    )
    with_program, without = (counted(each, PURCHASE) - 1.0 for each in both(run))
    difference = with_program - 1.1 * without
    error = difference.std(ddof=1) / math.sqrt(len(difference))
    assert error < 0.005 * without.mean()
    assert abs(difference.mean()) < 4 * error


def test_pairing_saves_more_than_fifty_times_the_variance_of_independent_runs() -> None:
    """A mild program (the cautious assumptions): the variance of a customer's difference between the worlds, against that of two
    unrelated customers, with its own error (by ten thousand resamplings of a hundred batches)."""
    customers = load_population("department_store_twd")
    run = live(load_program("mitsui_outlet"), customers, 40_000, 3, assumptions=load_assumptions("cautious"))
    with_program, without = (counted(each, PURCHASE).astype(float) for each in both(run))
    batches = np.arange(len(without)) % 100
    paired = np.bincount(batches, (with_program - without - (with_program - without).mean()) ** 2)
    apart = np.bincount(batches, (with_program - with_program.mean()) ** 2 + (without - without.mean()) ** 2)
    draws = np.random.default_rng(5).integers(0, 100, (10_000, 100))
    ratios = apart[draws].sum(axis=1) / paired[draws].sum(axis=1)
    assert np.quantile(ratios, 0.0001) > 50


def test_the_same_customers_live_in_both_worlds_of_another_seed() -> None:
    """Another seed gives other customers; the same seed the same ones, also in a longer run."""
    scenario = Scenario(load_program("mos_burger"), load_population("quick_service_twd"), NONE, members=2_000, years=1)
    short, longer, other = (
        run_kernel(each, keep=True) for each in (scenario, replace(scenario, years=2), replace(scenario, seed=2))
    )
    until = short.scenario.last_day
    first, second, third = (bought(both(each)[1]) for each in (short, longer, other))
    assert first == [each for each in second if each[1] <= until]
    assert first != third
