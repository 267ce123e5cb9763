"""``loyalty tornado``: which assumption matters, each alone at both ends of its own range."""

from pathlib import Path
from typing import Annotated, Any

import typer

from apps.console import day_of, err, out, print_json, table
from apps.scenario_options import scenario_of
from apps.sweep_command import designs_bar, interval_text, number_text
from apps.table_file import write_table
from workbench.errors import BadInput, Problem, nearest

__all__ = ["tornado"]

SHOWN = 15


def tornado(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="A slug of the library, or a YAML file.")],
    outcome: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What is looked at (repeatable); liability and lift_sales unless given."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="Only this assumption, or this group of them (repeatable).")
    ] = None,
    members: Annotated[int, typer.Option(min=2, max=100_000_000, help="As for run.")] = 10_000,
    years: Annotated[int, typer.Option(min=1, max=50, help="As for run.")] = 3,
    start: Annotated[str, typer.Option(metavar="DATE", help="As for run.")] = "2025-01-01",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="As for run.")] = 1,
    population: Annotated[str | None, typer.Option(help="As for run.")] = None,
    purchases_per_year: Annotated[float | None, typer.Option(help="As for run.")] = None,
    mean_basket: Annotated[float | None, typer.Option(help="As for run.")] = None,
    assumptions: Annotated[str, typer.Option(help="As for run.")] = "central",
    threads: Annotated[int | None, typer.Option(min=1, max=1024, help="As for run.")] = None,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write every bar: .csv or .parquet.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Move one assumption at a time to both ends of its range, and see which moves the result."""
    from simulators import sensitivity
    from simulators.sweep import made_by
    from workbench.study.outcomes import OUTCOMES

    names = outcome or ["liability", "lift_sales"]
    for name in names:
        if name not in OUTCOMES:
            raise BadInput(
                Problem("--outcome", "expected an outcome: " + ", ".join(OUTCOMES), name, nearest(name, OUTCOMES))
            )
    if file is not None and file.suffix.lower() not in (".csv", ".parquet"):
        raise BadInput(Problem("--out", "expected a name ending in .csv or .parquet", file.name))
    scenario = scenario_of(
        program,
        "none",
        population,
        purchases_per_year,
        mean_basket,
        assumptions,
        members,
        years,
        day_of("--start")(start),
        seed,
    )
    known = [bar.key for bar in sensitivity.bars_of(scenario.assumptions)]
    groups = list(dict.fromkeys(key.split(".")[0] for key in known))
    for key in only or []:
        if key not in (*known, *groups):
            message = "expected an assumption with a range, or a group of them: " + ", ".join(groups)
            raise BadInput(Problem("--only", message, key, nearest(key, known + groups)))
    with designs_bar(None) as progress:
        document = sensitivity.tornado(scenario, list(dict.fromkeys(names)), made_by(), only or (), threads, progress)
    if file is not None:
        _write(document, file)
    if as_json:
        print_json(document)
    else:
        _show(document)
    if file is not None:
        (err if as_json else out).print(f"written: {file}", highlight=False, soft_wrap=True)


def _show(document: dict[str, Any]) -> None:
    out.print(
        f"PROJECTION. {document['title']}, {document['members']:,} members, {document['years']} years, assumptions {document['assumptions']}: each alone "
        "at both ends of its range, and what it moves; ± 95 % for the chance of having drawn these members",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    out.print()
    for outcome in document["outcomes"]:
        name = outcome["name"]
        out.print(f"{outcome['title']}, {outcome['unit']}; now {interval_text(document['now'][name])}", highlight=False)
        bars = sorted(document["bars"], key=lambda bar: -_width(bar, name))
        moving = [bar for bar in bars if _width(bar, name) > 0]
        rows = [[bar["key"], *_ends(bar, name), bar["basis"]] for bar in moving[:SHOWN]]
        table(["assumption", "low", "moves it by", "high", "moves it by", "basis"], rows)
        still = len(bars) - len(moving)
        out.print(f"{max(0, len(moving) - SHOWN)} more move it; {still} do not (--out, --json)\n", highlight=False)


def _ends(bar: dict[str, Any], name: str) -> list[str]:
    found = []
    for end in ("low", "high"):
        value = bar[end]["value"]
        shown = "/".join(number_text(each) for each in value) if isinstance(value, list) else _plain(value)
        moved = "refused" if bar[end]["outcomes"] is None else interval_text(bar[end]["outcomes"][name]["difference"])
        found += [shown, moved]
    return found


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "/".join(number_text(each) for each in dict.fromkeys(value.values()))
    return number_text(value)


def _width(bar: dict[str, Any], name: str) -> float:
    moved = [bar[end]["outcomes"][name]["difference"]["value"] for end in ("low", "high") if bar[end]["outcomes"]]
    known = [0.0, *(value for value in moved if value is not None)]
    return max(known) - min(known)


def _write(document: dict[str, Any], file: Path) -> None:
    """A row for each assumption and outcome."""
    import json

    import pyarrow as pa

    rows = []
    for bar in document["bars"]:
        for outcome in document["outcomes"]:
            name = outcome["name"]
            row: dict[str, Any] = {
                "assumption": bar["key"], "outcome": name, "unit": outcome["unit"], "now": document["now"][name]["value"],
                "basis": bar["basis"], "source": bar["source"],
            }  # fmt: skip
            for end in ("low", "high"):
                found = bar[end]["outcomes"] and bar[end]["outcomes"][name]
                ends = (found and found["difference"]["ci95"]) or (None, None)
                row |= {
                    f"{end}_end": json.dumps(bar[end]["value"]),
                    f"{end}_value": found and found["value"],
                    f"{end}_difference": found and found["difference"]["value"],
                    f"{end}_difference_low": ends[0],
                    f"{end}_difference_high": ends[1],
                }
            rows.append(row)
    written = pa.Table.from_pylist(rows)
    write_table(written, file)
