"""Assumed responses: each effect by hand, each one switched off, and compiled code against Python."""

import math

import numpy as np
import pytest
from numba import njit

from workbench.errors import BadInput
from workbench.population.behaviour import (
    Assumptions,
    behaviour_terms,
    expiry_pressure,
    largest_modifier,
    modifier,
    progress,
    status,
    strips_needed,
    wants_to_redeem,
)
from workbench.population.load import load_assumptions, read_assumptions, shipped_assumptions
from workbench.population.terms import AT_THRESHOLD, BY_CHOICE, NEVER_REDEEMS
from workbench.units import NEVER

CENTRAL = behaviour_terms(load_assumptions("central"))
NONE = behaviour_terms(load_assumptions("none"))
NOTHING_LAPSES = -1
STATES = [
    (balance, price, tier, days, u)
    for balance in (-50, 0, 1, 99, 100, 250, 10**12)
    for price in (0, 1, 100)
    for tier in (0, 1, 3, 7)
    for days in (-1, 0, 14, NEVER)
    for u in (0.1, 0.9999)
]


def test_central_is_the_default():
    written = load_assumptions("central").model_dump(exclude={"title", "source", "notes"})
    assert written == Assumptions(schema=1, title="").model_dump(exclude={"title", "source", "notes"})


def test_progress_begins_again_after_a_reward():
    assert [progress(b, 100) for b in (-5, 0, 50, 99, 100, 150)] == [0, 0, 0.5, 0.99, 0, 0.5]
    assert progress(50, 0) == 0


def test_effects_by_hand():
    assert modifier(CENTRAL, 50, 100, 0, NOTHING_LAPSES, 0.5) == pytest.approx(1.05)
    assert [status(CENTRAL, tier) for tier in range(6)] == pytest.approx([1, 1.02, 1.04, 1.06, 1.06, 1.06])
    assert expiry_pressure(CENTRAL, 14, 0.5) == pytest.approx(1 + 0.05 / math.e)
    assert expiry_pressure(CENTRAL, 0, 0.5) == pytest.approx(1.05)
    assert expiry_pressure(CENTRAL, NEVER, 0.5) == 1
    assert expiry_pressure(CENTRAL._replace(expiry_aware=0.4), 0, 0.5) == 1
    assert modifier(CENTRAL, 50, 100, 2, 14, 0.5) == pytest.approx(1.05 * 1.04 * (1 + 0.05 / math.e))
    late = CENTRAL._replace(reward_exponent=2.0)
    assert modifier(late, 50, 100, 0, NOTHING_LAPSES, 0.5) == pytest.approx(1.025)


def test_product_is_clipped():
    strong = CENTRAL._replace(reward_strength=2.0, status_steps=np.array([2.0]))
    assert modifier(strong, 99, 100, 1, 0, 0.5) == 3
    assert modifier(CENTRAL._replace(status_steps=np.array([-0.9])), 0, 0, 1, -1, 0.5) == 0.2


def test_no_response_is_exactly_one():
    assert {modifier(NONE, *state) for state in STATES} == {1.0}
    assert NONE.death_factor == 1
    assert strips_needed(NONE) == 1


@pytest.mark.parametrize("name", shipped_assumptions())
def test_largest_modifier_is_a_bound(name):
    terms = behaviour_terms(load_assumptions(name))
    assert max(modifier(terms, *state) for state in STATES) <= largest_modifier(terms) <= strips_needed(terms) + 1e-9


@njit
def _compiled(terms, balance, price, tier, days, u):
    return modifier(terms, balance, price, tier, days, u), wants_to_redeem(terms, BY_CHOICE, u, balance, price, days)


def test_compiled_code_agrees_to_the_bit():
    bent = CENTRAL._replace(reward_exponent=1.7)
    for terms in (CENTRAL, bent):
        for balance, price, tier, days, u in STATES:
            expected = (
                modifier(terms, balance, price, tier, days, u),
                wants_to_redeem(terms, BY_CHOICE, u, balance, price, days),
            )
            assert _compiled(terms, balance, price, tier, days, u) == expected


def test_redemption_by_class():
    for balance, at_threshold in ((99, False), (100, True), (1000, True)):
        assert not wants_to_redeem(CENTRAL, NEVER_REDEEMS, 1e-9, balance, 100, 0)
        assert wants_to_redeem(CENTRAL, AT_THRESHOLD, 1 - 1e-9, balance, 100, -1) == at_threshold
        assert wants_to_redeem(CENTRAL, BY_CHOICE, 1e-9, balance, 100, -1) == at_threshold
    assert not wants_to_redeem(CENTRAL, AT_THRESHOLD, 0.5, 100, 0, 0)


def test_choice_is_a_logit():
    chance = 1 / (1 + math.exp(-(math.log(3) + 1.5 * math.exp(-1) - 1)))
    assert wants_to_redeem(CENTRAL, BY_CHOICE, chance - 1e-9, 300, 100, 30)
    assert not wants_to_redeem(CENTRAL, BY_CHOICE, chance + 1e-9, 300, 100, 30)


def test_effects_not_built_are_refused_and_every_number_has_its_source():
    with pytest.raises(BadInput, match="unknown key"):
        read_assumptions({"schema": 1, "title": "t", "novelty": {"strength": 0.03}})
    for schema in Assumptions.model_json_schema()["$defs"].values():
        for name, field in schema["properties"].items():
            assert {"range", "source", "basis", "default", "description"} <= set(field), name
