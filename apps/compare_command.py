"""``loyalty compare``: the same members under several programs, or under the arms of a scenario."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.console import day_of, err, out, print_json
from apps.scenario_options import engine_of, no_room, of_file, progress_bar, same_currency, scenario_of, tell
from apps.show_comparison import show_comparison
from workbench.errors import BadInput, Problem, nearest
from workbench.files import atomic_path

if TYPE_CHECKING:
    from workbench.scenario_file import ScenarioFile

__all__ = ["compare"]


def compare(
    context: typer.Context,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="PROGRAM PROGRAM ... | SCENARIO",
            help="Slugs of the library, or YAML files; the first is what the others are compared with. Or one scenario.",
        ),
    ],
    members: Annotated[int, typer.Option(min=1, max=100_000_000, help="Members drawn.")] = 10_000,
    years: Annotated[int, typer.Option(min=1, max=50, help="Length of the run.")] = 3,
    start: Annotated[str, typer.Option(metavar="DATE", help="First day.")] = "2025-01-01",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Same seed, same result.")] = 1,
    population: Annotated[
        str | None, typer.Option(help="A shipped population or a file; else the first program's own.")
    ] = None,
    purchases_per_year: Annotated[float | None, typer.Option(help="Scale the population to this mean rate.")] = None,
    mean_basket: Annotated[
        float | None, typer.Option(help="Scale it to this mean basket, in the program's currency.")
    ] = None,
    assumptions: Annotated[str, typer.Option(help="Shipped assumptions or a file.")] = "central",
    engine: Annotated[str | None, typer.Option(help="kernel or agents: the same digests.")] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Threads of the kernel; else one a core.")
    ] = None,
    baseline: Annotated[str, typer.Option(help="Another program, or none.")] = "none",
    file: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write it: .html, a page that opens anywhere; .json, for reports and stories."
        ),
    ] = None,
    lang: Annotated[str, typer.Option(help="Of the page: en or zh-Hant.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Let the same members live under several programs, and without any."""
    first = day_of("--start")(start)
    chosen = engine_of(engine)
    _check_page(file, lang)
    from simulators import simulate
    from workbench.compare_document import compare_document
    from workbench.program.load import load_program
    from workbench.scenario_file import is_scenario, read_scenario

    asked = None
    if len(names) == 1 and is_scenario(names[0]):
        asked = read_scenario(names[0])
        scenario, programs, names = of_file(names[0], context)
    else:
        _check_names(names)
        scenario = scenario_of(
            names[0], baseline, population, purchases_per_year, mean_basket, assumptions, members, years, first, seed
        )
        programs = [scenario.program, *(load_program(name) for name in names[1:])]
        for name, program in zip(names, programs, strict=True):
            same_currency("PROGRAM", scenario.program, name, program)
    with progress_bar(scenario.members, chosen, None) as progress, no_room(None):
        comparison = simulate.compare(scenario, programs, progress, chosen, threads, notify=tell)
    for run, name in zip(comparison.runs, names, strict=True):
        run.scenario.names["program"] = name
    for run, name in zip(comparison.against_first, names[1:], strict=True):
        run.scenario.names.update(program=name, baseline=names[0])
    document = compare_document(comparison, names)
    if file is not None:
        _write(document, asked, file, lang)
    if as_json:
        print_json(document)
    else:
        show_comparison(document)
    if file is not None:
        (err if as_json else out).print(f"written: {file}", highlight=False, soft_wrap=True)


def _check_page(file: Path | None, lang: str) -> None:
    """Before anything is lived: that a page can be written."""
    languages = ["en", "zh-Hant"]
    if lang not in languages:
        raise BadInput(Problem("--lang", "expected en or zh-Hant", lang, nearest(lang, languages)))
    if file is None:
        return
    if file.suffix.lower() not in (".html", ".json"):
        raise BadInput(Problem("--out", "expected a name ending in .html or .json", file.name))
    if not file.absolute().parent.is_dir():
        raise BadInput(Problem("--out", "expected an existing folder to write in", str(file.absolute().parent)))
    if file.suffix.lower() == ".html":
        from workbench.reports.html import check_installed

        check_installed()


def _write(document: dict[str, Any], asked: "ScenarioFile | None", file: Path, lang: str) -> None:
    """The document, or the page: a scenario's titles and question in its language, where it has them."""
    if file.suffix.lower() == ".json":
        with atomic_path(file) as temporary:
            temporary.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        return
    from workbench.reports.compare_page import write_comparison

    programs, chinese = document["programs"], lang != "en"
    if asked is None:
        called = {name: each["provenance"]["title_zh" if chinese else "title"] for name, each in programs.items()}
        title, question = " / ".join(called[name] or name for name in programs), ""
    else:
        called = {arm.name: (arm.title_zh if chinese else "") or arm.title for arm in asked.arms}
        called["today"] = "今日方案" if chinese else "Today's program"
        title, question = (asked.title_zh, asked.question_zh) if chinese else (asked.title, asked.question)
        title, question = title or asked.title, question or asked.question
    write_comparison(document, title, file, lang, called, question)


def _check_names(names: list[str]) -> None:
    """Two programs or more, each once."""
    if len(names) < 2:
        raise BadInput(Problem("PROGRAM", "expected two programs or more, or a scenario", " ".join(names)))
    for place, name in enumerate(names):
        if name in names[:place]:
            raise BadInput(Problem("PROGRAM", "expected each program once", name))
