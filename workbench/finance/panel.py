"""A world as panels: every entry of every member is folded into tables of integers while it is hot, and then forgotten.

Any engine fills them, in plain Python or compiled. For each member it calls, in this order:

    begin_member
    note_joined     right after the rulebook's ``join``; the entries of the joining day follow
    note_entry      for every entry of the member's book, in order (outside the program too: purchases and refunds)
    note_review     after each start of a day on which the validity of a tier had ended
    note_lot        for every lot left at the end
    note_reply      for every message sent or held out, at the end
    end_member

Several members may be under way at once, each with a ``Story`` of their own. All tables are sums of integers, so that neither the
order of members nor the way they are split changes anything; ``merge_worlds`` adds.
"""

from workbench.finance.cells import Ints, add_product
from workbench.finance.world import (
    ACTIVE,
    ACTIVE_MEMBERS,
    CALENDAR,
    CENSORED,
    CONVERTED,
    CUSTOMERS,
    DOWN,
    DOWNGRADED,
    EACH_GIVEN,
    EACH_USED,
    EARNED,
    EXPIRED,
    GIVEN,
    JOINED,
    MEMBERS,
    MILLIONTHS,
    MONEY,
    NO_GROUP,
    NUMBER,
    PENDING,
    POINTS,
    REDEEMED,
    REPAID,
    REVERSED,
    RULE_MONEY,
    RULE_POINTS,
    STRAYS,
    UP,
    UPGRADED,
    USABLE,
    USED,
    Frame,
    WorldPanel,
    blank_world,
    merge_worlds,
    whole_months,
)
from workbench.ledger import (
    BONUS,
    BONUS_BACK,
    CONVERT,
    DECAY,
    DISCOUNT,
    EARN,
    EXPIRE,
    FEE_DUE,
    FEE_REFUND,
    ISSUE,
    MESSAGE,
    PAY_BONUS,
    PURCHASE,
    REBATE,
    REDEEM,
    REFERRAL,
    REPAY,
    RESTORE,
    RETURN,
    REVERSE,
    TIER,
    USE,
    VOUCHER,
    Entry,
    Record,
)
from workbench.units import NEVER, civil, rule

__all__ = [
    "Story", "WorldPanel", "begin_member", "blank_world", "end_member", "merge_worlds", "note_entry", "note_joined", "note_lot",
    "note_reply", "note_review",
]  # fmt: skip


class Story(Record):
    """What a world's panel has to remember of one member, between their entries."""

    __slots__ = (
        "joined",          # 1 once the member has joined
        "joined_on",       # day of joining
        "tier",            # tier held; -1 before joining, and where the program has none
        "since",           # day it was entered
        "highest",         # highest tier held so far; -1 where none was
        "rose", "fell",    # 1 if the member ever did
        "bought",          # 1 + the last month with a purchase, counted from the first
        "bought_as_member",
        "points",          # points held, net of debt
        "redeemed",        # points redeemed, net of points given back
        "vouchers",        # face value of the vouchers that points were converted into, minor units
        "offers",          # what prices, coupons, bonus value, rebates, messages and the like cost, minor units (each entry rounded down)
        "fees",            # fees due, less those paid back, minor units
        "changed",         # 1 once the day of the program's change was reached
        "then_points",     # points held when it began, net of debt
        "then_tier",       # tier held when it began; -1 for none
        "worth",           # what the member got: redemptions, vouchers, savings, rebates, less fees, minor units; at the end with the points held
    )  # fmt: skip


@rule
def begin_member(panel: WorldPanel, story: Story) -> None:
    """A customer's life in this world begins."""
    panel.cells[panel.frame.counts + CUSTOMERS] += 1
    story.joined = 0
    story.joined_on = 0
    story.tier = -1
    story.since = 0
    story.highest = -1
    story.rose = 0
    story.fell = 0
    story.bought = 0
    story.bought_as_member = 0
    story.points = 0
    story.redeemed = 0
    story.vouchers = 0
    story.offers = 0
    story.worth = 0
    story.fees = 0
    story.changed = 0
    story.then_points = 0
    story.then_tier = -1


@rule
def note_joined(panel: WorldPanel, story: Story, day: int, tier: int) -> None:
    """The customer joins the program. ``tier``: the lowest of the day, where every member begins (the entries that follow tell of higher
    ones); -1 where there is none. Who has none is counted with the lowest."""
    frame, cells = panel.frame, panel.cells
    month = int(cells[frame.month_of + day - frame.first_day])
    cells[frame.counts + MEMBERS] += 1
    cells[frame.people + 3 * month + JOINED] += 1
    cells[frame.tier_change + frame.tiers * month + max(tier, 0)] += 1
    story.joined = 1
    story.joined_on = day
    if tier >= 0:
        story.tier = tier
        story.since = day
        reach(frame, cells, story, tier, 0)


@rule
def note_entry(panel: WorldPanel, story: Story, entry: Entry) -> None:
    """One entry of the member's book."""
    frame, cells = panel.frame, panel.cells
    day = entry.day
    if day < frame.first_day or day > frame.last_day:
        cells[frame.counts + STRAYS] += 1
        return
    if day >= frame.change_day and not story.changed:
        note_change(frame, cells, story)
    month = int(cells[frame.month_of + day - frame.first_day])
    kind = entry.kind
    points = entry.points
    money = entry.money
    at = frame.by_month + (month * frame.kinds + kind) * 3
    cells[at + NUMBER] += 1
    cells[at + POINTS] += points
    cells[at + MONEY] += money
    why = entry.rule
    at = frame.by_rule + (why * frame.kinds + kind) * 3
    cells[at + NUMBER] += 1
    cells[at + POINTS] += points
    cells[at + MONEY] += money
    at = frame.by_month_rule + (month * frame.rules + why) * 4
    cells[at + RULE_POINTS] += points
    cells[at + RULE_MONEY] += money
    if kind >= DISCOUNT:
        note_offer(frame, cells, story, kind, money, why, at)
    elif kind == REDEEM or kind == VOUCHER:
        story.worth += money
    elif kind == RETURN:
        story.worth -= points * cells[frame.face] // 1_000_000
    story.points += points
    group = group_of(kind)
    if group != NO_GROUP:
        row = issue_row(frame, cells, entry.lot_earned_on)
        cells[frame.triangle + (row * frame.months + month) * 6 + group] += points if group == EARNED else -points
    if kind == PURCHASE:
        note_purchase(frame, cells, story, month)
    elif kind == TIER:
        note_move(frame, cells, story, day, month, int(cells[frame.tier_of + why]))
    elif kind == REDEEM or kind == RETURN:
        story.redeemed -= points
    elif kind == VOUCHER:
        story.vouchers += money


@rule
def note_change(frame: Frame, cells: Ints, story: Story) -> None:
    """The day of the program's change begins for the customer: how they stand before it."""
    story.changed = 1
    if story.joined and story.joined_on < frame.change_day:
        story.then_points = story.points
        story.then_tier = story.tier
        cells[frame.at_change] += 1
        cells[frame.at_change + 1] += story.points


@rule
def note_offer(frame: Frame, cells: Ints, story: Story, kind: int, money: int, why: int, at: int) -> None:
    """What an entry of the offers gives, uses and costs; ``at``: its rule's cells of the month."""
    given = 1 if kind == ISSUE or kind == FEE_DUE or kind == MESSAGE or kind == REFERRAL else 0
    used = 1 if kind == USE else -1 if kind == RESTORE else 0
    cells[at + GIVEN] += given
    cells[at + USED] += used
    cost = 0
    if kind == DISCOUNT or kind == USE or kind == RESTORE or kind == REBATE:
        cost = money
    elif kind == PAY_BONUS or kind == BONUS_BACK:
        cost = -money
    elif kind == FEE_DUE or kind == FEE_REFUND:
        story.fees += money
        story.worth -= money
    story.worth += cost
    at = frame.rates + 3 * why
    cost = cost * cells[at + MILLIONTHS] // 1_000_000
    story.offers += cost + given * cells[at + EACH_GIVEN] + used * cells[at + EACH_USED]


@rule
def group_of(kind: int) -> int:
    """Which of ``GROUPS`` a kind of entry belongs to."""
    if kind == EARN or kind == BONUS:
        return EARNED
    if kind == REDEEM or kind == RETURN:
        return REDEEMED
    if kind == EXPIRE or kind == DECAY:
        return EXPIRED
    if kind == REVERSE:
        return REVERSED
    if kind == CONVERT:
        return CONVERTED
    if kind == REPAY:
        return REPAID
    return NO_GROUP


@rule
def issue_row(frame: Frame, cells: Ints, earned_on: int) -> int:
    """Row of the triangle for a lot earned on a day; ``NEVER`` is no lot's."""
    if earned_on >= NEVER:
        return frame.months
    if earned_on < frame.first_day or earned_on > frame.last_day:
        return frame.months + 1
    return int(cells[frame.month_of + earned_on - frame.first_day])


@rule
def note_purchase(frame: Frame, cells: Ints, story: Story, month: int) -> None:
    """A purchase makes the customer active in its month."""
    if story.bought != month + 1:
        story.bought = month + 1
        cells[frame.people + 3 * month + ACTIVE] += 1
    if story.joined and story.bought_as_member != month + 1:
        story.bought_as_member = month + 1
        cells[frame.people + 3 * month + ACTIVE_MEMBERS] += 1


@rule
def note_move(frame: Frame, cells: Ints, story: Story, day: int, month: int, after: int) -> None:
    """The member changes to another tier."""
    before = story.tier
    if after == before:
        return
    cells[frame.tier_change + frame.tiers * month + max(before, 0)] -= 1
    cells[frame.tier_change + frame.tiers * month + after] += 1
    if before < 0:  # the program has tiers from this day on
        story.tier = after
        story.since = day
        reach(frame, cells, story, after, whole_months(day - story.joined_on))
        return
    rises = after > before
    cells[frame.moves + frame.tiers * before + after] += 1
    lasted = whole_months(day - story.since)
    cells[frame.spells + (frame.spans * before + lasted) * 3 + (UP if rises else DOWN)] += 1
    story.tier = after
    story.since = day
    if rises:
        cells[frame.counts + UPGRADED] += 1 - story.rose
        story.rose = 1
    else:
        cells[frame.counts + DOWNGRADED] += 1 - story.fell
        story.fell = 1
    reach(frame, cells, story, after, whole_months(day - story.joined_on))


@rule
def reach(frame: Frame, cells: Ints, story: Story, tier: int, months: int) -> None:
    """The member holds a tier, so many whole months after joining: it, and every lower one, is reached if it was not before."""
    while story.highest < tier:
        story.highest += 1
        cells[frame.waits + frame.spans * story.highest + months] += 1


@rule
def note_review(panel: WorldPanel, story: Story, day: int, before: int, after: int, grace: int) -> None:
    """The validity of tier ``before`` had ended; after the start of the day the member holds ``after``. ``grace``: 1 if grace was granted,
    so that the decision is put off."""
    frame = panel.frame
    at = frame.graces + before if grace else frame.reviews + frame.tiers * before + after
    panel.cells[at] += 1


@rule
def note_lot(panel: WorldPanel, story: Story, expires_on: int, points: int, pending: int) -> None:
    """A lot left at the end."""
    frame, cells = panel.frame, panel.cells
    cells[frame.left + (PENDING if pending else USABLE)] += points
    month = CALENDAR
    if expires_on < NEVER:
        year, month_of_year, _ = civil(expires_on)
        month = 12 * (year - 1) + month_of_year - 1
    cells[frame.schedule + month] += points


@rule
def note_reply(panel: WorldPanel, message: int, held_out: int, purchases: int, sales: int) -> None:
    """What a member bought in the days after the first time a message was sent to them, or they were held out of it (``held_out`` 1)."""
    frame, cells = panel.frame, panel.cells
    row = 2 * message + held_out
    at = frame.replies + 3 * row
    cells[at] += 1
    cells[at + 1] += purchases
    cells[at + 2] += purchases * purchases
    cells[frame.reply_sales + row] += sales
    add_product(cells, frame.reply_squares + 3 * row, sales, sales)


@rule
def end_member(panel: WorldPanel, story: Story, tier: int) -> None:
    """The run ends for the customer, who holds ``tier`` (-1: none)."""
    frame, cells = panel.frame, panel.cells
    if frame.change_day <= frame.last_day and not story.changed:
        note_change(frame, cells, story)
    add_product(cells, frame.held_squared, story.points, story.points)
    story.worth += story.points * cells[frame.face] // 1_000_000
    if story.joined and tier >= 0:
        cells[frame.at_end + tier] += 1
        lasted = whole_months(frame.last_day + 1 - story.since)
        cells[frame.spells + (frame.spans * tier + lasted) * 3 + CENSORED] += 1
