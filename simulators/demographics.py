"""What a log says of members besides what they did: sex, age, birthday, whether they can be reached. None of it is needed; what is not there
is said to be missing."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow.parquet

from simulators.transaction_source import CsvSource, open_source

__all__ = ["AGES", "Demographics", "read_demographics"]

OPTIONAL = ("sex", "gender", "reachable")
SEXES = {"f": "female", "female": "female", "女": "female", "m": "male", "male": "male", "男": "male"}
YES, NO = ("1", "true", "yes", "y", "是"), ("0", "false", "no", "n", "否")
AGES = (18, 25, 35, 45, 55, 65)
"""Where bands of age begin; the first one is of who is younger."""
OLDEST = 110


@dataclass
class Demographics:
    """By member's id, where the log says it; the last row that does counts. None where the log has no such column, or says nothing in it."""

    sex: dict[str, str] = field(default_factory=dict)
    """female, male or other."""
    birthday: dict[str, date] = field(default_factory=dict)
    reachable: dict[str, bool] = field(default_factory=dict)

    def age_on(self, member: str, day: date) -> int | None:
        """Full years on a day; None where unknown, or where the year of birth is made up (older than 110, or not born)."""
        born = self.birthday.get(member)
        if born is None:
            return None
        age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        return age if 0 <= age <= OLDEST else None


def read_demographics(path: Path) -> Demographics:
    """What the columns ``birthday``, ``sex`` (or ``gender``) and ``reachable`` say. The file has been read, and is sound (``Transactions``)."""
    source = open_source(path)
    names = source.header if isinstance(source, CsvSource) else pyarrow.parquet.read_schema(path).names
    extra = tuple(name for name in OPTIONAL if name in names)
    found = Demographics()
    for columns in (open_source(path, extra) if extra else source).batches():
        members = columns["member_id"].to_pylist()
        if "birthday" in columns:
            for member, text in zip(members, columns["birthday"].to_pylist(), strict=True):
                if text.strip():
                    found.birthday[member] = date.fromisoformat(text.strip()[:10])
        for name in ("gender", "sex"):
            if name in columns:
                for member, text in zip(members, columns[name].to_pylist(), strict=True):
                    if text.strip():
                        found.sex[member] = SEXES.get(text.strip().casefold(), "other")
        if "reachable" in columns:
            for member, text in zip(members, columns["reachable"].to_pylist(), strict=True):
                said = text.strip().casefold()
                if said in YES or said in NO:
                    found.reachable[member] = said in YES
    return found
