"""A program as a form: every place of every program can be shown, and edits do what they say."""

from datetime import date
from typing import Any

import pytest

from apps.form_edits import edited
from apps.forms import Node, Notes, Words, field_at, fields_by_key, node_of
from apps.language import language
from apps.levers import file_mapping
from apps.views.design import SECTIONS, marks, path_of, sections
from apps.yaml_text import program_of
from workbench.errors import BadInput, Problem, dotted
from workbench.lint import lint_own
from workbench.program.load import library, load_program, program_from_mapping, validate_program
from workbench.program.spec import Program
from workbench.yaml_file import parse_mapping

START = date(2025, 1, 1)


def nodes_of(mapping: dict[str, Any]) -> list[Node]:
    return [
        node_of((key,), key, info.annotation, info, mapping.get(key), Words(), Notes())
        for key, info in fields_by_key(Program).items()
    ]


def every(node: Node) -> list[Node]:
    return [node, *(each for child in node.get("c", ()) for each in every(child))]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        return [each for key, inside in value.items() for each in leaves(inside, (*path, key))]
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return [each for place, inside in enumerate(value) for each in leaves(inside, (*path, place))]
    return [(path, value)]


def test_every_key_of_the_format_is_in_one_section() -> None:
    keys = [key for _, own in SECTIONS.values() for key in own]
    assert sorted([*keys, "schema"]) == sorted(fields_by_key(Program))


@pytest.mark.parametrize("slug", library())
def test_what_a_file_says_stands_in_the_form(slug: str) -> None:
    """Every leaf of the file, read by hand from the mapping, has a node that shows it; but for the words that choose a union's kind, the
    format's number, and changes of later versions, which have no form."""
    mapping = file_mapping(load_program(slug))
    shown = {tuple(each["p"]): each for node in nodes_of(mapping) for each in every(node)}
    for path, value in leaves(mapping):
        if path[0] == "schema" or "changes" in path or value in ({}, []):
            continue
        node = shown.get(path)
        if node is None:
            above = shown[path[:-1]]
            assert above["k"] == "kinds" and above["v"] == value, path
            continue
        texts = [str(each).lower() if isinstance(each, bool) else f"{each:g}" if isinstance(each, float) else str(each)
                 for each in (value if isinstance(value, list) else [value])]  # fmt: skip
        assert node["v"] == ("\n" if node["k"] == "lines" else ", ").join(texts), path


@pytest.mark.parametrize("slug", ["mitsui_outlet", "wechat_card", "hotel", "heytea"])
def test_setting_what_is_shown_changes_nothing(slug: str) -> None:
    mapping = file_mapping(load_program(slug))
    program = program_from_mapping(mapping)
    for node in [each for top in nodes_of(mapping) for each in every(top)]:
        if node["k"] in ("number", "text", "date", "flag", "choice", "words", "lines") and node.get("given", node["v"]):
            again = edited(Program, mapping, {"do": "set", "path": node["p"], "text": node["v"]}, START)
            assert program_from_mapping(again) == program, node["p"]


def test_lists_grow_shrink_and_change_their_order() -> None:
    mapping = file_mapping(load_program("mitsui_outlet"))
    more = edited(Program, mapping, {"do": "add", "path": ["tiers", "levels"], "choice": ""}, START)
    names = [level["name"] for level in more["tiers"]["levels"]]
    assert names == ["member", "silver", "gold", "platinum", "new 1"] and validate_program(more) == []
    assert more["tiers"]["levels"][-1]["enter"] == {"spend": 400000}, "twice the last one's"
    back = edited(Program, more, {"do": "remove", "path": ["tiers", "levels", 4]}, START)
    assert back == mapping
    moved = edited(Program, mapping, {"do": "move", "path": ["tiers", "levels", 1], "by": 1}, START)
    assert [level["name"] for level in moved["tiers"]["levels"]][1:3] == ["gold", "silver"]
    assert validate_program(moved), "a lower tier may not ask for more"
    coupon = edited(Program, mapping, {"do": "add", "path": ["coupons"], "choice": ""}, START)
    assert validate_program(coupon) == [] and len(coupon["coupons"]) == 1
    assert edited(Program, coupon, {"do": "remove", "path": ["coupons", 0]}, START) == mapping


def test_another_kind_keeps_what_both_have() -> None:
    mapping = file_mapping(load_program("mitsui_outlet"))
    other = edited(Program, mapping, {"do": "kind", "path": ["expiry"], "choice": "inactivity"}, START)
    assert other["expiry"]["model"] == "inactivity" and other["expiry"]["months"] == 12
    assert validate_program(other) == []
    assert mapping["expiry"]["model"] == "rolling", "nothing is changed in place"


@pytest.mark.parametrize(
    "edit",
    [
        {}, {"do": "set"}, {"do": "set", "path": []}, {"do": "set", "path": ["nothing"], "text": "1"}, {"do": "set", "path": [["x"]], "text": "1"},
        {"do": "format c:", "path": ["title"]}, {"do": "remove", "path": ["tiers", "levels", 99]}, {"do": "move", "path": ["tiers", "levels", 0], "by": 5},
        {"do": "add", "path": ["coupons", 7, "x"], "choice": "y"}, {"do": "set", "path": ["tiers", "levels", -1, "name"], "text": "x"},
    ],
)  # fmt: skip
def test_edits_that_fit_nowhere_change_nothing(edit: dict[str, Any]) -> None:
    mapping = file_mapping(load_program("mitsui_outlet"))
    assert edited(Program, mapping, edit, START) == mapping


@pytest.mark.parametrize(
    "text, message",
    [
        ("12.5", "expected a whole number"),
        ("0", "expected at least 1"),
        ("NO", "expected a whole number"),
        ("x: [", "expected a whole number"),
    ],
)
def test_what_is_typed_wrong_is_named_by_the_spec(text: str, message: str) -> None:
    mapping = edited(
        Program,
        file_mapping(load_program("mitsui_outlet")),
        {"do": "set", "path": ["expiry", "months"], "text": text},
        START,
    )
    assert [(each.path, each.message) for each in validate_program(mapping)] == [("expiry.months", message)]


def test_problems_and_findings_stand_where_they_belong() -> None:
    say, program = language("en"), load_program("mitsui_outlet")
    problems = [Problem("expiry.months", "expected at least 1", 0), Problem("tiers.levels[1].enter.spend", "too low")]
    found = {
        each["slug"]: each for each in sections(file_mapping(program), ["tiers"], problems, lint_own(program), say)
    }
    assert found["expiry"]["problems"] == "1 ✗" and found["expiry"]["nodes"] is None
    inside = {tuple(each["p"]): each for node in found["tiers"]["nodes"] for each in every(node)}
    assert inside["tiers", "levels", 1, "enter", "spend"]["e"] == [["too low", ""]]
    assert any("reward-rate" in text for _, text, _ in inside["tiers", "levels", 1]["f"])


def test_problems_findings_and_help_are_said_in_chinese() -> None:
    say, program = language("zh-Hant"), load_program("mitsui_outlet")
    problems = [
        Problem("tiers.levels[1].enter.spend", "expected a number", "x"),
        Problem("tiers.levels", "the moon is full"),
    ]
    (found,) = (
        each
        for each in sections(file_mapping(program), ["tiers"], problems, lint_own(program), say)
        if each["slug"] == "tiers"
    )
    inside = {tuple(each["p"]): each for node in found["nodes"] for each in every(node)}
    assert inside["tiers", "levels", 1, "enter", "spend"]["e"] == [["應為數字", ""]]
    assert inside["tiers", "levels"]["e"] == [["the moon is full", "en"]]
    assert all(tag == "" for _, _, tag in inside["tiers", "levels", 1]["f"])
    assert inside["tiers", "levels"]["h"] == "由最低到最高。"
    assert inside["tiers",]["about"] == "等級，以及如何達成、維持與失去。"
    assert marks(problems[:1], [], None, say) == {"1": [["error", "tiers.levels[1].enter.spend: 應為數字", ""]]}


def test_marks_have_the_lines_of_the_text() -> None:
    text = "title: x\ncurrency: twd\nprovenance: {source: s, as_of: 2025-01-01, confidence: high}\nschema: 1\n"
    with pytest.raises(BadInput) as caught:
        program_of(text)
    line_of = parse_mapping(text)[1]
    assert list(marks(caught.value.problems, [], line_of, language("en"))) == ["2"]
    with pytest.raises(BadInput) as broken:
        program_of("a: [\n")
    found = marks(broken.value.problems, [], None, language("en"))
    assert all(severity == "error" for each in found.values() for severity, _, _ in each)


@pytest.mark.parametrize("path", [("earn", "caps", 0, "points"), ("title",), ("a", 3, 4, "b")])
def test_paths_are_read_as_they_are_written(path: tuple[str | int, ...]) -> None:
    assert path_of(dotted(path)) == path


def test_a_place_of_a_union_is_found_by_its_word() -> None:
    mapping = file_mapping(load_program("mitsui_outlet"))
    assert field_at(Program, mapping, ("expiry", "months"))[1] is not None
    assert field_at(Program, mapping, ("expiry", "idle_months")) == (None, None)
