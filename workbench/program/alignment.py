"""Versions of a program side by side: what members hold by its place (coupons, plans) has the same place in each.

What a version does not have stands in it as what it is to those who hold it: a coupon that nothing issues, a plan that is not renewed.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

from workbench.program.spec import Program
from workbench.program.version_spec import Version
from workbench.rules.bounds import COUPONS, MESSAGES, PLANS
from workbench.rules.coupon_spec import Coupon
from workbench.rules.message_spec import Automation
from workbench.rules.plan_spec import Plan
from workbench.rules.trigger_spec import Manual
from workbench.spec import DateSpan, SpecError

__all__ = ["aligned", "refuse_shared_limits"]

T = TypeVar("T", Coupon, Automation, Plan)
NO_DAY = DateSpan(first=date(1970, 1, 1), last=date(1970, 1, 1))


def aligned(programs: Sequence[Program]) -> list[Program]:
    """The same versions, each with every coupon, message and plan of all of them, in the order in which they are first mentioned. Raises
    SpecError where there are too many."""
    if len(programs) == 1:
        return list(programs)
    coupons = _rows([each.coupons for each in programs], _never_issued, COUPONS, ("coupons",))
    plans = _rows([each.plans for each in programs], _not_renewed, PLANS, ("plans",))
    automations = _rows([each.automations for each in programs], _never_sent, MESSAGES, ("messages", "automations"))
    found = []
    for k, program in enumerate(programs):
        update: dict[str, Any] = {"coupons": coupons[k], "plans": plans[k]}
        if program.messages is not None:
            update["messages"] = program.messages.model_copy(update={"automations": automations[k]})
        found.append(program.model_copy(update=update))
    return found


def _rows(lists: Sequence[Sequence[T]], absent: Any, most: int, path: tuple[str, ...]) -> list[tuple[T, ...]]:
    """Each list with all names of all lists."""
    known: dict[str, T] = {}
    for each in lists:
        for one in each:
            known.setdefault(one.name, one)
    if len(known) > most:
        raise SpecError(path, f"expected at most {most} of different names over all versions", len(known))
    found = []
    for each in lists:
        own = {one.name: one for one in each}
        known |= own
        found.append(tuple(own.get(name) or absent(one) for name, one in known.items()))
    return found


def _never_issued(coupon: Coupon) -> Coupon:
    gone = {"trigger": Manual(on="manual"), "tiers": (), "after_full_refund": "used_up"}
    return coupon.model_copy(update=gone)


def _not_renewed(plan: Plan) -> Plan:
    return plan.model_copy(update={"required": False, "auto_renews": False, "tier": None})


def _never_sent(automation: Automation) -> Automation:
    return automation.model_copy(update={"dates": (NO_DAY,), "tiers": ()})


def refuse_shared_limits(programs: Sequence[Program], versions: Sequence[Version]) -> None:
    """Raise SpecError where a limit that all members share changes under its name: how much of it is left is no member's."""
    for k in range(len(versions)):
        before, after = _shared_limits(programs[k]), _shared_limits(programs[k + 1])
        for (what, name), limit in after.items():
            if before.get((what, name), limit) != limit:
                message = f"the {what} that members share cannot change under the same name: give it another name"
                place = ("redemption", "catalogue") if what == "stock" else ("coupons",)
                raise SpecError(("versions", k, "changes", *place), message, name)


def _shared_limits(program: Program) -> dict[tuple[str, str], int | None]:
    found: dict[tuple[str, str], int | None] = {}
    for item in () if program.redemption is None else program.redemption.catalogue:
        found["stock", item.name] = item.stock
    for each in program.coupons:
        found["total_limit", each.name] = each.total_limit
        found["total_uses", each.name] = each.total_uses
    return found
