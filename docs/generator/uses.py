"""Where the shipped files use a part of the format, and the example that shows most of it in the fewest lines."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from schema import File, Node

from workbench.yaml_file import read_mapping

LONGEST, WIDEST = 14, 100
"""Lines of an example, and characters of a line."""


@dataclass(frozen=True)
class Example:
    """A part of a shipped file."""

    file: str
    key: str
    text: str


def found(file: File, paths: list[Path]) -> tuple[dict[str, list[str]], dict[str, Example]]:
    """The shipped files that use each part, and an example of each part."""
    used: dict[str, list[str]] = {}
    best: dict[str, tuple[tuple[int, int], Example]] = {}
    for path in paths:
        data, _ = read_mapping(path)
        for name, place, value in instances(file, file.schema, data, ""):
            if path.stem not in used.setdefault(name, []):
                used[name].append(path.stem)
            if not value:
                continue
            text = dumped(place, [value] if file.parts[name].path.endswith("[]") else value)
            if max(map(len, text.splitlines())) > WIDEST:
                continue
            lines = text.count("\n")
            worth = (len(value), -lines)
            if lines <= LONGEST and (name not in best or worth > best[name][0]):
                best[name] = (worth, Example(path.stem, place, text))
    return used, {name: example for name, (_, example) in best.items()}


def instances(file: File, node: Node, value: Any, place: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every object of a file's data with the name of its part and the key it stands under."""
    if isinstance(value, list):
        for each in value:
            yield from instances(file, node.get("items", {}), each, place)
        return
    if not isinstance(value, dict):
        return
    chosen = _chosen(file, node, value)
    if chosen is None:
        inner = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
        for each in inner:
            if isinstance(each, dict):
                for held in value.values():
                    yield from instances(file, each, held, place)
        return
    name, body = chosen
    if name:
        yield name, place, value
    for key, held in value.items():
        under = body.get("properties", {}).get(key)
        if under is not None:
            yield from _within(file, under, held, key)


def _within(file: File, node: Node, value: Any, key: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    choices = [node, *node.get("anyOf", ()), *node.get("oneOf", ())]
    if isinstance(value, list):
        node = next((each for each in choices if "items" in each), node)
    elif isinstance(value, dict) and not any(True for _ in file.objects(node, "")):
        return
    yield from instances(file, node, value, key)


def _chosen(file: File, node: Node, value: dict[str, Any]) -> tuple[str, Node] | None:
    """Which of a node's objects a mapping is: told by a field, or by having all its keys."""
    if "properties" in node:
        return "", node
    if node.get("type") == "object":
        return None
    fitting = []
    for name, path, told_by in file.objects(node, ""):
        body = file.schema["$defs"][name]
        if path or (told_by and value.get(told_by[0]) != told_by[1]):
            continue
        if set(value) <= set(body.get("properties", {})):
            fitting.append((name, body))
    if fitting:
        return fitting[0]
    mapped = next((each for each in node.get("anyOf", ()) if each.get("type") == "object"), None)
    return (
        None if mapped is None else ("", {"properties": dict.fromkeys(value, mapped.get("additionalProperties") or {})})
    )


def dumped(key: str, value: Any) -> str:
    """As it might stand in a file: what holds no further collection on one line."""
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 10_000
    stream = io.StringIO()
    yaml.dump({key: value}, stream)
    return stream.getvalue()
