"""Estimators of ultimate redemption against hand-worked and published numbers, and what holds for every triangle."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triangles import MACK_1993, genins, small_triangle, triangle_of
from workbench.errors import BadInput
from workbench.finance.redemption_rates import ESTIMATORS, METHODS, expected_redemptions, ultimate
from workbench.finance.redemption_rates.diagnostics import actual_against_expected
from workbench.finance.triangle import Triangle
from workbench.units import NEVER


# --- by hand: issued 1000, 1000, 1200, 1500; redeemed (200,150,100,50) (220,160,90) (230,190) (320) --------------------
def test_hazard_by_hand() -> None:
    """Hazards 970/4700, 500/2550 (issued 3200 less 650), 190/1270 (2000 less 730), 50/550; each cohort goes on by what is left of them."""
    left = [2050 / 2550, 1080 / 1270, 500 / 550]
    expected = [
        500,
        470 + 530 * (1 - left[2]),
        420 + 780 * (1 - left[1] * left[2]),
        320 + 1180 * (1 - left[0] * left[1] * left[2]),
    ]
    found = ultimate(small_triangle())
    assert found.method == "hazard"
    assert found.points == pytest.approx(expected, rel=1e-12)
    assert found.points == pytest.approx([500, 518.1818, 596.9936, 766.6302], abs=5e-5)


def test_chain_ladder_by_hand() -> None:
    """Factors 1150/650, 920/730, 500/450."""
    f = [1150 / 650, 920 / 730, 500 / 450]
    found = ultimate(small_triangle(), "chain_ladder")
    assert found.points == pytest.approx([500, 470 * f[2], 420 * f[1] * f[2], 320 * f[0] * f[1] * f[2]], rel=1e-12)
    assert found.points.sum() == pytest.approx(2403.1378, abs=5e-5)


def test_mack_error_of_the_last_cohorts_by_hand() -> None:
    """Cohort 2 has one factor ahead, 500/450; sigma squared of it is the least of s1^4/s0^2, s0^2, s1^2."""
    s0 = 200 * (350 / 200 - 1150 / 650) ** 2 + 220 * (380 / 220 - 1150 / 650) ** 2 + 230 * (420 / 230 - 1150 / 650) ** 2
    f0, f1, f2 = 1150 / 650, 920 / 730, 500 / 450
    s0 /= 2
    s1 = 350 * (450 / 350 - f1) ** 2 + 380 * (470 / 380 - f1) ** 2
    s2 = min(s1**2 / s0, s0, s1)
    error = 470 * f2 * sqrt(s2 / f2**2 * (1 / 470 + 1 / 450))
    found = ultimate(small_triangle(), "chain_ladder")
    assert found.errors is not None
    assert found.errors[0] == 0
    assert found.errors[1] == pytest.approx(error, rel=1e-12)
    assert found.total_error == pytest.approx(66.3135, abs=5e-5)
    assert f0 > 1


@pytest.mark.parametrize(
    "method, total",
    [("bornhuetter_ferguson", 2378.7925), ("cape_cod", 2390.2463), ("additive", 2385.875), ("chain_ladder", 2403.1378)],
)
def test_sums(method: str, total: float) -> None:
    assert ultimate(small_triangle(), method, a_priori=0.5).points.sum() == pytest.approx(total, abs=5e-5)


def test_additive_by_hand() -> None:
    """Rates 500/3200, 190/2000, 50/1000 at ages 1 to 3."""
    found = ultimate(small_triangle(), "additive").points
    assert found == pytest.approx([500, 470 + 1000 * 0.05, 420 + 1200 * 0.145, 320 + 1500 * 0.30125], rel=1e-12)


def test_liability_of_the_small_triangle() -> None:
    """With a hundredth of a unit of money deferred for each point: L = sum D (U - Q) / U."""
    triangle = small_triangle()
    u = ultimate(triangle).points
    deferred = 0.01 * triangle.issued
    assert (deferred * (u - triangle.redeemed_to_date) / u).sum() == pytest.approx(13.2264, abs=5e-5)


def test_redemptions_of_the_next_months_by_hand() -> None:
    """Of cohort 3, 780 are unredeemed; in a month 190/1270 of them, in two the rest of its life."""
    triangle = small_triangle()
    one = expected_redemptions(triangle, "hazard", 1)
    assert one == pytest.approx([0, 530 * 50 / 550, 780 * 190 / 1270, 1180 * 500 / 2550], rel=1e-12)
    assert expected_redemptions(triangle, "hazard", 3) == pytest.approx(ultimate(triangle).future, rel=1e-12)
    assert expected_redemptions(triangle, "hazard", 0) == pytest.approx([0] * 4)
    assert expected_redemptions(triangle, "additive", 1) == pytest.approx([0, 50, 1200 * 0.095, 1500 * 500 / 3200])


# --- published ---------------------------------------------------------------------------------------------------------
def test_mack_1993_on_taylor_and_ashe() -> None:
    found = ultimate(genins(), "chain_ladder")
    assert found.future.sum() == pytest.approx(18_680_855.61, abs=0.005)
    assert found.total_error == pytest.approx(2_447_094.86, abs=0.005)
    assert found.errors is not None
    assert np.round(found.future[1:]) == pytest.approx(MACK_1993["reserves"], abs=1)
    assert np.round(found.errors[1:]) == pytest.approx(MACK_1993["errors"], abs=1)


def test_an_independent_library_agrees() -> None:
    """The same ultimates and errors from chainladder, where it is installed (pip install -e .[witness])."""
    cl = pytest.importorskip("chainladder", reason="the witness is not installed: pip install -e .[witness]")
    sample = cl.load_sample("genins")
    mack = cl.MackChainladder().fit(cl.Development(sigma_interpolation="mack").fit_transform(sample))
    found = ultimate(genins(), "chain_ladder")
    assert found.future.sum() == pytest.approx(float(mack.ibnr_.sum()), rel=1e-9)
    assert found.total_error == pytest.approx(float(mack.total_mack_std_err_.values.ravel()[0]), rel=1e-9)
    exposure = sample.latest_diagonal * 0 + 10**8
    given = cl.BornhuetterFerguson(apriori=0.06).fit(sample, sample_weight=exposure)
    ours = ultimate(genins(), "bornhuetter_ferguson", a_priori=0.06)
    assert ours.future.sum() == pytest.approx(float(given.ibnr_.sum()), rel=1e-9)
    cape_cod = cl.CapeCod().fit(sample, sample_weight=exposure)
    assert ultimate(genins(), "cape_cod").future.sum() == pytest.approx(float(cape_cod.ibnr_.sum()), rel=1e-9)


# --- edges -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ESTIMATORS)
def test_nothing_redeemed(method: str) -> None:
    """Nothing was ever redeemed: no method expects anything but Bornhuetter-Ferguson what it is told, and the chain ladder says nothing."""
    found = ultimate(triangle_of([100, 100], [(0, 0), (0,)]), method, a_priori=0.5)
    assert found.points == pytest.approx([0, 0])
    if method != "hazard":
        assert found.warnings or method == "additive"


@pytest.mark.parametrize("method", ESTIMATORS)
def test_one_cohort(method: str) -> None:
    found = ultimate(triangle_of([100], [(30,)]), method, a_priori=0.5)
    assert found.points == pytest.approx([30])
    assert found.rate == pytest.approx(0.3)


@pytest.mark.parametrize("method", ESTIMATORS)
def test_everything_redeemed(method: str) -> None:
    found = ultimate(triangle_of([100, 100, 100], [(60, 40, 0), (60, 40), (60,)]), method, a_priori=1.0)
    assert found.points == pytest.approx([100, 100, 100])


def test_a_chain_ladder_from_nothing_says_nothing() -> None:
    """The youngest cohort has redeemed nothing yet; the older ones did later."""
    triangle = triangle_of([100, 100], [(0, 40), (0,)])
    found = ultimate(triangle, "chain_ladder")
    assert np.isnan(found.points[1])
    assert found.rate is None and found.errors is None
    assert "1 cohorts have redeemed nothing yet" in found.warnings[-1]
    assert ultimate(triangle, "bornhuetter_ferguson", a_priori=0.5).points == pytest.approx([40, 50])
    assert ultimate(triangle, "hazard").points == pytest.approx([40, 40])


def test_a_chain_ladder_beyond_what_there_is_is_cut_and_said() -> None:
    """480 of 500 redeemed, factor 2: 960 expected of 500."""
    found = ultimate(triangle_of([500, 500], [(200, 200), (480,)]), "chain_ladder")
    assert found.raw == pytest.approx([400, 960])
    assert found.points == pytest.approx([400, 500])
    assert "1 cohorts are expected to redeem more than they hold" in found.warnings[-1]


def test_points_that_lapsed_are_never_redeemed() -> None:
    """Everything of the second cohort but 5 points has lapsed early: no more than 25 can be redeemed of it."""
    expired = np.array([[0, 0, 0], [0, 75, 0], [0, 0, 0]])
    found = ultimate(triangle_of([100, 100, 100], [(20, 20, 20), (20, 0), (20,)], expired=expired))
    assert found.points[1] == 25


def test_a_cohort_is_at_risk_to_its_own_last_age() -> None:
    """Points of the first cohort live to age 2, of the others to age 1: 40 of 80 at age 1 (of all), 20 of 60 at age 2 (the first's alone)."""
    triangle = triangle_of([100, 100, 100], [(20, 20, 20), (20, 20), (20,)], last_age=np.array([2, 1, 1]))
    assert ultimate(triangle).points == pytest.approx([60, 40, 40])
    blind = triangle_of([100, 100, 100], [(20, 20, 20), (20, 20), (20,)])
    assert ultimate(blind).points == pytest.approx([60, 60, 60])


# --- tails -------------------------------------------------------------------------------------------------------------
def halving(tail: str | None, last_age: int | None, method: str = "hazard") -> object:
    """One old cohort whose hazard halves with each age: 1/2, 1/4, 1/8, 1/16, 1/32, 1/64 of what is left."""
    issued, left, row = 2**21 * 3 * 7 * 15 * 31, 2**21 * 3 * 7 * 15 * 31, []
    for k in range(1, 7):
        row.append(left >> k)
        left -= row[-1]
    last = None if last_age is None else np.array([last_age])
    return ultimate(triangle_of([issued], [row], last_age=last), method, tail=tail)  # type: ignore[arg-type]


def test_an_exponential_tail_to_the_last_age() -> None:
    """Points live two ages beyond the last seen: hazards 1/128 and 1/256 follow."""
    found = halving(None, 7)
    left = np.prod([1 - 0.5**k for k in range(1, 9)])
    assert found.rate == pytest.approx(1 - left, rel=1e-6)
    assert (found.tail.method, found.tail.first_age, found.tail.last_age) == ("exponential", 6, 7)
    assert found.tail.factor == pytest.approx(0.5, rel=1e-6)
    assert found.tail.r_squared == pytest.approx(1)
    assert "falls by the factor 0.500" in found.notes[0]


def test_an_endless_tail() -> None:
    """Points never lapse; the product over all k of 1 - 2**-k is 0.288788095 (Euler's function at 1/2)."""
    assert halving(None, NEVER).rate == pytest.approx(1 - 0.288788095, abs=2e-6)
    for method in ("bornhuetter_ferguson", "cape_cod", "additive", "chain_ladder"):
        assert halving(None, NEVER, method).rate == pytest.approx(1 - 0.288788095, abs=2e-6)


def test_a_level_tail() -> None:
    """Weighted by points redeemed, the last three hazards have a mean between them; two ages more at that level."""
    found = halving("level", 7)
    thin = [1 / 16, 1 / 32, 1 / 64]
    weights = [thin[0], (1 - thin[0]) * thin[1], (1 - thin[0]) * (1 - thin[1]) * thin[2]]
    level = sum(a * b for a, b in zip(thin, weights, strict=True)) / sum(weights)
    seen = np.prod([1 - 0.5**k for k in range(1, 7)])
    assert found.rate == pytest.approx(1 - seen * (1 - level) ** 2, rel=1e-6)


def test_no_tail_is_said_too() -> None:
    for found in (halving(None, None), halving("none", NEVER)):
        assert found.notes[0] == "tail: no redemption is expected after age 5"
        assert found.rate == pytest.approx(1 - np.prod([1 - 0.5**k for k in range(1, 7)]))


def test_a_tail_that_does_not_fall_is_refused_where_points_never_lapse() -> None:
    found = ultimate(triangle_of([1000], [(0, 0, 10, 20, 40, 80)], last_age=np.array([NEVER])))
    assert found.points == pytest.approx([150])
    assert "the hazard does not fall with age" in found.warnings[0]


def test_a_tail_that_does_not_fall_is_kept_level_to_the_last_age() -> None:
    """The last three of six ages: 10 of 990, 20 of 980 and 40 of 960 left. Level at the mean of the three by points redeemed, for two more."""
    found = ultimate(triangle_of([1000], [(0, 5, 5, 10, 20, 40)], last_age=np.array([7])))
    level = (10 * 10 / 990 + 20 * 20 / 980 + 40 * 40 / 960) / 70
    assert found.points == pytest.approx([80 + 920 * (1 - (1 - level) ** 2)])
    assert found.tail.method == "level"
    assert found.warnings == ("the hazard does not fall with age: beyond the last one it is kept level",)


# --- what holds for every triangle -------------------------------------------------------------------------------------
@st.composite
def triangles(draw: st.DrawFn) -> Triangle:
    """Up to seven cohorts; what is redeemed never exceeds what is left, and may lapse at the end."""
    size = draw(st.integers(1, 7))
    issued, rows = [], []
    for k in range(size):
        left = draw(st.integers(0, 10_000))
        issued.append(left)
        row = []
        for _ in range(size - k):
            row.append(draw(st.integers(0, left)))
            left -= row[-1]
        rows.append(row)
    last = draw(st.sampled_from([None, NEVER, size - 1, size + 3]))
    return triangle_of(issued, rows, last_age=None if last is None else np.full(size, last))


@settings(max_examples=200, deadline=None)
@given(triangles())
def test_the_hazard_stays_within_what_is_there(triangle: Triangle) -> None:
    found = ultimate(triangle)
    slack = 1e-9 * (1 + triangle.issued)
    assert (found.raw >= triangle.redeemed_to_date - slack).all()
    assert (found.raw <= triangle.issued + slack).all()
    assert (np.diff(found.course, axis=1) >= -1e-6).all()
    ahead = [found.within(k) for k in range(found.course.shape[1] + 1)]
    assert (np.diff(ahead, axis=0) >= -1e-6).all()
    assert ahead[-1] == pytest.approx(found.future)


@settings(max_examples=100, deadline=None)
@given(triangles(), st.sampled_from(ESTIMATORS))
def test_every_method_stays_within_what_is_there(triangle: Triangle, method: str) -> None:
    found = ultimate(triangle, method, a_priori=0.7)
    known = ~np.isnan(found.points)
    assert known.all() or method == "chain_ladder"
    assert (found.points[known] >= triangle.redeemed_to_date[known]).all()
    assert (found.points[known] <= triangle.issued[known]).all()


@settings(max_examples=50, deadline=None)
@given(triangles(), st.integers(2, 9), st.sampled_from(ESTIMATORS))
def test_points_may_be_counted_in_other_units(triangle: Triangle, times: int, method: str) -> None:
    """Ten points for one: every ultimate is ten times as high."""
    more = triangle_of(triangle.issued * times, list(triangle.redeemed * times), last_age=triangle.last_age)
    one, other = (ultimate(each, method, a_priori=0.3).raw for each in (triangle, more))
    np.testing.assert_allclose(other, one * times, rtol=1e-9, atol=1e-9)


# --- mistakes ----------------------------------------------------------------------------------------------------------
def test_mistakes_are_named() -> None:
    triangle = small_triangle()
    with pytest.raises(BadInput, match=r"method: expected one of: hazard, .*did you mean 'cape_cod'"):
        ultimate(triangle, "cape cod")
    with pytest.raises(BadInput, match=r"a_priori: expected a rate from 0 to 1, found 1.2"):
        ultimate(triangle, "bornhuetter_ferguson", a_priori=1.2)
    with pytest.raises(BadInput, match="run_off is a simulation"):
        ultimate(triangle, "run_off")
    assert (*ESTIMATORS, "run_off") == METHODS


def test_a_run_off_is_put_where_it_belongs() -> None:
    """Two periods ahead: cohort 4 redeems 10 and then 5 more."""
    ahead = np.array([[0, 0], [3, 0], [4, 4], [10, 5]], dtype=float)
    found = ultimate(small_triangle(), "run_off", run_off=ahead)
    assert found.points == pytest.approx([500, 473, 428, 335])
    assert found.within(1) == pytest.approx([0, 3, 4, 10])


# --- hindsight ---------------------------------------------------------------------------------------------------------
def test_actual_against_expected_by_hand() -> None:
    """At the end of month 3, hazards are 650/3200, (150 + 160)/1580 and 100/650. In month 4, cohort 2 redeems at 100/650 of 620, cohort 3 at
    310/1580 of 970; of cohort 1 nothing could be expected, as nobody had been so old."""
    *_, last = actual_against_expected(small_triangle())
    assert last.cohorts.tolist() == [1, 2]
    assert last.actual.tolist() == [90, 190]
    assert last.expected == pytest.approx([620 * 100 / 650, 970 * 310 / 1580])
    assert last.error_pct == pytest.approx(100 * ((620 * 100 / 650 + 970 * 310 / 1580) / 280 - 1))
