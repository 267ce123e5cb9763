"""``loyalty sweep``: many designs of a program, or many assumptions, lived by the same members."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.console import day_of, err, out, print_json, table
from apps.scenario_options import given
from workbench.errors import BadInput, Problem

if TYPE_CHECKING:
    from simulators.sweep import SweepProgress
    from workbench.study.read import Question

__all__ = ["designs_bar", "interval_text", "number_text", "question_asked", "sweep"]

SHOWN = 20
"""Designs on the terminal; the files have all."""


def sweep(
    context: typer.Context,
    study: Annotated[
        str, typer.Argument(metavar="STUDY", help="A shipped study, or a study's YAML file (docs/exploring.md).")
    ],
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Write sweep.json and the designs as CSV and Parquet; an interrupted sweep goes on.",
        ),
    ] = None,
    members: Annotated[
        int, typer.Option(min=2, max=100_000_000, help="Members drawn, instead of the study's.")
    ] = 20_000,
    years: Annotated[int, typer.Option(min=1, max=50, help="Length, instead of the study's.")] = 3,
    start: Annotated[str, typer.Option(metavar="DATE", help="First day, instead of the study's.")] = "2025-01-01",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Of the members, instead of the study's.")] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Threads of the kernel; else one a core.")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="WHERE", help="Live on dask.distributed: local, or tcp://host:port of a scheduler."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Live every design again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Live every design of a study by the same members, each beside today's program: outcomes, paired differences, break-even."""
    if cluster is not None:
        from simulators.cluster import check_cluster

        check_cluster(cluster)
        if threads is not None:
            message = "expected no --threads with --cluster: its workers have their own"
            raise BadInput(Problem("--threads", message, threads))
    question = question_asked(study, context)
    from simulators import sweep as sweeping

    live = sweeping.live_here(threads) if cluster is None else sweeping.live_on_cluster(cluster)
    with designs_bar(None if folder is None else "the same command goes on from there", cluster) as progress:
        document, found = sweeping.sweep(question, live, progress, folder, fresh)
    if as_json:
        print_json(document)
    else:
        _show(document)
    if folder is not None:
        told = "found, made by the same inputs and code (--fresh lives it again)" if found else "written"
        (err if as_json else out).print(f"{told}: {folder}", highlight=False, soft_wrap=True)


def question_asked(study: str, context: typer.Context, search: dict[str, int | None] | None = None) -> "Question":
    """The question of a study; members, years, start and seed of the command line replace the file's, and so does what is given of its search."""
    from workbench.study.read import asked

    options = given(context, ("members", "years", "start", "seed"))
    if "start" in options:
        options["start"] = day_of("--start")(options["start"])
    chosen = {name: value for name, value in (search or {}).items() if value is not None}
    return asked(study, chosen, **options)


@contextmanager
def designs_bar(kept: str | None, cluster: str | None = None) -> "Iterator[SweepProgress]":
    """A bar on standard error, where that is a terminal; and a word where it is interrupted, or has to wait for the compiler."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from simulators.kernel import is_warm

    if cluster in (None, "local") and not is_warm():
        err.print("compiling the rules for this machine: once, about half a minute", highlight=False)
    reached = 0.0, 0
    columns = (
        TextColumn("designs"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("designs", total=1)

        def tell(done: float, total: int) -> None:
            nonlocal reached
            if not reached[1] and done:
                err.print(
                    f"{int(done)} of {total} designs are over already: kept by an interrupted sweep", highlight=False
                )
            reached = done, total
            bar.update(task, completed=done, total=total)

        try:
            yield tell
        except KeyboardInterrupt:
            if kept is None or not reached[0]:
                raise
            err.print(f"interrupted: about {int(reached[0])} of {reached[1]} designs are kept; {kept}", highlight=False)
            raise typer.Exit(130) from None


# --- what is shown -----------------------------------------------------------------------------------------------------
def number_text(value: float | None) -> str:
    """A figure for a table: four digits, or a whole number."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def interval_text(found: dict[str, Any]) -> str:
    """A figure with half the width of its interval."""
    if found["value"] is None:
        return ""
    half = "" if found["ci95"] is None else f" ± {number_text((found['ci95'][1] - found['ci95'][0]) / 2)}"
    return number_text(found["value"]) + half


def _show(document: dict[str, Any]) -> None:
    study, source = document["study"], document["provenance"]
    out.print(f"{study['title']}: {study['question']}", highlight=False, soft_wrap=True)
    out.print(
        f"PROJECTION. {len(document['designs']):,} designs of {source['title']}, {source['members']:,} members, {source['start']} to "
        f"{source['end']}, seed {source['seed']}; ± 95 % for the chance of having drawn these members",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    out.print()
    for outcome in document["outcomes"]:
        _show_outcome(document, outcome)
    _show_break_evens(document)
    _show_winner(document)
    for name, found in (document["indices"] or {}).items():
        _show_indices(name, found)


def _show_outcome(document: dict[str, Any], outcome: dict[str, Any]) -> None:
    name = outcome["name"]
    out.print(f"{outcome['title']}, {outcome['unit']}; today {interval_text(document['today'][name])}", highlight=False)
    levers = [lever["name"] for lever in document["levers"]]
    rows = []
    for each in document["designs"][:SHOWN]:
        values = [
            number_text(value) if isinstance(value, int | float) else str(value) for value in each["values"].values()
        ]
        found = each["outcomes"][name]
        rows.append([str(each["design"]), *values, interval_text(found), interval_text(found["difference"])])
    table(["design", *levers, name, f"less {document['provenance']['compared_with'].split(',')[0]}"], rows)
    if len(document["designs"]) > SHOWN:
        out.print(f"and {len(document['designs']) - SHOWN:,} designs more (--out, --json)\n", highlight=False)


def _show_break_evens(document: dict[str, Any]) -> None:
    found = document["break_evens"]
    if not found:
        return
    rows = [
        [
            each["outcome"],
            each["against"],
            each["lever"],
            number_text(each["at"]),
            "not told apart"
            if each["ci95"] is None
            else f"{number_text(each['ci95'][0])} to {number_text(each['ci95'][1])}",
            ", ".join(
                f"{name} {number_text(value) if isinstance(value, int | float) else value}"
                for name, value in each["held"].items()
            ),
        ]
        for each in found[:SHOWN]
    ]
    out.print("Break-even, straight between the designs on both sides", highlight=False)
    table(["outcome", "against", "lever", "at", "95 %", "with"], rows)


def _show_winner(document: dict[str, Any]) -> None:
    found = document["winner"]
    if found is None:
        return
    values = ", ".join(f"{name} {value}" for name, value in found["values"].items())
    close = len(found["not_told_apart"])
    sure = "told apart from all others" if not close else f"not told apart from {close} other{'s' if close > 1 else ''}"
    word = "highest" if found["direction"] == "maximise" else "lowest"
    out.print(
        f"{word} {found['outcome']}: design {found['design']} ({values}), {interval_text(found)}; {sure}",
        highlight=False,
        soft_wrap=True,
    )


def _show_indices(name: str, found: dict[str, Any] | None) -> None:
    if found is None:
        out.print(f"{name}: no indices: it is missing somewhere, or does not vary", highlight=False)
        return
    rows = [[lever, interval_text(each["first"]), interval_text(each["total"])] for lever, each in found.items()]
    out.print(f"Share of the variance of {name} (Sobol indices)", highlight=False)
    table(["lever", "by itself", "with all it interacts with"], rows)
