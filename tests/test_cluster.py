"""Members on dask.distributed: the same lives as here, whatever the tasks, the workers, and what becomes of them."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from apps.cli import app
from simulators import cluster as cluster_module
from simulators.cluster import (
    LEAST,
    check_cluster,
    compare_on_cluster,
    member_ranges,
    passport,
    read_scenario,
    run_on_cluster,
    run_seeds_on_cluster,
    scenario_text,
)
from simulators.kernel import blocks_of, compare_kernel, run_kernel
from simulators.kernel.run import live_blocks, new_part
from simulators.kernel.worlds import packed_worlds
from simulators.layout import TooLarge
from simulators.replications import live_here, live_on_cluster, replicate
from simulators.versions import versions
from workbench.errors import BadInput
from workbench.population.load import load_assumptions, load_population, shipped_assumptions, shipped_populations
from workbench.program.load import library, load_program
from workbench.scenario import NO_PROGRAM, Comparison, Run, Scenario

ROOT = Path(__file__).resolve().parents[1]
RUN = ["run", "mitsui_outlet", "--members", "50", "--years", "1"]
HAS_DASK = importlib.util.find_spec("distributed") is not None
needs_dask = pytest.mark.skipif(not HAS_DASK, reason="needs dask.distributed: pip install 'loyalty-workbench[cluster]'")


def scenario(members: int = 30_000, slug: str = "mitsui_outlet", **more: Any) -> Scenario:
    """30,000 members are eight blocks of the kernel."""
    program = load_program(slug)
    people, assumed = load_population(program.population), load_assumptions("central")
    return Scenario(program, people, assumed, members=members, **({"years": 1} | more))


def same(mine: Run, other: Run) -> None:
    """Equal in every cell."""
    assert mine.digest == other.digest
    assert mine.scenario.digest() == other.scenario.digest()
    assert (mine.rules, mine.baseline_rules) == (other.rules, other.baseline_rules)
    for a, b in ((mine.program, other.program), (mine.baseline, other.baseline), (mine.pairs, other.pairs)):
        assert a.frame == b.frame
        np.testing.assert_array_equal(a.cells, b.cells)
    np.testing.assert_array_equal(mine.responses.sums, other.responses.sums)


# --- who lives where -------------------------------------------------------------------------------------------------
def test_a_task_has_at_least_a_hundred_thousand_members_in_whole_blocks() -> None:
    assert LEAST == 25 * 4096 == 102_400
    assert member_ranges(1) == [(0, 1)]
    assert member_ranges(204_799) == [(0, 204_799)]
    assert member_ranges(204_800) == [(0, 102_400), (102_400, 204_800)]
    # 300,000 members are 74 blocks, 37 to a task
    assert member_ranges(300_000) == [(0, 151_552), (151_552, 300_000)]
    for members in (1_000_000, 1_000_001, 12_345_678):
        found = member_ranges(members)
        assert min(last - first for first, last in found) >= 100_000
        assert len(found) == members // 102_400


@pytest.mark.parametrize("members", [1, 4096, 4097, 30_000, 1_000_000])
@pytest.mark.parametrize("tasks", [1, 2, 7, 100, 10_000])
def test_ranges_hold_every_member_once(members: int, tasks: int) -> None:
    found = member_ranges(members, tasks)
    assert found[0][0] == 0
    assert found[-1][1] == members
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert all(first < last and first % 4096 == 0 for first, last in found)
    assert len(found) == min(tasks, -(-members // 4096))


# --- what travels ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slug", library())
def test_every_program_is_the_same_when_it_has_travelled(slug: str) -> None:
    case = scenario(slug=slug, seed=5)
    read = read_scenario(scenario_text(case, [case.program, NO_PROGRAM]))
    assert read.worlds[0] == case.program
    assert read.worlds[1] is read.worlds[2] is NO_PROGRAM, "no program is known by what it is"
    assert (read.scenario.population, read.scenario.assumptions) == (case.population, case.assumptions)
    assert replace(read.scenario, seed=5).digest() == case.digest()


def test_every_population_and_all_assumptions_are_the_same_when_they_have_travelled() -> None:
    for population in shipped_populations():
        for assumptions in shipped_assumptions():
            case = replace(
                scenario(), population=load_population(population), assumptions=load_assumptions(assumptions), baseline=load_program("mos_burger")
            )  # fmt: skip
            read = read_scenario(scenario_text(case, [case.program])).scenario
            assert (read.population, read.assumptions, read.baseline) == (
                case.population,
                case.assumptions,
                case.baseline,
            )
            assert list(read.population.categories) == list(case.population.categories)


def test_what_arrives_is_checked_as_a_file_would_be() -> None:
    case = scenario()
    sent = json.loads(scenario_text(case, [case.program]))

    def refusal(*path: Any, value: Any) -> str:
        text = json.loads(json.dumps(sent))
        place = text
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        with pytest.raises(BadInput) as caught:
            read_scenario(json.dumps(text))
        return str(caught.value)

    assert refusal("programs", 0, "currenzy", value="TWD").startswith("program: currenzy: unknown key")
    assert "purchases.r: expected more than 0" in refusal("population", "purchases", "r", value=-1)
    assert "the same when it is written and read again" in refusal("members", value=30_001)


def test_parts_travel_as_plain_arrays() -> None:
    case = scenario(9000, baseline=load_program("mos_burger"))
    worlds = [case.program, load_program("eslite"), case.baseline]
    packed = packed_worlds(case, worlds)

    def lived(first: int, last: int) -> Any:
        return live_blocks(case, worlds, blocks_of(case, first, last), lambda _: None, 1, False, packed)

    whole, sums = lived(0, 9000), new_part(case, worlds, packed)
    for bounds in ((8192, 9000), (0, 4096), (4096, 8192)):
        arrays = [np.array(each) for each in lived(*bounds).arrays()]
        for each in arrays:
            each.flags.writeable = False  # as they come off the wire
        sums.add_arrays(arrays)
    for mine, other in zip(sums.arrays(), whole.arrays(), strict=True):
        np.testing.assert_array_equal(mine, other)
    for wrong in (arrays[:-1], [each.astype(np.int32) for each in arrays], [each[:-1] for each in arrays]):
        with pytest.raises(ValueError, match="arrays of different runs"):
            sums.add_arrays(wrong)


# --- refused before any work -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address", ["", "Local", "localhost:8786", "tcp://", "tcp://host", "tcp://host:0", "tcp://host:65536", "udp://host:8786", "tcp://a b:1"]
)  # fmt: skip
def test_what_is_no_cluster_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="--cluster: expected local, or a scheduler's address as tcp://host:port"):
        check_cluster(address)


def refusal(*words: str) -> str:
    found = CliRunner().invoke(app, [*RUN, *words])
    assert isinstance(found.exception, BadInput), found.output
    (problem,) = found.exception.problems
    return str(problem)


def test_a_missing_dask_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = refusal("--cluster", "local")
    assert told == "--cluster: expected dask.distributed to be installed: pip install 'loyalty-workbench[cluster]'"


@needs_dask
def test_agents_and_threads_do_not_go_with_a_cluster() -> None:
    assert refusal("--cluster", "local", "--engine", "agents").startswith("--engine: expected kernel with --cluster")
    assert refusal("--cluster", "local", "--threads", "2").startswith("--threads: expected no --threads with --cluster")


def test_nothing_imports_dask_before_it_is_asked_for() -> None:
    code = "import sys, simulators.cluster, simulators.replications, apps.cli; sys.exit('dask' in sys.modules or 'distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@needs_dask
def test_what_the_kernel_has_no_room_for_is_refused_before_a_cluster_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "_client", lambda *_: pytest.fail("a cluster was started"))
    with pytest.raises(TooLarge):
        run_on_cluster(scenario(10, years=50), [load_program("mitsui_outlet")], "local")
    assert refusal("--cluster", "local", "--years", "50").startswith("--cluster: expected no cluster for this run")


@contextmanager
def listening(answer: bytes | None) -> Iterator[str]:
    """A port of this machine where nobody answers (None: nobody even listens), or somebody who speaks something else."""
    import threading

    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        if answer is None:
            server.close()
            yield address
            return

        def accept() -> None:
            while True:
                try:
                    call, _ = server.accept()
                except OSError:
                    return
                held.append(call)
                call.sendall(answer)

        threading.Thread(target=accept, daemon=True).start()
        yield address
        for call in held:
            call.close()


@needs_dask
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="nobody", marks=pytest.mark.slow),
        pytest.param(b"", id="mute", marks=pytest.mark.slow),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="ssh"),
        pytest.param(bytes(4000), id="zeros"),
    ],
)
def test_an_address_without_a_scheduler_is_bad_input_within_ten_seconds(answer: bytes | None) -> None:
    """The mute one is what a client would wait for without end."""
    words = [*RUN, "--cluster"]
    call = [sys.executable, "-c", "import sys; from apps.cli import main; sys.exit(main())", *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PYTHONUTF8": "1"}
    with listening(answer) as address:
        start = time.monotonic()
        done = subprocess.run([*call, address], env=env, capture_output=True, text=True, timeout=60)
        took = time.monotonic() - start
    assert done.returncode == 2, done.stderr
    assert "--cluster: expected a scheduler of dask.distributed that answers within 5 s" in done.stderr
    assert address in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert took < 15, "five seconds of waiting, and the imports of a busy machine"


# --- the same lives --------------------------------------------------------------------------------------------------
def own_cluster(workers: int, threads: int) -> Any:
    """A cluster of this test's own: worker processes, and no port that anybody else may have."""
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers, threads_per_worker=threads, host="127.0.0.1", dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Any]:
    """A scheduler and two worker processes."""
    if not HAS_DASK:
        pytest.skip("needs dask.distributed: pip install 'loyalty-workbench[cluster]'")
    with own_cluster(2, 1) as found:
        yield found


class Told:
    """What progress was told."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.seen.append((done, total))


def test_neither_tasks_nor_workers_change_anything(two_workers: Any) -> None:
    case = scenario(baseline=load_program("mos_burger"))
    programs = [case.program, load_program("eslite")]
    here = compare_kernel(case, programs)
    for tasks in (1, 2, 7):
        told = Told()
        there = compare_on_cluster(case, programs, two_workers.scheduler_address, told, tasks)
        assert (len(there.runs), len(there.against_first)) == (2, 1)
        for mine, other in zip(there.runs + there.against_first, here.runs + here.against_first, strict=True):
            same(mine, other)
        assert len(told.seen) == tasks
        assert [done for done, _ in told.seen] == sorted(done for done, _ in told.seen)
        assert told.seen[-1] == (30_000, 30_000)


@needs_dask
def test_as_many_tasks_are_under_way_as_keep_the_workers_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two for each thread, at least four; looked at again whenever so many have come back. One comes back at a time; when 16 have, and
    the threads are fewer again, 21 of 22 are sent: the last waits until less than four are under way."""
    threads, under_way = iter([1, 3, 3, 1, 1]), list[int]()

    class Back(list[Any]):
        def __init__(self, loop: None) -> None:
            super().__init__()

        add = list.append

        def __next__(self) -> Any:
            under_way.append(len(self))
            return self.pop(0)

    def submit(work: Any, *order: Any, pure: bool) -> Any:
        future: Future[Any] = Future()
        future.set_result([])
        return future

    monkeypatch.setattr("distributed.as_completed", Back)
    client = SimpleNamespace(loop=None, nthreads=lambda: {"a worker": next(threads)}, submit=submit)
    orders = [(1, place, place + 1) for place in range(22)]
    assert [order for order, _ in cluster_module._come_back(client, orders, print, (), {})] == orders
    assert under_way == [4] * 4 + [6] * 12 + [5, 4, 4, 3, 2, 1]


def test_several_seeds_are_lived_together(two_workers: Any) -> None:
    case, told, found = scenario(9000), Told(), list[Comparison]()
    run_seeds_on_cluster(case, [1, 2, 3], [case.program], two_workers.scheduler_address, found.append, told, 2)
    assert sorted(each.runs[0].scenario.seed for each in found) == [1, 2, 3]
    assert told.seen[-1] == (27_000, 27_000)
    for each in found:
        same(each.runs[0], run_kernel(replace(case, seed=each.runs[0].scenario.seed)))


def test_replications_are_the_same_there(two_workers: Any) -> None:
    case = scenario(500)
    assert replicate(case, 4, live_on_cluster(case, two_workers.scheduler_address)) == replicate(
        case, 4, live_here(case)
    )


def test_what_progress_raises_ends_the_run_and_leaves_nothing_on_the_scheduler(two_workers: Any) -> None:
    class Enough(Exception):
        pass

    for kind in (Enough, KeyboardInterrupt):

        def stop(done: int, total: int, kind: type[BaseException] = kind) -> None:
            raise kind

        with pytest.raises(kind):
            run_on_cluster(scenario(), [load_program("mitsui_outlet")], two_workers.scheduler_address, stop, 7)
        _until(lambda: not two_workers.scheduler.tasks)
    same(run_on_cluster(scenario(), [scenario().program], two_workers.scheduler_address)[0], run_kernel(scenario()))


def _until(done: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_a_member_who_outgrows_the_room_is_refused_by_name_from_a_worker(two_workers: Any) -> None:
    """The one of tests/test_kernel.py who buys 400 times a day."""
    people = load_population("department_store_twd")
    busy = people.model_copy(
        update={"purchases": people.purchases.model_copy(update={"r": 400.0, "alpha": 4.0, "unit": "day"})}
    )
    never = load_program("ledger_fixed_rate").model_copy(update={"redemption": None})
    case = replace(scenario(1), program=never, population=busy)
    with pytest.raises(TooLarge, match=r"lots or \d+ entries at once"):
        run_on_cluster(case, [never], two_workers.scheduler_address)


# --- who may live members --------------------------------------------------------------------------------------------
def test_a_worker_that_is_not_like_this_machine_is_refused_by_name(
    two_workers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from the workers it is this machine that differs: its passport is made another here only."""
    mine = passport()
    kinds = {"loyalty-workbench", "python", "numpy", "scipy", "simpy", "numba", "distributed", "system", "sources"}
    assert set(mine) == kinds
    workers = sorted(two_workers.scheduler.workers)
    changes: dict[str, tuple[str, Any]] = {
        "sources": ("SOURCES", "another"),
        "numpy": ("versions", lambda: versions() | {"numpy": "another"}),
        "python": ("versions", lambda: versions() | {"python": "another"}),
    }
    for name, change in changes.items():
        with monkeypatch.context() as here:
            here.setattr(cluster_module, *change)
            with pytest.raises(BadInput) as caught:
                run_on_cluster(scenario(10), [scenario().program], two_workers.scheduler_address)
        assert str(caught.value).splitlines() == [
            f"--cluster: worker {worker}: expected {name} another, found '{mine[name]}'" for worker in workers
        ]


def test_a_worker_that_joins_late_is_looked_at_too(two_workers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "SOURCES", "another")
    monkeypatch.setattr(cluster_module, "_check_workers", lambda *_: None)
    with pytest.raises(BadInput, match=r"--cluster: worker tcp://127.0.0.1:\d+: expected sources another, found"):
        run_on_cluster(scenario(10), [scenario().program], two_workers.scheduler_address)


@contextmanager
def started(*words: str, home: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """A process of dask's own command line, with our packages as they stand in a folder."""
    call = [sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:], "--no-dashboard"]
    env = {**os.environ, "PYTHONPATH": str(home)}
    process = subprocess.Popen(call, cwd=home, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.mark.slow
@needs_dask
def test_workers_started_by_hand(tmp_path: Path) -> None:
    """None at first; then one like this machine; then one more whose sources differ by a comment, one without our code, and none again."""
    other, empty = tmp_path / "other", tmp_path / "empty"
    for package in ("workbench", "simulators", "apps", "programs"):
        shutil.copytree(ROOT / package, other / package, ignore=shutil.ignore_patterns("__pycache__"))
    caps = other / "workbench" / "rules" / "caps.py"
    caps.write_text(caps.read_text("utf-8") + "# a comment more\n", "utf-8")
    (empty / "simulators").mkdir(parents=True)
    (empty / "simulators" / "__init__.py").touch()
    with listening(None) as address:
        pass
    case = scenario(10)

    def refused() -> str:
        with pytest.raises(BadInput) as caught:
            run_on_cluster(case, [case.program], address)
        return str(caught.value)

    def lives() -> bool:
        try:
            return run_on_cluster(case, [case.program], address)[0].digest == run_kernel(case).digest
        except BadInput:
            return False

    worker = ["dask_worker", address, "--nthreads", "1", "--host", "127.0.0.1", "--no-nanny"]
    with started("dask_scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2]):
        _until(lambda: "expected a scheduler with workers: none came within 5 s" in refused(), 60)
        with started(*worker):
            _until(lives, 120)
            with started(*worker, home=other):
                _until(lambda: not lives())
                told = refused()
                assert f": expected sources {passport()['sources']}, found '" in told
                assert told.startswith("--cluster: worker tcp://127.0.0.1:")
            _until(lives)
            with started(*worker, home=empty):
                _until(lambda: not lives())
                assert "expected loyalty-workbench as it is here, found" in refused()


@pytest.mark.slow
@needs_dask
def test_a_scheduler_that_goes_away_is_named() -> None:
    with listening(None) as address:
        pass
    case = scenario()
    words = ["--host", "127.0.0.1", "--port", address.rpartition(":")[2]]
    worker = ["--nthreads", "1", "--host", "127.0.0.1", "--no-nanny"]
    with started("dask_scheduler", *words) as scheduler, started("dask_worker", address, *worker):
        deadline, told = time.monotonic() + 120, "expected a scheduler"
        while "expected a scheduler" in told:  # neither may be there yet
            assert time.monotonic() < deadline
            with pytest.raises(BadInput) as caught:
                run_on_cluster(case, [case.program], address, lambda *_: scheduler.kill(), 7)
            told = str(caught.value)
    assert "expected the scheduler to stay until the run is over" in told


# --- workers that die, and runs that are ended -------------------------------------------------------------------------
def workers_of_ours() -> list[Any]:
    """Processes that a local cluster of this one has started."""
    import psutil

    return [each for each in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(each.cmdline())]


@pytest.mark.slow
def test_killed_workers_change_nothing(two_workers: Any) -> None:
    """Twice a worker is killed that has tasks under way: seen at the scheduler, with os.kill."""
    case = scenario(300_000)
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        pids = _pids(two_workers)
        busy = [pids.get(each.address) for each in two_workers.scheduler.workers.values() if each.processing]
        left = [pid for pid in busy if pid is not None and pid not in killed]
        if len(killed) < 2 and left:
            os.kill(left[0], signal.SIGKILL)
            killed.append(left[0])

    (there,) = run_on_cluster(case, [case.program], two_workers.scheduler_address, kill, 12)
    assert len(killed) == 2
    same(there, run_kernel(case))
    _until(lambda: len(_pids(two_workers)) == 2 and not set(killed) & set(_pids(two_workers).values()))
    _until(lambda: set(two_workers.scheduler.workers) == set(_pids(two_workers)))


def _pids(cluster: Any) -> dict[str, int]:
    """Each worker's process, by its address."""
    return {nanny.worker_address: nanny.pid for nanny in cluster.workers.values() if nanny.worker_address}


@pytest.mark.slow
@needs_dask
def test_a_local_cluster_survives_its_workers_and_is_closed() -> None:
    case, killed = scenario(300_000), list[int]()
    before = {each.pid for each in workers_of_ours()}

    def kill(done: int, total: int) -> None:
        if not killed:
            time.sleep(0.2)
            new = [each for each in workers_of_ours() if each.pid not in before]
            victim = max(new, key=lambda each: each.cpu_times().user)
            os.kill(victim.pid, signal.SIGKILL)
            killed.append(victim.pid)

    (there,) = run_on_cluster(case, [case.program], "local", kill, 9)
    assert killed
    same(there, run_kernel(case))
    assert {each.pid for each in workers_of_ours()} <= before


@pytest.mark.slow
@needs_dask
@pytest.mark.parametrize("workers", [1, 7])
def test_the_number_of_workers_changes_nothing(workers: int) -> None:
    case = scenario()
    with own_cluster(workers, 1) as found:
        for tasks in (1, 7):
            same(run_on_cluster(case, [case.program], found.scheduler_address, None, tasks)[0], run_kernel(case))


@pytest.mark.slow
@needs_dask
def test_a_worker_with_several_threads_lives_several_tasks_at_once() -> None:
    case = scenario()
    with own_cluster(1, 3) as found:
        same(run_on_cluster(case, [case.program], found.scheduler_address, None, 7)[0], run_kernel(case))


@pytest.mark.slow
@needs_dask
def test_an_interrupt_closes_a_local_cluster() -> None:
    before = {each.pid for each in workers_of_ours()}
    seen: list[int] = []

    def interrupt(done: int, total: int) -> None:
        seen.extend(each.pid for each in workers_of_ours())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_on_cluster(scenario(300_000), [scenario().program], "local", interrupt, 9)
    assert set(seen) - before, "workers were at work"
    assert {each.pid for each in workers_of_ours()} <= before


@pytest.mark.slow
@needs_dask
def test_ctrl_c_ends_the_command_with_its_workers_and_writes_nothing(tmp_path: Path) -> None:
    """A terminal sends the signal to all processes at once, the workers too."""
    import psutil

    words = ["run", "mitsui_outlet", "--members", "20000000", "--cluster", "local", "--out", str(tmp_path / "run")]
    call = [sys.executable, "-c", "import sys; from apps.cli import main; sys.exit(main())", *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PYTHONUTF8": "1"}
    process = subprocess.Popen(call, env=env, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    found = psutil.Process(process.pid)

    def at_work() -> list[Any]:
        return [each for each in found.children(recursive=True) if each.cpu_times().user > 3]

    _until(lambda: len(at_work()) > 0, 180)
    workers = at_work()
    os.killpg(process.pid, signal.SIGINT)
    told, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told == b""
    assert b"Traceback" not in said
    assert not any(tmp_path.iterdir())
    _until(lambda: not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in workers))


@pytest.mark.slow
@needs_dask
def test_the_command_gives_the_same_document_on_a_local_cluster(tmp_path: Path) -> None:
    def told(*words: str) -> Any:
        call = [sys.executable, "-c", "import sys; from apps.cli import main; sys.exit(main())", *words]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PYTHONUTF8": "1"}
        return json.loads(subprocess.run(call, env=env, capture_output=True, check=True).stdout)

    words = [*RUN, "--replications", "3", "--json"]
    assert told(*words, "--cluster", "local", "--out", str(tmp_path / "run")) == told(*words)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
