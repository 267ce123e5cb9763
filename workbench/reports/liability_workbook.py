"""A valuation as a workbook for finance and the auditor: every sheet foots, and the liability is computed again by live formulas from
deferral, redemptions and expected ultimates, beside the amounts that are booked.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from workbench.finance.accounting.close import MONEY, POINTS, Standing
from workbench.finance.accounting.rounding import half_up
from workbench.finance.accounting.valuation import Valuation
from workbench.liability_document import BASIS, cost_basis, current, last_day, policy_digest
from workbench.reports.liability_inputs import inputs_sheet, provenance_sheet
from workbench.reports.liability_sheets import (
    RIGHTS,
    back_test_sheet,
    by_cohort_sheet,
    changes_sheet,
    disclosure_sheet,
    journal_sheet,
    major,
    methods_sheet,
    months_sheet,
    rights_sheet,
    triangle_sheet,
)
from workbench.reports.workbook import Book, Cell, Formula, Sheet, column, workbook
from workbench.units import CENTS

__all__ = ["write_liability"]


def write_liability(
    valuation: Valuation,
    path: Path,
    name: str,
    provenance: Mapping[str, Any],
    back_test: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Write the workbook of a valuation (.xlsx). back_test: rows of one set of columns, shown as they are. The same inputs give the same
    bytes. Raises BadInput where the file cannot be written."""
    close = valuation.close
    day = date.fromisoformat(last_day(close.books.first_month + close.months - 1))
    with workbook(path, day, f"Point liability: {name}", BASIS[close.books.basis]) as book:
        summary = book.sheet(
            "Summary", f"Point liability of {name} at {day} 點數負債", BASIS[close.books.basis], [44, 18, 60]
        )
        inputs_sheet(book, valuation)
        total = _cohorts(book, valuation)
        money_end = months_sheet(book, "Roll-forward money", close.money, MONEY, valuation, money=True)
        points_end = months_sheet(book, "Roll-forward points", close.points, POINTS, valuation, money=False)
        by_cohort_sheet(book, valuation)
        triangle_sheet(book, valuation)
        methods_sheet(book, valuation)
        changes_sheet(book, valuation)
        journal_end = journal_sheet(book, valuation)
        if valuation.rights or valuation.memo:
            rights_sheet(book, valuation)
        disclosure_sheet(book, valuation)
        if back_test:
            back_test_sheet(book, back_test)
        truth = _checks(book, valuation, total, money_end, points_end, journal_end)
        provenance_sheet(book, {**provenance, "policy_digest": policy_digest(close.policy)})
        _summary(summary, valuation, total, truth)


# --- what stands at the front ------------------------------------------------------------------------------------------
def _summary(sheet: Sheet, valuation: Valuation, total: int, truth: str) -> None:
    close = valuation.close
    sheet.head(
        ["figure 項目", f"amount ({close.books.currency or close.policy.currency or 'major units'})", "meaning"],
        freeze=False,
    )
    parts = ((column(place), value) for place, value in ((11, close.liability), (13, current(close))))
    (liability, owed), (soon, near) = ((f"=Cohorts!{letters}{total}", major(value)) for letters, value in parts)
    sheet.row(
        [
            "Contract liability 合約負債",
            Formula(liability, owed),
            "of points issued with sales; sum of the booked amounts",
        ]
    )
    sheet.row(
        ["  current 流動", Formula(soon, near), f"expected to be redeemed within {close.policy.current_months} months"]
    )
    sheet.row(
        [
            "  non-current 非流動",
            Formula(f"=B{sheet.line - 2}-B{sheet.line - 1}", major(close.liability - current(close))),
            "the rest",
        ]
    )
    for level, amount in valuation.levels.items():
        sheet.row([f"  at {level}", Cell(major(amount), "money"), "level of confidence"])
    for each in valuation.rights:
        sheet.row(
            [
                RIGHTS[each.books.name],
                Cell(major(each.liability), "money"),
                "a contract liability too; sheet Other rights",
            ]
        )
    rows = (
        (
            "Provision for points given 無償給點負債準備",
            int(close.provision[-1].sum()),
            "without a sale, at cost; no contract liability",
        ),
        ("Cost of all points expected to be redeemed 預期兌換成本", cost_basis(close), "management's view; not booked"),
    )
    for text, value, meaning in rows:
        sheet.row([text, Cell(major(value), "money"), meaning])
    sheet.row([])
    net = int(close.points[-1, :, -1].sum()) - int(close.owed[-1])
    sheet.row(["Points outstanding 流通在外點數", Cell(net, "points"), "net of what members owe"])
    sheet.row(
        ["Points that members owe 會員積欠點數", Cell(int(close.owed[-1]), "points"), "a receivable; in no cohort"]
    )
    sheet.row(
        ["Face value 面額", Cell(major(half_up(net * close.worth.face)), "money"), "what the points buy; no liability"]
    )
    sheet.row(
        ["Ultimate redemption rate 最終兌換率", Cell(valuation.rate, "share"), f"of points issued; {close.sources[-1]}"]
    )
    sheet.row(["All checks hold 所有檢核成立", Formula(truth, valuation.sound, "truth"), "sheet Checks"])
    sheet.row([])
    for text in valuation.warnings:
        sheet.row([Cell("Warning 提醒", "bold"), None, text])


# --- cohorts -----------------------------------------------------------------------------------------------------------
_COHORTS = (
    "cohort 發行期", "N issued, net 發行(淨)", "of these given 其中無償", "Q redeemed 已兌換", "X expired 已逾期", "O outstanding 流通在外",
    "U expected ultimate 預期最終兌換", "D deferred 遞延金額", "w = (U-Q)/O 流通兌換率", "D/U per point 每點收入", "liability, exact 負債(精確)",
    "liability booked 帳列負債", "expected soon, points 預期近期兌換", "current booked 帳列流動", "current, exact 流動(精確)",
    "recognised 已認列收入", "booked = exact, rounded 相符",
)  # fmt: skip


def _cohorts(book: Book, valuation: Valuation) -> int:
    """Returns the number of the row of totals."""
    close = valuation.close
    note = "L = D x (U - Q) / U, each cohort by itself. Columns F, I, J, K, O, P and Q are live formulas; the booked amounts stand beside them."
    sheet = book.sheet("Cohorts", "Cohorts 發行批次", note, [10] + [13] * 16)
    sheet.head(_COHORTS)
    first = sheet.line
    for place, each in enumerate(close.standing):
        booked, soon = int(close.money[-1, place, -1]), int(close.current[-1, place])
        sheet.row(_cohort_row(sheet.line, close.books.month(each.first), each, booked, soon))
    last = sheet.next
    sums = {1: "points", 2: "points", 3: "points", 4: "points", 5: "points", 6: "units", 7: "money", 10: "exact", 11: "money", 13: "money",
            15: "money"}  # fmt: skip
    values = _cohort_sums(valuation)
    cells: list[Cell | Formula | None] = [Cell("total 合計", "bold"), *[None] * (len(_COHORTS) - 1)]
    for place in sums:
        letters = column(place)
        style = "bold_points" if sums[place] == "points" else "bold_money"
        cells[place] = Formula(f"=SUM({letters}{first}:{letters}{last})", values[place], style)
    cells[16] = Formula(f"=AND(Q{first}:Q{last})", True, "truth")
    return sheet.row(cells)


def _cohort_row(line: int, name: str, each: Standing, booked: int, soon: int) -> list[Cell | Formula]:
    cohort = each.cohort
    exact = float(cohort.liability / CENTS)
    now = float(each.current / CENTS)
    return [
        Cell(name),
        *(Cell(value, "points") for value in (cohort.issued, cohort.given, cohort.redeemed, cohort.expired)),
        Formula(f"=MAX(B{line}-D{line}-E{line},0)", cohort.outstanding, "points"),
        Cell(float(cohort.ultimate), "units"),
        Cell(float(cohort.deferred / CENTS), "exact"),
        Formula(f"=IF(F{line}=0,0,(G{line}-D{line})/F{line})", float(cohort.rate_outstanding), "share"),
        Formula(f"=IF(G{line}=0,0,H{line}/G{line})", float(cohort.per_unit / CENTS), "exact"),
        Formula(f"=IF(F{line}=0,0,H{line}*(G{line}-D{line})/G{line})", exact, "exact"),
        Cell(major(booked), "money"),
        Cell(float(each.soon), "units"),
        Cell(major(soon), "money"),
        Formula(f"=J{line}*M{line}", now, "exact"),
        Formula(f"=ROUND(H{line},2)-L{line}", major(half_up(cohort.deferred) - booked), "money"),
        Formula(f"=AND(ABS(K{line}-L{line})<0.0050001,ABS(MIN(O{line},K{line})-N{line})<0.0100001)", True, "truth"),
    ]


def _cohort_sums(valuation: Valuation) -> dict[int, float]:
    close = valuation.close
    cohorts = [each.cohort for each in close.standing]
    deferred = sum((each.deferred for each in cohorts), Fraction(0))
    return {
        1: sum(each.issued for each in cohorts),
        2: sum(each.given for each in cohorts),
        3: sum(each.redeemed for each in cohorts),
        4: sum(each.expired for each in cohorts),
        5: sum(each.outstanding for each in cohorts),
        6: float(sum((each.ultimate for each in cohorts), Fraction(0))),
        7: float(deferred / CENTS),
        10: float(close.exact[-1] / CENTS),
        11: major(close.liability),
        13: major(current(close)),
        15: major(sum(half_up(each.deferred) for each in cohorts) - close.liability),
    }


# --- checks --------------------------------------------------------------------------------------------------------------
def _checks(
    book: Book, valuation: Valuation, total: int, money_end: str, points_end: str, journal_end: tuple[str, str]
) -> str:
    """Returns the formula that says whether all of them hold."""
    close = valuation.close
    note = "Amounts in minor units. The first ones compare figures of the close; those below compare the live sheets."
    sheet = book.sheet("Checks", "Checks 檢核", note, [34, 20, 20, 10, 100])
    sheet.head(["check 檢核", "found", "expected", "holds", "meaning"])
    first = sheet.line
    for each in valuation.checks:
        line = sheet.line
        sheet.row([
            each.name, Cell(each.found, "points"), Cell(each.expected, "points"), Formula(f"=B{line}=C{line}", each.holds, "truth"), each.text,
        ])  # fmt: skip
    held = sum(each.cohort.outstanding - each.cohort.overdrawn for each in close.standing)
    over = sum(each.cohort.overdrawn for each in close.standing)
    owed, debits = major(close.liability), _total(valuation)
    live = (
        ("cohorts' formulas agree", f"=Cohorts!Q{total}", True, "=TRUE()", True, "each cohort's liability by formula is the one booked"),
        ("liability by formula", f"=Cohorts!L{total}", owed, f"={money_end}", owed, "cohorts and roll-forward end at the same amount"),
        ("points by formula", f"=Cohorts!F{total}-{over}", held, f"={points_end}", held, "cohorts and roll-forward end at the same points"),
        ("debits and credits", f"={journal_end[0]}", debits, f"={journal_end[1]}", debits, "sums of the sheet Journal"),
    )  # fmt: skip
    for name, left, left_value, right, right_value, text in live:
        line = sheet.line
        style = "truth" if left_value is True else "money"
        equal = f"=B{line}=C{line}" if left_value is True else f"=ABS(B{line}-C{line})<0.001"
        sheet.row(
            [
                name,
                Formula(left, left_value, style),
                Formula(right, right_value, style),
                Formula(equal, True, "truth"),
                text,
            ]
        )
    last = sheet.next
    sheet.row([])
    line = sheet.row(
        [Cell("all hold 全部成立", "bold"), None, None, Formula(f"=AND(D{first}:D{last})", valuation.sound, "truth")]
    )
    return f"=Checks!D{line}"


def _total(valuation: Valuation) -> float:
    return major(sum(max(line.amount, 0) for each in valuation.entries for line in each.lines))
