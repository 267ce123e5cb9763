"""Who reaches a tier: the share of members whose purchases in a window meet a requirement.

Given the number of purchases, orders and visits are met or not, and spend and points are thresholds on one and the same sum of money; so
the share is one sum over the number of purchases, exact up to what ``people`` says of sums of baskets and to the mean rate of points.
"""

import math
from typing import NamedTuple

import numpy as np

from workbench.lint.subject import A_LIFETIME, Subject
from workbench.rules.tiers_spec import METRICS, Level, Requirement, Tiers, Window

__all__ = ["Reach", "Reacher", "Span", "span_of"]

MONTHS = {"year": 12, "anniversary": 12, "half": 6, "quarter": 3, "month": 1}
DAYS_OF = {12: 366, 6: 184, 3: 92, 1: 31}
CAP_MONTHS = {"year": 12.0, "month": 1.0, "day": 12 / 365.25}


class Span(NamedTuple):
    """A window as the population sees it."""

    years: float
    season: float
    """How much busier than usual its busiest period is."""
    days: float
    """The most days it can hold; inf for ever."""


class Reach(NamedTuple):
    """Who meets a requirement."""

    share: float
    """Share of members, of those who join with a purchase on the window's first day."""
    sure: bool
    """False where something counts that the population says nothing of (nights, actions): then more may reach it."""
    possible: bool
    """False where nobody can, whatever they buy."""


def span_of(window: Window, subject: Subject) -> Span:
    """The length of a window: calendar ones at their busiest, those without an end as ``A_LIFETIME``."""
    if window.kind in MONTHS:
        months = MONTHS[window.kind]
        season = subject.people.busiest(months) if window.kind != "anniversary" else 1.0
        return Span(months / 12, season, DAYS_OF[months])
    if window.months is not None:
        return Span(window.months / 12, 1.0, math.ceil(window.months * 31))
    return Span(A_LIFETIME, 1.0, math.inf)


class Reacher:
    """The shares of one program's tiers."""

    def __init__(self, subject: Subject, tiers: Tiers) -> None:
        self.subject, self.tiers = subject, tiers
        self.span = span_of(tiers.window, subject)
        self.counts = subject.people.counts(self.span.years, self.span.season)

    def enter(self, level: int) -> Reach:
        """Who reaches a tier from the one below. Where the counter starts again at each tier, the thresholds below come first."""
        need = self.tiers.levels[level].enter
        assert need is not None
        return self.share(self._from_zero(level, need), level - 1)

    def _from_zero(self, level: int, need: Requirement) -> Requirement:
        """What a new member has to bring in all."""
        if self.tiers.counter == "kept" and self.tiers.window.kind != "since_tier_change":
            return need
        below = [each.enter for each in self.tiers.levels[1:level] if each.enter is not None]
        if any(_metrics(each) != _metrics(need) for each in below) or len(_metrics(need)) != 1:
            return need
        (metric,) = _metrics(need)
        return need.model_copy(update={metric: getattr(need, metric) + sum(getattr(each, metric) for each in below)})

    def share(self, need: Requirement, tier: int) -> Reach:
        """Who meets a requirement within one window, earning as members of a tier do."""
        number = self.counts.number
        met = np.zeros(len(number), dtype=int)
        thresholds: list[np.ndarray] = []
        sure, impossible = True, 0
        for metric in _metrics(need):
            value = getattr(need, metric)
            if metric == "spend":
                thresholds.append(np.full(len(number), float(value) / max(self.subject.till.earning_share, 1e-12)))
            elif metric == "points":
                wanted, counted = self._spend_for_points(value, tier)
                thresholds.append(wanted)
                sure = sure and counted
                impossible += counted and bool(np.isinf(wanted).all())
            elif metric == "nights":
                sure = False
                thresholds.append(np.full(len(number), math.inf))
            else:
                beyond = metric == "visits" and value > self.span.days
                met += (number >= value) & (not beyond)
                impossible += beyond
        wanted_of = need.at_least or len(_metrics(need))
        share = self._share(met, thresholds, wanted_of)
        return Reach(share, sure, len(_metrics(need)) - impossible >= wanted_of)

    def _share(self, met: np.ndarray, thresholds: list[np.ndarray], wanted: int) -> float:
        """Share of members with enough thresholds met: of those on money the cheapest ones come first."""
        number, weight = self.counts
        left = wanted - met
        spend = np.where(left <= 0, 0.0, math.inf)
        if thresholds:
            cheapest = np.sort(np.stack(thresholds), axis=0)
            for k in range(len(thresholds)):
                spend = np.where(left == k + 1, cheapest[k], spend)
        return float(weight @ self.subject.people.sums_from(number, spend))

    def _spend_for_points(self, points: int, tier: int) -> tuple[np.ndarray, bool]:
        """Money that brings so many qualifying points, for each number of purchases (inf: none does), and whether all of them are counted."""
        subject, number = self.subject, self.counts.number
        bonuses = [each for each in subject.program.earn.bonuses if each.qualifies]
        once = sum(each.points or 0 for each in bonuses if each.event in ("join", "first_purchase"))
        once += sum(each.points or 0 for each in bonuses if each.event == "birthday") * max(1, round(self.span.years))
        an_order = sum((each.points or 0) * subject.times_an_order(each) for each in bonuses)
        needed = points - once - an_order * number
        rate = subject.people.rate * subject.till.mean_points(tier)
        per_money = rate / (subject.people.rate * subject.people.mean_order)
        wanted = np.where(needed <= 0, 0.0, needed / per_money if per_money > 0 else math.inf)
        wanted = np.where(needed > self._most_points(number), math.inf, wanted)
        return wanted, not any(each.event == "action" for each in bonuses)

    def _most_points(self, number: np.ndarray) -> np.ndarray:
        """The most base points that the program's limits allow in a window, for each number of purchases."""
        most = np.full(len(number), math.inf)
        months = self.span.years * 12
        for cap in self.subject.program.earn.caps:
            if cap.stage == "before_multiplier":
                continue
            if cap.per == "order":
                most = np.minimum(most, number * cap.points)
            elif cap.per in CAP_MONTHS and math.isfinite(self.span.days):
                overlaps = self.tiers.window.kind in ("rolling", "anniversary")
                most = np.minimum(most, cap.points * (math.ceil(months / CAP_MONTHS[cap.per] - 1e-9) + overlaps))
        return most


def _metrics(need: Requirement) -> list[str]:
    return [metric for metric in METRICS if getattr(need, metric) is not None]


def keeps(level: Level) -> Requirement | None:
    """What keeps a tier."""
    return level.retain or level.enter
