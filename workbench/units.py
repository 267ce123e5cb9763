"""Floor 0: days, points and money as integers, and the calendar.

A day is the number of days since 1970-01-01 (the numbering of Parquet's ``date32`` and NumPy's ``datetime64[D]``).
Money is held in 1/100 of every currency's major unit, also for currencies that have no minor unit in circulation.
Everything marked ``@rule`` is ordinary Python that Numba can also compile; see ``DESIGN.md``.
"""

from datetime import date, timedelta
from decimal import Decimal

from numba.extending import register_jitable

__all__ = [
    "CENTS",
    "EPOCH",
    "LAST_DAY",
    "MAX_MONEY",
    "MAX_POINTS",
    "NEVER",
    "add_months",
    "civil",
    "day_of",
    "last_of_month",
    "month_end",
    "muldiv",
    "rule",
    "round_units",
    "to_date",
    "to_day",
    "to_major",
    "to_minor",
    "yearly_on_or_after",
]

rule = register_jitable(no_cfunc_wrapper=True)
"""Marks a rule: ordinary Python that Numba may compile. Without the wrapper by which C would call it, compilation is shorter."""
EPOCH = date(1970, 1, 1)
CENTS = 100
LAST_DAY = (date.max - EPOCH).days
"""The last day a date can name, 9999-12-31."""
NEVER = LAST_DAY + 1
"""The expiry of what does not expire: later than every date, and shown to users as null."""
MAX_MONEY = 10**12
"""Largest amount of one transaction, in minor units (1e10 major): larger input is refused, never wrapped."""
MAX_POINTS = 10**12
"""Largest number of points of one transaction or balance: larger input is refused, never wrapped."""

FLOOR, CEIL, HALF_UP, NO_ROUNDING = range(4)


def to_day(value: date) -> int:
    """The day number of a date."""
    return (value - EPOCH).days


def to_date(day: int) -> date | None:
    """The date of a day number; None for ``NEVER``."""
    return None if day >= NEVER else EPOCH + timedelta(days=int(day))


def to_minor(value: Decimal) -> int:
    """Major units as minor units; raises ValueError where the value is not a whole number of them."""
    minor = value * CENTS
    if minor != minor.to_integral_value():
        raise ValueError(f"{value} has more than two decimals")
    return int(minor)


def to_major(minor: int) -> int | float:
    """Minor units as a JSON number in major units: an int where it is whole."""
    whole, cents = divmod(int(minor), CENTS)
    return whole if cents == 0 else int(minor) / CENTS


@rule
def civil(day):
    """Year, month and day of the month of a day number (Hinnant's days-to-civil algorithm, proleptic Gregorian)."""
    z = day + 719468
    era = z // 146097
    doe = z - era * 146097
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (1 if month <= 2 else 0)
    return year, month, doy - (153 * mp + 2) // 5 + 1


@rule
def last_of_month(year, month):
    """Number of days of a month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


@rule
def day_of(year, month, dom):
    """Day number of a calendar date; a day beyond the month's end is clamped to it (29 Feb -> 28 Feb)."""
    dom = min(dom, last_of_month(year, month))
    y = year - 1 if month <= 2 else year
    era = y // 400
    yoe = y - era * 400
    mp = month - 3 if month > 2 else month + 9
    doy = (153 * mp + 2) // 5 + dom - 1
    return era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468


@rule
def add_months(day, months):
    """The same day of the month, so many calendar months on, clamped to the month's last day (31 Jan + 1 = 28/29 Feb)."""
    year, month, dom = civil(day)
    index = year * 12 + month - 1 + months
    return day_of(index // 12, index % 12 + 1, dom)


@rule
def month_end(day, months):
    """Last day of the block of so many months (1, 3, 6, 12: month, quarter, half, year) that holds the day."""
    year, month, _ = civil(day)
    last = ((month - 1) // months + 1) * months
    return day_of(year, last, 31)


@rule
def yearly_on_or_after(day, month, dom):
    """First day on or after ``day`` that falls on this month and day of the month (clamped)."""
    year = civil(day)[0]
    found = day_of(year, month, dom)
    return found if found >= day else day_of(year + 1, month, dom)


@rule
def muldiv(a, b, c):
    """``a * b // c`` without overflow for 0 <= a, b < 2**62 and 0 < c < 2**61 (the result must fit 63 bits).

    Compiled integers wrap silently; long multiplication by doubling keeps every step below 2**63.
    """
    if a == 0 or b <= (2**62) // a:
        return a * b // c
    whole = a // c
    rest = a % c
    quotient = 0
    remainder = 0
    for k in range(62):
        bit = (b >> (61 - k)) & 1
        quotient *= 2
        remainder *= 2
        if remainder >= c:
            remainder -= c
            quotient += 1
        if bit == 1:
            remainder += rest
            if remainder >= c:
                remainder -= c
                quotient += 1
    return whole * b + quotient


@rule
def round_units(numerator, denominator, mode):
    """A non-negative quotient rounded to an integer by mode (``FLOOR``, ``CEIL``, ``HALF_UP``; any other floors)."""
    if mode == CEIL:
        return -((-numerator) // denominator)
    if mode == HALF_UP:
        return (2 * numerator + denominator) // (2 * denominator)
    return numerator // denominator
