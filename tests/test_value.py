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
from tests.test_kernel import same, scenario
from workbench.errors import BadInput
from workbench.finance.world import NUMBER
from workbench.ledger import KINDS, Own, check_entries
from workbench.population.behaviour import BehaviourTerms, behaviour_terms
from workbench.population.drivers import behaviour_document
from workbench.population.load import load_assumptions, load_population
from workbench.population.spec import Nbd
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
    "campaigns": with_parts(
        coupons=[
            {
                "name": "thanks",
                "trigger": {"on": "top_up", "minimum": 1000},
                "gives": {"kind": "amount_off", "amount": 100},
                "validity": {"days": 60},
            },
            {
                "name": "again",
                "trigger": {"on": "plan"},
                "gives": {"kind": "percent_off", "off": 0.1},
                "validity": {"months": 2},
            },
        ],
        prices=[{"name": "club", "off": 0.05, "plans": ["club"]}],
    ),
}


# --- agents and kernel -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", CASES)
def test_agents_and_kernel_live_the_same_lives(name: str) -> None:
    """With refunds and late joiners (``shaken``), many who top up, and plans that move purchases."""
    assumed = load_assumptions("central").model_copy(
        update={
            "top_up": load_assumptions("central").top_up.model_copy(update={"share": 0.8}),
            "plan": load_assumptions("central").plan.model_copy(
                update={"strength": 0.2, "others": 0.3, "renewal": 0.6}
            ),
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
    "campaigns": ("topup", "pay", "fee_due", "issue", "use", "discount"),
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
    joined = []
    for each in (case, none):
        ledgers = run_kernel(each, keep=True).ledgers
        assert ledgers is not None
        joined.append(int((ledgers[0].joined < NEVER).sum()))
    assert 0.4 * 600 < joined[0] < 0.75 * 600
    assert joined[1] == 0


def test_renewals_come_with_the_rate_assumed() -> None:
    """Of the terms of one month that ended within the run, about nine in ten were renewed by customers who had not left."""
    population = load_population("department_store_twd").model_copy(update={"purchases": STAYING})
    case = scenario(CASES["neither"], 400, population=population, assumptions=load_assumptions("none"))
    run = run_kernel(case)
    due, ended = (int(run.program.by_month[:, KINDS.index(kind), NUMBER].sum()) for kind in ("fee_due", "plan_end"))
    assert ended > 150
    assert 1 - ended / due == pytest.approx(0.9, abs=0.02)


STAYING = Nbd(model="nbd", r=1.2, alpha=0.5, unit="year")


# --- ledgers ---------------------------------------------------------------------------------------------------------
def drawn(seed: int) -> tuple[Program, list[dict[str, Any]], date]:
    """A log of two members with all rows of stored value and plans, many of them refused."""
    random = Random(seed)
    rules = CASES[random.choice(sorted(CASES))]
    day, rows = FIRST, []
    left: dict[tuple[str, str], Decimal] = {}
    for number in range(45):
        day += timedelta(days=random.choice((0, 0, 1, 3, 15, 40)))
        member = random.choice("ab")
        row: dict[str, Any] = {"member_id": member, "date": day, "posted": None}
        amount = Decimal(random.choice((0.01, 999, 1000, 1234.56, 5000, 20000, 20001))).quantize(Decimal("0.01"))
        some = random.choice((None, amount, (amount / 7).quantize(Decimal("0.01"))))
        plan = random.choice(("", "", "club", "black", "month", "unknown"))
        event = random.choice(
            ("topup", "topup", "purchase", "purchase", "purchase", "refund", "cash_out", "fee", "fee", "cancel")
        )
        if event == "purchase":
            name = f"o{number}"
            left[member, name] = amount
            rows.append({**row, "event": "purchase", "amount": amount, "order_id": name})
            if random.random() < 0.3:
                rows.append({**row, "event": "redeem", "points": random.choice((10, 20, 100)), "order_id": name})
            if random.random() < 0.7:
                rows.append({**row, "event": "pay", "amount": some, "order_id": name})
        elif event == "refund":
            open_orders = [key for key, money in left.items() if key[0] == member and money > 0]
            if open_orders:
                key = random.choice(open_orders)
                part = random.choice((left[key], min(left[key], Decimal("123.45"))))
                left[key] -= part
                rows.append({**row, "event": "refund", "amount": part, "refund_of": key[1]})
        elif event == "topup":
            rows.append({**row, "event": "topup", "amount": amount})
        elif event == "cash_out":
            rows.append({**row, "event": "cash_out", "amount": some})
        else:
            rows.append({**row, "event": event, "amount": some if event == "fee" else None, "action": plan})
    return rules, rows, day + timedelta(days=400)


def as_entries(entries: Iterable[EntryTuple], member: str) -> list[tuple[int, int]]:
    return [(KINDS.index(each[2]), each[4]) for each in entries if each[0] == member]


@pytest.mark.parametrize("chunk", range(6))
def test_principal_bonus_and_fees_are_what_the_entries_come_to(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """And opening every day gives the same ledger as opening those that are due."""
    kinds: set[str] = set()
    for seed in range(8 * chunk, 8 * chunk + 8):
        rules, rows, as_of = drawn(seed)
        entries, members, refused, replay = lived(rules, rows, as_of)
        for name, account in replay.accounts():
            check_entries(account.own, as_entries(entries, name))
        kinds |= {entry[2] for entry in entries}
        with monkeypatch.context() as patched:
            patched.setattr(Desk, "next_due", lambda self, account: account.own.opened + 1)
            assert lived(rules, rows, as_of)[:3] == (entries, members, refused)
    assert {"topup", "pay", "value_back", "cash_out", "fee_due", "fee", "plan_end"} <= kinds


def test_an_account_that_says_otherwise_than_its_entries_is_named() -> None:
    own = Own()
    own.principal = 500
    check_entries(own, [(KINDS.index("topup"), 800), (KINDS.index("pay"), -300)])
    own.plan_owed = 1
    with pytest.raises(AssertionError, match="fees due: the entries come to 0, the account holds 1"):
        check_entries(own, [(KINDS.index("topup"), 500)])
    own.plan_owed, own.bonus_value = 0, 7
    with pytest.raises(AssertionError, match="bonus value: the entries come to 5, the account holds 7"):
        check_entries(own, [(KINDS.index("topup"), 500), (KINDS.index("gift"), 5)])


# --- published numbers -----------------------------------------------------------------------------------------------
def test_the_travel_agencys_ladder_gives_true_discounts_of_5_9_and_11_per_cent() -> None:
    """100,000 + 5,000, 500,000 + 50,000, 1,000,000 + 120,000: 4.76, 9.09 and 10.71 %."""
    ladder = StoredValue.model_validate(
        {"steps": [{"amount": 100000, "bonus": 5000}, {"amount": 500000, "bonus": 50000}, {"amount": 1000000, "bonus": 120000}]}
    )  # fmt: skip
    found = [(ladder.discount(step) * 100).quantize(Decimal("0.01")) for step in ladder.steps]
    assert found == [Decimal("4.76"), Decimal("9.09"), Decimal("10.71")]


def test_costcos_two_per_cent_pays_its_fee_at_6500_and_is_capped_at_62500() -> None:
    """Fee 130 (65 of it for the upgrade), 2 % up to 1,250 a year (US, since September 2024)."""
    executive = {"name": "executive", "fee": 130, "rebate": {"share": 0.02, "cap": 1250}}
    assert Plan.model_validate(executive).break_even_spend == 6500
    assert Plan.model_validate({**executive, "fee": 65}).break_even_spend == 3250
    assert Plan.model_validate({**executive, "fee": 1300}).break_even_spend is None
    rules = program(plans=[executive])
    for spend, back in ((62499.99, 124999), (62500, 125000), (70000, 125000)):
        rows = [
            {"member_id": "a", "date": FIRST, "posted": None, "event": "fee", "amount": None, "action": "executive"},
            {"member_id": "a", "date": FIRST, "posted": None, "event": "purchase", "amount": Decimal(str(spend)), "order_id": "o"},
        ]  # fmt: skip
        entries = lived(rules, rows, date(2025, 1, 1))[0]
        assert [entry[4] for entry in entries if entry[2] == "rebate"] == [back]


# --- what members decide ---------------------------------------------------------------------------------------------
CENTRAL: BehaviourTerms = behaviour_terms(load_assumptions("central"))


def terms_of(rules: Program) -> Any:
    return Desk(rules, to_day(FIRST), to_day(FIRST)).terms


def test_a_member_expects_to_spend_their_rate_times_their_basket() -> None:
    """12 purchases in 365.25 days of 1,000.00: 1,000.00 a month, 12,000.00 a year."""
    assert expected_spend(12 / 365.25, 100_000, 1) == pytest.approx(100_000)
    assert expected_spend(12 / 365.25, 100_000, 12) == pytest.approx(1_200_000)


def test_a_top_up_is_the_highest_step_within_reach_or_the_months_spend() -> None:
    """Half again the month's spend is within reach (stretch 1.5)."""
    terms, own = terms_of(CASES["everything"]), Own()
    rate = 1 / 30.4375  # one purchase a month

    def paid_in(basket: float, u: float = 0.1, **held: int) -> int:
        for name, value in held.items():
            setattr(own, name, value)
        return load(CENTRAL, terms, own, u, rate, basket, int(basket))

    assert paid_in(340_000) == 500_000  # 3,400 a month: 5,100 reaches the step of 5,000
    assert paid_in(330_000) == 100_000  # 4,950 does not, and the step of 1,000 brings its gift
    assert paid_in(50_044) == 50_000  # no step: a month's spend in whole units
    assert paid_in(340_000, u=0.2) == 0  # not one of the fifth who top up
    assert paid_in(340_000, principal=300_000, bonus_value=40_000) == 0  # the balance pays the purchase
    assert paid_in(340_000, principal=300_000, bonus_value=39_999) == 500_000
    own.principal = own.bonus_value = 0
    only = terms_of(CASES["neither"])
    assert load(CENTRAL, only, own, 0.1, rate, 50_000.0, 50_000) == 0  # steps_only, and none within reach
    assert load(CENTRAL, terms_of(program()), own, 0.0, rate, 340_000.0, 340_000) == 0


def test_a_plan_is_taken_where_its_rebate_pays_and_the_best_of_several() -> None:
    """club: 600 a year, 2 % up to 3,000, pays from 30,000 a year. black: 3,000 for half a year, 5 %, pays from 60,000 in it."""
    terms = terms_of(CASES["everything"])
    once_a_month = 12 / 365.25

    def wanted(a_month: int, u: float, of: Any = terms) -> int:
        return plan_wanted(CENTRAL, of, u, once_a_month, a_month * 100.0)

    assert [wanted(2_501, u) for u in (0.04, 0.5, 0.69, 0.71)] == [0, 0, 0, -1]
    assert [wanted(2_499, u) for u in (0.04, 0.06)] == [0, -1]
    assert wanted(10_001, 0.5) == 0  # club gives 2,400 - 600, black 3,000.30 - 3,000
    assert wanted(16_000, 0.5) == 0  # 3,000 (capped) - 600 and 4,800 - 3,000
    assert wanted(19_000, 0.5) == 1  # 2,400 and 5,700 - 3,000
    month = terms_of(CASES["neither"])  # required, without a rebate: half take it
    assert [wanted(2_500, u, month) for u in (0.49, 0.51)] == [0, -1]
    assert plan_wanted(CENTRAL, terms_of(program()), 0.0, once_a_month, 1e9) == -1


def test_renewals_are_geometric() -> None:
    """At least k with the chance of .9 to the power of k: .9, .81, .729."""
    for u, times in ((0.91, 0), (0.89, 1), (0.82, 1), (0.80, 2), (0.73, 2), (0.72, 3)):
        assert renewals(CENTRAL, u) == times
    assert renewals(CENTRAL._replace(plan_renewal=1.0), 0.001) == NEVER
    assert renewals(CENTRAL._replace(plan_renewal=0.0), 0.999) == 0


# --- bad input -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "parts, said",
    [
        (
            {"stored_value": {"steps": [{"amount": 5, "bonus": 1}, {"amount": 5}]}},
            "expected more than the step before (5)",
        ),
        ({"stored_value": {"amounts": "steps_only"}}, "steps_only needs steps"),
        ({"stored_value": {"steps": [{"amount": 5, "tier": "gold"}]}}, "expected one of the tiers: none"),
        ({"stored_value": {"bonus_expiry": {"days": 3, "months": 1}}}, "give either days or months"),
        ({"plans": [{"name": "a", "fee": 1}, {"name": "a", "fee": 2}]}, "the name is used twice"),
        ({"plans": [{"name": "a", "fee": 1, "refund_within_days": 3}]}, "belongs to a refund"),
        ({"plans": [{"name": "a", "fee": 0}]}, "expected more than 0"),
    ],
)
def test_a_program_that_means_nothing_is_refused(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        program(**parts)
    assert said in str(caught.value)
