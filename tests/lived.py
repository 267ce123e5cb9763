"""The rulebook's replay on rows held in memory: what the tests compare with the naive model."""

from datetime import date
from typing import Any

from simulators.desk import Desk
from simulators.recorded import Recorded, Row
from simulators.replay import members_of
from tests.naive.records import posting_day
from workbench.ledger import KINDS, check_conservation
from workbench.program.spec import Program
from workbench.units import NEVER, to_date, to_day

__all__ = ["EntryTuple", "as_row", "entries_of", "lived"]

EntryTuple = tuple[str, date, str, int, int, date | None, date | None, str, str]


def as_row(number: int, row: dict[str, Any]) -> Row:
    """A naive row (dates, decimals) as a replay's row (integers)."""

    def minor(key: str, empty: int) -> int:
        return empty if row.get(key) is None else int(row[key] * 100)

    birthday = row.get("birthday")
    return Row(
        row=number, member_id=row["member_id"], date=to_day(row["date"]), posted=to_day(posting_day(row)), event=row["event"],
        amount=minor("amount", -1), points=-1 if row.get("points") is None else row["points"],
        order_id=row.get("order_id", ""), refund_of=row.get("refund_of", ""), category=row.get("category", ""),
        channel=row.get("channel", ""), action=row.get("action", ""),
        birth_month=birthday.month if birthday else 0, birth_dom=birthday.day if birthday else 0,
        discount=minor("discount", 0), tax=minor("tax", 0), delivery=minor("delivery", 0),
        referrer=row.get("referrer", ""),
    )  # fmt: skip


def entries_of(replay: Recorded) -> list[EntryTuple]:
    """The entries written since the last call, readable."""
    rules = replay.desk.lowered.rules
    return [
        (member, _date(day), KINDS[kind], points, money, _day(earned_on), _day(expires_on), order_id, rules[why])
        for member, day, kind, points, money, earned_on, expires_on, order_id, why in replay.take_entries()
    ]


def lived(
    program: Program, rows: list[dict[str, Any]], as_of: date, desk: type[Desk] = Desk
) -> tuple[list[EntryTuple], dict[str, Any], list[int], Recorded]:
    """Ledger, members and refused rows (0-based) of a log; conservation is checked after every row."""
    first = min((row["date"] for row in rows), default=as_of)
    replay = Recorded(program, to_day(min(first, as_of)), to_day(as_of), desk)
    for number, row in enumerate(rows):
        if posting_day(row) <= as_of:
            replay.post(as_row(number, row))
            for _, account in replay.accounts():
                check_conservation(account)
    replay.finish(to_day(as_of))
    for _, account in replay.accounts():
        check_conservation(account)
    return (
        entries_of(replay),
        members_of(program, replay, to_day(as_of)),
        [each.row for each in replay.refusals],
        replay,
    )


def _date(day: int) -> date:
    found = to_date(day)
    assert found is not None
    return found


def _day(day: int) -> date | None:
    return None if day >= NEVER else to_date(day)
