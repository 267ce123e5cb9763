"""The pictures of the guide are taken here, in a browser, of what the guide describes: `make screenshots` writes them to docs/screenshots.

Run as a test they go to a temporary folder: every page that the guide shows can still be reached and photographed, and stays small enough to keep
in the repository.
"""

import io
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
KEPT = DOCS / "screenshots"
CHROMIUM = Path("/usr/bin/chromium")
LARGEST = 200_000
"""Bytes of a picture."""
DESK, PHONE = (1440, 900), (390, 844)


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if find_spec("playwright") is None:
        pytest.skip("playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield opened
        opened.close()


def keep(page: Any, folder: Path, name: str, clip: dict[str, int] | None = None) -> None:
    """Photograph what stands on the screen, in 256 colours, which is plenty for text and charts."""
    image = pytest.importorskip("PIL.Image", reason="pillow is not installed")
    taken = image.open(io.BytesIO(page.screenshot(animations="disabled", clip=clip))).convert("RGB")
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
    page.wait_for_timeout(300)
    keep(page, folder, name)
    page.close()
