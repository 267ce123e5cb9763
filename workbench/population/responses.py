"""How members responded in one world: sums over its members, which add up to the same however the members are split."""

from dataclasses import dataclass

import numpy as np

from workbench.population.past import EFFECTS, Past
from workbench.units import rule

__all__ = ["SUMS", "Responses", "add_past", "blank_responses"]

SUMS = ("looks", "clip_low", "clip_high", "topped_up", "removed", *EFFECTS)
"""What each place of the array holds: counts, then each effect's sum of (factor - 1) in millionths (see ``Past``)."""


@dataclass(frozen=True)
class Responses:
    """One world's sums."""

    sums: np.ndarray
    """int64[len(SUMS)]."""

    def __add__(self, other: "Responses") -> "Responses":
        return Responses(self.sums + other.sums)

    def total(self, name: str) -> int:
        """One of ``SUMS``."""
        return int(self.sums[SUMS.index(name)])

    @property
    def mean_factors(self) -> dict[str, float]:
        """Mean factor of each effect over the candidates looked at as a member; 1 where none was."""
        looks = max(self.total("looks"), 1)
        return {name: 1 + self.total(name) / (1_000_000 * looks) for name in EFFECTS}

    @property
    def clipped(self) -> dict[str, float]:
        """Share of those candidates at which the product of the effects met its lower (``low``) or upper (``high``) bound."""
        looks = max(self.total("looks"), 1)
        return {side: self.total("clip_" + side) / looks for side in ("low", "high")}


def blank_responses() -> np.ndarray:
    """The sums of nobody: int64[len(SUMS)]."""
    return np.zeros(len(SUMS), dtype=np.int64)


@rule
def add_past(sums: np.ndarray, past: Past) -> None:
    """Add a member's counts to their world's, in the order of ``SUMS``."""
    sums[0] += past.looks
    sums[1] += past.clip_low
    sums[2] += past.clip_high
    sums[3] += past.topped_up
    sums[4] += past.removed
    sums[5] += past.reward_pressure
    sums[6] += past.tier_pressure
    sums[7] += past.expiry
    sums[8] += past.rewarded
    sums[9] += past.status
    sums[10] += past.demotion
    sums[11] += past.coupon
    sums[12] += past.message
    sums[13] += past.novelty
    sums[14] += past.plan
