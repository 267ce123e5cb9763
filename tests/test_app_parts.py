"""The app without a browser: levers, outcomes, estimates, runs, what repeats them, and the command that starts it."""

import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from apps import cli
from apps.estimates import FIGURES, Comparison, figures, jackknifed, paired_difference
from apps.lever_component import LeverInput
from apps.levers import (
    Absent,
    Change,
    Lever,
    changed,
    changes,
    earn_lever,
    expiry_lever,
    file_mapping,
    on_grid,
    tier_levers,
)
from apps.repeat import command, program_yaml
from apps.runs import Cancelled, Latest, Question, Service, Settings, Ticket, compare
from apps.store import Store
from simulators.simulate import Progress, simulate
from workbench.errors import BadInput
from workbench.population.load import load_assumptions, load_population
from workbench.program.load import library, load_program, program_from_mapping
from workbench.program.spec import Program
from workbench.scenario import Run, Scenario
from workbench.units import to_day
from workbench.yaml_file import parse_mapping

DAYS = to_day(date(2025, 1, 1)), to_day(date(2027, 12, 31))
SILVER = ("tiers", "levels", 1, "enter", "spend")
GOLD = ("tiers", "levels", 2, "enter", "spend")
PER = ("earn", "rate", "per")
MONTHS = ("expiry", "months")
agents: Callable[[Scenario, Progress | None], Run] = partial(simulate, engine="agents")


def levers_of(program: Program, shipped: Program | None = None) -> list[Lever | Absent]:
    tiers = tier_levers(program, shipped or program)
    rest = [earn_lever(program, shipped or program), expiry_lever(program, shipped or program)]
    return [*(tiers if isinstance(tiers, list) else [tiers]), *rest]


def question(slug: str, values: dict[Any, Any] | None = None, members: int = 60, years: int = 2) -> Question:
    shipped = load_program(slug)
    program = changed(shipped, values or {}, *DAYS)
    names = {
        "program": f"{slug}_changed.yaml" if values else slug,
        "shipped": slug,
        "population": shipped.population,
        "assumptions": "central",
    }
    people, behaviour = load_population(shipped.population), load_assumptions("central")
    return Question(program, shipped, people, behaviour, names, members, years, date(2025, 1, 1), 1)


# --- levers: what the library's files say, read by hand --------------------------------------------------------------
@pytest.mark.parametrize(
    "slug, expected",
    [
        (
            "mitsui_outlet",
            [
                ("tiers.levels[1].enter.spend", 100000, "money"),
                ("tiers.levels[2].enter.spend", 150000, "money"),
                ("tiers.levels[3].enter.spend", 200000, "money"),
                ("earn.rate.per", 200, "money"),
                ("expiry.months", 12, "months"),
            ],
        ),
        ("mos_burger", ["no tiers", ("earn.rate.per", 500, "money"), ("expiry.months", 24, "months")]),
        ("breeze", ["no tiers", ("earn.rate.per", 50, "money"), "earning windows"]),
        ("tea_egg", ["no tiers", "no points by a base rate", "never lapse"]),
        (
            "ledger_spendable",
            [
                ("tiers.levels[1].enter.spend", 2500, "money"),
                ("tiers.levels[1].enter.points", 300, "points"),
                ("tiers.levels[1].enter.orders", 12, "orders"),
                ("tiers.levels[2].enter.spend", 8000, "money"),
                ("tiers.levels[2].enter.points", 1000, "points"),
                ("tiers.levels[2].enter.orders", 40, "orders"),
                ("earn.rate.per", 10, "money"),
                "never lapse",
            ],
        ),
    ],
)
def test_levers_of_a_program(slug: str, expected: list[Any]) -> None:
    found = levers_of(load_program(slug))
    assert len(found) == len(expected)
    for lever, wanted in zip(found, expected, strict=True):
        if isinstance(wanted, str):
            assert isinstance(lever, Absent) and wanted in lever.reason
        else:
            assert isinstance(lever, Lever) and (lever.key, lever.value, lever.unit) == wanted
            assert lever.shipped == lever.value


EXPIRIES: list[tuple[dict[str, Any], str, int | None]] = [
    ({"model": "rolling", "days": 90}, "expiry.days", 90),
    ({"model": "fixed_date", "date": "12-31", "minimum_age_months": 6}, "expiry.minimum_age_months", 6),
    ({"model": "inactivity", "months": 18}, "expiry.months", 18),
    ({"model": "extension", "months": 9}, "expiry.months", 9),
    ({"model": "decay", "idle_months": 3, "share": 0.5}, "expiry.idle_months", 3),
    ({"model": "none"}, "never lapse", None),
    ({"model": "flush", "dates": ["12-31"]}, "fixed dates", None),
    ({"model": "anniversary"}, "anniversary of joining", None),
    ({"model": "by_tier", "tiers": {"gold": {"model": "rolling", "months": 24}}}, "depends on the tier", None),
    (
        {"model": "conversion", "dates": ["06-30"], "block": 100, "voucher": 10, "voucher_months": 6},
        "statement dates",
        None,
    ),
]


@pytest.mark.parametrize("expiry, said, value", EXPIRIES, ids=lambda each: str(each)[:40])
def test_every_kind_of_expiry_has_a_length_or_a_reason(expiry: dict[str, Any], said: str, value: int | None) -> None:
    program = program_from_mapping(file_mapping(load_program("mitsui_outlet")) | {"expiry": expiry})
    lever = expiry_lever(program, program)
    if value is None:
        assert isinstance(lever, Absent) and said in lever.reason
    else:
        assert isinstance(lever, Lever) and (lever.key, lever.value) == (said, value)
        moved = changed(program, {lever.path: value + 1}, *DAYS)
        assert changes(program, moved) == [Change(lever.path, value, value + 1)]


def test_brackets_have_no_single_rate() -> None:
    mapping = file_mapping(load_program("mos_burger"))
    rate = {"points": 1, "per": 100}
    mapping["earn"] = {"brackets": {"on": "order", "steps": [{"from": 0, "rate": rate}]}}
    lever = earn_lever(program_from_mapping(mapping), program_from_mapping(mapping))
    assert isinstance(lever, Absent) and "brackets" in lever.reason


@pytest.mark.parametrize("slug", library())
def test_a_slider_offers_nothing_that_the_spec_refuses(slug: str) -> None:
    shipped = load_program(slug)
    for lever in levers_of(shipped):
        if isinstance(lever, Absent):
            continue
        assert lever.low <= lever.value <= lever.high and lever.step > 0
        for value in (lever.low, lever.low + lever.step, lever.value, lever.high):
            taken = on_grid(lever, float(value))
            program = changed(shipped, {lever.path: taken}, *DAYS)
            again = next(
                each for each in levers_of(program, shipped) if isinstance(each, Lever) and each.path == lever.path
            )
            assert again.value == value == taken, "what is shown is what the spec holds"
            assert again.shipped == lever.value
            expected = [] if value == lever.value else [lever.path]
            assert [each.path for each in changes(shipped, program)] == expected


REFUSED = [
    ({SILVER: 500000}, "tiers.levels[2].enter.spend", "at least the tier below (500000)"),
    ({GOLD: 99999}, "tiers.levels[2].enter.spend", "at least the tier below (100000)"),
    ({SILVER: -5}, "tiers.levels[1].enter.spend", "at least 0"),
    ({SILVER: Decimal("100.005")}, "tiers.levels[1].enter.spend", "more than two decimals"),
    ({SILVER: 10**11}, "tiers.levels[1].enter.spend", "at most 10000000000"),
    ({PER: 0}, "earn.rate.per", "more than 0"),
    ({MONTHS: 0}, "expiry.months", "at least 1"),
    ({MONTHS: 1201}, "expiry.months", "at most 1200"),
    ({MONTHS: Decimal("12.5")}, "expiry.months", "whole number"),
]


@pytest.mark.parametrize("values, path, message", REFUSED)
def test_what_the_spec_refuses_is_named(values: dict[Any, Any], path: str, message: str) -> None:
    with pytest.raises(BadInput) as found:
        changed(load_program("mitsui_outlet"), values, *DAYS)
    problems = [each for each in found.value.problems if each.path == path]
    assert problems and message in problems[0].message


def test_a_valid_program_that_cannot_be_exact_is_refused_too() -> None:
    shipped = load_program("mitsui_outlet")
    mapping = file_mapping(shipped)
    # 0.001 + 1000 as factors: units of a thousandth, a million of them on 10**12 minor units of spend
    mapping["earn"]["multipliers"] += [{"name": f"m{k}", "factor": f} for k, f in enumerate((0.001, 1000))]
    mapping["earn"]["stacking"] = "additive"
    mapping["earn"]["rate"] = {"points": 10**12, "per": 0.01}
    program = program_from_mapping(mapping)
    with pytest.raises(BadInput, match="earn: these rates and multipliers leave 63-bit integers"):
        changed(program, {PER: Decimal("0.02")}, *DAYS)


def test_the_tiers_beside_bound_a_threshold() -> None:
    shipped = load_program("mitsui_outlet")
    silver, gold, platinum, *_ = levers_of(changed(shipped, {SILVER: 120_001, GOLD: 160_000}, *DAYS), shipped)
    assert isinstance(silver, Lever) and isinstance(gold, Lever) and isinstance(platinum, Lever)
    assert silver.high == 160_000 and platinum.low == 160_000
    assert gold.low == 122_000, "the first step of 2,000 at or above the tier below"
    assert silver.value == 120_001 and silver.shipped == 100_000


def test_a_baseline_of_another_build_bounds_nothing() -> None:
    """Tiers, rates and expiries that the baseline does not have stand at their own value: there is nothing to reset to."""
    other = load_program("tea_egg")
    for slug in ("mitsui_outlet", "marriott_bonvoy", "breeze"):
        program = load_program(slug)
        for lever, alone in zip(levers_of(program, other), levers_of(program), strict=True):
            assert lever == alone
    mapping = file_mapping(load_program("mitsui_outlet"))
    mapping["tiers"]["levels"].append({"name": "new", "enter": {"spend": 900000}})
    *_, last, _, _ = levers_of(program_from_mapping(mapping), load_program("mitsui_outlet"))
    assert isinstance(last, Lever) and (last.value, last.shipped) == (900000, 900000)


def test_noise_of_floating_point_is_taken_off() -> None:
    lever = earn_lever(load_program("haidilao"), load_program("haidilao"))
    assert isinstance(lever, Lever) and lever.step == Decimal("0.02")
    assert on_grid(lever, 0.1 + 0.2) == Decimal("0.3")
    assert on_grid(lever, 3.0000000000000004) == 3


# --- YAML and command line -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slug", library())
def test_the_yaml_is_the_program(slug: str) -> None:
    shipped = load_program(slug)
    for values in ({}, *({each.path: each.low} for each in levers_of(shipped) if isinstance(each, Lever))):
        program = changed(shipped, values, *DAYS)
        mapping, _ = parse_mapping(program_yaml(program))
        assert program_from_mapping(mapping).model_dump() == program.model_dump()


def test_the_command_line_repeats_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = question("mitsui_outlet", {SILVER: 60000, MONTHS: 6}, members=30, years=1)
    (tmp_path / "mitsui_outlet_changed.yaml").write_text(program_yaml(asked.program), "utf-8")
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command(asked).replace("\\\n", " "))
    assert words[:2] == ["loyalty", "run"]
    printed = CliRunner().invoke(cli.app, [*words[1:], "--engine", "agents", "--json"])
    assert printed.exit_code == 0, printed.output
    outcome = Store(agents).outcome(asked.scenario())
    assert f'"digest": "{outcome.document["digest"]}"' in printed.stdout


def test_an_unchanged_program_is_named_by_its_slug() -> None:
    assert command(question("mos_burger")).splitlines()[0] == "loyalty run mos_burger \\"


# --- outcomes --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slug", ["eslite", "ledger_tier_rate", "mos_burger", "tea_egg"])
def test_blocks_add_up_to_the_document(slug: str) -> None:
    """The document comes from panels folded entry by entry, the blocks from the ledgers: two ways to the same sums."""
    asked = question(slug, members=130)
    back = asked.population.model_copy(update={"returns": asked.population.returns.model_copy(update={"share": 0.2})})
    outcome = Store(agents).outcome(replace(asked, population=back).scenario())
    document, blocks = outcome.document, outcome.panel.blocks
    assert blocks is not None and len(blocks.members) == 50 and blocks.members.sum() == 130
    assert set(blocks.members) == {2, 3}
    assert blocks.outstanding.sum() == document["points"]["outstanding"] == outcome.panel.closing[-1]
    assert blocks.sales.sum() == pytest.approx(100 * document["economics"]["sales"])
    assert blocks.cost.sum() == pytest.approx(100 * document["economics"]["redemption_cost"], abs=0.51)
    if document["tiers"]["members"]:
        assert blocks.joined.sum() == sum(document["tiers"]["members"].values())
        assert blocks.upgraded.sum() / blocks.joined.sum() == pytest.approx(document["tiers"]["upgrade_rate"])
        assert blocks.upgraded.sum() > 0
    assert outcome.panel.months[0] == date(2025, 1, 31) and outcome.panel.months[-1] == date(2026, 12, 31)
    assert len(outcome.panel.months) == len(outcome.panel.closing) == 24


def test_without_ledgers_there_are_no_blocks() -> None:
    def forgetful(scenario: Scenario, progress: Progress | None) -> Run:
        return replace(agents(scenario, progress), ledgers=None)

    asked = question("mitsui_outlet", {SILVER: 60000}, members=20)
    found = compare(Store(forgetful), asked, Ticket(), head=False)
    assert found.now.panel.blocks is None
    change = figures(found)[0].change
    assert change is not None and change.value is not None and change.ci95 is None


def counting(live: Callable[[Scenario, Progress | None], Run] = agents) -> tuple[Store, list[str]]:
    lived: list[str] = []

    def lives(scenario: Scenario, progress: Progress | None) -> Run:
        lived.append(scenario.digest())
        return live(scenario, progress)

    return Store(lives, most=2), lived


def test_an_outcome_is_computed_once_and_the_oldest_is_dropped() -> None:
    store, lived = counting()
    one, two, three = (question("ledger_fixed_rate", members=n, years=1).scenario() for n in (3, 4, 5))
    assert store.outcome(one) is store.outcome(one)
    assert len(lived) == 1
    store.outcome(two)
    store.outcome(one)  # used again: two is now the oldest
    store.outcome(three)
    assert len(store) == 2 and len(lived) == 3
    store.outcome(one)
    assert len(lived) == 3
    store.outcome(two)
    assert len(lived) == 4


def test_names_are_part_of_an_outcome() -> None:
    store, lived = counting()
    scenario = question("ledger_fixed_rate", members=3, years=1).scenario()
    other = replace(scenario, names=scenario.names | {"program": "mine.yaml"})
    assert store.outcome(other).document["provenance"]["program"] == "mine.yaml"
    assert store.outcome(scenario).document["provenance"]["program"] == "ledger_fixed_rate"
    assert len(lived) == 2


def test_threads_wait_for_one_run() -> None:
    started, go = threading.Event(), threading.Event()

    def slow(scenario: Scenario, progress: Progress | None) -> Run:
        started.set()
        assert go.wait(10)
        return agents(scenario, progress)

    store, lived = counting(slow)
    scenario = question("ledger_fixed_rate", members=3, years=1).scenario()
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(store.outcome, scenario) for _ in range(3)]
        assert started.wait(10)
        go.set()
        assert len({id(each.result(10)) for each in futures}) == 1
    assert len(lived) == 1


def test_nothing_is_kept_of_a_run_that_was_cancelled_and_who_waits_runs_it() -> None:
    first_is_under_way, go = threading.Event(), threading.Event()

    def live(scenario: Scenario, progress: Progress | None) -> Run:
        first_is_under_way.set()
        assert go.wait(10)
        assert progress is not None
        progress(1, scenario.members)
        return agents(scenario, progress)

    store, lived = counting(live)
    asked = question("ledger_fixed_rate", members=3, years=1)
    mine, theirs = Ticket(), Ticket()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(compare, store, asked, mine, False)
        assert first_is_under_way.wait(10)
        second = pool.submit(compare, store, asked, theirs, False)
        mine.cancel()
        go.set()
        with pytest.raises(Cancelled):
            first.result(10)
        assert second.result(10).now.members == 3
    assert len(lived) == 2


# --- estimates -------------------------------------------------------------------------------------------------------
def test_a_paired_difference_by_hand() -> None:
    """Four blocks of 10 members. With: 30, 50, 20, 40 points; without: 20, 30, 20, 30. Differences a member: 1, 2, 0, 1; mean 1,
    standard deviation sqrt(2/3), standard error sqrt(2/3)/2 = .408248, t with 3 degrees of freedom 3.182446."""
    members = np.array([10.0, 10, 10, 10])
    found = paired_difference(np.array([30.0, 50, 20, 40]), members, np.array([20.0, 30, 20, 30]), members)
    assert found.value == pytest.approx(1)
    assert found.ci95 == pytest.approx((1 - 3.182446 * 0.408248, 1 + 3.182446 * 0.408248), abs=1e-5)


def test_a_paired_difference_covers_the_truth_nineteen_times_in_twenty() -> None:
    """Ratios of correlated sums over 30 blocks, whose true difference is known: 2 - 1.5."""
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(2000):
        size = rng.gamma(20, 1, 30)
        both = rng.normal(0, 3, 30)
        top, top_0 = 2 * size + both + rng.normal(0, 1, 30), 1.5 * size + both + rng.normal(0, 1, 30)
        low, high = paired_difference(top, size, top_0, size).ci95 or (0.0, 0.0)
        hits += low <= 0.5 <= high
    assert abs(hits / 2000 - 0.95) < 4 * (0.95 * 0.05 / 2000) ** 0.5


def test_a_jackknife_by_hand() -> None:
    """Means of 4 groups left out: 2, 3, 4, 3; deviations -1, 0, 1, 0 from 3; error sqrt(3/4 * 2) = 1.224745; t with 3 degrees 3.182446."""
    found = jackknifed(3.1, np.array([2.0, 3, 4, 3]))
    assert found.value == 3.1
    assert found.ci95 == pytest.approx((3.1 - 3.182446 * 1.224745, 3.1 + 3.182446 * 1.224745), abs=1e-4)


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    """A theorem: leaving one of n equal values out, the jackknife's error of the mean is s / sqrt(n)."""
    values = np.random.default_rng(3).gamma(2, 1, 12)
    left_out = (values.sum() - values) / 11
    low, high = jackknifed(float(values.mean()), left_out).ci95 or (0.0, 0.0)
    assert (high - low) / 2 == pytest.approx(2.200985 * values.std(ddof=1) / 12**0.5, rel=1e-5)


def test_no_members_no_estimate() -> None:
    none, some = np.zeros(3), np.ones(3)
    assert paired_difference(none, none, some, some).value is None
    one = paired_difference(np.ones(1), np.ones(1), np.zeros(1), np.ones(1))
    assert (one.value, one.ci95) == (1, None)


def test_figures_are_the_documents_own() -> None:
    asked = question("mitsui_outlet", {SILVER: 40000, MONTHS: 6}, members=150)
    found = compare(Store(agents), asked, Ticket(), head=True)
    owed, broken, upgraded, again, cost, back = figures(found)
    assert tuple(each.name for each in figures(found)) == FIGURES
    document, shipped = found.now.document, found.shipped.document
    assert owed.now.value == pytest.approx(1000 * document["liability"]["contract"] / 150)
    assert owed.shipped.value == pytest.approx(1000 * shipped["liability"]["contract"] / 150)
    share = document["liability"]["contract"] / document["points"]["outstanding"]
    assert owed.now.ci95 == pytest.approx([1000 * share * x / 150 for x in document["liability"]["outstanding_ci95"]])
    assert owed.change is not None and owed.change.value == pytest.approx(owed.now.value - owed.shipped.value)
    assert broken.now.value == pytest.approx(100 * (1 - document["liability"]["urr"]))
    assert upgraded.now.value == pytest.approx(100 * document["tiers"]["upgrade_rate"])
    assert upgraded.change is not None and (upgraded.change.value or 0) > 0, "a lower threshold lets more members rise"
    assert again.now.value == document["lift"]["repurchase_rate"]["delta_pct"]
    assert cost.now.value == document["economics"]["cost_pct_of_sales"]
    assert back.now.value == document["economics"]["return_on_spend"]
    head = found.head
    assert head is not None and again.change is not None
    ratio = head.document["lift"]["repurchase_rate"]
    assert again.change.value == ratio["delta_pct"]
    assert ratio["baseline"] == shipped["lift"]["repurchase_rate"]["program"]
    assert ratio["program"] == document["lift"]["repurchase_rate"]["program"]


def test_the_shipped_program_is_its_own_ghost() -> None:
    found = compare(Store(agents), question("mitsui_outlet", members=20), Ticket(), head=True)
    assert found.now is found.shipped and found.head is None
    assert all(each.change is None for each in figures(found))


# --- runs ------------------------------------------------------------------------------------------------------------
class ByHand(Executor):
    """Runs what was submitted when told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except Cancelled as error:
                future.set_exception(error)

        self.waiting.append(work)
        return future

    def run(self) -> None:
        self.waiting.pop(0)()


def test_the_latest_question_wins() -> None:
    pool, told = ByHand(), []
    latest = Latest(pool, lambda call: call())

    def ask(name: str) -> None:
        latest.ask(lambda _: name, lambda future: told.append(future.result()))

    for name in "abcd":
        ask(name)
    assert len(pool.waiting) == 1, "one at a time"
    pool.run()
    assert told == ["a"], "what was under way is shown, so that a long drag is not blind"
    pool.run()
    assert told == ["a", "d"], "b and c were never asked"
    assert not pool.waiting and latest.ticket is None
    ask("e")
    pool.run()
    assert told[-1] == "e"


def test_a_cancelled_run_tells_nothing() -> None:
    pool, told = ByHand(), []
    latest = Latest(pool, lambda call: call())

    def work(ticket: Ticket) -> str:
        ticket.part(0, 2)(1, 2)
        return "done"

    latest.ask(work, lambda future: told.append(future))
    latest.ask(work, lambda future: told.append(future))
    assert latest.ticket is not None
    latest.cancel()
    pool.run()
    assert not told and not pool.waiting and latest.ticket is None


def test_a_ticket_says_how_far_it_is_and_ends_with_the_server() -> None:
    stopping = threading.Event()
    ticket = Ticket(stopping)
    ticket.part(100, 300)(50, 100)
    assert (ticket.done, ticket.total) == (150, 300)
    stopping.set()
    with pytest.raises(Cancelled):
        ticket.part(100, 300)(60, 100)


def test_sessions_share_nothing_that_moves() -> None:
    service = Service(Settings(preview=5, compiled=False), Store(agents))
    first = service.question("mitsui_outlet", service.programs()["mitsui_outlet"], 5)
    moved = changed(first.shipped, {SILVER: 60000}, *first.days)
    assert service.question("mitsui_outlet", moved, 5).names["program"] == "mitsui_outlet_changed.yaml"
    assert service.programs()["mitsui_outlet"] == load_program("mitsui_outlet")
    assert not first.is_changed
    service.warm_up()
    assert len(service.store) == 1
    service.close()


# --- starting --------------------------------------------------------------------------------------------------------
def test_the_command_line_starts_without_panel() -> None:
    call = (
        "import sys, apps.cli, apps.levers, apps.store, apps.estimates, apps.runs, apps.repeat; "
        "assert not {'panel', 'panel_material_ui', 'bokeh'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", call], check=True, cwd=Path(__file__).parents[1])


def refusal(*words: str) -> str:
    found = CliRunner().invoke(cli.app, list(words))
    assert isinstance(found.exception, BadInput), found.output
    return str(found.exception)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda name: None if name.startswith("panel") else find_spec(name))
    assert refusal("app") == ("expected panel, panel_material_ui to be installed: pip install 'loyalty-workbench[app]'")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Calls of ``serve``, which serves nothing."""
    pytest.importorskip("panel", reason="the extra `app` is not installed")
    pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")
    from apps import app

    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(app, "serve", lambda service, *rest, workspace: calls.append(rest))
    monkeypatch.setattr(Service, "warm_up", lambda _: None)
    for name in ("PANEL_BASIC_AUTH", "PANEL_OAUTH_PROVIDER", "PANEL_COOKIE_SECRET"):
        monkeypatch.delenv(name, raising=False)
    return calls


def test_served_to_this_machine_alone_unless_asked(started: list[tuple[Any, ...]]) -> None:
    found = CliRunner().invoke(cli.app, ["app"], env={"COLUMNS": "200"})
    assert found.exit_code == 0, found.output
    assert started == [("127.0.0.1", 5006, ["127.0.0.1:5006", "localhost:5006"])]
    assert "password" not in found.stderr


def test_beyond_this_machine_it_says_who_may_enter(
    started: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["app", "--host", "0.0.0.0", "--port", "5010", "--origin", "loyalty.example:443"]
    found = CliRunner().invoke(cli.app, words)
    assert found.exit_code == 0, found.output
    for said in (
        "Anyone who reaches this machine on 0.0.0.0 can use the app",
        "PANEL_BASIC_AUTH",
        "PANEL_OAUTH_PROVIDER",
    ):
        assert said in found.stderr.replace("\n", " ")
    host, port, origins = started[0]
    assert (host, port) == ("0.0.0.0", 5010)
    assert {f"{socket.gethostname()}:5010", "loyalty.example:443"} <= set(origins)
    assert "*" not in "".join(origins)
    monkeypatch.setenv("PANEL_BASIC_AUTH", "users.json")
    assert refusal(*words).startswith("PANEL_COOKIE_SECRET: missing")
    monkeypatch.setenv("PANEL_COOKIE_SECRET", "secret")
    assert "Anyone" not in CliRunner().invoke(cli.app, words).stderr


def test_a_port_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("panel", reason="the extra `app` is not installed")
    pytest.importorskip("panel_material_ui", reason="the extra `app` is not installed")
    monkeypatch.setattr(Service, "warm_up", lambda _: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = refusal("app", "--port", str(taken.getsockname()[1]))
    assert said.startswith("--port: expected an address that can be served on")


def test_a_comparison_keeps_its_head_apart() -> None:
    one = Store(agents).outcome(question("ledger_fixed_rate", members=3, years=1).scenario())
    assert figures(Comparison(one, one, None))[2].change is None


# --- levers ----------------------------------------------------------------------------------------------------------
def test_a_lever_hears_what_the_browser_says_and_nothing_else() -> None:
    heard: list[Any] = []
    lever = LeverInput(
        lambda value: heard.append(("moved", value)),
        lambda value: heard.append(("typed", value)),
        lambda: heard.append("reset"),
    )
    messages: list[dict[str, Any]] = [
        {"move": 12.5},
        *({"type": text} for text in (" 30,000 ", "３０", "many", "NaN", "")),
    ]
    for said, message in enumerate([*messages, {"reset": True}, {"move": "12"}, {"else": 1}]):
        lever._handle_msg({**message, "said": said})
    for nonsense in (None, "move", 7, {"move": 3}, {"move": 3, "said": "one"}):
        lever._handle_msg(nonsense)
    assert heard == [
        ("moved", 12.5), ("typed", Decimal("30000")), ("typed", Decimal("30")), ("typed", None), ("typed", None), ("typed", None), "reset",
    ]  # fmt: skip
    lever.say({"off": True})
    assert lever.shown == {"off": True, "heard": 8}
