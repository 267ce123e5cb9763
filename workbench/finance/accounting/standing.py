"""The standing of every cohort at the valuation without the months before it: the same as ``close_books`` comes to, at once.

It is possible where each month of issue is a portfolio by itself and all its points were issued in that month: then refunds leave
D * (points sold that are left) / (points sold), in whatever steps they came.
"""

from fractions import Fraction

import numpy as np

from workbench.finance.accounting.close import (
    NOUGHT,
    Estimates,
    Rates,
    Standing,
    Worth,
    check_books,
    close_books,
    net_of_tax,
)
from workbench.finance.accounting.cohort import Cohort, allocate
from workbench.finance.accounting.movements import SubLedger
from workbench.finance.accounting.policy import Policy
from workbench.finance.accounting.rounding import half_up
from workbench.units import CENTS

__all__ = ["cost_of", "liability_of", "rate_of", "standing_now"]


def standing_now(
    books: SubLedger, worth: Worth, policy: Policy, rates: Rates, source: str = ""
) -> tuple[Standing, ...]:
    """Every portfolio at the end of a sub-ledger; by a full close where there is no shorter way. Raises BadInput as ``close_books``."""
    check_books(books, source)
    issued = books.sold + books.given
    at_once = not (issued - np.diag(np.diag(issued))).any() and books.deferred is None
    if policy.points.portfolio != "month" or policy.points.breakage == "remit" or not at_once:
        return close_books(books, worth, policy, rates, source).standing
    last = rates(books, books.months - 1)
    return tuple(_standing(books, worth, policy, rates, last, place) for place in range(books.months))


def _standing(books: SubLedger, worth: Worth, policy: Policy, rates: Rates, last: Estimates, place: int) -> Standing:
    sold, given = int(books.sold[place, place]), int(books.given[place, place])
    reversed_ = int(books.reversed[place].sum() + books.repaid[place].sum())
    taken = min(reversed_, sold)
    left = Fraction(sold - taken, sold) if sold else Fraction(1)
    redeemed, expired = int(books.redeemed[place].sum()), int(books.expired[place].sum())
    allocations: tuple[tuple[Fraction, Fraction], ...] = ()
    if sold:
        own = policy.points.stand_alone_price
        each = worth.face_in(place) * rates(books, place).at_issue[place] if own is None else Fraction(own) * CENTS
        allocations = ((net_of_tax(int(books.spend[place, place]), policy) * left, sold * each * left),)
    deferred = sum((allocate(price, price, right) for price, right in allocations), NOUGHT)
    cohort = Cohort(sold - taken, given - (reversed_ - taken), redeemed, expired, deferred)
    if not cohort.outstanding:
        return Standing(place, cohort.expecting(Fraction(redeemed)), NOUGHT, allocations)
    ultimate, soon = last.ultimate[place], last.soon
    cohort = cohort.expecting(ultimate)
    ahead = cohort.ultimate - cohort.redeemed
    return Standing(place, cohort, ahead if soon is None else min(soon[place], ahead), allocations)


def liability_of(standing: tuple[Standing, ...]) -> int:
    """Contract liability, printed minor units."""
    return sum(half_up(each.cohort.liability) for each in standing)


def cost_of(standing: tuple[Standing, ...], worth: Worth) -> int:
    """What redeeming all points that are expected to be redeemed will cost, printed minor units: the view of management."""
    return half_up(
        sum((each.cohort.ultimate - each.cohort.redeemed for each in standing if each.cohort.outstanding), NOUGHT)
        * worth.cost
    )


def rate_of(standing: tuple[Standing, ...]) -> float | None:
    """Expected ultimate redemption over points issued."""
    issued = sum(each.cohort.issued for each in standing)
    return float(sum((each.cohort.ultimate for each in standing), NOUGHT) / issued) if issued else None
