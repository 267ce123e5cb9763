"""A calibration as a population file: a YAML file with its provenance, checked by the reader of such files before it is written."""

import json
import re
from typing import Any

from workbench.population.calibration.calibrate import Calibration
from workbench.population.calibration.fit import Fit
from workbench.population.calibration.seasons import Weights
from workbench.population.calibration.shares import shares_of
from workbench.population.calibration.spend_choice import GAMMA_GAMMA
from workbench.population.calibration.summary import iso
from workbench.population.spec import NO_CURRENCY, Population
from workbench.spec_file import spec_from_mapping
from workbench.yaml_file import parse_mapping, scalar

__all__ = ["population_text"]


def population_text(
    found: Calibration, title: str, source: str, currency: str | None = None, margin: float = 0.4
) -> str:
    """The text of the file. ``source`` says which log it was: its name, digest and rows. Raises BadInput where it would not load."""
    core = found.core
    lines = [
        "# Written by `loyalty calibrate`. Standard errors are those of logarithms: a value v with error e lies within v * exp(-1.96 e)",
        "# and v * exp(1.96 e) with 95 % confidence.",
        "schema: 1",
        f"title: {_text(title)}",
        f"currency: {currency or NO_CURRENCY}"
        + ("" if currency else "  # none named: amounts are in the program's currency"),
        f"source: {_text(source + '; ' + _fitted(found))}",
        f"as_of: {iso(core.until)}",
        "notes:",
        *(f"  - {_text(note)}" for note in _notes(found)),
        f"purchases: {_flow(_purchases(found))}",
        f"# {_errors(found.enters)}",
        f"basket: {_flow(_basket(found))}",
        f"# mean basket {found.spend.mean:.6g} (standard error {found.spend.mean_error:.2g}); level multiplied by {found.spend.scale:.6g}",
        f"price_step: {1 if found.spend.whole else '0.01'}",
        f"gross_margin: {margin:g}  # not in a log: take it from your books",
        f"arrivals: {_flow({'model': 'measured', 'years': _number(found.arriving.years), 'shares': list(found.arriving.shares)})}",
        *_seasons(found),
        *_shares(found),
        *_people(found),
    ]
    text = "\n".join(lines) + "\n"
    mapping, line_of = parse_mapping(text, title)
    spec_from_mapping(Population, mapping, line_of, title)
    return text


def _text(text: str) -> str:
    """Text in double quotes, as JSON and YAML both have it."""
    return json.dumps(text, ensure_ascii=False)


def _flow(values: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{_word(key)}: {_value(value)}" for key, value in values.items()) + "}"


def _value(value: Any) -> str:
    return _word(value) if isinstance(value, str) else json.dumps(value)


def _word(text: str) -> str:
    """Text as it stands where it is a plain word, else in quotes."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z_]*", text) and isinstance(scalar(text), str)
    return text if plain else _text(text)


def _number(value: float) -> float:
    return float(f"{value:.7g}")


def _fitted(found: Calibration) -> str:
    core = found.core
    return (
        f"purchases of {iso(core.first)} to {iso(core.until)}, {core.rows.size} customers, "
        f"{core.rows.repeaters} of whom came back; {found.enters.model.name} by maximum likelihood, log-likelihood {found.enters.log_likelihood:.2f}"
    )


def _notes(found: Calibration) -> list[str]:
    notes = ["Orders of one day are one purchase. Refunds in part are taken off baskets."]
    if found.core.month is not None:
        plain = ", ".join(f"{name} {value:.4g}" for name, value in found.core.fit.parameters.items())
        notes.append(
            f"Fitted with time counted by the months' weights, as a run counts it; by the calendar: {found.core.fit.model.name} {plain}."
        )
    if found.holdout is not None:
        told = found.holdout.document()
        error = "" if told["error_pct"] is None else f", {told['error_pct']:+.1f} %"
        notes.append(
            f"Hold-out, {told['train_until']} to {told['until']}: {told['actual']} repeat purchases, {told['predicted']:.0f} predicted{error}."
        )
    if found.redemption is not None:
        told = found.redemption._asdict()
        chance = f"{told['per_purchase']:.3f}" + _plus(told["per_purchase_error"])
        notes.append(
            f"Redeemers: {told['redeemed']} of {told['members']} members with two purchases redeemed. never is fitted"
            f"{_plus(told['never_error'])}; the others first redeem with chance {chance} at a purchase. How threshold and choice share the "
            "rest, and what they weigh up (the assumptions file), a log without balances does not tell: judgement. To live by that chance alone: "
            f"redeemers with threshold 0 and choice {1 - told['never']:.6f}, and assumptions with redemption: "
            f"{{balance: 0, expiry: 0, hassle: {found.redemption.hassle:.4g}}}."
        )
    return notes + found.warnings


def _plus(error: float | None) -> str:
    return "" if error is None else f" (standard error {error:.3f})"


def _purchases(found: Calibration) -> dict[str, Any]:
    parameters = {name: _number(value) for name, value in found.enters.parameters.items()}
    return {"model": found.enters.model.name.replace("-", "_"), "unit": found.wanted.unit, **parameters}


def _errors(fit: Fit) -> str:
    pairs = zip(fit.model.parameters, fit.errors, strict=True)
    return "standard errors: " + ", ".join(
        f"{name} {'none' if error is None else format(error, '.4f')}" for name, error in pairs
    )


def _basket(found: Calibration) -> dict[str, Any]:
    spend = found.spend
    if spend.chosen == GAMMA_GAMMA:
        fit = spend.gamma_gamma
        return {
            "model": "gamma_gamma",
            "p": _number(fit.p),
            "q": _number(fit.q),
            "gamma": _number(fit.gamma * spend.scale),
        }
    fitted = spend.lognormal
    return {
        "model": "lognormal", "mean": _number(spend.mean), "sd_within": _number(fitted.sd_within),
        "sd_between": _number(fitted.sd_between),
    }  # fmt: skip


def _seasons(found: Calibration) -> list[str]:
    core = found.core
    given = [("weekday", core.weekday, core.seasonality.weekday), ("month", core.month, core.seasonality.month)]
    lines = []
    for name, weights, rounded in given:
        if weights is not None:
            lines += [f"  {name}: {list(rounded)}", f"  # standard errors: {_listed(weights)}"]
    return ["seasonality:", *lines] if lines else []


def _listed(weights: Weights) -> str:
    return ", ".join(f"{each:.3f}" for each in weights.error)


def _shares(found: Calibration) -> list[str]:
    lines = []
    for name, column, blank in (
        ("channels", found.log.channel, "store"),
        ("categories", found.log.category, "general"),
    ):
        shares = shares_of(found.log, column, blank)
        if shares is not None:
            lines.append(f"{name}: {_flow(shares)}")
    return lines


def _people(found: Calibration) -> list[str]:
    lines = []
    if found.log.birthdays is not None:
        lines.append(f"birthdays: {_flow({'known': round(found.log.birthdays / max(found.log.customers, 1), 4)})}")
    if found.redemption is not None:
        never = round(found.redemption.never, 6)
        threshold = round((1 - never) * 4 / 15, 6)  # .20 to .55, as the defaults share them
        lines.append(
            f"redeemers: {_flow({'never': never, 'threshold': threshold, 'choice': round(1 - never - threshold, 6)})}"
        )
    share, days = found.returned
    if share:
        lines.append(f"returns: {_flow({'share': round(share, 6), 'days': days})}")
    return lines
