"""A lever's slider, field and reset, as the browser's own elements: what is moved is told at once, and what is shown never jumps under the hand."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["LeverInput"]


class LeverInput(JSComponent):
    """``moved`` is called with the slider's number, ``typed`` with the field's (None: it is none), ``reset`` when the shipped value is wanted.

    ``shown`` is all that is seen of it, so that a lever changes in one message: ``label``, ``words`` (the value in words), ``start``, ``end``,
    ``step``, ``value``, ``field`` (label of the field), ``reset`` (label of the button), ``still`` (there is nothing to reset), ``off`` (there is
    no lever), and ``heard``: the last message that the page had heard when it said so. Until the page has heard of the newest move, the slider
    stays where the hand has put it.
    """

    shown = param.Dict(default={})

    _esm = """
export function render({ model }) {
  const make = (tag, type) => Object.assign(document.createElement(tag), { type })
  const box = document.createElement("div")
  const slider = make("input", "range")
  const row = document.createElement("div")
  row.className = "row"
  const label = document.createElement("label")
  const field = make("input", "text")
  const name = document.createElement("span")
  const reset = make("button", "button")
  slider.step = "any"
  field.inputMode = "decimal"
  field.autocomplete = "off"
  label.append(name, field)
  row.append(label, reset)
  box.append(slider, row)
  let said = model.shown.heard ?? 0, waiting = null, last = 0
  const plain = (number) => String(Number(Number(number).toFixed(6)))
  const tell = (what) => { said += 1; last = performance.now(); model.send_msg({ ...what, said }) }
  const follow = () => { waiting = null; tell({ move: Number(slider.value) }) }
  const move = () => {
    const rest = 40 - (performance.now() - last)
    if (rest <= 0 && waiting === null) follow()
    else if (waiting === null) waiting = setTimeout(follow, rest)
  }
  slider.oninput = () => {
    const { start, step } = model.shown
    const near = start + Math.round((slider.value - start) / step) * step
    if (slider.value < model.shown.end) slider.value = plain(near)
    move()
  }
  slider.onkeydown = (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key]
    const ends = { Home: model.shown.start, End: model.shown.end }[event.key]
    if (steps === undefined && ends === undefined) return
    event.preventDefault()
    const before = slider.value
    slider.value = ends === undefined ? plain(Number(slider.value) + steps * model.shown.step) : ends
    if (slider.value !== before) move()
  }
  field.onchange = () => tell({ type: field.value })
  reset.onclick = () => tell({ reset: true })
  const show = () => {
    const { label, words, start, end, step, value, field: about, reset: back, still, off, heard } = model.shown
    box.hidden = off ?? true
    slider.disabled = field.disabled = box.hidden
    slider.setAttribute("aria-label", label ?? "")
    slider.setAttribute("aria-valuetext", words ?? "")
    name.textContent = about ?? ""
    reset.textContent = back ?? ""
    reset.disabled = box.hidden || still
    if (box.hidden) return
    slider.min = start
    slider.max = end
    if (heard === said && waiting === null) {
      slider.value = value
      field.value = plain(value)
    }
  }
  model.on("shown", show)
  show()
  return box
}
"""
    _stylesheets = [
        """
:host { color: var(--mui-palette-text-primary); font: 14px/1.5 var(--mui-font-family, sans-serif); }
[hidden] { display: none; }
input[type=range] { width: 100%; height: 32px; margin: 2px 0; accent-color: var(--mui-palette-primary-main); cursor: pointer; }
.row { display: flex; flex-wrap: wrap; align-items: end; gap: 4px 12px; padding-bottom: 6px; }
label span { display: block; font-size: 13px; color: var(--mui-palette-text-secondary); }
input[type=text] { width: 150px; box-sizing: border-box; font: inherit; font-size: 15px; padding: 6px 10px; color: inherit;
  border: 1px solid var(--mui-palette-text-secondary); border-radius: 4px; background: var(--mui-palette-background-default); }
button { font: inherit; padding: 7px 8px; border: 0; border-radius: 4px; background: none; color: var(--mui-palette-primary-main); cursor: pointer; }
button:disabled { color: var(--mui-palette-text-disabled); cursor: default; }
:focus-visible { outline: 3px solid var(--mui-palette-primary-main); outline-offset: 2px; }
@media (max-width: 899px) { input[type=range] { height: 44px; } input[type=text], button { min-height: 44px; } }
"""
    ]

    def __init__(
        self,
        moved: Callable[[float], None],
        typed: Callable[[Decimal | None], None],
        reset: Callable[[], None],
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._moved, self._typed, self._reset, self._heard = moved, typed, reset, 0

    def say(self, shown: dict[str, Any]) -> None:
        """Show this, as the answer to all that was heard so far."""
        self.shown = {**shown, "heard": self._heard}

    def _handle_msg(self, data: Any) -> None:
        if not isinstance(data, dict) or not isinstance(data.get("said"), int):
            return
        self._heard = data["said"]
        if isinstance(data.get("move"), int | float):
            self._moved(float(data["move"]))
        elif isinstance(data.get("type"), str):
            self._typed(_number(data["type"]))
        elif data.get("reset"):
            self._reset()


def _number(text: str) -> Decimal | None:
    """A number as people type it, with commas between thousands; None where it is none."""
    try:
        found = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
