"""Logs of transactions: what is read is exact; what is wrong is named by row, line and column, with what was expected."""

import datetime
import gzip
import random
import tracemalloc
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulators.transactions import NONE, Fault, Transactions
from workbench.errors import BadInput
from workbench.units import to_day

RETAIL = Path(__file__).resolve().parents[2] / "shared/data/online_retail_orders.csv.gz"
HEADER = "member_id,date,event,amount,points,order_id,refund_of,category,channel,action,birthday,discount,tax,delivery,posted"
FIRST = "m1,2025-01-01,purchase,10,,,,,,,,,,,"


def log(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "log.csv"
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return path


def rows(path: Path) -> list[tuple[object, ...]]:
    return [row for batch in Transactions(path) for row in batch.rows()]


def refused(path: Path) -> BadInput:
    with pytest.raises(BadInput) as caught:
        rows(path)
    assert caught.value.source == str(path)
    return caught.value


def only(path: Path) -> tuple[str, str, object, str | None]:
    (problem,) = refused(path).problems
    return problem.path, problem.message, problem.value, problem.suggestion


def day(text: str) -> int:
    return to_day(datetime.date.fromisoformat(text))


# --- what is good ----------------------------------------------------------------------------------------------------
def test_every_column_is_read_exactly(tmp_path: Path) -> None:
    path = log(
        tmp_path,
        "m1,2025-01-01,join,,,,,,,,1990-02-28,,,,",
        "m1,2025-01-02,purchase,1234.50,,o1,,food,web,,,4.5,0.05,.5,2025-01-03",
        "m1,2025-01-03,redeem,,30,o1,,,,mug,,,,,",
        "m1,2025-01-03,refund,007,,r1,o1,,,,,,,,",
        "m1,2025-01-03,action,,12.0,,,,,review,1969-12-31,,,,",
    )
    assert rows(path) == [
        (1, "m1", 20089, 20089, "join", NONE, NONE, "", "", "", "", "", 2, 28, 0, 0, 0, ""),
        (2, "m1", 20090, 20091, "purchase", 123450, NONE, "o1", "", "food", "web", "", 0, 0, 450, 5, 50, ""),
        (3, "m1", 20091, 20091, "redeem", NONE, 30, "o1", "", "", "", "mug", 0, 0, 0, 0, 0, ""),
        (4, "m1", 20091, 20091, "refund", 700, NONE, "r1", "o1", "", "", "", 0, 0, 0, 0, 0, ""),
        (5, "m1", 20091, 20091, "action", NONE, 12, "", "", "", "", "review", 12, 31, 0, 0, 0, ""),
    ]


def test_unknown_columns_are_ignored_also_with_line_breaks_in_them(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(
        b'note,member_id,note,date,event\r\n"a\r\nb",m1,x,2025-01-01,join\r\n\r\nNA,NULL,"q""q",2025-01-01,join\r\n'
    )
    assert [row[:5] for row in rows(path)] == [(1, "m1", 20089, 20089, "join"), (2, "NULL", 20089, 20089, "join")]


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"\xef\xbb\xbfmember_id,date,event\nm1,2025-01-01,join\n")
    assert len(rows(path)) == 1


def test_gzip_is_told_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    path = log(tmp_path, FIRST)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert len(rows(path)) == 1


@pytest.mark.parametrize("text", ["member_id,date,event", "member_id,date,event\n"])
def test_a_header_alone_is_a_log_without_transactions(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text, "utf-8")
    assert rows(path) == []


@pytest.mark.parametrize("name", ["=1+1", "+cmd|x", "-5", "@sum", "'quoted", "會員 1", "a;b"])
def test_names_are_kept_as_they_are(tmp_path: Path, name: str) -> None:
    path = log(tmp_path, f"{name},2025-01-01,purchase,10,,{name},,{name},,{name},,,,,")
    (row,) = rows(path)
    assert (row[1], row[7], row[9], row[11]) == (name, name, name, name)


def test_money_is_exact_for_every_cent(tmp_path: Path) -> None:
    draw = random.Random(5)
    cents = [*range(200), *(draw.randrange(10**12) for _ in range(2000)), 10**12]
    path = log(tmp_path, *(f"m,2025-01-01,purchase,{Decimal(each) / 100},,,,,,,,,,," for each in cents))
    assert [row[5] for row in rows(path)] == cents
    # one text that is not plain digits sends the whole batch the slow way, to the same numbers
    path = log(tmp_path, *(f"m,2025-01-01,purchase,{Decimal(each) / 100:+.4f},,,,,,,,,,," for each in cents))
    assert [row[5] for row in rows(path)] == cents


def test_batches_join_up(tmp_path: Path) -> None:
    """More than one block of 4 MiB: rows are numbered through, and sorting is checked across the cut."""
    line = "member-{k:06d},2025-01-0{d},purchase,{k}.25,,order-{k:06d}"
    lines = [line.format(k=k, d=1 if k < 120_000 else 2) for k in range(150_000)]
    path = log(tmp_path, *lines, header="member_id,date,event,amount,points,order_id")
    batches = list(Transactions(path))
    assert len(batches) > 1
    found = [row for batch in batches for row in batch.rows()]
    assert [row[0] for row in found] == list(range(1, 150_001))
    assert [row[5] for row in found] == [100 * k + 25 for k in range(150_000)]
    path = log(tmp_path, *lines, lines[0], header="member_id,date,event,amount,points,order_id")
    assert only(path)[0] == "row 150001 (line 150002), column date"


def test_the_real_log(tmp_path: Path) -> None:
    if not RETAIL.exists():
        pytest.skip(f"the recorded log {RETAIL} is not here")
    found = rows(RETAIL)
    assert len(found) == 22_186
    assert len({row[1] for row in found}) == 4_371
    assert sum(row[4] == "refund" for row in found) == 3_654
    assert found[1][:9] == (2, "17850", day("2010-12-01"), day("2010-12-01"), "purchase", 2220, NONE, "536366", "")


# --- Parquet ---------------------------------------------------------------------------------------------------------
def test_a_further_column_is_read_where_it_is_asked_for(tmp_path: Path) -> None:
    path = log(
        tmp_path,
        "m1,2025-01-01,purchase,10,north",
        "m2,2025-01-01,purchase,10,",
        header="member_id,date,event,amount,region",
    )
    (batch,) = Transactions(path, also="region")
    assert batch.also is not None and batch.also.tolist() == ["north", ""]
    (batch,) = Transactions(path)
    assert batch.also is None
    with pytest.raises(
        BadInput, match=r"header, column regoin: expected this column, which was asked for; did you mean 'region'"
    ):
        Transactions(path, also="regoin")
    columns = {"member_id": ["m1", "m2"], "date": ["2025-01-01"] * 2, "event": ["join"] * 2, "region": [7, None]}
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    (batch,) = Transactions(tmp_path / "log.parquet", also="region")
    assert batch.also is not None and batch.also.tolist() == ["7", ""]
    with pytest.raises(BadInput, match="schema, column place"):
        Transactions(tmp_path / "log.parquet", also="place")
    path = log(tmp_path, f"m1,2025-01-01,purchase,10,{'x' * 201}", header="member_id,date,event,amount,region")
    with pytest.raises(BadInput, match=r"column region: expected at most 200 characters"):
        list(Transactions(path, also="region"))


def test_rows_may_name_no_member_where_that_is_said(tmp_path: Path) -> None:
    path = log(tmp_path, FIRST, FIRST.replace("m1", ""), FIRST.replace("m1", " "))
    (batch,) = Transactions(path, anonymous=True)
    assert batch.member_id.tolist() == ["m1", "", " "]
    assert len(refused(path).problems) == 2


def parquet(folder: Path, **columns: object) -> Path:
    path = folder / "log.any"
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_of_exact_types(tmp_path: Path) -> None:
    when = [datetime.date(2025, 1, 1), datetime.date(2025, 1, 2)]
    path = parquet(
        tmp_path,
        member_id=pa.array([17850, 17851]),
        date=pa.array(when, pa.date32()),
        event=pa.array(["purchase", "redeem"]).dictionary_encode(),
        amount=pa.array([Decimal("12.30"), None], pa.decimal128(12, 2)),
        points=pa.array([None, 5], pa.int32()),
        posted=pa.array([None, datetime.datetime(2025, 1, 3)], pa.timestamp("us")),
        ignored=pa.array([[1], [2]]),
    )
    assert [row[:7] for row in rows(path)] == [
        (1, "17850", 20089, 20089, "purchase", 1230, NONE),
        (2, "17851", 20090, 20091, "redeem", NONE, 5),
    ]


def test_parquet_of_nothing_but_nulls(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("posted", "birthday", "amount", "order_id"), pa.nulls(1))
    (row,) = rows(parquet(tmp_path, member_id=["a"], date=["2025-01-01"], event=["join"], **nothing))
    assert row[:8] == (1, "a", 20089, 20089, "join", NONE, NONE, "")


def test_parquet_of_floats_is_exact_or_refused(tmp_path: Path) -> None:
    known = {"member_id": ["a", "b"], "date": ["2025-01-01"] * 2, "event": ["purchase"] * 2}
    assert [row[5] for row in rows(parquet(tmp_path, **known, amount=[0.29, 1e9]))] == [29, 10**11]
    path = parquet(tmp_path, **known, amount=[0.1 + 0.2, float("nan")])
    first, second = refused(path).problems
    assert (first.path, first.value) == ("row 1, column amount", "0.30000000000000004")
    assert first.message == "expected an amount such as 1234.50 with at most two decimals"
    assert (second.path, second.message, second.value) == (
        "row 2, column amount",
        "expected an amount such as 1234.50",
        "nan",
    )


def test_parquet_of_other_types_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, member_id=[1.5], date=[20250101], event=["join"], amount=[True])
    assert [(each.path, each.message, each.value) for each in refused(path).problems] == [
        ("schema, column member_id", "expected text", "double"),
        ("schema, column date", "expected dates or text", "int64"),
        ("schema, column amount", "expected numbers or text", "bool"),
    ]


def test_parquet_with_a_time_of_day_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, member_id=["a"], date=[datetime.datetime(2025, 1, 1, 9)], event=["join"])
    assert only(path)[:2] == ("column date", "expected dates, found a time of day as well")


def test_parquet_without_a_column_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, member=["a"], date=["2025-01-01"], event=["join"])
    assert only(path) == ("schema, column member_id", "missing: this column is required", None, "member")


def test_parquet_with_a_time_zone_is_refused(tmp_path: Path) -> None:
    when = pa.array([datetime.datetime(2025, 1, 1)], pa.timestamp("us", "Asia/Taipei"))
    path = parquet(tmp_path, member_id=["a"], date=when, event=["join"])
    assert only(path)[:2] == ("schema, column date", "expected dates or text")


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, member_id=["a"], date=["2025-01-01"], event=["join"])
    path.write_bytes(path.read_bytes()[:-20])
    assert only(path)[1].startswith("expected a whole Parquet file: ")


def test_parquet_with_bytes_that_are_no_text_is_refused(tmp_path: Path) -> None:
    lying = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xe9")])
    path = parquet(tmp_path, member_id=lying, date=["2025-01-01"], event=["join"])
    assert "UTF8" in only(path)[1]


# --- cells -----------------------------------------------------------------------------------------------------------
MONEY = "expected an amount such as 1234.50"
POINTS = "expected a whole number of points"
DATE = "expected a date like 2025-01-31"
CELLS = {
    "unknown event": ("m1,2025-01-01,purchse,10,,,,,,,,,,,", "event", "purchse", "purchase"),
    "event in capitals": ("m1,2025-01-01,Refund,10,,,,,,,,,,,", "event", "Refund", "refund"),
    "no event": ("m1,2025-01-01,,10,,,,,,,,,,,", "event", "", None),
    "no member": (",2025-01-01,join,,,,,,,,,,,,", "member_id", None, None),
    "a blank member": ("  ,2025-01-01,join,,,,,,,,,,,,", "member_id", None, None),
    "no date": ("m1,,join,,,,,,,,,,,,", "date", None, None),
    "31 February": ("m1,2025-02-31,join,,,,,,,,,,,,", "date", "2025-02-31", None),
    "29 February of a common year": ("m1,2025-02-29,join,,,,,,,,,,,,", "date", "2025-02-29", None),
    "a slashed date": ("m1,01/02/2025,join,,,,,,,,,,,,", "date", "01/02/2025", None),
    "a basic ISO date": ("m1,20250102,join,,,,,,,,,,,,", "date", "20250102", None),
    "a time of day": ("m1,2025-01-02 10:00,join,,,,,,,,,,,,", "date", "2025-01-02 10:00", "2025-01-02"),
    "a year long ago": ("m1,0205-01-02,join,,,,,,,,,,,,", "date", "0205-01-02", None),
    "a bad birthday": ("m1,2025-01-02,join,,,,,,,,1990-13-01,,,,", "birthday", "1990-13-01", None),
    "posted before its date": ("m1,2025-01-05,join,,,,,,,,,,,,2025-01-04", "posted", "2025-01-04", None),
    "unsorted by date": ("m1,2024-12-31,join,,,,,,,,,,,,", "date", "2024-12-31", None),
    "unsorted by posted": ("m1,2024-12-30,join,,,,,,,,,,,,2024-12-31", "posted", "2024-12-31", None),
    "negative": ("m1,2025-01-01,purchase,-1,,,,,,,,,,,", "amount", "-1", None),
    "NaN": ("m1,2025-01-01,purchase,NaN,,,,,,,,,,,", "amount", "NaN", None),
    "infinite": ("m1,2025-01-01,purchase,inf,,,,,,,,,,,", "amount", "inf", None),
    "an exponent": ("m1,2025-01-01,purchase,1e3,,,,,,,,,,,", "amount", "1e3", None),
    "two points": ("m1,2025-01-01,purchase,1.2.3,,,,,,,,,,,", "amount", "1.2.3", None),
    "a point alone": ("m1,2025-01-01,purchase,.,,,,,,,,,,,", "amount", ".", None),
    "a space": ("m1,2025-01-01,purchase, 5,,,,,,,,,,,", "amount", " 5", None),
    "separators": ('m1,2025-01-01,purchase,"1,234.50",,,,,,,,,,,', "amount", "1,234.50", "1234.50"),
    "three decimals": ("m1,2025-01-01,purchase,1.005,,,,,,,,,,,", "amount", "1.005", None),
    "other digits": ("m1,2025-01-01,purchase,１２,,,,,,,,,,,", "amount", "１２", None),
    "too large": ("m1,2025-01-01,purchase,10000000000.01,,,,,,,,,,,", "amount", "10000000000.01", None),
    "beyond 64 bits": (
        "m1,2025-01-01,purchase,184467440737095516.17,,,,,,,,,,,",
        "amount",
        "184467440737095516.17",
        None,
    ),
    "no amount": ("m1,2025-01-01,purchase,,,,,,,,,,,,", "amount", None, None),
    "a refund without amount": ("m1,2025-01-01,refund,,,,,,,,,,,,", "amount", None, None),
    "a negative refund": ("m1,2025-01-01,refund,-3,,,,,,,,,,,", "amount", "-3", None),
    "a negative discount": ("m1,2025-01-01,purchase,10,,,,,,,,-1,,,", "discount", "-1", None),
    "garbage tax": ("m1,2025-01-01,purchase,10,,,,,,,,,5%,,", "tax", "5%", None),
    "garbage delivery": ("m1,2025-01-01,purchase,10,,,,,,,,,,free,", "delivery", "free", None),
    "nothing to redeem": ("m1,2025-01-01,redeem,,,,,,,,,,,,", "points", None, None),
    "negative points": ("m1,2025-01-01,redeem,,-3,,,,,,,,,,", "points", "-3", None),
    "half a point": ("m1,2025-01-01,redeem,,2.5,,,,,,,,,,", "points", "2.5", None),
    "too many points": ("m1,2025-01-01,redeem,,1000000000001,,,,,,,,,,", "points", "1000000000001", None),
    "a nameless action": ("m1,2025-01-01,action,,,,,,,,,,,,", "action", None, None),
    "a long id": (f"{'x' * 201},2025-01-01,join,,,,,,,,,,,,", "member_id", "x" * 201, None),
    "a long category": (f"m1,2025-01-01,purchase,1,,,,{'x' * 201},,,,,,,", "category", "x" * 201, None),
    "a long amount": (f"m1,2025-01-01,purchase,{'1' * 5000},,,,,,,,,,,", "amount", "1" * 5000, None),
}
SAID = {
    "unknown event": "expected one of: join, purchase, refund, redeem, action, topup, cash_out, pay, issue, claim, use, fee, cancel, referral",
    "no member": "expected a member's id",
    "no date": DATE,
    "31 February": "expected a day that the calendar has",
    "a slashed date": DATE,
    "a basic ISO date": DATE,
    "a year long ago": "expected a year from 1900 to 2999",
    "posted before its date": "expected 2025-01-05 (its date) or later",
    "unsorted by date": "expected rows sorted by posted, or by date where it is empty: the row before is of 2025-01-01",
    "unsorted by posted": "expected rows sorted by posted, or by date where it is empty: the row before is of 2025-01-01",
    "negative": f"{MONEY}, not below 0",
    "NaN": MONEY,
    "separators": f"{MONEY}, without separators",
    "three decimals": f"{MONEY} with at most two decimals",
    "too large": "expected at most 10,000,000,000",
    "beyond 64 bits": "expected at most 10,000,000,000",
    "no amount": "a purchase needs an amount",
    "a refund without amount": "a refund needs an amount",
    "nothing to redeem": "a redeem needs points, or an item in the column action",
    "negative points": f"{POINTS}, not below 0",
    "half a point": POINTS,
    "too many points": "expected at most 1,000,000,000,000",
    "a nameless action": "an action needs its name",
    "a long id": "expected at most 200 characters",
}


@pytest.mark.parametrize("case", CELLS)
def test_a_bad_cell_is_named(tmp_path: Path, case: str) -> None:
    line, column, value, suggestion = CELLS[case]
    place, message, found, guess = only(log(tmp_path, FIRST, line))
    assert (place, found, guess) == (f"row 2 (line 3), column {column}", value, suggestion)
    assert message == SAID.get(case, message)


def test_all_problems_of_a_batch_are_named_by_row(tmp_path: Path) -> None:
    path = log(tmp_path, "m1,2025-02-31,purchase,-1,,,,,,,,,,,", FIRST, ",2025-01-01,joyn,,,,,,,,,,,,")
    assert [problem.path for problem in refused(path).problems] == [
        "row 1 (line 2), column date",
        "row 1 (line 2), column amount",
        "row 3 (line 4), column member_id",
        "row 3 (line 4), column event",
    ]


def test_twenty_problems_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    error = refused(log(tmp_path, *["m1,2025-01-01,purchase,x,,,,,,,,,,,"] * 50))
    assert [problem.path for problem in error.problems] == [
        f"row {k} (line {k + 1}), column amount" for k in range(1, 21)
    ]
    assert error.more == 30
    assert str(error).splitlines()[-1].endswith("and 30 more like these, as far as the file was read")


def test_lines_are_counted_in_the_file_and_rows_in_the_table(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('member_id,date,event,note\n\nm1,2025-01-01,join,"a\nb\nc"\nm1,2025-01-01,jion,\n', "utf-8")
    assert only(path) == ("row 2 (line 6), column event", SAID["unknown event"], "jion", "join")


def test_what_only_shows_later_is_named_the_same_way(tmp_path: Path) -> None:
    transactions = Transactions(log(tmp_path, FIRST, FIRST))
    error = transactions.bad_rows([Fault(2, "refund_of", "expected an order above", "o9", "o1")])
    expected = "row 2 (line 3), column refund_of: expected an order above, found 'o9'; did you mean 'o1'?"
    assert str(error) == f"{tmp_path / 'log.csv'}: {expected}"


# --- files -----------------------------------------------------------------------------------------------------------
def test_every_missing_column_is_named(tmp_path: Path) -> None:
    error = refused(log(tmp_path, "1,2,3", header="Member-ID,dat,amount"))
    missing = "missing: this column is required"
    assert [(each.path, each.message, each.suggestion) for each in error.problems] == [
        ("header, column member_id", missing, "Member-ID"),
        ("header, column date", missing, "dat"),
        ("header, column event", missing, None),
    ]


def test_a_column_may_not_stand_twice(tmp_path: Path) -> None:
    path = log(tmp_path, header="member_id,date,event,date")
    assert only(path)[:2] == ("header, column date", "expected the column once, found it 2 times")


@pytest.mark.parametrize("mark, called", [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_other_separators_are_named(tmp_path: Path, mark: str, called: str) -> None:
    path = log(tmp_path, header=mark.join(["member_id", "date", "event"]))
    assert only(path)[1] == f"expected columns separated by commas, found {called}"


def test_a_row_with_too_few_or_too_many_cells_is_named(tmp_path: Path) -> None:
    path = log(tmp_path, "m1,2025-01-01,join", "m1,2025-01-01", "m1,2025-01-01,join,x", header="member_id,date,event")
    assert [(each.path, each.message, each.value) for each in refused(path).problems] == [
        ("row 2 (line 3)", "expected 3 cells like the header, found 2", "m1,2025-01-01"),
        ("row 3 (line 4)", "expected 3 cells like the header, found 4", "m1,2025-01-01,join,x"),
    ]


BYTES = {
    "Latin-1": (b"m1,2025-01-01,join\nJos\xe9,2025-01-01,join\n", "line 3, byte 43", "byte 0xe9", "UTF-8"),
    "Latin-1 at the end": (b"m1,2025-01-01,join\nJos\xe9", "line 3, byte 43", "byte 0xe9", "UTF-8"),
    "a cut character": (b"m1,2025-01-01,join\nJos\xc3", "line 3, byte 43", "byte 0xc3", "UTF-8"),
    "a surrogate": (b"\xed\xa0\x80,2025-01-01,join\n", "line 2, byte 21", "byte 0xed", "UTF-8"),
    "a zero byte": (b"m1,2025-01-01,join\nm\0,2025-01-01,join\n", "line 3, byte 41", "byte 0x00", "zero byte"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("case", BYTES)
def test_bytes_that_are_not_text_are_named_by_line_and_byte(tmp_path: Path, case: str, packed: bool) -> None:
    body, place, value, said = BYTES[case]
    data = b"member_id,date,event\n" + body
    path = tmp_path / "log.csv"
    path.write_bytes(gzip.compress(data) if packed else data)
    found = only(path)
    assert (found[0], found[2]) == (place, value)
    assert said in found[1]


def test_bad_bytes_far_into_the_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    line = "é,2025-01-01,join\n".encode()
    path.write_bytes(b"member_id,date,event\n" + 300_000 * line + b"\xe9,2025-01-01,join\n")
    assert only(path)[0] == f"line 300002, byte {21 + 300_000 * len(line)}"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf_16_is_named(tmp_path: Path, codec: str) -> None:
    mark = "" if codec == "utf-16" else "\ufeff"
    path = tmp_path / "log.csv"
    path.write_bytes((mark + "member_id,date,event\n").encode(codec))
    assert only(path)[:2] == ("line 1", "expected UTF-8 text, found UTF-16; save the file as CSV in UTF-8")


def test_a_truncated_gzip_is_refused(tmp_path: Path) -> None:
    path = log(tmp_path, *[f"m{k},2025-01-01,join,,,,,,,,,,,," for k in range(5000)])
    path.write_bytes(gzip.compress(path.read_bytes())[:-30])
    assert only(path)[1].startswith("expected a whole gzip file: ")


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv.gz"
    path.write_bytes(b"\x1f\x8b" + b"x" * 100)
    assert len(refused(path).problems) == 1


@pytest.mark.parametrize("unit, complaints", [(b"\0", 1), (b"a", 1), (b'"', 1), (b"m1,2025-01-01,join\n", 0)])
def test_a_gzip_bomb_takes_little_memory(tmp_path: Path, unit: bytes, complaints: int) -> None:
    """Up to 200 MB in 200 kB: the reader goes through it in pieces, or stops at once."""
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b"member_id,date,event\n")
        piece = unit * (2**20 // len(unit))
        for _ in range(200 if complaints else 30):
            stream.write(piece)
    tracemalloc.start()
    arrow, most = pa.total_allocated_bytes(), 0
    try:
        with pytest.raises(BadInput) if complaints else nullcontext() as caught:
            for _ in Transactions(path):
                most = max(most, pa.total_allocated_bytes() - arrow)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert complaints == (len(caught.value.problems) if caught else 0)
    assert most < 150e6
    assert peak < 100e6


def test_a_quotation_mark_left_open_is_named(tmp_path: Path) -> None:
    path = log(tmp_path, '"m1,2025-01-01,join', *["m1,2025-01-01,join"] * 600_000, header="member_id,date,event")
    assert "is a quotation mark left open?" in only(path)[1]


def test_a_spreadsheet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    assert only(path)[1] == "expected CSV or Parquet, found a ZIP archive or a spreadsheet: save it as CSV"


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.touch()
    assert only(path)[:2] == ("line 1", "expected a header, the file is empty")


def test_a_blank_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("\n\n", "utf-8")
    assert only(path)[1].startswith("expected a header: member_id, date, event")


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("x" * 100_000, "utf-8")
    assert only(path)[1] == "expected a header of at most 65,536 bytes"
