"""Members of a recorded log handed to threads in blocks, and what they leave behind gathered."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from simulators.kernel import replay_records as records
from simulators.kernel.replay import live_members
from simulators.kernel.replay_order import by_member
from simulators.layout import ACCOUNT, TERMS, blank, order_layout

__all__ = ["Crew", "Piece", "load_code"]

BLOCK = 2**16
"""Rows to a task of one thread; no result depends on it."""
MOST_ORDERS = 2_000
"""Orders of one member that wait for refunds at once."""


@dataclass(frozen=True)
class Piece:
    """What some members leave behind: records."""

    groups: Any
    entries: Any
    lots: Any
    refusals: Any


class Crew:
    """Threads that live the members of a log; ``rows`` to ``most_points`` are those of ``records.Log``, ``member`` is each row's."""

    def __init__(
        self,
        rows: Any,
        parts: npt.NDArray[np.int64],
        member: npt.NDArray[np.int32],
        orders: int,
        terms: Any,
        last_day: int,
        most_points: int,
        keep_entries: bool,
        most_lots: int,
    ) -> None:
        count = int(member.max(initial=-1)) + 1
        self.start = np.zeros(count + 1, dtype=np.int64)
        self.places = np.empty(len(rows), dtype=np.int32)
        by_member(member, self.start, self.places)
        self.members = blank(records.MEMBER, count)
        """The members at the end."""
        self.pieces: list[Piece] = []
        self.fault = len(rows)
        """The first row that cannot be lived through."""
        self._log = records.Log(rows, parts, self.places, self.start, last_day, most_points)
        self._terms = terms
        self._keep = keep_entries, count <= most_lots
        self._orders = orders
        self._own = threading.local()

    def rows_of(self, member: int) -> npt.NDArray[np.int32]:
        """The rows of a member."""
        return self.places[self.start[member] : self.start[member + 1]]

    def live(self, threads: int) -> bool:
        """Live all members; False where one of them outgrows the room there is."""
        bounds = np.unique(np.searchsorted(self.start, np.arange(0, self.start[-1], BLOCK)))
        blocks = list(pairwise([*bounds.tolist(), len(self.members)]))
        pool = ThreadPoolExecutor(threads)
        try:
            for found in pool.map(self._block, blocks):
                if found is None:
                    return False
                pieces, fault = found
                self.pieces += pieces
                self.fault = min(self.fault, fault)
        finally:
            pool.shutdown(cancel_futures=True)
        return True

    def _block(self, block: tuple[int, int]) -> tuple[list[Piece], int] | None:
        """Live some members in the calling thread: what they leave behind, and the first row that cannot be lived through."""
        own = self._own
        if not hasattr(own, "shop"):
            own.shop = Shop(self._orders)
        shop: Shop = own.shop
        counts = np.zeros(6, dtype=np.int64)
        counts[4] = self.fault
        pieces = []
        done, last = block
        while done < last:
            before = done
            counts[:4] = 0
            done = self.live_some(shop, done, last, counts)
            if done == records.TOO_LARGE or counts[5] > MOST_ORDERS:
                return None
            pieces.append(shop.taken(counts))
            if counts[5] > len(shop.space.orders):
                shop.make_orders(int(counts[5]))
            elif done == before:
                shop.make_room(2 * len(shop.room.entries))
        return pieces, int(counts[4])

    def live_some(self, shop: "Shop", first: int, last: int, counts: npt.NDArray[np.int64]) -> int:
        """Live members as far as there is room for what they leave behind; see ``live_members``."""
        room = shop.room
        out = records.Out(room.entries, room.groups, room.lots, room.refusals, counts, self.members, *self._keep)
        return int(live_members(self._log, self._terms, first, last, shop.space, out))


class Shop:
    """One thread's working memory."""

    def __init__(self, orders: int) -> None:
        self._account = blank(ACCOUNT)
        self._latest = np.full(orders, records.NOTHING, dtype=np.int32)
        self.make_orders(64)
        self.make_room(4 * BLOCK)

    def make_orders(self, count: int) -> None:
        """Room for orders that wait for refunds."""
        orders, free = blank(order_layout(records.LINES), count), np.zeros(count, dtype=np.int32)
        self.space = records.Space(self._account, orders, free, self._latest)

    def make_room(self, count: int) -> None:
        """Room for what members leave behind."""
        self.room = Piece(
            *(blank(kind, count) for kind in (records.GROUP, records.ENTRY, records.LOT, records.REFUSAL))
        )

    def taken(self, counts: npt.NDArray[np.int64]) -> Piece:
        """A copy of what was left behind."""
        entries, groups, lots, refusals = counts[:4].tolist()
        room = self.room
        return Piece(
            room.groups[:groups].copy(),
            room.entries[:entries].copy(),
            room.lots[:lots].copy(),
            room.refusals[:refusals].copy(),
        )


def load_code() -> None:
    """Have compiled code fetched from its cache, by living nobody."""
    rows, parts, member = (
        blank(records.ROW, 0),
        np.zeros((0, len(records.PARTS)), dtype=np.int64),
        np.zeros(0, dtype=np.int32),
    )
    member.flags.writeable = False  # as those that come from pyarrow
    nobody = Crew(rows, parts, member, 0, blank(TERMS)[0], 0, 0, False, 0)
    nobody.live_some(Shop(0), 0, 0, np.zeros(6, dtype=np.int64))
