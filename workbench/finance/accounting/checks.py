"""Checks that a close has to pass, each with what it compares; and warnings where a figure lies outside what was seen elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.finance.accounting.close import MONEY, POINTS, Close
from workbench.finance.accounting.journal import JournalEntry, balance
from workbench.finance.accounting.rights import RightClose
from workbench.finance.accounting.sensitivity import rate_of

__all__ = ["Check", "checks", "right_checks", "warnings_of"]


@dataclass(frozen=True)
class Check:
    """One comparison."""

    name: str
    holds: bool
    found: int
    expected: int
    text: str


def checks(close: Close, entries: Sequence[JournalEntry], outstanding: int | None) -> list[Check]:
    """All of them. outstanding: points that the ledger itself says are outstanding, net of what members owe; None where there is no ledger
    beside the sub-ledger."""
    return [*_ties(close, outstanding), *_feet(close), *_ledger(close, entries)]


def _equal(name: str, found: int, expected: int, text: str) -> Check:
    return Check(name, found == expected, found, expected, text)


def _none(name: str, wrong: int, text: str) -> Check:
    return Check(name, wrong == 0, wrong, 0, text)


def _ties(close: Close, outstanding: int | None) -> Iterator[Check]:
    last = close.points[-1, :, -1]
    owed = int(close.owed[-1])
    if outstanding is not None:
        text = "Points of all cohorts, less those that members owe, are those outstanding in the ledger"
        yield _equal("sub-ledger ties", int(last.sum()) - owed, outstanding, text)
    held = sum(each.cohort.outstanding for each in close.standing)
    over = sum(each.cohort.overdrawn for each in close.standing)
    yield _equal(
        "cohorts tie", held - over, int(last.sum()), "Points outstanding by the engine are those of the roll-forward"
    )
    yield _none("no debt below nil", int((close.owed < 0).sum()), "Members never owe fewer than no points")
    yield _none(
        "no negative liability",
        int((close.money[:, :, -1] < 0).sum()),
        "No cohort's liability is negative in any month",
    )
    wrong = sum(
        not each.cohort.redeemed <= each.cohort.ultimate <= each.cohort.redeemed + each.cohort.outstanding
        for each in close.standing
    )
    yield _none(
        "Q <= U <= N - X", wrong, "Expected ultimate redemption lies from what is redeemed to what has not expired"
    )
    open_ended = sum(each.cohort.liability != 0 for each in close.standing if not each.cohort.outstanding)
    yield _none("closed cohorts owe nothing", open_ended, "A cohort with nothing outstanding has no liability")


def _feet(close: Close) -> Iterator[Check]:
    money, points = close.money, close.points
    outflow = money[:, :, 2:-1].sum(axis=2)
    wrong = int((money[:, :, 0] + money[:, :, 1] - outflow != money[:, :, -1]).sum())
    yield _none(
        "roll-forward in money foots", wrong, "opening + deferred - all others = closing, for each cohort and month"
    )
    wrong = int((money[1:, :, 0] != money[:-1, :, -1]).sum() + (money[0, :, 0] != 0).sum())
    yield _none("money: opening is closing before", wrong, "for each cohort and month; the first opens at nil")
    moved = points[:, :, 0] + points[:, :, 1] + points[:, :, 2] - points[:, :, 3:-1].sum(axis=2)
    yield _none(
        "roll-forward in points foots",
        int((moved != points[:, :, -1]).sum()),
        "opening + issued - all others = closing",
    )
    wrong = int((points[1:, :, 0] != points[:-1, :, -1]).sum() + (points[0, :, 0] != 0).sum())
    yield _none("points: opening is closing before", wrong, "for each cohort and month; the first opens at nil")
    total = money.sum(axis=(0, 1))
    revenue = int(total[MONEY.index("redeemed") : MONEY.index("closing")].sum())
    kept = int(total[1] - total[2:5].sum())
    text = "Deferral less what refunds, debts and other parties took is lifetime revenue and the liability"
    yield _equal("deferral = revenue + liability", revenue + close.liability, kept, text)
    current = close.current[-1]
    wrong = int(((current < 0) | (current > money[-1, :, -1])).sum())
    yield _none(
        "current part within",
        wrong,
        "The current part of each cohort is from nil to its liability; the rest is non-current",
    )
    gap = abs(close.liability - close.exact[-1])
    near = int(gap * 2 <= len(close.standing))
    yield _equal(
        "printed is exact, rounded", near, 1, "Printed and exact liability differ by at most half a minor unit a cohort"
    )


def _ledger(close: Close, entries: Sequence[JournalEntry]) -> Iterator[Check]:
    yield _none("journal balances", sum(not each.balanced for each in entries), "Debits are credits in every entry")
    yield _equal(
        "journal ties to liability",
        -balance(entries, "contract"),
        close.liability,
        "The liability's account ends at the liability",
    )
    text = "The provision's account ends at the provision"
    yield _equal("journal ties to provision", -balance(entries, "provision"), int(close.provision[-1].sum()), text)
    issued = int(close.points[:, :, POINTS.index("sold")].sum() + close.points[:, :, POINTS.index("given")].sum())
    expected = int((close.books.sold + close.books.given).sum())
    yield _equal("no month is left out", issued, expected, "Points issued by portfolio are those of the sub-ledger")


def right_checks(rights: Sequence[RightClose], entries: Sequence[JournalEntry]) -> list[Check]:
    """Of every other right: its roll-forward foots, and its account in the journal ends at its liability."""
    found = []
    for each in rights:
        money, name = each.money, each.books.name
        wrong = int((money[:, 0] + money[:, 1] - money[:, 2:-1].sum(axis=1) != money[:, -1]).sum())
        wrong += int((money[1:, 0] != money[:-1, -1]).sum() + (money[:, -1] < 0).sum())
        found.append(
            _none(
                f"{name}: roll-forward foots",
                wrong,
                "each month opens at the closing before, foots, and is not negative",
            )
        )
        text = "The account in the journal ends at the liability"
        found.append(_equal(f"{name}: journal ties", -balance(entries, name), each.liability, text))
    return found


def warnings_of(close: Close) -> list[str]:
    """Where a figure lies outside the bands seen elsewhere, or rests on little. Bands are no truths."""
    return [*_bands(close), *_doubts(close)]


def _bands(close: Close) -> Iterator[str]:
    rate = rate_of(close)
    if rate is not None and not 0.5 <= rate <= 0.95:
        yield f"breakage of {100 * (1 - rate):.0f} %: airlines and hotels report 14-26 %"
    points = close.points.sum(axis=1)
    year = points[-12:]
    released = int(year[:, POINTS.index("redeemed")].sum() + year[:, POINTS.index("expired")].sum())
    if len(points) >= 36 and released:
        years = int(points[-1, -1]) / released
        if not 1.3 <= years <= 2.7:
            yield f"points outstanding are {years:.1f} years of releases; 1.3-2.7 are seen in mature programs"
        redeemed, issued = (
            int(year[:, POINTS.index("redeemed")].sum()),
            int(year[:, POINTS.index("sold")].sum() + year[:, POINTS.index("given")].sum()),
        )
        if issued and not 0.85 <= redeemed / issued <= 0.95:
            yield f"redeemed over issued in the last year is {redeemed / issued:.2f}; 0.85-0.95 is seen in a steady program"
    if close.liability and close.sources[-1] not in ("assumption", "given"):
        share = int(close.current[-1].sum()) / close.liability
        if not 0.35 <= share <= 0.53:
            yield f"{100 * share:.0f} % of the liability is current; 35-53 % are seen in airlines' and hotels' accounts"


def _doubts(close: Close) -> Iterator[str]:
    books = close.books
    if close.sources[-1] == "assumption":
        assumed = close.policy.points.initial_rate
        yield (
            f"the redemption rate is the policy's assumption ({assumed.value}, plausible {assumed.low}-{assumed.high}), not an estimate: "
            f"{close.months} months of history, {close.policy.points.history_months} wanted"
        )
    if books.converted:
        yield f"{books.converted:,} points became vouchers and are taken as redeemed then: vouchers still held are owed beside this liability"
    if close.policy.currency and books.currency and close.policy.currency != books.currency:
        yield f"the policy is in {close.policy.currency}, the books are in {books.currency}"
    over = sum(each.cohort.overdrawn for each in close.standing)
    if over:
        yield f"{over:,} points were redeemed and then taken back with a refund: members owe them; they are in no cohort"
    late = np.tril(np.ones((close.months, close.months), dtype=bool)).T & ~np.eye(close.months, dtype=bool)
    posted = int((np.where(late, books.sold + books.given, 0)).sum())
    if posted:
        yield f"{posted:,} points were posted after their month of issue: cut-off is worth a look"
