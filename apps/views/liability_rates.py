"""On what the liability rests: the triangle, the estimators side by side, which is used and why, how each would have done, and what moves the result."""

from datetime import date
from typing import Any

import numpy as np

from apps.charts.bars import Interval
from apps.language import AppLanguage
from apps.valuing import Read, Valued
from apps.views.liability import currency_of, method_name, minor, money, month_day, source_name, unit_of
from apps.views.said import translated
from workbench.finance.accounting.policy import Policy
from workbench.finance.redemption_rates import ESTIMATORS
from workbench.finance.triangle import Floats, Triangle
from workbench.reports.parts import Table
from workbench.units import CENTS

__all__ = [
    "back_test_sentence", "back_test_table", "choice_sentence", "method_notes", "methods_table", "sensitivity_rows", "sensitivity_sentence",
    "sensitivity_table",
    "shares", "triangle_sentence", "triangle_table",
]  # fmt: skip

NOTHING = "–"


# --- the triangle --------------------------------------------------------------------------------------------------------
def shares(triangle: Triangle) -> tuple[list[date], Floats]:
    """A day in each month of issue, and float64[cohorts, ages]: per cent of the points issued in it that were redeemed at each age; nan where the age
    is not reached yet, or nothing was issued. Ages at which nothing was ever redeemed, at the end, are left out."""
    issued = triangle.issued[:, None].astype(float)
    table = np.divide(100.0 * triangle.redeemed, issued, out=np.full(triangle.redeemed.shape, np.nan), where=issued > 0)
    table[~triangle.observed] = np.nan
    used = np.flatnonzero(triangle.redeemed.any(axis=0))
    ages = max(int(used[-1]) + 1 if len(used) else 1, 1)
    return [month_day(int(month)) for month in triangle.cohort_months], table[:, :ages]


def triangle_sentence(triangle: Triangle, say: AppLanguage) -> str:
    """How much came back so far, and at which age most."""
    _ = say._
    issued, redeemed = int(triangle.issued.sum()), int(triangle.redeemed_to_date.sum())
    if not issued:
        return _("No points were issued.")
    said = [
        _(
            "Of {issued} points issued {share} have been redeemed so far, {expired} have lapsed, {left} are outstanding.",
            issued=say.number(issued),
            share=say.share(redeemed, issued),
            expired=say.share(int(triangle.expired_to_date.sum()), issued),
            left=say.share(int(triangle.outstanding.sum()), issued),
        )
    ]
    if redeemed:
        by_age = triangle.redeemed.sum(axis=0)
        age = int(by_age.argmax())
        said.append(
            _(
                "Most is redeemed at the age of {age} months: {share} of all that came back.",
                age=say.number(age * triangle.months),
                share=say.share(int(by_age[age]), redeemed),
            )
        )
    return say.joined(*said)


def triangle_table(triangle: Triangle, say: AppLanguage) -> Table:
    """By month of issue: what became of its points, the latest first."""
    _ = say._
    columns = (triangle.issued, triangle.redeemed_to_date, triangle.expired_to_date, triangle.outstanding)
    rows = [
        (
            say.month(month_day(int(triangle.cohort_months[k]))),
            *(say.number(int(column[k])) for column in columns),
            say.share(int(triangle.redeemed_to_date[k]), int(triangle.issued[k])) if triangle.issued[k] else NOTHING,
        )
        for k in reversed(range(triangle.cohorts))
    ]
    rows.append(
        (
            _("Total"),
            *(say.number(int(column.sum())) for column in columns),
            say.share(int(columns[1].sum()), int(columns[0].sum())),
        )
    )
    header = (
        _("Month of issue"),
        _("Points issued, net"),
        _("Redeemed"),
        _("Expired"),
        _("Outstanding"),
        _("Redeemed so far"),
    )
    return Table(_("Points by month of issue"), header, tuple(rows), total=True)  # fmt: skip


# --- the estimators ------------------------------------------------------------------------------------------------------
def methods_table(found: Valued | Read, say: AppLanguage) -> Table:
    """Five methods side by side: rates, points to come, what the last twelve months show of each, and (with money) the liability by it."""
    _ = say._
    told: dict[str, Any] = (found.redemption if isinstance(found, Valued) else found.document)["methods"]
    valued = {each.method: each for each in found.valuation.methods} if isinstance(found, Valued) else {}
    rows = []
    for method in ESTIMATORS:
        each = told[method]
        row = [
            method_name(method, say), _share(each["ultimate_rate"], say), _share(each["rate_of_outstanding"], say),
            _points(each["to_come"], say), _points(each["within_12_months"], say), _signed(each["last_12_months"]["error_pct"], say),
        ]  # fmt: skip
        if isinstance(found, Valued):
            liability = valued[method].liability
            row += [
                minor(liability, say),
                minor(None if liability is None else liability - found.valuation.close.liability, say, signed=True),
            ]
        rows.append(tuple(row))
    header = [
        _("Method"), _("Of points issued"), _("Of points outstanding"), _("Points to come"), _("Within 12 months"),
        _("Error over the last 12 months"),
    ]  # fmt: skip
    title = _("What will be redeemed, by five methods")
    if isinstance(found, Valued):
        header += [_("Liability"), _("Difference")]
        title += unit_of(found, say)
    return Table(title, tuple(header), tuple(rows))


def _share(value: float | None, say: AppLanguage) -> str:
    return NOTHING if value is None else say.percent(100 * value)


def _points(value: float | None, say: AppLanguage) -> str:
    return NOTHING if value is None else say.number(value)


def _signed(value: float | None, say: AppLanguage, digits: int = 1) -> str:
    return NOTHING if value is None else say.percent(value, digits, signed=True)


def choice_sentence(found: Valued, say: AppLanguage) -> str:
    """Which rate is in the books, and why."""
    _, close = say._, found.valuation.close
    source, points = close.sources[-1], close.policy.points
    rate = NOTHING if found.valuation.rate is None else say.percent(100 * found.valuation.rate)
    start = _("In the books: {rate} of the points issued, by {source}.", rate=rate, source=source_name(source, say))
    if source == "assumption":
        why = _(
            "There are {months} months of history; the policy wants {wanted} before it takes an estimate.",
            months=str(close.months),
            wanted=str(points.history_months),
        )
    elif source == "given":
        why = _("The records give the expected ultimate themselves; it goes before any estimator.")
    elif source == "hazard":
        why = _(
            "Redemption by age among points not yet redeemed: it never exceeds the points issued, and uses every month of issue."
        )
    else:
        why = _("The policy says so.")
    known = [each.liability for each in found.valuation.methods if each.liability is not None]
    span = ""
    if len(known) > 1:
        currency = currency_of(found)
        span = _(
            "By the five methods the liability would be {low} to {high}.",
            low=money(min(known), currency, say),
            high=money(max(known), currency, say),
        )
    return say.joined(start, why, span)


def method_notes(found: Valued | Read, say: AppLanguage) -> list[tuple[str, list[str]]]:
    """What each method assumes (its tail, its rate), and what should make the reader doubt it."""
    told: dict[str, Any] = (found.redemption if isinstance(found, Valued) else found.document)["methods"]
    return [
        (method_name(method, say), [translated(text, say) for text in (*told[method]["notes"], *told[method]["warnings"])])
        for method in ESTIMATORS
    ]  # fmt: skip


# --- the back-test -------------------------------------------------------------------------------------------------------
def back_test_table(document: dict[str, Any], say: AppLanguage) -> Table:
    """Errors of each method in per cent of what came, over the populations; the one that errs least first, those without an error last."""
    _ = say._
    rows = []
    for method, each in document["methods"].items():
        error, interval = each["future"], each["interval"] or {}
        covered = interval.get("covered")
        rows.append((
            error["rms_pct"] is None, error["rms_pct"] or 0.0,
            (
                method_name(method, say), _signed(error["mean_pct"], say), _plain(error["se_pct"], say), _plain(error["sd_pct"], say),
                _plain(error["rms_pct"], say), _signed(each["within_12"]["mean_pct"], say),
                NOTHING if covered is None else say.percent(100 * covered, 0),
            ),
        ))  # fmt: skip
    rows.sort(key=lambda row: row[:2])
    header = (
        _("Method"), _("Mean error"), _("its standard error"), _("Standard deviation"), _("Root mean square"), _("Next 12 months: mean error"),
        _("95% interval holds"),
    )  # fmt: skip
    return Table(_("Errors of points to come, per cent of what came"), header, tuple(row[2] for row in rows))


def _plain(value: float | None, say: AppLanguage) -> str:
    return NOTHING if value is None else say.percent(value)


def back_test_sentence(document: dict[str, Any], say: AppLanguage) -> str:
    """What was tried, what is recommended, and what run-off owes to being tried here."""
    _ = say._
    tried = _(
        "{n} populations of {members} simulated members, each valued at the end of {month} by what was known then, and lived on for {later} months: "
        "{share} of the points then outstanding came back.",
        n=say.number(document["populations"]),
        members=say.number(document["members"]),
        month=say.month(date.fromisoformat(f"{document['valuation']}-01")),
        later=say.number(document["months_lived_after"]),
        share=_share(document["redemption_rate_of_outstanding"], say),
    )
    chosen = document["recommended"]
    if chosen is None:
        return say.joined(
            tried, _("No method has an error in every population: nothing was redeemed, or nothing could be estimated.")
        )
    error = document["methods"][chosen]["future"]
    best = _(
        "Least error for this program: {method} (root mean square {rms}, mean {mean}).",
        method=method_name(chosen, say),
        rms=_plain(error["rms_pct"], say),
        mean=_signed(error["mean_pct"], say),
    )
    simulated = (
        _("The simulation lives by the very assumptions by which the truth was made here; of your own members nobody knows them so well.")
        if chosen == "run_off"
        else ""
    )  # fmt: skip
    return say.joined(tried, best, simulated)


# --- what moves it -------------------------------------------------------------------------------------------------------
def sensitivity_rows(found: Valued, say: AppLanguage) -> list[Interval]:
    """Differences against what is booked, major units: the changes of the policy, the stresses, and each other method."""
    close = found.valuation.close
    rows = [
        Interval(translated(each.text, say), each.delta / CENTS)
        for each in (*found.valuation.sensitivity, *found.valuation.stresses)
    ]
    for each in found.valuation.methods:
        if each.method != close.sources[-1] and each.liability is not None:
            name = say._("Method: {name}", name=method_name(each.method, say))
            rows.append(Interval(name, (each.liability - close.liability) / CENTS))
    return rows


def sensitivity_table(found: Valued, say: AppLanguage) -> Table:
    """The same as a table, with the rate that goes with each."""
    _, close = say._, found.valuation.close
    rows = [(_("As booked"), minor(close.liability, say), NOTHING, _share(found.valuation.rate, say), NOTHING, NOTHING)]
    for each in (*found.valuation.sensitivity, *found.valuation.stresses):
        rows.append((
            translated(each.text, say), minor(each.liability, say), minor(each.delta, say, signed=True), _share(each.rate, say),
            minor(each.current, say), minor(each.cost, say),
        ))  # fmt: skip
    header = (
        _("Change"),
        _("Liability"),
        _("Difference"),
        _("Of points issued"),
        _("Current part"),
        _("Cost of redemptions to come"),
    )
    return Table(_("What the liability would be{unit}", unit=unit_of(found, say)), header, tuple(rows))


def sensitivity_sentence(found: Valued, say: AppLanguage) -> str:
    """The change that moves it most; and why what is not redeemed yet does not move."""
    _ = say._
    policy: Policy = found.valuation.close.policy
    changes = found.valuation.sensitivity
    if not changes or not found.valuation.close.liability:
        return _("Nothing is owed, so nothing moves it.")
    most = max(changes, key=lambda each: abs(each.delta))
    text = _(
        "Of the changes of estimate, this moves the liability most: {change}, by {difference} ({share}).",
        change=translated(most.text, say),
        difference=money(most.delta, currency_of(found), say, signed=True),
        share=say.percent(100 * most.delta / found.valuation.close.liability, 1, signed=True),
    )
    still = _(
        "What is deferred stays locked: a re-estimate moves revenue between periods, and nothing of months of issue of which nothing was redeemed yet."
    )
    return say.joined(text, still if policy.points.breakage == "proportional" else "")  # fmt: skip
