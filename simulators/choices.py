"""What a member of a simulation asks for when they redeem: the rules decide whether they get it."""

from typing import NamedTuple

from workbench.program.spec import Program
from workbench.rules.redemption import UNNAMED, is_open
from workbench.units import NEVER, rule, to_minor

__all__ = ["NOTHING", "RewardTerms", "ask", "days_to_lapse", "reward_terms"]

NOTHING = -3
"""No reward can be had."""
ITS_PRICE = -1


class RewardTerms(NamedTuple):
    """A program's rewards as members see them."""

    cheapest: int
    """Points of the cheapest reward; 0 where the program has none."""
    item_points: list[int]
    """Catalogue prices, rising."""
    item_codes: list[int]
    """Place of each in the program's catalogue."""
    off_points: int
    off_worth: int
    off_block: int
    off_least: int
    """Points below which money off is not worth asking for."""
    off_share: int
    """Thousandths of the basket that points may pay."""


def reward_terms(program: Program) -> RewardTerms:
    """The rewards of a program."""
    redemption = program.redemption
    if redemption is None:
        return RewardTerms(0, [], [], 0, 0, 1, 0, 1000)
    off = redemption.money_off
    items = sorted((item.points, code) for code, item in enumerate(redemption.catalogue))
    least = 0 if off is None else max(off.points, off.block, off.minimum_balance)
    prices = [price for price, _ in items[:1]]
    prices += [least] if off is not None else []
    prices += [redemption.automatic.at] if redemption.automatic is not None else []
    return RewardTerms(
        cheapest=min(prices, default=0),
        item_points=[price for price, _ in items],
        item_codes=[code for _, code in items],
        off_points=0 if off is None else off.points,
        off_worth=0 if off is None else to_minor(off.worth),
        off_block=1 if off is None else off.block,
        off_least=least,
        off_share=1000 if off is None or off.maximum_share is None else int(off.maximum_share * 1000),
    )


@rule
def ask(terms, rewards, account, day, basket):
    """As much money off as the basket allows, or else the dearest reward the balance pays for: (item, points), item ``NOTHING``
    where nothing can be had."""
    balance = account.own.balance - account.own.debt
    if not is_open(terms, day):
        return NOTHING, 0
    if rewards.off_points > 0 and balance >= rewards.off_least and basket >= terms.redemption.off_minimum_basket:
        payable = basket * rewards.off_share // 1000 * rewards.off_points // rewards.off_worth
        points = min(balance, payable) // rewards.off_block * rewards.off_block
        if points > 0:
            return UNNAMED, points
    found = NOTHING
    for k in range(len(rewards.item_points)):
        if rewards.item_points[k] <= balance:
            found = rewards.item_codes[k]
    return found, ITS_PRICE


@rule
def days_to_lapse(account, day):
    """Days to the next lapse of a usable lot, 0 on its last day; -1 where nothing lapses."""
    soonest = NEVER
    for i in range(account.own.lots):
        lot = account.lots[i]
        if not lot.pending:
            soonest = min(soonest, lot.expires_on)
    return -1 if soonest >= NEVER else max(0, soonest - day)
