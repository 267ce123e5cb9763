"""What a study file may say: what is varied, by which plan, and which outcomes are looked at."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from workbench.spec import Name, Spec, SpecError
from workbench.study.field import parse_field
from workbench.study.outcomes import OUTCOMES, outcome_named

__all__ = ["MOST_DESIGNS", "Goal", "Grid", "LatinHypercube", "Lever", "Limit", "Search", "Sobol", "Study"]

MOST_DESIGNS = 100_000
"""Designs of a study: more is a mistake, or weeks."""
Number = Annotated[float, Field(allow_inf_nan=False)]


def _known(name: str, path: tuple[str | int, ...]) -> None:
    try:
        outcome_named(name)
    except SpecError as error:
        raise SpecError(path, error.message, error.value, error.suggestion) from error


class Lever(Spec):
    """What is varied: a field, and its values or its range."""

    field: str
    """Where: program.redemption.money_off.points, assumptions.membership.death_factor, population.gross_margin."""
    name: Name | None = None
    """Named so in tables; the last word of the field unless given."""
    values: tuple[Any, ...] | None = None
    """The values that are tried, in their order: numbers, words, whole blocks; null takes the key out."""
    low: Number | None = None
    """Lowest value of a range; of an assumption its own range, unless given."""
    high: Number | None = None
    """Highest value of a range."""
    steps: Annotated[int, Field(ge=2, le=1000)] | None = None
    """With a grid: so many values from low to high, evenly."""
    decimals: Annotated[int, Field(ge=-9, le=12)] | None = None
    """Values of a range are rounded to so many; -3: to thousands. Unless given: 0 in a program where low and high are written as whole numbers, else 2; none
    elsewhere."""

    @model_validator(mode="after")
    def _one_way(self) -> "Lever":
        try:
            parse_field(self.field)
        except SpecError as error:
            raise SpecError(("field",), error.message, error.value, error.suggestion) from error
        if self.values is not None:
            for name in ("low", "high", "steps", "decimals"):
                if getattr(self, name) is not None:
                    raise SpecError((name,), "belongs to a range: give values, or low and high")
            if not self.values:
                raise SpecError(("values",), "expected at least one value: the study has no designs")
            for k, value in enumerate(self.values):
                if value in self.values[:k]:
                    raise SpecError(("values", k), "the value stands there twice", value)
        elif (self.low is None) != (self.high is None):
            missing = "low" if self.low is None else "high"
            raise SpecError((missing,), "missing: low and high belong together")
        elif self.low is not None and self.high is not None and self.low >= self.high:
            raise SpecError(("high",), f"expected more than low ({self.low:g})", self.high)
        return self

    @property
    def title(self) -> str:
        """How it is named in tables."""
        return self.name or str(parse_field(self.field).steps[-1]).lstrip("[")


class Grid(Spec):
    """Every combination of the levers' values."""

    kind: Literal["grid"]
    """All combinations."""


class LatinHypercube(Spec):
    """Designs drawn so that each lever's range is covered evenly (McKay, Beckman & Conover 1979)."""

    kind: Literal["latin_hypercube"]
    """Evenly spread."""
    designs: Annotated[int, Field(ge=2, le=MOST_DESIGNS)]
    """How many."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 1
    """Same seed, same designs."""


class Sobol(Spec):
    """Designs for Sobol indices: base * (levers + 2) of them (Saltelli 2002; Saltelli et al. 2010)."""

    kind: Literal["sobol"]
    """For shares of variance."""
    base: Annotated[int, Field(ge=4, le=65_536)]
    """A power of two."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 1
    """Same seed, same designs."""

    @model_validator(mode="after")
    def _power(self) -> "Sobol":
        if self.base & (self.base - 1):
            raise SpecError(
                ("base",),
                "expected a power of two, which Sobol sequences are balanced at",
                self.base,
                str(2 ** (self.base.bit_length() - 1)),
            )
        return self


Plan = Annotated[Grid | LatinHypercube | Sobol, Field(discriminator="kind")]


class Goal(Spec):
    """An outcome that is to be as high, or as low, as possible."""

    outcome: str
    """Its name."""
    direction: Literal["maximise", "minimise"] = "maximise"
    """Which way is better."""

    @model_validator(mode="after")
    def _known(self) -> "Goal":
        _known(self.outcome, ("outcome",))
        return self


class Limit(Spec):
    """An outcome that has to stay within bounds."""

    outcome: str
    """Its name."""
    at_least: Number | None = None
    """Lowest value."""
    at_most: Number | None = None
    """Highest value."""

    @model_validator(mode="after")
    def _bounds(self) -> "Limit":
        _known(self.outcome, ("outcome",))
        if self.at_least is None and self.at_most is None:
            raise SpecError((), "expected at_least, at_most, or both")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise SpecError(
                ("at_most",), f"cannot be kept: expected no less than at_least ({self.at_least:g})", self.at_most
            )
        return self


class Search(Spec):
    """How the best program is looked for (``loyalty optimise``)."""

    goals: Annotated[tuple[Goal, ...], Field(min_length=1, max_length=2)] = (Goal(outcome="incremental_margin"),)
    """One, or two for a Pareto front."""
    limits: Annotated[tuple[Limit, ...], Field(max_length=12)] = ()
    """What has to hold."""
    trials: Annotated[int, Field(ge=2, le=MOST_DESIGNS)] = 120
    """Designs that are tried."""
    confirm: Annotated[int, Field(ge=2, le=1000)] = 5
    """Fresh populations (seeds) that the winners are lived with again."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 1
    """Of the search; the members have their own. Same seed, same search."""

    @model_validator(mode="after")
    def _apart(self) -> "Search":
        names = [goal.outcome for goal in self.goals]
        if len(set(names)) < len(names):
            raise SpecError(("goals", 1, "outcome"), "expected two different outcomes", names[1])
        return self


class Study(Spec):
    """A question about many programs, or many assumptions, at once."""

    schema_version: Literal[1] = Field(alias="schema")
    """Version of this file format: 1."""
    title: str
    """Name of the study."""
    title_zh: str = ""
    """Name in Traditional Chinese."""
    question: str
    """What is asked."""
    question_zh: str = ""
    """The same in Traditional Chinese."""
    notes: tuple[str, ...] = ()
    """What to keep in mind when reading the answer."""
    program: str
    """Today's program: a slug of the library or a file (beside the study's)."""
    changes: dict[str, Any] = {}
    """What every design differs by from today's program, apart from what is varied; as in a scenario's arm."""
    vary: Annotated[tuple[Lever, ...], Field(min_length=1, max_length=30)]
    """The levers."""
    plan: Plan | None = None
    """Which designs a sweep lives; left out: a grid. A search needs none."""
    outcomes: Annotated[tuple[str, ...], Field(min_length=1, max_length=30)]
    """What is looked at, by name."""
    search: Search = Search()
    """How the best is looked for."""
    population: str | None = None
    """A shipped population or a file; left out: the program's own."""
    population_changes: dict[str, Any] = {}
    """What differs in it."""
    assumptions: str = "central"
    """Shipped assumptions or a file."""
    assumptions_changes: dict[str, Any] = {}
    """What differs in them."""
    members: Annotated[int, Field(ge=2, le=100_000_000)] = 20_000
    """Members drawn; the same for every design."""
    years: Annotated[int, Field(ge=1, le=50)] = 3
    """Length."""
    start: date = date(2025, 1, 1)
    """First day."""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    """Of the members. Same seed, same members."""

    @model_validator(mode="after")
    def _whole(self) -> "Study":
        faults = [*self._names(), *self._ranges()]
        if faults:
            first, *others = faults
            raise SpecError(first.path, first.message, first.value, first.suggestion, tuple(others))
        return self

    def _names(self) -> Iterator[SpecError]:
        for k, name in enumerate(self.outcomes):
            if name in self.outcomes[:k]:
                yield SpecError(("outcomes", k), "the outcome stands there twice", name)
            try:
                _known(name, ("outcomes", k))
            except SpecError as error:
                yield error
        titles = [lever.title for lever in self.vary]
        fields = [lever.field for lever in self.vary]
        for k, title in enumerate(titles):
            if fields[k] in fields[:k]:
                yield SpecError(("vary", k, "field"), "the field is varied twice", fields[k])
            elif title in titles[:k]:
                yield SpecError(("vary", k, "name"), "another lever has this name: give each its own", title)
            elif title in OUTCOMES or title == "design":
                yield SpecError(("vary", k, "name"), "an outcome has this name: give the lever another", title)

    def _ranges(self) -> Iterator[SpecError]:
        if self.plan is None:
            return
        if self.plan.kind == "grid":
            yield from self.no_grid()
            return
        for k, lever in enumerate(self.vary):
            if lever.steps is not None:
                yield SpecError(("vary", k, "steps"), f"belongs to a grid, not to a {self.plan.kind}", lever.steps)

    def no_grid(self) -> Iterator[SpecError]:
        """Why the levers make no grid; nothing where they do."""
        count = 1
        for k, lever in enumerate(self.vary):
            if lever.values is None and lever.steps is None:
                yield SpecError(("vary", k), "a grid needs values, or low, high and steps: there is nothing to try")
            count *= len(lever.values) if lever.values is not None else lever.steps or 1
        if count > MOST_DESIGNS:
            yield SpecError(("vary",), f"expected at most {MOST_DESIGNS:,} designs: this grid has {count:,}")

    @property
    def planned(self) -> Plan:
        """The plan of a sweep."""
        return self.plan or Grid(kind="grid")

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The outcomes, and those that the search needs."""
        needed = [goal.outcome for goal in self.search.goals] + [limit.outcome for limit in self.search.limits]
        return tuple(dict.fromkeys([*self.outcomes, *needed]))
