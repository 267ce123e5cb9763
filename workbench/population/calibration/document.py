"""A calibration as one JSON document: the contract's keys, and beside them everything else that was found."""

from typing import Any

from workbench.population.calibration.calibrate import Calibration
from workbench.population.calibration.fit import MODELS, Fit
from workbench.population.calibration.seasons import Weights
from workbench.population.calibration.shares import shares_of
from workbench.population.calibration.summary import iso
from workbench.population.spec import DAYS_PER_UNIT, DAYS_PER_YEAR

__all__ = ["calibration_document"]


def calibration_document(found: Calibration) -> dict[str, Any]:
    """The document; amounts in major units, standard errors of parameters those of their logarithms."""
    core, fit = found.core, found.core.fit
    names = MODELS[found.wanted.model].parameters
    repeats = float(core.rows.x @ core.rows.customers)
    document: dict[str, Any] = {
        "model": fit.model.name,
        "asked_for": found.wanted.model,
        "unit": found.wanted.unit,
        "parameters": {name: fit.parameters.get(name) for name in names},
        "standard_errors_of_logs": dict.fromkeys(names) | _errors(fit),
        "spend": _spend(found),
        "log_likelihood": fit.log_likelihood,
        "customers": fit.customers,
        "repeat_customers": core.rows.repeaters,
        "purchases": len(core.days.day),
        "repeat_purchases": int(repeats),
        "period": {"first": iso(core.first), "last": iso(core.until)},
        "new_since": None if found.wanted.new_since is None else iso(found.wanted.new_since),
        "purchases_per_year": fit.parameters["r"]
        / fit.parameters["alpha"]
        * DAYS_PER_YEAR
        / DAYS_PER_UNIT[found.wanted.unit],
        "fitted": {"actual": int(repeats), "expected": core.due, "error_pct": 100 * (core.due / repeats - 1)},
        "holdout": None if found.holdout is None else found.holdout.document(),
        "seasonality": {"weekday": _weights(core.weekday), "month": _weights(core.month)},
        "arrivals": found.arriving._asdict(),
        "returns": {"share": found.returned[0], "days": found.returned[1]},
        "refunds": _refunds(found),
        "redemption": None
        if found.redemption is None
        else found.redemption._asdict() | {"hassle": found.redemption.hassle},
        "channels": shares_of(found.log, found.log.channel, "store"),
        "categories": shares_of(found.log, found.log.category),
        "population_model": {"model": found.enters.model.name, "time": "calendar" if core.month is None else "season", "parameters": found.enters.parameters,
                             "standard_errors_of_logs": _errors(found.enters)},
        "warnings": found.warnings,
    }  # fmt: skip
    if found.segments:
        document["segments"] = {name: calibration_document(each) for name, each in found.segments.items()}
    return document


def _errors(fit: Fit) -> dict[str, float | None]:
    return dict(zip(fit.model.parameters, fit.errors, strict=True))


def _spend(found: Calibration) -> dict[str, Any]:
    spend = found.spend
    gamma_gamma, lognormal = spend.gamma_gamma, spend.lognormal
    return {
        "p": gamma_gamma.p,
        "q": gamma_gamma.q,
        "gamma": gamma_gamma.gamma,
        "standard_errors_of_logs": dict(zip(("p", "q", "gamma"), gamma_gamma.errors, strict=True)),
        "log_likelihood": gamma_gamma.log_likelihood,
        "customers": gamma_gamma.customers,
        "lognormal": {
            "mean": lognormal.mean,
            "sd_within": lognormal.sd_within,
            "sd_between": lognormal.sd_between,
            "standard_errors_of_logs": dict(zip(("median", "sd_within", "sd_between"), lognormal.errors, strict=True)),
        },
        "log_likelihood_of_baskets": {"gamma_gamma": gamma_gamma.of_baskets, "lognormal": lognormal.of_baskets},
        "chosen": spend.chosen,
        "mean_basket": spend.mean,
        "mean_basket_error": spend.mean_error,
        "median_basket": spend.median,
        "scale": spend.scale,
    }


def _weights(weights: Weights | None) -> dict[str, list[float]] | None:
    if weights is None:
        return None
    return {"weights": weights.weight.tolist(), "standard_errors": weights.error.tolist()}


def _refunds(found: Calibration) -> dict[str, Any]:
    refunds = found.core.days.refunds._asdict()
    return {name: value / 100 if name.endswith("amount") else value for name, value in refunds.items()}
