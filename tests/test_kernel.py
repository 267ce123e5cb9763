"""The kernel lives the same lives as the agents: equal digests, equal panels, whatever the threads and blocks."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simulators.kernel.run as kernel_run
from simulators.agents import run_agents
from simulators.kernel import cache, compare_kernel, refusals, run_kernel
from simulators.layout import ACCOUNT, TERMS, TooLarge, blank, packed
from simulators.simulate import compare, simulate
from tests.strategies import draw_case
from workbench.digest import ledger_sum
from workbench.errors import BadInput
from workbench.packaging import HOME
from workbench.population.load import load_assumptions, load_population, shipped_assumptions
from workbench.population.spec import Joining, Population, Returns, scaled
from workbench.program.load import library, load_program
from workbench.program.lower import lower
from workbench.program.spec import Program
from workbench.rules.bounds import DAYS
from workbench.scenario import Run, Scenario
from workbench.spec import SpecError


def shaken(population: Population) -> Population:
    """A population in which everything happens: most join only after a while, and many purchases are refunded."""
    return population.model_copy(update={"joining": Joining(share=0.4), "returns": Returns(share=0.25, days=20)})


def scenario(program: Program, members: int = 120, **more: object) -> Scenario:
    """A small scenario of a program's own population."""
    values = {
        "population": shaken(load_population(program.population)),
        "assumptions": load_assumptions("central"),
        "members": members,
    } | more
    return Scenario(program, **values)  # type: ignore[arg-type]


def same(a: Run, b: Run) -> None:
    """Two runs are equal: every entry (the digest), every panel, every response."""
    assert a.digest == b.digest
    for mine, other in ((a.program, b.program), (a.baseline, b.baseline), (a.pairs, b.pairs)):
        for name in mine._fields:
            if isinstance(getattr(mine, name), np.ndarray):
                np.testing.assert_array_equal(getattr(mine, name), getattr(other, name), err_msg=name)
    np.testing.assert_array_equal(a.responses.sums, b.responses.sums)


@pytest.mark.parametrize("slug", library())
def test_every_program_of_the_library_has_the_digest_of_the_agents(slug: str) -> None:
    """Where members share something, the kernel says so; with nobody referred it lives the rest."""
    program = load_program(slug)
    for members, assumptions in ((120, "central"), (60, "responsive")):
        case = scenario(program, members, assumptions=load_assumptions(assumptions), years=4)
        if refusals(case, [program, case.baseline]):
            with pytest.raises(TooLarge, match=r"not independent|share"):
                run_kernel(case)
            alone = case.assumptions.referral.model_copy(update={"share": 0.0})
            case = replace(case, assumptions=case.assumptions.model_copy(update={"referral": alone}))
        if not refusals(case, [program, case.baseline]):
            same(run_kernel(case), run_agents(case))


@pytest.mark.parametrize("assumptions", shipped_assumptions())
def test_every_set_of_assumptions_has_the_digest_of_the_agents(assumptions: str) -> None:
    case = scenario(load_program("mitsui_outlet"), 150, assumptions=load_assumptions(assumptions))
    same(run_kernel(case), run_agents(case))


def test_a_program_may_be_the_baseline() -> None:
    case = scenario(load_program("mitsui_outlet"), 150, baseline=load_program("mos_burger"))
    same(run_kernel(case), run_agents(case))


def drawn(first: int, last: int) -> int:
    """Compare drawn programs, each lived by a few members; returns how many were compared."""
    compared = 0
    for seed in range(first, last):
        program, _, _ = draw_case(seed)
        case = scenario(program, 12, population=shaken(load_population("department_store_twd")), seed=seed, years=2)
        try:
            mine = run_kernel(case)
        except SpecError:  # refused by name: its integers could leave 63 bits
            with pytest.raises(SpecError):
                run_agents(case)
            continue
        same(mine, run_agents(case))
        compared += 1
    return compared


def test_drawn_programs_have_the_digest_of_the_agents() -> None:
    assert drawn(0, 60) > 50


@pytest.mark.slow
def test_many_drawn_programs_have_the_digest_of_the_agents() -> None:
    assert drawn(60, 1000) > 800


def test_neither_threads_nor_blocks_change_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    case = scenario(load_program("mitsui_outlet"), 1000)
    whole = run_kernel(case, threads=1)
    for threads, block in ((2, 4096), (3, 100), (7, 33), (1, 1000)):
        monkeypatch.setattr(kernel_run, "BLOCK", block)
        monkeypatch.setattr("simulators.kernel.BLOCK", block)
        same(run_kernel(case, threads=threads), whole)


def test_kept_ledgers_are_those_of_the_agents_and_have_the_digest() -> None:
    case = scenario(load_program("mos_burger"), 500)
    mine, other = run_kernel(case, keep=True), run_agents(case)
    assert mine.ledgers is not None
    assert other.ledgers is not None
    for table, expected, sums in zip(mine.ledgers, other.ledgers, (mine.program, mine.baseline), strict=True):
        np.testing.assert_array_equal(table.rows, expected.rows)
        np.testing.assert_array_equal(np.sort(table.lots, axis=0), np.sort(expected.lots, axis=0))
        np.testing.assert_array_equal(table.joined, expected.joined)
        np.testing.assert_array_equal(table.tier, expected.tier)
        assert table.rules == expected.rules
        assert ledger_sum(table.rows) == ledger_sum(expected.rows)
        assert sums.frame.first_day == case.start_day


def test_several_programs_in_one_pass_are_those_of_single_runs() -> None:
    programs = [load_program("mitsui_outlet"), load_program("mos_burger"), load_program("eslite")]
    case = scenario(programs[0], 300, assumptions=load_assumptions("central"))
    mine, agents = compare_kernel(case, programs), compare(case, programs, engine="agents")
    assert [run.scenario.program for run in mine.runs] == programs
    for run, other in zip(mine.runs + mine.against_first, agents.runs + agents.against_first, strict=True):
        assert run.scenario == other.scenario
        assert run.digest == other.digest
        np.testing.assert_array_equal(run.pairs.cells, other.pairs.cells)


def test_simulate_takes_the_kernel_and_the_agents_where_it_has_no_room() -> None:
    program = load_program("ledger_spendable")
    assert simulate(scenario(program, 10)).engine == "kernel"
    assert simulate(scenario(program, 10), engine="agents").engine == "agents"
    long = scenario(program, 2, years=50)
    with pytest.raises(TooLarge, match=f"more than the {DAYS}"):
        simulate(long, engine="kernel")
    assert simulate(long).engine == "agents"


def test_a_member_who_outgrows_the_room_is_refused_by_name_and_lived_by_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody buys so much in a shipped population; here everybody buys 400 times a day."""
    population = load_population("department_store_twd")
    busy = population.model_copy(
        update={"purchases": population.purchases.model_copy(update={"r": 400.0, "alpha": 1.0, "unit": "day"})}
    )
    never = load_program("ledger_fixed_rate").model_copy(update={"redemption": None})
    case = scenario(never, 1, population=busy, years=1)
    with pytest.raises(TooLarge, match=r"lots or \d+ entries at once"):
        simulate(case, engine="kernel")


def test_progress_counts_members_and_may_end_the_run() -> None:
    case = scenario(load_program("mos_burger"), 9000)
    seen: list[tuple[int, int]] = []
    run_kernel(case, lambda done, total: seen.append((done, total)), threads=2)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (9000, 9000)

    class Enough(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Enough

    for threads in (1, 2):
        with pytest.raises(Enough):
            run_kernel(case, stop, threads=threads)


def test_a_list_beyond_its_room_is_refused_by_name() -> None:
    terms = lower(load_program("mos_burger"), 20000, 20000 + DAYS).terms
    with pytest.raises(TooLarge, match=f"{DAYS + 1} where compiled code has room for {DAYS}"):
        packed(terms, blank(TERMS)[0])


def test_clearing_an_account_clears_every_field() -> None:
    from simulators.kernel.life import clear

    account = blank(ACCOUNT)[0]
    for name in account.own.dtype.names:
        account.own[name] = 7
    account.meters[2].used = 7
    account.book.cursor.entries = 7
    clear(account, 3, 2)
    assert set(account.own.item()) == {0}
    assert account.meters[2].used == 0
    assert account.book.cursor.entries == 0


# --- compiled code ----------------------------------------------------------------------------------------------------
def in_fresh_process(code: str, **environment: str) -> str:
    """What a snippet prints in a Python of its own."""
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True, text=True, env=os.environ | environment, cwd=HOME, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-2000:]
    return found.stdout.strip()


LIVED = """
from simulators.kernel import run_kernel
from tests.test_kernel import scenario
from workbench.program.load import load_program
for slug in ("mitsui_outlet", "home_shop"):
    print(run_kernel(scenario(load_program(slug), 8)).digest)
"""


def test_uncompiled_the_kernel_gives_the_same_digest() -> None:
    """With the compiler off the same functions run in the interpreter, where integers do not wrap and indices are checked."""
    digests = [run_kernel(scenario(load_program(slug), 8)).digest for slug in ("mitsui_outlet", "home_shop")]
    assert in_fresh_process(LIVED, NUMBA_DISABLE_JIT="1").split() == digests


def test_the_cache_is_named_after_every_file_that_is_compiled() -> None:
    """Whatever the compiled functions' modules import of ours is looked at."""
    loaded = in_fresh_process(
        "import sys, simulators.kernel.block, simulators.kernel.candidates\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] in ('workbench', 'simulators')))"
    )
    files = {Path(name) for name in loaded.split()}
    entry_points = {HOME / "simulators" / "kernel" / f"{name}.py" for name in ("__init__", "run", "worlds")}
    plain = {path for path in files if path.name == "__init__.py"}
    needed = {
        path for path in files - plain - entry_points if "@rule" in path.read_text() or "@compiled" in path.read_text()
    }
    assert needed <= set(cache.sources())
    assert HOME / "workbench" / "rules" / "bounds.py" in cache.sources()


@pytest.mark.slow
def test_an_edited_rule_gives_the_new_answer(tmp_path: Path) -> None:
    """A copy of the sources lives, then a rule is edited (a lot's points doubled on their way in), and it lives again: no stale code."""
    for name in ("workbench", "simulators", "programs", "tests"):
        shutil.copytree(HOME / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    code = f"import os, sys; sys.path.insert(0, {str(tmp_path)!r}); os.chdir({str(tmp_path)!r})\n{LIVED}"
    environment = {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    before = in_fresh_process(code, **environment)
    again = in_fresh_process(code, **environment)
    rule = tmp_path / "workbench" / "rules" / "lots.py"
    text = rule.read_text()
    assert text.count("    lot.points = points\n") == 1
    rule.write_text(text.replace("    lot.points = points\n", "    points *= 2\n    lot.points = points\n"))
    after = in_fresh_process(code, **environment)
    assert before == again
    assert before != after


def test_sums_that_could_leave_63_bits_are_refused() -> None:
    """110,000 members who buy 60 times a year for ten billion: 2 * 10 ** 19 minor units."""
    population = scaled(load_population("department_store_twd"), purchases_per_year=60, mean_basket=9e8)
    with pytest.raises(BadInput, match="63-bit"):
        simulate(scenario(load_program("mitsui_outlet"), 110_000, population=population))


def test_the_agents_take_over_and_say_why_but_not_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.kernel.live_blocks", outgrown)
    said: list[str] = []
    case = scenario(load_program("mos_burger"), 20)
    assert simulate(case, notify=said.append).engine == "agents"
    assert said == ["lived by the agents: too large"]
    with pytest.raises(TooLarge):
        simulate(scenario(load_program("mos_burger"), 20_001))


def outgrown(*_: object) -> None:
    """A member who outgrows the room there is."""
    raise TooLarge("too large")
