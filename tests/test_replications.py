"""Replications: what is said of several populations, and that an interrupted run goes on where it was."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from apps.cli import app
from simulators.replications import FIGURES, Kept, figures_of, live_here, replicate, seeds_of, spread
from simulators.simulate import Progress, simulate
from workbench.errors import BadInput
from workbench.finance.paired import Z95
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import load_program
from workbench.run_document import run_document
from workbench.run_folder import RunFolder
from workbench.scenario import Run, Scenario

ROOT = Path(__file__).resolve().parents[1]
MADE_BY = {"workbench": "this one", "sources": "these"}


def scenario(members: int = 60, **more: Any) -> Scenario:
    program = load_program("mitsui_outlet")
    people, assumed = load_population(program.population), load_assumptions("central")
    return Scenario(program, people, assumed, members=members, **({"years": 1} | more))


class Recorder:
    """Lives seeds here and notes which; ``stop_after`` so many it is interrupted."""

    def __init__(self, case: Scenario, stop_after: int = 10**9) -> None:
        self.live, self.left = live_here(case), stop_after
        self.seeds: list[int] = []

    def __call__(self, seeds: Sequence[int], finished: Callable[[Run], None], progress: Progress) -> None:
        def each(run: Run) -> None:
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            self.seeds.append(run.scenario.seed)
            finished(run)

        self.live(seeds, each, progress)


def partial(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.partial")


# --- figures ---------------------------------------------------------------------------------------------------------
def test_mean_spread_and_interval_are_those_of_the_textbook() -> None:
    """1, 2, 3, 4, 5: mean 3, variance 10 / 4, and 2.7764 is the t of four degrees of freedom in every table."""
    found = spread([1, 2, 3, 4, 5])
    assert found["mean"] == 3
    assert found["sd"] == pytest.approx(2.5**0.5)
    assert found["high"] - found["mean"] == pytest.approx(2.7764 * 2.5**0.5 / 5**0.5, rel=1e-4)
    assert found["mean"] - found["low"] == pytest.approx(found["high"] - found["mean"])
    assert found["values"] == [1, 2, 3, 4, 5]
    two = spread([10.0, 12.0])  # sd / sqrt(2) is 1, and t of one degree of freedom is 12.706
    assert (two["low"], two["high"]) == (pytest.approx(11 - 12.706, abs=1e-3), pytest.approx(11 + 12.706, abs=1e-3))


def test_one_population_has_no_spread_and_a_missing_figure_no_mean() -> None:
    assert spread([7.5]) == {"mean": 7.5, "sd": None, "low": None, "high": None, "values": [7.5]}
    assert spread([None, 1.0, 2.0]) == {"mean": None, "sd": None, "low": None, "high": None, "values": [None, 1.0, 2.0]}


def test_the_document_is_that_of_the_first_seed_and_each_value_that_of_its_own() -> None:
    case = scenario(seed=7)
    found = replicate(case, 3, live_here(case))
    told = found.pop("replications")
    assert found == run_document(simulate(case))
    assert (told["n"], told["seeds"]) == (3, [7, 8, 9])
    assert set(told["figures"]) == set(FIGURES)
    for place, seed in enumerate([7, 8, 9]):
        alone = run_document(simulate(replace(case, seed=seed)))
        values = {name: figure["values"][place] for name, figure in told["figures"].items()}
        assert values == figures_of(alone)
        assert values["lift.sales.delta_pct"] == alone["lift"]["sales"]["delta_pct"]
        assert values["points.outstanding"] == alone["points"]["outstanding"]
    assert len(set(told["figures"]["points.outstanding"]["values"])) == 3, "seeds draw different populations"


def test_a_program_without_tiers_has_no_upgrade_rate_in_any_population() -> None:
    program = load_program("ledger_fixed_rate")
    assert not program.tier_names
    case = replace(scenario(), program=program, population=load_population(program.population))
    figure = replicate(case, 2, live_here(case))["replications"]["figures"]["tiers.upgrade_rate"]
    assert figure == {"mean": None, "sd": None, "low": None, "high": None, "values": [None, None]}


def test_populations_differ_as_much_as_the_interval_within_one_says() -> None:
    """The standard error is computed from the members of one population; the standard deviation over 60 populations is seen. Their
    ratio squared times 59 is chi-squared: a ratio outside 0.73-1.29 has a chance of 0.001."""
    case, members = scenario(), 400
    case = replace(case, members=members)
    errors: dict[str, list[float]] = {
        "lift.purchases.delta_pct": [],
        "lift.sales.delta_pct": [],
        "points.outstanding": [],
    }

    class Noted(Recorder):
        def __call__(self, seeds: Sequence[int], finished: Callable[[Run], None], progress: Progress) -> None:
            def each(run: Run) -> None:
                document = run_document(run)
                lift, liability = document["lift"], document["liability"]
                intervals = (lift["purchases"]["ci95"], lift["sales"]["ci95"], liability["outstanding_ci95"])
                for name, (low, high) in zip(errors, intervals, strict=True):
                    errors[name].append((high - low) / 2 / Z95)
                finished(run)

            self.live(seeds, each, progress)

    figures = replicate(case, 60, Noted(case))["replications"]["figures"]
    for name, found in errors.items():
        within = (sum(error**2 for error in found) / len(found)) ** 0.5
        assert 0.73 < figures[name]["sd"] / within < 1.29, name


def test_seeds_stay_in_their_range() -> None:
    assert seeds_of(scenario(seed=2**63 - 2), 2) == [2**63 - 2, 2**63 - 1]
    with pytest.raises(BadInput, match="--replications: expected a last seed"):
        seeds_of(scenario(seed=2**63 - 2), 3)


def test_progress_counts_the_members_of_all_populations() -> None:
    told: list[tuple[int, int]] = []
    case = scenario()
    replicate(case, 3, live_here(case), lambda done, total: told.append((done, total)))
    assert told[0] == (0, 180)
    assert told[-1] == (180, 180)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


# --- keeping what is over --------------------------------------------------------------------------------------------
def test_what_is_over_is_kept_and_not_lived_again(tmp_path: Path) -> None:
    case, folder = scenario(), tmp_path / "run"
    whole = replicate(case, 5, live_here(case))
    first = Recorder(case, stop_after=3)
    with pytest.raises(KeyboardInterrupt):
        replicate(case, 5, first, None, Kept(folder, case, MADE_BY))
    assert first.seeds == [1, 2, 3]
    assert not folder.exists()
    assert sorted(path.name.rsplit("-", 1)[0] for path in partial(folder).iterdir()) == [
        "run",
        "seed-1",
        "seed-2",
        "seed-3",
    ]
    rest, told = Recorder(case), list[tuple[int, int]]()
    kept = Kept(folder, case, MADE_BY)
    found = replicate(case, 5, rest, lambda done, total: told.append((done, total)), kept)
    assert rest.seeds == [4, 5]
    assert told[0] == (180, 300)
    assert found == whole
    assert RunFolder(folder).document == whole
    assert not partial(folder).exists()
    more = Recorder(case)
    replicate(case, 2, more, None, Kept(tmp_path / "other", case, MADE_BY))
    assert more.seeds == [1, 2], "another folder keeps its own"


def test_more_replications_use_what_fewer_have_kept(tmp_path: Path) -> None:
    case, folder = scenario(), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        replicate(case, 4, Recorder(case, stop_after=2), None, Kept(folder, case, MADE_BY))
    later = replace(case, seed=2)  # its first seed was the second of the others, whose run is not kept
    rest = Recorder(later)
    found = replicate(later, 2, rest, None, Kept(folder, later, MADE_BY))
    assert rest.seeds == [2, 3]
    assert found == replicate(later, 2, live_here(later))


@pytest.mark.parametrize("change", ["members", "code", "names"])
def test_what_another_command_or_other_code_has_kept_is_not_used(change: str, tmp_path: Path) -> None:
    case, folder, made_by = scenario(), tmp_path / "run", MADE_BY
    with pytest.raises(KeyboardInterrupt):
        replicate(case, 3, Recorder(case, stop_after=2), None, Kept(folder, case, MADE_BY))
    if change == "members":
        case = replace(case, members=61)
    elif change == "names":
        case = replace(case, names={"program": "mine.yaml"})
    else:
        made_by = MADE_BY | {"sources": "others"}
    rest = Recorder(case)
    replicate(case, 3, rest, None, Kept(folder, case, made_by))
    assert rest.seeds == [1, 2, 3]
    assert not partial(folder).exists()


def test_a_killed_process_may_leave_temporary_files_and_a_seed_without_its_run(tmp_path: Path) -> None:
    case, folder = scenario(), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        replicate(case, 3, Recorder(case, stop_after=2), None, Kept(folder, case, MADE_BY))
    work = partial(folder)
    (work / ".seed-3-0123456789abcdef.json.a1b2c3.tmp").write_text("{", "utf-8")
    (run,) = work.glob("run-*")
    run.rename(work / ".run-x.old")
    rest = Recorder(case)
    found = replicate(case, 3, rest, None, Kept(folder, case, MADE_BY))
    assert rest.seeds == [1, 3]
    assert found == replicate(case, 3, live_here(case))
    assert not work.exists()


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    case, folder = scenario(), tmp_path / "run"
    partial(folder).mkdir()
    (partial(folder) / "thesis.txt").write_text("mine", "utf-8")
    with pytest.raises(BadInput, match="something else stands there"):
        Kept(folder, case, MADE_BY)
    assert (partial(folder) / "thesis.txt").read_text("utf-8") == "mine"
    other = tmp_path / "other"
    partial(other).write_text("a file", "utf-8")
    with pytest.raises(BadInput, match="something else stands there"):
        Kept(other, case, MADE_BY)


def test_a_kept_file_that_somebody_changed_is_refused_by_name(tmp_path: Path) -> None:
    case, folder = scenario(), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        replicate(case, 3, Recorder(case, stop_after=2), None, Kept(folder, case, MADE_BY))
    (second,) = partial(folder).glob("seed-2-*.json")
    for text in ("{", '{"format": "another"}'):
        second.write_text(text, "utf-8")
        with pytest.raises(BadInput) as caught:
            replicate(case, 3, live_here(case), None, Kept(folder, case, MADE_BY))
        assert caught.value.source == str(second)


# --- the command -----------------------------------------------------------------------------------------------------
RUN = ["run", "mitsui_outlet", "--members", "60", "--years", "1"]


def test_the_command_writes_the_key_and_finds_it_again(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = [*RUN, "--replications", "3", "--out", str(folder), "--json"]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 0, first.output
    document = json.loads(first.stdout)
    assert document["replications"]["seeds"] == [1, 2, 3]
    assert json.loads((folder / "run.json").read_text("utf-8")) == document
    assert not partial(folder).exists()
    again = CliRunner().invoke(app, words)
    assert json.loads(again.stdout) == document
    assert "found" in again.stderr
    plain = CliRunner().invoke(app, [*RUN, "--out", str(folder), "--json"])
    assert json.loads(plain.stdout) == {key: value for key, value in document.items() if key != "replications"}
    assert "written" in plain.stderr


def test_the_command_shows_both_uncertainties_by_name() -> None:
    shown = CliRunner().invoke(app, [*RUN, "--replications", "3"], env={"COLUMNS": "200"}).stdout
    assert "between 3 populations" in shown
    assert "within the population of seed 1, paired over its members" in shown


@pytest.mark.parametrize("count", ["0", "-1", "many", "10001"])
def test_the_number_of_replications_is_checked(count: str) -> None:
    assert CliRunner().invoke(app, [*RUN, "--replications", count]).exit_code == 2


@pytest.mark.slow
@pytest.mark.parametrize("fresh", [False, True])
def test_a_killed_command_goes_on_where_it_was(fresh: bool, tmp_path: Path) -> None:
    """kill -9 of a real process while it lives its replications; the same command then lives only the rest (with --fresh, all)."""
    words = [
        "run",
        "mitsui_outlet",
        "--members",
        "20000",
        "--years",
        "2",
        "--replications",
        "12",
        "--threads",
        "1",
        "--json",
    ]
    call = [sys.executable, "-c", "import sys; from apps.cli import main; sys.exit(main())", *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "NO_COLOR": "1"}
    folder = tmp_path / "run"
    process = subprocess.Popen([*call, "--out", str(folder)], env=env, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while len(list(partial(folder).glob("seed-*.json"))) < 3:
        assert process.poll() is None, "it was over before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not folder.exists()
    over = len(list(partial(folder).glob("seed-*.json")))
    assert 3 <= over < 12
    for path in partial(folder).glob("seed-*.json"):
        json.loads(path.read_text("utf-8"))
    words = ["--fresh"] if fresh else []
    rest = subprocess.run([*call, "--out", str(folder), *words], env=env, capture_output=True, text=True, check=True)
    assert (f"{over} of 12 replications are over already" in rest.stderr) != fresh
    alone = subprocess.run(call, env=env, capture_output=True, text=True, check=True)
    assert json.loads(rest.stdout) == json.loads(alone.stdout)
    assert json.loads((folder / "run.json").read_text("utf-8")) == json.loads(alone.stdout)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
