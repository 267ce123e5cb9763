"""What a member does at a candidate, given a program and an account: worked by hand, and compiled against plain Python.

The days of 2025: 31 December is the last of the year's period; 2 December leaves 29 days after it, 1 November 60, 2 October 90.
"""

import math
import random
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit

from simulators.choices import RewardTerms, factor_at, in_play, reward_terms, topped_up
from simulators.layout import ACCOUNT, TERMS, blank, layout, packed
from workbench.ledger import Account, Book, Cursor, Lot, QualifyingDay, blank_account, numpy_dtype
from workbench.population.behaviour import RUSHES, BehaviourTerms, behaviour_terms, largest_modifier, takes_place
from workbench.population.load import load_assumptions, shipped_assumptions
from workbench.population.past import EFFECTS, Past, note_joined, note_message, note_redemption, note_tier
from workbench.program.load import load_program
from workbench.program.lower import lower
from workbench.program.spec import Program
from workbench.rules.bounds import TIERS
from workbench.rules.terms import Terms
from workbench.units import NEVER, to_day

CENTRAL = behaviour_terms(load_assumptions("central"))
NONE = behaviour_terms(load_assumptions("none"))
FIRST, LAST = to_day(date(2025, 1, 1)), to_day(date(2026, 12, 31))
DECEMBER_2, NOVEMBER_1, OCTOBER_2 = (to_day(date(2025, *each)) for each in ((12, 2), (11, 1), (10, 2)))
PER_HUNDRED = {"rate": {"points": 1, "per": 100}}
HUNDRED_POINTS = {"catalogue": [{"name": "gift", "points": 100, "face_value": 50, "unit_cost": 20}]}


def program(**parts: Any) -> Program:
    return Program.model_validate(
        {
            "schema": 1, "title": "By hand", "currency": "TWD", **parts,
            "provenance": {"source": "by hand", "as_of": "2025-01-01", "confidence": "high"},
        }
    )  # fmt: skip


def tiered(window: dict[str, Any] | None = None, **silver: Any) -> Program:
    """Points for money, a gift for 100 of them, and two tiers."""
    tiers = {
        "levels": [{"name": "base"}, {"name": "silver", "enter": silver or {"spend": 1000}}],
        "window": window or {"kind": "year"},
        "validity": {"until": "lifetime"},
    }
    return program(earn=PER_HUNDRED, tiers=tiers, redemption=HUNDRED_POINTS, expiry={"model": "rolling", "months": 12})


def account(lots: list[tuple[int, int]] = [], days: list[tuple[int, int, int]] = [], **own: int) -> Account:  # noqa: B006
    """An account by hand: lots as (points, last usable day), the qualifying ledger as (day, spend, orders)."""
    found = blank_account(0, Book(Cursor(), []))
    for points, expires_on in lots:
        lot = Lot()
        lot.points, lot.expires_on = points, expires_on
        found.lots.append(lot)
    for day, spend, orders in days:
        row = QualifyingDay()
        row.day, row.spend, row.orders, row.visits = day, spend, orders, orders
        found.days.append(row)
    for name, value in {"joined": FIRST, "purchases": 1, **own}.items():
        setattr(found.own, name, value)
    found.own.lots, found.own.days = len(lots), len(days)
    found.own.balance = sum(points for points, _ in lots)
    found.own.earned = own.get("earned", found.own.balance)
    return found


class At(NamedTuple):
    """Where a factor is asked for."""

    factor: float
    past: Past


def at(
    behaviour: BehaviourTerms, rules: Program, held: Account, day: int, rate: float = 0.1, u_aware: float = 0.5,
    past: Past | None = None,
) -> At:  # fmt: skip
    past = Past() if past is None else past
    terms = lower(rules, FIRST, LAST).terms
    return At(factor_at(behaviour, terms, reward_terms(rules), held, past, day, rate, u_aware), past)


def only(**strengths: float) -> BehaviourTerms:
    """One effect (or some), all others off."""
    return NONE._replace(**strengths)


# --- rewards -------------------------------------------------------------------------------------------------------
REWARD = only(reward_strength=0.1, reward_stamps=0.25)


def test_points_pressure_rises_to_the_reward() -> None:
    """40 of 100 points, 5 a purchase; nothing lapses soon enough to matter."""
    for balance, factor in ((0, 1), (40, 1.04), (99, 1.099), (100, 1), (140, 1.04)):
        held = account([(balance, NEVER)] if balance else [], purchases=100, earned=500)
        found = at(REWARD, tiered(), held, DECEMBER_2)
        assert found.factor == pytest.approx(factor, abs=1e-12)
        assert found.past.reward_pressure == round((factor - 1) * 1e6)
        assert found.past.looks == 1


def test_points_that_lapse_first_take_the_pressure_away() -> None:
    """60 of 100 points are missing and the last lot has 100 days, today included: 500 r purchases' points. At r = .12 the pace fits, at
    .06 it is twice one's own (weight 2/3), at .04 three times (0); a reward that is certain still matters."""
    held = account([(5, DECEMBER_2 + 10), (35, DECEMBER_2 + 99)], purchases=8, earned=40)
    for rate, weight in ((0.12, 1), (0.08, 1), (0.06, 2 / 3), (0.04, 0), (0.01, 0), (5.0, 1)):
        assert at(REWARD, tiered(), held, DECEMBER_2, rate).factor == pytest.approx(1 + 0.04 * weight), rate


def test_a_reward_that_a_mean_purchase_pays_for_is_no_goal() -> None:
    """Eight purchases brought 800 points, a gift each; one point less, and it is a goal."""
    for earned, factor in ((800, 1), (5000, 1), (799, 1.04)):
        held = account([(40, NEVER)], purchases=8, earned=earned)
        assert at(REWARD, tiered(), held, DECEMBER_2).factor == pytest.approx(factor)


def test_debt_and_pending_points_are_no_progress() -> None:
    held = account([(40, NEVER)], purchases=8, debt=10)
    held.lots[0].pending, held.own.balance, held.own.pending = 1, 0, 40
    assert at(REWARD, tiered(), held, DECEMBER_2).factor == 1
    held.own.balance, held.lots[0].pending = 40, 0
    assert at(REWARD, tiered(), held, DECEMBER_2).factor == pytest.approx(1.03)


def stamp_card(**stamp: Any) -> Program:
    bonus = {"name": "stamp", "event": "purchase", "points": 1, **stamp}
    return program(earn={"bonuses": [bonus]}, redemption={"automatic": {"at": 10, "worth": 50}})


def test_a_stamp_card_is_one_that_gives_nothing_by_amount() -> None:
    assert reward_terms(stamp_card()).stamps == 1
    assert reward_terms(stamp_card(minimum_spend=50)).stamps == 1
    assert reward_terms(tiered()).stamps == 0
    both = {"bonuses": [{"name": "stamp", "event": "purchase", "points": 1}], **PER_HUNDRED}
    assert reward_terms(program(earn=both)).stamps == 0
    welcome = {"bonuses": [{"name": "hello", "event": "join", "points": 1}]}
    assert reward_terms(program(earn=welcome)).stamps == 0
    held = account([(9, NEVER)], purchases=9)
    assert at(REWARD, stamp_card(), held, DECEMBER_2).factor == pytest.approx(1 + 0.25 * 0.9)
    assert at(only(reward_strength=0.1), stamp_card(), held, DECEMBER_2).factor == 1


def test_the_head_start_counts_as_progress() -> None:
    """20 of the 40 points came with joining: 40 / 100 of the way with them, 20 / 80 without, 30 / 90 with half of them; once points were
    redeemed or lapsed they are used up. What purchases bring is counted without them."""
    hello = {**PER_HUNDRED, "bonuses": [{"name": "hello", "event": "join", "points": 20}]}
    rules = program(earn=hello, redemption=HUNDRED_POINTS)
    assert reward_terms(rules).head_start == 20

    def factor(share: float, **own: int) -> float:
        held = account([(40, NEVER)], purchases=4, **own)
        return at(REWARD._replace(head_start=share), rules, held, DECEMBER_2).factor

    assert [factor(share) for share in (1, 0, 0.5)] == pytest.approx([1.04, 1.025, 1 + 0.1 / 3])
    assert factor(0, redeemed=100) == pytest.approx(1.04)
    assert factor(0, expired=1) == pytest.approx(1.04)
    assert factor(1, earned=419) == pytest.approx(1.04)
    assert factor(1, earned=420) == 1


# --- tiers -----------------------------------------------------------------------------------------------------------
TIER = only(tier_strength=0.1)
SIXTY = [(DECEMBER_2 - 200, 40_000, 2), (DECEMBER_2 - 40, 20_000, 1)]
"""600 of the 1,000 spent in three orders; last year's rows do not count."""
LAST_YEAR = [(FIRST - 10, 90_000, 5)]


def test_tier_pressure_near_the_end_of_the_year() -> None:
    """.6 of the way; 400 are missing, two purchases of 200, and December leaves 30 days, today included: 30 r purchases at one's own pace."""
    held = account(days=LAST_YEAR + SIXTY)
    for ratio, weight in ((0.3, 0), (0.5, 0.5), (0.7, 1), (1, 1), (1.5, 1), (2.25, 0.5), (3, 0)):
        found = at(TIER, tiered(), held, DECEMBER_2, rate=2 / 30 / ratio)
        assert found.factor == pytest.approx(1 + 0.06 * weight, abs=1e-9), ratio
        assert found.past.tier_pressure == pytest.approx(60_000 * weight, abs=1)


def test_tier_pressure_begins_ninety_days_before_the_end() -> None:
    """The same 600 at pace 1: 61 and 91 days are left, today included."""
    held = account(days=[(FIRST + 30, 60_000, 3)])
    assert at(TIER, tiered(), held, NOVEMBER_1, rate=2 / 61).factor == pytest.approx(1 + 0.06 * 0.5)
    assert at(TIER, tiered(), held, OCTOBER_2, rate=2 / 91).factor == 1
    assert at(TIER, tiered(), held, OCTOBER_2 + 1, rate=2 / 90).factor == pytest.approx(1 + 0.06 / 60)
    assert at(TIER, tiered(), held, DECEMBER_2 + 29, rate=2.0).factor == pytest.approx(1.06)


def test_shorter_periods_and_anniversaries() -> None:
    """A quarter's end counts as a year's; the membership year of who joined on 15 January ends on 14 January."""
    held = account(days=[(NOVEMBER_1 - 3, 30_000, 1), (NOVEMBER_1, 60_000, 3)])
    assert at(TIER, tiered({"kind": "quarter"}), held, NOVEMBER_1, rate=1e-9).factor == 1
    found = at(TIER, tiered({"kind": "quarter"}, spend=1800), held, NOVEMBER_1, rate=4 / 61).factor
    assert found == pytest.approx(1 + 0.1 * 0.5 * 0.5)  # half the way, and 60 days to go
    held.own.joined = to_day(date(2025, 1, 15))
    end = to_day(date(2026, 1, 14))
    anniversary = tiered({"kind": "anniversary"}, spend=1800)
    assert at(TIER, anniversary, held, end - 60, rate=4 / 61).factor == pytest.approx(1 + 0.1 * 0.5 * 0.5)
    assert at(TIER, anniversary, held, end - 90, rate=4 / 91).factor == 1


@pytest.mark.parametrize(
    "window", [{"kind": "lifetime"}, {"kind": "rolling", "months": 12}, {"kind": "since_tier_change"}]
)
def test_no_period_no_deadline(window: dict[str, Any]) -> None:
    assert at(TIER, tiered(window), account(days=SIXTY), DECEMBER_2, rate=2 / 30).factor == 1


def test_nothing_to_reach_no_pressure() -> None:
    assert at(TIER, tiered(), account(days=SIXTY, tier=1), DECEMBER_2, rate=2 / 30).factor == 1
    assert at(TIER, tiered(), account(days=[]), DECEMBER_2, rate=2 / 30).factor == 1
    assert (
        at(TIER, tiered(spend=600), account(days=SIXTY), DECEMBER_2, rate=2 / 30).factor == 1
    )  # reached; upgrades may wait
    assert at(TIER, program(earn=PER_HUNDRED), account(days=SIXTY, tier=-1), DECEMBER_2, rate=2 / 30).factor == 1


def test_of_several_thresholds_the_deciding_one() -> None:
    """600 of 1,000 spent (.6), 3 of 10 orders (.3), 3 of 4 visits (.75). All: the orders, 7 of which are missing. Two of the three: the
    spend. One: the visits, of which 1 is missing. At the pace needed the weight is 1."""
    needs = {"spend": 1000, "orders": 10, "visits": 4}
    held = account(days=[(DECEMBER_2 - day, 20_000, 1) for day in (200, 100, 40)])
    for at_least, share, missing in ((3, 0.3, 7), (2, 0.6, 2), (1, 0.75, 1)):
        found = at(TIER, tiered(**needs, at_least=at_least), held, DECEMBER_2, rate=missing / 30 / 1.5)
        assert found.factor == pytest.approx(1 + 0.1 * share), at_least
        slow = at(TIER, tiered(**needs, at_least=at_least), held, DECEMBER_2, rate=missing / 30 / 2.25)
        assert slow.factor == pytest.approx(1 + 0.05 * share), at_least


def test_of_equal_shares_either_decides() -> None:
    held = account(days=[(DECEMBER_2 - 40, 50_000, 5)])
    for at_least in (1, 2):
        rules = tiered(spend=1000, orders=10, at_least=at_least)
        assert at(TIER, rules, held, DECEMBER_2, rate=5 / 30).factor == pytest.approx(1.05)


def test_the_way_back_up_may_be_another() -> None:
    tiers = {
        "levels": [{"name": "base"}, {"name": "silver", "enter": {"spend": 1000}, "reenter": {"spend": 2000}}],
        "window": {"kind": "year"},
    }
    rules = program(earn=PER_HUNDRED, tiers=tiers)
    held = account(days=SIXTY, fallen=2)
    assert at(TIER, rules, held, DECEMBER_2, rate=7 / 30).factor == pytest.approx(1.03)


# --- the others -------------------------------------------------------------------------------------------------------
def test_expiry_for_those_who_know() -> None:
    effect = only(expiry_strength=0.05, expiry_aware=0.6)
    held = account([(10, NEVER), (5, DECEMBER_2 + 14), (5, DECEMBER_2 + 300)])
    assert at(effect, tiered(), held, DECEMBER_2).factor == pytest.approx(1 + 0.05 / math.e)
    assert at(effect, tiered(), held, DECEMBER_2 + 14).factor == pytest.approx(1.05)
    assert at(effect, tiered(), held, DECEMBER_2, u_aware=0.6).factor == 1
    assert at(effect, tiered(), account([(10, NEVER)]), DECEMBER_2).factor == 1
    assert at(effect, tiered(), account(), DECEMBER_2).factor == 1
    held.lots[1].pending = 1
    assert at(effect, tiered(), held, DECEMBER_2 + 286).factor == pytest.approx(1 + 0.05 / math.e)


def remembering() -> Past:
    """Joined 300 days before 2 December, redeemed 30 and fell 180 days before, two messages of which the last was 3 days ago."""
    past = Past()
    note_joined(past, DECEMBER_2 - 300)
    note_redemption(past, DECEMBER_2 - 90)
    note_redemption(past, DECEMBER_2 - 30)
    note_tier(past, 2, 1, DECEMBER_2 - 180)
    note_message(past, DECEMBER_2 - 5)
    note_message(past, DECEMBER_2 - 3)
    return past


def test_everything_at_once_is_the_product_of_all() -> None:
    """A year's end at pace 1 in tier 1 of 2, and all that the member remembers."""
    tiers = {
        "levels": [{"name": "a"}, {"name": "b", "enter": {"spend": 100}}, {"name": "c", "enter": {"spend": 1000}}],
        "window": {"kind": "year"},
    }
    rules = program(earn=PER_HUNDRED, tiers=tiers, redemption=HUNDRED_POINTS)
    held = account([(40, DECEMBER_2 + 99)], SIXTY, purchases=8, tier=1)
    held.own.coupons = 1
    by_hand = {
        "reward_pressure": 1.04, "tier_pressure": 1.06, "expiry": 1 + 0.05 * math.exp(-99 / 14), "rewarded": 1 + 0.05 / math.e,
        "status": 1.02, "demotion": 1 - 0.1 / math.e, "coupon": 1.03, "message": 1 + 0.05 * 0.9 / math.e,
        "novelty": 1 + 0.03 * math.exp(-300 / 180),
    }  # fmt: skip
    # at .08 a day: 60 points are missing, and 100 days bring 40; two purchases are missing, and 30 days bring 2.4
    found = at(CENTRAL, rules, held, DECEMBER_2, rate=0.08, past=remembering())
    assert found.factor == pytest.approx(math.prod(by_hand.values()), rel=1e-12)
    for name, factor in by_hand.items():
        assert getattr(found.past, name) == round((factor - 1) * 1e6), name
    again = at(CENTRAL, rules, held, DECEMBER_2, rate=0.08, past=found.past)
    assert (again.factor, again.past.looks, again.past.status) == (found.factor, 2, 40_000)


@pytest.mark.parametrize("name", EFFECTS)
def test_one_effect_at_zero_leaves_the_others(name: str) -> None:
    """With all others on, turning one off divides the product by its factor."""
    field = {
        "reward_pressure": "reward_strength", "tier_pressure": "tier_strength", "expiry": "expiry_strength", "rewarded": "rewarded_strength",
        "status": "status_on", "demotion": "demotion_strength", "coupon": "coupon_strength", "message": "message_strength",
        "novelty": "novelty_strength", "plan": "plan_strength",
    }[name]  # fmt: skip
    central = CENTRAL._replace(plan_strength=0.05)  # nobody has measured it: off in every set but the strongest
    held = account([(40, DECEMBER_2 + 20)], SIXTY, purchases=8)
    held.own.tier = 0 if name != "status" else 1
    held.own.plan = 1
    held.own.coupons = 2
    past, without = remembering(), remembering()
    on = at(central, tiered(), held, DECEMBER_2, 0.3 if name == "reward_pressure" else 0.08, past=past).factor
    off = at(
        central._replace(**{field: 0}),
        tiered(),
        held,
        DECEMBER_2,
        0.3 if name == "reward_pressure" else 0.08,
        past=without,
    )
    assert getattr(past, name) != 0
    assert getattr(off.past, name) == 0
    assert on / off.factor == pytest.approx(1 + getattr(past, name) / 1e6, abs=1e-6)


def test_no_response_is_exactly_one() -> None:
    found = at(
        NONE, tiered(), account([(40, DECEMBER_2 + 20)], SIXTY, purchases=8), DECEMBER_2, 0.08, past=remembering()
    )
    assert found.factor == 1.0
    assert [getattr(found.past, name) for name in EFFECTS] == [0] * len(EFFECTS)


def test_clipping_is_counted() -> None:
    held = account(tier=1)
    steps = {"status_on": 1}
    cases = ((-0.9, 0.2, (1, 0)), (-0.75, 0.25, (0, 0)), (0.5, 1.5, (0, 0)), (2.0, 3.0, (0, 0)), (2.5, 3.0, (0, 1)))
    for step, factor, clips in cases:
        found = at(NONE._replace(status_steps=np.array([step]), **steps), tiered(), held, DECEMBER_2)
        assert found.factor == pytest.approx(factor)
        assert (found.past.clip_low, found.past.clip_high) == clips, step
        assert found.past.status == round(step * 1e6)  # what the effect was, not what was left of it


# --- baskets ----------------------------------------------------------------------------------------------------------
ALWAYS = NONE._replace(top_up_chance=1.0, top_up_within=0.15)


def top(
    rules: Program, basket: float, behaviour: BehaviourTerms = ALWAYS, u: float = 0.5, held: Account | None = None
) -> float:
    """A basket topped up, in major units."""
    found = topped_up(behaviour, reward_terms(rules), held or account(), Past(), round(100 * basket), u)
    return found / 100


def test_baskets_are_topped_up_to_the_next_full_block() -> None:
    """Blocks of 200: 180 is 11 % below, 170 is 17.6 % below; full blocks have nothing to gain."""
    rules = program(earn={"rate": {"points": 1, "per": 200}})
    unchanged = (170, 173.91, 200, 1000, 1001, 1043)
    for basket, becomes in {
        180: 200,
        173.92: 200,
        1044: 1200,
        1199: 1200,
        **{each: each for each in unchanged},
    }.items():
        assert top(rules, basket) == becomes, basket


@pytest.mark.parametrize(
    "earn",
    [
        {"rate": {"points": 1, "per": 200, "whole_blocks": False}},
        {"rate": {"points": 1, "per": 200}, "rounding": {"scope": "carry"}},
        {"rate": {"points": 1, "per": 200}, "rounding": {"mode": "ceil"}},
        {"bonuses": [{"name": "party", "event": "purchase", "points": 1, "minimum_spend": 200, "categories": ["toys"]}]},
        {"bonuses": [{"name": "hello", "event": "action", "action": "visit", "points": 1}]},
        {"brackets": {"on": "order", "marginal": True, "steps": [
            {"from": 0, "rate": {"points": 1, "per": 50}}, {"from": 200, "rate": {"points": 2, "per": 50}}]}},
    ],
)  # fmt: skip
def test_where_nothing_is_lost_nothing_is_topped_up(earn: dict[str, Any]) -> None:
    assert top(program(earn=earn), 190) == 190


def test_the_nearest_threshold_counts() -> None:
    bonus = {"name": "big", "event": "purchase", "points": 5, "minimum_spend": 480}
    steps = [{"from": 0, "rate": {"points": 1, "per": 100}}, {"from": 500, "rate": {"points": 2, "per": 100}}]
    rules = program(earn={"brackets": {"on": "order", "steps": steps}, "minimum_order": 300, "bonuses": [bonus]})
    assert reward_terms(rules).threshold == [30_000, 48_000, 50_000]
    for basket, becomes in {270: 300, 300: 300, 420: 480, 479: 480, 480: 500, 499: 500, 500: 500, 250: 250}.items():
        assert top(rules, basket) == becomes, basket


def test_the_block_is_that_of_the_members_tier() -> None:
    tiers = {"levels": [{"name": "base"}, {"name": "silver", "enter": {"spend": 1000}}]}
    earn = {"rate": {"points": 1, "per": 200}, "rate_by_tier": {"silver": {"points": 1, "per": 100}}}
    rules = program(earn=earn, tiers=tiers)
    assert reward_terms(rules).block == [20_000, 10_000]
    assert top(rules, 280, held=account(tier=0)) == 280
    assert top(rules, 280, held=account(tier=1)) == 300


def test_money_off_matters_to_those_who_have_the_points() -> None:
    off = {"points": 10, "worth": 1, "minimum_balance": 50, "minimum_basket": 300}
    rules = program(earn={"rate": {"points": 1, "per": 1}}, redemption={"money_off": off})
    assert top(rules, 290, held=account([(50, NEVER)])) == 300
    assert top(rules, 290, held=account([(49, NEVER)])) == 290
    assert top(rules, 290, held=account([(50, NEVER)], debt=1)) == 290


def test_who_tops_up_and_how_many_did() -> None:
    rules, past = program(earn={"rate": {"points": 1, "per": 200}}), Past()
    tenth = ALWAYS._replace(top_up_chance=0.1)
    baskets = [topped_up(tenth, reward_terms(rules), account(), past, 19_000, u) for u in (0.05, 0.1, 0.0999)]
    assert baskets == [20_000, 19_000, 20_000]
    assert past.topped_up == 2
    assert top(rules, 190, NONE, 1e-12) == 190
    assert top(rules, 9_999_999_999.99) == 10_000_000_000
    assert top(program(earn={"minimum_order": 10_000_000_000}), 9_999_999_999.99) == 10_000_000_000


# --- programs ---------------------------------------------------------------------------------------------------------
def test_what_a_program_cannot_set_off_is_left_out() -> None:
    """Of the central strengths, what is left on in each of some programs."""

    def on(rules: Program) -> set[str]:
        found = in_play(CENTRAL, rules)
        names = [
            name
            for name in found._fields
            if "strength" in name or name in ("reward_stamps", "status_on", "demotion_death")
        ]
        return {name for name in names if getattr(found, name) != 0}

    always = {"novelty_strength"}
    assert on(program()) == always
    assert on(program(earn=PER_HUNDRED, expiry={"model": "rolling", "months": 12})) == {*always, "expiry_strength"}
    assert on(stamp_card()) == {*always, "reward_stamps"}
    fall = {"status_on", "demotion_strength", "demotion_death"}
    rewards = {"reward_strength", "rewarded_strength", "expiry_strength"}
    assert on(tiered()) == {*always, *fall, *rewards, "tier_strength"}
    assert on(tiered({"kind": "lifetime"})) == {*always, *fall, *rewards}
    point = program(redemption={"money_off": {"points": 1, "worth": 1}})
    assert on(point) == {*always, "rewarded_strength"}
    own_expiry = {"bonuses": [{"name": "hi", "event": "join", "points": 1, "expiry": {"model": "rolling", "days": 30}}]}
    assert on(program(earn=own_expiry)) == {*always, "expiry_strength"}


# --- drawn states: bounds, what is left out, and compiled code -----------------------------------------------------------
ROOM = 6
BEHAVIOUR = layout(BehaviourTerms, {"status_steps": TIERS, "rush_odds": RUSHES, "rush_never": RUSHES})
DRAWN = ("mos_burger", "mitsui_outlet", "eslite", "global_mall", "haidilao", "ledger_tier_rate")


class State(NamedTuple):
    """A drawn member at a candidate."""

    held: Account
    past: Past
    day: int
    rate: float
    u_aware: float


def draw_state(draw: random.Random, rules: Program, terms: Terms) -> State:
    day = draw.randint(FIRST + 30, LAST - 1)
    price = draw.choice([5, 20, 100, 1000])
    lapse = rules.expiry.model != "none"
    ends = [
        day + draw.randint(0, 700) if lapse and draw.random() < 0.5 else NEVER for _ in range(draw.randint(0, ROOM))
    ]
    lots = [(draw.randint(1, price), end) for end in ends]
    days = [
        (day - draw.randint(0, 400), draw.randint(0, 15_000_000), draw.randint(0, 3))
        for _ in range(draw.randint(0, ROOM))
    ]
    levels = terms.tiers.count
    tier = draw.randrange(levels) if levels else -1
    held = account(
        lots, days, purchases=draw.randint(1, 30), tier=tier, fallen=draw.choice([0, 0, 2, 6]), redeemed=draw.choice([0, 30]),
        expired=draw.choice([0, 7]), joined=FIRST + draw.randint(-400, 0), debt=draw.choice([0, 0, 1]),
    )  # fmt: skip
    held.own.earned = held.own.balance + draw.randint(0, 3000)
    for row in held.days:
        row.points, row.visits, row.nights = draw.randint(0, 3000), draw.randint(0, 2), draw.randint(0, 5)
    for lot in held.lots:
        lot.pending = int(draw.random() < 0.1)
    past = Past()
    note_joined(past, held.own.joined)
    for when in sorted(day - draw.randint(0, 20) for _ in range(draw.randint(0, 4))):
        draw.choice((note_redemption, note_message))(past, when)
    if levels and draw.random() < 0.5:
        note_tier(past, 1, 0, day - draw.randint(0, 400))
    held.own.coupons = draw.choice([0, 1])
    return State(held, past, day, 10 ** draw.uniform(-3, -0.5), draw.random())


def test_the_bound_holds_and_what_is_left_out_is_one() -> None:
    """For drawn members of shipped programs: no factor is above the bound, and the effects left out of a program change nothing but those of
    coupons and messages, which none of them has."""
    seen = 0
    for number, name in enumerate(DRAWN):
        rules = load_program(name)
        terms, rewards = lower(rules, FIRST, LAST).terms, reward_terms(rules)
        draw = random.Random(number)
        for preset in shipped_assumptions():
            whole = behaviour_terms(load_assumptions(preset))
            less = in_play(whole, rules)
            for _ in range(150):
                state = draw_state(draw, rules, terms)
                full = factor_at(whole, terms, rewards, *state)
                assert 0.2 <= full <= largest_modifier(whole)
                bare = state._replace(past=Past().load(state.past.as_tuple()))
                bare.past.messages = 0
                bare.held.own.coupons = 0
                again = bare._replace(past=Past().load(bare.past.as_tuple()))
                expected = factor_at(whole, terms, rewards, *bare)
                assert factor_at(less, terms, rewards, *again) == expected <= largest_modifier(less)
                assert again.past.as_tuple() == bare.past.as_tuple()
                seen += expected != 1
    assert seen > 2000


def as_records(state: State) -> tuple[Any, Any]:
    """Account and past as compiled code sees them."""
    room = blank(ACCOUNT)[0]
    room.own = state.held.own.as_tuple()
    for k, lot in enumerate(state.held.lots):
        room.lots[k] = lot.as_tuple()
    for k, row in enumerate(state.held.days):
        room.days[k] = row.as_tuple()
    past = blank(numpy_dtype(Past))[0]
    for name, value in zip(Past.__slots__, state.past.as_tuple(), strict=True):
        past[name] = value
    return room, past


@njit
def _compiled(behaviour, terms, rewards, held, past, day, rate, u_aware, basket, u):
    factor = factor_at(behaviour, terms, rewards, held, past, day, rate, u_aware)
    amount = topped_up(behaviour, rewards, held, past, basket, u)
    placed = takes_place(behaviour, past, 1, u), takes_place(behaviour, past, 0, u)
    note_joined(past, day)
    note_redemption(past, day)
    fell = note_tier(past, 1, 0, day)
    note_message(past, day)
    return factor, amount, placed, fell


def test_compiled_code_agrees_to_the_bit() -> None:
    """Factors, baskets, and everything that is remembered and counted."""
    lively = CENTRAL._replace(displaced_share=0.5, top_up_chance=0.5, reward_exponent=1.7, tier_exponent=0.6)
    seen = 0
    for number, name in enumerate(DRAWN):
        rules = load_program(name)
        terms, rewards = lower(rules, FIRST, LAST).terms, reward_terms(rules)
        records = blank(TERMS)[0], blank(layout(RewardTerms))[0], blank(BEHAVIOUR)[0]
        packed(terms, records[0])
        packed(rewards, records[1])
        packed(lively, records[2])
        draw = random.Random(100 + number)
        for _ in range(120):
            state = draw_state(draw, rules, terms)
            basket, u = draw.randint(1, 500_000), draw.random()
            held, past = as_records(state)
            found = _compiled(records[2], records[0], records[1], held, past, *state[2:], basket, u)
            expected = _compiled.py_func(lively, terms, rewards, *state, basket, u)
            assert found == expected
            assert tuple(past.item()) == state.past.as_tuple()
            seen += expected[0] != 1
    assert seen > 500
