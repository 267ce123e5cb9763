"""The page of what is assumed about people: each number with its range, source and basis, and what comes of changing it.

A change of rule and a change of assumption are told apart: the dashed line is the baseline in this world, the dotted one the baseline in the
world that is shipped for it.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from apps import fragments as say_html
from apps.charts.month import MonthChart
from apps.components import HTML, Bokeh, Button, Select, laid_out
from apps.draft import patch_between
from apps.form_edits import edited
from apps.problems_said import refusal_said
from apps.session import Session
from apps.spec_form import ChangeList, SpecForm
from apps.views import assumptions as view
from apps.views.design import change_rows
from workbench.errors import BadInput, Problem
from workbench.population.behaviour import Assumptions
from workbench.population.load import load_assumptions, shipped_assumptions
from workbench.population.spec import Population

__all__ = ["AssumptionsPage"]

_GRID = """
:host { display: grid !important; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 14px 24px; align-items: start;
  flex: none !important; height: auto !important; max-height: none !important;
  width: 100%; max-width: 1600px; margin: 0 auto; padding: 10px 20px 40px; box-sizing: border-box; }
:host > * { min-width: 0; }
:host > .scroll-button { display: none; }
:host > .head { grid-column: 1 / -1; }
@media (max-width: 999px) { :host { grid-template-columns: minmax(0, 1fr); padding: 10px 12px 32px; } :host > .head { grid-column: 1; } }
"""
_COLUMN = ":host { gap: 10px; }"


class AssumptionsPage:
    """Behaviour on the left, people and run on the right, and what differs above."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._open: set[str] = {"effects", "scale", "run"}
        self._typed: dict[str, dict[str, Any]] = {}
        """Mappings that are not valid yet, by part: what was typed stays where it was typed."""
        self._wrong: dict[str, list[Problem]] = {}
        self._quiet = False
        self._seen: Any = None
        self._build()

    def _build(self) -> None:
        def text() -> HTML:
            return HTML("", stylesheets=[say_html.STYLE], sizing_mode="stretch_width", margin=0)

        self.head, self.sentence = text(), text()
        self.beliefs = Select(sizing_mode="stretch_width", margin=(4, 0))
        self.beliefs.param.watch(lambda event: self._choose("assumptions", event.new), "value")
        self.people = Select(sizing_mode="stretch_width", margin=(4, 0))
        self.people.param.watch(lambda event: self._choose("population", event.new), "value")
        self.behaviour_form = SpecForm(self._behaviour_edited, sizing_mode="stretch_width", css_classes=["specform"])
        self.people_form = SpecForm(self._people_edited, sizing_mode="stretch_width", css_classes=["specform"])
        self.changes = ChangeList(self._put_back, sizing_mode="stretch_width")
        self.reset_all = Button(color="primary", variant="text", margin=0)
        self.reset_all.on_click(lambda _: self._reset_all())
        self.chart = MonthChart()
        self.view = laid_out(
            laid_out(self.head, css=_COLUMN, css_classes=["head"]),
            laid_out(self.changes, self.reset_all, css=_COLUMN),
            laid_out(self.sentence, Bokeh(self.chart.figure, sizing_mode="stretch_width", margin=0), css=_COLUMN),
            laid_out(self.beliefs, self.behaviour_form, css=_COLUMN),
            laid_out(self.people, self.people_form, css=_COLUMN),
            css=_GRID,
        )

    # --- showing ---
    def show(self) -> None:
        """Everything, from the session."""
        draft, say = self.session.draft, self.session.say
        _ = say._
        world = (draft.assumptions, draft.assumptions_changes, draft.population, draft.population_changes)
        if world != self._seen:  # changed elsewhere, or taken: what was typed is not waiting any more
            self._seen, self._typed, self._wrong = world, {}, {}
        self.chart.paint(self.session.dark)
        told = _("Nobody measured most of these for your members. Change one, and see whether the answer hangs on it.")
        self.head.object = say_html.headed(_("What is assumed about members"), told)
        self._quiet = True
        try:
            titles = {f"{say.text(load_assumptions(name).title)} · {name}": name for name in shipped_assumptions()}
            self.beliefs.param.update(label=_("Assumptions about behaviour"), options=titles, value=draft.assumptions)
            self.people.param.update(
                label=_("Population"), options=view.fitting_populations(draft, say), value=draft.population
            )
        finally:
            self._quiet = False
        words = {
            "add": _("Add"), "remove": _("Remove"), "up": _("Move up"), "down": _("Move down"), "kind": _("Kind"), "name": _("Name"),
            "help": _("Help"), "yaml": "", "reset": _("Reset to"), "plausible": _("plausible"), "seen": _("seen in a public source"),
            "abstract": _("from an abstract"), "judgement": _("judgement"),
        }  # fmt: skip
        for form in (self.behaviour_form, self.people_form):
            form.words = words
        self._show_forms()
        self._show_changes()
        self.answered()

    def answered(self) -> None:
        """The chart, with both ghosts."""
        answer, say = self.session.answer, self.session.say
        if answer is None:
            self.sentence.object = ""
            return
        world = answer.shipped_world is not None
        self.sentence.object = say_html.sentence(answer.found, answer.question.is_changed, say, world)
        self.chart.show(*say_html.per_thousand(answer.found), say, say_html.world_line(answer))

    def close(self) -> None:
        """Nothing is left behind."""

    def _show_forms(self) -> None:
        draft, say = self.session.draft, self.session.say
        self.behaviour_form.sections = view.assumption_sections(
            self._mapping("assumptions"), draft, self._open, self._wrong.get("assumptions", []), say
        )
        self.people_form.sections = view.people_sections(
            self._mapping("population"), draft, self._open, self._wrong.get("population", []), say
        )

    def _show_changes(self) -> None:
        draft, say = self.session.draft, self.session.say
        _ = say._
        rows = [
            *(["assumptions." + row[0], *row[1:]] for row in change_rows(view.changed_assumptions(draft), say)),
            *(["population." + row[0], *row[1:]] for row in change_rows(view.changed_people(draft), say)),
        ]
        title = _("Assumptions as shipped") if not rows else _("Assumptions changed: {n}", n=say.number(len(rows)))
        self.changes.param.update(title=title, rows=rows, reset=_("Reset"))
        self.reset_all.param.update(label=_("Reset all assumptions"), visible=bool(rows))

    def _mapping(self, part: str) -> dict[str, Any]:
        draft = self.session.draft
        spec = draft.behaviour if part == "assumptions" else draft.people
        return self._typed.get(part) or spec.model_dump(mode="json", by_alias=True)

    # --- what the user does ---
    def _behaviour_edited(self, edit: dict[str, Any]) -> None:
        if self._opened(edit):
            return
        path = edit.get("path") or [""]
        if path[0] == "effect":
            on, name = edit.get("text") == "true", str(path[-1])
            if name in view.EFFECTS:
                shipped = view.shipped_assumptions_mapping(self.session.draft)
                self._take("assumptions", view.effect_switched(self._mapping("assumptions"), shipped, name, on))
            return
        self._take("assumptions", edited(Assumptions, self._mapping("assumptions"), edit, self.session.draft.start))

    def _people_edited(self, edit: dict[str, Any]) -> None:
        if self._opened(edit):
            return
        path, text = edit.get("path") or [""], str(edit.get("text", ""))
        if path[0] in ("scale", "run"):
            self._set(str(path[0]), str(path[-1]), text)
            return
        self._take("population", edited(Population, self._mapping("population"), edit, self.session.draft.start))

    def _opened(self, edit: dict[str, Any]) -> bool:
        if edit.get("do") != "open":
            return False
        (self._open.add if edit.get("open") else self._open.discard)(str(edit.get("slug")))
        self._show_forms()
        return True

    def _set(self, part: str, name: str, text: str) -> None:
        """The scale of the people, or the run itself."""
        draft = self.session.draft
        try:
            if part == "scale":
                changes = view.rescaled(draft, name, float(text.replace(",", "")))
                self.session.change(replace(draft, population_changes=changes))
            else:
                value: Any = date.fromisoformat(text) if name == "start" else int(text.replace(",", ""))
                self.session.change(replace(draft, **{name: value}))
            self._wrong.pop("population", None)
        except BadInput as error:
            self._wrong["population"] = [replace(each, path=f"{part}.{name}") for each in error.problems]
        except ValueError as error:
            self._wrong["population"] = [Problem(f"{part}.{name}", str(error))]
        self._show_forms()

    def _take(self, part: str, mapping: dict[str, Any]) -> None:
        """Make a mapping the draft's, or say in its place what is wrong with it."""
        draft = self.session.draft
        of = view.shipped_assumptions_mapping if part == "assumptions" else view.shipped_people_mapping
        changes = patch_between(of(draft), mapping)
        self._typed[part] = mapping
        wanted: dict[str, Any] = {f"{part}_changes": changes}
        try:
            self.session.change(replace(draft, **wanted), key=f"{part}:{sorted(changes)}")
        except BadInput as error:
            self._wrong[part] = [replace(each, path=each.path.removeprefix(part + ".")) for each in error.problems]
        else:
            self._typed.pop(part, None)
            self._wrong.pop(part, None)
        self._show_forms()

    def _choose(self, part: str, name: str) -> None:
        if self._quiet or name == getattr(self.session.draft, part):
            return
        try:
            chosen: dict[str, Any] = {part: name, f"{part}_changes": {}}
            self.session.change(replace(self.session.draft, **chosen))
        except BadInput as error:
            self.session.tell(refusal_said(error, self.session.say).text, "error")
            self.show()

    def _put_back(self, key: str) -> None:
        part, _, place = key.partition(".")
        found = view.changed_assumptions if part == "assumptions" else view.changed_people
        for each in found(self.session.draft):
            if each.key == place:
                model = Assumptions if part == "assumptions" else Population
                edit = {"do": "put back", "path": list(each.path), "value": each.before}
                self._take(part, edited(model, self._mapping(part), edit, self.session.draft.start))
                return

    def _reset_all(self) -> None:
        self.session.change(replace(self.session.draft, assumptions_changes={}, population_changes={}))
