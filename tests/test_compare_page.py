"""The page Compare: which programs stand side by side, what is said of them, and the page in a browser."""

import dataclasses
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("panel", reason="the extra `app` is not installed")
pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")

from apps.compare_html import outcome_table, table_html
from apps.draft import Draft, library_program
from apps.language import language
from apps.runs import Cancelled, Ticket
from apps.views import compare_said as said
from apps.views.compare import SideBySide, entries_of, live_side_by_side, others_to_compare
from apps.views.compare_outcomes import outcomes
from simulators.simulate import Progress, compare, simulate
from tests.app_server import MIDDLE, PATIENCE, Window, a_server
from workbench.compare_document import compare_document
from workbench.errors import BadInput, Problem
from workbench.program.load import program_from_mapping
from workbench.reports.language import Language
from workbench.scenario import NO_PROGRAM, Run, Scenario

MEMBERS = 60
ENGLISH, CHINESE = language("en"), language("zh-Hant")


def live(scenario: Scenario, progress: Progress | None) -> Run:
    return simulate(scenario, progress, engine="agents", keep=True)


def half(draft: Draft) -> Draft:
    """Points buy half as much."""
    mapping = draft.mapping
    mapping["redemption"]["money_off"]["points"] = 2
    return draft.with_program(program_from_mapping(mapping))


@pytest.fixture(scope="module")
def draft() -> Draft:
    return half(Draft.of("mitsui_outlet", compare=("eslite",), years=2))


@pytest.fixture(scope="module")
def found(draft: Draft) -> SideBySide:
    entries, problems = entries_of(draft, library_program)
    assert problems == []
    return live_side_by_side(entries, draft.question(MEMBERS).scenario(), draft.valuation, live, Ticket())


# --- which programs ----------------------------------------------------------------------------------------------------
def test_a_changed_draft_is_compared_with_its_baseline() -> None:
    plain = Draft.of("mitsui_outlet")
    assert [each.kind for each in entries_of(plain, library_program)[0]] == ["draft"]
    changed = dataclasses.replace(half(plain), compare=("eslite", "mos_burger"))
    entries, problems = entries_of(changed, library_program)
    assert [each.kind for each in entries] == ["baseline", "draft", "named", "named"] and not problems
    assert entries[0].program == plain.program and entries[1].program == changed.program


def test_what_cannot_stand_there_is_named() -> None:
    draft = dataclasses.replace(half(Draft.of("mitsui_outlet")), compare=("florasis", "nobody", "mitsui_outlet"))
    entries, problems = entries_of(draft, library_program)
    assert [each.kind for each in entries] == ["baseline", "draft"]
    texts = [said.problem_words(each, ENGLISH) for each in problems]
    assert "currencies are not compared without a rate" in texts[0] and "CNY" in texts[0]
    assert "nobody" in texts[1] and "stands there already" in texts[2]
    many = dataclasses.replace(draft, compare=("eslite", "mos_burger", "breeze"))
    entries, problems = entries_of(many, library_program)
    assert len(entries) == 4 and "at most four" in said.problem_words(problems[0], ENGLISH)


def test_only_programs_of_the_same_currency_are_offered() -> None:
    draft = Draft.of("mitsui_outlet", compare=("eslite",))
    programs = {name: library_program(name) for name in ("mitsui_outlet", "eslite", "mos_burger", "florasis", "costco")}
    assert list(others_to_compare(draft, programs)) == ["mos_burger"]


# --- what is found -----------------------------------------------------------------------------------------------------
def test_the_figures_are_those_of_the_command(draft: Draft, found: SideBySide) -> None:
    """`loyalty compare` lives all at once, the page one after the other: the same members, the same figures."""
    programs = [side.entry.program for side in found.sides]
    scenario = dataclasses.replace(draft.question(MEMBERS).scenario(), program=programs[0], baseline=NO_PROGRAM)
    document = compare_document(compare(scenario, programs, engine="agents"), ["a", "b", "c"])
    for side, other in zip(found.sides, document["programs"].values(), strict=True):
        assert side.document["digest"] == other["digest"] and side.document["points"] == other["points"]
    for side, other in zip(found.sides[1:], document["differences"], strict=True):
        assert side.against is not None
        for name in ("purchases", "sales", "margin", "worth", "decomposition"):
            assert side.against["lift"][name] == other[name]
        assert side.against["economics"]["cost_per_added"] == other["cost_per_added"]


def test_nothing_of_a_run_stays_behind(found: SideBySide) -> None:
    """Plain data only: a session that is open for a day must not hold ledgers."""
    assert not [each for side in found.sides for each in vars(side).values() if isinstance(each, Run)]


def test_members_by_tier_come_to_the_runs_own(found: SideBySide) -> None:
    for side in found.sides:
        assert dict(zip(side.tiers, side.by_tier[-1].tolist(), strict=True)) == side.document["tiers"]["members"]
        assert len(side.months) == len(side.closing) == len(side.by_tier) == 24


def test_the_liability_ends_where_the_document_says_and_within_its_bounds(found: SideBySide) -> None:
    for side in found.sides:
        assert side.owed is not None and side.owed.bounds is not None
        assert side.owed.liability[-1] == side.document["liability"]["contract"]
        assert side.owed.bounds.low <= 100 * side.owed.liability[-1] <= side.owed.bounds.high
        assert side.owed.months == side.months


def test_winners_and_losers_are_everyone_and_the_sales_foot(found: SideBySide) -> None:
    for place in (1, 2):
        rows = said.winner_table(found, place, ENGLISH).rows
        assert sum(int(cell) for cell in rows[0][1:4]) == MEMBERS
        tiers = [row for row in rows[1:] if "fifth" not in row[0]]
        fifths = [row for row in rows[1:] if "fifth" in row[0]]
        assert len(fifths) == 5
        for group in (tiers, fifths):
            assert [sum(int(row[k]) for row in group) for k in (1, 2, 3)] == [int(cell) for cell in rows[0][1:4]]
        *parts, total = [
            float(row[3].replace(",", "").replace("−", "-")) for row in said.sales_table(found, place, ENGLISH).rows
        ]
        assert sum(parts) == pytest.approx(total, abs=0.005)
    assert int(said.winner_table(found, 1, ENGLISH).rows[0][2]) > 0, (
        "points that buy half as much are a loss to somebody"
    )


def test_differences_are_paired_and_have_the_intervals_of_pairs(found: SideBySide) -> None:
    """Recounted by the jackknife: the difference of two means, each block of members left out in turn."""
    rows = {row.key: row for row in outcomes(found, ENGLISH)}
    first, third = found.sides[0], found.sides[2]
    assert first.blocks is not None and third.blocks is not None
    moved = (third.blocks.outstanding - first.blocks.outstanding).sum()
    assert rows["outstanding"].cells[2].change == ENGLISH.number(moved, 0, signed=True)
    low, high = (
        float(each.replace(",", "").replace("−", "-"))
        for each in rows["outstanding"].cells[2].change_interval.split(" – ")
    )
    differs, size = third.blocks.outstanding - first.blocks.outstanding, third.blocks.members
    without = (differs.sum() - differs) / (size.sum() - size)
    spread = np.sqrt((len(size) - 1) / len(size) * ((without - without.mean()) ** 2).sum()) * MEMBERS
    assert low < moved < high and (high - low) / 2 == pytest.approx(2.01 * spread, rel=0.1)
    assert [rows["liability"].cells[k].change_interval for k in range(3)] == ["", "", ""]
    assert rows["sales"].cells[0].change == "" and rows["sales"].unit == "% against no program"
    assert third.against is not None
    assert rows["sales"].cells[2].change == ENGLISH.percent(third.against["lift"]["sales"]["delta_pct"], 2, signed=True)


def test_a_program_that_changes_nothing_differs_in_nothing() -> None:
    draft = Draft.of("mitsui_outlet", years=1)
    entries = entries_of(draft, library_program)[0]
    twice = [*entries, dataclasses.replace(entries[0], kind="named", name="copy.yaml")]
    found = live_side_by_side(twice, draft.question(30).scenario(), draft.valuation, live, Ticket())
    assert "changes no purchase" in said.difference_sentence(found, 1, ENGLISH)
    assert "come to the same sales" in said.sales_sentence(found, 1, ENGLISH)
    assert said.winner_table(found, 1, ENGLISH).rows[0][1:4] == ("0", "0", "30")


def test_what_nobody_waits_for_ends() -> None:
    draft = Draft.of("mitsui_outlet", compare=("eslite",), years=1)
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        live_side_by_side(
            entries_of(draft, library_program)[0], draft.question(30).scenario(), draft.valuation, live, ticket
        )


def test_where_the_agents_are_needed_all_are_lived_by_fewer() -> None:
    draft = Draft.of("mitsui_outlet", compare=("eslite",), years=1)
    entries = entries_of(draft, library_program)[0]
    found = live_side_by_side(entries, draft.question(50).scenario(), draft.valuation, live, Ticket(), slow=30)
    assert (found.members, found.asked) == (30, 50) and {side.document["members"] for side in found.sides} == {30}


@pytest.mark.parametrize("say", [ENGLISH, CHINESE], ids=["en", "zh-Hant"])
def test_texts_and_tables_are_escaped_and_whole(found: SideBySide, say: Language) -> None:
    names = said.names_of(found, say)
    assert len(set(names)) == 3
    html = outcome_table(outcomes(found, say), ["<b>", *names[1:]], "<i>", say)  # type: ignore[arg-type]
    assert "<i>" not in html and "&lt;b&gt;" in html and len(re.findall("<tr data-figure", html)) == 9
    for table in (
        said.difference_table(found, 1, say), said.owed_table(found, say), said.tier_table(found, say), said.sales_table(found, 2, say),
        said.winner_table(found, 2, say), said.review_table(found.sides[2], names[2], say),
    ):  # fmt: skip
        assert {len(row) for row in table.rows} <= {len(table.header)}
        assert table.caption in table_html(table, say).replace("&#39;", "'")
    for text in (
        said.owed_sentence(found, say),
        said.tier_sentence(found.sides[2], names[2], say),
        said.review_sentence(found.sides[2], "x", say),
    ):
        assert text and "{" not in text


def test_problems_of_a_file_are_passed_on() -> None:
    def program(name: str) -> Any:
        raise BadInput(Problem("expiry.months", "expected a whole number", "x"), name)

    _, problems = entries_of(Draft.of("mitsui_outlet", compare=("mine.yaml",)), program)
    assert problems[0].path == "mine.yaml: expiry.months"


# --- in a browser ------------------------------------------------------------------------------------------------------
slow = threading.Event()
"""While set, full runs of the page dawdle."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with a_server() as (url, service):
        own = service.store.live

        def dawdle(scenario: Scenario, progress: Progress | None) -> Run:
            while slow.is_set() and scenario.members == MIDDLE:
                assert progress is not None
                progress(7, MIDDLE)
                time.sleep(0.02)
            return own(scenario, progress)

        service.store.live = dawdle
        yield url


TWO = "&program=mitsui_outlet&compare=eslite"


@pytest.mark.browser
def test_programs_are_added_and_taken_out(server: str, browser: Any) -> None:
    window = Window(browser, server, "compare")
    window.says(".compare-chip", "Add a second program")
    window.page.get_by_role("combobox").first.click()
    window.page.get_by_role("menuitem").filter(has_text="(eslite)").click()
    window.page.wait_for_selector("[data-compared=full]", timeout=3 * PATIENCE)
    window.says(".outcome-table", "Eslite")
    assert "compare=eslite" in window.page.url
    assert {"sales", "liability", "per_sale"} <= {
        row.get_attribute("data-figure") for row in window.page.locator("tr[data-figure]").all()
    }
    window.page.get_by_role("button", name="2. Eslite: take out").click()
    window.says(".compare-chip", "Add a second program")
    window.page.get_by_role("button", name="Undo").click()
    window.says(".outcome-table", "Eslite")
    window.clean()
    window.close()


@pytest.mark.browser
@pytest.mark.parametrize("width, tag", [(1440, "en"), (390, "zh-Hant")])
def test_charts_stand_beside_words(server: str, browser: Any, width: int, tag: str) -> None:
    """Each has its sentence and its table, in both languages, on a phone too."""
    window = Window(browser, server, "compare", width, tag, query=f"?page=compare&lang={tag}{TWO}")
    window.page.wait_for_selector("[data-compared=full]", timeout=3 * PATIENCE)
    for name in ("owed", "differences", "sales", "winners"):
        assert window.page.locator(f".{name}-said p").first.inner_text()
        assert window.page.locator(f".{name}-chart canvas").first.is_visible()
        assert window.page.locator(f".{name}-table details").count() == 1
    assert window.page.locator(".tiers1-chart canvas").first.is_visible()
    window.clean()
    if width == 1440:
        assert window.serious() == set()
    window.close()


@pytest.mark.browser
def test_another_currency_is_left_out_and_said(server: str, browser: Any) -> None:
    window = Window(browser, server, "compare", query="?page=compare&program=mitsui_outlet&compare=florasis")
    window.says(".left-out", "currencies are not compared without a rate")
    window.page.get_by_role("button", name="florasis: take out").click()
    window.page.wait_for_function("!location.search.includes('florasis')")
    window.clean()
    window.close()


@pytest.mark.browser
def test_a_full_run_is_cancelled(server: str, browser: Any) -> None:
    slow.set()
    try:
        window = Window(browser, server, "compare", query=f"?page=compare{TWO}")
        window.page.wait_for_selector("[data-compared=preview]", timeout=3 * PATIENCE)
        window.page.locator(".compare-chip progress").first.wait_for()
        window.page.get_by_role("button", name="Cancel the full run").click()
        window.page.get_by_role("button", name="Full run", exact=True).wait_for(timeout=3 * PATIENCE)
        assert not window.page.locator(f"text=Full run: {MIDDLE}").count()
        window.clean()
        window.close()
    finally:
        slow.clear()
