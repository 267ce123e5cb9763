"""``loyalty liability``: what finance and the auditor receive, of a run, a program, or the company's own records."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.console import day_of, err, out, plain, print_json, table
from apps.scenario_options import engine_of, no_room, placed, progress_bar, scenario_of, tell
from workbench.errors import BadInput, Problem

if TYPE_CHECKING:
    from workbench.finance.accounting.policy import Policy
    from workbench.finance.accounting.valuation import Valuation
    from workbench.run_books import Books

__all__ = ["back_test_rows", "liability"]

MOST_MEMBERS = 50_000
"""Simulated members whose entries are held for drawing them again."""
ERRORS = ("mean_pct", "sd_pct", "rms_pct")
RECORDS = (".csv", ".gz", ".parquet")
SHOWN = {
    "opening": ("opening",), "deferred": ("deferred",), "taken back": ("reversed", "repaid", "remitted"), "redeemed": ("redeemed",),
    "expiry": ("expiry",), "estimate": ("reestimate",), "closing": ("closing",),
}  # fmt: skip
"""Columns of the roll-forward on the terminal, and what is added up in each."""


def liability(
    target: Annotated[
        str,
        typer.Argument(
            metavar="RUN_DIR|PROGRAM|FILE",
            help="A folder that `loyalty run --out` wrote; a program, which is then simulated; a ledger (as `loyalty replay "
            "--ledger` writes it) or a table of cohorts (docs/liability.md).",
        ),
    ],
    valuation: Annotated[str, typer.Option(metavar="DATE", help="The last day of a month.")],
    policy: Annotated[str, typer.Option(help="A shipped valuation policy or a file.")] = "default",
    file: Annotated[Path | None, typer.Option("--out", metavar="FILE.xlsx", help="Write the workbook.")] = None,
    back_test: Annotated[
        Path | None,
        typer.Option(
            "--back-test", metavar="FILE.json", help="What `loyalty backtest --json` found, for the sheet of it."
        ),
    ] = None,
    program: Annotated[
        str | None, typer.Option(help="With a ledger or cohorts: the program that says what a point is worth.")
    ] = None,
    members: Annotated[
        int, typer.Option(min=1, max=100_000_000, help="As for run, where a program is simulated.")
    ] = 10_000,
    years: Annotated[int, typer.Option(min=1, max=50, help="As for run.")] = 3,
    start: Annotated[str, typer.Option(metavar="DATE", help="As for run.")] = "2025-01-01",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="As for run.")] = 1,
    population: Annotated[str | None, typer.Option(help="As for run.")] = None,
    purchases_per_year: Annotated[float | None, typer.Option(help="As for run.")] = None,
    mean_basket: Annotated[float | None, typer.Option(help="As for run.")] = None,
    assumptions: Annotated[str, typer.Option(help="As for run.")] = "central",
    engine: Annotated[str | None, typer.Option(help="As for run.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=1024, help="As for run.")] = None,
    draws: Annotated[
        int, typer.Option(min=0, max=10_000, help="Draws of members for the levels of confidence; 0: none.")
    ] = 400,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """What members are still owed, as it goes into the books: roll-forwards, journal entries, sensitivity, checks.

    Exit status 1 if a check fails; the document and the workbook say which.
    """
    from simulators.output_files import check_apart
    from simulators.versions import versions
    from simulators.weights import member_weights
    from workbench.finance.accounting.policy import load_policy
    from workbench.finance.triangle_file import valuation_month
    from workbench.liability_document import liability_document
    from workbench.run_books import value_books

    day = day_of("--valuation")(valuation)
    valuation_month(day)
    if file is not None and file.suffix.lower() != ".xlsx":
        raise BadInput(Problem("--out", "expected a name ending in .xlsx", file.name))
    with placed("--policy"):
        rules = load_policy(policy)
    if file is not None and Path(target).is_file():
        check_apart({"FILE": Path(target)}, {"--out": file})
    tested = _back_test(back_test)
    if Path(target).is_dir():
        books = _folder(Path(target), draws > 0)
    elif Path(target).name.lower().endswith(RECORDS):
        books = _records(Path(target), day, program, rules)
    else:
        books = _simulated(
            target,
            population,
            purchases_per_year,
            mean_basket,
            assumptions,
            members,
            years,
            start,
            seed,
            engine,
            threads,
            draws > 0,
            day,
        )
    found = value_books(books, rules, day, partial(member_weights, seed, draws) if draws else None)
    provenance = {"versions": versions(), **books.provenance, "policy": policy, "valuation": day.isoformat()}
    if file is not None:
        _write(found, file, books, provenance, tested)
    if as_json:
        print_json(liability_document(found, books.name, provenance))
    else:
        _show(liability_document(found, books.name, provenance))
    if file is not None:
        (err if as_json else out).print(f"written: {file}", highlight=False, soft_wrap=True)
    if not found.sound:
        raise typer.Exit(1)


def _back_test(path: Path | None) -> list[dict[str, Any]] | None:
    """The errors by method of a back-test's document, in per cent of what came."""
    if path is None:
        return None
    from workbench.files import reading, regular_file

    file = regular_file(path, "what `loyalty backtest --json` printed", 2**24)
    try:
        with reading(file):
            return back_test_rows(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = "expected what `loyalty backtest --json` printed"
        raise BadInput(Problem("--back-test", message, str(error)), str(path)) from error


def back_test_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The errors by method of a back-test's document, as rows of the workbook's sheet of it. Raises KeyError, TypeError or AttributeError where it is none."""
    return [
        {"method": name, **{f"{span}: {key}": each[span][key] for span in ("future", "within_12") for key in ERRORS}}
        for name, each in document["methods"].items()
    ]


def _write(
    found: "Valuation", file: Path, books: "Books", provenance: dict[str, Any], tested: list[dict[str, Any]] | None
) -> None:
    from importlib.util import find_spec

    if find_spec("xlsxwriter") is None:
        message = "expected xlsxwriter to be installed: pip install 'loyalty-workbench[reports]'"
        raise BadInput(Problem("--out", message))
    from workbench.reports.liability_workbook import write_liability

    write_liability(found, file, books.name, provenance, tested)


# --- where the books come from -------------------------------------------------------------------------------------------
def _folder(folder: Path, by_member: bool) -> "Books":
    """The books of a run's folder. It holds sums over members; so a run of not too many is lived again for their entries."""
    from simulators.simulate import simulate
    from workbench.finance.triangle import events_of
    from workbench.run_books import books_of_folder, flows_of_run
    from workbench.run_folder import RunFolder, scenario_of_run

    run = RunFolder(folder)
    books = books_of_folder(run)
    if not by_member or run.document["members"] > MOST_MEMBERS:
        return books
    try:
        scenario = scenario_of_run(run)
    except BadInput as error:  # the run was written by other code; its sums are still good
        tell(f"no levels of confidence: {error}")
        return books
    with progress_bar(scenario.members, None, None) as progress, no_room(None):
        lived = simulate(scenario, progress, keep=True, notify=tell)
    if lived.digest != run.document["digest"]:
        tell("no levels of confidence: by this code the run comes out differently")
        return books
    assert lived.ledgers is not None
    return replace(books, events=events_of(lived.ledgers[0]), flows=flows_of_run(lived))


def _records(path: Path, day: date, name: str | None, policy: "Policy") -> "Books":
    from workbench.program.load import load_program
    from workbench.run_books import books_of_file

    return books_of_file(path, day, load_program(name) if name else None, policy)


def _simulated(
    name: str,
    population: str | None,
    purchases_per_year: float | None,
    mean_basket: float | None,
    assumptions: str,
    members: int,
    years: int,
    start: str,
    seed: int,
    engine: str | None,
    threads: int | None,
    by_member: bool,
    valuation: date,
) -> "Books":
    """The books of a program that is lived first."""
    from simulators.simulate import simulate
    from workbench.run_books import books_of_run, check_end

    first, chosen = day_of("--start")(start), engine_of(engine)
    scenario = scenario_of(
        name, "none", population, purchases_per_year, mean_basket, assumptions, members, years, first, seed
    )
    check_end(valuation, scenario.end)
    with progress_bar(members, chosen, None) as progress, no_room(None):
        keep = by_member and members <= MOST_MEMBERS
        return books_of_run(simulate(scenario, progress, chosen, threads, keep, tell))


# --- on the terminal -------------------------------------------------------------------------------------------------------
def _show(document: dict[str, Any]) -> None:
    currency = document["currency"] or ""

    def money(value: float | None) -> str:
        return "" if value is None else f"{currency} {value:,.2f}".strip()

    rate = document["urr"]["rate"]
    head = [f"{document['of']} at {document['valuation']}", ""]
    rows = [
        ["contract liability", money(document["liability"])],
        ["  current", money(document["current"])],
        ["  non-current", money(document["non_current"])],
        *(
            [f"  {name}", money(document[name])]
            for name in document
            if name[0] == "p" and name[1:].isdigit() and document[name]
        ),
        ["points given without a sale, at cost", money(document["provision"])],
        ["cost of all points to be redeemed", money(document["cost_basis"])],
        ["points outstanding", f"{document['outstanding_points']:,}"],
        ["  at face value", money(document["face_value"])],
        ["ultimate redemption rate", "" if rate is None else f"{100 * rate:.2f} % ({document['urr']['source']})"],
    ]
    table(head, rows)
    methods = document["urr"]["by_method"].items()
    table(["method", "of issued", "of outstanding", "liability"], [
        [name, *("" if each[key] is None else f"{100 * each[key]:.2f} %" for key in ("rate", "outstanding_rate")), money(each["liability"])]
        for name, each in methods
    ])  # fmt: skip
    last = document["roll_forward"]["money"][-12:]
    table(["month", *SHOWN], [
        [row["month"], *(f"{sum(row[name] for name in names):,.0f}" for names in SHOWN.values())] for row in last
    ])  # fmt: skip
    table(["sensitivity and stress", "liability", "difference"], [
        [each["text"], money(each["liability"]), money(each["delta"])] for each in document["sensitivity"] + document["stress"]
    ])  # fmt: skip
    for text in document["warnings"]:
        out.print(f"warning: {plain(text)}", highlight=False)
    failed = [each for each in document["checks"] if not each["holds"]]
    for each in failed:
        out.print(f"check failed: {each['name']}: {each['found']:,} and not {each['expected']:,}", highlight=False)
    out.print(f"{len(document['checks']) - len(failed)} of {len(document['checks'])} checks hold", highlight=False)
    out.print(plain(document["kind"]), highlight=False)
