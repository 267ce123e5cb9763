"""Redemption: rewards out of the way of a typical order or member, rewards priced against each other, and rewards that cost nothing."""

from collections.abc import Iterator
from fractions import Fraction

from workbench.lint.expiry import open_days
from workbench.lint.finding import ERROR, NOTE, WARNING, Finding, amount, percent
from workbench.lint.rewards import Reward
from workbench.lint.subject import Subject
from workbench.units import CENTS

__all__ = ["CODES", "findings"]

CODES = (
    "never-pays-out", "redemption-never-opens", "money-off-excludes-typical-order", "block-above-a-year", "reward-behind-automatic",
    "reward-above-balance-cap", "item-dominated", "item-dearer-than-money-off", "item-costs-more-than-worth", "item-value-spread",
    "cost-not-recorded",
)  # fmt: skip
WIDE = 3.0
"""Face values per point that differ by more than this are priced by mistake, or by somebody else."""


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    yield from never_pays(subject)
    yield from money_off(subject)
    yield from behind_others(subject)
    yield from catalogue(subject)
    yield from costs(subject)


def never_pays(subject: Subject) -> Iterator[Finding]:
    """Points without anything to buy, or without a day to buy it on."""
    program = subject.program
    earns = subject.rate(0).best > 0 or subject.welcome > 0 or any(each.points for each in program.earn.bonuses)
    buys = any(each.trigger.on in ("balance", "points") for each in program.coupons)
    if earns and not buys and not subject.every_reward:
        message = (
            f"points are earned ({amount(100 * subject.rate(0).typical)} for 100 spent) and buy nothing: there is no redemption, and expiry "
            "turns none into vouchers"
        )
        yield Finding(
            "never-pays-out", WARNING, "redemption", message, {"points_per_100": 100 * subject.rate(0).typical}
        )
        return
    is_open = open_days(subject)
    if program.redemption is not None and is_open is not None and not is_open.any():
        message = "redemption is open on no day of the next twenty years: no month has such days"
        yield Finding("redemption-never-opens", ERROR, "redemption.windows", message, {"open_days": 0})


# --- money off -------------------------------------------------------------------------------------------------------
def money_off(subject: Subject) -> Iterator[Finding]:
    """Conditions of money off that a typical order or a typical member's year does not meet."""
    redemption = subject.program.redemption
    off = None if redemption is None else redemption.money_off
    reward = next((each for each in subject.every_reward if each.path == "redemption.money_off"), None)
    if off is None or reward is None:
        return
    currency, typical = subject.program.currency, subject.people.typical_order / CENTS
    worth = reward.takes * float(reward.worth) / CENTS
    least = max(float(off.minimum_basket), worth / float(off.maximum_share or 1))
    if least > typical:
        able = subject.people.orders_from(least)
        numbers = {
            "least_order": least,
            "typical_order": typical,
            "orders_able_pct": 100 * able,
            "smallest_money_off": worth,
        }
        message = (
            f"money off (at least {currency} {amount(worth)}) needs an order of {currency} {amount(least)}; the typical one is {currency} "
            f"{amount(typical)}, and {percent(able)} of orders are large enough"
        )
        yield Finding("money-off-excludes-typical-order", WARNING, "redemption.money_off", message, numbers)
    yearly = max(subject.yearly(tier) for tier in subject.tiers)
    if reward.balance > yearly > 0 and reward.balance > subject.welcome:
        numbers = {
            "points_needed": reward.balance,
            "points_a_year": yearly,
            "months_needed": 12 * reward.balance / yearly,
        }
        message = (
            f"money off needs {reward.balance:,} points; a member with the mean purchase rate earns {amount(yearly)} a year and waits "
            f"{amount(12 * reward.balance / yearly)} months"
        )
        yield Finding("block-above-a-year", WARNING, "redemption.money_off", message, numbers)


# --- one reward in the way of another --------------------------------------------------------------------------------
def behind_others(subject: Subject) -> Iterator[Finding]:
    """Rewards that need a balance which automatic redemption, or a limit on the balance, never lets grow so large."""
    program = subject.program
    automatic = None if program.redemption is None else program.redemption.automatic
    limits = [cap.points for cap in program.earn.caps if cap.per == "balance"]
    for reward in subject.every_reward:
        if automatic is not None and reward.path != "redemption.automatic" and reward.balance >= automatic.at:
            numbers = {"points_needed": reward.balance, "automatic_at": automatic.at}
            message = (
                f"{reward.name} needs {reward.balance:,} points; automatic redemption takes {automatic.at:,} as soon as they are there, so "
                "nobody ever holds so many"
            )
            yield Finding("reward-behind-automatic", ERROR, reward.path, message, numbers)
        if limits and reward.balance > min(limits):
            numbers = {"points_needed": reward.balance, "balance_cap": min(limits)}
            message = f"{reward.name} needs {reward.balance:,} points; purchases fill a balance to {min(limits):,} at the most"
            yield Finding("reward-above-balance-cap", WARNING, reward.path, message, numbers)


# --- prices ----------------------------------------------------------------------------------------------------------
def catalogue(subject: Subject) -> Iterator[Finding]:
    """Items that another one, or money off, makes pointless or makes look cheap."""
    items = [each for each in subject.every_reward if each.path.startswith("redemption.catalogue")]
    off = next((each for each in subject.every_reward if each.path == "redemption.money_off"), None)
    currency = subject.program.currency
    for item in items:
        better = next((other for other in items if _dominates(other, item)), None)
        if better is not None:
            numbers = {
                "points": item.takes,
                "value": _value(item),
                "other_points": better.takes,
                "other_value": _value(better),
            }
            message = (
                f"{item.name} costs {item.takes:,} points for a value of {currency} {amount(_value(item))}; {better.name} costs "
                f"{better.takes:,} for {currency} {amount(_value(better))}"
            )
            yield Finding("item-dominated", WARNING, item.path, message, numbers)
        assert item.cost is not None
        if off is not None and off.cost is not None and item.cost > off.cost:
            numbers = {"cost_per_point": float(item.cost) / CENTS, "money_off_cost_per_point": float(off.cost) / CENTS}
            message = (
                f"a point used for {item.name} costs the brand {currency} {amount(float(item.cost) / CENTS)}, as money off "
                f"{currency} {amount(float(off.cost) / CENTS)}"
            )
            yield Finding("item-dearer-than-money-off", WARNING, item.path, message, numbers)
        if item.cost > item.worth:
            numbers = {"unit_cost": float(item.cost * item.takes) / CENTS, "value": _value(item)}
            message = f"{item.name} costs the brand {currency} {amount(numbers['unit_cost'])} and is worth {currency} {amount(_value(item))} to the member"
            yield Finding("item-costs-more-than-worth", WARNING, item.path, message, numbers)
    yield from _spread(items)


def _value(item: Reward) -> float:
    return float(item.worth * item.takes) / CENTS


def _dominates(one: Reward, other: Reward) -> bool:
    """Fewer points for no less value, or no more points for more."""
    mine, theirs = one.worth * one.takes, other.worth * other.takes
    return one.takes <= other.takes and mine >= theirs and (one.takes, mine) != (other.takes, theirs)


def _spread(items: list[Reward]) -> Iterator[Finding]:
    """How far the value of a point lies apart over the catalogue."""
    valued = [each for each in items if each.worth > 0]
    if len(valued) < 2:
        return
    low, high = min(valued, key=lambda each: each.worth), max(valued, key=lambda each: each.worth)
    spread: Fraction = high.worth / low.worth
    if spread == 1:
        return
    numbers = {
        "best_value_per_point": float(high.worth) / CENTS,
        "worst_value_per_point": float(low.worth) / CENTS,
        "spread": float(spread),
    }
    message = (
        f"a point is worth {amount(numbers['best_value_per_point'])} as {high.name} and {amount(numbers['worst_value_per_point'])} as "
        f"{low.name}, {amount(float(spread))} times less"
    )
    yield Finding("item-value-spread", WARNING if spread > WIDE else NOTE, "redemption.catalogue", message, numbers)


def costs(subject: Subject) -> Iterator[Finding]:
    """Rewards that are worth something and cost nothing, as far as the file says."""
    for reward in subject.every_reward:
        if reward.worth > 0 and not reward.cost:
            known = "records no cost" if reward.cost is None else "records a cost of 0"
            message = f"{reward.name} is worth {amount(_value(reward))} to the member and the file {known}: reports will show it as free"
            numbers = {"value": _value(reward), "cost": None if reward.cost is None else 0}
            yield Finding("cost-not-recorded", WARNING, reward.path, message, numbers)
