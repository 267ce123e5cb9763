"""Floor 5: axes that always hold zero, with few and round ticks that a phone has room for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from workbench.reports.language import Language
from workbench.reports.parts import Months

__all__ = ["Scale", "linear", "month_ticks"]


@dataclass(frozen=True)
class Scale:
    """Start and end of an axis and the ticks between them."""

    start: float
    end: float
    ticks: tuple[float, ...]


def linear(values: Sequence[float], whole: bool = False, most: int = 5) -> Scale:
    """A scale that holds zero and every value (what is not finite aside). ``whole``: no fractions of one."""
    finite = [each for each in values if math.isfinite(each)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    if low == high:
        return Scale(0, 1, (0,))
    step = _step((high - low) / most, whole)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(place * step, 12) for place in range(first, last + 1))
    return Scale(ticks[0], ticks[-1] + 0.04 * step, ticks)


def _step(least: float, whole: bool) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least so much."""
    power = 10.0 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * (1 - 1e-9))
    return max(1.0, float(math.ceil(step))) if whole else step


def month_ticks(months: Months, say: Language, most: int = 6) -> dict[int, str]:
    """Places of months to be labelled, and their labels: Januaries by their year, others by their name."""
    if not months:
        return {}
    span = len(months)
    step = next((each for each in (1, 2, 3, 6, 12, 24, 60, 120) if span <= most * each), 240)
    chosen = [place for place, month in enumerate(months) if (month.year * 12 + month.month - 1) % step == 0] or [0]
    return {place: _label(months[place], place == chosen[0], say) for place in chosen}


def _label(month: date, first: bool, say: Language) -> str:
    if month.month == 1:
        return say.year(month)
    return say.month(month) if first else say.month_alone(month)
