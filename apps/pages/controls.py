"""A lever on the page: slider, typed value, what it does, reset. It shows what it is told, and tells what was moved."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from apps.components import HTML, Button, Column, FloatInput, FloatSlider, Row, laid_out
from apps.fragments import STYLE, amount, lever_text
from apps.levers import Absent, Lever, Number, Path, on_grid
from workbench.reports.language import Language

__all__ = ["LeverControl"]

_NAME_UNSEEN = ".MuiFormLabel-root { display: none; }"
"""The heading above already says it; a screen reader still hears the slider's own name."""
_NO_ARROWS = ".bk-spin-btn { display: none !important; }"
"""They have no name that a screen reader could say; the slider does their work, and so do the arrow keys."""
_BOX = """
:host { border: 1px solid var(--mui-palette-divider); border-radius: 8px; padding: 10px 14px 6px; margin: 0 0 12px; gap: 4px; }
"""


class LeverControl:
    """The widgets of one lever.

    ``move(path, value)`` is called when the user gave a value (None: the field was emptied), ``reset(path)`` when the shipped one is
    wanted. What is shown never comes from the user's hand directly: the page answers each call by ``show``.
    """

    def __init__(
        self, name: str, move: Callable[[Path, Number | None], None], reset: Callable[[Path], None], *above: Any
    ) -> None:
        self.lever: Lever | Absent = Absent("")
        self._move, self._quiet = move, False
        self.text = HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0)
        self.problem = HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0, visible=False)
        self.slider = FloatSlider(
            show_value=False,
            tooltips=False,
            sizing_mode="stretch_width",
            margin=(4, 10, 0, 10),
            stylesheets=[_NAME_UNSEEN],
        )
        self.field = FloatInput(width=150, margin=(2, 8, 6, 0), stylesheets=[_NO_ARROWS])
        self.reset = Button(variant="text", size="small", margin=(10, 0, 0, 0))
        self.slider.param.watch(self._slid, "value")
        self.field.param.watch(self._typed, "value")
        self.reset.on_click(lambda _: reset(self.lever.path) if isinstance(self.lever, Lever) else None)
        self.view: Column = laid_out(
            *above, self.text, self.slider, Row(self.field, self.reset, sizing_mode="stretch_width", margin=0), self.problem,
            css=_BOX, css_classes=["lever-" + name],
        )  # fmt: skip

    def show(self, title: str, lever: Lever | Absent, currency: str, problem: str, say: Language) -> None:
        """Show a lever at its value, and why the last value that was tried was not taken ('' where it was)."""
        _ = say._
        self.lever = lever
        self.text.object = lever_text(title, lever, currency, say)
        self.problem.param.update(object=problem, visible=bool(problem))
        there = isinstance(lever, Lever)
        for each in (self.slider, self.field, self.reset):
            each.param.update(visible=there, disabled=not there)
        if not isinstance(lever, Lever):
            return
        value = float(lever.value)
        unit = (
            say.symbol(currency).strip()
            if lever.unit == "money"
            else amount(0, lever.unit, currency, say).replace("0", "").strip()
        )
        self._quiet = True
        try:
            self.slider.param.update(
                label=title, value_label=amount(lever.value, lever.unit, currency, say),
                start=min(float(lever.low), value), end=max(float(lever.high), value), step=float(lever.step), value=value,
            )  # fmt: skip
            self.field.param.update(name=_("Type a value ({unit})", unit=unit), step=float(lever.step), value=value)
        finally:
            self._quiet = False
        self.reset.param.update(
            label=_("Reset to {value}", value=amount(lever.shipped, lever.unit, currency, say)),
            disabled=lever.value == lever.shipped,
        )

    def _slid(self, event: Any) -> None:
        if not self._quiet and isinstance(self.lever, Lever):
            self._move(self.lever.path, on_grid(self.lever, event.new))

    def _typed(self, event: Any) -> None:
        if self._quiet or not isinstance(self.lever, Lever):
            return
        typed = None if event.new is None else Decimal(str(event.new))
        whole = typed is not None and typed == typed.to_integral_value()
        self._move(self.lever.path, int(typed) if typed is not None and whole else typed)
