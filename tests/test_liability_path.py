"""The contract liability month by month with its bounds, and when what is left lapses: by hand, and against a valuation of each month."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from simulators.simulate import simulate
from simulators.weights import member_weights
from tests.test_kernel import scenario
from workbench.errors import BadInput
from workbench.finance.accounting.cohort_file import read_cohorts
from workbench.finance.accounting.policy import Policy, load_policy
from workbench.finance.accounting.valuation import value
from workbench.finance.lapsing import NO_MONTH, lapsing
from workbench.finance.points import expiry_schedule
from workbench.finance.triangle import Events, events_of
from workbench.ledger import BONUS, EARN, EXPIRE, EXTEND, PURCHASE, REDEEM, REVERSE
from workbench.liability_path import Bounds, assumed_bounds, drawn_bounds, path_of
from workbench.program.load import load_program, program_from_mapping
from workbench.run_books import Books, books_of_run, value_books
from workbench.run_liability import worth_of
from workbench.scenario import Run
from workbench.units import NEVER, to_day

START = to_day(date(2025, 1, 1))


def told(*rows: tuple[int, int, int, date, date | None, date | None]) -> Events:
    """Rows of member, kind, points, day, day earned, last day."""
    columns = [
        (kind, points, to_day(day), *(NEVER if each is None else to_day(each) for each in lot), member)
        for member, kind, points, day, *lot in rows
    ]
    return Events(*np.array(columns, dtype=np.int64).T)


# --- when what is left lapses ----------------------------------------------------------------------------------------
def month(year: int, number: int) -> int:
    return 12 * (year - 1970) + number - 1


def listed(events: Events, valuation: int) -> dict[int, int]:
    return dict(zip(*(each.tolist() for each in lapsing(events, valuation)), strict=True))


def test_what_is_left_by_the_month_it_lapses_by_hand() -> None:
    """100 until March 2026, of which 30 are used and 10 reversed; 40 that never lapse; 25 that lapsed; 5 that come after the valuation."""
    january, march, late = date(2025, 1, 5), date(2026, 3, 31), date(2025, 9, 1)
    events = told(
        (0, PURCHASE, 0, january, None, None),
        (0, EARN, 100, january, january, march),
        (0, REDEEM, -30, date(2025, 2, 1), january, march),
        (0, REVERSE, -10, date(2025, 2, 2), january, march),
        (0, REVERSE, -7, date(2025, 2, 2), None, None),  # a debt is in no lot
        (1, BONUS, 40, january, january, None),
        (1, EARN, 25, january, january, date(2025, 6, 30)),
        (1, EXPIRE, -25, date(2025, 7, 1), january, date(2025, 6, 30)),
        (1, EARN, 5, late, late, date(2026, 9, 30)),
    )
    assert listed(events, month(2025, 8)) == {NO_MONTH: 40, month(2026, 3): 60}
    assert listed(events, month(2025, 9)) == {NO_MONTH: 40, month(2026, 3): 60, month(2026, 9): 5}
    assert listed(events, month(2025, 6)) == {NO_MONTH: 40, month(2025, 6): 25, month(2026, 3): 60}


def test_an_activity_moves_what_was_entered_before_it() -> None:
    """Member 0 earns 50 until June and 8 until December, uses 20, and an activity in May moves the 50 on to November, not the 8; 5 more are used
    afterwards. Member 1's 70 stay where they are. Before May nothing has moved."""
    earned, june, november, december = (date(2025, 1, 2), date(2025, 6, 30), date(2025, 11, 30), date(2025, 12, 31))
    events = told(
        (0, EARN, 50, earned, earned, june),
        (1, EARN, 70, earned, earned, june),
        (0, EARN, 8, earned, earned, december),
        (0, REDEEM, -20, date(2025, 2, 1), earned, june),
        (0, EXTEND, 0, date(2025, 5, 31), None, november),
        (0, REDEEM, -5, date(2025, 6, 1), earned, november),
    )
    assert listed(events, month(2025, 4)) == {month(2025, 6): 100, month(2025, 12): 8}
    assert listed(events, month(2025, 6)) == {month(2025, 6): 70, month(2025, 11): 25, month(2025, 12): 8}


@pytest.mark.parametrize("slug", ["mos_burger", "cosmile", "delta_skymiles", "moving"])
def test_the_entries_say_of_the_end_what_the_panel_says(slug: str) -> None:
    if slug == "moving":
        data = load_program("mos_burger").model_dump(mode="json", by_alias=True)
        program = program_from_mapping(data | {"expiry": {"model": "extension", "months": 7}})
    else:
        program = load_program(slug)
    run = simulate(scenario(program, 150, years=2), engine="agents")
    assert run.ledgers is not None
    events = events_of(run.ledgers[0])
    assert (events.kind == EXTEND).any() == (slug == "moving")
    schedule, never = expiry_schedule(run.program)
    found = {NO_MONTH if out else int(when): int(points) for out, when, points in zip(never, schedule["month"], schedule["points"], strict=True)
             if points}  # fmt: skip
    assert len(found) > 0
    assert listed(events, run.program.frame.first_month + run.program.frame.months - 1) == found


# --- month by month --------------------------------------------------------------------------------------------------
def one_cohort(tmp_path: Path, rows: str, **points: str) -> Books:
    path = tmp_path / "cohorts.csv"
    path.write_text("cohort,month,issued,sales,redeemed\n" + rows)
    return Books(read_cohorts(path), "by hand")


def hand_policy() -> Policy:
    """A point is worth 0.10; 80 % are expected to be redeemed, plausible 70 to 90 %."""
    default = load_policy("default")
    points = default.points.model_copy(update={"face_value": Decimal("0.10")})
    return default.model_copy(update={"points": points, "currency": "TWD"})


def test_the_range_of_the_assumption_by_hand(tmp_path: Path) -> None:
    """1,000 points for sales of 1,000.00, none redeemed: the liability is D = 1000 * 1000 * 0.10 * u / (1000 + 1000 * 0.10 * u): 65.42 at 70 %,
    74.07 at 80 %, 82.57 at 90 %. In the second month 350 are redeemed: D (U - 350) / U = 32.71, 41.67, 50.46."""
    books = one_cohort(tmp_path, "2025-01,2025-01,1000,1000.00,0\n2025-01,2025-02,0,0,350\n")
    policy = hand_policy()
    found = value(books.ledger, worth_of(None, policy, books.ledger), policy)
    path = path_of(found.close)
    assert path.months == 2 and path.first_month == month(2025, 1)
    assert path.liability.tolist() == [7407, 4167]
    assert path.points.tolist() == [1000, 650]
    assert assumed_bounds(found.close) == {0: Bounds(6542, 8257, "assumption"), 1: Bounds(3271, 5046, "assumption")}


def test_a_range_from_nothing_cannot_be_closed(tmp_path: Path) -> None:
    books = one_cohort(tmp_path, "2025-01,2025-01,1000,1000.00,0\n")
    policy = hand_policy()
    low = policy.points.initial_rate.model_copy(update={"low": Decimal(0)})
    policy = policy.model_copy(update={"points": policy.points.model_copy(update={"initial_rate": low})})
    found = value(books.ledger, worth_of(None, policy, books.ledger), policy)
    assert assumed_bounds(found.close) == {}


@pytest.fixture(scope="module")
def lived() -> Run:
    return simulate(scenario(load_program("mos_burger"), 150, years=2), engine="agents")


def early() -> Policy:
    """Estimates from the 20th month on; levels at 5 and 95 %."""
    default = load_policy("default")
    return default.model_copy(
        update={
            "points": default.points.model_copy(update={"history_months": 20}),
            "confidence": (Decimal("0.05"), Decimal("0.95")),
        }
    )


def test_each_month_is_what_a_valuation_of_it_says(lived: Run) -> None:
    """A valuation at an earlier month's end, made by itself, with the same weights of its members."""
    books, policy = books_of_run(lived), early()
    close = value_books(books, policy, lived.scenario.end).close
    assert books.events is not None
    path = path_of(close)
    bounds = dict(drawn_bounds(close, books.events, lambda n: member_weights(1, 50, n)))
    assert sorted(bounds) == [19, 20, 21, 22, 23]
    everybody = np.unique(books.events.member[books.events.earned_on < NEVER])
    drawn = member_weights(1, 50, len(everybody))
    for place, day in ((23, date(2026, 12, 31)), (20, date(2026, 9, 30))):
        held = np.unique(books.events.member[(books.events.earned_on < NEVER) & (books.events.day <= to_day(day))])
        mine = drawn[:, [everybody.tolist().index(each) for each in held]]
        mine = mine / mine.mean(axis=1, keepdims=True)
        then = value_books(books, policy, day, lambda n, mine=mine: mine)  # type: ignore[misc]
        assert path.liability[place] == then.close.liability
        assert (bounds[place].low, bounds[place].high) == (then.levels["p5"], then.levels["p95"])
        assert bounds[place].low < path.liability[place] < bounds[place].high


def test_members_as_they_are_leave_no_room(lived: Run) -> None:
    books = books_of_run(lived)
    close = value_books(books, early(), lived.scenario.end).close
    assert books.events is not None
    heard: list[tuple[int, int]] = []
    found = dict(
        drawn_bounds(
            close, books.events, lambda n: np.ones((2, n)), places=(22, 23), told=lambda *each: heard.append(each)
        )
    )
    assert list(found) == [23, 22]
    assert heard == [(0, 2), (1, 2), (2, 2)]
    for place, each in found.items():
        assert each.low == each.high == pytest.approx(path_of(close).liability[place], abs=12)


def test_nothing_is_drawn_of_what_is_assumed(lived: Run) -> None:
    books = books_of_run(lived)
    close = value_books(books, load_policy("default").model_copy(update={"points": early().points.model_copy(update={"history_months": 60})}),
                        lived.scenario.end).close  # fmt: skip
    assert books.events is not None
    assert list(drawn_bounds(close, books.events, lambda n: member_weights(1, 5, n))) == []
    assert sorted(assumed_bounds(close)) == list(range(24))


def test_a_refused_month_is_refused(lived: Run) -> None:
    with pytest.raises(BadInput, match="month"):
        value_books(books_of_run(lived), early(), date(2027, 1, 31))
