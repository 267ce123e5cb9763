"""Segments, streaks, referrals, messages and actions in simulations: the kernel lives them as the agents do, and nothing moves without them."""

from typing import Any

from simulators.agents import run_agents
from simulators.kernel import run_kernel
from tests.test_kernel import same, scenario
from workbench.finance.world import NUMBER
from workbench.ledger import SEGMENT
from workbench.program.load import load_program
from workbench.program.spec import Program
from workbench.scenario import Run

RFM = {"window_months": 6, "recency_days": 90, "frequency": 2, "monetary": 5000}


def with_parts(slug: str, **parts: Any) -> Program:
    """A program of the library with further parts."""
    data = load_program(slug).model_dump(mode="json", by_alias=True)
    return Program.model_validate(data | parts)


def of_kind(run: Run, kind: int) -> int:
    """Entries of a kind in the program's world."""
    return int(run.program.by_month[:, kind, NUMBER].sum())


def test_segments_are_scored_alike_by_both_engines_and_change_nothing_else() -> None:
    case = scenario(with_parts("mitsui_outlet", segments=RFM), 80)
    mine = run_kernel(case)
    same(mine, run_agents(case))
    plain = run_kernel(scenario(load_program("mitsui_outlet"), 80))
    assert of_kind(mine, SEGMENT) > 80
    assert of_kind(plain, SEGMENT) == 0
    kinds = [kind for kind in range(mine.program.frame.kinds) if kind != SEGMENT]
    assert (mine.program.by_month[:, kinds] == plain.program.by_month[:, kinds]).all()
