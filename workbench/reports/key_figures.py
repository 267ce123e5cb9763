"""Floor 5: the strip of figures at the top of a report, each with its unit and, where it has one, its interval."""

from collections.abc import Callable
from typing import Any

from workbench.reports.language import Language
from workbench.reports.parts import KeyFigure
from workbench.run_folder import RunFolder

__all__ = ["key_figures"]


def key_figures(run: RunFolder, say: Language) -> tuple[KeyFigure, ...]:
    """All of them, in the order of the strip."""
    lift, currency = run.document["lift"], run.document["currency"]
    return (
        *_points(run.document, say),
        _upgraded(run.document["tiers"], say),
        _lift(lift["repurchase_rate"], say._("Repurchase lift, 365 days"), say, lambda share: say.percent(100 * share)),
        _lift(lift["purchases"], say._("Purchase lift"), say, say.number),
        _lift(lift["sales"], say._("Sales lift"), say, lambda amount: say.money(round(amount), currency)),
        _redemption_cost(run.document, say),
        _liability(run.document, say),
    )


def _points(document: dict[str, Any], say: Language) -> tuple[KeyFigure, KeyFigure]:
    _, points, face = say._, document["points"], document["liability"]["face_value"]
    worth = _("not estimated yet") if face is None else say.money(face, document["currency"])
    shares = {name: say.share(points[name], points["earned"]) for name in ("redeemed", "expired")}
    used = (
        _("{points} redeemed ({share})", points=say.number(points["redeemed"]), share=shares["redeemed"]),
        _("{points} expired ({share})", points=say.number(points["expired"]), share=shares["expired"]),
    )
    left = (_("Face value: {amount}", amount=worth),)
    return (
        KeyFigure(_("Points outstanding"), say.number(points["outstanding"]), _("points"), notes=left),
        KeyFigure(_("Points earned"), say.number(points["earned"]), _("points"), notes=used),
    )


def _redemption_cost(document: dict[str, Any], say: Language) -> KeyFigure:
    _, economics = say._, document["economics"]
    cost, sales = (say.money(economics[name], document["currency"]) for name in ("redemption_cost", "sales"))
    share, notes = economics["cost_pct_of_sales"], (_("{cost} for {sales} of sales", cost=cost, sales=sales),)
    if share is None:
        return KeyFigure(_("Redemption cost"), _("not estimated yet"), notes=notes, missing=True)
    return KeyFigure(_("Redemption cost"), say.percent(share, 2), _("of sales"), notes=notes)


def _liability(document: dict[str, Any], say: Language) -> KeyFigure:
    _, liability = say._, document["liability"]
    contract, expected = liability["contract"], liability["urr"]
    share = _("not estimated yet") if expected is None else say.percent(100 * expected)
    value = _("not estimated yet") if contract is None else say.money(contract, document["currency"])
    notes = (_("Expected share redeemed: {share}", share=share),)
    return KeyFigure(_("Contract liability (IFRS 15)"), value, notes=notes, missing=contract is None)


def _upgraded(tiers: dict[str, Any], say: Language) -> KeyFigure:
    _ = say._
    if tiers["upgrade_rate"] is None:
        if tiers["members"]:
            return KeyFigure(
                _("Members upgraded"), _("not estimated yet"), missing=True, notes=(_("Nobody joined in this run."),)
            )
        return KeyFigure(
            _("Members upgraded"), _("not applicable"), missing=True, notes=(_("The program has no tiers."),)
        )
    notes = (
        _("{up} upgrades, {down} downgrades", up=say.number(tiers["upgrades"]), down=say.number(tiers["downgrades"])),
    )
    return KeyFigure(
        _("Members upgraded"), say.percent(100 * tiers["upgrade_rate"]), _("of members, at least once"), notes=notes
    )


def _lift(ratio: dict[str, Any], name: str, say: Language, shown: Callable[[float], str]) -> KeyFigure:
    _ = say._
    notes = (
        _(
            "{program} with the program, {baseline} in the baseline",
            program=shown(ratio["program"]),
            baseline=shown(ratio["baseline"]),
        ),
    )
    if ratio["delta_pct"] is None:
        why = (
            _("There are too few members to compare.")
            if ratio["baseline"]
            else _("Nothing in the baseline to compare with.")
        )
        return KeyFigure(name, _("not estimated yet"), notes=(why, *notes), missing=True)
    interval = ""
    if ratio["ci95"] is not None:
        low, high = (say.percent(each, 2, signed=True) for each in ratio["ci95"])
        interval = _("95% interval: {low} to {high}", low=low, high=high)
    return KeyFigure(name, say.percent(ratio["delta_pct"], 2, signed=True), _("against the baseline"), interval, notes)
