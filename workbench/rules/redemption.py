"""Redemption: what points buy, when, and which lots they are taken from."""

from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from workbench.ledger import REDEEM, post
from workbench.rules.bounds import ITEMS, WINDOWS, Items, Windows
from workbench.rules.expiry import BY_REDEEM, note_activity
from workbench.rules.lots import soonest, take
from workbench.spec import Money, Name, PointCount, PositiveMoney, Spec, SpecError
from workbench.units import civil, rule, to_minor

__all__ = [
    "REFUSALS", "Automatic", "CatalogueItem", "MoneyOff", "OpenWindow", "Redemption", "RedemptionTerms",
    "lower_redemption", "redeem", "redeem_automatically",
]  # fmt: skip


# --- specs ---------------------------------------------------------------------------------------------------------
class OpenWindow(Spec):
    """When redemption is open; every condition given must hold."""

    months: Annotated[tuple[Annotated[int, Field(ge=1, le=12)], ...], Field(max_length=12)] = ()
    """Only in these months."""
    first_day: Annotated[int, Field(ge=1, le=31)] = 1
    """From this day of the month."""
    last_day: Annotated[int, Field(ge=1, le=31)] = 31
    """To this day of the month (31: to its end)."""

    @model_validator(mode="after")
    def _in_order(self) -> "OpenWindow":
        if self.first_day > self.last_day:
            raise SpecError(("first_day",), "the first day comes after the last day", self.first_day)
        return self


class MoneyOff(Spec):
    """Points as money: ``{points: 30, worth: 1}`` is 30 points = 1."""

    points: PointCount
    """So many points ..."""
    worth: PositiveMoney
    """... are worth so much, in major units. Other numbers pro rata, rounded down to the minor unit."""
    block: PointCount = 1
    """Redeemed in multiples of so many points."""
    minimum_balance: Annotated[int, Field(ge=0)] = 0
    """Least usable balance (net of debt) before redeeming."""
    minimum_basket: Money = Decimal(0)
    """At a checkout: least amount of the order (sum of ``amount``). Not judged where no order is known."""
    maximum_share: Annotated[Decimal, Field(gt=0, le=1, max_digits=4, decimal_places=3)] | None = None
    """At a checkout: the money off is at most this share of the order's amount. Not judged where no order is known."""
    unit_cost: Money | None = None
    """What ``points`` redeemed cost the brand, in major units; left out: ``worth``."""


class CatalogueItem(Spec):
    """A reward with a price in points."""

    name: Name
    """Named in the ``action`` column of a redeem row."""
    title: str = ""
    """Shown to people; left out: the name."""
    points: PointCount
    """Price of one."""
    face_value: Money
    """What one is worth to the member, in major units."""
    unit_cost: Money
    """What one costs the brand, in major units (a lucky draw: its expected cost)."""
    limit_per_day: Annotated[int, Field(ge=1, le=10000)] | None = None
    """At most so many of it per member and day."""
    stock: Annotated[int, Field(ge=0, le=10**9)] | None = None
    """At most so many in all, first come, first served: it couples members. What a refund of points gives back returns no stock."""


class Automatic(Spec):
    """Points are redeemed by themselves as soon as the usable balance reaches a threshold (after earning, activation, or a return of points)."""

    at: PointCount
    """The threshold; as many times so many points are taken, all in one redemption, as the balance holds them."""
    worth: Money
    """What each gives, in major units."""
    unit_cost: Money | None = None
    """What each costs the brand, in major units; left out: ``worth``."""


class Redemption(Spec):
    """What points buy. A program without it refuses every redemption."""

    money_off: MoneyOff | None = None
    """Points as money."""
    catalogue: Annotated[tuple[CatalogueItem, ...], Field(max_length=ITEMS)] = ()
    """Rewards with a price in points."""
    automatic: Automatic | None = None
    """Redemption without being asked; windows do not bind it."""
    windows: Annotated[tuple[OpenWindow, ...], Field(max_length=WINDOWS)] = ()
    """When redemption is open (any of them); none: always."""
    consume: Literal["soonest_expiring", "oldest_earned"] = "soonest_expiring"
    """Which lots are used first: soonest expiring (ties: earliest earned, then first posted), or oldest earned (ties: soonest expiring, then first posted)."""

    @model_validator(mode="after")
    def _something(self) -> "Redemption":
        if self.money_off is None and not self.catalogue and self.automatic is None:
            raise SpecError((), "give money_off, catalogue or automatic")
        names = [item.name for item in self.catalogue]
        for k, name in enumerate(names):
            if name in names[:k]:
                raise SpecError(("catalogue", k, "name"), "the name is used twice", name)
        return self


# --- lowering ------------------------------------------------------------------------------------------------------
class RedemptionTerms(NamedTuple):
    """Redemption lowered to integers; 0 points stand for what the program does not have."""

    allowed: int
    """1 where members can ask for a redemption (automatic ones apart)."""
    oldest_first: int
    off_points: int
    off_worth: int
    off_block: int
    off_minimum_balance: int
    off_minimum_basket: int
    off_share: int
    """Thousandths of the basket; 0 for no limit."""
    items: int
    """Number of rewards in the catalogue."""
    item_points: Items
    item_worth: Items
    """Face value of one, in minor units."""
    item_pool: Items
    """Place of its stock among the limits that members share; -1 where there is no end of it."""
    item_limit: Items
    """Per member and day; 0 for no limit."""
    within_due: int
    """1 where money off is at most what is left to pay: where the program takes something else off, or has stored value."""
    automatic_at: int
    automatic_worth: int
    windows: int
    """Number of windows; none: always open."""
    window_months: Annotated[list[list[int]], (WINDOWS, 13)]
    """1 for the months a window is open in, by month from 1 (entry 0 means nothing)."""
    window_first: Windows
    window_last: Windows


REFUSALS = (
    "",
    "beyond the balance",
    "the program has no redemption",
    "redemption is closed on this day",
    "the program has no such reward",
    "beyond the reward's daily limit",
    "the balance is below the minimum",
    "not a multiple of the block",
    "beyond the share of the basket that points may pay",
    "the basket is below the minimum",
    "no points are named",
    "not a multiple of the reward's price",
    "the referring member is not known",
    "nobody can refer themselves",
    "the member was referred before",
    "the member has bought before",
    "beyond what is left to pay",
    "may not be combined with what is already on the order",
    "the program has no such coupon",
    "no such coupon is held",
    "no such coupon is usable on this day",
    "no such coupon is unclaimed",
    "the basket is below the coupon's minimum",
    "there is nothing that the coupon could take off",
    "the coupon's shared number of uses is full",
    "the coupon's limit is full, or it is not for this member on this day",
    "only a gift without a least basket is used without a purchase",
    "beyond the reward's stock",
)
(
    OK, BEYOND_BALANCE, NO_REDEMPTION, CLOSED, NO_ITEM, DAILY_LIMIT, BELOW_MINIMUM, NOT_A_BLOCK, BEYOND_SHARE, SMALL_BASKET,
    NO_POINTS, NOT_A_PRICE, UNKNOWN_REFERRER, SELF_REFERRED, REFERRED_BEFORE, BOUGHT_BEFORE,
    BEYOND_DUE, NOT_TOGETHER, NO_COUPON, NONE_HELD, NONE_USABLE, NONE_UNCLAIMED, COUPON_BASKET, NO_SAVING, USED_UP,
    COUPON_LIMIT, NOT_ALONE, OUT_OF_STOCK,
) = range(len(REFUSALS))  # fmt: skip
UNNAMED, UNKNOWN_ITEM = -1, -2
NO_BASKET = -1
NO_POINTS_BESIDE = 2
"""Bit of what coupons used on an order forbid."""


def lower_redemption(redemption: Redemption | None, within_due: bool, pools: list[int]) -> RedemptionTerms:
    """Terms of redemption. ``within_due``: whether money off is bound by what is left to pay. Stocks are added to ``pools``, what is left of each
    at first."""
    off = None if redemption is None else redemption.money_off
    automatic = None if redemption is None else redemption.automatic
    items = () if redemption is None else redemption.catalogue
    windows = () if redemption is None else redemption.windows
    return RedemptionTerms(
        allowed=int(off is not None or bool(items)),
        oldest_first=int(redemption is not None and redemption.consume == "oldest_earned"),
        off_points=0 if off is None else off.points,
        off_worth=0 if off is None else to_minor(off.worth),
        off_block=1 if off is None else off.block,
        off_minimum_balance=0 if off is None else off.minimum_balance,
        off_minimum_basket=0 if off is None else to_minor(off.minimum_basket),
        off_share=0 if off is None or off.maximum_share is None else int(off.maximum_share * 1000),
        items=len(items),
        item_points=[item.points for item in items],
        item_worth=[to_minor(item.face_value) for item in items],
        item_pool=[_pool(pools, item.stock) for item in items],
        item_limit=[item.limit_per_day or 0 for item in items],
        within_due=int(within_due),
        automatic_at=0 if automatic is None else automatic.at,
        automatic_worth=0 if automatic is None else to_minor(automatic.worth),
        windows=len(windows),
        window_months=[[int(not each.months or m in each.months) for m in range(13)] for each in windows],
        window_first=[each.first_day for each in windows],
        window_last=[each.last_day for each in windows],
    )


def _pool(pools: list[int], stock: int | None) -> int:
    """The place of a stock; -1 where there is none."""
    if stock is None:
        return -1
    pools.append(stock)
    return len(pools) - 1


# --- rules ---------------------------------------------------------------------------------------------------------
@rule
def is_open(terms, day):
    """Whether redemption is open on a day."""
    redemption = terms.redemption
    if redemption.windows == 0:
        return True
    _, month, dom = civil(day)
    for k in range(redemption.windows):
        if redemption.window_months[k][month] and redemption.window_first[k] <= dom <= redemption.window_last[k]:
            return True
    return False


@rule
def money_off_refusal(terms, balance, points, basket, placed):
    """Why points cannot be used as money at an order; 0 if they can."""
    redemption = terms.redemption
    if balance < redemption.off_minimum_balance:
        return BELOW_MINIMUM
    if points % redemption.off_block != 0:
        return NOT_A_BLOCK
    if basket != NO_BASKET and basket < redemption.off_minimum_basket:
        return SMALL_BASKET
    worth = points * redemption.off_worth // redemption.off_points
    if (
        basket != NO_BASKET
        and redemption.off_share > 0
        and (placed.paid_points + worth) * 1000 > basket * redemption.off_share
    ):
        return BEYOND_SHARE
    if basket != NO_BASKET and redemption.within_due and worth > still_due(placed):
        return BEYOND_DUE
    return OK


@rule
def still_due(placed):
    """What is left to pay of an order at hand."""
    return max(placed.due - placed.paid_points - placed.principal - placed.bonus_value, 0)


@rule
def item_refusal(terms, account, day, item, count):
    """Why so many of a reward cannot be taken today; 0 if they can (and they are counted)."""
    limit = terms.redemption.item_limit[item]
    pool = terms.redemption.item_pool[item]
    if pool >= 0 and account.pools[pool].left < count:
        return OUT_OF_STOCK
    if limit > 0:
        meter = account.meters[terms.item_meter[item]]
        if meter.period != day:
            meter.period = day
            meter.used = 0
        if meter.used + count > limit:
            return DAILY_LIMIT
        meter.used += count
    if pool >= 0:
        account.pools[pool].left -= count
    return OK


@rule
def use_lots(terms, account, order, day, points, worth, number, why):
    """Take redeemed points from lots, remembering with the order which ones, so that a refund can give them back."""
    own = order.own
    while points > 0:
        index = soonest(account, True, terms.redemption.oldest_first)
        lot = account.lots[index]
        part = min(points, lot.points)
        use = order.uses[own.uses]
        own.uses += 1
        use.earned_on = lot.earned_on
        use.expires_on = lot.expires_on
        use.order = lot.order
        use.part = lot.part
        use.serial = lot.serial
        use.points = part
        use.returned = 0
        own.used += part
        take(account, index, part)
        post(account, day, REDEEM, -part, worth, use.earned_on, use.expires_on, number, why)
        worth = 0
        points -= part


@rule
def redeem(terms, account, order, day, item, points, basket):
    """One redemption: of an item (``UNNAMED``: points alone; ``points`` -1: the item's price). ``basket`` is the order's amount
    or ``NO_BASKET``. Returns why it is refused, 0 if it is done; its worth is added to what the order is paid with in points."""
    redemption = terms.redemption
    own = account.own
    balance = own.balance - own.debt
    if not redemption.allowed:
        return NO_REDEMPTION
    if not is_open(terms, day):
        return CLOSED
    if order.own.exclusive & NO_POINTS_BESIDE:
        return NOT_TOGETHER
    if item == UNKNOWN_ITEM:
        return NO_ITEM
    if item >= 0:
        price = redemption.item_points[item]
        if points < 0:
            points = price
        if points == 0:
            return NO_POINTS
        if points % price != 0:
            return NOT_A_PRICE
        if points > balance:
            return BEYOND_BALANCE
        refusal = item_refusal(terms, account, day, item, points // price)
        worth = points // price * redemption.item_worth[item]
        why = terms.why_item[item]
    else:
        if points <= 0:
            return NO_POINTS
        if points > balance:
            return BEYOND_BALANCE
        refusal = OK
        worth = 0
        why = terms.why_catalogue
        if redemption.off_points > 0:
            refusal = money_off_refusal(terms, balance, points, basket, order.own)
            if refusal == OK:
                worth = points * redemption.off_worth // redemption.off_points
                order.own.paid_points += worth
                why = terms.why_money_off
            elif redemption.items > 0:
                refusal = OK
    if refusal != OK:
        return refusal
    note_activity(terms, account, day, BY_REDEEM)
    use_lots(terms, account, order, day, points, worth, order.own.number, why)
    return OK


@rule
def redeem_automatically(terms, account, order, day):
    """Redeem as many times as the balance reaches the threshold, in one redemption. It is no activity of the member's, and a
    refund does not give it back."""
    redemption = terms.redemption
    own = account.own
    if redemption.automatic_at == 0:
        return
    times = (own.balance - own.debt) // redemption.automatic_at
    if times <= 0:
        return
    uses, used = order.own.uses, order.own.used
    points, worth = times * redemption.automatic_at, times * redemption.automatic_worth
    use_lots(terms, account, order, day, points, worth, 0, terms.why_automatic)
    order.own.uses, order.own.used = uses, used
