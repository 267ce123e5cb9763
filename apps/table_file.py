"""A table that a command writes: CSV or Parquet, by the file's name."""

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.files import atomic_path

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_csv", "write_table"]


def is_csv(file: Path) -> bool:
    """Whether a file is to be CSV: texts in it then have to be made harmless for spreadsheets."""
    return file.suffix.lower() == ".csv"


def write_table(table: "pa.Table", file: Path) -> None:
    """Write a table whole or not at all. Raises BadInput where it cannot be written."""
    import pyarrow.csv
    import pyarrow.parquet

    with atomic_path(file) as temporary:
        if is_csv(file):
            pyarrow.csv.write_csv(table, temporary)
        else:
            pyarrow.parquet.write_table(table, temporary)
