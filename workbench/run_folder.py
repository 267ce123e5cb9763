"""Floor 5: a run as a folder: manifest, document and tables, written whole or not at all."""

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from workbench.errors import BadInput, Problem
from workbench.files import reading, regular_file
from workbench.finance.accounting.policy import Policy
from workbench.population.load import read_assumptions, read_population
from workbench.program.load import program_from_mapping
from workbench.run_document import run_document
from workbench.run_tables import TABLES, run_tables
from workbench.scenario import NO_PROGRAM, Run, Scenario

__all__ = ["FORMAT", "RunFolder", "check_target", "earlier_run", "place_run", "scenario_of_run", "write_run"]

FORMAT = "loyalty-workbench run 1"


def check_target(folder: Path) -> None:
    """Raise BadInput before any work is done, where a run could not be written: the parent is missing, or something else stands there."""
    if not folder.absolute().parent.is_dir():
        raise BadInput(Problem("--out", "expected an existing folder to write in", str(folder.absolute().parent)))
    if folder.exists() and not _is_run(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise BadInput(
            Problem(
                "--out",
                "expected a new name, an empty folder or an earlier run: something else stands there",
                str(folder),
            )
        )


def _is_run(folder: Path) -> bool:
    manifest = folder / "manifest.json"
    return (
        folder.is_dir()
        and manifest.is_file()
        and FORMAT in manifest.read_text(encoding="utf-8", errors="replace")[:200]
    )


def earlier_run(folder: Path, scenario: Scenario, made_by: Mapping[str, str]) -> dict[str, Any] | None:
    """The document of a run that stands in a folder already, if it came from the same inputs, under the same names, and from the same
    code (``made_by``: versions, digest of the sources); None if not, or if something of it is missing or damaged."""
    if not _is_run(folder):
        return None
    try:
        run = RunFolder(folder)
        for name in TABLES:
            run.table(name)
    except BadInput:
        return None
    found = run.manifest.get("made_by"), run.scenario.get("digest"), run.scenario.get("names")
    return run.document if found == (dict(made_by), scenario.digest(), scenario.names) else None


def write_run(
    run: Run, folder: Path, made_by: Mapping[str, str] | None = None, policy: Policy | None = None
) -> dict[str, Any]:
    """Write a run; an earlier run of the same name is replaced at the end. Returns the run's document. ``made_by``: versions and the
    digest of the sources (and of the policy, where one was named), by which ``earlier_run`` knows it again."""
    check_target(folder)
    folder = folder.absolute()
    document = run_document(run, policy)
    fresh = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.tmp"
    try:
        fresh.mkdir()
        manifest = {
            "format": FORMAT,
            "made_by": dict(made_by or {}),
            "tables": list(TABLES),
            "scenario": _scenario(run),
        }
        _json(fresh / "manifest.json", manifest)
        _json(fresh / "run.json", document)
        for name, table in run_tables(run, document).items():
            pa.parquet.write_table(table, fresh / f"{name}.parquet")
        place_run(fresh, folder)
    except BaseException:  # also when interrupted: nothing half-written may stay
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return document


def place_run(fresh: Path, folder: Path) -> None:
    """Put a finished folder in the place of an earlier one."""
    if not folder.exists():
        os.replace(fresh, folder)
        return
    old = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.old"
    os.replace(folder, old)
    os.replace(fresh, folder)
    shutil.rmtree(old)


def _scenario(run: Run) -> dict[str, Any]:
    """Everything that decides the result, so that the run can be repeated from its folder."""
    scenario = run.scenario
    specs = {
        name: getattr(scenario, name).model_dump(mode="json", by_alias=True)
        for name in ("program", "baseline", "population", "assumptions")
    }
    plain: dict[str, Any] = {
        "members": scenario.members,
        "years": scenario.years,
        "start": scenario.start.isoformat(),
        "seed": scenario.seed,
        "cost_of_points": [[first.isoformat(), factor] for first, factor in scenario.cost_of_points],
    }
    return specs | plain | {"names": scenario.names, "digest": scenario.digest()}


def _json(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


class RunFolder:
    """A run read back. Raises BadInput where the folder is not one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not _is_run(folder):
            raise BadInput(Problem("", "expected a folder that `loyalty run --out` wrote"), str(folder))
        self.document: dict[str, Any] = self._read("run.json", "engine", "provenance", "points", "lift")
        self.manifest: dict[str, Any] = self._read("manifest.json", "scenario")
        self.scenario: dict[str, Any] = self.manifest["scenario"]

    def _read(self, name: str, *needed: str) -> dict[str, Any]:
        path = regular_file(self.folder / name, "a file of the run", 2**26)
        try:
            with reading(path):
                found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadInput(Problem("", f"expected JSON: {error}"), str(path)) from error
        missing = [key for key in needed if not isinstance(found, dict) or key not in found]
        if missing:
            raise BadInput(
                [Problem(key, "missing: the file is not as `loyalty run` wrote it") for key in missing], str(path)
            )
        return found

    def table(self, name: str) -> pa.Table:
        """A table by its name (``TABLES``)."""
        path = regular_file(self.folder / f"{name}.parquet", "a table of the run")
        try:
            return pa.parquet.read_table(path)
        except pa.ArrowInvalid as error:
            raise BadInput(Problem("", f"expected a Parquet table: {error}"), str(path)) from error


def scenario_of_run(folder: RunFolder) -> Scenario:
    """The scenario that a folder's run was lived from, to live it again or on. Raises BadInput where it is not what was lived."""
    said, source = folder.scenario, str(folder.folder / "manifest.json")
    none = NO_PROGRAM.model_dump(mode="json", by_alias=True)
    baseline = NO_PROGRAM if said["baseline"] == none else program_from_mapping(said["baseline"], source=source)
    found = Scenario(
        program=program_from_mapping(said["program"], source=source),
        population=read_population(said["population"], source),
        assumptions=read_assumptions(said["assumptions"], source),
        baseline=baseline,
        members=said["members"],
        years=said["years"],
        start=date.fromisoformat(said["start"]),
        seed=said["seed"],
        cost_of_points=tuple((date.fromisoformat(first), factor) for first, factor in said.get("cost_of_points", ())),
        names=said["names"],
    )
    if found.digest() != said["digest"]:
        raise BadInput(
            Problem(
                "scenario", "expected the inputs that were lived: they were changed since, or written by other code"
            ),
            source,
        )
    return found
