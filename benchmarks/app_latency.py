"""How long somebody waits for the app, measured in a browser: python -m benchmarks.app_latency [--quick]

A server in a process of its own, headless Chromium, the sizes the app has. From a key on a slider to changed figures on the screen (5,000 members),
and to the last, refined ones (100,000); the first page of a fresh browser, and again; ten sessions at once, all moving; the server's memory over
200 changes. Needs the extra ``test`` and Debian's Chromium.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SERVER = """
import sys
from pathlib import Path
from apps.app import serve
from apps.runs import Service
from apps.workspace import Workspace
service = Service()
service.warm_up()
port = int(sys.argv[1])
print("ready", flush=True)
serve(service, "127.0.0.1", port, [f"127.0.0.1:{port}"], workspace=Workspace(Path(sys.argv[2])))
"""
WATCH = """() => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((each) => each.shadowRoot ? [each, ...all(each.shadowRoot)] : [each]);
  const rooted = (selector) => all(document).find((each) => each.matches(selector)).getRootNode();
  const chips = rooted("[data-state]");
  const state = () => chips.querySelector("[data-state]").dataset.state;
  const sliders = all(document).filter((each) => each.matches("input[type=range]"));
  window.times = null;
  let began = 0;
  const seen = (name) => requestAnimationFrame(() => { window.times[name] ||= performance.now() - began });  // once it is painted
  new MutationObserver(() => {
    if (!window.times) return;
    if (state() === "stale" || state() === "first") window.times.stale = true;
    else if (window.times.stale) { seen("first"); if (state() === "full") seen("full") }
  }).observe(chips, { childList: true, subtree: true, attributes: true, characterData: true });
  for (const each of sliders) each.addEventListener("keydown", () => { began = performance.now(); window.times = {} }, true);
}"""
out = Console()


@contextmanager
def server() -> Any:
    """A server on a free port: its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen([sys.executable, "-c", SERVER, str(port), folder], stdout=subprocess.PIPE, text=True)
        try:
            assert child.stdout is not None and child.stdout.readline() == "ready\n"
            for _ in range(400):
                with socket.socket() as door:
                    if door.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/", child.pid
        finally:
            child.terminate()
            child.wait(20)


def opened(browser: Any, url: str, seed: int = 1) -> tuple[Any, Any]:
    """A fresh browser's Design page with figures on it. ``seed``: what others have asked about another seed is of no help."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(url + f"?page=design&lang=en&program=mitsui_outlet&seed={seed}")
    page.wait_for_selector("[data-figure] .value")
    return context, page


def moved(page: Any, key: str, full: bool, lever: str = "expiry") -> dict[str, float]:
    """One step of a lever's slider to where it was never before (an answer that is known comes at once): milliseconds to the first figures and to
    the last."""
    page.locator(f".lever-{lever} input[type=range]").focus()
    page.keyboard.press(key)
    page.wait_for_function("(full) => window.times && window.times[full ? 'full' : 'first']", arg=full)
    found: dict[str, float] = page.evaluate("window.times")
    return found


def memory(pid: int) -> float:
    """Megabytes that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def spread(values: list[float]) -> str:
    """Median and 95 % quantile, in milliseconds."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):,.0f} / {ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]:,.0f}"


def measured(browser: Any, url: str, pid: int, quick: bool) -> list[tuple[str, str, str]]:
    """Rows: what, how much, how often."""
    rows = []
    loads = []
    for _ in range(1 if quick else 3):
        began = time.perf_counter()
        context, page = opened(browser, url)
        cold = 1000 * (time.perf_counter() - began)
        began = time.perf_counter()
        page.goto(url + "?page=design&lang=en")
        page.wait_for_selector("[data-figure] .value")
        loads.append((cold, 1000 * (time.perf_counter() - began)))
        context.close()
    rows.append(("first page, fresh browser (ms)", spread([cold for cold, _ in loads]), str(len(loads))))
    rows.append(("the same again (ms)", spread([again for _, again in loads]), str(len(loads))))

    context, page = opened(browser, url)
    page.evaluate(WATCH)
    page.wait_for_selector("[data-state=full]")
    firsts = [moved(page, "ArrowRight", False)["first"] for _ in range(3 if quick else 20)]
    rows.append(("slider to figures, 5,000 members (ms)", spread(firsts), str(len(firsts))))
    page.wait_for_selector("[data-state=full]")
    fulls = [moved(page, "ArrowRight", True)["full"] for _ in range(2 if quick else 8)]
    rows.append(("slider to refined figures, 100,000 members (ms)", spread(fulls), str(len(fulls))))

    others = [opened(browser, url, seed) for seed in range(2, 4 if quick else 11)]
    for _, each in others:
        each.evaluate(WATCH)
    together = []
    for _ in range(1 if quick else 4):
        for _, each in others:  # everybody else moves, and is not waited for
            each.locator(".lever-expiry input[type=range]").focus()
            each.keyboard.press("ArrowRight")
        together.append(moved(page, "ArrowRight", False)["first"])
    rows.append((f"slider to figures, {len(others) + 1} sessions moving (ms)", spread(together), str(len(together))))
    for each_context, _ in others:
        each_context.close()

    page.wait_for_timeout(3000)
    before = memory(pid)
    changes = 20 if quick else 200
    for k in range(changes):  # there and back, each time under another earn rate
        if k % 10 == 0:
            moved(page, "ArrowRight", False, "earn")
        else:
            moved(page, "ArrowLeft" if (k // 10) % 2 else "ArrowRight", False)
    rows.append(
        (f"server's memory before and after {changes} changes (MB)", f"{before:,.0f} / {memory(pid):,.0f}", "1")
    )
    context.close()
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="a few steps of each, to see that all runs")
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with server() as (url, pid), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        load = os.getloadavg()[0]
        rows = measured(browser, url, pid, asked.quick)
        browser.close()
    about = machine()
    table = Table(title="Waiting for the app: median / 95 % quantile")
    for name in ("what", "how much", "times"):
        table.add_column(name)
    for row in rows:
        table.add_row(*row)
    out.print(table)
    out.print(f"{about}; load when it began: {load:.1f}", highlight=False)


if __name__ == "__main__":
    main()
