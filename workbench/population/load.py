"""Reading populations and assumptions: shipped ones by name, others by path; every mistake reported at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from workbench.errors import BadInput, Problem
from workbench.packaging import HOME
from workbench.population.behaviour import Assumptions
from workbench.population.spec import Population
from workbench.spec import Spec
from workbench.spec_file import named_file, names_in, read_spec, spec_from_mapping

__all__ = [
    "load_assumptions",
    "load_population",
    "read_assumptions",
    "read_population",
    "shipped_assumptions",
    "shipped_populations",
]

POPULATIONS = HOME / "workbench" / "population" / "data"
ASSUMPTIONS = POPULATIONS / "assumptions"
"""The shipped files: data inside the package, in the working folder and in an installed wheel alike."""
S = TypeVar("S", bound=Spec)


def shipped_populations() -> tuple[str, ...]:
    """Names of the populations that come with the package."""
    return tuple(names_in(POPULATIONS))


def shipped_assumptions() -> tuple[str, ...]:
    """Names of the sets of assumptions that come with the package."""
    return tuple(names_in(ASSUMPTIONS))


def load_population(name_or_path: str | Path) -> Population:
    """A shipped population by name, or one from a YAML file. Raises BadInput with every problem found."""
    return read_spec(Population, named_file(name_or_path, POPULATIONS, "population", "a shipped name"))


def load_assumptions(name_or_path: str | Path) -> Assumptions:
    """Shipped assumptions by name, or some from a YAML file. Raises BadInput with every problem found."""
    return read_spec(Assumptions, named_file(name_or_path, ASSUMPTIONS, "assumptions", "a shipped name"))


def read_population(data: Any, source: str = "population") -> Population:
    """A population from parsed YAML or JSON. Raises BadInput with every problem found; ``source`` names it in messages."""
    return _from_data(Population, data, source)


def read_assumptions(data: Any, source: str = "assumptions") -> Assumptions:
    """Assumptions from parsed YAML or JSON. Raises BadInput with every problem found; ``source`` names them in messages."""
    return _from_data(Assumptions, data, source)


def _from_data(model: type[S], data: Any, source: str) -> S:
    if not isinstance(data, Mapping):
        raise BadInput(Problem("", "expected a mapping (lines of `key: value`)", data), source)
    return spec_from_mapping(model, data, source=source)
