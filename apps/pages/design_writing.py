"""The program as a form, and as text beside it: either may be written in, the other follows."""

from concurrent.futures import Future
from functools import partial
from typing import Any

from apps.components import HTML, Button, laid_out
from apps.fragments import STYLE, headed, text_of
from apps.runs import Ticket
from apps.session import Session
from apps.spec_form import CodeArea, SpecForm
from apps.views.design import marks, sections
from workbench.errors import BadInput
from workbench.lint import Finding, lint
from workbench.population.spec import Population
from workbench.program.spec import Program
from workbench.yaml_file import parse_mapping

__all__ = ["Writing"]

_BESIDE = """
:host { display: grid !important; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 10px 24px; align-items: start; }
:host > * { min-width: 0; }
@media (max-width: 1099px) { :host { grid-template-columns: minmax(0, 1fr); } }
"""


class Writing:
    """Form and text of the session's editor, with what is wrong and what the lint says in its place."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._open: set[str] = set()
        self._findings: tuple[Finding, ...] = ()
        self._linted: tuple[Program, Population] | None = None
        self.form = SpecForm(self._edited, sizing_mode="stretch_width", css_classes=["specform"])
        self.area = CodeArea(self._typed, sizing_mode="stretch_width", css_classes=["codearea"])
        self.form_head, self.text_head, self.said = self._text(), self._text(), self._text()
        self.drop = Button(color="primary", variant="outlined", size="small", margin=(4, 0), visible=False)
        self.drop.on_click(lambda _: self._give_up())
        self.again = Button(color="primary", variant="outlined", size="small", margin=(4, 0), visible=False)
        self.again.on_click(lambda _: self._bring_back())
        self.view = laid_out(
            laid_out(self.form_head, self.form, css=":host { gap: 8px; }"),
            laid_out(self.text_head, self.said, self.drop, self.again, self.area, css=":host { gap: 8px; }"),
            css=_BESIDE,
        )

    @staticmethod
    def _text() -> HTML:
        return HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0)

    # --- showing ---
    def show(self) -> None:
        """Everything but the text, which follows (``follow``)."""
        _ = self.session.say._
        self.form_head.object = headed(_("The program as a form"), _("Grey: what holds where nothing is given."))
        self.text_head.object = headed(_("The program as YAML"), _("Either may be changed; the other follows."))
        self.drop.label = _("Back to the last valid program")
        self.again.label = _("Bring back what was typed")
        self.area.param.update(label=_("The program as YAML"), line_word=_("Line {n}"))
        self.form.words = {
            "add": _("Add"), "remove": _("Remove"), "up": _("Move up"), "down": _("Move down"), "kind": _("Kind"),
            "name": _("Name"), "help": _("Help"), "yaml": _("Written in the YAML beside."),
        }  # fmt: skip
        self._show_form()

    def follow(self) -> None:
        """The text, and what is said of its lines."""
        self.area.text = self.session.editor.text
        self._show_marks()

    def _show_form(self) -> None:
        editor, say = self.session.editor, self.session.say
        mapping = editor.mapping if editor.mapping is not None else self.session.draft.mapping
        self.form.sections = sections(mapping, self._open, editor.problems, self._findings, say)
        wrong = len(editor.problems)
        told = ""
        if wrong:
            count = say._("1 problem") if wrong == 1 else say._("{n} problems", n=say.number(wrong))
            told = text_of(
                '<div class="problem" role="status">{}</div>',
                say._("Not a valid program yet: {count}. The figures stay those of the last valid one.", count=count),
            )
        self.said.object = told
        self.drop.visible = bool(wrong)
        self.again.visible = bool(editor.bring_back) and not wrong

    def _show_marks(self) -> None:
        editor = self.session.editor
        line_of: Any = None
        try:
            line_of = parse_mapping(editor.text)[1] if editor.problems or self._findings else None
        except BadInput:
            line_of = None
        found = marks(editor.problems, self._findings, line_of, self.session.say)
        if found != self.area.marks:
            self.area.marks = found

    # --- what the user does ---
    def _edited(self, edit: dict[str, Any]) -> None:
        if edit.get("do") == "open":
            slug = str(edit.get("slug"))
            (self._open.add if edit.get("open") else self._open.discard)(slug)
            self._show_form()
            return
        self.session.editor.edited(edit)
        if not self.session.editor.valid:
            self.follow()
        self._show_form()

    def _typed(self, text: str) -> None:
        self.session.editor.typed(text)
        self.area.text = text
        self._show_marks()
        self._show_form()

    def _give_up(self) -> None:
        self.session.editor.give_up()
        self.follow()
        self._show_form()

    def _bring_back(self) -> None:
        text, self.session.editor.bring_back = self.session.editor.bring_back, ""
        self.session.editor.typed(text)
        self.follow()
        self._show_form()

    # --- the lint ---
    def lint(self) -> None:
        """Have the draft looked over, unless it was."""
        draft = self.session.draft
        subject = draft.program, draft.people
        if self._linted == subject:
            return
        self._linted = subject
        self.session.job("design.lint", partial(_linted, *subject), partial(self._told, subject), quick=True)

    def _told(self, subject: tuple[Program, Population], future: Future[tuple[Finding, ...]]) -> None:
        if subject == self._linted:
            self._findings = future.result()
            self._show_form()
            self._show_marks()


def _linted(program: Program, people: Population, _: Ticket) -> tuple[Finding, ...]:
    return tuple(lint(program, people))
