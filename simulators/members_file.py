"""The members of a replay as a table: CSV or Parquet."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from simulators.ledger_file import harmless
from workbench.errors import BadInput, Problem

__all__ = ["check_members_name", "write_members"]


def check_members_name(path: Path) -> None:
    """Raise BadInput where a file's name does not say its format."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise BadInput(Problem("--members-out", "expected a file name ending in .csv or .parquet", path.name))


def write_members(file: Path, suffix: str, members: dict[str, dict[str, Any]]) -> None:
    """One row a member: id, balance, pending, tier, its last day, kept spend, and each qualifying metric. The suffix tells the format."""
    metrics = sorted({metric for each in members.values() for metric in each["qualifying"]})
    columns: dict[str, list[Any]] = {
        "member_id": [harmless(name) if suffix == ".csv" else name for name in members],
        **{
            key: [each[key] for each in members.values()]
            for key in ("balance", "pending", "tier", "tier_until", "carry")
        },
        **{f"qualifying_{metric}": [each["qualifying"].get(metric) for each in members.values()] for metric in metrics},
    }
    table = pa.table(columns)
    if suffix == ".csv":
        pa.csv.write_csv(table, file)
    else:
        pa.parquet.write_table(table, file)
