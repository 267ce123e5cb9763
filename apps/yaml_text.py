"""A program's text when the program changes: comments, order and layout stay where they are. No Panel here."""

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from apps.levers import file_mapping
from apps.repeat import laid_out, program_yaml
from workbench.errors import BadInput
from workbench.program.load import program_from_mapping
from workbench.program.spec import Program
from workbench.yaml_file import LineOf, parse_mapping

__all__ = ["patched", "program_of", "retold"]


def program_of(text: str, source: str = "") -> tuple[Program, LineOf]:
    """The program that a text says, and its lines. Raises BadInput with every problem, each with its line."""
    mapping, line_of = parse_mapping(text, source)
    return program_from_mapping(mapping, line_of, source), line_of


def retold(text: str, program: Program) -> str:
    """A text that says this program, as near to ``text`` as it can be: what stays the same keeps its comments and its place.

    What comes out is read back and compared; where it would say anything else, the program is written afresh.
    """
    try:
        if program_of(text)[0] == program:
            return text
        found = _told_in(text, file_mapping(program))
        if program_of(found)[0] == program:
            return found
    except (BadInput, YAMLError):
        pass
    return program_yaml(program)


def patched(text: str, wanted: Mapping[str, Any]) -> str:
    """A text that says this mapping, valid as a program or not; written afresh where ``text`` is no YAML."""
    try:
        return _told_in(text, wanted)
    except YAMLError:
        return _told_in("{}", wanted)


def _told_in(text: str, wanted: Mapping[str, Any]) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml.load(text)
    if not isinstance(data, CommentedMap):
        data = CommentedMap()
    _laid_over(data, wanted)
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _laid_over(old: Any, wanted: Mapping[str, Any]) -> None:
    for key in [key for key in old if key not in wanted]:
        del old[key]
    for key, value in wanted.items():
        before = old.get(key)
        if isinstance(before, CommentedMap) and isinstance(value, Mapping):
            _laid_over(before, value)
        elif isinstance(before, CommentedSeq) and isinstance(value, list):
            _listed_over(before, value)
        elif key not in old or before != value or type(before) is bool or type(value) is bool:
            old[key] = laid_out(value)


def _listed_over(old: CommentedSeq, wanted: list[Any]) -> None:
    while len(old) > len(wanted):
        del old[-1]
    for place, value in enumerate(wanted):
        if place >= len(old):
            old.append(laid_out(value))
        elif isinstance(old[place], CommentedMap) and isinstance(value, Mapping):
            _laid_over(old[place], value)
        elif isinstance(old[place], CommentedSeq) and isinstance(value, list):
            _listed_over(old[place], value)
        elif old[place] != value:
            old[place] = laid_out(value)
