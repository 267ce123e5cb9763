"""A lever on the page: slider, typed value, what it does, reset. It shows what it is told, and tells what was moved."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from apps.components import HTML, Column, laid_out
from apps.fragments import STYLE, amount, lever_text
from apps.lever_component import LeverInput
from apps.levers import Absent, Lever, Number, Path, on_grid
from workbench.reports.language import Language

__all__ = ["LeverControl"]

_BOX = """
:host { border: 1px solid var(--mui-palette-divider); border-radius: 8px; padding: 10px 14px 6px; margin: 0 0 12px; gap: 4px; }
"""


class LeverControl:
    """The widgets of one lever.

    ``move(path, value)`` is called when the user gave a value (None: what was typed is no number), ``reset(path)`` when the shipped one is
    wanted. What is shown never comes from the user's hand directly: the page answers each call by ``show``.
    """

    def __init__(
        self, name: str, move: Callable[[Path, Number | None], None], reset: Callable[[Path], None], *above: Any
    ) -> None:
        self.lever: Lever | Absent = Absent("")
        self._move, self._put_back = move, reset
        self.text = HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0)
        self.problem = HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0, visible=False)
        self.input = LeverInput(self._slid, self._typed, self._reset, sizing_mode="stretch_width", margin=0)
        self.view: Column = laid_out(
            *above, self.text, self.input, self.problem, css=_BOX, css_classes=["lever-" + name]
        )

    def show(self, title: str, lever: Lever | Absent, currency: str, problem: str, say: Language) -> None:
        """Show a lever at its value, and why the last value that was tried was not taken ('' where it was)."""
        _ = say._
        self.lever = lever
        self.text.object = lever_text(title, lever, currency, say)
        self.problem.param.update(object=problem, visible=bool(problem))
        if not isinstance(lever, Lever):
            self.input.say({"off": True})
            return
        value = float(lever.value)
        unit = (
            say.symbol(currency).strip()
            if lever.unit == "money"
            else amount(0, lever.unit, currency, say).replace("0", "").strip()
        )
        self.input.say(
            {
                "label": title,
                "words": amount(lever.value, lever.unit, currency, say),
                "start": min(float(lever.low), value),
                "end": max(float(lever.high), value),
                "step": float(lever.step),
                "value": value,
                "field": _("Type a value ({unit})", unit=unit),
                "reset": _("Reset to {value}", value=amount(lever.shipped, lever.unit, currency, say)),
                "still": lever.value == lever.shipped,
                "off": False,
            }
        )

    def _slid(self, value: float) -> None:
        if isinstance(self.lever, Lever):
            self._move(self.lever.path, on_grid(self.lever, value))

    def _typed(self, typed: Decimal | None) -> None:
        if not isinstance(self.lever, Lever):
            return
        whole = typed is not None and typed == typed.to_integral_value()
        self._move(self.lever.path, int(typed) if typed is not None and whole else typed)

    def _reset(self) -> None:
        if isinstance(self.lever, Lever):
            self._put_back(self.lever.path)
