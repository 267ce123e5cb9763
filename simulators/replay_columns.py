"""A whole log of transactions as columns: what the compiled clock of a replay reads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulators.kernel.replay_records import NOTHING, PARTS, ROW
from simulators.recorded import Row
from simulators.transactions import ACTION, EVENTS, Batch, Transactions
from workbench.errors import BadInput
from workbench.program.lower import Codes
from workbench.rules.redemption import UNKNOWN_ITEM, UNNAMED

__all__ = ["Columns", "read_columns"]

Ints = npt.NDArray[np.int32]
NUMBERS = ("date", "posted", "event", "amount", "points", "birth_month", "birth_dom")
NAMES = ("member_id", "order_id", "refund_of", "category", "channel", "action", "referrer")


@dataclass(frozen=True)
class Columns:
    """The rows of a log posted by a day, in the order of the file."""

    rows: Any
    """record[rows] of ``ROW``; names but those of orders are not yet written."""
    parts: npt.NDArray[np.int64]
    """int64[rows, 3]: discount, tax, delivery; of no rows where there are none in the whole log."""
    names: dict[str, pa.ChunkedArray]
    """Every column of names as text, of all rows read."""
    member: Ints
    """Each row's member, numbered in the order they are first seen."""
    members: pa.StringArray
    """The members' ids."""
    orders: pa.StringArray
    """Order ids by code."""
    error: BadInput | None
    """What is wrong with the rows after these, where reading ended early."""

    def write_codes(self, codes: Codes) -> None:
        """Write a program's codes of categories, channels, actions and items into the rows."""
        place, names = _coded(self.names["category"], len(self.rows))
        self.rows["category"] = np.array([codes.category(name) for name in names], dtype=np.int32)[place]
        self.rows["named"] = np.array([name != "" for name in names])[place]
        place, names = _coded(self.names["channel"], len(self.rows))
        self.rows["channel"] = np.array([codes.channel(name) for name in names], dtype=np.int32)[place]
        place, names = _coded(self.names["action"], len(self.rows))
        actions = np.array([codes.actions.get(name, -1) for name in names], dtype=np.int32)
        items = np.array([codes.items.get(name, UNKNOWN_ITEM) if name else UNNAMED for name in names], dtype=np.int32)
        self.rows["what"] = np.where(self.rows["event"] == ACTION, actions[place], items[place])

    def member_of(self, row: int) -> str:
        """The id of a row's member."""
        found: str = self.members[int(self.member[row])].as_py()
        return found

    def row(self, k: int) -> Row:
        """The k-th row, as the clock in plain Python takes it."""
        found: dict[str, Any] = {name: self.names[name][k].as_py() for name in NAMES}
        found |= {name: int(self.rows[name][k]) for name in NUMBERS}
        if len(self.parts):
            found |= zip(PARTS, self.parts[k].tolist(), strict=True)
        return Row(**{**found, "row": k + 1, "event": EVENTS[found["event"]]})


def read_columns(log: Transactions, last_day: int) -> Columns:
    """Read a log to its end, or to the first batch with something wrong; keep the rows posted by ``last_day``."""
    rows, parts = np.zeros(log.about, dtype=ROW), np.zeros((0, len(PARTS)), dtype=np.int64)
    chunks: dict[str, list[pa.StringArray]] = {name: [] for name in NAMES}
    count, error = 0, None
    try:
        for batch in log:
            piece = slice(count, count + len(batch))
            rows = _with_room(rows, piece.stop)
            _fill(rows[piece], batch)
            if any(getattr(batch, name).any() for name in PARTS):
                parts = _with_room(parts, len(rows))
                parts[piece] = np.stack([getattr(batch, name) for name in PARTS], axis=1)
            count += len(batch)
            for name, pieces in chunks.items():
                pieces.append(getattr(batch, name).column)
    except BadInput as found:
        error = found
    names = {name: pa.chunked_array(pieces, pa.string()) for name, pieces in chunks.items()}
    with ThreadPoolExecutor(1) as pool:
        members = pool.submit(_encoded, names["member_id"])
        orders = _write_orders(rows[:count], names["order_id"], names["refund_of"])
        member, ids = members.result()
    posted = int(np.searchsorted(rows["posted"][:count], last_day, side="right"))
    return Columns(rows[:posted].view(np.recarray), parts[:posted], names, member[:posted], ids, orders, error)


def _with_room(rows: Any, count: int) -> Any:
    """The rows, and zeros after them where there are fewer than ``count``."""
    more = max(0, count - len(rows))
    return np.concatenate([rows, np.zeros((more, *rows.shape[1:]), dtype=rows.dtype)]) if more else rows


def _fill(rows: Any, batch: Batch) -> None:
    """Write a batch's numbers into rows of zeros."""
    for name in NUMBERS:
        values = getattr(batch, name)
        if values.any():
            rows[name] = values


def _write_orders(rows: Any, order_id: pa.ChunkedArray, refund_of: pa.ChunkedArray) -> pa.StringArray:
    """Write the codes of order ids into the rows; returns the ids."""
    named = pc.not_equal(refund_of, "")
    codes, ids = _encoded(pa.chunked_array([*order_id.chunks, *refund_of.filter(named).chunks], pa.string()))
    blank = pc.index(ids, "").as_py()
    rows["order"] = np.where(codes[: len(rows)] == blank, NOTHING, codes[: len(rows)])
    rows["refund_of"] = NOTHING
    rows["refund_of"][named.to_numpy()] = codes[len(rows) :]
    return ids


def _encoded(texts: pa.ChunkedArray) -> tuple[Ints, pa.StringArray]:
    """Texts as codes into the distinct ones, which stand in the order they are first seen."""
    found = texts.dictionary_encode().combine_chunks()
    return found.indices.to_numpy(), found.dictionary


def _coded(texts: pa.ChunkedArray, count: int) -> tuple[Ints, list[str]]:
    place, names = _encoded(texts.slice(0, count))
    return place, names.to_pylist()
