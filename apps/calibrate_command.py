"""``loyalty calibrate``: a log of transactions becomes a population; what was found is printed, and written where a file is named."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.console import day_of, err, out, plain, print_json, table
from workbench.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from simulators.calibration_log import Source
    from workbench.population.calibration.calibrate import Calibration, Wanted
    from workbench.population.calibration.log import Log

__all__ = ["calibrate"]


def calibrate(
    transactions: Annotated[Path, typer.Argument(help="CSV (plain or gzip) or Parquet, as for replay.")],
    model: Annotated[
        str, typer.Option(help="pareto-nbd, bg-nbd, mbg-nbd or nbd: how often customers buy, and when they leave.")
    ] = "pareto-nbd",
    unit: Annotated[str, typer.Option(help="Unit of time of the parameters: day, week or year.")] = "week",
    train_until: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Fit on the days up to this one and predict the rest; else fit on all, and check on the last third.",
        ),
    ] = None,
    new_since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Only customers whose first purchase in the log is on this day or later."),
    ] = None,
    basket: Annotated[
        str | None, typer.Option(help="gamma-gamma or lognormal, for the population; else the likelier.")
    ] = None,
    segments: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Calibrate each value of this column by itself as well.")
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="ISO 4217 code for the population; else it takes that of any program."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the population: FILE.yaml, and FILE.SEGMENT.yaml for each."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Draw the hold-out, week by week and added up.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Make a population of recorded transactions: how often customers buy, when they leave, what they spend, when in the year.

    The hold-out says how far the model is off on days it has not seen; the warnings say what is odd about the log.
    """
    _one_of("--model", model, ["pareto-nbd", "bg-nbd", "mbg-nbd", "nbd"])
    _one_of("--unit", unit, ["day", "week", "year"])
    if basket is not None:
        _one_of("--basket", basket, ["gamma-gamma", "lognormal"])
    _check_names(currency, file, plot)
    until, since = _as_day("--train-until", train_until), _as_day("--new-since", new_since)
    from simulators.calibration_log import read_log
    from simulators.output_files import check_apart
    from workbench.population.calibration.calibrate import Wanted, calibrate
    from workbench.population.calibration.document import calibration_document

    check_apart({"TRANSACTIONS": transactions}, {"--out": file, "--plot": plot})
    with err.status("reading"):
        log, source = read_log(transactions, segments)
    wanted = Wanted(model, unit, until, since, basket)
    _check_days(log, wanted)
    with err.status("fitting"):
        try:
            found = calibrate(log, wanted)
        except ValueError as error:
            raise BadInput(Problem("", str(error)), str(transactions)) from error
    document = calibration_document(found)
    if plot is not None and found.holdout is None:
        raise BadInput(
            Problem(
                "--plot", "expected a log long enough for a hold-out; without --plot the warnings say what is missing"
            )
        )
    written = {} if file is None else _write(found, source, file, currency, transactions)
    if plot is not None:
        _draw(document, plot, f"Hold-out of {source.name}")
    if as_json:
        print_json(document | {"written": written or None})
    else:
        _show(document)
        for path in written.values():
            out.print(f"written: {plain(path)}", highlight=False, soft_wrap=True)


# --- options ---------------------------------------------------------------------------------------------------------
def _one_of(option: str, value: str, valid: list[str]) -> None:
    if value not in valid:
        expected = ", ".join(valid[:-1]) + " or " + valid[-1]
        raise BadInput(Problem(option, f"expected {expected}", value, nearest(value, valid)))


def _check_names(currency: str | None, file: Path | None, plot: Path | None) -> None:
    if currency is not None and not (
        len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()
    ):
        raise BadInput(Problem("--currency", "expected three capital letters, such as TWD", currency))
    if file is not None and file.suffix.lower() not in (".yaml", ".yml"):
        raise BadInput(Problem("--out", "expected a name ending in .yaml", file.name))
    if plot is not None:
        from apps.calibrate_plot import check_installed

        check_installed()
        if plot.suffix.lower() not in (".html", ".htm"):
            raise BadInput(Problem("--plot", "expected a name ending in .html", plot.name))


def _as_day(option: str, text: str | None) -> int | None:
    from workbench.units import to_day

    return None if text is None else to_day(day_of(option)(text))


def _check_days(log: "Log", wanted: "Wanted") -> None:
    """Dates have to lie inside the log."""
    from workbench.population.calibration.summary import iso

    first, last = int(log.day.min()), int(log.day.max())
    inside = f"({iso(first)} to {iso(last)})"
    until, since = wanted.train_until, wanted.new_since
    problems = []
    if until is not None and not first <= until < last:
        problems.append(Problem("--train-until", f"expected a day of the log before its last {inside}", iso(until)))
    if since is not None and not first < since <= (last if until is None else until):
        problems.append(
            Problem(
                "--new-since",
                f"expected a day of the log after its first, and before --train-until {inside}",
                iso(since),
            )
        )
    if problems:
        raise BadInput(problems)


# --- files -----------------------------------------------------------------------------------------------------------
def _write(
    found: "Calibration", source: "Source", file: Path, currency: str | None, transactions: Path
) -> dict[str, str]:
    """Write the population and those of the segments; all are made before the first is written. Returns their paths by segment, the
    whole's by ""."""
    from simulators.output_files import check_apart
    from workbench.files import atomic_path
    from workbench.population.calibration.population_file import population_text

    title = f"Customers of {source.name}"
    texts = {"": (file, population_text(found, title, str(source), currency))}
    for name, each in found.segments.items():
        path = file.with_name(f"{file.stem}.{_slug(name)}{file.suffix}")
        texts[name] = path, population_text(each, f"{title}: {name}", str(source), currency)
    check_apart({"TRANSACTIONS": transactions}, {f"--out ({path.name})": path for path, _ in texts.values()})
    if len({path for path, _ in texts.values()}) < len(texts):
        raise BadInput(Problem("--segments", "expected names that differ in letters and digits, for each is a file"))
    with ExitStack() as files:
        for path, text in texts.values():
            files.enter_context(atomic_path(path)).write_text(text, "utf-8")
    return {name: str(path) for name, (path, _) in texts.items()}


def _draw(document: dict[str, Any], file: Path, title: str) -> None:
    from apps.calibrate_plot import holdout_page
    from workbench.files import atomic_path

    with atomic_path(file) as temporary:
        temporary.write_text(holdout_page(document["holdout"], title), "utf-8", newline="\n")


def _slug(name: str) -> str:
    """A segment's name as a part of a file's."""
    kept = "".join(each if each.isalnum() else "_" for each in name.casefold())
    return kept[:60]


# --- on the screen ---------------------------------------------------------------------------------------------------
def _show(document: dict[str, Any]) -> None:
    period = document["period"]
    out.print(
        f"{document['customers']:,} customers, {document['repeat_customers']:,} of them came back; {document['purchases']:,} purchases, "
        f"{period['first']} to {period['last']}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    rows = [
        [name, *_interval(value, document["standard_errors_of_logs"][name])]
        for name, value in document["parameters"].items()
        if value
    ]
    table([f"{document['model']}, per {document['unit']}", "", "95 % from", "to"], rows)
    _show_spend(document["spend"])
    _show_seasons(document["seasonality"])
    _show_holdout(document)
    redeemed = document["redemption"]
    if redeemed is not None:
        out.print(
            f"{redeemed['redeemed']:,} of {redeemed['members']:,} members with two purchases redeemed: {100 * redeemed['never']:.1f} % never will, the "
            f"others first do with chance {redeemed['per_purchase']:.3f} at a purchase (assumptions: balance 0, expiry 0, hassle {redeemed['hassle']:.3f})",
            highlight=False,
            soft_wrap=True,
        )
        out.print()
    _show_segments(document.get("segments", {}))
    for each in document["warnings"]:
        out.print(f"warning: {plain(each)}", highlight=False, soft_wrap=True)


def _interval(value: float, error: float | None) -> list[str]:
    from math import exp

    ends = ["", ""] if error is None else [f"{value * exp(sign * 1.96 * error):.4g}" for sign in (-1, 1)]
    return [f"{value:.4f}", *ends]


def _show_spend(spend: dict[str, Any]) -> None:
    lognormal = spend["lognormal"]
    low, high = (spend["mean_basket"] + sign * 1.96 * spend["mean_basket_error"] for sign in (-1, 1))
    table(["spend", ""], [
        ["mean basket (95 %)", f"{spend['mean_basket']:,.2f} ({low:,.2f} to {high:,.2f})"],
        ["gamma-gamma p, q, gamma", f"{spend['p']:.4g}, {spend['q']:.4g}, {spend['gamma']:.5g}"],
        ["lognormal sd within, between", f"{lognormal['sd_within']:.3f}, {lognormal['sd_between']:.3f}"],
        ["likelier, and in a population", spend["chosen"]],
    ])  # fmt: skip


def _show_seasons(seasonality: dict[str, Any]) -> None:
    from workbench.population.calibration.seasons import MONTHS, WEEKDAYS

    for key, names in (("weekday", WEEKDAYS), ("month", MONTHS)):
        found = seasonality[key]
        if found is not None:
            rows = zip(names, found["weights"], found["standard_errors"], strict=True)
            table(
                [key, "weight", "standard error"],
                [[name, f"{weight:.3f}", f"{error:.3f}"] for name, weight, error in rows],
            )


def _show_holdout(document: dict[str, Any]) -> None:
    holdout = document["holdout"]
    if holdout is None:
        return
    error = "" if holdout["error_pct"] is None else f"{holdout['error_pct']:+.1f} %"
    table([f"hold-out, {holdout['train_until']} to {holdout['until']}", ""], [
        ["repeat purchases", f"{holdout['actual']:,}"],
        ["predicted", f"{holdout['predicted']:,.0f}"],
        ["error", error],
        ["error week by week, without sign", "" if holdout["weekly_error_pct"] is None else f"{holdout['weekly_error_pct']:.1f} %"],
    ])  # fmt: skip


def _show_segments(segments: dict[str, Any]) -> None:
    if not segments:
        return
    header = ["segment", "customers", "came back", "model", "purchases a year", "mean basket", "hold-out error"]
    rows = []
    for name, each in segments.items():
        error = None if each["holdout"] is None else each["holdout"]["error_pct"]
        rows.append([
            name, f"{each['customers']:,}", f"{each['repeat_customers']:,}", each["model"], f"{each['purchases_per_year']:.2f}",
            f"{each['spend']['mean_basket']:,.2f}", "" if error is None else f"{error:+.1f} %",
        ])  # fmt: skip
    table(header, rows)
