"""Floor 5: a valuation as the document that ``loyalty liability --json`` prints. Money in major units, exactly as printed in minor ones."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from workbench.digest import document_digest
from workbench.finance.accounting.close import MONEY, POINTS, Close, Standing
from workbench.finance.accounting.journal import ACCOUNTS, JournalEntry, balance
from workbench.finance.accounting.movements import month_name
from workbench.finance.accounting.policy import Policy
from workbench.finance.accounting.rights import FLOWS, RightClose
from workbench.finance.accounting.rounding import half_up
from workbench.finance.accounting.sensitivity import ByMethod, Change
from workbench.finance.accounting.standing import cost_of
from workbench.finance.accounting.valuation import Valuation
from workbench.units import to_major

__all__ = ["BASIS", "cost_basis", "current", "figures", "last_day", "liability_document", "policy_digest"]

BASIS = {
    "PROJECTION": "PROJECTION: synthetic members under assumed behaviour, not an estimate from the company's own redemption history",
    "ESTIMATE": "ESTIMATE: from the company's own recorded redemptions",
}


def liability_document(valuation: Valuation, name: str, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The whole document."""
    close = valuation.close
    books, policy = close.books, close.policy
    return {
        "kind": BASIS[books.basis],
        "of": name,
        "valuation": last_day(books.first_month + close.months - 1),
        "first_month": books.month(0),
        "months": close.months,
        "currency": books.currency or policy.currency,
        "framework": policy.framework,
        **figures(valuation),
        "current": to_major(current(close)),
        "non_current": to_major(close.liability - current(close)),
        "exact": _exact(close.exact[-1] / 100),
        "provision": to_major(int(close.provision[-1].sum())),
        "receivable": to_major(balance(valuation.entries, "receivable")),
        "debt_points": int(close.owed[-1]),
        "urr": _rates(valuation),
        "roll_forward": {
            "points": _by_month(close, close.points, POINTS, int),
            "money": _by_month(close, close.money, MONEY, to_major),
        },
        "cohorts": [_cohort(close, place, each) for place, each in enumerate(close.standing)],
        "sensitivity": [_change(each) for each in valuation.sensitivity],
        "stress": [_change(each) for each in valuation.stresses],
        "rights": {each.books.name: _right(each) for each in valuation.rights},
        "coupon_memo": [
            {
                name: to_major(found) if name == "exposure" and found is not None else found
                for name, found in each.items()
            }
            for each in valuation.memo
        ],
        "disclosure": _disclosure(valuation),
        "journal": [_entry(each) for each in valuation.entries],
        "checks": [asdict(each) for each in valuation.checks],
        "warnings": list(valuation.warnings),
        "policy": policy.model_dump(mode="json", by_alias=True),
        "provenance": {**provenance, "policy_digest": policy_digest(policy)},
    }


def policy_digest(policy: Policy) -> str:
    """Identifies a policy."""
    return document_digest(policy.model_dump(mode="json", by_alias=True))


def figures(valuation: Valuation) -> dict[str, Any]:
    """The figures at the valuation that stand alone: points and money."""
    close = valuation.close
    held = sum(each.cohort.outstanding for each in close.standing)
    net = int(close.points[-1, :, -1].sum()) - int(close.owed[-1])
    return {
        "outstanding_points": net,
        "face_value": to_major(half_up(net * close.worth.face)),
        "liability": to_major(close.liability),
        "cost_basis": to_major(cost_basis(close)),
        "expected_points": float(sum(each.cohort.ultimate - each.cohort.redeemed for each in close.standing if held)),
        **{name: to_major(valuation.levels[name]) if valuation.levels else None
           for name in map(_level, close.policy.confidence)},
    }  # fmt: skip


def _level(level: Decimal) -> str:
    return f"p{(100 * level).normalize():f}"


def cost_basis(close: Close) -> int:
    """What redeeming all points that are expected to be redeemed will cost, printed minor units: the view of management."""
    return cost_of(close.standing, close.worth)


def current(close: Close) -> int:
    """The current part at the valuation, printed minor units."""
    return int(close.current[-1].sum())


def _exact(value: Fraction) -> str:
    """Ten decimals."""
    scaled = half_up(value * 10**10)
    return f"{scaled // 10**10}.{scaled % 10**10:010d}" if scaled >= 0 else f"-{_exact(-value)}"


def last_day(month: int) -> str:
    """The last day of a month (since January 1970), as ISO text."""
    return str((np.datetime64(month + 1, "M").astype("datetime64[D]") - 1).astype(str))


def _rates(valuation: Valuation) -> dict[str, Any]:
    close = valuation.close
    points = close.policy.points
    source = close.sources[-1]
    reasons = {
        "assumption": f"the policy's assumption: there are fewer than {points.history_months} months of history",
        "given": "given with the data",
        "hazard": "redemption by age among points not yet redeemed: it never exceeds the points issued, and uses every cohort",
    }
    return {
        "rate": valuation.rate,
        "source": source,
        "reason": reasons.get(source, "chosen by the policy"),
        "by_method": {each.method: _method(each) for each in valuation.methods},
    }


def _method(each: ByMethod) -> dict[str, Any]:
    return {
        "rate": each.rate,
        "outstanding_rate": each.outstanding_rate,
        "liability": None if each.liability is None else to_major(each.liability),
        "note": each.note,
        "warnings": list(each.warnings),
    }


def _by_month(close: Close, table: Any, names: Sequence[str], shown: Any) -> list[dict[str, Any]]:
    sums = table.sum(axis=1)
    return [
        {"month": close.books.month(place)} | {name: shown(int(each)) for name, each in zip(names, row, strict=True)}
        for place, row in enumerate(sums)
    ]


def _cohort(close: Close, place: int, each: Standing) -> dict[str, Any]:
    cohort = each.cohort
    return {
        "cohort": close.books.month(each.first),
        "issued": cohort.issued,
        "given": cohort.given,
        "redeemed": cohort.redeemed,
        "expired": cohort.expired,
        "outstanding": cohort.outstanding,
        "owed": cohort.overdrawn,
        "ultimate": float(cohort.ultimate),
        "rate": float(cohort.ultimate / cohort.issued) if cohort.issued else None,
        "outstanding_rate": float(cohort.rate_outstanding),
        "deferred": to_major(half_up(cohort.deferred)),
        "recognised": to_major(half_up(cohort.deferred) - int(close.money[-1, place, -1])),
        "liability": to_major(int(close.money[-1, place, -1])),
        "liability_exact": _exact(cohort.liability / 100),
        "current": to_major(int(close.current[-1, place])),
        "provision": to_major(int(close.provision[-1, place])),
    }


def _change(each: Change) -> dict[str, Any]:
    found = {
        "name": each.name,
        "text": each.text,
        "liability": to_major(each.liability),
        "delta": to_major(each.delta),
        "rate": each.rate,
    }
    extra = {"current": each.current, "cost": each.cost}
    return found | {name: to_major(value) for name, value in extra.items() if value is not None}


def _right(each: RightClose) -> dict[str, Any]:
    months = [
        {"month": month_name(each.books.first_month + place)}
        | {name: to_major(int(value)) for name, value in zip(FLOWS, row, strict=True)}
        for place, row in enumerate(each.money)
    ]
    return {"liability": to_major(each.liability), "exact": _exact(each.exact[-1] / 100), "roll_forward": months}


def _disclosure(valuation: Valuation) -> dict[str, Any]:
    found = valuation.disclosure
    return {
        "months": found.months,
        "movements": {name: to_major(each) for name, each in found.movements.items()},
        "from_opening": to_major(found.from_opening),
        "from_estimates": to_major(found.from_estimates),
        "expected": {name: to_major(each) for name, each in found.expected.items()} or None,
    }


def _entry(each: JournalEntry) -> dict[str, Any]:
    return {
        "date": last_day(each.month),
        "month": month_name(each.month),
        "text": each.text,
        "text_zh": each.text_zh,
        "lines": [
            {
                "account": ACCOUNTS[line.account].name,
                "account_zh": ACCOUNTS[line.account].name_zh,
                "debit": to_major(max(line.amount, 0)),
                "credit": to_major(max(-line.amount, 0)),
            }
            for line in each.lines
        ],
    }
