"""A real log, messy as they are: the UCI Online Retail data, 22,186 orders of a gift wholesaler, 2010-12-01 to 2011-12-09. It is not part of the
project; the tests are skipped where it is not beside it."""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from typer.testing import CliRunner

from apps.cli import app
from workbench.population.death import death_time
from workbench.population.load import load_population
from workbench.population.strips import candidates, draw_members
from workbench.population.terms import population_terms

ROOT = Path(__file__).resolve().parents[1]
LOG = next((path for folder in (ROOT.parent, ROOT.parent.parent) if (path := folder / "shared/data/online_retail_orders.csv.gz").is_file()), None)  # fmt: skip
pytestmark = pytest.mark.skipif(LOG is None, reason="../shared/data/online_retail_orders.csv.gz is not there")
FIRST, LAST = (int(np.datetime64(day).astype(np.int64)) for day in ("2010-12-01", "2011-12-09"))
MEMBERS = 6000


def tell(text: str) -> None:
    """Shown by pytest -s, and where a test fails."""
    sys.stdout.write(text + "\n")


class Lived(NamedTuple):
    """Purchase days: customer, day, and what was spent."""

    customer: np.ndarray
    day: np.ndarray
    spent: np.ndarray


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    people = tmp_path_factory.mktemp("retail") / "retail.yaml"
    found = CliRunner().invoke(app, ["calibrate", str(LOG), "--out", str(people), "--currency", "GBP", "--json"])
    assert found.exit_code == 0, found.exception
    return json.loads(found.stdout), people


def test_it_comes_to_the_end_and_names_what_is_odd(calibrated: tuple[dict[str, Any], Path]) -> None:
    """Figures counted from the file by other means: zcat, cut, sort, uniq."""
    found, _ = calibrated
    told = "\n".join(found["warnings"])
    for odd in (
        "3,654 of 3,654 refunds do not name an order", "bought before it begins", "given back whole on their own day",
        "first seen in the first 30 days", "no purchase on any Saturday", "no dropout identified", "November 1.2",
        "months rest on a single year", "several orders",
    ):  # fmt: skip
        assert odd in told
    assert found["model"] == "nbd" and found["asked_for"] == "pareto-nbd"
    assert found["parameters"]["s"] is None
    assert found["refunds"]["rows"] == 3654
    assert 4300 < found["customers"] < 4372


def test_its_hold_out_is_told(calibrated: tuple[dict[str, Any], Path]) -> None:
    """The best season comes in the third that was held out, and no year before it told so: the prediction is too low."""
    holdout = calibrated[0]["holdout"]
    tell(f"hold-out: {holdout['actual']} came, {holdout['predicted']:.0f} predicted, {holdout['error_pct']:+.1f} %")
    assert -30 < holdout["error_pct"] < -10
    assert holdout["error_pct"] == pytest.approx(100 * (holdout["predicted"] / holdout["actual"] - 1))
    assert holdout["predicted"] == pytest.approx(sum(week["predicted"] for week in holdout["weeks"]))


def recorded() -> Lived:
    """Purchase days of the file by pandas, orders called off apart: what a reader without the code under test would count."""
    import pandas as pd

    rows = pd.read_csv(LOG, dtype={"member_id": str, "order_id": str}, parse_dates=["date"])
    bought, back = rows[rows.event == "purchase"], rows[rows.event == "refund"]
    called_off = bought.merge(back, on=["member_id", "date", "amount"], suffixes=("", "_back"))["order_id"]
    days = bought[~bought.order_id.isin(called_off)].groupby(["member_id", "date"]).amount.sum().reset_index()
    day = days.date.to_numpy().astype("datetime64[D]").astype(np.int64)
    return Lived(days.member_id.astype("category").cat.codes.to_numpy(), day, days.amount.to_numpy())


def simulated(people: Path) -> Lived:
    """Purchase days of members drawn from the population and living with no program for as long as the log is."""
    terms = population_terms(load_population(people), FIRST, LAST + 1)
    members = draw_members(load_population(people), terms, 1, 0, MEMBERS)
    customer, day, spent = [], [], []
    for i in range(MEMBERS):
        found = candidates(terms, members, i, 1)
        end = death_time(members.arrival[i], members.death_rate[i], members.death_budget[i])
        for each in np.unique(found.day[found.time < end]).tolist():
            customer.append(i)
            day.append(each)
            spent.append(found.basket[(found.time < end) & (found.day == each)].sum() / 100)
    return Lived(np.array(customer), np.array(day), np.array(spent))


def test_its_population_lives_as_the_log_did(calibrated: tuple[dict[str, Any], Path]) -> None:
    """Repeat rate, basket and weekdays, each within the errors of the log's figure and of the simulation together (3.5 of them)."""
    found, people = calibrated
    log, run = recorded(), simulated(people)
    came_back = [np.bincount(each.customer)[np.bincount(each.customer) > 0] > 1 for each in (log, run)]
    shares = [each.mean() for each in came_back]
    error = np.hypot(*(each.std() / np.sqrt(len(each)) for each in came_back))
    tell(f"came back: log {shares[0]:.4f}, simulation {shares[1]:.4f} (standard error of the difference {error:.4f})")
    assert abs(shares[0] - shares[1]) < 3.5 * error < 0.05
    error = np.hypot(found["spend"]["mean_basket_error"], run.spent.std() / np.sqrt(len(np.unique(run.customer))))
    tell(f"basket: log {log.spent.mean():.2f}, simulation {run.spent.mean():.2f} (standard error {error:.2f})")
    assert abs(log.spent.mean() - run.spent.mean()) < 3.5 * error < 200
    weekdays = [np.bincount((each.day + 3) % 7, minlength=7) / len(each.day) for each in (log, run)]
    errors = np.hypot(
        np.array(found["seasonality"]["weekday"]["standard_errors"]) / 7, np.sqrt(weekdays[1] / len(run.day))
    )
    tell(f"weekdays: log {weekdays[0].round(4)}, simulation {weekdays[1].round(4)}, standard errors {errors.round(4)}")
    assert (np.abs(weekdays[0] - weekdays[1]) <= 3.5 * errors).all()
    assert weekdays[0][5] == weekdays[1][5] == 0
