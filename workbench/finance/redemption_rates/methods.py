"""Every method by its name, and the two questions they answer."""

from dataclasses import replace
from typing import Literal, get_args

from workbench.errors import BadInput, Problem, nearest
from workbench.finance.redemption_rates.a_priori import additive, bornhuetter_ferguson, cape_cod
from workbench.finance.redemption_rates.chain_ladder import chain_ladder
from workbench.finance.redemption_rates.estimate import Ultimates, ultimates_of_run_off
from workbench.finance.redemption_rates.hazard import hazard
from workbench.finance.redemption_rates.tail import TailMethod
from workbench.finance.triangle import Floats, Triangle

__all__ = ["ESTIMATORS", "METHODS", "Method", "expected_redemptions", "ultimate"]

Method = Literal["hazard", "chain_ladder", "bornhuetter_ferguson", "cape_cod", "additive", "run_off"]
METHODS: tuple[str, ...] = get_args(Method)
ESTIMATORS: tuple[str, ...] = METHODS[:-1]
"""Those that need nothing but a triangle."""


def ultimate(
    triangle: Triangle,
    method: str = "hazard",
    *,
    a_priori: float | None = None,
    tail: TailMethod | None = None,
    run_off: Floats | None = None,
) -> Ultimates:
    """Points that will ever be redeemed of each cohort, by one of ``METHODS``.

    ``a_priori``: the rate of Bornhuetter-Ferguson, 0 to 1. ``tail``: ``none``, ``exponential`` or ``level``; left out, exponential where
    points are known to live beyond the last age seen, else none. ``run_off``: float64[cohorts, periods], the points redeemed in each period
    after the valuation as simulated (``simulators.run_off``), for the method of that name.

    Raises BadInput: an unknown method, a rate outside 0 to 1, ``run_off`` without a simulation, more redeemed than issued.
    """
    _check(triangle, method, run_off)
    if method == "hazard":
        found = hazard(triangle, tail)
    elif method == "chain_ladder":
        found = chain_ladder(triangle, tail)
    elif method == "bornhuetter_ferguson":
        found = bornhuetter_ferguson(triangle, a_priori, tail)
    elif method == "cape_cod":
        found = cape_cod(triangle, tail)
    elif method == "additive":
        found = additive(triangle, tail)
    else:
        assert run_off is not None
        found = ultimates_of_run_off(triangle, run_off)
    beyond = int((found.raw > found.points + 0.5).sum()), int((found.raw < found.points - 0.5).sum())
    said = [
        f"{count} cohorts {what}: they are cut there"
        for count, what in zip(
            beyond, ("are expected to redeem more than they hold", "fall below what is redeemed"), strict=True
        )
        if count
    ]
    return replace(found, warnings=(*found.warnings, *said)) if said else found


def expected_redemptions(
    triangle: Triangle,
    method: str,
    months: int,
    *,
    a_priori: float | None = None,
    tail: TailMethod | None = None,
    run_off: Floats | None = None,
) -> Floats:
    """float64[cohorts]: points expected to be redeemed within so many months of the valuation. Arguments and errors as of ``ultimate``."""
    return ultimate(triangle, method, a_priori=a_priori, tail=tail, run_off=run_off).within(months)


def _check(triangle: Triangle, method: str, run_off: Floats | None) -> None:
    if method not in METHODS:
        raise BadInput(Problem("method", "expected one of: " + ", ".join(METHODS), method, nearest(method, METHODS)))
    if method == "run_off" and run_off is None:
        raise BadInput(
            Problem("method", "run_off is a simulation: expected what it found (simulators.run_off)", method)
        )
    if run_off is not None and len(run_off) != triangle.cohorts:
        raise ValueError(f"expected a row for each of {triangle.cohorts} cohorts, found {len(run_off)}")
