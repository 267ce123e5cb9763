"""Replay of files: the same log is the same ledger in whatever format, in one piece or many, and what is wrong is said."""

import csv
import gzip
import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from ruamel.yaml import YAML

from simulators.desk import Basket, Desk, Redeeming
from simulators.recorded import Recorded
from simulators.replay import replay_file
from tests.books import Book
from tests.lived import EntryTuple, as_row, lived
from tests.naive.records import posting_day
from tests.strategies import Row, draw_case
from workbench.errors import BadInput
from workbench.packaging import HOME
from workbench.program.load import load_program, program_from_mapping
from workbench.program.spec import Program
from workbench.units import to_day

COLUMNS = (
    "member_id", "date", "event", "amount", "points", "order_id", "refund_of", "category", "channel", "action", "birthday", "discount", "tax",
    "delivery", "posted",
)  # fmt: skip
RETAIL = HOME.parent / "shared/data/online_retail_orders.csv.gz"
CASES = HOME / "programs" / "cases"
LIBRARY = sorted(path.stem for path in (HOME / "programs").glob("*.yaml"))
needs_retail = pytest.mark.skipif(not RETAIL.exists(), reason=f"real orders are not here: {RETAIL}")


def program(**parts: Any) -> Program:
    return Program.model_validate(
        {
            "schema": 1, "title": "Replayed", "currency": "TWD", **parts,
            "provenance": {"source": "made up", "as_of": "2024-01-01", "confidence": "low"},
        }
    )  # fmt: skip


CLUB = program(
    earn={
        "rate": {"points": 1, "per": 10, "whole_blocks": False},
        "multipliers": [{"name": "food_twice", "factor": 2, "categories": ["food"]}],
        "bonuses": [
            {"name": "welcome", "event": "join", "points": 5},
            {"name": "cake", "event": "birthday", "points": 7},
        ],
        "pending": {"days": 3},
    },
    tiers={
        "levels": [{"name": "guest"}, {"name": "friend", "enter": {"spend": 300}}],
        "window": {"kind": "year"},
        "upgrade": "next_day",
        "validity": {"until": "next_period_end"},
    },
    expiry={"model": "rolling", "days": 60},
    redemption={"money_off": {"points": 1, "worth": 1}},
    refunds={"within_days": 30},
)
"""A little of everything; 1 point for each 10, counted for 60 days, usable after three."""

SMALL = [
    "a,2024-01-02,join,,,,,,,,1990-02-10",
    "a,2024-01-02,purchase,100,,o1,,food,,,",
    "a,2024-01-02,purchase,55.50,,o1,,,,,",
    "b,2024-01-02,purchase,80,,o2,,,,,",
    "a,2024-01-08,redeem,,4,o3,,,,,",
    "a,2024-01-08,purchase,200,,o3,,,,,",
    "a,2024-01-08,purchase,9.99,,o4,,,,,",
    "b,2024-01-08,redeem,,50,,,,,,",
    "a,2024-01-09,refund,60,,r1,o1,food,,,",
    "b,2024-01-20,action,,,,,,,visit,",
    "c,2024-01-20,purchase,1000,,,,,,,",
    "b,2024-02-20,refund,80,,r2,o2,,,,",
    "b,2024-02-20,purchase,500,,o2,,gift,,,",
    "b,2024-02-20,purchase,20,,o2,,food,,,",
    "c,2024-03-30,refund,10,,r3,,,,,",
]
"""Rows 2-3 and 5-6 and 13-14 are orders of two rows; row 8 is refused (beyond the balance), and row 12 (the order is too old)."""
SMALL_END = date(2024, 4, 30)


def written(path: Path, lines: Iterable[str], columns: Sequence[str] = COLUMNS[:11]) -> Path:
    path.write_text("\n".join([",".join(columns), *lines]) + "\n", "utf-8")
    return path


def as_lines(rows: list[Row]) -> list[str]:
    """Drawn rows as lines of a file."""
    lines = []
    for row in rows:
        values = [row.get(name) for name in COLUMNS]
        lines.append(",".join("" if value is None or (value == 0 and name in COLUMNS[11:14]) else str(value)
                              for name, value in zip(COLUMNS, values, strict=True)))  # fmt: skip
    return lines


def read(path: Path) -> list[EntryTuple]:
    """The entries of a ledger in CSV."""

    def day(text: str) -> date | None:
        return date.fromisoformat(text) if text else None

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["seq"] for row in rows] == [str(k) for k in range(1, len(rows) + 1)]
    return [
        (
            row["member_id"], date.fromisoformat(row["date"]), row["kind"], int(row["points"]), int(Decimal(row["money"]) * 100),
            day(row["lot_earned_on"]), day(row["expires_on"]), row["order_id"], row["rule"],
        )
        for row in rows
    ]  # fmt: skip


def problem(caught: pytest.ExceptionInfo[BadInput]) -> str:
    (found,) = caught.value.problems
    return str(found)


# --- formats ----------------------------------------------------------------------------------------------------------
def test_a_small_log_by_hand(tmp_path: Path) -> None:
    """Order o1: 100 x 2 + 55.50 = 255.50, 25 points, and 5 for joining; on 8 January, all usable, 4 are used: o3 earns on 196, o4 nothing.
    On the 9th 60 of the food goes back: 40 x 2 + 55.50 = 135.50, 13 points are left of 25."""
    log = written(tmp_path / "log.csv", SMALL)
    found = replay_file(CLUB, log, as_of=date(2024, 1, 9))["members"]["a"]
    assert (found["balance"], found["pending"]) == (25 + 5 - 4 - 12, 19)
    assert (found["tier"], found["tier_until"]) == ("friend", "2025-12-31")
    assert found["lots"] == [
        {"earned_on": "2024-01-02", "expires_on": "2024-03-02", "points": 14},
        {"earned_on": "2024-01-08", "expires_on": "2024-03-08", "points": 19},
    ]
    end = replay_file(CLUB, log, as_of=SMALL_END)
    assert [each["row"] for each in end["refusals"]] == [8, 12]
    assert end["refused"] == 2
    # By the end of April all has lapsed but what was earned in the last 60 days: nothing. The birthday on 10 February gave 7.
    # b's second o2 earns 500 + 2 x 20 = 54, c's purchase 100; c's refund of 10 in March finds them lapsed: a debt of 1.
    assert end["totals"]["earned"] == 5 * 3 + 25 + 19 + 8 + 7 + 100 + 54
    assert end["totals"]["redeemed"] == 4
    assert end["totals"]["reversed"] == 12 + 1
    assert end["totals"]["outstanding"] == -1


def test_every_format_gives_the_same_ledger(tmp_path: Path) -> None:
    plain = written(tmp_path / "log.csv", SMALL)
    packed = tmp_path / "log.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    table = pa.csv.read_csv(plain, convert_options=pa.csv.ConvertOptions(
        column_types={"date": pa.date32(), "birthday": pa.date32(), "amount": pa.decimal128(12, 2), "points": pa.int64(), "order_id": pa.string()},
        strings_can_be_null=True,
    ))  # fmt: skip
    pa.parquet.write_table(table, tmp_path / "log.parquet")
    told, ledgers = [], []
    for name in ("log.csv", "log.csv.gz", "log.parquet"):
        ledger = tmp_path / f"{name}-ledger.csv"
        told.append(replay_file(CLUB, tmp_path / name, as_of=SMALL_END, ledger=ledger))
        ledgers.append(ledger.read_bytes())
    assert told[0] == told[1] == told[2]
    assert ledgers[0] == ledgers[1] == ledgers[2]
    assert len(ledgers[0].splitlines()) > 30


def test_a_ledger_may_be_packed_or_parquet(tmp_path: Path) -> None:
    log = written(tmp_path / "log.csv", SMALL)
    for name in ("l.csv", "l.csv.gz", "l.parquet"):
        replay_file(CLUB, log, as_of=SMALL_END, ledger=tmp_path / name)
    assert gzip.decompress((tmp_path / "l.csv.gz").read_bytes()) == (tmp_path / "l.csv").read_bytes()
    rows = pa.parquet.read_table(tmp_path / "l.parquet").to_pylist()
    entries = [
        (
            row["member_id"], row["date"], row["kind"], row["points"], int(row["money"] * 100), row["lot_earned_on"], row["expires_on"],
            row["order_id"] or "", row["rule"],
        )
        for row in rows
    ]  # fmt: skip
    assert entries == read(tmp_path / "l.csv")


@pytest.mark.parametrize("seed", [3, 41, 77, 78, 99, 123])
def test_a_file_gives_what_rows_in_memory_give(seed: int, tmp_path: Path) -> None:
    rules, rows, as_of = draw_case(seed)
    log = written(tmp_path / "log.csv", as_lines(rows), COLUMNS)
    document = replay_file(rules, log, as_of=as_of, ledger=tmp_path / "ledger.csv")
    entries, members, refused, _ = lived(rules, rows, as_of)
    assert read(tmp_path / "ledger.csv") == entries
    assert document["members"] == members
    assert [each["row"] - 1 for each in document["refusals"]] == refused


# --- cut and continued ------------------------------------------------------------------------------------------------
def cut_and_continue(
    rules: Program, folder: Path, lines: list[str], columns: Sequence[str], cuts: Iterable[int], as_of: date
) -> None:
    """A log cut after each of some rows: the ledgers joined are the whole one's bytes, and the end is the same.

    The second part lists its own refusals (by its own rows) and counts them all."""
    full = replay_file(rules, written(folder / "log.csv", lines, columns), as_of=as_of, ledger=folder / "full.csv")
    whole = (folder / "full.csv").read_bytes()
    header = whole[: whole.index(b"\n") + 1]
    dates = [columns.index("date"), columns.index("posted") if "posted" in columns else columns.index("date")]
    for cut in cuts:
        head = written(folder / "head.csv", lines[:cut], columns)
        tail = written(folder / "tail.csv", lines[cut:], columns)
        cells = lines[cut - 1].split(",") if cut else []
        day = date.fromisoformat(cells[dates[1]] or cells[dates[0]]) if cut else as_of - timedelta(days=3000)
        replay_file(rules, head, as_of=day, ledger=folder / "one.csv", state_out=folder / "state.gz")
        document = replay_file(rules, tail, as_of=as_of, ledger=folder / "two.csv", state_in=folder / "state.gz")
        first, second = (folder / "one.csv").read_bytes(), (folder / "two.csv").read_bytes()
        assert second.startswith(header), cut
        assert first + second[len(header) :] == whole, f"cut after row {cut}"
        assert unlisted(document) == unlisted(full), f"cut after row {cut}"
        told = listed(document, cut)
        assert told == listed(full)[document["refused"] - len(told) :], f"cut after row {cut}"
        assert all(each[0] > cut for each in told)


def unlisted(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "refusals"}


def listed(document: dict[str, Any], before: int = 0) -> list[tuple[int, str, str]]:
    """Refusals, their rows counted from the start of the log where so many stand before the file's."""
    return [(before + each["row"], each["member_id"], each["reason"]) for each in document["refusals"]]


def test_a_small_log_cut_at_every_row(tmp_path: Path) -> None:
    cut_and_continue(CLUB, tmp_path, SMALL, COLUMNS[:11], range(len(SMALL) + 1), SMALL_END)


@pytest.mark.parametrize("part", ["segments", "referrals", "value", "plans", "messages", "coupons"])
def test_worked_cases_cut_at_every_row(part: str, tmp_path: Path) -> None:
    """What members hold beyond points goes on from a saved state: months, runs of days, referrals, messages sent, coupons."""
    for case in YAML(typ="safe").load(CASES / f"_offers_{part}.yaml"):
        rows = [{"member_id": "m1"} | row for row in case["transactions"]]
        columns = sorted({key for row in rows for key in row} | {"date"})
        lines = [",".join(str(row.get(key, "")) for key in columns) for row in rows]
        rules = program_from_mapping(case["program"])
        cut_and_continue(rules, tmp_path, lines, columns, range(1, len(lines)), case["as_of"])


def large_cases() -> list[int]:
    """Seeds of drawn cases with many rows, no two of one expiry."""
    by_model = {}
    for seed in range(300):
        rules, rows, _ = draw_case(seed)
        if len(rows) >= 45 and rules.expiry.model not in by_model:
            by_model[rules.expiry.model] = seed
    return sorted(by_model.values())[:6]


def test_drawn_logs_cut_at_random_rows(tmp_path: Path) -> None:
    """Also inside an order of several lines, and between rows of one day."""
    inside = same_day = tried = 0
    for seed in large_cases():
        rules, rows, as_of = draw_case(seed)
        cuts = sorted(Random(seed).sample(range(1, len(rows)), 25))
        in_order = [
            k for k in range(1, len(rows)) if rows[k]["order_id"] and rows[k - 1]["order_id"] == rows[k]["order_id"]
        ]
        cuts += [k for k in in_order if k not in cuts][:3]
        inside += len(set(cuts) & set(in_order))
        same_day += sum(posting_day(rows[k]) == posting_day(rows[k - 1]) for k in cuts)
        cut_and_continue(rules, tmp_path, as_lines(rows), COLUMNS, cuts, as_of)
        tried += 1
    assert tried >= 4
    assert inside >= 10
    assert same_day >= 40


def test_a_log_cut_in_many_pieces(tmp_path: Path) -> None:
    """A state of a state of a state: every row in a file of its own."""
    whole = replay_file(CLUB, written(tmp_path / "log.csv", SMALL), as_of=SMALL_END, ledger=tmp_path / "full.csv")
    joined, told = b"", []
    state: Path | None = None
    for k, line in enumerate(SMALL):
        last = k == len(SMALL) - 1
        out = None if last else tmp_path / f"state{k}.gz"
        day = SMALL_END if last else date.fromisoformat(line.split(",")[1])
        log, ledger = written(tmp_path / "piece.csv", [line]), tmp_path / "piece-ledger.csv"
        document = replay_file(CLUB, log, as_of=day, ledger=ledger, state_in=state, state_out=out)
        piece = ledger.read_bytes()
        told += listed(document, k)
        joined += piece if k == 0 else piece[piece.index(b"\n") + 1 :]
        state = out
    assert joined == (tmp_path / "full.csv").read_bytes()
    assert unlisted(document) == unlisted(whole)
    assert told == listed(whole)


@pytest.mark.parametrize("day", ["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-08", "2024-02-20", "2024-04-01"])
def test_the_state_of_a_date_is_that_of_the_log_cut_there(day: str, tmp_path: Path) -> None:
    as_of = date.fromisoformat(day)
    told = []
    for name, lines in (("whole", SMALL), ("cut", [line for line in SMALL if line.split(",")[1] <= day])):
        log = written(tmp_path / f"{name}.csv", lines)
        told.append(
            replay_file(CLUB, log, as_of=as_of, ledger=tmp_path / f"{name}-l.csv", state_out=tmp_path / f"{name}.gz")
        )
    assert told[0] == told[1]
    assert (tmp_path / "whole-l.csv").read_bytes() == (tmp_path / "cut-l.csv").read_bytes()
    assert (tmp_path / "whole.gz").read_bytes() == (tmp_path / "cut.gz").read_bytes()


def test_rows_after_the_day_change_nothing_but_are_checked(tmp_path: Path) -> None:
    """By posting day: a row that happened before but is posted after is not there yet."""
    columns = (*COLUMNS[:11], "posted")
    lines = ["a,2024-01-02,purchase,100,,o1,,,,,,", "a,2024-01-03,purchase,50,,o2,,,,,,2024-01-20"]
    log = written(tmp_path / "log.csv", lines, columns)
    before = replay_file(CLUB, log, as_of=date(2024, 1, 19))["members"]["a"]
    after = replay_file(CLUB, log, as_of=date(2024, 1, 20))["members"]["a"]
    assert before["balance"] == 5 + 10
    assert after["balance"] == 5 + 10 + 5  # of 3 January: usable since the 6th
    assert after["lots"][-1] == {"earned_on": "2024-01-03", "expires_on": "2024-03-03", "points": 5}
    bad = written(tmp_path / "bad.csv", [*lines, "a,2024-02-01,purchase,-1,,,,,,,,"], columns)
    with pytest.raises(BadInput) as caught:
        replay_file(CLUB, bad, as_of=date(2024, 1, 19))
    assert "row 3" in problem(caught)


# --- states that do not fit -------------------------------------------------------------------------------------------
@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state of the small log on 8 January."""
    path = tmp_path / "state.gz"
    replay_file(CLUB, written(tmp_path / "head.csv", SMALL[:8]), as_of=date(2024, 1, 8), state_out=path)
    return path


def continued(state: Path, as_of: date = SMALL_END, rules: Program = CLUB, **more: Any) -> dict[str, Any]:
    return replay_file(rules, written(state.parent / "tail.csv", SMALL[8:]), as_of=as_of, state_in=state, **more)


def test_a_state_of_other_rules_is_refused(state: Path) -> None:
    other = CLUB.model_copy(update={"refunds": CLUB.refunds.model_copy(update={"within_days": 31})})
    with pytest.raises(BadInput) as caught:
        continued(state, rules=other)
    assert "same program" in problem(caught)
    assert caught.value.source == str(state)


def test_a_day_before_the_state_is_refused(state: Path) -> None:
    with pytest.raises(BadInput) as caught:
        continued(state, as_of=date(2024, 1, 7))
    assert "--as-of" in problem(caught)


def test_a_row_before_the_state_is_refused(state: Path) -> None:
    log = written(state.parent / "early.csv", ["a,2024-01-07,purchase,10,,,,,,,"])
    with pytest.raises(BadInput) as caught:
        replay_file(CLUB, log, as_of=SMALL_END, state_in=state)
    assert "2024-01-08" in problem(caught)


def test_a_held_order_counts_as_where_the_state_ends(tmp_path: Path) -> None:
    """The last order's lines are kept open across the cut; its day is past all the same."""
    path = tmp_path / "state.gz"
    head = written(tmp_path / "head.csv", ["a,2024-01-02,purchase,10,,o1,,,,,", "a,2024-01-10,purchase,10,,o2,,,,,"])
    replay_file(CLUB, head, as_of=date(2024, 1, 10), state_out=path)
    early = written(tmp_path / "early.csv", ["a,2024-01-07,purchase,10,,o3,,,,,"])
    with pytest.raises(BadInput):
        replay_file(CLUB, early, as_of=SMALL_END, state_in=path)
    nothing = written(tmp_path / "nothing.csv", [])
    with pytest.raises(BadInput):
        replay_file(CLUB, nothing, as_of=date(2024, 1, 7), state_in=path)


def damaged(state: Path) -> dict[str, bytes]:
    whole = state.read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    header = json.loads(lines[0])
    member = json.loads(lines[1])

    def repacked(head: dict[str, Any], *rest: bytes) -> bytes:
        return gzip.compress(json.dumps(head).encode() + b"\n" + b"".join(rest))

    return {
        "truncated": whole[: len(whole) // 2],
        "last byte missing": whole[:-1],
        "empty": b"",
        "not gzip": b"member_id,date,event\n",
        "flipped": whole[:60] + bytes([whole[60] ^ 0xFF]) + whole[61:],
        "not JSON": gzip.compress(b"{\n"),
        "not a header": gzip.compress(b"[1, 2]\n"),
        "another format": repacked({**header, "format": "loyalty-workbench replay state 0"}, *lines[1:]),
        "a member missing": repacked(header, *lines[1:-1]),
        "a key missing": repacked({key: value for key, value in header.items() if key != "seq"}, *lines[1:]),
        "too few numbers": repacked(
            header, json.dumps({**member, "own": member["own"][:-1]}).encode() + b"\n", *lines[2:]
        ),
        "a word for a number": repacked({**header, "today": "soon"}, *lines[1:]),
        "no UTF-8": gzip.compress(b"\xff\xfe{}\n"),
    }


def test_a_damaged_state_is_refused(state: Path) -> None:
    for what, data in damaged(state).items():
        path = state.parent / "damaged.gz"
        path.write_bytes(data)
        ledger = state.parent / "none.csv"
        with pytest.raises(BadInput) as caught:
            continued(path, ledger=ledger)
        assert caught.value.source == str(path), what
        assert not ledger.exists(), what
    with pytest.raises(BadInput):
        continued(state.parent / "missing.gz")


def test_the_same_state_is_the_same_file(state: Path) -> None:
    other = state.parent / "other.gz"
    replay_file(CLUB, written(state.parent / "head.csv", SMALL[:8]), as_of=date(2024, 1, 8), state_out=other)
    assert other.read_bytes() == state.read_bytes()


# --- refusals and bad rows --------------------------------------------------------------------------------------------
def test_strict_makes_a_refusal_bad_input_and_writes_nothing(tmp_path: Path) -> None:
    log = written(tmp_path / "log.csv", SMALL)
    outputs = outputs_in(tmp_path)
    with pytest.raises(BadInput) as caught:
        replay_file(CLUB, log, as_of=SMALL_END, strict=True, **outputs)
    assert problem(caught).startswith("row 8 (line 9), column event: refused: beyond the balance")
    assert not [path for path in outputs.values() if path.exists()]
    assert replay_file(CLUB, written(log, SMALL[:7]), as_of=SMALL_END, strict=True)["refused"] == 0


def outputs_in(folder: Path) -> dict[str, Path]:
    return {"ledger": folder / "l.csv", "members_out": folder / "m.csv", "state_out": folder / "s.gz"}


def untouched(folder: Path, outputs: dict[str, Path], log: Path, **more: Any) -> str:
    """What a refused replay says; its outputs stood there before, and nothing changes in their folder."""
    for path in outputs.values():
        path.write_bytes(b"before")
    names = sorted(folder.iterdir())
    with pytest.raises(BadInput) as caught:
        replay_file(CLUB, log, as_of=SMALL_END, **{**outputs, **more})
    assert [path for path in outputs.values() if path.read_bytes() != b"before"] == []
    assert sorted(folder.iterdir()) == names
    return problem(caught)


def test_outputs_appear_together_or_not_at_all(tmp_path: Path) -> None:
    """A refusal that only shows when the last, held order is complete; a name or a folder that does not do; a damaged log."""
    folder = tmp_path / "out"
    folder.mkdir()
    outputs = outputs_in(folder)
    log = written(tmp_path / "log.csv", [*SMALL[:4], "a,2024-01-08,redeem,,400,o3,,,,,"])
    assert "refused: beyond the balance" in untouched(folder, outputs, log, strict=True)
    assert "--members-out" in untouched(folder, outputs, log, members_out=folder / "m.xlsx")
    missing = tmp_path / "none"
    for option in outputs:
        assert "expected an existing folder" in untouched(
            folder, outputs, log, **{option: missing / outputs[option].name}
        )
    bad = written(
        tmp_path / "bad.csv", [*SMALL, "c,2024-04-01,refund,10,,r4,nothing,,,,", "c,2024-04-02,visit,,,,,,,,"]
    )
    assert "row 17" in untouched(folder, outputs, bad)
    replay_file(CLUB, log, as_of=SMALL_END, **outputs)
    assert sorted(folder.iterdir()) == sorted(outputs.values())
    assert [path for path in outputs.values() if path.read_bytes() == b"before"] == []


def test_a_bad_place_is_known_before_any_row_is_read(tmp_path: Path) -> None:
    log = tmp_path / "no log.csv"
    for option, name in (("ledger", "l.csv"), ("members_out", "m.csv"), ("state_out", "s.gz")):
        with pytest.raises(BadInput) as caught:
            replay_file(CLUB, log, as_of=SMALL_END, **{option: tmp_path / "none" / name})  # type: ignore[arg-type]
        assert "expected an existing folder" in problem(caught)
    with pytest.raises(BadInput) as caught:
        replay_file(CLUB, log, as_of=SMALL_END, members_out=tmp_path / "m.xlsx")
    assert "--members-out" in problem(caught)


def test_outputs_are_files_of_their_own(tmp_path: Path) -> None:
    """Also by another way to the same file: a link, a detour, a hard link."""
    log = written(tmp_path / "log.csv", SMALL)
    before = log.read_bytes()
    (tmp_path / "sub").mkdir()
    link, hard = tmp_path / "link.csv", tmp_path / "hard.csv"
    link.symlink_to(log)
    hard.hardlink_to(log)
    detour = tmp_path / "sub" / ".." / "log.csv"
    for option, name in (("ledger", "--ledger"), ("members_out", "--members-out"), ("state_out", "--state-out")):
        for path in (log, link, hard, detour):
            with pytest.raises(BadInput) as caught:
                replay_file(CLUB, log, as_of=SMALL_END, **{option: path})  # type: ignore[arg-type]
            assert problem(caught).startswith(f"{name}: expected another file than that of TRANSACTIONS"), path
    rules = written(tmp_path / "rules.csv", [])
    with pytest.raises(BadInput) as caught:
        replay_file(CLUB, log, as_of=SMALL_END, ledger=rules, program_file=rules)
    assert problem(caught).startswith("--ledger: expected another file than that of PROGRAM")
    with pytest.raises(BadInput) as caught:
        replay_file(
            CLUB, log, as_of=SMALL_END, ledger=tmp_path / "new.csv", members_out=tmp_path / "sub" / ".." / "new.csv"
        )
    assert problem(caught).startswith("--members-out: expected another file than that of --ledger")
    assert log.read_bytes() == before
    assert not (tmp_path / "new.csv").exists()


def test_a_state_may_be_replaced_but_by_a_state_only(state: Path) -> None:
    before = state.read_bytes()
    with pytest.raises(BadInput) as caught:
        continued(state, members_out=state)
    assert problem(caught).startswith("--members-out: expected another file than that of --state-in")
    other = state.parent / "other.gz"
    whole = continued(state, state_out=other)
    assert state.read_bytes() == before
    assert continued(state, state_out=state) == whole
    assert state.read_bytes() == other.read_bytes()


def test_strict_judges_this_file_only(state: Path) -> None:
    """A refusal of the log before the state is of a row that is not in this file."""
    tail = written(state.parent / "tail.csv", SMALL[8:11])
    assert replay_file(CLUB, tail, as_of=SMALL_END, state_in=state, strict=True)["refused"] == 1


def test_strict_sees_a_refusal_in_a_held_order(tmp_path: Path) -> None:
    """The redeem row stands in the file before the cut, so its place cannot be named by this file's rows."""
    head = written(tmp_path / "head.csv", [*SMALL[:4], "a,2024-01-08,redeem,,400,o3,,,,,"])
    replay_file(CLUB, head, as_of=date(2024, 1, 8), state_out=tmp_path / "s.gz")
    tail = written(tmp_path / "tail.csv", ["a,2024-01-08,purchase,200,,o3,,,,,"])
    with pytest.raises(BadInput) as caught:
        replay_file(CLUB, tail, as_of=SMALL_END, state_in=tmp_path / "s.gz", strict=True)
    assert problem(caught).startswith(
        "--state-in: refused, in the order that the saved state holds open: beyond the balance"
    )
    document = replay_file(CLUB, tail, as_of=SMALL_END, state_in=tmp_path / "s.gz")
    assert (document["refused"], document["refusals"]) == (1, [])


def test_refusals_are_listed_in_order(tmp_path: Path) -> None:
    log = written(tmp_path / "log.csv", SMALL)
    assert replay_file(CLUB, log, as_of=SMALL_END)["refusals"] == [
        {"row": 8, "member_id": "b", "reason": "beyond the balance"},
        {"row": 12, "member_id": "b", "reason": "the order is unknown, or older than 30 days"},
    ]


def test_refusals_are_counted_and_the_first_listed(tmp_path: Path) -> None:
    """2,500 in one file; then one more in the next, which lists its own only; the state holds the number and no list."""
    many = [f"m{k % 7},2024-01-02,redeem,,9999,,,,,," for k in range(2500)]
    document = replay_file(
        CLUB, written(tmp_path / "one.csv", many), as_of=date(2024, 1, 2), state_out=tmp_path / "s.gz"
    )
    assert document["refused"] == 2500
    assert [each["row"] for each in document["refusals"]] == list(range(1, 1001))
    header = json.loads(gzip.decompress((tmp_path / "s.gz").read_bytes()).splitlines()[0])
    assert header["refused"] == 2500
    assert len(json.dumps(header)) < 1000
    tail = written(tmp_path / "two.csv", ["m1,2024-01-03,redeem,,9999,,,,,,"])
    document = replay_file(CLUB, tail, as_of=SMALL_END, state_in=tmp_path / "s.gz")
    assert document["refused"] == 2501
    assert document["refusals"] == [{"row": 1, "member_id": "m1", "reason": "beyond the balance"}]


def test_an_order_stands_in_one_place(tmp_path: Path) -> None:
    """Its lines stand next to each other; the same name again is another order, or a mistake: it is not guessed."""
    first, other = "a,2024-01-02,purchase,100,,o1,,,,,", "a,2024-01-02,purchase,5,,,,,,,"
    for apart in (other, "b,2024-01-02,purchase,5,,o1,,,,,", "a,2024-01-02,refund,1,,,o1,,,,"):
        log = written(tmp_path / "log.csv", [first, apart, first])
        with pytest.raises(BadInput) as caught:
            replay_file(CLUB, log, as_of=SMALL_END)
        assert problem(caught) == (
            "row 3 (line 4), column order_id: expected a new order: the lines of one order stand next to each other, found 'o1'"
        )
    next_day = written(tmp_path / "log.csv", [first, first.replace("01-02", "01-03")])
    with pytest.raises(BadInput):
        replay_file(CLUB, next_day, as_of=SMALL_END)
    # across a cut: the held order goes on, or is complete
    replay_file(CLUB, written(tmp_path / "log.csv", [first]), as_of=date(2024, 1, 2), state_out=tmp_path / "s.gz")
    for rows, wrong in (([first], False), ([other, first], True)):
        log = written(tmp_path / "tail.csv", rows)
        if wrong:
            with pytest.raises(BadInput, match=r"row 2 \(line 3\), column order_id"):
                replay_file(CLUB, log, as_of=SMALL_END, state_in=tmp_path / "s.gz")
        else:
            assert replay_file(CLUB, log, as_of=SMALL_END, state_in=tmp_path / "s.gz")["totals"]["earned"] == 5 + 20


def test_a_name_of_an_order_may_be_another_members_or_a_forgotten_ones(tmp_path: Path) -> None:
    """30 days after an order its name is still taken; on the 31st it can be refunded no more, and is free."""
    taken = ["a,2024-01-02,purchase,100,,o1,,,,,", "b,2024-01-02,purchase,100,,o1,,,,,"]
    log = written(
        tmp_path / "log.csv", [*taken, "a,2024-02-02,purchase,100,,o1,,,,,", "a,2024-02-03,refund,100,,,o1,,,,"]
    )
    document = replay_file(CLUB, log, as_of=date(2024, 2, 3))
    assert (document["refused"], document["totals"]["reversed"]) == (0, 10)
    with pytest.raises(BadInput):
        replay_file(CLUB, written(log, [*taken, "a,2024-02-01,purchase,100,,o1,,,,,"]), as_of=SMALL_END)


def test_a_refund_of_nothing_known_is_bad_input(tmp_path: Path) -> None:
    forever = CLUB.model_copy(update={"refunds": CLUB.refunds.model_copy(update={"within_days": None})})
    log = written(
        tmp_path / "log.csv", ["a,2024-01-02,purchase,100,,order1,,,,,", "a,2024-01-03,refund,10,,,order7,,,,"]
    )
    with pytest.raises(BadInput) as caught:
        replay_file(forever, log, as_of=SMALL_END)
    assert problem(caught).startswith("row 2 (line 3), column refund_of")
    assert "did you mean 'order1'" in problem(caught)
    log = written(
        tmp_path / "log.csv",
        ["a,2024-01-02,purchase,100,,o1,,,,,", "a,2024-01-03,refund,60,,,o1,,,,", "a,2024-01-03,refund,40.01,,,o1,,,,"],
    )
    with pytest.raises(BadInput) as caught:
        replay_file(forever, log, as_of=SMALL_END)
    assert problem(caught).startswith("row 3 (line 4), column amount: expected at most what order o1 has left, 40.00")


# --- members, memory --------------------------------------------------------------------------------------------------
def test_members_as_a_table(tmp_path: Path) -> None:
    log = written(tmp_path / "log.csv", SMALL)
    members = replay_file(CLUB, log, as_of=date(2024, 1, 9), members_out=tmp_path / "m.csv")["members"]
    replay_file(CLUB, log, as_of=date(2024, 1, 9), members_out=tmp_path / "m.parquet")
    rows = pa.parquet.read_table(tmp_path / "m.parquet").to_pylist()
    assert [row["member_id"] for row in rows] == list(members)
    for row in rows:
        member = members[row["member_id"]]
        assert {key: row[key] for key in ("balance", "pending", "tier", "tier_until", "carry")} == {
            key: member[key] for key in ("balance", "pending", "tier", "tier_until", "carry")
        }
        assert row["qualifying_spend"] == member["qualifying"]["spend"]
    assert len((tmp_path / "m.csv").read_text("utf-8").splitlines()) == 1 + len(members)
    with pytest.raises(BadInput):
        replay_file(CLUB, log, as_of=date(2024, 1, 9), members_out=tmp_path / "m.xlsx")


def state_of(
    folder: Path, rules: Program, lines: list[str], as_of: date
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Header and members of the state after a log."""
    replay_file(rules, written(folder / "log.csv", lines), as_of=as_of, state_out=folder / "state.gz")
    header, *members = [json.loads(line) for line in gzip.decompress((folder / "state.gz").read_bytes()).splitlines()]
    return header, members


def daily(days: int, order_ids: bool) -> list[str]:
    start = date(2024, 1, 1)
    return [f"a,{start + timedelta(days=k)},purchase,10,,{f'o{k}' if order_ids else ''},,,,," for k in range(days)]


def test_memory_does_not_grow_with_rows(tmp_path: Path) -> None:
    """Orders without an id cannot be refunded and are not kept; those with one are forgotten when refunds are refused."""
    for order_ids, kept in ((False, 0), (True, 31)):
        short, long = (
            state_of(tmp_path, CLUB, daily(days, order_ids), date(2024, 1, 1) + timedelta(days=days - 1))
            for days in (400, 720)
        )
        for header, (member,) in (short, long):
            assert len(member["orders"]) in (kept, max(0, kept - 1))
            assert len(header["refundable"]) == len(member["orders"])
            assert len(header["open_rows"]) == int(order_ids)
        assert len(long[1][0]["lots"]) <= 61
        assert len(long[1][0]["days"]) <= 366
        assert abs(len(json.dumps(long[1][0]["lots"])) - len(json.dumps(short[1][0]["lots"]))) < 400


def test_orders_are_kept_as_long_as_they_can_be_refunded(tmp_path: Path) -> None:
    """within_days 30: on the 30th day yes, on the 31st no; a late posting counts from its business date."""
    for gap, refused in ((30, 0), (31, 1)):
        day = date(2024, 1, 2) + timedelta(days=gap)
        lines = ["a,2024-01-02,purchase,100,,o1,,,,,", f"a,{day},refund,100,,,o1,,,,"]
        document = replay_file(CLUB, written(tmp_path / "log.csv", lines), as_of=day)
        assert document["refused"] == refused
        assert document["totals"]["reversed"] == (0 if refused else 10)


def posted(rules: Program, rows: Iterable[Row], end: date) -> Iterator[Recorded]:
    """A replay after each of some rows."""
    rows = list(rows)
    replay = Recorded(rules, to_day(rows[0]["date"]), to_day(end))
    for number, row in enumerate(rows, start=1):
        replay.post(as_row(number, {"posted": None, **row}))
        replay.take_entries()
        yield replay


def test_a_day_that_is_put_off_stands_in_the_heap_once() -> None:
    """Every purchase puts off the day on which all points lapse; with pending points the next due day goes to and fro."""
    lapse = program(
        earn={"rate": {"points": 1, "per": 10}, "pending": {"days": 3}},
        expiry={"model": "inactivity", "months": 13},
    )
    start = date(2024, 1, 1)
    rows = [
        {"member_id": "a", "date": start + timedelta(days=k), "event": "purchase", "amount": Decimal(10)}
        for k in range(0, 2000, 5)
    ]
    most = max(len(replay.heap) for replay in posted(lapse, rows, start + timedelta(days=2100)))
    assert 1 <= most <= 3


def test_an_order_keeps_only_what_its_refunds_need() -> None:
    """Points taken for another order, and a refund, leave no room behind; the lots of the member are many."""
    start = date(2024, 1, 1)
    bought = [
        {"member_id": "a", "date": start, "event": "purchase", "amount": Decimal(100), "order_id": f"o{k}"}
        for k in range(200)
    ]
    back = [
        {"member_id": "a", "date": start, "event": "refund", "amount": Decimal(10), "refund_of": f"o{k}"}
        for k in range(200)
    ]
    for replay in posted(load_program("haidilao"), bought + back, start + timedelta(days=1)):
        for order in replay.members["a"].orders.values() if replay.members else ():
            assert len(order.uses) == order.own.uses
            assert len(order.parts) == order.own.parts
            assert not order.pieces and not order.lines
    assert replay.members["a"].account.own.lots == 200


def test_a_checkout_reserves_for_what_it_redeems_only() -> None:
    """Uses made at a purchase: none without a redemption, a few for a few points, as many as there are lots for many."""
    rules = program(earn={"rate": {"points": 1, "per": 1}}, redemption={"money_off": {"points": 1, "worth": 1}})
    day = to_day(date(2024, 1, 1))
    desk = Desk(rules, day, day + 10)
    account = desk.open_account()
    desk.join(account, day, day)
    for number in range(1, 51):
        desk.checkout(account, order := desk.new_order(), number, day, day, [Basket(300)], [])
        assert order.uses == []
    desk.checkout(account, order := desk.new_order(), 51, day, day, [Basket(300)], [Redeeming(4)])
    assert (order.own.uses, len(order.uses)) == (2, 4)
    desk.checkout(account, order := desk.new_order(), 52, day, day, [Basket(300)], [Redeeming(100)])
    assert order.own.uses <= len(order.uses) <= 50
    assert desk.redeem(account, order := desk.new_order(), 53, day, Redeeming(3)) == ""
    assert len(order.uses) == 3


# --- real orders ------------------------------------------------------------------------------------------------------
REAL_END = date(2011, 12, 31)
EXPENSIVE = ("haidilao", "home_shop", "mitsui_outlet", "mos_burger")


@needs_retail
@pytest.mark.parametrize("slug", LIBRARY)
def test_the_library_replays_real_orders_exactly(slug: str, tmp_path: Path) -> None:
    """4,371 customers, 22,186 orders and refunds that name no order: entry by entry the lots add up to what is left."""
    ledger = tmp_path / "ledger.csv"
    document = replay_file(load_program(slug), RETAIL, as_of=REAL_END, ledger=ledger)
    books: dict[str, Book] = defaultdict(Book)
    totals: Counter[str] = Counter()
    for entry in read(ledger):
        books[entry[0]].take(entry)
    assert set(books) <= set(document["members"])
    assert len(document["members"]) == 4371
    for name, member in document["members"].items():
        book = books[name]
        left = {(str(key[0]), key[1] and str(key[1])): points for key, points in book.lots.items() if points}
        assert left == {(lot["earned_on"], lot["expires_on"]): lot["points"] for lot in member["lots"]}
        assert book.lots.total() - book.debt == member["balance"] + member["pending"]
        totals.update(book.totals)
        totals["outstanding"] += book.lots.total() - book.debt
    assert {key: totals[key] for key in document["totals"]} == document["totals"]
    assert totals["earned"] == totals["redeemed"] + totals["expired"] + totals["reversed"] + totals["outstanding"]


def real_lines() -> list[str]:
    return gzip.decompress(RETAIL.read_bytes()).decode().splitlines()


@needs_retail
@pytest.mark.parametrize("slug", EXPENSIVE)
def test_real_orders_cut_at_a_date_and_at_random_rows(slug: str, tmp_path: Path) -> None:
    rules = load_program(slug)
    header, *lines = real_lines()
    columns = header.split(",")
    day = date(2011, 6, 15)
    head = written(tmp_path / "head.csv", [line for line in lines if line.split(",")[1] <= str(day)], columns)
    whole, cut = (
        replay_file(rules, log, as_of=day, ledger=tmp_path / f"{name}.csv", state_out=tmp_path / f"{name}.gz")
        for name, log in (("whole", RETAIL), ("cut", head))
    )
    assert whole == cut
    for suffix in ("csv", "gz"):
        assert (tmp_path / f"whole.{suffix}").read_bytes() == (tmp_path / f"cut.{suffix}").read_bytes()
    cut_and_continue(rules, tmp_path, lines, columns, [Random(slug).randrange(1, len(lines))], REAL_END)
    shutil.rmtree(tmp_path)  # some 50 MB
