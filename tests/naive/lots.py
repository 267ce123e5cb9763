"""Lots: opened, lapsing, taken from."""

from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from tests.naive.dates import ONE_DAY, period, plus_months, yearly_on_or_after
from tests.naive.desk import Desk
from tests.naive.records import Lot, Member, minor, oldest, soonest


class Lots(Desk):
    """Points in lots."""

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
        activation = active_on or earned
        clock = active_on if active_on is not None and pending.expiry_clock == "activation" else earned
        expires_on = self.last_usable_day(member, own or self.program.expiry, clock)
        if active_on is not None and active_on <= today:
            active_on = None  # Reading: a late posting whose waiting is over is usable at once, without an `activate`.
        lot = Lot(len(member.lots), earned, expires_on, points, active_on, activation)
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

    def lapse_if_past(self, member: Member, today: date, lot: Lot, points: int) -> None:
        """Points whose last usable day is past when they are posted lapse at once."""
        past = lot.expires_on is not None and lot.expires_on < today
        if points > 0 and past and not self.nothing_lapses(member):
            lot.points -= points
            self.write(member, today, "expire", "expiry", -points, lot=lot)

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
