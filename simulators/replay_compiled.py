"""The compiled clock of a replay: a whole log, member by member over several threads, through the rulebook in compiled code.

It gives what ``simulators.recorded`` gives, entry for entry, or says that it cannot; then the clock in plain Python goes over the log.

    replay_columns.py      the log as columns
    kernel/replay.py       members in compiled code (replay_records.py: its records, replay_order.py: sorting)
    kernel/replay_run.py   members over threads
    replay_compiled.py     what cannot be lived through; the ledger in order; the members at the end
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulators.kernel.replay import live_members
from simulators.kernel.replay_order import count, place, write_down
from simulators.kernel.replay_records import FORGOTTEN, NOTHING, Ledger
from simulators.kernel.replay_run import Crew, Piece, load_code
from simulators.layout import TERMS, TooLarge, blank, packed
from simulators.members_file import Members, at_end
from simulators.recorded import MOST_REFUSALS, BadRow, Recorded, Refusal, forgotten_order, strict_faults
from simulators.replay_columns import Columns, read_columns
from simulators.transactions import BASIC_EVENTS, Fault, Transactions
from workbench.program.lower import lower
from workbench.program.spec import Program
from workbench.rules.bounds import DAYS
from workbench.rules.redemption import REFUSALS
from workbench.rules.terms import Terms
from workbench.rules.tiers import METRICS
from workbench.spec import SpecError

__all__ = ["MOST_ROWS", "Lived", "live_log"]

MOST_ROWS = 5_000_000
"""Longer logs are for the clock in plain Python, whose memory does not grow with them."""
SLICE = 2**20
"""Entries of the ledger handed out at once."""
LARGEST = 2**61
"""No product or sum may go beyond."""


def live_log(
    program: Program,
    log: Transactions,
    last_day: int,
    *,
    strict: bool,
    keep_entries: bool,
    most_lots: int,
    threads: int | None = None,
) -> "Lived | None":
    """Live a log to the end of a day; None where compiled code has not the room for it. ``keep_entries``: of the ledger; ``most_lots``: with
    more members than this their lots are not kept. Raises BadInput as the clock in plain Python does."""
    if log.about > MOST_ROWS or not hasattr(live_members, "py_func"):  # without the latter, compiling is switched off
        return None
    with ThreadPoolExecutor(1) as pool:
        loaded = pool.submit(load_code)
        columns = read_columns(log, last_day)
        loaded.result()
    if len(columns.rows) == 0 or not _exact(columns) or program.offers or (columns.rows["event"] >= BASIC_EVENTS).any():
        return None
    first_day = int(columns.rows["date"].min())
    reach = 0 if program.earn.pending is None else program.earn.pending.days
    if last_day + reach - first_day + 2 > DAYS:
        return None
    record = blank(TERMS)
    try:
        lowered = lower(program, first_day, last_day + reach)
        packed(lowered.terms, record[0])
    except (SpecError, TooLarge):  # Python's clock tells which, or has the room
        return None
    columns.write_codes(lowered.codes)
    most_points = _most_points(lowered.terms)
    crew = Crew(
        columns.rows, columns.parts, columns.member, len(columns.orders), record[0], last_day, most_points, keep_entries, most_lots
    )  # fmt: skip
    if not crew.live(threads or len(os.sched_getaffinity(0))):
        return None
    lived = Lived(program, lowered.terms, lowered.rules, columns, crew, last_day)
    lived.check(log, strict)
    return lived


def _exact(columns: Columns) -> bool:
    """Whether no sum over the log can leave 63 bits."""
    sums = [columns.rows[name].sum(dtype=np.float64) for name in ("amount", "points")]
    return bool(max(*sums, columns.parts.sum(dtype=np.float64)) < LARGEST)


def _most_points(terms: Terms) -> int:
    """Points with which every product of the rules stays within 63 bits."""
    redemption, expiry = terms.redemption, terms.expiry
    factors = (1000, 1000 * redemption.off_worth, redemption.automatic_worth, expiry.voucher, *redemption.item_worth)
    return LARGEST // max(factors)


@dataclass(frozen=True)
class Lived:
    """A log lived to the end of a day."""

    program: Program
    terms: Terms
    rules: tuple[str, ...]
    """Names of the ledger's rules."""
    columns: Columns
    crew: Crew
    last_day: int

    # --- what is refused, and what cannot be lived through ---
    @property
    def refused(self) -> int:
        """Number of refusals."""
        return sum(len(each.refusals) for each in self.crew.pieces)

    def refusals(self) -> list[Refusal]:
        """The first of them, by row."""
        return self._told(self._refusals()[:MOST_REFUSALS])

    def check(self, log: Transactions, strict: bool) -> None:
        """Raise BadInput as Python's clock does: for the first row that cannot be lived through; where ``strict``, for the refusals that come
        to light first, if they do so before it; for what was wrong with rows read later."""
        fault, rows, refusals = self.crew.fault, len(self.columns.rows), self._refusals()
        noted = int(refusals.noted.min(initial=rows + 1)) if strict else rows + 1
        if fault <= min(noted, rows - 1):
            raise log.bad_rows([self._fault(fault)])
        if noted < rows or (noted == rows and self.columns.error is None):
            raise log.bad_rows(strict_faults(self._told(refusals[refusals.noted == noted])))
        if self.columns.error is not None:
            raise self.columns.error

    def _refusals(self) -> Any:
        found = np.concatenate([each.refusals for each in self.crew.pieces]).view(np.recarray)
        return found[np.argsort(found.row, kind="stable")]

    def _told(self, refusals: Any) -> list[Refusal]:
        forgotten = forgotten_order(self.terms.refunds.within_days)
        return [
            Refusal(row + 1, self.columns.member_of(row), forgotten if reason == FORGOTTEN else REFUSALS[reason])
            for row, reason in zip(refusals.row.tolist(), refusals.reason.tolist(), strict=True)
        ]

    def _fault(self, fault: int) -> Fault:
        """What is wrong with a row, told by Python's clock from the rows of its member."""
        rows = self.crew.rows_of(self.columns.member[fault])
        first = self.columns.row(int(rows[0]))
        replay = Recorded(self.program, min(first.date, self.last_day), self.last_day)
        before = int(rows[0])
        for k in rows[rows <= fault].tolist():
            if k > before + 1:  # another member's row stands between
                replay.close_checkout()
            before = k
            try:
                replay.post(self.columns.row(k))
            except BadRow as error:
                return error.fault
        raise AssertionError(f"row {fault + 1} can be lived through")

    # --- what it comes to ---
    def total(self, name: str) -> int:
        """The sum of a number over all members."""
        return sum(self.crew.members[name].tolist())

    def members(self) -> Members:
        """The members at the end, a list for each column."""
        found = self.crew.members
        metrics = () if self.program.tiers is None else self.program.tiers.metrics
        lots = np.concatenate([each.lots for each in self.crew.pieces])
        return at_end(
            self.program,
            self.terms.earn,
            self.columns.members[: len(found)].to_pylist(),
            {name: found[name].tolist() for name in ("balance", "pending", "tier", "tier_until", "carry")},
            {name: found["metrics"][:, code].tolist() for code, name in enumerate(METRICS) if name in metrics},
            [0, *np.cumsum(found["lots"]).tolist()],
            [lots[name].tolist() for name in ("earned_on", "expires_on", "points")],
        )

    def ledger(self) -> Iterator[dict[str, Any]]:
        """The ledger's columns piece by piece, as ``LedgerWriter`` takes them; ``seq`` from 1."""
        found = _in_order(self.crew.pieces, self.columns, self.last_day)
        names = pa.concat_arrays([self.columns.orders, pa.array([""])])
        rules = pa.array(self.rules)
        for first in range(0, len(found.day), SLICE):
            piece = Ledger(*(column[first : first + SLICE] for column in found))
            orders = np.where(piece.order == NOTHING, len(names) - 1, piece.order)
            yield {
                "seq": np.arange(first + 1, first + 1 + len(piece.day)),
                "member_id": _named(piece.member, self.columns.members),
                "date": piece.day,
                "kind": piece.kind,
                "points": piece.points,
                "money": piece.money,
                "lot_earned_on": piece.earned_on,
                "expires_on": piece.expires_on,
                "order_id": _named(orders, names),
                "rule": _named(piece.rule, rules),
            }


def _in_order(pieces: list[Piece], columns: Columns, last_day: int) -> Ledger:
    """The entries of all members in the order of the ledger."""
    posted = np.ascontiguousarray(columns.rows["posted"])
    first_day = int(posted[0])
    starts = np.zeros(last_day - first_day + 1, dtype=np.int64)
    units = np.zeros(len(posted), dtype=np.int64)
    for each in pieces:
        count(each.groups, first_day, starts, units)
    size = int(place(first_day, starts, units, posted))
    wide = ("points", "money")
    found = Ledger(*(np.empty(size, np.int64 if name in wide else np.int32) for name in Ledger._fields))
    for each in pieces:
        write_down(each.groups, each.entries, first_day, starts, units, columns.member, found)
    return found


def _named(codes: npt.NDArray[np.int32], names: pa.StringArray) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), names)
