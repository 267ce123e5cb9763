"""Stored value: top-ups, payments, what comes back, cash-outs."""

from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from tests.naive.dates import period, plus_months
from tests.naive.plans import Plans
from tests.naive.records import Gift, Member, Order, Row, first_to_go, minor, rounded


class Value(Plans):
    """Principal and bonus value, two ledgers."""

    def note_gift(
        self, member: Member, today: date, kind: str, gift: Gift, money: int, order_id: str = "",
        rule: str = "stored_value.bonus",
    ) -> None:  # fmt: skip
        """An entry of one row of bonus value; it changes by the money."""
        gift.money += money
        self.write(
            member, today, kind, rule, money=money, order_id=order_id, begins=gift.given_on,
            expires_on=gift.expires_on,
        )  # fmt: skip

    def bonus_value(self, member: Member) -> int:
        return sum(gift.money for gift in member.gifts)

    def live_gifts(self, member: Member) -> list[Gift]:
        """Rows with something in them, soonest expiring first, ties first given."""
        return sorted((gift for gift in member.gifts if gift.money), key=first_to_go)

    def lapse_value(self, member: Member, today: date) -> None:
        for gift in self.live_gifts(member):
            self.lapse_gift(member, today, gift)

    def lapse_gift(self, member: Member, today: date, gift: Gift) -> None:
        if gift.money and gift.expires_on is not None and gift.expires_on < today:
            self.note_gift(member, today, "value_expire", gift, -gift.money)

    # --- top-ups -----------------------------------------------------------------------------------------------------
    def top_up(self, member: Member, row: Row, today: date) -> bool:
        """A top-up row; whether it was taken."""
        rule = self.program.stored_value
        amount = minor(row["amount"])
        if rule is None or amount < minor(rule.minimum):
            return False
        if rule.amounts == "steps_only" and amount not in [minor(step.amount) for step in rule.steps]:
            return False
        self.note_activity(member, today, {"action"})
        member.principal += amount
        self.write(member, today, "topup", "stored_value", money=amount, order_id=row["order_id"])
        reached = [step for step in rule.steps if minor(step.amount) <= amount]
        step = reached[-1] if reached else None
        if step is not None and step.bonus > 0:
            gift = Gift(len(member.gifts), today, self.last_day_of_gift(today), 0)
            member.gifts.append(gift)
            self.note_gift(member, today, "gift", gift, minor(step.bonus), row["order_id"])
        if step is not None and step.points is not None:
            self.give_points(
                member, today, "stored_value.points", step.points, row["date"], None, row["order_id"], False
            )
        if rule.earn == "on_top_up" and self.earns(member):
            self.earn_on_top_up(member, row, amount, today)
        if step is not None and step.tier is not None:
            self.grant(member, today, self.tier_index(step.tier))
        self.ask(
            member, today, lambda trigger, _: int(trigger.on == "top_up" and amount >= minor(trigger.minimum)),
            row["order_id"],
        )  # fmt: skip
        return True

    def last_day_of_gift(self, today: date) -> date | None:
        life = self.program.stored_value.bonus_expiry
        if life is None:
            return None
        last = plus_months(today, life.months) if life.months is not None else today + timedelta(days=life.days)
        return last if life.round_up is None else period(life.round_up, last)[1]

    def earn_on_top_up(self, member: Member, row: Row, amount: int, today: date) -> None:
        """Points of the amount at the base rate of the tier held, no remainder read or written."""
        points = self.plain_points(member, amount)
        if points > 0:
            lot = self.open_lot(member, today, points, row["date"])
            self.write(member, today, "earn", "stored_value.earn", points, amount, lot, row["order_id"])
            self.repay(member, today, lot)
            self.lapse_if_past(member, today, lot, lot.points)

    def plain_points(self, member: Member, amount: int) -> int:
        earn, brackets = self.program.earn, self.program.earn.brackets
        if brackets is None:
            rate = self.rate_of(member.tier)
        else:
            rate = brackets.steps[self.step_of(max(0, member.balance) if brackets.on == "balance" else amount)].rate
        if rate is None:
            return 0
        blocks = Fraction(amount, minor(rate.per))
        if earn.rounding.mode == "none":
            return floor(blocks * rate.points)
        if rate.whole_blocks:
            return rounded(blocks, earn.rounding.mode) * rate.points
        return rounded(blocks * rate.points, earn.rounding.mode)

    # --- payments ----------------------------------------------------------------------------------------------------
    def pay(self, member: Member, row: Row, left: int, today: date) -> tuple[int, list[list[Any]]] | None:
        """Pay with stored value: (principal, rows of bonus value taken), None where it is refused."""
        rule = self.program.stored_value
        if rule is None:
            return None
        bonus = self.bonus_value(member)
        amount = min(left, member.principal + bonus) if row["amount"] is None else minor(row["amount"])
        if amount < 1 or amount > left or amount > member.principal + bonus:
            return None
        if rule.burn == "principal_first":
            principal = min(member.principal, amount)
        elif rule.burn == "bonus_first":
            principal = amount - min(bonus, amount)
        else:
            principal = amount - amount * bonus // (member.principal + bonus)
        taken: list[list[Any]] = []
        if rule.burn == "principal_first":
            self.pay_principal(member, row, principal, today)
        to_take = amount - principal
        for gift in self.live_gifts(member):
            part = min(gift.money, to_take)
            if part > 0:
                to_take -= part
                self.note_gift(member, today, "pay_bonus", gift, -part, row["order_id"])
                taken.append([gift, part, 0])
        if rule.burn != "principal_first":
            self.pay_principal(member, row, principal, today)
        return principal, taken

    def pay_principal(self, member: Member, row: Row, money: int, today: date) -> None:
        if money > 0:
            member.principal -= money
            self.write(member, today, "pay", "stored_value", money=-money, order_id=row["order_id"])

    def value_back(self, member: Member, today: date, order: Order) -> None:
        """What a refund gives back of the stored value that paid for its order; principal and bonus each on its own."""
        paid_bonus = sum(money for _, money, _ in order.gifts)
        if order.amount == 0:
            return
        due = order.principal * order.refunded // order.amount - order.principal_back
        if due > 0:
            order.principal_back += due
            member.principal += due
            self.write(member, today, "value_back", "stored_value", money=due, order_id=order.order_id)
        due = paid_bonus * order.refunded // order.amount - order.gifts_back
        order.gifts_back += due
        for use in order.gifts:
            gift, money, back = use
            part = min(money - back, due)
            if part > 0:
                use[2] += part
                due -= part
                self.note_gift(member, today, "bonus_back", gift, part, order.order_id)
                self.lapse_gift(member, today, gift)

    def cash_out(self, member: Member, row: Row, today: date) -> bool:
        """A cash-out row; whether it was paid."""
        rule = self.program.stored_value
        amount = member.principal if row["amount"] is None else minor(row["amount"])
        if rule is None or rule.refund == "refused" or amount < 1 or amount > member.principal:
            return False
        member.principal -= amount
        self.write(member, today, "cash_out", "stored_value", money=-amount, order_id=row["order_id"])
        if rule.refund == "bonus_forfeited":
            for gift in self.live_gifts(member):
                self.note_gift(member, today, "forfeit", gift, -gift.money)
        return True
