"""``loyalty at-risk``: members who may be about to stay away, and how often such a list was right on weeks it had not seen."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.console import day_of, err, out, plain, print_json, table
from apps.member_command import Key, ShowIds
from apps.table_file import is_csv, write_table
from workbench.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from simulators.early_warning import Warned

__all__ = ["at_risk"]

SUFFIXES = (".csv", ".parquet")
ORDERS = ["no-purchase", "alive", "overdue", "sales"]
MODELS = ["pareto-nbd", "bg-nbd", "mbg-nbd", "nbd"]
SHOWN = 8
"""Members on the terminal."""


def at_risk(
    transactions: Annotated[Path, typer.Argument(help="CSV (plain or gzip) or Parquet, as for replay.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="At the end of this day; else of the log's last.")
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=260, help="Weeks to come, and as many held out to judge by.")] = 13,
    seen_within: Annotated[
        int,
        typer.Option(
            min=0,
            max=1000,
            help="List who bought within so many weeks; who has stayed away for longer is gone. 0: all.",
        ),
    ] = 26,
    least_purchases: Annotated[
        int, typer.Option(min=1, max=1000, help="List who has bought on so many days or more.")
    ] = 2,
    by: Annotated[
        str,
        typer.Option(
            help="Begin with: no-purchase (the likeliest to buy nothing), alive (the least likely), overdue, sales (at risk)."
        ),
    ] = "no-purchase",
    model: Annotated[str, typer.Option(help="pareto-nbd, bg-nbd, mbg-nbd or nbd.")] = "pareto-nbd",
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the whole list: .csv or .parquet.")
    ] = None,
    show_ids: ShowIds = False,
    key: Key = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Members at risk of lapsing: the chance of no purchase in the coming weeks, and what such a list was worth on held-out weeks."""
    _one_of("--model", model, MODELS)
    _one_of("--by", by, ORDERS)
    if file is not None and file.suffix.lower() not in SUFFIXES:
        raise BadInput(Problem("--out", "expected a name ending in .csv or .parquet", file.name))
    day = None if as_of is None else day_of("--as-of")(as_of)
    from simulators import early_warning
    from simulators.output_files import check_apart
    from workbench.pseudonyms import key_of, pseudonyms
    from workbench.units import to_day

    check_apart({"TRANSACTIONS": transactions, "--key": key}, {"--out": file})
    asked = early_warning.Asked(
        None if day is None else to_day(day), weeks, model, least_purchases, seen_within or None
    )
    with err.status("fitting"):
        found = early_warning.at_risk(transactions, asked)
    names = found.names
    if not show_ids:
        stands_for = pseudonyms(key_of(transactions, key))
        names = [stands_for("m", name) for name in names]
    document = early_warning.warning_document(found, names, by)
    if file is not None:
        _write(file, found, names, by)
    if as_json:
        print_json(document)
    else:
        _show(document)
    if file is not None:
        (err if as_json else out).print(f"written: {file}", highlight=False, soft_wrap=True)


def _one_of(option: str, value: str, valid: list[str]) -> None:
    if value not in valid:
        expected = ", ".join(valid[:-1]) + " or " + valid[-1]
        raise BadInput(Problem(option, f"expected {expected}", value, nearest(value, valid)))


def _write(file: Path, found: "Warned", names: list[str], by: str) -> None:
    import pyarrow as pa

    from simulators.early_warning import listed
    from simulators.ledger_file import harmless

    written = pa.table(listed(found, [harmless(name) for name in names] if is_csv(file) else names, by))
    write_table(written, file)


# --- on the terminal -------------------------------------------------------------------------------------------------
def _show(document: dict[str, Any]) -> None:
    within = document["seen_within_weeks"]
    out.print(
        f"{document['listed']:,} of {document['customers']:,} customers on {document['as_of']}: {document['least_purchases']} purchase days or more"
        + ("" if within is None else f", bought in the last {within} weeks")
        + f"\nprojection ({document['model']}): {document['expected_without_purchase']:,.0f} of them buy nothing in the "
        f"{document['weeks']} weeks until {document['until']}"
        + ("" if document["recalibration"] is None else "; chances recalibrated on the weeks before"),
        highlight=False,
    )
    out.print()
    table(
        ["member", "no purchase", "alive", "purchases", "silent, days", "own gap, days", "own gaps shorter"],
        [
            [
                each["member_id"],
                f"{100 * each['p_no_purchase']:.1f}%",
                f"{100 * each['p_alive']:.1f}%",
                f"{each['purchases']:,}",
                f"{each['silence_days']:,}",
                "" if each["own_gap_days"] is None else f"{each['own_gap_days']:,.0f}",
                "" if each["own_gaps_shorter_pct"] is None else f"{each['own_gaps_shorter_pct']:.0f}%",
            ]
            for each in document["members"][:SHOWN]
        ],
    )
    if document["judged"] is not None:
        _show_judgement(document["judged"], document["weeks"])
    for each in document["warnings"]:
        out.print(f"note: {plain(each)}", highlight=False, soft_wrap=True)


LISTS = {"model": "the model's list", "longest_silence": "longest silence first", "overdue": "silence over own gap"}


def _show_judgement(judged: dict[str, Any], weeks: int) -> None:
    out.print(
        f"judged on {weeks} held-out weeks: fitted until {judged['fitted_until']}, {judged['members']:,} members listed, "
        f"{judged['without_purchase_pct']:.1f}% bought nothing (predicted {judged['predicted_without_purchase']:,.0f}, came "
        f"{judged['without_purchase']:,})",
        highlight=False,
        soft_wrap=True,
    )
    header = ["of the foremost 10%, 20%", "precision", "recall", "lift", "precision", "recall", "lift", "AUC"]
    rows = []
    for name, found in judged["rankings"].items():
        cells = [LISTS[name]]
        for each in found["foremost"]:
            if each["share_pct"] in (10, 20):
                cells += [f"{each['precision_pct']:.1f}%", f"{each['recall_pct']:.1f}%", f"{each['lift']:.2f}"]
        low, high = found["auc_ci95"]
        rows.append([*cells, f"{found['auc']:.3f} ({low:.3f} to {high:.3f})"])
    table(header, rows)
    for name, each in judged["model_less"].items():
        low, high = each["ci95"]
        said = {"model": "the model's list is better", "neither": "neither is better beyond chance"}.get(
            each["better"], f"{LISTS[name]} is better"
        )
        out.print(f"AUC against {LISTS[name]}: {each['auc']:+.3f} ({low:+.3f} to {high:+.3f}): {said}", highlight=False)
    out.print()
    recalibrated = judged["recalibrated"]
    after = None if recalibrated is None else recalibrated["calibration"]
    table(
        ["chance of no purchase, by tenths", "members", "predicted", "observed", "95% interval"],
        [
            [
                f"{each['from_pct']:.0f} to {each['to_pct']:.0f}%",
                f"{each['members']:,}",
                f"{each['predicted_pct']:.1f}%",
                f"{each['observed_pct']:.1f}%",
                f"{each['observed_pct_ci95'][0]:.0f} to {each['observed_pct_ci95'][1]:.0f}%",
            ]
            for each in judged["chances"]["calibration"]
        ],
    )
    raw = judged["chances"]["log_loss"]
    if after is None:
        return
    told = "it helps" if recalibrated["helps"] else "not beyond chance: the model's own chances are shown"
    out.print(
        f"log loss {raw:.4f}; recalibrated by what was learned on the {weeks} weeks before {recalibrated['log_loss']:.4f}: {told}",
        highlight=False,
    )
