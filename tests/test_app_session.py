"""A session without a browser: drafts, addresses, the workspace, undo, jobs, the editor, kept runs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.draft import Draft, patch_between
from apps.link import LONGEST, Place, decode, encode
from apps.runs import Precedence, Service, Settings, Ticket
from apps.saved_runs import keep_run, kept_runs
from apps.session import Session
from apps.workspace import Conflict, Workspace
from apps.yaml_text import program_of, retold
from workbench.errors import BadInput
from workbench.program.load import find_program, library, load_program, program_from_mapping
from workbench.program.patch import merged

ROOT = Path(__file__).resolve().parents[1]


class Desk:
    """A session whose own thread is the test's: what other threads post waits until ``settle``."""

    def __init__(self, folder: Path, workspace: Workspace | None = None, **settings: Any) -> None:
        self.calls: Queue[Callable[[], None]] = Queue()
        sizes = {"preview": 40, "full": 60, "years": 1, "compiled": False} | settings
        self.service = Service(Settings(**sizes))
        self.session = Session(self.service, workspace or Workspace(folder), self.calls.put, page="design")

    def settle(self, until: Callable[[], bool], seconds: float = 60) -> None:
        """Do what was posted until something holds."""
        end = time.monotonic() + seconds
        while not until() and time.monotonic() < end:
            try:
                self.calls.get(timeout=0.05)()
            except Empty:
                continue
        assert until()


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    found = Desk(tmp_path / "work")
    yield found
    found.session.close()
    found.service.close()


def with_months(draft: Draft, months: int) -> Draft:
    mapping = draft.mapping
    mapping["expiry"]["months"] = months
    return draft.with_program(program_from_mapping(mapping))


# --- patches and addresses -------------------------------------------------------------------------------------------
PLAIN = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=2),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from("abc"), inside, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from("abcd"), PLAIN, max_size=4)


def written(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@given(MAPPINGS, MAPPINGS)
@settings(deadline=None)
def test_a_patch_leads_from_one_mapping_to_another(one: dict[str, Any], other: dict[str, Any]) -> None:
    """By the independent merge of scenario files and versions; JSON tells true from 1."""
    assert written(merged(one, patch_between(one, other))) == written(other)
    assert patch_between(one, one) == {}


def nowhere() -> Place:
    return Place("start", Draft.of("mos_burger"))


@pytest.mark.parametrize("slug", library())
def test_every_program_of_the_library_comes_back_from_its_address(slug: str) -> None:
    place = Place("compare", Draft.of(slug, seed=7, years=2), "zh-Hant")
    query = encode(place)
    assert decode(query, nowhere) == place
    assert "x=" not in query and len(query) < 250, "what is shipped is named, not sent"


def test_everything_that_is_edited_is_in_the_address() -> None:
    draft = with_months(Draft.of("mitsui_outlet"), 7)
    changed = replace(
        draft,
        baseline=with_months(draft, 9).program,
        baseline_name="",
        assumptions_changes={"tier_pressure": {"strength": 0.0}},
        population_changes={"returns": {"share": 0.1}},
        policy="taiwan",
        compare=("eslite", "global_mall"),
        start=date(2024, 2, 29),
    ).checked()
    again = decode(encode(Place("design", changed)), nowhere).draft
    assert again == changed and again.key() == changed.key() != draft.key()
    assert again.question(10).scenario().digest() == changed.question(10).scenario().digest()
    assert encode(Place("design", again)) == encode(Place("design", changed))


def test_a_program_of_the_workspace_travels_whole() -> None:
    draft = Draft.opened("mine.yaml", with_months(Draft.of("mitsui_outlet"), 7).program)
    again = decode(encode(Place("design", draft)), nowhere).draft
    assert (again.origin, again.program, again.baseline) == ("mine.yaml", draft.program, draft.program)


BAD = [
    ("?program=mitsui_outlett", "expected a program of the library"),
    ("?program=mitsui_outlet&x=%21%21", "cannot be read"),
    ("?program=mitsui_outlet&x=eNqrViopLUgtUrJ", "cannot be read"),
    ("?program=mitsui_outlet&seed=-1", "expected a whole number"),
    ("?program=mitsui_outlet&start=2025-02-30", "expected a day"),
    ("?program=mitsui_outlet&years=99", "expected a whole number from 1 to"),
    ("?program=mitsui_outlet&population=moon", "expected one of"),
    ("?program=mitsui_outlet&population=sephora_us", "expected one of"),
    ("?program=mitsui_outlet&assumptions=wild", "expected one of"),
    ("?program=" + "a" * LONGEST, "expected at most"),
]


@pytest.mark.parametrize("query, message", BAD, ids=[message for _, message in BAD])
def test_an_address_that_is_no_place_says_why(query: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        decode(query, nowhere)


def test_an_address_that_would_unpack_to_a_flood_is_refused() -> None:
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(b"[" * 30_000_000, 9)).decode().rstrip("=")
    assert len(bomb) < LONGEST
    with pytest.raises(BadInput, match=r"was not made by this version|cannot be read"):
        decode(f"?program=mitsui_outlet&x={bomb}", nowhere)


# --- the workspace ---------------------------------------------------------------------------------------------------
def test_a_workspace_is_made_when_something_is_saved(tmp_path: Path) -> None:
    work = Workspace(tmp_path / "deep" / "work")
    assert work.names("programs") == [] and not work.root.exists()
    saved = work.save("programs", "a.yaml", b"x: 1\n")
    assert work.read("programs", "a.yaml") == (b"x: 1\n", saved)
    assert (tmp_path / "deep/work/programs/a.yaml").read_bytes() == b"x: 1\n"
    assert [each.name for each in work.listed("programs")] == ["a.yaml"]


@pytest.mark.parametrize("name", ["../x.yaml", "a/b.yaml", ".hidden", "", "a\0b", "x" * 200, "-x"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="expected a name of letters"):
        Workspace(tmp_path).save("programs", name, b"")


def test_the_second_of_two_who_edit_a_file_is_told(tmp_path: Path) -> None:
    work = Workspace(tmp_path)
    first = work.save("programs", "a.yaml", b"1")
    mine = work.save("programs", "a.yaml", b"2", since=first.digest)
    with pytest.raises(Conflict):
        work.save("programs", "a.yaml", b"3", since=first.digest)
    with pytest.raises(Conflict):
        work.save("programs", "a.yaml", b"3")
    assert work.read("programs", "a.yaml")[0] == b"2"
    assert work.save("programs", "a.yaml", b"3", since=mine.digest).size == 1


def test_a_kill_while_saving_loses_nothing(tmp_path: Path) -> None:
    """A process saves two large texts in turn until it is killed; whatever stands there is one of them, whole."""
    code = (
        "import sys; from pathlib import Path; from apps.workspace import Workspace\n"
        "work, digest = Workspace(Path(sys.argv[1])), None\n"
        "for k in range(10**9):\n"
        "    digest = work.save('programs', 'a.yaml', bytes([97 + k % 2]) * 900_000, since=digest).digest\n"
        "    if k == 0: print('ready', flush=True)\n"
    )
    for wait in (0.0, 0.013, 0.037):
        folder = tmp_path / str(wait)
        child = subprocess.Popen([sys.executable, "-c", code, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        time.sleep(wait)
        os.kill(child.pid, signal.SIGKILL)
        child.wait(10)
        child.stdout.close()
        data = Workspace(folder).read("programs", "a.yaml")[0]
        assert len(data) == 900_000 and len(set(data)) == 1


# --- undo ------------------------------------------------------------------------------------------------------------
def test_undo_and_redo(desk: Desk) -> None:
    session = desk.session
    first = session.draft
    assert not session.can_undo and not session.can_redo
    for months in (11, 10, 9):
        session.change(with_months(first, months))
    session.undo()
    session.undo()
    assert session.draft == with_months(first, 11) and session.can_redo
    session.redo()
    assert session.draft == with_months(first, 10)
    session.change(with_months(first, 5))
    assert not session.can_redo, "a new branch"
    session.undo()
    assert session.draft == with_months(first, 10)


def test_one_drag_is_one_step(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.session.ONE_GESTURE", 60.0)  # a busy machine drags slowly
    session, first = desk.session, desk.session.draft
    for months in (11, 10, 9):
        session.change(with_months(first, months), key="lever:expiry.months")
    session.undo()
    assert session.draft == first


def test_what_cannot_be_run_changes_nothing(desk: Desk) -> None:
    session, first = desk.session, desk.session.draft
    heard: list[str] = []
    session.listen(heard.append)
    with pytest.raises(BadInput, match="years"):
        session.change(replace(first, years=0))
    with pytest.raises(BadInput, match=r"assumptions\.tier_pressure\.strength"):
        session.change(replace(first, assumptions_changes={"tier_pressure": {"strength": 9}}))
    with pytest.raises(BadInput, match="expected a population in TWD"):
        session.change(replace(first, population="beauty_usd"))
    assert session.draft is first and heard == []


# --- answers and jobs ------------------------------------------------------------------------------------------------
def test_answers_come_better_and_better(desk: Desk) -> None:
    session = desk.session
    seen: list[int] = []
    session.listen(
        lambda kind: seen.append(session.answer.question.members) if kind == "answer" and session.answer else None
    )
    session.answers.ask()
    desk.settle(lambda: session.answers.state == "full")
    assert seen[0] == 40 and seen[-1] == 60 and session.answer is not None and session.answer.full
    session.change(with_months(session.draft, 6))
    assert session.answers.state == "stale"
    desk.settle(lambda: session.answers.state == "full")
    assert session.answer.question.program == session.draft.program
    assert session.answer.found.now is not session.answer.found.shipped


def test_an_answer_that_was_given_is_there_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "work", compiled=True, preview=40, middle=60, full=80)
    session = desk.session
    try:
        session.answers.ask()
        desk.settle(lambda: session.answers.state == "full")
        first = session.answer
        session.change(with_months(session.draft, 6))
        assert session.answers.state == "stale", "nobody asked this before"
        desk.settle(lambda: session.answers.state == "full")
        session.undo()
        assert session.answers.state == "full" and session.answer is not None and first is not None
        assert session.answer.found is first.found
        other = Session(desk.service, session.workspace, desk.calls.put, page="design")
        other.answers.ask()
        assert other.answers.state == "full", "of another session too"
        other.close()
    finally:
        session.close()
        desk.service.close()


def test_an_answer_that_was_forgotten_and_found_again_can_be_told_from_the_first(tmp_path: Path) -> None:
    found: list[Any] = []
    for name in ("one", "two"):
        desk = Desk(tmp_path / name, compiled=True, preview=40, middle=60, full=80)
        desk.session.answers.ask()
        desk.settle(lambda desk=desk: desk.session.answers.state == "full")
        found.append(desk.session.answer)
        desk.session.close()
        desk.service.close()
    one, two = found
    assert one.question == two.question and one.found is not two.found
    assert (one, "en") != (two, "en") and (one, "en") == (one, "en"), "pages compare what they show with what there is"


def test_longer_runs_give_way_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.runs.PATIENCE", 0.3)
    precedence = Precedence()
    give_way = precedence.longer()
    began = time.monotonic()
    give_way()
    assert time.monotonic() - began < 0.2, "nothing is under way"
    with precedence.first(), precedence.first():
        began = time.monotonic()
        for _ in range(50):
            give_way()
        assert 0.3 <= time.monotonic() - began < 5, "it waits, and then no more"
    monkeypatch.setattr("apps.runs.PATIENCE", 60)
    patient = precedence.longer()
    with precedence.first():
        waiting = Thread(target=patient, daemon=True)
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
    waiting.join(20)
    assert not waiting.is_alive(), "it goes on when the others are done"


def test_a_changed_assumption_has_a_ghost_of_its_own(desk: Desk) -> None:
    session = desk.session
    session.change(replace(session.draft, population_changes={"joining": {"share": 0.5}}))
    desk.settle(lambda: session.answers.state == "full")
    answer = session.answer
    assert answer is not None and answer.shipped_world is not None
    assert answer.found.now is answer.found.shipped, "no rule was changed"
    points = [each.document["points"]["outstanding"] for each in (answer.found.shipped, answer.shipped_world)]
    assert points[0] < points[1], "half as likely to join: fewer points"


def test_the_newest_job_of_a_name_wins(desk: Desk) -> None:
    session, told = desk.session, []

    def work(name: str) -> Callable[[Ticket], str]:
        def live(ticket: Ticket) -> str:
            for step in range(20):
                ticket.part(0, 20)(step, 20)
                time.sleep(0.005)
            return name

        return live

    def hear(future: Future[str]) -> None:
        told.append(future.result())

    for name in "abc":
        session.job("long", work(name), hear)
    desk.settle(lambda: told == ["c"])
    assert session.ticket("long") is None and not session.busy


def test_a_cancelled_job_tells_nothing(desk: Desk) -> None:
    session, told = desk.session, []

    def live(ticket: Ticket) -> None:
        while True:
            ticket.part(0, 2)(1, 2)
            time.sleep(0.005)

    session.job("endless", live, told.append, progress=lambda done, total: told.append((done, total)))
    desk.settle(lambda: session.tick() or bool(told))
    assert set(told) == {(1, 2)}
    session.cancel("endless")
    assert not session.busy
    time.sleep(0.1)
    while not desk.calls.empty():
        desk.calls.get()()
    session.tick()
    assert set(told) == {(1, 2)}


# --- the editor ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slug", library())
def test_a_text_keeps_its_comments_when_its_program_changes(slug: str) -> None:
    text = find_program(slug).read_text("utf-8")
    program = load_program(slug).model_copy(update={"title": "Another title"})
    told = retold(text, program)
    assert program_of(told)[0] == program
    before, after = text.splitlines(), told.splitlines()
    assert len(before) == len(after)
    assert [new for old, new in zip(before, after, strict=True) if old != new] == ["title: Another title"]
    assert retold(text, load_program(slug)) == text


def test_text_form_and_draft_follow_each_other(desk: Desk) -> None:
    session, editor = desk.session, desk.session.editor
    editor.typed(editor.text.replace("months: 12", "months: 8"))
    assert session.draft.mapping["expiry"]["months"] == 8
    editor.edited({"do": "set", "path": ["expiry", "months"], "text": "7"})
    assert "months: 7" in editor.text and editor.text.startswith("# Mitsui Outlet Park")
    assert editor.moved(("expiry", "months"), 6) == []
    assert "months: 6" in editor.text and editor.mapping is not None and editor.mapping["expiry"]["months"] == 6
    session.undo()
    assert "months: 7" in editor.text
    assert [each.message for each in editor.moved(("expiry", "months"), 0)] == ["expected at least 1"]
    assert "months: 7" in editor.text and editor.valid


def test_what_is_not_valid_waits_and_is_not_lost(desk: Desk) -> None:
    session, editor, first = desk.session, desk.session.editor, desk.session.draft
    editor.typed("title: [")
    assert session.draft is first and session.problems == 1 and editor.mapping is None
    editor.give_up()
    assert editor.valid and session.problems == 0 and editor.bring_back == "title: ["
    editor.edited({"do": "set", "path": ["expiry", "months"], "text": "0"})
    assert session.draft is first and [each.path for each in editor.problems] == ["expiry.months"]
    assert editor.problems[0].line == 1 + editor.text.splitlines().index(
        next(x for x in editor.text.splitlines() if "months: 0" in x)
    )
    editor.edited({"do": "set", "path": ["title"], "text": "Both edits"})
    assert not editor.valid, "one of two is still wrong"
    editor.edited({"do": "set", "path": ["expiry", "months"], "text": "9"})
    assert editor.valid and session.draft.program.title == "Both edits"
    assert session.draft.mapping["expiry"]["months"] == 9


def test_two_tabs_edit_one_program(tmp_path: Path) -> None:
    work = Workspace(tmp_path)
    one, two = Desk(tmp_path, work), Desk(tmp_path, work)
    one.session.editor.save("ours")
    two.session.editor.open("ours.yaml")
    one.session.editor.moved(("expiry", "months"), 6)
    two.session.editor.moved(("expiry", "months"), 5)
    one.session.editor.save("ours.yaml")
    two.settle(lambda: two.session.editor.conflict == "ours.yaml")
    assert two.session.notice is not None and "ours.yaml was saved elsewhere" in two.session.notice[0]
    with pytest.raises(Conflict):
        two.session.editor.save("ours.yaml")
    assert "months: 6" in work.read("programs", "ours.yaml")[0].decode(), "nothing was overwritten"
    assert two.session.draft.mapping["expiry"]["months"] == 5, "and nothing lost"
    two.session.editor.save("theirs.yaml")
    assert two.session.draft.origin == "theirs.yaml"
    two.session.editor.open("ours.yaml")
    assert two.session.draft.mapping["expiry"]["months"] == 6
    for each in (one, two):
        each.session.close()
        each.service.close()


def test_a_file_that_is_no_program_yet_is_opened_as_text(desk: Desk) -> None:
    session = desk.session
    session.workspace.save("programs", "half.yaml", b"title: Half a program\n")
    program = session.draft.program
    session.editor.open("half.yaml")
    assert session.editor.text == "title: Half a program\n" and session.draft.program == program
    assert {each.path for each in session.editor.problems} >= {"schema", "currency"}
    assert "half.yaml" not in session.programs()


# --- kept runs -------------------------------------------------------------------------------------------------------
def test_a_kept_run_survives(desk: Desk) -> None:
    session = desk.session
    session.change(with_months(session.draft, 6))
    desk.settle(lambda: session.answers.state == "full")
    assert session.answer is not None
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    name = keep_run(session.workspace, session.draft, session.answer, when)
    again = keep_run(session.workspace, session.draft, session.answer, when)
    assert name == again == "20260102-030405-mitsui_outlet_changed.json", "the same run is kept once"
    session.workspace.save("runs", "other.json", b"[]")
    found = kept_runs(Workspace(session.workspace.root))
    assert len(found) == 1 and found[0].members == 60 and found[0].changes == 1
    assert found[0].title_zh == session.draft.program.title_zh
    assert found[0].draft(nowhere) == session.draft
    assert found[0].figures["cost"].value == session.answer.found.now.document["economics"]["cost_pct_of_sales"]
