"""Versions of a program: each a whole program again, and what may not change between them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from workbench.errors import choices, nearest
from workbench.program.patch import merged, nothing_to_take_out, stands_in
from workbench.program.version_spec import Version
from workbench.spec import SpecError
from workbench.spec_file import faults_of

if TYPE_CHECKING:  # the program's own class asks this module when it is made
    from workbench.program.spec import Program

__all__ = [
    "all_tiers",
    "faults_of_changes",
    "in_force_on",
    "in_versions",
    "longest_pending",
    "misversioned",
    "tier_line",
    "tier_places",
]

Path = tuple[str | int, ...]
UNCHANGING = ("schema", "currency", "provenance", "population", "accepted", "versions")


def in_versions(program: "Program") -> list["Program"]:
    """A program's versions in their order, each whole, and itself without versions."""
    found = [program if not program.versions else program.model_copy(update={"versions": ()})]
    mapping = _as_written(program)
    for version in program.versions:
        mapping = merged(mapping, version.changes)
        found.append(type(program).model_validate(mapping))
    return found


def in_force_on(program: "Program", when: date) -> "Program":
    """The version in force on a date, whole."""
    return in_versions(program)[sum(each.effective <= when for each in program.versions)]


def longest_pending(program: "Program") -> int:
    """Days that points may be pending, in any version."""
    return max(0 if each.earn.pending is None else each.earn.pending.days for each in in_versions(program))


def _as_written(program: "Program") -> dict[str, Any]:
    """A program as a file may have it, without versions. What is as it would be anyway is left out: it would stand in the way where a version
    takes another model of expiry."""
    mapping = program.model_dump(by_alias=True, exclude_defaults=True)
    mapping.pop("versions", None)
    return mapping


# --- what is wrong with them ---------------------------------------------------------------------------------------------
def misversioned(program: "Program") -> Iterator[SpecError]:
    """Everything that is wrong with the versions of a program that is itself in order."""
    found = list(_misdated(program.versions))
    changes = [each.changes for each in program.versions]
    found += _null_of_nothing(program.model_dump(by_alias=True, exclude_unset=True), changes)
    found += faults_of_changes(type(program), _as_written(program), changes)
    yield from found
    if not found:
        programs = in_versions(program)
        yield from _taken_away(programs)
        yield from _misrenamed(programs, program.versions)
        try:
            tier_line(programs, program.versions)
        except SpecError as error:
            yield error


def _misdated(versions: Sequence[Version]) -> Iterator[SpecError]:
    for k in range(1, len(versions)):
        before = versions[k - 1].effective
        if versions[k].effective <= before:
            message = f"expected a date after {before}, when the version before it takes effect"
            yield SpecError(("versions", k, "effective"), message, str(versions[k].effective))


def faults_of_changes(
    model: type["Program"], base: Mapping[str, Any], changes: Sequence[Mapping[str, Any]], known: Sequence[Path] = ()
) -> list[SpecError]:
    """What is wrong with each version as a whole program, placed in its ``changes``; a mistake that an earlier version has too is told
    once. ``known``: places that are wrong in ``base``, told elsewhere unless the changes say something there."""
    found: list[SpecError] = []
    told = set(known)
    mapping = dict(base)
    for k, each in enumerate(changes):
        place: Path = ("versions", k, "changes")
        for key in each:
            if key in UNCHANGING:
                found.append(SpecError((*place, key), "cannot change from one version to the next"))
        allowed = {key: value for key, value in each.items() if key not in UNCHANGING}
        mapping = merged(mapping, allowed)
        for fault in faults_of(model, mapping):
            if stands_in(allowed, fault.path) or fault.path not in told:
                found.append(SpecError((*place, *fault.path), fault.message, fault.value, fault.suggestion))
            told.add(fault.path)
    return found


def _null_of_nothing(base: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]) -> Iterator[SpecError]:
    """Nulls that take nothing out."""
    mapping = dict(base)
    for k, each in enumerate(changes):
        for path, keys in nothing_to_take_out(mapping, each):
            if path[0] not in UNCHANGING:
                message = "null takes a key out, and there is none of this name; expected one of: " + choices(keys)
                yield SpecError(("versions", k, "changes", *path), message, None, nearest(str(path[-1]), keys))
        mapping = merged(mapping, each)


def _taken_away(programs: Sequence["Program"]) -> Iterator[SpecError]:
    for k in range(1, len(programs)):
        if programs[k].tiers is None and programs[k - 1].tiers is not None:
            message = "tiers cannot be taken away from members who hold them: give tiers that bring nothing"
            yield SpecError(("versions", k - 1, "changes", "tiers"), message)
        if programs[k].stored_value is None and programs[k - 1].stored_value is not None:
            message = "stored value cannot be taken away: it is the members' money"
            yield SpecError(("versions", k - 1, "changes", "stored_value"), message)


def _misrenamed(programs: Sequence["Program"], versions: Sequence[Version]) -> Iterator[SpecError]:
    for k, version in enumerate(versions):
        old, new = programs[k].tier_names, programs[k + 1].tier_names
        for name, other in version.transition.rename.items():
            path = ("versions", k, "transition", "rename", name)
            if name not in old:
                message = "expected one of the tiers before the change: " + (", ".join(old) or "none")
                yield SpecError(path, message, name, nearest(name, old))
            if other not in new:
                message = "expected one of the tiers after the change: " + (", ".join(new) or "none")
                yield SpecError(path, message, other, nearest(other, new))


# --- tiers over all versions ---------------------------------------------------------------------------------------------
def tier_line(programs: Sequence["Program"], versions: Sequence[Version]) -> tuple[tuple[str, ...], list[list[int]]]:
    """The tiers of all versions from the lowest to the highest, and the place there of each version's own.

    A tier that is renamed (to a name no version had before) is one tier, under its last name. Raises SpecError where versions put the same
    tiers in different orders.
    """
    of_name: dict[str, int] = {}
    labels: list[str] = []
    rows: list[list[int]] = []
    for k, program in enumerate(programs):
        heir = _heirs(programs, versions, k)
        for name in program.tier_names:
            if name in of_name:
                continue
            if name in heir and heir[name] in of_name:
                of_name[name] = of_name[heir[name]]
                labels[of_name[name]] = name
            else:
                of_name[name] = len(labels)
                labels.append(name)
        rows.append([of_name[name] for name in program.tier_names])
        if k and _in_order(rows, len(labels)) is None:
            message = "these tiers stand in another order than in an earlier version: give one order for all versions"
            path = ("versions", k - 1, "changes", "tiers", "levels")
            raise SpecError(path, message, ", ".join(program.tier_names))
    order = _in_order(rows, len(labels)) or []
    rank = {tier: place for place, tier in enumerate(order)}
    return tuple(labels[tier] for tier in order), [[rank[tier] for tier in row] for row in rows]


def tier_places(program: "Program") -> dict[str, int]:
    """The place of every tier of any version of a program among all of them, by name; under its last name first of those at one place."""
    programs = in_versions(program)
    names, ranks = tier_line(programs, program.versions)
    found = {name: place for place, name in enumerate(names)}
    for each, places in zip(programs, ranks, strict=True):
        for name, place in zip(each.tier_names, places, strict=True):
            found.setdefault(name, place)
    return found


def all_tiers(program: "Program") -> tuple[str, ...]:
    """The tiers of all versions of a program from the lowest to the highest, a renamed one under its last name."""
    return program.tier_names if not program.versions else tier_line(in_versions(program), program.versions)[0]


def _heirs(programs: Sequence["Program"], versions: Sequence[Version], k: int) -> dict[str, str]:
    """New names of version k that are an old tier's alone, and the old name."""
    if k == 0:
        return {}
    rename = versions[k - 1].transition.rename
    used = {name for each in programs[:k] for name in each.tier_names}
    later = {name for each in programs[k:] for name in each.tier_names}
    targets = list(rename.values())
    return {new: old for old, new in rename.items() if new not in used and old not in later and targets.count(new) == 1}


def _in_order(rows: Sequence[Sequence[int]], count: int) -> list[int] | None:
    """One order that holds every row's; the earlier mentioned first where either may be. None where there is none."""
    before: list[set[int]] = [set() for _ in range(count)]
    for row in rows:
        for low, high in pairwise(row):
            before[high].add(low)
    order: list[int] = []
    while len(order) < count:
        free = [each for each in range(count) if each not in order and before[each] <= set(order)]
        if not free:
            return None
        order.append(free[0])
    return order
