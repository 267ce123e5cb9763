"""What browser tests of the app share: a server of its own, a window that notes what goes wrong in it. Not a test.

    from tests.app_server import Window

    @pytest.mark.browser
    def test_a_page(server: str, browser: Any) -> None:
        window = Window(browser, server, page="compare", width=390, tag="zh-Hant", dark=True)
        window.says(".some-class", "a text")
        window.clean()          # no console error, no failed request, none to another host, nothing over the edge
        window.close()

Runs are small (``PREVIEW``, ``MIDDLE``, ``FULL`` members, two years). The workspace of a server
is a temporary folder.
"""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

pytest.importorskip("panel", reason="the extra `app` is not installed")
pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")

import panel as pn

from apps.app import serve
from apps.estimates import Comparison
from apps.growths import Growths
from apps.question import Question
from apps.runs import Service, Settings
from apps.workspace import Workspace
from simulators.simulate import Progress

PREVIEW, MIDDLE, FULL = 120, 200, 260
PATIENCE = 60_000
"""Milliseconds to wait for what should take a part of a second, on a machine that does other things as well."""
slow = threading.Event()
"""While set, full runs dawdle."""


class Dawdling(Growths):
    """Answers of the compiled kernel; full runs report as they go, and take their time while they are told to."""

    def answer(self, question: Question, progress: Progress, give_way: Callable[[], None] | None = None) -> Comparison:
        while slow.is_set() and question.members == FULL:
            progress(7, FULL)
            time.sleep(0.02)
        return super().answer(question, progress, give_way)


class a_server:
    """The app on a free port of this machine, until the end of the block."""

    def __enter__(self) -> tuple[str, Service]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.service = Service(Settings(preview=PREVIEW, middle=MIDDLE, full=FULL, years=2), growths=Dawdling())
        self.service.warm_up()
        self._folder = TemporaryDirectory()
        self.workspace = Workspace(Path(self._folder.name) / "work")
        origins = [f"127.0.0.1:{port}"]
        serve(self.service, "127.0.0.1", port, origins, threaded=True, workspace=self.workspace)
        for _ in range(200):
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}/", self.service
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    def __exit__(self, *_: object) -> None:
        pn.state.kill_all_servers()
        self.service.close()
        self._folder.cleanup()


class Window:
    """The app in a browser window of its own, and what went wrong in it."""

    def __init__(
        self,
        browser: Any,
        url: str,
        page: str = "design",
        width: int = 1440,
        tag: str = "en",
        dark: bool = False,
        query: str = "",
        height: int = 900,
    ) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, locale="en-US", accept_downloads=True
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.url, self.width, self.errors, self.requests = url, width, [], []
        self.page.on("console", lambda it: self.errors.append(it.text) if it.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("requestfailed", lambda request: self.errors.append(f"failed: {request.url}"))
        self.page.on("response", lambda it: self.errors.append(f"{it.status} {it.url}") if it.status >= 400 else None)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(url + (query or f"?page={page}&lang={tag}"))
        self.at(page)
        if dark:
            self.page.get_by_label("Toggle theme").click()
            self.page.wait_for_function(DARK)

    def at(self, page: str) -> None:
        """Wait until this page is the one that is visited."""
        self.page.wait_for_selector(f"nav a[data-page={page}][aria-current]")

    def go(self, page: str) -> None:
        """To another page, by the navigation."""
        self.page.locator(f"nav a[data-page={page}]").click()
        self.at(page)

    def says(self, place: str, text: str) -> None:
        """Wait until a place says something."""
        self.page.locator(place).filter(has_text=text).first.wait_for()

    @property
    def text(self) -> str:
        """Everything there is to read."""
        return str(self.page.evaluate(TEXT))

    def clean(self) -> None:
        """Nothing went wrong so far: no console error, no failed request, none to another host, nothing over the right edge."""
        own = (self.url, "blob:" + self.url, "data:")
        assert self.requests and [url for url in self.requests if not url.startswith(own)] == []
        assert self.errors == [], self.errors
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width
        assert self.page.evaluate(OVER_THE_EDGE, self.width) == []

    def serious(self) -> set[str]:
        """What axe finds seriously wrong, but for ``UPSTREAM``."""
        axe = pytest.importorskip(
            "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
        )
        found = axe.Axe().run(self.page).response["violations"]
        return {
            f"{each['id']}: {each['nodes'][0]['html'][:160]}"
            for each in found
            if each["impact"] in ("serious", "critical") and each["id"] not in UPSTREAM
        }

    def close(self) -> None:
        self.context.close()


UPSTREAM: set[str] = set()
"""Serious violations that only the component library can mend: none."""
DARK = """() => getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3).every((each) => Number(each) < 70)"""
"""Whether the page has taken the dark theme."""
EVERYTHING = """
  const inside = (each) => each.shadowRoot ? [each, ...all(each.shadowRoot)] : [each];
  const all = (root) => [...root.querySelectorAll("*")].flatMap(inside);
"""
NO_WAITING = f"""() => {{ {EVERYTHING}
  const strip = all(document).find((each) => each.classList.contains("strip"));
  return strip && !strip.innerText.includes("…");
}}"""
TEXT = f"""() => {{ {EVERYTHING}
  const own = (each) => [...each.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data);
  return all(document.body).filter((each) => !["STYLE", "SCRIPT"].includes(each.tagName)).flatMap(own).join(" ");
}}"""
CANVASES = f"""() => {{ {EVERYTHING}
  return all(document).filter((each) => each.tagName === "CANVAS").map((canvas) => {{
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return [canvas.clientWidth, canvas.clientHeight, pixels.some((each) => each !== 0)];
  }});
}}"""
FOCUSED = """() => {
  let each = document.activeElement;
  while (each && each.shadowRoot && each.shadowRoot.activeElement) each = each.shadowRoot.activeElement;
  const met = (window.met ||= new Map());
  if (!met.has(each)) met.set(each, met.size);
  return [met.get(each), each.tagName, each.getAttribute("aria-label") || "", each.innerText || "", each.type || ""].join(" ");
}"""
OVER_THE_EDGE = f"""(width) => {{ {EVERYTHING}
  const scrolls = (each) => each && (getComputedStyle(each).overflowX !== "visible" || scrolls(each.parentElement || each.getRootNode().host));
  return all(document).filter((each) => each.getBoundingClientRect().right > width + 1 && !scrolls(each.parentElement || each.getRootNode().host))
    .map((each) => each.tagName + "." + each.className);
}}"""


TOFU = """(texts) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 40;
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  pen.font = "28px " + getComputedStyle(document.body).fontFamily;
  const drawn = (each) => { pen.clearRect(0, 0, 40, 40); pen.fillText(each, 4, 30); return canvas.toDataURL(); };
  const missing = new Set(["\\u{10FFFD}", "\\u{0378}", "\\u{FFFFE}"].map(drawn));
  return [...new Set(texts)].filter((each) => each.trim() && missing.has(drawn(each)));
}"""
"""Characters that look like one that no font has."""
