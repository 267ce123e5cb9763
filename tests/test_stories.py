"""Stories: chosen exhibits of runs and comparisons, told as a page, a deck and a workbook; and what is said of a file with mistakes."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from simulators.agents import run_agents
from tests.chromium import chromium
from tests.test_cli import refusal
from tests.test_report_files import charts, texts
from tests.test_reports import Page, live
from workbench.compare_document import compare_document
from workbench.errors import BadInput
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import load_program
from workbench.run_folder import RunFolder
from workbench.scenario import Comparison, Scenario

pytest.importorskip("pptx", reason="the extra `reports` is not installed")

from pptx import Presentation

from workbench.reports.exhibits.catalogue import RUN_EXHIBITS, exhibit_titles
from workbench.reports.exhibits.comparisons import COMPARISON_EXHIBITS, comparison_titles
from workbench.reports.html import LANGUAGES, write_report
from workbench.reports.language import Language
from workbench.reports.story_file import read_story

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}"
STORY = """
schema: 1
title: A card that pays for itself
title_zh: 自己養活自己的會員卡
client: {client}
languages: [en, zh-Hant]
sources:
  today: {{run: run}}
  options: {{comparison: options.json}}
slides:
  - {{show: text, heading: Three questions, heading_zh: 三個問題, text: "What, who, why?", notes: "Wait for nods.", notes_zh: "等大家點頭。"}}
  - {{show: key_figures, figures: [cost, sales]}}
  - {{show: tiers, heading: Few climb, only: charts}}
  - {{show: spend, only: tables}}
  - {{show: repurchase, notes: "{client}"}}
  - {{show: differences}}
  - {{show: winners}}
  - {{show: parts}}
"""


def compared() -> dict[str, Any]:
    """Two programs lived by the same members, by the plain engine."""
    first, other = load_program("mitsui_outlet"), load_program("global_mall")
    population, assumptions = load_population("department_store_twd"), load_assumptions("central")

    def lived(program: Any, **more: Any) -> Any:
        names = {
            "program": program.title,
            "population": "department_store_twd",
            "assumptions": "central",
            "baseline": "none",
        }
        return run_agents(Scenario(program, population, assumptions, members=50, years=1, names=names, **more))

    comparison = Comparison((lived(first), lived(other)), (lived(other, baseline=first),))
    return compare_document(comparison, ["mitsui", "global"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("story")
    live(place / "run", members=50)
    (place / "options.json").write_text(json.dumps(compared()), "utf-8")
    (place / "story.yaml").write_text(STORY.format(client="A mall"), "utf-8")
    (place / "evil.yaml").write_text(
        STORY.format(client=json.dumps(EVIL)[1:-1]).replace(f"client: {EVIL}", f"client: '{EVIL}'"), "utf-8"
    )
    return place


# --- what is shown ---------------------------------------------------------------------------------------------------
def test_a_page(folder: Path, tmp_path: Path) -> None:
    page = Page(write_report(folder / "story.yaml", tmp_path / "story.html").read_text("utf-8"))
    assert page.elements[0] == ("html", {"lang": "en"})
    assert page.with_class("slide") == 9 and page.with_class("said") == 2 and page.with_class("key") == 2
    drawn = json.loads(page.scripts[0])
    ids = [a["id"] for _, a in page.elements if a.get("class") == "chart"]
    assert ids == [f"chart-{name}" for name in drawn] and len(ids) >= 6
    document = RunFolder(folder / "run").document
    assert f"{document['economics']['cost_pct_of_sales']:.2f}%" in page.text
    assert "Few climb" in page.text and "Wait for nods." in page.text
    assert page.text.index("Program cost") < page.text.index("Sales lift")
    assert page.text.count("PROJECTION") > 9


def test_its_scripts_and_nothing_else_may_run(folder: Path, tmp_path: Path) -> None:
    page = Page(write_report(folder / "evil.yaml", tmp_path / "story.html").read_text("utf-8"))
    policy = next(a["content"] for tag, a in page.elements if tag == "meta" and a.get("http-equiv"))
    assert policy is not None and policy.startswith("default-src 'none'; script-src 'sha256-")
    allowed = set(re.findall(r"'sha256-([^']+)'", policy))
    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in page.scripts]
    assert set(hashes[1:]) == allowed and len(hashes) == 3
    assert not [
        tag for tag, attributes in page.elements if tag == "img" or any(name.startswith("on") for name in attributes)
    ]
    assert "alert(1)" in page.text and "{{ 7 * 7 }}" in page.text
    outside = [value for _, a in page.elements for name, value in a.items() if name in ("src", "href") and value]
    assert not outside


def test_a_deck(folder: Path, tmp_path: Path) -> None:
    deck = Presentation(str(write_report(folder / "story.yaml", tmp_path / "story.pptx", "zh-Hant")))
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert titles[:2] == ["自己養活自己的會員卡", "三個問題"] and len(titles) == 9
    assert titles[3] == "Few climb"
    assert "等大家點頭。" in deck.slides[1].notes_slide.notes_text_frame.text
    assert not [shape for shape in deck.slides[3].shapes if shape.has_table]
    assert not [shape for shape in deck.slides[4].shapes if shape.has_chart]
    assert all("推估" in texts(slide) for slide in deck.slides)


def test_comparisons_show_what_was_paired(folder: Path, tmp_path: Path) -> None:
    document = json.loads((folder / "options.json").read_text("utf-8"))
    deck = Presentation(str(write_report(folder / "options.json", tmp_path / "options.pptx")))
    found = charts(deck)
    (difference,) = document["differences"]
    (sales,) = found['Sales against "Mitsui Outlet Park" in %, with the 95% interval'].plots[0].series
    assert list(sales.values) == [pytest.approx(difference["sales"]["delta_pct"] / 100)]
    parts = found["Difference in sales by where it comes from, in New Taiwan Dollar (TWD)"].plots[0].series
    assert sum(each.values[0] for each in parts) == pytest.approx(difference["decomposition"]["sales"])
    won = next(chart for title, chart in found.items() if title.startswith("Customers who get more"))
    assert [each.values[0] for each in won.plots[0].series] == [
        difference["worth"][key] for key in ("winners", "unchanged", "losers")
    ]
    assert sum(each.values[0] for each in won.plots[0].series) == 50
    owed = found["What is owed at the end, in New Taiwan Dollar (TWD)"].plots[0].series[0]
    assert list(owed.values) == [each["liability"]["contract"] for each in document["programs"].values()]


def test_a_workbook(folder: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_report(folder / "story.yaml", tmp_path / "story.xlsx"), data_only=True)
    assert book.sheetnames == [
        "Front", "1 Words", "2 Key figures", "3 Tiers", "4 Program spend", "5 Repurchase", "6 Paired differences", "7 Winners and losers",
        "8 Where it comes from",
    ]  # fmt: skip
    front = {row[0]: row[1:3] for row in book["Front"].iter_rows(values_only=True)}
    assert front[1] == ("Three questions", "Wait for nods.") and front[3][0] == "Few climb"


@pytest.mark.parametrize("suffix", ["html", "pptx", "xlsx"])
def test_the_same_story_is_the_same_bytes(folder: Path, tmp_path: Path, suffix: str) -> None:
    one, other = (
        write_report(folder / "story.yaml", tmp_path / f"{name}.{suffix}", "zh-Hant") for name in ("one", "other")
    )
    assert one.read_bytes() == other.read_bytes()


def test_every_exhibit_can_be_told_in_every_language(folder: Path) -> None:
    run, document = RunFolder(folder / "run"), json.loads((folder / "options.json").read_text("utf-8"))
    for language in LANGUAGES:
        say = Language(language)
        assert set(comparison_titles(say)) == set(COMPARISON_EXHIBITS) and set(exhibit_titles(say)) == set(RUN_EXHIBITS)
        found = [make(run, say) for make in RUN_EXHIBITS.values()] + [
            make(document, say) for make in COMPARISON_EXHIBITS.values()
        ]
        assert [each.name for each in found] == [*RUN_EXHIBITS, *COMPARISON_EXHIBITS]
        for each in found:
            assert each.finding and each.question, each.name
            for graph in each.graphs:
                assert all(len(line.values) == len(graph.categories) for line in graph.lines), graph.name
            for grid in each.grids:
                assert all(len(row) == len(grid.columns) for row in grid.rows), grid.caption


# --- files with mistakes -----------------------------------------------------------------------------------------------
BAD = """schema: 1
title: ""
languages: [de]
sources:
  today: {run: run, comparison: options.json}
  options: {comparison: options.json}
slides:
  - {show: liabilty, of: options}
  - {show: key_figures, of: tody}
  - {show: text}
  - {show: tiers, onyl: charts}
"""


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_text(BAD, "utf-8")
    with pytest.raises(BadInput) as caught:
        read_story(path)
    told = {each.path: each for each in caught.value.problems}
    assert {"title", "languages[0]", "sources.today", "slides[0].show", "slides[2].heading", "slides[3].onyl"} <= set(
        told
    )
    assert told["slides[0].show"].suggestion == "liability"
    assert told["slides[3].onyl"].suggestion == "only" and told["slides[3].onyl"].line == 11
    out = tmp_path / "story.pptx"
    with pytest.raises(BadInput):
        write_report(path, out)
    assert not out.exists()


def test_names_that_there_are_not(folder: Path, tmp_path: Path) -> None:
    text = (folder / "story.yaml").read_text("utf-8")

    def told(changed: str) -> dict[str, str | None]:
        path = tmp_path / "story.yaml"
        path.write_text(changed, "utf-8")
        with pytest.raises(BadInput) as caught:
            read_story(path)
        return {each.path: each.suggestion for each in caught.value.problems}

    assert told(text.replace("show: spend", "show: spent").replace("[cost, sales]", "[costs, sales, lift]")) == {
        "slides[1].figures[0]": "cost", "slides[1].figures[2]": None, "slides[3].show": "spend",
    }  # fmt: skip
    assert told(text.replace("show: spend", "show: spend, of: options").replace("show: parts}", "show: parts, of: option}")) == {
        "slides[3].show": None, "slides[7].of": "options",
    }  # fmt: skip


def test_sources_that_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_text((folder / "story.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "options.json").write_text("{}", "utf-8")
    with pytest.raises(BadInput) as caught:
        write_report(path, tmp_path / "story.html")
    assert [each.path for each in caught.value.problems] == ["sources.today", "sources.options"]
    assert not (tmp_path / "story.html").exists()
    path.write_text("just words", "utf-8")
    with pytest.raises(BadInput):
        write_report(path, tmp_path / "story.html")


def test_a_story_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    path, link = tmp_path / "story.yaml", tmp_path / "link.html"
    path.write_text((folder / "story.yaml").read_text("utf-8"), "utf-8")
    link.symlink_to(path)
    assert refusal("report", str(path), "--out", str(link)).startswith("--out: expected another file than that of FILE")


# --- in a browser ------------------------------------------------------------------------------------------------------
def until(page: Any, expression: str) -> None:
    """Wait until something is so. Playwright's own waiting evaluates text in the page, which the page's policy forbids."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


@pytest.mark.browser
def test_it_presents_itself_by_keys(folder: Path, tmp_path: Path) -> None:
    path = write_report(folder / "evil.yaml", tmp_path / "story.html")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        errors: list[str] = []
        requests: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("dialog", lambda dialog: errors.append(dialog.message))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        until(page, "document.documentElement.dataset.drawn")
        shown = "Array.from(document.querySelectorAll('.slide')).filter(e => e.offsetHeight > 0).map(e => e.id).join()"
        assert page.evaluate(shown).count("slide-") == 9
        page.keyboard.press("f")
        assert page.evaluate(shown) == "slide-0"
        page.keyboard.press("ArrowRight")
        page.keyboard.press(" ")
        page.keyboard.press("PageDown")
        assert page.evaluate(shown) == "slide-3"
        until(
            page,
            "document.querySelector('#slide-3 .chart canvas, #slide-3 .chart > *').getBoundingClientRect().width > 300",
        )
        assert page.locator("#at").inner_text() == "4 / 9"
        page.keyboard.press("End")
        page.keyboard.press("ArrowRight")
        assert page.evaluate(shown) == "slide-8"
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        assert not page.locator("#slide-1 .said").is_visible()
        page.keyboard.press("n")
        assert page.locator("#slide-1 .said").is_visible()
        page.keyboard.press("Escape")
        assert page.evaluate(shown).count("slide-") == 9
        page.set_viewport_size({"width": 390, "height": 844})
        until(page, "document.documentElement.scrollWidth <= 390")  # charts follow the window in their own time
    assert errors == [] and requests == [path.as_uri()]
