"""Referrals: what somebody earns who refers an invented friend."""

from collections.abc import Iterator
from fractions import Fraction

from workbench.lint.finding import ERROR, WARNING, Finding, amount
from workbench.lint.savings import least_order, saving_of
from workbench.lint.subject import Subject
from workbench.rules.referral_spec import Referral, Reward
from workbench.units import CENTS, to_minor

__all__ = ["CODES", "findings"]

CODES = ("self-referral-profit", "referral-without-limit")


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    referral = subject.program.referral
    if referral is None:
        return
    spend = _spend(subject, referral)
    worth = _worth(subject, referral, spend)
    margin = subject.population.gross_margin
    order, given = spend / CENTS, worth / CENTS
    numbers = {"worth": given, "order": order, "margin": order * margin}
    currency = subject.program.currency
    if referral.qualifies == "join" and given > 0:
        message = f"a referral counts when the friend joins: an invented one is worth {currency} {amount(given)} to who refers, for nothing"
        yield Finding("self-referral-profit", WARNING, "referral.qualifies", message, numbers)
    elif given > order * margin:
        pays = given > order
        message = (
            f"an invented friend's first order of {currency} {amount(order)} brings {currency} {amount(given)}; the order's margin is "
            f"{currency} {amount(order * margin)}" + (": referring oneself pays" if pays else "")
        )
        yield Finding("self-referral-profit", ERROR if pays else WARNING, "referral", message, numbers)
    if referral.cap is None and referral.referrer is not None and given > 0:
        message = "nothing limits how many referrals of one member are rewarded"
        yield Finding("referral-without-limit", WARNING, "referral.cap", message)


def _spend(subject: Subject, referral: Referral) -> int:
    """The least order that makes a referral count, minor units; the price step where there is no minimum; 0 where joining is enough."""
    if referral.qualifies == "join":
        return 0
    return max(to_minor(referral.minimum_spend), to_minor(subject.population.price_step))


def _worth(subject: Subject, referral: Referral, spend: int) -> float:
    """Minor units that both sides get for it, joining and first-purchase gifts included (who invents a friend gets those too)."""
    points = _points(referral.referrer, spend) + _points(referral.referee, spend)
    events = {"join"} if referral.qualifies == "join" else {"join", "first_purchase"}
    bonuses = subject.program.earn.bonuses
    points += sum(
        each.points or 0
        for each in bonuses
        if each.event in events and not subject.never(each) and to_minor(each.minimum_spend) <= spend
    )
    found = Fraction(0)
    for coupon in subject.program.coupons:
        if coupon.trigger.on in ("referral", "join"):
            found += saving_of(coupon, least_order(subject, coupon)).worth * coupon.count
    return subject.worth(points) * CENTS + float(found)


def _points(reward: Reward | None, spend: int) -> int:
    if reward is None:
        return 0
    if reward.rate is None:
        return reward.points or 0
    return spend // to_minor(reward.rate.per) * reward.rate.points
