"""Reading populations and assumptions: shipped ones by name, others by path; every mistake reported at once.

This floor does not look into ``workbench.program``, so it reads its small files by itself: YAML 1.2, plain data, no aliases.
"""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from workbench.errors import BadInput, Problem, choices, dotted, nearest
from workbench.files import reading, regular_file
from workbench.population.behaviour import Assumptions
from workbench.population.spec import Population
from workbench.spec import Spec, SpecError

__all__ = [
    "load_assumptions",
    "load_population",
    "read_assumptions",
    "read_population",
    "shipped_assumptions",
    "shipped_populations",
]

_DATA = files("workbench.population") / "data"
_SUFFIXES = (".yaml", ".yml")
_LARGEST, _DEEPEST = 2**18, 16
"""Bytes of a file, and collections inside each other."""
S = TypeVar("S", bound=Spec)


def shipped_populations() -> tuple[str, ...]:
    """Names of the populations that come with the package."""
    return _names(_DATA)


def shipped_assumptions() -> tuple[str, ...]:
    """Names of the sets of assumptions that come with the package."""
    return _names(_DATA / "assumptions")


def load_population(name_or_path: str | Path) -> Population:
    """A shipped population by name, or one from a YAML file. Raises BadInput with every problem found."""
    return read_population(*_read(name_or_path, _DATA, "population"))


def load_assumptions(name_or_path: str | Path) -> Assumptions:
    """Shipped assumptions by name, or some from a YAML file. Raises BadInput with every problem found."""
    return read_assumptions(*_read(name_or_path, _DATA / "assumptions", "assumptions"))


def read_population(data: Any, source: str = "population") -> Population:
    """A population from parsed YAML or JSON. Raises BadInput with every problem found; ``source`` names it in messages."""
    return _validate(Population, data, source)


def read_assumptions(data: Any, source: str = "assumptions") -> Assumptions:
    """Assumptions from parsed YAML or JSON. Raises BadInput with every problem found; ``source`` names them in messages."""
    return _validate(Assumptions, data, source)


# --- files ---------------------------------------------------------------------------------------------------------
def _names(folder: Traversable) -> tuple[str, ...]:
    return tuple(sorted(entry.name[: -len(".yaml")] for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def _read(name_or_path: str | Path, folder: Traversable, what: str) -> tuple[Any, str]:
    """The parsed document and the name to report it under."""
    name, path, names = str(name_or_path), Path(name_or_path), _names(folder)
    if name in names and not isinstance(name_or_path, Path):
        return _parse((folder / f"{name}.yaml").read_bytes(), name), name
    if isinstance(name_or_path, str) and path.suffix.lower() not in _SUFFIXES and path.name == name:
        message = f"expected a YAML file, or a shipped name: {choices(names)}"
        raise BadInput(Problem(what, message, name, nearest(name, names)))
    regular_file(path, "a YAML file", _LARGEST)
    with reading(path):
        return _parse(path.read_bytes(), name), name


class _Constructor(SafeConstructor):
    """Dates stay text: the spec judges them, together with everything else."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _parse(data: bytes, source: str) -> Any:
    """The file's only document; a key twice, an alias or deep nesting is refused before anything grows."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    depth = 0
    try:
        text = data.decode("utf-8-sig")
        for event in YAML(typ="safe", pure=True).parse(text):
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if isinstance(event, AliasEvent) or depth > _DEEPEST:
                line = event.start_mark.line + 1
                raise BadInput(
                    Problem(f"line {line}", "expected plain data, not nested deeply and without aliases"), source
                )
        return yaml.load(text)
    except UnicodeDecodeError as error:
        raise BadInput(Problem("", f"expected UTF-8 text, found a bad byte at {error.start}"), source) from None
    except MarkedYAMLError as error:
        place = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}"
        raise BadInput(Problem(place, f"expected YAML: {error.problem}"), source) from None
    except YAMLError as error:
        raise BadInput(Problem("", f"expected YAML: {error}"), source) from None


# --- mistakes ------------------------------------------------------------------------------------------------------
def _validate(model: type[S], data: Any, source: str) -> S:
    if not isinstance(data, Mapping):
        raise BadInput(Problem("", "expected a mapping (lines of `key: value`)", data), source)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        schema = model.model_json_schema()
        problems = [_problem(schema, dict(item)) for item in error.errors(include_url=False)]
        raise BadInput(problems, source) from None


def _problem(schema: dict[str, Any], item: dict[str, Any]) -> Problem:
    """One of pydantic's errors, with the place as the file's author sees it and the nearest valid name."""
    kind, value, location = item["type"], item["input"], tuple(item["loc"])
    cause = item.get("ctx", {}).get("error")
    if isinstance(cause, SpecError):
        return Problem(dotted(_walk(schema, location)[0] + cause.path), cause.message, cause.value)
    path, node = _walk(schema, location)
    if kind == "missing":
        return Problem(dotted(path), "missing: this key is required")
    if kind == "extra_forbidden":
        keys = list(_walk(schema, location[:-1])[1].get("properties", {}))
        return Problem(
            dotted(path), f"unknown key; expected one of: {choices(keys)}", value, nearest(str(path[-1]), keys)
        )
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tags = list(node["discriminator"]["mapping"])
        found = value.get("model") if isinstance(value, Mapping) else None
        return _one_of((*path, "model"), found, tags)
    if kind == "literal_error":
        return _one_of(path, value, node.get("enum", [node.get("const")]))
    return Problem(dotted(path), item["msg"] if cause is None else str(cause), value)


def _one_of(path: tuple[str | int, ...], value: Any, allowed: Iterable[Any]) -> Problem:
    names = [str(each) for each in allowed]
    near = nearest(value, names) if isinstance(value, str) else None
    return Problem(dotted(path), f"expected one of: {choices(names)}", value, near)


def _walk(schema: dict[str, Any], location: tuple[Any, ...]) -> tuple[tuple[str | int, ...], dict[str, Any]]:
    """The path as written in the file (pydantic adds the word that chose a union's member), and the schema found there."""
    node: dict[str, Any] = schema
    path: tuple[str | int, ...] = ()
    for step in location:
        tags = node.get("discriminator", {}).get("mapping", {})
        if step in tags:
            node = _resolve(schema, {"$ref": tags[step]})
        elif step != "[key]":
            path += (step,)
            inner = node.get("properties", {}).get(step) if isinstance(step, str) else None
            node = _resolve(schema, inner or node.get("items") or {})
    return path, node


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    return schema["$defs"][node["$ref"].rsplit("/", 1)[-1]] if "$ref" in node else node
