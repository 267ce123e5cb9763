"""Bonuses and activity."""

from datetime import date
from typing import Any

from tests.naive.dates import ONE_DAY, plus_months
from tests.naive.records import Mark, Member, Order, later
from tests.naive.tiers import Tiers


class Bonuses(Tiers):
    """Fixed points for events."""

    def note_activity(self, member: Member, today: date, kinds: set[str]) -> None:
        """Activity on its posting day; under ``extension`` it moves every live lot on."""
        rule = self.program.expiry
        if not kinds & set(self.counted_activity()):
            return
        member.last_activity = today
        if rule.model == "extension":
            until = plus_months(today, rule.months)
            moved = [lot for lot in member.lots if lot.points and later(until, lot.expires_on)]
            for lot in moved:
                lot.expires_on = until
            if moved:
                self.write(member, today, "extend", "expiry", expires_on=until)

    def counted_activity(self) -> Any:
        """What counts as activity: by the rules in force, or, where those know none, by the next version's that do."""
        for program in (self.program, *(program for _, program, _ in self.coming)):
            if hasattr(program.expiry, "activity"):
                return program.expiry.activity
        return ()

    def give_bonus(
        self, member: Member, today: date, bonus: Any, points: int, earned: date, order: Order | None = None
    ) -> bool:
        """Give a bonus if its limits allow it on its posting day; whether points were given."""
        if bonus.dates and not any(span.first <= today <= span.last for span in bonus.dates):
            return False
        before = [
            day
            for each, day in member.given
            if each == (bonus.name, bonus.once) and self.same_period(bonus.once, day, today)
        ]
        if len(before) >= bonus.at_most and bonus.once != "event":
            return False
        if points <= 0:
            return False
        member.given.append(((bonus.name, bonus.once), today))
        pending = self.program.earn.pending
        waits = pending is not None and pending.bonuses
        lot = self.open_lot(member, today, points, earned, bonus.expiry, waits)
        lot.bonus = bonus.name
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

    def on_streak(self, member: Member, today: date, bonus: Any) -> bool:
        """Note an action of today; whether it is the first of a day on which the run is a multiple of the bonus's length."""
        if bonus.streak == 1:
            return True
        last, run = member.streaks.get(bonus.name, (None, 0))
        if last == today:
            return False
        run = run + 1 if last == today - ONE_DAY else 1
        member.streaks[bonus.name] = (today, run)
        return run % bonus.streak == 0

    def give_points(
        self, member: Member, today: date, rule: str, points: int, earned: date, expiry: Any = None, order_id: str = "",
        wait: bool = True,
    ) -> None:  # fmt: skip
        """Points that are no bonus of the list: they do not qualify; with ``wait`` they are pending where bonuses are."""
        if points <= 0:
            return
        pending = self.program.earn.pending
        lot = self.open_lot(member, today, points, earned, expiry, wait and pending is not None and pending.bonuses)
        self.write(member, today, "bonus", rule, points, 0, lot, order_id)
        if lot.usable:
            self.repay(member, today, lot)
        self.lapse_if_past(member, today, lot, lot.points)

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
