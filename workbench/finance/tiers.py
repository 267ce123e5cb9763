"""Tiers of a world: how many members stand where, and who moved."""

from dataclasses import dataclass

import numpy as np

from workbench.finance.points import month_of, months_between
from workbench.ledger import TIER
from workbench.ledger_table import Ints, LedgerTable
from workbench.units import NEVER

__all__ = ["TierMoves", "members_by_tier", "tier_moves", "tiers_by_month"]


@dataclass(frozen=True)
class TierMoves:
    """Every change of tier, in the order of the ledger; arrays of one length."""

    member: Ints
    day: Ints
    before: Ints
    after: Ints

    @property
    def upgrades(self) -> int:
        """Changes to a higher tier."""
        return int((self.after > self.before).sum())

    @property
    def downgrades(self) -> int:
        """Changes to a lower tier."""
        return int((self.after < self.before).sum())

    @property
    def upgraded_members(self) -> int:
        """Members who rose at least once."""
        return len(np.unique(self.member[self.after > self.before]))


def tier_moves(ledger: LedgerTable) -> TierMoves:
    """The changes of tier in a ledger; members begin in the lowest tier."""
    chosen = ledger.column("kind") == TIER
    codes = np.full(len(ledger.rules), -1, dtype=np.int64)
    for place, name in enumerate(ledger.tier_names):
        codes[ledger.rules.index(f"tiers.{name}")] = place
    member, day = ledger.column("member")[chosen], ledger.column("day")[chosen]
    after = codes[ledger.column("rule")[chosen]]
    first = np.append(True, member[1:] != member[:-1])[: len(member)]
    before = np.where(first, 0, np.append(0, after[:-1])[: len(member)])
    return TierMoves(member, day, before, after)


def members_by_tier(ledger: LedgerTable) -> dict[str, int]:
    """Members in each tier at the end."""
    return {name: int((ledger.tier == place).sum()) for place, name in enumerate(ledger.tier_names)}


def tiers_by_month(ledger: LedgerTable, first_day: int, last_day: int) -> dict[str, Ints]:
    """Columns over the months: month, and members in each tier (``tier_0``, ...) at its end."""
    months = months_between(first_day, last_day)
    count = len(ledger.tier_names)
    change = np.zeros((len(months), max(count, 1)), dtype=np.int64)
    joined = ledger.joined[ledger.joined < NEVER]
    np.add.at(change, (month_of(joined) - months[0], np.zeros_like(joined)), 1)
    if count:
        moves = tier_moves(ledger)
        place = month_of(moves.day) - months[0]
        np.add.at(change, (place, moves.before), -1)
        np.add.at(change, (place, moves.after), 1)
    standing = np.cumsum(change, axis=0)
    return {"month": months} | {f"tier_{place}": standing[:, place] for place in range(max(count, 1))}
