"""Lowering a program to the integers its rules see."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from math import lcm
from typing import TypeVar

from workbench.program.alignment import aligned, refuse_shared_limits
from workbench.program.side_by_side import side_by_side
from workbench.program.spec import Program
from workbench.program.versions import in_versions, tier_line
from workbench.rules.bounds import CAP_DAYS, CATEGORIES, CHANNELS, VERSIONS
from workbench.rules.coupon_spec import Coupon
from workbench.rules.coupon_terms import lower_coupons
from workbench.rules.earn_terms import factor_scale, lower_earn
from workbench.rules.expiry import lower_expiry
from workbench.rules.message_spec import Automation
from workbench.rules.messages import cap_days, lower_messages
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
from workbench.rules.versions import unchanged
from workbench.spec import SpecError
from workbench.units import NEVER

__all__ = ["Codes", "Lowered", "LoweredVersion", "lower"]

K = TypeVar("K", bound=Hashable)

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
HELD_OUT_BITS = 62
"""Messages that a member's record can name as those they are held out of."""
REFERRAL_RULES = ("referral", "referral.referee", "referral.referrer")


@dataclass(frozen=True)
class Codes:
    """The integers that stand for a program's names. Names the program does not mention share the code after the last."""

    categories: dict[str, int]
    channels: dict[str, int]
    actions: dict[str, int]
    items: dict[str, int]
    plans: dict[str, int]
    coupons: dict[str, int]
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
class LoweredVersion:
    """One version of a program."""

    program: Program
    """Its rules, whole."""
    aligned: Program
    """The same with the coupons, messages and plans of all versions, by whose places accounts name them."""
    terms: Terms
    codes: Codes


@dataclass(frozen=True)
class Lowered:
    """A program ready to run."""

    versions: tuple[LoweredVersion, ...]
    rules: tuple[str, ...]
    """Names of the ledger's ``rule`` column, by code: of all versions."""
    tier_names: tuple[str, ...]
    """The tiers of all versions, from the lowest to the highest."""
    messages: tuple[str, ...]
    """The automations of all versions."""
    pools: list[int]
    """What each limit shared by all members holds at first, by its number."""

    @property
    def terms(self) -> Terms:
        """Terms of the first version."""
        return self.versions[0].terms

    @property
    def codes(self) -> Codes:
        """Codes of the first version."""
        return self.versions[0].codes

    @property
    def tier_of(self) -> dict[int, int]:
        """Place among ``tier_names`` of the tier that an entry tells of, by the code of its rule."""
        return {
            code: rank
            for each in self.versions
            for code, rank in zip(each.terms.why_tier, each.terms.tier_rank, strict=True)
        }


def lower(program: Program, first_day: int, last_day: int) -> Lowered:
    """Terms and codes of a program for the days from ``first_day`` to ``last_day``; raises SpecError where it cannot be exact."""
    written = in_versions(program)
    refuse_shared_limits(written, program.versions)
    programs = aligned(written)
    shared = _shared(programs)
    lefts: list[list[int]] = [[] for _ in programs]
    terms = [_terms(each, shared, left, first_day, last_day) for each, left in zip(programs, lefts, strict=True)]
    pools = lefts[0]
    if program.versions:
        terms, pools = _with_common_pools(programs, terms, lefts)
    names: tuple[str, ...] = program.tier_names
    if program.versions:
        names, ranks = tier_line(programs, program.versions)
        terms = side_by_side(
            programs, written, program.versions, terms, ranks, shared.bonuses, shared.rules["versions"]
        )
    strangers: dict[str, int] = {}
    codes = [_codes(each, own, shared, strangers) for each, own in zip(programs, written, strict=True)]
    rows = zip(written, programs, terms, codes, strict=True)
    return Lowered(
        tuple(LoweredVersion(*row) for row in rows), tuple(shared.rules), names, tuple(shared.messages), pools
    )


def _with_common_pools(
    programs: Sequence[Program], terms: Sequence[Terms], lefts: Sequence[list[int]]
) -> tuple[list[Terms], list[int]]:
    """Terms whose limits that members share are numbered alike, and what each limit holds at first."""
    keys = [_pools(each) for each in programs]
    numbers = _numbered(*keys)
    held = [0] * len(numbers)
    found = []
    for own, each, left in zip(keys, terms, lefts, strict=True):
        for key, most in zip(own, left, strict=True):
            held[numbers[key]] = most
        place = [numbers[key] for key in own]
        coupons, redemption = each.coupons, each.redemption
        found.append(
            each._replace(
                coupons=coupons._replace(
                    issue_pool=[place[k] if k >= 0 else -1 for k in coupons.issue_pool],
                    use_pool=[place[k] if k >= 0 else -1 for k in coupons.use_pool],
                ),
                redemption=redemption._replace(item_pool=[place[k] if k >= 0 else -1 for k in redemption.item_pool]),
            )
        )
    return found, held


def _pools(program: Program) -> list[tuple[str, str]]:
    """The limits that members share, in the order in which lowering numbers them."""
    catalogue = () if program.redemption is None else program.redemption.catalogue
    return [
        *(("stock", each.name) for each in catalogue if each.stock is not None),
        *(("total_limit", each.name) for each in program.coupons if each.total_limit is not None),
        *(("total_uses", each.name) for each in program.coupons if each.total_uses is not None),
    ]


@dataclass(frozen=True)
class _Shared:
    """What all versions of a program number alike: those of the first come first, and stand where they would without the others."""

    categories: list[str]
    channels: list[str]
    actions: list[str]
    rules: dict[str, int]
    """Codes of the ledger's ``rule`` column."""
    meters: dict[tuple[str, str], int]
    """Places of the meters, by what they count and its name."""
    bonuses: dict[str, int]
    messages: dict[str, int]
    """Automations."""
    reached_by: dict[str, int]
    """The channels of messages."""
    scale: int
    """What every version's factors are counted in, where some version keeps a remainder."""


def _shared(programs: Sequence[Program]) -> _Shared:
    """The numbers of all names in a program's versions."""
    categories = _names(*(_categories(each) for each in programs))
    channels = _names(*(_channels(each) for each in programs))
    for named, most, what in ((categories, CATEGORIES, "categories"), (channels, CHANNELS, "channels")):
        if len(named) > most:
            raise SpecError(("earn",), f"a program may mention at most {most} {what}, its default included", len(named))
    keeps = len(programs) > 1 and any(each.earn.rounding.keeps_remainder for each in programs)
    messages = _numbered(*([automation.name for automation in each.automations] for each in programs))
    if len(messages) > HELD_OUT_BITS:
        message = f"a program may have at most {HELD_OUT_BITS} messages over all versions"
        raise SpecError(("messages", "automations"), message, len(messages))
    return _Shared(
        categories=categories,
        channels=channels,
        actions=_names(["visit", "night"], *(_actions(each) for each in programs)),
        rules=_numbered(
            _rules(programs[0]), ["versions"] if len(programs) > 1 else [], *(_rules(each) for each in programs)
        ),
        meters=_numbered(*(_meters(each) for each in programs)),
        bonuses=_numbered(*([bonus.name for bonus in each.earn.bonuses] for each in programs)),
        messages=messages,
        reached_by=_numbered(
            *([channel.name for channel in each.messages.channels] for each in programs if each.messages is not None)
        ),
        scale=lcm(*(factor_scale(each.earn) for each in programs)) if keeps else 1,
    )


def _categories(program: Program) -> list[str]:
    """The categories a program mentions."""
    earn = program.earn
    groups = [each.categories for each in earn.multipliers] + [each.categories for each in earn.bonuses]
    groups += [each.rebate.categories for each in program.plans if each.rebate is not None]
    groups += [each.categories for each in program.prices] + [each.categories for each in program.coupons]
    groups += [getattr(each.trigger, "categories", ()) for each in _campaigns(program)]
    return _names([program.default_category], earn.eligible.excluded_categories, *groups)


def _channels(program: Program) -> list[str]:
    """The channels a program mentions."""
    groups = [each.channels for each in program.earn.multipliers]
    groups += [each.channels for each in program.prices] + [each.channels for each in program.coupons]
    return _names([program.default_channel], *groups)


def _campaigns(program: Program) -> tuple[Coupon | Automation, ...]:
    """What triggers set off: coupons, then messages."""
    return (*program.coupons, *program.automations)


def _actions(program: Program) -> list[str]:
    """The actions a program mentions."""
    levels = () if program.tiers is None else program.tiers.levels
    return _names(
        [each.action for each in program.earn.bonuses if each.action is not None],
        [each.invitation for each in levels if each.invitation is not None],
        [each.trigger.action for each in _campaigns(program) if each.trigger.on == "action"],
    )


def _items(program: Program) -> list[str]:
    """The rewards of a program's catalogue."""
    return [] if program.redemption is None else [item.name for item in program.redemption.catalogue]


def _rules(program: Program) -> list[str]:
    """What a program's ledger may name in its ``rule`` column, in the order of the codes."""
    return [
        *FIXED_RULES.values(),
        *(f"earn.bonuses.{each.name}" for each in program.earn.bonuses),
        *(f"tiers.{name}" for name in program.tier_names),
        *(f"redemption.catalogue.{name}" for name in _items(program)),
        *(f"segments.{name}" for name in SEGMENTS if program.segments is not None),
        *(VALUE_RULES if program.stored_value is not None else ()),
        *(f"plans.{each.name}" for each in program.plans),
        *(REFERRAL_RULES if program.referral is not None else ()),
        *(f"coupons.{each.name}" for each in program.coupons),
        *(f"prices.{each.name}" for each in program.prices),
        *(f"messages.{each.name}" for each in program.automations),
    ]


def _meters(program: Program) -> list[tuple[str, str]]:
    """What is counted against a limit, for each member: limits by their place and period, the others by name."""
    earn = program.earn
    return [
        *(("cap", f"{k} {each.per}") for k, each in enumerate(earn.caps)),
        *(("bonus", each.name) for each in earn.bonuses),
        *(("item", name) for name in _items(program)),
        *(("streak", each.name) for each in earn.bonuses if each.streak > 1),
        *([("referrals", "")] if program.referral is not None and program.referral.cap is not None else []),
    ]


def _terms(program: Program, shared: _Shared, pools: list[int], first_day: int, last_day: int) -> Terms:
    """Terms of one version; adds to ``pools`` the limits that members share."""
    earn = program.earn
    items = _items(program)
    tiers = program.tier_names
    rules, meters = shared.rules, shared.meters
    referral_expiry = None if program.referral is None else program.referral.expiry
    expiry, (*bonus_expiry, referral_rule) = lower_expiry(
        program.expiry, [*(each.expiry for each in earn.bonuses), referral_expiry], tiers, first_day, last_day
    )
    return Terms(
        first_day=first_day,
        last_day=last_day,
        earn=lower_earn(
            earn,
            tiers,
            shared.categories,
            shared.channels,
            shared.actions,
            bonus_expiry,
            first_day,
            last_day,
            shared.scale,
        ),
        tiers=lower_tiers(program.tiers, shared.actions, earn.pending is not None, first_day, last_day),
        expiry=expiry,
        redemption=lower_redemption(
            program.redemption, bool(program.prices or program.coupons or program.stored_value), pools
        ),
        refunds=lower_refunds(program.refunds),
        segments=lower_segments(program.segments),
        value=lower_stored_value(
            program.stored_value,
            tiers,
            program.checkout.pay_first == "stored_value",
            rules.get(VALUE_RULES[0], 0),
        ),
        plans=lower_plans(
            program.plans, tiers, shared.categories, [rules[f"plans.{each.name}"] for each in program.plans]
        ),
        referral=lower_referral(program.referral, meters.get(("referrals", ""), 0), referral_rule),
        messages=lower_messages(program.messages, len(program.coupons), shared.messages, shared.reached_by),
        triggers=lower_triggers(
            program.coupons, program.automations, tiers, shared.categories, shared.actions, first_day, last_day
        ),
        coupons=lower_coupons(program.coupons, program.checkout, shared.categories, shared.channels, pools),
        prices=lower_prices(
            program.prices,
            tiers,
            tuple(each.name for each in program.plans),
            shared.categories,
            shared.channels,
            first_day,
            last_day,
        ),
        meters=len(meters),
        cap_meter=[meters["cap", f"{k} {each.per}"] for k, each in enumerate(earn.caps)],
        bonus_meter=[meters["bonus", each.name] for each in earn.bonuses],
        item_meter=[meters["item", name] for name in items],
        streak_meter=[meters.get(("streak", each.name), 0) for each in earn.bonuses],
        bonus_part=[shared.bonuses[each.name] + 1 for each in earn.bonuses],
        watches=len(program.coupons) + len(shared.messages) + (CAP_DAYS if cap_days(program.messages) else 0),
        any_birthday=int(any(each.event == "birthday" for each in earn.bonuses)),
        **{f"why_{name}": code for code, name in enumerate(FIXED_RULES)},
        why_bonus=[rules[f"earn.bonuses.{each.name}"] for each in earn.bonuses],
        why_tier=[rules[f"tiers.{name}"] for name in tiers],
        why_segment=rules.get(f"segments.{SEGMENTS[0]}", 0),
        why_referral=rules.get(REFERRAL_RULES[0], 0),
        why_coupon=[rules[f"coupons.{each.name}"] for each in program.coupons],
        why_message=[rules[f"messages.{each.name}"] for each in program.automations],
        why_price=[rules[f"prices.{each.name}"] for each in program.prices],
        tier_rank=list(range(len(tiers))),
        until=NEVER,
        change=unchanged(),
        since_num=[1] * VERSIONS,
        since_den=[1] * VERSIONS,
        carry_unit=0,
        why_version=0,
        why_item=[rules[f"redemption.catalogue.{name}"] for name in items],
    )


def _codes(program: Program, written: Program, shared: _Shared, strangers: dict[str, int]) -> Codes:
    """Codes of one version; ``written``: as its file has it."""
    coupons, plans = {each.name for each in written.coupons}, {each.name for each in written.plans}
    return Codes(
        categories={name: code for code, name in enumerate(shared.categories)},
        channels={name: code for code, name in enumerate(shared.channels)},
        actions={name: code for code, name in enumerate(shared.actions)},
        items={name: code for code, name in enumerate(_items(program))},
        plans={each.name: code for code, each in enumerate(program.plans) if each.name in plans},
        coupons={each.name: code for code, each in enumerate(program.coupons) if each.name in coupons},
        default_category=shared.categories.index(program.default_category),
        default_channel=shared.channels.index(program.default_channel),
        strangers=strangers,
    )


def _names(*groups: Iterable[str]) -> list[str]:
    """The distinct names of some groups, in order of mention."""
    found: dict[str, None] = {}
    for group in groups:
        for name in group:
            found.setdefault(name)
    return list(found)


def _numbered(*groups: Iterable[K]) -> dict[K, int]:
    """The distinct keys of some groups, numbered in order of mention."""
    found: dict[K, int] = {}
    for group in groups:
        for key in group:
            found.setdefault(key, len(found))
    return found
