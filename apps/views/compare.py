"""What the page Compare shows, as plain data: two to four programs lived by the same members. No Panel here.

The first program is the one that the others are compared with: the draft's baseline where the draft differs from it, else the draft itself. Each is
lived beside no program (what it comes to), and each further one beside the first (what differs, customer by customer). Only plain data is
kept; the runs are let go one by one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.draft import MOST_COMPARED, Draft
from apps.runs import Ticket
from apps.store import Blocks, member_panel
from simulators.simulate import Progress
from simulators.weights import member_weights
from workbench.errors import BadInput, Problem
from workbench.finance.accounting.policy import Policy
from workbench.finance.tiers import tiers_by_month
from workbench.liability_path import Bounds, assumed_bounds, drawn_bounds, path_of
from workbench.program.spec import Program
from workbench.program.versions import all_tiers
from workbench.run_books import books_of_run, value_books
from workbench.run_document import run_document
from workbench.scenario import NO_PROGRAM, Run, Scenario
from workbench.units import CENTS

__all__ = ["Entry", "Owed", "Side", "SideBySide", "entries_of", "live_side_by_side", "others_to_compare"]

Live = Callable[[Scenario, Progress | None], Run]
DRAWS = 200
"""Of the members, for the bounds of a liability."""
SLOW = 2000
"""Members at most where a program needs the agents: they live some hundred members a second."""


@dataclass(frozen=True)
class Entry:
    """A program to be set beside others."""

    kind: str
    """``baseline`` or ``draft``, of the draft; ``named``: of the library or a file of the workspace."""
    name: str
    """Slug or file name."""
    program: Program


@dataclass(frozen=True)
class Owed:
    """What the books say of a program's points; major units."""

    months: tuple[date, ...]
    """Last days."""
    liability: tuple[float, ...]
    """At the end of each."""
    bounds: Bounds | None
    """Of the last month, minor units; None where there are none."""


@dataclass(frozen=True)
class Side:
    """One program, lived."""

    entry: Entry
    document: dict[str, Any]
    """As ``loyalty run --json`` prints it: beside no program."""
    months: tuple[date, ...]
    """Last day of each month."""
    closing: tuple[int, ...]
    """Points outstanding on those days."""
    tiers: tuple[str, ...]
    """Names of the tiers, lowest first; none where the program has none."""
    by_tier: npt.NDArray[np.int64]
    """int64[months, tiers]: members."""
    blocks: Blocks | None
    """Sums over blocks of members, for intervals of differences."""
    owed: Owed | None
    missing: BadInput | None
    """Why there is no liability."""
    against: dict[str, Any] | None
    """The document beside the first program; None of the first itself."""


@dataclass(frozen=True)
class SideBySide:
    """All of them, the same members."""

    sides: tuple[Side, ...]
    members: int
    seed: int
    asked: int
    """Members asked for; more than ``members`` where the agents were needed."""

    @property
    def currency(self) -> str:
        """The one currency of all."""
        return str(self.sides[0].document["currency"])


# --- which -----------------------------------------------------------------------------------------------------------
def entries_of(draft: Draft, program_of: Callable[[str], Program]) -> tuple[list[Entry], list[Problem]]:
    """The programs of a draft to be set side by side, at most four, the first to be compared with; and what is wrong with those that cannot be:
    a name that there is not, another currency, one too many. ``program_of`` gives a program by its name, or raises BadInput."""
    found = [Entry("baseline", draft.baseline_name, draft.baseline)] if draft.is_changed else []
    found.append(Entry("draft", draft.file_name, draft.program))
    problems: list[Problem] = []
    for name in draft.compare:
        try:
            program = program_of(name)
        except BadInput as error:
            problems += [replace(each, path=f"{name}: {each.path}".rstrip(": ")) for each in error.problems]
            continue
        if program.currency != draft.program.currency:
            message = f"expected a program in {draft.program.currency}: currencies are not compared without a rate"
            problems.append(Problem(name, message, program.currency))
        elif any(program == each.program for each in found):
            problems.append(Problem(name, "this program stands there already"))
        elif len(found) == MOST_COMPARED:
            problems.append(Problem(name, f"expected at most {MOST_COMPARED} programs side by side"))
        else:
            found.append(Entry("named", name, program))
    return found, problems


def others_to_compare(draft: Draft, programs: Mapping[str, Program]) -> dict[str, Program]:
    """Programs that may be added, by name: those of the draft's currency that do not stand there."""
    there = [
        each.program
        for each in entries_of(draft, lambda name: programs[name] if name in programs else _unknown(name))[0]
    ]
    return {
        name: program
        for name, program in programs.items()
        if program.currency == draft.program.currency and program not in there
    }


def _unknown(name: str) -> Program:
    raise BadInput(Problem(name, "there is no program of this name"))


# --- living ----------------------------------------------------------------------------------------------------------
def live_side_by_side(
    entries: list[Entry], scenario: Scenario, policy: Policy, live: Live, ticket: Ticket, slow: int = SLOW
) -> SideBySide:
    """Live the programs, each beside none, and each further one beside the first. ``scenario``: population, assumptions, members, years, start and
    seed of all. In a thread of its own: reports to the ticket, and raises Cancelled where nobody waits any more; BadInput where a program cannot
    be lived. Where a program needs the agents, all are lived by at most ``slow`` members, so that they stay the same."""
    asked = scenario.members
    if asked > slow and any(_needs_agents(each, scenario, live) for each in entries):
        scenario = replace(scenario, members=slow)
    runs = 2 * len(entries) - 1
    steps: Iterator[Progress] = (ticket.part(k * scenario.members, runs * scenario.members) for k in range(runs))
    sides = []
    for place, entry in enumerate(entries):
        mine = _scenario(scenario, entry, None)
        run = live(mine, next(steps))
        against = None
        if place:
            beside = live(_scenario(scenario, entry, entries[0]), next(steps))
            against = run_document(beside, policy)
            del beside
        sides.append(_side(entry, run, policy, against))
        del run
    return SideBySide(tuple(sides), scenario.members, scenario.seed, asked)


def _needs_agents(entry: Entry, scenario: Scenario, live: Live) -> bool:
    """Tried with few members: what the kernel has no room for shows itself at once."""
    return live(_scenario(replace(scenario, members=20, years=1), entry, None), None).engine == "agents"


def _scenario(scenario: Scenario, entry: Entry, first: Entry | None) -> Scenario:
    names = scenario.names | {
        "program": entry.name or "draft",
        "baseline": "none" if first is None else first.name or "baseline",
    }
    return replace(
        scenario, program=entry.program, baseline=NO_PROGRAM if first is None else first.program, names=names
    )


def _side(entry: Entry, run: Run, policy: Policy, against: dict[str, Any] | None) -> Side:
    panel = member_panel(run)
    names = all_tiers(run.scenario.program)
    counts = tiers_by_month(run.program)[1] if names else np.zeros((len(panel.months), 0), dtype=np.int64)
    owed, missing = _owed(run, policy)
    return Side(
        entry, run_document(run, policy), panel.months, panel.closing, names, counts, panel.blocks, owed, missing, against
    )  # fmt: skip


def _owed(run: Run, policy: Policy) -> tuple[Owed | None, BadInput | None]:
    """The liability month by month, and its bounds at the end; or why there is none."""
    scenario = run.scenario
    try:
        books = books_of_run(run)
        close = value_books(books, policy, _month_end(scenario.end)).close
    except BadInput as error:
        return None, error
    path, last = path_of(close), close.months - 1
    bounds = assumed_bounds(close).get(last)
    if bounds is None and books.events is not None:
        weights = partial(member_weights, scenario.seed, DRAWS)
        bounds = dict(drawn_bounds(close, books.events, weights, places=[last])).get(last)
    firsts = (divmod(path.first_month + k + 1, 12) for k in range(path.months))
    ends = tuple(date(1970 + year, month + 1, 1) - timedelta(days=1) for year, month in firsts)
    return Owed(ends, tuple(int(each) / CENTS for each in path.liability), bounds), None


def _month_end(day: date) -> date:
    """The last month's end up to a day."""
    return day if (day + timedelta(days=1)).day == 1 else day.replace(day=1) - timedelta(days=1)
