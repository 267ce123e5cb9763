"""The desk: where a clock (replay, agents) brings a member's transactions to the rulebook in plain Python.

It keeps room in the preallocated lists, turns names into codes, and hands over the entries that were written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulators.layout import USED_COUPONS
from workbench.ledger import (
    Account,
    BonusValue,
    Book,
    Coupon,
    Cursor,
    Entry,
    Line,
    Lot,
    Month,
    Order,
    Own,
    Part,
    Piece,
    Pool,
    QualifyingDay,
    Use,
    UsedCoupon,
    ValueUse,
    blank_account,
    blank_order,
    reserve,
)
from workbench.program.lower import Codes, Lowered, LoweredVersion, lower
from workbench.program.spec import Program
from workbench.rules import posting
from workbench.rules.coupons import use
from workbench.rules.earn_terms import EarnTerms
from workbench.rules.plans import PLAN_REFUSALS, UNKNOWN_PLAN, UNNAMED_PLAN
from workbench.rules.redemption import REFUSALS, UNKNOWN_ITEM, UNNAMED, redeem
from workbench.rules.referrals import refusal
from workbench.rules.refunds import by_now, refund_linked, refund_unlinked
from workbench.rules.stored_value import VALUE_REFUSALS, pay
from workbench.rules.terms import Terms
from workbench.rules.versions import cross
from workbench.units import CENTS

__all__ = ["Basket", "Desk", "Paying", "Redeeming", "Using", "kept_spend"]


@dataclass(slots=True)
class Basket:
    """One line of a purchase (or an unlinked refund): money in minor units, names as written."""

    amount: int
    discount: int = 0
    tax: int = 0
    delivery: int = 0
    category: str = ""
    channel: str = ""


@dataclass(slots=True)
class Redeeming:
    """One redemption asked for: points (-1: the item's price), and the item's name (empty: none)."""

    points: int
    item: str = ""


@dataclass(slots=True)
class Paying:
    """One payment with stored value: minor units (``ALL``: as far as it goes)."""

    amount: int


@dataclass(slots=True)
class Using:
    """One coupon used, by its name."""

    coupon: str


class Desk:
    """One program's rules over a span of days, and the book its entries are written in.

    Days must lie between ``first_day`` and ``last_day``; ``widen`` moves them (accounts hold absolute days, so nothing else changes).
    """

    def __init__(self, program: Program, first_day: int, last_day: int) -> None:
        self.program = program
        self.book = Book(Cursor(), [])
        self.first_day, self.last_day = first_day, last_day
        self.lowered: Lowered = lower(program, first_day, last_day)
        self.pools = [Pool().load([left]) for left in self.lowered.pools]
        """What is left of the limits that all members share."""
        self._scratch = blank_order()

    @property
    def terms(self) -> Terms:
        """What the rules see of the program; of its first version, where it has several."""
        return self.lowered.terms

    def version_on(self, day: int) -> int:
        """The version in force on a day."""
        return sum(day > each.terms.until for each in self.lowered.versions)

    def terms_on(self, day: int) -> Terms:
        """Terms of the version in force on a day."""
        return self.lowered.versions[self.version_on(day)].terms

    def version_of(self, account: Account) -> LoweredVersion:
        """The version that a member lives under."""
        return self.lowered.versions[account.own.version]

    def terms_of(self, account: Account) -> Terms:
        """Its terms."""
        return self.lowered.versions[account.own.version].terms

    def _codes(self, account: Account) -> Codes:
        return self.lowered.versions[account.own.version].codes

    def widen(self, first_day: int, last_day: int) -> None:
        """Cover more days."""
        if first_day < self.first_day or last_day > self.last_day:
            # A year more than asked for, so that a log of ever earlier business dates does not lower the program again and again.
            self.first_day = self.first_day if first_day >= self.first_day else first_day - 366
            self.last_day = self.last_day if last_day <= self.last_day else last_day + 366
            strangers = self.lowered.codes.strangers
            self.lowered = lower(self.program, self.first_day, self.last_day)
            self.lowered.codes.strangers.update(strangers)

    def open_account(self) -> Account:
        """A blank account; ``join`` begins it."""
        return blank_account(self.terms.meters, self.book, self.terms.watches, self.pools)

    def new_order(self) -> Order:
        """A blank order."""
        return blank_order()

    def shrink(self, order: Order) -> None:
        """Keep of an order only what its refunds need."""
        order.lines.clear()
        order.pieces.clear()
        del order.parts[order.own.parts :]
        del order.uses[order.own.uses :]
        del order.coupons[order.own.coupons :]
        del order.values[order.own.values :]

    def drain(self) -> Iterator[Entry]:
        """The entries written since the last call. Each is only valid until the next transaction."""
        count, self.book.cursor.entries = self.book.cursor.entries, 0
        return iter(self.book.rows[:count])

    def _make_room(self, account: Account, order: Order, lines: int = 0) -> None:
        own, terms = account.own, self.terms_of(account)
        bonuses = terms.earn.bonuses
        uses = order.own.uses
        used = order.own.coupons
        reserve(account.coupons, own.coupons + used + terms.coupons.most + 1, Coupon)
        reserve(order.coupons, used + 1, UsedCoupon)
        reserve(account.lots, own.lots + bonuses + uses + 4, Lot)
        reserve(account.days, own.days + 2 * bonuses + 8, QualifyingDay)
        reserve(account.months, own.months + 1, Month)
        paid = order.own.values
        reserve(account.values, own.values + paid + 1, BonusValue)
        reserve(order.values, paid + own.values, ValueUse)
        reserve(self.book.rows, self.book.cursor.entries + posting.room_needed(terms, own, uses + used, paid), Entry)
        if terms.redemption.automatic_at > 0:
            reserve(order.uses, uses + own.lots + bonuses + uses + 4, Use)
        parts = max(lines, order.own.parts)
        reserve(order.parts, parts, Part)
        reserve(order.pieces, parts + len(self.lowered.tier_names), Piece)

    def _make_room_for_uses(self, account: Account, order: Order, asked: Redeeming) -> None:
        """Room for the lots that a redemption may take: each gives at least one point."""
        lots = account.own.lots
        reserve(order.uses, order.own.uses + (lots if asked.points < 0 else min(lots, asked.points)), Use)

    def next_due(self, account: Account) -> int:
        """The next day whose start changes the account."""
        return posting.next_due(self.terms_of(account), account)

    def begin(self, account: Account, day: int) -> None:
        """A due day begins: a version of the program that takes effect on it is crossed into, before anything else."""
        terms = self.terms_of(account)
        if day > terms.until:
            self._make_room(account, self._scratch)
            cross(terms, self.lowered.versions[account.own.version + 1].terms, account, day)

    def advance(self, account: Account, day: int) -> None:
        """Open every due day up to and including ``day``."""
        while (due := self.next_due(account)) <= day:
            if due <= account.own.opened:
                raise AssertionError(f"day {due} is due again after {account.own.opened}")
            self.begin(account, due)
            self._make_room(account, self._scratch)
            posting.open_day(self.terms_of(account), account, self._scratch, due)
        account.own.opened = max(account.own.opened, day)

    def join(
        self, account: Account, day: int, business: int, birth_month: int = 0, birth_dom: int = 0, plan: str = ""
    ) -> None:
        """A member joins on a posting day (and business date), with the paid plan of that name where membership needs one."""
        account.own.version = self.version_on(day)
        self._make_room(account, self._scratch)
        code = max(self._plan(account, plan), -1)
        posting.join(self.terms_of(account), account, self._scratch, day, business, birth_month, birth_dom, code)

    def checkout(
        self,
        account: Account,
        order: Order,
        number: int,
        day: int,
        business: int,
        baskets: list[Basket],
        asked: Sequence[Redeeming | Paying | Using],
    ) -> list[str]:
        """A purchase with the coupons used, what is redeemed and what is paid with stored value at it; ``order`` is written. Returns why each
        of those is refused (empty: done)."""
        count = self.begin_checkout(account, order, number, day, business, baskets)
        refusals = [""] * len(asked)
        for place, each in enumerate(asked):
            if isinstance(each, Using):
                self._make_room(account, order, count)
                refusals[place] = REFUSALS[
                    use(self.terms_of(account), account, order, count, day, self._coupon(account, each.coupon))
                ]
        self.close_uses(account, order, count, day)
        for place in self._in_order(account, asked):
            refusals[place] = self.at_checkout(account, order, day, asked[place], count)
        self.end_checkout(account, order, count, day, business)
        return refusals

    def begin_checkout(
        self, account: Account, order: Order, number: int, day: int, business: int, baskets: list[Basket]
    ) -> int:
        """The first step of ``checkout``, for who decides between its steps; the others follow. Returns the number of lines."""
        posting.start_order(order, number, business, day, account.own.era)
        count = self._write_lines(account, order, baskets)
        self._make_room(account, order, count)
        posting.begin_checkout(self.terms_of(account), account, order, order.lines, count, day)
        reserve(order.coupons, USED_COUPONS, UsedCoupon)
        return count

    def close_uses(self, account: Account, order: Order, count: int, day: int) -> None:
        """After the coupons of a checkout."""
        self._make_room(account, order, count)
        posting.close_uses(self.terms_of(account), account, order, count, day)

    def end_checkout(self, account: Account, order: Order, count: int, day: int, business: int) -> None:
        """The purchase itself, after all that was asked for at it."""
        self._make_room(account, order, count)
        posting.checkout(self.terms_of(account), account, order, order.lines, count, day, business)

    def _in_order(self, account: Account, asked: Sequence[Redeeming | Paying | Using]) -> list[int]:
        """The places of the redemptions and payments of a checkout in the order in which they act, each kind as it was asked for."""
        value_first = self.version_of(account).program.checkout.pay_first == "stored_value"
        places = [place for place, each in enumerate(asked) if not isinstance(each, Using)]
        return sorted(places, key=lambda place: isinstance(asked[place], Paying) != value_first)

    def at_checkout(
        self, account: Account, order: Order, day: int, asked: Redeeming | Paying | Using, count: int
    ) -> str:
        """A redemption, or a payment with stored value, at a purchase of so many lines. Returns why it is refused (empty: done)."""
        assert not isinstance(asked, Using)
        self._make_room(account, order, count)
        if isinstance(asked, Paying):
            return VALUE_REFUSALS[pay(self.terms_of(account), account, order, day, asked.amount)]
        self._make_room_for_uses(account, order, asked)
        item = self._item(account, asked)
        return REFUSALS[redeem(self.terms_of(account), account, order, day, item, asked.points, order.own.amount)]

    def redeem(self, account: Account, order: Order, number: int, day: int, asked: Redeeming) -> str:
        """A redemption without a purchase. Returns why it is refused (empty: done)."""
        posting.start_order(order, number, day, day, account.own.era)
        self._make_room(account, order)
        self._make_room_for_uses(account, order, asked)
        return REFUSALS[
            posting.redeem_alone(self.terms_of(account), account, order, day, self._item(account, asked), asked.points)
        ]

    def scratch(self, account: Account) -> Order:
        """An order to work on in a rule that needs one, with room for what it may write."""
        self._make_room(account, self._scratch)
        return self._scratch

    def issue(self, account: Account, day: int, name: str) -> str:
        """A coupon is bought with points, or handed out. Returns why it is refused (empty: done)."""
        self._make_room(account, self._scratch)
        return REFUSALS[
            posting.issue_alone(self.terms_of(account), account, self._scratch, day, self._coupon(account, name))
        ]

    def claim(self, account: Account, day: int, name: str) -> str:
        """A coupon is claimed. Returns why it is refused (empty: done)."""
        self._make_room(account, self._scratch)
        return REFUSALS[
            posting.claim_alone(self.terms_of(account), account, self._scratch, day, self._coupon(account, name))
        ]

    def use_alone(self, account: Account, number: int, day: int, asked: Using) -> str:
        """A coupon is used without a purchase. Returns why it is refused (empty: done)."""
        posting.start_order(self._scratch, number, day, day, account.own.era)
        self._make_room(account, self._scratch)
        return REFUSALS[
            posting.use_alone(self.terms_of(account), account, self._scratch, day, self._coupon(account, asked.coupon))
        ]

    def act(self, account: Account, day: int, business: int, action: str, points: int = -1) -> None:
        """An action row."""
        self.act_code(account, day, self._codes(account).actions.get(action, -1), business, points)

    def act_code(self, account: Account, day: int, code: int, business: int | None = None, points: int = -1) -> None:
        """An action by its code, -1 for one that the program does not know."""
        self._make_room(account, self._scratch)
        posting.act(
            self.terms_of(account), account, self._scratch, day, day if business is None else business, code, points
        )

    def top_up(self, account: Account, day: int, business: int, amount: int) -> str:
        """A top-up of stored value. Returns why it is refused (empty: done)."""
        self._make_room(account, self._scratch)
        return VALUE_REFUSALS[posting.add_value(self.terms_of(account), account, self._scratch, day, business, amount)]

    def cash_out(self, account: Account, day: int, amount: int) -> str:
        """Principal is paid out (``ALL``: all of it). Returns why it is refused (empty: done)."""
        self._make_room(account, self._scratch)
        return VALUE_REFUSALS[posting.pay_out(self.terms_of(account), account, self._scratch, day, amount)]

    def take_fee(self, account: Account, day: int, plan: str, amount: int) -> str:
        """A paid plan's fee (``ALL``: what is due). Returns why it is refused (empty: done)."""
        self._make_room(account, self._scratch)
        return PLAN_REFUSALS[
            posting.take_fee(self.terms_of(account), account, self._scratch, day, self._plan(account, plan), amount)
        ]

    def cancel(self, account: Account, day: int, plan: str) -> str:
        """A paid plan is cancelled. Returns why it is refused (empty: done)."""
        self._make_room(account, self._scratch)
        return PLAN_REFUSALS[
            posting.cancel_plan(self.terms_of(account), account, self._scratch, day, self._plan(account, plan))
        ]

    def refer(self, account: Account, order: Order, day: int, business: int, referrer: int) -> str:
        """A referral row of a member, brought by the member of a number. Returns why it is refused (empty: done)."""
        refused = refusal(self.terms_of(account), account.own)
        if not refused:
            self._make_room(account, order)
            account.own.referrer = 1 + referrer
            posting.refer(self.terms_of(account), account, order, day, business)
        return REFUSALS[refused]

    def reward_referrer(self, account: Account, referee: Account, order: Order, day: int) -> None:
        """What an order (or a referral row) of a member brings the one who brought them."""
        self._make_room(account, self._scratch)
        posting.reward_referrer(self.terms_of(account), account, referee.own, order.own, self._scratch, day)

    def claw_back(self, account: Account, order: Order, day: int) -> None:
        """Points are taken back from who brought the buyer of a refunded order, at what they are worth by now."""
        self._make_room(account, self._scratch)
        terms = self.terms_of(account)
        posting.claw_back(terms, account, by_now(terms, order.own, order.own.referrer), day)

    def refund(self, account: Account, order: Order, day: int, amount: int, category: str = "") -> None:
        """A linked refund; the caller has checked that the order holds so much."""
        self._make_room(account, order)
        code = self._codes(account).category(category)
        refund_linked(
            self.terms_of(account),
            self.lowered.versions[order.own.version].terms,
            account,
            order,
            day,
            amount,
            code,
            bool(category),
        )
        self.shrink(order)

    def refund_unlinked(self, account: Account, number: int, day: int, basket: Basket) -> None:
        """A refund that names no order."""
        order = self._scratch
        posting.start_order(order, number, day, day, account.own.era)
        self._write_lines(account, order, [basket])
        self._make_room(account, order, 1)
        refund_unlinked(self.terms_of(account), account, order, order.lines, day)

    def _write_lines(self, account: Account, order: Order, baskets: list[Basket]) -> int:
        reserve(order.lines, len(baskets), Line)
        codes = self._codes(account)
        for line, basket in zip(order.lines, baskets, strict=False):
            line.amount = basket.amount
            line.discount = basket.discount
            line.tax = basket.tax
            line.delivery = basket.delivery
            line.category = codes.category(basket.category)
            line.channel = codes.channel(basket.channel)
        return len(baskets)

    def _plan(self, account: Account, name: str) -> int:
        return self._codes(account).plans.get(name, UNKNOWN_PLAN) if name else UNNAMED_PLAN

    def _coupon(self, account: Account, name: str) -> int:
        return self._codes(account).coupons.get(name, -1)

    def _item(self, account: Account, asked: Redeeming) -> int:
        return self._codes(account).items.get(asked.item, UNKNOWN_ITEM) if asked.item else UNNAMED

    def carry(self, own: Own) -> int | float:
        """The spend kept below a block, in major units (0 where the program keeps a fraction of a point, or nothing)."""
        version = self.lowered.versions[own.version]
        return kept_spend(version.program, version.terms.earn, own.carry)


def kept_spend(program: Program, earn: EarnTerms, carry: int) -> int | float:
    """The spend kept below a block, in major units, of a remainder as it is counted; 0 where the program keeps a fraction of a point, or
    nothing."""
    if program.earn.rounding.scope != "carry":
        return 0
    kept = carry / (CENTS * (1 if earn.after else earn.one))
    return int(kept) if kept == int(kept) else kept
