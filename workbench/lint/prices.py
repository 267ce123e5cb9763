"""Member prices: above the margin, alone and with what points give on top; prices that never count."""

from collections.abc import Iterator

from workbench.lint.finding import ERROR, WARNING, Finding, percent
from workbench.lint.subject import Subject
from workbench.rules.price_spec import MemberPrice
from workbench.units import to_day

__all__ = ["CODES", "findings"]

CODES = ("price-above-margin", "price-and-points-above-margin", "price-never-counts")


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    margin = subject.population.gross_margin
    for k, price in enumerate(subject.program.prices):
        path = f"prices[{k}]"
        reason = _never_counts(subject, k, price)
        if reason:
            yield Finding("price-never-counts", WARNING, path, f"the price {price.name!r} never counts: {reason}")
            continue
        off = float(price.off)
        numbers = {"off_pct": 100 * off, "gross_margin_pct": 100 * margin}
        if off > margin:
            message = f"the price {price.name!r} takes {percent(off)} off; the gross margin is {percent(margin)}"
            yield Finding("price-above-margin", ERROR, f"{path}.off", message, numbers)
            continue
        yield from _with_points(subject, path, price, numbers)


def _with_points(subject: Subject, path: str, price: MemberPrice, numbers: dict[str, float]) -> Iterator[Finding]:
    """What points typically cost on what is left to pay, on top of the price, in the best tier that has both."""
    nearest = subject.nearest_reward
    if nearest is None or nearest.cost is None:
        return
    names = subject.program.tier_names
    tiers = [names.index(name) for name in price.tiers] or list(subject.tiers)
    off, margin = float(price.off), subject.population.gross_margin
    points = max(subject.rate(tier).typical for tier in tiers) * float(nearest.cost) / 100
    both = off + (1 - off) * points
    if both > margin:
        message = (
            f"the price {price.name!r} takes {percent(off)} off and points cost {percent(points)} of the rest, {percent(both)} in all; the "
            f"gross margin is {percent(margin)}"
        )
        found = numbers | {"points_pct": 100 * points, "both_pct": 100 * both}
        yield Finding("price-and-points-above-margin", WARNING, f"{path}.off", message, found)


def _never_counts(subject: Subject, k: int, price: MemberPrice) -> str:
    """Why no line ever has this price; empty where some may."""
    if price.dates and all(to_day(span.last) < subject.first for span in price.dates):
        return "its dates are all past"
    if price.birthday is not None and subject.population.birthdays.known == 0:
        return "no birthday is known in this population"
    for j, other in enumerate(subject.program.prices):
        wins = other.off > price.off or (other.off == price.off and j < k)
        if j != k and wins and _holds_wherever(other, price):
            return f"wherever it holds, {other.name!r} ({percent(float(other.off))}) holds too"
    return ""


def _holds_wherever(other: MemberPrice, price: MemberPrice) -> bool:
    """Whether every condition of ``other`` is met wherever those of ``price`` are."""
    lists = ("tiers", "plans", "weekdays", "days_of_month", "dates", "categories", "channels")
    wider = all(
        not getattr(other, name) or (getattr(price, name) and set(getattr(price, name)) <= set(getattr(other, name)))
        for name in lists
    )
    birthday = other.birthday is None or other.birthday == price.birthday or (other.birthday, price.birthday) == ("month", "day")  # fmt: skip
    return wider and birthday and other.minimum_basket <= price.minimum_basket
