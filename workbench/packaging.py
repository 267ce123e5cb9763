"""Floor 0: are the folders beside ours really ours?

The distribution installs the top-level names ``workbench``, ``simulators``, ``apps``, ``programs`` and ``scenarios``. Other people
use such names too (a Django project's ``apps``), so two things can go wrong, and each has its question here:

* another folder of that name stands earlier on ``sys.path``: ``misplaced()``, cheap, asked whenever the command line starts;
* another distribution was installed into the same folder: ``shared()``, reads every distribution's record, asked by
  ``python -m workbench.packaging`` and by the tests.

Data is never imported: it is read from ``HOME / "programs"`` and ``HOME / "scenarios"``, so no other folder can stand in for it.
"""

from collections.abc import Iterable
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions
from pathlib import Path

__all__ = ["CODE", "DATA", "DISTRIBUTION", "HOME", "ForeignPackage", "misplaced", "refuse_misplaced", "shared"]

DISTRIBUTION = "loyalty-workbench"
CODE = ("workbench", "simulators", "apps")
DATA = ("programs", "scenarios")
HOME = Path(__file__).resolve().parents[1]
"""The folder that holds the packages: site-packages, or the working folder of an editable installation."""


class ForeignPackage(ImportError):
    """One of our names belongs to somebody else on this path."""


def misplaced(path: list[str] | None = None, home: Path = HOME) -> dict[str, str]:
    """Names that an import would not find in ``home``, and where it would find them ('' where nowhere)."""
    wrong = {}
    for name in CODE:
        spec = PathFinder.find_spec(name, path)
        places = [Path(place).resolve() for place in spec.submodule_search_locations or ()] if spec else []
        if places != [home / name]:
            wrong[name] = ", ".join(map(str, places)) or (spec.origin or "" if spec else "")
    return wrong


def refuse_misplaced(path: list[str] | None = None, home: Path = HOME) -> None:
    """Raise ForeignPackage, naming each stray folder, before anything of it runs."""
    wrong = misplaced(path, home)
    if wrong:
        found = "; ".join(f"{name}: {place or 'missing'}" for name, place in wrong.items())
        raise ForeignPackage(
            f"expected {', '.join(wrong)} in {home}, found {found}. Another package of that name comes first on the path: "
            "install loyalty-workbench into a virtual environment of its own, and unset PYTHONPATH."
        )


def shared(distributions: dict[str, Iterable[str]] | None = None) -> dict[str, list[str]]:
    """Names that other installed distributions write into as well, and which."""
    owners = packages_distributions() if distributions is None else distributions
    others = {name: sorted(set(owners.get(name, ())) - {DISTRIBUTION}) for name in CODE + DATA}
    return {name: who for name, who in others.items() if who}


if __name__ == "__main__":
    refuse_misplaced()
    for name, who in shared().items():
        raise SystemExit(
            f"{name} is also installed by {', '.join(who)}: files may be overwritten; use separate environments"
        )
