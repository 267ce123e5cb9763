"""Intervals by drawing members again: by hand, against the estimator itself, and whether they cover."""

from math import sqrt

import numpy as np
import pytest

from benchmarks.peers import plain_bootstrap
from benchmarks.workload import LIFE, entries
from simulators.weights import member_weights
from workbench.finance.redemption_rates import ultimate
from workbench.finance.redemption_rates.bootstrap import bootstrap, member_triangles
from workbench.finance.triangle import Events
from workbench.ledger import EARN, EXPIRE, REDEEM, REVERSE
from workbench.units import NEVER

JANUARY, FEBRUARY, MARCH = 0, 31, 59


def events(rows: list[tuple[int, int, int, int, int]]) -> Events:
    """Rows of member, kind, points, day, day earned."""
    member, kind, points, day, earned_on = np.array(rows).T
    return Events(kind, points, day, earned_on, np.full(len(rows), 400), member)


TWO = events(
    [
        (7, EARN, 100, JANUARY, JANUARY),
        (7, REDEEM, -50, FEBRUARY, JANUARY),
        (7, EARN, 100, MARCH, MARCH),
        (9, EARN, 100, JANUARY, JANUARY),
        (9, REDEEM, -10, JANUARY, JANUARY),
        (9, EARN, 40, FEBRUARY, FEBRUARY),
        (9, REVERSE, -20, FEBRUARY, FEBRUARY),
    ]
)
"""Two members over three months."""


def test_members_add_up_to_the_triangle() -> None:
    found = member_triangles(TWO, 2)
    assert found.members == 2
    sums = found.table.sum(axis=0)
    assert sums[:3].tolist() == found.triangle.issued.tolist() == [200, 20, 100]
    assert sums[3:].reshape(3, 3).tolist() == found.triangle.redeemed.tolist() == [[10, 50, 0], [0, 0, 0], [0, 0, 0]]


def test_a_draw_by_hand() -> None:
    """At the end of February, too early to look back. 100 issued in February by member 7, 20 by 9. The hazard of age 1: of both members, 50 of
    the 190 left in January; of member 7 alone 50 of 100; of member 9 alone nothing."""
    early = Events(*(column[[0, 1, 3, 4, 5, 6]] for column in TWO))
    more = events([(7, EARN, 100, FEBRUARY, FEBRUARY)])
    members = member_triangles(Events(*map(np.concatenate, zip(early, more, strict=True))), 1)
    found = bootstrap(members, np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), tail="none")
    assert found.points[:, 0] == pytest.approx([60, 60, 60])
    assert found.points[:, 1] == pytest.approx([120 * 50 / 100, 120 * 50 / 190, 0])
    assert found.future == pytest.approx([60, 120 * 50 / 190, 0])
    assert found.quantiles(0.0, 1.0) == pytest.approx([0, 60])


def test_the_forecast_of_a_month_ago_by_hand() -> None:
    """At the end of March, 100 points are left to age 1, whose hazard is 50 of 210; a third of three months is one month to look back. Then, 20
    points were left to age 1, at 50 of 190: expected 20 * 50/190, all of member 9's, and none came. With member 7 counted twice and 9 not at
    all the forecast would have been 20 * 50/100, and what 9 fell short by does not count: an error of 20 * (50/100 - 50/190) - 20 * 50/190,
    brought to today's size."""
    members = member_triangles(TWO, 2)
    found = bootstrap(members, np.array([[2.0, 0.0], [1.0, 1.0]]), tail="none")
    today, then = 100 * 50 / 210, 20 * 50 / 190
    error = 20 * (50 / 100 - 50 / 190) - 20 * 50 / 190
    assert found.future == pytest.approx([today - error * sqrt(today / then), today])


def test_weights_of_one_give_the_estimate_itself() -> None:
    members = member_triangles(TWO, 2)
    found = bootstrap(members, np.ones((3, 2)))
    for points in found.points:
        assert points == pytest.approx(ultimate(members.triangle).points)


def test_the_liability_of_a_draw_by_hand() -> None:
    """The draw of the estimate itself: January 60 of 60, February nothing, March 100 * 50/210 to come, all of what was deferred for it."""
    found = bootstrap(member_triangles(TWO, 2), np.ones((1, 2)), tail="none")
    assert found.liability(np.array([300.0, 20.0, 100.0])) == pytest.approx([100])
    early = bootstrap(member_triangles(TWO, 1), np.ones((1, 2)), tail="none")
    assert early.points[0] == pytest.approx([60, 20 * 50 / 190])
    assert early.liability(np.array([300.0, 20.0])) == pytest.approx([20])


def test_weights_of_another_shape_are_refused() -> None:
    members = member_triangles(TWO, 2)
    for weights in (np.ones((3, 3)), np.ones(2), -np.ones((3, 2))):
        with pytest.raises(ValueError, match="for 2 members in each draw"):
            bootstrap(members, weights)


def test_weights_are_keyed() -> None:
    """A draw's weights are the same whatever is drawn beside it; another seed gives others; mean and variance are 1."""
    many = member_weights(1, 50, 400)
    np.testing.assert_array_equal(many[:3], member_weights(1, 3, 400))
    assert not np.allclose(many, member_weights(2, 50, 400))
    assert many.mean(axis=1) == pytest.approx(1)
    assert abs(many.var() - 1) < 0.05
    assert abs(np.corrcoef(many[:-1].ravel(), many[1:].ravel())[0, 1]) < 0.03


def test_the_plain_bootstrap_agrees() -> None:
    """Written by loops over entries and cells (benchmarks/peers/plain_bootstrap.py), over 30 months, and over 14, in which nothing lapses."""
    for months, life in ((30, LIFE), (14, LIFE)):
        made = entries(60, months)
        weights = member_weights(3, 20, 60)
        found = bootstrap(member_triangles(made, months - 1), weights, tail="none")
        plain = plain_bootstrap.draws(made, months, life, weights)
        assert found.future == pytest.approx(plain, rel=1e-9)
        assert np.std(plain) > 0


# --- whether they cover ------------------------------------------------------------------------------------------------
MONTHS, YEAR, MEMBERS = 30, 12, 250


def company(rng: np.random.Generator) -> tuple[Events, float]:
    """Members who each redeem their whole balance in a month with a chance of their own, never for some; points lapse after a year. Returns
    what happened in 30 months, and the points redeemed thereafter of those then outstanding."""
    chance = np.where(rng.random(MEMBERS) < 0.3, 0.0, rng.beta(0.8, 6, MEMBERS))
    held = np.zeros((MEMBERS, MONTHS + YEAR), dtype=np.int64)
    rows: list[tuple[int, int, int, int, int]] = []
    later = 0
    days = [int(np.datetime64(f"{1970 + m // 12}-{m % 12 + 1:02d}-01", "D").astype(int)) for m in range(MONTHS + YEAR)]
    for month in range(MONTHS + YEAR):
        if month < MONTHS:
            held[:, month] = rng.poisson(20, MEMBERS) * (rng.random(MEMBERS) < 0.4)
            rows += [(m, EARN, int(held[m, month]), days[month], days[month]) for m in np.flatnonzero(held[:, month])]
        for m in np.flatnonzero(rng.random(MEMBERS) < chance):
            for issue in np.flatnonzero(held[m]):
                rows.append((int(m), REDEEM, -int(held[m, issue]), days[month], days[issue]))
                later += int(held[m, issue]) if month >= MONTHS else 0
            held[m] = 0
        if month >= YEAR:
            gone = month - YEAR
            rows += [
                (int(m), EXPIRE, -int(held[m, gone]), days[month], days[gone]) for m in np.flatnonzero(held[:, gone])
            ]
            held[:, gone] = 0
    member, kind, points, day, earned_on = np.array(rows).T
    last = np.array([days[k + YEAR] if k + YEAR < len(days) else NEVER for k in range(MONTHS)])
    place = np.searchsorted(days, earned_on)
    return Events(kind, points, day, earned_on, last[place], member), float(later)


@pytest.mark.slow
def test_the_interval_covers_and_macks_does_not() -> None:
    """Of 120 companies whose truth is known: the 90 % interval of the bootstrap holds between 80 and 98 % of them (three standard errors are
    8 points), Mack's 90 % interval fewer than 75 %."""
    rng = np.random.default_rng(20250101)
    inside, mack = [], []
    for k in range(120):
        happened, truth = company(rng)
        members = member_triangles(happened, MONTHS - 1)
        low, high = bootstrap(members, member_weights(k, 200, members.members)).quantiles(0.05, 0.95)
        inside.append(low <= truth <= high)
        ladder = ultimate(members.triangle, "chain_ladder")
        assert ladder.total_error is not None
        mack.append(abs(ladder.future.sum() - truth) <= 1.645 * ladder.total_error)
    assert 0.80 <= np.mean(inside) <= 0.98
    assert np.mean(mack) < 0.75
