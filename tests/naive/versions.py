"""Versions of a program: which rules are in force on a day, and what a change does to what members hold."""

from copy import deepcopy
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.naive.checkout import Checkout
from tests.naive.records import Lot, Member, first_to_go, minor, soonest
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
        while self.coming and self.coming[0][0] <= first_day:
            self.program = self.coming.pop(0)[1]

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
        old_tiers = [] if before.tiers is None else [level.name for level in before.tiers.levels]
        tier = self.new_tier(old_tiers, member.tier, transition.rename)
        self.change_lots(member, today, transition.lots, tier)
        self.change_tiers(member, today, before, transition, tier)
        if transition.counters == "reset":
            self.reset_counters(member)
        self.change_coupons(member, today, transition.coupons == "cancelled")
        if transition.stored_bonus == "forfeited":
            for gift in self.live_gifts(member):
                self.note_gift(member, today, "forfeit", gift, -gift.money, rule="versions")
        if transition.carry == "cleared" or remainder_unit(before) != remainder_unit(self.program):
            member.carry = Fraction(0)
        if member.plan is not None:
            member.plan = next(plan for plan in self.program.plans if plan.name == member.plan.name)

    def multiply(self, member: Member, today: date, ratio: Fraction) -> None:
        """Every lot and the debt by the ratio; lots rounded down, debt up."""
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
        if mode == "keep_expiry":
            return
        held, member.tier = member.tier, tier
        for lot in member.lots:
            if lot.points:
                fresh = self.last_usable_day(member, self.program.expiry, lot.earned_on)
                fresh = fresh if fresh is None else max(fresh, today)
                both = (lot.expires_on or date.max, fresh or date.max)
                chosen = both[1] if mode == "new_expiry" else min(both) if mode == "earlier" else max(both)
                lot.expires_on = None if chosen == date.max else chosen
        member.tier = held

    def change_tiers(self, member: Member, today: date, before: Any, transition: Any, tier: int) -> None:
        tiers = self.program.tiers
        if tiers is None:
            member.tier, member.tier_until = 0, None
            return
        name = None if before.tiers is None else before.tiers.levels[member.tier].name
        member.fallen_below = set()
        if tier != 0 and name is None:
            tier = 0
        member.tier = tier
        if tier == 0:
            member.tier_until = None
        if tiers.levels[tier].name != name:
            self.write(member, today, "tier", f"tiers.{self.tier_name(member)}")

    def reset_counters(self, member: Member) -> None:
        """Qualifying metrics, caps, once-limits and sums of spend begin at zero."""
        member.era += 1
        member.cap_used, member.given, member.fired, member.sums = {}, [], {}, {}

    def change_coupons(self, member: Member, today: date, cancelled: bool) -> None:
        for held in sorted(member.wallet, key=first_to_go):
            if cancelled or self.coupon_named(held.name) is None:
                member.wallet.remove(held)
                self.note_coupon(member, today, "revoke", held, rule="versions")


def remainder_unit(program: Any) -> Any:
    """What a kept remainder is counted in: None where there is none."""
    rounding = program.earn.rounding
    if rounding.mode == "none":
        return "point"
    if rounding.scope != "carry":
        return None
    rates = [rate for rate in (program.earn.rate, *program.earn.rate_by_tier.values()) if rate is not None]
    return {minor(rate.per) for rate in rates}.pop() if rates else None
