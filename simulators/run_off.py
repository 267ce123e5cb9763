"""Run-off by simulation: what becomes of the points outstanding at a valuation date, when their holders live on under the rules.

Populations like the one that is valued (the same program, population and assumptions; other seeds) live past the valuation until the last
point issued by then has lapsed or been used. They go on buying and earning, and new lots compete with old ones for being redeemed, as the
rules order it; counted is only what becomes of the old lots, by the day they were earned. Each replication says what share of each cohort's
outstanding points comes back, and when; the shares are applied to the points outstanding in fact. So the interval holds both what one
cannot know of the members and what they will do by chance, and a change of rules, a threshold or a flush is simply lived through.

It is a projection: it is as good as the assumptions on behaviour.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simulators.replications import Live, live_here, seeds_of
from simulators.simulate import Engine, Progress, simulate
from workbench.errors import BadInput, Problem
from workbench.finance.redemption_rates import Ultimates, ultimate
from workbench.finance.triangle import Floats, Triangle, from_panel, month_name, month_of
from workbench.finance.world import CALENDAR
from workbench.ledger_table import Ints
from workbench.scenario import Run, Scenario
from workbench.units import to_day

__all__ = [
    "LONGEST_MONTHS",
    "Future",
    "RunOff",
    "future_of",
    "months_to_live",
    "run_off",
    "run_off_document",
    "years_to_live",
]

LONGEST_MONTHS = 120
"""Months that points which never lapse are followed; what is left of them then is said."""
JANUARY_1970 = 12 * 1969
"""Months from January of the year 1, by which a panel's schedule counts."""


@dataclass(frozen=True)
class Future:
    """What became of one population's points after the valuation, by cohort and month; cohorts are those issued up to it."""

    seed: int
    triangle: Triangle
    """As it stood at the valuation."""
    redeemed: Ints
    """int64[cohorts, months]: points redeemed in each month after the valuation, net of points given back."""
    expired: Ints
    """int64[cohorts, months]: points lapsed."""
    reversed: Ints
    """int64[cohorts, months]: points taken back by refunds, or for debts."""

    @property
    def left(self) -> Ints:
        """int64[cohorts]: points still outstanding at the end."""
        gone = self.redeemed.sum(axis=1) + self.expired.sum(axis=1) + self.reversed.sum(axis=1)
        return self.triangle.outstanding - gone


@dataclass(frozen=True)
class RunOff:
    """The futures of several populations, and what they say of the points outstanding."""

    triangle: Triangle
    """The triangle that is valued."""
    futures: Sequence[Future]
    program: str = ""
    """Title of the program whose rules were lived."""

    @property
    def months(self) -> int:
        """Months after the valuation that were lived."""
        return self.futures[0].redeemed.shape[1]

    def expected(self, flow: str = "redeemed") -> Floats:
        """float64[cohorts, months]: points ``redeemed``, ``expired`` or ``reversed`` in each month after the valuation, of those
        outstanding: by the shares of all populations together."""
        held = sum(future.triangle.outstanding for future in self.futures)
        gone = sum(getattr(future, flow) for future in self.futures)
        return _applied(self.triangle.outstanding, np.asarray(held), np.asarray(gone))

    def replications(self) -> Floats:
        """float64[replications, cohorts]: points of each cohort still to be redeemed, as each population has it."""
        held = self.triangle.outstanding
        return np.array([_applied(held, f.triangle.outstanding, f.redeemed).sum(axis=1) for f in self.futures])

    def quantiles(self, *shares: float) -> list[float]:
        """Quantiles, over the populations, of the points still to be redeemed."""
        return [float(each) for each in np.quantile(self.replications().sum(axis=1), shares)]

    @property
    def left_share(self) -> float:
        """Share of the outstanding points that are still there at the end."""
        held = sum(int(future.triangle.outstanding.sum()) for future in self.futures)
        return sum(int(future.left.sum()) for future in self.futures) / held if held else 0.0

    def ultimates(self) -> Ultimates:
        """As the method ``run_off``."""
        found = ultimate(self.triangle, "run_off", run_off=self.expected())
        members = f"run-off of {len(self.futures)} populations over {self.months} months"
        left = self.left_share
        warnings = (
            (f"{100 * left:.1f} % of the points are still outstanding then: their redemption is left out",)
            if left >= 0.0005
            else ()
        )
        return replace(found, notes=(*found.notes, members), warnings=(*found.warnings, *warnings))


def run_off_document(found: RunOff) -> dict[str, Any]:
    """What a run-off says, for the document of a triangle: points to come in all, their distribution over the populations, and month by month
    what is redeemed and what lapses of the points outstanding (expectations)."""
    ultimates = found.ultimates()
    by_month = {flow: found.expected(flow).sum(axis=0) for flow in ("redeemed", "expired", "reversed")}
    levels = {"p5": 0.05, "p50": 0.5, "p75": 0.75, "p95": 0.95}
    return {
        "kind": "PROJECTION: synthetic members under assumed behaviour",
        "populations": len(found.futures),
        "program": found.program,
        "seeds": [future.seed for future in found.futures],
        "months": found.months,
        "to_come": float(ultimates.future.sum()),
        "within_12_months": float(ultimates.within(12).sum()),
        "rate_of_outstanding": ultimates.outstanding_rate,
        **dict(zip(levels, found.quantiles(*levels.values()), strict=True)),
        "still_outstanding_pct": 100 * found.left_share,
        "by_month": [
            {"month": month_name(found.triangle.valuation + 1 + k)}
            | {flow: float(each[k]) for flow, each in by_month.items()}
            for k in range(found.months)
        ],
        "warnings": list(ultimates.warnings),
    }


def _applied(held: Ints, lived_held: Ints, gone: Ints) -> Floats:
    """Shares of outstanding points, by cohort and month, applied to points held. A cohort that had none where it was lived takes the share
    of all cohorts together."""
    total = max(int(lived_held.sum()), 1)
    pooled = np.broadcast_to(gone.sum(axis=0) / total, gone.shape)
    shares = np.divide(gone, lived_held[:, None], out=pooled.copy(), where=lived_held[:, None] > 0)
    found: Floats = held[:, None] * shares
    return found


def run_off(
    scenario: Scenario,
    valuation: int,
    triangle: Triangle,
    replications: int = 20,
    engine: Engine | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    notify: Callable[[str], None] = lambda _: None,
    live: Live | None = None,
) -> RunOff:
    """Live populations like the scenario's past the end of a month (months since January 1970), with the seeds that follow its own.

    ``triangle``: what is valued, at that month: of the scenario's own run, or of a ledger; its cohorts are matched by month. ``live``: where
    to live them (``simulators.replications``), here unless given. Raises BadInput where the month lies outside the scenario, or a cohort of
    the triangle before its start.
    """
    _check(scenario, valuation, triangle)
    longer = replace(
        scenario, years=_years(scenario, valuation + months_to_live(scenario, valuation, engine, threads, notify))
    )
    seeds = seeds_of(replace(longer, seed=scenario.seed + 1), replications)
    found: dict[int, Future] = {}

    def finished(run: Run) -> None:
        found[run.scenario.seed] = future_of(run, valuation)

    (live or live_here(longer, engine, threads, notify))(seeds, finished, progress or (lambda done, total: None))
    valued = _aligned(triangle, found[seeds[0]].triangle)
    return RunOff(valued, [found[seed] for seed in seeds], scenario.program.title)


def future_of(run: Run, valuation: int) -> Future:
    """What a run shows of the points outstanding at the end of one of its months. Raises ValueError where there is no month after it."""
    whole = from_panel(run.program)
    before = whole.at(valuation)
    months = whole.valuation - valuation
    if months < 1:
        raise ValueError(
            f"the run ends in {month_name(whole.valuation)}: nothing is lived after {month_name(valuation)}"
        )
    cohort, ahead = np.indices((before.cohorts, months))
    age = before.latest[cohort] + 1 + ahead
    redeemed, expired, taken = (getattr(whole, name)[cohort, age] for name in ("redeemed", "expired", "reversed"))
    return Future(run.scenario.seed, before, redeemed, expired, taken)


def months_to_live(
    scenario: Scenario,
    valuation: int,
    engine: Engine | None = None,
    threads: int | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> int:
    """Months after the valuation by which every lot of the scenario's own run has lapsed (which is booked the day after its last day), by the
    last days its lots have at its end; at most ``LONGEST_MONTHS``, which is also what points take that never lapse. (Where activity moves
    last days on, some live longer.)"""
    run = simulate(replace(scenario, years=_years(scenario, valuation)), None, engine, threads, notify=notify)
    (places,) = np.nonzero(run.program.schedule)
    if not len(places):
        return 1
    if places[-1] == CALENDAR:
        return LONGEST_MONTHS
    return int(np.clip(places[-1] + 1 - JANUARY_1970 - valuation, 1, LONGEST_MONTHS))


def years_to_live(
    scenario: Scenario,
    valuation: int,
    engine: Engine | None = None,
    threads: int | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> int:
    """Years from the scenario's start until all points outstanding at the end of a month have come to an end (``months_to_live``). Raises
    BadInput where the month lies outside the scenario."""
    _check_month(scenario, valuation)
    return _years(scenario, valuation + months_to_live(scenario, valuation, engine, threads, notify))


def _years(scenario: Scenario, month: int) -> int:
    """Years from the scenario's start that hold a whole month."""
    start = int(month_of(np.array([to_day(scenario.start)]))[0])
    return -(-(month + 1 - start + (scenario.start.day > 1)) // 12)


def _check_month(scenario: Scenario, valuation: int) -> None:
    first = int(month_of(np.array([to_day(scenario.start)]))[0])
    last = first + 12 * scenario.years - 1
    if not first <= valuation <= last:
        message = f"expected a month of the scenario, {month_name(first)} to {month_name(last)}"
        raise BadInput(Problem("--valuation", message, month_name(valuation)))


def _check(scenario: Scenario, valuation: int, triangle: Triangle) -> None:
    _check_month(scenario, valuation)
    first = int(month_of(np.array([to_day(scenario.start)]))[0])
    if triangle.valuation != valuation or triangle.months != 1:
        raise ValueError("expected a monthly triangle at the valuation")
    if triangle.first_month < first and triangle.outstanding[: first - triangle.first_month].any():
        message = f"expected no points outstanding of months before the scenario's start, {month_name(first)}"
        raise BadInput(Problem("--start", message, month_name(triangle.first_month)))


def _aligned(triangle: Triangle, lived: Triangle) -> Triangle:
    """The valued triangle with the cohorts that were lived: months with nothing issued are added or left out at its beginning."""
    shift = triangle.first_month - lived.first_month
    if shift == 0:
        return triangle
    flows: dict[str, Any] = {}
    for name in ("earned", "redeemed", "expired", "reversed"):
        table = getattr(triangle, name)
        flows[name] = np.pad(table, ((shift, 0), (0, shift))) if shift > 0 else table[-shift:, : table.shape[1] + shift]
    last = triangle.last_age
    if last is not None:
        last = np.pad(last, (shift, 0)) if shift > 0 else last[-shift:]
    return Triangle(
        lived.first_month,
        triangle.valuation,
        **flows,
        last_age=last,
        debt=triangle.debt,
        basis=triangle.basis,
        currency=triangle.currency,
    )
