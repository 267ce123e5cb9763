"""The page of stories: choose, order and word slides of the draft's run or of others, show them full screen, keep and export them."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from markupsafe import Markup

from apps.components import HTML, Button, Select, hold, laid_out
from apps.file_components import Deliver
from apps.form_components import FieldForm
from apps.fragments import STYLE, headed
from apps.problems_said import problems_said
from apps.runs import Cancelled, Service, Ticket
from apps.session import Session
from apps.story_components import SlideList, Stage
from apps.story_sources import Shelf, Wanted, content_of, keep, kept_offers, offers_of, wanted_of
from apps.views.story import (
    MOST_SLIDES,
    ONLY,
    Entry,
    Offer,
    Outline,
    exhibit_names,
    file_stem,
    outline_of,
    slide_rows,
    usual,
    yaml_of,
)
from apps.workspace import Conflict
from workbench.errors import BadInput
from workbench.reports.language import Language
from workbench.reports.story import Content, Told, tell
from workbench.reports.story_file import Story, read_story
from workbench.reports.story_page import story_page
from workbench.reports.story_report import write_told

__all__ = ["StoryPage"]

_PAGE = """
:host { flex: none !important; height: auto !important; max-height: none !important; width: 100%; max-width: 1500px; margin: 0 auto;
  padding: 14px 20px 40px; box-sizing: border-box; gap: 12px; }
:host > * { min-width: 0; }
:host > .scroll-button { display: none; }
@media (max-width: 899px) { :host { padding: 10px 12px 32px; } }
"""
_TWO = """
:host { display: grid !important; grid-template-columns: minmax(300px, 2fr) minmax(0, 3fr); gap: 18px; align-items: start; height: auto !important; }
:host > * { min-width: 0; width: auto !important; }
@media (max-width: 1099px) { :host { grid-template-columns: minmax(0, 1fr); } }
"""
_BAR = """
:host { flex-direction: row !important; flex-wrap: wrap; align-items: center; gap: 8px 12px; height: auto !important; }
:host > * { width: auto !important; max-width: 100%; }
"""
_SIDE = ":host { gap: 12px; height: auto !important; position: sticky; top: 8px; } :host > * { min-width: 0; }"
_STACK = ":host { gap: 12px; height: auto !important; } :host > * { min-width: 0; }"
KINDS = {
    "html": "text/html",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Media types by ending."""


@dataclass(frozen=True)
class Ask:
    """All that decides a story's page: what a job reads instead of the session."""

    story: Story
    wanted: Mapping[str, Wanted]
    """Sources to be lived."""
    kept: Mapping[str, tuple[str, Path]]
    """Sources that are there: kind and place."""
    tag: str

    def key(self) -> str:
        """Equal keys tell the same."""
        lived = [(name, each.key()) for name, each in self.wanted.items()]
        return f"{self.story.model_dump_json(by_alias=True)} {lived} {sorted(map(str, self.kept.items()))} {self.tag}"


def told_by(ask: Ask, shelf: Shelf, service: Service, ticket: Ticket) -> Told:
    """The story told, its sources lived where they have to be. Raises BadInput, Cancelled."""
    total, before = sum(each.members for each in ask.wanted.values()), 0
    contents: dict[str, Content] = {}
    for name in ask.story.sources:
        if name in ask.wanted:
            wanted = ask.wanted[name]
            contents[name] = content_of(wanted.kind, shelf.made(wanted, service, ticket, before, total))
            before += wanted.members
        else:
            contents[name] = content_of(*ask.kept[name])
    return tell(ask.story, contents, Language(ask.tag))


def page_of(ask: Ask, shelf: Shelf, service: Service, ticket: Ticket) -> tuple[str, tuple[str, ...]]:
    """The story's page, and the finding of each slide by itself."""
    told = told_by(ask, shelf, service, ticket)
    return story_page(told, Language(ask.tag)), tuple(each.own for each in told.slides)


def file_of(ask: Ask, suffix: str, shelf: Shelf, service: Service, ticket: Ticket) -> bytes:
    """The story as a file."""
    told = told_by(ask, shelf, service, ticket)
    with TemporaryDirectory() as folder:
        return write_told(told, Path(folder) / f"story.{suffix}", Language(ask.tag)).read_bytes()


class StoryPage:
    """One story, edited and shown."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._shelf = Shelf()
        self._outline: Outline | None = None
        self._paths: dict[str, Offer] = {}
        self._name = ""
        self._since: str | None = None
        self._shown = ""
        self._findings: tuple[str, ...] = ()
        self._asked = ""
        self._untouched = True
        self._quiet = False
        self._build()

    # --- what it is made of ---
    def _build(self) -> None:
        def text(name: str) -> HTML:
            return HTML("", stylesheets=[STYLE], sizing_mode="stretch_width", margin=0, css_classes=[name])

        def button(pressed: Callable[[], None], strong: bool = False) -> Button:
            made = Button(color="primary", variant="contained" if strong else "outlined", margin=0)
            made.on_click(lambda _: pressed())
            return made

        self.head, self.state, self.problem = text("head"), text("chip"), text("problem")
        self.details = FieldForm(self._detail, self._reset, sizing_mode="stretch_width", margin=0)
        self.slides = SlideList(self._slide, sizing_mode="stretch_width", margin=0, css_classes=["slides"])
        self.source, self.exhibit = Select(width=260, margin=0), Select(width=260, margin=0)
        self.source.param.watch(lambda _: self._show_exhibits(), "value")
        self.add, self.fresh = button(self._add), button(self._begin)
        self.tell, self.cancel = button(self._tell, strong=True), button(self._cancel)
        self.stage = Stage(sizing_mode="stretch_width", margin=0, css_classes=["stage-frame"])
        self.files = {suffix: Deliver(partial(self._deliver, suffix), margin=0) for suffix in KINDS}
        self.save, self.open = button(self._save), Select(width=260, margin=0)
        self.open.param.watch(lambda event: self._opened(event.new), "value")
        left = laid_out(
            self.details, laid_out(self.save, self.open, self.fresh, css=_BAR),
            self.slides, laid_out(self.source, self.exhibit, self.add, css=_BAR), css=_STACK,
        )  # fmt: skip
        right = laid_out(
            laid_out(self.tell, self.cancel, css=_BAR),
            self.state,
            self.stage,
            laid_out(*self.files.values(), css=_BAR),
            css=_SIDE,
        )
        self.view = laid_out(self.head, self.problem, laid_out(left, right, css=_TWO), css=_PAGE)

    # --- what there is ---
    @property
    def _offers(self) -> dict[str, Offer]:
        """What slides can be of, by name: what the draft gives, what the workspace keeps, and what an opened story names."""
        session = self.session
        found = [*offers_of(session.draft, session.say), *kept_offers(session.workspace)]
        return {**{each.name: each for each in found}, **self._paths}

    def _ask(self) -> Ask:
        """Raises BadInput."""
        session, offers = self.session, self._offers
        assert self._outline is not None
        outline = self._outline
        paths = {name: _path_of(offers.get(name), name) for name in outline.sources}
        story = outline.story(paths, session.say.tag)
        members = session.service.settings.full
        programs = session.programs() if "comparison" in outline.sources else {}
        wanted = {
            name: wanted_of(name, session.draft, members, programs)
            for name in outline.sources
            if name in offers and not offers[name].path
        }
        folder = session.workspace.root / "stories"
        kept = {
            name: (offers[name].kind, folder / offers[name].path)
            for name in outline.sources
            if name in offers and offers[name].path
        }
        return Ask(story, wanted, kept, session.say.tag)

    # --- what the user does ---
    def _begin(self) -> None:
        """A story anew."""
        session = self.session
        program = session.draft.program
        self._paths, self._name, self._since = {}, "", None
        self._outline = usual(program.title, program.title_zh, offers_of(session.draft, session.say))
        self._untouched = True
        self._show_all()

    def _change(self, outline: Outline) -> None:
        self._outline, self._untouched = outline, False
        self._show_all()

    def _detail(self, key: str, value: str) -> None:
        assert self._outline is not None
        if key == "name":
            if value != self._name:
                self._name, self._since = value.strip(), None
            self._show_all()
        elif key in ("title", "subtitle", "client"):
            self._change(self._outline.with_detail(key, value[:300], self.session.say))

    def _reset(self, key: str) -> None:
        self._detail(key, "")

    def _slide(self, place: int, what: str, value: Any) -> None:
        outline = self._outline
        if outline is None or not 0 <= place < len(outline.slides):
            return
        entry = outline.slides[place]
        if what == "remove":
            self._change(outline.removed(place))
        elif what in ("up", "down"):
            self._change(outline.moved(place, -1 if what == "up" else 1))
        elif what == "only" and value in ONLY:
            self._change(outline.edited(place, replace(entry, only=value)))
        elif what == "figures":
            self._change(outline.edited(place, replace(entry, figures=value)))
        elif what in ("heading", "text", "notes"):
            self._change(outline.edited(place, entry.saying(what, value, self.session.say)))

    def _add(self) -> None:
        source, show, _ = self.source.value, self.exhibit.value, self.session.say._
        if self._outline is None or source not in self._offers or not show:
            return
        if len(self._outline.slides) >= MOST_SLIDES:
            self.session.tell(_("A story has at most {n} slides.", n=str(MOST_SLIDES)), "warning")
            return
        heading = _("A heading") if show == "text" else ""
        self._change(self._outline.added(Entry(show, source).saying("heading", heading, self.session.say)))

    # --- telling ---
    def _tell(self) -> None:
        """Live what has to be lived, and show the story."""
        ask = self._checked()
        if ask is None:
            return
        self._asked = ask.key()
        work = partial(page_of, ask, self._shelf, self.session.service)
        self.session.job("story", work, partial(self._told, ask.key()), self._progress)
        self._show_state()

    def _checked(self) -> Ask | None:
        """What is asked, or None where the story has a mistake, which is then said."""
        try:
            ask = self._ask()
        except BadInput as error:
            self._say_problem(error)
            return None
        self.problem.object = ""
        return ask

    def _told(self, key: str, future: Future[tuple[str, tuple[str, ...]]]) -> None:
        error = future.exception()
        self._asked = ""
        if error is None:
            self._shown = key
            self.stage.page, self._findings = future.result()
            self._show_all()
        elif isinstance(error, BadInput):
            self._say_problem(error)
        self._show_state()
        if error is not None and not isinstance(error, BadInput | Cancelled):
            raise error

    def _cancel(self) -> None:
        self._asked = ""
        for name in ("story", *(f"story-{suffix}" for suffix in KINDS)):
            self.session.cancel(name)
        for each in self.files.values():
            each.waiting = ""
        self._show_state()

    def _progress(self, done: int, total: int) -> None:
        self._show_state(done, total)

    def _deliver(self, suffix: str) -> None:
        """The story as a file, written off this thread."""
        ask, _ = self._checked(), self.session.say._
        if ask is None:
            return
        widget = self.files[suffix]
        widget.waiting = _("Writing…")
        name = (
            f"{file_stem(ask.story.title_zh if ask.tag != 'en' and ask.story.title_zh else ask.story.title)}.{suffix}"
        )

        def told(future: Future[bytes]) -> None:
            widget.waiting = ""
            error = future.exception()
            if error is None:
                widget.deliver(name, KINDS[suffix], future.result())
            elif isinstance(error, BadInput):
                self._say_problem(error)
            elif not isinstance(error, Cancelled):
                raise error

        def far(done: int, total: int) -> None:
            widget.waiting = _("Writing… {share}", share=self.session.say.percent(100 * done / total, 0))

        self.session.job(f"story-{suffix}", partial(file_of, ask, suffix, self._shelf, self.session.service), told, far)
        self._show_state()

    # --- the workspace ---
    def _save(self) -> None:
        """Into the workspace: the file, and beside it what was lived for it."""
        ask, session = self._checked(), self.session
        _ = session.say._
        if ask is None or self._outline is None:
            return
        if any(not self._shelf.has(each) for each in ask.wanted.values()):
            session.tell(_("Show the story first: what is kept is what was shown."), "warning")
            return
        stem = file_stem(self._name or self._outline.detail("title", session.say) or self._outline.title)
        try:
            saved = self._saved(stem, ask)
        except Conflict:
            session.tell(
                _(
                    "{file} was saved elsewhere since it was opened here. Give this story another name.",
                    file=f"{stem}.yaml",
                ),
                "warning",
            )
            return
        except BadInput as error:
            self._say_problem(error)
            return
        self._name, self._since = stem, saved
        session.tell(_("Saved: {file}", file=f"stories/{stem}.yaml"))
        self._show_all()

    def _saved(self, stem: str, ask: Ask) -> str:
        """Returns the digest of the file. The runs are kept first: a story never names what is not there."""
        assert self._outline is not None
        session, offers = self.session, self._offers
        paths = {}
        for name in self._outline.sources:
            offer = offers[name]
            path = offer.path
            if name in ask.wanted:
                lived = self._shelf.made(ask.wanted[name], session.service, Ticket(), 0, 1)
                path = keep(session.workspace, stem, name, offer.kind, lived)
            paths[name] = (offer.kind, path)
        text = yaml_of(self._outline.mapping(paths, session.say.tag))
        return session.workspace.save("stories", f"{stem}.yaml", text.encode("utf-8"), self._since).digest

    def _opened(self, name: Any) -> None:
        """A story of the workspace."""
        session = self.session
        if self._quiet or not name:
            return
        try:
            _data, saved = session.workspace.read("stories", name)
            story = read_story(session.workspace.path("stories", name))
        except BadInput as error:
            self._say_problem(error)
            return
        self._paths = {
            key: Offer(key, Path(path).name, kind, path)
            for key, source in story.sources.items()
            for kind, path in [
                ("run", source.run) if source.run is not None else ("comparison", source.comparison or "")
            ]
        }
        self._outline, self._untouched = outline_of(story), False
        self._name, self._since = name.removesuffix(".yaml"), saved.digest
        self._shown, self._findings, self.stage.page = "", (), ""
        self._show_all()
        self._tell()

    # --- showing ---
    def show(self) -> None:
        """All of it again; the first time, and as long as nobody changed it, it is the usual story of the draft."""
        if self._outline is None or self._untouched:
            self._begin()
        else:
            self._show_all()
        if not self._shown and not self._asked:
            self._tell()

    def close(self) -> None:
        """The session's runs go with it."""
        self._shelf.close()

    def _show_all(self) -> None:
        if self._outline is None:
            return
        with hold():
            self._show_words()
            self._show_choices()
            self._show_exhibits()
            self._show_state()

    def _show_words(self) -> None:
        say, outline = self.session.say, self._outline
        assert outline is not None
        _ = say._
        self.head.object = headed(
            _("Presentation"),
            _("Choose what is shown, put it in order, give it words; then show it full screen or take it with you."),
        )
        fields = [
            (key, name, outline.detail(key, say), hint)
            for key, name, hint in (
                ("title", _("Title"), ""), ("subtitle", _("Subtitle"), ""), ("client", _("For whom"), ""),
            )
        ]  # fmt: skip
        fields.append(("name", _("Name of the file"), self._name, _("In the workspace, under stories.")))
        self.details.groups = [{"title": _("On the front"), "fields": [_field(*each) for each in fields]}]
        self.slides.labels = {
            "list": _("Slides"), "up": _("Further up"), "down": _("Further down"), "remove": _("Take out"), "heading": _("Heading"),
            "more": _("Text, notes and more"), "text": _("Text under the heading"), "notes": _("Notes for whoever speaks"), "only": _("Show"),
            "figures": _("Key figures"), "onlies": [["all", _("charts and tables")], ["charts", _("charts only")], ["tables", _("tables only")]],
        }  # fmt: skip
        findings = self._findings if self._shown else ()
        self.slides.slides = slide_rows(
            outline, self._offers, findings if len(findings) == len(outline.slides) else (), say
        )
        self.stage.param.update(label=_("The story"), present=_("Full screen"))
        labels = {"html": _("Page (.html)"), "pptx": _("PowerPoint (.pptx)"), "xlsx": _("Workbook (.xlsx)")}
        for suffix, each in self.files.items():
            each.label = labels[suffix]
        for widget, label in (
            (self.add, _("Add a slide")), (self.fresh, _("Begin anew")), (self.cancel, _("Cancel")), (self.save, _("Save in the workspace")),
        ):  # fmt: skip
            widget.label = label

    def _show_choices(self) -> None:
        _ = self.session.say._
        offers = self._offers
        self._quiet = True
        options = {each.title: name for name, each in offers.items()}
        chosen = self.source.value if self.source.value in offers else next(iter(offers))
        self.source.param.update(label=_("Of"), options=options, value=chosen)
        names = self.session.workspace.names("stories")
        current = f"{self._name}.yaml" if self._since and f"{self._name}.yaml" in names else ""
        self.open.param.update(
            label=_("Open a story"),
            options={"–": "", **{name.removesuffix(".yaml"): name for name in names}},
            value=current,
        )
        self._quiet = False

    def _show_exhibits(self) -> None:
        offer = self._offers.get(self.source.value or "")
        if offer is None:
            return
        names = exhibit_names(offer.kind, self.session.say)
        options = {names[name]: name for name in (*offer.exhibits, "text")}
        chosen = self.exhibit.value if self.exhibit.value in options.values() else next(iter(options.values()))
        self.exhibit.param.update(label=self.session.say._("What"), options=options, value=chosen)

    def _show_state(self, done: int = 0, total: int = 0) -> None:
        session, say = self.session, self.session.say
        _ = say._
        running = session.ticket("story") is not None or bool(self._asked)
        self.cancel.visible = running
        self.tell.label = _("Show the story") if not self._shown else _("Show it as it is now")
        members = say.number(session.service.settings.full)
        if running:
            share = f' <progress max="{total}" value="{done}"></progress>' if total else ""
            self.state.object = str(
                Markup('<p class="state"><span class="chip stale">{}</span>{}</p>').format(
                    _("Living through it…"), Markup(share)
                )
            )
            return
        try:
            ask = self._ask()
        except BadInput:
            ask = None
        if ask is not None and ask.key() == self._shown:
            kind, word = "full", _("Projection, {n} members, seed {seed}", n=members, seed=str(session.draft.seed))
            if not ask.wanted:
                word = _("Projection, told of runs that were kept")
        elif self._shown:
            kind, word = "stale", _("Out of date: the story or the program was changed since")
        else:
            kind, word = "stale", _("Not shown yet")
        self.state.object = str(Markup('<p class="state"><span class="chip {}">{}</span></p>').format(kind, word))

    def _say_problem(self, error: BadInput) -> None:
        told = problems_said(error, self.session.say)
        lines = Markup("").join(Markup("<li>{}</li>").format(each) for each in told)
        self.problem.object = str(Markup('<div class="problem" role="alert"><ul>{}</ul></div>').format(lines))


def _path_of(offer: Offer | None, name: str) -> tuple[str, str]:
    """Kind and path of a source; of one that is not lived yet, a name in place of the path."""
    if offer is None:
        return "run", name
    return offer.kind, offer.path or name


def _field(key: str, label: str, value: str, hint: str) -> dict[str, Any]:
    return {
        "key": key, "kind": "text", "label": label, "help": hint, "unit": "", "value": value, "options": [], "changed": False,
        "shipped": "", "problem": "",
    }  # fmt: skip
