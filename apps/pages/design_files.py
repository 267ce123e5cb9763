"""Which program is worked on: begin with one of the library or of the workspace, choose the baseline, save."""

from typing import Any

from apps.components import HTML, Button, Select, TextInput, laid_out
from apps.fragments import STYLE, text_of, title_of
from apps.problems_said import refusal_said
from apps.session import Session
from apps.workspace import Conflict
from workbench.errors import BadInput
from workbench.program.load import library

__all__ = ["Files"]

_ROW = """
:host { display: grid !important; grid-template-columns: minmax(0, 1fr) auto; gap: 8px; align-items: center; }
"""


class Files:
    """Three small things in a column."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._quiet = False
        self._listed: tuple[Any, ...] = ()
        self.choice = Select(sizing_mode="stretch_width", margin=(4, 0, 10, 0))
        self.choice.param.watch(lambda event: self._open(event.new), "value")
        self.baseline = Select(sizing_mode="stretch_width", margin=(4, 0, 10, 0))
        self.baseline.param.watch(lambda event: self._compare_with(event.new), "value")
        self.name = TextInput(sizing_mode="stretch_width", margin=0, size="small")
        self.save = Button(color="primary", variant="outlined", margin=0)
        self.save.on_click(lambda _: self._save(False))
        self.anyway = Button(color="primary", variant="text", margin=0, visible=False)
        self.anyway.on_click(lambda _: self._save(True))
        self.reopen = Button(color="primary", variant="text", margin=0, visible=False)
        self.reopen.on_click(lambda _: self._open(session.editor.conflict, again=True))
        self.said = HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0)
        self.view = laid_out(
            self.choice, self.baseline, laid_out(self.name, self.save, css=_ROW), self.said, self.anyway, self.reopen,
            css=":host { gap: 2px; }", css_classes=["files"],
        )  # fmt: skip

    def show(self) -> None:
        """From the session."""
        session, say, draft = self.session, self.session.say, self.session.draft
        _ = say._
        programs = {slug: title_of(session.program(slug), say) + f" · {slug}" for slug in library()}
        files = session.workspace.names("programs")
        listed = (say.tag, tuple(files), draft.origin, draft.baseline_name, draft.program.currency, draft.is_changed)
        if listed == self._listed:
            self._show_conflict()
            return
        self._listed = listed
        own = {name: name for name in files}
        if draft.origin not in library():
            own.setdefault(draft.origin, draft.origin)
        self._quiet = True
        try:
            self.choice.param.update(
                label=_("Program"),
                options={**{title: name for name, title in own.items()}, **{t: slug for slug, t in programs.items()}},
                value=draft.origin,
            )
            like = {
                title: slug
                for slug, title in programs.items()
                if session.program(slug).currency == draft.program.currency
            }
            named = draft.baseline_name or "."
            special = {} if named in like.values() else {title_of(draft.baseline, say) + " · " + _("as set"): named}
            self.baseline.param.update(
                label=_("Baseline (dashed)"),
                options={**special, **{name: name for name in files if name != named}, **like},
                value=named,
            )
            self.name.param.update(
                label=_("Name of the file"),
                value=draft.origin if draft.origin in files else draft.file_name.removesuffix(".yaml") + ".yaml",
            )
        finally:
            self._quiet = False
        self.save.label = _("Save to workspace")
        self.anyway.label = _("Overwrite the other version")
        self.reopen.label = _("Open the other version")
        self._show_conflict()

    def _show_conflict(self) -> None:
        there = bool(self.session.editor.conflict)
        self.anyway.visible = self.reopen.visible = there
        if there:
            _ = self.session.say._
            told = _(
                "{name} was saved elsewhere since you opened it. Nothing was overwritten; what you have here is kept.",
                name=self.session.editor.conflict,
            )
            self.said.object = text_of('<div class="problem" role="alert">{}</div>', told)

    # --- what the user does ---
    def _open(self, name: str, again: bool = False) -> None:
        if self._quiet or not name or (name == self.session.draft.origin and not again):
            return
        try:
            self.session.editor.open(name)
        except BadInput as error:
            self.session.tell(refusal_said(error, self.session.say).text, "error")
            self._listed = ()
        self.said.object = ""
        self.show()

    def _compare_with(self, name: str) -> None:
        session = self.session
        if self._quiet or name in (session.draft.baseline_name, "."):
            return
        try:
            session.change(session.draft.against(name, session.program(name)))
        except BadInput as error:
            session.tell(refusal_said(error, self.session.say).text, "error")
        self._listed = ()
        self.show()

    def _save(self, anyway: bool) -> None:
        session, say = self.session, self.session.say
        _ = say._
        wrong = len(session.editor.problems)
        try:
            saved = session.editor.save(self.name.value, anyway)
        except Conflict:
            self._listed = ()
            self.show()
            return
        except BadInput as error:
            self.said.object = text_of('<div class="problem" role="alert">{}</div>', refusal_said(error, session.say))
            return
        place = str(session.workspace.path("programs", saved.name))
        told = _("Saved: {place}", place=place)
        if wrong:
            told = say.joined(told, _("It is no valid program yet."))
        self._listed = ()
        self.show()
        self.said.object = text_of('<p class="fine" role="status">{}</p>', told)
