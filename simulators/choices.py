"""What a member of a simulation asks for when they redeem: the rules decide whether they get it."""

from dataclasses import dataclass

from simulators.desk import Redeeming
from workbench.ledger import Account
from workbench.program.spec import Program
from workbench.rules.redemption import is_open
from workbench.rules.terms import Terms
from workbench.units import NEVER, to_minor

__all__ = ["Rewards", "days_to_lapse"]


@dataclass(frozen=True)
class Rewards:
    """A program's rewards as members see them."""

    cheapest: int
    """Points of the cheapest reward; 0 where the program has none."""
    items: tuple[tuple[int, str], ...]
    """Catalogue by rising price."""
    off_points: int
    off_worth: int
    off_block: int
    off_least: int
    """Points below which money off is not worth asking for."""
    off_share: float

    @classmethod
    def of(cls, program: Program) -> "Rewards":
        """The rewards of a program."""
        redemption = program.redemption
        if redemption is None:
            return cls(0, (), 0, 0, 1, 0, 1.0)
        off = redemption.money_off
        items = tuple(sorted((item.points, item.name) for item in redemption.catalogue))
        least = 0 if off is None else max(off.points, off.block, off.minimum_balance)
        prices = [price for price, _ in items[:1]]
        prices += [least] if off is not None else []
        prices += [redemption.automatic.at] if redemption.automatic is not None else []
        return cls(
            cheapest=min(prices, default=0),
            items=items,
            off_points=0 if off is None else off.points,
            off_worth=0 if off is None else to_minor(off.worth),
            off_block=1 if off is None else off.block,
            off_least=least,
            off_share=1.0 if off is None or off.maximum_share is None else float(off.maximum_share),
        )

    def ask(self, terms: Terms, account: Account, day: int, basket: int) -> Redeeming | None:
        """As much money off as the basket allows, or else the dearest reward the balance pays for; None where nothing can be had."""
        balance = account.own.balance - account.own.debt
        if not is_open(terms, day):
            return None
        if self.off_points and balance >= self.off_least:
            payable = int(basket * self.off_share) * self.off_points // self.off_worth
            points = min(balance, payable) // self.off_block * self.off_block
            if points > 0 and basket >= terms.redemption.off_minimum_basket:
                return Redeeming(points)
        affordable = [name for price, name in self.items if price <= balance]
        return Redeeming(-1, affordable[-1]) if affordable else None


def days_to_lapse(account: Account, day: int) -> int:
    """Days to the next lapse of a usable lot, 0 on its last day; -1 where nothing lapses."""
    soonest = NEVER
    for lot in account.lots[: account.own.lots]:
        if not lot.pending and lot.expires_on < soonest:
            soonest = lot.expires_on
    return -1 if soonest >= NEVER else max(0, soonest - day)
