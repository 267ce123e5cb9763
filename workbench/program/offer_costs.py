"""Floor 3: what a program's offers cost the brand, by the ledger's rule. Finance is given these numbers; it reads no rules."""

from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from workbench.program.spec import Program
from workbench.rules.coupon_spec import FreeItem
from workbench.rules.message_spec import Channel
from workbench.units import to_minor

__all__ = ["OfferCost", "offer_costs", "plan_cost"]

Line = Literal["prices", "coupons", "stored_value", "plans", "referral", "messages"]


class OfferCost(NamedTuple):
    """What the entries of one rule cost, minor units."""

    line: Line
    of_money: Fraction
    """Share of the money of its entries that the brand bears."""
    given: Fraction = Fraction(0)
    """For each coupon issued, term begun, referral, message."""
    used: Fraction = Fraction(0)
    """For each coupon used: handling, and what a gift costs."""
    gift: Fraction = Fraction(0)
    """Of that, the gift."""


def offer_costs(program: Program) -> dict[str, OfferCost]:
    """The cost of every rule of a program's offers. A message counts at the price of one of its channel's largest plan, as what it adds to a month
    depends on all the others; the statement has the exact cost of each month."""
    found = {f"prices.{each.name}": OfferCost("prices", Fraction(1)) for each in program.prices}
    for coupon in program.coupons:
        ours, issue, handling = (
            1 - Fraction(coupon.partner_share),
            _minor(coupon.issue_cost),
            _minor(coupon.handling_cost),
        )
        is_gift = isinstance(coupon.gives, FreeItem)
        gift = _minor(coupon.gives.unit_cost) * ours if isinstance(coupon.gives, FreeItem) else Fraction(0)
        of_money = Fraction(0) if is_gift else ours
        found[f"coupons.{coupon.name}"] = OfferCost("coupons", of_money, issue, handling + gift, gift)
    if program.stored_value is not None:
        found["stored_value.bonus"] = OfferCost("stored_value", Fraction(1))
    for plan in program.plans:
        found[f"plans.{plan.name}"] = OfferCost("plans", Fraction(1), _minor(plan.serving_cost))
    if program.referral is not None:
        found["referral"] = OfferCost("referral", Fraction(0), _minor(program.referral.unit_cost))
    if program.messages is not None:
        each = {channel.name: _each(channel) for channel in program.messages.channels}
        for automation in program.automations:
            found[f"messages.{automation.name}"] = OfferCost("messages", Fraction(0), each[automation.channel])
    return found


def plan_cost(channel: Channel, messages: Fraction) -> Fraction | None:
    """Minor units of a month with so many messages: the cheapest of the channel's plans with what goes beyond it; None where no plan holds them."""
    found = []
    for plan in channel.plans:
        beyond = max(messages - plan.messages, Fraction(0))
        if beyond and channel.extra is None:
            continue
        found.append(
            _minor(plan.fee) + (beyond * Fraction(channel.extra) * 100 if beyond and channel.extra is not None else 0)
        )
    return min(found, default=None)


def _each(channel: Channel) -> Fraction:
    largest = channel.plans[-1]
    if channel.extra is not None:
        return Fraction(channel.extra) * 100
    return _minor(largest.fee) / largest.messages if largest.messages else Fraction(0)


def _minor(amount: Decimal) -> Fraction:
    return Fraction(to_minor(amount))
