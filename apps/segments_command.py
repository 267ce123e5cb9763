"""``loyalty segments``: recency, frequency and monetary value of a log's customers, their segments and who moved."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.console import day_of, err, out, print_json, table
from apps.member_command import Key, ShowIds
from apps.table_file import is_csv, write_table
from workbench.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from workbench.finance.rfm import Cuts, Scheme
    from workbench.segments_document import Purchases

__all__ = ["segments"]

RECENCY_DAYS, FREQUENCY = 90, 2
SUFFIXES = (".csv", ".parquet")


def segments(
    transactions: Annotated[Path, typer.Argument(help="CSV (plain or gzip) or Parquet.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="At the end of this day; else of the log's last.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Moves from the end of this day; else a year before.")
    ] = None,
    months: Annotated[int, typer.Option(min=1, max=120, help="Months that count for frequency and money.")] = 12,
    recency_days: Annotated[
        int | None, typer.Option(min=0, max=3650, help=f"Recent: bought within so many days ({RECENCY_DAYS}).")
    ] = None,
    frequency: Annotated[
        int | None, typer.Option(min=1, max=10_000, help=f"Frequent: so many purchases or more ({FREQUENCY}).")
    ] = None,
    monetary: Annotated[
        str | None,
        typer.Option(
            metavar="X", help="High money: so much or more; unless given, the frequency times the average ticket."
        ),
    ] = None,
    quintiles: Annotated[
        str | None,
        typer.Option(metavar="nested|independent", help="Scores 1 to 5 instead of fixed cuts; 4 and 5 are high."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write every customer: .csv or .parquet.")
    ] = None,
    show_ids: ShowIds = False,
    key: Key = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """The eight RFM segments of a log's customers, who is worth what, and who moved."""
    given = [
        name
        for name, value in (("--recency-days", recency_days), ("--frequency", frequency), ("--monetary", monetary))
        if value is not None
    ]
    if quintiles is not None and given:
        raise BadInput(Problem(given[0], "expected fixed cuts or --quintiles, not both", quintiles))
    if quintiles not in (None, "nested", "independent"):
        message = "expected nested or independent"
        raise BadInput(Problem("--quintiles", message, quintiles, nearest(quintiles, ["nested", "independent"])))
    if file is not None and file.suffix.lower() not in SUFFIXES:
        raise BadInput(Problem("--out", "expected a name ending in .csv or .parquet", file.name))
    least = None if monetary is None else _money(monetary)
    from simulators.customer_log import last_day, read_customers
    from simulators.output_files import check_apart
    from workbench.finance.rfm import Cuts, average_ticket
    from workbench.segments_document import Purchases, segments_document
    from workbench.units import add_months, to_day

    check_apart({"TRANSACTIONS": transactions, "--key": key}, {"--out": file})
    on = last_day(transactions) if as_of is None else to_day(day_of("--as-of")(as_of))
    start = add_months(on, -12) if since is None else to_day(day_of("--since")(since))
    if start >= on:
        raise BadInput(Problem("--since", "expected a day before that of --as-of", since))
    log = read_customers(transactions, on)
    bought = Purchases(log.customer, log.day, log.money, len(log.names))
    rule: Cuts | Scheme
    if quintiles is None:
        often = FREQUENCY if frequency is None else frequency
        if least is None:
            total, orders = average_ticket(bought.day, bought.money, on, months)
            least = max(1, often * total // orders) if orders else 1
        rule = Cuts(RECENCY_DAYS if recency_days is None else recency_days, often, least)
    else:
        rule = "nested" if quintiles == "nested" else "independent"
    document = segments_document(bought, on, start, months, rule)
    if file is not None:
        _write(file, transactions, log.names, bought, on, months, rule, show_ids, key)
    if as_json:
        print_json(document)
    else:
        _show(document)
    if file is not None:
        (err if as_json else out).print(f"written: {file}", highlight=False, soft_wrap=True)


def _money(text: str) -> int:
    """An amount as minor units."""
    from workbench.units import CENTS, MAX_MONEY

    try:
        value = Decimal(text) * CENTS
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or value <= 0 or value != value.to_integral_value() or value > MAX_MONEY:
        raise BadInput(Problem("--monetary", "expected an amount above 0 with at most two decimals", text))
    return int(value)


def _write(
    file: Path,
    transactions: Path,
    names: list[str],
    bought: "Purchases",
    on: int,
    months: int,
    rule: "Cuts | Scheme",
    show_ids: bool,
    key: Path | None,
) -> None:
    import pyarrow as pa

    from simulators.ledger_file import harmless
    from workbench.pseudonyms import key_of, pseudonyms
    from workbench.segments_document import segment_of_names, segmented

    if show_ids:
        columns = segment_of_names(
            segmented(bought, on, months, rule), lambda k: harmless(names[k]) if is_csv(file) else names[k]
        )
    else:
        stands_for = pseudonyms(key_of(transactions, key))
        columns = segment_of_names(segmented(bought, on, months, rule), lambda k: stands_for("m", names[k]))
    written = pa.table(columns)
    write_table(written, file)


def _show(document: dict[str, Any]) -> None:
    cuts = document["cuts"]
    by = (
        f"quintiles, {document['scheme']}; 4 and 5 are high"
        if cuts is None
        else f"bought within {cuts['recency_days']} days, {cuts['frequency']} purchases or more, {cuts['monetary']:,} or more"
    )
    out.print(
        f"{document['customers']:,} customers on {document['as_of']}, {document['window_months']} months; high: {by}",
        highlight=False,
    )
    for note in document["notes"]:
        out.print(f"note: {note}", highlight=False, soft_wrap=True)
    months = document["window_months"]
    out.print(
        f"money in the log's currency and purchases within the last {months} months; days since the last purchase",
        highlight=False,
    )
    out.print()
    rows = []
    for each in document["segments"]:
        figures = [each[name] for name in ("mean_recency_days", "mean_frequency", "mean_money")]
        rows.append(
            [
                f"{each['segment']} {each['segment_zh']}",
                f"{each['customers']:,}",
                f"{each['share_pct']:.1f}%",
                f"{each['money']:,}",
            ]
            + ["" if value is None else f"{value:,.1f}" for value in figures]
        )
    table(["segment", "customers", "share", "money in all", "mean days since", "mean purchases", "mean money"], rows)
    moves = document["migration"]
    out.print(
        f"since {moves['from']}: {moves['stayed']:,} stayed, {moves['new']:,} new, "
        f"{document['customers'] - moves['stayed'] - moves['new']:,} moved (all moves and months: --json)",
        highlight=False,
    )
