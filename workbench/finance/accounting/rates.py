"""What is expected of each month of issue at each close: an estimator on what was known then, the policy's assumption while too little
is, or what was given with the data.
"""

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.finance.accounting.close import Estimates
from workbench.finance.accounting.movements import SubLedger
from workbench.finance.accounting.policy import Policy
from workbench.finance.redemption_rates import ultimate
from workbench.finance.triangle import Triangle

__all__ = ["PolicyRates", "triangle_of"]

STEP = 10_000
"""Estimates are used to 1/10,000 point, so that they can be written down exactly, and re-performed from what is written."""


def triangle_of(books: SubLedger, months: int | None = None) -> Triangle:
    """The triangle of a sub-ledger, as it stood after so many months (all, unless given)."""
    size = books.months
    cohort, month = np.nonzero(np.triu(np.ones((size, size), dtype=bool)))
    flows = {
        "earned": books.sold + books.given,
        "redeemed": books.redeemed,
        "expired": books.expired,
        "reversed": books.reversed + books.repaid,
    }
    tables: dict[str, Any] = {name: np.zeros((size, size), dtype=np.int64) for name in flows}
    for name, table in flows.items():
        tables[name][cohort, month - cohort] = table[cohort, month]
    whole = Triangle(
        books.first_month, books.first_month + size - 1, **tables, last_age=books.last_age,
        debt=int(books.owed.sum()), basis=books.basis, currency=books.currency,
    )  # fmt: skip
    return whole if months in (None, size) else whole.at(books.first_month + months - 1)


class PolicyRates:
    """``Rates`` by a policy."""

    def __init__(self, books: SubLedger, policy: Policy, method: str | None = None) -> None:
        """method: another than the policy's."""
        self.policy, self.method = policy, method or policy.points.estimator
        self.assumed = Fraction(policy.points.initial_rate.value)
        self.triangle = triangle_of(books)
        self.issued_from = int(np.argmax((books.sold + books.given).any(axis=0)))
        """The month of the first issue: history begins there."""

    def __call__(self, books: SubLedger, month: int) -> Estimates:
        """At the end of a month, by its place."""
        size = month + 1
        used = books.redeemed[:size, :size].sum(axis=1)
        issued = (books.sold + books.given - books.reversed - books.repaid)[:size, :size].sum(axis=1)
        most = issued - books.expired[:size, :size].sum(axis=1)
        most = np.maximum(most, used)
        assumed = [self.assumed] * size
        if self.policy.points.breakage != "proportional":
            return Estimates(
                [Fraction(int(each)) for each in most], None, assumed, f"breakage {self.policy.points.breakage}"
            )
        if books.ultimates:
            return Estimates(self._given(books, size, issued, used, most), None, assumed, "given")
        if size - self.issued_from < self.policy.points.history_months:
            return Estimates(_within(self._promised(issued), used, most), None, assumed, "assumption")
        return self._estimated(month, issued, used, most)[0]

    def by_estimator(self, month: int) -> tuple[Estimates, tuple[str, ...]]:
        """At the end of a month by the estimator, however little history there is; and its warnings."""
        size = month + 1
        known = self.triangle.at(self.triangle.first_month + month)
        used = known.redeemed_to_date
        return self._estimated(month, known.issued, used, np.maximum(known.issued - known.expired_to_date, used)[:size])

    def _promised(self, issued: npt.NDArray[np.int64]) -> list[Fraction]:
        return [self.assumed * int(each) for each in issued]

    def _given(
        self,
        books: SubLedger,
        size: int,
        issued: npt.NDArray[np.int64],
        used: npt.NDArray[np.int64],
        most: npt.NDArray[np.int64],
    ) -> list[Fraction]:
        """The latest estimate given for each month of issue; the policy's assumption before the first."""
        found = self._promised(issued)
        for (cohort, _), each in sorted(item for item in books.ultimates.items() if item[0][1] < size):
            found[cohort] = each
        return _within(found, used, most)

    def _estimated(
        self, month: int, issued: npt.NDArray[np.int64], used: npt.NDArray[np.int64], most: npt.NDArray[np.int64]
    ) -> tuple[Estimates, tuple[str, ...]]:
        """By the estimator, and its warnings. Where it has nothing to say of a month of issue, or expects nothing of it ever to be redeemed
        (then nothing has been, and the deferral is owed whole until points are redeemed or lapse), the policy's assumption stands."""
        rate = float(self.assumed) if self.method == "bornhuetter_ferguson" else None
        found = ultimate(self.triangle.at(self.triangle.first_month + month), self.method, a_priori=rate)
        promised = self._promised(issued)
        points = [
            _stepped(each) if np.isfinite(each) and _stepped(each) > 0 else promised[place]
            for place, each in enumerate(found.points.tolist())
        ]
        points = _within(points, used, most)
        soon = [
            max(_stepped(each), Fraction(0)) if np.isfinite(each) else points[place] - int(used[place])
            for place, each in enumerate(found.within(self.policy.current_months).tolist())
        ]
        at_issue = [self.assumed] * (month + 1)
        if self.policy.points.initial_from == "estimate":
            at_issue = [
                points[place] / int(each) if each > 0 and points[place] else self.assumed
                for place, each in enumerate(issued)
            ]
        return Estimates(points, soon, at_issue, self.method), found.warnings


def _stepped(value: float) -> Fraction:
    return Fraction(round(value * STEP), STEP)


def _within(values: list[Fraction], low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> list[Fraction]:
    return [
        max(min(value, Fraction(int(most))), Fraction(int(least)))
        for value, least, most in zip(values, low, high, strict=True)
    ]
