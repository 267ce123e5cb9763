"""A sweep, and a search, as a folder: the document as JSON, and its designs, a row for each, as CSV and Parquet."""

import json
import secrets
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from simulators.ledger_file import harmless
from workbench.errors import BadInput, Problem
from workbench.run_folder import place_run

__all__ = [
    "FORMAT",
    "check_search_target",
    "check_sweep_target",
    "designs_table",
    "place_search",
    "place_sweep",
    "trials_table",
]

FORMAT = "loyalty-workbench sweep 1"
FILES = ("sweep.json", "designs.csv", "designs.parquet")
SEARCH_FILES = ("optimise.json", "trials.csv", "trials.parquet")


def check_sweep_target(folder: Path, files: tuple[str, ...] = FILES, what: str = "sweep") -> None:
    """Raise BadInput before any work is done, where a sweep could not be written: the parent is missing, or something else stands there."""
    if not folder.absolute().parent.is_dir():
        raise BadInput(Problem("--out", "expected an existing folder to write in", str(folder.absolute().parent)))
    ours = folder.is_dir() and all(path.name in files for path in folder.iterdir())
    if folder.exists() and not ours:
        message = f"expected a new name, an empty folder or an earlier {what}: something else stands there"
        raise BadInput(Problem("--out", message, str(folder)))


def place_sweep(document: dict[str, Any], folder: Path) -> None:
    """Write a sweep's folder, whole or not at all, in the place of an earlier one."""
    check_sweep_target(folder)
    _place(document, folder, FILES, designs_table(document, True), designs_table(document, False))


def place_search(document: dict[str, Any], folder: Path) -> None:
    """Write a search's folder, whole or not at all, in the place of an earlier one."""
    check_search_target(folder)
    _place(document, folder, SEARCH_FILES, trials_table(document, True), trials_table(document, False))


def check_search_target(folder: Path) -> None:
    """Raise BadInput before any work is done, where a search could not be written."""
    check_sweep_target(folder, SEARCH_FILES, "search")


def _place(document: dict[str, Any], folder: Path, names: tuple[str, ...], csv: pa.Table, parquet: pa.Table) -> None:
    target = folder.absolute()
    work = target.parent / f".{target.name}.{secrets.token_hex(4)}.new"
    work.mkdir()
    try:
        text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        (work / names[0]).write_text(text, encoding="utf-8")
        pa.csv.write_csv(csv, work / names[1])
        pa.parquet.write_table(parquet, work / names[2])
        place_run(work, target)
    finally:
        if work.exists():
            shutil.rmtree(work)


def trials_table(document: dict[str, Any], is_csv: bool) -> pa.Table:
    """A row for each design that was tried: its number, the levers' values, whether it keeps all limits and is on the front, and outcomes."""
    trials = document["trials"]
    columns: dict[str, list[Any]] = {"design": [each["design"] for each in trials]}
    for lever in document["levers"]:
        columns[lever["name"]] = [_cell(each["values"][lever["name"]], is_csv) for each in trials]
    columns["feasible"] = [each["feasible"] for each in trials]
    columns["front"] = [each["design"] in document["front"] for each in trials]
    for outcome in document["outcomes"]:
        columns |= _interval(outcome["name"], [each["outcomes"][outcome["name"]] for each in trials])
    return pa.table({name: _array(values) for name, values in columns.items()})


def designs_table(document: dict[str, Any], is_csv: bool) -> pa.Table:
    """A row for each design: its number, the levers' values, and of each outcome the value, its interval, and the difference from what it is
    compared with, with its interval."""
    designs = document["designs"]
    columns: dict[str, list[Any]] = {"design": [each["design"] for each in designs]}
    for lever in document["levers"]:
        columns[lever["name"]] = [_cell(each["values"][lever["name"]], is_csv) for each in designs]
    for outcome in document["outcomes"]:
        name = outcome["name"]
        found = [each["outcomes"][name] for each in designs]
        columns |= _interval(name, found)
        columns |= _interval(f"{name}_difference", [each["difference"] for each in found])
    return pa.table({name: _array(values) for name, values in columns.items()})


def _interval(name: str, found: list[dict[str, Any]]) -> dict[str, list[Any]]:
    ends = [each["ci95"] or (None, None) for each in found]
    return {
        name: [each["value"] for each in found],
        f"{name}_low": [low for low, _ in ends],
        f"{name}_high": [high for _, high in ends],
    }


def _cell(value: Any, is_csv: bool) -> Any:
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return harmless(value) if is_csv and isinstance(value, str) else value


def _array(values: list[Any]) -> pa.Array:
    """A column; numbers, whole ones too, as float where they are mixed, and words where anything is."""
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pa.array(values, type=pa.float64())
    if kinds <= {int} or kinds <= {float} or kinds <= {str} or kinds <= {bool}:
        return pa.array(values)
    if kinds <= {int, float}:
        return pa.array([None if value is None else float(value) for value in values])
    return pa.array([None if value is None else str(value) for value in values])
