"""What a member of a simulation does with coupons: which to claim and to use at a purchase, and which to buy with points.

Both engines call these rules. Whether a member will ever use a coupon is drawn for the coupon, so that worlds which issue the same ones agree.
"""

from simulators.choices import NOTHING, ask
from simulators.layout import USED_COUPONS
from workbench.population.strips import coupon_mark
from workbench.rules.coupon_terms import AMOUNT_OFF, FREE_ITEM, NO_POINTS, PERCENT_OFF, SECOND_HALF, TWO_FOR_ONE
from workbench.rules.coupons import is_usable, room_for, use_refusal, use_this
from workbench.rules.posting import claim_held
from workbench.rules.redemption import OK, UNNAMED, still_due
from workbench.rules.savings import saving_of
from workbench.rules.trigger_terms import (
    AT_BALANCE,
    AT_BIRTHDAY,
    AT_DATES,
    AT_JOIN,
    AT_MANUAL,
    AT_POINTS,
    AT_SEGMENT,
    AT_SILENCE,
)  # fmt: skip
from workbench.rules.triggers import allowed
from workbench.units import NEVER, rule

__all__ = ["COUPON", "claim_coupons", "points_that_fit", "use_coupons", "wish"]

COUPON = -10
"""What is wished for: this less the coupon's place in the program. Items and money off stand above it."""


@rule
def share_used(behaviour, terms, kind):
    """Share of a kind of coupon that members will ever use."""
    event = terms.triggers.event[kind]
    if event == AT_POINTS or event == AT_BALANCE:
        return behaviour.coupon_bought
    if (
        event == AT_JOIN
        or event == AT_BIRTHDAY
        or event == AT_DATES
        or event == AT_SILENCE
        or event == AT_SEGMENT
        or event == AT_MANUAL
    ):
        return behaviour.coupon_given
    return behaviour.coupon_earned


@rule
def will_use(behaviour, terms, member_key, coupon):
    """Whether a member will ever use a coupon."""
    share = share_used(behaviour, terms, coupon.kind)
    return coupon_mark(member_key, coupon.kind, coupon.serial) < share


@rule
def claim_coupons(behaviour, terms, account, order, day, member_key):
    """Before a purchase: claim what cannot be used on the day of its claim, of the coupons the member will use. ``order`` is scratch space."""
    for i in range(account.own.coupons):
        coupon = account.coupons[i]
        waits = coupon.usable_on == NEVER and terms.coupons.delay[coupon.kind] > 0
        if waits and will_use(behaviour, terms, member_key, coupon):
            claim_held(terms, account, order, day, i)


@rule
def use_coupons(behaviour, terms, account, order, count, day, member_key):
    """At a purchase: use the coupon with the largest saving, then the next, as long as they combine."""
    while order.own.coupons < USED_COUPONS:
        index = best_coupon(behaviour, terms, account, order, count, day, member_key)
        if index < 0:
            break
        use_this(terms, account, order, count, day, index)


@rule
def best_coupon(behaviour, terms, account, order, count, day, member_key):
    """Index of the coupon with the largest saving (then the soonest expiring, then the first issued) that the member will use; -1 if none."""
    found = -1
    best = -1
    for i in range(account.own.coupons):
        coupon = account.coupons[i]
        if not is_usable(terms, coupon, day) or use_refusal(terms, account, order, count, coupon.kind) != OK:
            continue
        if not will_use(behaviour, terms, member_key, coupon):
            continue
        saving = saving_of(terms, order, count, coupon.kind)
        if saving > best or (saving == best and is_sooner(coupon, account.coupons[found])):
            found = i
            best = saving
    return found


@rule
def is_sooner(a, b):
    """Whether coupon ``a`` is used before ``b`` of the same saving."""
    return a.expires_on < b.expires_on or (a.expires_on == b.expires_on and a.serial < b.serial)


@rule
def wish(terms, rewards, account, day, basket):
    """What a member who redeems asks for: (item, points) of ``ask``; or a coupon that is bought with points (``COUPON`` less its place, its price),
    where it is worth more for a point at a basket like this one."""
    item, points = ask(terms, rewards, account, day, basket)
    if terms.coupons.sold == 0:
        return item, points
    worth, price = 0, 0
    if item == UNNAMED:
        worth, price = points * rewards.off_worth // rewards.off_points, points
    elif item != NOTHING:
        worth, price = terms.redemption.item_worth[item], terms.redemption.item_points[item]
    kind = better_coupon(terms, account, day, basket, worth, price)
    return (item, points) if kind < 0 else (COUPON - kind, terms.coupons.points[kind])


@rule
def better_coupon(terms, account, day, basket, worth, points):
    """The coupon sold that is worth the most for a point, and more than something else worth so much for so many points (0: nothing else); -1 if
    none."""
    coupons = terms.coupons
    own = account.own
    found = -1
    for k in range(coupons.kinds):
        if terms.triggers.event[k] != AT_POINTS or own.balance - own.debt < coupons.points[k]:
            continue
        if room_for(terms, account, day, k) < coupons.batch[k] or not allowed(terms, account, day, k):
            continue
        its_worth = worth_of(terms, basket, k) * coupons.batch[k]
        if its_worth > 0 and (points == 0 or its_worth * points > worth * coupons.points[k]):
            found = k
            worth, points = its_worth, coupons.points[k]
    return found


@rule
def worth_of(terms, basket, kind):
    """What a coupon would take off a basket of one line without delivery."""
    coupons = terms.coupons
    gives = coupons.gives[kind]
    if basket < coupons.minimum[kind]:
        return 0
    if gives == PERCENT_OFF:
        saving = basket * coupons.off[kind] // 100_000
        return min(saving, coupons.cap[kind]) if coupons.cap[kind] > 0 else saving
    if gives == FREE_ITEM:
        return coupons.amount[kind]
    price = coupons.amount[kind]
    if gives == AMOUNT_OFF:
        return min(price, basket)
    two = (gives == SECOND_HALF or gives == TWO_FOR_ONE) and price > 0 and basket // price >= 2
    return 0 if not two else price // 2 if gives == SECOND_HALF else price


@rule
def points_that_fit(terms, rewards, order, points):
    """Money off that a member asks for, after coupons and member prices: no more than is left to pay, in whole blocks; 0 where a coupon used on the
    order does not go with points."""
    if order.own.exclusive & NO_POINTS:
        return 0
    if not terms.redemption.within_due:
        return points
    most = still_due(order.own) * rewards.off_points // rewards.off_worth
    return min(points, most) // rewards.off_block * rewards.off_block
