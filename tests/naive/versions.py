"""Versions of a program: which rules are in force on a day, and what a change does to what members hold."""

from copy import deepcopy
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.naive.checkout import Checkout
from tests.naive.dates import ONE_DAY, plus_months
from tests.naive.records import Gift, Lot, Member, first_to_go, meets, remainder_unit, soonest
from workbench.program.spec import Program


def merged(old: Any, changes: dict[str, Any]) -> Any:
    """A document with its changes: mappings key by key, null takes a key out, everything else replaces."""
    document = dict(old) if isinstance(old, dict) else {}
    for key, value in changes.items():
        if value is None:
            document.pop(key, None)
        elif isinstance(value, dict):
            document[key] = merged(document.get(key), value)
        else:
            document[key] = deepcopy(value)
    return document


def version_programs(program: Program) -> list[tuple[date, Any, Any]]:
    """(first day, program, transition) of every version, the first from the beginning of time."""
    document = program.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"versions"})
    found: list[tuple[date, Any, Any]] = [(date.min, program, None)]
    for version in program.versions:
        document = merged(document, version.changes)
        found.append((version.effective, Program.model_validate(document), version.transition))
    return found


class Versions(Checkout):
    """Members who cross from one version to the next."""

    def begin(self, first_day: date) -> None:
        """The version in force on the first day; who joins later never crosses to it."""
        self.coming = version_programs(self.program)
        for _, program, _ in self.coming:
            automations = () if program.messages is None else program.messages.automations
            for kind, campaigns in (("coupons", program.coupons), ("messages", automations)):
                known = self.order_of_names[kind]
                known += [each.name for each in campaigns if each.name not in known]
            self.known_actions |= self.actions_of(program)
        while self.coming and self.coming[0][0] <= first_day:
            self.program = self.coming.pop(0)[1]

    def actions_of(self, program: Any) -> set[str]:
        """Names of actions that a program mentions."""
        levels = [] if program.tiers is None else program.tiers.levels
        automations = () if program.messages is None else program.messages.automations
        triggers = [each.trigger for each in (*program.coupons, *automations)]
        named = {trigger.action for trigger in triggers if trigger.on == "action"}
        return named | {bonus.action for bonus in program.earn.bonuses} | {level.invitation for level in levels}

    def turn_version(self, today: date) -> tuple[Any, Any] | None:
        """(the program until yesterday, the transition) where another version takes effect today."""
        if not self.coming or self.coming[0][0] != today:
            return None
        before = self.program
        _, self.program, transition = self.coming.pop(0)
        return before, transition

    def cross(self, member: Member, today: date, before: Any, transition: Any) -> None:
        """What the change does to a member, before anything else of the day."""
        self.write(member, today, "version", "versions")
        self.multiply(member, today, Fraction(transition.points_ratio))
        old = [] if before.tiers is None else [level.name for level in before.tiers.levels]
        tier = self.new_tier(old, member.tier, transition.rename)
        self.change_lots(member, today, transition.lots, tier)
        if self.program.tiers is not None:
            self.change_tiers(member, today, old, tier, transition)
        if transition.counters == "reset":
            self.reset_counters(member)
        self.change_coupons(member, today, transition.coupons == "cancelled")
        if transition.stored_bonus == "forfeited":
            for gift in self.live_gifts(member):
                self.forfeit(member, today, gift)
        if transition.carry == "cleared" or remainder_unit(before) != remainder_unit(self.program):
            member.carry = Fraction(0)
        if member.plan is not None:
            self.change_plan(member)
        if self.program.segments is None:
            member.segment = None

    def multiply(self, member: Member, today: date, ratio: Fraction) -> None:
        """Every lot and the debt by the ratio; lots rounded down, debt up."""
        for order in member.orders.values():
            order.ratios.append(ratio)
        for lot in sorted((lot for lot in member.lots if lot.points), key=soonest):
            change = floor(lot.points * ratio) - lot.points
            lot.points += change
            self.note_change(member, today, change, lot)
        more = ceil(member.debt * ratio) - member.debt
        member.debt += more
        self.note_change(member, today, -more, None)

    def note_change(self, member: Member, today: date, change: int, lot: Lot | None) -> None:
        if change:
            self.write(member, today, "expire" if change < 0 else "bonus", "versions", change, lot=lot)

    def new_tier(self, old: list[str], tier: int, rename: dict[str, str]) -> int:
        """The tier of the same or the new name, else the highest new one below it in the old order, else the lowest."""
        new = [] if self.program.tiers is None else [level.name for level in self.program.tiers.levels]
        for name in reversed(old[: tier + 1]):
            if rename.get(name, name) in new:
                return new.index(rename.get(name, name))
        return 0

    def change_lots(self, member: Member, today: date, mode: str, tier: int) -> None:
        """Last usable days by the new rules; what lapsed yesterday lapses as ever."""
        if mode == "keep_expiry":
            return
        held, member.tier = member.tier, tier
        for lot in member.lots:
            if lot.points and (lot.expires_on is None or lot.expires_on >= today):
                both = (lot.expires_on or date.max, self.by_new_rules(member, today, lot) or date.max)
                chosen = both[1] if mode == "new_expiry" else min(both) if mode == "earlier" else max(both)
                lot.expires_on = None if chosen == date.max else chosen
        member.tier = held

    def by_new_rules(self, member: Member, today: date, lot: Lot) -> date | None:
        """The last usable day that the new rules give a lot, never before today."""
        earn, expiry = self.program.earn, self.program.expiry
        own = [bonus.expiry for bonus in earn.bonuses if bonus.name == lot.bonus and bonus.expiry is not None]
        by_activation = earn.pending is not None and earn.pending.expiry_clock == "activation"
        rule = own[0] if own else expiry
        last = self.last_usable_day(member, rule, lot.activation if by_activation else lot.earned_on)
        if last is None:
            return None
        if rule.model == "extension":
            last = max(last, plus_months(member.last_activity, rule.months))
        return max(last, today)

    def change_tiers(self, member: Member, today: date, old: list[str], tier: int, transition: Any) -> None:
        """Hold the tier of the new program, to its own end or judged at once."""
        tiers = self.program.tiers
        name = old[member.tier] if old else None
        member.fallen_below = {transition.rename.get(each, each) for each in member.fallen_below}
        was, member.tier = member.tier, tier
        if tier == 0:
            member.tier_until, member.in_grace = None, False
        elif was == 0:
            member.tier_until = self.validity_from(member, today)
        if transition.tiers == "rejudged":
            self.judge_at_once(member, today)
        if tiers.levels[member.tier].name != name:
            self.write(member, today, "tier", f"tiers.{self.tier_name(member)}")

    def judge_at_once(self, member: Member, today: date) -> None:
        """The highest tier whose ``enter`` the metrics of the window of yesterday meet, with its validity from today."""
        levels, yesterday = self.program.tiers.levels, today - ONE_DAY
        metrics = self.metrics(member, self.window_start(member, yesterday), yesterday, today)
        met = [k for k, level in enumerate(levels) if level.enter is not None and meets(level.enter, metrics)]
        tier = max([0, *met])
        if tier != member.tier:
            member.fallen_below |= {level.name for level in levels[tier + 1 : member.tier + 1]}
            rises = tier > member.tier
            member.tier, member.tier_since, member.invited = tier, today, False
            if self.program.tiers.window.kind == "since_tier_change":
                member.era += 1
            if rises:
                member.rose = tier
                self.reset_counter(member, today, levels[tier].enter, metrics)
        member.in_grace = False
        member.tier_until = None if tier == 0 else self.validity_from(member, today)

    def reset_counters(self, member: Member) -> None:
        """Qualifying metrics, caps, once-limits and sums of spend begin at zero."""
        member.era += 1
        member.cap_used, member.given, member.fired, member.sums = {}, [], {}, {}

    def change_coupons(self, member: Member, today: date, cancelled: bool) -> None:
        """Coupons that are cancelled, or whose name is gone; what lapsed yesterday lapses as ever."""
        for held in sorted(member.wallet, key=first_to_go):
            gone = cancelled or self.coupon_named(held.name) is None
            if gone and (held.expires_on is None or held.expires_on >= today):
                member.wallet.remove(held)
                self.note_coupon(member, today, "revoke", held, rule="versions")

    def forfeit(self, member: Member, today: date, gift: Gift) -> None:
        """Bonus value taken by the change; what lapsed yesterday lapses as ever."""
        if gift.expires_on is None or gift.expires_on >= today:
            self.note_gift(member, today, "forfeit", gift, -gift.money, rule="versions")

    def change_plan(self, member: Member) -> None:
        """A plan goes on under its name; one whose name is gone runs to its end."""
        named = [plan for plan in self.program.plans if plan.name == member.plan.name]
        if named:
            member.plan = named[0]
        else:
            member.plan_renews = False
