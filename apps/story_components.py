"""The list of a story's slides, and the story itself as its page shows it: the browser's own elements, inline scripts, nothing fetched."""

from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["SlideList", "Stage"]

_LOOK = """
:host { color: var(--mui-palette-text-primary); font: 15px/1.5 var(--mui-font-family, sans-serif); }
* { box-sizing: border-box; }
button { font: inherit; font-size: 14px; min-height: 32px; padding: 3px 10px; border: 1px solid currentColor; border-radius: 4px; background: none;
  cursor: pointer; color: var(--mui-palette-primary-main); }
button:disabled { opacity: .4; cursor: default; }
:focus-visible { outline: 3px solid var(--mui-palette-primary-main); outline-offset: 2px; }
"""


class SlideList(JSComponent):
    """Slides to be put in order and given words. ``said(place, what, value)``: what is up, down, remove, heading, text, notes, only or figures."""

    slides = param.List(default=[])
    """``{title, of, finding, heading, text, notes, only, words, figures: [[key, name, chosen]]}`` each."""
    labels = param.Dict(default={})
    """Of buttons and fields."""

    _esm = """
export function render({ model }) {
  const list = document.createElement("ol")
  const made = (name, className, text) => {
    const found = document.createElement(name)
    if (className) found.className = className
    if (text !== undefined) found.textContent = text
    return found
  }
  let number = 0
  const field = (kind, label, value, hint, send) => {
    const row = made("div", "field")
    const name = made("label", "", label)
    const input = made(kind)
    input.id = "story-" + number++
    name.htmlFor = input.id
    if (kind === "textarea") input.rows = 2
    input.value = value
    input.placeholder = hint
    input.autocomplete = "off"
    input.onchange = () => send(input.value)
    row.append(name, input)
    return row
  }
  const open = new Set()
  const show = () => {
    const words = model.labels
    const had = list.getRootNode().activeElement
    const focus = had && list.contains(had) ? [had.closest("li").dataset.place, had.dataset.act] : null
    list.setAttribute("aria-label", words.list || "")
    list.replaceChildren(...model.slides.map((slide, place) => {
      const send = (what) => (value) => model.send_msg({ place, what, value })
      const item = made("li")
      item.dataset.place = place
      const head = made("div", "head")
      const name = made("div", "name")
      name.append(made("b", "", slide.title), made("span", "of", slide.of))
      const bar = made("div", "bar")
      const act = (what, sign, label, off) => {
        const button = made("button", "", sign)
        button.type = "button"
        button.dataset.act = what
        button.disabled = off
        button.title = label
        button.setAttribute("aria-label", label + ": " + slide.title)
        button.onclick = () => model.send_msg({ place, what })
        bar.append(button)
      }
      act("up", "↑", words.up, place === 0)
      act("down", "↓", words.down, place === model.slides.length - 1)
      act("remove", "✕", words.remove, false)
      head.append(made("span", "number", String(place + 1)), name, bar)
      item.append(head)
      item.append(field("input", words.heading, slide.heading, slide.finding, send("heading")))
      const more = made("details")
      const key = slide.title + slide.of
      more.open = open.has(key)
      more.ontoggle = () => more.open ? open.add(key) : open.delete(key)
      more.append(made("summary", "", words.more))
      more.append(field("textarea", words.text, slide.text, "", send("text")))
      more.append(field("textarea", words.notes, slide.notes, "", send("notes")))
      if (slide.only) {
        const row = made("div", "field")
        const label = made("label", "", words.only)
        const choice = made("select")
        choice.id = "story-" + number++
        label.htmlFor = choice.id
        for (const [value, text] of words.onlies) choice.append(new Option(text, value, false, value === slide.only))
        choice.onchange = () => send("only")(choice.value)
        row.append(label, choice)
        more.append(row)
      }
      if (slide.figures.length) {
        const set = made("fieldset")
        set.append(made("legend", "", words.figures))
        const boxes = slide.figures.map(([value, text, chosen]) => {
          const label = made("label", "box")
          const box = made("input")
          box.type = "checkbox"
          box.checked = chosen
          box.value = value
          box.onchange = () => send("figures")(boxes.filter((each) => each.checked).map((each) => each.value))
          label.append(box, made("span", "", text))
          set.append(label)
          return box
        })
        more.append(set)
      }
      item.append(more)
      return item
    }))
    if (focus) {
      const item = list.children[Math.min(focus[0], list.children.length - 1)]
      const again = item && (item.querySelector(`[data-act="${focus[1]}"]:not(:disabled)`) || item.querySelector("button:not(:disabled)"))
      if (again) again.focus()
    }
  }
  for (const name of ["slides", "labels"]) model.on(name, show)
  show()
  return list
}
"""
    _stylesheets = [
        _LOOK
        + """
ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 10px; }
li { border: 1px solid var(--mui-palette-divider); border-radius: 8px; padding: 10px 12px; background: var(--mui-palette-background-paper); min-width: 0; }
.head { display: flex; gap: 10px; align-items: flex-start; }
.number { flex: none; min-width: 24px; font-weight: 700; color: var(--mui-palette-text-secondary); font-variant-numeric: tabular-nums; }
.name { flex: 1 1 auto; min-width: 0; overflow-wrap: anywhere; }
.of { display: block; font-size: 13px; color: var(--mui-palette-text-secondary); }
.bar { flex: none; display: flex; gap: 4px; }
.field { margin-top: 8px; }
.field label, legend { display: block; font-size: 13px; font-weight: 600; color: var(--mui-palette-text-secondary); }
input:not([type]), textarea, select { font: inherit; font-size: 15px; width: 100%; padding: 5px 8px; border: 1px solid var(--mui-palette-text-secondary);
  border-radius: 4px; background: var(--mui-palette-background-paper); color: inherit; resize: vertical; }
::placeholder { color: var(--mui-palette-text-secondary); opacity: 1; font-style: italic; }
details { margin-top: 8px; }
summary { cursor: pointer; font-size: 14px; color: var(--mui-palette-primary-main); width: fit-content; }
fieldset { margin: 8px 0 0; padding: 4px 10px 8px; border: 1px solid var(--mui-palette-divider); border-radius: 6px; min-width: 0; }
.box { display: flex; gap: 8px; align-items: baseline; font-size: 14px; padding: 2px 0; }
"""
    ]

    def __init__(self, said: Callable[[int, str, Any], None], **params: Any) -> None:
        super().__init__(**params)
        self._said = said

    def _handle_msg(self, data: Any) -> None:
        """What is no message of ours is dropped."""
        if not isinstance(data, dict):
            return
        place, what, value = data.get("place"), data.get("what"), data.get("value")
        if not isinstance(place, int) or not 0 <= place < len(self.slides):
            return
        if what in ("up", "down", "remove"):
            self._said(place, what, None)
        elif what in ("heading", "text", "notes", "only") and isinstance(value, str):
            self._said(place, what, value[:2000])
        elif what == "figures" and isinstance(value, list):
            self._said(place, what, tuple(each for each in value if isinstance(each, str)))


class Stage(JSComponent):
    """A story's page in a frame of its own, which can fill the screen. The frame may run the page's scripts and nothing else: it reaches neither the
    app nor any host."""

    page = param.String(default="")
    """HTML; "": nothing is there yet."""
    label = param.String(default="")
    present = param.String(default="")

    _esm = """
export function render({ model }) {
  const box = document.createElement("div")
  const bar = document.createElement("div")
  bar.className = "bar"
  const button = document.createElement("button")
  button.type = "button"
  const frame = document.createElement("iframe")
  frame.setAttribute("sandbox", "allow-scripts")
  frame.allow = "fullscreen"
  let address = ""
  const show = () => {
    button.textContent = model.present
    button.disabled = model.page === ""
    frame.title = model.label
  }
  const load = () => {
    show()
    if (address) URL.revokeObjectURL(address)
    address = model.page ? URL.createObjectURL(new Blob([model.page], { type: "text/html;charset=utf-8" })) : ""
    frame.hidden = !address
    if (address) frame.src = address
  }
  button.onclick = async () => {
    frame.src = address + "#present"
    try { await frame.requestFullscreen() } catch (error) { /* refused: it presents itself within the frame, and Esc ends that */ }
    frame.focus()
  }
  const left = () => {
    if (!document.fullscreenElement && frame.src.endsWith("#present")) frame.src = address
  }
  document.addEventListener("fullscreenchange", left)
  model.on("remove", () => document.removeEventListener("fullscreenchange", left))
  model.on("page", load)
  for (const name of ["label", "present"]) model.on(name, show)
  load()
  bar.append(button)
  box.append(bar, frame)
  return box
}
"""
    _stylesheets = [
        _LOOK
        + """
.bar { display: flex; gap: 8px; margin-bottom: 8px; }
iframe { display: block; width: 100%; height: min(76vh, 900px); border: 1px solid var(--mui-palette-divider); border-radius: 8px; background: #fff; }
iframe[hidden] { display: none; }
"""
    ]
