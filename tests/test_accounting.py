"""The engine of contract liabilities: published examples to the cent, hand-worked cases, and what holds of any cohort."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.finance.accounting.cohort import (
    Cohort,
    Flow,
    Movement,
    NoRedemptionExpected,
    Overdrawn,
    allocate,
    step,
)
from workbench.finance.accounting.rounding import apportion, half_up

NOUGHT = Fraction(0)


def live(
    deferred: int | Fraction, issued: int, *steps: tuple[int, int, int, int | str | Fraction], remit: bool = False
) -> list[tuple[Cohort, Flow]]:
    """A cohort issued in the first step; each step: redeemed, expired, reversed, ultimate."""
    cohort, found = Cohort(), []
    for place, (redeemed, expired, reversed_, ultimate) in enumerate(steps):
        sold, money = (issued, Fraction(deferred)) if place == 0 else (0, NOUGHT)
        movement = Movement(sold=sold, redeemed=redeemed, expired=expired, reversed=reversed_)
        cohort, flow = step(
            cohort, movement, money, Fraction(ultimate) if place == 0 else NOUGHT, Fraction(ultimate), remit
        )
        found.append((cohort, flow))
    return found


# --- published ---------------------------------------------------------------------------------------------------------
def test_ifrs_15_illustrative_example_52() -> None:
    """Sales of 100,000, 10,000 points at a stand-alone price of 0.95: every figure as published, and as worked by hand to four decimals."""
    points = allocate(Fraction(100_000), Fraction(100_000), Fraction(9_500))
    goods = allocate(Fraction(100_000), Fraction(9_500), Fraction(100_000))
    assert [f"{float(each):.4f}" for each in (goods, points)] == ["91324.2009", "8675.7991"]
    assert [half_up(each) for each in (goods, points)] == [91_324, 8_676]
    (_, first), (_, second) = live(points, 10_000, (4_500, 0, 0, 9_500), (4_000, 0, 0, 9_700))
    assert [f"{float(each):.4f}" for each in (first.revenue, first.closing)] == ["4109.5890", "4566.2100"]
    assert [half_up(each) for each in (first.revenue, first.closing)] == [4_110, 4_566]
    assert [f"{float(each):.4f}" for each in (second.revenue, second.closing)] == ["3492.9153", "1073.2947"]
    assert [half_up(each) for each in (second.revenue, second.closing)] == [3_493, 1_073]
    assert [f"{float(each):.4f}" for each in (second.reestimate, second.redeemed)] == ["-84.7338", "3577.6491"]
    assert second.opening == first.closing and second.expiry == 0


def test_gift_card() -> None:
    """1,000 sold, 10 % expected never to be spent, 400 spent: breakage revenue 44.44, liability 555.56; 40 would strand revenue."""
    ((card, flow),) = live(100_000, 100_000, (40_000, 0, 0, 90_000))
    assert half_up(flow.redeemed - 40_000) == 4_444
    assert half_up(flow.closing) == 55_556
    assert card.rate_outstanding == Fraction(50_000, 60_000)


def test_cohorts_are_not_pooled() -> None:
    """D = 100, Q = U = 80 and D = 100, Q = 0, U = 50: the second is all owed. Pooled they would come to 76.92."""
    done = Cohort(sold=100, redeemed=80, expired=20, deferred=Fraction(100), ultimate=Fraction(80))
    young = Cohort(sold=100, deferred=Fraction(100), ultimate=Fraction(50))
    assert done.liability + young.liability == 100
    pooled = Cohort(sold=200, redeemed=80, expired=20, deferred=Fraction(200), ultimate=Fraction(130))
    assert f"{float(pooled.liability):.2f}" == "76.92"


# --- by hand -----------------------------------------------------------------------------------------------------------
def test_full_expiry_is_a_true_up() -> None:
    """D = 900 of 100 points, 60 expected; 30 redeemed, then the rest lapses: 450 first, the other 450 when U falls to Q = 30."""
    (_, first), (last, second) = live(900, 100, (30, 0, 0, 60), (0, 70, 0, 60))
    assert (first.redeemed, first.closing) == (450, 450)
    assert (second.expiry, second.redeemed, second.reestimate, second.closing) == (450, 0, 0, 0)
    assert last.recognised == 900 and last.ultimate == 30


def test_partial_expiry_lowers_what_can_be_expected() -> None:
    """100 points, 90 expected, 30 redeemed (D = 900: 300); 40 lapse, so 60 can be redeemed at most: 30 * 900 * (1/60 - 1/90) = 150."""
    _, (_, flow) = live(900, 100, (30, 0, 0, 90), (0, 40, 0, 60))
    assert (flow.opening, flow.expiry, flow.reestimate, flow.closing) == (600, 150, 0, 450)


def test_nothing_was_ever_redeemed() -> None:
    (_, first), (last, second) = live(900, 100, (0, 0, 0, 60), (0, 100, 0, 0))
    assert (first.closing, second.expiry, second.closing) == (900, 900, 0)
    assert last.recognised == 900


def test_points_given_back_take_revenue_back() -> None:
    """30 redeemed of 60 expected (D = 900), 10 given back: revenue falls by 900 * 10 / 60."""
    _, (cohort, flow) = live(900, 100, (30, 0, 0, 60), (-10, 0, 0, 60))
    assert (flow.redeemed, flow.closing, cohort.redeemed) == (-150, 600, 20)


def test_a_refund_of_unspent_points_moves_no_revenue() -> None:
    """D = 900 of 100 points, 60 expected, 30 redeemed; 20 are taken back: N 80, D 720, U 48; 720 * 30 / 48 = 450 as before."""
    _, (cohort, flow) = live(900, 100, (30, 0, 0, 60), (0, 0, 20, 48))
    assert (cohort.issued, cohort.deferred, flow.reversed, flow.revenue, flow.closing) == (80, 720, 180, 0, 270)


def test_a_refund_of_points_already_spent_closes_without_a_negative_cohort() -> None:
    """All 100 redeemed, then the order comes back: N 0, Q 100. What was recognised goes back; the member owes 100 points."""
    _, (cohort, flow) = live(900, 100, (100, 0, 0, 100), (0, 0, 100, 100))
    assert (cohort.issued, cohort.redeemed, cohort.outstanding, cohort.overdrawn) == (0, 100, 0, 100)
    assert (cohort.deferred, cohort.liability, flow.reversed, flow.reestimate, flow.closing) == (0, 0, 900, -900, 0)


def test_reversals_take_points_of_the_sale_first() -> None:
    """60 points with a sale, 40 without; 30 come back with half of the sale: D halves."""
    before, _ = step(Cohort(), Movement(sold=60, given=40), Fraction(600), Fraction(80), Fraction(80))
    after, flow = step(before, Movement(reversed=30), NOUGHT, NOUGHT, Fraction(56))
    assert (after.sold, after.given, after.deferred, flow.reversed) == (30, 40, 300, 300)
    assert after.expected_given == Fraction(56 * 40, 70)


def test_what_lapses_may_be_owed_to_another_party() -> None:
    """Unclaimed property: D = 1000 of 100 points, U is always what can be redeemed; 30 redeemed: 300; 20 lapse: 200 to the state."""
    (_, first), (cohort, second) = live(1000, 100, (30, 0, 0, 100), (10, 20, 0, 80), remit=True)
    assert (first.redeemed, first.remitted, first.closing) == (300, 0, 700)
    assert (second.redeemed, second.remitted, second.expiry, second.reestimate, second.closing) == (100, 200, 0, 0, 400)
    assert cohort.deferred == 800


@pytest.mark.parametrize(
    "cohort, liability",
    [
        (Cohort(sold=100, deferred=Fraction(50), ultimate=Fraction(70)), 50),  # nothing redeemed: all of it
        (
            Cohort(sold=100, redeemed=70, deferred=Fraction(50), ultimate=Fraction(70)),
            0,
        ),  # all that is expected is redeemed
        (
            Cohort(sold=100, redeemed=20, expired=80, deferred=Fraction(50), ultimate=Fraction(20)),
            0,
        ),  # nothing outstanding
        (Cohort(sold=0, redeemed=0, deferred=NOUGHT, ultimate=NOUGHT), 0),
        (Cohort(sold=100, expired=100, deferred=Fraction(50), ultimate=NOUGHT), 0),  # O = 0 goes before U = 0
    ],
)
def test_limits(cohort: Cohort, liability: int) -> None:
    assert cohort.liability == liability
    assert cohort.recognised == cohort.deferred - liability


def test_no_redemption_expected_is_refused_by_name() -> None:
    with pytest.raises(NoRedemptionExpected, match="expected redemption is 0 with 100 units outstanding"):
        _ = Cohort(sold=100, deferred=Fraction(50)).liability
    with pytest.raises(NoRedemptionExpected):
        live(50, 100, (0, 0, 0, 0))


@pytest.mark.parametrize(
    "movement, ultimate, error, message",
    [
        (Movement(reversed=101), 50, Overdrawn, "101 reversed of 100 issued"),
        (Movement(redeemed=-1), 50, Overdrawn, "more was given back"),
        (Movement(redeemed=60), 50, ValueError, "from 60 to 100, found 50"),
        (Movement(expired=30), 71, ValueError, "from 0 to 70, found 71"),
    ],
)
def test_what_cannot_be(movement: Movement, ultimate: int, error: type[Exception], message: str) -> None:
    ((start, _),) = live(90, 100, (0, 0, 0, 60))
    with pytest.raises(error, match=message):
        step(start, movement, NOUGHT, NOUGHT, Fraction(ultimate))


def test_prices_are_not_negative() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        allocate(Fraction(1), Fraction(-1), Fraction(1))
    assert allocate(Fraction(0), Fraction(0), Fraction(0)) == 0


# --- any cohort --------------------------------------------------------------------------------------------------------
@st.composite
def lives(draw: st.DrawFn) -> list[tuple[Movement, Fraction, Fraction, Fraction]]:
    """A cohort's life to its end: movements that a ledger could hold, money deferred, the share expected at issue, and any estimate
    between Q and N - X."""
    steps, n, q, x, gross = [], 0, 0, 0, 0
    for _ in range(draw(st.integers(1, 8))):
        sold, free = draw(st.integers(0, 500)), draw(st.integers(0, 200))
        n, gross = n + sold + free, gross + sold + free
        taken = draw(st.integers(0, n)) if draw(st.booleans()) else 0
        n -= taken
        left = max(n - q - x, 0)
        used = draw(st.integers(-q, left))
        lapsed = draw(st.integers(0, left - max(used, 0)))
        q, x = q + used, x + lapsed
        left = max(n - q - x, 0)
        steps.append([sold, free, taken, used, lapsed, Fraction(draw(st.integers(0, 10**9)), 7), q, left])
    last = steps[-1]
    last[4] += last[7]  # whatever is left lapses in the end
    last[7] = 0
    found = []
    for sold, free, taken, used, lapsed, money, q_, left in steps:
        least = Fraction(q_) if q_ else Fraction(1, 100)
        ultimate = max(q_ + left * Fraction(draw(st.integers(0, 100)), 100), least)
        found.append(
            (
                Movement(sold, free, taken, used, lapsed),
                money if sold else NOUGHT,
                (sold + free) * Fraction(4, 5),
                ultimate,
            )
        )
    return found


@given(lives(), st.booleans())
def test_what_holds_of_any_life(life: list[tuple[Movement, Fraction, Fraction, Fraction]], remit: bool) -> None:
    cohort = Cohort()
    flows: list[Flow] = []
    for movement, money, expected, ultimate in life:
        after, flow = step(cohort, movement, money, expected, ultimate, remit)
        assert flow.opening == cohort.liability and flow.closing == after.liability
        outflow = flow.reversed + flow.remitted + flow.revenue
        assert flow.closing == flow.opening + flow.deferred - outflow
        assert 0 <= after.liability <= after.deferred
        assert after.redeemed <= after.ultimate <= max(after.issued - after.expired, after.redeemed)
        assert after.outstanding - after.overdrawn == after.issued - after.redeemed - after.expired
        assert after.per_unit * (after.ultimate - after.redeemed) == after.liability or not after.outstanding
        if after.redeemed == 0 and after.outstanding:
            assert after.liability == after.deferred
        cohort = after
        flows.append(flow)
    assert all(late.opening == early.closing for early, late in pairwise(flows))
    assert cohort.outstanding == 0 and cohort.liability == 0
    lifetime = sum(flow.revenue for flow in flows)
    assert lifetime == sum(flow.deferred - flow.reversed - flow.remitted for flow in flows) == cohort.deferred
    if not remit:
        assert all(flow.remitted == 0 for flow in flows)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**9))
def test_the_liability_is_the_outstanding_points_at_their_own_rate(
    issued: int, used: int, more: int, money: int
) -> None:
    """O * w * D / U is D * (U - Q) / U, and its slope in U is D * Q / U**2: nil while nothing is redeemed."""
    q = used % (issued + 1)
    u = Fraction(q) + Fraction(more % (2 * (issued - q) + 1), 2)
    cohort = Cohort(sold=issued, redeemed=q, deferred=Fraction(money), ultimate=u)
    if cohort.outstanding and not u:
        return
    assert cohort.liability == (
        cohort.outstanding * cohort.rate_outstanding * cohort.per_unit if cohort.outstanding else 0
    )
    if cohort.outstanding and u < issued:
        other = cohort.expecting(u + Fraction(1, 2) if u + Fraction(1, 2) <= issued else Fraction(issued))
        change = other.liability - cohort.liability
        assert change == cohort.deferred * q * (other.ultimate - u) / (u * other.ultimate)


# --- rounding ----------------------------------------------------------------------------------------------------------
def test_half_up() -> None:
    assert [half_up(Fraction(each, 2)) for each in (1, -1, 3, -3, 2, 0)] == [1, -1, 2, -2, 1, 0]
    assert half_up(Fraction(149, 100)) == 1


def test_largest_remainder() -> None:
    """7 shared as 3.4, 2.5, 1.1: the half is rounded up. Ties go to the first."""
    assert apportion([Fraction(34, 10), Fraction(25, 10), Fraction(11, 10)], 7) == [3, 3, 1]
    assert apportion([Fraction(1, 2), Fraction(1, 2)], 1) == [1, 0]
    assert apportion([], 0) == []
    with pytest.raises(ValueError, match="nothing to share 1"):
        apportion([], 1)


@given(st.lists(st.fractions(min_value=-1000, max_value=1000), min_size=1, max_size=12))
def test_shares_foot(parts: list[Fraction]) -> None:
    total = half_up(sum(parts, NOUGHT))
    shared = apportion(parts, total)
    assert sum(shared) == total
    assert all(abs(whole - part) < 1 for whole, part in zip(shared, parts, strict=True))
