"""Rounding: what splitting an order brings, steps at which spending more brings less, and what multiplying after rounding changes."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from workbench.lint.finding import NOTE, WARNING, Finding, amount, percent
from workbench.lint.subject import NOBODY, Subject
from workbench.lint.till import Till
from workbench.units import CENTS, to_minor

__all__ = ["CODES", "findings"]

CODES = ("splitting-pays", "bracket-step-lowers-points", "multiplier-after-rounding")
MOST_ORDERS = 500
"""An order is split into at most so many."""


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    yield from splitting_pays(subject)
    yield from steps_that_lower(subject)
    yield from after_rounding(subject)


class Split(NamedTuple):
    """The best way to split one typical order into equal ones."""

    gain: float
    """Points more, as a share of what the order earns whole (of one point, where it earns none)."""
    orders: int
    each: int
    """Minor units."""
    whole: float
    parts: float
    """Points of the whole order, and of the parts together."""


def splitting_pays(subject: Subject) -> Iterator[Finding]:
    """A typical order that brings more points as several small ones."""
    best = max(
        (_best_split(subject, tier, factor) for tier in subject.tiers for factor in _factors(subject, tier)),
        default=None,
    )
    if best is None or best.gain <= 0:
        return
    currency = subject.program.currency
    numbers = {
        "gain_pct": 100 * best.gain,
        "orders": best.orders,
        "each": best.each / CENTS,
        "points_whole": best.whole,
        "points_split": best.parts,
    }
    message = (
        f"a typical order of {currency} {amount(subject.people.typical_order / CENTS)} earns {amount(best.whole)} points; as "
        f"{best.orders} orders of {currency} {amount(best.each / CENTS)} it earns {amount(best.parts)} ({percent(best.gain)} more)"
    )
    yield Finding("splitting-pays", WARNING, "earn", message, numbers)


def _factors(subject: Subject, tier: int) -> list[int]:
    """The plain factor and the largest."""
    return sorted({subject.till.one, subject.till.factors(tier).most})


def _best_split(subject: Subject, tier: int, factor: int) -> Split:
    people = subject.people
    order, step = people.typical_order, to_minor(subject.population.price_step)
    whole = _brought(subject, order, tier, factor)
    best = Split(0.0, 1, order, whole, whole)
    for orders in range(2, min(MOST_ORDERS, order // step) + 1):
        each = order // orders // step * step
        parts = orders * _brought(subject, each, tier, factor)
        gain = (parts - whole) / max(whole, 1.0)
        if gain > best.gain + 1e-9:
            best = Split(gain, orders, each, whole, parts)
    return best


def _brought(subject: Subject, order: int, tier: int, factor: int) -> float:
    """Points of one order, with the bonuses that every order brings."""
    bonuses = sum(
        each.points or 0
        for each in subject.program.earn.bonuses
        if each.event == "purchase"
        and each.once == "event"
        and not subject.never(each)
        and order >= to_minor(each.minimum_spend)
    )
    return subject.till.points(order, tier, factor) + bonuses


def steps_that_lower(subject: Subject) -> Iterator[Finding]:
    """A step of the brackets at which an order of one price step more earns fewer points."""
    brackets = subject.program.earn.brackets
    if brackets is None or brackets.on == "balance":
        return
    till, step = subject.till, to_minor(subject.population.price_step)
    largest = subject.people.priced(subject.people.order(1 - NOBODY))
    for k, each in enumerate(brackets.steps[1:], start=1):
        at = -(-to_minor(each.from_) // step) * step
        if at - step <= 0 or at > largest:
            continue
        below, above = till.points(at - step), till.points(at)
        if above < below:
            currency = subject.program.currency
            numbers = {"from": at / CENTS, "points_below": below, "points_at": above}
            message = (
                f"an order of {currency} {amount(at / CENTS)} earns {amount(above)} points, one of {currency} "
                f"{amount((at - step) / CENTS)} earns {amount(below)}: spending more brings less"
            )
            yield Finding("bracket-step-lowers-points", WARNING, f"earn.brackets.steps[{k}]", message, numbers)


def after_rounding(subject: Subject) -> Iterator[Finding]:
    """What multiplying after rounding, and not before, does to the points of the orders that are multiplied."""
    earn = subject.program.earn
    if earn.multiplier_stage != "after_rounding" or not earn.multipliers:
        return
    before = earn.model_copy(update={"multiplier_stage": "before_rounding"})
    other = Till(subject.program.model_copy(update={"earn": before}), subject.people)
    till, orders = subject.till, subject.people.orders
    tier = max(subject.tiers, key=lambda k: till.factors(k).most)
    factor = till.factors(tier).most
    points, points_before = (
        float(np.array([each.points(int(x), tier, factor) for x in orders.amount]) @ orders.weight)
        for each in (till, other)
    )
    if points_before <= 0 or points == points_before:
        return
    change = points / points_before - 1
    numbers = {"points": points, "points_before_rounding": points_before, "change_pct": 100 * change}
    message = (
        f"multiplying after rounding gives {amount(points)} points for the mean multiplied order (x{factor / till.one:g}), before "
        f"rounding it would be {amount(points_before)} ({'+' if change > 0 else '-'}{percent(abs(change))})"
    )
    yield Finding("multiplier-after-rounding", NOTE, "earn.multiplier_stage", message, numbers)
