"""Floor 5: the dashboard of a log's members: one page with what is known of them, made of the parts of the report."""

from datetime import date
from pathlib import Path
from typing import Any

from workbench.files import atomic_path
from workbench.reports.language import Language
from workbench.reports.page import filled
from workbench.reports.parts import Chart, KeyFigure, Section, Swatch, Table
from workbench.reports.plots import COLORS, Series, bars, blank, stack_ends
from workbench.reports.scales import linear, month_ticks

__all__ = ["write_dashboard"]

Document = dict[str, Any]


def write_dashboard(
    document: Document, name: str, out: Path, language: str = "en", currency: str | None = None
) -> Path:
    """Write the page of a document of ``loyalty dashboard``. ``name``: its heading; ``currency``: of the amounts, where it is known."""
    say = Language(language)
    parts = [_sales(document, say, currency), _people(document, say)]
    if document["channels"] is not None:
        parts.append(_channels(document, say, currency))
    text = filled(
        "dashboard.html.j2",
        tuple(parts),
        say,
        document=document,
        name=name,
        currency=currency,
        figures=_figures(document, say, currency),
    )
    with atomic_path(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return Path(out)


def _amount(value: float, say: Language, currency: str | None) -> str:
    return say.money(value, currency) if currency else say.plain(value)


# --- the strip -------------------------------------------------------------------------------------------------------
def _figures(found: Document, say: Language, currency: str | None) -> tuple[KeyFigure, ...]:
    _ = say._
    members, buyers = found["members"], found["buyers"]

    def of_members(count: int) -> tuple[str, ...]:
        return (_("{share} of members", share=say.share(count, members)),)

    def of_buyers(count: int) -> tuple[str, ...]:
        return (_("{share} of buyers", share=say.share(count, buyers)),)

    reach = found["reachable"]
    return (
        KeyFigure(_("Members"), say.number(members), notes=(_("{number} bought in the period", number=say.number(buyers)),)),
        _missing(_("Reachable"), say) if reach is None else KeyFigure(_("Reachable"), say.number(reach), notes=of_members(reach)),
        KeyFigure(_("New in the period"), say.number(found["new"]), notes=of_members(found["new"])),
        KeyFigure(_("Regulars"), say.number(found["regulars"]), notes=of_buyers(found["regulars"])),
        _nobody(_("Returning share"), say)
        if found["returning_pct"] is None
        else KeyFigure(
            _("Returning share"),
            say.percent(found["returning_pct"]),
            notes=(_("{number} of {whole} buyers", number=say.number(found["returning"]), whole=say.number(buyers)),),
        ),
        _nobody(_("Frequency"), say)
        if found["frequency"] is None
        else KeyFigure(_("Frequency"), say.number(found["frequency"], 2), _("purchases per buyer")),
        _nobody(_("Average ticket"), say)
        if found["average_ticket"] is None
        else KeyFigure(_("Average ticket"), _amount(found["average_ticket"], say, currency)),
        KeyFigure(
            _("Sales"),
            _amount(found["sales"], say, currency),
            notes=(_("before refunds of {amount}", amount=_amount(found["refunds"], say, currency)),),
        ),
    )  # fmt: skip


def _missing(name: str, say: Language) -> KeyFigure:
    return KeyFigure(name, say._("not in the log"), missing=True)


def _nobody(name: str, say: Language) -> KeyFigure:
    return KeyFigure(name, say._("nobody bought"), missing=True)


# --- parts -----------------------------------------------------------------------------------------------------------
def _sales(found: Document, say: Language, currency: str | None) -> Section:
    _ = say._
    rows = found["by_month"]
    months = [date.fromisoformat(each["first"] + "-01") for each in rows]
    heads, ticks = [say.month(each) for each in months], month_ticks(months, say)
    fresh = Series(
        "fresh", _("First purchase"), [each["first_buyers"] for each in rows], COLORS["redeemed"], "right_diagonal_line"
    )
    again = Series("again", _("Returning customers"), [each["returning"] for each in rows], COLORS["program"])
    money = Series("money", _("Sales"), [each["money"] for each in rows], COLORS["money"])
    charts = tuple(
        _bar_chart(name, title, series, heads, ticks, say, whole)
        for name, title, series, whole in (
            ("sales", _("Sales by month"), (money,), False),
            ("buyers", _("Buyers by month"), (again, fresh), True),
        )
    )
    table = Table(
        _("By month"),
        (_("Month"), _("Sales"), _("Purchases"), _("New members"), _("Returning customers"), _("First purchase")),
        tuple(
            (head, _amount(each["money"], say, currency))
            + tuple(say.number(each[key]) for key in ("purchases", "new", "returning", "first_buyers"))
            for head, each in zip(heads, rows, strict=True)
        ),
    )
    best = max(range(len(rows)), key=lambda place: rows[place]["money"])
    sentence = _(
        "{purchases} purchases came to {amount}; the best month was {month}.",
        purchases=say.number(found["purchases"]),
        amount=_amount(found["sales"], say, currency),
        month=heads[best],
    )
    if not found["purchases"]:
        sentence = _("Nobody bought in the period.")
    return Section("sales", _("How much do members buy, and who comes back?"), sentence, charts, (table,))


def _bar_chart(
    name: str,
    title: str,
    series: tuple[Series, ...],
    heads: list[str],
    ticks: dict[int, str],
    say: Language,
    whole: bool,
) -> Chart:
    plot = blank((-0.7, len(heads) - 0.3), linear(stack_ends(series), whole=whole), say)
    bars(plot, [series], heads, ticks, say)
    legend = tuple(Swatch("hatch" if each.hatch else "bar", each.color, each.label) for each in series)
    return Chart(name, title, legend, plot, wide=False)


def _people(found: Document, say: Language) -> Section:
    _ = say._
    charts: list[Chart] = []
    tables: list[Table] = []
    shown: list[Table] = []
    missing: list[str] = []
    months = [say.month_alone(date(2000, number, 1)) for number in range(1, 13)]
    sexes = [_("Women"), _("Men"), _("Other")]
    asked: tuple[tuple[str, str, list[str], str], ...] = (
        ("birthday_months", _("Birthdays by month"), months, _("Month")),
        ("age", _("Age"), [name for name in found["age"] or {} if name != "unknown"], _("Age")),
        ("sex", _("Sex"), sexes, _("Sex")),
    )
    for key, title, heads, head in asked:
        if found[key] is None:
            missing.append(title)
            continue
        *values, unknown = found[key].values()
        if key != "sex":
            series = Series(key, _("Members"), values, COLORS["program"])
            step = 2 if len(heads) > 8 else 1
            ticks = {place: text for place, text in enumerate(heads) if place % step == 0}
            charts.append(_bar_chart(key, title, (series,), heads, ticks, say, True))
        rows = [
            (text, say.number(value), say.share(value, found["members"]))
            for text, value in zip(heads, values, strict=True)
        ]
        rows.append((_("Unknown"), say.number(unknown), say.share(unknown, found["members"])))
        (shown if key == "sex" else tables).append(Table(title, (head, _("Members"), _("Share")), tuple(rows)))
    sentence = _("The log says nothing of who members are.")
    if charts or shown:
        known = found["birthday_months"]
        sentence = _("{number} members are known.", number=say.number(found["members"]))
        if known is not None:
            count = found["members"] - known["unknown"]
            sentence = _(
                "The birthday of {number} of {members} members is known.",
                number=say.number(count),
                members=say.number(found["members"]),
            )
    notes = (_("Not in the log: {what}.", what=say.listed(missing)),) if missing else ()
    return Section("people", _("Who are they?"), sentence, tuple(charts), tuple(tables), notes, tuple(shown))


def _channels(found: Document, say: Language, currency: str | None) -> Section:
    _ = say._
    rows = found["channels"]
    first = rows[0]
    table = Table(
        _("Purchases by channel"),
        (_("Channel"), _("Purchases"), _("Share"), _("Sales")),
        tuple(
            (
                each["channel"] or _("none given"),
                say.number(each["purchases"]),
                say.share(each["purchases"], found["purchases"]),
                _amount(each["sales"], say, currency),
            )
            for each in rows
        ),
    )
    sentence = _(
        "Most purchases ({share}) come by {channel}.",
        share=say.share(first["purchases"], found["purchases"]),
        channel=first["channel"] or _("none given"),
    )
    return Section("channels", _("Where do they buy?"), sentence, (), (), shown=(table,))
