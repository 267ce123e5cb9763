"""Referrals in a simulation: which customers are brought by a member, who would not have come otherwise, and by whom.

Two draws belong to the customer, whatever the program: whether they would come through a referral where one is rewarded, and whether only
so. Who brings them is drawn among the members of that moment, which couples members' lives: only the agents can live that.
"""

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from workbench.population.behaviour_spec import Assumptions
from workbench.population.strips import BRINGS, COMES, ONLY_SO, REFERRED, candidate_key, mark, strip_key
from workbench.program.spec import Program

__all__ = ["Circle", "comes_how", "refers"]


class Alive(Protocol):
    """A member's life, as far as it matters here."""

    death: float


L = TypeVar("L", bound=Alive)


def refers(program: Program, assumptions: Assumptions) -> bool:
    """Whether members of a program bring others."""
    return program.referral is not None and assumptions.referral.share > 0


def comes_how(assumptions: Assumptions, key: int) -> tuple[bool, bool]:
    """Whether a customer comes through a referral where a program rewards one, and whether they would not come otherwise. ``key``: theirs."""
    draws = candidate_key(strip_key(key, REFERRED), 0)
    referred = mark(draws, COMES) < assumptions.referral.share
    return referred, referred and mark(draws, ONLY_SO) < assumptions.referral.incremental


class Circle(Generic[L]):
    """The members of a world in the order in which they joined."""

    def __init__(self) -> None:
        self._lives: list[L] = []

    def add(self, life: L) -> None:
        """Somebody has joined."""
        self._lives.append(life)

    def who_brings(self, key: int, now: float) -> L | None:
        """The member who brings a customer, each one not lost by now as likely as the others; None where there is nobody."""
        there: Sequence[L] = [life for life in self._lives if life.death > now]
        if not there:
            return None
        return there[int(mark(candidate_key(strip_key(key, REFERRED), 0), BRINGS) * len(there))]
