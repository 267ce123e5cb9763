"""Worlds lived by more and more members: a first answer from a few of them, and better ones as they are added to.

Members are independent of each other in the compiled kernel, and everything it keeps is a sum over them, so that 100,000 members are the first
5,000 and 95,000 more: nothing is lived twice. Members are dealt out to equal groups, each a fair sample of all, from which intervals of what has
no formula of its own follow: batch means, and the jackknife that leaves a group out (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, 11).
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from simulators.kernel import comparison_of, cores, refusals
from simulators.kernel.run import Part, Workshop, live_block, new_part
from simulators.kernel.worlds import packed_worlds
from simulators.layout import TooLarge
from workbench.finance.points import money_of, points_of
from workbench.finance.world import CUSTOMERS, MEMBERS, UPGRADED, WorldPanel
from workbench.ledger import KINDS, PURCHASE
from workbench.program.spec import Program
from workbench.scenario import Comparison, Scenario

__all__ = ["GROUPS", "LEFT_OUT", "Growing", "GroupSums"]

GROUPS = 20
"""Groups of members for batch means: Student's t with 19 degrees of freedom is 7 % wider than the normal distribution."""
LEFT_OUT = 10
"""Groups whose panels are kept, so that each can be left out: pairs of the others."""
STEP = 500
"""Members lived between two looks at whether somebody still waits: about 10 ms."""
GIVEN = 8
"""Of what ``PairPanel.given`` has, the money and points; purchases come after them."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GroupSums:
    """Sums over the groups of members, in one world and beside the world without a program; float64[groups] each."""

    members: Floats
    joined: Floats
    """Members who joined."""
    upgraded: Floats
    """Of those, who rose at least once."""
    outstanding: Floats
    """Points outstanding at the end."""
    sales: Floats
    """Minor units, gross of discounts."""
    given: Floats
    """float64[groups, 8]: in the baseline and in this world: sales, points redeemed, other costs (vouchers, offers) and fees, as
    ``workbench.finance.pairs`` has them: (sales_0, sales_1, points_0, points_1, other_0, other_1, fees_0, fees_1)."""


class Growing:
    """Several programs and the scenario's baseline, lived by the first members of a scenario so far. Not for several threads at once.

    Raises TooLarge where the compiled kernel cannot live them, SpecError where a program cannot be exact. ``scenario.members`` is not looked at.
    """

    give_way: Callable[[], None] | None = None
    """Called by its threads every few milliseconds while further members are lived; may wait, so that something else goes first."""

    def __init__(self, scenario: Scenario, programs: Sequence[Program], threads: int | None = None) -> None:
        self.scenario, self.programs = scenario, list(programs)
        worlds = [*programs, scenario.baseline]
        for reason in refusals(scenario, worlds):
            raise TooLarge(reason)
        self._worlds, self._threads = worlds, threads or cores()
        self._packed = packed_worlds(scenario, worlds)
        self._total = new_part(scenario, worlds, self._packed)
        self._kept = [[np.zeros_like(panel.cells) for panel in self._total.panels[:-1]] for _ in range(LEFT_OUT)]
        self._sums = np.zeros((len(self.programs), GROUPS, 5))
        self._given = np.zeros((len(self.programs), GROUPS, GIVEN))
        self._own = threading.local()
        self._ended = threading.Event()
        self.members = 0

    def grow(self, members: int, progress: Callable[[int, int], None] | None = None) -> None:
        """Live further members, until there are so many. ``progress`` is told (members so far, members in all) in the calling thread; what it
        raises ends the growth, and then this object cannot be used any more."""
        blocks = list(_blocks(self.members, members))
        pool = ThreadPoolExecutor(self._threads, initializer=_step_back if self.members else None)
        self.members = -1
        done = members - sum(count for _, _, count in blocks)
        try:
            for future in as_completed([pool.submit(self._live, *block) for block in blocks]):
                group, count, part = future.result()
                self._add(group, part)
                done += count
                if progress is not None:
                    progress(done, members)
        finally:
            self._ended.set()  # where something was raised, threads are in the midst of their blocks
            pool.shutdown(cancel_futures=True)
        self._ended.clear()
        self.members = members

    def _live(self, group: int, first: int, count: int) -> tuple[int, int, Part]:
        """In a thread: a block of one group."""
        if not hasattr(self._own, "shop"):
            self._own.shop = Workshop(self._packed)
        part = new_part(self.scenario, self._worlds, self._packed)
        for start in range(first, first + count, STEP):
            if self.give_way is not None:
                self.give_way()
            if not self._ended.is_set():
                step = min(STEP, first + count - start)
                live_block(self.scenario, self._packed, start, step, part, self._own.shop, False)
        return group, count, part

    def _add(self, group: int, part: Part) -> None:
        for place in range(len(self.programs)):
            panel = part.panels[place]
            counts = panel.counts
            self._sums[place, group] += (
                counts[CUSTOMERS], counts[MEMBERS], counts[UPGRADED], points_of(panel, *range(len(KINDS))), money_of(panel, PURCHASE),
            )  # fmt: skip
            self._given[place, group] += part.pairs[place].given[:GIVEN]
            kept = self._kept[group % LEFT_OUT][place]
            kept[: panel.frame.month_of] += panel.cells[: panel.frame.month_of]
        self._total.add(part)

    def comparison(self) -> Comparison:
        """What the members so far come to."""
        return comparison_of(replace(self.scenario, members=self.members), self.programs, self._total)

    def sums(self, place: int) -> GroupSums:
        """A program's sums by group."""
        members, joined, upgraded, outstanding, sales = self._sums[place].T.copy()
        return GroupSums(members, joined, upgraded, outstanding, sales, self._given[place].copy())

    def without(self, place: int) -> Iterator[WorldPanel]:
        """A program's world with each of ``LEFT_OUT`` equal groups left out in turn. Sums of squares (``held_squared``, ``reply_squares``) are not
        meant: they are carried, and cannot be taken off."""
        whole: Any = self._total.panels[place]
        sums = whole.frame.month_of
        for kept in self._kept:
            cells = whole.cells.copy()
            cells[:sums] -= kept[place][:sums]
            yield whole._replace(cells=cells)


def _step_back() -> None:
    """Further members are lived behind whatever is urgent on this machine: somebody's first answer, the drawing of this one."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _blocks(first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """Members ``first`` to ``last - 1`` as (group, first member, number): an equal share to each group, nobody left over."""
    bounds = [first + (last - first) * k // GROUPS for k in range(GROUPS + 1)]
    for group in range(GROUPS):
        if bounds[group + 1] > bounds[group]:
            yield group, bounds[group], bounds[group + 1] - bounds[group]
