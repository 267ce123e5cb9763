"""Sweeps and tornados: every design is the run it would be alone, none is lost or lived twice, and bad input leaves nothing behind."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from apps.cli import app
from simulators import designs as designs_module
from simulators import sweep as sweeping
from simulators.designs import Job, Lived, batches, live_batch
from simulators.sensitivity import bars_of, tornado
from simulators.simulate import simulate
from simulators.sweep import Finished, Kept, SweepProgress, evaluate, live_here, sweep
from workbench.errors import BadInput
from workbench.finance.accounting.policy import load_policy
from workbench.population.load import load_assumptions, read_assumptions
from workbench.run_document import run_document
from workbench.study.jackknife import GROUPS, estimate, replicates
from workbench.study.outcomes import OUTCOMES, SUMS
from workbench.study.plan import Design
from workbench.study.read import Question, asked

ROOT = Path(__file__).resolve().parents[1]
STUDY = """
schema: 1
title: Points and leaving
question: Which?
program: mitsui_outlet
members: {members}
years: 2
plan: {{kind: grid}}
outcomes: [incremental_margin, liability, lift_sales, worse_off]
vary:
  - {{field: program.redemption.money_off.points, name: points, values: [1, 2, 3]}}
  - {{field: assumptions.membership.death_factor, values: [.9, 1]}}
"""


def study_file(folder: Path, members: int = 120) -> Path:
    file = folder / "study.yaml"
    file.write_text(STUDY.format(members=members), "utf-8")
    return file


class Recorder:
    """Lives designs here and notes which; after so many it is interrupted."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.left, self.places = stop_after, list[int]()

    def __call__(
        self, question: Question, designs: Sequence[Design], places: Sequence[int], finished: Finished, progress: SweepProgress | None
    ) -> None:  # fmt: skip
        def each(place: int, lived: Lived) -> None:
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            self.places.append(place)
            finished(place, lived)

        live_here()(question, designs, places, each, progress)


def partial(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.partial")


# --- a design is a run -------------------------------------------------------------------------------------------------
def test_every_design_is_the_run_that_it_would_be_alone(tmp_path: Path) -> None:
    """Lived together in one pass, under their own assumptions: the digest of each is that of its own run, and so is every figure."""
    question = asked(study_file(tmp_path, 300))
    designs = question.designs()
    found = evaluate(question, designs)
    for design, lived in list(zip(designs, found.lived, strict=True))[:4]:
        run = simulate(question.of(design), engine="kernel")
        document = run_document(run)
        assert lived.digest == run.digest
        per = 1000 / 300
        lift, economics = document["lift"], document["economics"]
        expected = {
            "incremental_margin": per * economics["incremental_margin"],
            "incremental_sales": per * economics["incremental_sales"],
            "program_spend": per * economics["program_spend"],
            "return_on_spend": economics["return_on_spend"],
            "reward_rate": economics["cost_pct_of_sales"],
            "liability": per * document["liability"]["contract"],
            "outstanding_points": per * document["points"]["outstanding"],
            "expired_share": 100 * document["points"]["expired"] / document["points"]["earned"],
            "lift_purchases": lift["purchases"]["delta_pct"],
            "lift_sales": lift["sales"]["delta_pct"],
            "lift_repurchase": lift["repurchase_rate"]["delta_pct"],
            "lift_active": lift["active_members"]["delta_pct"],
            "upgrade_rate": 100 * document["tiers"]["upgrade_rate"],
            "top_tier_share": 100 * list(document["tiers"]["members"].values())[-1] / lived.sums[:, SUMS.index("members")].sum(),
        }  # fmt: skip
        values = {name: estimate(replicates(OUTCOMES[name], lived.sums, lived.whole)).value for name in expected}
        assert values == pytest.approx(expected, rel=1e-9, abs=0.006 * per)  # the document rounds money to a hundredth
        head = run_document(
            simulate(
                question.of(design).beside(question.of(design).program, question.scenario.program), engine="kernel"
            )
        )
        worse = estimate(replicates(OUTCOMES["worse_off"], lived.sums, lived.whole)).value
        assert worse == pytest.approx(100 * head["lift"]["worth"]["losers"] / 300)
    today = simulate(question.today(designs[1]), engine="kernel")
    assert found.lived[1].today is not None
    assert found.lived[1].today.digest == today.digest
    assert found.base.digest == simulate(question.scenario, engine="kernel").digest


def test_threads_and_batches_change_no_digit(tmp_path: Path) -> None:
    question = asked(study_file(tmp_path, 200))
    jobs = [sweeping.job_of(question, design, k) for k, design in enumerate(question.designs())]
    policy = load_policy("default")
    together = live_batch(jobs, policy, 2)
    apart = [live_batch([job], policy, 1)[0] for job in jobs]
    assert [each.as_json() for each in together] == [each.as_json() for each in apart]
    assert [len(batch) for batch in batches(jobs, 4)] == [4, 2]
    assert Lived.from_json(json.loads(json.dumps(together[0].as_json()))).as_json() == together[0].as_json()


def test_intervals_agree_with_those_of_a_run(tmp_path: Path) -> None:
    """The jackknife over groups and the linearised error over members estimate the same; with 40 groups the first is known to a ninth or so."""
    question = asked(study_file(tmp_path, 4000))
    (lived,) = live_batch([Job("today", question.scenario)], None)
    document = run_document(simulate(question.scenario, engine="kernel"))
    theirs = {
        "lift_sales": document["lift"]["sales"]["ci95"],
        "lift_purchases": document["lift"]["purchases"]["ci95"],
        "reward_rate": document["economics"]["cost_pct_ci95"],
        "outstanding_points": [each / 4 for each in document["liability"]["outstanding_ci95"]],
    }
    assert len(lived.sums) == GROUPS
    for name, (low, high) in theirs.items():
        mine = estimate(replicates(OUTCOMES[name], lived.sums, lived.whole))
        assert mine.low is not None and mine.high is not None
        assert mine.value == pytest.approx((low + high) / 2)
        assert (mine.high - mine.low) / (high - low) == pytest.approx(1, abs=0.4), name


def test_what_the_kernel_cannot_live_is_named_by_its_design(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(
        STUDY.format(members=50)
        .replace("mitsui_outlet", str(_limited(tmp_path)))
        .replace("  - {field: program.redemption.money_off.points, name: points, values: [1, 2, 3]}\n", ""),
        "utf-8",
    )
    with pytest.raises(
        BadInput, match=r"today's program: expected a program that the compiled kernel can live: .*rush"
    ):
        sweep(asked(file))


def _limited(folder: Path) -> Path:
    """A program whose members share a limit."""
    text = (ROOT / "programs" / "mitsui_outlet.yaml").read_text("utf-8")
    file = folder / "limited.yaml"
    coupon = '{name: rush, trigger: {"on": dates, days_of_month: [10]}, gives: {kind: amount_off, amount: 10}, validity: {days: 30}, total_limit: 3}'
    file.write_text(f"{text}coupons:\n  - {coupon}\n", "utf-8")
    return file


# --- kept work ---------------------------------------------------------------------------------------------------------
def test_an_interrupted_sweep_goes_on_and_comes_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(designs_module, "BATCH", 2)
    question, folder = asked(study_file(tmp_path)), tmp_path / "out"
    first = Recorder(3)
    with pytest.raises(KeyboardInterrupt):
        sweep(question, first, None, folder)
    assert not folder.exists()
    assert len([path for path in partial(folder).iterdir() if path.name.startswith("design-")]) == 3
    rest = Recorder()
    document, found = sweep(question, rest, None, folder)
    assert not found
    assert sorted(first.places + rest.places) == list(range(6))
    assert not partial(folder).exists()
    whole, _ = sweep(question)
    document["provenance"].pop("identity")
    assert document == whole
    again, found = sweep(question, Recorder(0), None, folder)
    assert found
    assert again["designs"] == whole["designs"]


def test_what_another_study_has_kept_is_not_taken_for_it(tmp_path: Path) -> None:
    question, folder = asked(study_file(tmp_path)), tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        sweep(question, Recorder(4), None, folder)
    other = asked(study_file(tmp_path), seed=2)
    assert Kept(folder, other, sweeping.made_by()).read(other.designs()) == {}
    mine = Kept(folder, question, sweeping.made_by()).read(question.designs())
    assert sorted(mine) == [0, 1, 2, 3]
    assert Kept(folder, question, {"sources": "others"}).read(question.designs()) == {}


def test_the_tables_have_a_row_for_each_design(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    document, _ = sweep(asked(study_file(tmp_path)), None, None, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["designs.csv", "designs.parquet", "sweep.json"]
    assert json.loads((folder / "sweep.json").read_text("utf-8")) == document
    with (folder / "designs.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    table = pq.read_table(folder / "designs.parquet").to_pylist()
    assert [row["design"] for row in table] == [1, 2, 3, 4, 5, 6]
    for row, same, design in zip(rows, table, document["designs"], strict=True):
        assert (same["points"], same["death_factor"]) == tuple(design["values"].values())
        found = design["outcomes"]["incremental_margin"]
        assert float(row["incremental_margin"]) == same["incremental_margin"] == found["value"]
        assert same["incremental_margin_difference_low"] == found["difference"]["ci95"][0]
    assert rows[0]["worse_off_difference"] == ""


@pytest.mark.slow
def test_a_killed_sweep_goes_on_with_no_design_lost_or_doubled(tmp_path: Path) -> None:
    file, folder = study_file(tmp_path, 30_000), tmp_path / "out"
    text = file.read_text("utf-8").replace("[1, 2, 3]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]")
    file.write_text(text.replace("[.9, 1]", "[.9, .92, .94, .96, .98, 1]"), "utf-8")
    words = [sys.executable, "-m", "apps.cli", "sweep", str(file), "--out", str(folder), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}

    def kept() -> dict[str, int]:
        return (
            {path.name: path.stat().st_mtime_ns for path in partial(folder).glob("design-*")}
            if partial(folder).exists()
            else {}
        )

    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 300
        while not kept() and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    before = kept()
    assert 0 < len(before) < 60
    assert not folder.exists()
    done = subprocess.run(words, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=600)
    assert done.returncode == 0, done.stderr
    assert f"{len(before)} of 60 designs are over already" in done.stderr
    document = json.loads(done.stdout)
    assert [each["design"] for each in document["designs"]] == list(range(1, 61))
    assert len({each["digest"] for each in document["designs"]}) == 60
    assert not partial(folder).exists()
    assert document["designs"][7]["digest"] == simulate(asked(file).of((2, 0.92))).digest


@pytest.mark.slow
def test_a_cluster_comes_to_the_same(tmp_path: Path) -> None:
    question = asked(study_file(tmp_path))
    here, _ = sweep(question)
    there, _ = sweep(question, sweeping.live_on_cluster("local"))
    assert there["designs"] == here["designs"]


# --- the command -------------------------------------------------------------------------------------------------------
def loyalty(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), catch_exceptions=True)


def test_the_command_prints_a_document_and_writes_its_folder(tmp_path: Path) -> None:
    file, folder = study_file(tmp_path, 60), tmp_path / "out"
    done = loyalty("sweep", str(file), "--years", "1", "--out", str(folder), "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["provenance"]["years"] == 1
    assert document["provenance"]["members"] == 60
    assert document["provenance"]["kind"].startswith("PROJECTION")
    assert [each["unit"] for each in document["outcomes"]] == ["TWD per 1,000 customers"] * 2 + ["%"] * 2
    shown = loyalty("sweep", str(file), "--years", "1", "--out", str(folder))
    assert shown.exit_code == 0
    assert "found, made by the same inputs and code" in shown.output
    assert "PROJECTION" in shown.output


@pytest.mark.parametrize(
    "change, said",
    [
        (("money_off.points", "money_of.points"), "program.redemption.money_off.points"),
        (("[1, 2, 3]", "[]"), "the study has no designs"),
        (("[1, 2, 3]", "[1, 0]"), "refuses it: expected at least 1"),
        (("lift_sales", "lift_sale"), "lift_sales"),
        (("mitsui_outlet", "mitsui_outlett"), "mitsui_outlet"),
    ],
)
def test_bad_input_leaves_nothing_behind(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    file = study_file(tmp_path)
    file.write_text(file.read_text("utf-8").replace(*change), "utf-8")
    done = loyalty("sweep", str(file), "--out", str(tmp_path / "out"))
    assert isinstance(done.exception, BadInput)
    assert said in str(done.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]


def test_something_else_is_never_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(BadInput, match="something else stands there"):
        sweep(asked(study_file(tmp_path)), None, None, folder)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


# --- tornado -----------------------------------------------------------------------------------------------------------
def test_bars_are_the_runs_of_one_assumption_at_a_time(tmp_path: Path) -> None:
    case = asked(study_file(tmp_path, 300)).scenario
    document = tornado(case, ["liability", "lift_sales"], {}, ["membership", "tier_pressure.strength", "status.steps"])
    assert {bar["key"] for bar in document["bars"]} == {
        "membership.death_factor",
        "tier_pressure.strength",
        "status.steps",
    }
    by_hand = {
        "membership.death_factor": ({"membership": {"death_factor": 0.62}}, {"membership": {"death_factor": 1}}),
        "tier_pressure.strength": ({"tier_pressure": {"strength": 0}}, {"tier_pressure": {"strength": 0.3}}),
        "status.steps": ({"status": {"steps": [0, 0, 0]}}, {"status": {"steps": [0.04, 0.08, 0.12]}}),
    }
    base = case.assumptions.model_dump(mode="json", by_alias=True)
    for bar in document["bars"]:
        for end, change in zip(("low", "high"), by_hand[bar["key"]], strict=True):
            ((group, field),) = change.items()
            assumed = read_assumptions({**base, group: base[group] | field})
            alone = run_document(simulate(replace(case, assumptions=assumed), engine="kernel"))
            found = bar[end]["outcomes"]
            assert found["lift_sales"]["value"] == pytest.approx(alone["lift"]["sales"]["delta_pct"], rel=1e-12)
            assert found["liability"]["value"] == pytest.approx(alone["liability"]["contract"] * 1000 / 300)
            now = document["now"]["lift_sales"]["value"]
            assert found["lift_sales"]["difference"]["value"] == pytest.approx(found["lift_sales"]["value"] - now)
    widths = [
        max(0, *ends) - min(0, *ends)
        for ends in (
            [bar[end]["outcomes"]["liability"]["difference"]["value"] for end in ("low", "high")]
            for bar in document["bars"]
        )
    ]
    assert widths == sorted(widths, reverse=True)


def test_every_assumption_with_a_range_has_a_bar_and_an_end_that_is_refused_says_why() -> None:
    bars = {bar.key: bar for bar in bars_of(load_assumptions("central"))}
    listed, group = set(), ""
    for line in (ROOT / "docs" / "reference" / "assumptions.md").read_text("utf-8").splitlines():
        if line.startswith("## `"):
            group = line.split("`")[1]
        elif "Plausible: " in line:
            listed.add(f"{group}.{line.split('`')[1]}")
    assert len(listed) > 40
    assert listed == set(bars)
    assert bars["membership.death_factor"].ends == (0.62, 1)
    assert bars["actions.shares"].ends == ({"review": 0, "survey": 0}, {"review": 0.2, "survey": 0.2})
    refused = bars["tier_pressure.days"]
    assert refused.assumptions[0] is None  # 30 days, with the effect in full from 30
    assert "less than days (30)" in refused.refused[0]
    assert refused.assumptions[1] is not None


def test_the_tornado_command_writes_every_bar(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    words = [
        "tornado",
        "mitsui_outlet",
        "--members",
        "60",
        "--years",
        "1",
        "--only",
        "redemption",
        "--only",
        "novelty.strength",
    ]
    done = loyalty(*words, "--outcome", "lift_sales", "--out", str(file), "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    with file.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["assumption"] for row in rows] == [bar["key"] for bar in document["bars"]]
    assert {row["assumption"].split(".")[0] for row in rows} == {"redemption", "novelty"}
    for bad, said in ((["--only", "redemptoin"], "redemption"), (["--outcome", "lift"], "expected an outcome")):
        wrong = loyalty(*words, *bad)
        assert isinstance(wrong.exception, BadInput)
        assert said in str(wrong.exception)
