"""Coupons lowered to integers."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, NamedTuple

from workbench.rules.bounds import CATEGORIES, CHANNELS, COUPONS, Coupons
from workbench.rules.coupon_spec import AmountOff, Coupon, FreeItem, PercentOff, SecondHalfPrice, TwoForOne
from workbench.rules.price_spec import Checkout
from workbench.rules.redemption import NO_POINTS_BESIDE
from workbench.rules.trigger_terms import MOST_TIMES
from workbench.units import NEVER, to_day, to_minor

__all__ = ["CouponTerms", "lower_coupons"]

KINDS = ("amount_off", "percent_off", "free_item", "second_half_price", "two_for_one", "free_delivery")
AMOUNT_OFF, PERCENT_OFF, FREE_ITEM, SECOND_HALF, TWO_FOR_ONE, FREE_DELIVERY = range(len(KINDS))
MONTHS = {None: 0, "month": 1, "quarter": 3, "half": 6, "year": 12}
NO_COUPONS, NO_POINTS, NO_STORED_VALUE, NO_MEMBER_PRICE = 1, NO_POINTS_BESIDE, 4, 8
"""Bits of what a coupon forbids beside it."""
FORBIDS = {"coupons": NO_COUPONS, "points": NO_POINTS, "stored_value": NO_STORED_VALUE, "member_price": NO_MEMBER_PRICE}


class CouponTerms(NamedTuple):
    """The coupons, each list with an entry for each; money in minor units; yes and no are 1 and 0."""

    kinds: int
    """Number of coupons in the program's file."""
    most: int
    """Coupons that one call may issue at the most."""
    automatic: int
    """Number of those issued at a balance."""
    sold: int
    """Number of those bought with points."""
    before_price: int
    """1 where coupons look at the amount before the member price."""
    gives: Coupons
    """Code of what it gives."""
    amount: Coupons
    """Amount off, worth of a gift, or price of one item (0: each line is one)."""
    off: Coupons
    """Share off, in 1/100,000."""
    cap: Coupons
    """At most so much off; 0 for no limit."""
    round_to: Coupons
    minimum: Coupons
    categories: Annotated[list[list[int]], (COUPONS, CATEGORIES + 1)]
    channels: Annotated[list[list[int]], (COUPONS, CHANNELS + 1)]
    batch: Coupons
    """How many are issued at once."""
    limit: Coupons
    """Per member; 0 for none."""
    issue_pool: Coupons
    """Place of the shared limit of those issued; -1 for none."""
    use_pool: Coupons
    claimed: Coupons
    """1 where its life begins with its claim."""
    claim_days: Coupons
    """Days in which to claim it; -1: for ever."""
    delay: Coupons
    life_days: Coupons
    """-1 where its life is not in days."""
    life_months: Coupons
    round_up: Coupons
    """Months of the calendar period that its last day is moved to the end of; 0: none."""
    until: Coupons
    """Last usable day; NEVER where it is no date."""
    forbids: Coupons
    returned: Coupons
    revoked: Coupons
    points: Coupons
    """Points that a batch takes (of a coupon at a balance, or bought with points)."""


def lower_coupons(
    coupons: Sequence[Coupon], checkout: Checkout, categories: Sequence[str], channels: Sequence[str], pools: list[int]
) -> CouponTerms:
    """Terms of the coupons. Their shared limits are added to ``pools``, what is left of each at first."""
    automatic = sum(each.trigger.on == "balance" for each in coupons)
    return CouponTerms(
        kinds=len(coupons),
        most=sum(each.count * (MOST_TIMES if _repeats(each) else 1) for each in coupons),
        automatic=automatic,
        sold=sum(each.trigger.on == "points" for each in coupons),
        before_price=int(checkout.coupons == "before_member_price"),
        gives=[KINDS.index(each.gives.kind) for each in coupons],
        amount=[_amount(each) for each in coupons],
        off=[int(Fraction(each.gives.off) * 100_000) if isinstance(each.gives, PercentOff) else 0 for each in coupons],
        cap=[_minor(getattr(each.gives, "cap", None)) for each in coupons],
        round_to=[to_minor(each.gives.round_to) if isinstance(each.gives, PercentOff) else 1 for each in coupons],
        minimum=[to_minor(each.minimum_basket) for each in coupons],
        categories=[_mask(categories, each.categories) for each in coupons],
        channels=[_mask(channels, each.channels) for each in coupons],
        batch=[each.count for each in coupons],
        limit=[each.limit_per_member or 0 for each in coupons],
        issue_pool=[_pool(pools, each.total_limit) for each in coupons],
        use_pool=[_pool(pools, each.total_uses) for each in coupons],
        claimed=[int(each.validity.starts == "claim") for each in coupons],
        claim_days=[
            -1 if each.validity.claim_within_days is None else each.validity.claim_within_days for each in coupons
        ],
        delay=[each.validity.delay_days for each in coupons],
        life_days=[-1 if each.validity.days is None else each.validity.days for each in coupons],
        life_months=[each.validity.months or 0 for each in coupons],
        round_up=[MONTHS[each.validity.round_up] for each in coupons],
        until=[NEVER if each.validity.until is None else to_day(each.validity.until) for each in coupons],
        forbids=[sum(bit for name, bit in FORBIDS.items() if name not in each.combines_with) for each in coupons],
        returned=[int(each.after_full_refund == "returned") for each in coupons],
        revoked=[int(each.revoked_with_order) for each in coupons],
        points=[getattr(each.trigger, "points", 0) for each in coupons],
    )


def _repeats(coupon: Coupon) -> bool:
    """Whether it may be issued several times at once."""
    trigger = coupon.trigger
    return (
        trigger.on == "balance"
        or getattr(trigger, "every", None) is not None
        or bool(getattr(trigger, "repeats", False))
    )


def _amount(coupon: Coupon) -> int:
    gives = coupon.gives
    if isinstance(gives, AmountOff):
        return to_minor(gives.amount)
    if isinstance(gives, FreeItem):
        return to_minor(gives.value)
    return _minor(gives.item_price) if isinstance(gives, SecondHalfPrice | TwoForOne) else 0


def _minor(money: object) -> int:
    return 0 if money is None else to_minor(money)  # type: ignore[arg-type]  # a Decimal, as the spec says


def _mask(names: Sequence[str], chosen: Sequence[str]) -> list[int]:
    """1 for the names chosen, or for all where none is; the last entry is for every other name."""
    return [int(not chosen or name in chosen) for name in names] + [int(not chosen)]


def _pool(pools: list[int], limit: int | None) -> int:
    """The place of a shared limit; -1 where there is none."""
    if limit is None:
        return -1
    pools.append(limit)
    return len(pools) - 1
