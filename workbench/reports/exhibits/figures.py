"""Floor 5: the key figures of a run as numbers, each with its unit and its interval where it has one."""

from collections.abc import Sequence
from typing import Any

from workbench.reports.exhibits.kinds import Exhibit, Figure
from workbench.reports.language import Language
from workbench.run_folder import RunFolder

__all__ = ["FIGURES", "figures", "key_figures"]

FIGURES = (
    "liability",
    "outstanding",
    "breakage",
    "upgraded",
    "repurchase",
    "sales",
    "cost",
    "return",
    "purchases",
    "margin",
)
"""All of them, by key, in their order."""
FRONT = FIGURES[:8]
"""Those that are shown unless others are chosen."""


def key_figures(run: RunFolder, say: Language, chosen: Sequence[str] = FRONT) -> Exhibit:
    """The strip of figures; which ones and in which order may be chosen."""
    _, found = say._, figures(run, say)
    lift, currency = run.document["lift"]["sales"], run.document["currency"]
    finding = _("The program changes what members buy by less than can be told apart from chance.")
    if lift["ci95"] is not None and not lift["ci95"][0] <= 0 <= lift["ci95"][1]:
        low, high = (say.percent(each, 2, signed=True) for each in lift["ci95"])
        finding = _(
            "The same members spend {change} against the baseline ({low} to {high}); the program costs {cost} of sales.",
            change=say.percent(lift["delta_pct"], 2, signed=True), low=low, high=high,
            cost=say.percent(run.document["economics"]["cost_pct_of_sales"] or 0, 2),
        )  # fmt: skip
    notes = (
        _("Differences are between the same members in two worlds."),
        _("Intervals cover the chance of drawing just these members, not the doubt about the assumptions."),
    )
    shown = tuple(found[key] for key in chosen)
    return Exhibit("key_figures", _("What does the program do, in short?"), finding, "", shown, (), (), notes, currency)


def figures(run: RunFolder, say: Language) -> dict[str, Figure]:
    """Every key figure by its key (``FIGURES``)."""
    return {each.key: each for each in (*_stock(run.document, say), *_changes(run.document, say))}


def _stock(document: dict[str, Any], say: Language) -> tuple[Figure, ...]:
    _, points, owed, tiers = say._, document["points"], document["liability"], document["tiers"]
    low, high = owed["outstanding_ci95"] or (None, None)
    share = points["expired"] / points["earned"] if points["earned"] else None
    expected = (
        "" if owed["urr"] is None else _("Expected share redeemed: {share}", share=say.percent(100 * owed["urr"]))
    )
    face = _("not estimated yet") if owed["face_value"] is None else say.money(owed["face_value"], document["currency"])
    up_low, up_high = tiers["upgrade_rate_ci95"] or (None, None)
    changes = _(
        "{up} upgrades, {down} downgrades", up=say.number(tiers["upgrades"]), down=say.number(tiers["downgrades"])
    )
    without = _("The program has no tiers.") if not tiers["members"] else ""
    interval, not_yet = _("95% interval"), _("not estimated yet")
    return (
        Figure("liability", _("Contract liability (IFRS 15)"), owed["contract"], "money", _("at the end"), note=expected, missing=not_yet),
        Figure("outstanding", _("Points outstanding"), points["outstanding"], "points", _("points"), low, high, interval,
               _("Face value: {amount}", amount=face), not_yet),
        Figure("breakage", _("Points expired so far"), share, "share", _("of points earned"), missing=not_yet,
               note=_("{points} of {earned} points", points=say.number(points["expired"]), earned=say.number(points["earned"]))),
        Figure("upgraded", _("Members upgraded"), tiers["upgrade_rate"], "share", _("of members, at least once"), up_low, up_high,
               interval, without or changes, _("not applicable") if without else not_yet),
    )  # fmt: skip


def _changes(document: dict[str, Any], say: Language) -> tuple[Figure, ...]:
    _, lift, economics = say._, document["lift"], document["economics"]
    against = _("against the baseline")
    names = {
        "repurchase": ("repurchase_rate", _("Repurchase lift, 365 days")), "sales": ("sales", _("Sales lift")),
        "purchases": ("purchases", _("Purchase lift")), "margin": ("margin", _("Margin after program cost")),
    }  # fmt: skip
    found = [
        _change(key, name, lift[figure], figure, against, document["currency"], say)
        for key, (figure, name) in names.items()
    ]
    interval, not_yet = _("95% interval"), _("not estimated yet")
    low, high = _hundredths(economics["cost_pct_ci95"])
    spend = say.money(economics["program_spend"], document["currency"])
    share = None if economics["cost_pct_of_sales"] is None else economics["cost_pct_of_sales"] / 100
    cost = Figure(
        "cost",
        _("Program cost"),
        share,
        "rate",
        _("of sales"),
        low,
        high,
        interval,
        _("{spend} in all", spend=spend),
        not_yet,
    )
    low, high = economics["return_on_spend_ci95"] or (None, None)
    what = _("margin of the added sales less the added spend, over it")
    back = Figure(
        "return",
        _("Return on program spend"),
        economics["return_on_spend"],
        "whole_share",
        "",
        low,
        high,
        interval,
        what,
        not_yet,
    )
    return (*found, cost, back)


def _change(
    key: str, name: str, ratio: dict[str, Any], figure: str, against: str, currency: str, say: Language
) -> Figure:
    _ = say._
    low, high = _hundredths(ratio["ci95"])
    value = None if ratio["delta_pct"] is None else ratio["delta_pct"] / 100
    note = ""
    if ratio["program"] is not None and ratio["baseline"] is not None:
        if figure in ("sales", "margin"):
            program, baseline = (say.money(round(ratio[each]), currency) for each in ("program", "baseline"))
        elif figure == "purchases":
            program, baseline = (say.number(ratio[each]) for each in ("program", "baseline"))
        else:
            program, baseline = (say.percent(100 * ratio[each]) for each in ("program", "baseline"))
        note = _("{program} with the program, {baseline} in the baseline", program=program, baseline=baseline)
    return Figure(key, name, value, "change", against, low, high, _("95% interval"), note, _("not estimated yet"))


def _hundredths(interval: list[float] | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval[0] / 100, interval[1] / 100)
