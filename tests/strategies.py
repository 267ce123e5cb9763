"""Programs and transaction logs to try rules on, over every feature of the program file.

One generator serves two masters. ``draw_case(seed)`` backs it by ``random.Random``: hundreds of cases a second, each named by
one number. ``programs()``, ``logs()`` and ``cases()`` back it by Hypothesis, which shrinks. Thresholds, caps and lives are
small, so that in a few dozen rows tiers are reached and lost, caps bite, lots lapse and debts arise. Every program drawn is
valid: one that is refused is a mistake in this file.

Kept out, because the rules of the format leave them to nobody's law: windows that end on the last day of February, two
rates of equal numbers in one program, a second join row of a member, and one order_id for two checkouts.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from workbench.program.spec import Program

T = TypeVar("T")
Row = dict[str, Any]
Case = tuple[Program, list[Row], date]

FIRST_DAY = date(2023, 1, 1)
LAST_DAY = date(2025, 12, 31)
CATEGORIES = ("general", "food", "gift", "books")
CHANNELS = ("store", "online", "phone")
TIERS = ("Basic", "Silver", "Gold", "Black")
PERIODS = ("year", "half", "quarter", "month", "anniversary")
SPECIAL_DAYS = ("01-01", "02-28", "02-29", "03-01", "06-30", "07-01", "08-31", "12-31", "01-31", "04-30")


class Chooser(Protocol):
    """Where choices come from."""

    def choice(self, options: Sequence[T]) -> T: ...

    def integer(self, low: int, high: int) -> int: ...

    def bool(self, percent: int = 50) -> bool: ...


class RandomChooser:
    """Choices from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def choice(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def integer(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def bool(self, percent: int = 50) -> bool:
        return self.random.randrange(100) < percent


class DrawnChooser:
    """Choices from Hypothesis; the simplest is the first option, the lowest number, and False."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw

    def choice(self, options: Sequence[T]) -> T:
        return self.draw(st.sampled_from(list(options)))

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def bool(self, percent: int = 50) -> bool:
        return self.draw(st.integers(0, 99)) >= 100 - percent


def draw_case(seed: int) -> Case:
    """A program, a log for it, and the day to look at; the same for the same seed."""
    return case_from(RandomChooser(seed))


def case_from(pick: Chooser) -> Case:
    """A case by any chooser."""
    program = program_from(pick)
    rows = log_from(pick, program)
    last = max((row["posted"] or row["date"] for row in rows), default=FIRST_DAY)
    return program, rows, last + timedelta(days=pick.choice((0, 1, 30, 200, 400)))


@st.composite
def programs(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Program:
    """A valid program."""
    return program_from(DrawnChooser(draw))


@st.composite
def logs(draw: Callable[[st.SearchStrategy[Any]], Any], program: Program) -> list[Row]:
    """A log of transactions that a program can be put through."""
    return log_from(DrawnChooser(draw), program)


@st.composite
def cases(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Case:
    """(program, rows, as_of), shrinking together."""
    return case_from(DrawnChooser(draw))


# --- programs ------------------------------------------------------------------------------------------------------
def program_from(pick: Chooser) -> Program:
    """A valid program."""
    return Program.model_validate(document_from(pick))


def document_from(pick: Chooser) -> dict[str, Any]:
    """A valid program file. What excludes what follows its validators."""
    tier_names = TIERS[: pick.integer(2, 4)] if pick.bool(75) else ()
    remainder = pick.choice((None, None, None, "carry", "none"))
    split = bool(tier_names) and remainder is None and pick.bool(15)
    tiers = tiers_from(pick, tier_names, split) if tier_names else None
    document: dict[str, Any] = {
        "schema": 1,
        "title": "Drawn",
        "currency": "TWD",
        "provenance": {"source": "drawn", "as_of": "2024-01-01", "confidence": "low"},
        "earn": earn_from(pick, tier_names, remainder, split),
        "expiry": expiry_from(pick, tier_names),
        "refunds": refunds_from(pick),
    }
    if tiers is not None:
        document["tiers"] = tiers
    if pick.bool(80):
        document["redemption"] = redemption_from(pick)
    return document


def some(pick: Chooser, options: Sequence[T], most: int) -> list[T]:
    """One to ``most`` different options, in their order."""
    chosen = {pick.integer(0, len(options) - 1) for _ in range(pick.integer(1, most))}
    return [options[k] for k in sorted(chosen)]


def span_from(pick: Chooser) -> dict[str, str]:
    """Some weeks or months of the years of the logs."""
    first = FIRST_DAY + timedelta(days=pick.integer(0, 900))
    return {"first": first.isoformat(), "last": (first + timedelta(days=pick.choice((0, 20, 100, 400)))).isoformat()}


def earn_from(pick: Chooser, tier_names: Sequence[str], remainder: str | None, split: bool) -> dict[str, Any]:
    rounding: dict[str, Any] = {
        "mode": pick.choice(("floor", "ceil", "half_up")),
        "scope": pick.choice(("order", "line")),
    }
    if remainder == "carry":
        rounding = {"mode": "floor", "scope": "carry"}
    elif remainder == "none":
        rounding = {"mode": "none", "scope": "order"}
    if pick.bool(40):
        rounding["carry_resets"] = "year_end"
    earn: dict[str, Any] = {
        "rounding": rounding,
        "eligible": {
            "discount": pick.choice(("net", "gross")),
            "tax": pick.choice(("included", "excluded")),
            "delivery": pick.choice(("included", "excluded")),
            "paid_with_points": pick.choice(("excluded", "included")),
            "excluded_categories": ["gift"] if pick.bool(25) else [],
        },
        "multiplier_stage": "before_rounding"
        if remainder == "none"
        else pick.choice(("before_rounding", "after_rounding")),
        "rate_tier": "split" if split else "before_order",
    }
    earn.update(rates_from(pick, tier_names, remainder, split))
    if pick.bool(20):
        earn["minimum_order"] = pick.choice(("20", "50.50", "100"))
    earn["stacking"], earn["multipliers"] = multipliers_from(pick, tier_names)
    earn["bonuses"] = bonuses_from(pick)
    earn["caps"] = [cap_from(pick, remainder) for _ in range(pick.choice((0, 0, 0, 1, 1, 2)))]
    if pick.bool(30):
        earn["pending"] = {
            "days": pick.choice((1, 7, 10, 40)),
            "expiry_clock": pick.choice(("earning", "activation")),
            "spend_counts": "at_once" if split else pick.choice(("at_once", "when_active")),
            "points_count": pick.choice(("when_active", "at_once")),
            "bonuses": pick.bool(),
        }
    return earn


def rates_from(pick: Chooser, tier_names: Sequence[str], remainder: str | None, split: bool) -> dict[str, Any]:
    """A rate, rates by tier, or brackets; no two of them equal."""
    points = pick.choice((1, 2, 3, 5))
    per = pick.choice(("10", "25", "7.50", "50", "33.33"))
    whole = remainder == "carry" or pick.bool(60)
    kind = pick.choice(("rate", "rate", "brackets", "brackets", "by_tier", "none"))
    if kind == "brackets" and not split and remainder != "carry":
        steps = []
        start = 0
        on = pick.choice(("order", "balance"))
        for k in range(pick.integer(1, 4)):
            rate = {"points": points + k, "per": per, "whole_blocks": whole}
            steps.append({"from": start if on == "balance" or k == 0 else f"{start}.50", "rate": rate})
            start += pick.choice((20, 60, 150)) if on == "order" else pick.choice((5, 15, 40))
        if pick.bool(25):
            swapped = [step["rate"] for step in reversed(steps)]
            steps = [{"from": step["from"], "rate": rate} for step, rate in zip(steps, swapped, strict=True)]
        return {"brackets": {"on": on, "marginal": on == "order" and pick.bool(), "steps": steps}}
    base = {"points": points, "per": per, "whole_blocks": whole}
    if kind == "none" and not split:
        return {"rate_by_tier": {tier_names[-1]: base}} if tier_names and pick.bool() else {}
    rates: dict[str, Any] = {"rate": base}
    if tier_names and (kind == "by_tier" or pick.bool(30)):
        rates["rate_by_tier"] = {
            name: {"points": points + 1 + k, "per": per, "whole_blocks": whole}
            for k, name in enumerate(tier_names)
            if pick.bool(70)
        }
    return rates


def multipliers_from(pick: Chooser, tier_names: Sequence[str]) -> tuple[str, list[dict[str, Any]]]:
    """The stacking and the multipliers; where overlaps are forbidden, each has a category, a channel or a tier to itself."""
    stacking = pick.choice(("highest", "additive", "multiplicative", "forbid"))
    count = pick.choice((0, 1, 1, 2, 3, 4))
    apart_by: str = "categories"
    own: tuple[str, ...] = CATEGORIES
    if stacking == "forbid":
        apart_by, own = pick.choice((("categories", CATEGORIES), ("channels", CHANNELS), ("tiers", tuple(tier_names))))
        count = min(count, len(own))
    multipliers = []
    for k in range(count):
        each: dict[str, Any] = {"name": f"m{k}", "factor": pick.choice(("2", "3", "1.5", "0.5", "1.25", "6", "0.333"))}
        if tier_names and pick.bool(20):
            each["tiers"] = some(pick, tier_names, 2)
        if pick.bool(20):
            each["weekdays"] = some(pick, ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 4)
        if pick.bool(12):
            each["days_of_month"] = some(pick, (1, 10, 20, 28, 29, 30, 31), 4)
        if pick.bool(12):
            each["dates"] = [span_from(pick) for _ in range(pick.integer(1, 2))]
        if pick.bool(20):
            each["birthday"] = pick.choice(("day", "month"))
        if pick.bool(20):
            each["categories"] = some(pick, CATEGORIES, 3)
        if pick.bool(20):
            each["channels"] = some(pick, CHANNELS, 2)
        if stacking == "forbid" and count > 1:
            each[apart_by] = [own[k]]
        multipliers.append(each)
    return stacking, multipliers


def bonuses_from(pick: Chooser) -> list[dict[str, Any]]:
    bonuses = []
    for k in range(pick.choice((0, 1, 1, 2, 3, 4))):
        event = pick.choice(("join", "first_purchase", "purchase", "purchase", "birthday", "action", "action"))
        each: dict[str, Any] = {"name": f"b{k}", "event": event, "once": "event"}
        if pick.bool():
            each["once"] = pick.choice(("day", "month", "year", "lifetime"))
        if event == "action":
            each["action"] = pick.choice(("review", "survey", "visit", "night"))
        if event != "action" or pick.bool(60):
            each["points"] = pick.choice((1, 5, 12, 30))
        if event in ("purchase", "first_purchase"):
            if pick.bool(40):
                each["minimum_spend"] = pick.choice(("10", "60.25", "120"))
            if pick.bool(30):
                each["categories"] = some(pick, CATEGORIES, 2)
        if pick.bool(15):
            each["dates"] = [span_from(pick)]
        if pick.bool(40):
            each["expiry"] = bonus_expiry_from(pick)
        each["qualifies"] = pick.bool()
        each["reversed_with_order"] = pick.bool(70)
        bonuses.append(each)
    return bonuses


def cap_from(pick: Chooser, remainder: str | None) -> dict[str, Any]:
    per = pick.choice(("order", "day", "month", "year", "campaign", "balance"))
    cap: dict[str, Any] = {
        "per": per,
        "points": pick.choice((2, 5, 10, 25)),
        "beyond": pick.choice(("truncate", "truncate", "reject")),
    }
    if per == "campaign":
        first = FIRST_DAY + timedelta(days=pick.integer(0, 500))
        cap["dates"] = {
            "first": first.isoformat(),
            "last": (first + timedelta(days=pick.choice((60, 400)))).isoformat(),
        }
    if per != "balance" and remainder is None and pick.bool(40):
        cap["stage"] = "before_multiplier"
    return cap


def dated_rule_from(pick: Chooser) -> dict[str, Any]:
    """An expiry that is a function of the earning day."""
    model = pick.choice(("rolling", "rolling", "flush", "fixed_date", "windows", "none"))
    if model == "rolling":
        rule: dict[str, Any] = {"model": model}
        if pick.bool():
            rule["days"] = pick.choice((1, 10, 45, 90, 365))
        else:
            rule["months"] = pick.choice((1, 2, 6, 12, 24))
        if pick.bool():
            rule["round_up"] = pick.choice(("month", "quarter", "half", "year"))
        return rule
    if model == "flush":
        return {"model": model, "dates": some(pick, SPECIAL_DAYS, 3)}
    if model == "fixed_date":
        return {"model": model, "date": pick.choice(SPECIAL_DAYS), "minimum_age_months": pick.choice((1, 5, 12))}
    if model == "windows":
        windows = [
            {"first": "2022-09-01", "last": "2023-08-31", "expires": pick.choice(("2023-08-31", "2023-12-31"))},
            {"first": "2023-09-01", "last": pick.choice(("2024-03-15", "2024-08-31")), "expires": "2024-09-30"},
        ]
        rule = {"model": model, "windows": windows[: pick.integer(1, 2)]}
        if pick.bool(60):
            rule["repeat_years"] = pick.integer(len(rule["windows"]), 3)
        return rule
    return {"model": "none"}


def bonus_expiry_from(pick: Chooser) -> dict[str, Any]:
    kind = pick.choice(("dated", "on_date", "anniversary"))
    if kind == "dated":
        return dated_rule_from(pick)
    if kind == "on_date":
        return {"model": kind, "date": (FIRST_DAY + timedelta(days=pick.integer(60, 1000))).isoformat()}
    return {"model": kind}


def expiry_from(pick: Chooser, tier_names: Sequence[str]) -> dict[str, Any]:
    model = pick.choice(
        ("dated", "dated", "dated", "anniversary", "by_tier", "inactivity", "extension", "decay", "conversion")
    )
    if model == "dated" or (model == "by_tier" and not tier_names):
        return dated_rule_from(pick)
    if model == "anniversary":
        return {"model": model}
    if model == "by_tier":
        return {
            "model": model,
            "tiers": {name: dated_rule_from(pick) for name in some(pick, tier_names, 3)},
            "otherwise": dated_rule_from(pick),
            "protected": some(pick, tier_names, 1) if pick.bool(60) else [],
        }
    if model == "conversion":
        return {
            "model": model,
            "dates": some(pick, SPECIAL_DAYS, 4),
            "block": pick.choice((3, 10)),
            "voucher": pick.choice(("5", "12.50")),
            "voucher_months": pick.choice((1, 6)),
        }
    rule: dict[str, Any] = {"model": model, "activity": some(pick, ("purchase", "redeem", "action"), 3)}
    if model == "decay":
        rule["idle_months"] = pick.choice((1, 3, 6))
        rule["every_months"] = pick.choice((1, 2, 6))
        rule["share"] = pick.choice(("0.1", "0.333", "0.5", "1"))
        rule["floor"] = pick.choice((0, 3, 10))
    else:
        rule["months"] = pick.choice((1, 2, 4, 8, 12))
    return rule


def tiers_from(pick: Chooser, names: Sequence[str], split: bool) -> dict[str, Any]:
    window: dict[str, Any] = {
        "kind": pick.choice(
            ("year", "half", "quarter", "month", "anniversary", "lifetime", "rolling", "rolling", "since_tier_change")
        )
    }
    if window["kind"] == "rolling":
        window["months"] = pick.choice((1, 3, 6, 12))
    has_periods = window["kind"] in PERIODS
    until = (
        pick.choice(("months", "lifetime", "period_end", "next_period_end"))
        if has_periods
        else pick.choice(("months", "months", "lifetime"))
    )
    validity: dict[str, Any] = {"until": until, "rehit_rebases": pick.bool(40)}
    if until == "months":
        validity["months"] = pick.choice((1, 2, 6, 12))
    upgrades = (
        ("immediate", "immediate", "next_day", "next_period") if has_periods else ("immediate", "immediate", "next_day")
    )
    counter = pick.choice(("kept", "kept", "reset_lost", "reset_surplus_kept"))
    rejudged = counter == "kept" and window["kind"] != "since_tier_change" and pick.bool()
    return {
        "levels": levels_from(pick, names, split),
        "window": window,
        "upgrade": "immediate" if split else pick.choice(upgrades),
        "skip_levels": True if split else pick.bool(75),
        "validity": validity,
        "counter": counter,
        "downgrade": pick.choice(("to_earned", "to_earned", "one_level", "none")),
        "grace_months": pick.choice((0, 0, 0, 1, 3)),
        "after_refund": "rejudged" if rejudged else "stays",
    }


def levels_from(pick: Chooser, names: Sequence[str], split: bool) -> list[dict[str, Any]]:
    """Tiers whose thresholds rise; each metric grows from the level before, so that no validator can object."""
    reached = {"spend": 0, "points": 0, "orders": 0, "visits": 0, "nights": 0}
    growth = {"spend": (40, 120, 350), "points": (4, 12, 40), "orders": (1, 2), "visits": (1, 2), "nights": (1, 2)}

    def requirement(names_of_metrics: Sequence[str], ease: int = 0) -> dict[str, Any]:
        need: dict[str, Any] = {name: max(1, reached[name] - ease * growth[name][0]) for name in names_of_metrics}
        if len(need) > 1 and pick.bool():
            need["at_least"] = pick.integer(1, len(need))
        return need

    levels: list[dict[str, Any]] = [{"name": names[0]}]
    usual = ["spend"] if split else some(pick, tuple(reached), 3)
    for k, name in enumerate(names[1:], start=1):
        metrics = usual if split or pick.bool(80) else some(pick, tuple(reached), 2)
        for metric in metrics:
            reached[metric] += pick.choice(growth[metric])
        level: dict[str, Any] = {"name": name}
        if split or pick.bool(90):
            level["enter"] = requirement(metrics)
            if pick.bool(30):
                level["retain"] = requirement(
                    metrics if pick.bool() else some(pick, tuple(reached), 2), pick.integer(-1, 1)
                )
            if pick.bool(30):
                level["reenter"] = requirement(metrics, pick.integer(-1, 1))
        if "enter" not in level or pick.bool(30):
            level["invitation"] = f"invite{k}"
        levels.append(level)
    return levels


def redemption_from(pick: Chooser) -> dict[str, Any]:
    kinds = [kind for kind in ("money_off", "catalogue") if pick.bool(65)]
    if not kinds or pick.bool(20):
        kinds.append("automatic")
    redemption: dict[str, Any] = {"consume": pick.choice(("soonest_expiring", "oldest_earned"))}
    if "money_off" in kinds:
        money_off: dict[str, Any] = {"points": pick.choice((1, 3, 10)), "worth": pick.choice(("1", "0.50", "10"))}
        if pick.bool(30):
            money_off["block"] = pick.choice((2, 5))
        if pick.bool(30):
            money_off["minimum_balance"] = pick.choice((3, 15))
        if pick.bool(30):
            money_off["minimum_basket"] = pick.choice(("30", "100.50"))
        if pick.bool(30):
            money_off["maximum_share"] = pick.choice(("0.05", "0.333", "1"))
        redemption["money_off"] = money_off
    if "catalogue" in kinds:
        redemption["catalogue"] = [
            {"name": name, "points": points, "face_value": face, "unit_cost": "1"}
            for name, points, face in (("tea", 3, "12.50"), ("cup", 10, "40"))[: pick.integer(1, 2)]
        ]
        for item in redemption["catalogue"]:
            if pick.bool(40):
                item["limit_per_day"] = pick.integer(1, 2)
    if "automatic" in kinds:
        redemption["automatic"] = {"at": pick.choice((8, 20)), "worth": pick.choice(("4", "0"))}
    if pick.bool(25):
        redemption["windows"] = [
            {"months": some(pick, range(1, 13), 8)}
            if pick.bool()
            else {"first_day": pick.integer(1, 15), "last_day": pick.integer(20, 31)}
            for _ in range(pick.integer(1, 2))
        ]
    return redemption


def refunds_from(pick: Chooser) -> dict[str, Any]:
    refunds: dict[str, Any] = {
        "method": pick.choice(("by_value", "by_item")),
        "shortfall": pick.choice(("debt", "debt", "forgiven")),
        "points_back": pick.choice(("old_expiry", "minimum_life", "never")),
        "cap_room_back": pick.bool(),
    }
    if refunds["points_back"] == "minimum_life":
        refunds["minimum_life_days"] = pick.choice((1, 30, 200))
    if pick.bool(30):
        refunds["within_days"] = pick.choice((0, 14, 100))
    return refunds


# --- logs ----------------------------------------------------------------------------------------------------------
class LogMaker:
    """Draws one log; remembers the orders, so that refunds stay within what they have left."""

    steps: Sequence[int] = (0, 0, 0, 1, 2, 9, 31, 75, 180)
    """Days from one row to the next."""

    def __init__(self, pick: Chooser, program: Program) -> None:
        self.pick, self.program = pick, program
        self.rows: list[Row] = []
        self.orders: list[dict[str, Any]] = []
        self.number = 0

    def row(self, member: str, event: str, when: date, posted: date, **values: Any) -> Row:
        row: Row = {
            "member_id": member, "date": when, "event": event, "amount": None, "points": None, "order_id": "", "refund_of": "",
            "category": "", "channel": "", "action": "", "birthday": None, "discount": Decimal(0), "tax": Decimal(0),
            "delivery": Decimal(0), "posted": posted if posted != when else None, "referrer": "",
        }  # fmt: skip
        row.update(values)
        return row

    def business_date(self, posted: date) -> date:
        """Mostly the posting day; sometimes the posting is late."""
        return posted - timedelta(days=self.pick.choice((1, 3, 20, 70, 400))) if self.pick.bool(12) else posted

    def money(self, most: int) -> Decimal:
        amount = Decimal(self.pick.integer(0, most))
        return amount + Decimal(self.pick.choice((0, 0, 1, 50, 99))) / 100

    def new_id(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"

    def extras(self, amount: Decimal) -> Row:
        """Category, channel, discount, tax and delivery of a line; a discount may even exceed the amount."""
        pick = self.pick
        values: Row = {"category": pick.choice(("", "", *CATEGORIES)), "channel": pick.choice(("", "", *CHANNELS))}
        if pick.bool(25):
            values["discount"] = pick.choice(
                (Decimal(5), Decimal("0.50"), amount / 2 if amount == int(amount) else amount)
            )
        if pick.bool(20):
            values["tax"] = pick.choice((Decimal(1), Decimal("2.35")))
        if pick.bool(15):
            values["delivery"] = Decimal(8)
        return values

    def join(self, member: str, day: date) -> None:
        """Only by a row of its own does a birthday become known."""
        pick = self.pick
        birthday = None
        if pick.bool(75):
            near = day + timedelta(days=pick.integer(-40, 60))
            birthday = date(1992, 2, 29) if pick.bool(25) else date(1980, near.month, min(near.day, 28))
        self.rows.append(self.row(member, "join", day, day, birthday=birthday))

    def purchase(self, member: str, day: date, redeems: int = 40) -> dict[str, Any] | None:
        """One to three lines, in some checkouts (so many per cent) with redemptions among them; the order, if it can be refunded."""
        pick = self.pick
        when = self.business_date(day)
        order_id = self.new_id("o") if pick.bool(85) else ""
        count = pick.choice((1, 1, 2, 3)) if order_id else 1
        lines = []
        for _ in range(count):
            amount = self.money(pick.choice((30, 120, 300, 600)))
            lines.append(
                self.row(member, "purchase", when, day, order_id=order_id, amount=amount, **self.extras(amount))
            )
        group = list(lines)
        if order_id and pick.bool(redeems if self.program.redemption is not None else 5):
            for _ in range(pick.choice((1, 1, 2))):
                group.insert(pick.integer(0, len(group)), self.redeem_row(member, when, day, order_id))
        self.rows += group
        total = sum(row["amount"] for row in lines)
        if not order_id or total == 0:
            return None
        self.orders.append({"id": order_id, "member": member, "when": when, "left": total})
        return self.orders[-1]

    def redeem_row(self, member: str, when: date, day: date, order_id: str) -> Row:
        """By points, by item, or by both; sometimes more than there is, or an item nobody knows."""
        pick = self.pick
        redemption = self.program.redemption
        items = [] if redemption is None else [(item.name, item.points) for item in redemption.catalogue]
        kind = pick.choice(("points", "points", "item", "both"))
        points = pick.choice((1, 1, 2, 2, 3, 5, 6, 10, 30))
        name, price = pick.choice(items) if items and not pick.bool(8) else ("nothing", 5)
        values: Row = {"points": points}
        if kind == "item":
            values = {"action": name}
        elif kind == "both":
            values = {"action": name, "points": price * pick.integer(1, 3) + (1 if pick.bool(15) else 0)}
        return self.row(member, "redeem", when, day, order_id=order_id, **values)

    def redeem(self, member: str, day: date) -> None:
        order_id = self.new_id("x") if self.pick.bool(30) else ""
        self.rows.append(self.redeem_row(member, self.business_date(day), day, order_id))

    def linked_refund(self, member: str, day: date) -> None:
        """Of any order of the member that has something left; of none, an unlinked one."""
        known = [order for order in self.orders if order["member"] == member and order["left"] > 0]
        if known:
            self.refund_of(self.pick.choice(known), member, day)
        else:
            self.unlinked_refund(member, day)

    def refund_of(self, order: dict[str, Any], member: str, day: date) -> None:
        """All that is left, or a part."""
        pick = self.pick
        cents = int(order["left"] * 100)
        amount = order["left"] if pick.bool() else Decimal(pick.integer(1, cents)) / 100
        within = self.program.refunds.within_days
        if within is None or (day - order["when"]).days <= within:
            order["left"] -= amount
        values: Row = {"amount": amount, "refund_of": order["id"], "order_id": self.new_id("r") if pick.bool() else ""}
        if pick.bool(35):
            values["category"] = pick.choice(CATEGORIES)
        self.rows.append(self.row(member, "refund", day, day, **values))

    def unlinked_refund(self, member: str, day: date) -> None:
        amount = self.money(self.pick.choice((30, 120)))
        order_id = self.new_id("r") if self.pick.bool() else ""
        when = self.business_date(day)
        self.rows.append(self.row(member, "refund", when, day, amount=amount, order_id=order_id, **self.extras(amount)))

    def action(self, member: str, day: date) -> None:
        pick, program = self.pick, self.program
        names = ["visit", "night", "unheard_of"]
        names += [bonus.action for bonus in program.earn.bonuses if bonus.action is not None] * 2
        if program.tiers is not None:
            names += [level.invitation for level in program.tiers.levels if level.invitation is not None]
        values: Row = {"action": pick.choice(names)}
        if pick.bool(60):
            values["points"] = pick.choice((1, 2, 4))
        self.rows.append(self.row(member, "action", self.business_date(day), day, **values))

    def story(self, member: str, day: date) -> date:
        """Points earned, used at a checkout, and that order refunded in one or two steps; the day it ends."""
        for _ in range(self.pick.integer(1, 2)):
            self.purchase(member, day, redeems=0)
            day = self.next_day(day)
        order = self.purchase(member, day, redeems=90)
        for _ in range(self.pick.integer(1, 2)):
            day = self.next_day(day)
            if order is not None and order["left"] > 0:
                self.refund_of(order, member, day)
        return day

    def make(self) -> list[Row]:
        """Members who come and go over about three years, several rows on some days."""
        pick = self.pick
        redeems = 1 if self.program.redemption is None else 3
        events: Sequence[Callable[[str, date], Any]]
        events = (
            [self.purchase] * 9
            + [self.linked_refund] * 3
            + [self.unlinked_refund]
            + [self.action] * 4
            + [self.redeem] * redeems
        )
        members = [f"m{k}" for k in range(pick.choice((1, 2, 2, 3, 4)))]
        seen: set[str] = set()
        day = FIRST_DAY + timedelta(days=pick.integer(0, 420))
        for _ in range(pick.integer(1, 25)):
            member = pick.choice(members)
            if member not in seen and pick.bool(75):
                self.join(member, day)
            elif pick.bool(10):
                day = self.story(member, day)
            else:
                pick.choice(events)(member, day)
            seen.add(member)
            day = self.next_day(day)
        return self.rows

    def next_day(self, day: date) -> date:
        """The day of the next row: often the same, often near, now and then a day on which periods turn."""
        pick = self.pick
        day += timedelta(days=pick.choice(self.steps))
        if pick.bool(15):
            month, dom = (int(part) for part in pick.choice(SPECIAL_DAYS).split("-"))
            year = day.year if (month, dom) != (2, 29) else 2024
            turning = date(year, month, dom)
            if timedelta(0) <= turning - day <= timedelta(days=250):
                day = turning
        return min(day, LAST_DAY)


def log_from(pick: Chooser, program: Program) -> list[Row]:
    """A log for a program, sorted by posting day."""
    return LogMaker(pick, program).make()
