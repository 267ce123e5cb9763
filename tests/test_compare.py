"""Several programs lived by the same members, on the command line."""

import json
from html import escape
from pathlib import Path

import pytest
from typer.testing import CliRunner

from apps.cli import app
from workbench.errors import BadInput
from workbench.scenario_file import read_scenario

OPTIONS = ("--members", "150", "--years", "2", "--seed", "5")


def told(*arguments: str) -> str:
    """What a command prints."""
    found = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout


def test_each_program_is_its_own_run_and_the_differences_are_runs_beside_the_first() -> None:
    names = ("mitsui_outlet", "mos_burger", "global_mall")
    document = json.loads(told("compare", *names, *OPTIONS, "--json"))
    assert list(document["programs"]) == list(names)
    population = document["programs"]["mitsui_outlet"]["provenance"]["population"]
    for name in names:
        alone = json.loads(told("run", name, "--population", population, *OPTIONS, "--json"))
        assert document["programs"][name]["digest"] == alone["digest"]
        assert document["programs"][name]["lift"] == alone["lift"]
    for difference, name in zip(document["differences"], names[1:], strict=True):
        assert (difference["program"], difference["against"]) == (name, "mitsui_outlet")
        other = json.loads(
            told("run", name, "--baseline", "mitsui_outlet", "--population", population, *OPTIONS, "--json")
        )
        assert difference["sales"] == other["lift"]["sales"]
        assert difference["counts"] == other["lift"]["counts"]
        first, this = (document["programs"][each]["points"]["outstanding"] for each in ("mitsui_outlet", name))
        assert difference["outstanding_points"] == {"baseline": first, "program": this, "difference": this - first}


def test_the_table_shows_every_program() -> None:
    shown = told("compare", "mitsui_outlet", "mos_burger", *OPTIONS)
    assert "mos_burger against mitsui_outlet, TWD" in shown
    for each in (
        "points outstanding", "contract liability", "cost of one more purchase", "cost of one more TWD of sales", "by what they are the product of",
        "who gets more of mos_burger", "heaviest buyers", "PROJECTION",
    ):  # fmt: skip
        assert each in shown


def test_liabilities_stand_side_by_side_and_a_change_arm_by_arm() -> None:
    document = json.loads(told("compare", "devaluation", "--members", "200", "--json"))
    names = list(document["programs"])
    for difference, name in zip(document["differences"], names[1:], strict=True):
        for key in ("outstanding_points", "face_value", "contract", "current", "cost_basis", "urr"):
            low, high = (document["programs"][each]["liability"][key] for each in (names[0], name))
            found = difference["liability"][key]
            assert (found["baseline"], found["program"]) == (low, high)
            assert found["difference"] == pytest.approx(high - low, abs=0.0051)
        cost, change = difference["cost_per_added"], difference["change"]
        assert set(cost) == {"purchase", "sales"}
        assert (cost["purchase"]["value"] is None) == (cost["purchase"]["missing"] is not None)
        assert change["effective"] == "2027-01-01" and change["existing"]["members"] == change["members"]
    assert document["programs"]["today"]["change"] is None
    shown = told("compare", "devaluation", "--members", "200")
    for each in (
        "the change of 2027-01-01, TWD",
        "contract liability, by the new rules",
        "members of 2027-01-01 under halved",
        "spent up to",
    ):
        assert each in shown


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_the_page_has_every_program_and_asks_nobody(language: str, tmp_path: Path) -> None:
    page = tmp_path / "compared.html"
    told("compare", "devaluation", "--members", "60", "--out", str(page), "--lang", language)
    text = page.read_text("utf-8")
    file = read_scenario("devaluation")
    chinese = language != "en"
    for each in (
        file.title_zh if chinese else file.title,
        *(arm.title_zh if chinese else arm.title for arm in file.arms),
    ):
        assert escape(each) in text
    assert ("變更日前後的負債" if chinese else "What is owed on both sides of the date") in text
    assert "default-src &#39;none&#39;" in text and "NT$" in text
    again = tmp_path / "again.html"
    told("compare", "devaluation", "--members", "60", "--out", str(again), "--lang", language)
    assert again.read_bytes() == page.read_bytes()


@pytest.mark.parametrize(
    "words, problem",
    [
        (("--out", "compared.txt"), "expected a name ending in .html or .json"),
        (("--out", "no/such/folder/compared.html"), "expected an existing folder"),
        (("--lang", "zh_hant"), "did you mean 'zh-Hant'"),
    ],
)
def test_a_page_that_cannot_be_written_is_told_before_anybody_lives(words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        CliRunner().invoke(
            app, ["compare", "mitsui_outlet", "mos_burger", "--members", "10000000", *words], catch_exceptions=False
        )


@pytest.mark.parametrize(
    "names, problem",
    [
        (("mitsui_outlet",), "expected two programs or more"),
        (("mitsui_outlet", "mitsui_outlet"), "expected each program once"),
        (("mitsui_outlet", "haidilao"), "currencies are not compared without a rate"),
        (("mitsui_outlet", "mitsui_outlt"), "mitsui_outlet"),
    ],
)
def test_what_cannot_be_compared_is_named(names: tuple[str, ...], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        CliRunner().invoke(app, ["compare", *names, *OPTIONS], catch_exceptions=False)
