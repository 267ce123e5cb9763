"""Stored value: topping up with gifts, paying with it, its bonus lapsing, cashing it out, and what a refund gives back.

Principal is one number of the account. Bonus value stands unordered in ``account.values[:own.values]``, a row for each gift; order is decided by
comparing (expires_on, serial), so that removing one is a single move. What a program file may say: ``stored_value_spec.py``.
"""

from typing import Annotated, NamedTuple

from workbench.ledger import (
    BONUS,
    BONUS_BACK,
    CASH_OUT,
    EARN,
    FORFEIT,
    GIFT,
    PAY,
    PAY_BONUS,
    TOPUP,
    VALUE_BACK,
    VALUE_EXPIRE,
    post,
)
from workbench.rules.bounds import STEPS
from workbench.rules.earn import add_points, base_points
from workbench.rules.redemption import still_due
from workbench.rules.stored_value_spec import StoredValue
from workbench.rules.tiers import grant_tier
from workbench.units import MAX_MONEY, NEVER, add_months, month_end, muldiv, rule, to_minor

__all__ = [
    "ALL", "NO_PURCHASE", "VALUE_REFUSALS", "VALUE_RULES", "ValueTerms", "cash_out", "expire_value", "give_value_back",
    "lower_stored_value", "pay", "top_up", "top_up_refusal",
]  # fmt: skip

Steps = Annotated[list[int], STEPS]


# --- lowering ------------------------------------------------------------------------------------------------------
class ValueTerms(NamedTuple):
    """Stored value lowered to integers, money in minor units."""

    on: int
    """1 where the program has it."""
    steps: int
    step_amount: Steps
    step_bonus: Steps
    step_points: Steps
    step_tier: Steps
    """0, the lowest tier, where a step grants none."""
    minimum: int
    steps_only: int
    burn: int
    life_days: int
    life_months: int
    """Both 0 where bonus value never lapses."""
    life_round: int
    """Months of the calendar period to whose end a life is rounded up; 0: it is not."""
    spend_earns: int
    """1 where what stored value pays earns like money."""
    top_up_earns: int
    cash_out: int
    pays_first: int
    """1 where stored value pays before points do."""
    why: int
    """Code of ``stored_value`` in the ledger; those of its bonus, points and earn follow."""


VALUE_RULES = ("stored_value", "stored_value.bonus", "stored_value.points", "stored_value.earn")
PRINCIPAL_FIRST, BONUS_FIRST, PRO_RATA = range(3)
REFUSED, FORFEITED, KEPT = range(3)
PERIODS = {None: 0, "month": 1, "quarter": 3, "half": 6, "year": 12}
ALL = -1
"""An amount that is not given: as much as there is, or is due."""
VALUE_REFUSALS = (
    "",
    "the program has no stored value",
    "below the least amount of a top-up",
    "not one of the ladder's amounts",
    "beyond the largest balance",
    "stored value pays at a purchase: none of this order stands beside the row",
    "a coupon used on this order does not go with stored value",
    "beyond the stored value",
    "beyond what is left to pay",
    "there is nothing to pay, or to pay with",
    "principal is not paid out",
    "there is no principal to pay out",
)
(
    OK, NO_VALUE, BELOW_LEAST, NOT_A_STEP, BEYOND_LARGEST, NO_PURCHASE, NOT_WITH_COUPON, BEYOND_VALUE, BEYOND_LEFT, NOTHING_TO_PAY,
    NOT_PAID_OUT, NO_PRINCIPAL,
) = range(len(VALUE_REFUSALS))  # fmt: skip
FORBIDS_VALUE = 4
"""The bit of ``exclusive`` that a coupon sets."""


def lower_stored_value(value: StoredValue | None, tiers: tuple[str, ...], pays_first: bool, why: int) -> ValueTerms:
    """Terms of stored value; ``pays_first``: before points do; ``why``: the code of its first rule."""
    life = None if value is None else value.bonus_expiry
    steps = () if value is None else value.steps
    return ValueTerms(
        on=int(value is not None),
        steps=len(steps),
        step_amount=[to_minor(each.amount) for each in steps],
        step_bonus=[to_minor(each.bonus) for each in steps],
        step_points=[each.points or 0 for each in steps],
        step_tier=[0 if each.tier is None else tiers.index(each.tier) for each in steps],
        minimum=0 if value is None else to_minor(value.minimum),
        steps_only=int(value is not None and value.amounts == "steps_only"),
        burn=0 if value is None else ("principal_first", "bonus_first", "pro_rata").index(value.burn),
        life_days=0 if life is None else life.days or 0,
        life_months=0 if life is None else life.months or 0,
        life_round=0 if life is None else PERIODS[life.round_up],
        spend_earns=int(value is None or value.earn == "on_spend"),
        top_up_earns=int(value is not None and value.earn == "on_top_up"),
        cash_out=0 if value is None else ("refused", "bonus_forfeited", "bonus_kept").index(value.refund),
        pays_first=int(pays_first),
        why=why,
    )


# --- rules: bonus value ----------------------------------------------------------------------------------------------
@rule
def next_value(account):
    """Index of the row of bonus value that is used or lapses next: soonest expiring, then first given; -1 if there is none."""
    found = -1
    for i in range(account.own.values):
        row = account.values[i]
        if found < 0:
            found = i
            continue
        other = account.values[found]
        if row.expires_on < other.expires_on or (row.expires_on == other.expires_on and row.serial < other.serial):
            found = i
    return found


@rule
def open_value(account, given_on, expires_on, money, serial):
    """Add a row of bonus value. Returns its index."""
    own = account.own
    index = own.values
    own.values += 1
    row = account.values[index]
    row.given_on = given_on
    row.expires_on = expires_on
    row.money = money
    row.serial = serial
    own.bonus_value += money
    own.value_on = min(own.value_on, expires_on + 1)
    return index


@rule
def take_value(account, index, money):
    """Take money out of a row of bonus value; an empty row is gone (the last one moves into its place)."""
    own = account.own
    row = account.values[index]
    row.money -= money
    own.bonus_value -= money
    if row.money == 0:
        own.values -= 1
        last = account.values[own.values]
        row.given_on = last.given_on
        row.expires_on = last.expires_on
        row.money = last.money
        row.serial = last.serial


@rule
def drop_value(terms, account, index, money, day, kind):
    """Bonus value of a row is gone, with its entry: lapsed or forfeited."""
    row = account.values[index]
    given_on, expires_on = row.given_on, row.expires_on
    take_value(account, index, money)
    post(account, day, kind, 0, -money, given_on, expires_on, 0, terms.value.why + 1)


@rule
def expire_value(terms, account, day):
    """Bonus value whose last usable day was before today lapses, soonest first."""
    own = account.own
    if own.value_on > day:
        return
    own.value_on = NEVER
    while own.values > 0:
        index = next_value(account)
        row = account.values[index]
        if row.expires_on >= day:
            own.value_on = row.expires_on + 1
            return
        drop_value(terms, account, index, row.money, day, VALUE_EXPIRE)


@rule
def last_day(terms, day):
    """Last usable day of bonus value given on a day."""
    value = terms.value
    if value.life_days == 0 and value.life_months == 0:
        return NEVER
    last = add_months(day, value.life_months) + value.life_days
    return month_end(last, value.life_round) if value.life_round > 0 else last


# --- rules: top-up ---------------------------------------------------------------------------------------------------
@rule
def step_of(terms, amount):
    """The highest step of the ladder that an amount reaches; -1 if none."""
    value = terms.value
    found = -1
    for k in range(value.steps):
        if amount >= value.step_amount[k]:
            found = k
    return found


@rule
def top_up_refusal(terms, own, amount):
    """Why an amount cannot be paid in; 0 if it can."""
    value = terms.value
    if not value.on:
        return NO_VALUE
    if amount <= 0 or amount < value.minimum:
        return BELOW_LEAST
    step = step_of(terms, amount)
    if value.steps_only and (step < 0 or value.step_amount[step] != amount):
        return NOT_A_STEP
    bonus = value.step_bonus[step] if step >= 0 else 0
    if own.principal + own.bonus_value + amount + bonus > MAX_MONEY:
        return BEYOND_LARGEST
    return OK


@rule
def top_up(terms, account, day, business, amount, earns):
    """An amount is paid in: principal, gift, points, the tier granted. ``earns``: whether base points are given."""
    value = terms.value
    own = account.own
    own.principal += amount
    post(account, day, TOPUP, 0, amount, NEVER, NEVER, 0, value.why)
    step = step_of(terms, amount)
    if step >= 0 and value.step_bonus[step] > 0:
        own.value_serial += 1
        last = last_day(terms, day)
        open_value(account, day, last, value.step_bonus[step], own.value_serial)
        post(account, day, GIFT, 0, value.step_bonus[step], day, last, 0, value.why + 1)
    if step >= 0 and value.step_points[step] > 0:
        add_points(terms, account, day, business, -1, value.step_points[step], False, BONUS, 0, 0, 0, value.why + 2)
    if value.top_up_earns and earns:
        points = base_points(terms, own, amount)
        if points > 0:
            add_points(terms, account, day, business, -1, points, False, EARN, amount, 0, 0, value.why + 3)
    if step >= 0:
        grant_tier(terms, account, day, value.step_tier[step])


# --- rules: paying ---------------------------------------------------------------------------------------------------
@rule
def pay(terms, account, order, day, amount):
    """Pay (part of) an order with stored value: an amount, or ``ALL`` as far as it goes. Returns why it is refused, 0 if it is done."""
    value = terms.value
    own = account.own
    if not value.on:
        return NO_VALUE
    if order.own.exclusive & FORBIDS_VALUE:
        return NOT_WITH_COUPON
    left = still_due(order.own)
    balance = own.principal + own.bonus_value
    if amount == ALL:
        amount = min(left, balance)
    if amount <= 0:
        return NOTHING_TO_PAY
    if amount > balance:
        return BEYOND_VALUE
    if amount > left:
        return BEYOND_LEFT
    if value.burn == PRINCIPAL_FIRST:
        bonus = max(0, amount - own.principal)
    elif value.burn == BONUS_FIRST:
        bonus = min(amount, own.bonus_value)
    else:
        bonus = muldiv(amount, own.bonus_value, balance)
    if value.burn == PRINCIPAL_FIRST:
        pay_principal(terms, account, order, day, amount - bonus)
        pay_bonus(terms, account, order, day, bonus)
    else:
        pay_bonus(terms, account, order, day, bonus)
        pay_principal(terms, account, order, day, amount - bonus)
    return OK


@rule
def pay_principal(terms, account, order, day, money):
    """Principal pays part of an order."""
    if money > 0:
        account.own.principal -= money
        order.own.principal += money
        post(account, day, PAY, 0, -money, NEVER, NEVER, order.own.number, terms.value.why)


@rule
def pay_bonus(terms, account, order, day, money):
    """Bonus value pays part of an order, row by row; the order remembers which, so that a refund can give it back."""
    own = order.own
    while money > 0:
        index = next_value(account)
        row = account.values[index]
        part = min(money, row.money)
        use = order.values[own.values]
        own.values += 1
        use.given_on = row.given_on
        use.expires_on = row.expires_on
        use.serial = row.serial
        use.money = part
        use.returned = 0
        own.bonus_value += part
        take_value(account, index, part)
        post(account, day, PAY_BONUS, 0, -part, use.given_on, use.expires_on, own.number, terms.value.why + 1)
        money -= part


@rule
def due_back(paid, back, order):
    """What a refund gives back now of what was paid with stored value."""
    own = order.own
    return (paid if own.refunded == own.amount else muldiv(paid, own.refunded, own.amount)) - back


@rule
def give_value_back(terms, account, order, day):
    """A refund (already noted in the order) gives back what stored value paid: principal, then bonus to the rows it came from."""
    own = order.own
    money = due_back(own.principal, own.principal_back, order)
    if money > 0:
        own.principal_back += money
        account.own.principal += money
        post(account, day, VALUE_BACK, 0, money, NEVER, NEVER, own.number, terms.value.why)
    money = due_back(own.bonus_value, own.bonus_back, order)
    own.bonus_back += money
    for i in range(own.values):
        use = order.values[i]
        part = min(money, use.money - use.returned)
        if part > 0:
            use.returned += part
            money -= part
            bonus_back(terms, account, use, part, day, own.number)


@rule
def bonus_back(terms, account, use, money, day, number):
    """Bonus value returns to its row, which opens again if it is gone, and lapses at once where its last day is past."""
    index = -1
    for i in range(account.own.values):
        if account.values[i].serial == use.serial:
            index = i
    if index < 0:
        index = open_value(account, use.given_on, use.expires_on, money, use.serial)
    else:
        account.values[index].money += money
        account.own.bonus_value += money
    post(account, day, BONUS_BACK, 0, money, use.given_on, use.expires_on, number, terms.value.why + 1)
    if use.expires_on < day:
        drop_value(terms, account, index, money, day, VALUE_EXPIRE)


# --- rules: cash-out -------------------------------------------------------------------------------------------------
@rule
def cash_out(terms, account, day, amount):
    """Principal is paid out: an amount, or ``ALL`` of it. Returns why it is refused, 0 if it is done."""
    value = terms.value
    own = account.own
    if not value.on:
        return NO_VALUE
    if value.cash_out == REFUSED:
        return NOT_PAID_OUT
    if amount == ALL:
        amount = own.principal
    if amount <= 0:
        return NO_PRINCIPAL
    if amount > own.principal:
        return BEYOND_VALUE
    own.principal -= amount
    post(account, day, CASH_OUT, 0, -amount, NEVER, NEVER, 0, value.why)
    while value.cash_out == FORFEITED and own.values > 0:
        index = next_value(account)
        drop_value(terms, account, index, account.values[index].money, day, FORFEIT)
    return OK
