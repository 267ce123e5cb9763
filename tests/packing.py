"""Records as arrays: the form in which compiled rules see what Python sees as objects."""

from typing import Any

import numpy as np

from workbench.ledger import Record, numpy_dtype

__all__ = ["records"]


def records(record: type[Record], shape: int | tuple[int, ...]) -> Any:
    """A zeroed structured array of a record's fields, read by attribute in Python and in compiled code."""
    return np.zeros(shape, dtype=numpy_dtype(record)).view(np.recarray)
