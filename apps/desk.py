"""Books of simulated runs that are there already, shared between sessions. No Panel here."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from simulators.simulate import Progress
from workbench.run_books import Books, books_of_run
from workbench.scenario import Run, Scenario

__all__ = ["Desk", "Live"]

Live = Callable[[Scenario, Progress | None], Run]
"""How a scenario is lived, its ledgers kept."""


class Desk:
    """Books by scenario; the least recently used are dropped, since entries are large. Threads may ask at the same time; two that ask for the same
    one both live it."""

    def __init__(self, most: int = 6) -> None:
        self._most = most
        self._kept: OrderedDict[str, Books] = OrderedDict()
        self._lock = threading.Lock()

    def has(self, scenario: Scenario) -> bool:
        """Whether its books are here, with their entries."""
        return _key(scenario, True) in self._kept

    def books(self, scenario: Scenario, live: Live, progress: Progress | None = None, entries: bool = True) -> Books:
        """The books of a scenario, with its entries or without. Raises what ``live`` raises, and keeps nothing then."""
        key = _key(scenario, entries)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        found = books_of_run(live(scenario, progress))
        if not entries:
            found = replace(found, events=None)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found


def _key(scenario: Scenario, entries: bool) -> str:
    """All that decides the books, and how the parts were named: the provenance repeats the names."""
    return f"{scenario.digest()} {entries} {sorted(scenario.names.items())}"
