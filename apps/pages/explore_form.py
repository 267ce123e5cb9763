"""What the tabs of the Explore page are made of: a question with its form, how far its answer is, and the levers that are chosen."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from apps import exploring
from apps import liability_html as html
from apps.charts.style import Look, figure_of
from apps.components import HTML, Bokeh, Button, Row, hold, laid_out
from apps.exploring import Moved
from apps.form_components import FieldForm
from apps.language import AppLanguage
from apps.pages.sheet import BAR
from apps.problems_said import messages_said
from apps.runs import Cancelled, Ticket
from apps.session import Session
from apps.views import explore as view
from workbench.errors import BadInput, Problem

__all__ = ["Levers", "Part", "number_of", "text", "valid"]

_STACK = ":host { gap: 12px; padding: 12px 0; }"
_PLAIN = ":host { gap: 8px; }"
NONE = "none"


def text() -> HTML:
    """A place for a fragment."""
    return HTML("", stylesheets=[html.LOOK], sizing_mode="stretch_width", margin=0)


def number_of(typed: str) -> float:
    """A number as it was typed. Raises BadInput."""
    try:
        value = float(typed.replace(",", "").replace("，", "").strip())
    except ValueError:
        raise BadInput(Problem("", "expected a number", typed)) from None
    if not abs(value) < 1e15:
        raise BadInput(Problem("", "expected a number", typed))
    return value


class Part:
    """A question, its form, how far its answer is, and the answer."""

    job = ""
    by_itself = False
    """Whether it is asked without a button, among few members."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.found: Any = None
        self.answers, self.asked = "", ""
        self.members = 0
        self.problem: BadInput | None = None
        self.failed = False
        self.refused: dict[str, tuple[str, BadInput]] = {}
        self.form = FieldForm(self._typed, lambda _: None)
        self.state, self.trouble, self.head, self.table = text(), text(), text(), text()
        self.run = Button(color="primary", variant="contained", margin=0)
        self.run.on_click(lambda _: self.begin(self.full))
        self.cancel = Button(color="primary", variant="outlined", margin=0)
        self.cancel.on_click(lambda _: self._halt())
        self.chart = laid_out(css=_PLAIN)
        self.rest = laid_out(css=_PLAIN)
        buttons = Row(self.run, self.cancel, margin=0, stylesheets=[":host { gap: 8px; }"])
        self.view = laid_out(
            self.form,
            laid_out(self.state, buttons, css=BAR),
            self.trouble,
            self.head,
            self.chart,
            self.table,
            self.rest,
            css=_STACK,
        )

    # --- what each part says of itself ---
    def key(self) -> str:
        """All that decides the answer, but for how many members."""
        raise NotImplementedError

    def work(self, members: int) -> Callable[[Ticket], Any]:
        """What answers it, off this thread. Raises BadInput."""
        raise NotImplementedError

    def groups(self, say: AppLanguage) -> list[dict[str, Any]]:
        """The form."""
        raise NotImplementedError

    def typed(self, key: str, value: str) -> None:
        """Something was chosen or typed. Raises BadInput."""
        raise NotImplementedError

    def draw(self, say: AppLanguage, look: Look) -> None:
        """Show what was found."""
        raise NotImplementedError

    # --- asking ---
    @property
    def full(self) -> int:
        """Members of a full run."""
        return self.session.service.settings.full

    def begin(self, members: int) -> None:
        """Ask, among so many members."""
        self.asked, self.problem, self.failed = f"{self.key()} {members}", None, False
        try:
            work = self.work(members)
        except BadInput as error:
            self.session.cancel(self.job)
            self.problem = error
            self._show_state()
            return
        self.session.job(self.job, work, partial(self._answered, self.key(), members), self._progress)
        self._show_state()

    def _answered(self, key: str, members: int, future: Future[Any]) -> None:
        error = future.exception()
        if error is None:
            self.found, self.answers, self.members = future.result(), key, members
            with hold():
                self._draw()
        elif isinstance(error, BadInput):
            self.problem = error
        else:
            self.failed = not isinstance(error, Cancelled)
        self._show_state()
        if self.failed and error is not None:
            raise error

    def _halt(self) -> None:
        self.session.cancel(self.job)
        self._show_state()

    def _progress(self, done: int, total: int) -> None:
        self._show_state(done, total)

    def _typed(self, key: str, value: str) -> None:
        try:
            self.typed(key, value)
            self.refused.pop(key, None)
        except BadInput as error:
            self.refused[key] = value, error
        self.show()

    # --- showing ---
    def show(self) -> None:
        """All again, in the session's language and theme; asked again where the draft is another one."""
        say = self.session.say
        self.form.param.update(groups=self.groups(say), reset_label=say._("Back to"))
        self.cancel.label = say._("Cancel")
        if self.by_itself and not self.asked.startswith(f"{self.key()} ") and not self.refused:
            self.begin(min(self.session.service.settings.preview, self.full))
        self._draw()
        self._show_state()

    def _draw(self) -> None:
        say = self.session.say
        if self.found is None:
            self.head.object = self.table.object = ""
            self.chart[:] = []
            self.rest[:] = []
            return
        self.draw(say, Look(say, self.session.dark, 340))

    def put(self, element: Any) -> None:
        """A chart in its place."""
        self.chart[:] = [] if element is None else [Bokeh(figure_of(element), sizing_mode="stretch_width", margin=0)]

    def _show_state(self, done: int = 0, total: int = 0) -> None:
        say = self.session.say
        _ = say._
        runs = self.session.ticket(self.job) is not None
        stale = self.answers != self.key()
        told = ""
        if runs:
            told = (
                _("Designs: {done} of {total}", done=say.number(done // 100), total=say.number(total // 100))
                if total and self.in_designs
                else ""
            )
            told = told or _("Computing…")
        if self.failed:
            kind, words = "stale", _("The run failed: the server's log says why")
        elif self.problem is not None:
            kind, words = "stale", _("This cannot be run as it stands")
        elif self.found is None:
            kind, words = "stale", _("Computing…") if runs else _("Not asked yet")
        elif stale:
            kind, words = (
                "stale",
                _("Out of date: computing…") if runs else _("Out of date: the draft or the question has changed"),
            )
        else:
            full = self.members >= self.full
            size = {"n": say.number(self.members), "seed": str(self.session.draft.seed)}
            kind = "full" if full else "preview"
            words = (
                _("Full run: {n} members, seed {seed}", **size)
                if full
                else _("Preview: {n} members, seed {seed}", **size)
            )
        chip = html.chip(kind, words, done, max(total, 1) if runs else 0, told)
        self.state.object = f'<div class="asked">{chip}</div>'
        self.trouble.object = "" if self.problem is None else html.problems(self.problem, say)
        self.run.label = self.run_label(say)
        self.run.visible = not runs and (stale or self.members < self.full)
        self.cancel.visible = runs

    in_designs = True
    """Whether progress is counted in designs."""

    def run_label(self, say: AppLanguage) -> str:
        """What the button says."""
        return str(say._("Full run: {n} members", n=say.number(self.full)))

    # --- forms ---
    def field(self, key: str, kind: str, label: str, value: str, **more: Any) -> dict[str, Any]:
        """A field of the form; what was refused stays in it with its problem."""
        tried, error = self.refused.get(key, (value, None))
        problem = "" if error is None else messages_said(error, self.session.say).text
        found = {"key": key, "kind": kind, "label": label, "help": "", "unit": "", "options": [], "changed": False, "shipped": "",
                 "value": tried, "problem": problem}  # fmt: skip
        return found | more

    def outcome_field(self, key: str, label: str, chosen: str, names: tuple[str, ...]) -> dict[str, Any]:
        """A choice of outcomes."""
        say = self.session.say
        options = [[name, view.outcome_title(name, say)] for name in names]
        unit = view.outcome_unit(chosen, self.session.draft.program.currency, say).label
        return self.field(key, "choice", label, chosen, options=options, help=unit)


class Levers:
    """One or two levers of the draft, as a part's form has them."""

    def __init__(self, part: Part, count: int) -> None:
        self.part, self.chosen = part, list[Moved]()
        self.count = count
        self._of = ""

    def keep(self) -> None:
        """Follow the draft: levers that it does not have any more give way to the first it has."""
        draft = self.part.session.draft
        known = {each.key: each for each in exploring.movables(draft)}
        if self._of != draft.origin:
            self.chosen = []
            self._of = draft.origin
        self.chosen = [each for each in self.chosen if each.key in known]
        if not self.chosen:
            self.chosen = list(exploring.first_moved(draft))
            others = [each for each in known.values() if each.key not in {one.key for one in self.chosen}]
            self.chosen += [Moved(each.key, each.low, each.high) for each in others[: self.count - len(self.chosen)]]

    def groups(self, say: AppLanguage) -> list[dict[str, Any]]:
        """A group of fields for each lever, and for one more that is not chosen."""
        _ = say._
        self.keep()
        draft, part = self.part.session.draft, self.part
        known = exploring.movables(draft)
        value = {each.key: each.value for each in known}
        found = []
        for place in range(2):
            moved = self.chosen[place] if place < len(self.chosen) else None
            taken = {each.key for k, each in enumerate(self.chosen) if k != place}
            options = [
                [each.key, view.lever_name(each.key, draft.program, say)] for each in known if each.key not in taken
            ]
            if place:
                options = [[NONE, _("none")], *options]
            now = "" if moved is None else _("now {value}", value=view.lever_value(value[moved.key], say))
            fields = [
                part.field(
                    f"lever.{place}",
                    "choice",
                    _("Lever"),
                    NONE if moved is None else moved.key,
                    options=options,
                    help=now,
                )
            ]
            if moved is not None:
                fields += [
                    part.field(f"low.{place}", "number", _("from"), f"{moved.low:.12g}"),
                    part.field(f"high.{place}", "number", _("to"), f"{moved.high:.12g}"),
                ]
            found.append({"title": _("First lever") if place == 0 else _("Second lever"), "fields": fields})
        return found

    def typed(self, key: str, value: str) -> bool:
        """Take what was chosen or typed, if it is a lever's. Raises BadInput."""
        name, _, place_text = key.partition(".")
        if name not in ("lever", "low", "high") or not place_text.isdigit() or int(place_text) > 1:
            return False
        place = int(place_text)
        if name == "lever":
            self._choose(place, value)
            return True
        if place < len(self.chosen):
            before, end = self.chosen[place], number_of(value)
            moved = replace(before, low=end) if name == "low" else replace(before, high=end)
            if moved.low >= moved.high:
                raise BadInput(Problem("", "expected the first to be less than the second", value))
            self.chosen[place] = moved
        return True

    def _choose(self, place: int, key: str) -> None:
        for name in ("low", "high"):
            self.part.refused.pop(f"{name}.{place}", None)
        lever = next((each for each in exploring.movables(self.part.session.draft) if each.key == key), None)
        if lever is None:
            del self.chosen[max(place, 1) :]
        elif place < len(self.chosen):
            self.chosen[place] = Moved(lever.key, lever.low, lever.high)
        else:
            self.chosen.append(Moved(lever.key, lever.low, lever.high))

    def names(self, say: AppLanguage) -> dict[str, str]:
        """The levers in words, by their names in the study."""
        program = self.part.session.draft.program
        return {f"lever_{k}": view.lever_name(each.key, program, say) for k, each in enumerate(self.chosen, 1)}


def valid(make: Callable[[], Any]) -> Any:
    """A study of what the form says. Raises BadInput where the levers make none."""
    try:
        return make()
    except ValidationError as error:
        raise BadInput([Problem("", str(each["msg"])) for each in error.errors()]) from error
