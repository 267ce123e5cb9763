"""The rulebook told once more, day by day, with lists and dicts: the oracle of the property tests.

Written from ``docs/semantics.md`` and the field descriptions alone. It shares no rule code with ``workbench``: a program
object is read as data, everything else is done here, as literally as the page says it. Where the page leaves something
open, the function that decides says "Reading:" in its docstring or beside the line.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import Any

from tests.naive.dates import ONE_DAY, day_in_year, period, plus_months, yearly_on_or_after
from workbench.program.spec import Program

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
METRICS = ("spend", "points", "orders", "visits", "nights")
Row = dict[str, Any]
Entry = tuple[str, date, str, int, int, date | None, date | None, str, str]
"""member, day, kind, points, money in minor units, lot earned on, lot expires on, order, rule."""


@dataclass
class Outcome:
    """What a replay ends with."""

    entries: list[Entry]
    """The ledger, in its order."""
    members: dict[str, dict[str, Any]]
    """By member: balance, pending, tier, tier_until, qualifying, carry, lots."""
    refused: list[int]
    """Indexes of the refused rows, in the order they were met."""


@dataclass(eq=False)
class Lot:
    """Points earned together. Emptied lots stay in the list, so that points can come back to them."""

    serial: int
    earned_on: date
    expires_on: date | None
    points: int
    active_on: date | None = None
    """The day it becomes usable; None once it is."""

    @property
    def usable(self) -> bool:
        return self.active_on is None


@dataclass(eq=False)
class Mark:
    """One contribution to the qualifying metrics. A linked refund lowers the mark of its order, so that it is dated as it was."""

    day: date
    posted: date
    counts_from: date
    era: int
    """Marks of an earlier era were wiped by a reset or a change of tier."""
    spend: int = 0
    points: int = 0
    orders: int = 0
    nights: int = 0
    visit: bool = False
    kept_visits: int = 0
    """A surplus of visits kept at a reset (it belongs to no day of its own)."""

    @property
    def blank(self) -> bool:
        return not (self.spend or self.points or self.orders or self.nights or self.visit or self.kept_visits)


@dataclass(eq=False)
class Line:
    """One row of an order."""

    category: str
    channel: str
    amount: int
    eligible: int
    amount_left: int = 0
    eligible_left: int = 0


@dataclass
class Part:
    """A piece of a line that earns at one rate and one factor."""

    line: int
    eligible: int
    rate: Any
    factor: Fraction
    rate_key: tuple[Any, ...]


@dataclass
class Circumstances:
    """What an order's base points depend on besides its lines; kept so that a refund can compute them again."""

    when: date
    """Business date."""
    birthday: date | None
    tier: int
    spend_before: int
    """Qualifying spend in the current window before the order (splitting)."""
    thresholds: list[tuple[int, int]]
    """(tier, qualifying spend) of the tiers above (splitting)."""
    balance: int
    """Usable balance just before the order, not below 0 (brackets on the balance)."""
    bracket_spend: int | None = None
    """Eligible spend that picks the step, where it is not that of the lines themselves."""


@dataclass(eq=False)
class Order:
    """An order that can be refunded."""

    order_id: str
    when: date
    posted: date
    lines: list[Line]
    circumstances: Circumstances
    rooms: list[int | None]
    """What room each cap left at the time; None where it did not apply."""
    earning: bool
    """Whether base points were computed at all (minimum_order)."""
    points: int
    """Base points left after refunds so far."""
    base_lot: Lot | None
    spend_mark: Mark
    points_mark: Mark
    bonuses: list[tuple[Any, int, Lot, Mark | None]] = field(default_factory=list)
    """(bonus, points, lot, mark) of the bonuses the order brought, in file order."""
    uses: list[list[Any]] = field(default_factory=list)
    """[lot, points, expiry then] taken by redemptions of the checkout, in the order they were taken."""
    refunded: int = 0
    given_back: int = 0
    plain: int = 0
    """Points without multipliers left, and what of them the last refund took: caps before multipliers count these."""
    plain_gone: int = 0
    cut_off: int = 0
    """Points that caps cut off the order: with a kept remainder its refunds take these first."""

    @property
    def amount(self) -> int:
        return sum(line.amount for line in self.lines)


@dataclass(eq=False)
class Member:
    """One member's account."""

    name: str
    joined: date
    birthday: date | None
    last_activity: date
    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    tier: int = 0
    tier_since: date = date.min
    tier_until: date | None = None
    best_tier: int = 0
    fallen_below: set[int] = field(default_factory=set)
    in_grace: bool = False
    invited: bool = False
    """Whether the tier held was entered by invitation."""
    last_event: date | None = None
    """Last day with a purchase, an action or a bonus: the day after it, a next-day upgrade is due."""
    era: int = 0
    marks: list[Mark] = field(default_factory=list)
    carry: Fraction = Fraction(0)
    """Kept spend in minor units (scope carry), or kept fraction of a point (mode none)."""
    orders: dict[str, Order] = field(default_factory=dict)
    purchases: int = 0
    given: list[tuple[str, date]] = field(default_factory=list)
    """(bonus, posting day) of every bonus given."""
    cap_used: dict[tuple[int, Any], int] = field(default_factory=dict)
    """(cap, its period) -> points counted."""
    items: dict[tuple[str, date], int] = field(default_factory=dict)
    """(item, day) -> number redeemed."""

    @property
    def usable(self) -> int:
        return sum(lot.points for lot in self.lots if lot.usable)

    @property
    def pending(self) -> int:
        return sum(lot.points for lot in self.lots if not lot.usable)

    @property
    def balance(self) -> int:
        return self.usable - self.debt


# --- small helpers -------------------------------------------------------------------------------------------------
def minor(amount: Decimal | None) -> int:
    """An amount in 1/100 of the currency's unit."""
    cents = (amount or Decimal(0)) * 100
    assert cents == int(cents), amount
    return int(cents)


def rounded(value: Fraction, mode: str) -> int:
    """A whole number by the program's rounding mode."""
    if mode == "ceil":
        return ceil(value)
    if mode == "half_up":
        return floor(value + Fraction(1, 2))
    return floor(value)


def posting_day(row: Row) -> date:
    return row["posted"] or row["date"]


def soonest(lot: Lot) -> tuple[date, date, int]:
    """Soonest expiring first, ties by earliest earned, then first posted; lots that never expire last."""
    return (lot.expires_on or date.max, lot.earned_on, lot.serial)


def oldest(lot: Lot) -> tuple[date, date, int]:
    """Oldest earned first, ties by soonest expiring, then first posted."""
    return (lot.earned_on, lot.expires_on or date.max, lot.serial)


def later(one: date | None, other: date | None) -> bool:
    """Whether a last day lies after another; None never ends."""
    return (one or date.max) > (other or date.max)


def meets(requirement: Any, metrics: dict[str, int]) -> bool:
    """Whether metrics (spend in minor units) reach the thresholds."""
    given = [
        metrics[name] >= (minor(threshold) if name == "spend" else threshold)
        for name in METRICS
        if (threshold := getattr(requirement, name)) is not None
    ]
    return sum(given) >= (len(given) if requirement.at_least is None else requirement.at_least)


def naive_replay(program: Program, rows: list[Row], as_of: date) -> Outcome:
    """Replay a sorted log to the end of a day. Raises ValueError where a linked refund is bad input."""
    return Replay(program).run(rows, as_of)


class Replay:
    """One replay of one log."""

    def __init__(self, program: Program) -> None:
        self.program: Any = program  # read as data
        self.members: dict[str, Member] = {}
        self.entries: list[Entry] = []
        self.refused: list[int] = []

    # --- the days --------------------------------------------------------------------------------------------------
    def run(self, rows: list[Row], as_of: date) -> Outcome:
        """Every calendar day: the start of the day of every member, then the day's transactions."""
        waiting = self.checkouts([(k, row) for k, row in enumerate(rows) if posting_day(row) <= as_of])
        today = posting_day(waiting[0][0][1]) if waiting else as_of
        while today <= as_of:
            for member in self.members.values():
                self.start_of_day(member, today)
            while waiting and posting_day(waiting[0][0][1]) == today:
                self.transaction(waiting.pop(0), today)
            today += ONE_DAY
        return Outcome(self.entries, {name: self.describe(m, as_of) for name, m in self.members.items()}, self.refused)

    def checkouts(self, rows: list[tuple[int, Row]]) -> list[list[tuple[int, Row]]]:
        """Rows that belong together: the lines of an order and the redemptions of its checkout; other rows alone."""
        runs: list[list[tuple[int, Row]]] = []
        for item in rows:
            row, before = item[1], runs[-1][-1][1] if runs else None
            if (
                before is not None
                and row["order_id"]
                and row["event"] in ("purchase", "redeem")
                and before["event"] in ("purchase", "redeem")
                and all(row[key] == before[key] for key in ("member_id", "order_id", "date"))
                and posting_day(row) == posting_day(before)
            ):
                runs[-1].append(item)
            else:
                runs.append([item])
        found = []
        for run in runs:
            if any(row["event"] == "purchase" for _, row in run):
                found.append(run)
            else:
                found += [[item] for item in run]
        return found

    def write(
        self, member: Member, today: date, kind: str, rule: str, points: int = 0, money: int = 0, lot: Lot | None = None,
        order_id: str = "", expires_on: date | None = None,
    ) -> None:  # fmt: skip
        """One entry of the ledger."""
        earned_on = lot.earned_on if lot else None
        expires_on = lot.expires_on if lot else expires_on
        self.entries.append((member.name, today, kind, points, money, earned_on, expires_on, order_id, rule))

    # --- the start of a day ----------------------------------------------------------------------------------------
    def start_of_day(self, member: Member, today: date) -> None:
        self.lapse(member, today)
        if (today.month, today.day) == (1, 1) and self.program.earn.rounding.carry_resets == "year_end":
            member.carry = Fraction(0)
        self.activate(member, today)
        if self.program.tiers is not None:
            self.review(member, today)
            self.due_upgrades(member, today)
        self.decay(member, today)
        self.convert(member, today)
        given = self.birthday_bonuses(member, today)
        self.redeem_automatically(member, today)
        if given:
            self.tier_check(member, today)

    def lapse(self, member: Member, today: date) -> None:
        """Lots whose last usable day was before today; with inactivity, every lot once the last usable day has passed."""
        expiry = self.program.expiry
        if self.nothing_lapses(member):
            return
        everything = expiry.model == "inactivity" and plus_months(member.last_activity, expiry.months) < today
        for lot in sorted((lot for lot in member.lots if lot.points), key=soonest):
            if everything or (lot.expires_on is not None and lot.expires_on < today):
                self.write(member, today, "expire", "expiry", -lot.points, lot=lot)
                lot.points = 0

    def nothing_lapses(self, member: Member) -> bool:
        """Whether the member holds a tier that protects every lot, those with an expiry of their own too."""
        expiry = self.program.expiry
        return expiry.model == "by_tier" and self.tier_name(member) in expiry.protected

    def activate(self, member: Member, today: date) -> None:
        """Pending lots whose day has come. Reading: first posted first, each repays debt before the next."""
        for lot in member.lots:
            if lot.points and lot.active_on is not None and lot.active_on <= today:
                lot.active_on = None
                self.write(member, today, "activate", "earn.pending", lot=lot)
                self.repay(member, today, lot)

    def decay(self, member: Member, today: date) -> None:
        """A share of the balance on the day after (last activity + idle_months + k x every_months)."""
        rule = self.program.expiry
        if rule.model != "decay":
            return
        k = 0
        while (
            loss_day := plus_months(member.last_activity, rule.idle_months + k * rule.every_months) + ONE_DAY
        ) < today:
            k += 1
        if loss_day == today:
            loss = min(floor(member.balance * Fraction(rule.share)), member.balance - rule.floor)
            if loss > 0:
                self.take(member, today, loss, "decay", "expiry")

    def convert(self, member: Member, today: date) -> None:
        """Full blocks of the balance become vouchers on a statement date."""
        rule = self.program.expiry
        if rule.model != "conversion" or all(yearly_on_or_after(today, each) != today for each in rule.dates):
            return
        vouchers = member.balance // rule.block
        if vouchers > 0:
            self.take(member, today, vouchers * rule.block, "convert", "expiry")
            last_day = plus_months(today, rule.voucher_months)
            self.write(member, today, "voucher", "expiry", money=vouchers * minor(rule.voucher), expires_on=last_day)

    def birthday_bonuses(self, member: Member, today: date) -> bool:
        """Whether a birthday bonus was given today."""
        if not self.is_birthday(member.birthday, today):
            return False
        given = [
            self.give_bonus(member, today, bonus, bonus.points, today)
            for bonus in self.program.earn.bonuses
            if bonus.event == "birthday"
        ]
        return any(given)

    def is_birthday(self, birthday: date | None, today: date) -> bool:
        return birthday is not None and day_in_year(today.year, birthday.month, birthday.day) == today

    # --- lots ------------------------------------------------------------------------------------------------------
    def last_usable_day(self, member: Member, rule: Any, earned: date) -> date | None:
        """The last usable day of a lot by an expiry rule; None where it has none of its own."""
        model = rule.model
        if model == "by_tier":
            return self.last_usable_day(member, rule.tiers.get(self.tier_name(member), rule.otherwise), earned)
        if model == "rolling":
            last = plus_months(earned, rule.months) if rule.months is not None else earned + timedelta(days=rule.days)
            return last if rule.round_up is None else period(rule.round_up, last)[1]
        if model == "flush":
            return min(yearly_on_or_after(earned, each) for each in rule.dates)
        if model == "fixed_date":
            return yearly_on_or_after(plus_months(earned, rule.minimum_age_months), rule.date)
        if model == "windows":
            return self.window_expiry(rule, earned)
        if model == "on_date":
            return rule.date
        if model == "anniversary":
            years = 1
            while plus_months(member.joined, 12 * years) <= earned:
                years += 1
            return plus_months(member.joined, 12 * years)
        if model == "extension":
            return plus_months(earned, rule.months)
        assert model in ("none", "inactivity", "decay", "conversion"), model
        return None

    def window_expiry(self, rule: Any, earned: date) -> date | None:
        """By the earning window that holds the day, repeated in both directions. Reading: each date is moved by whole years."""
        repeats = [0] if rule.repeat_years is None else range(-100, 101)
        for k in repeats:
            for window in rule.windows:
                months = 0 if k == 0 else 12 * k * rule.repeat_years
                if abs(window.first.year + months // 12 - earned.year) > 60:
                    continue
                if plus_months(window.first, months) <= earned <= plus_months(window.last, months):
                    return plus_months(window.expires, months)
        return None

    def open_lot(
        self, member: Member, today: date, points: int, earned: date, own: Any = None, waits: bool = False
    ) -> Lot:
        """A new lot; by the business date its points are earned, wait and expire."""
        pending: Any = self.program.earn.pending if waits else None
        active_on = None if pending is None else earned + timedelta(days=pending.days)
        clock = active_on if active_on is not None and pending.expiry_clock == "activation" else earned
        expires_on = self.last_usable_day(member, own or self.program.expiry, clock)
        if active_on is not None and active_on <= today:
            active_on = None  # Reading: a late posting whose waiting is over is usable at once, without an `activate`.
        lot = Lot(len(member.lots), earned, expires_on, points, active_on)
        member.lots.append(lot)
        return lot

    def repay(self, member: Member, today: date, lot: Lot, at_most: int | None = None) -> int:
        """Points that became usable repay the debt first."""
        points = min(member.debt, lot.points if at_most is None else at_most)
        if points > 0:
            lot.points -= points
            member.debt -= points
            self.write(member, today, "repay", "refunds.debt", -points, lot=lot)
            self.write(member, today, "repay", "refunds.debt", points)
        return points

    def take(
        self, member: Member, today: date, points: int, kind: str, rule: str, money: int = 0, order_id: str = ""
    ) -> list[list[Any]]:
        """Take points from the usable lots in consumption order; returns what was taken from which lot."""
        redemption = self.program.redemption
        order = oldest if redemption is not None and redemption.consume == "oldest_earned" else soonest
        taken: list[list[Any]] = []
        for lot in sorted((lot for lot in member.lots if lot.usable and lot.points), key=order):
            part = min(lot.points, points)
            if part > 0:
                lot.points -= part
                points -= part
                self.write(member, today, kind, rule, -part, 0 if taken else money, lot, order_id)
                taken.append([lot, part, lot.expires_on])
        assert points == 0
        return taken

    # --- tiers -----------------------------------------------------------------------------------------------------
    def tier_name(self, member: Member) -> str | None:
        return None if self.program.tiers is None else self.program.tiers.levels[member.tier].name

    def tier_period(self, member: Member, when: date) -> tuple[date, date]:
        """First and last day of the window's period that holds a day."""
        kind = self.program.tiers.window.kind
        if kind != "anniversary":
            return period(kind, when)
        years = 0
        while plus_months(member.joined, 12 * (years + 1)) <= when:
            years += 1
        return plus_months(member.joined, 12 * years), plus_months(member.joined, 12 * (years + 1)) - ONE_DAY

    def window_start(self, member: Member, when: date) -> date:
        """First day of the window that holds a day."""
        window = self.program.tiers.window
        if window.kind in ("lifetime", "since_tier_change"):
            return date.min
        if window.kind == "rolling":
            return plus_months(when, -window.months) + ONE_DAY
        return self.tier_period(member, when)[0]

    def metrics(self, member: Member, first: date, last: date, today: date) -> dict[str, int]:
        """The metrics dated between two days that count by today; spend in minor units.

        Reading: what became active this morning counts, also where metrics are taken through yesterday."""
        counted = [
            mark for mark in member.marks
            if mark.era == member.era and first <= mark.day <= last and mark.counts_from <= today
        ]  # fmt: skip
        return {
            "spend": sum(mark.spend for mark in counted),
            "points": sum(mark.points for mark in counted),
            "orders": sum(mark.orders for mark in counted),
            "visits": len({mark.day for mark in counted if mark.visit}) + sum(mark.kept_visits for mark in counted),
            "nights": sum(mark.nights for mark in counted),
        }

    def entry_requirement(self, member: Member, tier: int) -> Any:
        """``enter``, or ``reenter`` for a member who held the tier (or a higher one) and fell below it. Reading: fell before now."""
        level = self.program.tiers.levels[tier]
        return level.reenter if level.reenter is not None and tier in member.fallen_below else level.enter

    def reached(self, member: Member, metrics: dict[str, int]) -> int | None:
        """The tier an upgrade leads to. Reading: without skipping, only the next tier is looked at."""
        tiers = self.program.tiers
        highest = len(tiers.levels) - 1 if tiers.skip_levels else min(member.tier + 1, len(tiers.levels) - 1)
        for tier in range(highest, member.tier, -1):
            requirement = self.entry_requirement(member, tier)
            if requirement is not None and meets(requirement, metrics):
                return tier
        return None

    def highest_lower(self, member: Member, metrics: dict[str, int]) -> int:
        """The highest tier below the present one whose requirement is met."""
        for tier in range(member.tier - 1, 0, -1):
            requirement = self.entry_requirement(member, tier)
            if requirement is not None and meets(requirement, metrics):
                return tier
        return 0

    def validity_from(self, member: Member, day: date) -> date | None:
        """Last day of a tier reached on a day."""
        validity = self.program.tiers.validity
        if validity.until == "lifetime":
            return None
        if validity.until == "months":
            return plus_months(day, validity.months)
        end = self.tier_period(member, day)[1]
        return end if validity.until == "period_end" else self.tier_period(member, end + ONE_DAY)[1]

    def renewal(self, member: Member, today: date) -> date | None:
        """Last day of a tier renewed today, or reached by falling: counted from yesterday, but ``period_end`` from today."""
        if member.tier == 0:
            return None
        day = today if self.program.tiers.validity.until == "period_end" else today - ONE_DAY
        return self.validity_from(member, day)

    def change_tier(self, member: Member, today: date, tier: int) -> None:
        """Hold another tier from today; its last day is set by the caller."""
        member.fallen_below |= set(range(tier + 1, member.tier + 1))
        member.tier, member.tier_since, member.in_grace, member.invited = tier, today, False, False
        if self.program.tiers.window.kind == "since_tier_change":
            member.era += 1
        self.write(member, today, "tier", f"tiers.{self.tier_name(member)}")

    def upgrade(self, member: Member, today: date, tier: int, metrics: dict[str, int]) -> None:
        requirement = self.entry_requirement(member, tier)
        self.change_tier(member, today, tier)
        member.tier_until = self.validity_from(member, today)
        self.reset_counter(member, today, requirement, metrics)

    def reset_counter(self, member: Member, today: date, requirement: Any, metrics: dict[str, int]) -> None:
        """What an upgrade by metrics or a re-hit does to them. Reading: a surplus is dated the day of the upgrade, and marks
        that do not count yet are wiped too."""
        counter = self.program.tiers.counter
        if counter == "kept":
            return
        member.era += 1
        if counter == "reset_surplus_kept":
            kept = {}
            for name in METRICS:
                threshold = getattr(requirement, name)
                wanted = 0 if threshold is None else minor(threshold) if name == "spend" else threshold
                kept[name] = 0 if threshold is None else max(0, metrics[name] - wanted)
            mark = Mark(today, today, today, member.era, kept["spend"], kept["points"], kept["orders"], kept["nights"])
            mark.kept_visits = kept["visits"]
            member.marks.append(mark)

    def tier_check(self, member: Member, today: date) -> None:
        """After every purchase, redemption, action or bonus: an immediate upgrade, or a re-hit of the present tier.

        Reading: with deferred upgrades the re-hit is looked at here all the same, the upgrade waits."""
        tiers = self.program.tiers
        if tiers is None:
            return
        member.last_event = today
        metrics = self.metrics(member, self.window_start(member, today), today, today)
        tier = self.reached(member, metrics)
        if tier is not None:
            if tiers.upgrade == "immediate":
                self.upgrade(member, today, tier, metrics)
        elif tiers.validity.rehit_rebases:
            enter = tiers.levels[member.tier].enter
            until = self.validity_from(member, today)
            if enter is not None and meets(enter, metrics) and later(until, member.tier_until):
                member.tier_until, member.in_grace = until, False
                self.reset_counter(member, today, enter, metrics)

    def review(self, member: Member, today: date) -> None:
        """On the day after the tier's last day."""
        tiers = self.program.tiers
        yesterday = today - ONE_DAY
        if member.tier_until != yesterday:
            return
        start = self.window_start(member, today if tiers.validity.until == "period_end" else yesterday)
        metrics = self.metrics(member, start, yesterday, today)
        level = tiers.levels[member.tier]
        requirement = level.retain or level.enter
        if requirement is not None and meets(requirement, metrics):
            member.tier_until, member.in_grace = self.renewal(member, today), False
        elif tiers.grace_months and not member.in_grace:
            member.tier_until, member.in_grace = plus_months(yesterday, tiers.grace_months), True
        elif tiers.downgrade == "none":
            member.tier_until, member.in_grace = self.renewal(member, today), False
        else:
            lower = member.tier - 1 if tiers.downgrade == "one_level" else self.highest_lower(member, metrics)
            self.change_tier(member, today, lower)
            member.tier_until = self.renewal(member, today)

    def due_upgrades(self, member: Member, today: date) -> None:
        """Upgrades at the start of a day. Reading: no re-hit here; a next-day upgrade is due the day after a purchase,
        action, bonus or activation, on the window that held yesterday."""
        tiers = self.program.tiers
        yesterday = today - ONE_DAY
        # Marks that a reset wiped do not become active any more.
        waiting = [mark for mark in member.marks if mark.counts_from == today and mark.posted < today]
        activated = any(mark.era == member.era and not mark.blank for mark in waiting)
        if tiers.upgrade == "immediate":
            due, start, last = activated, self.window_start(member, today), today
        else:
            start, last = self.window_start(member, yesterday), yesterday
            if tiers.upgrade == "next_day":
                due = member.last_event == yesterday
            else:
                due = self.tier_period(member, today)[0] == today
        if due:
            metrics = self.metrics(member, start, last, today)
            tier = self.reached(member, metrics)
            if tier is not None:
                self.upgrade(member, today, tier, metrics)
        if activated:
            member.last_event = today

    def invite(self, member: Member, today: date, action: str) -> bool:
        """Put the member in the tier the action invites to; whether there is such a tier."""
        levels = [] if self.program.tiers is None else self.program.tiers.levels
        invited = [k for k, level in enumerate(levels) if level.invitation == action]
        if not invited:
            return False
        tier = max(invited)
        if tier > member.tier:
            self.change_tier(member, today, tier)
            member.tier_until, member.invited = self.validity_from(member, today), True
        elif tier == member.tier:
            until = self.validity_from(member, today)
            if later(until, member.tier_until):
                member.tier_until, member.in_grace = until, False
        return True

    # --- transactions ----------------------------------------------------------------------------------------------
    def transaction(self, rows: list[tuple[int, Row]], today: date) -> None:
        index, row = rows[0]
        name = row["member_id"]
        if name not in self.members:
            self.join(row, today)
        member = self.members[name]
        if row["event"] in ("purchase", "redeem"):
            self.checkout(member, rows, today)
        elif row["event"] == "refund":
            self.refund(member, index, row, today)
        elif row["event"] == "action":
            self.action(member, row, today)

    def join(self, row: Row, today: date) -> None:
        """A new member, by a join row (with a birthday) or by whatever came first. Reading: automatic redemption and a tier
        check follow the joining bonuses; the joining day is the posting day."""
        explicit = row["event"] == "join"
        member = Member(row["member_id"], today, row["birthday"] if explicit else None, today, tier_since=today)
        self.members[member.name] = member
        for bonus in self.program.earn.bonuses:
            if bonus.event == "join":
                self.give_bonus(member, today, bonus, bonus.points, row["date"] if explicit else today)
        self.redeem_automatically(member, today)
        self.tier_check(member, today)

    def note_activity(self, member: Member, today: date, kinds: set[str]) -> None:
        """Activity on its posting day; under ``extension`` it moves every live lot on."""
        rule = self.program.expiry
        if not kinds & set(getattr(rule, "activity", ())):
            return
        member.last_activity = today
        if rule.model == "extension":
            until = plus_months(today, rule.months)
            moved = [lot for lot in member.lots if lot.points and later(until, lot.expires_on)]
            for lot in moved:
                lot.expires_on = until
            if moved:
                self.write(member, today, "extend", "expiry", expires_on=until)

    def action(self, member: Member, row: Row, today: date) -> None:
        """Activity, then invitation, then bonuses, then automatic redemption and tier check."""
        self.note_activity(member, today, {"action"})
        name = row["action"]
        known = self.invite(member, today, name)
        if name in ("visit", "night"):
            known = True
            nights = (1 if row["points"] is None else row["points"]) if name == "night" else 0
            member.marks.append(Mark(today, today, today, member.era, nights=nights, visit=name == "visit"))
        for bonus in self.program.earn.bonuses:
            if bonus.event == "action" and bonus.action == name:
                known = True
                self.give_bonus(
                    member, today, bonus, row["points"] or 0 if bonus.points is None else bonus.points, row["date"]
                )
        if known:
            self.redeem_automatically(member, today)
            self.tier_check(member, today)

    def give_bonus(
        self, member: Member, today: date, bonus: Any, points: int, earned: date, order: Order | None = None
    ) -> bool:
        """Give a bonus if its limits allow it on its posting day; whether points were given."""
        if bonus.dates and not any(span.first <= today <= span.last for span in bonus.dates):
            return False
        if any(name == bonus.name and self.same_period(bonus.once, day, today) for name, day in member.given):
            return False
        if points <= 0:
            return False
        member.given.append((bonus.name, today))
        pending = self.program.earn.pending
        waits = pending is not None and pending.bonuses
        lot = self.open_lot(member, today, points, earned, bonus.expiry, waits)
        active_on = lot.active_on
        self.write(
            member, today, "bonus", "earn.bonuses." + bonus.name, points, 0, lot, order.order_id if order else ""
        )
        if lot.usable:
            self.repay(member, today, lot)
        self.lapse_if_past(member, today, lot, lot.points)
        mark = None
        if bonus.qualifies:
            counts_from = active_on if active_on is not None and pending.points_count == "when_active" else today
            # A metric that waits is dated by the day it becomes active.
            mark = Mark(today if counts_from == today else counts_from, today, counts_from, member.era, points=points)
            member.marks.append(mark)
        if order is not None:
            order.bonuses.append((bonus, points, lot, mark))
        return True

    def same_period(self, once: str, one: date, other: date) -> bool:
        """Whether a bonus given on one day uses up the other day's."""
        if once == "event":
            return False
        if once == "lifetime":
            return True
        return one == other if once == "day" else period(once, one) == period(once, other)

    # --- redeeming -------------------------------------------------------------------------------------------------
    def redeem(
        self, member: Member, row: Row, today: date, basket: int | None, paid: int
    ) -> tuple[int, list[list[Any]]] | None:
        """One redeem row: (money, what was taken), or None where it is refused. ``basket`` is the order's amount at a
        checkout, ``paid`` the money off of the checkout so far."""
        redemption = self.program.redemption
        if redemption is None or not self.redemption_open(today):
            return None
        if row["action"]:
            items = [item for item in redemption.catalogue if item.name == row["action"]]
            if not items:
                return None
            item = items[0]
            points = item.points if row["points"] is None else row["points"]
            number = points // item.points
            if number < 1 or points != number * item.points or points > member.balance:
                return None
            done = member.items.get((item.name, today), 0)
            if item.limit_per_day is not None and done + number > item.limit_per_day:
                return None
            member.items[item.name, today] = done + number
            money = number * minor(item.face_value)
            rule = "redemption.catalogue." + item.name
        else:
            points = row["points"] or 0
            if points < 1 or points > member.balance:
                return None
            worth = self.money_off(member, points, basket, paid)
            if worth is not None:
                money, rule = worth, "redemption.money_off"
            elif redemption.catalogue:
                money, rule = 0, "redemption.catalogue"
            else:
                return None
        self.note_activity(member, today, {"redeem"})
        return money, self.take(member, today, points, "redeem", rule, money, row["order_id"])

    def redemption_open(self, today: date) -> bool:
        windows = self.program.redemption.windows
        return not windows or any(
            (not window.months or today.month in window.months) and window.first_day <= today.day <= window.last_day
            for window in windows
        )

    def money_off(self, member: Member, points: int, basket: int | None, paid: int) -> int | None:
        """What points are worth as money off, None where its conditions do not allow it."""
        rule = self.program.redemption.money_off
        if rule is None or points % rule.block or member.balance < rule.minimum_balance:
            return None
        money = floor(Fraction(points * minor(rule.worth), rule.points))
        if basket is not None:
            if basket < minor(rule.minimum_basket):
                return None
            if rule.maximum_share is not None and paid + money > basket * Fraction(rule.maximum_share):
                return None
        return money

    def redeem_automatically(self, member: Member, today: date) -> None:
        """As many times as the usable balance reaches the threshold, all in one redemption."""
        rule = None if self.program.redemption is None else self.program.redemption.automatic
        if rule is not None and member.balance >= rule.at:
            times = member.balance // rule.at
            self.take(member, today, times * rule.at, "redeem", "redemption.automatic", times * minor(rule.worth))

    # --- a checkout ------------------------------------------------------------------------------------------------
    def checkout(self, member: Member, rows: list[tuple[int, Row]], today: date) -> None:
        """Activity, redemptions, purchase, base points, bonuses, automatic redemption, tier check.

        A lone redemption that is refused changes nothing."""
        lines = [row for _, row in rows if row["event"] == "purchase"]
        if lines:
            self.note_activity(member, today, {"purchase"})
        basket = sum(minor(row["amount"]) for row in lines) if lines else None
        paid, money_off, uses = 0, 0, []
        for index, row in rows:
            if row["event"] == "redeem":
                done = self.redeem(member, row, today, basket, money_off)
                if done is None:
                    self.refused.append(index)
                else:
                    uses += done[1]
                    if not row["action"]:  # a reward pays for no part of the order
                        paid += done[0]
                        money_off += done[0]
        if lines:
            self.purchase(member, lines, today, paid, uses)
        if lines or any(index not in self.refused for index, _ in rows):
            self.redeem_automatically(member, today)
            self.tier_check(member, today)

    def purchase(self, member: Member, rows: list[Row], today: date, paid: int, uses: list[list[Any]]) -> None:
        earn, tiers = self.program.earn, self.program.tiers
        order_id, when = rows[0]["order_id"], rows[0]["date"]
        self.write(
            member, today, "purchase", "transaction", money=sum(minor(row["amount"]) for row in rows), order_id=order_id
        )

        lines = [self.line(row) for row in rows]
        if earn.eligible.paid_with_points == "excluded":
            for line in lines:
                part = min(line.eligible, paid)
                line.eligible -= part
                paid -= part
        for line in lines:
            line.amount_left, line.eligible_left = line.amount, line.eligible
        eligible = [line.eligible for line in lines]

        circumstances = Circumstances(when, member.birthday, member.tier, 0, [], max(0, member.balance))
        if earn.rate_tier == "split":
            before = self.metrics(member, self.window_start(member, today), today, today)
            circumstances.spend_before = before["spend"]
            # An order dated before the window does not count in it, so it crosses no threshold.
            counts = when >= self.window_start(member, today)
            for tier in range(member.tier + 1, len(tiers.levels)) if counts else ():
                requirement = self.entry_requirement(member, tier)
                if requirement is not None:
                    circumstances.thresholds.append((tier, minor(requirement.spend)))

        earning = sum(eligible) >= minor(earn.minimum_order)
        rooms = [self.room(member, k, cap, today) for k, cap in enumerate(earn.caps)]
        points, plain, uncapped = 0, 0, 0
        if earning:
            parts = self.parts(circumstances, lines, eligible)
            if earn.rounding.keeps_remainder:
                points, member.carry = self.points_with_remainder(parts, member.carry)
                plain = points
            else:
                points, plain = self.points_of(parts), self.points_of(without_factors(parts))
            uncapped = points
            points, plain = self.capped(points, plain, parts, rooms)
        for k, cap in enumerate(earn.caps):
            if rooms[k] is not None:
                key = (k, self.cap_period(cap, today))
                member.cap_used[key] = member.cap_used.get(key, 0) + (
                    plain if cap.stage == "before_multiplier" else points
                )

        lot = None
        if points > 0:
            lot = self.open_lot(member, today, points, when, waits=True)
            self.write(member, today, "earn", "earn", points, sum(eligible), lot, order_id)
            if lot.usable:
                self.repay(member, today, lot)
            self.lapse_if_past(member, today, lot, lot.points)
        active = today if earn.pending is None else max(today, when + timedelta(days=earn.pending.days))
        points_late = earn.pending is not None and earn.pending.points_count == "when_active"
        active_day = when if earn.pending is None else when + timedelta(days=earn.pending.days)
        points_mark = Mark(
            active_day if points_late else when, today, active if points_late else today, member.era, points=points
        )
        spend_late = earn.pending is not None and earn.pending.spend_counts == "when_active"
        spend_mark = Mark(
            active_day if spend_late else when,
            today,
            active if spend_late else today,
            member.era,
            spend=sum(eligible),
            orders=1,
            visit=True,
        )
        member.marks += [points_mark, spend_mark]

        order = Order(
            order_id,
            when,
            today,
            lines,
            circumstances,
            rooms,
            earning,
            points,
            lot,
            spend_mark,
            points_mark,
            uses=uses,
            plain=plain,
            cut_off=uncapped - points,
        )
        first = member.purchases == 0
        member.purchases += 1
        for bonus in earn.bonuses:
            if bonus.event == "purchase" or (bonus.event == "first_purchase" and first):
                chosen = [line for line in lines if not bonus.categories or line.category in bonus.categories]
                if chosen and sum(line.eligible for line in chosen) >= minor(bonus.minimum_spend):
                    self.give_bonus(member, today, bonus, bonus.points, when, order)
        if order_id:
            member.orders[order_id] = order

    def line(self, row: Row) -> Line:
        """A line with its eligible amount before points paid are taken off. Reading: an excluded line absorbs none of these."""
        category = row["category"] or self.program.default_category
        amount = minor(row["amount"])
        return Line(
            category, row["channel"] or self.program.default_channel, amount, self.eligible(row, category, amount)
        )

    def eligible(self, row: Row, category: str, amount: int) -> int:
        rule = self.program.earn.eligible
        if category in rule.excluded_categories:
            return 0
        if rule.discount == "net":
            amount -= minor(row["discount"])
        if rule.tax == "excluded":
            amount -= minor(row["tax"])
        if rule.delivery == "excluded":
            amount -= minor(row["delivery"])
        return max(0, amount)

    # --- base points -----------------------------------------------------------------------------------------------
    def rate_of(self, tier: int) -> Any:
        """The base rate of a tier; None where it earns nothing."""
        earn = self.program.earn
        if self.program.tiers is None:
            return earn.rate
        return earn.rate_by_tier.get(self.program.tiers.levels[tier].name, earn.rate)

    def step_of(self, value: int) -> int:
        """The bracket step that holds a value: eligible spend in minor units, or points of balance."""
        brackets = self.program.earn.brackets
        starts = [minor(step.from_) if brackets.on == "order" else int(step.from_) for step in brackets.steps]
        return max(k for k, start in enumerate(starts) if start <= value)

    def factor(self, circumstances: Circumstances, line: Line, tier: int) -> Fraction:
        """The stacked multipliers of a line at a tier, by the business date."""
        earn = self.program.earn
        factors = [Fraction(each.factor) for each in earn.multipliers if self.applies(each, circumstances, line, tier)]
        if not factors:
            return Fraction(1)
        if earn.stacking == "additive":
            return max(Fraction(0), sum((each - 1 for each in factors), Fraction(1)))
        if earn.stacking == "multiplicative":
            product = Fraction(1)
            for each in factors:
                product *= each
            return product
        assert earn.stacking == "highest" or len(factors) == 1
        return max(factors)

    def applies(self, multiplier: Any, circumstances: Circumstances, line: Line, tier: int) -> bool:
        when, birthday = circumstances.when, circumstances.birthday
        if multiplier.tiers and self.program.tiers.levels[tier].name not in multiplier.tiers:
            return False
        if multiplier.weekdays and WEEKDAYS[when.weekday()] not in multiplier.weekdays:
            return False
        if multiplier.days_of_month and when.day not in multiplier.days_of_month:
            return False
        if multiplier.dates and not any(span.first <= when <= span.last for span in multiplier.dates):
            return False
        if multiplier.birthday == "day" and not self.is_birthday(birthday, when):
            return False
        if multiplier.birthday == "month" and (birthday is None or birthday.month != when.month):
            return False
        if multiplier.categories and line.category not in multiplier.categories:
            return False
        return not multiplier.channels or line.channel in multiplier.channels

    def parts(self, circumstances: Circumstances, lines: list[Line], eligible: list[int]) -> list[Part]:
        """The lines, cut at the steps of marginal brackets or at the thresholds of the next tiers."""
        earn, brackets = self.program.earn, self.program.earn.brackets
        parts = []
        position = 0
        for k, (line, amount) in enumerate(zip(lines, eligible, strict=True)):
            if brackets is not None and brackets.marginal:
                cuts = [minor(step.from_) for step in brackets.steps]
                for low, high in slices(position, position + amount, cuts):
                    step = self.step_of(low)
                    rate = brackets.steps[step].rate
                    parts.append(
                        Part(k, high - low, rate, self.factor(circumstances, line, circumstances.tier), (step,))
                    )
            elif earn.rate_tier == "split":
                start = circumstances.spend_before + position
                for low, high in slices(
                    start, start + amount, [threshold for _, threshold in circumstances.thresholds]
                ):
                    passed = [tier for tier, threshold in circumstances.thresholds if threshold <= low]
                    tier = max([circumstances.tier, *passed])
                    rate = self.rate_of(tier)
                    parts.append(Part(k, high - low, rate, self.factor(circumstances, line, tier), rate_key(rate)))
            else:
                if brackets is None:
                    rate = self.rate_of(circumstances.tier)
                elif brackets.on == "balance":
                    rate = brackets.steps[self.step_of(circumstances.balance)].rate
                else:
                    decides = sum(eligible) if circumstances.bracket_spend is None else circumstances.bracket_spend
                    rate = brackets.steps[self.step_of(decides)].rate
                parts.append(
                    Part(k, amount, rate, self.factor(circumstances, line, circumstances.tier), rate_key(rate))
                )
            position += amount
        return [part for part in parts if part.rate is not None]

    def groups(self, parts: list[Part]) -> list[list[Part]]:
        """Parts that are summed and rounded together, in the order they first appear."""
        earn = self.program.earn
        groups: dict[Any, list[Part]] = {}
        for part in parts:
            key = (
                part.rate_key,
                part.line if earn.rounding.scope == "line" else None,
                part.factor if earn.multiplier_stage == "after_rounding" else None,
            )
            groups.setdefault(key, []).append(part)
        return list(groups.values())

    def points_of(self, parts: list[Part]) -> int:
        """Base points without a kept remainder, before caps."""
        earn = self.program.earn
        mode = earn.rounding.mode
        after = earn.multiplier_stage == "after_rounding"
        total = 0
        for group in self.groups(parts):
            rate = group[0].rate
            spend = sum(part.eligible * (1 if after else part.factor) for part in group)
            blocks = Fraction(spend) / minor(rate.per)
            points = rounded(blocks, mode) * rate.points if rate.whole_blocks else rounded(blocks * rate.points, mode)
            total += rounded(points * group[0].factor, mode) if after else points
        return total

    def added_to_remainder(self, part: Part) -> Fraction:
        """What a part adds to the remainder: spend (scope carry; weighted before rounding, else plain), or points (mode none)."""
        if self.program.earn.rounding.mode == "none":
            return part.eligible * part.factor * part.rate.points / minor(part.rate.per)
        return part.eligible * (part.factor if self.program.earn.multiplier_stage == "before_rounding" else Fraction(1))

    def points_with_remainder(self, parts: list[Part], carry: Fraction) -> tuple[int, Fraction]:
        """Base points and the remainder afterwards. Reading: where the factor comes after rounding, the remainder goes from
        one factor's lines to the next one's."""
        if self.program.earn.rounding.mode == "none":
            exact = carry + sum(self.added_to_remainder(part) for part in parts)
            return floor(exact), exact - floor(exact)
        after = self.program.earn.multiplier_stage == "after_rounding"
        total = 0
        for group in self.groups(parts):
            rate = group[0].rate
            carry += sum(self.added_to_remainder(part) for part in group)
            blocks = floor(carry / minor(rate.per))
            carry -= blocks * minor(rate.per)
            total += floor(blocks * rate.points * group[0].factor) if after else blocks * rate.points
        return total, carry

    # --- caps ------------------------------------------------------------------------------------------------------
    def cap_period(self, cap: Any, day: date) -> Any:
        return {"day": day, "month": (day.year, day.month), "year": day.year}.get(cap.per)

    def room(self, member: Member, index: int, cap: Any, today: date) -> int | None:
        """What a cap leaves; None where it does not apply today."""
        if cap.per == "order":
            return cap.points
        if cap.per == "balance":
            return max(0, cap.points - (member.balance + member.pending))
        if cap.per == "campaign" and not cap.dates.first <= today <= cap.dates.last:
            return None
        return max(0, cap.points - member.cap_used.get((index, self.cap_period(cap, today)), 0))

    def capped(self, points: int, plain: int, parts: list[Part], rooms: list[int | None]) -> tuple[int, int]:
        """Points and plain points that the caps leave, each cap in file order."""
        plain_spend = sum(part.eligible for part in parts)
        weighted = sum(part.eligible * part.factor for part in parts)
        for cap, room in zip(self.program.earn.caps, rooms, strict=True):
            if room is None:
                continue
            reject = cap.beyond == "reject"
            if cap.stage == "after_multiplier":
                if points > room:
                    points, plain = (0, 0) if reject else (room, plain)
            elif plain > room:
                plain = 0 if reject else room
                points = min(points, floor(plain * Fraction(weighted) / plain_spend))
        return points, plain

    # --- refunds ---------------------------------------------------------------------------------------------------
    def refund(self, member: Member, index: int, row: Row, today: date) -> None:
        if row["refund_of"]:
            self.linked_refund(member, index, row, today)
        else:
            self.unlinked_refund(member, row, today)

    def linked_refund(self, member: Member, index: int, row: Row, today: date) -> None:
        order = member.orders.get(row["refund_of"])
        if order is None:
            raise ValueError(f"row {index}: order {row['refund_of']!r} of {member.name!r} was never seen")
        within = self.program.refunds.within_days
        if within is not None and today - order.when > timedelta(days=within):
            self.refused.append(index)
            return
        amount = minor(row["amount"])
        if order.refunded + amount > order.amount:
            raise ValueError(f"row {index}: refunds of {row['refund_of']!r} go beyond the order")
        self.write(member, today, "refund", "transaction", money=-amount, order_id=order.order_id)

        before = [line.eligible_left for line in order.lines]
        take_from_lines(order, amount, row["category"])
        order.refunded += amount
        whole = order.refunded == order.amount and amount > 0
        base = self.base_points_to_reverse(member, order, before)
        bonuses = [each for each in order.bonuses if whole and each[0].reversed_with_order]
        own = [lot for lot in [order.base_lot, *(lot for _, _, lot, _ in order.bonuses)] if lot is not None]
        self.reverse(member, today, base + sum(points for _, points, _, _ in bonuses), own, order.order_id)
        self.give_back(member, today, order)

        order.spend_mark.spend -= sum(before) - sum(line.eligible_left for line in order.lines)
        order.points_mark.points -= base
        for _, points, _, mark in bonuses:
            if mark is not None:
                mark.points -= points
        if whole:
            order.spend_mark.orders, order.spend_mark.visit = 0, False
        self.free_room(member, base, order.posted, order.plain_gone)
        self.after_refund(member, today)

    def unlinked_refund(self, member: Member, row: Row, today: date) -> None:
        """Points at today's base rate, without multipliers, bonuses, minimum or caps."""
        earn, brackets = self.program.earn, self.program.earn.brackets
        amount = minor(row["amount"])
        self.write(member, today, "refund", "transaction", money=-amount, order_id=row["order_id"])
        eligible = self.eligible(row, row["category"] or self.program.default_category, amount)
        if brackets is None:
            rate = self.rate_of(member.tier)
        else:
            rate = brackets.steps[self.step_of(max(0, member.balance) if brackets.on == "balance" else eligible)].rate
        points = 0
        if rate is not None:
            blocks = Fraction(eligible, minor(rate.per))
            if earn.rounding.mode == "none":
                points = self.lower_remainder(member, blocks * rate.points, rate)
            elif earn.rounding.scope == "carry":
                points = self.lower_remainder(member, Fraction(eligible), rate)
            elif rate.whole_blocks:
                points = rounded(blocks, earn.rounding.mode) * rate.points
            else:
                points = rounded(blocks * rate.points, earn.rounding.mode)
        self.reverse(member, today, points, [], row["order_id"])
        member.marks.append(Mark(today, today, today, member.era, spend=-eligible, points=-points))
        self.free_room(member, points, today)
        self.after_refund(member, today)

    def beyond_cut_off(self, order: Order, points: int) -> int:
        """Points to reverse after those that caps cut off the order, which were never given."""
        never_given = min(order.cut_off, points)
        order.cut_off -= never_given
        return points - never_given

    def base_points_to_reverse(self, member: Member, order: Order, before: list[int]) -> int:
        """Base points a linked refund takes, after its amount was taken from the lines; ``before``: eligible left before it."""
        earn, where = self.program.earn, order.circumstances
        if not order.earning:
            return 0
        after = [line.eligible_left for line in order.lines]
        if earn.rounding.mode == "none":
            where = replace(where, bracket_spend=sum(line.eligible for line in order.lines))
            was, stays = (
                sum((self.added_to_remainder(part) for part in self.parts(where, order.lines, eligible)), Fraction(0))
                for eligible in (before, after)
            )
            return self.beyond_cut_off(order, self.lower_remainder(member, max(Fraction(0), was - stays), None))
        gone = [one - other for one, other in zip(before, after, strict=True)]
        if earn.rounding.scope == "carry":
            points = 0
            for group in self.groups(self.parts(where, order.lines, gone)):
                value = sum((self.added_to_remainder(part) for part in group), Fraction(0))
                taken = self.lower_remainder(member, value, group[0].rate)
                points += floor(taken * group[0].factor) if earn.multiplier_stage == "after_rounding" else taken
            return self.beyond_cut_off(order, points)
        plain_left = 0
        if self.program.refunds.method == "by_value":
            points = 0
            if sum(after) >= minor(earn.minimum_order):
                parts = self.parts(where, order.lines, after)
                points, plain_left = self.capped(
                    self.points_of(parts), self.points_of(without_factors(parts)), parts, order.rooms
                )
            reversed_points = max(0, order.points - points)
        elif order.refunded == order.amount:
            reversed_points = order.points
        else:
            # Reading: the refunded lines as an order of their own; no minimum and no caps.
            parts = self.parts(where, order.lines, gone)
            reversed_points = min(order.points, self.points_of(parts))
            plain_left = max(0, order.plain - self.points_of(without_factors(parts)))
        if order.points == 0:
            plain_left = order.plain
        elif order.refunded == order.amount:
            plain_left = 0
        order.plain_gone = order.plain - min(order.plain, plain_left)
        order.plain -= order.plain_gone
        order.points -= reversed_points
        return reversed_points

    def lower_remainder(self, member: Member, value: Fraction, rate: Any) -> int:
        """Negative spend: each time the remainder falls below zero a block is added and its points are taken."""
        whole_point = self.program.earn.rounding.mode == "none"
        points = 0
        member.carry -= value
        while member.carry < 0:
            member.carry += 1 if whole_point else minor(rate.per)
            points += 1 if whole_point else rate.points
        return points

    def reverse(self, member: Member, today: date, points: int, own: list[Lot], order_id: str) -> None:
        """Take points from the order's own lots, then soonest expiring (pending too); the rest is debt, or forgiven."""
        others = sorted((lot for lot in member.lots if not any(lot is mine for mine in own)), key=soonest)
        for lot in [*own, *others]:
            part = min(lot.points, points)
            if part > 0:
                lot.points -= part
                points -= part
                self.write(member, today, "reverse", "refunds", -part, lot=lot, order_id=order_id)
        if points > 0 and self.program.refunds.shortfall == "debt":
            member.debt += points
            self.write(member, today, "reverse", "refunds", -points, order_id=order_id)

    def give_back(self, member: Member, today: date, order: Order) -> None:
        """Points used at the order's checkout come back to their lots, repay debt, and lapse if their day is past."""
        rule = self.program.refunds
        if rule.points_back == "never" or order.amount == 0:
            return
        used = order.given_back + sum(points for _, points, _ in order.uses)
        back = used * order.refunded // order.amount - order.given_back
        order.given_back += back
        for use in order.uses:
            part = min(use[1], back)
            if part == 0:
                continue
            use[1] -= part
            back -= part
            lot = use[0]
            if lot.points == 0:
                lot.expires_on = use[2]
            if rule.points_back == "minimum_life":
                least = today + timedelta(days=rule.minimum_life_days)
                if later(least, lot.expires_on):
                    lot = Lot(len(member.lots), lot.earned_on, least, 0)
                    member.lots.append(lot)
            lot.points += part
            self.write(member, today, "return", "refunds.points_back", part, lot=lot, order_id=order.order_id)
            part -= self.repay(member, today, lot, part)
            self.lapse_if_past(member, today, lot, part)

    def lapse_if_past(self, member: Member, today: date, lot: Lot, points: int) -> None:
        """Points whose last usable day is past when they are posted lapse at once."""
        past = lot.expires_on is not None and lot.expires_on < today
        if points > 0 and past and not self.nothing_lapses(member):
            lot.points -= points
            self.write(member, today, "expire", "expiry", -points, lot=lot)

    def free_room(self, member: Member, points: int, counted_on: date, plain: int | None = None) -> None:
        """Reversed points free room under the caps of the period they were counted in. Reading: never below nothing used."""
        if self.program.refunds.cap_room_back:
            for k, cap in enumerate(self.program.earn.caps):
                if cap.per == "campaign" and not cap.dates.first <= counted_on <= cap.dates.last:
                    continue
                key = (k, self.cap_period(cap, counted_on))
                gone = plain if plain is not None and cap.stage == "before_multiplier" else points
                member.cap_used[key] = max(0, member.cap_used.get(key, 0) - gone)

    def after_refund(self, member: Member, today: date) -> None:
        """Automatic redemption of what came back, then the tier may be judged again."""
        self.redeem_automatically(member, today)
        tiers = self.program.tiers
        if tiers is None or tiers.after_refund == "stays":
            return
        enter = tiers.levels[member.tier].enter
        start = self.window_start(member, today)
        metrics = self.metrics(member, start, today, today)
        if enter is not None and not member.invited and member.tier_since >= start and not meets(enter, metrics):
            self.change_tier(member, today, self.highest_lower(member, metrics))
            member.tier_until = None if member.tier == 0 else self.validity_from(member, today)

    # --- the end ---------------------------------------------------------------------------------------------------
    def describe(self, member: Member, as_of: date) -> dict[str, Any]:
        """The member as the replay's document shows it."""
        lots: dict[tuple[date, date | None], int] = {}
        for lot in member.lots:
            if lot.points:
                key = (lot.earned_on, lot.expires_on)
                lots[key] = lots.get(key, 0) + lot.points
        carries = self.program.earn.rounding.scope == "carry"
        return {
            "balance": member.balance,
            "pending": member.pending,
            "tier": self.tier_name(member),
            "tier_until": member.tier_until,
            "qualifying": self.qualifying(member, as_of),
            "carry": Decimal(member.carry.numerator) / Decimal(member.carry.denominator) / 100
            if carries
            else Decimal(0),
            "lots": [
                {"earned_on": earned_on, "expires_on": expires_on, "points": points}
                for (earned_on, expires_on), points in sorted(
                    lots.items(), key=lambda each: (each[0][0], each[0][1] or date.max)
                )
            ],
        }

    def qualifying(self, member: Member, as_of: date) -> dict[str, Any]:
        """The metrics that some requirement of the program looks at, through the end of the day."""
        if self.program.tiers is None:
            return {}
        looked_at = {
            name
            for level in self.program.tiers.levels
            for requirement in (level.enter, level.retain, level.reenter)
            if requirement is not None
            for name in METRICS
            if getattr(requirement, name) is not None
        }
        metrics = self.metrics(member, self.window_start(member, as_of), as_of, as_of)
        return {
            name: Decimal(metrics[name]) / 100 if name == "spend" else metrics[name]
            for name in METRICS
            if name in looked_at
        }


def rate_key(rate: Any) -> tuple[Any, ...]:
    """Rates of equal numbers are the same rate."""
    return () if rate is None else (rate.points, rate.per, rate.whole_blocks)


def without_factors(parts: list[Part]) -> list[Part]:
    """The parts as if the program had no multipliers."""
    return [replace(part, factor=Fraction(1)) for part in parts]


def slices(low: int, high: int, cuts: list[int]) -> list[tuple[int, int]]:
    """A stretch of money, cut at every cut that lies inside it."""
    edges = [low, *sorted({cut for cut in cuts if low < cut < high}), high]
    return list(pairwise(edges))


def take_from_lines(order: Order, amount: int, category: str) -> None:
    """Take a refund's amount from the lines as listed, those of its category first; what a line keeps stays eligible in proportion."""
    first = [line for line in order.lines if category and line.category == category]
    rest = [line for line in order.lines if not (category and line.category == category)]
    for line in [*first, *rest]:
        part = min(line.amount_left, amount)
        line.amount_left -= part
        amount -= part
        if line.amount:
            line.eligible_left = line.eligible * line.amount_left // line.amount
