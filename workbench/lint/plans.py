"""Paid plans: fees that never pay for the member, or always do; rebates above the margin."""

from collections.abc import Iterator

from workbench.lint.finding import ERROR, NOTE, WARNING, Finding, amount, percent
from workbench.lint.subject import Subject
from workbench.rules.plan_spec import Plan

__all__ = ["CODES", "findings"]

CODES = ("plan-break-even", "plan-never-pays", "plan-always-pays", "rebate-above-margin", "plan-brings-nothing")
MOST = 0.5
"""A plan whose rebate returns the fee to more members than this is hardly sold."""


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    for k, plan in enumerate(subject.program.plans):
        path = f"plans[{k}]"
        yield from break_even(subject, path, plan)
        yield from rebate_above_margin(subject, path, plan)
        if not plan.required and not _brings(subject, plan):
            message = f"the plan {plan.name!r} costs {amount(float(plan.fee))} and brings nothing: no rebate, tier, price or coupon names it"
            yield Finding("plan-brings-nothing", WARNING, path, message)


def _brings(subject: Subject, plan: Plan) -> bool:
    program = subject.program
    priced = any(plan.name in each.plans for each in program.prices)
    couponed = any(each.trigger.on == "plan" for each in program.coupons)
    return plan.rebate is not None or plan.tier is not None or priced or couponed


def break_even(subject: Subject, path: str, plan: Plan) -> Iterator[Finding]:
    """The spend from which the rebate returns the fee, and how many members reach it in a term."""
    if plan.rebate is None:
        return
    spend, years = plan.break_even_spend, plan.term_months / 12
    fee = float(plan.fee)
    if spend is None:
        message = f"the rebate of {plan.name!r} stops at {plan.rebate.cap}, below its fee of {amount(fee)}: it never pays for itself"
        yield Finding("plan-never-pays", ERROR, f"{path}.rebate.cap", message, {"fee": fee, "share_pct": 0.0})
        return
    share = subject.people.spend_from(float(spend), years)
    numbers = {"fee": fee, "break_even_spend": float(spend), "share_pct": 100 * share}
    reached = (
        f"{plan.name!r} pays for itself from a spend of {amount(float(spend))} in {plan.term_months} months, which {percent(share)} of "
        "the members reach in their first"
    )
    if share < 1e-4:
        yield Finding("plan-never-pays", WARNING, path, reached, numbers)
    elif share > MOST:
        yield Finding("plan-always-pays", WARNING, path, f"{reached}: the fee is given back to most", numbers)
    else:
        yield Finding("plan-break-even", NOTE, path, reached, numbers)


def rebate_above_margin(subject: Subject, path: str, plan: Plan) -> Iterator[Finding]:
    """A rebate above the margin, the best member price that holders have on top."""
    if plan.rebate is None:
        return
    margin, rebate = subject.population.gross_margin, float(plan.rebate.share)
    prices = [float(each.off) for each in subject.program.prices if not each.plans or plan.name in each.plans]
    off = max(prices, default=0.0)
    both = off + (1 - off) * rebate
    if both > margin:
        beside = f" beside a member price of {percent(off)}" if off else ""
        message = f"the rebate of {percent(rebate)} of {plan.name!r}{beside} is {percent(both)} of the price; the gross margin is {percent(margin)}"
        numbers = {"rebate_pct": 100 * rebate, "both_pct": 100 * both, "gross_margin_pct": 100 * margin}
        yield Finding("rebate-above-margin", WARNING, f"{path}.rebate.share", message, numbers)
