"""RFM segments: purchases by calendar month, and the score at the start of each month. What a file may say stands in ``segment_spec.py``."""

from typing import NamedTuple

from workbench.ledger import SEGMENT, post
from workbench.rules.segment_spec import Segments
from workbench.units import NEVER, add_months, civil, day_of, rule, to_minor

__all__ = ["SegmentTerms", "first_score", "lower_segments", "note_month", "score"]


# --- lowering ------------------------------------------------------------------------------------------------------
class SegmentTerms(NamedTuple):
    """RFM scoring lowered to integers, money in minor units."""

    on: int
    """1 where members are scored."""
    noted: int
    """Months of purchases that are kept, those of later versions of the program included; 0: none."""
    window: int
    """Calendar months that count."""
    recency_days: int
    frequency: int
    monetary: int


def lower_segments(segments: Segments | None) -> SegmentTerms:
    """Terms of scoring; all zero where the program has none."""
    if segments is None:
        return SegmentTerms(0, 0, 0, 0, 0, 0)
    return SegmentTerms(
        on=1,
        noted=segments.window_months,
        window=segments.window_months,
        recency_days=segments.recency_days,
        frequency=segments.frequency,
        monetary=to_minor(segments.monetary),
    )


# --- rules ---------------------------------------------------------------------------------------------------------
DEVELOP, KEEP, IMPORTANT = 1, 2, 4
"""Bits of a segment's code: recency, frequency, monetary value are high."""


@rule
def month_of(day):
    """Calendar months since the year 0."""
    year, month, _ = civil(day)
    return year * 12 + month


@rule
def first_score(terms, day):
    """The day of the first score of a member who joins on a day: the first day of the next month; NEVER where nobody is scored."""
    if terms.segments.on == 0:
        return NEVER
    year, month, _ = civil(day)
    return add_months(day_of(year, month, 1), 1)


@rule
def note_month(terms, account, day, orders, money):
    """Add a purchase or a refund (``orders`` 0, negative money) to the month of its posting day, which never falls."""
    own = account.own
    month = month_of(day)
    if own.months == 0 or account.months[own.months - 1].month != month:
        if not terms.segments.on:
            forget_months(account, month - terms.segments.noted)
        row = account.months[own.months]
        row.month = month
        row.orders = 0
        row.money = 0
        own.months += 1
    row = account.months[own.months - 1]
    row.orders += orders
    row.money += money


@rule
def forget_months(account, first):
    """Drop the months before a month: no score looks at them any more."""
    own = account.own
    gone = 0
    while gone < own.months and account.months[gone].month < first:
        gone += 1
    if gone == 0:
        return
    for i in range(own.months - gone):
        row, later = account.months[i], account.months[i + gone]
        row.month = later.month
        row.orders = later.orders
        row.money = later.money
    own.months -= gone


@rule
def score(terms, account, day):
    """The score of the first day of a month, from the calendar months before it. Returns whether the member has entered another segment."""
    segments = terms.segments
    own = account.own
    if day < own.score_on:
        return False
    own.score_on = add_months(day, 1)
    forget_months(account, month_of(day) - segments.noted)
    orders, money = 0, 0
    for i in range(own.months):
        if account.months[i].month >= month_of(day) - segments.window:
            orders += account.months[i].orders
            money += account.months[i].money
    found = DEVELOP if own.purchases > 0 and day - own.last_purchase <= segments.recency_days else 0
    if orders >= segments.frequency:
        found += KEEP
    if money >= segments.monetary:
        found += IMPORTANT
    if own.segment == 1 + found:
        return False
    own.segment = 1 + found
    post(account, day, SEGMENT, 0, 0, NEVER, NEVER, 0, terms.why_segment + found)
    return True
