"""A member's lots and totals told from the ledger's entries alone, as an auditor would who has nothing but the file."""

from collections import Counter, defaultdict
from datetime import date

from tests.lived import EntryTuple

__all__ = ["Book", "Key"]

Key = tuple[date, date | None]
"""Earned on, expires on."""


class Book:
    """One member's lots and totals as the ledger's entries alone tell them."""

    def __init__(self) -> None:
        self.lots: Counter[Key] = Counter()
        self.debt = 0
        self.totals: Counter[str] = Counter()
        self.waits: dict[Key, set[bool]] = defaultdict(set)
        """By lot, whether the points in it had to wait for their activation."""

    def take(self, entry: EntryTuple) -> None:
        """Read one entry."""
        _, _, kind, points, _, earned_on, expires_on, _, _ = entry
        if kind in ("earn", "bonus"):
            self.totals["earned"] += points
        elif kind in ("redeem", "convert", "return"):
            self.totals["redeemed"] -= points
        elif kind in ("expire", "decay"):
            self.totals["expired"] -= points
        elif kind == "reverse":
            self.totals["reversed"] -= points
        elif kind == "extend":
            self.extend(expires_on)
        if earned_on is not None:
            self.lots[earned_on, expires_on] += points
        elif kind in ("reverse", "repay"):
            self.debt -= points

    def extend(self, last: date | None) -> None:
        """An activity moves the lots that would lapse before."""
        assert last is not None
        for earned_on, expires_on in [key for key in self.lots if key[1] is not None and key[1] < last]:
            self.lots[earned_on, last] += self.lots.pop((earned_on, expires_on))
            self.waits[earned_on, last] |= self.waits.pop((earned_on, expires_on), set())
