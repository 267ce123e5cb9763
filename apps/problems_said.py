"""What is wrong, and what the lint finds, in the language of the page.

Readers and rules speak English, with numbers and names in their sentences. A catalogue has these sentences as templates; a sentence is matched
against them and said again with what stood in the places. One that no template knows stays English, and says so: ``Said.tag`` is its language then.

Places are named by what may stand there: one letter, a number; one of ``_SINGLE``, a word without spaces; ``why``, a sentence that is
said too, where it is known; ``what``, one that has to be known.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from markupsafe import Markup

from apps.language import catalogue_of
from workbench.errors import BadInput, Problem, shown
from workbench.lint import Finding
from workbench.reports.language import Language

__all__ = [
    "Said", "finding_said", "hinted_said", "listed_said", "message_said", "messages_said", "place_said", "problem_said", "problems_said", "refusal_said",
]  # fmt: skip

_PLACE = re.compile(r"\{(\w+)\}")
_NUMBER = r"[-+−]?\d[\d,.]*(?:e[-+]?\d+)?"
_SINGLE = frozenset(
    ("code", "column", "currency", "currency2", "currency3", "date", "day", "event", "found", "key", "kind", "last", "month", "other", "outcome", "value")
)  # fmt: skip
_SENTENCES = ("why", "what")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_PER_CENT = re.compile(r"(\d) %")
_MEETING = re.compile("[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]")
_DAYS = re.compile(r"(\d[\d.,]*) days")
_REST = re.compile(r" and ([\d,]+) more$")
_WORDS = frozenset(
    ("less than 0.0001 %", "no end of", "for ever", "none", "money off", "automatic redemption", "voucher")
)
"""What the engine puts in the place of a number, a list or a name."""
_PLACES = re.compile(r"header$|(header|schema), |(line|row|column|byte|cohort|month) ")
"""How the place of a problem in a table begins."""
_COUNTS = re.compile(r"-?\d+ of \d+|byte 0x\w\w")
"""What a reader itself puts in the place of what was found."""


class Said(NamedTuple):
    """A text, and its language where that is not the page's ("" where it is)."""

    text: str
    tag: str = ""

    def __html__(self) -> str:
        """The text as part of a page, marked where it is in another language."""
        pattern = '<span lang="{1}">{0}</span>' if self.tag else "{0}"
        return str(Markup(pattern).format(self.text, self.tag))


class _Template(NamedTuple):
    pattern: re.Pattern[str]
    other: str


@cache
def _templates(tag: str) -> tuple[dict[str, str], tuple[_Template, ...]]:
    """The sentences without places, and those with places, the ones that say the most themselves first."""
    texts = catalogue_of(tag, "problems")
    places = sorted((each for each in texts if _PLACE.search(each)), key=lambda each: -len(_PLACE.sub("", each)))
    return texts, tuple(_Template(_compiled(each), texts[each]) for each in places)


def _compiled(text: str) -> re.Pattern[str]:
    parts = _PLACE.split(text)  # literal, name, literal, ...
    found = "".join(re.escape(part) if k % 2 == 0 else f"(?P<{part}>{_allowed(part)})" for k, part in enumerate(parts))
    return re.compile(found, re.DOTALL)


def _allowed(place: str) -> str:
    return _NUMBER if len(place) == 1 else r"\S+" if place in _SINGLE else ".+?"


@lru_cache(maxsize=4096)
def _translated(english: str, tag: str) -> str | None:
    """A sentence in another language; None where no template knows it."""
    texts, templates = _templates(tag)
    if english in texts:
        return texts[english]
    for template in templates:
        found = template.pattern.fullmatch(english)
        values = None if found is None else _values(found.groupdict(), tag)
        if values is not None:
            return _filled(template.other, values)
    return None


def _filled(text: str, values: dict[str, str]) -> str:
    """A template with its places filled: a space where letters meet Chinese, none beside quotation marks."""
    found = ""
    for k, part in enumerate(_PLACE.split(text)):
        piece = values[part] if k % 2 else part
        if piece[:1] == "「":
            found = found.rstrip(" ")
        elif found[-1:] == "」":
            piece = piece.lstrip(" ")
        elif k % 2 and "\u4e00" <= piece[:1] <= "\u9fff":
            found = found.rstrip(" ")
        elif _MEETING.fullmatch(found[-1:] + piece[:1]):
            found += " "
        found += piece
    return found


def _values(found: dict[str, str], tag: str) -> dict[str, str] | None:
    """What stands in the places; None where something has to be known there and is not."""
    values = {}
    for place, text in found.items():
        said = _translated(text, tag) if place in _SENTENCES else None
        if said is None and place == "what" and not text.startswith(("'", '"')):
            return None
        values[place] = _value(text, tag) if said is None else said
    return values


def _value(text: str, tag: str) -> str:
    """A name, a number or a list as it stands in a sentence of another language."""
    words = catalogue_of(tag, "problems")
    if text in _WORDS:
        return words.get(text, text)
    days = _DAYS.fullmatch(text)
    if days:
        return words["{n} days"].replace("{n}", days[1])
    text = _PER_CENT.sub(r"\1%", text)
    text = _QUOTED.sub(lambda name: f"「{name[1] or name[2] or ''}」", text).replace("」 and 「", "」、「")
    return _REST.sub(lambda more: words["{names} and {n} more"].replace("{names}", "").replace("{n}", more[1]), text)


# --- sentences ---------------------------------------------------------------------------------------------------------
def message_said(english: str, say: Language) -> Said:
    """A message by itself."""
    if not say.chinese:
        return Said(english)
    found = _translated(english, say.tag)
    return Said(english, "en") if found is None else Said(found)


def place_said(path: str, say: Language) -> str:
    """A row or a line of a table in words; a path of keys is the file's own, and stays."""
    return (_translated(path, say.tag) if say.chinese and _PLACES.match(path) else None) or path


def hinted_said(problem: Problem, say: Language) -> Said:
    """What was expected, and the nearest valid name: for where the place is plain."""
    found = message_said(problem.message, say)
    if found.tag or not say.chinese:
        hint = "" if problem.suggestion is None else f"; did you mean {problem.suggestion!r}?"
        return Said(found.text + hint, found.tag)
    return Said(found.text + _hint(problem, say))


def problem_said(problem: Problem, say: Language) -> Said:
    """Place, what was expected, what was found, and the nearest valid name."""
    found = message_said(problem.message, say)
    if found.tag or not say.chinese:
        return Said(str(problem), found.tag)
    place, line = place_said(problem.path, say), ""
    if problem.line is not None and f"line {problem.line}" not in problem.path:
        line = place_said(f"line {problem.line}", say)
    where = f"{place}（{line}）" if place and line else place or line
    return Said((f"{where}：" if where else "") + found.text + _found(problem.value, say) + _hint(problem, say))


def _found(value: object, say: Language) -> str:
    if value is None:
        return ""
    text = str(shown(value))
    if isinstance(value, str) and not _COUNTS.fullmatch(text):
        said = f"「{text}」"
    else:
        said = _translated(text, say.tag) or text
    return _filled(say._(", found {value}"), {"value": said})


def _hint(problem: Problem, say: Language) -> str:
    if problem.suggestion is None:
        return ""
    return say._("; did you mean {name}?", name=f"「{problem.suggestion}」")


# --- several -----------------------------------------------------------------------------------------------------------
def problems_said(error: BadInput, say: Language, most: int | None = None) -> list[Said]:
    """Every problem, or the first of them."""
    return [problem_said(each, say) for each in error.problems[:most]]


def listed_said(error: BadInput, say: Language) -> Said:
    """Every problem, in one line."""
    return _together("；" if say.chinese else "; ", problems_said(error, say))


def messages_said(error: BadInput, say: Language) -> Said:
    """The messages of all problems, without their places."""
    return _together("；" if say.chinese else "; ", [message_said(each.message, say) for each in error.problems])


def refusal_said(error: BadInput, say: Language) -> Said:
    """All of it as one text, for a notice."""
    if not say.chinese:
        return Said(str(error))
    found = _together("\n", problems_said(error, say))
    return Said((f"{error.source}：" if error.source else "") + found.text, found.tag)


def _together(between: str, parts: Iterable[Said]) -> Said:
    """Texts as one; marked as another language only where all of it is."""
    told = list(parts)
    tags = {each.tag for each in told}
    return Said(between.join(each.text for each in told), tags.pop() if len(tags) == 1 else "")


def finding_said(finding: Finding, say: Language) -> Said:
    """What the lint found; the reason why it stands is the program's own text."""
    found = message_said(finding.message, say)
    if finding.accepted is None:
        return found
    reason = f"（{finding.accepted}）" if say.chinese and not found.tag else f" ({finding.accepted})"
    return Said(found.text + reason, found.tag)
