"""A finished test as one JSON document."""

from typing import Any

from workbench.experiment.analysis import (
    Difference,
    adjusted_outcomes,
    difference,
    needs_for_skewness,
    ratio_p_value,
)
from workbench.experiment.finished import Finished

__all__ = ["analysis_document"]

ODD = 0.001
"""Below this chance the arms are not what was meant (Fabijan et al. 2019 use 0.0005 to 0.001)."""


def analysis_document(test: Finished, share_b: float = 0.5) -> dict[str, Any]:
    """The document of ``loyalty experiment analyse``; ``share_b``: the share of members that was meant for arm B. Estimates in the outcome's unit."""
    in_b = test.in_b
    size_b = int(in_b.sum())
    size_a = len(in_b) - size_b
    plain = difference(test.outcome, in_b)
    ratio = ratio_p_value(size_a, size_b, share_b)
    before = [difference(values, in_b) for values in test.covariates.T]
    warnings = []
    if ratio < ODD:
        warnings.append(
            f"sample-ratio mismatch: {size_a:,} and {size_b:,} members where {1 - share_b:.0%} and {share_b:.0%} were meant, a chance of {ratio:.1e}: "
            "something beside the draw decided who is in the table; find it before any figure here is believed"
        )
    for name, each in zip(test.names, before, strict=True):
        if each.p_value is not None and each.p_value < ODD:
            warnings.append(
                f"{name} differs between the arms before the test (p = {each.p_value:.1e}): they were not drawn alike, or it is not from before"
            )
    needed = needs_for_skewness(test.outcome)
    if min(size_a, size_b) < needed:
        warnings.append(
            f"the outcome is skewed: the intervals hold from about {needed:,} members in each arm on (355 times skewness squared)"
        )
    if plain.p_value is None:
        warnings.append("no outcome varies within the arms: there is no interval")
    document: dict[str, Any] = {
        "members": len(in_b),
        "arms": {
            "a": {"name": test.arm_a, "members": size_a, "mean": plain.mean_a, "sd": float(test.outcome[~in_b].std(ddof=1))},
            "b": {"name": test.arm_b, "members": size_b, "mean": plain.mean_b, "sd": float(test.outcome[in_b].std(ddof=1))},
        },
        "ratio": {"meant_b": share_b, "found_b": size_b / len(in_b), "p_value": ratio, "mismatch": ratio < ODD},
        "plain": _estimate(plain),
        "adjusted": None,
        "before": {
            name: {"mean_a": each.mean_a, "mean_b": each.mean_b, "p_value": each.p_value}
            for name, each in zip(test.names, before, strict=True)
        },
        "warnings": warnings,
    }  # fmt: skip
    if test.names and plain.p_value is not None:
        outcome, rho = adjusted_outcomes(test.outcome, in_b, test.covariates)
        found = difference(outcome, in_b)
        document["adjusted"] = _estimate(found) | {
            "covariates": list(test.names),
            "rho": rho,
            "expected_width_ratio": (1 - rho * rho) ** 0.5,
            "width_ratio": found.error / plain.error,
        }
    return document


def _estimate(found: Difference) -> dict[str, Any]:
    return {
        "difference": found.difference,
        "ci95": list(found.ci95),
        "error": found.error,
        "p_value": found.p_value,
        "relative_pct": None if found.relative is None else 100 * found.relative,
        "relative_pct_ci95": None if found.relative_ci95 is None else [100 * edge for edge in found.relative_ci95],
    }
