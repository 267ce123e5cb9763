"""The shell around the pages: navigation, address, undo and redo, copy link, language, theme, notices. One for each session."""

from typing import Any

import panel as pn
from markupsafe import Markup
from panel.util.parameters import edit_readonly

from apps import strip
from apps.charts.month import LINE
from apps.components import HTML, Button, Page, PageLanguage, Row, hold, laid_out
from apps.fragments import STYLE
from apps.language import LANGUAGES
from apps.link import Place, decode, encode
from apps.pages import first_page, page_class, shown_pages
from apps.session import Session
from apps.shell_components import Address, Navigation, Tools
from workbench.errors import BadInput
from workbench.reports.plots import FONT

__all__ = ["TICK", "Shell"]

TICK = 250
"""Milliseconds between two looks at how far the session's jobs are."""
_ROOT = """
:host { flex: none !important; height: auto !important; max-height: none !important; width: 100%; gap: 0; }
:host > * { min-width: 0; }
:host > .scroll-button { display: none; }
:host > .figures { position: sticky; top: 0; z-index: 5; padding: 0 20px; box-sizing: border-box; }
:host > .methods { padding: 4px 20px 0; box-sizing: border-box; }
@media (max-width: 899px) { :host > .figures { padding: 0; } :host > .methods { padding: 4px 12px 0; } }
"""
_BAR = """
:host { flex-direction: row !important; flex-wrap: wrap; align-items: center; gap: 4px 14px; padding: 8px 20px 6px; box-sizing: border-box; }
:host > * { width: auto !important; }
@media (max-width: 899px) { :host { padding: 8px 12px 6px; } }
"""
_STAGE = ":host { flex: none !important; height: auto !important; width: 100%; min-height: 60vh; }"
_BAR_COLORS = {
    "MuiAppBar": {
        "styleOverrides": {"root": {"backgroundColor": LINE[False], "backgroundImage": "none", "color": "#fff"}}
    }
}
_THEME = {
    scheme: {
        "palette": {"primary": {"main": LINE[dark]}},
        "typography": {"fontFamily": FONT},
        "components": _BAR_COLORS,
    }
    for scheme, dark in (("light", False), ("dark", True))
}
"""The bar at the top is dark in both, so that its white text can be read."""
_SX = {
    "& .header .MuiLinearProgress-root": {"display": "none"},  # has no name; the state chip says it in words
    "@media (max-width: 599px)": {"& .MuiToolbar-root .title, & .MuiToolbar-root h3": {"fontSize": "17px"}},
}


class Shell:
    """Shows one session: the page that is visited, and what stands around every page."""

    def __init__(self, session: Session) -> None:
        self.session = session
        session.page = first_page(session.page)
        self._pages: dict[str, Any] = {}
        self._build()
        self._clock = pn.state.add_periodic_callback(self._tick, TICK, start=False)
        self._winding = False
        self._seen: tuple[Any, ...] = ()
        session.listen(self._told)
        self._say()
        session.answers.ask()
        self._show_figures()
        self._visit()
        self._show_notice()
        self._show_place(push=False)

    def close(self) -> None:
        """The browser has gone."""
        self._clock.stop()
        self.session.close()
        for page in self._pages.values():
            page.close()

    def _build(self) -> None:
        session = self.session

        def text(name: str) -> HTML:
            return HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0, css_classes=[name])

        self.address = Address(self._went, width=0, height=0, margin=0)
        self.navigation = Navigation(self._chosen, sizing_mode="stretch_width", margin=0, css_classes=["navigation"])
        self.tools = Tools(self._tool, margin=0)
        self.other = Button(color="light", variant="outlined", margin=(0, 8))
        self.other.on_click(lambda _: session.speak(next(tag for tag in LANGUAGES if tag != session.say.tag)))
        self.language = PageLanguage(width=0, height=0, margin=0)
        self.notice = text("notice")
        self.chips, self.state, self.cards, self.methods = (
            text("chips"),
            text("state"),
            text("figures"),
            text("methods"),
        )
        self.stop = Button(color="primary", variant="outlined", size="small", margin=0)
        self.stop.on_click(lambda _: session.answers.stop())
        self.refine = Button(color="primary", variant="outlined", size="small", margin=0)
        self.refine.on_click(lambda _: session.answers.refine())
        bar = laid_out(self.chips, self.state, self.stop, self.refine, css=_BAR, css_classes=["bar"])
        self.stage = laid_out(css=_STAGE, css_classes=["stage"])
        self.root = laid_out(self.navigation, self.notice, bar, self.cards, self.methods, self.stage, css=_ROOT)
        self.page = Page(
            main=[self.root],
            header=[
                Row(
                    self.language, self.address, self.tools, self.other,
                    margin=0, stylesheets=[":host { margin-left: auto !important; align-items: center; }"],
                )
            ],
            theme_config=_THEME,
            sx=_SX,
        )  # fmt: skip
        with edit_readonly(
            self.page
        ):  # otherwise whoever is busy, in whichever session, changes this page, and without this session's lock
            self.page.busy = False
        self.page.param.watch(lambda event: session.paint(bool(event.new)), "dark_theme")

    # --- what the session says ---
    def _told(self, kind: str) -> None:
        with hold():  # one message to the browser, not one for each part
            self._show_told(kind)

    def _show_told(self, kind: str) -> None:
        if kind == "page":
            self._visit()
            self._show_place(push=True)
        elif kind == "language":
            self._say()
            self._show_figures()
            self._show_page()
            self._show_place(push=False)
        elif kind == "draft":
            self._show_place(push=False)
            self._show_figures()
            self._show_page()
        elif kind == "theme":
            self._show_page()
        elif kind == "answer":
            self._show_answer()
        elif kind == "state":
            self._show_figures()
        elif kind == "jobs":
            self._mind_the_clock()
        if kind in ("notice", "page", "language"):
            self._show_notice()

    def _tick(self) -> None:
        self._winding = False
        self.session.tick()
        self._mind_the_clock()

    def _mind_the_clock(self) -> None:
        """It runs only while there is something to look at. Panel may put its start off; until it has ticked it is neither started again nor stopped."""
        if self._winding:
            return
        if self.session.busy and not self._clock.running:
            self._winding = True
            self._clock.start()
        elif not self.session.busy and self._clock.running:
            self._clock.stop()

    # --- what the user does ---
    def _chosen(self, slug: str) -> None:
        if slug in shown_pages():
            self.session.go(slug)

    def _tool(self, name: str) -> None:
        if name == "undo":
            self.session.undo()
        else:
            self.session.redo()

    def _went(self, query: str) -> None:
        """The back or forward button leads to another page. It never undoes an edit, which undo does: the draft stays."""
        session = self.session
        try:
            wanted = decode(query, lambda: Place("", session.draft)).page
        except BadInput:
            wanted = ""
        slug = first_page(wanted)
        if slug != session.page:
            session.page, session.notice = slug, None
            self._visit()
            self._show_notice()
        self._show_place(push=False)

    # --- showing ---
    def _say(self) -> None:
        say = self.session.say
        _ = say._
        self.page.title = _("Loyalty Workbench")
        self.language.tag = say.tag
        self.other.label = next(name for tag, name in LANGUAGES.items() if tag != say.tag)
        self.navigation.param.update(
            label=_("Pages"), pages=[[slug, say.text(title)] for slug, title in shown_pages().items()]
        )
        self.stop.label = _("Stop")
        self.refine.label = _("Full run: {n} members", n=say.number(self.session.service.settings.full))
        self.tools.param.update(undo=_("Undo"), redo=_("Redo"), copy=_("Copy link"), copied=_("Link copied"))

    def _visit(self) -> None:
        slug = self.session.page
        if slug not in self._pages:
            self._pages[slug] = page_class(slug)(self.session)
        self.stage[:] = [self._pages[slug].view]
        self.navigation.current = slug
        self._show_page()

    def _show_page(self) -> None:
        say, slug = self.session.say, self.session.page
        self.language.title = f"{say.text(shown_pages()[slug])} · {say.text('Loyalty Workbench')}"
        self._pages[slug].show()

    def _show_place(self, push: bool) -> None:
        session = self.session
        try:
            query = encode(Place(session.page, session.draft, session.say.tag))
        except BadInput:
            query = ""
        if query:
            self.address.put(query, push)
        self.tools.param.update(can_undo=session.can_undo, can_redo=session.can_redo, query=query)

    def _show_answer(self) -> None:
        self._show_figures()
        answered = getattr(self._pages.get(self.session.page), "answered", None)
        if answered is not None:
            answered()

    def _show_figures(self) -> None:
        """The strip: whose world, how far, the figures."""
        session, say = self.session, self.session.say
        answers = session.answers
        self.chips.object = strip.chips(session.draft, say)
        self.state.object = strip.state(answers, session.problems, say)
        seen = answers.newest, answers.current or answers.swift, say.tag
        if seen != self._seen:
            self._seen = seen
            self.cards.object = strip.cards(answers, say)
            self.methods.object = strip.methods(answers, say)
        self.stop.visible = answers.refining is not None
        self.refine.visible = answers.stopped and answers.state == "preview"
        self._mind_the_clock()

    def _show_notice(self) -> None:
        notice = self.session.notice
        if notice is None:
            self.notice.object = ""
            return
        text, kind = notice
        role = "status" if kind == "info" else "alert"
        self.notice.object = str(Markup('<div class="notice {}" role="{}">{}</div>').format(kind, role, text))
