"""The example log of `make demo`, worked out apart from the rules: NT$500 give 2 points, a year's points lapse after two years' ends."""

import csv
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

from simulators.replay import replay_file
from workbench.program.load import load_program

ORDERS = Path(__file__).resolve().parents[1] / "examples" / "mos_orders.csv"


def worked_by_hand() -> tuple[Counter[str], dict[str, tuple[int, int]]]:
    """Totals, and balance and remainder of each member, at the end of 2016. Whole NT$; points in one heap for each year of earning."""
    totals: Counter[str] = Counter()
    heaps: dict[str, Counter[int]] = defaultdict(Counter)
    kept: Counter[str] = Counter()
    with ORDERS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in [*rows, *({"member_id": row["member_id"], "date": "2016-12-31", "event": "end"} for row in rows)]:
        member, year = row["member_id"], int(row["date"][:4])
        heap = heaps[member]
        for old in [earned for earned in heap if earned + 2 < year]:
            totals["expired"] += heap.pop(old)
        if row["event"] == "purchase":
            blocks, kept[member] = divmod(kept[member] + int(row["amount"]), 500)
            heap[year] += 2 * blocks
            totals["earned"] += 2 * blocks
        elif row["event"] == "refund":
            blocks, kept[member] = divmod(kept[member] - int(row["amount"]), 500)
            heap[year] += 2 * blocks
            totals["reversed"] -= 2 * blocks
        elif row["event"] == "redeem":
            left = int(row["points"])
            totals["redeemed"] += left
            for earned in sorted(heap):
                taken = min(left, heap[earned])
                heap[earned] -= taken
                left -= taken
    totals["outstanding"] = sum(heap.total() for heap in heaps.values())
    return totals, {member: (heap.total(), kept[member]) for member, heap in heaps.items()}


def test_the_example_log_gives_what_it_gives_by_hand() -> None:
    document = replay_file(load_program("mos_burger"), ORDERS, as_of=date(2016, 12, 31))
    totals, members = worked_by_hand()
    assert document["totals"] == totals
    assert {name: (member["balance"], member["carry"]) for name, member in document["members"].items()} == members
    assert document["refused"] == 0


def test_it_shows_something_of_everything() -> None:
    """README.md quotes these."""
    totals, members = worked_by_hand()
    assert totals == {"earned": 92, "redeemed": 40, "expired": 4, "reversed": 4, "outstanding": 44}
    assert members["M0001"] == (10, 35)
