"""RFM: values, the eight segments and the moves of the example log worked by hand; quintiles; sums that hold for any log."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from apps.cli import app
from workbench.errors import BadInput
from workbench.finance.rfm import ALL_CODES, Cuts, Rfm, by_cuts, by_quintiles, migration, monetary_bands, rfm
from workbench.rules.segment_spec import SEGMENTS, SEGMENTS_ZH

ROOT = Path(__file__).parents[1]
MOS = str(ROOT / "examples" / "mos_orders.csv")


def ints(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


TRUTH = [  # recency high, frequency high, monetary high
    (1, 1, 1, "important_value", "重要價值"),
    (1, 0, 1, "important_develop", "重要發展"),
    (0, 1, 1, "important_keep", "重要保持"),
    (0, 0, 1, "important_win_back", "重要挽留"),
    (1, 1, 0, "general_value", "一般價值"),
    (1, 0, 0, "general_develop", "一般發展"),
    (0, 1, 0, "general_keep", "一般保持"),
    (0, 0, 0, "general_win_back", "一般挽留"),
]


@pytest.mark.parametrize("recent, frequent, rich, name, chinese", TRUTH)
def test_the_eight_segments(recent: int, frequent: int, rich: int, name: str, chinese: str) -> None:
    found = Rfm(ints(90 if recent else 91), ints(2 if frequent else 1), ints(100_00 if rich else 99_99))
    (code,) = by_cuts(found, Cuts(90, 2, 100_00)).code.tolist()
    assert (SEGMENTS[code], SEGMENTS_ZH[code]) == (name, chinese)


def test_who_has_not_bought_is_in_no_segment() -> None:
    assert by_cuts(Rfm(ints(-1), ints(0), ints(0)), Cuts(90, 2, 1)).code.tolist() == [-1]


def test_window_refunds_and_what_is_later() -> None:
    """One month to day 59 (1 March 1970): from 2 February, day 32, on. Day 31 and day 60 are outside; the refund of day 50 is inside."""
    found = rfm(ints(0, 0, 0, 0, 1), ints(31, 32, 50, 60, 60), ints(100, 200, -50, 400, 10), 2, 59, 1)
    assert (found.recency.tolist(), found.frequency.tolist(), found.monetary.tolist()) == ([27, -1], [1, 0], [150, 0])


def test_ten_distinct_customers_make_quintiles_of_two() -> None:
    found = Rfm(ints(*range(10)), ints(*range(10, 0, -1)), ints(*range(10)))
    scored = by_quintiles(found, "independent")
    assert scored.scores is not None
    assert scored.scores[:, 0].tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert scored.scores[:, 1].tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert scored.scores[:, 2].tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert not scored.frequency_fell_back and scored.thin == ()


def test_with_two_thirds_buying_once_frequency_is_scored_by_its_number() -> None:
    found = Rfm(ints(*range(20)), ints(*[1] * 13, 2, 2, 3, 3, 4, 5, 9), ints(*range(20)))
    for scheme in ("nested", "independent"):
        scored = by_quintiles(found, scheme)  # type: ignore[arg-type]
        assert scored.frequency_fell_back and scored.scores is not None
        assert scored.scores[:, 1].tolist() == [1] * 13 + [2, 2, 3, 3, 4, 5, 5]


def test_nested_frequency_is_ranked_within_recency() -> None:
    """25 customers, five of each recency, of which each has its own frequency 1 to 5 plus ten times its recency."""
    recency = np.repeat(np.arange(5), 5)
    frequency = np.tile(np.arange(1, 6), 5) + 10 * recency
    found = Rfm(recency.astype(np.int64), frequency.astype(np.int64), frequency.astype(np.int64))
    nested, alone = by_quintiles(found, "nested").scores, by_quintiles(found, "independent").scores
    assert nested is not None and alone is not None
    assert nested[:, 1].tolist() == [1, 2, 3, 4, 5] * 5
    assert alone[:, 1].tolist() == np.repeat([1, 2, 3, 4, 5], 5).tolist()


def test_bands_of_half_the_average_ticket() -> None:
    """Average 200 / 2 = 100: halves of 50."""
    found = Rfm(ints(0, 0, 0, 0, 0), ints(1, 1, 1, 1, 1), ints(0, 49, 50, 149, -10))
    assert monetary_bands(found, (200, 2)).tolist() == [0, 0, 1, 2, 0]


codes = st.lists(st.tuples(st.integers(-1, 7), st.integers(0, 7)), max_size=50)


@given(codes)
@settings(max_examples=50, deadline=None)
def test_moves_sum_to_who_was_and_who_is_there(pairs: list[tuple[int, int]]) -> None:
    before, after = ints(*[a for a, _ in pairs]), ints(*[b for _, b in pairs])
    moves = migration(before, after)
    assert moves.table.sum() == len(pairs)
    for code in range(ALL_CODES):
        assert moves.table[code].sum() == sum(a == code for a, _ in pairs)
        assert moves.table[:, code].sum() == sum(b == code for _, b in pairs)
    assert moves.stayed == sum(a == b for a, b in pairs)


def document(*words: str) -> Any:
    done = CliRunner().invoke(app, ["segments", MOS, "--as-of", "2016-12-31", "--json", *words])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_example_log_by_hand() -> None:
    """2016: 18 purchases of NT$6,560, so high money is 2 x 364.44 = 728.88. M0003 (1,260), M0005 (900), M0007 (1,910) are important and bought last
    in July and August; M0006 bought on 21 November; M0002, M0004, M0008 keep; M0001 last bought in 2014."""
    found = document()
    counts = {each["segment"]: each["customers"] for each in found["segments"] if each["customers"]}
    assert counts == {"important_keep": 3, "general_value": 1, "general_keep": 3, "general_win_back": 1}
    assert found["cuts"] == {"recency_days": 90, "frequency": 2, "monetary": 728.88}
    assert found["average_ticket"] == 364.44
    money = {each["segment"]: each["money"] for each in found["segments"]}
    assert money["important_keep"] == 1260 + 900 + 1910 and money["general_keep"] == 520 + 565 + 455
    groups = {each["group"]: each["customers"] for each in found["groups"]}
    assert groups == {"value": 1, "keep": 6, "develop": 0, "win_back": 1}
    assert sum(each["customers"] for each in found["monetary_bands"]) == 8


def test_the_moves_of_the_example_log_by_hand() -> None:
    """At the end of 2015: M0001 and M0006 win back, M0002 and M0003 important keep, M0004 general keep, M0005 and M0007 important value, M0008 develop."""
    table = document()["migration"]
    moved = {(a, b): n for a, row in table["table"].items() for b, n in row.items() if n}
    assert moved == {
        ("general_win_back", "general_win_back"): 1,
        ("general_win_back", "general_value"): 1,
        ("important_keep", "general_keep"): 1,
        ("important_keep", "important_keep"): 1,
        ("general_keep", "general_keep"): 1,
        ("important_value", "important_keep"): 2,
        ("general_develop", "general_keep"): 1,
    }
    assert (table["from"], table["stayed"], table["new"]) == ("2015-12-31", 3, 0)


def test_the_series_ends_at_the_day_asked_for() -> None:
    series = document()["series"]
    assert [each["date"] for each in series][:2] == ["2015-12-31", "2016-01-31"] and series[-1]["date"] == "2016-12-31"
    assert len(series) == 13
    assert series[-1]["customers"]["important_keep"] == 3 and series[0]["customers"]["important_value"] == 2


def test_the_file_shows_no_id_unless_asked(tmp_path: Path) -> None:
    for words, shown in (([], False), (["--show-ids"], True)):
        file = tmp_path / "segments.csv"
        document("--out", str(file), *words)
        rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
        assert len(rows) == 8 and ("M0001" in {row["member_id"] for row in rows}) is shown
        assert {row["member_id"][:2] for row in rows} == {"M0" if shown else "m-"}


@pytest.mark.parametrize(
    "words, said",
    [
        (["--quintiles", "nestd"], "did you mean 'nested'"),
        (["--quintiles", "nested", "--frequency", "3"], "not both"),
        (["--monetary", "nan"], "expected an amount above 0"),
        (["--out", "x.xls"], ".csv or .parquet"),
        (["--as-of", "2010-01-01"], "on or after the first purchase"),
        (["--as-of", "2016-12-31", "--since", "2017-01-01"], "before that of --as-of"),
    ],
)
def test_bad_input(words: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["segments", MOS, *words])
    assert isinstance(done.exception, BadInput) and said in str(done.exception)
