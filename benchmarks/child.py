"""One measurement in a process of its own: ``python -m benchmarks.child TASK SIZE`` prints it as one line of JSON.

What a task needs is imported and prepared first, then it is run once on a small size, so that neither imports nor compilation
are counted; ``--cold`` leaves that run out. It is then repeated until a second has passed, and the median is told.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from simulators.replay import Engine

__all__ = ["TASKS", "Told", "main"]

SEED = 1
SMALL = 200
"""Members (customers, orders) of the run that compiles."""
LONG_ENOUGH, MOST_RUNS = 1.0, 9


class Told(NamedTuple):
    """What a run did, by which its time is divided."""

    items: int
    """Purchases in all worlds, or orders."""
    digest: str = ""


class Task(NamedTuple):
    """A task of one size, ready to run."""

    run: Callable[[], Any]
    tell: Callable[[Any], Told]


# --- tasks: what they need is imported where they need it ------------------------------------------------------------
def _run_told(run: Any) -> Told:
    """The purchases of both worlds of a run."""
    from workbench.run_document import run_document

    purchases = run_document(run)["lift"]["purchases"]
    return Told(purchases["baseline"] + purchases["program"], run.digest)


def kernel(members: int, threads: int) -> Task:
    from benchmarks.workload import scenario
    from simulators.kernel import run_kernel

    made = scenario(members)
    return Task(lambda: run_kernel(made, threads=threads), _run_told)


def kernel_toy(members: int, threads: int) -> Task:
    """The toy of the peers; it has no digest to compare, as no other task lives it by the same draws."""
    from benchmarks.workload import toy_scenario
    from simulators.kernel import run_kernel

    made = toy_scenario(members)
    return Task(lambda: run_kernel(made, threads=threads), lambda run: Told(_run_told(run).items))


def agents(members: int, _: int) -> Task:
    from benchmarks.workload import scenario
    from simulators.agents import run_agents

    made = scenario(members)
    return Task(lambda: run_agents(made), _run_told)


def floor(members: int, _: int) -> Task:
    """The candidates alone: members are drawn before the clock starts."""
    from benchmarks.peers.floor import Floor
    from benchmarks.workload import scenario

    made = Floor(scenario(members))
    drawn = made.members()
    return Task(lambda: made.draw(drawn), lambda found: Told(2 * found.purchases))


def floor_and_members(members: int, _: int) -> Task:
    from benchmarks.peers.floor import Floor
    from benchmarks.workload import scenario

    made = Floor(scenario(members))
    return Task(lambda: made.draw(made.members()), lambda found: Told(2 * found.purchases))


def plain_simpy(customers: int, _: int) -> Task:
    from benchmarks.peers.plain_simpy import simulate

    return Task(lambda: simulate(customers, SEED), lambda found: Told(found.purchases))


def plain_loop(customers: int, _: int) -> Task:
    from benchmarks.peers.plain_loop import simulate

    return Task(lambda: simulate(customers, SEED), lambda found: Told(found.purchases))


def numpy_days(customers: int, _: int) -> Task:
    from benchmarks.peers.numpy_days import simulate

    return Task(lambda: simulate(customers, SEED), lambda found: Told(found.purchases))


def _replay(program: str, engine: "Engine", count: int) -> Task:
    from benchmarks.workload import AS_OF, orders
    from simulators.replay import Replayed, replay_log
    from workbench.digest import document_digest
    from workbench.program.load import load_program

    spec = load_program(program)
    folder = tempfile.TemporaryDirectory()
    log = orders(Path(folder.name) / "orders.csv", count)

    def run() -> tuple[Replayed, dict[str, Any]]:
        found = replay_log(spec, log, as_of=AS_OF, engine=engine)
        return found, found.document()

    def tell(result: tuple[Replayed, dict[str, Any]]) -> Told:
        folder.cleanup()
        found, document = result
        if found.engine != engine:
            raise RuntimeError(f"the log was replayed by {found.engine}, not by {engine}")
        return Told(count, document_digest(document))

    return Task(run, tell)


def replay_mos_burger(count: int, _: int) -> Task:
    return _replay("mos_burger", "python", count)


def replay_mos_burger_compiled(count: int, _: int) -> Task:
    return _replay("mos_burger", "compiled", count)


def replay_mitsui_outlet(count: int, _: int) -> Task:
    return _replay("mitsui_outlet", "python", count)


def replay_mitsui_outlet_compiled(count: int, _: int) -> Task:
    return _replay("mitsui_outlet", "compiled", count)


MONTHS, DRAWS = 60, 200
"""Of the ledgers that estimators and bootstrap are measured on."""


def estimators(months: int, _: int) -> Task:
    """All five methods, each with what it expects of the next twelve months, on a triangle of so many months."""
    from benchmarks.workload import entries
    from workbench.finance.redemption_rates import ESTIMATORS, ultimate
    from workbench.finance.triangle import from_events

    triangle = from_events(entries(SMALL, months), months - 1)
    return Task(
        lambda: [(found.points, found.within(12)) for found in (ultimate(triangle, name) for name in ESTIMATORS)],
        lambda found: Told(months**2),
    )


def _bootstrap_told(future: Sequence[float]) -> Told:
    from workbench.digest import document_digest

    return Told(len(future), document_digest([f"{each:.6g}" for each in future]))


def bootstrap(members: int, _: int) -> Task:
    """Draws of members, from their ledger's entries to the interval."""
    from benchmarks.workload import entries
    from simulators.weights import member_weights
    from workbench.finance.redemption_rates.bootstrap import bootstrap, member_triangles

    made = entries(members, MONTHS)
    weights = member_weights(SEED, DRAWS, members)
    return Task(
        lambda: bootstrap(member_triangles(made, MONTHS - 1), weights),
        lambda found: _bootstrap_told(found.future.tolist()),
    )


def bootstrap_plain(members: int, _: int) -> Task:
    from benchmarks.peers.plain_bootstrap import draws
    from benchmarks.workload import LIFE, entries
    from simulators.weights import member_weights

    made = entries(members, MONTHS)
    weights = member_weights(SEED, DRAWS, members)
    return Task(lambda: draws(made, MONTHS, LIFE, weights), _bootstrap_told)


def _lived(members: int, keep: bool) -> Any:
    from benchmarks.workload import scenario
    from simulators.kernel import run_kernel

    return run_kernel(scenario(members), keep=keep)


def _closed(valuation: Any) -> Told:
    from workbench.digest import document_digest
    from workbench.liability_document import liability_document

    if not valuation.sound:
        raise RuntimeError("a check of the close fails")
    return Told(valuation.close.months, document_digest(liability_document(valuation, "", {})["cohorts"]))


def close_run(members: int, _: int) -> Task:
    """From the sums of a run in memory to its valuation."""
    from benchmarks.workload import RUN_ENDS
    from workbench.finance.accounting.policy import load_policy
    from workbench.run_books import books_of_run, value_books

    run, policy = _lived(members, keep=False), load_policy("default")
    return Task(lambda: value_books(books_of_run(run), policy, RUN_ENDS), _closed)


def close_ledger(members: int, _: int) -> Task:
    """From the file of a ledger (CSV) to its valuation."""
    from benchmarks.workload import PROGRAM, RUN_ENDS, ledger_file
    from workbench.finance.accounting.policy import load_policy
    from workbench.program.load import load_program
    from workbench.run_books import books_of_file, value_books

    folder = tempfile.TemporaryDirectory()
    path = ledger_file(_lived(members, keep=True), Path(folder.name) / "ledger.csv")
    program, policy = load_program(PROGRAM), load_policy("default")

    def run() -> Any:
        return value_books(books_of_file(path, RUN_ENDS, program, policy), policy, RUN_ENDS)

    def tell(found: Any) -> Told:
        folder.cleanup()
        return _closed(found)

    return Task(run, tell)


def close_workbook(members: int, _: int) -> Task:
    from benchmarks.workload import RUN_ENDS
    from workbench.finance.accounting.policy import load_policy
    from workbench.reports.liability_workbook import write_liability
    from workbench.run_books import books_of_run, value_books

    found = value_books(books_of_run(_lived(members, keep=False)), load_policy("default"), RUN_ENDS)
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "liability.xlsx"

    def tell(_: None) -> Told:
        folder.cleanup()
        return Told(found.close.months)

    return Task(lambda: write_liability(found, path, "benchmark", {}), tell)


def _designs(count: int) -> Any:
    """A study of so many designs of Mitsui Outlet, and its designs. A small one is lived before: which compiles."""
    from benchmarks.workload import DESIGN_MEMBERS, study
    from simulators.sweep import evaluate

    small = study(2, SMALL)
    evaluate(small, small.designs())
    question = study(max(count, 2), DESIGN_MEMBERS)
    return question, question.designs()


def sweep(count: int, threads: int) -> Task:
    """Designs lived together, each beside today's program, with the intervals of its outcomes."""
    from simulators.sweep import evaluate, live_here, made_by
    from simulators.sweep_document import sweep_document
    from workbench.digest import document_digest

    question, designs = _designs(count)

    def run() -> Any:
        return sweep_document(question, evaluate(question, designs, live_here(threads)), made_by())

    return Task(run, lambda found: Told(count, document_digest([each["digest"] for each in found["designs"]])))


def one_by_one(count: int, threads: int) -> Task:
    """The same designs, each by the run and the head to head with today's program that it would be alone."""
    from simulators.kernel import compare_kernel
    from workbench.digest import document_digest
    from workbench.run_document import run_document

    question, designs = _designs(count)

    def run() -> Any:
        found = []
        for design in designs:
            case = question.of(design)
            both = compare_kernel(case, [question.scenario.program, case.program], threads=threads)
            run_document(both.runs[1])
            found.append(both.runs[1].digest)
        return found

    return Task(run, lambda found: Told(count, document_digest(found)))


TASKS: dict[str, Callable[[int, int], Task]] = {
    task.__name__: task
    for task in (
        kernel, kernel_toy, agents, floor, floor_and_members, plain_simpy, plain_loop, numpy_days, replay_mos_burger,
        replay_mos_burger_compiled, replay_mitsui_outlet, replay_mitsui_outlet_compiled, estimators, bootstrap, bootstrap_plain,
        close_run, close_ledger, close_workbook, sweep, one_by_one,
    )
}  # fmt: skip

WARMED = ("sweep", "one_by_one")
"""Tasks whose size is not one of members: they have run something small by the time they are made."""


# --- the clock -------------------------------------------------------------------------------------------------------
def peak_mb() -> float | None:
    """Most memory the process has held so far, in 10**6 bytes; None where the system does not tell (Windows)."""
    if sys.platform == "win32":
        return None
    from resource import RUSAGE_SELF, getrusage

    most = getrusage(RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def measure(name: str, size: int, threads: int = 1, cold: bool = False) -> dict[str, Any]:
    """Run a task; seconds by the wall and of CPU (all threads together), both of the median run."""
    make = TASKS[name]
    if not cold and name not in WARMED:
        small = make(SMALL, threads)
        small.tell(small.run())
    task = make(size, threads)
    before = peak_mb()
    runs: list[tuple[float, float]] = []
    while not runs or (not cold and sum(wall for wall, _ in runs) < LONG_ENOUGH and len(runs) < MOST_RUNS):
        found = None  # the result before is let go, or two would be held at once
        wall, cpu = perf_counter(), process_time()
        found = task.run()
        runs.append((perf_counter() - wall, process_time() - cpu))
    peak = peak_mb()
    items, digest = task.tell(found)
    return {
        "wall": median(wall for wall, _ in runs),
        "cpu": median(cpu for _, cpu in runs),
        "runs": len(runs),
        "items": items,
        "digest": digest,
        "before_mb": before,
        "peak_mb": peak,
    }


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.child", description=__doc__)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("size", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cold", action="store_true")
    asked = parser.parse_args()
    print(json.dumps(measure(asked.task, asked.size, asked.threads, asked.cold)), flush=True)


if __name__ == "__main__":
    main()
