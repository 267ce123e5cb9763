"""The till: what the rulebook itself gives for one order, and which multipliers meet on it.

Points, rounding, brackets and limits are the rules' own (``workbench.rules``); nothing of them is written a second time here.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from workbench.ledger import (
    Book,
    Cursor,
    Entry,
    Line,
    Lot,
    Order,
    Part,
    Piece,
    QualifyingDay,
    blank_account,
    blank_order,
    reserve,
)
from workbench.lint.people import People
from workbench.population.terms import season_weights
from workbench.program.lower import lower
from workbench.program.spec import Program
from workbench.rules.earn import earn_purchase
from workbench.rules.earn_parts import bracket_of, set_eligible, write_parts
from workbench.rules.earn_terms import ADDITIVE, MULTIPLICATIVE, ON_BALANCE, ON_ORDER, PER_ORDER, EarnTerms
from workbench.rules.posting import start_order
from workbench.units import LAST_DAY, to_day

__all__ = ["CYCLE", "Factors", "Till", "first_day", "last_day"]

CYCLE = 1461
"""Four years of days: every weekday of every month, and a 29 February. Shares of days are shares of these, from the program's date on."""
BEYOND = 12 * CYCLE // 4
"""Spans of dates are looked at twelve years ahead; what begins later counts as something that will happen."""


def first_day(program: Program) -> int:
    """The day the program is looked at from: the date its rules were in force."""
    return min(to_day(program.provenance.as_of), LAST_DAY - BEYOND - CYCLE)


def last_day(program: Program) -> int:
    """The last day that is looked at: four years on, or as far as dates are named (up to twelve years)."""
    earn = program.earn
    spans = [span for each in earn.multipliers for span in each.dates] + [
        span for each in earn.bonuses for span in each.dates
    ]
    named = max((to_day(span.last) for span in spans), default=0)
    first = first_day(program)
    return max(first + CYCLE - 1, min(named, first + BEYOND))


class Factors(NamedTuple):
    """The stacked factors a tier's orders can have, in units of ``earn.one``."""

    share: dict[int, float]
    """Share of the population's orders that have each factor."""
    least: int
    most: int


class Till:
    """One program's earning, from the day it is looked at. Amounts in minor units."""

    def __init__(self, program: Program, people: People) -> None:
        """Raises SpecError where the program cannot be lowered to integers."""
        self.program, self.people = program, people
        self.first = first_day(program)
        waits = 0 if program.earn.pending is None else program.earn.pending.days
        self.lowered = lower(program, self.first, last_day(program) + waits)
        self.days = last_day(program) - self.first + 1
        self.terms = self.lowered.terms
        self.earn: EarnTerms = self.terms.earn
        self._book = Book(Cursor(), [])
        reserve(self._book.rows, 8, Entry)
        self._known: dict[tuple[int, int, int, int], float] = {}

    # --- points of an order ------------------------------------------------------------------------------------------
    @property
    def one(self) -> int:
        """The integer that stands for a factor of 1."""
        return self.earn.one

    def rate(self, tier: int) -> int:
        """Place of the rate of a tier among the program's rates; -1 where it earns nothing."""
        return self.earn.rate_of_tier[tier] if self.earn.rate_of_tier else -1

    def points(self, amount: int, tier: int = 0, factor: int | None = None, balance: int = 0) -> float:
        """Base points of an order of one line that earns, by a member with nothing earned before but a balance.

        Where a remainder is kept, what the order brings in the long run, with its fraction.
        """
        factor = self.one if factor is None else factor
        key = (amount, self.rate(tier), factor, balance)
        if key not in self._known:
            kept = self.earn.keeps
            self._known[key] = (
                self._in_full(amount, key) if kept else float(self._rung_up(amount, tier, factor, balance))
            )
        return self._known[key]

    def _in_full(self, amount: int, key: tuple[int, int, int, int]) -> float:
        """Points with their fraction: amount times factor times rate. Limits other than the order's are not looked at."""
        earn = self.earn
        _, rate, factor, balance = key
        if amount < earn.minimum_order or rate < 0:
            return 0.0
        slices = [(rate, amount)]
        if earn.bracket_on == ON_BALANCE:
            slices = [(bracket_of(earn, balance), amount)]
        elif earn.bracket_on == ON_ORDER and not earn.marginal:
            slices = [(bracket_of(earn, amount), amount)]
        elif earn.bracket_on == ON_ORDER:
            starts = [*earn.bracket_from, max(amount, earn.bracket_from[-1])]
            slices = [(k, max(0, min(amount, starts[k + 1]) - starts[k])) for k in range(earn.brackets)]
        points = (
            sum(part * earn.rate_num[k] * earn.rate_points[k] / earn.rate_den[k] for k, part in slices)
            * factor
            / earn.one
        )
        limits = [limit for limit, per in zip(earn.cap_points, earn.cap_per, strict=True) if per == PER_ORDER]
        return min([points, *limits])

    def _rung_up(self, amount: int, tier: int, factor: int, balance: int) -> int:
        """Base points by the rules of an order."""
        terms, day = self.terms, self.first
        account, order = blank_account(terms.meters, self._book), blank_order()
        self._book.cursor.entries = 0
        for rows, count, record in (
            (account.lots, 2, Lot), (account.days, 2, QualifyingDay), (order.lines, 1, Line), (order.parts, 1, Part),
            (order.pieces, 1 + terms.tiers.count, Piece),
        ):  # fmt: skip
            reserve(rows, count, record)
        own = account.own
        own.tier = tier if terms.tiers.count else -1
        own.joined, own.balance = day, balance
        start_order(order, 1, day, day, 0)
        self._lay_down(order, amount)
        eligible = set_eligible(terms, order.lines, 1, 0, 0)
        write_parts(terms, account, order, order.lines, 1, day)
        order.own.split = 0
        order.parts[0].factor = factor
        earn_purchase(terms, account, order, eligible, day, day)
        return order.own.points

    def _lay_down(self, order: Order, amount: int) -> None:
        """The order's line: of the default category (which qualifies) and channel."""
        line = order.lines[0]
        line.amount = amount
        line.category, line.channel = self.lowered.codes.default_category, self.lowered.codes.default_channel
        order.own.amount = amount

    def mean_points(self, tier: int) -> float:
        """Mean base points of the population's orders in a tier, over all sizes and factors; excluded categories earn none."""
        orders = self.people.orders
        found = 0.0
        for factor, share in self.factors(tier).share.items():
            points = np.array([self.points(int(amount), tier, factor) for amount in orders.amount])
            found += share * float(points @ orders.weight)
        return found * self.earning_share

    @property
    def earning_share(self) -> float:
        """Share of the population's orders that are of no excluded category."""
        excluded = self.program.earn.eligible.excluded_categories
        return 1.0 - sum(share for name, share in self.people.population.categories.items() if name in excluded)

    # --- multipliers -------------------------------------------------------------------------------------------------
    def factors(self, tier: int) -> Factors:
        """The stacked factors of a tier's orders: how often each applies in the population, and the extremes the program can give."""
        share: dict[int, float] = {}
        least, most = [], []
        for applies, weight in self._occasions(tier):
            found = stacked(self.earn, applies)
            least.append(int(found.min()))
            most.append(int(found.max()))
            for factor in np.unique(found):
                part = float(weight[found == factor].sum())
                if part > 0:
                    share[int(factor)] = share.get(int(factor), 0.0) + part
        total = sum(share.values())
        share = {factor: part / total for factor, part in share.items()} if total > 0 else {self.one: 1.0}
        return Factors(share, min(least), max(most))

    def idle(self) -> list[int]:
        """The multipliers without which every order of every member would have the same factor."""
        waiting = set(range(self.earn.factors))
        for tier in range(max(1, self.terms.tiers.count)):
            for applies, _ in self._occasions(tier):
                found = stacked(self.earn, applies)
                for k in sorted(waiting):
                    without = applies.copy()
                    without[:, k] = False
                    if (stacked(self.earn, without) != found).any():
                        waiting.discard(k)
        later = {
            k
            for k, each in enumerate(self.program.earn.multipliers)
            if any(to_day(span.last) >= self.first + self.days for span in each.dates)
        }
        return sorted(waiting - later)

    def _occasions(self, tier: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Every kind of order there can be: bool[kinds, multipliers] that apply, and how often each kind is bought (0 for kinds that
        only the program knows), one table for each category, channel and state of the birthday."""
        earn, count = self.earn, self.earn.factors
        days, day_weight = self._kinds_of_days()
        of_tier = np.array([earn.factor_tiers[k][tier] for k in range(count)], dtype=bool)
        known = self.people.population.birthdays.known
        birthdays = ((0, 1 - known / 12), (1, known * (1 / 12 - 1 / 365.25)), (2, known / 365.25))
        wants = np.array(earn.factor_birthday, dtype=int)  # 1: the day, 2: the month
        for category, category_weight in self._names("categories"):
            for channel, channel_weight in self._names("channels"):
                for state, weight in birthdays if count and wants.any() else ((0, 1.0),):
                    met = (wants == 0) | (state == 2) | ((state == 1) & (wants == 2))
                    applies = days & (of_tier & category & channel & met)[None, :]
                    yield applies, day_weight * category_weight * channel_weight * weight

    def _kinds_of_days(self) -> tuple[np.ndarray, np.ndarray]:
        """The distinct rows of multipliers that days allow, bool[kinds, multipliers], and the share of purchases on days of each kind."""
        weight = np.zeros(self.days)
        weight[:CYCLE] = season_weights(self.people.population.seasonality, self.first, self.first + CYCLE)
        if not self.earn.factors:
            return np.zeros((1, 0), dtype=bool), np.ones(1)
        table = np.array(self.earn.factor_days, dtype=bool)[:, : self.days].T
        kinds, place = np.unique(table, axis=0, return_inverse=True)
        return kinds, np.bincount(place.reshape(-1), weight, len(kinds)) / weight.sum()

    def _names(self, what: str) -> list[tuple[np.ndarray, float]]:
        """The distinct rows of multipliers that the categories (or channels) allow, with the share of purchases that name them.

        Excluded categories are left out: they earn nothing.
        """
        codes, population = self.lowered.codes, self.people.population
        of_categories = what == "categories"
        code_of = codes.category if of_categories else codes.channel
        masks = self.earn.factor_categories if of_categories else self.earn.factor_channels
        excluded = self.program.earn.eligible.excluded_categories if of_categories else ()
        shares: dict[str, float] = population.categories if of_categories else population.channels
        names = dict.fromkeys([*(codes.categories if of_categories else codes.channels), *shares])
        found: dict[tuple[int, ...], float] = {}
        for name in names:
            if name not in excluded:
                row = tuple(mask[min(code_of(name), len(mask) - 1)] for mask in masks)
                found[row] = found.get(row, 0.0) + shares.get(name, 0.0)
        found.setdefault(tuple(mask[-1] for mask in masks), 0.0)
        return [(np.array(row, dtype=bool), share) for row, share in found.items()]


def stacked(earn: EarnTerms, applies: np.ndarray) -> np.ndarray:
    """The factor of each row of multipliers that apply, int64 in units of ``one``; the same as ``factor_of`` of ``earn_parts``."""
    total = np.full(len(applies), earn.one, dtype=np.int64)
    seen = np.zeros(len(applies), dtype=bool)
    for k in range(earn.factors):
        now = applies[:, k]
        if earn.stacking == MULTIPLICATIVE:
            changed = total // earn.factor_den[k] * earn.factor[k]
        elif earn.stacking == ADDITIVE:
            changed = total + earn.factor[k] - earn.one
        else:
            changed = np.where(seen, np.maximum(total, earn.factor[k]), earn.factor[k])
        total = np.where(now, changed, total)
        seen |= now
    return np.maximum(total, 0)
