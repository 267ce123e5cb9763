"""Recorded transactions lived through a program's rules: the clock of a replay.

Members are kept in the order they were first seen. A heap holds each member's next due day, so that the start of every day is
opened for all members before the day's first transaction, in that order: the ledger comes out by date.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from simulators.desk import Basket, Desk, Paying, Redeeming, Using
from simulators.transactions import Fault
from workbench.errors import nearest
from workbench.ledger import Account, Entry, Order
from workbench.program.spec import Program
from workbench.program.versions import longest_pending
from workbench.rules.posting import learn_birthday
from workbench.rules.redemption import REFUSALS, SELF_REFERRED, UNKNOWN_REFERRER
from workbench.rules.stored_value import NO_PURCHASE, VALUE_REFUSALS
from workbench.units import CENTS, NEVER

__all__ = [
    "EARLIER", "MOST_REFUSALS", "BadRow", "EntryRow", "Member", "Recorded", "Refusal", "Row", "forgotten_order", "strict_faults",
]  # fmt: skip


MOST_REFUSALS = 1_000
"""Refusals kept; all are counted."""
CHECKOUT = ("purchase", "redeem", "pay", "use")
"""The events whose rows make a checkout together, where they name the same order."""
EARLIER = -1
"""The row of a transaction that stands in an earlier file: held open by the saved state."""


class BadRow(ValueError):
    """A row that is well formed but cannot be lived through; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(slots=True)
class Row:
    """One transaction: days as day numbers, money in minor units, -1 where a number is not given, "" where a name is not."""

    row: int
    member_id: str
    date: int
    posted: int
    event: str
    amount: int = -1
    points: int = -1
    order_id: str = ""
    refund_of: str = ""
    category: str = ""
    channel: str = ""
    action: str = ""
    birth_month: int = 0
    birth_dom: int = 0
    discount: int = 0
    tax: int = 0
    delivery: int = 0
    referrer: str = ""


@dataclass(slots=True)
class Refusal:
    """A transaction the rules do not allow: reported and counted, nothing posted."""

    row: int
    member_id: str
    reason: str


@dataclass(slots=True)
class Member:
    """A member of the replay."""

    index: int
    member_id: str
    account: Account
    orders: dict[str, Order] = field(default_factory=dict)
    due: int = NEVER
    """The next day whose start changes the account."""
    held: list[int] = field(default_factory=list)
    """The days the heap holds for this member, each earlier than the one before; the last is not after ``due``."""


EntryRow = tuple[str, int, int, int, int, int, int, str, int]
"""member_id, day, kind, points, money, lot_earned_on, expires_on, order_id, rule."""


class Recorded:
    """The state of a replay between two rows."""

    def __init__(self, program: Program, first_day: int, last_day: int, desk: type[Desk] = Desk) -> None:
        self._reach = longest_pending(program)
        self.desk = desk(program, first_day, last_day + self._reach)
        self.members: dict[str, Member] = {}
        self.by_index: list[Member] = []
        self.heap: list[tuple[int, int]] = []
        self.today = first_day
        self.orders_made = 0
        self.entries: list[EntryRow] = []
        self.refused = 0
        """Refusals of the whole log."""
        self.refusals: list[Refusal] = []
        """The first of those since this replay began, or went on from a saved state."""
        self.open_rows: list[Row] = []
        self.refundable: deque[tuple[int, int, str, int]] = deque()
        """Orders that age out, oldest first: (business day, member index, order id, number)."""

    # --- the clock ---
    def advance(self, day: int) -> None:
        """Open every due day of every member up to and including ``day``."""
        heap = self.heap
        while heap and heap[0][0] <= day:
            due, index = heappop(heap)
            member = self.by_index[index]
            member.held.pop()
            if member.due == due:
                self.desk.advance(member.account, due)
                self._collect(member, "")
                self._schedule(member)
            else:  # it was put off
                self._hold(member)
        self.today = max(self.today, day)
        self._forget_old_orders(day)

    @property
    def reached(self) -> int:
        """The posting day of the last row taken: the clock's day, or that of the checkout whose rows are held."""
        return max(self.today, self.open_rows[-1].posted) if self.open_rows else self.today

    def _schedule(self, member: Member) -> None:
        member.due = self.desk.next_due(member.account)
        self._hold(member)

    def _hold(self, member: Member) -> None:
        """See to it that the heap wakes the member when due, or earlier: a day that is put off is looked at again when it comes."""
        if member.due < (member.held[-1] if member.held else NEVER):
            member.held.append(member.due)
            heappush(self.heap, (member.due, member.index))

    def _collect(self, member: Member, order_id: str) -> None:
        for entry in self.desk.drain():
            self.entries.append(_entry_row(entry, member.member_id, order_id))

    def _forget_old_orders(self, day: int) -> None:
        within = self._longest_within(day)
        if within < 0:
            return
        while self.refundable and self.refundable[0][0] + within < day:
            _, index, order_id, number = self.refundable.popleft()
            orders = self.by_index[index].orders
            if order_id in orders and orders[order_id].own.number == number:
                del orders[order_id]

    def _longest_within(self, day: int) -> int:
        """Days for which an order can still be refunded under the rules of a day or later ones; -1 without end."""
        versions = self.desk.lowered.versions[self.desk.version_on(day) :]
        days = [each.terms.refunds.within_days for each in versions]
        return -1 if min(days) < 0 else max(days)

    # --- rows ---
    def post(self, row: Row) -> None:
        """Take one row; the rows of one checkout are held until it is complete."""
        if self.open_rows and not self._continues(row):
            self.close_checkout()
        if row.event in CHECKOUT:
            if row.event == "purchase":
                self._check_new_order(row)
            self.open_rows.append(row)
            if not row.order_id:
                self.close_checkout()
            return
        member = self._arrive(row)
        if row.event == "action":
            self.desk.act(member.account, row.posted, row.date, row.action, row.points)
            self._done(member, "")
        elif row.event == "refund":
            self._refund(member, row)
        elif row.event in ("topup", "cash_out", "fee", "cancel", "issue", "claim"):
            self._note(row, self._settle(member, row))
            self._done(member, "")
        elif row.event == "referral" and self.desk.terms_on(row.posted).referral.on:
            self._refer(member, row)
        elif row.event != "join":
            raise BadRow(Fault(row.row, "event", "the program has nothing that this event could belong to", row.event))

    def _settle(self, member: Member, row: Row) -> str:
        """A row of coupons, stored value or a paid plan. Returns why it is refused (empty: done)."""
        if row.event in ("issue", "claim"):
            take = self.desk.issue if row.event == "issue" else self.desk.claim
            return take(member.account, row.posted, row.action)
        if row.event == "topup":
            return self.desk.top_up(member.account, row.posted, row.date, row.amount)
        if row.event == "cash_out":
            return self.desk.cash_out(member.account, row.posted, row.amount)
        if row.event == "fee":
            return self.desk.take_fee(member.account, row.posted, row.action, row.amount)
        return self.desk.cancel(member.account, row.posted, row.action)

    def _check_new_order(self, row: Row) -> None:
        """Raise BadRow where a purchase names an order of the member that is complete and can still be refunded."""
        member = self.members.get(row.member_id)
        if member is not None and self._known(member, row.order_id, row.posted) is not None:
            message = "expected a new order: the lines of one order stand next to each other"
            raise BadRow(Fault(row.row, "order_id", message, row.order_id))

    def _known(self, member: Member, order_id: str, day: int) -> Order | None:
        """A member's order, unless it is too old for a refund on a day."""
        order = member.orders.get(order_id)
        within = self.desk.terms_on(day).refunds.within_days
        return None if order is None or 0 <= within < day - order.own.day else order

    def _continues(self, row: Row) -> bool:
        """Whether a row belongs to the checkout that is open."""
        first = self.open_rows[0]
        held = (first.member_id, first.order_id, first.date, first.posted)
        return row.event in CHECKOUT and (row.member_id, row.order_id, row.date, row.posted) == held

    def close_checkout(self) -> None:
        """Post the checkout whose rows are held."""
        rows, self.open_rows = self.open_rows, []
        if not rows:
            return
        member = self._arrive(rows[0])
        lines = [row for row in rows if row.event == "purchase"]
        others = [row for row in rows if row.event != "purchase"]
        first = rows[0]
        self.orders_made += 1
        number = self.orders_made if first.order_id else 0
        if not lines:
            for row in others:
                self._note(row, self._alone(member, row, number))
            self._done(member, first.order_id)
            return
        order = self.desk.new_order()
        baskets = [_basket(row) for row in lines]
        asked = [_asked(row) for row in others]
        refusals = self.desk.checkout(member.account, order, number, first.posted, first.date, baskets, asked)
        for row, refusal in zip(others, refusals, strict=True):
            self._note(row, refusal)
        if first.order_id:
            self._remember(member, first.order_id, order)
        self._done(member, first.order_id)
        self._reward_referrer(member, order, first.posted)

    def _alone(self, member: Member, row: Row, number: int) -> str:
        """A redemption, or a coupon used, without a purchase. Returns why it is refused (empty: done)."""
        asked = _asked(row)
        if isinstance(asked, Using):
            return self.desk.use_alone(member.account, number, row.posted, asked)
        if isinstance(asked, Paying):
            return VALUE_REFUSALS[NO_PURCHASE]
        return self.desk.redeem(member.account, self.desk.new_order(), number, row.posted, asked)

    def _remember(self, member: Member, order_id: str, order: Order) -> None:
        self.desk.shrink(order)
        member.orders[order_id] = order
        if self._longest_within(order.own.posted) >= 0:
            self.refundable.append((order.own.day, member.index, order_id, order.own.number))

    def _refund(self, member: Member, row: Row) -> None:
        if not row.refund_of:
            self.orders_made += 1
            number = self.orders_made if row.order_id else 0
            self.desk.refund_unlinked(member.account, number, row.posted, _basket(row))
            self._done(member, row.order_id)
            return
        order = self._known(member, row.refund_of, row.posted)
        within = self.desk.terms_on(row.posted).refunds.within_days
        if order is None and within < 0:
            message = f"expected an order of member {member.member_id} that stands earlier in the file"
            raise BadRow(Fault(row.row, "refund_of", message, row.refund_of, nearest(row.refund_of, member.orders)))
        if order is None:
            self._refuse(row, forgotten_order(within))
            return
        left = order.own.amount - order.own.refunded
        if row.amount > left:
            message = f"expected at most what order {row.refund_of} has left, {left / CENTS:.2f}"
            raise BadRow(Fault(row.row, "amount", message, f"{row.amount / CENTS:.2f}"))
        self.desk.refund(member.account, order, row.posted, row.amount, row.category)
        self._done(member, row.refund_of)
        whole = row.amount > 0 and order.own.refunded == order.own.amount
        if whole and order.own.referrer > 0 and self.desk.terms_of(member.account).referral.clawback:
            referrer = self._referrer(member, row.posted)
            self.desk.claw_back(referrer.account, order, row.posted)
            order.own.referrer = 0
            self._done(referrer, "")

    def _refer(self, member: Member, row: Row) -> None:
        """A referral row: the member who brought this one has an earlier row of their own."""
        referrer = self.members.get(row.referrer)
        if referrer is None or referrer is member:
            self._note(row, REFUSALS[UNKNOWN_REFERRER if referrer is None else SELF_REFERRED])
            return
        order = self.desk.new_order()
        self._note(row, self.desk.refer(member.account, order, row.posted, row.date, referrer.index))
        self._done(member, "")
        self._reward_referrer(member, order, row.posted)

    def _reward_referrer(self, member: Member, order: Order, day: int) -> None:
        """What an order, or a referral row, brings the one who brought its member, if anybody did."""
        if order.own.qualifies or order.own.referrer > 0:
            referrer = self._referrer(member, day)
            self.desk.reward_referrer(referrer.account, member.account, order, day)
            self._done(referrer, "")

    def _referrer(self, member: Member, day: int) -> Member:
        """The member who brought this one; the clock has opened every day due up to today."""
        referrer = self.by_index[member.account.own.referrer - 1]
        referrer.account.own.opened = max(referrer.account.own.opened, day)
        return referrer

    def _arrive(self, row: Row) -> Member:
        """The member of a row, joined if not seen before; the clock is brought to the row's posting day."""
        self.desk.widen(row.date, row.posted + self._reach)
        self.advance(row.posted)
        member = self.members.get(row.member_id)
        if member is None:
            member = Member(len(self.by_index), row.member_id, self.desk.open_account())
            self.members[row.member_id] = member
            self.by_index.append(member)
            business = row.date if row.event in ("join", "referral") else row.posted
            plan = row.action if row.event == "fee" else ""
            self.desk.join(member.account, row.posted, business, row.birth_month, row.birth_dom, plan)
            self._done(member, "")
        elif row.birth_month:
            learn_birthday(
                self.desk.terms_of(member.account), member.account.own, row.posted, row.birth_month, row.birth_dom
            )
            self._schedule(member)
        member.account.own.opened = max(member.account.own.opened, row.posted)
        return member

    def _done(self, member: Member, order_id: str) -> None:
        self._collect(member, order_id)
        self._schedule(member)

    def _note(self, row: Row, refusal: str) -> None:
        if refusal:
            self._refuse(row, refusal)

    def _refuse(self, row: Row, reason: str) -> None:
        self.refused += 1
        if len(self.refusals) < MOST_REFUSALS:
            self.refusals.append(Refusal(row.row, row.member_id, reason))

    def adopt(self, member: Member) -> None:
        """Take over a member from a saved state."""
        self.members[member.member_id] = member
        self.by_index.append(member)
        self._schedule(member)

    def finish(self, as_of: int) -> None:
        """Complete the last checkout and bring every member to the end of a day."""
        self.close_checkout()
        self.advance(as_of)

    def take_entries(self) -> list[EntryRow]:
        """The entries written since the last call, in ledger order."""
        taken, self.entries = self.entries, []
        return taken

    def accounts(self) -> Iterator[tuple[str, Account]]:
        """Every member's id and account, in the order first seen."""
        return ((member.member_id, member.account) for member in self.by_index)


def forgotten_order(within: int) -> str:
    """Why a refund is refused whose order is not known any more."""
    return f"the order is unknown, or older than {within} days"


def strict_faults(refusals: Iterable[Refusal]) -> list[Fault]:
    """Refusals as bad input."""
    return [Fault(each.row, "event", f"refused: {each.reason}") for each in refusals]


def _entry_row(entry: Entry, member_id: str, order_id: str) -> EntryRow:
    return (
        member_id, entry.day, entry.kind, entry.points, entry.money, entry.lot_earned_on, entry.expires_on,
        order_id if entry.order else "", entry.rule,
    )  # fmt: skip


def _basket(row: Row) -> Basket:
    return Basket(row.amount, row.discount, row.tax, row.delivery, row.category, row.channel)


def _asked(row: Row) -> Redeeming | Paying | Using:
    if row.event == "use":
        return Using(row.action)
    return Paying(row.amount) if row.event == "pay" else Redeeming(row.points, row.action)
