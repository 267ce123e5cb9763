"""What the naive model remembers: plain records, and the small sums that every room uses."""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, prod
from typing import Any

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
METRICS = ("spend", "points", "orders", "visits", "nights")
Row = dict[str, Any]
Entry = tuple[str, date, str, int, int, date | None, date | None, str, str]
"""member, day, kind, points, money in minor units, lot earned on, lot expires on, order, rule."""


@dataclass
class Outcome:
    """What a replay ends with."""

    entries: list[Entry]
    """The ledger, in its order."""
    members: dict[str, dict[str, Any]]
    """By member: balance, pending, tier, tier_until, qualifying, carry, lots."""
    refused: list[int]
    """Indexes of the refused rows, in the order they were met."""


@dataclass(eq=False)
class Lot:
    """Points earned together. Emptied lots stay in the list, so that points can come back to them."""

    serial: int
    earned_on: date
    expires_on: date | None
    points: int
    active_on: date | None = None
    """The day it becomes usable; None once it is."""
    activation: date = date.min
    """The day it became or becomes usable; the earning day where it never waited."""
    bonus: str = ""
    """The bonus it was given for."""

    @property
    def usable(self) -> bool:
        return self.active_on is None


@dataclass(eq=False)
class Mark:
    """One contribution to the qualifying metrics. A linked refund lowers the mark of its order, so that it is dated as it was."""

    day: date
    posted: date
    counts_from: date
    era: int
    """Marks of an earlier era were wiped by a reset or a change of tier."""
    spend: int = 0
    points: int = 0
    orders: int = 0
    nights: int = 0
    visit: bool = False
    kept_visits: int = 0
    """A surplus of visits kept at a reset (it belongs to no day of its own)."""

    @property
    def blank(self) -> bool:
        return not (self.spend or self.points or self.orders or self.nights or self.visit or self.kept_visits)


@dataclass(eq=False)
class Held:
    """A coupon in the wallet."""

    name: str
    serial: int
    issued_on: date
    usable_on: date | None
    """None while it is not claimed."""
    expires_on: date | None
    """Last usable day, or the last day to claim it."""
    order_id: str


@dataclass(eq=False)
class Gift:
    """A row of bonus value."""

    serial: int
    given_on: date
    expires_on: date | None
    money: int


@dataclass(eq=False)
class Line:
    """One row of an order."""

    category: str
    channel: str
    amount: int
    eligible: int
    amount_left: int = 0
    eligible_left: int = 0
    discount: int = 0
    tax: int = 0
    delivery: int = 0
    price: int = -1
    """The member price that was chosen for it, -1 for none."""
    price_off: int = 0
    """What the member price takes off the goods ..."""
    price_delivery: int = 0
    """... and off the delivery."""
    coupon_off: int = 0
    """The same for coupons."""
    coupon_delivery: int = 0

    @property
    def off(self) -> int:
        """All that prices and coupons take off it."""
        return self.price_off + self.price_delivery + self.coupon_off + self.coupon_delivery


@dataclass
class Part:
    """A piece of a line that earns at one rate and one factor."""

    line: int
    eligible: int
    rate: Any
    factor: Fraction
    rate_key: tuple[Any, ...]


@dataclass
class Circumstances:
    """What an order's base points depend on besides its lines; kept so that a refund can compute them again."""

    when: date
    """Business date."""
    birthday: date | None
    tier: int
    spend_before: int
    """Qualifying spend in the current window before the order (splitting)."""
    thresholds: list[tuple[int, int]]
    """(tier, qualifying spend) of the tiers above (splitting)."""
    balance: int
    """Usable balance just before the order, not below 0 (brackets on the balance)."""
    bracket_spend: int | None = None
    """Eligible spend that picks the step, where it is not that of the lines themselves."""


@dataclass(eq=False)
class Order:
    """An order that can be refunded."""

    order_id: str
    when: date
    posted: date
    lines: list[Line]
    circumstances: Circumstances
    rooms: list[int | None]
    """What room each cap left at the time; None where it did not apply."""
    earning: bool
    """Whether base points were computed at all (minimum_order)."""
    points: int
    """Base points left after refunds so far."""
    base_lot: Lot | None
    spend_mark: Mark
    points_mark: Mark
    bonuses: list[tuple[Any, int, Lot, Mark | None]] = field(default_factory=list)
    """(bonus, points, lot, mark) of the bonuses the order brought, in file order."""
    uses: list[list[Any]] = field(default_factory=list)
    """[lot, points, expiry then] taken by redemptions of the checkout, in the order they were taken."""
    refunded: int = 0
    given_back: int = 0
    plain: int = 0
    """Points without multipliers left, and what of them the last refund took: caps before multipliers count these."""
    plain_gone: int = 0
    cut_off: int = 0
    """Points that caps cut off the order: with a kept remainder its refunds take these first."""
    terms: Any = None
    """The program in force when it was posted."""
    ratios: list[Fraction] = field(default_factory=list)
    """Of changes since, that multiplied points."""
    coupons: list[tuple[Held, int]] = field(default_factory=list)
    """Coupons used on it, in the order of use, with what each gave."""
    principal: int = 0
    """Stored value it was paid with."""
    principal_back: int = 0
    gifts: list[list[Any]] = field(default_factory=list)
    """[row of bonus value, money, of that given back], in the order taken."""
    gifts_back: int = 0
    referee_points: int = 0
    """What the referral brought the member with this order ..."""
    referrer_points: int = 0
    """... and who referred them."""

    @property
    def amount(self) -> int:
        return sum(line.amount for line in self.lines)


@dataclass(eq=False)
class Member:
    """One member's account."""

    name: str
    joined: date
    birthday: date | None
    last_activity: date
    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    tier: int = 0
    tier_since: date = date.min
    tier_until: date | None = None
    best_tier: int = 0
    fallen_below: set[str] = field(default_factory=set)
    """Names of tiers."""
    in_grace: bool = False
    invited: bool = False
    """Whether the tier held was entered by invitation."""
    last_event: date | None = None
    """Last day with a purchase, an action or a bonus: the day after it, a next-day upgrade is due."""
    era: int = 0
    marks: list[Mark] = field(default_factory=list)
    carry: Fraction = Fraction(0)
    """Kept spend in minor units (scope carry), or kept fraction of a point (mode none)."""
    orders: dict[str, Order] = field(default_factory=dict)
    given: list[tuple[Any, date]] = field(default_factory=list)
    """((bonus, its period), posting day) of every bonus given."""
    cap_used: dict[tuple[int, str, Any], int] = field(default_factory=dict)
    """(cap, its kind of period, the period) -> points counted."""
    items: dict[tuple[str, date], int] = field(default_factory=dict)
    """(item, day) -> number redeemed."""
    streaks: dict[str, tuple[date, int]] = field(default_factory=dict)
    """Bonus -> last day with its action, and the length of the run."""
    rose: int | None = None
    """The tier entered last, while its campaigns are still to come."""
    renewed: bool = False
    """Whether the tier was renewed this morning."""
    fired: dict[Any, list[date]] = field(default_factory=dict)
    """(campaign, its period) -> posting days on which it fired (messages: was sent)."""
    sums: dict[tuple[str, Any], int] = field(default_factory=dict)
    """(campaign, its period) -> eligible spend."""
    wallet: list[Held] = field(default_factory=list)
    coupon_serial: int = 0
    issued: dict[str, int] = field(default_factory=dict)
    """Coupon -> number ever issued."""
    sent: list[date] = field(default_factory=list)
    """Messages that count towards the frequency cap."""
    principal: int = 0
    gifts: list[Gift] = field(default_factory=list)
    """Rows of bonus value, emptied ones too."""
    plan: Any = None
    plan_since: date = date.min
    plan_until: date = date.min
    plan_renews: bool = False
    plan_fee: int = 0
    plan_spend: int = 0
    owed: int = 0
    """Fees due and not paid."""
    bought: list[tuple[date, int]] = field(default_factory=list)
    """(posting day, amount) of every purchase."""
    refunds: list[tuple[date, int]] = field(default_factory=list)
    segment: int | None = None
    referrer: str = ""
    referral: str = ""
    """waiting or qualified, where the member was referred."""
    referrer_rewarded: bool = False
    brought: list[date] = field(default_factory=list)
    """Days on which referrals by this member were rewarded."""

    @property
    def usable(self) -> int:
        return sum(lot.points for lot in self.lots if lot.usable)

    @property
    def pending(self) -> int:
        return sum(lot.points for lot in self.lots if not lot.usable)

    @property
    def balance(self) -> int:
        return self.usable - self.debt


def minor(amount: Decimal | None) -> int:
    """An amount in 1/100 of the currency's unit."""
    cents = (amount or Decimal(0)) * 100
    assert cents == int(cents), amount
    return int(cents)


def rounded(value: Fraction, mode: str) -> int:
    """A whole number by the program's rounding mode."""
    if mode == "ceil":
        return ceil(value)
    if mode == "half_up":
        return floor(value + Fraction(1, 2))
    return floor(value)


def posting_day(row: Row) -> date:
    return row["posted"] or row["date"]


def soonest(lot: Lot) -> tuple[date, date, int]:
    """Soonest expiring first, ties by earliest earned, then first posted; lots that never expire last."""
    return (lot.expires_on or date.max, lot.earned_on, lot.serial)


def first_to_go(held: Any) -> tuple[date, int]:
    """Coupons and bonus value: soonest expiring, ties by serial."""
    return (held.expires_on or date.max, held.serial)


def within(spans: Any, day: date) -> bool:
    """Whether a day lies in one of some spans; where there are none it always does."""
    return not spans or any(span.first <= day <= span.last for span in spans)


def oldest(lot: Lot) -> tuple[date, date, int]:
    """Oldest earned first, ties by soonest expiring, then first posted."""
    return (lot.earned_on, lot.expires_on or date.max, lot.serial)


def later(one: date | None, other: date | None) -> bool:
    """Whether a last day lies after another; None never ends."""
    return (one or date.max) > (other or date.max)


def meets(requirement: Any, metrics: dict[str, int]) -> bool:
    """Whether metrics (spend in minor units) reach the thresholds."""
    given = [
        metrics[name] >= (minor(threshold) if name == "spend" else threshold)
        for name in METRICS
        if (threshold := getattr(requirement, name)) is not None
    ]
    return sum(given) >= (len(given) if requirement.at_least is None else requirement.at_least)


def rate_key(rate: Any) -> tuple[Any, ...]:
    """Rates of equal numbers are the same rate."""
    return () if rate is None else (rate.points, rate.per, rate.whole_blocks)


def without_factors(parts: list[Part]) -> list[Part]:
    """The parts as if the program had no multipliers."""
    return [replace(part, factor=Fraction(1)) for part in parts]


def slices(low: int, high: int, cuts: list[int]) -> list[tuple[int, int]]:
    """A stretch of money, cut at every cut that lies inside it."""
    edges = [low, *sorted({cut for cut in cuts if low < cut < high}), high]
    return list(pairwise(edges))


def take_from_lines(order: Order, amount: int, category: str) -> None:
    """Take a refund's amount from the lines as listed, those of its category first; what a line keeps stays eligible in proportion."""
    first = [line for line in order.lines if category and line.category == category]
    rest = [line for line in order.lines if not (category and line.category == category)]
    for line in [*first, *rest]:
        part = min(line.amount_left, amount)
        line.amount_left -= part
        amount -= part
        if line.amount:
            line.eligible_left = line.eligible * line.amount_left // line.amount


def multiplied(points: int, ratios: list[Fraction]) -> int:
    """Points of an order by the ratios of all changes since, rounded down once."""
    return floor(points * prod(ratios, start=Fraction(1)))


def remainder_unit(program: Any) -> str:
    """What a kept remainder is counted in, if there is one."""
    rounding = program.earn.rounding
    return "point" if rounding.mode == "none" else "money" if rounding.scope == "carry" else ""
