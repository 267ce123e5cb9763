"""Tables of integers laid out one after the other in a single array: compiled code then carries one pointer, and adding two panels
is adding two arrays. Sums of squares that outgrow 64 bits are kept in three cells."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from workbench.units import rule

__all__ = ["Ints", "Shape", "add_product", "carry", "lay_out", "table", "wide"]

LIMB = 30
"""Bits of a limb."""
MASK = (1 << LIMB) - 1

Ints = npt.NDArray[np.int64]
Shape = tuple[int, ...]


def lay_out(shapes: Mapping[str, Shape]) -> tuple[dict[str, int], int]:
    """The first cell of each table, and the number of cells in all."""
    places: dict[str, int] = {}
    size = 0
    for name, shape in shapes.items():
        places[name] = size
        size += math.prod(shape)
    return places, size


def table(cells: Ints, place: int, shape: Shape) -> Ints:
    """The table that begins at a cell, as a view."""
    return cells[place : place + math.prod(shape)].reshape(shape)


def wide(limbs: Ints) -> int:
    """The integer that three limbs stand for."""
    low, middle, high = (int(each) for each in limbs)
    return low + (middle << LIMB) + (high << 2 * LIMB)


def carry(limbs: Ints) -> None:
    """After sums were added up: carry what outgrows a limb, so that a sum has the same limbs however it came about. ``limbs``: int64[..., 3]."""
    for place in range(2):
        limbs[..., place + 1] += limbs[..., place] >> LIMB
        limbs[..., place] &= MASK


@rule
def add_product(cells: Ints, at: int, x: int, y: int) -> None:
    """Add x * y (each below 2**60 in size) to a sum that may outgrow 64 bits (up to 2**120), kept as limbs of 30 bits; limbs may be
    added up too (then ``carry``)."""
    if x == 0 or y == 0:
        return
    high_x, low_x = x >> LIMB, x & MASK
    high_y, low_y = y >> LIMB, y & MASK
    low = cells[at] + low_x * low_y
    middle = cells[at + 1] + (low >> LIMB) + high_x * low_y + low_x * high_y
    cells[at] = low & MASK
    cells[at + 1] = middle & MASK
    cells[at + 2] += (middle >> LIMB) + high_x * high_y
