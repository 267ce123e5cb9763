"""Of the workbook of a valuation: roll-forwards, triangle, methods, sensitivity, journal, other rights, notes, back-test."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.finance.accounting.close import MONEY, POINTS
from workbench.finance.accounting.journal import ACCOUNTS
from workbench.finance.accounting.movements import month_name
from workbench.finance.accounting.rates import triangle_of
from workbench.finance.accounting.rights import FLOWS
from workbench.finance.accounting.valuation import Valuation
from workbench.liability_document import last_day
from workbench.reports.workbook import Book, Cell, Formula, column
from workbench.units import CENTS

__all__ = [
    "RIGHTS", "back_test_sheet", "by_cohort_sheet", "changes_sheet", "disclosure_sheet", "journal_sheet", "major", "methods_sheet",
    "months_sheet", "rights_sheet", "triangle_sheet",
]  # fmt: skip

HEADS = {
    "opening": "opening 期初", "deferred": "deferred 遞延", "reversed": "reversed by refunds 退貨沖回", "repaid": "taken for debts 抵償積欠",
    "remitted": "owed to others 應付他方", "redeemed": "redeemed 兌換", "expiry": "expiry true-up 逾期調整", "reestimate": "re-estimate 估計變動",
    "closing": "closing 期末", "sold": "issued with sales 銷售給點", "given": "given without a sale 無償給點", "expired": "expired 逾期",
}  # fmt: skip
MOST_ROWS = 200_000


def major(minor: int) -> float:
    """Minor units as a spreadsheet shows money."""
    return minor / CENTS


# --- roll-forwards -----------------------------------------------------------------------------------------------------
def _closing(line: int, count: int, issues: int) -> str:
    """opening + what came in - all others, from the columns of a row that begins with a name."""
    plus = "+".join(f"{column(place)}{line}" for place in range(1, 2 + issues))
    minus = f"SUM({column(2 + issues)}{line}:{column(count - 1)}{line})"
    return f"={plus}-{minus}"


def months_sheet(book: Book, name: str, table: Any, names: Sequence[str], valuation: Valuation, money: bool) -> str:
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
        shown = [major(each) if money else each for each in row]
        opening = Cell(0, style) if place == 0 else Formula(f"={column(count)}{line - 1}", shown[0], style)
        cells: list[Cell | Formula] = [Cell(close.books.month(place)), opening]
        cells += [Cell(each, style) for each in shown[1:-1]]
        cells.append(Formula(_closing(line, count, issues), shown[-1], style))
        cells.append(Cell(shown[-1], style))
        cells.append(Formula(f"=ABS({column(count)}{line}-{column(count + 1)}{line})<0.001", True, "truth"))
        sheet.row(cells)
    return f"'{name}'!{column(count)}{sheet.next}"


def by_cohort_sheet(book: Book, valuation: Valuation) -> None:
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
        money = [major(each) for each in close.money[month, place].tolist()]
        cells: list[Cell | Formula] = [Cell(close.books.month(close.firsts[place])), Cell(close.books.month(month))]
        cells += [Cell(each, "money") for each in money[:-1]]
        last = column(1 + len(MONEY) - 1)
        cells.append(Formula(f"=C{line}+D{line}-SUM(E{line}:{last}{line})", money[-1], "money"))
        cells += [Cell(each, "points") for each in close.points[month, place, 1:-1].tolist()]
        sheet.row(cells)


def triangle_sheet(book: Book, valuation: Valuation) -> None:
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
def methods_sheet(book: Book, valuation: Valuation) -> None:
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
        difference = major((each.liability or 0) - close.liability) if known else None
        sheet.row([
            each.method, Cell(each.rate, "share"), Cell(each.outstanding_rate, "share"),
            Cell(major(each.liability) if each.liability is not None else None, "money"), Cell(difference, "money"),
            Cell("; ".join((*([each.note] if each.note else []), *each.warnings)) or None, "wrapped"),
        ])  # fmt: skip


def changes_sheet(book: Book, valuation: Valuation) -> None:
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
    booked = sheet.row(["As booked 帳列", Cell(major(close.liability), "money"), None, Cell(valuation.rate, "share")])
    for each in (*valuation.sensitivity, *valuation.stresses):
        line = sheet.line
        extra = [Cell(None if value is None else major(value), "money") for value in (each.current, each.cost)]
        difference = Formula(f"=B{line}-B${booked}", major(each.delta), "money")
        sheet.row([each.text, Cell(major(each.liability), "money"), difference, Cell(each.rate, "share"), *extra])


def journal_sheet(book: Book, valuation: Valuation) -> tuple[str, str]:
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
            amounts = (Cell(major(side) if side else None, "money") for side in sides)
            sheet.row([number, last_day(each.month), account.name, account.name_zh, *amounts, each.text, each.text_zh])
    last = max(sheet.next, first)
    sums = [
        Formula(f"=SUM({letters}{first}:{letters}{last})", major(value), "bold_money")
        for letters, value in (("E", debit), ("F", credit))
    ]
    end = sheet.row([Cell("total 合計", "bold"), None, None, None, *sums])
    return f"Journal!E{end}", f"Journal!F{end}"


RIGHTS = {"stored": "Stored value 儲值金", "fees": "Membership fees 會員費", "coupons": "Coupons 折價券"}


def rights_sheet(book: Book, valuation: Valuation) -> None:
    note = "Stored value, membership and coupons, by month; closing is computed. Coupons given without a purchase are a memo, not booked."
    sheet = book.sheet("Other rights", "Other rights 其他權利", note, [30] + [16] * 8)
    for each in valuation.rights:
        sheet.row([Cell(RIGHTS[each.books.name], "bold")])
        sheet.head(
            ["month 月", *(HEADS.get(name, f"{name} 未使用") for name in FLOWS), "booked 帳列", "foots 相符"],
            freeze=False,
        )
        first = sheet.line
        for place, row in enumerate(each.money.tolist()):
            line, shown = sheet.line, [major(value) for value in row]
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
        cost = None if memo["exposure"] is None else major(memo["exposure"])
        sheet.row([memo["coupon"], Cell(memo["held"], "points"), Cell(memo["used"], "points"), Cell(cost, "money")])


def disclosure_sheet(book: Book, valuation: Valuation) -> None:
    found = valuation.disclosure
    note = f"For the {found.months} months to the valuation; IFRS 15.116-120, ASC 606-10-50-8 to 15."
    sheet = book.sheet("Disclosure", "Notes to the accounts 附註揭露", note, [70, 18])
    sheet.head(["Contract liability 合約負債 (IFRS 15.118)", "amount 金額"], freeze=False)
    for name, amount in found.movements.items():
        sign = 1 if name in ("opening", "deferred", "closing") else -1
        sheet.row(
            [HEADS[name], Cell(sign * major(amount), "bold_money" if name in ("opening", "closing") else "money")]
        )
    sheet.row([])
    sheet.row(
        [
            "Revenue that was in the opening balance 期初合約負債本期認列收入 (116b)",
            Cell(major(found.from_opening), "money"),
        ]
    )
    text = "Revenue for redemptions of earlier periods: estimates and expiry 前期履約義務本期認列收入 (116c)"
    sheet.row([text, Cell(major(found.from_estimates), "money")])
    if found.expected:
        sheet.row([])
        sheet.row([Cell("When it is expected to become revenue 預期認列收入時點 (120)", "bold")])
        for name, amount in found.expected.items():
            sheet.row([name, Cell(major(amount), "money")])


def back_test_sheet(book: Book, rows: Sequence[Mapping[str, Any]]) -> None:
    sheet = book.sheet(
        "Back-test", "Back-test 回溯測試", "Each method at past month's ends against what came of it.", [26] + [16] * 12
    )
    names = list(rows[0])
    sheet.head(names)
    for each in rows:
        cells = [each.get(name) for name in names]
        sheet.row([Cell(value, "text" if isinstance(value, str) else "units") for value in cells])
