"""Leaving: the death that the rules find, against the integral of the death rate taken numerically."""

import math
import random

import pytest
from numba import njit
from scipy.integrate import quad
from scipy.optimize import brentq

from workbench.population.behaviour import BehaviourTerms, behaviour_terms, death_after_fall
from workbench.population.death import budget_left, death_after, death_time, death_when_joined
from workbench.population.load import load_assumptions
from workbench.population.past import Past, note_tier

NONE = behaviour_terms(load_assumptions("none"))


def falling(strength: float, decay: float) -> BehaviourTerms:
    return NONE._replace(demotion_death=strength, demotion_decay=decay)


def by_the_rules(
    arrival: float, rate: float, budget: float, joined: float, factor: float, falls: list[int], terms: BehaviourTerms
) -> float:
    """The death as an engine finds it, event by event."""
    death = death_when_joined(death_time(arrival, rate, budget), joined, factor)
    past = Past()
    for day in falls:
        assert note_tier(past, 1, 0, day)
        death = death_after_fall(terms, past, death)
    return death


def by_integration(
    arrival: float, rate: float, budget: float, joined: float, factor: float, falls: list[int], terms: BehaviourTerms
) -> float:
    """The time at which the integral of the death rate reaches the budget: piece by piece between events."""

    def hazard(t: float, last_fall: float) -> float:
        if t < joined:
            return rate
        return rate * factor * (1 + terms.demotion_death * math.exp(-(t - last_fall) / terms.demotion_decay))

    left = budget
    last_fall = -math.inf
    points = [joined, *map(float, falls)]
    begin = arrival
    for point in (*points, math.inf):
        fall = last_fall

        def used(until: float, begin: float = begin, fall: float = fall) -> float:
            total, start = 0.0, begin
            while start < until:  # in steps, so that the quadrature sees the exponential
                stop = min(until, start + 2 * terms.demotion_decay)
                total += quad(hazard, start, stop, args=(fall,), epsabs=1e-13, epsrel=1e-13)[0]
                start = stop
            return total

        if point < math.inf:
            gone = used(point)
            if gone < left:
                left -= gone
                begin = point
                last_fall = point if point != joined or point in falls else last_fall
                continue
        end = begin + 1.0
        while used(end) < left:
            end = begin + 2 * (end - begin)
        return float(brentq(lambda t, left=left: used(t) - left, begin, end, xtol=1e-11, rtol=1e-14))
    raise AssertionError


@pytest.mark.parametrize("seed", range(40))
def test_death_is_where_the_integral_reaches_the_budget(seed: int) -> None:
    draw = random.Random(seed)
    arrival = draw.uniform(20000, 20500)
    joined = arrival + draw.choice([0.0, draw.uniform(0, 400)])
    falls = sorted({math.floor(joined) + draw.randint(1, 1500) for _ in range(draw.randint(0, 5))})
    rate = 10 ** draw.uniform(-4, -2)
    terms = falling(draw.choice([0.1, 0.25, 1, 10]), draw.choice([20.0, 180.0, 365.0]))
    story = (arrival, rate, draw.expovariate(1), joined, draw.choice([0.62, 0.92, 1.0, 1.5]), falls, terms)
    found, expected = by_the_rules(*story), by_integration(*story)
    assert found - arrival == pytest.approx(expected - arrival, rel=1e-9)


def test_one_fall_by_hand() -> None:
    """A budget of 200 days; after 100 days a fall that adds 10 exp(-x / 20): what is left, 100 days, is used up after x days where
    x + 200 (1 - exp(-x / 20)) = 100, x = 10.7..., and with no fall after 100."""
    death = by_the_rules(0.0, 0.01, 2.0, 0.0, 1.0, [100], falling(10.0, 20.0))
    x = death - 100
    assert 10 < x < 12
    assert x + 200 * (1 - math.exp(-x / 20)) == pytest.approx(100, abs=1e-11)


def test_a_later_fall_counts_afresh() -> None:
    """Falls at 0 and 20 with 1 + exp(-x / 20): by day 20 the first has used 20 + 20 (1 - 1 / e) days of 100; then x + 20 (1 - exp(-x / 20))
    uses what is left of them."""
    left = 100 - 20 - 20 * (1 - math.exp(-1))
    x = by_the_rules(-1.0, 1.0, 101.0, -1.0, 1.0, [0, 20], falling(1.0, 20.0)) - 20
    assert x + 20 * (1 - math.exp(-x / 20)) == pytest.approx(left, abs=1e-11)


def test_membership_runs_the_rest_of_the_budget_slower() -> None:
    assert death_time(100.0, 0.0, 1.0) == math.inf
    assert death_time(100.0, 0.01, 1.0) == 200.0
    assert death_when_joined(200.0, 100.0, 0.5) == 300.0
    assert death_when_joined(200.0, 150.0, 0.5) == 250.0
    assert death_when_joined(200.0, 201.0, 0.5) == 200.0
    assert death_when_joined(math.inf, 150.0, 0.5) == math.inf


def test_no_effect_is_the_same_death_to_the_bit() -> None:
    draw = random.Random(3)
    for _ in range(200):
        arrival, rate, budget = draw.uniform(2e4, 3e4), draw.uniform(1e-5, 1e-2), draw.expovariate(1)
        death = death_time(arrival, rate, budget)
        story = (arrival, rate, budget, arrival + 3.3, 1.0, [int(arrival) + 9, int(arrival) + 77])
        assert by_the_rules(*story, falling(0.0, 180.0)) == death == arrival + budget / rate
        slower = death_when_joined(death, arrival + 3.3, 0.9)
        assert by_the_rules(*story[:4], 0.9, story[5], falling(0.0, 180.0)) == slower


def test_the_dead_do_not_fall() -> None:
    terms = falling(1.0, 180.0)
    assert by_the_rules(0.0, 0.01, 1.0, 0.0, 1.0, [100, 200], terms) == 100.0
    assert by_the_rules(0.0, 0.0, 1.0, 0.0, 0.9, [100, 200], terms) == math.inf


@pytest.mark.parametrize("strength", [1e-6, 0.25, 1, 10, 1e3])
@pytest.mark.parametrize("left", [1e-9, 1e-3, 1, 50, 180, 1e4, 1e7])
@pytest.mark.parametrize("since", [0.0, 5.0, 4000.0])
def test_the_budget_and_the_death_are_inverse(strength: float, left: float, since: float) -> None:
    """To machine precision, for whatever a file may say (and more)."""
    for decay in (1.0, 180.0, 3650.0):
        death = death_after(since, left, 0.0, strength, decay)
        assert budget_left(since, death, 0.0, strength, decay) == pytest.approx(
            left, rel=1e-12, abs=(1 + strength) * 2e-12
        )


@njit
def _compiled(now, death, fell, strength, decay):
    left = budget_left(now, death, fell, strength, decay)
    return left, death_after(now, left, now, strength, decay)


def test_compiled_code_agrees_to_the_bit() -> None:
    draw = random.Random(5)
    for _ in range(300):
        now = float(draw.randint(20000, 25000))
        death = now + draw.expovariate(1 / 500)
        fell = draw.choice([-math.inf, now - draw.randint(1, 1000)])
        strength, decay = draw.choice([0.25, 1.0, 10.0]), draw.choice([1.0, 180.0])
        left = budget_left(now, death, fell, strength, decay)
        assert _compiled(now, death, fell, strength, decay) == (left, death_after(now, left, now, strength, decay))
