"""Floor 1: a whole world's ledger as arrays: what the agents hand over beside their panels, entry by entry."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.units import NEVER

__all__ = ["LEDGER_COLUMNS", "LOT_COLUMNS", "Ints", "LedgerTable"]

Ints = npt.NDArray[np.int64]

LEDGER_COLUMNS = ("member", "place", "day", "kind", "points", "money", "lot_earned_on", "expires_on", "order", "rule")
LOT_COLUMNS = ("member", "earned_on", "expires_on", "points", "pending")


@dataclass(frozen=True)
class LedgerTable:
    """Every entry of every member in one world."""

    rows: Ints
    """int64[entries, 10]: ``LEDGER_COLUMNS``, by member, a member's entries in order. Days since 1970, money in minor units."""
    lots: Ints
    """int64[lots, 5]: ``LOT_COLUMNS``: the lots left at the end, by member."""
    rules: tuple[str, ...]
    """Names of the codes in ``rule``."""
    joined: Ints
    """int64[members]: day of joining the program; NEVER for those who did not."""
    tier: Ints
    """int64[members]: tier at the end; -1 where there is none."""
    tier_names: tuple[str, ...]
    """From the lowest to the highest."""

    def column(self, name: str) -> Ints:
        """One column of the entries."""
        return self.rows[:, LEDGER_COLUMNS.index(name)]

    @property
    def customers(self) -> int:
        """Members drawn, whether they joined or not."""
        return len(self.joined)

    @property
    def members(self) -> int:
        """Members who joined."""
        return int((self.joined < NEVER).sum())
