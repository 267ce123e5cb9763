"""A small table with units: what the notebook's functions return. It needs no pandas; where that is installed it becomes a frame."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import pyarrow as pa

__all__ = ["Table"]

MOST_ROWS = 40
"""Rows that a notebook shows; the table has all."""


@dataclass(frozen=True)
class Table:
    """Rows under named columns, each with its unit ("" where a column is of names, or says its unit itself)."""

    title: str
    columns: tuple[str, ...]
    units: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    """Texts, dates, numbers; None where there is no figure."""
    note: str = ""
    """What has to stand beside the figures: whose projection they are, and what the interval is."""
    heads: tuple[str, ...] = ()
    """How the columns are called in the reader's language, where that is another than their names."""

    @classmethod
    def of_arrow(cls, title: str, table: pa.Table, units: dict[str, str], note: str = "") -> "Table":
        """An Arrow table; units by the names of its columns."""
        columns = tuple(table.column_names)
        rows = tuple(zip(*(table[name].to_pylist() for name in columns), strict=True))
        return cls(title, columns, tuple(units.get(name, "") for name in columns), rows, note)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Row by row, as dictionaries."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def __getitem__(self, key: Any) -> Any:
        """A column by its name, as a list; or the row whose first cell is the key, as a dictionary. Raises KeyError."""
        if key in self.columns:
            return [row[self.columns.index(key)] for row in self.rows]
        for row in self.rows:
            if row[0] == key:
                return dict(zip(self.columns, row, strict=True))
        raise KeyError(f"{key!r}: expected a column ({', '.join(self.columns)}), or what a row begins with")

    def to_arrow(self) -> pa.Table:
        """As an Arrow table; units stand in the fields' metadata."""
        arrays = [pa.array([row[k] for row in self.rows]) for k in range(len(self.columns))]
        fields = [
            pa.field(name, array.type, metadata={"unit": unit})
            for name, array, unit in zip(self.columns, arrays, self.units, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def to_pandas(self) -> Any:
        """As a data frame; units and note stand in its ``attrs``. Raises ImportError where pandas is not installed."""
        frame = self.to_arrow().to_pandas()
        units = dict(zip(self.columns, self.units, strict=True))
        frame.attrs |= {"title": self.title, "units": units, "note": self.note}
        return frame

    # --- shown ---
    def _head(self) -> list[str]:
        return [
            f"{name} [{unit}]" if unit else name
            for name, unit in zip(self.heads or self.columns, self.units, strict=True)
        ]

    def _shown(self) -> Sequence[tuple[Any, ...]]:
        return self.rows[:MOST_ROWS]

    def _rest(self) -> str:
        left = len(self.rows) - MOST_ROWS
        return f"… {left:,} more rows: .rows has all" if left > 0 else ""

    def __repr__(self) -> str:
        cells = [self._head(), *([_text(cell) for cell in row] for row in self._shown())]
        widths = [max(len(row[k]) for row in cells) for k in range(len(self.columns))]
        right = [self._numeric(k) for k in range(len(self.columns))]
        lines = [
            "  ".join(cell.rjust(width) if number else cell.ljust(width) for cell, width, number in zip(row, widths, right, strict=True)).rstrip()
            for row in cells
        ]  # fmt: skip
        return "\n".join([self.title, *lines, *filter(None, (self._rest(), self.note))])

    def _repr_html_(self) -> str:
        right = ["right" if self._numeric(k) else "left" for k in range(len(self.columns))]

        def line(cells: Sequence[str], tag: str) -> str:
            each = (
                f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>'
                for cell, side in zip(cells, right, strict=True)
            )
            return f"<tr>{''.join(each)}</tr>"

        body = "".join(line([_text(cell) for cell in row], "td") for row in self._shown())
        below = " ".join(filter(None, (self._rest(), self.note)))
        foot = f'<p style="max-width:70em;font-size:90%">{escape(below)}</p>' if below else ""
        caption = f'<caption style="text-align:left;font-weight:bold">{escape(self.title)}</caption>'
        return f"<table>{caption}<thead>{line(self._head(), 'th')}</thead><tbody>{body}</tbody></table>{foot}"

    def _numeric(self, column: int) -> bool:
        kinds = {type(row[column]) for row in self.rows} - {type(None)}
        return bool(kinds) and kinds <= {int, float}


def _text(cell: Any) -> str:
    """A cell as text: whole numbers with separators, others with four significant digits and at least two decimals where they are large."""
    if cell is None:
        return "–"
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return cell.isoformat() if isinstance(cell, date) else str(cell)
    if isinstance(cell, int) or float(cell).is_integer():
        return f"{cell:,.0f}"
    return f"{cell:,.2f}" if abs(cell) >= 10 else f"{cell:.4g}"
