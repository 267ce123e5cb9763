"""Two tellings of the rules agree: the rulebook's replay and the naive model, entry for entry, over every feature of the format.

The naive model (``tests/naive``) was written from the prose alone and shares no rule with ``workbench``. A mistake would have to
be made twice, in two styles, to pass here; so what differs is always worth reading, whichever of the two is wrong.
"""

from collections import Counter
from typing import get_args

import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.compared import MOST_REFUSED, compare, difference, is_refused, told
from tests.strategies import Case, cases, draw_case
from workbench.program.lower import lower
from workbench.program.spec import Program
from workbench.rules.expiry import Expiry
from workbench.spec import SpecError
from workbench.units import to_day

SEEDS, CHUNKS = 720, 12
SLOW_SEEDS, SLOW_CHUNKS = 5000, 20
SIZE, SLOW_SIZE = SEEDS // CHUNKS, SLOW_SEEDS // SLOW_CHUNKS


# --- the tests -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_rules_and_naive_model_agree(chunk: int) -> None:
    compare(range(chunk * SIZE, (chunk + 1) * SIZE), draw_case)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(SLOW_CHUNKS))
def test_rules_and_naive_model_agree_on_many(chunk: int) -> None:
    compare(range(SEEDS + chunk * SLOW_SIZE, SEEDS + (chunk + 1) * SLOW_SIZE), draw_case)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cases())
def test_rules_and_naive_model_agree_on_what_shrinks(case: Case) -> None:
    """The same with Hypothesis, which looks for the smallest log and program that differ."""
    try:
        found = difference(case)
    except SpecError as error:
        assume(not is_refused(error))
        raise
    assert not found, f"{found}\n{told(case)}"


def compared_programs() -> tuple[list[Program], int]:
    """The programs of the normal run's seeds that are compared, and the number of those refused."""
    programs: list[Program] = []
    refused = 0
    for seed in range(SEEDS):
        program, rows, _ = draw_case(seed)
        day = to_day(rows[0]["date"])
        try:
            lower(program, day, day)
        except SpecError as error:
            if not is_refused(error):
                raise
            refused += 1
            continue
        programs.append(program)
    return programs, refused


def test_the_compared_seeds_use_every_choice_of_the_format() -> None:
    """A rule that no compared program has would agree with anything."""
    programs, refused = compared_programs()
    assert refused <= MOST_REFUSED * SEEDS
    assert len(programs) >= 600
    tiers = [each.tiers for each in programs if each.tiers is not None]
    levels = [level for each in tiers for level in each.levels]
    earn = [each.earn for each in programs]
    caps = [cap for each in earn for cap in each.caps]
    multipliers = [each for one in earn for each in one.multipliers]
    bonuses = [each for one in earn for each in one.bonuses]
    pending = [each.pending for each in earn if each.pending is not None]
    redemption = [each.redemption for each in programs if each.redemption is not None]
    off = [each.money_off for each in redemption if each.money_off is not None]
    refunds = [each.refunds for each in programs]
    decided = {
        "expiry": Counter(each.expiry.model for each in programs),
        "rounding": Counter((each.rounding.mode, each.rounding.scope) for each in earn),
        "carry_resets": Counter(each.rounding.carry_resets for each in earn if "carry" in each.rounding.scope or each.rounding.mode == "none"),
        "stage": Counter(each.multiplier_stage for each in earn),
        "stacking": Counter(each.stacking for each in earn if len(each.multipliers) > 1),
        "multiplier": Counter(
            field for each in multipliers for field in ("tiers", "weekdays", "days_of_month", "dates", "birthday", "categories", "channels")
            if getattr(each, field)
        ),
        "rates": Counter(
            "brackets" if each.brackets else "by_tier" if each.rate_by_tier else "rate" if each.rate else "none" for each in earn
        ),
        "brackets": Counter((each.brackets.on, each.brackets.marginal) for each in earn if each.brackets is not None),
        "rate_tier": Counter(each.rate_tier for each in earn),
        "eligible": Counter(
            (field, getattr(each.eligible, field)) for each in earn for field in ("discount", "tax", "delivery", "paid_with_points")
        ),
        "cap": Counter((each.per, each.beyond, each.stage) for each in caps),
        "bonus": Counter((each.event, each.once) for each in bonuses),
        "bonus_expiry": Counter(each.expiry.model for each in bonuses if each.expiry is not None),
        "pending": Counter((each.expiry_clock, each.spend_counts, each.points_count, each.bonuses) for each in pending),
        "window": Counter(each.window.kind for each in tiers),
        "upgrade": Counter(each.upgrade for each in tiers),
        "skip_levels": Counter(each.skip_levels for each in tiers),
        "validity": Counter((each.validity.until, each.validity.rehit_rebases) for each in tiers),
        "counter": Counter(each.counter for each in tiers),
        "downgrade": Counter(each.downgrade for each in tiers),
        "grace": Counter(each.grace_months > 0 for each in tiers),
        "after_refund": Counter(each.after_refund for each in tiers),
        "metric": Counter(metric for each in tiers for metric in each.metrics),
        "level": Counter(field for each in levels for field in ("enter", "retain", "reenter", "invitation") if getattr(each, field)),
        "consume": Counter(each.consume for each in redemption),
        "redemption": Counter(field for each in redemption for field in ("money_off", "catalogue", "automatic", "windows") if getattr(each, field)),
        "money_off": Counter(
            (field, bool(getattr(each, field)) and getattr(each, field) != 1)
            for each in off for field in ("block", "minimum_balance", "minimum_basket", "maximum_share")
        ),
        "refunds": Counter((each.method, each.shortfall, each.points_back) for each in refunds),
        "cap_room_back": Counter(each.cap_room_back for each in refunds),
        "within_days": Counter(each.within_days is not None for each in refunds),
    }  # fmt: skip
    expected = {
        "expiry": 11, "rounding": 8, "carry_resets": 2, "stage": 2, "stacking": 4, "multiplier": 7, "rates": 4, "brackets": 3, "rate_tier": 2,
        "eligible": 8, "cap": 22, "bonus": 25, "bonus_expiry": 7, "pending": 16, "window": 8, "upgrade": 3, "skip_levels": 2,
        "validity": 8, "counter": 3, "downgrade": 3, "grace": 2, "after_refund": 2, "metric": 5, "level": 4, "consume": 2, "redemption": 4,
        "money_off": 8, "refunds": 12, "cap_room_back": 2, "within_days": 2,
    }  # fmt: skip
    assert {name: len(seen) for name, seen in decided.items()} == expected
    for name in ("expiry", "rounding", "stacking", "window", "upgrade", "validity", "counter", "downgrade", "refunds"):
        assert min(decided[name].values()) >= 5, (name, decided[name])


FOUND = (
    1616,
    1764,
    1947,
    2518,
    3555,
    3680,
    4487,
    4786,
    7128,
    9378,
    10106,
    10629,
    11433,
    12389,
    12605,
    13724,
    17068,
    18466,
    18488,
    19748,
)


def test_seeds_that_once_differed_agree() -> None:
    """Each of these told the two apart once: lapsing returns, late bonuses, surpluses kept, falls by a refund, order of an order's lots."""
    for seed in FOUND:
        compare(range(seed, seed + 1), draw_case)


def test_every_expiry_policy_is_drawn() -> None:
    """A new policy has to be taught to the strategies (and so to the naive model), or no random program would ever hold it."""
    union, _ = get_args(Expiry)
    names = {get_args(policy.model_fields["model"].annotation)[0] for policy in get_args(union)}
    assert {draw_case(seed)[0].expiry.model for seed in range(300)} == names
