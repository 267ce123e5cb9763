"""A finished test as a table: a row a member, with the arm they were in, what came of them, and what was known before."""

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from workbench.errors import BadInput, Problem, nearest
from workbench.experiment.analysis import Flags, Floats
from workbench.files import reading, regular_file

__all__ = ["Columns", "Finished", "read_finished"]

LARGEST = 2**30
MOST_PROBLEMS = 20
CONTROLS = ("control", "a", "c", "0")
"""Names, whatever their case, by which an arm is known to be arm A."""


class Columns(NamedTuple):
    """Which column says what."""

    member: str = "member_id"
    arm: str = "arm"
    outcome: str = "outcome"
    covariates: tuple[str, ...] | None = None
    """From before the test; None: every column whose name begins with ``pre``."""
    control: str | None = None
    """The arm that is arm A; None: the one named control, or A."""


class Finished(NamedTuple):
    """A finished test; arrays of one length."""

    outcome: Floats
    in_b: Flags
    covariates: Floats
    """float64[n, k]"""
    names: tuple[str, ...]
    """Of the covariates."""
    arm_a: str
    arm_b: str


def read_finished(path: Path, columns: Columns) -> Finished:
    """The test of a CSV (plain or gzip) or Parquet file. Raises BadInput with every problem found: columns that are missing, cells that are no numbers
    (or NaN, or empty), a member twice, arms that are not two."""
    table = _table(path)
    names = tuple(table.column_names)
    wanted = columns.covariates
    if wanted is None:
        wanted = tuple(name for name in names if name.casefold().startswith("pre"))
    missing = [
        Problem(f"column {name}", f"expected a column for {what}", None, nearest(name, names))
        for name, what in (
            (columns.member, "the member"), (columns.arm, "the arm"), (columns.outcome, "the outcome"),
            *((name, "what was known before") for name in wanted),
        )
        if name not in names
    ]  # fmt: skip
    if missing:
        raise BadInput(missing, str(path))
    problems: list[Problem] = []
    members = _texts(table, columns.member, problems)
    arms = _texts(table, columns.arm, problems)
    outcome = _numbers(table, columns.outcome, problems)
    covariates = [_numbers(table, name, problems) for name in wanted]
    problems += _twice(columns.member, members)
    if not problems:
        problems += [
            Problem(f"column {name}", "expected more than one value: a constant explains nothing", float(values[0]))
            for name, values in zip(wanted, covariates, strict=True)
            if len(values) and (values == values[0]).all()
        ]
    arm_a, arm_b = _two_arms(columns, arms, problems)
    if problems:
        raise BadInput(problems[:MOST_PROBLEMS], str(path), max(len(problems) - MOST_PROBLEMS, 0))
    known = np.stack(covariates, axis=1) if covariates else np.zeros((len(outcome), 0))
    return Finished(outcome, np.array([arm == arm_b for arm in arms]), known, wanted, arm_a, arm_b)


def _table(path: Path) -> pa.Table:
    file = regular_file(path, "a finished test", LARGEST)
    with reading(file), file.open("rb") as stream:
        start = stream.read(4)
    try:
        with reading(file):
            if start == b"PAR1":
                return pa.parquet.read_table(file)
            if start[:2] == b"\x1f\x8b":
                with pa.CompressedInputStream(pa.OSFile(str(file)), "gzip") as stream:
                    return _csv(pa.py_buffer(_bounded(stream, path)))
            return _csv(pa.py_buffer(file.read_bytes()))
    except (pa.ArrowException, UnicodeDecodeError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise BadInput(Problem("", f"expected a table with a header, CSV or Parquet: {first}"), str(path)) from error


def _bounded(stream: Any, path: Path) -> bytes:
    """What a compressed file holds, if it is not beyond all measure."""
    found: bytes = stream.read(LARGEST + 1)
    if len(found) > LARGEST:
        raise BadInput(Problem("", f"expected at most {LARGEST:,} bytes when unpacked, found more"), str(path))
    return found


def _csv(buffer: pa.Buffer) -> pa.Table:
    """Every cell as text."""
    source = pa.BufferReader(buffer)
    names = pa.csv.open_csv(source).schema.names
    convert = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    return pa.csv.read_csv(pa.BufferReader(buffer), convert_options=convert)


def _texts(table: pa.Table, name: str, problems: list[Problem]) -> list[str]:
    found = ["" if cell is None else str(cell).strip() for cell in table[name].to_pylist()]
    problems += [
        Problem(f"row {row}, column {name}", "expected a name, found an empty cell")
        for row, cell in enumerate(found, 2)
        if not cell
    ]
    return found


def _numbers(table: pa.Table, name: str, problems: list[Problem]) -> Floats:
    found = np.zeros(table.num_rows)
    for row, cell in enumerate(table[name].to_pylist()):
        try:
            value = float("" if cell is None else cell)
        except (TypeError, ValueError):
            value = math.nan
        if math.isfinite(value):
            found[row] = value
        else:
            given = "an empty cell" if cell in (None, "") else str(cell)
            problems.append(Problem(f"row {row + 2}, column {name}", f"expected a finite number, found {given}"))
    return found


def _twice(name: str, members: list[str]) -> list[Problem]:
    first: dict[str, int] = {}
    found = []
    for row, member in enumerate(members, 2):
        if member and first.setdefault(member, row) != row:
            found.append(
                Problem(f"row {row}, column {name}", f"expected each member once; also in row {first[member]}")
            )
    return found


def _two_arms(columns: Columns, arms: list[str], problems: list[Problem]) -> tuple[str, str]:
    """The names of arm A and arm B."""
    names = sorted({arm for arm in arms if arm})
    where = f"column {columns.arm}"
    if len(names) != 2:
        told = ", ".join(names[:5]) or "none"
        problems.append(Problem(where, f"expected two arms, found {len(names)}: {told}"))
        return "", ""
    problems += [
        Problem(where, f"expected two members or more in arm {name}, found 1") for name in names if arms.count(name) < 2
    ]
    if columns.control is not None:
        if columns.control not in names:
            problems.append(
                Problem(
                    "--control", f"expected {names[0]} or {names[1]}", columns.control, nearest(columns.control, names)
                )
            )
            return "", ""
        control = columns.control
    else:
        known = [name for wanted in CONTROLS for name in names if name.casefold() == wanted]
        if not known:
            problems.append(Problem("--control", f"say which arm is the control: {names[0]} or {names[1]}"))
            return "", ""
        control = known[0]
    return control, next(name for name in names if name != control)
