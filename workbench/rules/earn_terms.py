"""Earning lowered: what ``earn_spec.py`` lets a file say, as the integers and tables that the rules of earning read."""

from datetime import timedelta
from fractions import Fraction
from math import lcm, prod
from typing import Annotated, NamedTuple

from workbench.rules.bounds import (
    BONUSES,
    CATEGORIES,
    CHANNELS,
    DAYS,
    MULTIPLIERS,
    TIERS,
    Bonuses,
    Brackets,
    Caps,
    Multipliers,
    PerTier,
    Rates,
)
from workbench.rules.earn_spec import Earn, EarnRate, calendar_allows
from workbench.spec import DateSpan, SpecError
from workbench.units import CEIL, EPOCH, FLOOR, HALF_UP, MAX_MONEY, NEVER, to_day, to_minor

__all__ = ["EarnTerms", "factor_scale", "lower_earn"]


class EarnTerms(NamedTuple):
    """Earning lowered to integers, money in minor units. Yes and no are 1 and 0; tables by day begin at ``first_day``."""

    first_day: int
    mode: int
    """Rounding: ``FLOOR``, ``CEIL`` or ``HALF_UP``."""
    by_line: int
    """1 where each line is rounded on its own."""
    keeps: int
    """1 where a remainder stays with the member."""
    carry_resets: int
    """1 where a kept remainder is cleared on 1 January."""
    after: int
    """1 where multipliers apply after rounding."""
    stacking: int
    one: int
    """The integer that stands for a factor of 1."""
    rates: int
    """Number of rates; further on: of brackets, multipliers, limits and bonuses."""
    rate_num: Rates
    """Rate k gives ``rate_points[k]`` for each unit of ``rate_den[k] / rate_num[k]`` of money. With brackets: rate k is step k."""
    rate_den: Rates
    rate_points: Rates
    rate_of_tier: PerTier
    """-1 for tiers that earn nothing."""
    bracket_on: int
    marginal: int
    brackets: int
    bracket_from: Brackets
    """Where each step begins, in money or in points of balance."""
    minimum_order: int
    net_of_discount: int
    without_tax: int
    without_delivery: int
    without_points_paid: int
    net_of_price: int
    net_of_coupons: int
    categories: int
    channels: int
    """Number of names the program mentions: their codes count from 0, and the next one stands for every other name."""
    excluded: Annotated[list[int], CATEGORIES + 1]
    """By category code."""
    factors: int
    factor: Multipliers
    """Of each multiplier, in units of ``one`` (multiplicative: the numerator)."""
    factor_den: Multipliers
    """The denominator of each factor: what a multiplicative one takes out of ``one``."""
    factor_days: Annotated[list[list[int]], (MULTIPLIERS, DAYS)]
    factor_birthday: Multipliers
    """0: no condition, 1: the birthday, 2: its month."""
    factor_tiers: Annotated[list[list[int]], (MULTIPLIERS, TIERS + 1)]
    factor_categories: Annotated[list[list[int]], (MULTIPLIERS, CATEGORIES + 1)]
    factor_channels: Annotated[list[list[int]], (MULTIPLIERS, CHANNELS + 1)]
    split: int
    """1 where an order that crosses a tier's threshold is cut there."""
    caps: int
    cap_per: Caps
    cap_points: Caps
    cap_reject: Caps
    cap_before: Caps
    """1 where the limit holds for points without multipliers."""
    cap_first: Caps
    cap_last: Caps
    any_before: int
    bonuses: int
    bonus_event: Bonuses
    bonus_action: Bonuses
    """Action code; -1 for none."""
    bonus_points: Bonuses
    """-1 where the action row brings them."""
    bonus_once: Bonuses
    bonus_at_most: Bonuses
    bonus_streak: Bonuses
    """Days in a row of which every n-th gives it; 1: every action."""
    bonus_spend: Bonuses
    bonus_any_category: Bonuses
    bonus_categories: Annotated[list[list[int]], (BONUSES, CATEGORIES + 1)]
    bonus_days: Annotated[list[list[int]], (BONUSES, DAYS)]
    bonus_expiry: Bonuses
    """Lot rule of its own; -1 for the program's."""
    bonus_qualifies: Bonuses
    bonus_reversed: Bonuses
    pending_days: int
    clock_at_activation: int
    spend_waits: int
    points_wait: int
    bonuses_wait: int


HIGHEST, ADDITIVE, MULTIPLICATIVE = range(3)
STACKING = {"highest": HIGHEST, "additive": ADDITIVE, "multiplicative": MULTIPLICATIVE, "forbid": HIGHEST}
NO_BRACKET, ON_ORDER, ON_BALANCE = range(3)
EVENTS = ("join", "first_purchase", "purchase", "birthday", "action")
ON_JOIN, ON_FIRST, ON_PURCHASE, ON_BIRTHDAY, ON_ACTION = range(5)
ONCE = ("event", "day", "month", "year", "lifetime")
PER = ("order", "day", "month", "year", "campaign", "balance")
PER_ORDER, PER_DAY, PER_MONTH, PER_YEAR, PER_CAMPAIGN, PER_BALANCE = range(6)
LARGEST = 2**61
"""No product of an order may go beyond: twice it still fits 63 bits, and ``muldiv`` needs it of its divisor."""


def lower_earn(
    earn: Earn,
    tiers: tuple[str, ...],
    categories: list[str],
    channels: list[str],
    actions: list[str],
    bonus_expiry: list[int],
    first_day: int,
    last_day: int,
    scale: int = 1,
) -> EarnTerms:
    """Terms of earning; raises SpecError where amounts could leave 63 bits (compiled integers wrap silently). ``scale``: the integer that stands for a
    factor of 1 is a multiple of it, so that versions of a program count a kept remainder alike."""
    rates, rate_of_tier = _rates(earn, tiers)
    numbers = [_rate_numbers(each, earn.rounding.mode == "none", rates) for each in rates]
    one, factors = _factors(earn, scale)
    _check_size(earn, numbers, one, factors)
    days = [EPOCH + timedelta(days=day) for day in range(first_day, last_day + 1)]
    spans = [_span(cap.dates) for cap in earn.caps]
    brackets = earn.brackets
    eligible = earn.eligible
    pending = earn.pending
    return EarnTerms(
        first_day=first_day,
        mode={"floor": FLOOR, "ceil": CEIL, "half_up": HALF_UP, "none": FLOOR}[earn.rounding.mode],
        by_line=int(earn.rounding.scope == "line"),
        keeps=int(earn.rounding.keeps_remainder),
        carry_resets=int(earn.rounding.carry_resets == "year_end"),
        after=int(earn.multiplier_stage == "after_rounding"),
        stacking=STACKING[earn.stacking],
        one=one,
        rates=len(numbers),
        rate_num=[num for num, _, _ in numbers],
        rate_den=[den for _, den, _ in numbers],
        rate_points=[points for _, _, points in numbers],
        rate_of_tier=rate_of_tier,
        bracket_on=NO_BRACKET if brackets is None else {"order": ON_ORDER, "balance": ON_BALANCE}[brackets.on],
        marginal=int(brackets is not None and brackets.marginal),
        brackets=0 if brackets is None else len(brackets.steps),
        bracket_from=[]
        if brackets is None
        else [to_minor(step.from_) if brackets.on == "order" else int(step.from_) for step in brackets.steps],
        minimum_order=to_minor(earn.minimum_order),
        net_of_discount=int(eligible.discount == "net"),
        without_tax=int(eligible.tax == "excluded"),
        without_delivery=int(eligible.delivery == "excluded"),
        without_points_paid=int(eligible.paid_with_points == "excluded"),
        net_of_price=int(eligible.member_price == "net"),
        net_of_coupons=int(eligible.coupons == "net"),
        categories=len(categories),
        channels=len(channels),
        excluded=_mask(categories, eligible.excluded_categories, empty=0),
        factors=len(factors),
        factor=factors,
        factor_den=[Fraction(each.factor).denominator for each in earn.multipliers],
        factor_days=[[int(calendar_allows(each, day)) for day in days] for each in earn.multipliers],
        factor_birthday=[{None: 0, "day": 1, "month": 2}[each.birthday] for each in earn.multipliers],
        factor_tiers=[_mask(list(tiers), each.tiers, empty=1) for each in earn.multipliers],
        factor_categories=[_mask(categories, each.categories, empty=1) for each in earn.multipliers],
        factor_channels=[_mask(channels, each.channels, empty=1) for each in earn.multipliers],
        split=int(earn.rate_tier == "split"),
        caps=len(earn.caps),
        cap_per=[PER.index(cap.per) for cap in earn.caps],
        cap_points=[cap.points for cap in earn.caps],
        cap_reject=[int(cap.beyond == "reject") for cap in earn.caps],
        cap_before=[int(cap.stage == "before_multiplier") for cap in earn.caps],
        cap_first=[first for first, _ in spans],
        cap_last=[last for _, last in spans],
        any_before=int(any(cap.stage == "before_multiplier" for cap in earn.caps)),
        bonuses=len(earn.bonuses),
        bonus_event=[EVENTS.index(each.event) for each in earn.bonuses],
        bonus_action=[-1 if each.action is None else actions.index(each.action) for each in earn.bonuses],
        bonus_points=[-1 if each.points is None else each.points for each in earn.bonuses],
        bonus_once=[ONCE.index(each.once) for each in earn.bonuses],
        bonus_at_most=[each.at_most for each in earn.bonuses],
        bonus_streak=[each.streak for each in earn.bonuses],
        bonus_spend=[to_minor(each.minimum_spend) for each in earn.bonuses],
        bonus_any_category=[int(not each.categories) for each in earn.bonuses],
        bonus_categories=[_mask(categories, each.categories, empty=1) for each in earn.bonuses],
        bonus_days=[
            [int(not each.dates or any(span.first <= day <= span.last for span in each.dates)) for day in days]
            for each in earn.bonuses
        ],
        bonus_expiry=bonus_expiry,
        bonus_qualifies=[int(each.qualifies) for each in earn.bonuses],
        bonus_reversed=[int(each.reversed_with_order) for each in earn.bonuses],
        pending_days=0 if pending is None else pending.days,
        clock_at_activation=int(pending is not None and pending.expiry_clock == "activation"),
        spend_waits=int(pending is not None and pending.spend_counts == "when_active"),
        points_wait=int(pending is not None and pending.points_count == "when_active"),
        bonuses_wait=int(pending is not None and pending.bonuses),
    )


def _rates(earn: Earn, tiers: tuple[str, ...]) -> tuple[list[EarnRate], list[int]]:
    """The distinct rates, and which of them each tier earns at (-1: none). Bracket steps keep their own order."""
    if earn.brackets is not None:
        return [step.rate for step in earn.brackets.steps], [0] * max(1, len(tiers))
    rates: list[EarnRate] = []
    of_tier = []
    for name in tiers or ("",):
        rate = earn.rate_by_tier.get(name, earn.rate)
        if rate is not None and rate not in rates:
            rates.append(rate)
        of_tier.append(-1 if rate is None else rates.index(rate))
    return rates, of_tier


def _rate_numbers(rate: EarnRate, exact: bool, rates: list[EarnRate]) -> tuple[int, int, int]:
    """(num, den, points): units = spend in minor units x num / den, each unit worth points."""
    per = to_minor(rate.per)
    if exact:  # fractions of a point of different rates need one denominator
        common = lcm(*(to_minor(each.per) for each in rates))
        return rate.points * (common // per), common, 1
    if rate.whole_blocks:
        return 1, per, rate.points
    ratio = Fraction(rate.points, per)
    return ratio.numerator, ratio.denominator, 1


def factor_scale(earn: Earn) -> int:
    """The least integer that can stand for a factor of 1."""
    exact = [Fraction(each.factor).denominator for each in earn.multipliers]
    return prod(exact) if earn.stacking == "multiplicative" else lcm(*exact)


def _factors(earn: Earn, scale: int) -> tuple[int, list[int]]:
    """The integer that stands for 1, and each multiplier's factor as an integer (multiplicative: over its own share of it)."""
    exact = [Fraction(each.factor) for each in earn.multipliers]
    one = lcm(factor_scale(earn), scale)
    if earn.stacking == "multiplicative":
        return one, [each.numerator for each in exact]
    return one, [int(each * one) for each in exact]


def _check_size(earn: Earn, numbers: list[tuple[int, int, int]], one: int, factors: list[int]) -> None:
    """Refuse rates and factors whose products on the largest order could leave 63 bits."""
    if earn.stacking == "multiplicative":
        exact = [Fraction(each.factor) for each in earn.multipliers]
        largest = prod(max(each.numerator, each.denominator) for each in exact)
    else:
        largest = max(one, sum(factors))
    for num, den, points in numbers:
        spend = (MAX_MONEY + den * one) * largest * num
        given = spend // (den * one) * points
        if 2 * spend > LARGEST or given > LARGEST or 2 * den * one > LARGEST:
            raise SpecError(
                ("earn",),
                f"these rates and multipliers leave 63-bit integers on an order of {MAX_MONEY // 100}: use coarser factors or blocks",
            )


def _mask(names: list[str], chosen: tuple[str, ...], empty: int) -> list[int]:
    """1 for the names chosen (no choice: ``empty`` for all); the last entry is for names not in the list."""
    if not chosen:
        return [empty] * (len(names) + 1)
    return [int(name in chosen) for name in names] + [0]


def _span(dates: DateSpan | None) -> tuple[int, int]:
    """First and last day; every day where no dates are given."""
    return (0, NEVER) if dates is None else (to_day(dates.first), to_day(dates.last))
