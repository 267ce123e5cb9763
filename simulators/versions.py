"""The versions that produced a result."""

from importlib.metadata import version
from platform import python_version

import workbench

__all__ = ["versions"]


def versions() -> dict[str, str]:
    """Versions of the workbench, Python, and the libraries whose numbers enter a result."""
    found = {"loyalty-workbench": workbench.__version__, "python": python_version()}
    return found | {name: version(name) for name in ("numpy", "scipy", "simpy", "numba")}
