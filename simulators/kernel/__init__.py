"""The compiled kernel: the rulebook, the candidates and the behaviour that the agents use, member by member in compiled loops.

    cache.py        how code is compiled, and kept
    worlds.py       programs packed into records
    candidates.py   the candidates of a block of members
    life.py         one member's life in one world
    block.py        a block of members: lives, panels, digest
    run.py          blocks over threads
    replay*.py      recorded transactions instead of synthetic ones

It lives the same lives as ``simulators.agents``, entry for entry, and keeps nothing but sums unless ledgers are asked for.
"""

import os
from collections.abc import Sequence

import numpy as np

from simulators.kernel.cache import is_warm
from simulators.kernel.run import BLOCK, Part, Progress, live_blocks, pairings
from simulators.kernel.worlds import longest_days
from simulators.layout import TooLarge
from simulators.referring import refers
from simulators.versions import versions
from workbench.digest import combine
from workbench.finance.pairs import PairPanel
from workbench.ledger_table import LedgerTable
from workbench.population.responses import Responses
from workbench.program.spec import Program
from workbench.program.versions import all_tiers
from workbench.rules.bounds import DAYS
from workbench.scenario import Comparison, Run, Scenario

__all__ = [
    "TooLarge",
    "blocks_of",
    "compare_kernel",
    "comparison_of",
    "cores",
    "is_warm",
    "refusals",
    "run_kernel",
    "runs_of",
]


def refusals(scenario: Scenario, programs: Sequence[Program]) -> list[str]:
    """Why the kernel cannot live a scenario; empty where it can."""
    if any(refers(program, scenario.assumptions) for program in programs):
        return ["members bring others by referrals, and so are not independent (assumption referral.share)"]
    longest = max(longest_days(program, scenario) for program in programs)
    if longest > DAYS:
        return [f"{longest} days are more than the {DAYS} that the compiled engine has tables for"]
    return [
        f"{program.title}: its members share {program.shared_limits[0]}, and the compiled engine lives them one by one"
        for program in programs
        if program.shared_limits
    ]


def run_kernel(
    scenario: Scenario, progress: Progress | None = None, threads: int | None = None, keep: bool = False
) -> Run:
    """Live a scenario. ``progress`` is told (members done, members in all) after each block; ``threads``: as many as there are cores
    unless given; ``keep``: keep both worlds' ledgers (about 80 bytes an entry). Raises TooLarge where a member outgrows the
    compiled engine's room, SpecError where a program cannot be exact."""
    return compare_kernel(scenario, [scenario.program], progress, threads, keep).runs[0]


def compare_kernel(
    scenario: Scenario,
    programs: Sequence[Program],
    progress: Progress | None = None,
    threads: int | None = None,
    keep: bool = False,
) -> Comparison:
    """Live several programs and the scenario's baseline by the same members in one pass."""
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, scenario.members)

    worlds = [*programs, scenario.baseline]
    for reason in refusals(scenario, worlds):
        raise TooLarge(reason)
    workers = threads or cores()
    part = live_blocks(scenario, worlds, blocks_of(scenario), tell, workers, keep)
    return comparison_of(scenario, programs, part)


def cores() -> int:
    """Cores this process may use; not every system says which."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def blocks_of(scenario: Scenario, first: int = 0, last: int | None = None) -> list[tuple[int, int]]:
    """Members ``first`` to ``last - 1`` (all, unless given) as blocks: (first member, number of members)."""
    last = scenario.members if last is None else last
    return [(start, min(BLOCK, last - start)) for start in range(first, last, BLOCK)]


def comparison_of(scenario: Scenario, programs: Sequence[Program], part: Part) -> Comparison:
    """What a finished part comes to."""
    worlds = [*programs, scenario.baseline]
    ledgers = [_ledger(part, place, part.rules[place], program) for place, program in enumerate(worlds)]
    made_by = versions()

    def run(place: int, base: int, pair: PairPanel) -> Run:
        sums = [part.digests[place], part.digests[base]]
        mine, other = ledgers[place], ledgers[base]
        return Run(
            scenario=scenario.beside(worlds[place], worlds[base]),
            engine="kernel",
            digest=combine([(int(each[0]), int(each[1])) for each in sums], sum(int(each[2]) for each in sums)),
            program=part.panels[place],
            baseline=part.panels[base],
            pairs=pair,
            rules=part.rules[place],
            baseline_rules=part.rules[base],
            versions=made_by,
            responses=Responses(part.responses[place]),
            ledgers=None if mine is None or other is None else (mine, other),
        )

    runs = [run(k, base, pair) for (k, base), pair in zip(pairings(len(programs)), part.pairs, strict=True)]
    return Comparison(runs[: len(programs)], runs[len(programs) :])


def runs_of(scenario: Scenario, programs: Sequence[Program], part: Part) -> list[Run]:
    """Each program beside the baseline, of a finished part."""
    return comparison_of(scenario, programs, part).runs


def _ledger(part: Part, place: int, rules: tuple[str, ...], program: Program) -> LedgerTable | None:
    """One world's ledger, where it was kept."""
    kept = sorted(part.rows[place], key=lambda block: block[0])
    if not kept:
        return None
    rows, lots, joined, tier = (np.concatenate([block[k] for block in kept]) for k in range(1, 5))
    return LedgerTable(rows, lots, rules, joined, tier, all_tiers(program))
