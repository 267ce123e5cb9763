"""Refunds."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from tests.naive.records import (
    Lot,
    Mark,
    Member,
    Order,
    Row,
    first_to_go,
    later,
    meets,
    minor,
    multiplied,
    remainder_unit,
    rounded,
    take_from_lines,
    without_factors,
)
from tests.naive.referrals import Referrals


class Refunds(Referrals):
    """What comes back."""

    def refund(self, member: Member, index: int, row: Row, today: date) -> None:
        if row["refund_of"]:
            self.linked_refund(member, index, row, today)
        else:
            self.unlinked_refund(member, row, today)
        self.turn_of_referrers(today)

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
        member.refunds.append((today, amount))

        before = [line.eligible_left for line in order.lines]
        take_from_lines(order, amount, row["category"])
        order.refunded += amount
        whole = order.refunded == order.amount and amount > 0
        self.value_back(member, today, order)
        base = self.by_terms_of_then(member, order, before)
        bonuses = [each for each in order.bonuses if whole and each[0].reversed_with_order]
        own = [lot for lot in [order.base_lot, *(lot for _, _, lot, _ in order.bonuses)] if lot is not None]
        taken = base + sum(points for _, points, _, _ in bonuses)
        self.reverse(member, today, multiplied(taken, order.ratios), own, order.order_id)
        self.give_back(member, today, order)
        if whole:
            self.coupons_back(member, today, order)
            self.claw_back(member, today, order)
        if order.posted >= member.plan_since:
            gone = [one - line.eligible_left for one, line in zip(before, order.lines, strict=True)]
            member.plan_spend = max(0, member.plan_spend - self.counts_in_term(member, order.lines, gone))

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
        member.refunds.append((today, amount))
        eligible = self.eligible(self.line(row))
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

    def by_terms_of_then(self, member: Member, order: Order, before: list[int]) -> int:
        """Base points to reverse by the rates, factors and rounding of the order's day, and the refund policy of today."""
        now, self.program = self.program, order.terms
        try:
            if remainder_unit(order.terms) in ("", remainder_unit(now)):
                return self.base_points_to_reverse(member, order, before, now.refunds.method)
            return self.without_remainder(order, before)
        finally:
            self.program = now

    def without_remainder(self, order: Order, before: list[int]) -> int:
        """The remainder of the order's day is gone: the points of the refunded amount alone, in full all that is left."""
        points = order.points
        if order.earning and order.refunded < order.amount:
            gone = [one - line.eligible_left for one, line in zip(before, order.lines, strict=True)]
            parts = self.parts(order.circumstances, order.lines, gone)
            points = min(points, self.points_with_remainder(parts, Fraction(0))[0])
        order.points -= points
        return points

    def base_points_to_reverse(self, member: Member, order: Order, before: list[int], method: str) -> int:
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
            taken = self.beyond_cut_off(order, self.lower_remainder(member, max(Fraction(0), was - stays), None))
            order.points = max(0, order.points - taken)
            return taken
        gone = [one - other for one, other in zip(before, after, strict=True)]
        if earn.rounding.scope == "carry":
            points = 0
            for group in self.groups(self.parts(where, order.lines, gone)):
                value = sum((self.added_to_remainder(part) for part in group), Fraction(0))
                taken = self.lower_remainder(member, value, group[0].rate)
                points += floor(taken * group[0].factor) if earn.multiplier_stage == "after_rounding" else taken
            points = self.beyond_cut_off(order, points)
            order.points = max(0, order.points - points)
            return points
        plain_left = 0
        if method == "by_value":
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
            part = multiplied(part, order.ratios)
            if part == 0:
                continue
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

    def coupons_back(self, member: Member, today: date, order: Order) -> None:
        """The order is refunded in full: coupons used on it come back, unused ones it issued are revoked."""
        for held, saving in order.coupons:
            coupon = self.coupon_named(held.name)
            if coupon is not None and coupon.after_full_refund == "returned":
                member.wallet.append(held)
                self.pools["used", held.name] -= 1
                self.note_coupon(member, today, "restore", held, -saving, order_id=order.order_id)
                self.lapse_coupon(member, today, held)
        for held in sorted(member.wallet, key=first_to_go):
            coupon = self.coupon_named(held.name)
            if held.order_id == order.order_id and coupon is not None and coupon.revoked_with_order:
                member.wallet.remove(held)
                self.note_coupon(member, today, "revoke", held, order_id=order.order_id)

    def free_room(self, member: Member, points: int, counted_on: date, plain: int | None = None) -> None:
        """Reversed points free room under the caps of the period they were counted in. Reading: never below nothing used."""
        if self.program.refunds.cap_room_back:
            for k, cap in enumerate(self.program.earn.caps):
                if cap.per == "campaign" and not cap.dates.first <= counted_on <= cap.dates.last:
                    continue
                key = (k, cap.per, self.cap_period(cap, counted_on))
                gone = plain if plain is not None and cap.stage == "before_multiplier" else points
                member.cap_used[key] = max(0, member.cap_used.get(key, 0) - gone)

    def after_refund(self, member: Member, today: date) -> None:
        """Automatic redemption of what came back (and coupons for a balance), then the tier may be judged again."""
        self.close(member, today)
        tiers = self.program.tiers
        if tiers is None or tiers.after_refund == "stays":
            return
        enter = tiers.levels[member.tier].enter
        start = self.window_start(member, today)
        metrics = self.metrics(member, start, today, today)
        if enter is not None and not member.invited and member.tier_since >= start and not meets(enter, metrics):
            self.change_tier(member, today, self.highest_lower(member, metrics))
            member.tier_until = None if member.tier == 0 else self.validity_from(member, today)
