"""Floor 5: scenario files: a question to a program, as the small differences it is about, and who lives with them.

A scenario names a program of today and some arms: the same program with changes laid over it, from the first day or from a date on, or another
program. The same members live under today's program and under every arm, and each is compared with today's.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from workbench.errors import BadInput, Problem, dotted
from workbench.packaging import HOME
from workbench.population.load import load_assumptions, load_population, read_assumptions, read_population
from workbench.population.spec import Population, Shocks, assumption, in_currency
from workbench.program.load import find_program, program_from_mapping
from workbench.program.patch import merged, nothing_to_take_out
from workbench.program.spec import Program
from workbench.program.version_spec import Transition
from workbench.scenario import NO_PROGRAM, Scenario
from workbench.spec import Name, Spec, SpecError
from workbench.spec_file import named_file, names_in, read_spec
from workbench.yaml_file import read_mapping

__all__ = [
    "SCENARIOS",
    "Arm",
    "CostOfPoints",
    "ScenarioFile",
    "ScenarioShocks",
    "find_scenario",
    "is_scenario",
    "laid_over",
    "lived",
    "near",
    "population_of",
    "program_file",
    "read_scenario",
    "scenario_names",
]

SCENARIOS = HOME / "scenarios"
"""The shipped scenarios, each with its results beside it."""
TODAY = "today"
"""Name of the program that the arms are compared with."""
KEPT = ("schema", "currency", "population", "versions")
"""Keys of a program that an arm may not change."""


class Arm(Spec):
    """One answer that is tried."""

    name: Name
    """Named in the results."""
    title: str = ""
    """What it is, in words."""
    title_zh: str = ""
    """The same in Traditional Chinese."""
    program: str | None = None
    """Another program (a slug of the library or a file) instead of today's."""
    changes: dict[str, Any] = {}
    """What differs from it, as in a program file: mappings are merged key by key, null takes a key out, everything else replaces."""
    effective: date | None = None
    """The changes take effect on this day, for the members there are; left out: they hold from the first day."""
    transition: Transition = Transition()
    """For ``effective``: what becomes of what members hold."""

    @model_validator(mode="after")
    def _something(self) -> "Arm":
        if self.program is None and not self.changes:
            raise SpecError((), "give changes, or another program")
        if self.effective is None and self.transition != Transition():
            raise SpecError(("transition",), "belongs to effective")
        if self.effective is not None and not self.changes:
            raise SpecError(("effective",), "belongs to changes", str(self.effective))
        return self


class CostOfPoints(Spec):
    """From a day on, what members redeem costs the brand another amount: dearer rewards, another supplier, another exchange rate."""

    first: date
    """First day: the first of a month, as costs are told month by month."""
    factor: float = assumption(
        0.5, 2, "A scenario's own: what is to be looked at", "judgement", ge=0, le=100, allow_inf_nan=False
    )
    """How many times as much as the programs say; it holds until the next one."""

    @model_validator(mode="after")
    def _first_of_month(self) -> "CostOfPoints":
        if self.first.day != 1:
            raise SpecError(("first",), "expected the first day of a month", str(self.first))
        return self


class ScenarioShocks(Shocks):
    """What happens in every world alike: to the trade (as in a population file), and to what redemptions cost."""

    cost_of_points: Annotated[tuple[CostOfPoints, ...], Field(max_length=20)] = ()
    """Changes of what redemptions cost, each from a day on."""

    @model_validator(mode="after")
    def _in_order(self) -> "ScenarioShocks":
        days = [each.first for each in self.cost_of_points]
        for k in range(1, len(days)):
            if days[k] <= days[k - 1]:
                raise SpecError(("cost_of_points", k, "first"), f"expected a day after {days[k - 1]}", str(days[k]))
        return self


class ScenarioFile(Spec):
    """A question, and what is needed to answer it."""

    schema_version: Literal[1] = Field(alias="schema")
    """Version of this file format: 1."""
    title: str
    """Name of the scenario."""
    title_zh: str = ""
    """Name in Traditional Chinese."""
    question: str
    """What is asked."""
    question_zh: str = ""
    """The same in Traditional Chinese."""
    notes: tuple[str, ...] = ()
    """What to keep in mind when reading the answer."""
    program: str
    """Today's program: a slug of the library or a file (beside the scenario's)."""
    arms: Annotated[tuple[Arm, ...], Field(min_length=1, max_length=8)]
    """The answers that are tried."""
    population: str | None = None
    """A shipped population or a file; left out: the program's own."""
    population_changes: dict[str, Any] = {}
    """What differs in it (shocks, rates, baskets), as in a population file."""
    shocks: ScenarioShocks = ScenarioShocks()
    """What happens in every world alike; laid over the population's own shocks."""
    assumptions: str = "central"
    """Shipped assumptions or a file."""
    assumptions_changes: dict[str, Any] = {}
    """What differs in them."""
    members: Annotated[int, Field(ge=1, le=100_000_000)] = 10_000
    """Members drawn."""
    years: Annotated[int, Field(ge=1, le=50)] = 3
    """Length."""
    start: date = date(2025, 1, 1)
    """First day."""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    """Same seed, same result."""

    @model_validator(mode="after")
    def _names(self) -> "ScenarioFile":
        names = [TODAY, *(arm.name for arm in self.arms)]
        for k, name in enumerate(names):
            if name in names[:k]:
                raise SpecError(("arms", k - 1, "name"), "the name is used twice", name)
        return self


def scenario_names() -> list[str]:
    """The shipped scenarios, in alphabetical order."""
    return names_in(SCENARIOS)


def find_scenario(name_or_path: str | Path) -> Path:
    """The file of a scenario. Raises BadInput for a name that is not shipped, with the nearest one."""
    return named_file(name_or_path, SCENARIOS, "scenario", "a shipped scenario")


def is_scenario(name_or_path: str) -> bool:
    """Whether a name is that of a scenario rather than of a program: shipped as one, or a file with arms. Raises BadInput where a file cannot
    be read."""
    if name_or_path in scenario_names():
        return True
    path = Path(name_or_path)
    return path.suffix.lower() in (".yaml", ".yml") and path.is_file() and "arms" in read_mapping(path)[0]


def read_scenario(name_or_path: str | Path) -> ScenarioFile:
    """The scenario of a name or a file. Raises BadInput with every problem found."""
    return read_spec(ScenarioFile, find_scenario(name_or_path))


def lived(file: ScenarioFile, place: Path, **options: Any) -> tuple[Scenario, list[Program], list[str]]:
    """What is simulated: the scenario of today's program without any as its baseline, every program (today's first), and their names.

    ``place``: the scenario's own file; options (members, years, start, seed) replace the file's. Raises BadInput with every problem of every
    arm, each at its place in the file.
    """
    base = program_file(file.program, place)
    mapping, line_of = read_mapping(base)
    today = program_from_mapping(mapping, line_of, str(base))
    programs, problems = [today], []
    for k, arm in enumerate(file.arms):
        try:
            programs.append(_arm(arm, mapping, place))
        except BadInput as error:
            problems += [
                replace(each, path=f"arms[{k}].{_inside(arm, each.path)}", line=None) for each in error.problems
            ]
            continue
        if programs[-1].currency != today.currency:
            message = f"expected a program in {today.currency}: currencies are not compared without a rate"
            problems.append(Problem(f"arms[{k}].program", message, programs[-1].currency))
    if problems:
        raise BadInput(problems, str(place))
    chosen = {name: options.get(name, getattr(file, name)) for name in ("members", "years", "start", "seed")}
    scenario = Scenario(
        program=today,
        baseline=NO_PROGRAM,
        population=_population(file, today, place),
        cost_of_points=tuple((each.first, each.factor) for each in file.shocks.cost_of_points),
        assumptions=read_assumptions(laid_over(file.assumptions_changes, load_assumptions(near(file.assumptions, place)))),
        names={
            "program": TODAY, "baseline": "none", "population": file.population or today.population, "assumptions": file.assumptions,
        },
        **chosen,
    )  # fmt: skip
    return scenario, programs, [TODAY, *(arm.name for arm in file.arms)]


def _inside(arm: Arm, path: str) -> str:
    """Where in the arm's changes a problem of the whole program stands."""
    if path.startswith(("changes", "program")):
        return path
    inside = path.removeprefix("versions[0].changes.") if arm.effective is not None else path
    return f"changes.{inside}" if inside else "changes"


def _arm(arm: Arm, today: Mapping[str, Any], place: Path) -> Program:
    mapping = today if arm.program is None else read_mapping(program_file(arm.program, place))[0]
    problems = [
        Problem(f"changes.{key}", "an arm cannot change this", arm.changes[key]) for key in KEPT if key in arm.changes
    ]
    problems += [
        Problem(f"changes.{dotted(path)}", "there is nothing to take out; expected one of: " + ", ".join(keys))
        for path, keys in nothing_to_take_out(mapping, arm.changes)
    ]
    if problems:
        raise BadInput(problems)
    if arm.effective is None:
        return program_from_mapping(merged(mapping, arm.changes))
    version = {
        "effective": arm.effective,
        "title": arm.title,
        "changes": arm.changes,
        "transition": arm.transition.model_dump(),
    }
    return program_from_mapping({**mapping, "versions": [*mapping.get("versions", ()), version]})


def program_file(name: str, place: Path) -> Path:
    """The file of a program: one beside ``place``, or the library's."""
    found = near(name, place)
    return found if isinstance(found, Path) else find_program(found)


def near(name: str, place: Path) -> str | Path:
    """A file beside ``place`` (a scenario's or a study's), if there is one of this name; otherwise the name."""
    beside = place.parent / name
    return beside if Path(name).suffix.lower() in (".yaml", ".yml") and beside.is_file() else name


def _population(file: ScenarioFile, program: Program, place: Path) -> Population:
    """The scenario's population, with its shocks."""
    found = population_of(file.population, file.population_changes, program, place)
    shocks = file.shocks.model_dump(mode="json", exclude_unset=True, exclude={"cost_of_points"})
    return read_population(laid_over({"shocks": shocks}, found)) if shocks else found


def population_of(name: str | None, changes: Mapping[str, Any], program: Program, place: Path) -> Population:
    """A population by its name, or else the program's own, with what differs in it. Raises BadInput where it is of another currency."""
    found = in_currency(load_population(near(name or program.population, place)), program.currency)
    if found.currency != program.currency:
        message = f"expected a population in {program.currency}"
        raise BadInput(Problem("population", message, found.currency), str(place))
    return read_population(laid_over(changes, found))


def laid_over(changes: Mapping[str, Any], spec: Spec) -> dict[str, Any]:
    """What differs of a spec, laid over it."""
    return merged(spec.model_dump(mode="json", by_alias=True), changes)
