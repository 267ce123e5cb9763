"""Scenario in, outcome out: what the page shows of a run, computed once for the same scenario, whoever asks. No Panel here.

An outcome is small (the run's document, one number a month, a few numbers a block of members); the run itself is let go.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from simulators.simulate import Progress, simulate
from workbench.finance.points import points_by_month
from workbench.ledger import PURCHASE, REDEEM, RETURN, TIER, VOUCHER
from workbench.ledger_table import LedgerTable
from workbench.program.versions import tier_places
from workbench.program.worth import cost_by_rule
from workbench.run_document import run_document
from workbench.scenario import Run, Scenario
from workbench.units import EPOCH, NEVER, last_of_month

__all__ = ["BLOCKS", "Blocks", "LeftOut", "Outcome", "Panel", "Store", "closing_points", "member_panel"]

BLOCKS = 50
"""Blocks of members that intervals of differences are computed from: enough that the t-quantile (2.01) is near its limit (1.96)."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Blocks:
    """Sums over blocks of members, float64[blocks] each. Members are independent and alike, and so are blocks of them."""

    members: Floats
    """Members simulated."""
    outstanding: Floats
    """Points outstanding at the end."""
    joined: Floats
    """Members who joined."""
    upgraded: Floats
    """Of those, members who rose at least once."""
    cost: Floats
    """What the program cost the brand, in minor units (of ledgers: the cost of redemption)."""
    sales: Floats
    """Sales, gross of program discounts, in minor units."""
    gain: Floats | None = None
    """Gross margin of the sales that the program added, and its fees, in minor units; None where it is not known by block."""


@dataclass(frozen=True)
class LeftOut:
    """Figures with each of a few equal groups of members left out in turn (the jackknife), float64[groups] each."""

    liability: Floats
    """Liability at the end for 1,000 members, in major units."""
    breakage: Floats
    """Share of the points outstanding that is never expected to be redeemed, per cent."""


@dataclass(frozen=True)
class Panel:
    """What the document does not say."""

    months: tuple[date, ...]
    """Last day of each month of the run (of the run itself in the last one)."""
    closing: tuple[int, ...]
    """Points outstanding on those days, net of debt."""
    blocks: Blocks | None
    """None where the engine kept no ledgers: then differences have no interval."""
    left_out: LeftOut | None = None
    """None where it was not computed (in the first answer, of few members), and where points buy nothing."""


@dataclass(frozen=True)
class Outcome:
    """A scenario's run, as far as the page shows it."""

    members: int
    document: dict[str, Any]
    """As the command line prints it (``run_document``)."""
    panel: Panel


def member_panel(run: Run) -> Panel:
    """The one place that looks inside a run; all else comes from its document."""
    months, closing = closing_points(run)
    return Panel(months, closing, None if run.ledgers is None else _blocks(run, run.ledgers[0]))


def closing_points(run: Run) -> tuple[tuple[date, ...], tuple[int, ...]]:
    """The ends of the run's months, and the points outstanding then."""
    table = points_by_month(run.program)
    numbers = [divmod(int(month), 12) for month in table["month"]]
    ends = [date(1970 + year, month + 1, last_of_month(1970 + year, month + 1)) for year, month in numbers]
    months = tuple(min(end, EPOCH + timedelta(days=run.scenario.last_day)) for end in ends)
    return months, tuple(int(points) for points in table["closing"])


def _blocks(run: Run, ledger: LedgerTable) -> Blocks:
    members = ledger.customers
    count = min(BLOCKS, members)
    of_member = np.arange(members) * count // members
    kind, points, money, member = (ledger.column(name) for name in ("kind", "points", "money", "member"))

    def summed(chosen: npt.NDArray[np.bool_], values: npt.NDArray[Any]) -> Floats:
        found: Floats = np.bincount(of_member[member[chosen]], weights=values[chosen], minlength=count).astype(float)
        return found

    def counted(numbers: npt.NDArray[np.int64]) -> Floats:
        return np.bincount(of_member[numbers], minlength=count).astype(float)

    return Blocks(
        members=counted(np.arange(members)),
        outstanding=summed(np.ones(len(kind), dtype=bool), points),
        joined=counted(np.flatnonzero(ledger.joined < NEVER)),
        upgraded=counted(_upgraded(ledger, tier_places(run.scenario.program))),
        cost=summed(kind == VOUCHER, money) + _redemption_cost(run, ledger, summed),
        sales=summed(kind == PURCHASE, money),
    )


def _upgraded(ledger: LedgerTable, places: dict[str, int]) -> npt.NDArray[np.int64]:
    """Members who rose at least once. Each begins in the lowest tier; an entry's rule names the tier entered."""
    of_rule = {f"tiers.{name}": place for name, place in places.items()}
    place = np.array([of_rule.get(rule, -1) for rule in ledger.rules], dtype=np.int64)
    chosen = ledger.column("kind") == TIER
    member, after = ledger.column("member")[chosen], place[ledger.column("rule")[chosen]]
    goes_on = np.append(False, member[1:] == member[:-1])[: len(member)]
    before = np.where(goes_on, np.append(0, after[:-1])[: len(member)], 0)
    found: npt.NDArray[np.int64] = np.unique(member[after > before])
    return found


def _redemption_cost(run: Run, ledger: LedgerTable, summed: Callable[[Any, Any], Floats]) -> Floats:
    """Cost of points redeemed less those given back (at the average cost of a point redeemed), as in the run's document."""
    kind, points, rule = (ledger.column(name) for name in ("kind", "points", "rule"))
    costs = cost_by_rule(run.scenario.program)
    of_rule = np.array([float(costs.get(name, 0)) for name in ledger.rules])
    redeemed = kind == REDEEM
    taken = summed(redeemed, -points * of_rule[rule])
    average = taken.sum() / max(-int(points[redeemed].sum()), 1)
    return taken - average * summed(kind == RETURN, points)


def live(scenario: Scenario, progress: Progress | None) -> Run:
    """Live a scenario, and keep its ledgers until the outcome has been taken from them."""
    return simulate(scenario, progress, keep=True)


class Store:
    """Outcomes by scenario; the least recently used are dropped. Threads that ask for the same one wait for one run of it."""

    def __init__(self, live: Callable[[Scenario, Progress | None], Run] = live, most: int = 400) -> None:
        self.live, self._most = live, most
        self._kept: OrderedDict[str, Outcome] = OrderedDict()
        self._under_way: set[str] = set()
        self._changed = threading.Condition()

    def outcome(self, scenario: Scenario, progress: Progress | None = None) -> Outcome:
        """The outcome of a scenario. Raises what ``progress`` or the engine raises; nothing is kept then."""
        key = _key(scenario)
        with self._changed:
            while key in self._under_way:
                self._changed.wait(0.1)
                if progress is not None:
                    progress(0, scenario.members)  # so that somebody who waits for another's run can leave
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
            self._under_way.add(key)
        try:
            run = self.live(scenario, progress)
            found = Outcome(scenario.members, run_document(run), member_panel(run))
        finally:
            with self._changed:
                self._under_way.discard(key)
                self._changed.notify_all()
        with self._changed:
            self._kept[key] = found
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found

    def __len__(self) -> int:
        return len(self._kept)


def _key(scenario: Scenario) -> str:
    """The scenario's digest, and how its parts were named: the document repeats the names."""
    return scenario.digest() + json.dumps(scenario.names, sort_keys=True)
