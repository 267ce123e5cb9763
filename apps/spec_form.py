"""Two components for whoever writes a program: a form drawn from nodes, and a text with numbered lines. Inline scripts: nothing is fetched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["ChangeList", "CodeArea", "SpecForm"]

HERE = Path(__file__).parent


class SpecForm(JSComponent):
    """A form of sections. ``edited`` is called with what the user did (see ``apps.form_edits``), or ``{"do": "open", "slug": ..., "open": ...}``."""

    sections = param.List(default=[])
    """``slug``, ``title``, ``summary``, ``problems`` and ``findings`` (numbers as text, "" for none), ``nodes``: None while it is folded."""
    words = param.Dict(default={})
    """add, remove, up, down, kind, name, help, yaml: in the page's language."""

    _esm = (HERE / "spec_form.js").read_text("utf-8")
    _stylesheets = [(HERE / "spec_form.css").read_text("utf-8")]

    def __init__(self, edited: Callable[[dict[str, Any]], None], **params: Any) -> None:
        super().__init__(**params)
        self._edited = edited

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict):
            self._edited(data)


class CodeArea(JSComponent):
    """A text to edit, its lines numbered and marked. ``typed`` is called with the text, half a second after the last key."""

    text = param.String(default="")
    marks = param.Dict(default={})
    """What is to be said of a line (its number as text): ``[severity, text, language]``, "" where that is the page's; severity: error, warning, note."""
    label = param.String(default="")
    line_word = param.String(default="Line {n}")

    _esm = """
export function render({ model }) {
  const box = document.createElement("div")
  box.className = "code"
  const gutter = document.createElement("pre")
  gutter.setAttribute("aria-hidden", "true")
  const area = document.createElement("textarea")
  area.spellcheck = false
  area.wrap = "off"
  area.autocapitalize = "off"
  const told = document.createElement("ul")
  let timer = 0, sent = model.text
  const number = () => {
    const lines = area.value.split("\\n").length
    gutter.replaceChildren(...Array.from({ length: lines }, (_, k) => {
      const line = document.createElement("span")
      const mark = (model.marks[k + 1] || [])[0]
      line.className = mark ? mark[0] : ""
      line.textContent = (mark ? (mark[0] === "error" ? "✗" : mark[0] === "warning" ? "!" : "·") : " ") + String(k + 1).padStart(4) + "\\n"
      return line
    }))
    gutter.scrollTop = area.scrollTop
  }
  const list = () => {
    told.replaceChildren(...Object.entries(model.marks).flatMap(([line, marks]) => marks.map(([severity, text, tag]) => {
      const item = document.createElement("li")
      item.className = severity
      const go = document.createElement("button")
      go.type = "button"
      go.textContent = model.line_word.replace("{n}", line)
      go.onclick = () => {
        const start = area.value.split("\\n").slice(0, line - 1).join("\\n").length + (line > 1 ? 1 : 0)
        area.focus()
        area.setSelectionRange(start, start)
        area.scrollTop = Math.max(0, (line - 5) * parseFloat(getComputedStyle(area).lineHeight))
      }
      const what = document.createElement("span")
      if (tag) what.lang = tag
      what.textContent = text
      item.append(go, what)
      return item
    })))
  }
  const show = () => {
    if (model.text !== area.value && model.text !== sent) {
      const [from, to, top] = [area.selectionStart, area.selectionEnd, area.scrollTop]
      area.value = model.text
      area.setSelectionRange(from, to)
      area.scrollTop = top
    }
    sent = model.text
    area.setAttribute("aria-label", model.label)
    number()
    list()
  }
  const tell = () => {
    clearTimeout(timer)
    if (area.value !== sent) { sent = area.value; model.send_msg(sent) }
  }
  area.value = model.text
  area.oninput = () => { number(); clearTimeout(timer); timer = setTimeout(tell, 500) }
  area.onblur = tell
  area.onscroll = () => { gutter.scrollTop = area.scrollTop }
  for (const name of ["text", "marks", "label", "line_word"]) model.on(name, show)
  show()
  const frame = document.createElement("div")
  frame.className = "frame"
  frame.append(gutter, area)
  box.append(frame, told)
  return box
}
"""
    _stylesheets = [
        """
.code { --mono: ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", "Noto Sans CJK TC", monospace; color: var(--mui-palette-text-primary); }
.frame { display: flex; border: 1px solid var(--mui-palette-text-secondary); border-radius: 6px; overflow: hidden; height: 420px; resize: vertical; }
pre { margin: 0; padding: 10px 8px 10px 6px; overflow: hidden; flex: none; text-align: right; color: var(--mui-palette-text-secondary);
  border-right: 1px solid var(--mui-palette-divider); font: 13px/20px var(--mono); }
pre .error { color: var(--mui-palette-error-main); font-weight: 700; }
pre .warning { color: var(--mui-palette-text-primary); font-weight: 700; }
textarea { flex: 1 1 auto; min-width: 0; border: 0; padding: 10px; resize: none; font: 13px/20px var(--mono); color: inherit;
  background: var(--mui-palette-background-default); white-space: pre; overflow: auto; tab-size: 2; }
textarea:focus-visible { outline: 3px solid var(--mui-palette-primary-main); outline-offset: -3px; }
ul { list-style: none; margin: 8px 0 0; padding: 0; display: flex; flex-direction: column; gap: 4px; font: 13.5px/1.45 var(--mui-font-family, sans-serif); }
li { border-left: 4px solid var(--mui-palette-text-secondary); padding: 1px 9px; display: flex; gap: 9px; align-items: baseline; overflow-wrap: anywhere; }
li.error { border-left-color: var(--mui-palette-error-main); }
li.warning { border-left-color: var(--mui-palette-warning-main); }
li span { min-width: 0; }
li button { flex: none; font: inherit; color: var(--mui-palette-primary-main); background: none; border: 0; padding: 0;
  text-decoration: underline; cursor: pointer; }
"""
    ]

    def __init__(self, typed: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._typed = typed

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, str):
            self._typed(data)


class ChangeList(JSComponent):
    """What differs, each with a button that puts it back. ``put_back`` is called with the path, as the row names it."""

    title = param.String(default="")
    rows = param.List(default=[])
    """path, before, after"""
    reset = param.String(default="Reset")

    _esm = """
export function render({ model }) {
  const box = document.createElement("div")
  const show = () => {
    const head = document.createElement("h2")
    head.textContent = model.title
    const list = document.createElement("ol")
    list.className = "changes"
    list.append(...model.rows.map(([path, before, after]) => {
      const line = document.createElement("li")
      const name = document.createElement("code")
      name.textContent = path
      const old = document.createElement("s")
      old.textContent = before
      const now = document.createElement("b")
      now.textContent = after
      const back = document.createElement("button")
      back.type = "button"
      back.textContent = model.reset
      back.setAttribute("aria-label", model.reset + ": " + path)
      back.onclick = () => model.send_msg(path)
      line.append(name, " ", old, " → ", now, " ", back)
      return line
    }))
    box.replaceChildren(head, list)
  }
  for (const name of ["title", "rows", "reset"]) model.on(name, show)
  show()
  return box
}
"""
    _stylesheets = [
        """
h2 { margin: 0; font: 600 19px/1.35 var(--mui-font-family, sans-serif); }
ol { margin: 6px 0 0; padding-left: 24px; font: 14.5px/1.6 var(--mui-font-family, sans-serif); color: var(--mui-palette-text-primary); }
h2, ol { color: var(--mui-palette-text-primary); }
li { overflow-wrap: anywhere; }
code { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; }
s { color: var(--mui-palette-text-secondary); }
button { font: inherit; font-size: 13.5px; margin-left: 6px; color: var(--mui-palette-primary-main); background: none; cursor: pointer;
  border: 1px solid var(--mui-palette-divider); border-radius: 6px; padding: 0 9px; }
:focus-visible { outline: 3px solid var(--mui-palette-primary-main); outline-offset: 1px; }
"""
    ]

    def __init__(self, put_back: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._put_back = put_back

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, str):
            self._put_back(data)
