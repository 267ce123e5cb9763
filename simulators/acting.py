"""What members do in a simulation besides buying: actions in time, and actions that follow purchases.

Actions of a name come as a renewal process of the member's own from arrival on: after a gap a run begins, and each day of it is followed by
another with chance ``again``, at the same hour. Its draws are keyed by the member and the action's name, so that two programs that reward the
same action see the same ones, and none moves a candidate purchase.
"""

import zlib
from typing import Annotated, Any, NamedTuple

import numpy as np

from workbench.population.behaviour_spec import Assumptions
from workbench.population.random import exponential
from workbench.population.spec import DAYS_PER_YEAR
from workbench.population.strips import ACTING, AGAIN, FOLLOWS, GAP, candidate_key, mark, strip_key
from workbench.program.spec import Program
from workbench.program.versions import in_versions
from workbench.rules.bounds import BONUSES, CAMPAIGNS
from workbench.units import rule

__all__ = [
    "ACTIONS",
    "ActionTerms",
    "action_names",
    "action_terms",
    "acts_of",
    "begin_acts",
    "follows",
    "next_act",
    "soonest_act",
]

ACTIONS = BONUSES + CAMPAIGNS
"""Most actions that a program rewards."""
AFTER = 2**32
"""Names of actions are numbers from here on, apart from the purposes of a candidate's own draws."""

PerAction = Annotated[list[int], ACTIONS]


class ActionTerms(NamedTuple):
    """A program's actions, and how often they come."""

    count: int  # type: ignore[assignment]  # tuples have a method of this name, which nothing here calls
    """Actions in time."""
    codes: PerAction
    """As the program's rules know them."""
    names: PerAction
    """As draws are keyed."""
    gaps: np.ndarray
    """float64: mean days from the end of a run to the next one (at least one entry)."""
    again: float
    following: int
    """Actions after purchases."""
    following_codes: PerAction
    following_names: PerAction
    shares: np.ndarray
    """float64: share of purchases (at least one entry)."""


def action_names(program: Program) -> list[str]:
    """The actions that a bonus of fixed points, or a campaign, is for, in any version, in order of mention."""
    names: list[str] = []
    for version in in_versions(program):
        triggers: list[Any] = [each.trigger for each in version.coupons]
        triggers += [each.trigger for each in version.automations]
        names += [each.action for each in version.earn.bonuses if each.action is not None and each.points is not None]
        names += [trigger.action for trigger in triggers if trigger.on == "action"]
    return list(dict.fromkeys(names))


def action_terms(program: Program, assumptions: Assumptions, codes: dict[str, int]) -> ActionTerms:
    """Terms of a program's actions; ``codes``: those of its actions."""
    assumed = assumptions.actions
    names = action_names(program)
    rates = {
        name: assumed.rates.get(name, assumed.rate) / DAYS_PER_YEAR for name in names if name not in assumed.shares
    }
    rates = {name: rate for name, rate in rates.items() if rate > 0}
    shares = {name: assumed.shares[name] for name in names if assumed.shares.get(name, 0) > 0}
    again = assumed.again
    return ActionTerms(
        count=len(rates),
        codes=[codes[name] for name in rates],
        names=[_number(name) for name in rates],
        # A run has 1 / (1 - again) actions and lasts a day less: the mean gap that leaves so many a day.
        gaps=np.array([(1 / rate - again) / (1 - again) for rate in rates.values()] or [0.0]),
        again=again,
        following=len(shares),
        following_codes=[codes[name] for name in shares],
        following_names=[_number(name) for name in shares],
        shares=np.array(list(shares.values()) or [0.0]),
    )


def _number(name: str) -> int:
    return AFTER + zlib.crc32(name.encode())


def acts_of(acts: ActionTerms, key: int, arrival: float, end: float) -> list[tuple[float, int]]:
    """A member's actions from arrival to before a time, in order: (time, place among the terms'). ``key``: the member's."""
    time, number, day = np.zeros(acts.count), np.zeros(acts.count, dtype=np.int64), np.zeros(acts.count, dtype=np.int64)
    begin_acts(acts, key, arrival, time, number, day)
    found = []
    while acts.count > 0:
        place = soonest_act(acts, time)
        if not time[place] < end:
            break
        found.append((float(time[place]), place))
        next_act(acts, key, place, time, number, day)
    return found


# --- rules ---------------------------------------------------------------------------------------------------------
@rule
def run_key(acts, key, place, number):
    """The root of one run's draws."""
    return candidate_key(candidate_key(strip_key(key, ACTING), acts.names[place]), number)


@rule
def begin_acts(acts, key, arrival, time, number, day):
    """The first action of each name; ``time``, ``number``, ``day``: of each, when it comes next, in which run, on which day of it (from 0)."""
    for place in range(acts.count):
        number[place] = 0
        day[place] = 0
        time[place] = arrival + exponential(mark(run_key(acts, key, place, 0), GAP)) * acts.gaps[place]


@rule
def next_act(acts, key, place, time, number, day):
    """An action is over: when the next one of its name comes."""
    day[place] += 1
    if mark(candidate_key(run_key(acts, key, place, number[place]), day[place]), AGAIN) < acts.again:
        time[place] += 1.0
        return
    number[place] += 1
    day[place] = 0
    time[place] += exponential(mark(run_key(acts, key, place, number[place]), GAP)) * acts.gaps[place]


@rule
def soonest_act(acts, time):
    """The place of the action that comes next; -1 where there are none."""
    found = -1
    for place in range(acts.count):
        if found < 0 or time[place] < time[found]:
            found = place
    return found


@rule
def follows(acts, key_of_candidate, place):
    """Whether an action follows a purchase."""
    return mark(candidate_key(key_of_candidate, acts.following_names[place]), FOLLOWS) < acts.shares[place]
