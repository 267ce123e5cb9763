"""The pictures of the guide are taken here, in a browser, of what the guide describes: `make screenshots` writes them to docs/screenshots.

Run as a test they go to a temporary folder: every page that the guide shows can still be reached and photographed, and stays small enough to keep
in the repository.
"""

import io
import os
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

pytest.importorskip("panel", reason="the extra `app` is not installed")
pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")

import panel as pn

from apps.app import WORKSPACE, serve
from apps.pages import page_class, shown_pages
from apps.runs import Service, Settings
from apps.workspace import Workspace
from tests.app_server import EVERYTHING, Window

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
KEPT = DOCS / "screenshots"
LARGEST = 200_000
"""Bytes of a picture."""
DESK, TALL, PHONE = (1440, 900), (1440, 1240), (390, 844)


# --- what the guide shows --------------------------------------------------------------------------------------------
def test_pictures_and_pages_agree() -> None:
    """Every picture that a page shows is there, says in words what is on it, and none is left over."""
    shown = {}
    for page in DOCS.rglob("*.md"):
        for words, name in re.findall(r"!\[([^\]]*)\]\((?:\.\./)*screenshots/([^)]+)\)", page.read_text("utf-8")):
            assert len(words) > 15, f"{page.name} shows {name} without saying what is on it"
            shown[name] = page.name
    kept = {picture.name for picture in KEPT.glob("*.png")}
    assert set(shown) == kept
    assert all(picture.stat().st_size < LARGEST for picture in KEPT.glob("*.png"))


# --- taking them -----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go: SCREENSHOTS=docs/screenshots keeps them."""
    asked = os.environ.get("SCREENSHOTS")
    target = tmp_path_factory.mktemp("screenshots") if asked is None else ROOT / asked
    target.mkdir(exist_ok=True)
    return target


def quiet(page: Any) -> bytes:
    """What stands on the screen once nothing moves any more."""
    before, taken = b"", page.screenshot(animations="disabled")
    for _ in range(60):
        if taken == before:
            return bytes(taken)
        page.wait_for_timeout(500)
        before, taken = taken, page.screenshot(animations="disabled")
    raise AssertionError("the page does not come to rest")


def keep(page: Any, folder: Path, name: str) -> None:
    """Photograph what stands on the screen, in 256 colours, which is plenty for text and charts."""
    image = pytest.importorskip("PIL.Image", reason="pillow is not installed")
    taken = image.open(io.BytesIO(quiet(page))).convert("RGB")
    few = taken.quantize(colors=256, dither=image.Dither.NONE)
    few.save(folder / name, optimize=True)
    assert len(taken.getcolors(2**24)) > 20, f"{name} shows nothing"
    assert (folder / name).stat().st_size < LARGEST, name


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the quick start."""
    from simulators.simulate import simulate
    from workbench.population.load import load_assumptions, load_population
    from workbench.program.load import load_program
    from workbench.run_folder import write_run
    from workbench.scenario import Scenario

    program = load_program(ROOT / "examples" / "bubble_tea.yaml")
    scenario = Scenario(
        program,
        load_population(program.population),
        load_assumptions("central"),
        members=2000,
        names={
            "program": "examples/bubble_tea.yaml",
            "baseline": "none",
            "population": program.population,
            "assumptions": "central",
        },
    )
    target = tmp_path_factory.mktemp("runs") / "tea"
    write_run(simulate(scenario), target, {})
    return target


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(
    "name, language, size",
    [("report.png", "en", DESK), ("report_zh.png", "zh-Hant", DESK), ("report_phone.png", "zh-Hant", PHONE)],
)
def test_the_report(
    run: Path, browser: Any, folder: Path, tmp_path: Path, name: str, language: str, size: tuple[int, int]
) -> None:
    from workbench.reports.html import write_html

    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(write_html(run, tmp_path / "report.html", language).as_uri())
    page.wait_for_selector("html[data-drawn]", timeout=60_000)
    keep(page, folder, name)
    page.close()


# --- the app ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Picture:
    """A page of the app as the guide shows it, and what was done there before."""

    name: str
    page: str
    size: tuple[int, int] = DESK
    tag: str = "en"
    dark: bool = False
    act: Callable[[Any], None] | None = None


def lower_silver(page: Any) -> None:
    """A threshold is typed."""
    field = page.locator(".lever-tier input[type=text]")
    field.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("60000")
    page.keyboard.press("Enter")
    page.locator(".lever-tier .now").filter(has_text="60,000").first.wait_for()


def beside_eslite(page: Any) -> None:
    """Another program of the library is set beside the draft."""
    page.get_by_role("combobox").first.click()
    page.get_by_role("menuitem").filter(has_text="(eslite)").click()
    page.wait_for_timeout(3000)


def keep_the_run(page: Any) -> None:
    """The run that is shown is kept in the workspace."""
    page.get_by_role("button", name="Keep the run that is shown").click()
    page.wait_for_timeout(3000)


def tab(name: str) -> Callable[[Any], None]:
    """A tab of the page is chosen."""

    def choose(page: Any) -> None:
        page.get_by_role("tab", name=name, exact=True).click()
        page.get_by_role("tab", name=name, exact=True, selected=True).wait_for()
        page.wait_for_timeout(1500)

    return choose


def log_sent(name: str) -> Callable[[Any], None]:
    """The example log is sent, and a tab of the Members page chosen by its key; of one member, the first of the list."""

    def act(page: Any) -> None:
        page.locator("input[type=file]").set_input_files(ROOT / "examples" / "shop_orders.csv")
        page.wait_for_selector("[data-basis=estimate]")
        page.wait_for_selector(".members-state [data-state=full]")
        page.locator(f"[data-tab={name}]").click()
        page.wait_for_selector(f"[data-tab={name}][aria-selected=true]")
        if name == "life":
            page.locator("select[name=choice] option").nth(1).wait_for(state="attached")
            page.locator("select[name=choice]").select_option(index=1)
            page.locator("caption").first.wait_for()
        page.locator("h2").first.wait_for()
        page.wait_for_selector(".members-state [data-state=full]")

    return act


def tornado(page: Any) -> None:
    """Every assumption is moved over its range."""
    tab("Assumptions")(page)
    page.get_by_role("button", name=re.compile("Move every assumption")).click()


PICTURES = [
    Picture("start.png", "start"),
    Picture("design.png", "design", TALL, act=lower_silver),
    Picture("design_zh.png", "design", TALL, "zh-Hant", act=lower_silver),
    Picture("design_phone.png", "design", PHONE, "zh-Hant", act=lower_silver),
    Picture("compare.png", "compare", TALL, act=beside_eslite),
    Picture("compare_phone.png", "compare", PHONE, "zh-Hant", act=beside_eslite),
    Picture("liability.png", "liability", TALL),
    Picture("liability_books.png", "liability", TALL, act=tab("Books")),
    Picture("liability_phone.png", "liability", PHONE, "zh-Hant"),
    Picture("members.png", "members", TALL, act=log_sent("warning")),
    Picture("members_segments.png", "members", TALL, "zh-Hant", act=log_sent("segments")),
    Picture("members_phone.png", "members", PHONE, "zh-Hant", act=log_sent("life")),
    Picture("assumptions.png", "assumptions", TALL),
    Picture("explore.png", "explore", TALL),
    Picture("explore_assumptions.png", "explore", TALL, act=tornado),
    Picture("story.png", "story", TALL),
    Picture("runs.png", "runs", act=keep_the_run),
]
"""In the order of the app's pages."""


UNDER_WAY = f"""() => {{ {EVERYTHING}
  const own = (each) => [...each.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
  const working = (text) => /[^ …]…(?!…)/.test(text) && !["Choose…", "請選擇…"].includes(text);
  return all(document.body).filter((each) => each.checkVisibility()).map(own).filter(working);
}}"""
"""What stands on the page and has an ellipsis right after a word: the app says so what is being worked out."""


def answered(window: Window) -> None:
    """Wait until the page has come to rest and nothing is being worked out."""
    waiting: list[str] = []
    for _ in range(240):
        quiet(window.page)
        waiting = window.page.evaluate(UNDER_WAY)
        if not waiting:
            return
        window.page.wait_for_timeout(500)
    raise AssertionError(f"still under way: {waiting}")


@pytest.fixture(scope="module")
def monkeypatch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    """A folder with a short name: the Runs page shows it."""
    with TemporaryDirectory(prefix="outlet_") as folder:
        yield folder


@pytest.fixture(scope="module")
def app(home: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The app as `loyalty app` serves it, by the compiled kernel; full runs are smaller, so that levels of confidence do not take minutes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = Service(Settings(preview=2000, middle=5000, full=10_000))
    service.warm_up()
    for slug in shown_pages():
        page_class(slug)
    monkeypatch.chdir(home)
    workspace = Workspace(WORKSPACE)
    serve(service, "127.0.0.1", port, [f"127.0.0.1:{port}"], threaded=True, workspace=workspace)
    yield f"http://127.0.0.1:{port}/"
    pn.state.kill_all_servers()
    service.close()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_the_app(app: str, browser: Any, folder: Path, picture: Picture) -> None:
    if picture.page not in shown_pages():
        pytest.skip(f"the app has no page {picture.page}")
    wide, high = picture.size
    window = Window(browser, app, picture.page, wide, picture.tag, picture.dark, height=high)
    answered(window)
    if picture.act is not None:
        picture.act(window.page)
        answered(window)
    keep(window.page, folder, picture.name)
    window.clean()
    window.close()
