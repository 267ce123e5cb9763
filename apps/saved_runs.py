"""Runs that were kept: the question as an address, its figures as a document. Plain JSON in the workspace. No Panel here."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.answers import Answer
from apps.draft import Draft
from apps.estimates import Estimate, figures
from apps.link import Place, decode, encode
from apps.workspace import Conflict, Workspace
from workbench.errors import BadInput, Problem

__all__ = ["FORMAT", "Kept", "keep_run", "kept_runs", "run_document_of"]

FORMAT = "loyalty-workbench app run 1"


@dataclass(frozen=True)
class Kept:
    """A run of the workspace, as far as a list shows it."""

    name: str
    """Its file."""
    saved: str
    """When, as ISO 8601 (UTC)."""
    title: str
    title_zh: str
    """Empty where the program has none, or the file is from before it was kept."""
    changes: int
    members: int
    figures: dict[str, Estimate]
    query: str
    """The address that asks the same again."""

    def draft(self, fresh: Callable[[], Place]) -> Draft:
        """What was asked. Raises BadInput where this version of the workbench cannot read it."""
        return decode(self.query, fresh).draft


def run_document_of(draft: Draft, answer: Answer, when: datetime) -> dict[str, Any]:
    """What is kept of a run: its question, its key figures, and the document that the command line would print."""
    return {
        "format": FORMAT,
        "saved": when.astimezone(UTC).isoformat(timespec="seconds"),
        "title": draft.program.title,
        "title_zh": draft.program.title_zh,
        "changes": [[each.key, each.before, each.after] for each in draft.changes],
        "members": answer.question.members,
        "query": encode(Place("design", draft)),
        "figures": {
            each.name: {"value": each.now.value, "ci95": each.now.ci95, "baseline": each.shipped.value}
            for each in figures(answer.found)
        },
        "document": answer.found.now.document,
    }


def keep_run(workspace: Workspace, draft: Draft, answer: Answer, when: datetime) -> str:
    """Write a run to the workspace; its file's name. Raises BadInput."""
    text = json.dumps(run_document_of(draft, answer, when), ensure_ascii=False, indent=1, default=str)
    stem = f"{when.astimezone(UTC):%Y%m%d-%H%M%S}-{draft.file_name.removesuffix('.yaml')}"[:70]
    for k in range(100):
        name = f"{stem}{f'-{k}' if k else ''}.json"
        try:
            return workspace.save("runs", name, text.encode()).name
        except Conflict:
            continue
    raise BadInput(Problem("runs", "a hundred runs were kept in one second", stem))


def kept_runs(workspace: Workspace) -> list[Kept]:
    """The runs of a workspace, the latest first. Files that are no runs are left out."""
    found = []
    for name in workspace.names("runs"):
        if not name.endswith(".json"):
            continue
        try:
            found.append(_read(name, workspace.read("runs", name)[0]))
        except (BadInput, ValueError, KeyError, TypeError, AttributeError):
            continue  # somebody else's file
    return sorted(found, key=lambda each: (each.saved, each.name), reverse=True)


def _read(name: str, data: bytes) -> Kept:
    found = json.loads(data)
    if found["format"] != FORMAT:
        raise ValueError(found["format"])
    return Kept(
        name=name,
        saved=str(found["saved"]),
        title=str(found["title"]),
        title_zh=str(found.get("title_zh") or ""),
        changes=len(found["changes"]),
        members=int(found["members"]),
        figures={key: _estimate(each) for key, each in found["figures"].items()},
        query=str(found["query"]),
    )


def _estimate(given: dict[str, Any]) -> Estimate:
    interval = given["ci95"]
    value = given["value"]
    return Estimate(
        None if value is None else float(value), None if interval is None else (float(interval[0]), float(interval[1]))
    )
