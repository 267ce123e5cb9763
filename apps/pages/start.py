"""The page on which somebody begins."""

from apps.components import HTML, Button, laid_out
from apps.fragments import STYLE, headed
from apps.session import Session

__all__ = ["StartPage"]


class StartPage:
    """Ways in."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.head = HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0)
        self.design = Button(color="primary", variant="contained", margin=0)
        self.design.on_click(lambda _: session.go("design"))
        self.view = laid_out(self.head, self.design, css=":host { gap: 12px; padding: 24px 20px; }")

    def show(self) -> None:
        """In the session's language."""
        _ = self.session.say._
        self.head.object = headed(_("What would you like to see?"), "")
        self.design.label = _("Change a program and see at once what it does")

    def close(self) -> None:
        """Nothing is left behind."""
