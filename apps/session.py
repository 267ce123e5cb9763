"""Session: what one browser session has. Pages are written against it. No Panel here.

A page is a class with one argument, the session, listed in ``apps/pages/__init__.py``::

    class XPage:
        def __init__(self, session: Session) -> None: ...   # builds its widgets, once, at the first visit
        view: Viewable                                       # what the shell puts on the screen while the page is visited
        def show(self) -> None: ...                          # show all again, from session.draft, session.say, session.dark
        def close(self) -> None: ...                         # the session ends

    (optional) def answered(self) -> None                    # newer key figures of the draft: see session.answer

``show`` is called on each visit and whenever draft, language or theme change while the page is on the screen; never while it is not. It is where
a page notices that the draft is another than the one it computed for. Everything a page does happens on the session's own thread, except the
``work`` of a job.

    session.draft            the Draft (frozen): program, baseline, population, assumptions, policy, compare, years, start, seed
    session.change(draft)    another one, checked: undoable, shown everywhere, in the address. Raises BadInput, and then nothing has changed
    session.say              AppLanguage: ``_ = session.say._``; number, percent, money, day, month, ...
    session.dark             whether the theme is dark
    session.service          what sessions share: service.store (outcomes by scenario), service.settings (sizes of runs)
    session.workspace        plain files (apps/workspace.py)
    session.programs()       every program by name: the library's by slug, the workspace's by file name
    session.answer           the newest answer about the draft: key figures of program and baseline
    session.editor           the program as text and mapping while it is written, valid or not; open and save files
    session.job(...)         long work off this thread
    session.later(call)      on this thread, after what waits there: for drawing many charts one by one
    session.go("compare")    to another page
    session.tell("Saved.")   a word at the top of the page
"""

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import TypeVar

from apps.answers import Answer, Answers
from apps.draft import Draft, library_program
from apps.editor import Editor
from apps.language import AppLanguage, language
from apps.runs import Latest, Service, Ticket
from apps.workspace import Workspace
from workbench.errors import BadInput
from workbench.program.load import library, program_from_mapping
from workbench.program.spec import Program
from workbench.yaml_file import parse_mapping

__all__ = ["Notice", "Session"]

T = TypeVar("T")
MOST_STEPS = 200
"""Changes that can be undone."""
ONE_GESTURE = 1.0
"""Seconds within which changes with the same key are one step of undo: a slider that is dragged."""
Notice = tuple[str, str]
"""A text, and whether it is an ``info``, a ``warning`` or an ``error``."""


class Session:
    """One browser session. Everything in it belongs to the session's own thread; ``post`` is how other threads call there."""

    def __init__(
        self,
        service: Service,
        workspace: Workspace,
        post: Callable[[Callable[[], None]], None],
        tag: str = "en",
        draft: Draft | None = None,
        page: str = "start",
    ) -> None:
        self.service, self.workspace, self.page = service, workspace, page
        self.say: AppLanguage = language(tag)
        self.dark = False
        self.notice: Notice | None = None
        self._post = post
        self._steps, self._at = [draft or self.fresh()], 0
        self._last: tuple[str, float] = ("", 0.0)
        self._jobs: dict[str, Latest] = {}
        self._tellers: dict[str, Callable[[int, int], None]] = {}
        self._listeners: list[Callable[[str], None]] = []
        self.problems = 0
        """How many problems stand in the way of what is being typed, which is not the draft yet."""
        self.answers = Answers(self, self._told)
        self.editor = Editor(self)
        workspace.watch(self.editor, self._saved_elsewhere)

    @property
    def answer(self) -> Answer | None:
        """The newest answer of the engines about the draft: its key figures (``apps.estimates.figures(answer.found)``), with the baseline's. It may be
        of the draft before (``session.answers.current`` says so); a better one comes by itself, and then a page's ``answered`` is called."""
        return self.answers.newest

    def fresh(self) -> Draft:
        """What a session begins with that nobody told anything."""
        return self.service.first()

    def begin(self, draft: Draft, page: str) -> None:
        """Begin with a draft and on a page, before anything is shown; there is nothing to undo."""
        self._steps, self._at, self.page = [draft], 0, page
        self.workspace.unwatch(self.editor)
        self.editor = Editor(self)
        self.workspace.watch(self.editor, self._saved_elsewhere)

    # --- the draft ---
    @property
    def draft(self) -> Draft:
        """The draft as it stands; always one that can be run."""
        return self._steps[self._at]

    def change(self, draft: Draft, key: str = "") -> None:
        """Make another draft the session's, as a step that can be undone. Raises BadInput (``Draft.checked``), and then nothing has changed.

        ``key`` names a gesture (``slider:expiry.months``): its changes, if they follow each other at once, are one step.
        """
        if draft == self.draft:
            return
        draft.checked()
        now = time.monotonic()
        goes_on = key != "" and key == self._last[0] and now - self._last[1] < ONE_GESTURE
        self._last = key, now
        kept = self._steps[: self._at + (0 if goes_on and self._at else 1)]
        self._steps = [*kept, draft][-MOST_STEPS - 1 :]
        self._at = len(self._steps) - 1
        self._changed()

    def _changed(self) -> None:
        self.editor.follow()
        self.answers.ask()
        self._told("draft")

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return self._at < len(self._steps) - 1

    def undo(self) -> None:
        """Take the last step back."""
        self._step(-1)

    def redo(self) -> None:
        """Take the step again that was taken back."""
        self._step(1)

    def _step(self, by: int) -> None:
        if 0 <= self._at + by < len(self._steps):
            self._at += by
            self._last = "", 0.0
            self._changed()

    def _saved_elsewhere(self, folder: str, name: str) -> None:
        """In another session's thread: somebody saved a file."""

        def told() -> None:
            if folder == "programs" and name == self.draft.origin and name in self.editor.digests:
                self.editor.conflict = name
                self.tell(
                    self.say._(
                        "{name} was saved elsewhere just now. What you have here is kept: open the file to see the other version, or save under another name.",
                        name=name,
                    ),
                    "warning",
                )

        self._post(told)

    def programs(self) -> dict[str, Program]:
        """Every program by name: slugs of the library, then names of files in the workspace. Files that are no valid program are left out."""
        found = {slug: library_program(slug) for slug in library()}
        for name in self.workspace.names("programs"):
            try:
                found[name] = self.program(name)
            except BadInput:
                continue
        return found

    def program(self, name: str) -> Program:
        """The program of a slug, or of a file of the workspace. Raises BadInput."""
        if name in library():
            return library_program(name)
        data, _ = self.workspace.read("programs", name)
        mapping, line_of = parse_mapping(data.decode("utf-8", "replace"), name)
        return program_from_mapping(mapping, line_of, name)

    # --- language, theme, page, notices ---
    def speak(self, tag: str) -> None:
        """Another language, everywhere."""
        self.say = language(tag)
        self._told("language")

    def paint(self, dark: bool) -> None:
        """Another theme."""
        if dark != self.dark:
            self.dark = dark
            self._told("theme")

    def go(self, page: str) -> None:
        """To another page (a slug of ``apps.pages.PAGES``), as a step of the browser's history."""
        if page != self.page:
            self.page = page
            self.notice = None
            self._told("page")

    def tell(self, text: str, kind: str = "info") -> None:
        """A word at the top of the page, until the next one or the next page; kind: info, warning or error. "" takes it away."""
        self.notice = (text, kind) if text else None
        self._told("notice")

    # --- work off this thread ---
    def job(
        self,
        name: str,
        work: Callable[[Ticket], T],
        told: Callable[[Future[T]], None],
        progress: Callable[[int, int], None] | None = None,
        quick: bool = False,
        drop: bool = True,
        pool: Executor | None = None,
    ) -> None:
        """Have ``work`` done on a thread of the service's pools, then ``told`` on this session's with the finished future.

        ``name``: one job of a name is under way at a time, and the newest wins: what was asked before is cancelled, and its ``told`` is never called
        (``drop=False``: what is under way may end first and is told too, for previews that follow a slider; what only waits is forgotten).
        ``work`` gets a Ticket and reads nothing of the session or page. It calls ``ticket.part(before, total)(done, size)``, or hands that
        to ``simulate(..., progress=...)``, a few times a second: this reports how far it is, and raises Cancelled where nobody waits any more.
        ``told``: ``future.result()`` gives what ``work`` returned, or raises what it raised; it is not called for jobs that were cancelled.
        ``progress``: is told (done, total) on this session's thread, at most four times a second while the job is under way.
        ``quick``: for what takes less than half a second; there are threads of their own for it. ``pool``: another pool.
        """
        threads = pool or (self.service.previews if quick else self.service.full_runs)
        latest = self._jobs.get(name)
        if latest is None:
            latest = self._jobs[name] = Latest(threads, self._post, self.service.stopping)
        if progress is None:
            self._tellers.pop(name, None)
        else:
            self._tellers[name] = progress
        if drop:
            latest.cancel()

        def ended(future: Future[T]) -> None:
            self._told("jobs")
            told(future)

        latest.ask(work, ended)
        self._told("jobs")

    def later(self, call: Callable[[], None]) -> None:
        """Have something done on this session's thread after what waits there already: long drawing step by step, so that nobody waits for all."""
        self._post(call)

    def cancel(self, name: str) -> None:
        """End a job, if it is under way, and forget what waits under its name."""
        if name in self._jobs:
            self._jobs[name].cancel()
            self._told("jobs")

    def ticket(self, name: str) -> Ticket | None:
        """The job of this name that is under way and that somebody waits for."""
        latest = self._jobs.get(name)
        ticket = None if latest is None else latest.ticket
        return ticket if ticket is not None and not ticket.cancelled else None

    def waits(self, name: str) -> bool:
        """Whether another job of this name begins when the one under way has ended."""
        return name in self._jobs and self._jobs[name].waiting

    @property
    def busy(self) -> bool:
        """Whether any job is under way."""
        return any(self.ticket(name) is not None for name in self._jobs)

    def tick(self) -> None:
        """Tell those who asked how far their jobs are; the shell calls it four times a second while the session is busy."""
        for name, tell in list(self._tellers.items()):
            ticket = self.ticket(name)
            if ticket is not None and ticket.total:
                tell(ticket.done, ticket.total)

    def mind(self, problems: int) -> None:
        """Say that something typed is not valid yet, and so is not the draft (0: all is)."""
        if problems != self.problems:
            self.problems = problems
            self._told("state")

    # --- who listens ---
    def listen(self, listener: Callable[[str], None]) -> None:
        """Be told of every change, by its kind: draft, answer, state, language, theme, page, notice, jobs. For the shell; pages have ``show``."""
        self._listeners.append(listener)

    def _told(self, kind: str) -> None:
        for listener in list(self._listeners):
            listener(kind)

    def close(self) -> None:
        """The browser has gone: nobody waits for anything."""
        self._listeners.clear()
        self.workspace.unwatch(self.editor)
        for latest in self._jobs.values():
            latest.cancel()
