"""The search finds optima that are known, says when there is none, and lives its winners again with members it has not seen."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from typer.testing import CliRunner

from apps.cli import app
from simulators.designs import Lived
from simulators.optimise import Trial, optimise, pareto_front
from simulators.simulate import simulate
from simulators.sweep import evaluate
from workbench.errors import BadInput
from workbench.run_document import run_document
from workbench.study.outcomes import Whole
from workbench.study.read import Question, asked
from workbench.study.spec import Goal

NO_ONE_REDEEMS = (
    "population_changes: {redeemers: {never: 1, threshold: 0, choice: 0}, basket: {mean: 200}, price_step: 1}"
)


def question(tmp_path: Path, vary: str, search: str, more: str = "", **options: Any) -> Question:
    file = tmp_path / "study.yaml"
    file.write_text(
        f"schema: 1\ntitle: A search\nquestion: Which?\nprogram: eslite\noutcomes: [incremental_margin]\nvary:\n{vary}\nsearch: {search}\n{more}\n",
        "utf-8",
    )
    return asked(file, **options)


# --- known optima ------------------------------------------------------------------------------------------------------
def test_with_all_effects_off_the_cheapest_program_wins(tmp_path: Path) -> None:
    """Nobody buys more for it, so that every point spent is lost: the search goes to the dearest dollar, and earns nothing by it."""
    vary = (
        "  - {field: program.redemption.money_off.points, name: points, low: 5, high: 60}\n"
        "  - {field: program.earn.rate.per, name: per, low: 30, high: 90}"
    )
    case = question(tmp_path, vary, "{trials: 40, confirm: 2, seed: 3}", "assumptions: none", members=300, years=2)
    document = optimise(case, {})
    assert not document["exhaustive"]
    assert document["tried"] <= 40
    best = document["finalists"][0]
    # cost falls strictly as either rises: the corner is (60, 90), where a full NT$90 brings a sixtieth of a dollar
    (corner,) = evaluate(case, [(60, 90)]).lived
    most = -case_margin(corner)
    least = -best["search"]["incremental_margin"]["value"]
    spends = [-trial["outcomes"]["incremental_margin"]["value"] for trial in document["trials"]]
    assert most <= least <= np.quantile(spends, 0.1)
    assert least < 1.25 * most, "the search ends near the cheapest corner"
    assert best["fresh"]["incremental_margin"]["value"] < 0, "with no effect, a program that is redeemed costs"


def case_margin(lived: Lived) -> float:
    from workbench.study.jackknife import replicates
    from workbench.study.outcomes import OUTCOMES

    return replicates(OUTCOMES["incremental_margin"], lived.sums, lived.whole).whole


def test_where_there_are_few_designs_all_are_tried_and_the_cheapest_is_found(tmp_path: Path) -> None:
    vary = "  - {field: program.redemption.money_off.points, name: points, low: 10, high: 19}"
    document = optimise(
        question(tmp_path, vary, "{trials: 20, confirm: 2}", "assumptions: none", members=200, years=1), {}
    )
    assert document["exhaustive"]
    assert document["tried"] == 10
    assert document["finalists"][0]["values"] == {"points": 19}
    costs = [each["outcomes"]["incremental_margin"]["value"] for each in document["trials"]]
    assert max(costs) == costs[-1]


def extra_share(least: float, mean: float, sd: float, within: float, chance: float) -> float:
    """Mean money by which baskets are topped up to ``least``, over the mean basket, for lognormal baskets: those from least / (1 + within) on are
    topped up with a chance. E[(H - B); H / 1.15 <= B < H] = H (F(H) - F(H / 1.15)) - M (F'(H) - F'(H / 1.15)), F' the distribution of B weighted
    by B, which is lognormal with its log's mean raised by sd ** 2."""
    mu = math.log(mean) - sd**2 / 2
    low, high = math.log(least / (1 + within)), math.log(least)
    share = norm.cdf((high - mu) / sd) - norm.cdf((low - mu) / sd)
    money = mean * (norm.cdf((high - mu - sd**2) / sd) - norm.cdf((low - mu - sd**2) / sd))
    return float(chance * (least * share - money) / mean)


@pytest.mark.slow
def test_with_one_effect_on_it_finds_the_closed_form_optimum(tmp_path: Path) -> None:
    """Members top their baskets up to the least order that earns, do nothing else for the program, and never redeem. The extra sales of a least
    order have a closed form with a maximum inside the range; the search has to end where the form is within 2 % of it."""
    vary = "  - {field: program.earn.minimum_order, name: least, low: 60, high: 900, decimals: 0}"
    more = (
        "assumptions: none\nassumptions_changes: {basket: {chance: 1, within: .15}}\nchanges: {earn: {rounding: {scope: carry}}}\n"
        f"{NO_ONE_REDEEMS}\npopulation: quick_service_twd"
    )
    case = question(tmp_path, vary, "{trials: 48, confirm: 3}", more, members=12_000, years=2)
    people = case.scenario.population
    assert people.basket.model == "lognormal"
    sd = math.hypot(people.basket.sd_within, people.basket.sd_between)
    form = {least: extra_share(least, people.basket.mean_basket, sd, 0.15, 1) for least in range(60, 901)}
    best = max(form, key=lambda least: form[least])
    assert 150 < best < 600, "the maximum is inside the range"
    document = optimise(case, {})
    found = document["finalists"][0]
    assert form[found["values"]["least"]] > 0.98 * form[best]
    fresh = document["finalists"][0]["fresh"]["incremental_margin"]
    low, high = fresh["ci95"]
    assert low < fresh["value"] < high
    run = simulate(case.of((found["values"]["least"],)))
    lift = run_document(run)["lift"]["sales"]["delta_pct"]
    assert lift == pytest.approx(100 * form[found["values"]["least"]], rel=0.05)


# --- confirmation ------------------------------------------------------------------------------------------------------
def test_the_winner_is_lived_again_by_fresh_members_beside_the_searchs_own_figure(tmp_path: Path) -> None:
    vary = "  - {field: program.redemption.money_off.points, name: points, low: 6, high: 14}"
    search = "{trials: 20, confirm: 2, limits: [{outcome: worse_off, at_most: 5}]}"
    case = question(tmp_path, vary, search, members=200, years=1, seed=11)
    document = optimise(case, {})
    assert optimise(case, {}) == document
    finalist = document["finalists"][0]
    assert finalist["seeds"] == [12, 13]
    design = (finalist["values"]["points"],)
    for seed, value in zip((12, 13), finalist["fresh"]["incremental_margin"]["by_seed"], strict=True):
        alone = asked(tmp_path / "study.yaml", members=200, years=1, seed=seed)
        figure = run_document(simulate(alone.of(design)))["economics"]["incremental_margin"]
        assert value == pytest.approx(figure * 1000 / 200, abs=0.05)
    in_search = run_document(simulate(case.of(design)))["economics"]["incremental_margin"]
    assert finalist["search"]["incremental_margin"]["value"] == pytest.approx(in_search * 1000 / 200, abs=0.05)
    assert document["confirmed"] in [each["design"] for each in document["finalists"]]
    for kept in finalist["limits_kept"]:
        assert 0 <= kept["in"] <= kept["of"] == 2
    feasible = {trial["values"]["points"]: trial["feasible"] for trial in document["trials"]}
    assert feasible[10] and not feasible[14], "a dollar for 14 points makes nearly everybody worse off than one for 10"
    assert all(each["outcomes"]["worse_off"]["value"] <= 5 for each in document["trials"] if each["feasible"])


def test_a_sampled_search_is_the_same_again_and_another_with_another_seed(tmp_path: Path) -> None:
    vary = "  - {field: program.redemption.money_off.worth, name: worth, low: .5, high: 2}"
    case = question(tmp_path, vary, "{trials: 12, confirm: 2}", members=60, years=1)
    document = optimise(case, {})
    assert [each["values"] for each in optimise(case, {})["trials"]] == [each["values"] for each in document["trials"]]
    other = asked(tmp_path / "study.yaml", {"seed": 2}, members=60, years=1)
    assert [each["values"] for each in optimise(other, {})["trials"]] != [each["values"] for each in document["trials"]]
    assert all(round(each["values"]["worth"], 2) == each["values"]["worth"] for each in document["trials"])


# --- two goals ---------------------------------------------------------------------------------------------------------
def trial(a: float, b: float) -> Trial:
    lived = Lived("", np.zeros((1, 1), dtype=np.int64), Whole(0, 0, 0, 0, None, (), False, False))
    return Trial((a, b), lived, {"incremental_margin": a, "liability": b}, ())


def test_a_pareto_front_is_what_nothing_beats() -> None:
    goals = [Goal(outcome="incremental_margin"), Goal(outcome="liability", direction="minimise")]
    points = [(1, 1), (2, 2), (3, 5), (2.5, 5), (0, 3), (2, 2), (4, math.nan), (3, 4)]
    front = pareto_front(goals, [trial(*each) for each in points])
    assert [each.design for each in front] == [(3, 4), (2, 2), (2, 2), (1, 1)]


def test_a_search_for_two_goals_gives_a_front_that_is_confirmed(tmp_path: Path) -> None:
    vary = "  - {field: program.redemption.money_off.points, name: points, low: 5, high: 16}"
    search = (
        "{trials: 20, confirm: 2, goals: [{outcome: incremental_margin}, {outcome: reward_rate, direction: minimise}]}"
    )
    document = optimise(question(tmp_path, vary, search, members=300, years=1), {})
    front = [document["trials"][number - 1] for number in document["front"]]
    margins = [each["outcomes"]["incremental_margin"]["value"] for each in front]
    rates = [each["outcomes"]["reward_rate"]["value"] for each in front]
    assert margins == sorted(margins, reverse=True)
    assert rates == sorted(rates, reverse=True)
    assert document["confirmed"] is None
    assert [each["design"] for each in document["finalists"]] == document["front"]


# --- no answer ---------------------------------------------------------------------------------------------------------
def test_a_limit_that_nothing_keeps_is_named_with_the_nearest(tmp_path: Path) -> None:
    vary = "  - {field: program.redemption.money_off.points, name: points, low: 5, high: 8}"
    case = question(
        tmp_path,
        vary,
        "{confirm: 2, limits: [{outcome: reward_rate, at_most: .0001}, {outcome: lift_sales, at_least: 90}]}",
        members=100,
        years=1,
    )
    with pytest.raises(BadInput) as caught:
        optimise(case, {})
    said = [str(each) for each in caught.value.problems]
    assert len(said) == 2
    assert said[0].startswith(
        "search.limits[0]: no design of 4 tried keeps reward_rate at most 0.0001: the nearest is "
    )
    assert said[0].endswith("(points 8)")
    assert said[1].startswith("search.limits[1]: no design of 4 tried keeps lift_sales at least 90")


def test_limits_that_exclude_each_other_are_told_apart_from_those_that_nothing_keeps(tmp_path: Path) -> None:
    vary = "  - {field: program.redemption.money_off.points, name: points, values: [8, 12]}"
    limits = "[{outcome: worse_off, at_most: 5}, {outcome: better_off, at_most: 5}]"
    case = question(tmp_path, vary, f"{{confirm: 2, limits: {limits}}}", members=100, years=1)
    with pytest.raises(BadInput, match="no design of 2 tried keeps all limits together, though each is kept by some"):
        optimise(case, {})


def test_an_outcome_that_the_program_does_not_have_is_no_limit(tmp_path: Path) -> None:
    vary = "  - {field: program.redemption.money_off.points, name: points, values: [8, 12]}"
    case = question(
        tmp_path,
        vary,
        "{confirm: 2, limits: [{outcome: top_tier_share, at_most: 5}]}",
        "changes: {tiers: null}",
        members=50,
        years=1,
    )
    with pytest.raises(BadInput, match="it has no value here"):
        optimise(case, {})


# --- the command -------------------------------------------------------------------------------------------------------
def test_the_command_writes_its_folder_or_nothing(tmp_path: Path) -> None:
    vary = "  - {field: program.redemption.money_off.points, name: points, values: [8, 10, 12]}"
    question(tmp_path, vary, "{confirm: 2}")
    folder = tmp_path / "out"
    words = ["optimise", str(tmp_path / "study.yaml"), "--members", "60", "--years", "1", "--out", str(folder)]
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert json.loads((folder / "optimise.json").read_text("utf-8")) == document
    with (folder / "trials.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["points"] for row in rows] == ["8", "10", "12"]
    assert [row["front"] for row in rows].count("true") == len(document["front"]) == 1
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0
    assert "PROJECTION" in shown.output and "fresh" in shown.output
    question(tmp_path, vary, "{confirm: 2, limits: [{outcome: lift_sales, at_least: 90}]}")
    other = tmp_path / "other"
    wrong = CliRunner().invoke(app, [*words[:-1], str(other)])
    assert isinstance(wrong.exception, BadInput)
    assert not other.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "study.yaml"]
