"""The floors of DESIGN.md hold, and the check that says so can fail."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("apps", "simulators", "workbench")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    call = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", call, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_floors_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


PLANTS = {
    # contract: (file, the import that breaks it)
    "floors": ("workbench/rules/planted.py", "import simulators"),
    "neighbours": ("workbench/finance/planted.py", "import workbench.population.planted"),
    "finance": ("workbench/finance/planted.py", "import workbench.rules.expiry"),
    "panel": ("workbench/reports/planted.py", "import panel"),
    "holoviews": ("workbench/reports/planted.py", "import holoviews"),
    "simpy": ("apps/planted.py", "import simpy"),
    "numba": ("simulators/planted.py", "from numba import njit"),
    "pptx": ("workbench/reports/planted.py", "from pptx import Presentation"),
    "dask": ("simulators/planted.py", "import distributed"),
}


@pytest.mark.parametrize("contract", PLANTS)
def test_a_planted_violation_is_caught(contract: str, tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "workbench/population").mkdir(exist_ok=True)
    (tmp_path / "workbench/population/planted.py").touch()
    file, line = PLANTS[contract]
    (tmp_path / file).parent.mkdir(exist_ok=True)
    for folder in ("population", "finance", "reports"):
        (tmp_path / "workbench" / folder).mkdir(exist_ok=True)
        (tmp_path / "workbench" / folder / "__init__.py").touch()
    (tmp_path / file).write_text(line + "\n", "utf-8")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "planted" in done.stdout, done.stdout


def test_every_module_stands_on_a_floor() -> None:
    """A new module of workbench has to be given its place in pyproject.toml."""
    layers = next(contract["layers"] for contract in CONTRACTS if contract["id"] == "floors")
    placed = {name.strip(" ()") for layer in layers for name in layer.replace("|", ":").split(":")}
    found = {f"workbench.{path.stem}" for path in (ROOT / "workbench").glob("*.py") if path.stem != "__init__"}
    found |= {f"workbench.{path.parent.name}" for path in (ROOT / "workbench").glob("*/*.py")}
    assert found <= placed, f"give {sorted(found - placed)} a floor in [tool.importlinter]"


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract["id"] for contract in CONTRACTS} <= set(PLANTS)
