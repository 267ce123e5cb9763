"""Files named together by one command: what is written must not take the place of what is read, or of each other."""

import os
from pathlib import Path

from workbench.errors import BadInput, Problem

__all__ = ["check_apart", "same_file"]


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, through links as well; either may not be there yet."""
    try:
        if os.path.realpath(one) == os.path.realpath(other):
            return True
        return one.exists() and other.exists() and one.samefile(other)
    except (OSError, ValueError):  # whoever opens it says what is wrong with the name
        return False


def check_apart(inputs: dict[str, Path | None], outputs: dict[str, Path | None]) -> None:
    """Raise BadInput where an output is an input or another output; both are named by their options. An option may be left out."""
    earlier = {name: path for name, path in inputs.items() if path is not None}
    problems = []
    for name, path in outputs.items():
        if path is None:
            continue
        problems += [
            Problem(name, f"expected another file than that of {other}", str(path))
            for other, found in earlier.items()
            if same_file(path, found) and (name, other) != ("--state-out", "--state-in")
        ]
        earlier[name] = path
    if problems:
        raise BadInput(problems)
