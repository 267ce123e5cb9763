"""Worlds that grow are the worlds lived at once; what groups say adds up to the whole."""

import numpy as np
import pytest

from apps.draft import Draft
from simulators.growing import GROUPS, LEFT_OUT, Growing
from simulators.kernel import TooLarge, compare_kernel
from workbench.finance.points import totals
from workbench.finance.world import CUSTOMERS
from workbench.program.load import library, load_program, program_from_mapping
from workbench.run_document import run_document


def two_programs() -> tuple[Draft, list]:
    draft = Draft.of("mitsui_outlet", years=1)
    mapping = draft.mapping
    mapping["expiry"]["months"] = 6
    return draft, [draft.program, program_from_mapping(mapping)]


def test_growing_gives_what_living_at_once_gives() -> None:
    draft, programs = two_programs()
    scenario = draft.question(700).scenario()
    growing = Growing(scenario, programs)
    told: list[tuple[int, int]] = []
    for members in (100, 250, 700):
        growing.grow(members, lambda *each: told.append(each))
    assert told[-1] == (700, 700) and growing.members == 700
    found, whole = growing.comparison(), compare_kernel(scenario, programs)
    for mine, other in zip([*found.runs, *found.against_first], [*whole.runs, *whole.against_first], strict=True):
        assert run_document(mine) == run_document(other)
        assert mine.digest == other.digest


def test_looking_up_often_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.growing.STEP", 7)
    draft, programs = two_programs()
    scenario = draft.question(700).scenario()
    growing, looks = Growing(scenario, programs), []
    growing.give_way = lambda: looks.append(1)
    growing.grow(700)
    whole = compare_kernel(scenario, programs)
    assert [each.digest for each in growing.comparison().runs] == [each.digest for each in whole.runs]
    assert len(looks) == GROUPS * 5, "35 members of a group, seven at a time"


def test_who_leaves_ends_the_blocks_that_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.growing.STEP", 1)
    draft, programs = two_programs()
    growing = Growing(draft.question(1).scenario(), programs)
    looks: list[int] = []
    growing.give_way = lambda: looks.append(1)

    def leave(_done: int, _all: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        growing.grow(20_000, leave)
    assert len(looks) < 10_000, "of 20,000 members, a block or two were begun"


def test_groups_add_up_and_are_equal() -> None:
    draft, programs = two_programs()
    growing = Growing(draft.question(1).scenario(), programs)
    for members in (100, 400, 2000):
        growing.grow(members)
        assert set(growing.sums(0).members) == {members / GROUPS}
    run = growing.comparison().runs[1]
    sums = growing.sums(1)
    assert sums.outstanding.sum() == totals(run.program)["outstanding"]
    assert np.array_equal(sums.given.sum(axis=0), run.pairs.given[:8])
    left_out = list(growing.without(1))
    assert len(left_out) == LEFT_OUT and {int(each.counts[CUSTOMERS]) for each in left_out} == {1800}
    rest = sum(totals(each)["outstanding"] for each in left_out)
    assert rest == (LEFT_OUT - 1) * totals(run.program)["outstanding"], "each group is missing once"


def test_what_was_said_before_does_not_change_as_it_grows() -> None:
    draft, programs = two_programs()
    growing = Growing(draft.question(1).scenario(), programs)
    growing.grow(100)
    before = growing.sums(0)
    kept = before.outstanding.copy()
    growing.grow(300)
    assert np.array_equal(before.outstanding, kept)


def test_members_who_share_something_do_not_grow() -> None:
    sharing = [program for program in map(load_program, library()) if program.shared_limits]
    assert sharing, "none of the library's programs shares anything any more: take another"
    with pytest.raises(TooLarge):
        Growing(Draft.opened("any", sharing[0], years=1).question(1).scenario(), sharing[:1])
