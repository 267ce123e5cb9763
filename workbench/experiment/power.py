"""How many members a test of two means takes, and its chance of seeing an effect: the usual normal approximation.

Two arms with standard deviations sd_a, sd_b and n_a, n_b members: the difference of means has the standard error
se = sqrt(sd_a**2 / n_a + sd_b**2 / n_b), and a two-sided test at level alpha of a true difference d rejects with the chance
Phi(|d| / se - z) + Phi(-|d| / se - z), z the 1 - alpha / 2 quantile (e.g. Cohen 1988, ch. 2). A covariate from before the test, of correlation rho with
the outcome, multiplies both variances by 1 - rho**2 (Deng, Xu, Kohavi & Walker 2013, CUPED).
"""

import math
from typing import NamedTuple

from scipy.stats import norm

__all__ = ["Arms", "least_effect", "members_needed", "power_of"]


class Arms(NamedTuple):
    """Standard deviations of the outcome among members of either arm, and the share of all members who are in arm B."""

    sd_a: float
    sd_b: float
    share_b: float = 0.5

    def adjusted(self, rho: float) -> "Arms":
        """With a covariate of that correlation."""
        left = math.sqrt(max(0.0, 1 - rho * rho))
        return Arms(self.sd_a * left, self.sd_b * left, self.share_b)

    def error(self, members: float) -> float:
        """Standard error of the difference, of so many members in both arms together."""
        return math.sqrt((self.sd_a**2 / (1 - self.share_b) + self.sd_b**2 / self.share_b) / members)


def power_of(effect: float, arms: Arms, members: float, alpha: float = 0.05) -> float:
    """The chance that a test of so many members (both arms) rejects, if the effect is true."""
    error = arms.error(members)
    if error == 0:
        return 1.0 if effect else 0.0
    z, away = float(norm.isf(alpha / 2)), abs(effect) / error
    return float(norm.cdf(away - z) + norm.cdf(-away - z))


def members_needed(effect: float, arms: Arms, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """Members of both arms together for the power; None where there is no effect to see. Neglects the rejections on the wrong side, as is usual: they
    are below 1 in 10,000 from a power of 50 % on."""
    if effect == 0:
        return None
    z = float(norm.isf(alpha / 2) + norm.ppf(power))
    return max(4, math.ceil((z * arms.error(1) / effect) ** 2))


def least_effect(arms: Arms, members: float, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest effect that so many members (both arms) show with the power."""
    return float(norm.isf(alpha / 2) + norm.ppf(power)) * arms.error(members)
