"""The Finance page without a browser: what it says ties to the ledger, to Example 52, and to the command line, to the byte."""

import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("holoviews", reason="the extra `app` is not installed")

from apps.cli import app
from apps.desk import Desk
from apps.language import AppLanguage, language
from apps.records import LARGEST, LARGEST_PLAIN, Shelf
from apps.runs import Cancelled, Ticket
from apps.valuing import Read, Valued, back_tested, bounds_of, read, valued, workbook
from apps.views import liability as glance
from apps.views import liability_books as books_view
from apps.views import liability_policy as form
from apps.views import liability_rates as rates
from apps.views.said import is_known, translated
from simulators.simulate import simulate
from workbench.errors import BadInput
from workbench.finance.accounting.close import MONEY, POINTS
from workbench.finance.accounting.policy import Policy, load_policy
from workbench.liability_document import liability_document
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import load_program
from workbench.run_books import Books
from workbench.scenario import Scenario

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
EN = language("en")


def live(scenario: Scenario, progress: Any) -> Any:
    return simulate(scenario, progress, engine="agents")


def scenario(slug: str, **more: Any) -> Scenario:
    program = load_program(slug)
    names = {"program": slug, "baseline": "none", "population": program.population, "assumptions": "central"}
    usual = {"members": 150, "years": 2, "names": names} | more
    return Scenario(program, load_population(program.population), load_assumptions("central"), **usual)


@pytest.fixture(scope="module")
def books() -> Books:
    return Desk().books(scenario("mos_burger"), live)


@pytest.fixture(scope="module")
def found(books: Books) -> Valued:
    """MOS Burger after two years, at which the policy's estimator begins."""
    return valued(books, load_policy("default"), "default", draw=True, members=150, ghost=books)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    made = Shelf()
    yield made
    made.close()


def example_52(shelf: Shelf, day: date | None = None) -> Valued:
    data = (EXAMPLES / "example_52.csv").read_bytes()
    taken = shelf.take("example_52.csv", data, load_program("mos_burger"))
    made = read(taken, load_policy(EXAMPLES / "example_52_policy.yaml"), "example_52_policy.yaml", None, day)
    assert isinstance(made, Valued)
    return made


def cells(table: Any, column: str) -> list[str]:
    place = table.header.index(column)
    return [row[place] for row in table.rows]


# --- Example 52, as printed in the standard ---------------------------------------------------------------------------
def test_example_52_in_a_file(shelf: Shelf) -> None:
    """1,073.29 at the end of the second year, 3,492.92 revenue of it, of which -84.73 catches up; 4,566.21 a year before; deferral 8,675.80."""
    found = example_52(shelf)
    figures = {each.name: each for each in glance.key_figures(found, EN)}
    assert figures["Contract liability"].value == "US$1,073"
    assert figures["Points outstanding"].value == "1,500"
    money = books_view.roll_forward(found, EN, money=True)
    assert money.header == ("Month", "Opening", "Deferred", "Redeemed", "Change of estimate", "Closing")
    assert money.rows == (
        ("Feb 2025", "4,566.21", "0.00", "−3,577.65", "84.73", "1,073.29"),
        ("Jan 2025", "0.00", "8,675.80", "−4,109.59", "0.00", "4,566.21"),
    )
    journal = books_view.journal_table(found, books_view.months_of(found)[0], EN)
    assert journal.rows[-1][3] == journal.rows[-1][4] == "3,662.38"  # 3,577.65 and 84.73
    assert "given with the data" in rates.choice_sentence(found, EN)
    assert glance.basis(found, EN).kind == "ESTIMATE"
    assert "example_52.csv" in glance.basis(found, EN).text
    assert books_view.checks_sentence(found, EN) == "All 16 checks hold."
    assert glance.schedule(found) is None


def test_an_earlier_month_is_found_again(shelf: Shelf) -> None:
    found = example_52(shelf, date(2025, 1, 31))
    assert cells(glance.path_table(found, EN), "Contract liability") == ["4,566.21"]


# --- a simulated run ---------------------------------------------------------------------------------------------------
def test_the_workbook_is_the_command_line_s_to_the_byte(found: Valued, tmp_path: Path) -> None:
    """So is the document, but for where the numbers are shown."""
    out = tmp_path / "cli.xlsx"
    asked = [
        "liability",
        "mos_burger",
        "--members",
        "150",
        "--years",
        "2",
        "--valuation",
        "2026-12-31",
        "--engine",
        "agents",
        "--out",
        str(out),
    ]
    ran = CliRunner().invoke(app, asked)
    assert ran.exit_code == 0, ran.output
    assert workbook(found) == out.read_bytes()


def test_what_is_shown_ties_to_the_document(found: Valued) -> None:
    document = liability_document(found.valuation, found.books.name, found.provenance)
    assert cells(glance.path_table(found, EN), "Contract liability")[0] == f"{document['liability']:,.2f}"
    money = books_view.roll_forward(found, EN, money=True)
    assert cells(money, "Closing") == [f"{row['closing']:,.2f}" for row in reversed(document["roll_forward"]["money"])]
    points = books_view.roll_forward(found, EN, money=False)
    assert cells(points, "Closing")[0] == f"{document['outstanding_points']:,}"
    by_method = document["urr"]["by_method"]
    assert cells(rates.methods_table(found, EN), "Liability") == [
        f"{each['liability']:,.2f}" for each in by_method.values()
    ]
    changes = [each["liability"] for each in (*document["sensitivity"], *document["stress"])]
    assert cells(rates.sensitivity_table(found, EN), "Liability")[1:] == [f"{each:,.2f}" for each in changes]
    assert document["p95"] == found.bounds[found.path.months - 1].high / 100


def test_every_table_foots(found: Valued) -> None:
    """A month by cohort adds up to the month; the year's steps lead from opening to closing; debits are credits."""
    month = books_view.months_of(found)[3]
    table = books_view.cohort_table(found, month, EN)
    whole = found.valuation.close.money[-4].sum(axis=0)
    assert table.rows[-1][table.header.index("Closing")] == f"{whole[-1] / 100:,.2f}"
    for column in ("Opening", "Redeemed", "Closing"):
        parts = [Decimal(each.replace(",", "").replace("−", "-")) for each in cells(table, column)]
        assert sum(parts[:-1]) == parts[-1]
    steps = books_view.year_steps(found, EN)
    assert steps[0].total and steps[-1].total
    assert sum(round(100 * each.amount) for each in steps[:-1]) == round(100 * steps[-1].amount)
    for when in books_view.months_of(found):
        journal = books_view.journal_table(found, when, EN)
        assert journal.rows[-1][3] == journal.rows[-1][4]
        assert all(row[1] and row[2] for row in journal.rows[:-1])


def test_when_it_lapses_is_all_that_is_held(found: Valued) -> None:
    """MOS Burger's points lapse on 31 December two years after: those of 2025 in December 2027, those of 2026 in December 2028."""
    plan = glance.schedule(found)
    assert plan is not None
    close = found.valuation.close
    assert plan.total == int(close.points[-1, :, POINTS.index("closing")].sum())
    assert plan.months == [date(2027, 12, 1), date(2028, 12, 1)]
    held = close.points[-1, :, -1]
    assert plan.points == [int(held[:12].sum()), int(held[12:].sum())]
    table = glance.lapsing_table(found, EN)
    assert table is not None and table.rows[-1][1] == f"{plan.total:,}"


def test_bounds_by_month_and_what_they_are(found: Valued) -> None:
    """23 months of assumption, one of estimate; after drawing there is one interval more for every further estimated month."""
    assert [found.bounds[k].kind for k in range(24)] == ["assumption"] * 23 + ["estimate"]
    lines, marks = glance.path_lines(found, EN)
    assert [line.baseline for line in lines] == [False, False, True]
    assert [mark.at for mark in marks] == [23.0]
    path = [each / 100 for each in found.path.liability]
    assert list(lines[0].values[23:]) + list(lines[1].values[:23]) == [path[23], *path[:23]]
    assert all(each != each for line in (lines[0].values[:23], lines[1].values[23:]) for each in line)
    assert list(lines[2].values) == path  # the baseline is the program itself
    assert "From Dec 2026 on it is estimated" in glance.path_sentence(found, EN)
    policy = load_policy("default")
    early = policy.model_copy(update={"points": policy.points.model_copy(update={"history_months": 22})})
    more = bounds_of(valued(found.books, early, "early.yaml", draw=True, members=150), 1, Ticket())
    assert [each.kind for _, each in sorted(more.bounds.items())] == ["assumption"] * 21 + ["estimate"] * 3
    stopped = Ticket()
    stopped.cancel()
    with pytest.raises(Cancelled):
        bounds_of(valued(found.books, early, "early.yaml", draw=True, members=150), 1, stopped)


def test_a_projection_says_so(found: Valued) -> None:
    said = glance.basis(found, EN)
    assert said.kind == "PROJECTION" and "150 simulated members" in said.text
    figures = glance.key_figures(found, EN)
    assert "for 1,000 members" in " ".join(figures[0].notes)
    assert figures[0].interval.startswith("P5 to P95: ")
    assert [each.unit != "" for each in figures] == [True] * 6


def test_the_triangle_in_shares(found: Valued) -> None:
    """Redeemed at each age over what was issued, nothing beyond the age that is reached."""
    months, table = rates.shares(found.triangle)
    triangle = found.triangle
    assert months[0] == date(2025, 1, 1) and len(months) == 24
    assert table[0, 0] == pytest.approx(100 * triangle.redeemed[0, 0] / triangle.issued[0])
    assert all(table[23 - age, age + 1] != table[23 - age, age + 1] for age in range(table.shape[1] - 1))


def test_what_moves_it(found: Valued) -> None:
    rows = rates.sensitivity_rows(found, EN)
    names = [row.name for row in rows]
    assert names[0] == "Ultimate redemption rate +1 percentage points"
    assert "Method: Chain ladder" in names and "Method: Hazard by age" not in names
    most = max(found.valuation.sensitivity, key=lambda each: abs(each.delta))
    said = rates.sensitivity_sentence(found, EN)
    assert f"{most.text}, by {glance.money(most.delta, 'TWD', EN, signed=True)} (" in said


# --- in both languages -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("tag", ["en", "zh-Hant"])
def test_everything_is_said_in_both(found: Valued, shelf: Shelf, tag: str) -> None:
    say = language(tag)
    for each in (found, example_52(shelf)):
        texts = [
            glance.basis(each, say).text, glance.path_sentence(each, say), glance.lapsing_sentence(each, say), rates.choice_sentence(each, say),
            rates.sensitivity_sentence(each, say), rates.triangle_sentence(each.triangle, say), books_view.checks_sentence(each, say),
        ]  # fmt: skip
        texts += [row.text for row in books_view.check_rows(each, say)]
        assert all(texts)
        if tag != "en":
            assert all(not text.isascii() for text in texts)


def test_no_sentence_of_the_engine_is_unknown(found: Valued) -> None:
    said = [each.text for each in (*found.valuation.sensitivity, *found.valuation.stresses)]
    said += [text for each in found.valuation.checks for text in (each.name, each.text)]
    said += [text for each in found.redemption["methods"].values() for text in (*each["notes"], *each["warnings"])]
    said += found.valuation.warnings
    assert len(said) > 50
    assert [text for text in said if not is_known(text)] == []
    assert translated("Breakage +10 %", language("zh-Hant")) == "未兌換率 +10 %"
    assert translated("something new", language("zh-Hant")) == "something new"


# --- a company's own records -------------------------------------------------------------------------------------------
def test_a_log_is_replayed_through_the_rules(shelf: Shelf) -> None:
    """Of the example log 92 earned = 40 redeemed + 4 expired + 4 reversed + 44 outstanding (README)."""
    data = (EXAMPLES / "mos_orders.csv").read_bytes()
    program = load_program("mos_burger")
    taken = shelf.take("mos_orders.csv", data, program)
    assert (taken.kind, taken.replayed, taken.last_day) == (
        "ledger",
        program.title,
        date(2016, 11, 30),
    )  # the month of its last row
    found = read(taken, load_policy("default"), "default", program)
    assert isinstance(found, Valued)
    assert found.path.points[-1] == 44
    assert "replayed through the rules" in glance.basis(found, EN, taken).text
    plan = glance.schedule(found)
    assert plan is not None and plan.total - int(found.valuation.close.owed[-1]) == 44
    assert found.valuation.sound


def test_a_ledger_gives_what_the_command_line_gives(shelf: Shelf, tmp_path: Path) -> None:
    ledger, out = tmp_path / "ledger.csv.gz", tmp_path / "cli.xlsx"
    orders = str(EXAMPLES / "mos_orders.csv")
    assert (
        CliRunner()
        .invoke(app, ["replay", "mos_burger", orders, "--as-of", "2016-12-31", "--ledger", str(ledger)])
        .exit_code
        == 0
    )
    asked = ["liability", str(ledger), "--program", "mos_burger", "--valuation", "2015-06-30", "--out", str(out)]
    assert CliRunner().invoke(app, asked).exit_code == 0
    program = load_program("mos_burger")
    taken = shelf.take("ledger.csv.gz", ledger.read_bytes(), program)
    found = read(taken, load_policy("default"), "default", program, date(2015, 6, 30), draw=True)
    assert isinstance(found, Valued)
    assert workbook(found) == out.read_bytes()


def test_a_triangle_alone_says_what_comes_back_and_no_money(shelf: Shelf) -> None:
    data = (EXAMPLES / "redemption_triangle.csv").read_bytes()
    taken = shelf.take("triangle.csv", data, load_program("mos_burger"))
    found = read(taken, load_policy("default"), "default", None)
    assert isinstance(found, Read)
    table = rates.methods_table(found, EN)
    assert "Liability" not in table.header and len(table.rows) == 5
    assert glance.basis(found, EN, taken).kind == "ESTIMATE"


@pytest.mark.parametrize(
    "data, said",
    [
        (b"", "the file is empty"),
        (b"a,b,c\n1,2,3\n", "expected the columns of a ledger"),
        (b"PK\x03\x04" + bytes(40), "found a ZIP archive or a spreadsheet"),
        (b"\x1f\x8b\x08\x00garbage", "expected a whole gzip file"),
        (b"PAR1" + bytes(64), "expected a whole Parquet file"),
        (b"cohort,month,issued\n2025-01,2025-01,x\n", "missing column: redeemed"),
        (b"issue_month,issued,0,1\n2024-01,100,200,\n", "expected at most 100 points redeemed"),
        (
            b"member_id,date,kind,points,lot_earned_on,expires_on\nm,2025-01-01,nothing,1,,\n",
            "expected a kind of entry",
        ),
        (b"member_id,date,event,amount\n=cmd(),2025-13-01,purchase,10\n", "date"),
        (b"\xff\xfe\x00cohort", "columns of a ledger"),
        (b"cohort\x00,month\n", "columns of a ledger"),
    ],
)
def test_bad_files_are_refused_by_name(shelf: Shelf, data: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=r"mine\.csv") as refused:
        shelf.take("mine.csv", data, load_program("mos_burger"))
    assert said in str(refused.value)
    assert shelf._folder is None or list(shelf._folder.iterdir()) == []


def test_a_file_that_unpacks_without_end_is_stopped(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.records.LARGEST_PLAIN", 2**22)
    bomb = gzip.compress(bytes(2**23))
    assert len(bomb) < 2**14
    with pytest.raises(BadInput, match="when unpacked"):
        shelf.take("bomb.csv.gz", bomb, load_program("mos_burger"))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", bytes(2**20))
    with pytest.raises(BadInput, match="ZIP archive"):
        shelf.take("bomb.zip", held.getvalue(), load_program("mos_burger"))


def test_a_file_that_is_too_large_is_not_read(shelf: Shelf) -> None:
    with pytest.raises(BadInput, match="at most 32 MB"):
        shelf.take("large.csv", bytes(LARGEST + 1), load_program("mos_burger"))
    assert LARGEST < LARGEST_PLAIN and shelf._folder is None


# --- the policy as a form ----------------------------------------------------------------------------------------------
def policy_field(policy: Policy, *path: str, say: AppLanguage = EN) -> form.Field:
    return next(
        each for group in form.groups(policy, "default", "TWD", say) for each in group.fields if each.path == path
    )


def test_a_share_is_typed_in_per_cent_and_kept_exactly() -> None:
    policy = load_policy("default")
    assert policy_field(policy, "points", "initial_rate", "value").value == "80"
    changed = form.edited(policy, ("points", "initial_rate", "value"), " 85.5 % ", "TWD")
    assert changed.points.initial_rate.value == Decimal("0.855")
    shown = policy_field(changed, "points", "initial_rate", "value")
    assert (shown.value, shown.changed, shown.shipped) == ("85.5", True, "80%")
    assert form.reset(changed, ("points", "initial_rate", "value"), "default") == policy


def test_an_amount_brings_the_program_s_currency() -> None:
    changed = form.edited(load_policy("default"), ("points", "face_value"), "0.1", "TWD")
    assert (changed.points.face_value, changed.currency) == (Decimal("0.1"), "TWD")
    assert form.edited(changed, ("points", "face_value"), "", "TWD").points.face_value is None


@pytest.mark.parametrize(
    "path, text, place",
    [
        (("points", "initial_rate", "value"), "95", "points.initial_rate.value"),
        (("points", "initial_rate", "value"), "many", "points.initial_rate.value"),
        (("points", "initial_rate", "value"), "", "points.initial_rate.value"),
        (("points", "initial_rate", "source"), "", "points.initial_rate.source"),
        (("points", "history_months"), "2.5", "points.history_months"),
        (("points", "history_months"), "0", "points.history_months"),
        (("current_months",), "1e99", "current_months"),
        (("points", "face_value"), "-1", "points.face_value"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(path: tuple[str, ...], text: str, place: str) -> None:
    with pytest.raises(BadInput) as refused:
        form.edited(load_policy("default"), path, text, "TWD")
    assert place in [each.path for each in refused.value.problems]


@pytest.mark.parametrize("name", ["default", "taiwan", "us"])
def test_the_policy_s_file_is_the_policy(name: str, tmp_path: Path) -> None:
    """Also of one that was edited: the command line reads back what the page shows."""
    for policy in (load_policy(name), form.edited(load_policy(name), ("points", "stand_alone_price"), "0.0123", "TWD")):
        path = tmp_path / "policy.yaml"
        path.write_text(form.policy_yaml(policy), encoding="utf-8")
        assert load_policy(path) == policy
    assert form.is_changed(policy, name)


@pytest.mark.parametrize("tag", ["en", "zh-Hant"])
def test_every_field_has_a_name_and_a_meaning(tag: str) -> None:
    fields = [
        each for group in form.groups(load_policy("taiwan"), "default", "TWD", language(tag)) for each in group.fields
    ]
    assert len(fields) == len({each.path for each in fields}) > 25
    assert all(each.label and each.help for each in fields)
    assert {".".join(each.path) for each in fields if each.changed} == {"points.sales_tax", "stored_value.breakage"}


# --- what takes long ---------------------------------------------------------------------------------------------------
def test_the_desk_keeps_few_and_tells_entries_apart() -> None:
    desk, lived = Desk(most=2), []

    def noted(each: Scenario, progress: Any) -> Any:
        lived.append(each.seed)
        return live(each, progress)

    first = scenario("mos_burger", members=5, years=1)
    assert desk.books(first, noted) is desk.books(first, noted)
    assert desk.has(first) and lived == [1]
    assert desk.books(first, noted, entries=False).events is None
    desk.books(replace(first, seed=2), noted)
    assert lived == [1, 1, 2] and not desk.has(first)


@pytest.mark.slow
@pytest.mark.parametrize("tag", ["en", "zh-Hant"])
def test_a_back_test_of_the_program(tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.valuing.BACK_TEST", {"members": 1000, "replications": 3, "draws": 20})
    document = back_tested(scenario("mos_burger"), 60, Ticket())
    table = rates.back_test_table(document, language(tag))
    assert len(table.rows) == 7
    chosen = rates.back_test_sentence(document, language(tag))
    assert str(document["populations"]) in chosen
    assert MONEY
