"""What the commands that simulate have in common: a scenario by the names a user gives, an engine, a bar of progress."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import typer

from apps.console import day_of, err
from workbench.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from simulators.simulate import Engine, Progress
    from workbench.population.spec import Population
    from workbench.program.spec import Program
    from workbench.scenario import Scenario

__all__ = [
    "engine_of",
    "first_arm",
    "given",
    "of_file",
    "no_room",
    "placed",
    "progress_bar",
    "same_currency",
    "scenario_of",
    "tell",
]


def scenario_of(
    program: str,
    baseline: str,
    population: str | None,
    purchases_per_year: float | None,
    mean_basket: float | None,
    assumptions: str,
    members: int,
    years: int,
    start: date,
    seed: int,
) -> "Scenario":
    """What is simulated, by the names a user gives."""
    from workbench.population.load import load_assumptions
    from workbench.program.load import load_program
    from workbench.scenario import NO_PROGRAM, Scenario

    spec = load_program(program)
    with placed("--baseline"):
        other = NO_PROGRAM if baseline == "none" else load_program(baseline)
    if baseline != "none":
        same_currency("--baseline", spec, baseline, other)
    name = population or spec.population
    with placed("--population" if population else "population", "" if population else program):
        people = _population(name, spec.currency, purchases_per_year, mean_basket)
    with placed("--assumptions"):
        behaviour = load_assumptions(assumptions)
    scaled = (("purchases_per_year", purchases_per_year), ("mean_basket", mean_basket))
    return Scenario(
        program=spec,
        baseline=other,
        population=people,
        assumptions=behaviour,
        members=members,
        years=years,
        start=start,
        seed=seed,
        names={"program": program, "baseline": baseline, "population": name, "assumptions": assumptions}
        | {key: str(value) for key, value in scaled if value is not None},
    )


OWN = ("population", "purchases_per_year", "mean_basket", "assumptions", "baseline")
"""Options that a scenario file answers itself."""


def given(context: typer.Context, names: Iterable[str]) -> dict[str, Any]:
    """The options that stand on the command line, of those named."""
    sources = {name: context.get_parameter_source(name) for name in names}
    return {name: context.params[name] for name, source in sources.items() if source and source.name == "COMMANDLINE"}


def of_file(name: str, context: typer.Context) -> tuple["Scenario", list["Program"], list[str]]:
    """What a scenario file asks for: today's program without any, every program, and their names. Members, years, start and seed of the command
    line replace the file's. Raises BadInput for options that the file answers itself."""
    from workbench.scenario_file import find_scenario, lived, read_scenario

    both = given(context, OWN)
    if both:
        problems = [
            Problem("--" + option.replace("_", "-"), "this stands in the scenario's file", value)
            for option, value in both.items()
        ]
        raise BadInput(problems, name)
    options = given(context, ("members", "years", "start", "seed"))
    if "start" in options:
        options["start"] = day_of("--start")(options["start"])
    return lived(read_scenario(name), find_scenario(name), **options)


def first_arm(name: str, context: typer.Context) -> "Scenario":
    """A scenario file's first arm, with today's program as its baseline."""
    scenario, programs, names = of_file(name, context)
    found = scenario.beside(programs[1], programs[0])
    found.names.update(program=names[1], baseline=names[0])
    return found


def same_currency(place: str, program: "Program", name: str, other: "Program") -> None:
    """Raise BadInput where two programs cannot be compared."""
    if other.currency != program.currency:
        message = f"expected a program in {program.currency}: currencies are not compared without a rate"
        raise BadInput(Problem(place, message, f"{name} ({other.currency})"))


@contextmanager
def placed(option: str, source: str = "") -> Iterator[None]:
    """Says where a name stands, if it is that of no file: problems of a file, or that name an option, have their place."""
    try:
        yield
    except BadInput as error:
        if error.source:
            raise
        problems = [each if each.path.startswith("--") else replace(each, path=option) for each in error.problems]
        raise BadInput(problems, source, error.more) from error


def _population(name: str, currency: str, purchases_per_year: float | None, mean_basket: float | None) -> "Population":
    """A population in the program's currency; another currency needs a mean basket in the program's."""
    from pydantic import ValidationError

    from workbench.population.load import load_population
    from workbench.population.spec import in_currency, scaled

    found = in_currency(load_population(name), currency)
    if found.currency != currency and mean_basket is None:
        message = f"expected a population in {currency}, or --mean-basket in {currency} to scale it"
        raise BadInput(Problem("--population", message, f"{name} ({found.currency})"))
    try:
        return scaled(found, purchases_per_year=purchases_per_year, mean_basket=mean_basket, currency=currency)
    except ValidationError as error:
        raise BadInput(
            [
                Problem("--purchases-per-year, --mean-basket", each["msg"].removeprefix("Value error, "))
                for each in error.errors()
            ],
            name,
        ) from error
    except ValueError as error:
        raise BadInput(Problem("--purchases-per-year, --mean-basket", str(error)), name) from error


def tell(text: str) -> None:
    """A word on standard error."""
    err.print(text, highlight=False, soft_wrap=True, markup=False)


def engine_of(name: str | None) -> "Engine | None":
    """An engine by its name."""
    if name is None:
        return None
    if name == "kernel":
        return "kernel"
    if name == "agents":
        return "agents"
    raise BadInput(Problem("--engine", "expected kernel or agents", name, nearest(name, ["kernel", "agents"])))


@contextmanager
def no_room(cluster: str | None) -> Iterator[None]:
    """What does not fit the kernel where it was asked for is bad input."""
    from simulators.layout import TooLarge

    try:
        yield
    except TooLarge as error:
        if cluster is not None:
            message = f"expected no cluster for this run, which agents can live on this machine: {error}"
            raise BadInput(Problem("--cluster", message, cluster)) from error
        raise BadInput(Problem("--engine", f"expected agents for this run: {error}", "kernel", "agents")) from error


@contextmanager
def progress_bar(members: int, engine: "Engine | None", cluster: str | None) -> "Iterator[Progress]":
    """A bar on standard error, where that is a terminal; and a word where the first run has to wait for the compiler."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("members"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    if engine != "agents" and cluster in (None, "local"):
        from simulators.kernel import is_warm

        if not is_warm():
            err.print("compiling the rules for this machine: once, about half a minute", highlight=False)
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("members", total=members)
        yield lambda done, _: bar.update(task, completed=done)
