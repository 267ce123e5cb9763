"""The rulebook told once more, day by day, with lists and dicts: the oracle of the property tests.

Written from ``docs/semantics.md`` and the field descriptions alone. It shares no rule code with ``workbench``: a program
object is read as data, everything else is done here, as literally as the page says it. Where the page leaves something
open, the function that decides says "Reading:" in its docstring or beside the line.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.naive.campaigns import SEGMENTS
from tests.naive.dates import ONE_DAY
from tests.naive.records import Member, Outcome, Row, posting_day
from tests.naive.versions import Versions
from workbench.program.spec import Program

AT_A_CHECKOUT = ("purchase", "redeem", "use", "pay")


def naive_replay(program: Program, rows: list[Row], as_of: date) -> Outcome:
    """Replay a sorted log to the end of a day. Raises ValueError where a linked refund is bad input."""
    return Replay(program).run(rows, as_of)


class Replay(Versions):
    """One replay of one log."""

    def run(self, rows: list[Row], as_of: date) -> Outcome:
        """Every calendar day: the start of the day of every member, then the day's transactions."""
        waiting = self.checkouts([(k, row) for k, row in enumerate(rows) if posting_day(row) <= as_of])
        today = posting_day(waiting[0][0][1]) if waiting else as_of
        self.begin(today)
        while today <= as_of:
            change = self.turn_version(today)
            for member in self.members.values():
                if change is not None:
                    self.cross(member, today, *change)
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
                and row["event"] in AT_A_CHECKOUT
                and before["event"] in AT_A_CHECKOUT
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

    def start_of_day(self, member: Member, today: date) -> None:
        self.lapse(member, today)
        if (today.month, today.day) == (1, 1) and self.program.earn.rounding.carry_resets == "year_end":
            member.carry = Fraction(0)
        self.lapse_coupons(member, today)
        self.lapse_value(member, today)
        self.activate(member, today)
        self.turn_plan(member, today)
        if self.program.tiers is not None:
            self.review(member, today)
            self.due_upgrades(member, today)
        self.decay(member, today)
        self.convert(member, today)
        segment = self.score(member, today)
        if self.birthday_bonuses(member, today):
            self.close(member, today)
            self.tier_check(member, today)
        self.ask_morning(member, today, segment)
        self.close(member, today)

    def transaction(self, rows: list[tuple[int, Row]], today: date) -> None:
        index, row = rows[0]
        name = row["member_id"]
        if name not in self.members:
            self.join(row, today)
        member = self.members[name]
        if row["event"] in ("purchase", "redeem", "pay") or len(rows) > 1:
            before = len(self.refused)
            self.checkout(member, rows, today)
            self.refused[before:] = sorted(self.refused[before:])
        elif row["event"] == "refund":
            self.refund(member, index, row, today)
        elif row["event"] == "action":
            self.action(member, row, today)
        elif row["event"] != "join":
            if not self.other(member, row, today):
                self.refused.append(index)
            else:
                self.settle(member, today)
        self.turn_of_referrers(today)

    def describe(self, member: Member, as_of: date) -> dict[str, Any]:
        """The member as the replay's document shows it."""
        lots: dict[tuple[date, date | None], int] = {}
        for lot in member.lots:
            if lot.points:
                key = (lot.earned_on, lot.expires_on)
                lots[key] = lots.get(key, 0) + lot.points
        carries = self.program.earn.rounding.scope == "carry"
        return {
            **self.describe_offers(member),
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

    def describe_offers(self, member: Member) -> dict[str, Any]:
        """What the document shows of parts that not every program has."""
        shown: dict[str, Any] = {}
        if self.program.coupons:
            held = sorted(member.wallet, key=lambda each: (each.expires_on or date.max, each.serial))
            shown["coupons"] = [
                {
                    "name": each.name,
                    "issued_on": each.issued_on,
                    "usable_on": each.usable_on,
                    "expires_on": each.expires_on,
                }
                for each in held
            ]
        if self.program.stored_value is not None:
            principal, bonus = Decimal(member.principal) / 100, Decimal(self.bonus_value(member)) / 100
            shown["stored_value"] = {"principal": principal, "bonus": bonus}
        if self.program.plans:
            plan = member.plan
            shown["plan"] = {
                "name": None if plan is None else plan.name,
                "until": None if plan is None else member.plan_until,
                "owed": Decimal(member.owed) / 100,
            }
        if self.program.segments is not None:
            shown["segment"] = None if member.segment is None else SEGMENTS[member.segment]
        return shown
