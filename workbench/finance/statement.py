"""A cost statement: what a program gave up and paid, month by month, from a world's panel and what each unit costs. It reads no rules: the
caller says which rule or kind of entry is charged to which line, and at how much."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from workbench.finance.world import WorldPanel

__all__ = ["Charge", "statement"]


@dataclass(frozen=True)
class Charge:
    """What is charged to a line of the statement: so much for each unit of a column of the panel's tables."""

    line: str
    """Name of the line."""
    column: int
    """With a rule: RULE_POINTS, RULE_MONEY, GIVEN or USED; with a kind: NUMBER, POINTS or MONEY (``workbench.finance.world``)."""
    each: Fraction
    """Minor units for one."""
    rule: str | None = None
    """All entries of this rule of the ledger ..."""
    kind: int | None = None
    """... or all of this kind."""


def statement(world: WorldPanel, rules: Sequence[str], charges: Iterable[Charge]) -> dict[str, list[Fraction]]:
    """Minor units by line, one figure for each month of the run; lines in the order they are first charged. rules: names of the codes."""
    months = world.frame.months
    found: dict[str, list[Fraction]] = {}
    for charge in charges:
        into = found.setdefault(charge.line, [Fraction(0)] * months)
        if charge.kind is not None:
            columns = [world.by_month[:, charge.kind, charge.column]]
        else:
            codes = [code for code, name in enumerate(rules) if name == charge.rule]
            columns = [world.by_month_rule[:, code, charge.column] for code in codes]
        for column in columns:
            for month, units in enumerate(column.tolist()):
                into[month] += units * charge.each
    return found
