"""Stored value and paid plans: ledgers that add up, worlds that agree, what members decide, published ladders and fees."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from simulators.agents import run_agents
from simulators.desk import Desk
from simulators.kernel import run_kernel
from simulators.purse import expected_spend, load, plan_wanted, renewals
from tests.lived import EntryTuple, lived
from tests.test_kernel import same, scenario, shaken
from workbench.errors import BadInput
from workbench.ledger import KINDS, Own, check_entries
from workbench.population.behaviour import BehaviourTerms, behaviour_terms
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import program_from_mapping
from workbench.program.spec import Program
from workbench.rules.plan_spec import Plan
from workbench.rules.stored_value_spec import StoredValue
from workbench.units import NEVER, to_day

FIRST = date(2024, 1, 1)


def program(**parts: Any) -> Program:
    return program_from_mapping(
        {
            "schema": 1, "title": "Value", "currency": "TWD", **parts, "population": "department_store_twd",
            "provenance": {"source": "made up", "as_of": "2024-01-01", "confidence": "low"},
        }
    )  # fmt: skip


EVERYTHING: dict[str, Any] = {
    "earn": {
        "rate": {"points": 1, "per": 100},
        "bonuses": [{"name": "welcome", "event": "join", "points": 30}, {"name": "each", "event": "purchase", "points": 2}],
    },
    "expiry": {"model": "rolling", "months": 9},
    "tiers": {
        "levels": [{"name": "base"}, {"name": "gold", "enter": {"spend": 40000}}, {"name": "black", "enter": {"spend": 900000}}],
        "window": {"kind": "year"},
        "validity": {"until": "period_end"},
    },
    "redemption": {"money_off": {"points": 10, "worth": 10}},
    "stored_value": {
        "steps": [{"amount": 1000, "bonus": 30}, {"amount": 5000, "bonus": 300, "points": 20}, {"amount": 20000, "bonus": 2000, "tier": "gold"}],
        "bonus_expiry": {"days": 45, "round_up": "month"},
        "burn": "pro_rata",
    },
    "plans": [
        {"name": "club", "fee": 600, "refund": "pro_rata", "rebate": {"share": 0.02, "cap": 3000}},
        {"name": "black", "fee": 3000, "term_months": 6, "tier": "black", "rebate": {"share": 0.05, "paid": "at_renewal"}},
    ],
}  # fmt: skip
"""A little of everything."""


def with_parts(**parts: Any) -> Program:
    return program(**{**EVERYTHING, **parts})


STORED = EVERYTHING["stored_value"]
CASES = {
    "everything": with_parts(),
    "required": with_parts(plans=[{**EVERYTHING["plans"][0], "required": True}, EVERYTHING["plans"][1]]),
    "value_first": with_parts(
        checkout={"pay_first": "stored_value"}, stored_value={**STORED, "earn": "on_top_up", "burn": "bonus_first"}
    ),
    "neither": with_parts(
        earn={"rate": {"points": 3, "per": 100}, "rounding": {"scope": "carry"}},
        stored_value={**STORED, "earn": "on_neither", "burn": "principal_first", "amounts": "steps_only"},
        plans=[{"name": "month", "fee": 30, "term_months": 1, "auto_renews": False, "required": True}],
    ),
}


# --- agents and kernel -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", CASES)
def test_agents_and_kernel_live_the_same_lives(name: str) -> None:
    """With refunds and late joiners (``shaken``), many who top up, and plans that move purchases."""
    assumed = load_assumptions("central").model_copy(
        update={
            "top_up": load_assumptions("central").top_up.model_copy(update={"share": 0.8}),
            "plan": load_assumptions("central").plan.model_copy(update={"strength": 0.2, "others": 0.3, "renewal": 0.6}),
        }
    )
    case = scenario(CASES[name], 150, assumptions=assumed)
    mine, agents = run_kernel(case, keep=True), run_agents(case)
    same(mine, agents)
    assert mine.ledgers is not None
    kinds = set(mine.ledgers[0].rows[:, 3].tolist())
    for wanted in NEEDED[name]:
        assert wanted in {KINDS[kind] for kind in kinds}, wanted


NEEDED = {
    "everything": ("topup", "gift", "pay", "pay_bonus", "value_back", "bonus_back", "value_expire", "fee_due", "fee", "rebate", "plan_end"),
    "required": ("topup", "pay", "fee_due", "fee", "rebate", "plan_end", "tier"),
    "value_first": ("topup", "pay", "pay_bonus", "redeem", "earn"),
    "neither": ("topup", "pay", "fee_due", "fee", "plan_end"),
}  # fmt: skip


def test_nobody_who_tops_up_or_holds_a_plan_buys_otherwise_without_effects() -> None:
    """With no response assumed, both worlds hold the same purchases to the cent: paying from a balance is no other purchase."""
    for name in ("everything", "value_first"):
        run = run_kernel(scenario(CASES[name], 200, assumptions=load_assumptions("none")))
        purchases = KINDS.index("purchase")
        assert run.program.by_month[:, purchases].sum() > 0
        assert (run.program.by_month[:, purchases] == run.baseline.by_month[:, purchases]).all()


def test_a_plan_moves_purchases_where_it_is_assumed_to_and_is_a_driver() -> None:
    plain = load_assumptions("none")
    moved = plain.model_copy(update={"plan": plain.plan.model_copy(update={"strength": 0.3, "others": 1.0})})
    run = run_kernel(scenario(CASES["everything"], 200, assumptions=moved))
    purchases = KINDS.index("purchase")
    before, after = (int(world.by_month[:, purchases, NUMBER].sum()) for world in (run.baseline, run.program))
    assert 1.05 * before < after < 1.3 * before
    assert behaviour_document(moved, run.responses)["drivers"] == ["plan"]


def test_who_takes_no_required_plan_does_not_join() -> None:
    """Everybody may join at the first purchase; half of them pay the fee that membership needs."""
    population = load_population("department_store_twd")
    case = scenario(CASES["required"], 600, population=population)
    nobody = case.assumptions.plan.model_copy(update={"take_up": 0.0, "others": 0.0, "required": 0.0})
    none = replace(case, assumptions=case.assumptions.model_copy(update={"plan": nobody}))
    joined = [int((run_kernel(each, keep=True).ledgers or fail())[0].joined.__lt__(NEVER).sum()) for each in (case, none)]
    assert 0.4 * 600 < joined[0] < 0.75 * 600
    assert joined[1] == 0


def fail() -> Any:
    raise AssertionError("no ledgers were kept")


def test_renewals_come_with_the_rate_assumed() -> None:
    """Of the terms of one month that ended within the run, about nine in ten were renewed by customers who had not left."""
    population = load_population("department_store_twd").model_copy(update={"purchases": STAYING})
    case = scenario(CASES["neither"], 400, population=population, assumptions=load_assumptions("none"))
    run = run_kernel(case)
    due, ended = (int(run.program.by_month[:, KINDS.index(kind), NUMBER].sum()) for kind in ("fee_due", "plan_end"))
    assert ended > 150
    assert 1 - ended / due == pytest.approx(0.9, abs=0.02)


STAYING = Nbd(model="nbd", r=1.2, alpha=0.5, unit="year", source="made up: nobody leaves")


# --- ledgers ---------------------------------------------------------------------------------------------------------
def drawn(seed: int) -> tuple[Program, list[dict[str, Any]], date]:
    """A log of two members with all rows of stored value and plans, many of them refused."""
    random = Random(seed)
    rules = CASES[random.choice(sorted(CASES))]
    day, rows, orders = FIRST, [], []
    for number in range(40):
        day += timedelta(days=random.choice((0, 1, 3, 15, 40)))
        row: dict[str, Any] = {"member_id": random.choice("ab"), "date": day, "posted": None}
        event = random.choice(("topup", "purchase", "purchase", "purchase", "refund", "cash_out", "fee", "cancel"))
        amount = Decimal(random.choice((1, 999, 1000, 1234, 5000, 20000, 20001)))
        if event == "purchase":
            name = f"o{number}"
            rows.append({**row, "event": "purchase", "amount": amount / 3 // Decimal("0.01") / 100 * 100, "order_id": name})
            if random.random() < 0.7:
                paid = None if random.random() < 0.7 else amount / 7 // 1
                rows.append({**row, "event": "pay", "amount": paid, "order_id": name})
            if random.random() < 0.3:
                rows.append({**row, "event": "redeem", "points": random.choice((10, 20, 100)), "order_id": name})
            orders.append((row["member_id"], name, rows[-1], [rows[-1]["amount"] if "amount" in rows[-1] else None]))
            continue
        if event == "refund":
            continue
        given = {"topup": amount, "cash_out": random.choice((None, amount / 10)), "fee": random.choice((None, Decimal(100)))}
        name = random.choice(("", "club", "black", "month", "unknown")) if event in ("fee", "cancel") else ""
        rows.append({**row, "event": event, "amount": given.get(event), "action": name})
    return rules, rows, day + timedelta(days=400)
