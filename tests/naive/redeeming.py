"""Redemption."""

from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from tests.naive.bonuses import Bonuses
from tests.naive.records import Member, Row, minor


class Redeeming(Bonuses):
    """What points buy."""

    def redeem(
        self, member: Member, row: Row, today: date, basket: int | None, paid: int, left: int | None
    ) -> tuple[int, list[list[Any]]] | None:
        """One redeem row: (money, what was taken), or None where it is refused. ``basket`` is the order's amount at a
        checkout, ``paid`` the money off of the checkout so far, ``left`` what is still to pay."""
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
            if item.stock is not None and self.pools["stock", item.name] + number > item.stock:
                return None
            self.pools["stock", item.name] += number
            member.items[item.name, today] = done + number
            money = number * minor(item.face_value)
            rule = "redemption.catalogue." + item.name
        else:
            points = row["points"] or 0
            if points < 1 or points > member.balance:
                return None
            worth = self.money_off(member, points, basket, paid, left)
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

    def money_off(self, member: Member, points: int, basket: int | None, paid: int, left: int | None) -> int | None:
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
        if left is not None and money > left and self.pays_differently():
            return None
        return money

    def redeem_automatically(self, member: Member, today: date) -> None:
        """As many times as the usable balance reaches the threshold, all in one redemption."""
        rule = None if self.program.redemption is None else self.program.redemption.automatic
        if rule is not None and member.balance >= rule.at:
            times = member.balance // rule.at
            self.take(member, today, times * rule.at, "redeem", "redemption.automatic", times * minor(rule.worth))

    def pays_differently(self) -> bool:
        """Whether the program has prices, coupons or stored value."""
        return bool(self.program.prices or self.program.coupons or self.program.stored_value)
