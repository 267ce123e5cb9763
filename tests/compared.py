"""Two tellings of the rules compared: the rulebook's replay and the naive model, entry for entry and member for member."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import zip_longest
from typing import Any

import pytest

from tests.lived import lived
from tests.naive import naive_replay
from tests.strategies import Case, Row
from workbench.spec import SpecError

MOST_REFUSED = 0.03
"""Share of drawn programs that may be refused because a sum could leave 63 bits: such a program is compared with nothing."""
MEMBER_KEYS = {"balance", "pending", "tier", "tier_until", "qualifying", "carry", "lots"}
CONTEXT = 3
"""Entries shown before the first that differs."""


# --- one case --------------------------------------------------------------------------------------------------------
def is_refused(error: SpecError) -> bool:
    """Whether a program is refused because its numbers could leave 63 bits, the one reason a valid file may be."""
    return "63-bit integers" in error.message


def difference(case: Case) -> str:
    """What the two replays of a case disagree on, first of all the first entry; empty where they agree.

    Raises SpecError where the program is refused.
    """
    program, rows, as_of = case
    entries, members, refused, _ = lived(program, rows, as_of)
    naive = naive_replay(program, rows, as_of)
    for k, (ours, theirs) in enumerate(zip_longest(entries, naive.entries)):
        if ours != theirs:
            before = [f"  both  {shown(each)}" for each in entries[max(0, k - CONTEXT) : k]]
            return "\n".join([f"entry {k}:", *before, f"  rules {shown(ours)}", f"  naive {shown(theirs)}"])
    if refused != list(naive.refused):
        return f"refused rows:\n  rules {refused}\n  naive {list(naive.refused)}"
    if list(members) != list(naive.members):
        return f"members:\n  rules {list(members)}\n  naive {list(naive.members)}"
    for name, member in members.items():
        assert set(member) >= MEMBER_KEYS
        assert set(member) == set(naive.members[name])
        for key, value in member.items():
            ours, theirs = plain(value), plain(naive.members[name][key])
            if ours != theirs:
                return f"{key} of member {name}:\n  rules {ours}\n  naive {theirs}"
    return ""


def plain(value: Any) -> Any:
    """A value in one form: dates as text, numbers as the double nearest to them (what a JSON document can hold)."""
    match value:
        case None | str() | bool():
            return value
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case int():
            return value
        case float():
            return int(value) if value == int(value) else value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return plain(float(Fraction(value)))


def shown(entry: Any) -> str:
    """An entry as one line."""
    return "(no more)" if entry is None else "  ".join(str(each) for each in entry)


def told(case: Case) -> str:
    """A case as a reader wants it: what the program says beyond the defaults, then the rows."""
    program, rows, as_of = case
    return "\n".join([*as_yaml(program.model_dump(mode="json", by_alias=True, exclude_defaults=True)),
                      *(f"  row {k}: {shown_row(row)}" for k, row in enumerate(rows)), f"  as of {as_of}"])  # fmt: skip


def as_yaml(document: dict[str, Any]) -> Iterator[str]:
    for key, value in document.items():
        if key not in ("schema", "title", "currency", "provenance"):
            inner = value.items() if isinstance(value, dict) else {"": value}.items()
            yield f"  {key}:"
            yield from (f"    {name}: {each}" if name else f"    {each}" for name, each in inner)


def shown_row(row: Row) -> str:
    return ", ".join(f"{key} {value}" for key, value in row.items() if value not in (None, "", 0))


def compare(seeds: Sequence[int], draw: Callable[[int], Case]) -> None:
    """Compare the cases of some seeds; fails with the first that differs, told in full, and the numbers of the others."""
    wrong: dict[int, str] = {}
    refused = []
    for seed in seeds:
        try:
            found = difference(draw(seed))
        except SpecError as error:
            if not is_refused(error):
                raise
            refused.append(seed)
            continue
        if found:
            wrong[seed] = found
    if wrong:
        first = min(wrong)
        pytest.fail(f"seeds {sorted(wrong)} differ; seed {first}, {wrong[first]}\n{told(draw(first))}", pytrace=False)
    # Of so few seeds twice the share is chance; all of them together are counted below.
    assert len(refused) <= 2 * MOST_REFUSED * len(seeds) + 2, refused
