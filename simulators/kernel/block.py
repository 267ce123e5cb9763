"""A block of members in compiled code: each lived in a world, their entries folded into its panels and hashed while they are hot."""

from typing import Any, NamedTuple

import numpy as np

from simulators.audience import note_replies
from simulators.kernel.cache import compiled
from simulators.kernel.life import Space, in_force, live
from simulators.layout import ENTRIES, LOTS
from workbench.digest import COLUMNS, LANES, MIX_1, MIX_2, SHIFTS
from workbench.finance.pairs import fold_pair, segment_of
from workbench.finance.panel import begin_member, end_member, note_entry, note_joined, note_lot
from workbench.population.responses import add_past
from workbench.rules.versions import lowest_tier, rank_of
from workbench.units import NEVER, rule

__all__ = ["Kept", "Lived", "Space", "fold_pairs", "live_world"]


class Lived(NamedTuple):
    """What a block's members leave behind in one world."""

    bought: Any
    """int64[candidates]: minor units bought at each; -1: nothing."""
    stories: Any
    """record[members]"""
    joined: Any
    """int64[members]: day of joining; NEVER for those who did not."""
    responses: Any
    """int64[...]: sums of the members' responses."""
    digest: Any
    """uint64[3]: the two lanes of the ledger's digest, and the number of entries."""


class Kept(NamedTuple):
    """Ledger rows, where they are asked for."""

    wanted: int
    rows: Any
    """int64[room, 10]"""
    lots: Any
    """int64[room, 5]"""
    tier: Any
    """int64[members]: tier at the end."""
    count: Any
    """int64[2]: rows and lots written."""


@compiled
def live_world(versions, behaviours, population, members, first, drawn, panel, lived, kept, space):
    """Live a block's members from ``first`` on in one world. Returns the number of members done; fewer than all where the rows kept
    have to be taken away first; -1 where a member outgrew the room there is."""
    for place in range(drawn.start[len(members.key)] if first == 0 else 0):
        lived.bought[place] = -1
    for i in range(first, len(members.key)):
        if kept.wanted and (kept.count[0] + ENTRIES > len(kept.rows) or kept.count[1] + LOTS > len(kept.lots)):
            return i
        story = lived.stories[i]
        begin_member(panel, story)
        joined, before = live(versions, behaviours, population, members, i, drawn, lived.bought, space, panel, story)
        if joined < 0:
            return -1
        account = space.account[0]
        lived.joined[i] = joined
        count = account.book.cursor.entries
        for k in range(count):
            if k == before and joined < NEVER:
                note_joined(panel, story, joined, lowest_tier(versions[in_force(versions, joined)].terms))
            note_entry(panel, story, account.book.rows[k])
        if before == count and joined < NEVER:
            note_joined(panel, story, joined, lowest_tier(versions[in_force(versions, joined)].terms))
        hash_entries(account.book, members.number[i], lived.digest)
        tier = rank_of(versions[account.own.version].terms, account.own.tier) if joined < NEVER else -1
        for k in range(account.own.lots):
            lot = account.lots[k]
            note_lot(panel, story, lot.expires_on, lot.points, lot.pending)
        start, stop = drawn.start[i], drawn.start[i + 1]
        world = versions[account.own.version]
        if joined < NEVER and world.terms.messages.count > 0:
            day, bought = drawn.day[start:stop], lived.bought[start:stop]
            note_replies(panel, world.terms, account, world.last_day, stop - start, day, bought)
        end_member(panel, story, tier)
        add_past(lived.responses, space.past[0])
        if kept.wanted:
            keep(kept, account, members.number[i], i, tier)
    return len(members.key)


@compiled
def fold_pairs(members, drawn, baseline, program, pair):
    """Fold a block's customers, lived in both worlds, into a pair's panel."""
    for i in range(len(members.key)):
        first, last = drawn.start[i], drawn.start[i + 1]
        story = program.stories[i]
        fold_pair(
            pair, last - first, drawn.day[first:last], baseline.bought[first:last], program.bought[first:last],
            program.joined[i], story.highest, segment_of(members.u_rate[i]), baseline.stories[i], story,
        )  # fmt: skip


@rule
def hash_entries(book, member, digest):
    """Add a member's entries to the digest: ``workbench.digest.ledger_sum`` of one row after the other."""
    for k in range(book.cursor.entries):
        entry = book.rows[k]
        for lane in range(2):
            digest[lane] += mixed(
                LANES[lane]
                + np.uint64(member) * COLUMNS[lane, 0]
                + np.uint64(k) * COLUMNS[lane, 1]
                + np.uint64(entry.day) * COLUMNS[lane, 2]
                + np.uint64(entry.kind) * COLUMNS[lane, 3]
                + np.uint64(entry.points) * COLUMNS[lane, 4]
                + np.uint64(entry.money) * COLUMNS[lane, 5]
                + np.uint64(entry.lot_earned_on) * COLUMNS[lane, 6]
                + np.uint64(entry.expires_on) * COLUMNS[lane, 7]
                + np.uint64(entry.order) * COLUMNS[lane, 8]
                + np.uint64(entry.rule) * COLUMNS[lane, 9]
            )
    digest[2] += np.uint64(book.cursor.entries)


@rule
def mixed(z):
    """SplitMix64's finaliser."""
    z = (z ^ (z >> SHIFTS[0])) * MIX_1
    z = (z ^ (z >> SHIFTS[1])) * MIX_2
    return z ^ (z >> SHIFTS[2])


@rule
def keep(kept, account, member, i, tier):
    """Copy a member's entries and the lots left to them."""
    row = kept.count[0]
    for k in range(account.book.cursor.entries):
        entry = account.book.rows[k]
        into = kept.rows[row + k]
        into[0] = member
        into[1] = k
        into[2] = entry.day
        into[3] = entry.kind
        into[4] = entry.points
        into[5] = entry.money
        into[6] = entry.lot_earned_on
        into[7] = entry.expires_on
        into[8] = entry.order
        into[9] = entry.rule
    kept.count[0] += account.book.cursor.entries
    row = kept.count[1]
    for k in range(account.own.lots):
        lot = account.lots[k]
        into = kept.lots[row + k]
        into[0] = member
        into[1] = lot.earned_on
        into[2] = lot.expires_on
        into[3] = lot.points
        into[4] = lot.pending
    kept.count[1] += account.own.lots
    kept.tier[i] = tier
