"""Floor 5: the HTML report of a run: one file that opens anywhere, offline, and is the same bytes for the same run."""

from importlib.util import find_spec
from pathlib import Path

from workbench.errors import BadInput, Problem, nearest
from workbench.files import atomic_path
from workbench.run_folder import RunFolder

__all__ = ["LANGUAGES", "check_installed", "write_html"]

LANGUAGES = ("en", "zh-Hant")
"""Languages of the report; a file is written in one of them."""
NEEDED = ("babel", "bokeh", "jinja2")
"""Packages of the extra ``reports``: imported only when a report is written."""


def write_html(run_folder: Path, out: Path, language: str = "en") -> Path:
    """Write the report of a run and return its path.

    Raises BadInput: no run folder, an unknown language, a place that cannot be written, or the extra ``reports`` is
    not installed.
    """
    check_installed()
    if language not in LANGUAGES:
        raise BadInput(Problem("--lang", "expected " + " or ".join(LANGUAGES), language, nearest(language, LANGUAGES)))
    from workbench.reports.page import render

    text = render(RunFolder(run_folder), language)
    with atomic_path(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return Path(out)


def check_installed() -> None:
    """Raise BadInput where a package of the extra ``reports`` is missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        message = f"expected {', '.join(missing)} to be installed: pip install loyalty-workbench[reports]"
        raise BadInput(Problem("", message))
