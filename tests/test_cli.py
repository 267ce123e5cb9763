"""The command line by itself: where a mistake stands, what is refused before any work, and the figures it prints."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from apps.cli import app
from workbench.errors import BadInput
from workbench.finance.paired import Moments, paired_total

RUN = ["run", "mos_burger", "--years", "1", "--seed", "3"]


def refusal(*words: str) -> str:
    """What a command says of the one thing that is wrong."""
    found = CliRunner().invoke(app, list(words))
    assert isinstance(found.exception, BadInput), found.output
    (problem,) = found.exception.problems
    return str(problem)


def printed(*words: str) -> str:
    found = CliRunner().invoke(app, list(words))
    assert found.exit_code == 0, found.output
    return found.stdout


def document(*words: str) -> Any:
    return json.loads(printed(*words, "--json"))


# --- places ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("option", ["--population", "--assumptions", "--baseline"])
def test_an_unknown_name_is_that_of_its_option(option: str) -> None:
    assert refusal(*RUN, "--members", "5", option, "nowhere").startswith(f"{option}: expected")


def test_problems_of_a_file_keep_their_place(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text("schema: 1\n", "utf-8")
    found = CliRunner().invoke(app, [*RUN, "--population", str(path)])
    assert isinstance(found.exception, BadInput)
    assert found.exception.source == str(path)
    assert "title" in {each.path for each in found.exception.problems}


def test_a_policy_is_named_or_a_file(tmp_path: Path) -> None:
    assert "--policy: expected a YAML file, or a shipped name: default, taiwan, us" in refusal(
        *RUN, "--policy", "taiwen"
    )
    assert "did you mean 'taiwan'?" in refusal(*RUN, "--policy", "taiwen")
    assert "no such file" in refusal(*RUN, "--policy", str(tmp_path / "p.yaml"))
    assert "--policy: expected no policy with --replications" in refusal(*RUN, "--policy", "us", "--replications", "2")


# --- files -----------------------------------------------------------------------------------------------------------
def test_a_ledger_does_not_take_the_place_of_the_program(tmp_path: Path) -> None:
    program, log = tmp_path / "program.yaml", tmp_path / "log.csv"
    source = Path(__file__).parents[1] / "programs" / "mos_burger.yaml"
    program.write_bytes(source.read_bytes())
    log.write_text("member_id,date,event,amount\na,2024-01-02,purchase,100\n", "utf-8")
    words = ["replay", str(program), str(log), "--as-of", "2024-01-31", "--state-out", str(program)]
    assert refusal(*words).startswith("--state-out: expected another file than that of PROGRAM")
    assert program.read_bytes() == source.read_bytes()


def test_a_report_does_not_take_the_place_of_the_run(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    printed(*RUN, "--members", "20", "--out", str(folder))
    for name in ("run.json", "tiers_by_month.parquet"):
        before = (folder / name).read_bytes()
        link = tmp_path / "link.html"
        link.symlink_to(folder / name)
        assert refusal("report", str(folder), "--out", str(link)).startswith(
            f"--out: expected another file than that of RUN_DIR ({name})"
        )
        assert (folder / name).read_bytes() == before
        link.unlink()
    for _ in range(2):  # a report may stand in the folder, and be written again
        printed("report", str(folder), "--out", str(folder / "report.html"))


# --- figures ---------------------------------------------------------------------------------------------------------
def test_sales_are_whole_where_they_are_whole() -> None:
    sales = document(*RUN, "--members", "40")["lift"]["sales"]
    for world in ("baseline", "program"):
        assert isinstance(sales[world], int) or sales[world] != int(sales[world])
    assert any(isinstance(sales[world], int) for world in ("baseline", "program"))


def test_one_member_has_a_difference_without_an_interval() -> None:
    lift = document(*RUN, "--members", "1")["lift"]["purchases"]
    assert lift["baseline"] > 0
    assert lift["delta_pct"] == pytest.approx(100 * (lift["program"] / lift["baseline"] - 1))
    assert lift["ci95"] is None
    shown = printed(*RUN, "--members", "1")
    assert f"{lift['delta_pct']:+.2f} %" in shown
    one = paired_total(Moments(1, 2, 3, 4, 6, 9))
    assert (one.delta_pct, one.ci95) == (pytest.approx(50), None)
    assert paired_total(Moments(1, 0, 3, 0, 0, 9)).delta_pct is None


def test_the_list_of_programs_has_a_header_for_every_column(monkeypatch: pytest.MonkeyPatch) -> None:
    from apps import cli

    told: list[tuple[list[str], list[list[str]]]] = []
    monkeypatch.setattr(cli, "table", lambda header, rows: told.append((header, rows)))
    printed("programs")
    ((header, rows),) = told
    assert header == ["slug", "title", "Chinese title", "money", "as of", "confidence"]
    assert all(len(row) == len(header) and all(row) for row in rows)
