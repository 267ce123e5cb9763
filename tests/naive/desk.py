"""What every room stands on: the program, the members, the ledger."""

from collections import Counter
from datetime import date
from typing import Any

from tests.naive.dates import day_in_year, period
from tests.naive.records import Entry, Lot, Member
from workbench.program.spec import Program


class Desk:
    """A program, read as data, its members, and what was written."""

    def __init__(self, program: Program) -> None:
        self.program: Any = program  # read as data
        self.members: dict[str, Member] = {}
        self.entries: list[Entry] = []
        self.refused: list[int] = []
        self.known_actions = {"visit", "night"}
        """Actions that some version mentions: what follows an action follows only these."""
        self.order_of_names: dict[str, list[str]] = {"coupons": [], "messages": []}
        """Coupons and messages in the order in which they first stand in any version."""
        self.coming: list[tuple[date, Any, Any]] = []
        """Versions still to come: (first day, program, transition)."""
        self.later: list[tuple[Member, int, bool]] = []
        """After the transaction at hand: (referrer, points, whether a referral qualified)."""
        self.pools: Counter[tuple[str, str]] = Counter()
        """Of limits that all share: (kind, name) -> taken so far."""

    def write(
        self, member: Member, today: date, kind: str, rule: str, points: int = 0, money: int = 0, lot: Lot | None = None,
        order_id: str = "", expires_on: date | None = None, begins: date | None = None,
    ) -> None:  # fmt: skip
        """One entry of the ledger; of no lot, the days of a coupon, a row of bonus value or a term."""
        earned_on = lot.earned_on if lot else begins
        expires_on = lot.expires_on if lot else expires_on
        self.entries.append((member.name, today, kind, points, money, earned_on, expires_on, order_id, rule))

    def tier_name(self, member: Member) -> str | None:
        return None if self.program.tiers is None else self.program.tiers.levels[member.tier].name

    def is_birthday(self, birthday: date | None, today: date) -> bool:
        return birthday is not None and day_in_year(today.year, birthday.month, birthday.day) == today

    def same_period(self, once: str, one: date, other: date) -> bool:
        """Whether a bonus given on one day uses up the other day's."""
        if once == "event":
            return False
        if once == "lifetime":
            return True
        return one == other if once == "day" else period(once, one) == period(once, other)
