"""The figures of compared programs side by side, each with its interval and its difference from the first program's. No Panel here.

Differences are paired, over the same members: those of purchases and sales customer by customer, those of points outstanding, upgrades and spend
by blocks of members (``apps.estimates.paired_difference``).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.charts.style import Unit
from apps.estimates import Estimate, paired_difference
from apps.run_charts import money_unit
from apps.views.compare import Side, SideBySide
from workbench.reports.language import Language
from workbench.units import CENTS

__all__ = ["NOTHING", "Cell", "Outcome", "outcomes"]

NOTHING = "–"


@dataclass(frozen=True)
class Cell:
    """A figure of one program as texts; "" where there is none."""

    value: str
    interval: str = ""
    change: str = ""
    """Against the first program."""
    change_interval: str = ""


@dataclass(frozen=True)
class Outcome:
    """One figure of every program."""

    key: str
    name: str
    unit: str
    cells: tuple[Cell, ...]


def outcomes(found: SideBySide, say: Language) -> list[Outcome]:
    """Every figure, each with its interval where it has one, and its difference from the first program's: paired, over the same members."""
    _, currency = say._, found.currency
    money, percent = money_unit(currency, say), Unit("%", "percent", 2)
    lifted = Unit("%", "percent", 2, signed=True)
    rows: list[tuple[str, str, str, Unit, Any, Any]] = [
        ("liability", _("Contract liability at the end"), currency, money, _liability, _no_interval),
        ("outstanding", _("Points outstanding at the end"), _("points"), Unit("", "count"), _outstanding, _outstanding_change),
        ("upgraded", _("Members upgraded"), _("% of members, at least once"), Unit("%", "percent", 1), _upgraded, _upgraded_change),
        ("repurchase", _("Bought again within 365 days"), _("% against no program"), lifted, _lift("repurchase_rate"), _head("repurchase_rate")),
        ("purchases", _("Purchases"), _("% against no program"), lifted, _lift("purchases"), _head("purchases")),
        ("sales", _("Sales"), _("% against no program"), lifted, _lift("sales"), _head("sales")),
        ("cost", _("Program spend"), _("% of sales"), percent, _cost, _cost_change),
        ("margin", _("Margin added, after what the program costs"), _("{currency} against no program", currency=currency), money, _margin,
         _no_interval),
        ("per_sale", _("Program spend for each {unit} of sales added", unit=currency), _("{currency} against no program", currency=currency),
         Unit("", "count", 3), _per_sale, _nothing),
    ]  # fmt: skip
    return [
        Outcome(key, name, unit, tuple(_cell(found, side, shown, figure, change, say) for side in found.sides))
        for key, name, unit, shown, figure, change in rows
    ]


def _cell(found: SideBySide, side: Side, unit: Unit, figure: Any, change: Any, say: Language) -> Cell:
    now: Estimate = figure(side)
    if now.value is None:
        return Cell(NOTHING)
    interval = "" if now.ci95 is None else unit.between(*now.ci95, say)
    text = unit.text(now.value, say)
    if side is found.sides[0]:
        return Cell(text, interval)
    moved: Estimate | None = change(found.sides[0], side, figure)
    if moved is None or moved.value is None:
        return Cell(text, interval)
    signed = Unit("", unit.kind, unit.digits, unit.currency, signed=True)
    if change in (_upgraded_change, _cost_change):
        signed = Unit("", "count", max(unit.digits, 2), signed=True)
        points = say._("percentage points")
        within = "" if moved.ci95 is None else signed.between(*moved.ci95, say)
        return Cell(text, interval, f"{signed.text(moved.value, say)} {points}", within)
    within = "" if moved.ci95 is None else signed.between(*moved.ci95, say)
    return Cell(text, interval, signed.text(moved.value, say), within)


def _estimate(value: float | None, interval: Any, scale: float = 1.0) -> Estimate:
    ends = None if interval is None else (scale * interval[0], scale * interval[1])
    return Estimate(None if value is None else scale * value, ends)


def _liability(side: Side) -> Estimate:
    if side.owed is None:
        return Estimate(None)
    bounds = side.owed.bounds
    return Estimate(side.owed.liability[-1], None if bounds is None else (bounds.low / CENTS, bounds.high / CENTS))


def _outstanding(side: Side) -> Estimate:
    owed = side.document["liability"]
    return _estimate(owed["outstanding_points"], owed["outstanding_ci95"])


def _upgraded(side: Side) -> Estimate:
    tiers = side.document["tiers"]
    return _estimate(tiers["upgrade_rate"], tiers["upgrade_rate_ci95"], 100)


def _lift(name: str) -> Any:
    return lambda side: _estimate(side.document["lift"][name]["delta_pct"], side.document["lift"][name]["ci95"])


def _cost(side: Side) -> Estimate:
    economics = side.document["economics"]
    return _estimate(economics["cost_pct_of_sales"], economics["cost_pct_ci95"])


def _margin(side: Side) -> Estimate:
    return Estimate(side.document["economics"]["incremental_margin"])


def _per_sale(side: Side) -> Estimate:
    found = side.document["economics"]["cost_per_added"]["sales"]
    return _estimate(found["value"], found["ci95"])


def _nothing(first: Side, side: Side, figure: Any) -> None:
    """Figures whose difference says nothing."""


def _no_interval(first: Side, side: Side, figure: Any) -> Estimate:
    """A plain difference."""
    before, after = figure(first).value, figure(side).value
    return Estimate(None if before is None or after is None else after - before)


def _head(name: str) -> Any:
    """Paired, customer by customer, in per cent of the first program's."""

    def change(first: Side, side: Side, figure: Any) -> Estimate:
        assert side.against is not None
        return _estimate(side.against["lift"][name]["delta_pct"], side.against["lift"][name]["ci95"])

    return change


def _by_blocks(top: str, bottom: str, scale: float) -> Any:
    """By blocks of members, where the engine kept ledgers. Where the blocks do not come to the document's own difference (spend that is in no
    block), that difference is given without an interval."""

    def change(first: Side, side: Side, figure: Any) -> Estimate:
        plain = _no_interval(first, side, figure)
        mine, theirs = side.blocks, first.blocks
        if plain.value is None or mine is None or theirs is None:
            return plain
        factor = float(mine.members.sum()) if scale == 0 else scale
        found = paired_difference(*(getattr(each, name) for each in (mine, theirs) for name in (top, bottom)))
        if (
            found.value is None
            or found.ci95 is None
            or not np.isclose(factor * found.value, plain.value, rtol=1e-6, atol=1e-9)
        ):
            return plain
        return Estimate(plain.value, (factor * found.ci95[0], factor * found.ci95[1]))

    return change


_outstanding_change = _by_blocks("outstanding", "members", 0)
_upgraded_change = _by_blocks("upgraded", "joined", 100)
_cost_change = _by_blocks("cost", "sales", 100)
