"""What is owed, in a notebook: a liability with its bounds, month by month, and how it came there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from apps.charts.bars import Step, waterfall
from apps.charts.lines import Band, Line, lines_by_month
from apps.charts.style import Look
from apps.language import AppLanguage
from apps.notebook_results import chosen, stated
from apps.notebook_table import Table
from apps.run_charts import money_unit
from workbench.finance.accounting.movements import month_name
from workbench.finance.accounting.valuation import Valuation
from workbench.liability_document import BASIS, liability_document
from workbench.liability_path import Bounds, Path
from workbench.units import CENTS

__all__ = ["Liability"]

OWED = ("path", "roll_forward")


@dataclass(frozen=True)
class Liability:
    """What members are owed at a month's end, as it goes into the books, and how it came there."""

    valuation: Valuation
    path: Path
    bounds: Mapping[int, Bounds]
    """By place of the month: between what its liability may lie."""
    name: str
    provenance: Mapping[str, Any]
    say: AppLanguage

    @cached_property
    def document(self) -> dict[str, Any]:
        """Everything that ``loyalty liability --json`` prints, money in major units."""
        return liability_document(self.valuation, self.name, self.provenance)

    @property
    def note(self) -> str:
        """Estimate or projection, and what the bounds are."""
        _ = self.say._
        bounds = _(
            "Bounds of an estimate: 5% and 95% over draws of the members; of an assumption: its low and its high end, which is no probability."
        )
        return self.say.joined(stated(BASIS[self.valuation.close.books.basis], self.say), bounds)

    @cached_property
    def figures(self) -> Table:
        """The figures at the valuation."""
        _, document = self.say._, self.document
        currency = document["currency"] or ""
        levels = [name for name in document if name[0] == "p" and name[1:].isdigit()]
        rate = self.valuation.rate
        rows = [
            (_("Contract liability"), document["liability"], currency),
            *((_("at most, with {level}% confidence", level=name[1:]), document[name], currency) for name in levels),
            (_("current"), document["current"], currency),
            (_("non-current"), document["non_current"], currency),
            (_("Points given without a sale, at cost"), document["provision"], currency),
            (_("Points outstanding"), document["outstanding_points"], _("points")),
            (_("at face value"), document["face_value"], currency),
            (_("Expected to be redeemed, of points issued"), None if rate is None else 100 * rate, "%"),
        ]
        head = _("{name}: liability at {date}", name=self.name, date=document["valuation"])
        heads = (_("Figure"), _("Value"), _("Unit"))
        return Table(head, ("figure", "value", "unit"), ("", "", ""), tuple(rows), self.note, heads)

    @cached_property
    def by_month(self) -> Table:
        """The liability at the end of each month, between what it may lie, and where the month's estimate came from."""
        _ = self.say._
        currency = self.document["currency"] or ""
        rows = []
        for place in range(self.path.months):
            bounds = self.bounds.get(place)
            ends = (None, None) if bounds is None else (bounds.low / CENTS, bounds.high / CENTS)
            month = month_name(self.path.first_month + place)
            rows.append((month, int(self.path.liability[place]) / CENTS, *ends, self.path.sources[place]))
        columns = ("month", "liability", "low", "high", "source")
        heads = (_("Month"), _("Liability"), _("From"), _("To"), _("Redemption by"))
        units = ("", currency, currency, currency, "")
        return Table(_("Liability by month"), columns, units, tuple(rows), self.note, heads)

    @cached_property
    def roll_forward(self) -> Table:
        """From the opening to the closing of the year to the valuation (IFRS 15.118). Amounts are signed, and foot."""
        _ = self.say._
        rows = tuple((step.name, step.amount) for step in self._steps())
        head = _("Roll-forward, {n} months to {date}", n=str(self.document["disclosure"]["months"]), date=self.document["valuation"])  # fmt: skip
        return Table(
            head,
            ("movement", "amount"),
            ("", self.document["currency"] or ""),
            rows,
            self.note,
            (_("Movement"), _("Amount")),
        )

    def _steps(self) -> list[Step]:
        _, moved = self.say._, self.document["disclosure"]["movements"]
        back = moved["reversed"] + moved["repaid"] + moved["remitted"]
        return [
            Step(_("Opening"), moved["opening"], total=True), Step(_("Deferred on sales"), moved["deferred"]),
            Step(_("Points taken back"), -back), Step(_("Redeemed: revenue"), -moved["redeemed"]),
            Step(_("Lapsed: revenue"), -moved["expiry"]), Step(_("Change of estimate: revenue"), -moved["reestimate"]),
            Step(_("Closing"), moved["closing"], total=True),
        ]  # fmt: skip

    def plot(self, kind: str = "path", dark: bool = False, height: int = 320, width: int | None = None) -> Any:
        """A chart (HoloViews): path (by month, with its bounds) or roll_forward."""
        look = Look(self.say, dark, height, width)
        unit = money_unit(self.document["currency"] or "", self.say, self.say._("Contract liability"))
        if chosen(OWED, kind) == "roll_forward":
            return waterfall(self._steps(), unit, look)
        months = [date(1970 + month // 12, month % 12 + 1, 1) for month in self.path.first_month + np.arange(self.path.months)]  # fmt: skip
        line = Line(self.say._("Contract liability"), (self.path.liability / CENTS).tolist(), *self._ends("estimate"))
        low, high = self._ends("assumption")
        ranges = [Band(self.say._("Range of the assumption"), low, high)] if any(each == each for each in low) else []
        return lines_by_month(months, [line], unit, look, bands=ranges)

    def _ends(self, kind: str) -> tuple[list[float], list[float]]:
        """Low and high ends of the months whose bounds are of a kind, NaN elsewhere."""
        found = [self.bounds.get(place) for place in range(self.path.months)]
        wanted = [None if each is None or each.kind != kind else each for each in found]
        nan = float("nan")
        return (
            [nan if each is None else each.low / CENTS for each in wanted],
            [nan if each is None else each.high / CENTS for each in wanted],
        )

    def __repr__(self) -> str:
        return repr(self.figures)

    def _repr_html_(self) -> str:
        return self.figures._repr_html_()
