"""The Finance page in a browser: figures that tie, a file taken in, a policy edited, work cancelled, workbooks taken away, both languages."""

import io
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("panel", reason="the extra `app` is not installed")
pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")
pytest.importorskip("openpyxl", reason="openpyxl is not installed")

import openpyxl

from apps.desk import Desk
from apps.draft import Draft
from apps.records import LARGEST
from apps.valuing import valued
from simulators.simulate import simulate
from tests.app_server import CANVASES, MIDDLE, Window
from workbench.finance.accounting.policy import load_policy
from workbench.run_books import books_of_run

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
TABS = ("glance", "books", "rates", "policy", "checks")
pytestmark = pytest.mark.browser


class Finance(Window):
    """The page in a window of its own, with the figures of all members on it."""

    def __init__(
        self,
        browser: Any,
        url: str,
        width: int = 1440,
        tag: str = "en",
        whole: bool = True,
        query: str = "",
    ) -> None:
        super().__init__(browser, url, "liability", width, tag, query=query)
        self.page.set_default_timeout(60_000)
        if whole:
            self.whole()

    def clean(self) -> None:
        assert self.errors == []
        super().clean()

    def whole(self) -> None:
        """Wait until nothing is under way."""
        self.page.locator("[data-valued=full]").wait_for()
        self.page.locator(".valuing progress").wait_for(state="detached")

    def tab(self, name: str) -> None:
        self.page.locator(f"[data-tab={name}]").click()
        self.page.locator(f"[data-tab={name}][aria-selected=true]").wait_for()

    def take(self, *files: Any) -> None:
        self.page.locator("input[type=file]").set_input_files(*files)

    def figure(self, name: str) -> str:
        card = self.page.locator(".card").filter(has=self.page.get_by_role("heading", name=name, exact=True))
        return str(card.locator(".value").inner_text()).split("\n")[0]

    def field(self, key: str) -> Any:
        return self.page.locator(f"[name='{key}']")


def test_what_is_shown_is_what_the_engine_says(server: str, browser: Any) -> None:
    """The same members, lived and valued here."""
    scenario = Draft.of("mitsui_outlet", years=2).question(MIDDLE).scenario()
    books = books_of_run(simulate(scenario, engine="agents"))
    found = valued(books, load_policy("default"), "default", date(2026, 12, 31))
    window = Finance(browser, server)
    close = found.valuation.close
    assert window.figure("Contract liability") == f"NT${close.liability / 100:,.0f}"
    assert window.figure("Points outstanding") == f"{int(close.points[-1, :, -1].sum() - close.owed[-1]):,}"
    window.says(".whose", f"These are {MIDDLE} simulated members")
    window.says(".card .interval", "P5 to P95: ")
    drawn = [each for each in window.page.evaluate(CANVASES) if each[0] > 300 and each[2]]
    assert len(drawn) == 2
    window.tab("books")
    window.says("table", f"{close.liability / 100:,.2f}")
    window.says("td", "合約負債-會員點數")
    window.says("td", "Contract liability - loyalty points")
    window.tab("checks")
    window.says(".said", f"All {len(found.valuation.checks)} checks hold.")
    window.says("pre", f"--members {MIDDLE}")
    window.clean()
    window.close()


def test_example_52_from_two_files_to_a_workbook(server: str, browser: Any) -> None:
    window = Finance(browser, server)
    window.tab("policy")
    window.take(str(EXAMPLES / "example_52_policy.yaml"))
    window.says("pre", "stand_alone_price: 0.95")
    window.says("[role=alert]", "expected a policy in TWD: amounts of two currencies are not added")
    window.take(str(EXAMPLES / "example_52.csv"))
    window.says("[data-basis=ESTIMATE]", "example_52.csv")
    window.whole()
    assert window.figure("Contract liability") == "US$1,073"
    window.tab("books")
    window.says("table", "1,073.29")
    window.says("table", "4,566.21")
    with window.page.expect_download() as waiting:
        window.page.get_by_role("button", name="Download the workbook").click()
    assert waiting.value.suggested_filename == "liability_2025-02-28.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(Path(waiting.value.path()).read_bytes()), data_only=True)
    cells = [[cell.value for cell in row] for row in sheet["Summary"].iter_rows()]
    assert any(row[0] == "Contract liability 合約負債" and row[1] == 1073.29 for row in cells)
    window.page.get_by_role("button", name="Undo").click()
    window.page.get_by_role("button", name="Back to simulated members").click()
    window.says("[data-basis=PROJECTION]", "simulated members")
    window.clean()
    window.close()


def test_bad_files_are_told_and_change_nothing(server: str, browser: Any) -> None:
    window = Finance(browser, server)
    before = window.figure("Contract liability")
    for name, data, said in (
        ("notes.csv", b"a,b\n1,2\n", "expected the columns of a ledger"),
        ("book.csv", b"PK\x03\x04rest", "found a ZIP archive or a spreadsheet"),
        ("cohorts.csv", b"cohort,month,issued,redeemed\n2025-01,2025-01,=1+1,0\n", "expected whole points"),
        ("policy.yaml", b"schema: 1\ntitle: x\nframwork: IFRS 15\n", "framework"),
        ("<b>.csv", b"a\n1\n", "expected the columns of a ledger"),
    ):
        window.take({"name": name, "mimeType": "text/csv", "buffer": data})
        window.says("[role=alert]", said)
        window.says("[role=alert]", name)
    assert window.figure("Contract liability") == before
    window.clean()
    window.close()


@pytest.mark.slow
def test_a_file_that_is_too_large_is_not_even_sent(server: str, browser: Any) -> None:
    window = Finance(browser, server)
    window.take({"name": "large.csv", "mimeType": "text/csv", "buffer": bytes(LARGEST + 1)})
    window.says("[role=alert]", "at most 32 MB are taken here")
    window.clean()
    window.close()


@pytest.mark.slow
def test_a_triangle_has_no_money(server: str, browser: Any) -> None:
    window = Finance(browser, server)
    window.take(str(EXAMPLES / "redemption_triangle.csv"))
    window.says("[data-basis=ESTIMATE]", "redemption_triangle.csv")
    window.says("h2", "No money in a triangle")
    window.tab("rates")
    window.says("caption", "What will be redeemed, by five methods")
    window.says("th", "Chain ladder")
    window.tab("checks")
    window.says("pre", "loyalty redemption redemption_triangle.csv")
    window.clean()
    window.close()


def test_the_policy_is_edited_in_place(server: str, browser: Any) -> None:
    """A value that cannot be is refused where it stands; one that can changes the figures, the file, the address; undo takes it back."""
    window = Finance(browser, server)
    before = window.figure("Contract liability")
    window.tab("policy")
    assumed = window.field("points.initial_rate.value")
    assumed.fill("95")
    assumed.press("Enter")
    window.says(".problem", "expected a number from low (0.7) to high (0.9)")
    assert assumed.input_value() == "95"
    assumed.fill("85")
    assumed.press("Enter")
    window.says("pre", "value: 0.85")
    window.whole()
    assert window.figure("Contract liability") != before
    window.field("points.history_months").fill("60")
    window.field("points.history_months").press("Enter")
    window.says(".card .interval", "range of the assumption")
    window.page.get_by_role("button", name="Undo").click()
    window.page.get_by_role("button", name="Undo").click()
    window.page.locator("[data-tool=undo][disabled]").wait_for()
    window.says(".card .value", before)
    assert window.field("points.initial_rate.value").input_value() == "80"
    window.page.wait_for_timeout(400)
    assert "x=" not in window.page.url
    window.clean()
    window.close()


@pytest.mark.slow
def test_all_members_can_be_left_out(server: str, browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the refined run dawdles the preview stands; cancelled, it stays."""
    books, slow = Desk.books, threading.Event()

    def dawdling(self: Desk, scenario: Any, live: Any, progress: Any = None, entries: bool = True) -> Any:
        while slow.is_set() and scenario.members == MIDDLE:
            progress(7, MIDDLE)
            time.sleep(0.02)
        return books(self, scenario, live, progress, entries)

    monkeypatch.setattr(Desk, "books", dawdling)
    slow.set()
    try:
        query = "?page=liability&lang=en&program=mos_burger&seed=5"
        window = Finance(browser, server, whole=False, query=query)
        window.says("[data-valued=preview]", "Preview: 120 members, seed 5")
        window.page.get_by_role("button", name="Cancel").click()
        window.page.get_by_role("button", name=f"Full run: {MIDDLE} members").wait_for()
    finally:
        slow.clear()
    window.page.get_by_role("button", name=f"Full run: {MIDDLE} members").click()
    window.whole()
    window.clean()
    window.close()


@pytest.mark.slow
@pytest.mark.parametrize("tag", ["en", "zh-Hant"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_tab_is_whole_and_accessible(server: str, browser: Any, width: int, tag: str) -> None:
    window = Finance(browser, server, width, tag)
    if width == 390:
        window.page.get_by_label("Toggle theme").click()
        window.page.wait_for_function("getComputedStyle(document.body).backgroundColor === 'rgb(18, 18, 18)'")
    for name in TABS:
        window.tab(name)
        window.page.wait_for_timeout(400)
        window.clean()
        assert window.serious() == set(), name
    window.close()


@pytest.mark.slow
def test_a_back_test_from_the_page(server: str, browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.valuing.BACK_TEST", {"members": 50, "replications": 3, "draws": 20})
    monkeypatch.setattr("apps.pages.liability.BACK_TEST", {"members": 50})
    window = Finance(browser, server)
    window.tab("rates")
    window.page.get_by_role("button", name="Back-test the methods").click()
    window.says("caption", "Errors of points to come")
    window.says(".said", "3 populations of 50 simulated members")
    window.clean()
    window.close()
