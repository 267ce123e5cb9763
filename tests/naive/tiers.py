"""Tiers: windows, metrics, upgrades, reviews, invitations."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.naive.dates import ONE_DAY, period, plus_months
from tests.naive.lots import Lots
from tests.naive.records import METRICS, Mark, Member, later, meets, minor


class Tiers(Lots):
    """Who climbs and falls."""

    def tier_period(self, member: Member, when: date) -> tuple[date, date]:
        """First and last day of the window's period that holds a day."""
        kind = self.program.tiers.window.kind
        if kind != "anniversary":
            return period(kind, when)
        years = 0
        while plus_months(member.joined, 12 * (years + 1)) <= when:
            years += 1
        return plus_months(member.joined, 12 * years), plus_months(member.joined, 12 * (years + 1)) - ONE_DAY

    def window_start(self, member: Member, when: date) -> date:
        """First day of the window that holds a day."""
        window = self.program.tiers.window
        if window.kind in ("lifetime", "since_tier_change"):
            return date.min
        if window.kind == "rolling":
            return plus_months(when, -window.months) + ONE_DAY
        return self.tier_period(member, when)[0]

    def metrics(self, member: Member, first: date, last: date, today: date) -> dict[str, int]:
        """The metrics dated between two days that count by today; spend in minor units.

        Reading: what became active this morning counts, also where metrics are taken through yesterday."""
        counted = [
            mark for mark in member.marks
            if mark.era == member.era and first <= mark.day <= last and mark.counts_from <= today
        ]  # fmt: skip
        return {
            "spend": sum(mark.spend for mark in counted),
            "points": sum(mark.points for mark in counted),
            "orders": sum(mark.orders for mark in counted),
            "visits": len({mark.day for mark in counted if mark.visit}) + sum(mark.kept_visits for mark in counted),
            "nights": sum(mark.nights for mark in counted),
        }

    def entry_requirement(self, member: Member, tier: int) -> Any:
        """``enter``, or ``reenter`` for a member who held the tier (or a higher one) and fell below it. Reading: fell before now."""
        level = self.program.tiers.levels[tier]
        return level.reenter if level.reenter is not None and level.name in member.fallen_below else level.enter

    def reached(self, member: Member, metrics: dict[str, int]) -> int | None:
        """The tier an upgrade leads to. Reading: without skipping, only the next tier is looked at."""
        tiers = self.program.tiers
        highest = len(tiers.levels) - 1 if tiers.skip_levels else min(member.tier + 1, len(tiers.levels) - 1)
        for tier in range(highest, member.tier, -1):
            requirement = self.entry_requirement(member, tier)
            if requirement is not None and meets(requirement, metrics):
                return tier
        return None

    def highest_lower(self, member: Member, metrics: dict[str, int]) -> int:
        """The highest tier below the present one whose requirement is met."""
        for tier in range(member.tier - 1, 0, -1):
            requirement = self.entry_requirement(member, tier)
            if requirement is not None and meets(requirement, metrics):
                return tier
        return 0

    def validity_from(self, member: Member, day: date) -> date | None:
        """Last day of a tier reached on a day."""
        validity = self.program.tiers.validity
        if validity.until == "lifetime":
            return None
        if validity.until == "months":
            return plus_months(day, validity.months)
        end = self.tier_period(member, day)[1]
        return end if validity.until == "period_end" else self.tier_period(member, end + ONE_DAY)[1]

    def renewal(self, member: Member, today: date) -> date | None:
        """Last day of a tier renewed today, or reached by falling: counted from yesterday, but ``period_end`` from today."""
        if member.tier == 0:
            return None
        day = today if self.program.tiers.validity.until == "period_end" else today - ONE_DAY
        return self.validity_from(member, day)

    def change_tier(self, member: Member, today: date, tier: int) -> None:
        """Hold another tier from today; its last day is set by the caller."""
        member.fallen_below |= {level.name for level in self.program.tiers.levels[tier + 1 : member.tier + 1]}
        if tier > member.tier:
            member.rose = tier
        member.tier, member.tier_since, member.in_grace, member.invited = tier, today, False, False
        if self.program.tiers.window.kind == "since_tier_change":
            member.era += 1
        self.write(member, today, "tier", f"tiers.{self.tier_name(member)}")

    def upgrade(self, member: Member, today: date, tier: int, metrics: dict[str, int]) -> None:
        requirement = self.entry_requirement(member, tier)
        self.change_tier(member, today, tier)
        member.tier_until = self.validity_from(member, today)
        self.reset_counter(member, today, requirement, metrics)

    def reset_counter(self, member: Member, today: date, requirement: Any, metrics: dict[str, int]) -> None:
        """What an upgrade by metrics or a re-hit does to them. Reading: a surplus is dated the day of the upgrade, and marks
        that do not count yet are wiped too."""
        counter = self.program.tiers.counter
        if counter == "kept":
            return
        member.era += 1
        if counter == "reset_surplus_kept":
            kept = {}
            for name in METRICS:
                threshold = getattr(requirement, name)
                wanted = 0 if threshold is None else minor(threshold) if name == "spend" else threshold
                kept[name] = 0 if threshold is None else max(0, metrics[name] - wanted)
            mark = Mark(today, today, today, member.era, kept["spend"], kept["points"], kept["orders"], kept["nights"])
            mark.kept_visits = kept["visits"]
            member.marks.append(mark)

    def tier_check(self, member: Member, today: date) -> None:
        """After every purchase, redemption, action or bonus: an immediate upgrade, or a re-hit of the present tier.

        Reading: with deferred upgrades the re-hit is looked at here all the same, the upgrade waits."""
        tiers = self.program.tiers
        if tiers is None:
            return
        member.last_event = today
        metrics = self.metrics(member, self.window_start(member, today), today, today)
        tier = self.reached(member, metrics)
        if tier is not None:
            if tiers.upgrade == "immediate":
                self.upgrade(member, today, tier, metrics)
        elif tiers.validity.rehit_rebases:
            enter = tiers.levels[member.tier].enter
            until = self.validity_from(member, today)
            if enter is not None and meets(enter, metrics) and later(until, member.tier_until):
                member.tier_until, member.in_grace = until, False
                self.reset_counter(member, today, enter, metrics)

    def review(self, member: Member, today: date) -> None:
        """On the day after the tier's last day."""
        tiers = self.program.tiers
        yesterday = today - ONE_DAY
        if member.tier_until != yesterday:
            return
        start = self.window_start(member, today if tiers.validity.until == "period_end" else yesterday)
        metrics = self.metrics(member, start, yesterday, today)
        level = tiers.levels[member.tier]
        requirement = level.retain or level.enter
        if requirement is not None and meets(requirement, metrics):
            member.tier_until, member.in_grace, member.renewed = self.renewal(member, today), False, True
        elif tiers.grace_months and not member.in_grace:
            member.tier_until, member.in_grace = plus_months(yesterday, tiers.grace_months), True
        elif tiers.downgrade == "none":
            member.tier_until, member.in_grace, member.renewed = self.renewal(member, today), False, True
        else:
            lower = member.tier - 1 if tiers.downgrade == "one_level" else self.highest_lower(member, metrics)
            self.change_tier(member, today, lower)
            member.tier_until = self.renewal(member, today)

    def due_upgrades(self, member: Member, today: date) -> None:
        """Upgrades at the start of a day. Reading: no re-hit here; a next-day upgrade is due the day after a purchase,
        action, bonus or activation, on the window that held yesterday."""
        tiers = self.program.tiers
        yesterday = today - ONE_DAY
        # Marks that a reset wiped do not become active any more.
        waiting = [mark for mark in member.marks if mark.counts_from == today and mark.posted < today]
        activated = any(mark.era == member.era and not mark.blank for mark in waiting)
        if tiers.upgrade == "immediate":
            due, start, last = activated, self.window_start(member, today), today
        else:
            start, last = self.window_start(member, yesterday), yesterday
            if tiers.upgrade == "next_day":
                due = member.last_event == yesterday
            else:
                due = self.tier_period(member, today)[0] == today
        if due:
            metrics = self.metrics(member, start, last, today)
            tier = self.reached(member, metrics)
            if tier is not None:
                self.upgrade(member, today, tier, metrics)
        if activated:
            member.last_event = today

    def invite(self, member: Member, today: date, action: str) -> bool:
        """Put the member in the tier the action invites to; whether there is such a tier."""
        levels = [] if self.program.tiers is None else self.program.tiers.levels
        invited = [k for k, level in enumerate(levels) if level.invitation == action]
        if not invited:
            return False
        self.grant(member, today, max(invited))
        return True

    def grant(self, member: Member, today: date, tier: int) -> None:
        """Put the member in a tier: a lower one than the present does nothing, the present one may only be lengthened."""
        if tier > member.tier:
            self.change_tier(member, today, tier)
            member.tier_until, member.invited = self.validity_from(member, today), True
        elif tier == member.tier:
            until = self.validity_from(member, today)
            if later(until, member.tier_until):
                member.tier_until, member.in_grace = until, False

    def qualifying(self, member: Member, as_of: date) -> dict[str, Any]:
        """The metrics that some requirement of the program looks at, through the end of the day."""
        if self.program.tiers is None:
            return {}
        looked_at = {
            name
            for level in self.program.tiers.levels
            for requirement in (level.enter, level.retain, level.reenter)
            if requirement is not None
            for name in METRICS
            if getattr(requirement, name) is not None
        }
        metrics = self.metrics(member, self.window_start(member, as_of), as_of, as_of)
        return {
            name: Decimal(metrics[name]) / 100 if name == "spend" else metrics[name]
            for name in METRICS
            if name in looked_at
        }
