"""Floor 5: what a triangle says of redemptions to come, as the document the command line prints."""

import math
from typing import Any

import numpy as np

from workbench.finance.redemption_rates import ESTIMATORS, TailMethod, Ultimates, ultimate
from workbench.finance.redemption_rates.bootstrap import Draws
from workbench.finance.redemption_rates.diagnostics import actual_against_expected
from workbench.finance.triangle import Triangle, month_name

__all__ = ["BASIS", "QUANTILES", "redemption_document"]

BASIS = {
    "ESTIMATE": "ESTIMATE: from redemptions that happened, on the assumption that members go on as they did",
    "PROJECTION": "PROJECTION: synthetic members under assumed behaviour, not an estimate from the company's own redemption history",
}
QUANTILES = {"p5": 0.05, "p50": 0.5, "p75": 0.75, "p95": 0.95}


def redemption_document(
    triangle: Triangle,
    source: str,
    a_priori: float | None = None,
    tail: TailMethod | None = None,
    draws: Draws | None = None,
    run_off: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Points so far and to come, by method and by cohort. Points to come are numbers with decimals (expectations); None where a method cannot
    say. ``draws``: of members, for the interval of the hazard's. ``run_off``: what a simulation found (``simulators.run_off``).

    Raises BadInput as ``ultimate`` does.
    """
    found = {method: ultimate(triangle, method, a_priori=a_priori, tail=tail) for method in ESTIMATORS}
    return {
        "source": source,
        "kind": BASIS[triangle.basis],
        "valuation": month_name(triangle.valuation),
        "first_cohort": month_name(triangle.first_month),
        "months_of_a_period": triangle.months,
        "currency": triangle.currency or None,
        "points": {
            "issued": int(triangle.issued.sum()),
            "redeemed": int(triangle.redeemed_to_date.sum()),
            "expired": int(triangle.expired_to_date.sum()),
            "outstanding": int(triangle.outstanding.sum()),
            "owed": triangle.debt,
        },
        "methods": {method: _method(triangle, each, a_priori, tail) for method, each in found.items()},
        "interval": None if draws is None else _interval(draws),
        "run_off": run_off,
        "cohorts": _cohorts(triangle, found),
    }


def _method(triangle: Triangle, found: Ultimates, a_priori: float | None, tail: TailMethod | None) -> dict[str, Any]:
    soon = None if 12 % triangle.months else _number(found.within(12).sum())
    past = actual_against_expected(triangle, found.method, 12 // triangle.months, a_priori=a_priori, tail=tail)
    actual, expected = (sum(float(getattr(each, name).sum()) for each in past) for name in ("actual", "expected"))
    return {
        "ultimate_rate": found.rate,
        "rate_of_outstanding": found.outstanding_rate,
        "to_come": _number(found.future.sum()),
        "within_12_months": soon,
        "standard_error": found.total_error,
        "last_12_months": {
            "redeemed": int(actual),
            "expected": _number(expected),
            "error_pct": _number(100 * (expected / actual - 1)) if actual > 0 else None,
        },
        "notes": list(found.notes),
        "warnings": list(found.warnings),
    }


def _interval(draws: Draws) -> dict[str, Any]:
    values = draws.quantiles(*QUANTILES.values())
    return {"method": "hazard", "made_by": "members drawn again", "draws": len(draws.points)} | dict(
        zip(QUANTILES, values, strict=True)
    )


def _cohorts(triangle: Triangle, found: dict[str, Ultimates]) -> list[dict[str, Any]]:
    return [
        {
            "issue_month": month_name(int(triangle.cohort_months[k])),
            "issued": int(triangle.issued[k]),
            "redeemed": int(triangle.redeemed_to_date[k]),
            "expired": int(triangle.expired_to_date[k]),
            "outstanding": int(triangle.outstanding[k]),
            "ultimate": {method: _number(each.points[k]) for method, each in found.items()},
        }
        for k in range(triangle.cohorts)
    ]


def _number(value: float | np.floating[Any]) -> float | None:
    return float(value) if math.isfinite(value) else None
