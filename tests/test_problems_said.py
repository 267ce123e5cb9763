"""What is wrong, and what the lint finds, is said in Chinese: every message of the code, and those that bad files bring forth."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.language import catalogue_of, language
from apps.problems_said import (
    Said,
    finding_said,
    hinted_said,
    message_said,
    messages_said,
    place_said,
    problem_said,
    problems_said,
    refusal_said,
)  # fmt: skip
from tests import test_liability, test_lint, test_population, test_program_files, test_transactions, test_triangle
from tests.messages_in_code import FILLED, filled, messages
from workbench.errors import BadInput, Problem
from workbench.finance.accounting.cohort_file import read_cohorts
from workbench.finance.accounting.policy import load_policy
from workbench.finance.triangle_file import read_ledger, read_triangle
from workbench.lint import Finding, lint_own
from workbench.population.load import load_population
from workbench.program.load import program_from_mapping, validate_program
from workbench.yaml_file import parse_mapping

ZH, EN = language("zh-Hant"), language("en")
UNTOLD = {
    "expected {}", "expected {} {} ({})", "expected {}, found {}", "{} give {} {} on an order of {} {}, points apart: the customer is paid to buy",
    "no design of {} tried keeps {}: it has no value here", "no design of {} tried keeps {}: the nearest is {} ({})", "program.{}: {}",
    "{}: no revenue can be allocated; expected another estimator, more history_months, or another initial_rate", "{} ({})", "{}, {}",
    "expected a YAML file, or {}: {}", "{}: {}", "expected one of the {}: {}", "needs {}, which the program does not have",
    "a program may mention at most {} {}, its default included",
    "the {} that members share cannot change under the same name: give it another name",
    "principal that is never spent may not become revenue in {}: prepaid value has no last day there",
    "{} stays when its order is given back: {} points, worth {} {}, for nothing, {}",
    "{} is as easy to reach than the tier below it, {}: {} of members reach it, {} that; hardly anybody stays in {}",
    "{} is easier to reach as the tier below it, {}: {} of members reach it, {} that; hardly anybody stays in {}",
    "expected columns separated by commas, found {}", "expected a mapping with the key {}, found {}",
}  # fmt: skip
"""Messages whose parts are known words alone, or that no values make: the files below, or a test of their own, bring them forth."""
INTERNAL = (
    "the horizon ends", "prices cannot be negative", "nothing to share", "expected draws of month", "the run ends ",
    "panels of different runs",
)  # fmt: skip
"""Mistakes of the program, which are not shown to anybody."""


def test_every_message_of_the_code_is_translated() -> None:
    found = messages()
    assert len(found) > 300
    unknown = {text: place for text, place in found.items() if all(message_said(each, ZH).tag for each in filled(text))}
    missing = {text: place for text, place in unknown.items() if text not in UNTOLD and not text.startswith(INTERNAL)}
    assert not missing, "add these to problems.po"


def test_places_are_kept() -> None:
    """A translation may leave out what it does not need, and has nothing that the English does not have."""
    for english, other in catalogue_of("zh-Hant", "problems").items():
        assert set(re.findall(r"{\w+}", other)) <= set(re.findall(r"{\w+}", english)), english


def refused(action: Callable[[], Any]) -> list[Problem]:
    try:
        found = action()
    except BadInput as error:
        return list(error.problems)
    return found if isinstance(found, list) else []


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def cases_of(test: Any) -> list[Any]:
    """What a test is run with."""
    return list(test.pytestmark[0].args[1])


def bad_files(folder: Path) -> Iterator[tuple[str, list[Problem]]]:
    """Every bad file that the tests of the readers have, and what is wrong with it."""
    for name, (old, new, _) in test_program_files.CASES.items():
        path = written(folder, "p.yaml", test_program_files.changed(old, new))
        yield f"program: {name}", validate_program(path)
    for name, (text, *_) in test_program_files.YAML_CASES.items():
        yield f"yaml: {name}", refused(lambda text=text: parse_mapping(text))  # type: ignore[misc]
    for name, (data, *_) in test_program_files.FILES.items():
        yield f"file: {name}", validate_program(written(folder, "p.yaml", data))
    for name, (line, *_) in test_transactions.CELLS.items():
        path = test_transactions.log(folder, test_transactions.FIRST, line)
        yield f"log: {name}", list(test_transactions.refused(path).problems)
    for mark, _ in cases_of(test_transactions.test_other_separators_are_named):
        path = test_transactions.log(folder, header=mark.join(["member_id", "date", "event"]))
        yield f"log: {mark}", list(test_transactions.refused(path).problems)
    for before, after, _ in cases_of(test_triangle.test_what_is_wrong_with_a_triangle):
        path = written(folder, "t.csv", test_triangle.OWN.replace(before, after, 1))
        yield f"triangle: {after}", refused(lambda path=path: read_triangle(path))  # type: ignore[misc]
    for before, after, _ in cases_of(test_triangle.test_what_is_wrong_with_a_ledger):
        path = written(folder, "l.csv", test_triangle.LEDGER.replace(before, after, 1))
        yield f"ledger: {after}", refused(lambda path=path: read_ledger(path))  # type: ignore[misc]
    for text, _ in cases_of(test_liability.test_bad_cohorts):
        yield f"cohorts: {text}", refused(lambda text=text: read_cohorts(written(folder, "c.csv", text)))  # type: ignore[misc]
    for change, _ in cases_of(test_liability.test_bad_policies):
        policy = json.dumps({"schema": 1, "title": "T", "source": "S", "as_of": "2025-01-01"} | change)
        yield f"policy: {change}", refused(lambda text=policy: load_policy(written(folder, "v.yaml", text)))  # type: ignore[misc]
    for text, _ in cases_of(test_population.test_files_that_are_no_population):
        yield f"population: {text}", refused(lambda text=text: load_population(written(folder, "q.yaml", text)))  # type: ignore[misc]
    yield "no such program", validate_program("mos_burgr")
    yield "no such file", validate_program(folder / "nowhere.yaml")


def test_what_is_wrong_with_bad_files_is_said_in_chinese(tmp_path: Path) -> None:
    seen, english = 0, {}
    for name, problems in bad_files(tmp_path):
        assert problems, name
        for problem in problems:
            seen += 1
            said = problem_said(problem, ZH)
            if said.tag or re.search(r"\b(expected|found|missing|line|row|did you mean)\b", own(said.text, problem)):
                english[name] = said.text
            assert problem_said(problem, EN) == Said(str(problem))
    assert seen > 150
    assert not english


def own(text: str, problem: Problem) -> str:
    """A text without what the user gave."""
    for each in (problem.path, str(problem.value), problem.suggestion or ""):
        text = text.replace(each, "") if each else text
    return re.sub(r"「[^」]*」|：[^：]*$", "", text) if "YAML" in text else re.sub("「[^」]*」", "", text)


@pytest.mark.parametrize("plant", test_lint.PLANTS, ids=lambda plant: f"{plant['code']}: {plant['why'][:60]}")
def test_what_the_lint_finds_is_said_in_chinese(plant: dict[str, Any]) -> None:
    mapping = test_lint.changed(test_lint.DATA["base"], plant["change"])
    for finding in lint_own(program_from_mapping(mapping)):
        if finding.code == "population-not-found":  # told by commands alone: the app has people of its own
            continue
        said = finding_said(finding, ZH)
        assert not said.tag, finding.message
        assert numbers(said.text) == numbers(finding.message), said.text
        assert not re.search(r" (of|the|is|are|and|to|in|its) ", said.text), said.text
        assert finding_said(finding, EN).text == finding.message


def numbers(text: str) -> set[str]:
    """The figures of a sentence."""
    return set(re.findall(r"\d[\d,.]*\d|\d", text.replace("ten thousand", ""))) - {"100"}


# --- how it is said ----------------------------------------------------------------------------------------------------
def test_place_found_value_and_suggestion_are_said_too() -> None:
    problem = Problem("earn.rat", "unknown key; expected one of: rate, caps and 3 more", 7, "rate", 12)
    assert problem_said(problem, ZH).text == (
        "earn.rat（第 12 行）：不明的欄位；應為下列之一：rate, caps，另有 3 項，實際為 7；是否要用「rate」？"
    )
    assert hinted_said(problem, ZH).text.endswith("另有 3 項；是否要用「rate」？")
    row = Problem("row 17 (line 18), column amount", "expected at most 1,000", "2000")
    assert problem_said(row, ZH).text == "第 17 列（第 18 行），amount 欄：至多應為 1,000，實際為「2000」"
    assert problem_said(Problem("a", "expected a list", {"b": 1}), ZH).text == "a：應為清單，實際為對應表（b）"
    assert place_said("tiers.levels[0]", ZH) == "tiers.levels[0]" and place_said("line 3", EN) == "line 3"


def test_the_template_that_says_most_is_taken() -> None:
    assert message_said("expected at most 2 decimals", ZH).text == "小數至多 2 位"
    assert message_said("expected at most 2", ZH).text == "至多應為 2"
    assert message_said("expected at most two cats", ZH) == Said("expected at most two cats", "en")


def test_a_sentence_within_a_sentence_is_said_too() -> None:
    said = message_said("'tea' is never set off: fewer than one order in ten thousand reaches 9,000", ZH)
    assert said.text == "「tea」永遠不會觸發：一萬筆訂單中不到一筆達到 9,000"
    assert message_said("cannot be read: Some reason", ZH).text == "無法讀取：Some reason"
    assert message_said("expected a cat: there is no such file", ZH).tag == "en", "a thing that is not known"


def test_what_no_template_knows_stays_english_and_says_so() -> None:
    problem = Problem("a", "the moon is <full>", 3)
    said = problem_said(problem, ZH)
    assert said == Said("a: the moon is <full>, found 3", "en")
    assert said.__html__() == '<span lang="en">a: the moon is &lt;full&gt;, found 3</span>'
    assert Said("<b>").__html__() == "&lt;b&gt;"
    finding = Finding("x", "note", "earn", "the moon is full", accepted="因為")
    assert finding_said(finding, ZH) == Said("the moon is full (因為)", "en")


def test_several_problems_are_said_together() -> None:
    error = BadInput([Problem("a", "expected a list"), Problem("b", "expected a number", "x")], "f.yaml")
    assert messages_said(error, ZH).text == "應為清單；應為數字"
    assert messages_said(error, EN).text == "expected a list; expected a number"
    assert refusal_said(error, ZH).text == "f.yaml：a：應為清單\nb：應為數字，實際為「x」"
    assert refusal_said(error, EN).text == str(error)
    assert len(problems_said(error, ZH, 1)) == 1


@pytest.mark.parametrize(
    "english, chinese",
    [
        ("expected one of the tiers: silver, gold", "應為下列等級之一：silver, gold"),
        ("needs stored_value, which the program does not have", "須有儲值，而方案沒有"),
        ("a program may mention at most 8 categories, its default included", "一個方案至多可提及 8 個類別（含預設）"),
        ("the stock that members share cannot change under the same name: give it another name", "會員共用的庫存不可在同一名稱下變更：請另取名稱"),
        ("expected more than full_from (0.5)", "應大於 full_from（0.5）"),
        ("expected a YAML file, found a folder", "應為 YAML 檔，實際為資料夾"),
        ("program.earn.rate: expected a number", "program.earn.rate：應為數字"),
        ("expected a mapping with the key points, found a single value", "應為含有鍵 points 的對應表，實際為單一值"),
        ("no design of 9 tried keeps profit at least 5: it has no value here", "試過的 9 個設計皆不符合 profit 至少 5：此處沒有值"),
        ("Value error, expected two different outcomes", "應為兩個不同的結果"),
    ],
)  # fmt: skip
def test_words_within_messages(english: str, chinese: str) -> None:
    assert message_said(english, ZH).text == chinese


def test_values_that_are_put_in_are_words_that_are_known() -> None:
    assert not message_said(FILLED[1], ZH).tag
