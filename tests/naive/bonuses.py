"""Bonuses and activity."""

from datetime import date
from typing import Any

from tests.naive.dates import plus_months
from tests.naive.records import Mark, Member, Order, later
from tests.naive.tiers import Tiers


class Bonuses(Tiers):
    """Fixed points for events."""

    def note_activity(self, member: Member, today: date, kinds: set[str]) -> None:
        """Activity on its posting day; under ``extension`` it moves every live lot on."""
        rule = self.program.expiry
        if not kinds & set(getattr(rule, "activity", ())):
            return
        member.last_activity = today
        if rule.model == "extension":
            until = plus_months(today, rule.months)
            moved = [lot for lot in member.lots if lot.points and later(until, lot.expires_on)]
            for lot in moved:
                lot.expires_on = until
            if moved:
                self.write(member, today, "extend", "expiry", expires_on=until)

    def give_bonus(
        self, member: Member, today: date, bonus: Any, points: int, earned: date, order: Order | None = None
    ) -> bool:
        """Give a bonus if its limits allow it on its posting day; whether points were given."""
        if bonus.dates and not any(span.first <= today <= span.last for span in bonus.dates):
            return False
        if any(name == bonus.name and self.same_period(bonus.once, day, today) for name, day in member.given):
            return False
        if points <= 0:
            return False
        member.given.append((bonus.name, today))
        pending = self.program.earn.pending
        waits = pending is not None and pending.bonuses
        lot = self.open_lot(member, today, points, earned, bonus.expiry, waits)
        active_on = lot.active_on
        self.write(
            member, today, "bonus", "earn.bonuses." + bonus.name, points, 0, lot, order.order_id if order else ""
        )
        if lot.usable:
            self.repay(member, today, lot)
        self.lapse_if_past(member, today, lot, lot.points)
        mark = None
        if bonus.qualifies:
            counts_from = active_on if active_on is not None and pending.points_count == "when_active" else today
            # A metric that waits is dated by the day it becomes active.
            mark = Mark(today if counts_from == today else counts_from, today, counts_from, member.era, points=points)
            member.marks.append(mark)
        if order is not None:
            order.bonuses.append((bonus, points, lot, mark))
        return True

    def birthday_bonuses(self, member: Member, today: date) -> bool:
        """Whether a birthday bonus was given today."""
        if not self.is_birthday(member.birthday, today):
            return False
        given = [
            self.give_bonus(member, today, bonus, bonus.points, today)
            for bonus in self.program.earn.bonuses
            if bonus.event == "birthday"
        ]
        return any(given)
