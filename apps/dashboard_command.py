"""``loyalty dashboard``: a log's members on one page."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from apps.console import day_of, err, out, print_json, table
from workbench.errors import BadInput, Problem, nearest

__all__ = ["dashboard"]


def dashboard(
    transactions: Annotated[Path, typer.Argument(help="CSV (plain or gzip) or Parquet.")],
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="The last day of the period.")],
    months: Annotated[int, typer.Option(min=1, max=120, help="Months of the period.")] = 12,
    file: Annotated[Path | None, typer.Option("--out", metavar="FILE.html", help="Write the page.")] = None,
    language: Annotated[str, typer.Option(help="en or zh-Hant.")] = "en",
    title: Annotated[str | None, typer.Option(help="The page's heading; else the log's name.")] = None,
    currency: Annotated[
        str | None, typer.Option(metavar="CODE", help="Currency of the amounts, such as TWD; a log names none.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Members, reachable, new, regulars, returning, frequency, ticket, who they are and when they buy: sums only, no member is named."""
    day = day_of("--as-of")(as_of)
    languages = ["en", "zh-Hant"]
    if language not in languages:
        raise BadInput(Problem("--language", "expected en or zh-Hant", language, nearest(language, languages)))
    if file is not None and file.suffix.lower() != ".html":
        raise BadInput(Problem("--out", "expected a name ending in .html", file.name))
    if currency is not None and not re.fullmatch("[A-Z]{3}", currency):
        raise BadInput(Problem("--currency", "expected three capital letters, such as TWD", currency))
    from simulators.dashboard import dashboard_document
    from simulators.output_files import check_apart
    from workbench.reports.html import check_installed

    check_apart({"TRANSACTIONS": transactions}, {"--out": file})
    if file is not None:
        check_installed()
    found = dashboard_document(transactions, day, months)
    if file is not None:
        from workbench.reports.dashboard_page import write_dashboard

        write_dashboard(found, title or transactions.name, file, language, currency)
    if as_json:
        print_json(found)
    else:
        _show(found)
    if file is not None:
        (err if as_json else out).print(f"written: {file}", highlight=False, soft_wrap=True)


def _show(found: dict[str, Any]) -> None:
    keys = (
        "members",
        "reachable",
        "new",
        "buyers",
        "regulars",
        "returning",
        "purchases",
        "frequency",
        "sales",
        "average_ticket",
    )
    shown = [[key.replace("_", " "), "not in the log" if found[key] is None else f"{found[key]:,}"] for key in keys]
    table([f"{found['start']} to {found['as_of']}", ""], shown)
    rows = [
        [each["first"], f"{each['money']:,}"]
        + [f"{each[key]:,}" for key in ("purchases", "new", "returning", "first_buyers")]
        for each in found["by_month"]
    ]
    table(["month", "sales", "purchases", "new", "returning", "first purchase"], rows)
