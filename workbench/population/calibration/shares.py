"""Shares of purchases by channel or category, under names that a population file can hold."""

import re

import numpy as np

from workbench.population.calibration.log import PURCHASE, Coded, Log
from workbench.population.spec import GENERAL

__all__ = ["shares_of"]

MOST_NAMES = 50
NAME = re.compile(r"[^\s=+@,;:][^,;:\n\r\t]{0,79}")
OTHER = "other"


def shares_of(log: Log, column: Coded | None, blank: str = GENERAL) -> dict[str, float] | None:
    """Shares that add up to 1, the largest first; None where the log does not name any. What has no usable name, or comes after the
    first 49, is ``other``."""
    if column is None:
        return None
    counts = np.bincount(column.codes[log.event == PURCHASE], minlength=len(column.names))
    named: dict[str, int] = {}
    for name, count in sorted(zip(column.names, counts.tolist(), strict=True), key=lambda each: (-each[1], each[0])):
        key = name.strip() or blank
        usable = NAME.fullmatch(key) is not None and (key in named or len(named) < MOST_NAMES - 1)
        if count:
            named[key if usable else OTHER] = named.get(key if usable else OTHER, 0) + count
    if not named or set(named) == {blank}:
        return None
    total = sum(named.values())
    shares = {name: round(count / total, 8) for name, count in named.items()}
    largest = max(shares, key=lambda name: shares[name])
    shares[largest] = round(shares[largest] + 1 - sum(shares.values()), 8)
    return shares
