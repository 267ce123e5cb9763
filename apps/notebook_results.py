"""What the notebook's functions return: a program lived, programs compared. Small objects with tables and charts.

Each says whose projection it is (``note``), shows itself in a notebook, and draws itself (``plot``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from apps.charts.bars import intervals
from apps.charts.lines import Line, lines_by_month
from apps.charts.style import Look, Unit
from apps.language import AppLanguage
from apps.notebook_table import Table
from apps.run_charts import (
    CHARTS,
    difference_rows,
    worth_groups,
)
from workbench.errors import BadInput, Problem, nearest
from workbench.run_document import PROJECTION, run_document
from workbench.run_tables import TABLES, run_tables
from workbench.scenario import Comparison, Run

__all__ = ["Compared", "Lived", "chosen", "projection_note", "stated"]


def chosen(kinds: Sequence[str], kind: str) -> str:
    """A kind of chart or table. Raises BadInput for one that there is not."""
    if kind not in kinds:
        raise BadInput(Problem("kind", f"expected one of: {', '.join(kinds)}", kind, nearest(kind, list(kinds))))
    return kind


def projection_note(say: AppLanguage) -> str:
    """Whose projection figures are: none is shown without it."""
    interval = say._("95% intervals: the luck of having drawn these members, and nothing else.")
    return say.joined(stated(PROJECTION, say), interval)


def stated(kind: str, say: AppLanguage) -> str:
    """``PROJECTION: synthetic members ...`` in the reader's language."""
    word, _sep, rest = kind.partition(": ")
    return f"{say._(word)}{'：' if say.chinese else ': '}{say._(rest[0].upper() + rest[1:] + '.')}"


UNITS = {
    "points": "points", "opening": "points", "earned": "points", "redeemed": "points", "expired": "points", "reversed": "points",
    "closing": "points", "members": "members", "purchases": "purchases", "days": "days", "share": "", "months": "months",
}  # fmt: skip


# --- one program -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Lived:
    """A program lived by a population, beside the same members without it (or under another program)."""

    run: Run
    """With everything: panels, pairs, and the entries of up to 50,000 members."""
    say: AppLanguage

    @cached_property
    def document(self) -> dict[str, Any]:
        """Everything that ``loyalty run --json`` prints, money in major units."""
        return run_document(self.run)

    @cached_property
    def _tables(self) -> dict[str, pa.Table]:
        return run_tables(self.run, self.document)

    @property
    def note(self) -> str:
        """Whose projection the figures are."""
        return projection_note(self.say)

    @property
    def warnings(self) -> list[str]:
        """What is implausible about the run."""
        return list(self.document["warnings"])

    @cached_property
    def figures(self) -> Table:
        """The figures one asks for first, each with its unit and, where it has one, its 95 % interval."""
        scenario = self.run.scenario
        title = scenario.program.title_zh if self.say.chinese and scenario.program.title_zh else scenario.program.title
        head = self.say._(
            "{program}: {members} members, {start} to {end}", program=title, members=self.say.number(scenario.members),
            start=scenario.start.isoformat(), end=scenario.end.isoformat(),
        )  # fmt: skip
        return _figures(head, self.document, self.say)

    def table(self, name: str) -> Table:
        """A table of the run by its name, as docs/run_folder.md describes it. Raises BadInput for a name that there is not."""
        table = self._tables[chosen(TABLES, name)]
        currency = self.document["currency"]
        units = UNITS | dict.fromkeys(("sales", "refunds", "money"), currency)
        return Table.of_arrow(name, table, units, self.note)

    def plot(self, kind: str = "points", dark: bool = False, height: int = 320, width: int | None = None) -> Any:
        """A chart (HoloViews): points, tiers, expiry, moves, flow, lift, winners or sales. Raises BadInput where there is none to draw."""
        look = Look(self.say, dark, height, width)
        return CHARTS[chosen(tuple(CHARTS), kind)](self.document, self._tables.__getitem__, look)

    def __repr__(self) -> str:
        return repr(self.figures)

    def _repr_html_(self) -> str:
        return self.figures._repr_html_()


def _figures(head: str, document: Mapping[str, Any], say: AppLanguage) -> Table:
    _ = say._
    lift, tiers, liability, economics = (document[name] for name in ("lift", "tiers", "liability", "economics"))
    currency = document["currency"]

    def of_100(value: float | None, interval: Any) -> tuple[float | None, float | None, float | None]:
        low, high = interval or (None, None)
        return tuple(None if each is None else 100 * each for each in (value, low, high))  # type: ignore[return-value]

    def lifted(name: str) -> tuple[float | None, float | None, float | None]:
        return lift[name]["delta_pct"], *(lift[name]["ci95"] or (None, None))

    bare = (None, None)
    rows = [
        (_("Contract liability"), liability["contract"], *bare, currency),
        (_("Points outstanding"), liability["outstanding_points"], *(liability["outstanding_ci95"] or bare), _("points")),
        (_("Expected to be redeemed, of points issued"), *of_100(liability["urr"], None), "%"),
        (_("Members who rose to a higher tier"), *of_100(tiers["upgrade_rate"], tiers["upgrade_rate_ci95"]), "%"),
        (_("Lift: bought again within 365 days"), *lifted("repurchase_rate"), "%"),
        (_("Lift: purchases"), *lifted("purchases"), "%"),
        (_("Lift: sales"), *lifted("sales"), "%"),
        (_("Program spend, of sales"), economics["cost_pct_of_sales"], *(economics["cost_pct_ci95"] or bare), "%"),
        (_("Margin added, after rewards"), economics["incremental_margin"], *bare, currency),
        (_("Return on program spend"), *of_100(economics["return_on_spend"], economics["return_on_spend_ci95"]), "%"),
    ]  # fmt: skip
    columns = ("figure", "value", "low", "high", "unit")
    heads = (_("Figure"), _("Value"), _("95% from"), _("95% to"), _("Unit"))
    return Table(head, columns, ("",) * 5, tuple(rows), projection_note(say), heads)


# --- several ---------------------------------------------------------------------------------------------------------
COMPARED = ("differences", "winners", "sales", "points")


@dataclass(frozen=True)
class Compared:
    """Programs lived by the same members. The first is the one that the others are compared with."""

    comparison: Comparison
    names: tuple[str, ...]
    say: AppLanguage

    @cached_property
    def lived(self) -> dict[str, Lived]:
        """Each program by its name, beside no program."""
        return {name: Lived(run, self.say) for name, run in zip(self.names, self.comparison.runs, strict=True)}

    @cached_property
    def against_first(self) -> dict[str, Lived]:
        """Each further program by its name, beside the first."""
        pairs = zip(self.names[1:], self.comparison.against_first, strict=True)
        return {name: Lived(run, self.say) for name, run in pairs}

    def __getitem__(self, name: str) -> Lived:
        return self.lived[chosen(self.names, name)]

    @property
    def note(self) -> str:
        """Whose projection the figures are."""
        return projection_note(self.say)

    @cached_property
    def figures(self) -> Table:
        """The figures of each program, side by side."""
        tables = [lived.figures for lived in self.lived.values()]
        rows = tuple((row[0], *(table.rows[k][1] for table in tables), row[4]) for k, row in enumerate(tables[0].rows))
        _ = self.say._
        head = _("The same members under each program")
        heads = (_("Figure"), *self.names, _("Unit"))
        return Table(head, ("figure", *self.names, "unit"), ("",) * len(heads), rows, self.note, heads)

    @cached_property
    def differences(self) -> Table:
        """Each further program less the first: paired, customer by customer, in per cent of the first."""
        _ = self.say._
        rows = [
            (row.name, name, row.value, row.low, row.high)
            for name, lived in self.against_first.items()
            for row in difference_rows(lived.document["lift"], self.say)
        ]
        columns = ("figure", "program", "difference", "low", "high")
        heads = (_("Figure"), _("Program"), _("Difference"), _("95% from"), _("95% to"))
        head = _("Against {first}, paired", first=self.names[0])
        return Table(head, columns, ("", "", "%", "%", "%"), tuple(rows), self.note, heads)

    @cached_property
    def winners(self) -> Table:
        """Members whose value rises and falls against the first program, by tier and by how often they buy. The three counts are everyone."""
        _ = self.say._
        rows = [
            (name, group.name, group.winners, group.losers, group.unchanged)
            for name, lived in self.against_first.items()
            for by in ("tier", "segment")
            for group in worth_groups(lived.document["lift"]["worth"], by, self.say)[by == "segment" :]
        ]
        columns = ("program", "group", "winners", "losers", "unchanged")
        heads = (_("Program"), _("Group"), _("Gain"), _("Lose"), _("No difference"))
        head = _("What members get, against {first}", first=self.names[0])
        return Table(head, columns, ("", "", *(_("members"),) * 3), tuple(rows), self.note, heads)

    def plot(
        self,
        kind: str = "differences",
        program: str = "",
        dark: bool = False,
        height: int = 320,
        width: int | None = None,
    ) -> Any:
        """A chart (HoloViews): differences, winners, sales (of one further program, the last unless named) or points (of all)."""
        look = Look(self.say, dark, height, width)
        if chosen(COMPARED, kind) == "points":
            return self._points(look)
        further = self.names[1:]
        if not further:
            raise BadInput(Problem("kind", "expected a second program to compare with the first", kind))
        document = self.against_first[chosen(further, program or further[-1])].document
        if kind == "differences":
            unit = Unit(self.say._("Against {first}, %", first=self.names[0]), "percent", 2, signed=True)
            return intervals(difference_rows(document["lift"], self.say), unit, look)
        return CHARTS[kind](document, self.against_first[program or further[-1]]._tables.__getitem__, look)

    def _points(self, look: Look) -> Any:
        tables = {name: lived._tables["points_by_month"] for name, lived in self.lived.items()}
        months = tables[self.names[0]]["month"].to_pylist()
        lines = [
            Line(name, table["closing"].to_pylist(), baseline=name == self.names[0]) for name, table in tables.items()
        ]
        return lines_by_month(months, lines, Unit(self.say._("Points outstanding")), look)

    def __repr__(self) -> str:
        return f"{self.figures!r}\n\n{self.differences!r}"

    def _repr_html_(self) -> str:
        return self.figures._repr_html_() + (self.differences._repr_html_() if self.names[1:] else "")
