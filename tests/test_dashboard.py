"""The members of a log on one page: the example's figures by hand, what a log may leave out, the page in both languages."""

import json
import re
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from apps.cli import app
from simulators.dashboard import dashboard_document
from tests.test_reports import CANVASES, Opened
from workbench.errors import BadInput
from workbench.finance.customers import by_month, period_of
from workbench.reports.dashboard_page import write_dashboard

ROOT = Path(__file__).parents[1]
MOS = ROOT / "examples" / "mos_orders.csv"


@pytest.fixture(scope="module")
def mos() -> dict[str, Any]:
    return dashboard_document(MOS, date(2016, 12, 31))


def test_the_example_by_hand(mos: dict[str, Any]) -> None:
    """2016: all but M0001 bought, each twice or more, 18 times for NT$6,560; M0008 came on 24 December 2015, so nobody is new."""
    assert (mos["start"], mos["members"], mos["new"], mos["buyers"]) == ("2016-01-01", 8, 0, 7)
    assert (mos["regulars"], mos["returning"], mos["returning_pct"]) == (7, 7, 100.0)
    assert (mos["purchases"], mos["sales"], mos["refunds"]) == (18, 6560, 370)
    assert (mos["frequency"], mos["average_ticket"]) == (2.5714, 364.44)
    assert mos["birthday_months"]["7"] == 1 and mos["birthday_months"]["unknown"] == 7
    assert mos["age"]["25-34"] == 1  # born on 21 July 1988: 28
    assert mos["reachable"] is None and mos["sex"] is None and mos["channels"] is None


def test_the_months_of_the_example_by_hand(mos: dict[str, Any]) -> None:
    money = [380, 1095, 230, 0, 1385, 670, 575, 1995, 0, 0, 230, 0]
    assert [each["money"] for each in mos["by_month"]] == money
    assert [each["purchases"] for each in mos["by_month"]] == [2, 2, 1, 0, 3, 4, 1, 4, 0, 0, 1, 0]
    assert [each["returning"] for each in mos["by_month"]] == [2, 2, 1, 0, 2, 4, 1, 4, 0, 0, 1, 0]
    assert mos["by_month"][0]["first"] == "2016-01" and len(mos["by_month"]) == 12


def test_new_and_returning_in_a_small_world() -> None:
    """Days 0 to 58 are January and February 1970. Period: February. 0 bought on day 5 and 40 (returns); 1 twice in February (returns, new); 2 once
    in February (new); 3 joined on day 50 and never bought; 4 bought on day 59, later."""
    customer, day = np.array([0, 0, 1, 1, 2, 4]), np.array([5, 40, 33, 34, 58, 59])
    money, joined = np.array([100, 200, 300, 400, 500, 600]), np.array([5, 33, 58, 50, 59])
    found = period_of(customer, day, money, joined, 31, 58)
    assert found == (4, 3, 3, 1, 2, 4, 1400, 0)
    january, february = by_month(customer, day, money, joined, 0, 58)
    assert january == (0, 1, 100, 1, 1, 0)
    assert february == (31, 4, 1400, 3, 2, 1)


def test_what_the_log_says_of_members(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "member_id,date,event,amount,order_id,channel,birthday,sex,reachable\n"
        "A,2024-01-05,purchase,100,O1,app,1990-03-02,F,yes\n"
        "A,2024-01-05,purchase,50,O1,app,,,\n"
        "B,2024-02-01,purchase,70,,store,1000-03-09,男,no\n"
        "C,2024-02-02,purchase,30,,,,x,1\n"
        "guest,2024-02-03,purchase,999,,store,,,\n",
        encoding="utf-8",
    )
    found = dashboard_document(log, date(2024, 3, 1))
    assert found["sex"] == {"female": 1, "male": 1, "other": 1, "unknown": 0}
    assert found["reachable"] == 2 and found["rows_of_nobody"] == 1
    assert found["birthday_months"]["3"] == 2
    assert found["age"]["25-34"] == 1 and found["age"]["unknown"] == 2  # a year of birth 1000 is made up; 33 on 1 March
    assert [(each["channel"], each["purchases"], each["sales"]) for each in found["channels"]] == [
        (None, 1, 30),
        ("app", 1, 150),
        ("store", 1, 70),
    ]


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_the_page_says_the_figures_and_fetches_nothing(mos: dict[str, Any], tmp_path: Path, language: str) -> None:
    file = write_dashboard(mos, "<b>MOS</b> & Co", tmp_path / "page.html", language, "TWD")
    text = file.read_text("utf-8")
    body = text[text.index("<main>") : text.index("</main>")]
    assert "NT$364.44" in body and "2.57" in body and "&lt;b&gt;MOS&lt;/b&gt; &amp; Co" in body
    assert f'lang="{language}"' in text and "default-src 'none'" in unescape(text)
    assert not re.search(r"<(?:link|img|iframe)|src=|@import", body)
    assert ("Average ticket" in body) is (language == "en") and ("平均客單價" in body) is (language != "en")
    assert file.read_bytes() == write_dashboard(mos, "<b>MOS</b> & Co", file, language, "TWD").read_bytes()


def test_a_period_without_purchases_still_has_a_page(tmp_path: Path) -> None:
    found = dashboard_document(MOS, date(2030, 1, 31), 3)
    assert found["buyers"] == 0 and found["average_ticket"] is None and found["members"] == 8
    assert "Nobody bought in the period." in write_dashboard(found, "x", tmp_path / "p.html").read_text("utf-8")


@pytest.mark.parametrize(
    "words, said",
    [
        (["--as-of", "2016-13-01"], "expected a date"),
        (["--as-of", "2000-01-01"], "on or after the first purchase"),
        (["--as-of", "2016-12-31", "--language", "zh_Hant"], "did you mean 'zh-Hant'"),
        (["--as-of", "2016-12-31", "--out", "x.pdf"], "ending in .html"),
        (["--as-of", "2016-12-31", "--currency", "nt$"], "three capital letters"),
    ],
)
def test_bad_input(words: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["dashboard", str(MOS), *words])
    assert isinstance(done.exception, BadInput) and said in str(done.exception)


def test_json_is_one_document(tmp_path: Path) -> None:
    out = str(tmp_path / "p.html")
    done = CliRunner().invoke(app, ["dashboard", str(MOS), "--as-of", "2016-12-31", "--json", "--out", out])
    assert done.exit_code == 0 and json.loads(done.stdout)["buyers"] == 7 and Path(out).exists()


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "zh-Hant"])
@pytest.mark.parametrize("width", [1440, 390])
def test_in_a_browser(mos: dict[str, Any], browser: Any, tmp_path: Path, language: str, width: int) -> None:
    file = write_dashboard(mos, "MOS", tmp_path / "page.html", language, "TWD")
    opened = Opened(browser, file, width)
    assert opened.errors == [] and opened.requests == [file.as_uri()]
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    drawn = opened.page.evaluate(CANVASES)
    assert len(drawn) == 4 and all(painted and high > 100 for _, _, high, painted in drawn)
    opened.page.close()
