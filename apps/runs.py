"""Runs off a session's thread: the latest question wins, how far it is, and how to end it. No Panel here."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

from apps.desk import Desk
from apps.draft import Draft
from apps.estimates import Comparison
from apps.growths import Growths
from apps.question import Question
from apps.store import Store
from simulators.kernel import TooLarge, refusals
from simulators.simulate import Progress
from workbench.population.behaviour import Assumptions
from workbench.population.load import load_assumptions, load_population
from workbench.population.spec import Population
from workbench.program.load import library, load_program
from workbench.program.spec import Program

__all__ = ["Cancelled", "Latest", "Question", "Service", "Settings", "Ticket", "compare"]


@dataclass(frozen=True)
class Settings:
    """What every session simulates."""

    preview: int = 5000
    """Members of the first answer: so many that it comes at once."""
    middle: int = 20_000
    """Members of the answer after it."""
    full: int = 100_000
    """Members of a full run."""
    few: int = 500
    """Members of the first answer where only the agents can live them, a hundred times more slowly."""
    some: int = 2000
    """And of the last."""
    compiled: bool = True
    """Whether the compiled kernel may be used; without it all is done by ``Store``'s engine."""
    years: int = 3
    start: date = date(2025, 1, 1)
    seed: int = 1
    assumptions: str = "central"
    program: str = "mitsui_outlet"
    """The program a session begins with: one that has every lever."""


PATIENCE = 5.0
"""Seconds that a longer run gives way to quicker ones."""


class Cancelled(Exception):
    """Nobody waits for this run any more."""


class Ticket:
    """A run under way: how far it is, and whether anybody still waits for it. Read and written by several threads."""

    def __init__(self, stopping: threading.Event | None = None) -> None:
        self.done, self.total = 0, 0
        self._stop, self._stopping = threading.Event(), stopping or threading.Event()

    def cancel(self) -> None:
        """End the run at its next report."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled, or the server stops."""
        return self._stop.is_set() or self._stopping.is_set()

    def part(self, before: int, total: int) -> Progress:
        """The progress of one of several runs: so many members were done before it, of so many in all."""

        def tell(done: int, _: int) -> None:
            self.done, self.total = before + done, total
            if self.cancelled:
                raise Cancelled

        return tell


class Precedence:
    """Lets what somebody waits for at a slider go before longer runs, which wait at their next step: a few milliseconds later."""

    def __init__(self) -> None:
        self._lock, self._under_way = threading.Lock(), 0
        self._none = threading.Event()
        self._none.set()

    @contextmanager
    def first(self) -> Iterator[None]:
        """While this lasts, longer runs wait."""
        with self._lock:
            self._under_way += 1
            self._none.clear()
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                if not self._under_way:
                    self._none.set()

    def longer(self) -> Callable[[], None]:
        """What a longer run calls at its steps. In all it waits no longer than ``PATIENCE``, so that it ends however many sliders are moved."""
        left = [PATIENCE]

        def give_way() -> None:
            if left[0] > 0 and not self._none.is_set():
                began = time.monotonic()
                self._none.wait(left[0])
                left[0] -= time.monotonic() - began

        return give_way


class Latest:
    """One session's runs of one kind. At most one is under way; of the questions that come meanwhile only the last is asked.

    ``pool`` runs them; ``post`` calls a function on the session's own thread, which is where ``tell`` is called with the finished
    future. A run that was cancelled tells nothing.
    """

    def __init__(
        self, pool: Executor, post: Callable[[Callable[[], None]], None], stopping: threading.Event | None = None
    ) -> None:
        self._pool, self._post, self._stopping = pool, post, stopping
        self._ticket: Ticket | None = None
        self._next: tuple[Callable[[Ticket], Any], Callable[[Future[Any]], None]] | None = None

    @property
    def ticket(self) -> Ticket | None:
        """The run under way."""
        return self._ticket

    @property
    def waiting(self) -> bool:
        """Whether another question waits for the run under way."""
        return self._next is not None

    def ask(self, work: Callable[[Ticket], Any], tell: Callable[[Future[Any]], None]) -> None:
        """Run ``work`` now, or after the run under way unless another question comes before."""
        if self._ticket is None:
            self._start(work, tell)
        else:
            self._next = work, tell

    def cancel(self) -> None:
        """End the run under way, and forget the question that waits."""
        self._next = None
        if self._ticket is not None:
            self._ticket.cancel()

    def _start(self, work: Callable[[Ticket], Any], tell: Callable[[Future[Any]], None]) -> None:
        ticket = self._ticket = Ticket(self._stopping)
        future = self._pool.submit(work, ticket)
        future.add_done_callback(lambda done: self._post(lambda: self._finished(ticket, done, tell)))

    def _finished(self, ticket: Ticket, future: Future[Any], tell: Callable[[Future[Any]], None]) -> None:
        self._ticket = None
        if self._next is not None:
            (work, told), self._next = self._next, None
            self._start(work, told)
        if not ticket.cancelled:
            tell(future)


def fewer(question: Question, members: int) -> Question:
    """The same question to another number of members."""
    return replace(question, members=members)


def compare(store: Store, question: Question, ticket: Ticket, head: bool) -> Comparison:
    """Answer a question; ``head``: also head to head. Raises Cancelled."""
    wanted = [question.ghost()]
    if question.is_changed:
        wanted = [question.scenario(), question.ghost(), *([question.head_to_head()] if head else [])]
    total = len(wanted) * question.members
    found = []
    for place, scenario in enumerate(wanted):
        progress = ticket.part(place * question.members, total)
        progress(0, question.members)
        found.append(store.outcome(scenario, progress))
    return Comparison(found[0], found[min(1, len(found) - 1)], found[2] if len(found) > 2 else None)


@dataclass(frozen=True)
class Service:
    """What the sessions of a server share: outcomes that are computed already, and threads. Nothing of any session's own."""

    settings: Settings = Settings()
    store: Store = field(default_factory=Store)
    precedence: Precedence = field(default_factory=Precedence)
    desk: Desk = field(default_factory=Desk)
    """Books of runs."""
    growths: Growths = field(default_factory=Growths)
    previews: Executor = field(default_factory=lambda: ThreadPoolExecutor(2, "preview"))
    """Apart from the longer runs, so that nobody's long run keeps a slider waiting."""
    refinements: Executor = field(default_factory=lambda: ThreadPoolExecutor(1, "refinement"))
    """For answers of more members, a second or two each."""
    full_runs: Executor = field(default_factory=lambda: ThreadPoolExecutor(1, "full-run"))
    """For what takes longer."""
    stopping: threading.Event = field(default_factory=threading.Event)

    def sizes(self, question: Question) -> tuple[int, ...]:
        """Numbers of members of the answers that a question gets, one after the other."""
        settings = self.settings
        if not settings.compiled:
            return settings.preview, settings.full
        if refusals(question.scenario(), [question.program, question.shipped]):
            return settings.few, settings.some
        return settings.preview, settings.middle, settings.full

    def answer(self, question: Question, ticket: Ticket, longer: bool = False) -> Comparison:
        """The answer to a question. ``longer``: others' first answers go before it. Raises Cancelled; SpecError where the program cannot be exact."""
        if self.settings.compiled:
            progress = ticket.part(0, question.members)
            with suppress(TooLarge):
                if longer:
                    return self.growths.answer(question, progress, self.precedence.longer())
                with self.precedence.first():
                    return self.growths.answer(question, progress)
            question = fewer(question, min(question.members, self.settings.some))
        return compare(self.store, question, ticket, head=True)

    def known(self, question: Question) -> Comparison | None:
        """The answer, if there is one already; nobody waits."""
        return self.growths.known(question) if self.settings.compiled else None

    def programs(self) -> dict[str, Program]:
        """The library, by slug."""
        return _library()

    def question(self, slug: str, program: Program, members: int) -> Question:
        """What is asked about a program of the library, as it is or changed."""
        settings, shipped = self.settings, _library()[slug]
        names = {
            "program": slug if program == shipped else f"{slug}_changed.yaml",
            "shipped": slug,
            "population": shipped.population,
            "assumptions": settings.assumptions,
        }
        return Question(
            program, shipped, _population(shipped.population), _assumptions(settings.assumptions), names,
            members=members, years=settings.years, start=settings.start, seed=settings.seed,
        )  # fmt: skip

    def warm_up(self) -> None:
        """Answer what every session asks first; where the engine has to be compiled, this is when."""
        self.answer(self.first().question(self.settings.preview), Ticket())

    def first(self) -> Draft:
        """What a session begins with that nobody told anything."""
        settings = self.settings
        world = {
            "assumptions": settings.assumptions,
            "years": settings.years,
            "start": settings.start,
            "seed": settings.seed,
        }
        return Draft.of(settings.program, **world)

    def close(self) -> None:
        """End all runs and take no further ones."""
        self.stopping.set()
        for pool in (self.previews, self.refinements, self.full_runs):
            pool.shutdown(wait=False, cancel_futures=True)


@cache
def _library() -> dict[str, Program]:
    return {slug: load_program(slug) for slug in library()}


@cache
def _population(name: str) -> Population:
    return load_population(name)


@cache
def _assumptions(name: str) -> Assumptions:
    return load_assumptions(name)
