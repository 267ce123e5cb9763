"""Form, text, files and assumptions in a browser: either side follows the other, nothing typed is lost, two tabs notice each other."""

import re
from typing import Any

import pytest

pytest.importorskip("panel", reason="the extra `app` is not installed")
pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")

from tests.app_server import Window
from tests.test_app import Session


def opened(window: Session, section: str, *groups: str) -> None:
    """Unfold a section of the form, and groups in it."""
    window.page.locator("button.sectionhead").filter(has_text=section).first.click()
    for group in groups:
        window.page.locator("button.toggle").filter(has_text=re.compile(f"^{group}$")).first.click()


@pytest.mark.browser
def test_form_and_text_follow_each_other(server: str, browser: Any) -> None:
    window = Session(browser, server)
    opened(window, "Tiers", "silver", "Enter")
    spend = window.page.locator('input[data-path=\'["tiers","levels",1,"enter","spend"]\']')
    assert spend.input_value() == "100000"
    spend.fill("60000")
    spend.press("Enter")
    window.stands_at("tier", "NT$60,000", 60000, "enter: {spend: 60000}")
    window.says("h2", "1 change against the baseline")
    assert window.page.evaluate("document.activeElement.tagName") != "BODY", "the field keeps the focus"
    area = window.page.locator("textarea").last
    text = area.input_value()
    assert text.startswith("# Mitsui Outlet Park"), "the file's own comments"
    area.fill(text.replace("spend: 60000", "spend: 55000"))
    window.says(".lever-tier .now", "NT$55,000")
    window.page.get_by_role("button", name="Reset: tiers.levels[1].enter.spend").click()
    window.stands_at("tier", "NT$100,000", 100000, "enter: {spend: 100000}")
    window.clean()
    window.close()


@pytest.mark.browser
def test_a_tier_is_added_and_taken_away(server: str, browser: Any) -> None:
    window = Session(browser, server)
    opened(window, "Tiers")
    window.page.get_by_role("button", name="Add: Levels").click()
    window.written("new 1")
    window.page.get_by_role("button", name="Remove: new 1").wait_for()
    window.settled("full")
    window.page.get_by_role("button", name="Remove: new 1").click()
    window.says("h2", "No changes against the baseline")
    window.clean()
    window.close()


@pytest.mark.browser
def test_what_is_not_valid_is_named_in_its_place_and_kept(server: str, browser: Any) -> None:
    window = Session(browser, server)
    area = window.page.locator("textarea").last
    text = area.input_value()
    area.fill(text.replace("months: 12", "months: 0").replace("currency: TWD", "currency: [TWD"))
    window.says(".problem", "Not a valid program yet: 1 problem")
    window.says(".code li.error", "expected YAML")
    area.fill(text.replace("months: 12", "months: 0"))
    window.says(".code li.error", "expiry.months: expected at least 1")
    window.says(".sectionhead .badge.error", "1")
    assert window.page.locator("[data-state=invalid]").count() == 1
    assert window.shown("expiry")[0] == "12 months", "the draft stays what it was"
    window.page.get_by_role("button", name="Back to the last valid program").click()
    window.written("months: 12")
    window.page.get_by_role("button", name="Bring back what was typed").click()
    window.written("months: 0")
    assert window.serious() == set()
    window.clean()
    window.close()


@pytest.mark.browser
def test_save_and_the_second_tab(server: str, browser: Any) -> None:
    one, two = Session(browser, server), Session(browser, server)
    one.press("expiry", "ArrowLeft")
    one.stands_at("expiry", "11 months", 11, "months: 11")
    one.page.get_by_label("Name of the file").fill("ours.yaml")
    one.page.get_by_role("button", name="Save to workspace").click()
    one.says("[role=status]", "Saved: ")
    two.page.reload()
    two.settled()
    two.choose("Program", "ours.yaml")
    two.stands_at("expiry", "11 months", 11, "months: 11")
    two.press("expiry", "ArrowLeft")
    two.stands_at("expiry", "10 months", 10, "months: 10")
    one.press("expiry", "ArrowRight")
    one.stands_at("expiry", "12 months", 12, "months: 12")
    one.page.get_by_role("button", name="Save to workspace").click()
    two.says("[role=alert]", "ours.yaml was saved elsewhere")
    two.page.get_by_role("button", name="Save to workspace").click()
    two.says(".files [role=alert]", "Nothing was overwritten")
    two.stands_at("expiry", "10 months", 10, "months: 10")
    two.page.get_by_role("button", name="Open the other version").click()
    two.stands_at("expiry", "12 months", 12, "months: 12")
    for each in (one, two):
        each.clean()
        each.close()


@pytest.mark.browser
def test_an_assumption_is_changed_and_the_ghosts_are_told_apart(server: str, browser: Any) -> None:
    window = Window(browser, server, "assumptions")
    window.page.wait_for_selector("[data-state=full]")
    assert window.page.locator(".ghost.world").count() == 0
    window.page.get_by_label("Membership: leaving later").uncheck()
    window.says("h2", "Assumptions changed: 1")
    window.says(".ghost.world", "baseline, shipped assumptions")
    window.says(".legend", "Baseline, shipped assumptions")
    window.page.get_by_label("Purchases a year of a living customer").fill("3")
    window.page.get_by_label("Purchases a year of a living customer").press("Enter")
    window.says(".tag.world", "changed")
    window.page.get_by_role("button", name="Reset all assumptions").click()
    window.says("h2", "Assumptions as shipped")
    assert window.page.get_by_label("Membership: leaving later").is_checked()
    assert window.serious() == set()
    window.clean()
    window.close()


@pytest.mark.browser
def test_three_clicks_from_the_start_to_new_figures(server: str, browser: Any) -> None:
    window = Window(browser, server, "start")
    window.page.locator("[data-way=design]").click()
    window.at("design")
    window.page.wait_for_selector("[data-state=full]")
    slider = window.page.locator(".lever-tier input[type=range]")
    before = window.page.locator("[data-figure=upgrade_rate] .value").inner_text()
    slider.focus()
    window.page.keyboard.press("Home")
    window.page.wait_for_selector("[data-figure=upgrade_rate] .change")
    window.page.wait_for_selector("[data-state=full]")
    assert window.page.locator("[data-figure=upgrade_rate] .value").inner_text() != before
    window.clean()
    window.close()


@pytest.mark.browser
def test_a_run_is_kept_and_opened_again(server: str, browser: Any) -> None:
    window = Session(browser, server)
    window.press("expiry", "ArrowLeft")
    window.stands_at("expiry", "11 months", 11, "months: 11")
    window.settled()
    window.go("runs")
    window.page.get_by_role("button", name="Keep the run that is shown").click()
    window.says("[role=status]", "Kept: ")
    other = Window(browser, server, "runs")
    other.page.get_by_role("button", name=re.compile("^Open: ")).first.click()
    other.at("design")
    other.says(".lever-expiry .now", "11 months")
    for each in (window, other):
        each.clean()
        each.close()
