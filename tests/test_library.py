"""The shipped library: every program loads and says where it comes from, and every hand-worked case comes out as worked.

A case is a sentence, transactions, a day, and what is expected of the replay; only the keys it gives are compared.
"""

import csv
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from simulators.replay import replay_file
from workbench.program.load import load_program, program_from_mapping
from workbench.program.spec import Program

LIBRARY = Path(__file__).parents[1] / "programs"
PROGRAMS = sorted(LIBRARY.glob("*.yaml"))
CASE_FILES = sorted((LIBRARY / "cases").glob("*.yaml"))
COLUMNS = (
    "member_id", "date", "event", "amount", "points", "order_id", "refund_of", "category", "channel", "action", "birthday", "discount", "tax",
    "delivery", "posted", "referrer",
)  # fmt: skip
CASE_KEYS = {"case", "why", "program", "transactions", "as_of", "expect"}
EXPECT_KEYS = {"members", "totals", "refused", "ledger"}


def read_yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def all_cases() -> list[Any]:
    return [
        pytest.param(path.stem, case, id=f"{path.stem}-{k}: {case['case']}")
        for path in CASE_FILES
        for k, case in enumerate(read_yaml(path), start=1)
    ]


def program_of(slug: str, case: dict[str, Any]) -> Program:
    return program_from_mapping(case["program"]) if "program" in case else load_program(slug)


def write_transactions(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({"member_id": "m1"} | row for row in rows)


def as_read(value: Any) -> Any:
    """A value of a result or of a case in one form: dates as text, numbers exact, nothing as None."""
    match value:
        case date():
            return value.isoformat()
        case bool() | None:
            return value
        case int() | float():
            return Decimal(str(value))
        case dict():
            return {key: as_read(each) for key, each in value.items()}
        case list() | tuple():
            return [as_read(each) for each in value]
    return value


def differences(expected: Any, found: Any, where: str) -> list[str]:
    """Where the found document lacks something of the expected one; keys the case does not give are not looked at."""
    if isinstance(expected, dict) and isinstance(found, dict):
        missing = [f"{where}.{key}: expected {expected[key]}, found nothing" for key in expected if key not in found]
        return missing + [
            line
            for key in expected
            if key in found
            for line in differences(expected[key], found[key], f"{where}.{key}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            line
            for k, pair in enumerate(zip(expected, found, strict=True))
            for line in differences(*pair, f"{where}[{k}]")
        ]
    return [] if expected == found else [f"{where}: expected {expected}, found {found}"]


def by_day(lots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(lots, key=lambda lot: (lot["earned_on"], lot["expires_on"] or "9999"))


def read_ledger(path: Path) -> list[dict[str, Any]]:
    """The ledger's rows, empty cells as None and numbers as numbers."""
    numbers = ("points", "money")
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {key: Decimal(value) if value and key in numbers else value or None for key, value in row.items()}
            for row in csv.DictReader(file)
        ]


def not_in_order(expected: list[dict[str, Any]], ledger: list[dict[str, Any]]) -> list[str]:
    """The first expected entry that does not follow the ones before it in the ledger."""
    rows = iter(ledger)
    for entry in expected:
        if not any(all(row.get(key) == value for key, value in entry.items()) for row in rows):
            listing = "\n".join(str({key: value for key, value in row.items() if value is not None}) for row in ledger)
            return [f"ledger: {entry} is missing, or not in this order, in\n{listing}"]
    return []


@pytest.mark.parametrize("slug, case", all_cases())
def test_case_comes_out_as_worked_by_hand(slug: str, case: dict[str, Any], tmp_path: Path) -> None:
    transactions, ledger = tmp_path / "transactions.csv", tmp_path / "ledger.csv"
    write_transactions(transactions, case["transactions"])
    result = as_read(replay_file(program_of(slug, case), transactions, as_of=case["as_of"], ledger=ledger))
    expect = as_read(case["expect"])
    entries = expect.pop("ledger", [])
    for member, state in expect.get("members", {}).items():
        if "lots" in state:
            state["lots"] = by_day(state["lots"])
            result["members"][member]["lots"] = by_day(result["members"][member]["lots"])
    found = differences(expect, result, "result") + not_in_order(entries, read_ledger(ledger))
    assert not found, "\n".join([case["case"], case["why"], *found])
    totals = result["totals"]
    assert totals["earned"] == totals["redeemed"] + totals["expired"] + totals["reversed"] + totals["outstanding"]


@pytest.mark.parametrize("slug, case", all_cases())
def test_case_is_well_formed_and_adds_up(slug: str, case: dict[str, Any]) -> None:
    assert set(case) <= CASE_KEYS and set(case["expect"]) <= EXPECT_KEYS
    assert case["case"] and case["why"] and case["expect"]
    assert ("program" in case) == slug.startswith("_")
    assert all(set(row) <= set(COLUMNS) for row in case["transactions"])
    totals = case["expect"].get("totals", {})
    if len(totals) == 5:
        assert totals["earned"] == sum(totals[key] for key in ("redeemed", "expired", "reversed", "outstanding"))
    for state in case["expect"].get("members", {}).values():
        if state.get("lots") and "balance" in state:
            assert sum(lot["points"] for lot in state["lots"]) == state["balance"] + state.get("pending", 0)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program_says_where_it_comes_from(path: Path) -> None:
    program = load_program(path.stem)
    assert program.title and program.title_zh
    assert program.provenance.source
    assert isinstance(program.provenance.as_of, date)
    assert program.provenance.confidence in ("high", "medium", "low")
    assert program.provenance.interpretation


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program_has_at_least_three_cases(path: Path) -> None:
    assert len(read_yaml(LIBRARY / "cases" / path.name)) >= 3


def test_every_case_file_belongs_to_a_program() -> None:
    orphans = [path.name for path in CASE_FILES if not path.stem.startswith("_") and not (LIBRARY / path.name).exists()]
    assert not orphans


def test_slugs_titles_and_sentences_are_unique() -> None:
    slugs = [path.stem.lower() for path in PROGRAMS]
    titles = [str(read_yaml(path)[key]) for path in PROGRAMS for key in ("title", "title_zh")]
    assert len(slugs) == len(set(slugs))
    assert all(titles.count(read_yaml(path)["title"]) == 1 for path in PROGRAMS)
    assert all(titles.count(read_yaml(path)["title_zh"]) == 1 for path in PROGRAMS)
    for path in CASE_FILES:
        sentences = [case["case"] for case in read_yaml(path)]
        assert len(sentences) == len(set(sentences)), path.name


def test_every_system_of_the_page_has_its_entry_and_case() -> None:
    """The page that maps the source documents to the library names cases that exist, and every entry of the library."""
    page = (LIBRARY.parent / "docs" / "library.md").read_text("utf-8")
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("|") and "`" in line]
    assert len(rows) > 40
    for *_, entry, case in rows:
        sentences = {each["case"] for each in read_yaml(LIBRARY / "cases" / f"{entry.strip().strip('`')}.yaml")}
        assert case.strip() in sentences, (entry, case)
    assert {path.stem for path in PROGRAMS} == set(re.findall(r"`(\w+)`", page))
