"""Draft: everything that decides what a session's pages show, as one frozen value. No Panel here.

Only drafts that can be run are ever a session's draft (``checked``): text or fields that are not valid yet belong to the page on which
they are typed. Changing something is ``dataclasses.replace`` (or one of the methods below) and ``session.change``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import cache, cached_property
from typing import Any

from apps.levers import Change, changes, exact, file_mapping
from apps.question import Question
from workbench.digest import document_digest
from workbench.errors import BadInput, Problem
from workbench.finance.accounting.policy import Policy, load_policy, shipped_policies
from workbench.population.behaviour import Assumptions
from workbench.population.load import (
    load_assumptions,
    load_population,
    read_assumptions,
    read_population,
    shipped_assumptions,
    shipped_populations,
)
from workbench.population.spec import Population, in_currency
from workbench.program.load import library, load_program
from workbench.program.patch import merged
from workbench.program.spec import Program
from workbench.spec_file import spec_from_mapping

__all__ = ["LATEST_START", "MOST_COMPARED", "MOST_YEARS", "Draft", "library_program", "patch_between"]

MOST_YEARS = 10
MOST_COMPARED = 4
"""Programs side by side, the draft's own among them."""
LATEST_START = date(2100, 1, 1)


@dataclass(frozen=True)
class Draft:
    """A program as edited, what it is compared with, and the world it is tried in. Equal drafts show the same."""

    origin: str
    """What the program was begun from: a slug of the library, or the name of a file of the workspace (``mine.yaml``)."""
    program: Program
    """The program as it stands."""
    baseline: Program
    """The dashed ghost: what changes are counted against. The origin as shipped (or saved) until another is chosen."""
    baseline_name: str
    """Slug or file name of the baseline; "" where it was a draft that has no name."""
    population: str
    """A shipped population."""
    population_changes: Mapping[str, Any] = field(default_factory=dict)
    """What differs in it, as a population file would say it (JSON Merge Patch). Never changed in place."""
    assumptions: str = "central"
    """Shipped assumptions about behaviour."""
    assumptions_changes: Mapping[str, Any] = field(default_factory=dict)
    """What differs in them, in the same way."""
    policy: str = "default"
    """The shipped policy by which points are valued."""
    policy_changes: Mapping[str, Any] = field(default_factory=dict)
    """What differs in it."""
    compare: tuple[str, ...] = ()
    """Further programs set beside this one: slugs and file names of the workspace."""
    years: int = 3
    start: date = date(2025, 1, 1)
    seed: int = 1

    @classmethod
    def of(cls, slug: str, **others: Any) -> "Draft":
        """A program of the library as it is. Raises BadInput for a slug that there is not."""
        return cls.opened(slug, library_program(slug), **others)

    @classmethod
    def opened(cls, name: str, program: Program, **others: Any) -> "Draft":
        """A program under the name of its file, as it is: its own baseline, among the population it names."""
        own = {"population": program.population} | others
        return cls(name, program, program, name, **own)

    # --- what it stands for ---
    @cached_property
    def people(self) -> Population:
        """The population with its changes, in the program's currency if it has none of its own. Raises BadInput."""
        found = in_currency(_population(self.population), self.program.currency)
        if not self.population_changes:
            return found
        return read_population(merged(found.model_dump(mode="json", by_alias=True), self.population_changes))

    @cached_property
    def behaviour(self) -> Assumptions:
        """The assumptions with their changes. Raises BadInput."""
        found = _assumptions(self.assumptions)
        if not self.assumptions_changes:
            return found
        return read_assumptions(merged(found.model_dump(mode="json", by_alias=True), self.assumptions_changes))

    @cached_property
    def valuation(self) -> Policy:
        """The valuation policy with its changes. Raises BadInput."""
        found = _policy(self.policy)
        if not self.policy_changes:
            return found
        mapping = merged(found.model_dump(mode="json", by_alias=True), self.policy_changes)
        return spec_from_mapping(Policy, mapping, source="policy")

    @property
    def mapping(self) -> dict[str, Any]:
        """The program as its file would say it: a new mapping at each call."""
        return file_mapping(self.program)

    @property
    def changes(self) -> list[Change]:
        """What differs from the baseline, one by one, in the order of the format."""
        return changes(self.baseline, self.program)

    @property
    def is_changed(self) -> bool:
        """Whether the program differs from its baseline."""
        return self.program != self.baseline

    @property
    def days(self) -> tuple[int, int]:
        """First and last day of the runs."""
        return self.question(1).days

    @property
    def file_name(self) -> str:
        """How a command line would name the program: a slug, or the file that it would have to be saved as."""
        if self.origin.endswith((".yaml", ".yml")):
            return self.origin
        shipped = self.origin in library() and self.program == library_program(self.origin)
        return self.origin if shipped else f"{self.origin}_changed.yaml"

    def question(self, members: int) -> Question:
        """What is asked of the engines about so many members."""
        names = {
            "program": self.file_name,
            "shipped": self.baseline_name or "baseline.yaml",
            "population": self.population,
            "assumptions": self.assumptions,
        }
        return Question(
            self.program, self.baseline, self.people, self.behaviour, names,
            members=members, years=self.years, start=self.start, seed=self.seed, policy=self.valuation,
        )  # fmt: skip

    def key(self) -> str:
        """Digest of all that decides a result; what it is called and what it was begun from do not."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in ("origin", "baseline_name"):
            del found[name]
        found |= {name: getattr(self, name).model_dump(mode="json", by_alias=True) for name in ("program", "baseline")}
        return document_digest(found | {"start": self.start.isoformat()})

    @property
    def is_shipped_world(self) -> bool:
        """Whether people and assumptions are those shipped for the program: no change of assumption."""
        usual = (self.baseline.population, "central", "default")
        changes = self.population_changes, self.assumptions_changes, self.policy_changes
        return (self.population, self.assumptions, self.policy) == usual and not any(changes)

    # --- others like it ---
    def with_program(self, program: Program) -> "Draft":
        """The same with another program in the place of its own."""
        return replace(self, program=program)

    def against(self, name: str, baseline: Program) -> "Draft":
        """The same with another program as the baseline."""
        return replace(self, baseline=baseline, baseline_name=name)

    def in_shipped_world(self) -> "Draft | None":
        """The baseline among the people and under the assumptions shipped for it; None where the draft's world is that one, or where the program
        fits no shipped population."""
        if self.is_shipped_world:
            return None
        found = Draft.opened(self.baseline_name, self.baseline, years=self.years, start=self.start, seed=self.seed)
        try:
            return found.checked()
        except BadInput:
            return None

    def as_baseline(self) -> "Draft":
        """The same with the program as it stands as the baseline."""
        return replace(self, baseline=self.program, baseline_name="" if self.is_changed else self.baseline_name)

    def checked(self) -> "Draft":
        """Itself, if it can be run. Raises BadInput with every problem: each path begins with the part it belongs to."""
        problems = [*_range("years", self.years, 1, MOST_YEARS), *_range("seed", self.seed, 0, 2**63 - 1)]
        if not date(1971, 1, 1) <= self.start <= LATEST_START:
            problems.append(Problem("start", f"expected a day from 1971-01-01 to {LATEST_START}", self.start))
        if len(self.compare) >= MOST_COMPARED:
            problems.append(
                Problem("compare", f"expected at most {MOST_COMPARED - 1} further programs", len(self.compare))
            )
        for part, valid in _SHIPPED.items():
            if getattr(self, part) not in valid():
                problems.append(Problem(part, "expected one of: " + ", ".join(valid()), getattr(self, part)))
        if problems:
            raise BadInput(problems)
        for part, name in (("population", "people"), ("assumptions", "behaviour"), ("policy", "valuation")):
            try:
                getattr(self, name)
            except BadInput as error:
                problems += [replace(each, path=f"{part}.{each.path}") for each in error.problems]
        if problems:
            raise BadInput(problems)
        if self.people.currency != self.program.currency:
            message = (
                f"expected a population in {self.program.currency}: {self.population} is in {self.people.currency}"
            )
            raise BadInput(Problem("population", message, self.people.currency))
        if self.baseline.currency != self.program.currency:
            message = f"expected a program in {self.program.currency}: currencies are not compared without a rate"
            raise BadInput(Problem("baseline", message, self.baseline.currency))
        for program in (self.program, self.baseline):
            exact(program, *self.days)
        return self


def library_program(slug: str) -> Program:
    """A program of the library; read once. Raises BadInput."""
    return _program(slug)


@cache
def _program(slug: str) -> Program:
    return load_program(slug)


@cache
def _population(name: str) -> Population:
    return load_population(name)


@cache
def _assumptions(name: str) -> Assumptions:
    return load_assumptions(name)


@cache
def _policy(name: str) -> Policy:
    return load_policy(name)


_SHIPPED = {
    "population": shipped_populations,
    "assumptions": shipped_assumptions,
    "policy": shipped_policies,
}


def _range(path: str, value: int, least: int, most: int) -> list[Problem]:
    return [] if least <= value <= most else [Problem(path, f"expected a whole number from {least} to {most}", value)]


def patch_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What, laid over ``before`` (``workbench.program.patch.merged``), gives ``after``: the inverse of it. Lists are replaced whole.

    A key whose value is null in ``after`` cannot be told apart from one that is not there, and is taken out.
    """
    found: dict[str, Any] = {key: None for key, value in before.items() if value is not None and after.get(key) is None}
    for key, value in after.items():
        old = before.get(key)
        if value is None or _same(old, value):
            continue
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            found[key] = patch_between(old, value)
        else:
            found[key] = value
    return found


def _same(one: Any, other: Any) -> bool:
    """Equal, and of one type all the way down: true is not 1."""
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)
