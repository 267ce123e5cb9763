"""Live a scenario with the engine that suits it: the one function that everything which only wants a result calls."""

from collections.abc import Callable, Sequence
from typing import Literal

from workbench.errors import BadInput, Problem
from workbench.program.spec import Program
from workbench.scenario import Comparison, Run, Scenario
from workbench.units import CENTS, MAX_MONEY

__all__ = ["Engine", "Progress", "check_sums", "compare", "simulate"]

Engine = Literal["kernel", "agents"]
Progress = Callable[[int, int], None]
"""Is told (members done, members in all) from time to time. What it raises ends the run, and comes out of ``simulate``."""


FEW = 20_000
"""Members that the agents may take over from the kernel without being asked: more would take hours."""
LARGEST = 2**62
"""No sum of money over a run may go beyond, in minor units."""
SPREAD = 4
"""How far above its expectation a run's sum of money may come: rates and baskets of a run's members are drawn, and effects add to them."""


def check_sums(scenario: Scenario) -> None:
    """Raise BadInput where sums of money over the members could leave 63 bits (compiled integers wrap silently). The bound is that of
    the largest basket where baskets are few or spread without end, and of the mean basket otherwise."""
    purchases = scenario.members * (1 + scenario.years * scenario.population.purchases.purchases_per_year)
    mean = scenario.population.basket.mean_basket * CENTS
    expected = purchases * min(mean, float(MAX_MONEY))
    if SPREAD * expected > LARGEST:
        message = (
            f"expected fewer: {scenario.members:,} members with about {purchases:,.0f} purchases of {min(mean, MAX_MONEY) / CENTS:,.0f} "
            "in all could sum to more than 63-bit integers hold"
        )
        raise BadInput(Problem("--members", message, scenario.members))


def simulate(
    scenario: Scenario,
    progress: Progress | None = None,
    engine: Engine | None = None,
    threads: int | None = None,
    keep: bool = False,
    notify: Callable[[str], None] = lambda _: None,
) -> Run:
    """A scenario lived. Every engine gives the same ledgers and the same digest; the compiled kernel is taken unless it has not the
    room (then, for not too many members, the agents, and ``notify`` is told why), or one of them is asked for. ``keep``: keep the
    ledgers (the agents always do)."""
    return compare(scenario, [scenario.program], progress, engine, threads, keep, notify).runs[0]


def compare(
    scenario: Scenario,
    programs: Sequence[Program],
    progress: Progress | None = None,
    engine: Engine | None = None,
    threads: int | None = None,
    keep: bool = False,
    notify: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Several programs and the scenario's baseline lived by the same members.

    Raises TooLarge where the kernel has not the room and is asked for, or there are too many members for the agents; BadInput where sums
    could leave 63 bits; SpecError where a program cannot be exact.
    """
    check_sums(scenario)
    if engine != "agents":
        from simulators.kernel import TooLarge, compare_kernel

        try:
            return compare_kernel(scenario, programs, progress, threads, keep)
        except TooLarge as error:
            if engine == "kernel":
                raise
            if scenario.members > FEW:
                raise TooLarge(f"{error}; the agents live at most {FEW:,} members") from error
            notify(f"lived by the agents: {error}")
    from simulators.agents import run_agents

    first, *others = programs
    return Comparison(
        [run_agents(scenario.beside(program, scenario.baseline), progress) for program in programs],
        [run_agents(scenario.beside(program, first), progress) for program in others],
    )
