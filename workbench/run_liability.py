"""Floor 5: from a run, its folder, or a company's own records to a valuation: which books, what a point is worth, at which month's end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa

from workbench.errors import BadInput, Problem
from workbench.finance.accounting.close import Worth
from workbench.finance.accounting.movements import SubLedger, month_name
from workbench.finance.accounting.policy import Policy
from workbench.finance.accounting.sources import of_panel, of_tables
from workbench.finance.accounting.valuation import Valuation, value
from workbench.finance.cells import Ints
from workbench.finance.points import totals
from workbench.finance.triangle_file import valuation_month
from workbench.finance.world import GROUPS, WorldPanel
from workbench.program.load import program_from_mapping
from workbench.program.spec import Program
from workbench.program.worth import cost_by_rule, face_value_per_point, given_without_sale, last_ages
from workbench.run_folder import RunFolder
from workbench.units import CENTS

__all__ = ["Books", "books_of_folder", "books_of_panel", "value_books", "worth_of"]


@dataclass(frozen=True)
class Books:
    """A sub-ledger and what it came from."""

    ledger: SubLedger
    name: str
    """What it is of: a program's title, or a file's name."""
    program: Program | None = None
    outstanding: int | None = None
    """Points outstanding by the ledger itself at the end of the sub-ledger."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Digests, seed, versions."""


def books_of_panel(panel: WorldPanel, rules: tuple[str, ...], program: Program) -> SubLedger:
    """The sub-ledger of a program's world."""
    frame = panel.frame
    ages = last_ages(program, frame.first_month, frame.months)
    return of_panel(panel, rules, given_without_sale(program), program.currency, ages)


def books_of_folder(folder: RunFolder) -> Books:
    """The books of a run's folder."""
    source = str(folder.folder)
    program = program_from_mapping(folder.scenario["program"], source=source)
    start, end = (date.fromisoformat(folder.document[name]) for name in ("start", "end"))
    first = _month(start)
    months = _month(end) - first + 1
    triangle, by_rule = folder.table("triangle"), folder.table("points_by_rule")
    missing = np.asarray(triangle["issue_month"].is_null())
    columns = {"issue_month": _months(triangle["issue_month"]), "month": _months(triangle["month"])}
    columns |= {name: np.asarray(triangle[name], dtype=np.int64) for name in GROUPS}
    rules: dict[str, Ints] = {
        "month": _months(by_rule["month"]),
        "points": np.asarray(by_rule["points"], dtype=np.int64),
        "money": np.round(np.asarray(by_rule["money"]) * CENTS).astype(np.int64),
    }
    names = by_rule["rule"].to_pylist()
    ages = last_ages(program, first, months)
    ledger = of_tables(
        columns, missing, rules, names, given_without_sale(program), program.currency, first, months, ages
    )
    document = folder.document
    return Books(ledger, program.title, program, int(document["points"]["outstanding"]), _run_provenance(document))


def _run_provenance(document: Mapping[str, Any]) -> dict[str, Any]:
    """What identifies a run."""
    kept = (
        "program",
        "program_digest",
        "population",
        "population_digest",
        "assumptions",
        "assumptions_digest",
        "scenario",
        "versions",
    )
    found = {name: document["provenance"][name] for name in kept}
    return {
        "members": document["members"],
        "seed": document["seed"],
        "engine": document["engine"],
        "ledger": document["digest"],
    } | found


def _month(day: date) -> int:
    return 12 * (day.year - 1970) + day.month - 1


def _months(column: pa.ChunkedArray) -> Ints:
    """Months since January 1970; 0 where there is none."""
    days = np.asarray(column.cast(pa.int32()).fill_null(0), dtype=np.int64)
    found: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return found


def worth_of(program: Program | None, policy: Policy, ledger: SubLedger, source: str = "") -> Worth:
    """What a point is worth: by the policy, or else by the program. The cost is the average of what was redeemed, the dearest reward's
    where nothing was, and the face value where rewards have no cost. Raises BadInput where neither says."""
    points = policy.points
    face = (
        _minor(points.face_value)
        if points.face_value is not None
        else face_value_per_point(program)
        if program
        else None
    )
    if face is None:
        message = "missing: points buy nothing, or no program is named; expected the value of a point in the policy"
        raise BadInput(Problem("points.face_value", message), source)
    if points.cost_per_point is not None:
        return Worth(face, _minor(points.cost_per_point))
    costs = cost_by_rule(program) if program else {}
    redeemed = {name: int(moved.sum()) for name, moved in ledger.rewards.items() if name in costs}
    total = sum(redeemed.values())
    if total > 0:
        return Worth(face, sum((costs[name] * count for name, count in redeemed.items()), Fraction(0)) / total)
    return Worth(face, max(costs.values(), default=face))


def _minor(major: Any) -> Fraction:
    return Fraction(major) * CENTS


def value_books(books: Books, policy: Policy, valuation: date) -> Valuation:
    """The valuation of books at a month's end. Raises BadInput: another day, outside the records, or what the engine refuses."""
    ledger, month = books.ledger, valuation_month(valuation)
    last = ledger.first_month + ledger.months - 1
    if not ledger.first_month <= month <= last:
        message = f"expected a month's end from {month_name(ledger.first_month)} to {month_name(last)}, which the records cover"
        raise BadInput(Problem("--valuation", message, valuation.isoformat()))
    known = ledger.through(month - ledger.first_month + 1)
    outstanding = books.outstanding if month == last else None
    return value(known, worth_of(books.program, policy, known, books.name), policy, outstanding, books.name)


def value_panel(panel: WorldPanel, rules: tuple[str, ...], program: Program, policy: Policy) -> Valuation:
    """The valuation of a program's world at its end."""
    ledger = books_of_panel(panel, rules, program)
    return value(
        ledger, worth_of(program, policy, ledger, program.title), policy, totals(panel)["outstanding"], program.title
    )
