"""Replay has two clocks, plain Python and compiled code: the same files, the same JSON, the same errors."""

import json
import os
import random
import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

import simulators.kernel.cache as cache
import simulators.kernel.replay_run as replay_run
import simulators.replay as replay
import simulators.replay_compiled as replay_compiled
import simulators.transaction_source as transaction_source
from simulators.ledger_file import LEDGER_COLUMNS, LedgerWriter
from simulators.replay import Engine, Replayed, as_engine, replay_log
from simulators.replay_compiled import live_log
from simulators.transactions import Transactions
from tests.logs import write_log
from tests.strategies import draw_case
from tests.test_replay import CLUB, COLUMNS, SMALL, SMALL_END, as_lines, program, written
from workbench.errors import BadInput
from workbench.ledger import KINDS
from workbench.packaging import HOME
from workbench.program.load import library, load_program
from workbench.program.spec import Program
from workbench.spec import SpecError
from workbench.units import NEVER, to_day

ORDERS = HOME / "examples/mos_orders.csv"
LOG_END = date(2024, 12, 31)
FOREVER = CLUB.model_copy(update={"refunds": CLUB.refunds.model_copy(update={"within_days": None})})


# --- helpers ----------------------------------------------------------------------------------------------------------
def told(
    rules: Program, log: Path, as_of: date, engine: Engine, folder: Path, strict: bool = False
) -> tuple[Replayed, ...]:
    """A replay by one clock, and all that it leaves behind."""
    ledger, members = folder / f"{engine}.csv", folder / f"{engine}-members.csv"
    found = replay_log(rules, log, as_of=as_of, ledger=ledger, members_out=members, strict=strict, engine=engine)
    text = "".join(found.json())
    assert text == json.dumps(found.document(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    return found, text, ledger.read_bytes(), members.read_bytes()  # type: ignore[return-value]


def same(rules: Program, log: Path, as_of: date, folder: Path, engine: Engine = "compiled") -> Replayed:
    """Replay by both clocks: every byte is the same. ``engine``: the one that is to answer where compiled code is asked for."""
    plain, *expected = told(rules, log, as_of, "python", folder)
    found, *mine = told(rules, log, as_of, "compiled", folder)
    assert mine[1] == expected[1], "ledger"
    assert mine[2] == expected[2], "members"
    assert mine[0] == expected[0], "JSON"
    assert found.document() == plain.document()
    assert (plain.engine, found.engine) == ("python", engine)
    return found


def wrong(rules: Program, log: Path, as_of: date, folder: Path, strict: bool = False) -> str:
    """What both clocks say of a log that is bad input; "" where both take it."""
    said = []
    for engine in replay.ENGINES:
        try:
            told(rules, log, as_of, engine, folder, strict)
            said.append("")
        except BadInput as error:
            said.append(str(error))
    assert said[0] == said[1]
    return said[0]


# --- programs and logs ------------------------------------------------------------------------------------------------
POINTS_ONLY = [slug for slug in library() if not load_program(slug).offers]
"""Programs of points and tiers alone; those with offers are for the clock in plain Python."""


def test_programs_with_offers_are_left_to_the_plain_clock(tmp_path: Path) -> None:
    assert len(POINTS_ONLY) < len(library())
    log = Transactions(write_log(tmp_path / "log.csv", 200, 20, seed=3))
    for slug in set(library()) - set(POINTS_ONLY):
        found = live_log(load_program(slug), log, to_day(LOG_END), strict=False, keep_entries=False, most_lots=10)
        assert found is None, slug


@pytest.mark.parametrize("slug", POINTS_ONLY)
def test_every_program_of_the_library(slug: str, tmp_path: Path) -> None:
    rules = load_program(slug)
    same(rules, ORDERS, date(2016, 12, 31), tmp_path)
    found = same(rules, write_log(tmp_path / "log.csv", 3_000, 150, seed=3), LOG_END, tmp_path)
    assert found.totals["earned"] > 0
    assert found.size == 150


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["mos_burger", "mitsui_outlet", "ledger_tier_rate", "loreal"])
def test_a_large_log(slug: str, tmp_path: Path) -> None:
    """60,000 rows in blocks over several threads; refunds, redemptions at checkouts, late postings, orders of two lines."""
    log = write_log(tmp_path / "log.parquet", 60_000, 4_000, seed=5)
    found = same(load_program(slug), log, LOG_END, tmp_path)
    assert min(found.totals[name] for name in ("earned", "reversed", "outstanding")) > 0
    assert found.refused > 100


def test_a_small_log_of_everything(tmp_path: Path) -> None:
    """What it comes to is worked out by hand in tests/test_replay.py."""
    log = written(tmp_path / "log.csv", SMALL)
    found = same(CLUB, log, SMALL_END, tmp_path)
    assert found.totals["earned"] == 5 * 3 + 25 + 19 + 8 + 7 + 100 + 54
    assert [each.row for each in found.refusals] == [8, 12]
    for line in SMALL:
        same(CLUB, log, date.fromisoformat(line.split(",")[1]), tmp_path)


def test_a_refund_of_a_category(tmp_path: Path) -> None:
    """Food counts twice: 10 + 20 points; without 50 of the food 10 + 10, without 50 of the line named first 5 + 20."""
    lines = ["a,2024-01-02,purchase,100,,o1,,,,,", "a,2024-01-02,purchase,100,,o1,,food,,,"]
    for category, left in (("food", 20), ("", 25), ("toys", 25)):
        back = f"a,2024-01-03,refund,50,,,o1,{category},,,"
        found = same(CLUB, written(tmp_path / "log.csv", [*lines, back]), date(2024, 1, 9), tmp_path)
        assert found.totals["outstanding"] == 5 + left


def test_rows_of_one_order_and_two_dates_are_two_orders(tmp_path: Path) -> None:
    """Both posted on one day: the second is a mistake while the first can be refunded, and another order after that."""
    columns = (*COLUMNS[:11], "posted")
    for first, said in (("2024-01-02", "row 2 (line 3), column order_id: expected a new order"), ("2023-12-02", "")):
        lines = [f"a,{first},purchase,55,,o1,,,,,,2024-01-05", "a,2024-01-03,purchase,55,,o1,,,,,,2024-01-05"]
        log = written(tmp_path / "log.csv", lines, columns)
        told_alike = wrong(CLUB, log, SMALL_END, tmp_path)
        assert said in told_alike
        assert bool(said) == bool(told_alike)
    assert same(CLUB, log, SMALL_END, tmp_path).totals["earned"] == 5 + 5 + 5


def test_a_birthday_that_becomes_known_later(tmp_path: Path) -> None:
    """Known since 1 February; the 7 points of the 10th are usable at once, those of joining and of the orders lapse first."""
    lines = [
        "a,2024-01-02,purchase,100,,o1,,,,,",
        "a,2024-02-01,join,,,,,,,,1990-02-10",
        "b,2024-02-01,join,,,,,,,,1990-02-01",
    ]
    found = same(CLUB, written(tmp_path / "log.csv", lines), date(2024, 3, 5), tmp_path)
    assert found.totals["earned"] == 5 + 10 + 7 + 5
    assert found.document()["members"]["a"]["balance"] == 7


def drawn(first: int, last: int, folder: Path) -> int:
    """Replay drawn programs and logs by both clocks; returns how many compiled code took."""
    taken = 0
    for seed in range(first, last):
        rules, rows, as_of = draw_case(seed)
        log = written(folder / "log.csv", as_lines(rows), COLUMNS)
        try:
            same(rules, log, as_of, folder)
        except SpecError:  # refused by name: its integers could leave 63 bits
            with pytest.raises(SpecError):
                replay_log(rules, log, as_of=as_of, engine="compiled")
            continue
        wrong(rules, log, as_of, folder, strict=True)
        taken += 1
    return taken


def test_drawn_programs(tmp_path: Path) -> None:
    assert drawn(0, 60, tmp_path) > 50


@pytest.mark.slow
def test_many_drawn_programs(tmp_path: Path) -> None:
    assert drawn(60, 400, tmp_path) > 320


# --- threads, blocks, room --------------------------------------------------------------------------------------------
def test_neither_threads_nor_blocks_nor_room_change_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few rows, and room for what members leave behind that has to grow again and again."""
    rules, log = load_program("mitsui_outlet"), write_log(tmp_path / "log.csv", 4_000, 40, seed=7)
    monkeypatch.setattr(replay_run, "BLOCK", 8)
    monkeypatch.setattr(replay_compiled, "SLICE", 100)
    for cores in ({0}, {0, 1, 2}):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: cores)
        same(rules, log, LOG_END, tmp_path)


def test_pieces_of_a_file_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = write_log(tmp_path / "log.csv", 2_000, 40, seed=8)
    expected = told(CLUB, log, LOG_END, "python", tmp_path)[1:]
    monkeypatch.setattr(transaction_source, "_BLOCK", 2_000)
    assert len(list(Transactions(log))) > 20
    assert told(CLUB, log, LOG_END, "compiled", tmp_path)[1:] == expected


def test_many_orders_wait_for_refunds(tmp_path: Path) -> None:
    """More than there is room for at first; they are refunded in another order, some of them twice."""
    buys = [f"a,2024-01-02,purchase,{100 + k},,o{k},,,,," for k in range(150)]
    back = [f"a,2024-01-{3 + k % 9:02d},refund,{40 + k % 60},,,o{k * 7 % 150},,,," for k in range(150)]
    lines = buys + sorted(back, key=lambda line: line[:12]) + ["a,2024-01-20,refund,0.01,,,o3,,,,"]
    found = same(FOREVER, written(tmp_path / "log.csv", lines), SMALL_END, tmp_path)
    assert found.totals["reversed"] > 100


@pytest.mark.parametrize(
    "what, lines",
    [
        ("lots", [f"a,2024-01-{1 + k // 200:02d},purchase,100,,,,,,," for k in range(4_200)]),
        ("lines", ["a,2024-01-02,purchase,10,,o1,,,,,"] * 1_100),
        ("orders", [f"a,2024-01-02,purchase,10,,o{k},,,,," for k in range(2_100)]
         + [f"a,2024-01-03,refund,10,,,o{k},,,," for k in range(2_100)]),
        ("amounts", ["a,2024-01-02,purchase,9999999999,,o1,,,,,"] * 2),
        ("days", ["a,1960-01-02,purchase,100,,o1,,,,,", "a,2024-01-02,purchase,100,,o2,,,,,"]),
        ("rows", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_has_no_room_is_for_plain_python(what: str, lines: list[str], tmp_path: Path) -> None:
    same(
        program(earn={"rate": {"points": 1, "per": 10}}),
        written(tmp_path / "log.csv", lines),
        SMALL_END,
        tmp_path,
        "python",
    )


def test_points_whose_worth_could_leave_63_bits_are_for_plain_python(tmp_path: Path) -> None:
    """A point of 10 billion: a balance of 30 is worth more than 2**63 thousandths of a cent."""
    dear = program(
        earn={"rate": {"points": 1, "per": 10}},
        redemption={"money_off": {"points": 1, "worth": 9999999999, "maximum_share": "0.5"}},
    )
    log = written(tmp_path / "log.csv", ["a,2024-01-02,purchase,100000,,,,,,,", "a,2024-01-03,redeem,,9000,,,,,,"])
    found = same(dear, log, SMALL_END, tmp_path, "python")
    assert found.totals["redeemed"] == 9000
    cheap = program(earn={"rate": {"points": 1, "per": 10}}, redemption={"money_off": {"points": 1, "worth": 1}})
    same(cheap, log, SMALL_END, tmp_path)


# --- which clock ------------------------------------------------------------------------------------------------------
def test_states_are_for_plain_python(tmp_path: Path) -> None:
    log, state = written(tmp_path / "log.csv", SMALL), tmp_path / "s.gz"
    assert replay_log(CLUB, log, as_of=SMALL_END, state_out=state, engine="compiled").engine == "python"
    nothing = written(tmp_path / "none.csv", [])
    assert replay_log(CLUB, nothing, as_of=SMALL_END, state_in=state, engine="compiled").engine == "python"


def test_the_clock_goes_by_the_number_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = write_log(tmp_path / "log.csv", 500, 40)
    for name in ("log.csv", "log.parquet"):
        log = write_log(tmp_path / name, 500, 40)
        assert 500 <= Transactions(log).about <= 501
        for few, uncompiled, expected in ((600, 600, "python"), (400, 400, "compiled")):
            monkeypatch.setattr(replay, "FEW", few)
            monkeypatch.setattr(replay, "FEW_UNCOMPILED", uncompiled)
            assert replay_log(CLUB, log, as_of=LOG_END).engine == expected
            assert replay_log(CLUB, log, as_of=LOG_END, engine="python").engine == "python"
    monkeypatch.setattr("simulators.kernel.cache.is_warm", lambda module: False)
    monkeypatch.setattr(replay, "FEW_UNCOMPILED", 600)
    assert replay_log(CLUB, log, as_of=LOG_END).engine == "python"


def test_a_clock_has_a_name() -> None:
    assert as_engine(None) is None
    assert as_engine("compiled") == "compiled"
    with pytest.raises(
        BadInput, match="--engine: expected python or compiled, found 'compile'; did you mean 'compiled'"
    ):
        as_engine("compile")


def test_without_a_compiler_python_answers(tmp_path: Path) -> None:
    log = written(tmp_path / "log.csv", SMALL)
    code = (
        "from datetime import date; from pathlib import Path; from simulators.replay import replay_log; "
        "from workbench.program.load import load_program; import sys; "
        "print(replay_log(load_program('mos_burger'), Path(sys.argv[1]), as_of=date(2024, 1, 9), engine='compiled').engine)"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(log)], cwd=HOME, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "python\n"


def test_the_compiled_functions_hold_in_the_interpreter(tmp_path: Path) -> None:
    """There indices are checked, and integers that wrap are warned of."""
    code = (
        "import sys; from pathlib import Path; from types import SimpleNamespace; import simulators.replay_compiled as clock\n"
        "clock.live_members = SimpleNamespace(py_func=None)\n"
        "from tests.test_replay_compiled import drawn\n"
        "print(drawn(0, 15, Path(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", code, str(tmp_path)],
        cwd=HOME, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) > 12


def test_the_cache_is_named_after_what_is_compiled() -> None:
    kernel = HOME / "simulators" / "kernel"
    names = ("replay", "replay_order", "replay_records")
    assert {kernel / f"{name}.py" for name in names} <= set(cache.sources())
    assert HOME / "workbench/rules/refunds.py" in cache.sources()


# --- what is wrong ----------------------------------------------------------------------------------------------------
JOINED = "a,2024-01-02,purchase,100,,o1,,,,,"
REDEEMED = "a,2024-01-02,redeem,,4000,o1,,,,,"
OTHER = "b,2024-01-03,purchase,50,,o9,,,,,"
MISTAKES = {
    "an order twice": ([JOINED, OTHER, JOINED.replace("01-02", "01-04")], "row 3 (line 4), column order_id"),
    "an order in two places": ([JOINED, "b,2024-01-02,join,,,,,,,,", JOINED], "row 3 (line 4), column order_id"),
    "an order unknown": ([JOINED, OTHER, "a,2024-01-05,refund,10,,,o9,,,,"], "row 3 (line 4), column refund_of"),
    "an order not yet there": (["a,2024-01-01,refund,10,,,o1,,,,", JOINED], "row 1 (line 2), column refund_of"),
    "more than there was": ([JOINED, OTHER, "a,2024-01-05,refund,60,,,o1,,,,", "a,2024-01-05,refund,40.01,,,o1,,,,"], "row 4 (line 5), column amount"),
    "the first of two": ([JOINED, OTHER, "b,2024-01-05,refund,51,,,o9,,,,", "a,2024-01-05,refund,101,,,o1,,,,"], "row 3 (line 4), column amount"),
    "no date": ([JOINED, OTHER, "b,2024-01-32,purchase,5,,,,,,,"], "row 3 (line 4), column date"),
    "a row that cannot be lived through before one that cannot be read": (
        [JOINED, "a,2024-01-03,refund,101,,,o1,,,,", *["c,2024-01-03,purchase,1,,,,,,,"] * 300, "b,2024-01-04,purchase,-5,,,,,,,"], "row 2 (line 3)"),
    "one that cannot be read in an earlier piece": (
        ["b,2024-01-01,purchase,-5,,,,,,,", *["c,2024-01-01,purchase,1,,,,,,,"] * 300, JOINED, "a,2024-01-03,refund,101,,,o1,,,,"], "row 1 (line 2)"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told_alike(mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction_source, "_BLOCK", 2_000)
    lines, place = MISTAKES[mistake]
    assert place in wrong(FOREVER, written(tmp_path / "log.csv", lines), SMALL_END, tmp_path)


STRICT = {
    "within a checkout": ([JOINED, REDEEMED, OTHER], "row 2 (line 3), column event: refused: beyond the balance"),
    "all of one checkout": ([JOINED, REDEEMED, REDEEMED, OTHER, "b,2024-01-03,redeem,,500,,,,,,"], "row 3 (line 4)"),
    "in the last checkout": ([OTHER.replace("01-03", "01-01"), JOINED, REDEEMED], "row 3 (line 4)"),
    "noted only after a mistake": ([JOINED, REDEEMED, "b,2024-01-03,refund,1,,,o1,,,,"], "column refund_of"),
    "noted before a mistake": ([JOINED, REDEEMED, OTHER, "b,2024-01-03,refund,1,,,o1,,,,"], "refused: beyond"),
    "noted after what cannot be read": ([*["c,2024-01-01,purchase,1,,,,,,,"] * 200, JOINED, REDEEMED, "c,2024-01-03,purchase,-1,,,,,,,"], "not below 0"),
    "nothing": ([JOINED, OTHER, "a,2024-02-09,refund,1,,,o1,,,,"], ""),
}  # fmt: skip


@pytest.mark.parametrize("case", STRICT)
def test_strict_is_told_alike(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction_source, "_BLOCK", 2_000)
    lines, place = STRICT[case]
    said = wrong(FOREVER, written(tmp_path / "log.csv", lines), SMALL_END, tmp_path, strict=True)
    assert place in said
    assert bool(said) == bool(place)


def test_a_refund_too_late_is_refused_alike(tmp_path: Path) -> None:
    lines = [
        JOINED,
        "a,2024-02-01,refund,1,,,o1,,,,",
        "a,2024-02-02,refund,1,,,o1,,,,",
        "a,2024-02-02,refund,1,,,none,,,,",
    ]
    log = written(tmp_path / "log.csv", lines)
    found = same(CLUB, log, SMALL_END, tmp_path)
    assert [(each.row, each.reason) for each in found.refusals] == [
        (row, "the order is unknown, or older than 30 days") for row in (3, 4)
    ]
    assert "row 3 (line 4), column event: refused: the order is unknown" in wrong(
        CLUB, log, SMALL_END, tmp_path, strict=True
    )


def spoiled(lines: list[str], draw: random.Random) -> list[str]:
    """A log in which something is no longer right."""
    place = {name: k for k, name in enumerate(COLUMNS)}
    lines = list(lines)
    k, j = draw.randrange(len(lines)), draw.randrange(len(lines))
    cells, other = lines[k].split(","), lines[j].split(",")
    changes = draw.choice(
        [
            {"event": "refund", "refund_of": "nowhere", "amount": "5"},
            {"event": "refund", "refund_of": other[place["order_id"]], "member_id": other[0], "amount": "3"},
            {"event": "purchase", "order_id": other[place["order_id"]], "member_id": other[0], "amount": "3"},
            {"amount": "99999999"}, {"amount": "-3"}, {"date": "2024-02-31"}, {"event": "purchse"}, {"member_id": " "},
            {"date": other[place["date"]], "posted": ""},
        ]
    )  # fmt: skip
    for name, value in changes.items():
        cells[place[name]] = value
    lines[k] = ",".join(cells)
    return lines


def both_refuse(first: int, last: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Replay spoiled logs, read in pieces large and small; returns how many were refused."""
    refused = 0
    for seed in range(first, last):
        draw = random.Random(seed)
        rules, rows, as_of = draw_case(seed)
        monkeypatch.setattr(transaction_source, "_BLOCK", draw.choice([700, 2_000, 2**22]))
        log = written(folder / "log.csv", spoiled(as_lines(rows), draw), COLUMNS)
        for strict in (False, True):
            try:
                refused += wrong(rules, log, as_of, folder, strict) != ""
            except SpecError:
                continue
    return refused


def test_spoiled_logs_are_told_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert both_refuse(0, 40, tmp_path, monkeypatch) > 30


@pytest.mark.slow
def test_many_spoiled_logs_are_told_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert both_refuse(40, 400, tmp_path, monkeypatch) > 300


# --- what is written --------------------------------------------------------------------------------------------------
def test_names_that_spreadsheets_would_take_for_formulas(tmp_path: Path) -> None:
    lines = [
        '"=1+1",2024-01-02,purchase,100,,"a,b",,,,,',
        '"x""y",2024-01-02,purchase,100,,-5,,,,,',
        "會員,2024-01-02,join,,,,,,,,",
    ]
    same(CLUB, written(tmp_path / "log.csv", lines), SMALL_END, tmp_path)
    ledger = (tmp_path / "compiled.csv").read_text("utf-8")
    for cell in ("'=1+1", '"a,b"', '"x""y"', ",-5,", "會員"):
        assert cell in ledger


def test_parquet_is_the_same_by_both_clocks(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.csv", 2_000, 80)
    for engine in replay.ENGINES:
        replay_log(
            CLUB,
            log,
            as_of=LOG_END,
            ledger=tmp_path / f"{engine}.parquet",
            members_out=tmp_path / f"{engine}-m.parquet",
            engine=engine,
        )
    for name in ("{}.parquet", "{}-m.parquet"):
        assert (tmp_path / name.format("compiled")).read_bytes() == (tmp_path / name.format("python")).read_bytes()
    assert pa.parquet.read_table(tmp_path / "compiled.parquet").num_rows > 2_000


def test_a_ledger_in_pieces_is_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is written at once, and however large the pieces of a file are."""
    monkeypatch.setattr("simulators.ledger_file._PIECE", 64)
    count = 300
    columns = {
        "seq": list(range(1, count + 1)),
        "member_id": [f"m{k % 7}" for k in range(count)],
        "date": [19_000 + k // 9 for k in range(count)],
        "kind": [k * 5 % len(KINDS) for k in range(count)],
        "points": [k - 150 for k in range(count)],
        "money": [1_000 * k - 99 for k in range(count)],
        "lot_earned_on": [NEVER if k % 3 else 19_000 for k in range(count)],
        "expires_on": [NEVER if k % 4 else 19_500 for k in range(count)],
        "order_id": ["" if k % 2 else f"o{k}" for k in range(count)],
        "rule": ["earn" if k % 5 else "refunds" for k in range(count)],
    }
    assert tuple(columns) == LEDGER_COLUMNS
    for suffix in (".csv", ".csv.gz", ".parquet"):
        written_files = []
        for step in (1, 63, 100, count):
            path = tmp_path / f"{step}{suffix}"
            with LedgerWriter(path) as ledger:
                for first in range(0, count, step):
                    ledger.write({name: values[first : first + step] for name, values in columns.items()})
            written_files.append(path.read_bytes())
        assert len(set(written_files)) == 1
    table = pa.parquet.read_table(tmp_path / "63.parquet")
    assert table["order_id"].null_count == count // 2
    assert table["seq"].to_pylist() == columns["seq"]
    assert table["kind"].to_pylist() == [KINDS[k] for k in columns["kind"]]
    assert pa.parquet.ParquetFile(tmp_path / "63.parquet").num_row_groups == 5


def test_members_beyond_a_hundred_thousand_go_to_their_file_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "MOST_MEMBERS", 39)
    found = same(CLUB, write_log(tmp_path / "log.csv", 500, 40), LOG_END, tmp_path)
    assert found.document()["members"] is None
    assert len((tmp_path / "compiled-members.csv").read_text().splitlines()) == 41
