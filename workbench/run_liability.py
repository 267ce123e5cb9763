"""Floor 5: a program's world valued: its sub-ledger, and what its points are worth."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from workbench.errors import BadInput, Problem
from workbench.finance.accounting.close import Worth
from workbench.finance.accounting.movements import SubLedger
from workbench.finance.accounting.policy import Policy
from workbench.finance.accounting.rates import PolicyRates
from workbench.finance.accounting.rounding import half_up
from workbench.finance.accounting.sources import of_panel
from workbench.finance.accounting.standing import cost_of, rate_of, standing_now
from workbench.finance.world import WorldPanel
from workbench.program.spec import Program
from workbench.program.versions import in_force_on
from workbench.program.worth import cost_by_rule, face_value_per_point, given_without_sale, last_ages
from workbench.rules.expiry import Conversion
from workbench.units import CENTS, to_minor

__all__ = ["LiabilityFigures", "books_of_panel", "liability_figures", "worth_of"]


def books_of_panel(panel: WorldPanel, rules: tuple[str, ...], program: Program) -> SubLedger:
    """The sub-ledger of a program's world."""
    frame = panel.frame
    ages = last_ages(program, frame.first_month, frame.months)
    return of_panel(panel, rules, given_without_sale(program), program.currency, ages)


def worth_of(program: Program | None, policy: Policy, ledger: SubLedger, source: str = "") -> Worth:
    """What a point is worth: by the policy, or else by the program; of one that changes on a date by the rules then in force (at the first of each
    month; at the end of the sub-ledger for what is outstanding). The cost is the average of what was redeemed, the dearest reward's where nothing was,
    and the face value where rewards have no cost. Raises BadInput where neither says."""
    points = policy.points
    faces: tuple[Fraction, ...] = ()
    if program is not None and program.versions:
        first = [_first_day(ledger.first_month + place) for place in range(ledger.months + 1)]
        if points.face_value is None:
            by_month = [_face(in_force_on(program, each)) for each in first[:-1]]
            faces = tuple(each or Fraction(0) for each in by_month)
        program = in_force_on(program, first[-1] - timedelta(days=1))
    face = _minor(points.face_value) if points.face_value is not None else _face(program)
    if face is None:
        message = "missing: points buy nothing, or no program is named; expected the value of a point in the policy"
        raise BadInput(Problem("points.face_value", message), source)
    if points.cost_per_point is not None:
        return Worth(face, _minor(points.cost_per_point), faces)
    costs = cost_by_rule(program) if program else {}
    redeemed = {name: int(moved.sum()) for name, moved in ledger.rewards.items() if name in costs}
    total = sum(redeemed.values())
    if total > 0:
        return Worth(face, sum((costs[name] * count for name, count in redeemed.items()), Fraction(0)) / total, faces)
    return Worth(face, max(costs.values(), default=face), faces)


def _face(program: Program | None) -> Fraction | None:
    """Of a program: what points buy, or else what they are converted into."""
    if program is None:
        return None
    face, expiry = face_value_per_point(program), program.expiry
    return Fraction(to_minor(expiry.voucher), expiry.block) if face is None and isinstance(expiry, Conversion) else face


def _first_day(month: int) -> date:
    """Of a month since January 1970."""
    return date(1970 + month // 12, month % 12 + 1, 1)


def _minor(major: Decimal) -> Fraction:
    return Fraction(major) * CENTS


@dataclass(frozen=True)
class LiabilityFigures:
    """What the document of a run says of the liability at its end; money printed, in minor units."""

    contract: int
    current: int
    cost_basis: int
    rate: float | None
    source: str
    """Where the redemption rate came from: a method, or the policy's assumption."""


def liability_figures(
    panel: WorldPanel, rules: tuple[str, ...], program: Program, policy: Policy, dearer: Fraction = Fraction(1)
) -> LiabilityFigures:
    """The figures of a program's world at its end. ``dearer``: how many times as much as the program says a redemption costs then. Raises BadInput
    where points buy nothing, or their redemption cannot be estimated."""
    ledger = books_of_panel(panel, rules, program)
    worth, rates = worth_of(program, policy, ledger, program.title), PolicyRates(ledger, policy)
    worth = worth._replace(cost=worth.cost * dearer)
    standing = standing_now(ledger, worth, policy, rates, program.title)
    owed = [half_up(each.cohort.liability) for each in standing]
    current = sum(min(half_up(each.current), most) for each, most in zip(standing, owed, strict=True))
    source = rates(ledger, ledger.months - 1).source
    return LiabilityFigures(sum(owed), current, cost_of(standing, worth), rate_of(standing), source)
