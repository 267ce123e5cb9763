"""The versions and the sources that produced a result."""

import hashlib
from importlib.metadata import version
from platform import python_version

import workbench
from workbench.packaging import HOME

__all__ = ["source_digest", "versions"]


def versions() -> dict[str, str]:
    """Versions of the workbench, Python, and the libraries whose numbers enter a result."""
    found = {"loyalty-workbench": workbench.__version__, "python": python_version()}
    return found | {name: version(name) for name in ("numpy", "scipy", "simpy", "numba")}


def source_digest() -> str:
    """Identifies the code that stands beside this file now, to the byte: every Python file of ``workbench`` and ``simulators``."""
    found = hashlib.sha256()
    for package in ("simulators", "workbench"):
        for path in sorted((HOME / package).rglob("*.py")):
            code = path.read_bytes()
            found.update(f"{path.relative_to(HOME).as_posix()} {len(code)}\n".encode())
            found.update(code)
    return found.hexdigest()[:32]
