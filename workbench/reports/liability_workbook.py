"""A valuation as a workbook for finance and the auditor: every sheet foots, and the liability is computed again by live formulas from
deferral, redemptions and expected ultimates, beside the amounts that are booked.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from workbench.finance.accounting.close import MONEY, POINTS, Standing
from workbench.finance.accounting.journal import ACCOUNTS
from workbench.finance.accounting.movements import month_name
from workbench.finance.accounting.rates import triangle_of
from workbench.finance.accounting.rights import FLOWS
from workbench.finance.accounting.rounding import half_up
from workbench.finance.accounting.valuation import Valuation
from workbench.liability_document import BASIS, cost_basis, current, last_day, policy_digest
from workbench.reports.liability_inputs import inputs_sheet, provenance_sheet
from workbench.reports.workbook import Book, Cell, Formula, Sheet, column, workbook
from workbench.units import CENTS

__all__ = ["BACK_TEST", "write_liability"]

HEADS = {
    "opening": "opening 期初", "deferred": "deferred 遞延", "reversed": "reversed by refunds 退貨沖回", "repaid": "taken for debts 抵償積欠",
    "remitted": "owed to others 應付他方", "redeemed": "redeemed 兌換", "expiry": "expiry true-up 逾期調整", "reestimate": "re-estimate 估計變動",
    "closing": "closing 期末", "sold": "issued with sales 銷售給點", "given": "given without a sale 無償給點", "expired": "expired 逾期",
}  # fmt: skip
BACK_TEST = ("method", "error_pct", "sd_pct", "covered")
MOST_ROWS = 200_000


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
        money_end = _months(book, "Roll-forward money", close.money, MONEY, valuation, money=True)
        points_end = _months(book, "Roll-forward points", close.points, POINTS, valuation, money=False)
        _by_cohort(book, valuation)
        _triangle(book, valuation)
        _methods(book, valuation)
        _changes(book, valuation)
        journal_end = _journal(book, valuation)
        if valuation.rights or valuation.memo:
            _rights(book, valuation)
        _disclosure(book, valuation)
        if back_test:
            _back_test(book, back_test)
        truth = _checks(book, valuation, total, money_end, points_end, journal_end)
        provenance_sheet(book, {**provenance, "policy_digest": policy_digest(close.policy)})
        _summary(summary, valuation, total, truth)


def _major(minor: int) -> float:
    return minor / CENTS


# --- what stands at the front ------------------------------------------------------------------------------------------
def _summary(sheet: Sheet, valuation: Valuation, total: int, truth: str) -> None:
    close = valuation.close
    sheet.head(
        ["figure 項目", f"amount ({close.books.currency or close.policy.currency or 'major units'})", "meaning"],
        freeze=False,
    )
    parts = ((column(place), value) for place, value in ((11, close.liability), (13, current(close))))
    (liability, owed), (soon, near) = ((f"=Cohorts!{letters}{total}", _major(value)) for letters, value in parts)
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
            Formula(f"=B{sheet.line - 2}-B{sheet.line - 1}", _major(close.liability - current(close))),
            "the rest",
        ]
    )
    for level, amount in valuation.levels.items():
        sheet.row([f"  at {level}", Cell(_major(amount), "money"), "level of confidence"])
    for each in valuation.rights:
        sheet.row(
            [
                _RIGHTS[each.books.name],
                Cell(_major(each.liability), "money"),
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
        sheet.row([text, Cell(_major(value), "money"), meaning])
    sheet.row([])
    net = int(close.points[-1, :, -1].sum()) - int(close.owed[-1])
    sheet.row(["Points outstanding 流通在外點數", Cell(net, "points"), "net of what members owe"])
    sheet.row(
        ["Points that members owe 會員積欠點數", Cell(int(close.owed[-1]), "points"), "a receivable; in no cohort"]
    )
    sheet.row(
        ["Face value 面額", Cell(_major(half_up(net * close.worth.face)), "money"), "what the points buy; no liability"]
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
        Cell(_major(booked), "money"),
        Cell(float(each.soon), "units"),
        Cell(_major(soon), "money"),
        Formula(f"=J{line}*M{line}", now, "exact"),
        Formula(f"=ROUND(H{line},2)-L{line}", _major(half_up(cohort.deferred) - booked), "money"),
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
        11: _major(close.liability),
        13: _major(current(close)),
        15: _major(sum(half_up(each.deferred) for each in cohorts) - close.liability),
    }


# --- roll-forwards -----------------------------------------------------------------------------------------------------
def _closing(line: int, count: int, issues: int) -> str:
    """opening + what came in - all others, from the columns of a row that begins with a name."""
    plus = "+".join(f"{column(place)}{line}" for place in range(1, 2 + issues))
    minus = f"SUM({column(2 + issues)}{line}:{column(count - 1)}{line})"
    return f"={plus}-{minus}"


def _months(book: Book, name: str, table: Any, names: Sequence[str], valuation: Valuation, money: bool) -> str:
    """Returns the place of the last closing."""
    close = valuation.close
    note = (
        "By month: opening is the closing before, closing is computed; the last column compares it with what is booked."
    )
    sheet = book.sheet(name, name, note, [10] + [15] * (len(names) + 2))
    sheet.head(["month 月", *(HEADS[each] for each in names), "booked 帳列", "foots 相符"])
    style = "money" if money else "points"
    issues = 1 if money else 2
    sums = table.sum(axis=1)
    count = len(names)
    for place, row in enumerate(sums.tolist()):
        line = sheet.line
        shown = [_major(each) if money else each for each in row]
        opening = Cell(0, style) if place == 0 else Formula(f"={column(count)}{line - 1}", shown[0], style)
        cells: list[Cell | Formula] = [Cell(close.books.month(place)), opening]
        cells += [Cell(each, style) for each in shown[1:-1]]
        cells.append(Formula(_closing(line, count, issues), shown[-1], style))
        cells.append(Cell(shown[-1], style))
        cells.append(Formula(f"=ABS({column(count)}{line}-{column(count + 1)}{line})<0.001", True, "truth"))
        sheet.row(cells)
    return f"'{name}'!{column(count)}{sheet.next}"


def _by_cohort(book: Book, valuation: Valuation) -> None:
    """A row for each month and cohort in which anything moved."""
    close = valuation.close
    sheet = book.sheet(
        "By cohort",
        "Roll-forward by month and cohort 各月各批次",
        "Rows in which points or money moved; closing is computed.",
        [10, 10] + [13] * 16,
    )
    points = POINTS[1:-1]
    sheet.head(
        ["cohort 發行期", "month 月", *(HEADS[each] for each in MONEY), *(f"points: {HEADS[each]}" for each in points)]
    )
    moved = close.money[:, :, 1:-1].any(axis=2) | close.points[:, :, 1:-1].any(axis=2)
    for month, place in np.argwhere(moved.T)[:, ::-1][:MOST_ROWS].tolist():
        line = sheet.line
        money = [_major(each) for each in close.money[month, place].tolist()]
        cells: list[Cell | Formula] = [Cell(close.books.month(close.firsts[place])), Cell(close.books.month(month))]
        cells += [Cell(each, "money") for each in money[:-1]]
        last = column(1 + len(MONEY) - 1)
        cells.append(Formula(f"=C{line}+D{line}-SUM(E{line}:{last}{line})", money[-1], "money"))
        cells += [Cell(each, "points") for each in close.points[month, place, 1:-1].tolist()]
        sheet.row(cells)


def _triangle(book: Book, valuation: Valuation) -> None:
    close = valuation.close
    triangle = triangle_of(close.books, close.months)
    note = "Points redeemed by month of issue and age in months, net of points given back; the estimators read nothing else."
    sheet = book.sheet("Triangle", "Redemption triangle 兌換三角形", note, [10, 13, 13] + [10] * triangle.ages)
    sheet.head(["cohort 發行期", "issued, net 發行(淨)", "redeemed 已兌換", *map(str, range(triangle.ages))])
    for place in range(triangle.cohorts):
        line = sheet.line
        seen = int(triangle.latest[place]) + 1
        last = column(2 + triangle.ages)
        redeemed = Formula(f"=SUM(D{line}:{last}{line})", int(triangle.redeemed_to_date[place]), "points")
        ages = [Cell(each, "points") for each in triangle.redeemed[place, :seen].tolist()]
        sheet.row([Cell(close.books.month(place)), Cell(int(triangle.issued[place]), "points"), redeemed, *ages])


# --- what the liability rests on -----------------------------------------------------------------------------------------
def _methods(book: Book, valuation: Valuation) -> None:
    close = valuation.close
    note = f"The liability by each estimator, on the same deferrals. Booked: {close.sources[-1]}."
    sheet = book.sheet("Methods", "Redemption rate by method 各方法兌換率", note, [24, 16, 18, 16, 16, 80])
    sheet.head(
        [
            "method 方法",
            "rate of issued 發行兌換率",
            "rate of outstanding 流通兌換率",
            "liability 負債",
            "difference 差異",
            "notes",
        ]
    )
    for each in valuation.methods:
        known = each.liability is not None
        difference = _major((each.liability or 0) - close.liability) if known else None
        sheet.row([
            each.method, Cell(each.rate, "share"), Cell(each.outstanding_rate, "share"),
            Cell(_major(each.liability) if each.liability is not None else None, "money"), Cell(difference, "money"),
            Cell("; ".join((*([each.note] if each.note else []), *each.warnings)) or None, "wrapped"),
        ])  # fmt: skip


def _changes(book: Book, valuation: Valuation) -> None:
    close = valuation.close
    note = "The deferral of what was sold stays as it is, except where its price is varied. Formulas of the stresses: docs/liability.md."
    sheet = book.sheet("Sensitivity", "Sensitivity and stress 敏感度與壓力", note, [80, 16, 16, 16, 16, 18])
    heads = [
        "change 變動",
        "liability 負債",
        "difference 差異",
        "rate of issued 發行兌換率",
        "current 流動",
        "cost of redemptions 兌換成本",
    ]
    sheet.head(heads)
    booked = sheet.row(["As booked 帳列", Cell(_major(close.liability), "money"), None, Cell(valuation.rate, "share")])
    for each in (*valuation.sensitivity, *valuation.stresses):
        line = sheet.line
        extra = [Cell(None if value is None else _major(value), "money") for value in (each.current, each.cost)]
        difference = Formula(f"=B{line}-B${booked}", _major(each.delta), "money")
        sheet.row([each.text, Cell(_major(each.liability), "money"), difference, Cell(each.rate, "share"), *extra])


def _journal(book: Book, valuation: Valuation) -> tuple[str, str]:
    """Returns the places of the sums of debits and credits."""
    note = "On top of what the till books (cash against revenue from sales, and refunds). Debits are credits in every entry."
    sheet = book.sheet("Journal", "Journal entries 分錄", note, [8, 12, 44, 30, 16, 16, 44, 36])
    sheet.head(["no. 編號", "date 日期", "account", "科目", "debit 借", "credit 貸", "text", "摘要"])
    first = sheet.line
    debit = credit = 0
    for number, each in enumerate(valuation.entries, 1):
        for line in each.lines:
            account = ACCOUNTS[line.account]
            sides = max(line.amount, 0), max(-line.amount, 0)
            debit, credit = debit + sides[0], credit + sides[1]
            amounts = (Cell(_major(side) if side else None, "money") for side in sides)
            sheet.row([number, last_day(each.month), account.name, account.name_zh, *amounts, each.text, each.text_zh])
    last = max(sheet.next, first)
    sums = [
        Formula(f"=SUM({letters}{first}:{letters}{last})", _major(value), "bold_money")
        for letters, value in (("E", debit), ("F", credit))
    ]
    end = sheet.row([Cell("total 合計", "bold"), None, None, None, *sums])
    return f"Journal!E{end}", f"Journal!F{end}"


_RIGHTS = {"stored": "Stored value 儲值金", "fees": "Membership fees 會員費", "coupons": "Coupons 折價券"}


def _rights(book: Book, valuation: Valuation) -> None:
    note = "Stored value, membership and coupons, by month; closing is computed. Coupons given without a purchase are a memo, not booked."
    sheet = book.sheet("Other rights", "Other rights 其他權利", note, [30] + [16] * 8)
    for each in valuation.rights:
        sheet.row([Cell(_RIGHTS[each.books.name], "bold")])
        sheet.head(
            ["month 月", *(HEADS.get(name, f"{name} 未使用") for name in FLOWS), "booked 帳列", "foots 相符"],
            freeze=False,
        )
        first = sheet.line
        for place, row in enumerate(each.money.tolist()):
            line, shown = sheet.line, [_major(value) for value in row]
            opening = Cell(0, "money") if line == first else Formula(f"=H{line - 1}", shown[0])
            closing = Formula(f"=B{line}+C{line}-SUM(D{line}:G{line})", shown[-1])
            truth = Formula(f"=ABS(H{line}-I{line})<0.001", True, "truth")
            cells = [Cell(value, "money") for value in shown[1:-1]]
            sheet.row(
                [month_name(each.books.first_month + place), opening, *cells, closing, Cell(shown[-1], "money"), truth]
            )
        sheet.row([])
    if valuation.memo:
        sheet.row([Cell("Coupons held, memo 流通折價券(備忘)", "bold")])
        sheet.head(["coupon 折價券", "held 流通", "used 已使用", "expected cost 預期成本"], freeze=False)
    for memo in valuation.memo:
        cost = None if memo["exposure"] is None else _major(memo["exposure"])
        sheet.row([memo["coupon"], Cell(memo["held"], "points"), Cell(memo["used"], "points"), Cell(cost, "money")])


def _disclosure(book: Book, valuation: Valuation) -> None:
    found = valuation.disclosure
    note = f"For the {found.months} months to the valuation; IFRS 15.116-120, ASC 606-10-50-8 to 15."
    sheet = book.sheet("Disclosure", "Notes to the accounts 附註揭露", note, [70, 18])
    sheet.head(["Contract liability 合約負債 (IFRS 15.118)", "amount 金額"], freeze=False)
    for name, amount in found.movements.items():
        sign = 1 if name in ("opening", "deferred", "closing") else -1
        sheet.row(
            [HEADS[name], Cell(sign * _major(amount), "bold_money" if name in ("opening", "closing") else "money")]
        )
    sheet.row([])
    sheet.row(
        [
            "Revenue that was in the opening balance 期初合約負債本期認列收入 (116b)",
            Cell(_major(found.from_opening), "money"),
        ]
    )
    text = "Revenue for redemptions of earlier periods: estimates and expiry 前期履約義務本期認列收入 (116c)"
    sheet.row([text, Cell(_major(found.from_estimates), "money")])
    if found.expected:
        sheet.row([])
        sheet.row([Cell("When it is expected to become revenue 預期認列收入時點 (120)", "bold")])
        for name, amount in found.expected.items():
            sheet.row([name, Cell(_major(amount), "money")])


def _back_test(book: Book, rows: Sequence[Mapping[str, Any]]) -> None:
    sheet = book.sheet(
        "Back-test", "Back-test 回溯測試", "Each method at past month's ends against what came of it.", [26] + [16] * 12
    )
    names = list(rows[0])
    sheet.head(names)
    for each in rows:
        cells = [each.get(name) for name in names]
        sheet.row([Cell(value, "text" if isinstance(value, str) else "units") for value in cells])


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
    owed, debits = _major(close.liability), _total(valuation)
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
    return _major(sum(max(line.amount, 0) for each in valuation.entries for line in each.lines))
