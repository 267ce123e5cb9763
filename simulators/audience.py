"""Messages in a simulation: whom channels reach, who is held out, what members do about what they are sent, and who bought after it.

Engines call ``draw_audience`` before a member joins, ``hear`` after everything that may have sent messages, and ``note_replies`` at the end of
a life. All draws are keyed by member and automation (or channel), so that they are the same in every world that has them.
"""

from workbench.finance.panel import note_reply
from workbench.ledger import MESSAGE
from workbench.population.past import note_message
from workbench.population.strips import AUDIENCE, HOLD_OUT, OPT_OUT, REACH, candidate_key, mark, strip_key
from workbench.units import rule

__all__ = ["draw_audience", "hear", "note_replies"]


@rule
def draw_audience(behaviour, terms, own, key):
    """Which messages a member is held out of, and which channels do not reach them. ``key``: the member's."""
    messages = terms.messages
    root = strip_key(key, AUDIENCE)
    for k in range(messages.count):
        rank = messages.rank[k]
        if mark(candidate_key(root, rank), HOLD_OUT) * 1000.0 < messages.hold_out[k]:
            own.held_out |= 1 << rank
    for k in range(messages.channels):
        if mark(candidate_key(root, k), REACH) >= behaviour.message_reach:
            own.unreachable |= 1 << k


@rule
def hear(behaviour, terms, account, past, key, first):
    """The member gets the messages among the book's entries from ``first`` on: they remember them, and some want no more of the channel."""
    messages = terms.messages
    root = strip_key(key, AUDIENCE)
    for place in range(first, account.book.cursor.entries):
        entry = account.book.rows[place]
        if entry.kind != MESSAGE:
            continue
        message = 0
        while terms.why_message[message] != entry.rule:
            message += 1
        note_message(past, entry.day)
        if messages.warns[message]:
            past.warned = 1
        if mark(candidate_key(root, past.messages), OPT_OUT) < behaviour.message_opt_out:
            account.own.unreachable |= 1 << messages.channel[message]


@rule
def note_replies(panel, terms, account, last_day, count, day, bought):
    """At the end of a life: what a member bought after the first time each message was sent to them, or they were held out of it. ``day``, ``bought``:
    of each of ``count`` candidates. Left out where the run ends before the days of response do."""
    messages = terms.messages
    for k in range(messages.count):
        rank = messages.rank[k]
        watch = account.watches[messages.first_watch + rank]
        last = watch.first + messages.response_days[k]
        if watch.count == 0 or last > last_day:
            continue
        purchases, sales = 0, 0
        for i in range(count):
            if bought[i] >= 0 and watch.first + messages.from_day[k] <= day[i] <= last:
                purchases += 1
                sales += bought[i]
        note_reply(panel, rank, 1 if account.own.held_out & (1 << rank) else 0, purchases, sales)
