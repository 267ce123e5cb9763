"""What the machine says of itself."""

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

__all__ = ["machine"]

LIBRARIES = ("numba", "llvmlite", "numpy", "scipy", "simpy")


def machine() -> dict[str, str]:
    """Processor, cores, memory, system, and the versions of Python and of the libraries that do the work."""
    found = {"processor": _processor(), "cores": f"{_cores()} of {os.cpu_count()} for this process"}
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found["memory"] = f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.0f} GB"
    if hasattr(os, "getloadavg"):
        found["load at the start"] = f"{os.getloadavg()[0]:.2f}"
    found |= {"system": f"{platform.system()} {platform.machine()}", "Python": platform.python_version()}
    return found | {name: version(name) for name in LIBRARIES}


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
