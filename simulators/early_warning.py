"""Members who may be about to stay away: who is unlikely to buy in the coming weeks, and how often such a list was right before.

The model is fitted on the log up to a day and says of each member the chance of no purchase in the weeks after it. What such a list is worth is
found on weeks it had not seen: fitted on the log up to so many weeks before, judged on these weeks, against two simpler lists of the same members:
the longest silence first, and the silence over the member's own usual gap. Chances are made good, where that helps, by what was learned on the
weeks before those they are judged on, so that no recalibration is judged on the weeks it comes from.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from simulators.calibration_log import Source, read_log
from workbench.errors import BadInput, Problem
from workbench.population.calibration.fit import MODELS, Fit, fit_with_fallback
from workbench.population.calibration.forecasts import (
    Foremost,
    Ranked,
    Recalibration,
    better_by,
    brier,
    calibration,
    compared,
    log_loss,
    ranked,
    recalibration,
)
from workbench.population.calibration.gaps import Gaps, own_gaps
from workbench.population.calibration.log import Log
from workbench.population.calibration.nbd import NBD
from workbench.population.calibration.orders import Occasions, occasions
from workbench.population.calibration.outlook import Outlook, outlook
from workbench.population.calibration.summary import Floats, iso, summaries

__all__ = ["ORDERS", "Asked", "Warned", "at_risk", "listed", "warning_document"]

UNIT = "week"
LEAST_WEEKS, LEAST_MEMBERS = 8, 30
"""Of the part that held-out weeks are predicted from."""
SHOWN = 20
"""Members in the document; a file has them all."""


class Asked(NamedTuple):
    """What the user asks for."""

    as_of: int | None = None
    """Day number; else the log's last day."""
    weeks: int = 13
    model: str = "pareto-nbd"
    least: int = 2
    """Purchase days that a member on the list has at least: with one there is no habit yet to fall out of."""
    seen_within: int | None = 26
    """Weeks before the day within which a member on the list has bought: who has stayed away for longer is no early warning. None: all."""


class State(NamedTuple):
    """Members with enough purchases at the end of a day; arrays of one length."""

    until: int
    fit: Fit
    notes: list[str]
    outlook: Outlook
    gaps: Gaps
    basket: Floats
    """Mean minor units of a purchase day."""
    customers: int
    """With any purchase, on the list or not."""


class Judged(NamedTuple):
    """A list, and what came of its members in the weeks after it."""

    state: State
    stayed_away: np.ndarray
    """bool: no purchase in these weeks."""


class Warned(NamedTuple):
    """Everything that was found."""

    asked: Asked
    source: Source
    first: int
    last: int
    """Of the log's purchases up to ``state.until``."""
    state: State
    judged: Judged | None
    learned: Recalibration | None
    """From the weeks before those judged; what the judged chances are made good by."""
    recalibration: Recalibration | None
    """From the judged weeks, for the list; None where it did not help, or cannot be told."""
    warnings: list[str]
    names: list[str]
    """The customers' ids, by number."""

    @property
    def chance(self) -> Floats:
        """Of no purchase in the coming weeks, made good where that helps."""
        silent = self.state.outlook.silent
        return silent if self.recalibration is None else self.recalibration.apply(silent)


def at_risk(transactions: Path, asked: Asked) -> Warned:
    """Read a log, fit, judge, and list. Raises BadInput: what the reader finds, and where nothing can be fitted."""
    log, source = read_log(transactions)
    last_row = int(log.day.max())
    until = last_row if asked.as_of is None else asked.as_of
    log = log.until(until)
    days = occasions(log)
    if not len(days.day):
        message = f"expected a day on or after the first purchase, found none by {iso(until)}"
        raise BadInput(Problem("--as-of", message), str(transactions))
    try:
        state = _state(log, until, asked)
    except ValueError as error:
        raise BadInput(Problem("", str(error)), str(transactions)) from error
    first, last = int(days.day.min()), int(days.day.max())
    warnings = list(state.notes)
    if state.fit.model is NBD:
        warnings.append("nobody leaves in nbd: everybody is alive for certain, and no sales are at risk")
    if until > last_row:
        warnings.append(
            f"the log ends on {iso(last_row)}: the {until - last_row} days after it are taken for days without a purchase"
        )
    held_out = 7 * asked.weeks
    judged = _judge(log, days, until - held_out, until, asked)
    before = _judge(log, days, until - 2 * held_out, until - held_out, asked)
    learned = None if before is None else recalibration(before.state.outlook.silent, before.stayed_away)
    if judged is None:
        warnings.append(
            f"too short a history to judge the list: it takes {LEAST_WEEKS} weeks and {LEAST_MEMBERS} members with {asked.least} purchases before the "
            f"{asked.weeks} held out, and of these some who bought and some who did not; how far its chances are off is not known"
        )
    elif learned is None:
        warnings.append(
            f"too short a history to recalibrate: it takes {asked.weeks} held-out weeks to learn from and {asked.weeks} to judge by"
        )
    applied = None
    if judged is not None and learned is not None and _helps(judged, learned):
        applied = recalibration(judged.state.outlook.silent, judged.stayed_away)
    return Warned(asked, source, first, last, state, judged, learned, applied, warnings, log.names)


def _state(log: Log, until: int, asked: Asked) -> State:
    """Raises ValueError where no rate can be fitted."""
    days = occasions(log.until(until))
    rows = summaries(days.customer, days.day, until, UNIT)
    if rows.size == 0 or rows.repeaters == 0:
        raise ValueError(
            f"expected customers who came back: none of the {rows.size:,} has purchases on two days, so no rate can be fitted"
        )
    found, notes = fit_with_fallback(MODELS[asked.model], rows)
    each = outlook(found, UNIT, days.customer, days.day, until, 7 * asked.weeks)
    since = np.iinfo(np.int64).min if asked.seen_within is None else until - 7 * asked.seen_within
    kept = (each.repeats + 1 >= asked.least) & (each.last_day > since)
    gaps = own_gaps(days.customer, days.day, until)
    spent = np.bincount(days.customer, weights=days.basket, minlength=log.customers)[each.customer] / (each.repeats + 1)
    return State(
        until,
        found,
        notes,
        each.where(kept),
        gaps.where(kept),
        spent[kept],
        len(kept),
    )


def _judge(log: Log, days: Occasions, until: int, last: int, asked: Asked) -> Judged | None:
    """The list of the end of ``until``, and who bought nothing from then to ``last``; None where there is too little."""
    seen = days.day <= until
    if not seen.any() or until - int(days.day.min()) < 7 * LEAST_WEEKS:
        return None
    try:
        state = _state(log, until, asked)
    except ValueError:
        return None
    came = np.unique(days.customer[(days.day > until) & (days.day <= last)])
    stayed_away = ~np.isin(state.outlook.customer, came)
    if len(stayed_away) < LEAST_MEMBERS or stayed_away.all() or not stayed_away.any():
        return None
    return Judged(state, stayed_away)


def _helps(judged: Judged, learned: Recalibration) -> bool:
    """Whether it lowers the log loss by more than chance: beyond the 95 % interval of the mean difference over members."""
    chance = judged.state.outlook.silent
    return better_by(learned.apply(chance), chance, judged.stayed_away)[0] > 0


# --- the list --------------------------------------------------------------------------------------------------------
ORDERS = ("no-purchase", "alive", "overdue", "sales")
"""What a list may begin with: the likeliest to buy nothing, the least likely to be alive, the longest silence over the own gap, or the most
sales that leaving would cost."""


def listed(found: Warned, names: list[str], by: str = "no-purchase") -> dict[str, list[Any]]:
    """Members as columns of a table, in one of ``ORDERS`` (of equals, the longer silence first; then by their place in the log).
    ``names``: a name of each customer by their number."""
    state, chance = found.state, found.chance
    each, gaps = state.outlook, state.gaps
    lost = _sales_at_risk(state)
    first = {"no-purchase": -chance, "alive": each.alive, "overdue": -np.nan_to_num(gaps.overdue), "sales": -lost}[by]
    order = np.lexsort((each.customer, -gaps.silence, first))

    def rounded(values: Floats, digits: int) -> list[float | None]:
        return [None if np.isnan(value) else round(value, digits) for value in values[order].tolist()]

    columns: dict[str, list[Any]] = {
        "rank": list(range(1, len(order) + 1)),
        "member_id": [names[code] for code in each.customer[order].tolist()],
        "p_no_purchase": rounded(chance, 4),
        "p_no_purchase_of_model": rounded(each.silent, 4),
        "p_alive": rounded(each.alive, 4),
        "expected_purchases": rounded(each.expected, 4),
        "purchases": (each.repeats[order] + 1).tolist(),
        "last_purchase": [iso(day) for day in each.last_day[order].tolist()],
        "silence_days": gaps.silence[order].tolist(),
        "own_gap_days": rounded(gaps.median, 1),
        "overdue": rounded(gaps.overdue, 2),
        "own_gaps_shorter_pct": rounded(100 * gaps.shorter, 1),
        "mean_basket": rounded(state.basket / 100, 2),
        "sales_at_risk": rounded(lost, 2),
    }
    return columns


def _sales_at_risk(state: State) -> Floats:
    """Major units that members of their rates and baskets, if alive for certain, would spend in the coming weeks, times the chance that they are
    not."""
    each = state.outlook
    if_alive = np.where(each.alive > 0, each.expected / np.maximum(each.alive, 1e-300), 0.0)
    return np.asarray(if_alive * (1 - each.alive) * state.basket / 100)


# --- the document ----------------------------------------------------------------------------------------------------
def warning_document(found: Warned, names: list[str], by: str = "no-purchase") -> dict[str, Any]:
    """The document of ``loyalty at-risk``; ``names``: of customers, as they may be shown."""
    state, fit = found.state, found.state.fit
    columns = listed(found, names, by)
    shown = [dict(zip(columns, row, strict=True)) for row in list(zip(*columns.values(), strict=True))[:SHOWN]]
    return {
        "as_of": iso(state.until),
        "weeks": found.asked.weeks,
        "until": iso(state.until + 7 * found.asked.weeks),
        "model": fit.model.name,
        "parameters": fit.parameters,
        "log": {"name": found.source.name, "sha256": found.source.sha256, "first_purchase": iso(found.first), "last_purchase": iso(found.last)},
        "customers": state.customers,
        "least_purchases": found.asked.least,
        "seen_within_weeks": found.asked.seen_within,
        "by": by,
        "listed": len(state.outlook.customer),
        "expected_without_purchase": float(found.chance.sum()),
        "recalibration": None if found.recalibration is None else found.recalibration._asdict(),
        "judged": None if found.judged is None else _judgement(found.judged, found.learned),
        "warnings": found.warnings,
        "members": shown,
    }  # fmt: skip


def _judgement(judged: Judged, learned: Recalibration | None) -> dict[str, Any]:
    state, hit = judged.state, judged.stayed_away
    chance, silence = state.outlook.silent, state.gaps.silence.astype(np.float64)
    overdue = np.nan_to_num(state.gaps.overdue, nan=0.0)
    scores = {"model": chance, "longest_silence": silence, "overdue": overdue}
    differences = {name: compared(chance, score, hit) for name, score in scores.items() if name != "model"}
    rate = float(hit.mean())
    return {
        "fitted_until": iso(state.until),
        "model": state.fit.model.name,
        "members": len(hit),
        "without_purchase": int(hit.sum()),
        "without_purchase_pct": 100 * rate,
        "predicted_without_purchase": float(chance.sum()),
        "rankings": {name: _ranking(ranked(score, hit)) for name, score in scores.items()},
        "model_less": {
            name: {"auc": each.difference, "ci95": list(each.ci95), "better": _better(name, each.ci95)}
            for name, each in differences.items()
        },
        "chances": _chances(chance, hit),
        "of_everyone_alike": {"brier": rate * (1 - rate), "log_loss": log_loss(np.full(len(hit), rate), hit)},
        "recalibrated": None
        if learned is None
        else learned._asdict()
        | {"helps": _helps(judged, learned), "log_loss_lower_ci95": list(better_by(learned.apply(chance), chance, hit))}
        | _chances(learned.apply(chance), hit),
    }


def _better(other: str, difference: tuple[float, float]) -> str:
    """Which of two lists ranks better; neither where the interval of the difference holds 0."""
    if difference[0] > 0:
        return "model"
    return other if difference[1] < 0 else "neither"


def _ranking(found: Ranked) -> dict[str, Any]:
    return {"auc": found.auc, "auc_ci95": list(found.auc_ci95), "foremost": [_part(each) for each in found.foremost]}


def _part(each: Foremost) -> dict[str, Any]:
    return {
        "share_pct": 100 * each.share,
        "members": each.members,
        "without_purchase": each.hits,
        "precision_pct": 100 * each.precision,
        "precision_pct_ci95": [100 * edge for edge in each.precision_ci95],
        "recall_pct": 100 * each.recall,
        "lift": each.lift,
    }


def _chances(chance: Floats, hit: np.ndarray) -> dict[str, Any]:
    return {
        "brier": brier(chance, hit),
        "log_loss": log_loss(chance, hit),
        "calibration": [
            {
                "members": each.members,
                "from_pct": 100 * each.lowest,
                "to_pct": 100 * each.highest,
                "predicted_pct": 100 * each.predicted,
                "without_purchase": each.hits,
                "observed_pct": 100 * each.observed,
                "observed_pct_ci95": [100 * edge for edge in each.observed_ci95],
            }
            for each in calibration(chance, hit)
        ],
    }
