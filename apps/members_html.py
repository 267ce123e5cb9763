"""What the Members page says, as fragments of HTML. Every text is escaped where it is put in: ``Markup.format`` does it."""

from collections.abc import Sequence

from markupsafe import Markup

from apps.fragments import STYLE
from apps.language import AppLanguage
from apps.problems_said import problems_said
from apps.views.members import Figure, Rows
from workbench.errors import BadInput

__all__ = ["LOOK", "basis", "chip", "figures", "headed", "notes", "problems", "table"]

LOOK = (
    STYLE
    + """
.strip.auto { grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
.card .value { font-size: 22px; }
.card .note { font-size: 13px; color: var(--muted); margin-top: 2px; overflow-wrap: anywhere; }
.whose { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: baseline; padding: 9px 14px;
  border: 1px solid #d97b16; border-left-width: 6px; border-radius: 6px; }
.whose.estimate { border-color: var(--accent); }
.whose strong { background: #8a4b08; color: #fff; padding: 2px 10px; border-radius: 4px; letter-spacing: .06em; font-size: 13.5px; }
.whose.estimate strong { background: #12677a; }
.whose span { flex: 1 1 320px; min-width: 0; overflow-wrap: anywhere; }
.said { max-width: 92ch; overflow-wrap: anywhere; }
td.words, th.words { text-align: left; white-space: normal; min-width: 110px; }
th.name { white-space: nowrap; }
.scroll.long { max-height: 560px; }
.notes { margin: 4px 0 0; padding-left: 20px; font-size: 13.5px; color: var(--muted); }
.notes li { overflow-wrap: anywhere; }
.problem p { margin: 2px 0; }
@media (max-width: 899px) { .card { flex: 0 0 176px; } .card .value { font-size: 20px; } }
"""
)


def _joined(parts: Sequence[Markup]) -> Markup:
    return Markup("").join(parts)


def basis(kind: str, word: str, text: str) -> str:
    """Whose figures these are: no figure is shown without it. ``kind``: projection or estimate."""
    pattern = '<div class="whose{}" data-basis="{}"><strong>{}</strong><span>{}</span></div>'
    return str(Markup(pattern).format(" estimate" if kind == "estimate" else "", kind, word, text))


def chip(kind: str, text: str, done: int = 0, total: int = 0) -> str:
    """The state, and how far the work is (``total`` 0: none is under way)."""
    parts = [Markup('<span class="chip {}" role="status" data-state="{}">{}</span>').format(kind, kind, text)]
    if total:
        parts.append(Markup('<progress max="{}" value="{}" aria-label="{}"></progress>').format(total, done, text))
    return str(Markup('<div class="state">{}</div>').format(_joined(parts)))


def headed(title: str, sentence: str = "") -> str:
    """A heading and what it says in a sentence."""
    said = Markup('<p class="said">{}</p>').format(sentence) if sentence else Markup("")
    return str(Markup("<h2>{}</h2>{}").format(title, said))


def figures(each: Sequence[Figure], label: str) -> str:
    """The strip of key figures; nothing where there are none."""
    if not each:
        return ""
    cards = [
        Markup('<div class="card" role="group" aria-label="{}"><h3>{}</h3><div class="value">{}</div>{}</div>').format(
            figure.name,
            figure.name,
            figure.value,
            Markup('<div class="note">{}</div>').format(figure.note) if figure.note else "",
        )
        for figure in each
    ]
    return str(
        Markup('<div class="strip auto" role="region" tabindex="0" aria-label="{}">{}</div>').format(
            label, _joined(cards)
        )
    )


def table(rows: Rows | None, long: bool = False) -> str:
    """A table that scrolls within its own frame."""
    if rows is None or not rows.rows:
        return ""

    def cell(tag: str, place: int, text: str) -> Markup:
        words = "words" if place in rows.words and place else "name" if place == 0 else ""
        scope = ' scope="col"' if tag == "th" else ""
        return Markup(f'<{tag}{scope} class="{words}">{{}}</{tag}>').format(text)  # names of our own

    head = _joined([cell("th", place, text) for place, text in enumerate(rows.header)])
    body = _joined(
        [
            Markup('<tr><th scope="row" class="name">{}</th>{}</tr>').format(
                row[0], _joined([cell("td", place, text) for place, text in enumerate(row[1:], 1)])
            )
            for row in rows.rows
        ]
    )
    return str(
        Markup(
            '<div class="scroll{}" role="region" tabindex="0" aria-label="{}"><table><caption>{}</caption><thead><tr>{}</tr></thead>'
            "<tbody>{}</tbody></table></div>"
        ).format(Markup(" long") if long else "", rows.caption, rows.caption, head, body)
    )


def notes(each: Sequence[str]) -> str:
    """Notes beneath."""
    if not each:
        return ""
    return str(
        Markup('<ul class="notes">{}</ul>').format(_joined([Markup("<li>{}</li>").format(text) for text in each]))
    )


def problems(error: BadInput | None, say: AppLanguage, most: int = 8) -> str:
    """What is wrong with a file, problem by problem."""
    if error is None:
        return ""
    _ = say._
    colon = "：" if say.chinese else ": "
    source = Markup("<b>{}</b>{}").format(error.source, colon) if error.source else ""
    lines = [Markup("<p>{}{}</p>").format(source, each) for each in problems_said(error, say, most)]
    rest = len(error.problems) + error.more - most
    if rest > 0:
        lines.append(Markup("<p>{}</p>").format(_("and {n} more", n=say.number(rest))))
    return str(
        Markup('<div class="problem" role="alert"><h3>{}</h3>{}</div>').format(
            _("This could not be taken"), _joined(lines)
        )
    )
