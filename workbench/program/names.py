"""Names that one part of a program's file uses of another: tiers, plans, actions that must exist, and names that must be told apart."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from workbench.errors import nearest
from workbench.spec import SpecError

if TYPE_CHECKING:  # the program's own class asks this module when it is made
    from workbench.program.spec import Program

__all__ = ["misnamed"]

Path = tuple[str | int, ...]


def misnamed(program: "Program") -> Iterator[SpecError]:
    """Every name of coupons, prices, messages, stored value, plans and referrals that is used twice or names nothing."""
    yield from _twice(("prices",), [each.name for each in program.prices])
    yield from _twice(("coupons",), [each.name for each in program.coupons])
    yield from _twice(("plans",), [each.name for each in program.plans])
    yield from _unknown("tiers", program.tier_names, _tiers(program))
    yield from _unknown("plans", [each.name for each in program.plans], _plans(program))
    yield from _missing_parts(program)


def _twice(place: Path, names: Sequence[str]) -> Iterator[SpecError]:
    for k, name in enumerate(names):
        if name in names[:k]:
            yield SpecError((*place, k, "name"), "the name is used twice", name)


def _unknown(what: str, known: Sequence[str], mentioned: Iterable[tuple[Path, str]]) -> Iterator[SpecError]:
    for path, name in mentioned:
        if name not in known:
            message = f"expected one of the {what}: " + (", ".join(known) or "none")
            yield SpecError(path, message, name, nearest(name, known))


def _tiers(program: "Program") -> Iterator[tuple[Path, str]]:
    groups: list[tuple[Path, Sequence[str]]] = [
        (("prices", k, "tiers"), each.tiers) for k, each in enumerate(program.prices)
    ]
    groups += [(("coupons", k, "tiers"), each.tiers) for k, each in enumerate(program.coupons)]
    groups += [(("messages", "automations", k, "tiers"), each.tiers) for k, each in enumerate(program.automations)]
    for path, names in groups:
        yield from (((*path, j), name) for j, name in enumerate(names))
    for k, plan in enumerate(program.plans):
        if plan.tier is not None:
            yield ("plans", k, "tier"), plan.tier
    if program.stored_value is not None:
        for k, step in enumerate(program.stored_value.steps):
            if step.tier is not None:
                yield ("stored_value", "steps", k, "tier"), step.tier


def _plans(program: "Program") -> Iterator[tuple[Path, str]]:
    for k, each in enumerate(program.prices):
        yield from ((("prices", k, "plans", j), name) for j, name in enumerate(each.plans))


def _missing_parts(program: "Program") -> Iterator[SpecError]:
    """Triggers of parts that the program does not have."""
    needs = {
        "tier_entry": ("tiers", program.tiers), "tier_renewal": ("tiers", program.tiers), "tier_end": ("tiers", program.tiers),
        "near_tier": ("tiers", program.tiers), "top_up": ("stored_value", program.stored_value), "plan": ("plans", program.plans),
        "plan_end": ("plans", program.plans), "referral": ("referral", program.referral), "segment": ("segments", program.segments),
        "coupon_expiry": ("coupons", program.coupons),
    }  # fmt: skip
    campaigns: list[tuple[Path, str]] = [(("coupons", k), each.trigger.on) for k, each in enumerate(program.coupons)]
    campaigns += [(("messages", "automations", k), each.trigger.on) for k, each in enumerate(program.automations)]
    for path, on in campaigns:
        if on in needs and not needs[on][1]:
            yield SpecError((*path, "trigger", "on"), f"needs {needs[on][0]}, which the program does not have", on)
