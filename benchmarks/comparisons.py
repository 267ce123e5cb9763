"""The benchmarks by name: what each measures, and the figures it makes of that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.runner import Job, Measured, Spread, middle, ratio

__all__ = ["NAMES", "RATIO", "Benchmark", "Column", "Found", "Sizes", "benchmarks", "check_digests"]

Found = dict[Job, list[Measured]]
SAME = {
    "agents": "kernel",
    "replay_mos_burger_compiled": "replay_mos_burger",
    "replay_mitsui_outlet_compiled": "replay_mitsui_outlet",
    "bootstrap": "bootstrap_plain",
    "one_by_one": "sweep",
}
"""Tasks that do the same work as another one, and must come to the same digest."""
RATIO = "ratio"
"""The format of ratios, which may be of any size."""
NAMES = ("peers", "growth", "threads", "start", "replay", "redemption", "liability", "sweep")


@dataclass(frozen=True)
class Sizes:
    """How large everything is."""

    peers: int = 20_000
    kernel: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    simpy: tuple[int, ...] = (1_000, 10_000, 100_000)
    numpy: tuple[int, ...] = (10_000, 100_000)
    threads: int = 200_000
    start: int = 20_000
    orders: tuple[int, ...] = (10_000, 40_000)
    orders_compiled: tuple[int, ...] = (10_000, 40_000, 1_000_000)
    triangle: tuple[int, ...] = (60, 120)
    drawn: tuple[int, ...] = (1_000, 10_000)
    drawn_plain: tuple[int, ...] = (1_000,)
    closed: tuple[int, ...] = (1_000, 10_000, 100_000)
    closed_ledger: tuple[int, ...] = (1_000, 10_000)
    designs: int = 200
    designs_alone: int = 40


@dataclass(frozen=True)
class Column:
    """A column of a table: its header, the key of its figure in a row, and how the figure reads."""

    header: str
    key: str
    form: str = ""
    """Format of a number; empty for text."""
    scale: float = 1.0
    """Units shown to one unit held."""


@dataclass(frozen=True)
class Benchmark:
    """Jobs, and the table made of what they took."""

    name: str
    title: str
    jobs: tuple[Job, ...]
    columns: tuple[Column, ...]
    rows: Callable[[Found], list[dict[str, Any]]]
    """A row a line: text, numbers and ``Spread`` by the keys of the columns; seconds, and 10**6 bytes."""
    note: str = ""


def benchmarks(sizes: Sizes) -> dict[str, Benchmark]:
    """All of them, by name."""
    replay = _replay(sizes.orders, sizes.orders_compiled)
    made = (
        _peers(sizes.peers),
        _growth(sizes),
        _threads(sizes.threads),
        _start(sizes.start),
        replay,
        _redemption(sizes),
        _liability(sizes),
        _sweep(sizes),
    )
    return {each.name: each for each in made}


def check_digests(found: Found) -> dict[tuple[str, int], str]:
    """The digest of each work (the task that stands for it) and size. Stops the program where two runs of the same work differ: then
    nothing measured is worth telling."""
    digests: dict[tuple[str, int], tuple[str, str]] = {}
    for job, turns in found.items():
        who = f"{job.task} on {job.threads} thread(s)"
        for digest in (each.digest for each in turns if each.digest):
            first, expected = digests.setdefault((SAME.get(job.task, job.task), job.size), (who, digest))
            if digest != expected:
                raise SystemExit(f"size {job.size:,}: {who} gave {digest}, {first} gave {expected}: they must agree")
    return {work: digest for work, (_, digest) in digests.items()}


# --- the kernel and its peers ----------------------------------------------------------------------------------------
PEERS = {
    "agents": "Mitsui: SimPy agents",
    "kernel": "Mitsui: the kernel",
    "floor_and_members": "Mitsui: floor, drawing members",
    "floor": "Mitsui: floor, draws alone",
    "plain_simpy": "toy: a plain SimPy program",
    "plain_loop": "toy: a plain Python loop",
    "numpy_days": "toy: NumPy day by day",
    "kernel_toy": "toy: the kernel",
}
TOYS = ("plain_simpy", "plain_loop", "numpy_days", "kernel_toy")


def _peers(size: int) -> Benchmark:
    jobs = {task: Job(task, size) for task in PEERS}

    def rows(found: Found) -> list[dict[str, Any]]:
        kernel, kernel_toy, floor = (found[jobs[task]] for task in ("kernel", "kernel_toy", "floor"))
        return [
            {
                "what": PEERS[task],
                "members": size,
                "seconds": middle(found[job], "cpu"),
                "each": middle(found[job], "cpu", per_item=True),
                "to_kernel": ratio(found[job], kernel, "cpu", per_item=True),
                "to_kernel_toy": ratio(found[job], kernel_toy, "cpu", per_item=True) if task in TOYS else None,
                "to_floor": None if task in TOYS else ratio(found[job], floor, "cpu", per_item=True),
            }
            for task, job in jobs.items()
        ]

    return Benchmark(
        "peers",
        "The kernel between its peers and the floor, one thread",
        tuple(jobs.values()),
        (
            Column("", "what"),
            Column("members", "members", ",.0f"),
            Column("CPU s", "seconds", ".3f"),
            Column("ns per purchase and world", "each", ",.0f", 1e9),
            Column("times the kernel", "to_kernel", RATIO),
            Column("times the kernel on the toy", "to_kernel_toy", RATIO),
            Column("times the floor", "to_floor", RATIO),
        ),
        rows,
        "Ratios are those of time per purchase and world. The toy is a smaller program than Mitsui Outlet: see docs/speed.md.",
    )


# --- growth ----------------------------------------------------------------------------------------------------------
def _growth(sizes: Sizes) -> Benchmark:
    families = {
        "kernel": ("kernel, two worlds", sizes.kernel),
        "numpy_days": ("NumPy day by day (toy)", sizes.numpy),
        "plain_simpy": ("plain SimPy (toy)", sizes.simpy),
    }
    jobs = {task: [Job(task, size) for size in each] for task, (_, each) in families.items()}

    def rows(found: Found) -> list[dict[str, Any]]:
        return [
            {
                "what": families[task][0],
                "members": job.size,
                "seconds": middle(found[job], "cpu"),
                "each": middle(found[job], "cpu", per_item=True),
                "growth": ratio(found[job], found[family[0]], "cpu", per_item=True),
                "peak": _memory(found[job], lambda each: each.peak_mb),
                "added": _memory(found[job], lambda each: _difference(each.peak_mb, each.before_mb)),
            }
            for task, family in jobs.items()
            for job in family
        ]

    return Benchmark(
        "growth",
        "Growth with the number of members, one thread",
        tuple(job for family in jobs.values() for job in family),
        (
            Column("", "what"),
            Column("members", "members", ",.0f"),
            Column("CPU s", "seconds", ".3f"),
            Column("ns per purchase and world", "each", ",.0f", 1e9),
            Column("times the smallest", "growth", RATIO),
            Column("peak MB", "peak", ",.0f"),
            Column("of it the run's", "added", ",.0f"),
        ),
        rows,
        "Times the smallest: time per purchase over that of the first size; 1 is linear growth. Of it the run's: beyond what the "
        "process held before (imports, compiled code, a run of 200 members).",
    )


def _difference(later: float | None, earlier: float | None) -> float | None:
    return None if later is None or earlier is None else later - earlier


def _memory(turns: list[Measured], of: Callable[[Measured], float | None]) -> Spread | None:
    """None where the system does not tell."""
    values = [of(each) for each in turns]
    known = [value for value in values if value is not None]
    return Spread.of(known) if len(known) == len(values) else None


# --- threads, starts, replay -----------------------------------------------------------------------------------------
def _threads(size: int) -> Benchmark:
    jobs = [Job("kernel", size, threads=threads) for threads in (1, 2)]

    def rows(found: Found) -> list[dict[str, Any]]:
        return [
            {
                "what": f"kernel, {job.threads} thread{'s' if job.threads > 1 else ''}",
                "members": size,
                "seconds": middle(found[job], "wall"),
                "cpu": middle(found[job], "cpu"),
                "cores": Spread.of(each.cpu / each.wall for each in found[job]),
                "each": middle(found[job], "wall", per_item=True),
                "speed_up": ratio(found[jobs[0]], found[job], "wall"),
            }
            for job in jobs
        ]

    return Benchmark(
        "threads",
        "Threads",
        tuple(jobs),
        (
            Column("", "what"),
            Column("members", "members", ",.0f"),
            Column("seconds", "seconds", ".3f"),
            Column("CPU s", "cpu", ".3f"),
            Column("cores in use", "cores", RATIO),
            Column("ns per purchase and world", "each", ",.0f", 1e9),
            Column("times as fast", "speed_up", RATIO),
        ),
        rows,
        "Seconds by the wall; CPU of all threads together. Two threads cannot be faster than the cores they are given.",
    )


def _start(size: int) -> Benchmark:
    labels = {
        Job("kernel", size, start="first"): "kernel, first call on this machine (compiles)",
        Job("kernel", size, start="again"): "kernel, later (finds its compiled code)",
        Job("numpy_days", size, start="again"): "NumPy day by day (toy)",
    }

    def rows(found: Found) -> list[dict[str, Any]]:
        again = found[list(labels)[1]]
        return [
            {
                "what": label,
                "members": size,
                "process": middle(found[job], "process"),
                "run": middle(found[job], "wall"),
                "to_again": ratio(found[job], again, "process"),
            }
            for job, label in labels.items()
        ]

    return Benchmark(
        "start",
        "From the start of a process to its end, imports and compilation included",
        tuple(labels),
        (
            Column("", "what"),
            Column("members", "members", ",.0f"),
            Column("seconds", "process", ".2f"),
            Column("of it the call", "run", ".2f"),
            Column("times the later start", "to_again", RATIO),
        ),
        rows,
        "Seconds by the wall.",
    )


def _replay(plain: tuple[int, ...], compiled: tuple[int, ...]) -> Benchmark:
    labels = {
        "replay_mos_burger": "MOS Burger, plain Python",
        "replay_mos_burger_compiled": "MOS Burger, compiled",
        "replay_mitsui_outlet": "Mitsui Outlet (tiers), plain Python",
        "replay_mitsui_outlet_compiled": "Mitsui Outlet (tiers), compiled",
    }
    jobs = {task: [Job(task, size) for size in (compiled if "compiled" in task else plain)] for task in labels}

    def rows(found: Found) -> list[dict[str, Any]]:
        return [_row(found, job, family[0]) for family in jobs.values() for job in family]

    def _row(found: Found, job: Job, first: Job) -> dict[str, Any]:
        turns, by_python = found[job], found.get(Job(job.task.removesuffix("_compiled"), job.size))
        return {
            "what": labels[job.task],
            "orders": job.size,
            "seconds": middle(turns, "cpu"),
            "each": middle(turns, "cpu", per_item=True),
            "per_second": Spread.of(each.items / each.cpu for each in turns),
            "growth": ratio(turns, found[first], "cpu", per_item=True),
            "to_python": None if by_python is None else ratio(by_python, turns, "cpu"),
        }

    return Benchmark(
        "replay",
        "Replay of recorded orders, from a CSV file to every member's state",
        tuple(job for family in jobs.values() for job in family),
        (
            Column("", "what"),
            Column("orders", "orders", ",.0f"),
            Column("CPU s", "seconds", ".2f"),
            Column("ns an order", "each", ",.0f", 1e9),
            Column("orders a second", "per_second", ",.0f"),
            Column("times the smallest", "growth", RATIO),
            Column("times as fast as Python", "to_python", RATIO),
        ),
        rows,
        "20 orders a member.",
    )


# --- redemption --------------------------------------------------------------------------------------------------------
def _redemption(sizes: Sizes) -> Benchmark:
    labels = {
        "estimators": "five estimators, months of a triangle",
        "bootstrap_plain": "members drawn again, plainly",
        "bootstrap": "members drawn again",
    }
    families = {"estimators": sizes.triangle, "bootstrap_plain": sizes.drawn_plain, "bootstrap": sizes.drawn}
    jobs = {task: [Job(task, size) for size in each] for task, each in families.items()}

    def row(found: Found, job: Job, first: Job) -> dict[str, Any]:
        plain = found.get(Job("bootstrap_plain", job.size)) if job.task == "bootstrap" else None
        return {
            "what": labels[job.task],
            "size": job.size,
            "seconds": middle(found[job], "cpu"),
            "growth": ratio(found[job], found[first], "cpu"),
            "to_plain": None if plain is None else ratio(plain, found[job], "cpu"),
        }

    def rows(found: Found) -> list[dict[str, Any]]:
        return [row(found, job, family[0]) for family in jobs.values() for job in family]

    return Benchmark(
        "redemption",
        "Estimators of redemption, and their interval",
        tuple(job for family in jobs.values() for job in family),
        (
            Column("", "what"),
            Column("size", "size", ",.0f"),
            Column("CPU ms", "seconds", ",.1f", 1e3),
            Column("times the smallest", "growth", RATIO),
            Column("times as fast as plainly", "to_plain", RATIO),
        ),
        rows,
        "Size: months (of issue, and of age), or members. 200 draws of members over 60 months; plainly and not, all draws must agree.",
    )


# --- liability -------------------------------------------------------------------------------------------------------
def _liability(sizes: Sizes) -> Benchmark:
    labels = {
        "close_run": "a run of three years, every month",
        "close_ledger": "a ledger of three years, from its file",
        "close_workbook": "the workbook of a run",
    }
    families = {"close_run": sizes.closed, "close_ledger": sizes.closed_ledger, "close_workbook": sizes.closed[:1]}
    jobs = {task: [Job(task, size) for size in each] for task, each in families.items()}

    def row(found: Found, job: Job, first: Job) -> dict[str, Any]:
        return {
            "what": labels[job.task],
            "members": job.size,
            "seconds": middle(found[job], "cpu"),
            "growth": ratio(found[job], found[first], "cpu"),
        }

    return Benchmark(
        "liability",
        "The whole close: every month's liability, journal, methods, sensitivity, checks",
        tuple(job for family in jobs.values() for job in family),
        (
            Column("", "what"),
            Column("members", "members", ",.0f"),
            Column("CPU s", "seconds", ".3f"),
            Column("times the smallest", "growth", RATIO),
        ),
        lambda found: [row(found, job, family[0]) for family in jobs.values() for job in family],
        "A run is closed from sums over its members, so their number hardly matters; a ledger is read entry by entry.",
    )


def _sweep(sizes: Sizes) -> Benchmark:
    labels = {"sweep": "together", "one_by_one": "one by one"}
    jobs = (
        Job("one_by_one", sizes.designs_alone),
        Job("sweep", sizes.designs_alone),
        Job("sweep", sizes.designs),
        Job("sweep", sizes.designs, 2),
    )

    def row(found: Found, job: Job) -> dict[str, Any]:
        alone = found[jobs[0]]
        return {
            "what": f"{labels[job.task]}, {job.threads} thread{'s' if job.threads > 1 else ''}",
            "designs": job.size,
            "seconds": middle(found[job], "wall"),
            "cpu": middle(found[job], "cpu"),
            "each": middle(found[job], "cpu", per_item=True),
            "gain": ratio(alone, found[job], "cpu", per_item=True),
        }

    return Benchmark(
        "sweep",
        "Designs of a program, each lived by 20,000 members for three years beside today's program",
        jobs,
        (
            Column("", "what"),
            Column("designs", "designs", ",.0f"),
            Column("seconds", "seconds", ".1f"),
            Column("CPU s", "cpu", ".1f"),
            Column("CPU ms a design", "each", ",.0f", 1e3),
            Column("times as fast as one by one", "gain", RATIO),
        ),
        lambda found: [row(found, job) for job in jobs],
        "With liability, intervals and paired differences of every design. Together: the candidates, the world without a program and today's "
        "program are lived once for 16 designs. Ratio: CPU a design.",
    )
