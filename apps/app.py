"""Serves the app, and nothing else. The one module of the command line's path that imports Panel."""

import os
import threading
from collections.abc import Callable
from typing import Any

import panel as pn

from apps.language import LANGUAGES
from apps.pages.design import DesignPage
from apps.runs import Service

__all__ = ["build", "serve"]


def build(service: Service) -> Any:
    """The page of a new session: Panel calls this for each."""
    document = pn.state.curdoc
    assert document is not None
    ended = threading.Event()

    def post(call: Callable[[], None]) -> None:
        if not ended.is_set():
            document.add_next_tick_callback(call)

    page = DesignPage(service, _wanted_language(), post)

    def end(_: Any) -> None:
        ended.set()
        page.close()

    pn.state.on_session_destroyed(end)
    return page.page


def _wanted_language() -> str:
    """``?lang=zh-Hant``, or else what the browser prefers."""
    asked = pn.state.session_args.get("lang", [b""])[0].decode("utf-8", "replace")
    if asked in LANGUAGES:
        return str(asked)
    prefers = str((pn.state.headers or {}).get("Accept-Language", ""))
    return "zh-Hant" if prefers.lower().startswith("zh") else "en"


def serve(service: Service, host: str, port: int, origins: list[str], threaded: bool = False) -> Any:
    """Serve until interrupted (``threaded``: in a thread of its own, which is returned).

    Who may enter is Panel's business: its settings are read from the environment (PANEL_BASIC_AUTH, or PANEL_OAUTH_PROVIDER and the others
    that its documentation names). Raises OSError where the address cannot be had.
    """
    pn.extension()
    try:
        return pn.serve(
            {"/": lambda: build(service)},
            address=host,
            port=port,
            show=False,
            verbose=False,
            threaded=threaded,
            title="Loyalty Workbench",
            websocket_origin=origins,
            compress_response=True,
            basic_auth=os.environ.get("PANEL_BASIC_AUTH"),
            oauth_provider=os.environ.get("PANEL_OAUTH_PROVIDER"),
            cookie_secret=os.environ.get("PANEL_COOKIE_SECRET"),
        )
    finally:
        if not threaded:
            service.close()
