"""What the Design page shows as plain data: the program in sections, what is wrong and what is to be said of it, and its changes. No Panel."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from apps.forms import Node, Notes, Words, fields_by_key, node_of
from apps.levers import Change
from apps.problems_said import Said, finding_said, hinted_said, message_said, place_said
from workbench.errors import Problem
from workbench.lint import Finding
from workbench.program.spec import Program
from workbench.reports.language import Language

__all__ = ["SECTIONS", "change_rows", "form_words", "marks", "path_of", "sections", "titled"]


def N_(text: str) -> str:
    """Marks a text for the catalogue."""
    return text


SECTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "earn": (N_("Earning points"), ("earn",)),
    "tiers": (N_("Tiers"), ("tiers",)),
    "expiry": (N_("Expiry of points"), ("expiry",)),
    "redemption": (N_("Redemption"), ("redemption",)),
    "coupons": (N_("Coupons"), ("coupons",)),
    "prices": (N_("Member prices and checkout"), ("prices", "checkout")),
    "value": (N_("Stored value and paid plans"), ("stored_value", "plans")),
    "messages": (N_("Messages, segments, referrals"), ("messages", "segments", "referral")),
    "refunds": (N_("Refunds"), ("refunds",)),
    "about": (
        N_("About the program"),
        ("title", "title_zh", "currency", "provenance", "population", "default_category", "default_channel"),
    ),
    "later": (N_("Later versions and recorded reasons"), ("versions", "accepted")),
}
"""By slug, in the order in which people think of a program: title, keys of the file."""


def form_words(say: Language) -> Words:
    """Keys, values and help texts in a language."""
    return Words(title=lambda key: say.text(titled(key)), value=lambda text: say.text(titled(text)), help=say.text)


def titled(key: str) -> str:
    """A key or a value of the file as a title: ``whole_blocks`` is Whole blocks."""
    text = key.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def sections(
    mapping: Mapping[str, Any],
    open_ones: Iterable[str],
    problems: Sequence[Problem],
    findings: Sequence[Finding],
    say: Language,
) -> list[dict[str, Any]]:
    """The sections of the form; nodes only of those that are open."""
    words, wanted = form_words(say), set(open_ones)
    keys = fields_by_key(Program)
    notes = _notes(mapping, problems, findings, say)
    found = []
    for slug, (title, own) in SECTIONS.items():
        nodes: list[Node] | None = None
        if slug in wanted:
            nodes = [
                node_of((key,), key, keys[key].annotation, keys[key], mapping.get(key), words, notes) for key in own
            ]
        wrong = sum(_first(each.path) in own for each in problems)
        said = sum(_first(each.path) in own and each.severity != "note" for each in findings)
        found.append(
            {
                "slug": slug, "title": say.text(title), "summary": _summary(slug, mapping, say), "nodes": nodes,
                "problems": say.number(wrong) + " ✗" if wrong else "", "findings": say.number(said) + " !" if said else "",
            }
        )  # fmt: skip
    return found


def _notes(
    mapping: Mapping[str, Any], problems: Sequence[Problem], findings: Sequence[Finding], say: Language
) -> Notes:
    wrong: dict[str, list[Said]] = {}
    for each in problems:
        wrong.setdefault(_nearest(mapping, each.path), []).append(hinted_said(each, say))
    said: dict[str, list[tuple[str, str, str]]] = {}
    for finding in findings:
        found = finding_said(finding, say)
        told = finding.severity, f"{finding.code}: {found.text}", found.tag
        said.setdefault(_nearest(mapping, finding.path), []).append(told)
    return Notes(wrong, said, names=_names(mapping))


def _names(mapping: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names that lists of words may use."""
    tiers = mapping.get("tiers")
    levels = tiers.get("levels", ()) if isinstance(tiers, Mapping) else ()
    return {"tiers": [str(each.get("name", "")) for each in levels if isinstance(each, Mapping)]}


def _nearest(mapping: Mapping[str, Any], path: str) -> str:
    """Of names in a list a finding may speak by name (``coupons.welcome``); the form knows them by place."""
    found = ""
    here: Any = mapping
    for part in path_of(path):
        if isinstance(here, list) and isinstance(part, str):
            part = next((k for k, each in enumerate(here) if isinstance(each, Mapping) and each.get("name") == part), 0)
        found += f"[{part}]" if isinstance(part, int) else f".{part}" if found else part
        here = here.get(part) if isinstance(here, Mapping) else _entry(here, part)
    return found


def _entry(here: Any, part: str | int) -> Any:
    return here[part] if isinstance(here, list) and isinstance(part, int) and part < len(here) else None


def path_of(text: str) -> tuple[str | int, ...]:
    """The path that a dotted text stands for: ``earn.caps[0].points`` is ``("earn", "caps", 0, "points")``."""
    parts = re.findall(r"\[(\d+)\]|([^.\[\]]+)", text)
    return tuple(int(place) if place else name for place, name in parts)


def _first(path: str) -> str:
    return str(next(iter(path_of(path)), ""))


# --- a section in a few words ----------------------------------------------------------------------------------------
def _summary(slug: str, mapping: Mapping[str, Any], say: Language) -> str:
    value = mapping.get(SECTIONS[slug][1][0])
    if slug == "about":
        return str(mapping.get("title", ""))
    if slug == "earn":
        return _earning(value, say)
    if slug == "tiers":
        levels = value.get("levels", ()) if isinstance(value, Mapping) else ()
        return " › ".join(str(each.get("name", "")) for each in levels if isinstance(each, Mapping)) or "–"
    if slug == "expiry":
        given = value if isinstance(value, Mapping) else {"model": "none"}
        return say.joined(say.text(titled(str(given.get("model", "")))), *_length(given, say))
    parts = [(key, mapping.get(key)) for key in SECTIONS[slug][1]]
    told = [
        f"{say.text(titled(key))} {len(each)}" if isinstance(each, list) else say.text(titled(key))
        for key, each in parts
        if each
    ]
    return say.listed(told) or "–"


def _length(given: Mapping[str, Any], say: Language) -> list[str]:
    found = [(key, given[key]) for key in ("months", "days", "minimum_age_months", "idle_months") if given.get(key)]
    return [f"{say.text(titled(key))}: {value}" for key, value in found]


def _earning(value: Any, say: Language) -> str:
    given = value if isinstance(value, Mapping) else {}
    rate = given.get("rate")
    parts = []
    if isinstance(rate, Mapping):
        parts.append(f"{rate.get('points')} / {rate.get('per')}")
    parts += [
        f"{say.text(titled(key))} {len(given[key])}" for key in ("multipliers", "bonuses", "caps") if given.get(key)
    ]
    return say.listed(parts) or "–"


# --- lines and changes -----------------------------------------------------------------------------------------------
def marks(
    problems: Sequence[Problem], findings: Sequence[Finding], line_of: Any, say: Language
) -> dict[str, list[list[str]]]:
    """What is to be said of lines of the text, by line: severity, text, its language where that is not the page's.
    ``line_of``: the line of a path, where the text is YAML."""
    found: dict[int, list[list[str]]] = {}
    for problem in problems:
        line = problem.line or (line_of(path_of(problem.path)) if line_of and problem.path else 1)
        where = "" if problem.path.startswith("line ") else f"{place_said(problem.path, say)}: " if problem.path else ""
        told = hinted_said(problem, say)
        found.setdefault(line, []).append(["error", where + told.text, told.tag])
    for finding in findings if line_of else ():
        line = line_of(path_of(finding.path))
        told = message_said(finding.message, say)
        found.setdefault(line, []).append([finding.severity, f"{finding.path}: {told.text} ({finding.code})", told.tag])
    return {str(line): found[line] for line in sorted(found)}


def change_rows(changes: Sequence[Change], say: Language) -> list[list[str]]:
    """Each change: its path, what was, what is."""
    plain = partial(_plain, say=say)
    return [[each.key, plain(each.before), plain(each.after)] for each in changes]


def _plain(value: Any, say: Language) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return say.plain(value)
    if isinstance(value, Mapping):
        named = next((str(value[key]) for key in ("name", "title", "model", "on") if key in value), "")
        return named or "{" + say.listed([str(key) for key in value]) + "}"
    if isinstance(value, list):
        return "[" + say.listed([_plain(each, say) for each in value]) + "]"
    return str(value)
