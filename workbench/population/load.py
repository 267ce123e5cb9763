"""Reading populations and assumptions: shipped ones by name, others by path; every mistake reported at once."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import ValidationError

from workbench.population.behaviour import Assumptions
from workbench.population.spec import Population
from workbench.spec import Spec, SpecError

__all__ = [
    "InvalidFile", "Problem", "load_assumptions", "load_population", "read_assumptions", "read_population",
    "shipped_assumptions", "shipped_populations",
]  # fmt: skip

_DATA = files("workbench.population") / "data"
_SUFFIXES = (".yaml", ".yml")
S = TypeVar("S", bound=Spec)


class Problem(NamedTuple):
    """One mistake in a file."""

    path: str
    """Keys from the top, joined by dots; empty for the file as a whole."""
    message: str
    """What was expected."""
    value: Any = None
    """What was found."""
    suggestion: str | None = None
    """The nearest valid name, where a name is wrong."""

    def __str__(self) -> str:
        found = "" if self.value is None else f" (found {self.value!r})"
        hint = "" if self.suggestion is None else f"; did you mean {self.suggestion!r}?"
        return f"{self.path or 'file'}: {self.message}{found}{hint}"


class InvalidFile(ValueError):
    """A population or assumptions file that cannot be used; carries all its problems."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        super().__init__(f"{name}: " + "\n".join(map(str, problems)))
        self.name, self.problems = name, tuple(problems)


def shipped_populations() -> tuple[str, ...]:
    """Names of the populations that come with the package."""
    return _names(_DATA)


def shipped_assumptions() -> tuple[str, ...]:
    """Names of the sets of assumptions that come with the package."""
    return _names(_DATA / "assumptions")


def load_population(name_or_path: str | Path) -> Population:
    """A shipped population by name, or one from a YAML file; raises InvalidFile."""
    return read_population(*_read(name_or_path, _DATA, "population"))


def load_assumptions(name_or_path: str | Path) -> Assumptions:
    """Shipped assumptions by name, or some from a YAML file; raises InvalidFile."""
    return read_assumptions(*_read(name_or_path, _DATA / "assumptions", "assumptions"))


def read_population(data: Any, name: str = "population") -> Population:
    """A population from parsed YAML or JSON; raises InvalidFile."""
    return _validate(Population, data, name)


def read_assumptions(data: Any, name: str = "assumptions") -> Assumptions:
    """Assumptions from parsed YAML or JSON; raises InvalidFile."""
    return _validate(Assumptions, data, name)


# --- files ---------------------------------------------------------------------------------------------------------
class _Loader(yaml.SafeLoader):
    """YAML in which a key may stand only once (the second would silently win), and dates are left to the spec to judge."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue  # refused below
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key_node.value!r} stands twice", key_node.start_mark)
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _names(folder: Traversable) -> tuple[str, ...]:
    return tuple(sorted(entry.name[: -len(".yaml")] for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def _read(name_or_path: str | Path, folder: Traversable, what: str) -> tuple[Any, str]:
    """The parsed document and the name to report it under."""
    name = str(name_or_path)
    names = _names(folder)
    if name in names:
        return _parse((folder / f"{name}.yaml").read_text(encoding="utf-8"), name), name
    path = Path(name)
    if not path.is_file():
        if path.suffix in _SUFFIXES or len(path.parts) > 1:
            raise InvalidFile(name, [Problem("", "no such file")])
        expected = f"expected a file or a shipped {what}: {', '.join(names)}"
        raise InvalidFile(name, [Problem("", expected, name, _nearest(name, names))])
    try:
        return _parse(path.read_text(encoding="utf-8"), name), name
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFile(name, [Problem("", f"cannot be read: {error}")]) from error


def _parse(text: str, name: str) -> Any:
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
        raise InvalidFile(name, [Problem("", f"not YAML: {place}{getattr(error, 'problem', None) or error}")]) from error


# --- mistakes ------------------------------------------------------------------------------------------------------
def _validate(model: type[S], data: Any, name: str) -> S:
    if not isinstance(data, Mapping):
        raise InvalidFile(name, [Problem("", "expected keys and values", data)])
    try:
        return model.model_validate(data)
    except ValidationError as error:
        schema = model.model_json_schema()
        raise InvalidFile(name, [_problem(schema, dict(item)) for item in error.errors(include_url=False)]) from error


def _problem(schema: dict[str, Any], item: dict[str, Any]) -> Problem:
    """One pydantic error as a problem, with the place as the file's author sees it and the nearest valid name."""
    message, value, context = item["msg"], item["input"], item.get("ctx", {})
    cause = context.get("error")
    location = tuple(item["loc"])
    if isinstance(cause, SpecError):
        location, message, value = location + cause.path, cause.message, cause.value
    elif isinstance(cause, ValueError):
        message = str(cause)
    path, node = _walk(schema, location)
    if item["type"] == "missing":
        return Problem(path, "is required")
    if item["type"] == "extra_forbidden":
        _, parent = _walk(schema, location[:-1])
        return Problem(path, "unknown key", value, _nearest(str(location[-1]), parent.get("properties", ())))
    if item["type"] == "union_tag_invalid":
        found = value.get("model") if isinstance(value, Mapping) else value
        tags = node.get("discriminator", {}).get("mapping", {})
        return Problem(f"{path}.model", f"expected one of {', '.join(tags)}", found, _nearest(str(found), tags))
    if item["type"] == "literal_error":
        allowed = [str(value) for value in node.get("enum", [node.get("const")])]
        return Problem(path, f"expected {' or '.join(allowed)}", value, _nearest(str(value), allowed))
    return Problem(path, message, value)


def _walk(schema: dict[str, Any], location: tuple[Any, ...]) -> tuple[str, dict[str, Any]]:
    """The path as written in the file (pydantic adds the tag of a union), and the schema found there."""
    node, path = _resolve(schema, schema), ""
    for step in location:
        tags = node.get("discriminator", {}).get("mapping", {})
        if step in tags:
            node = _resolve(schema, {"$ref": tags[step]})
            continue
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
        inner = node.get("properties", {}).get(step) if isinstance(step, str) else None
        node = _resolve(schema, inner or node.get("items") or {})
    return path, node


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    return schema["$defs"][node["$ref"].rsplit("/", 1)[-1]] if "$ref" in node else node


def _nearest(name: str, known: Any) -> str | None:
    found = get_close_matches(name, [str(other) for other in known], 1)
    return found[0] if found else None
