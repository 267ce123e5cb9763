"""Many designs lived by the same members: one pass over the members for a batch of them, in which all share the candidates and the world without a
program, and designs that agree in their assumptions share today's program.

A world is a program under some assumptions; its members are packed once, drawn once, and live in all worlds of the batch one after the other. What a
design leaves is small: sums over groups of members, and a few figures of the whole (``workbench.study.outcomes``).
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from simulators.kernel import cores, refusals
from simulators.kernel.run import BLOCK, Part, Workshop, live_block, new_part
from simulators.kernel.worlds import Worlds, packed_worlds
from simulators.layout import TooLarge
from workbench.digest import combine
from workbench.errors import BadInput, Problem, dotted
from workbench.finance.accounting.policy import Policy
from workbench.population.behaviour_spec import Assumptions
from workbench.program.spec import Program
from workbench.program.versions import all_tiers
from workbench.scenario import NO_PROGRAM, Scenario
from workbench.spec import SpecError
from workbench.study.jackknife import group_bounds
from workbench.study.outcomes import VALUED_GROUPS, Whole, sums_of, valued, valued_tables, whole_of

__all__ = ["BATCH", "Job", "Lived", "batches", "live_all", "live_batch"]

Ints = npt.NDArray[np.int64]
BATCH = 16
"""Designs to a pass: so many that what they share costs little beside what they do not."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Job:
    """A design to be lived."""

    name: str
    """How it is named where something is wrong."""
    scenario: Scenario
    """Its program beside none."""
    today: Program | None = None
    """Today's program, lived by the same members under the same assumptions; None where the design is not compared with it."""


@dataclass(frozen=True)
class Lived:
    """What a design came to."""

    digest: str
    """That of the run of its scenario: every entry with the program, and without."""
    sums: Ints
    """int64[groups, SUMS]"""
    whole: Whole
    today: "Lived | None" = None
    """Today's program, where it was lived beside."""

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        today = None if self.today is None else self.today.as_json()
        return {"digest": self.digest, "whole": self.whole.as_json(), "today": today, "sums": self.sums.tolist()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Lived":
        """Read back."""
        today = None if data["today"] is None else cls.from_json(data["today"])
        whole = data["whole"] | {"contract_without": tuple(data["whole"]["contract_without"])}
        return cls(data["digest"], np.array(data["sums"], dtype=np.int64), Whole(**whole), today)


World = tuple[Program, Assumptions]


def batches(jobs: Sequence[Job], most: int | None = None) -> Iterator[list[int]]:
    """The places of jobs, in passes: each of one population, and of so many jobs (``BATCH``) at most."""
    most = most or BATCH
    by_population: dict[int, list[int]] = {}
    for place, job in enumerate(jobs):
        by_population.setdefault(id(job.scenario.population), []).append(place)
    for places in by_population.values():
        for first in range(0, len(places), most):
            yield places[first : first + most]


def live_all(
    jobs: Sequence[Job],
    policy: Policy | None,
    threads: int | None = None,
    progress: Callable[[float, int], None] | None = None,
) -> Iterator[tuple[int, Lived]]:
    """Live designs batch after batch; gives each with its place as soon as its batch is over. While a batch is lived, by threads that hold no
    interpreter lock, the one before it is valued. ``progress`` is told (designs lived, designs in all); what it raises ends it all."""
    waiting: tuple[list[int], Future[list[Lived]]] | None = None
    done = 0
    with ThreadPoolExecutor(1) as desk:
        for batch in batches(jobs):

            def tell(members: int, total: int, before: int = done, count: int = len(batch)) -> None:
                if progress is not None:
                    progress(before + count * members / total, len(jobs))

            value = live_pass([jobs[k] for k in batch], policy, threads, tell)
            if waiting is not None:
                yield from zip(waiting[0], waiting[1].result(), strict=True)
            waiting = batch, desk.submit(value)
            done += len(batch)
        if waiting is not None:
            yield from zip(waiting[0], waiting[1].result(), strict=True)


def live_batch(
    jobs: Sequence[Job], policy: Policy | None, threads: int | None = None, progress: Progress | None = None
) -> list[Lived]:
    """Live the designs of one population by the same members, in one pass. ``policy``: how points are valued; None: they need not be.
    ``progress`` is told (members done, members in all); what it raises ends the pass. Raises BadInput where the kernel cannot live a design."""
    return live_pass(jobs, policy, threads, progress)()


def live_pass(
    jobs: Sequence[Job], policy: Policy | None, threads: int | None = None, progress: Progress | None = None
) -> Callable[[], list[Lived]]:
    """The same, but for what takes no members: the function returned says what each design came to."""
    base = jobs[0].scenario
    made = _Pass(jobs)
    made.is_valued = policy is not None
    with _named(jobs):
        made.pack(base)
    bounds, done = group_bounds(base.members), 0
    pool = ThreadPoolExecutor(threads or cores())
    try:
        with _Refusing(jobs):
            for future in as_completed([pool.submit(made.live, group, *span) for group, span in enumerate(bounds)]):
                done += future.result()
                if progress is not None:
                    progress(done, base.members)
    finally:
        pool.shutdown(cancel_futures=True)
    return lambda: made.finished(jobs, len(bounds), policy)


class _Pass:
    """The worlds of a batch, and what its groups of members came to."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.worlds: list[World] = []
        self._place: dict[tuple[int, int], int] = {}
        self.mine = [self._world(job.scenario.program, job.scenario.assumptions) for job in jobs]
        self.todays = [None if job.today is None else self._world(job.today, job.scenario.assumptions) for job in jobs]
        none = len(self.worlds)
        beside = {(mine, today) for mine, today in zip(self.mine, self.todays, strict=True) if today is not None}
        self.pairing = [(k, none) for k in range(none)] + sorted(beside)
        self.parts: list[Part] = []
        self.valued: list[dict[int, list[list[Ints]]]] = []
        self.groups: dict[int, list[list[Ints]]] = {}
        self.is_valued = False
        self._own = threading.local()

    def _world(self, program: Program, assumptions: Assumptions) -> int:
        key = id(program), id(assumptions)
        if key not in self._place:
            self._place[key] = len(self.worlds)
            self.worlds.append((program, assumptions))
        return self._place[key]

    def pack(self, base: Scenario) -> None:
        """Pack every world for the members of a scenario."""
        self.base, self.programs = base, [program for program, _ in self.worlds] + [NO_PROGRAM]
        packed = [packed_worlds(replace(base, assumptions=assumed), [program]) for program, assumed in self.worlds]
        self.packed = _side_by_side([*packed, packed_worlds(base, [NO_PROGRAM])])
        self.tiers = [len(all_tiers(program)) for program in self.programs]

    def _part(self) -> Part:
        return new_part(self.base, self.programs, self.packed, self.pairing)

    def live(self, group: int, first: int, last: int) -> int:
        """Live a group in the calling thread; returns its number of members. What it came to is what it added to the thread's own part."""
        own = self._own
        if not hasattr(own, "part"):
            own.shop, own.part = Workshop(self.packed), self._part()
            self.parts.append(own.part)
            own.before, own.tables = self._sums(own.part), self._tables(own.part)
            own.valued = {}
            self.valued.append(own.valued)
        for start in range(first, last, BLOCK):
            live_block(self.base, self.packed, start, min(BLOCK, last - start), own.part, own.shop, False)
        after = self._sums(own.part)
        self.groups[group] = [
            [b - a for a, b in zip(*both, strict=True)] for both in zip(own.before, after, strict=True)
        ]
        own.before = after
        if self.is_valued:
            tables = self._tables(own.part)
            added = [[b - a for a, b in zip(*both, strict=True)] for both in zip(own.tables, tables, strict=True)]
            own.tables = tables
            _add(own.valued, group % VALUED_GROUPS, added)
        return last - first

    def _tables(self, part: Part) -> list[list[Ints]]:
        """By world, copies of what a valuation reads."""
        if not self.is_valued:
            return []
        return [[table.copy() for table in valued_tables(panel)] for panel in part.panels[:-1]]

    def _sums(self, part: Part) -> list[list[Ints]]:
        """By world, with no program, and with each world it is paired with: the sums of SUMS."""
        found = []
        for k in range(len(self.worlds)):
            pairs = [(base, pair) for (mine, base), pair in zip(part.pairing, part.pairs, strict=True) if mine == k]
            none = pairs[0][1]
            found.append(
                [
                    sums_of(part.panels[k], none, None if base == len(self.worlds) else pair, self.tiers[k])
                    for base, pair in pairs
                ]
            )
        return found

    def finished(self, jobs: Sequence[Job], groups: int, policy: Policy | None) -> list[Lived]:
        """What each design came to."""
        total, *others = self.parts
        for part in others:
            total.add(part)
        self.by_part: dict[int, list[list[Ints]]] = {}
        for thread in self.valued:
            for place, added in thread.items():
                _add(self.by_part, place, added)
        kept: dict[tuple[int, int], Lived] = {}
        return [
            self._lived(total, mine, today, groups, policy, kept)
            for mine, today in zip(self.mine, self.todays, strict=True)
        ]

    def _lived(
        self,
        total: Part,
        mine: int,
        today: int | None,
        groups: int,
        policy: Policy | None,
        kept: dict[tuple[int, int], Lived],
    ) -> Lived:
        none = len(self.worlds)
        base = none if today is None else today
        if (mine, base) not in kept:
            place = [other for k, other in self.pairing if k == mine].index(base)
            sums = np.array([self.groups[group][mine][place] for group in range(groups)])
            program = self.programs[mine]
            world, rules = total.panels[mine], total.rules[mine]
            whole = whole_of(
                world, sums.sum(axis=0), rules, program, self.base.population, today is not None, self.base.cost_factors
            )
            if policy is not None:
                parts = [self.by_part[place][mine] for place in sorted(self.by_part)]
                whole = valued(whole, world, parts, rules, program, policy)
            beside = None if today is None else self._lived(total, today, None, groups, policy, kept)
            kept[mine, base] = Lived(self._digest(total, mine), sums, whole, beside)
        return kept[mine, base]

    def _digest(self, total: Part, mine: int) -> str:
        sums = [total.digests[mine], total.digests[-1]]
        return combine([(int(each[0]), int(each[1])) for each in sums], sum(int(each[2]) for each in sums))


def _add(into: dict[int, list[list[Ints]]], place: int, added: list[list[Ints]]) -> None:
    if place not in into:
        into[place] = added
        return
    for mine, more in zip(into[place], added, strict=True):
        for table, other in zip(mine, more, strict=True):
            table += other


def _side_by_side(packed: Sequence[Worlds]) -> Worlds:
    """Worlds packed one by one as one: the candidates that any of them may need are drawn, and each looks at those it does need."""

    def all_of(name: str) -> list[Any]:
        return [each for worlds in packed for each in getattr(worlds, name)]

    return Worlds(
        records=all_of("records"),
        behaviour=all_of("behaviour"),
        population=packed[0].population,
        rules=all_of("rules"),
        tier_names=all_of("tier_names"),
        tier_of=all_of("tier_of"),
        messages=all_of("messages"),
        strips=max(worlds.strips for worlds in packed),
        largest=max(worlds.largest for worlds in packed),
        death_factor=min(worlds.death_factor for worlds in packed),
    )


class _Refusing:
    """Says which designs were lived when one of them outgrew the kernel."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs

    def __enter__(self) -> None:
        for job in self.jobs:
            for reason in refusals(job.scenario, [job.scenario.program]):
                raise BadInput(Problem(job.name, f"expected a program that the compiled kernel can live: {reason}"))

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        if isinstance(error, TooLarge):
            names = self.jobs[0].name if len(self.jobs) == 1 else f"{self.jobs[0].name} to {self.jobs[-1].name}"
            raise BadInput(Problem(names, f"expected designs that the compiled kernel can live: {error}")) from error


class _named:
    """Says which design cannot be exact: found when it is packed."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        if not isinstance(error, SpecError):
            return
        for job in self.jobs:
            try:
                packed_worlds(job.scenario, [job.scenario.program])
            except SpecError as own:
                raise BadInput(
                    Problem(job.name, f"program.{dotted(own.path)}: {own.message}", own.value, own.suggestion)
                ) from own
