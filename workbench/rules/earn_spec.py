"""What a program file may say about earning. ``earn.py`` says where the code of each part stands."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.rules.bounds import BONUSES, BRACKETS, CAPS, MULTIPLIERS
from workbench.rules.expiry import BonusExpiry
from workbench.spec import DateSpan, Factor, Money, Name, PointCount, PositiveMoney, Spec, SpecError

__all__ = [
    "WEEKDAYS", "Bonus", "BracketStep", "Brackets", "Cap", "Earn", "EarnRate", "Eligible", "Multiplier", "Pending", "Rounding",
    "calendar_allows",
]  # fmt: skip


# --- specs ---------------------------------------------------------------------------------------------------------
class EarnRate(Spec):
    """So many points per amount of money, e.g. ``{points: 2, per: 500}``."""

    points: PointCount
    """Points given for each ``per`` of eligible spend."""
    per: PositiveMoney
    """The block of money, in major units."""
    whole_blocks: bool = True
    """true: only completed blocks earn, each gives all its points (NT$999 at 2 per NT$500 is 2);
    false: pro rata, the rounding unit is one point (NT$999 at 2 per NT$500 is 3)."""


class BracketStep(Spec):
    """One rate, from an amount (or a balance) upward."""

    from_: Annotated[Decimal, Field(ge=0, alias="from")]
    """Where the step begins: eligible spend of the order in major units, or points of balance; the first is 0."""
    rate: EarnRate
    """The rate inside the step."""


class Brackets(Spec):
    """Piecewise earning: the rate depends on the order's eligible amount, or on the balance held before it."""

    on: Literal["order", "balance"]
    """``order``: the order's eligible spend decides. ``balance``: the usable balance (net of debt) just before the order
    (after its own redemption) decides for the whole order; a negative balance counts as 0."""
    marginal: bool = False
    """On ``order`` only. false: the whole order earns at the rate of the step its amount reaches. true: each slice of the
    amount earns at its own step's rate, lines taken in the order they are listed, and is rounded on its own."""
    steps: Annotated[tuple[BracketStep, ...], Field(min_length=1, max_length=BRACKETS)]
    """Steps in rising order; the first begins at 0."""

    @model_validator(mode="after")
    def _rising(self) -> "Brackets":
        starts = [step.from_ for step in self.steps]
        if starts[0] != 0:
            raise SpecError(("steps", 0, "from"), "the first step begins at 0", str(starts[0]))
        for k, (low, high) in enumerate(pairwise(starts), start=1):
            if high <= low:
                raise SpecError(("steps", k, "from"), f"expected more than the step before ({low})", str(high))
        if self.marginal and self.on == "balance":
            raise SpecError(("marginal",), "marginal slices need brackets on the order", True)
        places = 2 if self.on == "order" else 0
        for k, start in enumerate(starts):
            if start != round(start, places):
                raise SpecError(("steps", k, "from"), f"expected at most {places} decimals", str(start))
        return self


class Eligible(Spec):
    """Which part of a line's ``amount`` earns. ``amount`` is the price before discount, tax and delivery included.
    The eligible amount is never below zero."""

    discount: Literal["net", "gross"] = "net"
    """``net``: the discount column is taken off; ``gross``: points are given on the price before discount."""
    tax: Literal["included", "excluded"] = "included"
    """Whether the tax column stays in."""
    delivery: Literal["included", "excluded"] = "included"
    """Whether the delivery column stays in."""
    paid_with_points: Literal["excluded", "included"] = "excluded"
    """Whether the part of the order paid with points earns. ``excluded``: the money off for points redeemed at the
    checkout (not a reward from the catalogue: it pays for no part of the order) is taken off the lines in the order they are listed, each down to zero."""
    member_price: Literal["net", "gross"] = "net"
    """``net``: what member prices take off earns nothing; ``gross``: points are given on the price before them."""
    coupons: Literal["net", "gross"] = "net"
    """The same for what coupons take off."""
    excluded_categories: tuple[Name, ...] = ()
    """Categories that earn nothing and do not count as qualifying spend."""


class Multiplier(Spec):
    """A factor on the points of the lines that meet every condition given; no condition: always."""

    name: Name
    """Name shown in ledgers and messages."""
    factor: Annotated[Factor, Field(gt=0)]
    """2 doubles."""
    tiers: tuple[Name, ...] = ()
    """Only members of one of these tiers."""
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    """Only on these weekdays."""
    days_of_month: tuple[Annotated[int, Field(ge=1, le=31)], ...] = ()
    """Only on these days of the month (member days); 31 never falls in a 30-day month."""
    dates: tuple[DateSpan, ...] = ()
    """Only within one of these spans (double-point days)."""
    birthday: Literal["day", "month"] | None = None
    """Only on the member's birthday (29 Feb: 28 Feb in common years), or in its month; a member whose birthday is not known never meets it."""
    categories: tuple[Name, ...] = ()
    """Only lines of these categories."""
    channels: tuple[Name, ...] = ()
    """Only lines of these channels."""


class Rounding(Spec):
    """How fractions of a block (or of a point, pro rata) are treated."""

    mode: Literal["floor", "ceil", "half_up", "none"] = "floor"
    """``none`` keeps the exact fraction of a point with the member; it joins the next earning, so that nothing is rounded away."""
    scope: Literal["line", "order", "carry"] = "order"
    """``line``: each line on its own. ``order``: the order as a whole (parts of different rates each on their own).
    ``carry``: spend below a block is kept with the member and adds to the next purchase (mode ``floor``, whole blocks)."""
    carry_resets: Literal["never", "year_end"] = "never"
    """Whether the kept spend (or fraction) survives the year's end. ``year_end``: it is set to 0 at the start of 1 January."""

    @model_validator(mode="after")
    def _one_remainder(self) -> "Rounding":
        if self.scope == "carry" and self.mode != "floor":
            raise SpecError(("mode",), "a carried remainder needs mode floor", self.mode)
        if self.mode == "none" and self.scope != "order":
            raise SpecError(
                ("scope",), "mode none keeps the fraction with the member and needs scope order", self.scope
            )
        return self

    @property
    def keeps_remainder(self) -> bool:
        """Whether a remainder stays with the member between purchases."""
        return self.scope == "carry" or self.mode == "none"


class Bonus(Spec):
    """Fixed points for an event."""

    name: Name
    """Name shown in ledgers and messages."""
    event: Literal["join", "first_purchase", "purchase", "birthday", "action"]
    """``birthday`` is given at the start of the day; ``action`` by an action row of the name in ``action``;
    ``first_purchase`` by the member's first purchase in the program; ``purchase`` by every purchase meeting the conditions."""
    action: Name | None = None
    """The action's name (for event ``action`` only)."""
    points: PointCount | None = None
    """Points given; left out (event ``action`` only): the action row's own ``points`` (manual batch)."""
    once: Literal["event", "day", "month", "year", "lifetime"] = "event"
    """At most ``at_most`` times in this calendar period of the posting day, per member (``event``: no limit)."""
    at_most: Annotated[int, Field(ge=1, le=10000)] = 1
    """How often in that period."""
    streak: Annotated[int, Field(ge=1, le=366)] = 1
    """On actions: only on every n-th day in a row with such an action (7: on the 7th, 14th, ... day; of several on a day the first gives it)."""
    minimum_spend: Money = Decimal(0)
    """On purchases: least eligible spend of the lines that meet ``categories``."""
    categories: tuple[Name, ...] = ()
    """On purchases: only orders with a line of one of these categories."""
    dates: tuple[DateSpan, ...] = ()
    """Only within one of these spans (posting day)."""
    expiry: BonusExpiry | None = None
    """An expiry of its own; left out: the program's."""
    qualifies: bool = False
    """Whether the points count in the tier metric ``points``."""
    reversed_with_order: bool = True
    """On purchases: a full refund of the order takes the bonus back."""

    @model_validator(mode="after")
    def _action_named(self) -> "Bonus":
        if (self.event == "action") != (self.action is not None):
            raise SpecError(("action",), "an action's name belongs to event: action, and only to it", self.action)
        if self.streak > 1 and self.event != "action":
            raise SpecError(("streak",), "a streak is one of actions: it belongs to event: action", self.streak)
        if self.at_most > 1 and self.once == "event":
            raise SpecError(("at_most",), "needs a period: once day, month, year or lifetime", self.at_most)
        if self.points is None and self.event != "action":
            raise SpecError(("points",), "give the points (only an action row can bring its own)")
        if self.event not in ("purchase", "first_purchase") and (self.minimum_spend or self.categories):
            raise SpecError(("minimum_spend",), "minimum_spend and categories belong to purchases", self.event)
        return self


class Cap(Spec):
    """A limit on the points that purchases earn (bonuses apart), counted by posting day."""

    per: Literal["order", "day", "month", "year", "campaign", "balance"]
    """The calendar period, the order, the ``dates`` of a campaign, or the outstanding points (balance and pending, net of debt)."""
    points: PointCount
    """The limit."""
    beyond: Literal["truncate", "reject"] = "truncate"
    """What an order earns that would go beyond: what room is left, or nothing."""
    stage: Literal["after_multiplier", "before_multiplier"] = "after_multiplier"
    """``before_multiplier``: the limit holds for points without multipliers (rounded as by the program without any
    multiplier), and counts those. Where it bites, the order earns floor(points left x weighted spend / plain spend).
    Per order, day, month, year or campaign; not with a carried remainder."""
    dates: DateSpan | None = None
    """The campaign (``per: campaign`` only): the limit is on all of it together."""

    @model_validator(mode="after")
    def _campaign_dated(self) -> "Cap":
        if (self.per == "campaign") != (self.dates is not None):
            raise SpecError(("dates",), "dates belong to per: campaign, and only to it")
        if self.per == "balance" and self.stage == "before_multiplier":
            raise SpecError(("stage",), "a limit on the balance holds after multipliers", self.stage)
        return self


class Pending(Spec):
    """Points become usable only some days after the purchase."""

    days: Annotated[int, Field(ge=1, le=3650)]
    """Usable from the business date plus so many days, 00:00."""
    expiry_clock: Literal["earning", "activation"] = "earning"
    """Which date the expiry is computed from."""
    spend_counts: Literal["at_once", "when_active"] = "at_once"
    """When the metrics spend, orders and visits count for tiers."""
    points_count: Literal["at_once", "when_active"] = "when_active"
    """When the metric points counts for tiers."""
    bonuses: bool = False
    """Whether bonuses wait too."""


class Earn(Spec):
    """How members earn points."""

    rate: EarnRate | None = None
    """The base rate; left out: purchases earn only by brackets or bonuses."""
    rate_by_tier: dict[Name, EarnRate] = {}
    """Another base rate for some tiers."""
    brackets: Brackets | None = None
    """Piecewise rates instead of ``rate``."""
    eligible: Eligible = Eligible()
    """Which part of an amount earns."""
    minimum_order: Money = Decimal(0)
    """An order whose eligible spend is below earns no base points (it still qualifies for tiers)."""
    rounding: Rounding = Rounding()
    """Rounding of fractions."""
    multiplier_stage: Literal["before_rounding", "after_rounding"] = "before_rounding"
    """``before_rounding``: the spend is multiplied, then rounded (NT$9,950 at NT$200 doubled: 99). ``after_rounding``: points are
    rounded first (for lines of the same factor together), multiplied, and rounded again to a point (98)."""
    multipliers: Annotated[tuple[Multiplier, ...], Field(max_length=MULTIPLIERS)] = ()
    """Factors by tier, weekday, dates, birthday, member day, category, channel."""
    stacking: Literal["highest", "additive", "multiplicative", "forbid"] = "highest"
    """Several multipliers at once, x2 and x3: the highest only (of those that apply, even below 1), x4 (additive; never below 0),
    x6, or an error of the spec."""
    rate_tier: Literal["before_order", "split"] = "before_order"
    """An order that crosses a tier's threshold: all of it at the tier before, or each part at its own tier (marginal; needs
    immediate upgrades by spend alone)."""
    bonuses: Annotated[tuple[Bonus, ...], Field(max_length=BONUSES)] = ()
    """Fixed points for events."""
    caps: Annotated[tuple[Cap, ...], Field(max_length=CAPS)] = ()
    """Limits; all hold at once."""
    pending: Pending | None = None
    """Points that wait before they are usable."""

    @model_validator(mode="after")
    def _consistent(self) -> "Earn":
        if self.brackets is not None and (self.rate is not None or self.rate_by_tier):
            raise SpecError(("brackets",), "brackets replace rate and rate_by_tier: give one of them")
        if self.rounding.mode == "none" and self.multiplier_stage == "after_rounding":
            raise SpecError(
                ("multiplier_stage",), "with mode none nothing is rounded: use before_rounding", "after_rounding"
            )
        if self.rounding.keeps_remainder:
            if self.brackets is not None and self.rounding.scope == "carry":
                raise SpecError(
                    ("rounding", "scope"), "a carried remainder needs one block size, not brackets", "carry"
                )
            rates = [self.rate, *self.rate_by_tier.values()]
            blocks = {each.per for each in rates if each is not None}
            if self.rounding.scope == "carry" and (
                len(blocks) > 1 or any(each is not None and not each.whole_blocks for each in rates)
            ):
                raise SpecError(("rounding", "scope"), "a carried remainder needs whole blocks of one size", "carry")
            for k, cap in enumerate(self.caps):
                if cap.stage == "before_multiplier":
                    raise SpecError(("caps", k, "stage"), "not with a carried remainder", cap.stage)
            if self.rate_tier == "split":
                raise SpecError(("rate_tier",), "not with a carried remainder", "split")
        for place, group in (("multipliers", self.multipliers), ("bonuses", self.bonuses)):
            names = [each.name for each in group]
            for k, name in enumerate(names):
                if name in names[:k]:
                    raise SpecError((place, k, "name"), "the name is used twice", name)
        if self.stacking == "forbid":
            _refuse_overlaps(self.multipliers)
        return self


def _refuse_overlaps(multipliers: tuple[Multiplier, ...]) -> None:
    for k, later in enumerate(multipliers):
        for earlier in multipliers[:k]:
            overlap = _overlap(earlier, later)
            if overlap is not None:
                raise SpecError(
                    ("multipliers", k),
                    f"can apply together with {earlier.name!r} ({overlap}), which stacking: forbid does not allow",
                    later.name,
                )


def _overlap(one: Multiplier, other: Multiplier) -> str | None:
    """When two multipliers can meet on one line of an order, in words; None if never."""
    for field in ("tiers", "categories", "channels"):
        mine, theirs = set(getattr(one, field)), set(getattr(other, field))
        if mine and theirs and not mine & theirs:
            return None
    spans = [
        (max(a.first, b.first), min(a.last, b.last))
        for a in one.dates or (DateSpan(first=date.min, last=date.max),)
        for b in other.dates or (DateSpan(first=date.min, last=date.max),)
    ]
    for first, last in sorted(spans):
        # Every weekday falls on every day of the month, leap days included, within 28 years.
        for ordinal in range(first.toordinal(), min(last.toordinal(), first.toordinal() + 28 * 366) + 1):
            when = date.fromordinal(ordinal)
            if calendar_allows(one, when) and calendar_allows(other, when):
                return "always" if first == date.min else f"on {when}"
    return None


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def calendar_allows(multiplier: Multiplier, when: date) -> bool:
    """Whether the conditions that depend on the date alone hold."""
    return (
        (not multiplier.weekdays or WEEKDAYS[when.weekday()] in multiplier.weekdays)
        and (not multiplier.days_of_month or when.day in multiplier.days_of_month)
        and (not multiplier.dates or any(span.first <= when <= span.last for span in multiplier.dates))
    )
