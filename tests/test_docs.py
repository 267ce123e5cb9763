"""Every `loyalty` command shown in README.md and docs/ runs, in the order of its page, in a copy of the working folder.

Looked at: lines that start with ``loyalty `` (a leading ``$ `` and a trailing ``\\`` are understood) in blocks fenced as ``console`` or
``bash``. A command that should fail says so by ``# exit 2``. Left out: placeholders (``PROGRAM``, ``<file>``, ``...``) and servers.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if page.exists()]
FENCE = re.compile(r"^ *```(?:console|bash)\s*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
PLACEHOLDER = re.compile(r"<\w|\.\.\.|…|\b[A-Z][A-Z_]{3,}\b")
SERVERS = {"app"}


def commands(text: str) -> list[tuple[list[str], int]]:
    """The commands of a page as words, with the exit status expected of each."""
    found = []
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            command = line.strip().removeprefix("$ ")
            status = int(match[1]) if (match := re.search(r"#\s*exit (\d)", command)) else 0
            words = shlex.split(command, comments=True)
            if command.startswith("loyalty ") and not PLACEHOLDER.search(" ".join(words)) and words[1] not in SERVERS:
                found.append((words[1:], status))
    return found


def loyalty(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as installed, but from this tree."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.argv[0] = 'loyalty'; from apps.cli import main; sys.exit(main())",
            *words,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=600,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("examples", "docs"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "out").mkdir()
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_shown_runs(page: Path, folder: Path) -> None:
    wrong = []
    for words, status in commands(page.read_text("utf-8")):
        done = loyalty(words, folder)
        if done.returncode != status:
            wrong.append(
                f"loyalty {shlex.join(words)}\n  status {done.returncode}, not {status}\n{done.stderr[-2000:]}"
            )
    assert not wrong, "\n\n".join(wrong)


def test_the_readme_shows_commands() -> None:
    shown = [" ".join(words) for words, _ in commands((ROOT / "README.md").read_text("utf-8"))]
    for start in ("programs", "validate", "replay", "run", "report"):
        assert any(words.startswith(start) for words in shown), f"README.md shows no `loyalty {start}`"


def test_make_demo_and_the_readme_run_the_same_job() -> None:
    """The recipe of `make demo` stands in README.md word by word, for those without make."""
    recipe = re.findall(r"^\t\$\(BIN\)/(loyalty .*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    shown = ["loyalty " + " ".join(words) for words, _ in commands((ROOT / "README.md").read_text("utf-8"))]
    assert recipe
    assert set(recipe) <= set(shown)


def test_what_is_read_as_a_command() -> None:
    page = (
        "```console\n$ loyalty programs --json\nslug\nloyalty replay PROGRAM log.csv\nloyalty validate \\\n  bad.yaml  # exit 2\n```\n"
        "```yaml\nloyalty schema\n```\n  ```bash\nloyalty app --port 5006\nloyalty run mos_burger # a year\n  ```\n"
    )
    assert commands(page) == [(["programs", "--json"], 0), (["validate", "bad.yaml"], 2), (["run", "mos_burger"], 0)]
