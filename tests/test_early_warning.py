"""Early warning: chances of no purchase against their integrals, measures of lists and chances against definitions and published figures, the
hold-out of CDNOW recounted."""

import csv
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import cdnow
import numpy as np
import pyarrow.parquet
import pytest
from scipy.integrate import quad
from scipy.stats import gamma, norm
from typer.testing import CliRunner

from apps.cli import app
from simulators.early_warning import Asked, Warned, at_risk, listed, warning_document
from workbench.errors import BadInput
from workbench.population.calibration.fit import MODELS, Fit
from workbench.population.calibration.forecasts import (
    Recalibration,
    better_by,
    brier,
    calibration,
    compared,
    log_loss,
    ranked,
    recalibration,
    wilson,
)
from workbench.population.calibration.gaps import own_gaps
from workbench.population.calibration.outlook import outlook
from workbench.units import to_day


# --- chances ---------------------------------------------------------------------------------------------------------
def fitted(name: str, theta: tuple[float, ...]) -> Fit:
    return Fit(MODELS[name], np.array(theta), (), 0.0, 1, 1, True, ())


def chances(name: str, theta: tuple[float, ...], days: list[int], until: int, ahead: int) -> tuple[float, float]:
    """Of one customer with these purchase days: alive, and silent in the days ahead; time in days."""
    found = outlook(fitted(name, theta), "day", np.zeros(len(days), dtype=np.int64), np.array(days), until, ahead)
    return float(found.alive[0]), float(found.silent[0])


HISTORIES = [([0], 100), ([0, 40, 70], 100), ([0, 3, 9, 14, 20], 100), ([0, 99], 100)]


@pytest.mark.parametrize("days, until", HISTORIES)
def test_silence_of_nbd_and_bg_nbd_in_closed_form(days: list[int], until: int) -> None:
    """Alive, a customer's rate is Gamma(r + x, alpha + T), and no coin falls before a purchase: ((alpha + T) / (alpha + T + t)) ** (r + x)."""
    r, alpha, t = 0.8, 30.0, 60
    none = ((alpha + until) / (alpha + until + t)) ** (r + len(days) - 1)
    assert chances("nbd", (r, alpha), days, until, t)[1] == pytest.approx(none, rel=1e-12)
    for name in ("bg-nbd", "mbg-nbd"):
        alive, silent = chances(name, (r, alpha, 0.7, 2.4), days, until, t)
        assert silent == pytest.approx(1 - alive + alive * none, rel=1e-12)


@pytest.mark.parametrize("days, until", HISTORIES)
def test_silence_of_pareto_nbd_is_its_integral(days: list[int], until: int) -> None:
    """Alive, rate and death rate are Gamma(r + x, alpha + T) and Gamma(s, beta + T); the first of purchase, death and the end of t days is no purchase."""
    r, alpha, s, beta, t = 1.4, 25.0, 1.3, 60.0, 45
    alive, silent = chances("pareto-nbd", (r, alpha, s, beta), days, until, t)
    x = len(days) - 1

    def buys_by_the_end(a: float) -> float:
        """Density of a purchase after a days: of the rate's mean density there, and of no death by then."""
        first = (r + x) * (alpha + until) ** (r + x) / (alpha + until + a) ** (r + x + 1)
        return first * ((beta + until) / (beta + until + a)) ** s

    assert silent == pytest.approx(1 - alive * quad(buys_by_the_end, 0, t)[0], rel=1e-9)


def test_silence_of_pareto_nbd_among_simulated_customers() -> None:
    """Customers with rates and death rates drawn: of those with the same history, that many stay away."""
    rng = np.random.default_rng(11)
    n, r, alpha, s, beta, T, t = 400_000, 1.0, 10.0, 1.0, 20.0, 20.0, 10.0
    rate, death = (
        gamma.rvs(r, scale=1 / alpha, size=n, random_state=rng),
        gamma.rvs(s, scale=1 / beta, size=n, random_state=rng),
    )
    dies = rng.exponential(1 / death)
    bought = rng.poisson(rate * np.minimum(dies, T))
    later = rng.poisson(rate * np.clip(dies - T, 0, t))
    mine = bought == 0
    _, silent = chances("pareto-nbd", (r, alpha, s, beta), [0], int(T), int(t))
    error = math.sqrt(silent * (1 - silent) / mine.sum())
    assert (later[mine] == 0).mean() == pytest.approx(silent, abs=4 * error)


# --- own gaps --------------------------------------------------------------------------------------------------------
def test_own_gaps_by_hand() -> None:
    """Customer 4: days 0, 10, 12, 42: gaps 10, 2, 30, median 10, silent for 18 days: longer than two of three. Customer 7 bought once."""
    customer, day = np.array([7, 4, 4, 4, 4, 9, 9, 9, 9]), np.array([5, 42, 0, 12, 10, 20, 24, 30, 61])
    found = own_gaps(customer, day, 60)
    assert found.customer.tolist() == [4, 7, 9] and found.silence.tolist() == [18, 55, 30]
    assert found.median[[0, 2]].tolist() == [10, 5] and math.isnan(found.median[1])
    assert found.shorter[0] == pytest.approx(2 / 3) and found.shorter[2] == 1 and math.isnan(found.shorter[1])
    assert found.overdue == pytest.approx([1.8, 55 / 7.5, 6.0])


def test_own_gaps_customer_by_customer() -> None:
    rng = np.random.default_rng(3)
    pairs = np.unique(np.stack([rng.integers(0, 40, 300), rng.integers(0, 365, 300)], axis=1), axis=0)
    found = own_gaps(pairs[:, 0], pairs[:, 1], 300)
    for k, each in enumerate(found.customer.tolist()):
        days = sorted(int(d) for c, d in pairs if c == each and d <= 300)
        gaps = [b - a for a, b in pairwise(days)]
        assert found.silence[k] == 300 - days[-1]
        if gaps:
            assert found.median[k] == np.median(gaps)
            assert found.shorter[k] == pytest.approx(sum(gap < 300 - days[-1] for gap in gaps) / len(gaps))


# --- measures --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "hits, number, low, high",
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(hits: int, number: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17, table I, method 3."""
    assert wilson(hits, number) == pytest.approx((low, high), abs=5e-5)


def test_area_and_foremost_by_hand() -> None:
    """Scores 5 4 4 2 1, hit: yes no yes no yes. Pairs won: 5 over both, 4 ties one and beats 2, 1 none: 2 + 1.5 + 0 of 6. The foremost two: 5 and one of
    the 4s, of which half are hits."""
    score, hit = np.array([5.0, 4, 4, 2, 1]), np.array([True, False, True, False, True])
    found = ranked(score, hit, (0.4, 1.0))
    assert found.auc == pytest.approx(3.5 / 6)
    two, every = found.foremost
    assert (two.members, two.hits, two.precision, two.recall) == (2, 1.5, 0.75, 0.5)
    assert two.lift == pytest.approx(0.75 / 0.6)
    assert (every.hits, every.recall, every.lift) == (3, 1, pytest.approx(1))


def test_the_error_of_the_area_is_its_definition() -> None:
    """DeLong et al.: the variances of each hit's share of the others below it, and of each other's share of hits above; pair by pair."""
    rng = np.random.default_rng(5)
    hit = rng.random(60) < 0.4
    one, other = np.round(rng.normal(size=60) + hit, 1), np.round(rng.normal(size=60) + 0.4 * hit, 1)

    def parts(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        won = (score[hit][:, None] > score[~hit]) + 0.5 * (score[hit][:, None] == score[~hit])
        return won.mean(axis=1), won.mean(axis=0)

    (a10, a01), (b10, b01) = parts(one), parts(other)
    variance = np.var(a10 - b10, ddof=1) / hit.sum() + np.var(a01 - b01, ddof=1) / (~hit).sum()
    found = compared(one, other, hit)
    assert found.difference == pytest.approx(a10.mean() - b10.mean())
    assert found.ci95[1] - found.ci95[0] == pytest.approx(2 * 1.959964 * math.sqrt(variance))


def test_the_interval_of_the_area_covers_it() -> None:
    """Two normal laws one apart: the area is Phi(1 / sqrt 2)."""
    rng = np.random.default_rng(8)
    truth, covered = norm.cdf(1 / math.sqrt(2)), 0
    hit = np.arange(300) < 100
    for _ in range(400):
        low, high = ranked(rng.normal(size=300) + hit, hit).auc_ci95
        covered += low <= truth <= high
    assert 0.95 - 3 * math.sqrt(0.95 * 0.05 / 400) <= covered / 400 <= 0.95 + 3 * math.sqrt(0.95 * 0.05 / 400)


def test_an_area_needs_both_kinds() -> None:
    with pytest.raises(ValueError, match="whom it did not"):
        ranked(np.arange(4.0), np.ones(4, dtype=bool))


def test_losses_by_hand() -> None:
    chance, hit = np.array([0.8, 0.4]), np.array([True, False])
    assert brier(chance, hit) == pytest.approx((0.04 + 0.16) / 2)
    assert log_loss(chance, hit) == pytest.approx(-(math.log(0.8) + math.log(0.6)) / 2)


def test_calibration_counts_everybody_once() -> None:
    rng = np.random.default_rng(2)
    chance = np.round(rng.random(997), 2)
    hit = rng.random(997) < chance
    bins = calibration(chance, hit)
    assert sum(each.members for each in bins) == 997 and sum(each.hits for each in bins) == hit.sum()
    assert sum(each.predicted * each.members for each in bins) == pytest.approx(chance.sum())
    assert all(one.highest < two.lowest for one, two in pairwise(bins)) and len(bins) == 10
    assert sum(each.observed_ci95[0] <= each.predicted <= each.observed_ci95[1] for each in bins) >= 8


def test_recalibration_finds_what_was_done_to_the_chances() -> None:
    """Chances distorted by logit(p) = (logit(truth) + 0.6) / 0.7 are made good by intercept -0.6, slope 0.7."""
    rng = np.random.default_rng(4)
    logits = rng.normal(size=200_000)
    hit = rng.random(len(logits)) < 1 / (1 + np.exp(-logits))
    told = 1 / (1 + np.exp(-(logits + 0.6) / 0.7))
    found = recalibration(told, hit)
    assert found is not None
    assert (found.intercept, found.slope) == (pytest.approx(-0.6, abs=0.03), pytest.approx(0.7, abs=0.02))
    good = found.apply(told)
    assert good.mean() == pytest.approx(hit.mean(), abs=1e-9)  # the score equation of the intercept
    low, high = better_by(good, told, hit)
    assert 0 < low < log_loss(told, hit) - log_loss(good, hit) < high


def test_no_recalibration_where_there_is_no_maximum() -> None:
    assert recalibration(np.full(50, 0.3), np.arange(50) < 10) is None
    assert recalibration(np.linspace(0.1, 0.9, 50), np.arange(50) > 24) is None
    assert Recalibration(0, 1).apply(np.array([0.25])) == pytest.approx([0.25])


# --- CDNOW -----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cdnow.write_log(tmp_path_factory.mktemp("cdnow") / "cdnow.csv")


@pytest.fixture(scope="module")
def found(log: Path) -> Warned:
    return at_risk(log, Asked())


@pytest.fixture(scope="module")
def document(found: Warned) -> dict[str, Any]:
    return warning_document(found, found.names)


def recount(until: int, weeks: int, within: int) -> dict[int, tuple[int, bool]]:
    """Members with two purchase days by ``until``, the last within so many weeks: silence, and whether they stayed away. By plain sets."""
    days: dict[int, set[int]] = {}
    sample = cdnow.sample()
    for customer, day in zip(sample.customer.tolist(), sample.day.tolist(), strict=True):
        days.setdefault(customer, set()).add(day)
    found = {}
    for customer, mine in days.items():
        past = [day for day in mine if day <= until]
        if len(past) >= 2 and max(past) > until - 7 * within:
            found[customer] = (until - max(past), not any(until < day <= until + 7 * weeks for day in mine))
    return found


def test_held_out_weeks_of_cdnow_recounted(document: dict[str, Any]) -> None:
    """13 weeks from 1 April 1998: who is judged, who stayed away, and what "longest silence first" was worth, without the code under test."""
    judged = document["judged"]
    members = recount(to_day(np.datetime64("1998-03-31").astype(object)), 13, 26)
    away = sum(gone for _, gone in members.values())
    assert (judged["members"], judged["without_purchase"]) == (len(members), away) == (592, 384)
    silence = np.array([silence for silence, _ in members.values()])
    hit = np.array([gone for _, gone in members.values()])
    won = (silence[hit][:, None] > silence[~hit]) + 0.5 * (silence[hit][:, None] == silence[~hit])
    assert judged["rankings"]["longest_silence"]["auc"] == pytest.approx(won.mean())
    by_tenths = judged["chances"]["calibration"]
    assert sum(each["members"] for each in by_tenths) == 592
    assert sum(each["without_purchase"] for each in by_tenths) == 384


def test_what_the_docs_say_of_cdnow(document: dict[str, Any]) -> None:
    """The model ranks better than silence, and expects too few to stay away; what was learned on the weeks before makes that good in part."""
    judged = document["judged"]
    assert judged["rankings"]["model"]["auc"] == pytest.approx(0.724, abs=0.001)
    assert judged["rankings"]["longest_silence"]["auc"] == pytest.approx(0.672, abs=0.001)
    assert judged["rankings"]["overdue"]["auc"] == pytest.approx(0.516, abs=0.001)
    assert judged["model_less"]["longest_silence"]["better"] == "model"
    assert judged["predicted_without_purchase"] == pytest.approx(321, abs=1)
    assert judged["recalibrated"]["helps"]
    tenth = next(each for each in judged["rankings"]["model"]["foremost"] if each["share_pct"] == 10)
    assert tenth["precision_pct"] == pytest.approx(84.7, abs=0.1) and tenth["lift"] == pytest.approx(1.31, abs=0.01)


def test_where_silence_wins_it_is_said(log: Path) -> None:
    """Of all who came back, over half a year: among the foremost twentieth, the longest silence is right more often than the model."""
    every = at_risk(log, Asked(weeks=26, seen_within=None))
    judged = warning_document(every, every.names)["judged"]
    model, silence = (judged["rankings"][name]["foremost"][0] for name in ("model", "longest_silence"))
    assert silence["precision_pct"] > model["precision_pct"] + 5
    members = recount(to_day(np.datetime64("1997-12-30").astype(object)), 26, 1000)
    foremost = sorted(members.values(), reverse=True)[: model["members"]]
    assert silence["precision_pct"] == pytest.approx(100 * np.mean([gone for _, gone in foremost]), abs=2)


def test_what_is_judged_has_not_seen_the_held_out_weeks(log: Path, found: Warned, tmp_path: Path) -> None:
    """The list that is judged is that of a log which ends before these weeks."""
    rows = log.read_text("utf-8").splitlines()
    cut = tmp_path / "cut.csv"
    cut.write_text(
        "\n".join([rows[0]] + [row for row in rows[1:] if row.split(",")[1] <= "1998-03-31"]) + "\n", "utf-8"
    )
    whole = found
    early = at_risk(cut, Asked(as_of=to_day(np.datetime64("1998-03-31").astype(object))))
    assert whole.judged is not None
    mine = {
        whole.names[code]: p
        for code, p in zip(whole.judged.state.outlook.customer, whole.judged.state.outlook.silent, strict=True)
    }
    theirs = {
        early.names[code]: p for code, p in zip(early.state.outlook.customer, early.state.outlook.silent, strict=True)
    }
    assert mine == theirs


def test_lists_begin_as_asked(found: Warned) -> None:
    for by, column, sign in (
        ("no-purchase", "p_no_purchase", -1),
        ("alive", "p_alive", 1),
        ("overdue", "overdue", -1),
        ("sales", "sales_at_risk", -1),
    ):
        values = sign * np.array(listed(found, found.names, by)[column])
        assert (np.diff(values) >= 0).all(), by
    columns = listed(found, found.names)
    assert (np.diff(columns["p_no_purchase"]) <= 0).all() and len(set(columns["member_id"])) == len(
        columns["member_id"]
    ) == 515
    assert max(columns["silence_days"]) < 7 * 26 and min(columns["purchases"]) == 2


# --- the command -----------------------------------------------------------------------------------------------------
SHOP = "examples/shop_orders.csv"


def invoke(*words: str) -> Any:
    return CliRunner().invoke(app, ["at-risk", *words])


def test_the_list_as_csv_and_parquet_shows_no_id_unless_asked(tmp_path: Path) -> None:
    for words, shown in (([], False), (["--show-ids"], True)):
        file, table = tmp_path / "list.csv", tmp_path / "list.parquet"
        done = invoke(SHOP, "--out", str(file), "--json", *words)
        assert done.exit_code == 0, done.output
        assert invoke(SHOP, "--out", str(table), *words).exit_code == 0
        rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
        ids = [row["member_id"] for row in rows]
        assert all(name.startswith("m-") for name in ids) is not shown
        assert pyarrow.parquet.read_table(table)["member_id"].to_pylist() == ids
        told = json.loads(done.stdout)
        assert told["listed"] == len(rows) and [each["member_id"] for each in told["members"]] == ids[:20]


def test_a_members_id_is_no_formula(tmp_path: Path) -> None:
    log, file = tmp_path / "log.csv", tmp_path / "list.csv"
    text = Path(SHOP).read_text("utf-8")
    first = text.splitlines()[1].split(",")[0]
    log.write_text(text.replace(f"\n{first},", "\n=1+2,"), "utf-8")
    assert (
        invoke(str(log), "--out", str(file), "--show-ids", "--seen-within", "0", "--least-purchases", "1").exit_code
        == 0
    )
    ids = [row["member_id"] for row in csv.DictReader(file.read_text("utf-8").splitlines())]
    assert "'=1+2" in ids and "=1+2" not in ids


def test_too_short_a_history_is_named(tmp_path: Path) -> None:
    done = invoke("examples/mos_orders.csv", "--seen-within", "0", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["judged"] is None and told["recalibration"] is None
    assert any("too short a history to judge" in each for each in told["warnings"])


@pytest.mark.parametrize(
    "words, said",
    [
        (["--model", "pareto"], "did you mean 'pareto-nbd'"),
        (["--by", "sale"], "did you mean 'sales'"),
        (["--out", "x.xls"], ".csv or .parquet"),
        (["--as-of", "2001-01-01"], "on or after the first purchase"),
        (["--as-of", "2023-01-05"], "so no rate can be fitted"),
        (["--out", SHOP], "expected another file"),
    ],
)
def test_bad_input(words: list[str], said: str) -> None:
    before = Path(SHOP).read_bytes()
    done = invoke(SHOP, *words)
    assert isinstance(done.exception, BadInput) and said in str(done.exception)
    assert Path(SHOP).read_bytes() == before
