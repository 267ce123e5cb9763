"""The Explore page in a browser: levers, assumptions, the best under limits, the size of a test; on a phone, in Chinese, dark."""

from typing import Any

import pytest

pytest.importorskip("panel", reason="the extra `app` is not installed")
pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")

from tests.app_server import CANVASES, FULL, PREVIEW, Window

LONG = 180_000
"""Milliseconds: designs are lived by the kernel, which the first test of a day may have to compile."""


class Explore(Window):
    """The page, with a tab open."""

    def answered(self, state: str) -> None:
        self.page.locator(f".asked .chip.{state}").first.wait_for(timeout=LONG)

    def tab(self, name: str) -> None:
        self.page.locator(f"button[data-tab={name}]").click()
        self.page.locator(f"button[data-tab={name}][aria-selected=true]").wait_for()

    def ask(self, button: str) -> None:
        self.page.get_by_role("button", name=button).click()
        self.answered("full")

    def drawn(self) -> None:
        """There is a chart, and something on it."""
        self.page.wait_for_function(
            f"() => ({CANVASES})().some(([width, height, inked]) => width > 200 && height > 150 && inked)"
        )


@pytest.mark.browser
def test_a_lever_is_swept_then_two_and_what_is_refused_stays_with_its_reason(server: str, browser: Any) -> None:
    window = Explore(browser, server, "explore")
    window.answered("preview")
    window.says(".asked .chip", f"Preview: {PREVIEW} members")
    window.says("p.said", "Incremental margin is highest with Spend that earns points")
    window.drawn()
    window.page.locator("select[name=outcome]").select_option("liability")
    window.says("p.said", "Contract liability at the end is lowest with")
    window.page.locator("select[name='lever.1']").select_option("program.tiers.levels[1].enter.spend")
    window.says("p.said", "Threshold of silver")
    window.answered("preview")
    window.drawn()
    low = window.page.locator("input[name='low.0']")
    low.fill("900")
    low.press("Enter")
    window.says("p.problem", "expected the first to be less than the second")
    assert low.input_value() == "900"
    low.fill("100")
    low.press("Enter")
    window.page.wait_for_function("() => true")
    window.answered("preview")
    window.ask(f"Full run: {FULL} members")
    assert window.serious() == set()
    before = window.page.url
    window.page.get_by_role("button", name="Take the best into the draft").click()
    window.page.wait_for_function("(before) => location.href !== before", arg=before)
    assert not window.page.get_by_role("button", name="Undo", exact=True).is_disabled()
    window.clean()
    window.close()


@pytest.mark.browser
@pytest.mark.slow
def test_assumptions_and_the_best_under_limits(server: str, browser: Any) -> None:
    window = Explore(browser, server, "explore")
    window.answered("preview")
    window.tab("tornado")
    window.says(".asked .chip", "Not asked yet")
    window.ask("Move every assumption")
    window.says("p.said", "moves it most")
    window.drawn()
    window.page.locator("select[name=outcome]").select_option("lift_sales")
    window.says("p.said", "moves it most")
    window.tab("search")
    limit = window.page.locator("input[name=worse_off]")
    limit.fill("150")
    limit.press("Enter")
    window.says("p.problem", "expected a share from 0 to 100")
    limit.fill("60")
    limit.press("Enter")
    window.ask("Search:")
    window.says("p.said", "lived again by 3 populations")
    window.says("table", "fresh members")
    window.drawn()
    window.clean()
    window.close()


@pytest.mark.browser
@pytest.mark.slow
def test_the_size_of_a_test(server: str, browser: Any) -> None:
    window = Explore(browser, server, "explore")
    window.tab("test")
    window.ask("Full run")
    window.says("p.said", "over 26 weeks the simulation finds")
    window.says("table", "Members needed")
    window.clean()
    window.close()


@pytest.mark.browser
def test_on_a_phone_in_chinese_and_dark(server: str, browser: Any) -> None:
    window = Explore(browser, server, "explore", width=390, tag="zh-Hant", dark=True)
    window.answered("preview")
    window.says("p.said", "增額毛利在得點所需消費金額")
    window.drawn()
    window.clean()
    window.close()
