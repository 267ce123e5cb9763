"""What members bought after a message, beside those who were held out of it: two samples drawn apart by chance, and their difference."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from workbench.finance.cells import wide
from workbench.finance.paired import Z95
from workbench.finance.world import WorldPanel

__all__ = ["Arm", "Reply", "difference", "purchases_after", "sales_after"]


class Arm(NamedTuple):
    """Members of one side: how many, the sum of a figure over them, and that of its squares."""

    members: int
    total: int
    squares: int

    @property
    def mean(self) -> float | None:
        """A member's; None where there is nobody."""
        return self.total / self.members if self.members else None

    @property
    def error_squared(self) -> float:
        """The square of the standard error of the mean; two members are the least."""
        spread = self.squares - self.total * self.total / self.members
        return max(spread, 0.0) / (self.members - 1) / self.members


@dataclass(frozen=True)
class Reply:
    """A figure of a member in the days after a message."""

    sent: Arm
    held_out: Arm
    delta_pct: float | None
    """100 * (mean of those it was sent to / mean of those held out - 1); None where the latter is 0 or there are none."""
    ci95: tuple[float, float] | None
    """Its 95 % interval for the luck of who was held out, by the linearised ratio of two independent means (delta method; Casella & Berger,
    Statistical Inference, 2002, 5.5.4); None with fewer than two members on a side."""


def purchases_after(world: WorldPanel, message: int) -> Reply:
    """Purchases."""
    arms = [Arm(*(int(each) for each in world.replies[message, side])) for side in range(2)]
    return difference(*arms)


def sales_after(world: WorldPanel, message: int) -> Reply:
    """Sales, in minor units."""
    arms = [
        Arm(
            int(world.replies[message, side, 0]),
            int(world.reply_sales[message, side]),
            wide(world.reply_squares[message, side]),
        )
        for side in range(2)
    ]
    return difference(*arms)


def difference(sent: Arm, held_out: Arm) -> Reply:
    """Two sides of a message."""
    mine, other = sent.mean, held_out.mean
    if mine is None or not other:
        return Reply(sent, held_out, None, None)
    ratio = mine / other
    delta = 100 * (ratio - 1)
    if min(sent.members, held_out.members) < 2:
        return Reply(sent, held_out, delta, None)
    error = 100 * Z95 * math.sqrt(sent.error_squared + ratio**2 * held_out.error_squared) / other
    return Reply(sent, held_out, delta, (delta - error, delta + error))
