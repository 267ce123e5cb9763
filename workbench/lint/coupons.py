"""Coupons: savings above the margin, alone and together; coupons that hardly anybody can use; coupons that beget themselves."""

from collections.abc import Iterator
from fractions import Fraction

from workbench.lint.finding import ERROR, WARNING, Finding, amount, percent
from workbench.lint.savings import Saving, coupon_days, least_order, saving_of, stacks
from workbench.lint.subject import NOBODY, Subject
from workbench.rules.coupon_spec import Coupon, FreeItem
from workbench.rules.trigger_spec import OnBalance, OnPoints, OnPurchase
from workbench.units import CENTS, to_day, to_minor

__all__ = ["CODES", "findings"]

CODES = (
    "coupon-above-margin", "coupon-pays-to-buy", "coupon-stack-above-margin", "coupon-never-usable", "coupon-too-short", "coupon-loop",
    "coupon-beats-money-off",
)  # fmt: skip
FEW = 0.05
"""A coupon that fewer living members than this can use within its life is too short for them."""
MUCH_BETTER = 2
"""A coupon bought with points is out of line from so many times the worth of a point as money off."""


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    coupons = list(enumerate(subject.program.coupons))
    usable = [(k, each) for k, each in coupons if not _never_usable(subject, each)]
    yield from never_usable(subject, coupons)
    yield from above_margin(subject, usable)
    yield from together(subject, dict(usable))
    for k, coupon in usable:
        yield from too_short(subject, k, coupon)
        yield from loop(subject, k, coupon)
        yield from beats_money_off(subject, k, coupon)


def _share(saving: Saving) -> float:
    return float(saving.cost / saving.order)


def _gives_for_nothing(subject: Subject, saving: Saving) -> bool:
    """Whether what is given, worth of the points earned on the rest included, is more than what is paid."""
    paid = max(Fraction(0), saving.order - saving.worth)
    points = subject.worth(subject.rate(0).typical * float(paid) / CENTS) * CENTS
    return float(saving.worth) + points > saving.order + 0.5


def above_margin(subject: Subject, coupons: list[tuple[int, Coupon]]) -> Iterator[Finding]:
    """A coupon that costs more than the order it is used on brings in."""
    margin = subject.population.gross_margin
    for k, coupon in coupons:
        saving = saving_of(coupon, least_order(subject, coupon))
        if _share(saving) > margin:
            message, numbers = _told(subject, f"the coupon {coupon.name!r}", saving)
            yield Finding("coupon-above-margin", WARNING, f"coupons[{k}]", message, numbers)


def _told(subject: Subject, what: str, saving: Saving) -> tuple[str, dict[str, float]]:
    """A saving in words and numbers."""
    margin, currency = subject.population.gross_margin, subject.program.currency
    order, worth, cost = saving.order / CENTS, float(saving.worth) / CENTS, float(saving.cost) / CENTS
    message = (
        f"on an order of {currency} {amount(order)} {what} gives {currency} {amount(worth)} and costs {currency} {amount(cost)}, "
        f"{percent(cost / order)} of the order; the gross margin is {percent(margin)}"
    )
    numbers = {"order": order, "worth": worth, "cost": cost, "cost_pct": 100 * cost / order}
    return message, numbers | {"gross_margin_pct": 100 * margin}


def together(subject: Subject, coupons: dict[int, Coupon]) -> Iterator[Finding]:
    """The worst stack: one that pays the customer to buy (gifts alone do not: they come with whatever is bought), or else one that costs more
    than the margin though no coupon of it does."""
    margin = subject.population.gross_margin
    costly: tuple[float, tuple[int, ...], Saving] | None = None
    for places, saving in stacks(subject):
        if not all(k in coupons for k in places):
            continue
        takes_off = any(not isinstance(coupons[k].gives, FreeItem) for k in places)
        if takes_off and _gives_for_nothing(subject, saving):
            yield _pays(subject, places, saving)
            return
        alone = any(_share(saving_of(coupons[k], least_order(subject, coupons[k]))) > margin for k in places)
        if not alone and _share(saving) > margin and (costly is None or _share(saving) > costly[0]):
            costly = _share(saving), places, saving
    if costly is not None:
        _, places, saving = costly
        message, numbers = _told(subject, _named(subject, places), saving)
        yield Finding("coupon-stack-above-margin", WARNING, f"coupons[{places[0]}]", message, numbers)


def _named(subject: Subject, places: tuple[int, ...]) -> str:
    names = " and ".join(repr(subject.program.coupons[k].name) for k in places)
    beside = ", with member price," if subject.program.prices else ""
    return f"{names}{beside} together" if len(places) > 1 or beside else names


def _pays(subject: Subject, places: tuple[int, ...], saving: Saving) -> Finding:
    currency, order, worth = subject.program.currency, saving.order / CENTS, float(saving.worth) / CENTS
    message = (
        f"{_named(subject, places)} give {currency} {amount(worth)} on an order of {currency} {amount(order)}, points apart: "
        "the customer is paid to buy"
    )
    return Finding("coupon-pays-to-buy", ERROR, f"coupons[{places[0]}]", message, {"order": order, "worth": worth})


# --- whether it can be used -------------------------------------------------------------------------------------------
def _never_usable(subject: Subject, coupon: Coupon) -> str:
    """Why nobody can ever use it; empty where somebody can."""
    people, program = subject.people, subject.program
    least = float(coupon.minimum_basket)
    if least and people.orders_from(least) < NOBODY:
        return f"fewer than one order in ten thousand reaches its minimum of {program.currency} {amount(least)}"
    until = coupon.validity.until
    if until is not None and to_day(until) < subject.first:
        return f"it ends on {until.isoformat()}, before the program is in force"
    if coupon.validity.days is not None and coupon.validity.delay_days > coupon.validity.days:
        return f"it is usable only after {coupon.validity.delay_days} days and lapses after {coupon.validity.days}"
    shares = subject.population.categories
    if coupon.categories and not any(shares.get(name, 0.0) > 0 for name in coupon.categories):
        return "the population buys nothing of its categories"
    return ""


def never_usable(subject: Subject, coupons: list[tuple[int, Coupon]]) -> Iterator[Finding]:
    """Coupons that nobody can ever use."""
    for k, coupon in coupons:
        reason = _never_usable(subject, coupon)
        if reason:
            message = f"the coupon {coupon.name!r} can never be used: {reason}"
            yield Finding("coupon-never-usable", ERROR, f"coupons[{k}]", message)


def too_short(subject: Subject, k: int, coupon: Coupon) -> Iterator[Finding]:
    """A life in which hardly anybody buys again."""
    days = coupon_days(coupon)
    if days is None:
        return
    share = subject.people.again_within(float(days))
    if share < FEW:
        message = (
            f"the coupon {coupon.name!r} can be used on {days} days; {percent(share)} of the living members buy in such a time "
            f"(a member with the mean rate buys every {amount(subject.gap_months)} months)"
        )
        yield Finding(
            "coupon-too-short", WARNING, f"coupons[{k}].validity", message, {"days": days, "share_pct": 100 * share}
        )


# --- chains -----------------------------------------------------------------------------------------------------------
def loop(subject: Subject, k: int, coupon: Coupon) -> Iterator[Finding]:
    """A coupon for every purchase that can be used on the next one, for ever, at more than the margin."""
    trigger = coupon.trigger
    if not isinstance(trigger, OnPurchase) or coupon.once != "event" or coupon.limit_per_member is not None:
        return
    net = subject.program.earn.eligible.coupons == "net"
    order = max(least_order(subject, coupon), to_minor(trigger.minimum_spend))
    saving = saving_of(coupon, order)
    if net and order - saving.worth < to_minor(trigger.minimum_spend):
        order = int(to_minor(trigger.minimum_spend) + saving.worth)
        saving = saving_of(coupon, order)
    if _share(saving) > subject.population.gross_margin:
        message, numbers = _told(subject, f"the coupon {coupon.name!r}, which every such order issues again,", saving)
        yield Finding("coupon-loop", WARNING, f"coupons[{k}].trigger", message, numbers)


def beats_money_off(subject: Subject, k: int, coupon: Coupon) -> Iterator[Finding]:
    """A coupon bought with points that makes them worth several times what they are as money."""
    redemption = subject.program.redemption
    if not isinstance(coupon.trigger, OnPoints | OnBalance) or redemption is None or redemption.money_off is None:
        return
    off = redemption.money_off
    plain = float(off.worth) / off.points
    given = float(saving_of(coupon, least_order(subject, coupon)).worth) / CENTS * coupon.count / coupon.trigger.points
    if given > MUCH_BETTER * plain:
        message = (
            f"a point spent on the coupon {coupon.name!r} is worth {given:.3g}, as money off {plain:.3g}: "
            f"{given / plain:.3g} times as much"
        )
        numbers = {"as_coupon": given, "as_money": plain}
        yield Finding("coupon-beats-money-off", WARNING, f"coupons[{k}].trigger.points", message, numbers)
