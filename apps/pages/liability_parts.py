"""The tabs of the Finance page: each shows one valuation, and knows nothing of how it came about."""

from collections.abc import Callable
from typing import Any

from apps import liability_html as html
from apps.charts.bars import Series, expiry_schedule, lying_bars, waterfall
from apps.charts.grids import triangle
from apps.charts.lines import lines_by_month
from apps.charts.style import Look, Unit, figure_of
from apps.components import HTML, Bokeh, Button, CopyText, Select, laid_out
from apps.file_components import Deliver
from apps.form_components import FieldForm
from apps.language import AppLanguage
from apps.pages.sheet import PAIR
from apps.problems_said import listed_said
from apps.valuing import Read, Valued
from apps.views import liability as glance
from apps.views import liability_books as books
from apps.views import liability_policy as form
from apps.views import liability_rates as rates
from apps.views.said import translated
from workbench.errors import BadInput
from workbench.finance.accounting.policy import Policy
from workbench.reports.parts import Table

__all__ = ["BooksPart", "ChecksPart", "GlancePart", "PolicyPart", "RatesPart"]

_STACK = ":host { gap: 14px; padding: 14px 0; }"
_PLAIN = ":host { gap: 8px; }"
_BAR = """
:host { flex-direction: row !important; flex-wrap: wrap; align-items: center; gap: 6px 16px; }
:host > * { width: auto !important; }
"""


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


def _currency(found: Valued, say: AppLanguage) -> Unit:
    currency = glance.currency_of(found)
    return Unit(say.symbol(currency).strip() if currency else say._("Money"), "money", currency=currency)


# --- at a glance ---------------------------------------------------------------------------------------------------------
class GlancePart:
    """The liability over time, and when the points left lapse."""

    def __init__(self) -> None:
        self.path_head, self.path_table, self.plan_head, self.plan_table = text(), text(), text(), text()
        self.path, self.plan = Chart(), Chart()
        self.view = laid_out(
            laid_out(self.path_head, self.path.view, self.path_table, css=_PLAIN),
            laid_out(self.plan_head, self.plan.view, self.plan_table, css=_PLAIN),
            css=_STACK,
        )

    def show(self, found: Valued | Read, say: AppLanguage, dark: bool) -> None:
        """Show a valuation."""
        _ = say._
        if isinstance(found, Read):
            self.path_head.object = html.headed(_("No money in a triangle"), _(
                "A triangle of redemptions does not say what was sold with the points, so there is no liability to show: see the tab on redemption. "
                "A ledger or a table of cohorts has one."
            ))  # fmt: skip
            self.path.draw(None)
            self.plan.draw(None)
            self.path_table.object = self.plan_head.object = self.plan_table.object = ""
            return
        look = Look(say, dark, 340)
        lines, marks = glance.path_lines(found, say)
        self.path_head.object = html.headed(_("How has it gone?"), glance.path_sentence(found, say))
        self.path.draw(lines_by_month(glance.path_months(found), lines, _currency(found, say), look, marks))
        self.path_table.object = html.folded(
            _("Month by month, as a table"), html.table(glance.path_table(found, say), (4,))
        )
        plan = glance.schedule(found)
        self.plan_head.object = html.headed(_("When do the points lapse?"), glance.lapsing_sentence(found, say))
        drawn = None
        if plan is not None and (plan.months or plan.never):
            unit = Unit(_("Points"))
            drawn = expiry_schedule(plan.months, plan.points, plan.never, unit, look.sized(260))
        self.plan.draw(drawn)
        table = glance.lapsing_table(found, say)
        self.plan_table.object = html.folded(_("When they lapse, as a table"), html.table(table)) if table else ""


# --- the books -----------------------------------------------------------------------------------------------------------
class BooksPart:
    """Roll-forwards, the year, a month by cohort and its journal, other rights, the notes."""

    def __init__(self) -> None:
        self._month: int | None = None
        self._last: tuple[Valued, AppLanguage] | None = None
        self._quiet = False
        self.head, self.money, self.points, self.month_head = text(), text(), text(), text()
        self.cohorts, self.journal, self.rights, self.notes, self.year_head = text(), text(), text(), text(), text()
        self.year = Chart()
        self.month = Select(width=260, margin=0)
        self.month.param.watch(lambda event: self._chosen(event.new), "value")
        self.view = laid_out(
            laid_out(laid_out(self.year_head, self.year.view, css=_PLAIN), self.notes, css=PAIR),
            self.head, self.money, self.points, self.month_head, self.month, self.journal, self.cohorts, self.rights, css=_STACK,
        )  # fmt: skip

    def show(self, found: Valued | Read, say: AppLanguage, dark: bool) -> None:
        """Show a valuation."""
        _ = say._
        self.month.visible = isinstance(found, Valued)
        if not isinstance(found, Valued):
            self._last = None
            self.year.draw(None)
            for each in (
                self.head,
                self.money,
                self.points,
                self.month_head,
                self.cohorts,
                self.journal,
                self.rights,
                self.notes,
            ):
                each.object = ""
            self.year_head.object = html.headed(_("No money in a triangle"))
            return
        self._last = found, say
        look = Look(say, dark)
        self.year_head.object = html.headed(
            _("What moved the liability in the last {n} months?", n=str(found.valuation.disclosure.months))
        )
        self.year.draw(waterfall(books.year_steps(found, say), _currency(found, say), look))
        self.notes.object = html.table(books.disclosure_table(found, say))
        self.head.object = html.headed(
            _("Roll-forward"),
            _("Every month opens where the one before closed. Amounts are signed as they move the balance."),
        )
        self.money.object = html.table(books.roll_forward(found, say, money=True))
        self.points.object = html.table(books.roll_forward(found, say, money=False))
        self.month_head.object = html.headed(_("One month: its journal, and the months of issue behind it"))
        months = books.months_of(found)
        if self._month not in months:
            self._month = months[0]
        self._quiet = True
        try:
            options = {say.month(glance.month_day(month)): month for month in months}
            self.month.param.update(label=_("Month"), options=options, value=self._month)
        finally:
            self._quiet = False
        self._show_month()
        tables = [*books.rights_tables(found, say), *filter(None, [books.memo_table(found, say)])]
        head = html.headed(_("Stored value, membership, coupons")) if tables else ""
        self.rights.object = head + "".join(html.table(each) for each in tables)

    def _show_month(self) -> None:
        if self._last is None or self._month is None:
            return
        found, say = self._last
        self.journal.object = html.table(books.journal_table(found, self._month, say), (1, 2, 5, 6))
        self.cohorts.object = html.table(books.cohort_table(found, self._month, say))

    def _chosen(self, month: Any) -> None:
        if not self._quiet and isinstance(month, int):
            self._month = month
            self._show_month()


# --- redemption ----------------------------------------------------------------------------------------------------------
class RatesPart:
    """The triangle, the estimators, the back-test, and what moves the liability."""

    def __init__(self, test: Callable[[], None], cancel: Callable[[], None]) -> None:
        self.tested: dict[str, Any] | None = None
        self.triangle_head, self.triangle_table, self.methods_head, self.methods, self.assumed = (
            text(),
            text(),
            text(),
            text(),
            text(),
        )
        self.test_head, self.test_state, self.test_table, self.moves_head, self.moves_table = (
            text(),
            text(),
            text(),
            text(),
            text(),
        )
        self.triangle, self.moves = Chart(), Chart()
        self.run = Button(color="primary", variant="contained", margin=0)
        self.run.on_click(lambda _: test())
        self.stop = Button(color="primary", variant="outlined", margin=0)
        self.stop.on_click(lambda _: cancel())
        self.view = laid_out(
            laid_out(self.methods_head, self.methods, self.assumed, css=_PLAIN),
            laid_out(
                laid_out(self.triangle_head, self.triangle.view, self.triangle_table, css=_PLAIN),
                laid_out(self.moves_head, self.moves.view, self.moves_table, css=_PLAIN),
                css=PAIR,
            ),
            laid_out(self.test_head, laid_out(self.run, self.stop, self.test_state, css=_BAR), self.test_table, css=_PLAIN),
            css=_STACK,
        )  # fmt: skip

    def show(self, found: Valued | Read, say: AppLanguage, dark: bool) -> None:
        """Show a valuation."""
        _, look = say._, Look(say, dark, 420)
        seen = found.triangle
        months, shares = rates.shares(seen)
        unit = Unit(_("Redeemed, % of points issued"), "percent")
        self.triangle_head.object = html.headed(_("What has come back so far?"), rates.triangle_sentence(seen, say))
        self.triangle.draw(triangle(months, shares, unit, look, _("Month of issue")))
        self.triangle_table.object = html.folded(
            _("By month of issue, as a table"), html.table(rates.triangle_table(seen, say))
        )
        sentence = rates.choice_sentence(found, say) if isinstance(found, Valued) else ""
        self.methods_head.object = html.headed(_("How much will still come back?"), sentence)
        self.methods.object = html.table(rates.methods_table(found, say))
        self.assumed.object = html.folded(_("What each method assumes"), html.notes(rates.method_notes(found, say)))
        if isinstance(found, Valued):
            rows = rates.sensitivity_rows(found, say)
            bars = [Series(_("Difference"), [row.value or 0.0 for row in rows])]
            self.moves_head.object = html.headed(
                _("What would move the liability?"), rates.sensitivity_sentence(found, say)
            )
            money = _currency(found, say)
            signed = Unit(
                _("Difference, {unit}", unit=money.label), money.kind, money.digits, money.currency, signed=True
            )
            self.moves.draw(lying_bars([_named(row, signed, say) for row in rows], bars, signed, look))
            self.moves_table.object = html.folded(
                _("The same as a table"), html.table(rates.sensitivity_table(found, say))
            )
        else:
            self.moves.draw(None)
            self.moves_head.object = self.moves_table.object = ""
        self.show_test(say, 0, 0, False)

    def show_test(self, say: AppLanguage, done: int, total: int, runs: bool) -> None:
        """Show the back-test: its button, how far it is, or what came of it."""
        _ = say._
        told = _("Back-test under way: {done} of {total} lives", done=say.number(done), total=say.number(total))
        self.run.param.update(label=_("Back-test the methods"), disabled=runs)
        self.stop.param.update(label=_("Cancel"), visible=runs)
        self.test_state.object = html.chip("stale", _("Computing…"), done, max(total, 1), told) if runs else ""
        if self.tested is None:
            asked = _(
                "Nobody knows today what will come back; the simulator does, because its members can live on. "
                "Twenty populations of the program are valued on one day, and then lived to the end of their points."
            )
            self.test_head.object = html.headed(_("Which method can be trusted?"), asked)
            self.test_table.object = ""
        else:
            self.test_head.object = html.headed(
                _("Which method can be trusted?"), rates.back_test_sentence(self.tested, say)
            )
            self.test_table.object = html.table(rates.back_test_table(self.tested, say))


def _named(row: Any, unit: Unit, say: AppLanguage) -> str:
    """A bar's figure with its name, so that nobody has to hover; the figure first, for a phone may cut the name."""
    return f"{unit.text(row.value, say)}  {row.name}"


# --- the policy ----------------------------------------------------------------------------------------------------------
class PolicyPart:
    """The valuation policy as a form, and as the file it is."""

    def __init__(
        self,
        choose: Callable[[str], None],
        typed: Callable[[str, str], None],
        reset: Callable[[str], None],
        asked: Callable[[], None],
    ) -> None:
        self._quiet = False
        self._choose = choose
        self.head = text()
        self.shipped = Select(sizing_mode="stretch_width", max_width=420, margin=0)
        self.shipped.param.watch(lambda event: self._chosen(event.new), "value")
        self.form = FieldForm(typed, reset, sizing_mode="stretch_width", margin=0)
        self.file_head = text()
        self.file = CopyText(sizing_mode="stretch_width")
        self.save = Deliver(asked, margin=0)
        self.view = laid_out(self.head, self.shipped, self.form, self.file_head, self.file, self.save, css=_STACK)

    def show(
        self, policy: Policy, shipped: str, currency: str, refused: dict[str, tuple[str, BadInput]], say: AppLanguage
    ) -> None:
        """Show a policy that was begun from a shipped one. ``refused``: by field, what was typed and why it was not taken."""
        _ = say._
        self.head.object = html.headed(_("How is it valued?"), _(
            "Rules are what members are promised, assumptions what we believe of them; how it is measured is this third file. "
            "What is changed here changes the figures at once."
        ))  # fmt: skip
        self._quiet = True
        try:
            options = {f"{title} · {name}": name for name, title in form.titles(say).items()}
            self.shipped.param.update(label=_("Begin from"), options=options, value=shipped)
        finally:
            self._quiet = False
        groups = []
        for group in form.groups(policy, shipped, currency, say):
            fields = []
            for each in group.fields:
                key = ".".join(each.path)
                typed, error = refused.get(key, (each.value, None))
                problem = "" if error is None else listed_said(error, say).text
                kind = each.kind if each.kind in ("choice", "text") else "number"
                fields.append({
                    "key": key, "kind": kind, "label": each.label, "help": each.help, "unit": each.unit, "value": typed,
                    "options": [list(option) for option in each.options], "changed": each.changed, "shipped": each.shipped, "problem": problem,
                })  # fmt: skip
            groups.append({"title": group.title, "fields": fields})
        self.form.param.update(groups=groups, reset_label=_("Reset to"))
        self.file_head.object = html.headed(
            _("The policy's file"),
            _("For the command line (--policy), for the auditor, or to be taken in again on this page."),
        )
        self.file.param.update(
            text=form.policy_yaml(policy), label=_("The policy's file"), copy=_("Copy"), copied=_("Copied")
        )
        self.save.label = _("Download policy.yaml")

    def _chosen(self, name: Any) -> None:
        if not self._quiet and isinstance(name, str):
            self._choose(name)


# --- checks --------------------------------------------------------------------------------------------------------------
class ChecksPart:
    """Checks, warnings, and what identifies the inputs."""

    def __init__(self) -> None:
        self.head, self.checks, self.warned, self.origin = text(), text(), text(), text()
        self.command_head = text()
        self.command = CopyText(sizing_mode="stretch_width")
        self.view = laid_out(
            self.head, self.warned, self.checks, self.command_head, self.command, self.origin, css=_STACK
        )

    def show(self, found: Valued | Read, command: str, say: AppLanguage) -> None:
        """Show a valuation; ``command``: the command line that repeats it."""
        _ = say._
        self.command_head.object = html.headed(_("The command line that repeats it"))
        self.command.param.update(text=command, label=_("Command line"), copy=_("Copy"), copied=_("Copied"))
        if isinstance(found, Read):
            self.head.object = html.headed(
                _("Do the books hold?"), _("A triangle has no books: its cells were checked when it was taken in.")
            )
            self.checks.object = self.warned.object = self.origin.object = ""
            return
        self.head.object = html.headed(_("Do the books hold?"), books.checks_sentence(found, say))
        self.checks.object = html.checks(books.check_rows(found, say), say)
        warned = [translated(text, say) for text in found.valuation.warnings]
        self.warned.object = (
            html.headed(_("Worth a look: no truths, but figures outside what is seen elsewhere"))
            + html.warnings(warned)
            if warned
            else ""
        )
        rows = tuple((name, str(value)) for name, value in _leaves(found.provenance))
        self.origin.object = html.folded(
            _("Where it came from"), html.table(Table(_("Provenance"), (_("Item"), _("Value")), rows), (1,))
        )


def _leaves(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [
            leaf for key, each in value.items() for leaf in _leaves(each, f"{prefix}.{key}" if prefix else str(key))
        ]
    return [(prefix, value)]
