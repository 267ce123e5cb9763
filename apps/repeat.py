"""A program as YAML, and the command line that repeats its run. No Panel here."""

import io
import shlex
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from apps.levers import file_mapping
from apps.question import Question
from workbench.program.spec import Program

__all__ = ["command", "laid_out", "program_yaml"]


SHORT = 40
"""Characters of a text that may stand beside others on a line."""


def program_yaml(program: Program) -> str:
    """The program's file: what is read back from it is the same program."""
    yaml = YAML(typ="rt", pure=True)
    yaml.default_flow_style = None  # short collections on one line, as in the library's files
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 100_000  # a text is one line, so that it can be searched
    stream = io.StringIO()
    yaml.dump(laid_out(file_mapping(program)), stream)
    return stream.getvalue()


def laid_out(value: Any) -> Any:
    """Plain data as it is written: lists of sentences one below the other."""
    if isinstance(value, dict):
        return {key: laid_out(each) for key, each in value.items()}
    if not isinstance(value, list):
        return value
    found = CommentedSeq(laid_out(each) for each in value)
    if any(isinstance(each, str) and len(each) > SHORT for each in value):
        found.fa.set_block_style()
    return found


def command(question: Question, baseline: str = "none") -> str:
    """The command line of the question, every option that decides the result written out."""
    names = question.names
    options = {
        "members": str(question.members),
        "years": str(question.years),
        "start": question.start.isoformat(),
        "seed": str(question.seed),
        "population": names["population"],
        "assumptions": names["assumptions"],
        "baseline": baseline,
    }
    lines = [shlex.join(["loyalty", "run", names["program"]])]
    lines += [f"--{name} {shlex.quote(value)}" for name, value in options.items()]
    return " \\\n  ".join(lines)
