"""Replay: a log of recorded transactions through a program's rules, exact, resumable at any row.

Two clocks give the same bytes: plain Python, which streams and takes any log, and compiled code (``simulators.replay_compiled``), which
takes most of the long ones whole.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, Literal

from simulators.ledger_file import LedgerWriter
from simulators.members_file import Members, at_end, check_members_name, write_members
from simulators.output_files import check_apart
from simulators.recorded import EARLIER, MOST_REFUSALS, BadRow, EntryRow, Recorded, Refusal, Row, strict_faults
from simulators.state_file import load_state, save_state
from simulators.transactions import Fault, Transactions
from workbench.errors import BadInput, Problem, nearest
from workbench.files import atomic_path
from workbench.ledger import Account, Own, outstanding
from workbench.program.spec import Program
from workbench.rules.segment_spec import SEGMENTS
from workbench.rules.tiers import METRICS, metric_total, window_start
from workbench.units import to_date, to_day, to_major

__all__ = [
    "MOST_MEMBERS",
    "MOST_REFUSALS",
    "Engine",
    "Replayed",
    "as_engine",
    "members_of",
    "replay_file",
    "replay_log",
]

Engine = Literal["python", "compiled"]
ENGINES: tuple[Engine, ...] = ("python", "compiled")
MOST_MEMBERS = 100_000
"""With more members than this they are only written to a file of their own."""
FEW = 20_000
"""Rows from which compiled code pays for being read from its cache."""
FEW_UNCOMPILED = 200_000
"""Rows from which it pays to compile it, once on a machine."""
_CHUNK = 50_000
TOTALS = ("earned", "redeemed", "expired", "reversed", "outstanding")


@dataclass(frozen=True)
class Replayed:
    """What a replay comes to."""

    program: str
    """Its name, or its title."""
    as_of: date
    engine: Engine
    """The clock that was used; nothing else depends on it."""
    totals: dict[str, int]
    refused: int
    """Refusals of the whole log, also of what came before a saved state."""
    refusals: list[Refusal]
    """The first of those of this file."""
    size: int
    """Number of members."""
    members: Members
    """Without their lots where there are more than ``MOST_MEMBERS``."""

    def document(self, most: int | None = None) -> dict[str, Any]:
        """The document of the ``replay`` command (days as ISO text, money in major units), or with so many members only; with more
        than ``MOST_MEMBERS`` in all they are null."""
        return {**self._head(), "members": self.members.document(most) if self.size <= MOST_MEMBERS else None}

    def json(self) -> Iterator[str]:
        """The document as JSON text, in pieces."""
        yield json.dumps(self._head(), ensure_ascii=False, indent=2, allow_nan=False)[:-2] + ',\n  "members": '
        yield from self.members.json() if self.size <= MOST_MEMBERS else ("null",)
        yield "\n}\n"

    def _head(self) -> dict[str, Any]:
        return {
            "program": self.program,
            "as_of": self.as_of.isoformat(),
            "totals": self.totals,
            "refused": self.refused,
            "refusals": [
                {"row": each.row, "member_id": each.member_id, "reason": each.reason} for each in self.refusals
            ],
        }


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
    engine: Engine | None = None,
) -> dict[str, Any]:
    """``replay_log`` as a document."""
    return replay_log(
        program, transactions, as_of=as_of, ledger=ledger, members_out=members_out, state_in=state_in, state_out=state_out,
        strict=strict, name=name, program_file=program_file, engine=engine,
    ).document()  # fmt: skip


def replay_log(
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
    engine: Engine | None = None,
) -> Replayed:
    """Replay a file of transactions.

    Rows posted after ``as_of`` are checked but not posted. With ``state_out`` the ledger ends where the state is cut (after the last row,
    an order whose lines may go on held open); the result still describes the end of ``as_of``. The files appear together at the
    end. ``program_file`` is where the program was read from, if it was. ``engine``: the clock, which is the quicker one unless given;
    where compiled code has not the room for a log, or a state is read or written, it is Python's. Raises BadInput, writing nothing.
    """
    check_apart(
        {"TRANSACTIONS": transactions, "PROGRAM": program_file, "--state-in": state_in},
        {"--ledger": ledger, "--members-out": members_out, "--state-out": state_out},
    )
    if members_out is not None:
        check_members_name(members_out)
    with ExitStack() as files:
        members_file = None if members_out is None else files.enter_context(atomic_path(members_out))
        state_file = None if state_out is None else files.enter_context(atomic_path(state_out))
        # The ledger is open until the end: it is entered last, so that it is closed before any file takes its place.
        writer = None if ledger is None else files.enter_context(LedgerWriter(ledger))
        log = Transactions(transactions)
        title = name or program.title
        found = None
        if state_in is None and state_out is None and _suits(log, engine):
            found = _compiled(program, log, as_of, title, writer, strict)
        if found is None:
            found = _plain(program, log, as_of, title, writer, strict, state_in, state_file)
        if members_out is not None and members_file is not None:
            write_members(members_file, members_out.suffix.lower(), found.members)
    return found


def as_engine(name: str | None) -> Engine | None:
    """A clock by its name; raises BadInput where there is none of that name."""
    for each in ENGINES:
        if each == name:
            return each
    if name is None:
        return None
    raise BadInput(Problem("--engine", "expected " + " or ".join(ENGINES), name, nearest(name, ENGINES)))


# --- compiled ---------------------------------------------------------------------------------------------------------
def _suits(log: Transactions, engine: Engine | None) -> bool:
    """Whether to try compiled code."""
    if engine is not None or log.about < FEW:
        return engine == "compiled"
    from simulators.kernel.cache import is_warm

    return log.about >= FEW_UNCOMPILED or is_warm("replay")


def _compiled(
    program: Program, log: Transactions, as_of: date, title: str, writer: LedgerWriter | None, strict: bool
) -> Replayed | None:
    """A replay in compiled code; None where that has not the room, and then nothing is written."""
    from simulators.replay_compiled import live_log

    lived = live_log(
        program, log, to_day(as_of), strict=strict, keep_entries=writer is not None, most_lots=MOST_MEMBERS
    )
    if lived is None:
        return None
    if writer is not None:
        for piece in lived.ledger():
            writer.write(piece)
    totals = _checked({name: lived.total(name) for name in TOTALS})
    members = lived.members()
    return Replayed(title, as_of, "compiled", totals, lived.refused, lived.refusals(), len(members), members)


# --- in plain Python --------------------------------------------------------------------------------------------------
def _plain(
    program: Program,
    log: Transactions,
    as_of: date,
    title: str,
    writer: LedgerWriter | None,
    strict: bool,
    state_in: Path | None,
    state_file: Path | None,
) -> Replayed:
    """A replay row by row, from one saved state to another if they are asked for."""
    last_day = to_day(as_of)
    replay: Recorded | None = None
    seq = 0
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
    owns = [member.account.own for member in replay.by_index]
    totals = {key: sum(getattr(own, key) for own in owns) for key in TOTALS[:-1]}
    totals["outstanding"] = sum(outstanding(own) for own in owns)
    refusals = [each for each in replay.refusals if each.row != EARLIER]
    members = _members(program, replay, last_day, len(owns) <= MOST_MEMBERS)
    return Replayed(title, as_of, "python", _checked(totals), replay.refused, refusals, len(owns), members)


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
    raise log.bad_rows(strict_faults(replay.refusals))


def _write(writer: LedgerWriter | None, replay: Recorded, entries: list[EntryRow], seq: int) -> int:
    """Write entries to the ledger file; returns the number of entries so far."""
    if writer is not None and entries:
        member, day, kind, points, money, earned_on, expires_on, order, why = zip(*entries, strict=True)
        rules = replay.desk.lowered.rules
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


# --- what it comes to -------------------------------------------------------------------------------------------------
def _checked(totals: dict[str, int]) -> dict[str, int]:
    """Totals of points, of which none may be lost."""
    if totals["earned"] != totals["redeemed"] + totals["expired"] + totals["reversed"] + totals["outstanding"]:
        raise AssertionError(f"points are not conserved: {totals}")
    return totals


def members_of(program: Program, replay: Recorded, day: int) -> dict[str, dict[str, Any]]:
    """Every member's state at the end of a day, in the order first seen."""
    return _members(program, replay, day, True).document()


def _members(program: Program, replay: Recorded, day: int, with_lots: bool) -> Members:
    """Every member's state at the end of a day, a list for each column."""
    version = replay.desk.lowered.versions[replay.desk.version_on(day)]
    program = version.aligned
    accounts = [member.account for member in replay.by_index]
    owns = [account.own for account in accounts]
    lots = [_lots(account) for account in accounts] if with_lots else []
    metrics = () if program.tiers is None else program.tiers.metrics
    qualifying: dict[str, list[int]] = {metric: [] for metric in METRICS if metric in metrics}
    for account in accounts if metrics else ():
        start = window_start(replay.desk.terms_of(account), account.own, day)
        for metric, totals in qualifying.items():
            totals.append(metric_total(account, METRICS.index(metric), start, day))
    return at_end(
        program,
        version.terms.earn,
        [member.member_id for member in replay.by_index],
        {
            "balance": [own.balance - own.debt for own in owns],
            **{name: [getattr(own, name) for own in owns] for name in ("pending", "tier", "tier_until", "carry")},
        },
        qualifying,
        list(accumulate(map(len, lots), initial=0)),
        [list(each) for each in zip(*chain.from_iterable(lots), strict=True)],
        _more(program, accounts),
    )


def _more(program: Program, accounts: list[Account]) -> dict[str, list[Any]]:
    """What members hold besides points and tiers, by its key in the document: only what the program has."""
    found: dict[str, list[Any]] = {}
    if program.segments is not None:
        names = (None, *SEGMENTS)
        found["segment"] = [names[account.own.segment] for account in accounts]
    if program.coupons:
        found["coupons"] = [_coupons(program, account) for account in accounts]
    owns = [account.own for account in accounts]
    if program.stored_value is not None:
        found["stored_value"] = [
            {"principal": to_major(own.principal), "bonus": to_major(own.bonus_value)} for own in owns
        ]
    if program.plans:
        found["plan"] = [_plan(program, own) for own in owns]
    return found


def _plan(program: Program, own: Own) -> dict[str, Any]:
    """The paid plan a member holds, its term's last day, and what is due of its fee."""
    held = own.plan > 0
    return {
        "name": program.plans[own.plan - 1].name if held else None,
        "until": _date(own.plan_until) if held else None,
        "owed": to_major(own.plan_owed),
    }


def _coupons(program: Program, account: Account) -> list[dict[str, str | None]]:
    """The coupons of a member's wallet, soonest expiring first; dates that never come are None."""
    held = sorted(account.coupons[: account.own.coupons], key=lambda each: (each.expires_on, each.serial))
    return [
        {
            "name": program.coupons[each.kind].name,
            "issued_on": _date(each.issued_on),
            "usable_on": _date(each.usable_on),
            "expires_on": _date(each.expires_on),
        }
        for each in held
    ]


def _date(day: int) -> str | None:
    found = to_date(day)
    return None if found is None else found.isoformat()


def _lots(account: Account) -> list[tuple[int, int, int]]:
    """Lots that are not empty, merged by earning day and expiry, in that order: the two days, and their points."""
    merged: dict[tuple[int, int], int] = {}
    for lot in account.lots[: account.own.lots]:
        key = (lot.earned_on, lot.expires_on)
        merged[key] = merged.get(key, 0) + lot.points
    return [(*days, points) for days, points in sorted(merged.items())]
