"""The panels of one world: every figure against the full ledger, compiled against plain, parts against the whole, and by hand."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from simulators.agents import run_agents
from tests import table_figures as oracle
from tests.folded import blank_for, fold_compiled, fold_plain, review_compiled, sums
from tests.packing import records
from workbench.finance import panel as fold
from workbench.finance import tiers
from workbench.finance.cells import add_product, wide
from workbench.finance.points import expiry_schedule, outstanding_interval, points_by_month, totals, triangle
from workbench.finance.world import (
    ACTIVE,
    ACTIVE_MEMBERS,
    CENSORED,
    CUSTOMERS,
    DOWN,
    GROUPS,
    JOINED,
    MEMBERS,
    PENDING,
    STRAYS,
    UP,
    USABLE,
    WorldPanel,
    blank_world,
    merge_worlds,
    whole_months,
)
from workbench.ledger import (
    BONUS,
    CONVERT,
    DECAY,
    EARN,
    EXPIRE,
    FEE_DUE,
    ISSUE,
    KINDS,
    MESSAGE,
    PURCHASE,
    REDEEM,
    REFERRAL,
    REPAY,
    RESTORE,
    RETURN,
    REVERSE,
    TIER,
    USE,
    VOUCHER,
    Entry,
)
from workbench.ledger_table import LOT_COLUMNS, LedgerTable
from workbench.population.load import load_assumptions, load_population, read_population
from workbench.program.load import load_program
from workbench.program.spec import Program
from workbench.scenario import Run, Scenario
from workbench.units import NEVER, to_day

START = date(2025, 1, 1)
LADDER: dict[str, Any] = {
    "levels": [
        {"name": "base"},
        {"name": "silver", "enter": {"orders": 3}},
        {"name": "gold", "enter": {"orders": 6}, "retain": {"orders": 5}},
    ],
    "window": {"kind": "half"},
    "validity": {"until": "next_period_end"},
    "downgrade": "one_level",
    "grace_months": 1,
}


def climbing() -> Program:
    """A program whose tiers are reached and lost within months, with points that lapse and are redeemed as money."""
    return Program.model_validate({
        "schema": 1, "title": "Climbing", "currency": "TWD", "tiers": LADDER,
        "earn": {"rate": {"points": 1, "per": 100}, "bonuses": [{"name": "hello", "event": "join", "points": 30}]},
        "expiry": {"model": "rolling", "months": 8},
        "redemption": {"money_off": {"points": 1, "worth": 1}},
        "refunds": {"points_back": "old_expiry"},
        "provenance": {"source": "made up", "as_of": "2025-01-01", "confidence": "high"},
    })  # fmt: skip


def lived(program: Program | str, members: int = 150, years: int = 2, **population: Any) -> Run:
    """A program with its population (department store where it is not in the library), both changed as asked."""
    rules = load_program(program) if isinstance(program, str) else program
    people = load_population(rules.population if isinstance(program, str) else "department_store_twd")
    data = people.model_dump(mode="json", by_alias=True) | population
    return run_agents(
        Scenario(rules, read_population(data), load_assumptions("central"), members=members, years=years, start=START)
    )


def refunded() -> Run:
    """Half of the purchases come back."""
    return lived(climbing(), members=250, returns={"share": 0.5, "days": 30})


RUNS: dict[str, Any] = {
    "mos_burger": lambda: lived("mos_burger"),
    "mitsui_outlet": lambda: lived("mitsui_outlet"),
    "haidilao": lambda: lived("haidilao"),
    "loreal": lambda: lived("loreal"),
    "climbing": lambda: lived(climbing(), members=300, years=3),
    "refunded": refunded,
    "few_join": lambda: lived(climbing(), members=300, joining={"share": 0.2}),
}


@pytest.fixture(scope="module", params=RUNS)
def run(request: pytest.FixtureRequest) -> Run:
    made: Run = RUNS[request.param]()
    return made


def worlds(run: Run) -> list[tuple[WorldPanel, LedgerTable]]:
    assert run.ledgers is not None
    return list(zip((run.program, run.baseline), run.ledgers, strict=True))


# --- against the ledger ------------------------------------------------------------------------------------------------
def test_points_are_those_of_the_ledger(run: Run) -> None:
    first, last = run.scenario.start_day, run.scenario.last_day
    for panel, ledger in worlds(run):
        assert totals(panel) == oracle.totals(ledger)
        expected, found = oracle.points_by_month(ledger, first, last), points_by_month(panel)
        for name, column in expected.items():
            assert np.array_equal(found[name], column), name
        assert panel.counts[STRAYS] == 0


def test_lots_left_are_those_of_the_ledger(run: Run) -> None:
    for panel, ledger in worlds(run):
        expected = oracle.expiry_schedule(ledger)
        found, never = expiry_schedule(panel)
        assert np.array_equal(np.where(never, -1, found["month"]), expected["month"])
        assert np.array_equal(found["points"], expected["points"])
        points, pending = (ledger.lots[:, LOT_COLUMNS.index(name)] for name in ("points", "pending"))
        assert panel.left[USABLE] == points[pending == 0].sum()
        assert panel.left[PENDING] == points[pending == 1].sum()


def test_tiers_are_those_of_the_ledger(run: Run) -> None:
    first, last = run.scenario.start_day, run.scenario.last_day
    for panel, ledger in worlds(run):
        assert tiers.members(panel) == ledger.members
        assert tiers.members_at_end(panel, ledger.tier_names) == oracle.members_by_tier(ledger)
        months, standing = tiers.tiers_by_month(panel)
        for name, column in oracle.tiers_by_month(ledger, first, last).items():
            found = months if name == "month" else standing[:, int(name.removeprefix("tier_"))]
            assert np.array_equal(found, column), name
        moves = oracle.tier_moves(ledger)
        assert tiers.upgrades(panel) == moves.upgrades
        assert tiers.downgrades(panel) == moves.downgrades
        assert tiers.upgraded_members(panel) == moves.upgraded_members
        assert tiers.downgraded_members(panel) == len(np.unique(moves.member[moves.after < moves.before]))
        for tier in range(1, len(ledger.tier_names)):
            rose = np.unique(moves.member[moves.after >= tier], return_index=True)[1]
            days = moves.day[moves.after >= tier][rose] - ledger.joined[moves.member[moves.after >= tier][rose]]
            waits = tiers.time_to_tier(panel, tier).waits
            assert np.array_equal(waits, np.bincount(days * 48 // 1461, minlength=len(waits)))


def test_rules_and_triangle_are_those_of_the_ledger(run: Run) -> None:
    first, last = run.scenario.start_day, run.scenario.last_day
    start = oracle.month_of(np.array([first]))[0]
    for panel, ledger in worlds(run):
        kind, points, money, why, earned_on = (
            ledger.column(name) for name in ("kind", "points", "money", "rule", "lot_earned_on")
        )
        expected = np.zeros_like(panel.by_rule)
        for place, values in enumerate((np.ones_like(kind), points, money)):
            np.add.at(expected[:, :, place], (why, kind), values)
        assert np.array_equal(panel.by_rule, expected)
        month = oracle.month_of(ledger.column("day")) - start
        by_month = np.zeros_like(panel.by_month_rule)
        given = np.isin(kind, (ISSUE, FEE_DUE, MESSAGE, REFERRAL)).astype(np.int64)
        used = (kind == USE).astype(np.int64) - (kind == RESTORE)
        for place, values in enumerate((points, money, given, used)):
            np.add.at(by_month[:, :, place], (month, why), values)
        assert np.array_equal(panel.by_month_rule, by_month)
        no_lot = earned_on >= NEVER
        issue = np.where(no_lot, panel.frame.months, oracle.month_of(np.where(no_lot, first, earned_on)) - start)
        cells = np.zeros_like(panel.triangle)
        for kinds, group, sign in (
            ((EARN, BONUS), "earned", 1), ((REDEEM, RETURN), "redeemed", -1), ((CONVERT,), "converted", -1),
            ((EXPIRE, DECAY), "expired", -1), ((REVERSE,), "reversed", -1), ((REPAY,), "repaid", -1),
        ):  # fmt: skip
            chosen = np.isin(kind, kinds)
            np.add.at(cells[:, :, GROUPS.index(group)], (issue[chosen], month[chosen]), sign * points[chosen])
        assert np.array_equal(panel.triangle, cells)
        columns, missing = triangle(panel)
        for group in GROUPS:
            assert columns[group].sum() == cells[:, :, GROUPS.index(group)].sum()
        assert not missing.any() or cells[panel.frame.months :].any()
        # What was issued in a month, and has not gone since, is left in lots earned then.
        left = np.zeros(panel.frame.months, dtype=np.int64)
        np.add.at(left, oracle.month_of(ledger.lots[:, 1]) - start, ledger.lots[:, 3])
        flows = cells.sum(axis=1)
        assert np.array_equal(flows[: panel.frame.months, 0] - flows[: panel.frame.months, 1:].sum(axis=1), left)
        assert (month >= 0).all() and last >= ledger.column("day").max()


def test_people_are_those_of_the_ledger(run: Run) -> None:
    start = oracle.month_of(np.array([run.scenario.start_day]))[0]
    for panel, ledger in worlds(run):
        assert panel.counts[CUSTOMERS] == run.scenario.members
        bought = ledger.column("kind") == PURCHASE
        member, month = ledger.column("member")[bought], oracle.month_of(ledger.column("day")[bought]) - start
        pairs = np.unique(np.stack([member, month]), axis=1)
        assert np.array_equal(panel.people[:, ACTIVE], np.bincount(pairs[1], minlength=panel.frame.months))
        joined = ledger.joined[ledger.joined < NEVER]
        assert panel.people[:, JOINED].sum() == panel.counts[MEMBERS] == len(joined)
        assert np.array_equal(
            panel.people[:, JOINED], np.bincount(oracle.month_of(joined) - start, minlength=panel.frame.months)
        )
        assert (panel.people[:, ACTIVE_MEMBERS] <= panel.people[:, ACTIVE]).all()
        if run.scenario.population.joining.share == 1 and len(joined):
            assert np.array_equal(panel.people[:, ACTIVE_MEMBERS], panel.people[:, ACTIVE])


def test_spread_of_points_held(run: Run) -> None:
    """The interval of points outstanding, from the ledger's members one by one."""
    panel, ledger = worlds(run)[0]
    held = np.bincount(ledger.column("member"), ledger.column("points"), ledger.customers)
    error = 1.959963984540054 * held.std(ddof=1) * np.sqrt(len(held))
    assert outstanding_interval(panel) == pytest.approx((held.sum() - error, held.sum() + error), rel=1e-9)
    assert error > 0


# --- compiled, in parts ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["climbing", "refunded", "haidilao"])
def test_compiled_and_plain_folds_are_the_same_and_parts_add_up(name: str) -> None:
    run = RUNS[name]()
    first, last = run.scenario.start_day, run.scenario.last_day
    for panel, ledger in worlds(run):
        whole = fold_plain(ledger, blank_for(ledger, first, last))
        assert np.array_equal(sums(fold_compiled(ledger, blank_for(ledger, first, last))), sums(whole))
        chosen = np.random.default_rng(3).random(ledger.customers) < 0.3
        parts = [fold_compiled(ledger, blank_for(ledger, first, last), part) for part in (chosen, ~chosen)]
        assert sums(parts[0]).any() and sums(parts[1]).any()
        assert np.array_equal(sums(merge_worlds(parts[1], parts[0])), sums(whole))
        panel.reviews[:], panel.graces[:] = 0, 0  # a ledger does not tell of reviews
        assert np.array_equal(sums(panel), sums(whole))


def test_reviews_compiled() -> None:
    plain, compiled = small(), small()
    for before, after, grace in ((1, 1, 0), (2, 1, 0), (2, 2, 1), (1, 2, 0)):
        fold.note_review(plain, fold.Story(), to_day(START), before, after, grace)
        review_compiled(compiled, records(fold.Story, 1)[0], to_day(START), before, after, grace)
    assert np.array_equal(plain.cells, compiled.cells)
    assert compiled.reviews.tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 0]] and compiled.graces.tolist() == [0, 0, 1]


def test_parts_of_different_runs_are_not_added() -> None:
    with pytest.raises(ValueError, match="different runs"):
        merge_worlds(blank_world(0, 10, 15, 10, 0, 0), blank_world(0, 11, 15, 10, 0, 0))
    with pytest.raises(ValueError, match="ends"):
        blank_world(10, 9, 15, 10, 0, 0)


# --- by hand -----------------------------------------------------------------------------------------------------------
WHY_TIER = 10


def small() -> WorldPanel:
    """2025 and 2026, three tiers."""
    return blank_world(to_day(START), to_day(date(2026, 12, 31)), len(KINDS), 13, 3, WHY_TIER)


def entry(day: date, kind: int, points: int = 0, money: int = 0, earned: date | None = None, rule: int = 0) -> Entry:
    earned_on = NEVER if earned is None else to_day(earned)
    return Entry().load((to_day(day), kind, points, money, earned_on, NEVER, 0, rule))


def two_members() -> WorldPanel:
    """One who rises twice and falls once; one who joins late and stays in the lowest tier; a customer who never joins."""
    panel, story = small(), fold.Story()
    fold.begin_member(panel, story)
    fold.note_joined(panel, story, to_day(date(2025, 1, 10)), 0)
    for each in (
        entry(date(2025, 1, 10), PURCHASE, money=1000),
        entry(date(2025, 1, 10), EARN, 10, 1000, date(2025, 1, 10)),
        entry(date(2025, 1, 31), PURCHASE, money=500),
        entry(date(2025, 3, 15), TIER, rule=WHY_TIER + 1),
        entry(date(2025, 9, 1), TIER, rule=WHY_TIER + 2),
        entry(date(2025, 9, 1), REDEEM, -4, 400, date(2025, 1, 10)),
        entry(date(2026, 1, 1), TIER, rule=WHY_TIER + 1),
        entry(date(2026, 1, 2), RETURN, 1, 0, date(2025, 1, 10)),
        entry(date(2026, 1, 2), VOUCHER, 0, 700),
    ):
        fold.note_entry(panel, story, each)
    fold.note_review(panel, story, to_day(date(2025, 12, 1)), 2, 2, 1)
    fold.note_review(panel, story, to_day(date(2026, 1, 1)), 2, 1, 0)
    fold.note_review(panel, story, to_day(date(2026, 7, 1)), 1, 1, 0)
    fold.note_lot(panel, story, to_day(date(2029, 12, 31)), 6, 0)
    fold.note_lot(panel, story, NEVER, 1, 1)
    assert (story.redeemed, story.vouchers, story.points, story.highest) == (3, 700, 7, 2)
    fold.end_member(panel, story, 1)
    fold.begin_member(panel, story)
    fold.note_joined(panel, story, to_day(date(2026, 2, 1)), 0)
    fold.note_entry(panel, story, entry(date(2026, 2, 1), PURCHASE, money=200))
    fold.end_member(panel, story, 0)
    fold.begin_member(panel, story)
    fold.note_entry(panel, story, entry(date(2026, 2, 3), PURCHASE, money=300))
    fold.end_member(panel, story, -1)
    return panel


def test_tiers_by_hand() -> None:
    """64 days from joining to silver are 2.1 months, 170 days in silver 5.6, 122 in gold 4.01, 365 in silver again 11.99 (not over at the
    end), 234 from joining to gold 7.7; the second member's 334 days in the lowest tier 10.97 (not over)."""
    panel = two_members()
    spells = {(0, 2, UP), (1, 5, UP), (2, 4, DOWN), (1, 11, CENSORED), (0, 10, CENSORED)}
    assert {tuple(place) for place in np.argwhere(panel.spells).tolist()} == spells
    assert panel.spells.sum() == 5
    assert panel.at_end.tolist() == [1, 1, 0]
    assert tiers.reached(panel, ("a", "b", "c")) == {"a": 2, "b": 1, "c": 1}
    gold = tiers.time_to_tier(panel, 2)
    assert (gold.members, gold.share, gold.within(0.5)) == (1, 0.5, 8)
    assert panel.waits[1, 2] == 1
    assert (tiers.upgrades(panel), tiers.downgrades(panel)) == (2, 1)
    assert (tiers.upgraded_members(panel), tiers.downgraded_members(panel)) == (1, 1)
    months, standing = tiers.tiers_by_month(panel)
    assert months[0] == 12 * 55
    assert standing[[0, 1, 2, 7, 8, 11, 12, 13, 23]].tolist() == [
        [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 1, 0], [1, 1, 0], [1, 1, 0],
    ]  # fmt: skip
    decided = tiers.reviews(panel)
    assert decided.matrix.tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 0]]
    assert (decided.requalified, decided.graces) == (1, 1)
    assert decided.shares == [None, [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]


def test_skipping_a_tier_reaches_those_below() -> None:
    panel, story = small(), fold.Story()
    fold.begin_member(panel, story)
    fold.note_joined(panel, story, to_day(START), 0)
    fold.note_entry(panel, story, entry(date(2025, 1, 1), TIER, rule=WHY_TIER + 2))
    assert panel.waits[:, 0].tolist() == [1, 1, 1]
    assert panel.moves.tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_points_by_hand() -> None:
    panel = two_members()
    assert totals(panel) == {"earned": 10, "redeemed": 3, "expired": 0, "reversed": 0, "outstanding": 7}
    columns, missing = triangle(panel)
    assert not missing.any()
    rows = zip(columns["issue_month"], columns["month"], columns["earned"], columns["redeemed"], strict=True)
    assert [tuple(int(each) for each in row) for row in rows] == [
        (660, 660, 10, 0),
        (660, 668, 0, 4),
        (660, 672, 0, -1),
    ]
    schedule, never = expiry_schedule(panel)
    assert schedule["points"].tolist() == [1, 6]
    assert never.tolist() == [True, False]
    assert schedule["month"][1] == 12 * 59 + 11
    assert panel.left.tolist() == [6, 1]


def test_people_by_hand() -> None:
    """Two purchases of January count their buyer once; the third customer of February 2026 is no member."""
    panel = two_members()
    assert panel.people[[0, 1, 13]].tolist() == [[1, 1, 1], [0, 0, 0], [1, 2, 1]]
    assert panel.people.sum(axis=0).tolist() == [2, 3, 2]
    assert panel.counts[:2].tolist() == [3, 2]


@pytest.mark.parametrize("when", [date(1, 1, 1), date(1969, 12, 31), date(2025, 1, 31), date(9999, 12, 31)])
def test_lots_may_lapse_in_any_month_there_is(when: date) -> None:
    panel, story = small(), fold.Story()
    fold.note_lot(panel, story, to_day(when), 5, 0)
    found, never = expiry_schedule(panel)
    assert found["month"].tolist() == [12 * (when.year - 1970) + when.month - 1]
    assert found["points"].tolist() == [5] and not never.any()


def test_nothing_outside_the_run_is_lost() -> None:
    """A lot issued before the run has a row of its own; an entry outside the run's days is counted as what it is."""
    panel, story = small(), fold.Story()
    fold.begin_member(panel, story)
    fold.note_entry(panel, story, entry(date(2025, 5, 5), EXPIRE, -3, 0, date(2024, 12, 31)))
    fold.note_entry(panel, story, entry(date(2025, 5, 5), REVERSE, -2))
    assert panel.triangle[25, 4, GROUPS.index("expired")] == 3
    assert panel.triangle[24, 4, GROUPS.index("reversed")] == 2
    assert triangle(panel)[1].tolist() == [True, True]
    fold.note_entry(panel, story, entry(date(2027, 1, 1), EARN, 9, 0, date(2025, 12, 31)))
    assert panel.counts[STRAYS] == 1
    assert totals(panel)["earned"] == 0


@pytest.mark.parametrize("days, months", [(0, 0), (30, 0), (31, 1), (365, 11), (366, 12), (1461, 48)])
def test_whole_months(days: int, months: int) -> None:
    """A month is 30.4375 days."""
    assert whole_months(days) == months == int(days / 30.4375)


def test_products_beyond_64_bits() -> None:
    """Against Python's own integers."""
    draws = np.random.default_rng(5).integers(-(2**56), 2**56, (200, 2))
    cells = np.zeros(6, dtype=np.int64)
    for x, y in draws.tolist():
        add_product(cells, 0, x, y)
        add_product(cells, 3, x, x)
    assert wide(cells[:3]) == sum(x * y for x, y in draws.tolist())
    assert wide(cells[3:]) == sum(x * x for x, _ in draws.tolist()) > 2**100
    assert wide(cells[:3] + cells[3:]) == wide(cells[:3]) + wide(cells[3:])


# --- how long members stay ---------------------------------------------------------------------------------------------
def test_survival_as_published() -> None:
    """Remission times of 21 leukaemia patients under 6-MP (Freireich et al. 1963), weeks taken as months: the product-limit estimates
    and Greenwood errors that textbooks print (Collett, Modelling Survival Data; Kleinbaum & Klein, Survival Analysis)."""
    ended, followed = [6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    panel = blank_world(0, 1500, len(KINDS), 13, 2, WHY_TIER)
    np.add.at(panel.spells[1, :, DOWN], ended[:5], 1)
    np.add.at(panel.spells[1, :, UP], ended[5:], 1)
    np.add.at(panel.spells[1, :, CENSORED], followed, 1)
    found = tiers.survival(panel, 1)
    printed = {6: (0.857, 0.0764), 7: (0.807, 0.0869), 10: (0.753, 0.0963), 13: (0.690, 0.1068), 16: (0.627, 0.1141),
               22: (0.538, 0.1282), 23: (0.448, 0.1346)}  # fmt: skip
    for month, (share, error) in printed.items():
        after = month + 1  # those who went in month 6 did not stay 7 months
        assert found.share[after] == pytest.approx(share, abs=6e-4)
        assert (found.share[after] - found.low[after]) / 1.959964 == pytest.approx(error, abs=6e-5)
    assert found.share[:7].tolist() == [1.0] * 7
    assert found.high[7] == 1.0, "an interval of a share stays within it"
    assert found.at_risk[[0, 6, 7, 10, 23, 35, 36]].tolist() == [21, 21, 17, 15, 6, 1, 0]
    assert not np.isnan(found.share[36]) and np.isnan(found.share[37])
    assert int(found.rose.sum()) == 4 and int(found.fell.sum()) == 5 and int(found.censored.sum()) == 12


def test_stays_that_all_end() -> None:
    """Nobody is left: the share is 0, and so is its interval; a tier that nobody held has no share at all."""
    panel = small()
    panel.spells[1, 2, DOWN] = 4
    found = tiers.survival(panel, 1)
    assert found.share[:4].tolist() == [1, 1, 1, 0]
    assert (found.low[3], found.high[3]) == (0, 0)
    assert np.isnan(found.share[4:]).all() and np.isnan(tiers.survival(panel, 2).share).all()


def test_time_to_tier_by_hand() -> None:
    """Ten members: one in the first month, four in the third, five in the sixth."""
    panel = small()
    panel.counts[MEMBERS] = 20
    panel.waits[1, [0, 2, 5]] = 1, 4, 5
    found = tiers.time_to_tier(panel, 1)
    assert (found.members, found.share) == (10, 0.5)
    assert [found.within(share) for share in (0.1, 0.25, 0.5, 0.75)] == [1, 3, 3, 6]
    assert tiers.time_to_tier(panel, 2).within(0.5) is None


def test_interval_of_the_upgrade_rate() -> None:
    """Wilson's interval of 81 in 263 (Newcombe 1998, method 3): .2553 to .3662."""
    panel = small()
    panel.counts[[MEMBERS, 2]] = 263, 81
    assert tiers.upgrade_interval(panel) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert tiers.upgrade_interval(small()) is None


# --- reviews, as the agents tell them ----------------------------------------------------------------------------------
def test_reviews_of_the_agents() -> None:
    """Every fall at the start of a half-year is a review's; whoever falls from gold was granted a month first."""
    run = RUNS["climbing"]()
    _, ledger = worlds(run)[0]
    moves = oracle.tier_moves(ledger)
    decided = tiers.reviews(run.program)
    below = np.tril(decided.matrix, -1)
    fell = np.zeros_like(below)
    chosen = moves.after < moves.before
    np.add.at(fell, (moves.before[chosen], moves.after[chosen]), 1)
    assert fell.sum() > 50
    assert np.array_equal(below, fell)
    assert decided.matrix[0].sum() == 0
    assert decided.requalified > 50
    assert decided.graces >= fell.sum()


def test_a_tier_that_is_never_lost_is_requalified_at_each_review() -> None:
    rules = replace_tiers({**LADDER, "downgrade": "none", "grace_months": 0})
    run = lived(rules, members=200, years=3)
    decided = tiers.reviews(run.program)
    assert tiers.downgrades(run.program) == 0
    assert decided.graces == 0
    assert decided.requalified == decided.matrix.sum() > 100


def replace_tiers(ladder: dict[str, Any]) -> Program:
    data = climbing().model_dump(mode="json", by_alias=True)
    return Program.model_validate({**data, "tiers": ladder})


def test_the_same_program_in_both_worlds_gives_the_same_panels() -> None:
    rules = load_program("mitsui_outlet")
    scenario = Scenario(
        rules, load_population(rules.population), load_assumptions("central"), baseline=rules, members=60, years=1
    )
    run = run_agents(scenario)
    assert np.array_equal(run.program.cells, run.baseline.cells)
    assert run_agents(replace(scenario, seed=2)).program.cells.tolist() != run.program.cells.tolist()
