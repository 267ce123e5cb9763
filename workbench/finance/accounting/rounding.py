"""Exact amounts to printed ones: half up to the minor unit, and shares that add up to what was shared."""

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["apportion", "half_up"]

Exact = int | Fraction


def half_up(value: Exact) -> int:
    """The nearest integer; halves go away from zero, as on an invoice and its credit note."""
    magnitude = abs(Fraction(value))
    whole = (2 * magnitude.numerator + magnitude.denominator) // (2 * magnitude.denominator)
    return -whole if value < 0 else whole


def apportion(parts: Sequence[Exact], total: int) -> list[int]:
    """Integers that add up to ``total``, each the part rounded down, or one more where the remainder is largest (Hamilton's method;
    ties go to the first). ``total`` differs from the sum of the parts by less than 1 if it is that sum rounded; where it is farther
    (because other rounded figures fix it) the difference is spread in whole units, the largest remainders first."""
    floors = [Fraction(part).__floor__() for part in parts]
    missing = total - sum(floors)
    if not parts:
        if missing:
            raise ValueError(f"nothing to share {total} among")
        return []
    order = sorted(range(len(parts)), key=lambda place: (floors[place] - parts[place], place))
    each, rest = divmod(missing, len(parts))
    for rank, place in enumerate(order):
        floors[place] += each + (1 if rank < rest else 0)
    return floors
