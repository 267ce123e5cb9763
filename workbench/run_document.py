"""Floor 5: a run as the document the command line prints and the report shows."""

from dataclasses import asdict
from fractions import Fraction
from typing import Any

import numpy as np

from workbench.digest import document_digest
from workbench.finance.lift import Lift, PairedRatio, lift
from workbench.finance.points import totals
from workbench.finance.tiers import members_by_tier, tier_moves
from workbench.ledger import CONVERT, PURCHASE, REDEEM, RETURN, VOUCHER
from workbench.ledger_table import LedgerTable
from workbench.program.spec import Program
from workbench.program.worth import cost_by_rule, face_value_per_point
from workbench.scenario import Run
from workbench.units import CENTS

__all__ = ["run_document"]

PROJECTION = (
    "PROJECTION: synthetic members under assumed behaviour, not an estimate from the company's own redemption history"
)


def run_document(run: Run) -> dict[str, Any]:
    """The document of a run (keys as in the command-line contract). Money in major units; None where there is no figure."""
    scenario, program = run.scenario, run.program
    points = totals(program)
    face = face_value_per_point(scenario.program)
    return {
        "engine": run.engine,
        "members": scenario.members,
        "seed": scenario.seed,
        "start": scenario.start.isoformat(),
        "end": scenario.end.isoformat(),
        "digest": run.digest,
        "currency": scenario.program.currency,
        "provenance": _provenance(run),
        "points": points,
        "tiers": _tiers(program),
        "liability": {
            "outstanding_points": points["outstanding"],
            "face_value": None if face is None else _money(face * points["outstanding"]),
            "contract": None,
            "cost_basis": None,
            "urr": None,
            "p50": None,
            "p75": None,
            "p95": None,
        },
        "lift": _lift(lift(program, run.baseline)),
        "economics": _economics(run),
    }


def _provenance(run: Run) -> dict[str, Any]:
    scenario = run.scenario
    source = scenario.program.provenance
    return {
        "kind": PROJECTION,
        "scenario": scenario.digest(),
        "program": scenario.names.get("program", ""),
        "title": scenario.program.title,
        "title_zh": scenario.program.title_zh,
        "program_digest": _digest(scenario.program),
        "source": source.source,
        "as_of": source.as_of.isoformat(),
        "confidence": source.confidence,
        "interpretation": list(source.interpretation),
        "assumptions_of_program": list(source.assumptions),
        "baseline": scenario.names.get("baseline", scenario.baseline.title),
        "population": scenario.names.get("population", scenario.population.title),
        "population_title": scenario.population.title,
        "population_source": scenario.population.source,
        "population_digest": document_digest(scenario.population.model_dump(mode="json", by_alias=True)),
        "assumptions": scenario.names.get("assumptions", scenario.assumptions.title),
        "assumptions_digest": document_digest(scenario.assumptions.model_dump(mode="json", by_alias=True)),
        "versions": run.versions,
    }


def _digest(program: Program) -> str:
    return document_digest(program.model_dump(mode="json", by_alias=True))


def _tiers(ledger: LedgerTable) -> dict[str, Any]:
    moves = tier_moves(ledger)
    below_top = ledger.members if ledger.tier_names else 0
    return {
        "members": members_by_tier(ledger),
        "upgrades": moves.upgrades,
        "downgrades": moves.downgrades,
        "upgrade_rate": moves.upgraded_members / below_top if below_top else None,
    }


def _lift(found: Lift) -> dict[str, Any]:
    sales = found.sales
    in_major = {"baseline": _money(Fraction(sales.baseline)), "program": _money(Fraction(sales.program))}
    return {
        "purchases": _ratio(found.purchases, whole=True),
        "sales": _ratio(sales) | in_major,
        "repurchase_rate": _ratio(found.repurchase_rate),
    }


def _ratio(ratio: PairedRatio, whole: bool = False) -> dict[str, Any]:
    document = asdict(ratio) | {"ci95": None if ratio.ci95 is None else list(ratio.ci95)}
    if whole:
        document |= {"baseline": int(ratio.baseline), "program": int(ratio.program)}
    return document


def _economics(run: Run) -> dict[str, Any]:
    """What redemption gave and cost: worth to members, cost to the brand, its share of sales, and the sales the program added."""
    ledger = run.program
    kind, money, points = ledger.column("kind"), ledger.column("money"), ledger.column("points")
    sales = Fraction(int(money[kind == PURCHASE].sum()))
    worth = Fraction(int(money[(kind == REDEEM) | (kind == VOUCHER)].sum()))
    cost = _redemption_cost(run) + Fraction(int(money[kind == VOUCHER].sum()))
    baseline = Fraction(int(run.baseline.column("money")[run.baseline.column("kind") == PURCHASE].sum()))
    return {
        "sales": _money(sales),
        "incremental_sales": _money(sales - baseline),
        "redeemed_points": -int(points[np.isin(kind, (REDEEM, RETURN, CONVERT))].sum()),
        "redeemed_value": _money(worth),
        "redemption_cost": _money(cost),
        "cost_pct_of_sales": float(100 * cost / sales) if sales else None,
    }


def _redemption_cost(run: Run) -> Fraction:
    """Cost of the points redeemed, in minor units. Points that refunds gave back cost nothing after all; they are valued at the
    average cost of the points redeemed."""
    kind, points, rule = (run.program.column(name) for name in ("kind", "points", "rule"))
    costs = cost_by_rule(run.scenario.program)
    taken, total = 0, Fraction(0)
    for code, name in enumerate(run.program.rules):
        redeemed = -int(points[(rule == code) & (kind == REDEEM)].sum())
        if redeemed:
            taken += redeemed
            total += redeemed * costs[name]
    given_back = int(points[kind == RETURN].sum())
    return total * (taken - given_back) / taken if taken else total


def _money(minor: Fraction) -> int | float:
    """Minor units, rounded half up to a whole one, as a JSON number in major units."""
    whole = (2 * minor.numerator + minor.denominator) // (2 * minor.denominator)
    return whole // CENTS if whole % CENTS == 0 else whole / CENTS
