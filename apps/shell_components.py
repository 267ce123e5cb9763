"""The shell's own small components: the way between pages, the address, undo and copy link. Inline scripts: nothing is fetched."""

from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["Address", "Navigation", "Tools"]

_FOCUS = ":focus-visible { outline: 3px solid var(--mui-palette-primary-main); outline-offset: -3px; }"


class Navigation(JSComponent):
    """Links to the pages; the current one is marked. ``chosen`` is called with the slug of a page."""

    pages = param.List(default=[])
    """``[slug, title]`` each."""
    current = param.String(default="")
    label = param.String(default="")

    _esm = """
export function render({ model }) {
  const nav = document.createElement("nav")
  const show = () => {
    nav.setAttribute("aria-label", model.label)
    nav.replaceChildren(...model.pages.map(([slug, title]) => {
      const link = document.createElement("a")
      link.href = "?page=" + slug
      link.dataset.page = slug
      link.textContent = title
      if (slug === model.current) link.setAttribute("aria-current", "page")
      link.onclick = (event) => {
        event.preventDefault()
        model.send_msg(slug)
      }
      return link
    }))
    const here = nav.querySelector("[aria-current]")
    if (here) nav.scrollLeft = Math.max(0, here.offsetLeft - nav.clientWidth / 2)
  }
  for (const name of ["pages", "current", "label"]) model.on(name, show)
  show()
  return nav
}
"""
    _stylesheets = [
        """
nav { display: flex; overflow-x: auto; scrollbar-width: none; gap: 2px; padding: 0 12px;
  border-bottom: 1px solid var(--mui-palette-divider); background: var(--mui-palette-background-paper); }
nav a { flex: none; padding: 10px 14px 8px; border-bottom: 3px solid transparent; text-decoration: none; white-space: nowrap;
  font: 500 15px/1.4 var(--mui-font-family, sans-serif); color: var(--mui-palette-text-secondary); }
nav a:hover { color: var(--mui-palette-text-primary); }
nav a[aria-current] { color: var(--mui-palette-primary-main); border-bottom-color: currentColor; font-weight: 700; }
"""
        + _FOCUS
    ]

    def __init__(self, chosen: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._chosen = chosen

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, str):
            self._chosen(data)


class Address(JSComponent):
    """The browser's address. ``put`` puts a query there, as a new step of its history or in the place of the last one; ``went`` is called
    with the query that the back or forward button led to."""

    order = param.Dict(default={})

    _esm = """
export function render({ model }) {
  let timer = 0, waiting = null
  const put = () => {
    clearTimeout(timer)
    if (waiting !== null) history.replaceState(null, "", waiting)
    waiting = null
  }
  const show = () => {
    const { query, push } = model.order
    if (!query) return
    if (push) {
      put()
      history.pushState(null, "", query)
      return
    }
    waiting = query  // browsers refuse more than some hundred changes a minute
    clearTimeout(timer)
    timer = setTimeout(put, 200)
  }
  model.on("order", show)
  show()
  const back = () => model.send_msg(location.search)
  addEventListener("popstate", back)
  addEventListener("pagehide", put)
  model.on("remove", () => { removeEventListener("popstate", back); removeEventListener("pagehide", put) })
  return document.createElement("span")
}
"""

    def __init__(self, went: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._went = went

    def put(self, query: str, push: bool = False) -> None:
        """Put a query into the address."""
        if query != self.order.get("query"):
            self.order = {"query": query, "push": push}

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, str):
            self._went(data)


class Tools(JSComponent):
    """Undo, redo, copy link. Ctrl+Z and Ctrl+Shift+Z (Ctrl+Y) do the same where no text is being typed."""

    undo = param.String(default="Undo")
    redo = param.String(default="Redo")
    copy = param.String(default="Copy link")
    copied = param.String(default="Link copied")
    can_undo = param.Boolean(default=False)
    can_redo = param.Boolean(default=False)
    query = param.String(default="")
    """What the copied link asks for; "": it cannot be had."""

    _esm = """
const DRAWN = {
  undo: "M12.5 8c-2.65 0-5.05.99-6.9 2.6L2 7v9h9l-3.62-3.62A8 8 0 0 1 20.1 16l2.37-.78A10.5 10.5 0 0 0 12.5 8z",
  redo: "M18.4 10.6A10.45 10.45 0 0 0 11.5 8 10.5 10.5 0 0 0 1.53 15.22L3.9 16a8 8 0 0 1 12.73-3.62L13 16h9V7l-3.6 3.6z",
  copy: "M3.9 12A3.1 3.1 0 0 1 7 8.9h4V7H7a5 5 0 0 0 0 10h4v-1.9H7A3.1 3.1 0 0 1 3.9 12zM8 13h8v-2H8v2z" +
    "m9-6h-4v1.9h4a3.1 3.1 0 0 1 0 6.2h-4V17h4a5 5 0 0 0 0-10z",
}
export function render({ model }) {
  const box = document.createElement("div")
  const said = document.createElement("span")
  said.setAttribute("role", "status")
  const buttons = {}
  for (const name of Object.keys(DRAWN)) {
    const button = document.createElement("button")
    button.type = "button"
    button.dataset.tool = name
    button.innerHTML = `<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path fill="currentColor" d="${DRAWN[name]}"/></svg>`
    buttons[name] = button
  }
  const show = () => {
    for (const [name, button] of Object.entries(buttons)) {
      button.setAttribute("aria-label", model[name])
      button.title = model[name]
    }
    buttons.undo.disabled = !model.can_undo
    buttons.redo.disabled = !model.can_redo
    buttons.copy.disabled = !model.query
    said.textContent = ""
  }
  for (const name of ["undo", "redo", "copy", "copied", "can_undo", "can_redo", "query"]) model.on(name, show)
  show()
  buttons.undo.onclick = () => model.send_msg("undo")
  buttons.redo.onclick = () => model.send_msg("redo")
  const byHand = (text) => {
    const field = document.createElement("textarea")
    field.value = text
    document.body.append(field)
    field.select()
    const done = document.execCommand("copy")
    field.remove()
    return done
  }
  buttons.copy.onclick = async () => {
    const link = new URL(model.query, location.href).href
    let done = false
    if (navigator.clipboard && isSecureContext) done = await navigator.clipboard.writeText(link).then(() => true, () => false)
    if (done || byHand(link)) said.textContent = model.copied
    setTimeout(() => { said.textContent = "" }, 4000)
  }
  const typed = (event) => {
    let at = document.activeElement
    while (at && at.shadowRoot && at.shadowRoot.activeElement) at = at.shadowRoot.activeElement
    const typing = at && (at.tagName === "TEXTAREA" || at.isContentEditable || (at.tagName === "INPUT" && at.type !== "range" && at.type !== "checkbox"))
    if (typing || !(event.ctrlKey || event.metaKey) || event.altKey) return
    const key = event.key.toLowerCase()
    const wanted = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : ""
    if (!wanted) return
    event.preventDefault()
    if (!buttons[wanted].disabled) model.send_msg(wanted)
  }
  addEventListener("keydown", typed)
  model.on("remove", () => removeEventListener("keydown", typed))
  box.append(buttons.undo, buttons.redo, buttons.copy, said)
  return box
}
"""
    _stylesheets = [
        """
:host { color: #fff; }
div { display: flex; align-items: center; gap: 2px; position: relative; }
button { display: inline-flex; padding: 7px; border: 0; border-radius: 50%; background: none; color: inherit; cursor: pointer; }
button:hover:enabled { background: rgb(255 255 255 / .16); }
button:disabled { opacity: .42; cursor: default; }
button:focus-visible { outline: 3px solid #fff; outline-offset: -3px; }
span:not(:empty) { position: absolute; top: 44px; right: 0; white-space: nowrap; padding: 4px 12px; border-radius: 6px; font: 14px/1.5 sans-serif;
  color: #fff; background: #1c2733; z-index: 9; }
"""
    ]

    def __init__(self, pressed: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._pressed = pressed

    def _handle_msg(self, data: Any) -> None:
        if data in ("undo", "redo"):
            self._pressed(data)
