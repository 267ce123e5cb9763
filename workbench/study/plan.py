"""Designs by a plan: each a tuple of values, one for each lever.

A lever's values are reached through the unit interval, so that every plan (and the search) treats a range, and a list of values, alike.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import BadInput, Problem
from workbench.study.spec import Grid, LatinHypercube, Plan, Sobol

__all__ = ["Choice", "Design", "Range", "Spread", "planned", "problem_of", "salib", "sobol_sampled"]

Design = tuple[Any, ...]
"""Values, by lever."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """A lever that takes some values."""

    values: tuple[Any, ...]

    def at(self, u: float) -> Any:
        """The value at a place in the unit interval: equal shares, in their order."""
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]


@dataclass(frozen=True)
class Range:
    """A lever that takes any value between two."""

    low: float
    high: float
    decimals: int | None
    """Rounded to so many; 0: whole numbers, -3: thousands. None: not rounded."""
    steps: int | None = None
    """With a grid: so many."""

    def at(self, u: float) -> float | int:
        """The value at a place in the unit interval."""
        return self.rounded(self.low + u * (self.high - self.low))

    def rounded(self, value: float) -> float | int:
        """A value as it is tried."""
        if self.decimals is None:
            return value
        return int(round(value, self.decimals)) if self.decimals <= 0 else round(value, self.decimals)

    @property
    def whole(self) -> range | None:
        """All the values it can take, where they are whole numbers."""
        if self.decimals is None or self.decimals > 0:
            return None
        step: int = 10**-self.decimals
        return range(math.ceil(self.low / step) * step, math.floor(self.high / step) * step + 1, step)

    @property
    def values(self) -> tuple[float | int, ...]:
        """The values of a grid, evenly from low to high; those that rounding makes equal stand once."""
        count = self.steps or 2
        return tuple(dict.fromkeys(self.at(k / (count - 1)) for k in range(count)))


Spread = Choice | Range


def planned(plan: Plan, levers: Sequence[Spread]) -> list[Design]:
    """The designs of a plan, in its order (of a grid, the last lever's values change first). Raises BadInput where SALib is missing."""
    if isinstance(plan, Grid):
        return list(itertools.product(*(lever.values for lever in levers)))
    units = _latin(plan, len(levers)) if isinstance(plan, LatinHypercube) else sobol_sampled(plan, len(levers))
    return [tuple(lever.at(float(u)) for lever, u in zip(levers, row, strict=True)) for row in units]


def _latin(plan: LatinHypercube, levers: int) -> Floats:
    from scipy.stats import qmc

    found: Floats = qmc.LatinHypercube(levers, seed=np.random.default_rng(plan.seed)).random(plan.designs)
    return found


def sobol_sampled(plan: Sobol, levers: int) -> Floats:
    """float64[base * (levers + 2), levers]: Saltelli's sample of the unit cube, from a scrambled Sobol sequence. Raises BadInput where SALib
    is missing."""
    sobol = salib("sample.sobol")
    found: Floats = sobol.sample(problem_of(levers), plan.base, calc_second_order=False, scramble=True, seed=plan.seed)
    return found


def problem_of(levers: int) -> dict[str, Any]:
    """The unit cube, as SALib names it."""
    return {"num_vars": levers, "names": [str(k) for k in range(levers)], "bounds": [[0.0, 1.0]] * levers}


def salib(name: str) -> Any:
    """A module of SALib."""
    from importlib import import_module
    from importlib.util import find_spec

    if find_spec("SALib") is None:
        raise BadInput(Problem("plan", "expected SALib to be installed: pip install 'loyalty-workbench[explore]'"))
    return import_module(f"SALib.{name}")
