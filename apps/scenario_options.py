"""What the commands that simulate have in common: a scenario by the names a user gives, an engine, a bar of progress."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from apps.console import err
from workbench.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from simulators.simulate import Engine, Progress
    from workbench.population.spec import Population
    from workbench.program.spec import Program
    from workbench.scenario import Scenario

__all__ = ["engine_of", "no_room", "placed", "progress_bar", "same_currency", "scenario_of", "tell"]


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
