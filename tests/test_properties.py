"""What must hold whatever a program says: of every ledger, of every pair of worlds, of every way to run the same thing."""

import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators import agents
from simulators.agents import run_agents
from simulators.desk import Basket, Desk
from tests.books import Book, Key
from tests.lived import EntryTuple, lived
from tests.strategies import Case, draw_case
from workbench.digest import ledger_sum
from workbench.ledger import PURCHASE, blank_order
from workbench.ledger_table import LedgerTable
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import load_program
from workbench.program.spec import Program
from workbench.rules import posting
from workbench.scenario import Run, Scenario
from workbench.spec import SpecError
from workbench.units import to_day

ROOT = Path(__file__).resolve().parents[1]


# --- ledgers of drawn cases -------------------------------------------------------------------------------------------
def drawn(seeds: range) -> Iterator[tuple[int, Case, list[EntryTuple], dict[str, Any]]]:
    """The replayed cases of some seeds; the few programs whose numbers could leave 63 bits are left out."""
    for seed in seeds:
        case = draw_case(seed)
        try:
            entries, members, _, _ = lived(*case)
        except SpecError:
            continue
        yield seed, case, entries, members


@pytest.mark.parametrize("chunk", range(4))
def test_points_are_conserved_after_every_entry_and_no_lot_is_negative(chunk: int) -> None:
    """From the file alone, as an auditor would: the lots of the entries read so far hold what was earned and is not gone. (The first of a
    pair of ``repay`` entries takes what the second puts against the debt.)"""
    read = 0
    for seed, _, entries, members in drawn(range(chunk * 60, chunk * 60 + 60)):
        books: dict[str, Book] = defaultdict(Book)
        for k, entry in enumerate(entries):
            book = books[entry[0]]
            book.take(entry)
            totals = book.totals
            gone = totals["redeemed"] + totals["expired"] + totals["reversed"]
            halfway = -entry[3] if entry[2] == "repay" and entry[5] is not None else 0
            where = (seed, k, entry)
            assert totals["earned"] == gone + book.lots.total() - book.debt + halfway, where
            assert min(book.lots.values(), default=0) >= 0, where
            assert book.debt >= 0, where
            read += 1
        for name, member in members.items():
            book = books[name]
            left = {key: points for key, points in book.lots.items() if points}
            assert left == {as_key(lot): lot["points"] for lot in member["lots"]}, (seed, name)
            assert book.lots.total() - book.debt == member["balance"] + member["pending"], (seed, name)
    assert read > 500


def as_key(lot: dict[str, Any]) -> Key:
    return date.fromisoformat(lot["earned_on"]), lot["expires_on"] and date.fromisoformat(lot["expires_on"])


@pytest.mark.parametrize("chunk", range(4))
def test_redemptions_take_what_lapses_first(chunk: int) -> None:
    """When a redemption takes from a lot, no usable lot with an earlier expiry (where the program says so: an earlier earning day) exists.

    Points that wait and points that do not may stand in lots of one (earned on, expires on); these the ledger does not tell
    apart while some wait, so they are not looked for."""
    judged = 0
    for seed, (program, _, _), entries, _ in drawn(range(240 + chunk * 90, 240 + chunk * 90 + 90)):
        pending = program.earn.pending
        oldest = program.redemption is not None and program.redemption.consume == "oldest_earned"
        books: dict[str, Book] = defaultdict(Book)
        for k, entry in enumerate(entries):
            name, day, kind, _, _, earned_on, expires_on, _, _ = entry
            book = books[name]
            if kind in ("earn", "bonus"):
                waits = pending is not None and (kind == "earn" or pending.bonuses)
                book.waits[earned_on, expires_on].add(waits)
            if kind == "redeem":
                assert earned_on is not None
                taken = (earned_on, expires_on)
                active = {key for key in book.lots if pending is None or key[0] + timedelta(days=pending.days) <= day}
                assert taken in active or book.waits[taken] != {True}, (seed, k, entry)
                usable = [
                    key
                    for key, left in book.lots.items()
                    if left > 0 and (key in active or True not in book.waits[key])
                ]
                first = min(usable, key=lambda key: in_order(key, oldest), default=taken)
                assert in_order(taken, oldest) <= in_order(first, oldest), (seed, k, entry, first)
                judged += len(usable) > 1
            book.take(entry)
    assert judged >= 30


def in_order(key: Key, oldest: bool) -> tuple[date, date]:
    earned_on, expires_on = key[0], key[1] or date.max
    return (earned_on, expires_on) if oldest else (expires_on, earned_on)


# --- the clock --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("chunk", range(4))
def test_opening_every_day_changes_nothing(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The start of a day that is not due must do nothing, or the ledger would depend on who looked when."""
    seeds = range(600 + chunk * 25, 600 + chunk * 25 + 25)
    on_due_days = {seed: (entries, members) for seed, _, entries, members in drawn(seeds)}
    opened: Counter[str] = Counter()

    def every_day(self: Desk, account: Any, day: int) -> None:
        for each in range(account.own.opened + 1, day + 1):
            self._make_room(account, self._scratch)
            posting.open_day(self.terms, account, self._scratch, each)
            opened["days"] += 1

    monkeypatch.setattr(Desk, "next_due", lambda self, account: account.own.opened + 1)
    monkeypatch.setattr(Desk, "advance", every_day)
    for seed, _, entries, members in drawn(seeds):
        for k, (ours, theirs) in enumerate(zip(entries, on_due_days[seed][0], strict=False)):
            assert ours == theirs, (seed, k)
        assert (len(entries), members) == (len(on_due_days[seed][0]), on_due_days[seed][1]), seed
    assert opened["days"] > 5_000


# --- earning and tiers ------------------------------------------------------------------------------------------------
def program(**parts: Any) -> Program:
    return Program.model_validate(
        {
            "schema": 1, "title": "Property", "currency": "TWD", **parts,
            "provenance": {"source": "drawn", "as_of": "2024-01-01", "confidence": "low"},
        }
    )  # fmt: skip


def purchase(day: date, amount: int, order_id: str = "") -> dict[str, Any]:
    """A purchase row; the amount in 1/100."""
    return {
        "member_id": "m",
        "date": day,
        "posted": None,
        "event": "purchase",
        "amount": Decimal(amount) / 100,
        "order_id": order_id,
    }


AMOUNTS = st.lists(st.integers(0, 300_000), min_size=2, max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    AMOUNTS, st.integers(1, 7), st.integers(1, 60_000), st.booleans(), st.sampled_from(("1", "1.5", "0.333", "6")),
    st.sampled_from(("before_rounding", "after_rounding")),
)  # fmt: skip
def test_splitting_an_order_never_earns_more(
    amounts: list[int], points: int, per: int, whole_blocks: bool, factor: str, stage: str
) -> None:
    """Rounding down loses at least as often on two receipts as on one (flat rate; no minimum, cap or kept remainder)."""
    rate = {"points": points, "per": str(Decimal(per) / 100), "whole_blocks": whole_blocks}
    rules = program(earn={"rate": rate, "multipliers": [{"name": "all", "factor": factor}], "multiplier_stage": stage})
    day = date(2024, 3, 1)
    together = [purchase(day, each, "o") for each in amounts]
    apart = [purchase(day, each, f"o{k}") for k, each in enumerate(amounts)]
    one, many = (lived(rules, rows, day)[1]["m"]["balance"] for rows in (together, apart))
    assert many <= one


@st.composite
def tiered(draw: Any) -> tuple[dict[str, Any], list[int], int, int, list[dict[str, Any]]]:
    """Tiers without thresholds, thresholds, the one to raise and by how much, and purchases."""
    period = draw(st.sampled_from(("year", "half", "quarter", "month", "anniversary", "lifetime")))
    upgrade = draw(st.sampled_from(["immediate", "next_day"] + (["next_period"] if period != "lifetime" else [])))
    until = ["lifetime"] if period == "lifetime" else ["lifetime", "period_end"]
    if period != "lifetime" and upgrade == "immediate":
        until.append("next_period_end")
    tiers = {
        "window": {"kind": period},
        "validity": {"until": draw(st.sampled_from(until)), "rehit_rebases": draw(st.booleans())},
        "upgrade": upgrade,
        "downgrade": draw(st.sampled_from(("to_earned", "one_level", "none"))),
    }
    steps = draw(st.lists(st.integers(1, 400), min_size=1, max_size=3))
    thresholds = [sum(steps[: k + 1]) for k in range(len(steps))]
    raised = draw(st.integers(0, len(steps) - 1))
    day, rows = date(2023, 1, 1), []
    for gap, amount in draw(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 40_000)), min_size=1, max_size=14)):
        day += timedelta(days=gap)
        rows.append(purchase(day, amount))
    return tiers, thresholds, raised, draw(st.integers(1, 300)), rows


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tiered())
def test_raising_a_threshold_never_raises_a_tier(
    drawn_tiers: tuple[dict[str, Any], list[int], int, int, list[dict[str, Any]]],
) -> None:
    """On no day does anybody stand higher because a tier became harder to enter (nothing is reset, the metric is plain spend).

    Not so where upgrades wait and last to the end of the next period: who is upgraded a period later is upgraded for longer."""
    tiers, thresholds, raised, more, rows = drawn_tiers
    harder = [each + (more if k >= raised else 0) for k, each in enumerate(thresholds)]
    last = rows[-1]["date"] + timedelta(days=800)
    easy, hard = (tiers_held(tiers, each, rows, last) for each in (thresholds, harder))
    days = sorted(set(easy) | set(hard))
    at_easy = at_hard = 0
    for day in days:
        at_easy, at_hard = easy.get(day, at_easy), hard.get(day, at_hard)
        assert at_hard <= at_easy, day


def tiers_held(tiers: dict[str, Any], thresholds: list[int], rows: list[dict[str, Any]], last: date) -> dict[date, int]:
    """The tier at the end of each day on which it changed."""
    levels = [{"name": "T0"}] + [
        {"name": f"T{k}", "enter": {"spend": str(each)}} for k, each in enumerate(thresholds, 1)
    ]
    entries = lived(program(earn={"rate": {"points": 1, "per": 10}}, tiers={**tiers, "levels": levels}), rows, last)[0]
    return {entry[1]: int(entry[8].removeprefix("tiers.T")) for entry in entries if entry[2] == "tier"}


# --- pairs of worlds --------------------------------------------------------------------------------------------------
def scenario(slug: str, assumptions: str, members: int, **more: Any) -> Scenario:
    """A library program with its population."""
    rules = load_program(slug)
    return Scenario(rules, load_population(rules.population), load_assumptions(assumptions), members=members, **more)


def ledgers(run: Run) -> tuple[LedgerTable, LedgerTable]:
    """Every entry of the program's world and of the baseline."""
    assert run.ledgers is not None
    return run.ledgers


def purchases(world: LedgerTable) -> Counter[tuple[int, int, int]]:
    """(member, day, money) of every purchase."""
    bought = world.column("kind") == PURCHASE
    columns = [world.column(name)[bought].tolist() for name in ("member", "day", "money")]
    return Counter(zip(*columns, strict=True))


PAIRS = ("mos_burger", "mitsui_outlet", "haidilao", "home_shop")


@pytest.mark.parametrize("slug", PAIRS)
def test_without_effects_both_worlds_buy_the_same(slug: str) -> None:
    """Assumptions ``none`` (every effect off, a member leaves as anybody does): whatever the program gives, purchases are the baseline's."""
    within, without = ledgers(run_agents(scenario(slug, "none", 400, years=2)))
    bought = purchases(within)
    assert bought == purchases(without)
    assert bought.total() > 800
    assert (within.column("points") > 0).any()


@pytest.mark.parametrize("slug", PAIRS)
def test_the_baseline_is_a_subset_of_the_program(slug: str) -> None:
    """Where nobody minds a fall and nobody tops a basket up, the central assumptions only raise the rate, so the program only adds purchases:
    same days, same baskets."""
    central, none = load_assumptions("central"), load_assumptions("none")
    positive = central.model_copy(update={"demotion": none.demotion, "basket": none.basket})
    case = replace(scenario(slug, "central", 400, years=2), assumptions=positive)
    within, without = (purchases(each) for each in ledgers(run_agents(case)))
    assert without <= within
    assert within.total() > without.total()


def test_members_are_the_same_in_every_world_and_number() -> None:
    """A member's life depends neither on how many others there are nor on the program of the other world."""
    few = ledgers(run_agents(scenario("mos_burger", "central", 60, years=1)))[0]
    other = scenario("mos_burger", "central", 150, years=1, baseline=load_program("tea_egg"))
    many = ledgers(run_agents(other))[0]
    assert np.array_equal(few.rows, many.rows[many.column("member") < 60])


# --- digests ----------------------------------------------------------------------------------------------------------
DIGEST = """
import sys
from tests.test_properties import digested
sys.stdout.write(digested(1))
"""


def digested(seed: int) -> str:
    """The digest of a run with tiers, redemptions and returns."""
    return run_agents(scenario("mitsui_outlet", "central", 90, years=1, seed=seed)).digest


def test_the_same_seed_gives_the_same_digest_in_any_process() -> None:
    """Also where strings hash otherwise."""
    ours = digested(1)
    assert digested(1) == ours
    for hash_seed in ("0", "4711"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        theirs = subprocess.run(
            [sys.executable, "-c", DIGEST], cwd=ROOT, env=env, capture_output=True, text=True, check=True
        )
        assert theirs.stdout == ours


@pytest.mark.parametrize("block", [1, 7, 89, 90, 5000])
def test_the_size_of_a_block_changes_nothing(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = run_agents(scenario("mitsui_outlet", "central", 90, years=1))
    monkeypatch.setattr(agents, "BLOCK", block)
    theirs = run_agents(scenario("mitsui_outlet", "central", 90, years=1))
    assert theirs.digest == ours.digest
    for one, other in zip(ledgers(ours), ledgers(theirs), strict=True):
        assert np.array_equal(one.rows, other.rows)
        assert np.array_equal(one.joined, other.joined)
        assert np.array_equal(one.tier, other.tier)
    for name in ("program", "baseline", "pairs"):
        assert np.array_equal(getattr(ours, name).cells, getattr(theirs, name).cells)


def test_every_seed_has_a_digest_of_its_own() -> None:
    digests = [digested(seed) for seed in range(1, 6)]
    assert len(set(digests)) == 5


def test_the_digest_sees_every_entry() -> None:
    """One number of one entry, one entry less, two members' entries exchanged: another digest."""
    rows = ledgers(run_agents(scenario("mitsui_outlet", "central", 20, years=1)))[0].rows
    own = ledger_sum(rows)
    assert ledger_sum(rows[::-1]) == own
    assert ledger_sum(rows[1:]) != own
    for column in range(rows.shape[1]):
        changed = rows.copy()
        changed[3, column] += 1
        assert ledger_sum(changed) != own


# --- the desk ---------------------------------------------------------------------------------------------------------
def test_days_may_be_opened_by_hand() -> None:
    """The two clocks on one account, without replay: a lot that lapses, seen on its due day and on every day."""
    rules = program(earn={"rate": {"points": 1, "per": 1}}, expiry={"model": "rolling", "days": 30})
    first = to_day(date(2024, 1, 1))
    told = []
    for every in (False, True):
        desk = Desk(rules, first, first + 100)
        account = desk.open_account()
        desk.join(account, first, first)
        desk.checkout(account, blank_order(), 1, first, first, [Basket(500)], [])
        if every:
            for day in range(first + 1, first + 61):
                desk._make_room(account, desk._scratch)
                posting.open_day(desk.terms, account, desk._scratch, day)
        else:
            desk.advance(account, first + 60)
        told.append([entry.as_tuple() for entry in desk.drain()])
    assert told[0] == told[1]
    assert [entry[2] for entry in told[0]] == [0, 5, -5]
    assert told[0][-1][0] == first + 31


def test_ledgers_go_forward() -> None:
    """Days never fall within a ledger, and a member's first entry is not before they were first seen."""
    for seed, (_, rows, _), entries, _ in drawn(range(60)):
        assert all(one[1] <= other[1] for one, other in pairwise(entries)), seed
        seen: dict[str, date] = {}
        for row in rows:
            seen.setdefault(row["member_id"], row["posted"] or row["date"])
        assert all(entry[1] >= seen[entry[0]] for entry in entries), seed
