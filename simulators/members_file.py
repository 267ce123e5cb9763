"""The members of a replay at its end: as a table (CSV or Parquet), as a document, as JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from simulators.desk import kept_spend
from simulators.ledger_file import harmless
from workbench.errors import BadInput, Problem
from workbench.program.spec import Program
from workbench.rules.earn_terms import EarnTerms
from workbench.units import to_date, to_major

__all__ = ["Members", "at_end", "check_members_name", "write_members"]

_PIECE = 5_000
"""Members turned into text at once."""

Lots = tuple[list[str | None], list[str | None], list[int]]


@dataclass(frozen=True)
class Members:
    """The state of members at the end of a day, a list for each column, in the order they were first seen."""

    member_id: list[str]
    balance: list[int]
    pending: list[int]
    tier: list[str | None]
    tier_until: list[str | None]
    """The tier's last day as ISO text; None where it has none."""
    qualifying: dict[str, list[int | float]]
    """The metrics that the program's tiers look at."""
    carry: list[int | float]
    first_lot: list[int]
    """Where each member's lots begin in the lists of lots, and one more; empty where lots are not kept."""
    lots: Lots
    """Days of earning, last usable days (ISO text, None: no end), points: merged by the two days, and sorted by them."""
    more: dict[str, list[Any]] = field(default_factory=dict)
    """What else the program has members hold, by its key in the document: anything that JSON has."""

    def __len__(self) -> int:
        return len(self.member_id)

    def document(self, most: int | None = None) -> dict[str, dict[str, Any]]:
        """The members (the first so many) as a document."""
        metrics = tuple(self.qualifying)
        rows = zip(*self.qualifying.values(), strict=True) if metrics else iter(lambda: (), None)
        lots = [
            {"earned_on": earned_on, "expires_on": expires_on, "points": points}
            for earned_on, expires_on, points in zip(*self.lots, strict=True)
        ]
        return {
            name: {
                "balance": balance,
                "pending": pending,
                "tier": tier,
                "tier_until": until,
                "qualifying": dict(zip(metrics, row, strict=True)),
                "carry": carry,
                "lots": lots[first:last],
                **{key: each[place] for key, each in self.more.items()},
            }
            for place, (name, balance, pending, tier, until, row, carry, first, last) in enumerate(
                zip(
                    self.member_id[:most],
                    self.balance,
                    self.pending,
                    self.tier,
                    self.tier_until,
                    rows,
                    self.carry,
                    self.first_lot,
                    self.first_lot[1:],
                    strict=False,
                )
            )
        }

    def json(self) -> Iterator[str]:
        """The document as the pieces of ``json.dumps(..., ensure_ascii=False, indent=2)``, where it stands one level deep."""
        if not self.member_id:
            yield "{}"
            return
        dated: dict[tuple[str | None, str | None], str] = {}
        start = "{\n"
        for first in range(0, len(self), _PIECE):
            yield start + ",\n".join(self._json(first, min(first + _PIECE, len(self)), dated))
            start = ",\n"
        yield "\n  }"

    def _json(self, first: int, last: int, dated: dict[tuple[str | None, str | None], str]) -> Iterator[str]:
        """A few members as JSON; ``dated``: what stands before a lot's points, by its days, as far as met."""
        start, end = self.first_lot[first], self.first_lot[last]
        lots = []
        for earned_on, expires_on, points in zip(*(each[start:end] for each in self.lots), strict=True):
            days = (earned_on, expires_on)
            if days not in dated:
                dated[days] = (
                    f'        {{\n          "earned_on": {_text(earned_on)},\n          "expires_on": {_text(expires_on)},\n'
                )
            lots.append(f'{dated[days]}          "points": {points}\n        }}')
        for place in range(first, last):
            name, mine = self.member_id[place], lots[self.first_lot[place] - start : self.first_lot[place + 1] - start]
            metrics = [f'        "{key}": {each[place]!r}' for key, each in self.qualifying.items()]
            qualifying = "{\n" + ",\n".join(metrics) + "\n      }" if metrics else "{}"
            listed = "[\n" + ",\n".join(mine) + "\n      ]" if mine else "[]"
            yield (
                f'    {encode_basestring(name)}: {{\n      "balance": {self.balance[place]},\n'
                f'      "pending": {self.pending[place]},\n      "tier": {_text(self.tier[place])},\n'
                f'      "tier_until": {_text(self.tier_until[place])},\n      "qualifying": {qualifying},\n'
                f'      "carry": {self.carry[place]!r},\n      "lots": {listed}{self._more(place)}\n    }}'
            )

    def _more(self, place: int) -> str:
        """What else a member holds, as the JSON that follows their lots."""
        return "".join(
            f',\n      "{key}": ' + json.dumps(each[place], ensure_ascii=False, indent=2).replace("\n", "\n      ")
            for key, each in self.more.items()
        )


def _text(value: str | None) -> str:
    return "null" if value is None else encode_basestring(value)


def at_end(
    program: Program,
    earn: EarnTerms,
    member_id: list[str],
    numbers: dict[str, list[int]],
    qualifying: dict[str, list[int]],
    first_lot: list[int],
    lots: list[list[int]],
    more: dict[str, list[Any]] | None = None,
) -> Members:
    """Members from the integers of a clock: ``numbers`` holds balance (net of debt), pending, tier, tier_until and carry; ``qualifying`` each
    metric; ``lots`` the columns of Members (day numbers), or nothing; ``more`` what else the program has members hold."""
    names, tiers = program.tier_names, numbers["tier"]
    earned_on, expires_on, points = lots or ([], [], [])
    return Members(
        member_id=member_id,
        balance=numbers["balance"],
        pending=numbers["pending"],
        tier=[names[tier] if tier >= 0 else None for tier in tiers],
        tier_until=[_iso(day) if tier >= 0 else None for tier, day in zip(tiers, numbers["tier_until"], strict=True)],
        qualifying={
            metric: [to_major(total) for total in totals] if metric == "spend" else list(totals)
            for metric, totals in qualifying.items()
        },
        carry=[kept_spend(program, earn, carry) for carry in numbers["carry"]],
        first_lot=first_lot,
        lots=(list(map(_iso, earned_on)), list(map(_iso, expires_on)), points),
        more=more or {},
    )


@lru_cache(2**16)
def _iso(day: int) -> str | None:
    found = to_date(day)
    return None if found is None else found.isoformat()


def check_members_name(path: Path) -> None:
    """Raise BadInput where a file's name does not say its format."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise BadInput(Problem("--members-out", "expected a file name ending in .csv or .parquet", path.name))


def _more_columns(more: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What else members hold as columns: of a mapping one for each key, named after both; lists are left out."""
    columns: dict[str, list[Any]] = {}
    for key, each in more.items():
        if each and isinstance(each[0], dict):
            columns |= {f"{key}_{name}": [one[name] for one in each] for name in each[0]}
        elif not any(isinstance(one, list) for one in each):
            columns[key] = each
    return columns


def write_members(file: Path, suffix: str, members: Members) -> None:
    """One row a member: id, balance, pending, tier, its last day, kept spend, each qualifying metric, and what else is no list (RFM segment, stored
    value, plan). The suffix tells the format."""
    columns: dict[str, list[Any]] = {
        "member_id": [harmless(name) for name in members.member_id] if suffix == ".csv" else members.member_id,
        **{key: getattr(members, key) for key in ("balance", "pending", "tier", "tier_until", "carry")},
    }
    if len(members):
        columns |= {f"qualifying_{metric}": members.qualifying[metric] for metric in sorted(members.qualifying)}
    columns |= _more_columns(members.more)
    table = pa.table(columns)
    if suffix == ".csv":
        pa.csv.write_csv(table, file)
    else:
        pa.parquet.write_table(table, file)
