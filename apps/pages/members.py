"""The Members page: segments, figures, early warning, one member's life; of the draft's simulated members, or of a log that was sent."""

from concurrent.futures import Executor, Future
from dataclasses import replace
from functools import partial
from typing import Any

from apps import members_html as html
from apps.components import Button, hold, laid_out
from apps.draft import Draft, patch_between
from apps.file_components import Upload
from apps.form_components import TabList
from apps.member_log import (
    EarlyWarning,
    Fitted,
    Looked,
    MemberLog,
    fitted,
    life_of,
    looked,
    replayed,
    segments_table,
    simulated_log,
    warned,
)
from apps.pages.members_parts import FitPart, LifePart, OverviewPart, SegmentsPart, WarningPart, text
from apps.pages.sheet import BAR, PAGE, STAGE
from apps.problems_said import messages_said
from apps.records import LARGEST, Shelf
from apps.runs import Cancelled, Ticket
from apps.session import Session
from workbench.errors import BadInput, Problem
from workbench.population.load import load_population, read_population
from workbench.population.spec import in_currency
from workbench.program.spec import Program
from workbench.yaml_file import parse_mapping

__all__ = ["MembersPage"]

WEEKS = 13
JOBS = ("members", "members-lived", "members-warn", "members-life", "members-fit", "members-replay", "members-file")
CSV = "text/csv;charset=utf-8"


class MembersPage:
    """One log in five tabs."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._shelf = Shelf()
        self._sent: MemberLog | None = None
        """The log that was sent; None: the draft's members, simulated."""
        self._asked = ""
        self._tab = "overview"
        self._by, self._show_ids = "sales", False
        self._problem: BadInput | None = None
        self._quiet = False
        self._program: Program = session.draft.program
        """Under whose rules what is shown was replayed."""
        self._forget()
        self._build()

    def _forget(self) -> None:
        """Nothing is known of the log yet."""
        self._looked: Looked | None = None
        self._warned: EarlyWarning | None = None
        self._fitted: Fitted | None = None
        self._replayed: dict[str, Any] | None = None
        self._life: dict[str, Any] | None = None
        self._member = ""
        self._member_problem: BadInput | None = None

    @property
    def _say(self) -> Any:
        return self.session.say

    # --- what it is made of ---
    def _build(self) -> None:
        self.basis, self.state, self.problem = text(), text(), text()
        self.state.css_classes = ["members-state"]
        self.upload = Upload(self._take, self._too_large, largest=LARGEST, accept=".csv,.gz,.parquet", margin=0)
        self.simulated = Button(color="primary", variant="outlined", margin=0)
        self.simulated.on_click(lambda _: self._leave())
        self.ids = Button(color="primary", variant="outlined", margin=0)
        self.ids.on_click(lambda _: self._turn_ids())
        self.cancel = Button(color="primary", variant="outlined", margin=0)
        self.cancel.on_click(lambda _: self._halt())
        self.again = Button(color="primary", variant="contained", margin=0)
        self.again.on_click(lambda _: self._begin())
        self.tabs = TabList(self._choose_tab, sizing_mode="stretch_width", margin=0)
        self.stage = laid_out(css=STAGE)
        self.parts: dict[str, Any] = {
            "overview": OverviewPart(),
            "segments": SegmentsPart(self._deliver_segments),
            "warning": WarningPart(self._choose_order, self._deliver_list),
            "life": LifePart(self._ask_life),
            "fit": FitPart(self._ask_fit, self._use, self._ask_replay, self._deliver_population),
        }
        self.view = laid_out(
            self.basis,
            laid_out(self.upload, self.simulated, self.ids, css=BAR, css_classes=["source"]),
            laid_out(self.state, self.again, self.cancel, css=BAR),
            self.problem, self.tabs, self.stage, css=PAGE,
        )  # fmt: skip

    # --- the log ---
    def _take(self, name: str, data: bytes) -> None:
        """A file has come: it is kept while this window is open, and nowhere else."""
        try:
            kept = self._shelf.keep(name, data)
        except BadInput as error:
            self._problem = error
            self._show_state()
            return
        self._sent = MemberLog("log", name, kept.path, kept.sha256)
        self._begin()

    def _too_large(self, name: str, size: int) -> None:
        most = f"{LARGEST / 2**20:,.0f} MB that are taken here; the command line takes larger files"
        message = f"{size / 2**20:,.0f} MB are more than the {most}"
        self._problem = BadInput(Problem("", message), name)
        self._show_state()

    def _leave(self) -> None:
        self._sent, self._show_ids = None, False
        self._begin()

    def _turn_ids(self) -> None:
        self._show_ids = not self._show_ids
        self._show_all()

    # --- work ---
    def _key(self, draft: Draft) -> str:
        return draft.key() if self._sent is None else f"{self._sent.sha256} {self._sent.name} {draft.program.currency}"

    def _begin(self) -> None:
        """Everything anew: the log is read, or lived."""
        for name in JOBS:
            self.session.cancel(name)
        self._forget()
        self._problem, self._asked = None, self._key(self.session.draft)
        self._program = self.session.draft.program
        if self._sent is None:
            scenario = self.session.draft.question(self.session.service.settings.preview).scenario()
            path = self._shelf.folder / "simulated.csv"

            def work(ticket: Ticket) -> Looked:
                return looked(simulated_log(scenario, path, ticket), ticket)

            self._job("members-lived", work, self._have_looked, self.session.service.refinements)
        else:
            self._job("members", partial(looked, self._sent), self._have_looked)
        self._show_all()

    def _job(self, name: str, work: Any, then: Any, pool: Executor | None = None) -> None:
        key = self._asked

        def told(future: Future[Any]) -> None:
            error = future.exception()
            if key != self._asked or isinstance(error, Cancelled):
                return
            if isinstance(error, BadInput):
                self._problem = error
            elif error is not None:
                self._show_state()
                raise error
            else:
                self._problem = None
                then(future.result())
            self._show_all()

        self.session.job(name, work, told, self._show_state, pool=pool)

    def _have_looked(self, found: Looked) -> None:
        self._looked = found
        self._ask_what_the_tab_needs()

    def _ask_what_the_tab_needs(self) -> None:
        found = self._looked
        if (
            found is not None
            and self._tab in ("warning", "life")
            and self._warned is None
            and self.session.ticket("members-warn") is None
        ):
            self._job("members-warn", partial(warned, found.log, WEEKS), self._have_warned)

    def _have_warned(self, found: EarlyWarning) -> None:
        self._warned = found
        if self._by == "sales" and not found.any_at_risk:
            self._by = "no-purchase"

    def _ask_life(self, member: str) -> None:
        found = self._looked
        if found is None or not member:
            return
        self._member, self._member_problem, self._life = member, None, None
        work = partial(life_of, found.log, self.session.draft.program, member)

        def told(future: Future[Any]) -> None:
            error = future.exception()
            if isinstance(error, BadInput):
                self._member_problem = error
            elif error is None:
                self._life = future.result()
            elif not isinstance(error, Cancelled):
                raise error
            self._show_all()

        self.session.job("members-life", work, told, self._show_state)
        self._show_all()

    def _ask_fit(self) -> None:
        if self._looked is not None and self._sent is not None:
            currency = self.session.draft.program.currency
            self._job("members-fit", partial(fitted, self._looked.log, currency), partial(setattr, self, "_fitted"))
            self._show_state()

    def _ask_replay(self) -> None:
        if self._looked is not None and self._sent is not None:
            work = partial(replayed, self._looked.log, self.session.draft.program)
            self._job("members-replay", work, partial(setattr, self, "_replayed"))
            self._show_state()

    def _use(self) -> None:
        """The calibrated population becomes the draft's."""
        if self._fitted is None:
            return
        draft = self.session.draft
        mapping, _lines = parse_mapping(self._fitted.text, "population")
        mine = read_population(mapping)
        shipped = in_currency(load_population(draft.population), draft.program.currency)
        changes = patch_between(*(each.model_dump(mode="json", by_alias=True) for each in (shipped, mine)))
        try:
            self.session.change(replace(draft, population_changes=changes))
        except BadInput as error:
            self._problem = error
            self._show_state()
            return
        self.session.tell(self._say._("The draft now simulates with the customers of your log. Undo takes it back."))

    def _halt(self) -> None:
        for name in JOBS:
            self.session.cancel(name)
        self._show_state()

    # --- what the user does ---
    def _choose_tab(self, name: str) -> None:
        self._tab = name
        self._ask_what_the_tab_needs()
        self._show_all()

    def _choose_order(self, by: str) -> None:
        if not self._quiet and by:
            self._by = by
            self._show_all()

    def _deliver_segments(self) -> None:
        found, part = self._looked, self.parts["segments"]
        if found is None:
            return
        part.save.waiting = self._say._("Being made…")

        def told(future: Future[bytes]) -> None:
            part.save.waiting = ""
            if future.exception() is None:
                part.save.deliver("segments.csv", CSV, future.result())

        self.session.job("members-file", partial(segments_table, found.log, self._show_ids), told)

    def _deliver_list(self) -> None:
        if self._warned is not None:
            data = self._warned.table(self._show_ids, self._by)
            self.parts["warning"].save.deliver("at_risk.csv", CSV, data)

    def _deliver_population(self) -> None:
        if self._fitted is not None:
            self.parts["fit"].save.deliver("population.yaml", "application/yaml", self._fitted.text.encode())

    # --- showing ---
    def show(self) -> None:
        """Everything, from the session; of another draft, its members anew."""
        if self._asked != self._key(self.session.draft):
            self._begin()
            return
        program = self.session.draft.program
        if program != self._program:  # what was replayed was under other rules
            member, self._program = self._member, program
            self._replayed = self._life = None
            self.session.cancel("members-replay")
            self._ask_life(member)
        self._show_all()

    def close(self) -> None:
        """The log goes with the window."""
        self._shelf.close()

    def _show_all(self) -> None:
        with hold():
            self._show_everything()

    def _show_everything(self) -> None:
        _ = self._say._
        simulated = self._sent is None
        self.upload.param.update(label=_("Send a log of transactions"), sending=_("On its way…"))
        self.simulated.param.update(label=_("Back to simulated members"), visible=not simulated)
        self.ids.param.update(label=_("Hide real ids") if self._show_ids else _("Show real ids"), visible=not simulated)
        self.cancel.label, self.again.label = _("Cancel"), _("Read again")
        self.basis.object = self._basis()
        self.tabs.param.update(
            label=_("What to see"),
            tabs=[
                ["overview", _("Overview")], ["segments", _("Segments")], ["warning", _("Early warning")], ["life", _("One member")],
                ["fit", _("Calibrate and replay")],
            ],
            current=self._tab,
        )  # fmt: skip
        self._show_tab()
        self._show_state()

    def _basis(self) -> str:
        """Whose figures these are."""
        _, say, draft = self._say._, self._say, self.session.draft
        if self._sent is None:
            members = self.session.service.settings.preview
            told = _(
                "{members} simulated members of the draft, {years} years from {start}, seed {seed}. They are nobody's customers: send a log to see your own.",
                members=say.number(members), years=say.number(draft.years), start=say.day(draft.start.isoformat()), seed=str(draft.seed),
            )  # fmt: skip
            return html.basis("projection", _("PROJECTION"), told)
        found = self._looked
        log = (
            _("The log {name}.", name=self._sent.name)
            if found is None
            else _("The log {name}, until {day}.", name=self._sent.name, day=say.day(found.as_of.isoformat()))
        )
        ids = (
            _("Real ids are shown, and are in what you save.")
            if self._show_ids
            else _("Ids are pseudonyms, also in what you save.")
        )
        currency = _("Amounts are taken to be in {currency}.", currency=draft.program.currency)
        kept = _("The file is kept on this server until this window is closed.")
        return html.basis("estimate", _("ESTIMATE"), say.joined(log, currency, ids, kept))

    def _show_tab(self) -> None:
        say, dark, currency = self._say, self.session.dark, self.session.draft.program.currency
        part, found = self.parts[self._tab], self._looked
        ready = found is not None and (self._tab not in ("warning",) or self._warned is not None)
        if not ready:
            self.stage[:] = []
            return
        if self._tab in ("overview", "segments"):
            part.show(found, currency, say, dark)
        elif self._tab == "warning":
            self._quiet = True
            try:
                part.show(self._warned, self._by, self._show_ids, currency, say, dark)
            finally:
                self._quiet = False
        elif self._tab == "life":
            problem = "" if self._member_problem is None else messages_said(self._member_problem, self._say).text
            part.show(self._life, self._member, problem, self._choice(), self._sent is None, currency, say)
        else:
            title = self.session.draft.program
            name = title.title_zh if say.chinese and title.title_zh else title.title
            part.show(self._fitted, self._replayed, self._sent is None, name, currency, say, dark)
        if list(self.stage) != [part.view]:
            self.stage[:] = [part.view]

    def _choice(self) -> list[str]:
        """Members at the head of the list, as they may be shown."""
        if self._warned is None:
            return []
        return [each["member_id"] for each in self._warned.document(self._show_ids, self._by)["members"]]

    def _show_state(self, done: int = 0, total: int = 0) -> None:
        _ = self._say._
        busy = [name for name in JOBS if self.session.ticket(name) is not None]
        words = {
            "members": _("Reading the log…"), "members-lived": _("Living the draft's members…"),
            "members-warn": _("Fitting, and judging on held-out weeks…"), "members-life": _("Looking the member up…"),
            "members-fit": _("Calibrating…"), "members-replay": _("Replaying…"), "members-file": _("Being made…"),
        }  # fmt: skip
        if busy:
            self.state.object = html.chip("stale", words[busy[0]], done, max(total, 1))
        elif self._looked is None:
            self.state.object = html.chip("stale", _("Nothing read yet"))
        else:
            self.state.object = html.chip("full", _("Up to date"))
        self.cancel.visible = bool(busy)
        self.again.visible = not busy and self._looked is None
        self.problem.object = html.problems(self._problem, self._say)
