"""The workspace: plain files in a folder, so that work survives a restart and can be mailed, compared and kept under version control.

    programs/*.yaml     program files
    scenarios/*.yaml    scenario files
    runs/*/             run folders, and what the app keeps of its runs
    logs/               transaction logs that were uploaded
    stories/*.yaml      stories (workbench/reports/story_file.py), told of runs beside them

The folder is made when the first file is saved. A file appears whole or not at all (``workbench.files.atomic_path``). Two tabs that edit one file
notice each other by the file's digest: a save names the digest it began from, and is refused (``Conflict``) where the file has another by now.
No Panel here.
"""

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import BadInput, Problem
from workbench.files import atomic_path, reading, regular_file

__all__ = ["FOLDERS", "Conflict", "Saved", "Workspace"]

FOLDERS = ("programs", "scenarios", "runs", "logs", "stories")
MOST_BYTES = {"programs": 2**20, "scenarios": 2**20, "runs": 2**26, "logs": 2**28, "stories": 2**20}
"""The largest file of each folder."""
_NAME = re.compile(r"[^\W_][\w .()+-]{0,79}")
"""Names of files: no folder, no dot in front, nothing that a shell or another system would choke on."""


@dataclass(frozen=True)
class Saved:
    """A file of the workspace."""

    folder: str
    name: str
    digest: str
    """SHA-256 of its bytes when it was read or written."""
    changed: datetime
    """When it was last written (UTC)."""
    size: int


class Conflict(BadInput):
    """Somebody else has saved the file since it was opened. Nothing was written."""

    def __init__(self, name: str) -> None:
        super().__init__(
            Problem(name, "this file was saved elsewhere since it was opened here: nothing was overwritten")
        )


class Workspace:
    """A folder of plain files, shared by all sessions of a server (and by whoever else writes there)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._watchers: dict[object, Callable[[str, str], None]] = {}

    def watch(self, who: object, told: Callable[[str, str], None]) -> None:
        """Have ``told(folder, name)`` called when somebody else of this server has saved a file; in whatever thread saved it."""
        self._watchers[who] = told

    def unwatch(self, who: object) -> None:
        """Watch no longer."""
        self._watchers.pop(who, None)

    def names(self, folder: str) -> list[str]:
        """Names of the files (in ``runs``: of the folders too), in alphabetical order; none where the folder is not there yet."""
        place = self._folder(folder)
        if not place.is_dir():
            return []
        suffix = ".yaml" if folder in ("programs", "scenarios", "stories") else ""
        return sorted(
            each.name for each in place.iterdir() if _NAME.fullmatch(each.name) and each.name.endswith(suffix)
        )

    def listed(self, folder: str) -> list[Saved]:
        """The files themselves, the latest first. What disappears meanwhile is left out."""
        found = []
        for name in self.names(folder):
            try:
                found.append(self.read(folder, name)[1])
            except BadInput:
                continue
        return sorted(found, key=lambda each: each.changed, reverse=True)

    def path(self, folder: str, name: str) -> Path:
        """Where a file of this name stands, or would. Raises BadInput for a name that is none."""
        if not _NAME.fullmatch(name):
            message = "expected a name of letters, digits, spaces and . _ - ( ), at most 80 characters"
            raise BadInput(Problem("name", message, name))
        return self._folder(folder) / name

    def read(self, folder: str, name: str) -> tuple[bytes, Saved]:
        """A file's bytes, and what to give to ``save`` later. Raises BadInput: not there, too large, no file."""
        path = regular_file(self.path(folder, name), "a file of the workspace", MOST_BYTES[folder])
        with reading(path):
            data, status = path.read_bytes(), path.stat()
        changed = datetime.fromtimestamp(status.st_mtime, UTC)
        return data, Saved(folder, name, hashlib.sha256(data).hexdigest(), changed, len(data))

    def save(self, folder: str, name: str, data: bytes, since: str | None = None, by: object = None) -> Saved:
        """Write a file whole. ``since``: the digest it had when it was opened; None: it must not be there yet. ``by``: who saves, of those who watch.

        Raises Conflict where the file is another by now (or is there already), BadInput where it cannot be written or is too large.
        """
        path = self.path(folder, name)
        if len(data) > MOST_BYTES[folder]:
            raise BadInput(Problem(name, f"expected at most {MOST_BYTES[folder]:,} bytes, found {len(data):,}"))
        with self._lock:
            if path.exists() and self.read(folder, name)[1].digest not in (since, hashlib.sha256(data).hexdigest()):
                raise Conflict(name)
            self._make(path.parent)
            with atomic_path(path) as temporary:
                temporary.write_bytes(data)
        for who, told in list(self._watchers.items()):
            if who is not by:
                told(folder, name)
        return self.read(folder, name)[1]

    def delete(self, folder: str, name: str) -> None:
        """Take a file away; one that is not there is no mistake."""
        self.path(folder, name).unlink(missing_ok=True)

    def _folder(self, folder: str) -> Path:
        assert folder in FOLDERS, folder
        return self.root / folder

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(Problem("", f"cannot be made: {error.strerror}"), str(folder)) from error
