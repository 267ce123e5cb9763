"""A full ledger folded again into panels, in plain Python or compiled: what tests compare an engine's panels with."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numba import njit

from tests.packing import records
from workbench.finance import panel as fold
from workbench.finance.world import WorldPanel, blank_world
from workbench.ledger import KINDS, Entry
from workbench.ledger_table import LEDGER_COLUMNS, LedgerTable
from workbench.units import NEVER

__all__ = ["blank_for", "entries_of", "fold_compiled", "fold_plain", "review_compiled", "sums"]

ENTRY = LEDGER_COLUMNS.index("day")
"""First of an entry's own columns."""


def blank_for(ledger: LedgerTable, first: int, last: int) -> WorldPanel:
    """An empty panel for a ledger of the days from first to last."""
    tiers = len(ledger.tier_names)
    why_tier = ledger.rules.index(f"tiers.{ledger.tier_names[0]}") if tiers else len(ledger.rules)
    return blank_world(first, last, len(KINDS), len(ledger.rules), tiers, why_tier)


def entries_of(rows: Any) -> Any:
    """Rows of a ledger as records of ``Entry``."""
    found = records(Entry, len(rows))
    for place, name in enumerate(LEDGER_COLUMNS[ENTRY:], ENTRY):
        found[name] = rows[:, place]
    return found


def lives(ledger: LedgerTable) -> Iterable[tuple[int, Any, Any]]:
    """Each customer with their entries and lots; of those who join at their first purchase (``joining.share`` 1)."""
    members = np.arange(ledger.customers)
    bounds = [np.searchsorted(table[:, 0], [members, members + 1]) for table in (ledger.rows, ledger.lots)]
    for i in members.tolist():
        yield i, ledger.rows[slice(*bounds[0][:, i])], ledger.lots[slice(*bounds[1][:, i])]


def _life(panel, story, joined, entries, expires_on, points, pending, tier):  # type: ignore[no-untyped-def]
    fold.begin_member(panel, story)
    if joined < NEVER:
        fold.note_joined(panel, story, joined, min(tier, 0))
    for k in range(len(entries)):
        fold.note_entry(panel, story, entries[k])
    for k in range(len(expires_on)):
        fold.note_lot(panel, story, expires_on[k], points[k], pending[k])
    fold.end_member(panel, story, tier)


_compiled_life = njit(_life)


@njit
def review_compiled(panel, story, day, before, after, grace):  # type: ignore[no-untyped-def]
    """``note_review``, compiled."""
    fold.note_review(panel, story, day, before, after, grace)


def _fold(life: Any, story: Any, ledger: LedgerTable, panel: WorldPanel, chosen: Any) -> WorldPanel:
    for i, rows, lots in lives(ledger):
        if chosen is None or chosen[i]:
            lot = [np.ascontiguousarray(lots[:, place]) for place in (2, 3, 4)]
            life(panel, story, int(ledger.joined[i]), entries_of(rows), *lot, int(ledger.tier[i]))
    return panel


def fold_plain(ledger: LedgerTable, panel: WorldPanel, chosen: Any = None) -> WorldPanel:
    """Fold a ledger's customers (or those chosen) in plain Python; reviews are not in a ledger."""
    return _fold(_life, fold.Story(), ledger, panel, chosen)


def fold_compiled(ledger: LedgerTable, panel: WorldPanel, chosen: Any = None) -> WorldPanel:
    """The same by compiled functions."""
    return _fold(_compiled_life, records(fold.Story, 1)[0], ledger, panel, chosen)


def sums(panel: WorldPanel) -> Any:
    """A panel's cells, without the calendar."""
    return panel.cells[: panel.frame.month_of]
