"""Floor 5: a program that changes on a date within a run: what members held then, what became of it under the new rules and under the old ones, what
is owed on both sides of the date, and who of those who were members gains or loses. Money in major units.

Both sides of the date. Before it stands what the books say by the policy's estimate, under the old rules. From there to what is owed under the new
ones lead three steps, which add up: what the estimate misses of what members would have redeemed under the old rules (as they did in the baseline's
world, where that is the unchanged program); what points multiplied at the change do, at the same share redeemed; and the re-estimate, by what they did
redeem under the new rules. What was deferred for a cohort stays; breakage follows redemptions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from workbench.cost_statement import money
from workbench.errors import BadInput
from workbench.finance.accounting.close import MONTHS, Standing
from workbench.finance.accounting.policy import Policy
from workbench.finance.accounting.rates import PolicyRates
from workbench.finance.accounting.rounding import half_up
from workbench.finance.accounting.standing import standing_now
from workbench.finance.cells import Ints
from workbench.finance.pairs import (
    BANDS,
    EXISTING,
    EXISTING_GAINED,
    EXISTING_LOSERS,
    EXISTING_LOST,
    EXISTING_SALES,
    EXISTING_SPENT,
    EXISTING_WINNERS,
    HELD,
)
from workbench.finance.points import points_by_month
from workbench.finance.world import CONVERTED, EARNED, EXPIRED, REDEEMED, REPAID, REVERSED, RULE_POINTS, WorldPanel
from workbench.program.versions import all_tiers, in_force_on
from workbench.program.worth import face_value_per_point
from workbench.run_liability import books_of_panel, worth_of
from workbench.scenario import NO_PROGRAM, Run
from workbench.units import NEVER, to_date

__all__ = ["Held", "change_document", "held_before"]

BY_CHANGE = "versions"
"""The ledger's rule of what a change writes."""
WITHIN_MONTH = "the change is not on the first of a month, and books close by months: what is owed on the date cannot be told from what moved within the month"
NOBODY = "no points were held when the program changed"
OUT_OF = np.array([1, -1, -1, -1, -1, -1])
"""Signs of a panel's groups in what is held."""


@dataclass(frozen=True)
class Held:
    """The points in lots issued before a month, and what became of them from then on; int64[cohorts], by month of issue."""

    before: Ints
    """Held when the month began."""
    converted: Ints
    """Added by the change, or taken away by it (negative), net."""
    redeemed: Ints
    """From then to the end of the run, net of points given back; points that became vouchers too."""
    lapsed: Ints
    taken_back: Ints
    """By refunds, and for debts."""

    @property
    def left(self) -> Ints:
        """Still held at the end of the run."""
        return self.before + self.converted - self.redeemed - self.lapsed - self.taken_back

    def to_come(self, groups: Ints) -> dict[int, Fraction]:
        """Points redeemed after the month began by group of cohorts; of those left at the end, the share that was redeemed of those gone."""
        gone = self.redeemed + self.lapsed + self.taken_back
        pooled = Fraction(int(self.redeemed.sum()), int(gone.sum())) if gone.sum() else Fraction(0)
        found = {}
        for group in np.unique(groups).tolist():
            mine = groups == group
            used, ended, left = (int(each[mine].sum()) for each in (self.redeemed, gone, self.left))
            share = Fraction(used, ended) if ended else pooled
            found[group] = max(used + left * share, Fraction(0))
        return found


def held_before(panel: WorldPanel, rules: tuple[str, ...], month: int) -> Held:
    """What was held when a month (by its place) began in which the program may change on the first day."""
    table, frame = panel.triangle, panel.frame
    lots, ahead = table[:month], table[:month, month:].sum(axis=1)
    raised, cut = table[:month, month, EARNED], np.zeros(month, dtype=np.int64)
    if BY_CHANGE in rules:
        moved = int(panel.by_month_rule[month, rules.index(BY_CHANGE), RULE_POINTS])
        debts = int(table[frame.months, month, EARNED] - table[frame.months, month, EXPIRED])
        cut = _cut(panel, month, max(debts - moved, 0))
    return Held(
        before=(lots[:, :month].sum(axis=1) * OUT_OF).sum(axis=1),
        converted=raised - cut,
        redeemed=ahead[:, REDEEMED] + ahead[:, CONVERTED],
        lapsed=ahead[:, EXPIRED] - cut,
        taken_back=ahead[:, REVERSED] + ahead[:, REPAID],
    )


def _cut(panel: WorldPanel, month: int, points: int) -> Ints:
    """What a change took away, by cohort: all lots are cut by one ratio, so that each cohort's part is in proportion to what it held; whole
    points, by the largest remainder."""
    before = (panel.triangle[:month, :month].sum(axis=1) * OUT_OF).sum(axis=1)
    total = int(before.sum())
    if not points or total <= 0:
        return np.zeros(month, dtype=np.int64)
    exact = [Fraction(int(each) * points, total) for each in before]
    whole = [each.numerator // each.denominator for each in exact]
    order = sorted(range(month), key=lambda k: exact[k] - whole[k], reverse=True)
    for k in order[: points - sum(whole)]:
        whole[k] += 1
    return np.array(whole, dtype=np.int64)


def change_document(run: Run, policy: Policy) -> dict[str, Any] | None:
    """What the last change of the program within the run did; None where there is none. Figures of those who were members compare with the run's
    baseline. policy: how points are valued."""
    frame, scenario = run.program.frame, run.scenario
    if frame.change_day == NEVER:
        return None
    effective = to_date(frame.change_day)
    assert effective is not None
    version = next(each for each in scenario.program.versions if each.effective == effective)
    members, points = (int(each) for each in run.program.at_change)
    found: dict[str, Any] = {
        "effective": effective.isoformat(),
        "title": version.title,
        "members": members,
        "points": points,
        "existing": _existing(run),
        "month": None,
        "held": None,
        "liability": None,
        "missing": WITHIN_MONTH if effective.day > 1 else NOBODY if points <= 0 else None,
    }
    if found["missing"] is not None:
        return found
    month = int(run.program.cells[frame.month_of + frame.change_day - frame.first_day])
    ours = held_before(run.program, run.rules, month)
    old = held_before(run.baseline, run.baseline_rules, month) if _is_unchanged(run) else None
    moved = int(run.program.by_month_rule[month, run.rules.index(BY_CHANGE), RULE_POINTS])
    return found | {
        "month": _month(run.program, month, moved),
        "held": {"program": _held(ours), "baseline": None if old is None else _held(old)},
        "liability": _liability(run, policy, month, ours, old, moved),
    }


def _is_unchanged(run: Run) -> bool:
    """Whether the baseline is the same program without this change."""
    theirs, ours = run.scenario.baseline, run.scenario.program
    if theirs is NO_PROGRAM:
        return False
    return theirs.model_copy(update={"versions": ()}) == ours.model_copy(update={"versions": ()})


def _month(panel: WorldPanel, month: int, moved: int) -> dict[str, int]:
    """The roll-forward of the month that begins with the change: opening + by_change + earned - redeemed - expired - reversed = closing."""
    columns = {name: int(values[month]) for name, values in points_by_month(panel).items()}
    raised, cut = max(moved, 0), max(-moved, 0)
    return {
        "opening": columns["opening"],
        "by_change": moved,
        "earned": columns["earned"] - raised,
        "redeemed": columns["redeemed"],
        "expired": columns["expired"] - cut,
        "reversed": columns["reversed"],
        "closing": columns["closing"],
    }


def _held(held: Held) -> dict[str, int]:
    """In all: held + by_change = redeemed + lapsed + taken_back + left."""
    names = {
        "held": "before", "by_change": "converted", "redeemed": "redeemed", "lapsed": "lapsed", "taken_back": "taken_back", "left": "left",
    }  # fmt: skip
    return {name: int(getattr(held, own).sum()) for name, own in names.items()}


# --- what is owed ------------------------------------------------------------------------------------------------------------
def _liability(run: Run, policy: Policy, month: int, ours: Held, old: Held | None, moved: int) -> dict[str, Any]:
    """The steps from the last close under the old rules to what is owed under the new ones. ``contract`` is null, with the reason, where it
    cannot be valued."""
    program, points = run.scenario.program, int(run.program.at_change[1])
    day = to_date(run.program.frame.change_day)
    before = to_date(run.program.frame.change_day - 1)
    assert day is not None and before is not None
    face = [face_value_per_point(in_force_on(program, each)) or Fraction(0) for each in (before, day)]
    if policy.points.face_value is not None:
        face = [Fraction(policy.points.face_value) * 100] * 2
    values = [points * face[0], (points + moved) * face[0], (points + moved) * face[1]]
    owed, source, missing = None, None, None
    try:
        owed, source = _owed(run, policy, month, ours, old, Fraction(points + moved, points))
    except BadInput as error:
        missing = str(error)
    names = ("estimate", "conversion", "worth", "re_estimate")
    contract = dict.fromkeys(names) if owed is None else dict(zip(names, _steps(owed), strict=True))
    faces = {
        "estimate": Fraction(0),
        "conversion": values[1] - values[0],
        "worth": values[2] - values[1],
        "re_estimate": Fraction(0),
    }
    ends = (None, None) if owed is None else (owed[0], owed[-1])
    return {
        "before": {"points": points, "face_value": money(values[0]), "contract": _shown(ends[0])},
        "steps": [
            {"name": name, "points": moved if name == "conversion" else 0, "face_value": money(faces[name]), "contract": _shown(contract[name])}
            for name in names
        ],
        "after": {"points": points + moved, "face_value": money(values[2]), "contract": _shown(ends[1])},
        "source": source,
        "still_held_pct": 100 * int(ours.left.sum()) / max(int((ours.before + ours.converted).sum()), 1),
        "missing": missing,
    }  # fmt: skip


def _owed(run: Run, policy: Policy, month: int, ours: Held, old: Held | None, ratio: Fraction) -> tuple[list[int], str]:
    """Printed minor units: as booked; by what was redeemed under the old rules; after the points were multiplied; by what was redeemed under the new
    ones. And where the booked estimate came from."""
    program = run.scenario.program
    books = books_of_panel(run.program, run.rules, program).through(month)
    rates = PolicyRates(books, policy)
    standing = standing_now(books, worth_of(program, policy, books, program.title), policy, rates, program.title)
    groups = books.portfolios(MONTHS[policy.points.portfolio])
    booked = {each.first: each.cohort.ultimate - each.cohort.redeemed for each in standing}
    unchanged = booked if old is None else old.to_come(groups)
    new = ours.to_come(groups)
    ways: list[Callable[[int], Fraction]] = [
        lambda first: booked[first],
        lambda first: unchanged[first],
        lambda first: unchanged[first] * ratio,
        lambda first: new[first],
    ]
    return [sum(_of(each, way(each.first)) for each in standing) for way in ways], rates(books, month - 1).source


def _of(standing: Standing, to_come: Fraction) -> int:
    """A cohort's liability where so much is still to be redeemed: D * (U - Q) / U."""
    cohort = standing.cohort
    ultimate = cohort.redeemed + to_come
    return half_up(cohort.deferred * to_come / ultimate) if cohort.outstanding and ultimate > 0 else 0


def _steps(owed: list[int]) -> list[int]:
    """What each cause moved: the estimate, the conversion, what a point buys (nothing: what was deferred stays), the re-estimate."""
    return [owed[1] - owed[0], owed[2] - owed[1], 0, owed[3] - owed[2]]


def _shown(minor: int | None) -> int | float | None:
    return None if minor is None else money(Fraction(minor))


# --- who was a member --------------------------------------------------------------------------------------------------------
def _existing(run: Run) -> dict[str, Any]:
    """Those who were members when the program changed, by the tier held then and by what they had spent in the 365 days before."""
    table, unit = run.pairs.change, run.pairs.frame.band
    names = (None, *all_tiers(run.scenario.program))
    bands = [
        (0, 0),
        *((0 if k == 1 else unit << (k - 2), unit << (k - 1)) for k in range(1, BANDS - 1)),
        (unit << (BANDS - 3), None),
    ]
    spend = [
        {"above": money(Fraction(low)), "up_to": None if high is None else money(Fraction(high))} | _group(row)
        for (low, high), row in zip(bands, table[:BANDS], strict=True)
    ]
    tiers = [
        {"name": name} | _group(row)
        for name, row in zip(names, table[BANDS:], strict=True)
        if name is not None or row[EXISTING]
    ]
    return _group(table[:BANDS].sum(axis=0)) | {"by_tier": tiers if len(names) > 1 else [], "by_spend": spend}


def _group(row: Ints) -> dict[str, Any]:
    members, winners, losers = (int(row[place]) for place in (EXISTING, EXISTING_WINNERS, EXISTING_LOSERS))
    amounts = {"gained": EXISTING_GAINED, "lost": EXISTING_LOST, "spent_before": EXISTING_SPENT}
    return {
        "members": members,
        "winners": winners,
        "losers": losers,
        "unchanged": members - winners - losers,
        "points": int(row[HELD]),
        **{name: money(Fraction(int(row[place]))) for name, place in amounts.items()},
        "sales_change": money(Fraction(int(row[EXISTING_SALES + 1] - row[EXISTING_SALES]))),
    }
