"""Floor 0: the base of every file format of the workbench, and the field types they share."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from workbench.units import CENTS, MAX_MONEY, MAX_POINTS, to_minor

__all__ = ["DateSpan", "Factor", "Money", "MonthDay", "Name", "PointCount", "PositiveMoney", "Spec", "SpecError"]


class Spec(BaseModel):
    """Frozen data read from a file: unknown keys are refused, and every field documents itself into the JSON Schema."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SpecError(ValueError):
    """A rule of the file format that spans several fields; carries the place, so that every error can name it."""

    def __init__(
        self,
        path: tuple[str | int, ...],
        message: str,
        value: object = None,
        suggestion: str | None = None,
        others: "tuple[SpecError, ...]" = (),
    ) -> None:
        super().__init__(message)
        self.path, self.message, self.value, self.suggestion = path, message, value, suggestion
        self.others = others
        """Further problems found together with this one."""


def _whole_minor_units(value: Decimal) -> Decimal:
    to_minor(value)
    return value


Money = Annotated[Decimal, Field(ge=0, le=Decimal(MAX_MONEY) / CENTS), AfterValidator(_whole_minor_units)]
"""An amount in major units of the program's currency, at most two decimals."""

PositiveMoney = Annotated[Decimal, Field(gt=0, le=Decimal(MAX_MONEY) / CENTS), AfterValidator(_whole_minor_units)]
"""An amount above 0."""

PointCount = Annotated[int, Field(ge=1, le=MAX_POINTS)]
"""A positive whole number of points."""

Factor = Annotated[Decimal, Field(ge=0, le=1000, max_digits=7, decimal_places=3)]
"""A multiplier with at most three decimals."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\s=+@,;:][^,;:\n\r\t]*$")]
"""A name that is safe in a CSV cell and in a path of the ledger's ``rule`` column."""


def _month_day(value: str) -> str:
    date.fromisoformat(f"2024-{value}")
    return value


MonthDay = Annotated[str, StringConstraints(pattern=r"^\d\d-\d\d$"), AfterValidator(_month_day)]
"""A day of every year, ``MM-DD``; ``02-29`` is 28 February in common years."""


class DateSpan(Spec):
    """From a first to a last day, both included."""

    first: date
    """First day."""
    last: date
    """Last day."""
