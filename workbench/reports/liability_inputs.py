"""Of the workbook of a valuation: what it rests on, and where it came from."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from workbench.finance.accounting.policy import Assumed
from workbench.finance.accounting.valuation import Valuation
from workbench.reports.workbook import Book, Cell
from workbench.units import CENTS

__all__ = ["inputs_sheet", "provenance_sheet"]


def inputs_sheet(book: Book, valuation: Valuation) -> None:
    """The policy, key by key, each assumption with its range, source and basis; and what a point is worth."""
    close = valuation.close
    note = f"Valuation policy: {close.policy.title} ({close.policy.source})"
    sheet = book.sheet("Inputs", "Inputs 假設", note, [34, 30, 10, 10, 14, 90])
    sheet.head(["key 項目", "value 值", "low 下限", "high 上限", "basis 依據", "source 來源"])
    worth = (
        ("face value of a point 每點面額", close.worth.face),
        ("cost of a redeemed point 每點兌換成本", close.worth.cost),
    )
    for text, minor in worth:
        sheet.row([text, Cell(float(minor / CENTS), "units")])
    price = close.policy.points.stand_alone_price
    if price is None:
        sheet.row(["stand-alone price of a point 單獨售價", "face value x share expected to be redeemed, at issue"])
    for key, value in _leaves(close.policy, ""):
        if isinstance(value, Assumed):
            sheet.row(
                [
                    key,
                    *(Cell(float(each), "units") for each in (value.value, value.low, value.high)),
                    value.basis,
                    value.source,
                ]
            )
        else:
            sheet.row([key, str(value) if not isinstance(value, int) or isinstance(value, bool) else value])


def _leaves(model: BaseModel, prefix: str) -> Iterator[tuple[str, Any]]:
    """Keys and values of a policy down to its figures; an assumption is one."""
    for name, field in type(model).model_fields.items():
        value, key = getattr(model, name), f"{prefix}{field.alias or name}"
        if isinstance(value, BaseModel) and not isinstance(value, Assumed):
            yield from _leaves(value, f"{key}.")
        elif isinstance(value, tuple):
            for place, each in enumerate(value):
                inner = isinstance(each, BaseModel)
                yield from _leaves(each, f"{key}[{place}].") if inner else [(f"{key}[{place}]", each)]
        elif value is not None:
            yield key, value


def provenance_sheet(book: Book, provenance: Mapping[str, Any]) -> None:
    """Digests, seed and versions."""
    sheet = book.sheet(
        "Provenance",
        "Provenance 來源",
        "What identifies the inputs and the code: the same give the same file.",
        [34, 100],
    )
    sheet.head(["item 項目", "value 值"])
    for key, value in provenance.items():
        nested = value.items() if isinstance(value, Mapping) else [("", value)]
        for name, each in nested:
            sheet.row([f"{key}.{name}" if name else key, str(each) if not isinstance(each, int) else each])
