"""What a program costs, line by line and month by month: a world of a few entries, worked by hand."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

import workbench.finance.panel as fold
from workbench.cost_statement import FEES, LINES, cost_of, cost_statement, face_millionths, offer_rates
from workbench.finance.world import WorldPanel, blank_world
from workbench.ledger import (
    BONUS_BACK,
    DISCOUNT,
    FEE,
    FEE_DUE,
    FEE_REFUND,
    ISSUE,
    KINDS,
    MESSAGE,
    PAY_BONUS,
    PURCHASE,
    REBATE,
    REDEEM,
    REFERRAL,
    RESTORE,
    RETURN,
    USE,
    VOUCHER,
    Entry,
)
from workbench.program.load import program_from_mapping
from workbench.program.offer_costs import plan_cost
from workbench.program.spec import Program
from workbench.spec import SpecError
from workbench.units import NEVER, to_day

RULES = (
    "transaction", "redemption.money_off", "redemption.catalogue.cup", "refunds.points_back", "prices.day", "coupons.off", "coupons.gift",
    "stored_value.bonus", "plans.plus", "referral", "messages.hello", "expiry",
)  # fmt: skip


def program(**changes: Any) -> Program:
    return program_from_mapping({
        "schema": 1, "title": "Offers", "currency": "TWD",
        "provenance": {"source": "a test", "as_of": "2025-01-01", "confidence": "high"},
        "redemption": {
            "money_off": {"points": 10, "worth": 1},
            "catalogue": [{"name": "cup", "points": 80, "face_value": 100, "unit_cost": 40}],
        },
        "prices": [{"name": "day", "off": 0.1}],
        "coupons": [
            {"name": "off", "trigger": {"on": "join"}, "gives": {"kind": "amount_off", "amount": 50}, "partner_share": 0.4,
             "issue_cost": 0.5, "handling_cost": 2},
            {"name": "gift", "trigger": {"on": "join"}, "gives": {"kind": "free_item", "value": 30, "unit_cost": 12}},
        ],
        "stored_value": {"steps": [{"amount": 1000, "bonus": 100}]},
        "plans": [{"name": "plus", "fee": 300, "serving_cost": 20, "rebate": {"share": 0.02}}],
        "referral": {"referrer": {"points": 10}, "unit_cost": 1},
        "messages": {
            "channels": [{"name": "line", "plans": [{"fee": 0, "messages": 1}, {"fee": 5, "messages": 3}], "extra": 3}],
            "automations": [{"name": "hello", "trigger": {"on": "join"}, "channel": "line"}],
        },
    } | changes)  # fmt: skip


def entry(day: date, kind: int, rule: str, points: int = 0, money: int = 0) -> Entry:
    return Entry().load((to_day(day), kind, points, money, NEVER, NEVER, 0, RULES.index(rule)))


JANUARY, FEBRUARY, MARCH = date(2025, 1, 5), date(2025, 2, 5), date(2025, 3, 5)
ENTRIES = (
    entry(JANUARY, PURCHASE, "transaction", money=100000),
    entry(JANUARY, ISSUE, "coupons.off"),
    entry(JANUARY, ISSUE, "coupons.gift"),
    entry(JANUARY, FEE_DUE, "plans.plus", money=30000),
    entry(JANUARY, FEE, "plans.plus", money=30000),
    entry(JANUARY, MESSAGE, "messages.hello"),
    entry(JANUARY, MESSAGE, "messages.hello"),
    entry(FEBRUARY, DISCOUNT, "prices.day", money=1000),
    entry(FEBRUARY, USE, "coupons.off", money=5000),
    entry(FEBRUARY, USE, "coupons.gift", money=3000),
    entry(FEBRUARY, REDEEM, "redemption.money_off", -100, 1000),
    entry(FEBRUARY, REDEEM, "redemption.catalogue.cup", -80, 10000),
    entry(FEBRUARY, PAY_BONUS, "stored_value.bonus", money=-700),
    entry(FEBRUARY, REFERRAL, "referral"),
    entry(FEBRUARY, MESSAGE, "messages.hello"),
    entry(FEBRUARY, MESSAGE, "messages.hello"),
    entry(FEBRUARY, MESSAGE, "messages.hello"),
    entry(FEBRUARY, MESSAGE, "messages.hello"),
    entry(FEBRUARY, MESSAGE, "messages.hello"),
    entry(MARCH, RESTORE, "coupons.off", money=-5000),
    entry(MARCH, RETURN, "refunds.points_back", 18),
    entry(MARCH, BONUS_BACK, "stored_value.bonus", money=200),
    entry(MARCH, REBATE, "plans.plus", money=2000),
    entry(MARCH, FEE_REFUND, "plans.plus", money=-10000),
    entry(MARCH, VOUCHER, "expiry", money=600),
)


def world(of: Program) -> tuple[WorldPanel, fold.Story]:
    panel = blank_world(
        to_day(date(2025, 1, 1)), to_day(date(2025, 3, 31)), len(KINDS), len(RULES), 0, 0, offer_rates(of, RULES)
    )
    story = fold.Story()
    fold.begin_member(panel, story)
    fold.note_joined(panel, story, to_day(JANUARY), -1)
    for each in ENTRIES:
        fold.note_entry(panel, story, each)
    fold.end_member(panel, story, -1)
    return panel, story


def test_every_line_by_hand() -> None:
    """Points: 100 as money cost 10 minor units each (1 a ten), a cup 40; 18 of 180 points come back at the mean cost (1,000 + 4,000) / 180.
    The coupon: 60 % of 50 is ours, .50 to issue, 2 to handle; it comes back in March. The gift costs 12. Messages: 2 in January cost 3 beyond
    the free one (5 for the plan of three); 5 in February cost 5 and 2 x 3, as 4 x 3 beyond the free one are more."""
    panel, _ = world(program())
    found = {name: [int(each) for each in values] for name, values in cost_statement(panel, program(), RULES).items()}
    assert found == {
        "points": [0, 100 * 10 + 80 * 50, -500],
        "vouchers": [0, 0, 600],
        "member_prices": [0, 1000, 0],
        "coupons": [0, 3000, -3000],
        "gifts": [0, 1200, 0],
        "coupon_handling": [50, 200, -200],
        "stored_value_bonus": [0, 700, -200],
        "rebates": [0, 0, 2000],
        "plan_service": [2000, 0, 0],
        "referral_handling": [0, 100, 0],
        "messages": [300, 1100, 0],
        "fees": [30000, 0, -10000],
    }
    assert (*LINES, FEES) == tuple(found)


def test_the_story_adds_up_to_the_statement() -> None:
    """What a member's story holds for the spread over members is the statement's sum, but for messages (6 of them at 3 each beyond the plan: 7 x 3)."""
    panel, story = world(program())
    cost = cost_of(panel, program(), RULES)
    assert story.fees == cost.fees == 20000
    assert story.vouchers == cost.vouchers == 600
    messages = sum(cost_statement(panel, program(), RULES)["messages"], Fraction(0))
    assert story.offers - 7 * 300 == cost.offers - messages


@pytest.mark.parametrize("sent, cost", [(0, 0), (1, 0), (2, 300), (3, 500), (4, 800), (5, 1100), (100, 29600)])
def test_the_cheapest_plan_of_a_month(sent: int, cost: int) -> None:
    """Free to one message, 5 to three, 3 for each beyond: 3 are 2 x 3 beyond the free one, or 5; 100 are 99 x 3 or 5 + 97 x 3."""
    messages = program().messages
    assert messages is not None
    assert plan_cost(messages.channels[0], Fraction(sent)) == cost


def test_a_month_that_no_plan_holds_is_refused() -> None:
    channels = [{"name": "line", "plans": [{"fee": 0, "messages": 1}, {"fee": 5, "messages": 3}]}]
    automations = [{"name": "hello", "trigger": {"on": "join"}, "channel": "line"}]
    few = program(messages={"channels": channels, "automations": automations})
    panel, _ = world(few)
    with pytest.raises(SpecError, match="no plan holds the 5 messages"):
        cost_statement(panel, few, RULES)


def test_a_channel_bought_for_more_members_is_scaled() -> None:
    """One member stands for ten: 20 messages in January (5 + 17 x 3 = 56; 19 x 3 = 57 beyond the free one), a tenth of it is 5.6."""
    channels = [
        {
            "name": "line",
            "plans": [{"fee": 0, "messages": 1}, {"fee": 5, "messages": 3}],
            "extra": 3,
            "members_base": 10,
        }
    ]
    automations = [{"name": "hello", "trigger": {"on": "join"}, "channel": "line"}]
    scaled = program(messages={"channels": channels, "automations": automations})
    panel, _ = world(scaled)
    assert cost_statement(panel, scaled, RULES)["messages"][0] == 560


def test_a_point_that_buys_less_after_a_date_costs_less() -> None:
    """100 points buy 10 in January and, as a point is worth half from February on, 5 in February; the brand bears all of it. Points held at the end
    are worth what the rules in force then say: 10 minor units each in January, 5 in February."""
    changes = {"redemption": {"money_off": {"points": 20, "worth": 1}}}
    halved = program(versions=[{"effective": "2025-02-01", "changes": changes}])
    panel, story = world(halved)
    fold.begin_member(panel, story)
    fold.note_entry(panel, story, entry(JANUARY, REDEEM, "redemption.money_off", -100, 1000))
    fold.note_entry(panel, story, entry(FEBRUARY, REDEEM, "redemption.money_off", -100, 500))
    before, _ = world(halved)
    added = [
        new - old
        for new, old in zip(
            cost_statement(panel, halved, RULES)["points"], cost_statement(before, halved, RULES)["points"], strict=True
        )
    ]
    assert [int(each) for each in added[:2]] == [1000, 500]
    assert face_millionths(halved, JANUARY) == 10_000_000
    assert face_millionths(halved, FEBRUARY) == 5_000_000
