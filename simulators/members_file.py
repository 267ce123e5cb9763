"""The members of a replay as a table: CSV or Parquet."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from simulators.ledger_file import harmless
from workbench.errors import BadInput, Problem
from workbench.files import atomic_path

__all__ = ["write_members"]


def write_members(path: Path, members: dict[str, dict[str, Any]]) -> None:
    """One row a member: id, balance, pending, tier, its last day, kept spend, and each qualifying metric. Raises BadInput."""
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise BadInput(Problem("--members-out", "expected a file name ending in .csv or .parquet", path.name))
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
    with atomic_path(path) as temporary:
        if suffix == ".csv":
            pa.csv.write_csv(table, temporary)
        else:
            pa.parquet.write_table(table, temporary)
