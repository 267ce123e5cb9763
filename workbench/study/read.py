"""A study read and checked: every design as a program, assumptions and a population, or every mistake at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from workbench.errors import BadInput, Problem, dotted
from workbench.packaging import HOME
from workbench.population.behaviour_spec import Assumptions
from workbench.population.load import load_assumptions, read_assumptions, read_population
from workbench.population.spec import Population
from workbench.program.load import program_from_mapping
from workbench.program.patch import merged
from workbench.program.spec import Program
from workbench.scenario import NO_PROGRAM, Scenario
from workbench.scenario_file import laid_over, near, population_of, program_file
from workbench.spec import Spec, SpecError
from workbench.spec_file import named_file, names_in, read_spec
from workbench.study.field import Field, found, numbered, parse_field, placed
from workbench.study.plan import Choice, Design, Range, Spread, planned
from workbench.study.spec import Lever, Study
from workbench.yaml_file import read_mapping

__all__ = [
    "STUDIES",
    "Question",
    "asked",
    "find_study",
    "is_study",
    "label_of",
    "question_of",
    "range_of",
    "read_study",
    "study_names",
]

STUDIES = HOME / "scenarios" / "studies"
"""The shipped studies."""
READERS: dict[str, Callable[[Any], Any]] = {
    "program": program_from_mapping,
    "assumptions": read_assumptions,
    "population": read_population,
}
SHOWN = 10
"""Problems of designs that are told; the others are counted."""


def study_names() -> list[str]:
    """The shipped studies, in alphabetical order."""
    return names_in(STUDIES)


def find_study(name_or_path: str | Path) -> Path:
    """The file of a study. Raises BadInput for a name that is not shipped, with the nearest one."""
    return named_file(name_or_path, STUDIES, "study", "a shipped study")


def is_study(name_or_path: str) -> bool:
    """Whether a name is that of a study: shipped as one, or a file that varies something. Raises BadInput where a file cannot be read."""
    if name_or_path in study_names():
        return True
    path = Path(name_or_path)
    return path.suffix.lower() in (".yaml", ".yml") and path.is_file() and "vary" in read_mapping(path)[0]


def read_study(name_or_path: str | Path) -> Study:
    """The study of a name or a file. Raises BadInput with every problem found."""
    return read_spec(Study, find_study(name_or_path))


@dataclass(frozen=True)
class Question:
    """A study, ready to be lived."""

    study: Study
    scenario: Scenario
    """Today's program and no program, with the study's population and assumptions: where every design starts from."""
    start: Mapping[str, Any]
    """The program file that designs change: today's, with the study's changes."""
    fields: tuple[Field, ...]
    """By lever."""
    spreads: tuple[Spread, ...]
    """By lever: the values it takes."""
    names: tuple[str, ...]
    """By lever."""
    _made: dict[tuple[str, Design], Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def varies_program(self) -> bool:
        """Whether a design's program may differ from today's: it is then compared with today's, among the same members."""
        return bool(self.study.changes) or any(each.part == "program" for each in self.fields)

    def designs(self) -> list[Design]:
        """The designs of the study's plan. Raises BadInput with every design that is refused, and by which rule."""
        faults = list(self.study.no_grid()) if self.study.plan is None else []
        if faults:
            raise BadInput([Problem(dotted(each.path), each.message) for each in faults])
        designs = planned(self.study.planned, self.spreads)
        problems = [problem for number, design in enumerate(designs, 1) for problem in self.problems(design, number)]
        if problems:
            raise BadInput(problems[:SHOWN], more=len(problems[SHOWN:]))
        return designs

    def problems(self, design: Design, number: int) -> list[Problem]:
        """Why a design is refused; empty where it is not."""
        try:
            self.of(design)
        except BadInput as error:
            where = f"design {number} ({label_of(self.names, design)})"
            return [
                Problem(
                    where, f"{each.path}: {each.message}" if each.path else each.message, each.value, each.suggestion
                )
                for each in error.problems
            ]
        return []

    def of(self, design: Design) -> Scenario:
        """A design's program beside none. Designs that agree in a part share it. Raises BadInput where the file format refuses it."""
        program: Program = self._part("program", design, self.start, program_from_mapping)
        assumptions: Assumptions = self._part("assumptions", design, self.scenario.assumptions, read_assumptions)
        population: Population = self._part("population", design, self.scenario.population, read_population)
        if population.currency != program.currency:
            message = "currencies are not compared without a rate"
            raise BadInput(Problem("program.currency", f"expected {population.currency}: {message}", program.currency))
        return replace(self.scenario, program=program, assumptions=assumptions, population=population)

    def today(self, design: Design) -> Scenario:
        """What a design is compared with: today's program among the same members with the same assumptions; where the program is not varied,
        the study's own starting point."""
        return replace(self.of(design), program=self.scenario.program) if self.varies_program else self.scenario

    def now(self, where: Field) -> Any:
        """What stands at a field where the study starts from; None where nothing does."""
        base: Any = (
            self.start
            if where.part == "program"
            else getattr(self.scenario, where.part).model_dump(mode="json", by_alias=True)
        )
        return found(base, where.steps)

    def _part(self, part: str, design: Design, base: Any, read: Callable[[Any], Any]) -> Any:
        values = tuple(value for each, value in zip(self.fields, design, strict=True) if each.part == part)
        key = (part, _hashable(values))
        if key not in self._made:
            self._made[key] = self._read(part, design, base, read, bool(values))
        return self._made[key]

    def _read(self, part: str, design: Design, base: Any, read: Callable[[Any], Any], varied: bool) -> Any:
        if isinstance(base, Spec):
            if not varied:
                return base
            base = base.model_dump(mode="json", by_alias=True)
        for each, value in zip(self.fields, design, strict=True):
            if each.part == part:
                base = placed(base, each.steps, value)
        return read(base)


def label_of(names: Sequence[str], design: Design) -> str:
    """A design in words."""
    return ", ".join(f"{name} {_short(value)}" for name, value in zip(names, design, strict=True))


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "none" if value is None else str(value)


def _hashable(values: Design) -> Design:
    return tuple(value if isinstance(value, str | int | float | bool | None) else repr(value) for value in values)


# --- from a file -------------------------------------------------------------------------------------------------------
def asked(name_or_path: str | Path, search: Mapping[str, Any] | None = None, **options: Any) -> Question:
    """The question of a shipped study or a study's file. Options (members, years, start, seed), and what is given of ``search``, replace the
    file's. Raises BadInput with every problem of every lever, each at its place in the file."""
    place = find_study(name_or_path)
    study = read_spec(Study, place)
    if search:
        study = study.model_copy(update={"search": study.search.model_copy(update=dict(search))})
    mapping, line_of = read_mapping(program_file(study.program, place))
    today = program_from_mapping(mapping, line_of, str(program_file(study.program, place)))
    assumptions = read_assumptions(
        laid_over(study.assumptions_changes, load_assumptions(near(study.assumptions, place)))
    )
    scenario = Scenario(
        program=today,
        baseline=NO_PROGRAM,
        population=population_of(study.population, study.population_changes, today, place),
        assumptions=assumptions,
        names={
            "program": study.program, "baseline": "none", "population": study.population or today.population, "assumptions": study.assumptions,
        },
        **{name: options.get(name, getattr(study, name)) for name in ("members", "years", "start", "seed")},
    )  # fmt: skip
    try:
        return question_of(study, scenario, mapping)
    except BadInput as error:
        raise BadInput(error.problems, str(place), error.more) from error


def question_of(study: Study, scenario: Scenario, mapping: Mapping[str, Any]) -> Question:
    """A study of a program that is given as a file would hold it (``mapping``; the scenario's own). Raises BadInput as ``asked`` does."""
    start = merged(mapping, study.changes)
    fields = tuple(parse_field(lever.field) for lever in study.vary)
    problems = [
        Problem(f"changes.{each.path}", each.message, each.value, each.suggestion)
        for each in _refused(lambda: program_from_mapping(start))
    ]
    spreads: list[Spread] = []
    for k, (lever, where) in enumerate(zip(study.vary, fields, strict=True)):
        spread = _spread(lever, where, scenario)
        if spread is None:
            message = "expected values, or low and high: only assumptions and populations have ranges of their own"
            problems.append(Problem(f"vary[{k}]", message, lever.field))
            spread = Choice((None,))
        spreads.append(spread)
    question = Question(study, scenario, start, fields, tuple(spreads), tuple(lever.title for lever in study.vary))
    if not problems:
        problems = [problem for k in range(len(fields)) for problem in _of_lever(question, k)]
    if problems:
        raise BadInput(problems[: 2 * SHOWN], more=len(problems[2 * SHOWN :]))
    return question


def _refused(read: Callable[[], Any]) -> tuple[Problem, ...]:
    try:
        read()
    except BadInput as error:
        return error.problems
    return ()


def _spread(lever: Lever, where: Field, scenario: Scenario) -> Spread | None:
    """The values of a lever; None where it has neither values nor a range."""
    if lever.values is not None:
        return Choice(lever.values)
    low, high = lever.low, lever.high
    if low is None or high is None:
        own = range_of(where, scenario)
        if own is None:
            return None
        low, high = own
    decimals = lever.decimals
    if decimals is None and where.part == "program":
        decimals = 0 if low == int(low) and high == int(high) else 2
    return Range(low, high, decimals, lever.steps)


def range_of(where: Field, scenario: Scenario) -> tuple[float, float] | None:
    """The plausible range of an assumption, or of a number of the population; None where it says none."""
    here: Any = {"assumptions": scenario.assumptions, "population": scenario.population}.get(where.part)
    said: Any = None
    for step in where.steps:
        if not isinstance(here, BaseModel):
            break
        info = next((each for name, each in type(here).model_fields.items() if step in (name, each.alias)), None)
        if info is None:
            return None
        said = info.json_schema_extra
        here = getattr(here, str(step), None)
    return tuple(said["range"]) if isinstance(said, dict) and "range" in said else None


def _of_lever(question: Question, k: int) -> Iterator[Problem]:
    """What is wrong with a lever by itself: its field, then each of its values while the others stay as they are."""
    where, lever = question.fields[k], question.study.vary[k]
    base: Any = (
        question.start
        if where.part == "program"
        else getattr(question.scenario, where.part).model_dump(mode="json", by_alias=True)
    )
    read = READERS[where.part]
    try:
        own = numbered(base, where.steps)
        placed(base, where.steps, None)
    except SpecError as error:
        inside = str(Field(where.part, error.path)) if error.path else where.part
        yield Problem(f"vary[{k}].field", f"{inside}: {error.message}", error.value, error.suggestion)
        return
    spread = question.spreads[k]
    values = spread.values if isinstance(spread, Choice) or spread.steps else (spread.at(0.0), spread.at(1.0))
    for place, value in enumerate(values):
        for each in _refused(partial(_read_with, read, base, where, value)):
            path = f"{where.part}.{each.path}"
            if each.message.startswith("unknown key") and _within(own, each.path):
                message = each.message.replace("unknown key", f"there is no {path}")
                yield Problem(f"vary[{k}].field", message, lever.field, _better(lever.field, each))
                return
            if _within(each.path, own):
                name = f"vary[{k}].values[{place}]" if lever.values is not None else f"vary[{k}]"
                yield Problem(name, f"{path} refuses it: {each.message}", value, each.suggestion)


def _read_with(read: Callable[[Any], Any], base: Any, where: Field, value: Any) -> Any:
    return read(placed(base, where.steps, value))


def _within(path: str, above: str) -> bool:
    """Whether a path is another one, or inside it."""
    return path == above or path.startswith((f"{above}.", f"{above}["))


def _better(written: str, problem: Problem) -> str | None:
    """The field as it was most likely meant."""
    if problem.suggestion is None:
        return None
    wrong = problem.path.rpartition(".")[2]
    return written.replace(wrong, problem.suggestion, 1)
