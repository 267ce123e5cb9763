"""The page on which somebody begins: ways in by what one wants to know, programs to begin with, and where one was."""

from apps.components import HTML, laid_out
from apps.fragments import STYLE, headed, title_of
from apps.pages import shown_pages
from apps.problems_said import refusal_said
from apps.saved_runs import kept_runs
from apps.session import Session
from apps.shell_components import Ways
from workbench.errors import BadInput
from workbench.program.load import library

__all__ = ["StartPage"]

_PAGE = """
:host { gap: 12px; width: 100%; padding: 14px 20px 40px; box-sizing: border-box; max-width: 1600px; margin: 0 auto; }
@media (max-width: 899px) { :host { padding: 12px 12px 32px; } }
"""
FIRST = ("mitsui_outlet", "eslite", "starbucks_us", "sephora_us", "mos_burger", "marriott_bonvoy")
"""Programs of different kinds, offered first."""


class StartPage:
    """Ways in."""

    def __init__(self, session: Session) -> None:
        self.session = session

        def text() -> HTML:
            return HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0)

        self.head, self.programs_head = text(), text()
        self.ways = Ways(self._go, sizing_mode="stretch_width", css_classes=["ways"])
        self.programs = Ways(self._open, sizing_mode="stretch_width", css_classes=["programs"])
        self.view = laid_out(self.head, self.ways, self.programs_head, self.programs, css=_PAGE)

    def show(self) -> None:
        """In the session's language, with what the workspace has."""
        say, session = self.session.say, self.session
        _ = say._
        self.head.object = headed(
            _("What would you like to know?"),
            _("A program is simulated on synthetic members; every figure is a projection with its interval."),
        )
        ways = [
            ["design", _("Program designer"), _("What happens if I move a threshold?"), _("Levers, form and YAML; six figures answer each change.")],
            ["compare", _("Program designer"), _("Which program is better?"), _("Two to four programs side by side, on the same members.")],
            ["liability", _("Finance"), _("What will it cost, and what do we owe?"), _("Liability by month, schedule, estimators, journal.")],
            ["members", _("Marketing and CRM"), _("Who climbs, who comes back?"), _("Segments, lift, one member's life.")],
            ["assumptions", _("Analyst"), _("How sure are we?"), _("Every assumption with its range and source; switch effects off.")],
            ["explore", _("Analyst"), _("What matters most?"), _("Sweeps, tornado, the best trade-offs.")],
            ["story", _("Consultant"), _("How do I show it to a client?"), _("Charts and notes, full screen, as HTML, slides or workbook.")],
            ["runs", _("Everybody"), _("Where was I?"), _("{n} runs kept in the workspace.", n=say.number(len(kept_runs(session.workspace))))],
        ]  # fmt: skip
        self.ways.cards = [way for way in ways if way[0] in shown_pages()]
        self.programs_head.object = headed(_("Or begin with a program"), _("All of them are on the Design page."))
        own = [[name, _("Workspace"), name, ""] for name in session.workspace.names("programs")[:12]]
        offered = [slug for slug in FIRST if slug in library()]
        self.programs.cards = own + [self._card(slug) for slug in offered]

    def _card(self, slug: str) -> list[str]:
        program, say = self.session.program(slug), self.session.say
        tiers = say.listed(list(program.tier_names)) if program.tier_names else say._("no tiers")
        return [slug, say._("Library"), title_of(program, say), f"{program.currency} · {tiers}"]

    def close(self) -> None:
        """Nothing is left behind."""

    def _go(self, page: str) -> None:
        if page in shown_pages():
            self.session.go(page)

    def _open(self, name: str) -> None:
        if name not in library() and name not in self.session.workspace.names("programs"):
            return
        try:
            self.session.editor.open(name)
        except BadInput as error:
            self.session.tell(refusal_said(error, self.session.say).text, "error")
            return
        self.session.go("design")
