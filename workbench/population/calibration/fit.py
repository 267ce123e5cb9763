"""Maximum likelihood of a model of purchases, with standard errors; where the data do not tell customers' leaving, it is said.

Parameters are fitted as logarithms (all are above 0) by L-BFGS-B with the exact gradient, over distinct rows. Standard errors are those of
the logarithms, from the observed information (the Hessian at the maximum): a parameter p with error e lies in p * exp(-1.96 e) to
p * exp(1.96 e) with 95 % confidence.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from workbench.population.calibration.coin import BG_NBD, MBG_NBD
from workbench.population.calibration.model import Model
from workbench.population.calibration.nbd import NBD
from workbench.population.calibration.pareto_nbd import PARETO_NBD
from workbench.population.calibration.summary import Floats, Summaries

__all__ = ["MODELS", "Fit", "errors_of_logs", "fit", "fit_with_fallback"]

MODELS = {model.name: model for model in (PARETO_NBD, BG_NBD, MBG_NBD, NBD)}
"""The models by name."""
MOST_ITERATIONS = 300
"""A fit that has not come to rest by then is told, not continued."""
MOST_ROWS_AT_FIRST = 20_000
"""Of more rows than that a part is fitted first, to begin near the maximum."""
SHAPES, TIMES = (1e-3, 1e4), (1e-6, 1e6)
"""Bounds of shapes, and of times in multiples of the mean time watched: a parameter that comes to one of them has no maximum."""
WORTH = 2.0
"""Leaving takes two parameters; they have to raise the log-likelihood by so much, one each (Akaike 1974)."""


class Fit(NamedTuple):
    """A fitted model."""

    model: Model
    theta: Floats
    """The parameters."""
    errors: tuple[float | None, ...]
    """Standard errors of the logarithms; None where a parameter is at its bound or the information is not definite."""
    log_likelihood: float
    customers: int
    iterations: int
    converged: bool
    at_bound: tuple[str, ...]
    """Parameters at their bounds."""

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by name."""
        return dict(zip(self.model.parameters, map(float, self.theta), strict=True))


def fit(model: Model, rows: Summaries) -> Fit:
    """The maximum of the likelihood, from two starts. Needs at least one customer who was watched for some time (ValueError)."""
    watched = float((rows.T * rows.customers).sum() / max(rows.customers.sum(), 1))
    if not watched > 0:
        raise ValueError("expected customers who were watched for some time after their first purchase")
    limits = _bounds(model, watched)
    starts = _starts(model, watched, rows)
    if (
        len(rows.x) > MOST_ROWS_AT_FIRST
    ):  # where the maximum is about, fewer rows tell: sorted, they are every k-th of all kinds
        few = Summaries(*(column[:: -(-len(rows.x) // MOST_ROWS_AT_FIRST)] for column in rows))
        starts = [_best(model, few, starts, limits).x]
    best = _best(model, rows, starts, limits)
    stuck = np.array([min(at - low, high - at) < 1e-3 for at, (low, high) in zip(best.x, limits, strict=True)])
    return Fit(
        model=model,
        theta=np.exp(best.x),
        errors=errors_of_logs(lambda at: _loss(model, rows, at)[1], best.x, ~stuck),
        log_likelihood=-float(_loss(model, rows, best.x)[0]),
        customers=rows.size,
        iterations=int(best.nit),
        converged=bool(best.success),
        at_bound=tuple(name for name, is_stuck in zip(model.parameters, stuck, strict=True) if is_stuck),
    )


def _loss(model: Model, rows: Summaries, log_theta: Floats) -> tuple[float, Floats]:
    """Minus the log-likelihood, and its gradient by the logarithms."""
    theta = np.exp(log_theta)
    value, slope = model.log_likelihood(theta, rows.x, rows.tx, rows.T)
    return -float(value @ rows.customers), -(slope @ rows.customers) * theta


def _best(model: Model, rows: Summaries, starts: list[Floats], limits: list[tuple[float, float]]) -> Any:
    """scipy's result from the best of the starts; the loss is that of the average customer, so that tolerances mean the same for all."""
    size = float(rows.customers.sum())

    def loss(at: Floats) -> tuple[float, Floats]:
        value, slope = _loss(model, rows, at)
        return value / size, slope / size

    options = {"maxiter": MOST_ITERATIONS, "ftol": 1e-13, "gtol": 1e-7, "maxcor": 20}
    found = [minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits, options=options) for start in starts]
    return min(found, key=lambda each: float(each.fun))


def _bounds(model: Model, watched: float) -> list[tuple[float, float]]:
    times = (TIMES[0] * watched, TIMES[1] * watched)
    return [tuple(np.log(times if name in ("alpha", "beta") else SHAPES)) for name in model.parameters]


def _starts(model: Model, watched: float, rows: Summaries) -> list[Floats]:
    """Every shape 1 and everybody's rate the mean; then half of it, with leaving less likely."""
    mean = max(float((rows.x * rows.customers).sum() / rows.customers.sum()), 0.05)
    usual = {"r": 1.0, "alpha": watched / mean, "s": 1.0, "beta": watched, "a": 1.0, "b": 2.0}
    other = {"r": 0.5, "alpha": 0.5 * watched / mean, "s": 0.3, "beta": 3.0 * watched, "a": 0.3, "b": 3.0}
    return [np.log([start[name] for name in model.parameters]) for start in (usual, other)]


def errors_of_logs(gradient: Any, at: Floats, free: np.ndarray) -> tuple[float | None, ...]:
    """Standard errors at a minimum, from the differences of the gradient; None where there is none to give."""
    step = 1e-4
    places = np.flatnonzero(free)
    errors: list[float | None] = [None] * len(at)
    if len(places) == 0:
        return tuple(errors)
    columns = []
    for place in places:
        move = np.zeros_like(at)
        move[place] = step
        columns.append((gradient(at + move) - gradient(at - move))[places] / (2 * step))
    information = np.array(columns)
    information = (information + information.T) / 2
    values, vectors = np.linalg.eigh(information)
    if values[0] <= 1e-10 * values[-1]:
        return tuple(errors)
    variances = (vectors**2 / values).sum(axis=1)
    for place, variance in zip(places, variances, strict=True):
        errors[place] = float(np.sqrt(variance))
    return tuple(errors)


def fit_with_fallback(model: Model, rows: Summaries) -> tuple[Fit, list[str]]:
    """The model's fit, or the NBD's where the rows do not tell that customers leave; and what is odd about it."""
    plain = fit(NBD, rows)
    found = plain if model is NBD else fit(model, rows)
    notes = []
    gain = found.log_likelihood - plain.log_likelihood
    if model is not NBD and gain < WORTH:
        notes.append(
            f"no dropout identified: {model.name} raises the log-likelihood by {max(gain, 0):.2f} over nbd, less than its two more "
            f"parameters are worth ({WORTH:g}); nbd is taken, in which nobody leaves"
        )
        found = plain
    if not found.converged:
        notes.append(
            f"{found.model.name} did not come to rest in {found.iterations} iterations: its parameters are where it stopped"
        )
    notes += [_bound_note(found, name) for name in found.at_bound]
    return found, notes


def _bound_note(found: Fit, name: str) -> str:
    meaning = {
        "r": "customers' purchase rates", "alpha": "customers' purchase rates", "s": "customers' death rates",
        "beta": "customers' death rates", "a": "customers' chances of leaving", "b": "customers' chances of leaving",
    }  # fmt: skip
    value = found.parameters[name]
    large = value > (1 if name in ("r", "s", "a", "b") else 1e3)
    alike = "are all but alike" if large else "differ without measure (a few have them all)"
    return f"{name} ran to its bound ({value:.3g}): {meaning[name]} {alike}, as far as this log tells; it has no standard error"
