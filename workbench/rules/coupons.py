"""Coupons: issued, claimed, used at a checkout, lapsed, restored and revoked by refunds.

A member's coupons stand unordered in ``account.coupons[:own.coupons]``; which is taken first is decided by comparing (expires_on, serial).
What a coupon takes off stands in ``savings.py``, what issues it in ``triggers.py``, when in the day all this happens in ``posting.py``.
"""

from workbench.ledger import CLAIM, ISSUE, LAPSE, REDEEM, RESTORE, REVOKE, USE, post
from workbench.rules.coupon_terms import FREE_ITEM, NO_COUPONS, NO_MEMBER_PRICE
from workbench.rules.expiry import BY_REDEEM, note_activity
from workbench.rules.lots import take_points
from workbench.rules.redemption import (
    BEYOND_BALANCE,
    COUPON_BASKET,
    COUPON_LIMIT,
    NO_COUPON,
    NO_SAVING,
    NONE_HELD,
    NONE_USABLE,
    NOT_ALONE,
    NOT_TOGETHER,
    OK,
    USED_UP,
)  # fmt: skip
from workbench.rules.savings import basket_of, clear_member_price, saving_of, take_off
from workbench.rules.trigger_terms import AT_MANUAL, AT_POINTS, MOST_TIMES
from workbench.units import NEVER, add_months, month_end, rule

__all__ = [
    "by_row_only", "claim", "is_usable", "issue", "issue_at_balance", "issue_by_hand", "lapse_coupons", "post_uses", "restore_and_revoke", "room_for",
    "unclaimed", "use", "use_gift", "use_refusal", "use_this",
]  # fmt: skip


UNLIMITED = 10**9
"""More than is ever issued at once."""


# --- issuing ----------------------------------------------------------------------------------------------------------
@rule
def issue(terms, account, day, kind, times, order):
    """Issue a coupon so many times, as far as its limits allow. ``order``: the handle of what set it off. Returns how many are issued."""
    coupons = terms.coupons
    wanted = min(times * coupons.batch[kind], room_for(terms, account, day, kind))
    for _ in range(wanted):
        put_in_wallet(terms, account, day, kind, order)
    if coupons.issue_pool[kind] >= 0:
        account.pools[coupons.issue_pool[kind]].left -= wanted
    account.watches[kind].count += wanted
    return wanted


@rule
def room_for(terms, account, day, kind):
    """How many of a coupon its limits still allow."""
    coupons = terms.coupons
    if day > coupons.until[kind]:
        return 0
    room = UNLIMITED
    if coupons.limit[kind] > 0:
        room = min(room, coupons.limit[kind] - account.watches[kind].count)
    if coupons.issue_pool[kind] >= 0:
        room = min(room, account.pools[coupons.issue_pool[kind]].left)
    return max(room, 0)


@rule
def put_in_wallet(terms, account, day, kind, order):
    """One coupon more, with its entry."""
    coupons = terms.coupons
    own = account.own
    coupon = account.coupons[own.coupons]
    own.coupons += 1
    own.coupon_serial += 1
    coupon.kind = kind
    coupon.issued_on = day
    coupon.order = order
    coupon.serial = own.coupon_serial
    if coupons.claimed[kind]:
        coupon.usable_on = NEVER
        coupon.expires_on = coupons.until[kind]
        if coupons.until[kind] == NEVER and coupons.claim_days[kind] >= 0:
            coupon.expires_on = day + coupons.claim_days[kind]
    else:
        begin_life(terms, coupon, day)
    own.coupon_on = min(own.coupon_on, coupon.expires_on + 1)
    post(account, day, ISSUE, 0, 0, day, coupon.expires_on, order, terms.why_coupon[kind])


@rule
def begin_life(terms, coupon, day):
    """The coupon's life begins: first and last usable day."""
    coupon.usable_on = day + terms.coupons.delay[coupon.kind]
    coupon.expires_on = last_usable(terms, coupon.kind, day)


@rule
def last_usable(terms, kind, day):
    """Last usable day of a coupon whose life begins on a day."""
    coupons = terms.coupons
    last = coupons.until[kind]
    if coupons.life_days[kind] >= 0:
        last = day + coupons.life_days[kind]
    elif coupons.life_months[kind] > 0:
        last = add_months(day, coupons.life_months[kind])
    if last < NEVER and coupons.round_up[kind] > 0:
        last = month_end(last, coupons.round_up[kind])
    return last


@rule
def issue_at_balance(terms, account, k, day):
    """Take points for a coupon as often as the balance allows, and issue it."""
    coupons = terms.coupons
    own = account.own
    batches = min((own.balance - own.debt) // coupons.points[k], most_batches(terms, k))
    batches = min(batches, room_for(terms, account, day, k) // coupons.batch[k])
    if batches <= 0:
        return 0
    take_points(
        account,
        day,
        batches * coupons.points[k],
        True,
        terms.redemption.oldest_first,
        REDEEM,
        0,
        0,
        terms.why_coupon[k],
    )
    return issue(terms, account, day, k, batches, 0)


@rule
def most_batches(terms, k):
    """How often a coupon at a balance is issued at once at the most."""
    return 1 if terms.triggers.once[k] > 0 else MOST_TIMES


@rule
def issue_by_hand(terms, account, day, kind, allowed):
    """An ``issue`` row naming a coupon: bought with points, or handed out. ``allowed``: whether tiers, dates and ``once`` let the member
    have it, which is asked of coupons that are issued by such rows alone. Returns why it is refused, 0 if it is done."""
    coupons = terms.coupons
    own = account.own
    if kind < 0:
        return NO_COUPON
    if room_for(terms, account, day, kind) == 0:
        return COUPON_LIMIT
    if by_row_only(terms, kind) and not allowed:
        return COUPON_LIMIT
    if terms.triggers.event[kind] == AT_POINTS:
        if room_for(terms, account, day, kind) < coupons.batch[kind]:
            return COUPON_LIMIT
        if own.balance - own.debt < coupons.points[kind]:
            return BEYOND_BALANCE
        note_activity(terms, account, day, BY_REDEEM)
        oldest_first = terms.redemption.oldest_first
        take_points(account, day, coupons.points[kind], True, oldest_first, REDEEM, 0, 0, terms.why_coupon[kind])
    issue(terms, account, day, kind, 1, 0)
    return OK


@rule
def by_row_only(terms, kind):
    """Whether a coupon is issued by ``issue`` rows alone: bought with points, or handed out."""
    event = terms.triggers.event[kind]
    return event == AT_POINTS or event == AT_MANUAL


# --- the wallet -------------------------------------------------------------------------------------------------------
@rule
def comes_before(a, b):
    """Whether coupon ``a`` is taken before coupon ``b``."""
    return a.expires_on < b.expires_on or (a.expires_on == b.expires_on and a.serial < b.serial)


@rule
def take_from_wallet(account, index):
    """One coupon less: the last one moves into its place."""
    own = account.own
    own.coupons -= 1
    coupon, last = account.coupons[index], account.coupons[own.coupons]
    coupon.kind = last.kind
    coupon.issued_on = last.issued_on
    coupon.usable_on = last.usable_on
    coupon.expires_on = last.expires_on
    coupon.order = last.order
    coupon.serial = last.serial


@rule
def first_past(account, day):
    """Index of the coupon that lapses next of those whose last day is past; -1 if there is none."""
    found = -1
    for i in range(account.own.coupons):
        if account.coupons[i].expires_on < day and (
            found < 0 or comes_before(account.coupons[i], account.coupons[found])
        ):
            found = i
    return found


@rule
def lapse_coupons(terms, account, day):
    """Coupons whose last usable day is past lapse, soonest expiring first."""
    own = account.own
    if day < own.coupon_on:
        return
    while True:
        index = first_past(account, day)
        if index < 0:
            break
        coupon = account.coupons[index]
        issued_on, expires_on, kind = coupon.issued_on, coupon.expires_on, coupon.kind
        take_from_wallet(account, index)
        own.coupons_lapsed += 1
        post(account, day, LAPSE, 0, 0, issued_on, expires_on, 0, terms.why_coupon[kind])
    own.coupon_on = NEVER
    for i in range(own.coupons):
        own.coupon_on = min(own.coupon_on, account.coupons[i].expires_on + 1)


@rule
def unclaimed(account, kind):
    """Index of the soonest expiring unclaimed coupon of a kind; -1 if none is held."""
    found = -1
    for i in range(account.own.coupons):
        coupon = account.coupons[i]
        if (
            coupon.kind == kind
            and coupon.usable_on == NEVER
            and (found < 0 or comes_before(coupon, account.coupons[found]))
        ):
            found = i
    return found


@rule
def claim(terms, account, day, index):
    """Claim a coupon: its life begins."""
    coupon = account.coupons[index]
    begin_life(terms, coupon, day)
    account.own.coupon_on = min(account.own.coupon_on, coupon.expires_on + 1)
    post(account, day, CLAIM, 0, 0, coupon.issued_on, coupon.expires_on, 0, terms.why_coupon[coupon.kind])


# --- using ------------------------------------------------------------------------------------------------------------
@rule
def is_usable(terms, coupon, day):
    """Whether a coupon can be used on a day; one that is not claimed is claimed by its use."""
    if coupon.expires_on < day:
        return False
    return coupon.usable_on <= day or (coupon.usable_on == NEVER and terms.coupons.delay[coupon.kind] == 0)


@rule
def usable(terms, account, day, kind):
    """Index of the soonest expiring coupon of a kind that can be used on a day; -1 where none can; -2 where none is held."""
    found = -2
    for i in range(account.own.coupons):
        coupon = account.coupons[i]
        if coupon.kind != kind:
            continue
        if not is_usable(terms, coupon, day):
            found = max(found, -1)
        elif found < 0 or comes_before(coupon, account.coupons[found]):
            found = i
    return found


@rule
def use_refusal(terms, account, order, count, kind):
    """Why a coupon of a kind cannot be used on an order as it stands; 0 if it can."""
    coupons = terms.coupons
    placed = order.own
    if placed.coupons > 0 and (placed.exclusive & NO_COUPONS or coupons.forbids[kind] & NO_COUPONS):
        return NOT_TOGETHER
    waives = coupons.forbids[kind] & NO_MEMBER_PRICE
    if waives and placed.coupons > 0 and placed.discount > 0:
        return NOT_TOGETHER
    if coupons.use_pool[kind] >= 0 and account.pools[coupons.use_pool[kind]].left <= 0:
        return USED_UP
    if basket_of(terms, order, count, kind) < coupons.minimum[kind]:
        return COUPON_BASKET
    if coupons.gives[kind] != FREE_ITEM and saving_of(terms, order, count, kind) <= 0:
        return NO_SAVING
    return OK


@rule
def use(terms, account, order, count, day, kind):
    """Use the soonest expiring coupon of a kind on an order of so many lines. Its entry follows (``post_uses``). Returns why it is refused, 0 if
    it is done."""
    if kind < 0:
        return NO_COUPON
    index = usable(terms, account, day, kind)
    if index < 0:
        return NONE_USABLE if index == -1 else NONE_HELD
    refusal = use_refusal(terms, account, order, count, kind)
    if refusal == OK:
        use_this(terms, account, order, count, day, index)
    return refusal


@rule
def use_this(terms, account, order, count, day, index):
    """Use a coupon, which nothing refuses, on an order."""
    coupons = terms.coupons
    kind = account.coupons[index].kind
    placed = order.own
    if coupons.forbids[kind] & NO_MEMBER_PRICE:
        clear_member_price(order, count)
    saving = saving_of(terms, order, count, kind)
    take_off(terms, order, count, kind, saving)
    placed.exclusive |= coupons.forbids[kind]
    if coupons.gives[kind] != FREE_ITEM:
        placed.coupon_off += saving
    if coupons.use_pool[kind] >= 0:
        account.pools[coupons.use_pool[kind]].left -= 1
    if account.coupons[index].usable_on == NEVER:
        begin_life(terms, account.coupons[index], day)
    note_use(order, account.coupons[index], saving)
    take_from_wallet(account, index)
    account.own.coupons_used += 1


@rule
def note_use(order, coupon, money):
    """Remember a coupon with the order it is used on."""
    used = order.coupons[order.own.coupons]
    order.own.coupons += 1
    used.kind = coupon.kind
    used.issued_on = coupon.issued_on
    used.usable_on = coupon.usable_on
    used.expires_on = coupon.expires_on
    used.order = coupon.order
    used.serial = coupon.serial
    used.money = money


@rule
def post_uses(terms, account, order, day):
    """The entries of the coupons used on an order, in the order of use."""
    for i in range(order.own.coupons):
        used = order.coupons[i]
        post(
            account,
            day,
            USE,
            0,
            used.money,
            used.issued_on,
            used.expires_on,
            order.own.number,
            terms.why_coupon[used.kind],
        )


@rule
def use_gift(terms, account, order, day, kind):
    """Use a coupon without a purchase: a gift with no least basket. Returns why it is refused, 0 if it is done."""
    if kind >= 0 and (terms.coupons.gives[kind] != FREE_ITEM or terms.coupons.minimum[kind] > 0):
        return NOT_ALONE
    refusal = use(terms, account, order, 0, day, kind)
    if refusal == OK:
        post_uses(terms, account, order, day)
    return refusal


# --- refunds ----------------------------------------------------------------------------------------------------------
@rule
def restore_and_revoke(terms, account, order, day):
    """An order is refunded in full: coupons used on it come back, unused ones that it issued are taken back."""
    own = account.own
    for i in range(order.own.coupons):
        used = order.coupons[i]
        if terms.coupons.returned[used.kind]:
            restore(terms, account, used, order.own.number, day)
    while order.own.number > 0:
        index = issued_by(terms, account, order.own.number)
        if index < 0:
            break
        coupon = account.coupons[index]
        issued_on, expires_on, kind = coupon.issued_on, coupon.expires_on, coupon.kind
        take_from_wallet(account, index)
        own.coupons_revoked += 1
        post(account, day, REVOKE, 0, 0, issued_on, expires_on, order.own.number, terms.why_coupon[kind])


@rule
def restore(terms, account, used, number, day):
    """A coupon used on a refunded order comes back with its old last day, and lapses at once if that is past."""
    own = account.own
    coupon = account.coupons[own.coupons]
    own.coupons += 1
    own.coupons_used -= 1
    coupon.kind = used.kind
    coupon.issued_on = used.issued_on
    coupon.usable_on = used.usable_on
    coupon.expires_on = used.expires_on
    coupon.order = used.order
    coupon.serial = used.serial
    own.coupon_on = min(own.coupon_on, used.expires_on + 1)
    if terms.coupons.use_pool[used.kind] >= 0:
        account.pools[terms.coupons.use_pool[used.kind]].left += 1
    why = terms.why_coupon[used.kind]
    post(account, day, RESTORE, 0, -used.money, used.issued_on, used.expires_on, number, why)
    if used.expires_on < day:
        take_from_wallet(account, own.coupons - 1)
        own.coupons_lapsed += 1
        post(account, day, LAPSE, 0, 0, used.issued_on, used.expires_on, 0, why)


@rule
def issued_by(terms, account, number):
    """Index of the soonest expiring coupon held that an order issued and that goes with it; -1 if there is none."""
    found = -1
    for i in range(account.own.coupons):
        coupon = account.coupons[i]
        if coupon.order != number or not terms.coupons.revoked[coupon.kind]:
            continue
        if found < 0 or comes_before(coupon, account.coupons[found]):
            found = i
    return found
