"""What shipped people and assumptions are called on the page: their titles in Chinese, their names in English, where commands want them."""

from functools import cache

from workbench.population.load import load_assumptions, load_population, shipped_assumptions, shipped_populations
from workbench.reports.language import Language

__all__ = ["assumptions_called", "people_called"]


def people_called(name: str, say: Language) -> str:
    """A population; a file of somebody's own goes by its name."""
    return _called(name, _people_title(name), say)


def assumptions_called(name: str, say: Language) -> str:
    """A set of assumptions."""
    return _called(name, _assumptions_title(name), say)


def _called(name: str, title: str, say: Language) -> str:
    told = say.text(title) if title and say.chinese else title
    return name if told == title else told


@cache
def _people_title(name: str) -> str:
    return load_population(name).title if name in shipped_populations() else ""


@cache
def _assumptions_title(name: str) -> str:
    return load_assumptions(name).title if name in shipped_assumptions() else ""
