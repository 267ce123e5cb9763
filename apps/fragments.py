"""What the page says, as fragments of HTML. Every text is escaped where it is put in: ``Markup.format`` does it."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from markupsafe import Markup

from apps.answers import Answer
from apps.estimates import PER, Comparison
from apps.levers import Absent, Lever, Number
from apps.problems_said import hinted_said
from apps.world_said import assumptions_called
from workbench.errors import Problem
from workbench.reports.language import Language
from workbench.reports.plots import FONT

__all__ = [
    "STYLE", "amount", "headed", "labelled", "lever_text", "month_table", "per_thousand", "problem_text", "sentence", "text_of", "title_of", "world_line",
]  # fmt: skip

STYLE = (Path(__file__).parent / "style.css").read_text("utf-8").replace("{{FONT}}", FONT)


def text_of(pattern: str, *values: Any) -> str:
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


# --- points by month -----------------------------------------------------------------------------------------------
def per_thousand(found: Comparison) -> tuple[tuple[date, ...], list[float], list[float]]:
    """Months, and points outstanding for 1,000 members: of the program and of its baseline."""
    now, shipped = found.now, found.shipped
    return (
        now.panel.months,
        [PER * points / now.members for points in now.panel.closing],
        [PER * points / shipped.members for points in shipped.panel.closing],
    )


def world_line(answer: Answer) -> list[float] | None:
    """Points outstanding for 1,000 members of the baseline in the world that is shipped for it; None where that is this world."""
    world = answer.shipped_world
    return None if world is None else [PER * points / world.members for points in world.panel.closing]


def sentence(found: Comparison, changed: bool, say: Language, world: bool = False) -> str:
    """The chart in a sentence."""
    _ = say._
    months, now, shipped = per_thousand(found)
    facts = {"day": say.day(months[-1].isoformat()), "points": say.number(now[-1])}
    total = say.number(found.now.document["points"]["outstanding"])
    among = _("In all: {total} points among {members} members.", total=total, members=say.number(found.now.members))
    if not changed:
        text = _("On {day} there are {points} points outstanding for every 1,000 members.", **facts)
    elif not shipped[-1]:
        text = _(
            "On {day} there are {points} points outstanding for every 1,000 members; in the baseline, none.", **facts
        )
    else:
        ratio = 100 * (now[-1] / shipped[-1] - 1)
        text = _(
            "On {day} there are {points} points outstanding for every 1,000 members, {ratio} against the baseline ({before}).",
            **facts, ratio=say.percent(ratio, 1, signed=True), before=say.number(shipped[-1]),
        )  # fmt: skip
    return text_of(
        "<h2>{}</h2><p>{}</p>{}",
        _("Points outstanding by month, for 1,000 members"),
        say.joined(text, among),
        _legend(say, world),
    )


def _legend(say: Language, world: bool) -> Markup:
    _ = say._
    line = Markup(
        '<li><svg width="34" height="10" aria-hidden="true"><line x1="0" x2="34" y1="5" y2="5" stroke="{}" stroke-width="{}"{}/></svg>{}</li>'
    )
    lines = [
        line.format("var(--accent)", 3, "", _("This program")),
        line.format("var(--ink)", 2, Markup(' stroke-dasharray="7 4"'), _("Baseline")),
    ]
    if world:
        lines.append(
            line.format("var(--ink)", 2, Markup(' stroke-dasharray="2 4"'), _("Baseline, shipped assumptions"))
        )
    return Markup('<ul class="legend">{}</ul>').format(Markup("").join(lines))


def month_table(found: Comparison, say: Language) -> str:
    """The chart's numbers."""
    _ = say._
    rows = [
        (say.month(month), say.number(now), say.number(shipped), say.number(now - shipped, signed=True))
        for month, now, shipped in zip(*per_thousand(found), strict=True)
    ]
    header = (_("End of"), _("This program"), _("Baseline"), _("Difference"))
    caption = say.joined(_("Points outstanding for 1,000 members."), labelled(found, say))
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


def labelled(found: Comparison, say: Language) -> str:
    """What kind of number this is, and under which assumptions: beside every chart and table."""
    _ = say._
    name = assumptions_called(found.now.document["provenance"]["assumptions"], say)
    return _("Projection, assumptions {name}.", name=name)


# --- levers --------------------------------------------------------------------------------------------------------
def lever_text(title: str, lever: Lever | Absent, currency: str, say: Language) -> str:
    """What a lever does, its value and the shipped one; or why the program does not have it."""
    _ = say._
    if isinstance(lever, Absent):
        return text_of('<div class="lever"><h2>{}</h2><p class="off">{}</p></div>', title, say.text(lever.reason))
    now, shipped = (amount(each, lever.unit, currency, say) for each in (lever.value, lever.shipped))
    told = [say.text(lever.meaning, **dict(lever.words)), *(say.text(note) for note in lever.notes)]
    return text_of(
        '<div class="lever"><h2>{}</h2><p><span class="now">{}</span> <span class="shipped">{}</span></p><p class="fine">{}</p></div>',
        title,
        now,
        _("baseline: {value}", value=shipped),
        say.joined(*told),
    )


def problem_text(problems: Sequence[Problem], tried: str, kept: str, say: Language) -> str:
    """Why a value was not taken, path and message."""
    _ = say._
    lines = Markup("").join(
        Markup("<div><code>{}</code>: {}</div>").format(each.path, hinted_said(each, say)) for each in problems
    )
    said = _("{tried} was not taken; it stays {kept}.", tried=tried, kept=kept)
    return text_of('<div class="problem" role="alert">{}{}</div>', said, lines)


def headed(title: str, told: str) -> str:
    """A title, and what is to be said under it."""
    text = Markup('<p class="fine">{}</p>').format(told) if told else ""
    return text_of("<h2>{}</h2>{}", title, text)
