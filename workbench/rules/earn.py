"""Earning: points for purchases and events.

Order of a purchase: eligible amount -> rate and factor of each part -> rounding -> caps. See ``docs/semantics.md``;
``earn_spec.py`` holds what a program file may say.
"""

from fractions import Fraction
from math import lcm, prod
from typing import NamedTuple

from workbench.ledger import BONUS, EARN, outstanding, post
from workbench.rules.earn_spec import (
    Bonus,
    BracketStep,
    Brackets,
    Cap,
    Earn,
    EarnRate,
    Eligible,
    Multiplier,
    Pending,
    Rounding,
    calendar_allows,
)
from workbench.rules.expiry import lot_expiry
from workbench.rules.lots import open_lot, repay
from workbench.rules.tiers import add_metrics, metric_total, need_of, window_start
from workbench.spec import DateSpan, SpecError
from workbench.units import (
    CEIL,
    FLOOR,
    HALF_UP,
    MAX_MONEY,
    NEVER,
    civil,
    day_of,
    muldiv,
    round_units,
    rule,
    to_date,
    to_day,
    to_minor,
)

__all__ = [
    "Bonus", "BracketStep", "Brackets", "Cap", "Earn", "EarnRate", "EarnTerms", "Eligible", "Multiplier", "Pending", "Rounding",
    "capped", "cut", "earn_purchase", "give_bonuses", "lower_earn", "points_of", "unlinked_value", "write_parts",
]  # fmt: skip


# --- lowering ------------------------------------------------------------------------------------------------------
class EarnTerms(NamedTuple):
    """Earning lowered to integers. Rate k gives ``rate_points[k]`` for each unit of money ``rate_den[k] / rate_num[k]``."""

    first_day: int
    mode: int
    by_line: int
    keeps: int
    """1 where a remainder stays with the member."""
    carry_resets: int
    after: int
    """1 where multipliers apply after rounding."""
    stacking: int
    one: int
    """The integer that stands for a factor of 1."""
    rate_num: list[int]
    rate_den: list[int]
    rate_points: list[int]
    rate_of_tier: list[int]
    bracket_on: int
    marginal: int
    bracket_from: list[int]
    minimum_order: int
    net_of_discount: int
    without_tax: int
    without_delivery: int
    without_points_paid: int
    excluded: list[int]
    """By category code; the last entry stands for every category the program does not mention."""
    factor: list[int]
    factor_den: list[int]
    """Multiplicative stacking: what each factor takes out of ``one``."""
    factor_days: list[list[int]]
    factor_birthday: list[int]
    factor_tiers: list[list[int]]
    factor_categories: list[list[int]]
    factor_channels: list[list[int]]
    split: int
    cap_per: list[int]
    cap_points: list[int]
    cap_reject: list[int]
    cap_before: list[int]
    cap_first: list[int]
    cap_last: list[int]
    any_before: int
    bonus_event: list[int]
    bonus_action: list[int]
    bonus_points: list[int]
    bonus_once: list[int]
    bonus_spend: list[int]
    bonus_any_category: list[int]
    bonus_categories: list[list[int]]
    bonus_days: list[list[int]]
    bonus_expiry: list[int]
    bonus_qualifies: list[int]
    bonus_reversed: list[int]
    pending_days: int
    clock_at_activation: int
    spend_waits: int
    points_wait: int
    bonuses_wait: int


HIGHEST, ADDITIVE, MULTIPLICATIVE = range(3)
NO_BRACKET, ON_ORDER, ON_BALANCE = range(3)
EVENTS = ("join", "first_purchase", "purchase", "birthday", "action")
ON_JOIN, ON_FIRST, ON_PURCHASE, ON_BIRTHDAY, ON_ACTION = range(5)
ONCE = ("event", "day", "month", "year", "lifetime")
PER = ("order", "day", "month", "year", "campaign", "balance")
PER_ORDER, PER_DAY, PER_MONTH, PER_YEAR, PER_CAMPAIGN, PER_BALANCE = range(6)
LARGEST = 2**61


def lower_earn(
    earn: Earn,
    tiers: tuple[str, ...],
    categories: list[str],
    channels: list[str],
    actions: list[str],
    bonus_expiry: list[int],
    first_day: int,
    last_day: int,
) -> EarnTerms:
    """Terms of earning; raises SpecError where amounts could leave 63 bits (compiled integers wrap silently)."""
    rates, rate_of_tier = _rates(earn, tiers)
    numbers = [_rate_numbers(each, earn.rounding.mode == "none", rates) for each in rates]
    one, factors = _factors(earn)
    _check_size(earn, numbers, one, factors)
    days = [to_date(day) for day in range(first_day, last_day + 1)]
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
        stacking={"highest": HIGHEST, "additive": ADDITIVE, "multiplicative": MULTIPLICATIVE, "forbid": HIGHEST}[earn.stacking],
        one=one,
        rate_num=[num for num, _, _ in numbers],
        rate_den=[den for _, den, _ in numbers],
        rate_points=[points for _, _, points in numbers],
        rate_of_tier=rate_of_tier,
        bracket_on=NO_BRACKET if brackets is None else {"order": ON_ORDER, "balance": ON_BALANCE}[brackets.on],
        marginal=int(brackets is not None and brackets.marginal),
        bracket_from=[]
        if brackets is None
        else [to_minor(step.from_) if brackets.on == "order" else int(step.from_) for step in brackets.steps],
        minimum_order=to_minor(earn.minimum_order),
        net_of_discount=int(eligible.discount == "net"),
        without_tax=int(eligible.tax == "excluded"),
        without_delivery=int(eligible.delivery == "excluded"),
        without_points_paid=int(eligible.paid_with_points == "excluded"),
        excluded=_mask(categories, eligible.excluded_categories, empty=0),
        factor=factors,
        factor_den=[Fraction(each.factor).denominator for each in earn.multipliers],
        factor_days=[[int(calendar_allows(each, day)) for day in days] for each in earn.multipliers],
        factor_birthday=[{None: 0, "day": 1, "month": 2}[each.birthday] for each in earn.multipliers],
        factor_tiers=[_mask(list(tiers), each.tiers, empty=1) for each in earn.multipliers],
        factor_categories=[_mask(categories, each.categories, empty=1) for each in earn.multipliers],
        factor_channels=[_mask(channels, each.channels, empty=1) for each in earn.multipliers],
        split=int(earn.rate_tier == "split"),
        cap_per=[PER.index(cap.per) for cap in earn.caps],
        cap_points=[cap.points for cap in earn.caps],
        cap_reject=[int(cap.beyond == "reject") for cap in earn.caps],
        cap_before=[int(cap.stage == "before_multiplier") for cap in earn.caps],
        cap_first=[first for first, _ in spans],
        cap_last=[last for _, last in spans],
        any_before=int(any(cap.stage == "before_multiplier" for cap in earn.caps)),
        bonus_event=[EVENTS.index(each.event) for each in earn.bonuses],
        bonus_action=[-1 if each.action is None else actions.index(each.action) for each in earn.bonuses],
        bonus_points=[-1 if each.points is None else each.points for each in earn.bonuses],
        bonus_once=[ONCE.index(each.once) for each in earn.bonuses],
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


def _factors(earn: Earn) -> tuple[int, list[int]]:
    """The integer that stands for 1, and each multiplier's factor as an integer (multiplicative: over its own share of it)."""
    exact = [Fraction(each.factor) for each in earn.multipliers]
    if earn.stacking == "multiplicative":
        return prod(each.denominator for each in exact), [each.numerator for each in exact]
    one = lcm(*(each.denominator for each in exact)) if exact else 1
    return one, [int(each * one) for each in exact]


def _check_size(earn: Earn, numbers: list[tuple[int, int, int]], one: int, factors: list[int]) -> None:
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
    return (0, NEVER) if dates is None else (to_day(dates.first), to_day(dates.last))


# --- rules: which part of an order earns, at which rate and factor ----------------------------------------------------
@rule
def known(code, mask):
    """Index of a category or channel code in a mask: codes the program does not mention share the last entry."""
    return min(code, len(mask) - 1)


@rule
def set_eligible(terms, lines, count, points_paid):
    """Write each line's eligible amount; returns their sum."""
    earn = terms.earn
    left = points_paid if earn.without_points_paid else 0
    total = 0
    for i in range(count):
        line = lines[i]
        amount = line.amount
        if earn.net_of_discount:
            amount -= line.discount
        if earn.without_tax:
            amount -= line.tax
        if earn.without_delivery:
            amount -= line.delivery
        if earn.excluded[known(line.category, earn.excluded)]:
            amount = 0
        amount = max(amount, 0)
        paid = min(left, amount)
        left -= paid
        line.eligible = amount - paid
        total += line.eligible
    return total


@rule
def is_birthday(own, day, month_only):
    """Whether a day is the member's birthday (29 Feb: 28 Feb in common years), or lies in its month."""
    if own.birth_month == 0:
        return False
    year, month, _ = civil(day)
    if month_only:
        return month == own.birth_month
    return day == day_of(year, own.birth_month, own.birth_dom)


@rule
def factor_of(terms, own, tier, business, category, channel):
    """The stacked factor of a line, in units of ``one``."""
    earn = terms.earn
    total = earn.one
    seen = False
    for k in range(len(earn.factor)):
        applies = (
            earn.factor_days[k][business - earn.first_day]
            and earn.factor_tiers[k][max(tier, 0)]
            and earn.factor_categories[k][known(category, earn.factor_categories[k])]
            and earn.factor_channels[k][known(channel, earn.factor_channels[k])]
        )
        if applies and earn.factor_birthday[k] > 0:
            applies = is_birthday(own, business, earn.factor_birthday[k] == 2)
        if not applies:
            continue
        if earn.stacking == MULTIPLICATIVE:
            total = total // earn.factor_den[k] * earn.factor[k]
        elif earn.stacking == ADDITIVE:
            total += earn.factor[k] - earn.one
        else:
            total = max(total, earn.factor[k]) if seen else earn.factor[k]
        seen = True
    return max(total, 0)


@rule
def bracket_of(earn, value):
    """The step that an amount or balance reaches."""
    k = 0
    while k + 1 < len(earn.bracket_from) and value >= earn.bracket_from[k + 1]:
        k += 1
    return k


@rule
def write_part(order, line, rate, factor):
    """Append a line to an order's record."""
    part = order.parts[order.own.parts]
    order.own.parts += 1
    part.category = line.category
    part.channel = line.channel
    part.rate = rate
    part.factor = factor
    part.amount = line.amount
    part.eligible = line.eligible
    part.amount_left = line.amount
    part.eligible_left = line.eligible
    part.refunded = 0


@rule
def write_parts(terms, account, order, lines, count, day):
    """Record an order's lines with their rate and factor, and what decides where a split order is cut."""
    earn = terms.earn
    own = account.own
    placed = order.own
    placed.tier = own.tier
    placed.fallen = own.fallen
    placed.split = 0
    if earn.split and placed.day >= window_start(terms, own, day):
        placed.split = 1
        placed.spend_before = metric_total(account, 0, window_start(terms, own, day), day)
    placed.parts = 0
    rate = rate_before(terms, own)
    for i in range(count):
        line = lines[i]
        write_part(order, line, rate, factor_of(terms, own, own.tier, placed.day, line.category, line.channel))


@rule
def rate_before(terms, own):
    """The rate of a member's tier or balance. With brackets on the order it is decided later, by its amount."""
    earn = terms.earn
    if earn.bracket_on == ON_BALANCE:
        return bracket_of(earn, max(own.balance - own.debt, 0))
    return 0 if earn.bracket_on == ON_ORDER else earn.rate_of_tier[max(own.tier, 0)]


@rule
def cut(terms, own, order, refunded):
    """Cut an order into pieces of one rate and factor: what its lines have left, or what the refund at hand takes of them."""
    placed = order.own
    placed.pieces = 0
    spend = placed.spend_before
    for i in range(placed.parts):
        part = order.parts[i]
        left = part.refunded if refunded else part.eligible_left
        if not placed.split or part.rate < 0:
            write_piece(order, i, part.rate, part.factor, left)
            continue
        while left > 0:
            tier, gap = tier_at_spend(terms, placed, spend)
            piece = min(left, gap)
            factor = factor_of(terms, own, tier, placed.day, part.category, part.channel)
            write_piece(order, i, terms.earn.rate_of_tier[tier], factor, piece)
            left -= piece
            spend += piece


@rule
def write_piece(order, line, rate, factor, eligible):
    """Append a piece."""
    piece = order.pieces[order.own.pieces]
    order.own.pieces += 1
    piece.line = line
    piece.rate = rate
    piece.factor = factor
    piece.eligible = eligible


@rule
def tier_at_spend(terms, placed, spend):
    """The tier that spend from an order's start has reached, and how much more reaches the next one."""
    tier = placed.tier
    gap = NEVER * 10**10
    for k in range(placed.tier + 1, terms.tiers.count):
        threshold = need_of(terms, placed, k)[0]
        if 0 <= threshold <= spend:
            tier = k
        elif threshold > spend:
            gap = min(gap, threshold - spend)
    return tier, gap


# --- rules: points of an order ------------------------------------------------------------------------------------
@rule
def portion(earn, piece, k, before, total):
    """What of a piece's eligible amount earns at rate k; ``before`` is the eligible amount of the pieces listed earlier."""
    if earn.bracket_on != ON_ORDER:
        return piece.eligible if piece.rate == k else 0
    if not earn.marginal:
        return piece.eligible if bracket_of(earn, total) == k else 0
    low = earn.bracket_from[k]
    high = earn.bracket_from[k + 1] if k + 1 < len(earn.bracket_from) else before + piece.eligible
    return max(0, min(before + piece.eligible, high) - max(before, low))


@rule
def same_group(earn, a, b, plain):
    """Whether two pieces of one rate are rounded together."""
    return (not earn.by_line or a.line == b.line) and (not earn.after or plain or a.factor == b.factor)


@rule
def first_of_group(earn, pieces, i, plain):
    """Whether no earlier piece belongs to the same group."""
    for j in range(i):
        if same_group(earn, pieces[j], pieces[i], plain):
            return False
    return True


@rule
def units_to_points(earn, k, units, factor, plain):
    """Points of so many units at rate k; multiplied here where the program multiplies after rounding."""
    points = units * earn.rate_points[k]
    if earn.after and not plain:
        points = round_units(points * factor, earn.one, earn.mode)
    return points


@rule
def points_of(terms, own, order, plain):
    """Points of an order's pieces, before limits. ``plain``: without multipliers. Where a remainder stays with the member
    (``keeps``) it is read from and written back to ``own.carry``."""
    earn = terms.earn
    weighted = not (plain or earn.after)
    scale = earn.one if weighted else 1
    pieces, count = order.pieces, order.own.pieces
    total = 0
    for i in range(count):
        total += pieces[i].eligible
    points = 0
    for k in range(len(earn.rate_num)):
        for i in range(count):
            if not first_of_group(earn, pieces, i, plain):
                continue
            spend = 0
            before = 0
            for j in range(count):
                if j >= i and same_group(earn, pieces[j], pieces[i], plain):
                    share = portion(earn, pieces[j], k, before, total)
                    spend += share * (pieces[j].factor if weighted else 1)
                before += pieces[j].eligible
            if spend == 0:
                continue
            quantity = spend * earn.rate_num[k]
            denominator = earn.rate_den[k] * scale
            if earn.keeps:
                own.carry += quantity
                units = own.carry // denominator
                own.carry -= units * denominator
            else:
                units = round_units(quantity, denominator, earn.mode)
            points += units_to_points(earn, k, units, pieces[i].factor, plain)
    return points


@rule
def weighted_spend(order):
    """Eligible spend times factor, and eligible spend, of an order's pieces."""
    weighted = 0
    plain = 0
    for i in range(order.own.pieces):
        weighted += order.pieces[i].eligible * order.pieces[i].factor
        plain += order.pieces[i].eligible
    return weighted, plain


@rule
def limited_before(terms, order, points, plain, room):
    """Points of an order whose plain points are limited to ``room``."""
    if plain <= room:
        return points
    weighted, spend = weighted_spend(order)
    if spend == 0:
        return points
    return min(points, muldiv(room, weighted, spend * terms.earn.one))


# --- rules: limits ------------------------------------------------------------------------------------------------
@rule
def period_key(per, day):
    """The calendar period of a limit that holds a day: day, month, year, or one for all."""
    year, month, _ = civil(day)
    if per == PER_DAY:
        return day
    if per == PER_MONTH:
        return year * 12 + month
    if per == PER_YEAR:
        return year
    return 1


@rule
def room_under(terms, account, cap, day):
    """Points a limit still allows today; -1 where it does not apply."""
    earn = terms.earn
    per = earn.cap_per[cap]
    limit = earn.cap_points[cap]
    if per == PER_CAMPAIGN and not (earn.cap_first[cap] <= day <= earn.cap_last[cap]):
        return -1
    if per == PER_ORDER:
        return limit
    if per == PER_BALANCE:
        return max(0, limit - outstanding(account.own))
    meter = account.meters[cap]
    used = meter.used if meter.period == period_key(per, day) else 0
    return max(0, limit - used)


@rule
def apply_caps(terms, account, order, points, plain, day):
    """Points that the limits leave, each in turn; the rooms are kept with the order for its refunds."""
    earn = terms.earn
    own = order.own
    own.base_room = -1
    own.room = -1
    for cap in range(len(earn.cap_per)):
        room = room_under(terms, account, cap, day)
        if room < 0:
            continue
        value = plain if earn.cap_before[cap] else points
        if value <= room:
            continue
        if earn.cap_reject[cap]:
            points, plain = 0, 0
        elif earn.cap_before[cap]:
            points = limited_before(terms, order, points, plain, room)
            plain = room
            own.base_room = room if own.base_room < 0 else min(own.base_room, room)
        else:
            points = room
            own.room = room if own.room < 0 else min(own.room, room)
    own.plain = plain
    count_use(terms, account, points, plain, day)
    return points


@rule
def count_use(terms, account, points, plain, day):
    """Count points against the limits of today's periods (negative: give room back)."""
    earn = terms.earn
    for cap in range(len(earn.cap_per)):
        per = earn.cap_per[cap]
        if per == PER_ORDER or per == PER_BALANCE or room_under(terms, account, cap, day) < 0:
            continue
        meter = account.meters[cap]
        key = period_key(per, day)
        if meter.period != key:
            meter.period = key
            meter.used = 0
        meter.used = max(0, meter.used + (plain if earn.cap_before[cap] else points))


@rule
def capped(terms, order, points, plain):
    """What a recomputed order may keep under the room it had when it was posted."""
    own = order.own
    if own.base_room >= 0:
        points = limited_before(terms, order, points, plain, own.base_room)
    if own.room >= 0:
        points = min(points, own.room)
    return points


# --- rules: posting -----------------------------------------------------------------------------------------------
@rule
def add_points(terms, account, day, earned_on, lot_rule, points, waits, kind, money, order, part, why):
    """Open a lot of new points with its entry; usable points repay debt first."""
    earn = terms.earn
    active_on = earned_on + earn.pending_days if waits else earned_on
    clock = active_on if earn.clock_at_activation else earned_on
    if lot_rule < 0:
        lot_rule = terms.expiry.of_tier[max(account.own.tier, 0)]
    expires_on = lot_expiry(terms, lot_rule, clock, account.own.joined)
    index = open_lot(account, day, earned_on, expires_on, active_on, points, order, part, 0)
    post(account, day, kind, points, money, earned_on, expires_on, order, why)
    if active_on <= day:
        repay(account, day, index, terms.why_debt)


@rule
def metric_day(business, waits, days):
    """The day a qualifying metric is dated: business day, or the day it becomes active."""
    return business + days if waits else business


@rule
def earn_purchase(terms, account, order, eligible, day, business):
    """Base points of an order whose parts are cut: rounding, limits, lot, and the order's own record of them."""
    earn = terms.earn
    own = order.own
    own.points = 0
    own.plain = 0
    own.base_room = -1
    own.room = -1
    if eligible < earn.minimum_order:
        for i in range(own.parts):
            order.parts[i].rate = -1
        return
    cut(terms, account.own, order, False)
    points = points_of(terms, account.own, order, False)
    plain = points_of(terms, account.own, order, True) if earn.any_before else points
    if len(earn.cap_per) > 0:
        points = apply_caps(terms, account, order, points, plain, day)
    own.points = points
    if points > 0:
        waits = earn.pending_days > 0
        add_points(terms, account, day, business, -1, points, waits, EARN, eligible, own.number, 0, terms.why_earn)


@rule
def once_allows(terms, account, bonus, day):
    """Whether a bonus may still be given in its period; notes that it is."""
    once = terms.earn.bonus_once[bonus]
    if once == 0:
        return True
    meter = account.meters[len(terms.earn.cap_per) + bonus]
    key = period_key(once, day)
    if meter.period == key:
        return False
    meter.period = key
    return True


@rule
def qualifying_lines(terms, lines, count, bonus):
    """Eligible spend of the lines of a bonus's categories, and how many there are."""
    mask = terms.earn.bonus_categories[bonus]
    spend = 0
    found = 0
    for i in range(count):
        if mask[known(lines[i].category, mask)]:
            spend += lines[i].eligible
            found += 1
    return spend, found


@rule
def give_bonuses(terms, account, order, lines, count, day, event, action, given):
    """Give every bonus of an event, in file order (``given``: points an action row brings). Returns points that qualify."""
    earn = terms.earn
    qualifying = 0
    for k in range(len(earn.bonus_event)):
        wanted = earn.bonus_event[k]
        if wanted != event and not (wanted == ON_PURCHASE and event == ON_FIRST):
            continue
        if (wanted == ON_ACTION and earn.bonus_action[k] != action) or not earn.bonus_days[k][day - earn.first_day]:
            continue
        points = earn.bonus_points[k] if earn.bonus_points[k] > 0 else given
        if event == ON_PURCHASE or event == ON_FIRST:
            spend, found = qualifying_lines(terms, lines, count, k)
            if spend < earn.bonus_spend[k] or (found == 0 and not earn.bonus_any_category[k]):
                continue
        if points <= 0 or not once_allows(terms, account, k, day):
            continue
        number = order.own.number
        waits = earn.bonuses_wait and earn.pending_days > 0
        add_points(terms, account, day, order.own.day, earn.bonus_expiry[k], points, waits, BONUS, 0, number, k + 1, terms.why_bonus + k)
        order.own.bonuses |= 1 << k
        if earn.bonus_qualifies[k]:
            qualifying += points
            if waits and earn.points_wait:
                add_metrics(terms, account, day, metric_day(order.own.day, True, earn.pending_days), 0, points, 0, 0, 0)
            else:
                add_metrics(terms, account, day, day, 0, points, 0, 0, 0)
    return qualifying


@rule
def unlinked_value(terms, account, order, line, day):
    """Points of an amount at the base rate of today: no multipliers, minimum, bonuses or limits. Leaves the amount as the order's single line."""
    earn = terms.earn
    own = account.own
    order.own.parts = 0
    rate = bracket_of(earn, line.eligible) if earn.bracket_on == ON_ORDER else rate_before(terms, own)
    write_part(order, line, rate, earn.one)
    if earn.keeps or rate < 0:
        return 0
    units = round_units(line.eligible * earn.rate_num[rate], earn.rate_den[rate], earn.mode)
    return units_to_points(earn, rate, units, earn.one, False)
