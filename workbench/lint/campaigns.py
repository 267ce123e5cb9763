"""What sets off coupons and messages: triggers that never fire among this population, actions without a limit, cuts that part nobody."""

import math
from collections.abc import Iterator

from workbench.lint.finding import ERROR, NOTE, WARNING, Finding, amount, percent
from workbench.lint.subject import A_LIFETIME, NOBODY, Subject
from workbench.rules.trigger_spec import (
    CouponTrigger,
    MessageTrigger,
    OnAction,
    OnBalance,
    OnBirthday,
    OnCouponExpiry,
    OnDates,
    OnExpiry,
    OnFirstPurchase,
    OnNearTier,
    OnPoints,
    OnPurchase,
    OnSpend,
    OnTierEnd,
)
from workbench.spec import DateSpan
from workbench.units import to_day

__all__ = ["CODES", "findings"]

CODES = ("trigger-never-fires", "action-without-limit", "segment-cut-parts-nobody", "message-every-day")
YEARS = {"day": 1 / 365.25, "month": 1 / 12, "year": 1.0, "lifetime": A_LIFETIME}
HARDLY, NEARLY_ALL = 0.01, 0.99


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    program = subject.program
    campaigns: list[tuple[str, str, CouponTrigger | MessageTrigger, tuple[DateSpan, ...]]] = [
        (f"coupons[{k}]", each.name, each.trigger, each.dates) for k, each in enumerate(program.coupons)
    ]
    campaigns += [
        (f"messages.automations[{k}]", each.name, each.trigger, each.dates)
        for k, each in enumerate(program.automations)
    ]
    for path, name, trigger, dates in campaigns:
        reason = _never(subject, trigger)
        if not reason and dates and all(to_day(span.last) < subject.first for span in dates):
            reason = "its dates are all past"
        if reason:
            message = f"{name!r} is never set off: {reason}"
            yield Finding("trigger-never-fires", ERROR, f"{path}.trigger", message)
    yield from actions(subject)
    yield from cuts(subject)
    yield from every_day(subject)


def _never(subject: Subject, trigger: CouponTrigger | MessageTrigger) -> str:
    """Why a trigger never fires among this population; empty where it may."""
    people = subject.people
    if isinstance(trigger, OnPurchase | OnFirstPurchase):
        least = float(trigger.minimum_spend)
        if least and people.orders_from(least) < NOBODY:
            return f"fewer than one order in ten thousand reaches {amount(least)}"
        shares = subject.population.categories
        if (
            isinstance(trigger, OnPurchase)
            and trigger.categories
            and not any(shares.get(name) for name in trigger.categories)
        ):
            return "the population buys nothing of its categories"
    if isinstance(trigger, OnSpend):
        share = people.spend_from(float(trigger.amount), YEARS[trigger.per])
        if share < NOBODY:
            return f"fewer than one member in ten thousand spends {amount(float(trigger.amount))} in a {trigger.per}"
    if isinstance(trigger, OnBirthday) and subject.population.birthdays.known == 0:
        return "no birthday is known in this population"
    if isinstance(trigger, OnDates):
        repeats = trigger.yearly or trigger.days_of_month or trigger.weekdays
        if not repeats and all(to_day(each) < subject.first for each in trigger.dates):
            return "its dates are all past"
    if isinstance(trigger, OnBalance | OnPoints):
        largest = max(subject.yearly(tier) for tier in subject.tiers) * A_LIFETIME * 10 + subject.welcome
        if trigger.points > largest:
            return (
                f"ten times a mean member's points of ten years, {amount(largest)}, are fewer than {trigger.points:,}"
            )
    return _never_ends(subject, trigger)


def _never_ends(subject: Subject, trigger: CouponTrigger | MessageTrigger) -> str:
    """The same of triggers before an end that does not come."""
    program = subject.program
    if isinstance(trigger, OnExpiry):
        lives = [subject.life(tier).longest for tier in subject.tiers]
        bonuses = any(each.expiry is not None for each in program.earn.bonuses)
        if all(math.isinf(life) for life in lives) and not bonuses and program.expiry.model != "inactivity":
            return "points do not lapse on a day that is known before"
        if max(lives) < trigger.days_before:
            return f"no points live {trigger.days_before} days"
    if isinstance(trigger, OnTierEnd) and program.tiers is not None and program.tiers.validity.until == "lifetime":
        return "tiers are held for life"
    if (
        isinstance(trigger, OnNearTier)
        and program.tiers is not None
        and not any(each.enter for each in program.tiers.levels)
    ):
        return "no tier is reached by a threshold"
    if isinstance(trigger, OnCouponExpiry):
        ends = [each.validity for each in program.coupons]
        if not any(each.days is not None or each.months is not None or each.until is not None for each in ends):
            return "no coupon lapses"
    return ""


def actions(subject: Subject) -> Iterator[Finding]:
    """Points or coupons for an action that a member can repeat without end."""
    for k, bonus in enumerate(subject.program.earn.bonuses):
        if bonus.event == "action" and bonus.points is not None and bonus.once == "event":
            worth = subject.worth(float(bonus.points))
            message = f"{bonus.name!r} gives {bonus.points:,} points (worth {amount(worth)}) for every action {bonus.action!r}, as often as it is done"
            numbers = {"points": bonus.points, "worth": worth}
            yield Finding("action-without-limit", WARNING, f"earn.bonuses[{k}].once", message, numbers)
    for k, coupon in enumerate(subject.program.coupons):
        endless = coupon.once == "event" and coupon.limit_per_member is None
        if isinstance(coupon.trigger, OnAction) and endless:
            message = f"the coupon {coupon.name!r} is issued for every action {coupon.trigger.action!r}, as often as it is done"
            yield Finding("action-without-limit", WARNING, f"coupons[{k}].once", message)


def cuts(subject: Subject) -> Iterator[Finding]:
    """Cuts of frequency and monetary value that nearly all members, or hardly any, are above."""
    segments = subject.program.segments
    if segments is None:
        return
    years = segments.window_months / 12
    counts = subject.people.counts(years)
    shares = {
        "frequency": float(counts.share[counts.number >= segments.frequency].sum()),
        "monetary": subject.people.spend_from(float(segments.monetary), years),
    }
    for name, share in shares.items():
        if not HARDLY <= share <= NEARLY_ALL:
            message = f"{percent(share)} of the members reach the {name} cut in their first {segments.window_months} months: it parts nobody"
            yield Finding("segment-cut-parts-nobody", WARNING, f"segments.{name}", message, {"share_pct": 100 * share})


def every_day(subject: Subject) -> Iterator[Finding]:
    """Messages by the calendar that come more than once a week to everybody, without a frequency cap."""
    messages = subject.program.messages
    if messages is None or messages.frequency_cap is not None:
        return
    for k, each in enumerate(messages.automations):
        if isinstance(each.trigger, OnDates) and each.once == "event" and not each.dates:
            a_year = 52.2 * len(set(each.trigger.weekdays)) + 12 * len(set(each.trigger.days_of_month))
            if a_year > 53:
                message = f"{each.name!r} goes to every member about {amount(a_year)} times a year, and no frequency cap binds it"
                path = f"messages.automations[{k}]"
                yield Finding("message-every-day", NOTE, path, message, {"a_year": a_year})
