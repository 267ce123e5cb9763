"""Members and their candidate purchases: one fixed random measure per member, read by every world.

A member's candidates come in strips. Strip j (0, 1, 2, ...) is a Poisson process of the member's own rate times the season,
independent of the others, from arrival to the end of the run, also past death. Each candidate carries a mark v, uniform on
(0, 1), and a world whose modifier of the rate is m accepts it if ``v <= m - j`` (``accepts``): strip 0 at m = 1 is the
baseline, a world with m = 1.2 accepts strip 0 whole and a fifth of strip 1. Every draw of a candidate is keyed by (seed,
member, strip, index, purpose), so what one world rejects moves nothing in another. The joining purchase is a strip of its
own, -1, with mark 0, which every world accepts.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import gammainccinv, gammaincinv, ndtri

from workbench.population.random import derive, derive_many, exponential, open_unit, open_unit_many, seed_key
from workbench.population.spec import (
    DAYS_PER_UNIT,
    DAYS_PER_YEAR,
    GammaGamma,
    MeasuredArrivals,
    ParetoNbd,
    Population,
    UniformArrivals,
)
from workbench.population.terms import (
    AT_THRESHOLD,
    BY_CHOICE,
    NEVER_REDEEMS,
    PopulationTerms,
    basket,
    calendar_time,
    calendar_times,
    mean_on,
    pick,
)
from workbench.units import CENTS, MAX_MONEY, rule

__all__ = [
    "JOINING",
    "MAX_STRIPS",
    "Candidates",
    "Members",
    "accepts",
    "candidate_key",
    "coupon_mark",
    "candidates",
    "draw_members",
    "gap",
    "mark",
    "strip_key",
]

MAX_STRIPS = 3
"""The modifier is at most 3."""
JOINING, TRAITS, COUPONS, AUDIENCE, REFERRED, ACTING = -1, -2, -3, -4, -5, -6
"""Strips of the joining purchase, of what the member is, of coupons, of messages, of how they came, of what they do besides buying."""

# Purposes of a candidate's draws. Later ones are added at the end: a number, once used, never changes its meaning.
GAP, ACCEPT, BASKET, CATEGORY, CHANNEL, REDEEM, RETURN, JOIN, TOP_UP, DISPLACE = range(10)
# Purposes of the draws on messages (by automation, by channel, by message received).
HOLD_OUT, REACH, OPT_OUT = range(3)
# Purposes of the draws on actions (besides GAP, by run, by day of the run, by purchase).
AGAIN, FOLLOWS = range(1, 3)
# Purposes of the draws on how a customer comes.
COMES, ONLY_SO, BRINGS = range(3)
# Purposes of a member's draws.
RATE, DEATH, BUDGET, LEVEL, ARRIVAL, BIRTHDAY_KNOWN, BIRTHDAY, REDEEMER, AWARE, LOADS, PLAN, RENEWS = range(12)


# --- members -------------------------------------------------------------------------------------------------------
class Members(NamedTuple):
    """A block of members, one entry each; arrays of one length."""

    number: np.ndarray
    """int64: the member, counted from 0 over the whole run."""
    key: np.ndarray
    """uint64: the root of the member's draws."""
    arrival: np.ndarray
    """float64: days since 1970 with a fraction; the joining purchase; inf beyond the horizon."""
    season: np.ndarray
    """float64: season time at arrival (see ``calendar_time``)."""
    rate: np.ndarray
    """float64 > 0: repeat purchases per day of season time while alive."""
    death_rate: np.ndarray
    """float64 >= 0: deaths per day; 0 where nobody leaves."""
    death_budget: np.ndarray
    """float64 ~ Exp(1): the member dies when the integral of death rate times modifier reaches it."""
    mean_basket: np.ndarray
    """float64: the member's mean basket, minor units."""
    birth_month: np.ndarray
    """int64: 1-12; 0 where unknown."""
    birth_dom: np.ndarray
    """int64: day of the month; 0 where unknown."""
    redeemer: np.ndarray
    """int64: NEVER_REDEEMS, AT_THRESHOLD or BY_CHOICE."""
    u_rate: np.ndarray
    """float64 in (0, 1): rank of the member's rate; the same member at any parameters."""
    u_death: np.ndarray
    """float64 in (0, 1): rank of the death rate."""
    u_basket: np.ndarray
    """float64 in (0, 1): rank of the mean basket."""
    u_aware: np.ndarray
    """float64 in (0, 1): aware of expiry where below the share of the aware."""
    u_loads: np.ndarray
    """float64 in (0, 1): tops up stored value where below the share of those who do."""
    u_plan: np.ndarray
    """float64 in (0, 1): takes a paid plan where below the share of those who do."""
    u_renews: np.ndarray
    """float64 in (0, 1): how often the plan is renewed."""


def draw_members(population: Population, terms: PopulationTerms, seed: int, first_member: int, count: int) -> Members:
    """Members ``first_member`` to ``first_member + count - 1`` of a run; a member is the same in any block."""
    number = np.arange(first_member, first_member + count, dtype=np.int64)
    key = derive_many(seed_key(seed), number)
    traits = derive_many(key, TRAITS)
    u = [open_unit_many(derive_many(traits, purpose)) for purpose in range(RENEWS + 1)]
    season = _arrival_season(population, u[ARRIVAL])
    month, dom = _birthdays(population.birthdays.known, u[BIRTHDAY_KNOWN], u[BIRTHDAY])
    shares = population.redeemers
    classes = np.array([NEVER_REDEEMS, AT_THRESHOLD, BY_CHOICE], dtype=np.int64)
    return Members(
        number=number,
        key=key,
        arrival=calendar_times(terms, season),
        season=season,
        rate=_rates(population, u[RATE]),
        death_rate=_death_rates(population, u[DEATH]),
        death_budget=-np.log(u[BUDGET]),
        mean_basket=_mean_baskets(population, u[LEVEL]),
        birth_month=month,
        birth_dom=dom,
        redeemer=classes[np.searchsorted([shares.never, shares.never + shares.threshold], u[REDEEMER], side="right")],
        u_rate=u[RATE],
        u_death=u[DEATH],
        u_basket=u[LEVEL],
        u_aware=u[AWARE],
        u_loads=u[LOADS],
        u_plan=u[PLAN],
        u_renews=u[RENEWS],
    )


def _arrival_season(population: Population, u: np.ndarray) -> np.ndarray:
    """Season time of arrival: newcomers follow the seasons as every purchase does."""
    arrivals = population.arrivals
    if isinstance(arrivals, UniformArrivals):
        return u * (arrivals.years * DAYS_PER_YEAR)
    if isinstance(arrivals, MeasuredArrivals):
        total = np.concatenate(([0.0], np.cumsum(arrivals.shares)))
        span = np.minimum(np.searchsorted(total / total[-1], u, side="right") - 1, len(arrivals.shares) - 1)
        within = (u * total[-1] - total[span]) / np.asarray(arrivals.shares)[span]
        return (span + np.clip(within, 0.0, 1.0)) * (arrivals.years * DAYS_PER_YEAR / len(arrivals.shares))
    return np.zeros_like(u)


def _rates(population: Population, u: np.ndarray) -> np.ndarray:
    spec = population.purchases
    per_day = gammaincinv(spec.r, u) / (spec.alpha * DAYS_PER_UNIT[spec.unit])
    return np.maximum(per_day, 1e-300)  # the far tail of a small shape underflows; a wait divides by the rate


def _death_rates(population: Population, u: np.ndarray) -> np.ndarray:
    spec = population.purchases
    if not isinstance(spec, ParetoNbd):
        return np.zeros_like(u)
    return np.maximum(gammaincinv(spec.s, u) / (spec.beta * DAYS_PER_UNIT[spec.unit]), 1e-300)


def _mean_baskets(population: Population, u: np.ndarray) -> np.ndarray:
    """The member's mean basket in minor units, rising in the uniform."""
    spec = population.basket
    if isinstance(spec, GammaGamma):
        major = spec.p * spec.gamma / np.maximum(gammainccinv(spec.q, u), 1e-300)
    else:
        major = spec.mean * np.exp(spec.sd_between * ndtri(u) - spec.sd_between**2 / 2)
    return np.minimum(major * CENTS, float(MAX_MONEY))


def _birthdays(known: float, u_known: np.ndarray, u_day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Month and day of the month: one of the 1,461 days of four years, 29 February the last of them; 0, 0 where unknown."""
    place = (u_day * 1461).astype(np.int64) // 4
    dates = np.append(np.arange("2001-01-01", "2002-01-01", dtype="datetime64[D]"), np.datetime64("2004-02-29", "D"))[
        place
    ]
    months = dates.astype("datetime64[M]")
    month = months.astype(np.int64) % 12 + 1
    dom = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    told = u_known < known
    return np.where(told, month, 0), np.where(told, dom, 0)


# --- rules ---------------------------------------------------------------------------------------------------------
@rule
def strip_key(member_key: int, strip: int) -> int:
    """The root of a strip's candidates."""
    return derive(member_key, strip)


@rule
def coupon_mark(member_key: int, kind: int, serial: int) -> float:
    """The number in (0, 1) that belongs to one coupon of a member: its kind, and its number among the member's."""
    return mark(derive(derive(member_key, COUPONS), kind), serial)


@rule
def candidate_key(key_of_strip: int, index: int) -> int:
    """The root of one candidate's draws; indices count from 0 in each strip."""
    return derive(key_of_strip, index)


@rule
def mark(key_of_candidate: int, purpose: int) -> float:
    """One of a candidate's uniforms."""
    return open_unit(derive(key_of_candidate, purpose))


@rule
def gap(key_of_candidate: int, rate: float) -> float:
    """Season time from the candidate before (or from arrival) to this one."""
    return exponential(mark(key_of_candidate, GAP)) / rate


@rule
def accepts(strip: int, v: float, modifier: float) -> bool:
    """Whether a world with this modifier makes a candidate a purchase: v <= clip(m - strip, 0, 1), v being inside (0, 1)."""
    return v <= modifier - strip


# --- candidates ----------------------------------------------------------------------------------------------------
class Candidates(NamedTuple):
    """One member's candidates in order of time (then strip, index); arrays of one length. The first is the joining purchase."""

    time: np.ndarray
    """float64: days since 1970 with a fraction."""
    day: np.ndarray
    """int64: the day."""
    strip: np.ndarray
    """int64: -1 joining, 0 baseline, 1, 2."""
    index: np.ndarray  # type: ignore[assignment]  # hides a method of tuples that has no use here
    """int64: place in its strip, from 0."""
    v: np.ndarray
    """float64: the mark; 0 for the joining purchase."""
    basket: np.ndarray
    """int64 >= 1: minor units."""
    category: np.ndarray
    """int64: code, in the order of ``population.categories``."""
    channel: np.ndarray
    """int64: code, in the order of ``population.channels``."""
    u_redeem: np.ndarray
    """float64 in (0, 1): for ``wants_to_redeem``."""
    u_return: np.ndarray
    """float64 in (0, 1): for ``return_day``."""
    u_join: np.ndarray
    """float64 in (0, 1): for ``joins``."""
    u_top_up: np.ndarray
    """float64 in (0, 1): for ``topped_up``."""
    u_displace: np.ndarray
    """float64 in (0, 1): for ``takes_place``."""


def candidates(
    terms: PopulationTerms, members: Members, i: int, cap_strips: int = MAX_STRIPS, largest_modifier: float = math.inf
) -> Candidates:
    """All candidates of member ``i`` of the block, from arrival to the horizon, past death.

    ``largest_modifier``: leave out those that no world below this modifier accepts.
    """
    found = _joining(members, i, terms)
    for strip in range(cap_strips if found else 0):
        found += _strip(terms, members, i, strip, largest_modifier)
    found.sort()
    mean = float(members.mean_basket[i])
    rows = [
        (
            time, math.floor(time), strip, index, v, basket(terms, mean_on(terms, mean, math.floor(time)), mark(key, BASKET)),
            pick(terms.category_total, mark(key, CATEGORY)), pick(terms.channel_total, mark(key, CHANNEL)),
            mark(key, REDEEM), mark(key, RETURN), mark(key, JOIN), mark(key, TOP_UP), mark(key, DISPLACE),
        )
        for time, strip, index, v, key in found
    ]  # fmt: skip
    columns = zip(*rows, strict=True) if rows else [()] * len(Candidates._fields)
    return Candidates(*(np.array(c, dtype=_DTYPES[k]) for k, c in zip(Candidates._fields, columns, strict=True)))


_INTEGERS = ("day", "strip", "index", "basket", "category", "channel")
_DTYPES = {name: np.int64 if name in _INTEGERS else np.float64 for name in Candidates._fields}


def _joining(members: Members, i: int, terms: PopulationTerms) -> list[tuple[float, int, int, float, int]]:
    """The joining purchase as (time, strip, index, v, key); empty where the member arrives after the horizon."""
    arrival = float(members.arrival[i])
    key = candidate_key(strip_key(members.key[i], JOINING), 0)
    return [(arrival, JOINING, 0, 0.0, key)] if arrival < terms.end_day else []


def _strip(
    terms: PopulationTerms, members: Members, i: int, strip: int, largest_modifier: float
) -> list[tuple[float, int, int, float, int]]:
    """One strip as (time, strip, index, v, key), in order."""
    found: list[tuple[float, int, int, float, int]] = []
    root, season, rate = strip_key(members.key[i], strip), float(members.season[i]), float(members.rate[i])
    index = 0
    while True:
        key = candidate_key(root, index)
        season += gap(key, rate)
        time = calendar_time(terms, season)
        if math.isinf(time):
            return found
        v = mark(key, ACCEPT)
        if accepts(strip, v, largest_modifier):
            found.append((float(time), strip, index, v, key))
        index += 1
