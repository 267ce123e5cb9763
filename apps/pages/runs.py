"""The page of runs: those of this session, and those kept in the workspace, to go back to."""

from datetime import UTC, datetime
from typing import Any

from apps.components import HTML, Button, laid_out
from apps.fragments import STYLE, headed, text_of, title_of
from apps.link import Place
from apps.problems_said import refusal_said
from apps.saved_runs import keep_run, kept_runs
from apps.session import Session
from apps.shell_components import ActionTable
from apps.strip import figure_name, shown_estimate
from workbench.errors import BadInput

__all__ = ["RunsPage"]

_PAGE = """
:host { gap: 12px; width: 100%; padding: 10px 20px 40px; box-sizing: border-box; max-width: 1600px; margin: 0 auto; }
@media (max-width: 899px) { :host { padding: 10px 12px 32px; } }
"""
SHOWN = ("liability", "breakage", "upgrade_rate", "repurchase", "cost", "return")


class RunsPage:
    """Keep the run that is shown; open or delete one that was kept."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.head = HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0)
        self.said = HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0)
        self.keep = Button(color="primary", variant="contained", margin=0)
        self.keep.on_click(lambda _: self._keep())
        self.table = ActionTable(self._pressed, sizing_mode="stretch_width", css_classes=["runs"])
        self.view = laid_out(self.head, self.keep, self.said, self.table, css=_PAGE)

    def show(self) -> None:
        """Everything, from the session and the workspace."""
        session, say = self.session, self.session.say
        _ = say._
        told = _("Plain files in {folder}.", folder=str(session.workspace.root.absolute() / "runs"))
        self.head.object = headed(_("Runs that were kept"), told)
        runs = kept_runs(session.workspace)
        heads = [_("Kept on"), _("Program"), _("Changes"), _("Members"), *(figure_name(name, say)[0] for name in SHOWN)]
        rows = []
        for run in runs:
            currency = _currency(run, session)
            cells = [
                run.saved.replace("T", " ").replace("+00:00", " UTC"),
                title_of(run, say),
                say.number(run.changes),
                say.number(run.members),
            ]
            cells += [shown_estimate(run.figures.get(name), name, currency, say) for name in SHOWN]
            rows.append([run.name, *cells])
        self.table.param.update(
            heads=heads, rows=rows, actions=[["open", _("Open")], ["delete", _("Delete")]],
            caption=_("Projections, each with its 95% interval."), nothing=_("No run was kept yet."),
        )  # fmt: skip
        self.answered()

    def answered(self) -> None:
        """Whether there is a run to keep."""
        answers, _ = self.session.answers, self.session.say._
        self.keep.param.update(label=_("Keep the run that is shown"), disabled=not answers.current)

    def close(self) -> None:
        """Nothing is left behind."""

    def _keep(self) -> None:
        session, _ = self.session, self.session.say._
        answer = session.answer
        if answer is None or not session.answers.current:
            return
        try:
            name = keep_run(session.workspace, session.draft, answer, datetime.now(UTC))
        except BadInput as error:
            self.said.object = text_of('<div class="problem" role="alert">{}</div>', refusal_said(error, session.say))
            return
        self.show()
        self.said.object = text_of('<p class="fine" role="status">{}</p>', _("Kept: {name}", name=name))

    def _pressed(self, action: str, name: str) -> None:
        session = self.session
        if action == "delete":
            session.workspace.delete("runs", name)
            self.show()
            return
        for run in kept_runs(session.workspace):
            if run.name == name:
                try:
                    session.change(run.draft(lambda: Place("design", session.fresh())))
                except BadInput as error:
                    session.tell(refusal_said(error, self.session.say).text, "error")
                else:
                    session.go("design")


def _currency(run: Any, session: Session) -> str:
    try:
        return str(run.draft(lambda: Place("design", session.fresh())).program.currency)
    except BadInput:
        return "XXX"
