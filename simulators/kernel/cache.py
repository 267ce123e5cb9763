"""How the kernel is compiled, and where compiled code is kept: in a folder named after the sources it was compiled from.

So it can never be stale: Numba's own cache looks at the file of the function it compiles, and does not see an edit in a rule that the
function calls.
"""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from workbench.packaging import HOME

__all__ = ["FOLDER", "compiled", "is_warm", "sources"]

_ENTRIES = tuple(f"simulators.kernel.{name}" for name in ("block", "candidates", "replay", "replay_order"))
_IMPORT = re.compile(r"^\s*from ((?:workbench|simulators)[\w.]*) import (\([^)]*\)|[^\n#]*)", re.MULTILINE)


def sources() -> list[Path]:
    """Every file of ours that the compiled functions' own files import, directly or not."""
    found: dict[str, Path] = {}
    waiting = list(_ENTRIES)
    while waiting:
        name = waiting.pop()
        path = HOME / (name.replace(".", "/") + ".py")
        if name in found or not path.is_file():  # a package, or a name inside a module
            continue
        found[name] = path
        for module, names in _IMPORT.findall(path.read_text(encoding="utf-8")):
            waiting += [module, *(f"{module}.{each}" for each in re.findall(r"\w+", names))]
    return [found[name] for name in sorted(found)]


_DIGEST = hashlib.sha256()
for _path in sources():
    _DIGEST.update(_path.read_bytes())
_ROOT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loyalty-workbench"
FOLDER = _ROOT / _DIGEST.hexdigest()[:16]
numba.config.CACHE_DIR = str(FOLDER)  # type: ignore[attr-defined]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on its first call, or read it from the cache. It runs without the interpreter's lock and counts no references to
    the arrays it is given (they are its caller's; counting took a quarter of the time), and so can make none of its own."""
    options: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
    return numba.njit(**options)(function)


def is_warm(module: str = "block") -> bool:
    """Whether a module of the kernel was compiled before on this machine, from these sources."""
    return FOLDER.is_dir() and any(FOLDER.rglob(f"{module}.*.nbc"))
