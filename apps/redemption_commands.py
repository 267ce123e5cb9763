"""``loyalty redemption`` and ``loyalty backtest``: what comes back, and how sure that is."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.console import day_of, err, out, plain, print_json, table
from apps.scenario_options import engine_of, no_room, progress_bar, scenario_of, tell
from workbench.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from workbench.finance.redemption_rates.bootstrap import Draws
    from workbench.finance.redemption_rates.tail import TailMethod
    from workbench.finance.triangle import Triangle
    from workbench.scenario import Scenario

__all__ = ["backtest", "redemption"]

UNKNOWN_MEMBERS = 3_000
"""Members of each population that lives on where a triangle does not say how many there are."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


# --- redemption ----------------------------------------------------------------------------------------------------------
def redemption(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|RUN_DIR",
            help="A ledger (as `loyalty replay --ledger` writes it), a triangle of your own (docs/redemption.md), or a folder that "
            "`loyalty run --out` wrote.",
        ),
    ],
    valuation: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The last day of a month; needed for a ledger, else the last one known."),
    ] = None,
    a_priori: Annotated[
        float | None, typer.Option(min=0, max=1, help="Redemption rate for Bornhuetter-Ferguson, 0 to 1.")
    ] = None,
    tail: Annotated[
        str | None,
        typer.Option(help="Beyond the last age seen: none, exponential or level; else as the points' expiry asks for."),
    ] = None,
    quarters: Annotated[bool, typer.Option("--quarters", help="Add months up to quarters.")] = False,
    draws: Annotated[
        int, typer.Option(min=0, max=10_000, help="Draws of members for the interval (of a ledger).")
    ] = 400,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Of the draws: same seed, same interval.")] = 1,
    populations: Annotated[
        int | None,
        typer.Option(
            "--run-off", metavar="N", min=2, max=10_000, help="Live N populations on, under the program's rules."
        ),
    ] = None,
    program: Annotated[
        str | None,
        typer.Option(help="With --run-off of a ledger or triangle: the program (a run's folder has its own)."),
    ] = None,
    population: Annotated[str | None, typer.Option(help="With --program: as for run.")] = None,
    assumptions: Annotated[str, typer.Option(help="With --program: as for run.")] = "central",
    as_json: Json = False,
) -> None:
    """How many of the points issued will ever be redeemed, by five methods."""
    from workbench.finance.triangle_file import valuation_month
    from workbench.redemption_document import redemption_document

    chosen = _tail(tail)
    day = None if valuation is None else day_of("--valuation")(valuation)
    month = None if day is None else valuation_month(day)
    triangle, drawn, members = _read(Path(source), month, draws, seed, chosen)
    lived = None
    if populations is not None:
        scenario = _scenario(Path(source), triangle, members, program, population, assumptions)
        lived = _run_off(scenario, triangle, populations)
    if quarters:
        triangle = _by_quarter(triangle)
    document = redemption_document(triangle, source, a_priori, chosen, drawn, lived)
    if as_json:
        print_json(document)
    else:
        _show(document)


def _scenario(
    path: Path, triangle: "Triangle", members: int, program: str | None, population: str | None, assumptions: str
) -> "Scenario":
    """What is lived on: a run's own scenario; of records, as many members of a population, from the first month of issue on."""
    if path.is_dir():
        from workbench.run_folder import RunFolder, scenario_of_run

        return scenario_of_run(RunFolder(path))
    if program is None:
        message = "missing: to live on, members need the rules of a program (a run's folder has its own)"
        raise BadInput(Problem("--program", message))
    if triangle.months != 1:
        raise BadInput(Problem("--run-off", "expected months of issue: quarters are not lived", str(path)))
    start = date(1970 + triangle.first_month // 12, triangle.first_month % 12 + 1, 1)
    years = -(-(triangle.valuation + 1 - triangle.first_month) // 12)
    return scenario_of(program, "none", population, None, None, assumptions, members, years, start, 1)


def _run_off(scenario: "Scenario", triangle: "Triangle", populations: int) -> dict[str, Any]:
    from simulators.run_off import run_off, run_off_document

    with progress_bar(scenario.members * populations, None, None) as progress, no_room(None):
        found = run_off(scenario, triangle.valuation, triangle, populations, progress=progress, notify=tell)
    return run_off_document(found)


def _tail(name: str | None) -> "TailMethod | None":
    from workbench.finance.redemption_rates.tail import TAILS

    found = next((each for each in TAILS if each == name), None)
    if name is not None and found is None:
        raise BadInput(Problem("--tail", "expected one of: " + ", ".join(TAILS), name, nearest(name, TAILS)))
    return found


def _read(
    path: Path, month: int | None, draws: int, seed: int, tail: "TailMethod | None"
) -> "tuple[Triangle, Draws | None, int]":
    """The triangle; the draws, where there are any; and the number of members, as far as it is known."""
    from workbench.finance.triangle_file import is_ledger, read_ledger, read_triangle

    if path.is_dir():
        return _cut(_of_folder(path), month, str(path)), None, 0
    if not is_ledger(path):
        return _cut(read_triangle(path), month, str(path)), None, UNKNOWN_MEMBERS
    if month is None:
        raise BadInput(Problem("--valuation", "missing: a ledger is valued at the last day of a month"))
    from simulators.weights import member_weights
    from workbench.finance.redemption_rates.bootstrap import bootstrap, member_triangles

    events = read_ledger(path)
    members = member_triangles(events, month, basis="ESTIMATE")
    drawn = bootstrap(members, member_weights(seed, draws, members.members), tail) if draws else None
    return members.triangle, drawn, members.members


def _of_folder(folder: Path) -> "Triangle":
    from workbench.finance.accounting.rates import triangle_of
    from workbench.run_books import books_of_folder
    from workbench.run_folder import RunFolder

    return triangle_of(books_of_folder(RunFolder(folder)).ledger)


def _cut(triangle: "Triangle", month: int | None, source: str) -> "Triangle":
    if month is None:
        return triangle
    try:
        return triangle.at(month)
    except ValueError as error:
        raise BadInput(Problem("--valuation", str(error)), source) from error


def _by_quarter(triangle: "Triangle") -> "Triangle":
    try:
        return triangle.by_quarter()
    except ValueError as error:
        raise BadInput(Problem("--quarters", str(error))) from error


def _show(document: dict[str, Any]) -> None:
    points = document["points"]
    out.print(f"{plain(document['source'])} at the end of {document['valuation']}", highlight=False)
    table(
        ["", "points"],
        [[name, f"{value:,}"] for name, value in points.items() if name != "owed" or value],
    )
    rows = []
    methods = dict(document["methods"])
    if document["run_off"] is not None:
        methods["run_off"] = document["run_off"]
    for method, each in methods.items():
        past = each.get("last_12_months", {}).get("error_pct")
        rows.append([
            _name(method), _figure(each["to_come"], ",.0f"), _figure(each["within_12_months"], ",.0f"),
            _figure(each["rate_of_outstanding"], ".1%"), _figure(each.get("ultimate_rate"), ".1%"), _figure(past, "+.1f"),
        ])  # fmt: skip
    table(
        ["", "to be redeemed", "in 12 months", "of outstanding", "of issued", "last year: error %"],
        rows,
    )
    _show_levels(document)
    who: dict[str, list[str]] = {}
    for method, each in document["methods"].items():
        for said in each["warnings"]:
            who.setdefault(said, []).append(_name(method))
    for said, names in who.items():
        err.print(f"{', '.join(names)}: {said}", highlight=False, soft_wrap=True, markup=False)
    err.print(f"hazard, {document['methods']['hazard']['notes'][0]}", highlight=False, soft_wrap=True, markup=False)
    err.print(document["kind"], highlight=False, soft_wrap=True)


def _show_levels(document: dict[str, Any]) -> None:
    """How far what is to come may be from what is expected."""
    interval, lived = document["interval"], document["run_off"]
    levels = []
    if interval is not None:
        levels.append((f"hazard, {interval['draws']} draws of members", interval))
    if lived is not None:
        levels.append((f"run-off, {lived['populations']} populations", lived))
    names = ("p5", "p50", "p75", "p95")
    if levels:
        rows = [[said, *(f"{each[name]:,.0f}" for name in names)] for said, each in levels]
        table(["to be redeemed", *names], rows)
    for said in () if lived is None else lived["warnings"]:
        err.print(f"run_off: {said}", highlight=False, soft_wrap=True, markup=False)


def _name(method: str) -> str:
    return "Bornhuetter" if method == "bornhuetter_ferguson" else method.replace("_", " ")


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


# --- back-test -------------------------------------------------------------------------------------------------------------
def backtest(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="A slug of the library, or a YAML file.")],
    members: Annotated[int, typer.Option(min=1, max=200_000, help="Members of each population.")] = 3_000,
    years: Annotated[int, typer.Option(min=1, max=50, help="Years of history before the valuation.")] = 3,
    start: Annotated[str, typer.Option(metavar="DATE", help="First day, the first of a month.")] = "2025-01-01",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Of the first population; the others follow.")] = 1,
    replications: Annotated[int, typer.Option(min=2, max=10_000, help="Populations.")] = 20,
    draws: Annotated[int, typer.Option(min=0, max=10_000, help="Draws of members for the interval.")] = 200,
    population: Annotated[str | None, typer.Option(help="As for run.")] = None,
    purchases_per_year: Annotated[float | None, typer.Option(help="As for run.")] = None,
    mean_basket: Annotated[float | None, typer.Option(help="As for run.")] = None,
    assumptions: Annotated[str, typer.Option(help="As for run.")] = "central",
    engine: Annotated[str | None, typer.Option(help="As for run.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=1024, help="As for run.")] = None,
    as_json: Json = False,
) -> None:
    """Which estimator to trust for a program: each against what the same members go on to redeem."""
    from simulators.back_test import back_test, back_test_document

    first, chosen = day_of("--start")(start), engine_of(engine)
    if first.day != 1:
        raise BadInput(Problem("--start", "expected the first day of a month", start, first.replace(day=1).isoformat()))
    scenario = scenario_of(
        program, "none", population, purchases_per_year, mean_basket, assumptions, members, years, first, seed
    )
    with progress_bar(members * replications, chosen, None) as progress, no_room(None):
        trials = back_test(scenario, _last_month(first, years), replications, draws, chosen, threads, progress, tell)
    document = {"program": program, "members": members, "start": start} | back_test_document(trials)
    if as_json:
        print_json(document)
    else:
        _show_back_test(document)


def _last_month(start: date, years: int) -> int:
    return 12 * (start.year - 1970 + years) + start.month - 2


def _show_back_test(document: dict[str, Any]) -> None:
    rows = []
    for method, each in document["methods"].items():
        error, soon, interval = each["future"], each["within_12"], each["interval"] or {}
        rows.append([
            _name(method), _figure(error["mean_pct"], "+.1f"), _figure(error["se_pct"], ".1f"), _figure(error["sd_pct"], ".1f"),
            _figure(error["rms_pct"], ".1f"), _figure(soon["mean_pct"], "+.1f"), _figure(interval.get("covered"), ".0%"),
        ])  # fmt: skip
    out.print(
        f"{document['program']}, valued at the end of {document['valuation']}: errors in % of what came",
        highlight=False,
    )
    table(["", "mean", "se", "sd", "rms", "12 months: mean", "95 % interval covers"], rows)
    rate = document["redemption_rate_of_outstanding"]
    said = f"{document['populations']} populations; of {document['outstanding_points']:,.0f} points outstanding"
    out.print(f"{said} {_figure(rate, '.1%') or 'none'} were redeemed", highlight=False)
    out.print(f"recommended: {document['recommended']}. {document['reason']}", highlight=False, soft_wrap=True)
    err.print(
        "se: standard error of the mean; rms: root mean square. run_off lives by the assumptions by which the truth was made, and expects of "
        "one population what the others did: its mean is about 0 by construction, its sd is how populations differ",
        highlight=False,
        soft_wrap=True,
    )
