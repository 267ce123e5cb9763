"""What comes back for the money spent: the effective reward rate against the gross margin, and points that earn points."""

from collections.abc import Iterator

from workbench.lint.finding import ERROR, NOTE, WARNING, Finding, amount, percent
from workbench.lint.rewards import Reward
from workbench.lint.subject import Subject
from workbench.units import CENTS

__all__ = ["CODES", "findings"]

CODES = ("reward-rate", "reward-above-margin", "points-earn-points", "welcome-above-margin")


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    yield from reward_rates(subject)
    yield from points_earn_points(subject)
    yield from welcome_above_margin(subject)


def reward_rates(subject: Subject) -> Iterator[Finding]:
    """The three figures of each tier, and a warning where the best exceeds the margin (an error where the typical cost does)."""
    margin = subject.population.gross_margin
    worths = [float(each.worth) / CENTS for each in subject.rewards] or [0.0]
    costs = [_cost(each) for each in subject.rewards] or [0.0]
    nearest = subject.nearest_reward
    usual_cost = 0.0 if nearest is None else _cost(nearest)
    for tier in subject.tiers:
        rate = subject.rate(tier)
        worst, typical, best = rate.worst * min(worths), subject.worth(rate.typical), rate.best * max(worths)
        best_cost, typical_cost = rate.best * max(costs), rate.typical * usual_cost
        numbers = {
            "worst_pct": 100 * worst,
            "typical_pct": 100 * typical,
            "best_pct": 100 * best,
            "typical_cost_pct": 100 * typical_cost,
            "best_cost_pct": 100 * best_cost,
            "gross_margin_pct": 100 * margin,
        }
        who = subject.named(tier)
        message = (
            f"{who}: {percent(worst)} of the money spent comes back at worst, {percent(typical)} typically, {percent(best)} at best "
            f"(cost to the brand: {percent(typical_cost)} typically); the gross margin is {percent(margin)}"
        )
        yield Finding("reward-rate", NOTE, subject.place(tier), message, numbers)
        if best > margin or typical_cost > margin:
            loses = typical_cost > margin
            message = (
                f"{who}: {percent(best)} of the money spent comes back at best, of a gross margin of {percent(margin)}; typically "
                f"{percent(typical)}, which costs the brand {percent(typical_cost)}"
                + (": every sale to a member loses money" if loses else "")
            )
            yield Finding("reward-above-margin", ERROR if loses else WARNING, subject.place(tier), message, numbers)


def _cost(reward: Reward) -> float:
    """Cost of a point in major units; where the file records none, what it is worth."""
    return float(reward.worth if reward.cost is None else reward.cost) / CENTS


def points_earn_points(subject: Subject) -> Iterator[Finding]:
    """Money off that earns again: one unit of cash brings r, that brings r * r, and so on: r / (1 - r) in all."""
    program = subject.program
    redemption = program.redemption
    if program.earn.eligible.paid_with_points == "excluded" or redemption is None or redemption.money_off is None:
        return
    worth = float(redemption.money_off.worth) / redemption.money_off.points
    once = max(subject.rate(tier).typical for tier in subject.tiers) * worth
    best = max(subject.rate(tier).best for tier in subject.tiers) * worth
    endless = once > 1 - 1e-9
    in_all = None if endless else once / (1 - once)
    numbers = {
        "once_pct": 100 * once,
        "in_all_pct": None if in_all is None else 100 * in_all,
        "best_once_pct": 100 * best,
    }
    message = (
        f"what is paid with points earns points again: {percent(once)} back on cash becomes "
        + ("points without end" if in_all is None else f"{percent(in_all)} in all")
        + f" (at best {percent(best)} on each turn)"
    )
    path = "earn.eligible.paid_with_points"
    yield Finding("points-earn-points", ERROR if endless or best > 1 - 1e-9 else WARNING, path, message, numbers)


def welcome_above_margin(subject: Subject) -> Iterator[Finding]:
    """Points for joining and a first purchase that cost more than a typical first order brings in."""
    nearest = subject.nearest_reward
    if nearest is None or nearest.cost is None or not subject.welcome or subject.welcome < nearest.balance:
        return
    cost = subject.welcome * float(nearest.cost) / CENTS
    order = subject.people.typical_order / CENTS
    margin = order * subject.population.gross_margin
    if cost > margin:
        currency = subject.program.currency
        numbers = {"points": subject.welcome, "cost": cost, "typical_order": order, "margin": margin}
        message = (
            f"{subject.welcome:,} points for joining and a first purchase cost {currency} {amount(cost)}; a typical first order of "
            f"{currency} {amount(order)} brings in {currency} {amount(margin)}"
        )
        yield Finding("welcome-above-margin", WARNING, "earn.bonuses", message, numbers)
