"""How many points will ever be redeemed: estimators of ultimate redemption from a triangle.

methods.py      ``ultimate`` and ``expected_redemptions``: every method by its name
estimate.py     what a method gives (``Ultimates``)
hazard.py       redemption by age among points not yet redeemed (points-level Kaplan-Meier): the default
chain_ladder.py development factors, Mack's standard error
a_priori.py     Bornhuetter-Ferguson, Cape Cod, additive: a rate on what is not yet developed
tail.py         redemption beyond the last age seen
bootstrap.py    intervals: members drawn again
diagnostics.py  what was expected of past months against what happened
"""

from workbench.finance.redemption_rates.estimate import Ultimates, ultimates_of_run_off
from workbench.finance.redemption_rates.methods import ESTIMATORS, METHODS, Method, expected_redemptions, ultimate
from workbench.finance.redemption_rates.tail import Tail, TailMethod

__all__ = [
    "ESTIMATORS", "METHODS", "Method", "Tail", "TailMethod", "Ultimates",
    "expected_redemptions", "ultimate", "ultimates_of_run_off",
]  # fmt: skip
