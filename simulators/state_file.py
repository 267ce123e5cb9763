"""The state of a replay between two rows, as a file: gzipped JSON lines, a header and one line a member.

Only numbers and names are read back, and only for the program that wrote them.
"""

import gzip
import json
import zlib
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from simulators.recorded import EARLIER, Member, Recorded, Row
from workbench.digest import document_digest
from workbench.errors import BadInput, Problem
from workbench.files import reading, regular_file
from workbench.ledger import (
    Account,
    BonusValue,
    Coupon,
    Lot,
    Meter,
    Month,
    Order,
    Own,
    Part,
    Placed,
    QualifyingDay,
    Use,
    UsedCoupon,
    ValueUse,
    Watch,
    blank_order,
)
from workbench.program.spec import Program

__all__ = ["load_state", "save_state"]

FORMAT = "loyalty-workbench replay state 5"
DAMAGED = (ValueError, KeyError, TypeError, IndexError, AttributeError, EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a damaged file may raise."""


def save_state(file: Path, program: Program, replay: Recorded, seq: int) -> None:
    """Write the state to a file; the same state gives the same bytes."""
    header = {
        "format": FORMAT,
        "program": document_digest(program.model_dump(mode="json", by_alias=True)),
        "first_day": replay.desk.first_day,
        "today": replay.today,
        "orders_made": replay.orders_made,
        "seq": seq,
        "strangers": replay.desk.lowered.codes.strangers,
        "open_rows": [asdict(row) for row in replay.open_rows],
        "refused": replay.refused,
        "refundable": list(replay.refundable),
        "members": len(replay.by_index),
        "pools": [pool.left for pool in replay.desk.pools],
    }
    with (
        file.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=5) as packed,
    ):
        for document in chain((header,), map(_dump, replay.by_index)):
            packed.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def load_state(path: Path, program: Program, last_day: int) -> tuple[Recorded, int]:
    """The replay a file holds, ready for days up to ``last_day``, and the number of entries already written.

    Raises BadInput: not such a file, damaged, written by another program or version.
    """
    try:
        with reading(path), gzip.open(regular_file(path, "a saved state"), "rt", encoding="utf-8") as file:
            header = json.loads(file.readline())
            replay = _replay(header, program, last_day, str(path))
            for line in file:
                _load(replay, json.loads(line))
            if len(replay.by_index) != header["members"]:
                raise ValueError("members are missing")
            return replay, header["seq"]
    except DAMAGED as error:
        raise BadInput(Problem("", f"expected a state written by --state-out: {error}"), str(path)) from error


def _replay(header: dict[str, Any], program: Program, last_day: int, source: str) -> Recorded:
    if header["format"] != FORMAT:
        raise ValueError("another format")
    if header["program"] != document_digest(program.model_dump(mode="json", by_alias=True)):
        raise BadInput(Problem("", "expected a state of the same program: this one was written by other rules"), source)
    replay = Recorded(program, header["first_day"], max(last_day, header["first_day"]))
    replay.today = header["today"]
    for pool, left in zip(replay.desk.pools, header["pools"], strict=True):
        pool.left = left
    replay.orders_made = header["orders_made"]
    replay.desk.lowered.codes.strangers.update(header["strangers"])
    replay.open_rows = [Row(**{**row, "row": EARLIER}) for row in header["open_rows"]]
    if replay.reached > last_day:
        raise BadInput(Problem("--as-of", "expected a date not before the one where the saved state ends"), source)
    replay.refused = int(header["refused"])
    replay.refundable.extend(tuple(each) for each in header["refundable"])
    return replay


def _dump(member: Member) -> dict[str, Any]:
    account, own = member.account, member.account.own
    return {
        "id": member.member_id,
        "own": own.as_tuple(),
        "lots": [lot.as_tuple() for lot in account.lots[: own.lots]],
        "days": [day.as_tuple() for day in account.days[: own.days]],
        "meters": [meter.as_tuple() for meter in account.meters],
        "watches": [watch.as_tuple() for watch in account.watches],
        "coupons": [coupon.as_tuple() for coupon in account.coupons[: own.coupons]],
        "values": [row.as_tuple() for row in account.values[: own.values]],
        "months": [month.as_tuple() for month in account.months[: own.months]],
        "orders": {order_id: _dump_order(order) for order_id, order in member.orders.items()},
    }


def _dump_order(order: Order) -> list[Any]:
    return [
        order.own.as_tuple(),
        [part.as_tuple() for part in order.parts[: order.own.parts]],
        [use.as_tuple() for use in order.uses[: order.own.uses]],
        [coupon.as_tuple() for coupon in order.coupons[: order.own.coupons]],
        [row.as_tuple() for row in order.values[: order.own.values]],
    ]


def _load(replay: Recorded, document: dict[str, Any]) -> None:
    blank = replay.desk.open_account()
    account = Account(
        Own().load(document["own"]),
        [Lot().load(values) for values in document["lots"]],
        [QualifyingDay().load(values) for values in document["days"]],
        [Meter().load(values) for values in document["meters"]],
        blank.book,
        [Watch().load(values) for values in document["watches"]],
        [Coupon().load(values) for values in document["coupons"]],
        [BonusValue().load(values) for values in document["values"]],
        [Month().load(values) for values in document["months"]],
        blank.pools,
    )
    orders = {order_id: _load_order(values) for order_id, values in document["orders"].items()}
    replay.adopt(Member(len(replay.by_index), document["id"], account, orders))


def _load_order(values: list[Any]) -> Order:
    order = blank_order()._replace(own=Placed().load(values[0]))
    order.parts.extend(Part().load(each) for each in values[1])
    order.uses.extend(Use().load(each) for each in values[2])
    order.coupons.extend(UsedCoupon().load(each) for each in values[3])
    order.values.extend(ValueUse().load(each) for each in values[4])
    return order
