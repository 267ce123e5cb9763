"""Chain ladder: each cohort goes on by the factors by which older ones did, with Mack's standard error.

Mack (1993), Distribution-free calculation of the standard error of chain ladder reserve estimates, ASTIN Bulletin 23(2): factors are
weighted by volume, sigma is estimated from their spread, and the last sigma is interpolated as he proposes.
It knows nothing of the points issued, so it may expect more than there are; it is here as a diagnostic.
"""

from dataclasses import dataclass

import numpy as np

from workbench.finance.redemption_rates.estimate import Ultimates
from workbench.finance.redemption_rates.hazard import extended_hazards, pooled_survival
from workbench.finance.redemption_rates.tail import Tail, TailMethod
from workbench.finance.triangle import Floats, Triangle

__all__ = ["Development", "chain_ladder", "development", "mack_errors"]


@dataclass(frozen=True)
class Development:
    """How cumulative redemption develops with age, from all cohorts together."""

    factors: Floats
    """float64[ages - 1]: from each age to the next; inf from nothing to something, nan where nothing can be told."""
    share: Floats
    """float64[ages and tail]: cumulative share of the ultimate at each age: the pattern."""
    tail: Tail
    warnings: tuple[str, ...]


def development(triangle: Triangle, tail: TailMethod | None = None) -> Development:
    """Volume-weighted factors and the pattern they make. The tail is that of the hazard, as a factor: the share redeemed by the end over
    that redeemed by the last age."""
    c = triangle.cumulative.astype(np.float64)
    both = triangle.observed[:, 1:]
    upper, lower = np.where(both, c[:, 1:], 0).sum(axis=0), np.where(both, c[:, :-1], 0).sum(axis=0)
    factors = np.divide(upper, lower, out=np.where(upper > 0, np.inf, np.nan), where=lower > 0)
    h, shape, warnings = extended_hazards(triangle, tail)
    gone = 1.0 - pooled_survival(h)[triangle.ages - 1 :]
    beyond = gone / gone[-1] if gone[-1] > 0 else np.ones_like(gone)
    known = np.where(np.isnan(factors), 1.0, factors)
    ahead = np.append(np.cumprod(known[::-1])[::-1], 1.0)
    share = np.concatenate((beyond[0] / ahead, beyond[1:]))
    silent = int(np.isnan(factors).sum())
    if silent:
        warnings = [
            *warnings,
            f"{silent} ages have no redemption before them: no factor can be read there, and 1 is taken",
        ]
    return Development(factors, share, shape, tuple(warnings))


def chain_ladder(triangle: Triangle, tail: TailMethod | None = None) -> Ultimates:
    """Ultimates by development factors; nan where a cohort has redeemed nothing yet and others later did."""
    found = development(triangle, tail)
    latest = triangle.latest
    redeemed = triangle.redeemed_to_date.astype(np.float64)
    base = found.share[latest]
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead = (redeemed / base)[:, None] * found.share
    seen = np.arange(len(found.share)) <= latest[:, None]
    past = np.pad(triangle.cumulative, ((0, 0), (0, len(found.share) - triangle.ages)))
    course = np.where(seen, past, ahead)
    errors, total = mack_errors(triangle, found.factors, course[:, triangle.ages - 1])
    warnings = list(found.warnings)
    lost = int(np.isnan(course[:, -1]).sum())
    if lost:
        warnings.append(f"{lost} cohorts have redeemed nothing yet, so nothing can be developed")
    note = "standard errors are Mack's (1993), without the tail; on redemption triangles they are too small (docs/redemption.md)"
    return Ultimates(
        triangle, "chain_ladder", course, found.tail, errors=errors, total_error=total,
        notes=(f"tail: {found.tail}", note), warnings=tuple(warnings),
    )  # fmt: skip


def mack_errors(triangle: Triangle, factors: Floats, ultimates: Floats) -> tuple[Floats | None, float | None]:
    """Mack's standard errors of the ultimates at the last age, by cohort and in all; None where the triangle is too small for them, or
    holds a factor of nothing."""
    if not np.isfinite(factors).all() or (factors <= 0).any():
        return None, None
    sigma_2 = _sigma_squared(triangle, factors)
    if sigma_2 is None:
        return None, None
    c = triangle.cumulative.astype(np.float64)
    volume = np.where(triangle.observed[:, 1:], c[:, :-1], 0).sum(axis=0)
    ratio = sigma_2 / factors**2
    ages, latest = np.arange(triangle.ages - 1), triangle.latest
    ahead = ages >= latest[:, None]
    # what each cohort is expected to have redeemed by each age
    course = (
        c[np.arange(len(c)), latest][:, None]
        * np.cumprod(np.where(ahead, factors, 1.0), axis=1)
        / np.where(ahead, factors, 1.0)
    )
    own = np.divide(ratio, course, out=np.zeros_like(course), where=ahead & (course > 0)).sum(axis=1)
    shared = np.where(ahead, np.divide(ratio, volume, out=np.zeros_like(ratio), where=volume > 0), 0.0)
    estimation = shared.sum(axis=1)
    by_cohort = ultimates**2 * (own + estimation)
    # two cohorts share the estimation error of the ages that both have ahead of them: those of the older one
    common = np.minimum.outer(estimation, estimation)
    covariance = np.outer(ultimates, ultimates) * common
    total = by_cohort.sum() + covariance.sum() - np.diag(covariance).sum()
    if not np.isfinite(total):
        return None, None
    return np.sqrt(by_cohort), float(np.sqrt(total))


def _sigma_squared(triangle: Triangle, factors: Floats) -> Floats | None:
    """Mack's sigma squared by age; where a single cohort gives the factor, min(s2[k-1]**2 / s2[k-2], s2[k-2], s2[k-1])."""
    c = triangle.cumulative.astype(np.float64)
    both = triangle.observed[:, 1:] & (c[:, :-1] > 0)
    single = np.divide(c[:, 1:], c[:, :-1], out=np.zeros_like(c[:, 1:]), where=c[:, :-1] > 0)
    pairs = both.sum(axis=0)
    spread = np.where(both, c[:, :-1] * (single - factors) ** 2, 0.0).sum(axis=0)
    found = np.divide(spread, pairs - 1.0, out=np.full(len(pairs), np.nan), where=pairs > 1)
    for age in np.flatnonzero(np.isnan(found)):
        if age < 2 or np.isnan(found[age - 1]) or np.isnan(found[age - 2]):
            return None
        a, b = found[age - 2], found[age - 1]
        found[age] = min(b**2 / a if a > 0 else 0.0, a, b)
    return found
