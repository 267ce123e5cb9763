"""What a member of a simulation decides about stored value and paid plans: how much to pay in, which plan to take, how often to renew it.

Both engines call these rules. They see the member's own rate and mean basket, which the member knows, and never what is to come.
"""

import math

from workbench.population.spec import DAYS_PER_YEAR
from workbench.units import CENTS, MAX_MONEY, NEVER, rule

__all__ = ["expected_spend", "load", "plan_wanted", "renewals"]


@rule
def expected_spend(rate, mean_basket, months):
    """Minor units that a member expects to spend in so many months; ``rate``: their purchases a day, ``mean_basket``: in minor units."""
    return min(rate * (DAYS_PER_YEAR / 12.0) * months * mean_basket, float(MAX_MONEY))


@rule
def load(behaviour, terms, own, u_loads, rate, mean_basket, basket):
    """What a member pays in before a purchase of ``basket``, in minor units; 0: nothing."""
    value = terms.value
    if not value.on or u_loads >= behaviour.load_share or own.principal + own.bonus_value >= basket:
        return 0
    wanted = expected_spend(rate, mean_basket, behaviour.load_months)
    most = wanted * behaviour.load_stretch
    found = 0
    for k in range(value.steps):
        if value.minimum <= value.step_amount[k] <= most:
            found = value.step_amount[k]
    if found > 0 or value.steps_only:
        return found
    amount = max(int(wanted / CENTS + 0.5) * CENTS, value.minimum)
    return amount if amount <= most else 0


@rule
def plan_wanted(behaviour, terms, u_plan, rate, mean_basket):
    """The paid plan that a member takes on joining; -1: none."""
    plans = terms.plans
    found = -1
    best = 0.0
    for k in range(plans.count):
        if plans.closed[k]:
            continue
        spend = expected_spend(rate, mean_basket, plans.months[k])
        back = min(spend * plans.rebate[k] / 100_000, float(plans.rebate_cap[k]))
        share = behaviour.plan_others
        if back > 0.0 and back >= behaviour.plan_pays * plans.fee[k]:
            share = behaviour.plan_take_up
        elif plans.is_required[k]:
            share = behaviour.plan_required
        gain = back - plans.fee[k]
        if u_plan < share and (found < 0 or gain > best):
            found = k
            best = gain
    return found


@rule
def renewals(behaviour, u_renews):
    """How often a member renews a plan: at least k times with the chance of a renewal to the power of k."""
    chance = behaviour.plan_renewal
    if chance >= 1.0:
        return NEVER
    if chance <= 0.0:
        return 0
    return int(math.log(u_renews) / math.log(chance))
