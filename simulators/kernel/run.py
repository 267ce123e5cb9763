"""Runs of the compiled kernel: blocks of members handed to threads, their panels added up."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulators.acting import ACTIONS
from simulators.kernel.block import Kept, Lived, Space, fold_pairs, live_world
from simulators.kernel.candidates import Drawn, draw_candidates, room_for
from simulators.kernel.worlds import Worlds, packed_worlds
from simulators.layout import ACCOUNT, ENTRIES, LOTS, ORDER, TooLarge, blank
from workbench.cost_statement import face_millionths, offer_rates
from workbench.finance.pairs import PairPanel, blank_pairs, merge_pairs
from workbench.finance.panel import Story, WorldPanel, blank_world, merge_worlds
from workbench.ledger import KINDS, numpy_dtype
from workbench.ledger_table import LEDGER_COLUMNS, LOT_COLUMNS
from workbench.population.past import Past
from workbench.population.responses import blank_responses
from workbench.population.strips import Members, draw_members
from workbench.program.spec import Program
from workbench.scenario import Scenario

__all__ = ["BLOCK", "Part", "Workshop", "live_block", "live_blocks", "new_part", "pairings"]

BLOCK = 4096
"""Members to a task of one thread; no result depends on it."""

Progress = Callable[[int, int], None]


@dataclass
class Part:
    """What some blocks came to: sums, which may be added up in any order."""

    rules: list[tuple[str, ...]]
    """Names of the ledger's rules, by world."""
    panels: list[WorldPanel]
    pairing: list[tuple[int, int]]
    """Which worlds are compared, as (world, with which)."""
    pairs: list[PairPanel]
    """By ``pairing``."""
    responses: list[Any]
    digests: list[Any]
    """uint64[3] for each world: two lanes, and the number of entries."""
    rows: list[list[Any]] = field(default_factory=list)
    """By world, where ledgers are kept: the blocks' (first member, rows, lots, day of joining, tier)."""

    def add(self, other: "Part") -> None:
        """Add another part of the same run."""
        for mine, more in zip(self.panels, other.panels, strict=True):
            merge_worlds(mine, more)
        for pair, more_pair in zip(self.pairs, other.pairs, strict=True):
            merge_pairs(pair, more_pair)
        for mine_sums, more_sums in zip(self.responses + self.digests, other.responses + other.digests, strict=True):
            mine_sums += more_sums
        for mine_rows, more_rows in zip(self.rows, other.rows, strict=True):
            mine_rows += more_rows

    def arrays(self) -> list[np.ndarray]:
        """Every sum as a plain array: each world's panel, each pair's, the responses, the digests. Kept ledgers are not among them."""
        cells = [panel.cells for panel in self.panels] + [pair.cells for pair in self.pairs]
        return cells + self.responses + self.digests

    def add_arrays(self, arrays: Sequence[np.ndarray]) -> None:
        """Add the ``arrays`` of another part of the same run. Raises ValueError where they are not of the same run."""
        expected, found = [[(each.shape, each.dtype) for each in some] for some in (self.arrays(), arrays)]
        if found != expected:
            raise ValueError(f"arrays of different runs: expected {expected}, found {found}")
        rest = iter(arrays)
        other = Part(
            rules=self.rules,
            pairing=self.pairing,
            panels=[panel._replace(cells=next(rest)) for panel in self.panels],
            pairs=[pair._replace(cells=next(rest)) for pair in self.pairs],
            responses=[next(rest) for _ in self.responses],
            digests=[next(rest) for _ in self.digests],
            rows=[[] for _ in self.rows],
        )
        self.add(other)


def pairings(programs: int) -> list[tuple[int, int]]:
    """Which worlds are compared, as (world, with which): each program with the baseline, the last world, then each further program with
    the first."""
    return [(k, programs) for k in range(programs)] + [(k, 0) for k in range(1, programs)]


def new_part(
    scenario: Scenario, programs: list[Program], worlds: Worlds, pairing: list[tuple[int, int]] | None = None
) -> Part:
    """A part of nobody; ``programs`` ends with the baseline. ``pairing``: which worlds are compared; as ``pairings`` says unless given."""
    pairing = pairings(len(programs) - 1) if pairing is None else pairing
    panels = [
        blank_world(
            scenario.start_day,
            scenario.last_day,
            len(KINDS),
            len(rules),
            len(tiers),
            tier_of,
            offer_rates(program, rules),
            face_millionths(program, scenario.end),
            messages,
            scenario.change_day(program),
        )
        for program, rules, tiers, tier_of, messages in zip(
            programs, worlds.rules, worlds.tier_names, worlds.tier_of, worlds.messages, strict=True
        )
    ]
    return Part(
        rules=worlds.rules,
        panels=panels,
        pairing=pairing,
        pairs=[
            blank_pairs(
                scenario.last_day, len(worlds.tier_names[k]), scenario.change_day(programs[k]), scenario.spend_band
            )
            for k, _ in pairing
        ],
        responses=[blank_responses() for _ in programs],
        digests=[np.zeros(3, dtype=np.uint64) for _ in programs],
        rows=[[] for _ in programs],
    )


class Workshop:
    """One thread's working memory, kept from block to block."""

    def __init__(self, worlds: Worlds) -> None:
        self.drawn = room_for(BLOCK, 16 * BLOCK)
        self.account = blank(ACCOUNT, 2)
        self.past = blank(numpy_dtype(Past), 2)
        self.orders = blank(ORDER, 2)
        self.acts = np.zeros(ACTIONS), np.zeros(ACTIONS, dtype=np.int64), np.zeros(ACTIONS, dtype=np.int64)
        self.refunds = worlds.population.return_share > 0

    def draw(self, worlds: Worlds, members: Members) -> Drawn:
        """The candidates of a block, in larger tables where they need them."""
        if len(members.key) >= len(self.drawn.start):
            self.drawn = room_for(len(members.key), len(self.drawn.time))
        while not draw_candidates(
            worlds.population, members, worlds.strips, worlds.largest, worlds.death_factor, self.drawn
        ):
            self.drawn = room_for(len(self.drawn.start) - 1, 2 * len(self.drawn.time))
        return self.drawn

    def space(self, drawn: Drawn, members: int) -> Space:
        """Working memory for one member at a time; a place for every order that may be refunded."""
        most = int(np.diff(drawn.start[: members + 1]).max(initial=0)) + 2 if self.refunds else 1
        if most > len(self.orders):
            self.orders = blank(ORDER, most)
        slots = np.zeros(len(self.orders), dtype=np.int64), np.zeros(len(self.orders), dtype=np.int64)
        return Space(self.account, self.past, self.orders, *slots, *self.acts)


def live_block(
    scenario: Scenario, worlds: Worlds, first: int, count: int, part: Part, shop: Workshop, keep: bool
) -> None:
    """Live members ``first`` to ``first + count - 1`` in every world and add them to a part. Raises TooLarge where one of them
    outgrows the room there is."""
    members = draw_members(scenario.population, worlds.population, scenario.seed, first, count)
    drawn = shop.draw(worlds, members)
    space = shop.space(drawn, count)
    lives = []
    for w in range(len(part.panels)):
        lived = Lived(
            bought=np.empty(drawn.start[count], dtype=np.int64),
            stories=blank(numpy_dtype(Story), count),
            joined=np.zeros(count, dtype=np.int64),
            responses=part.responses[w],
            digest=part.digests[w],
        )
        _live_in(worlds, w, members, drawn, part, lived, space, keep)
        lives.append(lived)
    for (k, base), pair in zip(part.pairing, part.pairs, strict=True):
        fold_pairs(members, drawn, lives[base], lives[k], pair)


def _live_in(
    worlds: Worlds, w: int, members: Members, drawn: Drawn, part: Part, lived: Lived, space: Space, keep: bool
) -> None:
    """Live a block in one world, taking kept rows away whenever their room is full."""
    count = len(members.key)
    room = (2 * ENTRIES, 2 * LOTS) if keep else (0, 0)
    kept = Kept(
        int(keep), np.empty((room[0], len(LEDGER_COLUMNS)), np.int64), np.empty((room[1], len(LOT_COLUMNS)), np.int64),
        np.full(count if keep else 0, -1, np.int64), np.zeros(2, np.int64),
    )  # fmt: skip
    rows, lots = [], []
    done = 0
    while done < count:
        done = live_world(
            worlds.records[w],
            worlds.behaviour[w],
            worlds.population,
            members,
            done,
            drawn,
            part.panels[w],
            lived,
            kept,
            space,
        )
        if done < 0:
            raise TooLarge(
                f"a member has more than about {LOTS // 2} lots or {ENTRIES} entries at once: more than the compiled engine has room for"
            )
        rows.append(kept.rows[: kept.count[0]].copy())
        lots.append(kept.lots[: kept.count[1]].copy())
        kept.count[:] = 0
    if keep:
        part.rows[w].append(
            (int(members.number[0]), np.concatenate(rows), np.concatenate(lots), lived.joined, kept.tier)
        )


class Crew:
    """Threads that share nothing: each adds its blocks to a part of its own."""

    def __init__(self, scenario: Scenario, programs: list[Program], keep: bool, worlds: Worlds | None = None) -> None:
        self.scenario, self.programs, self.keep = scenario, programs, keep
        self.worlds = worlds or packed_worlds(scenario, programs)
        self.parts = [new_part(scenario, programs, self.worlds)]
        self._own = threading.local()

    def live(self, first: int, count: int) -> int:
        """Live a block in the calling thread; returns its number of members."""
        own = self._own
        if not hasattr(own, "part"):
            own.shop, own.part = Workshop(self.worlds), new_part(self.scenario, self.programs, self.worlds)
            self.parts.append(own.part)
        live_block(self.scenario, self.worlds, first, count, own.part, own.shop, self.keep)
        return count

    def total(self) -> Part:
        """What all the threads' blocks came to."""
        for part in self.parts[1:]:
            self.parts[0].add(part)
        del self.parts[1:]
        return self.parts[0]


def live_blocks(
    scenario: Scenario,
    programs: list[Program],
    blocks: list[tuple[int, int]],
    progress: Callable[[int], None],
    threads: int,
    keep: bool,
    worlds: Worlds | None = None,
) -> Part:
    """Live blocks of members, given by their first member and their number, over several threads. ``progress`` is told of every
    block's members, in the calling thread; what it raises ends the run. ``worlds``: the programs, where they are packed already (for
    any seed)."""
    crew = Crew(scenario, programs, keep, worlds)
    if threads == 1 or len(blocks) < 2:
        for first, count in blocks:
            progress(crew.live(first, count))
        return crew.total()
    pool = ThreadPoolExecutor(threads)
    try:
        for done in as_completed([pool.submit(crew.live, *block) for block in blocks]):
            progress(done.result())
    finally:
        pool.shutdown(cancel_futures=True)
    return crew.total()
