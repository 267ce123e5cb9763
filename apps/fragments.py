"""What the page says, as fragments of HTML. Every text is escaped where it is put in: ``Markup.format`` does it."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from markupsafe import Markup

from apps.estimates import PER, Comparison, Estimate, Figure, figures
from apps.levers import Absent, Change, Lever, Number
from apps.runs import Question
from workbench.errors import Problem
from workbench.reports.language import Language
from workbench.reports.plots import FONT
from workbench.run_document import PROJECTION

__all__ = ["STYLE", "amount", "cards", "changes_list", "headed", "lever_text", "methods", "month_table", "per_thousand", "problem_text",
           "projection", "sentence", "state", "title_of"]  # fmt: skip

STYLE = (Path(__file__).parent / "style.css").read_text("utf-8").replace("{{FONT}}", FONT)


def _text(pattern: str, *values: Any) -> str:
    """A pattern with its values put in, escaped unless they are Markup. Plain text: the pane that shows it would escape Markup again."""
    return str(Markup(pattern).format(*values))


def title_of(program: Any, say: Language) -> str:
    """A program's name in the page's language, where it has one."""
    return str(program.title_zh) if say.chinese and program.title_zh else str(program.title)


def amount(value: Number | float, unit: str, currency: str, say: Language) -> str:
    """A lever's value with its unit."""
    _ = say._
    number = say.plain(float(value))
    if unit == "money":
        return say.symbol(currency) + number
    words = {
        "months": _("{n} months"), "days": _("{n} days"), "points": _("{n} points"), "orders": _("{n} orders"),
        "visits": _("{n} visits"), "nights": _("{n} nights"),
    }  # fmt: skip
    return words[unit].replace("{n}", number)


# --- head ----------------------------------------------------------------------------------------------------------
def projection(question: Question, say: Language) -> str:
    """Whose world this is: no figure is shown without it."""
    _ = say._
    word, _sep, rest = PROJECTION.partition(": ")
    facts = _(
        "Assumptions: {assumptions} ({title}). Population: {population}. {years} years from {start}, seed {seed}.",
        assumptions=question.names["assumptions"], title=say.text(question.assumptions.title),
        population=question.names["population"], years=str(question.years), start=say.day(question.start.isoformat()),
        seed=str(question.seed),
    )  # fmt: skip
    return _text(
        '<div class="projection"><strong>{}</strong><span>{}</span></div>',
        say.text(word),
        say.joined(say.text(rest[0].upper() + rest[1:] + "."), facts),
    )


def state(kind: str, members: int, seed: int, done: int, total: int, say: Language) -> str:
    """The state chip: preview, full, stale or computing; and how far a full run is (``total`` 0: none is under way)."""
    _ = say._
    size = {"n": say.number(members), "seed": str(seed)}
    words = {
        "preview": _("Preview: {n} members, seed {seed}", **size),
        "full": _("Full run: {n} members, seed {seed}", **size),
        "stale": _("Out of date: computing…"),
        "first": _("Computing…"),
        "failed": _("The run failed: the server's log says why"),
    }
    looks = {"first": "stale", "failed": "stale"}.get(kind, kind)
    parts = [Markup('<span class="chip {}" role="status" data-state="{}">{}</span>').format(looks, kind, words[kind])]
    if total:
        told = _("Full run under way: {done} of {total} lives", done=say.number(done), total=say.number(total))
        parts.append(Markup('<progress max="{}" value="{}" aria-label="{}"></progress>').format(total, done, told))
        parts.append(Markup("<span>{}</span>").format(told))
    return _text('<div class="state">{}</div>', Markup("").join(parts))


# --- figures -------------------------------------------------------------------------------------------------------
def cards(found: Comparison, changed: bool, say: Language) -> str:
    """The strip of figures. ``changed``: whether the outcome is that of a changed program."""
    label = say._("Key figures")
    inner = Markup("").join(_card(each, found, changed, say) for each in figures(found))
    return _text('<div class="strip" role="region" tabindex="0" aria-label="{}">{}</div>', label, inner)


def _card(figure: Figure, found: Comparison, changed: bool, say: Language) -> Markup:
    _ = say._
    name, unit = _names(figure.name, say)
    if figure.now.value is None:
        tiers = found.now.document["tiers"]["members"]
        why = (
            _("This program has no tiers.") if figure.name == "upgrade_rate" and not tiers else _("Nothing to compare.")
        )
        return Markup(
            '<div class="card" data-figure="{}"><h3>{}</h3><div class="value missing">{}</div><div class="interval">{}</div></div>'
        ).format(figure.name, name, _("not applicable"), why)
    lines = [
        Markup('<div class="interval">{}</div>').format(_interval(figure.now, figure.name, say)),
        Markup('<div class="ghost">{}</div>').format(
            _("shipped: {value}", value=_shown(figure.shipped, figure.name, say))
        ),
    ]
    if changed:
        lines.append(_change(figure, say))
    return Markup(
        '<div class="card" data-figure="{}"><h3>{}</h3><div class="value">{}<span class="unit">{}</span></div>{}</div>'
    ).format(figure.name, name, _shown(figure.now, figure.name, say), unit, Markup("").join(lines))


def _names(name: str, say: Language) -> tuple[str, str]:
    """A figure's name and unit."""
    _ = say._
    return {
        "outstanding": (_("Points outstanding"), _("points per 1,000 members, at the end")),
        "upgrade_rate": (_("Members upgraded"), _("of members, at least once")),
        "repurchase": (_("Repurchase lift, 365 days"), _("against no program")),
        "purchases": (_("Purchase lift"), _("against no program")),
        "cost": (_("Redemption cost"), _("of sales")),
    }[name]


def _value(value: float, name: str, say: Language, signed: bool = False) -> str:
    if name == "outstanding":
        return say.number(value, 0, signed)
    return say.percent(value, 1 if name == "upgrade_rate" else 2, signed or name in ("repurchase", "purchases"))


def _shown(estimate: Estimate, name: str, say: Language) -> str:
    return "–" if estimate.value is None else _value(estimate.value, name, say)


def _interval(estimate: Estimate, name: str, say: Language) -> str:
    _ = say._
    if estimate.ci95 is None:
        return _("no interval")
    low, high = estimate.ci95
    if low == high:
        return _("no member differs in this sample: run more members")
    return _("95%: {low} to {high}", low=_value(low, name, say), high=_value(high, name, say))


def _change(figure: Figure, say: Language) -> Markup:
    """What the changes did, with its interval; shares change by percentage points."""
    _, change = say._, figure.change
    if change is None or change.value is None:
        return Markup('<div class="change">{}</div>').format(_("change: computing…"))
    digits = {"upgrade_rate": 1, "cost": 3}.get(figure.name)

    def shown(value: float) -> str:
        return (
            _value(value, figure.name, say, signed=True) if digits is None else say.number(value, digits, signed=True)
        )

    unit = "" if digits is None else _("percentage points")
    if change.ci95 is None:
        interval = _("no interval")
    elif change.ci95[0] == change.ci95[1]:
        interval = _("no member differs")
    else:
        interval = _("{low} to {high}", low=shown(change.ci95[0]), high=shown(change.ci95[1]))
    return Markup('<div class="change">{} <b>{}</b> {} ({})</div>').format(
        _("change:"), shown(change.value), unit, interval
    )


def methods(found: Comparison, say: Language) -> str:
    """How the intervals came about."""
    _, blocks = say._, found.now.panel.blocks
    texts = [
        _labelled(found, say),
        _("95% intervals. Lift: paired, the same members with and without the program."),
        _(
            "Points outstanding and redemption cost: from the spread between members. Members upgraded: Wilson's binomial interval."
        ),
        _(
            "Changes are paired, the same members under this and the shipped program; of lift, relative to the shipped program's own."
        ),
        ""
        if blocks is None
        else _("Other changes: batch means over {n} blocks of members.", n=say.number(len(blocks.members))),
    ]
    return _text('<p class="fine">{}</p>', say.joined(*texts))


def _labelled(found: Comparison, say: Language) -> str:
    """What kind of number this is, and under which assumptions: beside every chart and table."""
    _ = say._
    return _("Projection, assumptions {name}.", name=found.now.document["provenance"]["assumptions"])


# --- points by month -----------------------------------------------------------------------------------------------
def per_thousand(found: Comparison) -> tuple[tuple[date, ...], list[float], list[float]]:
    """Months, and points outstanding for 1,000 members: of the program and of the shipped one."""
    now, shipped = found.now, found.shipped
    return (
        now.panel.months,
        [PER * points / now.members for points in now.panel.closing],
        [PER * points / shipped.members for points in shipped.panel.closing],
    )


def sentence(found: Comparison, changed: bool, say: Language) -> str:
    """The chart in a sentence."""
    _ = say._
    months, now, shipped = per_thousand(found)
    facts = {"day": say.day(months[-1].isoformat()), "points": say.number(now[-1])}
    total = say.number(found.now.document["points"]["outstanding"])
    among = _("In all: {total} points among {members} members.", total=total, members=say.number(found.now.members))
    if not changed:
        text = _("On {day} there are {points} points outstanding for every 1,000 members.", **facts)
    elif not shipped[-1]:
        text = _("On {day} there are {points} points outstanding for every 1,000 members; as shipped, none.", **facts)
    else:
        ratio = 100 * (now[-1] / shipped[-1] - 1)
        text = _(
            "On {day} there are {points} points outstanding for every 1,000 members, {ratio} against the shipped program ({before}).",
            **facts, ratio=say.percent(ratio, 1, signed=True), before=say.number(shipped[-1]),
        )  # fmt: skip
    return _text(
        "<h2>{}</h2><p>{}</p>{}",
        _("Points outstanding by month, for 1,000 members"),
        say.joined(text, among),
        _legend(say),
    )


def _legend(say: Language) -> Markup:
    _ = say._
    line = Markup(
        '<li><svg width="34" height="10" aria-hidden="true"><line x1="0" x2="34" y1="5" y2="5" stroke="{}" stroke-width="{}"{}/></svg>{}</li>'
    )
    return Markup('<ul class="legend">{}{}</ul>').format(
        line.format("var(--accent)", 3, "", _("This program")),
        line.format("var(--ink)", 2, Markup(' stroke-dasharray="7 4"'), _("As shipped")),
    )


def month_table(found: Comparison, say: Language) -> str:
    """The chart's numbers."""
    _ = say._
    rows = [
        (say.month(month), say.number(now), say.number(shipped), say.number(now - shipped, signed=True))
        for month, now, shipped in zip(*per_thousand(found), strict=True)
    ]
    header = (_("End of"), _("This program"), _("As shipped"), _("Difference"))
    caption = say.joined(_("Points outstanding for 1,000 members."), _labelled(found, say))
    return str(_table(caption, header, rows))


def _table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(each) for each in header)
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            row[0], Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row[1:])
        )
        for row in rows
    )
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{}"><table><caption>{}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(caption, caption, head, body)


# --- levers --------------------------------------------------------------------------------------------------------
def lever_text(title: str, lever: Lever | Absent, currency: str, say: Language) -> str:
    """What a lever does, its value and the shipped one; or why the program does not have it."""
    _ = say._
    if isinstance(lever, Absent):
        return _text('<div class="lever"><h2>{}</h2><p class="off">{}</p></div>', title, say.text(lever.reason))
    now, shipped = (amount(each, lever.unit, currency, say) for each in (lever.value, lever.shipped))
    told = [say.text(lever.meaning, **dict(lever.words)), *(say.text(note) for note in lever.notes)]
    return _text(
        '<div class="lever"><h2>{}</h2><p><span class="now">{}</span> <span class="shipped">{}</span></p><p class="fine">{}</p></div>',
        title,
        now,
        _("shipped: {value}", value=shipped),
        say.joined(*told),
    )


def problem_text(problems: Sequence[Problem], tried: str, kept: str, say: Language) -> str:
    """Why a value was not taken, in the words of the program's format: path and message."""
    _ = say._
    lines = Markup("").join(
        Markup('<div lang="en"><code>{}</code>: {}</div>').format(each.path, each.message) for each in problems
    )
    said = _("{tried} was not taken; it stays {kept}.", tried=tried, kept=kept)
    return _text('<div class="problem" role="alert">{}{}</div>', said, lines)


def changes_list(changes: Sequence[Change], program: str, say: Language) -> str:
    """What differs from the shipped program's file."""
    _ = say._
    if not changes:
        return _text("<h2>{}</h2><p>{}</p>", _("No changes against the shipped program"), program)
    head = (
        _("1 change against the shipped program")
        if len(changes) == 1
        else _("{n} changes against the shipped program", n=say.number(len(changes)))
    )
    lines = Markup("").join(
        Markup("<li><code>{}</code>: {} → <b>{}</b></li>").format(
            each.key, _plain(each.before, say), _plain(each.after, say)
        )
        for each in changes
    )
    return _text('<h2>{}</h2><ol class="changes">{}</ol>', head, lines)


def _plain(value: Any, say: Language) -> str:
    return say.plain(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def headed(title: str, told: str) -> str:
    """A title, and what is to be said under it."""
    text = Markup('<p class="fine">{}</p>').format(told) if told else ""
    return _text("<h2>{}</h2>{}", title, text)
