"""The answers of the page Compare: tables, sentences and charts of programs that were lived side by side."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from apps import compare_html as html
from apps import fragments
from apps.charts.bars import intervals, tier_sizes, waterfall, winners_and_losers
from apps.charts.grids import migration_flow, migration_matrix
from apps.charts.lines import Line, lines_by_month
from apps.charts.style import Look, Unit, figure_of
from apps.components import HTML, Bokeh, Select, laid_out
from apps.draft import MOST_COMPARED
from apps.run_charts import difference_rows, money_unit, sales_steps, worth_groups
from apps.views import compare_said as said
from apps.views.compare import Side, SideBySide
from apps.views.compare_outcomes import outcomes
from apps.world_said import assumptions_called
from workbench.reports.language import Language

__all__ = ["BAR", "Answers", "text"]

BAR = """
:host { flex-direction: row !important; flex-wrap: wrap; align-items: center; gap: 8px 12px; }
:host > * { width: auto !important; max-width: 100%; }
"""
_PAIR = """
:host { display: grid !important; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px 28px; align-items: start; }
@media (max-width: 899px) { :host { grid-template-columns: minmax(0, 1fr); } }
"""
_PLAIN = ":host { gap: 6px; }"


def text(name: str) -> HTML:
    """A place for a fragment."""
    styles = [fragments.STYLE, html.COMPARE_STYLE]
    return HTML("", stylesheets=styles, sizing_mode="stretch_width", margin=0, css_classes=[name])


class Part:
    """A chart under its heading and sentence, with its table."""

    def __init__(self, name: str) -> None:
        styles = [fragments.STYLE, html.COMPARE_STYLE]
        self.head = HTML("", stylesheets=styles, sizing_mode="stretch_width", margin=0, css_classes=[f"{name}-said"])
        self.chart = Bokeh(None, sizing_mode="stretch_width", margin=0, css_classes=[f"{name}-chart"])
        self.table = HTML("", stylesheets=styles, sizing_mode="stretch_width", margin=0, css_classes=[f"{name}-table"])
        self.view = laid_out(self.head, self.chart, self.table, css=_PLAIN, css_classes=[name])

    def say(self, head: str, table: str = "") -> None:
        """The texts."""
        self.head.object, self.table.object = head, table

    def draw(self, element: Any) -> None:
        """The chart, a HoloViews element."""
        self.chart.object = figure_of(element)


def _was_reviewed(side: Side) -> bool:
    """Whether any member's tier came up for review."""
    moved = side.document["tiers"]["migration"]
    return moved is not None and any(map(sum, moved["matrix"]))


class Answers:
    """What was found, drawn anew when it, a choice, the language or the theme changes."""

    def __init__(self, later: Callable[[Callable[[], None]], None], drawn: Callable[[], None]) -> None:
        """``later``: has something done after what waits on the session's thread; ``drawn``: is called when all charts stand."""
        self._later, self._told = later, drawn
        self._found: SideBySide | None = None
        self._drawn: tuple[Any, ...] = ()
        self._waiting: list[tuple[Part, Callable[[], Any]]] = []
        self._place, self._side = 1, -1
        self._quiet = False
        self._build()

    def _build(self) -> None:
        self.table, self.methods, self.tier_head, self.tier_table, self.closer, self.moves = (
            text(name) for name in ("outcome-table", "methods", "tiers", "tier-table", "closer", "moves")
        )
        self.place, self.side = Select(width=340, margin=0), Select(width=340, margin=0)
        self.place.param.watch(lambda event: self._choose("_place", event.new), "value")
        self.side.param.watch(lambda event: self._choose("_side", event.new), "value")
        names = ("owed", "differences", "winners", "segments", "sales", "flow", "matrix")
        self._tiers = [f"tiers{k}" for k in range(MOST_COMPARED)]
        self.parts = {name: Part(name) for name in (*names, *self._tiers)}

        def pair(*names: str) -> Any:
            return laid_out(*(self.parts[name].view for name in names), css=_PAIR)

        self.view = laid_out(
            self.table, self.methods, self.parts["owed"].view,
            self.closer, laid_out(self.place, css=BAR), pair("differences", "sales"), pair("winners", "segments"),
            self.tier_head, pair(*self._tiers), self.tier_table,
            self.moves, laid_out(self.side, css=BAR), pair("flow", "matrix"),
            css=":host { gap: 16px; }", css_classes=["answers"],
        )  # fmt: skip

    def _choose(self, which: str, place: Any) -> None:
        if not self._quiet and place is not None and place != getattr(self, which):
            setattr(self, which, int(place))
            self._draw()

    @property
    def is_drawn(self) -> bool:
        """Whether all charts are those of what was found."""
        return not self._waiting

    def show(self, found: SideBySide, say: Language, dark: bool) -> None:
        """Say what was found at once, unless it stands there already, and draw its charts one after the other: each takes a part of a second, in
        which the session's thread does nothing else."""
        if found is not self._found:
            self._place = min(self._place, len(found.sides) - 1)
            self._side = next((k for k, side in enumerate(found.sides) if _was_reviewed(side)), 0)
        self._found, self._look = found, Look(say, dark)
        self._draw()

    def _draw(self) -> None:
        found, look = self._found, self._look
        drawn = (id(found), self._place, self._side, look.say.tag, look.dark)
        if found is None or drawn == self._drawn:
            return
        self._drawn = drawn
        idle, self._waiting = not self._waiting, []
        self._show_outcomes(found, look)
        self._show_paired(found, look)
        self._show_tiers(found, look)
        self._show_moves(found, look)
        if idle:
            self._later(self._draw_next)

    def _draw_next(self) -> None:
        if self._waiting:
            part, chart = self._waiting.pop(0)
            part.draw(chart())
        if self._waiting:
            self._later(self._draw_next)
        else:
            self._told()

    def _show(self, name: str, head: str, chart: Callable[[], Any] | None, table: str = "") -> None:
        """A part's texts now, its chart soon; None: there is nothing to draw."""
        part = self.parts[name]
        part.say(head, table)
        part.chart.visible = chart is not None
        if chart is not None:
            self._waiting.append((part, chart))

    def _note(self, found: SideBySide) -> str:
        say = self._look.say
        assumptions = found.sides[0].document["provenance"]["assumptions"]
        return say._("Projection, assumptions {name}.", name=assumptions_called(assumptions, say))

    def _show_outcomes(self, found: SideBySide, look: Look) -> None:
        say = look.say
        _ = say._
        names = said.names_of(found, say)
        caption = say.joined(
            _("Each figure with its 95% interval; under it, the difference from the first program."), self._note(found)
        )
        self.table.object = html.outcome_table(outcomes(found, say), names, caption, say)
        texts = [
            _("Differences are paired, over the same members; where none is given in brackets, there is no interval."),
            _("Of the liability: 5% to 95% over draws of the members, or the range of the policy's assumption."),
            "" if found.asked == found.members else _("A program here is lived member by member, so fewer members are simulated."),
        ]  # fmt: skip
        self.methods.object = fragments.headed("", say.joined(*texts)).replace("<h2></h2>", "")
        sides = [(name, side.owed) for name, side in zip(names, found.sides, strict=True) if side.owed is not None]
        lines = [Line(name, owed.liability, baseline=owed is found.sides[0].owed) for name, owed in sides]
        unit = money_unit(found.currency, say, _("Contract liability"))
        chart = partial(lines_by_month, sides[0][1].months, lines, unit, look) if sides else None
        head = html.section(_("What stands in the books?"), said.owed_sentence(found, say))
        self._show("owed", head, chart, html.table_html(said.owed_table(found, say), say, self._note(found)))

    def _show_paired(self, found: SideBySide, look: Look) -> None:
        say, note = look.say, self._note(found)
        _ = say._
        names = said.names_of(found, say)
        self._options(self.place, _("Program to look at"), {names[k]: k for k in range(1, len(names))}, self._place)
        place, against = self._place, found.sides[self._place].against
        assert against is not None
        lift = against["lift"]
        self.closer.object = fragments.headed(_("One program against {first}", first=names[0]), "")
        unit = Unit(_("Against {first}, %", first=names[0]), "percent", 2, signed=True)
        self._show(
            "differences",
            html.section(_("Is it more than luck?"), said.difference_sentence(found, place, say)),
            partial(intervals, difference_rows(lift, say), unit, look),
            html.table_html(said.difference_table(found, place, say), say, note),
        )
        money = replace(money_unit(found.currency, say), signed=True)
        self._show(
            "sales",
            html.section(_("Where does the difference in sales come from?"), said.sales_sentence(found, place, say)),
            None if lift["decomposition"] is None else partial(waterfall, sales_steps(lift, say), money, look),
            html.table_html(said.sales_table(found, place, say), say, note, is_open=True),
        )
        by_tier = bool(lift["worth"]["by_tier"])
        self._show(
            "winners",
            html.section(_("Who gains, who loses?"), said.winner_sentence(found, place, say)),
            partial(winners_and_losers, worth_groups(lift["worth"], "tier" if by_tier else "segment", say), look),
            html.table_html(said.winner_table(found, place, say), say, note),
        )
        self.parts["segments"].view.visible = by_tier
        if by_tier:
            told = _("Fifths of the customers by their own purchase rate, known before anything happens.")
            groups = worth_groups(lift["worth"], "segment", say)
            head = html.section(_("And by how often they buy"), told)
            self._show("segments", head, partial(winners_and_losers, groups, look))

    def _show_tiers(self, found: SideBySide, look: Look) -> None:
        say = look.say
        names = said.names_of(found, say)
        self.tier_head.object = fragments.headed(say._("Who climbs?"), "")
        for place, name in enumerate(self._tiers):
            self.parts[name].view.visible = place < len(found.sides)
            if place < len(found.sides):
                side = found.sides[place]
                chart = (
                    partial(tier_sizes, side.months, side.tiers, side.by_tier, look.sized(260)) if side.tiers else None
                )
                self._show(name, html.spoken(said.tier_sentence(side, names[place], say)), chart)
        self.tier_table.object = html.table_html(said.tier_table(found, say), say, self._note(found))

    def _show_moves(self, found: SideBySide, look: Look) -> None:
        say = look.say
        _ = say._
        names = said.names_of(found, say)
        self._options(self.side, _("Program to look at"), {name: k for k, name in enumerate(names)}, self._side)
        side, name = found.sides[self._side], names[self._side]
        self.moves.object = html.section(_("Who moves between tiers?"), said.review_sentence(side, name, say))
        moved, known = side.document["tiers"]["migration"], _was_reviewed(side)
        for key, chart in (("flow", migration_flow), ("matrix", migration_matrix)):
            self.parts[key].view.visible = known
            if known:
                table = html.table_html(said.review_table(side, name, say), say, self._note(found))
                self._show(
                    key, "", partial(chart, moved["tiers"], moved["matrix"], look), table if key == "matrix" else ""
                )

    def _options(self, select: Select, label: str, options: dict[str, int], value: int) -> None:
        self._quiet = True
        select.label, select.options, select.value = label, options, value
        self._quiet = False
