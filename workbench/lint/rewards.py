"""What a program's points can buy, in one list: money off, the catalogue, automatic redemption, vouchers at statement dates."""

from dataclasses import dataclass
from fractions import Fraction

from workbench.program.spec import Program
from workbench.rules.expiry import Conversion
from workbench.units import to_minor

__all__ = ["Reward", "in_reach", "rewards_of"]


@dataclass(frozen=True)
class Reward:
    """One way to use points, at its smallest. Money in minor units."""

    path: str
    name: str
    balance: int
    """Points a member must hold."""
    takes: int
    """Points taken."""
    worth: Fraction
    """Worth of a point to the member."""
    cost: Fraction | None
    """Cost of a point to the brand; None where the file records none."""


def rewards_of(program: Program) -> list[Reward]:
    """Every reward, in the order of the file."""
    found = []
    redemption = program.redemption
    if redemption is not None and redemption.money_off is not None:
        off = redemption.money_off
        worth = Fraction(to_minor(off.worth), off.points)
        cost = worth if off.unit_cost is None else Fraction(to_minor(off.unit_cost), off.points)
        least = -(-off.points // to_minor(off.worth))  # fewer points would be rounded down to no money at all
        takes = -(-least // off.block) * off.block
        found.append(Reward("redemption.money_off", "money off", max(takes, off.minimum_balance), takes, worth, cost))
    for k, item in enumerate(() if redemption is None else redemption.catalogue):
        worth = Fraction(to_minor(item.face_value), item.points)
        cost = Fraction(to_minor(item.unit_cost), item.points)
        found.append(Reward(f"redemption.catalogue[{k}]", item.name, item.points, item.points, worth, cost))
    if redemption is not None and redemption.automatic is not None:
        given = redemption.automatic
        worth = Fraction(to_minor(given.worth), given.at)
        cost = worth if given.unit_cost is None else Fraction(to_minor(given.unit_cost), given.at)
        found.append(Reward("redemption.automatic", "automatic redemption", given.at, given.at, worth, cost))
    if isinstance(program.expiry, Conversion):
        worth = Fraction(to_minor(program.expiry.voucher), program.expiry.block)
        found.append(
            Reward(
                "expiry",
                "voucher",
                max(program.expiry.block, program.expiry.minimum),
                program.expiry.block,
                worth,
                None,
            )
        )
    return found


def in_reach(program: Program, rewards: list[Reward]) -> list[Reward]:
    """Those that automatic redemption does not forestall: it leaves a balance below its threshold."""
    automatic = None if program.redemption is None else program.redemption.automatic
    if automatic is None:
        return rewards
    return [each for each in rewards if each.path == "redemption.automatic" or each.balance < automatic.at]
