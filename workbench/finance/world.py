"""The tables of one world, and how they lie in memory. ``panel.py`` fills them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from workbench.finance.cells import Ints, Shape, carry, lay_out, table
from workbench.units import NEVER, rule

__all__ = [
    "ACTIVE", "ACTIVE_MEMBERS", "CALENDAR", "CENSORED", "CONVERTED", "CUSTOMERS", "DOWN", "DOWNGRADED", "EARNED", "EXPIRED", "GROUPS",
    "EACH_GIVEN", "EACH_USED", "GIVEN", "MILLIONTHS", "RULE_MONEY", "RULE_POINTS", "USED",
    "JOINED", "MEMBERS", "MONEY", "NO_GROUP", "NUMBER", "PENDING", "POINTS", "REDEEMED", "REPAID", "REVERSED", "STRAYS", "UP",
    "UPGRADED", "USABLE",
    "Frame", "WorldPanel", "blank_world", "merge_worlds", "whole_months",
]  # fmt: skip

NUMBER, POINTS, MONEY = range(3)
"""What is added up of entries."""
JOINED, ACTIVE, ACTIVE_MEMBERS = range(3)
"""Customers who joined in a month, who bought in it, and who bought in it as members."""
CUSTOMERS, MEMBERS, UPGRADED, DOWNGRADED, STRAYS = range(5)
"""Customers in all, those who joined, rose at least once, fell at least once; and entries outside the run's days, which no engine may
write."""
GROUPS = ("earned", "redeemed", "converted", "expired", "reversed", "repaid")
"""What becomes of points, by their month of issue. Redeemed is net of points given back; repaid: taken off a lot for a debt."""
NO_GROUP, EARNED, REDEEMED, CONVERTED, EXPIRED, REVERSED, REPAID = range(-1, len(GROUPS))
UP, DOWN, CENSORED = range(3)
"""How a stay in a tier ended; censored: it had not, at the end of the run."""
RULE_POINTS, RULE_MONEY, GIVEN, USED = range(4)
"""What is added up by month and rule."""
MILLIONTHS, EACH_GIVEN, EACH_USED = range(3)
"""What an offer costs: so many millionths of the money of its entries, and so much (minor units) for each thing given, and for each used."""
USABLE, PENDING = range(2)
"""Points in lots left at the end."""
CALENDAR = 12 * 9999
"""Months a date can name, from January of the year 1 on: lots may lapse in any of them."""


class Frame(NamedTuple):
    """What a panel's cells stand for: the same in every part of a run. The second half: the first cell of each table."""

    first_day: int
    last_day: int
    first_month: int
    """Months since January 1970."""
    months: int
    kinds: int
    rules: int
    tiers: int
    """At least one: without tiers, a single row stands for all members."""
    spans: int
    """Whole months that a stay may last, one more than the longest."""
    messages: int
    """Automations."""
    change_day: int
    """The day of the last change of the program within the run; ``NEVER`` where there is none."""
    counts: int
    by_month: int
    by_rule: int
    by_month_rule: int
    triangle: int
    people: int
    tier_change: int
    moves: int
    reviews: int
    graces: int
    waits: int
    spells: int
    at_end: int
    left: int
    held_squared: int
    schedule: int
    replies: int
    reply_sales: int
    reply_squares: int
    at_change: int
    month_of: int
    """Not sums: the month of each day, counted from the first."""
    rates: int
    """Not sums: what offers cost, by rule."""
    tier_of: int
    """Not sums: the tier that an entry of each rule tells of (without meaning for the others)."""
    face: int
    """Not a sum: what a point is worth to a member, millionths of a minor unit."""


class WorldPanel(NamedTuple):
    """Everything that is known of one world: sums of integers over its members. A month counts from the run's first."""

    frame: Frame
    cells: Ints
    """int64[cells]: all tables, one after the other."""

    def _table(self, name: str) -> Ints:
        frame = self.frame
        return table(
            self.cells,
            getattr(frame, name),
            _shapes(frame.months, frame.kinds, frame.rules, frame.tiers, frame.spans, frame.messages)[name],
        )

    @property
    def counts(self) -> Ints:
        """int64[5]: customers, members, upgraded, downgraded, strays."""
        return self._table("counts")

    @property
    def by_month(self) -> Ints:
        """int64[months, kinds, 3]: number of entries, points and money (minor units)."""
        return self._table("by_month")

    @property
    def by_rule(self) -> Ints:
        """int64[rules, kinds, 3]: the same by the entries' ``rule``."""
        return self._table("by_rule")

    @property
    def by_month_rule(self) -> Ints:
        """int64[months, rules, 4]: points and money (minor units) of all entries of a rule; things given with it (coupons issued, terms
        begun, messages, referrals); things used (coupons, less those given back)."""
        return self._table("by_month_rule")

    @property
    def triangle(self) -> Ints:
        """int64[months + 2, months, groups]: points by month of issue (the lot's earning day) and month of the entry, each counted
        positive in its direction. The last rows: entries of no lot (debts), and lots issued outside the run."""
        return self._table("triangle")

    @property
    def people(self) -> Ints:
        """int64[months, 3]: customers who joined, bought, bought as members."""
        return self._table("people")

    @property
    def tier_change(self) -> Ints:
        """int64[months, tiers]: net change of the members in each tier; without tiers, members joined."""
        return self._table("tier_change")

    @property
    def moves(self) -> Ints:
        """int64[tiers, tiers]: changes of tier, from and to."""
        return self._table("moves")

    @property
    def reviews(self) -> Ints:
        """int64[tiers, tiers]: tier before and after each review that decided."""
        return self._table("reviews")

    @property
    def graces(self) -> Ints:
        """int64[tiers]: reviews that granted grace."""
        return self._table("graces")

    @property
    def waits(self) -> Ints:
        """int64[tiers, spans]: members by whole months from joining to first holding the tier or a higher one."""
        return self._table("waits")

    @property
    def spells(self) -> Ints:
        """int64[tiers, spans, 3]: stays in a tier by whole months, ended by a rise, by a fall, or not ended."""
        return self._table("spells")

    @property
    def at_end(self) -> Ints:
        """int64[tiers]: members in each tier at the end."""
        return self._table("at_end")

    @property
    def left(self) -> Ints:
        """int64[2]: points in lots left at the end: usable, pending."""
        return self._table("left")

    @property
    def held_squared(self) -> Ints:
        """int64[3]: sum over customers of the square of the points they hold at the end (net of debt), as limbs (``wide``)."""
        return self._table("held_squared")

    @property
    def schedule(self) -> Ints:
        """int64[months of the calendar + 1]: those points by the month they lapse in, from January of the year 1; in the last place,
        never."""
        return self._table("schedule")

    @property
    def replies(self) -> Ints:
        """int64[messages, 2, 3]: members sent each message, and members held out of it (counted once, the first time, where the days of response
        lie within the run): their number, purchases in those days, and the squares of these."""
        return self._table("replies")

    @property
    def reply_sales(self) -> Ints:
        """int64[messages, 2]: sales in those days, minor units."""
        return self._table("reply_sales")

    @property
    def reply_squares(self) -> Ints:
        """int64[messages, 2, 3]: the squares of a member's sales in those days, as limbs (``wide``)."""
        return self._table("reply_squares")

    @property
    def at_change(self) -> Ints:
        """int64[2]: those who were members when the day of the change began, and the points they held (net of debt); 0 where nothing changes."""
        return self._table("at_change")


def _shapes(months: int, kinds: int, rules: int, tiers: int, spans: int, messages: int) -> dict[str, Shape]:
    """The shape of each table of sums, in their order."""
    return {
        "counts": (5,), "by_month": (months, kinds, 3), "by_rule": (rules, kinds, 3), "by_month_rule": (months, rules, 4),
        "triangle": (months + 2, months, len(GROUPS)),
        "people": (months, 3), "tier_change": (months, tiers), "moves": (tiers, tiers), "reviews": (tiers, tiers), "graces": (tiers,),
        "waits": (tiers, spans), "spells": (tiers, spans, 3), "at_end": (tiers,), "left": (2,), "held_squared": (3,), "schedule": (CALENDAR + 1,),
        "replies": (messages, 2, 3), "reply_sales": (messages, 2), "reply_squares": (messages, 2, 3),
        "at_change": (2,),
    }  # fmt: skip


def blank_world(
    first_day: int,
    last_day: int,
    kinds: int,
    rules: int,
    tiers: int,
    tier_of: int | Mapping[int, int],
    rates: Ints | None = None,
    face: int = 0,
    messages: int = 0,
    change_day: int = NEVER,
) -> WorldPanel:
    """An empty panel of the days from ``first_day`` to ``last_day``, for so many kinds of entry, codes of ``rule`` and tiers (0: none).
    ``tier_of``: the tier by the code of its entries; or the code of the lowest, where the others follow. ``rates``: int64[rules, 3], what
    offers cost (``MILLIONTHS``, ``EACH_GIVEN``, ``EACH_USED``); left out: nothing. ``face``: worth of a point, millionths of a minor unit.
    ``change_day``: the day on which the program last changes within the run."""
    if last_day < first_day:
        raise ValueError(f"the run ends ({last_day}) before it begins ({first_day})")
    month_of = np.arange(first_day, last_day + 1).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    sizes = {
        "months": int(month_of[-1] - month_of[0]) + 1, "kinds": kinds, "rules": rules, "tiers": max(tiers, 1),
        "spans": whole_months(last_day + 1 - first_day) + 1, "messages": messages,
    }  # fmt: skip
    places, size = lay_out(_shapes(**sizes))
    frame = Frame(
        first_day,
        last_day,
        int(month_of[0]),
        **sizes,
        change_day=change_day,
        **places,
        month_of=size,
        rates=size + len(month_of),
        tier_of=size + len(month_of) + 3 * rules,
        face=size + len(month_of) + 4 * rules,
    )
    cells = np.zeros(frame.face + 1, dtype=np.int64)
    cells[size : frame.rates] = month_of - month_of[0]
    if rates is not None:
        cells[frame.rates : frame.tier_of] = rates.reshape(-1)
    known = {tier_of + tier: tier for tier in range(tiers)} if isinstance(tier_of, int) else tier_of
    for code, tier in known.items():
        cells[frame.tier_of + code] = tier
    cells[frame.face] = face
    return WorldPanel(frame, cells)


def merge_worlds(into: WorldPanel, other: WorldPanel) -> WorldPanel:
    """Add another part of the same world; returns ``into``. Raises ValueError where it is not of the same run."""
    if into.frame != other.frame:
        raise ValueError(f"panels of different runs: {into.frame} and {other.frame}")
    into.cells[: into.frame.month_of] += other.cells[: into.frame.month_of]
    carry(into.held_squared)
    carry(into.reply_squares)
    return into


@rule
def whole_months(days: int) -> int:
    """Whole months in so many days, a month being the twelfth of a year of 365.25 days."""
    return days * 48 // 1461
