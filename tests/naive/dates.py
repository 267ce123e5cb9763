"""Calendar arithmetic of the naive model, on ``datetime.date`` alone, so that a mistake in the day numbers cannot hide here too."""

from calendar import isleap, monthrange
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
PERIOD_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


def plus_months(when: date, months: int) -> date:
    """The same day so many calendar months on, clamped to the month's last day."""
    year, month = when.year, when.month + months
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    return date(year, month, min(when.day, monthrange(year, month)[1]))


def day_in_year(year: int, month: int, day: int) -> date:
    """A day of every year; 29 February is 28 February in common years."""
    if (month, day) == (2, 29) and not isleap(year):
        day = 28
    return date(year, month, day)


def period(kind: str, when: date) -> tuple[date, date]:
    """First and last day of the calendar month, quarter, half or year that holds a day."""
    length = PERIOD_MONTHS[kind]
    first = date(when.year, (when.month - 1) // length * length + 1, 1)
    return first, plus_months(first, length) - ONE_DAY


def yearly_on_or_after(when: date, month_day: str) -> date:
    """The first ``MM-DD`` on or after a day."""
    month, day = (int(part) for part in month_day.split("-"))
    year = when.year
    while day_in_year(year, month, day) < when:
        year += 1
    return day_in_year(year, month, day)
