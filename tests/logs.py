"""Large logs of made-up transactions, drawn a column at a time; the same seed is the same file.

python -m tests.logs FILE.csv ROWS MEMBERS
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

__all__ = ["write_log"]

Ints = npt.NDArray[np.int64]
KINDS = np.array(["purchase", "redeem", "refund", "action", "join"])
SHARES = (0.93, 0.03, 0.02, 0.015, 0.005)
CATEGORIES = np.array(["", "food", "drinks", "beauty", "fashion"])
CHANNELS = np.array(["", "app", "store"])
ACTIONS = np.array(["visit", "night", "review"])
ITEMS = np.array(["", "", "black_tea", "fries"])


def write_log(path: Path, rows: int, members: int, seed: int = 1, first: str = "2022-01-01", days: int = 1096) -> Path:
    """Write a log of so many rows (CSV or Parquet, by its name) over some days: orders, some of them of two lines, some of which are
    refunded or paid with points; redemptions alone, actions, members who join; postings up to three days late."""
    draw = np.random.default_rng(seed)
    posted = np.sort(draw.integers(0, days, rows))
    late = np.where(draw.random(rows) < 0.02, draw.integers(0, 4, rows), 0)
    member = draw.integers(0, members, rows)
    kind = draw.choice(len(KINDS), rows, p=SHARES)
    order = np.arange(rows)
    amount = np.round(draw.lognormal(6.5, 0.9, rows), 1)
    # a row in fifty goes on with the order before it, if both are of a checkout
    pair = np.flatnonzero((draw.random(rows) < 0.02) & (kind <= 1) & np.concatenate(([False], (kind <= 1)[:-1])))
    pair = pair[np.concatenate(([True], np.diff(pair) > 1))]
    for column in (member, order, posted, late):
        column[pair] = column[pair - 1]
    source = _refunded(kind, member, order, draw)
    refunds = np.flatnonzero(kind == 2)
    linked = refunds[source[refunds] >= 0]
    member[linked] = member[source[linked]]
    amount[linked] = np.where(
        draw.random(len(linked)) < 0.5, amount[source[linked]], np.floor(amount[source[linked]] / 2)
    )
    day = np.datetime64(first, "D") + posted
    money = (kind == 0) | (kind == 2)
    asked = draw.integers(1, 40, rows)
    item = ITEMS[draw.integers(0, len(ITEMS), rows)]
    empty = np.full(rows, "", dtype=object)
    table = pa.table(
        {
            "member_id": _named("M", member),
            "date": (day - late).astype("datetime64[D]"),
            "event": KINDS[kind],
            "amount": pa.array(np.where(money, amount, np.nan), from_pandas=True),
            "points": pa.array(np.where(kind == 1, asked, 0), mask=(kind != 1) | (item != "")),
            "order_id": pc.if_else(pa.array(np.isin(kind, (0, 1, 2))), _named("T", order), ""),
            "refund_of": pc.if_else(pa.array(source >= 0), _named("T", np.where(source >= 0, order[source], 0)), ""),
            "category": np.where(money, CATEGORIES[draw.integers(0, len(CATEGORIES), rows)], ""),
            "channel": np.where(kind == 0, CHANNELS[draw.integers(0, len(CHANNELS), rows)], ""),
            "action": np.where(
                kind == 3, ACTIONS[draw.integers(0, len(ACTIONS), rows)], np.where(kind == 1, item, empty)
            ),
            "posted": pa.array(day, mask=late == 0),
        }
    )
    if path.suffix == ".parquet":
        pa.parquet.write_table(table, path)
    else:
        pa.csv.write_csv(table, path, pa.csv.WriteOptions(quoting_style="needed"))
    return path


def _refunded(kind: Ints, member: Ints, order: Ints, draw: np.random.Generator) -> Ints:
    """By row: the purchase of up to 20,000 rows before that a refund names (each at most once), -1 for none."""
    rows = len(kind)
    found = np.full(rows, -1)
    purchases = np.flatnonzero(kind == 0)
    refunds = np.flatnonzero((kind == 2) & (draw.random(rows) < 0.9))
    places = np.searchsorted(purchases, refunds) - draw.integers(1, 20_000, len(refunds))
    _, once = np.unique(places, return_index=True)
    once = once[places[once] >= 0]
    taken = purchases[places[once]]
    alone = np.bincount(order, minlength=rows)[order[taken]] == 1
    found[refunds[once[alone]]] = taken[alone]
    return found


def _named(letter: str, numbers: Ints) -> pa.Array:
    return pc.binary_join_element_wise(letter, pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 7, "0"), "")


if __name__ == "__main__":
    write_log(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
