"""What a program file may say about stored value (prepaid balance). The code stands in ``stored_value.py``."""

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.rules.bounds import STEPS
from workbench.spec import Money, Name, PointCount, PositiveMoney, Spec, SpecError

__all__ = ["BonusLife", "StoredValue", "TopUpStep"]


class TopUpStep(Spec):
    """One rung of the ladder: what a top-up of at least ``amount`` brings besides its own value."""

    amount: PositiveMoney
    """From this amount on."""
    bonus: Money = Decimal(0)
    """Bonus value given."""
    points: PointCount | None = None
    """Points given (entry ``bonus``; they do not qualify)."""
    tier: Name | None = None
    """The tier it grants, as an invitation would."""


class BonusLife(Spec):
    """How long bonus value can be used; principal never lapses by a program's rules."""

    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Last usable day: the top-up's day plus so many days."""
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    """Last usable day: the same day so many calendar months on (clamped)."""
    round_up: Literal["month", "quarter", "half", "year"] | None = None
    """Then to the end of that calendar period."""

    @model_validator(mode="after")
    def _one_length(self) -> "BonusLife":
        if (self.days is None) == (self.months is None):
            raise SpecError((), "give either days or months")
        return self


class StoredValue(Spec):
    """Prepaid balance: principal (what was paid in) and bonus (what was given on top) are separate ledgers."""

    steps: Annotated[tuple[TopUpStep, ...], Field(max_length=STEPS)] = ()
    """The ladder, rising by amount: a top-up brings what its highest step reached brings, once."""
    minimum: PositiveMoney = Decimal("0.01")
    """Least amount of a top-up; less is refused."""
    amounts: Literal["any", "steps_only"] = "any"
    """``steps_only``: only the ladder's own amounts are taken, others refused."""
    burn: Literal["principal_first", "bonus_first", "pro_rata"] = "principal_first"
    """Which is spent first. ``pro_rata``: bonus pays floor(amount x bonus / (principal + bonus)), principal the rest. Bonus is taken soonest
    expiring first (ties: first given)."""
    bonus_expiry: BonusLife | None = None
    """Life of bonus value; left out: it never lapses."""
    earn: Literal["on_spend", "on_top_up", "on_neither"] = "on_spend"
    """``on_spend``: what is paid with stored value earns like money. ``on_top_up``: the amount paid in earns at the base rate of the tier held
    (no multipliers, no caps; it does not qualify for tiers), and what is paid with stored value earns nothing. ``on_neither``: nor does
    the top-up."""
    refund: Literal["refused", "bonus_forfeited", "bonus_kept"] = "bonus_forfeited"
    """What a cash-out of principal does (a ``cash_out`` row; its amount, all where empty): it is refused; or paid, and all bonus value then left is
    forfeited; or paid and bonus kept."""
    refund_fee: Annotated[Decimal, Field(ge=0, le=1, max_digits=5, decimal_places=4)] = Decimal(0)
    """Share of the principal cashed out that the brand keeps, rounded down to the minor unit."""
    jurisdiction: Annotated[str, Field(min_length=2, max_length=8)] = "TW"
    """Whose law the balance is held under (ISO 3166 code)."""
    breakage: Literal["not_recognised", "recognised"] = "not_recognised"
    """Whether principal that is never spent may become revenue there. Taiwan: prepaid principal may not expire."""

    @model_validator(mode="after")
    def _rising(self) -> "StoredValue":
        for k, (low, high) in enumerate(pairwise(self.steps), start=1):
            if high.amount <= low.amount:
                raise SpecError(
                    ("steps", k, "amount"), f"expected more than the step before ({low.amount})", str(high.amount)
                )
        if self.amounts == "steps_only" and not self.steps:
            raise SpecError(("amounts",), "steps_only needs steps", "steps_only")
        return self

    def discount(self, step: TopUpStep) -> Decimal:
        """The step's true discount: bonus over principal and bonus (100,000 + 5,000 is 4.76 %)."""
        return step.bonus / (step.amount + step.bonus)
