"""What a program file may say about paid membership. The code stands in ``plans.py``."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.rules.price_spec import Share
from workbench.spec import Money, Name, PositiveMoney, Spec, SpecError

__all__ = ["Plan", "Rebate"]


class Rebate(Spec):
    """A share of the term's eligible spend given back when the term ends."""

    share: Share
    """0.02 is 2 per cent."""
    cap: PositiveMoney | None = None
    """At most so much a term."""
    categories: tuple[Name, ...] = ()
    """Only lines of these categories; none: all."""
    paid: Literal["at_renewal", "at_term_end"] = "at_term_end"
    """``at_renewal``: only who renews gets it."""


class Plan(Spec):
    """A paid membership: a fee for a term, and what it brings (member prices and coupons name plans; a tier may come with it)."""

    name: Name
    """Named in ``fee`` rows and in the ledger: ``plans.NAME``."""
    title: str = ""
    """Shown to people; left out: the name."""
    fee: PositiveMoney
    """For one term."""
    term_months: Annotated[int, Field(ge=1, le=120)] = 12
    """The term: from its first day d to the day before d plus so many calendar months."""
    required: bool = False
    """Whether membership itself needs it: everybody who joins takes it on joining (of several, the first that is required). A member whose plan has ended earns
    nothing until it is taken again."""
    auto_renews: bool = True
    """The next term begins by itself the day after the last one, until it is cancelled; false: only with a ``fee`` row."""
    refund: Literal["none", "full", "pro_rata"] = "none"
    """On cancelling (a ``cancel`` row) within the term: nothing (the term runs on and is not renewed); the whole fee; floor(fee x days left after
    today / days of the term). With a refund the plan ends with the day, and no rebate is paid."""
    refund_within_days: Annotated[int, Field(ge=0, le=3660)] | None = None
    """A refund only within so many days of the term's first day; later, ``none``."""
    tier: Name | None = None
    """The tier it grants, as an invitation would, at the start of each term."""
    rebate: Rebate | None = None
    """What comes back."""
    serving_cost: Money = Decimal(0)
    """What serving one member costs the brand for a term, beyond rebate, prices and coupons."""

    @model_validator(mode="after")
    def _refund(self) -> "Plan":
        if self.refund_within_days is not None and self.refund == "none":
            raise SpecError(("refund_within_days",), "belongs to a refund", self.refund_within_days)
        return self

    @property
    def break_even_spend(self) -> Decimal | None:
        """Eligible spend a term from which the rebate pays the fee; None where it never does."""
        if self.rebate is None or (self.rebate.cap is not None and self.rebate.cap < self.fee):
            return None
        return self.fee / self.rebate.share
