"""Winners and losers, and where a difference in sales comes from: small pairs by hand, and drawn ones against plain sums."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.finance.outcomes import (
    FACTORS,
    decomposition,
    footed,
    worth_by_segment,
    worth_by_tier,
    worth_in_all,
)
from workbench.finance.pairs import PairPanel, blank_pairs, fold_pair
from workbench.finance.panel import Story

LAST = 20_000


def fold(customers: list[dict[str, Any]], tiers: int = 2) -> PairPanel:
    """Customers as {baseline, program: amounts (-1: none), worth: in both worlds, tier, segment}."""
    pair = blank_pairs(LAST, tiers)
    for each in customers:
        stories = [Story(), Story()]
        for story, worth in zip(stories, each.get("worth", (0, 0)), strict=True):
            story.worth = worth
        count = len(each["baseline"])
        days = list(range(LAST - count, LAST))
        fold_pair(
            pair,
            count,
            days,
            each["baseline"],
            each["program"],
            0,
            each.get("tier", -1),
            each.get("segment", 0),
            *stories,
        )
    return pair


def test_winners_losers_and_the_others_by_hand() -> None:
    """One gains 5, one loses 7, one loses 1, one stays at 3."""
    pair = fold([
        {"baseline": [1], "program": [1], "worth": (0, 5), "tier": 1, "segment": 4},
        {"baseline": [1], "program": [1], "worth": (10, 3), "tier": 1, "segment": 4},
        {"baseline": [1], "program": [1], "worth": (1, 0), "tier": 0},
        {"baseline": [-1], "program": [-1], "worth": (3, 3)},
    ])  # fmt: skip
    found = worth_in_all(pair)
    assert (found.winners, found.losers, found.unchanged, found.gained, found.lost) == (1, 2, 1, 5, 8)
    assert [(each.winners, each.losers, each.unchanged) for each in worth_by_tier(pair)] == [
        (0, 0, 1),
        (0, 1, 0),
        (1, 1, 0),
    ]
    assert [each.members for each in worth_by_segment(pair)] == [2, 0, 0, 0, 2]


def test_a_difference_in_sales_by_hand() -> None:
    """Two customers, one of whom buys without the program: 100. With it both do, once at 100 and twice at 150: 400. Without: share 1/2, one
    purchase each, basket 100; with: share 1, 3/2 purchases each, basket 400/3. Of the six orders of three factors: the share adds
    (100 + 100 + 150 + 400/3 + 200 + 200) / 6 = 147.22, counted below; the three parts are 300 together."""
    pair = fold([{"baseline": [100, -1], "program": [100, -1]}, {"baseline": [-1, -1], "program": [150, 150]}])
    found = decomposition(pair)
    assert found is not None
    assert [found.baseline[name] for name in FACTORS] == [2, Fraction(1, 2), 1, 100]
    assert [found.program[name] for name in FACTORS] == [2, 1, Fraction(3, 2), Fraction(400, 3)]
    share = Fraction(100 + 100, 6) + Fraction(1, 6) * (150 + Fraction(400, 3) + 200 + 200)
    assert found.parts["share_buying"] == share
    assert found.parts["members"] == 0
    assert sum(found.parts.values()) == found.difference == 300


amounts = st.lists(st.tuples(st.integers(-1, 5000), st.integers(-1, 5000)), min_size=1, max_size=6)


@given(
    st.lists(
        st.tuples(amounts, st.integers(-100, 100), st.integers(-100, 100), st.integers(-1, 1), st.integers(0, 4)),
        min_size=1,
        max_size=12,
    )
)
def test_parts_add_up_and_everybody_is_somewhere(customers: list[Any]) -> None:
    pair = fold([
        {"baseline": [a for a, _ in bought], "program": [b for _, b in bought], "worth": (x, y), "tier": tier, "segment": segment}
        for bought, x, y, tier, segment in customers
    ])  # fmt: skip
    worth = np.array([y - x for _, x, y, _, _ in customers])
    found = worth_in_all(pair)
    assert (found.winners, found.losers) == ((worth > 0).sum(), (worth < 0).sum())
    assert (found.gained, found.lost) == (worth[worth > 0].sum(), -worth[worth < 0].sum())
    assert found.members == len(customers) == sum(each.members for each in worth_by_tier(pair))
    sales = [sum(max(pair_of[world], 0) for bought, *_ in customers for pair_of in bought) for world in (0, 1)]
    parts = decomposition(pair)
    bought_at_all = [any(pair_of[world] >= 0 for bought, *_ in customers for pair_of in bought) for world in (0, 1)]
    assert (parts is None) == (not all(bought_at_all))
    if parts is not None:
        assert sum(parts.parts.values()) == parts.difference == sales[1] - sales[0]
        assert sum(footed(parts.parts, parts.difference).values()) == sales[1] - sales[0]


@pytest.mark.parametrize(
    "parts, whole",
    [
        ({"a": Fraction(1, 3), "b": Fraction(1, 3), "c": Fraction(1, 3)}, [1, 0, 0]),
        ({"a": Fraction(-1, 2), "b": Fraction(5, 2), "c": Fraction(0)}, [0, 2, 0]),
    ],
)
def test_parts_are_rounded_so_that_they_foot(parts: dict[str, Fraction], whole: list[int]) -> None:
    assert list(footed(parts, sum(parts.values(), Fraction(0))).values()) == whole
