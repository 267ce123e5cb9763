"""The tabs of the Explore page. Each asks one kind of question of the session's draft, off the session's thread, and shows its answer."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from apps import exploring
from apps import liability_html as html
from apps.charts.grids import grid
from apps.charts.lines import curves
from apps.charts.search import pareto, tornado
from apps.charts.style import Look, Unit, figure_of
from apps.charts.trust import power_curve
from apps.components import HTML, Bokeh, Button, CopyText, Row, hold, laid_out
from apps.exploring import LOOKED_AT, Moved, Search
from apps.form_components import FieldForm
from apps.language import AppLanguage
from apps.runs import Cancelled, Ticket
from apps.session import Session
from apps.views import explore as view
from workbench.errors import BadInput, Problem
from workbench.program.load import program_from_mapping
from workbench.study.field import parse_field, placed

__all__ = ["SearchPart", "SweepPart", "TestPart", "TornadoPart"]

_STACK = ":host { gap: 12px; padding: 12px 0; }"
_PLAIN = ":host { gap: 8px; }"
_BAR = """
:host { flex-direction: row !important; flex-wrap: wrap; align-items: center; gap: 8px 16px; }
:host > * { width: auto !important; max-width: 100%; }
"""
NONE = "none"
LOW_IS_BETTER = frozenset({"liability", "reward_rate", "worse_off"})
LEAST_LIMIT = 0.0


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
        self.refused: dict[str, tuple[str, str]] = {}
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
            laid_out(self.state, buttons, css=_BAR),
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
            self.refused[key] = value, "; ".join(each.message for each in error.problems)
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
        self.state.object = html.chip(kind, words, done, max(total, 1) if runs else 0, told)
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
        tried, problem = self.refused.get(key, (value, ""))
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


# --- levers ------------------------------------------------------------------------------------------------------------
class SweepPart(Part):
    """One or two levers moved: where is it best, where does it break even?"""

    job = "explore-sweep"
    by_itself = True

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.levers = Levers(self, 1)
        self.outcome = "incremental_margin"
        self.take = Button(color="primary", variant="outlined", margin=0)
        self.take.on_click(lambda _: self._take())
        self.study, self.command = CopyText(sizing_mode="stretch_width"), CopyText(sizing_mode="stretch_width")
        self.again = text()
        self._shown: tuple[Any, dict[str, str]] | None = None

    def key(self) -> str:
        self.levers.keep()
        return f"{self.session.draft.key()} {self.levers.chosen}"

    def work(self, members: int) -> Callable[[Ticket], Any]:
        draft, levers = self.session.draft, tuple(self.levers.chosen)
        question = valid(lambda: exploring.study_of(draft, levers, members))
        question.designs()
        return partial(_swept, question)

    def groups(self, say: AppLanguage) -> list[dict[str, Any]]:
        _ = say._
        looked = self.outcome_field("outcome", _("Outcome"), self.outcome, LOOKED_AT)
        return [*self.levers.groups(say), {"title": _("What is looked at"), "fields": [looked]}]

    def typed(self, key: str, value: str) -> None:
        if key == "outcome" and value in LOOKED_AT:
            self.outcome = value
        else:
            self.levers.typed(key, value)

    def draw(self, say: AppLanguage, look: Look) -> None:
        _ = say._
        question, document = self.found
        currency, name = document["provenance"]["currency"], self.outcome
        fields = {lever["name"]: lever["field"] for lever in document["levers"]}
        names = {key: view.lever_name(each, self.session.draft.program, say) for key, each in fields.items()}
        better = name not in LOW_IS_BETTER
        sentences = [
            view.sweep_sentence(document, name, names, better, say),
            view.break_even_sentence(document, name, names, say),
        ]
        self.head.object = html.headed(view.outcome_title(name, say), say.joined(*sentences)) + html.said(
            view.basis_text(document["provenance"], say)
        )
        unit = view.outcome_unit(name, currency, say)
        if len(fields) == 1:
            x, drawn, marks = view.lines(document, name, say)
            drawable = any(value == value for value in drawn[0].values)
            self.put(curves(x, drawn, Unit(next(iter(names.values()))), unit, look, marks) if drawable else None)
        else:
            self.put(self._cells(document, names, unit, look))
        self.table.object = html.folded(
            _("Every design, as a table"), html.table(view.sweep_table(document, name, names, say))
        )
        self.take.label = _("Take the best into the draft")
        self.again.object = html.said(_("The same from the command line: save this as study.yaml."))
        self.study.param.update(
            text=exploring.study_yaml(question), label=_("The study as YAML"), copy=_("Copy"), copied=_("Copied")
        )
        self.command.param.update(
            text="loyalty sweep study.yaml --out out/study", label=_("The command"), copy=_("Copy"), copied=_("Copied")
        )
        self.rest[:] = [Row(self.take, margin=0), self.again, self.study, self.command]

    def _cells(self, document: Any, names: dict[str, str], unit: Unit, look: Look) -> Any:
        """Of two levers: the outcome in each cell, coloured by how far it is from the baseline where that is a question."""
        found = view.cells(document, self.outcome, False)
        say, (first, second) = look.say, names.values()
        x, y = ([view.lever_value(each, say) for each in row] for row in (found.x, found.y))
        if not any(value == value for row in found.values for value in row):
            return None
        signed = any(value < 0 for row in found.values for value in row)
        return grid(x, y, found.values, unit, look.sized(max(60 * len(y) + 90, 260)), first, second, diverging=signed)

    def _take(self) -> None:
        """The best design becomes the draft's program: a step that can be undone."""
        if self.found is None:
            return
        _question, document = self.found
        column = [each["outcomes"][self.outcome]["value"] for each in document["designs"]]
        known = [k for k, value in enumerate(column) if value is not None]
        if not known:
            return
        best = (min if self.outcome in LOW_IS_BETTER else max)(known, key=lambda k: column[k])
        mapping: Any = self.session.draft.mapping
        for lever, value in zip(document["levers"], document["designs"][best]["values"].values(), strict=True):
            mapping = placed(mapping, parse_field(lever["field"]).steps, value)
        try:
            self.session.change(self.session.draft.with_program(program_from_mapping(mapping)))
        except BadInput as error:
            self.problem = error
            self._show_state()


def _swept(question: Any, ticket: Ticket) -> Any:
    return question, exploring.answer_sweep(question, ticket)


# --- assumptions -------------------------------------------------------------------------------------------------------
class TornadoPart(Part):
    """Each assumption alone over its range: which one matters?"""

    job = "explore-tornado"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.outcome = "incremental_margin"

    OUTCOMES = ("incremental_margin", "liability", "lift_sales", "lift_repurchase", "reward_rate")

    def key(self) -> str:
        return self.session.draft.key()

    @property
    def full(self) -> int:
        """Two designs for each of some sixty assumptions: fewer members than elsewhere are enough, as all differences are paired."""
        settings = self.session.service.settings
        return max(settings.preview, min(settings.full, 5000))

    def work(self, members: int) -> Callable[[Ticket], Any]:
        scenario = self.session.draft.question(members).scenario()
        return partial(_blown, scenario, self.OUTCOMES)

    def groups(self, say: AppLanguage) -> list[dict[str, Any]]:
        _ = say._
        looked = self.outcome_field("outcome", _("Outcome"), self.outcome, self.OUTCOMES)
        return [{"title": _("What is looked at"), "fields": [looked]}]

    def typed(self, key: str, value: str) -> None:
        if key == "outcome" and value in self.OUTCOMES:
            self.outcome = value

    def run_label(self, say: AppLanguage) -> str:
        return str(say._("Move every assumption: {n} members", n=say.number(self.full)))

    def draw(self, say: AppLanguage, look: Look) -> None:
        _ = say._
        document, name = self.found, self.outcome
        currency, now = document["currency"], document["now"][name]["value"]
        basis = view.basis_text(document, say)
        self.head.object = html.headed(
            _("Which assumption matters?"), view.tornado_sentence(document, name, say)
        ) + html.said(basis)
        bars = view.swings(document, name, say)
        unit = view.outcome_unit(name, currency, say)
        self.put(tornado(bars, now, unit, look) if bars and now is not None else None)
        told = html.table(view.tornado_table(document, name, say), (0, 5))
        self.table.object = html.folded(_("Every bar, with its source"), told)


def _blown(scenario: Any, outcomes: tuple[str, ...], ticket: Ticket) -> Any:
    return exploring.answer_tornado(scenario, outcomes, ticket)


# --- the best under limits ---------------------------------------------------------------------------------------------
class SearchPart(Part):
    """Which designs are worth having: much margin for little cost."""

    job = "explore-search"
    AGAINST = ("reward_rate", "liability", "worse_off")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.levers = Levers(self, 2)
        self.against = "reward_rate"
        self.worse_off: float | None = None

    def key(self) -> str:
        self.levers.keep()
        return f"{self.session.draft.key()} {self.levers.chosen} {self.against} {self.worse_off}"

    def work(self, members: int) -> Callable[[Ticket], Any]:
        draft, levers = self.session.draft, tuple(self.levers.chosen)
        limits = () if self.worse_off is None else (("worse_off", self.worse_off),)
        search = Search(levers, self.against, limits)
        return partial(_searched, valid(lambda: exploring.study_of(draft, levers, members, search)))

    @property
    def full(self) -> int:
        """Some fifty designs, and the front again: fewer members than a run that looks at one."""
        settings = self.session.service.settings
        return max(settings.preview, min(settings.full, 5000))

    def groups(self, say: AppLanguage) -> list[dict[str, Any]]:
        _ = say._
        limit = "" if self.worse_off is None else f"{self.worse_off:g}"
        about = _("Customers who get less than of the baseline; empty: no limit")
        fields = [
            self.outcome_field("against", _("as low as possible"), self.against, self.AGAINST),
            self.field("worse_off", "number", _("At most so many worse off"), limit, unit="%", help=about),
        ]  # fmt: skip
        title = _("High incremental margin, and …")
        return [*self.levers.groups(say), {"title": title, "fields": fields}]

    def typed(self, key: str, value: str) -> None:
        if key == "against" and value in self.AGAINST:
            self.against = value
        elif key == "worse_off":
            limit = number_of(value) if value.strip() else None
            if limit is not None and not 0 <= limit <= 100:
                raise BadInput(Problem("", "expected a share from 0 to 100", value))
            self.worse_off = limit
        else:
            self.levers.typed(key, value)

    def run_label(self, say: AppLanguage) -> str:
        return str(say._("Search: {n} members", n=say.number(self.full)))

    def draw(self, say: AppLanguage, look: Look) -> None:
        _ = say._
        document = self.found
        up, across = (goal["outcome"] for goal in document["search"]["goals"])
        currency = document["provenance"]["currency"]
        fields = {lever["name"]: lever["field"] for lever in document["levers"]}
        names = {key: view.lever_name(each, self.session.draft.program, say) for key, each in fields.items()}
        basis = view.basis_text(document["provenance"], say)
        self.head.object = html.headed(
            _("Which designs are worth having?"), view.search_sentence(document, say)
        ) + html.said(basis)
        units = [view.outcome_unit(name, currency, say) for name in (across, up)]
        across_unit, up_unit = (
            replace(unit, label=f"{view.outcome_title(name, say)} ({unit.label})")
            for unit, name in zip(units, (across, up), strict=True)
        )
        self.put(pareto(view.points(document, say), across_unit, up_unit, look.sized(400)))
        self.table.object = html.table(view.finalist_tables(document, names, say), (0,))


def _searched(question: Any, ticket: Ticket) -> Any:
    return exploring.answer_search(question, ticket)


# --- a test ------------------------------------------------------------------------------------------------------------
class TestPart(Part):
    """How large a test would have to be to see what the simulation sees."""

    job = "explore-test"
    in_designs = False
    __test__ = False

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.outcome, self.weeks = "sales", 26

    def key(self) -> str:
        return f"{self.session.draft.key()} {self.outcome} {self.weeks}"

    def work(self, members: int) -> Callable[[Ticket], Any]:
        return partial(_tested, self.session.draft, members, self.outcome, self.weeks)

    def groups(self, say: AppLanguage) -> list[dict[str, Any]]:
        _ = say._
        options = [
            ["sales", _("sales per member")],
            ["purchases", _("purchases per member")],
            ["buyers", _("share who buy")],
        ]
        fields = [
            self.field("outcome", "choice", _("Outcome"), self.outcome, options=options),
            self.field("weeks", "number", _("Length"), str(self.weeks), unit=_("weeks")),
        ]
        return [{"title": _("An A/B test of the baseline against the draft"), "fields": fields}]

    def typed(self, key: str, value: str) -> None:
        if key == "outcome" and value in ("sales", "purchases", "buyers"):
            self.outcome = value
        elif key == "weeks":
            weeks = number_of(value)
            if weeks != int(weeks) or not 4 <= weeks <= 104:
                raise BadInput(Problem("", "expected whole weeks, 4 to 104", value))
            self.weeks = int(weeks)

    def draw(self, say: AppLanguage, look: Look) -> None:
        _ = say._
        found = self.found
        self.head.object = html.headed(_("How large would a test have to be?"), view.test_sentence(found, say))
        sizes, drawn = view.power_lines(found, say)
        self.put(power_curve(sizes, drawn, look) if sizes else None)
        self.table.object = html.table(view.test_table(found, say))


def _tested(draft: Any, members: int, outcome: Any, weeks: int, ticket: Ticket) -> Any:
    return exploring.answer_test(draft, members, outcome, weeks, ticket)
