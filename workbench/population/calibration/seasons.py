"""When in the week and the year customers buy, as weights of mean 1, with standard errors.

**Weekdays**: purchases of each weekday over the number of such days. The error takes weeks as the sample: what moves a whole week, a holiday
or the weather, is in it.

**Months**: repeat purchases over those expected of the customers there were by then, by the fitted model without seasons and the weekdays
above; a month in which many are new, or many have left, is not a busy or a slack one for it. The error takes customers as the sample: it is
the luck of having these customers, not that of the year. Only where every month was seen whole, which takes a year.
"""

from typing import NamedTuple

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from workbench.population.calibration.fit import Fit
from workbench.population.calibration.summary import Floats, Ints
from workbench.population.spec import DAYS_PER_UNIT

__all__ = [
    "MONTHS",
    "WEEKDAYS",
    "Weights",
    "expected_by_day",
    "month_of",
    "month_weights",
    "weekday_of",
    "weekday_weights",
]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
LEAST_WEEKS, LEAST_PURCHASES = 8, 200
LEAST_DAYS = 27
"""Days of a month to be seen, if only once."""


class Weights(NamedTuple):
    """Weights of mean 1 and their standard errors."""

    weight: Floats
    error: Floats


def weekday_of(day: Ints) -> Ints:
    """0 Monday to 6 Sunday; day 0, 1970-01-01, was a Thursday."""
    return (day + 3) % 7


def month_of(day: Ints) -> Ints:
    """0 January to 11 December."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def weekday_weights(day: Ints, first: int, last: int) -> Weights | None:
    """Weights of Monday to Sunday, of purchase days between a first and a last day; None where there are too few."""
    weeks = (last - first + 1) / 7
    if weeks < LEAST_WEEKS or len(day) < LEAST_PURCHASES:
        return None
    days = np.bincount(weekday_of(np.arange(first, last + 1)), minlength=7)
    week = (day - first) // 7
    counts = np.zeros((int(week.max()) + 1, 7))
    np.add.at(counts, (week, weekday_of(day)), 1)
    return _ratio(counts / days)


def _ratio(rows: Floats) -> Weights:
    """Mean-1 weights of the columns' sums; the rows are the sample, and the error that of a ratio of two sums."""
    size, n = rows.shape[1], len(rows)
    total = rows.sum()
    share = rows.sum(axis=0) / total
    off = rows - share * rows.sum(axis=1, keepdims=True)
    error = np.sqrt((off**2).sum(axis=0) * n / (n - 1)) / total if n > 1 else np.full(size, np.nan)
    return Weights(share * size, error * size)


def expected_by_day(found: Fit, unit: str, start: Ints, first: int, last: int) -> Floats:
    """Repeat purchases that a model without seasons expects on each day, of customers whose first purchases are on days ``start``."""
    length = last - first + 1
    new = np.bincount(start - first, minlength=length)[:length].astype(np.float64)
    whole = found.model.expected(found.theta, np.arange(length) / DAYS_PER_UNIT[unit])
    return np.concatenate([[0.0], _convolved(new, np.diff(whole))[: length - 1]])


def _convolved(one: Floats, other: Floats) -> Floats:
    """``np.convolve`` of two series above 0, by Fourier transform: a log may span centuries."""
    size = next_fast_len(len(one) + len(other), real=True)
    found: Floats = irfft(rfft(one, size) * rfft(other, size), size)
    return np.maximum(found, 0.0)


def month_weights(
    customer: Ints, day: Ints, repeat: np.ndarray, expected: Floats, weekday: Floats, first: int, last: int
) -> Weights | None:
    """Weights of January to December; None where some month was not seen whole.

    ``customer``, ``day``, ``repeat``: of purchase days, the last tells those after a customer's first. ``expected``: by day from ``first``
    to ``last``.
    """
    days = np.arange(first, last + 1)
    seen = np.bincount(month_of(days), minlength=12)
    due = np.bincount(month_of(days), weights=expected * weekday[weekday_of(days)], minlength=12)
    if (seen < LEAST_DAYS).any() or (due <= 0).any():
        return None
    _, place = np.unique(customer[repeat], return_inverse=True)
    counts = np.zeros((int(place.max(initial=0)) + 1, 12))
    np.add.at(counts, (place, month_of(day[repeat])), 1)
    if counts.sum() < LEAST_PURCHASES:
        return None
    return _ratio(counts / due)
