"""Segments, streaks, referrals, messages and actions in simulations: the kernel lives them as the agents do, and nothing moves without them."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from simulators.acting import action_terms, acts_of, follows
from simulators.agents import run_agents
from simulators.desk import Desk
from simulators.kernel import run_kernel
from simulators.layout import TooLarge
from simulators.recorded import BadRow
from simulators.simulate import simulate
from tests.lived import lived
from tests.test_kernel import same, scenario
from workbench.cost_statement import message_costs
from workbench.errors import BadInput
from workbench.finance.lift import purchases_by_world
from workbench.finance.world import NUMBER
from workbench.ledger import BONUS, HELD_OUT, MESSAGE, PURCHASE, SEGMENT
from workbench.ledger import REFERRAL as REFERRAL_KIND
from workbench.messages_document import messages_document
from workbench.packaging import HOME
from workbench.population.behaviour import Assumptions
from workbench.population.behaviour_spec import Actions, Referrals
from workbench.population.load import load_assumptions, load_population
from workbench.population.random import derive
from workbench.program.load import load_program, program_from_mapping
from workbench.program.lower import lower
from workbench.program.spec import Program
from workbench.rules import posting
from workbench.scenario import Run
from workbench.spec import SpecError
from workbench.units import NEVER

RFM = {"window_months": 6, "recency_days": 90, "frequency": 2, "monetary": 5000}


def with_parts(slug: str, **parts: Any) -> Program:
    """A program of the library with further parts."""
    data = load_program(slug).model_dump(mode="json", by_alias=True)
    return Program.model_validate(data | parts)


def of_kind(run: Run, kind: int) -> int:
    """Entries of a kind in the program's world."""
    return int(run.program.by_month[:, kind, NUMBER].sum())


def test_segments_are_scored_alike_by_both_engines_and_change_nothing_else() -> None:
    case = scenario(with_parts("mitsui_outlet", segments=RFM), 80)
    mine = run_kernel(case)
    same(mine, run_agents(case))
    plain = run_kernel(scenario(load_program("mitsui_outlet"), 80))
    assert of_kind(mine, SEGMENT) > 80
    assert of_kind(plain, SEGMENT) == 0
    kinds = [kind for kind in range(mine.program.frame.kinds) if kind != SEGMENT]
    assert (mine.program.by_month[:, kinds] == plain.program.by_month[:, kinds]).all()


REFERRAL = {
    "qualifies": "first_purchase", "within_days": 60, "cap": {"count": 2, "per": "year"},
    "referrer": {"points": 100}, "referee": {"rate": {"points": 1, "per": 50}, "for_days": 30},
}  # fmt: skip


def posted_at_once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"posted": None} | row for row in rows]


def joined(day: int, *others: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"member_id": "Ann", "date": date(2024, 1, day), "event": "join"}, *others]


def test_a_referral_is_bad_input_where_the_program_has_none() -> None:
    rows = joined(1, {"member_id": "Bob", "date": date(2024, 1, 2), "event": "referral", "referrer": "Ann"})
    with pytest.raises(BadRow, match="nothing that this event could belong to"):
        lived(load_program("mitsui_outlet"), posted_at_once(rows), date(2024, 1, 31))


def test_points_of_a_referral_that_could_leave_63_bits_are_refused() -> None:
    reward = {"rate": {"points": 10**12, "per": 1}}
    with pytest.raises(SpecError, match="63-bit") as found:
        lower(with_parts("mitsui_outlet", referral=REFERRAL | {"referrer": reward}), 0, 10)
    assert found.value.path == ("referral", "referrer", "rate", "points")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_referrals_conserve_points_and_are_counted_once(seed: int) -> None:
    """Drawn logs of a few members: conservation after every row (``lived``), one qualifying referral a member, no more rewarded a year
    than the cap allows, and nothing left of an order that came back whole but what it gave others."""
    random = Random(seed)
    rows: list[dict[str, Any]] = []
    orders: dict[str, list[tuple[str, int]]] = {}
    day = date(2024, 1, 1)
    for k in range(30):
        day += timedelta(days=random.choice((0, 0, 1, 7, 40)))
        member = random.choice("abcdef")
        event = random.choice(("referral", "referral", "purchase", "purchase", "refund"))
        row: dict[str, Any] = {"member_id": member, "date": day, "event": event}
        if event == "referral":
            row["referrer"] = random.choice("abcdef")
        elif event == "purchase":
            row |= {"amount": Decimal(random.randrange(1, 400)), "order_id": f"o{k}"}
            orders.setdefault(member, []).append((f"o{k}", int(row["amount"])))
        elif orders.get(member):
            order, amount = orders[member].pop()
            row |= {"amount": Decimal(amount), "refund_of": order}
        else:
            row = {"member_id": member, "date": day, "event": "join"}
        rows.append(row)
    entries, _, _, _ = lived(with_parts("mitsui_outlet", referral=REFERRAL), posted_at_once(rows), day)
    referees = Counter(member for member, _, kind, *_ in entries if kind == "referral")
    assert max(referees.values(), default=0) <= 1
    rewarded = Counter((member, at.year) for member, at, *_, rule in entries if rule == "referral.referrer")
    assert max(rewarded.values(), default=0) <= 2


MESSAGES = {
    "channels": [
        {"name": "line", "plans": [{"fee": 0, "messages": 200}, {"fee": 800, "messages": 3000}, {"fee": 1200, "messages": 6000}], "extra": "0.3"},
        {"name": "sms", "extra": "1.1"},
    ],
    "frequency_cap": {"messages": 3, "days": 7},
    "automations": [
        {"name": "lapse", "trigger": {"on": "expiry", "days_before": 14}, "channel": "line", "hold_out": "0.3"},
        {"name": "miss", "trigger": {"on": "silence", "days": 60}, "channel": "sms", "hold_out": "0.5", "response_days": 20},
        {"name": "thanks", "trigger": {"on": "purchase"}, "channel": "line", "counts_towards_cap": False},
        {"name": "segment", "trigger": {"on": "segment", "segments": ["general_win_back"]}, "channel": "line", "once": "year"},
        {"name": "near", "trigger": {"on": "near_tier", "share": "0.7"}, "channel": "line", "once": "month", "hold_out": "0.2"},
    ],
}  # fmt: skip


def bought_alike(a: Run, b: Run) -> None:
    """The same customers made the same purchases, in both worlds of both runs."""
    for table in ("counts", "groups", "figures", "sales", "sales_products", "waits", "gaps"):
        np.testing.assert_array_equal(getattr(a.pairs, table), getattr(b.pairs, table), err_msg=table)


def messaging() -> Program:
    return with_parts("mitsui_outlet", segments=RFM, messages=MESSAGES)


def test_messages_are_lived_alike_by_both_engines() -> None:
    for assumptions in ("responsive", "none"):
        case = scenario(messaging(), 100, assumptions=load_assumptions(assumptions))
        mine = run_kernel(case)
        same(mine, run_agents(case))
        assert of_kind(mine, MESSAGE) > 500
        assert of_kind(mine, HELD_OUT) > 50


def test_messages_without_effect_change_no_purchase() -> None:
    none = load_assumptions("none")
    with_them, without = (
        run_kernel(scenario(program, 200, assumptions=none)) for program in (messaging(), load_program("mitsui_outlet"))
    )
    bought_alike(with_them, without)


def test_the_lift_of_each_message_is_that_of_the_full_ledger() -> None:
    """Counted again from the entries of the run: first messages and hold-outs, and the purchases of the days after."""
    case = scenario(messaging(), 150, assumptions=load_assumptions("responsive"))
    run = run_agents(case)
    assert run.ledgers is not None
    rows, rules = run.ledgers[0].rows, run.rules
    document = messages_document(run)
    compared = 0
    for place, each in enumerate(case.program.automations):
        code = rules.index(f"messages.{each.name}")
        first_day = 0 if each.trigger.on in ("expiry", "silence", "segment") else 1
        first: dict[int, tuple[int, int]] = {}
        for member, _, day, kind, *_, why in rows.tolist():
            if why == code:
                first.setdefault(member, (day, kind))
        figures: dict[int, list[list[int]]] = {MESSAGE: [], HELD_OUT: []}
        for member, (day, kind) in first.items():
            if day + each.response_days > case.last_day:
                continue
            within = (rows[:, 0] == member) & (rows[:, 3] == PURCHASE)
            within &= (rows[:, 2] >= day + first_day) & (rows[:, 2] <= day + each.response_days)
            figures[kind].append([int(within.sum()), int(rows[within, 5].sum())])
        shown = document[place]
        assert shown["messages"] == int(((rows[:, 9] == code) & (rows[:, 3] == MESSAGE)).sum())
        assert (shown["sent"], shown["held_out"]) == (len(figures[MESSAGE]), len(figures[HELD_OUT]))
        for column, name, unit in ((0, "purchases", 1), (1, "sales", 100)):
            sent, held = (np.array([row[column] for row in figures[kind]], dtype=float) / unit for kind in figures)
            if min(len(sent), len(held)) < 2 or not held.mean():
                continue
            compared += 1
            assert shown["lift"][name]["sent"] == pytest.approx(sent.mean())
            assert shown["lift"][name]["held_out"] == pytest.approx(held.mean())
            ratio = sent.mean() / held.mean()
            error = np.sqrt(sent.var(ddof=1) / len(sent) + ratio**2 * held.var(ddof=1) / len(held)) / held.mean()
            low, high = shown["lift"][name]["ci95"]
            assert (low, high) == pytest.approx(
                (100 * (ratio - 1) - 195.9964 * error, 100 * (ratio - 1) + 195.9964 * error), rel=1e-4
            )
    assert compared >= 4
    channels = {each["channel"] for each in document}
    total = sum(each["cost"] for each in document)
    assert channels == {"line", "sms"}
    assert total == pytest.approx(sum(message_costs(run.program, case.program, rules)) / 100, abs=0.05)


def test_nobody_is_sent_a_message_they_are_held_out_of_and_the_shares_are_those_asked_for() -> None:
    case = scenario(messaging(), 1500, assumptions=load_assumptions("central"), years=2)
    run = run_kernel(case, keep=True)
    assert run.ledgers is not None
    rows = run.ledgers[0].rows
    for each in case.program.automations:
        mine = rows[rows[:, 9] == run.rules.index(f"messages.{each.name}")]
        sent, held = ({*mine[mine[:, 3] == kind, 0].tolist()} for kind in (MESSAGE, HELD_OUT))
        assert not sent & held
        if each.hold_out and len(sent | held) > 300:
            share = len(held) / len(sent | held)
            spread = (float(each.hold_out) * (1 - float(each.hold_out)) / len(sent | held)) ** 0.5
            assert abs(share - float(each.hold_out)) < 5 * spread, each.name
    joined = int((run.ledgers[0].joined < NEVER).sum())
    thanked = len({*rows[rows[:, 9] == run.rules.index("messages.thanks"), 0].tolist()})
    assert abs(thanked / joined - 0.75) < 5 * (0.75 * 0.25 / joined) ** 0.5


def referring(share: float, incremental: float = 0.5, name: str = "central") -> Assumptions:
    """A set of assumptions in which so many customers are brought."""
    found = load_assumptions(name)
    return found.model_copy(update={"referral": Referrals(share=share, incremental=incremental)})


def test_without_referrals_assumed_the_kernel_lives_their_program_as_the_agents_do() -> None:
    case = scenario(with_parts("mitsui_outlet", referral=REFERRAL), 80, assumptions=referring(0))
    mine = run_kernel(case)
    same(mine, run_agents(case))
    plain = run_kernel(scenario(load_program("mitsui_outlet"), 80, assumptions=referring(0)))
    bought_alike(mine, plain)


def test_the_kernel_refuses_members_who_bring_others_by_name_and_the_agents_take_over() -> None:
    case = scenario(with_parts("mitsui_outlet", referral=REFERRAL), 30, assumptions=referring(0.2))
    with pytest.raises(TooLarge, match="members bring others"):
        simulate(case, engine="kernel")
    told: list[str] = []
    assert simulate(case, notify=told.append).engine == "agents"
    assert "members bring others" in told[0]
    with pytest.raises(TooLarge, match="members bring others"):
        simulate(replace(case, members=20_001))


def referrals_of(run: Run) -> tuple[Any, Any]:
    """The rows of referrals, and all rows, of the program's world."""
    assert run.ledgers is not None
    rows = run.ledgers[0].rows
    return rows[rows[:, 3] == REFERRAL_KIND], rows


def test_members_bring_the_share_assumed_and_the_ledger_is_in_order() -> None:
    program = with_parts("mitsui_outlet", referral=REFERRAL | {"cap": None}, messages=MESSAGES, segments=RFM)
    case = scenario(program, 400, assumptions=referring(0.3), years=2)
    run = run_agents(case)
    referred, rows = referrals_of(run)
    assert run.ledgers is not None
    joined = run.ledgers[0].joined
    came = int((joined < NEVER).sum())
    assert abs(len(referred) / came - 0.3) < 5 * (0.3 * 0.7 / came) ** 0.5
    assert (joined[referred[:, 0]] == referred[:, 2]).all()
    for member in range(case.members):
        mine = rows[rows[:, 0] == member]
        assert (np.diff(mine[:, 2]) >= 0).all()
        assert (mine[:, 1] == np.arange(len(mine))).all()
    why = run.rules.index("referral.referrer")
    rewarded = rows[rows[:, 9] == why]
    qualified = {(int(row[0]), int(row[2])) for row in rows[rows[:, 9] == run.rules.index("referral.referee")]}
    assert len(rewarded) > 20
    assert {int(row[2]) for row in rewarded} <= {day for _, day in qualified} | {int(row[2]) for row in referred} | set(
        rows[rows[:, 3] == PURCHASE, 2].tolist()
    )
    assert (joined[rewarded[:, 0]] <= rewarded[:, 2]).all()
    assert run_agents(case).digest == run.digest


def test_customers_who_come_only_by_referral_are_missing_where_there_is_none() -> None:
    """With no effects on purchases: those who would have come anyway buy alike in both worlds, the others buy in the program's world alone."""
    program = with_parts("mitsui_outlet", referral=REFERRAL)
    anyway, only_so = (
        run_agents(scenario(program, 300, assumptions=referring(0.4, incremental, "none"), years=2))
        for incremental in (0.0, 1.0)
    )
    for run, counts in ((anyway, purchases_by_world(anyway.pairs)), (only_so, purchases_by_world(only_so.pairs))):
        assert counts["baseline_only"] == 0
        assert (counts["program_only"] == 0) == (run is anyway)
    assert run_customers(anyway) == run_customers(
        run_agents(scenario(program, 300, assumptions=referring(0, 0, "none"), years=2))
    )
    brought = referrals_of(only_so)[0][:, 0].tolist()
    assert only_so.ledgers is not None
    assert not set(brought) & set(only_so.ledgers[1].rows[:, 0].tolist())


def run_customers(run: Run) -> list[int]:
    """Who bought in the world without the program."""
    assert run.ledgers is not None
    return sorted({*run.ledgers[1].rows[:, 0].tolist()})


ACTING = {
    "bonuses": [
        {"name": "week", "event": "action", "action": "check_in", "points": 30, "streak": 3},
        {"name": "daily", "event": "action", "action": "check_in", "points": 1, "once": "day"},
        {"name": "app", "event": "action", "action": "app", "points": 100, "once": "lifetime"},
        {"name": "review", "event": "action", "action": "review", "points": 20, "once": "month", "at_most": 2},
        {"name": "by hand", "event": "action", "action": "grant"},
    ]
}


def acting() -> Program:
    base = load_program("mitsui_outlet").model_dump(mode="json", by_alias=True)["earn"]
    return with_parts("mitsui_outlet", earn=base | ACTING)


def test_actions_are_lived_alike_by_both_engines() -> None:
    case = scenario(acting(), 80)
    mine = run_kernel(case)
    same(mine, run_agents(case))
    given = {
        name.removeprefix("earn.bonuses."): int(mine.program.by_rule[code, BONUS, NUMBER])
        for code, name in enumerate(mine.rules)
        if name.startswith("earn.bonuses.")
    }
    assert all(given[name] > 0 for name in ("week", "daily", "app", "review"))
    assert given["by hand"] == 0


def test_a_program_without_actions_sees_none_and_the_candidates_stay() -> None:
    plain = load_program("mitsui_outlet")
    quiet = {"actions": Actions(rate=0, rates={}, shares={})}
    central = load_assumptions("central")
    with_acts = run_agents(scenario(plain, 60))
    assert with_acts.digest == run_agents(scenario(plain, 60, assumptions=central.model_copy(update=quiet))).digest
    none = load_assumptions("none")
    busy = none.model_copy(update={"actions": Actions(rate=50)})
    bought_alike(*(run_agents(scenario(acting(), 60, assumptions=each)) for each in (none, busy)))


@pytest.mark.parametrize("again", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("rate", [2.0, 24.0, 150.0])
def test_actions_come_at_the_rate_assumed_in_runs_as_long_as_assumed(rate: float, again: float) -> None:
    """Over many member-years: the mean number a year, and the share of actions that are followed by one a day later."""
    assumptions = load_assumptions("none").model_copy(
        update={"actions": Actions(rate=rate, rates={}, again=again, shares={})}
    )
    program = with_parts(
        "mitsui_outlet", earn={"bonuses": [{"name": "b", "event": "action", "action": "x", "points": 1}]}
    )
    terms = action_terms(program, assumptions, {"x": 2})
    years, members = 20, max(10, int(600 / rate))
    counts, followed, total = [], 0, 0
    for member in range(members):
        times = np.array([time for time, _ in acts_of(terms, derive(7, member), 20000.25, 20000.25 + years * 365.25)])
        counts.append(len(times))
        followed += int((np.abs(np.diff(times) - 1) < 1e-6).sum())
        total += max(len(times) - 1, 0)
    spread = (2 / (sum(counts) * (1 - again))) ** 0.5  # of a sum of runs of geometric length
    assert abs(np.mean(counts) / years / rate - 1) < 5 * spread
    assert abs(followed / total - again) < 0.03


def test_reviews_follow_their_share_of_purchases() -> None:
    case = scenario(
        acting(),
        40,
        years=1,
        population=load_population("department_store_twd"),
        assumptions=load_assumptions("none").model_copy(
            update={"actions": Actions(rate=0, rates={}, shares={"review": 0.3})}
        ),
    )
    run = run_agents(case)
    assert run.ledgers is not None
    program = run.ledgers[0].rows
    purchases = int((program[:, 3] == PURCHASE).sum())
    terms = action_terms(acting(), case.assumptions, {"review": 3})
    reviews = sum(follows(terms, derive(derive(3, member), 1), 0) for member in range(2000))
    assert abs(reviews / 2000 - 0.3) < 5 * (0.21 / 2000) ** 0.5
    given = int((program[:, 9] == run.rules.index("earn.bonuses.review")).sum())
    assert 0 < given <= 0.4 * purchases


def worked(part: str) -> list[dict[str, Any]]:
    """The hand-worked cases of a part."""
    found: list[dict[str, Any]] = YAML(typ="safe").load(HOME / "programs" / "cases" / f"_offers_{part}.yaml")
    return found


def ledger_of(case: dict[str, Any]) -> list[Any]:
    """The ledger of a case's log."""
    rows = [{"member_id": "m1", "posted": None} | row for row in case["transactions"]]
    for row in rows:
        if "amount" in row:
            row["amount"] = Decimal(str(row["amount"]))
    return lived(program_from_mapping(case["program"]), rows, case["as_of"])[0]


@pytest.mark.parametrize("part", ["segments", "referrals", "messages"])
def test_opening_every_day_gives_the_ledger_of_the_due_days(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    on_due_days = [ledger_of(case) for case in worked(part)]

    def every_day(self: Desk, account: Any, day: int) -> None:
        for each in range(account.own.opened + 1, day + 1):
            self._make_room(account, self._scratch)
            posting.open_day(self.terms, account, self._scratch, each)

    monkeypatch.setattr(Desk, "next_due", lambda self, account: account.own.opened + 1)
    monkeypatch.setattr(Desk, "advance", every_day)
    for case, expected in zip(worked(part), on_due_days, strict=True):
        assert ledger_of(case) == expected, case["case"]
    assert sum(map(len, on_due_days)) > 30


@pytest.mark.parametrize(
    "parts, path, says",
    [
        ({"messages": MESSAGES | {"channels": MESSAGES["channels"][:1]}}, ("automations", 1, "channel"), "line"),
        ({"messages": MESSAGES | {"frequency_cap": {"messages": 1, "days": 32}}}, ("frequency_cap", "days"), "31"),
        ({"messages": MESSAGES}, ("automations", 3, "trigger", "on"), "segments"),
        ({"referral": {"qualifies": "join", "within_days": 3}}, ("qualifies",), "first_purchase"),
        ({"referral": {"referrer": {"points": 1, "rate": {"points": 1, "per": 1}}}}, ("referrer",), "either"),
        ({"segments": RFM | {"window_months": 37}}, ("segments", "window_months"), "36"),
    ],
)
def test_what_a_file_may_not_say_is_refused_with_its_place(parts: Any, path: tuple[Any, ...], says: str) -> None:
    data = load_program("mitsui_outlet").model_dump(mode="json", by_alias=True) | parts
    with pytest.raises(BadInput) as found:
        program_from_mapping(data)
    told = [(problem.path, problem.message) for problem in found.value.problems]
    assert any(str(path[-1]) in place and says in message for place, message in told), told
