"""The floor: a compiled loop that draws the candidates of a scenario, by the keys by which every engine draws them, and no more.

No rules, no accounts, no ledger: what is left when everything that can be saved is saved. It draws what some world of the scenario
can look at: each strip up to the latest death, baskets and decisions only of candidates below the largest modifier, and no decision
whose outcome is certain. What the baseline world buys is counted on the way, so that it can be compared with an engine's figure.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from workbench.population.behaviour import behaviour_terms, largest_modifier, strips_needed
from workbench.population.strips import (
    ACCEPT,
    BASKET,
    CATEGORY,
    CHANNEL,
    JOIN,
    JOINING,
    REDEEM,
    RETURN,
    Members,
    accepts,
    candidate_key,
    draw_members,
    gap,
    mark,
    strip_key,
)
from workbench.population.terms import PopulationTerms, basket, calendar_time, pick, population_terms
from workbench.scenario import Scenario

__all__ = ["Drawn", "Floor"]

OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False}
"""The kernel's own: no references to the arrays it is given are counted."""
compiled = njit(**OPTIONS)


class Drawn(NamedTuple):
    """What the loop saw."""

    candidates: int
    """Candidates drawn, those beyond the largest modifier included."""
    purchases: int
    """Those that the baseline world (no program, modifier 1) buys."""
    sales: int
    """Their baskets, minor units."""
    decisions: float
    """Sum of the uniforms that decide something, so that no compiler leaves one out."""


class Floor:
    """A scenario made ready for drawing."""

    def __init__(self, scenario: Scenario) -> None:
        behaviour = behaviour_terms(scenario.assumptions)
        self.scenario = scenario
        self.terms = population_terms(scenario.population, scenario.start_day, scenario.last_day + 1)
        self.strips, self.largest = strips_needed(behaviour), largest_modifier(behaviour)

    def members(self) -> Members:
        """All members of the scenario."""
        return draw_members(self.scenario.population, self.terms, self.scenario.seed, 0, self.scenario.members)

    def draw(self, members: Members) -> Drawn:
        """All their candidates."""
        with np.errstate(divide="ignore"):  # nobody is lost where the death rate is 0
            lifetime = members.death_budget / members.death_rate
        # Members are lost later where membership keeps them; a factor above 1 (or a demotion) only makes it earlier.
        longest = lifetime / min(1.0, self.scenario.assumptions.membership.death_factor)
        death, latest = members.arrival + lifetime, members.arrival + longest
        return Drawn(*_draw(self.terms, members, death, latest, self.strips, self.largest))


@compiled
def _decisions(terms: PopulationTerms, key: int) -> float:
    """The uniforms of a candidate that decide something in this population."""
    total = mark(key, REDEEM)
    if len(terms.category_total) > 1:
        total += pick(terms.category_total, mark(key, CATEGORY))
    if len(terms.channel_total) > 1:
        total += pick(terms.channel_total, mark(key, CHANNEL))
    if terms.return_share > 0.0:
        total += mark(key, RETURN)
    if terms.join_share < 1.0:
        total += mark(key, JOIN)
    return total


@compiled
def _draw(
    terms: PopulationTerms, members: Members, death: np.ndarray, latest: np.ndarray, strips: int, largest: float
) -> tuple[int, int, int, float]:
    candidates = purchases = sales = 0
    decisions = 0.0
    for i in range(len(members.key)):
        if members.arrival[i] >= terms.end_day:
            continue
        key = candidate_key(strip_key(members.key[i], JOINING), 0)
        sales += basket(terms, members.mean_basket[i], mark(key, BASKET))
        decisions += _decisions(terms, key)
        candidates += 1
        purchases += 1
        for strip in range(strips):
            root, season, index = strip_key(members.key[i], strip), members.season[i], 0
            while True:
                key = candidate_key(root, index)
                season += gap(key, members.rate[i])
                time = calendar_time(terms, season)
                if not time < latest[i]:
                    break
                index += 1
                v = mark(key, ACCEPT)
                if not accepts(strip, v, largest):
                    continue
                amount = basket(terms, members.mean_basket[i], mark(key, BASKET))
                decisions += _decisions(terms, key)
                if time < death[i] and accepts(strip, v, 1.0):
                    purchases += 1
                    sales += amount
            candidates += index
    return candidates, purchases, sales, decisions
