"""The hold-out of a calibration as a page that opens anywhere: purchases by week, and added up, as they came and as they were predicted."""

import re
from html import escape
from importlib.util import find_spec
from typing import Any

import numpy as np

from workbench.errors import BadInput, Problem

__all__ = ["check_installed", "holdout_page"]

CAME, PREDICTED = "#1c2733", "#d97b16"
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


def check_installed() -> None:
    """Raise BadInput where Bokeh is not installed."""
    if find_spec("bokeh") is None:
        raise BadInput(Problem("--plot", "expected bokeh to be installed: pip install 'loyalty-workbench[reports]'"))


def holdout_page(holdout: dict[str, Any], title: str) -> str:
    """The page, as HTML with all it needs inside it; ``holdout`` as in the document."""
    from bokeh.embed import components
    from bokeh.layouts import column
    from bokeh.resources import Resources

    error = "" if holdout["error_pct"] is None else f" ({holdout['error_pct']:+.1f} %)"
    told = f"{holdout['actual']:,} came, {holdout['predicted']:,.0f} were predicted{error}"
    weeks = np.array([week["from"] for week in holdout["weeks"]], dtype="datetime64[ms]")
    drawn = [
        _lines(name, weeks, *([week[f"{prefix}{key}"] for week in holdout["weeks"]] for key in ("actual", "predicted")))
        for name, prefix in (
            (f"Repeat purchases by week, after {holdout['train_until']}", ""),
            (f"Added up, to {holdout['until']}: {told}", "cumulative_"),
        )
    ]
    # Put together by hand: what Bokeh writes as a whole page asks for more where Panel has been imported.
    code = Resources(mode="inline", components=["bokeh"]).js_raw[0].replace("</script", "<\\/script")
    script, body = components(column(*drawn, sizing_mode="stretch_width"))
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><script>{code}</script>'
    return _named(f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}{script}</body></html>\n')


def _lines(name: str, weeks: np.ndarray, came: list[float], predicted: list[float]) -> Any:
    from bokeh.models import Range1d
    from bokeh.plotting import figure

    top = max([1.0, *came, *predicted]) * 1.08
    plot = figure(
        title=name, x_axis_type="datetime", y_range=Range1d(start=0, end=top), height=300, sizing_mode="stretch_width", toolbar_location=None,
        tools="",
    )  # fmt: skip
    plot.line(weeks, came, line_color=CAME, line_width=2, legend_label="came")
    plot.line(weeks, predicted, line_color=PREDICTED, line_width=2, line_dash="dashed", legend_label="predicted")
    plot.legend.location = "bottom_right"
    return plot


def _named(page: str) -> str:
    """The same page with elements numbered: Bokeh names them at random."""
    names: dict[str, str] = {}
    return _UUID.sub(lambda found: names.setdefault(found[0], f"e{len(names) + 1}"), page)
