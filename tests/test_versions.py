"""Versions of a program: what is written of them, and that every clock crosses their day alike. Cases by hand: _offers_versions.yaml."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from simulators.agents import run_agents
from simulators.desk import Desk
from simulators.kernel import run_kernel
from simulators.recorded import Recorded
from simulators.state_file import load_state, save_state
from tests.lived import as_row, entries_of, lived
from tests.strategies import Case, draw_case
from tests.strategies_offers import draw_offers
from workbench.errors import BadInput
from workbench.ledger import PURCHASE, VERSION
from workbench.population.load import load_assumptions, load_population
from workbench.population.spec import Joining, Returns
from workbench.program.load import load_program, program_from_mapping, validate_program
from workbench.program.lower import lower
from workbench.program.patch import merged
from workbench.program.spec import Program
from workbench.program.versions import in_force_on, in_versions
from workbench.rules import posting
from workbench.scenario import Scenario
from workbench.spec import SpecError
from workbench.units import to_day

BASE: dict[str, Any] = {
    "schema": 1,
    "title": "Changing",
    "currency": "TWD",
    "provenance": {"source": "made for this test", "as_of": "2024-01-01", "confidence": "high"},
    "earn": {"rate": {"points": 1, "per": 10}},
    "tiers": {"levels": [{"name": "Basic"}, {"name": "Silver", "enter": {"spend": 1000}}, {"name": "Gold", "enter": {"spend": 5000}}]},
}  # fmt: skip
UNCHANGING = ("schema", "currency", "provenance", "population", "accepted", "versions")


def with_versions(*versions: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {**BASE, **parts, "versions": list(versions)}


def version(effective: str = "2025-01-01", transition: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {"effective": effective, "changes": changes, "transition": transition or {}}


def difference(base: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that make one mapping of another."""
    found: dict[str, Any] = {key: None for key in base if key not in other}
    for key, value in other.items():
        before = base.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            inside = difference(before, value)
            if inside:
                found[key] = inside
        elif key not in base or value != before:
            found[key] = value
    return found


def changed(program: Program, other: Program, effective: date, transition: dict[str, Any]) -> Program:
    """A program that becomes another on a day."""
    mapping, wanted = (each.model_dump(by_alias=True, exclude_defaults=True) for each in (program, other))
    wanted |= {key: mapping[key] for key in UNCHANGING if key in mapping}
    if "referral" in mapping:  # its rows would be bad input
        wanted["referral"] = mapping["referral"]
    # The log was drawn for refunds that the first program refuses as too late.
    wanted["refunds"] = wanted.get("refunds", {}) | {"within_days": mapping.get("refunds", {}).get("within_days")}
    changes = {key: value for key, value in difference(mapping, wanted).items() if key not in UNCHANGING}
    return program_from_mapping(
        {**mapping, "versions": [{"effective": effective, "changes": changes, "transition": transition}]}
    )


def midway(case: Case) -> date:
    """A day in the middle of a case's log."""
    _, rows, as_of = case
    days = [row["posted"] or row["date"] for row in rows] or [as_of]
    return days[len(days) // 2] + timedelta(days=len(rows) % 3)


def crossing(
    seeds: range, draw: Callable[[int], Case] = draw_case
) -> Iterator[tuple[int, Program, list[dict[str, Any]], date]]:
    """Drawn programs that become others in the middle of a drawn log, with drawn transitions; where that may be."""
    for seed in seeds:
        pick = Random(seed)
        case = draw(seed)
        program, rows, as_of = case
        other, _, _ = draw(seed + 5_000)
        transition = {
            "lots": pick.choice(("keep_expiry", "new_expiry", "earlier", "later")),
            "points_ratio": pick.choice((1, 1, 0.5, 0.333, 2.5)),
            "tiers": pick.choice(("kept", "rejudged")),
            "counters": pick.choice(("kept", "reset")),
            "carry": pick.choice(("kept", "cleared")),
            "coupons": pick.choice(("kept", "cancelled")),
            "stored_bonus": pick.choice(("kept", "forfeited")),
        }
        try:
            found = changed(program, other, midway(case), transition)
            lower(found, to_day(as_of), to_day(as_of))
        except (BadInput, SpecError):  # tiers in another order, or taken away; integers beyond 63 bits
            continue
        yield seed, found, rows, as_of


# --- what is written -----------------------------------------------------------------------------------------------------
def test_mappings_are_merged_null_takes_out_and_all_else_replaces() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}, "f": 1}
    assert merged(base, {"a": {"c": [3]}, "d": None, "g": {"h": None, "i": 2}, "f": {"j": 1}}) == {
        "a": {"b": 1, "c": [3]}, "g": {"i": 2}, "f": {"j": 1},
    }  # fmt: skip
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}, "f": 1}


def test_each_version_builds_on_the_one_before() -> None:
    program = program_from_mapping(
        with_versions(version(earn={"rate": {"per": 20}}), version("2026-01-01", redemption={"money_off": {"points": 10, "worth": 1}}))
    )  # fmt: skip
    first, second, third = in_versions(program)
    assert [each.earn.rate.per for each in (first, second, third) if each.earn.rate] == [10, 20, 20]
    assert first.redemption is None and second.redemption is None and third.redemption is not None
    assert in_force_on(program, date(2024, 12, 31)) == first
    assert in_force_on(program, date(2025, 1, 1)) == second


def test_a_program_with_versions_comes_back_from_a_document() -> None:
    """A scenario's file holds every value that a program's file leaves out; another model of expiry must still fit over it."""
    program = program_from_mapping(
        with_versions(
            version(expiry={"model": "inactivity", "months": 12}, tiers={"window": {"kind": "quarter"}}),
            expiry={"model": "rolling", "months": 12},
        )
    )
    again = program_from_mapping(program.model_dump(mode="json", by_alias=True))
    assert [each.model_dump() for each in in_versions(again)] == [each.model_dump() for each in in_versions(program)]


def problems(mapping: dict[str, Any]) -> dict[str, str]:
    return {each.path: each.message for each in validate_program(mapping)}


@pytest.mark.parametrize(
    "versions, path, said",
    [
        ([version(currency="USD")], "versions[0].changes.currency", "cannot change"),
        ([version(earn={"rate": {"pre": 20}})], "versions[0].changes.earn.rate.pre", "unknown key"),
        ([version(expirry=None)], "versions[0].changes.expirry", "none of this name"),
        ([version(title=None)], "versions[0].changes.title", "missing"),
        ([version(), version("2024-06-01")], "versions[1].effective", "after 2025-01-01"),
        ([version(tiers=None)], "versions[0].changes.tiers", "cannot be taken away"),
        ([version(transition={"rename": {"Slver": "Gold"}})], "versions[0].transition.rename.Slver", "before the change"),
        ([version(transition={"rename": {"Silver": "Plus"}})], "versions[0].transition.rename.Silver", "after the change"),
        (
            [version(tiers={"levels": [{"name": "Basic"}, {"name": "Gold", "enter": {"spend": 1}}, {"name": "Silver", "enter": {"spend": 2}}]})],
            "versions[0].changes.tiers.levels", "another order",
        ),
        ([version(transition={"points_ratio": 0})], "versions[0].transition.points_ratio", "more than"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(versions: list[dict[str, Any]], path: str, said: str) -> None:
    found = problems(with_versions(*versions))
    assert path in found and said in found[path]


def test_all_is_told_at_once_with_lines(tmp_path: Path) -> None:
    path = tmp_path / "program.yaml"
    path.write_text(
        "schema: 1\ntitle: T\ncurrency: TWD\nprovenance: {source: s, as_of: 2024-01-01, confidence: hgh}\n"
        "earn:\n  rate: {points: 1, per: 10}\nversions:\n  - effective: 2025-01-01\n    changes:\n      earn:\n        rate:\n"
        "          per: -3\n      currency: USD\n"
    )
    with pytest.raises(BadInput) as caught:
        load_program(path)
    told = {each.path: each.line for each in caught.value.problems}
    assert told["provenance.confidence"] == 4
    assert told["versions[0].changes.earn.rate.per"] == 12
    assert told["versions[0].changes.currency"] == 13
    assert len(told) == 3


def test_tiers_of_all_versions_have_one_order_and_a_renamed_one_is_one() -> None:
    spend = {"Basic": 1, "Plus": 1000, "Gold": 5000}
    levels = [{"name": "Start"}, *({"name": name, "enter": {"spend": least}} for name, least in spend.items())]
    mapping = with_versions(version(transition={"rename": {"Silver": "Plus"}}, tiers={"levels": levels}))
    lowered = lower(program_from_mapping(mapping), 20000, 20001)
    assert lowered.tier_names == ("Start", "Basic", "Plus", "Gold")
    assert [each.terms.tier_rank for each in lowered.versions] == [[1, 2, 3], [0, 1, 2, 3]]


def test_names_keep_the_codes_they_have_without_the_change() -> None:
    plain = lower(program_from_mapping(BASE), 20000, 20001)
    bonus = {"name": "hello", "event": "join", "points": 5}
    both = lower(program_from_mapping(with_versions(version(earn={"bonuses": [bonus]}))), 20000, 20001)
    assert both.rules == (*plain.rules, "versions", "earn.bonuses.hello")
    assert both.versions[0].terms.why_tier == plain.terms.why_tier == both.versions[1].terms.why_tier


# --- replay --------------------------------------------------------------------------------------------------------------
def test_a_change_that_changes_nothing_changes_nothing_but_its_own_entries() -> None:
    entries_seen = 0
    for seed, case in enumerate([*map(draw_case, range(150)), *map(draw_offers, range(150))]):
        program, rows, as_of = case
        program = in_versions(program)[0]
        mapping = program.model_dump(by_alias=True, exclude_defaults=True)
        days = sorted({midway(case), midway(case) + timedelta(days=40)})
        mapping["versions"] = [{"effective": day, "changes": {}} for day in days]
        try:
            ours, members, refused, _ = lived(program, rows, as_of)
        except SpecError:  # refused by name: its integers could leave 63 bits
            continue
        theirs, same_members, same_refused, _ = lived(program_from_mapping(mapping), rows, as_of)
        crossings = [entry for entry in theirs if entry[2] == "version"]
        differing = next(
            (k for k, (a, b) in enumerate(zip([e for e in theirs if e[2] != "version"], ours, strict=False)) if a != b),
            None,
        )
        assert differing is None, (seed, differing)
        assert [entry for entry in theirs if entry[2] != "version"] == ours, seed
        assert (same_members, same_refused) == (members, refused), seed
        assert all(entry[8] == "versions" and entry[3:5] == (0, 0) for entry in crossings)
        entries_seen += len(crossings)
    assert entries_seen > 200


def test_drawn_programs_become_others_and_no_point_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conservation after every row (in ``lived``); and opening every day writes what opening due days writes."""
    cases = [*crossing(range(220)), *crossing(range(220), draw_offers)]
    assert len(cases) > 70
    found = [lived(program, rows, as_of)[:3] for _, program, rows, as_of in cases]
    assert sum(any(entry[2] == "version" for entry in entries) for entries, _, _ in found) > 50

    def every_day(self: Desk, account: Any, day: int) -> None:
        for each in range(account.own.opened + 1, day + 1):
            self.begin(account, each)
            self._make_room(account, self._scratch)
            posting.open_day(self.terms_of(account), account, self._scratch, each)

    monkeypatch.setattr(Desk, "next_due", lambda self, account: account.own.opened + 1)
    monkeypatch.setattr(Desk, "advance", every_day)
    for (seed, program, rows, as_of), expected in zip(cases, found, strict=True):
        ours = lived(program, rows, as_of)[:3]
        for mine, other in zip(ours[0], expected[0], strict=False):
            assert mine == other, seed
        assert ours == expected, seed


def test_a_saved_state_goes_on_across_the_date(tmp_path: Path) -> None:
    for seed, program, rows, as_of in [*crossing(range(300, 380)), *crossing(range(300, 380), draw_offers)]:
        whole, _, _, _ = lived(program, rows, as_of)
        last = to_day(as_of)
        first = min((row["date"] for row in rows), default=as_of)
        replay = Recorded(program, to_day(min(first, as_of)), last)
        cut = len(rows) // 2 + seed % 3
        for number, row in enumerate(rows[:cut]):
            if (row["posted"] or row["date"]) <= as_of:
                replay.post(as_row(number, row))
        entries = entries_of(replay)
        save_state(tmp_path / "state.gz", program, replay, len(entries))
        replay, _ = load_state(tmp_path / "state.gz", program, last)
        for number, row in enumerate(rows[cut:], cut):
            if (row["posted"] or row["date"]) <= as_of:
                replay.post(as_row(number, row))
        replay.finish(last)
        assert entries + entries_of(replay) == whole, seed


# --- simulations -----------------------------------------------------------------------------------------------------------
def simulated(program: Program, assumptions: str = "central", members: int = 100, **more: Any) -> Scenario:
    population = load_population(program.population)
    shaken = population.model_copy(update={"joining": Joining(share=0.4), "returns": Returns(share=0.25, days=20)})
    return Scenario(program, shaken, load_assumptions(assumptions), members=members, years=3, **more)


def changing(slug: str, *versions: dict[str, Any]) -> Program:
    """A program of the library with versions."""
    mapping = load_program(slug).model_dump(by_alias=True, exclude_defaults=True)
    return program_from_mapping({**mapping, "accepted": [], "versions": list(versions)})


CHANGING = (
    ("mitsui_outlet", [version("2026-01-01", {"points_ratio": 0.5, "lots": "earlier"}, expiry={"model": "rolling", "months": 6})]),
    ("mos_burger", [version("2025-07-15", {"counters": "reset", "carry": "cleared"}, earn={"bonuses": []}), version("2026-07-01", {"points_ratio": 3})]),
    ("ledger_tier_rate", [version("2026-02-01", {"tiers": "rejudged", "lots": "new_expiry"}, expiry={"model": "rolling", "months": 9})]),
)  # fmt: skip


@pytest.mark.parametrize("slug, versions", CHANGING)
def test_the_kernel_crosses_as_the_agents_do(slug: str, versions: list[dict[str, Any]]) -> None:
    case = simulated(changing(slug, *versions))
    mine, other = run_kernel(case), run_agents(case)
    assert mine.digest == other.digest
    for ours, theirs in ((mine.program, other.program), (mine.pairs, other.pairs)):
        np.testing.assert_array_equal(ours.cells, theirs.cells)
    np.testing.assert_array_equal(mine.responses.sums, other.responses.sums)
    crossed = int(mine.program.by_rule[mine.rules.index("versions"), VERSION, 0])
    assert crossed > 10


def test_drawn_programs_cross_in_the_kernel_as_in_the_agents() -> None:
    compared = 0
    for seed, program, _, _ in crossing(range(40)):
        day = date(2025, 9, 1) + timedelta(days=seed)
        moved = [each.model_copy(update={"effective": day}) for each in program.versions]
        case = simulated(program.model_copy(update={"versions": tuple(moved)}), members=10, seed=seed)
        mine, other = run_kernel(case), run_agents(case)
        assert mine.digest == other.digest, seed
        np.testing.assert_array_equal(mine.program.cells, other.program.cells)
        compared += 1
    assert compared > 8


def test_without_effects_a_change_moves_no_purchase() -> None:
    case = simulated(changing(*CHANGING[0][:1], *CHANGING[0][1]), "none")
    run = run_agents(case)
    assert run.ledgers is not None
    bought = [each.rows[each.column("kind") == PURCHASE] for each in run.ledgers]
    assert len(bought[0]) > 100
    for column in (0, 2, 5):  # member, day, money
        assert sorted(bought[0][:, column].tolist()) == sorted(bought[1][:, column].tolist())
