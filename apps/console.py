"""The two consoles of the command line: results on standard output, all else on standard error."""

import json
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

from rich.console import Console

from workbench.errors import BadInput, Problem

__all__ = ["day_of", "err", "out", "plain", "print_json", "table"]

out, err = Console(), Console(stderr=True)


def plain(text: str) -> str:
    """Text for rich without markup of its own."""
    return text.replace("[", "\\[")


def table(header: list[str], rows: list[list[str]]) -> None:
    """Print a table: names on the left, figures on the right."""
    from rich.table import Table

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for place, name in enumerate(header):
        drawn.add_column(plain(name), justify="left" if place == 0 else "right", overflow="fold")
    for row in rows:
        drawn.add_row(*(plain(cell) for cell in row))
    out.print(drawn, highlight=False)
    out.print()


def print_json(document: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def day_of(option: str) -> Callable[[str], date]:
    """A parser of ISO dates for an option."""

    def parse(text: str) -> date:
        try:
            found = date.fromisoformat(text)
        except ValueError:
            raise BadInput(Problem(option, "expected a date that exists, YYYY-MM-DD", text)) from None
        if not 1900 <= found.year <= 2999:
            raise BadInput(Problem(option, "expected a date from 1900-01-01 to 2999-12-31", text))
        return found

    return parse
