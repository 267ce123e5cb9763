"""Assumed responses, each form by hand: its value where the arithmetic is short, its limits, and nothing at zero."""

import math
from typing import Any

import numpy as np
import pytest

from workbench.errors import BadInput
from workbench.population.behaviour import (
    Assumptions,
    BehaviourTerms,
    Rush,
    behaviour_terms,
    clipped,
    deadline_weight,
    faded,
    largest_modifier,
    message_pressure,
    millionths,
    pace_weight,
    pressure,
    progress,
    status_step,
    strips_needed,
    takes_place,
    wants_to_redeem,
    with_rushes,
)
from workbench.population.drivers import behaviour_document, is_off, lift_warnings
from workbench.population.load import load_assumptions, read_assumptions, shipped_assumptions
from workbench.population.past import EFFECTS, Past, messages_before, note_message, note_tier
from workbench.population.responses import SUMS, Responses, add_past, blank_responses
from workbench.population.terms import AT_THRESHOLD, BY_CHOICE, NEVER_REDEEMS

CENTRAL = behaviour_terms(load_assumptions("central"))
NONE = behaviour_terms(load_assumptions("none"))
ABOVE_ONE = ("reward_stamps", "tier_strength", "expiry_strength", "rewarded_strength", "coupon_strength", "message_strength",
             "novelty_strength")  # fmt: skip
"""Strengths that can act at once on one purchase (a stamp card's is the larger of the two for rewards)."""


# --- files ---------------------------------------------------------------------------------------------------------
def test_central_is_the_default() -> None:
    written = load_assumptions("central").model_dump(exclude={"title", "source", "notes"})
    assert written == Assumptions(schema=1, title="").model_dump(exclude={"title", "source", "notes"})


def test_defaults_are_those_of_the_table() -> None:
    """The table of effects, by hand: strengths, then what shapes them."""
    expected = {
        "reward_strength": 0.10, "reward_stamps": 0.25, "reward_exponent": 1, "head_start": 1,
        "tier_strength": 0.10, "tier_exponent": 1, "tier_days": 90, "tier_full_days": 30,
        "pace_none_below": 0.3, "pace_full_from": 0.7, "pace_full_to": 1.5, "pace_none_above": 3,
        "expiry_strength": 0.05, "expiry_decay": 14, "expiry_aware": 1, "rewarded_strength": 0.05, "rewarded_decay": 30,
        "status_on": 1, "demotion_strength": 0.10, "demotion_decay": 180, "demotion_death": 0.25, "coupon_strength": 0.03,
        "message_strength": 0.05, "message_decay": 3, "message_fatigue": 0.9, "novelty_strength": 0.03, "novelty_decay": 180,
        "death_factor": 0.92, "top_up_chance": 0.10, "top_up_within": 0.15, "displaced_share": 0,
        "load_share": 0.2, "load_months": 1, "load_stretch": 1.5, "plan_take_up": 0.7, "plan_pays": 1, "plan_others": 0.05,
        "plan_required": 0.5, "plan_renewal": 0.9, "plan_strength": 0,
    }  # fmt: skip
    found = CENTRAL._asdict()
    assert {name: found[name] for name in expected} == expected
    assert list(found["status_steps"]) == [0.02, 0.04, 0.06]


def fields_of(assumptions: Assumptions) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Every assumption by its path: value, and what its field says."""
    return {
        f"{group}.{name}": (getattr(getattr(assumptions, group), name), field.json_schema_extra)
        for group in (*EFFECTS, "pace", "membership", "basket", "displacement", "redemption", "top_up")
        for name, field in type(getattr(assumptions, group)).model_fields.items()
    }


@pytest.mark.parametrize("name", shipped_assumptions())
def test_shipped_values_lie_in_their_ranges(name: str) -> None:
    for path, (value, said) in fields_of(load_assumptions(name)).items():
        low, high = said["range"]
        assert said["basis"] in ("seen", "abstract", "judgement")
        for each in value if isinstance(value, tuple) else (value,):
            assert low <= each <= high, path


def test_presets_are_ordered() -> None:
    """Every size of the weaker set is at most that of the stronger one (the factor on the death rate: at least)."""
    weak, central, strong = (fields_of(load_assumptions(name)) for name in ("cautious", "central", "responsive"))
    for path, (value, _) in central.items():
        sides = (np.array(weak[path][0]), np.array(value), np.array(strong[path][0]))
        if path == "membership.death_factor":
            sides = sides[::-1]
        assert (sides[0] <= sides[1]).all() and (sides[1] <= sides[2]).all(), path


def test_none_is_off() -> None:
    assert is_off(load_assumptions("none"))
    assert not any(is_off(load_assumptions(name)) for name in ("cautious", "central", "responsive"))
    assert {getattr(NONE, name) for name in (*ABOVE_ONE, "reward_strength", "demotion_strength", "demotion_death")} == {
        0
    }
    assert (NONE.status_on, NONE.death_factor, NONE.top_up_chance, NONE.displaced_share) == (0, 1, 0, 0)
    assert strips_needed(NONE) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"reward_pressure": {"strength": 0, "stamps": 0.1}}, {"tier_pressure": {"strength": 0.1}}, {"status": {"steps": [0, -0.1]}},
        {"demotion": {"strength": 0, "death": 0.1}}, {"membership": {"death_factor": 0.9}}, {"basket": {"chance": 0.1}},
        {"novelty": {"strength": 0.1}}, {"message": {"strength": 0.1}}, {"coupon": {"strength": 0.1}},
    ],
)  # fmt: skip
def test_one_effect_alone_is_not_off(change: dict[str, Any]) -> None:
    assert not is_off(read_assumptions({**load_assumptions("none").model_dump(mode="json", by_alias=True), **change}))


def test_every_number_has_its_source_and_unknown_effects_are_refused() -> None:
    with pytest.raises(BadInput, match="unknown key"):
        read_assumptions({"schema": 1, "title": "t", "novelty": {"size": 0.03}})
    for schema in Assumptions.model_json_schema()["$defs"].values():
        for name, field in schema["properties"].items():
            assert {"range", "source", "basis", "default", "description"} <= set(field), name


@pytest.mark.parametrize(
    "part, path",
    [
        ({"tier_pressure": {"days": 30, "full_days": 30}}, "tier_pressure.full_days"),
        ({"pace": {"none_below": 0.7, "full_from": 0.7}}, "pace.full_from"),
        ({"pace": {"full_from": 1.6, "full_to": 1.5}}, "pace.full_to"),
        ({"pace": {"full_to": 3, "none_above": 3}}, "pace.none_above"),
    ],
)
def test_days_and_paces_are_in_order(part: dict[str, Any], path: str) -> None:
    with pytest.raises(BadInput, match=path):
        read_assumptions({"schema": 1, "title": "t", **part})


# --- forms ---------------------------------------------------------------------------------------------------------
def test_progress_begins_again_after_a_reward() -> None:
    assert [progress(b, 100, 0.0) for b in (-5, 0, 50, 99, 100, 150)] == [0, 0, 0.5, 0.99, 0, 0.5]
    assert progress(50, 0, 0.0) == 0


def test_progress_without_the_head_start() -> None:
    """Two of ten stamps given: with the head start 2 / 10 of the way, without it 0 / 8, and so on up to the card."""
    assert [progress(b, 10, 2.0) for b in (1, 2, 4, 6, 9)] == [0, 0, 2 / 8, 4 / 8, 7 / 8]
    assert [progress(b, 10, 2.0) for b in (10, 13)] == [0, 0.3]
    assert progress(4, 10, 1.0) == 3 / 9
    assert progress(4, 10, 10.0) == 0.4


def test_pressure() -> None:
    assert pressure(0.1, 0.5, 1.0, 1.0) == 1.05
    assert pressure(0.1, 0.5, 2.0, 1.0) == pytest.approx(1.025)
    assert pressure(0.1, 0.5, 1.0, 0.5) == 1.025
    assert pressure(0.1, 0.0, 0.5, 1.0) == 1
    assert pressure(0.0, 0.9, 1.0, 1.0) == 1


def test_pace_weight_at_its_corners() -> None:
    given = {0: 0, 0.3: 0, 0.5: 0.5, 0.6: 0.75, 0.7: 1, 1: 1, 1.5: 1, 2: 2 / 3, 2.25: 0.5, 3: 0, 10: 0, math.inf: 0}
    for ratio, weight in given.items():
        assert pace_weight(CENTRAL, ratio) == pytest.approx(weight, abs=1e-12), ratio


def test_deadline_weight_at_its_corners() -> None:
    for days, weight in {365: 0, 91: 0, 90: 0, 75: 0.25, 60: 0.5, 31: 59 / 60, 30: 1, 29: 1, 0: 1}.items():
        assert deadline_weight(CENTRAL, days) == pytest.approx(weight, abs=1e-12), days


def test_fading() -> None:
    assert faded(0.05, 0, 14.0) == 1.05
    assert faded(0.05, 14, 14.0) == pytest.approx(1 + 0.05 / math.e)
    assert faded(-0.1, 360, 180.0) == pytest.approx(1 - 0.1 / math.e**2)
    assert faded(0.0, 3, 180.0) == 1


def test_messages_crowd_each_other_out() -> None:
    assert message_pressure(CENTRAL, 0, 0) == 1.05
    assert message_pressure(CENTRAL, 3, 2) == pytest.approx(1 + 0.05 * 0.81 / math.e)
    assert message_pressure(CENTRAL._replace(message_fatigue=0.0), 0, 1) == 1
    past = Past()
    assert messages_before(past, 100) == 0
    crowds = []
    for day in (100, 100, 103, 106, 107, 109, 130):
        note_message(past, day)
        crowds.append(past.crowd)
    # 107 no longer sees the two of 100; 109 sees 103, 106 and 107
    assert crowds == [0, 1, 2, 3, 2, 3, 0]
    assert (past.messages, past.messaged_on) == (7, 130)
    assert [messages_before(past, day) for day in (130, 136, 137)] == [1, 1, 0]


def test_messages_before_the_epoch_and_in_floods() -> None:
    past = Past()
    for _ in range(300):
        note_message(past, -3)
    assert past.crowd == 255
    note_message(past, 3)
    assert past.crowd == 255
    note_message(past, 4)
    assert past.crowd == 1


def test_status_by_tier() -> None:
    assert [status_step(CENTRAL, tier) for tier in range(-1, 6)] == pytest.approx([1, 1, 1.02, 1.04, 1.06, 1.06, 1.06])


def test_the_product_is_clipped() -> None:
    assert [clipped(each) for each in (0.1, 0.2, 1, 2.999, 3, 3.5)] == [0.2, 0.2, 1, 2.999, 3, 3]


def test_millionths_are_rounded_to_whole_ones() -> None:
    assert [millionths(each) for each in (1.0, 1.05, 0.9, 1 + 4e-7, 1 + 6e-7, 1 - 6e-7)] == [
        0,
        50000,
        -100000,
        0,
        1,
        -1,
    ]


@pytest.mark.parametrize("name", shipped_assumptions())
def test_largest_modifier_is_a_bound(name: str) -> None:
    """Everything at once: the stamp card's last stamp on the last day of the year, at the top, after a redemption and a message."""
    terms = behaviour_terms(load_assumptions(name))
    steps = max(0, *terms.status_steps)
    product = math.prod(1 + getattr(terms, each) for each in ABOVE_ONE) * (1 + steps)
    assert clipped(product) <= largest_modifier(terms) <= clipped(product) * (1 + 1e-9)
    assert largest_modifier(terms) <= strips_needed(terms) + 1e-9


def test_strong_assumptions_need_all_strips() -> None:
    assert strips_needed(CENTRAL) == 2
    assert strips_needed(CENTRAL._replace(reward_strength=2.0)) == 3
    assert largest_modifier(CENTRAL._replace(reward_strength=2.0, tier_strength=2.0)) == 3
    assert largest_modifier(NONE._replace(status_steps=np.array([0.5]), status_on=1)) == pytest.approx(1.5)


# --- what happened -------------------------------------------------------------------------------------------------
def test_only_a_fall_is_noted() -> None:
    past = Past()
    assert [note_tier(past, before, after, day) for before, after, day in ((0, 2, 5), (2, 2, 6), (-1, -1, 7))] == [
        False
    ] * 3
    assert past.as_tuple() == Past().as_tuple()
    assert note_tier(past, 2, 1, 8) and note_tier(past, 1, 0, 20)
    assert (past.falls, past.fell_on, past.fell_before_on) == (2, 20, 8)


def test_an_extra_purchase_displaces_the_next_ordinary_one() -> None:
    past, sure = Past(), CENTRAL._replace(displaced_share=1.0)
    order = [0, 1, 1, 2, 0, 0, 0, 0, 1, -1, 0, 0]
    found = [takes_place(sure, past, strip, 0.5) for strip in order]
    assert found == [True, True, True, True, False, False, False, True, True, True, False, True]
    assert (past.displaced, past.removed) == (0, 4)
    half = CENTRAL._replace(displaced_share=0.5)
    assert [takes_place(half, past, strip, u) for strip, u in ((1, 0.5), (0, 0.1), (1, 0.499), (0, 0.9))] == [
        True
    ] * 3 + [False]
    assert all(takes_place(CENTRAL, past, strip, 1e-12) for strip in order)


def test_responses_add_up() -> None:
    one, other, sums = Past(), Past(), blank_responses()
    one.load(tuple(range(100, 100 + len(Past.__slots__))))
    other.load(tuple(range(1000, 1000 + len(Past.__slots__))))
    for past in (one, other):
        add_past(sums, past)
    assert sums.tolist() == [getattr(one, name) + getattr(other, name) for name in SUMS]
    twice = Responses(sums) + Responses(sums)
    assert (twice.sums == 2 * sums).all()


def test_mean_factors_and_clip_shares() -> None:
    past, sums = Past(), blank_responses()
    past.looks, past.clip_low, past.clip_high, past.novelty, past.demotion = 8, 2, 1, 240_000, -400_000
    add_past(sums, past)
    found = Responses(sums)
    assert found.clipped == {"low": 0.25, "high": 0.125}
    assert found.mean_factors == {
        **dict.fromkeys(EFFECTS, 1.0),
        "novelty": pytest.approx(1.03),
        "demotion": pytest.approx(0.95),
    }
    document = behaviour_document(load_assumptions("central"), found)
    assert document["drivers"] == ["demotion", "novelty"]
    assert [each["name"] for each in document["effects"]][:2] == ["demotion", "novelty"]
    assert document["effects"][1]["assumed"] == [
        {"key": "novelty.strength", "value": 0.03, "range": [0, 0.1], "basis": "abstract",
         "source": "Effects of joining fade after six to nine months; the size is judgement"},
    ]  # fmt: skip
    assert [(each["key"], each["value"]) for each in document["leaving"]] == [
        ("membership.death_factor", 0.92),
        ("demotion.death", 0.25),
    ]
    nobody = Responses(blank_responses())
    assert set(nobody.mean_factors.values()) == {1} and nobody.clipped == {"low": 0, "high": 0}


def test_an_implausible_lift_is_named_with_what_drives_it() -> None:
    past, sums = Past(), blank_responses()
    past.looks, past.novelty = 2, 160_000
    add_past(sums, past)
    behaviour = behaviour_document(load_assumptions("central"), Responses(sums))

    def lift(purchases: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
        interval = None if low is None else [low, high]
        return {
            "purchases": {"delta_pct": purchases, "ci95": interval},
            "sales": {"delta_pct": 5.0, "ci95": [4.0, 6.0]},
        }

    assert lift_warnings(lift(None), behaviour) == []
    assert lift_warnings(lift(9.0), behaviour) == []  # one member
    assert lift_warnings(lift(9.0, 8.0, 10.0), behaviour) == []  # may be 8
    assert lift_warnings(lift(0.0, -1.0, 1.0), behaviour) == []  # may be 1
    for at, low, high in ((9.0, 8.5, 9.5), (0.5, 0.1, 0.9)):
        assert lift_warnings(lift(at, low, high), behaviour) == [
            f"The program changes purchases by {at:+.2f} % (95 % interval {low:.2f} to {high:.2f} %); for a whole program 1 to 8 % is "
            "plausible. What drives it: novelty (mean factor 1.080); death rate of members x 0.92.",
        ]


# --- redemption ----------------------------------------------------------------------------------------------------
def test_redemption_by_class() -> None:
    for balance, at_threshold in ((99, False), (100, True), (1000, True)):
        assert not wants_to_redeem(CENTRAL, NEVER_REDEEMS, 1e-9, balance, 100, 0, 0)
        assert wants_to_redeem(CENTRAL, AT_THRESHOLD, 1 - 1e-9, balance, 100, -1, 0) == at_threshold
        assert wants_to_redeem(CENTRAL, BY_CHOICE, 1e-9, balance, 100, -1, 0) == at_threshold
    assert not wants_to_redeem(CENTRAL, AT_THRESHOLD, 0.5, 100, 0, 0, 0)


def test_choice_is_a_logit() -> None:
    chance = 1 / (1 + math.exp(-(math.log(3) + 1.5 * math.exp(-1) - 1)))
    assert wants_to_redeem(CENTRAL, BY_CHOICE, chance - 1e-9, 300, 100, 30, 0)
    assert not wants_to_redeem(CENTRAL, BY_CHOICE, chance + 1e-9, 300, 100, 30, 0)


def test_a_rush_multiplies_the_odds_on_its_days_and_wakes_those_who_never_redeem() -> None:
    """Odds of 3 to 1 for a balance of three prices far from expiry, less the hassle: 3 / e to 1. Times two, and where both overlap times six."""
    rushed = with_rushes(CENTRAL, [Rush(10, 20, 2.0, 0.1), Rush(20, 30, 3.0, 0.05)])
    for day, factor, awake in ((9, 1, 0.0), (10, 2, 0.1), (20, 6, 0.1), (30, 3, 0.05), (31, 1, 0.0)):
        odds = factor * 3 / math.e
        chance = odds / (1 + odds)
        assert wants_to_redeem(rushed, BY_CHOICE, chance - 1e-9, 300, 100, -1, day)
        assert not wants_to_redeem(rushed, BY_CHOICE, chance + 1e-9, 300, 100, -1, day)
        assert not wants_to_redeem(rushed, NEVER_REDEEMS, awake + 1e-9, 300, 100, -1, day)
        assert wants_to_redeem(rushed, NEVER_REDEEMS, max(awake - 1e-9, 1e-9), 300, 100, -1, day) == (awake > 0)
        assert wants_to_redeem(rushed, AT_THRESHOLD, 1 - 1e-9, 300, 100, -1, day)
        assert not wants_to_redeem(rushed, NEVER_REDEEMS, 1e-9, 99, 100, -1, day)
    with pytest.raises(ValueError, match="17 times of redemption rush"):
        with_rushes(CENTRAL, [Rush(0, 0, 1.0, 0.0)] * 17)


def test_terms_are_numbers() -> None:
    """Compiled code takes the terms as they are: floats, an integer, an array; and the times of a rush."""
    kinds = {name: type(value) for name, value in CENTRAL._asdict().items()}
    rush = ("rushes", "rush_first", "rush_last", "rush_odds", "rush_never")
    assert [kinds.pop(name) for name in rush] == [int, list, list, np.ndarray, np.ndarray]
    assert kinds.pop("status_on") is int
    assert kinds.pop("status_steps") is np.ndarray
    assert set(kinds.values()) == {float}
    assert set(BehaviourTerms._fields) == {*kinds, "status_on", "status_steps", *rush}
