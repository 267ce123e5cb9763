"""Every `loyalty` command shown in README.md and docs/ runs, in the order of its page, in a copy of the working folder; and then every query.

Looked at: lines that start with ``loyalty `` (a leading ``$ `` and a trailing ``\\`` are understood) in blocks fenced as ``console`` or
``bash``. A command that should fail says so by ``# exit 2``. A block fenced as ``text`` after them shows
lines of what they print, digit by digit. Left out: placeholders (``PROGRAM``, ``<file>``, ``...``) and servers.

Queries are blocks fenced as ``sql`` (DuckDB) and ``python``, on what the page's commands wrote. Python blocks of a page go on from each other;
one that stands next after a query asks the same question, and what it calls ``answer`` has the same rows.
"""

import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if page.exists()]
FENCE = re.compile(r"^ *```(?:console|bash)\s*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^ *```(?:console|bash)\s*\n.*?^ *```|^```text\s*\n(.*?)^```", re.MULTILINE | re.DOTALL)
QUERY = re.compile(r"^```(sql|python)\s*\n(.*?)^```", re.MULTILINE | re.DOTALL)
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
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "NO_COLOR": "1", "COLUMNS": "140"},
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


LONG = ("exploring.md", "how_sure.md", "presenting.md", "testing_a_program.md", "redemption.md")
"""Pages whose commands take more than a few seconds; those in Chinese are the English ones again."""
ALL = [
    pytest.param(page, marks=[pytest.mark.slow] if page.parent.name == "zh" or page.name in LONG else [])
    for page in PAGES
]
"""The same commands in another language need not be waited for each time."""


@pytest.mark.parametrize("page", ALL, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_every_command_and_query_shown_runs(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text("utf-8")
    wrong, said = [], ""
    for block in SHOWN.finditer(text):
        if block[1] is not None:
            lost = not_said(block[1], said) if said else []
            wrong += [f"no command before it prints: {line}" for line in lost]
            continue
        said = ""
        for words, status in commands(block[0]):
            done = loyalty(words, folder)
            said += done.stdout
            if done.returncode != status:
                told = f"status {done.returncode}, not {status}\n{done.stderr[-2000:]}"
                wrong.append(f"loyalty {shlex.join(words)}\n  {told}")
    assert not wrong, "\n\n".join(wrong)
    monkeypatch.chdir(folder)
    answer_twice(text)


def not_said(shown: str, said: str) -> list[str]:
    """The lines of a block that are not lines of an output; spaces count for nothing."""
    lines = {" ".join(line.split()) for line in said.splitlines()}
    return [line for line in shown.splitlines() if line.strip() and " ".join(line.split()) not in lines]


def answer_twice(text: str) -> int:
    """Run a page's queries in the current folder; raises where one fails, finds nothing, or two answers differ. Returns how many questions
    were asked twice."""
    asked, twice = None, 0
    space: dict[str, Any] = {}
    for language, query in QUERY.findall(text):
        if language == "sql":
            asked = duckdb.sql(query).df()
            assert len(asked), f"nothing found by\n{query}"
            continue
        exec(compile(query, "<page>", "exec"), space)
        if asked is not None:
            assert rows(space["answer"]) == rows(asked), f"other rows than the query before it has\n{query}"
            twice += 1
        asked = None
    return twice


def rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """A table in plain values: dates as text, numbers with twelve digits, and None for whatever is missing."""
    return [{str(name): plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def plain(value: Any) -> object:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return value
    return str(value)[:10] if hasattr(value, "isoformat") else f"{value:.12g}"


FOLDERS = ("workbench", "simulators", "apps", "programs", "scenarios", "tests", "docs", "benchmarks", "examples")
NAME = re.compile(r"(?:\w+\.)*(\w+)(?:\(.*\))?")


@pytest.mark.parametrize("page", ["README.md", "DESIGN.md", "docs/README.md"])
def test_what_a_page_names_is_there(page: str) -> None:
    """Files and folders by the end of their path, and in DESIGN.md the words of the code: who follows a page finds the room."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL)
    named = set(re.findall(r"`([^`\s]+)`", text))
    linked = {link.removeprefix("../") for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link}
    tree = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")] + list(ROOT.glob("*.*"))
    places = [f"/{path.relative_to(ROOT).as_posix()}/" for path in tree]
    paths = {name for name in named if "/" in name or name.endswith((".py", ".md", ".yaml", ".toml"))} | linked
    missing = [name for name in sorted(paths) if not any(f"/{name.strip('/')}/" in place for place in places)]
    assert not missing, f"{page} names files that are not there: {missing}"
    if page == "DESIGN.md":
        code = "\n".join(
            path.read_text("utf-8") for path in tree if path.suffix in (".py", ".toml") and path != Path(__file__)
        )
        words = {match[1] for name in named - paths if (match := NAME.fullmatch(name))}
        lost = [word for word in sorted(words) if not re.search(rf"\b{word}\b", code)]
        assert not lost, f"{page} speaks of what no code does: {lost}"


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


def test_the_run_folder_is_asked_at_least_four_questions_in_both_languages() -> None:
    queries = [language for language, _ in QUERY.findall((ROOT / "docs" / "run_folder.md").read_text("utf-8"))]
    assert len(queries) >= 8
    assert queries == ["sql", "python"] * (len(queries) // 2)


def test_a_query_that_answers_otherwise_is_found() -> None:
    """The check of queries can fail: rows in another order, a number, a name, a missing value, a query without an answer."""
    page = "```sql\n{}\n```\n```python\nimport pandas as pd\nanswer = pd.DataFrame({})\n```\n"
    query = "SELECT * FROM (VALUES (1.5, DATE '2025-01-01', 'a'), (2, NULL, NULL)) AS t (x, day, name)"
    same = "{'x': [1.5, 2.0], 'day': [pd.Timestamp('2025-01-01'), None], 'name': ['a', None]}"
    assert answer_twice(page.format(query, same)) == 1
    for right, other in (
        ("[1.5, 2.0]", "[2.0, 1.5]"),
        ("2.0", "2.1"),
        ("'a'", "'b'"),
        ("-01'), None", "-01'), pd.Timestamp(0)"),
        ("'x'", "'y'"),
    ):
        with pytest.raises(AssertionError, match="other rows"):
            answer_twice(page.format(query, same.replace(right, other)))
    with pytest.raises(AssertionError, match="nothing found"):
        answer_twice(page.format(f"{query} WHERE x > 3", same))


def test_a_line_that_no_command_prints_is_found() -> None:
    assert not_said("sales  TWD 12\n\n  cost 1 %\n", "  sales   TWD 12  \ncost 1 %\nmore\n") == []
    assert not_said("sales TWD 13\ncost 1 %", "sales TWD 12\ncost 1 %") == ["sales TWD 13"]


def test_what_is_read_as_a_command() -> None:
    page = (
        "```console\n$ loyalty programs --json\nslug\nloyalty replay PROGRAM log.csv\nloyalty validate \\\n  bad.yaml  # exit 2\n```\n"
        "```yaml\nloyalty schema\n```\n  ```bash\nloyalty app --port 5006\nloyalty run mos_burger # a year\n  ```\n"
    )
    assert commands(page) == [(["programs", "--json"], 0), (["validate", "bad.yaml"], 2), (["run", "mos_burger"], 0)]
