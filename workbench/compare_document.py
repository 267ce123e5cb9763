"""Floor 5: several programs lived by the same members, as one document."""

from typing import Any

from workbench.run_document import run_document
from workbench.scenario import Comparison, Run

__all__ = ["compare_document"]

PAIRED = (
    "purchases", "sales", "margin", "active_members", "repurchase_rate", "repurchase_30", "repurchase_90", "interval_days", "counts",
    "by_segment", "worth", "decomposition",
)  # fmt: skip
"""What of the lift compares two programs: a customer in one with the same customer in the other."""
OWED = ("outstanding_points", "face_value", "contract", "current", "cost_basis", "urr")
"""What of the liability at the end stands side by side."""


def compare_document(comparison: Comparison, names: list[str]) -> dict[str, Any]:
    """The document of a comparison: ``programs`` (each one's own document, by name) and ``differences`` (each further program against
    the first: paired figures with their intervals, and plain differences of what each world came to)."""
    documents = {name: run_document(run) for name, run in zip(names, comparison.runs, strict=True)}
    return {
        "programs": documents,
        "differences": [
            _difference(documents[names[0]], documents[name], run, names[0], name)
            for name, run in zip(names[1:], comparison.against_first, strict=True)
        ],
    }


def _difference(first: dict[str, Any], other: dict[str, Any], run: Run, first_name: str, name: str) -> dict[str, Any]:
    found = run_document(run)
    lift = found["lift"]
    plain = {
        "outstanding_points": (first["points"]["outstanding"], other["points"]["outstanding"]),
        "expired_points": (first["points"]["expired"], other["points"]["expired"]),
        "upgrade_rate": (first["tiers"]["upgrade_rate"], other["tiers"]["upgrade_rate"]),
        "redemption_cost": (first["economics"]["redemption_cost"], other["economics"]["redemption_cost"]),
        "cost_pct_of_sales": (first["economics"]["cost_pct_of_sales"], other["economics"]["cost_pct_of_sales"]),
    }
    owed = {key: (first["liability"][key], other["liability"][key]) for key in OWED}
    return (
        {"program": name, "against": first_name}
        | {key: lift[key] for key in PAIRED}
        | {"cost_per_added": found["economics"]["cost_per_added"]}
        | _beside(plain)
        | {"liability": _beside(owed), "change": found["change"]}
    )


def _beside(figures: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Figures of both programs, and their difference."""
    return {
        key: {"baseline": a, "program": b, "difference": None if a is None or b is None else _less(b, a)}
        for key, (a, b) in figures.items()
    }


def _less(b: float, a: float) -> float:
    """A difference of two amounts of money to the minor unit; of other figures as it is."""
    return round(b - a, 2) if round(a, 2) == a and round(b, 2) == b else b - a
