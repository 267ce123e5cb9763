"""The columns of a ledger's file: CSV, plain or gzip, or Parquet, as ``loyalty replay --ledger`` writes it."""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from workbench.errors import BadInput, Problem, nearest
from workbench.files import reading, regular_file
from workbench.finance.cells import Ints
from workbench.ledger import KINDS
from workbench.units import NEVER

__all__ = ["days", "kind_codes", "ledger_columns"]

MOST_PROBLEMS = 20


def ledger_columns(path: str | Path, columns: Mapping[str, pa.DataType], filled: Collection[str]) -> pa.Table:
    """The named columns, of the types given; other columns are not read.

    Raises BadInput: no such file, a column missing, cells that are none, or an empty cell in one of the columns ``filled``."""
    file = regular_file(path, "a ledger")
    source = str(path)
    with reading(file), file.open("rb") as stream:
        start = stream.read(4)
    try:
        if start == b"PAR1":
            table = _parquet(file, columns, source)
        else:
            table = _csv(file, columns, "gzip" if start[:2] == b"\x1f\x8b" else None, source)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise BadInput(Problem("", f"expected a whole ledger: {first}"), source) from error
    empty = [name for name in filled if table[name].null_count]
    if empty:
        message = "expected a value in every row, found empty cells"
        raise BadInput([Problem(f"column {name}", message) for name in empty], source)
    return table


def kind_codes(column: pa.ChunkedArray, source: str) -> Ints:
    """Places of the kinds in ``KINDS``. Raises BadInput for names that are none."""
    unknown = [name for name in pc.unique(column).to_pylist() if name not in KINDS]
    if unknown:
        problems = [Problem("column kind", "expected a kind of entry", name, nearest(name, KINDS)) for name in unknown]
        raise BadInput(problems[:MOST_PROBLEMS], source, max(len(unknown) - MOST_PROBLEMS, 0))
    return np.asarray(pc.index_in(column, value_set=pa.array(KINDS)), dtype=np.int64)


def days(column: pa.ChunkedArray) -> Ints:
    """Days since January 1, 1970; NEVER for an empty cell."""
    return np.asarray(pc.fill_null(column.cast(pa.int32()), NEVER), dtype=np.int64)


def _csv(file: Path, columns: Mapping[str, pa.DataType], compression: str | None, source: str) -> pa.Table:
    with pa.input_stream(str(file), compression=compression) as stream:
        header = stream.read(2**12).split(b"\n", 1)[0].decode("utf-8-sig", "replace").strip().split(",")
    _check(header, columns, source)
    with pa.input_stream(str(file), compression=compression) as stream:
        options = pyarrow.csv.ConvertOptions(
            include_columns=list(columns), column_types=columns, strings_can_be_null=True
        )
        return pyarrow.csv.read_csv(stream, convert_options=options)


def _parquet(file: Path, columns: Mapping[str, pa.DataType], source: str) -> pa.Table:
    with pa.OSFile(str(file)) as stream:
        parquet = pyarrow.parquet.ParquetFile(stream)
        _check(parquet.schema_arrow.names, columns, source)
        table = parquet.read(columns=list(columns))
    return pa.table({name: table[name].cast(kind) for name, kind in columns.items()})


def _check(found: list[str], columns: Mapping[str, pa.DataType], source: str) -> None:
    missing = [name for name in columns if name not in found]
    if missing:
        unknown = [name for name in found if name not in columns]
        message = "missing: a ledger has this column"
        raise BadInput([Problem(f"column {name}", message, None, nearest(name, unknown)) for name in missing], source)
