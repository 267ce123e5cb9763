"""The page of stories: what it edits as plain data, what it lives and keeps, and the page itself in a browser, its files opened."""

import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

pytest.importorskip("panel", reason="the extra `app` is not installed")
pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")
pytest.importorskip("pptx", reason="the extra `reports` is not installed")

from pptx import Presentation

from apps.draft import Draft
from apps.language import language
from apps.runs import Cancelled, Service, Settings, Ticket
from apps.store import Store
from apps.story_sources import Shelf, content_of, keep, kept_offers, offers_of, wanted_of
from apps.views.story import MOST_SLIDES, Entry, Outline, file_stem, outline_of, slide_rows, usual, yaml_of
from apps.workspace import Workspace
from simulators.simulate import simulate
from tests.app_server import Window, a_server
from tests.office import soffice
from workbench.errors import BadInput
from workbench.reports.story_file import Story, read_story
from workbench.run_folder import RunFolder

EN, ZH = language("en"), language("zh-Hant")
PATHS = {"program": ("run", "../runs/a"), "comparison": ("comparison", "../runs/b.comparison.json")}


def outline(*shows: str) -> Outline:
    return Outline("A title", slides=tuple(Entry(show, "program") for show in shows))


# --- the outline -------------------------------------------------------------------------------------------------------
def test_slides_are_moved_added_and_taken_out() -> None:
    found = outline("tiers", "lift", "cost")
    assert [each.show for each in found.moved(0, 1).slides] == ["lift", "tiers", "cost"]
    assert found.moved(0, -1) == found == found.moved(2, 1)
    assert [each.show for each in found.removed(1).slides] == ["tiers", "cost"]
    assert [each.show for each in found.added(Entry("worth", "program")).slides][-1] == "worth"
    full = outline(*["lift"] * MOST_SLIDES)
    assert full.added(Entry("worth", "program")) == full


def test_texts_are_those_of_the_language_of_the_page() -> None:
    entry = Entry("lift", "program").saying("heading", "More sales", EN).saying("heading", "銷售增加", ZH)
    assert (entry.heading, entry.heading_zh) == ("More sales", "銷售增加")
    assert entry.said("heading", EN) == "More sales" and entry.said("heading", ZH) == "銷售增加"
    front = outline("lift").with_detail("title", "標題", ZH).with_detail("client", "客戶", ZH)
    assert (front.title, front.title_zh, front.client) == ("A title", "標題", "客戶")


def test_a_file_holds_all_of_it(tmp_path: Path) -> None:
    found = Outline(
        "A: title # with 'signs'", "標題", client="=1+1",
        slides=(
            Entry("text", "program", heading="Words", notes="two\nlines"), Entry("key_figures", "program", figures=("cost", "sales")),
            Entry("differences", "comparison", only="tables", heading_zh="差異"),
        ),
    )  # fmt: skip
    path = tmp_path / "story.yaml"
    path.write_text(yaml_of(found.mapping(PATHS, "zh-Hant")), "utf-8")
    story = read_story(path)
    assert outline_of(story) == found
    assert (
        story.languages == ("zh-Hant", "en") and story.sources["comparison"].comparison == "../runs/b.comparison.json"
    )


def test_a_story_without_slides_is_refused() -> None:
    with pytest.raises(BadInput):
        outline().story(PATHS, "en")
    with pytest.raises(BadInput, match="expected a heading"):
        outline("text").story(PATHS, "en")
    with pytest.raises(BadInput):
        Outline("", slides=outline("lift").slides).story(PATHS, "en")


def test_what_the_list_shows() -> None:
    draft = Draft.of("mitsui_outlet")
    offers = {each.name: each for each in offers_of(draft, EN)}
    assert list(offers) == ["program"]
    found = usual("A", "甲", list(offers.values()))
    assert isinstance(found.story(PATHS, "en"), Story)
    rows = slide_rows(found, offers, ["It brings more."], EN)
    assert rows[0]["title"] == "Key figures" and rows[0]["finding"] == "It brings more." and rows[0]["only"] == ""
    assert [each[2] for each in rows[0]["figures"]] == [True] * 8 + [False] * 2
    assert rows[1]["only"] == "all" and rows[1]["of"].endswith("against no program")
    assert slide_rows(found, offers, [], ZH)[0]["title"] == "關鍵數字"


@pytest.mark.parametrize(
    "title, stem", [("A card: that pays?", "A_card_that_pays"), ("會員卡", "會員卡"), ("../..", "story"), ("", "story")]
)
def test_names_of_files(title: str, stem: str) -> None:
    assert file_stem(title) == stem


# --- what it is told of --------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def service() -> Service:
    return Service(
        Settings(full=40, years=1), Store(lambda scenario, progress: simulate(scenario, progress, engine="agents"))
    )


def changed() -> Draft:
    draft = Draft.of("mitsui_outlet", years=1)
    levels = draft.program.tiers.levels  # type: ignore[union-attr]
    lower = levels[1].model_copy(update={"enter": levels[1].enter.model_copy(update={"spend": Decimal(10_000)})})  # type: ignore[union-attr]
    tiers = draft.program.tiers.model_copy(update={"levels": (levels[0], lower, *levels[2:])})  # type: ignore[union-attr]
    return replace(draft, program=draft.program.model_copy(update={"tiers": tiers}))


def test_sources_are_lived_once_and_kept(service: Service, tmp_path: Path) -> None:
    draft, shelf, workspace = changed(), Shelf(), Workspace(tmp_path)
    assert [each.name for each in offers_of(draft, EN)] == ["program", "change", "comparison"]
    wanted = wanted_of("comparison", draft, 40, {})
    assert wanted.names == ("mitsui_outlet", "mitsui_outlet_changed.yaml") and wanted.members == 120
    path = shelf.made(wanted, service, Ticket(), 0, wanted.members)
    assert shelf.has(wanted) and shelf.made(wanted, service, Ticket(), 0, 1) == path
    document = content_of("comparison", path)
    assert not isinstance(document, RunFolder) and list(document["programs"]) == list(wanted.names)
    one = wanted_of("program", draft, 40, {})
    folder = shelf.made(one, service, Ticket(), 0, 40)
    assert content_of("run", folder).document["members"] == 40  # type: ignore[union-attr]
    for _ in range(2):  # again in the place of itself
        assert keep(workspace, "My story", "program", "run", folder) == "../runs/My_story_program"
        keep(workspace, "My story", "comparison", "comparison", path)
    assert {each.name: (each.kind, each.path) for each in kept_offers(workspace)} == {
        "kept My_story_comparison": ("comparison", "../runs/My_story_comparison.comparison.json"),
        "kept My_story_program": ("run", "../runs/My_story_program"),
    }
    shelf.close()
    assert not path.exists() and (tmp_path / "runs" / "My_story_program" / "run.json").exists()


def test_what_was_cancelled_is_not_kept(service: Service) -> None:
    shelf, ticket = Shelf(), Ticket()
    wanted = wanted_of("program", Draft.of("mitsui_outlet", years=1, seed=9), 40, {})
    ticket.cancel()
    with pytest.raises(Cancelled):
        shelf.made(wanted, service, ticket, 0, 40)
    assert not shelf.has(wanted)
    shelf.close()


# --- in a browser --------------------------------------------------------------------------------------------------------
def ready(window: Window) -> None:
    """Until the story is shown as it stands."""
    window.page.wait_for_selector("iframe:not([hidden])")
    window.says(".chip", "Projection, 260 members" if window.tag == "en" else "推估，260 位會員")


def download(window: Window, label: str, folder: Path) -> Path:
    with window.page.expect_download(timeout=60_000) as told:
        window.page.get_by_role("button", name=label).click()
    path = folder / told.value.suggested_filename
    told.value.save_as(path)
    return path


class StoryWindow(Window):
    def __init__(self, browser: Any, url: str, tag: str = "en", width: int = 1440) -> None:
        self.tag = tag
        super().__init__(browser, url, "story", width, tag)
        self.page.set_default_timeout(90_000)
        ready(self)

    @property
    def frame(self) -> Any:
        return self.page.frame_locator("iframe")


@pytest.mark.browser
@pytest.mark.slow
def test_a_story_is_worded_kept_opened_and_taken_away(browser: Any, tmp_path: Path) -> None:
    with a_server() as (url, _service):
        window = StoryWindow(browser, url)
        window.frame.locator("#slide-1 .key").first.wait_for()
        window.clean()
        assert window.serious() == set()
        page = window.page
        first = page.locator(".slides li").first
        first.get_by_label("Heading", exact=True).fill("It pays for itself")
        first.get_by_label("Heading", exact=True).press("Tab")
        window.says(".chip", "Out of date")
        first.get_by_role("button", name="Further down: Key figures").click()
        page.locator(".slides li").nth(1).get_by_text("Key figures").first.wait_for()
        page.get_by_role("button", name="Show it as it is now").click()
        ready(window)
        window.frame.locator("#slide-2 h2", has_text="It pays for itself").first.wait_for()
        deck = Presentation(str(download(window, "PowerPoint", tmp_path)))
        titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
        assert titles[0] == "Mitsui Outlet Park" and titles[2] == "It pays for itself"
        assert sum(shape.has_chart for slide in deck.slides for shape in slide.shapes) >= 6
        book = openpyxl.load_workbook(download(window, "Workbook", tmp_path))
        assert book.sheetnames[:3] == ["Front", "1 Liability", "2 Key figures"]
        text = download(window, "Page", tmp_path).read_text("utf-8")
        assert "It pays for itself" in text and "Content-Security-Policy" in text
        page.get_by_role("button", name="Full screen").click()
        window.frame.locator("body.presenting #slide-0.current").wait_for()
        page.keyboard.press("ArrowRight")
        window.frame.locator("#slide-1.current").wait_for()
        page.keyboard.press("Escape")
        page.evaluate("document.fullscreenElement && document.exitFullscreen()")
        page.get_by_label("Name of the file").fill("autumn")
        page.get_by_label("Name of the file").press("Tab")
        page.get_by_role("button", name="Save in the workspace").click()
        window.says(".notice", "Saved: stories/autumn.yaml")
        other = StoryWindow(browser, url)
        other.page.get_by_label("Open a story").click()
        other.page.get_by_role("menuitem").filter(has_text="autumn").click()
        other.says(".chip", "told of runs that were kept")
        other.frame.locator("#slide-2 h2", has_text="It pays for itself").first.wait_for()
        for each in (window, other):
            each.clean()
            each.close()


@pytest.mark.browser
@pytest.mark.slow
def test_on_a_phone_in_chinese(browser: Any, tmp_path: Path) -> None:
    with a_server() as (url, _service):
        window = StoryWindow(browser, url, "zh-Hant", 390)
        window.clean()
        deck = Presentation(str(download(window, "PowerPoint", tmp_path)))
        assert deck.slides[0].shapes.title.text_frame.text == "三井OUTLET"
        window.close()
    program = soffice()
    if program is None:
        pytest.skip("LibreOffice is not installed")
    path = next(tmp_path.glob("*.pptx"))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    words = [program, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)]
    subprocess.run(words, check=True, capture_output=True, timeout=180)
    assert path.with_suffix(".pdf").stat().st_size > 20_000
