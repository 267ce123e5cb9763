"""A run on the terminal."""

from collections.abc import Callable
from typing import Any

from apps.console import out, table

__all__ = ["LIFT", "amount", "lift_row", "per_added", "show_run"]

LIFT = {
    "purchases": "purchases",
    "sales": "sales",
    "margin": "margin less program",
    "active_members": "active at the end",
    "repurchase_30": "again in 30 days",
    "repurchase_90": "again in 90 days",
    "repurchase_rate": "again in 365 days",
    "interval_days": "days between",
}
BETWEEN: dict[str, tuple[str, Callable[[float], str]]] = {
    "lift.purchases.delta_pct": ("lift of purchases", lambda value: f"{value:+.2f} %"),
    "lift.sales.delta_pct": ("lift of sales", lambda value: f"{value:+.2f} %"),
    "lift.repurchase_rate.delta_pct": ("lift of repurchase", lambda value: f"{value:+.2f} %"),
    "tiers.upgrade_rate": ("upgraded at least once", lambda value: f"{100 * value:.2f} %"),
    "points.outstanding": ("points outstanding", lambda value: f"{value:,.0f}"),
    "economics.cost_pct_of_sales": ("redemption cost / sales", lambda value: f"{value:.3f} %"),
}
"""What replications compare between populations: how it is called, and how shown."""
SHARES = ("repurchase_30", "repurchase_90", "repurchase_rate")


def show_run(document: dict[str, Any]) -> None:
    """Print the figures of a run's document, what drove them, and what they are."""
    table(_title(document), _figures(document))
    lift = document["lift"]
    table(
        ["the same members", "baseline", "program", "difference", "95 % interval"],
        [lift_row(name, lift[name]) for name in LIFT if lift[name] is not None],
    )
    counts = lift["counts"]
    _say(
        f"purchases in both worlds {counts['both']:,}, with the program only {counts['program_only']:,}, "
        f"without it only {counts['baseline_only']:,}"
    )
    naive = lift["naive"]
    if naive["purchases_delta_pct"] is not None:
        _say(
            f"not lift: members bought {naive['purchases_delta_pct']:+.0f} % more than non-members, because heavy buyers join"
        )
    if "replications" in document:
        _show_replications(document["replications"])
    effects = {each["name"]: each["mean_factor"] for each in document["behaviour"]["effects"]}
    drivers = [f"{name} {100 * (effects[name] - 1):+.2f} %" for name in document["behaviour"]["drivers"][:4]]
    if drivers:
        _say(f"assumed effects on the purchase rate, largest first: {', '.join(drivers)}")
    _say(_beside_the_rate(document["behaviour"]))
    for each in document["warnings"]:
        _say(f"warning: {each}")
    _say(document["provenance"]["kind"])
    _say(_origin(document))


def _show_replications(found: dict[str, Any]) -> None:
    """Between populations: not the interval above, which is of the first one alone."""
    rows = [_spread_row(label, number, found["figures"][name]) for name, (label, number) in BETWEEN.items()]
    table([f"between {found['n']} populations", "mean", "sd", "95 % of the mean"], rows)
    _say(
        f"above: within the population of seed {found['seeds'][0]}, paired over its members; here: between those of seeds "
        f"{found['seeds'][0]} to {found['seeds'][-1]}, the t-interval of their mean"
    )


def _spread_row(label: str, number: Callable[[float], str], figure: dict[str, Any]) -> list[str]:
    mean, sd, low, high = ("" if figure[key] is None else number(figure[key]) for key in ("mean", "sd", "low", "high"))
    return [label, mean, sd.lstrip("+"), f"{low} to {high}" if low else ""]


def _beside_the_rate(behaviour: dict[str, Any]) -> str:
    """What drove the result besides effects on the purchase rate."""
    leaving = {each["key"]: each["value"] for each in behaviour["leaving"]}
    death = f"death rate of members x {leaving['membership.death_factor']:g}"
    return f"beside the rate: {death}; {behaviour['topped_up']:,} baskets topped up; {behaviour['displaced']:,} purchases displaced"


def _say(text: str) -> None:
    out.print(text, highlight=False, soft_wrap=True, markup=False)


def _title(document: dict[str, Any]) -> list[str]:
    title = document["provenance"]["title"]
    return [
        f"{title}: {document['members']:,} members, {document['start']} to {document['end']}, seed {document['seed']}",
        "",
    ]


def _figures(document: dict[str, Any]) -> list[list[str]]:
    currency, tiers, economics = document["currency"], document["tiers"], document["economics"]
    rows = [[f"points {name}", f"{value:,}"] for name, value in document["points"].items()]
    rows.append(["face value outstanding", _amount(document["liability"]["face_value"], currency)])
    rows += [[f"members in {name}", f"{count:,}"] for name, count in tiers["members"].items()]
    if tiers["upgrade_rate"] is not None:
        rows.append(["upgraded at least once", f"{100 * tiers['upgrade_rate']:.1f} %"])
    rows.append(["sales", _amount(economics["sales"], currency)])
    rows.append(["cost of redemption", _amount(economics["redemption_cost"], currency)])
    owed = document["liability"]
    rows.append(["contract liability", _amount(owed["contract"], currency)])
    for what, label, places in (("purchase", "purchase", 2), ("sales", f"{currency} of sales", 4)):
        rows.append(
            [f"{currency}, cost of one more {label} (95 %)", per_added(economics["cost_per_added"][what], places)]
        )
    return rows


def _origin(document: dict[str, Any]) -> str:
    origin = document["provenance"]
    baseline = "no program" if origin["baseline"] == "none" else origin["baseline"]
    return (
        f"baseline {baseline}; population {origin['population']}; assumptions {origin['assumptions']}; engine {document['engine']}; "
        f"digest {document['digest']}"
    )


def lift_row(name: str, ratio: dict[str, Any]) -> list[str]:
    def number(value: float | None) -> str:
        if value is None:
            return ""
        if name in SHARES:
            return f"{100 * value:.1f} %"
        return f"{value:,.1f}" if name == "interval_days" else f"{value:,.0f}"

    row = [LIFT[name], number(ratio["baseline"]), number(ratio["program"])]
    if ratio["delta_pct"] is None:
        return [*row, "", ""]
    low, high = ratio["ci95"] or (None, None)
    return [*row, f"{ratio['delta_pct']:+.2f} %", "" if low is None else f"{low:+.2f} to {high:+.2f} %"]


def _amount(value: float | None, currency: str) -> str:
    return "" if value is None else f"{currency} {value:,.0f}"


def amount(value: float | None) -> str:
    """An amount in major units, of a table that names the currency."""
    return "" if value is None else f"{value:,.0f}"


def per_added(found: dict[str, Any], places: int) -> str:
    """Cost of one more, with its interval; what was saved for each one lost is said to be that."""
    if found["value"] is None:
        return "not told"
    low, high = found["ci95"]
    shown = f"{found['value']:,.{places}f} ({low:,.{places}f} to {high:,.{places}f})"
    return shown if found["added"] > 0 else f"saved {shown}"
