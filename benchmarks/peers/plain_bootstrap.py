"""The bootstrap as one would write it: for every draw a new triangle, entry by entry, and the hazards from it by loops over its cells.

It does the whole of what ``workbench.finance.redemption_rates.bootstrap`` does (whose results it must reach), but for tails and debts.
"""

import math

import numpy as np

from workbench.finance.triangle import Events, Floats
from workbench.ledger import EARN, REDEEM

__all__ = ["draws"]


def draws(events: Events, months: int, life: int, weights: Floats) -> list[float]:
    """Points still to be redeemed in every draw. Months count from January 1970, of which the first is the first cohort; points may be used up
    to an age of ``life`` months."""
    day_months = events.day.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    cohorts = events.earned_on.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    ages = day_months - cohorts
    ones = np.ones(int(events.member.max()) + 1)
    issued, redeemed = _triangle(events, cohorts, ages, months, ones)
    back = min(12, months // 3)
    then = months - back
    total = _ahead(issued, redeemed, _hazards(issued, redeemed, months, life), months, life, months + life)
    forecast_hazards = _hazards(issued, redeemed, then, life)
    forecast = _ahead(issued, redeemed, forecast_hazards, then, life, months)
    strays = _strays(events, cohorts, ages, forecast_hazards, then, months, life, len(ones))
    found = []
    for each in weights:
        drawn_issued, drawn_redeemed = _triangle(events, cohorts, ages, months, each)
        h = _hazards(drawn_issued, drawn_redeemed, then, life)
        error = _ahead(issued, redeemed, h, then, life, months) - forecast - float(((each - 1) * strays).sum())
        found.append(max(total - error * math.sqrt(total / forecast), 0.0))
    return found


def _triangle(
    events: Events, cohorts: np.ndarray, ages: np.ndarray, months: int, weights: Floats
) -> tuple[Floats, Floats]:
    issued, redeemed = np.zeros(months), np.zeros((months, months))
    amounts = events.points * weights[events.member]
    earns, redeems = events.kind == EARN, events.kind == REDEEM
    np.add.at(issued, cohorts[earns], amounts[earns])
    np.add.at(redeemed, (cohorts[redeems], ages[redeems]), -amounts[redeems])
    return issued, redeemed


def _hazards(issued: Floats, redeemed: Floats, known: int, life: int) -> list[float]:
    """By what was known after so many months."""
    found = []
    for age in range(life + 1):
        paid = exposed = 0.0
        for cohort in range(known - age):
            paid += redeemed[cohort, age]
            exposed += issued[cohort] - redeemed[cohort, :age].sum()
        found.append(paid / exposed if exposed > 0 else 0.0)
    return found


def _share(h: list[float], age: int, until: int) -> float:
    """Of the points unredeemed after an age, the share redeemed up to another."""
    left = 1.0
    for each in range(age + 1, min(until, len(h) - 1) + 1):
        left *= 1 - h[each]
    return 1 - left


def _ahead(issued: Floats, redeemed: Floats, h: list[float], known: int, life: int, until: int) -> float:
    """Points expected to be redeemed between two numbers of months, of those issued by the first."""
    total = 0.0
    for cohort in range(known):
        age = known - 1 - cohort
        left = issued[cohort] - redeemed[cohort, : age + 1].sum()
        total += left * _share(h, age, min(life, until - 1 - cohort))
    return total


def _strays(
    events: Events,
    cohorts: np.ndarray,
    ages: np.ndarray,
    h: list[float],
    then: int,
    months: int,
    life: int,
    members: int,
) -> Floats:
    """What each member redeemed since, less what was expected of their points."""
    found = np.zeros(members)
    for k in range(len(events.kind)):
        cohort, age, points = cohorts[k], ages[k], abs(int(events.points[k]))
        if cohort >= then or events.kind[k] not in (EARN, REDEEM):
            continue
        share = _share(h, then - 1 - cohort, min(life, months - 1 - cohort))
        if events.kind[k] == EARN:
            found[events.member[k]] -= share * points
        elif cohort + age < then:
            found[events.member[k]] += share * points
        else:
            found[events.member[k]] += points
    return found
