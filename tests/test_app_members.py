"""The Members page: what it shows as plain data, what becomes of a log that is sent, and the page itself in a browser."""

import csv
import gzip
import io
import json
import re
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

pytest.importorskip("panel", reason="the extra `app` is not installed")
pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")

from apps.cli import app
from apps.draft import Draft
from apps.language import language
from apps.member_log import (
    EarlyWarning,
    Looked,
    MemberLog,
    as_csv,
    fitted,
    life_of,
    looked,
    named_rows,
    replayed,
    segments_table,
    simulated_log,
    warned,
)
from apps.records import LARGEST, Shelf
from apps.runs import Cancelled, Ticket
from apps.views import members as view
from apps.views.said import is_known, translated
from tests.app_server import PREVIEW, Window
from workbench.errors import BadInput
from workbench.population.load import read_population
from workbench.yaml_file import parse_mapping

SHOP = Path(__file__).parents[1] / "examples" / "shop_orders.csv"
READY = ".members-state [data-state=full]"
"""The page has done what it was asked; the shell has a chip of its own."""
LANGUAGES = [language("en"), language("zh-Hant")]


@pytest.fixture
def shelf() -> Any:
    found = Shelf()
    yield found
    found.close()


@pytest.fixture(scope="module")
def log() -> Any:
    shelf = Shelf()
    kept = shelf.keep("shop_orders.csv", SHOP.read_bytes())
    yield MemberLog("log", kept.name, kept.path, kept.sha256)
    shelf.close()


@pytest.fixture(scope="module")
def warning(log: MemberLog) -> EarlyWarning:
    return warned(log, 13, Ticket())


@pytest.fixture(scope="module")
def seen(log: MemberLog) -> Looked:
    return looked(log, Ticket())


# --- files that are sent -------------------------------------------------------------------------------------------------
def parquet(table: pa.Table, **more: Any) -> bytes:
    sink = io.BytesIO()
    pa.parquet.write_table(table, sink, **more)
    return sink.getvalue()


BOMB = gzip.compress(b"member_id,date,event,amount\n" + b"\0" * (300 * 2**20), 9)


@pytest.mark.parametrize(
    "data, said",
    [
        (b"x" * (LARGEST + 1), "at most 32 MB"),
        (BOMB, "256 MB when unpacked"),
        (b"PK\x03\x04whatever", "found a ZIP archive or a spreadsheet"),
        (b"\x1f\x8bnot gzip at all", "a whole gzip file"),
        (b"PAR1 no parquet", "a whole Parquet file"),
    ],
    ids=["large", "bomb", "zip", "no gzip", "no parquet"],
)
def test_what_is_no_log_is_refused_and_not_kept(shelf: Shelf, data: bytes, said: str) -> None:
    with pytest.raises(BadInput) as error:
        shelf.keep("mine.csv", data)
    assert said in str(error.value) and str(error.value).startswith("mine.csv")
    assert not shelf._folder or not list(shelf.folder.iterdir())


def test_a_parquet_bomb_is_refused(shelf: Shelf) -> None:
    bomb = parquet(
        pa.table({"member_id": pa.array(["x" * 1000]).take(pa.array([0] * 400_000))}),
        use_dictionary=False,
        compression="zstd",
    )
    assert len(bomb) < LARGEST
    with pytest.raises(BadInput, match="256 MB when unpacked"):
        shelf.keep("bomb.parquet", bomb)


def test_a_log_with_mistakes_says_every_one_by_its_own_name(shelf: Shelf) -> None:
    kept = shelf.keep(
        "mine.csv",
        b"member_id,date,event,amount\nM1,2024-13-01,purchase,5\nM1,2024-01-02,buy,5\nM1,2024-01-03,purchase,x\n",
    )
    with pytest.raises(BadInput) as error:
        looked(MemberLog("log", kept.name, kept.path, kept.sha256), Ticket())
    assert len(error.value.problems) == 3 and str(error.value).count("mine.csv: row") == 3
    assert str(shelf.folder) not in str(error.value)


def test_the_folder_goes_with_the_window(shelf: Shelf) -> None:
    shelf.keep("mine.csv", SHOP.read_bytes())
    folder = shelf.folder
    shelf.close()
    assert not folder.exists()


# --- what is asked of a log --------------------------------------------------------------------------------------------
def test_the_pages_figures_are_the_commands(seen: Looked) -> None:
    for command, mine in (("segments", seen.segments), ("dashboard", seen.dashboard)):
        done = CliRunner().invoke(app, [command, str(SHOP), "--as-of", "2024-12-30", "--json"])
        assert json.loads(done.stdout) == json.loads(json.dumps(mine))


def test_ids_are_pseudonyms_unless_asked_for(log: MemberLog, warning: EarlyWarning) -> None:
    found = warning
    names = {row["member_id"] for row in found.document(False, "sales")["members"]}
    assert all(name.startswith("m-") for name in names)
    done = CliRunner().invoke(app, ["at-risk", str(SHOP), "--by", "sales", "--json"])
    assert {row["member_id"] for row in json.loads(done.stdout)["members"]} == names
    for data, ids in (
        (found.table(False, "sales"), False), (found.table(True, "sales"), True),
        (segments_table(log, False, Ticket()), False), (segments_table(log, True, Ticket()), True),
    ):  # fmt: skip
        rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines()))
        assert {row["member_id"][:2] == "m-" for row in rows} == {not ids}
        assert data.startswith(b"\xef\xbb\xbf")


def test_no_cell_of_a_file_is_a_formula() -> None:
    data = as_csv({"member_id": ["=1+2", "+A1", "@x", "-5", "fine"], "n": [-1, 2, 3, 4, 5]}).decode("utf-8-sig")
    cells = [row["member_id"] for row in csv.DictReader(data.splitlines())]
    assert cells == ["'=1+2", "'+A1", "'@x", "-5", "fine"]
    assert [row["n"] for row in csv.DictReader(data.splitlines())] == ["-1", "2", "3", "4", "5"]


def test_rows_of_nobody_are_left_out_of_a_replay(log: MemberLog) -> None:
    """The same totals as those of the command on the log without these rows, dropped by hand."""
    named = log.path.with_name("by_hand.csv")
    rows = list(csv.reader(SHOP.read_text("utf-8").splitlines()))
    kept = [
        row
        for row in rows
        if row[0].strip().lower() not in ("", "guest", "null", "unknown", "anonymous", "none", "nan", "n/a", "na", "-")
    ]
    assert len(kept) < len(rows)
    with named.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(kept)
    done = CliRunner().invoke(app, ["replay", "mitsui_outlet", str(named), "--as-of", "2024-12-30", "--json"])
    found = replayed(log, Draft.of("mitsui_outlet").program, Ticket())
    told = json.loads(done.stdout)
    assert (
        found["totals"] == told["totals"]
        and found["refused"] == told["refused"]
        and found["members"] == len(told["members"])
    )
    assert sum(found["tiers"].values()) == found["members"]
    assert named_rows(log).name.endswith("_named.parquet")


def test_a_members_life_by_pseudonym_and_by_id(log: MemberLog, warning: EarlyWarning) -> None:
    program = Draft.of("mitsui_outlet").program
    first, real = (warning.document(ids, "sales")["members"][0]["member_id"] for ids in (False, True))
    one, other = life_of(log, program, first, Ticket()), life_of(log, program, real, Ticket())
    assert one == other and one["member"] == real and one["timeline"]
    with pytest.raises(BadInput, match="expected a member"):
        life_of(log, program, "m-0000000000000000", Ticket())


def test_a_calibrated_population_becomes_the_drafts(log: MemberLog) -> None:
    """What the draft then simulates is the population of the file, field by field."""
    from dataclasses import replace

    from apps.draft import patch_between
    from workbench.population.load import load_population
    from workbench.population.spec import in_currency

    draft = Draft.of("mitsui_outlet")
    found = fitted(log, "TWD", Ticket())
    mine = read_population(parse_mapping(found.text, "x")[0])
    shipped = in_currency(load_population(draft.population), "TWD")
    changes = patch_between(*(each.model_dump(mode="json", by_alias=True) for each in (shipped, mine)))
    changed = replace(draft, population_changes=changes).checked()
    assert changed.people.model_dump() == mine.model_dump() != draft.people.model_dump()


def test_simulated_members_are_a_log_too(tmp_path: Path) -> None:
    draft = Draft.of("mitsui_outlet")
    scenario = draft.question(PREVIEW).scenario()
    log = simulated_log(scenario, tmp_path / "simulated.csv", Ticket())
    found = looked(log, Ticket())
    rows = list(csv.DictReader(log.path.read_text("utf-8").splitlines()))
    assert found.segments["customers"] == len({row["member_id"] for row in rows}) <= PREVIEW
    life = life_of(log, draft.program, rows[0]["member_id"], Ticket())
    bought = [entry for moment in life["timeline"] for entry in moment["entries"] if entry["kind"] == "purchase"]
    mine = [row for row in rows if row["member_id"] == rows[0]["member_id"]]
    assert [float(entry["money"]) for entry in bought] == [float(row["amount"]) for row in mine]
    with pytest.raises(BadInput, match="expected the number"):
        life_of(log, draft.program, "x", Ticket())


def test_work_that_nobody_waits_for_ends(log: MemberLog) -> None:
    ticket = Ticket()
    ticket.cancel()
    for work in (lambda: looked(log, ticket), lambda: warned(log, 13, ticket), lambda: fitted(log, "TWD", ticket)):
        with pytest.raises(Cancelled):
            work()


# --- plain data ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("say", LANGUAGES, ids=lambda say: say.tag)
def test_rows_and_sentences(seen: Looked, warning: EarlyWarning, say: Any) -> None:
    found, document = seen, warning.document(False, "sales")
    customers, sales = view.segment_shares(found.segments)
    assert sum(customers) == pytest.approx(100, abs=0.1) and sum(sales) == pytest.approx(100)
    names, moves, sentence = view.moves(found.segments, say)
    assert len(names) == 4 and sum(map(sum, moves)) + found.segments["migration"]["new"] == 420
    assert "175" in sentence
    _days, groups, counts = view.groups_over_time(found.segments, say)
    assert len(groups) == 4 and all(
        sum(row) == sum(each["customers"].values()) for row, each in zip(counts, found.segments["series"], strict=True)
    )
    tables = [
        view.segment_rows(found.segments, "TWD", say), view.ranking_rows(document, say), view.list_rows(document, "TWD", say),
        *view.people_rows(found.dashboard, say),
    ]  # fmt: skip
    for each in tables:
        assert each is not None and all(len(row) == len(each.header) for row in each.rows)
    months, series = view.by_month(found.dashboard, say)
    assert len(months) == 12 and all(len(each.values) == 12 for each in series)
    assert "0.096" in view.verdict(document, say) and len(view.reliability_bins(document)) == 10
    texts = [
        view.segments_sentence(found.segments, say),
        view.warning_sentence(document, say),
        view.verdict(document, say),
        sentence,
    ]
    chinese = sum("\u4e00" <= letter <= "\u9fff" for text in texts for letter in text)
    assert (chinese > 60) is say.chinese


def test_whichever_list_wins_it_is_said(warning: EarlyWarning) -> None:
    say = LANGUAGES[0]
    document = warning.document(False, "sales")
    told = {
        "model": "The model's list orders better",
        "longest_silence": "The longest silence first orders better",
        "neither": "cannot be told",
    }
    for better, said in told.items():
        document["judged"]["model_less"]["longest_silence"]["better"] = better
        assert said in view.verdict(document, say)
    document["judged"] = None
    assert "too short" in view.verdict(document, say)
    assert (
        view.ranking_rows(document, say) is None
        and view.reliability_bins(document) == []
        and view.warning_figures(document, say) == []
    )


@pytest.mark.parametrize("say", LANGUAGES, ids=lambda say: say.tag)
def test_every_entry_of_a_life_has_its_reason(log: MemberLog, warning: EarlyWarning, say: Any) -> None:
    program = Draft.of("mitsui_outlet").program
    member = warning.document(False, "sales")["members"][0]["member_id"]
    life = life_of(log, program, member, Ticket())
    rows = view.life_rows(life, "TWD", say)
    assert len(rows.rows) == sum(len(moment["entries"]) for moment in life["timeline"])
    assert all(row[4] for row in rows.rows)
    held = [int(row[3].replace(",", "")) for row in rows.rows]
    assert held[0] == life["state"]["balance"] + life["state"]["pending"]
    few = view.life_rows(life, "TWD", say, most=3)
    assert len(few.rows) == 3 and str(len(rows.rows)) in few.caption


@pytest.mark.parametrize("name", ["shop_orders.csv", "mos_orders.csv"])
def test_what_is_odd_about_a_log_is_said_in_chinese_too(name: str) -> None:
    """Every note of a calibration and of an early warning has its template, with the same figures in it."""
    path = SHOP.with_name(name)
    log = MemberLog("log", name, path, "00")
    notes = [*fitted(log, "TWD", Ticket()).document["warnings"], *warned(log, 13, Ticket()).found.warnings]
    assert len(notes) >= 3
    for note in notes:
        chinese = translated(note, LANGUAGES[1])
        assert is_known(note) and chinese != note
        assert all(figure in chinese for figure in re.findall(r"\d[\d,.]*\d", note)), (note, chinese)


def test_where_nobody_leaves_the_list_has_no_sales_at_risk() -> None:
    """MOS Burger's eight members do not tell who leaves: then nothing is at risk, and the page begins with who is likeliest to buy nothing."""
    log = MemberLog("log", "mos_orders.csv", SHOP.with_name("mos_orders.csv"), "00")
    found = warned(log, 13, Ticket())
    assert not found.any_at_risk and "no sales are at risk" in " ".join(found.found.warnings)


# --- in a browser ------------------------------------------------------------------------------------------------------------
def opened(browser: Any, url: str, **more: Any) -> Window:
    window = Window(browser, url, page="members", **more)
    window.page.wait_for_selector(READY)
    return window


def send(window: Window, *files: Any) -> None:
    window.page.locator("input[type=file]").set_input_files(*files)


def settled(window: Window) -> None:
    window.page.wait_for_selector("[data-basis=estimate]")
    window.page.wait_for_selector(READY)


def at_tab(window: Window, name: str) -> None:
    window.page.locator(f"[data-tab={name}]").click()
    window.page.wait_for_selector(f"[data-tab={name}][aria-selected=true]")


@pytest.mark.browser
@pytest.mark.parametrize("tag, width", [("en", 1440), ("zh-Hant", 390)])
def test_a_log_is_sent_and_looked_at(server: str, browser: Any, tag: str, width: int) -> None:
    window = opened(browser, server, tag=tag, width=width)
    assert "PROJECTION" in window.text or "預測" in window.text
    send(window, SHOP)
    settled(window)
    heads = {"en": ("How are our members doing?", "Who is worth what?", "Who is about to stay away?", "One member's life", "Simulate with your own customers"),
             "zh-Hant": ("我們的會員現況如何", "誰最有價值", "誰可能不再來", "單一會員歷程", "以自己的顧客模擬")}[tag]  # fmt: skip
    for tab, head in zip(("overview", "segments", "warning", "life", "fit"), heads, strict=True):
        at_tab(window, tab)
        window.says("h2", head)
        window.page.wait_for_selector(READY)
        window.page.wait_for_timeout(300)
        window.clean()
    assert "C0" not in window.page.locator("body").inner_text()
    window.close()


@pytest.mark.slow
@pytest.mark.browser
def test_lists_are_saved_with_pseudonyms_or_with_ids(server: str, browser: Any) -> None:
    window = opened(browser, server)
    send(window, SHOP)
    settled(window)
    at_tab(window, "warning")
    window.says("h2", "How often is such a list right?")
    for shown in (False, True):
        with window.page.expect_download() as download:
            window.page.get_by_role("button", name="The whole list as CSV").click()
        rows = list(csv.DictReader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
        assert len(rows) == 200 and {row["member_id"].startswith("m-") for row in rows} == {not shown}
        if not shown:
            window.page.get_by_role("button", name="Show real ids").click()
            window.says(".whose", "Real ids are shown")
    at_tab(window, "segments")
    with window.page.expect_download() as download:
        window.page.get_by_role("button", name="All members as CSV").click()
    assert len(Path(download.value.path()).read_text("utf-8-sig").splitlines()) == 421
    window.clean()
    window.close()


@pytest.mark.slow
@pytest.mark.browser
def test_a_member_is_looked_up_and_a_log_calibrated(server: str, browser: Any) -> None:
    window = opened(browser, server)
    send(window, SHOP)
    settled(window)
    at_tab(window, "life")
    window.page.wait_for_function("document.readyState === 'complete'")
    window.page.locator("select[name=choice] option").nth(1).wait_for(state="attached")
    window.page.locator("select[name=choice]").select_option(index=1)
    window.says("caption", "entries, the latest first")
    window.page.locator("input[name=typed]").fill("nobody")
    window.page.locator("input[name=typed]").press("Enter")
    window.says(".problem", "expected a member")
    at_tab(window, "fit")
    window.page.get_by_role("button", name="Calibrate on this log").click()
    window.says("caption", "What the log says")
    window.page.get_by_role("button", name="Use for the draft").click()
    window.says(".notice", "now simulates with the customers of your log")
    window.page.get_by_role("button", name="Replay this log").click()
    window.says("caption", "Points at the end of")
    window.page.wait_for_timeout(300)
    assert "&x=" in window.page.url  # the link holds the customers
    window.page.get_by_role("button", name="Undo", exact=True).click()
    window.page.wait_for_function("!location.search.includes('&x=')")
    window.says("caption", "Points at the end of")
    window.go("design")
    window.says(".lever-expiry .now", "12 months")
    window.page.locator(".lever-expiry input[type=range]").focus()
    window.page.keyboard.press("ArrowLeft")
    window.says(".lever-expiry .now", "11 months")
    window.go("members")  # other rules: what was replayed under the first is gone
    window.says("h2", "Your log under this program")
    window.page.locator("caption", has_text="Points at the end of").wait_for(state="detached")
    window.clean()
    window.close()


@pytest.mark.browser
def test_work_is_cancelled_and_begun_again(server: str, browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading dawdles until it is cancelled: the page says how far it is, ends it at once, and reads again when asked."""
    window = opened(browser, server)
    ended = threading.Event()

    def dawdle(_log: MemberLog, ticket: Ticket) -> Looked:
        step = ticket.part(0, 10)
        try:
            while True:
                step(3, 10)
                time.sleep(0.05)
        except Cancelled:
            ended.set()
            raise

    with monkeypatch.context() as patched:
        patched.setattr("apps.pages.members.looked", dawdle)
        send(window, SHOP)
        window.says(".members-state", "Reading the log")
        window.page.locator("progress[value='3'][max='10']").wait_for()
        window.page.get_by_role("button", name="Cancel").click()
        window.says(".members-state", "Nothing read yet")
        assert ended.wait(5)
    window.page.get_by_role("button", name="Read again").click()
    settled(window)
    window.says("h2", "How are our members doing?")
    window.clean()
    window.close()


@pytest.mark.browser
def test_bad_files_are_refused_and_nothing_is_lost(server: str, browser: Any, tmp_path: Path) -> None:
    large, bomb, wrong = tmp_path / "large.csv", tmp_path / "bomb.csv.gz", tmp_path / "wrong.csv"
    with large.open("wb") as file:
        file.truncate(200 * 2**20)
    bomb.write_bytes(BOMB)
    wrong.write_text("member_id,date,event,amount\nM1,2024-13-01,purchase,5\nM1,2024-01-02,buy,5\n", "utf-8")
    window = opened(browser, server)
    send(window, SHOP)
    settled(window)
    for file, said in ((large, "200 MB are more than the 32 MB"), (bomb, "256 MB when unpacked")):
        send(window, file)
        window.says("[role=alert]", said)
        assert "shop_orders.csv" in window.text
    send(window, wrong)
    window.says("[role=alert]", "wrong.csv: row 1 (line 2)")
    window.says("[role=alert]", "wrong.csv: row 2 (line 3)")
    send(window, SHOP)
    settled(window)
    window.says("h2", "How are our members doing?")
    window.page.get_by_role("button", name="Back to simulated members").click()
    window.page.wait_for_selector("[data-basis=projection]")
    window.page.wait_for_selector(READY)
    window.clean()
    window.close()


@pytest.mark.slow
@pytest.mark.browser
def test_nothing_seriously_inaccessible(server: str, browser: Any) -> None:
    window = opened(browser, server)
    send(window, SHOP)
    settled(window)
    for tab in ("overview", "segments", "warning", "life", "fit"):
        at_tab(window, tab)
        window.page.wait_for_timeout(500)
        window.page.wait_for_selector(READY)
        assert window.serious() == set(), tab
    window.close()
