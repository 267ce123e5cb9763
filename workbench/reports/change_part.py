"""Floor 5: a program that changes on a date: who of those who were members gains or loses, what became of the points they held, and what is owed on
both sides of the date."""

from collections.abc import Callable
from typing import Any

from workbench.reports.language import Language
from workbench.reports.parts import Section, Table
from workbench.run_folder import RunFolder

__all__ = ["NOTHING", "cells", "change", "changes_side_by_side", "cost_of_more", "existing_members"]

Change = dict[str, Any]
NOTHING = "–"


def change(run: RunFolder, say: Language) -> tuple[Section, ...]:
    """The section of a run whose program changes on a date; nothing of another."""
    found, _ = run.document["change"], say._
    if found is None:
        return ()
    currency = run.document["currency"]
    shown = (
        changes_side_by_side({_("From that day on"): found}, currency, say),
        existing_members(found, currency, say),
    )
    return (
        Section(
            "change", _("What did the change do?"), _sentence(found, currency, say), (), (), _notes(found, say), shown
        ),
    )


def _sentence(found: Change, currency: str, say: Language) -> str:
    _, existing = say._, found["existing"]
    first = _(
        "On {day} {members} members held {points} points.",
        day=say.day(found["effective"]), members=say.number(found["members"]), points=say.number(found["points"]),
    )  # fmt: skip
    second = _(
        "Against the baseline {winners} of them get more from then on ({gained}), and {losers} get less ({lost}).",
        winners=say.number(existing["winners"]), gained=say.money(existing["gained"], currency),
        losers=say.number(existing["losers"]), lost=say.money(existing["lost"], currency),
    )  # fmt: skip
    return say.joined(first, second)


def _notes(found: Change, say: Language) -> tuple[str, ...]:
    _ = say._
    notes = [
        _(
            "The contract liability before the date is that of the books. What follows is a projection: what members redeem of these points under the old "
            "rules, and under the new ones. What was deferred stays."
        )
    ]
    if found["missing"] is not None:
        notes.append(
            _("What is owed on both sides is told only of changes on the first of a month, while points are held.")
        )
    return tuple(notes)


def cells(values: list[Any], shown: Callable[[Any], str]) -> tuple[str, ...]:
    """Cells of a row; a dash where there is no figure."""
    return tuple(NOTHING if each is None else shown(each) for each in values)


def cost_of_more(found: dict[str, Any], what: str, currency: str, say: Language) -> str:
    """Cost of one more purchase or unit of sales with its interval; a dash where nothing may have been added."""
    if found["value"] is None:
        return NOTHING
    value, low, high = (
        say.money(each, currency) if what == "purchase" else say.symbol(currency) + say.number(each, 4)
        for each in (found["value"], *found["ci95"])
    )
    shown = f"{value} ({say._('{low} to {high}', low=low, high=high)})"
    return shown if found["added"] > 0 else say._("saved for each lost: {amount}", amount=shown)


def changes_side_by_side(changes: dict[str, Change], currency: str, say: Language) -> Table:
    """A column for each program that changes: points held, what became of them, and what is owed on both sides of the date."""
    _, found = say._, list(changes.values())

    def money(value: float) -> str:
        return say.money(value, currency)

    def signed(value: float) -> str:
        return say.money(value, currency, signed=True)

    def held(world: str, key: str) -> list[Any]:
        return [
            None if each["held"] is None or each["held"][world] is None else each["held"][world][key] for each in found
        ]

    def owed(side: str, figure: str) -> list[Any]:
        return [None if each["liability"] is None else each["liability"][side][figure] for each in found]

    def step(name: str, figure: str) -> list[Any]:
        steps = [[] if each["liability"] is None else each["liability"]["steps"] for each in found]
        return [next((each[figure] for each in some if each["name"] == name), None) for some in steps]

    rows = [
        (_("First day of the new rules"), *cells([each["effective"] for each in found], say.day)),
        (_("Members then"), *cells([each["members"] for each in found], say.number)),
        (_("Points held then"), *cells([each["points"] for each in found], say.number)),
        (_("Points added or taken by the change"), *cells(held("program", "by_change"), lambda value: say.number(value, signed=True))),
        (_("Redeemed since"), *cells(held("program", "redeemed"), say.number)),
        (_("Redeemed since, by the old rules"), *cells(held("baseline", "redeemed"), say.number)),
        (_("Lapsed since"), *cells(held("program", "lapsed"), say.number)),
        (_("Lapsed since, by the old rules"), *cells(held("baseline", "lapsed"), say.number)),
        (_("Still held at the end"), *cells(held("program", "left"), say.number)),
        (_("Face value, the day before"), *cells(owed("before", "face_value"), money)),
        (_("Face value: points multiplied"), *cells(step("conversion", "face_value"), signed)),
        (_("Face value: a point buys another amount"), *cells(step("worth", "face_value"), signed)),
        (_("Face value, by the new rules"), *cells(owed("after", "face_value"), money)),
        (_("Contract liability, the day before"), *cells(owed("before", "contract"), money)),
        (_("Contract liability: what that estimate missed"), *cells(step("estimate", "contract"), signed)),
        (_("Contract liability: points multiplied"), *cells(step("conversion", "contract"), signed)),
        (_("Contract liability: redeemed otherwise under the new rules"), *cells(step("re_estimate", "contract"), signed)),
        (_("Contract liability, by the new rules"), *cells(owed("after", "contract"), money)),
    ]  # fmt: skip
    return Table(_("What is owed on both sides of the date"), ("", *changes), tuple(rows))


def existing_members(found: Change, currency: str, say: Language, of: str = "") -> Table:
    """Those who were members on the day, by the tier they held and by what they had spent in the year before."""
    _, existing = say._, found["existing"]
    groups = [(each["name"] or _("no tier"), each) for each in existing["by_tier"]]
    groups += [(_band(each, currency, say), each) for each in existing["by_spend"]]
    rows = [
        (
            name,
            *(say.number(each[key]) for key in ("members", "winners", "losers", "unchanged")),
            *(say.money(each[key], currency) for key in ("gained", "lost")),
            say.number(each["points"]),
            say.money(each["sales_change"], currency, signed=True),
        )
        for name, each in [*groups, (_("All"), existing)]
    ]
    header = (
        _("Members of that day"), _("Members"), _("Get more"), _("Get less"), _("The same"), _("Gained"), _("Lost"), _("Points held then"),
        _("Sales to them"),
    )  # fmt: skip
    caption = _("Who gains and who loses from the change on, by tier held and by what was spent in the year before")
    return Table(f"{of}{_(': ')}{caption}" if of else caption, header, tuple(rows), total=True)


def _band(each: dict[str, Any], currency: str, say: Language) -> str:
    _ = say._
    if each["up_to"] == 0:
        return _("Spent nothing")
    if each["up_to"] is None:
        return _("Spent more than {amount}", amount=say.money(each["above"], currency))
    return _("Spent up to {amount}", amount=say.money(each["up_to"], currency))
