"""Edits of a form, made on the mapping of a file: each gives a new mapping, valid or not; the spec decides. No Panel here."""

import copy
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from apps.forms import Path, bare, field_at, fields_by_key, is_model, union_members
from workbench.yaml_file import scalar

__all__ = ["edited", "minimal"]


def edited(model: type[BaseModel], mapping: Mapping[str, Any], edit: Mapping[str, Any], start: date) -> dict[str, Any]:
    """The mapping after an edit. ``edit`` came from a browser and is not trusted: one that fits nowhere changes nothing.

    ``do``: set (``text``), unset, put, kind (``choice``), add (``choice``), remove, move (``by``), name (``text``),
    put back (``value``); ``path``. ``start``: a date where
    the format needs one and nobody has said any.
    """
    found: dict[str, Any] = copy.deepcopy(dict(mapping))
    path = tuple(each for each in edit.get("path", ()) if isinstance(each, str | int))
    annotation, info = field_at(model, found, path)
    act = _ACTS.get(str(edit.get("do")))
    if act is None or not path or annotation is None:
        return found
    act(found, path, annotation, info, edit, start)
    return found


# --- the edits -------------------------------------------------------------------------------------------------------
def _set(found: Any, path: Path, annotation: Any, info: FieldInfo | None, edit: Mapping[str, Any], start: date) -> None:
    text = str(edit.get("text", ""))[:10_000]
    kind, _ = bare(annotation)
    if get_origin(kind) in (tuple, list):
        inside = bare(get_args(kind)[0])[0]
        if get_args(kind)[0] is str:
            _place(found, path, [line.strip() for line in text.splitlines() if line.strip()] or None)
            return
        words = [_value(each.strip(), inside) for each in text.replace("、", ",").replace("，", ",").split(",")]
        words = [each for each in words if each != ""]
        _place(found, path, words or None)
        return
    _place(found, path, None if text.strip() == "" and kind is not str else _value(text, kind))
    if kind is str and text == "" and info is not None and not info.is_required():
        _place(found, path, None)


def _value(text: str, kind: Any) -> Any:
    """What is typed, as YAML would read it where a number, a date or a flag is wanted; text stays text."""
    if kind is str:
        return text
    plain = text.strip().replace(",", "") if kind in (int, float, Decimal) else text.strip()
    if get_origin(kind) is Literal:
        return next((each for each in get_args(kind) if str(each) == plain or str(each).lower() == plain), plain)
    return scalar(plain)


def _unset(found: Any, path: Path, *_: Any) -> None:
    _place(found, path, None)


def _put(found: Any, path: Path, annotation: Any, _info: Any, _edit: Any, start: date) -> None:
    kind, _ = bare(annotation)
    _, members = union_members(kind)
    model = next(iter(members.values())) if members else kind
    if is_model(model):
        _place(found, path, minimal(model, start))


def _kind(found: Any, path: Path, annotation: Any, _info: Any, edit: Mapping[str, Any], start: date) -> None:
    """Another member of a union; what both have is kept."""
    key, members = union_members(bare(annotation)[0])
    model = members.get(str(edit.get("choice")))
    if model is None:
        _place(found, path, None)
        return
    old = _at(found, path)
    kept = {
        name: value
        for name, value in (old.items() if isinstance(old, Mapping) else ())
        if name in fields_by_key(model) and name != key
    }
    _place(found, path, minimal(model, start) | kept)


def _add(found: Any, path: Path, annotation: Any, _info: Any, edit: Mapping[str, Any], start: date) -> None:
    kind, _ = bare(annotation)
    arguments = get_args(kind)
    if get_origin(kind) is dict:
        name = str(edit.get("choice", "")).strip()
        inside = bare(arguments[1])[0]
        if name:
            _place(found, (*path, name), _fresh(inside, None, start))
        return
    inside = bare(arguments[0])[0]
    _, members = union_members(inside)
    model: Any = members.get(str(edit.get("choice"))) if members else inside
    if not is_model(model):
        return
    items = _at(found, path)
    items = list(items) if isinstance(items, list | tuple) else []
    entry = minimal(model, start)
    names = {each.get("name") for each in items if isinstance(each, Mapping)}
    if "name" in entry:
        entry["name"] = next(name for k in range(1, len(names) + 2) if (name := f"new {k}") not in names)
    _place(found, path, [*items, entry | _beside(items, entry)])


def _beside(items: list[Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a new entry takes over from the one before it, so that a list that has to rise does."""
    last = items[-1] if items and isinstance(items[-1], Mapping) else {}
    enter = last.get("enter")
    if isinstance(enter, Mapping) and enter:
        return {"enter": {name: value * 2 if name != "at_least" else value for name, value in enter.items()}}
    if "from" in entry and isinstance(last.get("from"), int | float):
        return {"from": last["from"] * 2 or 1000}
    return {}


def _remove(found: Any, path: Path, *_: Any) -> None:
    above = _at(found, path[:-1])
    if isinstance(above, list) and isinstance(path[-1], int) and 0 <= path[-1] < len(above):
        del above[path[-1]]
        if not above:
            _place(found, path[:-1], None)
    else:
        _place(found, path, None)


def _move(found: Any, path: Path, _annotation: Any, _info: Any, edit: Mapping[str, Any], _start: date) -> None:
    above, place, by = _at(found, path[:-1]), path[-1], edit.get("by")
    if isinstance(above, list) and isinstance(place, int) and by in (-1, 1) and 0 <= place + by < len(above):
        above[place], above[place + by] = above[place + by], above[place]


def _name(found: Any, path: Path, _annotation: Any, _info: Any, edit: Mapping[str, Any], _start: date) -> None:
    """Another key for an entry of a map, in its place."""
    above, name = _at(found, path[:-1]), str(edit.get("text", "")).strip()
    if isinstance(above, dict) and name and name not in above and path[-1] in above:
        entries = [(name if key == path[-1] else key, value) for key, value in above.items()]
        above.clear()
        above.update(entries)


def _put_back(found: Any, path: Path, _annotation: Any, _info: Any, edit: Mapping[str, Any], _start: date) -> None:
    _place(found, path, copy.deepcopy(edit.get("value")))


_ACTS = {
    "put back": _put_back,
    "set": _set, "unset": _unset, "put": _put, "kind": _kind, "add": _add, "remove": _remove, "move": _move, "name": _name,
}  # fmt: skip


# --- places ----------------------------------------------------------------------------------------------------------
def _at(found: Any, path: Path) -> Any:
    for part in path:
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list) and isinstance(part, int) and 0 <= part < len(found):
            found = found[part]
        else:
            return None
    return found


def _place(found: Any, path: Path, value: Any) -> None:
    """Put a value at a path (None takes it out), making what has to be around it."""
    here = found
    for part in path[:-1]:
        inside = here[part] if isinstance(here, list) and isinstance(part, int) and 0 <= part < len(here) else None
        if isinstance(here, dict):
            inside = here.get(part)
            if not isinstance(inside, dict | list):
                if value is None:
                    return
                inside = here[part] = {}
        if inside is None:
            return
        here = inside
    last = path[-1]
    if isinstance(here, dict):
        if value is None:
            here.pop(last, None)
        else:
            here[last] = value
    elif isinstance(here, list) and isinstance(last, int) and 0 <= last < len(here) and value is not None:
        here[last] = value


# --- what is new -----------------------------------------------------------------------------------------------------
def minimal(model: type[BaseModel], start: date) -> dict[str, Any]:
    """The least that a file has to say of a model; what spans several fields may still be missing, and is then named by the spec."""
    found = {}
    for key, info in fields_by_key(model).items():
        if info.is_required():
            found[key] = _fresh(bare(info.annotation)[0], info, start)
    return found | _EXTRA.get(model.__name__, {})


_EXTRA: dict[str, dict[str, Any]] = {
    "Rolling": {"months": 12},
    "Bonus": {"points": 10},
    "Multiplier": {"factor": 2},
    "Level": {"enter": {"spend": 10000}},
    "Requirement": {"spend": 10000},
    "Extension": {"months": 12},
    "Inactivity": {"months": 12},
    "CouponValidity": {"days": 30},
    "Brackets": {"on": "order"},
}
"""What is needed besides the required keys, by model."""


def _fresh(kind: Any, info: FieldInfo | None, start: date) -> Any:
    _, members = union_members(kind)
    if members:
        return minimal(next(iter(members.values())), start)
    if is_model(kind):
        return minimal(kind, start)
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    if get_origin(kind) in (tuple, list):
        return [_fresh(bare(get_args(kind)[0])[0], None, start)]
    if get_origin(kind) is dict:
        return {}
    if kind is bool:
        return False
    if kind is date:
        return start
    if kind in (int, float, Decimal):
        return _least(info)
    pattern = next((each.pattern for each in getattr(info, "metadata", ()) if getattr(each, "pattern", None)), "")
    return "12-31" if r"\d\d-\d\d" in str(pattern) else "new"


def _least(info: FieldInfo | None) -> int:
    """The least number that is allowed, at least 1 where that is."""
    low = [getattr(each, "ge", None) for each in getattr(info, "metadata", ())]
    most = [getattr(each, "le", None) for each in getattr(info, "metadata", ())]
    least = max([1, *(int(each) for each in low if each is not None)])
    return min([least, *(int(each) for each in most if each is not None)])
