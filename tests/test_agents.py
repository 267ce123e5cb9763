"""Members as agents against theory: what a Poisson or Pareto/NBD customer under a simple program must come to, on average.

Every expectation is a closed form, worked out here; each test fails at four standard errors of its own sample (about once in
16,000 seeds for one number), and the seed is fixed. A year of the population's rates is 365.25 days, and a run is whole
calendar days, so the forms are taken at the days that were lived: 365 days are .9993 years. All members arrive on the first
day with a joining purchase, which is nobody's repeat: each test says what becomes of it.
"""

import math
from collections import Counter
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from scipy.special import betainc
from scipy.stats import poisson

from simulators import agents
from simulators.agents import run_agents
from workbench.ledger import BONUS, EARN, KINDS, PURCHASE, REDEEM, REFUND
from workbench.ledger_table import LedgerTable
from workbench.population.behaviour import Assumptions
from workbench.population.load import load_assumptions, load_population, read_assumptions, read_population
from workbench.population.spec import Population
from workbench.program.load import load_program
from workbench.program.spec import Program
from workbench.scenario import Run, Scenario
from workbench.units import to_day

YEAR = 365.25
START = date(2025, 1, 1)
NONE = load_assumptions("none")
NO_BIRTHDAYS: dict[str, Any] = {"birthdays": {"known": 0}}
EVERY_UNIT = {"rate": {"points": 1, "per": 1}}


def people(purchases: dict[str, Any], basket: float = 10, **rest: Any) -> Population:
    """Customers who always spend the same: a lognormal basket without spread."""
    data = {
        "schema": 1, "title": "Theory", "currency": "TWD", "source": "theory", "as_of": "2025-01-01", "purchases": purchases,
        "basket": {"model": "lognormal", "mean": basket, "sd_within": 0, "sd_between": 0}, **NO_BIRTHDAYS,
    }  # fmt: skip
    return read_population({**data, **rest})


def poisson_people(**rest: Any) -> Population:
    """Four purchases a year, the same for all (a gamma of a million's shape: its spread is a thousandth), nobody leaves."""
    return people({"model": "nbd", "unit": "year", "r": 1e6, "alpha": 1e6 / 4}, **rest)


def program(**parts: Any) -> Program:
    return Program.model_validate(
        {
            "schema": 1, "title": "Theory", "currency": "TWD", **parts,
            "provenance": {"source": "theory", "as_of": "2025-01-01", "confidence": "high"},
        }
    )  # fmt: skip


def live(
    rules: Program, population: Population, members: int, years: int, assumptions: Assumptions = NONE, seed: int = 11
) -> Run:
    return run_agents(Scenario(rules, population, assumptions, members=members, years=years, start=START, seed=seed))


def ledgers(run: Run) -> tuple[LedgerTable, LedgerTable]:
    """Every entry of the program's world and of the baseline."""
    assert run.ledgers is not None
    return run.ledgers


def counted(world: LedgerTable, kind: int, before: int | None = None) -> np.ndarray:
    """How many entries of a kind each member has (before a day)."""
    chosen = world.column("kind") == kind
    if before is not None:
        chosen &= world.column("day") < before
    return np.bincount(world.column("member")[chosen], minlength=world.customers)


def agree(sample: np.ndarray, expected: float) -> None:
    """Whether the mean of one number a member is what theory says, within four standard errors; and these are small enough to tell."""
    error = float(sample.std(ddof=1)) / math.sqrt(len(sample))
    assert error < 0.05 * abs(expected), "too few members to mean anything"
    assert abs(float(sample.mean()) - expected) < 4 * error, (
        f"{sample.mean():.5f}, expected {expected:.5f} +- {error:.5f}"
    )


# --- tiers ------------------------------------------------------------------------------------------------------------
def at_least(k: int, years: float, r: float = 2, alpha: float = 0.5) -> float:
    """P(X >= k): purchases in so many years, Poisson at a gamma rate (negative binomial)."""
    return float(betainc(k, r, years / (alpha + years)))


def test_tiers_by_number_of_purchases() -> None:
    """Rates Gamma(2, .5), practically no death, one year. The joining purchase is an order as well, so that the tier of k repeats asks
    for k + 1 orders."""
    assert at_least(6, 1) == pytest.approx(0.26337, abs=5e-6)
    assert at_least(12, 1) == pytest.approx(0.03854, abs=5e-6)
    rules = program(
        earn=EVERY_UNIT,
        tiers={
            "levels": [
                {"name": "base"},
                {"name": "six", "enter": {"orders": 7}},
                {"name": "twelve", "enter": {"orders": 13}},
            ],
            "window": {"kind": "lifetime"},
            "validity": {"until": "lifetime"},
        },
    )
    mixed = {"model": "pareto_nbd", "unit": "year", "r": 2, "alpha": 0.5, "s": 1, "beta": 1e9}
    world = ledgers(live(rules, people(mixed), 16_000, 1))[0]
    for tier, k in ((1, 6), (2, 12)):
        agree((world.tier >= tier).astype(float), at_least(k, 365 / YEAR))


# --- purchases --------------------------------------------------------------------------------------------------------
def pareto_nbd_repeats(t: float, r: float, alpha: float, s: float, beta: float) -> float:
    """Expected repeat purchases in a time (Schmittlein, Morrison & Colombo 1987)."""
    return r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + t)) ** (s - 1))


def test_cdnow_repeats_after_39_weeks() -> None:
    """39 weeks are 273 whole days, the first of which begins with the joining purchase (not a repeat)."""
    expected = pareto_nbd_repeats(39, 0.5533, 10.578, 0.6062, 11.668)
    assert expected == pytest.approx(1.2134, abs=5e-5)
    run = live(program(earn=EVERY_UNIT), load_population("cdnow"), 40_000, 1)
    for world in ledgers(run):
        agree(counted(world, PURCHASE, to_day(START) + 273) - 1.0, expected)


def test_a_constant_modifier_lifts_repeat_purchases_by_itself() -> None:
    """Everybody stands in the upper tier from the joining purchase on, and nothing else acts: 20 % more repeats in Pareto/NBD, where
    buying more does not kill. Compared member by member, so the error is that of the difference."""
    rules = program(
        earn=EVERY_UNIT,
        tiers={
            "levels": [{"name": "base"}, {"name": "all", "enter": {"orders": 1}}],
            "window": {"kind": "lifetime"},
            "validity": {"until": "lifetime"},
        },
    )
    data = NONE.model_dump(mode="json", by_alias=True)
    run = live(rules, load_population("cdnow"), 6_000, 2, read_assumptions({**data, "status": {"steps": [0.2]}}))
    with_program, without = (counted(each, PURCHASE) - 1.0 for each in ledgers(run))
    assert (with_program >= without).all()
    difference = with_program - 1.2 * without
    error = difference.std(ddof=1) / math.sqrt(len(difference))
    assert error < 0.02 * without.mean()
    assert abs(difference.mean()) < 4 * error


# --- points outstanding -----------------------------------------------------------------------------------------------
def outstanding(world: LedgerTable, days: int) -> np.ndarray:
    """Points each member holds at the end of each day: float64[members, days]."""
    changes = np.zeros((world.customers, days))
    np.add.at(changes, (world.column("member"), world.column("day") - to_day(START)), world.column("points"))
    return np.cumsum(changes, axis=1)


def test_points_under_rolling_expiry() -> None:
    """One point for each unit spent, b = 10 a purchase, four purchases a year, lots live a year, nothing is redeemed: lambda b min(t, E).

    A lot is usable through the same date of the next year, which makes E 366 days. The joining purchase's b points are there until then.
    """
    assert 4 * 35.17 * min(2, 1) == pytest.approx(140.68)
    rules = program(earn=EVERY_UNIT, expiry={"model": "rolling", "months": 12})
    held = outstanding(ledgers(live(rules, poisson_people(), 4_000, 3))[0], 3 * 365)
    for lived in (90, 182, 365, 367, 730, 1095):
        expected = 4 * 10 * min(lived, 366) / YEAR + (10 if lived <= 366 else 0)
        agree(held[:, lived - 1], expected)


@pytest.mark.parametrize("months, years", [(12, 3), (24, 4)])
def test_points_under_calendar_expiry(months: int, years: int) -> None:
    """Lots live to the end of the next (second next) year. In a late year, e being what a year earns: just after the reset (k - 1) e,
    just before the next k e, on average (k - .5) e with k = 2 (3). The joining purchase's points go at that reset."""
    full = months // 12
    rules = program(earn=EVERY_UNIT, expiry={"model": "rolling", "months": months, "round_up": "year"})
    run = live(rules, poisson_people(), 4_000, years)
    days = run.scenario.last_day + 1 - run.scenario.start_day
    last_year = to_day(date(START.year + years - 1, 1, 1)) - to_day(START)
    kept = last_year - (to_day(date(START.year + years - 1 - full, 1, 1)) - to_day(START))
    length = days - last_year
    held = outstanding(ledgers(run)[0], days)
    a_day = 4 * 10 / YEAR
    agree(held[:, last_year - 1], a_day * (kept + 365) + 10)  # what 2025 brought lapses tonight
    agree(held[:, last_year], a_day * (kept + 1))
    agree(held[:, -1], a_day * (kept + length))
    agree(held[:, last_year:].mean(axis=1), a_day * (kept + (length + 1) / 2))
    assert a_day * (kept + (length + 1) / 2) == pytest.approx((full + 0.5) * 4 * 10, rel=0.003)


# --- rewards ----------------------------------------------------------------------------------------------------------
def rewards(mean: float, stamps: int) -> float:
    """Expected completed cards: the sum over j of P(N >= j K), N Poisson."""
    return float(sum(poisson.sf(j * stamps - 1, mean) for j in range(1, 50)))


def test_rewards_of_a_stamp_card() -> None:
    """Ten stamps a reward, five years, four purchases a year for everybody: 1.5466 rewards (the published number is that of plain Poisson
    purchases: with rates Gamma(2, .5) it would be 1.5558). A stamp is a bonus of one point given from the second day on, so that the
    joining purchase brings none and N is Poisson over the days that are left; it is redeemed by itself at ten."""
    assert rewards(20, 10) == pytest.approx(1.5466, abs=5e-5)
    second_day = {"first": str(START + timedelta(days=1)), "last": "2035-01-01"}
    rules = program(
        earn={"bonuses": [{"name": "stamp", "event": "purchase", "points": 1, "dates": [second_day]}]},
        redemption={"automatic": {"at": 10, "worth": 50}},
    )
    run = live(rules, poisson_people(), 4_000, 5)
    days = run.scenario.last_day + 1 - run.scenario.start_day
    world = ledgers(run)[0]
    redeemed = world.column("kind") == REDEEM
    assert set(world.column("day")[redeemed]) <= set(world.column("day")[world.column("kind") == BONUS])
    given = -np.bincount(world.column("member")[redeemed], world.column("points")[redeemed], world.customers) / 10
    assert (given == given.astype(int)).all()
    agree(given, rewards(4 * (days - 1) / YEAR, 10))


# --- returns and those who do not join --------------------------------------------------------------------------------
def lots_by_entries(world: LedgerTable) -> Counter[tuple[int, int, int]]:
    """Points by member and lot, as the entries sum up."""
    names = ("member", "lot_earned_on", "expires_on", "points", "kind")
    found: Counter[tuple[int, int, int]] = Counter()
    for member, earned_on, expires_on, points, kind in zip(
        *(world.column(name).tolist() for name in names), strict=True
    ):
        assert KINDS[kind] != "extend"
        found[member, earned_on, expires_on] += points
    return found


def test_returns_are_refunded_and_conserved() -> None:
    """Three purchases in ten come back after seven days: full refunds of the same orders in both worlds, and points go with them."""
    rules = load_program("mitsui_outlet")
    population = read_population({
        **load_population("department_store_twd").model_dump(mode="json", by_alias=True), "returns": {"share": 0.3, "days": 7},
    })  # fmt: skip
    run = live(rules, population, 2_000, 2)
    for world in ledgers(run):
        kind, day, money = (world.column(name) for name in ("kind", "day", "money"))
        member, order = world.column("member"), world.column("order")
        sold = {
            (m, o): (d, a)
            for m, o, d, a in zip(
                *(each[kind == PURCHASE].tolist() for each in (member, order, day, money)), strict=True
            )
        }
        back = {
            (m, o): (d - 7, -a)
            for m, o, d, a in zip(*(each[kind == REFUND].tolist() for each in (member, order, day, money)), strict=True)
        }
        assert len(back) == int((kind == REFUND).sum())
        assert back.items() <= sold.items()
        could = sum(when + 7 <= run.scenario.last_day for when, _ in sold.values())
        assert abs(len(back) - 0.3 * could) < 4 * math.sqrt(could * 0.3 * 0.7)
    world = ledgers(run)[0]
    assert {KINDS[kind] for kind in set(world.column("kind").tolist())} >= {"reverse", "redeem", "return", "repay"}
    debts = -sum(points for (_, earned_on, _), points in lots_by_entries(world).items() if earned_on >= 10**6)
    left = {key: points for key, points in lots_by_entries(world).items() if points and key[1] < 10**6}
    assert min(left.values()) > 0
    assert debts >= 0
    assert left == Counter(dict.fromkeys(left, 0)) + merged(world)
    assert int(world.column("points").sum()) == sum(left.values()) - debts


def merged(world: LedgerTable) -> Counter[tuple[int, int, int]]:
    """Points left at the end by member and lot."""
    found: Counter[tuple[int, int, int]] = Counter()
    for member, earned_on, expires_on, points, _ in world.lots.tolist():
        found[member, earned_on, expires_on] += points
    return found


def test_customers_who_have_not_joined_earn_nothing() -> None:
    """A customer joins at a purchase with chance .15, the first included: after n of them, with 1 - .85 ** n. Who does not join buys all
    the same, in the same way."""
    population = read_population({
        **load_population("cdnow").model_dump(mode="json", by_alias=True), "joining": {"share": 0.15},
    })  # fmt: skip
    rules = program(earn={**EVERY_UNIT, "bonuses": [{"name": "hello", "event": "join", "points": 5}]})
    run = live(rules, population, 5_000, 2)
    world, baseline = ledgers(run)
    bought = counted(baseline, PURCHASE)
    assert (counted(world, PURCHASE) == bought).all()
    joined = world.joined <= run.scenario.last_day
    chance = 1 - 0.85**bought
    assert abs(joined.sum() - chance.sum()) < 4 * math.sqrt((chance * (1 - chance)).sum())
    assert world.members == joined.sum()
    assert (counted(world, BONUS) == joined).all()
    earned = np.isin(world.column("kind"), (EARN, BONUS))
    assert (world.column("day")[earned] >= world.joined[world.column("member")[earned]]).all()
    assert (counted(world, EARN)[joined] >= 1).all()
    assert baseline.members == 0
    assert (baseline.column("points") == 0).all()


# --- running ----------------------------------------------------------------------------------------------------------
def test_progress_is_told_after_each_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "BLOCK", 40)
    told: list[tuple[int, int]] = []
    scenario = Scenario(program(earn=EVERY_UNIT), poisson_people(), NONE, members=100, years=1, start=START)
    run_agents(scenario, lambda done, of: told.append((done, of)))
    assert told == [(40, 100), (80, 100), (100, 100)]


def test_a_programs_effects_stop_where_the_program_does() -> None:
    """The same program in both worlds: the same ledgers."""
    rules = load_program("mos_burger")
    population = load_population("quick_service_twd")
    run = run_agents(
        Scenario(rules, population, load_assumptions("central"), baseline=rules, members=100, years=1, start=START)
    )
    program_world, baseline = ledgers(run)
    assert np.array_equal(program_world.rows, baseline.rows)
    assert np.array_equal(program_world.lots, baseline.lots)
