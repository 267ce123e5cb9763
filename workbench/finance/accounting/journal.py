"""Journal entries of a close, month by month, on top of what the till books anyway (cash against revenue from sales, and refunds).

Printed amounts in minor units. Every entry balances; what they leave on the liability's account is the liability.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from workbench.finance.accounting.close import MONEY, Close
from workbench.finance.accounting.policy import RewardPolicy
from workbench.finance.accounting.rounding import half_up
from workbench.finance.accounting.sources import REDEEMED_BY
from workbench.finance.cells import Ints
from workbench.units import CENTS

__all__ = ["ACCOUNTS", "Account", "JournalEntry", "Line", "balance", "journal", "reward_policy"]


class Account(NamedTuple):
    """An account, in both languages."""

    name: str
    name_zh: str


ACCOUNTS = {
    "sales": Account("Revenue from sales", "銷貨收入"),
    "contract": Account("Contract liability - loyalty points", "合約負債-會員點數"),
    "points": Account("Revenue - loyalty points redeemed", "收入-點數兌換"),
    "estimate": Account("Revenue - loyalty points, change of estimate", "收入-點數估計變動"),
    "expiry": Account("Revenue - loyalty points expired", "收入-點數逾期"),
    "unclaimed": Account("Payable - unclaimed property", "應付款-逾期未領"),
    "receivable": Account("Receivable - points owed by members", "應收款-會員積欠點數"),
    "provision": Account("Provision - points given without a sale", "負債準備-無償給點"),
    "marketing": Account("Marketing expense - points given", "行銷費用-贈點"),
    "partner": Account("Payable to reward partners", "應付款-合作夥伴"),
    "partner_cost": Account("Cost of partners' rewards", "合作夥伴獎勵成本"),
    "commission": Account("Commission revenue - partners' rewards", "佣金收入-合作夥伴獎勵"),
    "cash": Account("Cash", "現金"),
    "stored": Account("Contract liability - stored value", "合約負債-儲值金"),
    "stored_used": Account("Revenue - stored value spent", "收入-儲值消費"),
    "stored_breakage": Account("Revenue - stored value breakage", "收入-儲值未使用"),
    "coupons": Account("Contract liability - coupons", "合約負債-折價券"),
    "coupons_used": Account("Revenue - coupons used or lapsed", "收入-折價券使用或失效"),
    "fees": Account("Contract liability - membership fees", "合約負債-會員費"),
    "fees_earned": Account("Revenue - membership fees", "收入-會員費"),
}


class Line(NamedTuple):
    """One side of an entry: minor units, debits positive, credits negative."""

    account: str
    """A key of ``ACCOUNTS``."""
    amount: int


@dataclass(frozen=True)
class JournalEntry:
    """An entry at a month's end."""

    month: int
    """Months since January 1970."""
    text: str
    text_zh: str
    lines: tuple[Line, ...]

    @property
    def balanced(self) -> bool:
        """Whether debits are credits."""
        return sum(line.amount for line in self.lines) == 0


def entry(month: int, text: str, text_zh: str, *lines: tuple[str, int]) -> Iterator[JournalEntry]:
    """An entry of the lines that are not nil; none if all are."""
    kept = tuple(Line(account, amount) for account, amount in lines if amount)
    if kept:
        yield JournalEntry(month, text, text_zh, kept)


def balance(entries: Sequence[JournalEntry], account: str) -> int:
    """What entries leave on an account: debits less credits."""
    return sum(line.amount for each in entries for line in each.lines if line.account == account)


def journal(close: Close) -> list[JournalEntry]:
    """All entries of a close, in order."""
    found: list[JournalEntry] = []
    flows = close.money.sum(axis=1)
    provision = close.provision.sum(axis=1)
    receivable, before = 0, 0
    for place in range(close.months):
        month = close.books.first_month + place
        row = dict(zip(MONEY, (int(each) for each in flows[place]), strict=True))
        found += _contract(month, row, close.policy.points.debt == "receivable")
        if close.policy.points.debt == "receivable":
            target = half_up(int(close.owed[place]) * close.stand_alone)
            change = target - (receivable - row["repaid"])
            found += entry(
                month,
                "Points that members owe after refunds",
                "退貨後會員積欠點數",
                ("receivable", change),
                ("points", -change),
            )
            receivable = target
        now = int(provision[place])
        found += entry(
            month,
            "Points given without a sale, at cost",
            "無償給點(成本基礎)",
            ("marketing", now - before),
            ("provision", before - now),
        )
        before = now
        found += _partners(close, place, month, row["redeemed"])
    return found


def _contract(month: int, row: dict[str, int], receivable: bool) -> Iterator[JournalEntry]:
    """Entries on the contract liability."""
    yield from entry(
        month,
        "Deferral for points sold with goods",
        "銷售附贈點數遞延",
        ("sales", row["deferred"]),
        ("contract", -row["deferred"]),
    )
    yield from entry(
        month,
        "Deferral taken back with refunds",
        "退貨沖回遞延",
        ("contract", row["reversed"]),
        ("sales", -row["reversed"]),
    )
    yield from entry(
        month, "Points taken for what members owe", "以點數抵償積欠",
        ("contract", row["repaid"]), ("receivable" if receivable else "points", -row["repaid"]),
    )  # fmt: skip
    yield from entry(
        month,
        "Expired points owed to another party",
        "逾期點數應付他方",
        ("contract", row["remitted"]),
        ("unclaimed", -row["remitted"]),
    )
    yield from entry(month, "Points redeemed", "點數兌換", ("contract", row["redeemed"]), ("points", -row["redeemed"]))
    yield from entry(
        month, "True-up for expired points", "逾期點數調整", ("contract", row["expiry"]), ("expiry", -row["expiry"])
    )
    yield from entry(
        month,
        "Catch-up for the change of estimate",
        "兌換率估計變動調整",
        ("contract", row["reestimate"]),
        ("estimate", -row["reestimate"]),
    )


def reward_policy(close: Close, rule: str) -> RewardPolicy | None:
    """What the policy says of a reward, by the ledger's rule."""
    names = {each.reward: each for each in close.policy.rewards}
    return names.get(rule) or names.get(rule.rpartition(".")[2])


def _partners(close: Close, place: int, month: int, revenue: int) -> Iterator[JournalEntry]:
    """Rewards of other parties: revenue gross with its cost, or what is kept alone. The month's revenue falls to rewards by the points
    redeemed for them."""
    redeemed = {name: int(points[place]) for name, points in close.books.rewards.items()}
    total = sum(redeemed.values())
    for name, points in sorted(redeemed.items()):
        policy = reward_policy(close, name)
        if policy is None or not points:
            continue
        cost = half_up(points * Fraction(policy.cost_per_point) * CENTS)
        share = half_up(Fraction(revenue * points, total)) if total else 0
        reward = name.removeprefix(REDEEMED_BY).removeprefix("catalogue.")
        if policy.role == "principal":
            yield from entry(
                month,
                f"Reward of {policy.partner}: {reward}",
                f"{policy.partner} 之獎勵:{reward}",
                ("partner_cost", cost),
                ("partner", -cost),
            )
        else:
            yield from entry(
                month, f"Reward arranged for {policy.partner}: {reward}", f"代理 {policy.partner} 之獎勵:{reward}",
                ("points", share), ("partner", -cost), ("commission", cost - share),
            )  # fmt: skip


def totals(entries: Sequence[JournalEntry]) -> dict[str, Ints]:
    """Debits and credits by account, in all: int64[2]."""
    found: dict[str, Ints] = {}
    for each in entries:
        for line in each.lines:
            sides = found.setdefault(line.account, np.zeros(2, dtype=np.int64))
            sides[0 if line.amount > 0 else 1] += abs(line.amount)
    return found
