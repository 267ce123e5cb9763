"""The app in a browser, on a server of its own: nothing from outside, what is shown is the spec, sessions apart, keyboard, languages."""

import logging
import re
import time
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

pytest.importorskip("panel", reason="the extra `app` is not installed")
pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from apps.app import concerns_the_server
from apps.estimates import FIGURES
from apps.forms import bare, fields_by_key, union_members
from apps.language import LANGUAGES, app_catalogue, language
from apps.views.design import titled
from tests.app_server import CANVASES, EVERYTHING, FOCUSED, FULL, NO_WAITING, OVER_THE_EDGE, Window, a_server, slow
from workbench.population.behaviour import Assumptions
from workbench.population.load import load_assumptions, load_population, shipped_assumptions, shipped_populations
from workbench.population.spec import Population
from workbench.program.spec import Program
from workbench.reports.language import catalogue
from workbench.run_document import PROJECTION

# --- without a browser -----------------------------------------------------------------------------------------------
APPS = Path(__file__).resolve().parents[1] / "apps"


def texts_in_use() -> set[str]:
    """Every text marked for translation, and those that come from elsewhere."""
    from babel.messages.extract import extract

    found: set[str] = set()
    for path in APPS.rglob("*.py"):
        with path.open("rb") as file:
            for _, message, _, _ in extract("python", file, keywords={"_": None, "N_": None}):
                found.add(message if isinstance(message, str) else message[0])
    word, _, sentence = PROJECTION.partition(": ")
    found |= form_texts(Program, Population, Assumptions)
    titles = {load_assumptions(name).title for name in shipped_assumptions()}
    titles |= {load_population(name).title for name in shipped_populations()}
    return found | titles | {word, sentence[0].upper() + sentence[1:] + "."}


def form_texts(*models: type[BaseModel]) -> set[str]:
    """Every key, every word, every help text and every source of these models, as a form shows them."""
    found: set[str] = set()
    seen: set[type[BaseModel]] = set()

    def model(each: type[BaseModel]) -> None:
        if each not in seen:
            seen.add(each)
            found.add(told(each.__doc__))
            for key, info in fields_by_key(each).items():
                found.update(
                    (titled(key), source(info), *([told(info.description)] if is_asked(info.annotation) else []))
                )
                walk(info.annotation)

    def told(text: str | None) -> str:
        return " ".join((text or "").split())

    def source(info: Any) -> str:
        extra = info.json_schema_extra or {}
        return str(extra.get("source", "")) if "range" in extra else ""

    def is_asked(annotation: Any) -> bool:
        """The one word that there is to say is no question."""
        return get_origin(annotation) is not Literal or len(get_args(annotation)) > 1

    def walk(annotation: Any) -> None:
        kind, _ = bare(annotation)
        members = union_members(kind)[1]
        found.update(titled(word) for word in members)
        for each in members.values():
            model(each)
        if get_origin(kind) is Literal:
            found.update(titled(str(word)) for word in get_args(kind))
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            model(kind)
        elif not members:
            for inside in get_args(kind):
                if inside is not Ellipsis:
                    walk(inside)

    for each in models:
        model(each)
    return found - {""}


@pytest.mark.parametrize("tag", [tag for tag in LANGUAGES if tag != "en"])
def test_every_text_is_translated(tag: str) -> None:
    used, mine = texts_in_use(), app_catalogue(tag)
    assert len(used) > 80
    assert not used - set(mine) - set(catalogue(tag)), "add these to apps/locale"
    assert not set(mine) - used, "nothing says these any more"
    for english, other in mine.items():
        for kept in (r"{\w+}", "``.+?``"):  # what is put in, and words of the file
            assert set(re.findall(kept, english)) == set(re.findall(kept, other)), english


def test_languages_are_made_once_and_differ() -> None:
    assert language("en") is language("en")
    assert language("en").text("Tier threshold") == "Tier threshold" != language("zh-Hant").text("Tier threshold")


@pytest.mark.parametrize(
    "error, told",
    [(WebSocketClosedError(), False), (StreamClosedError(), False), (KeyError("lost"), True), (None, True)],
)
def test_a_closed_window_leaves_no_traceback(error: Exception | None, told: bool) -> None:
    info = None if error is None else (type(error), error, None)
    record = logging.LogRecord("asyncio", logging.ERROR, __file__, 1, "Task exception was never retrieved", (), info)
    assert concerns_the_server(record) is told


def test_a_password_is_asked_for_where_panel_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from urllib.request import urlopen

    monkeypatch.setenv("PANEL_BASIC_AUTH", "open sesame")
    monkeypatch.setenv("PANEL_COOKIE_SECRET", "not much of a secret")
    with a_server() as (url, _), urlopen(url, timeout=20) as answer:
        assert answer.url.partition("?")[0] == f"{url}login"
        assert b"password" in answer.read()


# --- in a browser ----------------------------------------------------------------------------------------------------
class Session(Window):
    """The Design page in a window of its own."""

    def __init__(self, browser: Any, url: str, width: int = 1440, tag: str = "en") -> None:
        super().__init__(browser, url, "design", width, tag)
        self.settled()

    def settled(self, state: str = "full") -> None:
        """Wait until the figures on the page are those of the program as it stands, differences included."""
        self.page.wait_for_selector(f"[data-state={state}]")
        self.page.wait_for_function(NO_WAITING)

    def figure(self, name: str, part: str) -> str:
        return str(self.page.locator(f"[data-figure={name}] .{part}").inner_text())

    def column(self, number: int) -> list[str]:
        return list(self.page.locator(f".scroll tbody tr > :nth-child({number})").all_inner_texts())

    def slider(self, lever: str) -> Any:
        return self.page.locator(f".lever-{lever} input[type=range]")

    def press(self, lever: str, key: str, times: int = 1) -> None:
        self.slider(lever).focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def type(self, lever: str, value: str, end: str = "Enter") -> None:
        field = self.page.locator(f".lever-{lever} input[type=text]")
        field.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(value)
        self.page.keyboard.press(end)

    def shown(self, lever: str) -> tuple[str, float, float]:
        """What a lever says it stands at: in words, on the slider, in the field."""
        words = self.page.locator(f".lever-{lever} .now").inner_text()
        field = self.page.locator(f".lever-{lever} input[type=text]").input_value()
        return words, float(self.slider(lever).input_value()), float(field)

    @property
    def yaml(self) -> str:
        return str(self.page.locator("textarea").last.input_value())

    def written(self, line: str) -> None:
        """Wait until the text says something."""
        self.page.wait_for_function(
            f"(line) => {{ {EVERYTHING} return all(document).find((each) => each.tagName === 'TEXTAREA').value.includes(line) }}",
            arg=line,
        )

    def stands_at(self, lever: str, words: str, value: float, line: str) -> None:
        """A lever shows a value everywhere, and the spec has it."""
        self.says(f".lever-{lever} .now", words)
        self.written(line)
        self.page.wait_for_timeout(150)
        assert self.shown(lever) == (words, value, value)
        assert line in self.yaml

    def choose(self, box: str, option: str) -> None:
        self.page.get_by_role("combobox", name=box, exact=True).click()
        self.page.get_by_role("menuitem").filter(has_text=option).click()


@pytest.mark.browser
@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_is_whole(server: str, browser: Any, width: int, tag: str) -> None:
    session = Session(browser, server, width, tag)
    page, say = session.page, language(tag)
    assert page.evaluate("document.documentElement.lang") == tag
    text = session.text
    assert say.text("PROJECTION") in text and "central" in text
    assert say.text("Full run: {n} members, seed {seed}", n=str(FULL), seed="1") in text
    for name in FIGURES:
        assert session.figure(name, "value") and session.figure(name, "interval") and session.figure(name, "ghost")
    assert len(session.column(1)) == 24, "a row of the table for each month"
    assert any(wide > 250 and high > 200 and drawn for wide, high, drawn in page.evaluate(CANVASES))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVER_THE_EDGE, width) == []
    if tag != "en":
        long = [each for each in texts_in_use() if len(each) > 12 and "{" not in each]
        assert [each for each in long if each in text and each not in language(tag)._texts.values()] == []
    assert session.requests and all(url.startswith((server, "blob:" + server, "data:")) for url in session.requests)
    assert session.errors == []
    session.close()


@pytest.mark.browser
def test_each_lever_moves_figures_and_the_ghost_stays(server: str, browser: Any) -> None:
    session = Session(browser, server)
    ghosts = [session.figure(name, "ghost") for name in FIGURES]
    ghost_line = session.column(3)
    assert session.column(2) == ghost_line, "nothing is changed yet"
    assert session.page.locator(".change").count() == 0
    for lever, figure, key in (
        ("tier", "upgrade_rate", "Home"),
        ("earn", "liability", "End"),
        ("expiry", "liability", "Home"),
    ):
        before, line = session.figure(figure, "value"), session.column(2)
        session.press(lever, key)
        session.page.wait_for_function(
            f"(old) => {{ {EVERYTHING} return all(document).find((each) => each.matches('[data-figure={figure}] .value')).innerText !== old }}",
            arg=before,
        )
        session.settled()
        assert [session.figure(name, "ghost") for name in FIGURES] == ghosts
        assert session.column(3) == ghost_line
        assert lever == "tier" or session.column(2) != line
        assert session.figure(figure, "change")
    assert session.page.locator(".changes li").count() == 3
    assert session.errors == []
    session.page.get_by_text("Reset all changes").click()
    session.says("h2", "No changes against the baseline")
    session.settled()
    session.page.wait_for_function(
        f"() => {{ {EVERYTHING} return !all(document).some((each) => each.matches('.change')) }}"
    )
    assert session.column(2) == ghost_line
    session.close()


@pytest.mark.browser
def test_what_is_typed_is_taken_or_refused_in_words(server: str, browser: Any) -> None:
    session = Session(browser, server)
    session.stands_at("tier", "NT$100,000", 100000, "enter: {spend: 100000}")
    for value, path, message in (
        ("999999", "tiers.levels[2].enter.spend", "expected at least the tier below (999999)"),
        ("100.005", "tiers.levels[1].enter.spend", "100.005 has more than two decimals"),
        ("-3", "tiers.levels[1].enter.spend", "expected at least 0"),
    ):
        session.type("tier", value)
        session.says(".problem", message)
        said = session.page.locator(".lever-tier [role=alert]").inner_text()
        assert path in said and "it stays NT$100,000" in said
        session.stands_at("tier", "NT$100,000", 100000, "enter: {spend: 100000}")
    session.type("tier", "123456")
    session.stands_at("tier", "NT$123,456", 123456, "enter: {spend: 123456}")
    assert session.page.locator(".lever-tier [role=alert]").count() == 0
    session.type("tier", "60000.5", "Tab")
    session.stands_at("tier", "NT$60,000.5", 60000.5, "enter: {spend: 60000.5}")
    session.type("expiry", "12.5")
    session.says(".problem", "expected a whole number")
    session.stands_at("expiry", "12 months", 12, "months: 12")
    session.type("expiry", "120")  # beyond the slider's stretch, which grows
    session.stands_at("expiry", "120 months", 120, "months: 120")
    session.page.get_by_role("button", name="Reset to NT$100,000").click()
    session.stands_at("tier", "NT$100,000", 100000, "enter: {spend: 100000}")
    assert session.errors == []
    session.close()


@pytest.mark.browser
def test_another_tier_and_another_program(server: str, browser: Any) -> None:
    session = Session(browser, server)
    session.choose("Tier", "gold: spend")
    session.stands_at("tier", "NT$150,000", 150000, "enter: {spend: 150000}")
    session.press("tier", "Home")
    session.stands_at("tier", "NT$100,000", 100000, "enter: {spend: 100000}")
    session.choose("Program", "tea_egg")
    session.says("pre", "loyalty run tea_egg")
    session.settled()
    for lever, reason in (
        ("tier", "This program has no tiers."),
        ("earn", "purchases earn no points by a base rate"),
        ("expiry", "points never lapse"),
    ):
        assert reason in session.page.locator(f".lever-{lever} .off").inner_text()
        assert session.slider(lever).is_disabled() and session.slider(lever).is_hidden()
    assert "This program has no tiers." in session.figure("upgrade_rate", "interval")
    assert session.errors == []
    session.close()


@pytest.mark.browser
def test_a_full_run_and_its_end(server: str, browser: Any) -> None:
    session = Session(browser, server)
    stop, full = (session.page.get_by_role("button", name=re.compile(name)) for name in ("^Stop", "^Full run"))
    slow.set()
    try:
        session.press("expiry", "ArrowLeft")
        session.stands_at("expiry", "11 months", 11, "months: 11")
        session.settled("preview")
        session.says(".state", "refining: 7 of ")
        asked = time.monotonic()
        stop.click()
        stop.wait_for(state="hidden")
        assert time.monotonic() - asked < 10, "a second, on a machine that does nothing else"
        session.settled("preview")
        full.click()  # and again, ended by a lever this time
        stop.wait_for()
        session.press("expiry", "ArrowLeft")
        session.stands_at("expiry", "10 months", 10, "months: 10")
        session.settled("preview")
    finally:
        slow.clear()
    session.settled("full")
    assert "Full run: 260 members, seed 1" in session.page.locator("span.chip").inner_text()
    session.says("pre", "--members 260")
    assert session.errors == []
    session.close()


@pytest.mark.browser
def test_sessions_do_not_see_each_other(server: str, browser: Any) -> None:
    one, two = Session(browser, server), Session(browser, server)
    before = two.yaml, two.figure("upgrade_rate", "value"), two.column(2)
    ghost = two.figure("upgrade_rate", "ghost")
    one.press("tier", "Home")
    one.says("h2", "1 change against the baseline")
    one.page.get_by_label("Toggle theme").click()
    one.page.get_by_role("button", name="繁體中文").click()
    one.page.wait_for_function("document.documentElement.lang === 'zh-Hant'")
    one.settled()
    one.page.wait_for_timeout(150)
    assert one.yaml != before[0]
    assert one.shown("tier")[0] != two.shown("tier")[0], "the lever keeps its place in the other language"
    two.press("earn", "ArrowRight")
    two.says("h2", "1 change against the baseline")
    two.written("per: 205")
    two.settled()
    assert two.page.evaluate("document.documentElement.lang") == "en"
    assert "per: 205" in two.yaml and "per: 205" not in one.yaml
    assert two.figure("upgrade_rate", "ghost") == ghost
    fresh = Session(browser, server)
    assert (fresh.yaml, fresh.figure("upgrade_rate", "value"), fresh.column(2)) == before
    assert "dark" not in fresh.page.locator("html").get_attribute("class")
    assert one.errors == two.errors == fresh.errors == []
    for each in (one, two, fresh):
        each.close()


@pytest.mark.browser
def test_the_keyboard_reaches_everything(server: str, browser: Any) -> None:
    session = Session(browser, server)
    session.press("expiry", "ArrowRight")  # so that it can be reset
    session.stands_at("expiry", "13 months", 13, "months: 13")
    session.settled()
    session.page.locator("body").evaluate("document.activeElement.blur()")
    reached: list[str] = []
    while len(reached) < 90 and (len(reached) < 2 or reached[-1] != reached[0]):  # once round
        session.page.keyboard.press("Tab")
        reached.append(session.page.evaluate(FOCUSED))
    for name in (
        "Design", "Undo", "Copy link", "繁體中文", "Toggle theme", "Tier threshold", "Earn rate: spend for points", "Expiry length", "Reset to 12 months",
        "Reset: expiry.months",
        "Key figures", "Points outstanding for 1,000 members.", "Reset all changes", "Make this the baseline", "Copy: Command line",
        "The program as YAML", "Save to workspace",
    ):  # fmt: skip
        assert any(name in each for each in reached), name
    assert sum(" INPUT " in each and each.endswith(" text") for each in set(reached)) == 4, "four fields to type into"
    session.context.grant_permissions(["clipboard-read", "clipboard-write"])
    session.page.get_by_role("button", name="Copy: Command line").press("Enter")
    session.says(".copytext span", "Copied")
    assert (
        session.page.evaluate("navigator.clipboard.readText()").strip()
        == session.page.locator("pre").last.inner_text().strip()
    )
    assert session.errors == []
    session.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_serious_is_in_the_way_of_anybody(server: str, browser: Any, width: int) -> None:
    session = Session(browser, server, width)
    session.press("tier", "Home")
    session.type("expiry", "0")  # refused, so that a message stands there
    session.says(".problem", "expected at least 1")
    session.settled()
    for theme in ("light", "dark") if width == 1440 else ("light",):
        assert session.serious() == set(), theme
        session.page.get_by_label("Toggle theme").click()
        session.page.wait_for_timeout(700)  # colours fade
    session.close()
