"""The one place that imports the component library: what the pages are built of, and three small components of our own."""

from typing import Any

import param
from panel.custom import JSComponent
from panel.io import hold
from panel.layout import Column, Row
from panel.pane import HTML, Bokeh
from panel.viewable import Viewable
from panel_material_ui import Button, Select, TextInput
from panel_material_ui.template.base import Page

from workbench.reports.plots import FONT

__all__ = [
    "HTML", "Bokeh", "Button", "Column", "CopyText", "Page", "PageLanguage", "Row", "Select", "TextInput",
    "Viewable", "hold", "laid_out",
]  # fmt: skip


class PageLanguage(JSComponent):
    """Says to browser and screen reader in which language the page is (the shell's template always says English), and to all of the page's
    parts in which font: what the theme says of fonts does not reach into them."""

    tag = param.String(default="en")
    title = param.String(default="")
    font = param.String(default=FONT, constant=True)

    _esm = """
export function render({ model }) {
  const apply = () => { document.documentElement.lang = model.tag; document.title = model.title }
  document.documentElement.style.setProperty("--mui-font-family", model.font)
  apply()
  model.on("tag", apply)
  model.on("title", apply)
  return document.createElement("span")
}
"""


class CopyText(JSComponent):
    """Text that can be read, selected and copied, with its button."""

    text = param.String(default="")
    label = param.String(default="")
    """Names the text for a screen reader."""
    copy = param.String(default="Copy")
    copied = param.String(default="Copied")

    _esm = """
export function render({ model }) {
  const box = document.createElement("div")
  box.className = "copytext"
  const text = document.createElement("pre")
  text.tabIndex = 0
  text.setAttribute("role", "region")
  const button = document.createElement("button")
  button.type = "button"
  const said = document.createElement("span")
  said.setAttribute("role", "status")
  const show = () => {
    text.textContent = model.text
    text.setAttribute("aria-label", model.label)
    button.textContent = model.copy
    button.setAttribute("aria-label", model.copy + ": " + model.label)
    said.textContent = ""
  }
  for (const name of ["text", "label", "copy", "copied"]) model.on(name, show)
  show()
  const byHand = () => {
    const range = document.createRange()
    range.selectNodeContents(text)
    const chosen = getSelection()
    chosen.removeAllRanges()
    chosen.addRange(range)
    return document.execCommand("copy")
  }
  button.onclick = async () => {
    let done = false
    if (navigator.clipboard && isSecureContext) {
      done = await navigator.clipboard.writeText(model.text).then(() => true, () => false)
    }
    if (done || byHand()) said.textContent = model.copied
  }
  const bar = document.createElement("div")
  bar.append(button, said)
  box.append(text, bar)
  return box
}
"""
    _stylesheets = [
        """
.copytext pre { margin: 0; padding: 10px 12px; max-height: 300px; overflow: auto; border: 1px solid var(--mui-palette-divider);
  border-radius: 6px; font: 13px/1.45 ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace;
  color: var(--mui-palette-text-primary); }
.copytext div { display: flex; align-items: center; gap: 12px; margin-top: 6px; font: 14px/1.5 var(--mui-font-family, sans-serif);
  color: var(--mui-palette-text-secondary); }
.copytext button { font: inherit; padding: 4px 14px; border: 1px solid currentColor; border-radius: 4px; cursor: pointer;
  background: none; color: var(--mui-palette-primary-main); }
.copytext :focus-visible { outline: 3px solid var(--mui-palette-primary-main); outline-offset: 2px; }
"""
    ]


def laid_out(*parts: Viewable, css: str, **more: Any) -> Column:
    """Parts one below the other, as a style sheet for its host (``:host``) places them."""
    return Column(*parts, sizing_mode="stretch_width", stylesheets=[css], **more)
