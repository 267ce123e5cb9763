"""A checkout, an action, joining."""

from datetime import date, timedelta
from typing import Any

from tests.naive.records import Circumstances, Mark, Member, Order, Row, minor, without_factors
from tests.naive.refunds import Refunds


class Checkout(Refunds):
    """The day's transactions."""

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
