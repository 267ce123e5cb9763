"""Print how the clocks scale: each measurement is repeated in turn with the others, and the median is shown.

python -m benchmarks            about two minutes
python -m benchmarks --quick    a tenth of the sizes
"""

import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table

from simulators.agents import run_agents
from simulators.replay import replay_file
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import load_program
from workbench.scenario import Scenario

REPEATS = 3


def measured(tasks: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each task, the tasks taken in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(REPEATS):
        for name, task in tasks.items():
            start = perf_counter()
            task()
            seconds[name].append(perf_counter() - start)
    return {name: median(each) for name, each in seconds.items()}


def orders(path: Path, count: int) -> Path:
    """A log of ``count`` orders of 1,000 members over three years, an order id on each."""
    with path.open("w", encoding="utf-8") as file:
        file.write("member_id,date,event,amount,order_id\n")
        for k in range(count):
            day = date.fromordinal(date(2022, 1, 1).toordinal() + k * 1095 // count)
            file.write(f"m{k * 7919 % 1000},{day},purchase,{(k * 104729) % 90000 / 100:.2f},o{k}\n")
    return path


def agents(members: int) -> Callable[[], object]:
    """A task: so many members for three years in two worlds."""
    scenario = Scenario(
        load_program("mitsui_outlet"),
        load_population("department_store_twd"),
        load_assumptions("central"),
        members=members,
    )
    return lambda: run_agents(scenario)


def main() -> None:
    """Measure and print."""
    scale = 10 if "--quick" in sys.argv[1:] else 1
    sizes = [10_000 // scale, 40_000 // scale]
    people = [1_000 // scale, 8_000 // scale]
    with tempfile.TemporaryDirectory() as folder:
        logs = {size: orders(Path(folder) / f"{size}.csv", size) for size in sizes}

        def replayed(slug: str, size: int) -> Callable[[], object]:
            program = load_program(slug)
            return lambda: replay_file(program, logs[size], as_of=date(2024, 12, 31))

        tasks = {f"replay mos_burger, {size:,} orders": replayed("mos_burger", size) for size in sizes}
        tasks |= {f"replay mitsui_outlet (tiers), {size:,} orders": replayed("mitsui_outlet", size) for size in sizes}
        tasks |= {f"agents mitsui_outlet, {size:,} members x 3 years x 2 worlds": agents(size) for size in people}
        found = measured(tasks)
    table = Table("task", "seconds", "microseconds each", "growth per item", box=None)
    each: dict[str, float] = {}
    for name, seconds in found.items():
        family, size = name.rsplit(", ", 1)
        unit = seconds / int(size.split()[0].replace(",", ""))
        growth = f"{unit / each[family]:.2f}x" if family in each else ""
        each.setdefault(family, unit)
        table.add_row(name, f"{seconds:.2f}", f"{unit * 1e6:,.1f}", growth)
    Console().print(table)


if __name__ == "__main__":
    main()
