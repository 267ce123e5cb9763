"""Campaigns: what sets off coupons and messages."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from tests.naive.coupons import Coupons
from tests.naive.dates import ONE_DAY, day_in_year, period, plus_months
from tests.naive.records import METRICS, WEEKDAYS, Line, Member, Row, minor, within

Times = Callable[[Any, str], int]
"""How often a trigger is met; the second argument is the campaign's name in the ledger."""


MOST_AT_ONCE = 100


class Campaigns(Coupons):
    """Triggers, and what follows them: coupons are issued, messages sent."""

    def campaigns(self) -> Iterator[tuple[str, Any]]:
        """Coupons in file order, then messages; of several versions in the order in which they first stand in any."""
        yield from (("coupons." + each.name, each) for each in self.in_order("coupons", self.program.coupons))
        if self.program.messages is not None:
            automations = self.program.messages.automations
            yield from (("messages." + each.name, each) for each in self.in_order("messages", automations))

    def in_order(self, kind: str, campaigns: Any) -> list[Any]:
        return sorted(campaigns, key=lambda each: self.order_of_names[kind].index(each.name))

    def ask(self, member: Member, today: date, times: Times, order_id: str = "", tier: int | None = None) -> None:
        """Ask every campaign, in order, how often something has set it off; a message is sent once all the same."""
        for name, campaign in self.campaigns():
            number = times(campaign.trigger, name)
            for _ in range(min(number, MOST_AT_ONCE) if name.startswith("coupons.") else min(number, 1)):
                self.set_off(member, today, name, campaign, order_id, tier)

    def may_fire(self, member: Member, today: date, name: str, campaign: Any, tier: int | None = None) -> bool:
        """Dates, tiers and once. ``tier``: the tier just entered or kept, at those triggers."""
        if not within(campaign.dates, today):
            return False
        if campaign.tiers:
            levels = self.program.tiers.levels
            if levels[member.tier if tier is None else tier].name not in campaign.tiers:
                return False
        return not any(
            self.same_period(campaign.once, day, today) for day in member.fired.get((name, campaign.once), ())
        )

    def set_off(
        self, member: Member, today: date, name: str, campaign: Any, order_id: str = "", tier: int | None = None
    ) -> None:
        """A trigger is met once: issue or send, if the campaign may fire."""
        if not self.may_fire(member, today, name, campaign, tier):
            return
        if name.startswith("coupons."):
            member.fired.setdefault((name, campaign.once), []).append(today)
            self.issue(member, campaign, campaign.count, today, order_id)
        else:
            self.send(member, today, name, campaign)

    def send(self, member: Member, today: date, name: str, message: Any) -> None:
        """A message, unless the frequency cap is reached."""
        cap = self.program.messages.frequency_cap
        if message.counts_towards_cap:
            if cap is not None:
                recent = [day for day in member.sent if day > today - timedelta(days=cap.days)]
                if len(recent) >= cap.messages:
                    return
            member.sent.append(today)
        member.fired.setdefault((name, message.once), []).append(today)
        self.write(member, today, "message", name)

    # --- events ------------------------------------------------------------------------------------------------------
    def ask_event(self, member: Member, today: date, on: str, order_id: str = "", **facts: Any) -> None:
        """An event of which a trigger needs to know only its kind and some facts."""

        def times(trigger: Any, name: str) -> int:
            if trigger.on != on:
                return 0
            return int(all(getattr(trigger, key) in allowed for key, allowed in facts.items()))

        self.ask(member, today, times, order_id)

    def ask_purchase(
        self, member: Member, today: date, lines: list[Line], first: bool, order_id: str, qualified: bool
    ) -> None:
        """Purchase, first purchase, sum of spend, and a referral that this purchase has qualified."""
        whole = sum(line.eligible for line in lines)

        def times(trigger: Any, name: str) -> int:
            if trigger.on == "first_purchase":
                return int(first and whole >= minor(trigger.minimum_spend))
            if trigger.on == "purchase":
                chosen = [line for line in lines if not trigger.categories or line.category in trigger.categories]
                spend = sum(line.eligible for line in chosen)
                if not chosen or spend < minor(trigger.minimum_spend):
                    return 0
                return 1 if trigger.every is None else spend // minor(trigger.every)
            if trigger.on == "spend":
                return self.passed(member, today, trigger, name, whole)
            return int(trigger.on == "referral" and trigger.who == "referee" and qualified)

        self.ask(member, today, times, order_id)

    def passed(self, member: Member, today: date, trigger: Any, name: str, spend: int) -> int:
        """Add spend to the period's sum; how often the amount was passed by it."""
        when: Any = {"day": today, "lifetime": None}.get(trigger.per)
        key = (name, period(trigger.per, today)[0] if trigger.per in ("month", "year") else when)
        before = member.sums.get(key, 0)
        after = member.sums[key] = before + spend
        amount = minor(trigger.amount)
        if trigger.repeats:
            return after // amount - before // amount
        return int(before < amount <= after)

    def ask_tiers(self, member: Member, today: date) -> None:
        """A tier just entered."""
        tier, member.rose = member.rose, None
        if tier is not None:
            self.ask(member, today, lambda trigger, _: int(trigger.on == "tier_entry"), tier=tier)

    def ask_near_tier(self, member: Member, today: date) -> None:
        """After a purchase: most of what the next tier asks."""

        def times(trigger: Any, name: str) -> int:
            return int(trigger.on == "near_tier" and self.near_next_tier(member, today, Fraction(trigger.share)))

        self.ask(member, today, times)

    def near_next_tier(self, member: Member, today: date, share: Fraction) -> bool:
        if self.program.tiers is None or member.tier + 1 == len(self.program.tiers.levels):
            return False
        requirement = self.entry_requirement(member, member.tier + 1)
        if requirement is None:
            return False
        metrics = self.metrics(member, self.window_start(member, today), today, today)

        def met(part: Fraction) -> bool:
            found = [
                metrics[name] >= part * (minor(threshold) if name == "spend" else threshold)
                for name in METRICS
                if (threshold := getattr(requirement, name)) is not None
            ]
            return sum(found) >= (len(found) if requirement.at_least is None else requirement.at_least)

        return met(share) and not met(Fraction(1))

    # --- the start of a day ------------------------------------------------------------------------------------------
    def ask_morning(self, member: Member, today: date, segment: str | None) -> None:
        """Campaigns of the start of a day, each asked once; ``segment``: the one entered this morning."""
        rose, renewed = member.rose, member.renewed
        member.rose, member.renewed = None, False
        for name, campaign in self.campaigns():
            trigger, tier = campaign.trigger, None
            if trigger.on == "tier_entry":
                met, tier = rose is not None, rose
            elif trigger.on == "tier_renewal":
                met = renewed
            else:
                met = self.due_this_morning(member, today, trigger, segment)
            if met:
                self.set_off(member, today, name, campaign, tier=tier)

    def due_this_morning(self, member: Member, today: date, trigger: Any, segment: str | None) -> bool:
        on = trigger.on
        if on == "birthday":
            return self.birthday_is_near(member, today, trigger)
        if on == "dates":
            return self.is_among_dates(today, trigger)
        if on == "silence":
            since = member.bought[-1][0] if member.bought else member.joined
            return since + timedelta(days=trigger.days) == today
        if on == "segment":
            return segment in trigger.segments
        if on not in ("expiry", "tier_end", "plan_end", "coupon_expiry"):
            return False
        ends = today + timedelta(days=trigger.days_before)
        if on == "expiry":
            return self.points_end_on(member, ends)
        if on == "tier_end":
            return member.tier > 0 and member.tier_until == ends
        if on == "plan_end":
            return member.plan is not None and member.plan_until == ends
        return any(held.expires_on == ends for held in member.wallet)

    def birthday_is_near(self, member: Member, today: date, trigger: Any) -> bool:
        if trigger.when == "day":
            return self.is_birthday(member.birthday, today + timedelta(days=trigger.days_before))
        return member.birthday is not None and (today.month, today.day) == (member.birthday.month, 1)

    def is_among_dates(self, today: date, trigger: Any) -> bool:
        yearly = [tuple(int(part) for part in each.split("-")) for each in trigger.yearly]
        return (
            today in trigger.dates
            or any(day_in_year(today.year, month, day) == today for month, day in yearly)
            or today.day in trigger.days_of_month
            or WEEKDAYS[today.weekday()] in trigger.weekdays
        )

    def points_end_on(self, member: Member, day: date) -> bool:
        """Whether a day is the last usable day of a live lot; with inactivity also that of the balance."""
        live = [lot for lot in member.lots if lot.points and not self.nothing_lapses(member)]
        rule = self.program.expiry
        if rule.model == "inactivity" and live and plus_months(member.last_activity, rule.months) == day:
            return True
        return any(lot.expires_on == day for lot in live)

    # --- what closes a day's start and every transaction ----------------------------------------------------------------
    def close(self, member: Member, today: date) -> None:
        """Automatic redemption, then coupons for a balance."""
        self.redeem_automatically(member, today)
        for coupon in self.in_order("coupons", self.program.coupons):
            if coupon.trigger.on == "balance":
                self.exchange(member, today, coupon)

    def settle(self, member: Member, today: date) -> None:
        """The end of a transaction: automatic redemption, coupons for a balance, tier check, campaigns of a tier entered."""
        self.close(member, today)
        self.tier_check(member, today)
        self.ask_tiers(member, today)

    def exchange(self, member: Member, today: date, coupon: Any) -> None:
        """As often as the usable balance allows, the points of a coupon's balance for its coupons."""
        name, points = "coupons." + coupon.name, coupon.trigger.points
        times = member.balance // points
        if times < 1 or not self.may_fire(member, today, name, coupon):
            return
        if coupon.once != "event":
            times = 1
        member.fired.setdefault((name, coupon.once), []).append(today)
        times = min(times, MOST_AT_ONCE, self.room_for(member, coupon, today) // coupon.count)
        if times > 0:
            self.take(member, today, times * points, "redeem", name)
            self.issue(member, coupon, times * coupon.count, today)

    def issue_by_row(self, member: Member, row: Row, today: date) -> bool:
        """An issue row; whether something was issued. Reading: a bought batch is issued whole or refused; dates, tiers and
        once bind what the row itself sets off (bought, by hand), not what has another trigger."""
        coupon = self.coupon_named(row["action"])
        if coupon is None:
            return False
        name, on = "coupons." + coupon.name, coupon.trigger.on
        if on in ("manual", "points") and not self.may_fire(member, today, name, coupon):
            return False
        room = self.room_for(member, coupon, today)
        if room < (coupon.count if on == "points" else 1):
            return False
        if on == "points":
            if coupon.trigger.points > member.balance:
                return False
            self.note_activity(member, today, {"redeem"})
            self.take(member, today, coupon.trigger.points, "redeem", name, order_id=row["order_id"])
        if on in ("manual", "points"):
            member.fired.setdefault((name, coupon.once), []).append(today)
        self.issue(member, coupon, coupon.count, today, row["order_id"])
        return True

    # --- RFM ---------------------------------------------------------------------------------------------------------
    def score(self, member: Member, today: date) -> str | None:
        """On the first of a month: the segment, if it differs from the last one."""
        rule = self.program.segments
        if rule is None or today.day != 1:
            return None
        first, last = plus_months(today, -rule.window_months), today - ONE_DAY
        orders = [amount for day, amount in member.bought if first <= day <= last]
        back = [amount for day, amount in member.refunds if first <= day <= last]
        high_r = bool(member.bought) and (today - member.bought[-1][0]).days <= rule.recency_days
        high_f = len(orders) >= rule.frequency
        high_m = sum(orders) - sum(back) >= minor(rule.monetary)
        segment = high_r + 2 * high_f + 4 * high_m
        if segment == member.segment:
            return None
        member.segment = segment
        name = SEGMENTS[segment]
        self.write(member, today, "segment", "segments." + name)
        return name


SEGMENTS = (
    "general_win_back", "general_develop", "general_keep", "general_value",
    "important_win_back", "important_develop", "important_keep", "important_value",
)  # fmt: skip


def share_of(money: int, share: Any) -> int:
    """A share of an amount, rounded down to the minor unit."""
    return floor(money * Fraction(share))
