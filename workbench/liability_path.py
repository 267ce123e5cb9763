"""Floor 5: the contract liability at the end of every month, and between what it may lie.

Two kinds of bounds, and they are not the same:

    estimate     where a month's redemption was estimated: quantiles over draws of the members, as in ``accounting.confidence``, by what was known
                 at the end of that month
    assumption   where it was the policy's assumption, for want of history: the liability at the low and at the high end of what the policy calls
                 plausible. That is a range and has no probability.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from workbench.errors import BadInput
from workbench.finance.accounting.close import MONEY, Close, close_books
from workbench.finance.accounting.confidence import drawn_liabilities
from workbench.finance.accounting.policy import Policy
from workbench.finance.accounting.rates import PolicyRates
from workbench.finance.accounting.rounding import half_up
from workbench.finance.cells import Ints
from workbench.finance.redemption_rates import ESTIMATORS
from workbench.finance.redemption_rates.bootstrap import bootstrap, member_triangles
from workbench.finance.triangle import Events, Floats, month_of
from workbench.units import NEVER

__all__ = ["Bounds", "Path", "Weights", "assumed_bounds", "drawn_bounds", "path_of"]

Weights = Callable[[int], Floats]
"""Gives draws of so many members: float64[draws, members] of mean 1 and variance 1."""
Told = Callable[[int, int], None]
_CLOSING = MONEY.index("closing")


@dataclass(frozen=True)
class Bounds:
    """Between what a month's liability may lie; printed minor units."""

    low: int
    high: int
    kind: Literal["estimate", "assumption"]


@dataclass(frozen=True)
class Path:
    """Month's end by month's end; arrays are int64[months], printed minor units. By the policy alone: no draws."""

    first_month: int
    """Months since January 1970."""
    liability: Ints
    current: Ints
    provision: Ints
    points: Ints
    """Points outstanding, net of what members owe."""
    sources: tuple[str, ...]
    """Where each month's estimate came from."""

    @property
    def months(self) -> int:
        """Months closed."""
        return len(self.liability)


def path_of(close: Close) -> Path:
    """The path that a close went: an old month's figure is what was closed then, to the cent."""
    return Path(
        close.books.first_month,
        close.money[:, :, _CLOSING].sum(axis=1),
        close.current.sum(axis=1),
        close.provision.sum(axis=1),
        close.points[:, :, -1].sum(axis=1) - close.owed,
        close.sources,
    )


def drawn_bounds(
    close: Close,
    events: Events,
    weights: Weights,
    levels: tuple[float, float] = (0.05, 0.95),
    places: Sequence[int] | None = None,
    told: Told = lambda done, total: None,
) -> Iterator[tuple[int, Bounds]]:
    """The place of each month whose redemption was estimated, the last one first, and the quantiles of its liability over draws of the members. A
    member has the same weight in every month. ``places``: only these months; ``told``: how many months are done, of how many. Each month is
    closed again on what was known then, so this takes about as long for a month as the levels of a valuation do."""
    wanted = [place for place, source in enumerate(close.sources) if source in ESTIMATORS]
    if places is not None:
        only = set(places)
        wanted = [place for place in wanted if place in only]
    last = close.books.first_month + close.months - 1
    everybody = _holders(events, last)
    if not wanted or not len(everybody):
        return
    drawn = weights(len(everybody))
    for done, place in enumerate(reversed(wanted)):
        told(done, len(wanted))
        month = close.books.first_month + place
        then = close if month == last else _closed(close, place)
        members = member_triangles(events, month)
        mine = drawn[:, np.searchsorted(everybody, _holders(events, month))]
        found = drawn_liabilities(then, bootstrap(members, mine / mine.mean(axis=1, keepdims=True)))
        low, high = (half_up(Fraction(float(each))) for each in np.quantile(found, levels))
        yield place, Bounds(low, high, "estimate")
    told(len(wanted), len(wanted))


def _holders(events: Events, month: int) -> Ints:
    """int64[n], ascending: members who held points up to the end of a month, in the order in which ``member_triangles`` numbers them."""
    held = (month_of(events.day) <= month) & (events.earned_on < NEVER)
    found: Ints = np.unique(events.member[held])
    return found


def _closed(close: Close, place: int) -> Close:
    books = close.books.through(place + 1)
    return close_books(books, close.worth, close.policy, PolicyRates(books, close.policy))


def assumed_bounds(close: Close) -> Mapping[int, Bounds]:
    """By place, of the months whose redemption was the policy's assumption: the liability with its low and its high end instead. Empty where there are
    no such months, or where an end cannot be closed (nothing is redeemed at a rate of 0)."""
    places = [place for place, source in enumerate(close.sources) if source == "assumption"]
    if not places:
        return {}
    until = max(places) + 1
    books = close.books.through(until)
    try:
        low, high = (
            path_of(close_books(books, close.worth, each, PolicyRates(books, each))).liability
            for each in _ends(close.policy)
        )
    except BadInput:
        return {}
    return {
        place: Bounds(int(min(low[place], high[place])), int(max(low[place], high[place])), "assumption")
        for place in places
    }


def _ends(policy: Policy) -> Iterator[Policy]:
    """The policy with its assumption at either end of its range."""
    assumed = policy.points.initial_rate
    for value in (assumed.low, assumed.high):
        points = policy.points.model_copy(update={"initial_rate": assumed.model_copy(update={"value": value})})
        yield policy.model_copy(update={"points": points})
