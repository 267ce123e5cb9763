"""The page on which one program is changed and seen at once: levers, figures against the shipped program, points by month."""

from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from apps import fragments as say_html
from apps.charts.month import MonthChart
from apps.components import HTML, Bokeh, Button, CopyText, Row, Select, laid_out
from apps.draft import Draft
from apps.estimates import Comparison
from apps.levers import Absent, Lever, Number, Path, changed, changes, earn_lever, expiry_lever, tier_levers
from apps.pages.controls import LeverControl
from apps.repeat import command, program_yaml
from apps.runs import Cancelled, Question, Ticket, compare
from apps.session import Session
from workbench.errors import BadInput, Problem, dotted

__all__ = ["DesignPage"]

_GRID = """
:host { display: grid !important; grid-template-columns: 372px minmax(0, 1fr); gap: 12px 24px;
  grid-template-rows: repeat(3, max-content) 1fr; flex: none !important; height: auto !important; max-height: none !important;
  align-items: start; width: 100%; max-width: 1440px; margin: 0 auto; padding: 14px 20px 40px; box-sizing: border-box; }
:host > * { min-width: 0; }
:host > .scroll-button { display: none; }
:host > .head { grid-column: 1 / -1; }
:host > .levers { grid-column: 1; grid-row: 2 / span 3; }
:host > .state { grid-column: 2; }
:host > .figures { grid-column: 2; }
:host > .detail { grid-column: 2; }
@media (max-width: 899px) {
  :host { grid-template-columns: minmax(0, 1fr); grid-template-rows: none; grid-auto-rows: max-content;
    padding: 10px 12px 32px; }
  :host > .head, :host > .levers, :host > .state, :host > .figures, :host > .detail { grid-column: 1; grid-row: auto; }
  :host > .state { order: 1; } :host > .figures { order: 2; position: sticky; top: 0; z-index: 5; } :host > .levers { order: 3; }
  :host > .detail { order: 4; }
}
"""
_BESIDE = """
:host { display: grid !important; grid-template-columns: minmax(0, 1fr) minmax(0, 390px); gap: 10px 20px; align-items: start; }
@media (max-width: 1199px) { :host { grid-template-columns: minmax(0, 1fr); } }
"""
_BAR = """
:host { flex-direction: row !important; flex-wrap: wrap; align-items: center; gap: 6px 16px; }
:host > * { width: auto !important; }
"""
_PLAIN = ":host { gap: 10px; }"


@dataclass(frozen=True)
class Shown:
    """The answer that is on the page, and to which question."""

    question: Question
    found: Comparison
    full: bool


class DesignPage:
    """Levers on the draft's program, and what they do."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._refused: tuple[Path, str] | None = None
        self._shown: Shown | None = None
        self._asked: Draft | None = None
        self._failed = False
        self._place = 0
        self._quiet = False
        self._build()

    @property
    def draft(self) -> Draft:
        """The session's draft."""
        return self.session.draft

    @property
    def _say(self) -> Any:
        return self.session.say

    # --- what it is made of ---
    def _build(self) -> None:
        def text(name: str, **more: Any) -> HTML:
            return HTML(
                "", stylesheets=[say_html.STYLE], sizing_mode="stretch_width", margin=0, css_classes=[name], **more
            )

        self.choice = Select(sizing_mode="stretch_width", margin=(4, 0, 12, 0))
        self.choice.param.watch(lambda event: self._choose(event.new), "value")
        self.tier_choice = Select(sizing_mode="stretch_width", margin=(4, 0, 6, 0))
        self.tier_choice.param.watch(lambda event: self._choose_tier(event.new), "value")
        self.tier = LeverControl("tier", self._move, self._reset, self.tier_choice)
        self.earn = LeverControl("earn", self._move, self._reset)
        self.expiry = LeverControl("expiry", self._move, self._reset)
        self.projection, self.state, self.figures = text("head"), text("chip"), text("figures")
        self.methods, self.sentence, self.table, self.changes = text("m"), text("s"), text("t"), text("c")
        self.full = Button(color="primary", variant="contained", margin=0)
        self.full.on_click(lambda _: self._ask_full())
        self.cancel = Button(color="primary", variant="outlined", margin=0)
        self.cancel.on_click(lambda _: self._cancel())
        self.reset_all = Button(color="primary", variant="text", margin=0)
        self.reset_all.on_click(lambda _: self._reset_all())
        self.chart = MonthChart()
        self.yaml, self.command = CopyText(sizing_mode="stretch_width"), CopyText(sizing_mode="stretch_width")
        self.yaml_head, self.command_head = text("y"), text("l")
        buttons = Row(self.full, self.cancel, margin=0, stylesheets=[":host { gap: 8px; align-items: center; }"])
        self.view = laid_out(
            self.projection,
            laid_out(self.choice, self.tier.view, self.earn.view, self.expiry.view, css=_PLAIN, css_classes=["levers"]),
            laid_out(self.state, buttons, css=_BAR, css_classes=["state"]),
            self.figures,
            laid_out(
                self.methods,
                laid_out(
                    laid_out(self.sentence, Bokeh(self.chart.figure, sizing_mode="stretch_width", margin=0), css=_PLAIN),
                    self.table,
                    css=_BESIDE,
                ),
                laid_out(self.changes, self.reset_all, css=_PLAIN),
                self.command_head, self.command, self.yaml_head, self.yaml,
                css=":host { gap: 14px; }", css_classes=["detail"],
            ),
            css=_GRID,
        )  # fmt: skip

    # --- moving levers ---
    def _move(self, path: Path, value: Number | None) -> None:
        if value is None:
            self._refuse(path, "–", [Problem(dotted(path), "expected a number")])
            return
        draft = self.draft
        try:
            program = changed(draft.program, {path: value}, *draft.days)
            self._refused = None
            self.session.change(draft.with_program(program), key="lever:" + dotted(path))
        except BadInput as error:
            self._refuse(path, self._say.plain(float(value)), error.problems)
            return
        self._show_levers()

    def _reset(self, path: Path) -> None:
        lever = next((each for each in self._levers() if isinstance(each, Lever) and each.path == path), None)
        if lever is not None:
            self._move(path, lever.shipped)

    def _reset_all(self) -> None:
        self._refused = None
        self.session.change(self.draft.with_program(self.draft.baseline))

    def _refuse(self, path: Path, tried: str, problems: Any) -> None:
        lever = next(each for each in self._levers() if isinstance(each, Lever) and each.path == path)
        kept = say_html.amount(lever.value, lever.unit, self.draft.program.currency, self._say)
        self._refused = path, say_html.problem_text(problems, tried, kept, self._say)
        self._show_levers()

    def _levers(self) -> list[Lever | Absent]:
        program, shipped = self.draft.program, self.draft.baseline
        tiers = tier_levers(program, shipped)
        return [
            *(tiers if isinstance(tiers, list) else [tiers]),
            earn_lever(program, shipped),
            expiry_lever(program, shipped),
        ]

    def _choose(self, slug: str) -> None:
        if self._quiet or slug == self.draft.origin:
            return
        self._place, self._refused = 0, None
        old = self.draft
        self.session.change(
            Draft.of(slug, assumptions=old.assumptions, years=old.years, start=old.start, seed=old.seed)
        )

    def _choose_tier(self, place: int) -> None:
        if not self._quiet:
            self._place, self._refused = place, None
            self._show_levers()

    # --- running ---
    def _question(self, members: int) -> Question:
        """What is asked about the program as it stands."""
        return self.draft.question(members)

    def _ask(self, head: bool = False) -> None:
        question = self._question(self.session.service.settings.preview)
        work, told = partial(self._work, question, head), partial(self._answered, question, False)
        self.session.job("design.preview", work, told, quick=True, drop=False)

    def _ask_full(self) -> None:
        question = self._question(self.session.service.settings.full)
        work, told = partial(self._work, question, True), partial(self._answered, question, True)
        self.session.job("design.full", work, told, progress=lambda _done, _total: self._show_state())
        self._show_state()

    def _work(self, question: Question, head: bool, ticket: Ticket) -> Comparison:
        """In a thread of the pool: reads nothing of the page."""
        return compare(self.session.service.store, question, ticket, head)

    def _cancel(self) -> None:
        self.session.cancel("design.full")
        self._show_state()

    def _answered(self, question: Question, full: bool, future: Future[Comparison]) -> None:
        error = future.exception()
        self._failed = error is not None and not isinstance(error, Cancelled)
        if error is not None:
            self._show_state()
            if self._failed:
                raise error
            return
        if question.shipped != self.draft.baseline or (self._is_full and not full and self._is_now(question)):
            return
        found = future.result()
        self._shown = Shown(question, found, full)
        self._show_answer()
        if question.is_changed and found.head is None and not self.session.waits("design.preview"):
            self._ask(head=True)

    @property
    def _is_full(self) -> bool:
        """Whether a full run of the program as it stands is on the page."""
        return self._shown is not None and self._shown.full and self._is_now(self._shown.question)

    def _is_now(self, question: Question) -> bool:
        """Whether a question is about the draft as it stands."""
        return question == self._question(question.members)

    def close(self) -> None:
        """The session has ended, and with it its jobs."""

    # --- showing ---
    def show(self) -> None:
        """Everything, from the session."""
        draft = self.draft
        self.chart.paint(self.session.dark)
        if self._asked != draft:
            if self._asked is None or self._asked.baseline != draft.baseline:
                self._shown = None
            self._asked, self._refused = draft, None
            self.session.cancel("design.full")
            self._ask()
        self._show_everything()

    def _show_everything(self) -> None:
        _ = self._say._
        self._quiet = True
        try:
            self.choice.param.update(
                label=_("Program"),
                options={
                    f"{say_html.title_of(each, self._say)} · {slug}": slug
                    for slug, each in self.session.service.programs().items()
                },
                value=self.draft.origin,
            )
        finally:
            self._quiet = False
        self.full.label = _("Full run: {n} members", n=self._say.number(self.session.service.settings.full))
        self.cancel.label = _("Cancel")
        self.reset_all.label = _("Reset all changes")
        self.yaml.param.update(label=_("The program as YAML"), copy=_("Copy"), copied=_("Copied"))
        self.command.param.update(label=_("Command line"), copy=_("Copy"), copied=_("Copied"))
        self._show_levers()
        self._show_origin()
        self._show_answer()

    def _show_levers(self) -> None:
        _, say, currency = self._say._, self._say, self.draft.program.currency
        *tiers, earn, expiry = self._levers()
        tier = tiers[min(self._place, len(tiers) - 1)]
        self._quiet = True
        try:
            metric = {
                "money": _("spend"), "points": _("qualifying points"), "orders": _("orders"), "visits": _("visits"), "nights": _("nights"),
            }  # fmt: skip
            options = {
                f"{each.name}: {metric[each.unit]}": k for k, each in enumerate(tiers) if isinstance(each, Lever)
            }
            self.tier_choice.param.update(
                label=_("Tier"),
                options=options or {"–": 0},
                value=min(self._place, len(tiers) - 1),
                visible=bool(options),
            )
        finally:
            self._quiet = False
        titles = (_("Tier threshold"), _("Earn rate: spend for points"), _("Expiry length"))
        for control, title, lever in zip(
            (self.tier, self.earn, self.expiry), titles, (tier, earn, expiry), strict=True
        ):
            mine = self._refused is not None and isinstance(lever, Lever) and self._refused[0] == lever.path
            control.show(title, lever, currency, self._refused[1] if mine and self._refused else "", say)

    def _show_origin(self) -> None:
        """The changes, the YAML and the command line of the program as it stands."""
        _ = self._say._
        self.changes.object = say_html.changes_list(
            changes(self.draft.baseline, self.draft.program),
            say_html.title_of(self.draft.baseline, self._say),
            self._say,
        )
        self.reset_all.visible = self.draft.is_changed
        members = self.session.service.settings.full if self._is_full else self.session.service.settings.preview
        question = self._question(members)
        self.command.text = command(question)
        self.yaml.text = program_yaml(self.draft.program)
        told = (
            _("Save the YAML below as {file}, then run:", file=question.names["program"]) if question.is_changed else ""
        )
        self.command_head.object = say_html.headed(_("The command line that repeats it"), told)
        self.yaml_head.object = say_html.headed(_("The program as YAML"), "")

    def _show_answer(self) -> None:
        shown, say = self._shown, self._say
        self.projection.object = say_html.projection(self._question(1), say)
        self._show_state()
        if shown is None:
            for each in (self.figures, self.methods, self.sentence, self.table):
                each.object = ""
            return
        is_changed = shown.question.is_changed
        self.figures.object = say_html.cards(shown.found, is_changed, say)
        self.methods.object = say_html.methods(shown.found, say)
        self.sentence.object = say_html.sentence(shown.found, is_changed, say)
        self.table.object = say_html.month_table(shown.found, say)
        self.chart.show(*say_html.per_thousand(shown.found), say)
        self._show_origin()

    def _show_state(self) -> None:
        shown, settings = self._shown, self.session.service.settings
        ticket = self.session.ticket("design.full")
        runs = ticket is not None
        kind = "failed" if self._failed else "first"
        if shown is not None and not self._failed:
            kind = "stale" if not self._is_now(shown.question) else "full" if shown.full else "preview"
        members = settings.full if kind == "full" else settings.preview
        done, total = (ticket.done, max(ticket.total, 1)) if ticket is not None and runs else (0, 0)
        self.state.object = say_html.state(kind, members, settings.seed, done, total, self._say)
        self.full.disabled = runs or kind == "full"
        self.cancel.visible = runs
