"""The Explore page: levers swept, assumptions over their ranges, the best under limits, the size of a test. Four tabs over one draft."""

from typing import Any

from apps import liability_html as html
from apps.components import HTML, hold, laid_out
from apps.form_components import TabList
from apps.fragments import title_of
from apps.pages.explore_parts import SearchPart, SweepPart, TestPart, TornadoPart
from apps.session import Session

__all__ = ["ExplorePage"]

_PAGE = """
:host { flex: none !important; height: auto !important; max-height: none !important; width: 100%; max-width: 1440px; margin: 0 auto;
  padding: 14px 20px 40px; box-sizing: border-box; gap: 10px; }
:host > * { min-width: 0; }
:host > .scroll-button { display: none; }
@media (max-width: 899px) { :host { padding: 10px 12px 32px; } }
"""
_STAGE = ":host { flex: none !important; height: auto !important; width: 100%; min-height: 50vh; }"


class ExplorePage:
    """Questions that need many runs."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._tab = "sweep"
        self.basis = HTML("", stylesheets=[html.LOOK], sizing_mode="stretch_width", margin=0)
        self.tabs = TabList(self._choose, sizing_mode="stretch_width", margin=0)
        self.stage = laid_out(css=_STAGE)
        self._made: dict[str, Any] = {}
        self.view = laid_out(self.basis, self.tabs, self.stage, css=_PAGE)

    def part(self, name: str) -> Any:
        """A tab; made at its first visit."""
        kinds: dict[str, Any] = {"sweep": SweepPart, "tornado": TornadoPart, "search": SearchPart, "test": TestPart}
        if name not in self._made:
            self._made[name] = kinds[name](self.session)
        return self._made[name]

    def _choose(self, name: str) -> None:
        self._tab = name
        with hold():
            self.show()

    def show(self) -> None:
        """All again; a tab asks where the draft is another one than it has answered for."""
        say = self.session.say
        _ = say._
        draft = self.session.draft
        self.basis.object = html.said(
            _(
                "PROJECTION for {program}: synthetic members under assumed behaviour. Every design is lived by the same members and compared with the "
                "baseline.", program=title_of(draft.program, say),
            )
        )  # fmt: skip
        self.tabs.param.update(
            label=_("Questions"), current=self._tab,
            tabs=[["sweep", _("Levers")], ["tornado", _("Assumptions")], ["search", _("Best under limits")], ["test", _("Size of a test")]],
        )  # fmt: skip
        part = self.part(self._tab)
        if list(self.stage) != [part.view]:
            self.stage[:] = [part.view]
        part.show()

    def close(self) -> None:
        """Its jobs end with the session."""
