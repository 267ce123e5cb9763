"""Which assumptions drove a result, and whether the result is one that a program can have."""

from typing import Any

from workbench.population.behaviour_spec import Assumptions
from workbench.population.past import EFFECTS
from workbench.population.responses import Responses

__all__ = ["PLAUSIBLE", "behaviour_document", "is_off", "lift_warnings"]

PLAUSIBLE = (1.0, 8.0)
"""Per cent by which a whole program may raise purchases or sales without anybody asking why. Judgement."""

SIZES = {
    "reward_pressure": ("strength", "stamps"),
    "tier_pressure": ("strength",),
    "expiry": ("strength",),
    "rewarded": ("strength",),
    "status": ("steps",),
    "demotion": ("strength",),
    "coupon": ("strength",),
    "message": ("strength",),
    "novelty": ("strength",),
    "plan": ("strength",),
}
"""The fields that say how large an effect is."""


def behaviour_document(assumptions: Assumptions, found: Responses) -> dict[str, Any]:
    """The part of a run's document on behaviour.

    ``effects``: each effect's mean factor over the candidates looked at as a member, strongest first, with the sizes assumed, their range,
    basis and source. ``drivers``: the names of those whose mean factor is not 1. ``clip``: shares of the candidates at which the
    product of all met a bound. ``leaving``: what acts on the death rate, which has no mean factor; ``coming``: on who comes at all, where the program has
    referrals. ``topped_up``: baskets topped up to a
    threshold; ``displaced``: purchases that extra ones took the place of.
    """
    factors = found.mean_factors
    ranked = sorted(EFFECTS, key=lambda name: -abs(factors[name] - 1))
    return {
        "looked_at": found.total("looks"),
        "effects": [
            {
                "name": name,
                "mean_factor": factors[name],
                "assumed": [_assumed(assumptions, name, field) for field in SIZES[name]],
            }
            for name in ranked
        ],
        "drivers": [name for name in ranked if factors[name] != 1],
        "clip": found.clipped,
        "leaving": [
            _assumed(assumptions, "membership", "death_factor"),
            _assumed(assumptions, "demotion", "death"),
        ],
        "coming": [
            _assumed(assumptions, "referral", "share"),
            _assumed(assumptions, "referral", "incremental"),
        ],
        "topped_up": found.total("topped_up"),
        "displaced": found.total("removed"),
    }


def _assumed(assumptions: Assumptions, group: str, field: str) -> dict[str, Any]:
    """An assumption with what its field says of it."""
    spec = getattr(assumptions, group)
    said = type(spec).model_fields[field].json_schema_extra
    value = getattr(spec, field)
    return {
        "key": f"{group}.{field}",
        "value": list(value) if isinstance(value, tuple) else value,
        "range": said["range"],
        "basis": said["basis"],
        "source": said["source"],
    }


def is_off(assumptions: Assumptions) -> bool:
    """Whether nothing is assumed to happen at all: both worlds are then the same but for points."""
    sizes = [getattr(getattr(assumptions, name), field) for name in EFFECTS for field in SIZES[name]]
    others = (assumptions.membership.death_factor - 1, assumptions.demotion.death, assumptions.basket.chance)
    return not any(any(size) if isinstance(size, tuple) else size for size in (*sizes, *others))


def lift_warnings(lift: dict[str, Any], behaviour: dict[str, Any]) -> list[str]:
    """What is implausible about the lift of a whole program, wherever in its interval it lies: its document's ``lift`` and ``behaviour``."""
    low, high = PLAUSIBLE
    strongest = ", ".join(
        f"{each['name']} (mean factor {each['mean_factor']:.3f})"
        for each in behaviour["effects"][:3]
        if each["mean_factor"] != 1
    )
    death = next(each["value"] for each in behaviour["leaving"] if each["key"] == "membership.death_factor")
    said = []
    for name in ("purchases", "sales"):
        delta, interval = lift[name]["delta_pct"], lift[name]["ci95"]
        if delta is None or interval is None or (interval[0] <= high and interval[1] >= low):
            continue  # nothing that few members could not bring about by chance
        within = f" (95 % interval {interval[0]:.2f} to {interval[1]:.2f} %)"
        said.append(
            f"The program changes {name} by {delta:+.2f} %{within}; for a whole program {low:g} to {high:g} % is plausible. "
            f"What drives it: {strongest or 'no effect on the rate'}; death rate of members x {death:g}."
        )
    return said
