"""Floor 0: bad input as data: where it is, what was expected, what was found, and the nearest valid name.

Readers collect every problem they can see and raise them together, before anything is written. Commands show them and exit with status 2.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

__all__ = ["BadInput", "Problem", "choices", "dotted", "nearest", "shown"]

SHOWN = 60
"""Longest piece of the user's own text that a message repeats."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in what the user gave."""

    path: str
    """Where: ``earn.multipliers[0].factor`` in a file of keys, ``row 17 (line 18), column amount`` in a table, an option's name."""
    message: str
    """What was expected."""
    value: object = None
    """What was found; messages and JSON repeat it shortened (see ``shown``). None where something is missing."""
    suggestion: str | None = None
    """The nearest valid name, if one is near."""
    line: int | None = None
    """1-based line of the file, where there is one and ``path`` does not say it."""

    def __str__(self) -> str:
        line = "" if self.line is None or f"line {self.line}" in self.path else f"line {self.line}"
        where = f"{self.path} ({line})" if self.path and line else self.path or line
        value = shown(self.value)
        counted = not isinstance(value, str) or isinstance(self.value, dict | list | tuple)
        found = "" if value is None else f", found {value}" if counted else f", found {value!r}"
        guess = "" if self.suggestion is None else f"; did you mean {self.suggestion!r}?"
        return _printable((f"{where}: " if where else "") + self.message + found + guess)

    def as_json(self) -> dict[str, object]:
        """The contract's keys: path, message, value, suggestion."""
        return {"path": self.path, "message": self.message, "value": shown(self.value), "suggestion": self.suggestion}


class BadInput(Exception):
    """What the user gave cannot be used. Carries every problem found, the file (or option) they are in, and how many more there are."""

    def __init__(self, problems: Problem | Sequence[Problem], source: str = "", more: int = 0) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.source, self.more = source, more
        super().__init__(self.problems, source, more)

    def __str__(self) -> str:
        start = f"{_printable(self.source)}: " if self.source else ""
        lines = [start + str(problem) for problem in self.problems]
        if self.more:
            lines.append(f"{start}and {self.more:,} more like these, as far as the file was read")
        return "\n".join(lines)


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that a wrong one was most likely meant to be, whatever its case and separators; None if none is near."""
    by_plain: dict[str, str] = {}
    for each in valid:
        by_plain.setdefault(_plain(each), each)
    found = get_close_matches(_plain(name[:200]), by_plain, n=1, cutoff=0.6)
    return by_plain[found[0]] if found else None


def choices(names: Sequence[str], most: int = 12) -> str:
    """Valid names for a message: all of them, or the first and how many more."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def dotted(path: Iterable[str | int]) -> str:
    """A path of keys and positions as text: ``('earn', 'caps', 0, 'points')`` is ``earn.caps[0].points``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def shown(value: object) -> str | int | float | bool | None:
    """A value as a message or a JSON document may repeat it: short, and with no NaN; what a collection holds is only counted."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**18 else "a whole number of more than 18 digits"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return "a mapping" + (f" ({_short(', '.join(map(str, list(value)[:10])))})" if value else " without keys")
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return _short(str(value) if isinstance(value, str | date | Decimal) else repr(value))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _plain(name: str) -> str:
    return name.casefold().strip().replace("-", "_").replace(" ", "_")


def _printable(text: str) -> str:
    """Text without control characters: keys and names of files are the user's, and messages go to a terminal."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)
