"""``loyalty redemption`` and ``loyalty backtest`` on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli import document, printed, refusal
from tests.test_triangle import OWN

LEDGER = ("--valuation", "2016-12-31")


@pytest.fixture
def triangle(tmp_path: Path) -> str:
    path = tmp_path / "triangle.csv"
    path.write_text(OWN, "utf-8")
    return str(path)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("replayed") / "ledger.csv"
    printed("replay", "mos_burger", "examples/mos_orders.csv", "--as-of", "2016-12-31", "--ledger", str(path))
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("lived") / "run"
    printed("run", "mos_burger", "--members", "60", "--years", "2", "--engine", "agents", "--out", str(path))
    return str(path)


def test_a_triangle_of_ones_own(triangle: str) -> None:
    """The figures worked by hand in test_redemption_rates.py."""
    found = document("redemption", triangle, "--a-priori", "0.5")
    assert found["kind"].startswith("ESTIMATE")
    assert found["points"] == {"issued": 4700, "redeemed": 1710, "expired": 0, "outstanding": 2990, "owed": 0}
    totals = {method: 1710 + each["to_come"] for method, each in found["methods"].items()}
    assert totals == pytest.approx(
        {"hazard": 2381.8055, "chain_ladder": 2403.1378, "bornhuetter_ferguson": 2378.7925, "cape_cod": 2390.2463, "additive": 2385.875},
        abs=1e-4,
    )  # fmt: skip
    assert found["methods"]["chain_ladder"]["standard_error"] == pytest.approx(66.3135, abs=1e-4)
    assert found["cohorts"][1]["ultimate"]["hazard"] == pytest.approx(518.1818, abs=1e-4)
    assert found["interval"] is None and found["run_off"] is None


def test_a_triangle_as_it_stood_before(triangle: str) -> None:
    assert document("redemption", triangle, "--valuation", "2024-03-31")["points"]["issued"] == 3200
    assert refusal("redemption", triangle, "--valuation", "2024-05-31").startswith(
        "--valuation: expected a month from 2024-01"
    )
    assert refusal("redemption", triangle, "--quarters").startswith(
        "--quarters: expected a valuation at the end of a quarter"
    )


def test_a_ledger(ledger: str) -> None:
    found = document("redemption", ledger, *LEDGER)
    assert found["points"] == {"issued": 88, "redeemed": 40, "expired": 4, "outstanding": 44, "owed": 0}
    assert found["interval"]["draws"] == 400
    levels = [found["interval"][name] for name in ("p5", "p50", "p75", "p95")]
    assert levels == sorted(levels)
    assert found == document("redemption", ledger, *LEDGER)
    assert found["interval"] != document("redemption", ledger, *LEDGER, "--seed", "2")["interval"]
    assert document("redemption", ledger, *LEDGER, "--draws", "0")["interval"] is None
    shown = printed("redemption", ledger, *LEDGER)
    assert "400 draws of members" in shown


def test_the_folder_of_a_run_and_its_run_off(folder: str) -> None:
    found = document("redemption", folder, "--run-off", "2")
    assert found["kind"].startswith("PROJECTION")
    lived = found["run_off"]
    assert lived["seeds"] == [2, 3]
    gone = sum(sum(month[flow] for flow in ("redeemed", "expired", "reversed")) for month in lived["by_month"])
    assert gone == pytest.approx(found["points"]["outstanding"])
    assert sum(month["redeemed"] for month in lived["by_month"]) == pytest.approx(lived["to_come"])
    assert sum(month["redeemed"] for month in lived["by_month"][:12]) == pytest.approx(lived["within_12_months"])
    assert (found["valuation"], lived["by_month"][0]["month"]) == ("2026-12", "2027-01")
    assert "run off" in printed("redemption", folder, "--run-off", "2")


def test_a_ledger_is_lived_on_by_as_many_members(ledger: str) -> None:
    """Eight members, whose oldest lots are of 2013; every point of the ledger comes to an end in the populations."""
    found = document("redemption", ledger, *LEDGER, "--run-off", "2", "--program", "mos_burger")
    assert found["kind"].startswith("ESTIMATE")
    lived = found["run_off"]
    assert lived["kind"].startswith("PROJECTION") and lived["program"] == "MOS Burger"
    gone = sum(sum(month[flow] for flow in ("redeemed", "expired", "reversed")) for month in lived["by_month"])
    assert gone == pytest.approx(44)


def test_a_folder_that_was_changed_is_not_lived_on(folder: str, tmp_path: Path) -> None:
    manifest = Path(folder) / "manifest.json"
    said: dict[str, Any] = json.loads(manifest.read_text("utf-8"))
    before = manifest.read_text("utf-8")
    said["scenario"]["members"] = 61
    manifest.write_text(json.dumps(said), "utf-8")
    try:
        assert "they were changed since" in refusal("redemption", folder, "--run-off", "2")
    finally:
        manifest.write_text(before, "utf-8")


def test_the_liability_has_levels_of_confidence(folder: str, ledger: str) -> None:
    """Of a run's folder (lived again), a ledger and a program; the middle is near the liability itself."""
    sources = ([folder, "--valuation", "2026-12-31"], [ledger, "--program", "mos_burger", *LEDGER],
               ["mos_burger", "--members", "40", "--years", "2", "--engine", "agents", "--valuation", "2026-12-31"])  # fmt: skip
    for words in sources:
        found = document("liability", *words)
        levels = [found[name] for name in ("p50", "p75", "p95")]
        assert levels == sorted(levels)
        assert levels[0] > 0
        assert document("liability", *words, "--draws", "0")["p50"] is None


def test_mistakes(triangle: str, ledger: str, tmp_path: Path) -> None:
    assert refusal("redemption", ledger) == "--valuation: missing: a ledger is valued at the last day of a month"
    assert "expected the last day of a month" in refusal("redemption", ledger, "--valuation", "2016-12-30")
    assert "did you mean 'exponential'" in refusal("redemption", triangle, "--tail", "exponentiel")
    assert refusal("redemption", triangle, "--run-off", "5").startswith("--program: missing")
    assert "no such file" in refusal("redemption", str(tmp_path / "nowhere.csv"))
    assert refusal("backtest", "mos_burger", "--start", "2025-01-02").startswith(
        "--start: expected the first day of a month"
    )


def test_a_back_test() -> None:
    words = (
        "backtest",
        "mos_burger",
        "--members",
        "40",
        "--years",
        "1",
        "--replications",
        "2",
        "--draws",
        "20",
        "--engine",
        "agents",
    )
    found = document(*words)
    assert found["program"] == "mos_burger"
    assert found["valuation"] == "2025-12"
    assert found["methods"]["hazard"]["interval"]["level"] == 0.95
    assert "recommended" in printed(*words)
