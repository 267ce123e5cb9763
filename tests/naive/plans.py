"""Paid membership: terms, fees, rebates."""

from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from tests.naive.campaigns import share_of
from tests.naive.dates import ONE_DAY, plus_months
from tests.naive.earning import Earning
from tests.naive.records import Line, Member, Row, minor


class Plans(Earning):
    """Terms that begin, are paid for, renewed, cancelled and ended."""

    def note_plan(self, member: Member, today: date, kind: str, money: int = 0) -> None:
        """An entry of the term that runs."""
        self.write(
            member, today, kind, "plans." + member.plan.name, money=money, begins=member.plan_since,
            expires_on=member.plan_until,
        )  # fmt: skip

    def tier_index(self, name: str) -> int:
        return [level.name for level in self.program.tiers.levels].index(name)

    def begin_term(self, member: Member, today: date, plan: Any, first: bool) -> None:
        """The fee falls due, the plan's tier is granted, campaigns follow."""
        member.plan, member.plan_since = plan, today
        member.plan_until = plus_months(today, plan.term_months) - ONE_DAY
        member.plan_spend = 0
        if first:
            member.plan_renews = plan.auto_renews
        member.plan_fee = minor(plan.fee)
        member.owed += member.plan_fee
        self.note_plan(member, today, "fee_due", minor(plan.fee))
        if plan.tier is not None:
            self.grant(member, today, self.tier_index(plan.tier))
        self.ask_event(member, today, "plan", phase=("both", "start" if first else "renewal"))

    def end_plan(self, member: Member, today: date, dropped: int = 0) -> None:
        self.note_plan(member, today, "plan_end", -dropped)
        member.plan = None

    def turn_plan(self, member: Member, today: date) -> None:
        """The start of the day after a term: rebate, then renewal or end."""
        plan = member.plan
        if plan is None or member.plan_until != today - ONE_DAY:
            return
        if plan.rebate is not None and (member.plan_renews or plan.rebate.paid == "at_term_end"):
            rebate = share_of(member.plan_spend, plan.rebate.share)
            if plan.rebate.cap is not None:
                rebate = min(rebate, minor(plan.rebate.cap))
            if rebate > 0:
                self.note_plan(member, today, "rebate", rebate)
        if member.plan_renews:
            self.begin_term(member, today, plan, first=False)
        else:
            self.end_plan(member, today)

    def plan_named(self, member: Member, name: str) -> Any:
        """The plan a row means: the one it names; where it names none, the one held, or the program's only one."""
        if not name:
            plans = self.program.plans
            return member.plan if member.plan is not None else plans[0] if len(plans) == 1 else None
        return next((plan for plan in self.program.plans if plan.name == name), None)

    def join_plan(self, member: Member, row: Row, today: date) -> None:
        """Where membership itself needs a plan, everybody takes one on joining: the first that is required, or what their fee row names."""
        required = [plan for plan in self.program.plans if plan.required]
        if required:
            named = self.plan_named(member, row["action"]) if row["event"] == "fee" else None
            self.begin_term(member, today, named or required[0], first=True)

    def earns(self, member: Member) -> bool:
        """Whether purchases earn: who has no plan where one is required earns nothing."""
        return member.plan is not None or not any(plan.required for plan in self.program.plans)

    def fee(self, member: Member, row: Row, today: date) -> bool:
        """A fee row: settles what is due, or begins a first term and pays it."""
        plan = self.plan_named(member, row["action"])
        if plan is None:
            return False
        new = member.plan is None or member.plan.name != plan.name
        due = member.owed + (minor(plan.fee) if new else 0)
        paid = due if row["amount"] is None else minor(row["amount"])
        if paid < 1 or paid > due:
            return False
        if new:
            if member.plan is not None:
                self.end_plan(member, today)
            self.begin_term(member, today, plan, first=True)
        member.owed -= paid
        self.note_plan(member, today, "fee", paid)
        return True

    def cancel(self, member: Member, row: Row, today: date) -> bool:
        """A cancel row: no more renewals, or the end at once and something back."""
        plan = member.plan
        if plan is None or row["action"] not in ("", plan.name):
            return False
        renews, member.plan_renews = member.plan_renews, False
        days = (today - member.plan_since).days
        if plan.refund == "none" or (plan.refund_within_days is not None and days > plan.refund_within_days):
            return bool(renews)
        back = max(0, member.plan_fee - member.owed)
        if plan.refund == "pro_rata":
            term = (member.plan_until - member.plan_since).days + 1
            back = floor(Fraction(back * (member.plan_until - today).days, term))
        if back > 0:
            self.note_plan(member, today, "fee_refund", -back)
        dropped = min(member.owed, member.plan_fee)
        member.owed -= dropped
        self.end_plan(member, today, dropped)
        return True

    def add_to_term(self, member: Member, lines: list[Line]) -> None:
        member.plan_spend += self.counts_in_term(member, lines, [line.eligible for line in lines])

    def counts_in_term(self, member: Member, lines: list[Line], spend: list[int]) -> int:
        """What of some spend on lines is of the rebate's categories."""
        if member.plan is None or member.plan.rebate is None:
            return 0
        wanted = member.plan.rebate.categories
        return sum(each for line, each in zip(lines, spend, strict=True) if not wanted or line.category in wanted)
