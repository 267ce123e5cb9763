"""The wheel holds what it should, and works from another folder than ours."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow


def run(*words: object, cwd: Path, **extra: str) -> str:
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**env, "PYTHONUTF8": "1", "NO_COLOR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **extra},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without network: the test extra brings the build backend."""
    pytest.importorskip("hatchling", reason="building the wheel needs hatchling (the test extra)")
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_five_folders_and_their_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"workbench", "simulators", "apps", "programs", "scenarios"} & {
        path.name for path in ROOT.iterdir() if any(file.is_file() for file in path.rglob("*"))
    }
    assert {"workbench", "simulators", "apps", "programs"} <= tops
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]
    shipped = {
        path.relative_to(ROOT).as_posix()
        for top in tops
        for path in (ROOT / top).rglob("*")
        if path.suffix in {".py", ".yaml", ".json", ".html", ".css", ".po"}
    }
    assert shipped <= set(names)


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = archive.read(name).decode()
    version = run(sys.executable, "-c", "import workbench; print(workbench.__version__)", cwd=ROOT).strip()
    for line in (f"Version: {version}", "Name: loyalty-workbench", "License-Expression: BSD-3-Clause"):
        assert line in metadata.splitlines()


def test_the_wheel_works_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    """Our own code comes from the wheel alone; its dependencies are borrowed from this environment."""
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel, cwd=tmp_path
    )
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip())
    # A plain line of a .pth file puts a folder on the path, behind the wheel's own, without running the .pth files in it.
    borrowed = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (site / "borrowed.pth").write_text("\n".join(borrowed) + "\n", "utf-8")
    run(python, "-m", "workbench.packaging", cwd=tmp_path)
    home = run(python, "-c", "import workbench; print(workbench.__file__)", cwd=tmp_path).strip()
    assert Path(home).is_relative_to(site)
    listed = {program["slug"] for program in json.loads(run(scripts / "loyalty", "programs", "--json", cwd=tmp_path))}
    library = {path.stem for path in (ROOT / "programs").glob("*.yaml") if not path.stem.startswith("_")}
    assert "mos_burger" in listed
    assert listed == library
