"""What the Explore page shows, as plain data: names, units, lines, cells, bars, points, sentences and tables. No Panel here."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.charts.lines import Line, Mark
from apps.charts.search import Design, Swing
from apps.charts.style import Unit
from apps.language import AppLanguage
from workbench.program.spec import Program
from workbench.reports.language import Language
from workbench.reports.parts import Table
from workbench.study.outcomes import OUTCOMES, PER

__all__ = [
    "Cells", "basis_text", "break_even_sentence", "cells", "finalist_tables", "lever_name", "lever_value", "lines", "outcome_title",
    "outcome_unit", "points", "power_lines", "search_sentence", "sweep_sentence", "sweep_table", "swings", "test_sentence", "test_table",
    "tornado_sentence", "tornado_table", "value_text",
]  # fmt: skip


# --- names and units ---------------------------------------------------------------------------------------------------
def outcome_title(name: str, say: AppLanguage) -> str:
    """An outcome in words."""
    each = OUTCOMES[name]
    return each.title_zh if say.chinese else each.title


def outcome_unit(name: str, currency: str, say: AppLanguage, signed: bool = False) -> Unit:
    """An outcome's unit, as charts and tables have it."""
    _ = say._
    kind = OUTCOMES[name].unit
    per = say.number(PER)
    if kind == "money":
        label = _("{currency} per {n} customers", currency=say.symbol(currency).strip() or currency, n=per)
        return Unit(label, "money", currency=currency, signed=signed)
    if kind == "points":
        return Unit(_("Points per {n} customers", n=per), signed=signed)
    if kind == "ratio":
        return Unit(_("Per unit spent"), digits=2, signed=signed)
    return Unit("%", "percent", 2, signed=signed)


def value_text(name: str, found: Mapping[str, Any], currency: str, say: AppLanguage, signed: bool = False) -> str:
    """A figure with its interval."""
    unit = outcome_unit(name, currency, say, signed)
    if found["value"] is None:
        return "–"
    text = unit.text(found["value"], say)
    return text if found["ci95"] is None else f"{text} ({unit.between(found['ci95'][0], found['ci95'][1], say)})"


def lever_name(key: str, program: Program, say: AppLanguage) -> str:
    """A lever in words, where it has any; else its place in the file."""
    _ = say._
    path = key.removeprefix("program.")
    known = {
        "earn.rate.per": _("Spend that earns points"),
        "earn.rate.points": _("Points for that spend"),
        "expiry.months": _("Months until points lapse"),
        "expiry.days": _("Days until points lapse"),
        "redemption.money_off.points": _("Points for money off"),
        "redemption.money_off.worth": _("Money off for them"),
    }
    if path in known:
        return known[path]
    if path.startswith("tiers.levels[") and ".enter." in path and program.tiers is not None:
        place = int(path.split("[")[1].split("]")[0])
        if place < len(program.tiers.levels):
            return _("Threshold of {tier}", tier=program.tiers.levels[place].name)
    return path


def lever_value(value: float, say: Language) -> str:
    """A lever's value."""
    return say.plain(float(value))


def basis_text(source: Mapping[str, Any], say: AppLanguage) -> str:
    """Whose world a document is of."""
    return say._(
        "{program}; population {population}, assumptions {assumptions}; {members} members, {years} years from {start}, seed {seed}. Intervals: 95 %, for the "
        "chance of having drawn these members; they know nothing of the assumptions.",
        program=str(source["title_zh"] if say.chinese and source["title_zh"] else source["title"]), population=str(source["population"]),
        assumptions=str(source["assumptions"]), members=say.number(source["members"]), years=str(source["years"]), start=say.day(source["start"]),
        seed=str(source["seed"]),
    )  # fmt: skip


# --- a sweep -----------------------------------------------------------------------------------------------------------
def _column(document: Mapping[str, Any], name: str, key: str = "value") -> list[float]:
    found = [each["outcomes"][name][key] for each in document["designs"]]
    return [math.nan if value is None else float(value) for value in found]


def _ends(found: Sequence[Mapping[str, Any]], end: int) -> list[float]:
    return [math.nan if each["ci95"] is None else float(each["ci95"][end]) for each in found]


def lines(document: Mapping[str, Any], name: str, say: AppLanguage) -> tuple[list[float], list[Line], list[Mark]]:
    """Of a sweep of one lever: its values, the outcome along it with its interval, today's as the dashed line, and break-evens as marks."""
    _ = say._
    lever = document["levers"][0]["name"]
    x = [float(each["values"][lever]) for each in document["designs"]]
    found = [each["outcomes"][name] for each in document["designs"]]
    today = document["today"][name]["value"]
    drawn = [Line(outcome_title(name, say), _column(document, name), _ends(found, 0), _ends(found, 1))]
    if today is not None:
        drawn.append(Line(_("Baseline"), [float(today)] * len(x), baseline=True))
    marks = [
        Mark(each["at"], _("Break-even: {at}", at=lever_value(_shown(each["at"]), say)), upright=True)
        for each in document["break_evens"]
        if each["outcome"] == name and each["against"] == "today"
    ]
    return x, drawn, marks[:3]


def _shown(value: float) -> float:
    """Three digits are enough for where a line crosses."""
    if not value or not math.isfinite(value):
        return value
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return round(value, digits)


@dataclass(frozen=True)
class Cells:
    """Of a sweep of two levers: a figure for each pair of values."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    """By y, then x."""


def cells(document: Mapping[str, Any], name: str, difference: bool) -> Cells:
    """The outcome, or its difference from the baseline, at each pair of values."""
    first, second = (lever["name"] for lever in document["levers"])
    found: dict[tuple[float, float], float] = {}
    for each in document["designs"]:
        figure = each["outcomes"][name]
        value = figure["difference"]["value"] if difference else figure["value"]
        found[float(each["values"][first]), float(each["values"][second])] = math.nan if value is None else float(value)
    x, y = (tuple(sorted({key[place] for key in found})) for place in (0, 1))
    return Cells(x, y, tuple(tuple(found.get((a, b), math.nan) for a in x) for b in y))


def _values_text(values: Mapping[str, Any], names: Mapping[str, str], say: AppLanguage) -> str:
    return say.listed([f"{names[key]} {lever_value(value, say)}" for key, value in values.items()])


def sweep_sentence(
    document: Mapping[str, Any], name: str, names: Mapping[str, str], high_is_better: bool, say: AppLanguage
) -> str:
    """Which design has the highest (or lowest) figure, how far from the baseline, and how surely. ``names``: of the levers, in words."""
    _ = say._
    column = _column(document, name)
    known = [k for k, value in enumerate(column) if not math.isnan(value)]
    if not known:
        return str(_("This program has no such figure."))
    best = (max if high_is_better else min)(known, key=lambda k: column[k])
    design = document["designs"][best]
    figure, currency = design["outcomes"][name], document["provenance"]["currency"]
    what = {
        "outcome": outcome_title(name, say), "values": _values_text(design["values"], names, say),
        "value": value_text(name, figure, currency, say),
    }  # fmt: skip
    head = (
        _("{outcome} is highest with {values}: {value}.", **what)
        if high_is_better
        else _("{outcome} is lowest with {values}: {value}.", **what)
    )
    difference = figure["difference"]
    if difference["value"] is None or difference["ci95"] is None:
        return str(head)
    low, high = difference["ci95"]
    if low == high == 0:
        return say.joined(head, _("That is the baseline itself."))
    text = value_text(name, difference, currency, say, True)
    sure = (
        _("Against the baseline, the same members: {value}.", value=text)
        if low > 0 or high < 0
        else _("That is not told apart from the baseline: {value}.", value=text)
    )
    return say.joined(head, sure)


def break_even_sentence(document: Mapping[str, Any], name: str, names: Mapping[str, str], say: AppLanguage) -> str:
    """Where the outcome crosses 0, and where it is the baseline's, along the first lever; of two levers, with each value of the other."""
    _ = say._
    first = document["levers"][0]["name"]
    said: list[str] = []
    for against, head in (
        ("zero", _("Zero where {lever} is {places}.", lever="{lever}", places="{places}")),
        ("today", _("As the baseline where {lever} is {places}.", lever="{lever}", places="{places}")),
    ):
        places = [
            _place(each, names, say)
            for each in document["break_evens"]
            if each["outcome"] == name and each["lever"] == first and each["against"] == against
        ]
        if places:
            said.append(head.format(lever=names[first], places="; ".join(places)))
    if not said:
        return str(_("Within this range it crosses neither the baseline nor zero."))
    return say.joined(_("Break-even:"), *said)


def _place(found: Mapping[str, Any], names: Mapping[str, str], say: AppLanguage) -> str:
    """Where one line crosses, with its interval."""
    _ = say._
    at = lever_value(_shown(found["at"]), say)
    if found["ci95"] is None:
        text = str(_("{at} (the designs on both sides are not told apart)", at=at))
    else:
        low, high = (lever_value(_shown(end), say) for end in found["ci95"])
        text = str(_("{at} ({low} to {high})", at=at, low=low, high=high))
    return (
        str(_("{text} with {held}", text=text, held=_values_text(found["held"], names, say))) if found["held"] else text
    )


def sweep_table(document: Mapping[str, Any], name: str, names: Mapping[str, str], say: AppLanguage) -> Table:
    """Every design with the outcome and its difference from the baseline."""
    _ = say._
    currency = document["provenance"]["currency"]
    title, unit = outcome_title(name, say), outcome_unit(name, currency, say)
    header = (*names.values(), f"{title} ({unit.label})", _("Against the baseline"))
    rows = []
    for each in document["designs"]:
        figure = each["outcomes"][name]
        rows.append(
            (
                *(lever_value(value, say) for value in each["values"].values()),
                value_text(name, figure, currency, say),
                value_text(name, figure["difference"], currency, say, True),
            )
        )
    return Table(_("Every design: projection, 95 % interval in brackets"), header, tuple(rows))


# --- a tornado ---------------------------------------------------------------------------------------------------------
def _end_text(value: Any, say: AppLanguage) -> str:
    if isinstance(value, list):
        return " / ".join(say.plain(round(each, 4)) for each in value)
    if isinstance(value, dict):
        return " / ".join(say.plain(each) for each in dict.fromkeys(value.values()))
    return say.plain(float(value))


def swings(document: Mapping[str, Any], name: str, say: AppLanguage) -> list[Swing]:
    """The bars of an outcome that move it at all, an end that is refused left at where it is now."""
    now = document["now"][name]["value"]
    found = []
    for bar in document["bars"]:
        ends = [now if bar[end]["outcomes"] is None else bar[end]["outcomes"][name]["value"] for end in ("low", "high")]
        if now is None or any(end is None for end in ends) or all(end == now for end in ends):
            continue
        texts = (_end_text(bar[end]["value"], say) for end in ("low", "high"))
        found.append(Swing(bar["key"], *ends, *texts))
    return found


def tornado_sentence(document: Mapping[str, Any], name: str, say: AppLanguage) -> str:
    """Which assumption moves it most, and how many move it not at all."""
    _ = say._
    drawn, now = swings(document, name, say), document["now"][name]["value"]
    still = len(document["bars"]) - len(drawn)
    if not drawn or now is None:
        return str(_("No assumption moves it."))
    widest = max(drawn, key=lambda each: max(each.low, each.high, now) - min(each.low, each.high, now))
    bar = next(each for each in document["bars"] if each["key"] == widest.name)
    unit = outcome_unit(name, document["currency"], say)
    return say.joined(
        _(
            "{key} moves it most: from {low} (at {at_low}) to {high} (at {at_high}); as assumed it is {now}.",
            key=widest.name, low=unit.text(widest.low, say), high=unit.text(widest.high, say), at_low=widest.low_text, at_high=widest.high_text,
            now=unit.text(now, say),
        ),
        _("Its range: {source}.", source=say.text(bar["source"])),
        _("{n} assumptions do not move it.", n=say.number(still)),
    )  # fmt: skip


def tornado_table(document: Mapping[str, Any], name: str, say: AppLanguage) -> Table:
    """Every bar that moves it: both ends, what each moves it by with its interval, and where the range is from."""
    _ = say._
    bases = {"seen": _("seen"), "abstract": _("abstract only"), "judgement": _("judgement")}
    moving = {each.name for each in swings(document, name, say)}
    rows = []
    for bar in document["bars"]:
        if bar["key"] not in moving:
            continue
        cells_of = []
        for end in ("low", "high"):
            outcomes = bar[end]["outcomes"]
            text = _("refused: {why}", why=bar[end]["refused"]) if outcomes is None else value_text(
                name, outcomes[name]["difference"], document["currency"], say, True
            )  # fmt: skip
            cells_of += [_end_text(bar[end]["value"], say), text]
        rows.append((bar["key"], *cells_of, f"{bases[bar['basis']]}: {say.text(bar['source'])}"))
    header = (_("Assumption"), _("Low end"), _("moves it by"), _("High end"), _("moves it by"), _("Basis and source"))
    return Table(_("Each assumption alone at both ends of its range; 95 % interval in brackets"), header, tuple(rows))


# --- a search ----------------------------------------------------------------------------------------------------------
def points(document: Mapping[str, Any], say: AppLanguage) -> list[Design]:
    """Every design tried, by the two goals: lying the one to be low, upright the one to be high. Both ends of the front are named."""
    up, across = (goal["outcome"] for goal in document["search"]["goals"])
    front = set(document["front"])
    named = {document["front"][0], document["front"][-1]} if document["front"] else set()
    found = []
    for each in document["trials"]:
        x, y = each["outcomes"][across]["value"], each["outcomes"][up]["value"]
        if x is not None and y is not None:
            number = each["design"]
            name = _numbered(number, say)
            found.append(Design(name, x, y, number in front, each["feasible"], number in named))
    return found


def _numbered(number: int, say: AppLanguage) -> str:
    return str(say._("No. {n}", n=str(number)))


def search_sentence(document: Mapping[str, Any], say: AppLanguage) -> str:
    """How many designs were tried, how many keep the limits, and how many stand on the front."""
    _ = say._
    numbers = {
        "tried": say.number(document["tried"]), "kept": say.number(document["feasible"]), "front": say.number(len(document["front"])),
    }  # fmt: skip
    head = (
        _(
            "Every design there is was tried ({tried}); {kept} keep the limits, {front} of them are beaten by none.",
            **numbers,
        )
        if document["exhaustive"]
        else _("{tried} designs were tried; {kept} keep the limits, {front} of them are beaten by none.", **numbers)
    )
    confirm = say.number(document["search"]["confirm"])
    return say.joined(
        head,
        _(
            "The best of many is a little lucky, so those on the front were lived again by {n} populations that the search had not seen.",
            n=confirm,
        ),
    )


def finalist_tables(document: Mapping[str, Any], names: Mapping[str, str], say: AppLanguage) -> Table:
    """The front: each design's levers, and both goals in the search and with fresh members, less the baseline's."""
    _ = say._
    currency = document["provenance"]["currency"]
    goals = [goal["outcome"] for goal in document["search"]["goals"]]
    header = [_("Design"), *names.values()]
    for goal in goals:
        header += [
            _("{outcome}: search", outcome=outcome_title(goal, say)),
            _("fresh members"),
        ]
    header += [_("Limits kept")] if document["search"]["limits"] else []
    rows = []
    for each in document["finalists"]:
        row = [_numbered(each["design"], say), *(lever_value(value, say) for value in each["values"].values())]
        for goal in goals:
            row += [
                value_text(goal, each["search"][goal], currency, say),
                value_text(goal, each["fresh"][goal], currency, say),
            ]
        if each["limits_kept"]:
            row.append(", ".join(f"{kept['in']}/{kept['of']}" for kept in each["limits_kept"]))
        rows.append(tuple(row))
    return Table(
        _("The search's own figure, and the mean over fresh populations (95 % in brackets)"), tuple(header), tuple(rows)
    )


# --- a test ------------------------------------------------------------------------------------------------------------
def power_lines(found: Mapping[str, Any], say: AppLanguage) -> tuple[list[float], list[Line]]:
    """Members of each arm, and the chance of seeing the effect, per cent: plainly, and with what is known from before."""
    _ = say._
    sizes = [each / 2 for each in found["sizes"]]
    drawn = [Line(_("Compared plainly"), found["power"])]
    if found["power_adjusted"] is not None:
        drawn.append(Line(_("Adjusted by what was bought before"), found["power_adjusted"]))
    return sizes, drawn


def _test_outcome(name: str, say: AppLanguage) -> str:
    _ = say._
    return {"sales": _("sales per member"), "purchases": _("purchases per member"), "buyers": _("share who buy")}[name]


def test_sentence(found: Mapping[str, Any], say: AppLanguage) -> str:
    """What the test would have to find, and how many members that takes."""
    _ = say._
    who = (
        _("Newcomers, no program against the draft's")
        if found["newcomers"]
        else _("Members, the baseline against the draft's program")
    )
    weeks = str(found["weeks"])
    low, high = found["ci95"]
    relative = "–" if found["relative_pct"] is None else say.percent(found["relative_pct"], 2, True)
    head = _(
        "{who}: over {weeks} weeks the simulation finds {effect} {outcome}.",
        who=who, weeks=weeks, effect=relative, outcome=_test_outcome(found["outcome"], say),
    )  # fmt: skip
    needed = [each for each in (found["needed"], found["needed_adjusted"]) if each is not None]
    if not needed or low <= 0 <= high:
        return say.joined(head, _("That is not told apart from none: more members, or programs that differ more."))
    fewest = min(needed)
    return say.joined(
        head, _("To see it in four tests of five takes {n} members, half of them in each arm.", n=say.number(fewest))
    )


def test_table(found: Mapping[str, Any], say: AppLanguage) -> Table:
    """The plan in numbers."""
    _ = say._
    unit = Unit("", "money", currency=found["currency"]) if found["outcome"] == "sales" else Unit("", digits=3)
    low, high = found["ci95"]
    rows = [
        (_("Effect per member, projection"), f"{unit.text(found['effect'], say)} ({unit.between(low, high, say)})"),
        (_("Of the first arm's mean"), unit.text(found["of_a"], say)),
        (_("Members in the simulation who take part"), say.number(found["taking_part"])),
    ]
    for title, key in (
        (_("Members needed, compared plainly"), "needed"),
        (_("Members needed, adjusted"), "needed_adjusted"),
    ):
        rows.append((title, "–" if found[key] is None else say.number(found[key])))
    caption = _("Power 80 %, level 5 %, two-sided; interval 95 % of the paired difference")
    return Table(caption, (_("Plan"), _("Value")), tuple(rows))
