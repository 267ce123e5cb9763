"""A file format as a form: nodes that a browser can show, from the models' own annotations and docstrings. No Panel here.

A node is plain data (it travels as JSON); every node has ``k`` (kind), ``p`` (path: keys and positions), ``t`` (title), ``h`` (help), and may
have ``e`` (problems: text, and its language where that is not the page's) and ``f`` (findings: severity, text, language).

    number, text, date    ``v`` the text shown ("" where it is not given), ``d`` what holds then; number also ``min``, ``max``, ``whole``
    flag                  ``v`` "true", "false"
    choice                ``v``, ``o``: options ``[value, title]``; "" stands for not given where it is optional
    lines                 a list of sentences, one on each line
    words                 a list of words, written with commas between them; ``o``: suggestions
    group                 ``c`` the fields; ``n``: optional, so that it can be taken out; ``here``: whether it is there
    kinds                 a union: a group with ``o``, the kinds there are, and ``v``, the one it is
    list                  ``c`` the entries (groups or kinds), ``o``: kinds that can be added ([["", ""]] where there is one kind)
    map                   ``c`` the entries, each with ``key``
    A number that is an assumption has ``r`` (plausible range), ``s`` (source), ``b`` (basis); ``was``: the value it had before, as text.

    plain                 what has no fields of its own: shown as YAML, changed in the YAML beside
"""

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from workbench.errors import dotted

__all__ = ["Node", "Notes", "Words", "bare", "field_at", "fields_by_key", "node_of", "union_members"]

Node = dict[str, Any]
Path = tuple[str | int, ...]


def bare(annotation: Any) -> tuple[Any, bool]:
    """A type without its constraints and without ``| None``, and whether None was among it."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if _is_union(annotation):
        rest = [each for each in get_args(annotation) if each is not type(None)]
        optional = len(rest) < len(get_args(annotation))
        if len(rest) == 1:
            return bare(rest[0])[0], optional
        return Union[tuple(rest)], optional  # noqa: UP007
    return annotation, False


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def is_model(annotation: Any) -> bool:
    """Whether a type is a model."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def fields_by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Fields by their key in the file."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def union_members(annotation: Any) -> tuple[str, dict[str, type[BaseModel]]]:
    """The key by which a union's member is chosen, and the members by its words; no members where it is no such union."""
    found: dict[str, type[BaseModel]] = {}
    key = ""
    for each in get_args(annotation) if _is_union(annotation) else ():
        model = bare(each)[0]
        for name, info in fields_by_key(model).items() if is_model(model) else ():
            words = get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
            if len(words) == 1 and info.is_required():
                key, found[str(words[0])] = name, model
    return key, found


@dataclass(frozen=True)
class Words:
    """How titles of keys, help and values are said."""

    title: Any = field(default=lambda key: key.replace("_", " ").capitalize())
    value: Any = field(default=lambda text: text)
    help: Any = field(default=lambda text: text)


@dataclass(frozen=True)
class Notes:
    """What is to be said at places of the file: problems as (text, language), and findings as (severity, text, language), by dotted path; a
    language is "" where it is the page's."""

    problems: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    findings: Mapping[str, Sequence[tuple[str, str, str]]] = field(default_factory=dict)
    shipped: Mapping[str, Any] | None = None
    """Where each value that differs from another mapping is to say so (``was``): that mapping."""
    names: Mapping[str, list[str]] = field(default_factory=dict)
    """Suggestions for lists of words, by key (``tiers``, ``categories``)."""


def node_of(
    path: Path, key: str, annotation: Any, info: FieldInfo | None, value: Any, words: Words, notes: Notes
) -> Node:
    """The node of a value. ``value`` is None where the file does not give it."""
    kind, optional = bare(annotation)
    node: Node = {"p": list(path), "t": words.title(key), "h": words.help(_help(info))}
    place = dotted(path)
    if place in notes.problems:
        node["e"] = [list(each) for each in notes.problems[place]]
    if place in notes.findings:
        node["f"] = [list(each) for each in notes.findings[place]]
    node |= _assumed(info, words) | _was(path, value, notes)
    default = None if info is None or info.default is PydanticUndefined else info.default
    optional = optional or (info is not None and not info.is_required())
    member_key, members = union_members(kind)
    if members:
        return node | _kinds(path, member_key, members, value, default, optional, words, notes)
    if is_model(kind):
        return node | _group(path, kind, value, default, optional, words, notes)
    if get_origin(kind) in (tuple, list):
        return node | _several(path, key, get_args(kind)[0], value, words, notes)
    if get_origin(kind) is dict:
        return node | _map(path, get_args(kind)[1], value, words, notes)
    return node | _leaf(kind, info, value, default, optional, words)


def _assumed(info: FieldInfo | None, words: Words) -> Node:
    """Range, source and basis of a number that somebody assumed."""
    extra = info.json_schema_extra if info is not None else None
    if not isinstance(extra, dict) or "range" not in extra:
        return {}
    low, high = extra["range"]  # type: ignore[misc, str-unpack]
    return {
        "r": [_text(low), _text(high)],
        "s": words.help(str(extra.get("source", ""))),
        "b": str(extra.get("basis", "")),
    }


def _was(path: Path, value: Any, notes: Notes) -> Node:
    if notes.shipped is None:
        return {}
    old: Any = notes.shipped
    for part in path:
        old = _inside(old, part)
    if old == value or isinstance(value, Mapping):
        return {}
    return {"was": ", ".join(_text(each) for each in old) if isinstance(old, list | tuple) else _text(old)}


def _help(info: FieldInfo | None) -> str:
    return "" if info is None or not info.description else " ".join(info.description.split())


# --- what holds others -----------------------------------------------------------------------------------------------
def _group(
    path: Path, model: type[BaseModel], value: Any, default: Any, optional: bool, words: Words, notes: Notes
) -> Node:
    here = isinstance(value, Mapping)
    shown = here or default is not None or not optional
    given = value if here else _given(default)
    children = _fields(path, model, given, words, notes) if shown else []
    return {
        "k": "group",
        "n": optional,
        "here": here,
        "shown": shown,
        "c": children,
        "about": words.help(_about(model)),
    }


def _given(default: Any) -> dict[str, Any]:
    return default.model_dump(by_alias=True, exclude_unset=True) if isinstance(default, BaseModel) else {}


def _about(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _fields(path: Path, model: type[BaseModel], value: Mapping[str, Any], words: Words, notes: Notes) -> list[Node]:
    found = []
    for key, info in fields_by_key(model).items():
        single = get_origin(info.annotation) is Literal and len(get_args(info.annotation)) == 1
        if not single:  # the one word that there is to say is no question
            found.append(node_of((*path, key), key, info.annotation, info, value.get(key), words, notes))
    return found


def _kinds(
    path: Path,
    key: str,
    members: Mapping[str, type[BaseModel]],
    value: Any,
    default: Any,
    optional: bool,
    words: Words,
    notes: Notes,
) -> Node:
    here = isinstance(value, Mapping)
    given = value if here else _given(default)
    word = str(given.get(key, "")) if given else ""
    children = _fields(path, members[word], given, words, notes) if word in members else []
    options = [[each, words.value(each)] for each in members]
    return {
        "k": "kinds", "n": optional, "here": here, "v": word, "o": options, "c": children,
        "about": words.help(_about(members[word])) if word in members else "",
    }  # fmt: skip


def _several(path: Path, key: str, inside: Any, value: Any, words: Words, notes: Notes) -> Node:
    kind, _ = bare(inside)
    items = list(value) if isinstance(value, list | tuple) else []
    member_key, members = union_members(kind)
    if is_model(kind) or members:
        children = []
        for place, each in enumerate(items):
            child = node_of((*path, place), key, inside, None, each if isinstance(each, Mapping) else {}, words, notes)
            children.append(child | {"t": _entry_title(each, place, member_key, words)})
        options = [[each, words.value(each)] for each in members] or [["", ""]]
        return {"k": "list", "c": children, "o": options}
    if inside is str:  # sentences, which have commas of their own
        return {"k": "lines", "v": "\n".join(_text(each) for each in items)}
    choices = [str(each) for each in get_args(kind)] if get_origin(kind) is Literal else notes.names.get(key, [])
    return {"k": "words", "v": ", ".join(_text(each) for each in items), "o": choices}


def _entry_title(value: Any, place: int, key: str, words: Words) -> str:
    """What an entry of a list goes by: its name, or what it is."""
    given = value if isinstance(value, Mapping) else {}
    for name in ("name", "title", "code", "effective", "first", "from", "text"):
        if given.get(name) not in (None, ""):
            return _text(given[name])
    return words.value(str(given[key])) if key and key in given else str(place + 1)


def _map(path: Path, inside: Any, value: Any, words: Words, notes: Notes) -> Node:
    kind, _ = bare(inside)
    given = value if isinstance(value, Mapping) else {}
    if kind is Any:
        return {"k": "plain", "v": "…" if given else ""}
    entries = [
        node_of((*path, name), name, inside, None, each, words, notes) | {"key": name, "t": name}
        for name, each in given.items()
    ]
    return {"k": "map", "c": entries}


# --- leaves ----------------------------------------------------------------------------------------------------------
def _leaf(kind: Any, info: FieldInfo | None, value: Any, default: Any, optional: bool, words: Words) -> Node:
    shown, usual = _text(value), _text(default)
    if get_origin(kind) is Literal:
        options = [[str(each), words.value(str(each))] for each in get_args(kind)]
        empty = [["", words.value(usual) if usual else ""]] if optional and default is None else []
        return {"k": "choice", "v": shown or usual, "d": usual, "o": [*empty, *options], "given": value is not None}
    if kind is bool:
        return {"k": "flag", "v": shown or usual or "false", "d": usual, "given": value is not None}
    found = {"v": shown, "d": usual, "need": not optional, "given": value is not None}
    if kind in (int, float, Decimal):
        return {"k": "number", "whole": kind is int, **_bounds(info), **found}
    return {"k": "date" if kind is date else "text", **found}


def _bounds(info: FieldInfo | None) -> dict[str, str]:
    found = {}
    for each in info.metadata if info is not None else ():
        for name, short in (("ge", "min"), ("gt", "min"), ("le", "max"), ("lt", "max")):
            bound = getattr(each, name, None)
            if bound is not None:
                found[short] = _text(bound)
    return found


def _text(value: Any) -> str:
    """As a YAML file would say it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)


# --- where -----------------------------------------------------------------------------------------------------------
def field_at(model: type[BaseModel], mapping: Any, path: Path) -> tuple[Any, FieldInfo | None]:
    """The type that stands at a path of a mapping, and its field; (None, None) where the format has no such place."""
    annotation: Any = model
    info: FieldInfo | None = None
    here = mapping
    for part in path:
        kind, _ = bare(annotation)
        key, members = union_members(kind)
        if members:
            word = str(here.get(key, "")) if isinstance(here, Mapping) else ""
            if word not in members and info is not None and isinstance(info.default, BaseModel):
                word = str(getattr(info.default, key))
            kind = members.get(word)
        if is_model(kind):
            info = fields_by_key(kind).get(str(part))
            annotation = None if info is None else info.annotation
        elif get_origin(kind) in (tuple, list):
            annotation, info = get_args(kind)[0], None
        elif get_origin(kind) is dict:
            annotation, info = get_args(kind)[1], None
        else:
            return None, None
        if annotation is None:
            return None, None
        here = _inside(here, part)
    return annotation, info


def _inside(value: Any, part: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, list | tuple) and isinstance(part, int) and 0 <= part < len(value):
        return value[part]
    return None
