"""Floor 0: reading a file format of the workbench: from YAML into a frozen model, or every mistake at once in plain words.

``problems_of`` turns pydantic's errors into Problems: the path as it stands in the file, what was expected, and the nearest name.
"""

import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from workbench.errors import BadInput, Problem, choices, dotted, nearest
from workbench.spec import Spec, SpecError
from workbench.yaml_file import LineOf, read_mapping

__all__ = ["faults_of", "named_file", "names_in", "problems_of", "read_spec", "spec_from_mapping"]

S = TypeVar("S", bound=Spec)
Loc = tuple[str | int, ...]
"""A path of keys and positions in the file."""


# --- files -----------------------------------------------------------------------------------------------------------
def names_in(folder: Path) -> list[str]:
    """Names of the YAML files shipped in a folder, in alphabetical order."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def named_file(name_or_path: str | Path, folder: Path, what: str, listed: str) -> Path:
    """The file of a shipped name, or the file itself if the name has a folder or a YAML suffix in it.

    Raises BadInput for a name that is not shipped, with the nearest one: ``what`` was to be named, ``listed`` says what the names
    are. Whether a file can be read shows when it is.
    """
    name, path = str(name_or_path), Path(name_or_path)
    if isinstance(name_or_path, Path) or path.suffix.lower() in (".yaml", ".yml") or path.name != name:
        return path
    names = names_in(folder)
    if name in names:
        return folder / f"{name}.yaml"
    if "\0" not in name and path.is_file():
        return path
    message = f"expected a YAML file, or {listed}: {choices(names)}"
    raise BadInput(Problem(what, message, name, nearest(name, names)))


def read_spec(model: type[S], path: str | Path) -> S:
    """What a YAML file says, as an instance of its model. Raises BadInput with every problem found, each with its line."""
    mapping, line_of = read_mapping(path)
    return spec_from_mapping(model, mapping, line_of, str(path))


def spec_from_mapping(model: type[S], mapping: Mapping[str, Any], line_of: LineOf | None = None, source: str = "") -> S:
    """What a mapping says, such as a YAML file holds. Raises BadInput with every problem; ``line_of`` gives their lines."""
    problems = problems_of(model, mapping, line_of)
    if problems:
        raise BadInput(problems, source)
    return model.model_validate(dict(mapping))


# --- pydantic's errors in plain words --------------------------------------------------------------------------------
def problems_of(model: type[BaseModel], mapping: Mapping[str, Any], line_of: LineOf | None = None) -> list[Problem]:
    """Every problem of a mapping as an instance of a model (any file format of the workbench), in the order of the file if it is known."""
    problems = [
        Problem(dotted(each.path), each.message, each.value, each.suggestion, line_of(each.path) if line_of else None)
        for each in faults_of(model, mapping)
    ]
    return sorted(problems, key=lambda problem: problem.line or 0)


def faults_of(model: type[BaseModel], mapping: Mapping[str, Any]) -> list[SpecError]:
    """The same, each with its path as keys and positions."""
    found: dict[Loc, tuple[str, object, str | None]] = {
        path: (message, value, None) for path, message, value in _wrong_kinds(model, mapping, ())
    }
    try:
        model.model_validate(dict(mapping))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path, message, value, suggestion = _explained(model, dict(detail))
            cause = detail.get("ctx", {}).get("error")
            if isinstance(cause, SpecError):
                above = path[: len(path) - len(cause.path)]
                for other in cause.others:
                    found.setdefault(above + other.path, (other.message, other.value, _suggested(other)))
            hollow = detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]
            if (
                not hollow
            ):  # entries that are wrong themselves are not counted: they are named, the list is not too short
                found.setdefault(path, (message, value, suggestion))
    return [SpecError(path, *what) for path, what in found.items()]


def _explained(model: type[BaseModel], detail: dict[str, Any]) -> tuple[Loc, str, object, str | None]:
    """Path, message, value and suggestion of one of pydantic's errors."""
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    loc = detail["loc"][:-1] if detail["loc"][-1:] == ("[key]",) and kind != "extra_forbidden" else detail["loc"]
    path, annotation = _located(model, loc)
    if kind == "value_error":
        cause = context["error"]
        if isinstance(cause, SpecError):
            return path + cause.path, cause.message, cause.value, _suggested(cause)
        return path, f"expected a valid value: {cause}", value, None
    if kind == "missing":
        return path, "missing: this key is required", None, None
    if kind == "extra_forbidden":
        _, parent = _located(model, detail["loc"][:-1])
        keys = _keys(parent)
        return path, "unknown key; expected one of: " + choices(keys), value, nearest(str(path[-1]), keys)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tags = sorted(_members(annotation))
        found = value.get(context["discriminator"].strip("'")) if isinstance(value, dict) else None
        message = ("missing: " if found is None else "") + "expected one of: " + choices(tags)
        return (*path, context["discriminator"].strip("'")), message, found, _near(found, tags)
    if kind == "literal_error":
        valid = [str(each) for each in get_args(annotation)] or re.findall(r"'([^']*)'", context["expected"])
        return path, "expected one of: " + choices(valid), value, _near(value, valid)
    return path, _plain_message(kind, context, detail["msg"]), value, None


_MESSAGES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), message)
    for pattern, message in (
        (r"greater_than", "expected more than {gt}"),
        (r"greater_than_equal", "expected at least {ge}"),
        (r"less_than", "expected less than {lt}"),
        (r"less_than_equal", "expected at most {le}"),
        (r"int_.*", "expected a whole number"),
        (r"decimal_max_places", "expected at most {decimal_places} decimals"),
        (r"decimal_max_digits", "expected at most {max_digits} digits"),
        (r"decimal_whole_digits", "expected at most {whole_digits} digits before the point"),
        (r"decimal_.*|float_.*|finite_number", "expected a number"),
        (r"bool_.*", "expected true or false"),
        (r"string_too_short", "expected at least {min_length} characters"),
        (r"string_too_long", "expected at most {max_length} characters"),
        (r"string_(type|sub_type|unicode)", "expected text (put it in quotes)"),
        (r"date_.*", "expected a date like 2025-01-31"),
        (r"model_type|model_attributes_type|dict_type|mapping_type", "expected a mapping (lines of `key: value`)"),
        (r"tuple_type|list_type|iterable_type", "expected a list"),
        (r"too_short", "expected at least {min_length} entries"),
        (r"too_long", "expected at most {max_length} entries"),
    )
)
_PATTERNS = {
    r"^[A-Z]{3}$": "expected three capital letters, such as TWD",
    r"^\d\d-\d\d$": "expected a day of the year as MM-DD, such as 12-31",
    r"^[^\s=+@,;:][^,;:\n\r\t]*$": "expected a name without , ; : that does not begin with a space, =, + or @",
}


def _plain_message(kind: str, context: dict[str, Any], otherwise: str) -> str:
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"expected text that matches {context['pattern']}")
    for pattern, message in _MESSAGES:
        if pattern.fullmatch(kind):
            return message.format(**context)
    return otherwise


def _near(value: object, valid: list[str]) -> str | None:
    return nearest(value, valid) if isinstance(value, str) else None


def _suggested(error: SpecError) -> str | None:
    """What the error suggests, or else the nearest of the names its message lists (``expected one of the tiers: Silver, Gold``)."""
    if error.suggestion is not None:
        return error.suggestion
    head, _, names = error.message.partition(": ")
    return _near(error.value, names.split(", ")) if head.startswith("expected one of") else None


# --- where in the model ----------------------------------------------------------------------------------------------
def _bare(annotation: Any) -> Any:
    """A type without its constraints and without ``| None``."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if _is_union(annotation):
        rest = [each for each in get_args(annotation) if each is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _members(annotation: Any, discriminator: str | None = None) -> dict[str, type[BaseModel]]:
    """The models of a union by the word that chooses them: the one literal field of each."""
    members = {}
    for each in get_args(annotation) if _is_union(annotation) else ():
        model = _bare(each)
        for name, field in model.model_fields.items() if _is_model(model) else ():
            words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
            if len(words) == 1 and field.is_required() and discriminator in (None, name):
                members[str(words[0])] = model
    return members


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Fields by their key in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _keys(annotation: Any) -> list[str]:
    return list(_fields(annotation)) if _is_model(annotation) else []


def _inside(annotation: Any, part: str | int) -> Any:
    """The type of a model's field, a dictionary's value or a list's entry."""
    if _is_model(annotation):
        field = _fields(annotation).get(str(part))
        return None if field is None else _bare(field.annotation)
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return _bare(arguments[1])
    if get_origin(annotation) in (tuple, list):
        return _bare(arguments[0])
    return None


def _located(model: type[BaseModel], loc: Iterable[str | int]) -> tuple[Loc, Any]:
    """The path in the file of pydantic's location, and the type expected there.

    A location also holds the word that chose a union's member, which the file's path does not have.
    """
    path: Loc = ()
    annotation: Any = model
    for part in loc:
        members = _members(annotation)
        if members and part in members:
            annotation = members[str(part)]
        else:
            path += (part,)
            annotation = _inside(annotation, part)
    return path, annotation


_WRONG: tuple[tuple[tuple[Any, ...], Callable[[Any], bool], str], ...] = (
    ((int, Decimal, float), lambda value: isinstance(value, bool), "expected a number"),
    ((date,), lambda value: isinstance(value, int | float), "expected a date like 2025-01-31"),
)


def _wrong_kinds(annotation: Any, value: Any, path: Loc) -> Iterator[tuple[Loc, str, object]]:
    """What pydantic would let pass: true as the number 1, and a number as a date (so many seconds after 1970)."""
    for kinds, is_wrong, message in _WRONG:
        if annotation in kinds and is_wrong(value):
            yield path, message, value
    if (
        get_origin(annotation) is Literal
        and isinstance(value, bool)
        and value not in [x for x in get_args(annotation) if x is value]
    ):
        yield path, "expected one of: " + choices([str(each) for each in get_args(annotation)]), value
    if isinstance(value, Mapping):
        if _is_union(annotation):
            words = {str(each) for each in value.values() if isinstance(each, str)}
            chosen = [model for word, model in _members(annotation).items() if word in words]
            annotation = chosen[0] if len(chosen) == 1 else None
        for name, each in value.items():
            yield from _wrong_kinds(_inside(annotation, name), each, (*path, name))
    elif isinstance(value, list | tuple) and get_origin(annotation) in (tuple, list):
        for k, each in enumerate(value):
            yield from _wrong_kinds(_inside(annotation, k), each, (*path, k))
