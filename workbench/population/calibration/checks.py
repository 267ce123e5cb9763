"""What is odd about a log, or too little, each with its numbers."""

import numpy as np

from workbench.population.calibration.log import JOIN, PURCHASE, Log
from workbench.population.calibration.orders import Occasions
from workbench.population.calibration.seasons import MONTHS, WEEKDAYS, Weights, month_of, weekday_of
from workbench.population.calibration.summary import Summaries, iso

__all__ = ["fit_checks", "log_checks"]

FEW_CUSTOMERS, FEW_REPEATERS = 200, 50
FEWEST_EARLY = 20
"""Customers first seen at the beginning, to say anything of it."""


def log_checks(log: Log, days: Occasions, first: int, until: int) -> list[str]:
    """Of the rows: who is missing, what was given back, who was there before."""
    told = []
    if log.nobody_rows:
        told.append(
            f"{log.nobody_rows:,} rows name no member ({log.nobody_amount / 100:,.2f} of purchases): left out; the population is the "
            "members', not all of the trade's"
        )
    told += (
        _refunds(days) + _before(days, first, until) + _same_day(days) + _tills(log, days) + _closed(days, first, until)
    )
    joined = np.unique(log.customer[log.event == JOIN])
    idle = len(np.setdiff1d(joined, log.customer[log.event == PURCHASE]))
    if idle:
        told.append(
            f"{idle:,} members joined and never bought: left out; in a population everybody's first purchase is their arrival"
        )
    return told


def _refunds(days: Occasions) -> list[str]:
    told, refunds = [], days.refunds
    unlinked = refunds.rows - refunds.linked
    if unlinked:
        told.append(
            f"{unlinked:,} of {refunds.rows:,} refunds do not name an order of the log: {refunds.matched:,} taken off the member's latest "
            f"order of just that amount, {refunds.netted:,} off larger or several orders"
        )
    if refunds.before:
        told.append(
            f"{refunds.before:,} refunds ({refunds.before_amount / 100:,.2f}) are more than their members had bought in the log by then: "
            "bought before it begins; left out"
        )
    if refunds.cancelled:
        told.append(
            f"{refunds.cancelled:,} orders ({refunds.cancelled_amount / 100:,.2f}) were given back whole on their own day: dropped as never made"
        )
    return told


def _before(days: Occasions, first: int, until: int) -> list[str]:
    """Whether the log begins in the middle of its customers' lives: far more of them are first seen at its beginning than later."""
    opening = np.concatenate([[True], days.customer[1:] != days.customer[:-1]])
    start, length = days.day[opening] - first, until - first + 1
    month = 30
    if length < 4 * month or not (start >= length * 2 // 3).any():  # a cohort: nobody new towards the end
        return []
    early = int((start < month).sum())
    later = (len(start) - early) / (length - month) * month
    if early < max(2 * later, FEWEST_EARLY):
        return []
    return [
        f"{early:,} of {len(start):,} customers were first seen in the first 30 days, against {later:,.0f} in an average 30 days after: most were "
        "customers before, and their first purchase here is not their first; rates are a little too high and leaving is blurred. "
        f"--new-since {iso(first + 3 * month)} fits on new customers alone"
    ]


def _same_day(days: Occasions) -> list[str]:
    several = int((days.orders > 1).sum())
    if several < 0.02 * len(days.orders):
        return []
    return [
        f"{several:,} of {len(days.orders):,} purchase days have several orders ({days.orders.mean():.3f} on average): orders of one day are one "
        "purchase, its basket their sum"
    ]


def _tills(log: Log, days: Occasions) -> list[str]:
    """A member who buys nearly every day is rather a till, or everybody without a card."""
    number = np.bincount(days.customer, minlength=log.customers)
    open_days = len(np.unique(days.day))
    busy = np.flatnonzero((number > open_days / 2) & (number > 30 * max(1.0, float(np.median(number[number > 0])))))
    if len(busy) == 0 or open_days < 60:
        return []
    names = ", ".join(log.names[code] if code < len(log.names) else str(code) for code in busy[:3].tolist())
    return [
        f"{len(busy)} members bought on more than half of the {open_days} days with purchases ({names}): is that an id of a till, or of a company?"
    ]


def _closed(days: Occasions, first: int, until: int) -> list[str]:
    """Runs of days without any purchase, weekdays that never have one apart."""
    every = np.arange(first, until + 1)
    count = np.bincount(days.day - first, minlength=len(every))
    by_weekday = np.bincount(weekday_of(days.day), minlength=7)
    usual = by_weekday > 0
    every_open = usual[weekday_of(every)]
    if count.sum() < 5 * every_open.sum():
        return []
    gaps, run = [], 0
    for place in np.flatnonzero(every_open).tolist() + [-1]:
        if place >= 0 and count[place] == 0:
            run, end = run + 1, place
        else:
            if run >= 3:
                gaps.append((run, iso(int(every[end]))))
            run = 0
    told = []
    if not usual.all():
        told.append(
            "no purchase on any "
            + ", ".join(name for name, is_open in zip(WEEKDAYS, usual, strict=True) if not is_open)
        )
    if gaps:
        told.append("closed, it seems: " + ", ".join(f"{length} days up to {end}" for length, end in gaps[:5]))
    return told


def fit_checks(
    rows: Summaries, due: float, weekday: Weights | None, month: Weights | None, first: int, until: int
) -> list[str]:
    """Of the fit: too few customers, too short a history, seasons."""
    told = []
    days = until - first + 1
    if rows.size < FEW_CUSTOMERS or rows.repeaters < FEW_REPEATERS:
        told.append(
            f"few customers: {rows.size:,}, and {rows.repeaters:,} with a second purchase; look at the standard errors before any figure"
        )
    repeats = float(rows.x @ rows.customers)
    if repeats < rows.size / 4:
        told.append(
            f"{repeats:,.0f} repeat purchases of {rows.size:,} customers in {days} days: a history this short says little about who leaves"
        )
    if abs(due / repeats - 1) > 0.05:
        told.append(
            f"the model expects {due:,.0f} repeat purchases in the days it was fitted on, where there were {repeats:,.0f} "
            f"({100 * (due / repeats - 1):+.1f} %): customers who came early buy at other rates than those who came late"
        )
    if weekday is None:
        told.append("weekdays are not told apart: that takes 8 weeks and 200 purchases")
    if month is None:
        told.append(
            f"months are not told apart: the log's {days} days do not hold every month whole, or too few repeat purchases"
        )
        return told
    return told + _peaks(month, first, until)


def _peaks(month: Weights, first: int, until: int) -> list[str]:
    high = [
        f"{MONTHS[k]} {month.weight[k]:.2f} (standard error {month.error[k]:.2f})"
        for k in range(12)
        if month.weight[k] > 1.25 and month.weight[k] - 1 > 3 * month.error[k]
    ]
    years = np.bincount(month_of(np.arange(first, until + 1)), minlength=12).min() / 28
    told = []
    if high:
        told.append("the year has its peaks: " + ", ".join(high) + " times the average month")
    if years < 2:
        told.append("months rest on a single year: growth, or one good month, looks like a season")
    return told
