"""A JSON Schema as a reader of the file meets it: which objects there are, at which places, and what may stand in each field."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Node = dict[str, Any]
NAME = re.compile(r"^\^\[\^\\s=\+@")
"""How the pattern of a name begins."""


@dataclass
class Part:
    """An object of a file: where it first stands, where else, and which value of a field tells it from its alternatives."""

    name: str
    node: Node
    path: str
    told_by: tuple[str, str] | None = None
    also: list[str] = field(default_factory=list)

    @property
    def heading(self) -> str:
        """As its section is called."""
        if self.told_by is None:
            return f"`{self.path}`"
        return f"`{self.path}`, `{self.told_by[0]}: {self.told_by[1]}`"

    @property
    def short(self) -> str:
        """As a field that may hold it calls it: by what tells it from its alternatives, or by its place."""
        return f"`{self.path if self.told_by is None else self.told_by[1]}`"

    @property
    def anchor(self) -> str:
        """The heading's anchor, as GitHub and MyST make it."""
        return slug(self.heading)


def slug(heading: str) -> str:
    """The anchor of a heading: as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


class File:
    """The parts of a file's format, in the order in which a reader meets them."""

    def __init__(self, schema: Node) -> None:
        self.schema = schema
        found: dict[str, Part] = {}
        waiting = [(schema, "")]
        while waiting:  # the shallowest place of each first
            node, path = waiting.pop(0)
            for name, here, told_by in self._held(node, path):
                if name not in found:
                    found[name] = Part(name, schema["$defs"][name], here, told_by)
                    waiting.append((found[name].node, here))
                elif here not in (found[name].path, *found[name].also):
                    found[name].also.append(here)
        self.parts: dict[str, Part] = {}
        self._order(schema, "", found)

    def _held(self, node: Node, path: str) -> Iterator[tuple[str, str, tuple[str, str] | None]]:
        for key, value in node.get("properties", {}).items():
            yield from self.objects(value, f"{path}.{key}" if path else key)

    def _order(self, node: Node, path: str, found: dict[str, Part]) -> None:
        """Each object before what it holds, in the order of the file's keys."""
        here = [name for name, place, _ in self._held(node, path) if found[name].path == place]
        for name in dict.fromkeys(here):
            if name not in self.parts:
                self.parts[name] = found[name]
                self._order(found[name].node, found[name].path, found)

    def objects(self, node: Node, path: str) -> Iterator[tuple[str, str, tuple[str, str] | None]]:
        """The objects that a node may be: name, place, and the field that tells them apart."""
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2], path, None
        mapping = node.get("discriminator", {}).get("mapping", {})
        tells = {name.rpartition("/")[2]: value for value, name in mapping.items()}
        for each in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            for name, here, told_by in self.objects(each, path):
                own = (node["discriminator"]["propertyName"], tells[name]) if name in tells else told_by
                yield name, here, own
        if "items" in node:
            yield from self.objects(node["items"], f"{path}[]")
        for each in (node.get("additionalProperties"), *node.get("patternProperties", {}).values()):
            if isinstance(each, dict):
                yield from self.objects(each, f"{path}.NAME")

    def described(self, node: Node) -> Node:
        """A field with its description; pydantic leaves out one that is also that of the object it holds."""
        if "description" not in node and "$ref" in node:
            return node | {"description": self.parts[node["$ref"].rpartition("/")[2]].node.get("description", "")}
        return node

    def said(self, node: Node, path: str) -> str:
        """What may stand in a field, in words; links lead to the objects it may hold."""
        if "$ref" in node:
            part = self.parts[node["$ref"].rpartition("/")[2]]
            return f"[{part.short}](#{part.anchor})"
        choices = [each for each in (*node.get("oneOf", ()), *node.get("anyOf", ())) if each.get("type") != "null"]
        if choices:
            return self._choice(choices, node, path)
        if "const" in node:
            return f"`{_yaml(node['const'])}`"
        if "enum" in node:
            return "one of " + ", ".join(f"`{_yaml(each)}`" for each in node["enum"])
        return self._plain(node, path)

    def _choice(self, choices: list[Node], node: Node, path: str) -> str:
        """One of several; a decimal is a number that may also be written as text."""
        if {each.get("type") for each in choices} == {"number", "string"}:
            number = next(each for each in choices if each["type"] == "number")
            return self._plain(number | {key: node[key] for key in ("ge", "le") if key in node}, path)
        said = list(dict.fromkeys(self.said(each, path) for each in choices))
        by = node.get("discriminator", {}).get("propertyName")
        return (f"one, told by `{by}`: " if by else "") + (", " if by else " or ").join(said)

    def _plain(self, node: Node, path: str) -> str:
        kind = node.get("type")
        if kind == "array":
            return self._list(node, path)
        if kind == "object":
            inner = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
            held = next((each for each in inner if isinstance(each, dict) and each), None)
            return "a mapping" if held is None else f"for each name: {self.said(held, path)}"
        if kind == "string":
            return _text(node)
        words = {"integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
        return words.get(kind or "", "anything") + _bounds(node)

    def _list(self, node: Node, path: str) -> str:
        low, high = node.get("minItems"), node.get("maxItems")
        if "prefixItems" in node:
            return "a list of " + ", ".join(self.said(each, path) for each in node["prefixItems"])
        if low is not None and low == high:
            much = f", {low},"
        else:
            parts = ([f"at least {low}"] if low else []) + ([f"at most {high}"] if high else [])
            much = f" ({', '.join(parts)})" if parts else ""
        return f"a list{much} of {several(self.said(node['items'], path))}"


def several(said: str) -> str:
    """More than one of what may stand somewhere."""
    for one, more in (
        ("a name", "names"),
        ("a date", "dates"),
        ("a day of", "days of"),
        ("whole number", "whole numbers"),
        ("number", "numbers"),
    ):
        if said.startswith(one):
            return more + said.removeprefix(one)
    return said.replace("one of ", "", 1) if said.startswith("one of `") else said


def _text(node: Node) -> str:
    pattern = node.get("pattern", "")
    if node.get("format") == "date":
        return "a date, `YYYY-MM-DD`"
    if pattern == r"^\d\d-\d\d$":
        return "a day of the year, `MM-DD`"
    if pattern == "^[A-Z]{3}$":
        return "three capital letters"
    return "a name" if NAME.match(pattern) else "text"


def _bounds(node: Node) -> str:
    low, high = node.get("minimum", node.get("ge")), node.get("maximum", node.get("le"))
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    parts = []
    if low is not None and above is not None and float(low) <= float(above):
        low = None
    if low is not None and high is not None and float(high) < 1e9:
        parts.append(f"{number(low)} to {number(high)}")
    elif low is not None:
        parts.append(f"{number(low)} or more")
    if above is not None:
        parts.append(f"above {number(above)}")
    if below is not None:
        parts.append(f"below {number(below)}")
    if low is None and high is not None and float(high) < 1e9:
        parts.append(f"at most {number(high)}")
    return "".join(f", {each}" for each in parts)


def number(value: float | str) -> str:
    """A number as a reader writes it."""
    exact = float(value)
    return f"{exact:,.0f}" if exact == int(exact) else f"{exact:g}"


def _yaml(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
