"""A checkout, an action, joining."""

from datetime import date, timedelta
from typing import Any

from tests.naive.prices import Till
from tests.naive.records import Circumstances, Line, Mark, Member, Order, Row, minor, without_factors
from tests.naive.refunds import Refunds


class Checkout(Refunds):
    """The day's transactions."""

    def join(self, row: Row, today: date) -> None:
        """A new member, by a join row (with a birthday) or by whatever came first. Reading: automatic redemption and a tier
        check follow the joining bonuses; the joining day is the posting day."""
        explicit = row["event"] == "join"
        member = Member(row["member_id"], today, row["birthday"] if explicit else None, today, tier_since=today)
        self.members[member.name] = member
        self.join_plan(member, row, today)
        for bonus in self.program.earn.bonuses:
            if bonus.event == "join":
                self.give_bonus(
                    member, today, bonus, bonus.points, row["date"] if explicit or row["event"] == "referral" else today
                )
        self.ask_event(member, today, "join")
        self.settle(member, today)

    def action(self, member: Member, row: Row, today: date) -> None:
        """Activity, then invitation, then bonuses, then automatic redemption and tier check."""
        self.note_activity(member, today, {"action"})
        name = row["action"]
        self.invite(member, today, name)
        if name in ("visit", "night"):
            nights = (1 if row["points"] is None else row["points"]) if name == "night" else 0
            member.marks.append(Mark(today, today, today, member.era, nights=nights, visit=name == "visit"))
        for bonus in self.program.earn.bonuses:
            if bonus.event == "action" and bonus.action == name and self.on_streak(member, today, bonus):
                self.give_bonus(
                    member, today, bonus, row["points"] or 0 if bonus.points is None else bonus.points, row["date"]
                )
        self.ask_event(member, today, "action", action=(name,))
        if name in self.known_actions:
            self.settle(member, today)

    def checkout(self, member: Member, rows: list[tuple[int, Row]], today: date) -> None:
        """Activity; member prices and coupons; redemptions and payments; purchase, base points, bonuses; the rest.

        A lone row that is refused changes nothing."""
        lines = [row for _, row in rows if row["event"] == "purchase"]
        till = Till([self.line(row) for row in lines], rows[0][1]["date"])
        if lines:
            self.note_activity(member, today, {"purchase"})
            self.apply_prices(member, rows, till, today)
        first, second = ("pay", "redeem") if self.program.checkout.pay_first == "stored_value" else ("redeem", "pay")
        taken: list[list[Any]] = []
        for event in (first, second):
            for index, row in rows:
                if row["event"] == event and not self.settle_row(member, row, till, taken, today):
                    self.refused.append(index)
        if lines:
            self.purchase(member, lines, till, taken, today)
        elif all(index not in self.refused for index, _ in rows):
            self.settle(member, today)

    def apply_prices(self, member: Member, rows: list[tuple[int, Row]], till: Till, today: date) -> None:
        """Member prices and coupons, in the program's order; their entries always in the same."""
        order_id = rows[0][1]["order_id"]
        coupons_first = self.program.checkout.coupons == "before_member_price"
        if not coupons_first:
            self.price_lines(member, till)
        for index, row in rows:
            if row["event"] == "use" and not self.use(member, row, till, today):
                self.refused.append(index)
        if coupons_first and not till.waived:
            self.price_lines(member, till)
        self.note_prices(member, till, today, order_id)
        for held, _, saving in till.used:
            self.note_coupon(member, today, "use", held, saving, order_id)

    def settle_row(self, member: Member, row: Row, till: Till, taken: list[list[Any]], today: date) -> bool:
        """A redemption or a payment at a checkout; whether it was allowed."""
        if row["event"] == "pay":
            done = (
                None if till.forbids("stored_value") else self.pay(member, row, till.left if till.lines else 0, today)
            )
            if done is not None:
                till.principal += done[0]
                till.gifts += done[1]
            return done is not None
        if till.forbids("points"):
            return False
        basket, left = (sum(line.amount for line in till.lines), till.left) if till.lines else (None, None)
        redeemed = self.redeem(member, row, today, basket, till.money_off, left)
        if redeemed is None:
            return False
        taken += redeemed[1]
        if not row["action"]:  # a reward pays for no part of the order
            till.money_off += redeemed[0]
        return True

    def take_off(self, lines: list[Line], money: int) -> None:
        """What earns nothing, off the lines in order, each down to 0."""
        for line in lines:
            part = min(line.eligible, money)
            line.eligible -= part
            money -= part

    def purchase(self, member: Member, rows: list[Row], till: Till, uses: list[list[Any]], today: date) -> None:
        earn, tiers = self.program.earn, self.program.tiers
        order_id, when, lines = rows[0]["order_id"], rows[0]["date"], till.lines
        amount = sum(line.amount for line in lines)
        self.write(member, today, "purchase", "transaction", money=amount, order_id=order_id)

        for line in lines:
            line.eligible = self.eligible(line)
        if earn.eligible.paid_with_points == "excluded":
            self.take_off(lines, till.money_off)
        if self.program.stored_value is not None and self.program.stored_value.earn != "on_spend":
            self.take_off(lines, till.paid)
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

        earning = sum(eligible) >= minor(earn.minimum_order) and self.earns(member)
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
                key = (k, cap.per, self.cap_period(cap, today))
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
            terms=self.program,
            coupons=[(held, saving) for held, _, saving in till.used],
            principal=till.principal,
            gifts=till.gifts,
        )
        first = not member.bought
        member.bought.append((today, amount))
        self.add_to_term(member, lines)
        for bonus in earn.bonuses if self.earns(member) else ():
            if bonus.event == "purchase" or (bonus.event == "first_purchase" and first):
                chosen = [line for line in lines if not bonus.categories or line.category in bonus.categories]
                if chosen and sum(line.eligible for line in chosen) >= minor(bonus.minimum_spend):
                    self.give_bonus(member, today, bonus, bonus.points, when, order)
        if order_id:
            member.orders[order_id] = order
        qualified = self.referral_at_purchase(member, today, order)
        self.ask_purchase(member, today, lines, first, order_id, qualified)
        self.settle(member, today)
        self.ask_near_tier(member, today)

    def other(self, member: Member, row: Row, today: date) -> bool:
        """The rows of coupons, stored value, plans and referrals; whether it was allowed."""
        event = row["event"]
        if event == "use":
            return self.use_alone(member, row, today)
        if event == "claim":
            return self.claim(member, row, today)
        if event == "issue":
            return self.issue_by_row(member, row, today)
        if event == "topup":
            return self.top_up(member, row, today)
        if event == "cash_out":
            return self.cash_out(member, row, today)
        if event == "fee":
            return self.fee(member, row, today)
        if event == "cancel":
            return self.cancel(member, row, today)
        assert event == "referral", event
        return self.refer(member, row, today)
