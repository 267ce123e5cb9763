"""Floor 5: several programs lived by the same members as a page: side by side, each against the first, and what a change on a date did."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.files import atomic_path
from workbench.reports.change_part import NOTHING, cells, changes_side_by_side, cost_of_more, existing_members
from workbench.reports.language import Language
from workbench.reports.page import filled
from workbench.reports.parts import Section, Table

__all__ = ["write_comparison"]

Document = dict[str, Any]


def write_comparison(
    document: Document,
    name: str,
    out: Path,
    language: str = "en",
    titles: dict[str, str] | None = None,
    question: str = "",
) -> Path:
    """Write the page of a document of ``loyalty compare``. ``name``: its heading; ``titles``: of programs, where they are not those of the document;
    ``question``: what is asked."""
    say = Language(language)
    first = next(iter(document["programs"].values()))
    text = filled(
        "compare.html.j2", _sections(document, say, titles or {}), say, document=first, name=name, question=question
    )  # fmt: skip
    with atomic_path(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return Path(out)


def _sections(document: Document, say: Language, titles: dict[str, str]) -> tuple[Section, ...]:
    _ = say._
    programs = document["programs"]
    currency = next(iter(programs.values()))["currency"]
    called = {name: titles.get(name) or name for name in programs}
    sections = [
        Section("beside", _("Which is better, at what cost?"), _beside_sentence(document, say, called), (), (), (), (_beside(document, say, called),))
    ]  # fmt: skip
    for place, each in enumerate(document["differences"]):
        title = _("{program} against {other}", program=called[each["program"]], other=called[each["against"]])
        shown = [
            _paired(each, currency, say, called),
            _parts(each, currency, say, called),
            _winners(each["worth"], currency, say),
        ]
        told = _told(each, currency, say)
        sections.append(
            Section(f"against-{place}", title, told, (), (), (), tuple(each for each in shown if each is not None))
        )
    changed = {called[each["program"]]: each["change"] for each in document["differences"] if each["change"]}
    if changed:
        told = _("The same members lived to the date alike; what differs from there on is due to the change.")
        tables = [changes_side_by_side(changed, currency, say)]
        tables += [existing_members(each, currency, say, name) for name, each in changed.items()]
        sections.append(Section("change", _("What did the change do?"), told, (), (), (), tuple(tables)))
    return tuple(sections)


def _beside_sentence(document: Document, say: Language, called: dict[str, str]) -> str:
    """Which program brings the most margin, if one does."""
    _ = say._
    gains = {called[each["program"]]: each["margin"] for each in document["differences"]}
    certain = {name: each["delta_pct"] for name, each in gains.items() if each["ci95"] and each["ci95"][0] > 0}
    against = called[document["differences"][0]["against"]]
    if not certain:
        return _("None of them brings more margin after the program's cost than {other} for certain.", other=against)
    best = max(certain, key=lambda name: certain[name])
    low, high = (say.percent(each, 2, signed=True) for each in gains[best]["ci95"])
    return _(
        "\"{program}\" brings the most margin after the program's cost: {share} against {other} ({low} to {high}).",
        program=best, share=say.percent(certain[best], 2, signed=True), other=against, low=low, high=high,
    )  # fmt: skip


def _beside(document: Document, say: Language, called: dict[str, str]) -> Table:
    """A column for each program: what it costs, what it brings over no program, what members are owed."""
    _, programs = say._, list(document["programs"].values())
    currency = programs[0]["currency"]

    def money(value: float) -> str:
        return say.money(value, currency)

    def percent(value: float) -> str:
        return say.percent(value, 2)

    def of(part: str, key: str) -> list[Any]:
        return [each[part][key] for each in programs]

    rates = [
        None if each["tiers"]["upgrade_rate"] is None else 100 * each["tiers"]["upgrade_rate"] for each in programs
    ]
    shares = [None if each is None else 100 * each for each in of("liability", "urr")]
    rows = [
        (_("Purchase lift"), *(_lift(each["lift"]["purchases"], say) for each in programs)),
        (_("Sales lift"), *(_lift(each["lift"]["sales"], say) for each in programs)),
        (_("Lift of margin less program"), *(_lift(each["lift"]["margin"], say) for each in programs)),
        (_("Program spend"), *cells(of("economics", "program_spend"), money)),
        (_("Program spend, of sales"), *cells(of("economics", "cost_pct_of_sales"), percent)),
        (_("Cost of one more purchase"), *(_added(each, "purchase", currency, say) for each in programs)),
        (_("Cost of one more unit of sales"), *(_added(each, "sales", currency, say) for each in programs)),
        (_("Members upgraded"), *cells(rates, percent)),
        (_("Points outstanding"), *cells(of("liability", "outstanding_points"), say.number)),
        (_("Face value still outstanding"), *cells(of("liability", "face_value"), money)),
        (_("Contract liability (IFRS 15)"), *cells(of("liability", "contract"), money)),
        (_("Expected share redeemed"), *cells(shares, percent)),
        (_("Cost of what will be redeemed"), *cells(of("liability", "cost_basis"), money)),
        (_("Points expired"), *cells(of("points", "expired"), say.number)),
    ]
    caption = _("Side by side, in {currency}", currency=say.currency_name(currency))
    return Table(caption, ("", *(called[name] for name in document["programs"])), tuple(rows))


def _lift(ratio: dict[str, Any], say: Language) -> str:
    if ratio["delta_pct"] is None:
        return NOTHING
    shown = say.percent(ratio["delta_pct"], 2, signed=True)
    if ratio["ci95"] is None:
        return shown
    low, high = (say.percent(each, 2, signed=True) for each in ratio["ci95"])
    return f"{shown} ({say._('{low} to {high}', low=low, high=high)})"


def _added(document: Document, what: str, currency: str, say: Language) -> str:
    return cost_of_more(document["economics"]["cost_per_added"][what], what, currency, say)


def _told(each: dict[str, Any], currency: str, say: Language) -> str:
    """What the program adds, and what one more costs."""
    _ = say._
    found = each["cost_per_added"]["purchase"]
    added = say.number(found["added"], signed=True)
    if found["value"] is None:
        return _(
            "Purchases differ by {added}; the 95% interval holds zero, so what one more costs cannot be told.",
            added=added,
        )
    cost = cost_of_more(found, "purchase", currency, say)
    if found["added"] < 0:
        return _("Purchases differ by {added}; {saved}.", added=added, saved=cost)
    return _("Purchases differ by {added}; cost of one more: {cost}.", added=added, cost=cost)


def _paired(each: dict[str, Any], currency: str, say: Language, called: dict[str, str]) -> Table:
    """Paired differences with their intervals."""
    _ = say._

    def money(value: float) -> str:
        return say.money(round(value), currency)

    def share(value: float) -> str:
        return say.percent(100 * value)

    names: dict[str, tuple[str, Callable[[float], str]]] = {
        "purchases": (_("Purchases"), say.number),
        "sales": (_("Sales"), money),
        "margin": (_("Margin less program"), money),
        "active_members": (_("Active at the end"), say.number),
        "repurchase_30": (_("Again within 30 days"), share),
        "repurchase_90": (_("Again within 90 days"), share),
        "repurchase_rate": (_("Again within 365 days"), share),
        "interval_days": (_("Days between purchases"), lambda value: say.number(value, 1)),
    }
    rows = [
        (label, *cells([each[key]["baseline"], each[key]["program"]], shown), _lift(each[key], say))
        for key, (label, shown) in names.items()
    ]
    header = ("", called[each["against"]], called[each["program"]], _("Difference (95% interval)"))
    return Table(_("The same members under both"), header, tuple(rows))


def _parts(each: dict[str, Any], currency: str, say: Language, called: dict[str, str]) -> Table | None:
    """Where the difference in sales comes from."""
    _, found = say._, each["decomposition"]
    if found is None:
        return None
    names = {
        "members": _("Members"),
        "share_buying": _("Share buying"),
        "purchases": _("Purchases of each buyer"),
        "basket": _("Basket"),
    }

    def factor(name: str, value: float) -> str:
        if name == "basket":
            return say.money(round(value, 2), currency)
        return (
            say.percent(100 * value, 2) if name == "share_buying" else say.number(value, 0 if name == "members" else 3)
        )

    rows = [
        (
            names[part["name"]],
            factor(part["name"], part["baseline"]),
            factor(part["name"], part["program"]),
            say.money(part["sales"], currency, signed=True),
        )
        for part in found["factors"]
    ]
    rows.append((_("All"), "", "", say.money(found["sales"], currency, signed=True)))
    header = ("", called[each["against"]], called[each["program"]], _("Adds to sales"))
    return Table(_("Where the difference in sales comes from"), header, tuple(rows), total=True)


def _winners(worth: dict[str, Any], currency: str, say: Language) -> Table:
    """By the highest tier held and by fifths of the members."""
    _ = say._
    fifths = {
        "lightest": _("Fifth that buys least often"), "light": _("Second fifth"), "middle": _("Middle fifth"), "heavy": _("Fourth fifth"),
        "heaviest": _("Fifth that buys most often"),
    }  # fmt: skip
    groups = [(each["name"] or _("no tier"), each) for each in worth["by_tier"]]
    groups += [(fifths[each["name"]], each) for each in worth["by_segment"]]
    rows = [
        (
            name,
            *(say.number(each[key]) for key in ("winners", "losers", "unchanged")),
            *(say.money(each[key], currency) for key in ("gained", "lost")),
        )
        for name, each in [*groups, (_("All"), worth)]
    ]
    header = (_("Group"), _("Get more"), _("Get less"), _("The same"), _("Gained"), _("Lost"))
    return Table(_("Who gets more, and who less"), header, tuple(rows), total=True)
