"""Triangles for the tests: rows of redeemed points by age, as they stand in papers and on paper."""

from collections.abc import Sequence

import numpy as np

from workbench.finance.triangle import Triangle

__all__ = ["FIRST", "GENINS", "MACK_1993", "genins", "small_triangle", "triangle_of"]

FIRST = 12 * 54
"""January 2024, as months since January 1970."""

GENINS = (
    (357848, 766940, 610542, 482940, 527326, 574398, 146342, 139950, 227229, 67948),
    (352118, 884021, 933894, 1183289, 445745, 320996, 527804, 266172, 425046),
    (290507, 1001799, 926219, 1016654, 750816, 146923, 495992, 280405),
    (310608, 1108250, 776189, 1562400, 272482, 352053, 206286),
    (443160, 693190, 991983, 769488, 504851, 470639),
    (396132, 937085, 847498, 805037, 705960),
    (440832, 847631, 1131398, 1063269),
    (359480, 1061648, 1443370),
    (376686, 986608),
    (344014,),
)
"""Taylor and Ashe (1983), Second moments of estimates of outstanding claims, Journal of Econometrics 23: increments by year."""
MACK_1993 = {
    "reserves": (94634, 469511, 709638, 984889, 1419459, 2177641, 3920301, 4278972, 4625811),
    "errors": (75535, 121699, 133549, 261406, 411010, 558317, 875328, 971258, 1363155),
}
"""Mack (1993), ASTIN Bulletin 23(2): the same data, cohorts 2 to 10."""


def triangle_of(issued: Sequence[int], rows: Sequence[Sequence[int]], **more: object) -> Triangle:
    """Increments redeemed by age, row by row; the longest row says which month it is."""
    shape = (len(rows), max(len(row) for row in rows))
    redeemed, earned, nothing = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    for k, row in enumerate(rows):
        redeemed[k, : len(row)] = row
    earned[:, 0] = issued
    given = {"expired": nothing, "reversed": nothing} | more
    return Triangle(FIRST, FIRST + shape[1] - 1, earned, redeemed, **given)  # type: ignore[arg-type]


def small_triangle() -> Triangle:
    """Four cohorts, small enough for pencil and paper."""
    return triangle_of([1000, 1000, 1200, 1500], [(200, 150, 100, 50), (220, 160, 90), (230, 190), (320,)])


def genins() -> Triangle:
    """Taylor and Ashe's claims as points, of enough points issued."""
    return triangle_of([10**8] * 10, GENINS)
