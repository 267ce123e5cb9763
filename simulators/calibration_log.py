"""A log of transactions as calibration reads it: through the reader of the replay, with its checks, into plain columns.

Two things are told differently. Rows that name no member are left out and counted, for a replay cannot use them and a calibration can do
without. And one further column may be read, to tell segments of customers apart.
"""

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from simulators.transactions import JOIN, PURCHASE, REDEEM, REFUND, Batch, Names, Transactions
from workbench.errors import BadInput, Problem
from workbench.files import reading
from workbench.population.calibration import log as of
from workbench.population.calibration.log import Coded, Log

__all__ = ["NOBODY", "Source", "read_log"]

NOBODY = ("", "-", "anonymous", "guest", "n/a", "na", "nan", "none", "null", "unknown")
"""Ids that stand for nobody, whatever their case."""
_EVENTS = {JOIN: of.JOIN, PURCHASE: of.PURCHASE, REFUND: of.REFUND, REDEEM: of.REDEEM}


class Source(NamedTuple):
    """Which log it was."""

    name: str
    """The file's name, without its folder."""
    sha256: str
    rows: int

    def __str__(self) -> str:
        return f"Calibrated on {self.name} ({self.rows} rows, SHA-256 {self.sha256})"


class _Codes:
    """Codes of names over all batches."""

    def __init__(self) -> None:
        self.by_name: dict[str, int] = defaultdict(lambda: len(self.by_name))
        self.parts: list[np.ndarray] = []

    def add(self, names: Names, rows: np.ndarray, blank: int | None = None) -> None:
        """``blank``: the code of "", where it is to have none of its own."""
        codes = names.codes[rows]
        used, place = np.unique(codes, return_inverse=True)
        values = [names.values[code] for code in used.tolist()]
        found = [blank if value == "" and blank is not None else self.by_name[value] for value in values]
        self.parts.append(np.array(found, dtype=np.int64)[place] if len(used) else np.zeros(0, dtype=np.int64))

    def all(self) -> np.ndarray:
        return np.concatenate(self.parts) if self.parts else np.zeros(0, dtype=np.int64)

    def coded(self) -> Coded:
        return Coded(self.all(), list(self.by_name))


def read_log(path: Path, segments: str | None = None) -> tuple[Log, Source]:
    """The rows of a log, and which it was. ``segments``: a column of it. Raises BadInput with every problem found."""
    transactions = Transactions(path, also=segments, anonymous=True)
    customers, channels, categories, segment = _Codes(), _Codes(), _Codes(), _Codes()
    orders = _Codes()
    columns: dict[str, list[np.ndarray]] = defaultdict(list)
    known: set[int] = set()
    rows = nobody = nobody_amount = 0
    for batch in transactions:
        named = _named(batch)
        rows += len(batch)
        nobody += int((~named).sum())
        nobody_amount += int(batch.amount[~named & (batch.event == PURCHASE)].sum())
        customers.add(batch.member_id, named)
        known.update(customers.parts[-1][batch.birth_month[named] > 0].tolist())
        channels.add(batch.channel, named)
        categories.add(batch.category, named)
        if batch.also is not None:
            segment.add(batch.also, named)
        orders.add(batch.order_id, named, blank=-1)
        columns["order"].append(orders.parts[-1])
        orders.add(batch.refund_of, named, blank=-1)
        columns["refund_of"].append(orders.parts[-1])
        columns["day"].append(batch.date[named])
        columns["event"].append(
            np.vectorize(lambda code: _EVENTS.get(code, of.OTHER), otypes=[np.int64])(batch.event[named])
        )
        columns["amount"].append(np.maximum(batch.amount[named], 0))
    if not rows or rows == nobody:
        message = "expected transactions of members, found " + (f"{rows:,} rows that name none" if rows else "no rows")
        raise BadInput(Problem("", message), str(path))
    log = Log(
        customer=customers.all(),
        **{name: np.concatenate(parts) for name, parts in columns.items()},
        customers=len(customers.by_name),
        channel=channels.coded(),
        category=categories.coded(),
        birthdays=len(known) or None,
        segment=segment.coded() if segments is not None else None,
        nobody_rows=nobody,
        nobody_amount=nobody_amount,
        names=list(customers.by_name),
    )
    return log, Source(path.name, _sha256(path), rows)


def _named(batch: Batch) -> np.ndarray:
    names = batch.member_id
    return np.array([value.strip().casefold() not in NOBODY for value in names.values], dtype=bool)[names.codes]


def _sha256(path: Path) -> str:
    with reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
