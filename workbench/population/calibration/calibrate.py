"""From a log to what a population needs, in the order: refunds, purchase days, model, seasons, spend, arrivals, redemption, hold-out."""

from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from workbench.population.calibration.checks import fit_checks, log_checks
from workbench.population.calibration.coin import BG_NBD, MBG_NBD
from workbench.population.calibration.fit import MODELS, Fit, fit_with_fallback
from workbench.population.calibration.holdout import Holdout, holdout
from workbench.population.calibration.log import Log
from workbench.population.calibration.orders import Occasions, occasions
from workbench.population.calibration.pareto_nbd import PARETO_NBD
from workbench.population.calibration.redemption import Redemption, fit_redemption
from workbench.population.calibration.seasons import Weights, expected_by_day, month_weights, weekday_weights
from workbench.population.calibration.spend_choice import Spend, spend
from workbench.population.calibration.summary import Ints, Summaries, summaries
from workbench.population.spec import DAYS_PER_YEAR, Seasonality
from workbench.population.terms import season_weights

__all__ = ["Arriving", "Calibration", "Wanted", "calibrate"]

LEAST_WEEKS, LEAST_CUSTOMERS = 8, 30
"""Of the part that a hold-out is predicted from, if the user did not name it."""
SPAN = 30.4375
"""Days of season time of a span of arrivals, about."""
SMALLEST_SEGMENT = 100
"""Customers."""


class Wanted(NamedTuple):
    """What the user asks for."""

    model: str = "pareto-nbd"
    unit: str = "week"
    train_until: int | None = None
    """Fit on what happened up to and including this day; else on everything, and predict the last third from the rest as a check."""
    new_since: int | None = None
    """Only customers whose first purchase in the log is on this day or later."""
    basket: str | None = None
    """gamma-gamma or lognormal; else the likelier of the two."""


class Core(NamedTuple):
    """The model and the seasons, of the days up to ``until``."""

    days: Occasions
    first: int
    until: int
    rows: Summaries
    fit: Fit
    notes: list[str]
    weekday: Weights | None
    month: Weights | None
    due: float
    """Repeat purchases that the fitted model expects in these days."""

    @property
    def seasonality(self) -> Seasonality:
        """The seasons as a population has them; 1 where none were told."""
        given = {
            name: tuple(np.round(weights.weight, 4).tolist())
            for name, weights in (("weekday", self.weekday), ("month", self.month))
            if weights is not None
        }
        return Seasonality(**given)


class Arriving(NamedTuple):
    """When customers made their first purchase of the log."""

    years: float
    shares: tuple[float, ...]
    """Of equal spans of season time."""


class Calibration(NamedTuple):
    """Everything that was found."""

    wanted: Wanted
    core: Core
    enters: Fit
    """The fit that the population has: Pareto/NBD or NBD, of time as the months' weights count it, where there are any."""
    spend: Spend
    arriving: Arriving
    returned: tuple[float, int]
    """Share of purchase days given back whole, and the days to that."""
    redemption: Redemption | None
    holdout: Holdout | None
    warnings: list[str]
    log: Log
    """The rows it was fitted on."""
    segments: dict[str, "Calibration"]


def calibrate(log: Log, wanted: Wanted, last: int | None = None) -> Calibration:
    """Calibrate on a log of at least one purchase, watched until ``last`` (else until its last row). Raises ValueError where nothing can be
    fitted, saying why."""
    last = int(log.day.max()) if last is None else last
    until = last if wanted.train_until is None else wanted.train_until
    everything = _days(log, wanted)
    seen = log.until(until)
    core = _core(seen, wanted, until)
    checked, check = _holdout(log, wanted, core, everything, last)
    enters, entering = _enters(core, wanted)
    found = Calibration(
        wanted=wanted,
        core=core,
        enters=enters,
        spend=spend(core.days, wanted.basket),
        arriving=_arriving(core),
        returned=_returned(core.days),
        redemption=fit_redemption(seen, core.days),
        holdout=checked,
        warnings=[],
        log=seen,
        segments={},
    )
    odd = core.notes + entering + fit_checks(core.rows, core.due, core.weekday, core.month, core.first, until) + check
    odd = log_checks(seen, core.days, core.first, until) + odd + found.spend.warnings
    if found.redemption is None:
        odd.append("no redemption in the log: how members redeem stays an assumption (redeemers)")
    segments, small = _segments(log, wanted, last)
    return found._replace(warnings=odd + small, segments=segments)


def _days(log: Log, wanted: Wanted) -> Occasions:
    """Purchase days of the customers that are asked for."""
    days = occasions(log)
    if wanted.new_since is None:
        return days
    opening = np.concatenate([[True], days.customer[1:] != days.customer[:-1]])[: len(days.customer)]
    new = np.unique(days.customer[opening & (days.day >= wanted.new_since)])
    kept = np.isin(days.customer, new)
    columns = {name: getattr(days, name)[kept] for name in ("customer", "day", "basket", "orders", "returned_on")}
    return days._replace(**columns)


def _core(log: Log, wanted: Wanted, until: int) -> Core:
    days = _days(log, wanted)
    if len(days.day) == 0:
        raise ValueError("expected purchases: there are none in these days")
    first = int(days.day.min())
    rows = summaries(days.customer, days.day, until, wanted.unit)
    if rows.repeaters == 0:
        raise ValueError(
            f"expected customers who came back: none of the {rows.size:,} has purchases on two days, so no rate can be fitted"
        )
    found, notes = fit_with_fallback(MODELS[wanted.model], rows)
    weekday = weekday_weights(days.day, first, until)
    opening = _opening(days)
    due = expected_by_day(found, wanted.unit, days.day[opening], first, until)
    in_week = np.ones(7) if weekday is None else weekday.weight
    month = month_weights(days.customer, days.day, ~opening, due, in_week, first, until)
    return Core(days, first, until, rows, found, notes, weekday, month, float(due.sum()))


def _opening(days: Occasions) -> np.ndarray:
    """Which purchase days are their customers' first."""
    return np.concatenate([[True], days.customer[1:] != days.customer[:-1]])


def _holdout(
    log: Log, wanted: Wanted, core: Core, everything: Occasions, last: int
) -> tuple[Holdout | None, list[str]]:
    """The hold-out of the fit itself where the user divided the log, else of a second fit on its first two thirds."""
    if wanted.train_until is not None:
        return _predicted(core, wanted, everything, last), []
    until = core.first + 2 * (last - core.first + 1) // 3
    part = _days(log.until(until), wanted)
    rows = summaries(part.customer, part.day, until, wanted.unit)
    if until - core.first < 7 * LEAST_WEEKS or rows.size < LEAST_CUSTOMERS or rows.repeaters == 0:
        return None, [
            f"too short a history for a hold-out: {until - core.first + 1} days, {rows.size:,} customers and {rows.repeaters:,} of them "
            "with a second purchase would be left to predict the rest from; how far its predictions are off is not known"
        ]
    trained = _core(log.until(until), wanted, until)
    other = trained.fit.model.name
    notes = [f"the hold-out is predicted by {other}: {note}" for note in trained.notes if other != core.fit.model.name]
    return _predicted(trained, wanted, everything, last), notes


def _predicted(core: Core, wanted: Wanted, everything: Occasions, last: int) -> Holdout:
    return holdout(core.fit, wanted.unit, core.seasonality, everything.customer, everything.day, core.until, last)


def _enters(core: Core, wanted: Wanted) -> tuple[Fit, list[str]]:
    """What the simulator can live by, in the time it lives in: there a busy month is a longer one, as rates are multiplied by its weight."""
    coin = core.fit.model in (BG_NBD, MBG_NBD)
    if not coin and core.month is None:
        return core.fit, []
    rows = core.rows if core.month is None else _in_season_time(core, wanted.unit)
    found, notes = fit_with_fallback(PARETO_NBD if coin else MODELS[wanted.model], rows)
    told = [f"of the population: {note}" for note in notes if note not in core.notes and found.model != core.fit.model]
    if coin:
        values = ", ".join(f"{name} {value:.4g}" for name, value in found.parameters.items())
        told.append(
            f"{wanted.model} does not enter a population: its coin falls at each purchase, so that a program under which members buy more "
            f"would make them leave sooner; a population file of this log has {found.model.name} instead ({values})"
        )
    return found, told


def _in_season_time(core: Core, unit: str) -> Summaries:
    weights = season_weights(Seasonality(month=core.seasonality.month), core.first, core.until + 1)
    passed = np.concatenate([[0.0], np.cumsum(weights)])
    return summaries(core.days.customer, core.days.day, core.until, unit, lambda day: passed[day - core.first])


def _arriving(core: Core) -> Arriving:
    """First purchases in season time, as the simulator spreads them."""
    start = core.days.day[_opening(core.days)]
    passed = np.concatenate([[0.0], np.cumsum(season_weights(core.seasonality, core.first, core.until + 1))])
    place = (passed[start - core.first] + passed[start - core.first + 1]) / 2
    spans = max(1, round(float(passed[-1]) / SPAN))
    width = float(passed[-1]) / spans
    counts = np.bincount(np.minimum((place / width).astype(np.int64), spans - 1), minlength=spans)
    used = int(np.flatnonzero(counts)[-1]) + 1
    shares = np.round(counts[:used] / counts.sum(), 8)
    shares[np.argmax(shares)] += 1 - shares.sum()
    return Arriving(used * width / DAYS_PER_YEAR, tuple(np.round(shares, 8).tolist()))


def _returned(days: Occasions) -> tuple[float, int]:
    back = days.returned_on >= 0
    if not back.any():
        return 0.0, 7
    return float(back.mean()), min(365, int(np.median((days.returned_on - days.day)[back])))


def _segments(log: Log, wanted: Wanted, last: int) -> tuple[dict[str, Calibration], list[str]]:
    """A calibration of each segment that is large enough; a customer belongs where their first row does."""
    if log.segment is None:
        return {}, []
    belongs = _segment_of(log)
    size = np.bincount(belongs[belongs >= 0], minlength=len(log.segment.names))
    found: dict[str, Calibration] = {}
    for code in np.flatnonzero(size >= SMALLEST_SEGMENT).tolist():
        part = log.where(belongs[log.customer] == code)
        alone = replace(part, segment=None, nobody_rows=0, nobody_amount=0, birthdays=None)
        with suppress(ValueError):  # it is named among those that have none
            found[log.segment.names[code] or "(none)"] = calibrate(alone, wanted, last)
    small = [
        name for name, number in zip(log.segment.names, size, strict=True) if number and (name or "(none)") not in found
    ]
    if not small:
        return found, []
    people = int(size.sum()) - sum(
        int(size[log.segment.names.index("" if name == "(none)" else name)]) for name in found
    )
    told = ", ".join(small[:5]) + (f" and {len(small) - 5} more" if len(small) > 5 else "")
    return found, [
        f"{len(small)} segments have no calibration of their own ({people:,} customers: {told}): fewer than {SMALLEST_SEGMENT} customers, "
        "or none who came back"
    ]


def _segment_of(log: Log) -> Ints:
    """The segment of each customer's first row, -1 of customers without rows."""
    assert log.segment is not None
    belongs = np.full(log.customers, -1, dtype=np.int64)
    belongs[log.customer[::-1]] = log.segment.codes[::-1]
    return belongs
