"""Floor 5: a run as tables, by month, tier and group. Money in major units; dates are first days of months."""

from typing import Any

import numpy as np
import pyarrow as pa

from workbench.cost_statement import cost_statement, money
from workbench.finance.lift import repurchase_curve
from workbench.finance.points import expiry_schedule, points_by_month, triangle
from workbench.finance.tiers import Survival, reviews, survival, tiers_by_month, time_to_tier
from workbench.finance.world import RULE_MONEY, WorldPanel
from workbench.program.versions import all_tiers
from workbench.scenario import Run
from workbench.units import CENTS

__all__ = ["CURVE_DAYS", "TABLES", "run_tables"]

CURVE_DAYS = np.arange(0, 366, 5)
"""Days after the first purchase at which the repurchase curve is given."""
TABLES = (
    "points_by_month", "points_by_month_baseline", "points_by_rule", "tiers_by_month", "expiry_schedule", "repurchase_curve", "triangle",
    "tier_transitions", "tier_survival", "time_to_tier", "lift_by_group", "cost_statement",
    "cost_per_added", "change_by_group",
)  # fmt: skip
"""All of them; those of tiers have no rows where the program has none, that of a change none where nothing changes on a date."""
GROUP_FIGURES = ("purchases", "sales", "repurchase_rate")


def run_tables(run: Run, document: dict[str, Any]) -> dict[str, pa.Table]:
    """Every table of a run (``TABLES``), from its panels and its document."""
    names = all_tiers(run.scenario.program)
    schedule, never = expiry_schedule(run.program)
    return {
        "points_by_month": _by_month(points_by_month(run.program)),
        "points_by_month_baseline": _by_month(points_by_month(run.baseline)),
        "points_by_rule": _by_rule(run.program, run.rules),
        "tiers_by_month": _by_tier(run.program, names or ("members",)),
        "expiry_schedule": pa.table({"month": _months(schedule["month"], never), "points": schedule["points"]}),
        "repurchase_curve": pa.table({"days": CURVE_DAYS} | repurchase_curve(run.pairs, CURVE_DAYS)),
        "triangle": _triangle(run.program),
        "tier_transitions": _transitions(run.program, names),
        "tier_survival": _survival([survival(run.program, place) for place in range(len(names))], names),
        "time_to_tier": _time_to_tier(run.program, names),
        "lift_by_group": _lift_by_group(document["lift"]),
        "cost_statement": _costs(run),
        "cost_per_added": _per_added(document["economics"]["cost_per_added"]),
        "change_by_group": _change_by_group(document["change"]),
    }


# --- points --------------------------------------------------------------------------------------------------------
def _by_month(columns: dict[str, Any]) -> pa.Table:
    """A row a month."""
    money = {name: columns[name] / CENTS for name in ("sales", "refunds")}
    return pa.table({"month": _months(columns["month"])} | {k: v for k, v in columns.items() if k != "month"} | money)


def _by_rule(world: WorldPanel, rules: tuple[str, ...]) -> pa.Table:
    """A row for each month and rule that wrote points or money: their sums, as signed in the ledger."""
    month, rule = np.nonzero(world.by_month_rule[:, :, : RULE_MONEY + 1].any(axis=2))
    found = world.by_month_rule[month, rule]
    return pa.table({
        "month": _months(month + world.frame.first_month),
        "rule": pa.array([rules[code] for code in rule], pa.string()),
        "points": found[:, 0],
        "money": found[:, 1] / CENTS,
    })  # fmt: skip


def _costs(run: Run) -> pa.Table:
    """A row for each month and line that is not nothing: cost, of the line ``fees`` what came in."""
    lines = cost_statement(run.program, run.scenario.program, run.rules, run.scenario.cost_factors)
    rows = [
        (month + run.program.frame.first_month, name, money(value))
        for month in range(run.program.frame.months)
        for name, values in lines.items()
        if (value := values[month])
    ]
    months, names, amounts = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table({
        "month": _months(np.array(months, dtype=np.int64)),
        "line": pa.array(names, pa.string()),
        "money": pa.array([float(each) for each in amounts], pa.float64()),
    })  # fmt: skip


def _triangle(world: WorldPanel) -> pa.Table:
    """A row for each month of issue and month of event; the month of issue is null for points of no lot (debts)."""
    columns, missing = triangle(world)
    dates = {"issue_month": _months(columns["issue_month"], missing), "month": _months(columns["month"])}
    return pa.table(dates | {name: values for name, values in columns.items() if name not in dates})


def _months(months: Any, missing: Any = None) -> pa.Array:
    """First days of month numbers as dates; null where missing."""
    return pa.array(months.astype("datetime64[M]").astype("datetime64[D]"), mask=missing)


# --- tiers ---------------------------------------------------------------------------------------------------------
def _by_tier(world: WorldPanel, names: tuple[str, ...]) -> pa.Table:
    """One row a month and tier (a tier may be called anything, so tiers are no columns)."""
    months, counts = tiers_by_month(world)
    return pa.table({
        "month": _months(np.repeat(months, len(names))),
        "tier": list(names) * len(months),
        "members": counts.reshape(-1),
    })  # fmt: skip


def _transitions(world: WorldPanel, names: tuple[str, ...]) -> pa.Table:
    """One row for each tier before a review and tier after it: number of reviews and share of those of the tier before."""
    found = reviews(world)
    places = [(i, j) for i in range(len(names)) for j in range(len(names))]
    nothing = [None] * len(names)
    shares = [row or nothing for row in found.shares]
    return pa.table({
        "before": pa.array([names[i] for i, _ in places], pa.string()),
        "after": pa.array([names[j] for _, j in places], pa.string()),
        "reviews": pa.array([int(found.matrix[i, j]) for i, j in places], pa.int64()),
        "share": pa.array([shares[i][j] for i, j in places], pa.float64()),
    })  # fmt: skip


def _survival(tiers: list[Survival], names: tuple[str, ...]) -> pa.Table:
    """One row a tier and whole month since it was entered, as long as any stay was followed."""
    columns: dict[str, list[Any]] = {name: [] for name in ("tier", "months", *Survival.__annotations__)}
    for name, each in zip(names, tiers, strict=True):
        count = int((~np.isnan(each.share)).sum())
        columns["tier"] += [name] * count
        columns["months"] += range(count)
        for field in Survival.__annotations__:
            columns[field] += getattr(each, field)[:count].tolist()
    kinds = {"tier": pa.string(), "share": pa.float64(), "low": pa.float64(), "high": pa.float64()}
    return pa.table({name: pa.array(values, kinds.get(name, pa.int64())) for name, values in columns.items()})


def _time_to_tier(world: WorldPanel, names: tuple[str, ...]) -> pa.Table:
    """One row a tier and whole month since joining: members who first held it, or a higher one, then."""
    waits = [time_to_tier(world, place).waits for place in range(len(names))]
    rows = [
        (names[tier], month, int(waits[tier][month]))
        for tier in range(len(names))
        for month in np.flatnonzero(waits[tier])
    ]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    kinds = {"tier": pa.string(), "months": pa.int64(), "members": pa.int64()}
    return pa.table({name: pa.array(values, kind) for (name, kind), values in zip(kinds.items(), columns, strict=True)})


# --- lift ----------------------------------------------------------------------------------------------------------
def _lift_by_group(lift: dict[str, Any]) -> pa.Table:
    """One row a group: customers by the highest tier held (no name: none was), and by their own purchase rate."""
    rows = []
    for kind in ("tier", "segment"):
        for each in lift[f"by_{kind}"]:
            row: dict[str, Any] = {"kind": kind, "name": each["name"], "members": each["members"]}
            for figure in GROUP_FIGURES:
                found = each[figure]
                low, high = found["ci95"] or (None, None)
                row |= {f"{figure}_{key}": found[key] for key in ("baseline", "program", "delta_pct")}
                row |= {f"{figure}_low": low, f"{figure}_high": high}
            rows.append(row)
    counts = ("members", "purchases_baseline", "purchases_program")
    kinds = {"kind": pa.string(), "name": pa.string(), **dict.fromkeys(counts, pa.int64())}
    return pa.table({name: pa.array([row[name] for row in rows], kinds.get(name, pa.float64())) for name in rows[0]})


def _per_added(found: dict[str, dict[str, Any]]) -> pa.Table:
    """One row for purchases, one for sales: what was added, and what one more cost; null where nothing may have been added."""
    rows = list(found.values())
    ends = [each["ci95"] or (None, None) for each in rows]
    return pa.table({
        "of": pa.array(list(found), pa.string()),
        "added": pa.array([float(each["added"]) for each in rows], pa.float64()),
        "cost": pa.array([each["value"] for each in rows], pa.float64()),
        "low": pa.array([low for low, _ in ends], pa.float64()),
        "high": pa.array([high for _, high in ends], pa.float64()),
    })  # fmt: skip


def _change_by_group(change: dict[str, Any] | None) -> pa.Table:
    """One row a group of those who were members when the program changed: by the tier they held, and by what they had spent."""
    groups = [] if change is None else [("tier", each) for each in change["existing"]["by_tier"]]
    groups += [] if change is None else [("spend", each) for each in change["existing"]["by_spend"]]
    whole = ("members", "winners", "losers", "unchanged", "points")
    amounts = ("above", "up_to", "gained", "lost", "spent_before", "sales_change")
    columns: dict[str, Any] = {
        "kind": pa.array([kind for kind, _ in groups], pa.string()),
        "name": pa.array([each.get("name") for _, each in groups], pa.string()),
    }
    for names, kind in ((whole, pa.int64()), (amounts, pa.float64())):
        columns |= {name: pa.array([each.get(name) for _, each in groups], kind) for name in names}
    return pa.table(columns)
