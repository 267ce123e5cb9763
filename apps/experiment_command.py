"""``loyalty experiment``: the size and length of an A/B test of two programs, from the simulation; and what a finished test says, from its table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.console import day_of, err, out, plain, print_json, table
from apps.scenario_options import no_room, placed, progress_bar, scenario_of, tell
from workbench.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from workbench.scenario import Scenario

__all__ = ["experiment"]

experiment = typer.Typer(no_args_is_help=True, help="Plan an A/B test of two programs, or analyse a finished one.")
OUTCOMES = ["sales", "purchases", "buyers"]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


@experiment.command()
def plan(
    program_a: Annotated[
        str, typer.Argument(metavar="PROGRAM_A", help="Arm A: a program of the library, a file, or none.")
    ],
    program_b: Annotated[str, typer.Argument(metavar="PROGRAM_B", help="Arm B: a program of the library, or a file.")],
    outcome: Annotated[str, typer.Option(help="sales, purchases or buyers, per member.")] = "sales",
    on: Annotated[
        str | None,
        typer.Option(
            help="members: who is one already, arm B changes over; newcomers: from their first purchase. none: newcomers."
        ),
    ] = None,
    months: Annotated[int, typer.Option(min=1, max=240, help="Months lived before the test begins.")] = 24,
    weeks: Annotated[int, typer.Option(min=4, max=520, help="Weeks lived from its beginning: the longest test.")] = 52,
    before: Annotated[
        int, typer.Option(min=1, max=520, help="Weeks before it that count as known; who bought in them takes part.")
    ] = 52,
    available: Annotated[
        int | None,
        typer.Option(min=4, max=1_000_000_000, help="Members who could take part; else as many as it takes."),
    ] = None,
    power: Annotated[float, typer.Option(min=0.5, max=0.999, help="Chance to see the effect.")] = 0.8,
    share_b: Annotated[float, typer.Option(min=0.01, max=0.99, help="Share of members in arm B.")] = 0.5,
    members: Annotated[int, typer.Option(min=100, max=1_000_000, help="Members lived to find the effect.")] = 20_000,
    start: Annotated[str, typer.Option(metavar="DATE", help="First day lived.")] = "2025-01-01",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Same seed, same result.")] = 1,
    population: Annotated[
        str | None, typer.Option(help="A shipped population or a file; else program A's own.")
    ] = None,
    purchases_per_year: Annotated[float | None, typer.Option(help="Scale the population to this mean rate.")] = None,
    mean_basket: Annotated[float | None, typer.Option(help="Scale it to this mean basket.")] = None,
    assumptions: Annotated[str, typer.Option(help="Shipped assumptions or a file.")] = "central",
    tests: Annotated[int, typer.Option(min=100, max=100_000, help="Tests run to check the plan.")] = 1_000,
    example: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Write one such test as if finished, for `experiment analyse`."),
    ] = None,
    as_json: Json = False,
) -> None:
    """How many members an A/B test of two programs takes, for how long, and how sure it would be: projections.

    The effect is what the same members do under both programs; the test is what could really be run, each member in one arm.
    """
    _one_of("--outcome", outcome, OUTCOMES)
    on = on or ("newcomers" if program_a == "none" else "members")
    _one_of("--on", on, ["members", "newcomers"])
    if on == "members" and program_a == "none":
        raise BadInput(Problem("--on", "expected newcomers: without a program there are no members to change over", on))
    if example is not None and example.suffix.lower() != ".csv":
        raise BadInput(Problem("--example", "expected a name ending in .csv", example.name))
    scenario = _scenario(
        program_a, program_b, population, purchases_per_year, mean_basket, assumptions, members, start, seed
    )
    from simulators.trial import live_trial
    from simulators.trial_plan import Wanted, plan_document

    wanted = Wanted(outcome, power, 0.05, share_b, available, tests)  # type: ignore[arg-type]  # looked at above
    with progress_bar(members, None, None) as progress, no_room(None):
        lives = live_trial(scenario, months, weeks, before, on == "newcomers", progress, tell)
    with err.status(f"running {2 * tests:,} tests"):
        document = plan_document(lives, wanted, (program_a, program_b))
    if example is not None:
        from simulators.trial_plan import example_test

        known = document["recommended"]
        _write(
            example,
            example_test(lives, wanted, known["weeks"] if known else weeks, known["members"] if known else members),
        )
    if as_json:
        print_json(document)
    else:
        _show_plan(document)
    if example is not None:
        (err if as_json else out).print(f"written: {example}", highlight=False, soft_wrap=True)


@experiment.command()
def analyse(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV (plain or gzip) or Parquet: a row a member.")],
    outcome: Annotated[str, typer.Option(help="Its column for what came of the member.")] = "outcome",
    arm: Annotated[str, typer.Option(help="Its column for the arm.")] = "arm",
    member: Annotated[str, typer.Option(help="Its column for the member.")] = "member_id",
    covariate: Annotated[
        list[str] | None,
        typer.Option(help="A column known from before the test (repeatable); else every one that begins with pre."),
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="The arm that is the control; else the one named control, or A.")
    ] = None,
    share_b: Annotated[float, typer.Option(min=0.01, max=0.99, help="Share of members meant for the other arm.")] = 0.5,
    as_json: Json = False,
) -> None:
    """What a finished A/B test says: the difference and its interval, with and without what was known before; and whether its arms can be chance."""
    from workbench.experiment.document import analysis_document
    from workbench.experiment.finished import Columns, read_finished

    known = None if covariate is None else tuple(covariate)
    test = read_finished(file, Columns(member, arm, outcome, known, control))
    document = analysis_document(test, share_b)
    if as_json:
        print_json(document)
    else:
        _show_analysis(document)


# --- options ---------------------------------------------------------------------------------------------------------
def _one_of(option: str, value: str, valid: list[str]) -> None:
    if value not in valid:
        expected = ", ".join(valid[:-1]) + " or " + valid[-1]
        raise BadInput(Problem(option, f"expected {expected}", value, nearest(value, valid)))


def _scenario(
    program_a: str, program_b: str, population: str | None, purchases_per_year: float | None, mean_basket: float | None, assumptions: str,
    members: int, start: str, seed: int,
) -> "Scenario":  # fmt: skip
    """Program B with program A as its baseline, among program A's population."""
    from workbench.program.load import load_program

    if program_b == "none":
        raise BadInput(Problem("PROGRAM_B", "expected a program; none can only be arm A", program_b))
    if population is None and program_a != "none":
        with placed("PROGRAM_A"):
            population = load_program(program_a).population
    first = day_of("--start")(start)
    return scenario_of(
        program_b, program_a, population, purchases_per_year, mean_basket, assumptions, members, 1, first, seed
    )


def _write(file: Path, columns: dict[str, list[Any]]) -> None:
    import pyarrow as pa
    import pyarrow.csv

    from workbench.files import atomic_path

    with atomic_path(file) as temporary:
        pa.csv.write_csv(pa.table(columns), temporary)


# --- on the terminal -------------------------------------------------------------------------------------------------
def _show_plan(document: dict[str, Any]) -> None:
    arms, unit = document["arms"], document["unit"]
    newcomers = document["on"] == "newcomers"
    out.print(
        f"projection: {plain(arms['b'])} (arm B) against {plain(arms['a'])} (arm A), {document['outcome']} per member, {unit}\n"
        f"{document['taking_part']:,} of {document['customers']:,} lived take part: "
        + (
            "newcomers, from the day after their first purchase"
            if newcomers
            else f"members on {document['starts']}, when arm B changes over"
        ),
        highlight=False,
    )
    out.print()
    _show_durations(document)
    _show_over_time(document)
    _show_tiers(document)
    _show_recommended(document)
    for each in document["warnings"]:
        out.print(f"note: {plain(each)}", highlight=False, soft_wrap=True)


def _show_durations(document: dict[str, Any]) -> None:
    rows = []
    for each in document["durations"]:
        low, high = each["relative_pct_ci95"] or (None, None)
        rho = each["rho"]
        rows.append(
            [
                f"{each['weeks']} weeks",
                _signed(each["effect"]),
                "" if low is None else f"{each['relative_pct']:+.2f}% ({low:+.2f} to {high:+.2f})",
                f"{each['sd_a']:,.2f}",
                _whole(each["members_plain"]),
                "" if rho is None else f"{rho:.2f}",
                "" if rho is None else _whole(each["members_adjusted"]),
            ]
        )
    power = f"{100 * document['power']:.0f}%"
    table(["length", "effect", "of arm A", "sd of a member", f"members for {power}", "rho", "adjusted"], rows)


def _show_over_time(document: dict[str, Any]) -> None:
    over = document["over_time"]
    weeks = [
        f"{each['from_week']}-{each['to_week']}: {each['relative_pct']:+.2f}%"
        for each in over["weeks"]
        if each["relative_pct"] is not None
    ]
    out.print("effect over time, weeks: " + ", ".join(weeks), highlight=False, soft_wrap=True)
    settled = over["settled_after_weeks"]
    if over["late_relative_pct"] is not None:
        told = (
            "not settled yet"
            if settled is None
            else ("there from the start" if settled == 0 else f"settled after {settled} weeks")
        )
        out.print(f"from week {over['late_from_week']} on {over['late_relative_pct']:+.2f}%: {told}", highlight=False)
    out.print()


def _show_tiers(document: dict[str, Any]) -> None:
    if not document["by_tier"]:
        return
    rows = []
    for each in document["by_tier"]:
        low, high = each.get("relative_pct_ci95") or (None, None)
        told = "" if low is None else f"{each['relative_pct']:+.2f}% ({low:+.2f} to {high:+.2f})"
        rows.append([each["tier"], f"{each['members']:,}", f"{each['share_pct']:.1f}%", told])
    table(["tier when the test begins", "members", "share", "effect over all weeks"], rows)


def _show_recommended(document: dict[str, Any]) -> None:
    planned, simulated = document["recommended"], document["simulated"]
    if planned is None:
        return
    by = "with what is known from before" if planned["analysis"] == "adjusted" else "plain"
    out.print(
        f"[bold]{planned['weeks']} weeks, {planned['members_a']:,} + {planned['members_b']:,} members[/] ({by}) for "
        f"{100 * document['power']:.0f}% power at the 5% level",
        highlight=False,
    )
    of = (
        "as planned"
        if simulated["as_planned"]
        else f"smaller, {simulated['members_a']:,} + {simulated['members_b']:,} members"
    )
    out.print(f"checked by {simulated['tests']:,} tests ({of}; {simulated['drawn']}):", highlight=False)
    rows = []
    for name in ("plain", "adjusted"):
        each = simulated[name]
        if each is not None:
            width = each.get("width_ratio")
            rows.append(
                [
                    name,
                    f"{each['rejected_without_effect_pct']:.1f}% (5 ± {1.96 * each['error_without_effect_pct']:.1f})",
                    f"{each['rejected_with_effect_pct']:.1f}% ({each['promised_power_pct']:.1f} ± {1.96 * each['error_with_effect_pct']:.1f})",
                    "" if width is None else f"{width:.3f} ({each['expected_width_ratio']:.3f})",
                ]
            )
    table(["analysis", "rejects without effect", "with it (promised)", "width of interval (theory)"], rows)


def _show_analysis(document: dict[str, Any]) -> None:
    rows = [
        [f"{letter.upper()}: {each['name']}", f"{each['members']:,}", f"{each['mean']:,.4g}", f"{each['sd']:,.4g}"]
        for letter, each in document["arms"].items()
    ]
    table(["arm", "members", "mean", "sd"], rows)
    ratio = document["ratio"]
    out.print(
        f"sample ratio: {100 * ratio['found_b']:.2f}% in arm B, {100 * ratio['meant_b']:.0f}% meant; chance {ratio['p_value']:.3g}: "
        + ("[bold red]mismatch[/]" if ratio["mismatch"] else "as it should be"),
        highlight=False,
    )
    out.print()
    rows = []
    for name in ("plain", "adjusted"):
        each = document[name]
        if each is not None:
            low, high = each["ci95"]
            relative = (
                ""
                if each["relative_pct"] is None
                else "{:+.2f}% ({:+.2f} to {:+.2f})".format(each["relative_pct"], *each["relative_pct_ci95"])
            )
            p_value = "" if each["p_value"] is None else f"{each['p_value']:.4f}"
            rows.append([name, f"{each['difference']:+,.4g}", f"{low:+,.4g} to {high:+,.4g}", relative, p_value])
    table(["estimate, B less A", "difference", "95% interval", "of arm A", "p"], rows)
    adjusted = document["adjusted"]
    if adjusted is not None:
        out.print(
            f"adjusted by {plain(', '.join(adjusted['covariates']))}: rho {adjusted['rho']:.3f}, interval {adjusted['width_ratio']:.3f} times as wide "
            f"(theory {adjusted['expected_width_ratio']:.3f})",
            highlight=False,
            soft_wrap=True,
        )
    for each in document["warnings"]:
        out.print(f"note: {plain(each)}", highlight=False, soft_wrap=True)


def _signed(value: float) -> str:
    return f"{value:+,.2f}" if abs(value) >= 1 else f"{value:+.4f}"


def _whole(value: int | None) -> str:
    return "none sees it" if value is None else (f"{value:,}" if value < 10**9 else "over 10^9")
