"""A row of tabs and a form of typed fields, as the browser's own elements: named, reached by the keyboard, readable on a phone."""

from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["FieldForm", "TabList"]

_FONT = ":host { color: var(--mui-palette-text-primary); font: 15px/1.5 var(--mui-font-family, sans-serif); }\n* { box-sizing: border-box; }\n"


class TabList(JSComponent):
    """Tabs; ``chosen`` is called with the key of one. What a tab shows is the page's business."""

    tabs = param.List(default=[])
    """``[key, title]`` each."""
    current = param.String(default="")
    label = param.String(default="")

    _esm = """
export function render({ model }) {
  const list = document.createElement("div")
  list.setAttribute("role", "tablist")
  const show = () => {
    list.setAttribute("aria-label", model.label)
    const had = list.contains(list.getRootNode().activeElement)
    list.replaceChildren(...model.tabs.map(([key, title]) => {
      const tab = document.createElement("button")
      tab.type = "button"
      tab.dataset.tab = key
      tab.textContent = title
      tab.setAttribute("role", "tab")
      tab.setAttribute("aria-selected", String(key === model.current))
      tab.tabIndex = key === model.current ? 0 : -1
      tab.onclick = () => model.send_msg(key)
      return tab
    }))
    const here = list.querySelector("[aria-selected=true]")
    if (here && had) here.focus()
    if (here) list.scrollLeft = Math.max(0, here.offsetLeft - list.clientWidth / 2)
  }
  list.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const keys = model.tabs.map(([key]) => key)
    model.send_msg(keys[(keys.indexOf(model.current) + step + keys.length) % keys.length])
  }
  for (const name of ["tabs", "current", "label"]) model.on(name, show)
  show()
  return list
}
"""
    _stylesheets = [
        _FONT
        + """
div { display: flex; overflow-x: auto; scrollbar-width: none; gap: 2px; border-bottom: 1px solid var(--mui-palette-divider); }
button { flex: none; font: inherit; font-weight: 600; padding: 8px 16px 6px; border: 0; border-bottom: 3px solid transparent; background: none;
  color: var(--mui-palette-text-secondary); cursor: pointer; white-space: nowrap; }
button:hover { color: var(--mui-palette-text-primary); }
button[aria-selected=true] { color: var(--mui-palette-primary-main); border-bottom-color: currentColor; }
:focus-visible { outline: 3px solid var(--mui-palette-primary-main); outline-offset: -3px; }
"""
    ]

    def __init__(self, chosen: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._chosen = chosen

    def _handle_msg(self, data: Any) -> None:
        if any(data == key for key, _ in self.tabs):
            self._chosen(data)


class FieldForm(JSComponent):
    """Fields in groups. ``typed(key, text)`` is called with what was typed or chosen, ``reset(key)`` when the usual value is wanted. What is shown is
    always what the page says: a value that was not taken stays in its field with its problem beneath, until the page shows another."""

    groups = param.List(default=[])
    """``{title, fields: [{key, kind, label, help, unit, value, options, changed, shipped, problem}]}`` each; kind: number, text or choice."""
    reset_label = param.String(default="")

    _esm = """
export function render({ model }) {
  const form = document.createElement("div")
  form.className = "form"
  const made = new Map()
  let shape = ""
  const element = (name, className, text) => {
    const found = document.createElement(name)
    if (className) found.className = className
    if (text !== undefined) found.textContent = text
    return found
  }
  const build = () => {
    made.clear()
    form.replaceChildren(...model.groups.map((group) => {
      const set = element("fieldset")
      set.append(element("legend", "", group.title))
      for (const field of group.fields) {
        const row = element("div", "row")
        const label = element("label")
        const id = "f-" + field.key.replaceAll(".", "-")
        label.htmlFor = id
        const input = document.createElement(field.kind === "choice" ? "select" : "input")
        input.id = id
        input.name = field.key
        if (field.kind === "number") input.inputMode = "decimal"
        input.autocomplete = "off"
        const unit = element("span", "unit")
        const help = element("p", "help")
        help.id = id + "-help"
        const problem = element("p", "problem")
        problem.id = id + "-problem"
        problem.setAttribute("role", "alert")
        input.setAttribute("aria-describedby", `${help.id} ${problem.id}`)
        const back = element("button", "reset")
        back.type = "button"
        back.onclick = () => model.send_msg({ key: field.key, reset: true })
        const send = () => model.send_msg({ key: field.key, value: input.value })
        input.onchange = send
        const line = element("div", "line")
        line.append(input, unit, back)
        row.append(label, line, help, problem)
        set.append(row)
        made.set(field.key, { row, label, input, unit, help, problem, back })
      }
      return set
    }))
  }
  const show = () => {
    const now = JSON.stringify(model.groups.map((group) => group.fields.map((field) => [field.key, field.kind])))
    if (now !== shape) { shape = now; build() }
    const sets = form.querySelectorAll("fieldset > legend")
    model.groups.forEach((group, place) => {
      sets[place].textContent = group.title
      for (const field of group.fields) {
        const each = made.get(field.key)
        each.label.textContent = field.label
        each.unit.textContent = field.unit
        each.help.textContent = field.help
        each.problem.textContent = field.problem
        each.input.setAttribute("aria-invalid", String(field.problem !== ""))
        each.row.classList.toggle("changed", field.changed)
        each.back.hidden = !field.changed && !field.problem
        each.back.textContent = model.reset_label + " " + field.shipped
        if (field.kind === "choice") {
          const options = field.options.map(([key, text]) => new Option(text, key, false, key === field.value))
          each.input.replaceChildren(...options)
        }
        each.input.value = field.value
      }
    })
  }
  for (const name of ["groups", "reset_label"]) model.on(name, show)
  show()
  return form
}
"""
    _stylesheets = [
        _FONT
        + """
.form { columns: 3 320px; column-gap: 14px; }
fieldset { margin: 0 0 14px; min-width: 0; break-inside: avoid; padding: 4px 14px 10px; border: 1px solid var(--mui-palette-divider); border-radius: 8px; }
legend { padding: 0 6px; font-weight: 700; font-size: 15px; }
.row { padding: 8px 0 6px; border-top: 1px solid var(--mui-palette-divider); }
legend + .row { border-top: 0; }
.row.changed { border-left: 4px solid var(--mui-palette-primary-main); margin-left: -14px; padding-left: 10px; }
label { display: block; font-weight: 600; font-size: 14px; }
.line { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 8px; margin-top: 2px; }
input, select { font: inherit; font-size: 15px; padding: 5px 8px; border: 1px solid var(--mui-palette-text-secondary); border-radius: 4px;
  min-width: 0; max-width: 100%; background: var(--mui-palette-background-paper); color: inherit; }
input { width: 130px; } input:not([inputmode]) { width: 100%; } select { width: 100%; }
[aria-invalid=true] { border-color: var(--mui-palette-error-main); border-width: 2px; }
.unit { color: var(--mui-palette-text-secondary); }
.help, .problem { margin: 2px 0 0; font-size: 13px; line-height: 1.4; color: var(--mui-palette-text-secondary); overflow-wrap: anywhere; }
.problem { color: var(--mui-palette-text-primary); border-left: 4px solid var(--mui-palette-error-main); padding-left: 8px; }
.problem:empty { display: none; }
.reset { font: inherit; font-size: 13px; padding: 2px 8px; border: 1px solid currentColor; border-radius: 4px; background: none; cursor: pointer;
  color: var(--mui-palette-primary-main); text-align: left; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
:focus-visible { outline: 3px solid var(--mui-palette-primary-main); outline-offset: 1px; }
"""
    ]

    def __init__(self, typed: Callable[[str, str], None], reset: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._typed, self._reset = typed, reset

    def _handle_msg(self, data: Any) -> None:
        if not isinstance(data, dict) or not isinstance(data.get("key"), str):
            return
        if data.get("reset") is True:
            self._reset(data["key"])
        elif isinstance(data.get("value"), str):
            self._typed(data["key"], data["value"][:2000])
