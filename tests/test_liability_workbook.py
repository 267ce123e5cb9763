"""The workbook of a valuation: formulas with their values, the same bytes for the same inputs, nothing that a name could run, and the same
numbers after a real LibreOffice has recalculated everything.
"""

import time
from datetime import date
from pathlib import Path

import pytest

from tests.office import Values, formulas, recalculated, soffice, values
from tests.test_panel import climbing, lived
from workbench.finance.accounting.policy import load_policy
from workbench.finance.accounting.valuation import Valuation
from workbench.reports.liability_workbook import write_liability
from workbench.reports.workbook import Cell, Formula, workbook
from workbench.run_books import books_of_run, value_books

SHEETS = (
    "Summary", "Inputs", "Cohorts", "Roll-forward money", "Roll-forward points", "By cohort", "Triangle", "Methods", "Sensitivity",
    "Journal", "Disclosure", "Checks", "Provenance",
)  # fmt: skip
NAME = '=HYPERLINK("http://example.com","x")'
BACK = [
    {"method": "hazard", "error_pct": 0.4, "sd_pct": 2.3},
    {"method": "chain_ladder", "error_pct": 3.8, "sd_pct": 4.4},
]


@pytest.fixture(scope="module")
def found() -> Valuation:
    run = lived(climbing(), members=150, years=3, returns={"share": 0.3, "days": 30})
    return value_books(books_of_run(run), load_policy("default"), date(2027, 12, 31))


@pytest.fixture(scope="module")
def book(found: Valuation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "liability.xlsx"
    write_liability(found, path, NAME, {"seed": 1, "versions": {"python": "3"}, "name": "@SUM(A1)"}, BACK)
    return path


@pytest.fixture(scope="module")
def cells(book: Path) -> Values:
    return values(book)


def test_sheets(cells: Values, book: Path) -> None:
    assert {sheet for sheet, _ in cells} == {*SHEETS, "Back-test"}


def test_the_figures_are_those_of_the_valuation(cells: Values, found: Valuation) -> None:
    close = found.close
    assert cells["Summary", "B5"] == close.liability / 100
    assert cells["Summary", "B6"] + cells["Summary", "B7"] == pytest.approx(close.liability / 100)  # type: ignore[operator]
    total = 5 + len(close.standing)
    assert cells["Cohorts", f"A{total}"] == "total 合計"
    assert cells["Cohorts", f"L{total}"] == close.liability / 100
    assert cells["Cohorts", f"K{total}"] == pytest.approx(float(close.exact[-1]) / 100, rel=1e-12)
    assert cells["Roll-forward money", f"J{4 + close.months}"] == close.liability / 100
    debits = [
        cell
        for (sheet, place), cell in cells.items()
        if sheet == "Journal" and place[0] == "E" and isinstance(cell, int | float)
    ]
    credits_ = [
        cell
        for (sheet, place), cell in cells.items()
        if sheet == "Journal" and place[0] == "F" and isinstance(cell, int | float)
    ]
    assert sum(debits) == pytest.approx(sum(credits_))


def test_all_checks_are_true(cells: Values) -> None:
    truths = [cell for (sheet, place), cell in cells.items() if sheet == "Checks" and place[0] == "D" and place != "D4"]
    assert len(truths) > 20 and all(cell is True for cell in truths)


def test_the_liability_is_computed_by_live_formulas(book: Path, found: Valuation) -> None:
    live = formulas(book)
    for line in range(5, 5 + len(found.close.standing)):
        assert live["Cohorts", f"K{line}"] == f"=IF(F{line}=0,0,H{line}*(G{line}-D{line})/G{line})"
    assert live["Roll-forward money", "J6"] == "=B6+C6-SUM(D6:I6)"


def test_no_name_becomes_a_formula(book: Path, cells: Values) -> None:
    live = formulas(book)
    for sheet, name in (("Summary", NAME), ("Provenance", "@SUM(A1)")):
        held = [
            place for (where, place), cell in cells.items() if where == sheet and isinstance(cell, str) and name in cell
        ]
        assert held and not any((sheet, place) in live for place in held)


def test_the_same_inputs_give_the_same_bytes(found: Valuation, tmp_path: Path) -> None:
    first, second = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    write_liability(found, first, "x", {"seed": 1})
    time.sleep(2.1)  # what is packed with its time of day differs by then
    write_liability(found, second, "x", {"seed": 1})
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.slow
def test_libreoffice_recalculates_to_the_same_numbers(book: Path, cells: Values, tmp_path: Path) -> None:
    if soffice() is None:
        pytest.skip("LibreOffice is not installed")
    again = values(recalculated(book, tmp_path))
    assert set(cells) == set(again)
    wrong = {place: (cell, again[place]) for place, cell in cells.items() if not same(cell, again[place])}
    assert wrong == {}


@pytest.mark.slow
def test_a_wrong_value_beside_a_formula_is_found(tmp_path: Path) -> None:
    """LibreOffice does recalculate: a value that was written wrong comes out right, and an error comes out as one."""
    if soffice() is None:
        pytest.skip("LibreOffice is not installed")
    path = tmp_path / "wrong.xlsx"
    with workbook(path, date(2025, 1, 1), "t", "c") as made:
        sheet = made.sheet("S", "t", "n", [10])
        sheet.row([Cell(2.0), Formula("=A4*3", 7.0), Formula("=1/0", 1.0)])
    again = values(recalculated(path, tmp_path))
    assert again["S", "B4"] == 6 and again["S", "C4"] == "#DIV/0!"


def same(one: object, other: object) -> bool:
    if isinstance(one, bool) or isinstance(other, bool) or isinstance(one, str):
        return one is other or one == other
    assert isinstance(one, int | float) and isinstance(other, int | float)
    return abs(one - other) <= 1e-9 * max(1, abs(one))
