"""A run as a deck and as a workbook: native charts whose numbers are the run's, fonts of Chinese named, nothing that a name could run, the
same bytes again, and the same numbers after a real LibreOffice has opened them."""

import io
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.office import formulas, recalculated, soffice, values
from tests.test_cli import printed, refusal
from tests.test_reports import live
from workbench.errors import BadInput
from workbench.run_folder import RunFolder

pytest.importorskip("pptx", reason="the extra `reports` is not installed")

from pptx import Presentation
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches

from workbench.reports.exhibits.catalogue import RUN_EXHIBITS, exhibit_titles
from workbench.reports.html import LANGUAGES, write_report
from workbench.reports.language import Language

FORMULA = '=HYPERLINK("http://example.com/","x")'
EVIL = "<b>\x07@SUM(A1)</b> & \u202e"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return live(tmp_path_factory.mktemp("runs") / "mitsui", members=300)


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def spoil(program: Any) -> Any:
        base, *rest = program.tiers.levels
        levels = (base.model_copy(update={"name": FORMULA}), rest[0].model_copy(update={"name": EVIL}), *rest[1:])
        tiers = program.tiers.model_copy(update={"levels": levels})
        source = program.provenance.model_copy(update={"source": FORMULA, "interpretation": (EVIL,)})
        return program.model_copy(update={"title": FORMULA, "title_zh": EVIL, "tiers": tiers, "provenance": source})

    return live(tmp_path_factory.mktemp("runs") / "evil", start=spoil)


@pytest.fixture(scope="module")
def written(run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("reports")
    return {
        (suffix, language): write_report(run, folder / f"{language}.{suffix}", language)
        for suffix in ("pptx", "xlsx")
        for language in LANGUAGES
    }


def texts(slide: Any) -> str:
    """Everything there is to read on a slide, apart from its charts."""
    found = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    found += [cell.text for shape in slide.shapes if shape.has_table for row in shape.table.rows for cell in row.cells]
    return "\n".join(found)


def charts(deck: Any) -> dict[str, Any]:
    """Every chart by its title."""
    return {shape.name: shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart}


def inside(chart: Any) -> list[tuple[Any, ...]]:
    """The rows of the workbook inside a chart."""
    book = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob))
    assert not [cell for row in book["Sheet1"].iter_rows() for cell in row if cell.data_type == "f"]
    return list(book["Sheet1"].iter_rows(values_only=True))


# --- decks -----------------------------------------------------------------------------------------------------------
def test_a_deck_has_a_finding_on_each_slide(run: Path, written: dict[tuple[str, str], Path]) -> None:
    deck = Presentation(str(written["pptx", "en"]))
    assert deck.slide_width / deck.slide_height == pytest.approx(16 / 9, rel=1e-3)
    assert len(deck.slides) >= 15
    for slide in deck.slides:
        assert slide.shapes.title.text_frame.text
        assert "PROJECTION" in texts(slide)
    for slide in list(deck.slides)[1:]:
        assert "not an estimate from the company's own redemption history" in slide.notes_slide.notes_text_frame.text
    everything = "\n".join(texts(slide) for slide in deck.slides)
    document = RunFolder(run).document
    low, high = document["lift"]["sales"]["ci95"]
    sign = "\N{MINUS SIGN}" if low < 0 else "+"
    assert f"95% interval: {sign}{abs(low):.2f}% to +{high:.2f}%" in everything
    assert f"{document['points']['outstanding']:,}" in everything
    assert document["digest"] in everything and "TWD" in everything


def test_charts_hold_the_numbers_of_the_run(run: Path, written: dict[tuple[str, str], Path]) -> None:
    found = charts(Presentation(str(written["pptx", "en"])))
    table = RunFolder(run).table("points_by_month").to_pydict()
    flows = found["Points by month: earned upwards, what was taken downwards"]
    drawn = {series.name: list(series.values) for series in flows.plots[0].series}
    assert drawn["Earned"] == table["earned"]
    assert drawn["Redeemed"] == [-each for each in table["redeemed"]]
    rows = inside(flows)
    assert [row[1] for row in rows[1:]] == table["earned"]
    assert [row[0].date() for row in rows[1:]] == table["month"]
    curve = RunFolder(run).table("repurchase_curve").to_pydict()
    rows = inside(found["Share of buyers who bought again"])
    assert [row[1] for row in rows[1:]] == pytest.approx(curve["program"], rel=1e-12)
    assert found["Share of buyers who bought again"].value_axis.tick_labels.number_format.startswith("#,##0.0%")


def test_a_band_is_an_area_on_a_base_that_is_not_seen(run: Path, written: dict[tuple[str, str], Path]) -> None:
    curve = RunFolder(run).table("repurchase_curve").to_pydict()
    found = charts(Presentation(str(written["pptx", "en"])))
    chart = found["Difference of the two, in percentage points, with its 95% interval"]
    area, line = chart.plots
    base, band = area.series
    assert area._element.find(qn("c:grouping")).get("val") == "stacked"
    assert base._element.find(qn("c:spPr")).find(qn("a:noFill")) is not None
    assert list(base.values) == [None if each is None else pytest.approx(100 * each) for each in curve["low"]]
    for low, width, high in zip(base.values, band.values, curve["high"], strict=True):
        assert high is None or low + width == pytest.approx(100 * high)
    assert list(line.series[0].values) == [pytest.approx(100 * each) for each in curve["difference"]]


def test_whiskers_are_the_interval(run: Path, written: dict[tuple[str, str], Path]) -> None:
    found = charts(Presentation(str(written["pptx", "en"])))[
        "Difference against the baseline in %, with its 95% interval"
    ]
    lift = RunFolder(run).document["lift"]
    series = found._chartSpace.find(".//" + qn("c:ser"))
    plus, minus = (
        [float(each.text) for each in series.findall(f".//{qn('c:' + end)}//{qn('c:v')}")] for end in ("plus", "minus")
    )
    named = (
        "purchases",
        "sales",
        "margin",
        "active_members",
        "repurchase_30",
        "repurchase_90",
        "repurchase_rate",
        "interval_days",
    )
    told = [lift[name] for name in named if lift[name]["delta_pct"] is not None]
    assert plus == [pytest.approx((each["ci95"][1] - each["delta_pct"]) / 100) for each in told]
    assert minus == [pytest.approx((each["delta_pct"] - each["ci95"][0]) / 100) for each in told]


def test_everything_lies_on_the_slide(written: dict[tuple[str, str], Path]) -> None:
    for language in LANGUAGES:
        deck = Presentation(str(written["pptx", language]))
        for number, slide in enumerate(deck.slides, 1):
            for shape in slide.shapes:
                assert shape.left >= 0 and shape.top >= 0, (language, number, shape.name)
                assert shape.left + shape.width <= Inches(13.34), (language, number, shape.name)
                assert shape.top + shape.height <= Inches(7.5), (language, number, shape.name)
            tables = [shape for shape in slide.shapes if shape.has_table]
            for shape in tables:
                assert shape.top + sum(row.height for row in shape.table.rows) <= Emu(Inches(7.05)), (language, number)


def test_chinese_names_its_fonts(written: dict[tuple[str, str], Path]) -> None:
    runs = 0
    with zipfile.ZipFile(written["pptx", "zh-Hant"]) as deck:
        for name in deck.namelist():
            if not re.fullmatch(r"ppt/(slides|charts|notesSlides)/\w+\.xml", name):
                continue
            text = deck.read(name).decode("utf-8")
            for properties, said in re.findall(r"(<a:rPr[^>]*>.*?</a:rPr>)\s*<a:t>([^<]*)</a:t>", text, re.S):
                assert 'lang="zh-TW"' in properties and '<a:ea typeface="Microsoft JhengHei"' in properties, (
                    name,
                    said,
                )
                runs += 1
            if name.startswith("ppt/charts/"):
                assert re.search(
                    r'<c:txPr>.*?<a:defRPr[^>]*lang="zh-TW".*?<a:ea typeface="Microsoft JhengHei"', text, re.S
                ), name
        theme = deck.read("ppt/theme/theme1.xml").decode("utf-8")
    assert runs > 300
    assert theme.count('<a:ea typeface="Microsoft JhengHei"') == 2


def test_a_chinese_deck_has_no_english_left(written: dict[tuple[str, str], Path]) -> None:
    from tests.test_reports import texts_in_use

    deck = Presentation(str(written["pptx", "zh-Hant"]))
    everything = "\n".join(texts(slide) for slide in deck.slides) + "\n".join(charts(deck))
    for english in (each for each in texts_in_use() if len(each) > 12 and "{" not in each):
        assert english not in everything or english == "Bornhuetter-Ferguson", english


def test_nothing_that_a_name_could_run(evil: Path, tmp_path: Path) -> None:
    deck = Presentation(str(write_report(evil, tmp_path / "evil.pptx")))
    assert FORMULA in deck.slides[0].shapes.title.text_frame.text
    rows = inside(charts(deck)["Members by tier at the end of each month"])
    assert rows[0][1:3] == (FORMULA, "<b>@SUM(A1)</b> & \u202e")
    for chart in charts(deck).values():
        inside(chart)
    book = write_report(evil, tmp_path / "evil.xlsx")
    assert {sheet for sheet, _place in formulas(book)} == {"Checks"}
    assert FORMULA in values(book).values()


def test_the_same_run_is_the_same_bytes(run: Path, written: dict[tuple[str, str], Path], tmp_path: Path) -> None:
    for suffix in ("pptx", "xlsx"):
        again = write_report(run, tmp_path / f"again.{suffix}", "zh-Hant")
        assert again.read_bytes() == written[suffix, "zh-Hant"].read_bytes(), suffix


def test_a_program_without_tiers(tmp_path: Path) -> None:
    folder = live(tmp_path / "run", "mos_burger", members=40, years=1)
    deck = Presentation(str(write_report(folder, tmp_path / "deck.pptx")))
    assert "Members at the end of each month" in charts(deck)
    book = openpyxl.load_workbook(write_report(folder, tmp_path / "book.xlsx"))
    assert "Moves between tiers" not in book.sheetnames and "Tiers" in book.sheetnames


# --- workbooks -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES)
def test_sheets(run: Path, written: dict[tuple[str, str], Path], language: str) -> None:
    book, say = openpyxl.load_workbook(written["xlsx", language]), Language(language)
    titles = exhibit_titles(say)
    assert set(titles) == set(RUN_EXHIBITS)
    assert book.sheetnames == [*titles.values(), say.text("Checks")]
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes, sheet.title
        assert any(
            "PROJECTION" in str(row[0]) for row in sheet.iter_rows(max_row=4, values_only=True)
        ) or sheet.title == say.text("Checks")
    drawn = sum(len(sheet._charts) for sheet in book)
    assert drawn == len(charts(Presentation(str(written["pptx", language]))))


def test_numbers_are_numbers_with_units(run: Path, written: dict[tuple[str, str], Path]) -> None:
    book = openpyxl.load_workbook(written["xlsx", "en"], data_only=True)
    document = RunFolder(run).document
    front = {row[0].value: row for row in book["Key figures"].iter_rows() if row[0].value}
    outstanding, sales = front["Points outstanding"], front["Sales lift"]
    assert [cell.value for cell in outstanding[1:5]] == [
        document["points"]["outstanding"],
        "points",
        *document["liability"]["outstanding_ci95"],
    ]
    ratio = document["lift"]["sales"]
    assert sales[1].value == pytest.approx(ratio["delta_pct"] / 100)
    assert [cell.value for cell in sales[3:5]] == [pytest.approx(each / 100) for each in ratio["ci95"]]
    assert sales[1].number_format.startswith("+#,##0.00%") and sales[2].value.startswith("%")
    assert front["Contract liability (IFRS 15)"][1].number_format.startswith('"NT$"#,##0')
    table = RunFolder(run).table("points_by_month").to_pydict()
    rows = [row for row in book["Points by month"].iter_rows(max_col=5, values_only=True) if hasattr(row[0], "year")]
    assert [row[1:] for row in rows[: len(table["month"])]] == list(
        zip(*(table[name] for name in ("earned", "redeemed", "expired", "reversed")), strict=True)
    )
    assert "points" in next(
        row for row in book["Points by month"].iter_rows(min_row=6, values_only=True) if row[0] == "month"
    )


def test_checks_hold(written: dict[tuple[str, str], Path]) -> None:
    held = {place: value for (sheet, place), value in values(written["xlsx", "en"]).items() if sheet == "Checks"}
    truths = [value for place, value in held.items() if place.startswith("D") and isinstance(value, bool)]
    assert len(truths) == 14 and all(truths)


def test_a_check_that_does_not_hold_says_so(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    document = json.loads((folder / "run.json").read_text("utf-8"))
    document["points"]["earned"] += 1
    (folder / "run.json").write_text(json.dumps(document), "utf-8")
    book = openpyxl.load_workbook(write_report(folder, tmp_path / "book.xlsx"), data_only=True)
    held = {row[0]: row[3] for row in book["Checks"].iter_rows(min_row=5, values_only=True)}
    assert held.pop("By month and in all: Earned") is False and held.pop("All hold") is False
    assert all(each for name, each in held.items() if name)


def test_a_run_valued_by_another_policy(run: Path, tmp_path: Path) -> None:
    """Its months by the default policy would contradict its own figure."""
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    document = json.loads((folder / "run.json").read_text("utf-8"))
    document["liability"]["contract"] = 1_234_567
    (folder / "run.json").write_text(json.dumps(document), "utf-8")
    found = RUN_EXHIBITS["liability"](RunFolder(folder), Language("en"))
    assert found.finding.startswith("NT$1,234,567") and "policy of its own" in found.more and not found.graphs
    book = openpyxl.load_workbook(write_report(folder, tmp_path / "book.xlsx"), data_only=True)
    assert "Liability" not in book.sheetnames
    assert all(row[3] for row in book["Checks"].iter_rows(min_row=5, values_only=True) if row[0])


# --- bad input -------------------------------------------------------------------------------------------------------
def test_other_endings_are_refused(run: Path, tmp_path: Path) -> None:
    for name in ("report.pdf", "report", ".pptx"):
        assert refusal("report", str(run), "--out", str(tmp_path / name)).startswith(
            "--out: expected a name ending in .html, .pptx, .xlsx"
        )
    with pytest.raises(BadInput, match="--lang: expected en or zh-Hant"):
        write_report(run, tmp_path / "report.pptx", "fr")
    with pytest.raises(BadInput, match="expected a folder that `loyalty run --out` wrote"):
        write_report(tmp_path, tmp_path / "report.xlsx")
    assert not list(tmp_path.iterdir())


def test_by_the_command_line(run: Path, tmp_path: Path) -> None:
    for suffix in ("pptx", "xlsx"):
        out = tmp_path / f"report.{suffix}"
        assert json.loads(printed("report", str(run), "--out", str(out), "--json")) == {"written": str(out)}
        assert zipfile.is_zipfile(out)


# --- a real office ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def office() -> str:
    program = soffice()
    if program is None:
        pytest.skip("LibreOffice is not installed")
    return program


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_checks_hold_after_libreoffice_has_recalculated(
    office: str, written: dict[tuple[str, str], Path], language: str, tmp_path: Path
) -> None:
    before, after = values(written["xlsx", language]), values(recalculated(written["xlsx", language], tmp_path))
    computed = formulas(written["xlsx", language])
    assert len(computed) > 30
    for place in computed:
        assert after[place] == pytest.approx(before[place]), place  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_libreoffice_draws_every_slide(
    office: str, written: dict[tuple[str, str], Path], language: str, tmp_path: Path
) -> None:
    deck = written["pptx", language]
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    done = subprocess.run(
        [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(deck)], capture_output=True, timeout=180, check=True
    )  # fmt: skip
    pages = re.findall(rb"/Type\s*/Page\b", (tmp_path / f"{deck.stem}.pdf").read_bytes())
    if not pages:
        pytest.skip(f"LibreOffice cannot open presentations here: {done.stderr.decode()[:200]}")
    assert len(pages) == len(Presentation(str(deck)).slides)
