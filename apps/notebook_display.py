"""How charts show themselves in a notebook: as Bokeh figures whose script comes from this machine.

HoloViews' own way (``hv.extension``) shows everything through Panel, which fetches style sheets from a host outside. A notebook that calls it
afterwards gets it: then that way is taken.
"""

from html import escape
from typing import Any

import holoviews as hv
from bokeh.embed import components
from bokeh.resources import Resources

from apps.charts.style import figure_of

__all__ = ["chart_html", "chart_page", "script_html", "show_in"]


def chart_html(chart: Any) -> str:
    """A chart as HTML; it needs ``script_html`` somewhere before it on the page."""
    script, place = components(figure_of(chart))
    return str(place) + str(script)


def chart_page(chart: Any, title: str, tag: str) -> str:
    """A chart as a page of its own, in a language."""
    head = f'<!DOCTYPE html><html lang="{tag}"><head><meta charset="utf-8"><title>{escape(title)}</title>{script_html()}</head>'
    return f"{head}<body>{chart_html(chart)}</body></html>\n"


def script_html() -> str:
    """Bokeh's script, about 1 MB: once a page."""
    return "".join(f"<script>{part}</script>" for part in Resources(mode="inline", components=["bokeh"]).js_raw)


def show_in(shell: Any) -> None:
    """Have an IPython shell show HoloViews elements, and give its page the script."""
    shell.display_formatter.formatters["text/html"].for_type(hv.core.Dimensioned, chart_html)
    shell.display_pub.publish({"text/html": script_html(), "text/plain": "charts: Bokeh's script"})
