"""A run's folder: what stands in it is what docs/run_folder.md says, an earlier run is found again only if it is the same, and whoever
interrupts a run keeps what stood there."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from apps.cli import app
from simulators.agents import run_agents
from simulators.kernel import compare_kernel
from tests.test_signals import messaging
from workbench.errors import BadInput
from workbench.messages_document import messages_document
from workbench.population.load import load_assumptions, load_population
from workbench.population.spec import Joining, Returns, scaled
from workbench.program.load import load_program
from workbench.rules.expiry import NoExpiry
from workbench.run_folder import RunFolder, earlier_run, write_run
from workbench.run_tables import TABLES
from workbench.scenario import Scenario

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "run_folder.md").read_text("utf-8")
MADE_BY = {"python": "3.11", "sources": "abc"}
TYPES = {"date32[day]": "date", "int64": "integer", "double": "number", "string": "text"}
COMPARISON = {"baseline", "program", "delta_pct", "ci95"}


def small(slug: str = "mitsui_outlet", members: int = 8, years: int = 1, **more: Any) -> Scenario:
    """A scenario that takes a moment."""
    program = load_program(slug)
    names = {"program": slug, "baseline": "none", "population": program.population, "assumptions": "central"}
    values = {"population": load_population(program.population), "assumptions": load_assumptions("central")} | more
    return Scenario(program, members=members, years=years, names=names, **values)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, to the byte."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run in which everything happens: some never join, many rise and fall, a quarter of the purchases is refunded, some owe points."""
    population = scaled(load_population("department_store_twd"), mean_basket=12_000)
    shaken = {"joining": Joining(share=0.4), "returns": Returns(share=0.25, days=20)}
    scenario = small(members=400, years=3, population=population.model_copy(update=shaken))
    folder = tmp_path_factory.mktemp("runs") / "busy"
    write_run(run_agents(scenario), folder, MADE_BY)
    return RunFolder(folder)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of a program without tiers."""
    folder = tmp_path_factory.mktemp("runs") / "plain"
    write_run(run_agents(small("mos_burger", members=20)), folder, MADE_BY)
    return RunFolder(folder)


# --- the page ----------------------------------------------------------------------------------------------------------
def section(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the page."""
    part = re.split(r"\n##", PAGE.split(f" {heading}\n", 1)[1])[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def names(heading: str) -> list[str]:
    """The first column of a table, without its backquotes."""
    return [row[0].strip("`") for row in section(heading)]


def leaves(value: Any, tiers: set[str], key: str = "") -> Iterator[str]:
    """The keys of a document down to its figures, as the page writes them."""
    if isinstance(value, dict) and set(value) != COMPARISON and not key.endswith("versions"):
        for name, each in value.items():
            shown = "<tier>" if set(value) <= tiers else "<line>" if key.endswith(".lines") else name
            yield from leaves(each, tiers, f"{key}.{shown}" if key else shown)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for each in value:
            yield from leaves(each, tiers, f"{key}[]")
    else:
        yield key


def test_the_folder_holds_the_files_of_the_page(busy: RunFolder, plain: RunFolder) -> None:
    tables = re.findall(r"^### (\w+)$", PAGE.split("\n## The tables\n")[1].split("\n## ")[0], re.MULTILINE)
    assert sorted(tables) == sorted(TABLES)
    for run in (busy, plain):
        assert set(contents(run.folder)) == {"run.json", "manifest.json", *(f"{name}.parquet" for name in tables)}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_columns_of_the_page(name: str, busy: RunFolder, plain: RunFolder) -> None:
    documented = section(name)
    assert all(len(row) == 4 for row in documented)
    for run in (busy, plain):
        schema = run.table(name).schema
        written = [(f"`{field.name}`", TYPES[str(field.type)]) for field in schema]
        assert [(row[0], row[1]) for row in documented] == written


def test_the_document_has_the_keys_of_the_page(busy: RunFolder) -> None:
    found = set(leaves(busy.document, set(busy.document["tiers"]["members"])))
    found |= set(leaves({"messages": messages_document(run_agents(replace(small(), program=messaging())))}, set()))
    empty = {name for name in found if any(other.startswith(f"{name}[]") for other in found)}  # for one tier of several
    assert sorted(names("run.json")) == sorted(found - empty)


def test_replications_add_the_keys_of_the_page(tmp_path: Path) -> None:
    assert run_command(tmp_path / "run", "--replications", "2", "--engine", "agents").exit_code == 0
    found = RunFolder(tmp_path / "run").document
    written = {
        re.sub(r"figures\.(?:\w+\.)+", "figures.<figure>.", name) for name in leaves(found["replications"], set())
    }
    assert sorted(names("Replications")) == sorted(f"replications.{name}" for name in written)


def test_a_comparison_is_called_one(busy: RunFolder) -> None:
    called = {row[0].strip("`") for row in section("run.json") if row[2].startswith("comparison")}
    lift = busy.document["lift"]
    found = {f"lift.{name}" for name, value in lift.items() if isinstance(value, dict) and set(value) == COMPARISON}
    groups = {
        f"lift.{kind}[].{name}"
        for kind in ("by_tier", "by_segment")
        for name in ("purchases", "sales", "repurchase_rate")
    }
    assert called == found | groups


def test_without_tiers_the_same_keys_are_null(plain: RunFolder) -> None:
    """Nothing else is missing: what the page says of a program without tiers."""
    tiers = {name for name in names("run.json") if name.startswith("tiers.")}
    gone = {"requalified", "migration", "time_to_tier", "survival", "upgrade_rate", "upgrade_rate_ci95"}
    assert {name for name, value in plain.document["tiers"].items() if value is None} == gone
    said = PAGE.split("A program without tiers has `null` in place of ")[1].split(".\n")[0]
    assert {f"tiers.{name}" for name in gone} == {f"tiers.{name}" for name in re.findall(r"`(?:tiers\.)?(\w+)`", said)}
    rest = {
        name
        for name in names("run.json")
        if name not in tiers and not name.startswith(("lift.by_tier", "lift.worth.by_tier", "messages[]"))
    }
    assert rest <= set(leaves(plain.document, set()))
    for name in ("tier_transitions", "tier_survival", "time_to_tier"):
        assert plain.table(name).num_rows == 0
    assert set(plain.table("tiers_by_month")["tier"].to_pylist()) == {"members"}


def test_the_manifest_has_the_keys_of_the_page(busy: RunFolder) -> None:
    manifest = busy.manifest
    found = {name for name in manifest if name != "scenario"} | {f"scenario.{name}" for name in manifest["scenario"]}
    assert sorted(names("manifest.json")) == sorted(found)
    assert manifest["tables"] == list(TABLES)


# --- what the page says of the tables holds ----------------------------------------------------------------------------
def rows(run: RunFolder, name: str) -> list[dict[str, Any]]:
    return run.table(name).to_pylist()


def total(some: list[dict[str, Any]], *columns: str) -> int:
    return sum(row[column] for row in some for column in columns)


def test_months_add_up(busy: RunFolder) -> None:
    points = busy.document["points"]
    for name in ("points_by_month", "points_by_month_baseline"):
        opening = 0
        for row in rows(busy, name):
            assert row["opening"] == opening
            opening = row["closing"]
            assert opening == row["opening"] + row["earned"] - row["redeemed"] - row["expired"] - row["reversed"]
        assert opening == (points["outstanding"] if name == "points_by_month" else 0)
        world, lift = ("baseline" if name.endswith("baseline") else "program"), busy.document["lift"]
        assert total(rows(busy, name), "purchases") == lift["purchases"][world]
        assert total(rows(busy, name), "sales") == pytest.approx(lift["sales"][world])
    by_month = rows(busy, "points_by_month")
    assert {name: total(by_month, name) for name in points if name != "outstanding"} | {"outstanding": opening} == {
        **points, "outstanding": 0
    }  # fmt: skip
    assert total(by_month, "refunds") > 0


def test_the_triangle_holds_every_point_once(busy: RunFolder) -> None:
    triangle, points = rows(busy, "triangle"), busy.document["points"]
    of_lots = [row for row in triangle if row["issue_month"] is not None]
    owed = [row for row in triangle if row["issue_month"] is None]
    flows = ("redeemed", "converted", "expired", "reversed", "repaid")
    assert owed, "nobody owes anything: the run is too quiet to say anything"
    assert total(triangle, "earned") == points["earned"]
    assert total(triangle, "redeemed", "converted") == points["redeemed"]
    assert total(triangle, "expired") == points["expired"] > 0
    assert total(triangle, "reversed") == points["reversed"] > 0
    assert total(of_lots, "repaid") == -total(owed, "repaid") > 0
    assert total(triangle, "earned") - total(triangle, *flows) == points["outstanding"]
    held = total(of_lots, "earned") - total(of_lots, *flows)
    assert held == total(rows(busy, "expiry_schedule"), "points")
    assert held - points["outstanding"] == total(owed, "reversed", "repaid"), "what is owed"
    for month in {row["month"] for row in triangle}:
        (by_month,) = [row for row in rows(busy, "points_by_month") if row["month"] == month]
        assert total([row for row in triangle if row["month"] == month], "expired") == by_month["expired"]
    assert all(row["issue_month"] == row["month"] for row in of_lots if row["earned"])


def test_tables_of_tiers_agree_with_the_document(busy: RunFolder) -> None:
    tiers = busy.document["tiers"]
    by_month = rows(busy, "tiers_by_month")
    last = max(row["month"] for row in by_month)
    assert {row["tier"]: row["members"] for row in by_month if row["month"] == last} == tiers["members"]
    order = tiers["migration"]["tiers"]
    moves = rows(busy, "tier_transitions")
    assert [(row["before"], row["after"]) for row in moves] == [(before, after) for before in order for after in order]
    assert [row["reviews"] for row in moves] == [count for row in tiers["migration"]["matrix"] for count in row]
    assert total(moves, "reviews") > 0
    for row in moves:
        of_before = total([each for each in moves if each["before"] == row["before"]], "reviews")
        assert row["share"] == (row["reviews"] / of_before if of_before else None)
    waits = rows(busy, "time_to_tier")
    assert {name: total([row for row in waits if row["tier"] == name], "members") for name in order} == tiers["reached"]


def test_stays_in_a_tier_leave_by_one_of_three_ways(busy: RunFolder) -> None:
    for name in busy.document["tiers"]["members"]:
        stays = [row for row in rows(busy, "tier_survival") if row["tier"] == name]
        assert [row["months"] for row in stays] == list(range(len(stays)))
        assert stays[0]["share"] == 1
        share = 1.0
        for row, after in pairwise(stays):
            assert after["at_risk"] == row["at_risk"] - row["rose"] - row["fell"] - row["censored"]
            share *= 1 - (row["rose"] + row["fell"]) / row["at_risk"]
            assert after["share"] == pytest.approx(share)
            assert row["low"] <= row["share"] <= row["high"]


def test_groups_and_the_curve_add_up_to_the_lift(busy: RunFolder) -> None:
    lift, groups = busy.document["lift"], rows(busy, "lift_by_group")
    for kind in ("tier", "segment"):
        some = [row for row in groups if row["kind"] == kind]
        assert total(some, "members") == busy.document["members"]
        for world in ("baseline", "program"):
            assert total(some, f"purchases_{world}") == lift["purchases"][world]
            assert total(some, f"sales_{world}") == pytest.approx(lift["sales"][world])
    assert {row["name"] for row in groups if row["kind"] == "tier"} == {None, *busy.document["tiers"]["members"]}
    curve = {row["days"]: row for row in rows(busy, "repurchase_curve")}
    assert list(curve) == list(range(0, 366, 5))
    for days, figure in ((30, "repurchase_30"), (90, "repurchase_90"), (365, "repurchase_rate")):
        for world in ("baseline", "program"):
            assert curve[days][world] == pytest.approx(lift[figure][world])
        assert curve[days]["difference"] == pytest.approx(curve[days]["program"] - curve[days]["baseline"])


# --- found again -------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run as it was written."""
    folder = tmp_path_factory.mktemp("runs") / "kept"
    write_run(run_agents(small()), folder, MADE_BY)
    return folder


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """A copy of it, to spoil."""
    return Path(shutil.copytree(kept, tmp_path / "run"))


def test_the_same_run_is_found_again(folder: Path) -> None:
    document = earlier_run(folder, small(), MADE_BY)
    assert document is not None
    assert document == json.loads((folder / "run.json").read_text("utf-8"))
    assert document["digest"] == run_agents(small()).digest


CHANGES: dict[str, Callable[[Scenario], Scenario]] = {
    "program": lambda s: replace(s, program=s.program.model_copy(update={"expiry": NoExpiry(model="none")})),
    "baseline": lambda s: replace(s, baseline=load_program("mos_burger")),
    "population": lambda s: replace(s, population=s.population.model_copy(update={"gross_margin": 0.5})),
    "assumptions": lambda s: replace(s, assumptions=load_assumptions("cautious")),
    "members": lambda s: replace(s, members=9),
    "years": lambda s: replace(s, years=2),
    "start": lambda s: replace(s, start=date(2025, 1, 2)),
    "seed": lambda s: replace(s, seed=2),
    "name": lambda s: replace(s, names=s.names | {"program": "./mitsui_outlet.yaml"}),
    "another name": lambda s: replace(s, names=s.names | {"mean_basket": "120"}),
    "a name less": lambda s: replace(s, names={"program": "mitsui_outlet"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_run_is_not_found(change: str, folder: Path) -> None:
    assert earlier_run(folder, CHANGES[change](small()), MADE_BY) is None


@pytest.mark.parametrize(
    "made_by", [{**MADE_BY, "sources": "abd"}, {**MADE_BY, "python": "3.12"}, {**MADE_BY, "numba": "1"}, {"sources": "abc"}, {}]
)  # fmt: skip
def test_a_run_of_other_code_is_not_found(made_by: dict[str, str], folder: Path) -> None:
    assert earlier_run(folder, small(), made_by) is None


@pytest.mark.parametrize("name", TABLES)
def test_a_run_without_a_table_is_not_found(name: str, folder: Path) -> None:
    (folder / f"{name}.parquet").unlink()
    assert earlier_run(folder, small(), MADE_BY) is None


def test_where_no_run_stands_none_is_found(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "nowhere"):
        assert earlier_run(tmp_path / name, small(), MADE_BY) is None


# --- damaged -----------------------------------------------------------------------------------------------------------
def halved(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def rewritten(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    """A JSON file changed."""

    def write(path: Path) -> None:
        path.write_text(json.dumps(change(json.loads(path.read_text("utf-8"))), indent=2), "utf-8")

    return write


def without(*keys: str) -> Callable[[Path], None]:
    """A JSON file that lacks a key, given by the way to it."""

    def drop(found: Any) -> Any:
        inner = found
        for key in keys[:-1]:
            inner = inner[key]
        del inner[keys[-1]]
        return found

    return rewritten(drop)


DAMAGE: dict[str, tuple[str, Callable[[Path], None]]] = {
    "half a manifest": ("manifest.json", halved),
    "a manifest that is no text": (
        "manifest.json",
        lambda path: path.write_bytes(path.read_bytes()[:-9] + b"\xff\xfe"),
    ),
    "a manifest that is a list": ("manifest.json", rewritten(lambda found: [found])),
    "a manifest without a scenario": ("manifest.json", without("scenario")),
    "a scenario without a digest": ("manifest.json", without("scenario", "digest")),
    "a scenario without names": ("manifest.json", without("scenario", "names")),
    "no document": ("run.json", Path.unlink),
    "half a document": ("run.json", halved),
    "a document that is a list": ("run.json", rewritten(lambda found: [found])),
    "a document without figures": ("run.json", rewritten(lambda found: {})),
    "half a table": ("triangle.parquet", halved),
    "an empty table": ("triangle.parquet", lambda path: path.write_bytes(b"")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_run_is_not_found(damage: str, folder: Path) -> None:
    name, spoil = DAMAGE[damage]
    spoil(folder / name)
    assert earlier_run(folder, small(), MADE_BY) is None


@pytest.mark.parametrize("text", ["", "{}", "not JSON"])
def test_what_can_no_longer_be_known_for_a_run_is_refused_and_stays(text: str, folder: Path) -> None:
    """Whatever stands there may be somebody's only copy of something."""
    (folder / "manifest.json").write_text(text, "utf-8")
    before = contents(folder)
    assert earlier_run(folder, small(), MADE_BY) is None
    found = run_command(folder)
    assert isinstance(found.exception, BadInput)
    assert "expected a new name, an empty folder or an earlier run" in str(found.exception)
    assert contents(folder) == before


# --- on the command line -----------------------------------------------------------------------------------------------
def run_command(folder: Path, *more: str) -> Any:
    words = ["run", "mitsui_outlet", "--members", "8", "--years", "1", "--out", str(folder), *more]
    return CliRunner().invoke(app, words)


@pytest.fixture
def lives(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The engines that lived somebody, one after the other."""
    lived: list[str] = []

    def counted(engine: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def live(*words: Any, **more: Any) -> Any:
            lived.append(engine)
            return real(*words, **more)

        return live

    monkeypatch.setattr("simulators.kernel.compare_kernel", counted("kernel", compare_kernel))
    monkeypatch.setattr("simulators.agents.run_agents", counted("agents", run_agents))
    monkeypatch.setattr("simulators.versions.source_digest", lambda: "as it was")
    return lived


def test_the_same_command_lives_nobody(tmp_path: Path, lives: list[str]) -> None:
    folder = tmp_path / "run"
    first = run_command(folder, "--json")
    written = contents(folder)
    assert f"written: {folder}" in first.stderr
    again = run_command(folder, "--json", "--threads", "1")
    assert (again.exit_code, len(lives)) == (0, 1)
    assert again.stdout == first.stdout
    assert f"found, made by the same inputs and code (--fresh lives it again): {folder}" in again.stderr
    assert contents(folder) == written


def test_fresh_lives_it_again(tmp_path: Path, lives: list[str]) -> None:
    folder = tmp_path / "run"
    first = run_command(folder, "--json")
    written = contents(folder)
    again = run_command(folder, "--json", "--fresh")
    assert (again.exit_code, len(lives)) == (0, 2)
    assert f"written: {folder}" in again.stderr
    assert (again.stdout, contents(folder)) == (first.stdout, written)


def test_another_engine_is_not_taken_for_the_one_asked_for(tmp_path: Path, lives: list[str]) -> None:
    folder = tmp_path / "run"
    for engine in ("kernel", "agents", "agents"):
        assert run_command(folder, "--engine", engine).exit_code == 0
        assert json.loads((folder / "run.json").read_text("utf-8"))["engine"] == engine
    assert run_command(folder).exit_code == 0
    assert lives == ["kernel", "agents"]


def test_a_run_of_edited_code_is_lived_again(tmp_path: Path, lives: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    run_command(folder)
    monkeypatch.setattr("simulators.versions.source_digest", lambda: "edited")
    for _ in range(2):
        assert run_command(folder).exit_code == 0
    assert len(lives) == 2
    assert RunFolder(folder).manifest["made_by"]["sources"] == "edited"


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_run_is_lived_again_and_replaced(damage: str, tmp_path: Path, lives: list[str]) -> None:
    folder = tmp_path / "run"
    run_command(folder)
    written = contents(folder)
    name, spoil = DAMAGE[damage]
    spoil(folder / name)
    assert run_command(folder).exit_code == 0
    assert (len(lives), contents(folder)) == (2, written)
    assert os.listdir(tmp_path) == ["run"]


# --- interrupted -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, OSError])
@pytest.mark.parametrize("table", [0, len(TABLES) - 1])
def test_an_interrupted_writing_leaves_what_stood_there(
    failure: type[BaseException], table: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, count, write = run_agents(small()), 0, pa.parquet.write_table

    def fail_at_one(*words: Any) -> None:
        nonlocal count
        count += 1
        if count > table:
            raise failure
        write(*words)

    before = contents(folder)
    monkeypatch.setattr("pyarrow.parquet.write_table", fail_at_one)
    for target in (folder, folder.parent / "new"):
        count = 0
        with pytest.raises(failure):
            write_run(run, target, {"sources": "other"})
    assert os.listdir(folder.parent) == ["run"]
    assert contents(folder) == before


SIGNALLED = """
import os, signal
from simulators import agents
run_agents = agents.run_agents
# A background shell starts its children deaf to Ctrl-C; a person's terminal does not.
signal.signal(signal.SIGINT, signal.default_int_handler)

def interrupted(scenario, progress):
    def tell(done, total):
        os.kill(os.getpid(), signal.SIGINT)
        progress(done, total)
    return run_agents(scenario, tell)

agents.run_agents = interrupted
from apps.cli import main
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console")
def test_ctrl_c_leaves_what_stood_there(folder: Path) -> None:
    """A real one, in the middle of a run in a process of its own."""
    before = contents(folder)
    for target in (folder, folder.parent / "new"):
        words = [
            "run",
            "mitsui_outlet",
            "--members",
            "3000",
            "--years",
            "1",
            "--engine",
            "agents",
            "--out",
            str(target),
        ]
        done = subprocess.run(
            [sys.executable, "-c", SIGNALLED, *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=folder.parent, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (130, ""), done.stderr
    assert os.listdir(folder.parent) == ["run"]
    assert contents(folder) == before
