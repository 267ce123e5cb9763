"""Live a scenario with the engine that suits it: the one function that everything which only wants a result calls."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from workbench.program.spec import Program
from workbench.scenario import Comparison, Run, Scenario

__all__ = ["Engine", "Progress", "compare", "simulate"]

Engine = Literal["kernel", "agents"]
Progress = Callable[[int, int], None]
"""Is told (members done, members in all) from time to time. What it raises ends the run, and comes out of ``simulate``."""


def simulate(
    scenario: Scenario,
    progress: Progress | None = None,
    engine: Engine | None = None,
    threads: int | None = None,
    keep: bool = False,
) -> Run:
    """A scenario lived. Every engine gives the same ledgers and the same digest; the compiled kernel is taken unless it has not the
    room (then the agents), or one of them is asked for. ``keep``: keep the ledgers (the agents always do)."""
    return compare(scenario, [scenario.program], progress, engine, threads, keep).runs[0]


def compare(
    scenario: Scenario,
    programs: Sequence[Program],
    progress: Progress | None = None,
    engine: Engine | None = None,
    threads: int | None = None,
    keep: bool = False,
) -> Comparison:
    """Several programs and the scenario's baseline lived by the same members.

    Raises TooLarge where the kernel is asked for and has not the room, SpecError where a program cannot be exact.
    """
    if engine != "agents":
        from simulators.kernel import TooLarge, compare_kernel, refusals

        if engine == "kernel" or not refusals(scenario, [*programs, scenario.baseline]):
            try:
                return compare_kernel(scenario, programs, progress, threads, keep)
            except TooLarge:
                if engine == "kernel":
                    raise
    from simulators.agents import run_agents

    first, *others = programs
    return Comparison(
        [run_agents(replace(scenario, program=program), progress) for program in programs],
        [run_agents(replace(scenario, program=program, baseline=first), progress) for program in others],
    )
