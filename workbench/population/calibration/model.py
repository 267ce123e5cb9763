"""What every model of purchases offers: its likelihood with the gradient, and what it expects."""

from collections.abc import Callable
from typing import NamedTuple

from workbench.population.calibration.summary import Floats

__all__ = ["Model"]


class Model(NamedTuple):
    """A model of purchases; ``theta`` holds its parameters in the order of ``parameters``, ``x``, ``tx`` and ``T`` one entry a customer."""

    name: str
    """As the command line names it."""
    parameters: tuple[str, ...]
    """Names of the parameters, all above 0; of these ``alpha`` and ``beta`` are times."""
    log_likelihood: Callable[[Floats, Floats, Floats, Floats], tuple[Floats, Floats]]
    """(theta, x, tx, T): the log-likelihood of each customer, float64[n], and its gradient, float64[parameters, n]."""
    alive: Callable[[Floats, Floats, Floats, Floats], Floats]
    """(theta, x, tx, T): chance of each customer still buying at T."""
    expected: Callable[[Floats, Floats], Floats]
    """(theta, t): repeat purchases of a new customer within t of the first one."""
    conditional: Callable[[Floats, Floats, Floats, Floats, Floats], Floats]
    """(theta, x, tx, T, t): purchases of each customer within each t after T, float64[times, n]."""
