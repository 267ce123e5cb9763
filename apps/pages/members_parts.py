"""The tabs of the Members page: each shows one answer, and knows nothing of how it came about."""

from collections.abc import Callable
from typing import Any

from apps import members_html as html
from apps.charts.bars import bars_by_month, segments, tier_sizes
from apps.charts.grids import migration_matrix
from apps.charts.lines import curves
from apps.charts.style import Look, Unit, figure_of
from apps.charts.trust import reliability
from apps.components import HTML, Bokeh, Button, CopyText, Row, Select, laid_out
from apps.file_components import Deliver
from apps.form_components import FieldForm
from apps.language import AppLanguage
from apps.member_log import EarlyWarning, Fitted, Looked
from apps.pages.sheet import BAR, PAIR
from apps.views import members as view
from apps.views.said import translated

__all__ = ["FitPart", "LifePart", "OverviewPart", "SegmentsPart", "WarningPart", "text"]

_STACK = ":host { gap: 14px; padding: 14px 0; }"
_PLAIN = ":host { gap: 8px; }"


def text() -> HTML:
    """A place for a fragment."""
    return HTML("", stylesheets=[html.LOOK], sizing_mode="stretch_width", margin=0)


class Chart:
    """A place for a chart; each drawing is a pane of its own."""

    def __init__(self) -> None:
        self.view = laid_out(css=_PLAIN)

    def draw(self, element: Any | None) -> None:
        """Show a chart, or none."""
        self.view[:] = [] if element is None else [Bokeh(figure_of(element), sizing_mode="stretch_width", margin=0)]


class SegmentsPart:
    """Who is worth what, and who moved."""

    def __init__(self, deliver: Callable[[], None]) -> None:
        self.head, self.table, self.moves_head, self.time_head = text(), text(), text(), text()
        self.shares, self.moves, self.time = Chart(), Chart(), Chart()
        self.save = Deliver(deliver, margin=0)
        self.view = laid_out(
            self.head,
            laid_out(self.shares.view, laid_out(self.table, self.save, css=_PLAIN), css=PAIR),
            laid_out(
                laid_out(self.moves_head, self.moves.view, css=_PLAIN), laid_out(self.time_head, self.time.view, css=_PLAIN), css=PAIR
            ),
            css=_STACK,
        )  # fmt: skip

    def show(self, found: Looked, currency: str, say: AppLanguage, dark: bool) -> None:
        """Show a log's segments."""
        _ = say._
        document, look = found.segments, Look(say, dark, 320)
        self.head.object = html.headed(_("Who is worth what?"), view.segments_sentence(document, say))
        self.shares.draw(segments(view.segment_names(document, say), *view.segment_shares(document), look))
        self.table.object = html.table(view.segment_rows(document, currency, say))
        self.save.label = _("All members as CSV")
        names, moves, sentence = view.moves(document, say)
        self.moves_head.object = html.headed(_("Who moved?"), sentence)
        known = any(map(any, moves))
        self.moves.draw(migration_matrix(names, moves, look, _("A year before"), _("Now")) if known else None)
        days, groups, counts = view.groups_over_time(document, say)
        self.time_head.object = html.headed(
            _("Month by month"), _("Customers by what to do with them, at the end of each month.")
        )
        self.time.draw(tier_sizes(days, groups, counts, look))


class OverviewPart:
    """How the members are doing."""

    def __init__(self) -> None:
        self.head, self.figures, self.people = text(), text(), text()
        self.months = Chart()
        self.view = laid_out(self.head, self.figures, self.months.view, self.people, css=_STACK)

    def show(self, found: Looked, currency: str, say: AppLanguage, dark: bool) -> None:
        """Show a log's figures."""
        _ = say._
        document = found.dashboard
        months = _("The twelve months up to {day}.", day=say.day(document["as_of"]))
        left_out = (
            _("{n} rows name nobody and are left out.", n=say.number(found.rows_of_nobody))
            if found.rows_of_nobody
            else ""
        )
        self.head.object = html.headed(_("How are our members doing?"), say.joined(months, left_out))
        self.figures.object = html.figures(view.dashboard_figures(document, currency, say), _("Key figures"))
        days, series = view.by_month(document, say)
        self.months.draw(bars_by_month(days, series, Unit(_("Buyers")), Look(say, dark, 300)))
        self.people.object = "".join(html.table(each) for each in view.people_rows(document, say))


class WarningPart:
    """Who is about to stay away, and how often such a list was right."""

    def __init__(self, chosen: Callable[[str], None], deliver: Callable[[], None]) -> None:
        self.head, self.figures, self.verdict, self.rankings, self.list, self.trust_head, self.notes = (
            text() for _ in range(7)
        )
        self.trust = Chart()
        self.by = Select(width=260, margin=0)
        self.by.param.watch(lambda event: chosen(event.new), "value")
        self.save = Deliver(deliver, margin=0)
        self.view = laid_out(
            self.head,
            laid_out(self.by, self.save, css=BAR),
            self.list,
            self.verdict,
            self.figures,
            laid_out(
                laid_out(self.trust_head, self.trust.view, css=_PLAIN), self.rankings, css=PAIR
            ),
            self.notes,
            css=_STACK,
        )  # fmt: skip

    def show(self, found: EarlyWarning, by: str, show_ids: bool, currency: str, say: AppLanguage, dark: bool) -> None:
        """Show a list."""
        _ = say._
        document = found.document(show_ids, by)
        self.head.object = html.headed(_("Who is about to stay away?"), view.warning_sentence(document, say))
        options = {say.text(title): key for key, title in view.ORDERS.items()}
        self.by.param.update(label=_("The list begins with"), options=options, value=by)
        self.save.label = _("The whole list as CSV")
        self.list.object = html.table(view.list_rows(document, currency, say))
        self.verdict.object = html.headed(_("How often is such a list right?"), view.verdict(document, say))
        self.figures.object = html.figures(view.warning_figures(document, say), _("What the list was worth"))
        self.rankings.object = html.table(view.ranking_rows(document, say))
        bins = view.reliability_bins(document)
        told = _("On the dashed line, what was said to happen in 30% of cases did happen in 30%.") if bins else ""
        self.trust_head.object = html.headed(_("Are the chances right?"), told) if bins else ""
        self.trust.draw(reliability(bins, Look(say, dark, 320)) if bins else None)
        self.notes.object = html.notes([translated(each, say) for each in document["warnings"]])


class LifePart:
    """One member's life, with the reason of every entry."""

    def __init__(self, asked: Callable[[str], None]) -> None:
        self.head, self.figures, self.table = text(), text(), text()
        self.form = FieldForm(
            lambda _key, value: asked(value.strip()), lambda _key: None, sizing_mode="stretch_width", margin=0
        )
        self.view = laid_out(self.head, self.form, self.figures, self.table, css=_STACK)

    def show(
        self, life: dict[str, Any] | None, asked: str, problem: str, choice: list[str], simulated: bool, currency: str, say: AppLanguage
    ) -> None:  # fmt: skip
        """Show a life, or the question for one. ``choice``: members at the head of the list."""
        _ = say._
        what = _("Why so many points, and when do they lapse? Every entry has its reason.")
        self.head.object = html.headed(_("One member's life"), what)
        self.form.param.update(
            reset_label=_("Back to"),
            groups=[{"title": _("Which member?"), "fields": [
                _field("choice", "choice", _("From the early warning list"), "", asked if asked in choice else "",
                       [["", "–"], *([each, each] for each in choice)]),
                _field("typed", "text", _("Or type one"),
                       _("A number from 0") if simulated else _("An id of your log, or a pseudonym"), asked, [], problem),
            ]}],
        )  # fmt: skip
        self.figures.object = (
            "" if life is None else html.figures(view.life_figures(life, say), _("How the member stands"))
        )
        self.table.object = "" if life is None else html.table(view.life_rows(life, currency, say), long=True)


def _field(
    key: str, kind: str, label: str, help_text: str, value: str, options: list[list[str]], problem: str = ""
) -> dict[str, Any]:
    return {
        "key": key, "kind": kind, "label": label, "help": help_text, "unit": "", "value": value, "options": options,
        "changed": False, "shipped": "", "problem": problem,
    }  # fmt: skip


class FitPart:
    """What the log becomes: a population to simulate with, or a replay under the program."""

    def __init__(
        self, fit: Callable[[], None], take: Callable[[], None], replay: Callable[[], None], deliver: Callable[[], None]
    ) -> None:
        self.fit_head, self.fit_table, self.fit_notes, self.replay_head, self.replay_table = (text() for _ in range(5))
        self.fit = Button(color="primary", variant="contained", margin=0)
        self.fit.on_click(lambda _: fit())
        self.take = Button(color="primary", variant="outlined", margin=0)
        self.take.on_click(lambda _: take())
        self.replay = Button(color="primary", variant="contained", margin=0)
        self.replay.on_click(lambda _: replay())
        self.save = Deliver(deliver, margin=0)
        self.holdout, self.yaml = Chart(), CopyText(sizing_mode="stretch_width")
        self.more = laid_out(self.fit_table, self.holdout.view, self.fit_notes, self.yaml, css=_PLAIN)
        gap = ":host { gap: 8px; align-items: center; flex-wrap: wrap; }"
        self.view = laid_out(
            laid_out(
                laid_out(self.fit_head, Row(self.fit, self.take, self.save, margin=0, stylesheets=[gap]), self.more, css=_PLAIN),
                laid_out(self.replay_head, self.replay, self.replay_table, css=_PLAIN),
                css=PAIR,
            ),
            css=_STACK,
        )  # fmt: skip

    def show(
        self, fitted: Fitted | None, replayed: dict[str, Any] | None, simulated: bool, title: str, currency: str, say: AppLanguage, dark: bool
    ) -> None:  # fmt: skip
        """Show what was found, or only the buttons."""
        _ = say._
        own = _("First send a log: these are members of a simulation.") if simulated else ""
        self.fit_head.object = html.headed(
            _("Simulate with your own customers"), own or _("How often they buy, when they leave, what they spend: fitted on the log.")
        )  # fmt: skip
        self.replay_head.object = html.headed(
            _("Your log under this program"), own or _("Every transaction through the rules of {program}, exact to the point.", program=title)
        )  # fmt: skip
        for button, label in (
            (self.fit, _("Calibrate on this log")), (self.take, _("Use for the draft")), (self.replay, _("Replay this log")),
        ):  # fmt: skip
            button.param.update(label=label, disabled=simulated)
        self.take.visible = self.save.visible = self.more.visible = fitted is not None
        self.save.label = _("Population file")
        if fitted is not None:
            document = fitted.document
            self.fit_table.object = html.table(view.calibration_rows(document, currency, say))
            weeks, lines = view.holdout_lines(document, say)
            unit = Unit(_("Repeat purchases, added up"))
            self.holdout.draw(
                curves(weeks, lines, Unit(_("Held-out weeks")), unit, Look(say, dark, 280), from_zero=True)
                if len(weeks) > 1
                else None
            )
            self.fit_notes.object = html.notes([translated(each, say) for each in document["warnings"]])
            self.yaml.param.update(
                text=fitted.text, label=_("The population as YAML"), copy=_("Copy"), copied=_("Copied")
            )
        self.replay_table.object = "" if replayed is None else html.table(view.replay_rows(replayed, say))
