"""The command line: ``loyalty``. Thin: it reads options, calls what does the work, and prints a table or one JSON document.

Exit status 0: done; 2: bad input (nothing written); 1: a failed check. Results go to standard output, all else to standard error.
Heavy modules are imported inside the commands that need them: asking for help should not wait for a compiler.
"""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.at_risk_command import at_risk
from apps.calibrate_command import calibrate
from apps.compare_command import compare
from apps.console import day_of as _day
from apps.console import err, out, plain, table
from apps.console import print_json as _print_json
from apps.dashboard_command import dashboard
from apps.experiment_command import experiment
from apps.liability_command import liability
from apps.member_command import member
from apps.optimise_command import optimise
from apps.redemption_commands import backtest, redemption
from apps.scenario_options import (
    engine_of,
    first_arm,
    no_room,
    placed,
    progress_bar,
    scenario_of,
    tell,
)
from apps.segments_command import segments
from apps.show_run import show_run
from apps.sweep_command import sweep
from apps.tornado_command import tornado
from workbench import __version__
from workbench.digest import document_digest
from workbench.errors import BadInput, Problem, nearest
from workbench.packaging import ForeignPackage, refuse_misplaced

if TYPE_CHECKING:
    from simulators.replications import Kept, Live
    from simulators.simulate import Engine, Progress
    from workbench.finance.accounting.policy import Policy
    from workbench.lint import Finding
    from workbench.program.spec import Program
    from workbench.scenario import Run, Scenario

__all__ = ["app", "main"]

app = typer.Typer(
    name="loyalty",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Loyalty programs as data, lived by whole populations, exact to the point.",
)
app.command()(calibrate)
app.command()(compare)
app.command()(liability)
app.command()(redemption)
app.command()(backtest)
app.command()(member)
app.command()(segments)
app.command()(dashboard)
app.command("at-risk")(at_risk)
app.add_typer(experiment, name="experiment")
app.command()(sweep)
app.command()(optimise)
app.command()(tornado)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
ProgramName = Annotated[str, typer.Argument(metavar="PROGRAM", help="A slug of the library, or a YAML file.")]


def main() -> None:
    """Run the command line; bad input ends with status 2 and one line a problem."""
    try:
        refuse_misplaced()
        app()
    except (BadInput, ForeignPackage) as error:
        err.print(f"[bold red]error:[/] {plain(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        out.print(__version__, highlight=False)
        raise typer.Exit


# --- the library -----------------------------------------------------------------------------------------------------
@app.command()
def programs(as_json: Json = False) -> None:
    """List the programs of the library."""
    from workbench.program.load import library, load_program

    rows = []
    for slug in library():
        program = load_program(slug)
        source = program.provenance
        rows.append(
            {
                "slug": slug,
                "title": program.title,
                "title_zh": program.title_zh,
                "currency": program.currency,
                "source": source.source,
                "as_of": source.as_of.isoformat(),
                "confidence": source.confidence,
            }
        )
    if as_json:
        _print_json(rows)
        return
    table(["slug", "title", "Chinese title", "money", "as of", "confidence"], [
        [row["slug"], row["title"], row["title_zh"], row["currency"], row["as_of"], row["confidence"]] for row in rows
    ])  # fmt: skip
    err.print("each with its source, interpretation and assumptions: --json, and the head of its file", highlight=False)


@app.command()
def validate(
    program: ProgramName,
    population: Annotated[
        str | None,
        typer.Option(help="Lint it among this population (a shipped one or a file); else the program's own."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a program's file: every error at once, each with its place and the nearest valid name; then the lint of its design.

    The lint computes what the program would do among its population (docs/lint.md). It never decides the exit status.
    """
    from workbench.program.load import load_program, validate_program

    problems = validate_program(program)
    findings = [] if problems else _lint(load_program(program), population)
    if as_json:
        _print_json(
            {
                "valid": not problems,
                "errors": [each.as_json() for each in problems],
                "lint": [each.as_json() for each in findings],
            }
        )
    elif problems:
        raise BadInput(problems, program)
    else:
        out.print(f"{program}: valid", highlight=False)
        _show_lint(findings)
    if problems:
        raise typer.Exit(2)


def _lint(program: "Program", population: str | None) -> "list[Finding]":
    """The findings among a population; one that is asked for has to be there, and in the program's currency."""
    from workbench.lint import lint, lint_own
    from workbench.population.load import load_population
    from workbench.population.spec import in_currency

    if population is None:
        return lint_own(program)
    with placed("--population"):
        people = in_currency(load_population(population), program.currency)
    if people.currency != program.currency:
        message = f"expected a population in {program.currency}"
        raise BadInput(Problem("--population", message, f"{population} ({people.currency})"))
    return lint(program, people)


def _show_lint(findings: "list[Finding]") -> None:
    """A table of findings, the path under the code; the message takes what room there is."""
    from rich.table import Table

    if not findings:
        return
    drawn = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    drawn.add_column("severity", no_wrap=True)
    drawn.add_column("code, path", overflow="fold", max_width=40)
    drawn.add_column("message")
    for each in findings:
        stands = "" if each.accepted is None else f". It stands: {each.accepted}"
        cells = (each.severity, f"{each.code}\n{each.path}", each.message + stands)
        drawn.add_row(*(plain(cell) for cell in cells))
    out.print(drawn, highlight=False)


@app.command()
def schema(
    of: Annotated[str, typer.Option("--of", help="program, or policy (how points are valued).")] = "program",
    as_json: Json = False,
) -> None:
    """Print the JSON Schema of a program's file, or of a valuation policy's, so that an editor completes it."""
    from workbench.finance.accounting.policy import policy_schema
    from workbench.program.load import program_schema

    known = {"program": program_schema, "policy": policy_schema}
    if of not in known:
        raise BadInput(Problem("--of", "expected program or policy", of, nearest(of, list(known))))
    _print_json(known[of]())


# --- replay ----------------------------------------------------------------------------------------------------------
@app.command()
def replay(
    program: ProgramName,
    transactions: Annotated[Path, typer.Argument(help="CSV (plain or gzip) or Parquet.")],
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Show the state at the end of this day.")],
    ledger: Annotated[Path | None, typer.Option(help="Write every entry: .csv, .csv.gz or .parquet.")] = None,
    members_out: Annotated[Path | None, typer.Option(help="Write every member's state: .csv or .parquet.")] = None,
    state_in: Annotated[Path | None, typer.Option(help="Go on from a saved state.")] = None,
    state_out: Annotated[Path | None, typer.Option(help="Save the state after the last row.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="A refused redemption is bad input.")] = False,
    engine: Annotated[
        str | None, typer.Option(help="python or compiled: the same bytes. Unless given, the quicker one that can.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take recorded transactions through a program's rules."""
    day = _day("--as-of")(as_of)
    from simulators.replay import as_engine, replay_log
    from workbench.program.load import find_program, load_program

    clock = as_engine(engine)
    spec = load_program(program)
    with err.status("replaying"):
        found = replay_log(
            spec, transactions, as_of=day, ledger=ledger, members_out=members_out, state_in=state_in,
            state_out=state_out, strict=strict, name=program,
            program_file=find_program(program), engine=clock,
        )  # fmt: skip
    if as_json:
        sys.stdout.writelines(found.json())
        return
    _show_replay(found.document(most=10), found.size)


def _show_replay(document: dict[str, Any], size: int) -> None:
    members = document["members"]
    table(
        [f"points as of {document['as_of']}", ""], [[name, f"{value:,}"] for name, value in document["totals"].items()]
    )
    out.print(f"refused: {document['refused']:,}", highlight=False)
    for each in document["refusals"][:10]:
        out.print(f"  row {each['row']}, member {plain(each['member_id'])}: {each['reason']}", highlight=False)
    if members is None:
        err.print("too many members to show: name a file with --members-out", highlight=False)
        return
    rows = [
        [name, f"{each['balance']:,}", f"{each['pending']:,}", each["tier"] or "", _next_expiry(each["lots"])]
        for name, each in members.items()
    ]
    table(["member", "balance", "pending", "tier", "next to lapse"], rows)
    if size > len(rows):
        out.print(f"and {size - len(rows):,} members more (--json, --members-out)", highlight=False)


def _next_expiry(lots: list[dict[str, Any]]) -> str:
    dated = sorted((lot["expires_on"], lot["points"]) for lot in lots if lot["expires_on"])
    return f"{dated[0][1]:,} after {dated[0][0]}" if dated else ""


# --- run -------------------------------------------------------------------------------------------------------------
@app.command()
def run(
    context: typer.Context,
    program: Annotated[
        str,
        typer.Argument(
            metavar="PROGRAM_OR_SCENARIO",
            help="A slug of the library, a YAML file, or a scenario: then its first arm beside today's program.",
        ),
    ],
    members: Annotated[int, typer.Option(min=1, max=100_000_000, help="Members drawn.")] = 10_000,
    years: Annotated[int, typer.Option(min=1, max=50, help="Length of the run.")] = 3,
    start: Annotated[str, typer.Option(metavar="DATE", help="First day.")] = "2025-01-01",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Same seed, same result.")] = 1,
    population: Annotated[
        str | None, typer.Option(help="A shipped population or a file; else the program's own.")
    ] = None,
    purchases_per_year: Annotated[float | None, typer.Option(help="Scale the population to this mean rate.")] = None,
    mean_basket: Annotated[
        float | None, typer.Option(help="Scale it to this mean basket, in the program's currency.")
    ] = None,
    assumptions: Annotated[str, typer.Option(help="Shipped assumptions or a file.")] = "central",
    engine: Annotated[
        str | None,
        typer.Option(help="kernel (compiled) or agents (SimPy): the same digest. Unless given, the fastest that can."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Threads of the kernel; else one a core.")
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Live so many populations, with this seed and those that follow."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="WHERE", help="Live on dask.distributed: local, or tcp://host:port of a scheduler."),
    ] = None,
    baseline: Annotated[str, typer.Option(help="Another program, or none.")] = "none",
    policy: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="How points are valued: a shipped valuation policy or a file."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Write the run's folder; the same run found there is not lived again."
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Live it again all the same.")] = False,
    as_json: Json = False,
) -> None:
    """Let synthetic members live under a program, and in the same world without it."""
    first = _day("--start")(start)
    chosen = engine_of(engine)
    valued = None if policy is None else _policy(policy, replications)
    if cluster is not None:
        _check_cluster(cluster, chosen, threads)
    from simulators.replications import Kept, live_here, live_on_cluster, seeds_of
    from simulators.versions import source_digest, versions
    from workbench.run_folder import check_target, earlier_run
    from workbench.scenario_file import is_scenario

    if is_scenario(program):
        scenario = first_arm(program, context)
        members = scenario.members
    else:
        scenario = scenario_of(
            program, baseline, population, purchases_per_year, mean_basket, assumptions, members, years, first, seed
        )
    made_by = versions() | {"sources": source_digest()}
    if valued is not None:
        made_by["policy"] = document_digest(valued.model_dump(mode="json", by_alias=True))
    document, kept = None, None
    seeds = seeds_of(scenario, replications or 1)
    if folder is not None:
        check_target(folder)
        kept = None if replications is None else Kept(folder, scenario, made_by, chosen)
        document = None if fresh else earlier_run(folder, scenario, made_by)
    found = document is not None and _is_asked_for(document, chosen, replications)
    if kept is not None and (fresh or found):
        kept.clear()
    if document is None or not found:
        live = live_here(scenario, chosen, threads, tell) if cluster is None else live_on_cluster(scenario, cluster)
        with progress_bar(members * len(seeds), chosen, cluster) as progress, no_room(cluster), _keeping(kept, seeds):
            document = _live(live, scenario, replications, progress, folder, made_by, kept, valued)
    if as_json:
        _print_json(document)
    else:
        show_run(document)
    if folder is not None:
        told = "found, made by the same inputs and code (--fresh lives it again)" if found else "written"
        (err if as_json else out).print(f"{told}: {folder}", highlight=False, soft_wrap=True)


def _policy(name: str, replications: int | None) -> "Policy":
    """A valuation policy by its name; replications are valued by the default one."""
    from workbench.finance.accounting.policy import load_policy

    if replications is not None:
        raise BadInput(
            Problem("--policy", "expected no policy with --replications: they are valued by the default one", name)
        )
    with placed("--policy"):
        return load_policy(name)


def _is_asked_for(document: dict[str, Any], engine: "Engine | None", replications: int | None) -> bool:
    """Whether a run found is of the engine and of as many populations as were asked for."""
    return engine in (None, document["engine"]) and document.get("replications", {}).get("n") == replications


def _live(
    live: "Live",
    scenario: "Scenario",
    replications: int | None,
    progress: "Progress",
    folder: Path | None,
    made_by: dict[str, str],
    kept: "Kept | None",
    policy: "Policy | None",
) -> dict[str, Any]:
    """Live a scenario, or replications of it, and write the folder where one is named; returns the document."""
    from simulators.replications import replicate
    from workbench.run_document import run_document
    from workbench.run_folder import write_run

    if replications is not None:
        return replicate(scenario, replications, live, progress, kept)
    runs: list[Run] = []
    live([scenario.seed], runs.append, progress)
    return run_document(runs[0], policy) if folder is None else write_run(runs[0], folder, made_by, policy)


def _check_cluster(cluster: str, engine: "Engine | None", threads: int | None) -> None:
    """What does not go with a cluster."""
    from simulators.cluster import check_cluster

    check_cluster(cluster)
    if engine == "agents":
        message = "expected kernel with --cluster: agents live on one machine"
        raise BadInput(Problem("--engine", message, engine, "kernel"))
    if threads is not None:
        message = "expected no --threads with --cluster: its workers have their own"
        raise BadInput(Problem("--threads", message, threads))


@contextmanager
def _keeping(kept: "Kept | None", seeds: list[int]) -> Iterator[None]:
    """Says what is kept of replications: before they go on, and where they are interrupted."""
    over = 0 if kept is None else len(kept.read(seeds))
    if over:
        err.print(f"{over} of {len(seeds)} replications are over already: kept by an interrupted run", highlight=False)
    try:
        yield
    except KeyboardInterrupt:
        over = 0 if kept is None else len(kept.read(seeds))
        if not over:
            raise
        told = f"interrupted: {over} of {len(seeds)} replications are kept; the same command goes on from there"
        err.print(told, highlight=False)
        raise typer.Exit(130) from None


# --- report ----------------------------------------------------------------------------------------------------------
@app.command()
def report(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_DIR_OR_FILE",
            help="A folder that `loyalty run --out` wrote, a story (YAML), or what `loyalty compare --json` printed.",
        ),
    ],
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="The report to write: .html, .pptx or .xlsx.")],
    lang: Annotated[
        str | None, typer.Option(help="en or zh-Hant; unless given, a story's first language, otherwise en.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a run, a story or a comparison as a report that opens anywhere: a page, a deck of native charts, or a workbook."""
    from simulators.output_files import check_apart
    from workbench.files import reading
    from workbench.reports.html import SUFFIXES, check_language, write_report

    if file.suffix.lower() not in SUFFIXES:
        raise BadInput(Problem("--out", "expected a name ending in " + ", ".join(SUFFIXES), file.name))
    if lang is not None:
        check_language(lang)
    if target.is_dir():
        with reading(target):
            parts = [path for path in sorted(target.iterdir()) if path.suffix.lower() not in SUFFIXES]
        check_apart({f"RUN_DIR ({path.name})": path for path in parts}, {"--out": file})
    elif target.is_file():
        check_apart({"FILE": target}, {"--out": file})
    written = write_report(target, file, lang)
    if as_json:
        _print_json({"written": str(written)})
    else:
        out.print(f"written: {written}", highlight=False)


# --- app -------------------------------------------------------------------------------------------------------------
@app.command("app")
def serve_app(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to serve on.")] = 5006,
    host: Annotated[str, typer.Option(help="Address to serve on; the default is this machine alone.")] = "127.0.0.1",
    origin: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:PORT", help="A further name under which browsers reach it (repeatable)."),
    ] = None,
    workspace: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder of programs, scenarios, runs and logs; made when something is saved."),
    ] = Path("loyalty_workspace"),
) -> None:
    """Change a program by levers and see at once what moves, in a browser."""
    missing = [name for name in ("babel", "bokeh", "jinja2", "panel", "panel_material_ui") if find_spec(name) is None]
    if missing:
        raise BadInput(
            Problem("", f"expected {', '.join(missing)} to be installed: pip install 'loyalty-workbench[app]'")
        )
    if workspace.exists() and not workspace.is_dir():
        raise BadInput(Problem("--workspace", "expected a folder, or a name for a new one", str(workspace)))
    with err.status("starting (the first time, the rules are compiled for this machine: about half a minute)"):
        from apps.app import serve
        from apps.runs import Service
        from apps.workspace import Workspace

        service = Service()
        service.warm_up()
    local = host in ("127.0.0.1", "::1", "localhost")
    names = ["127.0.0.1", "localhost"] if local else [socket.gethostname(), "127.0.0.1", "localhost"]
    if host not in (*names, "0.0.0.0", "::"):
        names.insert(0, host)
    _say_who_may_enter(host, local)
    err.print(f"serving on http://{names[0]}:{port}; Ctrl-C ends it", highlight=False, soft_wrap=True)
    try:
        serve(
            service, host, port, [f"{name}:{port}" for name in names] + (origin or []), workspace=Workspace(workspace)
        )
    except OSError as error:
        option, value = ("--port", str(port)) if error.errno == errno.EADDRINUSE else ("--host", host)
        raise BadInput(
            Problem(option, f"expected an address that can be served on: {error.strerror}", value)
        ) from error


def _say_who_may_enter(host: str, local: bool) -> None:
    """There is no door but Panel's own; beyond this machine it is said that it stands open."""
    if os.environ.get("PANEL_BASIC_AUTH") or os.environ.get("PANEL_OAUTH_PROVIDER"):
        if not os.environ.get("PANEL_COOKIE_SECRET"):
            message = "missing: Panel's login needs a secret for its cookies; `panel secret` makes one"
            raise BadInput(Problem("PANEL_COOKIE_SECRET", message))
        return
    if local:
        return
    err.print(
        f"[bold]Anyone who reaches this machine on {plain(host)} can use the app: it asks for no password.[/]\n"
        "To ask for one, set Panel's own options and start again: PANEL_BASIC_AUTH (a password, or a JSON file of users and passwords) "
        "and PANEL_COOKIE_SECRET; or PANEL_OAUTH_PROVIDER, PANEL_OAUTH_KEY, PANEL_OAUTH_SECRET and PANEL_COOKIE_SECRET. "
        "Put it behind HTTPS: passwords travel as they are.",
        highlight=False,
        soft_wrap=True,
    )


if __name__ == "__main__":
    main()
