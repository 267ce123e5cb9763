"""The HTML report: what it says, that no data breaks out of it, that it is the same again, that a browser draws it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from simulators.agents import run_agents
from workbench.errors import BadInput
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import load_program
from workbench.reports import html as html_module
from workbench.reports.html import LANGUAGES, write_html
from workbench.run_document import PROJECTION
from workbench.run_folder import RunFolder, write_run
from workbench.scenario import Scenario

pytest.importorskip("bokeh", reason="the extra `reports` is not installed")

from workbench.reports.language import Language, catalogue
from workbench.reports.origin import reproduce, schema_texts
from workbench.reports.scales import linear, month_ticks

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "workbench" / "reports"
EVIL = "</script><script>alert(1)</script>"
EVIL_ZH = "<!--<img src=x onerror=alert(2)>{{ 7 * 7 }}"
EVIL_TIER = "<img src=x onerror=alert(3)>"


class Page(HTMLParser):
    """Elements, texts and scripts of a page, as a browser would see them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._open = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts[-1] += data
        elif self._open != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        """Everything there is to read."""
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def with_class(self, name: str) -> int:
        """How many elements are of a class."""
        return sum(name in (attributes.get("class") or "").split() for _, attributes in self.elements)


def live(
    folder: Path,
    slug: str = "mitsui_outlet",
    members: int = 60,
    years: int = 2,
    start: Callable[[Any], Any] = lambda p: p,
) -> Path:
    """A run of a program (changed by ``start``) as a folder."""
    program = start(load_program(slug))
    names = {"program": slug, "population": program.population, "assumptions": "central", "baseline": "none"}
    scenario = Scenario(
        program,
        load_population(program.population),
        load_assumptions("central"),
        members=members,
        years=years,
        names=names,
    )
    write_run(run_agents(scenario), folder)
    return folder


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return live(tmp_path_factory.mktemp("runs") / "mitsui")


@pytest.fixture(scope="session")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def spoil(program: Any) -> Any:
        levels = program.tiers.levels
        tiers = program.tiers.model_copy(
            update={"levels": (levels[0].model_copy(update={"name": EVIL_TIER}), *levels[1:])}
        )
        source = program.provenance.model_copy(update={"source": EVIL, "interpretation": (EVIL,)})
        return program.model_copy(update={"title": EVIL, "title_zh": EVIL_ZH, "tiers": tiers, "provenance": source})

    return live(tmp_path_factory.mktemp("runs") / "evil", start=spoil)


def page_of(run: Path, out: Path, language: str = "en") -> Page:
    return Page(write_html(run, out, language).read_text("utf-8"))


# --- what it says --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES)
def test_structure(run: Path, tmp_path: Path, language: str) -> None:
    page = page_of(run, tmp_path / "report.html", language)
    assert page.elements[0] == ("html", {"lang": language})
    assert page.with_class("key") == 8
    assert [a["id"] for tag, a in page.elements if tag == "section" and "part" in (a.get("class") or "")] == [
        "points", "outstanding", "tiers", "moves", "repurchase", "cost", "origin",
    ]  # fmt: skip
    charts = json.loads(page.scripts[0])
    ids = [a["id"] for _, a in page.elements if a.get("class") == "chart"]
    assert ids == [f"chart-{name}" for name in charts]
    assert page.with_class("sentence") == 6
    assert sum(tag == "details" for tag, _ in page.elements) == 6
    assert sum(tag == "h1" for tag, _ in page.elements) == 1


def test_figures_are_those_of_the_document(run: Path, tmp_path: Path) -> None:
    document = RunFolder(run).document
    text = page_of(run, tmp_path / "report.html").text
    for name in ("earned", "redeemed", "expired", "outstanding"):
        assert f"{document['points'][name]:,}" in text
    for name in ("purchases", "sales", "repurchase_rate"):
        ratio = document["lift"][name]
        low, high = (f"{each:+.2f}%".replace("-", "\N{MINUS SIGN}").replace("+0.00", "0.00") for each in ratio["ci95"])
        assert f"95% interval: {low} to {high}" in text
    assert f"NT${document['liability']['contract']:,.0f}" in text
    for digest in (document["digest"], document["provenance"]["scenario"]):
        assert digest in text


def test_who_moved(tmp_path: Path) -> None:
    """Reviews with their shares of the row, the way to each tier, lift by group, and the comparison that is not lift."""

    def some_join(scenario: Scenario) -> Scenario:
        joining = scenario.population.joining.model_copy(update={"share": 0.5})
        return replace(scenario, population=scenario.population.model_copy(update={"joining": joining}))

    program = load_program("eslite")
    scenario = Scenario(program, load_population(program.population), load_assumptions("central"), members=300)
    write_run(run_agents(some_join(scenario)), tmp_path / "run")
    document = RunFolder(tmp_path / "run").document
    migration = document["tiers"]["migration"]
    text = page_of(tmp_path / "run", tmp_path / "report.html").text
    row = migration["matrix"][1]
    assert sum(row) > 5, "too few to show anything"
    assert " ".join(f"{each} ({100 * each / sum(row):.0f}%)" for each in row) in text
    reviews, fallen = (
        sum(map(sum, migration["matrix"])),
        sum(sum(each[:k]) for k, each in enumerate(migration["matrix"])),
    )
    assert f"Of {reviews} reviews of a tier, {100 * (reviews - fallen) / reviews:.1f}% let the member keep it" in text
    assert f"{document['tiers']['downgraded_members']} members fell at least once" in text
    assert f"within {document['tiers']['time_to_tier']['silver']['months']['median']} months of joining" in text
    for each in document["lift"]["by_segment"]:
        assert f"{each['purchases']['delta_pct']:+.2f}%".replace("-", "\N{MINUS SIGN}").replace("+0.00", "0.00") in text
    assert "Never joined" in text
    assert f"against those of a non-member: {document['lift']['naive']['purchases_delta_pct']:+.1f}%" in text
    other = page_of(live(tmp_path / "other", "mos_burger", members=40), tmp_path / "other.html").text
    assert "Whom did the program move?" in other and "Fifth that buys least often" in other
    assert "non-member:" not in other and "Never joined" not in other


@pytest.mark.parametrize("language", LANGUAGES)
def test_says_that_it_is_a_projection(run: Path, tmp_path: Path, language: str) -> None:
    text = page_of(run, tmp_path / "report.html", language).text
    assert text.count("PROJECTION") == 2
    sentence = {
        "en": "not an estimate from the company's own redemption history",
        "zh-Hant": "並非根據公司自身兌換紀錄",
    }
    assert sentence[language] in text


def test_origin_and_how_to_repeat(run: Path, tmp_path: Path) -> None:
    provenance = RunFolder(run).document["provenance"]
    text = page_of(run, tmp_path / "report.html").text
    for each in (provenance["source"], *provenance["interpretation"], *provenance["assumptions_of_program"]):
        assert " ".join(each.split()) in text
    assert "Kivetz" in text and "reward_pressure.strength" in text and "0 – 0.3" in text
    assert "loyalty run mitsui_outlet" in text and "--members 60" in text


def test_command_line_quotes_names(run: Path) -> None:
    folder = RunFolder(run)
    folder.scenario["names"] = {
        "program": "my file.yaml",
        "population": "cdnow",
        "purchases_per_year": "8.0",
        "mean_basket": "800.0",
    }
    command = reproduce(folder)
    assert command.startswith("loyalty run 'my file.yaml' \\\n")
    assert "--purchases-per-year 8.0" in command and "--mean-basket 800.0" in command and "--baseline" not in command


def test_value_outside_its_range_is_marked(run: Path, tmp_path: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    manifest["scenario"]["assumptions"]["reward_pressure"]["strength"] = 0.9
    folder = copied(run, tmp_path / "run", manifest=manifest)
    assert "outside the range" in page_of(folder, tmp_path / "report.html").text
    assert "outside the range" not in page_of(run, tmp_path / "other.html").text


def test_other_baseline_is_named(tmp_path: Path) -> None:
    program, other = load_program("mitsui_outlet"), load_program("breeze")
    scenario = Scenario(
        program, load_population(program.population), load_assumptions("central"), baseline=other, members=40, years=1,
        names={"program": "mitsui_outlet", "baseline": "breeze"},
    )  # fmt: skip
    write_run(run_agents(scenario), tmp_path / "run")
    english = page_of(tmp_path / "run", tmp_path / "en.html").text
    assert "Baseline: Breeze" in english and "baseline's own program" in english
    assert "基準：微風" in page_of(tmp_path / "run", tmp_path / "zh.html", "zh-Hant").text


def copied(
    run: Path, to: Path, manifest: Any = None, document: Any = None, tables: dict[str, pa.Table] | None = None
) -> Path:
    """A run's folder with something in it changed."""
    to.mkdir()
    for each in run.iterdir():
        (to / each.name).write_bytes(each.read_bytes())
    if manifest is not None:
        (to / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    if document is not None:
        (to / "run.json").write_text(json.dumps(document), "utf-8")
    for name, table in (tables or {}).items():
        pa.parquet.write_table(table, to / f"{name}.parquet")
    return to


# --- small and empty runs ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("members", [1, 5])
def test_tiny_runs(tmp_path: Path, members: int, language: str) -> None:
    page = page_of(live(tmp_path / "run", members=members, years=1), tmp_path / "report.html", language)
    assert "nan" not in re.sub(r"[a-z]*nan[a-z]+", "", page.text.lower())
    assert "None" not in page.text.replace("None of", "")


def test_nothing_is_redeemed(tmp_path: Path) -> None:
    folder = live(tmp_path / "run", start=lambda program: program.model_copy(update={"redemption": None}))
    text = page_of(folder, tmp_path / "report.html").text
    assert "none has been redeemed" in text
    assert "Face value: not estimated yet" in text
    assert "Nothing was redeemed at a cost in this run" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_buys(tmp_path: Path, language: str) -> None:
    """Members arrive over 30 years, and the run ends after one: with one member drawn it is empty."""
    program = load_program("mitsui_outlet")
    people = load_population(program.population)
    arrivals = people.arrivals.model_copy(update={"years": 50.0})
    scenario = Scenario(
        program, people.model_copy(update={"arrivals": arrivals}), load_assumptions("central"), members=1, years=1
    )
    made = run_agents(scenario)
    write_run(
        replace(made, **{name: emptied(getattr(made, name)) for name in ("program", "baseline", "pairs")}),
        tmp_path / "run",
    )
    text = page_of(tmp_path / "run", tmp_path / "report.html", language).text
    expected = {
        "en": (
            "Nobody earned points", "No points are outstanding", "Nobody joined", "Nobody bought",
            "no sales in this run", "not estimated yet",
        ),
        "zh-Hant": ("沒有人獲得點數", "沒有未使用的點數", "沒有人入會", "沒有人購買", "沒有銷售", "尚未估計"),
    }  # fmt: skip
    for each in expected[language]:
        assert each in text


def emptied(panel: Any) -> Any:
    """A panel of nobody."""
    cells = panel.cells.copy()
    cells[: getattr(panel.frame, "month_of", len(cells))] = 0
    return panel._replace(cells=cells)


def test_debt_returns_and_points_that_never_lapse(run: Path, tmp_path: Path) -> None:
    """More points given back than redeemed in a month, an endless lot and members who owe points."""
    folder = RunFolder(run)
    points = folder.table("points_by_month").to_pydict()
    points["redeemed"][3] = -7
    schedule = folder.table("expiry_schedule").to_pydict()
    schedule["month"].append(None)
    schedule["points"].append(1_234_567)
    tables = {
        "points_by_month": pa.table(points),
        "expiry_schedule": pa.table({"month": pa.array(schedule["month"], pa.date32()), "points": schedule["points"]}),
    }
    page = page_of(copied(run, tmp_path / "run", tables=tables), tmp_path / "report.html")
    assert "\N{MINUS SIGN}7" in page.text
    assert "1,234,567 never lapse." in page.text
    assert "Owed by members" in page.text
    assert "Never lapsing" in page.text


@pytest.mark.parametrize("slug", ["mos_burger", "loreal"])
def test_programs_without_tiers(tmp_path: Path, slug: str) -> None:
    page = page_of(live(tmp_path / "run", slug, members=30), tmp_path / "report.html")
    assert "The program has no tiers." in page.text
    assert "chart-members" in [a.get("id") for _, a in page.elements]


# --- nothing breaks out, nothing is fetched ------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_from_data_stay_texts(evil: Path, tmp_path: Path, language: str) -> None:
    source = write_html(evil, tmp_path / "report.html", language).read_text("utf-8")
    page = Page(source)
    assert [tag for tag, _ in page.elements if tag == "script"] == ["script"] * 3
    assert not any(tag == "img" for tag, _ in page.elements)
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert EVIL in page.text and EVIL_ZH in page.text
    assert "<!--" not in source
    assert not re.search("[<>&]", page.scripts[0]), "JSON for the charts holds no character that means anything to HTML"


def test_only_our_scripts_may_run(run: Path, tmp_path: Path) -> None:
    page = page_of(run, tmp_path / "report.html")
    policy = next(
        a["content"] for tag, a in page.elements if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.partition("style-src")[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_outside_is_asked_for(run: Path, tmp_path: Path, language: str) -> None:
    source = write_html(run, tmp_path / "report.html", language).read_text("utf-8")
    page = Page(source)
    for tag, attributes in page.elements:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert name not in attributes, f"<{tag} {name}={attributes.get(name)}>"
    style = "".join(re.findall(r"<style>(.*?)</style>", source, re.DOTALL))
    assert not re.search(r"@import|url\(|https?:", style)
    assert not re.search(r"https?:", page.scripts[0] + page.scripts[2])


def test_size_and_bytes(run: Path, tmp_path: Path) -> None:
    raw = write_html(run, tmp_path / "report.html").read_bytes()
    assert 500_000 < len(raw) < 2_000_000
    assert b"\r" not in raw


# --- the same again ------------------------------------------------------------------------------------------------
def test_same_bytes_again(run: Path, tmp_path: Path) -> None:
    first = write_html(run, tmp_path / "1.html").read_bytes()
    write_html(run, tmp_path / "between.html", "zh-Hant")
    assert write_html(run, tmp_path / "2.html").read_bytes() == first


def test_same_bytes_in_another_process(run: Path, tmp_path: Path) -> None:
    call = (
        "import sys; from pathlib import Path; from workbench.reports.html import write_html; "
        "write_html(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", call, str(run), str(tmp_path / f"{seed}.html")],
            check=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "TZ": "Asia/Taipei"},
        )
    assert (
        (tmp_path / "1.html").read_bytes()
        == (tmp_path / "2.html").read_bytes()
        == write_html(run, tmp_path / "3.html").read_bytes()
    )


# --- bad input -----------------------------------------------------------------------------------------------------
def test_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="loyalty run --out"):
        write_html(tmp_path, tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_unknown_language(run: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="did you mean 'zh-Hant'"):
        write_html(run, tmp_path / "report.html", "zh_hant")


def test_no_such_folder(run: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="existing folder"):
        write_html(run, tmp_path / "missing" / "report.html")


def test_without_the_extra(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(name: str) -> object:
        return None if name in ("bokeh", "babel") else find_spec(name)

    monkeypatch.setattr(html_module, "find_spec", found)
    with pytest.raises(BadInput, match=r"babel, bokeh.*pip install loyalty-workbench\[reports\]"):
        write_html(run, tmp_path / "report.html")


# --- language ------------------------------------------------------------------------------------------------------
def texts_in_use() -> set[str]:
    """Every text marked for translation, and those that come from elsewhere."""
    from babel.messages.extract import extract
    from jinja2.ext import babel_extract

    found: set[str] = set()
    for path in REPORTS.rglob("*.py"):
        with path.open("rb") as file:
            found |= {_first(message) for _, message, _, _ in extract("python", file, keywords={"_": None})}
    options = {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
    for path in REPORTS.glob("*.j2"):
        with path.open("rb") as file:
            found |= {_first(message) for _, _, message, _ in babel_extract(file, {"_": None}, [], options)}
    word, _, sentence = PROJECTION.partition(": ")
    return found | schema_texts() | {word, sentence[0].upper() + sentence[1:] + "."}


def _first(message: Any) -> str:
    return str(message if isinstance(message, str) else message[0])


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_text_is_translated(language: str) -> None:
    known, used = catalogue(language), texts_in_use()
    assert len(used) > 150
    assert not used - set(known), "add these to workbench/reports/locale"
    assert not set(known) - used, "nothing says these any more"


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_translations_have_the_same_places(language: str) -> None:
    for english, other in catalogue(language).items():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", other)), english


def test_page_in_chinese_has_no_english_left(run: Path, tmp_path: Path) -> None:
    """Apart from what data says in English."""
    text = page_of(run, tmp_path / "report.html", "zh-Hant").text
    for english in (each for each in texts_in_use() if len(each) > 12 and "{" not in each and "Workbench" not in each):
        assert english not in text


def test_numbers() -> None:
    english, chinese = Language("en"), Language("zh-Hant")
    assert [english.compact(each) for each in (0, 500, 2500, 1_500_000, -2500)] == [
        "0",
        "500",
        "2.5K",
        "1.5M",
        "\N{MINUS SIGN}2.5K",
    ]
    assert [chinese.compact(each) for each in (0, 2500, 25_000, 120_000_000)] == ["0", "2,500", "2.5萬", "1.2億"]
    assert english.money(216118, "TWD") == chinese.money(216118, "TWD") == "NT$216,118"
    assert english.money(12.5, "CNY") == "CN¥12.50"
    assert english.money(-1200.4, "USD") == "\N{MINUS SIGN}US$1,200"
    assert english.money(5, "ABC") == "ABC\N{NO-BREAK SPACE}5"
    assert english.percent(-0.001, 2, signed=True) == "0.00%"
    assert english.share(1, 100_000) == "<0.1%"
    assert english.share(0, 0) == "0.0%"
    assert chinese.day("2026-03-01") == "2026年3月1日"
    assert chinese.currency_name("TWD") == "新台幣 (TWD)"


# --- axes ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "values", [[], [0.0], [3.0], [0.2, 0.9], [-0.3, 0.1], [1e9, 5.0], [float("nan"), 7.0], [-5.0, -1.0]]
)
def test_scales_hold_zero_and_everything(values: list[float]) -> None:
    scale = linear(values)
    finite = [each for each in values if each == each]
    assert scale.start <= min([0.0, *finite])
    assert scale.end >= max([0.0, *finite])
    assert 0 in scale.ticks and len(scale.ticks) <= 8
    if all(each >= 0 for each in finite):
        assert scale.start == 0


def test_whole_numbers_have_whole_ticks() -> None:
    assert linear([3], whole=True).ticks == (0, 1, 2, 3)


def test_month_ticks_are_few() -> None:
    from datetime import date

    from workbench.reports.parts import add_months

    say = Language("en")
    for count in (1, 2, 7, 12, 36, 61, 120, 600):
        months = [add_months(date(2025, 3, 1), place) for place in range(count)]
        ticks = month_ticks(months, say)
        assert 1 <= len(ticks) <= 7
        assert re.search(r"\d{4}", ticks[min(ticks)]), "the first names its year"
    assert month_ticks([], say) == {}


def test_upright_axes_start_at_zero(run: Path, tmp_path: Path) -> None:
    charts = json.loads(page_of(run, tmp_path / "report.html").scripts[0])
    for name in set(charts) - {"difference", "cost"}:
        attributes = charts[name]["doc"]["roots"][0]["attributes"]
        assert attributes["y_range"]["attributes"].get("start", 0) == 0, name


# --- in a browser --------------------------------------------------------------------------------------------------
class Opened:
    """A report in a browser, and what went wrong in it."""

    def __init__(self, browser: Any, path: Path, width: int) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on(
            "console",
            lambda message: self.errors.append(message.text) if message.type in ("error", "warning") else None,
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append("a dialog opened"), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-drawn]", timeout=60_000)
        self.page.wait_for_timeout(300)


CANVASES = """() => {
  const inside = (each) => each.shadowRoot ? [each, ...all(each.shadowRoot)] : [each];
  const all = (root) => [...root.querySelectorAll("*")].flatMap(inside);
  return [...document.querySelectorAll(".chart")].map((chart) => {
    const canvas = all(chart).find((each) => each.tagName === "CANVAS");
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return [chart.id, canvas.clientWidth, canvas.clientHeight, pixels.some((each) => each !== 0)];
  });
}"""
"""Each chart's canvas: its size, and whether anything is drawn on it."""

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


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [1440, 390])
def test_in_a_browser(run: Path, browser: Any, tmp_path: Path, language: str, width: int) -> None:
    opened = Opened(browser, write_html(run, tmp_path / "report.html", language), width)
    page = opened.page
    assert not opened.errors
    assert opened.requests and all(url.startswith(("file://", "data:")) for url in opened.requests)
    charts = page.evaluate(CANVASES)
    assert len(charts) >= 7
    for name, wide, high, anything in charts:
        assert wide > 250 and high > 100 and anything, name
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.lang") == language
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_character_is_missing(run: Path, browser: Any, tmp_path: Path, language: str) -> None:
    path = write_html(run, tmp_path / "report.html", language)
    page = Opened(browser, path, 1440).page
    if page.evaluate(TOFU, ["中"]):
        pytest.skip("this machine has no Chinese font")
    parsed = Page(path.read_text("utf-8"))
    assert page.evaluate(TOFU, sorted(set(parsed.text + parsed.scripts[0]))) == []
    assert page.evaluate(TOFU, ["\U0010fffd"]) == ["\U0010fffd"], "the check itself can fail"
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_evil_texts_do_nothing(evil: Path, browser: Any, tmp_path: Path, language: str) -> None:
    opened = Opened(browser, write_html(evil, tmp_path / "report.html", language), 1440)
    for box in (each.bounding_box() for each in opened.page.locator(".chart").all()):
        opened.page.mouse.wheel(0, box["y"] - 200)
        opened.page.wait_for_timeout(50)
    chart = opened.page.locator("#chart-tiers")
    chart.hover()
    opened.page.wait_for_timeout(300)
    assert not opened.errors
    assert opened.page.evaluate("document.querySelectorAll('img').length") == 0
    assert all(url.startswith(("file://", "data:")) for url in opened.requests)
    opened.page.close()


@pytest.mark.browser
def test_on_paper(run: Path, browser: Any, tmp_path: Path) -> None:
    """Charts become drawings that scale, and nothing runs over the edge."""
    page = Opened(browser, write_html(run, tmp_path / "report.html"), 1440).page
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 690, "height": 1000})
    drawings = page.evaluate(
        "[...document.querySelectorAll('.paper')].map((each) => each.querySelector('svg')?.clientHeight ?? 0)"
    )
    assert len(drawings) >= 7 and all(height > 80 for height in drawings)
    assert page.evaluate("document.documentElement.scrollWidth") <= 690
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
