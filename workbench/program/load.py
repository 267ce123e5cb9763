"""Loading a program: from the library or a file, through YAML, into the frozen model; every error at once, each with its place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.errors import BadInput, Problem, dotted
from workbench.packaging import HOME
from workbench.program.spec import Program
from workbench.program.versions import faults_of_changes
from workbench.spec_file import faults_of, named_file, names_in, problems_of
from workbench.yaml_file import LineOf, read_mapping

__all__ = [
    "LIBRARY",
    "find_program",
    "library",
    "load_program",
    "program_from_mapping",
    "program_schema",
    "validate_program",
]

LIBRARY = HOME / "programs"
"""The shipped programs: data beside the code, in the working folder and in an installed wheel alike."""


def library() -> list[str]:
    """The slugs of the shipped programs, in alphabetical order."""
    return names_in(LIBRARY)


def find_program(slug_or_path: str | Path) -> Path:
    """The file of a program: the library's, or the file itself if the name has a folder or a YAML suffix in it.

    Raises BadInput for a slug that the library does not have, with the nearest one. Whether a file can be read shows when it is.
    """
    return named_file(slug_or_path, LIBRARY, "program", "a program of the library")


def load_program(slug_or_path: str | Path) -> Program:
    """The program of a slug or a file. Raises BadInput with every problem found."""
    path = find_program(slug_or_path)
    mapping, line_of = read_mapping(path)
    return program_from_mapping(mapping, line_of, str(path))


def program_from_mapping(mapping: Mapping[str, Any], line_of: LineOf | None = None, source: str = "") -> Program:
    """The program of a mapping such as a YAML file holds. Raises BadInput with every problem; ``line_of`` gives their lines."""
    problems = problems_of(Program, mapping, line_of)
    if problems:
        raise BadInput(sorted(problems + _of_versions(mapping, line_of), key=lambda each: each.line or 0), source)
    return Program.model_validate(dict(mapping))


def _of_versions(mapping: Mapping[str, Any], line_of: LineOf | None) -> list[Problem]:
    """What is wrong in the versions of a program that is wrong itself, so that it can all be mended at once."""
    base = {key: value for key, value in mapping.items() if key != "versions"}
    versions = mapping.get("versions")
    faults = faults_of(Program, base)
    if not faults or not isinstance(versions, list):
        return []
    changes = [each.get("changes") if isinstance(each, Mapping) else None for each in versions]
    readable = [each if isinstance(each, Mapping) else {} for each in changes]
    found = faults_of_changes(Program, base, readable, [each.path for each in faults])
    return [
        Problem(dotted(each.path), each.message, each.value, each.suggestion, line_of(each.path) if line_of else None)
        for each in found
    ]


def validate_program(program: str | Path | Mapping[str, Any]) -> list[Problem]:
    """Every problem of a slug's, a file's or a mapping's program; empty if it is valid."""
    try:
        if isinstance(program, str | Path):
            load_program(program)
        else:
            program_from_mapping(program)
    except BadInput as error:
        return list(error.problems)
    return []


def program_schema() -> dict[str, Any]:
    """The JSON Schema of a program file, for editors that complete and check YAML."""
    schema = Program.model_json_schema(by_alias=True, mode="validation")
    start = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Loyalty program"}
    return start | {key: value for key, value in schema.items() if key not in start}
