"""Programs with more than points and tiers, and logs for them: coupons, member prices, stored value, plans, referrals, messages, segments, streaks.

On top of ``strategies``: a program of that file gets some of the parts named here, and a log some of their events, valid ones and ones
that are refused. Numbers are small, so that limits fill, balances run out, coupons lapse and orders are refunded after their coupons were used.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from tests.strategies import (
    CATEGORIES,
    CHANNELS,
    FIRST_DAY,
    SPECIAL_DAYS,
    TIERS,
    Case,
    Chooser,
    DrawnChooser,
    LogMaker,
    RandomChooser,
    Row,
    bonus_expiry_from,
    document_from,
    some,
    span_from,
)
from workbench.program.spec import Program
from workbench.rules.segment_spec import SEGMENTS

PARTS = (
    "prices",
    "coupons",
    "stored_value",
    "plans",
    "referral",
    "messages",
    "segments",
    "streaks",
    "stock",
    "versions",
)
PARTS_OF_CAMPAIGNS = {
    "tier_entry": "tiers", "tier_renewal": "tiers", "tier_end": "tiers", "near_tier": "tiers", "top_up": "stored_value", "plan": "plans",
    "plan_end": "plans", "referral": "referral", "segment": "segments", "coupon_expiry": "coupons",
}  # fmt: skip
BOTH = (
    "join", "first_purchase", "purchase", "purchase", "spend", "tier_entry", "tier_renewal", "action", "top_up", "plan", "referral",
    "birthday", "dates", "silence", "segment",
)  # fmt: skip
COUPONS_ONLY = ("balance", "points", "manual")
MESSAGES_ONLY = ("expiry", "tier_end", "near_tier", "coupon_expiry", "plan_end")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def draw_offers(seed: int, parts: Sequence[str] = PARTS) -> Case:
    """A program with some of the parts, a log for it, and the day to look at; the same for the same seed and parts."""
    return offers_from(RandomChooser(seed), parts)


def offers_from(pick: Chooser, parts: Sequence[str]) -> Case:
    """A case by any chooser."""
    document = offers_document(pick, parts)
    if "versions" in parts and (len(parts) == 1 or pick.bool(45)):
        add_versions(pick, document, parts)
    program = Program.model_validate(document)
    rows = OfferLogMaker(pick, program).make()
    last = max((row["posted"] or row["date"] for row in rows), default=FIRST_DAY)
    return program, rows, last + timedelta(days=pick.choice((0, 1, 30, 200, 400)))


@st.composite
def offer_cases(draw: Callable[[st.SearchStrategy[Any]], Any], parts: Sequence[str] = PARTS) -> Case:
    """(program, rows, as_of), shrinking together."""
    return offers_from(DrawnChooser(draw), parts)


# --- programs ------------------------------------------------------------------------------------------------------
def offers_document(pick: Chooser, parts: Sequence[str]) -> dict[str, Any]:
    """A program file with one part at least."""
    document = document_from(pick)
    chosen = {part for part in parts if pick.bool(45)} or {pick.choice(list(parts))}
    tiers = [level["name"] for level in document.get("tiers", {}).get("levels", ())]
    has = chosen | ({"tiers"} if tiers else set())
    document["earn"]["eligible"]["member_price"] = pick.choice(("net", "gross"))
    document["earn"]["eligible"]["coupons"] = pick.choice(("net", "gross"))
    if "plans" in chosen:
        document["plans"] = plans_from(pick, tiers)
    plans = [plan["name"] for plan in document.get("plans", ())]
    if "prices" in chosen:
        document["prices"] = [price_from(pick, f"p{k}", tiers, plans) for k in range(pick.choice((1, 2, 2, 3)))]
    if "stored_value" in chosen:
        document["stored_value"] = stored_value_from(pick, tiers)
    if "coupons" in chosen:
        document["coupons"] = [coupon_from(pick, f"c{k}", tiers, has) for k in range(pick.choice((1, 2, 3, 4)))]
    if "referral" in chosen:
        document["referral"] = referral_from(pick)
    if "segments" in chosen:
        document["segments"] = {
            "window_months": pick.choice((1, 2, 6)), "recency_days": pick.choice((5, 30, 100)),
            "frequency": pick.choice((1, 2, 3)), "monetary": pick.choice(("50", "200.50", "600")),
        }  # fmt: skip
    if "messages" in chosen:
        document["messages"] = messages_from(pick, tiers, has)
    document["checkout"] = {
        "coupons": pick.choice(("after_member_price", "before_member_price")),
        "pay_first": pick.choice(("points", "stored_value")),
    }
    if "streaks" in chosen:
        add_streaks(pick, document["earn"]["bonuses"])
    if "stock" in chosen:
        for item in document.get("redemption", {}).get("catalogue", ()):
            if pick.bool(70):
                item["stock"] = pick.choice((1, 2, 4))
    return document


def add_versions(pick: Chooser, document: dict[str, Any], parts: Sequence[str]) -> None:
    """One or two changes within the years of the log: sections of the file become those of another drawn one."""
    versions: list[dict[str, Any]] = []
    now, day = document, FIRST_DAY + timedelta(days=pick.integer(30, 500))
    for _ in range(pick.choice((1, 1, 2))):
        other = offers_document(pick, parts)
        renamed = rename_tiers(pick, other)
        wanted = deepcopy(now)
        for section in SECTIONS:
            if pick.bool(40):
                replaced = replace_section(wanted, other, section)
                wanted = replaced if is_valid(replaced) else wanted
        changes = changes_between(now, wanted)
        versions.append(
            {
                "effective": day.isoformat(),
                "changes": changes,
                "transition": transition_from(pick, now, wanted, renamed),
            }
        )
        now, day = wanted, day + timedelta(days=pick.choice((1, 30, 200)))
    document["versions"] = versions


SECTIONS = (
    ("earn", "rate", "rate_by_tier", "brackets"), ("earn", "multipliers", "stacking"), ("earn", "bonuses"), ("earn", "caps"),
    ("earn", "eligible"), ("earn", "rounding", "rate", "rate_by_tier", "brackets", "multiplier_stage", "caps"), ("earn", "pending"),
    ("expiry",), ("tiers",), ("refunds",), ("redemption",), ("prices",), ("coupons",), ("stored_value",), ("messages",), ("segments",),
    ("referral",), ("checkout",),
)  # fmt: skip
"""Parts of a file that change together: a section, and keys of it where not all."""
ALWAYS_THERE = ("coupons", "stored_value", "referral", "plans", "redemption", "tiers")
"""Parts whose events or names stand in the log: they may change, not come or go."""


def replace_section(document: dict[str, Any], other: dict[str, Any], section: tuple[str, ...]) -> dict[str, Any]:
    """The document with a section (or some keys of it) as in the other one."""
    name, *keys = section
    if {"rounding", "rate"} & set(keys) and any(keeps_remainder(each) for each in (document, other)):
        return document  # rules count the fraction of a point by their rates, and forget it with them: kept out here
    if name in ALWAYS_THERE and (name in document) != (name in other):
        return document
    changed = deepcopy(document)
    theirs = deepcopy(other.get(name))
    keep_shared_limits(document, name, theirs)
    if not keys:
        changed.pop(name, None)
        if theirs is not None:
            changed[name] = theirs
        if name == "refunds":  # an order forgotten under one policy would be unknown under the other
            changed[name].pop("within_days", None)
            changed[name] |= {key: days for key, days in document[name].items() if key == "within_days"}
    else:
        for key in keys:
            changed[name].pop(key, None)
            if theirs is not None and key in theirs:
                changed[name][key] = theirs[key]
    return changed


def keeps_remainder(document: dict[str, Any]) -> bool:
    rounding = document["earn"].get("rounding", {})
    return rounding.get("mode") == "none" or rounding.get("scope") == "carry"


def keep_shared_limits(document: dict[str, Any], name: str, theirs: Any) -> None:
    """A limit that members share cannot change under its name."""
    if name == "coupons" and theirs is not None:
        pairs: list[tuple[Any, Any, tuple[str, ...]]] = [(theirs, document[name], ("total_limit", "total_uses"))]
    elif name == "redemption" and theirs is not None:
        pairs = [(theirs.get("catalogue", ()), document[name].get("catalogue", ()), ("stock",))]
    else:
        return
    for new, old, limits in pairs:
        before = {each["name"]: each for each in old}
        for each in new:
            for limit in limits if each["name"] in before else ():
                each.pop(limit, None)
                if limit in before[each["name"]]:
                    each[limit] = before[each["name"]][limit]


def rename_tiers(pick: Chooser, document: dict[str, Any]) -> dict[str, str]:
    """Give some tiers of a drawn file other names; the names changed."""
    renamed = {name: name + "2" for name in TIERS if pick.bool(20)}

    def told(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {renamed.get(name, name): told(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [told(each, key) for each in value]
        return renamed.get(value, value) if isinstance(value, str) else value

    for name, value in list(document.items()):
        document[name] = told(value)
    return renamed


def transition_from(
    pick: Chooser, before: dict[str, Any], after: dict[str, Any], renamed: dict[str, str]
) -> dict[str, Any]:
    transition: dict[str, Any] = {
        "lots": pick.choice(("keep_expiry", "new_expiry", "earlier", "later")),
        "points_ratio": pick.choice(("1", "1", "0.5", "1.333333", "10")),
        "tiers": pick.choice(("kept", "kept", "rejudged")),
        "counters": pick.choice(("kept", "kept", "reset")),
        "coupons": pick.choice(("kept", "kept", "cancelled")),
        "stored_bonus": pick.choice(("kept", "kept", "forfeited")),
        "carry": pick.choice(("kept", "cleared")),
    }
    old, new = ({level["name"] for level in each.get("tiers", {}).get("levels", ())} for each in (before, after))
    names = {name: other for name, other in renamed.items() if name in old and name not in new and other in new}
    if names and pick.bool(70):
        transition["rename"] = names
    return transition


def is_valid(document: dict[str, Any]) -> bool:
    try:
        Program.model_validate(document)
    except ValidationError:
        return False
    return True


def changes_between(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What turns a file into another: null for what is gone, mappings key by key."""
    changes: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            inner = changes_between(before, value)
            if inner:
                changes[key] = inner
        elif value != before:
            changes[key] = value
    return changes


def add_streaks(pick: Chooser, bonuses: list[dict[str, Any]]) -> None:
    """Runs of days and more than one a period, on the bonuses there are, and one more of a run."""
    for each in bonuses:
        if each["event"] == "action" and pick.bool(50):
            each["streak"] = pick.choice((2, 2, 3))
        if each["once"] != "event" and pick.bool(60):
            each["at_most"] = pick.choice((2, 3))
    bonuses.append({"name": "run", "event": "action", "action": "review", "points": 3, "streak": pick.choice((2, 3))})


def plans_from(pick: Chooser, tiers: Sequence[str]) -> list[dict[str, Any]]:
    plans = []
    for k in range(pick.choice((1, 1, 2))):
        plan: dict[str, Any] = {
            "name": f"plan{k}", "fee": pick.choice(("30", "99.99", "120")), "term_months": pick.choice((1, 1, 2, 6, 12)),
            "required": pick.bool(25), "auto_renews": pick.bool(65), "refund": pick.choice(("none", "full", "pro_rata")),
        }  # fmt: skip
        if plan["refund"] != "none" and pick.bool(40):
            plan["refund_within_days"] = pick.choice((0, 10, 40))
        if tiers and pick.bool(35):
            plan["tier"] = pick.choice(tiers[1:])
        if pick.bool(65):
            plan["rebate"] = {
                "share": pick.choice(("0.02", "0.1", "0.333")),
                "paid": pick.choice(("at_renewal", "at_term_end")),
            }
            if pick.bool(40):
                plan["rebate"]["cap"] = pick.choice(("5", "20.50"))
            if pick.bool(30):
                plan["rebate"]["categories"] = some(pick, CATEGORIES, 2)
        plans.append(plan)
    return plans


def price_from(pick: Chooser, name: str, tiers: Sequence[str], plans: Sequence[str]) -> dict[str, Any]:
    price: dict[str, Any] = {
        "name": name,
        "off": pick.choice(("0.05", "0.1", "0.1", "0.333", "1")),
        "round_to": pick.choice(("0.01", "0.01", "1", "5")),
    }
    if tiers and pick.bool(30):
        price["tiers"] = some(pick, tiers, 2)
    if plans and pick.bool(50):
        price["plans"] = some(pick, plans, 2)
    if pick.bool(20):
        price["weekdays"] = some(pick, WEEKDAYS, 5)
    if pick.bool(10):
        price["days_of_month"] = some(pick, (1, 10, 20, 28, 29, 30, 31), 5)
    if pick.bool(10):
        price["dates"] = [span_from(pick)]
    if pick.bool(15):
        price["birthday"] = pick.choice(("day", "month"))
    if pick.bool(25):
        price["categories"] = some(pick, CATEGORIES, 3)
    if pick.bool(20):
        price["channels"] = some(pick, CHANNELS, 2)
    if pick.bool(25):
        price["free_delivery"] = True
    if pick.bool(20):
        price["minimum_basket"] = pick.choice(("30", "150.50"))
    return price


def stored_value_from(pick: Chooser, tiers: Sequence[str]) -> dict[str, Any]:
    steps = []
    for amount in (20, 50, 100, 200)[: pick.choice((0, 1, 2, 3, 4))]:
        step: dict[str, Any] = {"amount": str(amount)}
        if pick.bool(75):
            step["bonus"] = pick.choice(("5", "20.55", "33.33"))
        if pick.bool(35):
            step["points"] = pick.choice((1, 7))
        if tiers and pick.bool(25):
            step["tier"] = pick.choice(tiers[1:])
        steps.append(step)
    value: dict[str, Any] = {
        "steps": steps, "burn": pick.choice(("principal_first", "bonus_first", "pro_rata")),
        "earn": pick.choice(("on_spend", "on_top_up", "on_top_up", "on_neither")),
        "refund": pick.choice(("refused", "bonus_forfeited", "bonus_kept")), "refund_fee": pick.choice(("0", "0.1")),
    }  # fmt: skip
    if pick.bool(25):
        value["minimum"] = pick.choice(("20", "50.01"))
    if steps and pick.bool(20):
        value["amounts"] = "steps_only"
    if pick.bool(60):
        life: dict[str, Any] = (
            {"days": pick.choice((1, 10, 60))} if pick.bool() else {"months": pick.choice((1, 3, 12))}
        )
        if pick.bool(30):
            life["round_up"] = pick.choice(("month", "quarter", "year"))
        value["bonus_expiry"] = life
    return value


def trigger_from(pick: Chooser, on: str) -> dict[str, Any]:
    trigger: dict[str, Any] = {"on": on}
    if on in ("first_purchase", "purchase") and pick.bool(50):
        trigger["minimum_spend"] = pick.choice(("10", "60.25", "150"))
    if on == "purchase":
        if pick.bool(30):
            trigger["categories"] = some(pick, CATEGORIES, 2)
        if pick.bool(35):
            trigger["every"] = pick.choice(("40", "100.50"))
    elif on == "spend":
        trigger |= {
            "amount": pick.choice(("50", "200", "333.33")), "per": pick.choice(("day", "month", "year", "lifetime")),
            "repeats": pick.bool(),
        }  # fmt: skip
    elif on == "action":
        trigger["action"] = pick.choice(("review", "survey", "visit", "only_here"))
    elif on == "top_up":
        trigger["minimum"] = pick.choice(("1", "50", "100"))
    elif on == "plan":
        trigger["phase"] = pick.choice(("start", "renewal", "both"))
    elif on == "referral":
        trigger["who"] = pick.choice(("referrer", "referee"))
    elif on == "birthday":
        trigger["when"] = pick.choice(("day", "day", "month_start"))
        if trigger["when"] == "day":
            trigger["days_before"] = pick.choice((0, 1, 14, 60))
    elif on == "dates":
        trigger |= dates_from(pick)
    elif on == "silence":
        trigger["days"] = pick.choice((1, 9, 31, 75))
    elif on == "segment":
        trigger["segments"] = some(pick, SEGMENTS, 5)
    elif on in ("balance", "points"):
        trigger["points"] = pick.choice((5, 12, 40))
    elif on in ("expiry", "tier_end", "coupon_expiry", "plan_end"):
        trigger["days_before"] = pick.choice((0, 1, 7, 30))
    elif on == "near_tier":
        trigger["share"] = pick.choice(("0.5", "0.333", "0.8"))
    return trigger


def dates_from(pick: Chooser) -> dict[str, Any]:
    found: dict[str, Any] = {}
    kind = pick.choice(("dates", "yearly", "days_of_month", "weekdays", "two"))
    if kind in ("dates", "two"):
        found["dates"] = [
            (FIRST_DAY + timedelta(days=pick.integer(0, 1000))).isoformat() for _ in range(pick.integer(1, 3))
        ]
    if kind in ("yearly", "two"):
        found["yearly"] = some(pick, SPECIAL_DAYS, 3)
    if kind == "days_of_month":
        found["days_of_month"] = some(pick, (1, 15, 29, 31), 2)
    if kind == "weekdays":
        found["weekdays"] = [pick.choice(WEEKDAYS)]
    return found


def campaign_from(
    pick: Chooser, name: str, tiers: Sequence[str], has: set[str], kinds: Sequence[str]
) -> dict[str, Any]:
    """What coupons and messages have in common."""
    possible = [on for on in kinds if PARTS_OF_CAMPAIGNS.get(on) in (None, *has)]
    campaign: dict[str, Any] = {"name": name, "trigger": trigger_from(pick, pick.choice(possible))}
    if tiers and pick.bool(25):
        campaign["tiers"] = some(pick, tiers, 2)
    if pick.bool(12):
        campaign["dates"] = [span_from(pick)]
    busy = campaign["trigger"]["on"] == "dates" and campaign["trigger"].get("weekdays")
    if busy or pick.bool(35):
        campaign["once"] = pick.choice(("month", "year", "lifetime") if busy else ("day", "month", "year", "lifetime"))
    return campaign


def coupon_from(pick: Chooser, name: str, tiers: Sequence[str], has: set[str]) -> dict[str, Any]:
    coupon = campaign_from(pick, name, tiers, has, (*BOTH, *COUPONS_ONLY, "points", "manual"))
    coupon |= {"gives": gives_from(pick), "validity": validity_from(pick)}
    if pick.bool(25):
        coupon["count"] = pick.choice((2, 3))
    if pick.bool(30):
        coupon["minimum_basket"] = pick.choice(("10", "50.50", "200"))
    if pick.bool(20):
        coupon["categories"] = some(pick, CATEGORIES, 3)
    if pick.bool(15):
        coupon["channels"] = some(pick, CHANNELS, 2)
    if pick.bool(25):
        coupon["limit_per_member"] = pick.choice((1, 2, 3, 5))
    if pick.bool(12):
        coupon["total_limit"] = pick.choice((1, 3, 6))
    if pick.bool(15):
        coupon["total_uses"] = pick.choice((1, 2))
    coupon["combines_with"] = [each for each in ("member_price", "coupons", "points", "stored_value") if pick.bool(70)]
    coupon["after_full_refund"] = pick.choice(("returned", "returned", "used_up"))
    coupon["revoked_with_order"] = pick.bool(75)
    return coupon


def gives_from(pick: Chooser) -> dict[str, Any]:
    kind = pick.choice(("amount_off", "percent_off", "free_item", "second_half_price", "two_for_one", "free_delivery"))
    gives: dict[str, Any] = {"kind": kind}
    if kind == "amount_off":
        gives["amount"] = pick.choice(("5", "20.50", "100"))
    elif kind == "percent_off":
        gives["off"] = pick.choice(("0.1", "0.333", "0.5"))
        if pick.bool(40):
            gives["cap"] = pick.choice(("7.77", "30"))
        if pick.bool(40):
            gives["round_to"] = pick.choice(("1", "5"))
    elif kind == "free_item":
        gives |= {"value": pick.choice(("0", "30")), "unit_cost": "8"}
    elif kind in ("second_half_price", "two_for_one") and pick.bool():
        gives["item_price"] = pick.choice(("15", "33.33"))
    return gives


def validity_from(pick: Chooser) -> dict[str, Any]:
    validity: dict[str, Any] = {"starts": pick.choice(("issue", "issue", "claim"))}
    if validity["starts"] == "claim" and pick.bool(60):
        validity["claim_within_days"] = pick.choice((0, 7, 60))
    if pick.bool(25):
        validity["delay_days"] = pick.choice((1, 5))
    length = pick.choice(("days", "days", "months", "until", "none"))
    if length == "days":
        validity["days"] = pick.choice((0, 3, 20, 90))
    elif length == "months":
        validity["months"] = pick.choice((1, 6))
    elif length == "until":
        validity["until"] = (FIRST_DAY + timedelta(days=pick.integer(200, 1000))).isoformat()
    if length in ("days", "months") and pick.bool(30):
        validity["round_up"] = pick.choice(("month", "quarter", "half", "year"))
    return validity


def referral_from(pick: Chooser) -> dict[str, Any]:
    qualifies = pick.choice(("join", "first_purchase", "first_purchase"))
    referral: dict[str, Any] = {"qualifies": qualifies, "clawback": pick.bool(70)}
    for side in ("referrer", "referee"):
        if pick.bool(80):
            referral[side] = reward_from(pick, qualifies)
    if qualifies == "first_purchase":
        if pick.bool(40):
            referral["minimum_spend"] = pick.choice(("20", "100.50"))
        if pick.bool(40):
            referral["within_days"] = pick.choice((0, 5, 60))
    if pick.bool(40):
        referral["cap"] = {"count": pick.choice((1, 1, 2)), "per": pick.choice(("month", "year", "lifetime"))}
    if pick.bool(30):
        referral["expiry"] = bonus_expiry_from(pick)
    return referral


def reward_from(pick: Chooser, qualifies: str) -> dict[str, Any]:
    if pick.bool():
        return {"points": pick.choice((3, 10))}
    reward: dict[str, Any] = {
        "rate": {"points": pick.choice((1, 3)), "per": pick.choice(("10", "33.33")), "whole_blocks": pick.bool()}
    }
    if qualifies == "join" or pick.bool(60):
        reward["for_days"] = pick.choice((1, 40, 400))
    return reward


def messages_from(pick: Chooser, tiers: Sequence[str], has: set[str]) -> dict[str, Any]:
    automations = []
    for k in range(pick.choice((1, 2, 3, 4))):
        each = campaign_from(pick, f"a{k}", tiers, has, (*BOTH, *MESSAGES_ONLY, "near_tier", "expiry"))
        each |= {"channel": "line", "counts_towards_cap": pick.bool(75)}
        if pick.bool(15):
            each["hold_out"] = "0.5"  # a replay holds nobody out
        automations.append(each)
    messages: dict[str, Any] = {"channels": [{"name": "line"}], "automations": automations}
    if pick.bool(45):
        messages["frequency_cap"] = {"messages": pick.choice((1, 1, 2)), "days": pick.choice((1, 3, 31))}
    return messages


# --- logs ----------------------------------------------------------------------------------------------------------
class OfferLogMaker(LogMaker):
    """Draws a log with the events of the parts a program has."""

    steps = (0, 0, 0, 1, 2, 5, 9, 20, 31, 75)
    wanted: Sequence[str] = ()
    """Coupons that the member at hand has got."""

    def extras(self, amount: Decimal) -> Row:
        """More often with a delivery, which prices and coupons take off."""
        values = super().extras(amount)
        if self.pick.bool(30):
            values["delivery"] = self.pick.choice((Decimal(8), Decimal("30.50")))
        return values

    def offer_events(self) -> list[Callable[[str, date], Any]]:
        """The new events that a program knows, often enough."""
        program = self.program
        events: list[Callable[[str, date], Any]] = []
        if program.coupons:
            events += [self.issue] * 3 + [self.claim] * 2 + [self.use_alone]
        if program.stored_value is not None:
            events += [self.top_up] * 4 + [self.cash_out]
        if program.plans:
            events += [self.fee] * 3 + [self.cancel]
        if program.referral is not None:
            events += [self.refer]
        if any(bonus.streak > 1 for bonus in program.earn.bonuses):
            events += [self.run_of_days] * 2
        return events

    def make(self) -> list[Row]:
        pick = self.pick
        offered = self.offer_events()
        usual: Sequence[Callable[[str, date], Any]] = (
            [self.purchase] * 8 + [self.linked_refund] * 3 + [self.unlinked_refund] + [self.action] * 2 + [self.redeem]
        )
        members = [f"m{k}" for k in range(pick.choice((1, 2, 2, 3, 4)))]
        seen: set[str] = set()
        day = FIRST_DAY + timedelta(days=pick.integer(0, 420))
        for _ in range(pick.integer(1, 30)):
            member = pick.choice(members)
            if member not in seen and pick.bool(60):
                self.join(member, day)
            elif member not in seen and self.program.referral is not None and pick.bool(60):
                self.refer(member, day)
            elif pick.bool(30):
                day = pick.choice(self.stories())(member, day)
            elif offered and pick.bool(40):
                pick.choice(offered)(member, day)
            else:
                pick.choice(usual)(member, day)
            seen.add(member)
            day = self.next_day(day)
        return self.rows

    def purchase(self, member: str, day: date, redeems: int = 40) -> dict[str, Any] | None:
        """The same with coupons and payments among its rows."""
        first = len(self.rows)
        order = super().purchase(member, day, redeems)
        group = self.rows[first:]
        asked = [row["action"] for row in self.rows if row["event"] == "issue" and row["member_id"] == member]
        self.wanted = self.wanted or asked[-3:]
        if group[0]["order_id"]:
            self.add_offers(group, member, day)
            self.rows[first:] = group
        self.wanted = ()
        return order

    def add_offers(self, group: list[Row], member: str, day: date) -> None:
        pick, program, order_id = self.pick, self.program, group[0]["order_id"]
        when = group[0]["date"]
        extra: list[Row] = []
        if program.coupons and pick.bool(80 if self.wanted else 40):
            for _ in range(pick.choice((1, 1, 2, 3, 4))):
                extra.append(self.row(member, "use", when, day, order_id=order_id, action=self.coupon_name()))
        if program.stored_value is not None and pick.bool(60):
            for _ in range(pick.choice((1, 1, 2))):
                amount = None if pick.bool() else self.money(pick.choice((10, 60)))
                extra.append(self.row(member, "pay", when, day, order_id=order_id, amount=amount))
        for row in extra:
            group.insert(pick.integer(0, len(group)), row)

    def coupon_name(self) -> str:
        if self.wanted and self.pick.bool(85):
            return self.pick.choice(self.wanted)
        return "nothing" if self.pick.bool(3) else self.pick.choice([each.name for each in self.program.coupons])

    def issue(self, member: str, day: date) -> None:
        self.rows.append(self.row(member, "issue", self.business_date(day), day, action=self.coupon_name()))

    def claim(self, member: str, day: date) -> None:
        self.rows.append(self.row(member, "claim", self.business_date(day), day, action=self.coupon_name()))

    def use_alone(self, member: str, day: date) -> None:
        self.rows.append(self.row(member, "use", self.business_date(day), day, action=self.coupon_name()))

    def top_up(self, member: str, day: date) -> None:
        amount = Decimal(self.pick.choice((1, 20, 50, 75, 100, 200))) if self.pick.bool(80) else self.money(120)
        self.rows.append(self.row(member, "topup", self.business_date(day), day, amount=amount))

    def cash_out(self, member: str, day: date) -> None:
        amount = None if self.pick.bool(60) else self.money(60)
        self.rows.append(self.row(member, "cash_out", self.business_date(day), day, amount=amount))

    def fee(self, member: str, day: date) -> None:
        amount = None if self.pick.bool(70) else self.pick.choice((Decimal(10), Decimal("29.99"), Decimal(100)))
        name = self.plan_name()
        self.rows.append(self.row(member, "fee", self.business_date(day), day, amount=amount, action=name))

    def cancel(self, member: str, day: date) -> None:
        name = self.plan_name() if self.pick.bool(30) else ""
        self.rows.append(self.row(member, "cancel", self.business_date(day), day, action=name))

    def plan_name(self) -> str:
        return "" if self.pick.bool(15) else self.pick.choice([plan.name for plan in self.program.plans])

    def refer(self, member: str, day: date) -> None:
        known = sorted({row["member_id"] for row in self.rows} - {member})
        referrer = self.pick.choice(known) if known and self.pick.bool(85) else self.pick.choice(("nobody", member))
        self.rows.append(self.row(member, "referral", self.business_date(day), day, referrer=referrer))

    def stories(self) -> list[Callable[[str, date], date]]:
        """Events in a row that belong together."""
        stories: list[Callable[[str, date], date]] = [self.story]
        if self.program.coupons:
            stories += [self.coupon_story] * 3
        if self.program.stored_value is not None:
            stories += [self.value_story] * 2
        return stories

    def coupon_story(self, member: str, day: date) -> date:
        """Coupons got, claimed, used on an order soon after, and that order refunded."""
        pick = self.pick
        names = [each.name for each in self.program.coupons]
        for name in [pick.choice(names) for _ in range(pick.choice((1, 2, 2, 3)))]:
            self.rows.append(self.row(member, "issue", day, day, action=name))
            if pick.bool(30):
                self.rows.append(self.row(member, "claim", day, day, action=name))
        day += timedelta(days=pick.choice((0, 1, 2, 5)))
        self.wanted = names
        order = self.purchase(member, day, redeems=20)
        return self.refunds_of(order, member, day)

    def value_story(self, member: str, day: date) -> date:
        """A top-up, an order paid with it, and that order refunded."""
        self.top_up(member, day)
        day += timedelta(days=self.pick.choice((0, 1, 8, 40)))
        order = self.purchase(member, day, redeems=20)
        return self.refunds_of(order, member, day)

    def refunds_of(self, order: dict[str, Any] | None, member: str, day: date) -> date:
        for _ in range(self.pick.choice((0, 1, 2))):
            day = self.next_day(day)
            if order is not None and order["left"] > 0:
                self.refund_of(order, member, day)
        return day

    def run_of_days(self, member: str, day: date) -> None:
        """The same action on days in a row, now and then twice on one."""
        names = [bonus.action for bonus in self.program.earn.bonuses if bonus.streak > 1]
        name = self.pick.choice(names)
        for _ in range(self.pick.integer(2, 4)):
            for _ in range(self.pick.choice((1, 1, 2))):
                self.rows.append(self.row(member, "action", day, day, action=name))
            day += timedelta(days=1)

    def next_day(self, day: date) -> date:
        """Never before what stands in the log already."""
        last = max((row["posted"] or row["date"] for row in self.rows), default=day)
        return max(last, super().next_day(max(day, last)))
