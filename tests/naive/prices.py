"""Member prices, coupons at a checkout, and what is left to pay."""

from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from tests.naive.records import WEEKDAYS, Held, Line, Member, Row, first_to_go, minor, within
from tests.naive.value import Value


class Till:
    """A checkout while it is at hand."""

    def __init__(self, lines: list[Line], when: date) -> None:
        self.lines, self.when = lines, when
        self.used: list[tuple[Held, Any, int]] = []
        """(coupon held, what the program says of it, saving) in the order of use."""
        self.waived = False
        """Whether a coupon on it waives the member price."""
        self.money_off = 0
        self.principal = 0
        self.gifts: list[list[Any]] = []

    @property
    def paid(self) -> int:
        """Paid with stored value."""
        return self.principal + sum(money for _, money, _ in self.gifts)

    @property
    def left(self) -> int:
        """Still to pay."""
        return max(0, sum(line.amount - line.discount - line.off for line in self.lines) - self.money_off - self.paid)

    def forbids(self, what: str) -> bool:
        """Whether a coupon on it does not combine with something."""
        return any(what not in coupon.combines_with for _, coupon, _ in self.used)


class Prices(Value):
    """What an order costs: member price, coupons, points, stored value."""

    # --- member prices -----------------------------------------------------------------------------------------------
    def price_lines(self, member: Member, till: Till) -> None:
        """Each line's largest share off that applies; of equal ones the first in the file."""
        for line in till.lines:
            fitting = [k for k, rule in enumerate(self.program.prices) if self.price_applies(member, till, line, rule)]
            if not fitting:
                continue
            line.price = min(fitting, key=lambda k: (-self.program.prices[k].off, k))
            rule = self.program.prices[line.price]
            base, step = self.base(line), minor(rule.round_to)
            line.price_off = floor(Fraction(base) * Fraction(rule.off) / step) * step
            if rule.free_delivery:
                line.price_delivery = line.delivery - line.coupon_delivery

    def price_applies(self, member: Member, till: Till, line: Line, rule: Any) -> bool:
        when = till.when
        if rule.tiers and self.tier_name(member) not in rule.tiers:
            return False
        if rule.plans and (member.plan is None or member.plan.name not in rule.plans):
            return False
        if rule.weekdays and WEEKDAYS[when.weekday()] not in rule.weekdays:
            return False
        if rule.days_of_month and when.day not in rule.days_of_month:
            return False
        if rule.birthday == "day" and not self.is_birthday(member.birthday, when):
            return False
        if rule.birthday == "month" and (member.birthday is None or member.birthday.month != when.month):
            return False
        if rule.categories and line.category not in rule.categories:
            return False
        if rule.channels and line.channel not in rule.channels:
            return False
        return within(rule.dates, when) and sum(each.amount for each in till.lines) >= minor(rule.minimum_basket)

    def base(self, line: Line) -> int:
        """What the goods of a line still cost: amount less discount, delivery, and what has been taken off so far."""
        return max(0, line.amount - line.discount - line.delivery - line.price_off - line.coupon_off)

    def waive(self, till: Till) -> None:
        """A coupon that does not combine with the member price: the order has none."""
        till.waived = True
        for line in till.lines:
            line.price, line.price_off, line.price_delivery = -1, 0, 0

    def note_prices(self, member: Member, till: Till, today: date, order_id: str) -> None:
        for k, rule in enumerate(self.program.prices):
            money = sum(line.price_off + line.price_delivery for line in till.lines if line.price == k)
            if money > 0:
                self.write(member, today, "discount", "prices." + rule.name, money=money, order_id=order_id)

    # --- coupons -----------------------------------------------------------------------------------------------------
    def usable_coupon(self, member: Member, coupon: Any, today: date) -> Held | None:
        """The soonest expiring coupon of a name that can be used today, an unclaimed one included."""

        def usable(held: Held) -> bool:
            first, last = held.usable_on, held.expires_on
            if first is None:
                first, last = self.claim_days(coupon, today)
            return first <= today and (last is None or last >= today)

        found = [held for held in member.wallet if held.name == coupon.name and usable(held)]
        return min(found, key=first_to_go, default=None)

    def use(self, member: Member, row: Row, till: Till, today: date) -> bool:
        """A use row at a checkout; whether the coupon was taken."""
        coupon = self.coupon_named(row["action"])
        held = None if coupon is None else self.usable_coupon(member, coupon, today)
        if held is None or self.used_up(coupon):
            return False
        if till.used and (till.forbids("coupons") or "coupons" not in coupon.combines_with):
            return False
        if (
            "member_price" not in coupon.combines_with
            and till.used
            and any(line.price_off or line.price_delivery for line in till.lines)
        ):
            return False  # another coupon has looked at the member price
        before = [(line.price, line.price_off, line.price_delivery) for line in till.lines]
        waived = till.waived
        if "member_price" not in coupon.combines_with:
            self.waive(till)
        saving = self.saving(coupon, till)
        if saving is None:
            till.waived = waived
            for line, kept in zip(till.lines, before, strict=True):
                line.price, line.price_off, line.price_delivery = kept
            return False
        self.take_coupon(member, coupon, held, today)
        till.used.append((held, coupon, saving))
        return True

    def used_up(self, coupon: Any) -> bool:
        return coupon.total_uses is not None and self.pools["used", coupon.name] >= coupon.total_uses

    def take_coupon(self, member: Member, coupon: Any, held: Held, today: date) -> None:
        """Out of the wallet; an unclaimed one is claimed by its use."""
        if held.usable_on is None:
            held.usable_on, held.expires_on = self.claim_days(coupon, today)
        member.wallet.remove(held)
        self.pools["used", coupon.name] += 1

    def saving(self, coupon: Any, till: Till) -> int | None:
        """What a coupon takes off, taken off the lines; None where it cannot be used on the order."""
        lines = [
            line for line in till.lines
            if (not coupon.categories or line.category in coupon.categories)
            and (not coupon.channels or line.channel in coupon.channels)
        ]  # fmt: skip
        bases = [self.base(line) for line in lines]
        if sum(bases) < minor(coupon.minimum_basket):
            return None
        gives = coupon.gives
        if gives.kind == "free_item":
            return minor(gives.value)
        if gives.kind == "free_delivery":
            saved = sum(line.delivery - line.price_delivery - line.coupon_delivery for line in lines)
            for line in lines:
                line.coupon_delivery = line.delivery - line.price_delivery
            return saved or None
        saving = self.goods_saving(gives, bases)
        left = saving
        for line, base in zip(lines, bases, strict=True):
            part = min(base, left)
            line.coupon_off += part
            left -= part
        return saving or None

    def goods_saving(self, gives: Any, bases: list[int]) -> int:
        if gives.kind == "amount_off":
            return min(minor(gives.amount), sum(bases))
        if gives.kind == "percent_off":
            step = minor(gives.round_to)
            saving = floor(sum(bases) * Fraction(gives.off) / step) * step
            return saving if gives.cap is None else min(saving, minor(gives.cap))
        if gives.item_price is None:
            items = sorted((base for base in bases if base > 0), reverse=True)
        else:
            items = [minor(gives.item_price)] * (sum(bases) // minor(gives.item_price))
        if len(items) < 2:
            return 0
        return items[1] if gives.kind == "two_for_one" else items[1] // 2

    def use_alone(self, member: Member, row: Row, today: date) -> bool:
        """A use row without a purchase: gifts with no minimum basket only."""
        coupon = self.coupon_named(row["action"])
        if coupon is None or coupon.gives.kind != "free_item" or coupon.minimum_basket or self.used_up(coupon):
            return False
        held = self.usable_coupon(member, coupon, today)
        if held is None:
            return False
        self.take_coupon(member, coupon, held, today)
        self.note_coupon(member, today, "use", held, minor(coupon.gives.value), row["order_id"])
        return True
