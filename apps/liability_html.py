"""What the Finance page says, as fragments of HTML. Every text is escaped where it is put in: ``Markup.format`` does it."""

from collections.abc import Sequence

from markupsafe import Markup

from apps.fragments import STYLE
from apps.problems_said import problems_said
from apps.views.liability import Basis
from apps.views.liability_books import Held
from workbench.errors import BadInput
from workbench.reports.language import Language
from workbench.reports.parts import KeyFigure, Table

__all__ = [
    "LOOK",
    "basis",
    "checks",
    "chip",
    "figures",
    "folded",
    "headed",
    "notes",
    "problems",
    "said",
    "table",
    "warnings",
]

LOOK = (
    STYLE
    + """
.strip.six { grid-template-columns: repeat(6, minmax(0, 1fr)); }
.card .value { font-size: 23px; }
.card .note { font-size: 13px; color: var(--muted); margin-top: 2px; overflow-wrap: anywhere; }
.whose { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: baseline; padding: 9px 14px;
  border: 1px solid #d97b16; border-left-width: 6px; border-radius: 6px; }
.whose.estimate { border-color: var(--accent); }
.whose strong { background: #8a4b08; color: #fff; padding: 2px 10px; border-radius: 4px; letter-spacing: .06em; font-size: 13.5px; }
.whose.estimate strong { background: #12677a; }
.whose span { flex: 1 1 320px; min-width: 0; overflow-wrap: anywhere; }
td.words, th.words { text-align: left; white-space: normal; min-width: 130px; }
tr.total > * { font-weight: 700; border-top: 2px solid var(--ink); }
details > summary { cursor: pointer; font-size: 14px; color: var(--accent); padding: 4px 0; }
.ok, .no { font-weight: 700; white-space: nowrap; }
.ok { color: var(--mui-palette-success-main); } .no { color: var(--mui-palette-error-main); }
.said { max-width: 92ch; overflow-wrap: anywhere; }
.notes { margin: 4px 0 0; padding-left: 20px; font-size: 13.5px; color: var(--muted); }
.notes li { overflow-wrap: anywhere; }
.warned { margin: 0; padding: 4px 0 4px 14px; border-left: 4px solid var(--mui-palette-warning-main); list-style: none; font-size: 14px; }
.warned li { overflow-wrap: anywhere; margin: 2px 0; }
@media (max-width: 1199px) { .strip.six { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
@media (max-width: 899px) {
  tbody th { white-space: normal; min-width: 96px; }
  .strip.six { display: flex; } .card { flex: 0 0 204px; } .card .value { font-size: 20px; } }
"""
)


def _joined(parts: Sequence[Markup]) -> Markup:
    return Markup("").join(parts)


def basis(found: Basis, more: str = "") -> str:
    """Whose figures these are: no figure is shown without it."""
    pattern = '<div class="whose{}" data-basis="{}"><strong>{}</strong><span>{}</span></div>'
    text = f"{found.text} {more}".strip()
    kind = " estimate" if found.kind.lower() == "estimate" else ""  # the word `projection` has a style of its own
    return str(Markup(pattern).format(kind, found.kind, found.word, text))


def chip(kind: str, text: str, done: int = 0, total: int = 0, told: str = "") -> str:
    """The state: preview, full or stale; and how far the work is (``total`` 0: none is under way)."""
    parts = [Markup('<span class="chip {}" role="status" data-valued="{}">{}</span>').format(kind, kind, text)]
    if total:
        parts.append(Markup('<progress max="{}" value="{}" aria-label="{}"></progress>').format(total, done, told))
    if told:
        parts.append(Markup("<span>{}</span>").format(told))
    return str(Markup('<div class="state valuing">{}</div>').format(_joined(parts)))


def figures(each: Sequence[KeyFigure], label: str) -> str:
    """The strip of key figures."""
    cards = []
    for figure in each:
        rest = [Markup('<div class="interval">{}</div>').format(figure.interval)] if figure.interval else []
        rest += [Markup('<div class="note">{}</div>').format(note) for note in figure.notes]
        cards.append(
            Markup(
                '<div class="card"><h3>{}</h3><div class="value{}">{}<span class="unit">{}</span></div>{}</div>'
            ).format(figure.name, " missing" if figure.missing else "", figure.value, figure.unit, _joined(rest))
        )
    pattern = '<div class="strip six" role="region" tabindex="0" aria-label="{}">{}</div>'
    return str(Markup(pattern).format(label, _joined(cards)))


def headed(title: str, text: str = "") -> str:
    """A heading, and what is to be said under it."""
    sentence = Markup('<p class="said">{}</p>').format(text) if text else ""
    return str(Markup("<h2>{}</h2>{}").format(title, sentence))


def said(text: str) -> str:
    """A sentence."""
    return str(Markup('<p class="said">{}</p>').format(text))


def table(each: Table, words: Sequence[int] = ()) -> str:
    """A table; ``words``: columns that hold texts rather than figures."""
    head = _joined([_cell("th", k, name, words, ' scope="col"') for k, name in enumerate(each.header)])
    rows = []
    for place, row in enumerate(each.rows):
        last = each.total and place == len(each.rows) - 1
        inside = [Markup('<th scope="row">{}</th>').format(row[0])]
        inside += [_cell("td", k, cell, words) for k, cell in enumerate(row[1:], 1)]
        rows.append(Markup('<tr class="{}">{}</tr>').format("total" if last else "", _joined(inside)))
    return str(
        Markup(
            '<div class="scroll" tabindex="0" role="region" aria-label="{}"><table><caption>{}</caption><thead><tr>{}</tr></thead>'
            "<tbody>{}</tbody></table></div>"
        ).format(each.caption, each.caption, head, _joined(rows))
    )


def _cell(name: str, place: int, text: str, words: Sequence[int], more: str = "") -> Markup:
    kind = "words" if place in words else ""
    return Markup("<{}{} class='{}'>{}</{}>").format(Markup(name), Markup(more), kind, text, Markup(name))


def folded(title: str, html: str) -> str:
    """Something that is opened by whoever wants it."""
    return str(Markup("<details><summary>{}</summary>{}</details>").format(title, Markup(html)))


def notes(each: Sequence[tuple[str, Sequence[str]]], language: str = "") -> str:
    """What each method assumes."""
    lines = [
        Markup("<li><b>{}</b>: {}</li>").format(name, "; ".join(texts))
        for name, texts in each
        if texts
    ]  # fmt: skip
    return str(Markup('<ul class="notes">{}</ul>').format(_joined(lines)))


def warnings(texts: Sequence[str]) -> str:
    """Where a figure lies outside what was seen elsewhere. "" where none does."""
    if not texts:
        return ""
    return str(
        Markup('<ul class="warned">{}</ul>').format(_joined([Markup("<li>{}</li>").format(text) for text in texts]))
    )


def checks(each: Sequence[Held], say: Language) -> str:
    """Every check with what was compared."""
    _ = say._
    rows = [
        Markup(
            '<tr><th scope="row">{}</th><td class="{}">{}</td><td>{}</td><td>{}</td><td class="words">{}</td></tr>'
        ).format(
            check.name, "ok" if check.holds else "no", ("✓ " if check.holds else "✗ ") + (_("holds") if check.holds else _("fails")),
            check.found, check.expected, check.text,
        )
        for check in each
    ]  # fmt: skip
    heads = (_("Check"), _("Result"), _("Found"), _("Expected"), _("Meaning"))
    head = _joined(
        [
            Markup('<th scope="col" class="{}">{}</th>').format("words" if k == 4 else "", name)
            for k, name in enumerate(heads)
        ]
    )
    caption = _("Checks: amounts in minor units, points as counted")
    return str(
        Markup(
            '<div class="scroll tall" tabindex="0" role="region" aria-label="{}"><table><caption>{}</caption><thead><tr>{}</tr></thead>'
            "<tbody>{}</tbody></table></div>"
        ).format(caption, caption, head, _joined(rows))
    )  # fmt: skip


def problems(error: BadInput, say: Language) -> str:
    """Why something was not taken."""
    _ = say._
    lines = [Markup("<li>{}</li>").format(each) for each in problems_said(error, say, 12)]
    rest = len(error.problems) - 12 + error.more
    more = Markup("<li>{}</li>").format(_("and {n} more", n=say.number(rest))) if rest > 0 else ""
    source = Markup("<b>{}</b> ").format(error.source) if error.source else ""
    return str(
        Markup('<div class="problem" role="alert">{}{}<ul class="notes">{}{}</ul></div>').format(
            source, _("was not taken:"), _joined(lines), more
        )
    )
