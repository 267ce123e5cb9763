"""One program until a day, and from that day on another."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from workbench.program.load import program_from_mapping
from workbench.program.spec import Program
from workbench.program.versions import UNCHANGING, in_force_on

__all__ = ["difference", "switched"]


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that, laid over ``before`` (``patch.merged``), make ``after``."""
    found: dict[str, Any] = {key: None for key in before if key not in after}
    for key, value in after.items():
        mine = before.get(key)
        if key in before and value == mine:
            continue
        inside = isinstance(mine, Mapping) and isinstance(value, Mapping)
        found[key] = difference(mine, value) if inside else value  # type: ignore[arg-type]  # both are mappings
    return found


def switched(program: Program, other: Program, day: date) -> Program:
    """``program`` as it is in force on a day, and from the day on the rules that ``other`` has then: members keep what they hold (the transition's
    defaults), tiers of the same name go on. Raises BadInput where the rules cannot follow one another."""
    old, new = in_force_on(program, day), in_force_on(other, day)
    mine, theirs = (
        {
            key: value
            for key, value in each.model_dump(by_alias=True, exclude_defaults=True).items()
            if key not in UNCHANGING
        }
        for each in (old, new)
    )
    changes = difference(mine, theirs)
    if not changes:
        return old
    whole = old.model_dump(by_alias=True, exclude_defaults=True)
    whole["versions"] = [{"effective": day, "title": new.title, "changes": changes}]
    return program_from_mapping(whole, None, f"{old.title} / {new.title}")
