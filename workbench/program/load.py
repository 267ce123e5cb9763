"""Loading a program: from the library or a file, through YAML, into the frozen model; every error at once, each with its place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.errors import BadInput, Problem
from workbench.packaging import HOME
from workbench.program.spec import Program
from workbench.spec_file import named_file, names_in, read_spec, spec_from_mapping
from workbench.yaml_file import LineOf

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
    return read_spec(Program, find_program(slug_or_path))


def program_from_mapping(mapping: Mapping[str, Any], line_of: LineOf | None = None, source: str = "") -> Program:
    """The program of a mapping such as a YAML file holds. Raises BadInput with every problem; ``line_of`` gives their lines."""
    return spec_from_mapping(Program, mapping, line_of, source)


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
