"""Triggers lowered to integers: what sets off each coupon and message of a program."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

from workbench.rules.bounds import CAMPAIGNS, CATEGORIES, DAYS, TIERS, Campaigns
from workbench.rules.coupon_spec import Coupon
from workbench.rules.earn_terms import ONCE
from workbench.rules.message_spec import Automation
from workbench.rules.segment_spec import SEGMENTS
from workbench.rules.trigger_spec import WEEKDAYS, OnDates
from workbench.spec import DateSpan
from workbench.units import EPOCH, NEVER, day_of, to_day, to_minor

__all__ = ["DAY_TRIGGERS", "EVERY_DAY", "MOST_TIMES", "TRIGGERS", "TriggerTerms", "lower_triggers"]

TRIGGERS = (
    "join", "first_purchase", "purchase", "spend", "tier_entry", "tier_renewal", "action", "top_up", "plan", "referral",
    "birthday", "dates", "silence", "segment", "expiry", "tier_end", "coupon_expiry", "plan_end", "near_tier",
    "balance", "points", "manual",
)  # fmt: skip
"""By code."""
(
    AT_JOIN, AT_FIRST, AT_PURCHASE, AT_SPEND, AT_TIER_ENTRY, AT_TIER_RENEWAL, AT_ACTION, AT_TOP_UP, AT_PLAN, AT_REFERRAL,
    AT_BIRTHDAY, AT_DATES, AT_SILENCE, AT_SEGMENT, AT_EXPIRY, AT_TIER_END, AT_COUPON_EXPIRY, AT_PLAN_END, AT_NEAR_TIER,
    AT_BALANCE, AT_POINTS, AT_MANUAL,
) = range(len(TRIGGERS))  # fmt: skip
EVERY_DAY = len(TRIGGERS)
"""The event that the start of a day is."""
DAY_TRIGGERS = (AT_BIRTHDAY, AT_DATES, AT_SILENCE, AT_EXPIRY, AT_TIER_END, AT_COUPON_EXPIRY, AT_PLAN_END, AT_BALANCE)
"""Triggers that a day may bring about by itself."""
MOST_TIMES = 100
"""A campaign fires at most so many times at once, so that what one call may write is bounded."""
PLAN_START, PLAN_RENEWAL = 0, 1
REFERRER, REFEREE = 0, 1


class TriggerTerms(NamedTuple):
    """The campaigns, coupons first and then messages, each list with an entry for each. Money in minor units; yes and no are 1 and 0."""

    campaigns: int
    coupons: int
    """Number of coupons among them."""
    scheduled: int
    """Number of those that a day brings about."""
    tier_events: int
    """Number of those at a tier entered or kept, or near the next one."""
    event: Campaigns
    """Code of the trigger."""
    once: Campaigns
    least: Campaigns
    """Least spend or top-up; of a sum of spend, the amount; thousandths of a threshold."""
    every: Campaigns
    """Money that each further time takes; 0: once."""
    repeats: Campaigns
    per: Campaigns
    """Period of a sum of spend, as of ``once``."""
    days: Campaigns
    """Days before an end, or of silence."""
    month_start: Campaigns
    detail: Campaigns
    """Bits: of segments, phases of a plan (1 start, 2 renewal) or sides of a referral; of an action, its code."""
    any_category: Campaigns
    categories: Annotated[list[list[int]], (CAMPAIGNS, CATEGORIES + 1)]
    any_tier: Campaigns
    tiers: Annotated[list[list[int]], (CAMPAIGNS, TIERS)]
    open_days: Annotated[list[list[int]], (CAMPAIGNS, DAYS)]
    """By day: 1 where the campaign's spans (and its dates, where they trigger it) hold the day."""
    dated: Campaigns
    """1 where it has spans."""
    next_open: Annotated[list[int], DAYS]
    """By day: the first day from it on in the spans of some coupon at a balance that has them; the day after the last where there is none."""
    next_date: Annotated[list[int], DAYS]
    """By day: the first day from it on that triggers some campaign by its date; the day after the last where none does."""


def lower_triggers(
    coupons: Sequence[Coupon],
    automations: Sequence[Automation],
    tiers: Sequence[str],
    categories: Sequence[str],
    actions: Sequence[str],
    first_day: int,
    last_day: int,
) -> TriggerTerms:
    """Terms of the campaigns over a span of days."""
    campaigns: list[Coupon | Automation] = [*coupons, *automations]
    triggers: list[Any] = [each.trigger for each in campaigns]
    events = [TRIGGERS.index(each.on) for each in triggers]
    days = [EPOCH + timedelta(days=day) for day in range(first_day, last_day + 1)] if campaigns else []
    open_days = [
        [int(_spans_hold(each.dates, day) and _dates_hold(trigger, day)) for day in days]
        for each, trigger in zip(campaigns, triggers, strict=True)
    ]
    opening = [
        row for row, event, each in zip(open_days, events, campaigns, strict=True) if event == AT_BALANCE and each.dates
    ]
    dated = [row for row, event in zip(open_days, events, strict=True) if event == AT_DATES]
    return TriggerTerms(
        campaigns=len(campaigns),
        coupons=len(coupons),
        scheduled=sum(event in DAY_TRIGGERS for event in events),
        tier_events=sum(event in (AT_TIER_ENTRY, AT_TIER_RENEWAL, AT_NEAR_TIER) for event in events),
        event=events,
        once=[ONCE.index(each.once) for each in campaigns],
        least=[_least(each) for each in triggers],
        every=[to_minor(each.every) if getattr(each, "every", None) is not None else 0 for each in triggers],
        repeats=[int(getattr(each, "repeats", False)) for each in triggers],
        per=[ONCE.index(getattr(each, "per", "event")) for each in triggers],
        days=[getattr(each, "days_before", getattr(each, "days", 0)) for each in triggers],
        month_start=[int(getattr(each, "when", "day") == "month_start") for each in triggers],
        detail=[_detail(each, actions) for each in triggers],
        any_category=[int(not getattr(each, "categories", ())) for each in triggers],
        categories=[
            _mask(categories, getattr(each, "categories", ())) + [int(not getattr(each, "categories", ()))]
            for each in triggers
        ],
        any_tier=[int(not each.tiers) for each in campaigns],
        tiers=[_mask(tiers, each.tiers) for each in campaigns],
        open_days=open_days,
        dated=[int(bool(each.dates)) for each in campaigns],
        next_open=_next_dates(opening, first_day, len(days)),
        next_date=_next_dates(dated, first_day, len(days)),
    )


def _least(trigger: Any) -> int:
    """The amount that a trigger asks for."""
    if trigger.on == "near_tier":
        return int(trigger.share * 1000)
    for name in ("minimum_spend", "amount", "minimum"):
        if hasattr(trigger, name):
            return to_minor(getattr(trigger, name))
    return 0


def _detail(trigger: Any, actions: Sequence[str]) -> int:
    if trigger.on == "action":
        return actions.index(trigger.action)
    if trigger.on == "segment":
        return sum(1 << SEGMENTS.index(name) for name in set(trigger.segments))
    if trigger.on == "plan":
        return {"start": 1 << PLAN_START, "renewal": 1 << PLAN_RENEWAL, "both": 3}[trigger.phase]
    if trigger.on == "referral":
        return 1 << {"referrer": REFERRER, "referee": REFEREE}[trigger.who]
    return 0


def _mask(names: Sequence[str], chosen: Sequence[str]) -> list[int]:
    """1 for the names chosen, or for all where none is."""
    return [int(not chosen or name in chosen) for name in names]


def _spans_hold(spans: Sequence[DateSpan], day: date) -> bool:
    return not spans or any(span.first <= day <= span.last for span in spans)


def _dates_hold(trigger: Any, day: date) -> bool:
    """Whether a date triggers; true of triggers that are not by date."""
    if not isinstance(trigger, OnDates):
        return True
    return (
        day in trigger.dates
        or any(_is_yearly(day, each) for each in trigger.yearly)
        or day.day in trigger.days_of_month
        or WEEKDAYS[day.weekday()] in trigger.weekdays
    )


def _is_yearly(day: date, month_day: str) -> bool:
    """Whether a day is the ``MM-DD`` of its year; 29 February is 28 February in common years."""
    month, dom = (int(part) for part in month_day.split("-"))
    return to_day(day) == day_of(day.year, month, dom)


def _next_dates(dated: list[list[int]], first_day: int, count: int) -> list[int]:
    """By day, the first one from it on that some row holds."""
    found, rows = first_day + count, []
    for k in reversed(range(count)):
        if any(row[k] for row in dated):
            found = first_day + k
        rows.append(found if dated else NEVER)
    return rows[::-1]
