"""The comparison in words and tables: what stands beside the charts of the page Compare. No Panel here."""

from typing import Any

import numpy as np

from apps.charts.style import Unit
from apps.problems_said import message_said, messages_said
from apps.run_charts import FIGURES, factor_names, figure_names, segment_names
from apps.views.compare import Side, SideBySide
from apps.views.compare_outcomes import NOTHING
from workbench.errors import Problem
from workbench.reports.language import Language
from workbench.reports.parts import Table

__all__ = [
    "difference_sentence", "difference_table", "names_of", "owed_sentence", "owed_table", "problem_words", "review_sentence", "review_table",
    "sales_sentence", "sales_table", "tier_sentence", "tier_table", "winner_sentence", "winner_table",
]  # fmt: skip


def names_of(found: SideBySide, say: Language) -> list[str]:
    """What each program is called, no two alike."""
    _ = say._
    names: list[str] = []
    for side in found.sides:
        program = side.entry.program
        title = program.title_zh if say.chinese and program.title_zh else program.title
        pattern = {
            "baseline": _("{title} (baseline)", title=title),
            "draft": _("{title} (draft)", title=title) if found.sides[0].entry.kind == "baseline" else title,
        }.get(side.entry.kind, title)
        names.append(pattern if pattern not in names else f"{pattern} ({side.entry.name})")
    return names


def problem_words(problem: Problem, say: Language) -> str:
    """Why a program is left out."""
    if problem.message.startswith("expected at most"):
        return say._("{name} is left out: at most four programs stand side by side.", name=problem.path)
    if problem.message.startswith("expected a program in"):
        return say._(
            "{name} is left out: it is in {currency}, and currencies are not compared without a rate.",
            name=problem.path, currency=str(problem.value),
        )  # fmt: skip
    return say._("{name} is left out: {why}.", name=problem.path, why=message_said(problem.message, say).text)


# --- differences -----------------------------------------------------------------------------------------------------
def difference_sentence(found: SideBySide, place: int, say: Language) -> str:
    """What the program at a place does to sales, against the first."""
    _, names = say._, names_of(found, say)
    against = found.sides[place].against
    assert against is not None
    sales = against["lift"]["sales"]
    if sales["delta_pct"] is None:
        return _("There are too few purchases to compare.")
    facts = {"name": names[place], "first": names[0], "share": say.percent(sales["delta_pct"], 2, signed=True)}
    if sales["ci95"] is None:
        return _("Against {first}, {name} changes sales by {share}.", **facts)
    low, high = sales["ci95"]
    if low == high == 0:
        return _("Against {first}, {name} changes no purchase of these members.", **facts)
    facts |= {"low": say.percent(low, 2, signed=True), "high": say.percent(high, 2, signed=True)}
    if low <= 0 <= high:
        return _(
            "Against {first}, {name} changes sales by {share} (95%: {low} to {high}): with these members, that cannot be told from nothing.",
            **facts,
        )
    return _("Against {first}, {name} changes sales by {share} (95%: {low} to {high}).", **facts)


def difference_table(found: SideBySide, place: int, say: Language) -> Table:
    """Paired differences in per cent, with their intervals."""
    _, names = say._, names_of(found, say)
    against, words = found.sides[place].against, figure_names(say)
    assert against is not None
    rows = []
    for name in FIGURES:
        ratio = against["lift"][name]
        low, high = ratio["ci95"] or (None, None)
        unit = Unit("", "percent", 2, signed=True)
        rows.append((words[name], unit.text(ratio["delta_pct"], say), unit.text(low, say), unit.text(high, say)))
    caption = _("{name} against {first}, the same customers, %", name=names[place], first=names[0])
    return Table(caption, ("", _("Difference"), _("95% from"), _("95% to")), tuple(rows))


# --- what is owed ----------------------------------------------------------------------------------------------------
def owed_sentence(found: SideBySide, say: Language) -> str:
    """What the books say at the end."""
    _ = say._
    parts = []
    for name, side in zip(names_of(found, say), found.sides, strict=True):
        if side.owed is None:
            why = "" if side.missing is None else messages_said(side.missing, say).text
            parts.append(_("{name}: no liability can be given ({why})", name=name, why=why))
        else:
            parts.append(
                _("{name}: {amount}", name=name, amount=say.money(round(side.owed.liability[-1]), found.currency))
            )
    day = next((side.owed.months[-1] for side in found.sides if side.owed), found.sides[0].months[-1])
    return _("Contract liability on {day}. {parts}.", day=say.day(day.isoformat()), parts=say.listed(parts))


def owed_table(found: SideBySide, say: Language) -> Table:
    """The liability by month, side by side."""
    _, names = say._, names_of(found, say)
    sides = [side.owed for side in found.sides if side.owed]
    months = sides[0].months if sides else ()
    rows = [
        (say.month(month), *(NOTHING if side.owed is None else say.money(side.owed.liability[k], found.currency) for side in found.sides))
        for k, month in enumerate(months)
    ]  # fmt: skip
    return Table(_("Contract liability at the end of each month ({currency})", currency=found.currency), (_("End of"), *names), tuple(rows))  # fmt: skip


# --- tiers -----------------------------------------------------------------------------------------------------------
def tier_sentence(side: Side, name: str, say: Language) -> str:
    """Who is where at the end."""
    _ = say._
    if not side.tiers:
        return _("{name} has no tiers.", name=name)
    last = side.by_tier[-1]
    shares = [
        _("{tier}: {share}", tier=tier, share=say.share(int(count), int(last.sum())))
        for tier, count in zip(side.tiers, last, strict=True)
    ]
    return _("{name}, at the end, {members} members: {shares}.", name=name, members=say.number(int(last.sum())), shares=say.listed(shares))  # fmt: skip


def tier_table(found: SideBySide, say: Language) -> Table:
    """Members by tier at the end, of every program."""
    _ = say._
    rows = [
        (name, tier, say.number(int(count)), say.share(int(count), int(side.by_tier[-1].sum())))
        for name, side in zip(names_of(found, say), found.sides, strict=True)
        if side.tiers
        for tier, count in zip(side.tiers, side.by_tier[-1], strict=True)
    ]
    return Table(_("Members by tier at the end"), (_("Program"), _("Tier"), _("Members"), _("Of members")), tuple(rows))


def review_sentence(side: Side, name: str, say: Language) -> str:
    """How reviews of tiers ended."""
    _, moved = say._, side.document["tiers"]["migration"]
    if moved is None:
        return _("{name} has no tiers.", name=name)
    matrix = np.asarray(moved["matrix"])
    reviews, fallen = int(matrix.sum()), int(np.tril(matrix, -1).sum())
    if not reviews:
        return _("{name}: no tier came up for review in this run.", name=name)
    return _(
        "{name}: of {reviews} reviews of a tier, {share} let the member keep it or rise.",
        name=name, reviews=say.number(reviews), share=say.share(reviews - fallen, reviews),
    )  # fmt: skip


def review_table(side: Side, name: str, say: Language) -> Table:
    """Reviews of tiers as counts."""
    _ = say._
    moved = side.document["tiers"]["migration"] or {"tiers": [], "matrix": []}
    rows = [
        (tier, *(say.number(count) for count in counts), say.number(sum(counts)))
        for tier, counts in zip(moved["tiers"], moved["matrix"], strict=True)
    ]
    caption = _("{name}: reviews by the tier before (rows) and after (columns)", name=name)
    return Table(caption, (_("Tier before"), *moved["tiers"], _("Reviews")), tuple(rows))


# --- winners and losers ------------------------------------------------------------------------------------------------
def winner_sentence(found: SideBySide, place: int, say: Language) -> str:
    """How many get more, less, the same."""
    _, names, against = say._, names_of(found, say), found.sides[place].against
    assert against is not None
    worth = against["lift"]["worth"]
    whole = worth["winners"] + worth["losers"] + worth["unchanged"]
    facts = {key: say.number(worth[key]) for key in ("winners", "losers", "unchanged")}
    money = {key: say.money(round(worth[key]), found.currency) for key in ("gained", "lost")}
    return _(
        "Of {whole} customers, {winners} get more under {name} than under {first} ({gained} in all), {losers} get less ({lost}), "
        "and for {unchanged} nothing differs.",
        whole=say.number(whole), name=names[place], first=names[0], **facts, **money,
    )  # fmt: skip


def winner_table(found: SideBySide, place: int, say: Language) -> Table:
    """By tier held and by how often they buy. In each, the three counts are everyone."""
    _, names, against = say._, names_of(found, say), found.sides[place].against
    assert against is not None
    worth, currency = against["lift"]["worth"], found.currency
    rows = [_worth_row(_("All"), worth, currency, say)]
    rows += [_worth_row(each["name"] or _("In no tier"), each, currency, say) for each in worth["by_tier"]]
    words = segment_names(say)
    rows += [_worth_row(words[each["name"]], each, currency, say) for each in worth["by_segment"]]
    caption = _(
        "What customers get under {name}, against {first}; by the highest tier held, and by how often they buy",
        name=names[place], first=names[0],
    )  # fmt: skip
    return Table(caption, ("", _("Gain"), _("Lose"), _("No difference"), _("Gained"), _("Lost")), tuple(rows))


def _worth_row(name: str, worth: Any, currency: str, say: Language) -> tuple[str, ...]:
    counts = (say.number(worth[key]) for key in ("winners", "losers", "unchanged"))
    return (name, *counts, *(say.money(round(worth[key]), currency) for key in ("gained", "lost")))


# --- sales -----------------------------------------------------------------------------------------------------------
def sales_sentence(found: SideBySide, place: int, say: Language) -> str:
    """Where the difference in sales comes from."""
    _, names, against = say._, names_of(found, say), found.sides[place].against
    assert against is not None
    parts = against["lift"]["decomposition"]
    if parts is None:
        return _("There are too few purchases to take the difference apart.")
    most = max(parts["factors"], key=lambda each: abs(each["sales"]))
    facts = {
        "name": names[place],
        "first": names[0],
        "amount": say.money(round(parts["sales"]), found.currency, signed=True),
    }
    if not parts["sales"]:
        return _("{name} and {first} come to the same sales.", **facts)
    return _(
        "Sales under {name} differ from those under {first} by {amount}; most of it by: {factor} ({part}).",
        **facts, factor=factor_names(say)[most["name"]], part=say.money(round(most["sales"]), found.currency, signed=True),
    )  # fmt: skip


def sales_table(found: SideBySide, place: int, say: Language) -> Table:
    """The factors of sales of both programs, and what each adds to the difference. The last row sums up."""
    _, names, against = say._, names_of(found, say), found.sides[place].against
    assert against is not None
    parts, words = against["lift"]["decomposition"], factor_names(say)
    header = ("", names[0], names[place], _("Adds to sales ({currency})", currency=found.currency))
    caption = _("Sales = customers × share who buy × purchases of each × mean basket")
    if parts is None:
        return Table(caption, header, ())
    rows = [
        (words[each["name"]], *(_factor(each["name"], each[key], found.currency, say) for key in ("baseline", "program")),
         say.number(each["sales"], 2, signed=True))
        for each in parts["factors"]
    ]  # fmt: skip
    rows.append((_("Difference in sales"), "", "", say.number(parts["sales"], 2, signed=True)))
    return Table(caption, header, tuple(rows), total=True)


def _factor(name: str, value: float, currency: str, say: Language) -> str:
    if name == "members":
        return say.number(value)
    if name == "basket":
        return say.money(value, currency)
    return say.percent(100 * value, 2) if name == "share_buying" else say.number(value, 3)
