"""Coupons, member prices and limits that members share, in simulations: the kernel lives them as the agents do, nothing moves without an effect,
and of a shared limit exactly so many are used."""

from typing import Any

import numpy as np
import pytest

from simulators.agents import run_agents
from simulators.kernel import refusals, run_kernel
from simulators.layout import TooLarge
from simulators.simulate import FEW, simulate
from tests.test_kernel import same, scenario
from workbench.finance.world import NUMBER
from workbench.ledger import CLAIM, DISCOUNT, ISSUE, LAPSE, PURCHASE, RESTORE, REVOKE, USE
from workbench.ledger_table import LedgerTable
from workbench.population.behaviour_spec import Assumptions
from workbench.population.load import load_assumptions, load_population
from workbench.population.spec import Population
from workbench.program.load import load_program
from workbench.program.spec import Program

OFF = {"kind": "amount_off", "amount": 60}
COUPONS: list[dict[str, Any]] = [
    {"name": "welcome", "trigger": {"on": "join"}, "gives": OFF, "minimum_basket": 300, "validity": {"days": 60}, "combines_with": ["points"]},
    {
        "name": "again", "trigger": {"on": "purchase", "minimum_spend": 500, "every": 900}, "gives": {"kind": "percent_off", "off": 0.1, "cap": 80},
        "validity": {"starts": "claim", "days": 60, "claim_within_days": 90, "delay_days": 1},
    },
    {"name": "up", "trigger": {"on": "tier_entry"}, "gives": {"kind": "free_item", "value": 100, "unit_cost": 20}},
    {
        "name": "sale", "trigger": {"on": "dates", "days_of_month": [1]}, "gives": {"kind": "second_half_price", "item_price": 200},
        "validity": {"days": 9}, "combines_with": ["member_price", "coupons", "points"],
    },
    {"name": "quiet", "trigger": {"on": "silence", "days": 45}, "gives": {"kind": "percent_off", "off": 0.15}, "limit_per_member": 3},
    {"name": "cake", "trigger": {"on": "birthday", "days_before": 7}, "gives": OFF, "validity": {"months": 1}},
    {"name": "sold", "trigger": {"on": "points", "points": 20}, "gives": OFF, "validity": {"months": 6}},
    {"name": "pot", "trigger": {"on": "balance", "points": 150}, "gives": OFF, "after_full_refund": "used_up"},
    {"name": "sum", "trigger": {"on": "spend", "amount": 9000, "per": "year", "repeats": True}, "gives": OFF, "validity": {"months": 2}},
]  # fmt: skip
PRICES = [{"name": "own", "off": 0.05, "birthday": "month", "round_to": 1}]


def offering(**parts: Any) -> Program:
    """A program of the library with coupons and prices, or with other parts."""
    data = load_program("mitsui_outlet").model_dump(mode="json", by_alias=True)
    data["tiers"]["levels"][1]["enter"] = {"spend": 9000}  # within reach
    return Program.model_validate(data | (parts or {"coupons": COUPONS, "prices": PRICES}))


def returning(share: float) -> Population:
    """People of whose purchases some are refunded in full."""
    population = load_population("department_store_twd")
    return population.model_copy(update={"returns": population.returns.model_copy(update={"share": share})})


def using(**shares: float) -> Assumptions:
    """No response but these shares of coupons that are used."""
    none = load_assumptions("none")
    return none.model_copy(update={"coupon": none.coupon.model_copy(update=shares)})


def of_kind(ledger: LedgerTable, kind: int, rule: str = "") -> int:
    """Entries of a kind, and of a rule."""
    of_rule = np.array([not rule or name == rule for name in ledger.rules])
    return int(((ledger.rows[:, 3] == kind) & of_rule[ledger.rows[:, 9]]).sum())


def test_members_use_coupons_alike_in_both_engines() -> None:
    """Refunds, members who join late, claims, coupons for points, gifts and member prices."""
    case = scenario(offering(), 60, population=returning(0.15), assumptions=load_assumptions("responsive"))
    mine, theirs = run_kernel(case), run_agents(case)
    same(mine, theirs)
    assert theirs.ledgers is not None
    for kind in (ISSUE, CLAIM, USE, LAPSE, RESTORE, REVOKE, DISCOUNT):
        assert of_kind(theirs.ledgers[0], kind) > 0
    for name in ("up", "sale", "quiet", "sold", "pot", "sum", "again"):
        assert of_kind(theirs.ledgers[0], USE, f"coupons.{name}") > 0, name


def test_coupons_that_move_nobody_leave_every_purchase_where_it_was() -> None:
    case = scenario(offering(), 60, assumptions=load_assumptions("none"))
    run = run_kernel(case)
    plain = run_kernel(scenario(offering(prices=[]), 60, assumptions=load_assumptions("none")))
    assert int(run.program.by_month[:, USE, NUMBER].sum()) > 0
    np.testing.assert_array_equal(run.program.by_month[:, PURCHASE], plain.program.by_month[:, PURCHASE])


def test_nobody_uses_coupons_where_that_is_assumed() -> None:
    run = run_kernel(scenario(offering(), 60, assumptions=using(given=0.0, earned=0.0, bought=0.0)))
    assert int(run.program.by_month[:, ISSUE, NUMBER].sum()) > 0
    assert int(run.program.by_month[:, USE, NUMBER].sum()) == 0


# --- limits that members share ----------------------------------------------------------------------------------------
RUSH = {
    "name": "rush",
    "trigger": {"on": "dates", "days_of_month": [10]},
    "gives": OFF,
    "total_limit": 40,
    "total_uses": 7,
}


def test_exactly_so_many_are_issued_and_used_by_the_same_members_in_every_run() -> None:
    """With refunds that give uses back: 7 of 40 coupons stay used, and of two runs every entry is the same."""
    everybody = using(given=1.0)
    case = scenario(
        offering(coupons=[RUSH | {"once": "lifetime"}]), 60, population=returning(0.2), assumptions=everybody
    )
    first, second = run_agents(case), run_agents(case)
    assert first.ledgers is not None and second.ledgers is not None
    ledger = first.ledgers[0]
    np.testing.assert_array_equal(ledger.rows, second.ledgers[0].rows)
    used, back = of_kind(ledger, USE), of_kind(ledger, RESTORE)
    assert of_kind(ledger, ISSUE) == 40
    assert back > 0
    assert used - back == 7
    issued = ledger.rows[ledger.rows[:, 3] == ISSUE]
    last = issued[:, 2].max()  # the day on which the limit is full
    before = set(issued[issued[:, 2] < last, 0].tolist())
    waiting = [member for member in np.flatnonzero(ledger.joined < last).tolist() if member not in before]
    at_once = issued[issued[:, 2] == last, 0].tolist()
    assert 0 < len(at_once) < len(waiting)
    assert at_once == waiting[: len(at_once)]  # of one instant, the lower number first


def test_a_stock_is_never_overdrawn() -> None:
    data = load_program("ledger_spendable").model_dump(mode="json", by_alias=True)
    data["redemption"] = {"catalogue": [{"name": "cup", "points": 5, "face_value": 50, "unit_cost": 20, "stock": 9}]}
    run = run_agents(scenario(Program.model_validate(data), 60))
    assert run.ledgers is not None
    rows = run.ledgers[0].rows
    taken = rows[[run.ledgers[0].rules[rule] == "redemption.catalogue.cup" for rule in rows[:, 9]]]
    assert -taken[:, 4].sum() == 9 * 5


def test_the_kernel_refuses_what_members_share_by_name_and_the_agents_take_over() -> None:
    case = scenario(offering(coupons=[RUSH]), 20)
    assert "coupons.rush.total_limit" in refusals(case, [case.program])[0]
    with pytest.raises(TooLarge, match=r"coupons\.rush\.total_limit"):
        simulate(case, engine="kernel")
    told: list[str] = []
    assert simulate(case, notify=told.append).engine == "agents"
    assert "coupons.rush.total_limit" in told[0]
    with pytest.raises(TooLarge, match=f"at most {FEW:,} members"):
        simulate(scenario(offering(coupons=[RUSH]), FEW + 1))
