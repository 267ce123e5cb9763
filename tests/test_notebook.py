"""The Python API for notebooks: ten lines to a liability chart with its interval, figures that are the run's own, tables with units, bad input."""

import ast
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("holoviews", reason="the extra `notebook` is not installed")

from apps import notebook as loyalty
from apps.notebook_display import chart_html, script_html
from apps.notebook_table import MOST_ROWS, Table
from workbench.errors import BadInput
from workbench.run_document import run_document

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "examples/notebooks").glob("*.ipynb"))
MEMBERS = 120


@pytest.fixture(scope="module")
def run() -> loyalty.Lived:
    return loyalty.simulate(ROOT / "examples/bakery.yaml", members=MEMBERS, years=3, engine="agents")


@pytest.fixture(scope="module")
def found() -> loyalty.Compared:
    program = loyalty.load("mitsui_outlet")
    cheap = loyalty.change(program, {"redemption": {"money_off": {"points": 2}}})
    return loyalty.compare({"today": program, "half": cheap}, members=60, years=2, engine="agents")


@pytest.fixture
def chinese() -> Any:
    loyalty.speak("zh-Hant")
    yield
    loyalty.speak("en")


def code_of(path: Path) -> list[str]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


# --- ten lines -------------------------------------------------------------------------------------------------------
def first_block() -> str:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs/notebooks.md").read_text("utf-8"), re.DOTALL)[0]


def test_ten_lines_from_a_program_to_a_liability_chart_with_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's own example, with fewer members and by the agents so that nobody waits for a compiler: the chart has a line, the range of an
    assumption, and the band of an estimate around the line's last value."""
    text = first_block()
    lines = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= 10 and all(len(line) <= 100 for line in lines)
    assert not any(";" in line for line in lines)
    monkeypatch.chdir(ROOT)
    space: dict[str, Any] = {}
    exec(
        compile(text.replace("members=800", f'members={MEMBERS}, engine="agents"'), "docs/notebooks.md", "exec"), space
    )
    last = ast.parse(text).body[-1]
    assert isinstance(last, ast.Expr)
    chart = eval(compile(ast.Expression(last.value), "docs/notebooks.md", "eval"), space)
    areas = [each for each in chart if type(each).__name__ == "Area"]
    assert {each.label for each in areas} >= {"Range of the assumption"}
    bounds = space["owed"].by_month.rows[-1]
    assert bounds[2] < bounds[1] < bounds[3]
    assert any(np.isclose(each.dimension_values("high"), bounds[3]).any() for each in areas)


# --- figures ---------------------------------------------------------------------------------------------------------
def test_figures_are_those_of_the_runs_document_with_units_and_a_projection(run: loyalty.Lived) -> None:
    document = run_document(run.run)
    assert run.document == document
    row = run.figures["Lift: purchases"]
    assert [row["value"], row["low"], row["high"]] == [
        document["lift"]["purchases"]["delta_pct"],
        *document["lift"]["purchases"]["ci95"],
    ]
    assert run.figures["Contract liability"]["value"] == document["liability"]["contract"]
    assert run.figures["Contract liability"]["unit"] == "TWD"
    for shown in (repr(run), run._repr_html_(), run.note):
        assert "PROJECTION" in shown


def test_what_is_owed_foots_and_ends_where_the_run_says(run: loyalty.Lived) -> None:
    owed = loyalty.liability(run, draws=40)
    *movements, closing = [row[1] for row in owed.roll_forward.rows]
    assert closing == pytest.approx(sum(movements), abs=0.005)
    assert closing == owed.figures["Contract liability"]["value"] == run.document["liability"]["contract"]
    assert len(owed.by_month) == 36 and owed.by_month["2027-12"]["liability"] == closing
    kinds = {row["source"] for row in owed.by_month}
    assert "assumption" in kinds and len(kinds) == 2
    assert loyalty.liability(run, draws=40).by_month == owed.by_month, "the same seed gives the same bounds"
    assert loyalty.liability(run, draws=0).by_month.rows[-1][2:4] == (None, None)


def test_an_earlier_valuation_knows_nothing_later(run: loyalty.Lived) -> None:
    owed, early = (loyalty.liability(run, valuation=day, draws=0) for day in (None, "2026-06-30"))
    assert early.by_month.rows == owed.by_month.rows[:18]
    assert early.document["valuation"] == "2026-06-30"


def test_winners_losers_and_unchanged_are_everyone(found: loyalty.Compared) -> None:
    rows = list(found.winners)
    assert [sum((row["winners"], row["losers"], row["unchanged"])) for row in rows[:1]] == [60]
    for names in ({"member", "silver", "gold", "platinum"}, {row["group"] for row in rows if "fifth" in row["group"]}):
        assert sum(row["winners"] + row["losers"] + row["unchanged"] for row in rows if row["group"] in names) == 60
    assert sum(row["losers"] for row in rows[:1]) > 0, "points that buy half as much are a loss to somebody"


def test_each_program_is_its_own_run_and_the_difference_is_paired(found: loyalty.Compared) -> None:
    alone = loyalty.simulate("mitsui_outlet", members=60, years=2, engine="agents")
    assert found["today"].document["digest"] == alone.document["digest"]
    first = found.differences.rows[0]
    assert first[1] == "half" and first[2] == found.against_first["half"].document["lift"]["purchases"]["delta_pct"]
    assert [row[1] for row in found.figures.rows] == [row[1] for row in alone.figures.rows]


def test_every_chart_can_be_drawn(run: loyalty.Lived, found: loyalty.Compared) -> None:
    for kind in ("points", "expiry", "lift", "winners", "sales"):
        assert chart_html(run.plot(kind))
    for kind in ("tiers",):
        assert chart_html(found["today"].plot(kind, dark=True))
    for kind in ("differences", "winners", "sales", "points"):
        assert chart_html(found.plot(kind))
    assert chart_html(loyalty.liability(run, draws=0).plot("roll_forward"))


def test_another_language_is_that_of_tables_and_charts(chinese: None) -> None:
    run = loyalty.simulate("mos_burger", members=20, years=1, engine="agents")
    assert run.figures.heads[0] == "指標" and run.figures.columns[0] == "figure"
    assert "推估" in run.note and "摩斯" in run.figures.title
    with pytest.raises(BadInput, match="zh-Hant"):
        loyalty.speak("zh-Han")


# --- tables ----------------------------------------------------------------------------------------------------------
def test_a_table_becomes_a_frame_with_its_units() -> None:
    table = Table(
        "Sales",
        ("month", "sales", "n"),
        ("", "TWD", ""),
        ((date(2025, 1, 1), 1.5, 1), (date(2025, 2, 1), None, 2)),
        "note",
    )
    frame = pytest.importorskip("pandas", reason="pandas is not installed") and table.to_pandas()
    assert frame["n"].tolist() == [1, 2] and frame.attrs["units"]["sales"] == "TWD" and frame.attrs["note"] == "note"
    assert table.to_arrow().schema.field("sales").metadata == {b"unit": b"TWD"}
    assert table["sales"] == [1.5, None] and table[date(2025, 2, 1)]["n"] == 2
    assert next(iter(table)) == {"month": date(2025, 1, 1), "sales": 1.5, "n": 1}
    assert "sales [TWD]" in repr(table) and repr(table).splitlines()[-1] == "note"
    with pytest.raises(KeyError, match="expected a column"):
        table["salse"]


def test_a_table_is_escaped_and_cut_where_it_is_shown() -> None:
    table = Table("<b>", ("name",), ("",), tuple((f"<i>{k}",) for k in range(MOST_ROWS + 3)))
    html = table._repr_html_()
    assert "<i>" not in html and "<b>" not in html and "&lt;i&gt;0" in html and "3 more rows" in html


# --- changes and bad input -------------------------------------------------------------------------------------------
def test_a_change_leaves_the_program_as_it_is() -> None:
    program = loyalty.load("mitsui_outlet")
    before = program.model_dump_json()
    later = loyalty.change(program, {"expiry": None})
    assert later.expiry.model == "none" and program.model_dump_json() == before
    with pytest.raises(BadInput, match="monhts"):
        loyalty.change(program, {"expiry": {"monhts": 12}})


def test_a_change_by_path_is_the_change_as_a_scenario_writes_it() -> None:
    program = loyalty.load("eslite")
    lower = loyalty.change(program, {"tiers.levels[gold].enter.spend": 15000})
    assert [None if level.enter is None else int(level.enter.spend or 0) for level in lower.tiers.levels] == [
        None,
        10000,
        15000,
        50000,
    ]
    assert lower == loyalty.change(program, {"tiers.levels[2].enter.spend": 15000})
    other = loyalty.load("mitsui_outlet")
    assert loyalty.change(other, {"redemption.money_off.points": 2}) == loyalty.change(
        other, {"redemption": {"money_off": {"points": 2}}}
    )
    for path, said in (
        ("tiers.levels[gould].enter.spend", "gold"),
        ("tiers.levels[9].enter.spend", "0 to 3"),
        ("tiers..levels", "expected a path"),
    ):
        with pytest.raises(BadInput, match=said):
            loyalty.change(program, {path: 1})


@pytest.mark.parametrize("call, said", [
    (lambda: loyalty.load("mitsui_outlett"), "mitsui_outlet"),
    (lambda: loyalty.simulate("mitsui_outlet", members=0, years=99), "members.*years"),
    (lambda: loyalty.simulate("mitsui_outlet", start="2025-02-30"), "a date that exists"),
    (lambda: loyalty.simulate("mitsui_outlet", population="florasis"), "population"),
    (lambda: loyalty.simulate("mitsui_outlet", baseline="florasis"), "expected a program in TWD"),
    (lambda: loyalty.compare(["mitsui_outlet", "florasis"], members=10), "expected a program in TWD"),
    (lambda: loyalty.compare("mitsui_outlet"), "expected a scenario"),
    (lambda: loyalty.compare("tier_threshold", assumptions="none"), "stands in the scenario's file"),
    (lambda: loyalty.compare({}), "at least one program"),
])  # fmt: skip
def test_bad_input_is_named(call: Any, said: str) -> None:
    with pytest.raises(BadInput, match=re.compile(said, re.DOTALL)):
        call()


def test_bad_input_of_results_is_named(run: loyalty.Lived, found: loyalty.Compared, tmp_path: Path) -> None:
    for call, said in (
        (lambda: run.plot("tears"), "tiers"), (lambda: run.table("triangel"), "triangle"), (lambda: run.plot("moves"), "with tiers"),
        (lambda: found.plot("winners", program="third"), "half"), (lambda: found["third"], "today"),
        (lambda: loyalty.liability(run, valuation="2027-12-30"), "month"), (lambda: loyalty.liability(run, valuation="2031-12-31"), "2027"),
        (lambda: loyalty.save(run.plot(), tmp_path / "chart.png"), "html"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=said):
            call()
    assert list(tmp_path.iterdir()) == []


def asks_others(html: str) -> bool:
    """Whether a page loads anything: outside its scripts, whose library names hosts that it does not ask."""
    return bool(re.search("src=|href=", re.sub(r"(?s)(<script[^>]*>).*?</script>", r"\1", html)))


# --- files and notebooks ---------------------------------------------------------------------------------------------
def test_a_saved_chart_asks_no_host_for_anything(run: loyalty.Lived, tmp_path: Path) -> None:
    file = loyalty.save(run.plot("lift"), tmp_path / "lift.html", "提升")
    text = file.read_text("utf-8")
    assert "<title>提升</title>" in text
    assert "Bokeh" in text and not asks_others(text) and not asks_others(script_html())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stored_without_outputs(path: Path) -> None:
    book = json.loads(path.read_text("utf-8"))
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert code and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert path.stat().st_size < 20_000
    assert code_of(path)[0].startswith("from apps import notebook as loyalty")


def test_there_is_a_notebook_for_each_kind_of_user() -> None:
    page = (ROOT / "docs/notebooks.md").read_text("utf-8")
    assert len(NOTEBOOKS) == 3 and all(f"`{path.name}`" in page for path in NOTEBOOKS)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run_from_a_clean_kernel(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell runs; charts come out as figures and tables with their notes; nothing names another host; what came out is small."""
    nbformat, nbclient = (
        pytest.importorskip("nbformat"),
        pytest.importorskip("nbclient", reason="nbclient is not installed"),
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    book = nbformat.read(path, 4)
    nbclient.NotebookClient(
        book, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    shown = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.output_type == "error"]
    html = [output["data"]["text/html"] for output in shown if "text/html" in output.get("data", {})]
    assert sum('data-root-id="' in each for each in html) >= 3, "charts"
    assert any("PROJECTION" in each for each in html), "tables"
    assert not [each for each in html if asks_others(each)]
    assert len(nbformat.writes(book)) < 2_500_000
