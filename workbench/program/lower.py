"""Lowering a program to the integers its rules see."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from workbench.program.spec import Program
from workbench.rules.bounds import CATEGORIES, CHANNELS
from workbench.rules.coupon_spec import Coupon
from workbench.rules.coupon_terms import lower_coupons
from workbench.rules.earn_terms import lower_earn
from workbench.rules.expiry import lower_expiry
from workbench.rules.message_spec import Automation
from workbench.rules.plans import lower_plans
from workbench.rules.prices import lower_prices
from workbench.rules.redemption import lower_redemption
from workbench.rules.referrals import lower_referral
from workbench.rules.refunds import lower_refunds
from workbench.rules.segment_spec import SEGMENTS
from workbench.rules.segments import lower_segments
from workbench.rules.stored_value import VALUE_RULES, lower_stored_value
from workbench.rules.terms import Terms
from workbench.rules.tiers import lower_tiers
from workbench.rules.trigger_terms import lower_triggers
from workbench.spec import SpecError

__all__ = ["Codes", "Lowered", "lower"]

FIXED_RULES = {
    "transaction": "transaction",
    "earn": "earn",
    "pending": "earn.pending",
    "expiry": "expiry",
    "money_off": "redemption.money_off",
    "catalogue": "redemption.catalogue",
    "automatic": "redemption.automatic",
    "refund": "refunds",
    "points_back": "refunds.points_back",
    "debt": "refunds.debt",
}
"""What every program's ledger may name in its ``rule`` column, by the name of its ``why_`` term; the order is that of the codes."""


@dataclass(frozen=True)
class Codes:
    """The integers that stand for a program's names. Names the program does not mention share the code after the last."""

    categories: dict[str, int]
    channels: dict[str, int]
    actions: dict[str, int]
    items: dict[str, int]
    plans: dict[str, int]
    coupons: dict[str, int]
    rules: tuple[str, ...]
    default_category: int
    default_channel: int
    strangers: dict[str, int] = field(default_factory=dict)
    """Categories met in data but not in the program; each keeps a code of its own, so that refunds find their lines."""

    def category(self, name: str) -> int:
        """Code of a category; blank is the program's default."""
        if not name:
            return self.default_category
        code = self.categories.get(name)
        if code is None:
            code = self.strangers.setdefault(name, len(self.categories) + len(self.strangers))
        return code

    def channel(self, name: str) -> int:
        """Code of a channel; blank is the program's default."""
        return self.channels.get(name, len(self.channels)) if name else self.default_channel


@dataclass(frozen=True)
class Lowered:
    """A program ready to run."""

    terms: Terms
    codes: Codes
    pools: list[int]
    """What each limit shared by all members holds at first, by its number."""


def lower(program: Program, first_day: int, last_day: int) -> Lowered:
    """Terms and codes of a program for the days from ``first_day`` to ``last_day``; raises SpecError where it cannot be exact."""
    _refuse_unbuilt(program)
    earn = program.earn
    campaigns: tuple[Coupon | Automation, ...] = (*program.coupons, *program.automations)
    categories = _names(
        [program.default_category],
        earn.eligible.excluded_categories,
        *(each.categories for each in earn.multipliers),
        *(each.categories for each in earn.bonuses),
        *(each.rebate.categories for each in program.plans if each.rebate is not None),
        *(each.categories for each in program.prices),
        *(each.categories for each in program.coupons),
        *(getattr(each.trigger, "categories", ()) for each in campaigns),
    )
    channels = _names(
        [program.default_channel],
        *(each.channels for each in earn.multipliers),
        *(each.channels for each in program.prices),
        *(each.channels for each in program.coupons),
    )
    for named, most, what in ((categories, CATEGORIES, "categories"), (channels, CHANNELS, "channels")):
        if len(named) > most:
            raise SpecError(("earn",), f"a program may mention at most {most} {what}, its default included", len(named))
    levels = () if program.tiers is None else program.tiers.levels
    actions = _names(
        ["visit", "night"],
        [each.action for each in earn.bonuses if each.action is not None],
        [each.invitation for each in levels if each.invitation is not None],
        [each.trigger.action for each in campaigns if each.trigger.on == "action"],
    )
    items = () if program.redemption is None else tuple(item.name for item in program.redemption.catalogue)
    tiers = program.tier_names
    referral = program.referral
    referral_expiry = None if referral is None else referral.expiry
    expiry, (*bonus_expiry, referral_rule) = lower_expiry(
        program.expiry, [*(each.expiry for each in earn.bonuses), referral_expiry], tiers, first_day, last_day
    )
    first_item_meter = len(earn.caps) + len(earn.bonuses)
    streak_meter = first_item_meter + len(items)
    streaks = len(earn.bonuses) if any(each.streak > 1 for each in earn.bonuses) else 0
    rules = (
        tuple(FIXED_RULES.values())
        + tuple(f"earn.bonuses.{each.name}" for each in earn.bonuses)
        + tuple(f"tiers.{name}" for name in tiers)
        + tuple(f"redemption.catalogue.{name}" for name in items)
    )
    why_segment = len(rules)
    rules += tuple(f"segments.{name}" for name in SEGMENTS if program.segments is not None)
    why_value = len(rules)
    rules += VALUE_RULES if program.stored_value is not None else ()
    why_plan = len(rules)
    rules += tuple(f"plans.{each.name}" for each in program.plans)
    why_referral = len(rules)
    rules += () if referral is None else ("referral", "referral.referee", "referral.referrer")
    why_coupon = len(rules)
    rules += tuple(f"coupons.{each.name}" for each in program.coupons)
    why_price = len(rules)
    rules += tuple(f"prices.{each.name}" for each in program.prices)
    plans = tuple(each.name for each in program.plans)
    pools: list[int] = []
    within_due = bool(program.prices or program.coupons or program.stored_value)
    terms = Terms(
        first_day=first_day,
        last_day=last_day,
        earn=lower_earn(earn, tiers, categories, channels, actions, bonus_expiry, streak_meter, first_day, last_day),
        tiers=lower_tiers(program.tiers, actions, earn.pending is not None, first_day, last_day),
        expiry=expiry,
        redemption=lower_redemption(program.redemption, first_item_meter, within_due),
        refunds=lower_refunds(program.refunds),
        segments=lower_segments(program.segments),
        referral=lower_referral(referral, streak_meter + streaks, referral_rule),
        triggers=lower_triggers(program.coupons, program.automations, tiers, categories, actions, first_day, last_day),
        coupons=lower_coupons(program.coupons, program.checkout, categories, channels, pools),
        prices=lower_prices(program.prices, tiers, plans, categories, channels, first_day, last_day),
        meters=streak_meter + streaks + int(referral is not None and referral.cap is not None),
        value=lower_stored_value(program.stored_value, tiers, program.checkout.pay_first == "stored_value", why_value),
        plans=lower_plans(program.plans, tiers, categories, why_plan),
        watches=len(campaigns),
        any_birthday=int(any(each.event == "birthday" for each in earn.bonuses)),
        **{f"why_{name}": code for code, name in enumerate(FIXED_RULES)},
        why_bonus=len(FIXED_RULES),
        why_tier=len(FIXED_RULES) + len(earn.bonuses),
        why_item=len(FIXED_RULES) + len(earn.bonuses) + len(tiers),
        why_segment=why_segment,
        why_referral=why_referral,
        why_coupon=why_coupon,
        why_price=why_price,
    )
    codes = Codes(
        categories={name: code for code, name in enumerate(categories)},
        channels={name: code for code, name in enumerate(channels)},
        actions={name: code for code, name in enumerate(actions)},
        items={name: code for code, name in enumerate(items)},
        plans={each.name: code for code, each in enumerate(program.plans)},
        coupons={each.name: code for code, each in enumerate(program.coupons)},
        rules=rules,
        default_category=categories.index(program.default_category),
        default_channel=channels.index(program.default_channel),
    )
    return Lowered(terms, codes, pools)


def _refuse_unbuilt(program: Program) -> None:
    """What may stand in a file and no engine lives yet."""
    for part in ("messages", "versions"):
        if getattr(program, part):
            raise SpecError((part,), "these rules are not built yet")
    for k, item in enumerate(() if program.redemption is None else program.redemption.catalogue):
        if item.stock is not None:
            raise SpecError(("redemption", "catalogue", k, "stock"), "limits that members share are not built yet")


def _names(*groups: Iterable[str]) -> list[str]:
    """The distinct names of some groups, in order of mention."""
    found: dict[str, None] = {}
    for group in groups:
        for name in group:
            found.setdefault(name)
    return list(found)
