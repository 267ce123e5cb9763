"""Triangles: from panels and ledgers alike, lot by lot; from files; and what is wrong with a file, all at once."""

import gzip
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from simulators.agents import run_agents
from simulators.replay import replay_log
from tests.test_kernel import scenario
from tests.triangles import FIRST, small_triangle, triangle_of
from workbench.errors import BadInput
from workbench.finance.triangle import Events, Triangle, from_events, from_ledger, from_panel, month_name, month_of
from workbench.finance.triangle_file import is_ledger, read_ledger, read_triangle, valuation_month
from workbench.ledger import BONUS, CONVERT, DECAY, EARN, EXPIRE, EXTEND, REDEEM, REPAY, RETURN, REVERSE
from workbench.ledger_table import LOT_COLUMNS
from workbench.program.load import load_program
from workbench.scenario import Run
from workbench.units import NEVER, to_day

FLOWS = ("earned", "redeemed", "expired", "reversed")


# --- from simulated worlds -----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module", params=["mos_burger", "mitsui_outlet", "florasis", "tea_egg"])
def run(request: pytest.FixtureRequest) -> Run:
    return run_agents(scenario(load_program(request.param), 80, years=3))


def test_panel_and_ledger_give_the_same_triangle_at_any_month(run: Run) -> None:
    assert run.ledgers is not None
    first = run.program.frame.first_month
    for month in (first, first + 13, first + 35):
        by_panel, by_ledger = from_panel(run.program, month), from_ledger(run.ledgers[0], month, first)
        for name in FLOWS:
            np.testing.assert_array_equal(getattr(by_panel, name), getattr(by_ledger, name), err_msg=name)
        assert (by_panel.debt, by_panel.first_month, by_panel.valuation) == (by_ledger.debt, first, month)


def test_what_is_outstanding_is_what_the_lots_hold(run: Run) -> None:
    """By month of issue, as the lots left at the end have it; debts stand beside."""
    assert run.ledgers is not None
    lots = run.ledgers[0].lots
    earned_on, points = (lots[:, LOT_COLUMNS.index(name)] for name in ("earned_on", "points"))
    found = from_panel(run.program)
    held = np.zeros(found.cohorts, dtype=np.int64)
    np.add.at(held, month_of(earned_on) - found.first_month, points)
    np.testing.assert_array_equal(found.outstanding, held)
    assert found.debt >= 0
    assert held.sum() - found.debt == run.ledgers[0].column("points").sum()


def test_last_ages_are_those_of_the_lots() -> None:
    """MOS Burger's points lapse on 31 December two years after: those of January 2025 at age 35, those of December at 24."""
    run = run_agents(scenario(load_program("mos_burger"), 300, years=1))
    assert run.ledgers is not None
    found = from_ledger(run.ledgers[0], run.program.frame.first_month + 11)
    assert found.last_age is not None
    assert found.last_age.tolist() == list(range(35, 23, -1))


def test_points_that_move_on_have_no_last_age() -> None:
    columns = np.array([[EARN, 10, 0, 0, 400, 1], [EXTEND, 0, 40, NEVER, 900, 1]]).T
    assert from_events(Events(*columns), valuation=3).last_age is None
    assert from_events(Events(*columns[:, :1]), valuation=3).last_age == pytest.approx([13, 0, 0, 0])


def test_every_kind_has_its_place() -> None:
    """A member earns 100 and 50, uses 60, gets 10 back, loses 5 and 3, converts 20; a refund takes 30 and leaves a debt of 7, which the
    next lot (of February) pays."""
    january, february = 0, 31
    entries = [
        (EARN, 100, january, january), (BONUS, 50, january, january), (REDEEM, -60, january, january), (RETURN, 10, february, january),
        (EXPIRE, -5, february, january), (DECAY, -3, february, january), (CONVERT, -20, february, january),
        (REVERSE, -30, february, january), (REVERSE, -7, february, NEVER), (EARN, 40, february, february),
        (REPAY, -7, february, february), (REPAY, 7, february, NEVER),
    ]  # fmt: skip
    kind, points, day, earned_on = np.array(entries).T
    events = Events(kind, points, day, earned_on, np.full(len(kind), NEVER), np.zeros(len(kind), dtype=np.int64))
    found = from_events(events, valuation=1)
    assert found.earned.tolist() == [[150, 0], [40, 0]]
    assert found.redeemed.tolist() == [[60, 10], [0, 0]]
    assert found.expired.tolist() == [[0, 8], [0, 0]]
    assert found.reversed.tolist() == [[0, 30], [7, 0]]
    assert found.issued.tolist() == [120, 33]
    assert found.outstanding.tolist() == [42, 33]
    assert found.debt == 0
    assert found.outstanding.sum() == points.sum()
    before = from_events(Events(*(column[:10] for column in events)), valuation=1)
    assert before.debt == 7


def test_a_debt_may_change_its_worth() -> None:
    """A refund leaves a debt of 10; rules that change double it, then take off 5: the entries are of no lot."""
    entries = [(EARN, 1, 0, 0), (REVERSE, -10, 0, NEVER), (EXPIRE, -10, 0, NEVER), (BONUS, 5, 0, NEVER)]
    kind, points, day, earned_on = np.array(entries).T
    found = from_events(
        Events(kind, points, day, earned_on, np.full(4, NEVER), np.zeros(4, dtype=np.int64)), valuation=0
    )
    assert found.debt == 15
    assert found.outstanding.sum() - found.debt == points.sum()


def test_an_entry_before_its_lot_is_refused() -> None:
    columns = np.array([[EARN, 10, 0, 40, 400, 1]]).T
    with pytest.raises(BadInput, match="one is 1 months too early"):
        from_events(Events(*columns), valuation=3)


# --- cut and added up ----------------------------------------------------------------------------------------------------
def test_a_triangle_as_it_stood_before() -> None:
    """The small triangle a month before: its last diagonal (50, 90, 190, 320) is not there."""
    before = small_triangle().at(FIRST + 2)
    assert before.redeemed.tolist() == [[200, 150, 100], [220, 160, 0], [230, 0, 0]]
    assert before.issued.tolist() == [1000, 1000, 1200]
    assert before.latest.tolist() == [2, 1, 0]
    with pytest.raises(ValueError, match="from 2024-01 to 2024-04, found 2024-05"):
        small_triangle().at(FIRST + 4)


def test_quarters() -> None:
    """January issues 100, redeems 10 in each month; April issues 200, redeems 20 in each. Quarter 1: 100, by quarter 30 and 30."""
    rows = [(10,) * 6, (0,) * 5, (0,) * 4, (20,) * 3, (0, 0), (0,)]
    found = triangle_of([100, 0, 0, 200, 0, 0], rows, last_age=np.array([5, 0, 0, 12, 0, 0])).by_quarter()
    assert found.redeemed.tolist() == [[30, 30], [60, 0]]
    assert found.issued.tolist() == [100, 200]
    assert (found.first_month, found.months, found.latest.tolist()) == (FIRST, 3, [1, 0])
    assert found.last_age is not None
    assert found.last_age.tolist() == [1, 4]  # June: the next quarter; April of the next year: four quarters on
    with pytest.raises(ValueError, match="end of a quarter, found 2024-04"):
        small_triangle().by_quarter()
    with pytest.raises(ValueError, match="last month of a period of 3, found 2024-04"):
        found.at(FIRST + 3)


def test_a_table_of_fewer_ages_than_cohorts() -> None:
    found = triangle_of([10, 10, 10], [(1, 2), (3, 4), (5,)])
    found = replace(found, valuation=FIRST + 2)
    assert found.latest.tolist() == [1, 1, 0]
    assert found.observed.tolist() == [[True, True], [True, True], [True, False]]


# --- files -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
def test_a_ledger_as_replay_writes_it(suffix: str, tmp_path: Path) -> None:
    """The example log: 92 earned = 40 redeemed + 4 expired + 4 reversed + 44 outstanding."""
    path = tmp_path / f"ledger.{suffix}"
    program = load_program("mos_burger")
    replay_log(program, Path("examples/mos_orders.csv"), as_of=date(2016, 12, 31), ledger=path)
    assert is_ledger(path)
    found = from_events(read_ledger(path), valuation_month(date(2016, 12, 31)), basis="ESTIMATE")
    assert found.basis == "ESTIMATE"
    assert found.earned.sum() == 92
    assert (found.redeemed.sum(), found.expired.sum(), found.reversed.sum()) == (40, 4, 4)
    assert found.outstanding.sum() - found.debt == 44


OWN = "issue_month,issued,0,1,2,3\n2024-01,1000,200,150,100,50\n2024-02,1000,220,160,90,\n2024-03,1200,230,190,,\n2024-04,1500,320,,,\n"


def written(text: str, folder: Path) -> Path:
    path = folder / "triangle.csv"
    path.write_text(text, "utf-8")
    return path


def same(one: Triangle, other: Triangle) -> None:
    for name in FLOWS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert (one.first_month, one.valuation, one.months) == (other.first_month, other.valuation, other.months)


def test_a_triangle_of_ones_own(tmp_path: Path) -> None:
    path = written(OWN, tmp_path)
    assert not is_ledger(path)
    found = read_triangle(path)
    same(found, small_triangle())
    assert found.basis == "ESTIMATE"
    assert found.last_age is None


def test_a_triangle_with_everything(tmp_path: Path) -> None:
    """By quarters, with what lapsed and was reversed to date, and the last month of use."""
    text = (
        "issue_month,issued,0,1,expired,reversed,usable_until,currency,unit\n"
        "2023-Q4,1000,200,100,30,20,2024-06,TWD,points\n2024Q1,1000,220,,,5,never,TWD,points\n"
    )
    found = read_triangle(written(text, tmp_path))
    assert (month_name(found.first_month), month_name(found.valuation), found.months) == ("2023-10", "2024-03", 3)
    assert found.issued.tolist() == [980, 995]
    assert found.outstanding.tolist() == [650, 775]
    assert found.last_age is not None
    assert found.last_age.tolist() == [2, NEVER]
    assert found.currency == "TWD"


def test_a_triangle_of_the_last_ages_alone(tmp_path: Path) -> None:
    """Three months, two ages: the oldest month's third age is not in the table."""
    found = read_triangle(written("issue_month,issued,0,1\n2024-01,9,1,2\n2024-02,9,3,4\n2024-03,9,5,\n", tmp_path))
    assert (found.latest.tolist(), month_name(found.valuation)) == ([1, 1, 0], "2024-03")


@pytest.mark.parametrize(
    "before, after, said",
    [
        ("2024-02,", "2024-03,", r"line 3, column issue_month: expected 2024-02"),
        ("2024-02,", "2024-Q2,", r"line 3, column issue_month: expected months or quarters throughout"),
        ("2024-02,", "Feb 2024,", r"line 3, column issue_month: expected a month as 2024-03"),
        ("220", "-220", r"line 3, column 0: expected no more points given back"),
        ("220", "22.5", r"line 3, column 0: expected whole points"),
        ("220", "=1+1", r"line 3, column 0: expected whole points"),
        ("220", "1e3", r"line 3, column 0: expected whole points"),
        ("220", "", r"line 3, column 0: expected points redeemed, 0 where nothing was"),
        ("190,,", "190,1,", r"line 4, column 2: expected an empty cell"),
        ("1000,220", "400,220", r"line 3: expected at most 400 points redeemed and expired .*, found 470"),
        ("1000,220", "-400,220", r"line 3, column issued: expected whole points from 0"),
        ("1000,220", ",220", r"line 3, column issued: expected whole points from 0"),
        ("0,1,2,3", "0,1,3,2", r"header: expected the ages 0, 1, 2"),
        ("issued", "isued", r"header, column issued: missing.*did you mean 'isued'"),
        ("issue_month,issued,0", "issue_month,issued,issued", r"column issued: expected the column once"),
        ("320,,,", "320,,", r"line 5: expected 6 cells like the header, found 5"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_triangle(before: str, after: str, said: str, tmp_path: Path) -> None:
    assert before in OWN
    with pytest.raises(BadInput, match=said):
        read_triangle(written(OWN.replace(before, after, 1), tmp_path))


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = "issue_month,issued,0,1,currency,unit\n2024-01,x,1,y,TWD,points\n2024-02,5,z,,USD,miles\n"
    with pytest.raises(BadInput) as found:
        read_triangle(written(text, tmp_path))
    places = [problem.path for problem in found.value.problems]
    assert places == ["line 2, column 1", "line 3, column 0", "line 2, column issued", "column currency", "column unit"]


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("issue_month,issued,0\n2024-01,10,5é\n".encode("latin-1"))
    with pytest.raises(BadInput, match="UTF-8"):
        read_triangle(path)
    with pytest.raises(BadInput, match="expected a row for each month of issue"):
        read_triangle(written("issue_month,issued,0\n", tmp_path))
    with pytest.raises(BadInput, match="column issue_month: missing"):
        read_triangle(written("", tmp_path))
    with pytest.raises(BadInput, match="no such file"):
        read_triangle(tmp_path / "nowhere.csv")


LEDGER = (
    "seq,member_id,date,kind,points,money,lot_earned_on,expires_on,order_id,rule\n"
    "1,m,2024-01-03,earn,10,0.00,2024-01-03,2025-12-31,o,earn\n"
)


@pytest.mark.parametrize(
    "before, after, said",
    [
        (",kind,", ",sort,", "column kind: missing"),
        (",earn,10", ",ern,10", r"column kind: expected a kind of entry, found 'ern'; did you mean 'earn'"),
        (",10,", ",ten,", "expected a whole ledger"),
        (",10,", ",,", "column points: expected a value in every row"),
        ("2024-01-03,earn", "3.1.2024,earn", "expected a whole ledger"),
    ],
)
def test_what_is_wrong_with_a_ledger(before: str, after: str, said: str, tmp_path: Path) -> None:
    assert before in LEDGER
    path = tmp_path / "ledger.csv"
    path.write_text(LEDGER.replace(before, after, 1), "utf-8")
    with pytest.raises(BadInput, match=said):
        from_events(read_ledger(path), 660)


def test_a_damaged_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv.gz"
    path.write_bytes(gzip.compress(LEDGER.encode())[:-8])
    with pytest.raises(BadInput, match="expected a whole ledger"):
        read_ledger(path)
    path = tmp_path / "ledger.parquet"
    path.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(BadInput, match="expected a whole ledger"):
        read_ledger(path)


def test_a_valuation_ends_a_month() -> None:
    assert valuation_month(date(2024, 2, 29)) == month_of(np.array([to_day(date(2024, 2, 1))]))[0]
    for day, near in (
        (date(2024, 2, 28), "2024-02-29"),
        (date(2024, 3, 3), "2024-02-29"),
        (date(2024, 12, 30), "2024-12-31"),
    ):
        with pytest.raises(BadInput, match=rf"--valuation: expected the last day of a month.*did you mean '{near}'"):
            valuation_month(day)
