"""The figures of a log's members on one page, as a document."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from simulators.customer_log import CustomerLog, read_customers
from simulators.demographics import AGES, Demographics, read_demographics
from workbench.finance.customers import by_month, period_of
from workbench.units import CENTS, add_months, to_date, to_day, to_major

__all__ = ["dashboard_document"]


def dashboard_document(transactions: Path, as_of: date, months: int = 12) -> dict[str, Any]:
    """The document of ``loyalty dashboard``: the so many months up to a day. Money in major units; null: the log does not say.
    Raises BadInput: what is wrong in the log, or nothing bought by then."""
    end = to_day(as_of)
    start = add_months(end, -months) + 1
    log = read_customers(transactions, end)
    about = read_demographics(transactions)
    found = period_of(log.customer, log.day, log.money, log.joined, start, end)
    first = to_date(start)
    assert first is not None
    members = [name for name, day in zip(log.names, log.joined.tolist(), strict=True) if day >= 0]
    return {
        "as_of": as_of.isoformat(),
        "start": first.isoformat(),
        "months": months,
        "members": found.members,
        "reachable": _reachable(about, members),
        "new": found.new,
        "buyers": found.buyers,
        "regulars": found.regulars,
        "returning": found.returning,
        "returning_pct": _pct(found.returning, found.buyers),
        "purchases": found.purchases,
        "frequency": round(found.purchases / found.buyers, 4) if found.buyers else None,
        "sales": to_major(found.money),
        "refunds": to_major(found.refunds),
        "average_ticket": round(found.money / found.purchases / CENTS, 2) if found.purchases else None,
        "sex": _sexes(about, members),
        "age": _ages(about, members, as_of),
        "birthday_months": _birthdays(about, members),
        "channels": _channels(log, start, end),
        "by_month": [
            each._asdict() | {"first": str(np.datetime64(each.first, "D"))[:7], "money": to_major(each.money)}
            for each in by_month(log.customer, log.day, log.money, log.joined, start, end)
        ],
        "rows_of_nobody": log.nobody_rows,
    }


def _pct(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def _reachable(about: Demographics, members: list[str]) -> int | None:
    return sum(about.reachable.get(name, False) for name in members) if about.reachable else None


def _counted(values: Iterable[Any], order: Iterable[Any], whole: int) -> dict[str, int]:
    """How often each value comes, in an order, and how many have none."""
    count = Counter(values)
    found = {str(each): count[each] for each in order}
    return found | {"unknown": whole - sum(found.values())}


def _sexes(about: Demographics, members: list[str]) -> dict[str, int] | None:
    if not about.sex:
        return None
    return _counted((about.sex.get(name) for name in members), ("female", "male", "other"), len(members))


def _ages(about: Demographics, members: list[str], day: date) -> dict[str, int] | None:
    ages = [age for name in members if (age := about.age_on(name, day)) is not None]
    if not ages:
        return None
    starts = (0, *AGES)
    names = [f"{low}-{high - 1}" for low, high in zip(starts, AGES, strict=False)] + [f"{AGES[-1]}+"]
    place = np.searchsorted(AGES, ages, side="right").tolist()
    return _counted((names[each] for each in place), names, len(members))


def _birthdays(about: Demographics, members: list[str]) -> dict[str, int] | None:
    if not about.birthday:
        return None
    months = [about.birthday[name].month for name in members if name in about.birthday]
    return _counted(months, range(1, 13), len(members))


def _channels(log: CustomerLog, start: int, end: int) -> list[dict[str, Any]] | None:
    """Purchases and money by channel, the largest first; None where the log names none."""
    inside = np.flatnonzero((log.money >= 0) & (log.day >= start) & (log.day <= end)).tolist()
    if not any(log.channel[row] for row in inside):
        return None
    purchases: Counter[str] = Counter()
    money: Counter[str] = Counter()
    for row in inside:
        purchases[log.channel[row]] += 1
        money[log.channel[row]] += int(log.money[row])
    return [
        {
            "channel": name or None,
            "purchases": count,
            "share_pct": _pct(count, len(inside)),
            "sales": to_major(money[name]),
        }
        for name, count in sorted(purchases.items(), key=lambda each: (-each[1], each[0]))
    ]
