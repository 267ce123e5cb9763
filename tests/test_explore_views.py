"""What the Explore page asks and shows, without a browser."""

from functools import cache
from typing import Any

import pytest

pytest.importorskip("holoviews", reason="the extra `app` is not installed")

from apps.draft import Draft
from apps.exploring import LOOKED_AT, Moved, Search, first_moved, movables, study_of, study_yaml
from apps.language import language
from apps.views import explore as view
from simulators.optimise import optimise
from simulators.sensitivity import tornado
from simulators.sweep import sweep
from workbench.program.load import library
from workbench.spec_file import spec_from_mapping
from workbench.study.outcomes import OUTCOMES
from workbench.study.spec import Study
from workbench.yaml_file import parse_mapping

EN, ZH = language("en"), language("zh-Hant")
PER = "program.earn.rate.per"
SILVER = "program.tiers.levels[1].enter.spend"


@cache
def draft() -> Draft:
    return Draft.of("mitsui_outlet", years=1)


@cache
def swept(*keys: str) -> dict[str, Any]:
    known = {each.key: each for each in movables(draft())}
    question = study_of(draft(), [Moved(key, known[key].low, known[key].high) for key in keys], 150)
    return sweep(question)[0]


# --- what is asked -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slug", library())
def test_the_first_lever_of_every_program_makes_designs(slug: str) -> None:
    own = Draft.of(slug, years=1)
    levers = first_moved(own)
    assert len(levers) == 1
    question = study_of(own, levers, 50)
    designs = question.designs()
    assert len(designs) >= 2
    assert question.scenario.program == own.baseline
    values = [float(each) for each, in designs]  # fmt: skip
    assert values == sorted(values)


def test_a_study_begins_at_the_draft_and_is_compared_with_its_baseline() -> None:
    changed = draft().program.model_copy(update={"redemption": None})
    own = draft().with_program(changed)
    question = study_of(own, first_moved(own), 50)
    case = question.of(question.designs()[0])
    assert case.program.redemption is None
    assert question.scenario.program == draft().baseline
    assert question.scenario.population == own.people


def test_the_yaml_asks_the_same() -> None:
    levers = [Moved(PER, 100, 300), Moved(SILVER, 50_000, 120_000)]
    question = study_of(draft(), levers, 500)
    mapping, _ = parse_mapping(study_yaml(question))
    read = spec_from_mapping(Study, mapping)
    assert read.model_dump() == question.study.model_dump()
    search = study_of(draft(), levers, 500, Search(tuple(levers), "liability", (("worse_off", 5.0),)))
    assert [goal.outcome for goal in search.study.search.goals] == ["incremental_margin", "liability"]
    assert search.study.search.limits[0].at_most == 5


# --- what is shown -----------------------------------------------------------------------------------------------------
def test_a_line_is_that_of_the_document_and_the_baseline_is_dashed() -> None:
    document = swept(PER)
    x, (line, ghost), marks = view.lines(document, "incremental_margin", EN)
    assert x == [each["values"]["lever_1"] for each in document["designs"]]
    for value, low, high, each in zip(line.values, line.low or (), line.high or (), document["designs"], strict=True):
        found = each["outcomes"]["incremental_margin"]
        assert (value, [low, high]) == (found["value"], found["ci95"])
    assert ghost.baseline and set(ghost.values) == {document["today"]["incremental_margin"]["value"]}
    crossed = [
        each
        for each in document["break_evens"]
        if each["outcome"] == "incremental_margin" and each["against"] == "today"
    ]
    assert [mark.at for mark in marks] == [each["at"] for each in crossed]
    assert all(mark.upright for mark in marks)


def test_the_sentence_names_the_best_and_says_how_surely() -> None:
    document = swept(PER)
    best = max(document["designs"], key=lambda each: each["outcomes"]["incremental_margin"]["value"])
    said = view.sweep_sentence(document, "incremental_margin", {"lever_1": "The spend"}, True, EN)
    assert f"The spend {EN.plain(best['values']['lever_1'])}" in said
    assert "highest" in said
    low, high = best["outcomes"]["incremental_margin"]["difference"]["ci95"]
    assert ("not told apart" in said) == (low <= 0 <= high and (low, high) != (0, 0))
    lowest = view.sweep_sentence(document, "liability", {"lever_1": "The spend"}, False, EN)
    assert "lowest" in lowest


def test_two_levers_make_a_cell_for_each_pair() -> None:
    document = swept(PER, SILVER)
    found = view.cells(document, "lift_sales", False)
    assert (len(found.y), len(found.x)) == (5, 5)
    for each in document["designs"]:
        row, column = found.y.index(each["values"]["lever_2"]), found.x.index(each["values"]["lever_1"])
        assert found.values[row][column] == each["outcomes"]["lift_sales"]["value"]
    assert "with" in view.break_even_sentence(document, "incremental_margin", {"lever_1": "A", "lever_2": "B"}, EN)


def test_a_figure_that_a_program_does_not_have_is_said_and_not_drawn() -> None:
    own = Draft.of("mos_burger", years=1)
    document = sweep(study_of(own, first_moved(own), 60))[0]
    assert "no such figure" in view.sweep_sentence(document, "top_tier_share", {"lever_1": "A"}, True, EN)
    _, (line, *rest), _ = view.lines(document, "top_tier_share", EN)
    assert all(value != value for value in line.values)
    assert rest == []


def test_bars_are_those_that_move_and_say_where_the_range_is_from() -> None:
    case = draft().question(150).scenario()
    document = tornado(case, ["incremental_margin"], {}, ["membership", "basket", "top_up", "tier_pressure.days"])
    bars = {each.name: each for each in view.swings(document, "incremental_margin", EN)}
    found = {bar["key"]: bar for bar in document["bars"]}
    for name, bar in bars.items():
        for end in ("low", "high"):
            outcomes = found[name][end]["outcomes"]
            expected = (
                document["now"]["incremental_margin"]["value"]
                if outcomes is None
                else outcomes["incremental_margin"]["value"]
            )
            assert getattr(bar, end) == expected
    assert "membership.death_factor" in bars
    assert "top_up.share" not in bars, "nobody tops up in this program"
    table = view.tornado_table(document, "incremental_margin", EN)
    assert {row[0] for row in table.rows} == set(bars)
    assert all(": " in row[-1] for row in table.rows)
    said = view.tornado_sentence(document, "incremental_margin", EN)
    widest = max(bars.values(), key=lambda each: abs(each.high - each.low)).name
    assert said.startswith(widest)


def test_points_of_a_search_and_its_finalists() -> None:
    levers = (Moved(PER, 150, 260), Moved(SILVER, 90_000, 120_000))
    question = study_of(
        draft(), levers, 100, Search(levers, "reward_rate", (("worse_off", 60.0),), trials=10, confirm=2)
    )
    document = optimise(question, {})
    points = view.points(document, EN)
    assert len(points) == document["tried"]
    front = [each for each in points if each.front]
    assert len(front) == len(document["front"])
    assert all(each.feasible for each in front)
    table = view.finalist_tables(document, {"lever_1": "A", "lever_2": "B"}, EN)
    assert len(table.rows) == len(document["finalists"])
    assert all(len(row) == len(table.header) for row in table.rows)
    assert table.rows[0][-1].endswith("/2")


@pytest.mark.parametrize("say", [EN, ZH], ids=["en", "zh"])
def test_every_outcome_has_a_name_and_a_unit_in_both_languages(say: Any) -> None:
    for name in LOOKED_AT:
        assert view.outcome_title(name, say)
        assert view.outcome_unit(name, "TWD", say).label
    titles = [each.title_zh for each in OUTCOMES.values()]
    assert len(set(titles)) == len(titles)
    assert all(not each.isascii() for each in titles)


def test_a_lever_is_named_in_words_or_by_its_place() -> None:
    program = draft().program
    assert view.lever_name(SILVER, program, EN) == "Threshold of silver"
    assert view.lever_name(PER, program, ZH) == "得點所需消費金額"
    assert view.lever_name("program.earn.multipliers[0].factor", program, EN) == "earn.multipliers[0].factor"
