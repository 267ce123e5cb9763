"""Replications: a scenario lived again with further seeds, each by a population of its own, to see how far chance moves its figures.

The interval that a run's document gives (``ci95``) comes from within one population: it is computed from how its members differ. Here
populations are drawn one after another, and their figures compared: what the interval says is seen to happen, or not. Neither says
anything of the assumptions, which all populations share.

Every replication that is over is kept until all are (``Kept``), so that a run which was interrupted, or killed, goes on where it was.
"""

import json
import math
import re
import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from scipy.special import stdtrit

from simulators.simulate import Engine, Progress, simulate
from workbench.digest import document_digest
from workbench.errors import BadInput, Problem
from workbench.files import atomic_path, reading, regular_file
from workbench.run_document import run_document
from workbench.run_folder import RunFolder, check_target, place_run, write_run
from workbench.scenario import Comparison, Run, Scenario

__all__ = [
    "FIGURES",
    "Kept",
    "Live",
    "figures_of",
    "live_here",
    "live_on_cluster",
    "replicate",
    "replications_document",
    "seeds_of",
    "spread",
]

FIGURES = (
    "lift.purchases.delta_pct",
    "lift.sales.delta_pct",
    "lift.repurchase_rate.delta_pct",
    "tiers.upgrade_rate",
    "points.outstanding",
    "economics.cost_pct_of_sales",
)
"""What is compared between populations, by its place in a run's document."""
MEANING = (
    "Between populations: each seed draws other members. sd is the standard deviation of a figure over them; low and high are the 95 % "
    "t-interval of its mean (mean -+ t(n - 1) * sd / sqrt(n)). The ci95 elsewhere in this document is of one population: paired over "
    "the members of the first seed"
)
LARGEST_SEED = 2**63 - 1

Figures = dict[str, float | None]
Live = Callable[[Sequence[int], Callable[[Run], None], Progress], None]
"""Lives a scenario with each of some seeds, in any order; hands over every run once it is over, and tells of the members of all."""


# --- living them -------------------------------------------------------------------------------------------------------
def live_here(
    scenario: Scenario,
    engine: Engine | None = None,
    threads: int | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> Live:
    """One seed after another on this machine; ``notify`` is told where another engine than expected takes over."""

    def live(seeds: Sequence[int], finished: Callable[[Run], None], progress: Progress) -> None:
        def tell(before: int, done: int, _: int) -> None:
            progress(before + done, len(seeds) * scenario.members)

        for place, seed in enumerate(seeds):
            told = partial(tell, place * scenario.members)
            finished(simulate(replace(scenario, seed=seed), told, engine, threads, notify=notify))

    return live


def live_on_cluster(scenario: Scenario, cluster: str) -> Live:
    """All seeds at once on a cluster (``simulators.cluster``)."""
    from simulators.cluster import run_seeds_on_cluster

    def live(seeds: Sequence[int], finished: Callable[[Run], None], progress: Progress) -> None:
        def each(found: Comparison) -> None:
            finished(found.runs[0])

        run_seeds_on_cluster(scenario, seeds, [scenario.program], cluster, each, progress)

    return live


def seeds_of(scenario: Scenario, count: int) -> list[int]:
    """The seeds of so many replications: the scenario's and those that follow. Raises BadInput where they leave the range of seeds."""
    if scenario.seed + count - 1 > LARGEST_SEED:
        message = f"expected a last seed (--seed and --replications - 1 together) of at most {LARGEST_SEED}"
        raise BadInput(Problem("--replications", message, count))
    return list(range(scenario.seed, scenario.seed + count))


def replicate(
    scenario: Scenario, count: int, live: Live, progress: Progress | None = None, kept: "Kept | None" = None
) -> dict[str, Any]:
    """Live so many replications. Returns the document of the scenario's own seed with ``replications`` beside its other keys.

    ``kept``: where to keep what is over, and to write the folder of the first seed's run once all is; what was kept by the same
    replications before is not lived again. Raises BadInput, and whatever ``live`` and ``progress`` do.
    """
    seeds = seeds_of(scenario, count)
    figures: dict[int, Figures] = {} if kept is None else kept.read(seeds)
    rest = [seed for seed in seeds if seed not in figures]
    before, total = (count - len(rest)) * scenario.members, count * scenario.members
    first: dict[str, Any] = {}

    def finished(run: Run) -> None:
        document = run_document(run)
        figures[run.scenario.seed] = figures_of(document)
        if kept is not None:
            kept.keep(run, figures[run.scenario.seed])
        elif run.scenario.seed == scenario.seed:
            first.update(document)

    def tell(done: int, _: int) -> None:
        if progress is not None:
            progress(before + done, total)

    tell(0, 0)
    if rest:
        live(rest, finished, tell)
    if kept is not None:
        first = kept.first_document()
    first["replications"] = replications_document({seed: figures[seed] for seed in seeds})
    if kept is not None:
        kept.publish(first)
    return first


# --- figures -----------------------------------------------------------------------------------------------------------
def figures_of(document: dict[str, Any]) -> Figures:
    """The figures of a run's document that are compared between populations; None where there is no such figure."""
    found: Figures = {}
    for name in FIGURES:
        value: Any = document
        for key in name.split("."):
            value = value[key]
        found[name] = value
    return found


def replications_document(figures: dict[int, Figures]) -> dict[str, Any]:
    """The key ``replications``, from each seed's figures."""
    return {
        "n": len(figures),
        "seeds": list(figures),
        "meaning": MEANING,
        "figures": {name: spread([each[name] for each in figures.values()]) for name in FIGURES},
    }


def spread(values: Sequence[float | None]) -> dict[str, Any]:
    """Mean, standard deviation (n - 1) and 95 % t-interval of the mean of one figure over populations, and the values by seed. None where
    a population has no such figure; with a single population, for all but the mean."""
    known = [value for value in values if value is not None]
    found: dict[str, Any] = dict.fromkeys(("mean", "sd", "low", "high"))
    n = len(known)
    if n == len(values):
        found["mean"] = statistics.fmean(known)
    if n == len(values) > 1:
        found["sd"] = statistics.stdev(map(float, known))
        error = float(stdtrit(n - 1, 0.975)) * found["sd"] / math.sqrt(n)
        found["low"], found["high"] = found["mean"] - error, found["mean"] + error
    return found | {"values": list(values)}


# --- keeping what is over ----------------------------------------------------------------------------------------------
class Kept:
    """The replications that are over, in a folder ``.NAME.partial`` beside the run's own: a small JSON file for each seed, and the run of
    the first seed. Every name ends in a digest of all that decides the result, the code included: what another command, or other
    code, has kept is not taken for it. Each file appears whole or not at all."""

    FORMAT = "loyalty-workbench replication 1"
    _OURS = re.compile(r"seed-\d+-[0-9a-f]{16}\.json|run-[0-9a-f]{16}|\..*")
    """Names that may stand there; the last: what a killed process was writing."""

    def __init__(
        self, folder: Path, scenario: Scenario, made_by: Mapping[str, str], engine: Engine | None = None
    ) -> None:
        """``folder``: where the run is to be written; ``made_by``: versions, digest of the sources. Raises BadInput where the run could
        not be written, or where something else stands in the place of what is kept."""
        check_target(folder)
        self.folder, self.scenario, self.made_by, self.engine = folder.absolute(), scenario, dict(made_by), engine
        self.work = self.folder.parent / f".{self.folder.name}.partial"
        self.first = self.work / f"run-{self._key(scenario.seed)}"
        if self.work.exists() or self.work.is_symlink():
            strange = not self.work.is_dir() or any(not self._OURS.fullmatch(path.name) for path in self.work.iterdir())
            if strange:
                message = "expected kept replications beside the folder to write: something else stands there"
                raise BadInput(Problem("--out", message, str(self.work)))

    def read(self, seeds: Sequence[int]) -> dict[int, Figures]:
        """The figures of those seeds that are over."""
        return {seed: self._read(seed) for seed in seeds if self._is_over(seed)}

    def _is_over(self, seed: int) -> bool:
        return self._path(seed).is_file() and (seed != self.scenario.seed or self.first.is_dir())

    def _read(self, seed: int) -> Figures:
        path = regular_file(self._path(seed), "a kept replication", 2**20)
        with reading(path):
            text = path.read_text(encoding="utf-8")
        try:
            document = json.loads(text)
        except ValueError as error:
            raise BadInput(Problem("", f"expected JSON: {error}"), str(path)) from error
        if not isinstance(document, dict) or document.get("format") != self.FORMAT:
            raise BadInput(Problem("format", f"expected {self.FORMAT}"), str(path))
        return {name: document["figures"][name] for name in FIGURES}

    def keep(self, run: Run, figures: Figures) -> None:
        """Keep a replication that is over; of the first seed, the folder of its run as well, and before."""
        seed = run.scenario.seed
        self.work.mkdir(exist_ok=True)
        if seed == self.scenario.seed:
            write_run(run, self.first, self.made_by)
        found = {"seed": seed, "digest": run.digest, "figures": figures}
        _write(self._path(seed), {"format": self.FORMAT} | self._identity(seed) | found)

    def first_document(self) -> dict[str, Any]:
        """The document of the first seed's run."""
        return RunFolder(self.first).document

    def publish(self, document: dict[str, Any]) -> None:
        """Put the first seed's run in its place, with its document as given; then nothing is kept any more."""
        _write(self.first / "run.json", document)
        check_target(self.folder)
        place_run(self.first, self.folder)
        self.clear()

    def clear(self) -> None:
        """Keep nothing any more."""
        if self.work.exists():
            shutil.rmtree(self.work)

    def _path(self, seed: int) -> Path:
        return self.work / f"seed-{seed}-{self._key(seed)}.json"

    def _key(self, seed: int) -> str:
        return document_digest(self._identity(seed))[:16]

    def _identity(self, seed: int) -> dict[str, Any]:
        """All that decides a replication and its document. Not where it is lived: that changes nothing."""
        return {
            "scenario": replace(self.scenario, seed=seed).digest(),
            "names": self.scenario.names,
            "engine": self.engine,
            "made_by": self.made_by,
        }


def _write(path: Path, document: dict[str, Any]) -> None:
    with atomic_path(path) as fresh:
        fresh.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
