"""The tabs of the Explore page. Each asks one kind of question of the session's draft, off the session's thread, and shows its answer."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from apps import exploring
from apps import liability_html as html
from apps.charts.grids import grid
from apps.charts.lines import curves
from apps.charts.search import pareto, tornado
from apps.charts.style import Look, Unit
from apps.charts.trust import power_curve
from apps.components import Button, CopyText, Row
from apps.exploring import LOOKED_AT, Search
from apps.language import AppLanguage
from apps.pages.explore_form import Levers, Part, number_of, text, valid
from apps.runs import Ticket
from apps.session import Session
from apps.views import explore as view
from workbench.errors import BadInput, Problem
from workbench.program.load import program_from_mapping
from workbench.study.field import parse_field, placed

__all__ = ["SearchPart", "SweepPart", "TestPart", "TornadoPart"]

LOW_IS_BETTER = frozenset({"liability", "reward_rate", "worse_off"})


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
        unit = view.outcome_unit(name, currency, say)
        sentences = [
            view.sweep_sentence(document, name, names, better, say),
            view.break_even_sentence(document, name, names, say),
        ]
        self.head.object = html.headed(
            f"{view.outcome_title(name, say)} ({unit.label})", say.joined(*sentences)
        ) + html.said(view.basis_text(document["provenance"], say))
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
        if not len(self.rest):
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
