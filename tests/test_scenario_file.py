"""Scenario files: what they say, where their mistakes stand, and that the shipped ones are lived."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from apps.cli import app
from workbench.errors import BadInput
from workbench.finance.accounting.policy import load_policy
from workbench.program.load import load_program
from workbench.run_books import books_of_folder, value_books
from workbench.run_folder import RunFolder, scenario_of_run
from workbench.scenario_file import SCENARIOS, find_scenario, is_scenario, lived, read_scenario, scenario_names

BASE: dict[str, Any] = {
    "schema": 1, "title": "A test", "question": "What if?", "program": "mitsui_outlet", "members": 60, "years": 1,
    "arms": [{"name": "silver_50000", "changes": {"tiers": {"validity": {"until": "lifetime"}}}}],
}  # fmt: skip


def written(folder: Path, **changes: Any) -> Path:
    path = folder / "scenario.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(BASE | changes, file)
    return path


def refused(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(BadInput) as caught:
        lived(read_scenario(path), path)
    return [(each.path, each.message) for each in caught.value.problems]


def test_an_arm_is_today_s_program_with_its_changes(tmp_path: Path) -> None:
    path = written(tmp_path)
    scenario, programs, names = lived(read_scenario(path), path)
    today = load_program("mitsui_outlet")
    assert names == ["today", "silver_50000"]
    assert programs[0] == scenario.program == today
    assert today.tiers is not None and programs[1].tiers is not None
    assert programs[1].tiers.validity.until == "lifetime"
    assert programs[1].tiers.levels == today.tiers.levels
    assert programs[1].earn == today.earn
    assert (scenario.members, scenario.years, scenario.population.title) == (60, 1, "Department store, Taiwan")


def test_a_null_takes_a_key_out_and_a_list_replaces(tmp_path: Path) -> None:
    changes = {
        "earn": {"multipliers": [{"name": "sunday", "factor": 3, "weekdays": ["sun"]}]},
        "expiry": {"round_up": None},
    }
    path = written(tmp_path, arms=[{"name": "a", "changes": changes}])
    program = lived(read_scenario(path), path)[1][1]
    assert [each.name for each in program.earn.multipliers] == ["sunday"]
    assert getattr(program.expiry, "round_up", "") is None


def test_population_and_assumptions_may_differ(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        population_changes={"shocks": {"sales": [{"first": "2025-03-01", "last": "2025-05-31", "factor": 0.5}]}},
        assumptions_changes={"status": {"steps": [0.1]}},
    )
    scenario = lived(read_scenario(path), path, members=7)[0]
    assert scenario.population.shocks.sales[0].factor == 0.5
    assert scenario.assumptions.status.steps == (0.1,)
    assert scenario.members == 7


def test_shocks_are_felt_in_every_world_and_may_stand_in_the_scenario(tmp_path: Path) -> None:
    rush = {"first": "2025-05-01", "last": "2025-06-30", "odds": 4}
    sales = {"first": "2025-03-01", "last": "2025-05-31", "factor": 0.5}
    path = written(
        tmp_path,
        population_changes={"shocks": {"sales": [sales], "basket_inflation": 0.03}},
        shocks={
            "redemption": [rush],
            "basket_inflation": 0.01,
            "cost_of_points": [{"first": "2025-07-01", "factor": 1.5}],
        },
    )
    scenario = lived(read_scenario(path), path)[0]
    shocks = scenario.population.shocks
    assert (shocks.redemption[0].odds, shocks.sales[0].factor, shocks.basket_inflation) == (4, 0.5, 0.01)
    assert [float(each) for each in scenario.cost_factors] == [1.0] * 6 + [1.5] * 6


def test_dearer_points_cost_more_from_their_day_on_and_move_no_entry(tmp_path: Path) -> None:
    documents = []
    for shocks in ({}, {"cost_of_points": [{"first": "2025-07-01", "factor": 2}]}):
        path = written(tmp_path, shocks=shocks, members=150)
        told = CliRunner().invoke(app, ["compare", str(path), "--json"], catch_exceptions=False).stdout
        documents.append(json.loads(told)["programs"]["today"])
        folder = tmp_path / f"run{len(documents)}"
        CliRunner().invoke(app, ["run", str(path), "--out", str(folder)], catch_exceptions=False)
    plain, dearer = documents
    assert plain["digest"] == dearer["digest"], "no entry moves"
    assert plain["provenance"]["scenario"] != dearer["provenance"]["scenario"], "but it is another scenario"
    statements = []
    for number in (1, 2):
        rows = pq.read_table(tmp_path / f"run{number}" / "cost_statement.parquet").to_pylist()
        statements.append({row["month"]: row["money"] for row in rows if row["line"] == "points"})
    assert len(statements[0]) > 8
    for month, cost in statements[0].items():
        assert statements[1][month] == pytest.approx(cost * (2 if month.month >= 7 else 1), abs=0.006), month
    assert dearer["liability"]["cost_basis"] == pytest.approx(2 * plain["liability"]["cost_basis"], abs=0.02)
    assert dearer["liability"]["contract"] == plain["liability"]["contract"], "what was sold is deferred as it was"
    found = value_books(books_of_folder(RunFolder(tmp_path / "run2")), load_policy("default"), date(2025, 12, 31))
    once = value_books(books_of_folder(RunFolder(tmp_path / "run1")), load_policy("default"), date(2025, 12, 31))
    assert found.close.worth.cost == 2 * once.close.worth.cost
    assert scenario_of_run(RunFolder(tmp_path / "run2")).cost_of_points == ((date(2025, 7, 1), 2.0),)


def test_mistakes_stand_where_they_are_in_the_arm(tmp_path: Path) -> None:
    arms = [
        {"name": "a", "changes": {"earn": {"rte": {"points": 1, "per": 1}}}},
        {"name": "b", "changes": {"currency": "USD"}},
        {"name": "c", "changes": {"expiry": {"model": "none", "colour": None}}},
        {"name": "d", "program": "haidilao"},
    ]
    found = dict(refused(written(tmp_path, arms=arms)))
    assert "unknown key" in found["arms[0].changes.earn.rte"]
    assert found["arms[1].changes.currency"] == "an arm cannot change this"
    assert "nothing to take out" in found["arms[2].changes.expiry.colour"]
    assert "currencies are not compared" in found["arms[3].program"]


@pytest.mark.parametrize(
    "changes, place",
    [
        ({"arms": []}, "arms"),
        ({"arms": [{"name": "today", "changes": {"title": "x"}}]}, "arms[0].name"),
        ({"arms": [{"name": "a"}]}, "arms[0]"),
        ({"arms": [{"name": "a", "changes": {"title": "x"}, "transition": {"lots": "later"}}]}, "arms[0].transition"),
        ({"program": "mitsui_outlt"}, "program"),
        ({"members": 0}, "members"),
        ({"qestion": "x"}, "qestion"),
        ({"shocks": {"cost_of_points": [{"first": "2025-07-02", "factor": 2}]}}, "shocks.cost_of_points[0].first"),
        ({"shocks": {"cost_of_points": [{"first": "2025-07-01", "factor": 2}] * 2}}, "shocks.cost_of_points[1].first"),
        ({"shocks": {"cost_of_points": [{"first": "2025-07-01", "factor": -1}]}}, "shocks.cost_of_points[0].factor"),
        ({"shocks": {"redemption": [{"first": "2025-07-01", "last": "2025-06-01"}]}}, "shocks.redemption[0].last"),
        (
            {"shocks": {"redemption": [{"first": "2025-07-01", "last": "2025-08-01", "odds": 0}]}},
            "shocks.redemption[0].odds",
        ),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, changes: dict[str, Any], place: str) -> None:
    assert place in [path for path, _ in refused(written(tmp_path, **changes))]


def test_what_stands_in_the_file_is_no_option() -> None:
    with pytest.raises(BadInput, match="this stands in the scenario's file"):
        CliRunner().invoke(app, ["compare", "expiry", "--population", "cdnow"], catch_exceptions=False)


def test_a_program_s_file_is_no_scenario(tmp_path: Path) -> None:
    assert is_scenario("expiry") and not is_scenario("mitsui_outlet")
    assert is_scenario(str(written(tmp_path))) and not is_scenario("programs/mitsui_outlet.yaml")


def test_run_takes_the_first_arm_beside_today_s_program() -> None:
    found = CliRunner().invoke(
        app, ["run", "expiry", "--members", "80", "--years", "1", "--json"], catch_exceptions=False
    )
    document = json.loads(found.stdout)
    assert (document["provenance"]["program"], document["provenance"]["baseline"]) == ("months_24", "today")
    assert (document["members"], document["end"]) == (80, "2025-12-31")


# --- the shipped ones --------------------------------------------------------------------------------------------------
def test_at_least_eight_are_shipped_with_both_languages() -> None:
    assert len(scenario_names()) >= 8
    for name in scenario_names():
        file = read_scenario(name)
        assert file.title_zh and file.question_zh and file.question.endswith("?")
        assert all(arm.title and arm.title_zh for arm in file.arms)


@pytest.mark.parametrize("name", scenario_names())
def test_a_shipped_scenario_is_lived(name: str) -> None:
    file = read_scenario(name)
    found = CliRunner().invoke(app, ["compare", name, "--members", "120", "--json"], catch_exceptions=False)
    document = json.loads(found.stdout)
    arms = [arm.name for arm in file.arms]
    assert list(document["programs"]) == ["today", *arms]
    for each in document["differences"]:
        worth, parts = each["worth"], each["decomposition"]
        assert worth["winners"] + worth["losers"] + worth["unchanged"] == 120
        assert round(sum(factor["sales"] for factor in parts["factors"]) - parts["sales"], 2) == 0


@pytest.mark.parametrize("name", scenario_names())
def test_the_results_beside_a_scenario_are_its_own(name: str) -> None:
    """They were made from the scenario as it stands: its inputs have the digest they record."""
    kept = json.loads((SCENARIOS / "results" / f"{name}.json").read_text("utf-8"))
    scenario, programs, names = lived(read_scenario(name), find_scenario(name))
    made = {
        each: scenario.beside(program, scenario.baseline).digest()
        for each, program in zip(names, programs, strict=True)
    }
    assert {each: kept["programs"][each]["provenance"]["scenario"] for each in names} == made
