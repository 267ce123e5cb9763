"""The same customers in two worlds: sums of pairs against the ledgers, against NumPy customer by customer, and by hand."""

import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit

from tests import table_figures as oracle
from tests.packing import records
from tests.test_panel import RUNS, worlds
from workbench.finance.lift import (
    SEGMENT_NAMES,
    Cost,
    by_segment,
    by_tier,
    cost_per_added,
    cost_share,
    lift,
    margin,
    naive,
    purchases_by_world,
    repurchase_curve,
    return_on_spend,
)
from workbench.finance.paired import Moments, PairedRatio, fieller, paired_mean, paired_total
from workbench.finance.pairs import PairPanel, blank_pairs, fold_pair, merge_pairs, segment_of
from workbench.finance.panel import Story
from workbench.ledger import PURCHASE, REDEEM, RETURN, VOUCHER
from workbench.population.strips import draw_members
from workbench.population.terms import population_terms
from workbench.run_tables import CURVE_DAYS
from workbench.scenario import Run
from workbench.units import NEVER

LAST = 20_088 + 730
Z95 = 1.959963984540054


def same(found: PairedRatio, expected: oracle.PairedRatio, rel: float = 1e-12) -> None:
    """Two ratios agree; intervals too, where there are any."""
    assert (found.baseline, found.program) == pytest.approx((expected.baseline, expected.program), rel=rel)
    for mine, theirs in ((found.delta_pct, expected.delta_pct), (found.ci95, expected.ci95)):
        assert (mine is None) == (theirs is None)
        assert mine is None or mine == pytest.approx(theirs, rel=rel, abs=1e-9)


# --- the ratio and its error -------------------------------------------------------------------------------------------
def moments(program: Any, baseline: Any) -> Moments:
    """Exact sums of Python's integers."""
    pairs = list(zip([int(each) for each in baseline], [int(each) for each in program], strict=True))
    return Moments(
        len(pairs), sum(a for a, _ in pairs), sum(b for _, b in pairs), sum(a * a for a, _ in pairs), sum(a * b for a, b in pairs),
        sum(b * b for _, b in pairs),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [10, 10**6, 10**11])
def test_the_paired_ratio_is_that_of_numpy(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    baseline = rng.integers(0, size, 500)
    program = baseline + np.where(rng.random(500) < 0.3, rng.integers(0, size // 5, 500), 0)
    sums = moments(program, baseline)
    same(paired_total(sums), oracle.paired_ratio(program.astype(float), baseline.astype(float), as_total=True))
    same(paired_mean(sums), oracle.paired_ratio(program.astype(float), baseline.astype(float), as_total=False))


def test_a_constant_factor_has_no_error_however_large_the_figures() -> None:
    """Every customer buys three times as much: exactly 200 %, where a float's rounding would invent a spread."""
    baseline = [10**12 + 7 * k for k in range(1000)]
    found = paired_total(moments([3 * each for each in baseline], baseline))
    assert found.delta_pct == 200
    assert found.ci95 == (200, 200)


def test_nothing_to_compare_with() -> None:
    assert paired_total(Moments(3, 0, 5, 0, 0, 9)) == PairedRatio(0, 5, None, None)
    assert paired_mean(Moments(0, 0, 0, 0, 0, 0)) == PairedRatio(0, 0, None, None)
    assert paired_total(Moments(1, 2, 3, 4, 6, 9)).ci95 is None


# --- against the ledgers -----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module", params=["mos_burger", "mitsui_outlet", "climbing", "refunded", "few_join"])
def run(request: pytest.FixtureRequest) -> Run:
    made: Run = RUNS[request.param]()
    return made


class Customers(NamedTuple):
    """Figures of each customer in the baseline and in the program's world: float64[2, customers], from the ledgers."""

    purchases: Any
    sales: Any
    wait: Any
    last: Any
    first: Any


def customers(run: Run) -> Customers:
    assert run.ledgers is not None
    found: list[list[Any]] = [[], [], [], [], []]
    for ledger in run.ledgers[::-1]:
        bought = ledger.column("kind") == PURCHASE
        member, day, money = (ledger.column(name)[bought] for name in ("member", "day", "money"))
        days = [np.sort(day[member == i]) for i in range(ledger.customers)]
        found[0].append([len(each) for each in days])
        found[1].append(np.bincount(member, money, ledger.customers))
        found[2].append([each[1] - each[0] if len(each) > 1 else NEVER for each in days])
        found[3].append([each[-1] if len(each) else -1 for each in days])
        found[4].append([each[0] if len(each) else -1 for each in days])
    return Customers(*(np.array(each, dtype=float) for each in found))


def test_lift_is_that_of_the_ledgers(run: Run) -> None:
    assert run.ledgers is not None
    found, expected = lift(run.pairs), oracle.lift(*run.ledgers)
    same(found.purchases, expected.purchases)
    same(found.sales, expected.sales)
    same(found.repurchase_rate, expected.repurchase_rate)
    curve, table = repurchase_curve(run.pairs, CURVE_DAYS), oracle.repurchase_curve(*run.ledgers, CURVE_DAYS)
    for name, column in table.items():
        assert curve[name] == pytest.approx(column, rel=1e-9, abs=1e-12), name


def test_further_figures_are_those_of_the_ledgers(run: Run) -> None:
    each, found = customers(run), lift(run.pairs)
    came = each.purchases.any(axis=0)
    for days, ratio in ((30, found.repurchase_30), (90, found.repurchase_90)):
        again = (each.wait <= days).astype(float)
        same(ratio, oracle.paired_ratio(again[1][came], again[0][came], as_total=False))
    active = (each.last > run.scenario.last_day - 365).astype(float)
    same(found.active_members, oracle.paired_ratio(active[1], active[0], as_total=True))
    gaps = np.maximum(each.purchases - 1, 0)
    means = (each.last - each.first).sum(axis=1) / gaps.sum(axis=1)
    assert (found.interval_days.baseline, found.interval_days.program) == pytest.approx(means, rel=1e-12)


def test_purchases_by_world_are_those_of_the_ledgers(run: Run) -> None:
    """A customer's purchases on the same day in both worlds are the same ones (amounts may differ: a basket may be topped up)."""
    assert run.ledgers is not None
    within, without = (
        Counter(zip(*(ledger.rows[ledger.column("kind") == PURCHASE][:, [0, 2]].T.tolist()), strict=True))
        for ledger in run.ledgers
    )
    expected = {
        "baseline_only": (without - within).total(), "both": (within & without).total(), "program_only": (within - without).total(),
    }  # fmt: skip
    assert purchases_by_world(run.pairs) == expected
    assert expected["program_only"] > 0


def test_groups_are_those_of_the_ledgers(run: Run) -> None:
    assert run.ledgers is not None
    scenario, ledger = run.scenario, run.ledgers[0]
    each = customers(run)
    terms = population_terms(scenario.population, scenario.start_day, scenario.last_day + 1)
    rank = draw_members(scenario.population, terms, scenario.seed, 0, scenario.members).u_rate
    moves = oracle.tier_moves(ledger)
    highest = np.where((ledger.joined < NEVER) & bool(ledger.tier_names), 0, -1)
    np.maximum.at(highest, moves.member, moves.after)
    fifths = by_segment(run.pairs)
    assert len(fifths) == len(SEGMENT_NAMES)
    groups = [(found, (rank * 5).astype(int) == place) for place, found in enumerate(fifths)]
    groups += [(found, highest == place) for place, found in enumerate(by_tier(run.pairs), -1)]
    for found, chosen in groups:
        assert found.customers == chosen.sum()
        same(found.purchases, oracle.paired_ratio(*each.purchases[::-1, chosen], as_total=True))
        same(found.sales, oracle.paired_ratio(*each.sales[::-1, chosen], as_total=True))
        came = chosen & each.purchases.any(axis=0)
        again = (each.wait <= 365).astype(float)[:, came]
        same(found.repurchase_rate, oracle.paired_ratio(again[1], again[0], as_total=False))
    assert (
        sum(found.customers for found in fifths)
        == sum(found.customers for found in by_tier(run.pairs))
        == scenario.members
    )


def test_members_against_non_members(run: Run) -> None:
    assert run.ledgers is not None
    each, joined = customers(run), run.ledgers[0].joined < NEVER
    found = naive(run.pairs)
    assert (found.members, found.non_members) == (joined.sum(), (~joined).sum())
    if joined.all():
        assert found.purchases is None and found.purchases_delta_pct is None
        return
    means = each.purchases[1][joined].mean(), each.purchases[1][~joined].mean()
    assert found.purchases == pytest.approx(means)
    assert found.purchases_delta_pct == pytest.approx(100 * (means[0] / means[1] - 1))
    assert found.sales == pytest.approx((each.sales[1][joined].mean(), each.sales[1][~joined].mean()))
    true = lift(run.pairs).purchases.delta_pct
    assert true is not None and found.purchases_delta_pct > 5 * true, "who joins is who buys often"


def costs(run: Run, redeemed: Any, vouchers: Any) -> tuple[Cost, Cost]:
    """A point costs .7 minor units, a voucher its face."""
    return Cost(Fraction(0), Fraction(0)), Cost(Fraction(7, 10) * int(redeemed.sum()), Fraction(int(vouchers.sum())))


def test_margin_is_that_of_the_ledgers(run: Run) -> None:
    """Customer by customer: .4 of sales, less .7 a point redeemed and the vouchers."""
    panel, ledger = worlds(run)[0]
    assert panel.counts[0] == ledger.customers
    kind, points, money, member = (ledger.column(name) for name in ("kind", "points", "money", "member"))
    used = np.isin(kind, (REDEEM, RETURN))
    redeemed = -np.bincount(member[used], points[used], ledger.customers)
    vouchers = np.bincount(member[kind == VOUCHER], money[kind == VOUCHER], ledger.customers)
    each = customers(run)
    cost_0, cost_1 = costs(run, redeemed, vouchers)
    assert redeemed.sum() > 0
    cost = 0.7 * redeemed + vouchers
    expected = oracle.paired_ratio(0.4 * each.sales[1] - cost, 0.4 * each.sales[0], as_total=True)
    same(margin(run.pairs, Fraction(2, 5), cost_0, cost_1), expected, rel=1e-9)
    found = cost_share(run.pairs, cost_1)
    assert found is not None and found[1] is not None
    share = cost.sum() / each.sales[1].sum()
    error = Z95 * np.std(cost - share * each.sales[1], ddof=1) / each.sales[1].mean() / math.sqrt(len(cost))
    assert found[0] == pytest.approx(share, rel=1e-9)
    assert found[1] == pytest.approx((share - error, share + error), rel=1e-9)


def test_return_on_spend_is_that_of_the_customers(run: Run) -> None:
    """(.4 of additional sales - spend) / spend, customer by customer; fees are none in these programs."""
    ledger = worlds(run)[0][1]
    kind, points, money, member = (ledger.column(name) for name in ("kind", "points", "money", "member"))
    used = np.isin(kind, (REDEEM, RETURN))
    redeemed = -np.bincount(member[used], points[used], ledger.customers)
    vouchers = np.bincount(member[kind == VOUCHER], money[kind == VOUCHER], ledger.customers)
    each = customers(run)
    cost = 0.7 * redeemed + vouchers
    gained = 0.4 * (each.sales[1] - each.sales[0])
    found = return_on_spend(run.pairs, Fraction(2, 5), *costs(run, redeemed, vouchers))
    assert found is not None and found[1] is not None
    ratio = gained.sum() / cost.sum()
    error = Z95 * np.std(gained - ratio * cost, ddof=1) * math.sqrt(len(cost)) / cost.sum()
    assert found[0] == pytest.approx(ratio - 1, rel=1e-9)
    assert found[1] == pytest.approx((ratio - 1 - error, ratio - 1 + error), rel=1e-9)


@pytest.mark.parametrize("what", ["purchase", "sales"])
def test_cost_per_added_is_that_of_the_customers(run: Run, what: str) -> None:
    """Mean cost over mean addition; at the ends of the interval the mean of (cost - r * added) is 1.96 of its standard errors from 0."""
    ledger = worlds(run)[0][1]
    kind, points, money, member = (ledger.column(name) for name in ("kind", "points", "money", "member"))
    used = np.isin(kind, (REDEEM, RETURN))
    redeemed = -np.bincount(member[used], points[used], ledger.customers)
    vouchers = np.bincount(member[kind == VOUCHER], money[kind == VOUCHER], ledger.customers)
    each = customers(run)
    figures = each.purchases if what == "purchase" else each.sales
    cost, added = 0.7 * redeemed + vouchers, figures[1] - figures[0]
    found = cost_per_added(run.pairs, what, *costs(run, redeemed, vouchers))
    spread = Z95 * np.std(added, ddof=1) / math.sqrt(len(added))
    assert (found is None) == (abs(added.mean()) <= spread)
    if found is not None:
        assert found[0] == pytest.approx(cost.sum() / added.sum(), rel=1e-9)
        for end, sign in zip(found[1], (1, -1), strict=True):
            away = cost - end * added
            assert away.mean() / (np.std(away, ddof=1) / math.sqrt(len(away))) == pytest.approx(sign * Z95, rel=1e-6)


def test_where_nothing_may_have_been_added_no_ratio_is_told() -> None:
    """Four customers, added 3, -3, 3, -2: mean .25 with a standard error of 1.6. And three who each add 2 at a cost of 6: 3 each, no doubt."""
    squares = Fraction(4), Fraction(1), Fraction(31)
    assert fieller(4, Fraction(4), Fraction(1), squares) is None
    assert fieller(1, Fraction(4), Fraction(1), squares) is None
    assert fieller(3, Fraction(18), Fraction(6), (Fraction(108), Fraction(36), Fraction(12))) == (3.0, (3.0, 3.0))


# --- intervals by another method ---------------------------------------------------------------------------------------
def drawn(count: int, seed: int = 7) -> list[tuple[list[int], list[int], list[int]]]:
    """Customers with days, amounts in the baseline and amounts in the program's world."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        n = 1 + rng.poisson(rng.gamma(2, 4))
        amount = rng.integers(100, 10_000, n)
        kept, added = rng.random(n) < 0.85, rng.random(n) < 0.9
        found.append((
            np.sort(rng.integers(LAST - 729, LAST + 1, n)).tolist(), np.where(kept, amount, -1).tolist(),
            np.where(added, amount, -1).tolist(),
        ))  # fmt: skip
    return found


def folded(lives: list[tuple[list[int], list[int], list[int]]], tier: Callable[[int], int] = lambda k: -1) -> PairPanel:
    pair, story = blank_pairs(LAST, 2), Story()
    for k, (day, baseline, program) in enumerate(lives):
        fold_pair(pair, len(day), day, baseline, program, NEVER, tier(k), k % 5, story, story)
    return pair


def test_the_interval_of_the_mean_gap_is_that_of_the_jackknife() -> None:
    """Leave out one customer at a time: an error that knows nothing of the linearisation (Efron & Tibshirani 1993, 11.5)."""
    lives = drawn(1500)
    parts = np.zeros((len(lives), 4))
    for row, (day, *worlds_) in zip(parts, lives, strict=True):
        for world, bought in enumerate(worlds_):
            days = [d for d, amount in zip(day, bought, strict=True) if amount >= 0]
            row[2 * world : 2 * world + 2] = (days[-1] - days[0], len(days) - 1) if days else (0, 0)
    sums = parts.sum(axis=0) - parts
    left_out = 100 * (sums[:, 2] / sums[:, 3]) / (sums[:, 0] / sums[:, 1])
    n = len(lives)
    error = Z95 * math.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum())
    found = lift(folded(lives)).interval_days
    assert found.ci95 is not None and found.delta_pct is not None
    assert (found.ci95[1] - found.ci95[0]) / 2 == pytest.approx(error, rel=0.01)
    assert sum(found.ci95) / 2 == pytest.approx(found.delta_pct)


# --- compiled, in parts ------------------------------------------------------------------------------------------------
@njit
def _compiled(pair, count, day, baseline, program, joined, tier, segment, story_0, story_1):  # type: ignore[no-untyped-def]
    fold_pair(pair, count, day, baseline, program, joined, tier, segment, story_0, story_1)


def test_compiled_and_plain_folds_are_the_same_and_parts_add_up() -> None:
    rng = np.random.default_rng(2)
    whole, plain = blank_pairs(LAST, 2), blank_pairs(LAST, 2)
    parts = [blank_pairs(LAST, 2) for _ in range(3)]
    for k, (day, baseline, program) in enumerate(drawn(200)):
        large = [each * 10**9 if each >= 0 and k % 7 == 0 else each for each in program]
        values = [rng.integers(-5, 10**6, len(Story.__slots__)).tolist() for _ in range(2)]
        stories = [records(Story, 1)[0] for _ in range(2)]
        for story, each in zip(stories, values, strict=True):
            for name, value in zip(Story.__slots__, each, strict=True):
                setattr(story, name, value)
        arrays = [np.array(each) for each in (day, baseline, large)]
        joined, tier, segment = (NEVER if k % 3 else LAST - 5), k % 4 - 1 if k % 4 < 3 else -1, segment_of(rng.random())
        for pair in (whole, parts[k % 3]):
            _compiled(pair, len(day), *arrays, joined, tier, segment, *stories)
        fold_pair(
            plain, len(day), day, baseline, large, joined, tier, segment, *(Story().load(each) for each in values)
        )
    assert np.array_equal(whole.cells, plain.cells)
    added = merge_pairs(merge_pairs(parts[2], parts[0]), parts[1])
    assert np.array_equal(added.cells, whole.cells)
    with pytest.raises(ValueError, match="different runs"):
        merge_pairs(whole, blank_pairs(LAST + 1, 2))


# --- by hand -----------------------------------------------------------------------------------------------------------
def test_three_customers_by_hand() -> None:
    """A: buys on days 0, 20 and 400 before the end of 1000 in the baseline, and on day 60 too in the program's world. B: on day 900 in the
    baseline only. C: never. With the end on day 999, the last 365 days begin on day 635."""
    pair, stories = blank_pairs(999, 2), (Story(), Story())
    fold_pair(pair, 4, [0, 20, 60, 400], [100, 200, -1, 300], [100, 200, 50, 300], 0, 1, 4, *stories)
    fold_pair(pair, 2, [900, 901], [500, -1], [-1, -1], NEVER, -1, 0, *stories)
    fold_pair(pair, 1, [5], [-1], [-1], NEVER, -1, 0, *stories)
    assert purchases_by_world(pair) == {"baseline_only": 1, "both": 3, "program_only": 1}
    found = lift(pair)
    assert (found.purchases.baseline, found.purchases.program, found.purchases.delta_pct) == (4, 4, 0)
    assert (found.sales.baseline, found.sales.program) == (1100, 650)
    assert found.sales.delta_pct == pytest.approx(-450 / 11)
    assert (found.repurchase_rate.baseline, found.repurchase_rate.program) == (0.5, 0.5)  # C is not asked
    assert (found.repurchase_30.baseline, found.repurchase_90.program) == (0.5, 0.5)
    assert (found.active_members.baseline, found.active_members.program) == (1, 0)
    assert (found.interval_days.baseline, found.interval_days.program) == (200, pytest.approx(400 / 3))
    assert [each.customers for each in by_segment(pair)] == [2, 0, 0, 0, 1]
    assert [each.customers for each in by_tier(pair)] == [2, 0, 1]
    assert by_tier(pair)[2].purchases == PairedRatio(3, 4, pytest.approx(100 / 3), None)
    plain = naive(pair)
    assert (plain.members, plain.non_members, plain.purchases) == (1, 2, (4, 0))
    assert plain.purchases_delta_pct is None
    curve = repurchase_curve(pair, np.array([0, 19, 20, 365]))
    assert curve["program"].tolist() == curve["baseline"].tolist() == [0, 0, 0.5, 0.5]
    assert curve["difference"].tolist() == curve["high"].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("day, active", [(634, 0), (635, 1), (999, 1)])
def test_the_first_day_that_makes_active(day: int, active: int) -> None:
    pair = blank_pairs(999, 0)
    fold_pair(pair, 1, [day], [1], [1], NEVER, -1, 0, Story(), Story())
    assert lift(pair).active_members.program == active


@pytest.mark.parametrize("wait, counted", [(0, 1), (365, 1), (366, 0)])
def test_the_last_day_of_a_repurchase(wait: int, counted: int) -> None:
    pair = blank_pairs(999, 0)
    fold_pair(pair, 2, [100, 100 + wait], [1, 1], [1, -1], NEVER, -1, 0, Story(), Story())
    found = lift(pair).repurchase_rate
    assert (found.baseline, found.program) == (counted, 0)


def test_nobody_bought() -> None:
    pair = blank_pairs(999, 2)
    found = lift(pair)
    assert found.purchases == found.sales == found.repurchase_30 == PairedRatio(0, 0, None, None)
    assert found.interval_days == PairedRatio(None, None, None, None)
    assert cost_share(pair, Cost(Fraction(0), Fraction(0))) is None
    curve = repurchase_curve(pair, CURVE_DAYS)
    assert not curve["program"].any() and np.isnan(curve["low"]).all()


@pytest.mark.parametrize("u, segment", [(1e-12, 0), (0.1999, 0), (0.2, 1), (0.5, 2), (0.8, 4), (1 - 1e-12, 4)])
def test_segments_are_fifths(u: float, segment: int) -> None:
    assert segment_of(u) == segment
