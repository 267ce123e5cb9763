"""A program that changes on a date, lived beside the same program unchanged: who was a member then, what they held, who gains and who loses;
and times in which members redeem more readily. Every figure is counted again from the full ledgers."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from simulators.agents import run_agents
from simulators.kernel import run_kernel
from simulators.rushes import rushes
from tests.test_kernel import same
from workbench.change_document import Held, _of, change_document
from workbench.finance.accounting.close import Standing
from workbench.finance.accounting.cohort import Cohort
from workbench.finance.accounting.policy import load_policy
from workbench.finance.pairs import (
    BANDS,
    EXISTING,
    EXISTING_GAINED,
    EXISTING_LOSERS,
    EXISTING_LOST,
    EXISTING_SALES,
    EXISTING_SPENT,
    EXISTING_WINNERS,
    HELD,
    band_of,
)
from workbench.ledger import EXPIRE, PURCHASE, REDEEM, REPAY, RETURN, REVERSE, TIER, VERSION
from workbench.ledger_table import LedgerTable
from workbench.population.load import load_assumptions, load_population, read_population
from workbench.program.load import program_from_mapping
from workbench.program.spec import Program
from workbench.run_books import books_of_run, value_books
from workbench.run_document import run_document
from workbench.run_tables import run_tables
from workbench.scenario import Run, Scenario
from workbench.units import NEVER, to_day

POLICY = load_policy("default")
CHANGE = date(2026, 3, 18)
DAY = to_day(CHANGE)
PLAIN: dict[str, Any] = {
    "schema": 1,
    "title": "Changing",
    "currency": "TWD",
    "provenance": {"source": "made for this test", "as_of": "2025-01-01", "confidence": "high"},
    "tiers": {
        "levels": [{"name": "base"}, {"name": "silver", "enter": {"spend": 9000}}, {"name": "gold", "enter": {"spend": 30000}}],
        "window": {"kind": "year"}, "validity": {"until": "next_period_end"},
    },
    "earn": {"rate": {"points": 1, "per": 100}},
    "expiry": {"model": "rolling", "months": 18},
    "redemption": {"money_off": {"points": 1, "worth": 1, "minimum_balance": 100}},
    "refunds": {"points_back": "old_expiry"},
}  # fmt: skip
HALVED = {"effective": CHANGE, "changes": {"redemption": {"money_off": {"points": 2, "worth": 1}}}}


def program(*versions: Any) -> Program:
    return program_from_mapping({**PLAIN, "versions": list(versions)})


def scenario(ours: Program, baseline: Program, shocks: Any = None, rush: float = 1.0, members: int = 200) -> Scenario:
    """Department-store customers who come over two years, of whom most join at once and some purchases are given back."""
    people = load_population("department_store_twd").model_dump(mode="json", by_alias=True)
    people |= {
        "arrivals": {"model": "uniform", "years": 2},
        "returns": {"share": 0.1, "days": 20},
        "joining": {"share": 0.6},
    }
    people["shocks"] = {"redemption": shocks or []}
    assumptions = load_assumptions("central")
    choice = assumptions.redemption.model_copy(update={"rush": rush})
    return Scenario(
        ours, read_population(people), assumptions.model_copy(update={"redemption": choice}), baseline, members=members
    )  # fmt: skip


@pytest.fixture(scope="module")
def run() -> Run:
    return run_agents(scenario(program(HALVED), program(), rush=4.0))


def before(table: LedgerTable, member: int) -> Any:
    return (table.column("member") == member) & (table.column("day") < DAY)


def worth(table: LedgerTable, member: int, face: int) -> int:
    """What a member got, minor units: redemptions, less points given back, and the points held at the end; ``face``: a point at the end."""
    own = table.column("member") == member
    kind, points, money = table.column("kind"), table.column("points"), table.column("money")
    back = [int(each) * face for each in points[own & (kind == RETURN)]]
    return int(money[own & (kind == REDEEM)].sum()) - sum(back) + int(points[own].sum()) * face


def test_those_who_were_members_are_counted_again_from_the_ledgers(run: Run) -> None:
    ours, theirs = run.ledgers or ()
    panel, tiers = run.pairs, ["base", "silver", "gold"]
    unit = run.scenario.spend_band
    assert unit == int(float(f"{run.scenario.population.basket.mean_basket:.0e}")) * 100
    expected = np.zeros((BANDS + 1 + len(tiers), 9), dtype=np.int64)
    rule_of_tier = {f"tiers.{name}": place for place, name in enumerate(tiers)}
    for member in np.flatnonzero(ours.joined < DAY).tolist():
        mine = before(ours, member)
        told = [ours.rules[rule] for rule in ours.column("rule")[mine & (ours.column("kind") == TIER)]]
        tier = rule_of_tier[told[-1]] if told else 0
        other = before(theirs, member) & (theirs.column("kind") == PURCHASE)
        spent = int(theirs.column("money")[other & (theirs.column("day") >= DAY - 365)].sum())
        more = worth(ours, member, 50) - worth(theirs, member, 100)
        bought = [
            int(each.column("money")[(each.column("member") == member) & (each.column("kind") == PURCHASE)].sum())
            for each in (theirs, ours)
        ]
        band = next((k for k in range(1, 6) if spent <= unit * 2 ** (k - 1)), 6) if spent else 0
        assert band == band_of(spent, unit)
        for row in (band, BANDS + 1 + tier):
            expected[row, EXISTING] += 1
            expected[row, EXISTING_WINNERS] += more > 0
            expected[row, EXISTING_LOSERS] += more < 0
            expected[row, EXISTING_GAINED] += max(more, 0)
            expected[row, EXISTING_LOST] += max(-more, 0)
            expected[row, HELD] += int(ours.column("points")[mine].sum())
            expected[row, EXISTING_SPENT] += spent
            expected[row, EXISTING_SALES : EXISTING_SALES + 2] += bought
    assert expected[:BANDS].sum() > 0 and (expected[BANDS + 1 :, EXISTING] > 0).all()
    np.testing.assert_array_equal(panel.change, expected)
    np.testing.assert_array_equal(run.program.at_change, expected[:BANDS, [EXISTING, HELD]].sum(axis=0))


def test_without_a_change_there_is_nothing_of_it() -> None:
    found = run_agents(scenario(program(), program(), members=30))
    assert found.pairs.change.shape == (0, 9)
    assert found.pairs.frame.change_day == found.program.frame.change_day == NEVER
    assert not found.program.at_change.any()


def test_a_change_on_the_first_day_or_after_the_last_is_none_within_the_run() -> None:
    for day in (date(2025, 1, 1), date(2028, 1, 1)):
        ours = program({**HALVED, "effective": day})
        assert scenario(ours, ours).change_day(ours) == NEVER
    last = program({**HALVED, "effective": date(2027, 12, 31)})
    assert scenario(last, last).change_day(last) == to_day(date(2027, 12, 31))
    both = program(HALVED, {**HALVED, "effective": date(2026, 9, 1)})
    assert scenario(both, both).change_day(both) == to_day(date(2026, 9, 1))


def test_the_kernel_folds_the_change_and_the_rush_like_the_agents() -> None:
    shocks = [{"first": "2025-06-01", "last": "2025-07-31", "odds": 5, "never": 0.3}]
    for ours in (program(HALVED), program({**HALVED, "transition": {"points_ratio": 0.5}})):
        case = scenario(ours, program(), shocks, rush=3.0)
        same(run_kernel(case), run_agents(case))


# --- rushes ----------------------------------------------------------------------------------------------------------------
def redeemed(run: Run, first: date, last: date, world: int = 0) -> int:
    table = (run.ledgers or ())[world]
    within = (table.column("day") >= to_day(first)) & (table.column("day") <= to_day(last))
    return -int(table.column("points")[within & (table.column("kind") == REDEEM)].sum())


def test_members_rush_before_points_are_worth_less_and_only_where_they_will_be(run: Run) -> None:
    calm = run_agents(scenario(program(HALVED), program()))
    days = CHANGE - timedelta(days=30), CHANGE - timedelta(days=1)
    assert redeemed(run, *days) > 1.2 * redeemed(calm, *days)
    assert redeemed(run, *days, world=1) == redeemed(calm, *days, world=1), "nothing changes for today's program"
    until = days[0] - timedelta(days=1)
    assert redeemed(run, date(2025, 1, 1), until) == redeemed(calm, date(2025, 1, 1), until)


def test_which_changes_members_hurry_before() -> None:
    def found(**version: Any) -> list[tuple[int, int, float, float]]:
        ours = program({"effective": CHANGE, "changes": {}, **version})
        return [tuple(each) for each in rushes(scenario(ours, ours, rush=2.5), ours)]  # type: ignore[misc]

    hurry = [(DAY - 30, DAY - 1, 2.5, 0.0)]
    assert found(changes=HALVED["changes"]) == hurry
    assert found(transition={"points_ratio": 0.5}) == hurry
    assert found(changes={"redemption": None}) == hurry
    assert found(changes={"earn": {"rate": {"points": 1, "per": 200}}}) == [], "points held buy what they did"
    assert found(changes={"redemption": {"money_off": {"points": 2, "worth": 1}}}, transition={"points_ratio": 2}) == []


def test_a_shock_is_felt_in_both_worlds_on_its_days_alone() -> None:
    first, last = date(2026, 1, 1), date(2026, 2, 28)
    shock = [{"first": first, "last": last, "odds": 8, "never": 0.5}]
    calm, hurried = (run_agents(scenario(program(), program(), shocks)) for shocks in ([], shock))
    for world in (0, 1):
        assert redeemed(hurried, first, last, world) > 1.3 * redeemed(calm, first, last, world)
        until = first - timedelta(days=1)
        assert redeemed(hurried, date(2025, 1, 1), until, world) == redeemed(calm, date(2025, 1, 1), until, world)
    assert Fraction(hurried.program.at_change.sum()) == 0


# --- what is owed on both sides of the date ------------------------------------------------------------------------------
FIRST = date(2027, 1, 1)
"""The change on the first of a month, with two years of history before it."""


def changed_on_the_first(transition: dict[str, Any] | None = None, changes: Any = None, members: int = 100) -> Run:
    version = {"effective": FIRST, "changes": changes or {}, "transition": transition or {}}
    case = scenario(program(version), program(), members=members)
    return run_agents(replace(case, years=4))


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "points_halved": ({"points_ratio": 0.5}, {}),
    "points_raised": ({"points_ratio": 1.25}, {}),
    "buys_half": ({}, HALVED["changes"]),
    "lapse_sooner": ({"lots": "new_expiry"}, {"expiry": {"months": 6}}),
    "nothing": ({}, {}),
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, Run]:
    return request.param, changed_on_the_first(*CASES[request.param])


def test_what_was_held_ties_to_the_ledger_entry_by_entry(case: tuple[str, Run]) -> None:
    name, run = case
    found = change_document(run, POLICY)
    assert found is not None and found["missing"] is None
    table = (run.ledgers or ())[0]
    day, kind, points, earned, rule = (
        table.column(each) for each in ("day", "kind", "points", "lot_earned_on", "rule")
    )
    first = to_day(FIRST)
    old, ahead = earned < first, day >= first
    by_change = np.array([table.rules[each] == "versions" for each in rule]) & ahead
    assert found["points"] == int(points[day < first].sum())
    assert found["liability"]["after"]["points"] == found["points"] + int(points[by_change].sum())
    expected = {
        "held": int(points[old & ~ahead].sum()),
        "by_change": int(points[old & by_change].sum()),
        "redeemed": -int(points[old & ahead & np.isin(kind, (REDEEM, RETURN))].sum()),
        "lapsed": -int(points[old & ahead & (kind == EXPIRE) & ~by_change].sum()),
        "taken_back": -int(points[old & ahead & np.isin(kind, (REVERSE, REPAY))].sum()),
        "left": int(points[old].sum()),
    }
    assert found["held"]["program"] == expected
    assert (expected["by_change"] < 0) == (name == "points_halved")
    assert (expected["by_change"] > 0) == (name == "points_raised")
    theirs = (run.ledgers or ())[1]
    assert found["held"]["baseline"]["left"] == int(
        theirs.column("points")[theirs.column("lot_earned_on") < first].sum()
    )
    roll = found["month"]
    assert roll["opening"] == found["points"]
    parts = ("by_change", "earned", "redeemed", "expired", "reversed")
    assert roll["closing"] == roll["opening"] + sum(
        sign * roll[each] for each, sign in zip(parts, (1, 1, -1, -1, -1), strict=True)
    )
    assert roll["closing"] == int(points[day < to_day(date(2027, 2, 1))].sum())


def test_what_is_owed_before_is_what_the_books_say_and_the_steps_add_up(case: tuple[str, Run]) -> None:
    name, run = case
    found = change_document(run, POLICY)
    assert found is not None
    owed = found["liability"]
    booked = value_books(books_of_run(run), POLICY, date(2026, 12, 31))
    assert owed["before"]["contract"] == booked.close.liability / 100
    assert owed["source"] == booked.close.sources[-1]
    for figure in ("points", "face_value", "contract"):
        steps = sum(each[figure] for each in owed["steps"])
        assert owed["after"][figure] == pytest.approx(owed["before"][figure] + steps, abs=0.001)
    steps = {each["name"]: each for each in owed["steps"]}
    assert list(steps) == ["estimate", "conversion", "worth", "re_estimate"]
    moved = [
        each
        for each in ("conversion", "worth", "re_estimate")
        if any(steps[each][key] for key in ("points", "face_value", "contract"))
    ]
    assert moved == {
        "points_halved": ["conversion", "re_estimate"], "points_raised": ["conversion", "re_estimate"],
        "buys_half": ["worth"], "lapse_sooner": ["re_estimate"], "nothing": [],
    }[name]  # fmt: skip
    if name == "buys_half":
        assert owed["after"]["face_value"] == owed["before"]["face_value"] / 2
    if name == "lapse_sooner":
        assert steps["re_estimate"]["contract"] < 0, "what lapses sooner is redeemed less"


def test_a_change_that_changes_nothing_moves_nobody_and_no_entry(case: tuple[str, Run]) -> None:
    name, run = case
    found = change_document(run, POLICY)
    assert found is not None
    existing, held = found["existing"], found["held"]
    assert existing["winners"] + existing["losers"] + existing["unchanged"] == existing["members"] == found["members"]
    for groups in (existing["by_tier"], existing["by_spend"]):
        for key in ("members", "winners", "losers", "points"):
            assert sum(each[key] for each in groups) == existing[key]
    ours, theirs = (each.rows for each in run.ledgers or ())
    same_rows = np.array_equal(
        ours[ours[:, 3] != VERSION][:, 2:9], theirs[:, 2:9]
    )  # but a member's place of each, and codes of rules
    assert same_rows == (name == "nothing")
    if name == "nothing":
        assert (existing["winners"], existing["losers"], existing["sales_change"]) == (0, 0, 0)
        assert held["program"] == held["baseline"]


def test_a_cohort_s_liability_is_re_estimated_by_hand() -> None:
    """Deferred 1,200, 200 redeemed. Another 400 to come: 1,200 x 400 / 600 = 800. With 200 to come: 1,200 x 200 / 400 = 600; none: 0."""
    standing = Standing(
        0, Cohort(sold=1000, redeemed=200, deferred=Fraction(1200), ultimate=Fraction(700)), Fraction(0), ()
    )
    assert [_of(standing, Fraction(each)) for each in (400, 200, 0)] == [800, 600, 0]


def test_what_is_left_is_redeemed_like_what_is_gone() -> None:
    """Of 100 held, 30 were redeemed, 10 lapsed, 10 taken back, 50 are left: 30 + 50 x 30 / 50 = 60. A cohort of which nothing is gone takes the
    share of all: 40 x 30 / 50 = 24."""
    held = Held(*(np.array(each) for each in ([100, 40], [0, 0], [30, 0], [10, 0], [10, 0])))
    assert held.to_come(np.array([0, 1])) == {0: 60, 1: 24}
    assert held.to_come(np.array([0, 0])) == {0: 30 + Fraction(90 * 30, 50)}


def test_within_a_month_nothing_is_told_of_the_books(run: Run) -> None:
    found = change_document(run, POLICY)
    assert found is not None
    assert found["effective"] == "2026-03-18" and "first of a month" in found["missing"]
    assert (found["liability"], found["held"], found["month"]) == (None, None, None)
    assert found["existing"]["members"] > 0


def test_the_tables_of_a_run_hold_the_same(case: tuple[str, Run]) -> None:
    document = run_document(case[1], POLICY)
    tables = run_tables(case[1], document)
    existing, rows = document["change"]["existing"], tables["change_by_group"].to_pylist()
    for kind, groups in (("tier", existing["by_tier"]), ("spend", existing["by_spend"])):
        mine = [row for row in rows if row["kind"] == kind]
        assert [row["losers"] for row in mine] == [each["losers"] for each in groups]
        assert sum(row["members"] for row in mine) == existing["members"]
    for row in tables["cost_per_added"].to_pylist():
        told = document["economics"]["cost_per_added"][row["of"]]
        assert (row["added"], row["cost"]) == (told["added"], told["value"])
        assert (row["low"] is None) == (told["missing"] is not None)
