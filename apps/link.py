"""A draft, a page and a language as the query of an address, and back. No Panel here.

What is short stands in the open (``?page=design&program=mitsui_outlet&seed=7&lang=zh-Hant``); what was edited is one parameter ``x``:
JSON, compressed, in base64 for addresses. A program begun from the library travels as what differs from it; one from the workspace as a
whole, since who opens the link need not have the file. What is read is bounded before it is unpacked, and checked like a file.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlencode

from apps.draft import Draft, library_program, patch_between
from apps.levers import file_mapping
from workbench.errors import BadInput, Problem
from workbench.program.load import library, program_from_mapping
from workbench.program.patch import merged
from workbench.program.spec import Program
from workbench.yaml_file import LARGEST

__all__ = ["LONGEST", "Place", "decode", "encode"]

LONGEST = 48_000
"""Characters of a query that a server still takes in one line."""
_FORMAT = 1


@dataclass(frozen=True)
class Place:
    """Where somebody is: a page, a draft, a language ("" where the address does not say)."""

    page: str
    draft: Draft
    tag: str = ""


def encode(place: Place) -> str:
    """The query, beginning with ``?``. Equal places give equal queries. Raises BadInput where the draft is too large for an address."""
    draft = place.draft
    open_parts = {
        "page": place.page,
        "program": draft.origin,
        "population": draft.population,
        "assumptions": draft.assumptions,
        "policy": draft.policy,
        "years": str(draft.years),
        "start": draft.start.isoformat(),
        "seed": str(draft.seed),
        "compare": ",".join(draft.compare),
        "lang": place.tag,
    }
    usual = {"policy": "default", "assumptions": "central", "compare": "", "lang": ""}
    shown = {name: value for name, value in open_parts.items() if usual.get(name) != value}
    packed = _packed(draft)
    if packed:
        shown["x"] = _pack(packed)
    query = "?" + urlencode(shown, safe=",:/")
    if len(query) > LONGEST:
        raise BadInput(
            Problem("link", f"the program is too large for a link ({len(query):,} characters): save it", None)
        )
    return query


def decode(query: str, fresh: Callable[[], Place]) -> Place:
    """The place that a query stands for; ``fresh`` gives what it does not say. Raises BadInput with everything that is wrong."""
    if len(query) > LONGEST:
        raise BadInput(Problem("link", f"expected at most {LONGEST:,} characters", None))
    asked = {name: values[0] for name, values in parse_qs(query.removeprefix("?"), max_num_fields=40).items()}
    begun = fresh()
    page, tag = asked.get("page", begun.page), asked.get("lang", "")
    if "program" not in asked:
        return Place(page, begun.draft, tag)
    packed = _unpack(asked["x"]) if "x" in asked else {}
    program, name = _program(asked["program"], packed.get("program"))
    baseline, baseline_name = _baseline(asked["program"], name, program, packed)
    draft = Draft(
        origin=name,
        program=program,
        baseline=baseline,
        baseline_name=baseline_name,
        population=asked.get("population", program.population),
        population_changes=_mapping(packed, "population"),
        assumptions=asked.get("assumptions", "central"),
        assumptions_changes=_mapping(packed, "assumptions"),
        policy=asked.get("policy", "default"),
        policy_changes=_mapping(packed, "policy"),
        compare=tuple(each for each in asked.get("compare", "").split(",") if each),
        years=_number(asked, "years", begun.draft.years),
        start=_day(asked, begun.draft.start),
        seed=_number(asked, "seed", begun.draft.seed),
    )
    return Place(page, draft.checked(), tag)


# --- what was edited -------------------------------------------------------------------------------------------------
def _packed(draft: Draft) -> dict[str, Any]:
    """What is not in the open: programs as they differ from what the recipient has, and changes of the world."""
    found: dict[str, Any] = {}
    shipped = library_program(draft.origin) if draft.origin in library() else None
    if shipped is None or draft.program != shipped:
        found["program"] = _difference(shipped, draft.program)
    if draft.baseline_name != draft.origin or shipped is None or draft.baseline != shipped:
        known = library_program(draft.baseline_name) if draft.baseline_name in library() else None
        found["baseline"] = draft.baseline_name
        if known is None or known != draft.baseline:
            found["baseline_program"] = _difference(known or shipped, draft.baseline)
            found["baseline_from"] = draft.baseline_name if known else draft.origin if shipped else ""
    for name in ("population", "assumptions", "policy"):
        changed = getattr(draft, f"{name}_changes")
        if changed:
            found[name] = dict(changed)
    return found


def _difference(shipped: Program | None, program: Program) -> dict[str, Any]:
    return patch_between(file_mapping(shipped) if shipped else {}, file_mapping(program))


def _program(origin: str, patch: Any) -> tuple[Program, str]:
    """A program, and the name it goes by."""
    if origin in library():
        if patch is None:
            return library_program(origin), origin
        return _patched(origin, patch), origin
    if patch is None:
        raise BadInput(
            Problem("program", "expected a program of the library: the link does not hold the file itself", origin)
        )
    return _patched("", patch), origin[:120]


def _patched(slug: str, patch: Any) -> Program:
    base = file_mapping(library_program(slug)) if slug else {}
    if not isinstance(patch, Mapping):
        raise BadInput(Problem("link", "expected a mapping of changes", None))
    return program_from_mapping(merged(base, patch))


def _baseline(origin: str, name: str, program: Program, packed: dict[str, Any]) -> tuple[Program, str]:
    if "baseline" not in packed:
        return (library_program(origin), origin) if origin in library() else (program, name)
    named = str(packed["baseline"])
    if "baseline_program" in packed:
        begun = str(packed.get("baseline_from", ""))
        return _patched(begun if begun in library() else "", packed["baseline_program"]), named
    if named not in library():
        raise BadInput(Problem("baseline", "expected a program of the library", named))
    return library_program(named), named


def _pack(found: dict[str, Any]) -> str:
    text = json.dumps({"v": _FORMAT, **found}, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def _unpack(text: str) -> dict[str, Any]:
    """Bounded: a few thousand characters can stand for gigabytes."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        reader = zlib.decompressobj()
        plain = reader.decompress(data, LARGEST)
        found = json.loads(plain) if not reader.unconsumed_tail else None
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        raise BadInput(Problem("link", "the part x= of the address cannot be read: was it cut off?")) from error
    if not isinstance(found, dict) or found.get("v") != _FORMAT:
        raise BadInput(Problem("link", "the part x= of the address was not made by this version of the workbench"))
    return found


def _mapping(packed: dict[str, Any], name: str) -> dict[str, Any]:
    found = packed.get(name, {})
    if not isinstance(found, dict):
        raise BadInput(Problem(name, "expected a mapping of changes"))
    return found


def _number(asked: dict[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name, str(otherwise))
    if not text.isascii() or not text.isdecimal() or len(text) > 19:
        raise BadInput(Problem(name, "expected a whole number", text))
    return int(text)


def _day(asked: dict[str, str], otherwise: date) -> date:
    try:
        return date.fromisoformat(asked.get("start", otherwise.isoformat()))
    except ValueError:
        raise BadInput(Problem("start", "expected a day like 2025-01-31", asked["start"])) from None
