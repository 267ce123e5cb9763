"""Tiers of a world: how many members stand where, who moved, how soon they rise, and how long they stay."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.finance.cells import Ints
from workbench.finance.paired import Z95
from workbench.finance.points import months
from workbench.finance.world import CENSORED, DOWN, DOWNGRADED, MEMBERS, UP, UPGRADED, WorldPanel

__all__ = [
    "Reviews", "Survival", "TimeToTier",
    "downgraded_members", "downgrades", "members", "members_at_end", "reached", "reviews", "survival", "tiers_by_month", "time_to_tier",
    "upgrade_interval", "upgraded_members", "upgrades",
]  # fmt: skip

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reviews:
    """What became of tiers whose validity ended."""

    matrix: Ints
    """int64[tiers, tiers]: decided reviews by the tier before and the tier held once the day had begun."""
    graces: int
    """Reviews that granted grace: not yet decided."""

    @property
    def requalified(self) -> int:
        """Reviews after which the tier was held on."""
        return int(np.trace(self.matrix))

    @property
    def shares(self) -> list[list[float] | None]:
        """Each row of the matrix as shares; None where no review was of that tier."""
        sums = self.matrix.sum(axis=1)
        return [(row / total).tolist() if total else None for row, total in zip(self.matrix, sums, strict=True)]


@dataclass(frozen=True)
class TimeToTier:
    """How long members took from joining to first holding a tier or a higher one."""

    members: int
    """Those who did."""
    share: float | None
    """Of all members; None where there are none."""
    waits: Ints
    """int64[spans]: members by whole months (a twelfth of 365.25 days)."""

    def within(self, share: float) -> int | None:
        """Whole months within which so large a share of those who reached it had done so; None where nobody did."""
        if not self.members:
            return None
        return int(np.searchsorted(np.cumsum(self.waits), math.ceil(share * self.members))) + 1


@dataclass(frozen=True)
class Survival:
    """Stays in a tier by whole months since it was entered (Kaplan & Meier 1958), with Greenwood's 95 % interval.

    A stay ends by a rise or a fall; those not ended at the end of the run are censored. A member may have several.
    Arrays over the months 0, 1, ...
    """

    at_risk: Ints
    """Stays that had lasted so long and were looked at for longer."""
    rose: Ints
    """Of these, those that ended by a rise before the next month."""
    fell: Ints
    """By a fall."""
    censored: Ints
    """Not followed for a further month."""
    share: Floats
    """Share that lasts so long; NaN where none was followed so far."""
    low: Floats
    high: Floats


def members(panel: WorldPanel) -> int:
    """Customers who joined."""
    return int(panel.counts[MEMBERS])


def upgrades(panel: WorldPanel) -> int:
    """Changes to a higher tier."""
    return int(np.triu(panel.moves, 1).sum())


def downgrades(panel: WorldPanel) -> int:
    """Changes to a lower tier."""
    return int(np.tril(panel.moves, -1).sum())


def upgraded_members(panel: WorldPanel) -> int:
    """Members who rose at least once."""
    return int(panel.counts[UPGRADED])


def upgrade_interval(panel: WorldPanel) -> tuple[float, float] | None:
    """95 % interval of the share of members who rose at least once (Wilson 1927), for the chance of having drawn just these; None
    without members."""
    n = members(panel)
    if not n:
        return None
    share, z = upgraded_members(panel) / n, Z95 / math.sqrt(n)
    middle, spread = share + z**2 / 2, z * math.sqrt(share * (1 - share) + z**2 / 4)
    return (middle - spread) / (1 + z**2), (middle + spread) / (1 + z**2)


def downgraded_members(panel: WorldPanel) -> int:
    """Members who fell at least once."""
    return int(panel.counts[DOWNGRADED])


def members_at_end(panel: WorldPanel, names: tuple[str, ...]) -> dict[str, int]:
    """Members in each tier at the end."""
    return {name: int(panel.at_end[place]) for place, name in enumerate(names)}


def reached(panel: WorldPanel, names: tuple[str, ...]) -> dict[str, int]:
    """Members who ever held each tier or a higher one."""
    return {name: int(panel.waits[place].sum()) for place, name in enumerate(names)}


def tiers_by_month(panel: WorldPanel) -> tuple[Ints, Ints]:
    """The months, and int64[months, tiers]: members in each tier at their end (in a single one, where the program has none)."""
    return months(panel), np.cumsum(panel.tier_change, axis=0)


def reviews(panel: WorldPanel) -> Reviews:
    """What became of tiers whose validity ended."""
    return Reviews(panel.reviews, int(panel.graces.sum()))


def time_to_tier(panel: WorldPanel, tier: int) -> TimeToTier:
    """How long members took to reach a tier."""
    everyone, waits = members(panel), panel.waits[tier]
    found = int(waits.sum())
    return TimeToTier(found, found / everyone if everyone else None, waits)


def survival(panel: WorldPanel, tier: int) -> Survival:
    """How long members stay in a tier."""
    rose, fell, censored = (panel.spells[tier, :, how] for how in (UP, DOWN, CENSORED))
    ended = rose + fell
    at_risk = np.cumsum((ended + censored)[::-1])[::-1]
    followed = np.append(
        at_risk[0] > 0, at_risk[:-1] > 0
    )  # a month's share rests on the stays at risk in the one before
    left = np.maximum(at_risk, 1).astype(float)
    steps = 1 - ended / left
    share = np.append(1.0, np.cumprod(steps)[:-1])
    with np.errstate(divide="ignore"):
        terms = np.where(ended == at_risk, 0.0, ended / (left * (left - ended)))
    error = Z95 * share * np.sqrt(np.append(0.0, np.cumsum(terms)[:-1]))
    low, high = np.maximum(share - error, 0.0), np.minimum(share + error, 1.0)
    return Survival(at_risk, rose, fell, censored, *(np.where(followed, each, np.nan) for each in (share, low, high)))
