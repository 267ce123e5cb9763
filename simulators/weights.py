"""Weights for drawing members again: what ``workbench.finance``, which draws nothing, is given."""

import numpy as np

from workbench.finance.triangle import Floats
from workbench.population.random import derive, derive_many, open_unit_many, seed_key

__all__ = ["member_weights"]

WEIGHTS = -1
"""The branch of a seed's keys that no member's draws are on."""


def member_weights(seed: int, draws: int, members: int) -> Floats:
    """float64[draws, members]: standard exponentials over their mean, the weights of the Bayesian bootstrap (Rubin 1981); the same for the
    same seed, and those of a draw whatever the number of draws."""
    keys = derive_many(derive(seed_key(seed), WEIGHTS), np.arange(draws))
    uniforms = open_unit_many(derive_many(keys[:, None], np.arange(members)[None, :]))
    weights: Floats = -np.log(uniforms)
    return weights / weights.mean(axis=1, keepdims=True)
