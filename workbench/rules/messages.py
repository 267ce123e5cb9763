"""Messages: to whom they are sent, how often, and who is held out. What a file may say stands in ``message_spec.py``, what sets a message
off in ``triggers.py``.

Who is held out and whom a channel reaches is drawn, and so stands with the member (``own.held_out``, ``own.unreachable``): the rules only
read it. How many messages that count were sent on a day stands in the account's last watches, one for each day that the frequency cap
looks back on.
"""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from workbench.ledger import HELD_OUT, MESSAGE, post
from workbench.rules.bounds import CAP_DAYS, MESSAGES
from workbench.rules.message_spec import Messages
from workbench.units import NEVER, rule

__all__ = ["MessageTerms", "PerMessage", "cap_days", "lower_messages", "send"]

PerMessage = Annotated[list[int], MESSAGES]


# --- lowering ------------------------------------------------------------------------------------------------------
class MessageTerms(NamedTuple):
    """Messages lowered to integers, each list with an entry for each of the automations."""

    count: int  # type: ignore[assignment]  # tuples have a method of this name, which nothing here calls
    """Number of automations."""
    channels: int
    """Number of channels of all versions."""
    first_watch: int
    """The first message's watch."""
    cap: int
    """Messages in ``cap_days`` days; 0: no limit."""
    cap_days: int
    cap_watch: int
    """The first of the watches that count a day's messages."""
    rank: PerMessage
    """Place among the automations of all versions."""
    channel: PerMessage
    """Place among the channels of all versions."""
    capped: PerMessage
    """1 where the limit binds and counts it."""
    hold_out: PerMessage
    """Thousandths of the members."""
    response_days: PerMessage
    from_day: PerMessage
    """Days after it on which a response may first come: 0 where the start of a day sends it, 1 where a transaction does."""
    warns: PerMessage
    """1 where it tells that points will lapse."""


def lower_messages(
    messages: Messages | None, first_watch: int, ranks: Mapping[str, int], channels: Mapping[str, int]
) -> MessageTerms:
    """Terms of messages, whose watches begin at ``first_watch``; automations and channels are numbered over all versions."""
    automations = () if messages is None else messages.automations
    cap = None if messages is None else messages.frequency_cap
    return MessageTerms(
        count=len(automations),
        channels=len(channels),
        first_watch=first_watch,
        cap=0 if cap is None else cap.messages,
        cap_days=cap_days(messages),
        cap_watch=first_watch + len(ranks),
        rank=[ranks[each.name] for each in automations],
        channel=[channels[each.channel] for each in automations],
        capped=[int(each.counts_towards_cap) for each in automations],
        hold_out=[int(each.hold_out * 1000) for each in automations],
        response_days=[each.response_days for each in automations],
        from_day=[int(each.trigger.on not in BY_DAY) for each in automations],
        warns=[int(each.trigger.on == "expiry") for each in automations],
    )


BY_DAY = ("birthday", "dates", "silence", "segment", "expiry", "tier_end", "coupon_expiry", "plan_end")
"""Triggers that only the start of a day meets."""


def cap_days(messages: Messages | None) -> int:
    """Days that the frequency cap looks back on, today included; 0 without one."""
    return 0 if messages is None or messages.frequency_cap is None else messages.frequency_cap.days


# --- rules ---------------------------------------------------------------------------------------------------------
@rule
def send(terms, account, day, message):
    """A message's trigger is met: it is sent, or its member held out (both are entries; returns whether), unless the channel does not reach
    them or the frequency cap is full."""
    messages = terms.messages
    own = account.own
    if own.unreachable & (1 << messages.channel[message]):
        return False
    if messages.capped[message] and not room_today(messages, account, day):
        return False
    held_out = own.held_out & (1 << messages.rank[message])
    watch = account.watches[messages.first_watch + messages.rank[message]]
    if watch.count == 0:
        watch.first = day
    watch.count += 1
    if held_out:
        post(account, day, HELD_OUT, 0, 0, NEVER, NEVER, 0, terms.why_message[message])
        return True
    if messages.capped[message] and messages.cap > 0:
        count_today(messages, account, day)
    post(account, day, MESSAGE, 0, 0, NEVER, NEVER, 0, terms.why_message[message])
    return True


@rule
def room_today(messages, account, day):
    """Whether the frequency cap allows one more message today."""
    if messages.cap == 0:
        return True
    sent = 0
    for k in range(messages.cap_days):
        watch = account.watches[messages.cap_watch + (day - k) % CAP_DAYS]
        if watch.period == day - k:
            sent += watch.count
    return sent < messages.cap


@rule
def count_today(messages, account, day):
    """One more of today's messages."""
    watch = account.watches[messages.cap_watch + day % CAP_DAYS]
    if watch.period != day:
        watch.period = day
        watch.count = 0
    watch.count += 1
