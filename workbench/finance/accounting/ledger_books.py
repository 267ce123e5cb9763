"""The sub-ledger of a ledger's file, as ``loyalty replay --ledger`` writes it, or of the company's own in the same columns.

A bonus was given without a sale where its rule is among those named, or, where none are named, where it carries no order.
"""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from workbench.errors import BadInput, Problem
from workbench.finance.accounting.movements import SubLedger, blank, check, month_name
from workbench.finance.accounting.right_flows import RightFlows, flows_of_entries
from workbench.finance.accounting.sources import REDEEMED_BY
from workbench.finance.cells import Ints
from workbench.finance.ledger_file import days, kind_codes, ledger_columns
from workbench.finance.panel import group_of
from workbench.finance.triangle import month_of
from workbench.finance.world import CONVERTED, EARNED, EXPIRED, REDEEMED, REPAID, REVERSED
from workbench.ledger import BONUS, EARN, KINDS, REDEEM
from workbench.units import NEVER

__all__ = ["read_all", "read_books"]

COLUMNS = {
    "member_id": pa.string(), "date": pa.date32(), "kind": pa.string(), "points": pa.int64(), "money": pa.decimal128(18, 2), "lot_earned_on": pa.date32(),
    "expires_on": pa.date32(), "order_id": pa.string(), "rule": pa.string(),
}  # fmt: skip
_GROUPS = np.array([group_of(kind) for kind in range(len(KINDS))])
_TABLES = {"redeemed": (REDEEMED, CONVERTED), "expired": (EXPIRED,), "reversed": (REVERSED,), "repaid": (REPAID,)}


def read_books(path: str | Path, valuation: int, given: Iterable[str] | None = None, currency: str = "") -> SubLedger:
    """The points of ``read_all``."""
    return read_all(path, valuation, given, currency)[0]


def read_all(
    path: str | Path, valuation: int, given: Iterable[str] | None = None, currency: str = ""
) -> tuple[SubLedger, RightFlows]:
    """The sub-ledger, and what the ledger says of other rights, at the end of a month (since January 1970). ``given``: rules of bonuses
    without a sale. Raises BadInput: no ledger,
    no entries up to then, or what a sub-ledger cannot hold (lots that the file does not begin with, for one)."""
    source = str(path)
    columns = _columns(path)
    month = month_of(columns["date"])
    kept = month <= valuation
    columns = {name: values[kept] for name, values in columns.items()}
    month = month[kept]
    if not len(month) or not (columns["points"] != 0).any():
        raise BadInput(Problem("column date", f"expected points up to the end of {month_name(valuation)}"), source)
    books = check(_books(columns, month, valuation, given, currency), source)
    return books, flows_of_entries(columns, books.first_month, books.months)


def _books(
    columns: dict[str, Any], month: Ints, valuation: int, given: Iterable[str] | None, currency: str
) -> SubLedger:
    kind, points, lot, rule = columns["kind"], columns["points"], columns["lot_earned_on"], columns["rule"]
    of_lot = lot < NEVER
    issue = month_of(np.where(of_lot, lot, columns["date"]))
    moved = _GROUPS[kind] >= 0
    first = int(min(issue[moved].min(), month.min()))
    size = valuation + 1 - first
    group, places = _GROUPS[kind], (issue - first, month - first)
    early = moved & (issue > month)
    if early.any():
        raise BadInput(
            Problem(
                "column lot_earned_on", "expected lots earned no later than the month of the entry", int(early.sum())
            )
        )
    tables = blank(size)

    def add(name: str, chosen: npt.NDArray[np.bool_], values: Ints) -> None:
        at = places[0][chosen] * size + places[1][chosen]
        tables[name] += _sums(at, values[chosen], size * size).reshape(size, size)

    free = _free(columns, kind, rule, given)
    add("given", free, points)
    add("sold", (group == EARNED) & of_lot & ~free, points)
    add("spend", (kind == EARN) & of_lot, columns["money"])
    for name, groups in _TABLES.items():
        add(name, np.isin(group, groups) & of_lot, -points)
    owed = ~of_lot & np.isin(group, (REVERSED, REPAID))
    tables["owed"] += _sums(places[1][owed], -points[owed], size)
    redeemed = kind == REDEEM
    rewards, money = {}, {}
    for name in sorted(set(rule[redeemed].tolist())):
        chosen = redeemed & (rule == name)
        if name.startswith(REDEEMED_BY):
            rewards[name] = _sums(places[1][chosen], -points[chosen], size)
            money[name] = _sums(places[1][chosen], columns["money"][chosen], size)
    undated = ~of_lot & np.isin(group, (EARNED, REDEEMED, CONVERTED, EXPIRED))
    return SubLedger(
        first, **tables, rewards=rewards, reward_money=money, last_age=_last_ages(columns, of_lot & moved, issue - first, size),
        basis="ESTIMATE", currency=currency, converted=int(-points[group == CONVERTED].sum()), undated=int(np.abs(points[undated]).sum()),
        outstanding=int(points.sum()),
    )  # fmt: skip


def _free(columns: dict[str, Any], kind: Ints, rule: Any, given: Iterable[str] | None) -> npt.NDArray[np.bool_]:
    """Bonuses without a sale."""
    bonus = (kind == BONUS) & (columns["lot_earned_on"] < NEVER)
    return bonus & (columns["unordered"] if given is None else np.isin(rule, list(given)))


def _sums(places: Ints, values: Ints, size: int) -> Ints:
    """Exact sums of integers by place."""
    found = np.zeros(size, dtype=np.int64)
    np.add.at(found, places, values)
    return found


def _last_ages(columns: dict[str, Any], chosen: npt.NDArray[np.bool_], issue: Ints, size: int) -> Ints:
    """The last age at which points of each month of issue may be used; NEVER where they do not lapse."""
    until = columns["expires_on"][chosen]
    forever = until >= NEVER
    age = np.where(forever, NEVER, month_of(np.where(forever, 0, until)) - month_of(columns["lot_earned_on"][chosen]))
    found = np.zeros(size, dtype=np.int64)
    np.maximum.at(found, issue[chosen], age)
    return found


# --- the file ------------------------------------------------------------------------------------------------------------
def _columns(path: str | Path) -> dict[str, Any]:
    table = ledger_columns(path, COLUMNS, ("date", "kind", "points"))
    return {
        **{name: days(table[name]) for name in ("date", "lot_earned_on", "expires_on")},
        "member": np.asarray(
            pc.fill_null(table["member_id"], "").combine_chunks().dictionary_encode().indices, dtype=np.int64
        ),
        "kind": kind_codes(table["kind"], str(path)),
        "points": np.asarray(table["points"], dtype=np.int64),
        "money": _minor(table["money"]),
        "unordered": np.asarray(pc.fill_null(pc.equal(table["order_id"], ""), True)),
        "order": np.asarray(pc.fill_null(table["order_id"], ""), dtype=object),
        "rule": np.asarray(pc.fill_null(table["rule"], ""), dtype=object),
    }


def _minor(column: pa.ChunkedArray) -> Ints:
    """Minor units of amounts with two decimals (18 digits at the most): the low half of the 128 bits that hold them."""
    whole = pc.fill_null(column, Decimal(0)).combine_chunks()
    bits = np.frombuffer(whole.buffers()[1], dtype="<i8").reshape(-1, 2)
    return bits[whole.offset : whole.offset + len(whole), 0].astype(np.int64)
