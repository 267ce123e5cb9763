"""Floor 5: what a program's messages came to in a run: how many, what they cost, and what was bought after them, beside who was held out."""

from fractions import Fraction
from typing import Any

from workbench.cost_statement import channel_costs, money
from workbench.finance.replies import Reply, purchases_after, sales_after
from workbench.finance.world import GIVEN
from workbench.scenario import Run
from workbench.units import CENTS

__all__ = ["messages_document"]


def messages_document(run: Run) -> list[dict[str, Any]]:
    """One entry for each automation, in file order. ``messages``: sent in all; ``cost``: their part, by number, in each month's cost of the channel,
    null where no price plan holds a month's messages; ``sent``, ``held_out``: members, counted once, whose days of response lie within the run; ``lift``: a
    member's purchases and sales in those days."""
    program, world = run.scenario.program, run.program
    found = []
    for place, each in enumerate(program.automations):
        code = run.rules.index(f"messages.{each.name}")
        sent = [int(number) for number in world.by_month_rule[:, code, GIVEN]]
        purchases, sales = purchases_after(world, place), sales_after(world, place)
        found.append(
            {
                "name": each.name,
                "title": each.title or each.name,
                "channel": each.channel,
                "hold_out": float(each.hold_out),
                "response_days": each.response_days,
                "messages": sum(sent),
                "cost": _cost(run, each.channel, sent),
                "sent": purchases.sent.members,
                "held_out": purchases.held_out.members,
                "lift": {"purchases": _reply(purchases, 1), "sales": _reply(sales, CENTS)},
            }
        )
    return found


def _cost(run: Run, channel: str, sent: list[int]) -> int | float | None:
    """A message's part in what its channel cost, month by month."""
    total = Fraction(0)
    for number, (all_sent, cost) in zip(
        sent, channel_costs(run.program, run.scenario.program, run.rules)[channel], strict=True
    ):
        if number and cost is None:
            return None
        if number and cost is not None:
            total += cost * number / all_sent
    return money(total)


def _reply(reply: Reply, unit: int) -> dict[str, Any]:
    def shown(mean: float | None) -> float | None:
        return None if mean is None else mean / unit

    return {
        "held_out": shown(reply.held_out.mean),
        "sent": shown(reply.sent.mean),
        "delta_pct": reply.delta_pct,
        "ci95": None if reply.ci95 is None else list(reply.ci95),
    }
