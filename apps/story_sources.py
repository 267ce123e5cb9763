"""What a story in the app is told of: runs lived for the draft, kept as run folders, and those of the workspace. No Panel here."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apps.draft import Draft
from apps.language import AppLanguage
from apps.runs import Service, Ticket
from apps.views.story import Offer, file_stem
from apps.workspace import Workspace
from workbench.compare_document import compare_document
from workbench.digest import document_digest
from workbench.errors import BadInput, Problem
from workbench.files import atomic_path
from workbench.finance.accounting.policy import Policy
from workbench.program.spec import Program
from workbench.reports.story import Content, read_comparison
from workbench.run_folder import RunFolder, write_run
from workbench.scenario import Comparison, Run, Scenario

__all__ = ["Shelf", "Wanted", "content_of", "keep", "kept_offers", "offers_of", "wanted_of"]


@dataclass(frozen=True)
class Wanted:
    """What has to be lived for a source; ``scenarios`` in the order of their names."""

    kind: str
    scenarios: tuple[Scenario, ...]
    names: tuple[str, ...]
    against: tuple[Scenario, ...] = ()
    """Of a comparison: each further program beside the first."""
    policy: Policy | None = None
    """By which a run's points are valued."""

    @property
    def members(self) -> int:
        """Members to be lived in all."""
        return sum(each.members for each in (*self.scenarios, *self.against))

    def key(self) -> str:
        """All that decides it, and how it is called."""
        scenarios = [[each.digest(), each.names] for each in (*self.scenarios, *self.against)]
        policy = None if self.policy is None else self.policy.model_dump(mode="json", by_alias=True)
        return document_digest([self.kind, list(self.names), scenarios, policy])


def offers_of(draft: Draft, say: AppLanguage) -> list[Offer]:
    """What can be lived for a draft."""
    _ = say._
    title = (say.chinese and draft.program.title_zh) or draft.program.title
    found = [Offer("program", _("{program}, against no program", program=title), "run")]
    if draft.is_changed:
        found.append(Offer("change", _("{program}, against the baseline", program=title), "run"))
    if draft.is_changed or draft.compare:
        found.append(Offer("comparison", _("Programs side by side"), "comparison"))
    return found


def kept_offers(workspace: Workspace) -> list[Offer]:
    """Run folders and comparisons that are kept in the workspace."""
    found = []
    for name in workspace.names("runs"):
        path = workspace.path("runs", name)
        if (path / "manifest.json").is_file():
            found.append(Offer(_source_name(name), name, "run", f"../runs/{name}"))
        elif name.endswith(".comparison.json"):
            title = name.removesuffix(".comparison.json")
            found.append(Offer(_source_name(title), title, "comparison", f"../runs/{name}"))
    return found


def _source_name(name: str) -> str:
    """A file's name as a story can call it; apart from those of the draft."""
    return f"kept {name}"


def wanted_of(name: str, draft: Draft, members: int, programs: Mapping[str, Program]) -> Wanted:
    """What a source of the draft takes. ``programs``: those beside it, by name."""
    question = draft.question(members)
    mine = question.scenario()
    if name == "program":
        return Wanted("run", (mine,), (mine.names["program"],), policy=draft.valuation)
    if name == "change":
        return Wanted("run", (question.head_to_head(),), (mine.names["program"],), policy=draft.valuation)
    assert name == "comparison", name
    chosen: dict[str, Program] = {mine.names["program"]: draft.program}
    if draft.is_changed:
        chosen = {question.names["shipped"]: draft.baseline, **chosen}
    chosen |= {each: programs[each] for each in draft.compare if each in programs}
    scenarios = tuple(
        replace(mine, program=program, names=mine.names | {"program": key}) for key, program in chosen.items()
    )
    first, first_name = scenarios[0], next(iter(chosen))
    against = tuple(
        replace(each, baseline=first.program, names=each.names | {"baseline": first_name}) for each in scenarios[1:]
    )
    return Wanted("comparison", scenarios, tuple(chosen), against)


class Shelf:
    """A folder of this session's runs, gone with it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="loyalty-story-")
        self._lived: dict[str, Path] = {}

    def close(self) -> None:
        """Nothing is left behind."""
        self._folder.cleanup()

    def has(self, wanted: Wanted) -> bool:
        """Whether it was lived already."""
        return wanted.key() in self._lived

    def made(self, wanted: Wanted, service: Service, ticket: Ticket, before: int, total: int) -> Path:
        """The file or folder of a source, lived if it has to be. Raises Cancelled, and what the engine raises; then nothing is kept."""
        key = wanted.key()
        if key in self._lived:
            return self._lived[key]
        runs: list[Run] = []
        for scenario in (*wanted.scenarios, *wanted.against):
            progress = ticket.part(before, total)
            progress(0, scenario.members)
            runs.append(service.store.live(scenario, progress))
            before += scenario.members
        path = Path(self._folder.name) / key
        if wanted.kind == "run":
            write_run(runs[0], path, policy=wanted.policy)
        else:
            count = len(wanted.scenarios)
            document = compare_document(Comparison(runs[:count], runs[count:]), list(wanted.names))
            path = path.with_suffix(".json")
            _write(path, document)
        self._lived[key] = path
        return path


def content_of(kind: str, path: Path) -> Content:
    """What a source holds. Raises BadInput."""
    return RunFolder(path) if kind == "run" else read_comparison(path)


def _write(path: Path, document: Any) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def keep(workspace: Workspace, stem: str, name: str, kind: str, path: Path) -> str:
    """Copy a source of this session into the workspace, in the place of an earlier one of the same story; returns its path from the folder of
    stories. Raises BadInput where it cannot be written."""
    called = f"{file_stem(stem)}_{name}" + ("" if kind == "run" else ".comparison.json")
    target = workspace.path("runs", called)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if kind == "comparison":
            with atomic_path(target) as temporary:
                shutil.copyfile(path, temporary)
        elif path.resolve() != target.resolve():
            fresh = target.with_name(f".{target.name}.tmp")
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(path, fresh)
            shutil.rmtree(target, ignore_errors=True)
            fresh.replace(target)
    except OSError as error:
        raise BadInput(Problem("", f"cannot be written: {error.strerror}"), str(target)) from error
    return f"../runs/{called}"
