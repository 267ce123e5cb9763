"""The page on which one program is changed and seen at once: levers, form and text, points by month, what was changed."""

from typing import Any

from apps import fragments as say_html
from apps.charts.month import MonthChart
from apps.components import HTML, Bokeh, Button, CopyText, Select, laid_out
from apps.levers import Absent, Lever, Number, Path, earn_lever, expiry_lever, tier_levers
from apps.pages.controls import LeverControl
from apps.pages.design_files import Files
from apps.pages.design_writing import Writing
from apps.repeat import command
from apps.session import Session
from apps.spec_form import ChangeList
from apps.views.design import change_rows
from workbench.errors import Problem, dotted
from workbench.program.load import library

__all__ = ["DesignPage"]

_GRID = """
:host { display: grid !important; grid-template-columns: 372px minmax(0, 1fr); gap: 12px 24px; align-items: start;
  flex: none !important; height: auto !important; max-height: none !important;
  width: 100%; max-width: 1600px; margin: 0 auto; padding: 10px 20px 40px; box-sizing: border-box; }
:host > * { min-width: 0; }
:host > .scroll-button { display: none; }
:host > .levers { grid-column: 1; }
:host > .detail { grid-column: 2; }
:host > .writing, :host > .repeat { grid-column: 1 / -1; }
@media (max-width: 899px) {
  :host { grid-template-columns: minmax(0, 1fr); padding: 10px 12px 32px; }
  :host > .levers, :host > .detail, :host > .writing, :host > .repeat { grid-column: 1; }
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


class DesignPage:
    """Levers, form and text for the draft's program, and what they do."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._refused: tuple[Path, str] | None = None
        self._place = 0
        self._quiet = False
        self._moving = self._behind = False
        self._seen: tuple[Any, ...] = ()
        self._build()

    @property
    def _say(self) -> Any:
        return self.session.say

    # --- what it is made of ---
    def _build(self) -> None:
        def text(name: str) -> HTML:
            return HTML("", stylesheets=[say_html.STYLE], sizing_mode="stretch_width", margin=0, css_classes=[name])

        session = self.session
        self.files, self.writing = Files(session), Writing(session)
        self.tier_choice = Select(sizing_mode="stretch_width", margin=(4, 0, 6, 0))
        self.tier_choice.param.watch(lambda event: self._choose_tier(event.new), "value")
        self.tier = LeverControl("tier", self._move, self._reset, self.tier_choice)
        self.earn = LeverControl("earn", self._move, self._reset)
        self.expiry = LeverControl("expiry", self._move, self._reset)
        self.sentence, self.table = text("s"), text("t")
        self.changes = ChangeList(self._put_back, sizing_mode="stretch_width")
        self.reset_all = Button(color="primary", variant="text", margin=0)
        self.reset_all.on_click(lambda _: session.change(session.draft.with_program(session.draft.baseline)))
        self.as_baseline = Button(color="primary", variant="text", margin=0)
        self.as_baseline.on_click(lambda _: session.change(session.draft.as_baseline()))
        self.chart = MonthChart()
        self.command, self.command_head = CopyText(sizing_mode="stretch_width"), text("l")
        self.view = laid_out(
            laid_out(
                self.files.view, self.tier.view, self.earn.view, self.expiry.view, css=_PLAIN, css_classes=["levers"]
            ),
            laid_out(
                laid_out(
                    laid_out(
                        self.sentence, Bokeh(self.chart.figure, sizing_mode="stretch_width", margin=0), css=_PLAIN
                    ),
                    self.table,
                    css=_BESIDE,
                ),
                laid_out(self.changes, laid_out(self.reset_all, self.as_baseline, css=_BAR), css=_PLAIN),
                css=":host { gap: 14px; }",
                css_classes=["detail"],
            ),
            laid_out(self.writing.view, css=_PLAIN, css_classes=["writing"]),
            laid_out(self.command_head, self.command, css=_PLAIN, css_classes=["repeat"]),
            css=_GRID,
        )

    # --- moving levers ---
    def _move(self, path: Path, value: Number | None) -> None:
        if value is None:
            self._refuse(path, "–", [Problem(dotted(path), "expected a number")])
            return
        before, self._moving = self.session.draft, self.session.answers.swift
        try:
            problems = self.session.editor.moved(path, value)
        finally:
            self._moving = False
        if problems:
            self._refuse(path, self._say.plain(float(value)), problems)
        elif self.session.draft == before:  # otherwise all was shown already
            self._refused = None
            self._show_levers()

    def _reset(self, path: Path) -> None:
        lever = next((each for each in self._levers() if isinstance(each, Lever) and each.path == path), None)
        if lever is not None:
            self._move(path, lever.shipped)

    def _put_back(self, key: str) -> None:
        for each in self.session.draft.changes:
            if each.key == key:
                self.session.editor.restore(each)
                return

    def _refuse(self, path: Path, tried: str, problems: Any) -> None:
        lever = next(each for each in self._levers() if isinstance(each, Lever) and each.path == path)
        kept = say_html.amount(lever.value, lever.unit, self.session.draft.program.currency, self._say)
        self._refused = path, say_html.problem_text(problems, tried, kept, self._say)
        self._show_levers()

    def _levers(self) -> list[Lever | Absent]:
        program, baseline = self.session.draft.program, self.session.draft.baseline
        tiers = tier_levers(program, baseline)
        return [
            *(tiers if isinstance(tiers, list) else [tiers]),
            earn_lever(program, baseline),
            expiry_lever(program, baseline),
        ]

    def _choose_tier(self, place: int) -> None:
        if not self._quiet:
            self._place, self._refused = place, None
            self._show_levers()

    # --- showing ---
    def show(self) -> None:
        """Everything, from the session. Under a lever that moves, form and text wait until the hand rests: they take as long as an answer."""
        self._refused = None
        self.chart.paint(self.session.dark)
        self._show_levers()
        self._show_changes()
        self._behind = self._moving
        if not self._moving:
            self._catch_up()
            self.writing.lint()
        elif self.session.answers.current:  # known already: nothing comes that the text could wait for
            self.session.later(self._catch_up)
        self._show_answer()

    def _catch_up(self) -> None:
        self._behind = False
        self.files.show()
        self.writing.show()
        self.writing.follow()

    def answered(self) -> None:
        """The newest answer; after a lever's move also what waited for the hand to rest, and after the last one the lint."""
        self._show_answer()
        answers = self.session.answers
        settled = answers.state in ("full", "failed") or answers.stopped
        if self._behind and (settled or answers.is_refined):
            self.session.later(self._catch_up)
        if settled:
            self.session.later(self.writing.lint)

    def _show_answer(self) -> None:
        answer, say = self.session.answer, self._say
        seen = answer, say.tag, self.session.dark
        if answer is not None and seen == self._seen:
            return
        self._seen = seen
        if answer is None:
            self.sentence.object = self.table.object = ""
            return
        self.sentence.object = say_html.sentence(
            answer.found, answer.question.is_changed, say, answer.shipped_world is not None
        )
        self.table.object = say_html.month_table(answer.found, say)
        self.chart.show(*say_html.per_thousand(answer.found), say, say_html.world_line(answer))

    def close(self) -> None:
        """Nothing is left behind."""

    def _show_levers(self) -> None:
        _, say, currency = self._say._, self._say, self.session.draft.program.currency
        *tiers, earn, expiry = self._levers()
        self._place = min(self._place, len(tiers) - 1)
        tier = tiers[self._place]
        self._quiet = True
        try:
            metric = {
                "money": _("spend"), "points": _("qualifying points"), "orders": _("orders"), "visits": _("visits"), "nights": _("nights"),
            }  # fmt: skip
            options = {
                f"{each.name}: {metric[each.unit]}": k for k, each in enumerate(tiers) if isinstance(each, Lever)
            }
            self.tier_choice.param.update(
                label=_("Tier"), options=options or {"–": 0}, value=self._place, visible=bool(options)
            )
        finally:
            self._quiet = False
        titles = (_("Tier threshold"), _("Earn rate: spend for points"), _("Expiry length"))
        levers = zip((self.tier, self.earn, self.expiry), titles, (tier, earn, expiry), strict=True)
        for control, title, lever in levers:
            mine = self._refused is not None and isinstance(lever, Lever) and self._refused[0] == lever.path
            control.show(title, lever, currency, self._refused[1] if mine and self._refused else "", say)

    def _show_changes(self) -> None:
        """The changes, and the command line that repeats the run."""
        _, draft, say = self._say._, self.session.draft, self._say
        rows = change_rows(draft.changes, say)
        title = {
            0: _("No changes against the baseline"),
            1: _("1 change against the baseline"),
        }.get(len(rows), _("{n} changes against the baseline", n=say.number(len(rows))))
        self.changes.param.update(title=title, rows=rows, reset=_("Reset"))
        self.reset_all.param.update(label=_("Reset all changes"), visible=bool(rows))
        self.as_baseline.param.update(label=_("Make this the baseline"), visible=bool(rows))
        question = draft.question(self.session.service.settings.full)
        self.command.param.update(text=command(question), label=_("Command line"), copy=_("Copy"), copied=_("Copied"))
        told = ""
        if draft.file_name not in library():
            told = _("Save the program as {file} first; it is written below.", file=draft.file_name)
        if not draft.is_shipped_world:
            told = say.joined(told, _("Changed assumptions and members have files of their own."))
        self.command_head.object = say_html.headed(_("The command line that repeats it"), told)
