"""``loyalty optimise``: the best design of a study under its limits, and the same with fresh members."""

from pathlib import Path
from typing import Annotated, Any

import typer

from apps.console import err, out, print_json, table
from apps.sweep_command import designs_bar, interval_text, number_text, question_asked
from workbench.errors import BadInput

__all__ = ["optimise"]

SHOWN = 15


def optimise(
    context: typer.Context,
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY", help="A shipped study, or a study's YAML file, with `search` (docs/exploring.md)."
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write optimise.json and every design tried as CSV and Parquet."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=2, max=100_000, help="Designs tried, instead of the study's.")
    ] = None,
    confirm: Annotated[
        int | None, typer.Option(min=2, max=1000, help="Fresh populations, instead of the study's.")
    ] = None,
    members: Annotated[
        int, typer.Option(min=2, max=100_000_000, help="Members drawn, instead of the study's.")
    ] = 20_000,
    years: Annotated[int, typer.Option(min=1, max=50, help="Length, instead of the study's.")] = 3,
    start: Annotated[str, typer.Option(metavar="DATE", help="First day, instead of the study's.")] = "2025-01-01",
    seed: Annotated[int, typer.Option(min=0, max=2**62, help="Of the members, instead of the study's.")] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Threads of the kernel; else one a core.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Look for the best design under limits, then live it again with members that the search has not seen."""
    from simulators.optimise import optimise as search
    from simulators.sweep import live_here, made_by
    from simulators.sweep_folder import check_search_target, place_search

    question = question_asked(study, context, {"trials": trials, "confirm": confirm})
    if folder is not None:
        check_search_target(folder)
    with designs_bar(None) as progress:
        try:
            document = search(question, made_by(), live_here(threads), progress)
        except BadInput as error:
            raise BadInput(error.problems, error.source or study, error.more) from error
    if folder is not None:
        place_search(document, folder)
    if as_json:
        print_json(document)
    else:
        _show(document)
    if folder is not None:
        (err if as_json else out).print(f"written: {folder}", highlight=False, soft_wrap=True)


def _show(document: dict[str, Any]) -> None:
    source, search = document["provenance"], document["search"]
    goals = " and ".join(f"{goal['direction']} {goal['outcome']}" for goal in search["goals"])
    how = (
        "every design there is"
        if document["exhaustive"]
        else f"{document['tried']} designs by a tree-structured Parzen estimator"
    )
    out.print(
        f"{document['study']['title']}: {goals}; {how}, {document['feasible']} keep all limits",
        highlight=False,
        soft_wrap=True,
    )
    out.print(
        f"PROJECTION. {source['title']}, {source['members']:,} members, seed {source['seed']} in the search; fresh: the mean over "
        f"{search['confirm']} populations it has not seen, ± 95 % of that mean",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    out.print()
    if len(search["goals"]) > 1:
        _show_front(document)
    for finalist in document["finalists"][: 3 if len(search["goals"]) == 1 else SHOWN]:
        _show_finalist(document, finalist)
    if document["confirmed"] is not None:
        first = document["finalists"][0]["design"]
        same = (
            "the same with fresh members"
            if document["confirmed"] == first
            else f"with fresh members design {document['confirmed']} is ahead"
        )
        out.print(f"best in the search: design {first}; {same}", highlight=False)


def _show_front(document: dict[str, Any]) -> None:
    names = [goal["outcome"] for goal in document["search"]["goals"]]
    levers = [lever["name"] for lever in document["levers"]]
    rows = []
    for number in document["front"]:
        trial = document["trials"][number - 1]
        values = [_value(value) for value in trial["values"].values()]
        rows.append([str(number), *values, *(interval_text(trial["outcomes"][name]) for name in names)])
    out.print("Pareto front: no design tried is better in one goal without being worse in the other", highlight=False)
    table(["design", *levers, *names], rows)


def _show_finalist(document: dict[str, Any], finalist: dict[str, Any]) -> None:
    values = ", ".join(f"{name} {_value(value)}" for name, value in finalist["values"].items())
    out.print(f"design {finalist['design']}: {values}", highlight=False)
    rows = [
        [
            f"{outcome['name']}, {outcome['unit']}",
            *(interval_text(finalist[where][outcome["name"]]) for where in ("search", "fresh")),
            *(interval_text(finalist[where][outcome["name"]]["difference"]) for where in ("search", "fresh")),
        ]
        for outcome in document["outcomes"]
    ]
    table(["", "in the search", "fresh", "less today's: search", "fresh"], rows)
    for kept in finalist["limits_kept"]:
        out.print(f"  {kept['limit']}: kept in {kept['in']} of {kept['of']} fresh populations", highlight=False)
    out.print()


def _value(value: Any) -> str:
    return number_text(value) if isinstance(value, float) else str(value)
