"""What a run shows, as charts: from its document and its tables (of a run in memory or of its folder alike) to the charts' plain data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from apps.charts.bars import (
    Group,
    Interval,
    Step,
    expiry_schedule,
    intervals,
    tier_sizes,
    waterfall,
    winners_and_losers,
)
from apps.charts.grids import migration_flow, migration_matrix
from apps.charts.lines import Line, lines_by_month
from apps.charts.style import Look, Unit
from workbench.errors import BadInput, Problem
from workbench.reports.language import Language

__all__ = [
    "CHARTS",
    "FIGURES",
    "difference_rows",
    "factor_names",
    "money_unit",
    "sales_steps",
    "segment_names",
    "worth_groups",
]

Tables = Callable[[str], pa.Table]
"""Gives a table of a run by its name (``run_tables.TABLES``)."""
FIGURES = (
    "purchases",
    "sales",
    "margin",
    "active_members",
    "repurchase_rate",
    "repurchase_30",
    "repurchase_90",
    "interval_days",
)
"""Paired figures of a lift, in the order in which they are shown."""


def money_unit(currency: str, say: Language, label: str = "") -> Unit:
    """Amounts in a currency."""
    sign = say.symbol(currency).strip()
    return Unit(f"{label} ({sign})" if label else sign, "money", currency=currency)


def figure_names(say: Language) -> dict[str, str]:
    """The paired figures in words."""
    _ = say._
    return {
        "purchases": _("Purchases"), "sales": _("Sales"), "margin": _("Gross margin less rewards"),
        "active_members": _("Active at the end"), "repurchase_rate": _("Bought again within 365 days"),
        "repurchase_30": _("Bought again within 30 days"), "repurchase_90": _("Bought again within 90 days"),
        "interval_days": _("Days between purchases"),
    }  # fmt: skip


def factor_names(say: Language) -> dict[str, str]:
    """The factors of sales in words."""
    _ = say._
    return {
        "members": _("Customers"), "share_buying": _("Share who buy"), "purchases": _("Purchases of each"), "basket": _("Mean basket"),
    }  # fmt: skip


def segment_names(say: Language) -> dict[str, str]:
    """Fifths of the customers by their own purchase rate in words."""
    _ = say._
    return {
        "lightest": _("Lightest fifth"), "light": _("Light fifth"), "middle": _("Middle fifth"),
        "heavy": _("Heavy fifth"), "heaviest": _("Heaviest fifth"),
    }  # fmt: skip


def difference_rows(lift: Mapping[str, Any], say: Language, names: Sequence[str] = FIGURES) -> list[Interval]:
    """Paired differences in per cent with their 95 % intervals, of a document's ``lift`` or of a ``differences`` entry."""
    words = figure_names(say)
    found = []
    for name in names:
        low, high = lift[name]["ci95"] or (None, None)
        found.append(Interval(words[name], lift[name]["delta_pct"], low, high))
    return found


def worth_groups(worth: Mapping[str, Any], by: str, say: Language) -> list[Group]:
    """Winners and losers in all, and by ``tier`` or ``segment``."""
    _ = say._
    words = segment_names(say) if by == "segment" else {None: _("In no tier")}
    rows = [(_("All members"), worth), *((words.get(each["name"], each["name"]), each) for each in worth[f"by_{by}"])]
    return [Group(str(name), each["winners"], each["losers"], each["unchanged"]) for name, each in rows]


def sales_steps(lift: Mapping[str, Any], say: Language) -> list[Step]:
    """Where the difference in sales comes from, from 0 to the difference. Raises BadInput where nobody bought in one of the worlds."""
    found = lift["decomposition"]
    if found is None:
        raise BadInput(Problem("sales", "expected purchases in both worlds: there is no difference to take apart"))
    words = factor_names(say)
    steps = [Step(words[each["name"]], float(each["sales"])) for each in found["factors"]]
    return [*steps, Step(say._("Difference in sales"), float(found["sales"]), total=True)]


# --- charts of one run -----------------------------------------------------------------------------------------------
def _points(document: Mapping[str, Any], tables: Tables, look: Look) -> Any:
    table = tables("points_by_month")
    _ = look.say._
    lines = [Line(_("Points outstanding"), table["closing"].to_pylist())]
    before = tables("points_by_month_baseline")["closing"].to_pylist()
    if any(before):
        lines.append(Line(_("Baseline"), before, baseline=True))
    return lines_by_month(table["month"].to_pylist(), lines, Unit(_("Points outstanding")), look)


def tier_table(document: Mapping[str, Any], tables: Tables) -> tuple[list[date], list[str], Any]:
    """Months, names of the tiers (lowest first), and members: int64[months, tiers]."""
    names = list(document["tiers"]["members"]) or ["members"]
    table = tables("tiers_by_month")
    months = table["month"].to_pylist()[:: len(names)]
    return months, names, np.asarray(table["members"]).reshape(len(months), len(names))


def _tiers(document: Mapping[str, Any], tables: Tables, look: Look) -> Any:
    return tier_sizes(*tier_table(document, tables), look)


def _expiry(document: Mapping[str, Any], tables: Tables, look: Look) -> Any:
    rows = tables("expiry_schedule").to_pylist()
    dated = [each for each in rows if each["month"] is not None]
    never = sum(each["points"] for each in rows if each["month"] is None)
    unit = Unit(look.say._("Points that lapse"))
    return expiry_schedule([each["month"] for each in dated], [each["points"] for each in dated], never, unit, look)


def _migration(document: Mapping[str, Any]) -> tuple[list[str], Any]:
    found = document["tiers"]["migration"]
    if found is None or not np.sum(found["matrix"]):
        raise BadInput(Problem("moves", "expected a program with tiers, some of which came up for review in the run"))
    return found["tiers"], np.asarray(found["matrix"])


def _moves(document: Mapping[str, Any], tables: Tables, look: Look) -> Any:
    return migration_matrix(*_migration(document), look)


def _flow(document: Mapping[str, Any], tables: Tables, look: Look) -> Any:
    return migration_flow(*_migration(document), look)


def _lift(document: Mapping[str, Any], tables: Tables, look: Look) -> Any:
    unit = Unit(look.say._("Against the baseline, paired, %"), "percent", 2, signed=True)
    return intervals(difference_rows(document["lift"], look.say), unit, look)


def _winners(document: Mapping[str, Any], tables: Tables, look: Look) -> Any:
    by = "tier" if document["lift"]["worth"]["by_tier"] else "segment"
    return winners_and_losers(worth_groups(document["lift"]["worth"], by, look.say), look)


def _sales(document: Mapping[str, Any], tables: Tables, look: Look) -> Any:
    unit = replace(money_unit(document["currency"], look.say), signed=True)
    return waterfall(sales_steps(document["lift"], look.say), unit, look)


CHARTS = {
    "points": _points, "tiers": _tiers, "expiry": _expiry, "moves": _moves, "flow": _flow, "lift": _lift, "winners": _winners,
    "sales": _sales,
}  # fmt: skip
"""Charts of a run by name: functions of its document, its tables, and a look."""
