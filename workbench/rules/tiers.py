"""Tiers: what reaches them, what keeps them, and the qualifying ledger that decides.

Redeeming never lowers a qualifying metric; refunds do. See ``docs/semantics.md``; ``tiers_spec.py`` holds what a program
file may say.
"""

from typing import Annotated, NamedTuple

from workbench.ledger import TIER, post
from workbench.rules.bounds import DAYS, NEEDS, TIERS, PerTier
from workbench.rules.tiers_spec import METRICS, Level, Requirement, Tiers, Validity, Window
from workbench.units import NEVER, add_months, civil, day_of, month_end, rule, to_minor, yearly_on_or_after

__all__ = [
    "METRICS", "Level", "Requirement", "TierTerms", "Tiers", "Validity", "Window",
    "add_metrics", "check_after_event", "grant_tier", "invite", "judge", "judge_after_refund", "lower_tiers", "metric_total", "need_of", "window_start",
]  # fmt: skip


# --- lowering ------------------------------------------------------------------------------------------------------
class TierTerms(NamedTuple):
    """Tiers lowered to integers. Requirement rows hold the five thresholds (-1: none) and how many must be met (0: never met)."""

    count: int  # type: ignore[assignment]  # tuples have a method of this name, which nothing here calls
    """Number of tiers; 0 where the program has none."""
    window: int
    """Months of a calendar period, or ``LIFETIME``, ``ROLLING``, ``ANNIVERSARY``, ``SINCE_CHANGE``."""
    window_months: int
    upgrade: int
    skip_levels: int
    validity: int
    validity_months: int
    rehit: int
    counter: int
    downgrade: int
    grace_months: int
    rejudged: int
    needs: Annotated[list[list[int]], (3 * TIERS, NEEDS)]
    """Requirements: to enter each tier (``ENTER`` + level), to keep it (``RETAIN`` + level), to enter it again (``REENTER`` + level)."""
    invitation: PerTier
    """Action code that grants each tier; -1 for none."""
    merged: int
    """1 where the day of a metric makes no difference, so that one row holds them all."""
    keeps_days: int
    """1 where a later version of the program looks at other days, so that none is forgotten."""
    first_day: int
    days: int
    """Days that the two tables cover, from ``first_day`` on."""
    window_from: Annotated[list[int], DAYS]
    """First day of the window that holds each day, where the date alone decides it."""
    period_to: Annotated[list[int], DAYS]
    """Last day of the window's period that holds each day (without periods: of the month)."""


LIFETIME, ROLLING, ANNIVERSARY, SINCE_CHANGE = 0, -1, -2, -3
WINDOWS = {
    "lifetime": LIFETIME, "year": 12, "half": 6, "quarter": 3, "month": 1,
    "rolling": ROLLING, "anniversary": ANNIVERSARY, "since_tier_change": SINCE_CHANGE,
}  # fmt: skip
IMMEDIATE, NEXT_DAY, NEXT_PERIOD = range(3)
PERIOD_END, NEXT_PERIOD_END, MONTHS, FOR_LIFE = range(4)
KEPT, RESET_LOST, RESET_SURPLUS_KEPT = range(3)
NO_FALL, ONE_LEVEL, TO_EARNED = range(3)
NEEDED = len(METRICS)
BEGINNING = -(10**7)
ENTER, RETAIN, REENTER = 0, TIERS, 2 * TIERS


def lower_tiers(
    tiers: Tiers | None, actions: list[str], metrics_wait: bool, first_day: int, last_day: int
) -> TierTerms:
    """Terms of the tiers; a program without them has a count of 0. The tables hold the day before the first too."""
    if tiers is None:
        return TierTerms(
            count=0, window=LIFETIME, window_months=0, upgrade=IMMEDIATE, skip_levels=0, validity=PERIOD_END, validity_months=0, rehit=0,
            counter=KEPT, downgrade=NO_FALL, grace_months=0, rejudged=0, needs=[], invitation=[], merged=0, keeps_days=0, first_day=first_day, days=0,
            window_from=[], period_to=[],
        )  # fmt: skip
    levels = tiers.levels
    window, months = WINDOWS[tiers.window.kind], tiers.window.months or 0
    days = range(first_day - 1, last_day + 1)
    used = {metric for each in levels for need in (each.enter, each.retain, each.reenter) for metric in _metrics(need)}
    return TierTerms(
        count=len(levels),
        window=window,
        window_months=months,
        upgrade=("immediate", "next_day", "next_period").index(tiers.upgrade),
        skip_levels=int(tiers.skip_levels),
        validity=("period_end", "next_period_end", "months", "lifetime").index(tiers.validity.until),
        validity_months=tiers.validity.months or 0,
        rehit=int(tiers.validity.rehit_rebases),
        counter=("kept", "reset_lost", "reset_surplus_kept").index(tiers.counter),
        downgrade=("none", "one_level", "to_earned").index(tiers.downgrade),
        grace_months=tiers.grace_months,
        rejudged=int(tiers.after_refund == "rejudged"),
        needs=[
            row
            for needs in (
                [each.enter for each in levels],
                [each.retain or each.enter for each in levels],
                [each.reenter or each.enter for each in levels],
            )
            for row in [_row(need) for need in needs] + [_row(None)] * (TIERS - len(levels))
        ],
        invitation=[-1 if each.invitation is None else actions.index(each.invitation) for each in levels],
        merged=int(
            tiers.window.kind in ("lifetime", "since_tier_change")
            and tiers.upgrade == "immediate"
            and not metrics_wait
            and "visits" not in used
        ),
        keeps_days=0,
        first_day=first_day - 1,
        days=len(days),
        window_from=[_window_from(window, months, day) for day in days],
        period_to=[month_end(day, max(window, 1)) for day in days],
    )


def _window_from(window: int, months: int, day: int) -> int:
    """First day of the window that holds a day, as far as the date decides it."""
    if window > 0:
        year, month, _ = civil(day)
        return day_of(year, (month - 1) // window * window + 1, 1)
    return add_months(day, -months) + 1 if window == ROLLING else BEGINNING


def _metrics(need: Requirement | None) -> list[str]:
    """The metrics that a requirement has thresholds of."""
    return [] if need is None else [metric for metric in METRICS if getattr(need, metric) is not None]


def _row(need: Requirement | None) -> list[int]:
    """A requirement's thresholds in the order of ``METRICS``, and how many must be met."""
    given = _metrics(need)
    if need is None:
        return [-1] * NEEDED + [0]
    values = {metric: getattr(need, metric) for metric in given}
    if "spend" in values:
        values["spend"] = to_minor(values["spend"])
    return [int(values.get(metric, -1)) for metric in METRICS] + [need.at_least or len(given)]


# --- rules: the qualifying ledger -----------------------------------------------------------------------------------
@rule
def window_start(terms, own, day):
    """First day of the window that holds a day."""
    if terms.tiers.window == ANNIVERSARY:
        return last_anniversary(own.joined, day)
    return terms.tiers.window_from[day - terms.tiers.first_day]


@rule
def last_anniversary(joined, day):
    """The latest anniversary of joining that is not after a day (the joining day itself counts)."""
    _, month, dom = civil(joined)
    year, _, _ = civil(day)
    found = day_of(year, month, dom)
    return found if found <= day else day_of(year - 1, month, dom)


@rule
def period_end(terms, own, day):
    """Last day of the window's period that holds a day."""
    window = terms.tiers.window
    if window == ANNIVERSARY:
        _, month, dom = civil(own.joined)
        return yearly_on_or_after(day + 1, month, dom) - 1
    place = day - terms.tiers.first_day
    return terms.tiers.period_to[place] if place < terms.tiers.days else month_end(day, max(window, 1))


@rule
def due_check(terms, own, today):
    """Day on which a deferred upgrade check looks at what happened today."""
    return today + 1 if terms.tiers.upgrade == NEXT_DAY else period_end(terms, own, today) + 1


@rule
def forget_days(terms, account, start):
    """Drop the rows of the qualifying ledger before a day."""
    own = account.own
    kept = 0
    for i in range(own.days):
        row = account.days[i]
        if row.day < start:
            continue
        if kept < i:
            into = account.days[kept]
            into.day = row.day
            into.spend = row.spend
            into.points = row.points
            into.orders = row.orders
            into.visits = row.visits
            into.nights = row.nights
            into.kept_visits = row.kept_visits
        kept += 1
    own.days = kept


@rule
def add_metrics(terms, account, today, day, spend, points, orders, visits, nights):
    """Add to the qualifying metrics of a day. Days before the window that held yesterday no longer matter."""
    tiers = terms.tiers
    own = account.own
    if tiers.count == 0 and not tiers.keeps_days:
        return
    if day > today and tiers.count > 0:
        own.metrics_on = min(own.metrics_on, day)
    if tiers.merged:
        day = own.joined
    start = BEGINNING if tiers.keeps_days else window_start(terms, own, today - 1)
    if day < start:
        return
    found = -1
    for i in range(own.days):
        if account.days[i].day == day:
            found = i
    if found < 0:
        forget_days(terms, account, start)
        found = own.days
        own.days += 1
        row = account.days[found]
        row.day = day
        row.spend = 0
        row.points = 0
        row.orders = 0
        row.visits = 0
        row.nights = 0
        row.kept_visits = 0
    row = account.days[found]
    row.spend += spend
    row.points += points
    row.orders += orders
    row.visits += visits
    row.nights += nights


@rule
def metric_total(account, metric, start, through):
    """A qualifying metric over the days from ``start`` through ``through``."""
    total = 0
    for i in range(account.own.days):
        row = account.days[i]
        if row.day < start or row.day > through:
            continue
        if metric == 0:
            total += row.spend
        elif metric == 1:
            total += row.points
        elif metric == 2:
            total += row.orders
        elif metric == 3:
            total += (1 if row.visits > 0 else 0) + row.kept_visits
        else:
            total += row.nights
    return total


# --- rules: judging -------------------------------------------------------------------------------------------------
@rule
def need_of(terms, own, level):
    """The requirement that reaches a tier from below, as its place in ``needs``: to enter, or to enter again."""
    return (REENTER if own.fallen & (1 << level) else ENTER) + level


@rule
def is_met(terms, account, row, start, through):
    """Whether enough thresholds of a requirement (its place in ``needs``) are met."""
    need = terms.tiers.needs[row]
    if need[NEEDED] == 0:
        return False
    met = 0
    for metric in range(NEEDED):
        if need[metric] >= 0 and metric_total(account, metric, start, through) >= need[metric]:
            met += 1
    return met >= need[NEEDED]


@rule
def last_valid_day(terms, own, day):
    """Last day of a validity counted from a day."""
    tiers = terms.tiers
    if own.tier == 0 or tiers.validity == FOR_LIFE:
        return NEVER
    if tiers.validity == MONTHS:
        return add_months(day, tiers.validity_months)
    end = period_end(terms, own, day)
    return end if tiers.validity == PERIOD_END else period_end(terms, own, end + 1)


@rule
def reset_metrics(terms, account, day, through, row, keep_surplus):
    """All metrics to zero; with ``keep_surplus`` those of the requirement keep what exceeded their threshold when they were judged."""
    own = account.own
    need = terms.tiers.needs[row]
    start = window_start(terms, own, through)
    surplus_spend = 0
    surplus_points = 0
    surplus_orders = 0
    surplus_visits = 0
    surplus_nights = 0
    if keep_surplus:
        if need[0] >= 0:
            surplus_spend = max(0, metric_total(account, 0, start, through) - need[0])
        if need[1] >= 0:
            surplus_points = max(0, metric_total(account, 1, start, through) - need[1])
        if need[2] >= 0:
            surplus_orders = max(0, metric_total(account, 2, start, through) - need[2])
        if need[3] >= 0:
            surplus_visits = max(0, metric_total(account, 3, start, through) - need[3])
        if need[4] >= 0:
            surplus_nights = max(0, metric_total(account, 4, start, through) - need[4])
    own.days = 0
    own.era += 1
    if keep_surplus:
        add_metrics(terms, account, day, day, surplus_spend, surplus_points, surplus_orders, 0, surplus_nights)
        account.days[0].kept_visits = surplus_visits
        if terms.tiers.upgrade == NEXT_PERIOD:  # what is kept counts in its period like anything else
            note_event(terms, own, day)


@rule
def enter_tier(terms, account, day, level, counted_from, through, need, by_metrics):
    """Put a member in a tier, with its entry; resets the metrics where the program says so."""
    tiers = terms.tiers
    own = account.own
    rises = level > own.tier
    for fallen in range(level + 1, own.tier + 1):
        own.fallen |= 1 << fallen
    own.tier = level
    own.tier_since = day
    own.tier_until = last_valid_day(terms, own, counted_from)
    own.in_grace = 0
    own.invited = 0 if by_metrics else 1
    if rises:
        own.rose = level + 1
    post(account, day, TIER, 0, 0, NEVER, NEVER, 0, terms.why_tier[level])
    if rises and by_metrics and tiers.counter != KEPT:
        reset_metrics(terms, account, day, through, need, tiers.counter == RESET_SURPLUS_KEPT)
    elif tiers.window == SINCE_CHANGE:
        reset_metrics(terms, account, day, through, need, False)


@rule
def reached(terms, account, through):
    """The highest tier above the present one that the metrics through a day reach (or only the next one); -1 if none."""
    tiers = terms.tiers
    own = account.own
    start = window_start(terms, own, through)
    top = tiers.count if tiers.skip_levels else min(tiers.count, own.tier + 2)
    for k in range(top - own.tier - 1):
        level = top - 1 - k
        if is_met(terms, account, need_of(terms, own, level), start, through):
            return level
    return -1


@rule
def check_upgrade(terms, account, day, through):
    """Move a member up to the tier their metrics through a day reach."""
    level = reached(terms, account, through)
    if level >= 0:
        enter_tier(terms, account, day, level, day, through, need_of(terms, account.own, level), True)


@rule
def check_rehit(terms, account, day):
    """Where the program says so, meeting the present tier's ``enter`` again sets its end date anew, if that is later."""
    tiers = terms.tiers
    own = account.own
    if not tiers.rehit or own.tier <= 0:
        return
    need = ENTER + own.tier
    until = last_valid_day(terms, own, day)
    if until > own.tier_until and is_met(terms, account, need, window_start(terms, own, day), day):
        own.tier_until = until
        own.in_grace = 0
        if tiers.counter != KEPT:
            reset_metrics(terms, account, day, day, need, tiers.counter == RESET_SURPLUS_KEPT)


@rule
def check_after_event(terms, account, day):
    """After a purchase or a qualifying event: the immediate upgrade (or a note of the day a later one is due), and the re-hit."""
    tiers = terms.tiers
    own = account.own
    if tiers.count == 0:
        return
    note_event(terms, own, day)
    if reached(terms, account, day) < 0:
        check_rehit(terms, account, day)
    elif tiers.upgrade == IMMEDIATE:
        check_upgrade(terms, account, day, day)


@rule
def note_event(terms, own, day):
    """Where upgrades wait, note the day on which today's events are looked at."""
    if terms.tiers.upgrade != IMMEDIATE:
        own.check_on = min(own.check_on, due_check(terms, own, day))


@rule
def begin_to_count(account, day):
    """Whether waiting metrics begin to count today; notes the next day on which some will."""
    own = account.own
    if own.metrics_on > day:
        return False
    own.metrics_on = NEVER
    found = False
    for i in range(own.days):
        row = account.days[i]
        if row.day > day:
            own.metrics_on = min(own.metrics_on, row.day)
        elif row.day == day and (row.spend != 0 or row.points != 0 or row.orders != 0 or row.visits != 0):
            found = True
    return found


@rule
def judge(terms, account, day):
    """The tier at the start of a day: the review of one that ended yesterday, then the upgrade checks that are due."""
    tiers = terms.tiers
    own = account.own
    if tiers.count == 0:
        return
    begun = begin_to_count(account, day)
    review(terms, account, day)
    if own.check_on <= day:
        own.check_on = NEVER
        check_upgrade(terms, account, day, day - 1)
    if begun and tiers.upgrade == IMMEDIATE:
        check_upgrade(terms, account, day, day)
    elif begun:
        note_event(terms, own, day)


@rule
def highest_earned(terms, account, below, start, through):
    """The highest tier under ``below`` whose requirement to enter is met; the lowest tier if none."""
    for k in range(below - 1):
        level = below - 1 - k
        if is_met(terms, account, need_of(terms, account.own, level), start, through):
            return level
    return 0


@rule
def review(terms, account, day):
    """Judge a tier whose last day was yesterday: renew it, grant grace, or let the member fall."""
    tiers = terms.tiers
    own = account.own
    if own.tier <= 0 or own.tier_until >= day:
        return False
    yesterday = day - 1
    afresh = tiers.validity == PERIOD_END
    start = window_start(terms, own, day if afresh else yesterday)
    counted_from = day if afresh else yesterday
    met = is_met(terms, account, RETAIN + own.tier, start, yesterday)
    if not met and tiers.grace_months > 0 and not own.in_grace:
        own.tier_until = add_months(yesterday, tiers.grace_months)
        own.in_grace = 1
        return True
    if met or tiers.downgrade == NO_FALL:
        own.tier_until = last_valid_day(terms, own, counted_from)
        own.in_grace = 0
        own.renewed = 1
        return True
    level = own.tier - 1
    if tiers.downgrade == TO_EARNED:
        level = highest_earned(terms, account, own.tier, start, yesterday)
    enter_tier(terms, account, day, level, counted_from, yesterday, ENTER + level, True)
    return True


@rule
def invite(terms, account, day, action):
    """An action that grants a tier puts the member in it, or lengthens it."""
    tiers = terms.tiers
    for level in range(1, tiers.count):
        if tiers.invitation[level] == action and action >= 0:
            grant_tier(terms, account, day, level)


@rule
def grant_tier(terms, account, day, level):
    """A tier that is granted is entered, or lengthened where it is held; nothing where a higher one is held, or for the lowest."""
    own = account.own
    if level <= 0 or level < own.tier:
        return
    if level == own.tier:
        until = last_valid_day(terms, own, day)
        if until > own.tier_until:
            own.tier_until = until
            own.in_grace = 0
    else:
        enter_tier(terms, account, day, level, day, day, ENTER + level, False)


@rule
def judge_after_refund(terms, account, day):
    """Where refunds are re-judged: a tier entered in the current window that the metrics no longer reach is lost at once."""
    tiers = terms.tiers
    own = account.own
    if not tiers.rejudged or own.tier <= 0 or own.invited or tiers.needs[ENTER + own.tier][NEEDED] == 0:
        return
    start = window_start(terms, own, day)
    if own.tier_since < start or is_met(terms, account, ENTER + own.tier, start, day):
        return
    level = highest_earned(terms, account, own.tier, start, day)
    enter_tier(terms, account, day, level, day, day, ENTER + level, True)
    if (
        tiers.upgrade == NEXT_PERIOD
    ):  # every period's start is looked at; a next-day upgrade waits for an event, which a refund is not
        note_event(terms, own, day)
