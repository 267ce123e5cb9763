"""Floor 5: a run as the document the command line prints and the report shows."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from workbench.change_document import change_document
from workbench.cost_statement import cost_of, cost_statement, money
from workbench.digest import document_digest
from workbench.errors import BadInput
from workbench.finance import tiers as tiers_of
from workbench.finance.accounting.policy import Policy, load_policy
from workbench.finance.lift import (
    SEGMENT_NAMES,
    Cost,
    GroupLift,
    by_segment,
    by_tier,
    cost_per_added,
    cost_share,
    lift,
    margin,
    naive,
    purchases_by_world,
    return_on_spend,
)
from workbench.finance.outcomes import (
    FACTORS,
    Worth,
    decomposition,
    footed,
    worth_by_segment,
    worth_by_tier,
    worth_in_all,
)
from workbench.finance.paired import PairedRatio
from workbench.finance.points import money_of, outstanding_interval, points_of, totals
from workbench.finance.world import WorldPanel
from workbench.ledger import CONVERT, PURCHASE, REDEEM, RETURN, VOUCHER
from workbench.messages_document import messages_document
from workbench.population.drivers import behaviour_document, is_off, lift_warnings
from workbench.program.spec import Program
from workbench.program.versions import all_tiers, in_force_on
from workbench.program.worth import face_value_per_point
from workbench.run_liability import liability_figures
from workbench.scenario import NO_PROGRAM, Run
from workbench.units import CENTS

__all__ = ["run_document"]

PROJECTION = (
    "PROJECTION: synthetic members under assumed behaviour, not an estimate from the company's own redemption history"
)
NAIVE = (
    "Not lift: heavy buyers join and buy more than others with any program. The effect of the program is in the paired "
    "figures, which compare each customer with themselves"
)
SURVIVAL_MONTHS = (6, 12, 24, 36, 60)
"""Months after entering a tier for which the document says how many stayed; the table has all."""


def run_document(run: Run, policy: Policy | None = None) -> dict[str, Any]:
    """The document of a run (keys as in the command-line contract). Money in major units; None where there is no figure. policy: how
    points are valued; the shipped default unless given."""
    scenario = run.scenario
    policy = policy or load_policy("default")
    points = totals(run.program)
    face = face_value_per_point(in_force_on(scenario.program, scenario.end))
    costs = (
        cost_of(run.baseline, scenario.baseline, run.baseline_rules, scenario.cost_factors),
        cost_of(run.program, scenario.program, run.rules, scenario.cost_factors),
    )
    behaviour = behaviour_document(scenario.assumptions, run.responses)
    lifted = _lift(run, *costs)
    whole = scenario.baseline is NO_PROGRAM and not is_off(scenario.assumptions)
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
        "tiers": _tiers(run.program, all_tiers(scenario.program)),
        "liability": {
            "outstanding_points": points["outstanding"],
            "outstanding_ci95": _rounded(outstanding_interval(run.program)),
            "face_value": None if face is None else money(face * points["outstanding"]),
            **_liability(run, policy),
        },
        "lift": lifted,
        "economics": _economics(run, costs, lifted),
        "change": change_document(run, policy),
        "messages": messages_document(run),
        "behaviour": behaviour,
        "warnings": lift_warnings(lifted, behaviour) if whole else [],
    }


def _liability(run: Run, policy: Policy) -> dict[str, Any]:
    """What members are owed by a policy; null, with the reason, where it cannot be said."""
    found: dict[str, Any] = dict.fromkeys(
        ("contract", "current", "cost_basis", "urr", "urr_source", "p50", "p75", "p95", "missing")
    )
    try:
        dearer = run.scenario.cost_factor(run.scenario.end) if policy.points.cost_per_point is None else Fraction(1)
        figures = liability_figures(run.program, run.rules, run.scenario.program, policy, dearer)
    except BadInput as error:
        return found | {"missing": str(error)}
    amounts = {name: money(Fraction(getattr(figures, name))) for name in ("contract", "current", "cost_basis")}
    return found | amounts | {"urr": figures.rate, "urr_source": figures.source}


def _versions_in_force(run: Run) -> list[dict[str, Any]]:
    """The versions of the program that were in force during the run, each with its first day; none where it has one only."""
    scenario = run.scenario
    versions = scenario.program.versions
    if not versions:
        return []
    dates = [None, *(each.effective for each in versions)]
    ends = [*dates[1:], None]
    return [
        {
            "effective": None if first is None else first.isoformat(),
            "title": scenario.program.title if k == 0 else versions[k - 1].title,
        }
        for k, (first, end) in enumerate(zip(dates, ends, strict=True))
        if (first is None or first <= scenario.end) and (end is None or end > scenario.start)
    ]


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
        "program_versions": _versions_in_force(run),
        "versions": run.versions,
    }


def _digest(program: Program) -> str:
    return document_digest(program.model_dump(mode="json", by_alias=True))


# --- tiers ---------------------------------------------------------------------------------------------------------
def _tiers(world: WorldPanel, names: tuple[str, ...]) -> dict[str, Any]:
    members = tiers_of.members(world) if names else 0
    found = {
        "members": tiers_of.members_at_end(world, names),
        "upgrades": tiers_of.upgrades(world),
        "downgrades": tiers_of.downgrades(world),
        "upgrade_rate": tiers_of.upgraded_members(world) / members if members else None,
        "upgrade_rate_ci95": _listed(tiers_of.upgrade_interval(world)) if members else None,
        "reached": tiers_of.reached(world, names),
        "downgraded_members": tiers_of.downgraded_members(world),
    }
    if not names:
        return found | dict.fromkeys(("requalified", "migration", "time_to_tier", "survival"))
    decided = tiers_of.reviews(world)
    migration = {
        "tiers": list(names), "matrix": decided.matrix.tolist(), "shares": decided.shares, "graces": decided.graces,
    }  # fmt: skip
    return found | {
        "requalified": decided.requalified,
        "migration": migration,
        "time_to_tier": {name: _time_to_tier(world, place) for place, name in enumerate(names) if place},
        "survival": {name: _survival(world, place) for place, name in enumerate(names)},
    }


def _time_to_tier(world: WorldPanel, tier: int) -> dict[str, Any]:
    found = tiers_of.time_to_tier(world, tier)
    within = {name: found.within(share) for name, share in (("p25", 0.25), ("median", 0.5), ("p75", 0.75))}
    return {"members": found.members, "share": found.share, "months": within}


def _survival(world: WorldPanel, tier: int) -> list[dict[str, Any]]:
    found = tiers_of.survival(world, tier)
    return [
        {
            "months": month,
            "share": float(found.share[month]),
            "ci95": [float(found.low[month]), float(found.high[month])],
            "at_risk": int(found.at_risk[month]),
        }
        for month in SURVIVAL_MONTHS
        if month < len(found.share) and found.share[month] == found.share[month]
    ]


# --- lift ----------------------------------------------------------------------------------------------------------
def _lift(run: Run, cost_0: Cost, cost_1: Cost) -> dict[str, Any]:
    found = lift(run.pairs)
    gross = Fraction(str(run.scenario.population.gross_margin))
    plain = naive(run.pairs)
    segments = zip(SEGMENT_NAMES, by_segment(run.pairs), strict=True)
    names = all_tiers(run.scenario.program)
    tiers = zip((None, *names), by_tier(run.pairs), strict=True) if names else ()
    return {
        "purchases": _ratio(found.purchases, int),
        "sales": _ratio(found.sales, _minor),
        "repurchase_rate": _ratio(found.repurchase_rate),
        "repurchase_30": _ratio(found.repurchase_30),
        "repurchase_90": _ratio(found.repurchase_90),
        "active_members": _ratio(found.active_members, int),
        "interval_days": _ratio(found.interval_days),
        "margin": _ratio(margin(run.pairs, gross, cost_0, cost_1), _minor),
        "counts": purchases_by_world(run.pairs),
        "by_tier": [_group(name, group) for name, group in tiers if name is not None or group.customers],
        "by_segment": [_group(name, group) for name, group in segments],
        "worth": _worths(run),
        "decomposition": _decomposition(run),
        "naive": {
            "members": plain.members,
            "non_members": plain.non_members,
            "purchases_delta_pct": plain.purchases_delta_pct,
            "note": NAIVE,
        },
    }


def _worths(run: Run) -> dict[str, Any]:
    """Who gets more than in the baseline, and who less."""
    names = (None, *all_tiers(run.scenario.program))
    tiers = zip(names, worth_by_tier(run.pairs), strict=True) if all_tiers(run.scenario.program) else ()
    segments = zip(SEGMENT_NAMES, worth_by_segment(run.pairs), strict=True)
    return _worth(worth_in_all(run.pairs)) | {
        "by_tier": [{"name": name} | _worth(each) for name, each in tiers if name is not None or each.members],
        "by_segment": [{"name": name} | _worth(each) for name, each in segments],
    }


def _worth(found: Worth) -> dict[str, Any]:
    return {
        "winners": found.winners,
        "losers": found.losers,
        "unchanged": found.unchanged,
        "gained": money(Fraction(found.gained)),
        "lost": money(Fraction(found.lost)),
    }


def _decomposition(run: Run) -> dict[str, Any] | None:
    """Where the difference in sales comes from. The parts are rounded so that they add up to the difference to the last digit."""
    found = decomposition(run.pairs)
    if found is None:
        return None
    parts = footed(found.parts, found.difference)
    return {
        "factors": [
            {
                "name": name,
                "baseline": _shown(name, found.baseline[name]),
                "program": _shown(name, found.program[name]),
                "sales": money(Fraction(parts[name])),
            }
            for name in FACTORS
        ],
        "sales": money(found.difference),
    }


def _shown(factor: str, value: Fraction) -> int | float:
    return float(value) / CENTS if factor == "basket" else int(value) if factor == "members" else float(value)


def _group(name: str | None, group: GroupLift) -> dict[str, Any]:
    return {
        "name": name,
        "members": group.customers,
        "purchases": _ratio(group.purchases, int),
        "sales": _ratio(group.sales, _minor),
        "repurchase_rate": _ratio(group.repurchase_rate),
    }


def _ratio(ratio: PairedRatio, shown: Callable[[float], int | float] = float) -> dict[str, Any]:
    values = {"baseline": ratio.baseline, "program": ratio.program}
    found: dict[str, Any] = {name: None if value is None else shown(value) for name, value in values.items()}
    return found | {"delta_pct": ratio.delta_pct, "ci95": _listed(ratio.ci95)}


def _listed(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)


def _rounded(interval: tuple[float, float] | None) -> list[int] | None:
    return None if interval is None else [round(each) for each in interval]


# --- money ---------------------------------------------------------------------------------------------------------
def _economics(run: Run, costs: tuple[Cost, Cost], lifted: dict[str, Any]) -> dict[str, Any]:
    """What redemption gave and cost: worth to members, cost to the brand, its share of sales; what sales and margin the program
    added; what it cost in all, line by line, and what a unit of that brought."""
    world, cost = run.program, costs[1]
    gross = Fraction(str(run.scenario.population.gross_margin))
    back = return_on_spend(run.pairs, gross, *costs)
    sales, baseline = money_of(world, PURCHASE), money_of(run.baseline, PURCHASE)
    share = cost_share(run.pairs, cost)
    interval = None if share is None or share[1] is None else [100 * each for each in share[1]]
    return {
        "sales": money(Fraction(sales)),
        "incremental_sales": money(Fraction(sales - baseline)),
        "gross_margin": run.scenario.population.gross_margin,
        "incremental_margin": round(lifted["margin"]["program"] - lifted["margin"]["baseline"], 2),
        "redeemed_points": -points_of(world, REDEEM, RETURN, CONVERT),
        "redeemed_value": money(Fraction(money_of(world, REDEEM, VOUCHER))),
        "redemption_cost": money(cost.points + cost.vouchers),
        "cost_pct_of_sales": None if share is None else 100 * share[0],
        "cost_pct_ci95": interval,
        "program_spend": money(cost.spend),
        "fees": money(cost.fees),
        "lines": {
            name: money(sum(values, Fraction(0)))
            for name, values in cost_statement(
                world, run.scenario.program, run.rules, run.scenario.cost_factors
            ).items()
        },
        "return_on_spend": None if back is None else back[0],
        "return_on_spend_ci95": None if back is None else _listed(back[1]),
        "cost_per_added": {
            "purchase": _per_added(lifted["purchases"], cost_per_added(run.pairs, "purchase", *costs), CENTS),
            "sales": _per_added(lifted["sales"], cost_per_added(run.pairs, "sales", *costs), 1),
        },
    }


UNKNOWN = "not told: the 95 % interval of what was added holds 0, so nothing may have been added at all"


def _per_added(ratio: dict[str, Any], found: tuple[float, tuple[float, float]] | None, unit: int) -> dict[str, Any]:
    """Cost of one more purchase (major units) or of one more unit of sales, with its interval; null with the reason where nothing was added, or lost,
    for certain. ``added`` below 0: what was saved for each one lost."""
    added = round(ratio["program"] - ratio["baseline"], 2)
    if found is None:
        return {"added": added, "value": None, "ci95": None, "missing": UNKNOWN}
    value, interval = found
    return {"added": added, "value": value / unit, "ci95": [each / unit for each in interval], "missing": None}


def _minor(value: float) -> int | float:
    return money(Fraction(value))
