"""Floor 5: the segments of a log's customers as a document: who is where, who moved, month by month."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from workbench.finance.rfm import (
    ALL_CODES,
    NOT_YET,
    Cuts,
    Ints,
    Rfm,
    Scheme,
    Scored,
    average_ticket,
    by_cuts,
    by_quintiles,
    migration,
    monetary_bands,
    month_ends,
    rfm,
)
from workbench.rules.segment_spec import SEGMENTS, SEGMENTS_ZH
from workbench.units import CENTS, to_date, to_major

__all__ = ["GROUPS", "Purchases", "Segmented", "segment_of_names", "segmented", "segments_document"]

GROUPS = (("win_back", "挽留"), ("develop", "發展"), ("keep", "保持"), ("value", "價值"))
"""By the two lower bits of a segment's code: what to do, whatever the monetary value."""
WIDEST = 10
"""Bands of monetary value from here on are shown together."""


class Purchases(NamedTuple):
    """A log's purchases and refunds, one entry each: customer's number, day, minor units (of refunds negative)."""

    customer: Ints
    day: Ints
    money: Ints
    customers: int


class Segmented(NamedTuple):
    """Customers at a day."""

    found: Rfm
    scored: Scored
    ticket: tuple[int, int]
    cuts: Cuts | None


def segmented(log: Purchases, on: int, months: int, cuts: Cuts | Scheme) -> Segmented:
    """R, F, M and segments at the end of a day."""
    found = rfm(log.customer, log.day, log.money, log.customers, on, months)
    ticket = average_ticket(log.day, log.money, on, months)
    if isinstance(cuts, Cuts):
        return Segmented(found, by_cuts(found, cuts), ticket, cuts)
    return Segmented(found, by_quintiles(found, cuts), ticket, None)


def segments_document(
    log: Purchases, on: int, since: int, months: int, cuts: Cuts | Scheme, series: int = 12
) -> dict[str, Any]:
    """The document of ``loyalty segments``: the segments at the end of day ``on``, moves from the end of ``since``, the month ends before."""
    here = segmented(log, on, months, cuts)
    known = int(here.found.known.sum())
    total, orders = here.ticket
    return {
        "as_of": _iso(on),
        "window_months": months,
        "customers": known,
        "average_ticket": to_major(round(total / orders)) if orders else None,
        "scheme": "cuts" if isinstance(cuts, Cuts) else cuts,
        "cuts": None
        if here.cuts is None
        else {
            "recency_days": here.cuts.recency_days,
            "frequency": here.cuts.frequency,
            "monetary": to_major(here.cuts.monetary),
        },
        "notes": _notes(here.scored),
        "segments": [_segment(here, code, known) for code in reversed(range(ALL_CODES))],
        "groups": _groups(here.scored.code, known),
        "monetary_bands": _bands(here),
        "migration": _migration(log, on, since, months, cuts, here),
        "series": [
            {"date": _iso(day), "customers": _counts(segmented(log, day, months, cuts).scored.code)}
            for day in month_ends(on, series)
        ],
    }


def _notes(scored: Scored) -> list[str]:
    notes = []
    if scored.frequency_fell_back:
        notes.append(
            "quintiles of frequency cannot form: too many customers share a number of purchases; frequency is scored by its number, "
            "1 to 5, instead"
        )
    notes += [f"a quintile of {name} is empty: too many customers share a value" for name in scored.thin]
    return notes


def _segment(here: Segmented, code: int, known: int) -> dict[str, Any]:
    inside = here.scored.code == code
    count = int(inside.sum())
    found = here.found

    def mean(values: Ints) -> float | None:
        return round(float(values[inside].mean()), 2) if count else None

    money = mean(found.monetary)
    return {
        "segment": SEGMENTS[code],
        "segment_zh": SEGMENTS_ZH[code],
        "group": GROUPS[code & 3][0],
        "customers": count,
        "share_pct": round(100 * count / known, 2) if known else None,
        "money": to_major(int(found.monetary[inside].sum())),
        "mean_recency_days": mean(found.recency),
        "mean_frequency": mean(found.frequency),
        "mean_money": None if money is None else round(money / CENTS, 2),
    }


def _groups(code: Ints, known: int) -> list[dict[str, Any]]:
    rows = []
    for place in reversed(range(len(GROUPS))):
        count = int(((code != NOT_YET) & (code & 3 == place)).sum())
        share = round(100 * count / known, 2) if known else None
        name, chinese = GROUPS[place]
        rows.append({"group": name, "group_zh": chinese, "customers": count, "share_pct": share})
    return rows


def _bands(here: Segmented) -> list[dict[str, Any]]:
    """Customers by monetary value, in bands of half the average ticket; edges in major units."""
    total, orders = here.ticket
    if not orders:
        return []
    bands = np.minimum(monetary_bands(here.found, here.ticket)[here.found.known], WIDEST)
    half = total / orders / 2 / CENTS
    return [
        {
            "from": round(band * half, 2),
            "below": None if band == WIDEST else round((band + 1) * half, 2),
            "customers": int((bands == band).sum()),
        }
        for band in range(WIDEST + 1)
    ]


def _migration(
    log: Purchases, on: int, since: int, months: int, cuts: Cuts | Scheme, here: Segmented
) -> dict[str, Any]:
    before = segmented(log, since, months, cuts)
    moves = migration(before.scored.code, here.scored.code)
    rows = [*SEGMENTS, "new"]
    return {
        "from": _iso(since),
        "to": _iso(on),
        "stayed": moves.stayed,
        "new": int(moves.table[ALL_CODES].sum()),
        "table": {
            name: {SEGMENTS[k]: int(moves.table[row, k]) for k in range(ALL_CODES)} for row, name in enumerate(rows)
        },
    }


def _counts(code: Ints) -> dict[str, int]:
    return {name: int((code == k).sum()) for k, name in enumerate(SEGMENTS)}


def segment_of_names(here: Segmented, name_of: Callable[[int], str]) -> dict[str, list[Any]]:
    """Customers as columns of a table: who has bought, in the order of their numbers."""
    rows = np.flatnonzero(here.found.known).tolist()
    bands = monetary_bands(here.found, here.ticket)
    code = here.scored.code
    columns: dict[str, list[Any]] = {
        "member_id": [name_of(row) for row in rows],
        "recency_days": here.found.recency[rows].tolist(),
        "frequency": here.found.frequency[rows].tolist(),
        "monetary": [to_major(value) for value in here.found.monetary[rows].tolist()],
        "monetary_band": bands[rows].tolist(),
        "segment": [SEGMENTS[k] for k in code[rows].tolist()],
        "segment_zh": [SEGMENTS_ZH[k] for k in code[rows].tolist()],
        "group": [GROUPS[k & 3][0] for k in code[rows].tolist()],
    }
    if here.scored.scores is not None:
        for place, name in enumerate(("recency_score", "frequency_score", "monetary_score")):
            columns[name] = here.scored.scores[rows, place].tolist()
    columns["monetary"] = [float(value) for value in columns["monetary"]]
    return columns


def _iso(day: int) -> str:
    found = to_date(day)
    assert found is not None
    return found.isoformat()
