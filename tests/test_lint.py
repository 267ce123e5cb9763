"""The lint: every planted mistake is found, there and nowhere else; the figures behind it are those of theory, sums by hand, or chance."""

import copy
import json
import math
import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from scipy import stats
from typer.testing import CliRunner

from apps.cli import app
from tests.strategies import draw_case
from workbench.errors import BadInput
from workbench.ledger import Own
from workbench.lint import CODES, FAMILIES, Finding, lint, lint_own
from workbench.lint.finding import SEVERITIES, percent
from workbench.lint.people import People
from workbench.lint.reach import Reacher
from workbench.lint.subject import NOBODY, Subject
from workbench.lint.till import CYCLE, Till, stacked
from workbench.population.load import load_population, shipped_populations
from workbench.population.spec import Population
from workbench.program.load import library, load_program, program_from_mapping
from workbench.program.spec import Program
from workbench.rules.earn_parts import factor_of
from workbench.spec import SpecError

ROOT = Path(__file__).resolve().parents[1]
DATA = YAML(typ="safe").load(ROOT / "tests" / "data" / "lint_plants.yaml")
PLANTS = DATA["plants"]
ALWAYS = {"reward-rate", "tier-reach"}
"""Figures that are told of every program (with tiers)."""


def changed(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The base with some keys set, taken out (None) or appended to (+)."""
    found = copy.deepcopy(base)
    for path, value in change.items():
        *above, last = path.split(".")
        place: Any = found
        for part in above:
            place = place[int(part)] if part.isdigit() else place[part]
        if last == "+":
            place.append(value)
        elif value is None:
            del place[int(last) if last.isdigit() else last]
        else:
            place[int(last) if last.isdigit() else last] = value
    return found


def program(**change: Any) -> Program:
    """The clean program with some keys changed; __ stands for a dot."""
    return program_from_mapping(changed(DATA["base"], {key.replace("__", "."): value for key, value in change.items()}))


def of_code(findings: list[Finding], code: str) -> list[Finding]:
    return [each for each in findings if each.code == code]


# --- planted mistakes ------------------------------------------------------------------------------------------------
def test_the_clean_program_is_clean() -> None:
    assert {each.code for each in lint_own(program())} == ALWAYS
    assert {each.severity for each in lint_own(program())} == {"note"}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant['code']}: {plant['why'][:60]}")
def test_a_planted_mistake_is_found_where_it_stands_and_nowhere_else(plant: dict[str, Any]) -> None:
    found = of_code(lint_own(program_from_mapping(changed(DATA["base"], plant["change"]))), plant["code"])
    assert [each.path for each in found] == plant["paths"]
    assert {each.severity for each in found} == {plant["severity"]}
    for name, value in plant.get("numbers", {}).items():
        assert found[0].numbers[name] == pytest.approx(value, rel=plant.get("tolerance", 1e-6)), name


def test_every_code_is_planted_and_every_plant_has_a_code() -> None:
    assert {plant["code"] for plant in PLANTS} == set(CODES) - ALWAYS
    assert len(CODES) == len(set(CODES))


def test_a_message_holds_its_numbers() -> None:
    """What a message says is not another figure than what the JSON says: spot checks on figures worked by hand above."""
    (found,) = of_code(lint_own(program(redemption__money_off__maximum_share=0.02)), "money-off-excludes-typical-order")
    assert "TWD 2,500" in found.message and "1,702" in found.message and "36.6 %" in found.message


# --- reasons that are recorded ---------------------------------------------------------------------------------------
def test_a_recorded_reason_makes_a_note_of_a_finding() -> None:
    change = {
        "redemption.money_off.block": 1000,
        "accepted": [{"code": "block-above-a-year", "reason": "As published"}],
    }
    found = lint_own(program_from_mapping(changed(DATA["base"], change)))
    (note,) = of_code(found, "block-above-a-year")
    assert (note.severity, note.accepted) == ("note", "As published")
    assert not of_code(found, "accepted-not-found")


def test_a_reason_for_one_place_leaves_the_others() -> None:
    reason = {"code": "reward-behind-automatic", "path": "redemption.catalogue[1]", "reason": "Sold out"}
    change = {"redemption.automatic": {"at": 60, "worth": 60}, "accepted": [reason]}
    found = of_code(lint_own(program_from_mapping(changed(DATA["base"], change))), "reward-behind-automatic")
    assert [(each.path, each.severity) for each in found] == [
        ("redemption.catalogue[0]", "error"),
        ("redemption.catalogue[1]", "note"),
    ]


def test_a_reason_with_a_wrong_code_has_the_nearest_one() -> None:
    reason = {"code": "block-above-year", "reason": "As published"}
    (note,) = of_code(lint_own(program(accepted=[reason])), "accepted-not-found")
    assert note.path == "accepted[0]" and "did you mean 'block-above-a-year'?" in note.message


@pytest.mark.parametrize("slug", library())
def test_shipped_programs_are_clean_or_say_why_not(slug: str) -> None:
    found = lint_own(load_program(slug))
    assert [each for each in found if each.severity != "note"] == []
    assert not of_code(found, "accepted-not-found")
    assert all(each.accepted for each in found if each.code not in ALWAYS | {"item-value-spread", "plan-break-even"})


def test_the_order_is_by_severity() -> None:
    found = lint_own(program(redemption__automatic={"at": 60, "worth": 60}, earn__minimum_order=5000))
    ranks = [SEVERITIES.index(each.severity) for each in found]
    assert ranks == sorted(ranks) and set(ranks) == {0, 1, 2}


# --- documentation, JSON, command line --------------------------------------------------------------------------------
def test_every_code_has_a_paragraph() -> None:
    page = (ROOT / "docs" / "lint.md").read_text("utf-8")
    told = [part for part in page.split("\n\n") if re.match(r"`[a-z-]+` \((error|warning|note)", part)]
    assert sorted(part.split("`")[1] for part in told) == sorted(CODES)
    assert [part for part in told if " To do: " not in part.replace("\n", " ")] == []


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant['code']}: {plant['severity']}")
def test_the_page_names_the_severity(plant: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "lint.md").read_text("utf-8").replace("\n", " ")
    named = re.search(rf"`{plant['code']}` \(([^)]*)\): ", page)
    assert named is not None and plant["severity"] in named[1]


def test_every_family_lists_exactly_what_it_can_say() -> None:
    for family in FAMILIES:
        source = Path(family.__file__ or "").read_text("utf-8")
        assert set(re.findall(r'Finding\(\s*"([a-z-]+)"', source)) == set(family.CODES), family.__name__


def test_the_document_of_a_finding() -> None:
    for slug in ("mos_burger", "breeze", "ledger_spendable"):
        document = json.loads(json.dumps([each.as_json() for each in lint_own(load_program(slug))], allow_nan=False))
        for each in document:
            assert list(each) == ["code", "severity", "path", "message", "numbers", "accepted"]
            assert all(value is None or isinstance(value, int | float) for value in each["numbers"].values())
    endless = Finding("a", "note", "b", "c", {"life_days": math.inf, "points": 3}).as_json()
    assert endless["numbers"] == {"life_days": None, "points": 3}


def written(folder: Path, change: dict[str, Any]) -> str:
    path = folder / "program.yaml"
    YAML().dump(changed(DATA["base"], change), path)
    return str(path)


def test_findings_do_not_decide_the_exit_status(tmp_path: Path) -> None:
    path = written(tmp_path, {"redemption.automatic": {"at": 60, "worth": 60}})
    done = CliRunner().invoke(app, ["validate", path, "--json"])
    document = json.loads(done.stdout)
    assert done.exit_code == 0 and document["valid"] and document["errors"] == []
    assert document["lint"][0]["severity"] == "error"
    shown = CliRunner().invoke(app, ["validate", path], env={"COLUMNS": "200"})
    assert (
        shown.exit_code == 0 and "reward-behind-automatic" in shown.stdout and "redemption.catalogue[1]" in shown.stdout
    )


def test_a_program_that_is_not_valid_is_not_linted(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["validate", written(tmp_path, {"earn.rate.points": 0}), "--json"])
    document = json.loads(done.stdout)
    assert done.exit_code == 2 and not document["valid"] and document["lint"] == []


def test_another_population_can_be_named(tmp_path: Path) -> None:
    path = written(tmp_path, {})
    alone = json.loads(CliRunner().invoke(app, ["validate", path, "--json"]).stdout)
    among = json.loads(CliRunner().invoke(app, ["validate", path, "--json", "--population", "snack_shop"]).stdout)
    margins = [{each["numbers"].get("gross_margin_pct") for each in found["lint"]} for found in (alone, among)]
    assert 30 in margins[0] and 40 in margins[1]
    for name, message in (
        ("cdnow", "expected a population in TWD"),
        ("nowhere", "expected a YAML file, or a shipped name"),
    ):
        done = CliRunner().invoke(app, ["validate", path, "--population", name])
        assert isinstance(done.exception, BadInput)
        assert str(done.exception.problems[0]).startswith(f"--population: {message}")


# --- rates, by hand ---------------------------------------------------------------------------------------------------
def rates_of(slug: str, tier: int = 0) -> list[float]:
    found = of_code(lint_own(load_program(slug)), "reward-rate")[tier].numbers
    return [float(found[name] or 0) for name in ("worst_pct", "typical_pct", "best_pct")]


def test_the_rate_of_mos_burger() -> None:
    """2 points for 500 with the remainder kept are .004 a dollar, whatever the order. Points are worth 85 / 25 = 3.4 as a burger, 40 / 10
    = 4 as tea, which is the nearest reward."""
    assert rates_of("mos_burger") == pytest.approx([1.36, 1.6, 1.6])


def shares_from(people: Population, amounts: np.ndarray) -> np.ndarray:
    """Share of orders from each amount up, by scipy's own lognormal."""
    basket = people.basket
    assert basket.model == "lognormal"
    spread = math.hypot(basket.sd_within, basket.sd_between)
    return stats.lognorm.sf(amounts, spread, scale=basket.mean * math.exp(-(spread**2) / 2))


@pytest.mark.parametrize(
    "slug, per, worth", [("ledger_fixed_rate", 10, 0.1), ("eslite", 50, 0.1), ("mitsui_outlet", 200, 1.0)]
)
def test_the_typical_rate_with_rounding_down(slug: str, per: int, worth: float) -> None:
    """E floor(X / per) is the sum over k of P(X >= k per); X is rounded to whole dollars, so half a dollar less is enough."""
    people = load_population(load_program(slug).population)
    blocks = shares_from(people, per * np.arange(1, 400_000) - 0.5).sum()
    assert rates_of(slug)[1] == pytest.approx(100 * worth * blocks / people.basket.mean_basket, rel=5e-4)
    assert rates_of(slug)[2] == pytest.approx(100 * worth / per)


def test_the_best_rate_of_breeze_is_parking_on_a_tuesday() -> None:
    """6 points for 50, at 30 / 50 a point."""
    assert rates_of("breeze")[2] == pytest.approx(100 * 6 / 50 * 30 / 50)


def test_birthday_points_are_part_of_the_typical_rate() -> None:
    """Without base points only the birthday's 20 points a year are left, for the 80 % whose birthday is known, at 1 a point, on 19,200."""
    earn = {"bonuses": [{"name": "birthday", "event": "birthday", "points": 20}]}
    found = of_code(lint_own(program(earn=earn, tiers=None)), "reward-rate")[0].numbers
    assert found["typical_pct"] == pytest.approx(100 * 20 * 0.8 / 19200)


def test_a_multiplier_in_the_birthday_month_applies_to_one_order_in_fifteen() -> None:
    """80 % of birthdays are known: .8 / 12 of purchases fall in their month."""
    subject = Subject(load_program("mistine"), load_population("beauty_cny"))
    assert subject.till.factors(0).share == pytest.approx({1: 1 - 0.8 / 12, 2: 0.8 / 12})


def test_sundays_are_as_busy_as_the_population_says() -> None:
    """Sunday's weight is 1.3 of a mean of 1; months weigh as they fall, which moves the share a little."""
    subject = Subject(program(), load_population("department_store_twd"))
    share = subject.till.factors(0).share
    one = subject.till.one
    assert share[2 * one] == pytest.approx(1.3 / 7, rel=0.01)
    assert share[one] == pytest.approx(1 - share[2 * one])


def test_points_that_earn_points() -> None:
    """1 point for 100 with the remainder kept, 20 a point: 20 % back; .2 + .04 + .008 + ... = .25."""
    earn = {
        "rate": {"points": 1, "per": 100},
        "rounding": {"scope": "carry"},
        "eligible": {"paid_with_points": "included"},
    }
    (found,) = of_code(
        lint_own(program(earn=earn, tiers=None, redemption={"money_off": {"points": 1, "worth": 20}})),
        "points-earn-points",
    )
    assert found.numbers["once_pct"] == pytest.approx(20) and found.numbers["in_all_pct"] == pytest.approx(25)
    (found,) = of_code(
        lint_own(program(earn=earn, tiers=None, redemption={"money_off": {"points": 1, "worth": 100}})),
        "points-earn-points",
    )
    assert found.severity == "error" and found.numbers["in_all_pct"] is None


# --- the till ----------------------------------------------------------------------------------------------------------
def till_of(slug: str, **earn: Any) -> Till:
    found = load_program(slug)
    found = found.model_copy(update={"earn": found.earn.model_copy(update=earn)})
    return Till(found, People(load_population(found.population)))


def test_the_till_gives_the_worked_numbers_of_the_library() -> None:
    mitsui, after = till_of("mitsui_outlet"), till_of("mitsui_outlet", multiplier_stage="after_rounding")
    assert mitsui.points(995000) == 49
    assert mitsui.points(995000, factor=2 * mitsui.one) == 99
    assert after.points(995000, factor=2 * after.one) == 98
    assert till_of("mos_burger").points(118000) == pytest.approx(2 * 1180 / 500)
    assert till_of("eslite").points(77700) == 15
    assert [till_of("ledger_tier_rate").points(10000, tier) for tier in range(3)] == [10, 15, 20]


@pytest.mark.parametrize("seed", range(60))
def test_multipliers_stack_as_the_rulebook_stacks_them(seed: int) -> None:
    """On drawn programs, ``stacked`` gives what ``factor_of`` gives on every day of a year, in each tier, category and channel."""
    drawn = draw_case(seed)[0].model_copy(update={"currency": "TWD"})
    if not drawn.earn.multipliers:
        return
    try:
        till = Till(drawn, People(load_population("snack_shop")))
    except SpecError:  # factors so fine that the program cannot be run at all
        return
    earn, codes, own = till.earn, till.lowered.codes, Own()
    own.birth_month, own.birth_dom = 5, 14
    birthdays = [(date(2025, 5, 14), 2), (date(2025, 5, 15), 1), (date(2025, 6, 14), 0)]
    for when, state in birthdays:
        day = (when - date(1970, 1, 1)).days
        for tier in range(max(1, till.terms.tiers.count)):
            for category in (*codes.categories.values(), len(codes.categories)):
                for channel in (*codes.channels.values(), len(codes.channels)):
                    applies = [
                        bool(
                            earn.factor_days[k][day - earn.first_day]
                            and earn.factor_tiers[k][tier]
                            and earn.factor_categories[k][category]
                            and earn.factor_channels[k][channel]
                            and (
                                earn.factor_birthday[k] == 0
                                or state == 2
                                or (state == 1 and earn.factor_birthday[k] == 2)
                            )
                        )
                        for k in range(earn.factors)
                    ]
                    expected = factor_of(till.terms, own, tier, day, category, channel)
                    assert stacked(earn, np.array([applies]))[0] == expected


# --- the population ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", shipped_populations())
def test_orders_are_those_of_scipy(name: str) -> None:
    people = People(load_population(name))
    basket = people.population.basket
    if basket.model == "lognormal":
        spread = math.hypot(basket.sd_within, basket.sd_between)
        orders = stats.lognorm(spread, scale=basket.mean * math.exp(-(spread**2) / 2))
    else:
        orders = stats.betaprime(basket.p, basket.q, scale=basket.gamma)
    for share in (0.001, 0.1, 0.5, 0.9, 0.9999):
        assert people.order(share) == pytest.approx(orders.ppf(share), rel=1e-6)
        assert people.orders_from(orders.ppf(share)) == pytest.approx(1 - share, rel=1e-6)
    assert people.orders.amount @ people.orders.weight / 100 == pytest.approx(basket.mean_basket, rel=2e-4)


def test_counts_without_dropout_are_negative_binomial() -> None:
    """One purchase on joining, and NB(r, alpha / (alpha + t)) after it."""
    data = load_population("department_store_twd").model_dump(by_alias=True)
    data["purchases"] = {"model": "nbd", "unit": "year", "r": 0.9, "alpha": 0.15}
    counts = People(Population.model_validate(data)).counts(2.0)
    expected = stats.nbinom.pmf(np.arange(200), 0.9, 0.15 / 2.15)
    assert counts.number[:200].tolist() == list(range(1, 201))
    assert counts.share[:200] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", shipped_populations())
def test_mean_counts_with_dropout_are_those_of_the_pareto_nbd(name: str) -> None:
    """E N(t) = r beta / (alpha (s - 1)) (1 - (beta / (beta + t)) ** (s - 1)), or r beta / alpha log(1 + t / beta) at s = 1 (Schmittlein,
    Morrison & Colombo 1987); refunds thin the purchases after the joining one."""
    population = load_population(name)
    spec = population.purchases
    assert spec.model == "pareto_nbd"
    kept = 1 - population.returns.share
    for years in (0.25, 1.0, 10.0):
        t = years * {"day": 365.25, "week": 365.25 / 7, "year": 1.0}[spec.unit]
        if spec.s == 1:
            mean = spec.r * spec.beta / spec.alpha * math.log1p(t / spec.beta)
        else:
            mean = (
                spec.r * spec.beta / (spec.alpha * (spec.s - 1)) * (1 - (spec.beta / (spec.beta + t)) ** (spec.s - 1))
            )
        counts = People(population).counts(years)
        assert counts.share @ counts.number == pytest.approx(1 + kept * mean, rel=1e-3)


def lived(population: Population, years: float, members: int) -> tuple[np.ndarray, np.ndarray]:
    """Purchases and spend of members drawn one by one: independent of ``people``."""
    rng = np.random.default_rng(7)
    spec, basket = population.purchases, population.basket
    assert spec.model == "pareto_nbd"
    t = years * {"day": 365.25, "week": 365.25 / 7, "year": 1.0}[spec.unit]
    rate = rng.gamma(spec.r, 1 / spec.alpha, members)
    death = rng.exponential(size=members) / rng.gamma(spec.s, 1 / spec.beta, members)
    number = 1 + rng.poisson(rate * np.minimum(death, t))
    owner = np.repeat(np.arange(members), number)
    if basket.model == "lognormal":
        level = rng.normal(-(basket.sd_between**2) / 2, basket.sd_between, members)
        own = rng.normal(-(basket.sd_within**2) / 2, basket.sd_within, len(owner))
        amounts = basket.mean * np.exp(level[owner] + own)
    else:
        amounts = rng.gamma(basket.p, size=len(owner)) / rng.gamma(basket.q, 1 / basket.gamma, members)[owner]
    return number, np.bincount(owner, amounts, members)


@pytest.mark.parametrize("name", ["department_store_twd", "quick_service_twd", "snack_shop", "cdnow"])
def test_shares_of_spend_are_those_of_drawn_members(name: str) -> None:
    """Shares between 30 % and 1 ‰: within three standard errors, and 4 % for the lognormal sum (exact for Gamma-Gamma)."""
    population = load_population(name)
    people, members = People(population), 200_000
    number, spend = lived(population, 1.0, members)
    exact = population.basket.model == "gamma_gamma"
    for share in (0.3, 0.1, 0.01, 0.001):
        for seen, told in (
            ((spend >= (x := np.quantile(spend, 1 - share))).mean(), people.spend_from(float(x), 1.0)),
            ((number >= (n := int(np.quantile(number, 1 - share)))).mean(), _from(people, n)),
        ):
            error = 3 * math.sqrt(seen * (1 - seen) / members)
            assert told == pytest.approx(seen, abs=error + (0 if exact else 0.04 * seen)), (share, seen, told)


def _from(people: People, least: int) -> float:
    counts = people.counts(1.0)
    return float(counts.share[counts.number >= least].sum())


def test_the_largest_plausible_member_is_one_in_ten_thousand() -> None:
    people = People(load_population("department_store_twd"))
    assert people.spend_from(people.largest_spend(1.0), 1.0) == pytest.approx(NOBODY, rel=1e-3)


def test_the_busiest_month_quarter_and_year() -> None:
    people = People(load_population("beauty_cny"))
    assert [people.busiest(months) for months in (1, 3, 6, 12)] == pytest.approx(
        [1.55, (1.05 + 1.55 + 0.9) / 3, (0.8 + 0.85 + 0.95 + 1.05 + 1.55 + 0.9) / 6, 1], rel=5e-3
    )


def test_who_buys_again_in_time() -> None:
    """1 - (alpha / (alpha + t)) ** r."""
    assert People(load_population("snack_shop")).again_within(365.25) == pytest.approx(1 - (0.858 / 1.858) ** 0.6)


# --- who reaches a tier ------------------------------------------------------------------------------------------------
def reacher(levels: list[dict[str, Any]], **change: Any) -> Reacher:
    tiers = {"levels": [{"name": "member"}, *levels], "window": {"kind": "year"}} | change.pop("tiers", {})
    spec = program(tiers=tiers, **{"earn__multipliers": [], "earn__caps": [], **change})
    assert spec.tiers is not None
    return Reacher(Subject(spec, load_population(spec.population)), spec.tiers)


def test_requirements_together_and_either_are_those_of_drawn_members() -> None:
    members = 200_000
    number, spend = lived(load_population("department_store_twd"), 1.0, members)
    for at_least, seen in (
        (None, ((spend >= 30000) & (number >= 10)).mean()),
        (1, ((spend >= 30000) | (number >= 10)).mean()),
    ):
        need = {"spend": 30000, "orders": 10} | ({} if at_least is None else {"at_least": at_least})
        told = reacher([{"name": "gold", "enter": need}]).enter(1)
        assert told.sure and told.possible
        assert told.share == pytest.approx(seen, rel=0.04)


def test_points_are_money_at_the_mean_rate() -> None:
    """300 points at 1 for 100 with the remainder kept are 30,000."""
    kept = {"rate": {"points": 1, "per": 100}, "rounding": {"scope": "carry"}}
    by_points = reacher([{"name": "gold", "enter": {"points": 300}}], earn=kept | {"multipliers": [], "caps": []})
    by_spend = reacher([{"name": "gold", "enter": {"spend": 30000}}])
    assert by_points.enter(1).share == pytest.approx(by_spend.enter(1).share, rel=1e-3)


def test_a_counter_that_starts_again_asks_for_the_thresholds_below_too() -> None:
    levels = [{"name": "silver", "enter": {"spend": 10000}}, {"name": "gold", "enter": {"spend": 20000}}]
    kept = reacher([*levels, {"name": "top", "enter": {"spend": 30000}}])
    assert reacher(levels, tiers={"counter": "reset_lost"}).enter(2).share == pytest.approx(kept.enter(3).share)
    assert reacher(levels).enter(2).share == pytest.approx(kept.enter(2).share)


def test_what_the_population_does_not_know_is_not_called_unreachable() -> None:
    for need in ({"nights": 50}, {"nights": 50, "spend": 9000000, "at_least": 1}):
        assert not reacher([{"name": "gold", "enter": need}]).enter(1).sure
        found = lint_own(program(tiers__levels=[{"name": "member"}, {"name": "gold", "enter": need}]))
        assert not of_code(found, "tier-unreachable") and of_code(found, "tier-reach")


# --- whatever a program says -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(0, 120, 4))
def test_any_program_can_be_linted(seed: int) -> None:
    names = shipped_populations()
    population = load_population(names[seed % len(names)])
    found = lint(draw_case(seed)[0].model_copy(update={"currency": population.currency}), population)
    assert {each.code for each in found} <= set(CODES)
    assert not any(re.search(r"\bnan\b|\binf\b", each.message) for each in found)
    json.dumps([each.as_json() for each in found], allow_nan=False)


@pytest.mark.parametrize("as_of", ["0001-01-01", "2024-02-29", "9999-12-31"])
def test_any_date_will_do(as_of: str) -> None:
    found = lint_own(program(provenance__as_of=date.fromisoformat(as_of)))
    assert {each.code for each in found} == ALWAYS


def test_a_population_without_any_spread() -> None:
    data = load_population("department_store_twd").model_dump(by_alias=True)
    data["basket"] = {"model": "lognormal", "mean": 1000, "sd_within": 0, "sd_between": 0}
    people = People(Population.model_validate(data))
    assert people.order(0.01) == people.order(0.99) == 1000
    counts = people.counts(1.0)
    assert people.spend_from(2999.0, 1.0) == pytest.approx(float(counts.share[counts.number >= 3].sum()))
    assert {each.severity for each in lint(program(), people.population)} <= set(SEVERITIES)


def test_four_years_hold_every_weekday_of_the_calendar() -> None:
    assert CYCLE == 4 * 365 + 1


@pytest.mark.parametrize(
    "share, told", [(0.016, "1.6 %"), (0.58, "58 %"), (0, "0 %"), (1e-9, "less than 0.0001 %"), (25, "2,500 %")]
)
def test_percent(share: float, told: str) -> None:
    assert percent(share) == told
