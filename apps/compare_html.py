"""The page Compare as fragments of HTML. Every text is escaped where it is put in."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from apps.views.compare_outcomes import Cell, Outcome
from workbench.reports.language import Language
from workbench.reports.parts import Table

__all__ = ["COMPARE_STYLE", "chip", "left_out", "outcome_table", "section", "spoken", "table_html"]

COMPARE_STYLE = (Path(__file__).parent / "compare.css").read_text("utf-8")


def chip(kind: str, members: int, seed: int, done: int, total: int, say: Language) -> str:
    """The state: ``first``, ``preview``, ``full`` or ``stale``; and how far a full run is (``total`` 0: none is under way)."""
    _ = say._
    size = {"n": say.number(members), "seed": str(seed)}
    words = {
        "first": _("Computing…"),
        "preview": _("Preview: {n} members, seed {seed}", **size),
        "full": _("Full run: {n} members, seed {seed}", **size),
        "stale": _("Out of date: computing…"),
    }
    looks = "stale" if kind == "first" else kind
    parts = [
        Markup('<span class="chip {}" role="status" data-compared="{}">{}</span>').format(looks, kind, words[kind])
    ]
    if total:
        told = _("{done} of {total} lives", done=say.number(done), total=say.number(total))
        parts.append(Markup('<progress max="{}" value="{}" aria-label="{}"></progress>').format(total, done, told))
        parts.append(Markup("<span>{}</span>").format(told))
    return str(Markup('<div class="state">{}</div>').format(Markup("").join(parts)))


def section(title: str, sentence: str) -> str:
    """A heading, and the chart in a sentence."""
    return str(Markup("<h2>{}</h2><p>{}</p>").format(title, sentence))


def spoken(sentence: str) -> str:
    """A sentence of its own."""
    return str(Markup("<p>{}</p>").format(sentence))


def left_out(lines: Sequence[str]) -> str:
    """What is left out, and why."""
    if not lines:
        return ""
    items = Markup("").join(Markup("<div>{}</div>").format(line) for line in lines)
    return str(Markup('<div class="problem" role="alert">{}</div>').format(items))


def table_html(table: Table, say: Language, note: str = "", is_open: bool = False) -> str:
    """The numbers behind a chart, to be opened."""
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(each) for each in table.header)
    last = len(table.rows) - 1
    body = Markup("").join(
        Markup('<tr{}><th scope="row">{}</th>{}</tr>').format(
            Markup(' class="total"') if table.total and k == last else "",
            row[0],
            Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row[1:]),
        )
        for k, row in enumerate(table.rows)
    )
    caption = say.joined(f"{table.caption}{'。' if say.chinese else '.'}", note)
    return str(
        Markup(
            '<details class="numbers"{}><summary>{}</summary><div class="scroll" tabindex="0" role="region" aria-label="{}"><table>'
            "<caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></details>"
        ).format(Markup(" open") if is_open else "", say._("Table"), caption, caption, head, body)
    )


def outcome_table(rows: Sequence[Outcome], names: Sequence[str], caption: str, say: Language) -> str:
    """Every figure of every program: value, interval, and the difference from the first."""
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(each) for each in ("", *names))
    body = Markup("").join(
        Markup('<tr data-figure="{}"><th scope="row">{}<span class="unit">{}</span></th>{}</tr>').format(
            row.key, row.name, row.unit, Markup("").join(_cell(cell, say) for cell in row.cells)
        )
        for row in rows
    )
    return str(
        Markup(
            '<div class="scroll outcomes" tabindex="0" role="region" aria-label="{}"><table><caption>{}</caption>'
            "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
        ).format(caption, caption, head, body)
    )


def _cell(cell: Cell, say: Language) -> Markup:
    lines = [Markup("<b>{}</b>").format(cell.value)]
    if cell.interval:
        lines.append(Markup('<span class="interval">{}</span>').format(cell.interval))
    if cell.change:
        within = f" ({cell.change_interval})" if cell.change_interval else ""
        lines.append(Markup('<span class="change">{}{}</span>').format(cell.change, within))
    return Markup("<td>{}</td>").format(Markup("").join(lines))
