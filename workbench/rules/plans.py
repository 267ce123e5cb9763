"""Paid plans: terms that begin, are paid, renewed, cancelled and end, what they bring back, and who earns nothing without one.

A member holds one plan at a time; a term's first day, last day, fee and spend stand in the account. What a program file may say: ``plan_spec.py``.
"""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from workbench.ledger import FEE, FEE_DUE, FEE_REFUND, PLAN_END, REBATE, post
from workbench.rules.bounds import CATEGORIES, PLANS
from workbench.rules.earn_parts import known
from workbench.rules.plan_spec import Plan
from workbench.rules.stored_value import ALL
from workbench.rules.tiers import grant_tier
from workbench.rules.trigger_terms import AT_PLAN, PLAN_RENEWAL, PLAN_START
from workbench.rules.triggers import fire
from workbench.units import NEVER, add_months, muldiv, rule, to_minor

__all__ = [
    "PLAN_REFUSALS", "UNKNOWN_PLAN", "UNNAMED_PLAN", "PlanTerms", "begin_required", "begin_term", "cancel", "may_earn", "end_of_term",
    "lower_plans", "note_refunded_spend", "note_spend", "pay_fee",
]  # fmt: skip

PerPlan = Annotated[list[int], PLANS]


# --- lowering ------------------------------------------------------------------------------------------------------
class PlanTerms(NamedTuple):
    """Paid plans lowered to integers, money in minor units."""

    count: int  # type: ignore[assignment]  # tuples have a method of this name, which nothing here calls
    fee: PerPlan
    months: PerPlan
    required: int
    """The plan that everybody takes on joining, the first that is required; -1 where none is."""
    is_required: PerPlan
    auto: PerPlan
    refund: PerPlan
    refund_within: PerPlan
    """Days of the term, the first being day 0, in which a refund is possible."""
    tier: PerPlan
    """0, the lowest, where it grants none."""
    rebate: PerPlan
    """Share of the term's spend that comes back, in 1/100,000; 0: no rebate."""
    rebate_cap: PerPlan
    at_renewal: PerPlan
    """1 where only who renews gets it."""
    categories: Annotated[list[list[int]], (PLANS, CATEGORIES + 1)]
    """1 for those whose spend counts for the rebate."""
    closed: PerPlan
    """1 where nobody can take it any more: those who hold it keep it to the end of its term."""
    why: PerPlan
    """Code of each plan in the ledger."""


NO_REFUND, FULL, PRO_RATA = range(3)
SHARES = 100_000
UNCAPPED = 2**62
UNNAMED_PLAN, UNKNOWN_PLAN = -1, -2
PLAN_REFUSALS = (
    "",
    "the program has no paid plans",
    "the program has no such plan",
    "the row names no plan, and the member holds none",
    "nothing is due",
    "beyond what is due",
    "the member holds no such plan",
    "the plan is cancelled already",
)
OK, NO_PLANS, NO_SUCH_PLAN, NOT_NAMED, NOTHING_DUE, BEYOND_DUE, NOT_HELD, CANCELLED = range(len(PLAN_REFUSALS))


def lower_plans(plans: Sequence[Plan], tiers: tuple[str, ...], categories: list[str], why: list[int]) -> PlanTerms:
    """Terms of paid plans; ``why``: the code of each."""
    rebates = [each.rebate for each in plans]
    chosen = [() if each is None else each.categories for each in rebates]
    return PlanTerms(
        count=len(plans),
        fee=[to_minor(each.fee) for each in plans],
        months=[each.term_months for each in plans],
        required=next((k for k, each in enumerate(plans) if each.required), -1),
        is_required=[int(each.required) for each in plans],
        auto=[int(each.auto_renews) for each in plans],
        refund=[("none", "full", "pro_rata").index(each.refund) for each in plans],
        refund_within=[NEVER if each.refund_within_days is None else each.refund_within_days for each in plans],
        tier=[0 if each.tier is None else tiers.index(each.tier) for each in plans],
        rebate=[0 if each is None else int(each.share * SHARES) for each in rebates],
        rebate_cap=[UNCAPPED if each is None or each.cap is None else to_minor(each.cap) for each in rebates],
        at_renewal=[int(each is not None and each.paid == "at_renewal") for each in rebates],
        categories=[[int(not names or name in names) for name in categories] + [int(not names)] for names in chosen],
        closed=[0] * len(plans),
        why=why,
    )


# --- rules: terms ----------------------------------------------------------------------------------------------------
@rule
def begin_term(terms, account, order, day, plan, phase):
    """A term of a plan begins: its fee is due, the tier it grants is entered or lengthened; then the campaigns of the phase (``PLAN_START``,
    ``PLAN_RENEWAL``)."""
    own = account.own
    own.plan = plan + 1
    own.plan_since = day
    own.plan_until = add_months(day, terms.plans.months[plan]) - 1
    own.plan_fee = terms.plans.fee[plan]
    own.plan_owed += own.plan_fee
    own.plan_spend = 0
    post(account, day, FEE_DUE, 0, own.plan_fee, day, own.plan_until, 0, terms.plans.why[plan])
    grant_tier(terms, account, day, terms.plans.tier[plan])
    if terms.triggers.campaigns > 0:
        fire(terms, account, order, 0, day, AT_PLAN, phase, 0)


@rule
def begin_plan(terms, account, order, day, plan):
    """The first term of a plan."""
    account.own.plan_renewals = NEVER if terms.plans.auto[plan] else 0
    begin_term(terms, account, order, day, plan, PLAN_START)


@rule
def begin_required(terms, account, order, day, plan):
    """On joining: the plan that the joining names (-1: none), or else the one everybody takes, where membership needs one."""
    if terms.plans.required >= 0:
        begin_plan(terms, account, order, day, plan if plan >= 0 else terms.plans.required)


@rule
def end_plan(terms, account, day, dropped):
    """The plan held ends; ``dropped`` of its fee is not due any more."""
    own = account.own
    own.plan_owed -= dropped
    post(account, day, PLAN_END, 0, -dropped, own.plan_since, own.plan_until, 0, terms.plans.why[own.plan - 1])
    own.plan = 0
    own.plan_fee = 0
    own.plan_spend = 0
    own.plan_renewals = 0


@rule
def end_of_term(terms, account, order, day):
    """The start of the day after a term's last: its rebate, then the next term or the end."""
    own = account.own
    if own.plan == 0 or own.plan_until >= day:
        return
    plan = own.plan - 1
    renews = own.plan_renewals > 0
    rebate = min(muldiv(own.plan_spend, terms.plans.rebate[plan], SHARES), terms.plans.rebate_cap[plan])
    if rebate > 0 and (renews or not terms.plans.at_renewal[plan]):
        post(account, day, REBATE, 0, rebate, own.plan_since, own.plan_until, 0, terms.plans.why[plan])
    if not renews:
        end_plan(terms, account, day, 0)
        return
    if own.plan_renewals < NEVER:
        own.plan_renewals -= 1
    begin_term(terms, account, order, day, plan, PLAN_RENEWAL)


# --- rules: rows -----------------------------------------------------------------------------------------------------
@rule
def named_plan(terms, own, plan):
    """The plan that a row means: the one it names, or else the one held, or else the program's only one; -1 if none."""
    if plan != UNNAMED_PLAN:
        return plan
    if own.plan > 0:
        return own.plan - 1
    return 0 if terms.plans.count == 1 else -1


@rule
def fee_refusal(terms, own, plan, amount):
    """Why a fee cannot be taken; 0 if it can."""
    if terms.plans.count == 0:
        return NO_PLANS
    if plan == UNKNOWN_PLAN:
        return NO_SUCH_PLAN
    plan = named_plan(terms, own, plan)
    if plan < 0:
        return NOT_NAMED
    due = own.plan_owed + (terms.plans.fee[plan] if own.plan != plan + 1 else 0)
    if due == 0 or amount == 0:
        return NOTHING_DUE
    return BEYOND_DUE if amount > due else OK


@rule
def pay_fee(terms, account, order, day, plan, amount):
    """A fee row: begins the plan's first term where the member does not hold it (ending another plan), and pays an amount, or ``ALL`` that is due.
    Returns why it is refused, 0 if it is done."""
    own = account.own
    refusal = fee_refusal(terms, own, plan, amount)
    if refusal != OK:
        return refusal
    plan = named_plan(terms, own, plan)
    if own.plan != plan + 1:
        if own.plan > 0:
            end_plan(terms, account, day, 0)
        begin_plan(terms, account, order, day, plan)
    money = own.plan_owed if amount == ALL else amount
    own.plan_owed -= money
    post(account, day, FEE, 0, money, own.plan_since, own.plan_until, 0, terms.plans.why[plan])
    return OK


@rule
def cancel(terms, account, day, plan):
    """A cancel row: no more renewals; where a refund applies, the plan ends at once. Returns why it is refused, 0 if it is done."""
    own = account.own
    if terms.plans.count == 0:
        return NO_PLANS
    if plan == UNKNOWN_PLAN:
        return NO_SUCH_PLAN
    if own.plan == 0 or (plan != UNNAMED_PLAN and plan != own.plan - 1):
        return NOT_HELD
    plan = own.plan - 1
    refunds = terms.plans.refund[plan] != NO_REFUND and day - own.plan_since <= terms.plans.refund_within[plan]
    if not refunds and own.plan_renewals == 0:
        return CANCELLED
    own.plan_renewals = 0
    if refunds:
        due = min(own.plan_owed, own.plan_fee)
        back = own.plan_fee - due
        if terms.plans.refund[plan] == PRO_RATA:
            back = muldiv(back, own.plan_until - day, own.plan_until - own.plan_since + 1)
        if back > 0:
            post(account, day, FEE_REFUND, 0, -back, own.plan_since, own.plan_until, 0, terms.plans.why[plan])
        end_plan(terms, account, day, due)
    return OK


# --- rules: purchases ------------------------------------------------------------------------------------------------
@rule
def may_earn(terms, own):
    """Whether a member's spend earns: where a plan is required, only of who holds one."""
    return terms.plans.required < 0 or own.plan > 0


@rule
def note_spend(terms, own, lines, count):
    """A purchase adds its eligible spend to the term's."""
    if own.plan == 0:
        return
    mask = terms.plans.categories[own.plan - 1]
    for i in range(count):
        if mask[known(lines[i].category, terms.earn.categories)]:
            own.plan_spend += lines[i].eligible


@rule
def note_refunded_spend(terms, own, order):
    """A refund (its parts already lowered) takes off what it lowers, if the order was posted in this term."""
    if own.plan == 0 or order.own.posted < own.plan_since:
        return
    mask = terms.plans.categories[own.plan - 1]
    for i in range(order.own.parts):
        if mask[known(order.parts[i].category, terms.earn.categories)]:
            own.plan_spend -= order.parts[i].refunded
    own.plan_spend = max(own.plan_spend, 0)
