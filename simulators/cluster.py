"""More members than one machine: ranges of members over dask.distributed, lived by the compiled kernel, their sums added up here.

What goes out is plain: a scenario as JSON, which the worker reads again with every check there is, a seed and a range of members. What
comes back is plain too: arrays of sums (``Part.arrays``), added in whatever order they arrive. So neither the number of tasks, nor that of
workers, nor a worker that dies and whose tasks are done again by another, changes a digit.

One thing could: a worker that is not like this machine. Its versions and sources are compared before its first member, and it is refused
by name where they differ. dask is imported inside the functions that need it; the extra ``cluster`` installs it.
"""

import asyncio
import json
import logging
import platform
import re
import signal
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from itertools import islice, pairwise
from typing import Any

import numpy as np

from simulators.kernel import blocks_of, comparison_of, is_warm, refusals
from simulators.kernel.run import BLOCK, Part, live_blocks, new_part
from simulators.kernel.worlds import Worlds, packed_worlds
from simulators.layout import TooLarge
from simulators.versions import source_digest, versions
from workbench.errors import BadInput, Problem
from workbench.finance.world import CUSTOMERS
from workbench.population.load import read_assumptions, read_population
from workbench.program.load import program_from_mapping
from workbench.program.spec import Program
from workbench.scenario import NO_PROGRAM, Comparison, Run, Scenario

__all__ = [
    "LEAST",
    "check_cluster",
    "check_passport",
    "compare_on_cluster",
    "live_members",
    "member_ranges",
    "passport",
    "read_scenario",
    "run_on_cluster",
    "run_orders_on_cluster",
    "run_seeds_on_cluster",
    "scenario_text",
]

Progress = Callable[[int, int], None]

LEAST = -(-100_000 // BLOCK) * BLOCK
"""Members to a task, at the least, unless the number of tasks is given: whole blocks, so that a task costs far more than its way there."""
CONNECT = 5
"""Seconds to wait for a scheduler to answer, and as many for its first worker."""
DEATHS = 5
"""Workers of a local cluster that may die over a task before it is given up: chance takes one or two, a task that is too large all."""
SOURCES = source_digest()
"""The code as it was when this module was imported, together with all that it lives members with; it may be edited later."""


# --- the run -----------------------------------------------------------------------------------------------------------
def run_on_cluster(
    scenario: Scenario,
    programs: Sequence[Program],
    cluster: str,
    progress: Progress | None = None,
    tasks: int | None = None,
) -> list[Run]:
    """Several programs and the scenario's baseline lived by the same members on a cluster: one run for each program.

    ``cluster``: ``local`` (processes of this machine) or the address of a scheduler, ``tcp://host:port``. ``progress`` is told (members
    done, members in all) whenever a task has come back; what it raises cancels all tasks, closes the cluster and comes out of here.
    ``tasks``: how many to make of it. Raises BadInput (the cluster cannot be had, or a worker is refused), TooLarge, SpecError.
    """
    return compare_on_cluster(scenario, programs, cluster, progress, tasks).runs


def compare_on_cluster(
    scenario: Scenario,
    programs: Sequence[Program],
    cluster: str,
    progress: Progress | None = None,
    tasks: int | None = None,
) -> Comparison:
    """The same, with the programs beside each other as well: what ``compare_kernel`` gives."""
    found: list[Comparison] = []
    run_seeds_on_cluster(scenario, [scenario.seed], programs, cluster, found.append, progress, tasks)
    return found[0]


def run_seeds_on_cluster(
    scenario: Scenario,
    seeds: Sequence[int],
    programs: Sequence[Program],
    cluster: str,
    finished: Callable[[Comparison], None],
    progress: Progress | None = None,
    tasks: int | None = None,
) -> None:
    """The same for several seeds, whose tasks are on their way together: ``finished`` is given what each seed comes to as soon as its last
    task has come back. ``tasks``: of one seed; ``progress`` is told of the members of all."""
    check_cluster(cluster)
    worlds = [*programs, scenario.baseline]
    for reason in refusals(scenario, worlds):
        raise TooLarge(reason)
    packed = packed_worlds(scenario, worlds)
    ranges = member_ranges(scenario.members, tasks)
    orders = [(seed, *bounds) for seed in seeds for bounds in ranges]
    text, own, total, done = scenario_text(scenario, programs), passport(), len(seeds) * scenario.members, 0
    sums: dict[int, tuple[Part, list[tuple[int, int]]]] = {}
    if cluster == "local" and not is_warm():  # compile once, not once in every worker
        live_blocks(scenario, worlds, [(0, 1)], lambda _: None, 1, False, packed)
    with _client(cluster, len(orders)) as client:
        _check_workers(client, own)
        for (seed, first, last), arrays in _come_back(client, orders, live_members, (text,), own):
            part, waiting = sums.setdefault(seed, (new_part(scenario, worlds, packed), list(ranges)))
            part.add_arrays(arrays)
            waiting.remove((first, last))
            if not waiting:
                finished(_finished(replace(scenario, seed=seed), programs, sums.pop(seed)[0]))
            done += last - first
            if progress is not None:
                progress(done, total)


def run_orders_on_cluster(
    work: Callable[..., Any],
    orders: Sequence[tuple[Any, ...]],
    cluster: str,
    finished: Callable[[tuple[Any, ...], Any], None],
) -> None:
    """Other work on a cluster: ``work(*order, passport)`` for each order, on workers like this machine, which ``work`` has to check by
    ``check_passport``. ``finished`` is given each order with its result as it comes back; what it raises cancels the rest. Raises BadInput as
    ``run_on_cluster`` does."""
    check_cluster(cluster)
    own = passport()
    with _client(cluster, len(orders)) as client:
        _check_workers(client, own)
        for order, found in _come_back(client, orders, work, (), own):
            finished(order, found)


def check_passport(expected: dict[str, str]) -> None:
    """Raise BadInput where this worker is not like the machine that asks; it may have joined late."""
    from distributed import get_worker

    problems = _differences(get_worker().address, expected, passport())
    if problems:
        raise BadInput(problems)


def member_ranges(members: int, tasks: int | None = None) -> list[tuple[int, int]]:
    """Members as ranges (first, one past the last) of whole blocks, about equal: so many, or as many as have ``LEAST`` members each."""
    blocks = -(-members // BLOCK)
    count = min(blocks, max(1, members // LEAST if tasks is None else tasks))
    bounds = [blocks * place // count * BLOCK for place in range(count)] + [members]
    return list(pairwise(bounds))


def _finished(scenario: Scenario, programs: Sequence[Program], part: Part) -> Comparison:
    """What one seed comes to, once every member is in each world just once."""
    for panel in part.panels:
        if panel.counts[CUSTOMERS] != scenario.members:
            raise RuntimeError(f"{scenario.members} members were sent out, {panel.counts[CUSTOMERS]} came back")
    return comparison_of(scenario, programs, part)


# --- the cluster -------------------------------------------------------------------------------------------------------
_ADDRESS = re.compile(r"tcp://(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):(\d{1,5})")


def check_cluster(cluster: str) -> None:
    """Raise BadInput, before any work is done, where a cluster is neither ``local`` nor an address, or dask.distributed is missing."""
    match = _ADDRESS.fullmatch(cluster)
    if cluster != "local" and not (match and 0 < int(match[2]) < 2**16):
        raise _bad("expected local, or a scheduler's address as tcp://host:port", cluster)
    if find_spec("distributed") is None:
        raise _bad("expected dask.distributed to be installed: pip install 'loyalty-workbench[cluster]'")


def _bad(message: str, value: object = None) -> BadInput:
    return BadInput(Problem("--cluster", message, value))


@contextmanager
def _client(cluster: str, tasks: int) -> Iterator[Any]:
    """A connection with at least one worker. Whatever ends the block cancels what this run has under way; a local cluster is closed."""
    from distributed import Client

    if cluster == "local":
        with _local(tasks) as local, Client(local, set_as_default=False) as client:
            yield client
        return
    _check_scheduler(cluster)
    with Client(cluster, timeout=CONNECT, set_as_default=False) as client:
        try:
            client.wait_for_workers(1, timeout=CONNECT)
        except TimeoutError as error:
            raise _bad(f"expected a scheduler with workers: none came within {CONNECT} s", cluster) from error
        yield client


_GARBLED = (EOFError, MemoryError, struct.error)
"""What reading somebody else's protocol comes to."""


def _check_scheduler(address: str) -> None:
    """Raise BadInput where no scheduler answers in time. A client would wait for ever for one that takes a call and says nothing."""
    from distributed import rpc

    async def ask() -> Any:
        async with rpc(address, timeout=CONNECT - 1) as there:
            return await there.identity()

    async def answer() -> Any:
        return await asyncio.wait_for(ask(), CONNECT)

    try:
        with ThreadPoolExecutor(1) as pool:  # the calling thread may have a loop of its own, as a notebook's has
            kind = pool.submit(asyncio.run, answer()).result()["type"]
    except (OSError, ValueError, *_GARBLED) as error:
        message = f"expected a scheduler of dask.distributed that answers within {CONNECT} s ({_why(error)})"
        raise _bad(message, address) from error
    if kind != "Scheduler":
        raise _bad(f"expected the address of a scheduler, found that of a {kind.lower()}", address)


def _why(error: BaseException) -> str:
    """What the first of a chain of errors says that says anything."""
    said = ""
    cause: BaseException | None = error
    while cause is not None:
        said = str(cause) or said
        cause = cause.__cause__
    return said or "it took the call and said nothing"


@contextmanager
def _local(tasks: int) -> Iterator[Any]:
    """A cluster on this machine's cores that no other can reach: a process of one thread for each, no more than there are tasks."""
    from dask.system import CPU_COUNT
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=min(CPU_COUNT, tasks),
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=None,
        silence_logs=logging.CRITICAL,
        preload=[__name__],
        scheduler_kwargs={"allowed_failures": DEATHS, "dashboard_address": "127.0.0.1:0"},  # its health: any port
    ) as local:
        yield local


def _come_back(
    client: Any,
    orders: Sequence[tuple[Any, ...]],
    work: Callable[..., Any],
    before: tuple[Any, ...],
    own: dict[str, str],
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Send orders out, as ``work(*before, *order, own)``, and give back each with its result, as they arrive. No more are under way than keep
    all workers busy, so that a large run neither fills the scheduler nor is slow to cancel."""
    from distributed import KilledWorker, as_completed

    waiting: dict[Any, tuple[Any, ...]] = {}
    rest, back, room, look = iter(orders), as_completed(loop=client.loop), 0, 0
    for arrived in range(len(orders)):
        if arrived == look:  # workers may have joined, or left
            room = max(4, 2 * sum(client.nthreads().values()))
            look += room
        for order in islice(rest, max(0, room - len(waiting))):
            future = client.submit(work, *before, *order, own, pure=False)
            waiting[future] = order
            back.add(future)
        future = next(back)
        order = waiting.pop(future)
        try:
            found = future.result()
        except KilledWorker as error:
            over = f"members {order[1]:,} to {order[2] - 1:,}" if work is live_members else "the same designs"
            deaths = error.allowed_failures + 1
            message = f"expected workers that stay alive: {deaths} of them died over {over} (out of memory?)"
            raise _bad(message) from error
        except CancelledError as error:
            raise _bad("expected the scheduler to stay until the run is over: the connection was lost") from error
        yield order, found


# --- who may live members ----------------------------------------------------------------------------------------------
def passport() -> dict[str, str]:
    """What has to be the same wherever members of one run are lived: versions, sources, and the system (its C library has the logarithms)."""
    system = f"{platform.system()} {platform.machine()} {platform.libc_ver()[0]}".strip()
    return versions() | {"distributed": version("distributed"), "system": system, "sources": SOURCES}


def _check_workers(client: Any, own: dict[str, str]) -> None:
    """Raise BadInput that names every worker which is not like this machine. The scheduler has to know what it hands on, no more."""
    problems, same = [], "expected loyalty-workbench as it is here"
    try:
        client.run_on_scheduler(passport)
    except (ImportError, AttributeError) as error:
        problems.append(Problem("--cluster", f"scheduler: {same}", str(error)))
    for address, theirs in sorted(client.run(passport, on_error="return").items()):
        if isinstance(theirs, dict):
            problems += _differences(address, own, theirs)
        else:
            problems.append(Problem("--cluster", f"worker {address}: {same}", str(theirs)))
    if problems:
        raise BadInput(problems[:10], more=len(problems[10:]))


def _differences(worker: str, own: dict[str, str], theirs: dict[str, str]) -> list[Problem]:
    return [
        Problem("--cluster", f"worker {worker}: expected {name} {own.get(name)}", theirs.get(name, "none"))
        for name in sorted({*own, *theirs})
        if own.get(name) != theirs.get(name)
    ]


# --- on a worker -------------------------------------------------------------------------------------------------------
def dask_setup(worker: Any) -> None:
    """Called by dask in each process of a local cluster, once it has started: a Ctrl-C is for the process that asked for them."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def live_members(text: str, seed: int, first: int, last: int, expected: dict[str, str]) -> list[np.ndarray]:
    """Live members ``first`` to ``last - 1`` of a scenario with a seed; returns ``Part.arrays``. This is what a worker does.

    Raises BadInput where the worker is not like the machine that asks (``expected``: its passport); the worker may have joined late.
    """
    check_passport(expected)
    read = read_scenario(text)
    scenario = replace(read.scenario, seed=seed)
    blocks = blocks_of(scenario, first, last)
    return live_blocks(scenario, read.worlds, blocks, lambda _: None, 1, False, read.packed).arrays()


@dataclass(frozen=True)
class Read:
    """A scenario that came as text."""

    scenario: Scenario
    worlds: list[Program]
    """The programs, and the baseline last."""
    packed: Worlds


def scenario_text(scenario: Scenario, programs: Sequence[Program]) -> str:
    """A scenario and the programs it is lived under as JSON, without its seed. No program at all is null: it is known by what it is,
    not by what it says."""

    def plain(program: Program) -> Any:
        return None if program is NO_PROGRAM else program.model_dump(mode="json", by_alias=True)

    return json.dumps(
        {
            "programs": [plain(program) for program in programs],
            "baseline": plain(scenario.baseline),
            "population": scenario.population.model_dump(mode="json", by_alias=True),
            "assumptions": scenario.assumptions.model_dump(mode="json", by_alias=True),
            "members": scenario.members,
            "years": scenario.years,
            "start": scenario.start.isoformat(),
            "digests": _digests(scenario, programs),
        },
        ensure_ascii=False,
        allow_nan=False,
    )


@lru_cache(maxsize=4)
def read_scenario(text: str) -> Read:
    """The scenario of ``scenario_text``, with seed 0, read as a file would be. Raises BadInput where it is not valid, or where what is
    read is not what was sent."""
    data = json.loads(text)
    programs, baseline = [_program(each) for each in data["programs"]], _program(data["baseline"])
    scenario = Scenario(
        program=programs[0],
        baseline=baseline,
        population=read_population(data["population"]),
        assumptions=read_assumptions(data["assumptions"]),
        members=data["members"],
        years=data["years"],
        start=date.fromisoformat(data["start"]),
        seed=0,
    )
    if _digests(scenario, programs) != data["digests"]:
        raise _bad("expected a scenario that is the same when it is written and read again")
    worlds = [*programs, baseline]
    return Read(scenario, worlds, packed_worlds(scenario, worlds))


def _program(data: Any) -> Program:
    return NO_PROGRAM if data is None else program_from_mapping(data, source="program")


def _digests(scenario: Scenario, programs: Sequence[Program]) -> list[str]:
    return [replace(scenario, program=program, seed=0, cost_of_points=()).digest() for program in programs]
