"""The strip of key figures on every page, and what stands around it: whose world this is, how sure the figures are. HTML, no Panel.

Every text is escaped where it is put in.
"""

from markupsafe import Markup

from apps.answers import Answers
from apps.draft import Draft
from apps.estimates import Comparison, Estimate, Figure, figures
from apps.fragments import labelled, text_of, title_of
from apps.store import Outcome
from apps.world_said import assumptions_called, people_called
from workbench.reports.language import Language
from workbench.run_document import PROJECTION

__all__ = ["cards", "chips", "figure_name", "methods", "shown_estimate", "state"]


# --- whose world -----------------------------------------------------------------------------------------------------
def chips(draft: Draft, say: Language) -> str:
    """The scenario in a line: program, baseline, people, assumptions; and that it is a projection."""
    _ = say._
    word, _sep, _rest = PROJECTION.partition(": ")
    changed = len(draft.changes)
    program = _chip("program", title_of(draft.program, say), _counted(changed, say) if changed else "")
    named = title_of(draft.baseline, say) if draft.baseline.title != draft.program.title else _("as opened")
    baseline = _chip("baseline", _("Baseline: {name}", name=named), "")
    people = _chip(
        "world",
        _("Members: {name}", name=people_called(draft.population, say)),
        _mark(bool(draft.population_changes), say),
    )
    beliefs = _chip(
        "world",
        _("Assumptions: {name}", name=assumptions_called(draft.assumptions, say)),
        _mark(bool(draft.assumptions_changes), say),
    )
    span = _chip(
        "plain",
        _(
            "{years} years from {start}, seed {seed}",
            years=str(draft.years), start=say.day(draft.start.isoformat()), seed=str(draft.seed),
        ),
        "",
    )  # fmt: skip
    return text_of(
        '<div class="chips"><strong class="projection">{}</strong>{}{}{}{}{}</div>',
        say.text(word), program, baseline, people, beliefs, span,
    )  # fmt: skip


def _chip(kind: str, text: str, more: str) -> Markup:
    extra = Markup("<b>{}</b>").format(more) if more else ""
    return Markup('<span class="tag {}">{}{}</span>').format(kind, text, extra)


def _mark(is_changed: bool, say: Language) -> str:
    return say._("changed") if is_changed else ""


def _counted(count: int, say: Language) -> str:
    _ = say._
    return _("1 change") if count == 1 else _("{n} changes", n=say.number(count))


# --- how far ---------------------------------------------------------------------------------------------------------
def state(answers: Answers, problems: int, say: Language) -> str:
    """The state chip: what the figures are of, and whether better ones are under way. ``problems``: of text that is not a program yet."""
    _ = say._
    kind, newest, ticket = answers.state, answers.newest, answers.refining
    size = {"n": "", "seed": ""}
    if newest is not None:
        size = {"n": say.number(newest.question.members), "seed": str(newest.question.seed)}
    if problems:
        kind = "invalid"
    words = {
        "preview": _("Preview: {n} members, seed {seed}", **size),
        "full": _("Full run: {n} members, seed {seed}", **size),
        "stale": _("Out of date: computing…"),
        "first": _("Computing…"),
        "failed": _("The run failed: {why}", why=str(answers.error)) if answers.error is not None else "",
        "invalid": _("Figures are of the last valid program"),
    }
    looks = {"first": "stale", "failed": "stale", "invalid": "stale"}.get(kind, kind)
    parts = [Markup('<span class="chip {}" role="status" data-state="{}">{}</span>').format(looks, kind, words[kind])]
    if ticket is not None and ticket.total:
        told = _("refining: {done} of {total} members", done=say.number(ticket.done), total=say.number(ticket.total))
        parts.append(
            Markup('<progress max="{}" value="{}" aria-label="{}"></progress>').format(ticket.total, ticket.done, told)
        )
        parts.append(Markup('<span class="told">{}</span>').format(told))
    return text_of('<div class="state">{}</div>', Markup("").join(parts))


# --- figures ---------------------------------------------------------------------------------------------------------
def cards(answers: Answers, say: Language) -> str:
    """The strip of figures of the newest answer; empty before there is one."""
    newest = answers.newest
    if newest is None:
        return ""
    found, label = newest.found, say._("Key figures")
    worlds: tuple[Figure | None, ...] = (None,) * len(figures(found))
    if newest.shipped_world is not None:
        worlds = figures(Comparison(newest.shipped_world, newest.shipped_world, None))
    inner = Markup("").join(
        _card(figure, world, found, newest.question.is_changed, say)
        for figure, world in zip(figures(found), worlds, strict=True)
    )
    stale = "" if answers.current or answers.swift else " old"
    return text_of('<div class="strip{}" role="region" tabindex="0" aria-label="{}">{}</div>', stale, label, inner)


def _card(figure: Figure, world: Figure | None, found: Comparison, changed: bool, say: Language) -> Markup:
    _, currency = say._, str(found.now.document["currency"])
    name, unit = figure_name(figure.name, say)
    if figure.now.value is None:
        return Markup(
            '<div class="card" data-figure="{}"><h3>{}</h3><div class="value missing">{}</div><div class="interval">{}</div></div>'
        ).format(figure.name, name, _("not applicable"), _why_not(figure.name, found.now, say))
    lines = [Markup('<div class="interval">{}</div>').format(_interval(figure.now, figure.name, currency, say))]
    if changed:
        lines.append(_change(figure, currency, say))
    shipped = _("baseline: {value}", value=_shown(figure.shipped, figure.name, currency, say))
    lines.append(Markup('<div class="ghost">{}</div>').format(shipped))
    if world is not None:
        told = _("baseline, shipped assumptions: {value}", value=_shown(world.now, figure.name, currency, say))
        lines.append(Markup('<div class="ghost world">{}</div>').format(told))
    return Markup(
        '<div class="card" data-figure="{}"><h3>{}</h3><div class="value">{}<span class="unit">{}</span></div>{}</div>'
    ).format(figure.name, name, _shown(figure.now, figure.name, currency, say), unit, Markup("").join(lines))


def _why_not(name: str, outcome: Outcome, say: Language) -> str:
    _ = say._
    if name == "upgrade_rate":
        return _("This program has no tiers.") if not outcome.document["tiers"]["members"] else _("Nobody joined.")
    if name in ("liability", "breakage"):
        missing = outcome.document["liability"]["contract"] is None
        return _("Points buy nothing here, or there are none.") if missing else _("No points are outstanding.")
    if name == "return":
        return _("The program spends nothing.")
    return _("Nothing to compare.")


def figure_name(name: str, say: Language) -> tuple[str, str]:
    """A figure's name and unit."""
    _ = say._
    return {
        "liability": (_("Point liability"), _("per 1,000 members, at the end")),
        "breakage": (_("Breakage rate"), _("of points outstanding, never redeemed")),
        "upgrade_rate": (_("Members upgraded"), _("of members, at least once")),
        "repurchase": (_("Repurchase lift, 365 days"), _("against no program")),
        "cost": (_("Program cost"), _("of sales")),
        "return": (_("Return on program spend"), _("gained for each unit spent, beyond itself")),
    }[name]


_DIGITS = {"breakage": 1, "upgrade_rate": 1, "repurchase": 2, "cost": 2, "return": 2}


def _value(value: float, name: str, currency: str, say: Language, signed: bool = False) -> str:
    if name == "liability":
        return say.money(round(value), currency, signed)
    if name == "return":
        return say.number(value, 2, signed=True)
    return say.percent(value, _DIGITS[name], signed or name == "repurchase")


def _shown(estimate: Estimate, name: str, currency: str, say: Language) -> str:
    return "–" if estimate.value is None else _value(estimate.value, name, currency, say)


def shown_estimate(estimate: Estimate | None, name: str, currency: str, say: Language) -> str:
    """A figure and its interval, one below the other."""
    if estimate is None or estimate.value is None:
        return "–"
    shown = _value(estimate.value, name, currency, say)
    if estimate.ci95 is None:
        return shown
    low, high = (_value(each, name, currency, say) for each in estimate.ci95)
    return f"{shown}\n{low} … {high}"


def _interval(estimate: Estimate, name: str, currency: str, say: Language) -> str:
    _ = say._
    if estimate.ci95 is None:
        return _("interval: with more members") if name == "breakage" else _("no interval")
    low, high = estimate.ci95
    if low == high:
        return _("no member differs in this sample: run more members")
    shown = {"low": _value(low, name, currency, say), "high": _value(high, name, currency, say)}
    return _("95%: {low} to {high}", **shown)


def _change(figure: Figure, currency: str, say: Language) -> Markup:
    """What the changes did, with its interval; shares change by percentage points."""
    _, change = say._, figure.change
    if change is None or change.value is None:
        return Markup('<div class="change">{}</div>').format(_("change: not known"))
    digits = {"breakage": 2, "upgrade_rate": 1, "cost": 3}.get(figure.name)

    def shown(value: float) -> str:
        if digits is None:
            return _value(value, figure.name, currency, say, signed=True)
        return say.number(value, digits, signed=True)

    unit = "" if digits is None else _("percentage points")
    if change.ci95 is None:
        interval = _("no interval yet")
    elif change.ci95[0] == change.ci95[1]:
        interval = _("no member differs")
    else:
        interval = _("{low} to {high}", low=shown(change.ci95[0]), high=shown(change.ci95[1]))
    return Markup('<div class="change">{} <b>{}</b> {} ({})</div>').format(
        _("change:"), shown(change.value), unit, interval
    )


def methods(answers: Answers, say: Language) -> str:
    """How the figures came about, folded away."""
    _, newest = say._, answers.newest
    if newest is None:
        return ""
    _word, _sep, rest = PROJECTION.partition(": ")
    texts = [
        labelled(newest.found, say),
        say.text(rest[0].upper() + rest[1:] + "."),
        _("95% intervals, for the chance of having drawn just these members."),
        _("Lift: paired, the same members with and without the program. Members upgraded: Wilson's binomial interval."),
        _(
            "Liability and breakage: groups of members left out in turn; before the full run from the spread of points held."
        ),
        _("What a change did is paired: the same members under this program and its baseline."),
        _(
            "Dashed: the baseline in this world. Dotted: the baseline among the members and under the assumptions shipped for it."
        ),
    ]
    return text_of(
        '<details class="how"><summary>{}</summary><p class="fine">{}</p></details>',
        _("How these figures came about"),
        say.joined(*texts),
    )
