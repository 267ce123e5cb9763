"""Expiry: when points lapse.

Most models are a function from a lot's earning day (and the tier at earning) to its last usable day, written below in plain
Python on dates and lowered to a table indexed by day. The others act on a whole balance: ``inactivity``, ``extension``,
``decay`` and ``conversion``.
"""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from workbench.ledger import CONVERT, DECAY, EXPIRE, EXTEND, VOUCHER, post
from workbench.rules.bounds import DAYS, LOT_RULES, PerTier, Statements
from workbench.rules.lots import soonest, take, take_points
from workbench.spec import MonthDay, Name, PointCount, PositiveMoney, Spec, SpecError
from workbench.units import (
    NEVER,
    add_months,
    civil,
    month_end,
    rule,
    to_day,
    to_minor,
    yearly_on_or_after,
)

__all__ = ["BonusExpiry", "ByTier", "Expiry", "ExpiryTerms", "NoExpiry", "lower_expiry"]

Activity = Literal["purchase", "redeem", "action"]
_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


# --- specs ---------------------------------------------------------------------------------------------------------
class NoExpiry(Spec):
    """Points never lapse."""

    model: Literal["none"]
    """Never."""

    def last_day(self, earned: int) -> int:
        """Last usable day of a lot earned on a day."""
        return NEVER


class Rolling(Spec):
    """A number of days or calendar months after the earning day, optionally rounded up to the end of a period."""

    model: Literal["rolling"]
    """So long after earning."""
    days: Annotated[int, Field(ge=1, le=36500)] | None = None
    """Last usable day: earning day + so many days. Give days or months, not both."""
    months: Annotated[int, Field(ge=1, le=1200)] | None = None
    """Last usable day: the same day so many calendar months on (clamped to the month's end)."""
    round_up: Literal["month", "quarter", "half", "year"] | None = None
    """Then to the last day of the calendar month, quarter, half-year or year."""

    @model_validator(mode="after")
    def _one_length(self) -> "Rolling":
        if (self.days is None) == (self.months is None):
            raise SpecError((), "give either days or months", None)
        return self

    def last_day(self, earned: int) -> int:
        """Last usable day of a lot earned on a day."""
        end = earned + self.days if self.days is not None else add_months(earned, self.months)
        return end if self.round_up is None else month_end(end, _MONTHS[self.round_up])


class Flush(Spec):
    """The whole balance lapses on fixed dates each year: a lot's last usable day is the first such date on or after its earning day."""

    model: Literal["flush"]
    """The whole balance on fixed dates."""
    dates: Annotated[tuple[MonthDay, ...], Field(min_length=1, max_length=12)]
    """Last usable days, ``MM-DD``."""

    def last_day(self, earned: int) -> int:
        """Last usable day of a lot earned on a day."""
        return min(_yearly(earned, each) for each in self.dates)


class FixedDate(Spec):
    """On one date each year, the lots that are at least so old lapse."""

    model: Literal["fixed_date"]
    """Old lots on a fixed date."""
    date: MonthDay
    """Last usable day, ``MM-DD``."""
    minimum_age_months: Annotated[int, Field(ge=1, le=600)]
    """A lot lapses on the first such date that is on or after its earning day plus so many months."""

    def last_day(self, earned: int) -> int:
        """Last usable day of a lot earned on a day."""
        return _yearly(add_months(earned, self.minimum_age_months), self.date)


class EarningWindow(Spec):
    """Lots earned between two dates (both included) lapse together."""

    first: date
    """First day of earning."""
    last: date
    """Last day of earning."""
    expires: date
    """Last usable day."""

    @model_validator(mode="after")
    def _in_order(self) -> "EarningWindow":
        if not self.first <= self.last <= self.expires:
            raise SpecError(("expires",), "expected first <= last <= expires", str(self.expires))
        return self


class Windows(Spec):
    """Earning windows, each with one date on which everything earned in it lapses."""

    model: Literal["windows"]
    """By windows of earning."""
    windows: Annotated[tuple[EarningWindow, ...], Field(min_length=1, max_length=50)]
    """They may not overlap."""
    repeat_years: Annotated[int, Field(ge=1, le=50)] | None = None
    """The windows repeat every so many years, in both directions; left out: they stand once, and points earned outside them never lapse."""

    @model_validator(mode="after")
    def _apart(self) -> "Windows":
        ordered = sorted(self.windows, key=lambda each: each.first)
        for earlier, later in pairwise(ordered):
            if later.first <= earlier.last:
                raise SpecError(("windows",), f"windows overlap from {later.first}", str(later.first))
        if self.repeat_years is not None:
            cycle_end = add_months(to_day(ordered[0].first), 12 * self.repeat_years) - 1
            if to_day(ordered[-1].last) > cycle_end:
                raise SpecError(("windows",), f"windows are longer than the {self.repeat_years} years they repeat in")
        return self

    def last_day(self, earned: int) -> int:
        """Last usable day of a lot earned on a day."""
        year = civil(earned)[0]
        for window in self.windows:
            shifts = [0]
            if self.repeat_years is not None:
                nearest = (year - window.first.year) // self.repeat_years
                shifts = [12 * self.repeat_years * (nearest + k) for k in (-1, 0, 1)]
            for shift in shifts:
                if add_months(to_day(window.first), shift) <= earned <= _shifted(window.last, shift):
                    return _shifted(window.expires, shift)
        return NEVER


class OnDate(Spec):
    """All lapse on one date (campaign points); points earned after it lapse at once."""

    model: Literal["on_date"]
    """On one date."""
    date: date
    """Last usable day."""

    def last_day(self, earned: int) -> int:
        """Last usable day of a lot earned on a day."""
        return to_day(self.date)


class Anniversary(Spec):
    """On the anniversary of the member's joining day: the last usable day is the first anniversary after the earning day."""

    model: Literal["anniversary"]
    """On the anniversary of joining."""


class Inactivity(Spec):
    """The whole balance (pending points too) lapses when there was no activity for some months."""

    model: Literal["inactivity"]
    """After months without activity."""
    months: Annotated[int, Field(ge=1, le=600)]
    """The last usable day is the day of the last activity (or of joining) plus so many months; all lots lapse the day after."""
    activity: Annotated[tuple[Activity, ...], Field(min_length=1)] = ("purchase", "redeem")
    """What counts as activity, on its posting day."""


class Extension(Spec):
    """Activity moves the expiry of every lot on."""

    model: Literal["extension"]
    """Moved on by activity."""
    months: Annotated[int, Field(ge=1, le=600)]
    """A lot's last usable day is its earning day plus so many months; each activity moves every lot (pending too) to its own posting
    day plus so many months, where that is later."""
    activity: Annotated[tuple[Activity, ...], Field(min_length=1)] = ("purchase", "redeem")
    """What counts as activity, on its posting day. A purchase moves the lots before its own redemption and earning."""


class Decay(Spec):
    """A share of the balance is lost in each idle period."""

    model: Literal["decay"]
    """A share at a time."""
    idle_months: Annotated[int, Field(ge=1, le=600)]
    """The first loss comes when there was no activity for so many months (from the last activity, or joining; lost the day after)."""
    every_months: Annotated[int, Field(ge=1, le=600)] = 1
    """Further losses follow each so many months, until the next activity. The k-th loss (k = 0, 1, ...) comes the day after
    (last activity + idle_months + k * every_months)."""
    share: Annotated[Decimal, Field(gt=0, le=1, max_digits=4, decimal_places=3)]
    """Share of the usable balance lost each time, rounded down to a point."""
    floor: Annotated[int, Field(ge=0, le=10**12)] = 0
    """No loss takes the balance below so many points."""
    activity: Annotated[tuple[Activity, ...], Field(min_length=1)] = ("purchase", "redeem")
    """What counts as activity, on its posting day."""


class Conversion(Spec):
    """At statement dates, full blocks of points turn into vouchers; the remainder is carried."""

    model: Literal["conversion"]
    """Into vouchers."""
    dates: Annotated[tuple[MonthDay, ...], Field(min_length=1, max_length=12)]
    """Statement dates, ``MM-DD``: at the start of the day, on the usable balance through yesterday."""
    block: PointCount
    """Points a voucher costs."""
    voucher: PositiveMoney
    """Face value of one voucher in major units."""
    voucher_months: Annotated[int, Field(ge=1, le=600)]
    """The vouchers' last usable day: statement date plus so many months."""
    minimum: Annotated[int, Field(ge=0, le=10**12)] = 0
    """Least usable balance (net of debt) for a statement to turn any points into vouchers."""


DatedRule = Annotated[NoExpiry | Rolling | Flush | FixedDate | Windows, Field(discriminator="model")]
BonusExpiry = Annotated[
    NoExpiry | Rolling | Flush | FixedDate | Windows | OnDate | Anniversary, Field(discriminator="model")
]


class ByTier(Spec):
    """The length is set by the tier held when the points are earned."""

    model: Literal["by_tier"]
    """By the tier at earning."""
    tiers: Annotated[dict[Name, DatedRule], Field(min_length=1)]
    """A rule for each tier named."""
    otherwise: DatedRule = NoExpiry(model="none")
    """For the tiers not named."""
    protected: tuple[Name, ...] = ()
    """While a member holds one of these tiers nothing lapses; after leaving it, overdue lots lapse at the start of the next day."""


Expiry = Annotated[
    NoExpiry
    | Rolling
    | Flush
    | FixedDate
    | Windows
    | Anniversary
    | ByTier
    | Inactivity
    | Extension
    | Decay
    | Conversion,
    Field(discriminator="model"),
]


# --- lowering ------------------------------------------------------------------------------------------------------
def _yearly(day: int, month_day: str) -> int:
    """First day on or after a day that is the ``MM-DD`` of its year."""
    month, dom = (int(part) for part in month_day.split("-"))
    return yearly_on_or_after(day, month, dom)


def _shifted(when: date, months: int) -> int:
    """A date so many months on; a month's last day stays a month's last day (28 Feb 2023 -> 29 Feb 2024)."""
    day = to_day(when)
    moved = add_months(day, months)
    return month_end(moved, 1) if month_end(day, 1) == day else moved


class ExpiryTerms(NamedTuple):
    """Expiry lowered to integers."""

    first_day: int
    tables: Annotated[list[list[int]], (LOT_RULES, DAYS)]
    """One for each lot rule: last usable day by earning day, from ``first_day`` on."""
    anniversary: Annotated[list[int], LOT_RULES]
    """1 for the lot rules that depend on the joining day (their table is empty of meaning)."""
    of_tier: PerTier
    """Lot rule by tier at earning."""
    protected: PerTier
    """1 for tiers in which nothing lapses."""
    mode: int
    """What acts on the whole balance: ``INACTIVITY``, ``EXTENSION``, ``DECAYING``, ``CONVERSION``, or nothing (``BY_LOT``)."""
    months: int
    """Of inactivity or extension; of a decay, the idle months before the first loss."""
    every_months: int
    share: int
    """Thousandths lost by a decay."""
    floor: int
    active_on_purchase: int
    active_on_redeem: int
    active_on_action: int
    statements: int
    """Statement dates in a year."""
    statement_months: Statements
    statement_doms: Statements
    block: int
    voucher: int
    voucher_months: int
    voucher_minimum: int


BY_LOT, INACTIVITY, EXTENSION, DECAYING, CONVERSION = range(5)
BY_PURCHASE, BY_REDEEM, BY_ACTION = range(3)


def lower_expiry(
    expiry: Expiry, of_bonuses: list[BonusExpiry | None], tiers: tuple[str, ...], first_day: int, last_day: int
) -> tuple[ExpiryTerms, list[int]]:
    """Terms of the program's expiry, and the lot rule of each bonus (-1: the program's own)."""
    rules: list[BonusExpiry] = []
    mode = {"inactivity": INACTIVITY, "extension": EXTENSION, "decay": DECAYING, "conversion": CONVERSION}.get(
        expiry.model, BY_LOT
    )
    names = tiers or ("",)
    if isinstance(expiry, ByTier):
        of_tier = [_index(rules, expiry.tiers.get(name, expiry.otherwise)) for name in names]
    elif isinstance(expiry, Extension):
        of_tier = [_index(rules, Rolling(model="rolling", months=expiry.months))] * len(names)
    elif isinstance(expiry, Inactivity | Decay | Conversion):
        of_tier = [_index(rules, NoExpiry(model="none"))] * len(names)
    else:
        of_tier = [_index(rules, expiry)] * len(names)
    bonus_rules = [-1 if each is None else _index(rules, each) for each in of_bonuses]
    activity = getattr(expiry, "activity", ())
    dates = expiry.dates if isinstance(expiry, Conversion) else ()
    statements = [tuple(map(int, each.split("-"))) for each in dates]
    terms = ExpiryTerms(
        first_day=first_day,
        tables=[_table(each, first_day, last_day) for each in rules],
        anniversary=[int(isinstance(each, Anniversary)) for each in rules],
        of_tier=of_tier,
        protected=[int(name in getattr(expiry, "protected", ())) for name in names],
        mode=mode,
        months=getattr(expiry, "idle_months", 0) if mode == DECAYING else (getattr(expiry, "months", 0) or 0),
        every_months=getattr(expiry, "every_months", 0),
        share=int(getattr(expiry, "share", 0) * 1000),
        floor=getattr(expiry, "floor", 0),
        active_on_purchase=int("purchase" in activity),
        active_on_redeem=int("redeem" in activity),
        active_on_action=int("action" in activity),
        statements=len(statements),
        statement_months=[month for month, _ in statements],
        statement_doms=[dom for _, dom in statements],
        block=getattr(expiry, "block", 0),
        voucher=to_minor(getattr(expiry, "voucher", Decimal(0))),
        voucher_months=getattr(expiry, "voucher_months", 0),
        voucher_minimum=getattr(expiry, "minimum", 0),
    )
    return terms, bonus_rules


def _index(rules: list[BonusExpiry], wanted: BonusExpiry) -> int:
    """Place of a lot rule in the list, to which it is added if it is new."""
    if wanted not in rules:
        rules.append(wanted)
    return rules.index(wanted)


def _table(lot_rule: BonusExpiry, first_day: int, last_day: int) -> list[int]:
    """Last usable day by earning day."""
    if isinstance(lot_rule, Anniversary):
        return [NEVER]
    return [min(lot_rule.last_day(day), NEVER) for day in range(first_day, last_day + 1)]


# --- rules ---------------------------------------------------------------------------------------------------------
@rule
def lot_expiry(terms, lot_rule, earned_on, joined):
    """Last usable day of a lot earned on a day."""
    if terms.expiry.anniversary[lot_rule]:
        _, month, dom = civil(joined)
        return yearly_on_or_after(max(earned_on, joined) + 1, month, dom)
    return terms.expiry.tables[lot_rule][earned_on - terms.expiry.first_day]


@rule
def lapse(terms, account, day):
    """Lots whose last usable day was before today lapse, soonest first; all of them after inactivity."""
    own = account.own
    if own.tier >= 0 and terms.expiry.protected[own.tier]:
        return
    idle = terms.expiry.mode == INACTIVITY and day > add_months(own.last_activity, terms.expiry.months)
    while own.lots > 0:
        index = soonest(account, False, False)
        lot = account.lots[index]
        if not idle and lot.expires_on >= day:
            break
        earned_on, expires_on, points = lot.earned_on, lot.expires_on, lot.points
        take(account, index, points)
        post(account, day, EXPIRE, -points, 0, earned_on, expires_on, 0, terms.why_expiry)


@rule
def lapse_if_past(terms, account, index, points, day):
    """Points whose last usable day is already past when they are posted (a late posting, a return) lapse at once."""
    own = account.own
    lot = account.lots[index]
    protected = own.tier >= 0 and terms.expiry.protected[own.tier]
    if lot.expires_on < day and not protected:
        earned_on, expires_on = lot.earned_on, lot.expires_on
        take(account, index, points)
        post(account, day, EXPIRE, -points, 0, earned_on, expires_on, 0, terms.why_expiry)


@rule
def note_activity(terms, account, day, kind):
    """Record an activity that counts, and move the lots where the program extends them."""
    expiry = terms.expiry
    own = account.own
    counts = (
        (kind == BY_PURCHASE and expiry.active_on_purchase)
        or (kind == BY_REDEEM and expiry.active_on_redeem)
        or (kind == BY_ACTION and expiry.active_on_action)
    )
    if not counts:
        return
    own.last_activity = day
    own.decays = 0
    if expiry.mode != EXTENSION:
        return
    last = add_months(day, expiry.months)
    moved = False
    for i in range(own.lots):
        lot = account.lots[i]
        if lot.expires_on < last:
            lot.expires_on = last
            moved = True
    if moved:
        post(account, day, EXTEND, 0, 0, NEVER, last, 0, terms.why_expiry)


@rule
def next_decay(terms, own):
    """Day on which the next decay loss falls."""
    return add_months(own.last_activity, terms.expiry.months + own.decays * terms.expiry.every_months) + 1


@rule
def decay(terms, account, day):
    """A share of the usable balance is lost, down to the floor, for each idle period that ended."""
    expiry = terms.expiry
    own = account.own
    if expiry.mode != DECAYING:
        return
    while next_decay(terms, own) <= day:
        own.decays += 1
        balance = own.balance - own.debt
        loss = min(balance * expiry.share // 1000, balance - expiry.floor)
        if loss > 0:
            take_points(account, day, loss, True, terms.redemption.oldest_first, DECAY, 0, 0, terms.why_expiry)


@rule
def next_statement(terms, day):
    """First statement date on or after a day."""
    expiry = terms.expiry
    found = NEVER
    for k in range(expiry.statements):
        found = min(found, yearly_on_or_after(day, expiry.statement_months[k], expiry.statement_doms[k]))
    return found


@rule
def convert(terms, account, day):
    """On a statement date, full blocks of the usable balance turn into vouchers."""
    expiry = terms.expiry
    own = account.own
    if expiry.mode != CONVERSION or next_statement(terms, day) != day:
        return
    balance = own.balance - own.debt
    blocks = balance // expiry.block if balance >= expiry.voucher_minimum else 0
    if blocks > 0:
        points = blocks * expiry.block
        take_points(account, day, points, True, terms.redemption.oldest_first, CONVERT, 0, 0, terms.why_expiry)
        last = add_months(day, expiry.voucher_months)
        post(account, day, VOUCHER, 0, blocks * expiry.voucher, NEVER, last, 0, terms.why_expiry)


@rule
def next_balance_event(terms, own):
    """Day on which the whole balance is next touched by inactivity, decay or conversion; NEVER if not."""
    mode = terms.expiry.mode
    if mode == INACTIVITY and own.lots > 0 and not (own.tier >= 0 and terms.expiry.protected[own.tier]):
        return max(add_months(own.last_activity, terms.expiry.months) + 1, own.opened + 1)
    if mode == DECAYING:
        return next_decay(terms, own)
    if mode == CONVERSION and own.balance >= terms.expiry.block:
        return next_statement(terms, own.opened + 1)
    return NEVER
