"""Measurements taken in turn, each in a fresh process; medians of them, and ratios within each turn."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Literal

__all__ = ["Job", "Measured", "Spread", "interleaved", "middle", "ratio"]

ROOT = Path(__file__).resolve().parents[1]
COMPILED = ("kernel", "kernel_toy", "replay_mos_burger_compiled", "replay_mitsui_outlet_compiled", "sweep")
"""Tasks whose compiled code is kept."""
Clock = Literal["wall", "cpu", "process"]


@dataclass(frozen=True)
class Job:
    """What one process measures."""

    task: str
    size: int
    threads: int = 1
    start: Literal["", "first", "again"] = ""
    """Cold starts: the first call with nothing compiled yet, or one that finds what the first call of its turn compiled."""

    @property
    def words(self) -> list[str]:
        """Arguments of ``benchmarks.child``."""
        cold = ["--cold"] if self.start else []
        return [self.task, str(self.size), "--threads", str(self.threads), *cold]


@dataclass(frozen=True)
class Measured:
    """What a job took, once."""

    wall: float
    """Seconds by the wall."""
    cpu: float
    """Seconds of CPU, all threads together."""
    process: float
    """Seconds by the wall from the start of the process to its end, imports and preparations included."""
    items: int
    """Purchases in all worlds, or orders."""
    digest: str
    before_mb: float | None
    """Most memory held before the run, 10**6 bytes."""
    peak_mb: float | None
    """Most memory held in all."""
    runs: int
    """Runs of which the seconds are the median."""


@dataclass(frozen=True)
class Spread:
    """A figure over all turns."""

    median: float
    low: float
    high: float
    each: tuple[float, ...] = field(repr=False)

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """The spread of a value a turn."""
        each = tuple(values)
        return cls(median(each), min(each), max(each), each)


def interleaved(jobs: list[Job], turns: int, tell: Callable[[Job], None]) -> dict[Job, list[Measured]]:
    """Run every job once a turn, in the order given. Cold starts of one turn share a folder of compiled code, which begins empty; all
    other jobs share one that is filled before the first turn.

    ``tell`` is called before each job. Stops the program where a job fails.
    """
    found: dict[Job, list[Measured]] = {job: [] for job in jobs}
    with TemporaryDirectory() as shared:
        for task in dict.fromkeys(job.task for job in jobs if job.task in COMPILED and not job.start):
            _measured(Job(task, 1), shared)
        for _ in range(turns):
            with TemporaryDirectory() as blank:
                for job in jobs:
                    tell(job)
                    found[job].append(_measured(job, blank if job.start else shared))
    return found


def _measured(job: Job, compiled: str) -> Measured:
    """Run a job; the folder takes the place of the user's cache, where the kernel keeps its compiled code."""
    begun = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", *job.words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "XDG_CACHE_HOME": compiled},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    elapsed = perf_counter() - begun
    if done.returncode:
        raise SystemExit(f"{done.stderr}\nthe measurement failed: python -m benchmarks.child {' '.join(job.words)}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Measured(process=elapsed, **told)


def middle(measured: list[Measured], clock: Clock, per_item: bool = False) -> Spread:
    """Seconds, or seconds an item."""
    return Spread.of(getattr(each, clock) / (each.items if per_item else 1) for each in measured)


def ratio(upper: list[Measured], lower: list[Measured], clock: Clock, per_item: bool = False) -> Spread:
    """How many times as long the one took as the other, turn by turn."""
    pairs = zip(upper, lower, strict=True)
    return Spread.of(getattr(a, clock) / getattr(b, clock) * (b.items / a.items if per_item else 1.0) for a, b in pairs)
