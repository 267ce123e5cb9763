"""Floor 5: a report's parts put into its template: one page, its script and style inside it."""

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from bokeh.document import Document
from bokeh.embed import json_item
from bokeh.io.doc import patch_curdoc
from bokeh.resources import Resources
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from workbench.reports.key_figures import key_figures
from workbench.reports.language import Language
from workbench.reports.members_part import baseline_title
from workbench.reports.origin import origin
from workbench.reports.parts import Section
from workbench.reports.plots import FONT
from workbench.reports.sections import sections
from workbench.run_folder import RunFolder

__all__ = ["filled", "render"]

HERE = Path(__file__).parent


def render(run: RunFolder, language: str) -> str:
    """The page of a run in one language."""
    say = Language(language)
    parts = sections(run, say)
    return filled(
        "report.html.j2",
        parts,
        say,
        run=run.document,
        provenance=run.document["provenance"],
        titles=_titles(run, say),
        badge=_badge(run, say),
        baseline=baseline_title(run, say),
        figures=key_figures(run, say),
        origin=origin(run, say),
    )


def filled(
    template: str,
    parts: tuple[Section, ...],
    say: Language,
    scripts: tuple[str, ...] = ("report.js",),
    styles: tuple[str, ...] = ("report.css",),
    **more: Any,
) -> str:
    """A template filled in: the parts of a page with their charts, scripts and styles inside it, and what else it asks for."""
    library, own = _bokeh(), _script("".join((HERE / name).read_text(encoding="utf-8") for name in scripts))
    charts = {chart.name: _item(chart.figure) for section in parts for chart in section.charts}
    style = "".join((HERE / name).read_text(encoding="utf-8") for name in styles)
    return (
        _environment()
        .get_template(template)
        .render(
            **more,
            say=say,
            _=say._,
            parts=parts,
            policy=_policy(library, own),
            library=library,
            own=own,
            charts=_data(charts),
            style=Markup(style.replace("{{FONT}}", FONT)),
        )
    )


def _environment() -> Environment:
    """Autoescape is on for every template, whatever its name."""
    return Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip


def _titles(run: RunFolder, say: Language) -> list[str]:
    """The program's names: that of the page's language first."""
    provenance = run.document["provenance"]
    names = [provenance["title"], provenance.get("title_zh") or ""]
    return [each for each in (reversed(names) if say.chinese else names) if each]


def _badge(run: RunFolder, say: Language) -> tuple[str, str]:
    """What kind of figures these are, in a word and in a sentence."""
    word, _, sentence = str(run.document["provenance"]["kind"]).partition(": ")
    return say.text(word), say.text(sentence[:1].upper() + sentence[1:] + ".") if sentence else ""


# --- scripts and data that cannot be broken out of -----------------------------------------------------------------
@cache
def _bokeh() -> Markup:
    """Bokeh's library for the page."""
    return _script(
        "\n".join([*Resources(mode="inline", components=["bokeh"]).js_raw[:1], 'Bokeh.set_log_level("warn");'])
    )


def _script(text: str) -> Markup:
    """A script that neither ends its element early nor opens a comment in it."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return Markup(re.sub(r"<(?=/script)", r"<\\", plain, flags=re.IGNORECASE).replace("<!--", "<\\!--"))


def _data(value: Any) -> Markup:
    """JSON for a data block: no character in it means anything to HTML."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _policy(*scripts: Markup) -> str:
    """Only these scripts run, and nothing is fetched from anywhere, whatever else may stand in the page."""
    hashes = [base64.b64encode(hashlib.sha256(str(each).encode()).digest()).decode() for each in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    rest = "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {allowed}; {rest}"


# --- charts --------------------------------------------------------------------------------------------------------
def _item(figure: Any) -> Any:
    """A figure as Bokeh's JSON, with ids numbered from 1: Bokeh's own go on counting from one report to the next. Bokeh looks at the
    process's current document, which in a process that serves an app may be that of a session long closed: it is given one of its own."""
    own = Document()  # only this name keeps it
    with patch_curdoc(own):
        item = json_item(figure)
    item["doc"].pop(
        "defs", None
    )  # definitions of models that others in the process have made, which no chart of ours uses
    return _renamed({key: item[key] for key in ("root_id", "doc")}, {})


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if isinstance(value, dict):
        return {
            key: names.setdefault(each, f"p{len(names) + 1}")
            if key in ("id", "root_id") and isinstance(each, str)
            else _renamed(each, names)
            for key, each in value.items()
        }
    return value
