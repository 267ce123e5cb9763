"""What the key figures of a session say: a first answer at once, better ones as more members are lived. No Panel here."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from apps.draft import Draft
from apps.estimates import Comparison
from apps.question import Question
from apps.runs import Cancelled, Service, Ticket
from apps.store import Outcome
from workbench.errors import BadInput

if TYPE_CHECKING:
    from apps.session import Session

__all__ = ["Answer", "Answers"]

PREVIEW, REFINE = "answer.preview", "answer.refine"


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer, and to which question. One is equal to itself alone: what stands on a page is compared by it, and it holds arrays."""

    question: Question
    found: Comparison
    shipped_world: Outcome | None
    """The baseline among the people and under the assumptions that are shipped for it: the ghost of a change of assumption. None where the draft's
    world is that one."""
    full: bool
    """Whether it is the last one: of as many members as a full run has."""


class Answers:
    """One session's answers. ``ask`` when the draft is another one; ``told`` is called with ``answer`` when there is a newer answer (or none is to
    come), with ``state`` when only how far it is has changed."""

    def __init__(self, session: "Session", told: Callable[[str], None]) -> None:
        self._session, self._told = session, told
        self.newest: Answer | None = None
        self.error: BaseException | None = None
        self._asked: Question | None = None
        self.stopped = False
        """Whether refining was ended by hand."""

    # --- state ---
    def question(self, members: int) -> Question:
        """What is asked about the draft as it stands."""
        return self._session.draft.question(members)

    @property
    def current(self) -> bool:
        """Whether the newest answer is about the draft as it stands."""
        newest = self.newest
        return newest is not None and newest.question == self.question(newest.question.members)

    @property
    def state(self) -> str:
        """first: nothing yet; stale: of another draft; failed; preview; full."""
        if self.error is not None:
            return "failed"
        if self.newest is None:
            return "first"
        if not self.current:
            return "stale"
        return "full" if self.newest.full else "preview"

    @property
    def is_refined(self) -> bool:
        """Whether the newest answer is about the draft as it stands, and is not the first one about it."""
        sizes = self._session.service.sizes(self.question(1))
        return self.newest is not None and self.current and self.newest.question.members > sizes[0]

    @property
    def swift(self) -> bool:
        """Whether the first answer comes from the compiled kernel, and so at once."""
        service = self._session.service
        return service.settings.compiled and service.sizes(self.question(1))[0] == service.settings.preview

    @property
    def refining(self) -> Ticket | None:
        """The better answer that is under way."""
        return self._session.ticket(REFINE)

    # --- asking ---
    def ask(self) -> None:
        """The draft may be another one: begin again with few members, or with the best answer that anybody had to the same question."""
        question = self.question(1)
        if question == self._asked:
            return
        self._asked, self.error, self.stopped = question, None, False
        self._session.cancel(REFINE)
        sizes = self._session.service.sizes(question)
        for place in reversed(range(len(sizes))):
            known = self._known(sizes[place], place == len(sizes) - 1)
            if known is not None:
                self._session.cancel(PREVIEW)
                self._take(known)
                return
        self._run(sizes, 0)

    def refine(self) -> None:
        """Go on to more members, after that was ended by hand."""
        self.stopped = False
        if self.newest is not None and self.current:
            self._next(self.newest.question.members)

    def stop(self) -> None:
        """End the better answer that is under way; what is shown stays."""
        self.stopped = True
        self._session.cancel(REFINE)
        self._told("answer")

    def _run(self, sizes: tuple[int, ...], place: int) -> None:
        session, draft = self._session, self._session.draft
        question, full = self.question(sizes[place]), place == len(sizes) - 1
        told = partial(self._answered, question, full)
        work = partial(_work, session.service, question, draft, place > 0)
        if place == 0:
            session.job(PREVIEW, work, told, quick=True, drop=False)
        else:
            pool = session.service.refinements
            session.job(REFINE, work, told, progress=lambda _done, _total: self._told("state"), pool=pool)
        self._told("state")

    def _go_on(self, question: Question) -> None:
        if self.newest is not None and self.newest.question is question and self.current:
            self._next(question.members)

    def _next(self, members: int) -> None:
        sizes = self._session.service.sizes(self.question(1))
        larger = [place for place, size in enumerate(sizes) if size > members]
        if larger and not self.stopped:
            self._run(sizes, larger[0])

    def _known(self, members: int, full: bool) -> Answer | None:
        question, world = self.question(members), self._session.draft.in_shipped_world()
        found = self._session.service.known(question)
        around = None if world is None else self._session.service.known(world.question(members))
        if found is None or (world is not None and around is None):
            return None
        return Answer(question, found, around.now if around is not None else None, full)

    def _take(self, answer: Answer) -> None:
        """A newer answer about the draft as it stands. What comes after it comes later: another run would slow down the drawing of this one."""
        self.newest = answer
        self._told("answer")
        self._session.later(partial(self._go_on, answer.question))

    def _answered(self, question: Question, full: bool, future: Future[tuple[Comparison, Outcome | None]]) -> None:
        error = future.exception()
        if isinstance(error, Cancelled):
            return
        if error is not None:
            self.error = error
            self._told("answer")
            if not isinstance(error, BadInput):
                raise error
            return
        now = self.question(question.members) == question
        older = self.newest is not None and self.current and self.newest.question.members >= question.members
        if not now and older:
            return
        found, world = future.result()
        answer = Answer(question, found, world, full)
        if now:
            self._take(answer)
        else:
            self.newest = answer
            self._told("answer")


def _work(
    service: Service, question: Question, draft: Draft, longer: bool, ticket: Ticket
) -> tuple[Comparison, Outcome | None]:
    """In a thread of the pool: reads nothing of the session."""
    found = service.answer(question, ticket, longer)
    world = draft.in_shipped_world()
    if world is None:
        return found, None
    return found, service.answer(world.question(question.members), ticket, longer).now
