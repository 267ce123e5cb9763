"""Rows sorted by member, and members' entries put back into the order of the ledger: in time proportional to their number."""

from simulators.kernel.cache import compiled

__all__ = ["by_member", "count", "place", "write_down"]


@compiled
def by_member(codes, start, places):
    """Sort rows by member, keeping the file's order: a counting sort. ``start`` is zeros."""
    for r in range(len(codes)):
        start[codes[r] + 1] += 1
    for i in range(1, len(start)):
        start[i] += start[i - 1]
    for r in range(len(codes)):
        i = codes[r]
        places[start[i]] = r
        start[i] += 1
    for i in range(len(start) - 1, 0, -1):
        start[i] = start[i - 1]
    start[0] = 0


@compiled
def count(groups, first_day, starts, units):
    """Add the numbers of entries in groups to ``starts`` (of a day's start, by day) and ``units`` (by row)."""
    for g in range(len(groups)):
        group = groups[g]
        if group.key < 0:
            starts[group.day - first_day] += group.count
        else:
            units[group.key] = group.count


@compiled
def place(first_day, starts, units, posted):
    """Turn numbers of entries into places in the ledger: by day, first the starts of the day by member, then the rows in the order of the
    file. Leaves in ``starts`` where the first start of each day belongs, in ``units`` where the entries of each row do. Returns their number."""
    total = 0
    row = 0
    for d in range(len(starts)):
        entries = starts[d]
        starts[d] = total
        total += entries
        while row < len(units) and posted[row] - first_day == d:
            entries = units[row]
            units[row] = total
            total += entries
            row += 1
    return total


@compiled
def write_down(groups, entries, first_day, starts, units, members, ledger):
    """Write groups of entries, in the order in which they were counted, where they belong in the ledger; ``members`` by row."""
    k = 0
    for g in range(len(groups)):
        group = groups[g]
        if group.key < 0:
            at = starts[group.day - first_day]
            starts[group.day - first_day] += group.count
            member = -1 - group.key
        else:
            at = units[group.key]
            member = members[group.key]
        for _ in range(group.count):
            entry = entries[k]
            ledger.member[at] = member
            ledger.day[at] = entry.day
            ledger.kind[at] = entry.kind
            ledger.points[at] = entry.points
            ledger.money[at] = entry.money
            ledger.earned_on[at] = entry.earned_on
            ledger.expires_on[at] = entry.expires_on
            ledger.order[at] = entry.order
            ledger.rule[at] = entry.rule
            k += 1
            at += 1
