"""Serves the app, and nothing else. The one module of the command line's path that imports Panel."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import panel as pn
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from apps.language import LANGUAGES
from apps.link import Place, decode
from apps.pages import page_class, shown_pages
from apps.problems_said import refusal_said
from apps.runs import Service
from apps.session import Session
from apps.shell import Shell
from apps.workspace import Workspace
from workbench.errors import BadInput

__all__ = ["LARGEST_MESSAGE", "WORKSPACE", "build", "concerns_the_server", "serve"]

WORKSPACE = Path("loyalty_workspace")
"""The folder of files, unless another is named."""
LARGEST_MESSAGE = 48 * 2**20
"""Bytes that a browser may send at once; an upload comes as one message, a third larger than the file."""


def build(service: Service, workspace: Workspace) -> Any:
    """The page of a new session: Panel calls this for each."""
    document = pn.state.curdoc
    assert document is not None
    ended = threading.Event()
    post = _poster(document, ended)

    session = Session(service, workspace, post, _wanted_language())
    _arrive(session)
    shell = Shell(session)

    def end(_: Any) -> None:
        ended.set()
        shell.close()

    pn.state.on_session_destroyed(end)
    return shell.page


def _poster(document: Any, ended: threading.Event) -> Callable[[Callable[[], None]], None]:
    """How other threads call on the session's own. Until the browser has the page, calls wait: what is put on a page before that may be lost on the
    way, and then the browser does not know what later changes speak of."""
    lock = threading.Lock()
    waiting: list[Callable[[], None]] | None = []

    def post(call: Callable[[], None]) -> None:
        if ended.is_set():
            return
        with lock:
            if waiting is not None:
                waiting.append(call)
                return
        document.add_next_tick_callback(call)

    def loaded() -> None:
        nonlocal waiting
        with lock:
            held, waiting = waiting or [], None
        for call in held:
            document.add_next_tick_callback(call)

    pn.state.onload(loaded)
    return post


def _arrive(session: Session) -> None:
    """Begin where the address says; an address that cannot be read is said to be one, and the session begins afresh."""
    arguments = {name: values[0].decode("utf-8", "replace") for name, values in pn.state.session_args.items() if values}
    try:
        place = decode("?" + urlencode(arguments), lambda: Place("start", session.draft))
    except BadInput as error:
        why = refusal_said(error, session.say).text
        session.tell(session.say._("The link could not be read, so this is a fresh start. {why}", why=why), "warning")
        session.page = arguments.get("page", "start")
        return
    session.begin(place.draft, place.page)


def _wanted_language() -> str:
    """``?lang=zh-Hant``, or else what the browser prefers."""
    asked = pn.state.session_args.get("lang", [b""])[0].decode("utf-8", "replace")
    if asked in LANGUAGES:
        return str(asked)
    prefers = str((pn.state.headers or {}).get("Accept-Language", ""))
    return "zh-Hant" if prefers.lower().startswith("zh") else "en"


def concerns_the_server(record: logging.LogRecord) -> bool:
    """Whether a record of the event loop is of any interest: that a browser was closed while it was being told something is not. Panel sends without
    looking at what becomes of it, and each window that is closed would leave a page of traceback on the terminal."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, WebSocketClosedError | StreamClosedError)


def serve(
    service: Service,
    host: str,
    port: int,
    origins: list[str],
    threaded: bool = False,
    workspace: Workspace | None = None,
) -> Any:
    """Serve until interrupted (``threaded``: in a thread of its own, which is returned).

    Who may enter is Panel's business: its settings are read from the environment (PANEL_BASIC_AUTH, or PANEL_OAUTH_PROVIDER and the others
    that its documentation names). Raises OSError where the address cannot be had.
    """
    pn.extension()
    logging.getLogger("asyncio").addFilter(concerns_the_server)
    # Panel looks at the modules there are while it makes a page, and must not meet one that another session is importing.
    for slug in shown_pages():
        page_class(slug)
    files = workspace or Workspace(WORKSPACE)
    try:
        return pn.serve(
            {"/": lambda: build(service, files)},
            address=host,
            port=port,
            show=False,
            verbose=False,
            threaded=threaded,
            title="Loyalty Workbench",
            websocket_origin=origins,
            websocket_max_message_size=LARGEST_MESSAGE,
            compress_response=True,
            basic_auth=os.environ.get("PANEL_BASIC_AUTH"),
            oauth_provider=os.environ.get("PANEL_OAUTH_PROVIDER"),
            cookie_secret=os.environ.get("PANEL_COOKIE_SECRET"),
        )
    finally:
        if not threaded:
            service.close()
