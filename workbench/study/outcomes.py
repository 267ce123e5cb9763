"""What a study looks at: outcomes by name, each with its unit, as a formula over sums of groups of members.

A design is kept as sums over groups of its members (``SUMS``, integers) and a few figures of the whole (``Whole``). An outcome is then the same
formula for all members, and for all but one group: which is what its interval is computed from (``workbench.study.jackknife``). For all members
it is the figure of the run's document, per 1,000 customers where it is an amount.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.cost_statement import cost_of
from workbench.errors import BadInput, choices, nearest
from workbench.finance.accounting.policy import Policy
from workbench.finance.pairs import (
    ACTIVE_LATE,
    AGAIN,
    BASELINE,
    CAME,
    CUSTOMERS,
    LOSERS,
    PROGRAM,
    PURCHASES,
    SEGMENTS,
    WINNERS,
    PairPanel,
)
from workbench.finance.points import totals
from workbench.finance.world import MEMBERS, UPGRADED, WorldPanel
from workbench.population.spec import Population
from workbench.program.spec import Program
from workbench.program.versions import all_tiers
from workbench.run_liability import liability_figures
from workbench.spec import SpecError
from workbench.units import CENTS

__all__ = [
    "OUTCOMES", "PER", "SUMS", "VALUED_GROUPS", "Outcome", "Whole", "outcome_named", "sums_of", "unit_of", "valued", "valued_tables",
    "whole_of",
]  # fmt: skip

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
PER = 1000
"""Amounts are given for so many customers drawn, so that studies of different sizes can be compared."""

SUMS = (
    "customers", "came", "purchases_0", "purchases", "again_0", "again", "active_0", "active", "sales_0", "sales", "redeemed", "offers", "fees",
    "outstanding", "earned", "expired", "members", "upgraded", "top", "worse", "better",
)  # fmt: skip
"""Sums over a group's customers. ``_0``: with no program; money in minor units; ``redeemed``: points, net of those given back; ``offers``: what
vouchers and offers cost; ``top``: in the highest tier at the end; ``worse``, ``better``: those who get less, or more, than of today's program."""
_PLACE = {name: place for place, name in enumerate(SUMS)}


@dataclass(frozen=True)
class Whole:
    """What a design's formulas need besides sums; none of it is looked at group by group."""

    gross_margin: float
    """Of sales."""
    cost_per_point: float
    """Minor units that a redeemed point cost the brand on average."""
    offers_beside: float
    """Minor units of offers for each customer that no member's own sum holds (messages); and of rounding."""
    fees_beside: float
    """The same of fees."""
    contract: float | None
    """Contract liability at the end, minor units; None where it cannot be said, or was not asked."""
    contract_without: tuple[float, ...]
    """The same valued anew without each of ``VALUED_GROUPS`` parts of the groups: the groups whose number leaves that remainder."""
    tiers: bool
    """Whether the program has tiers."""
    today: bool
    """Whether the design was lived beside today's program."""

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


Formula = Callable[[Callable[[str], Floats], Whole], Floats]
VALUED_GROUPS = 10
"""Parts of the groups for outcomes that are valued anew: a valuation takes longer than all sums together."""


@dataclass(frozen=True)
class Outcome:
    """One thing to look at."""

    name: str
    title: str
    title_zh: str
    unit: str
    """``money`` (major units per 1,000 customers), ``points`` (per 1,000 customers), ``%`` or ``ratio``."""
    signed: bool
    """Whether it can be below 0, so that where it crosses 0 is a question."""
    formula: Formula | None
    """None: it is valued (``Whole.contract``), not added up."""

    def of(self, sums: npt.NDArray[Any], whole: Whole) -> Floats:
        """The outcome of sums [..., SUMS]: one value for each leading place; NaN where there is none."""
        assert self.formula is not None
        values = np.asarray(sums, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = self.formula(lambda name: values[..., _PLACE[name]], whole)
        return np.where(np.isfinite(found), found, np.nan)


Sum = Callable[[str], Floats]


def _spend(of: Sum, whole: Whole) -> Floats:
    return whole.cost_per_point * of("redeemed") + of("offers") + whole.offers_beside * of("customers")


def _fees(of: Sum, whole: Whole) -> Floats:
    return of("fees") + whole.fees_beside * of("customers")


def _more_sales(of: Sum) -> Floats:
    return of("sales") - of("sales_0")


def _added(of: Sum, whole: Whole) -> Floats:
    return whole.gross_margin * _more_sales(of) - _spend(of, whole) + _fees(of, whole)


def _per_customers(of: Sum, amount: Floats) -> Floats:
    return PER * amount / of("customers")


def _major(of: Sum, amount: Floats) -> Floats:
    return _per_customers(of, amount) / CENTS


def _lift(name: str) -> Formula:
    return lambda of, whole: 100 * (of(name) / of(f"{name}_0") - 1)


def _share(name: str, base: str, where: Callable[[Whole], bool] = lambda _: True) -> Formula:
    return lambda of, whole: 100 * of(name) / of(base) if where(whole) else np.full_like(of(name), np.nan)


def _tiers(whole: Whole) -> bool:
    return whole.tiers


def _today(whole: Whole) -> bool:
    return whole.today


OUTCOMES = {
    each.name: each
    for each in (
        Outcome("incremental_margin", "Incremental margin", "增額毛利", "money", True, lambda of, w: _major(of, _added(of, w))),
        Outcome("incremental_sales", "Incremental sales", "增額銷售", "money", True, lambda of, w: _major(of, _more_sales(of))),
        Outcome("program_spend", "Program spend", "方案支出", "money", False, lambda of, w: _major(of, _spend(of, w))),
        Outcome("return_on_spend", "Return on spend", "支出報酬率", "ratio", True,
                lambda of, w: (w.gross_margin * _more_sales(of) + _fees(of, w)) / _spend(of, w) - 1),
        Outcome("reward_rate", "Effective reward rate", "實質回饋率", "%", False, lambda of, w: 100 * _spend(of, w) / of("sales")),
        Outcome("liability", "Contract liability at the end", "期末合約負債", "money", False, None),
        Outcome("outstanding_points", "Points outstanding at the end", "期末未兌換點數", "points", False,
                lambda of, w: _per_customers(of, of("outstanding"))),
        Outcome("expired_share", "Points expired, of those earned", "到期點數占得點比率", "%", False, _share("expired", "earned")),
        Outcome("lift_purchases", "Lift of purchases", "購買次數增幅", "%", True, _lift("purchases")),
        Outcome("lift_sales", "Lift of sales", "銷售增幅", "%", True, _lift("sales")),
        Outcome("lift_repurchase", "Lift of the repurchase rate", "回購率增幅", "%", True, _lift("again")),
        Outcome("lift_active", "Lift of active customers", "活躍顧客增幅", "%", True, _lift("active")),
        Outcome("upgrade_rate", "Upgraded at least once", "曾升等會員比率", "%", False, _share("upgraded", "members", _tiers)),
        Outcome("top_tier_share", "In the top tier at the end", "期末最高等級會員比率", "%", False, _share("top", "members", _tiers)),
        Outcome("worse_off", "Get less than of today's program", "比現行方案獲益少的顧客", "%", False, _share("worse", "customers", _today)),
        Outcome("better_off", "Get more than of today's program", "比現行方案獲益多的顧客", "%", False, _share("better", "customers", _today)),
    )
}  # fmt: skip
"""Every outcome, by its name."""


def outcome_named(name: str) -> Outcome:
    """An outcome. Raises SpecError for a name that there is not."""
    if name not in OUTCOMES:
        known = list(OUTCOMES)
        raise SpecError((), "expected an outcome: " + choices(known, len(known)), name, nearest(name, known))
    return OUTCOMES[name]


def unit_of(outcome: Outcome, currency: str) -> str:
    """Its unit, in words."""
    amounts = {"money": f"{currency} per {PER:,} customers", "points": f"points per {PER:,} customers"}
    return amounts.get(outcome.unit, {"ratio": "per unit spent"}.get(outcome.unit, outcome.unit))


# --- from panels -------------------------------------------------------------------------------------------------------
def sums_of(world: WorldPanel, pair: PairPanel, today: PairPanel | None, tiers: int) -> Ints:
    """int64[SUMS] of all customers folded into a program's world, its pair with no program, and its pair with today's program."""
    groups, figures, given = pair.groups[:SEGMENTS].sum(axis=0), pair.figures[:SEGMENTS].sum(axis=0), pair.given
    points = totals(world)
    worth = np.zeros(4, dtype=np.int64) if today is None else today.worth[:SEGMENTS].sum(axis=0)
    found = {"customers": groups[CUSTOMERS], "came": groups[CAME]}
    for name, figure in (("purchases", PURCHASES), ("again", AGAIN), ("active", ACTIVE_LATE)):
        found |= {f"{name}_0": figures[figure, BASELINE], name: figures[figure, PROGRAM]}
    found |= {"sales_0": given[0], "sales": given[1], "redeemed": given[3], "offers": given[5], "fees": given[7]}
    found |= {name: points[name] for name in ("outstanding", "earned", "expired")}
    found |= {"members": world.counts[MEMBERS], "upgraded": world.counts[UPGRADED]}
    found |= {"top": world.at_end[tiers - 1] if tiers else 0, "worse": worth[LOSERS], "better": worth[WINNERS]}
    return np.array([found[name] for name in SUMS], dtype=np.int64)


def whole_of(
    world: WorldPanel,
    sums: Ints,
    rules: tuple[str, ...],
    program: Program,
    population: Population,
    today: bool,
    factors: Sequence[Fraction] | None = None,
) -> Whole:
    """The figures of the whole, but for what is valued. ``sums``: of all customers; ``factors``: as of ``cost_of``."""
    cost = cost_of(world, program, rules, factors)
    of = dict(zip(SUMS, sums.tolist(), strict=True))
    customers = Fraction(max(of["customers"], 1))
    beside = cost.vouchers + cost.offers - of["offers"]
    if not of["redeemed"]:
        beside += cost.points
    return Whole(
        gross_margin=population.gross_margin,
        cost_per_point=float(cost.points / of["redeemed"]) if of["redeemed"] else 0.0,
        offers_beside=float(beside / customers),
        fees_beside=float((cost.fees - of["fees"]) / customers),
        contract=None,
        contract_without=(),
        tiers=bool(all_tiers(program)),
        today=today,
    )


def valued(
    whole: Whole,
    world: WorldPanel,
    parts: Sequence[Sequence[Ints]],
    rules: tuple[str, ...],
    program: Program,
    policy: Policy,
) -> Whole:
    """The same with its liability. ``parts``: of each of ``VALUED_GROUPS`` parts of the members, what it added to the panel's tables that a
    valuation reads (``valued_tables``)."""

    def contract(panel: WorldPanel) -> float:
        return float(liability_figures(panel, rules, program, policy).contract)

    try:
        without = []
        for part in parts:
            rest = world._replace(cells=world.cells.copy())
            for table, added in zip(valued_tables(rest), part, strict=True):
                table -= added
            without.append(contract(rest))
        return replace(whole, contract=contract(world), contract_without=tuple(without))
    except BadInput:
        return whole


def valued_tables(world: WorldPanel) -> tuple[Ints, Ints]:
    """The tables of a panel that a valuation reads: points by month of issue, and by month and rule."""
    return world.triangle, world.by_month_rule
