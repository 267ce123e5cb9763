"""Program files: the library loads; a bad file is refused whole, every error named by path, line, expectation and nearest name."""

import time
import tracemalloc
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import BadInput, Problem
from workbench.program.load import (
    find_program,
    library,
    load_program,
    program_from_mapping,
    program_schema,
    validate_program,
)
from workbench.yaml_file import parse_mapping, read_mapping

GOOD = """\
schema: 1
title: A shop
currency: TWD
provenance: {source: a test, as_of: 2025-01-01, confidence: high}
earn:
  rate: {points: 1, per: 100}
  multipliers:
    - {name: sunday, factor: 2, weekdays: [sun]}
expiry: {model: rolling, months: 12}
tiers:
  levels:
    - {name: Basic}
    - {name: Gold, enter: {spend: 1000}}
"""


def problems(text: str, tmp_path: Path) -> list[tuple[str, int | None, str, object, str | None]]:
    path = tmp_path / "program.yaml"
    path.write_text(text, "utf-8")
    return [(each.path, each.line, each.message, each.value, each.suggestion) for each in validate_program(path)]


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


# --- the library -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slug", library())
def test_every_program_of_the_library_loads(slug: str) -> None:
    assert load_program(slug).title
    assert validate_program(slug) == []


def test_the_library_has_mos_burger() -> None:
    assert "mos_burger" in library()
    assert find_program("mos_burger").name == "mos_burger.yaml"


@pytest.mark.parametrize("slug", ["mos_burgr", "mos-burger", "MOS Burger", "mosburger"])
def test_an_unknown_slug_has_a_nearest_one(slug: str) -> None:
    (problem,) = validate_program(slug)
    assert (problem.path, problem.value, problem.suggestion) == ("program", slug, "mos_burger")
    assert problem.message.startswith("expected a YAML file, or a program of the library: ")


def test_a_missing_file_has_a_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "my_shop.yaml").write_text(GOOD, "utf-8")
    (problem,) = validate_program(tmp_path / "myshop.yaml")
    assert (problem.message, problem.suggestion) == (
        "expected a YAML file: there is no such file",
        str(tmp_path / "my_shop.yaml"),
    )


def test_a_good_file_loads(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD, "utf-8")
    program = load_program(str(tmp_path / "shop.yaml"))
    assert program.title == "A shop"
    assert program.tier_names == ("Basic", "Gold")
    assert program.provenance.as_of == date(2025, 1, 1)


def test_the_schema_says_what_it_is() -> None:
    schema = program_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "Loyalty program"
    assert set(schema["required"]) == {"schema", "title", "currency", "provenance"}
    assert "earn" in schema["properties"]


# --- what is wrong in a program --------------------------------------------------------------------------------------
NUMBER, DATE = "expected a number", "expected a date like 2025-01-31"
CASES: dict[str, tuple[str, str, tuple[str, int, str | None, object, str | None]]] = {
    "unknown key": (
        "  multipliers:\n",
        "  multipler:\n",
        ("earn.multipler", 7, None, [{"name": "sunday", "factor": 2, "weekdays": ["sun"]}], "multipliers"),
    ),
    "unknown key at the top": (
        "title: A shop",
        "title: A shop\ntier: 3",
        ("tier", 3, None, 3, "tiers"),
    ),
    "unknown key in a union": (
        "months: 12}",
        "mnths: 3, months: 12}",
        ("expiry.mnths", 9, "unknown key; expected one of: model, days, months, round_up", 3, "months"),
    ),
    "missing": ("per: 100}", "}", ("earn.rate.per", 6, "missing: this key is required", None, None)),
    "missing at the top": ("currency: TWD\n", "", ("currency", 1, "missing: this key is required", None, None)),
    "too small": ("points: 1,", "points: 0,", ("earn.rate.points", 6, "expected at least 1", 0, None)),
    "zero": ("factor: 2,", "factor: 0,", ("earn.multipliers[0].factor", 8, "expected more than 0", 0, None)),
    "not a number": ("per: 100}", "per: NT$100}", ("earn.rate.per", 6, NUMBER, "NT$100", None)),
    "not finite": ("per: 100}", "per: .nan}", ("earn.rate.per", 6, NUMBER, ".nan", None)),
    "not whole": ("points: 1,", "points: 1.5,", ("earn.rate.points", 6, "expected a whole number", 1.5, None)),
    "true for a number": ("points: 1,", "points: true,", ("earn.rate.points", 6, NUMBER, True, None)),
    "three decimals": (
        "per: 100}",
        "per: 0.125}",
        ("earn.rate.per", 6, "expected a valid value: 0.125 has more than two decimals", 0.125, None),
    ),
    "a choice": (
        "confidence: high",
        "confidence: hihg",
        ("provenance.confidence", 4, "expected one of: high, medium, low", "hihg", "high"),
    ),
    "a choice in a list": (
        "[sun]",
        "[sunday]",
        ("earn.multipliers[0].weekdays[0]", 8, "expected one of: mon, tue, wed, thu, fri, sat, sun", "sunday", "sun"),
    ),
    "another version": ("schema: 1", "schema: 2", ("schema", 1, "expected one of: 1", 2, None)),
    "true for the version": ("schema: 1", "schema: true", ("schema", 1, "expected one of: 1", True, None)),
    "an unknown model": ("model: rolling", "model: roling", ("expiry.model", 9, None, "roling", "rolling")),
    "no model": ("model: rolling, ", "", ("expiry.model", 9, None, None, None)),
    "31 February": ("as_of: 2025-01-01", "as_of: 2025-02-31", ("provenance.as_of", 4, DATE, "2025-02-31", None)),
    "a number for a date": ("as_of: 2025-01-01", "as_of: 0", ("provenance.as_of", 4, DATE, 0, None)),
    "a number for text": ("title: A shop", "title: 7", ("title", 2, "expected text (put it in quotes)", 7, None)),
    "lower case": (
        "currency: TWD",
        "currency: twd",
        ("currency", 3, "expected three capital letters, such as TWD", "twd", None),
    ),
    "an unsafe name": (
        "name: sunday",
        "name: =1+1",
        (
            "earn.multipliers[0].name",
            8,
            "expected a name without , ; : that does not begin with a space, =, + or @",
            "=1+1",
            None,
        ),
    ),
    "not a mapping": (
        "rate: {points: 1, per: 100}",
        "rate: 5",
        ("earn.rate", 6, "expected a mapping (lines of `key: value`)", 5, None),
    ),
    "not a list": ("[sun]", "sun", ("earn.multipliers[0].weekdays", 8, "expected a list", "sun", None)),
    "too short": (
        "    - {name: Gold, enter: {spend: 1000}}\n",
        "",
        ("tiers.levels", 11, "expected at least 2 entries", [{"name": "Basic"}], None),
    ),
    "a rule of several fields": ("months: 12}", "}", ("expiry", 9, "give either days or months", None, None)),
    "a rule with its own place": (
        "name: Basic}",
        "name: Gold}",
        ("tiers.levels[1].name", 13, "the name is used twice", "Gold", None),
    ),
    "a tier that is not there": (
        "weekdays: [sun]",
        "tiers: [Basic, gold]",
        ("earn.multipliers[0].tiers[1]", 8, "expected one of the tiers: Basic, Gold", "gold", "Gold"),
    ),
    "a key that is not a name": (
        "  multipliers:\n",
        "  rate_by_tier: {'@x': {points: 1, per: 100}}\n  multipliers:\n",
        (
            "earn.rate_by_tier.@x",
            7,
            "expected a name without , ; : that does not begin with a space, =, + or @",
            "@x",
            None,
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_program_is_named(case: str, tmp_path: Path) -> None:
    old, new, (path, line, message, value, suggestion) = CASES[case]
    (found,) = problems(changed(old, new), tmp_path)
    assert found == (path, line, found[2] if message is None else message, value, suggestion)


def test_models_are_listed(tmp_path: Path) -> None:
    ((_, _, message, _, _),) = problems(changed("model: rolling, ", ""), tmp_path)
    listed = "anniversary, by_tier, conversion, decay, extension, fixed_date, flush, inactivity, none, rolling, windows"
    assert message == f"missing: expected one of: {listed}"


def test_paths_do_not_hold_the_words_that_choose_a_model(tmp_path: Path) -> None:
    by_tier = "{model: by_tier, tiers: {Gold: {model: windows, windows: [{first: x, last: 2025-01-01, expires: 2025-01-01}]}}}"
    ((path, *_),) = problems(changed("{model: rolling, months: 12}", by_tier), tmp_path)
    assert path == "expiry.tiers.Gold.windows[0].first"


def test_all_errors_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD
    for old, new in (
        ("TWD", "twd"),
        ("points: 1,", "points: x,"),
        ("factor: 2", "facter: 2"),
        ("months: 12", "months: 0"),
    ):
        text = text.replace(old, new)
    assert [(path, line) for path, line, *_ in problems(text, tmp_path)] == [
        ("currency", 3),
        ("earn.rate.points", 6),
        ("earn.multipliers[0].factor", 8),
        ("earn.multipliers[0].facter", 8),
        ("expiry.months", 9),
    ]


def test_a_message_says_file_place_expectation_and_guess(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(changed("  multipliers:\n", "  multipler:\n"), "utf-8")
    with pytest.raises(BadInput) as caught:
        load_program(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: earn.multipler (line 7): unknown key; expected one of: rate, rate_by_tier, ")
    assert text.endswith("found a list of 1; did you mean 'multipliers'?")


def test_the_contract_s_keys() -> None:
    problem = Problem("earn.caps[0]", "expected more", "x" * 100, "y", 3)
    assert problem.as_json() == {
        "path": "earn.caps[0]",
        "message": "expected more",
        "value": "x" * 59 + "…",
        "suggestion": "y",
    }


def test_mappings_without_a_file_have_no_lines() -> None:
    mapping, _ = parse_mapping(GOOD)
    assert program_from_mapping(mapping).title == "A shop"
    assert [(each.path, each.line) for each in validate_program(mapping | {"titel": "x"})] == [("titel", None)]


# --- YAML ------------------------------------------------------------------------------------------------------------
def test_scalars_follow_yaml_1_2() -> None:
    text = "a: [NO, yes, on, 012, 0o14, 0xC, -7, 1.50, 1e3, .5, ~, true, 2024-02-29, 2023-02-29, 12:30, 1_000, '5', 2024-02-29 10:00]"
    assert parse_mapping(text)[0]["a"] == [
        "NO", "yes", "on", 12, 12, 12, -7, 1.5, 1000.0, 0.5, None, True, date(2024, 2, 29), "2023-02-29", "12:30", "1_000", "5",
        "2024-02-29 10:00",
    ]  # fmt: skip


def test_keys_are_text() -> None:
    assert parse_mapping("1: a\nNO: b\n2024-01-01: c\n")[0] == {"1": "a", "NO": "b", "2024-01-01": "c"}


def test_aliases_stand_for_their_anchors() -> None:
    assert parse_mapping("a: &x {b: 1}\nc: [*x, *x]")[0] == {"a": {"b": 1}, "c": [{"b": 1}, {"b": 1}]}


def test_lines_are_those_of_the_keys() -> None:
    _, line_of = parse_mapping("a:\n  - b: 1\n    c:\n      d: 2\ne: 3\n")
    wanted: dict[tuple[str | int, ...], int] = {
        (): 1,
        ("a",): 1,
        ("a", 0): 2,
        ("a", 0, "c"): 3,
        ("a", 0, "c", "d"): 4,
        ("e",): 5,
    }
    assert {path: line_of(path) for path in wanted} == wanted
    assert line_of(("a", 0, "c", "missing")) == 3


def refused(text: str) -> Problem:
    with pytest.raises(BadInput) as caught:
        parse_mapping(text, "f.yaml")
    (problem,) = caught.value.problems
    assert caught.value.source == "f.yaml"
    return problem


YAML_CASES = {
    "open bracket": ("a: [1,\nb: 2\n", 3, "line 3, column 1", "expected YAML: while parsing a flow sequence"),
    "bad indent": ("a:\n  b: 1\n c: 2\n", 3, "line 3, column 2", "expected YAML: "),
    "a tab": ("a:\n\tb: 1\n", 2, "line 2, column 1", "expected YAML: "),
    "a Python tag": ("a: !!python/object/apply:os.system [ls]\n", 1, "line 1", "expected plain data, without tags"),
    "a tag": ("a: !!binary aGk=\n", 1, "line 1", "expected plain data, without tags"),
    "a value in itself": ("a: &x [1, *x]\n", 1, "line 1", "a value may not contain itself"),
    "an unknown alias": ("a: 1\nb: *x\n", 2, "line 2", "expected an alias of an anchor above"),
    "two documents": ("a: 1\n---\nb: 2\n", 2, "line 2", "expected one document, found a second (---)"),
    "an old version": ("%YAML 1.1\n---\na: 1\n", 2, "line 2", "expected YAML 1.2"),
    "a list": ("- 1\n", 1, "line 1", "expected a mapping (lines of `key: value`)"),
    "text": ("hello\n", 1, "line 1", "expected a mapping (lines of `key: value`)"),
    "nothing": ("", 1, "line 1", "expected a mapping (lines of `key: value`)"),
    "a key that is a list": ("a: 1\n? [b]\n: 2\n", 2, "line 2", "expected a key that is a single word"),
    "a control character": ("a: 1\nb: \x07\n", 2, "line 2", "expected text without control characters"),
    "a merge key": (
        "b: &x {c: 1}\na:\n  <<: *x\n",
        3,
        "a.<<",
        "expected the keys themselves: YAML 1.2 has no merge key",
    ),
    "a key twice": (
        "a:\n  - b: 1\n    c: 2\n    b: 3\n",
        4,
        "a[0].b",
        "expected each key once; it stands on line 2 already",
    ),
    "too deep": ("a: " + "[" * 100_000, 1, "line 1", "expected at most 32 collections inside each other"),
    "too deep in blocks": ("a:\n" + "- " * 100_000, 2, "line 2", "expected at most 32 collections inside each other"),
}


@pytest.mark.parametrize("case", YAML_CASES)
def test_bad_yaml_is_named(case: str) -> None:
    text, line, path, message = YAML_CASES[case]
    problem = refused(text)
    assert (problem.path, problem.line) == (path, line)
    assert problem.message.startswith(message)


def test_every_key_given_twice_is_named() -> None:
    with pytest.raises(BadInput) as caught:
        parse_mapping("a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert [(each.path, each.line) for each in caught.value.problems] == [("a", 2), ("b.c", 3)]


def laughs(width: int, depth: int) -> str:
    lines = ["a0: &a0 [" + ", ".join(["lol"] * width) + "]"]
    lines += [f"a{k}: &a{k} [" + ", ".join([f"*a{k - 1}"] * width) + "]" for k in range(1, depth)]
    return "\n".join(lines)


@pytest.mark.parametrize("text", [laughs(9, 10), laughs(2, 30), laughs(200, 3)])
def test_billion_laughs_are_refused_at_once(text: str) -> None:
    tracemalloc.start()
    begun = time.perf_counter()
    problem = refused(text)
    spent = time.perf_counter() - begun
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert problem.message == "expected at most 50,000 values, each alias (*name) counted as all it stands for"
    assert spent < 1
    assert peak < 10e6


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as stream:
        stream.truncate(10 * 2**20)
    begun = time.perf_counter()
    (problem,) = validate_program(path)
    assert time.perf_counter() - begun < 0.2
    assert problem.message == "expected at most 1,048,576 bytes, found 10,485,760"


FILES = {
    "Latin-1": (b"a: 1\nb: caf\xe9\n", "line 2, byte 11", "expected UTF-8 text; save the file as UTF-8", "byte 0xe9"),
    "Latin-1 after a mark": (
        b"\xef\xbb\xbfa: \xe9\n",
        "line 1, byte 6",
        "expected UTF-8 text; save the file as UTF-8",
        "byte 0xe9",
    ),
    "a zero byte": (
        b"a: 1\nb: \0\n",
        "line 2, byte 8",
        "expected text, found a zero byte: is this a YAML file?",
        "byte 0x00",
    ),
    "UTF-16": ("a: 1".encode("utf-16"), "line 1", "expected UTF-8 text, found UTF-16; save the file as UTF-8", None),
    "binary": (b"\x89PNG\r\n\x1a\n", "line 1, byte 0", "expected UTF-8 text; save the file as UTF-8", "byte 0x89"),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_are_not_text_are_named(case: str, tmp_path: Path) -> None:
    data, *expected = FILES[case]
    path = tmp_path / "p.yaml"
    path.write_bytes(data)
    (problem,) = validate_program(path)
    assert [problem.path, problem.message, problem.value] == expected


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xe4\xb8\xad\xe6\x96\x87\r\n")
    mapping: dict[str, Any] = read_mapping(path)[0]
    assert mapping == {"a": "中文"}
