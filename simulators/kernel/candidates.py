"""A block of members' candidate purchases, drawn once and read by every world."""

from typing import Any, NamedTuple

import numpy as np

from simulators.kernel.cache import compiled
from workbench.population.death import death_time
from workbench.population.strips import ACCEPT, JOINING, accepts, candidate_key, gap, mark, strip_key
from workbench.population.terms import calendar_time
from workbench.units import rule

__all__ = ["Drawn", "draw_candidates", "room_for"]


class Drawn(NamedTuple):
    """The candidates of a block, one member after the other, each member's in order of (time, strip, index)."""

    start: Any
    """int64[members + 1]: where each member's begin."""
    time: Any
    """float64[room]: days since 1970 with a fraction."""
    day: Any
    """int64[room]"""
    key: Any
    """uint64[room]: the root of each candidate's draws."""
    strip: Any
    """int64[room]: -1 joining, 0 baseline, 1, 2."""
    basket: Any
    """int64[room]: minor units; -1 while no world has looked."""
    run_time: Any
    run_key: Any
    """float64, uint64 [room]: scratch space: one member's, strip by strip."""


def room_for(members: int, room: int) -> Drawn:
    """Empty tables for so many members and candidates."""
    ints = (np.zeros(room, dtype=np.int64) for _ in range(3))
    day, strip, basket = ints
    keys = np.zeros(room, dtype=np.uint64), np.zeros(room, dtype=np.uint64)
    return Drawn(
        np.zeros(members + 1, dtype=np.int64), np.zeros(room), day, keys[0], strip, basket, np.zeros(room), keys[1]
    )


@compiled
def draw_candidates(population, members, strips, largest, death_factor, drawn):
    """Draw a block's candidates: those below ``largest`` of the first ``strips`` strips, up to the latest death that any world can
    bring. Returns False where there is too little room."""
    count = 0
    for i in range(len(members.key)):
        drawn.start[i] = count
        arrival = members.arrival[i]
        if arrival < population.end_day:
            until = latest_death(arrival, members.death_rate[i], members.death_budget[i], death_factor)
            ends = draw_strips(population, members, i, strips, largest, until, drawn)
            if ends[2] < 0 or count + ends[2] + 1 > len(drawn.time):
                return False
            write(drawn, count, arrival, JOINING, candidate_key(strip_key(members.key[i], JOINING), 0))
            merge(drawn, count + 1, ends)
            count += ends[2] + 1
    drawn.start[len(members.key)] = count
    return True


@rule
def latest_death(arrival, rate, budget, factor):
    """No world's member lives longer: membership lengthens life by 1 / factor at the most, and a fall only shortens it."""
    death = death_time(arrival, rate, budget)
    if factor >= 1.0 or death == np.inf:
        return death
    if factor <= 0.0:
        return np.inf
    return (arrival + (death - arrival) / factor) * (1.0 + 1e-12)


@rule
def draw_strips(population, members, i, strips, largest, until, drawn):
    """One member's candidates strip by strip into the scratch tables; where each strip ends, the last -1 where there is too little room."""
    room = len(drawn.run_time)
    first, second, third = 0, 0, 0
    count = 0
    for strip in range(strips):
        root = strip_key(members.key[i], strip)
        season = members.season[i]
        index = 0
        while True:
            key = candidate_key(root, index)
            season += gap(key, members.rate[i])
            time = calendar_time(population, season)
            if not time < until or time == np.inf:
                break
            if strip == 0 or accepts(strip, mark(key, ACCEPT), largest):
                if count >= room:
                    return first, second, -1
                drawn.run_time[count] = time
                drawn.run_key[count] = key
                count += 1
            index += 1
        if strip == 0:
            first = count
        if strip <= 1:
            second = count
        third = count
    return first, second, third


@rule
def write(drawn, place, time, strip, key):
    """One candidate."""
    drawn.time[place] = time
    drawn.day[place] = int(np.floor(time))
    drawn.key[place] = key
    drawn.strip[place] = strip
    drawn.basket[place] = -1


@rule
def merge(drawn, place, ends):
    """Merge the strips by time; of equal times the lower strip comes first."""
    a, b, c = 0, ends[0], ends[1]
    for k in range(ends[2]):
        time_a = drawn.run_time[a] if a < ends[0] else np.inf
        time_b = drawn.run_time[b] if b < ends[1] else np.inf
        time_c = drawn.run_time[c] if c < ends[2] else np.inf
        if time_a <= time_b and time_a <= time_c:
            write(drawn, place + k, time_a, 0, drawn.run_key[a])
            a += 1
        elif time_b <= time_c:
            write(drawn, place + k, time_b, 1, drawn.run_key[b])
            b += 1
        else:
            write(drawn, place + k, time_c, 2, drawn.run_key[c])
            c += 1
