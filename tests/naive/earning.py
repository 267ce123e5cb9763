"""Base points: eligible amounts, rates, factors, rounding, caps."""

from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from tests.naive.campaigns import Campaigns
from tests.naive.records import WEEKDAYS, Circumstances, Line, Member, Part, Row, minor, rate_key, rounded, slices


class Earning(Campaigns):
    """What an order earns."""

    def line(self, row: Row) -> Line:
        """A line as it comes to the till, its eligible amount still open."""
        category = row["category"] or self.program.default_category
        return Line(
            category, row["channel"] or self.program.default_channel, minor(row["amount"]), 0, 0, 0,
            minor(row["discount"]), minor(row["tax"]), minor(row["delivery"]),
        )  # fmt: skip

    def eligible(self, line: Line) -> int:
        """The eligible amount before what is paid with points is taken off. Reading: an excluded line absorbs none of these; what
        was taken off the delivery counts only where delivery is eligible."""
        rule = self.program.earn.eligible
        if line.category in rule.excluded_categories:
            return 0
        amount = line.amount
        if rule.discount == "net":
            amount -= line.discount
        if rule.tax == "excluded":
            amount -= line.tax
        with_delivery = rule.delivery == "included"
        if not with_delivery:
            amount -= line.delivery
        if rule.member_price == "net":
            amount -= line.price_off + (line.price_delivery if with_delivery else 0)
        if rule.coupons == "net":
            amount -= line.coupon_off + (line.coupon_delivery if with_delivery else 0)
        return max(0, amount)

    def rate_of(self, tier: int) -> Any:
        """The base rate of a tier; None where it earns nothing."""
        earn = self.program.earn
        if self.program.tiers is None:
            return earn.rate
        return earn.rate_by_tier.get(self.program.tiers.levels[tier].name, earn.rate)

    def step_of(self, value: int) -> int:
        """The bracket step that holds a value: eligible spend in minor units, or points of balance."""
        brackets = self.program.earn.brackets
        starts = [minor(step.from_) if brackets.on == "order" else int(step.from_) for step in brackets.steps]
        return max(k for k, start in enumerate(starts) if start <= value)

    def factor(self, circumstances: Circumstances, line: Line, tier: int) -> Fraction:
        """The stacked multipliers of a line at a tier, by the business date."""
        earn = self.program.earn
        factors = [Fraction(each.factor) for each in earn.multipliers if self.applies(each, circumstances, line, tier)]
        if not factors:
            return Fraction(1)
        if earn.stacking == "additive":
            return max(Fraction(0), sum((each - 1 for each in factors), Fraction(1)))
        if earn.stacking == "multiplicative":
            product = Fraction(1)
            for each in factors:
                product *= each
            return product
        assert earn.stacking == "highest" or len(factors) == 1
        return max(factors)

    def applies(self, multiplier: Any, circumstances: Circumstances, line: Line, tier: int) -> bool:
        when, birthday = circumstances.when, circumstances.birthday
        if multiplier.tiers and self.program.tiers.levels[tier].name not in multiplier.tiers:
            return False
        if multiplier.weekdays and WEEKDAYS[when.weekday()] not in multiplier.weekdays:
            return False
        if multiplier.days_of_month and when.day not in multiplier.days_of_month:
            return False
        if multiplier.dates and not any(span.first <= when <= span.last for span in multiplier.dates):
            return False
        if multiplier.birthday == "day" and not self.is_birthday(birthday, when):
            return False
        if multiplier.birthday == "month" and (birthday is None or birthday.month != when.month):
            return False
        if multiplier.categories and line.category not in multiplier.categories:
            return False
        return not multiplier.channels or line.channel in multiplier.channels

    def parts(self, circumstances: Circumstances, lines: list[Line], eligible: list[int]) -> list[Part]:
        """The lines, cut at the steps of marginal brackets or at the thresholds of the next tiers."""
        earn, brackets = self.program.earn, self.program.earn.brackets
        parts = []
        position = 0
        for k, (line, amount) in enumerate(zip(lines, eligible, strict=True)):
            if brackets is not None and brackets.marginal:
                cuts = [minor(step.from_) for step in brackets.steps]
                for low, high in slices(position, position + amount, cuts):
                    step = self.step_of(low)
                    rate = brackets.steps[step].rate
                    parts.append(
                        Part(k, high - low, rate, self.factor(circumstances, line, circumstances.tier), (step,))
                    )
            elif earn.rate_tier == "split":
                start = circumstances.spend_before + position
                for low, high in slices(
                    start, start + amount, [threshold for _, threshold in circumstances.thresholds]
                ):
                    passed = [tier for tier, threshold in circumstances.thresholds if threshold <= low]
                    tier = max([circumstances.tier, *passed])
                    rate = self.rate_of(tier)
                    parts.append(Part(k, high - low, rate, self.factor(circumstances, line, tier), rate_key(rate)))
            else:
                if brackets is None:
                    rate = self.rate_of(circumstances.tier)
                elif brackets.on == "balance":
                    rate = brackets.steps[self.step_of(circumstances.balance)].rate
                else:
                    decides = sum(eligible) if circumstances.bracket_spend is None else circumstances.bracket_spend
                    rate = brackets.steps[self.step_of(decides)].rate
                parts.append(
                    Part(k, amount, rate, self.factor(circumstances, line, circumstances.tier), rate_key(rate))
                )
            position += amount
        return [part for part in parts if part.rate is not None]

    def groups(self, parts: list[Part]) -> list[list[Part]]:
        """Parts that are summed and rounded together, in the order they first appear."""
        earn = self.program.earn
        groups: dict[Any, list[Part]] = {}
        for part in parts:
            key = (
                part.rate_key,
                part.line if earn.rounding.scope == "line" else None,
                part.factor if earn.multiplier_stage == "after_rounding" else None,
            )
            groups.setdefault(key, []).append(part)
        return list(groups.values())

    def points_of(self, parts: list[Part]) -> int:
        """Base points without a kept remainder, before caps."""
        earn = self.program.earn
        mode = earn.rounding.mode
        after = earn.multiplier_stage == "after_rounding"
        total = 0
        for group in self.groups(parts):
            rate = group[0].rate
            spend = sum(part.eligible * (1 if after else part.factor) for part in group)
            blocks = Fraction(spend) / minor(rate.per)
            points = rounded(blocks, mode) * rate.points if rate.whole_blocks else rounded(blocks * rate.points, mode)
            total += rounded(points * group[0].factor, mode) if after else points
        return total

    def added_to_remainder(self, part: Part) -> Fraction:
        """What a part adds to the remainder: spend (scope carry; weighted before rounding, else plain), or points (mode none)."""
        if self.program.earn.rounding.mode == "none":
            return part.eligible * part.factor * part.rate.points / minor(part.rate.per)
        return part.eligible * (part.factor if self.program.earn.multiplier_stage == "before_rounding" else Fraction(1))

    def points_with_remainder(self, parts: list[Part], carry: Fraction) -> tuple[int, Fraction]:
        """Base points and the remainder afterwards. Reading: where the factor comes after rounding, the remainder goes from
        one factor's lines to the next one's."""
        if self.program.earn.rounding.mode == "none":
            exact = carry + sum(self.added_to_remainder(part) for part in parts)
            return floor(exact), exact - floor(exact)
        after = self.program.earn.multiplier_stage == "after_rounding"
        total = 0
        for group in self.groups(parts):
            rate = group[0].rate
            carry += sum(self.added_to_remainder(part) for part in group)
            blocks = floor(carry / minor(rate.per))
            carry -= blocks * minor(rate.per)
            total += floor(blocks * rate.points * group[0].factor) if after else blocks * rate.points
        return total, carry

    def cap_period(self, cap: Any, day: date) -> Any:
        return {"day": day, "month": (day.year, day.month), "year": day.year}.get(cap.per)

    def room(self, member: Member, index: int, cap: Any, today: date) -> int | None:
        """What a cap leaves; None where it does not apply today."""
        if cap.per == "order":
            return cap.points
        if cap.per == "balance":
            return max(0, cap.points - (member.balance + member.pending))
        if cap.per == "campaign" and not cap.dates.first <= today <= cap.dates.last:
            return None
        return max(0, cap.points - member.cap_used.get((index, cap.per, self.cap_period(cap, today)), 0))

    def capped(self, points: int, plain: int, parts: list[Part], rooms: list[int | None]) -> tuple[int, int]:
        """Points and plain points that the caps leave, each cap in file order."""
        plain_spend = sum(part.eligible for part in parts)
        weighted = sum(part.eligible * part.factor for part in parts)
        for cap, room in zip(self.program.earn.caps, rooms, strict=True):
            if room is None:
                continue
            reject = cap.beyond == "reject"
            if cap.stage == "after_multiplier":
                if points > room:
                    points, plain = (0, 0) if reject else (room, plain)
            elif plain > room:
                plain = 0 if reject else room
                points = min(points, floor(plain * Fraction(weighted) / plain_spend))
        return points, plain
