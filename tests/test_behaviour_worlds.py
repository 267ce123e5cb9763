"""Behaviour lived: what the assumptions do to the same members in two worlds, against theory and against the candidates themselves."""

import math
from collections import Counter
from datetime import date
from typing import Any

import numpy as np
import pytest

from simulators import agents
from simulators.agents import run_agents
from workbench.ledger import PURCHASE, REDEEM, TIER
from workbench.ledger_table import LedgerTable
from workbench.population.behaviour import Assumptions
from workbench.population.load import load_assumptions, load_population, read_assumptions, read_population
from workbench.population.past import EFFECTS
from workbench.population.spec import Population
from workbench.population.strips import candidates, draw_members
from workbench.population.terms import population_terms
from workbench.program.load import load_program
from workbench.program.spec import Program
from workbench.run_document import run_document
from workbench.scenario import Run, Scenario
from workbench.units import to_day

START = date(2025, 1, 1)
YEAR = 365.25
EVERYBODY_UP = {
    "levels": [{"name": "base"}, {"name": "all", "enter": {"orders": 1}}],
    "window": {"kind": "lifetime"},
    "validity": {"until": "lifetime"},
}


def assumed(**parts: Any) -> Assumptions:
    """These effects, and no other."""
    return read_assumptions({**load_assumptions("none").model_dump(mode="json", by_alias=True), **parts})


def constant(factor: float) -> Assumptions:
    """Everybody buys so many times as often in the upper tier, where ``EVERYBODY_UP`` puts them with their first purchase."""
    return assumed(status={"steps": [factor - 1]})


def program(**parts: Any) -> Program:
    return Program.model_validate(
        {
            "schema": 1, "title": "Worlds", "currency": "TWD", **parts,
            "provenance": {"source": "theory", "as_of": "2025-01-01", "confidence": "high"},
        }
    )  # fmt: skip


def people(mean: float = 100, a_year: float = 4, **rest: Any) -> Population:
    """Customers who all buy alike, at one rate, and never leave."""
    return read_population(
        {
            "schema": 1, "title": "Alike", "currency": "TWD", "source": "theory", "as_of": "2025-01-01",
            "purchases": {"model": "nbd", "unit": "year", "r": 1e6, "alpha": 1e6 / a_year},
            "basket": {"model": "lognormal", "mean": mean, "sd_within": 0, "sd_between": 0}, **rest,
        }
    )  # fmt: skip


def live(
    rules: Program, population: Population, behaviour: Assumptions, members: int, years: int = 2, seed: int = 5
) -> Run:
    return run_agents(Scenario(rules, population, behaviour, members=members, years=years, start=START, seed=seed))


def worlds(run: Run) -> tuple[LedgerTable, LedgerTable]:
    assert run.ledgers is not None
    return run.ledgers


def bought(world: LedgerTable) -> Counter[tuple[int, int, int]]:
    """(member, day, amount) of every purchase."""
    chosen = world.column("kind") == PURCHASE
    return Counter(zip(*(world.column(name)[chosen].tolist() for name in ("member", "day", "money")), strict=True))


def counted(world: LedgerTable) -> np.ndarray:
    return np.bincount(world.column("member")[world.column("kind") == PURCHASE], minlength=world.customers)


# --- identities ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["mitsui_outlet", "mos_burger"])
def test_no_effect_is_the_same_life(name: str) -> None:
    """Where nothing is assumed, members and non-members buy the same in both worlds, whatever they earn and redeem: the lift is 0."""
    rules = load_program(name)
    data = load_population(rules.population).model_dump(mode="json", by_alias=True)
    run = live(rules, read_population({**data, "joining": {"share": 0.15}}), load_assumptions("none"), 400, 3)
    with_program, without = worlds(run)
    assert (with_program.column("kind") == REDEEM).any()
    assert 0 < with_program.members < with_program.customers
    assert bought(with_program) == bought(without)
    document = run_document(run)
    for figure in ("purchases", "sales", "repurchase_rate"):
        assert document["lift"][figure]["delta_pct"] == 0
        assert document["lift"][figure]["ci95"] == [0, 0]
    assert document["warnings"] == []
    assert {each["mean_factor"] for each in document["behaviour"]["effects"]} == {1}
    assert document["behaviour"]["clip"] == {"low": 0, "high": 0}
    assert document["behaviour"]["looked_at"] > 0


@pytest.mark.parametrize("factor", [0.6, 1.2, 2.5])
def test_a_constant_factor_lifts_repeat_purchases_by_itself(factor: float) -> None:
    """Pareto/NBD: all repeats are so many times as many, by deleting ordinary ones below 1 and by one or two further strips above it."""
    rules = program(tiers=EVERYBODY_UP)
    run = live(rules, load_population("cdnow"), constant(factor), 3_000)
    repeats, plain = (counted(each) - 1.0 for each in worlds(run))
    difference = repeats - factor * plain
    error = difference.std(ddof=1) / math.sqrt(len(difference))
    assert error < 0.04 * plain.mean()
    assert abs(difference.mean()) < 4 * error
    assert (repeats <= plain).all() if factor < 1 else (repeats >= plain).all()
    assert run.responses.mean_factors["status"] == pytest.approx(factor)


def test_the_baseline_is_a_subset_of_the_program() -> None:
    """Nothing deletes a purchase where no effect is below 1, nobody is displaced and members live at least as long; with baskets as they
    are, every purchase of the baseline is one of the program's, and some are its own."""
    central = load_assumptions("central").model_dump(mode="json", by_alias=True)
    kind = {**central, "demotion": {"strength": 0, "death": 0}, "basket": {"chance": 0}}
    rules = load_program("mitsui_outlet")
    with_program, without = worlds(live(rules, load_population(rules.population), read_assumptions(kind), 500, 3))
    assert bought(without) < bought(with_program)


def test_the_baseline_does_not_know_what_is_assumed() -> None:
    rules = load_program("mos_burger")
    runs = [
        live(rules, load_population(rules.population), load_assumptions(name), 60) for name in ("none", "responsive")
    ]
    assert (worlds(runs[0])[1].rows == worlds(runs[1])[1].rows).all()


# --- each effect in a life -----------------------------------------------------------------------------------------
def test_novelty_fades_as_it_should() -> None:
    """All join on the first day and buy at one rate; the mean factor over the candidates of two years is that of their days."""
    days = np.arange(730)
    effect = assumed(novelty={"strength": 0.1, "decay_days": 180})
    run = live(program(), people(), effect, 2_000)
    fade = np.exp(-days / 180)
    looks = run.responses.total("looks")
    error = 0.1 * fade.std() / math.sqrt(looks)
    assert error < 0.001
    assert abs(run.responses.mean_factors["novelty"] - (1 + 0.1 * fade.mean())) < 4 * error
    assert {name for name, mean in run.responses.mean_factors.items() if mean != 1} == {"novelty"}


def test_a_redemption_is_remembered_only_if_asked_for() -> None:
    """Ten points a purchase: redeemed by themselves nobody remembers, redeemed on demand they do."""
    effect = assumed(rewarded={"strength": 0.1})
    earn = {"bonuses": [{"name": "stamp", "event": "purchase", "points": 10}]}
    by_itself = program(earn=earn, redemption={"automatic": {"at": 20, "worth": 5}})
    gift = {"catalogue": [{"name": "gift", "points": 20, "face_value": 5, "unit_cost": 5}]}
    asked = program(earn=earn, redemption=gift)
    runs = [live(each, people(), effect, 200) for each in (by_itself, asked)]
    assert all((worlds(run)[0].column("kind") == REDEEM).any() for run in runs)
    assert runs[0].responses.mean_factors["rewarded"] == 1
    assert 1 < runs[1].responses.mean_factors["rewarded"] < 1.1


YEARLY = {
    "levels": [{"name": "base"}, {"name": "upper", "enter": {"orders": 5}}],
    "window": {"kind": "year"},
    "validity": {"until": "period_end"},
}


def test_only_the_demoted_leave_sooner() -> None:
    """A fall raises the death rate and does nothing else: who never fell lives both worlds alike, who fell buys no more than without, up
    to the fall the same, and some buy less."""
    effect = assumed(demotion={"strength": 0, "death": 5})
    data = load_population("cdnow").model_dump(mode="json", by_alias=True)
    often = read_population({**data, "purchases": {**data["purchases"], "unit": "week", "alpha": 2.0}})
    with_program, without = worlds(live(program(tiers=YEARLY), often, effect, 1_500, 3))
    kind, rule = with_program.column("kind"), with_program.column("rule")
    falls = (kind == TIER) & (rule == with_program.rules.index("tiers.base"))
    fell = np.zeros(with_program.customers, dtype=bool)
    fell[with_program.column("member")[falls]] = True
    first = {}
    for member, day in zip(with_program.column("member")[falls], with_program.column("day")[falls], strict=True):
        first.setdefault(int(member), int(day))
    assert 100 < fell.sum() < 1_400
    a, b = bought(with_program), bought(without)
    assert a < b
    gone = b - a
    assert all(day >= first[member] for member, day, _ in gone)
    assert len({member for member, _, _ in gone}) > 20


def test_the_demoted_buy_less_often() -> None:
    """q = .5 just after a fall on 1 January: purchases of the first month after it are halved (a little less: the effect fades)."""
    effect = assumed(demotion={"strength": 0.5, "death": 0, "decay_days": 3650})
    run = live(program(tiers=YEARLY), people(a_year=8), effect, 3_000)
    with_program, without = worlds(run)
    second = to_day(date(2026, 1, 1))
    rows = with_program.rows[(with_program.column("kind") == TIER) & (with_program.column("day") == second)]
    fell = set(rows[:, 0].tolist())
    assert len(fell) > 1_000
    window = range(second, second + 31)
    counts = [
        sum(n for (member, day, _), n in bought(each).items() if member in fell and day in window)
        for each in (with_program, without)
    ]
    expected = 1 - 0.5 * np.exp(-np.arange(31) / 3650).mean()
    error = math.sqrt(expected * (1 - expected) * counts[1])
    assert abs(counts[0] - expected * counts[1]) < 4 * error
    assert counts[0] < 0.6 * counts[1]


def test_baskets_are_topped_up_for_members_only() -> None:
    """Baskets of 190 and blocks of 200: all of a member's are topped up, but for the purchase at which they join."""
    rules = program(earn={"rate": {"points": 1, "per": 200}})
    run = live(rules, people(190, joining={"share": 0.5}), assumed(basket={"chance": 1}), 300)
    with_program, without = worlds(run)
    assert set(without.column("money")[without.column("kind") == PURCHASE].tolist()) == {19_000}
    amounts = Counter()
    for (member, day, amount), n in bought(with_program).items():
        joined = with_program.joined[member]
        amounts["before" if day < joined else "at" if day == joined else "after", amount] += n
    assert {key for key in amounts if key[0] != "at"} == {("before", 19_000), ("after", 20_000)}
    assert amounts["at", 19_000] >= with_program.members
    assert run.responses.total("topped_up") == amounts["after", 20_000] + amounts["at", 20_000]
    assert counted(with_program).tolist() == counted(without).tolist()
    far = live(rules, people(170), assumed(basket={"chance": 1}), 30)
    assert bought(worlds(far)[0]) == bought(worlds(far)[1])


def test_an_extra_purchase_removes_exactly_the_next_ordinary_one() -> None:
    """A factor of 1.3 and certain displacement, worked out from the candidates: every accepted one of strip 1 takes out the next one
    of strip 0 that is not taken out yet."""
    population = people(a_year=12)
    behaviour = read_assumptions({**constant(1.3).model_dump(mode="json", by_alias=True), "displacement": {"share": 1}})
    members = 300
    run = live(program(tiers=EVERYBODY_UP), population, behaviour, members)
    with_program, without = worlds(run)
    terms = population_terms(population, to_day(START), run.scenario.last_day + 1)
    drawn = draw_members(population, terms, run.scenario.seed, 0, members)
    expected: Counter[tuple[int, int]] = Counter()
    removed = extras = 0
    for i in range(members):
        found = candidates(terms, drawn, i)
        events = list(zip(found.time.tolist(), found.strip.tolist(), found.v.tolist(), found.day.tolist(), strict=True))
        taken: set[float] = set()
        for time, strip, v, day in events:
            if strip == 1 and v <= 0.3:
                extras += 1
                expected[i, day] += 1
                later = [t for t, s, _, _ in events if s == 0 and t > time and t not in taken]
                if later:
                    taken.add(later[0])
        removed += len(taken)
        for time, strip, _, day in events:
            if strip <= 0 and time not in taken:
                expected[i, day] += 1
    lived: Counter[tuple[int, int]] = Counter()
    for (member, day, _), n in bought(with_program).items():
        lived[member, day] += n
    assert lived == expected
    assert extras > 1_000
    assert run.responses.total("removed") == removed > 0.9 * extras
    assert counted(with_program).sum() == counted(without).sum() + extras - removed


def test_part_of_the_extra_purchases_displaces() -> None:
    """delta = .5: half of the extra purchases take one out. They come at a quarter of the pace of ordinary ones, so that on average a third of a
    purchase still waits to be taken out at the end (the queue M/M/1 at a load of 1/4: mean 1/3, variance 4/9)."""
    behaviour = read_assumptions(
        {**constant(1.5).model_dump(mode="json", by_alias=True), "displacement": {"share": 0.5}}
    )
    run = live(program(tiers=EVERYBODY_UP), people(a_year=12), behaviour, 500)
    with_program, without = (counted(each).sum() for each in worlds(run))
    removed = run.responses.total("removed")
    extras = with_program - without + removed
    assert extras > 4_000
    assert abs(removed - (extras / 2 - 500 / 3)) < 4 * math.sqrt(extras / 4 + 500 * 4 / 9)


# --- reporting -----------------------------------------------------------------------------------------------------
def test_responses_do_not_depend_on_how_members_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = load_program("mitsui_outlet")
    story = (rules, load_population(rules.population), load_assumptions("central"), 120)
    whole = live(*story).responses.sums
    monkeypatch.setattr(agents, "BLOCK", 7)
    assert (live(*story).responses.sums == whole).all()
    assert whole[0] > 0


def test_clip_shares_are_reported() -> None:
    """In the upper tier all are from their first purchase: a factor inside the bounds meets none, 3 times 1.5 always does."""
    for factor, share in ((2.9, {"low": 0, "high": 0}), (0.5, {"low": 0, "high": 0})):
        assert live(program(tiers=EVERYBODY_UP), people(), constant(factor), 50).responses.clipped == share
    both = read_assumptions(
        {**constant(3).model_dump(mode="json", by_alias=True), "novelty": {"strength": 0.5, "decay_days": 3650}}
    )
    found = live(program(tiers=EVERYBODY_UP), people(), both, 50).responses
    assert found.clipped == {"low": 0, "high": 1}
    assert found.mean_factors["status"] == pytest.approx(3)


@pytest.mark.parametrize("name, purchases_a_year", [("mos_burger", None), ("mitsui_outlet", None), ("grocery", 40)])
def test_central_lift_is_plausible(name: str, purchases_a_year: int | None) -> None:
    """A restaurant chain, an outlet, and a grocer's whose ten points are worth one dollar: 1 to 8 % more purchases."""
    if name == "grocery":
        rules = program(
            earn={"rate": {"points": 1, "per": 1}},
            redemption={"money_off": {"points": 10, "worth": 1}},
            expiry={"model": "rolling", "months": 12, "round_up": "year"},
        )
        data = load_population("quick_service_twd").model_dump(mode="json", by_alias=True)
        data["purchases"] = {**data["purchases"], "alpha": data["purchases"]["r"] / purchases_a_year}
        population, members = read_population(data), 300
    else:
        rules, members = load_program(name), 800
        population = load_population(rules.population)
    document = run_document(live(rules, population, load_assumptions("central"), members, 3))
    low, high = document["lift"]["purchases"]["ci95"]
    assert 1 < low < high < 8
    assert document["warnings"] == []
    behaviour = document["behaviour"]
    factors = {each["name"]: each["mean_factor"] for each in behaviour["effects"]}
    assert set(factors) == set(EFFECTS)
    assert [abs(mean - 1) for mean in factors.values()] == sorted(
        (abs(mean - 1) for mean in factors.values()), reverse=True
    )
    assert behaviour["drivers"] == [each for each in factors if factors[each] != 1]
    assert factors["coupon"] == factors["message"] == 1


def test_an_implausible_lift_is_warned_of() -> None:
    run = live(program(tiers=EVERYBODY_UP), people(), constant(1.2), 100)
    first, second = run_document(run)["warnings"]
    assert first.startswith("The program changes purchases by +1")
    assert second.startswith("The program changes sales by +1")
    assert "status (mean factor 1.200); death rate of members x 1." in first
    other = Scenario(
        program(tiers=EVERYBODY_UP), people(), constant(1.2), baseline=program(), members=100, years=2, start=START
    )
    assert run_document(run_agents(other))["warnings"] == []  # the difference of two programs may be any
