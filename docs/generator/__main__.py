"""Writes the pages of `docs/reference` from the specs, the shipped files and the command line: `python docs/generator`.

They are kept in the repository, so that they are read on GitHub as well. `--check` writes nothing and says which have fallen behind.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
sys.path.insert(0, str(ROOT))

from commands import command_page  # noqa: E402
from files import file_pages  # noqa: E402


def pages() -> dict[str, str]:
    """The text of every page, by its file's name."""
    return {**file_pages(), "commands.md": command_page()}


def main() -> int:
    """Write the pages, or check them; 1 where one has fallen behind."""
    written = pages()
    stale = [name for name, text in written.items() if _text(REFERENCE / name) != text]
    if "--check" in sys.argv[1:]:
        for name in stale:
            sys.stderr.write(f"docs/reference/{name} is behind the code: python docs/generator (or make reference)\n")
        return 1 if stale else 0
    REFERENCE.mkdir(exist_ok=True)
    for name in stale:
        (REFERENCE / name).write_text(written[name], "utf-8", newline="\n")
        sys.stdout.write(f"written: docs/reference/{name}\n")
    return 0


def _text(file: Path) -> str | None:
    return file.read_text("utf-8") if file.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
