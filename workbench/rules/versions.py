"""Versions of a program: what its terms are called across them."""

from workbench.units import rule

__all__ = ["lowest_tier", "rank_of"]


@rule
def rank_of(terms, tier):
    """Place of a tier among those of all versions of the program; -1 for none."""
    return terms.tier_rank[tier] if tier >= 0 else -1


@rule
def lowest_tier(terms):
    """Place of the tier that members begin in; -1 where there are no tiers."""
    return terms.tier_rank[0] if terms.tiers.count > 0 else -1
