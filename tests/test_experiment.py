"""A/B tests: sizes and power against the formula's published values, estimates by hand and by simulation, tables of finished tests, and the plan of a
test against its own simulation."""

import gzip
import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from scipy.stats import t as student
from typer.testing import CliRunner

from apps.cli import app
from simulators.simulate import simulate
from simulators.trial import Lives, assigned, effect_after, live_trial, rejections, settling, spread_after
from simulators.trial_plan import Wanted, plan_document
from workbench.errors import BadInput
from workbench.experiment.analysis import adjusted_outcomes, difference, needs_for_skewness, ratio_p_value
from workbench.experiment.document import analysis_document
from workbench.experiment.finished import Columns, Finished, read_finished
from workbench.experiment.power import Arms, least_effect, members_needed, power_of
from workbench.ledger import PURCHASE, TIER
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import load_program, program_from_mapping
from workbench.program.switch import difference as changes_between
from workbench.program.switch import switched
from workbench.program.versions import in_versions
from workbench.scenario import NO_PROGRAM, Scenario
from workbench.units import to_day


# --- power -----------------------------------------------------------------------------------------------------------
def test_members_for_a_medium_effect() -> None:
    """Half a standard deviation, 80 % at 5 %: 2 (1.9600 + 0.8416)^2 / 0.25 = 62.8, so 63 in each arm (64 with Student's t: Cohen 1988, table 2.4.1)."""
    needed = members_needed(0.5, Arms(1, 1))
    assert needed is not None and math.ceil(needed / 2) == 63
    assert power_of(0.5, Arms(1, 1), 2 * 62.79) == pytest.approx(0.8, abs=1e-3)
    assert power_of(0.0, Arms(1, 1), 1000) == pytest.approx(0.05)
    assert members_needed(0.0, Arms(1, 1)) is None


def test_the_least_effect_is_what_the_members_show() -> None:
    arms = Arms(3.0, 4.0, 0.2)
    assert members_needed(least_effect(arms, 5_000), arms) in (5_000, 5_001)
    assert arms.error(100) == pytest.approx(math.sqrt(9 / 80 + 16 / 20))


def test_a_covariate_saves_its_share_of_members() -> None:
    arms = Arms(10, 10)
    plain, adjusted = members_needed(0.3, arms), members_needed(0.3, arms.adjusted(0.6))
    assert plain is not None and adjusted is not None
    assert adjusted / plain == pytest.approx(1 - 0.36, abs=1e-4)


# --- analysis --------------------------------------------------------------------------------------------------------
def test_welch_by_hand() -> None:
    """1 2 3 4 against 2 4 6 8: variances of the means 5/12 and 20/12, so an error of 1.4434 and 4.4118 degrees of freedom."""
    found = difference(np.array([1.0, 2, 4, 2, 6, 3, 8, 4]), np.array([0, 0, 1, 1, 1, 0, 1, 0], dtype=bool))
    assert (found.mean_a, found.mean_b, found.difference) == (2.5, 5, 2.5)
    assert found.error == pytest.approx(math.sqrt(25 / 12))
    freedom = (25 / 12) ** 2 / ((5 / 12) ** 2 / 3 + (20 / 12) ** 2 / 3)
    half = student.isf(0.025, freedom) * math.sqrt(25 / 12)
    assert found.ci95 == pytest.approx((2.5 - half, 2.5 + half))
    assert found.p_value == pytest.approx(2 * student.sf(2.5 / math.sqrt(25 / 12), freedom))
    assert found.relative == pytest.approx(1.0)


def test_sample_ratio_mismatch_as_published() -> None:
    """Kohavi, Tang & Xu, Trustworthy Online Controlled Experiments (2020), ch. 3: 821,588 against 815,482 users, p = 1.8e-6."""
    assert ratio_p_value(821_588, 815_482, 0.5) == pytest.approx(1.8e-6, rel=0.03)
    assert ratio_p_value(800, 200, 0.2) == pytest.approx(1)


def test_skewness_asks_for_members() -> None:
    """An exponential outcome has skewness 2: 355 x 4 members."""
    assert needs_for_skewness(np.random.default_rng(1).exponential(size=2_000_000)) == pytest.approx(1420, rel=0.03)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8, 0.95])
def test_the_adjusted_interval_is_as_wide_as_theory_says(rho: float) -> None:
    """Outcome and covariate jointly normal: the width falls by the square root of 1 - rho squared, and the difference stays what it is."""
    rng = np.random.default_rng(7)
    n = 40_000
    known = rng.normal(50, 10, n)
    outcome = rho * (known - 50) / 10 + math.sqrt(1 - rho**2) * rng.normal(size=n)
    in_b = rng.random(n) < 0.3
    outcome = outcome + 0.1 * in_b
    test = Finished(outcome, in_b, known[:, None], ("pre",), "a", "b")
    found = analysis_document(test, 0.3)["adjusted"]
    assert found["width_ratio"] == pytest.approx(math.sqrt(1 - rho**2), abs=0.01)
    assert found["rho"] == pytest.approx(rho, abs=0.01)
    assert found["difference"] == pytest.approx(0.1, abs=3.5 * found["error"])


def test_several_covariates_explain_together() -> None:
    """Two independent ones of correlation 0.6 each: rho squared is 0.72."""
    rng = np.random.default_rng(9)
    known = rng.normal(size=(50_000, 2))
    outcome = 0.6 * known.sum(axis=1) + math.sqrt(0.28) * rng.normal(size=50_000)
    assert adjusted_outcomes(outcome, rng.random(50_000) < 0.5, known)[1] == pytest.approx(math.sqrt(0.72), abs=0.01)


def test_intervals_cover_and_tests_keep_their_level() -> None:
    """1,000 tests of a skewed outcome, nothing to find: both analyses reject in 5 %, within three errors."""
    rng = np.random.default_rng(12)
    rejected = np.zeros(2)
    for _ in range(1_000):
        known = rng.gamma(1.0, 20.0, 600)
        outcome = rng.poisson(known / 4).astype(float)
        in_b = rng.permutation(600) < 300
        plain, adjusted = outcome, adjusted_outcomes(outcome, in_b, known[:, None])[0]
        for k, each in enumerate((plain, adjusted)):
            p_value = difference(each, in_b).p_value
            assert p_value is not None
            rejected[k] += p_value < 0.05
    assert rejected / 1_000 == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / 1_000))


# --- a finished test ---------------------------------------------------------------------------------------------------
ROWS = "member_id,arm,outcome,pre_sales\n" + "".join(
    f"m{k},{'test' if k % 2 else 'control'},{10 + k % 7 + (k % 2)},{5 + k % 5}\n" for k in range(40)
)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "test.csv"
    file.write_text(text, "utf-8")
    return file


def test_a_table_is_read_whatever_it_is_packed_in(tmp_path: Path) -> None:
    plain = read_finished(written(tmp_path, ROWS), Columns())
    assert (plain.arm_a, plain.arm_b, plain.names) == ("control", "test", ("pre_sales",))
    assert plain.in_b.sum() == 20 and plain.outcome[:3].tolist() == [10, 12, 12]
    packed, table = tmp_path / "test.csv.gz", tmp_path / "test.parquet"
    packed.write_bytes(gzip.compress(ROWS.encode()))
    columns = {
        "member_id": [f"m{k}" for k in range(40)], "arm": ["test" if k % 2 else "control" for k in range(40)],
        "outcome": [10 + k % 7 + (k % 2) for k in range(40)], "pre_sales": [5.0 + k % 5 for k in range(40)],
    }  # fmt: skip
    pa.parquet.write_table(pa.table(columns), table)
    for other in (packed, table):
        found = read_finished(other, Columns())
        assert (
            (found.outcome == plain.outcome).all()
            and (found.in_b == plain.in_b).all()
            and (found.covariates == plain.covariates).all()
        )


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("member_id,arm", "member,arm", "column member_id: expected a column for the member"),
        ("outcome", "outcom", "did you mean 'outcom'"),
        (",test,", ",control,", "expected two arms, found 1: control"),
        ("m3,test", "m3,other", "expected two arms, found 3"),
        ("m4,control,14,", "m4,control,nan,", "row 6, column outcome: expected a finite number, found nan"),
        ("m4,control,14,", "m4,control,,", "row 6, column outcome: expected a finite number, found an empty cell"),
        ("m4,control,14,", "m4,control,1e999,", "found 1e999"),
        ("m4,control,14,", "m4,control,ten,", "found ten"),
        ("m4,control", "m2,control", "row 6, column member_id: expected each member once; also in row 4"),
        ("m4,control", "m4,", "row 6, column arm: expected a name"),
        ("control", "blue", "say which arm is the control: blue or test"),
    ],
)
def test_a_table_that_is_wrong_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in ROWS
    with pytest.raises(BadInput) as error:
        read_finished(written(tmp_path, ROWS.replace(old, new)), Columns())
    assert said in str(error.value)


def test_every_problem_of_a_table_at_once(tmp_path: Path) -> None:
    wrong = ROWS.replace("m4,control,14,9", "m4,control,nan,x").replace("m5,", ",")
    with pytest.raises(BadInput) as error:
        read_finished(written(tmp_path, wrong), Columns())
    assert len(error.value.problems) == 3


def test_an_arm_of_one_member_and_a_constant_covariate(tmp_path: Path) -> None:
    text = "member_id,arm,outcome,pre\na,control,1,2\nb,control,2,2\nc,test,3,2\n"
    with pytest.raises(BadInput) as error:
        read_finished(written(tmp_path, text), Columns())
    assert "a constant explains nothing" in str(error.value) and "two members or more in arm test" in str(error.value)


def test_a_mismatch_is_the_first_thing_said(tmp_path: Path) -> None:
    rows = "member_id,arm,outcome\n" + "".join(f"m{k},{'test' if k % 3 else 'control'},{k % 4}\n" for k in range(900))
    found = analysis_document(read_finished(written(tmp_path, rows), Columns()))
    assert found["ratio"]["mismatch"] and found["warnings"][0].startswith("sample-ratio mismatch: 300 and 600 members")
    assert not analysis_document(read_finished(written(tmp_path, rows), Columns()), 2 / 3)["ratio"]["mismatch"]


def test_outcomes_that_do_not_vary(tmp_path: Path) -> None:
    rows = "member_id,arm,outcome,pre\n" + "".join(f"m{k},{'AB'[k % 2]},1,{k}\n" for k in range(10))
    found = analysis_document(read_finished(written(tmp_path, rows), Columns()))
    assert found["plain"]["p_value"] is None and found["adjusted"] is None
    assert any("no outcome varies" in each for each in found["warnings"])
    json.dumps(found, allow_nan=False)


# --- one program after another -----------------------------------------------------------------------------------------
def test_changes_lead_from_one_mapping_to_the_other() -> None:
    before = {"a": 1, "b": {"c": 2, "d": [1]}, "gone": {"x": 1}}
    after = {"a": 1, "b": {"c": 3, "d": [1]}, "new": 4}
    assert changes_between(before, after) == {"b": {"c": 3}, "gone": None, "new": 4}


def test_a_program_switched_to_another_has_its_rules_from_the_day_on() -> None:
    a, b = load_program("mos_burger"), load_program("subway")
    both = switched(a, b, date(2026, 5, 1))
    first, second = in_versions(both)
    assert both.versions[0].effective == date(2026, 5, 1)
    kept = ("currency", "provenance", "population", "accepted", "schema_version")
    assert first.model_dump(exclude=set(kept)) == a.model_dump(exclude=set(kept))
    assert second.model_dump(exclude=set(kept)) == b.model_dump(exclude=set(kept))
    assert switched(a, a, date(2026, 5, 1)) is not None and switched(a, a, date(2026, 5, 1)).versions == ()


# --- lives -----------------------------------------------------------------------------------------------------------
def scenario(a: Any, b: Any, members: int = 400, seed: int = 3) -> Scenario:
    return Scenario(
        b, load_population("quick_service_twd"), load_assumptions("central"), baseline=a, members=members, seed=seed
    )


@pytest.fixture(scope="module")
def changed() -> Lives:
    """MOS Burger's members, of whom arm B changes over to a stamp card."""
    return live_trial(scenario(load_program("mos_burger"), load_program("examples/bubble_tea.yaml")), 12, 26, 26, False)


def test_weeks_recounted_from_the_ledgers(changed: Lives) -> None:
    """Every member's purchases and sales by week, entry by entry, from both ledgers of the same run."""
    run = simulate(changed.scenario, keep=True)
    assert run.ledgers is not None
    for arm, ledger in ((1, run.ledgers[0]), (0, run.ledgers[1])):
        count: dict[tuple[int, int], int] = {}
        spent: dict[tuple[int, int], int] = {}
        before: dict[int, int] = {}
        for row in ledger.rows[ledger.column("kind") == PURCHASE].tolist():
            member, day, money = row[0], row[2], row[5]
            week = (day - to_day(date(2026, 1, 1))) // 7
            if 0 <= week < 26:
                count[member, week] = count.get((member, week), 0) + 1
                spent[member, week] = spent.get((member, week), 0) + money
            elif -26 <= week < 0:
                before[member] = before.get(member, 0) + 1
        for k, member in enumerate(changed.number.tolist()):
            for week in range(26):
                assert changed.purchases[arm][k, week] == count.get((member, week), 0)
                assert changed.sales[arm][k, week] == pytest.approx(spent.get((member, week), 0) / 100)
            assert changed.before is not None and changed.before[1][k] == before[member] > 0


def test_both_arms_are_alike_until_the_test_begins(changed: Lives) -> None:
    run = simulate(changed.scenario, keep=True)
    assert run.ledgers is not None
    early = [each.rows[each.column("day") < changed.start] for each in run.ledgers]
    columns = [0, 2, 3, 4, 5]
    assert (early[0][:, columns] == early[1][:, columns]).all() and len(early[0]) > 1_000


def test_a_program_changed_to_itself_has_no_effect() -> None:
    program = load_program("mos_burger")
    lives = live_trial(scenario(program, program, 300), 12, 13, 26, False)
    found = effect_after(lives, "sales", 13)
    assert found.effect == 0 and found.ci95 == (0, 0) and found.of_a > 0
    document = plan_document(lives, Wanted(tests=100), ("a", "a"))
    assert document["recommended"] is None and document["simulated"] is None
    assert any("same rules" in each for each in document["warnings"]) and any(
        "no effect from none" in each for each in document["warnings"]
    )


def test_newcomers_are_watched_from_the_day_after_their_first_purchase() -> None:
    lives = live_trial(scenario(NO_PROGRAM, load_program("mos_burger"), 300), 12, 13, 26, True)
    run = simulate(lives.scenario, keep=True)
    assert run.ledgers is not None and lives.before is None
    rows = run.ledgers[1].rows
    for k, member in enumerate(lives.number.tolist()):
        days = [row[2] for row in rows[rows[:, 0] == member].tolist() if row[3] == PURCHASE]
        assert lives.purchases[0][k].sum() == sum(0 < day - days[0] <= 13 * 7 for day in days)


def test_tiers_when_the_test_begins_recounted() -> None:
    """The tier of the last entry about it before the day; the lowest without one."""
    mapping = load_program("mitsui_outlet").model_dump(by_alias=True, exclude_defaults=True)
    mapping["tiers"]["levels"][1]["enter"] = {"spend": 3000}
    mapping["tiers"]["levels"][2]["enter"] = {"spend": 8000}
    program = program_from_mapping(mapping)
    lives = live_trial(
        Scenario(
            program, load_population("department_store_twd"), load_assumptions("central"), baseline=program, members=400
        ),
        18,
        8,
        52,
        False,
    )
    run = simulate(lives.scenario, keep=True)
    assert run.ledgers is not None
    ledger = run.ledgers[1]
    for k, member in enumerate(lives.number.tolist()):
        moves = [
            row
            for row in ledger.rows[ledger.column("member") == member].tolist()
            if row[3] == TIER and row[2] < lives.start
        ]
        name = lives.tier_names[lives.tier[k]]
        assert name == (ledger.rules[moves[-1][9]].split(".")[-1].split(":")[-1] if moves else "member"), (moves, name)
    assert len(set(lives.tier.tolist())) >= 3


# --- the test as it would be run ----------------------------------------------------------------------------------------
def made_up(effect: np.ndarray | None = None, times: np.ndarray | None = None, n: int = 3_000, seed: int = 5) -> Lives:
    """Members whose weekly purchases are Poisson with rates of their own, known in part from before; ``effect``, ``times``: float64[weeks], what is added
    to each week's outcome in arm B, or what multiplies it."""
    weeks = len(effect) if effect is not None else len(times) if times is not None else 0
    rng = np.random.default_rng(seed)
    rate = rng.gamma(2.0, 0.5, n)
    a = rng.poisson(rate[:, None], (n, weeks)).astype(float)
    before = rng.poisson(8 * rate).astype(float)
    b = a * (1 if times is None else times) + (0 if effect is None else effect)
    tier = np.full(n, -1, dtype=np.int64)
    lived = scenario(NO_PROGRAM, load_program("mos_burger"), seed=seed)
    return Lives(lived, 0, np.arange(n), (a, b), (a, b), (before, before), tier, (), n)


def test_members_are_assigned_by_chance_and_once() -> None:
    lives = made_up(np.zeros(4))
    a, b = assigned(lives, 0, 600, 900)
    assert len(set(a.tolist()) | set(b.tolist())) == 1_500
    again, other = assigned(lives, 0, 600, 900), assigned(lives, 1, 600, 900)
    assert (again[0] == a).all() and (again[1] == b).all() and len(set(other[0].tolist()) & set(a.tolist())) < 250
    seen = np.bincount(np.concatenate([assigned(lives, k, 600, 900)[0] for k in range(300)]), minlength=3_000)
    assert seen.mean() == 60 and abs(seen - 60).max() < 6 * math.sqrt(60 * 0.8)
    a, b = assigned(lives, 0, 4_000, 4_000)
    assert len(a) == len(b) == 4_000 and max(a.max(), b.max()) < 3_000


def test_tests_keep_their_level_and_their_promise() -> None:
    """2,000 tests: without an effect 5 % reject, with it what the formula promises, plain and adjusted, each within three errors; the adjusted interval
    is as wide as 1 - rho squared says."""
    lives = made_up(np.full(8, 0.06))
    arms, rho = spread_after(lives, "purchases", 8, 0.5)
    assert rho is not None and rho > 0.7
    effect, tests, n = effect_after(lives, "purchases", 8).effect, 2_000, 500
    assert effect == pytest.approx(0.48)
    none = rejections(lives, "purchases", 8, n, n, tests, True)
    some = rejections(lives, "purchases", 8, n, n, tests, False)
    error = math.sqrt(0.05 * 0.95 / tests)
    assert (none.plain, none.adjusted) == (pytest.approx(0.05, abs=3 * error), pytest.approx(0.05, abs=3 * error))
    for found, spread in ((some.plain, arms), (some.adjusted, arms.adjusted(rho))):
        promised = power_of(effect, spread, 2 * n)
        assert 0.2 < promised < 0.95
        assert found == pytest.approx(promised, abs=3 * math.sqrt(promised * (1 - promised) / tests))
    assert none.width_ratio == pytest.approx(math.sqrt(1 - rho**2), abs=0.01)


def test_the_number_of_members_that_is_planned_has_the_power() -> None:
    """80 % asked for, and the test of just that size finds the effect in 80 % of 2,000 tests within three errors."""
    lives = made_up(np.full(8, 0.1))
    document = plan_document(lives, Wanted("purchases", tests=2_000), ("a", "b"))
    planned, simulated = document["recommended"], document["simulated"]
    assert simulated["as_planned"] and planned["analysis"] == "adjusted"
    assert simulated["adjusted"]["promised_power_pct"] == pytest.approx(80, abs=0.5)
    assert simulated["adjusted"]["rejected_with_effect_pct"] == pytest.approx(80, abs=3 * 100 * math.sqrt(0.16 / 2_000))


def test_an_effect_that_fades_is_seen_to_settle() -> None:
    """A constant effect of 10 % is there from the start. One that begins at 25 % and fades to it with a half-life of four weeks is, in the k-th block of
    four weeks, too large by 1.5 * 0.786 * 2 ** -k of it: 15 % in weeks 13-16, 7 % in weeks 17-20, which is within a tenth."""
    weeks = np.arange(52)
    assert settling(made_up(times=np.full(52, 1.1)), "purchases").settled_after == 0
    found = settling(made_up(times=1.1 + 0.15 * 0.5 ** (weeks / 4)), "purchases")
    assert found.settled_after == 16 and found.late_from == 39
    assert found.late.relative == pytest.approx(0.1, abs=0.001)
    assert found.blocks[0][1].relative == pytest.approx(0.1 + 0.15 * 0.786, abs=0.001)
    assert settling(made_up(times=1 + weeks / 500), "purchases").settled_after is None


def test_with_few_members_the_test_is_longer_or_cannot_be() -> None:
    lives = made_up(np.full(52, 0.05))

    def planned(available: int | None) -> Any:
        return plan_document(lives, Wanted("purchases", tests=100, available=available), ("a", "b"))

    needed = {each["weeks"]: each["members_adjusted"] for each in planned(None)["durations"]}
    assert needed[52] < needed[26] < needed[13] < needed[4]
    tight = planned(needed[26])["recommended"]
    assert tight["weeks"] == 26 and tight["members"] - needed[26] in (0, 1)
    hopeless = planned(needed[52] // 2)
    assert hopeless["recommended"] is None and "too few at any length" in hopeless["warnings"][-1]


@pytest.mark.slow
def test_the_promise_is_kept_by_simulated_members() -> None:
    """Two programs lived by 8,000 members: 2,000 tests of 2 x 3,000 of them."""
    lives = live_trial(scenario(load_program("mos_burger"), load_program("subway"), 8_000), 24, 26, 52, False)
    arms, rho = spread_after(lives, "purchases", 26, 0.5)
    effect = effect_after(lives, "purchases", 26).effect
    none = rejections(lives, "purchases", 26, 3_000, 3_000, 2_000, True)
    some = rejections(lives, "purchases", 26, 3_000, 3_000, 2_000, False)
    assert rho is not None
    assert (none.plain, none.adjusted) == (pytest.approx(0.05, abs=0.0147), pytest.approx(0.05, abs=0.0147))
    for found, spread in ((some.plain, arms), (some.adjusted, arms.adjusted(rho))):
        promised = power_of(effect, spread, 6_000)
        assert found == pytest.approx(promised, abs=3 * math.sqrt(promised * (1 - promised) / 2_000))


# --- the commands ------------------------------------------------------------------------------------------------------
def invoke(*words: str) -> Any:
    return CliRunner().invoke(app, ["experiment", *words])


def test_plan_and_analyse_go_together(tmp_path: Path) -> None:
    file = tmp_path / "finished.csv"
    words = [
        "--members",
        "1500",
        "--outcome",
        "purchases",
        "--months",
        "12",
        "--weeks",
        "13",
        "--before",
        "26",
        "--tests",
        "100",
    ]
    done = invoke("plan", "mos_burger", "subway", *words, "--example", str(file), "--json")
    assert done.exit_code == 0, done.output
    planned = json.loads(done.stdout)
    assert planned["on"] == "members" and planned["durations"][-1]["weeks"] == 13
    assert {each["tier"] for each in planned["by_tier"]} <= {"member"} or planned["by_tier"] == []
    analysed = json.loads(invoke("analyse", str(file), "--json").stdout)
    assert analysed["adjusted"]["covariates"] == ["pre"]
    assert analysed["members"] <= planned["taking_part"] and not analysed["ratio"]["mismatch"]
    again = tmp_path / "again.csv"
    assert invoke("plan", "mos_burger", "subway", *words, "--example", str(again)).exit_code == 0
    assert again.read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    "words, said",
    [
        (["plan", "mos_burgr", "subway"], "mos_burger"),
        (["plan", "mos_burger", "none"], "none can only be arm A"),
        (["plan", "none", "mos_burger", "--on", "members"], "expected newcomers"),
        (["plan", "mos_burger", "sephora_us"], "expected a program in"),
        (["plan", "mos_burger", "subway", "--outcome", "sale"], "did you mean 'sales'"),
        (["plan", "mos_burger", "subway", "--example", "x.txt"], "ending in .csv"),
        (["plan", "mos_burger", "subway", "--members", "100", "--before", "1"], "100 members or more to test on"),
        (["analyse", "there_is_none.csv"], "there is no such file"),
    ],
)
def test_bad_input(words: list[str], said: str) -> None:
    done = invoke(*words)
    assert isinstance(done.exception, BadInput) and said in str(done.exception), done.output
