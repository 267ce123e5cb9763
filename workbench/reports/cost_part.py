"""Floor 5: what the program costs, beside what it brings."""

from workbench.reports.change_part import NOTHING, cost_of_more
from workbench.reports.language import Language
from workbench.reports.parts import Chart, Section, Swatch, Table
from workbench.reports.plots import COLORS, lying_bars
from workbench.reports.scales import linear
from workbench.run_folder import RunFolder

__all__ = ["cost", "cost_findings", "cost_lines", "in_all"]


def cost(run: RunFolder, say: Language) -> Section:
    """Amounts over the whole run."""
    _, document = say._, run.document
    economics, sales, currency = document["economics"], document["lift"]["sales"], document["currency"]
    face, added, cost = (
        document["liability"]["face_value"],
        economics["incremental_sales"],
        economics["redemption_cost"],
    )
    interval = (
        None
        if sales["ci95"] is None
        else (sales["baseline"] * sales["ci95"][0] / 100, sales["baseline"] * sales["ci95"][1] / 100)
    )
    amounts: list[tuple[str, float | None, str, tuple[float, float] | None]] = [
        (_("Sales added"), added, COLORS["program"], interval),
        (_("Worth of redemptions to members"), economics["redeemed_value"], COLORS["expired"], None),
        (_("Cost of redemptions"), cost, COLORS["redeemed"], None),
        (_("Face value still outstanding"), face, COLORS["never"], None),
    ]
    drawn = [
        (name, say.money(value, currency), value, color, whisker)
        for name, value, color, whisker in amounts
        if value is not None
    ]
    scale = linear([*(each[2] for each in drawn), *(interval or ())])
    legend = (Swatch("whisker", "#1c2733", _("95% interval")),) if interval else ()
    chart = Chart(
        "cost",
        _("Amounts over the whole run, in {currency}", currency=say.currency_name(currency)),
        legend,
        lying_bars(scale, drawn, say),
    )
    rows = [
        (name, _("not estimated yet") if value is None else say.money(value, currency))
        for name, value, *_rest in amounts
    ]
    if interval:
        low, high = (say.money(round(each), currency, signed=True) for each in interval)
        rows.insert(1, (_("Sales added, 95% interval"), _("{low} to {high}", low=low, high=high)))
    rows = [
        (_("Sales with the program, before discounts"), say.money(sales["program"], currency)),
        (_("Sales in the baseline"), say.money(sales["baseline"], currency)),
        *rows,
        (_("Points redeemed"), say.number(economics["redeemed_points"])),
        (_("Cost of redemptions, of sales"), _percent_or_missing(_share(cost, economics["sales"]), say)),
        (_("Cost of redemptions, of sales added"), _percent_or_missing(100 * cost / added if added > 0 else None, say)),
        (_("Contract liability (IFRS 15)"), _money_or_missing(document["liability"]["contract"], currency, say)),
    ]
    table = Table(_("Amounts over the whole run"), ("", _("Amount")), tuple(rows))
    tables = [table, _spend(run, say), *_worth(run, say)]
    notes = [_("Sales are not margin, and points still outstanding have yet to cost anything: compare with care.")]
    if run.document["provenance"]["baseline"] not in ("none", "No program"):
        notes.append(_("What the baseline's own program costs is not taken off."))
    told = say.joined(*cost_findings(run, say), in_all(run, say))
    return Section("cost", _("What does it cost?"), told, (chart,), tuple(tables), tuple(notes))


def in_all(run: RunFolder, say: Language) -> str:
    """What the program spent beside redemptions, if anything."""
    economics, currency = run.document["economics"], run.document["currency"]
    if economics["program_spend"] == economics["redemption_cost"] or economics["cost_pct_of_sales"] is None:
        return ""
    return say._(
        "With prices, coupons, messages and the like the program spent {spend} in all, {share} of sales.",
        spend=say.money(economics["program_spend"], currency),
        share=say.percent(economics["cost_pct_of_sales"], 2),
    )


def _share(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole else None


def cost_lines(say: Language) -> dict[str, str]:
    """What the lines of the program's spend are called."""
    _ = say._
    return {
        "points": _("Points at cost"),
        "vouchers": _("Vouchers"),
        "member_prices": _("Member prices"),
        "coupons": _("Coupons, the brand's share"),
        "gifts": _("Gifts"),
        "coupon_handling": _("Issuing and handling coupons"),
        "stored_value_bonus": _("Stored-value bonus spent"),
        "rebates": _("Rebates"),
        "plan_service": _("Serving paid plans"),
        "referral_handling": _("Handling referrals"),
        "messages": _("Messages"),
    }


def _spend(run: RunFolder, say: Language) -> Table:
    """What the program gave up and paid, line by line, and what a unit of it brought."""
    _, economics, currency = say._, run.document["economics"], run.document["currency"]
    names = cost_lines(say)
    lines = economics["lines"]
    rows = [(shown, say.money(lines[name], currency)) for name, shown in names.items() if lines[name]]
    rows.append((_("Program spend"), say.money(economics["program_spend"], currency)))
    rows.append((_("Program spend, of sales"), _percent_or_missing(economics["cost_pct_of_sales"], say)))
    if economics["fees"]:
        rows.append((_("Fees of paid plans"), say.money(economics["fees"], currency)))
    for what, name in (("purchase", _("Cost of one more purchase")), ("sales", _("Cost of one more unit of sales"))):
        told = cost_of_more(economics["cost_per_added"][what], what, currency, say)
        rows.append((name, _("not told: nothing may have been added") if told == NOTHING else told))
    back, interval = economics["return_on_spend"], economics["return_on_spend_ci95"]
    rows.append((_("Return on program spend"), _percent_or_missing(None if back is None else 100 * back, say)))
    if interval is not None:
        low, high = (say.percent(100 * each, 0) for each in interval)
        rows.append((_("Return on program spend, 95% interval"), _("{low} to {high}", low=low, high=high)))
    return Table(_("What the program spent, by line"), ("", _("Amount")), tuple(rows))


def _worth(run: RunFolder, say: Language) -> list[Table]:
    """Who gets more than of the baseline's program, and who less; nothing where the baseline is no program."""
    if run.document["provenance"]["baseline"] in ("none", "No program"):
        return []
    _, worth, currency = say._, run.document["lift"]["worth"], run.document["currency"]
    header = (_("Members"), _("Get more"), _("Get less"), _("The same"), _("Gained"), _("Lost"))
    groups = [(each["name"] or _("no tier"), each) for each in worth["by_tier"]] + [(_("All"), worth)]
    rows = [
        (
            name,
            *(say.number(each[key]) for key in ("winners", "losers", "unchanged")),
            *(say.money(each[key], currency) for key in ("gained", "lost")),
        )
        for name, each in groups
    ]
    return [Table(_("Winners and losers against the baseline's program"), header, tuple(rows), total=True)]


def _percent_or_missing(value: float | None, say: Language) -> str:
    return say._("not estimated yet") if value is None else say.percent(value, 2)


def _money_or_missing(value: float | None, currency: str, say: Language) -> str:
    return say._("not estimated yet") if value is None else say.money(value, currency)


def cost_findings(run: RunFolder, say: Language) -> tuple[str, ...]:
    """The answer, sentence by sentence; some may be empty."""
    _, economics, currency = say._, run.document["economics"], run.document["currency"]
    cost, added = economics["redemption_cost"], economics["incremental_sales"]
    share = _share(cost, economics["sales"])
    if share is None:
        return (_("There were no sales in this run, so there is no cost to compare with them."),)
    if not cost:
        nothing = _(
            "Nothing was redeemed at a cost in this run; sales differ from the baseline by {added}.",
            added=say.money(added, currency, signed=True),
        )
        return (nothing,)
    first = _(
        "What members redeemed cost {cost}, {share} of sales.",
        cost=say.money(cost, currency),
        share=say.percent(share, 2),
    )
    if added <= 0:
        added_none = _(
            "The program added no sales to set against it ({added}).", added=say.money(added, currency, signed=True)
        )
        return first, added_none
    even = _(
        "The program added {added} of sales; their margin has to be above {share} to pay for these redemptions alone.",
        added=say.money(added, currency), share=say.percent(100 * cost / added),
    )  # fmt: skip
    return first, even, _doubt(run, say)


def _doubt(run: RunFolder, say: Language) -> str:
    """A warning where the sales added could as well be none."""
    sales = run.document["lift"]["sales"]
    if sales["ci95"] is None or not sales["ci95"][0] <= 0 <= sales["ci95"][1]:
        return ""
    low, high = (
        say.money(round(sales["baseline"] * each / 100), run.document["currency"], signed=True)
        for each in sales["ci95"]
    )
    interval = say._("{low} to {high}", low=low, high=high)
    return say._(
        "The 95% interval of the sales added ({interval}) includes zero: it could be chance.", interval=interval
    )
