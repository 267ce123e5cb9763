"""Replay: a log of recorded transactions through a program's rules, streaming, exact, resumable at any row."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from simulators.ledger_file import LedgerWriter
from simulators.members_file import check_members_name, write_members
from simulators.output_files import check_apart
from simulators.recorded import EARLIER, MOST_REFUSALS, BadRow, EntryRow, Recorded, Row
from simulators.state_file import load_state, save_state
from simulators.transactions import Fault, Transactions
from workbench.errors import BadInput, Problem
from workbench.files import atomic_path
from workbench.ledger import Account, outstanding
from workbench.program.spec import Program
from workbench.rules.tiers import METRICS, metric_total, window_start
from workbench.units import to_date, to_day, to_major

__all__ = ["MOST_MEMBERS", "MOST_REFUSALS", "members_of", "replay_file"]

MOST_MEMBERS = 100_000
"""With more members than this they are only written to a file of their own."""
_CHUNK = 50_000


def replay_file(
    program: Program,
    transactions: Path,
    *,
    as_of: date,
    ledger: Path | None = None,
    members_out: Path | None = None,
    state_in: Path | None = None,
    state_out: Path | None = None,
    strict: bool = False,
    name: str = "",
    program_file: Path | None = None,
) -> dict[str, Any]:
    """Replay a file of transactions; returns the document of the ``replay`` command (days as ISO text, money in major units).

    Rows posted after ``as_of`` are checked but not posted. With ``state_out`` the ledger ends where the state is cut (after the last row,
    an order whose lines may go on held open); the document still describes the end of ``as_of``. The files appear together at the
    end. ``program_file`` is where the program was read from, if it was. Raises BadInput, writing nothing.
    """
    check_apart(
        {"TRANSACTIONS": transactions, "PROGRAM": program_file, "--state-in": state_in},
        {"--ledger": ledger, "--members-out": members_out, "--state-out": state_out},
    )
    if members_out is not None:
        check_members_name(members_out)
    last_day = to_day(as_of)
    replay: Recorded | None = None
    seq = 0
    with ExitStack() as files:
        members_file = None if members_out is None else files.enter_context(atomic_path(members_out))
        state_file = None if state_out is None else files.enter_context(atomic_path(state_out))
        # The ledger is open until the end: it is entered last, so that it is closed before any file takes its place.
        writer = None if ledger is None else files.enter_context(LedgerWriter(ledger))
        log = Transactions(transactions)
        if state_in is not None:
            replay, seq = load_state(state_in, program, last_day)
        judged = None if not strict else 0 if replay is None else replay.refused
        for row in _rows(log, last_day):
            if replay is None:
                replay = Recorded(program, min(row.date, last_day), last_day)
            _post(replay, row, log, judged)
            if len(replay.entries) >= _CHUNK:
                seq = _write(writer, replay, replay.take_entries(), seq)
        replay = replay or Recorded(program, last_day, last_day)
        if state_file is not None:
            seq = _write(writer, replay, replay.take_entries(), seq)
            save_state(state_file, program, replay, seq)
            writer = None
        _finish(replay, last_day, log, judged)
        _write(writer, replay, replay.take_entries(), seq)
        document = _document(program, replay, as_of, name)
        if members_out is not None and members_file is not None:
            write_members(members_file, members_out.suffix.lower(), document["members"])
        if len(replay.members) > MOST_MEMBERS:
            document["members"] = None
    return document


def _rows(log: Transactions, last_day: int) -> Iterator[Row]:
    for batch in log:
        for values in batch.rows():
            row = Row(*values)
            if row.posted <= last_day:
                yield row


def _post(replay: Recorded, row: Row, log: Transactions, judged: int | None) -> None:
    """Post a row; what cannot be lived through is bad input, as is (``strict``) what the rules refuse."""
    if row.posted < replay.reached:
        message = f"expected a row posted on or after {to_date(replay.reached)}, where the saved state ends"
        raise log.bad_rows([Fault(row.row, "date", message, str(to_date(row.posted)))])
    try:
        replay.post(row)
    except BadRow as error:
        raise log.bad_rows([error.fault]) from error
    _check_strict(replay, log, judged)


def _finish(replay: Recorded, last_day: int, log: Transactions, judged: int | None) -> None:
    replay.finish(last_day)
    _check_strict(replay, log, judged)


def _check_strict(replay: Recorded, log: Transactions, judged: int | None) -> None:
    """Refusals after the first ``judged`` are bad input (None: no refusal is); those are of the log before the saved state."""
    if judged is None or replay.refused <= judged:
        return
    held = [each for each in replay.refusals if each.row == EARLIER]
    if held:
        message = f"refused, in the order that the saved state holds open: {held[0].reason}"
        raise BadInput(Problem("--state-in", message, held[0].member_id), str(log.path))
    raise log.bad_rows([Fault(each.row, "event", f"refused: {each.reason}") for each in replay.refusals])


def _write(writer: LedgerWriter | None, replay: Recorded, entries: list[EntryRow], seq: int) -> int:
    """Write entries to the ledger file; returns the number of entries so far."""
    if writer is not None and entries:
        member, day, kind, points, money, earned_on, expires_on, order, why = zip(*entries, strict=True)
        rules = replay.desk.lowered.codes.rules
        writer.write(
            {
                "seq": range(seq + 1, seq + len(entries) + 1),
                "member_id": member,
                "date": day,
                "kind": kind,
                "points": points,
                "money": money,
                "lot_earned_on": earned_on,
                "expires_on": expires_on,
                "order_id": order,
                "rule": [rules[code] for code in why],
            }
        )
    return seq + len(entries)


# --- the document ----------------------------------------------------------------------------------------------------
def _document(program: Program, replay: Recorded, as_of: date, name: str) -> dict[str, Any]:
    accounts = [member.account for member in replay.by_index]
    totals = {
        key: sum(getattr(each.own, key) for each in accounts) for key in ("earned", "redeemed", "expired", "reversed")
    }
    totals["outstanding"] = sum(outstanding(each.own) for each in accounts)
    if totals["earned"] != totals["redeemed"] + totals["expired"] + totals["reversed"] + totals["outstanding"]:
        raise AssertionError(f"points are not conserved: {totals}")
    return {
        "program": name or program.title,
        "as_of": as_of.isoformat(),
        "totals": totals,
        "refused": replay.refused,
        "refusals": [
            {"row": each.row, "member_id": each.member_id, "reason": each.reason}
            for each in replay.refusals
            if each.row != EARLIER
        ],
        "members": members_of(program, replay, to_day(as_of)),
    }


def members_of(program: Program, replay: Recorded, day: int) -> dict[str, dict[str, Any]]:
    """Every member's state at the end of a day, in the order first seen."""
    return {member.member_id: _member(program, replay, member.account, day) for member in replay.by_index}


def _member(program: Program, replay: Recorded, account: Account, day: int) -> dict[str, Any]:
    own = account.own
    until = to_date(own.tier_until)
    return {
        "balance": own.balance - own.debt,
        "pending": own.pending,
        "tier": program.tier_names[own.tier] if own.tier >= 0 else None,
        "tier_until": None if own.tier < 0 or until is None else until.isoformat(),
        "qualifying": _qualifying(program, replay, account, day),
        "carry": replay.desk.carry(own),
        "lots": _lots(account),
    }


def _qualifying(program: Program, replay: Recorded, account: Account, day: int) -> dict[str, int | float]:
    """The metrics the program's tiers look at, over the window that holds the day."""
    if program.tiers is None:
        return {}
    start = window_start(replay.desk.terms, account.own, day)
    found: dict[str, int | float] = {}
    for code, metric in enumerate(METRICS):
        if metric in program.tiers.metrics:
            total = metric_total(account, code, start, day)
            found[metric] = to_major(total) if metric == "spend" else total
    return found


def _lots(account: Account) -> list[dict[str, Any]]:
    """Lots that are not empty, merged by earning day and expiry, in that order."""
    merged: dict[tuple[int, int], int] = {}
    for lot in account.lots[: account.own.lots]:
        key = (lot.earned_on, lot.expires_on)
        merged[key] = merged.get(key, 0) + lot.points
    return [
        {"earned_on": _iso(earned_on), "expires_on": _iso(expires_on), "points": points}
        for (earned_on, expires_on), points in sorted(merged.items())
    ]


def _iso(day: int) -> str | None:
    found = to_date(day)
    return None if found is None else found.isoformat()
