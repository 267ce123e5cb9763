"""Refunds: what buying, redeeming and giving back earns, and points that are taken back twice."""

from collections.abc import Iterator

import numpy as np

from workbench.lint.finding import NOTE, WARNING, Finding, amount, percent
from workbench.lint.subject import Subject
from workbench.lint.till import CYCLE
from workbench.units import CENTS, to_minor

__all__ = ["CODES", "findings"]

CODES = ("refund-forgives-points", "refund-keeps-bonus", "refund-after-lapse", "refund-renews-points")
OFTEN = 0.1
"""Share of the days of a year from which it is more than the odd order just before a date."""


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    yield from forgiven(subject)
    yield from bonuses_kept(subject)
    yield from after_lapse(subject)
    yield from renewed(subject)


def _usable_before_refund(subject: Subject, bonuses: bool) -> bool:
    """Whether points can be used while the order can still be given back."""
    program = subject.program
    pending = program.earn.pending
    if not subject.rewards:
        return False
    waits = 0 if pending is None or (bonuses and not pending.bonuses) else pending.days
    return program.refunds.within_days is None or waits <= program.refunds.within_days


def forgiven(subject: Subject) -> Iterator[Finding]:
    """Buy, redeem, give back: where the shortfall is forgiven, what the points bought is a gain."""
    refunds = subject.program.refunds
    if refunds.shortfall != "forgiven" or not _usable_before_refund(subject, bonuses=False):
        return
    order = subject.people.typical_order
    points = max(subject.till.points(order, tier) for tier in subject.tiers)
    best = max(subject.rewards, key=lambda each: each.worth)
    gain = points * float(best.worth) / CENTS
    if gain <= 0:
        return
    orders = best.balance / points
    numbers = {"points": points, "gain_per_cycle": gain, "typical_order": order / CENTS, "orders_for_a_reward": orders}
    currency = subject.program.currency
    message = (
        f"points already spent are forgiven at a refund: a typical order of {currency} {amount(order / CENTS)} that is bought, whose "
        f"{amount(points)} points are used, and that is given back leaves {currency} {amount(gain)} with the member, each time"
    )
    yield Finding("refund-forgives-points", WARNING, "refunds.shortfall", message, numbers)


def bonuses_kept(subject: Subject) -> Iterator[Finding]:
    """Bonuses of purchases that stay when the purchase is given back, and can be had again and again."""
    for k, bonus in enumerate(subject.program.earn.bonuses):
        repeats = bonus.event == "purchase" and bonus.once != "lifetime"
        if (
            not repeats
            or bonus.reversed_with_order
            or subject.never(bonus)
            or not _usable_before_refund(subject, bonuses=True)
        ):
            continue
        gain = subject.worth(bonus.points or 0)
        numbers = {"points": bonus.points, "gain_per_cycle": gain, "minimum_spend": float(bonus.minimum_spend)}
        often = {"event": "with every order", "day": "once a day", "month": "once a month", "year": "once a year"}[
            bonus.once
        ]
        message = (
            f"{bonus.name} stays when its order is given back: {bonus.points:,} points, worth {subject.program.currency} {amount(gain)}, for "
            f"nothing, {often}"
        )
        yield Finding("refund-keeps-bonus", WARNING, f"earn.bonuses[{k}].reversed_with_order", message, numbers)


def after_lapse(subject: Subject) -> Iterator[Finding]:
    """Orders that can be given back after their points have lapsed: other points are taken, or a debt is left."""
    refunds = subject.program.refunds
    limit = subject.population.returns.days if refunds.within_days is None else refunds.within_days
    days = np.arange(subject.first, subject.first + CYCLE)
    lasts = [subject.usable_to(subject.till.terms.expiry.of_tier[tier]) for tier in subject.tiers]
    early = max(float((last < days + limit).mean()) for last in lasts)
    if not subject.every_rate or early == 0 or refunds.shortfall == "forgiven":
        return
    order = subject.people.typical_order
    points = max(subject.till.points(order, tier) for tier in subject.tiers)
    numbers = {"refund_days": limit, "days_of_earning_pct": 100 * early, "points": points}
    allowed = "are given back after" if refunds.within_days is None else "can be given back within"
    message = (
        f"orders {allowed} {limit} days; the points of what is bought on {percent(early)} of all days have lapsed by then: the refund takes "
        f"{amount(points)} other points (of a typical order), or leaves a debt that does not lapse"
    )
    yield Finding("refund-after-lapse", WARNING if early > OFTEN else NOTE, "refunds", message, numbers)


def renewed(subject: Subject) -> Iterator[Finding]:
    """Points that come back from a refund with a longer life than they were earned with."""
    refunds = subject.program.refunds
    redemption = subject.program.redemption
    if refunds.points_back != "minimum_life" or refunds.minimum_life_days is None or redemption is None:
        return
    longest = max(subject.life(tier).longest for tier in subject.tiers)
    if refunds.minimum_life_days <= longest or redemption.money_off is None:
        return
    numbers = {"minimum_life_days": refunds.minimum_life_days, "longest_life_days": longest}
    message = (
        f"points used on an order that is given back live {refunds.minimum_life_days} days more, and {amount(longest)} days at the most when "
        f"they are earned: buying and giving back keeps {to_minor(redemption.money_off.worth) / CENTS:g} for {redemption.money_off.points} "
        "points alive without end"
    )
    yield Finding("refund-renews-points", WARNING, "refunds.minimum_life_days", message, numbers)
