"""Every message in the code that a user of the app can meet, read from the sources: what is said of bad input, and what the lint finds."""

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (
    "workbench/*.py", "workbench/lint/*.py", "workbench/population/*.py", "workbench/population/calibration/*.py", "workbench/program/*.py",
    "workbench/rules/*.py", "workbench/study/*.py", "workbench/finance/*_file.py", "workbench/finance/triangle.py",
    "workbench/finance/accounting/*.py", "workbench/reports/story_file.py", "simulators/calibration_log.py", "simulators/customer_log.py",
    "simulators/designs.py", "simulators/early_warning.py", "simulators/member_of_*.py", "simulators/optimise.py", "simulators/recorded.py",
    "simulators/simulate.py", "simulators/transaction_source.py", "simulators/transactions.py", "simulators/trial.py", "apps/draft.py",
    "apps/link.py", "apps/member_log.py", "apps/records.py", "apps/saved_runs.py", "apps/story_sources.py", "apps/workspace.py",
    "apps/views/*.py", "apps/pages/*.py",
)  # fmt: skip
COMMANDS = ("pseudonyms.py", "run_folder.py", "plan.py", "packaging.py")
"""What only commands say."""
MESSAGES = {
    "Problem": 1, "SpecError": 1, "Fault": 2, "Finding": 3, "_say": 1, "ValueError": 0, "BadRow": 0, "NoRedemptionExpected": 0, "Overdrawn": 0,
}  # fmt: skip
"""What is called with a message, and at which place."""
FILLED = ("7", "year", "2025-01")
"""What may stand in the place of a value: a number, a word that is known, a month."""


def messages() -> dict[str, str]:
    """Where each message stands, by its text; what is put in is ``{}``."""
    found = {}
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if path.name not in COMMANDS:
                for line, text in _of_file(path):
                    if text.replace("{}", "").strip(" :"):
                        found.setdefault(text, f"{path.relative_to(ROOT)}:{line}")
    return found


def filled(text: str) -> Iterator[str]:
    """The message with values put in, in all ways."""
    parts = text.split("{}")
    for values in product(FILLED, repeat=min(len(parts) - 1, 9)):
        told = parts[0]
        for k, part in enumerate(parts[1:]):
            told += values[min(k, len(values) - 1)] + part
        yield told


def _of_file(path: Path) -> Iterator[tuple[int, str]]:
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(function, ast.FunctionDef):
            for call in ast.walk(function):
                place = MESSAGES.get(_name(call.func)) if isinstance(call, ast.Call) else None
                if isinstance(call, ast.Call) and place is not None and len(call.args) > place:
                    yield from ((call.lineno, text) for text in _texts(call.args[place], function))


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _texts(value: ast.expr, function: ast.FunctionDef) -> list[str]:
    """What an expression may say: both ways of a condition, every value that a name is given in the function; none where it is not known."""
    if isinstance(value, ast.Constant):
        return [value.value] if isinstance(value.value, str) else []
    if isinstance(value, ast.IfExp):
        return _texts(value.body, function) + _texts(value.orelse, function)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return _joined([value.left, value.right], function)
    if isinstance(value, ast.JoinedStr):
        parts = [each.value if isinstance(each, ast.FormattedValue) else each for each in value.values]
        return _joined(parts, function)
    if isinstance(value, ast.Name):
        given = [each for each in ast.walk(function) if isinstance(each, ast.Assign) and _gives(each, value.id)]
        return [text for each in given for text in _texts(each.value, function)]
    return []


def _gives(assignment: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in assignment.targets)


def _joined(parts: list[ast.expr], function: ast.FunctionDef) -> list[str]:
    told = [""]
    for part in parts:
        told = [before + text for before in told for text in _texts(part, function) or ["{}"]]
    return told
