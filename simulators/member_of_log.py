"""One member of a replay: their life under a program, with the reason of each entry."""

from datetime import date
from pathlib import Path
from typing import Any

from simulators.recorded import BadRow, Member, Recorded, Row
from simulators.replay import members_of
from simulators.transactions import Transactions
from simulators.watching import Diary, WatchingDesk, standing
from workbench.errors import BadInput, Problem, nearest
from workbench.program.expiry_words import expiry_words
from workbench.program.lower import lower
from workbench.program.spec import Program
from workbench.program.versions import in_versions
from workbench.units import to_date, to_day

__all__ = ["member_of_log"]


class _Watched(Recorded):
    """A replay that keeps the diary of one member, and no other's entries."""

    def __init__(self, program: Program, first_day: int, last_day: int, member_id: str) -> None:
        super().__init__(program, first_day, last_day, WatchingDesk)
        assert isinstance(self.desk, WatchingDesk)
        self.member_id = member_id
        self.diary = Diary(self.desk)

    def _collect(self, member: Member, order_id: str) -> None:
        if member.member_id == self.member_id:
            self.diary.note(member.account, order_id)
        self.diary.desk.sums.clear()
        self.desk.drain()


def member_of_log(
    program: Program, transactions: Path, member_id: str, as_of: date | None = None, name: str = ""
) -> dict[str, Any]:
    """A member's life as a document: where they stand at the end of a day (unless given, that of the log's last row), and every moment
    before. Raises BadInput: what ``replay`` refuses, and where no row names the member."""
    log = Transactions(transactions)
    last_day = _last_day(log, member_id) if as_of is None else to_day(as_of)
    replay: _Watched | None = None
    alone = not _shared(program)
    seen: set[str] = set()
    for batch in log:
        for values in batch.rows():
            row = Row(*values)
            if len(seen) < 10_000:
                seen.add(row.member_id)
            if row.posted > last_day or (alone and row.member_id != member_id):
                continue
            replay = replay or _Watched(program, min(row.date, last_day), last_day, member_id)
            try:
                replay.post(row)
            except BadRow as error:
                raise log.bad_rows([error.fault]) from error
    if replay is not None:
        replay.finish(last_day)
    if replay is None or member_id not in replay.members:
        message = "expected a member with a row on or before the day asked for"
        raise BadInput(Problem("--member", message, member_id, nearest(member_id, sorted(seen - {member_id}))))
    return _document(program, replay, last_day, name)


def _shared(program: Program) -> bool:
    """Whether what one member may have depends on others; then all of them are lived."""
    return bool(lower(program, 0, 0).pools) or any(each.referral is not None for each in in_versions(program))


def _last_day(log: Transactions, member_id: str) -> int:
    last = None
    for batch in log:
        last = int(batch.posted[-1])
    if last is None:
        raise BadInput(Problem("--member", "expected a member of the log, which has no rows", member_id), str(log.path))
    return last


def _document(program: Program, replay: _Watched, last_day: int, name: str) -> dict[str, Any]:
    member = replay.members[replay.member_id]
    version = replay.desk.version_of(member.account)
    state = members_of(program, replay, last_day)[replay.member_id]
    joined, as_of = to_date(member.account.own.joined), to_date(last_day)
    assert joined is not None and as_of is not None
    return {
        "program": name or program.title,
        "member": replay.member_id,
        "as_of": as_of.isoformat(),
        "joined": joined.isoformat(),
        "expiry": expiry_words(version.aligned.expiry),
        "state": state | {"next_tier": standing(version, member.account, last_day)["next_tier"]},
        "refused": [
            {"row": each.row, "reason": each.reason} for each in replay.refusals if each.member_id == replay.member_id
        ],
        "timeline": [each.document() for each in replay.diary.moments],
    }
