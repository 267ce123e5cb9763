"""Segments, streaks, referrals, messages and actions in simulations: the kernel lives them as the agents do, and nothing moves without them."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.agents import run_agents
from simulators.kernel import run_kernel
from simulators.recorded import BadRow
from tests.lived import lived
from tests.test_kernel import same, scenario
from workbench.finance.world import NUMBER
from workbench.ledger import SEGMENT
from workbench.program.load import load_program
from workbench.program.lower import lower
from workbench.program.spec import Program
from workbench.scenario import Run
from workbench.spec import SpecError

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


REFERRAL = {
    "qualifies": "first_purchase", "within_days": 60, "cap": {"count": 2, "per": "year"},
    "referrer": {"points": 100}, "referee": {"rate": {"points": 1, "per": 50}, "for_days": 30},
}  # fmt: skip


def posted_at_once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"posted": None} | row for row in rows]


def joined(day: int, *others: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"member_id": "Ann", "date": date(2024, 1, day), "event": "join"}, *others]


def test_a_referral_is_bad_input_where_the_program_has_none() -> None:
    rows = joined(1, {"member_id": "Bob", "date": date(2024, 1, 2), "event": "referral", "referrer": "Ann"})
    with pytest.raises(BadRow, match="nothing that this event could belong to"):
        lived(load_program("mitsui_outlet"), posted_at_once(rows), date(2024, 1, 31))


def test_points_of_a_referral_that_could_leave_63_bits_are_refused() -> None:
    reward = {"rate": {"points": 10**12, "per": 1}}
    with pytest.raises(SpecError, match="63-bit") as found:
        lower(with_parts("mitsui_outlet", referral=REFERRAL | {"referrer": reward}), 0, 10)
    assert found.value.path == ("referral", "referrer", "rate", "points")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_referrals_conserve_points_and_are_counted_once(seed: int) -> None:
    """Drawn logs of a few members: conservation after every row (``lived``), one qualifying referral a member, no more rewarded a year
    than the cap allows, and nothing left of an order that came back whole but what it gave others."""
    random = Random(seed)
    rows: list[dict[str, Any]] = []
    orders: dict[str, list[tuple[str, int]]] = {}
    day = date(2024, 1, 1)
    for k in range(30):
        day += timedelta(days=random.choice((0, 0, 1, 7, 40)))
        member = random.choice("abcdef")
        event = random.choice(("referral", "referral", "purchase", "purchase", "refund"))
        row: dict[str, Any] = {"member_id": member, "date": day, "event": event}
        if event == "referral":
            row["referrer"] = random.choice("abcdef")
        elif event == "purchase":
            row |= {"amount": Decimal(random.randrange(1, 400)), "order_id": f"o{k}"}
            orders.setdefault(member, []).append((f"o{k}", int(row["amount"])))
        elif orders.get(member):
            order, amount = orders[member].pop()
            row |= {"amount": Decimal(amount), "refund_of": order}
        else:
            row = {"member_id": member, "date": day, "event": "join"}
        rows.append(row)
    entries, _, _, _ = lived(with_parts("mitsui_outlet", referral=REFERRAL), posted_at_once(rows), day)
    referees = Counter(member for member, _, kind, *_ in entries if kind == "referral")
    assert max(referees.values(), default=0) <= 1
    rewarded = Counter((member, at.year) for member, at, *_, rule in entries if rule == "referral.referrer")
    assert max(rewarded.values(), default=0) <= 2
