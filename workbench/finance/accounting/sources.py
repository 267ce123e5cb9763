"""Sub-ledgers of simulated worlds: from a panel in memory, or from the tables of a run's folder."""

from collections.abc import Iterable, Sequence

import numpy as np

from workbench.errors import BadInput, Problem
from workbench.finance.accounting.movements import SubLedger, blank
from workbench.finance.cells import Ints
from workbench.finance.points import triangle
from workbench.finance.world import GROUPS, WorldPanel

__all__ = ["EARNED_BY", "REDEEMED_BY", "of_panel", "of_tables"]

EARNED_BY = ("earn", "stored_value.earn")
"""The ledger's rules of base points; their money is the spend (or top-up) that earned them."""
BONUSES_BY = "earn.bonuses."
REDEEMED_BY = "redemption."
"""How the rules of redemptions begin."""


def of_panel(
    panel: WorldPanel, rules: Sequence[str], given: Iterable[str], currency: str, last_age: Ints | None = None
) -> SubLedger:
    """The sub-ledger of a simulated world. rules: names of the codes in the panel's tables; given: those by which points are given without
    a sale; last_age: int64[months], the last age at which points may be used, where the caller knows it."""
    columns, missing = triangle(panel)
    month, rule = np.nonzero(panel.by_month_rule.any(axis=2))
    points, money = panel.by_month_rule[month, rule, :2].T
    names = [rules[int(code)] for code in rule]
    by_rule = {"month": month + panel.frame.first_month, "points": points, "money": money}
    first, months = panel.frame.first_month, panel.frame.months
    strays = bool(panel.triangle[months + 1].any())
    return of_tables(columns, missing, by_rule, names, given, currency, first, months, last_age, strays)


def of_tables(
    columns: dict[str, Ints],
    missing: np.ndarray,
    by_rule: dict[str, Ints],
    names: Sequence[str],
    given: Iterable[str],
    currency: str,
    first_month: int,
    months: int,
    last_age: Ints | None = None,
    strays: bool = False,
) -> SubLedger:
    """The sub-ledger of a run's tables: ``triangle`` (its columns, and which rows have no month of issue) and ``points_by_rule`` (columns
    and the rules' names). Months since January 1970, money in minor units. strays: some points are of lots issued before the run."""
    tables = blank(months)
    event = columns["month"] - first_month
    issue = columns["issue_month"] - first_month
    if strays or (issue[~missing] < 0).any():
        raise BadInput(Problem("triangle", "expected points of lots issued within the run"))
    lots = ~missing
    for name, groups in (("sold", ("earned",)), ("redeemed", ("redeemed", "converted")), ("expired", ("expired",)),
                         ("reversed", ("reversed",)), ("repaid", ("repaid",))):  # fmt: skip
        for group in groups:
            np.add.at(tables[name], (issue[lots], event[lots]), columns[group][lots])
    np.add.at(tables["owed"], event[missing], (columns["reversed"] + columns["repaid"])[missing])
    free = frozenset(given)
    rewards: dict[str, Ints] = {}
    money: dict[str, Ints] = {}
    for place, name, points, amount in zip(
        by_rule["month"] - first_month, names, by_rule["points"], by_rule["money"], strict=True
    ):
        if name in EARNED_BY:
            tables["spend"][place, place] += amount
        elif name in free:
            tables["given"][place, place] += points
            tables["sold"][place, place] -= points
        elif name.startswith(REDEEMED_BY):
            rewards.setdefault(name, np.zeros(months, dtype=np.int64))[place] -= points
            money.setdefault(name, np.zeros(months, dtype=np.int64))[place] += amount
    return SubLedger(
        first_month,
        **tables,
        rewards=rewards,
        reward_money=money,
        last_age=last_age,
        currency=currency,
        converted=int(columns["converted"].sum()),
    )


assert set(GROUPS) == {"earned", "redeemed", "converted", "expired", "reversed", "repaid"}  # each has its place above
