"""Floor 5: the report of a run as one file that opens anywhere, offline, and is the same bytes for the same run."""

from importlib.util import find_spec
from pathlib import Path

from workbench.errors import BadInput, Problem, nearest
from workbench.files import atomic_path
from workbench.run_folder import RunFolder

__all__ = ["LANGUAGES", "SUFFIXES", "check_installed", "check_language", "write_html", "write_report"]

LANGUAGES = ("en", "zh-Hant")
"""Languages of the report; a file is written in one of them."""
NEEDED = ("babel", "bokeh", "jinja2")
"""Packages of the extra ``reports``: imported only when a report is written."""
SUFFIXES = (".html", ".pptx", ".xlsx")
"""What a report is written as: a page, a deck, a workbook."""


def write_report(target: Path, out: Path, language: str | None = None) -> Path:
    """Write a report as its name's ending says (``SUFFIXES``), and return its path. ``target``: a run's folder, or the file of a story or of a
    comparison. language: a story's own first one, otherwise English, unless given.

    Raises BadInput: another ending, nothing of the kind, an unknown language, a place that cannot be written, or the extra ``reports`` is not
    installed.
    """
    suffix = out.suffix.lower()
    if suffix not in SUFFIXES:
        raise BadInput(Problem("--out", "expected a name ending in " + ", ".join(SUFFIXES), out.name))
    check_installed(*NEEDED, *(() if suffix == ".html" else ("pptx", "xlsxwriter")))
    if language is not None:
        check_language(language)
    if target.is_file():
        from workbench.reports.story_report import told_of, write_told

        told, say = told_of(target, language)
        return write_told(told, out, say)
    if suffix == ".html":
        return write_html(target, out, language or "en")
    from workbench.reports.run_report import write_run_deck
    from workbench.reports.run_workbook import write_run_workbook

    return (write_run_deck if suffix == ".pptx" else write_run_workbook)(target, out, language or "en")


def write_html(run_folder: Path, out: Path, language: str = "en") -> Path:
    """Write the report of a run and return its path.

    Raises BadInput: no run folder, an unknown language, a place that cannot be written, or the extra ``reports`` is
    not installed.
    """
    check_installed()
    check_language(language)
    from workbench.reports.page import render

    text = render(RunFolder(run_folder), language)
    with atomic_path(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return Path(out)


def check_language(language: str) -> None:
    """Raise BadInput where there are no reports in a language."""
    if language not in LANGUAGES:
        raise BadInput(Problem("--lang", "expected " + " or ".join(LANGUAGES), language, nearest(language, LANGUAGES)))


def check_installed(*names: str) -> None:
    """Raise BadInput where a package of the extra ``reports`` is missing: one that a page needs, or one of these."""
    missing = [name for name in names or NEEDED if find_spec(name) is None]
    if missing:
        message = f"expected {', '.join(missing)} to be installed: pip install loyalty-workbench[reports]"
        raise BadInput(Problem("", message))
