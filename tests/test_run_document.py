"""A run's document and tables: the keys that scripts rely on, and figures that follow from one another."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from simulators.agents import run_agents
from tests import table_figures as oracle
from tests.test_panel import lived
from workbench.ledger import PURCHASE, REDEEM, RETURN
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import load_program
from workbench.run_document import run_document
from workbench.run_folder import RunFolder, write_run
from workbench.run_tables import CURVE_DAYS, TABLES
from workbench.scenario import Run, Scenario

RATIO = {"baseline", "program", "delta_pct", "ci95"}
FIGURES = (
    "purchases", "sales", "repurchase_rate", "repurchase_30", "repurchase_90", "active_members", "interval_days", "margin",
)  # fmt: skip


@pytest.fixture(scope="module")
def run() -> Run:
    return lived("eslite", members=250, years=3, joining={"share": 0.6}, returns={"share": 0.1, "days": 20})


@pytest.fixture(scope="module")
def document(run: Run) -> dict[str, Any]:
    return run_document(run)


@pytest.fixture(scope="module")
def folder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    place = tmp_path_factory.mktemp("runs") / "run"
    write_run(run, place)
    return RunFolder(place)


# --- keys --------------------------------------------------------------------------------------------------------------
def test_lift_has_its_keys(document: dict[str, Any]) -> None:
    lift = document["lift"]
    assert set(lift) == {*FIGURES, "counts", "by_tier", "by_segment", "worth", "decomposition", "naive"}
    for name in FIGURES:
        assert set(lift[name]) == RATIO, name
        low, high = lift[name]["ci95"]
        assert low <= lift[name]["delta_pct"] <= high, name
    assert isinstance(lift["purchases"]["program"], int) and isinstance(lift["active_members"]["baseline"], int)
    assert [each["name"] for each in lift["by_tier"]] == [None, "member", "silver", "gold", "black"]
    assert [each["name"] for each in lift["by_segment"]] == ["lightest", "light", "middle", "heavy", "heaviest"]
    for each in lift["by_tier"] + lift["by_segment"]:
        assert set(each) == {"name", "members", "purchases", "sales", "repurchase_rate"}
        assert all(set(each[name]) == RATIO for name in ("purchases", "sales", "repurchase_rate"))
    assert set(lift["naive"]) == {"members", "non_members", "purchases_delta_pct", "note"}


def test_groups_add_up(document: dict[str, Any]) -> None:
    lift = document["lift"]
    for groups in (lift["by_tier"], lift["by_segment"]):
        assert sum(each["members"] for each in groups) == 250
        for world in ("baseline", "program"):
            assert sum(each["purchases"][world] for each in groups) == lift["purchases"][world]
            assert sum(each["sales"][world] for each in groups) == pytest.approx(lift["sales"][world])
    counts = lift["counts"]
    assert counts["both"] + counts["program_only"] == lift["purchases"]["program"]
    assert counts["both"] + counts["baseline_only"] == lift["purchases"]["baseline"]
    rates = [lift[name]["program"] for name in ("repurchase_30", "repurchase_90", "repurchase_rate")]
    assert rates == sorted(rates)
    assert lift["naive"]["members"] + lift["naive"]["non_members"] == 250
    assert lift["naive"]["non_members"] == lift["by_tier"][0]["members"]


def test_tiers_have_their_keys(document: dict[str, Any], run: Run) -> None:
    tiers = document["tiers"]
    names = ["member", "silver", "gold", "black"]
    assert list(tiers["members"]) == list(tiers["reached"]) == tiers["migration"]["tiers"] == names
    assert list(tiers["reached"].values()) == sorted(tiers["reached"].values(), reverse=True)
    assert tiers["reached"]["silver"] == round(tiers["upgrade_rate"] * tiers["reached"]["member"])
    low, high = tiers["upgrade_rate_ci95"]
    assert 0 < low < tiers["upgrade_rate"] < high < 1
    matrix = tiers["migration"]["matrix"]
    assert tiers["requalified"] == sum(matrix[k][k] for k in range(4)) > 0
    assert [each is None for each in tiers["migration"]["shares"]] == [not sum(row) for row in matrix]
    assert 0 < tiers["downgraded_members"] <= tiers["downgrades"]
    assert list(tiers["time_to_tier"]) == names[1:] and list(tiers["survival"]) == names
    silver = tiers["time_to_tier"]["silver"]
    assert silver["members"] == tiers["reached"]["silver"]
    assert 1 <= silver["months"]["p25"] <= silver["months"]["median"] <= silver["months"]["p75"] <= 36
    assert [each["months"] for each in tiers["survival"]["silver"]] == [6, 12, 24]
    for each in tiers["survival"]["silver"]:
        assert each["ci95"][0] <= each["share"] <= each["ci95"][1]
    assert document["liability"]["outstanding_ci95"][0] < document["points"]["outstanding"]


def test_a_program_without_tiers() -> None:
    tiers = run_document(lived("mos_burger", members=40, years=1))["tiers"]
    assert tiers["members"] == tiers["reached"] == {}
    for name in ("upgrade_rate", "upgrade_rate_ci95", "requalified", "migration", "time_to_tier", "survival"):
        assert tiers[name] is None, name


# --- money -------------------------------------------------------------------------------------------------------------
def test_margin_is_that_of_sales_less_the_cost_of_the_program(run: Run, document: dict[str, Any]) -> None:
    """eslite: a point is money off and costs what it is worth, NT$1 for 1 point; department stores keep .3 of sales (judgement). From the
    ledgers, in exact fractions."""
    assert run.ledgers is not None
    off = run.scenario.program.redemption
    assert off is not None and off.money_off is not None and not off.catalogue
    a_point = Fraction(str(off.money_off.worth)) / off.money_off.points
    worlds = []
    for ledger in run.ledgers:
        kind, points, money = (ledger.column(name) for name in ("kind", "points", "money"))
        used = -int(points[(kind == REDEEM) | (kind == RETURN)].sum())
        worlds.append(
            Fraction(int(money[kind == PURCHASE].sum()), 100) * Fraction(3, 10) - a_point * used,
        )
    margin = document["lift"]["margin"]
    assert run.scenario.population.gross_margin == document["economics"]["gross_margin"] == 0.3
    assert (margin["program"], margin["baseline"]) == pytest.approx([float(each) for each in worlds], abs=0.005)
    assert margin["delta_pct"] == pytest.approx(float(100 * (worlds[0] / worlds[1] - 1)), rel=1e-9)
    economics = document["economics"]
    assert economics["incremental_margin"] == pytest.approx(
        0.3 * economics["incremental_sales"] - economics["redemption_cost"], abs=0.01
    )
    low, high = economics["cost_pct_ci95"]
    assert low < economics["cost_pct_of_sales"] < high
    assert economics["cost_pct_of_sales"] == pytest.approx(100 * economics["redemption_cost"] / economics["sales"])


def test_what_the_baselines_own_program_costs_is_taken_off_its_margin() -> None:
    """The same program in both worlds: no lift in margin, and a margin below that of sales alone."""
    rules = load_program("mos_burger")
    scenario = Scenario(
        rules, load_population(rules.population), load_assumptions("central"), baseline=rules, members=80, years=1
    )
    document = run_document(run_agents(scenario))
    margin, sales = document["lift"]["margin"], document["lift"]["sales"]["baseline"]
    assert margin == {"baseline": margin["program"], "program": margin["program"], "delta_pct": 0, "ci95": [0, 0]}
    assert document["economics"]["redemption_cost"] > 0
    assert margin["baseline"] == pytest.approx(0.6 * sales - document["economics"]["redemption_cost"], abs=0.01)


# --- tables ------------------------------------------------------------------------------------------------------------
def test_every_table_is_there(folder: RunFolder) -> None:
    for name in TABLES:
        assert (folder.table(name).num_rows > 0) == (name != "change_by_group"), (
            name
        )  # this program does not change on a date
    assert sorted(each.stem for each in folder.folder.glob("*.parquet")) == sorted(TABLES)


def test_the_triangle_adds_up_to_the_months(run: Run, folder: RunFolder) -> None:
    triangle, months = folder.table("triangle"), folder.table("points_by_month").to_pydict()
    by_month = triangle.group_by("month").aggregate(
        [(name, "sum") for name in ("earned", "redeemed", "converted", "expired", "reversed", "repaid")]
    )
    found = {row["month"]: row for row in by_month.to_pylist()}
    for place, month in enumerate(months["month"]):
        row = found[month]
        assert row["earned_sum"] == months["earned"][place]
        assert row["redeemed_sum"] + row["converted_sum"] == months["redeemed"][place]
        assert row["expired_sum"] == months["expired"][place]
        assert row["reversed_sum"] == months["reversed"][place]
        assert row["repaid_sum"] == 0, "what a lot repays, a debt loses"
    dated = triangle.filter(pc.is_valid(triangle["issue_month"]))
    assert pc.all(pc.less_equal(dated["issue_month"], dated["month"])).as_py()
    no_lot = triangle.filter(pc.is_null(triangle["issue_month"]))
    assert no_lot.num_rows > 0, "refunds leave debts"
    assert run.ledgers is not None
    debts = no_lot.select(["reversed", "repaid"]).to_pydict()
    owed = sum(debts["reversed"]) + sum(debts["repaid"])
    assert (
        oracle.totals(run.ledgers[0])["outstanding"]
        == sum(folder.table("expiry_schedule")["points"].to_pylist()) - owed
    )


def test_tables_of_tiers_say_what_the_document_says(folder: RunFolder, document: dict[str, Any]) -> None:
    tiers = document["tiers"]
    rows = folder.table("tier_transitions").to_pylist()
    assert [row["reviews"] for row in rows] == [each for row in tiers["migration"]["matrix"] for each in row]
    waits = folder.table("time_to_tier")
    for name, found in tiers["time_to_tier"].items():
        mine = waits.filter(pc.equal(waits["tier"], name)).to_pydict()
        assert sum(mine["members"]) == found["members"] == tiers["reached"][name]
    table = folder.table("tier_survival")
    for name, found in tiers["survival"].items():
        mine = {row["months"]: row for row in table.filter(pc.equal(table["tier"], name)).to_pylist()}
        for each in found:
            assert mine[each["months"]]["share"] == each["share"]
            assert [mine[each["months"]][side] for side in ("low", "high")] == each["ci95"]
    rose = sum(row["rose"] for row in table.to_pylist())
    fell = sum(row["fell"] for row in table.to_pylist())
    assert (rose, fell) == (tiers["upgrades"], tiers["downgrades"])
    still = [row["censored"] for row in table.to_pylist()]
    assert sum(still) == sum(tiers["members"].values())


def test_lift_by_group_is_that_of_the_document(folder: RunFolder, document: dict[str, Any]) -> None:
    rows = folder.table("lift_by_group").to_pylist()
    groups = document["lift"]["by_tier"] + document["lift"]["by_segment"]
    assert [(row["name"], row["members"]) for row in rows] == [(each["name"], each["members"]) for each in groups]
    for row, each in zip(rows, groups, strict=True):
        assert row["sales_program"] == each["sales"]["program"]
        interval = [row["purchases_low"], row["purchases_high"]]
        assert interval == (each["purchases"]["ci95"] or [None, None])


def test_the_curve_ends_at_the_rate(folder: RunFolder, document: dict[str, Any]) -> None:
    curve = folder.table("repurchase_curve").to_pydict()
    assert curve["days"] == CURVE_DAYS.tolist()
    for world in ("program", "baseline"):
        assert curve[world][-1] == document["lift"]["repurchase_rate"][world]
        assert curve[world][6] == document["lift"]["repurchase_30"][world]


def test_tables_without_tiers_have_no_rows(tmp_path: Path) -> None:
    write_run(lived("mos_burger", members=30, years=1), tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    for name in ("tier_transitions", "tier_survival", "time_to_tier"):
        assert folder.table(name).num_rows == 0
    assert folder.table("lift_by_group").num_rows == 5
    assert folder.table("tiers_by_month")["tier"].to_pylist()[0] == "members"
