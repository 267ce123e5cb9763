"""Several programs lived by the same members, on the command line."""

import json

import pytest
from typer.testing import CliRunner

from apps.cli import app
from workbench.errors import BadInput

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
    assert "mos_burger against" in shown
    assert "points outstanding" in shown
    assert "PROJECTION" in shown


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
