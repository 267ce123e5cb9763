"""Floor 5: the books of a run, of its folder, or of a company's own records, and their valuation at a month's end."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from workbench.errors import BadInput, Problem
from workbench.files import reading, regular_file
from workbench.finance.accounting.cohort_file import read_cohorts
from workbench.finance.accounting.confidence import liability_levels
from workbench.finance.accounting.ledger_books import read_all
from workbench.finance.accounting.movements import SubLedger, month_name
from workbench.finance.accounting.policy import Policy
from workbench.finance.accounting.right_flows import RightFlows, flows_of_entries, flows_of_months
from workbench.finance.accounting.sources import of_tables
from workbench.finance.accounting.valuation import Valuation, value
from workbench.finance.cells import Ints
from workbench.finance.points import totals
from workbench.finance.redemption_rates.bootstrap import bootstrap, member_triangles
from workbench.finance.triangle import Events, Floats, events_of
from workbench.finance.triangle_file import read_ledger, valuation_month
from workbench.finance.world import GROUPS, MONEY
from workbench.program.load import program_from_mapping
from workbench.program.spec import Program
from workbench.program.worth import given_without_sale, last_ages
from workbench.run_document import run_document
from workbench.run_folder import RunFolder
from workbench.run_liability import books_of_panel, worth_of
from workbench.scenario import Run, cost_factor
from workbench.units import CENTS

__all__ = ["Books", "books_of_file", "books_of_folder", "books_of_run", "check_end", "flows_of_run", "value_books"]


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
    flows: RightFlows | None = None
    """Of stored value, plans and coupons, where they are at hand."""
    events: Events | None = None
    """Every entry, where they are known member by member: then members can be drawn again."""
    cost_of_points: tuple[tuple[date, float], ...] = ()
    """From a day on, what is redeemed costs so many times as much as the program says."""
    end: date | None = None
    """The last day that is known, where that may lie within a month."""


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
    return Books(
        ledger, program.title, program, int(document["points"]["outstanding"]), _run_provenance(document), end=end,
        cost_of_points=tuple((date.fromisoformat(day), factor) for day, factor in folder.scenario.get("cost_of_points", ())),
    )  # fmt: skip


def books_of_run(run: Run) -> Books:
    """The books of a run in memory."""
    program = run.scenario.program
    ledger = books_of_panel(run.program, run.rules, program)
    events = None if run.ledgers is None else events_of(run.ledgers[0])
    outstanding = totals(run.program)["outstanding"]
    provenance = _run_provenance(run_document(run))
    return Books(
        ledger, program.title, program, outstanding, provenance, flows_of_run(run), events,
        run.scenario.cost_of_points, run.scenario.end,
    )  # fmt: skip


def flows_of_run(run: Run) -> RightFlows:
    """Stored value, plans and coupons of a run in memory: from its entries where they were kept, else from its months."""
    frame = run.program.frame
    if run.ledgers is None:
        return flows_of_months(frame.first_month, run.program.by_month[:, :, MONEY])
    kept = run.ledgers[0]
    columns: dict[str, Any] = {
        name: kept.column(name) for name in ("member", "kind", "money", "lot_earned_on", "expires_on", "order")
    }
    columns |= {"date": kept.column("day"), "rule": np.array(kept.rules, dtype=object)[kept.column("rule")]}
    return flows_of_entries(columns, frame.first_month, frame.months)


def books_of_file(path: Path, valuation: date, program: Program | None, policy: Policy) -> Books:
    """The books of recorded entries: a ledger, or a table of cohorts. Raises BadInput."""
    currency = program.currency if program else policy.currency or ""
    cohorts, digest = _is_cohorts(path), file_digest(path)
    if not cohorts:
        given = None if program is None else given_without_sale(program)
        ledger, flows = read_all(path, valuation_month(valuation), given, currency)
        provenance = {"file": path.name, "sha256": digest}
        return Books(ledger, path.name, program, ledger.outstanding, provenance, flows, read_ledger(path))
    ledger = read_cohorts(path)
    if ledger.currency and currency and ledger.currency != currency:
        raise BadInput(
            Problem("column currency", f"expected {currency}, the currency of the program or policy", ledger.currency),
            str(path),
        )
    ledger = replace(ledger, currency=ledger.currency or currency)
    return Books(ledger, path.name, program, None, {"file": path.name, "sha256": digest})


def _is_cohorts(path: Path) -> bool:
    """Whether a file's first line has a column of cohorts."""
    file = regular_file(path, "a ledger or a table of cohorts")
    with reading(file), file.open("rb") as stream:
        header = stream.read(2**12).split(b"\n", 1)[0]
    names = [each.strip().strip(b'"') for each in header.removeprefix(b"\xef\xbb\xbf").split(b",")]
    if b"issue_month" in names:
        message = "expected a ledger or a table of cohorts: a triangle of redemptions alone does not say what was sold with the points"
        raise BadInput(Problem("header", message), str(path))
    return b"cohort" in names


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with reading(path), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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


def check_end(valuation: date, end: date | None) -> None:
    """Raise BadInput where a valuation lies after the last day that is known: the flows of a part of a month are not those of a month."""
    if end is not None and valuation > end:
        raise BadInput(
            Problem("--valuation", f"expected a month's end up to {end}, when the run ends", valuation.isoformat())
        )


def value_books(
    books: Books, policy: Policy, valuation: date, weights: Callable[[int], Floats] | None = None
) -> Valuation:
    """The valuation of books at a month's end. ``weights``: gives draws of so many members (float64[draws, members], mean 1), for the levels of
    confidence, where entries are known member by member. Raises BadInput: another day, outside the records, or what the engine refuses."""
    ledger, month = books.ledger, valuation_month(valuation)
    last = ledger.first_month + ledger.months - 1
    if not ledger.first_month <= month <= last:
        message = f"expected a month's end from {month_name(ledger.first_month)} to {month_name(last)}, which the records cover"
        raise BadInput(Problem("--valuation", message, valuation.isoformat()))
    check_end(valuation, books.end)
    known = ledger.through(month - ledger.first_month + 1)
    outstanding = books.outstanding if month == last else None
    flows = None if books.flows is None else books.flows.through(known.months)
    worth = worth_of(books.program, policy, known, books.name)
    if policy.points.cost_per_point is None:
        worth = worth._replace(cost=worth.cost * cost_factor(books.cost_of_points, valuation))
    found = value(known, worth, policy, outstanding, books.name, flows)
    if weights is None or books.events is None:
        return found
    members = member_triangles(books.events, month)
    return replace(found, levels=liability_levels(found.close, bootstrap(members, weights(members.members))))
