"""Floor 5: what a program costs by line and month, and what comes of it: costs from its rules, quantities from a run."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from workbench.finance.lift import Cost
from workbench.finance.statement import Charge, statement
from workbench.finance.world import GIVEN, MEMBERS, MONEY, POINTS, RULE_MONEY, RULE_POINTS, USED, WorldPanel
from workbench.ledger import BONUS_BACK, DISCOUNT, FEE_DUE, FEE_REFUND, PAY_BONUS, REBATE, REDEEM, VOUCHER
from workbench.program.offer_costs import OfferCost, offer_costs, plan_cost
from workbench.program.spec import Program
from workbench.program.versions import in_force_on
from workbench.program.worth import cost_by_rule, cost_over_worth, face_value_per_point
from workbench.spec import SpecError
from workbench.units import CENTS

__all__ = ["FEES", "LINES", "Ints", "cost_of", "cost_statement", "face_millionths", "offer_rates"]

Ints = npt.NDArray[np.int64]

LINES = (
    "points", "vouchers", "member_prices", "coupons", "gifts", "coupon_handling", "stored_value_bonus", "rebates", "plan_service",
    "referral_handling", "messages",
)  # fmt: skip
"""The lines of the statement: what the brand gives up or pays."""
REDEMPTIONS = ("points", "vouchers")
"""The lines of what is redeemed."""
FEES = "fees"
"""The line of what it receives."""
MILLION = 1_000_000


def offer_rates(program: Program, rules: tuple[str, ...]) -> Ints:
    """int64[rules, 3]: what offers cost, as panels take it (see ``workbench.finance.world``): rounded, for the spread over members only."""
    found = np.zeros((len(rules), 3), dtype=np.int64)
    costs = offer_costs(program)
    for code, name in enumerate(rules):
        cost = costs.get(name)
        if cost is not None:
            found[code] = [int(cost.of_money * MILLION), round(cost.given), round(cost.used)]
    return found


def face_millionths(program: Program, when: date) -> int:
    """What a point is worth to a member by the rules in force on a date, in millionths of a minor unit, rounded down; 0 where points buy
    nothing."""
    face = face_value_per_point(in_force_on(program, when))
    return 0 if face is None else int(face * MILLION)


def cost_statement(
    world: WorldPanel, program: Program, rules: tuple[str, ...], factors: Sequence[Fraction] | None = None
) -> dict[str, list[Fraction]]:
    """Minor units by line (``LINES``, then ``FEES``) and month. ``factors``: by month, how many times as much as the program says what is redeemed
    costs (points and the vouchers they become)."""
    found = statement(world, rules, _charges(world, program, rules))
    for line in REDEMPTIONS if factors is not None else ():
        if line in found:
            found[line] = [cost * factor for cost, factor in zip(found[line], factors or (), strict=True)]
    found["messages"] = message_costs(world, program, rules)
    return {name: found.get(name, [Fraction(0)] * world.frame.months) for name in (*LINES, FEES)}


def cost_of(
    world: WorldPanel, program: Program, rules: tuple[str, ...], factors: Sequence[Fraction] | None = None
) -> Cost:
    """What a program cost in its world, over the run. ``factors`` as in ``cost_statement``."""
    statement_of = cost_statement(world, program, rules, factors)
    lines = {name: sum(values, Fraction(0)) for name, values in statement_of.items()}
    offers = sum((lines[name] for name in LINES if name not in ("points", "vouchers")), Fraction(0))
    return Cost(lines["points"], lines["vouchers"], offers, lines[FEES])


def _charges(world: WorldPanel, program: Program, rules: tuple[str, ...]) -> list[Charge]:
    found = _points(world, program, rules)
    found.append(Charge("vouchers", MONEY, Fraction(1), kind=VOUCHER))
    found.append(Charge("member_prices", MONEY, Fraction(1), kind=DISCOUNT))
    for name, cost in offer_costs(program).items():
        found += _offer(name, cost)
    found += [Charge("stored_value_bonus", MONEY, Fraction(-1), kind=kind) for kind in (PAY_BONUS, BONUS_BACK)]
    found.append(Charge("rebates", MONEY, Fraction(1), kind=REBATE))
    found += [Charge(FEES, MONEY, Fraction(1), kind=kind) for kind in (FEE_DUE, FEE_REFUND)]
    return found


def _points(world: WorldPanel, program: Program, rules: tuple[str, ...]) -> list[Charge]:
    """Points at cost. Those that refunds gave back cost nothing after all: they are valued at the average cost of the points redeemed. Where the
    program has versions, a point may buy more or less after a date: then what was bought counts, at its cost over its worth."""
    costs = cost_by_rule(program)
    worths = cost_over_worth(program) if program.versions else {}
    taken, total = 0, Fraction(0)
    found = []
    for code, name in enumerate(rules):
        redeemed = -int(world.by_rule[code, REDEEM, POINTS])
        if redeemed:
            taken += redeemed
            if name in worths:
                total += int(world.by_rule[code, REDEEM, MONEY]) * worths[name]
                found.append(Charge("points", RULE_MONEY, worths[name], rule=name))
            else:
                total += redeemed * costs[name]
                found.append(Charge("points", RULE_POINTS, -costs[name], rule=name))
    if taken:
        found.append(Charge("points", RULE_POINTS, -total / taken, rule="refunds.points_back"))
    return found


def _offer(name: str, cost: OfferCost) -> list[Charge]:
    """What the entries of one rule are charged: money taken off by coupons (prices stand in a line of their own), things given and used."""
    found = []
    if cost.line == "coupons":
        found.append(Charge("coupons", RULE_MONEY, cost.of_money, rule=name))
    if cost.gift:
        found.append(Charge("gifts", USED, cost.gift, rule=name))
    handling = {"coupons": "coupon_handling", "plans": "plan_service", "referral": "referral_handling"}.get(cost.line)
    if handling is not None:
        found.append(Charge(handling, GIVEN, cost.given, rule=name))
        found.append(Charge(handling, USED, cost.used - cost.gift, rule=name))
    return found


def message_costs(world: WorldPanel, program: Program, rules: tuple[str, ...]) -> list[Fraction]:
    """Minor units of each month's messages: each channel's cheapest plan for what was sent by it. A channel that is bought for another number of
    members (``members_base``) has its messages scaled to it, and its cost back. Raises SpecError where no plan holds a month's messages."""
    found = [Fraction(0)] * world.frame.months
    for place, months in enumerate(channel_costs(world, program, rules).values()):
        for month, (sent, cost) in enumerate(months):
            if cost is None:
                message = f"no plan holds the {sent:,} messages of a month: give the price of those beyond it (extra)"
                raise SpecError(("messages", "channels", place, "plans"), message)
            found[month] += cost
    return found


def channel_costs(
    world: WorldPanel, program: Program, rules: tuple[str, ...]
) -> dict[str, list[tuple[int, Fraction | None]]]:
    """By channel, each month's messages and their cost in minor units (None where no plan holds them), as ``message_costs`` adds them up."""
    found: dict[str, list[tuple[int, Fraction | None]]] = {}
    members = int(world.counts[MEMBERS])
    for channel in () if program.messages is None else program.messages.channels:
        names = {f"messages.{each.name}" for each in program.automations if each.channel == channel.name}
        codes = [code for code, name in enumerate(rules) if name in names]
        scale = Fraction(channel.members_base, members) if channel.members_base is not None and members else Fraction(1)
        found[channel.name] = []
        for sent in world.by_month_rule[:, codes, GIVEN].sum(axis=1).tolist():
            cost = plan_cost(channel, sent * scale)
            found[channel.name].append((sent, None if cost is None else cost / scale))
    return found


def money(minor: Fraction) -> int | float:
    """Minor units, rounded half up to a whole one, in major units."""
    whole = (2 * minor.numerator + minor.denominator) // (2 * minor.denominator)
    return whole // CENTS if whole % CENTS == 0 else whole / CENTS
