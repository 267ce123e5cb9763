"""Floor 1: what is recorded. Entry kinds, a member's account, lots, and the invariants that hold after every entry.

Each record is declared once as a list of integer fields. ``record_class`` makes a plain Python class of it (agents, replay);
``numpy_dtype`` makes the structured dtype of the same fields, so that compiled code reads ``lot.points`` like Python does.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from workbench.units import rule

__all__ = [
    "ACTIVATE", "BONUS", "BONUS_BACK", "CASH_OUT", "CLAIM", "CONVERT", "DECAY", "DISCOUNT", "EARN", "EXPIRE", "EXTEND", "FEE", "FEE_DUE",
    "FEE_REFUND", "FORFEIT", "GIFT", "HELD_OUT", "ISSUE", "KINDS", "LAPSE", "MESSAGE", "PAY", "PAY_BONUS", "PLAN_END", "PURCHASE", "REBATE",
    "REDEEM", "REFERRAL", "REFUND", "REPAY", "RESTORE", "RETURN", "REVERSE", "REVOKE", "SEGMENT", "TIER", "TOPUP", "USE", "VALUE_BACK",
    "VALUE_EXPIRE", "VERSION", "VOUCHER",
    "Account", "Book", "BonusValue", "Coupon", "Entry", "Line", "Lot", "Meter", "Month", "Order", "Own", "Part", "Piece", "Placed", "Pool",
    "QualifyingDay", "Use", "UsedCoupon", "ValueUse", "Watch",
    "blank_account", "blank_order", "check_conservation", "check_entries", "numpy_dtype", "outstanding", "post", "reserve",
]  # fmt: skip

KINDS = (
    "purchase", "refund", "earn", "bonus", "redeem", "return", "expire", "decay", "convert", "voucher", "reverse", "repay", "activate", "extend",
    "tier",
    "discount", "issue", "claim", "use", "lapse", "restore", "revoke",
    "topup", "gift", "pay", "pay_bonus", "value_expire", "value_back", "bonus_back", "cash_out", "forfeit",
    "fee_due", "fee", "fee_refund", "rebate", "plan_end", "referral", "message", "held_out", "segment", "version",
)  # fmt: skip
(
    PURCHASE, REFUND, EARN, BONUS, REDEEM, RETURN, EXPIRE, DECAY, CONVERT, VOUCHER, REVERSE, REPAY, ACTIVATE, EXTEND, TIER,
    DISCOUNT, ISSUE, CLAIM, USE, LAPSE, RESTORE, REVOKE,
    TOPUP, GIFT, PAY, PAY_BONUS, VALUE_EXPIRE, VALUE_BACK, BONUS_BACK, CASH_OUT, FORFEIT,
    FEE_DUE, FEE, FEE_REFUND, REBATE, PLAN_END, REFERRAL, MESSAGE, HELD_OUT, SEGMENT, VERSION,
) = range(len(KINDS))  # fmt: skip


class Record:
    """A mutable bundle of named integers; every field starts at 0."""

    __slots__: tuple[str, ...] = ()

    if TYPE_CHECKING:  # every field is an integer; the names stand in __slots__

        def __getattr__(self, name: str) -> int: ...
        def __setattr__(self, name: str, value: int) -> None: ...

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, 0)

    def as_tuple(self) -> tuple[int, ...]:
        """The fields in order."""
        return tuple(getattr(self, name) for name in self.__slots__)

    def load(self, values: list[int] | tuple[int, ...]) -> Self:
        """Set the fields in order."""
        for name, value in zip(self.__slots__, values, strict=True):
            setattr(self, name, value)
        return self


def numpy_dtype(record: type[Record]) -> np.dtype[Any]:
    """The structured dtype (int64 fields) of a record class."""
    return np.dtype([(name, np.int64) for name in record.__slots__], align=True)


class Own(Record):
    """A member's scalars."""

    __slots__ = (
        "joined",          # day of joining
        "birth_month",     # 1-12, 0 where unknown
        "birth_dom",       # 1-31
        "birthday_on",     # next birthday that a bonus waits for, NEVER if none
        "balance",         # points in usable lots
        "pending",         # points in pending lots
        "debt",            # points owed
        "tier",            # index of the tier, 0 the lowest; -1 where the program has none
        "tier_since",      # day it was entered
        "tier_until",      # last day of its validity, NEVER for the lowest
        "fallen",          # bit k is set if the member once fell below tier k
        "in_grace",        # 1 while a failed review's grace runs
        "check_on",        # day a deferred upgrade check is due, NEVER if none
        "metrics_on",      # next day on which waiting metrics begin to count, NEVER if none
        "era",             # number of times the qualifying metrics were reset
        "last_activity",   # posting day of the last counted activity
        "decays",          # decay losses since the last activity
        "carry",           # remainder kept: spend (or fraction of a point) in the program's carry unit
        "opened",          # last day whose start was handled
        "invited",         # 1 if the tier was reached by invitation
        "purchases",       # purchases posted
        "lots",            # number of live lots
        "serial",          # lots ever opened
        "next_lapse",      # no lot lapses, activates or is due before this day (a bound, never late)
        "days",            # number of rows of the qualifying ledger
        "earned", "redeemed", "expired", "reversed",  # totals since joining
        "last_purchase",   # posting day of the last purchase; of joining before the first
        "coupons",         # coupons held: rows of the wallet
        "coupon_serial",   # coupons ever issued
        "coupons_used", "coupons_lapsed", "coupons_revoked",  # totals since joining; used: less what came back
        "coupon_on",       # no coupon lapses before this day (a bound, never late)
        "rose",            # 1 + the tier risen to, while its coupons and messages are still to come
        "renewed",         # 1 while those for a tier renewed are
        "held_out",        # bit k: the member is never sent message k
        "unreachable",     # bit k: not reached by channel k
        "principal",       # stored value paid in, minor units
        "bonus_value",     # stored value given on top
        "values",          # rows of bonus value
        "value_serial",    # rows ever opened
        "value_on",        # no bonus value lapses before this day (a bound, never late)
        "plan",            # 1 + the paid plan held, 0 for none
        "plan_since",      # first day of its term
        "plan_until",      # last day
        "plan_owed",       # fee due and not paid
        "plan_fee",        # fee of the term
        "plan_spend",      # eligible spend of the term that counts for the rebate
        "plan_renewals",   # renewals still to come (NEVER: without end)
        "referred",        # 1 while the referral that brought the member has not qualified, 2 once it has, 3 beyond the referrer's cap
        "segment",         # 1 + the RFM segment scored last, 0 before
        "score_on",        # day of the next score, NEVER where there is none
        "months",          # rows of purchases by month
        "version",         # version of the program in force
        "referrer",        # 1 + the number of the member who brought this one, 0 for nobody
    )  # fmt: skip


class Lot(Record):
    """Points earned together: one lot for each earning of an order, or bonus."""

    __slots__ = (
        "earned_on",
        "expires_on",      # last usable day
        "active_on",       # day it becomes usable
        "points",
        "pending",         # 1 until then
        "order",           # handle of the order it came with, 0 for none
        "part",            # 0: the order's base points, k + 1: its bonus k
        "serial",          # the member's lots are numbered as they are opened
    )  # fmt: skip


class QualifyingDay(Record):
    """Qualifying metrics of one day."""

    __slots__ = (
        "day", "spend", "points", "orders",
        "visits",  # purchases and visit actions of the day: the metric counts the day once
        "nights",
        "kept_visits",  # a surplus of visits kept at a reset, of no day of its own
    )  # fmt: skip


class Meter(Record):
    """Use of a limit (cap, once-per rule, daily limit) in its current period."""

    __slots__ = ("period", "used")


class Watch(Record):
    """What is remembered of one coupon or message for a member: how often, and the period it last came in; of a message the day it first
    came. The last watches count a day's messages."""

    __slots__ = ("period", "count", "sum_period", "sum", "last", "first")


class Coupon(Record):
    """A coupon in the wallet."""

    __slots__ = (
        "kind",            # index among the program's coupons
        "issued_on",
        "usable_on",       # first usable day; NEVER while it is not claimed
        "expires_on",      # last usable day (unclaimed: the last day to claim it)
        "order",           # handle of the order that issued it, 0 for none
        "serial",          # the member's coupons are numbered as they are issued
    )  # fmt: skip


class BonusValue(Record):
    """Stored value given on top of a top-up."""

    __slots__ = ("given_on", "expires_on", "money", "serial")


class Month(Record):
    """Purchases of one calendar month, for RFM scores."""

    __slots__ = ("month", "orders", "money")


class Pool(Record):
    """What is left of a limit that all members share (stock, coupon budget)."""

    __slots__ = ("left",)


class UsedCoupon(Record):
    """A coupon used at an order, as it was in the wallet, and what it gave."""

    __slots__ = ("kind", "issued_on", "usable_on", "expires_on", "order", "serial", "money")


class ValueUse(Record):
    """Bonus value taken at an order."""

    __slots__ = ("given_on", "expires_on", "serial", "money", "returned")


class Line(Record):
    """One line of a purchase (or an unlinked refund) at hand: money in minor units, category and channel as the program's codes."""

    __slots__ = (
        "amount", "discount", "tax", "delivery", "category", "channel", "eligible",
        "price_rule",      # 1 + the member price that applies, 0 for none
        "price_off", "price_delivery",  # what it takes off the goods, and off the delivery
        "coupon_off", "coupon_delivery",  # what coupons take off
    )  # fmt: skip


class Part(Record):
    """A line of an order as posted, and what refunds have left of it."""

    __slots__ = (
        "category", "channel",
        "rate", "factor",  # at the tier and day it was posted; rate -1: earns nothing
        "amount", "eligible",  # as posted
        "amount_left", "eligible_left",
        "refunded",  # eligible amount the refund at hand takes
    )  # fmt: skip


class Piece(Record):
    """What of a part earns at one rate and factor (a part is cut where the order crosses a tier's threshold); scratch space,
    written anew by each ``cut``. ``line`` is the index of the part."""

    __slots__ = ("line", "rate", "factor", "eligible")


class Use(Record):
    """Points taken from one lot at an order's checkout."""

    __slots__ = ("earned_on", "expires_on", "order", "part", "serial", "points", "returned")


class Placed(Record):
    """An order's scalars."""

    __slots__ = (
        "number",          # the order's handle, 0 for none
        "day",             # business date
        "era",             # the member's era when it was posted
        "amount",          # sum of the lines' amounts
        "refunded",        # amount refunded so far
        "posted",          # posting day
        "eligible",        # eligible spend left
        "points",          # base points left
        "plain",           # points without multipliers left (kept where a limit before multipliers needs them)
        "cut_off",  # points its limits cut off, of which refunds take first (kept remainders only)
        "base_room", "room",  # where caps cut the order short: what they left of plain points and of points; -1 if they did not
        "spend_day", "points_day",  # days its metrics are dated
        "due",             # to pay before points and stored value: amount less discount, member price and coupons
        "paid_points",  # money off for points redeemed at the checkout
        "used", "returned",  # points redeemed at the checkout, and given back
        "bonuses",         # bit k is set if bonus k was given with the order
        "tier", "fallen", "spend_before",  # where a split order is cut: the member's tier, falls and qualifying spend before it
        "split",           # 1 if it is cut
        "parts", "pieces", "uses",  # number of rows
        "discount",        # taken off by member prices
        "coupon_off",      # taken off by coupons (not the worth of gifts)
        "principal", "bonus_value",  # paid with stored value
        "principal_back", "bonus_back",  # of that, given back
        "exclusive",       # bits of what coupons used on it forbid: 1 other coupons, 2 points, 4 stored value, 8 member price
        "coupons", "values",  # number of rows
        "qualifies",       # 1 if it qualified the referral that brought the member
        "referee", "referrer",  # points it gave the member by their referral, and the one who brought them
        "version",         # version of the program it was posted under
    )  # fmt: skip


class Entry(Record):
    """One line of the ledger."""

    __slots__ = ("day", "kind", "points", "money", "lot_earned_on", "expires_on", "order", "rule")


class Cursor(Record):
    """How many rows of the book are written."""

    __slots__ = ("entries",)


class Book(NamedTuple):
    """Where entries are written: a buffer that its owner drains."""

    cursor: Cursor
    rows: list[Entry]


class Account(NamedTuple):
    """Everything the rules know of one member. Lists are preallocated; the counts stand in ``own``."""

    own: Own
    lots: list[Lot]
    days: list[QualifyingDay]
    meters: list[Meter]
    book: Book
    watches: list[Watch]
    """One for each coupon, then for each message, of the program."""
    coupons: list[Coupon]
    values: list[BonusValue]
    months: list[Month]
    pools: list[Pool]
    """Shared by all members of a world: the same list."""


class Order(NamedTuple):
    """A checkout: what earned, and which lots paid for it. Parts and uses are kept for refunds; lines and pieces are scratch space."""

    own: Placed
    parts: list[Part]
    pieces: list[Piece]
    uses: list[Use]
    lines: list[Line]
    coupons: list[UsedCoupon]
    values: list[ValueUse]


def blank_account(meters: int, book: Book, watches: int = 0, pools: list[Pool] | None = None) -> Account:
    """A new member's account with room for ``meters`` limits and so many coupons and messages."""
    return Account(
        Own(),
        [],
        [],
        [Meter() for _ in range(meters)],
        book,
        [Watch() for _ in range(watches)],
        [],
        [],
        [],
        pools or [],
    )


def blank_order() -> Order:
    """An empty order."""
    return Order(Placed(), [], [], [], [], [], [])


def reserve(rows: list[Any], count: int, record: type[Record]) -> None:
    """Make a preallocated list at least so long."""
    while len(rows) < count:
        rows.append(record())


@rule
def post(account, day, kind, points, money, earned_on, expires_on, order, why):
    """Write one entry and add it to the member's totals."""
    cursor = account.book.cursor
    entry = account.book.rows[cursor.entries]
    cursor.entries += 1
    entry.day = day
    entry.kind = kind
    entry.points = points
    entry.money = money
    entry.lot_earned_on = earned_on
    entry.expires_on = expires_on
    entry.order = order
    entry.rule = why
    own = account.own
    if kind == EARN or kind == BONUS:
        own.earned += points
    elif kind == REDEEM or kind == CONVERT or kind == RETURN:
        own.redeemed -= points
    elif kind == EXPIRE or kind == DECAY:
        own.expired -= points
    elif kind == REVERSE:
        own.reversed -= points


@rule
def outstanding(own):
    """Points a member holds: usable and pending, net of debt."""
    return own.balance + own.pending - own.debt


PRINCIPAL_KINDS = (TOPUP, PAY, VALUE_BACK, CASH_OUT)
BONUS_KINDS = (GIFT, PAY_BONUS, VALUE_EXPIRE, BONUS_BACK, FORFEIT)


def check_entries(own: Own, entries: Iterable[tuple[int, int]]) -> None:
    """Raise ``AssertionError`` where a member's principal, bonus value or fees due are not what all their entries (kind, money) come to."""
    principal = bonus = due = 0
    for kind, money in entries:
        if kind in PRINCIPAL_KINDS:
            principal += money
        elif kind in BONUS_KINDS:
            bonus += money
        elif kind in (FEE_DUE, PLAN_END):
            due += money
        elif kind == FEE:
            due -= money
    told = (
        ("principal", principal, own.principal),
        ("bonus value", bonus, own.bonus_value),
        ("fees due", due, own.plan_owed),
    )
    for name, expected, found in told:
        if expected != found:
            raise AssertionError(f"{name}: the entries come to {expected}, the account holds {found}")


def check_conservation(account: Account) -> None:
    """Raise ``AssertionError`` naming the first broken invariant of the account."""
    own = account.own
    lots = account.lots[: own.lots]
    problems = [
        (own.earned != own.redeemed + own.expired + own.reversed + outstanding(own), "points are not conserved"),
        (any(lot.points <= 0 for lot in lots), "a lot is empty or negative"),
        (
            own.balance != sum(lot.points for lot in lots if not lot.pending),
            "the balance is not the sum of usable lots",
        ),
        (own.pending != sum(lot.points for lot in lots if lot.pending), "pending is not the sum of pending lots"),
        (own.debt < 0, "a debt is negative"),
        (own.debt > 0 and own.balance > 0, "a debt stands beside usable points"),
        (
            own.coupon_serial != own.coupons + own.coupons_used + own.coupons_lapsed + own.coupons_revoked,
            "coupons are not conserved",
        ),
        (own.principal < 0, "principal is negative"),
        (
            own.bonus_value != sum(row.money for row in account.values[: own.values]),
            "bonus value is not the sum of its rows",
        ),
        (any(row.money <= 0 for row in account.values[: own.values]), "a row of bonus value is empty or negative"),
        (own.plan_owed < 0, "a fee due is negative"),
        (own.plan == 0 and (own.plan_fee != 0 or own.plan_spend != 0), "a term runs of no plan"),
    ]
    for broken, message in problems:
        if broken:
            raise AssertionError(message)
