"""The shell in a browser: pages, address, back, reload, shared links, undo, language and theme."""

from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("panel", reason="the extra `app` is not installed")
pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")

from apps.pages import shown_pages
from tests.app_server import Window
from tests.test_app import Session


@pytest.mark.browser
@pytest.mark.parametrize(
    "width, tag",
    [
        (1440, "en"),
        pytest.param(390, "zh-Hant", marks=pytest.mark.slow),
        pytest.param(390, "en", marks=pytest.mark.slow),
        pytest.param(1440, "zh-Hant", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("slug", shown_pages())
def test_each_page_loads_whole(server: str, browser: Any, slug: str, width: int, tag: str) -> None:
    window = Window(browser, server, slug, width, tag)
    window.page.wait_for_timeout(300)
    window.clean()
    assert window.page.evaluate("document.documentElement.lang") == tag
    window.close()


@pytest.mark.browser
def test_back_reload_and_a_shared_link(server: str, browser: Any) -> None:
    window = Session(browser, server)
    window.press("expiry", "ArrowLeft")
    window.stands_at("expiry", "11 months", 11, "months: 11")
    window.go("start")
    assert window.page.title().startswith("Start")
    window.page.go_back()
    window.at("design")
    assert window.page.title().startswith("Design")
    window.stands_at("expiry", "11 months", 11, "months: 11")
    window.page.go_forward()
    window.at("start")
    window.page.go_back()
    window.at("design")
    window.page.wait_for_timeout(400)
    spec, address = window.yaml, window.page.url
    window.page.reload()
    window.at("design")
    window.stands_at("expiry", "11 months", 11, "months: 11")
    assert window.yaml == spec
    other = Window(browser, server, "design", query="?" + urlsplit(address).query)
    other.says("h2", "1 change against the baseline")
    other.page.wait_for_timeout(500)
    assert other.page.locator("textarea").input_value() == spec
    window.clean()
    other.clean()
    for each in (window, other):
        each.close()


@pytest.mark.browser
def test_undo_and_redo_by_button_and_key(server: str, browser: Any) -> None:
    window = Session(browser, server)
    undo, redo = (window.page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo"))
    assert undo.is_disabled() and redo.is_disabled()
    window.press("expiry", "ArrowLeft")
    window.stands_at("expiry", "11 months", 11, "months: 11")
    undo.click()
    window.stands_at("expiry", "12 months", 12, "months: 12")
    redo.click()
    window.stands_at("expiry", "11 months", 11, "months: 11")
    window.slider("expiry").focus()
    window.page.keyboard.press("Control+z")
    window.stands_at("expiry", "12 months", 12, "months: 12")
    window.page.keyboard.press("Control+Shift+z")
    window.stands_at("expiry", "11 months", 11, "months: 11")
    window.clean()
    window.close()


@pytest.mark.browser
def test_copy_link(server: str, browser: Any) -> None:
    window = Session(browser, server)
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    window.press("expiry", "ArrowLeft")
    window.stands_at("expiry", "11 months", 11, "months: 11")
    window.page.get_by_role("button", name="Copy link").click()
    window.says("[role=status]", "Link copied")
    link = window.page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(server + "?page=design&program=mitsui_outlet")
    window.page.wait_for_timeout(400)
    assert link == window.page.url
    window.close()


@pytest.mark.browser
def test_a_link_that_was_cut_off(server: str, browser: Any) -> None:
    window = Window(browser, server, query="?page=design&program=mitsui_outlet&x=eNqrViopLUgtUrJ")
    window.says("[role=alert]", "The link could not be read")
    window.clean()
    window.close()
