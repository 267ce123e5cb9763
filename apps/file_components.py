"""Files from and to a browser: a choice of a file that is sent in pieces and never larger than is taken, and a button that delivers one.

Inline scripts: nothing is fetched. Sizes are checked in the browser, so that a file that is too large is not sent at all, and again here.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["Deliver", "Upload"]

_LOOK = """
:host { color: var(--mui-palette-text-primary); font: 14px/1.5 var(--mui-font-family, sans-serif); }
div { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; }
button, label { font: inherit; font-weight: 600; padding: 7px 16px; border: 1px solid currentColor; border-radius: 4px; cursor: pointer;
  background: none; color: var(--mui-palette-primary-main); display: inline-block; }
button:disabled { opacity: .45; cursor: default; }
input[type=file] { position: absolute; width: 1px; height: 1px; opacity: 0; }
label:focus-within, :focus-visible { outline: 3px solid var(--mui-palette-primary-main); outline-offset: 2px; }
span { color: var(--mui-palette-text-secondary); overflow-wrap: anywhere; }
"""


class Upload(JSComponent):
    """A file from the user's machine.

    ``taken(name, data)`` is called with the whole file; ``refused(name, size)`` where it is larger than ``largest``, of which nothing is kept.
    """

    label = param.String(default="")
    sending = param.String(default="")
    """Said while it is on its way."""
    accept = param.String(default=".csv,.gz,.parquet,.yaml,.yml")
    largest = param.Integer(default=32 * 2**20)

    _esm = """
export function render({ model }) {
  const box = document.createElement("div")
  const label = document.createElement("label")
  const input = document.createElement("input")
  const text = document.createElement("b")
  const said = document.createElement("span")
  said.setAttribute("role", "status")
  input.type = "file"
  label.append(text, input)
  const show = () => { text.textContent = model.label; input.accept = model.accept }
  for (const name of ["label", "accept"]) model.on(name, show)
  show()
  const STEP = 3 * 2 ** 18
  const coded = (bytes) => {
    let found = ""
    for (let k = 0; k < bytes.length; k += 0x8000) found += String.fromCharCode(...bytes.subarray(k, k + 0x8000))
    return btoa(found)
  }
  input.onchange = async () => {
    const file = input.files[0]
    input.value = ""
    if (!file) return
    if (file.size > model.largest) {
      model.send_msg({ name: file.name, size: file.size, too_large: true })
      return
    }
    said.textContent = model.sending
    const number = Math.floor(Math.random() * 1e9)
    for (let at = 0, first = true; first || at < file.size; at += STEP, first = false) {
      const bytes = new Uint8Array(await file.slice(at, at + STEP).arrayBuffer())
      model.send_msg({ name: file.name, size: file.size, number, at, data: coded(bytes), last: at + STEP >= file.size })
      await new Promise((go) => setTimeout(go, 0))
    }
    said.textContent = ""
  }
  box.append(label, said)
  return box
}
"""
    _stylesheets = [_LOOK]

    def __init__(self, taken: Callable[[str, bytes], None], refused: Callable[[str, int], None], **params: Any) -> None:
        super().__init__(**params)
        self._taken, self._refused = taken, refused
        self._number, self._held = -1, bytearray()

    def _handle_msg(self, data: Any) -> None:
        """A piece of a file. What does not continue the file under way begins another; what is no piece is dropped."""
        if not isinstance(data, dict) or not isinstance(data.get("name"), str):
            return
        name, size = data["name"][:200], data.get("size")
        if data.get("too_large") and isinstance(size, int):
            self._refused(name, size)
            return
        number, text = data.get("number"), data.get("data")
        if not isinstance(number, int) or not isinstance(text, str):
            return
        if data.get("at") == 0:
            self._number, self._held = number, bytearray()
        if number != self._number or data.get("at") != len(self._held):
            return
        try:
            self._held += base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            self._number = -1
            return
        if len(self._held) > self.largest:
            self._number, held = -1, len(self._held)
            self._held = bytearray()
            self._refused(name, held)
        elif data.get("last"):
            self._number, whole = -1, bytes(self._held)
            self._held = bytearray()
            self._taken(name, whole)


class Deliver(JSComponent):
    """A button that asks for a file (``asked()``); ``deliver`` hands it to the browser, which saves it."""

    label = param.String(default="")
    waiting = param.String(default="")
    """Said while it is being made; "" otherwise."""
    disabled = param.Boolean(default=False)
    file = param.Dict(default={})

    _esm = """
export function render({ model }) {
  const box = document.createElement("div")
  const button = document.createElement("button")
  button.type = "button"
  const said = document.createElement("span")
  said.setAttribute("role", "status")
  const show = () => {
    button.textContent = model.label
    button.disabled = model.disabled || model.waiting !== ""
    said.textContent = model.waiting
  }
  for (const name of ["label", "waiting", "disabled"]) model.on(name, show)
  show()
  button.onclick = () => model.send_msg("ask")
  model.on("file", () => {
    const { name, kind, data } = model.file
    if (!data) return
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
    const link = document.createElement("a")
    link.href = URL.createObjectURL(new Blob([bytes], { type: kind }))
    link.download = name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10000)
  })
  box.append(button, said)
  return box
}
"""
    _stylesheets = [_LOOK]

    def __init__(self, asked: Callable[[], None], **params: Any) -> None:
        super().__init__(**params)
        self._asked = asked

    def deliver(self, name: str, kind: str, data: bytes) -> None:
        """Hand a file to the browser. ``kind``: its media type."""
        self.file = {"name": name, "kind": kind, "data": base64.b64encode(data).decode()}
        self.file = {}

    def _handle_msg(self, data: Any) -> None:
        if data == "ask" and not self.disabled and not self.waiting:
            self._asked()
