"""Referrals: who brought whom, and what both get."""

from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from tests.naive.prices import Prices
from tests.naive.records import Member, Order, Row, minor, multiplied


class Referrals(Prices):
    """Referrals from the row to the reward."""

    def refer(self, member: Member, row: Row, today: date) -> bool:
        """A referral row; whether it was taken."""
        rule = self.program.referral
        referrer = self.members.get(row["referrer"])
        if rule is None or referrer is None or referrer is member or member.referral:
            return False
        if rule.qualifies == "first_purchase" and member.bought:
            return False
        member.referrer, member.referral = referrer.name, "waiting"
        self.write(member, today, "referral", "referral")
        if rule.qualifies == "join":
            self.qualify(member, today, row["date"], None)
            self.ask_event(member, today, "referral", who=("referee",))
        return True

    def qualify(self, member: Member, today: date, earned: date, order: Order | None) -> None:
        """The referral counts: the referee's points now; the referrer's turn comes after the transaction."""
        rule = self.program.referral
        member.referral = "qualified"
        referrer = self.members[member.referrer]
        cap = rule.cap
        used = 0 if cap is None else sum(self.same_period(cap.per, day, today) for day in referrer.brought)
        member.referrer_rewarded = cap is None or used < cap.count
        if member.referrer_rewarded:
            referrer.brought.append(today)
        self.reward_order(member, today, earned, order, qualifies=True)

    def reward_of(self, reward: Any, member: Member, today: date, spend: int | None, qualifies: bool) -> int:
        """Points of one side for an order (spend None: there is none)."""
        if reward is None:
            return 0
        if reward.points is not None:
            return reward.points if qualifies else 0
        if spend is None:
            return 0
        if not qualifies and (reward.for_days is None or today > member.joined + timedelta(days=reward.for_days)):
            return 0
        rate = reward.rate
        if rate.whole_blocks:
            return spend // minor(rate.per) * rate.points
        return floor(Fraction(spend * rate.points, minor(rate.per)))

    def reward_order(self, member: Member, today: date, earned: date, order: Order | None, qualifies: bool) -> None:
        rule = self.program.referral
        spend = None if order is None else sum(line.eligible for line in order.lines)
        points = self.reward_of(rule.referee, member, today, spend, qualifies)
        order_id = "" if order is None else order.order_id
        self.give_points(member, today, "referral.referee", points, earned, rule.expiry, order_id)
        theirs = self.reward_of(rule.referrer, member, today, spend, qualifies) if member.referrer_rewarded else 0
        if order is not None:
            order.referee_points, order.referrer_points = points, theirs
        if member.referrer_rewarded and (qualifies or theirs):
            self.later.append((self.members[member.referrer], theirs, qualifies))

    def referral_at_purchase(self, member: Member, today: date, order: Order) -> bool:
        """After an order's bonuses; whether the referral qualified by it."""
        rule = self.program.referral
        if rule is None or not member.referral:
            return False
        if member.referral == "qualified":
            self.reward_order(member, today, order.when, order, qualifies=False)
            return False
        if sum(line.eligible for line in order.lines) < minor(rule.minimum_spend):
            return False
        if rule.within_days is not None and (today - member.joined).days > rule.within_days:
            return False
        self.qualify(member, today, order.when, order)
        return True

    def turn_of_referrers(self, today: date) -> None:
        """After a transaction: what it means for who had referred the member."""
        while self.later:
            referrer, points, qualifies = self.later.pop(0)
            if points < 0:
                self.reverse(referrer, today, -points, [], "")
                continue
            self.give_points(referrer, today, "referral.referrer", points, today, self.program.referral.expiry)
            if qualifies:
                self.ask_event(referrer, today, "referral", who=("referrer",))
            self.settle(referrer, today)

    def claw_back(self, member: Member, today: date, order: Order) -> None:
        """A full refund takes back what the order gave by the referral."""
        if self.program.referral is None or not self.program.referral.clawback:
            return
        self.reverse(member, today, multiplied(order.referee_points, order.ratios), [], order.order_id)
        theirs = multiplied(order.referrer_points, order.ratios)
        if theirs:
            self.later.append((self.members[member.referrer], -theirs, False))
