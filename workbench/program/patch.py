"""What differs of a mapping, laid over it: the one way in which a version of a program, or a scenario, says what it changes."""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["merged", "nothing_to_take_out", "stands_in"]

Path = tuple[str | int, ...]


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``: mappings are merged key by key, null takes a key out, everything else (lists too) replaces (JSON Merge
    Patch, RFC 7396). Neither is changed."""
    found = dict(base)
    for key, value in changes.items():
        before = base.get(key)
        if value is None:
            found.pop(key, None)
        elif isinstance(value, Mapping):
            found[key] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            found[key] = value
    return found


def nothing_to_take_out(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Iterator[tuple[Path, list[str]]]:
    """The nulls of ``changes`` that take no key out, with the keys that stand there."""
    for key, value in changes.items():
        before = base.get(key)
        if value is None and key not in base:
            yield (key,), list(base)
        elif isinstance(value, Mapping):
            inside = before if isinstance(before, Mapping) else {}
            yield from (((key, *path), keys) for path, keys in nothing_to_take_out(inside, value))


def stands_in(changes: Any, path: Path) -> bool:
    """Whether ``changes`` say anything at a path, or around it."""
    for part in path:
        if isinstance(changes, Mapping):
            if part not in changes:
                return False
            changes = changes[str(part)]
        else:
            return True
    return True
