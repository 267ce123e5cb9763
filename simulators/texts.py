"""Text columns as bytes, so that whole columns are looked at at once."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["letters", "spans"]


def spans(column: pa.StringArray) -> npt.NDArray[np.int32]:
    """Where each text of a column without nulls begins among its ``letters``; one entry more says where the last one ends."""
    if len(column) == 0:
        return np.zeros(1, dtype=np.int32)
    bounds = np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset :][: len(column) + 1]
    return bounds - bounds[0]


def letters(column: pa.StringArray) -> npt.NDArray[np.uint8]:
    """The bytes of all texts of a column without nulls, one after the other (UTF-8)."""
    _, offsets, data = column.buffers()
    if len(column) == 0 or data is None:
        return np.zeros(0, dtype=np.uint8)
    bounds = np.frombuffer(offsets, dtype=np.int32)
    return np.frombuffer(data, dtype=np.uint8)[bounds[column.offset] : bounds[column.offset + len(column)]]
