"""A log of transactions as what describes customers reads it: purchases (the lines of an order together) and refunds, and who did them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulators.calibration_log import read_log
from workbench.errors import BadInput, Problem
from workbench.ledger_table import Ints
from workbench.population.calibration.log import JOIN, PURCHASE, REFUND, Log
from workbench.units import to_date

__all__ = ["CustomerLog", "last_day", "read_customers"]


@dataclass(frozen=True)
class CustomerLog:
    """Purchases and refunds, one entry each; customers numbered from 0."""

    customer: Ints
    day: Ints
    """Business date, days since 1970."""
    money: Ints
    """Minor units: of a purchase its amount, of a refund less than 0."""
    channel: list[str]
    """Of each purchase's first line; "" where none is given, and for refunds."""
    names: list[str]
    """The customers' ids."""
    joined: Ints
    """int64[customers]: the first day on which a customer joined or bought; -1 for those who did neither."""
    nobody_rows: int
    """Rows left out because they name no customer."""


def last_day(path: Path) -> int:
    """The latest business date of a log's rows. Raises BadInput: what the reader finds."""
    return int(read_log(path)[0].day.max())


def read_customers(path: Path, until: int) -> CustomerLog:
    """The purchases and refunds of a log up to and including a day. Raises BadInput: what the reader finds, and where nothing was bought by then."""
    log, _ = read_log(path)
    log = log.until(until)
    if not (log.event == PURCHASE).any():
        message = f"expected a day on or after the first purchase, found none by {to_date(until)}"
        raise BadInput(Problem("--as-of", message), str(path))
    bought = np.flatnonzero(log.event == PURCHASE)
    width = int(log.order.max(initial=-1)) + 1
    key = np.where(log.order[bought] >= 0, log.customer[bought] * width + log.order[bought], -1 - bought)
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    paid = np.zeros(len(first), dtype=np.int64)
    np.add.at(paid, place, log.amount[bought])
    back = np.flatnonzero((log.event == REFUND) & (log.amount > 0))
    rows = bought[first]
    return CustomerLog(
        customer=np.concatenate([log.customer[rows], log.customer[back]]),
        day=np.concatenate([log.day[rows], log.day[back]]),
        money=np.concatenate([paid, -log.amount[back]]),
        channel=_channels(log, rows) + [""] * len(back),
        names=log.names,
        joined=_joined(log),
        nobody_rows=log.nobody_rows,
    )


def _channels(log: Log, rows: Ints) -> list[str]:
    if log.channel is None:
        return [""] * len(rows)
    found: list[str] = np.array(log.channel.names or [""], dtype=object)[log.channel.codes[rows]].tolist()
    return found


def _joined(log: Log) -> Ints:
    found = np.full(log.customers, np.iinfo(np.int64).max)
    rows = (log.event == JOIN) | (log.event == PURCHASE)
    np.minimum.at(found, log.customer[rows], log.day[rows])
    return np.where(found == np.iinfo(np.int64).max, -1, found)
