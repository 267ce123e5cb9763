"""Expiry: points that lapse before they can buy anything, in all the ways in which a file can say so without meaning it."""

import math
from collections.abc import Iterator

import numpy as np

from workbench.lint.finding import ERROR, WARNING, Finding, amount, percent
from workbench.lint.subject import DAYS_PER_MONTH, NOBODY, Subject
from workbench.lint.till import CYCLE
from workbench.rules.earn_spec import Bonus
from workbench.rules.expiry import BY_LOT, INACTIVITY, ByTier
from workbench.rules.expiry import Windows as EarningWindows
from workbench.units import NEVER, to_day

__all__ = ["CODES", "findings", "open_days"]

CODES = (
    "reward-out-of-reach", "pending-outlives-points", "expiry-better-below", "protected-for-ever", "bonus-lapses-unused",
    "lapses-before-redemption-opens", "expiry-window-gap", "expiry-before-next-purchase",
)  # fmt: skip
SELDOM = 0.1
"""A bonus that fewer than one living member in ten has an order to use on."""


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    yield from reward_out_of_reach(subject)
    yield from pending_outlives(subject)
    yield from by_tier(subject)
    yield from bonuses_lapse(subject)
    yield from before_redemption_opens(subject)
    yield from window_gaps(subject)
    yield from before_next_purchase(subject)


# --- time enough -----------------------------------------------------------------------------------------------------
def reward_out_of_reach(subject: Subject) -> Iterator[Finding]:
    """The nearest reward costs more than a typical member gathers before the first of the points lapse."""
    nearest = subject.nearest_reward
    if nearest is None or subject.welcome >= nearest.balance:
        return
    yearly, there = subject.yearly(0), subject.months_to_gather
    missing = nearest.balance - subject.welcome
    by_action = any(each.event == "action" for each in subject.program.earn.bonuses)
    if yearly <= 0:
        if not by_action and subject.every_rate == []:
            message = (
                f"{nearest.name} takes {nearest.balance:,} points; members get {subject.welcome:,} and then earn none"
            )
            numbers: dict[str, float | int | None] = {
                "points_needed": nearest.balance,
                "months_needed": None,
                "months_there": there,
            }
            yield Finding("reward-out-of-reach", ERROR, nearest.path, message, numbers)
        return
    needed = 12 * missing / yearly
    if needed <= there:
        return
    rate = subject.rate(0).typical
    share = subject.people.spend_from(missing / rate, there / 12)
    numbers = {
        "points_needed": nearest.balance,
        "points_a_year": yearly,
        "months_needed": needed,
        "months_there": there,
        "members_in_time_pct": 100 * share,
    }
    message = (
        f"the nearest reward, {nearest.name}, takes {nearest.balance:,} points; a member with the mean purchase rate earns "
        f"{amount(yearly)} a year and needs {amount(needed)} months, points live {amount(there)}; {percent(share)} of members get there in time"
    )
    yield Finding("reward-out-of-reach", ERROR if share < NOBODY else WARNING, nearest.path, message, numbers)


def before_next_purchase(subject: Subject) -> Iterator[Finding]:
    """Inactivity that is shorter than the time between two purchases."""
    expiry = subject.till.terms.expiry
    if expiry.mode != INACTIVITY or subject.gap_months <= expiry.months:
        return
    again = subject.people.again_within(expiry.months * DAYS_PER_MONTH)
    numbers = {"months": expiry.months, "gap_months": subject.gap_months, "again_in_time_pct": 100 * again}
    message = (
        f"all points lapse after {expiry.months} months without activity; purchases of a living member lie {amount(subject.gap_months)} "
        f"months apart on average, and {percent(again)} of members buy again in time"
    )
    yield Finding("expiry-before-next-purchase", WARNING, "expiry.months", message, numbers)


def pending_outlives(subject: Subject) -> Iterator[Finding]:
    """Points that lapse while they are still pending."""
    program, expiry = subject.program, subject.till.terms.expiry
    pending = program.earn.pending
    if pending is None:
        return
    clock = pending.days if pending.expiry_clock == "activation" else 0
    active = np.arange(subject.first, subject.first + CYCLE) + pending.days
    for tier in subject.tiers:
        usable = subject.usable_to(expiry.of_tier[tier], clock) - active
        lost = float((usable < 0).mean())
        if lost > 0:
            life = subject.life_of(expiry.of_tier[tier], clock)
            numbers = {
                "pending_days": pending.days,
                "shortest_life_days": life.shortest,
                "days_of_earning_lost_pct": 100 * lost,
            }
            message = (
                f"points wait {pending.days} days before they can be used and live {amount(life.shortest)} days at the least: of what is "
                f"earned on {percent(lost)} of all days nothing can ever be used"
            )
            yield Finding("pending-outlives-points", ERROR, "earn.pending.days", message, numbers)
            return


# --- tiers -----------------------------------------------------------------------------------------------------------
def by_tier(subject: Subject) -> Iterator[Finding]:
    """A lower tier whose points live longer, and tiers that are never left and in which nothing lapses."""
    program = subject.program
    if not isinstance(program.expiry, ByTier) or program.tiers is None:
        return
    names = program.tier_names
    for k in range(1, len(names)):
        if names[k] in program.expiry.protected:
            continue
        here, below = subject.life(k), subject.life(k - 1)
        better = names[k - 1] in program.expiry.protected or below.mean > here.mean
        if better:
            numbers = {"life_days": here.mean, "life_days_below": below.mean}
            message = (
                f"points earned as {names[k]} live {_days(here.mean)} on average, those of the tier below it, {names[k - 1]}, "
                + ("do not lapse at all" if names[k - 1] in program.expiry.protected else _days(below.mean))
            )
            yield Finding("expiry-better-below", WARNING, f"expiry.tiers.{names[k]}", message, numbers)
    kept = program.tiers.downgrade == "none" or program.tiers.validity.until == "lifetime"
    for j, name in enumerate(program.expiry.protected):
        if kept or name == names[0]:
            numbers = {"tier": names.index(name)}
            message = f"nothing lapses in {name}, and nobody ever leaves it: points of its members never lapse, whatever expiry says"
            yield Finding("protected-for-ever", WARNING, f"expiry.protected[{j}]", message, numbers)


def _days(days: float) -> str:
    return "for ever" if math.isinf(days) else f"{amount(days)} days"


# --- redemption, bonuses, windows ------------------------------------------------------------------------------------
def open_days(subject: Subject) -> np.ndarray | None:
    """bool[days]: whether redemption is open, from the first day on, for twenty years; None where it always is."""
    terms = subject.till.terms.redemption
    if terms.windows == 0:
        return None
    days = np.arange(subject.first, subject.first + 5 * CYCLE)
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month = months.astype(np.int64) % 12 + 1
    dom = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    found = np.zeros(len(days), dtype=bool)
    for k in range(terms.windows):
        inside = (terms.window_first[k] <= dom) & (dom <= terms.window_last[k])
        found |= np.array(terms.window_months[k], dtype=bool)[month] & inside
    return found


def _usable(subject: Subject, begins: np.ndarray, last: np.ndarray) -> float:
    """Share of lots, each usable from a day to a last day, that live to see a day on which redemption is open."""
    is_open = open_days(subject)
    if is_open is None:
        return float((last >= begins).mean())
    total = np.concatenate(([0], np.cumsum(is_open)))
    low = np.clip(begins - subject.first, 0, len(is_open)).astype(int)
    high = np.maximum(np.clip(last + 1 - subject.first, 0, len(is_open)).astype(int), low)
    return float((total[high] > total[low]).mean())


def before_redemption_opens(subject: Subject) -> Iterator[Finding]:
    """Points that lapse before redemption next opens."""
    program, expiry = subject.program, subject.till.terms.expiry
    is_open = open_days(subject)
    if program.redemption is None or is_open is None or not is_open.any() or expiry.mode != BY_LOT:
        return
    if (
        program.redemption.automatic is not None
        and program.redemption.money_off is None
        and not program.redemption.catalogue
    ):
        return
    pending = program.earn.pending
    waits = 0 if pending is None else pending.days
    clock = waits if pending is not None and pending.expiry_clock == "activation" else 0
    days = np.arange(subject.first, subject.first + CYCLE)
    lost = 1 - min(
        _usable(subject, days + waits, subject.usable_to(expiry.of_tier[tier], clock)) for tier in subject.tiers
    )
    if lost > 0:
        numbers = {"days_of_earning_lost_pct": 100 * lost, "open_days_pct": 100 * float(is_open.mean())}
        message = f"what is earned on {percent(lost)} of all days lapses before redemption next opens (it is open on {percent(float(is_open.mean()))} of days)"
        yield Finding("lapses-before-redemption-opens", WARNING, "redemption.windows", message, numbers)


def bonuses_lapse(subject: Subject) -> Iterator[Finding]:
    """Bonuses with an expiry of their own that lapse before they can be used, or before most members come again."""
    program = subject.program
    pending = program.earn.pending
    days = np.arange(subject.first, subject.first + CYCLE)
    for k, bonus in enumerate(program.earn.bonuses):
        lot_rule = subject.till.earn.bonus_expiry[k]
        if lot_rule < 0 or subject.never(bonus) or not subject.rewards:
            continue
        waits = pending.days if pending is not None and pending.bonuses else 0
        clock = waits if pending is not None and pending.expiry_clock == "activation" else 0
        given = _days_given(subject, bonus)
        last = subject.usable_to(lot_rule, clock)
        used = _usable(subject, (days + waits)[given], last[given])
        life = float(np.maximum(last - days - waits, -1)[given].mean())
        path = f"earn.bonuses[{k}].expiry"
        again = subject.people.again_within(max(life, 0.0)) if math.isfinite(life) else 1.0
        numbers = {"life_days": life, "usable_pct": 100 * used, "again_in_time_pct": 100 * again}
        if used < 1:
            message = (
                f"what {bonus.name} gives on {percent(1 - used)} of its days lapses before it can be used: it waits {waits} days and is gone "
                f"{amount(max(life, 0.0))} days later on average"
            )
            yield Finding("bonus-lapses-unused", ERROR if used == 0 else WARNING, path, message, numbers)
        elif again < SELDOM and bonus.event != "action":
            message = (
                f"{bonus.name} lives {amount(life)} days: {percent(again)} of living members buy again in that time "
                f"(purchases lie {amount(subject.gap_months)} months apart on average)"
            )
            yield Finding("bonus-lapses-unused", WARNING, path, message, numbers)


def _days_given(subject: Subject, bonus: Bonus) -> np.ndarray:
    """bool[days]: the days on which a bonus is given; all, where its dates are not among them."""
    days = np.arange(subject.first, subject.first + CYCLE)
    spans = [(to_day(span.first), to_day(span.last)) for span in bonus.dates]
    found = (
        np.any([(days >= first) & (days <= last) for first, last in spans], axis=0) if spans else np.ones(CYCLE, bool)
    )
    return found if found.any() else np.ones(CYCLE, bool)


def window_gaps(subject: Subject) -> Iterator[Finding]:
    """Earning windows that do not cover every day: what is earned outside them never lapses."""
    expiry = subject.program.expiry
    if not isinstance(expiry, EarningWindows):
        return
    outside = sum(expiry.last_day(day) == NEVER for day in range(subject.first, subject.first + CYCLE)) / CYCLE
    if outside > 0:
        last = max(window.last for window in expiry.windows)
        over = "" if expiry.repeat_years is not None else f" (the last window ends on {last} and none repeats)"
        message = f"on {percent(outside)} of the days of the next four years what is earned never lapses: no earning window holds them{over}"
        yield Finding("expiry-window-gap", WARNING, "expiry.windows", message, {"days_outside_pct": 100 * outside})
