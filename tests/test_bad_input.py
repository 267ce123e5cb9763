"""The edges: what may be opened and what not, files that appear whole or not at all, ledgers as files, how problems are told."""

import gzip
import os
import socket
import stat
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulators.ledger_file import LEDGER_COLUMNS, LedgerWriter, harmless
from simulators.transactions import Transactions
from workbench.errors import BadInput, Problem, choices, dotted, nearest, shown
from workbench.files import atomic_path, regular_file
from workbench.program.load import load_program
from workbench.units import NEVER


def refused(action: Any, path: str | Path) -> Problem:
    with pytest.raises(BadInput) as caught:
        action(path)
    assert caught.value.source == str(path)
    (problem,) = caught.value.problems
    return problem


# --- telling ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name, expected",
    [
        ("multipler", "multipliers"),
        ("Multi-Pliers", "multipliers"),
        ("tier", "tiers"),
        ("xyz", None),
        ("", None),
        ("x" * 10**6, None),
    ],
)
def test_nearest(name: str, expected: str | None) -> None:
    assert nearest(name, ["tiers", "multipliers", "rate"]) == expected


def test_dotted_paths() -> None:
    assert dotted(("earn", "multipliers", 0, "factor")) == "earn.multipliers[0].factor"
    assert dotted(()) == ""


def test_long_lists_of_choices_are_cut() -> None:
    assert choices(["a", "b", "c"], most=2) == "a, b and 1 more"
    assert choices(["a", "b"]) == "a, b"


@pytest.mark.parametrize(
    "value, expected",
    [
        (None, None),
        (True, True),
        (3, 3),
        (10**30, "a whole number of more than 18 digits"),
        (float("nan"), "nan"),
        ("x" * 61, "x" * 59 + "…"),
        ([1, 2], "a list of 2"),
        ({"a": 1, "b": 2}, "a mapping (a, b)"),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_values_are_shown_short(value: object, expected: object) -> None:
    assert shown(value) == expected


def test_a_problem_says_where_what_was_expected_and_what_was_found() -> None:
    problem = Problem("earn.rate", "expected a number", "x\x1b[31m", "rates", 7)
    assert str(problem) == "earn.rate (line 7): expected a number, found 'x\\x1b[31m'; did you mean 'rates'?"
    assert str(Problem("row 1 (line 2)", "no", line=2)) == "row 1 (line 2): no"
    assert str(Problem("", "no", line=2)) == "line 2: no"
    assert str(Problem("", "no")) == "no"
    assert str(Problem("a.\x1b[31m", "not \x07")) == "a.\\x1b[31m: not \\x07"


def test_every_problem_names_its_file() -> None:
    error = BadInput([Problem("a", "first"), Problem("b", "second")], "f\n.yaml", more=1200)
    assert str(error).splitlines() == [
        "f\\x0a.yaml: a: first",
        "f\\x0a.yaml: b: second",
        "f\\x0a.yaml: and 1,200 more like these, as far as the file was read",
    ]


# --- what may be opened ----------------------------------------------------------------------------------------------
READERS = [pytest.param(load_program, id="program"), pytest.param(Transactions, id="transactions")]


@pytest.mark.parametrize("read", READERS)
class TestReaders:
    def test_a_folder(self, read: Any, tmp_path: Path) -> None:
        assert refused(read, tmp_path).message.endswith(", found a folder")

    def test_a_missing_file(self, read: Any, tmp_path: Path) -> None:
        (tmp_path / "orders.csv").touch()
        problem = refused(read, tmp_path / "ordres.csv")
        assert problem.message.endswith(": there is no such file")
        assert problem.suggestion == str(tmp_path / "orders.csv")

    def test_a_missing_folder(self, read: Any, tmp_path: Path) -> None:
        assert refused(read, tmp_path / "a" / "b.yaml").message.endswith(": there is no such file")

    def test_a_device_is_not_read(self, read: Any) -> None:
        assert refused(read, "/dev/zero").message.endswith(", found a device")

    def test_a_pipe_is_not_waited_for(self, read: Any, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.yaml")
        begun = time.perf_counter()
        assert refused(read, tmp_path / "pipe.yaml").message.endswith(", found a pipe")
        assert time.perf_counter() - begun < 1

    def test_a_socket(self, read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)  # names of sockets are short
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s.yaml")
            assert refused(read, tmp_path / "s.yaml").message.endswith(", found a socket")

    def test_a_zero_byte_in_the_name(self, read: Any) -> None:
        assert "null byte" in refused(read, "a\0/b.yaml").message

    def test_a_very_long_name(self, read: Any, tmp_path: Path) -> None:
        assert "too long" in refused(read, tmp_path / ("x" * 5000 + ".yaml")).message

    def test_a_file_that_may_not_be_read(self, read: Any, tmp_path: Path) -> None:
        path = tmp_path / "secret.yaml"
        path.write_text("x", "utf-8")
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("this user may read everything")
        assert refused(read, path).message == "cannot be read: Permission denied"


def test_size_is_looked_at_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"12345")
    assert regular_file(path, largest=5) == path
    assert refused(lambda each: regular_file(each, largest=4), path).message == "expected at most 4 bytes, found 5"


# --- files that appear whole or not at all ---------------------------------------------------------------------------
def test_a_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old", "utf-8")
    path.chmod(0o640)
    with atomic_path(path) as temporary:
        temporary.write_text("new", "utf-8")
        assert temporary.parent == tmp_path
        assert path.read_text("utf-8") == "old"
    assert path.read_text("utf-8") == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with atomic_path(tmp_path / "f"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o640


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_nothing_behind(tmp_path: Path, failure: type[BaseException]) -> None:
    path = tmp_path / "f"

    def fail_halfway() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half", "utf-8")
            raise failure

    with pytest.raises(failure):
        fail_halfway()
    assert os.listdir(tmp_path) == []
    path.write_text("old", "utf-8")
    with pytest.raises(failure):
        fail_halfway()
    assert (os.listdir(tmp_path), path.read_text("utf-8")) == (["f"], "old")


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "file")
    with atomic_path(tmp_path / "link") as temporary:
        temporary.write_text("new", "utf-8")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "file").read_text("utf-8") == "new"


def write(path: str | Path) -> None:
    with atomic_path(path):
        pass


def test_targets_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert refused(write, tmp_path / "out").message == "expected the name of a file, found a folder"
    assert refused(write, "/dev/full").message == "expected the name of a file, found a device or a pipe"
    problem = refused(write, tmp_path / "uot" / "f")
    assert problem.message == f"expected an existing folder, there is no {tmp_path / 'uot'}"
    assert problem.suggestion == str(tmp_path / "out")
    assert refused(write, f"{tmp_path}/new/").message == "expected the name of a file, found that of a folder"
    assert "null byte" in refused(write, "a\0b").message
    assert os.listdir(tmp_path) == ["out"]


# --- ledgers ---------------------------------------------------------------------------------------------------------
def ledger(**changes: Any) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "seq": [1, 2],
        "member_id": ["m1", "m2"],
        "date": [20089, 20090],
        "kind": [2, 4],
        "points": [12, -5],
        "money": [120000, -5],
        "lot_earned_on": [20089, NEVER],
        "expires_on": [20454, NEVER],
        "order_id": ["o1", ""],
        "rule": ["earn", "redemption.money_off"],
    }
    return columns | changes


HEADER = "seq,member_id,date,kind,points,money,lot_earned_on,expires_on,order_id,rule\n"
LINES = "1,m1,2025-01-01,earn,12,1200.00,2025-01-01,2026-01-01,o1,earn\n2,m2,2025-01-02,redeem,-5,-0.05,,,,redemption.money_off\n"


def write_ledger(path: Path, *pieces: dict[str, Any]) -> None:
    with LedgerWriter(path) as out:
        for piece in pieces:
            out.write(piece)


def test_csv_ledger(tmp_path: Path) -> None:
    write_ledger(tmp_path / "l.csv", ledger())
    assert (tmp_path / "l.csv").read_bytes().decode() == HEADER + LINES
    assert os.listdir(tmp_path) == ["l.csv"]


def test_gzip_ledger_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a.csv.gz", "B.CSV.GZ"):
        write_ledger(tmp_path / name, ledger())
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()).decode() == HEADER + LINES
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "B.CSV.GZ").read_bytes()


def test_parquet_ledger(tmp_path: Path) -> None:
    write_ledger(tmp_path / "l.parquet", ledger(member_id=["=1+1", "-5"]), ledger())
    table = pq.read_table(tmp_path / "l.parquet")
    assert tuple(table.column_names) == LEDGER_COLUMNS
    kinds = [str(table.schema.field(name).type) for name in LEDGER_COLUMNS]
    label = "dictionary<values=string, indices=int32, ordered=0>"
    assert kinds == [
        "int64",
        "string",
        "date32[day]",
        label,
        "int64",
        "decimal128(18, 2)",
        *["date32[day]"] * 2,
        "string",
        label,
    ]
    assert table.num_rows == 4
    row = table.slice(1, 1).to_pylist()[0]
    assert (row["member_id"], row["money"], row["expires_on"], row["order_id"]) == ("-5", Decimal("-0.05"), None, None)
    assert table["member_id"][0].as_py() == "=1+1"


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_an_empty_ledger_has_its_columns(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"l{suffix}"
    write_ledger(path)
    write_ledger(path, {name: [] for name in LEDGER_COLUMNS})
    if suffix == ".parquet":
        assert (pq.read_table(path).num_rows, tuple(pq.read_table(path).column_names)) == (0, LEDGER_COLUMNS)
    else:
        data = path.read_bytes()
        assert (gzip.decompress(data) if suffix == ".csv.gz" else data).decode() == HEADER


def test_pieces_make_no_difference(tmp_path: Path) -> None:
    names = ["a,b", 'say "x"', "two\nlines", "=cmd", "plain"]
    columns = {name: np.repeat(np.asarray(values[:1]), 5) for name, values in ledger().items()} | {"order_id": names}
    write_ledger(tmp_path / "one.csv", columns)
    write_ledger(
        tmp_path / "many.csv", *({name: values[k : k + 1] for name, values in columns.items()} for k in range(5))
    )
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "many.csv").read_bytes()
    cells = ['"a,b"', '"say ""x"""', '"two\nlines"', "'=cmd", "plain"]
    line = "1,m1,2025-01-01,earn,12,1200.00,2025-01-01,2026-01-01,{},earn\n"
    assert (tmp_path / "one.csv").read_bytes().decode() == HEADER + "".join(line.format(cell) for cell in cells)


def test_columns_may_be_arrays_and_kinds_names(tmp_path: Path) -> None:
    arrays = {
        name: np.array(values, dtype=np.int64) if isinstance(values[0], int) else pa.array(values)
        for name, values in ledger().items()
    }
    write_ledger(tmp_path / "l.csv", arrays | {"kind": ["earn", "redeem"], "rule": arrays["rule"].dictionary_encode()})
    assert (tmp_path / "l.csv").read_bytes().decode() == HEADER + LINES


@pytest.mark.parametrize(
    "name, written",
    [
        ("=1+1", "'=1+1"),
        ("@sum(a1)", "'@sum(a1)"),
        ("+cmd|' /c calc'!a0", "'+cmd|' /c calc'!a0"),
        ("-2+3", "'-2+3"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("-5", "-5"),
        ("+886912345678", "+886912345678"),
        ("m1", "m1"),
        ("", ""),
        ("a=b", "a=b"),
    ],
)
def test_formulas_are_made_harmless_in_csv_alone(name: str, written: str) -> None:
    assert harmless(name) == written


def test_the_suffix_is_looked_at_before_any_work(tmp_path: Path) -> None:
    problem = refused(LedgerWriter, tmp_path / "ledger.xlsx")
    assert (problem.message, problem.value) == (
        "expected a ledger's name to end with one of: .csv, .csv.gz, .parquet",
        ".xlsx",
    )
    assert refused(LedgerWriter, tmp_path / "ledger.parqet").suggestion == ".parquet"


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failed_ledger_leaves_the_old_one(tmp_path: Path, suffix: str, failure: type[BaseException]) -> None:
    path = tmp_path / f"l{suffix}"
    path.write_text("old", "utf-8")

    def fail_halfway() -> None:
        with LedgerWriter(path) as out:
            out.write(ledger())
            raise failure

    with pytest.raises(failure):
        fail_halfway()
    assert (os.listdir(tmp_path), path.read_text("utf-8")) == ([path.name], "old")


def test_a_ledger_needs_its_folder(tmp_path: Path) -> None:
    writer = LedgerWriter(tmp_path / "out" / "l.csv")
    with pytest.raises(BadInput, match="expected an existing folder, there is no "):
        writer.__enter__()


def test_a_ledger_has_all_its_columns_and_nothing_else(tmp_path: Path) -> None:
    with LedgerWriter(tmp_path / "l.csv") as out:
        for wrong in (ledger(extra=[1, 2]), {"seq": [1]}):
            with pytest.raises(ValueError, match="expected the columns seq, member_id"):
                out.write(wrong)
        with pytest.raises(ValueError, match="more than 18 digits"):
            out.write(ledger(money=[10**18, 0]))
        out.write(ledger(money=[10**18 - 1, 1 - 10**18]))
    assert "9999999999999999.99" in (tmp_path / "l.csv").read_text("utf-8")
