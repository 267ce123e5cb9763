"""Study files: what is varied, by which plan, and every mistake in them at once; intervals and break-evens from groups of members."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student

from simulators.sensitivity import sobol_indices
from workbench.errors import BadInput
from workbench.program.load import load_program
from workbench.spec import SpecError
from workbench.study.field import Field, found, numbered, parse_field, placed
from workbench.study.jackknife import Replicates, crossings, estimate, group_bounds, replicates
from workbench.study.outcomes import OUTCOMES, SUMS, Whole
from workbench.study.plan import Choice, Range, planned
from workbench.study.read import asked, find_study, is_study, study_names
from workbench.study.spec import Grid, LatinHypercube, Sobol


def study(tmp_path: Path, vary: str, more: str = "", outcomes: str = "[incremental_margin]") -> Path:
    file = tmp_path / "study.yaml"
    file.write_text(
        f"schema: 1\ntitle: A study\nquestion: Which?\nprogram: eslite\noutcomes: {outcomes}\nvary:\n{vary}\n{more}\n",
        "utf-8",
    )
    return file


def problems(file: Path, **options: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        asked(file, **options).designs()
    return [str(each) for each in caught.value.problems]


# --- fields ------------------------------------------------------------------------------------------------------------
LADDER = {"tiers": {"levels": [{"name": "member"}, {"name": "gold", "enter": {"spend": 5}}]}, "rate": 1}


def test_a_field_is_found_by_position_and_by_name_and_is_changed_in_a_copy() -> None:
    for text in ("program.tiers.levels[1].enter.spend", "program.tiers.levels[gold].enter.spend"):
        field = parse_field(text)
        assert str(field) == text
        assert found(LADDER, field.steps) == 5
        assert numbered(LADDER, field.steps) == "tiers.levels[1].enter.spend"
        changed = placed(LADDER, field.steps, 7)
        assert changed["tiers"]["levels"][1] == {"name": "gold", "enter": {"spend": 7}}
        assert changed["tiers"]["levels"][0] is LADDER["tiers"]["levels"][0]  # type: ignore[index]
    assert found(LADDER, ("tiers", "levels", "[1", "enter", "spend")) == 5  # nothing given is changed


def test_what_is_not_there_is_made_and_null_takes_a_key_out() -> None:
    assert placed({"a": 1}, ("b", "c"), 2) == {"a": 1, "b": {"c": 2}}
    assert placed({"a": 1, "b": {"c": 2, "d": 3}}, ("b", "c"), None) == {"a": 1, "b": {"d": 3}}
    assert found({"a": 1}, ("b", "c")) is None


@pytest.mark.parametrize(
    "text, said, guess",
    [
        ("programm.earn.rate", "begins with one of", "program.earn.rate"),
        ("program", "a field of the program", None),
        ("program..earn", "expected a path", None),
        ("program.earn[", "expected a path", None),
    ],
)
def test_a_path_that_cannot_be_read_is_named(text: str, said: str, guess: str | None) -> None:
    with pytest.raises(SpecError, match=said) as caught:
        parse_field(text)
    assert caught.value.suggestion == guess


@pytest.mark.parametrize(
    "steps, said, guess",
    [
        (("tiers", "levels", "[glod", "enter"), "the name of an entry: member, gold", "gold"),
        (("tiers", "levels", "[2"), "0 to 1", None),
        (("rate", "points"), "found a single value", None),
        (("tiers", "[0"), "expected a list", None),
    ],
)
def test_a_path_that_leads_nowhere_is_named(steps: tuple[str, ...], said: str, guess: str | None) -> None:
    for call in (lambda: placed(LADDER, steps, 1), lambda: found(LADDER, steps)):
        with pytest.raises(SpecError, match=said) as caught:
            call()
        assert caught.value.suggestion == guess


# --- plans -------------------------------------------------------------------------------------------------------------
def test_a_grid_is_every_combination_and_rounding_makes_no_design_twice() -> None:
    grid = planned(Grid(kind="grid"), [Choice(("a", "b")), Range(1, 2, 0, 4)])
    assert grid == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]  # 1, 1.33, 1.67, 2 are 1, 1, 2, 2


def test_a_latin_hypercube_covers_every_tenth_of_every_range_once() -> None:
    plan = LatinHypercube(kind="latin_hypercube", designs=10, seed=3)
    designs = planned(plan, [Range(0, 10, None), Range(-5, 5, None)])
    assert sorted(int(design[0]) for design in designs) == list(range(10))
    assert sorted(math.floor(design[1]) for design in designs) == list(range(-5, 5))
    assert designs == planned(plan, [Range(0, 10, None), Range(-5, 5, None)])
    other = plan.model_copy(update={"seed": 4})
    assert designs != planned(other, [Range(0, 10, None), Range(-5, 5, None)])


def ishigami(x: tuple[float, ...]) -> float:
    return math.sin(x[0]) + 7 * math.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * math.sin(x[0])


def test_sobol_indices_of_the_ishigami_function_are_the_known_ones() -> None:
    """Ishigami & Homma 1990 with a = 7, b = .1: V = 13.8446; S1 = .3139, .4424, 0; ST = .5576, .4424, .2437."""
    a, b, pi = 7, 0.1, math.pi
    variance = a**2 / 8 + b * pi**4 / 5 + b**2 * pi**8 / 18 + 0.5
    first = ((1 + b * pi**4 / 5) ** 2 / 2 / variance, a**2 / 8 / variance, 0.0)
    both = 8 * b**2 * pi**8 / 225 / variance
    total = (first[0] + both, first[1], both)
    assert first == pytest.approx((0.3139, 0.4424, 0), abs=1e-4)
    plan = Sobol(kind="sobol", base=2048, seed=7)
    designs = planned(plan, [Range(-pi, pi, None)] * 3)
    assert len(designs) == 2048 * 5
    indices = sobol_indices(plan, ["x", "y", "z"], [ishigami(design) for design in designs])
    assert indices is not None
    for k, each in enumerate(indices.values()):
        assert each["first"]["value"] == pytest.approx(first[k], abs=0.03)
        assert each["total"]["value"] == pytest.approx(total[k], abs=0.03)
        low, high = each["total"]["ci95"]
        assert low < each["total"]["value"] < high
        assert high - low < 0.15


def test_there_are_no_indices_of_what_does_not_vary_or_is_missing() -> None:
    plan = Sobol(kind="sobol", base=4)
    assert sobol_indices(plan, ["a", "b"], [3.0] * 16) is None
    assert sobol_indices(plan, ["a", "b"], [1.0, math.nan] + [2.0] * 14) is None


# --- files -------------------------------------------------------------------------------------------------------------
def test_the_shipped_studies_can_be_asked() -> None:
    assert "point_value" in study_names()
    for name in study_names():
        question = asked(name)
        for_a_search = question.study.plan is None and any(question.study.no_grid())
        assert question.study.search.limits if for_a_search else question.designs()
        assert is_study(name)
        assert question.study.title_zh and question.study.question_zh, name


def test_designs_change_what_they_say_and_nothing_else(tmp_path: Path) -> None:
    file = study(
        tmp_path,
        "  - {field: program.redemption.money_off.points, values: [8, 12]}\n"
        "  - {field: assumptions.membership.death_factor, low: .9, high: 1, steps: 2}\n"
        "  - {field: population.gross_margin, values: [.3]}",
    )
    question = asked(file, members=50)
    designs = question.designs()
    assert designs == [(8, 0.9, 0.3), (8, 1, 0.3), (12, 0.9, 0.3), (12, 1, 0.3)]
    today = load_program("eslite")
    for points, death, margin in designs:
        case = question.of((points, death, margin))
        assert case.program.redemption.money_off is not None
        assert (case.program.redemption.money_off.points, case.assumptions.membership.death_factor) == (points, death)
        assert case.population.gross_margin == margin
        assert case.members == 50
        changed = today.model_dump(mode="json", by_alias=True)
        changed["redemption"]["money_off"]["points"] = points
        assert case.program.model_dump(mode="json", by_alias=True) == changed
        against = question.today((points, death, margin))
        assert against.program == today
        assert against.assumptions == case.assumptions
    assert question.of(designs[0]).program is question.of(designs[1]).program  # what agrees is shared
    assert question.now(question.fields[0]) == 10


def test_an_assumption_has_its_own_range_and_a_program_has_none(tmp_path: Path) -> None:
    question = asked(study(tmp_path, "  - {field: assumptions.membership.death_factor, steps: 3}"))
    assert [design[0] for design in question.designs()] == pytest.approx([0.62, 0.81, 1])
    said = problems(study(tmp_path, "  - {field: program.redemption.money_off.points, steps: 3}"))
    assert said == [
        "vary[0]: expected values, or low and high: only assumptions and populations have ranges of their own, "
        "found 'program.redemption.money_off.points'"
    ]


def test_what_a_study_changes_is_where_designs_start_and_today_stays(tmp_path: Path) -> None:
    more = "changes: {earn: {multipliers: [{name: gold, factor: 1.1, tiers: [gold, black]}]}}"
    question = asked(study(tmp_path, '  - {field: "program.earn.multipliers[gold].factor", values: [1.2, 1.5]}', more))
    assert [float(question.of(each).program.earn.multipliers[0].factor) for each in question.designs()] == [1.2, 1.5]
    assert question.scenario.program == load_program("eslite")


def test_every_field_that_does_not_exist_is_named_at_once_with_the_nearest(tmp_path: Path) -> None:
    said = problems(
        study(
            tmp_path,
            "  - {field: program.redemption.moneyoff.points, values: [1, 2]}\n"
            "  - {field: assumptions.membership.death_facter, values: [1]}\n"
            '  - {field: "program.tiers.levels[glod].enter.spend", values: [1]}\n'
            "  - {field: population.gross_margins, values: [.3]}\n"
            "  - {field: program.redemption.money_off.points.value, values: [.3]}",
        )
    )
    assert len(said) == 5
    assert "vary[0].field" in said[0] and "did you mean 'program.redemption.money_off.points'" in said[0]
    assert "vary[1].field" in said[1] and "did you mean 'assumptions.membership.death_factor'" in said[1]
    assert "vary[2].field" in said[2] and "did you mean 'gold'" in said[2]
    assert "vary[3].field" in said[3] and "did you mean 'population.gross_margin'" in said[3]
    assert "vary[4].field" in said[4] and "found a single value" in said[4]


@pytest.mark.parametrize(
    "vary, more, said",
    [
        ("  - {field: program.a, values: []}", "", "expected at least one value: the study has no designs"),
        ("  - {field: program.a, low: 1, high: 2}", "plan: {kind: grid}", "a grid needs values, or low, high and steps"),
        ("  - {field: program.a, low: 2, high: 1, steps: 3}", "", "expected more than low"),
        ("  - {field: program.a, low: 2, steps: 3}", "", "low and high belong together"),
        ("  - {field: program.a, values: [1, 1]}", "", "the value stands there twice"),
        ("  - {field: program.a, values: [1], steps: 3}", "", "belongs to a range"),
        ("  - {field: program.a, values: [1]}\n  - {field: program.a, values: [1]}", "", "the field is varied twice"),
        ("  - {field: program.a, values: [1]}\n  - {field: program.b.a, values: [1]}", "", "another lever has this name"),
        ("  - {field: program.a, low: 0, high: 1, steps: 3}", "plan: {kind: sobol, base: 8}", "belongs to a grid"),
        ("  - {field: program.a, low: 0, high: 1}", "plan: {kind: sobol, base: 10}", "a power of two"),
        ("  - {field: program.a, low: 0, high: 1, steps: 1000}\n  - {field: program.b, low: 0, high: 1, steps: 1000}", "plan: {kind: grid}", "at most 100,000"),
        ("  - {field: program.a, values: [1]}", "search: {limits: [{outcome: liabilty, at_most: 3}]}", "did you mean 'liability'"),
        ("  - {field: program.a, values: [1]}", "search: {limits: [{outcome: liability}]}", "expected at_least, at_most"),
        (
            "  - {field: program.a, values: [1]}",
            "search: {limits: [{outcome: liability, at_least: 3, at_most: 2}]}",
            "cannot be kept",
        ),
    ],
)  # fmt: skip
def test_what_has_no_sense_is_refused(vary: str, more: str, said: str, tmp_path: Path) -> None:
    assert any(said in each for each in problems(study(tmp_path, vary, more)))


def test_a_study_for_a_search_needs_no_grid_and_cannot_be_swept(tmp_path: Path) -> None:
    file = study(tmp_path, "  - {field: program.redemption.money_off.points, low: 5, high: 9}")
    assert asked(file).spreads == (Range(5, 9, 0),)
    assert problems(file) == ["vary[0]: a grid needs values, or low, high and steps: there is nothing to try"]


def test_outcomes_are_known_by_name(tmp_path: Path) -> None:
    said = problems(
        study(tmp_path, "  - {field: program.a, values: [1]}", outcomes="[lift_sale, liability, liability]")
    )
    assert any("outcomes[0]" in each and "did you mean 'lift_sales'" in each for each in said)
    assert any("outcomes[2]" in each and "twice" in each for each in said)


def test_a_refused_value_is_named_with_its_design_and_rule(tmp_path: Path) -> None:
    """A value that is refused by itself, where it stands; a combination, as the design it is."""
    said = problems(study(tmp_path, "  - {field: program.redemption.money_off.points, values: [10, 0]}"))
    assert said == ["vary[0].values[1]: program.redemption.money_off.points refuses it: expected at least 1, found 0"]
    said = problems(
        study(
            tmp_path,
            '  - {field: "program.tiers.levels[silver].enter.spend", name: silver, values: [9000, 24000]}\n'
            '  - {field: "program.tiers.levels[gold].enter.spend", name: gold, values: [20000, 26000]}',
        )
    )
    assert len(said) == 1
    assert said[0].startswith("design 3 (silver 24000, gold 20000): tiers.levels[2]")


def test_an_unknown_study_is_told_with_the_nearest() -> None:
    with pytest.raises(BadInput, match="point_value"):
        find_study("point_valeu")


# --- intervals ---------------------------------------------------------------------------------------------------------
NOTHING = Whole(0.5, 0.0, 0.0, 0.0, None, (), False, False)


def sums(**columns: list[int]) -> np.ndarray:
    groups = len(next(iter(columns.values())))
    return np.array([columns.get(name, [0] * groups) for name in SUMS], dtype=np.int64).T


def test_groups_hold_every_member_once() -> None:
    bounds = group_bounds(1003, 40)
    assert len(bounds) == 40
    assert [member for first, last in bounds for member in range(first, last)] == list(range(1003))
    assert group_bounds(3, 40) == [(0, 1), (1, 2), (2, 3)]


def test_the_interval_of_a_mean_is_students() -> None:
    """Of a mean over equal groups the jackknife's error is the standard error of the groups' means: sd / sqrt(n), and t(n - 1)."""
    values = [3, 5, 8, 1, 9, 4]
    found = estimate(replicates(OUTCOMES["outstanding_points"], sums(customers=[10] * 6, outstanding=values), NOTHING))
    means = 1000 * np.array(values) / 10
    half = student.ppf(0.975, 5) * means.std(ddof=1) / math.sqrt(6)
    assert found.value == pytest.approx(means.mean())
    assert found.ci95 == pytest.approx([means.mean() - half, means.mean() + half])


def test_the_difference_of_two_designs_is_paired() -> None:
    """What all groups do alike drops out: a difference that is the same everywhere has no error at all."""
    base = sums(customers=[10] * 4, outstanding=[30, 50, 80, 10])
    more = sums(customers=[10] * 4, outstanding=[37, 57, 87, 17])
    one, other = (replicates(OUTCOMES["outstanding_points"], each, NOTHING) for each in (base, more))
    found = estimate(other.less(one))
    assert found.value == pytest.approx(700)
    assert found.ci95 == pytest.approx([700, 700])
    assert estimate(one).ci95 != pytest.approx([425, 425])


def test_a_figure_that_is_missing_stays_missing() -> None:
    found = replicates(OUTCOMES["upgrade_rate"], sums(customers=[10, 10], members=[10, 10]), NOTHING)
    assert math.isnan(found.whole)
    assert estimate(found) == estimate(replicates(OUTCOMES["liability"], sums(customers=[1, 1]), NOTHING))
    assert estimate(found).value is None


def line(*values: float, spread: float = 0.01) -> list[Replicates]:
    return [Replicates(value, value + spread * np.array([1.0, -1.0, 0.0])) for value in values]


def test_a_line_crosses_where_the_straight_between_two_designs_does() -> None:
    (crossing,) = crossings([10, 20, 30], line(-3, 1, 2))
    assert crossing.at.value == pytest.approx(17.5)  # three quarters of the way from -3 to 1
    assert crossing.between == (10, 20)
    assert crossing.rising
    low, high = crossing.at.ci95 or [0, 0]
    half = student.ppf(0.975, 2) * math.sqrt(
        2 / 3 * 2 * 0.025**2
    )  # a step of .01 moves the crossing by .01 / 4 * 10 = .025
    assert (low, high) == pytest.approx((17.5 - half, 17.5 + half))


def test_crossings_are_counted_once_and_not_where_a_design_is_what_it_is_compared_with() -> None:
    assert [each.at.value for each in crossings([1, 2, 3], line(-1, 0, 1))] == [2]
    assert [each.rising for each in crossings([1, 2, 3], line(1, -1, 1))] == [False, True]
    assert crossings([1, 2, 3], line(1, 2, 3)) == []
    same = [line(-1)[0], Replicates(0.0, np.zeros(3)), line(1)[0]]
    assert crossings([1, 2, 3], same) == []
    assert crossings([1, 2], [line(-1)[0], Replicates(math.nan, np.full(3, math.nan))]) == []


def test_a_crossing_has_no_interval_where_its_two_designs_are_not_told_apart() -> None:
    noisy = [Replicates(-1.0, np.array([-3.0, 1.0, -1.0])), Replicates(1.0, np.array([-2.0, 4.0, 1.0]))]
    (crossing,) = crossings([1, 2], noisy)
    assert crossing.at.value == pytest.approx(1.5)
    assert crossing.at.ci95 is None


def test_a_field_says_where_it_is() -> None:
    assert str(Field("program", ("tiers", "levels", "[2", "enter"))) == "program.tiers.levels[2].enter"
