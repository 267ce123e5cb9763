"""The page on which two to four programs stand side by side, lived by the same members."""

from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from apps import compare_html as html
from apps import fragments
from apps.components import HTML, Button, Row, Select, Viewable, laid_out
from apps.draft import MOST_COMPARED
from apps.pages.compare_parts import BAR, Answers, text
from apps.problems_said import messages_said
from apps.runs import Cancelled, Ticket
from apps.session import Session
from apps.views import compare_said as said
from apps.views.compare import Entry, SideBySide, entries_of, live_side_by_side, others_to_compare
from workbench.errors import BadInput

__all__ = ["ComparePage"]

_PAGE = """
:host { gap: 14px; flex: none !important; height: auto !important; max-height: none !important; width: 100%; max-width: 1440px;
  margin: 0 auto; padding: 14px 20px 40px; box-sizing: border-box; }
:host > * { min-width: 0; }
:host > .scroll-button { display: none; }
@media (max-width: 899px) { :host { padding: 10px 12px 32px; } }
"""
_NEW = ""
"""Value of the choice while nothing is chosen."""


@dataclass(frozen=True)
class Shown:
    """The answer that is on the page, and to which question."""

    key: str
    found: SideBySide
    full: bool


class ComparePage:
    """The draft, its baseline where it differs, and further programs, side by side."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._shown: Shown | None = None
        self._asked, self._failed = "", ""
        self._quiet = False
        self._build()

    # --- what it is made of ---
    def _build(self) -> None:
        self.title, self.left_out, self.state = (text(name) for name in ("title", "left-out", "compare-chip"))
        self.add = Select(width=340, margin=0)
        self.add.param.watch(lambda event: self._add(event.new), "value")
        self.chips = Row(margin=0, stylesheets=[BAR])
        self.run = Button(color="primary", variant="contained", margin=0)
        self.run.on_click(lambda _: self._ask_full())
        self.cancel = Button(color="primary", variant="outlined", margin=0)
        self.cancel.on_click(lambda _: self._cancel())
        self.answers = Answers(self.session.later, self._show_state)
        self.view = laid_out(
            self.title, laid_out(self.chips, self.add, css=BAR), self.left_out,
            laid_out(self.state, self.run, self.cancel, css=BAR), self.answers.view, css=_PAGE,
        )  # fmt: skip

    # --- what is compared ---
    def _entries(self) -> tuple[list[Entry], list[str]]:
        found, problems = entries_of(self.session.draft, self.session.program)
        return found, [said.problem_words(each, self.session.say) for each in problems]

    def _add(self, name: str) -> None:
        if self._quiet or name == _NEW:
            return
        draft = self.session.draft
        self._change(draft.compare + (name,))

    def _remove(self, name: str) -> None:
        self._change(tuple(each for each in self.session.draft.compare if each != name))

    def _change(self, names: tuple[str, ...]) -> None:
        try:
            self.session.change(replace(self.session.draft, compare=names))
        except BadInput as error:
            self.session.tell(messages_said(error, self.session.say).text, "error")

    # --- running ---
    def _key(self) -> str:
        """All that decides the answer: names of files do not, what stands in them does."""
        draft = self.session.draft
        return draft.key() + "".join(each.program.model_dump_json() for each in self._entries()[0])

    def _ask(self) -> None:
        """A preview at once, then the full run."""
        self._asked, self._failed = self._key(), ""
        self.session.cancel("compare.full")
        if len(self._entries()[0]) > 1:
            self._start("compare.preview", self.session.service.settings.few, full=False)

    def _ask_full(self) -> None:
        self._asked, self._failed = self._key(), ""
        self._start("compare.full", self.session.service.settings.middle, full=True)
        self._show_state()

    def _start(self, job: str, members: int, full: bool) -> None:
        draft, entries = self.session.draft, self._entries()[0]
        work = partial(
            _work, entries, draft.question(members).scenario(), draft.valuation, self.session.service.store.live
        )
        told = partial(self._answered, self._asked, full)
        progress = None if not full else lambda _done, _total: self._show_state()
        self.session.job(job, work, told, progress=progress, quick=not full)

    def _answered(self, key: str, full: bool, future: Future[SideBySide]) -> None:
        if key != self._asked:
            return
        error = future.exception()
        if isinstance(error, Cancelled):
            return
        if isinstance(error, BadInput):
            self._failed = messages_said(error, self.session.say).text
            self._show_state()
            return
        if error is not None:
            self._failed = self.session.say._("the server's log says why")
            self._show_state()
        self._shown = Shown(key, future.result(), full)
        self._show_answers()
        if not full:
            self._ask_full()
        self._show_state()

    def _cancel(self) -> None:
        self.session.cancel("compare.full")
        self._show_state()

    # --- showing ---
    def show(self) -> None:
        """All of it, from the session."""
        self._show_choice()
        if self._key() != self._asked:
            self._ask()
        self._show_answers()
        self._show_state()

    def close(self) -> None:
        """Nothing is left behind: the session ends its jobs."""

    def _show_choice(self) -> None:
        session, say = self.session, self.session.say
        _ = say._
        entries, wrong = self._entries()
        told = _(
            "The same members live under each. The first is the one that the others are compared with. Programs in other currencies are not listed."
        )
        self.title.object = fragments.headed(_("Programs side by side"), told)
        self.left_out.object = html.left_out(wrong)
        there = {each.name for each in entries if each.kind == "named"}
        others = [self._out(name, name) for name in session.draft.compare if name not in there]
        self.chips[:] = [*(self._chip(each, place) for place, each in enumerate(entries)), *others]
        free = others_to_compare(session.draft, session.programs())
        self._quiet = True
        self.add.label = _("Add a program")
        self.add.options = {_("Choose…"): _NEW} | {
            f"{fragments.title_of(program, say)} ({name})": name for name, program in free.items()
        }
        self.add.value = _NEW
        self.add.disabled = len(entries) >= MOST_COMPARED or len(session.draft.compare) >= MOST_COMPARED - 1
        self._quiet = False

    def _chip(self, entry: Entry, place: int) -> Viewable:
        say = self.session.say
        title = fragments.title_of(entry.program, say)
        kinds = {"baseline": say._("{title} (baseline)", title=title), "draft": say._("{title} (draft)", title=title)}
        name = kinds.get(entry.kind, title) if self.session.draft.is_changed else title
        if entry.kind == "named":
            return self._out(entry.name, f"{place + 1}. {name}")
        head = fragments.headed(f"{place + 1}. {name}", "")
        return HTML(head, stylesheets=[fragments.STYLE], margin=0, css_classes=["side"])

    def _out(self, name: str, shown: str) -> Viewable:
        label = self.session.say._("{name}: take out", name=shown)
        button = Button(label=label, color="primary", variant="outlined", margin=0)
        button.on_click(lambda _: self._remove(name))
        return button

    def _show_state(self) -> None:
        say, shown = self.session.say, self._shown
        _ = say._
        few = len(self._entries()[0]) < 2
        ticket = self.session.ticket("compare.full")
        fresh = shown is not None and shown.key == self._asked
        kind = (
            "first"
            if shown is None
            else ("full" if shown.full else "preview")
            if fresh and self.answers.is_drawn
            else "stale"
        )
        members, seed = (0, 0) if shown is None else (shown.found.members, shown.found.seed)
        done, total = (0, 0) if ticket is None else (ticket.done, ticket.total)
        chip = html.chip(kind, members, seed, done, total, say)
        if self._failed:
            chip = html.left_out([_("This comparison cannot be run: {why}.", why=self._failed)])
        self.state.object = html.spoken(_("Add a second program to compare.")) if few else chip
        self.cancel.label, self.run.label = _("Cancel the full run"), _("Full run")
        self.cancel.visible = ticket is not None
        self.run.visible = not few and ticket is None and not (fresh and shown is not None and shown.full)
        self.answers.view.visible = shown is not None and fresh and not few

    def _show_answers(self) -> None:
        if self._shown is not None and self._shown.key == self._asked:
            self.answers.show(self._shown.found, self.session.say, self.session.dark)


def _work(entries: list[Entry], scenario: Any, policy: Any, live: Any, ticket: Ticket) -> SideBySide:
    """In a thread of the pool: reads nothing of the page."""
    return live_side_by_side(entries, scenario, policy, live, ticket)
