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
import pyarrow.csv
import pyarrow.parquet

from workbench.errors import BadInput, Problem, nearest
from workbench.files import reading, regular_file
from workbench.finance.accounting.movements import SubLedger, blank, check, month_name
from workbench.finance.accounting.right_flows import RightFlows, flows_of_entries
from workbench.finance.accounting.sources import REDEEMED_BY
from workbench.finance.cells import Ints
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
MOST_PROBLEMS = 20
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
    file = regular_file(path, "a ledger")
    source = str(path)
    with reading(file), file.open("rb") as stream:
        start = stream.read(4)
    try:
        table = _parquet(file, source) if start == b"PAR1" else _csv(file, source, start[:2] == b"\x1f\x8b")
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise BadInput(Problem("", f"expected a whole ledger: {first}"), source) from error
    empty = [name for name in ("date", "kind", "points") if table[name].null_count]
    if empty:
        raise BadInput([Problem(f"column {name}", "expected a value in every row") for name in empty], source)
    names = pc.unique(table["kind"]).to_pylist()
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        problems = [Problem("column kind", "expected a kind of entry", name, nearest(name, KINDS)) for name in unknown]
        raise BadInput(problems[:MOST_PROBLEMS], source, max(len(unknown) - MOST_PROBLEMS, 0))
    codes = pc.index_in(table["kind"], value_set=pa.array(KINDS))
    days = {name: _days(table[name]) for name in ("date", "lot_earned_on", "expires_on")}
    return {
        **days,
        "member": np.asarray(
            pc.fill_null(table["member_id"], "").combine_chunks().dictionary_encode().indices, dtype=np.int64
        ),
        "kind": np.asarray(codes, dtype=np.int64),
        "points": np.asarray(table["points"], dtype=np.int64),
        "money": _minor(table["money"]),
        "unordered": np.asarray(pc.fill_null(pc.equal(table["order_id"], ""), True)),
        "order": np.asarray(pc.fill_null(table["order_id"], ""), dtype=object),
        "rule": np.asarray(pc.fill_null(table["rule"], ""), dtype=object),
    }


def _days(column: pa.ChunkedArray) -> Ints:
    return np.asarray(pc.fill_null(column.cast(pa.int32()), NEVER), dtype=np.int64)


def _minor(column: pa.ChunkedArray) -> Ints:
    """Minor units of amounts with two decimals (18 digits at the most): the low half of the 128 bits that hold them."""
    whole = pc.fill_null(column, Decimal(0)).combine_chunks()
    bits = np.frombuffer(whole.buffers()[1], dtype="<i8").reshape(-1, 2)
    return bits[whole.offset : whole.offset + len(whole), 0].astype(np.int64)


def _csv(file: Path, source: str, packed: bool) -> pa.Table:
    with pa.input_stream(str(file), compression="gzip" if packed else None) as stream:
        header = stream.read(2**12).split(b"\n", 1)[0].decode("utf-8-sig", "replace").strip().split(",")
    _check(header, source)
    with pa.input_stream(str(file), compression="gzip" if packed else None) as stream:
        options = pyarrow.csv.ConvertOptions(
            include_columns=list(COLUMNS), column_types=COLUMNS, strings_can_be_null=True
        )
        return pyarrow.csv.read_csv(stream, convert_options=options)


def _parquet(file: Path, source: str) -> pa.Table:
    with pa.OSFile(str(file)) as stream:
        parquet = pyarrow.parquet.ParquetFile(stream)
        _check(parquet.schema_arrow.names, source)
        table = parquet.read(columns=list(COLUMNS))
    return pa.table({name: table[name].cast(kind) for name, kind in COLUMNS.items()})


def _check(found: list[str], source: str) -> None:
    missing = [name for name in COLUMNS if name not in found]
    if missing:
        raise BadInput(
            [
                Problem(f"column {name}", "missing: a ledger has this column", None, nearest(name, found))
                for name in missing
            ],
            source,
        )
