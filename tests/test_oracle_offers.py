"""The two tellings agree on coupons, member prices, stored value, plans, referrals, messages, segments, streaks and shared limits too.

As ``test_oracle.py``: the naive model was written from ``docs/semantics_offers.md`` alone.
"""

from collections import Counter
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from ruamel.yaml import YAML

from simulators.transactions import EVENTS
from tests.compared import compare, difference, is_refused, told
from tests.naive import naive_replay
from tests.strategies import Case, Row
from tests.strategies_offers import BOTH, COUPONS_ONLY, MESSAGES_ONLY, PARTS, draw_offers, offer_cases
from workbench.ledger import KINDS
from workbench.packaging import HOME
from workbench.program.load import program_from_mapping
from workbench.spec import SpecError

CASES = HOME / "programs" / "cases"
TRIGGERS = {*BOTH, *COUPONS_ONLY, *MESSAGES_ONLY}

ONE_VERSION = tuple(part for part in PARTS if part != "versions")
SEEDS, CHUNKS = 400, 8
SLOW_SEEDS, SLOW_CHUNKS = 4000, 20
SIZE, SLOW_SIZE = SEEDS // CHUNKS, SLOW_SEEDS // SLOW_CHUNKS
drawn = partial(draw_offers, parts=ONE_VERSION)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_rules_and_naive_model_agree(chunk: int) -> None:
    compare(range(chunk * SIZE, (chunk + 1) * SIZE), drawn)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(SLOW_CHUNKS))
def test_rules_and_naive_model_agree_on_many(chunk: int) -> None:
    compare(range(SEEDS + chunk * SLOW_SIZE, SEEDS + (chunk + 1) * SLOW_SIZE), drawn)


VERSIONS = (
    "versions",
    "coupons",
    "prices",
    "stored_value",
    "plans",
    "referral",
    "messages",
    "segments",
    "streaks",
    "stock",
)
SOME = 300


@pytest.mark.parametrize("chunk", range(0, SOME, SIZE))
def test_rules_and_naive_model_agree_over_versions(chunk: int) -> None:
    compare(range(chunk, chunk + SIZE), partial(draw_offers, parts=VERSIONS))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(offer_cases(ONE_VERSION))
def test_rules_and_naive_model_agree_on_what_shrinks(case: Case) -> None:
    """The same with Hypothesis, which looks for the smallest log and program that differ."""
    try:
        found = difference(case)
    except SpecError as error:
        assume(not is_refused(error))
        raise
    assert not found, f"{found}\n{told(case)}"


@pytest.mark.parametrize("part", ["segments", "referrals", "value", "plans", "messages", "coupons", "versions"])
def test_the_naive_model_agrees_with_the_cases_worked_by_hand(part: str) -> None:
    """What the rules must give by hand, the naive model must give too, or it would only share their mistakes."""
    for case in YAML(typ="safe").load(CASES / f"_offers_{part}.yaml"):
        program = program_from_mapping(case["program"])
        rows = [worked_row(row) for row in case["transactions"]]
        found = difference((program, rows, case["as_of"]))
        assert not found, f"{case['case']}: {found}"


def worked_row(given: dict[str, Any]) -> Row:
    """A row of a case as the model takes it."""
    row: Row = {"member_id": "m1", "posted": None, "amount": None, "points": None, "birthday": None, "referrer": ""}
    row |= dict.fromkeys(("order_id", "refund_of", "category", "channel", "action"), "")
    row |= dict.fromkeys(("discount", "tax", "delivery"), Decimal(0))
    row |= given
    money = {key: Decimal(str(row[key])) for key in ("amount", "discount", "tax", "delivery") if row[key] is not None}
    return {**row, **money, "order_id": str(row["order_id"]), "refund_of": str(row["refund_of"])}


def test_the_compared_seeds_reach_every_kind_of_entry_and_refusal() -> None:
    """A kind of entry, trigger or coupon that no compared program has would agree with anything."""
    kinds: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    triggers: Counter[str] = Counter()
    gives: Counter[str] = Counter()
    for seed in range(0, SEEDS, 2):
        program, rows, as_of = drawn(seed)
        outcome = naive_replay(program, rows, as_of)
        kinds.update(entry[2] for entry in outcome.entries)
        refused.update(rows[index]["event"] for index in outcome.refused)
        triggers.update(each.trigger.on for each in (*program.coupons, *program.automations))
        gives.update(each.gives.kind for each in program.coupons)
    assert set(kinds) == set(KINDS) - {"held_out", "version"}
    assert set(refused) == set(EVENTS) - {"join", "purchase", "action"}
    assert set(triggers) == set(TRIGGERS)
    assert len(gives) == 6
