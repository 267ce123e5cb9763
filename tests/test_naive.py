"""The oracle checked by hand: worked numbers of published programs, and that the drawn cases reach every rule."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.naive import Outcome, naive_replay
from tests.naive.dates import period, plus_months, yearly_on_or_after
from tests.strategies import Case, cases, draw_case
from workbench.program.spec import Program

KINDS = (
    "purchase", "refund", "earn", "bonus", "redeem", "return", "expire", "decay", "convert", "voucher", "reverse", "repay", "activate",
    "extend", "tier",
)  # fmt: skip
MODELS = (
    "none", "rolling", "flush", "fixed_date", "windows", "anniversary", "by_tier", "inactivity", "extension", "decay", "conversion",
)  # fmt: skip
NEVER: dict[str, Any] = {"model": "none"}


def program(earn: dict[str, Any], **parts: Any) -> Program:
    """A program of the parts a test is about."""
    return Program.model_validate(
        {
            "schema": 1,
            "title": "Worked",
            "currency": "TWD",
            "provenance": {"source": "worked by hand", "as_of": "2024-01-01", "confidence": "high"},
            "earn": earn,
            **parts,
        }
    )


def row(
    day: str, event: str = "purchase", amount: str | None = None, posted: str | None = None, **values: Any
) -> dict[str, Any]:
    """A row of member ``m``, empty but for what is given."""
    blank: dict[str, Any] = dict.fromkeys(("order_id", "refund_of", "category", "channel", "action"), "")
    blank |= {"points": None, "birthday": None, "discount": Decimal(0), "tax": Decimal(0), "delivery": Decimal(0)}
    blank |= {
        "member_id": "m",
        "date": date.fromisoformat(day),
        "event": event,
        "amount": None if amount is None else Decimal(amount),
    }
    return {**blank, "posted": None if posted is None else date.fromisoformat(posted), **values}


def replay(spec: Program, rows: list[dict[str, Any]], as_of: str) -> Outcome:
    return naive_replay(spec, rows, date.fromisoformat(as_of))


def kinds(outcome: Outcome, *wanted: str) -> list[tuple[str, str, int]]:
    """(kind, day, points) of the entries of some kinds."""
    return [(kind, day.isoformat(), points) for _, day, kind, points, *_ in outcome.entries if kind in wanted]


def rate(points: int, per: str, **more: Any) -> dict[str, Any]:
    return {"rate": {"points": points, "per": per}, **more}


# --- earning -------------------------------------------------------------------------------------------------------
MOS = {
    "earn": rate(2, "500", rounding={"mode": "floor", "scope": "carry"}),
    "expiry": {"model": "rolling", "months": 24, "round_up": "year"},
}


def test_mos_burger_carries_the_remainder_and_lapses_two_years_on() -> None:
    days = [f"2014-0{k}-10" for k in range(1, 6)]
    amounts = ("320", "240", "1180", "95", "700")
    rows = [row(day, amount=amount) for day, amount in zip(days, amounts, strict=True)]
    held = replay(program(**MOS), rows, "2016-12-31")
    assert kinds(held, "earn") == [("earn", "2014-02-10", 2), ("earn", "2014-03-10", 4), ("earn", "2014-05-10", 4)]
    assert held.members["m"]["balance"] == 10
    assert held.members["m"]["carry"] == 35
    assert {lot["expires_on"] for lot in held.members["m"]["lots"]} == {date(2016, 12, 31)}
    gone = replay(program(**MOS), rows, "2017-01-01")
    assert kinds(gone, "expire") == [("expire", "2017-01-01", -points) for points in (2, 4, 4)]
    assert gone.members["m"]["balance"] == 0


def test_a_refund_is_negative_spend_for_a_carried_remainder() -> None:
    # 520 earns 2 and keeps 20; a refund of 100 takes the remainder to -80, so a block comes back: 420 kept, 2 points taken.
    rows = [row("2024-01-01", amount="520", order_id="a"), row("2024-01-02", "refund", "100", refund_of="a")]
    outcome = replay(program(**MOS), rows, "2024-01-02")
    assert kinds(outcome, "reverse") == [("reverse", "2024-01-02", -2)]
    assert (outcome.members["m"]["balance"], outcome.members["m"]["carry"]) == (0, 420)


@pytest.mark.parametrize(
    "factor, stage, points", [(None, "before_rounding", 49), ("2", "before_rounding", 99), ("2", "after_rounding", 98)]
)
def test_mitsui_doubled_before_and_after_rounding(factor: str | None, stage: str, points: int) -> None:
    multipliers = [] if factor is None else [{"name": "double days", "factor": factor}]
    spec = program(rate(1, "200", multiplier_stage=stage, multipliers=multipliers))
    assert replay(spec, [row("2024-01-01", amount="9950")], "2024-01-01").members["m"]["balance"] == points


@pytest.mark.parametrize("stacking, points", [("highest", 30), ("additive", 40), ("multiplicative", 60)])
def test_two_and_three_stack(stacking: str, points: int) -> None:
    multipliers = [{"name": "a", "factor": "2"}, {"name": "b", "factor": "3"}]
    spec = program(rate(1, "10", stacking=stacking, multipliers=multipliers))
    assert replay(spec, [row("2024-01-01", amount="100")], "2024-01-01").members["m"]["balance"] == points


@pytest.mark.parametrize(
    "mode, scope, whole, points",
    [("floor", "order", True, 2), ("floor", "order", False, 3), ("ceil", "order", True, 4), ("half_up", "order", True, 4), ("floor", "line", True, 0),
     ("ceil", "line", True, 4), ("half_up", "line", False, 4)],
)  # fmt: skip
def test_nine_hundred_ninety_nine_at_two_per_five_hundred(mode: str, scope: str, whole: bool, points: int) -> None:
    spec = program(
        {"rate": {"points": 2, "per": "500", "whole_blocks": whole}, "rounding": {"mode": mode, "scope": scope}}
    )
    rows = [row("2024-01-01", amount=amount, order_id="a") for amount in ("499", "500")]
    if (mode, scope) == ("floor", "line"):
        rows = [row("2024-01-01", amount=amount, order_id="a") for amount in ("499.50", "499.50")]
    assert replay(spec, rows, "2024-01-01").members["m"]["balance"] == points


def test_marginal_brackets_round_each_slice_on_its_own() -> None:
    steps = [{"from": 0, "rate": {"points": 1, "per": "10"}}, {"from": 95, "rate": {"points": 2, "per": "10"}}]
    rows = [row("2024-01-01", amount="120")]
    for marginal, points in ((True, 9 + 4), (False, 24)):
        spec = program({"brackets": {"on": "order", "marginal": marginal, "steps": steps}})
        assert replay(spec, rows, "2024-01-01").members["m"]["balance"] == points


def test_a_cap_before_the_multiplier_earns_in_proportion() -> None:
    # Plain 30 points against a limit of 20: floor(20 x 450 / 300), for 150 doubled and 150 plain.
    multipliers = [{"name": "food", "factor": "2", "categories": ["food"]}]
    spec = program(
        rate(1, "10", multipliers=multipliers, caps=[{"per": "order", "points": 20, "stage": "before_multiplier"}])
    )
    rows = [row("2024-01-01", amount="150", order_id="a", category=category) for category in ("food", "")]
    assert replay(spec, rows, "2024-01-01").members["m"]["balance"] == 30


def test_points_paid_do_not_earn() -> None:
    spec = program(rate(1, "10"), redemption={"money_off": {"points": 1, "worth": "1"}})
    rows = [
        row("2024-01-01", amount="300"),
        row("2024-01-02", "redeem", points=25, order_id="a"),
        row("2024-01-02", amount="20", order_id="a"),
        row("2024-01-02", amount="60", order_id="a"),
        row("2024-01-03", "redeem", points=11),
    ]
    outcome = replay(spec, rows, "2024-01-03")
    assert [entry[2:5] for entry in outcome.entries if entry[1] == date(2024, 1, 2)] == [
        ("redeem", -25, 2500),
        ("purchase", 0, 8000),
        ("earn", 5, 5500),
    ]
    assert outcome.refused == [4]
    assert outcome.members["m"]["balance"] == 10


def test_pending_points_wait_and_a_birthday_on_leap_day() -> None:
    bonuses = [{"name": "cake", "event": "birthday", "points": 7}]
    spec = program(
        rate(1, "10", bonuses=bonuses, pending={"days": 10, "expiry_clock": "activation"}),
        expiry={"model": "rolling", "months": 1},
    )
    rows = [row("2023-02-28", "join", birthday=date(2000, 2, 29)), row("2024-01-21", amount="50")]
    outcome = replay(spec, rows, "2024-03-01")
    assert kinds(outcome, "bonus", "activate", "expire") == [
        ("activate", "2024-01-31", 0), ("bonus", "2024-02-29", 7), ("expire", "2024-03-01", -5),
    ]  # fmt: skip
    assert outcome.members["m"]["lots"] == [
        {"earned_on": date(2024, 2, 29), "expires_on": date(2024, 3, 29), "points": 7}
    ]


# --- expiry --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "rule, earned, expires",
    [
        ({"model": "rolling", "months": 12, "round_up": "year"}, "2017-02-01", "2018-12-31"),  # Global Mall
        ({"model": "rolling", "months": 12}, "2023-03-01", "2024-03-01"),
        ({"model": "rolling", "days": 365}, "2023-03-01", "2024-02-29"),
        ({"model": "rolling", "months": 1}, "2023-01-31", "2023-02-28"),
        ({"model": "flush", "dates": ["12-31", "02-29"]}, "2023-02-28", "2023-02-28"),
        ({"model": "flush", "dates": ["12-31", "02-29"]}, "2023-03-01", "2023-12-31"),
        ({"model": "fixed_date", "date": "06-30", "minimum_age_months": 12}, "2023-07-01", "2025-06-30"),
        ({"model": "windows", "windows": [{"first": "2022-09-01", "last": "2024-08-31", "expires": "2024-12-31"}], "repeat_years": 2}, "2024-09-01",
         "2026-12-31"),  # Breeze
        ({"model": "windows", "windows": [{"first": "2022-09-01", "last": "2024-08-31", "expires": "2024-12-31"}], "repeat_years": 2}, "2020-08-31",
         "2020-12-31"),
        ({"model": "anniversary"}, "2024-02-29", "2025-02-28"),
        ({"model": "extension", "months": 6}, "2024-08-31", "2025-02-28"),
        (NEVER, "2024-01-01", None),
    ],
)  # fmt: skip
def test_last_usable_days(rule: dict[str, Any], earned: str, expires: str | None) -> None:
    outcome = replay(program(rate(1, "10"), expiry=rule), [row(earned, amount="10")], earned)
    assert [lot["expires_on"] for lot in outcome.members["m"]["lots"]] == [
        None if expires is None else date.fromisoformat(expires)
    ]


def test_calendar_helpers() -> None:
    assert plus_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert plus_months(date(2024, 3, 31), -13) == date(2023, 2, 28)
    assert period("half", date(2024, 8, 9)) == (date(2024, 7, 1), date(2024, 12, 31))
    assert yearly_on_or_after(date(2023, 3, 1), "02-29") == date(2024, 2, 29)


def test_inactivity_decay_and_conversion_take_the_balance() -> None:
    bought = [row("2024-01-31", amount="100")]
    idle = replay(program(rate(1, "1"), expiry={"model": "inactivity", "months": 1}), bought, "2024-12-31")
    assert kinds(idle, "expire") == [("expire", "2024-03-01", -100)]
    decay = {"model": "decay", "idle_months": 1, "every_months": 2, "share": "0.333", "floor": 30}
    assert kinds(replay(program(rate(1, "1"), expiry=decay), bought, "2024-12-31"), "decay") == [
        ("decay", "2024-03-01", -33), ("decay", "2024-05-01", -22), ("decay", "2024-07-01", -14), ("decay", "2024-09-01", -1),
    ]  # fmt: skip
    conversion = {"model": "conversion", "dates": ["03-31"], "block": 30, "voucher": "5", "voucher_months": 1}
    turned = replay(program(rate(1, "1"), expiry=conversion), bought, "2024-12-31")
    assert turned.entries[-1] == ("m", date(2024, 3, 31), "voucher", 0, 1500, None, date(2024, 4, 30), "", "expiry")
    assert turned.members["m"]["balance"] == 10


# --- tiers ---------------------------------------------------------------------------------------------------------
def tiers(**parts: Any) -> dict[str, Any]:
    levels = [
        {"name": "Basic"},
        {"name": "Silver", "enter": {"spend": "100"}},
        {"name": "Gold", "enter": {"spend": "300"}},
    ]
    return {"levels": levels, **parts}


def changes(outcome: Outcome) -> list[tuple[str, str]]:
    return [(entry[1].isoformat(), entry[8].removeprefix("tiers.")) for entry in outcome.entries if entry[2] == "tier"]


def test_a_tier_lasts_to_the_end_of_the_next_period_and_falls_to_what_is_earned() -> None:
    rows = [row("2023-05-01", amount="400"), row("2024-06-01", amount="100")]
    outcome = replay(program(rate(1, "10"), tiers=tiers()), rows, "2026-01-01")
    assert changes(outcome) == [("2023-05-01", "Gold"), ("2025-01-01", "Silver"), ("2026-01-01", "Basic")]


def test_grace_comes_once_and_next_day_upgrades_look_at_yesterday() -> None:
    spec = program(
        rate(1, "10"), tiers=tiers(upgrade="next_day", grace_months=2, validity={"until": "months", "months": 1})
    )
    outcome = replay(spec, [row("2023-12-31", amount="100")], "2024-12-31")
    assert changes(outcome) == [("2024-01-01", "Silver"), ("2024-04-02", "Basic")]


def test_next_period_upgrades_begin_with_the_period() -> None:
    spec = program(rate(1, "10"), tiers=tiers(upgrade="next_period", window={"kind": "quarter"}))
    outcome = replay(spec, [row("2024-01-05", amount="60"), row("2024-03-31", amount="40")], "2024-12-31")
    assert changes(outcome) == [("2024-04-01", "Silver"), ("2024-10-01", "Basic")]


def test_a_surplus_is_kept_at_an_upgrade() -> None:
    rows = [row("2024-01-05", amount="130"), row("2024-01-06", amount="270")]
    outcome = replay(program(rate(1, "10"), tiers=tiers(counter="reset_surplus_kept")), rows, "2024-01-06")
    assert changes(outcome) == [("2024-01-05", "Silver"), ("2024-01-06", "Gold")]
    assert outcome.members["m"]["qualifying"] == {"spend": Decimal(0)}


def test_an_order_is_split_at_the_crossing() -> None:
    by_tier = {"Silver": {"points": 2, "per": "10"}, "Gold": {"points": 5, "per": "10"}}
    rows = [row("2024-01-05", amount="50"), row("2024-01-06", amount="350")]
    for rate_tier, points in (("split", 5 + 40 + 50), ("before_order", 35)):
        spec = program(rate(1, "10", rate_by_tier=by_tier, rate_tier=rate_tier), tiers=tiers())
        assert kinds(replay(spec, rows, "2024-01-06"), "earn")[1] == ("earn", "2024-01-06", points)


def test_a_refund_can_take_the_tier_away() -> None:
    rows = [row("2024-01-05", amount="320", order_id="a"), row("2024-02-05", "refund", "30", refund_of="a")]
    outcome = replay(program(rate(1, "10"), tiers=tiers(after_refund="rejudged")), rows, "2024-02-05")
    assert changes(outcome) == [("2024-01-05", "Gold"), ("2024-02-05", "Silver")]


# --- refunds -------------------------------------------------------------------------------------------------------
def test_spent_points_become_a_debt_that_later_earnings_repay() -> None:
    spec = program(
        rate(1, "10"), redemption={"catalogue": [{"name": "tea", "points": 4, "face_value": "9", "unit_cost": "1"}]}
    )
    rows = [
        row("2024-01-01", amount="100", order_id="a"),
        row("2024-01-02", "redeem", action="tea", points=8),
        row("2024-01-03", "refund", "100", refund_of="a"),
        row("2024-01-04", amount="95"),
    ]
    outcome = replay(spec, rows, "2024-01-04")
    assert kinds(outcome, "reverse", "repay") == [
        ("reverse", "2024-01-03", -2), ("reverse", "2024-01-03", -8), ("repay", "2024-01-04", -8), ("repay", "2024-01-04", 8),
    ]  # fmt: skip
    assert outcome.members["m"]["balance"] == 1


def test_points_used_at_a_refunded_checkout_come_back_in_proportion() -> None:
    spec = program(
        rate(1, "10", eligible={"paid_with_points": "included"}),
        redemption={"money_off": {"points": 1, "worth": "1"}},
        expiry={"model": "rolling", "days": 5},
    )
    rows = [
        row("2024-01-01", amount="100"),
        row("2024-01-02", "redeem", points=7, order_id="a"),
        row("2024-01-02", amount="30", order_id="a"),
        row("2024-01-03", "refund", "10", refund_of="a"),
        row("2024-01-08", "refund", "20", refund_of="a"),
    ]
    outcome = replay(spec, rows, "2024-01-08")
    assert kinds(outcome, "return") == [("return", "2024-01-03", 2), ("return", "2024-01-08", 5)]
    # The order's own 2 points lapsed that morning, so taking them is a debt; of the 5 that come back 2 repay it, and 3 are past their day.
    assert kinds(outcome, "expire") == [
        ("expire", "2024-01-07", -5),
        ("expire", "2024-01-08", -2),
        ("expire", "2024-01-08", -3),
    ]
    assert outcome.members["m"]["balance"] == 0


def test_by_item_takes_the_items_own_points() -> None:
    rows = [
        row("2024-01-01", amount="16", order_id="a", category="food"),
        row("2024-01-01", amount="16", order_id="a"),
        row("2024-01-02", "refund", "16", refund_of="a", category="food"),
    ]
    for method, left in (("by_value", 1), ("by_item", 2)):
        assert (
            replay(program(rate(1, "10"), refunds={"method": method}), rows, "2024-01-02").members["m"]["balance"]
            == left
        )


def test_refunds_of_unknown_orders_or_beyond_them_are_bad_input() -> None:
    rows = [row("2024-01-01", amount="10", order_id="a"), row("2024-01-02", "refund", "10.01", refund_of="a")]
    with pytest.raises(ValueError, match="beyond the order"):
        replay(program(rate(1, "10")), rows, "2024-01-02")
    with pytest.raises(ValueError, match="never seen"):
        replay(program(rate(1, "10")), [row("2024-01-02", "refund", "1", refund_of="b")], "2024-01-02")


# --- the drawn cases -----------------------------------------------------------------------------------------------
def assert_consistent(case: Case) -> Outcome:
    """What holds whatever the rules say: the entries add up to the accounts, and the days only go forward."""
    spec, rows, as_of = case
    days = [each["posted"] or each["date"] for each in rows]
    assert days == sorted(days)
    outcome = naive_replay(spec, rows, as_of)
    written = [entry[1] for entry in outcome.entries]
    assert written == sorted(written)
    totals = Counter(dict.fromkeys(outcome.members, 0))
    for name, _, _, points, *_ in outcome.entries:
        totals[name] += points
    for name, member in outcome.members.items():
        assert totals[name] == member["balance"] + member["pending"]
        assert all(lot["points"] > 0 for lot in member["lots"])
    return outcome


def test_drawn_cases_reach_every_kind_of_entry_and_every_expiry_model() -> None:
    seen: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    models: Counter[str] = Counter()
    refused = 0
    for seed in range(300):
        case = draw_case(seed)
        outcome = assert_consistent(case)
        seen.update(entry[2] for entry in outcome.entries)
        rules.update(entry[8].partition(".tea")[0] for entry in outcome.entries)
        models[case[0].expiry.model] += 1
        refused += len(outcome.refused)
    assert min(seen[kind] for kind in KINDS) >= 20, seen
    assert set(seen) == set(KINDS)
    assert min(models[model] for model in MODELS) >= 5, models
    for rule in (
        "redemption.money_off",
        "redemption.catalogue",
        "redemption.automatic",
        "refunds.points_back",
        "refunds.debt",
    ):
        assert rules[rule] >= 20, rule
    assert refused >= 100


def test_drawn_programs_use_every_choice_of_the_format() -> None:
    """Each literal of the file format is drawn somewhere, so that no rule goes untried for want of a program."""
    specs = [draw_case(seed)[0] for seed in range(600)]
    tiered = [spec.tiers for spec in specs if spec.tiers is not None]
    caps = [cap for spec in specs for cap in spec.earn.caps]
    drawn = {
        "rounding": {(spec.earn.rounding.mode, spec.earn.rounding.scope) for spec in specs},
        "window": {each.window.kind for each in tiered},
        "upgrade": {each.upgrade for each in tiered},
        "until": {each.validity.until for each in tiered},
        "counter": {each.counter for each in tiered},
        "downgrade": {each.downgrade for each in tiered},
        "after_refund": {each.after_refund for each in tiered},
        "cap": {(cap.per, cap.beyond, cap.stage) for cap in caps},
        "bonus": {bonus.event for spec in specs for bonus in spec.earn.bonuses},
        "stacking": {spec.earn.stacking for spec in specs},
        "split": {spec.earn.rate_tier for spec in specs},
        "brackets": {(each.on, each.marginal) for spec in specs if (each := spec.earn.brackets) is not None},
        "refunds": {(spec.refunds.method, spec.refunds.shortfall, spec.refunds.points_back) for spec in specs},
    }
    expected = {
        "rounding": 8, "window": 8, "upgrade": 3, "until": 4, "counter": 3, "downgrade": 3, "after_refund": 2, "cap": 22, "bonus": 5, "stacking": 4,
        "split": 2, "brackets": 3, "refunds": 12,
    }  # fmt: skip
    assert {name: len(values) for name, values in drawn.items()} == expected


def test_the_same_seed_draws_the_same_case() -> None:
    assert draw_case(7) == draw_case(7)
    assert draw_case(7)[2] - draw_case(7)[1][-1]["date"] >= timedelta(0)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cases())
def test_hypothesis_draws_consistent_cases(case: Case) -> None:
    assert_consistent(case)
