"""The liability at levels of confidence: members drawn again, taken through the engine of contract liabilities."""

from datetime import date

import numpy as np
import pytest

from simulators.agents import run_agents
from simulators.weights import member_weights
from tests.test_kernel import scenario
from workbench.finance.accounting.close import Close
from workbench.finance.accounting.confidence import drawn_liabilities, liability_levels
from workbench.finance.accounting.policy import Policy, load_policy
from workbench.finance.redemption_rates.bootstrap import Draws, MemberTriangles, bootstrap, member_triangles
from workbench.finance.triangle import events_of
from workbench.finance.triangle_file import valuation_month
from workbench.program.load import load_program
from workbench.run_books import books_of_run, value_books

DAY = date(2026, 12, 31)


def closed(policy: Policy, **more: object) -> tuple[Close, MemberTriangles]:
    """MOS Burger's books after two years, and its members'."""
    run = run_agents(scenario(load_program("mos_burger"), 100, years=2))
    assert run.ledgers is not None
    found = value_books(books_of_run(run), policy, DAY)
    return found.close, member_triangles(events_of(run.ledgers[0]), valuation_month(DAY), run.program.frame.first_month)


@pytest.fixture(scope="module")
def books() -> tuple[Close, MemberTriangles]:
    return closed(load_policy("default"))


def test_the_draw_of_the_members_as_they_are_is_the_liability_itself(books: tuple[Close, MemberTriangles]) -> None:
    close, members = books
    found = drawn_liabilities(close, bootstrap(members, np.ones((2, members.members))))
    assert found == pytest.approx(float(close.exact[-1]), rel=1e-6)
    assert found[0] > 0


def test_levels_by_hand(books: tuple[Close, MemberTriangles]) -> None:
    """Each draw month by month: what comes by the policy's estimate, times how far the draw strays from it; D (U - Q) / U; the middle of 21
    draws is their eleventh."""
    close, members = books
    draws = bootstrap(members, member_weights(1, 21, members.members))
    sums = []
    for points in draws.points:
        total = 0.0
        for place, standing in enumerate(close.standing):
            cohort, central = standing.cohort, float(draws.ultimates.future[place])
            if not cohort.outstanding:
                continue
            stray = (points[place] - cohort.redeemed) / central if central else 1.0
            ahead = min(float(cohort.ultimate - cohort.redeemed) * stray, cohort.outstanding)
            total += float(cohort.deferred) * ahead / (cohort.redeemed + ahead) if ahead else 0.0
        sums.append(total)
    assert drawn_liabilities(close, draws) == pytest.approx(sums)
    levels = liability_levels(close, draws)
    assert list(levels) == ["p50", "p75", "p95"]
    assert levels["p50"] == pytest.approx(sorted(sums)[10], abs=0.5)
    assert levels["p50"] < levels["p75"] < levels["p95"]


def test_portfolios_of_several_months(books: tuple[Close, MemberTriangles]) -> None:
    policy = load_policy("default")
    year = policy.model_copy(update={"points": policy.points.model_copy(update={"portfolio": "year"})})
    close, members = closed(year)
    assert len(close.standing) == 2
    found = drawn_liabilities(close, bootstrap(members, np.ones((1, members.members))))
    assert found == pytest.approx(float(close.exact[-1]), rel=1e-6)


def test_no_levels_of_what_is_assumed(books: tuple[Close, MemberTriangles]) -> None:
    policy = load_policy("default")
    assumed = policy.model_copy(update={"points": policy.points.model_copy(update={"history_months": 60})})
    close, members = closed(assumed)
    assert liability_levels(close, bootstrap(members, np.ones((1, members.members)))) == {}


def test_draws_of_another_month_are_refused(books: tuple[Close, MemberTriangles]) -> None:
    close, members = books
    earlier = members.triangle.at(members.triangle.valuation - 1)
    other = Draws(bootstrap(members, np.ones((1, members.members))).ultimates, np.zeros((1, 24)))
    object.__setattr__(other.ultimates, "triangle", earlier)
    with pytest.raises(ValueError, match="expected draws of month"):
        drawn_liabilities(close, other)
