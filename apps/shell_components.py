"""The shell's own small components: the way between pages, the address, undo and copy link. Inline scripts: nothing is fetched."""

from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["ActionTable", "Address", "Navigation", "Tools", "Ways"]

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
button { display: inline-flex; padding: 7px; border: 0; border-radius: 50%; background: none; color: #fff; cursor: pointer; }
button:hover:enabled { background: rgb(255 255 255 / .16); }
button:disabled { opacity: .42; cursor: default; }
button:focus-visible { outline: 3px solid #fff; outline-offset: -3px; }
span:not(:empty) { position: absolute; top: 44px; right: 0; white-space: nowrap; padding: 4px 12px; border-radius: 6px;
  font: 14px/1.5 var(--mui-font-family, sans-serif);
  color: #fff; background: #1c2733; z-index: 9; }
"""
    ]

    def __init__(self, pressed: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._pressed = pressed

    def _handle_msg(self, data: Any) -> None:
        if data in ("undo", "redo"):
            self._pressed(data)


class ActionTable(JSComponent):
    """A table whose rows have buttons. ``pressed`` is called with the action and the row's key."""

    heads = param.List(default=[])
    rows = param.List(default=[])
    """The key, then the cells."""
    actions = param.List(default=[])
    """``[name, title]`` each."""
    caption = param.String(default="")
    nothing = param.String(default="")
    """What is said where there is no row."""

    _esm = """
export function render({ model }) {
  const box = document.createElement("div")
  box.tabIndex = 0
  box.setAttribute("role", "region")
  const made = (tag, text) => { const found = document.createElement(tag); if (text !== undefined) found.textContent = text; return found }
  const show = () => {
    box.setAttribute("aria-label", model.caption)
    if (!model.rows.length) { box.replaceChildren(made("p", model.nothing)); return }
    const table = made("table")
    const head = made("tr")
    head.append(...[...model.heads, ""].map((text) => { const cell = made(text ? "th" : "td", text); if (text) cell.scope = "col"; return cell }))
    const top = made("thead")
    top.append(head)
    const body = made("tbody")
    for (const [key, ...cells] of model.rows) {
      const line = made("tr")
      line.append(...cells.map((text, place) => { const cell = made(place ? "td" : "th", text); if (!place) cell.scope = "row"; return cell }))
      const last = made("td")
      for (const [name, title] of model.actions) {
        const button = made("button", title)
        button.type = "button"
        button.setAttribute("aria-label", `${title}: ${cells[0]}`)
        button.onclick = () => model.send_msg([name, key])
        last.append(button)
      }
      line.append(last)
      body.append(line)
    }
    table.append(made("caption", model.caption), top, body)
    box.replaceChildren(table)
  }
  for (const name of ["heads", "rows", "actions", "caption", "nothing"]) model.on(name, show)
  show()
  return box
}
"""
    _stylesheets = [
        """
div { overflow-x: auto; border: 1px solid var(--mui-palette-divider); border-radius: 6px; color: var(--mui-palette-text-primary);
  font: 14px/1.45 var(--mui-font-family, sans-serif); font-variant-numeric: tabular-nums; }
p { margin: 0; padding: 12px 14px; color: var(--mui-palette-text-secondary); }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: 7px 10px; font-weight: 600; }
th, td { padding: 5px 10px; text-align: right; border-top: 1px solid var(--mui-palette-divider); vertical-align: top; white-space: pre-line; }
thead th { white-space: normal; vertical-align: bottom; }
tbody th, thead th:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; font-weight: 400; }
thead th { font-weight: 600 !important; }
button { font: inherit; margin: 0 0 4px 6px; color: var(--mui-palette-primary-main); background: none; cursor: pointer;
  border: 1px solid var(--mui-palette-divider); border-radius: 6px; padding: 1px 10px; }
"""
        + _FOCUS
    ]

    def __init__(self, pressed: Callable[[str, str], None], **params: Any) -> None:
        super().__init__(**params)
        self._pressed = pressed

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, list) and len(data) == 2 and any(data[0] == name for name, _ in self.actions):
            self._pressed(str(data[0]), str(data[1]))


class Ways(JSComponent):
    """Cards that lead on. ``chosen`` is called with a card's key."""

    cards = param.List(default=[])
    """``[key, who, question, told]`` each."""

    _esm = """
export function render({ model }) {
  const list = document.createElement("ul")
  const show = () => list.replaceChildren(...model.cards.map(([key, who, question, told]) => {
    const item = document.createElement("li")
    const card = document.createElement("button")
    card.type = "button"
    card.dataset.way = key
    for (const [tag, text] of [["small", who], ["strong", question], ["span", told]]) {
      const part = document.createElement(tag)
      part.textContent = text
      card.append(part)
    }
    card.onclick = () => model.send_msg(key)
    item.append(card)
    return item
  }))
  model.on("cards", show)
  show()
  return list
}
"""
    _stylesheets = [
        """
ul { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 14px; }
li { display: flex; }
button { flex: 1; text-align: left; display: flex; flex-direction: column; gap: 4px; padding: 14px 16px; border-radius: 10px; cursor: pointer;
  border: 1px solid var(--mui-palette-divider); border-left: 5px solid var(--mui-palette-primary-main);
  background: var(--mui-palette-background-paper); color: var(--mui-palette-text-primary); font: 15px/1.45 var(--mui-font-family, sans-serif); }
button:hover { border-color: var(--mui-palette-primary-main); }
strong { font-size: 17px; }
small { color: var(--mui-palette-primary-main); font-size: 13.5px; font-weight: 600; }
span { color: var(--mui-palette-text-secondary); font-size: 14px; }
"""
        + _FOCUS
    ]

    def __init__(self, chosen: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._chosen = chosen

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, str):
            self._chosen(data)
