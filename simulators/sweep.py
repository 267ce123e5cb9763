"""A study lived: every design of its plan by the same members, and what they come to beside today's program.

Every batch of designs that is over is kept, a small file each (``Kept``), so that a sweep which was interrupted, or killed, goes on where it was. A
design's file appears whole or not at all, under a name that says all that decides it: none is lost, none is lived twice, and what another study, or
other code, has kept is not taken for it.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.cluster import check_passport, read_scenario, run_orders_on_cluster, scenario_text
from simulators.designs import Job, Lived, batches, live_all, live_batch
from simulators.sweep_document import sweep_document
from simulators.sweep_folder import FORMAT, check_sweep_target, place_sweep
from simulators.versions import source_digest, versions
from workbench.digest import document_digest
from workbench.errors import BadInput, Problem
from workbench.files import atomic_path, reading, regular_file
from workbench.finance.accounting.policy import Policy, load_policy
from workbench.study.jackknife import GROUPS
from workbench.study.plan import Design
from workbench.study.read import Question, label_of, question_of
from workbench.study.spec import Study

__all__ = ["Kept", "Live", "SweepProgress", "evaluate", "live_here", "live_on_cluster", "made_by", "sweep"]

SweepProgress = Callable[[float, int], None]
"""Is told (designs done, designs in all) from time to time. What it raises ends the sweep, and comes out of it."""
Finished = Callable[[int, Lived], None]
"""Is given the place of a design, and what it came to."""
Live = Callable[[Question, Sequence[Design], Sequence[int], Finished, SweepProgress | None], None]
"""Lives the designs at some places, in any order."""
VALUED = frozenset({"liability"})
"""Outcomes for which points have to be valued."""


# --- living them -------------------------------------------------------------------------------------------------------
def job_of(question: Question, design: Design, number: int) -> Job:
    """A design to be lived; beside today's program, where the study varies the program."""
    today = question.scenario.program if question.varies_program else None
    return Job(f"design {number} ({label_of(question.names, design)})", question.of(design), today)


def policy_of(question: Question) -> Policy | None:
    """How points are valued, where that is asked."""
    return load_policy("default") if VALUED & set(question.study.looked_at) else None


def live_here(threads: int | None = None) -> Live:
    """Batch after batch on this machine."""

    def live(
        question: Question,
        designs: Sequence[Design],
        places: Sequence[int],
        finished: Finished,
        progress: SweepProgress | None,
    ) -> None:
        jobs = [job_of(question, designs[place], place + 1) for place in places]
        for k, lived in live_all(jobs, policy_of(question), threads, progress):
            finished(places[k], lived)

    return live


def live_on_cluster(cluster: str) -> Live:
    """Batches over dask.distributed: each a task of one worker."""

    def live(
        question: Question,
        designs: Sequence[Design],
        places: Sequence[int],
        finished: Finished,
        progress: SweepProgress | None,
    ) -> None:
        jobs = [job_of(question, designs[place], place + 1) for place in places]
        text, done = _question_text(question), 0
        orders = [
            (text, json.dumps([designs[places[k]] for k in batch], default=str), [places[k] for k in batch])
            for batch in batches(jobs)
        ]

        def came(order: tuple[Any, ...], found: list[dict[str, Any]]) -> None:
            nonlocal done
            for place, lived in zip(order[2], found, strict=True):
                finished(place, Lived.from_json(lived))
            done += len(found)
            if progress is not None:
                progress(done, len(jobs))

        run_orders_on_cluster(live_designs, orders, cluster, came)

    return live


def _question_text(question: Question) -> str:
    """A question as JSON, which a worker reads again with every check there is."""
    return json.dumps(
        {
            "study": question.study.model_dump(mode="json", by_alias=True),
            "scenario": scenario_text(question.scenario, [question.scenario.program]),
            "seed": question.scenario.seed,
            "start": question.start,
        },
        ensure_ascii=False,
        default=str,
    )


def live_designs(text: str, designs: str, places: Sequence[int], expected: dict[str, str]) -> list[dict[str, Any]]:
    """Live some designs of a question; what a worker does. Raises BadInput where it is not like the machine that asks."""
    from dataclasses import replace

    check_passport(expected)
    data = json.loads(text)
    scenario = replace(read_scenario(data["scenario"]).scenario, seed=data["seed"])
    question = question_of(Study.model_validate(data["study"]), scenario, data["start"])
    found: dict[int, Lived] = {}
    rows = [tuple(row) for row in json.loads(designs)]
    live_here(1)(question, rows, range(len(rows)), found.__setitem__, None)
    return [found[k].as_json() for k in range(len(rows))]


@dataclass(frozen=True)
class Evaluated:
    """Designs lived."""

    designs: list[Design]
    lived: list[Lived]
    base: Lived
    """Where the study starts from: today's program with the study's own assumptions and population."""


def evaluate(
    question: Question,
    designs: Sequence[Design],
    live: Live | None = None,
    progress: SweepProgress | None = None,
    kept: "Kept | None" = None,
    base: Lived | None = None,
) -> Evaluated:
    """Designs lived by the same members, and where they start from. ``kept``: where to keep what is over; what is kept already is not lived
    again. ``base``: where they start from, if it was lived before. Raises BadInput, and what ``progress`` raises."""
    found: dict[int, Lived] = {} if kept is None else kept.read(designs)
    rest = [place for place in range(len(designs)) if place not in found]
    before = len(found)

    def finished(place: int, lived: Lived) -> None:
        found[place] = lived
        if kept is not None:
            kept.keep(designs[place], lived, place + 1)

    def tell(done: float, _: int) -> None:
        if progress is not None:
            progress(before + done, len(designs))

    tell(0, 0)
    base = base if kept is None else kept.base()
    if base is None:
        base = live_batch([Job("today's program", question.scenario)], policy_of(question))[0]
        if kept is not None:
            kept.keep_base(base)
    if rest:
        (live or live_here())(question, designs, rest, finished, tell)
    return Evaluated(list(designs), [found[place] for place in range(len(designs))], base)


def sweep(
    question: Question,
    live: Live | None = None,
    progress: SweepProgress | None = None,
    folder: Path | None = None,
    fresh: bool = False,
) -> tuple[dict[str, Any], bool]:
    """A study's designs lived: its document, and whether it was found (made by the same inputs and code). ``folder``: where to write it, with
    its tables. Raises BadInput before anything is lived where a design is refused, or the folder could not be written."""
    designs = question.designs()
    by = made_by()
    if folder is None:
        return sweep_document(question, evaluate(question, designs, live, progress), by), False
    check_sweep_target(folder)
    kept = Kept(folder, question, by)
    if fresh:
        kept.clear()
    elif (earlier := kept.earlier(designs)) is not None:
        return earlier, True
    document = sweep_document(question, evaluate(question, designs, live, progress, kept), by)
    document["provenance"]["identity"] = kept.identity(designs)
    place_sweep(document, folder)
    kept.clear()
    return document, False


def made_by() -> dict[str, str]:
    """The code that a result came from."""
    return versions() | {"sources": source_digest()}


# --- keeping what is over ----------------------------------------------------------------------------------------------
class Kept:
    """The designs that are over, in a folder ``.NAME.partial`` beside the sweep's own."""

    FORMAT = "loyalty-workbench design 1"
    _OURS = re.compile(r"(design-\d{6}|today)-[0-9a-f]{16}\.json|\..*")
    """Names that may stand there; the last: what a killed process was writing."""

    def __init__(self, folder: Path, question: Question, by: Mapping[str, str]) -> None:
        """Raises BadInput where something else stands in the place of what is kept."""
        self.folder, self.question, self.by = folder.absolute(), question, dict(by)
        self.work = self.folder.parent / f".{self.folder.name}.partial"
        there = self.work.exists() or self.work.is_symlink()
        if there and (
            not self.work.is_dir() or any(not self._OURS.fullmatch(each.name) for each in self.work.iterdir())
        ):
            message = "expected kept designs beside the folder to write: something else stands there"
            raise BadInput(Problem("--out", message, str(self.work)))

    def read(self, designs: Sequence[Design]) -> dict[int, Lived]:
        """The designs that are over, by their place."""
        paths = [self._path(design, place + 1) for place, design in enumerate(designs)]
        return {place: self._read(path) for place, path in enumerate(paths) if path.is_file()}

    def keep(self, design: Design, lived: Lived, number: int) -> None:
        """Keep a design that is over."""
        self._write(self._path(design, number), lived)

    def base(self) -> Lived | None:
        """Today's program, if it is over."""
        path = self._base_path()
        return self._read(path) if path.is_file() else None

    def keep_base(self, lived: Lived) -> None:
        """Keep today's program."""
        self._write(self._base_path(), lived)

    def earlier(self, designs: Sequence[Design]) -> dict[str, Any] | None:
        """The document that stands in the folder already, if it came from the same designs, titles and code."""
        path = self.folder / "sweep.json"
        if not path.is_file():
            return None
        try:
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            return None
        same = document.get("format") == FORMAT and document.get("provenance", {}).get("identity") == self.identity(
            designs
        )
        return (
            document
            if same and all((self.folder / name).is_file() for name in ("designs.csv", "designs.parquet"))
            else None
        )

    def identity(self, designs: Sequence[Design]) -> str:
        """All that decides a sweep's document."""
        study = self.question.study.model_dump(mode="json", by_alias=True)
        keys = [self._key(design) for design in designs]
        return document_digest(
            {"study": study, "base": self._base_path().name, "designs": keys, "names": self.question.scenario.names}
        )

    def clear(self) -> None:
        """Keep nothing any more."""
        if self.work.exists():
            shutil.rmtree(self.work)

    def _path(self, design: Design, number: int) -> Path:
        return self.work / f"design-{number:06d}-{self._key(design)}.json"

    def _base_path(self) -> Path:
        return self.work / f"today-{self._digest(self.question.scenario.digest(), None)}.json"

    def _key(self, design: Design) -> str:
        own = self.question.of(design).digest()
        return self._digest(own, self.question.scenario.digest() if self.question.varies_program else None)

    def _digest(self, own: str, today: str | None) -> str:
        valued = policy_of(self.question) is not None
        return document_digest(
            {"scenario": own, "today": today, "valued": valued, "groups": GROUPS, "made_by": self.by}
        )[:16]

    def _read(self, path: Path) -> Lived:
        file = regular_file(path, "a kept design", 2**24)
        with reading(file):
            text = file.read_text(encoding="utf-8")
        try:
            document = json.loads(text)
        except ValueError as error:
            raise BadInput(Problem("", f"expected JSON: {error}"), str(file)) from error
        if not isinstance(document, dict) or document.get("format") != self.FORMAT:
            raise BadInput(Problem("format", f"expected {self.FORMAT}"), str(file))
        return Lived.from_json(document["lived"])

    def _write(self, path: Path, lived: Lived) -> None:
        os.makedirs(self.work, exist_ok=True)
        with atomic_path(path) as fresh:
            fresh.write_text(json.dumps({"format": self.FORMAT, "lived": lived.as_json()}), encoding="utf-8")
