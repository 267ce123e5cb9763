"""Stored value: ladders above the margin, out of order or out of reach; bonus that lapses too soon; points to keep after a cash-out."""

from collections.abc import Iterator
from itertools import pairwise

from workbench.lint.finding import ERROR, WARNING, Finding, amount, percent
from workbench.lint.subject import A_LIFETIME, Subject
from workbench.rules.stored_value_spec import StoredValue

__all__ = ["CODES", "findings"]

CODES = (
    "ladder-above-margin", "ladder-out-of-order", "ladder-out-of-reach", "bonus-lapses-before-spent", "points-after-cash-out",
    "breakage-not-allowed",
)  # fmt: skip
NO_BREAKAGE = {"TW": "Taiwan", "CN": "mainland China"}
"""Where prepaid principal stays the customer's: Taiwan's mandatory provisions for gift vouchers (no last day); mainland China's rules for single-purpose
prepaid cards (registered cards have no last day). Others are not judged."""


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    stored = subject.program.stored_value
    if stored is None:
        return
    yield from above_margin(subject, stored)
    yield from out_of_order(stored)
    yield from out_of_reach(subject, stored)
    yield from lapses_before_spent(subject, stored)
    yield from points_after_cash_out(stored)
    place = NO_BREAKAGE.get(stored.jurisdiction)
    if place is not None and stored.breakage == "recognised":
        message = (
            f"principal that is never spent may not become revenue in {place}: prepaid value has no last day there"
        )
        yield Finding("breakage-not-allowed", ERROR, "stored_value.breakage", message)


def above_margin(subject: Subject, stored: StoredValue) -> Iterator[Finding]:
    """A step whose last part, from the step below on, is given away at more than the margin."""
    margin = subject.population.gross_margin
    before_amount, before_bonus = 0.0, 0.0
    for k, step in enumerate(stored.steps):
        paid, given = float(step.amount) - before_amount, float(step.bonus) - before_bonus
        marginal = given / (paid + given) if given > 0 else 0.0
        if marginal > margin:
            message = (
                f"from {amount(before_amount)} to {amount(float(step.amount))} the ladder gives {amount(given)} for {amount(paid)}, a true "
                f"discount of {percent(marginal)}; the gross margin is {percent(margin)}"
            )
            numbers = {
                "marginal_pct": 100 * marginal,
                "true_discount_pct": 100 * float(stored.discount(step)),
                "gross_margin_pct": 100 * margin,
            }
            yield Finding("ladder-above-margin", WARNING, f"stored_value.steps[{k}]", message, numbers)
        before_amount, before_bonus = float(step.amount), float(step.bonus)


def out_of_order(stored: StoredValue) -> Iterator[Finding]:
    """A higher step that is a worse bargain than the one below."""
    for k, (low, high) in enumerate(pairwise(stored.steps), start=1):
        below, above = float(stored.discount(low)), float(stored.discount(high))
        if above < below:
            message = f"paying in {amount(float(high.amount))} saves {percent(above)}, {amount(float(low.amount))} saves {percent(below)}"
            numbers = {"below_pct": 100 * below, "above_pct": 100 * above}
            yield Finding("ladder-out-of-order", WARNING, f"stored_value.steps[{k}]", message, numbers)


def out_of_reach(subject: Subject, stored: StoredValue) -> Iterator[Finding]:
    """A step that nobody spends in ten years."""
    largest = subject.people.largest_spend(A_LIFETIME) if stored.steps else 0.0
    for k, step in enumerate(stored.steps):
        if float(step.amount) > largest:
            message = f"paying in {amount(float(step.amount))} is more than what the largest member spends in ten years, {amount(largest)}"
            numbers = {"amount": float(step.amount), "largest_spend": largest}
            yield Finding("ladder-out-of-reach", WARNING, f"stored_value.steps[{k}]", message, numbers)


def lapses_before_spent(subject: Subject, stored: StoredValue) -> Iterator[Finding]:
    """Bonus that lapses before a typical member has spent the principal it comes with."""
    life = stored.bonus_expiry
    if life is None or stored.burn == "bonus_first":
        return
    months = life.months if life.months is not None else (life.days or 0) * 12 / 365.25
    a_month = subject.people.rate * subject.people.mean_order / 12
    for k, step in enumerate(stored.steps):
        needed = float(step.amount) / a_month
        if step.bonus and needed > months:
            message = (
                f"a member with the mean rate needs {amount(needed)} months to spend {amount(float(step.amount))}; the bonus lapses after "
                f"{amount(float(months))}"
            )
            numbers = {"months_needed": needed, "months": float(months)}
            yield Finding("bonus-lapses-before-spent", WARNING, f"stored_value.steps[{k}]", message, numbers)
            return


def points_after_cash_out(stored: StoredValue) -> Iterator[Finding]:
    """Points for paying in that stay when the principal is paid out again."""
    if stored.refund == "refused":
        return
    places = [f"stored_value.steps[{k}].points" for k, step in enumerate(stored.steps) if step.points]
    if stored.earn == "on_top_up":
        places.append("stored_value.earn")
    for place in places:
        fee = float(stored.refund_fee)
        message = (
            "points given for a top-up stay when the principal is paid out again"
            + (f", at a fee of {percent(fee)}" if fee else ", at no fee")
            + ": paying in and out makes points without a sale"
        )
        yield Finding("points-after-cash-out", WARNING, place, message, {"fee_pct": 100 * fee})
