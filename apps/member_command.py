"""``loyalty member``: one member's life, with the reason of each entry."""

from pathlib import Path
from typing import Annotated, Any

import typer

from apps.console import day_of, out, plain, print_json
from workbench.errors import BadInput, Problem

__all__ = ["Key", "ShowIds", "member"]

ShowIds = Annotated[
    bool,
    typer.Option("--show-ids", help="Show real ids of members and orders, and not the pseudonyms that stand for them."),
]
Key = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE",
        help="What pseudonyms are made with (16 bytes or more, to be kept secret); unless given, the log itself.",
    ),
]


def member(
    target: Annotated[
        str,
        typer.Argument(
            metavar="PROGRAM|RUN_DIR",
            help="A program, with the log it is replayed on; or a folder of `loyalty run --out`.",
        ),
    ],
    transactions: Annotated[Path | None, typer.Argument(help="With a program: CSV (plain or gzip) or Parquet.")] = None,
    member: Annotated[
        str, typer.Option("--member", metavar="ID|N", help="The member's id in the log; in a run, their number from 0.")
    ] = ...,  # type: ignore[assignment]  # typer's sign of an option that has to be given
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Up to the end of this day; else of the log's last.")
    ] = None,
    show_ids: ShowIds = False,
    key: Key = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """One member's life: every entry with its reason, why so many points, and when they lapse.

    Of a run, the member is lived again by the agents, and each purchase shows the candidate it came from and the factors that accepted it.
    """
    if transactions is None:
        if as_of is not None or key is not None:
            raise BadInput(Problem("--key" if as_of is None else "--as-of", "expected only with a log of transactions"))
        found = _of_run(Path(target), member)
    else:
        day = None if as_of is None else day_of("--as-of")(as_of)
        from simulators.member_of_log import member_of_log
        from workbench.program.load import load_program
        from workbench.pseudonyms import key_of, pseudonyms

        found = member_of_log(load_program(target), transactions, member, day, target)
        if not show_ids:
            stands_for = pseudonyms(key_of(transactions, key))
            found["member"] = stands_for("m", found["member"])
            for each in found["timeline"]:
                each["order_id"] = stands_for("o", each["order_id"] or "") or None
    if as_json:
        print_json(found)
    else:
        _show(found)


def _of_run(folder: Path, number: str) -> dict[str, Any]:
    from simulators.member_of_run import member_of_run
    from workbench.run_folder import RunFolder, scenario_of_run

    if not folder.is_dir():
        message = "expected a folder that `loyalty run --out` wrote, or a program and its TRANSACTIONS"
        raise BadInput(Problem("RUN_DIR", message, str(folder)))
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise BadInput(Problem("--member", "expected the number of a member, counted from 0", number))
    scenario = scenario_of_run(RunFolder(folder))
    return member_of_run(scenario, int(number), scenario.names.get("program", ""))


# --- on the terminal -------------------------------------------------------------------------------------------------
def _show(found: dict[str, Any]) -> None:
    since = f"a member since {found['joined']}" if found["joined"] else "not a member"
    out.print(f"[bold]{plain(str(found['member']))}[/] in {plain(found['program'])}: {since}", highlight=False)
    if "customer" in found:
        _show_customer(found["customer"])
    out.print()
    _show_timeline(found["timeline"])
    if found["state"] is not None:
        _show_state(found)
    for each in found["refused"]:
        out.print(f"refused: row {each['row']}: {plain(each['reason'])}", highlight=False, soft_wrap=True)


def _show_customer(customer: dict[str, Any]) -> None:
    lost = "still buying at the end" if customer["lost_on"] is None else f"lost on {customer['lost_on']}"
    out.print(
        f"{customer['purchases_per_year']:.2f} purchases a year of {customer['mean_basket']:,.0f} on average, redeems {customer['redeems']}; {lost}\n"
        f"{customer['candidates']:,} candidates looked at: {customer['purchases']:,} purchases "
        f"({customer['purchases_before_joining']:,} before joining), {customer['purchases_in_baseline']:,} in the baseline",
        highlight=False,
    )


def _show_timeline(timeline: list[dict[str, Any]]) -> None:
    from rich.table import Table

    drawn = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    drawn.add_column("date", no_wrap=True)
    drawn.add_column("points", justify="right", no_wrap=True)
    drawn.add_column("held", justify="right", no_wrap=True)
    drawn.add_column("tier", overflow="fold")
    drawn.add_column("why", overflow="fold")
    for moment in timeline:
        date = moment["date"]
        for entry in moment["entries"]:
            points = f"{entry['points']:+,}" if entry["points"] else ""
            tier = moment["after"]["tier"] or "" if entry is moment["entries"][-1] else ""
            drawn.add_row(date, points, f"{entry['held']:,}", plain(tier), plain(entry["why"]))
            date = ""
            if entry["kind"] == "purchase":
                for line in _purchase_lines(moment):
                    drawn.add_row("", "", "", "", "  " + plain(line))
    out.print(drawn, highlight=False)
    out.print()


def _purchase_lines(moment: dict[str, Any]) -> list[str]:
    """What came before a purchase, and its sum."""
    lines = []
    if "candidate" in moment:
        at = moment["candidate"]
        made = (
            ", ".join(f"{name.replace('_', ' ')} x {size:.4f}" for name, size in at["effects"].items()) or "no effect"
        )
        both = "bought in the baseline too" if at["in_baseline"] else "not bought in the baseline"
        strip = "the joining purchase" if at["strip"] < 0 else f"strip {at['strip']}, mark {at['mark']:.4f}"
        lines.append(f"{strip} against the factor {at['factor']:.4f} ({made}); {both}")
    earning = moment["earning"]
    if earning is not None:
        for line in earning["lines"]:
            off = [
                f"{name.replace('_', ' ')} {value:,}"
                for name, value in line.items()
                if name not in ("amount", "eligible")
            ]
            if off:
                lines.append(f"{line['amount']:,}, {', '.join(off)}: eligible {line['eligible']:,}")
        if earning["multipliers"]:
            lines.append("multipliers: " + ", ".join(earning["multipliers"]))
        lines += earning["words"].split(" | ")
    return lines


def _show_state(found: dict[str, Any]) -> None:
    state = found["state"]
    pending = f", {state['pending']:,} pending" if state["pending"] else ""
    kept = f", {state['carry']:,} kept towards the next points" if state["carry"] else ""
    tier = (
        ""
        if state["tier"] is None
        else f", tier {state['tier']}" + (f" until {state['tier_until']}" if state["tier_until"] else "")
    )
    out.print(f"[bold]on {found['as_of']}[/]: {state['balance']:,} points{pending}{plain(tier)}{kept}", highlight=False)
    for lot in state["lots"]:
        end = "never lapse" if lot["expires_on"] is None else f"lapse after {lot['expires_on']}"
        out.print(f"  {lot['points']:,} points earned on {lot['earned_on']} {end}", highlight=False)
    if state["lots"]:
        out.print(f"  (a lot {plain(found['expiry'])})", highlight=False, soft_wrap=True)
    ahead = state["next_tier"]
    if ahead is not None:
        ways = [f"{each['missing']:,} {each['metric']} of {each['threshold']:,}" for each in ahead["thresholds"]]
        needed = f"{ahead['needed']} of: " if len(ways) > 1 and ahead["needed"] < len(ways) else ""
        told = f"missing {needed}{', '.join(ways)}" if ahead["needed"] else "by invitation"
        out.print(f"next tier {plain(ahead['tier'])}: {told}", highlight=False)
