"""Several programs on the terminal: side by side, each further one against the first, and what a change on a date did, arm by arm."""

from typing import Any

from apps.console import out, table
from apps.show_run import LIFT, amount, lift_row

__all__ = ["show_change", "show_comparison"]

STEPS = {
    "estimate": "what that estimate missed",
    "conversion": "points multiplied",
    "worth": "a point buys another amount",
    "re_estimate": "redeemed otherwise under the new rules",
}
HELD = {
    "by_change": "added or taken by the change",
    "redeemed": "redeemed since",
    "lapsed": "lapsed since",
    "taken_back": "taken back since",
    "left": "still held at the end",
}
OUTCOMES = (
    ("winners", "who get more from then on", "{:,}"),
    ("losers", "who get less", "{:,}"),
    ("unchanged", "who get the same", "{:,}"),
    ("gained", "gained by the first", "{:,.0f}"),
    ("lost", "lost by the second", "{:,.0f}"),
    ("sales_change", "sales to all of them", "{:+,.0f}"),
)


def show_comparison(document: dict[str, Any]) -> None:
    """Print several programs beside each other, and each further one against the first."""
    programs, differences = document["programs"], document["differences"]
    first = next(iter(programs.values()))
    currency = first["currency"]
    rows: dict[str, list[str]] = {}
    for found in programs.values():
        for label, value in _beside(found).items():
            rows.setdefault(label, []).append(value)
    _table(f"the same members, {currency}", ["", *programs], [[label, *values] for label, values in rows.items()])
    for each in differences:
        _against(each, currency)
    changed = {each["program"]: each["change"] for each in differences if each["change"] is not None}
    if changed:
        show_change(changed, currency)
    for name, found in programs.items():
        for warning in found["warnings"]:
            _say(f"warning: {name}: {warning}")
    _say(first["provenance"]["kind"])
    _say("; ".join(f"{name} digest {found['digest']}" for name, found in programs.items()))
    baseline = first["provenance"]["baseline"]
    _say(
        f"lift of each over {'no program' if baseline == 'none' else baseline}; "
        f"population {first['provenance']['population']}; assumptions {first['provenance']['assumptions']}; {first['members']:,} members, "
        f"{first['start']} to {first['end']}, seed {first['seed']}; engine {first['engine']}"
    )


def _beside(document: dict[str, Any]) -> dict[str, str]:
    """One program's column."""
    tiers, economics, lift, owed = (document[name] for name in ("tiers", "economics", "lift", "liability"))

    def share(value: float | None, places: int = 1) -> str:
        return "" if value is None else f"{value:.{places}f} %"

    rate = tiers["upgrade_rate"]
    return {
        "points outstanding, points": f"{document['points']['outstanding']:,}",
        "face value of these": amount(owed["face_value"]),
        "contract liability": amount(owed["contract"]),
        "expected share redeemed": share(None if owed["urr"] is None else 100 * owed["urr"]),
        "cost of what will be redeemed": amount(owed["cost_basis"]),
        "points expired, points": f"{document['points']['expired']:,}",
        "upgraded, of members": share(None if rate is None else 100 * rate),
        "program spend": amount(economics["program_spend"]),
        "program spend, of sales": share(economics["cost_pct_of_sales"], 2),
        "purchases, lift": share(lift["purchases"]["delta_pct"], 2),
        "sales, lift": share(lift["sales"]["delta_pct"], 2),
        "margin, lift": share(lift["margin"]["delta_pct"], 2),
        **_costs_of_more("cost of one more purchase", economics["cost_per_added"]["purchase"], 2),
        **_costs_of_more("cost of 1 more of sales", economics["cost_per_added"]["sales"], 4),
    }


def _costs_of_more(label: str, found: dict[str, Any], places: int) -> dict[str, str]:
    """Two rows: the cost, and its interval."""
    if found["value"] is None:
        return {label: "not told", f"   {label}, 95 %": ""}
    low, high = found["ci95"]
    value = f"{found['value']:,.{places}f}"
    return {
        label: value if found["added"] > 0 else f"saved {value}",
        f"   {label}, 95 %": f"{low:,.{places}f} to {high:,.{places}f}",
    }


def _against(each: dict[str, Any], currency: str) -> None:
    """One program against the first: paired figures, where sales come from, who gains and who loses, what is owed."""
    name, against = each["program"], each["against"]
    _table(
        f"{name} against {against}, {currency}",
        ["", against, name, "difference", "95 % interval"],
        [lift_row(figure, each[figure]) for figure in LIFT if each.get(figure) is not None],
    )
    for what, label, places in (("purchase", "purchase", 2), ("sales", f"{currency} of sales", 4)):
        _say(_cost_of(each["cost_per_added"][what], label, places))
    _say("")
    parts = each["decomposition"]
    if parts is not None:
        rows = [
            [
                factor["name"].replace("_", " "),
                _factor(factor, "baseline"),
                _factor(factor, "program"),
                f"{factor['sales']:+,.2f}",
            ]
            for factor in parts["factors"]
        ]
        _table(
            f"sales, {currency}, by what they are the product of",
            ["", against, name, "adds to sales"],
            [*rows, ["in all", "", "", f"{parts['sales']:+,.2f}"]],
        )
    _worth(each["worth"], name, currency)


def _cost_of(found: dict[str, Any], label: str, places: int) -> str:
    if found["value"] is None:
        return f"cost of one more {label}: {found['missing']} ({found['added']:+,.0f})"
    low, high = found["ci95"]
    what = "cost of one more" if found["added"] > 0 else "saved for each lost"
    return f"{what} {label}: {found['value']:,.{places}f} (95 % {low:,.{places}f} to {high:,.{places}f}), at {found['added']:+,.0f}"


def _factor(factor: dict[str, Any], world: str) -> str:
    value = factor[world]
    if factor["name"] == "share_buying":
        return f"{100 * value:.2f} %"
    return f"{value:,.0f}" if factor["name"] == "members" else f"{value:,.3f}"


def _worth(worth: dict[str, Any], name: str, currency: str) -> None:
    """Winners and losers, by the highest tier held and by how often customers buy."""
    groups = [(f"tier {each['name'] or 'none'}", each) for each in worth["by_tier"]]
    groups += [(f"{each['name']} buyers", each) for each in worth["by_segment"]]
    _table(
        f"who gets more of {name}, members and {currency}",
        ["", "get more", "get less", "the same", "gained", "lost"],
        [_winners(label, each) for label, each in [*groups, ("all", worth)]],
    )


def _winners(label: str, each: dict[str, Any]) -> list[str]:
    counts = [f"{each[key]:,}" for key in ("winners", "losers", "unchanged")]
    return [label, *counts, f"{each['gained']:,.0f}", f"{each['lost']:,.0f}"]


# --- a change on a date ------------------------------------------------------------------------------------------------------
def show_change(changes: dict[str, dict[str, Any]], currency: str) -> None:
    """Print what a change on a date did, one column for each program that changes."""
    dates = sorted({each["effective"] for each in changes.values()})
    rows = [
        ["first day of the new rules", *(str(each["effective"]) for each in changes.values())],
        ["members then", *(f"{each['members']:,}" for each in changes.values())],
    ]
    for key, label, number in OUTCOMES:
        rows.append([f"   {label}", *(number.format(each["existing"][key]) for each in changes.values())])
    rows.append(["points held then, points", *(f"{each['points']:,}" for each in changes.values())])
    for key, label in HELD.items():
        rows.append([f"   {label}", *(_held(each, "program", key) for each in changes.values())])
        if key in ("redeemed", "lapsed"):
            rows.append([f"   {label}, by the old rules", *(_held(each, "baseline", key) for each in changes.values())])
    for figure, label in (("face_value", "face value"), ("contract", "contract liability")):
        rows.append([f"{label}, the day before", *(_owed(each, "before", figure) for each in changes.values())])
        for step, told in STEPS.items():
            if figure == "contract" or step in ("conversion", "worth"):
                rows.append([f"   {told}", *(_step(each, step, figure) for each in changes.values())])
        rows.append([f"{label}, by the new rules", *(_owed(each, "after", figure) for each in changes.values())])
    _table(f"the change of {', '.join(dates)}, {currency}", ["", *changes], rows)
    for name, each in changes.items():
        _existing(name, each, currency)
    for name, each in changes.items():
        reason = each["missing"] or (each["liability"] or {}).get("missing")
        if reason:
            _say(f"{name}: {reason}")


def _held(change: dict[str, Any], world: str, key: str) -> str:
    found = None if change["held"] is None else change["held"][world]
    return "" if found is None else f"{found[key]:,}"


def _owed(change: dict[str, Any], side: str, figure: str) -> str:
    return "" if change["liability"] is None else amount(change["liability"][side][figure])


def _step(change: dict[str, Any], name: str, figure: str) -> str:
    if change["liability"] is None:
        return ""
    found = next(each[figure] for each in change["liability"]["steps"] if each["name"] == name)
    return "" if found is None else f"{found:+,.0f}"


def _existing(name: str, change: dict[str, Any], currency: str) -> None:
    """Members of the day, by the tier they held and by what they had spent."""
    found = change["existing"]
    groups = [(f"tier {each['name'] or 'none'}", each) for each in found["by_tier"]]
    groups += [(_band(each), each) for each in found["by_spend"]]
    _table(
        f"members of {change['effective']} under {name}, {currency}",
        ["", "members", "get more", "get less", "the same", "gained", "lost", "points held"],
        [[label, f"{each['members']:,}", *_winners(label, each)[1:], f"{each['points']:,}"] for label, each in groups],
    )  # fmt: skip


def _band(each: dict[str, Any]) -> str:
    if each["up_to"] == 0:
        return "spent nothing in the year before"
    if each["up_to"] is None:
        return f"spent more than {each['above']:,.0f}"
    return f"spent up to {each['up_to']:,.0f}"


def _table(caption: str, header: list[str], rows: list[list[str]]) -> None:
    """A table under its caption, which says what it counts."""
    _say(caption)
    table(header, rows)


def _say(text: str) -> None:
    out.print(text, highlight=False, soft_wrap=True, markup=False)
