"""The page of the command line: every command with its arguments and options, from the functions that carry them out.

It is read from their signatures and not from `--help`, whose wording changes with typer's versions.
"""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import typer
from files import GENERATED
from schema import number
from typer.models import ArgumentInfo, OptionInfo, ParameterInfo

from apps.cli import app


@dataclass(frozen=True)
class Given:
    """An argument or option of a command."""

    name: str
    kind: type
    many: bool
    default: Any
    info: ParameterInfo

    @property
    def is_argument(self) -> bool:
        return isinstance(self.info, ArgumentInfo)

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty or self.default is ...

    @property
    def names(self) -> list[str]:
        """As it is written: an argument by its metavariable, an option by each of its names."""
        if self.is_argument:
            return [self.info.metavar or self.name.upper()]
        declared = [self.info.default] if isinstance(self.info.default, str) else []  # the first, of an annotation
        return [*declared, *(self.info.param_decls or ())] or [f"--{self.name.replace('_', '-')}"]

    @property
    def value(self) -> str:
        """What is given, in a word; nothing for a switch."""
        if self.kind is bool:
            return ""
        words = {int: "NUMBER", float: "NUMBER", Path: "FILE"}
        return self.info.metavar or words.get(self.kind, "TEXT")


def command_page() -> str:
    """The page's text."""
    commands = list(walked(app))
    lines = [
        GENERATED, "", "# The command line", "",
        "Every command with its options; `loyalty COMMAND --help` says the same. Exit status: 0 done, 1 a failed check, 2 bad input (nothing is written). "
        "`--json` prints one JSON document on standard output and nothing else; messages go to standard error.", "",
        "| command | does |", "|---|---|",
    ]  # fmt: skip
    for name, callback in commands:
        lines.append(f"| [`{name}`](#{name.replace(' ', '-')}) | {paragraphs(callback)[0]} |")
    for name, callback in commands:
        lines += ["", f"## {name}", "", *body(name, callback)]
    return "\n".join(lines).rstrip() + "\n"


def walked(group: typer.Typer, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command below a group with its full name, in alphabetical order."""
    found: dict[str, Any] = {}
    for command in group.registered_commands:
        if command.callback is not None and not command.hidden:
            found[command.name or command.callback.__name__.replace("_", "-")] = command.callback
    for inner in group.registered_groups:
        if inner.typer_instance is not None and not inner.hidden:
            own = inner.name if isinstance(inner.name, str) else inner.typer_instance.info.name
            found[str(own)] = inner.typer_instance
    for name in sorted(found):
        if isinstance(found[name], typer.Typer):
            yield from walked(found[name], f"{before}{name} ")
        else:
            yield f"{before}{name}", found[name]


def body(name: str, callback: Any) -> list[str]:
    """What a command does, how it is called, and each of its arguments and options."""
    everything = [each for each in given(callback) if not each.info.hidden]
    arguments = [each for each in everything if each.is_argument]
    options = [each for each in everything if not each.is_argument]
    words = [each.names[0] if each.required else f"[{each.names[0]}]" for each in arguments]
    words += [f"{each.names[0]} {each.value}" for each in options if each.required]
    words += ["[OPTIONS]"] if any(not each.required for each in options) else []
    lines = ["\n\n".join(paragraphs(callback)), "", "```text", f"loyalty {name} {' '.join(words)}", "```", ""]
    return lines + [line(each) for each in (*arguments, *options)]


def line(each: Given) -> str:
    """An entry: names, what is given, what holds otherwise, what it is for."""
    names = ", ".join(f"**`{name}`**" for name in each.names)
    said = [] if each.is_argument or not each.value else [f"`{each.value}`{bounds(each.info)}"]
    if each.required and not each.is_argument:
        said.append("required")
    if each.many:
        said.append("several")
    if not each.required and each.kind is not bool and each.default not in (None, ""):
        said.append(f"left out: `{each.default}`")
    about = re.sub(r"([*_<])", r"\\\1", " ".join((each.info.help or "").split()))
    return f"- {names}{' (' + ', '.join(said) + ')' if said else ''}: {about}"


def bounds(info: ParameterInfo) -> str:
    """The least and the largest value, where they say something."""
    if info.min is None:
        return ""
    if info.max is None or info.max > 10**9:
        return f" from {number(info.min)}"
    return f" from {number(info.min)} to {number(info.max)}"


def given(callback: Any) -> Iterator[Given]:
    """The arguments and options in the order of the function."""
    for name, parameter in inspect.signature(callback).parameters.items():
        kind, info, default = parameter.annotation, None, parameter.default
        if get_origin(kind) is Annotated:
            kind, *more = get_args(kind)
            info = next((each for each in more if isinstance(each, ParameterInfo)), None)
        if isinstance(default, ParameterInfo):
            info, default = default, default.default
        if info is None:
            if kind is typer.Context:
                continue
            info = ArgumentInfo() if default is inspect.Parameter.empty else OptionInfo()
        many, plain = False, kind
        if get_origin(plain) in (Union, UnionType):
            plain = next(each for each in get_args(plain) if each is not NoneType)
        if get_origin(plain) is list:
            many, plain = True, get_args(plain)[0]
        yield Given(name, plain, many, default, info)


def paragraphs(callback: Any) -> list[str]:
    """A docstring's paragraphs as Markdown, each on one line."""
    text = (inspect.getdoc(callback) or "").split("\f")[0].replace("\b", "")
    return [" ".join(part.split()).replace("``", "`") for part in re.split(r"\n\s*\n", text) if part.strip()]
