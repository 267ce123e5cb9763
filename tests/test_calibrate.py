"""`loyalty calibrate`: what a log's rows count as, worked by hand; the whole way from a log to a population that runs; what is refused."""

import json
import re
from pathlib import Path
from typing import Any

import cdnow
import numpy as np
import pytest
from typer.testing import CliRunner

from apps.cli import app
from simulators.calibration_log import read_log
from workbench.errors import BadInput
from workbench.population.calibration.orders import Occasions, occasions
from workbench.population.load import load_population
from workbench.population.spec import in_currency

HEAD = "member_id,date,event,amount,order_id,refund_of"


def log(folder: Path, *rows: str, head: str = HEAD, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    return path


def days_of(folder: Path, *rows: str) -> Occasions:
    return occasions(read_log(log(folder, *rows))[0])


def refused(*words: str) -> str:
    found = CliRunner().invoke(app, ["calibrate", *words])
    assert isinstance(found.exception, BadInput), found.output
    return str(found.exception)


def document(*words: str) -> Any:
    found = CliRunner().invoke(app, ["calibrate", *words, "--json"])
    assert found.exit_code == 0, (found.output, found.exception)
    return json.loads(found.stdout)


def made_up(folder: Path, customers: int = 300, length: int = 300, extra: str = "", name: str = "log.csv") -> Path:
    """Customers who come in the first hundred days and buy about every thirty days; every second stops after a while."""
    rng = np.random.default_rng(2)
    rows = []
    for k in range(customers):
        day, end = int(rng.integers(0, 100)), int(rng.integers(30, 2 * length))
        while day < min(length, end + 100):
            rows.append((day, f"m{k}", round(float(rng.lognormal(4, 0.7)), 2)))
            day += 1 + int(rng.exponential(30))
    rows.sort(key=lambda row: row[0])
    first = np.datetime64("2024-01-01")
    lines = [f"{member},{first + day},purchase,{amount},,{extra}" for day, member, amount in rows]
    return log(folder, *lines, head=HEAD + (",region" if extra else ""), name=name)


# --- rows ------------------------------------------------------------------------------------------------------------
def test_orders_of_a_day_and_lines_of_an_order_are_one_purchase(tmp_path: Path) -> None:
    found = days_of(
        tmp_path, "a,2025-01-01,purchase,10,o1,", "a,2025-01-01,purchase,5,o1,", "a,2025-01-01,purchase,7,o2,",
        "b,2025-01-01,purchase,3,o1,", "a,2025-01-02,purchase,1,,", "a,2025-01-02,purchase,2,,",
    )  # fmt: skip
    assert found.basket.tolist() == [2200, 300, 300]
    assert found.customer.tolist() == [0, 0, 1]
    assert found.orders.tolist() == [2, 2, 1]


def test_linked_refunds_come_off_their_order(tmp_path: Path) -> None:
    """30 of 100 back: a basket of 70. All of 50 back a week later: a return. All of 20 back on its day: never a purchase."""
    found = days_of(
        tmp_path, "a,2025-01-01,purchase,100,o1,", "a,2025-01-03,purchase,50,o2,", "a,2025-01-04,refund,30,,o1",
        "a,2025-01-05,purchase,20,o3,", "a,2025-01-05,refund,20,,o3", "a,2025-01-10,refund,50,,o2",
    )  # fmt: skip
    assert found.basket.tolist() == [7000, 5000]
    assert (found.returned_on - found.day).tolist()[1] == 7
    assert found.returned_on[0] == -1
    assert found.refunds._replace(amount=0) == (3, 0, 3, 0, 0, 0, 0, 1, 2000)


def test_unlinked_refunds_come_off_what_they_fit(tmp_path: Path) -> None:
    """40: the latest order of just 40, though a later one is larger. 90: of no order's amount, so off the latest with 90 left (100). 70: no
    order has so much left, so 60 off the latest and 10 off the one before. 500: bought before the log, but for what is left. c has none."""
    rows = [
        "a,2025-01-01,purchase,100,o1,", "a,2025-01-02,purchase,40,o2,", "a,2025-01-03,purchase,60,o3,",
        "a,2025-01-04,refund,40,C1,", "a,2025-01-05,refund,90,C2,",
    ]  # fmt: skip
    found = days_of(tmp_path, *rows)
    assert found.basket.tolist() == [1000, 4000, 6000]
    assert found.returned_on[[0, 2]].tolist() == [-1, -1]
    assert (found.refunds.matched, found.refunds.netted, found.refunds.before) == (1, 1, 0)
    found = days_of(
        tmp_path, *rows[:3], "a,2025-01-04,refund,40,C1,", "a,2025-01-05,refund,150,C2,", "c,2025-01-06,refund,5,C3,"
    )
    assert found.basket.tolist() == [1000, 4000, 6000]  # o2 and o3 were given back whole
    assert (found.returned_on >= 0).tolist() == [False, True, True]
    found = days_of(tmp_path, *rows, "a,2025-01-06,refund,500,C3,", "c,2025-01-06,refund,5,C4,")
    assert (found.refunds.before, found.refunds.before_amount) == (2, 43500)
    assert (found.returned_on >= 0).all()


def test_a_refund_takes_nothing_off_what_is_bought_later(tmp_path: Path) -> None:
    found = days_of(tmp_path, "a,2025-01-01,refund,10,C1,", "a,2025-01-02,purchase,10,o1,")
    assert found.basket.tolist() == [1000]
    assert found.refunds.before_amount == 1000


def test_rows_without_a_member_are_counted(tmp_path: Path) -> None:
    rows = (
        "a,2025-01-01,purchase,10,,",
        ",2025-01-01,purchase,5,,",
        "NULL,2025-01-02,purchase,2.5,,",
        "guest,2025-01-03,refund,1,,",
    )
    path = log(tmp_path, *rows)
    found, source = read_log(path)
    assert (len(found), found.customers, found.nobody_rows, found.nobody_amount) == (1, 1, 3, 750)
    assert source.rows == 4
    path = log(tmp_path, ",2025-01-01,purchase,10,,")
    with pytest.raises(BadInput, match="1 rows that name none"):
        read_log(path)


def test_a_bad_row_is_refused_as_a_replay_would(tmp_path: Path) -> None:
    path = log(tmp_path, "a,2025-02-31,purchase,10,,", "a,2025-03-01,purchase,-1,,")
    told = refused(str(path))
    assert "row 1 (line 2), column date" in told and "row 2 (line 3), column amount" in told


# --- the whole way ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "model, parameters, log_likelihood, error",
    [
        ("pareto-nbd", {"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.668}, -9594.97, -11.5),
        ("bg-nbd", {"r": 0.2426, "alpha": 4.4135, "a": 0.7929, "b": 2.4258}, -9582.43, -12.1),
    ],
)
def test_cdnow_from_its_log(
    tmp_path: Path, model: str, parameters: dict[str, float], log_likelihood: float, error: float
) -> None:
    path, people = cdnow.write_log(tmp_path / "cdnow.csv"), tmp_path / "people.yaml"
    found = document(
        str(path), "--model", model, "--train-until", "1997-09-30", "--currency", "USD", "--out", str(people)
    )
    assert found["model"] == model and found["unit"] == "week"
    assert found["parameters"] == pytest.approx(parameters, rel=1e-3)
    assert found["log_likelihood"] == pytest.approx(log_likelihood, abs=0.1)
    assert found["customers"] == 2357
    assert {name: found["spend"][name] for name in ("p", "q", "gamma")} == pytest.approx(
        {"p": 6.249, "q": 3.745, "gamma": 15.448}, rel=1e-3
    )
    assert found["holdout"]["actual"] == 1882
    assert found["holdout"]["error_pct"] == pytest.approx(error, abs=0.1)
    loaded = load_population(people)
    assert loaded.currency == "USD" and str(loaded.as_of) == "1997-09-30"
    assert loaded.purchases.model == "pareto_nbd"
    assert loaded.purchases.alpha == pytest.approx(10.578, rel=1e-3)
    assert "SHA-256" in loaded.source and "log-likelihood -9594.98" in loaded.source
    refusal = [each for each in found["warnings"] if each.startswith("bg-nbd does not enter a population")]
    assert len(refusal) == (model == "bg-nbd")
    assert found["population_model"]["model"] == "pareto-nbd"


def test_a_population_without_a_currency_runs_under_any_program(tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    written = document(str(made_up(tmp_path)), "--out", str(people))["written"]
    assert written == {"": str(people)}
    first = people.read_bytes()
    document(str(tmp_path / "log.csv"), "--out", str(people))
    assert people.read_bytes() == first
    assert load_population(people).currency == "XXX"
    assert in_currency(load_population(people), "TWD").currency == "TWD"
    run = [
        "run",
        "mos_burger",
        "--population",
        str(people),
        "--members",
        "20",
        "--years",
        "1",
        "--engine",
        "agents",
        "--json",
    ]
    found = CliRunner().invoke(app, run)
    assert found.exit_code == 0, found.exception
    assert json.loads(found.stdout)["members"] == 20
    found = CliRunner().invoke(app, ["validate", "mos_burger", "--population", str(people)])
    assert found.exit_code == 0, found.exception


def test_without_train_until_the_last_third_is_a_check(tmp_path: Path) -> None:
    found = document(str(made_up(tmp_path)))
    assert found["period"] == {"first": "2024-01-01", "last": found["holdout"]["until"]}
    assert found["holdout"]["train_until"] < found["period"]["last"]
    assert found["customers"] == 300


def test_segments_have_calibrations_and_files_of_their_own(tmp_path: Path) -> None:
    north, south = (
        made_up(tmp_path, 150, extra=",north", name="a.csv"),
        made_up(tmp_path, 20, extra=",South 1", name="b.csv"),
    )
    renamed = south.read_text("utf-8").replace("\nm", "\ns").splitlines()[1:]
    rows = sorted(north.read_text("utf-8").splitlines()[1:] + renamed, key=lambda row: row.split(",")[1])
    path, people = log(tmp_path, *rows, head=HEAD + ",region"), tmp_path / "people.yaml"
    found = document(str(path), "--segments", "region", "--out", str(people))
    assert list(found["segments"]) == ["north"]
    assert found["segments"]["north"]["customers"] == 150
    assert any(each.startswith("1 segments have no calibration") and "South 1" in each for each in found["warnings"])
    assert load_population(tmp_path / "people.north.yaml").title == "Customers of log.csv: north"
    assert "did you mean 'region'" in refused(str(path), "--segments", "regoin")


def test_a_segment_that_ended_early_is_watched_to_the_end_of_the_log(tmp_path: Path) -> None:
    """Nobody of the west buys in the last hundred days: that is what their silence is told by, also where the log is divided later."""
    rows = made_up(tmp_path, 240, extra=",east").read_text("utf-8").splitlines()[1:]
    west = [
        row.replace(",east", ",west")
        for row in made_up(tmp_path, 240, extra=",east").read_text("utf-8").splitlines()[1:]
    ]
    west = ["w" + row for row in west if row.split(",")[1] < "2024-07-01"]
    path = log(tmp_path, *sorted(rows + west, key=lambda row: row.split(",")[1]), head=HEAD + ",region")
    for words in ((), ("--train-until", "2024-08-31")):
        found = document(str(path), "--segments", "region", *words)["segments"]
        assert found["west"]["period"]["last"] == found["east"]["period"]["last"] > "2024-08"
        assert found["west"]["holdout"]["until"] == found["east"]["holdout"]["until"]
    assert found["west"]["holdout"]["actual"] == 0 and found["west"]["holdout"]["error_pct"] is None


def test_new_customers_alone(tmp_path: Path) -> None:
    """Of 300 customers some come in January; only the others are fitted."""
    first: dict[str, str] = {}
    for row in made_up(tmp_path).read_text("utf-8").splitlines()[1:]:
        first.setdefault(row.split(",")[0], row.split(",")[1])
    new = sum(day >= "2024-02-01" for day in first.values())
    assert document(str(tmp_path / "log.csv"), "--new-since", "2024-02-01")["customers"] == new < 300


# --- named -----------------------------------------------------------------------------------------------------------
def test_a_log_that_begins_in_the_middle_is_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = []
    for k in range(400):
        start = 0 if k < 300 else int(rng.integers(0, 360))  # 300 were customers long before
        rows += [(d, k) for d in range(start, 365) if rng.uniform() < 0.03]
    rows.sort()
    first = np.datetime64("2024-01-01")
    path = log(tmp_path, *(f"m{k},{first + d},purchase,10,," for d, k in rows))
    found = document(str(path))
    assert any(
        "were first seen in the first 30 days" in each and "--new-since 2024-0" in each for each in found["warnings"]
    )
    told = document(str(cdnow.write_log(tmp_path / "cdnow.csv")), "--train-until", "1997-09-30")["warnings"]
    assert not any("first seen" in each for each in told)  # a cohort on purpose


def test_too_short_a_history_is_refused_or_named(tmp_path: Path) -> None:
    path = log(tmp_path, "a,2025-01-01,purchase,10,,", "b,2025-03-01,purchase,10,,")
    assert "none of the 2 has purchases on two days" in refused(str(path))
    path = log(tmp_path, "a,2025-01-01,purchase,10,,", "a,2025-01-08,purchase,10,,", "b,2025-01-09,purchase,20,,")
    found = document(str(path))
    assert found["holdout"] is None
    assert any("too short a history for a hold-out" in each for each in found["warnings"])
    assert any("few customers: 2" in each for each in found["warnings"])
    path = log(tmp_path, "a,2025-01-01,join,,,")
    assert "there are none" in refused(str(path))


def test_redemption_birthdays_channels_and_whole_prices_enter(tmp_path: Path) -> None:
    head = "member_id,date,event,amount,points,channel,birthday"
    rows = []
    for day in range(60):
        for k in range(40):
            if (day + k) % (9 + k % 5) == 0:
                birthday = "1990-02-03" if k < 10 else ""
                rows.append(
                    f"m{k},{np.datetime64('2025-01-01') + day},purchase,{100 + k},,{'web' if k % 4 == 0 else 'shop'},{birthday}"
                )
                if k % 2 and day > 20:
                    rows.append(f"m{k},{np.datetime64('2025-01-01') + day},redeem,,10,,")
    people = tmp_path / "people.yaml"
    found = document(str(log(tmp_path, *rows, head=head)), "--out", str(people))
    loaded = load_population(people)
    assert found["redemption"]["redeemed"] == 20
    assert loaded.redeemers.never == pytest.approx(found["redemption"]["never"], abs=1e-6)
    assert loaded.redeemers.threshold / loaded.redeemers.choice == pytest.approx(0.20 / 0.55, rel=1e-4)
    assert loaded.birthdays.known == 0.25
    assert list(loaded.channels) == ["shop", "web"]
    assert loaded.price_step == 1


# --- refused ---------------------------------------------------------------------------------------------------------
def test_options_are_checked_before_the_log_is_read(tmp_path: Path) -> None:
    path = str(made_up(tmp_path))
    assert "did you mean 'pareto-nbd'" in refused(path, "--model", "pareto")
    assert "did you mean 'week'" in refused(path, "--unit", "weeks")
    assert refused(path, "--basket", "normal").startswith("--basket: expected gamma-gamma or lognormal")
    assert refused(path, "--currency", "NT$").startswith("--currency: expected three capital letters")
    assert refused(path, "--out", str(tmp_path / "people.csv")).startswith("--out: expected a name ending in .yaml")
    assert refused(path, "--train-until", "2024-02-30").startswith("--train-until: expected a date that exists")
    assert refused(path, "--train-until", "2030-01-01").startswith(
        "--train-until: expected a day of the log before its last"
    )
    assert refused(path, "--new-since", "2023-01-01").startswith(
        "--new-since: expected a day of the log after its first"
    )
    assert refused(str(tmp_path / "lag.csv")).endswith(f"did you mean '{path}'?")


def test_a_population_does_not_take_the_place_of_its_log(tmp_path: Path) -> None:
    path = made_up(tmp_path, name="log.yaml")
    before = path.read_bytes()
    assert "expected another file than that of TRANSACTIONS" in refused(str(path), "--out", str(path))
    assert path.read_bytes() == before


def test_the_hold_out_is_drawn_in_a_page_that_needs_nothing(tmp_path: Path) -> None:
    path, page = made_up(tmp_path), tmp_path / "holdout.html"
    found = document(str(path), "--plot", str(page))["holdout"]
    text = page.read_text("utf-8")
    assert f"{found['actual']:,} came" in text
    assert text.count('["x",{"type":"ndarray"') == 4  # four lines over time: dates as text would be drawn nowhere
    outside = re.sub(r"(<script[^>]*>).*?</script>", r"\1", text, flags=re.DOTALL)
    assert "<script" in outside and not re.search(r"<(?:script|link|img)[^>]*(?:src|href)=", outside)
    assert refused(str(path), "--plot", str(tmp_path / "holdout.png")).startswith(
        "--plot: expected a name ending in .html"
    )
    short = log(tmp_path, "a,2025-01-01,purchase,10,,", "a,2025-01-08,purchase,10,,", "b,2025-01-09,purchase,20,,")
    assert "expected a log long enough for a hold-out" in refused(str(short), "--plot", str(tmp_path / "other.html"))
    assert not (tmp_path / "other.html").exists()


def test_what_is_shown_without_json(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["calibrate", str(made_up(tmp_path))])
    assert found.exit_code == 0
    for words in ("300 customers", "hold-out", "mean basket", "Saturday"):
        assert words in found.output
