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


def write_report(run_folder: Path, out: Path, language: str = "en") -> Path:
    """Write the report of a run as its name's ending says (``SUFFIXES``), and return its path.

    Raises BadInput: another ending, no run folder, an unknown language, a place that cannot be written, or the extra ``reports`` is not
    installed.
    """
    suffix = out.suffix.lower()
    if suffix not in SUFFIXES:
        raise BadInput(Problem("--out", "expected a name ending in " + ", ".join(SUFFIXES), out.name))
    if suffix == ".html":
        return write_html(run_folder, out, language)
    check_installed(*NEEDED, "pptx", "xlsxwriter")
    check_language(language)
    from workbench.reports.run_report import write_run_deck
    from workbench.reports.run_workbook import write_run_workbook

    return (
        write_run_deck(run_folder, out, language)
        if suffix == ".pptx"
        else write_run_workbook(run_folder, out, language)
    )


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
