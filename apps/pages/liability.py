"""The Finance page: what members are owed, of the draft's program or of a company's own records; quick figures first, then better ones."""

import shlex
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from apps import liability_html as html
from apps.components import HTML, Button, Row, Select, hold, laid_out
from apps.draft import Draft, patch_between
from apps.file_components import Deliver, Upload
from apps.form_components import TabList
from apps.pages.liability_parts import BooksPart, ChecksPart, GlancePart, PolicyPart, RatesPart
from apps.pages.sheet import BAR, PAGE, STAGE
from apps.records import LARGEST, Records, Shelf, month_end
from apps.runs import Cancelled, Ticket
from apps.session import Session
from apps.valuing import (
    BACK_TEST,
    MOST_MEMBERS,
    Ask,
    Read,
    Valued,
    answer,
    back_tested,
    bounds_of,
    last_month,
    workbook,
)
from apps.views import liability as glance
from apps.views import liability_policy as form
from workbench.errors import BadInput
from workbench.finance.accounting.policy import load_policy, shipped_policies
from workbench.finance.triangle_file import valuation_month

__all__ = ["LiabilityPage"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
JOBS = ("liability", "liability-more", "liability-bounds")


@dataclass(frozen=True)
class Shown:
    """What is on the page, and to which question."""

    ask: Ask
    found: Valued | Read
    full: bool
    """Whether it is of as many members as a full run has; of records always."""


class LiabilityPage:
    """One valuation in five tabs."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.records: Records | None = None
        self._shelf = Shelf()
        self._shown: Shown | None = None
        self._asked: str = ""
        self._problem: BadInput | None = None
        self._upload_problem: str = ""
        self._refused: dict[str, tuple[str, BadInput]] = {}
        self._day: date | None = None
        self._tab = "glance"
        self._quiet = False
        self._tested: tuple[str, dict[str, Any]] | None = None
        self._halted = False
        self._build()

    @property
    def _say(self) -> Any:
        return self.session.say

    @property
    def _sizes(self) -> tuple[int, int]:
        """Members of the first answer and of the one that is refined; no more than can be drawn again, few where only the agents can live them."""
        first, second, *_ = self.session.service.sizes(self.session.draft.question(1))
        return first, min(second, MOST_MEMBERS)

    @property
    def _full(self) -> int:
        """Members of the refined answer."""
        return self._sizes[1]

    # --- what it is made of ---
    def _build(self) -> None:
        def text(name: str) -> HTML:
            return HTML("", stylesheets=[html.LOOK], sizing_mode="stretch_width", margin=0, css_classes=[name])

        self.basis, self.state, self.figures, self.problem = (
            text("basis"),
            text("chip"),
            text("figures"),
            text("problem"),
        )
        self.day = Select(width=200, margin=0)
        self.day.param.watch(lambda event: self._choose_day(event.new), "value")
        self.again = Button(color="primary", variant="contained", margin=0)
        self.again.on_click(lambda _: self._go_on())
        self.cancel = Button(color="primary", variant="outlined", margin=0)
        self.cancel.on_click(lambda _: self._halt())
        self.upload = Upload(self._take, self._too_large, largest=LARGEST, margin=0)
        self.simulated = Button(color="primary", variant="outlined", margin=0)
        self.simulated.on_click(lambda _: self._back_to_simulated())
        self.save = Deliver(self._deliver, margin=0)
        self.tabs = TabList(self._choose_tab, sizing_mode="stretch_width", margin=0)
        self.stage = laid_out(css=STAGE)
        self.parts: dict[str, Any] = {
            "glance": GlancePart(),
            "books": BooksPart(),
            "rates": RatesPart(self._back_test, lambda: self.session.cancel("liability-test")),
            "policy": PolicyPart(self._choose_policy, self._typed, self._reset, self._deliver_policy),
            "checks": ChecksPart(),
        }
        self.view = laid_out(
            self.basis,
            laid_out(self.day, self.upload, self.simulated, self.save, css=BAR, css_classes=["source"]),
            laid_out(self.state, Row(self.again, self.cancel, margin=0, stylesheets=[":host { gap: 8px; }"]), css=BAR),
            self.problem, self.figures, self.tabs, self.stage, css=PAGE,
        )  # fmt: skip

    # --- what is asked ---
    def _ask_of(self, draft: Draft) -> Ask:
        question = draft.question(self._full)
        policy = draft.valuation
        name = "policy.yaml" if form.is_changed(policy, draft.policy) else draft.policy
        ghost = question.ghost() if question.is_changed else None
        return Ask(draft.program, policy, name, question.scenario(), ghost, self.records, self._day)

    def _key(self) -> str:
        """All that decides what is shown."""
        records = "" if self.records is None else f"{self.records.sha256} {self.records.name}"
        return f"{self.session.draft.key()} {records} {self._day}"

    def _ask(self) -> None:
        """Begin: at once what is there already, or a few members; then better figures."""
        self._asked, self._problem, self._halted = self._key(), None, False
        for name in JOBS:
            self.session.cancel(name)
        ask = self._ask_of(self.session.draft)
        service, preview = self.session.service, self._sizes[0]
        full = ask.records is not None or service.desk.has(ask.scenario) or preview >= self._full
        first = ask if full else ask.of(preview)
        work = partial(answer, first, service, False)
        quick = ask.records is None
        self.session.job(
            "liability", work, partial(self._answered, first, full, self._refine), self._progress, quick=quick
        )
        self._show_state()

    def _refine(self) -> None:
        """The same of all members, with what takes longer."""
        ask = self._ask_of(self.session.draft)
        work = partial(answer, ask, self.session.service, True)
        self.session.job("liability-more", work, partial(self._answered, ask, True, self._bound), self._progress)

    def _bound(self) -> None:
        """The bounds of earlier months."""
        shown = self._shown
        if shown is None or not isinstance(shown.found, Valued) or not shown.found.drawn:
            return
        work = partial(bounds_of, shown.found, shown.ask.scenario.seed)
        self.session.job(
            "liability-bounds", work, partial(self._answered, shown.ask, True, lambda: None), self._progress
        )

    def _answered(self, ask: Ask, full: bool, then: Any, future: Future[Any]) -> None:
        """On the session's thread: show it, and ask for the next."""
        error = future.exception()
        if isinstance(error, BadInput):
            self._problem = error
            self._show_state()
            return
        if error is not None:
            self._problem = None
            self._show_state()
            if not isinstance(error, Cancelled):
                raise error
            return
        self._shown = Shown(ask, future.result(), full)
        with hold():
            self._show_all()
        if not self._halted:
            then()
        self._show_state()

    def _go_on(self) -> None:
        self._halted = False
        self._refine()
        self._show_state()

    def _halt(self) -> None:
        self._halted = True
        for name in JOBS:
            self.session.cancel(name)
        self._show_state()

    def _progress(self, done: int, total: int) -> None:
        self._show_state(done, total)

    # --- what the user does ---
    def _choose_tab(self, name: str) -> None:
        self._tab = name
        with hold():
            self._show_part()

    def _choose_day(self, month: Any) -> None:
        if self._quiet or not isinstance(month, int):
            return
        day = month_end(month)
        if day != self._day:
            self._day = day
            self._ask()

    def _choose_policy(self, name: str) -> None:
        draft = self.session.draft
        if name in shipped_policies() and name != draft.policy:
            self._refused = {}
            self.session.change(replace(draft, policy=name, policy_changes={}))

    def _typed(self, key: str, typed: str) -> None:
        """A field of the policy: taken, or refused where it stands."""
        draft = self.session.draft
        try:
            policy = form.edited(draft.valuation, tuple(key.split(".")), typed, draft.program.currency)
        except BadInput as error:
            self._refused[key] = typed, error
            self._show_part()
            return
        self._refused.pop(key, None)
        self._take_policy(policy)

    def _reset(self, key: str) -> None:
        draft = self.session.draft
        self._refused.pop(key, None)
        try:
            policy = form.reset(draft.valuation, tuple(key.split(".")), draft.policy)
        except BadInput as error:
            self._refused[key] = "", error
            self._show_part()
            return
        self._take_policy(policy)

    def _take_policy(self, policy: Any) -> None:
        draft = self.session.draft
        before, after = (each.model_dump(mode="json", by_alias=True) for each in (load_policy(draft.policy), policy))
        changed = replace(draft, policy_changes=patch_between(before, after))
        if changed == draft:
            self._show_part()
        else:
            self.session.change(changed)

    # --- a company's own records ---
    def _take(self, name: str, data: bytes) -> None:
        """A file has come in: a policy is taken at once, anything else is read off this thread."""
        self._upload_problem = ""
        if name.lower().endswith((".yaml", ".yml")):
            self._take_policy_file(name, data)
            return
        program, shelf = self.session.draft.program, self._shelf
        self._upload_problem = html.chip("stale", self._say._("Reading {file}…", file=name))
        self._show_state()
        self.session.job("liability-upload", partial(_taken, shelf, name, data, program), partial(self._took, name))

    def _took(self, name: str, future: Future[Records]) -> None:
        error = future.exception()
        self._upload_problem = html.problems(error, self._say) if isinstance(error, BadInput) else ""
        if error is None:
            self.records, self._day = future.result(), None
            self._ask()
        self._show_state()
        if error is not None and not isinstance(error, BadInput | Cancelled):
            raise error

    def _take_policy_file(self, name: str, data: bytes) -> None:
        try:
            policy = form.parsed(data, name)
        except BadInput as error:
            self._upload_problem = html.problems(error, self._say)
            self._show_state()
            return
        self._refused = {}
        self._tab = "policy"
        self._take_policy(policy)

    def _too_large(self, name: str, size: int) -> None:
        _ = self._say._
        told = _(
            "{file} has {size} MB; at most {most} MB are taken here. The command line takes larger files.",
            file=name, size=self._say.number(size / 2**20), most=self._say.number(LARGEST / 2**20),
        )  # fmt: skip
        self._upload_problem = f'<div class="problem" role="alert">{html.said(told)}</div>'
        self._show_state()

    def _back_to_simulated(self) -> None:
        self.records, self._day, self._upload_problem = None, None, ""
        self._ask()

    # --- files to take away ---
    def _deliver(self) -> None:
        """The workbook of what is on the page."""
        shown = self._shown
        if shown is None or not isinstance(shown.found, Valued):
            return
        self.save.waiting = self._say._("Writing the workbook…")
        tested = self._tested[1] if self._tested is not None and self._tested[0] == self._test_key() else None
        name = f"liability_{shown.found.day.isoformat()}.xlsx"

        def told(future: Future[bytes]) -> None:
            self.save.waiting = ""
            self.save.deliver(name, XLSX, future.result())

        self.session.job("liability-workbook", partial(_written, shown.found, tested), told)

    def _deliver_policy(self) -> None:
        data = form.policy_yaml(self.session.draft.valuation).encode()
        self.parts["policy"].save.deliver("policy.yaml", "application/yaml", data)

    # --- the back-test ---
    def _test_key(self) -> str:
        return self.session.draft.question(1).scenario().digest()

    def _back_test(self) -> None:
        key, scenario = self._test_key(), self.session.draft.question(1).scenario()

        def told(future: Future[dict[str, Any]]) -> None:
            error = future.exception()
            if error is None:
                self._tested = key, future.result()
            elif isinstance(error, BadInput):
                self._problem = error
            elif not isinstance(error, Cancelled):
                raise error
            self._show_part()
            self._show_state()

        few = self._sizes[0] < BACK_TEST["members"]
        work = partial(back_tested, scenario, self._sizes[0] // 10 if few else BACK_TEST["members"])
        self.session.job("liability-test", work, told, self._test_progress)
        self._show_part()

    def _test_progress(self, done: int, total: int) -> None:
        if self._tab == "rates":
            self.parts["rates"].show_test(self._say, done, total, True)

    # --- showing ---
    def show(self) -> None:
        """All again; where the draft is another one, its figures are asked for."""
        if self._key() != self._asked:
            self._refused = {key: each for key, each in self._refused.items() if self._shown is not None}
            self._ask()
        with hold():
            self._show_all()

    def close(self) -> None:
        """The session has ended: its files go with it."""
        self._shelf.close()

    def _show_all(self) -> None:
        say = self._say
        _ = say._
        self.upload.param.update(label=_("Take in your own file"), sending=_("Sending…"))
        self.simulated.param.update(label=_("Back to simulated members"), visible=self.records is not None)
        self.save.param.update(label=_("Download the workbook"))
        self.again.label = _("Full run: {n} members", n=say.number(self._full))
        self.cancel.label = _("Cancel")
        self.tabs.param.update(
            label=_("Parts of the valuation"),
            tabs=[["glance", _("At a glance")], ["books", _("Books")], ["rates", _("Redemption")], ["policy", _("Policy")], ["checks", _("Checks")]],
        )  # fmt: skip
        self._show_head()
        self._show_part()
        self._show_state()

    def _show_head(self) -> None:
        say, shown = self._say, self._shown
        if shown is None:
            self.basis.object = self.figures.object = ""
            self.save.disabled = True
            return
        found = shown.found
        self.basis.object = html.basis(glance.basis(found, say, shown.ask.records), self._world(shown))
        self.figures.object = (
            html.figures(glance.key_figures(found, say), say._("Key figures")) if isinstance(found, Valued) else ""
        )
        self.save.disabled = not isinstance(found, Valued)
        self._show_days(found)

    def _world(self, shown: Shown) -> str:
        """By which policy; of a company's own records, what says what a point is worth. (Program, population and assumptions stand above every page.)"""
        _, say = self._say._, self._say
        title = form.policy_title(shown.ask.policy, say)
        if shown.ask.records is not None:
            worth = shown.ask.worth
            apart = _("What stands above the page is of the simulated draft.")
            if worth is None:
                return str(say.joined(_("A point is worth what the policy says: {policy}.", policy=title), apart))
            name = worth.title_zh if say.chinese and worth.title_zh else worth.title
            said = _("A point is worth what {program} says. Policy: {policy}.", program=name, policy=title)
            return str(say.joined(said, apart))
        return str(_("Policy: {policy}.", policy=title))

    def _show_days(self, found: Valued | Read) -> None:
        """The month's ends that can be chosen."""
        if isinstance(found, Read):
            records = self.records
            first, last = (
                (records.first_month, records.last_month)
                if records
                else (found.triangle.valuation, found.triangle.valuation)
            )
            now = found.triangle.valuation
        else:
            first, now = found.path.first_month, valuation_month(found.day)
            last = self.records.last_month if self.records is not None else last_month(found.books)
        self._quiet = True
        try:
            options = {self._say.month(glance.month_day(month)): month for month in range(last, first - 1, -1)}
            self.day.param.update(label=self._say._("Valued at the end of"), options=options, value=now)
        finally:
            self._quiet = False

    def _show_part(self) -> None:
        say, shown, dark = self._say, self._shown, self.session.dark
        self.tabs.current = self._tab
        part = self.parts[self._tab]
        if self._tab == "policy":
            draft = self.session.draft
            policy = draft.valuation
            part.show(policy, draft.policy, policy.currency or draft.program.currency, self._refused, say)
        elif shown is None:
            self.stage[:] = []
            return
        elif self._tab == "checks":
            part.show(shown.found, self._command(shown), say)
        else:
            part.show(shown.found, say, dark)
        if self._tab == "rates":
            mine = self._tested is not None and self._tested[0] == self._test_key()
            part.tested = self._tested[1] if self._tested is not None and mine else None
            ticket = self.session.ticket("liability-test")
            part.show_test(say, *((ticket.done, ticket.total, True) if ticket else (0, 0, False)))
        if list(self.stage) != [part.view]:
            self.stage[:] = [part.view]

    def _show_state(self, done: int = 0, total: int = 0) -> None:
        say, shown = self._say, self._shown
        _ = say._
        runs = next((name for name in JOBS if self.session.ticket(name) is not None), "")
        told = ""
        if runs:
            words = {
                "liability": _("Valuing…"), "liability-more": _("All members, and levels of confidence…"),
                "liability-bounds": _("Bounds of earlier months…"),
            }  # fmt: skip
            told = words[runs] if not total else f"{words[runs]} {say.number(done)} / {say.number(total)}"
        stale = shown is None or self._key() != self._asked or runs == "liability"
        if self._problem is not None:
            kind, words_now = "stale", _("These figures are of before: what was asked for cannot be valued")
            if shown is None:
                words_now = _("Cannot be valued")
        elif stale:
            kind, words_now = "stale", _("Out of date: computing…") if shown is not None else _("Computing…")
        elif shown is not None and shown.ask.records is not None:
            kind, words_now = "full", _("Your records: {file}", file=shown.ask.records.name)
        else:
            assert shown is not None
            size = {"n": say.number(shown.ask.scenario.members), "seed": str(shown.ask.scenario.seed)}
            kind = "full" if shown.full else "preview"
            words_now = (
                _("Full run: {n} members, seed {seed}", **size)
                if shown.full
                else _("Preview: {n} members, seed {seed}", **size)
            )
        self.state.object = html.chip(kind, words_now, done, max(total, 1) if runs else 0, told)
        self.again.visible = not runs and shown is not None and not stale and not shown.full and self._problem is None
        self.cancel.visible = bool(runs)
        problem = "" if self._problem is None else html.problems(self._problem, say)
        self.problem.object = self._upload_problem + problem

    def _command(self, shown: Shown) -> str:
        """The command line that gives the same figures."""
        ask, found = shown.ask, shown.found
        policy = f"  --policy {shlex.quote(ask.policy_name)}"
        if isinstance(found, Read):
            assert ask.records is not None
            last = month_end(found.triangle.valuation).isoformat()
            rate = f"{ask.policy.points.initial_rate.value:f}"
            return " \\\n".join(
                [
                    shlex.join(["loyalty", "redemption", ask.records.name]),
                    f"  --valuation {last}",
                    f"  --a-priori {rate}",
                ]
            )
        program = ask.scenario.names["program"]
        if ask.records is not None:
            name = ask.records.name
            lines = []
            if ask.records.replayed:
                until = month_end(ask.records.last_month).isoformat()
                lines = [
                    shlex.join(["loyalty", "replay", program, name, "--as-of", until, "--ledger", "ledger.csv"]),
                    "",
                ]
                name = "ledger.csv"
            own = [shlex.join(["loyalty", "liability", name])]
            own += [f"  --program {shlex.quote(program)}"] if ask.worth is not None else []
            return "\n".join(lines) + " \\\n".join(
                [*own, f"  --valuation {found.day.isoformat()}", policy, "  --out liability.xlsx"]
            )
        scenario = ask.scenario
        options = {
            "valuation": found.day.isoformat(), "members": str(scenario.members), "years": str(scenario.years),
            "start": scenario.start.isoformat(), "seed": str(scenario.seed), "population": scenario.names["population"],
            "assumptions": scenario.names["assumptions"],
        }  # fmt: skip
        lines = [
            shlex.join(["loyalty", "liability", program]),
            *(f"  --{name} {shlex.quote(value)}" for name, value in options.items()),
        ]
        return " \\\n".join([*lines, policy, "  --out liability.xlsx"])


# --- off the session's thread --------------------------------------------------------------------------------------------
def _taken(shelf: Shelf, name: str, data: bytes, program: Any, ticket: Ticket) -> Records:
    return shelf.take(name, data, program)


def _written(found: Valued, tested: Any, ticket: Ticket) -> bytes:
    return workbook(found, tested)
