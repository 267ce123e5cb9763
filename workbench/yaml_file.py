"""Floor 0: YAML 1.2 files, read with suspicion: bounded in size, depth and expansion, UTF-8 only, plain data only, no key twice.

The parser's events are turned into data here, one by one, so that a file which would grow without bound is refused while it is
being read, and so that every value keeps the line it was written on.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from workbench.errors import BadInput, Problem, dotted
from workbench.files import reading, regular_file

__all__ = ["LARGEST", "LineOf", "MOST_VALUES", "parse_mapping", "read_mapping", "read_text"]

LARGEST = 2**20
"""Bytes of a file."""
MOST_VALUES = 50_000
"""Values of a file, each alias counted as everything it stands for."""
DEEPEST = 32
"""Collections inside each other."""

LineOf = Callable[[tuple[str | int, ...]], int]
"""The 1-based line of the key at a path; of the nearest enclosing one where the path leads nowhere."""


def read_mapping(path: str | Path) -> tuple[dict[str, Any], LineOf]:
    """The mapping of a YAML file, and the lines it was written on.

    Keys are text. Values are text, int, float, bool, None, date, lists and mappings; aliased values are shared, not copied.
    Raises BadInput: not a readable UTF-8 file of at most ``LARGEST`` bytes, bad syntax, a key twice, a tag, too many values.
    """
    return parse_mapping(read_text(path), str(path))


def read_text(path: str | Path) -> str:
    """The text of a small UTF-8 file (with or without a byte order mark). Raises BadInput naming the line and the byte."""
    file = regular_file(path, "a YAML file", LARGEST)
    with reading(path), file.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:  # it grew since, or the system does not know its size
        raise BadInput(Problem("", f"expected at most {LARGEST:,} bytes"), str(path))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput(Problem("line 1", "expected UTF-8 text, found UTF-16; save the file as UTF-8"), str(path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        offset = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)  # the codec counts from after the mark
        raise BadInput(_bad_byte(data, offset, "expected UTF-8 text; save the file as UTF-8"), str(path)) from None
    if "\0" in text:
        raise BadInput(
            _bad_byte(data, data.index(0), "expected text, found a zero byte: is this a YAML file?"), str(path)
        )
    return text


def _bad_byte(data: bytes, offset: int, message: str) -> Problem:
    line = data.count(b"\n", 0, offset) + 1
    return Problem(f"line {line}, byte {offset}", message, f"byte 0x{data[offset]:02x}", line=line)


def parse_mapping(text: str, source: str = "") -> tuple[dict[str, Any], LineOf]:
    """As ``read_mapping``, of text that is already here; ``source`` names it in messages."""
    root, problems = _build(text, source)
    if root is None or not isinstance(root.value, dict):
        found = None if root is None else root.value
        raise BadInput(Problem("line 1", "expected a mapping (lines of `key: value`)", found, line=1), source)
    if problems:
        raise BadInput(problems, source)

    def line_of(path: tuple[str | int, ...]) -> int:
        node, line = root, root.line
        for part in path:
            if part not in node.children:
                break
            line, node = node.children[part]
        return line

    return root.value, line_of


class _Node:
    """A value, the line it begins on, the (line, node) of each key or position, and the number of values it stands for."""

    __slots__ = ("children", "key", "line", "size", "text", "value")

    def __init__(self, value: Any, line: int, text: str | None = None) -> None:
        self.value, self.line, self.text = value, line, text
        self.children: dict[str | int, tuple[int, _Node]] = {}
        self.key: _Node | None = None  # of a mapping: the key whose value comes next
        self.size = 0  # 0 while the collection is open


def _build(text: str, source: str) -> tuple[_Node | None, list[Problem]]:
    """The root of the file's only document (None if the file is empty), and the problems that do not stop the reading."""
    root: _Node | None = None
    open_nodes: list[_Node] = []
    anchors: dict[str, _Node] = {}
    problems: list[Problem] = []
    values = documents = 0
    for event in _events(text, source):
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise BadInput(
                    Problem(f"line {line}", "expected one document, found a second (---)", line=line), source
                )
            if event.version not in (None, (1, 2)):
                version = ".".join(map(str, event.version))
                raise BadInput(Problem(f"line {line}", "expected YAML 1.2", version, line=line), source)
            continue
        if isinstance(event, CollectionEndEvent):
            node = open_nodes.pop()
            node.size = 1 + sum(child.size for _, child in node.children.values())
            continue
        if not isinstance(event, NodeEvent):
            continue
        if isinstance(event, AliasEvent):
            node = _aliased(event, anchors, line, source)
            values += node.size
        else:
            node = _node(event, line, source)
            values += 1
            if event.anchor is not None:
                anchors[event.anchor] = node
        if values > MOST_VALUES:
            message = f"expected at most {MOST_VALUES:,} values, each alias (*name) counted as all it stands for"
            raise BadInput(Problem(f"line {line}", message, line=line), source)
        if open_nodes:
            problem = _attach(open_nodes, node, line, source)
            problems += [problem] if problem else []
        else:
            root = node
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            open_nodes.append(node)
            if len(open_nodes) > DEEPEST:
                message = f"expected at most {DEEPEST} collections inside each other"
                raise BadInput(Problem(f"line {line}", message, line=line), source)
    return root, problems


def _events(text: str, source: str) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise BadInput(Problem(f"line {line}, column {column}", f"expected YAML: {said}", line=line), source) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = f"U+{ord(text[error.position]):04X}"
        raise BadInput(
            Problem(f"line {line}", "expected text without control characters", found, line=line), source
        ) from None
    except YAMLError as error:
        raise BadInput(Problem("", f"expected YAML: {error}"), source) from None


def _aliased(event: AliasEvent, anchors: dict[str, _Node], line: int, source: str) -> _Node:
    node = anchors.get(event.anchor)
    if node is None:
        raise BadInput(
            Problem(f"line {line}", "expected an alias of an anchor above", f"*{event.anchor}", line=line), source
        )
    if node.size == 0:
        raise BadInput(Problem(f"line {line}", "a value may not contain itself", f"*{event.anchor}", line=line), source)
    return node


def _node(event: Any, line: int, source: str) -> _Node:
    tag = event.tag
    if tag is not None and tag not in ("!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
        raise BadInput(Problem(f"line {line}", "expected plain data, without tags", tag, line=line), source)
    if isinstance(event, MappingStartEvent):
        return _Node({}, line)
    if isinstance(event, SequenceStartEvent):
        return _Node([], line)
    plain = event.style in (None, "") and tag is None
    node = _Node(scalar(event.value) if plain else event.value, line, event.value)
    node.size = 1
    return node


def _attach(open_nodes: list[_Node], node: _Node, line: int, source: str) -> Problem | None:
    """Put a node into the innermost open collection; a problem if it is a key that cannot stand there."""
    parent = open_nodes[-1]
    if isinstance(parent.value, list):
        parent.children[len(parent.value)] = line, node
        parent.value.append(node.value)
        return None
    if parent.key is None:
        if node.text is None:
            raise BadInput(
                Problem(f"line {line}", "expected a key that is a single word", node.value, line=line), source
            )
        parent.key = _Node(None, line, node.text)
        if node.text == "<<":
            message = "expected the keys themselves: YAML 1.2 has no merge key"
        elif node.text in parent.children:
            message = f"expected each key once; it stands on line {parent.children[node.text][0]} already"
        else:
            return None
        return Problem(dotted([*_path(open_nodes), node.text]), message, line=line)
    key, parent.key = parent.key, None
    assert key.text is not None
    if key.text not in parent.children:  # of a key given twice the first stands, the file is refused anyway
        parent.children[key.text] = key.line, node
        parent.value[key.text] = node.value
    return None


def _path(open_nodes: list[_Node]) -> list[str | int]:
    """The path to the innermost open collection: each is still the last child of the one around it."""
    path: list[str | int] = []
    for outer, inner in pairwise(open_nodes):
        path += [name for name, (_, child) in reversed(outer.children.items()) if child is inner][:1]
    return path


_INT = re.compile(r"[-+]?[0-9]+")
_HEX_OR_OCTAL = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def scalar(text: str) -> str | int | float | bool | date | None:
    """A plain scalar by YAML 1.2's core schema (``NO`` is text, ``012`` is 12), and ISO dates as dates.

    What only looks like a number or a date (31 February, 1,000 digits, .nan) stays text: the program's own checks name it.
    """
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > 40:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _HEX_OR_OCTAL.fullmatch(text):
        return int(text, 0)
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text
