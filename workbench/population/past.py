"""What a member remembers in one world beyond their account, and what is counted of their responses.

Engines call the ``note_...`` rules at events; ``factor_at`` of ``simulators.choices`` reads the record at every candidate. Nothing
here looks ahead: the factor on a member's rate follows from the world's past only.
"""

from workbench.ledger import Record
from workbench.units import rule

__all__ = [
    "EFFECTS",
    "Past",
    "messages_before",
    "note_joined",
    "note_message",
    "note_redemption",
    "note_tier",
]

EFFECTS = (
    "reward_pressure", "tier_pressure", "expiry", "rewarded", "status", "demotion", "coupon", "message", "novelty", "plan",
)  # fmt: skip
"""The effects on the purchase rate, in the order in which they are multiplied."""


class Past(Record):
    """One member in one world; all zero before they join. Days count from 1970, as everywhere."""

    __slots__ = (
        "joined",                         # day of joining
        "redemptions", "redeemed_on",     # redemptions the member asked for, and the day of the last
        "falls", "fell_on", "fell_before_on",  # falls to a lower tier, the day of the last and of the one before it
        "messages", "messaged_on",        # messages received, and the day of the last
        "crowd",                          # messages of the seven days up to the last one, that one not counted
        "week",                           # messages of the last's day and the six before it, eight bits a day
        "warned",                         # 1 once a message has said that points will lapse
        "displaced",                      # purchases that extra ones have taken the place of, not yet removed
        "removed",                        # purchases removed
        "topped_up",                      # baskets topped up
        "looks",                          # candidates looked at as a member
        "clip_low", "clip_high",          # of these: the product of the effects was below or above its bounds
        *EFFECTS,                         # sum over these of (factor - 1), in millionths
    )  # fmt: skip


DAY_BITS, A_DAY, A_WEEK = 8, 2**8 - 1, 2**56 - 1


@rule
def note_joined(past: Past, day: int) -> None:
    """The member joins."""
    past.joined = day


@rule
def note_redemption(past: Past, day: int) -> None:
    """A redemption that the member asked for was made."""
    past.redemptions += 1
    past.redeemed_on = day


@rule
def note_tier(past: Past, before: int, after: int, day: int) -> bool:
    """After anything that may change the tier, with the tier held before it and after. Whether the member has fallen: then their
    death is due anew (``death_after_fall``)."""
    if after >= before:
        return False
    past.falls += 1
    past.fell_before_on = past.fell_on
    past.fell_on = day
    return True


@rule
def note_message(past: Past, day: int) -> None:
    """A message is received; messages are noted in the order of their days."""
    past.crowd = messages_before(past, day)
    gone = day - past.messaged_on
    if past.messages == 0 or gone >= 7:
        past.week = 0
    elif gone > 0:
        past.week = (past.week << (DAY_BITS * gone)) & A_WEEK
    if (past.week & A_DAY) < A_DAY:
        past.week += 1
    past.messages += 1
    past.messaged_on = day


@rule
def messages_before(past: Past, day: int) -> int:
    """Messages already received on a day and the six before it (at most 255 of a day are told apart)."""
    gone = day - past.messaged_on
    if past.messages == 0 or gone >= 7:
        return 0
    week = (past.week << (DAY_BITS * gone)) & A_WEEK
    found = 0
    while week > 0:
        found += week & A_DAY
        week >>= DAY_BITS
    return found
