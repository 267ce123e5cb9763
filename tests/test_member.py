"""One member's life: sums worked by hand, the same entries as the engines write, pseudonyms, bad input."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from apps.cli import app
from simulators.agents import run_agents
from simulators.member_of_log import member_of_log
from simulators.member_of_run import member_of_run
from simulators.replay import replay_file
from simulators.watching import WatchingDesk
from tests.compared import is_refused
from tests.lived import lived as replayed
from tests.strategies import draw_case
from tests.strategies_offers import draw_offers as draw_offers
from workbench.errors import BadInput
from workbench.ledger import KINDS
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import load_program, program_from_mapping
from workbench.program.spec import Program
from workbench.pseudonyms import key_of, pseudonyms
from workbench.scenario import Scenario
from workbench.spec import SpecError
from workbench.units import to_date, to_major

ROOT = Path(__file__).parents[1]
MOS = ROOT / "examples" / "mos_orders.csv"


def program(earn: dict[str, Any], **more: Any) -> Program:
    return program_from_mapping(
        {
            "schema": 1,
            "title": "T",
            "title_zh": "測",
            "currency": "TWD",
            "provenance": {"source": "s", "as_of": "2025-01-01", "confidence": "high"},
            "earn": earn,
            "expiry": {"model": "rolling", "months": 12},
        }
        | more
    )


def lived(spec: Program, tmp_path: Path, *rows: str) -> dict[str, Any]:
    log = tmp_path / "log.csv"
    log.write_text("member_id,date,event,amount,order_id,category,discount\n" + "".join(row + "\n" for row in rows))
    return member_of_log(spec, log, "A")


def words(found: dict[str, Any]) -> list[str]:
    return [each["earning"]["words"] for each in found["timeline"] if each["earning"]]


def test_m0001_of_the_readme() -> None:
    """320, 240, 1180, 95, 700 earn 0, 2, 4, 0, 4 points; NT$35 are kept; all lapse on 31 December two years after."""
    found = member_of_log(load_program("mos_burger"), MOS, "M0001")
    assert [each["earning"]["points"] for each in found["timeline"]] == [0, 2, 4, 0, 4]
    assert words(found) == [
        "320 / 500 = 0.64 -> 0; 0 x 2 points = 0; 320 kept",
        "(320 kept + 240) / 500 = 1.12 -> 1; 1 x 2 points = 2; 60 kept",
        "(60 kept + 1,180) / 500 = 2.48 -> 2; 2 x 2 points = 4; 240 kept",
        "(240 kept + 95) / 500 = 0.67 -> 0; 0 x 2 points = 0; 335 kept",
        "(335 kept + 700) / 500 = 2.07 -> 2; 2 x 2 points = 4; 35 kept",
    ]
    assert [each["entries"][-1]["held"] for each in found["timeline"]] == [0, 2, 6, 6, 10]
    assert found["state"]["carry"] == 35
    assert {each["expires_on"] for each in found["state"]["lots"]} == {"2016-12-31"}
    assert "24 months after earning, rounded up to the end of the year" in found["timeline"][1]["entries"][1]["why"]


EARNINGS = [
    ({"rate": {"points": 1, "per": 200, "whole_blocks": True}}, "A,2025-01-01,purchase,9950,,,", "9,950 / 200 = 49.75 -> 49", 49),
    (
        {"rate": {"points": 1, "per": 200, "whole_blocks": True}, "multipliers": [{"name": "double", "factor": 2}]},
        "A,2025-01-01,purchase,9950,,,",
        "9,950 x 2 / 200 = 99.5 -> 99",
        99,
    ),
    (
        {
            "rate": {"points": 1, "per": 200, "whole_blocks": True},
            "multipliers": [{"name": "double", "factor": 2}],
            "multiplier_stage": "after_rounding",
        },
        "A,2025-01-01,purchase,9950,,,",
        "9,950 / 200 = 49.75 -> 49; 49 x 2 = 98 -> 98",
        98,
    ),
    (
        {
            "rate": {"points": 1, "per": 200, "whole_blocks": True},
            "caps": [{"per": "order", "points": 30}],
        },
        "A,2025-01-01,purchase,9950,,,50",
        "9,900 / 200 = 49.5 -> 49 | at most 30 points per order, 30 left: 49 -> 30",
        30,
    ),
    (
        {"rate": {"points": 1, "per": 200, "whole_blocks": True}, "minimum_order": 100},
        "A,2025-01-01,purchase,99,,,",
        "earns nothing: 99 eligible is less than the least order of 100",
        0,
    ),
    (
        {"rate": {"points": 1, "per": 200, "whole_blocks": True}, "eligible": {"excluded_categories": ["card"]}},
        "A,2025-01-01,purchase,500,,card,",
        "nothing eligible",
        0,
    ),
]  # fmt: skip


@pytest.mark.parametrize("earn, row, said, points", EARNINGS)
def test_a_sum_is_done_as_with_pencil(earn: dict[str, Any], row: str, said: str, points: int, tmp_path: Path) -> None:
    found = lived(program(earn), tmp_path, row)
    assert words(found) == [said]
    assert found["state"]["balance"] == points


def test_limits_know_what_earlier_orders_used(tmp_path: Path) -> None:
    spec = program({"rate": {"points": 1, "per": 1, "whole_blocks": True}, "caps": [{"per": "month", "points": 100}]})
    found = lived(
        spec, tmp_path, "A,2025-01-01,purchase,70,,,", "A,2025-01-02,purchase,70,,,", "A,2025-02-01,purchase,70,,,"
    )
    assert words(found) == [
        "70 / 1 = 70",
        "70 / 1 = 70 | at most 100 points per month, 30 left: 70 -> 30",
        "70 / 1 = 70",
    ]  # fmt: skip


def test_how_far_to_the_next_tier(tmp_path: Path) -> None:
    tiers = {
        "window": {"kind": "year"},
        "levels": [{"name": "base"}, {"name": "gold", "enter": {"spend": 1000}}],
    }
    spec = program({"rate": {"points": 1, "per": 100, "whole_blocks": True}}, tiers=tiers)
    found = lived(spec, tmp_path, "A,2025-01-01,purchase,400,,,", "A,2025-02-01,purchase,600,,,")
    first, second = found["timeline"]
    assert first["after"]["next_tier"] == {
        "tier": "gold",
        "needed": 1,
        "thresholds": [{"metric": "spend", "reached": 400, "threshold": 1000, "missing": 600}],
    }
    assert second["after"]["tier"] == "gold" and second["after"]["next_tier"] is None


@pytest.mark.parametrize("slug", ["mos_burger", "mitsui_outlet", "marriott_bonvoy", "tea_egg"])
def test_each_member_alone_has_the_entries_of_the_replay(slug: str, tmp_path: Path) -> None:
    spec = load_program(slug)
    whole = replay_file(spec, MOS, as_of=to_date(17166))  # type: ignore[arg-type]  # 2016-12-31
    for name, state in whole["members"].items():
        found = member_of_log(spec, MOS, name, to_date(17166))
        assert {key: found["state"][key] for key in state} == state
        last = found["timeline"][-1]["entries"][-1]["held"]
        assert last == state["balance"] + state["pending"]


@pytest.mark.parametrize("slug", ["mos_burger", "mitsui_outlet"])
def test_a_member_of_a_run_lives_the_same_life_again(slug: str) -> None:
    spec = load_program(slug)
    population = load_population(str(spec.population))
    scenario = Scenario(spec, population, load_assumptions("central"), members=30, years=2, seed=7)
    ledger = run_agents(scenario).ledgers[0]  # type: ignore[index]
    for number in range(30):
        found = member_of_run(scenario, number)
        mine = [
            (each["kind"], each["points"], each["money"], each["rule"])
            for moment in found["timeline"]
            for each in moment["entries"]
        ]
        rows = ledger.rows[ledger.rows[:, 0] == number].tolist()
        theirs = [(KINDS[row[3]], row[4], to_major(row[5]), ledger.rules[row[9]]) for row in rows]
        assert mine == theirs[len(theirs) - len(mine) :]
        assert all(each[1] == 0 for each in theirs[: len(theirs) - len(mine)])  # purchases before joining
        for moment in found["timeline"]:
            at = moment.get("candidate")
            if at is None:
                continue
            product = 1.0
            for factor in at["effects"].values():
                product *= factor
            assert at["clipped"] or product == pytest.approx(at["factor"], abs=1e-5)
            assert at["strip"] < 0 or at["mark"] <= at["factor"] - at["strip"]


@pytest.mark.parametrize("draw", [draw_case, draw_offers])
def test_the_sum_comes_to_the_points_of_drawn_programs(draw: Any) -> None:
    """Every feature of earning, drawn: the sum in fractions and the rules agree, or the desk that watches fails."""
    sums = []
    for seed in range(150):
        spec, rows, as_of = draw(seed)
        try:
            _, _, _, replay = replayed(spec, rows, as_of, WatchingDesk)
        except SpecError as error:
            if not is_refused(error):
                raise
            continue
        sums += replay.desk.sums  # type: ignore[attr-defined]
    assert len(sums) > 300
    assert sum(each.points > 0 for each in sums) > 100 and any(each.nothing for each in sums)
    assert all(each.words() and each.document()["points"] == each.points for each in sums)


def test_pseudonyms_are_stable_keyed_and_apart(tmp_path: Path) -> None:
    one, other = pseudonyms(b"a" * 16), pseudonyms(b"b" * 16)
    assert one("m", "M0001") == one("m", "M0001") != one("m", "M0002")
    assert one("m", "M0001") != other("m", "M0001")
    assert one("m", "x")[2:] != one("o", "x")[2:] and one("m", "") == ""
    short = tmp_path / "key"
    short.write_bytes(b"short")
    with pytest.raises(BadInput, match="at least 16 bytes"):
        key_of(MOS, short)


def test_real_ids_are_shown_only_where_asked_for() -> None:
    words = ["member", "mos_burger", str(MOS), "--member", "M0001", "--json"]
    hidden = CliRunner().invoke(app, words)
    assert hidden.exit_code == 0, hidden.output
    assert "M0001" not in hidden.stdout and "T0012" not in hidden.stdout
    assert json.loads(hidden.stdout)["member"] == pseudonyms(key_of(MOS))("m", "M0001")
    shown = json.loads(CliRunner().invoke(app, [*words, "--show-ids"]).stdout)
    assert shown["member"] == "M0001" and shown["timeline"][0]["order_id"] == "T0012"


@pytest.mark.parametrize(
    "words, said",
    [
        (["mos_burger", str(MOS), "--member", "M00001"], "did you mean 'M0001'"),
        (["mos_burger", str(MOS), "--member", "M0008", "--as-of", "2014-01-01"], "on or before the day asked for"),
        (["mos_burger", "--member", "1"], "expected a folder"),
        (["mos_burger", str(MOS), "--member", "M0001", "--as-of", "2016-02-30"], "expected a date"),
        ([str(ROOT / "examples"), "--member", "1"], "expected a folder that"),
    ],
)
def test_bad_input_says_what_was_expected(words: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["member", *words])
    assert isinstance(done.exception, BadInput) and said in str(done.exception)
