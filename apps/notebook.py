"""The workbench in a notebook: ``from apps import notebook as loyalty``.

    program = loyalty.load("my_program.yaml")            # a file, or a program of the library
    run = loyalty.simulate(program, members=2000)        # lived by its population, beside the same members without it
    run                                                  # its figures, with units and intervals
    run.plot("tiers")                                    # points, tiers, expiry, moves, flow, lift, winners, sales
    loyalty.liability(run).plot()                        # what stands in the books, with its bounds
    lower = loyalty.change(program, {"expiry.months": 12})
    loyalty.compare({"today": program, "12 months": lower})  # the same members under both

Tables are small objects with units (``apps.notebook_table.Table``): ``.to_pandas()`` where pandas is installed, ``.to_arrow()`` anywhere. Charts are
HoloViews elements; those of the app. What is wrong with an input is said at once, all of it, as ``workbench.errors.BadInput``.
Everything is repeatable: the same inputs and seed give the same digits.
"""

import sys
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from apps.language import LANGUAGES, AppLanguage, language
from apps.levers import file_mapping
from apps.notebook_display import chart_page, show_in
from apps.notebook_liability import Liability
from apps.notebook_results import Compared, Lived, chosen
from apps.notebook_table import Table
from apps.scenario_options import tell
from simulators.simulate import compare as compare_programs
from simulators.simulate import simulate as simulate_scenario
from simulators.weights import member_weights
from workbench.errors import BadInput, Problem
from workbench.files import atomic_path
from workbench.finance.accounting.policy import Policy, load_policy
from workbench.liability_path import assumed_bounds, drawn_bounds, path_of
from workbench.population.load import load_assumptions, load_population, read_assumptions, read_population
from workbench.population.spec import in_currency
from workbench.program.load import library as library_names
from workbench.program.load import load_program, program_from_mapping
from workbench.program.patch import merged
from workbench.program.spec import Program
from workbench.run_books import books_of_run, value_books
from workbench.scenario import NO_PROGRAM, Scenario
from workbench.scenario_file import find_scenario, is_scenario, lived, read_scenario
from workbench.spec import Spec, SpecError
from workbench.study.field import parse_field, placed

__all__ = ["Compared", "Liability", "Lived", "Table", "change", "compare", "liability", "library", "load", "save", "simulate", "speak"]  # fmt: skip

MOST_KEPT = 50_000
"""Members whose entries are kept, so that a liability has its bounds."""
_say: AppLanguage = language("en")


def speak(tag: str) -> None:
    """The language of what is made from now on: ``en`` or ``zh-Hant``. Raises BadInput for another."""
    global _say
    _say = language(chosen(tuple(LANGUAGES), tag))


def library() -> Table:
    """The programs of the library: published ones, each with its source."""
    found = {slug: load_program(slug) for slug in library_names()}
    rows = tuple((slug, _title(each), each.currency, each.population) for slug, each in found.items())
    columns = ("name", "title", "currency", "population")
    return Table("Programs of the library", columns, ("",) * 4, rows)


def _title(program: Program) -> str:
    return program.title_zh if _say.chinese and program.title_zh else program.title


def load(name_or_path: str | Path) -> Program:
    """A program: of the library by its name, or a YAML file. Raises BadInput with every problem of the file, each with its line."""
    return load_program(name_or_path)


def change(program: Program, changes: Mapping[str, Any]) -> Program:
    """A program with some changes; the one given stays as it is.

    ``changes``: by path (``{"tiers.levels[gold].enter.spend": 15000}``: an entry of a list by its name or its number), or as in a scenario file
    (``{"expiry": {"months": 12}}``: mappings are merged, None takes a key out, everything else replaces). Raises BadInput with every problem.
    """
    mapping = merged(file_mapping(program), {key: value for key, value in changes.items() if not _is_path(key)})
    problems = []
    for path, value in changes.items():
        if _is_path(path):
            try:
                mapping = placed(mapping, parse_field(f"program.{path}").steps, value)
            except SpecError as error:
                problems.append(Problem(path, error.message, error.value, error.suggestion))
    if problems:
        raise BadInput(problems, program.title)
    return program_from_mapping(mapping, source=program.title)


def _is_path(key: str) -> bool:
    return "." in key or "[" in key


# --- living ----------------------------------------------------------------------------------------------------------
def simulate(
    program: Program | str | Path,
    *,
    baseline: Program | str | Path | None = None,
    members: int = 2000,
    years: int = 3,
    **world: Any,
) -> Lived:
    """A program lived by a population, beside the same members under ``baseline`` (without a program unless given).

    ``world``: ``population`` and ``assumptions`` (shipped names or files; else the program's own, and ``central``), ``population_changes`` and
    ``assumptions_changes`` (as in a scenario file), ``start`` (a date, or its ISO text), ``seed``, ``engine``. The first run on a machine compiles
    the rules, for about half a minute. Raises BadInput.
    """
    engine = world.pop("engine", None)
    scenario = _scenario(_program(program), baseline, members, years, **world)
    _warn(engine)
    run = simulate_scenario(scenario, engine=engine, keep=members <= MOST_KEPT, notify=tell)
    return Lived(run, _say)


def compare(
    programs: Mapping[str, Program | str | Path] | Iterable[str] | str | Path,
    *,
    members: int | None = None,
    years: int | None = None,
    **world: Any,
) -> Compared:
    """Several programs lived by the same members; the others are compared with the first, customer by customer.

    ``programs``: by the names they go by, a list of names of the library, or one scenario by its name or file (docs/scenarios.md), which then says
    who lives (``members``, ``years``, ``start``, ``seed`` and ``engine`` may be given beside it). ``world`` as in ``simulate``; the population is
    the first program's. Raises BadInput: also for programs of different currencies, which are never mixed.
    """
    engine = world.pop("engine", None)
    if isinstance(programs, str | Path):
        scenario, chosen_programs, names = _of_file(programs, {"members": members, "years": years} | world)
    else:
        named = programs if isinstance(programs, Mapping) else {str(each): each for each in programs}
        if not named:
            raise BadInput(Problem("programs", "expected at least one program"))
        names, chosen_programs = list(named), [_program(each) for each in named.values()]
        scenario = _scenario(chosen_programs[0], None, members or 2000, years or 3, **world)
    _same_currency(names, chosen_programs)
    _warn(engine)
    found = compare_programs(scenario, chosen_programs, engine=engine, keep=scenario.members <= MOST_KEPT, notify=tell)
    return Compared(found, tuple(names), _say)


def _of_file(name: str | Path, options: Mapping[str, Any]) -> tuple[Scenario, list[Program], list[str]]:
    if not is_scenario(str(name)):
        raise BadInput(Problem("programs", "expected a scenario, a list of programs, or programs by their names", str(name)))  # fmt: skip
    given = {key: value for key, value in options.items() if value is not None}
    wrong = sorted(set(given) - {"members", "years", "start", "seed"})
    if wrong:
        raise BadInput([Problem(each, "this stands in the scenario's file", given[each]) for each in wrong])
    if "start" in given:
        given["start"] = _day(given["start"])
    return lived(read_scenario(name), find_scenario(name), **given)


def _same_currency(names: list[str], programs: list[Program]) -> None:
    other = [
        Problem(name, f"expected a program in {programs[0].currency}: currencies are not compared without a rate", each.currency)
        for name, each in zip(names, programs, strict=True)
        if each.currency != programs[0].currency
    ]  # fmt: skip
    if other:
        raise BadInput(other)


def _program(given: Program | str | Path) -> Program:
    return given if isinstance(given, Program) else load_program(given)


def _scenario(
    program: Program, baseline: Program | str | Path | None, members: int, years: int, *, population: str | Path | None = None,
    assumptions: str | Path = "central", population_changes: Mapping[str, Any] | None = None,
    assumptions_changes: Mapping[str, Any] | None = None, start: date | str = "2025-01-01", seed: int = 1,
) -> Scenario:  # fmt: skip
    people = in_currency(load_population(population or program.population), program.currency)
    behaviour = load_assumptions(assumptions)
    if population_changes:
        people = read_population(_laid_over(people, population_changes), "population_changes")
    if assumptions_changes:
        behaviour = read_assumptions(_laid_over(behaviour, assumptions_changes), "assumptions_changes")
    if people.currency != program.currency:
        raise BadInput(Problem("population", f"expected a population in {program.currency}", people.currency))
    other = NO_PROGRAM if baseline is None else _program(baseline)
    if baseline is not None:
        _same_currency(["program", "baseline"], [program, other])
    bounds = (("members", members, 10**8), ("years", years, 50))
    wrong = [Problem(name, f"expected a whole number from 1 to {most:,}", each) for name, each, most in bounds
             if not isinstance(each, int) or not 1 <= each <= most]  # fmt: skip
    if wrong:
        raise BadInput(wrong)
    names = {"program": program.title, "baseline": "none" if baseline is None else other.title,
             "population": str(population or program.population), "assumptions": str(assumptions)}  # fmt: skip
    return Scenario(
        program, people, behaviour, other, members=members, years=years, start=_day(start), seed=seed, names=names
    )


def _laid_over(spec: Spec, changes: Mapping[str, Any]) -> dict[str, Any]:
    return merged(spec.model_dump(mode="json", by_alias=True), changes)


def _day(given: date | str) -> date:
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise BadInput(Problem("start", "expected a date that exists, YYYY-MM-DD", given)) from None


def _warn(engine: str | None) -> None:
    """A word where the compiler keeps one waiting."""
    if engine != "agents":
        from simulators.kernel import is_warm

        if not is_warm():
            tell("compiling the rules for this machine: once, about half a minute")


# --- what is owed ----------------------------------------------------------------------------------------------------
def liability(
    run: Lived, *, policy: str | Path | Policy = "default", valuation: date | str | None = None, draws: int = 200
) -> Liability:
    """What a run's members are owed at a month's end (its last one unless given), month by month with bounds.

    ``policy``: a shipped valuation policy, a file, or one made in Python; ``draws``: of the members, for the bounds of what is estimated (0: none,
    and none for runs of more than 50,000 members). Raises BadInput: another day than a month's end of the run, points that buy nothing.
    """
    rules = policy if isinstance(policy, Policy) else load_policy(policy)
    books, scenario = books_of_run(run.run), run.run.scenario
    day = _month_end(scenario.end) if valuation is None else _day(valuation)
    weights = partial(member_weights, scenario.seed, draws) if draws and books.events is not None else None
    found = value_books(books, rules, day, weights)
    bounds = dict(assumed_bounds(found.close))
    if weights is not None and books.events is not None:
        bounds |= dict(drawn_bounds(found.close, books.events, weights))
    return Liability(found, path_of(found.close), bounds, books.name, books.provenance, run.say)


def _month_end(day: date) -> date:
    """The last month's end up to a day."""
    after = day + timedelta(days=1)
    return day if after.day == 1 else day.replace(day=1) - timedelta(days=1)


# --- charts as files ---------------------------------------------------------------------------------------------------
def save(chart: Any, path: str | Path, title: str = "") -> Path:
    """Write a chart as one HTML file that opens anywhere and asks no host for anything. Raises BadInput where it cannot be written."""
    file = Path(path)
    if file.suffix.lower() not in (".html", ".htm"):
        raise BadInput(Problem("path", "expected a name ending in .html", file.name))
    with atomic_path(file) as temporary:
        temporary.write_text(chart_page(chart, title or file.stem, _say.tag), "utf-8")
    return file


def _kernel() -> Any:
    """The shell of a notebook's kernel, if this is one."""
    known = sys.modules.get("IPython")
    shell = None if known is None else known.get_ipython()
    return shell if hasattr(shell, "kernel") else None


if (_shell := _kernel()) is not None:
    show_in(_shell)
