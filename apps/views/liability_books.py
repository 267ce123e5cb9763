"""What stands in the books: roll-forwards by month and by cohort, how the year went, journal entries in both languages, the checks, the notes."""

from dataclasses import dataclass

from apps.charts.bars import Step
from apps.language import AppLanguage
from apps.valuing import Valued
from apps.views.liability import N_, minor, month_day, unit_of
from apps.views.said import translated
from workbench.finance.accounting.close import MONEY, POINTS
from workbench.finance.accounting.journal import ACCOUNTS
from workbench.finance.accounting.rights import FLOWS
from workbench.liability_document import last_day
from workbench.reports.parts import Table
from workbench.units import CENTS

__all__ = [
    "Held", "check_rows", "checks_sentence", "cohort_table", "disclosure_table", "journal_table", "memo_table", "months_of", "rights_tables",
    "roll_forward", "year_steps",
]  # fmt: skip

HEADS = {
    "opening": N_("Opening"), "deferred": N_("Deferred"), "reversed": N_("Taken back by refunds"), "repaid": N_("Taken for debts"),
    "remitted": N_("Owed to others"), "redeemed": N_("Redeemed"), "expiry": N_("Expiry true-up"), "reestimate": N_("Change of estimate"),
    "closing": N_("Closing"), "sold": N_("Issued with sales"), "given": N_("Given without a sale"), "expired": N_("Expired"),
    "breakage": N_("Breakage"),
}  # fmt: skip
INWARD = ("opening", "deferred", "sold", "given", "closing")
"""Columns that count as they are; all others are taken off."""
RIGHTS = {"stored": N_("Stored value"), "fees": N_("Membership fees"), "coupons": N_("Coupons given with purchases")}


def months_of(found: Valued) -> list[int]:
    """The months that were closed, since January 1970, the latest first."""
    return [found.path.first_month + place for place in reversed(range(found.path.months))]


def _columns(table: list[list[int]], names: tuple[str, ...]) -> list[int]:
    """Places of the columns in which anything stands; opening and closing always."""
    return [
        place for place, name in enumerate(names) if name in ("opening", "closing") or any(row[place] for row in table)
    ]


# --- roll-forward --------------------------------------------------------------------------------------------------------
def roll_forward(found: Valued, say: AppLanguage, money: bool) -> Table:
    """By month, the latest first: opening + what came in - what was taken off = closing. Columns in which nothing stands are left out."""
    _, close = say._, found.valuation.close
    names = MONEY if money else POINTS
    sums = (close.money if money else close.points).sum(axis=1).tolist()
    shown = _columns(sums, names)
    rows = [
        (say.month(month_day(found.path.first_month + place)), *(_cell(sums[place][k], names[k], money, say) for k in shown))
        for place in reversed(range(close.months))
    ]  # fmt: skip
    title = _("Contract liability by month{unit}", unit=unit_of(found, say)) if money else _("Points by month")
    return Table(title, (_("Month"), *(say.text(HEADS[names[k]]) for k in shown)), tuple(rows))


def _cell(value: int, name: str, money: bool, say: AppLanguage) -> str:
    """Signed as it moves the balance."""
    signed = value if name in INWARD or not value else -value
    return minor(signed, say) if money else say.number(signed)


def cohort_table(found: Valued, month: int, say: AppLanguage) -> Table:
    """A month (since January 1970) by cohort: money, and points redeemed and expired; a total that is the month's roll-forward."""
    _, close = say._, found.valuation.close
    place = month - found.path.first_month
    money, points = close.money[place].tolist(), close.points[place].tolist()
    shown = _columns(money, MONEY)
    extra = [POINTS.index(name) for name in ("redeemed", "expired", "closing")]
    rows = []
    for row, (amounts, counts) in enumerate(zip(money, points, strict=True)):
        if any(amounts) or any(counts):
            rows.append((
                say.month(month_day(found.path.first_month + close.firsts[row])),
                *(_cell(amounts[k], MONEY[k], True, say) for k in shown), *(say.number(counts[k]) for k in extra),
            ))  # fmt: skip
    sums = [sum(column) for column in zip(*money, strict=True)], [sum(column) for column in zip(*points, strict=True)]
    rows.append((
        _("Total"), *(_cell(sums[0][k], MONEY[k], True, say) for k in shown), *(say.number(sums[1][k]) for k in extra),
    ))  # fmt: skip
    header = (
        _("Month of issue"), *(say.text(HEADS[MONEY[k]]) for k in shown),
        _("Points redeemed"), _("Points expired"), _("Points outstanding"),
    )  # fmt: skip
    title = _("{month} by month of issue{unit}", month=say.month(month_day(month)), unit=unit_of(found, say))
    return Table(title, header, tuple(rows), total=True)


def year_steps(found: Valued, say: AppLanguage) -> list[Step]:
    """How the liability went from the beginning of the last twelve months to the valuation, major units (IFRS 15.118)."""
    movements = found.valuation.disclosure.movements
    steps = []
    for name in MONEY:
        amount = movements[name] / CENTS
        if name in ("opening", "closing"):
            steps.append(Step(say.text(HEADS[name]), amount, total=True))
        elif amount:
            steps.append(Step(say.text(HEADS[name]), amount if name in INWARD else -amount))
    return steps


def disclosure_table(found: Valued, say: AppLanguage) -> Table:
    """What the notes to the accounts say."""
    _, told = say._, found.valuation.disclosure
    rows = [
        (say.text(HEADS[name]), _cell(told.movements[name], name, True, say))
        for name in MONEY
        if told.movements[name] or name in ("opening", "closing")
    ]
    rows += [
        (_("Revenue of the period that was in the opening balance (IFRS 15.116b)"), minor(told.from_opening, say)),
        (_("Revenue for redemptions of earlier periods: estimates and expiry (IFRS 15.116c)"), minor(told.from_estimates, say)),
    ]  # fmt: skip
    bands = {
        "within 1 year": _("Expected to become revenue within 1 year (IFRS 15.120)"),
        "1 to 2 years": _("in 1 to 2 years"),
        "2 to 3 years": _("in 2 to 3 years"),
        "later": _("later"),
    }
    rows += [(bands[name], minor(amount, say)) for name, amount in told.expected.items()]
    title = _("The last {n} months, for the notes{unit}", n=str(told.months), unit=unit_of(found, say))
    return Table(title, (_("Item"), _("Amount")), tuple(rows))


# --- journal -------------------------------------------------------------------------------------------------------------
def journal_table(found: Valued, month: int, say: AppLanguage) -> Table:
    """The entries of a month (since January 1970): each line with its account in both languages, and what debits and credits come to."""
    _ = say._
    rows, debits, credits = [], 0, 0
    for each in found.valuation.entries:
        if each.month != month:
            continue
        for place, line in enumerate(each.lines):
            account = ACCOUNTS[line.account]
            debit, credit = max(line.amount, 0), max(-line.amount, 0)
            debits, credits = debits + debit, credits + credit
            text = (each.text, each.text_zh) if place == 0 else ("", "")
            rows.append((
                last_day(month) if place == 0 else "", account.name, account.name_zh, minor(debit, say) if debit else "",
                minor(credit, say) if credit else "", *text,
            ))  # fmt: skip
    rows.append((_("Total"), "", "", minor(debits, say), minor(credits, say), "", ""))
    title = _("Journal entries of {month}{unit}", month=say.month(month_day(month)), unit=unit_of(found, say))
    header = (_("Date"), "Account", "科目", _("Debit"), _("Credit"), "Text", "摘要")
    return Table(title, header, tuple(rows), total=True)


# --- other rights --------------------------------------------------------------------------------------------------------
def rights_tables(found: Valued, say: AppLanguage) -> list[Table]:
    """Stored value, membership fees and coupons, where the records tell of them: the last twelve months, the latest first."""
    _, tables = say._, []
    for each in found.valuation.rights:
        sums = each.money.tolist()
        shown = _columns(sums, FLOWS)
        rows = [
            (say.month(month_day(each.books.first_month + place)), *(_cell(sums[place][k], FLOWS[k], True, say) for k in shown))
            for place in reversed(range(max(len(sums) - 12, 0), len(sums)))
        ]  # fmt: skip
        title = _(
            "{right}{unit}: owed beside the points", right=say.text(RIGHTS[each.books.name]), unit=unit_of(found, say)
        )
        tables.append(Table(title, (_("Month"), *(say.text(HEADS[FLOWS[k]]) for k in shown)), tuple(rows)))
    return tables


def memo_table(found: Valued, say: AppLanguage) -> Table | None:
    """Coupons held that came without a purchase: not booked."""
    _ = say._
    if not found.valuation.memo:
        return None
    rows = [
        (str(each["coupon"]), say.number(each["held"]), say.number(each["used"]), minor(each["exposure"], say))
        for each in found.valuation.memo
    ]
    header = (_("Coupon"), _("Held"), _("Used"), _("Expected cost"))
    return Table(_("Coupons held, a memo: not booked{unit}", unit=unit_of(found, say)), header, tuple(rows))


# --- checks --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Held:
    """One check: whether it holds, what was compared, and what it means."""

    name: str
    holds: bool
    found: str
    expected: str
    text: str


def check_rows(found: Valued, say: AppLanguage) -> list[Held]:
    """Every check of the close; those that fail come first."""
    rows = [
        Held(translated(each.name, say), each.holds, say.number(each.found), say.number(each.expected), translated(each.text, say))
        for each in found.valuation.checks
    ]  # fmt: skip
    return sorted(rows, key=lambda each: each.holds)


def checks_sentence(found: Valued, say: AppLanguage) -> str:
    """How many hold."""
    _, all_of_them = say._, found.valuation.checks
    failed = sum(not each.holds for each in all_of_them)
    values = {"n": say.number(len(all_of_them)), "failed": say.number(failed)}
    if failed:
        return _("{failed} of {n} checks fail: these books cannot be used as they are.", **values)
    return _("All {n} checks hold.", **values)
