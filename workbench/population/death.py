"""When a member is lost: an exponential budget that runs down at the member's death rate, times what membership does to it.

Outside a program the member dies when the death rate times the days since arrival reaches a budget drawn from Exp(1). From joining
on the rate is ``factor`` times as high, and after a fall from a tier ``1 + strength * exp(-days / decay)`` times as high again,
counted from the last fall. The budget is never drawn anew: each event only says how soon what is left of it is used up. Since the
death rate (and the factor) multiply everything before and after a fall alike, what is left is held as the days it would last at the
member's rate without a fall: ``budget_left`` reads it off the death that was due, ``death_after`` finds the death that is due now.
"""

import math

from workbench.units import rule

__all__ = ["budget_left", "death_after", "death_time", "death_when_joined"]


@rule
def death_time(arrival: float, death_rate: float, death_budget: float) -> float:
    """When somebody outside the program is lost, days since 1970 with a fraction. A purchase counts if its time is before."""
    return arrival + death_budget / death_rate if death_rate > 0.0 else math.inf


@rule
def death_when_joined(death: float, joined: float, factor: float) -> float:
    """When the member is lost if ``death`` was due and from ``joined`` on the death rate is ``factor`` times as high."""
    if death <= joined or factor == 1.0 or math.isinf(death):
        return death
    return math.inf if factor <= 0.0 else joined + (death - joined) / factor


@rule
def budget_left(now: float, death: float, fell: float, strength: float, decay: float) -> float:
    """What is left now of the budget of a member who is due to die at ``death``, in days at the rate without a fall.

    ``fell``: when they last fell (``-inf``: never). It is the integral of 1 + strength * exp(-(t - fell) / decay) from now to then.
    """
    days = death - now
    return days + strength * math.exp((fell - now) / decay) * decay * (1.0 - math.exp(-days / decay))


@rule
def death_after(now: float, left: float, fell: float, strength: float, decay: float) -> float:
    """When a member with so much budget left now is lost: the inverse of ``budget_left``, to machine precision.

    What is used up in x days, x + a * decay * (1 - exp(-x / decay)), rises and bends downward, so Newton's steps from below the
    solution rise towards it and never pass it: they are taken until rounding stops them.
    """
    a = strength * math.exp((fell - now) / decay)
    if a == 0.0 or math.isinf(left):
        return now + left
    days = max(left - a * decay, left / (1.0 + a))
    for _ in range(100):
        faded = math.exp(-days / decay)
        used = days + a * decay * (1.0 - faded)
        further = days + (left - used) / (1.0 + a * faded)
        if further <= days:
            break
        days = further
    return now + days
