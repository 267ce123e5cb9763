"""One field of a program, of assumptions or of a population, by its path: ``program.redemption.money_off.points``.

Keys are joined by dots; an entry of a list stands in brackets, by its position from 0 or by its own name:
``program.tiers.levels[2].enter.spend`` and ``program.tiers.levels[gold].enter.spend`` are the same field.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import choices, dotted, nearest
from workbench.spec import SpecError

__all__ = ["PARTS", "Field", "found", "numbered", "parse_field", "placed"]

PARTS = ("program", "assumptions", "population")
"""What may be varied: the first word of a path."""
_STEP = re.compile(r"([^.\[\]]+)|\[([^\[\]]+)\]")
_WHOLE = re.compile(r"(?:[^.\[\]]+|\[[^\[\]]+\])(?:\.[^.\[\]]+|\[[^\[\]]+\])*")


@dataclass(frozen=True)
class Field:
    """Where a value stands."""

    part: str
    """One of ``PARTS``."""
    steps: tuple[str | int, ...]
    """Keys, and positions or names of entries of lists; those in brackets are marked by a leading ``[``."""

    def __str__(self) -> str:
        text = self.part
        for step in self.steps:
            text += f"{step}]" if str(step).startswith("[") else f".{step}"
        return text


def parse_field(text: str) -> Field:
    """A path as it is written. Raises SpecError (with path ``()``) where it begins with none of ``PARTS``, or cannot be read."""
    if not _WHOLE.fullmatch(text):
        raise SpecError(
            (), "expected a path like program.redemption.money_off.points or program.tiers.levels[1].enter.spend", text
        )
    steps = [key or f"[{entry}" for key, entry in _STEP.findall(text)]
    part, *rest = steps
    if part not in PARTS:
        guess = nearest(part, PARTS)
        better = None if guess is None else text.replace(part, guess, 1)
        raise SpecError((), "expected a path that begins with one of: " + ", ".join(PARTS), text, better)
    if not rest:
        raise SpecError((), f"expected a field of the {part}, as {part}.key", text)
    return Field(part, tuple(rest))


def placed(mapping: Mapping[str, Any], steps: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """A mapping with a value at a field, or without its key where the value is None; what is not there yet is made, but for entries of lists.
    Nothing given is changed. Raises SpecError with the steps to where the path leads nowhere."""
    found: dict[str, Any] = _placed(mapping, steps, value, ())
    return found


def found(mapping: Mapping[str, Any], steps: tuple[str | int, ...]) -> Any:
    """What stands at a field; None where nothing does. Raises SpecError as ``placed`` does."""
    here: Any = mapping
    for k, step in enumerate(steps):
        if here is None:
            return None
        if str(step).startswith("["):
            here = here[_position(here, str(step)[1:], steps[:k])] if here else None
        elif isinstance(here, Mapping):
            here = here.get(str(step))
        else:
            raise _no_keys(here, steps[:k], str(step))
    return here


def numbered(mapping: Mapping[str, Any], steps: tuple[str | int, ...]) -> str:
    """A field's path as problems of a file name it: entries of lists by their numbers. Raises SpecError as ``placed`` does."""
    here: Any = mapping
    path: list[str | int] = []
    for k, step in enumerate(steps):
        key: str | int = str(step)
        if str(step).startswith("["):
            key = _position(here, str(step)[1:], steps[:k])
        path.append(key)
        here = here[key] if isinstance(key, int) else here.get(key) if isinstance(here, Mapping) else None
    return dotted(path)


def _placed(here: Any, steps: tuple[str | int, ...], value: Any, before: tuple[str | int, ...]) -> Any:
    if not steps:
        return value
    step, rest = str(steps[0]), steps[1:]
    if step.startswith("["):
        position = _position(here, step[1:], before)
        entries = list(here)
        entries[position] = _placed(entries[position], rest, value, (*before, step))
        return entries
    if here is not None and not isinstance(here, Mapping):
        raise _no_keys(here, before, step)
    inside = {} if here is None else dict(here)
    if value is None and not rest:
        inside.pop(step, None)
        return inside
    inside[step] = _placed(inside.get(step), rest, value, (*before, step))
    return inside


def _position(here: Any, entry: str, before: tuple[str | int, ...]) -> int:
    """The position of an entry of a list, by its number or its name."""
    if not isinstance(here, list | tuple):
        raise SpecError(before, "expected a list here", entry)
    if entry.isdigit():
        if int(entry) < len(here):
            return int(entry)
        raise SpecError(before, f"expected an entry of the list, 0 to {len(here) - 1}", int(entry))
    names = [str(each["name"]) if isinstance(each, Mapping) and "name" in each else "" for each in here]
    if entry in names:
        return names.index(entry)
    known = [name for name in names if name]
    message = "expected the name of an entry: " + choices(known) if known else "expected the number of an entry"
    raise SpecError(before, message, entry, nearest(entry, known))


def _no_keys(here: Any, before: tuple[str | int, ...], step: str) -> SpecError:
    what = "a list: name an entry in brackets, as [0]" if isinstance(here, list | tuple) else "a single value"
    return SpecError(before, f"expected a mapping with the key {step}, found {what}")
