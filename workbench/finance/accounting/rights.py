"""Other rights that customers hold, by the same engine: stored value, coupons given with a purchase, paid membership. Each is a table by
month of issue and month of event; units are minor units of face value, coupons, or days of a term.

* Stored value: cash is allocated over principal and bonus in proportion to face value (both are spent alike), D / N of each unit; with an
  expected breakage b the units expected to be spent are N * (1 - b), so that revenue of q spent is D * q / (N * (1 - b)): of 1,000 sold
  with 10 % breakage and 400 spent, 400 and 44.44 of breakage. Where records do not say which load is spent, the oldest is
  (first in, first out); what comes back goes to where it was taken from last.
* Coupons given with a purchase: a material right (IFRS 15 B40) as far as the discount goes beyond what others get; the purchase's price
  is allocated to it in proportion to discount * incremental share * share expected to be used. Coupons given without one are no
  obligation before they are used: their expected cost is shown as a memo.
* Membership: the fee is revenue evenly over the days of its term (IFRS 15 B18, 35a).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from workbench.errors import BadInput, Problem
from workbench.finance.accounting.cohort import Cohort, Movement, allocate, step
from workbench.finance.accounting.journal import JournalEntry, entry
from workbench.finance.accounting.movements import month_name
from workbench.finance.accounting.rounding import apportion, half_up
from workbench.finance.cells import Ints

__all__ = [
    "FLOWS", "CouponBooks", "RightBooks", "RightClose", "StoredValueFlows", "Term", "added_up", "close_right", "coupon_books", "coupon_memo", "fee_close",
    "first_in_first_out", "stored_value_books",
]  # fmt: skip

FLOWS = ("opening", "deferred", "reversed", "remitted", "redeemed", "breakage", "closing")
"""Columns of a right's roll-forward: closing = opening + deferred - all others. breakage: revenue beyond the face of what was used."""
NOUGHT = Fraction(0)


@dataclass(frozen=True)
class RightBooks:
    """A right by month of issue and month of event; arrays int64[months, months], the month of issue first."""

    name: str
    """Key of its liability among the journal's accounts: stored, coupons, fees."""
    first_month: int
    issued: Ints
    reversed: Ints
    redeemed: Ints
    expired: Ints
    deferred: tuple[tuple[Fraction, ...], ...]
    """[months][months]: what was deferred, minor units."""
    refunded: Ints | None = None
    """int64[months]: cash paid back for what was reversed, minor units; None: as much as was deferred for it."""

    def through(self, months: int) -> "RightBooks":
        """The same as it stood after so many months."""
        cut = {name: getattr(self, name)[:months, :months] for name in ("issued", "reversed", "redeemed", "expired")}
        deferred = tuple(row[:months] for row in self.deferred[:months])
        return replace(
            self, **cut, deferred=deferred, refunded=None if self.refunded is None else self.refunded[:months]
        )


@dataclass(frozen=True)
class RightClose:
    """Every month's close of a right."""

    books: RightBooks
    money: Ints
    """int64[months, columns of ``FLOWS``]: printed, minor units."""
    exact: tuple[Fraction, ...]
    """The liability at the end of each month."""
    cohorts: tuple[Cohort, ...]
    entries: tuple[JournalEntry, ...]

    @property
    def liability(self) -> int:
        """At the end, printed."""
        return int(self.money[-1, -1])


def close_right(books: RightBooks, rate: Fraction, breakage: str = "proportional") -> RightClose:
    """Close every month. rate: share of the units issued that is expected to be used; breakage: as in the policy (``proportional``,
    ``remote``, ``remit``). Raises BadInput where more is used than there ever was."""
    _check(books)
    months = len(books.issued)
    cohorts = [Cohort()] * months
    exact: list[Fraction] = []
    money = np.zeros((months, len(FLOWS)), dtype=np.int64)
    for month in range(months):
        parts = [NOUGHT] * 5
        for place in range(month + 1):
            issued, reversed_, used, expired = (
                int(table[place, month]) for table in (books.issued, books.reversed, books.redeemed, books.expired)
            )
            movement = Movement(sold=issued, reversed=reversed_, redeemed=used, expired=expired)
            if not any(movement) and not cohorts[place].outstanding:
                continue
            before = cohorts[place]
            share = rate if breakage == "proportional" else Fraction(1)
            n, x = before.issued + issued - reversed_, before.expired + expired
            q = before.redeemed + used
            expected = max(min(share * n, Fraction(n - x)), Fraction(q))
            cohorts[place], flow = step(
                before, movement, books.deferred[place][month], share * issued, expected, breakage == "remit"
            )
            whole = Fraction(used) * (
                cohorts[place].deferred / n if n else NOUGHT
            )  # what was used, at its own share of the deferral
            parts = [
                a + b
                for a, b in zip(
                    parts, (flow.deferred, flow.reversed, flow.remitted, whole, flow.revenue - whole), strict=True
                )
            ]
        exact.append(sum((each.liability for each in cohorts), NOUGHT))
        money[month] = _printed(int(money[month - 1, -1]) if month else 0, parts, half_up(exact[-1]))
    return RightClose(books, money, tuple(exact), tuple(cohorts), tuple(_entries(books, money)))


def added_up(closes: Sequence[RightClose]) -> RightClose:
    """Closes of the same months and account, each made by itself, added up."""
    first = closes[0]
    exact = tuple(sum(month, NOUGHT) for month in zip(*(each.exact for each in closes), strict=True))
    money = np.sum([each.money for each in closes], axis=0)
    cohorts = tuple(cohort for each in closes for cohort in each.cohorts)
    return RightClose(first.books, money, exact, cohorts, tuple(entry for each in closes for entry in each.entries))


def _printed(opening: int, parts: list[Fraction], closing: int) -> list[int]:
    """A month's printed row: what was deferred as rounded, the rest shared so that the row foots."""
    added = half_up(parts[0])
    moved = [place for place, part in enumerate(parts[1:]) if part] or [2]
    shared = [0] * 4
    for place, amount in zip(
        moved, apportion([parts[1 + place] for place in moved], opening + added - closing), strict=True
    ):
        shared[place] = amount
    return [opening, added, *shared, closing]


def _check(books: RightBooks) -> None:
    gross = books.issued.cumsum(axis=1)
    for what, gone in (
        ("no more used and lapsed than was ever issued", (books.redeemed + books.expired).cumsum(axis=1)),
        ("no more reversed than was issued", books.reversed.cumsum(axis=1)),
    ):
        for place, month in np.argwhere(gone > gross)[:1].tolist():
            where = f"{books.name}: cohort {month_name(books.first_month + place)}, month {month_name(books.first_month + month)}"
            raise BadInput(Problem(where, f"expected {what}", f"{gone[place, month]} of {gross[place, month]}"))


_TEXTS = {
    "stored": ("Stored value paid in", "儲值存入", "cash", "stored_used", "stored_breakage"),
    "coupons": ("Coupons given with purchases", "消費附贈折價券遞延", "sales", "coupons_used", "coupons_used"),
    "fees": ("Membership fees due", "會員費應收", "cash", "fees_earned", "fees_earned"),
}


def _entries(books: RightBooks, money: Ints) -> list[JournalEntry]:
    """A month's entries: paid in (or taken from revenue of sales), used, breakage, given back, owed to another party."""
    text, text_zh, source, used, breakage = _TEXTS[books.name]
    found: list[JournalEntry] = []
    for place, row in enumerate(money.tolist()):
        month = books.first_month + place
        _, deferred, reversed_, remitted, redeemed, broken, _ = row
        refunded = reversed_ if books.refunded is None else int(books.refunded[place])
        found += entry(month, text, text_zh, (source, deferred), (books.name, -deferred))
        found += entry(month, f"{text}: used", f"{text_zh}:使用", (books.name, redeemed), (used, -redeemed))
        found += entry(month, f"{text}: breakage", f"{text_zh}:未使用", (books.name, broken), (breakage, -broken))
        found += entry(
            month,
            f"{text}: paid back",
            f"{text_zh}:退還",
            (books.name, reversed_),
            (source, -refunded),
            (breakage, refunded - reversed_),
        )
        found += entry(
            month,
            f"{text}: owed to another party",
            f"{text_zh}:應付他方",
            (books.name, remitted),
            ("unclaimed", -remitted),
        )
    return found


# --- stored value ----------------------------------------------------------------------------------------------------------
class StoredValueFlows(NamedTuple):
    """Stored value by month, minor units: int64[months] each, counted positive in its direction."""

    topup: Ints
    """Cash paid in."""
    gift: Ints
    """Bonus value given with it."""
    spent: Ints
    """Principal and bonus spent, net of what refunds gave back; may be negative."""
    lapsed: Ints
    """Bonus value that lapsed."""
    cash_out: Ints
    """Principal paid back."""
    forfeit: Ints
    """Bonus value given up with it."""


def stored_value_books(first_month: int, flows: StoredValueFlows) -> RightBooks:
    """Stored value as a right: the oldest load is spent first."""
    months = len(flows.topup)
    value = flows.topup + flows.gift
    gone = first_in_first_out(value, (flows.spent, flows.lapsed, flows.cash_out + flows.forfeit))
    cash = tuple(
        tuple(Fraction(int(flows.topup[place])) if place == month else NOUGHT for month in range(months))
        for place in range(months)
    )
    return RightBooks("stored", first_month, np.diag(value), gone[2], gone[0], gone[1], cash, flows.cash_out)


def first_in_first_out(issued: Ints, gone: Sequence[Ints]) -> list[Ints]:
    """What leaves each month's issue in each month, for several ways of leaving (each int64[months]; the first may be negative: what comes
    back goes to where it was taken from last). Returns int64[issue, month] for each. Raises BadInput where more leaves than is there."""
    months = len(issued)
    tables = [np.zeros((months, months), dtype=np.int64) for _ in gone]
    left = np.zeros(months, dtype=np.int64)
    for month in range(months):
        left[month] += issued[month]
        for way, (table, amounts) in enumerate(zip(tables, gone, strict=True)):
            amount = int(amounts[month])
            places = range(month + 1) if amount >= 0 else range(month, -1, -1)
            for place in places:
                used = int(table[place].sum())
                part = min(amount, int(left[place])) if amount >= 0 else -min(-amount, used)
                table[place, month] += part
                left[place] -= part
                amount -= part
            if amount:
                what = "leaves than there is" if amount > 0 else "comes back than was taken"
                raise BadInput(Problem(f"month {month}", f"expected no more value that {what} (way {way})", amount))
    return tables


# --- coupons ---------------------------------------------------------------------------------------------------------------
class CouponBooks(NamedTuple):
    """Coupons given with purchases, by month of issue and month of event: int64[months, months]."""

    issued: Ints
    used: Ints
    lapsed: Ints
    price: Ints
    """int64[months]: what the purchases they came with were sold for, without tax, minor units."""
    saving: Ints
    """int64[months]: discount of one coupon issued in the month, minor units."""


def coupon_books(first_month: int, coupons: CouponBooks, use_rate: Fraction, incremental: Fraction) -> RightBooks:
    """Coupons as material rights. The stand-alone price of one is its discount, as far as it is incremental, times the chance of its use."""
    months = len(coupons.price)
    rights = [
        int(coupons.issued[place, place]) * int(coupons.saving[place]) * incremental * use_rate
        for place in range(months)
    ]
    deferred = tuple(
        tuple(
            allocate(Fraction(int(coupons.price[place])), Fraction(int(coupons.price[place])), rights[place])
            if place == month
            else NOUGHT
            for month in range(months)
        )
        for place in range(months)
    )
    nothing = np.zeros_like(coupons.issued)
    return RightBooks("coupons", first_month, coupons.issued, nothing, coupons.used, coupons.lapsed, deferred)


def coupon_memo(outstanding: int, saving: int, use_rate: Fraction) -> int:
    """Exposure of coupons given without a purchase, printed minor units: those held, at their discount and chance of use. Not booked."""
    return half_up(outstanding * saving * use_rate)


# --- membership ------------------------------------------------------------------------------------------------------------
class Term(NamedTuple):
    """A paid term: from its first to its last day (days since 1970), for a fee; ended and refunded on a day, if it was."""

    first: int
    last: int
    fee: int
    """Minor units."""
    ended: int | None = None
    """The day it was cancelled with a refund."""
    refund: int = 0
    """Minor units paid back then."""


def fee_close(first_month: int, months: int, terms: Sequence[Term]) -> RightClose:
    """Membership fees, each evenly over the days of its term, months closed one by one. Raises BadInput for a term of no days, a negative
    fee, or a refund beyond the fee."""
    for term in terms:
        if term.last < term.first or term.fee < 0 or not 0 <= term.refund <= term.fee:
            raise BadInput(
                Problem(
                    "fees",
                    "expected a term with a last day, a fee from 0, and a refund of at most the fee",
                    str(tuple(term)),
                )
            )
    starts = (
        np.arange(first_month, first_month + months + 1)
        .astype("datetime64[M]")
        .astype("datetime64[D]")
        .astype(np.int64)
    )
    money = np.zeros((months, len(FLOWS)), dtype=np.int64)
    exact: list[Fraction] = []
    before = NOUGHT
    for month in range(months):
        since, until = int(starts[month]), int(starts[month + 1]) - 1
        owed = sum((_unearned(term, until) for term in terms), NOUGHT)
        due = sum(term.fee for term in terms if since <= term.first <= until)
        refunds = Fraction(
            sum(term.refund for term in terms if term.ended is not None and since <= term.ended <= until)
        )
        exact.append(owed)
        parts = [Fraction(due), refunds, NOUGHT, before + due - refunds - owed, NOUGHT]
        money[month] = _printed(int(money[month - 1, -1]) if month else 0, parts, half_up(owed))
        before = owed
    nothing = np.zeros((months, months), dtype=np.int64)
    books = RightBooks("fees", first_month, nothing, nothing, nothing, nothing, ())
    return RightClose(books, money, tuple(exact), (), tuple(_entries(books, money)))


def _unearned(term: Term, day: int) -> Fraction:
    """What is not earned of a fee at the end of a day."""
    if day < term.first or (term.ended is not None and day >= term.ended):
        return NOUGHT
    left = max(term.last - day, 0)
    return Fraction(term.fee * left, term.last - term.first + 1)
